//! spaCy's files: DocBin (`.spacy`), the training JSON of version 2, and the tuples of text and annotations that its
//! first versions took.
//!
//! A DocBin is zlib-compressed MessagePack: a matrix of numbers (a row a token, a column an attribute), which of the
//! tokens a space follows, the strings behind the numbers, and for each document its categories, groups of spans and user
//! data. It is defined in spaCy's API documentation under DocBin and in its `tokens/_serialize.py`; training JSON stands
//! there under data formats.

mod cats;
mod layout;
mod pack;
mod packer;
mod read;
mod records;
mod strings;
pub(crate) mod training_json;
mod training_write;
pub(crate) mod tuples;
mod write;

use crate::corpus::{Key, Record};
use crate::error::{DataError, quote};
use crate::formats::{Spec, Writer};
use crate::head::{Confidence, Head};
use crate::holds::{Holds, Labels, Loss, Losses, Metadata, Spans, Texts};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::output::Output;
use crate::reading::Reading;

const HOLDS: Holds = Holds {
    texts: Texts::Any,
    ids: true,
    tokens: true,
    token_columns: true,
    labels: Labels::Set,
    spans: Spans::Any,
    both: true,
    attributes: true,
    fields: true,
    unlabelled: true,
    metadata: Metadata::Any,
    ..Holds::LABEL
};

/// A DocBin.
pub(crate) const SPEC: Spec = Spec {
    name: "spacy",
    aliases: &["docbin"],
    title: "spaCy's DocBin",
    ending: ".spacy",
    holds: HOLDS,
    sniff: |head| if head.files.is_none() { sniff(head) } else { Confidence::No },
    read: read_docbin,
    write: Some(|outline| Box::new(DocBin { docs: write::Docs::new(outline), folder: false })),
    folder: false,
};

/// A folder of DocBins, one a split.
pub(crate) const FOLDER: Spec = Spec {
    name: "spacy-folder",
    aliases: &[],
    title: "a folder of spaCy's DocBins, one a split",
    ending: "",
    holds: Holds { splits: true, ..HOLDS },
    sniff: |head| {
        let names = || head.files.iter().flatten().filter(|name| name.to_lowercase().ends_with(ENDING));
        match names().next() {
            Some(_) if names().any(|name| !name.contains('/')) => Confidence::Certain,
            // Somewhere below, and not among many other things.
            Some(_) if names().count() * 2 >= head.files.as_ref().map_or(0, Vec::len) => Confidence::Likely,
            _ => Confidence::No,
        }
    },
    read: read_folder,
    write: Some(|outline| Box::new(DocBin { docs: write::Docs::new(outline), folder: true })),
    folder: true,
};

const ENDING: &str = ".spacy";
/// The file of records without a split.
const NO_SPLIT: &str = "data";

fn sniff(head: &Head) -> Confidence {
    // zlib's first byte, at any level of compression.
    if head.bytes.first() != Some(&0x78) {
        return Confidence::No;
    }
    match read::inflate(head.bytes, Some(4096)) {
        Ok(unpacked) if read::is_docbin(&unpacked) => Confidence::Certain,
        _ if head.ends_with(ENDING) => Confidence::Likely,
        _ => Confidence::No,
    }
}

/// Unpacks a file; errors name it.
fn unpack(input: &Input) -> Result<Vec<u8>, DataError> {
    if input.bytes()?.is_empty() {
        return Err(DataError::Empty { path: input.name.clone(), blank: false });
    }
    read::inflate(input.bytes()?, None).map_err(|found| broken(input, found))
}

fn broken(input: &Input, found: String) -> DataError {
    let hint = Some("write it again with DocBin.to_disk of spaCy 3".to_owned());
    DataError::Content { path: input.name.clone(), found, valid: read::VALID.to_owned(), hint }
}

fn declare(used: [bool; 8], reading: &mut Reading) {
    let names = read::COLUMNS.iter().zip(used).filter(|(_, used)| *used);
    reading.outline.token_columns = names.map(|((_, name), _)| Key::from(*name)).collect();
}

const MANY: &str = "is it another format? try --from";

fn read_docbin(input: &Input, _: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    if input.folder().is_some() {
        return read_folder(input, &ReadOptions::default(), reading);
    }
    let unpacked = unpack(input)?;
    let bin = read::Bin::new(&unpacked).map_err(|found| broken(input, found))?;
    let used = bin.used_columns();
    declare(used, reading);
    let mut seen = records::Seen::default();
    records::read(&bin, used, None, None, &mut seen, reading)?;
    seen.finish(reading);
    reading.remarks.check_malformed(bin.docs.len(), read::VALID, MANY)
}

fn read_folder(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let Some(folder) = input.folder() else {
        return read_docbin(input, options, reading);
    };
    let names: Vec<String> = folder.names()?.into_iter().filter(|name| name.to_lowercase().ends_with(ENDING)).collect();
    if names.is_empty() {
        return Err(broken(input, "no file ending in .spacy".to_owned()));
    }
    // Columns are those of all files, so the files are gone through twice.
    let mut used = [false; 8];
    if names.len() > 1 {
        for name in &names {
            let file = folder.read(name)?;
            let unpacked = unpack(&file)?;
            let bin = read::Bin::new(&unpacked).map_err(|found| broken(&file, found))?;
            let says = bin.used_columns();
            used = std::array::from_fn(|i| used[i] || says[i]);
        }
    }
    let mut seen = records::Seen::default();
    let mut all = 0;
    for name in &names {
        let file = folder.read(name)?;
        let unpacked = unpack(&file)?;
        let bin = read::Bin::new(&unpacked).map_err(|found| broken(&file, found))?;
        if names.len() == 1 {
            used = bin.used_columns();
        }
        declare(used, reading);
        let stem = name.rsplit('/').next().unwrap_or(name);
        let stem = &stem[..stem.len() - ENDING.len()];
        let split = (stem != NO_SPLIT).then(|| Key::from(stem));
        records::read(&bin, used, split.as_ref(), Some(&name.as_str().into()), &mut seen, reading)?;
        all += bin.docs.len();
    }
    seen.finish(reading);
    reading.remarks.check_malformed(all, read::VALID, MANY)
}

/// Writes DocBins.
struct DocBin {
    docs: write::Docs,
    folder: bool,
}

impl Writer for DocBin {
    fn record(&mut self, record: &Record, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        self.docs.add(record, self.folder, losses);
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if !self.folder {
            return out.write(&self.docs.file(None));
        }
        for split in self.docs.splits() {
            let named = split.as_deref().unwrap_or(NO_SPLIT);
            let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
            let name: String = named.chars().map(plain).collect();
            let name = if name.starts_with('.') || name.is_empty() { format!("_{name}") } else { name };
            if name != named || (split.is_some() && named == NO_SPLIT) {
                let what = || format!("the split '{}', whose file is {name}{ENDING}", quote(named));
                losses.add(Loss::Splits, &crate::corpus::Place::default(), what);
            }
            out.put(&format!("{name}{ENDING}"), &self.docs.file(split.as_ref()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod live;
#[cfg(test)]
mod tests;

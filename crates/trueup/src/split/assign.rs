//! Which part each record of a file goes to.

use std::collections::BTreeMap;

use trueup_core::text::normalise;
use trueup_core::words;
use trueup_data::corpus::{Key, Record};
use trueup_data::{DataError, Read, text_of};

use super::stratified::{self, Spread};
use super::timed::{self, Time};
use super::units::{self, Alike, Kept};
use super::{hashed, named};
use crate::error::Error;
use crate::options::{SplitBy, SplitOptions};

/// The share of the test set when none is asked for.
const TEST: f64 = 0.2;

/// The parts by name, in the order of files and documents.
const PARTS: [&str; 3] = ["train", "valid", "test"];

/// Which part each record goes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The names of the parts that there are: `train`, `valid`, `test`, or the numbers of folds from 0.
    pub parts: Vec<String>,
    /// The part of each record; `None` where it is in none.
    pub of: Vec<Option<usize>>,
    /// What was kept together; nothing where each record went its own way.
    pub kept: Kept,
    /// Records that are in no part, by the name that the file gives their split.
    pub left_out: BTreeMap<String, u64>,
    /// Anything worth saying.
    pub notes: Vec<String>,
}

/// Assigns the records of `file`, as it was read, to parts.
///
/// # Errors
///
/// When options do not go together, when a record has no time where it needs one, or when there is too little to split.
pub fn assign(file: &str, read: &Read, options: &SplitOptions) -> Result<Assignment, Error> {
    let (names, shares) = parts(options)?;
    let records = &read.corpus.records;
    let outline = &read.corpus.outline;
    let group = match (&options.read.group, &outline.group) {
        (_, Some(known)) => Some(known.clone()),
        (Some(asked), None) => Some(read.column(asked, "group", file)?),
        (None, None) => None,
    };
    if options.read.group.is_some() && !matches!(options.by, SplitBy::Stratified | SplitBy::Hash) {
        return Err(Error::Option {
            option: "--group",
            found: format!("with --by {}", options.by.name()),
            valid: "groups stay together with --by stratified and --by hash".into(),
        });
    }
    let mut notes = Vec::new();
    let (of, kept, left_out) = match options.by {
        SplitBy::Stratified => {
            let (of, kept) = spread(file, records, group.as_ref(), options, &shares, &mut notes)?;
            (some(of), kept, BTreeMap::new())
        }
        SplitBy::Hash | SplitBy::Id => {
            // Documents are numbered by their place, which is not the file's to keep; a group that is named is.
            let group = group.filter(|_| options.read.group.is_some());
            let keys = keys(file, records, group.as_ref(), options.by)?;
            (some(hashed::parts(keys.iter(), &shares, options.seed)), Kept::default(), BTreeMap::new())
        }
        SplitBy::Time => {
            let times = times(file, read, options)?;
            (some(timed::parts(&times, &shares)), Kept::default(), BTreeMap::new())
        }
        SplitBy::Column => {
            let (of, others) = named::parts(&own(file, read, options)?);
            (of, Kept::default(), others)
        }
    };
    let mut assignment = Assignment { parts: names, of, kept, left_out, notes };
    if options.by == SplitBy::Column {
        assignment.drop_empty();
    }
    check(file, read, options, &assignment)?;
    Ok(assignment)
}

fn some(parts: Vec<usize>) -> Vec<Option<usize>> {
    parts.into_iter().map(Some).collect()
}

impl Assignment {
    /// How many records each part has.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.parts.len()];
        self.of.iter().flatten().for_each(|&part| sizes[part] += 1);
        sizes
    }

    fn drop_empty(&mut self) {
        let sizes = self.sizes();
        let left: Vec<usize> = (0..sizes.len()).filter(|&part| sizes[part] > 0).collect();
        for part in self.of.iter_mut().flatten() {
            *part = left.iter().position(|known| known == part).unwrap_or(0);
        }
        self.parts = left.iter().map(|&part| self.parts[part].clone()).collect();
    }
}

/// The names and shares of the parts that are asked for.
fn parts(options: &SplitOptions) -> Result<(Vec<String>, Vec<f64>), Error> {
    let own = options.by == SplitBy::Column;
    let shares_given = options.test.is_some() || options.valid.is_some();
    if own && (shares_given || options.folds.is_some()) || options.folds.is_some() && shares_given {
        let option = if options.folds.is_some() { "--folds" } else { "--by" };
        let found = if own { "column".into() } else { words::count(options.folds.unwrap_or(0) as u64) };
        let valid = if own {
            "with --by column the file decides; --test, --valid and --folds need another --by"
        } else {
            "folds are of one size; --test and --valid are for parts"
        };
        return Err(Error::Option { option, found, valid: valid.into() });
    }
    if let Some(folds) = options.folds {
        if folds < 2 {
            return Err(Error::Option {
                option: "--folds",
                found: folds.to_string(),
                valid: "it is a whole number from 2".into(),
            });
        }
        return Ok(((0..folds).map(|fold| fold.to_string()).collect(), vec![1.0 / folds as f64; folds]));
    }
    let (test, valid) = (options.test.unwrap_or(TEST), options.valid.unwrap_or(0.0));
    let refused =
        |option, found: f64, valid: &str| Error::Option { option, found: found.to_string(), valid: valid.into() };
    if !(test > 0.0 && test < 1.0) {
        return Err(refused("--test", test, "it is a share above 0 and below 1, such as 0.2"));
    }
    if !(0.0..1.0).contains(&valid) {
        return Err(refused("--valid", valid, "it is a share from 0 and below 1, such as 0.1"));
    }
    let train = 1.0 - test - valid;
    if train < 1e-9 {
        let valid = format!("with --test {test} nothing is left to learn from");
        return Err(Error::Option { option: "--valid", found: options.valid.unwrap_or(0.0).to_string(), valid });
    }
    let all: Vec<(&str, f64)> = PARTS.into_iter().zip([train, valid, test]).collect();
    let there = all.into_iter().filter(|(name, share)| *name != "valid" || *share > 0.0 || own);
    Ok(there.map(|(name, share)| (name.to_owned(), share)).unzip())
}

/// Stratified parts.
fn spread(
    file: &str,
    records: &[Record],
    group: Option<&Key>,
    options: &SplitOptions,
    shares: &[f64],
    notes: &mut Vec<String>,
) -> Result<(Vec<usize>, Kept), Error> {
    let groups = units::groups(records, group);
    let alike = if options.ignore_twins { Alike::Nothing } else { Alike::Near };
    let mut units = units::units(records, &groups, alike, options.seed);
    if units.rows.len() < shares.len() && alike == Alike::Near {
        // Texts of one template are all twins of one another; then only equal texts are kept together, and this is said.
        units = units::units(records, &groups, Alike::Equal, options.seed);
        notes.push("nearly all texts are near-duplicates of one another, so only equal ones stay together".into());
    }
    if units.rows.len() < shares.len() {
        let found = match units.rows.len() as u64 {
            n if n < records.len() as u64 => format!("{} that must stay whole", words::counted(n, "unit")),
            n => words::counted(n, "example"),
        };
        return Err(Error::TooLittle {
            file: file.to_owned(),
            found,
            needed: format!("{} need at least one each", words::counted(shares.len() as u64, "part")),
            hint: "ask for fewer parts, group more finely, or let near-duplicates stand apart with --ignore-twins"
                .into(),
        });
    }
    // A label with few units is needed to learn from first, then to be judged by.
    let first: &[usize] = match (options.folds, shares.len()) {
        (Some(_), _) => &[],
        (None, 3) => &[0, 2, 1],
        (None, _) => &[0, 1],
    };
    let part_of = stratified::spread(&units, &Spread { shares, first });
    let mut parts = vec![0; records.len()];
    for (unit, rows) in units.rows.iter().enumerate() {
        rows.iter().for_each(|&row| parts[row as usize] = part_of[unit]);
    }
    Ok((parts, units.kept))
}

/// What decides the part of each record when its hash does.
fn keys(file: &str, records: &[Record], group: Option<&Key>, by: SplitBy) -> Result<Vec<String>, Error> {
    let groups = units::groups(records, group);
    let refused = |record: &Record, found, valid| Error::from(DataError::at(file, &record.place, found, valid));
    let mut keys = Vec::with_capacity(records.len());
    for (record, group) in records.iter().zip(groups) {
        keys.push(match (by, group, &record.id, &record.text) {
            (SplitBy::Id, _, Some(id), _) => format!("id {id}"),
            (SplitBy::Id, ..) => return Err(refused(record, "no id", "an id on every record; --id names its column")),
            (_, Some(group), ..) => format!("group {group}"),
            (.., Some(text)) => format!("text {}", normalise(text)),
            _ => return Err(refused(record, "no text", "a text on every record; without texts, --by id")),
        });
    }
    Ok(keys)
}

/// The time of each record.
fn times(file: &str, read: &Read, options: &SplitOptions) -> Result<Vec<Time>, Error> {
    let outline = &read.corpus.outline;
    let column = match (&options.read.time, &outline.time) {
        (_, Some(known)) => known.clone(),
        (Some(asked), None) => read.column(asked, "time", file)?,
        (None, None) => {
            let columns: Vec<&str> = outline.columns.iter().map(|column| &**column).collect();
            return Err(Error::Option {
                option: "--by",
                found: "time".into(),
                valid: match columns.as_slice() {
                    [] => "it needs a column of times, and this file has no other columns".into(),
                    columns => format!("it needs --time COLUMN; the columns are {}", words::list(columns, 10)),
                },
            });
        }
    };
    let valid = "a date such as 2024-05-31 or 2024-05-31T12:00:00Z, or a number";
    let mut times: Vec<Time> = Vec::with_capacity(read.corpus.records.len());
    for record in &read.corpus.records {
        let cell = record.value(&column).map(text_of).unwrap_or_default();
        let shown = || match cell.trim() {
            "" => format!("no time in '{}'", words::printable(&column)),
            cell => format!("the time '{}'", words::shorten(&words::printable(cell), 60)),
        };
        let time = Time::read(&cell).ok_or_else(|| DataError::at(file, &record.place, shown(), valid))?;
        if times.first().is_some_and(|first| !first.is_like(&time)) {
            let valid = "times that are all dates or all numbers, as those before it";
            return Err(DataError::at(file, &record.place, shown(), valid).into());
        }
        times.push(time);
    }
    Ok(times)
}

/// The split that the file names for each record, or that stands in the column asked for.
fn own(file: &str, read: &Read, options: &SplitOptions) -> Result<Vec<Option<Key>>, Error> {
    let records = &read.corpus.records;
    match &options.read.split {
        Some(asked) if records.iter().all(|record| record.split.is_none()) => {
            let column = read.column(asked, "split", file)?;
            let value = |record: &Record| record.value(&column).map(|value| Key::from(text_of(value)));
            Ok(records.iter().map(value).collect())
        }
        _ => Ok(records.iter().map(|record| record.split.clone()).collect()),
    }
}

/// Refuses a split of which a part is empty.
fn check(file: &str, read: &Read, options: &SplitOptions, assignment: &Assignment) -> Result<(), Error> {
    let sizes = assignment.sizes();
    let records = read.corpus.records.len() as u64;
    if options.by == SplitBy::Column {
        if sizes.len() >= 2 {
            return Ok(());
        }
        let known = assignment.parts.iter().map(String::as_str);
        let named = assignment.left_out.keys().map(String::as_str).filter(|name| !name.is_empty());
        let names: Vec<&str> = known.chain(named).collect();
        return Err(Error::TooLittle {
            file: file.to_owned(),
            found: match names.as_slice() {
                [] => "it names no splits".into(),
                names => format!("of its splits ({}) fewer than two have a usual name", words::list(names, 10)),
            },
            needed: "--by column keeps splits named train, valid (dev) and test".into(),
            hint: "--split NAME says which column names them; without --by column a split is made".into(),
        });
    }
    let Some(empty) = sizes.iter().position(|&size| size == 0) else {
        return Ok(());
    };
    let of = words::counted(records, "example");
    Err(Error::TooLittle {
        file: file.to_owned(),
        found: match options.by {
            SplitBy::Time => format!("{of} with too few times that differ"),
            _ => of,
        },
        needed: format!("no example would be in '{}'", assignment.parts[empty]),
        hint: "ask for larger shares or fewer parts, or split otherwise with --by".into(),
    })
}

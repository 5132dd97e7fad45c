//! Folders of workers' answers: `ground_truth/DOC.txt` is gold, `mturk_train_data/WORKER/DOC.txt` what a worker answered
//! to the same document, all as CoNLL with a space, as Rodrigues, Pereira and Ribeiro 2014 published theirs
//! ("Sequence labeling with multiple annotators").
//!
//! A record is a document; its sentences are lines of the text. Workers could mark a part of a token, which splits it in
//! their file, and their tool left marks behind (`ROME/LOC`, a line with a tag and no token). So their spans are placed by
//! the characters of the text, not by its tokens. An answer with other characters is left out and listed.

use std::collections::{BTreeMap, BTreeSet};

use crate::corpus::{Answer, Key, Mark, Place, Record, Response, TokenMark};
use crate::error::{DataError, quote};
use crate::formats::pieces::{Pieces, edges, pieces};
use crate::formats::tagged::{Coding, Inventory, Keys, TagReader, Unit};
use crate::formats::{Spec, Writer, is_blank, lines};
use crate::head::{Confidence, Head};
use crate::holds::{Holds, Loss, Losses, Metadata};
use crate::input::{Folder, Input};
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

/// Gold and workers' answers in folders.
pub(crate) const SPEC: Spec = Spec {
    name: "crowd-conll",
    aliases: &[],
    title: "a folder of CoNLL files, ground_truth beside workers' answers",
    ending: "",
    holds: Holds {
        ids: true,
        splits: true,
        token_columns: false,
        responses: true,
        metadata: Metadata::None,
        ..super::HOLDS
    },
    sniff,
    read,
    write: Some(|outline| Box::new(FolderWriter { coding: Coding::of(outline), names: BTreeSet::new(), documents: 0 })),
    folder: true,
};

const GOLD: &str = "ground_truth";
const ANSWERS: &str = "mturk_train_data";
const VALID: &str = "the characters of the text, each token with its tag";

/// A document's files.
#[derive(Default)]
struct Files<'a> {
    gold: Option<&'a str>,
    /// Workers and their files.
    answers: Vec<(&'a str, &'a str)>,
}

/// The folder of a file (a split), its worker or `None` for gold, and the document.
fn parse(name: &str) -> Option<(&str, Option<&str>, &str)> {
    let at = |folder: &str| {
        if name.starts_with(folder) { Some(0) } else { name.find(&format!("/{folder}/")).map(|i| i + 1) }
    };
    let rest = |at: usize, folder: &str| name[at + folder.len()..].strip_prefix('/');
    if let Some(start) = at(GOLD) {
        let document = rest(start, GOLD).filter(|d| !d.contains('/'))?;
        return Some((name[..start].trim_end_matches('/'), None, document));
    }
    let start = at(ANSWERS)?;
    let (worker, document) = rest(start, ANSWERS)?.split_once('/')?;
    (!document.contains('/')).then_some((name[..start].trim_end_matches('/'), Some(worker), document))
}

fn sniff(head: &Head) -> Confidence {
    let Some(files) = &head.files else {
        return Confidence::No;
    };
    let (mut gold, mut answers) = (false, false);
    // Every file is one of these, so that a folder with such a folder somewhere is not taken for one.
    if !files.iter().all(|name| parse(name).is_some_and(|(split, ..)| !split.contains('/'))) {
        return Confidence::No;
    }
    for name in files {
        if let Some((_, worker, _)) = parse(name) {
            *(if worker.is_some() { &mut answers } else { &mut gold }) = true;
        }
    }
    if gold && answers { Confidence::Certain } else { Confidence::No }
}

/// The lines of one file: sentences of tokens, which may be empty, and tags.
struct Lines {
    /// Where each sentence begins: its line, and its first token.
    sentences: Vec<(u64, usize)>,
    tokens: Vec<(Box<str>, Key)>,
}

impl Lines {
    /// Reads a file; an error is the line and what stands there.
    fn read(text: &str, keys: &mut Keys) -> Result<Self, (u64, String)> {
        let mut out = Self { sentences: Vec::new(), tokens: Vec::new() };
        let mut open = false;
        for (number, line) in lines(text) {
            if is_blank(line) {
                open = false;
                continue;
            }
            let (token, tag) =
                line.trim_end().rsplit_once([' ', '\t']).ok_or_else(|| (number, format!("'{}'", quote(line))))?;
            if !open {
                out.sentences.push((number, out.tokens.len()));
                open = true;
            }
            out.tokens.push((token.trim_matches([' ', '\t']).into(), keys.key(tag)));
        }
        Ok(out)
    }

    /// First and one past the last token of each sentence, with its line.
    fn ranges(&self) -> impl Iterator<Item = (u64, usize, usize)> {
        self.sentences.iter().enumerate().map(|(i, &(line, first))| {
            (line, first, self.sentences.get(i + 1).map_or(self.tokens.len(), |next| next.1))
        })
    }
}

/// Tokens with their places in the text, by sentence.
struct Sequence {
    file: Key,
    /// The line where each sentence begins, and its tokens.
    sentences: Vec<(u64, Vec<TokenMark>)>,
}

impl Sequence {
    fn new(file: &str, lines: &Lines, places: &[(usize, usize)]) -> Self {
        let mark = |i: usize| TokenMark {
            start: places[i].0,
            end: places[i].1,
            tag: Some(lines.tokens[i].1.clone()),
            columns: Box::default(),
        };
        let sentences = lines.ranges().map(|(line, first, last)| (line, (first..last).map(mark).collect())).collect();
        Self { file: file.into(), sentences }
    }

    fn place(&self, line: u64) -> Place {
        Place { file: Some(self.file.clone()), number: line, ..Place::default() }
    }

    /// Its spans, without those of no text.
    fn marks(&self, text: &str, tags: &mut TagReader) -> Vec<Mark> {
        let mut marks = Vec::new();
        for (line, tokens) in &self.sentences {
            for mut mark in tags.marks(&self.place(*line), tokens) {
                // A span may begin with a line that has a tag and no token.
                let body = text.get(mark.start..mark.end).unwrap_or_default();
                mark.start += body.len() - body.trim_start().len();
                if mark.start < mark.end {
                    marks.push(mark);
                }
            }
        }
        marks
    }
}

/// One document under construction.
struct Document {
    record: Record,
    gold: Option<Sequence>,
    answers: Vec<(String, Sequence)>,
}

/// What is counted over the folder.
#[derive(Default)]
struct Counts {
    answers: usize,
    /// Answers with other tokens and the same characters.
    otherwise: usize,
    first: Option<Place>,
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    super::read::check(options, reading.remarks)?;
    let Some(folder) = input.folder() else {
        let (path, found) = (input.name.clone(), "a file".to_owned());
        let valid = format!("a folder with {GOLD}/DOC.txt and {ANSWERS}/WORKER/DOC.txt");
        return Err(DataError::Content { path, found, valid, hint: None });
    };
    let names = folder.names()?;
    let mut files: BTreeMap<(&str, &str), Files> = BTreeMap::new();
    for name in &names {
        if let Some((split, worker, document)) = parse(name) {
            let files = files.entry((split, document)).or_default();
            match worker {
                None => files.gold = Some(name),
                Some(worker) => files.answers.push((worker, name)),
            }
        }
    }
    if files.is_empty() {
        let (path, found) = (input.name.clone(), format!("a folder without {GOLD}/DOC.txt"));
        let valid = format!("a folder with {GOLD}/DOC.txt and {ANSWERS}/WORKER/DOC.txt");
        return Err(DataError::Content { path, found, valid, hint: None });
    }
    let (mut keys, mut counts, mut documents) = (Keys::default(), Counts::default(), Vec::new());
    for ((split, name), files) in files {
        documents.extend(document(folder, (split, name), &files, &mut keys, &mut counts, reading)?);
    }
    reading.remarks.check_malformed(counts.answers, VALID, "is the folder of one kind?")?;
    let sequences = documents.iter().flat_map(|d| d.gold.iter().chain(d.answers.iter().map(|(_, s)| s)));
    let mut inventory = Inventory::default();
    for sequence in sequences {
        for (line, tokens) in &sequence.sentences {
            inventory.sequence(&sequence.place(*line), Unit::Line, tokens);
        }
    }
    let mut tags = TagReader::new(inventory, Unit::Line, options, reading.remarks)?;
    for mut document in documents {
        let text = document.record.text().to_owned();
        document.record.gold = document.gold.map(|gold| Answer::spans(gold.marks(&text, &mut tags)));
        for (worker, sequence) in document.answers {
            let answer = Answer::spans(sequence.marks(&text, &mut tags));
            document.record.responses.push(Response { annotator: Some(worker), answer, ..Response::default() });
        }
        reading.push(document.record)?;
    }
    if let Some(place) = counts.first {
        let what = count(counts.otherwise, "answer");
        reading
            .note(format!("{what} with other tokens than the text: spans stand at its characters (first at {place})"));
    }
    tags.finish(reading);
    Ok(())
}

/// Reads the files of one document; the text is that of gold, else of the first answer.
fn document(
    folder: &Folder,
    (split, name): (&str, &str),
    files: &Files,
    keys: &mut Keys,
    counts: &mut Counts,
    reading: &mut Reading,
) -> Result<Option<Document>, DataError> {
    let Some(file) = files.gold.or_else(|| files.answers.first().map(|(_, file)| *file)) else {
        return Ok(None);
    };
    let id = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let lines = match Lines::read(folder.read(file)?.text()?, keys) {
        Ok(lines) => lines,
        Err((line, found)) => {
            reading.remarks.skip_malformed_at(&Place::in_file(file, line), found, VALID)?;
            return Ok(None);
        }
    };
    let mut record = Record {
        id: Some(id.to_owned()),
        place: Place::in_file(file, lines.sentences.first().map_or(1, |s| s.0)),
        split: Some(split).filter(|split| !split.is_empty()).map(Into::into),
        ..Record::default()
    };
    let mut text = String::new();
    let mut places = Vec::with_capacity(lines.tokens.len());
    let starts: BTreeSet<usize> = lines.sentences.iter().map(|s| s.1).collect();
    for (i, (token, _)) in lines.tokens.iter().enumerate() {
        if !text.is_empty() && !token.is_empty() {
            text.push(if starts.contains(&i) { '\n' } else { ' ' });
        }
        places.push((text.len(), text.len() + token.len()));
        text.push_str(token);
    }
    let sequence = Sequence::new(file, &lines, &places);
    let own = sequence.sentences.iter().flat_map(|(_, tokens)| tokens).filter(|token| token.start < token.end);
    record.tokens = own.cloned().collect();
    if files.gold.is_none() {
        record.tokens.iter_mut().for_each(|token| token.tag = None);
    }
    let mut answers = Vec::with_capacity(files.answers.len());
    for &(worker, file) in &files.answers {
        counts.answers += 1;
        let found = match Lines::read(folder.read(file)?.text()?, keys) {
            Ok(lines) => align(&text, &record.tokens, &lines).map(|found| (lines, found)),
            Err((line, found)) => Err((line, found)),
        };
        match found {
            Ok((lines, (places, otherwise))) => {
                let sequence = Sequence::new(file, &lines, &places);
                if otherwise {
                    counts.otherwise += 1;
                    counts.first.get_or_insert_with(|| Place::in_file(file, 1));
                }
                answers.push((worker.to_owned(), sequence));
            }
            Err((line, found)) => {
                reading.remarks.skip_malformed_at(&Place::in_file(file, line), found, VALID)?;
            }
        }
    }
    record.text = Some(text);
    Ok(Some(Document { record, gold: files.gold.is_some().then_some(sequence), answers }))
}

/// What the tool of the workers left behind in a token: `/LOC`, `/B-MISC`.
fn is_mark(rest: &str) -> bool {
    let Some(kind) = rest.strip_prefix('/') else {
        return false;
    };
    let kind = kind.strip_prefix("B-").or_else(|| kind.strip_prefix("I-")).unwrap_or(kind);
    (3..=4).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_uppercase())
}

/// The places of tokens and whether they are others than the text's.
type Aligned = (Vec<(usize, usize)>, bool);

/// Places the tokens of an answer in the text by their characters; an error is the line and what stands there.
fn align(text: &str, own: &[TokenMark], lines: &Lines) -> Result<Aligned, (u64, String)> {
    let mut places = Vec::with_capacity(lines.tokens.len());
    // The token of the text that is next, and how far it is used up.
    let (mut at, mut used) = (0usize, 0usize);
    let rest = |at: usize, used: usize| own.get(at).and_then(|t| text.get(t.start + used..t.end)).unwrap_or_default();
    let mut last_end = 0;
    let mut otherwise = lines.tokens.len() != own.len();
    for (i, (token, _)) in lines.tokens.iter().enumerate() {
        let mut start = None;
        for (offset, c) in token.char_indices() {
            while at < own.len() && rest(at, used).is_empty() {
                (at, used) = (at + 1, 0);
            }
            if is_mark(&token[offset..]) && !rest(at, used).starts_with(&token[offset..]) {
                otherwise = true;
                break;
            }
            if !rest(at, used).starts_with(c) && is_mark(rest(at, used)) {
                (at, used) = (at + 1, 0);
                otherwise = true;
            }
            if !rest(at, used).starts_with(c) {
                let line = lines.sentences.iter().rev().find(|s| s.1 <= i).map_or(1, |s| s.0 + (i - s.1) as u64);
                let found = format!("the token '{}' where the text has '{}'", quote(token), quote(rest(at, used)));
                return Err((line, found));
            }
            let here = own[at].start + used;
            used += c.len_utf8();
            start.get_or_insert(here);
            last_end = here + c.len_utf8();
        }
        let place = (start.unwrap_or(last_end), last_end);
        otherwise |= own.get(i).is_none_or(|token| (token.start, token.end) != place);
        places.push(place);
    }
    while at < own.len() && (rest(at, used).is_empty() || is_mark(rest(at, used))) {
        (at, used) = (at + 1, 0);
    }
    if at < own.len() {
        let line = lines.sentences.last().map_or(1, |s| s.0 + (lines.tokens.len() - s.1) as u64);
        return Err((line, format!("the end where the text goes on with '{}'", quote(rest(at, used)))));
    }
    Ok((places, otherwise))
}

struct FolderWriter {
    coding: Coding,
    /// The documents written so far.
    names: BTreeSet<String>,
    documents: usize,
}

/// What no token and tag can hold.
fn parts(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// A name as the name of a file or folder.
fn safe(name: &str) -> String {
    let is = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
    let mut out: String = name.chars().map(|c| if is(c) { c } else { '_' }).collect();
    if out.is_empty() || out.starts_with('.') {
        out.insert(0, '_');
    }
    out
}

impl FolderWriter {
    /// The lines of one answer.
    fn lines(&self, record: &Record, marks: &[Mark], cut: &Pieces, losses: &mut Losses) -> Vec<u8> {
        let mut chunks = cut.chunks(marks, &record.place, losses);
        let names: Vec<String> = chunks.iter().map(|chunk| label(chunk.2, record, losses)).collect();
        chunks.iter_mut().zip(&names).for_each(|(chunk, name)| chunk.2 = name);
        let tags = self.coding.write(&chunks, cut.all.len());
        let text = record.text();
        let mut out = vec![b'\n'];
        let mut chunks = chunks.iter().peekable();
        for (i, (piece, tag)) in cut.all.iter().zip(&tags).enumerate() {
            while chunks.next_if(|chunk| chunk.1 <= i).is_some() {}
            let gap = if i > 0 { text.get(cut.all[i - 1].end..piece.start).unwrap_or_default() } else { "" };
            if gap.contains('\n') {
                if chunks.peek().is_some_and(|chunk| chunk.0 < i) {
                    losses.add(Loss::Text, &record.place, || "a line break inside a span".to_owned());
                } else {
                    out.push(b'\n');
                }
            }
            out.extend_from_slice(text.get(piece.start..piece.end).unwrap_or_default().as_bytes());
            out.push(b' ');
            out.extend_from_slice(tag.as_bytes());
            out.push(b'\n');
        }
        out.push(b'\n');
        out
    }
}

/// A type as it can stand in a tag.
fn label(label: &str, record: &Record, losses: &mut Losses) -> String {
    if !label.is_empty() && !label.contains(parts) {
        return label.to_owned();
    }
    let name = if label.is_empty() { "_".to_owned() } else { label.replace(parts, "_") };
    losses.add(Loss::Spans, &record.place, || format!("the type '{}', which became '{name}'", quote(label)));
    name
}

impl Writer for FolderWriter {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        self.documents += 1;
        let spans = |answer: &Answer| answer.spans.clone().unwrap_or_default();
        let all: Vec<Mark> = record.answers().flat_map(spans).collect();
        let cut = pieces(record, &edges(&all), parts, losses);
        cut.check_text(record, b" \n", losses);
        if cut.all.is_empty() {
            losses.add(Loss::Record, &record.place, || "a record without a word".to_owned());
            return Ok(());
        }
        let id = record.id.clone().unwrap_or_else(|| format!("{:06}", self.documents));
        let folder = record.split.as_deref().map_or_else(String::new, |split| safe(split) + "/");
        let mut name = safe(&id);
        while !self.names.insert(format!("{folder}{name}")) {
            name.push_str(&format!("-{}", self.documents));
        }
        if record.id.as_ref().is_some_and(|id| *id != name) {
            losses.add(Loss::Ids, &record.place, || format!("the id '{}', which became '{name}'", quote(&id)));
        }
        if let Some(gold) = &record.gold {
            let bytes = self.lines(record, gold.spans.as_deref().unwrap_or_default(), &cut, losses);
            out.put(&format!("{folder}{GOLD}/{name}.txt"), &bytes)?;
        }
        let mut workers: BTreeSet<String> = BTreeSet::new();
        for response in &record.responses {
            let Some(marks) = response.answer.spans.as_deref() else { continue };
            let named = response.annotator.as_deref().unwrap_or("unknown");
            let mut worker = safe(named);
            while !workers.insert(worker.clone()) {
                worker.push('_');
            }
            if worker != named || response.annotator.is_none() {
                losses.add(Loss::ResponseDetails, &record.place, || {
                    format!("the annotator '{}', who became '{worker}'", quote(named))
                });
            }
            let bytes = self.lines(record, marks, &cut, losses);
            out.put(&format!("{folder}{ANSWERS}/{worker}/{name}.txt"), &bytes)?;
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

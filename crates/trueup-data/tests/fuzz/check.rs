//! What must hold of every input, however broken.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

use serde_json::Value;
use trueup_data::corpus::{Answer, Corpus, Key, Place, Record};
use trueup_data::memory::{Files, read_corpus_folder, read_dataset_folder, write_corpus_folder};
use trueup_data::{Format, Losses, ReadOptions, restrict};

use crate::memory;

/// How much memory reading may take: ten times the input, or this where the input is small, and so much for every place
/// where a record may end: a record has a size of its own, and one of three bytes takes more than thirty.
const MEMORY: usize = 64 << 20;
const TIMES_INPUT: usize = 10;
const A_RECORD: usize = 1_200;
/// How long reading may take: this, and so much for every byte. Generous, since tests run on busy machines.
const SECONDS: f64 = 2.0;
const SECONDS_A_BYTE: f64 = 20e-6;

/// How an input is read.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// The format; `None` leaves it to the content.
    pub from: Option<Format>,
    /// Whether records that cannot be read are errors.
    pub strict: bool,
    /// A format to write what was read.
    pub to: Format,
}

/// What was measured.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measured {
    /// Whether it was read.
    pub read: bool,
    /// How many bytes there were.
    pub bytes: usize,
    /// How long reading took.
    pub time: Duration,
    /// The most memory that was held.
    pub memory: usize,
}

/// Checks one input; the error says what is wrong, beginning with words that are the same for the same fault.
pub fn check(files: &Files, how: How) -> Result<Measured, String> {
    let options = ReadOptions { from: how.from, strict: how.strict, unlabelled: true, ..ReadOptions::default() };
    let bytes: usize = files.iter().map(|(name, bytes)| name.len() + bytes.len()).sum();
    let begin = memory::begin();
    let start = Instant::now();
    let own = files.clone();
    let read = quietly("reading", || read_corpus_folder("f\u{1b}", own, &options))?;
    let mut time = start.elapsed();
    let memory = memory::most_since(begin);
    let ends = |bytes: &Vec<u8>| bytes.iter().filter(|byte| matches!(byte, b'\n' | b',')).count();
    let records: usize = files.values().map(ends).sum();
    // A page of a damaged Parquet file may state any size; the room is asked for, and never filled, before it is refused.
    let refused = read.is_err() && how.from.is_some_and(|from| from.name() == "parquet");
    if !refused && memory > MEMORY.max(bytes * TIMES_INPUT) + records * A_RECORD {
        return Err(format!("memory: {} MiB for {bytes} bytes", memory >> 20));
    }
    let limit = SECONDS + SECONDS_A_BYTE * bytes as f64;
    if time.as_secs_f64() > limit {
        // Once more: the machine may have been busy.
        let (start, own) = (Instant::now(), files.clone());
        let again = quietly("reading", || read_corpus_folder("f", own, &options))?;
        time = time.min(start.elapsed());
        drop(again);
        if time.as_secs_f64() > limit {
            return Err(format!("time: {:.1} s for {bytes} bytes", time.as_secs_f64()));
        }
    }
    let measured = Measured { read: read.is_ok(), bytes, time, memory };

    let own = files.clone();
    let loaded = quietly("making examples", || read_dataset_folder("f", own, &options))?;
    if let Ok(loaded) = loaded {
        for example in &loaded.dataset.examples {
            if example.gold.spans().iter().any(|span| example.text.get(span.range()).is_none()) {
                return Err("an example's span is not in its text".to_owned());
            }
        }
    }
    match read {
        Ok(read) => {
            for record in &read.corpus.records {
                in_text(record).map_err(|what| format!("{what} of {record:?}"))?;
            }
            if bytes < 32 << 10 {
                quietly("writing", || write_corpus_folder(&read.corpus, how.to))?
                    .map_or_else(|error| said(&error.to_string()), |_| Ok(()))?;
                written_again(&read.corpus)?;
            }
        }
        Err(error) => said(&error.to_string())?,
    }
    Ok(measured)
}

/// A message names the file and holds nothing that moves a terminal's cursor.
fn said(message: &str) -> Result<(), String> {
    if message.is_empty() || message.contains(char::is_control) {
        return Err(format!("a message with control characters: {message:?}"));
    }
    Ok(())
}

fn in_text(record: &Record) -> Result<(), String> {
    let text = record.text();
    let mut last = (0, 0);
    for token in &record.tokens {
        // Words written as one have one place.
        let ordered = token.start >= last.1 || (token.start, token.end) == last;
        if !ordered || text.get(token.start..token.end).is_none() {
            return Err(format!("token {}..{} is out of order or out of the text", token.start, token.end));
        }
        last = (token.start, token.end);
    }
    for span in record.answers().flat_map(|answer| answer.spans.iter().flatten()) {
        if text.get(span.start..span.end).is_none() {
            return Err(format!("span {}..{} is not in the text", span.start, span.end));
        }
        let mut at = span.start;
        for &(start, end) in &span.pieces {
            if start < at || end > span.end || text.get(start..end).is_none() {
                return Err(format!("piece {start}..{end} is out of order or out of its span"));
            }
            at = end;
        }
    }
    Ok(())
}

/// What was read is written as JSON lines and read again as it was.
fn written_again(corpus: &Corpus) -> Result<(), String> {
    let mut losses = Losses::default();
    let cut = |record: &Record| restrict(record.clone(), Format::JSONL.holds(), &mut losses);
    let records: Vec<Record> = corpus.records.iter().filter_map(cut).collect();
    if records.is_empty() || !is_plain(&records) {
        return Ok(());
    }
    let written = quietly("writing JSON lines", || write_corpus_folder(corpus, Format::JSONL))?;
    let files = written.map_err(|error| format!("writing JSON lines fails: {error}"))?;
    let options = ReadOptions { from: Some(Format::JSONL), ..ReadOptions::default() };
    let back = quietly("reading JSON lines", || read_corpus_folder("f", files.clone(), &options))?;
    let shown = || String::from_utf8_lossy(files.values().next().map_or(b"", Vec::as_slice)).into_owned();
    let back = back.map_err(|error| format!("JSON lines are not read again: {error}\n{}", shown()))?;
    let (back, records) = (bare(back.corpus.records), bare(records));
    if back.len() != records.len() {
        return Err(format!("JSON lines have {} of {} records\n{}", back.len(), records.len(), shown()));
    }
    // By what is shown of them: no number is equal to itself that is none.
    match back.iter().zip(&records).find(|(a, b)| format!("{a:?}") != format!("{b:?}")) {
        Some((a, b)) => Err(format!("JSON lines differ:\n{a:?}\n{b:?}\n{}", shown())),
        None => Ok(()),
    }
}

/// Whether JSON lines say all of it in so many words, so that nothing is left to guess on reading them: each record has
/// a text and an answer, all have ids of their own or none has one, no name is empty or repeated, no number is none.
fn is_plain(records: &[Record]) -> bool {
    let word = |name: &str| !name.is_empty() && name.trim() == name;
    let finite = |score: &Option<f64>| score.is_none_or(f64::is_finite);
    let unique = |pairs: &[(Key, Value)]| {
        let names: BTreeSet<&Key> = pairs.iter().map(|(name, _)| name).collect();
        names.len() == pairs.len() && names.iter().all(|name| METADATA.contains(&&***name))
    };
    let answer = |answer: &Answer| {
        let relations = answer.relations.iter();
        answer.labels.iter().flatten().all(|choice| finite(&choice.score) && word(&choice.label))
            && answer
                .spans
                .iter()
                .flatten()
                .all(|mark| finite(&mark.score) && word(&mark.label) && unique(&mark.attributes))
            && relations.clone().all(|relation| unique(&relation.attributes))
            && relations.clone().count() <= answer.spans.iter().flatten().count()
    };
    let kinds = |record: &Record| record.gold.as_ref().map(|gold| (gold.labels.is_some(), gold.spans.is_some()));
    let ids: BTreeSet<&str> = records.iter().filter_map(|record| record.id.as_deref()).collect();
    let plain = |record: &Record| {
        record.text.as_deref().is_some_and(|text| !text.is_empty())
            && record.id.as_deref().is_none_or(word)
            && record.gold.as_ref().is_some_and(|gold| gold.labels.is_some() || gold.spans.is_some())
            && kinds(record) == kinds(&records[0])
            && record.split.as_deref().is_none_or(|split| matches!(split, "train" | "test"))
            && record.split.is_some() == records[0].split.is_some()
            && unique(&record.metadata)
            && record.responses.iter().all(|r| unique(&r.extra) && r.seconds.is_none_or(f64::is_finite))
            && record.predictions.iter().all(|p| unique(&p.extra) && finite(&p.score))
            && record.answers().all(answer)
    };
    (ids.is_empty() || ids.len() == records.len()) && records.iter().all(plain)
}

/// Names of metadata that mean nothing else to the reader of JSON lines.
const METADATA: &[&str] = &["source", "n", "deep", "Negated", "norm", "lead", "domain", "answer"];

/// Records without what is counted anew, and without raw tags, which say again what the spans say.
fn bare(mut records: Vec<Record>) -> Vec<Record> {
    for record in &mut records {
        (record.place, record.number) = (Place::default(), 0);
        record.tokens.iter_mut().for_each(|token| token.tag = None);
        for answer in record.answers_mut() {
            if let Some(spans) = &mut answer.spans {
                spans.sort_by(|a, b| (a.start, a.end, &a.label, &a.id).cmp(&(b.start, b.end, &b.label, &b.id)));
            }
        }
    }
    records
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Calls, and makes an error of a panic.
fn quietly<T>(doing: &str, call: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if QUIET.get() {
                SAID.set(info.to_string());
            } else {
                before(info);
            }
        }));
    });
    QUIET.set(true);
    let answer = catch_unwind(AssertUnwindSafe(call));
    QUIET.set(false);
    answer.map_err(|_| format!("{doing}: {}", SAID.take()))
}

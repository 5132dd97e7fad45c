//! What the tests of every format share: reading from memory, writing into memory, and records of every kind.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use crate::convert::Converter;
use crate::corpus::{
    Answer, Choice, Corpus, Mark, Outline, Place, Prediction, Record, Relation, Response, Status, TokenMark,
};
use crate::error::DataError;
use crate::formats::Format;
use crate::holds::{Holds, Labels, Losses, Spans, Texts, restrict};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::output::Output;
use crate::read::{Read, corpus};

/// Reads `input` as `format`.
pub(crate) fn read(format: &str, input: &Input) -> Result<Read, DataError> {
    let from = Some(format.parse().expect("a format of the table"));
    corpus(input, &ReadOptions { from, ..ReadOptions::default() })
}

/// Reads a text as `format`.
pub(crate) fn read_text(format: &str, text: &str) -> Result<Read, DataError> {
    read(format, &Input::memory("f", text.as_bytes().to_vec()))
}

/// Writes a corpus as `format`; the main file's name is empty.
pub(crate) fn write(format: &str, corpus: &Corpus) -> (BTreeMap<String, Vec<u8>>, Losses) {
    let format: Format = format.parse().expect("a format of the table");
    let mut converter = Converter::new(format, &corpus.outline, Output::memory()).expect("a format that is written");
    for record in corpus.records.clone() {
        converter.record(record).expect("records of the strategy can be written");
    }
    let (files, losses, _) = converter.finish(false).expect("memory takes everything");
    (files, losses)
}

/// What was written, as an input again.
pub(crate) fn input(files: BTreeMap<String, Vec<u8>>) -> Input {
    match files.get("") {
        Some(main) if files.len() == 1 => Input::memory("f", main.clone()),
        Some(main) => {
            let main = main.clone();
            Input::memory("f", main).beside_memory(files)
        }
        None => Input::memory_folder("f", files),
    }
}

/// A corpus of records, with what occurs counted.
pub(crate) fn corpus_of(records: Vec<Record>) -> Corpus {
    let mut outline = Outline::default();
    records.iter().for_each(|record| outline.see(record));
    Corpus { outline, records }
}

/// Cuts every record to what a format holds.
pub(crate) fn cut(records: Vec<Record>, holds: &Holds) -> Vec<Record> {
    let mut losses = Losses::default();
    records.into_iter().filter_map(|record| restrict(record, holds, &mut losses)).collect()
}

/// Records without raw tags, which say again what the spans say, without places and numbers, which a format counts anew, and without the order of spans, which means nothing.
pub(crate) fn bare(mut records: Vec<Record>) -> Vec<Record> {
    for record in &mut records {
        record.place = Place::default();
        record.number = 0;
        record.tokens.iter_mut().for_each(|token| token.tag = None);
        for answer in record.answers_mut() {
            if let Some(spans) = &mut answer.spans {
                spans.sort_by(|a, b| (a.start, a.end, &a.label, &a.id).cmp(&(b.start, b.end, &b.label, &b.id)));
            }
        }
    }
    records
}

/// Writes records as `format`, reads them, and demands that what the format holds came back, with nothing lost on the
/// way that its table does not name.
pub(crate) fn assert_round_trip(format: &str, records: Vec<Record>) {
    assert_round_trip_by(format, records, |_| ());
}

/// As [`assert_round_trip`], for formats that set the records in an order of their own (by split, by label): both sides
/// are sorted by `key` first.
pub(crate) fn assert_round_trip_by<K: Ord>(format: &str, records: Vec<Record>, key: impl Fn(&Record) -> K) {
    let sorted = |mut records: Vec<Record>| {
        records.sort_by_key(&key);
        bare(records)
    };
    let holds = *format.parse::<Format>().expect("a format of the table").holds();
    let records = cut(records, &holds);
    if records.is_empty() {
        return;
    }
    let (files, losses) = write(format, &corpus_of(records.clone()));
    assert!(losses.is_empty(), "{losses:?}");
    let shown = files.get("").map(|main| String::from_utf8_lossy(main).into_owned());
    let back = read(format, &input(files)).unwrap_or_else(|e| panic!("{e}\n{shown:?}"));
    assert_eq!(back.skipped, [], "{shown:?}");
    assert_eq!(sorted(back.corpus.records), sorted(records), "{shown:?}");
}

const WORDS: &[&str] = &[
    "Anna",
    "met",
    "Bob",
    "in",
    "Zürich",
    "東京",
    "😀",
    "cafe\u{301}",
    "=1+1",
    "\"quoted\"",
    "a,b",
    "O",
    "B-PER",
    "#",
    "x|y",
    "<b>",
    "l'été",
    "\u{200b}z",
    "5",
    "\u{1F468}\u{200d}\u{1F469}",
];

/// A text: tokens joined by one space (always), or by other white space where the format holds it.
fn text(texts: Texts) -> impl Strategy<Value = String> {
    let spaces: &'static [&'static str] = match texts {
        Texts::Any => &[" ", "  ", "\n", "\t", "\r\n", " \n", "\u{a0}"],
        Texts::Line | Texts::Tokens | Texts::None => &[" "],
    };
    proptest::collection::vec((proptest::sample::select(WORDS), proptest::sample::select(spaces)), 1..7).prop_map(
        |pieces| {
            let mut text = String::new();
            for (i, (word, space)) in pieces.iter().enumerate() {
                if i > 0 {
                    text.push_str(space);
                }
                text.push_str(word);
            }
            text
        },
    )
}

pub(crate) fn tokens(text: &str) -> Vec<TokenMark> {
    let mut tokens = Vec::new();
    let mut at = 0;
    for word in text.split(char::is_whitespace) {
        if !word.is_empty() {
            tokens.push(TokenMark { start: at, end: at + word.len(), ..TokenMark::default() });
        }
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    tokens
}

const LABELS: &[&str] = &["PER", "LOC", "a b", "spør:mål", "x_y"];

fn spans(text: &str, holds: &Holds, seeds: Vec<(usize, usize, usize)>) -> Vec<Mark> {
    let words = tokens(text);
    let mut marks: Vec<Mark> = Vec::new();
    for (i, (first, length, label)) in seeds.into_iter().enumerate() {
        let first = first % words.len();
        let last = (first + length).min(words.len() - 1);
        let mut mark = Mark::new(words[first].start, words[last].end, LABELS[label % 2]);
        let overlaps = |m: &Mark| m.start < mark.end && mark.start < m.end;
        let repeats = marks.iter().any(|m| (m.start, m.end) == (mark.start, mark.end));
        if (holds.spans < Spans::Any && marks.iter().any(overlaps)) || repeats {
            continue;
        }
        if holds.spans == Spans::Gaps && last > first + 1 && i % 2 == 0 {
            mark.pieces = vec![(words[first].start, words[first].end), (words[last].start, words[last].end)];
        }
        marks.push(mark);
    }
    marks.sort_by_key(|m| (m.start, m.end));
    if holds.span_ids {
        marks.iter_mut().enumerate().for_each(|(i, m)| m.id = Some(format!("T{}", i + 1)));
    }
    marks
}

type Seeds = (Vec<(usize, usize, usize)>, Vec<usize>, u8);

fn answer(text: &str, holds: &Holds, (seeds, labels, parts): Seeds) -> Answer {
    let with_spans = holds.spans > Spans::None && (holds.labels == Labels::None || parts.is_multiple_of(2));
    let with_labels = holds.labels > Labels::None && (!with_spans || (holds.both && parts.is_multiple_of(3)));
    let mut names: Vec<&str> = labels.iter().map(|&i| LABELS[i % LABELS.len()]).collect();
    names.sort_unstable();
    names.dedup();
    if holds.labels == Labels::One {
        names.truncate(1);
    }
    if holds.labels < Labels::Set && names.is_empty() {
        names.push(LABELS[0]);
    }
    let spans = with_spans.then(|| spans(text, holds, seeds));
    let relations = match spans.as_deref() {
        Some([a, b, ..]) if holds.relations && a.id.is_some() => vec![Relation {
            id: Some("R1".to_owned()),
            kind: "knows".to_owned(),
            arguments: vec![
                ("from".to_owned(), a.id.clone().unwrap_or_default()),
                ("to".to_owned(), b.id.clone().unwrap_or_default()),
            ],
            attributes: Vec::new(),
        }],
        _ => Vec::new(),
    };
    let choices = names.into_iter().map(|label| Choice { label: label.to_owned(), ..Choice::default() });
    Answer { labels: with_labels.then(|| choices.collect()), spans, relations, comment: None }
}

fn seeds() -> impl Strategy<Value = Seeds> {
    (
        proptest::collection::vec((0usize..7, 0usize..3, 0usize..9), 0..4),
        proptest::collection::vec(0usize..9, 0..3),
        0u8..6,
    )
}

/// Records of everything that a format holds, as [`Holds`] says; all of one corpus answer the same kind of question.
pub(crate) fn records(holds: Holds) -> impl Strategy<Value = Vec<Record>> {
    let one = (text(holds.texts), seeds(), proptest::collection::vec(seeds(), 0..3), any::<[bool; 4]>());
    (proptest::collection::vec(one, 1..5), 0u8..6).prop_map(move |(items, parts)| {
        let mut all = Vec::new();
        for (i, (text, mut gold, responses, flags)) in items.into_iter().enumerate() {
            gold.2 = parts;
            let mut record = Record { text: Some(text.clone()), ..Record::default() };
            record.gold = Some(answer(&text, &holds, gold)).filter(|_| flags[0] || !holds.unlabelled);
            record.id = holds.ids.then(|| format!("id-{i}"));
            record.split = holds.splits.then(|| if flags[1] { "train".into() } else { "test".into() });
            if holds.tokens {
                record.tokens = tokens(&text);
            }
            if holds.responses {
                for (j, mut seeds) in responses.into_iter().enumerate() {
                    seeds.2 = parts;
                    let status = if flags[2] && holds.statuses { Status::Rejected } else { Status::Accepted };
                    let annotator = Some(format!("ann{j}"));
                    record.responses.push(Response {
                        annotator,
                        status,
                        answer: answer(&text, &holds, seeds),
                        ..Response::default()
                    });
                }
            }
            if holds.predictions && flags[3] {
                let seeds = (vec![(0, 0, 1)], vec![1], parts);
                let answer = answer(&text, &holds, seeds);
                let score = holds.scores.then_some(0.5);
                record.predictions.push(Prediction {
                    model: Some("m1".to_owned()),
                    answer,
                    score,
                    ..Prediction::default()
                });
            }
            if holds.metadata >= crate::holds::Metadata::Text {
                record
                    .metadata
                    .push(("source".into(), Value::String(if flags[2] { "mail, \"web\"" } else { "web" }.into())));
                if holds.metadata == crate::holds::Metadata::Any {
                    record.metadata.push(("n".into(), Value::from(i)));
                }
            }
            all.push(record);
        }
        all
    })
}

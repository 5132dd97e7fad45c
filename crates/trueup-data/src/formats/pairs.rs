//! Every pair of formats that are written: what both can hold goes from one to the other and back as it was. And
//! what a format does not give back stands in the list of losses.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::Format;
use super::testing::{self, bare, corpus_of, cut};
use crate::convert::Converter;
use crate::corpus::{Answer, Choice, Corpus, Mark, Prediction, Record, Relation, Response, Status, TokenMark};
use crate::holds::{Holds, Loss, Losses, Metadata, Texts, restrict};
use crate::output::Output;

/// How often each pair is tried with random records.
const CASES: usize = 3;

/// Formats, what is theirs by nature, and how records are changed for it.
type Change = (&'static [&'static str], &'static str, fn(&mut Vec<Record>));
/// What a format does not hold beyond its table, and how records do without it; its writer reports it.
const TAMED: &[Change] = &[
    (&["fasttext", "label-text"], "a space ends a label", |records| {
        for choice in records.iter_mut().flat_map(Record::answers_mut).flat_map(|a| a.labels.iter_mut().flatten()) {
            choice.label = choice.label.replace(' ', "-");
        }
    }),
    (&["spacy-iob"], "a bar ends a token, and there is no way to write one", |records| {
        records.retain(|record| !record.text().contains('|'));
    }),
];

/// Formats that set records in an order of their own: by split, by label or by the names of files.
const REORDERED: &[&str] =
    &["conll-folder", "crowd-conll", "hf-disk", "label-folders", "parallel", "spacy-folder", "split-lists"];

/// Formats of tokens: a text without tokens is split at punctuation, and what is read is joined by spaces; the writer
/// says so. Plain words stay as they are.
const OF_TOKENS: &[&str] = &["conll", "conll-folder", "crowd-conll", "spacy-iob"];

/// What a format always gives, and how it is taken away again.
const GIVEN: &[Change] = &[
    (&["conll-folder"], "the name of the file as that of the document", |records| {
        records.iter_mut().for_each(|record| record.metadata.retain(|(key, _)| &**key != "document"));
    }),
    (&["conllu", "spacy-iob"], "columns without a value", |records| {
        for token in records.iter_mut().flat_map(|record| &mut record.tokens) {
            if token.columns.iter().all(|cell| matches!(&**cell, "_" | "-")) {
                token.columns = Box::default();
            }
        }
    }),
];

fn written() -> Vec<Format> {
    Format::all().filter(|format| format.is_written()).collect()
}

/// What both hold, as far as the strategy for records asks.
fn meet(a: &Holds, b: &Holds) -> Holds {
    let rank = |texts: Texts| match texts {
        Texts::Any => 3,
        Texts::Line => 2,
        Texts::Tokens => 1,
        Texts::None => 0,
    };
    let rank_of = |metadata: Metadata| match metadata {
        Metadata::Any => 3,
        Metadata::Text => 2,
        Metadata::Only(_) => 1,
        Metadata::None => 0,
    };
    Holds {
        textless: false,
        texts: if rank(a.texts) < rank(b.texts) { a.texts } else { b.texts },
        ids: a.ids && b.ids,
        splits: a.splits && b.splits,
        tokens: a.tokens && b.tokens,
        token_columns: a.token_columns && b.token_columns,
        labels: a.labels.min(b.labels),
        spans: a.spans.min(b.spans),
        both: a.both && b.both,
        span_ids: a.span_ids && b.span_ids,
        attributes: a.attributes && b.attributes,
        relations: a.relations && b.relations,
        fields: a.fields && b.fields,
        comments: a.comments && b.comments,
        responses: a.responses && b.responses,
        response_details: a.response_details && b.response_details,
        statuses: a.statuses && b.statuses,
        predictions: a.predictions && b.predictions,
        scores: a.scores && b.scores,
        unlabelled: a.unlabelled && b.unlabelled,
        metadata: if rank_of(a.metadata) < rank_of(b.metadata) { a.metadata } else { b.metadata },
    }
}

/// Records as both formats hold them.
fn held(mut records: Vec<Record>, a: Format, b: Format) -> Vec<Record> {
    for (names, _, tame) in TAMED {
        if names.contains(&a.name()) || names.contains(&b.name()) {
            tame(&mut records);
        }
    }
    let tokens = a.holds().tokens && b.holds().tokens;
    if !tokens && [a, b].iter().any(|format| OF_TOKENS.contains(&format.name())) {
        records.retain(|record| record.text().chars().all(|c| c == ' ' || c.is_alphanumeric()));
    }
    loop {
        let next = cut(cut(records.clone(), a.holds()), b.holds());
        if next == records {
            return records;
        }
        records = next;
    }
}

/// Writes a corpus in a format and reads it again.
fn through(format: Format, corpus: &Corpus) -> Result<(Corpus, Losses), String> {
    let fail = |step: &str, e: &dyn std::fmt::Display| format!("{step} {format}: {e}");
    let mut converter = Converter::new(format, &corpus.outline, Output::memory()).map_err(|e| fail("writing", &e))?;
    for record in &corpus.records {
        converter.record(record.clone()).map_err(|e| fail("writing", &e))?;
    }
    let (files, losses, _) = converter.finish(false).map_err(|e| fail("writing", &e))?;
    // A file of nothing, which is no file of the format.
    if files.iter().all(|(name, bytes)| name.is_empty() && bytes.is_empty()) {
        return Ok((Corpus::default(), losses));
    }
    let shown = || files.get("").map(|main| String::from_utf8_lossy(main).chars().take(1500).collect::<String>());
    let read = testing::read(format.name(), &testing::input(files.clone()));
    let read = read.map_err(|e| format!("{}\n{:?}", fail("reading", &e), shown()))?;
    if !read.skipped.is_empty() {
        return Err(format!("reading {format}: skipped {:?}\n{:?}", read.skipped, shown()));
    }
    Ok((read.corpus, losses))
}

fn same(a: Format, b: Format, found: &[Record], expected: &[Record]) -> bool {
    let order = |records: &[Record]| {
        let mut records = bare(records.to_vec());
        if [a, b].iter().any(|format| REORDERED.contains(&format.name())) {
            records.sort_by_cached_key(|record| format!("{record:?}"));
        }
        records
    };
    order(found) == order(expected)
}

/// From `a` to `b` and back. `told`: a record that a writer says it cannot hold whole goes no further.
fn round(a: Format, b: Format, records: Vec<Record>, told: bool) -> Result<(), String> {
    let records = held(records, a, b);
    if records.is_empty() {
        return Ok(());
    }
    let mut corpus = corpus_of(records.clone());
    for format in [a, b, a] {
        let (mut next, losses) = through(format, &corpus)?;
        if !losses.is_empty() {
            return if told { Ok(()) } else { Err(format!("writing {format} lost {:?}", losses.kinds)) };
        }
        // What a format adds, such as ids, need not fit into the other.
        next.records = cut(cut(next.records, a.holds()), b.holds());
        for (names, _, take) in GIVEN {
            if names.contains(&a.name()) || names.contains(&b.name()) {
                take(&mut next.records);
            }
        }
        if !same(a, b, &next.records, &records) {
            return Err(format!("{format} gave\n{:?}\nfor\n{:?}", bare(next.records), bare(records)));
        }
        corpus = next;
    }
    Ok(())
}

/// Does `work` for each of `items` on all cores, and gives what it found in their order.
fn spread<T: Sync, F: Send>(items: &[T], work: impl Fn(&T) -> Option<F> + Sync) -> Vec<F> {
    let (next, found) = (std::sync::atomic::AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(item) = items.get(i) else { return };
                    if let Some(one) = work(item) {
                        found.lock().unwrap().insert(i, one);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap().into_values().collect()
}

#[test]
fn every_pair_goes_there_and_back() {
    let formats = written();
    let pairs: Vec<(Format, Format)> = formats.iter().flat_map(|&a| formats.iter().map(move |&b| (a, b))).collect();
    assert!(pairs.len() >= 900, "{}", pairs.len());
    let failures = spread(&pairs, |&(a, b)| {
        let records = testing::records(meet(a.holds(), b.holds()));
        let mut runner = TestRunner::deterministic();
        let random = (0..CASES).map(|_| records.new_tree(&mut runner).unwrap().current());
        let random = random.map(|case| ("random", round(a, b, case, false)));
        let alone = plain(meet(a.holds(), b.holds())).into_iter();
        let mut cases = random.chain(alone.map(|record| ("plain", round(a, b, vec![record], true))));
        cases.find_map(|(kind, done)| done.err().map(|e| format!("{a} -> {b} -> {a}: {kind}: {e}")))
    });
    assert!(failures.is_empty(), "{} pairs\n{}", failures.len(), failures.join("\n\n"));
}

/// Records that most formats hold, with texts that begin, end and look like parts of the formats.
fn plain(holds: Holds) -> Vec<Record> {
    let texts = [
        "-DOCSTART- is here",
        "# text = no",
        "- a: b",
        "1 , 2 ; 3",
        "[x](PER) y",
        "null",
        "{\"text\": 1}",
        "__label__x y",
    ];
    let one = |(i, text): (usize, &&str)| {
        let last = text.rfind(' ').map_or(0, |at| at + 1);
        let id = holds.span_ids.then(|| "T1".to_owned());
        let spans =
            (holds.spans > crate::holds::Spans::None).then(|| vec![Mark { id, ..Mark::new(last, text.len(), "PER") }]);
        let labels = (spans.is_none() && holds.labels > crate::holds::Labels::None)
            .then(|| vec![Choice { label: "null".into(), ..Choice::default() }]);
        let tokens = if holds.tokens { testing::tokens(text) } else { Vec::new() };
        Record {
            tokens,
            id: holds.ids.then(|| format!("0{i}")),
            text: Some((*text).to_owned()),
            split: holds.splits.then(|| "train".into()),
            gold: Some(Answer { labels, spans, ..Answer::default() }),
            metadata: if holds.metadata == Metadata::Any {
                vec![("odd".into(), json!([1.5, null]))]
            } else {
                Vec::new()
            },
            ..Record::default()
        }
    };
    texts.iter().enumerate().map(one).collect()
}

/// A record with everything, then records with one thing each.
fn rich() -> Vec<(&'static str, Record)> {
    let text = "Anna \u{1F600} met Bob";
    let said = |text: &str| Record { text: Some(text.to_owned()), id: Some(format!("id {text}")), ..Record::default() };
    let label = |name: &str| Answer::labels([name]);
    let gold = |text: &str, answer: Answer| Record { gold: Some(answer), ..said(text) };
    let choice = |field: Option<&str>, score| Choice { label: "ok".into(), field: field.map(Into::into), score };
    let response = |annotator: Option<&str>, status, answer| Response {
        annotator: annotator.map(Into::into),
        status,
        answer,
        ..Response::default()
    };
    let timed = Response {
        time: Some("2024-05-01T10:00:00Z".into()),
        seconds: Some(2.5),
        id: Some("77".into()),
        extra: vec![("lead".into(), json!([1]))],
        ..response(Some("ann"), Status::Accepted, label("x"))
    };
    let mark = |start, end| Mark::new(start, end, "PER");
    let with_id = |id: &str, mark: Mark| Mark { id: Some(id.into()), ..mark };
    let relation = Relation {
        id: Some("R1".into()),
        kind: "meets".into(),
        arguments: vec![("from".into(), "T1".into()), ("to".into(), "T2".into())],
        attributes: vec![("sure".into(), json!(true))],
    };
    let token = |start, end, columns: &[&str]| TokenMark {
        start,
        end,
        tag: None,
        columns: columns.iter().map(|&c| c.into()).collect(),
    };
    let prediction = Prediction {
        model: Some("m1".into()),
        answer: label("x"),
        score: Some(0.75),
        scores: vec![("x".into(), 0.75), ("y".into(), 0.25)],
        time: Some("2024-05-01".into()),
        id: Some("9".into()),
        extra: vec![("cluster".into(), json!(4))],
    };
    let spans = |marks: Vec<Mark>| gold(text, Answer::spans(marks));
    let both = Answer { labels: label("ok").labels, ..Answer::spans(vec![mark(0, 4)]) };
    vec![
        ("a label", gold("fine", label("ok"))),
        ("two labels", gold("fine", Answer::labels(["ok", "good"]))),
        ("an empty set of labels", gold("fine", Answer::labels(Vec::<String>::new()))),
        ("labels with odd letters", gold("fine", Answer::labels(["a b, c|d;e/f\\g \"h\""]))),
        ("an empty label", gold("fine", label(""))),
        ("no gold", said("fine")),
        ("no text", Record { gold: Some(label("ok")), ..Record::default() }),
        ("an empty text", gold("", label("ok"))),
        ("white space", gold(" a \n\n b\tc\r\nd\u{a0} ", label("ok"))),
        ("white space and spans", gold(" a \n\n b\tc\r\nd\u{a0} ", Answer::spans(vec![mark(6, 7), mark(8, 12)]))),
        ("a split", Record { split: Some("my split/1".into()), ..gold("fine", label("ok")) }),
        ("an odd id", Record { id: Some("a/b c\u{e9}.txt".into()), ..gold("fine", label("ok")) }),
        ("a span", spans(vec![mark(0, 4)])),
        ("no spans", spans(Vec::new())),
        ("an empty span", spans(vec![mark(4, 4)])),
        (
            "spans with odd types",
            spans(vec![Mark::new(0, 4, "a b/c"), Mark::new(5, 9, "B-PER"), Mark::new(10, 13, "O")]),
        ),
        ("a span inside a word", spans(vec![mark(1, 3)])),
        ("a nested span", spans(vec![mark(0, 4), Mark::new(0, 9, "X")])),
        ("the same span twice", spans(vec![mark(0, 4), Mark::new(0, 4, "LOC")])),
        ("a gap", spans(vec![Mark { pieces: vec![(0, 4), (14, 17)], ..mark(0, 17) }])),
        ("a span's id", spans(vec![with_id("T5", mark(0, 4))])),
        (
            "a span's attributes",
            spans(vec![Mark {
                attributes: vec![("note".into(), json!({"deep": [1]})), ("kb_id".into(), json!("Q42"))],
                ..mark(0, 4)
            }]),
        ),
        ("a span's field", spans(vec![Mark { field: Some("who".into()), ..mark(0, 4) }])),
        ("a span's score", spans(vec![Mark { score: Some(0.25), ..mark(0, 4) }])),
        ("labels and spans", gold(text, both)),
        (
            "a relation",
            gold(
                text,
                Answer {
                    relations: vec![relation],
                    ..Answer::spans(vec![with_id("T1", mark(0, 4)), with_id("T2", mark(14, 17))])
                },
            ),
        ),
        ("a field", gold("fine", Answer { labels: Some(vec![choice(Some("tone"), None)]), ..Answer::default() })),
        ("a score", gold("fine", Answer { labels: Some(vec![choice(None, Some(0.5))]), ..Answer::default() })),
        ("a comment", gold("fine", Answer { comment: Some("hm\nhm".into()), ..label("ok") })),
        ("a comment alone", gold("fine", Answer { comment: Some("hm".into()), ..Answer::default() })),
        (
            "tokens",
            Record {
                tokens: vec![
                    token(0, 4, &["NNP", "x"]),
                    token(5, 9, &[":)", ""]),
                    token(10, 13, &["VBD", "y z"]),
                    token(14, 17, &["NNP", ""]),
                ],
                ..spans(vec![mark(0, 4)])
            },
        ),
        (
            "tokens inside words",
            Record {
                tokens: vec![token(0, 2, &[]), token(2, 4, &[]), token(5, 9, &[]), token(10, 17, &[])],
                ..spans(vec![mark(0, 4)])
            },
        ),
        (
            "responses",
            Record {
                responses: vec![
                    response(Some("ann"), Status::Accepted, label("x")),
                    response(Some("bob"), Status::Accepted, label("y")),
                    response(None, Status::Accepted, label("y")),
                ],
                ..said("fine")
            },
        ),
        (
            "responses of spans",
            Record {
                responses: vec![
                    response(Some("ann"), Status::Accepted, Answer::spans(vec![mark(0, 4)])),
                    response(Some("bob/1"), Status::Accepted, Answer::spans(Vec::new())),
                ],
                ..said(text)
            },
        ),
        (
            "responses beside gold",
            Record { responses: vec![response(Some("ann"), Status::Accepted, label("x"))], ..gold("fine", label("y")) },
        ),
        ("a response's details", Record { responses: vec![timed], ..said("fine") }),
        (
            "a rejected answer",
            Record { responses: vec![response(Some("ann"), Status::Rejected, label("x"))], ..said("fine") },
        ),
        (
            "an ignored answer",
            Record { responses: vec![response(Some("ann"), Status::Ignored, label("x"))], ..said("fine") },
        ),
        (
            "a skipped answer",
            Record { responses: vec![response(Some("ann"), Status::Skipped, Answer::default())], ..said("fine") },
        ),
        ("a draft", Record { responses: vec![response(Some("ann"), Status::Draft, label("x"))], ..said("fine") }),
        ("a prediction", Record { predictions: vec![prediction.clone()], ..gold("fine", label("x")) }),
        ("a prediction alone", Record { predictions: vec![prediction.clone()], ..said("fine") }),
        (
            "two predictions",
            Record {
                predictions: vec![
                    prediction,
                    Prediction {
                        model: Some("m2".into()),
                        answer: Answer::spans(vec![mark(0, 2)]),
                        ..Prediction::default()
                    },
                ],
                ..said("fine")
            },
        ),
        (
            "metadata",
            Record {
                metadata: vec![
                    ("source".into(), json!("web, \"x\"\ny")),
                    ("n".into(), json!(-5)),
                    ("f".into(), json!(0.5)),
                    ("yes".into(), json!(true)),
                    ("list".into(), json!([1, "a", {"b": null}])),
                    ("nothing".into(), json!(null)),
                ],
                ..gold("fine", label("ok"))
            },
        ),
        (
            "metadata by names that are taken",
            Record {
                metadata: [
                    "text",
                    "label",
                    "id",
                    "spans",
                    "meta",
                    "tokens",
                    "",
                    "split",
                    "annotator",
                    "data",
                    "answer",
                ]
                .map(|name| (name.into(), json!(format!("the {name}"))))
                .into(),
                ..gold("fine", label("ok"))
            },
        ),
        (
            "the same column twice",
            Record { metadata: vec![("a".into(), json!("x")), ("a".into(), json!("y"))], ..gold("fine", label("ok")) },
        ),
    ]
}

/// Formats whose only question needs no name when it is read: that it has one is no difference.
const ONE_QUESTION: &[&str] = &["argilla", "comprehend-manifest"];

/// What of `had` is not in `has`, as the kinds of losses one of which must tell it.
fn missing(had: &Record, has: &Record) -> Vec<(&'static str, Vec<Loss>)> {
    let mut found: Vec<(&'static str, Vec<Loss>)> = Vec::new();
    let mut told = |what: &'static str, is_lost: bool, kinds: &[Loss]| {
        if is_lost {
            found.push((what, kinds.to_vec()));
        }
    };
    told("text", had.text != has.text, &[Loss::Text]);
    told("id", had.id.is_some() && had.id != has.id, &[Loss::Ids]);
    // A name that says nothing of a split is read as what stands in a column.
    let in_column = has.value("split").and_then(Value::as_str) == had.split.as_deref();
    told("split", had.split.is_some() && had.split != has.split && !in_column, &[Loss::Splits]);
    let edges = |r: &Record| r.tokens.iter().map(|t| (t.start, t.end)).collect::<Vec<_>>();
    told("tokens", !had.tokens.is_empty() && edges(had) != edges(has), &[Loss::Tokens, Loss::Text]);
    let columns = |r: &Record| r.tokens.iter().map(|t| t.columns.clone()).collect::<Vec<_>>();
    let has_columns = had.tokens.iter().any(|t| !t.columns.is_empty());
    told("token columns", has_columns && columns(had) != columns(has), &[Loss::TokenColumns, Loss::Tokens]);
    let values = |r: &Record, key: &str| {
        r.metadata.iter().filter(|(k, _)| &**k == key).map(|(_, v)| v.clone()).collect::<Vec<_>>()
    };
    for (key, _) in &had.metadata {
        let (a, b) = (values(had, key), values(has, key));
        // No value is as good as none.
        let a: Vec<Value> = a.into_iter().filter(|value| !value.is_null() || !b.is_empty()).collect();
        told("metadata", a != b, if b.is_empty() { &[Loss::Metadata] } else { &[Loss::Metadata, Loss::MetadataTypes] });
    }
    match (&had.gold, &has.gold) {
        (Some(a), Some(b)) => answers(a, b, &mut told),
        (Some(_), None) => told("gold", true, &[Loss::Unlabelled, Loss::Labels, Loss::Spans, Loss::Comments]),
        (None, Some(_)) => told("no gold", had.responses.is_empty(), &[Loss::Unlabelled]),
        (None, None) => {}
    }
    told("responses", had.responses.len() != has.responses.len(), &[Loss::Responses, Loss::Statuses]);
    for (a, b) in had.responses.iter().zip(&has.responses) {
        told("annotator", a.annotator != b.annotator, &[Loss::Responses, Loss::ResponseDetails]);
        told("status", a.status != b.status, &[Loss::Statuses]);
        let lost = (a.time.is_some() && a.time != b.time)
            || (a.seconds.is_some() && a.seconds != b.seconds)
            || (a.id.is_some() && a.id != b.id)
            // Where answers and tasks are one, such as in Prodigy, it is a matter of the task.
            || a.extra.iter().any(|one| !b.extra.contains(one) && !has.metadata.contains(one));
        told("details", lost, &[Loss::ResponseDetails]);
        answers(&a.answer, &b.answer, &mut told);
    }
    told("predictions", had.predictions.len() != has.predictions.len(), &[Loss::Predictions]);
    for (a, b) in had.predictions.iter().zip(&has.predictions) {
        told("model", a.model != b.model, &[Loss::Predictions]);
        told("score", a.score.is_some() && a.score != b.score, &[Loss::Scores, Loss::Predictions]);
        told("scores", !a.scores.is_empty() && a.scores != b.scores, &[Loss::Scores, Loss::Predictions]);
        let lost = (a.time.is_some() && a.time != b.time)
            || (a.id.is_some() && a.id != b.id)
            || a.extra.iter().any(|one| !b.extra.contains(one));
        told("details of a model", lost, &[Loss::Predictions, Loss::ResponseDetails]);
        answers(&a.answer, &b.answer, &mut told);
    }
    found
}

fn answers(had: &Answer, has: &Answer, told: &mut impl FnMut(&'static str, bool, &[Loss])) {
    told("comment", had.comment.is_some() && had.comment != has.comment, &[Loss::Comments]);
    let names = |a: &Answer| a.labels.as_ref().map(|l| l.iter().map(|c| c.label.clone()).collect::<BTreeSet<_>>());
    told("labels", had.labels.is_some() && names(had) != names(has), &[Loss::Labels]);
    let fields = |a: &Answer| a.labels.iter().flatten().map(|c| c.field.clone()).collect::<Vec<_>>();
    let some = |a: &Answer| a.labels.iter().flatten().any(|c| c.field.is_some());
    told("fields", some(had) && fields(had) != fields(has), &[Loss::Fields, Loss::Labels]);
    let scores = |a: &Answer| a.labels.iter().flatten().map(|c| c.score).collect::<Vec<_>>();
    let some = |a: &Answer| a.labels.iter().flatten().any(|c| c.score.is_some());
    told("scores of labels", some(had) && scores(had) != scores(has), &[Loss::Scores, Loss::Labels]);
    let marks = |a: &Answer| {
        a.spans.clone().map(|mut marks| {
            marks.sort_by(|a, b| (a.start, a.end, &a.label).cmp(&(b.start, b.end, &b.label)));
            marks
        })
    };
    match (marks(had), marks(has)) {
        (None, _) => {}
        (Some(_), None) => told("spans", true, &[Loss::Spans]),
        (Some(a), Some(b)) => {
            let at = |marks: &[Mark]| marks.iter().map(|m| (m.start, m.end, m.label.clone())).collect::<Vec<_>>();
            told("spans", at(&a) != at(&b), &[Loss::Spans, Loss::SpanEdges, Loss::Text]);
            for (a, b) in a.iter().zip(&b) {
                told("pieces", a.pieces != b.pieces, &[Loss::Gaps, Loss::Spans]);
                told("span id", a.id.is_some() && a.id != b.id, &[Loss::SpanIds, Loss::Spans]);
                told("span field", a.field.is_some() && a.field != b.field, &[Loss::Fields, Loss::Spans]);
                told("span score", a.score.is_some() && a.score != b.score, &[Loss::Scores, Loss::Spans]);
                let lost = a.attributes.iter().any(|one| !b.attributes.contains(one));
                told("attributes", lost, &[Loss::Attributes, Loss::Spans]);
            }
        }
    }
    // Ids of relations are made anew where nothing refers to them.
    let ties = |a: &Answer| a.relations.iter().map(|r| (r.kind.clone(), r.arguments.clone())).collect::<Vec<_>>();
    told("relations", ties(had) != ties(has), &[Loss::Relations]);
}

/// What `format` loses of `records` without saying so.
fn silent(format: Format, records: &[Record]) -> Result<(), String> {
    let (back, losses) = through(format, &corpus_of(records.to_vec()))?;
    if back.records.len() != records.len() {
        let says = losses.kinds.keys().any(|kind| matches!(kind, Loss::Record | Loss::Unlabelled));
        let (n, m) = (records.len(), back.records.len());
        return if says {
            Ok(())
        } else {
            Err(format!("{n} records became {m}, and the losses are {:?}", losses.kinds))
        };
    }
    let unsaid: Vec<_> = records
        .iter()
        .zip(&back.records)
        .flat_map(|(had, has)| missing(had, has))
        .filter(|(what, _)| !what.contains("field") || !ONE_QUESTION.contains(&format.name()))
        .filter(|(_, kinds)| !kinds.iter().any(|kind| losses.kinds.contains_key(kind)))
        .collect();
    if unsaid.is_empty() {
        return Ok(());
    }
    let said: Vec<Loss> = losses.kinds.keys().copied().collect();
    Err(format!("{unsaid:?} and said {said:?}\n{records:?}\nbecame\n{:?}", back.records))
}

#[test]
fn nothing_is_lost_in_silence() {
    let rich = rich();
    let cases: Vec<(Format, &(&str, Record))> =
        written().into_iter().flat_map(|format| rich.iter().map(move |case| (format, case))).collect();
    let mut failures = spread(&cases, |(format, (name, record))| {
        silent(*format, std::slice::from_ref(record)).err().map(|e| format!("{format}, {name}: {e}"))
    });
    // All in one file, with an id each, where the order stays.
    let mut all: Vec<Record> = rich.iter().map(|(_, record)| record.clone()).collect();
    all.iter_mut().enumerate().for_each(|(i, record)| record.id = Some(format!("{i:02}")));
    let kept = written().into_iter().filter(|format| !REORDERED.contains(&format.name()));
    failures.extend(kept.filter_map(|format| silent(format, &all).err().map(|e| format!("{format}, all: {e}"))));
    assert!(failures.is_empty(), "{} cases\n{}", failures.len(), failures.join("\n\n"));
}

/// A record that is cut without a word is whole.
#[test]
fn what_is_cut_is_said() {
    let mut failures = Vec::new();
    for format in written() {
        for (name, record) in rich() {
            let mut losses = Losses::default();
            let left = restrict(record.clone(), format.holds(), &mut losses);
            if left.as_ref() != Some(&record) && losses.is_empty() {
                failures.push(format!("{format}, {name}: {record:?} became {left:?}"));
            }
            if left.as_ref() == Some(&record) && !losses.is_empty() {
                failures.push(format!("{format}, {name}: said {losses:?} of nothing"));
            }
        }
    }
    assert!(failures.is_empty(), "{} cases\n{}", failures.len(), failures.join("\n\n"));
}

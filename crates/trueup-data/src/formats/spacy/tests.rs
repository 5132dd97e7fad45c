//! Tests of the formats of spaCy on inline records.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::corpus::{Answer, Choice, Corpus, Mark, TokenMark};
use crate::formats::testing::{self, assert_round_trip, corpus_of, input, read, write};

fn docbin(corpus: &Corpus) -> (Vec<u8>, Losses) {
    let (mut files, losses) = write("spacy", corpus);
    (files.remove("").unwrap(), losses)
}

fn back(corpus: &Corpus) -> (Corpus, Losses) {
    let (bytes, losses) = docbin(corpus);
    let read = read("spacy", &Input::memory("f.spacy", bytes)).unwrap();
    assert_eq!((read.skipped, read.notes), (vec![], vec![]));
    (read.corpus, losses)
}

fn spans(marks: Vec<Mark>) -> Record {
    let text = "Anna of  Zürich\nmet 😀 Bob".to_owned();
    Record { text: Some(text), gold: Some(Answer::spans(marks)), ..Record::default() }
}

fn in_group(mut mark: Mark, group: &str) -> Mark {
    mark.field = Some(group.into());
    mark
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_come_back_from_a_docbin(records in testing::records(SPEC.holds)) {
        assert_round_trip("spacy", records);
    }

    #[test]
    fn records_come_back_from_a_folder(records in testing::records(FOLDER.holds)) {
        // Files are read in the order of their names.
        let mut records = records;
        records.sort_by(|a, b| a.split.cmp(&b.split));
        assert_round_trip("spacy-folder", records);
    }

    #[test]
    fn broken_bytes_are_no_panic(at in 0usize..400, byte in any::<u8>(), cut in any::<bool>()) {
        let corpus = corpus_of(vec![spans(vec![Mark::new(0, 4, "PER"), in_group(Mark::new(0, 16, "X"), "sc")])]);
        let unpacked = read::inflate(&docbin(&corpus).0, None).unwrap();
        let at = at * unpacked.len() / 400;
        let mut broken = unpacked.clone();
        broken[at] = byte;
        if cut {
            broken.truncate(at);
        }
        let _ = read("spacy", &Input::memory("f.spacy", zlib(&broken)));
    }
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut out, bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn a_docbin_is_recognised_by_content() {
    let (bytes, _) = docbin(&corpus_of(vec![spans(vec![])]));
    let sure = |bytes: &[u8]| {
        let input = Input::memory("x", bytes.to_vec());
        sniff(&Head::new(&input).unwrap())
    };
    assert_eq!(sure(&bytes), Confidence::Certain);
    assert_eq!(sure(&zlib(b"hello")), Confidence::No);
    assert_eq!(sure(b"x,y\n1,2\n"), Confidence::No);
    assert_eq!(docbin(&corpus_of(vec![spans(vec![])])).0, bytes);
}

#[test]
fn spans_that_overlap_go_to_a_group_and_come_back() {
    let nested = vec![Mark::new(0, 4, "PERSON"), Mark::new(0, 16, "PERSON"), Mark::new(9, 16, "GPE")];
    let corpus = corpus_of(vec![spans(nested.clone()), spans(vec![Mark::new(0, 4, "PERSON")]), spans(vec![])]);
    let (read, losses) = back(&corpus);
    assert!(losses.is_empty());
    let found: Vec<_> = read.records.iter().map(|r| r.gold.clone().unwrap().spans.unwrap()).collect();
    assert_eq!(found, [nested, vec![Mark::new(0, 4, "PERSON")], vec![]]);
}

#[test]
fn groups_keep_their_names_and_empty_ones_stay() {
    let (a, b) = (in_group(Mark::new(0, 16, "X"), "sc"), in_group(Mark::new(0, 16, "Y"), "other"));
    let plain = Mark { attributes: vec![("kb_id".into(), "Q42".into())], ..Mark::new(0, 4, "PERSON") };
    let corpus = corpus_of(vec![spans(vec![plain.clone(), a.clone(), b.clone()]), spans(vec![])]);
    let (read, losses) = back(&corpus);
    assert!(losses.is_empty());
    assert_eq!(read.records[0].gold.clone().unwrap().spans, Some(vec![plain, a, b]));
    assert_eq!(read.outline.setting("span_groups"), Some(&json!(["sc", "other"])));
    let again = back(&Corpus { outline: read.outline.clone(), records: read.records.clone() }).0;
    assert_eq!(again, read);
}

#[test]
fn a_span_inside_of_a_token_splits_it() {
    let mut record = spans(vec![Mark::new(1, 3, "X"), Mark::new(4, 9, "Y")]);
    record.tokens = vec![TokenMark { start: 0, end: 4, ..TokenMark::default() }];
    let (read, losses) = back(&corpus_of(vec![record.clone()]));
    assert_eq!(read.records[0].text, record.text);
    assert_eq!(read.records[0].gold, record.gold);
    assert!(losses.kinds.contains_key(&Loss::Tokens));
}

#[test]
fn token_columns_come_back_and_heads_pass_over_white_space() {
    let mut record = spans(vec![]);
    let text = record.text.clone().unwrap();
    let rows = [
        ["NOUN", "2", "1"],
        ["ADP", "-1", "-1"],
        ["PROPN", "1", "-1"],
        ["VERB", "0", "-1"],
        ["X", "-1", ""],
        ["PROPN", "-2", "-1"],
    ];
    let words = text.split_whitespace().zip(rows);
    record.tokens = words
        .map(|(word, row)| {
            let start = text.find(word).unwrap();
            TokenMark { start, end: start + word.len(), tag: None, columns: row.map(Key::from).into() }
        })
        .collect();
    let mut corpus = corpus_of(vec![record]);
    corpus.outline.token_columns = ["pos", "head_offset", "sent_start"].map(Key::from).into();
    let (read, losses) = back(&corpus);
    assert!(losses.is_empty());
    assert_eq!(read.outline.token_columns, corpus.outline.token_columns);
    assert_eq!(read.records[0].tokens, corpus.records[0].tokens);
    corpus.outline.token_columns = ["chunk", "head_offset", "sent_start"].map(Key::from).into();
    let (_, losses) = back(&corpus);
    assert_eq!(losses.kinds[&Loss::TokenColumns].first, "the column 'chunk', which spaCy's tokens do not have");
}

#[test]
fn what_a_program_keeps_with_a_document_is_metadata() {
    let mut record = spans(vec![]);
    record.id = Some("7".into());
    record.metadata = vec![
        ("source".into(), "web".into()),
        ("_.score".into(), json!([0.5, null, {"a": -3}])),
        ("_.tone@4".into(), json!(true)),
        ("_.tone@0:4".into(), json!("flat")),
        ("incorrect_spans".into(), json!([{"start": 0, "end": 4, "label": "ORG"}])),
        ("missing_entities".into(), json!([[19, 20]])),
    ];
    let corpus = corpus_of(vec![record.clone()]);
    let (bytes, losses) = docbin(&corpus);
    assert!(losses.is_empty());
    let read = read("spacy", &Input::memory("f.spacy", bytes)).unwrap();
    let mut found = read.corpus.records[0].metadata.clone();
    let order = |m: &mut Vec<(Key, Value)>| m.sort_by(|a, b| a.0.cmp(&b.0));
    order(&mut found);
    order(&mut record.metadata);
    assert_eq!((read.corpus.records[0].id.as_deref(), found), (Some("7"), record.metadata));
}

#[test]
fn labels_of_some_texts_are_categories_of_all() {
    let of = |labels: &[&str]| Record {
        text: Some("a b".into()),
        gold: Some(Answer::labels(labels.iter().copied())),
        ..Record::default()
    };
    let corpus = corpus_of(vec![of(&["x"]), of(&["y", "x"]), of(&[])]);
    let (read, _) = back(&corpus);
    assert_eq!(read.outline.declared_labels, ["x", "y"]);
    let labels = |i: usize| -> Vec<String> {
        let choices: Vec<Choice> = read.records[i].gold.clone().unwrap().labels.unwrap();
        choices.into_iter().map(|choice| choice.label).collect()
    };
    assert_eq!([labels(0), labels(1), labels(2)], [vec!["x"], vec!["x", "y"], vec![]]);
}

#[test]
fn splits_are_files_of_a_folder() {
    let of = |split: Option<&str>| Record { split: split.map(Key::from), ..spans(vec![]) };
    let corpus = corpus_of(vec![of(Some("train")), of(None), of(Some("a/b"))]);
    let (files, losses) = write("spacy-folder", &corpus);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["a_b.spacy", "data.spacy", "train.spacy"]);
    assert!(losses.kinds.contains_key(&Loss::Splits));
    let read = read("spacy-folder", &input(files)).unwrap();
    let splits: Vec<_> = read.corpus.records.iter().map(|r| r.split.as_deref()).collect();
    assert_eq!(splits, [Some("a_b"), None, Some("train")]);
    assert_eq!(read.corpus.records[2].place.to_string(), "'train.spacy': document 1".replace('\'', ""));
}

#[test]
fn what_is_wrong_is_said() {
    let message = |bytes: Vec<u8>| read("spacy", &Input::memory("f", bytes)).unwrap_err().to_string();
    let (good, _) = docbin(&corpus_of(vec![spans(vec![])]));
    let cut = message(good[..good.len() / 2].to_vec());
    assert!(cut.starts_with("f: zlib-compressed data that is cut off or damaged; valid: a DocBin"), "{cut}");
    assert!(message(b"text".to_vec()).contains("not zlib-compressed"));
    assert!(message(Vec::new()).contains("the file is empty"));
    let packed = |value: &Value| {
        let mut out = Vec::new();
        pack::json(&mut out, value);
        zlib(&out)
    };
    assert!(message(packed(&json!([1]))).contains("a list where a map is needed"));
    assert!(message(packed(&json!({"attrs": [77]}))).contains("ORTH is not among"));
    assert!(message(packed(&json!({"attrs": [65], "tokens": "1234567"}))).contains("7 bytes of tokens"));
    let long = json!({"attrs": [65], "tokens": "12345678", "lengths": "\u{1}\u{1}\u{0}\u{0}"});
    assert!(message(packed(&long)).contains("document 1 of 257 tokens, where 1 are left"));
    let unknown = json!({"attrs": [65], "tokens": "12345678", "spaces": "\u{0}", "lengths": "\u{1}\u{0}\u{0}\u{0}"});
    assert!(message(packed(&unknown)).contains("a word with the number"));
    let bomb = zlib(&vec![0; 200 << 20]);
    assert!(message(bomb).contains("unpacks to more than"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_come_back_from_training_json(records in testing::records(training_json::SPEC.holds)) {
        assert_round_trip("spacy-json", records);
    }

    #[test]
    fn records_come_back_from_tuples(records in testing::records(tuples::SPEC.holds)) {
        assert_round_trip("spacy-tuples", records);
    }
}

const TRAINING: &str = r#"[{"id": 3, "paragraphs": [{"raw": "Anna  left.\nBob",
  "sentences": [
    {"tokens": [{"orth": "Anna", "ner": "U-PER", "tag": "NNP", "head": 1, "dep": "nsubj"},
                {"orth": " ", "ner": "O", "head": 0},
                {"orth": "left", "ner": "O", "head": -2}, {"orth": ".", "ner": "-"}], "brackets": []},
    {"tokens": [{"orth": "\n"}, {"orth": "Bob", "ner": "I-PER"}]}],
  "cats": [{"label": "x", "value": 1.0}, {"label": "y", "value": 0.0}]},
  {"raw": null, "sentences": [{"tokens": [{"orth": "New", "ner": "B-LOC"}, {"orth": "York", "ner": "L-LOC"}]}]}]}]"#;

fn text_of(read: &crate::read::Read, i: usize, j: usize) -> (&str, &str) {
    let record = &read.corpus.records[i];
    let mark = &record.gold.as_ref().unwrap().spans.as_ref().unwrap()[j];
    (&record.text()[mark.start..mark.end], &mark.label)
}

#[test]
fn training_json_is_read_as_spacy_reads_it() {
    let read = testing::read_text("spacy-json", TRAINING).unwrap();
    assert_eq!(read.corpus.records.len(), 2);
    assert_eq!(
        [text_of(&read, 0, 0), text_of(&read, 0, 1), text_of(&read, 1, 0)],
        [("Anna", "PER"), ("Bob", "PER"), ("New York", "LOC")]
    );
    let first = &read.corpus.records[0];
    assert_eq!((first.id.as_deref(), first.text()), (Some("3/1"), "Anna  left.\nBob"));
    assert_eq!(first.gold.as_ref().unwrap().labels, Answer::labels(["x"]).labels);
    assert_eq!(first.value("missing_entities"), Some(&json!([[10, 12]])));
    let names: Vec<&str> = read.corpus.outline.token_columns.iter().map(AsRef::as_ref).collect();
    assert_eq!(names, ["tag", "dep", "head_offset", "sent_start"]);
    let heads: Vec<&str> = first.tokens.iter().map(|token| &*token.columns[2]).collect();
    let starts: Vec<&str> = first.tokens.iter().map(|token| &*token.columns[3]).collect();
    assert_eq!((heads, starts), (vec!["0", "-1", "", ""], vec!["1", "-1", "-1", "1"]));
    assert_eq!(read.notes, ["1 tag inside of no entity read as the beginning of one (first 'I-PER' at line 1)"]);
    let (files, losses) = write("spacy-json", &read.corpus);
    assert!(losses.is_empty(), "{losses:?}");
    let again = testing::read("spacy-json", &input(files)).unwrap();
    assert_eq!(testing::bare(again.corpus.records), testing::bare(read.corpus.records));
}

#[test]
fn json_of_other_kinds_is_left_to_others() {
    let first = |text: &str| {
        let found = crate::formats::detect(&Input::memory("f.json", text.as_bytes().to_vec())).unwrap();
        (found[0].format.name(), found[0].confidence)
    };
    assert_eq!(first(TRAINING), ("spacy-json", Confidence::Certain));
    assert_eq!(first(r#"[["a b", {"entities": [[0, 1, "X"]]}]]"#), ("spacy-tuples", Confidence::Certain));
    assert_eq!(first("[\"a b\", {\"cats\": {\"X\": 1}}]\n[\"b\", {\"cats\": {}}]\n").0, "spacy-tuples");
    assert_eq!(first(r#"{"classes": ["X"], "annotations": [null, ["a", {"entities": []}]]}"#).0, "spacy-tuples");
    assert_eq!(first(r#"[{"text": "a b", "label": "x"}]"#).0, "jsonl");
    assert_eq!(first(r#"[{"title": "t", "paragraphs": [{"context": "c", "qas": []}]}]"#).0, "jsonl");
}

#[test]
fn tuples_are_read_in_every_shape() {
    let text = r#"[
["Anna 😀 left", {"entities": [[0, 4, "PER"], [5, 6, "EMOJI", "Q1"], [9, 99, "X"]], "cats": {"a": true, "b": 0}}],
["no", {"entities": []}],
["Bob", {"spans": {"sc": [[0, 3, "PER"]]}, "note": "n"}]
]"#;
    let read = testing::read_text("spacy-tuples", text).unwrap();
    assert_eq!((text_of(&read, 0, 0), text_of(&read, 0, 1)), (("Anna", "PER"), ("😀", "EMOJI")));
    let records = &read.corpus.records;
    assert_eq!(records[1].gold, Some(Answer::spans(vec![])));
    assert_eq!(records[2].gold, Some(Answer::spans(vec![in_group(Mark::new(0, 3, "PER"), "sc")])));
    assert_eq!((records[2].place.number, records[2].value("note")), (4, Some(&json!("n"))));
    assert_eq!(read.corpus.outline.declared_labels, ["a", "b"]);
    assert_eq!(read.notes.len(), 1, "{:?}", read.notes);
    assert!(read.notes[0].starts_with("1 broken span left out (first: the span 9..99 in a text of 11"));
    let lines = "[\"a b\", {\"entities\": [[0, 1, \"X\"]]}]\n\n[\"c\", {\"cats\": {\"p\": 0.7, \"q\": 0.3}}]\n";
    let read = testing::read_text("spacy-tuples", lines).unwrap();
    assert_eq!((read.corpus.records[1].place.number, read.corpus.records[1].predictions[0].scores.len()), (3, 2));
    let annotator = r#"{"classes": ["X", "Y"], "annotations": [null, ["a", {"entities": [[0, 1, "X"]]}]]}"#;
    let read = testing::read_text("spacy-tuples", annotator).unwrap();
    assert_eq!((read.corpus.records.len(), read.corpus.outline.declared_spans.len()), (1, 2));
}

#[test]
fn broken_json_is_said() {
    let message = |format: &str, text: &str| testing::read_text(format, text).unwrap_err().to_string();
    let broken = message("spacy-json", "[{\"paragraphs\": []},\n{\"id\": ");
    assert!(broken.contains("line 2: found broken JSON"), "{broken}");
    let tag = r#"[{"paragraphs": [{"sentences": [{"tokens": [{"orth": "a", "ner": "PER"}]}]}]}]"#;
    assert!(message("spacy-json", tag).contains("the tag 'PER', where BILUO tags are"));
    assert!(
        message("spacy-json", r#"[{"paragraphs": [{"sentences": [{"tokens": [{"orth": 3}]}]}]}]"#).contains("'orth'")
    );
    assert!(message("spacy-json", "[1]").contains("1 without 'paragraphs'"));
    let head = r#"[{"paragraphs": [{"sentences": [{"tokens": [{"orth": "a", "head": -9223372036854775808}]}]}]}]"#;
    assert!(testing::read_text("spacy-json", head).is_ok());
    assert!(message("spacy-tuples", r#"[["a"]]"#).contains("a list of 1 value"));
    assert!(message("spacy-tuples", r#"[["a", 3]]"#).contains("\"a\" and 3"));
    assert!(message("spacy-tuples", r#"[["a", {"cats": {"x": "yes"}}]]"#).contains("\"yes\" for the category 'x'"));
    let nested = format!("[[\"a\", {{\"entities\": {}1{}}}]]", "[".repeat(100_000), "]".repeat(100_000));
    assert!(message("spacy-tuples", &nested).contains("recursion limit"));
    let odd = r#"[["a", {"entities": [[-1, 1, "X"], [1e300, 2, "X"], "x", {"start": 0, "end": 1, "label": "Y"}]}]]"#;
    assert_eq!(
        testing::read_text("spacy-tuples", odd).unwrap().corpus.records[0].gold,
        Some(Answer::spans(vec![Mark::new(0, 1, "Y")]))
    );
}

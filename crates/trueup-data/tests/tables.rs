//! What is guessed about tables and records, what overrides it, and what the messages say.
#![allow(clippy::unwrap_used)]

use trueup_core::{Annotation, Task};
use trueup_data::{DataError, Format, Loaded, ReadOptions, read_bytes};

fn with(text: &str, options: &ReadOptions) -> Result<Loaded, DataError> {
    read_bytes("f", text.as_bytes().to_vec(), options)
}

fn read(text: &str) -> Loaded {
    with(text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn message(text: &str, options: &ReadOptions) -> String {
    with(text, options).unwrap_err().to_string()
}

fn named(set: impl FnOnce(&mut ReadOptions)) -> ReadOptions {
    let mut options = ReadOptions::default();
    set(&mut options);
    options
}

const TICKETS: &str =
    "id,source,text,label,when\n7,mail,Where is it?,a,2024\n8,chat,It broke,b,2023\n9,mail,Why so,a,2022\n";

#[test]
fn every_role_is_found_by_name_and_the_rest_is_metadata() {
    let loaded = read(TICKETS);
    let first = &loaded.dataset.examples[0];
    assert_eq!((first.id.as_str(), first.text.as_str(), first.line), ("7", "Where is it?", 2));
    assert_eq!(loaded.dataset.columns, ["source", "when"]);
    assert_eq!(first.metadata, ["mail", "2024"]);
    assert_eq!((&first.group, &first.time, loaded.ids_from_column), (&None, &None, true));
    let options: Vec<_> = loaded.guesses.iter().filter_map(|g| g.option.as_deref()).collect();
    assert_eq!(options, ["--from", "--from", "--text", "--label", "--id"]);
}

#[test]
fn options_name_columns_by_name_or_number() {
    let options = named(|o| {
        o.group = Some("source".into());
        o.time = Some("5".into());
        o.label = Some("LABEL".into());
        o.text = Some("3".into());
        o.id = Some("id".into());
    });
    let loaded = with(TICKETS, &options).unwrap();
    let first = &loaded.dataset.examples[0];
    assert_eq!((first.group.as_deref(), first.time.as_deref()), (Some("mail"), Some("2024")));
    assert!(loaded.dataset.columns.is_empty());
    let error = message(TICKETS, &named(|o| o.label = Some("\u{1b}[2Jlabels".into())));
    let expected = "f: found no column '\\u{1b}[2Jlabels' for --label; valid: id, source, text, label, when";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn ids_that_repeat_are_an_error_only_where_they_were_asked_for() {
    let text = "id,text,label\n1,one two,a\n1,three four,b\n2,five six,a\n";
    let loaded = read(text);
    assert_eq!(loaded.dataset.examples[1].id, "2");
    assert!(!loaded.ids_from_column);
    assert!(loaded.guesses.iter().any(|g| g.what.contains("it repeats values; ids are record numbers")));
    let error = message(text, &named(|o| o.id = Some("id".into())));
    assert!(error.contains("line 3: found id '1' again, first at line 2"), "{error}");
}

#[test]
fn empty_labels_are_listed_and_strict_makes_them_errors() {
    let text = "text,label\none two,a\nthree four,\n,b\n";
    let loaded = read(text);
    assert_eq!(loaded.dataset.len(), 2);
    assert_eq!((loaded.skipped[0].line, loaded.skipped[0].reason.as_str()), (3, "no label"));
    let kept = &loaded.dataset.examples[1];
    assert_eq!((kept.id.as_str(), kept.text.as_str(), kept.line), ("3", "", 4));
    let error = message(text, &named(|o| o.strict = true));
    assert!(error.starts_with("f: line 3: found no label; valid: a label on every record"), "{error}");
}

#[test]
fn a_table_of_scores_needs_no_text() {
    let loaded = read("amount,hour,label\n10.5,3,fraud\n2.0,14,fine\n7.25,9,fine\n");
    assert!(!loaded.dataset.has_text);
    assert_eq!(loaded.dataset.columns, ["amount", "hour"]);
    assert!(loaded.guesses.iter().any(|g| g.what == "there is no text column"));
    let error = message("amount,hour\n10.5,3.25\n2.0,14.5\n7.25,9.75\n9.1,1.5\n", &ReadOptions::default());
    assert!(error.contains("no column holds labels") && error.contains("name it with --label"), "{error}");
}

#[test]
fn lists_of_labels_are_seen_and_can_be_refused() {
    let bars = "text,label\none two,a|b\nthree four,b\nfive six,a\n";
    assert_eq!(read(bars).dataset.examples[0].gold, Annotation::Labels(vec![0, 1]));
    let single = with(bars, &named(|o| o.task = Some(Task::Classification))).unwrap();
    assert_eq!(single.dataset.labels.names(), ["a", "a|b", "b"]);
    let slash = bars.replace('|', "/");
    assert_eq!(read(&slash).dataset.task, Task::Classification);
    let split = with(&slash, &named(|o| o.label_separator = Some("/".into()))).unwrap();
    assert_eq!(split.dataset.support(), [2, 2]);
    let ner = message(bars, &named(|o| o.task = Some(Task::Ner)));
    assert!(ner.contains("labels of a multilabel task in column 2, while ner was asked for"), "{ner}");
}

#[test]
fn headers_are_told_from_records() {
    assert_eq!(
        read("v1,v2\nham,I am on my way\nspam,Win a prize now\nham,See you there\nham,On the way\n").dataset.len(),
        4
    );
    assert_eq!(read("pos,I am on my way\nneg,This is bad\npos,See you there\nneg,Not good\n").dataset.len(), 4);
    let forced = with(
        "text,label\none two,a\nthree four,a\nfive six,b\n",
        &named(|o| {
            o.header = Some(false);
            o.text = Some("1".into());
            o.label = Some("2".into());
        }),
    );
    assert_eq!(forced.unwrap().dataset.labels.names(), ["a", "b", "label"]);
    let only = message("text,label\r\n", &ReadOptions::default());
    assert_eq!(only, "f: only a header (text, label) and no record below it; valid: at least one record");
}

#[test]
fn json_records_keep_scalars_as_metadata() {
    let text = "{\"utterance\": \"hi there\", \"intent\": 3, \"source\": \"mail\", \"meta\": {\"page\": 2}, \"extra\": [1]}\n\
                {\"utterance\": \"go away\", \"intent\": 4, \"n\": true}\n";
    let loaded = read(text);
    assert_eq!(loaded.dataset.labels.names(), ["3", "4"]);
    assert_eq!(loaded.dataset.columns, ["source", "meta.page", "n"]);
    assert_eq!(loaded.dataset.examples[0].metadata, ["mail", "2", ""]);
    assert_eq!(loaded.notes, ["field 'extra' of 1 record holds lists or objects and was left out"]);
}

#[test]
fn broken_json_is_named_by_line_and_column() {
    let mut text = "{\"text\": \"a b\", \"label\": \"x\"}\n".repeat(15);
    text.push_str("{\"text\": \"cut of\n");
    let loaded = read(&text);
    assert_eq!(loaded.dataset.len(), 15);
    let reason = &loaded.skipped[0].reason;
    assert!(reason.contains("EOF while parsing a string at column 16"), "{reason}");
    let strict = message(&text, &named(|o| o.strict = true));
    assert!(strict.starts_with("f: line 16: found '{\"text\": \"cut of'"), "{strict}");
    let array = message("[{\"text\": \"a\", \"label\": \"x\"},\n{\"text\" 1}]", &ReadOptions::default());
    assert!(array.starts_with("f: line 2: found broken JSON (expected `:`"), "{array}");
}

#[test]
fn spans_outside_their_text_are_listed() {
    let good = "{\"text\": \"Zoë Al\", \"spans\": [{\"start\": 4, \"end\": 6, \"label\": \"PER\"}]}\n";
    let bad = good.replace('6', "9");
    let loaded = read(&format!("{}{bad}", good.repeat(12)));
    assert_eq!(loaded.dataset.examples[0].gold.spans()[0].range(), 5..7);
    assert_eq!(loaded.skipped[0].reason, "the span 4..9 in a text of 6 code points in 'spans'");
    let many = message(&bad.repeat(3), &ReadOptions::default());
    assert!(many.contains("3 of 3 records are like that"), "{many}");
}

#[test]
fn token_lists_in_json_are_conll_in_other_clothes() {
    let loaded = read("{\"id\": 1, \"tokens\": [\"EU\", \"says\"], \"ner_tags\": [\"B-ORG\", \"O\"]}\n");
    let example = &loaded.dataset.examples[0];
    assert_eq!((example.text.as_str(), example.gold.spans()[0].range()), ("EU says", 0..2));
    assert_eq!(loaded.format, Format::JSONL);
}

#[test]
fn what_has_no_columns_takes_no_column_options() {
    let text = "A:x one two\nB:y three\nA:x four\n";
    let error = message(text, &named(|o| o.group = Some("source".into())));
    assert!(error.contains("no column 'source' for --group; valid: none"), "{error}");
    let error = message("a\tB-X\nb\tO\n", &named(|o| o.label = Some("5".into())));
    assert!(error.contains("valid: column 1, column 2 (or a number from 1 to 2)"), "{error}");
}

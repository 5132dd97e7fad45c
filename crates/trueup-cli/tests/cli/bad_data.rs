//! Files that cannot be reviewed: one message that says what was found, where, what is valid, and a hint.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::harness::{CliTest, make};
use crate::{refused, refused_words};

#[test]
fn a_missing_file_names_one_that_is_nearly_called_so() {
    let test = CliTest::with("tickets.csv", make::tickets(10, 1));
    assert_snapshot!(refused(&test, "ticket.csv"), @"error: ticket.csv: there is no such file; hint: there is tickets.csv");
    assert_snapshot!(refused(&test, "nowhere/at-all.csv"), @"error: nowhere/at-all.csv: there is no such file");
}

#[test]
fn a_folder_of_nothing_that_is_known() {
    let test = CliTest::with("data/notes.md", "# Notes\n\nNothing that is labelled.\n");
    test.write("data/picture.png", b"\x89PNG\r\n\x1a\n");
    assert_snapshot!(refused(&test, "data"), @"error: data: a folder of notes.md, picture.png; valid: a folder in one of the formats: see docs/formats.md; hint: name the format with --from, or one of the files");
}

#[test]
fn nothing_in_it() {
    let test = CliTest::with("empty.csv", "");
    test.write("blank.csv", "\n  \n\t\n");
    test.write("header.csv", "text,label\n");
    assert_snapshot!(refused(&test, "empty.csv"), @"error: empty.csv: the file is empty; valid: at least one record");
    assert_snapshot!(refused(&test, "blank.csv"), @"error: blank.csv: the file is empty but for white space; valid: at least one record");
    assert_snapshot!(refused(&test, "header.csv"), @"error: header.csv: only a header (text, label) and no record below it; valid: at least one record");
    test.write("good.csv", make::tickets(40, 1));
    assert_snapshot!(refused(&test, "good.csv --test header.csv"), @"error: header.csv: only a header (text, label) and no record below it; valid: at least one record");
}

#[test]
fn not_text() {
    let test = CliTest::with("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01");
    test.write("book.xlsx", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0");
    test.write("noise.bin", (0..=255u8).rev().collect::<Vec<_>>());
    assert_snapshot!(refused(&test, "picture.csv"), @"error: picture.csv: this is not text but looks like a PNG image; valid: one of the formats in docs/formats.md");
    assert_snapshot!(refused(&test, "book.xlsx"), @"error: book.xlsx: this is not text but looks like a ZIP archive and no spreadsheet (a Word file is one too); valid: one of the formats in docs/formats.md; hint: unpack it, or save it as text");
    assert_snapshot!(refused(&test, "noise.bin"), @"error: noise.bin: line 1, byte 1: found UTF-16 with a unit that is no character; valid: UTF-8; hint: the file is cut off or damaged: save it again as UTF-8");
}

#[test]
fn text_that_is_not_utf_8() {
    let test = CliTest::with("latin1.csv", b"text,label\ng\xc3\xb6\xc3\xb6d,a\ncaf\xe9,b\n");
    assert_snapshot!(refused(&test, "latin1.csv"), @"error: latin1.csv: line 3, byte 4: found byte 0xE9 after 'caf'; valid: UTF-8; hint: the rest is UTF-8: repair the byte");
}

#[test]
fn a_damaged_archive() {
    let test = CliTest::with("cut.csv.gz", &crate::reading::gzip(make::tickets(200, 1).as_bytes())[..300]);
    test.write("noise.csv.zst", b"\x28\xb5\x2f\xfd not so");
    assert_snapshot!(refused(&test, "cut.csv.gz"), @"error: cut.csv.gz: cannot decompress it: incomplete deflate stream");
    assert_snapshot!(refused(&test, "noise.csv.zst"), @"error: noise.csv.zst: cannot decompress it: Data corruption detected");
}

#[test]
fn one_label_teaches_nothing() {
    let mut one = String::from("text,label\n");
    for i in 0..30 {
        writeln!(one, "the parcel {i} is late,delivery").unwrap();
    }
    let test = CliTest::with("one.csv", one);
    assert_snapshot!(refused(&test, "one.csv"), @r"
    error: one.csv: all 30 examples are 'delivery'; training needs at least two labels
    hint: is the right column the label? --label NAME says which
    ");
}

#[test]
fn too_few_examples_for_folds() {
    let test = CliTest::with("few.csv", "text,label\nlate parcel,a\nnew card,b\n");
    assert_snapshot!(refused(&test, "few.csv"), @r"
    error: few.csv: 2 examples; folds need at least 10 examples in two parts that differ
    hint: label more, group more finely, or name a test set with --test
    ");
}

#[test]
fn folds_need_two_parts() {
    let test = CliTest::with("same.csv", format!("text,label\n{}", "Late parcel,a\nlate  parcel,b\n".repeat(10)));
    assert_snapshot!(refused(&test, "same.csv"), @r"
    error: same.csv: all texts are equal; folds need at least 10 examples in two parts that differ
    hint: label more, group more finely, or name a test set with --test
    ");
    let test = CliTest::with("thread.csv", make::tickets(30, 1).replace("mail", "chat").replace("phone", "chat"));
    assert_snapshot!(refused(&test, "thread.csv --group channel"), @r"
    error: thread.csv: 1 group that must stay whole; folds need at least 10 examples in two parts that differ
    hint: label more, group more finely, or name a test set with --test
    ");
}

#[test]
fn training_needs_texts() {
    let mut table = String::from("id,amount,label\n");
    for i in 0..60 {
        writeln!(table, "p{i},{}.5,{}", i * 7 % 90, if i % 3 == 0 { "fraud" } else { "legit" }).unwrap();
    }
    let test = CliTest::with("payments.csv", table);
    assert_snapshot!(refused(&test, "payments.csv --label label"), @r"
    error: payments.csv: it has no text column; training needs texts
    hint: --text NAME says which column holds them; --gold and --predictions review a model without
    ");
    let test = CliTest::with("gold.csv", make::fraud().0);
    assert_snapshot!(refused(&test, "gold.csv"), @r"
    error: gold.csv: it has no text column; training needs texts
    hint: --text NAME says which column holds them; --gold and --predictions review a model without
    ");
}

#[test]
fn a_column_that_is_not_there_lists_those_that_are() {
    let test = CliTest::with("tickets.csv", make::tickets(40, 1));
    assert_snapshot!(refused(&test, "tickets.csv --label intent"), @"error: tickets.csv: found no column 'intent' for --label; valid: id, text, label, channel, customer (or a number from 1 to 5)");
    assert_snapshot!(refused(&test, "tickets.csv --text 9"), @"error: tickets.csv: found no column '9' for --text; valid: id, text, label, channel, customer (or a number from 1 to 5)");
    assert_snapshot!(refused(&test, "tickets.csv --id number"), @"error: tickets.csv: found no column 'number' for --id; valid: id, text, label, channel, customer (or a number from 1 to 5)");
    assert_snapshot!(refused(&test, "tickets.csv --group thread"), @"error: tickets.csv: found no column 'thread' for --group; valid: id, text, label, channel, customer (or a number from 1 to 5)");
}

#[test]
fn an_id_asked_for_stands_once() {
    let test = CliTest::with("twice.csv", "key,text,label\nk1,late parcel,a\nk2,new card,b\nk1,lost box,a\n");
    assert_snapshot!(refused(&test, "twice.csv --id key"), @"error: twice.csv: line 4: found id 'k1' again, first at line 2; valid: an id stands on one record only");
}

#[test]
fn records_that_do_not_fit_are_an_error_when_strict() {
    let mut table = make::tickets(60, 1);
    table.push_str("t60,only two\n");
    let test = CliTest::with("ragged.csv", table);
    assert_snapshot!(refused(&test, "ragged.csv --strict"), @"error: ragged.csv: line 62: found 2 fields where most rows have 5 (a stray delimiter?); valid: 5 fields a row, as in most rows; hint: without --strict the record is skipped and listed");
}

#[test]
fn a_quote_that_is_never_closed() {
    let test = CliTest::with("quote.csv", format!("{}t99,\"never closed,billing\nmore\n", make::tickets(30, 1)));
    assert_snapshot!(refused(&test, "quote.csv --strict"), @r#"error: quote.csv: line 32: found a double quote that opens a field and is never closed; valid: quotes in pairs, "" for a quote inside a quoted field; hint: close or double the quote; everything after it was read as one field"#);
}

#[test]
fn json_lines_that_are_not() {
    let test = CliTest::with("bad.jsonl", "{\"text\": \"late parcel\", \"label\": \"a\"}\n{\"text\": \"cut\n");
    assert_snapshot!(refused(&test, "bad.jsonl --strict"), @r#"error: bad.jsonl: line 2: found '{"text": "cut' (EOF while parsing a string at column 13); valid: one JSON object a line, or one array of objects; hint: without --strict the record is skipped and listed"#);
    test.write("worse.jsonl", "{\"text\": \"late parcel\", \"label\": \"a\"}\n[1]\n{\"text\": \"cut\nno\n");
    assert_snapshot!(refused(&test, "worse.jsonl"), @"error: worse.jsonl: line 2: found the list [1] where an object is needed, and 3 of 4 records are like that; valid: one JSON object a line, or one array of objects; hint: is it another format? try --from");
    test.write("span.jsonl", "{\"text\": \"Ada\", \"spans\": [{\"start\": 1, \"end\": 9, \"label\": \"PER\"}]}\n");
    assert_snapshot!(refused(&test, "span.jsonl"), @r#"error: span.jsonl: line 1: found the span 1..9 in a text of 3 code points in 'spans', and 1 of 1 records are like that; valid: a label, a list of labels, or spans as {"start", "end", "label"} in code points, the end exclusive; hint: name the field with --label, or the kind with --task"#);
}

#[test]
fn a_test_set_of_another_task() {
    let test = CliTest::with("tickets.csv", make::tickets(60, 1));
    test.write("names.conll", make::names(20, 1));
    assert_snapshot!(refused(&test, "tickets.csv --test names.conll"), @"error: names.conll: CoNLL, tags of tokens, while a classification task was asked for; valid: --task ner, or another format; hint: it may be tsv too: say so with --from");
}

#[test]
fn a_learner_of_another_task() {
    let test = CliTest::with("tickets.csv", make::tickets(60, 1));
    assert_snapshot!(refused(&test, "tickets.csv --model crf"), @"error: --model: 'crf' is not valid; to train on classification data it is linear");
    let test = CliTest::with("names.conll", make::names(20, 1));
    assert_snapshot!(refused(&test, "names.conll --model linear"), @"error: --model: 'linear' is not valid; to train on ner data it is crf");
}

#[test]
fn a_strange_file_name_is_named_as_it_is_and_does_nothing() {
    let test = CliTest::new();
    let message = refused_words(&test, &["no\u{1b}[31m such\u{202e} file.csv"]);
    assert_snapshot!(message, @r"error: no\u{1b}[31m such\u{202e} file.csv: there is no such file");
}

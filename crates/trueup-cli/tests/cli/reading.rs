//! Ways in: every format, standard input, compressed files, and what is said of what was guessed and left out.

use std::io::Write as _;

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{CliTest, Finished, at, make, number};

/// `bytes` as gzip makes them.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn parsed(finished: Finished) -> Value {
    serde_json::from_str(&finished.ends_with(0).stdout).unwrap()
}

#[test]
fn standard_input_and_compressed_files_are_read_as_they_are() {
    let csv = make::tickets(120, 1);
    let test = CliTest::with("tickets.csv", &csv);
    test.write("tickets.csv.gz", gzip(csv.as_bytes()));
    test.write("tickets.csv.zst", zstd::encode_all(csv.as_bytes(), 3).unwrap());
    let plain = test.review("tickets.csv");
    let streamed = parsed(test.run_with_stdin("review - --json -", csv.as_bytes()));
    let zipped = parsed(test.run_with_stdin("review - --json -", &gzip(csv.as_bytes())));
    for (name, other) in [
        ("stdin", &streamed),
        ("gzip on stdin", &zipped),
        ("gz", &test.review("tickets.csv.gz")),
        ("zst", &test.review("tickets.csv.zst")),
    ] {
        for part in ["/metrics", "/labels", "/errors", "/examples", "/data/fingerprints"] {
            assert_eq!(at(other, part), at(&plain, part), "{name}: {part}");
        }
    }
    assert_eq!(at(&streamed, "/data/test/file"), "-");
}

#[test]
fn every_format_holds_the_same_tickets() {
    let csv = make::tickets(120, 1);
    let mut formats =
        [("csv", csv.clone()), ("tsv", csv.replace(',', "\t")), ("jsonl", String::new()), ("txt", String::new())];
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        formats[2].1 += &format!(
            "{}\n",
            serde_json::json!({"id": cells[0], "text": cells[1], "label": cells[2], "channel": cells[3]})
        );
        formats[3].1 += &format!("{} {}\n", cells[2], cells[1]);
    }
    let test = CliTest::new();
    let mut reference: Option<Value> = None;
    for (ending, content) in &formats {
        let name = format!("tickets.{ending}");
        test.write(&name, content);
        let from = if *ending == "txt" { " --from label-text" } else { "" };
        let document = test.review(&format!("{name}{from}"));
        let format = if *ending == "txt" { "label-text" } else { ending };
        assert_eq!(at(&document, "/data/test/format"), format);
        assert_eq!(at(&document, "/data/test/examples"), 120, "{name}");
        let confusion = at(&document, "/confusion").clone();
        assert_eq!(&confusion, reference.get_or_insert_with(|| confusion.clone()), "{name}");
    }
}

#[test]
fn a_carriage_return_and_a_mark_at_the_head_change_nothing() {
    let csv = make::tickets(80, 1);
    let test = CliTest::with("tickets.csv", &csv);
    test.write("windows.csv", format!("\u{feff}{}", csv.replace('\n', "\r\n")));
    let (one, other) = (test.review("tickets.csv"), test.review("windows.csv"));
    assert_eq!(at(&one, "/metrics"), at(&other, "/metrics"));
}

#[test]
fn what_is_left_out_is_counted_and_listed() {
    let mut csv = make::tickets(80, 1);
    csv += "t80,no label here,,mail,c1\nt81,cut\n";
    let test = CliTest::with("tickets.csv", csv);
    let document = test.review("tickets.csv");
    assert_eq!(at(&document, "/data/test/examples"), 80);
    let skipped: Vec<String> =
        at(&document, "/data/test/skipped").as_array().unwrap().iter().map(Value::to_string).collect();
    assert_snapshot!(skipped.join("\n"), @r#"
    {"line":82,"reason":"no label"}
    {"line":83,"reason":"2 fields where most rows have 5 (a stray delimiter?)"}
    "#);
    let printed = test.run("review tickets.csv").ends_with(0);
    assert!(printed.stdout.contains("2 records left out"), "{printed}");
}

#[test]
fn what_was_guessed_is_said_with_the_option_that_says_otherwise() {
    let document = CliTest::with("tickets.csv", make::tickets(60, 1)).review("tickets.csv");
    let guesses: Vec<String> = at(&document, "/data/test/guesses")
        .as_array()
        .unwrap()
        .iter()
        .map(|guess| format!("{} ({})", guess["what"].as_str().unwrap(), guess["option"].as_str().unwrap_or("-")))
        .collect();
    assert_snapshot!(guesses.join("\n"), @r"
    the format is csv (--from)
    fields are set apart by commas; double quotes may enclose a field (--from)
    the first row is the header (-)
    text is column 'text' (--text)
    label is column 'label' (--label)
    id is column 'id' (--id)
    ");
}

#[test]
fn a_guessed_id_column_with_repeats_is_not_used_and_this_is_said() {
    let csv = make::tickets(60, 1).replace("\nt9,", "\nt8,");
    let test = CliTest::with("tickets.csv", csv);
    let finished = test.run("review tickets.csv --json -").ends_with(0);
    let document: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert!(document["examples"].get("1").is_some(), "numbered by record");
    assert!(finished.stderr.contains("id"), "{finished}");
}

#[test]
fn predictions_in_rows_are_matched_by_row_and_this_is_said() {
    let test = CliTest::with("gold.csv", "text,label\nlate parcel,a\nnew card,b\nlost box,a\nold bill,b\n");
    test.write("predictions.csv", "label\na\nb\na\na\n");
    let finished = test.run("review --gold gold.csv --predictions predictions.csv --json -").ends_with(0);
    assert_snapshot!(finished.stderr, @r"
    note: predictions.csv: fields are set apart by commas; double quotes may enclose a field
    note: predictions.csv: the first row is the header
    note: predictions.csv: the prediction is 'label'
    note: predictions.csv: 4 predictions matched by row order
    gold.csv: the format is csv; fields are set apart by commas; double quotes may enclose a field; the first row is the header; text is column 'text'; label is column 'label'
    ");
    let document: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert!((number(&document, "/metrics/accuracy/value") - 0.75).abs() < 1e-12);
}

#[test]
fn predictions_by_id_may_come_in_any_order() {
    let test = CliTest::with("gold.csv", "id,label\n1,a\n2,b\n3,a\n4,b\n");
    test.write("predictions.csv", "id,label\n4,b\n3,a\n2,a\n1,a\n");
    let document = test.review("--gold gold.csv --predictions predictions.csv");
    assert!((number(&document, "/metrics/accuracy/value") - 0.75).abs() < 1e-12);
    assert_eq!(at(&document, "/errors/0/id"), "2");
}

#[test]
fn a_score_that_is_no_probability_leaves_scores_out_and_this_is_said() {
    let test = CliTest::with("gold.csv", "id,label\n1,a\n2,b\n3,a\n4,b\n");
    test.write("predictions.csv", "id,label,score\n1,a,0.9\n2,b,1.7\n3,a,0.7\n4,b,0.9\n");
    let finished = test.run("review --gold gold.csv --predictions predictions.csv --json -").ends_with(0);
    assert_snapshot!(finished.stderr, @r"
    note: predictions.csv: fields are set apart by commas; double quotes may enclose a field
    note: predictions.csv: the first row is the header
    note: predictions.csv: the prediction is 'label'
    note: predictions.csv: 4 predictions matched by id
    note: predictions.csv: score 1.7 of record 2 is no probability: scores are left out
    gold.csv: the format is csv; fields are set apart by commas; double quotes may enclose a field; the first row is the header; there is no text column; label is column 'label'; id is column 'id'
    ");
    let document: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert!(document["metrics"].get("log_loss").is_none_or(|metric| metric["value"].is_null()));
}

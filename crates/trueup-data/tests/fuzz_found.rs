//! What breaking files has found, kept small: each was wrong once.
#![allow(clippy::result_large_err, reason = "the library's errors name file, place and remedy")]
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::time::{Duration, Instant};

use trueup_data::memory::{Files, read_corpus_folder, write_corpus_folder};
use trueup_data::{DataError, Format, Read, ReadOptions};

fn read_files(format: &str, files: Files) -> Result<Read, DataError> {
    read_corpus_folder("f", files, &ReadOptions { from: Some(format.parse().unwrap()), ..ReadOptions::default() })
}

fn read(format: &str, text: &str) -> Result<Read, DataError> {
    read_files(format, Files::from([(String::new(), text.as_bytes().to_vec())]))
}

fn labels(read: &Read) -> Vec<Vec<&str>> {
    let golds = read.corpus.records.iter().map(|record| record.gold.as_ref().and_then(|gold| gold.labels.as_ref()));
    golds.map(|labels| labels.into_iter().flatten().map(|choice| choice.label.as_str()).collect()).collect()
}

#[test]
fn labels_with_a_question_stand_beside_plain_ones() {
    let text = "{\"text\":\"a\",\"labels\":[{\"label\":\"pos\",\"field\":\"topic\"},\"neg\"]}\n\
                {\"text\":\"b\",\"labels\":[\"neg\"]}\n";
    let read = read("jsonl", text).unwrap();
    assert_eq!(labels(&read), [vec!["pos", "neg"], vec!["neg"]]);
    assert_eq!(read.skipped, []);
}

#[test]
fn one_plain_label_and_one_with_a_question_are_both_answers() {
    let text = "{\"text\":\"a\",\"labels\":[{\"label\":\"e\",\"field\":\"q\"}]}\n{\"text\":\"b\",\"label\":\"e\"}\n";
    let read = read("jsonl", text).unwrap();
    assert_eq!(labels(&read), [["e"], ["e"]]);
    assert_eq!(read.corpus.records[0].metadata, []);
}

#[test]
fn several_labels_where_one_is_declared_are_written_and_read_again() {
    let text = r#"[{"id":"0","fields":{"text":"a"},"metadata":{},"suggestions":{},"vectors":{},"status":"completed",
        "responses":{"label":[{"value":"p"},{"value":"q"}]}},
        {"id":"1","fields":{"text":"b"},"metadata":{},"suggestions":{},"vectors":{},"status":"completed",
        "responses":{"label":[{"value":"p"}]}}]"#;
    let first = read("argilla", text).unwrap();
    let again = read_files("jsonl", write_corpus_folder(&first.corpus, Format::JSONL).unwrap()).unwrap();
    assert_eq!(labels(&again), labels(&first));
}

#[test]
fn tokens_out_of_order_are_refused() {
    let line = |tokens: &str| format!("{{\"text\":\"a b c\",\"label\":\"x\",\"tokens\":[{tokens}]}}\n");
    let good = line("{\"start\":0,\"end\":1},{\"start\":2,\"end\":3}");
    // Words written as one have one place.
    assert!(
        read("jsonl", &(good.clone() + &line("{\"start\":0,\"end\":1},{\"start\":0,\"end\":1}")))
            .unwrap()
            .skipped
            .is_empty()
    );
    let bad = read("jsonl", &(good + &line("{\"start\":2,\"end\":3},{\"start\":0,\"end\":1}"))).unwrap();
    assert_eq!((bad.corpus.records.len(), bad.skipped.len()), (1, 1));
    assert!(bad.skipped[0].reason.contains("before the one before it ends"), "{}", bad.skipped[0].reason);
}

#[test]
fn pieces_outside_of_their_span_are_refused() {
    let line = |pieces: &str| {
        format!("{{\"text\":\"a b c\",\"spans\":[{{\"start\":2,\"end\":5,\"label\":\"x\",\"pieces\":{pieces}}}]}}\n")
    };
    let text = line("[[2,3],[4,5]]") + &line("[[0,1],[4,5]]");
    let read = read("jsonl", &text).unwrap();
    assert_eq!((read.corpus.records.len(), read.skipped.len()), (1, 1));
    assert!(read.skipped[0].reason.contains("pieces"), "{}", read.skipped[0].reason);
}

#[test]
fn many_spans_that_do_not_cover_their_quote_take_linear_time() {
    let mut ann = String::new();
    for i in 1..=2_000 {
        writeln!(ann, "T{i}\tPER {i} {}\tnowhere", i + 3).unwrap();
    }
    let text = "é ".repeat(100_000);
    let files = Files::from([("a.txt".to_owned(), text.into_bytes()), ("a.ann".to_owned(), ann.into_bytes())]);
    let start = Instant::now();
    let _ = read_files("brat", files);
    // A pass over the text for each span took minutes.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn an_item_of_several_answers_has_one_text() {
    let text = "id,text,spans,annotator\n\
                1,Zurich,\"[{\"\"start\"\": 0, \"\"end\"\": 6, \"\"label\"\": \"\"P\"\"}]\",ann\n\
                1,in Zurich,\"[{\"\"start\"\": 3, \"\"end\"\": 9, \"\"label\"\": \"\"P\"\"}]\",bob\n\
                1,Zurich,[],cy\n\
                \"\",Oslo,[],ann\n\"\",Bern,[],ann\n2,Rome,[],ann\n3,Rome,[],ann\n4,Rome,[],ann\n5,Rome,[],ann\n\
                6,Rome,[],ann\n7,Rome,[],ann\n";
    let read = read("csv", text).unwrap();
    let texts: Vec<&str> = read.corpus.records.iter().map(trueup_data::corpus::Record::text).collect();
    assert_eq!(texts[..3], ["Zurich", "Oslo", "Bern"]);
    let who: Vec<_> = read.corpus.records[0].responses.iter().map(|r| r.annotator.as_deref().unwrap()).collect();
    assert_eq!(who, ["ann", "cy"]);
    assert_eq!((read.skipped.len(), read.skipped[0].line), (1, 3));
    assert!(read.skipped[0].reason.contains("another text for item '1'"), "{}", read.skipped[0].reason);
}

#[test]
fn numbers_of_metadata_are_written_as_they_were_read() {
    let text = "{\"text\":\"a\",\"label\":\"x\",\"n\":9221.137203685457}\n{\"text\":\"b\",\"label\":\"y\",\"n\":0.1}\n";
    let first = read("jsonl", text).unwrap();
    let files = write_corpus_folder(&first.corpus, Format::JSONL).unwrap();
    let written = String::from_utf8(files.values().next().unwrap().clone()).unwrap();
    assert!(written.contains("9221.137203685457"), "{written}");
    assert_eq!(read_files("jsonl", files).unwrap().corpus.records[0].metadata, first.corpus.records[0].metadata);
}

#[test]
fn an_empty_token_is_listed() {
    let good = "{\"tokens\":[\"Ann\",\"sat\"],\"tags\":[\"B-PER\",\"O\"]}\n".repeat(12);
    let read = read("jsonl", &(good + "{\"tokens\":[\"\",\"a\"],\"tags\":[\"O\",\"O\"]}\n")).unwrap();
    assert_eq!((read.corpus.records.len(), read.skipped.len()), (12, 1));
    assert_eq!((read.skipped[0].line, read.skipped[0].reason.as_str()), (13, "an empty token"));
}

#[test]
fn an_empty_piece_of_a_span_is_listed_by_every_reader() {
    let line = |at: usize, pieces: &str| {
        format!(
            "{{\"id\":\"{at}\",\"text\":\"Ann of Zurich\",\"spans\":[{{\"start\":0,\"end\":13,\"label\":\"P\",\"pieces\":{pieces}}}]}}\n"
        )
    };
    let good: String = (0..20).map(|at| line(at, "[[0,3],[7,13]]")).collect();
    let first = read("jsonl", &(good.clone() + &line(20, "[[3,3],[7,13]]"))).unwrap();
    assert_eq!((first.corpus.records.len(), first.skipped.len()), (20, 1));
    // What another program wrote: Arrow and Parquet go the same way.
    let mut corpus = read("jsonl", &good).unwrap().corpus;
    for span in corpus.records[4].gold.as_mut().unwrap().spans.as_mut().unwrap() {
        span.pieces[0] = (3, 3);
    }
    for format in ["parquet", "arrow"] {
        let files = write_corpus_folder(&corpus, format.parse().unwrap()).unwrap();
        let back = read_files(format, files).unwrap();
        assert_eq!((back.corpus.records.len(), back.skipped.len()), (19, 1), "{format:?}");
        assert!(back.skipped[0].reason.contains("pieces"), "{}", back.skipped[0].reason);
    }
}

#[test]
fn an_empty_token_of_a_column_is_listed() {
    let lines = "{\"tokens\":[\"Ann\",\"sat\"],\"tags\":[\"B-PER\",\"O\"]}\n".repeat(12);
    let mut corpus = read("jsonl", &lines).unwrap().corpus;
    let token = &mut corpus.records[3].tokens[1];
    token.end = token.start;
    for format in ["parquet", "arrow"] {
        let back = read_files(format, write_corpus_folder(&corpus, format.parse().unwrap()).unwrap()).unwrap();
        assert_eq!((back.corpus.records.len(), back.skipped.len()), (11, 1), "{format}");
        assert_eq!(back.skipped[0].reason, "an empty token");
    }
}

#[test]
fn a_category_named_twice_is_listed() {
    let doc = |id: u32, cats: &str| format!("{{\"id\":{id},\"paragraphs\":[{{\"raw\":\"a\",\"cats\":[{cats}]}}]}}");
    let good = "{\"label\":\"p\",\"value\":0.2},{\"label\":\"q\",\"value\":0.8}";
    let twice = "{\"label\":\"p\",\"value\":0.0},{\"label\":\"p\",\"value\":0.5}";
    let docs: Vec<String> = (0..30).map(|id| doc(id, if id == 7 { twice } else { good })).collect();
    let read = read("spacy-json", &format!("[{}]", docs.join(","))).unwrap();
    assert_eq!((read.corpus.records.len(), read.skipped.len()), (29, 1));
    assert_eq!(read.skipped[0].reason, "the category 'p' twice");
}

#[test]
fn what_else_a_prediction_says_keeps_its_order() {
    let line = "{\"text\":\"a\",\"label\":\"n\",\"predictions\":[{\"model\":\"m\",\"score\":0.5,\"n\":0,\"source\":\"s\",\
                \"label\":\"n\",\"z\":1}]}\n";
    let read = read("jsonl", &line.repeat(12)).unwrap();
    let names: Vec<&str> = read.corpus.records[0].predictions[0].extra.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["n", "source", "z"]);
}

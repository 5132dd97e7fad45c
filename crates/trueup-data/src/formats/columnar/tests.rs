//! What is written is read again; what is damaged or of another kind is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{FixedSizeListBuilder, Int64Builder, ListBuilder, StringBuilder, StructBuilder};
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    ArrayRef, BinaryArray, Date32Array, DictionaryArray, Float32Array, Int8Array, LargeListArray, LargeStringArray,
    ListArray, RecordBatch, StringArray, StringViewArray, StructArray, TimestampMillisecondArray, UInt64Array,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use proptest::prelude::*;
use serde_json::json;

use super::{ARROW, HF_DISK, PARQUET, place_of};
use crate::corpus::{Answer, Choice, Mark, Record, Relation, TokenMark};
use crate::formats::testing::{self, assert_round_trip, corpus_of};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::read::{Read, corpus};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parquet_round_trip(records in testing::records(PARQUET.holds)) {
        assert_round_trip("parquet", records);
    }

    #[test]
    fn arrow_round_trip(records in testing::records(ARROW.holds)) {
        assert_round_trip("arrow", records);
    }

    /// Splits become folders, so that only the order within a split stays.
    #[test]
    fn disk_round_trip(mut records in testing::records(HF_DISK.holds)) {
        let first = records[0].split.clone();
        records.sort_by_key(|record| record.split != first);
        assert_round_trip("hf-disk", records);
    }
}

/// A record with one of everything that the hub knows.
fn full() -> Record {
    let text = "Anna \u{1F600} met Bob";
    let (a, b) = (Mark { id: Some("T1".into()), ..Mark::new(0, 4, "PER") }, Mark::new(14, 17, "PER"));
    let gap = Mark { pieces: vec![(0, 4), (14, 17)], score: Some(0.25), ..Mark::new(0, 17, "PAIR") };
    let attributes = vec![("note".into(), json!({"deep": [1, null, "x"]})), ("note".into(), json!(2.5))];
    let token = |start, end, tag: &str, pos: &str| TokenMark {
        start,
        end,
        tag: Some(tag.into()),
        columns: vec![pos.into()].into(),
    };
    Record {
        id: Some("1".into()),
        text: Some(text.into()),
        split: Some("my split".into()),
        tokens: vec![
            token(0, 4, "B-PER", "NNP"),
            token(5, 9, "O", ":)"),
            token(10, 13, "O", "VBD"),
            token(14, 17, "B-PER", "NNP"),
        ],
        gold: Some(Answer {
            labels: Some(vec![Choice { label: "ok".into(), field: Some("tone".into()), score: Some(0.5) }]),
            spans: Some(vec![a, Mark { attributes, ..b }, gap]),
            relations: vec![Relation {
                id: Some("R1".into()),
                kind: "meets".into(),
                arguments: vec![("from".into(), "T1".into()), ("to".into(), "T1".into())],
                attributes: vec![("sure".into(), json!(true))],
            }],
            comment: Some("hm".into()),
        }),
        metadata: vec![
            ("text".into(), json!("a name that is taken")),
            ("n".into(), json!(-5)),
            ("big".into(), json!(u64::MAX)),
            ("f".into(), json!(0.5)),
            ("yes".into(), json!(true)),
            ("list".into(), json!([1, "a", {"b": null}])),
            ("nothing".into(), json!(null)),
            ("".into(), json!("an empty name")),
        ],
        ..Record::default()
    }
}

#[test]
fn everything_comes_back() {
    for format in ["parquet", "arrow", "hf-disk"] {
        let bare = Record { text: Some("plain".into()), ..Record::default() };
        let mut second = full();
        second.metadata.truncate(2);
        second.metadata.push(("nothing".into(), json!(null)));
        for records in [vec![full()], vec![full(), second.clone()]] {
            assert_round_trip(format, records);
        }
        assert_round_trip(format, vec![bare]);
    }
}

#[test]
fn the_same_records_give_the_same_bytes() {
    for format in ["parquet", "arrow", "hf-disk"] {
        let once = testing::write(format, &corpus_of(vec![full(), full()]));
        assert_eq!(once, testing::write(format, &corpus_of(vec![full(), full()])), "{format}");
    }
}

#[test]
fn an_answer_that_was_changed_in_its_columns_says_so() {
    let mut record = full();
    record.gold = Some(Answer { comment: Some("hm".into()), ..Answer::labels(["a"]) });
    let (files, _) = testing::write("arrow", &corpus_of(vec![record]));
    let batch = batches(&files[""]);
    let label: ArrayRef = Arc::new(StringArray::from(vec!["b"]));
    let fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|f| if f.name() == "label" { Field::new("label", label.data_type().clone(), true) } else { (**f).clone() })
        .collect();
    let columns = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(f, c)| if f.name() == "label" { label.clone() } else { c.clone() })
        .collect();
    let schema = Schema::new_with_metadata(fields, batch.schema().metadata().clone());
    let changed = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let read = ipc(&changed, None, true);
    assert_eq!(read.corpus.records[0].gold, Some(Answer::labels(["b"])));
    assert!(read.notes[0].starts_with("1 record changed in the columns of labels and spans"), "{:?}", read.notes);
}

fn batches(bytes: &[u8]) -> RecordBatch {
    arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap().next().unwrap().unwrap()
}

fn batch(columns: Vec<(&str, ArrayRef)>, features: Option<serde_json::Value>) -> RecordBatch {
    let plain = RecordBatch::try_from_iter(columns).unwrap();
    let mut schema = (*plain.schema()).clone();
    if let Some(features) = features {
        schema.metadata.insert("huggingface".to_owned(), json!({"info": {"features": features}}).to_string());
    }
    plain.with_schema(Arc::new(schema)).unwrap()
}

fn ipc_bytes(batch: &RecordBatch, compression: Option<CompressionType>, file: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    if file {
        let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
    } else {
        let mut writer = StreamWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
    }
    bytes
}

fn parquet_bytes(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    if let Some(value) = batch.schema().metadata().get("huggingface") {
        let pair = KeyValue { key: "huggingface".to_owned(), value: Some(value.clone()) };
        writer.append_key_value_metadata(pair);
    }
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Detects the format and reads.
fn of(bytes: Vec<u8>) -> Result<Read, crate::error::DataError> {
    corpus(&Input::memory("f", bytes), &ReadOptions::default())
}

fn ipc(batch: &RecordBatch, compression: Option<CompressionType>, file: bool) -> Read {
    of(ipc_bytes(batch, compression, file)).unwrap()
}

#[test]
fn every_layout_of_text_and_lists_is_read() {
    let words = ["one", "two", "one"];
    let keyed: DictionaryArray<Int8Type> = words.into_iter().collect();
    let wide: DictionaryArray<Int32Type> = words.into_iter().map(|w| Some(w).filter(|w| *w != "two")).collect();
    let texts: [ArrayRef; 5] = [
        Arc::new(StringArray::from(words.to_vec())),
        Arc::new(LargeStringArray::from(words.to_vec())),
        Arc::new(StringViewArray::from(words.to_vec())),
        Arc::new(keyed),
        Arc::new(wide),
    ];
    let ids = || vec![Some(vec![Some(0), Some(1)]), Some(vec![]), None];
    let mut fixed = FixedSizeListBuilder::new(Int64Builder::new(), 1);
    for i in 0..3 {
        fixed.values().append_value(i % 2);
        fixed.append(true);
    }
    let lists: [ArrayRef; 3] = [
        Arc::new(ListArray::from_iter_primitive::<Int8Type, _, _>(ids())),
        Arc::new(LargeListArray::from_iter_primitive::<Int8Type, _, _>(ids())),
        Arc::new(fixed.finish()),
    ];
    let class = json!({"feature": {"names": ["a", "b"], "_type": "ClassLabel"}, "_type": "List"});
    for (i, text) in texts.iter().enumerate() {
        for (j, list) in lists.iter().enumerate() {
            let batch = batch(vec![("text", text.clone()), ("labels", list.clone())], Some(json!({"labels": class})));
            let all = [
                ipc(&batch, None, true),
                ipc(&batch, Some(CompressionType::ZSTD), true),
                ipc(&batch, Some(CompressionType::LZ4_FRAME), false),
                of(parquet_bytes(&batch)).unwrap(),
            ];
            for read in &all {
                let records = &read.corpus.records;
                assert_eq!(records[0].text.as_deref(), Some("one"), "{i} {j}");
                assert_eq!(records[1].text.as_deref(), (i < 4).then_some("two"), "{i} {j}");
                let expected = if j < 2 { Answer::labels(["a", "b"]) } else { Answer::labels(["a"]) };
                assert_eq!(records[0].gold, Some(expected), "{i} {j}");
                assert_eq!(records[2].gold.is_none(), j < 2, "{i} {j}");
                assert_eq!(read.corpus.outline.declared_labels, ["a", "b"]);
            }
        }
    }
}

#[test]
fn classes_have_names_and_minus_one_is_none() {
    let class = json!({"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}});
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a"; 4]));
    let label: ArrayRef = Arc::new(Int8Array::from(vec![Some(1), Some(-1), None, Some(0)]));
    let read = ipc(&batch(vec![("text", text.clone()), ("label", label)], Some(class.clone())), None, false);
    let gold: Vec<_> = read.corpus.records.iter().map(|r| r.gold.clone()).collect();
    assert_eq!(gold, [Some(Answer::labels(["pos"])), None, None, Some(Answer::labels(["neg"]))]);
    let label: ArrayRef = Arc::new(Int8Array::from(vec![0, 7, 7, 0]));
    let error = of(ipc_bytes(&batch(vec![("text", text.clone()), ("label", label)], Some(class)), None, false));
    assert!(error.unwrap_err().to_string().contains("the class 7, which has no name"));
    let label: ArrayRef = Arc::new(UInt64Array::from(vec![3; 4]));
    let read = of(parquet_bytes(&batch(vec![("text", text), ("label", label)], None))).unwrap();
    assert_eq!(read.corpus.records[0].gold, Some(Answer::labels(["3"])));
    assert!(read.guesses.iter().any(|g| g.what.contains("the file gives them no names")), "{:?}", read.guesses);
}

#[test]
fn other_columns_are_metadata_of_their_types() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", Arc::new(StringArray::from(vec!["a"]))),
        ("f", Arc::new(Float32Array::from(vec![0.1]))),
        ("day", Arc::new(Date32Array::from(vec![19_000]))),
        ("at", Arc::new(TimestampMillisecondArray::from(vec![1_000]).with_timezone("UTC"))),
        ("b", Arc::new(BinaryArray::from(vec![&b"x"[..]]))),
        (
            "s",
            Arc::new(StructArray::from(vec![(
                Arc::new(Field::new("x", DataType::Int8, true)),
                Arc::new(Int8Array::from(vec![5])) as ArrayRef,
            )])),
        ),
    ];
    let batch = batch(columns, None);
    for read in [ipc(&batch, None, true), of(parquet_bytes(&batch)).unwrap()] {
        let record = &read.corpus.records[0];
        let shown: Vec<String> = record.metadata.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(shown, ["f=0.1", "day=\"2022-01-08\"", "at=\"1970-01-01T00:00:01Z\"", "s={\"x\":5}"]);
        assert_eq!(record.gold, None);
        assert_eq!(read.notes, ["values of type Binary in column 'b' are left out"]);
    }
}

fn spans(rows: &[(i64, i64, &str)]) -> ArrayRef {
    let fields = [("start", DataType::Int64), ("end", DataType::Int64), ("label", DataType::Utf8)];
    let fields: Vec<Field> = fields.into_iter().map(|(name, kind)| Field::new(name, kind, true)).collect();
    let parts = StructBuilder::new(
        fields,
        vec![Box::new(Int64Builder::new()), Box::new(Int64Builder::new()), Box::new(StringBuilder::new())],
    );
    let mut list = ListBuilder::new(parts);
    for (start, end, label) in rows {
        list.values().field_builder::<Int64Builder>(0).unwrap().append_value(*start);
        list.values().field_builder::<Int64Builder>(1).unwrap().append_value(*end);
        list.values().field_builder::<StringBuilder>(2).unwrap().append_value(label);
        list.values().append(true);
    }
    list.append(true);
    Arc::new(list.finish())
}

#[test]
fn spans_count_code_points_and_broken_ones_are_told() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["\u{1F600} Anna"]));
    let list = spans(&[(2, 6, "PER"), (-1, 3, "PER"), (2, i64::MAX, "PER"), (3, 3, "PER")]);
    let batch = batch(vec![("text", text), ("entities", list)], None);
    for read in [ipc(&batch, None, true), of(parquet_bytes(&batch)).unwrap()] {
        assert_eq!(read.corpus.records[0].gold, Some(Answer::spans(vec![Mark::new(5, 9, "PER")])));
        assert!(read.notes[0].starts_with("3 spans left out (first at row 1: "), "{:?}", read.notes);
    }
    let strict = ReadOptions { strict: true, ..ReadOptions::default() };
    assert!(corpus(&Input::memory("f", parquet_bytes(&batch)), &strict).is_err());
}

fn lists(rows: &[&[&str]]) -> ArrayRef {
    let mut list = ListBuilder::new(StringBuilder::new());
    for row in rows {
        row.iter().for_each(|value| list.values().append_value(value));
        list.append(true);
    }
    Arc::new(list.finish())
}

#[test]
fn tags_of_tokens_become_spans_under_one_scheme() {
    let columns = vec![
        ("id", Arc::new(StringArray::from(vec!["0", "1"])) as ArrayRef),
        ("tokens", lists(&[&["Anna", "Bell", "met"], &["Bob"]])),
        ("pos_tags", lists(&[&["N", "N", "V"], &["N"]])),
        ("ner_tags", lists(&[&["B-PER", "E-PER", "O"], &["S-PER"]])),
    ];
    let read = of(parquet_bytes(&batch(columns, None))).unwrap();
    assert_eq!(read.scheme, Some(trueup_core::scheme::Scheme::Iobes));
    let record = &read.corpus.records[0];
    assert_eq!((record.text(), record.id.as_deref()), ("Anna Bell met", Some("0")));
    assert_eq!(record.gold, Some(Answer::spans(vec![Mark::new(0, 9, "PER")])));
    let expected =
        TokenMark { start: 10, end: 13, tag: Some("O".into()), columns: vec![crate::corpus::Key::from("V")].into() };
    assert_eq!(record.tokens[2], expected);
    let uneven = vec![("tokens", lists(&[&["a"], &["b", "c"]])), ("tags", lists(&[&["O"], &["O"]]))];
    let error = of(parquet_bytes(&batch(uneven, None))).map(|r| r.skipped);
    assert_eq!(error.unwrap()[0].reason, "2 tokens and 1 tag");
}

#[test]
fn folders_give_splits() {
    let place = |name: &str| place_of(name).0;
    assert_eq!(place("data/train-00000-of-00012.parquet").as_deref(), Some("train"));
    assert_eq!(place("default/validation/0000.parquet").as_deref(), Some("validation"));
    assert_eq!(place("split=dev/lang=de/x.parquet").as_deref(), Some("dev"));
    assert_eq!(place("data-00000-of-00001.arrow"), None);
    assert_eq!(place("my_file.parquet"), None);
    let one = |text: &str| {
        let text: ArrayRef = Arc::new(StringArray::from(vec![text]));
        parquet_bytes(&batch(vec![("text", text.clone()), ("label", text)], None))
    };
    let files: BTreeMap<String, Vec<u8>> = [
        ("README.md".to_owned(), b"x".to_vec()),
        ("split=test/lang=de/0.parquet".to_owned(), one("a")),
        ("train-00000-of-00001.parquet".to_owned(), one("b")),
    ]
    .into();
    let read = corpus(&Input::memory_folder("f", files.clone()), &ReadOptions::default()).unwrap();
    assert_eq!(read.format.name(), "parquet");
    let shown: Vec<_> =
        read.corpus.records.iter().map(|r| (r.split.as_deref(), r.metadata.len(), r.place.to_string())).collect();
    assert_eq!(shown[0], (Some("test"), 1, "split=test/lang=de/0.parquet: row 1".to_owned()));
    assert_eq!(shown[1], (Some("train"), 0, "train-00000-of-00001.parquet: row 1".to_owned()));
    let mut files = files;
    let other: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    files.insert("z.parquet".to_owned(), parquet_bytes(&batch(vec![("other", other)], None)));
    let error = corpus(&Input::memory_folder("f", files), &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("the columns other in z.parquet"), "{error}");
}

#[test]
fn columns_are_named_by_the_caller_and_ids_must_be_fit() {
    let text = || Arc::new(StringArray::from(vec!["a b", "c d"])) as ArrayRef;
    let same: ArrayRef = Arc::new(StringArray::from(vec!["x", "x"]));
    let batch = batch(vec![("prose", text()), ("what", same.clone()), ("id", same)], None);
    let bytes = parquet_bytes(&batch);
    let read = |options: ReadOptions| corpus(&Input::memory("f", bytes.clone()), &options);
    let found = read(ReadOptions { text: Some("prose".into()), label: Some("what".into()), ..ReadOptions::default() });
    let records = found.unwrap().corpus.records;
    assert_eq!((records[0].text(), &records[0].gold), ("a b", &Some(Answer::labels(["x"]))));
    assert_eq!((&records[0].id, records[0].value("id")), (&None, Some(&json!("x"))));
    let error = read(ReadOptions { id: Some("id".into()), ..ReadOptions::default() }).unwrap_err().to_string();
    assert!(error.contains("found id 'x' again"), "{error}");
    let error = read(ReadOptions { label: Some("none".into()), ..ReadOptions::default() }).unwrap_err().to_string();
    assert!(error.contains("found no column 'none' for --label; valid: prose, what, id"), "{error}");
}

/// Reads damaged copies of files; that it comes back at all is the test.
#[test]
fn damaged_files_are_errors() {
    let records = vec![full(), full(), Record { text: Some("x".repeat(300)), ..full() }];
    let mut files: Vec<Vec<u8>> = Vec::new();
    for format in ["parquet", "arrow"] {
        files.push(testing::write(format, &corpus_of(records.clone())).0.remove("").unwrap());
    }
    let written = batches(&files[1]);
    files.push(ipc_bytes(&written, Some(CompressionType::ZSTD), true));
    files.push(ipc_bytes(&written, Some(CompressionType::LZ4_FRAME), false));
    let keyed: DictionaryArray<Int32Type> = ["one", "two", "one"].into_iter().collect();
    let view: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "b", "a string too long for a view of its own"]));
    files.push(ipc_bytes(&batch(vec![("text", view), ("label", Arc::new(keyed))], None), None, false));
    let rounds: u64 = std::env::var("TRUEUP_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let (mut fine, mut told, mut given_up) = (0, 0, 0);
    for bytes in &files {
        assert!(of(bytes.clone()).is_ok());
        for round in 0..rounds {
            let mut damaged = bytes.clone();
            if round % 5 == 0 {
                damaged.truncate(random(bytes.len()));
            } else {
                // Half of them near the end, where Parquet keeps its structure.
                for _ in 0..=random(3) {
                    let near = if random(2) == 0 {
                        bytes.len().saturating_sub(1 + random(1_500))
                    } else {
                        random(bytes.len())
                    };
                    damaged[near] = [0, 0xff, 0x7f, 0x80, 1, random(256) as u8][random(6)];
                }
            }
            match of(damaged) {
                Ok(_) => fine += 1,
                Err(error) if error.to_string().contains("its reader gave up") => given_up += 1,
                Err(_) => told += 1,
            }
        }
    }
    assert!(told > 0 && fine + told + given_up == rounds * files.len() as u64);
    assert!(rounds <= 150, "{fine} read, {told} told, {given_up} given up");
}

#[test]
fn what_is_no_columnar_file_is_told() {
    for format in ["parquet", "arrow", "hf-disk"] {
        for text in ["", "text,label\na,b\n", "PAR1", "ARROW1", "PAR1PAR1", "\0\0\0\0"] {
            assert!(testing::read_text(format, text).is_err(), "{format} {text}");
        }
    }
    let error = testing::read_text("parquet", "text,label\n").unwrap_err().to_string();
    assert!(error.contains("a file that begins with 'text,lab'; valid: a Parquet file"), "{error}");
    let empty: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
    let error = of(parquet_bytes(&batch(vec![("text", empty)], None))).unwrap_err().to_string();
    assert!(error.contains("the file is empty"), "{error}");
}

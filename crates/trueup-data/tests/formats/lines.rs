//! Labelled lines, fastText, parallel files, split lists, folders of labels and NumPy arrays, as they are published; and
//! names for labels that are numbers. Counts are those of the sources and of an independent count.

use std::collections::BTreeMap;

use trueup_data::corpus::Record;
use trueup_data::{Confidence, Read, ReadOptions, read_corpus, read_corpus_bytes, read_dataset, read_label_names};

use crate::data;

fn read(file: &str) -> Option<Read> {
    Some(read_corpus(&data(file)?, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}")))
}

fn label(record: &Record) -> &str {
    record.gold.as_ref().and_then(|gold| gold.labels.as_ref()).map_or("", |labels| labels[0].label.as_str())
}

/// How many records each split has, and how many labels there are.
fn splits(read: &Read) -> (BTreeMap<String, usize>, usize) {
    let mut splits = BTreeMap::new();
    let mut labels = BTreeMap::new();
    for record in &read.corpus.records {
        *splits.entry(record.split.as_deref().unwrap_or("").to_owned()).or_default() += 1;
        *labels.entry(label(record)).or_insert(0) += 1;
    }
    (splits, labels.len())
}

fn expect(read: &Read, format: &str, confidence: Confidence, expected: &[(&str, usize)], labels: usize) {
    assert_eq!((read.format.name(), read.confidence), (format, confidence));
    let expected = expected.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    assert_eq!(splits(read), (expected, labels));
    assert_eq!(read.skipped, []);
}

#[test]
fn clinc150_keeps_its_splits() {
    let out_of_scope = [("oos_train", 100), ("oos_val", 100), ("oos_test", 1_000)];
    for (file, train) in [("full", 15_000), ("imbalanced", 10_525)] {
        let Some(read) = read(&format!("clinc150/data_{file}.json")) else {
            return;
        };
        let expected = [&[("train", train), ("val", 3_000), ("test", 4_500)], out_of_scope.as_slice()].concat();
        expect(&read, "split-lists", Confidence::Likely, &expected, 151);
        let first = &read.corpus.records[0];
        assert_eq!((first.split.as_deref(), label(first), first.place.number), (Some("oos_val"), "oos", 3));
        let raw = std::fs::read_to_string(data(&format!("clinc150/data_{file}.json")).unwrap()).unwrap();
        let lines: Vec<&str> = raw.lines().collect();
        for record in read.corpus.records.iter().step_by(997) {
            assert!(lines[record.place.number as usize].contains(record.text()), "{}", record.place);
        }
    }
}

#[test]
fn tweeteval_pairs_are_splits_and_labels_get_their_names() {
    let Some(read) = read("tweeteval_emoji") else {
        return;
    };
    expect(&read, "parallel", Confidence::Likely, &[("train", 45_000), ("val", 5_000), ("test", 50_000)], 20);
    assert!(read.guesses.iter().any(|g| g.what == "mapping.txt names the labels"), "{:?}", read.guesses);
    let folder = data("tweeteval_emoji").unwrap();
    let raw = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let names: Vec<String> =
        raw("mapping.txt").lines().map(|l| l.trim_end().rsplit('\t').next().unwrap().to_owned()).collect();
    let (texts, labels) = (raw("val_text.txt"), raw("val_labels.txt"));
    let mut of_split = read.corpus.records.iter().filter(|r| r.split.as_deref() == Some("val"));
    for (text, id) in texts.split('\n').zip(labels.split_whitespace()) {
        let record = of_split.next().unwrap();
        assert_eq!((record.text(), label(record)), (text, names[id.parse::<usize>().unwrap()].as_str()));
    }
    // One file of texts finds its labels, which gives no split.
    let one = read_corpus(&folder.join("val_text.txt"), &ReadOptions::default()).unwrap();
    expect(&one, "parallel", Confidence::Likely, &[("", 5_000)], 20);
    assert_eq!(one.corpus.records[6].place.to_string(), "line 7");
    // Names that a person gives go before those found.
    let label_names = Some((0..20).map(|i| (i.to_string(), format!("label {i}"))).collect());
    let named = read_dataset(&folder, &ReadOptions { label_names, ..ReadOptions::default() }).unwrap();
    assert_eq!((named.dataset.len(), named.dataset.labels.names()[0].as_str()), (100_000, "label 0"));
}

#[test]
fn trec_and_fasttext() {
    for (file, n, labels) in [("train_5500", 5_452, 50), ("TREC_10", 500, 42)] {
        if let Some(read) = read(&format!("trec/{file}.label")) {
            expect(&read, "label-text", Confidence::Possible, &[("", n)], labels);
        }
    }
    if let Some(read) = read("formats/doccano/data_import_examples/text_classification/example.txt") {
        expect(&read, "fasttext", Confidence::Certain, &[("", 3)], 2);
    }
    if let Some(read) = read("formats/doccano/data_import_tests/text_classification/example_fasttext.txt") {
        assert_eq!(read.format.name(), "fasttext");
        let sizes = |r: &Record| r.gold.as_ref().map(|g| g.labels.as_ref().unwrap().len());
        let sizes: Vec<_> = read.corpus.records.iter().map(sizes).collect();
        assert!(sizes.contains(&Some(2)) && sizes.contains(&None), "{sizes:?}");
    }
}

#[test]
fn cleanlab_arrays() {
    let Some(scores) = read("cleanlab_20news/20news_test_set_pyx.npy") else {
        return;
    };
    expect(&scores, "npy", Confidence::Certain, &[("", 7_532)], 1);
    let given = read("cleanlab_20news/20news_test_set_original_labels.npy").unwrap();
    expect(&given, "npy", Confidence::Certain, &[("", 7_532)], 20);
    // The third file is the largest score of each row, which ties the three together.
    let largest = read("cleanlab_20news/20news_test_set_pyx_argmax_predicted_labels.npy").unwrap();
    let mut correct = 0;
    for ((record, predicted), given) in
        scores.corpus.records.iter().zip(&largest.corpus.records).zip(&given.corpus.records)
    {
        let row = &record.predictions[0].scores;
        assert_eq!(row.len(), 20);
        assert!((row.iter().map(|(_, p)| p).sum::<f64>() - 1.0).abs() < 1e-6);
        let best = row.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(best.0, label(predicted), "{}", record.place);
        correct += usize::from(label(predicted) == label(given));
    }
    assert_eq!(correct, AGREE);
}

/// How many of the predicted labels are the given ones.
const AGREE: usize = 6_955;

#[test]
fn names_of_numbers() {
    let Some(classes) = data("ag_news/classes.txt") else {
        return;
    };
    let options = |label_names| ReadOptions { label_names, ..ReadOptions::default() };
    let names = read_label_names(&classes).unwrap();
    let loaded = read_dataset(&data("ag_news/test.csv").unwrap(), &options(Some(names.clone()))).unwrap();
    assert_eq!(loaded.dataset.labels.names(), ["Business", "Sci/Tech", "Sports", "World"]);
    assert_eq!(loaded.dataset.support(), [1_900; 4]);
    let said = "label 1 is 'World': names count from 1, since label 4 occurs and 0 does not";
    assert!(loaded.guesses.iter().any(|g| g.what == said && g.option.as_deref() == Some("--label-names")));
    let read = read_corpus(&data("ag_news/test.csv").unwrap(), &options(Some(names))).unwrap();
    assert_eq!(splits(&read).1, 4);
    let names = read_label_names(&data("goemotions/labels.txt").unwrap()).unwrap();
    let loaded = read_dataset(&data("goemotions/test.tsv").unwrap(), &options(Some(names))).unwrap();
    assert!(loaded.dataset.labels.names().contains(&"admiration".to_owned()));
    assert!(loaded.guesses.iter().any(|g| g.what == "label 0 is 'admiration': names count from 0"));
}

#[test]
fn an_id_without_a_name_is_an_error_with_its_place() {
    let pairs = |ids: &[&str]| Some(ids.iter().map(|id| ((*id).to_owned(), format!("n{id}"))).collect());
    let options = |label_names| ReadOptions { label_names, ..ReadOptions::default() };
    let lines = b"__label__0 a\n__label__7 b\n".to_vec();
    let error = read_corpus_bytes("f", lines.clone(), &options(pairs(&["0", "1"]))).unwrap_err().to_string();
    let expected = "f: line 2: found the label '7', which --label-names has no name for; valid: one of 2 ids (0, 1)";
    assert_eq!(error, expected);
    let error = trueup_data::read_bytes("f", lines.clone(), &options(pairs(&["0"]))).unwrap_err().to_string();
    assert!(error.starts_with("f: line 2: found the label '7'"), "{error}");
    let table = b"text,label\nfirst text,0\nsecond text,7\n".to_vec();
    let error = trueup_data::read_bytes("f.csv", table, &options(pairs(&["0"]))).unwrap_err().to_string();
    assert!(error.starts_with("f.csv: line 3: found the label '7'"), "{error}");
    let read = read_corpus_bytes("f", lines, &options(pairs(&["7", "0"]))).unwrap();
    assert_eq!(read.corpus.records.iter().map(label).collect::<Vec<_>>(), ["n0", "n7"]);
}

#[test]
fn files_of_names() {
    let dir = tempfile::tempdir().unwrap();
    let of = |text: &str| {
        let path = dir.path().join("names.txt");
        std::fs::write(&path, text).unwrap();
        let pairs = read_label_names(&path)
            .map_err(|error| error.to_string().split("names.txt: ").last().unwrap().to_owned())?;
        Ok::<_, String>(pairs.into_iter().map(|(id, name)| format!("{id}={name}")).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(of("a b\r\nc\n\n").as_deref(), Ok("=a b =c"));
    assert_eq!(of("0\t❤\t_heart_\t\n3\tx\tsun\n").as_deref(), Ok("0=_heart_ 3=sun"));
    assert_eq!(of("[\"a\", \"b\"]").as_deref(), Ok("=a =b"));
    assert_eq!(of("{\"0\": \"a\", \"1\": \"b\"}").as_deref(), Ok("0=a 1=b"));
    assert_eq!(of("{\"a\": 0, \"b\": 1}").as_deref(), Ok("0=a 1=b"));
    assert_eq!(of("[brackets] are a name\nb").as_deref(), Ok("=[brackets] are a name =b"));
    for (text, expected) in [
        ("a\n\nb\n", "line 2: found an empty line; valid: one name a line"),
        ("0\ta\nb\n", "line 2: found 'b'; valid"),
        ("0\ta\n0\tb\n", "the id '0' twice"),
        ("a\na\n", "the name 'a' twice"),
        ("[]", "no name"),
        ("[1]", "1 where a name is needed"),
        ("{\"a\": [1]}", "the list [1] as the name of 'a'"),
        ("", "the file is empty"),
    ] {
        let message = of(text).unwrap_err();
        assert!(message.starts_with(expected), "{message}");
    }
}

/// Of all folders of the real data only the one of parallel files is claimed by a format of this page.
#[test]
fn no_other_folder_is_claimed() {
    let Some(root) = data("README.md").map(|readme| readme.parent().unwrap().to_path_buf()) else {
        return;
    };
    let own = ["parallel", "label-folders"];
    let mut claimed = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let paths = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        folders.extend(paths.filter(|path| path.is_dir()));
        if let Ok(read) = read_corpus(&folder, &ReadOptions::default())
            && own.contains(&read.format.name())
        {
            claimed.push(folder.strip_prefix(&root).unwrap().display().to_string());
        }
    }
    assert_eq!(claimed, ["tweeteval_emoji"]);
}

//! Projects of Azure AI Language: a labels file beside a folder of texts.
//!
//! The labels file is what Language Studio exports and imports for custom named entity recognition and custom text
//! classification (Azure AI Language documentation, "Accepted custom NER data formats" and "Accepted data formats" of
//! custom text classification). It names its texts and holds none of them: each `location` is a file of the folder.
//! Positions count UTF-16 units of the text as it is stored, line breaks and all.

mod read;
mod write;

use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Labels, Metadata, Spans, Texts};

/// The labels file of a project with its texts.
pub(crate) const SPEC: Spec = Spec {
    name: "azure",
    aliases: &["azure-language"],
    title: "Azure AI Language projects: a labels file and a folder of texts",
    ending: "",
    holds: Holds {
        texts: Texts::Any,
        ids: true,
        splits: true,
        labels: Labels::Set,
        spans: Spans::Any,
        unlabelled: true,
        metadata: Metadata::Any,
        ..Holds::LABEL
    },
    sniff,
    read: read::read,
    write: Some(write::writer),
    folder: true,
};

/// The key of the project's own settings in the outline.
const SETTINGS: &str = "azure";
/// The three kinds of project that hold annotated texts.
const KINDS: [&str; 3] = [NER, SINGLE, MULTI];
const NER: &str = "CustomEntityRecognition";
const SINGLE: &str = "CustomSingleLabelClassification";
const MULTI: &str = "CustomMultiLabelClassification";

fn sniff(head: &Head) -> Confidence {
    let is_ours = match (&head.files, head.json) {
        (Some(_), _) => head.input.folder().is_some_and(|folder| !read::labels_files(folder).is_empty()),
        (None, Json::Object) => {
            head.objects().any(|o| o.contains_key("projectFileVersion") && o.contains_key("assets"))
        }
        _ => false,
    };
    if is_ours { Confidence::Certain } else { Confidence::No }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::SPEC;
    use crate::error::DataError;
    use crate::formats::testing;
    use crate::holds::Loss;
    use crate::input::Input;
    use crate::read::Read;

    fn project(kind: &str, assets: &str, texts: &[(&str, &str)]) -> Input {
        let labels = format!(
            "{{\"projectFileVersion\": \"2022-05-01\", \"stringIndexType\": \"Utf16CodeUnit\",
            \"metadata\": {{\"projectKind\": \"{kind}\", \"language\": \"en\", \"projectName\": \"P\"}},
            \"assets\": {{{assets}}}}}"
        );
        let mut files: BTreeMap<String, Vec<u8>> =
            texts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        files.insert("labels.json".to_owned(), labels.into_bytes());
        Input::memory_folder("f", files)
    }

    fn read(input: &Input) -> Result<Read, DataError> {
        testing::read("azure", input)
    }

    const NER: &str = r#""entities": [{"category": "Name"}, {"category": "City"}], "documents": [
        {"location": "a.txt", "language": "en-us", "dataset": "Train", "entities": [
            {"regionOffset": 0, "regionLength": 10, "labels": [{"category": "Name", "offset": 3, "length": 4}]},
            {"regionOffset": 10, "regionLength": 9, "labels": [{"category": "City", "offset": 12, "length": 4}]}]},
        {"location": "b.txt", "language": "en", "dataset": "Test"}]"#;

    #[test]
    fn spans_count_utf16_units_and_regions_are_kept() {
        let texts = [("a.txt", "😀 Anna\r\nin Oslo  xy"), ("b.txt", ""), ("c.txt", "c"), ("d/e.txt", "")];
        let back = read(&project("CustomEntityRecognition", NER, &texts)).unwrap();
        let first = &back.corpus.records[0];
        let spans = first.gold.as_ref().unwrap().spans.as_ref().unwrap();
        let covered: Vec<_> = spans.iter().map(|s| (&first.text()[s.start..s.end], s.label.as_str())).collect();
        assert_eq!(covered, [("Anna", "Name"), ("Oslo", "City")]);
        assert_eq!((first.id.as_deref(), first.split.as_deref()), (Some("a"), Some("train")));
        let second = &back.corpus.records[1];
        assert_eq!((second.text.as_deref(), &second.gold), (Some(""), &None));
        assert!(second.metadata.is_empty());
        assert_eq!(back.corpus.outline.declared_spans, ["Name", "City"]);
        assert_eq!(back.corpus.outline.unlisted, 2);
        assert!(back.notes[0].starts_with("2 texts of the folder are not listed by the project: c.txt, d/e.txt"));

        let (files, losses) = testing::write("azure", &back.corpus);
        assert!(losses.is_empty(), "{losses:?}");
        let labels = String::from_utf8(files["labels.json"].clone()).unwrap();
        assert!(labels.contains("\"projectName\": \"P\"") && labels.contains("\"regionOffset\": 10"), "{labels}");
        let again = read(&testing::input(files)).unwrap();
        assert_eq!(testing::bare(again.corpus.records), testing::bare(back.corpus.records));
    }

    #[test]
    fn the_labels_file_reads_its_texts_beside_it_too() {
        let folder = project("CustomEntityRecognition", NER, &[]);
        let labels = folder.folder().unwrap().read("labels.json").unwrap();
        let beside = BTreeMap::from([("a.txt".to_owned(), vec![b'x'; 20]), ("b.txt".to_owned(), b"y".to_vec())]);
        let back = read(&Input::memory("labels.json", labels.bytes().unwrap().to_vec()).beside_memory(beside)).unwrap();
        assert_eq!(back.corpus.records.len(), 2);
        let alone = read(&Input::memory("labels.json", labels.bytes().unwrap().to_vec())).unwrap_err().to_string();
        assert!(alone.contains("no folder beside it"), "{alone}");
    }

    #[test]
    fn classes_are_read_and_the_kind_is_the_projects() {
        let single = r#""classes": [{"category": "x"}, {"category": "y"}], "documents": [
            {"location": "a.txt", "class": {"category": "y"}}, {"location": "b.txt"}]"#;
        let texts = [("a.txt", "one"), ("b.txt", "two")];
        let back = read(&project("customSingleLabelClassification", single, &texts)).unwrap();
        assert_eq!(back.corpus.outline.declared_labels, ["x", "y"]);
        assert_eq!(back.corpus.outline.several, Some(false));
        assert!(back.corpus.records[1].gold.is_none());
        let multi = r#""classes": [], "documents": [{"location": "a.txt", "classes": [{"category": "y"}]},
            {"location": "b.txt", "classes": []}]"#;
        let back = read(&project("CustomMultiLabelClassification", multi, &texts)).unwrap();
        assert_eq!(back.corpus.outline.several, Some(true));
        assert_eq!(back.corpus.records[1].gold.as_ref().unwrap().labels.as_ref().unwrap().len(), 0);
        let (files, _) = testing::write("azure", &back.corpus);
        assert_eq!(read(&testing::input(files)).unwrap().corpus.outline.several, Some(true));
    }

    #[test]
    fn what_is_wrong_says_where() {
        let texts = [("a.txt", "0123456789"), ("b.txt", "b")];
        let error = |kind: &str, assets: &str| read(&project(kind, assets, &texts)).unwrap_err().to_string();
        let chat = error("Conversation", "\"documents\": []");
        assert!(chat.contains("a project of the kind 'Conversation'"), "{chat}");
        let none = error("CustomEntityRecognition", "\"entities\": []");
        assert!(none.contains("no list 'documents'"), "{none}");
        let missing = error("CustomEntityRecognition", r#""documents": [{"location": "z.txt"}]"#);
        assert!(missing.contains("'z.txt', which is not in the folder"), "{missing}");
        let outside = error("CustomEntityRecognition", r#""documents": [{"location": "../a.txt"}, 5]"#);
        assert!(outside.contains("../a.txt"), "{outside}");
        for broken in ["{", "[]", "{\"projectFileVersion\": 1", "{\"assets\": 5}", &"[".repeat(100_000)] {
            let input = Input::memory_folder("f", BTreeMap::from([("l.json".into(), broken.as_bytes().to_vec())]));
            assert!(read(&input).is_err());
        }
        let two = BTreeMap::from([
            ("a.json".into(), b"{\"projectFileVersion\": 1}".to_vec()),
            ("b.json".into(), b"{\"projectFileVersion\": 1}".to_vec()),
        ]);
        let two = read(&Input::memory_folder("f", two)).unwrap_err().to_string();
        assert!(two.contains("2 labels files (a.json, b.json)"), "{two}");
    }

    #[test]
    fn spans_that_cannot_be_are_left_out_and_said() {
        let assets = r#""documents": [{"location": "a.txt", "entities": [{"regionOffset": 0, "regionLength": 10,
            "labels": [{"category": "N", "offset": 8, "length": 9}, {"category": "N", "offset": -1, "length": 2},
            {"category": "N", "offset": 1e30, "length": 2}, {"offset": 1, "length": 2}, 7,
            {"category": "N", "offset": 18446744073709551615, "length": 18446744073709551615},
            {"category": "N", "offset": 2, "length": 2}]}]}]"#;
        let back = read(&project("CustomEntityRecognition", assets, &[("a.txt", "0123456789")])).unwrap();
        assert_eq!(back.corpus.records[0].gold.as_ref().unwrap().spans.as_ref().unwrap().len(), 1);
        assert_eq!(back.skipped.len(), 6);
        assert_eq!(back.notes, ["6 spans were left out, the record stays (first at document 1)"]);
    }

    #[test]
    fn what_the_file_cannot_hold_is_noted() {
        let line = "{\"text\": \"a\", \"label\": \"x\", \"class\": \"q\"}\n{\"text\": \"b\", \"label\": \"y\", \"class\": \"q\"}\n";
        let read = testing::read_text("jsonl", line).unwrap();
        let (_, losses) = testing::write("azure", &read.corpus);
        assert_eq!(losses.kinds[&Loss::Metadata].count, 2);
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(SPEC.holds)) {
            testing::assert_round_trip("azure", records);
        }
    }
}

//! Training data of Amazon Comprehend: labelled lines, annotations beside documents, and augmented manifests.
//!
//! The three shapes are those of the Amazon Comprehend developer guide ("Classifier training file formats", "Plain-text
//! annotation files") and, for manifests, of SageMaker Ground Truth ("Output data"). Positions count characters.
//!
//! - `comprehend`: a CSV without header, class and text; several classes are set apart by `|`.
//! - `comprehend-entities`: a CSV `File,Line,Begin Offset,End Offset,Type` with documents in files of their own, one
//!   a line, or one a file where the column `Line` is absent or empty.
//! - `comprehend-manifest`: JSON lines with the text under `source` and what was answered under the name of each job.

mod classes;
mod entities;
mod manifest;

use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Labels, Metadata, Spans, Texts};

/// Class and text, without a header.
pub(crate) const CLASSES: Spec = Spec {
    name: "comprehend",
    aliases: &["comprehend-csv"],
    title: "Amazon Comprehend: a CSV of classes and texts",
    ending: ".csv",
    holds: Holds { labels: Labels::Set, ..Holds::LABEL },
    // Any CSV could be one: the general reader finds its columns.
    sniff: |_| Confidence::No,
    read: |input, options, reading| {
        if input.folder().is_some() || entities::is_header(input.text()?) {
            return entities::read(input, options, reading);
        }
        classes::read(input, options, reading)
    },
    write: Some(classes::writer),
    folder: false,
};

/// Annotations beside documents.
pub(crate) const ENTITIES: Spec = Spec {
    name: "comprehend-entities",
    aliases: &["comprehend-annotations"],
    title: "Amazon Comprehend: annotations and documents",
    ending: "",
    holds: Holds { texts: Texts::Any, ids: true, labels: Labels::None, spans: Spans::Flat, ..Holds::LABEL },
    sniff: sniff_entities,
    read: entities::read,
    write: Some(entities::writer),
    folder: true,
};

/// Augmented manifests.
pub(crate) const MANIFEST: Spec = Spec {
    name: "comprehend-manifest",
    aliases: &["ground-truth", "augmented-manifest"],
    title: "augmented manifests of SageMaker Ground Truth and Comprehend",
    ending: ".manifest",
    holds: Holds {
        texts: Texts::Any,
        ids: true,
        labels: Labels::Set,
        spans: Spans::Any,
        both: true,
        fields: true,
        scores: true,
        unlabelled: true,
        metadata: Metadata::Any,
        ..Holds::LABEL
    },
    sniff: |head| {
        let has_source = head.all_objects(|o| o.contains_key("source") || o.contains_key("source-ref"));
        let is_ours = has_source
            && matches!(head.json, Json::Lines | Json::Object)
            && head.objects().any(|o| manifest::jobs(o).next().is_some());
        if is_ours { Confidence::Certain } else { Confidence::No }
    },
    read: manifest::read,
    write: Some(manifest::writer),
    folder: false,
};

fn sniff_entities(head: &Head) -> Confidence {
    let is_ours = match (&head.files, head.text) {
        (Some(_), _) => head.input.folder().is_some_and(|folder| !entities::annotation_files(folder).is_empty()),
        (None, Some(text)) => entities::is_header(text),
        _ => false,
    };
    if is_ours { Confidence::Certain } else { Confidence::No }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{CLASSES, ENTITIES, MANIFEST};
    use crate::formats::testing;
    use crate::holds::Loss;
    use crate::input::Input;
    use crate::read::Read;

    fn covered(read: &Read) -> Vec<Vec<(&str, &str)>> {
        let spans = |r: &crate::corpus::Record| r.gold.as_ref().and_then(|g| g.spans.clone()).unwrap_or_default();
        let of = |r| spans(r).into_iter().map(|s| (s.start, s.end, s.label)).collect::<Vec<_>>();
        read.corpus
            .records
            .iter()
            .map(|r| of(r).into_iter().map(|(s, e, l)| (&r.text()[s..e], &*Box::leak(l.into_boxed_str()))).collect())
            .collect()
    }

    fn labels(read: &Read) -> Vec<Vec<String>> {
        let of = |r: &crate::corpus::Record| r.gold.clone().unwrap_or_default().labels.unwrap_or_default();
        read.corpus.records.iter().map(|r| of(r).into_iter().map(|c| c.label).collect()).collect()
    }

    #[test]
    fn classes_are_read_with_their_texts() {
        let text = "SPAM,\"Paulo, your $1000\nare here\"\r\nHAM|WORK,See you\nHAM,three,fields\n,none\n|,nothing\n";
        let more = (0..30).map(|i| format!("HAM,text {i}\n")).collect::<Vec<_>>().concat();
        let back = testing::read_text("comprehend", &(text.to_owned() + &more)).unwrap();
        assert_eq!(labels(&back)[..3], [vec!["SPAM"], vec!["HAM", "WORK"], vec![]] as [Vec<&str>; 3]);
        assert_eq!(back.corpus.records[0].text(), "Paulo, your $1000\nare here");
        let skipped: Vec<_> = back.skipped.iter().map(|s| (s.line, s.reason.as_str())).collect();
        assert_eq!(skipped, [(4, "3 fields"), (5, "no class")]);
        let list = testing::read_text("comprehend", "Text,Type\nAnna,NAME\n").unwrap_err().to_string();
        assert!(list.contains("an entity list") && list.contains("no annotated text"), "{list}");
        let prose = testing::read_text("comprehend", "one\ntwo\nthree\n").unwrap_err().to_string();
        assert!(prose.contains("1 field"), "{prose}");
    }

    fn folder(files: &[(&str, &str)]) -> Input {
        let files: BTreeMap<_, _> = files.iter().map(|(n, t)| ((*n).to_owned(), t.as_bytes().to_vec())).collect();
        Input::memory_folder("f", files)
    }

    const LINES: &str = "Diego Ramirez is an engineer.\nEmilio é Johnson works.\n\nOur newest, Mateo Jackson.\n";
    const CSV: &str = "File, Line, Begin Offset, End Offset, Type\ndocs.txt, 0, 0, 13, ENGINEER\ndocs.txt, 1, 9, 16, ENGINEER\n\
        docs.txt, 3, 12, 25, MANAGER\n";

    #[test]
    fn annotations_are_read_with_documents_of_one_a_line() {
        let input = folder(&[("annotations.csv", CSV), ("documents/docs.txt", LINES)]);
        assert_eq!(crate::formats::detect(&input).unwrap()[0].format.name(), "comprehend-entities");
        let back = testing::read("comprehend-entities", &input).unwrap();
        let all = covered(&back);
        assert_eq!(all[0], [("Diego Ramirez", "ENGINEER")]);
        assert_eq!(
            (all[1].as_slice(), all[2].as_slice()),
            (&[("Johnson", "ENGINEER")][..], &[("Mateo Jackson", "MANAGER")][..])
        );
        let csv = Input::memory("a.csv", CSV.into());
        let beside = csv.beside_memory(BTreeMap::from([("docs.txt".to_owned(), LINES.as_bytes().to_vec())]));
        assert_eq!(testing::read("comprehend", &beside).unwrap().corpus.records.len(), 3);
        let alone = testing::read("comprehend", &Input::memory("a.csv", CSV.into())).unwrap_err().to_string();
        assert!(alone.contains("no folder beside it"), "{alone}");
    }

    #[test]
    fn annotations_are_read_with_documents_of_one_a_file() {
        let csv =
            "File,Line,Begin Offset,End Offset,Type\na.txt,,1,2,X\na.txt,,1,99,X\nz.txt,,0,1,X\na.txt,,-1,2,X\nshort\n";
        let good: String = (0..60).map(|_| "a.txt,,0,1,Y\n").collect();
        let input =
            folder(&[("t.csv", &(csv.to_owned() + &good)), ("documents/a.txt", "é\nb"), ("documents/b.txt", "none")]);
        let back = testing::read("comprehend-entities", &input).unwrap();
        assert_eq!(back.corpus.records.len(), 2);
        assert_eq!(covered(&back)[0][0], ("\n", "X"));
        assert_eq!(back.corpus.records[1].gold.as_ref().unwrap().spans, Some(Vec::new()));
        assert_eq!(back.skipped.len(), 4, "{:?}", back.skipped);
        let none = testing::read("comprehend-entities", &folder(&[("x.txt", "a")])).unwrap_err().to_string();
        assert!(none.contains("no annotations file"), "{none}");
    }

    const MANY: &str = concat!(
        r#"{"source":"one","Job":[0,4],"Job-metadata":{"job-name":"labeling-job/j","class-map":{"0":"action","4":"drama"},"#,
        r#""human-annotated":"yes","creation-date":"2020-05-21T19:02:21.521882","confidence-map":{"0":0.66},"#,
        r#""type":"groundtruth/text-classification-multilabel"},"channel":"web"}"#,
        "\n",
        r#"{"source":"two","Job":[],"Job-metadata":{"job-name":"labeling-job/j","class-map":{},"human-annotated":"no","#,
        r#""creation-date":"2020","type":"groundtruth/text-classification-multilabel"}}"#,
        "\n{\"source\":\"three\"}\n",
    );
    const SPANS: &str = concat!(
        r#"{"source":"é Diego Ramirez works","Ner":{"annotations":{"entities":[{"endOffset":15,"startOffset":2,"#,
        r#""label":"ENGINEER"},{"endOffset":99,"startOffset":2,"label":"X"}],"labels":[{"label":"ENGINEER"},{"label":"X"}]}},"#,
        r#""Ner-metadata":{"entities":[{"confidence":0.92},{"confidence":0.1}],"job-name":"labeling-job/ner","#,
        r#""type":"groundtruth/text-span","creation-date":"2020-05-14T21:45:27.175903","human-annotated":"yes"}}"#,
        "\n"
    );

    #[test]
    fn manifests_are_read_and_written_as_they_were() {
        let back = testing::read_text("comprehend-manifest", MANY).unwrap();
        assert_eq!(labels(&back)[0], ["action", "drama"]);
        assert_eq!(back.corpus.records[0].gold.as_ref().unwrap().labels.as_ref().unwrap()[0].score, Some(0.66));
        assert!(back.corpus.records[2].gold.is_none() && back.corpus.outline.several == Some(true));
        assert!(back.notes[0].starts_with("1 record was labelled by the service"), "{:?}", back.notes);
        let spans = testing::read_text("comprehend-manifest", SPANS).unwrap();
        assert_eq!(covered(&spans)[0], [("Diego Ramirez", "ENGINEER")]);
        assert_eq!(spans.corpus.outline.declared_spans, ["ENGINEER", "X"]);
        assert_eq!(spans.skipped.len(), 1);
        for read in [back, spans] {
            let (files, losses) = testing::write("comprehend-manifest", &read.corpus);
            assert!(losses.is_empty(), "{losses:?}");
            let shown = String::from_utf8(files[""].clone()).unwrap();
            let again = testing::read_text("comprehend-manifest", &shown).unwrap();
            assert_eq!(testing::bare(again.corpus.records), testing::bare(read.corpus.records), "{shown}");
        }
    }

    #[test]
    fn what_a_manifest_cannot_be_is_said() {
        let message = |text: &str| testing::read_text("comprehend-manifest", text).unwrap_err().to_string();
        let image = r#"{"source-ref":"s3://b/i.png","J":{},"J-metadata":{"type":"groundtruth/object-detection"}}"#;
        assert!(message(image).contains("no text task"), "{}", message(image));
        let file = r#"{"source-ref":"s3://b/i.txt","J":0,"J-metadata":{"class-name":"x"}}"#;
        assert!(message(file).contains("'source-ref'"), "{}", message(file));
        for broken in
            ["{\"source\": 5}", "5", "{\"source\":\"a\",\"J\":[9],\"J-metadata\":{\"class-map\":{}}}", "{", "[[["]
        {
            assert!(testing::read_text("comprehend-manifest", broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_class_cannot_hold_the_separator() {
        let read =
            testing::read_text("jsonl", "{\"text\":\"a\",\"label\":\"x|y\"}\n{\"text\":\"b\",\"label\":\"z\"}\n")
                .unwrap();
        let (files, losses) = testing::write("comprehend", &read.corpus);
        assert_eq!(losses.kinds[&Loss::Labels].count, 1);
        assert_eq!(files[""], b"x/y,a\nz,b\n");
    }

    proptest! {
        #[test]
        fn round_trip_classes(records in testing::records(CLASSES.holds)) {
            testing::assert_round_trip("comprehend", records);
        }

        #[test]
        fn round_trip_entities(records in testing::records(ENTITIES.holds)) {
            testing::assert_round_trip("comprehend-entities", records);
        }

        #[test]
        fn round_trip_manifest(records in testing::records(MANIFEST.holds)) {
            testing::assert_round_trip("comprehend-manifest", records);
        }
    }
}

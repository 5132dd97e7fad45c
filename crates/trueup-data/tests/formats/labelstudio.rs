//! Label Studio's exports as they are published, counted against an independent count.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use trueup_data::corpus::{Record, Status};
use trueup_data::{Read, ReadOptions, read_corpus, read_label_config};

fn data(file: &str) -> Option<PathBuf> {
    crate::data(&format!("formats/label_studio/{file}"))
}

fn read(file: &str, format: &str) -> Option<Read> {
    let read = read_corpus(&data(file)?, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.format.name(), format, "{file}");
    Some(read)
}

fn message(file: &str) -> Option<String> {
    Some(read_corpus(&data(file)?, &ReadOptions::default()).unwrap_err().to_string())
}

/// The spans of a record's first response: text covered, type.
fn spans(record: &Record) -> Vec<(String, String)> {
    let marks = record.responses[0].answer.spans.as_ref().unwrap();
    marks.iter().map(|m| (record.text()[m.start..m.end].to_owned(), m.label.clone())).collect()
}

/// What the file quotes, read without the reader.
fn quoted(file: &str) -> Vec<Vec<(String, String)>> {
    let text = std::fs::read_to_string(data(file).unwrap()).unwrap();
    let tasks: Vec<Value> = serde_json::from_str(&text).unwrap();
    let of = |result: &Value| {
        let value = &result["value"];
        (value["text"].as_str().unwrap().to_owned(), value["labels"][0].as_str().unwrap().to_owned())
    };
    tasks.iter().map(|t| t["annotations"][0]["result"].as_array().unwrap().iter().map(of).collect()).collect()
}

#[test]
fn the_norwegian_project_is_read_whole() {
    let file = "ner_norwegian/export.37df0f5.json";
    let Some(read) = read(file, "label-studio") else { return };
    let records = &read.corpus.records;
    assert_eq!(records.len(), 5);
    let found: Vec<_> = records.iter().map(spans).collect();
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [14, 22, 30, 25, 24]);
    assert_eq!(found, quoted(file));
    let types: BTreeSet<&str> = found.iter().flatten().map(|(_, label)| label.as_str()).collect();
    assert_eq!(types.len(), 7);
    assert_eq!(read.corpus.outline.declared_spans.len(), 7);
    let people: BTreeSet<_> = records
        .iter()
        .flat_map(|r| &r.responses)
        .filter(|r| r.status == Status::Accepted)
        .map(|r| r.annotator.as_deref())
        .collect();
    assert_eq!(people, [Some("2")].into());
    let drafts = records.iter().flat_map(|r| &r.responses).filter(|r| r.status == Status::Draft);
    assert_eq!(drafts.count(), 1);
    // Predictions are named by their numbers; what they were stands in the annotations that began with them.
    assert!(records.iter().all(|r| r.predictions.len() == 1 && r.predictions[0].model.is_some()));
    // In the last document a mail address was replaced by a longer one: what follows it stands 3 further on, and the
    // address itself is 3 longer.
    let expected = [
        "17 spans do not cover the quoted text: 17 moved to it, 0 left out since it could not be placed (first at document 5)",
        "11 spans of predictions do not cover the quoted text: 11 moved to it, 0 left out since it could not be placed \
         (first at document 5)",
    ];
    assert_eq!(read.notes, expected);
    assert_eq!(read.skipped, []);
    let last = &records[4];
    assert!(spans(last).contains(&("annotator@example.org".to_owned(), "COMM".to_owned())));
}

#[test]
fn the_converters_outputs_hold_the_same_spans() {
    let Some(full) = read("ner_norwegian/export.37df0f5.json", "label-studio") else { return };
    for (file, format) in [
        ("ner_norwegian/converted/json_min.json", "label-studio-min"),
        ("ner_norwegian/converted/result.csv", "label-studio-csv"),
    ] {
        let converted = read(file, format).unwrap();
        assert_eq!(converted.corpus.records.len(), 5, "{file}");
        for (a, b) in full.corpus.records.iter().zip(&converted.corpus.records) {
            let place = |r: &Record| {
                let marks = r.responses[0].answer.spans.as_ref().unwrap();
                marks.iter().map(|m| (m.start, m.end, m.label.clone())).collect::<Vec<_>>()
            };
            assert_eq!((a.id.as_deref(), a.text(), place(a)), (b.id.as_deref(), b.text(), place(b)), "{file}");
            let (a, b) = (&a.responses[0], &b.responses[0]);
            assert_eq!((&a.annotator, &a.id, &a.time, a.seconds), (&b.annotator, &b.id, &b.time, b.seconds), "{file}");
        }
        assert!(
            converted.notes[0].starts_with("17 spans do not cover the quoted text: 17 moved"),
            "{:?}",
            converted.notes
        );
    }
    let earlier = read("ner_norwegian/export.fe6460d.json", "label-studio").unwrap();
    assert_eq!(earlier.corpus.records.iter().map(|r| spans(r).len()).sum::<usize>(), 101);
    assert!(earlier.notes[0].starts_with("12 spans do not cover"), "{:?}", earlier.notes);
}

#[test]
fn ten_answers_an_item_are_kept_apart() {
    for (file, format) in [
        ("choices_rte/export.json", "label-studio"),
        ("choices_rte/json_min.json", "label-studio-min"),
        ("choices_rte/result.csv", "label-studio-csv"),
        ("choices_rte/result.tsv", "label-studio-csv"),
    ] {
        let Some(read) = read(file, format) else { return };
        let records = &read.corpus.records;
        assert_eq!((records.len(), read.corpus.outline.occurs.responses), (30, 300), "{file}");
        assert!(records.iter().all(|r| r.responses.len() == 10 && r.gold.is_none()), "{file}");
        let people: BTreeSet<_> = records.iter().flat_map(|r| &r.responses).map(|r| r.annotator.as_deref()).collect();
        assert_eq!(people.len(), 17, "{file}");
        let yes = records.iter().flat_map(|r| &r.responses).filter(|r| {
            r.answer.labels.as_ref().is_some_and(|l| l.len() == 1 && l[0].label == "entailment" && l[0].field.is_none())
        });
        assert_eq!(yes.count(), YES, "{file}");
        assert_eq!(read.corpus.outline.declared_labels, ["entailment", "not_entailment"], "{file}");
        assert_eq!(read.corpus.outline.several, Some(false), "{file}");
        let value = records[0].value("orig_id").and_then(Value::as_str);
        assert_eq!((value, records[0].text().len()), (Some("266"), 129), "{file}");
    }
}

/// Counted with a search for the word in the export.
const YES: usize = 158;

#[test]
fn files_of_label_studios_own_tests() {
    if let Some(read) = read("from_label_studio_tests/humor_dataset_2_annotations.json", "label-studio") {
        let gold: Vec<_> = read.corpus.records.iter().map(|r| (r.responses.len(), r.gold.is_some())).collect();
        assert_eq!(gold, [(1, true), (1, false)]);
        assert_eq!(read.corpus.records[0].responses[0].annotator.as_deref(), Some("annotator@example.org"));
        assert_eq!(read.corpus.outline.declared_labels, ["Humor", "Not Humor"]);
    }
    if let Some(read) = read("from_label_studio_tests/text_with_2_predictions.json", "label-studio") {
        let models: Vec<_> = read.corpus.records[0].predictions.iter().map(|p| p.model.as_deref()).collect();
        assert_eq!(models, [Some("model_version_A"), Some("model_version_B")]);
    }
    let refused = [
        ("from_label_studio_tests/previous_export.json", vec!["line 1", "not a text task", "'image'"]),
        ("from_label_studio_tests/tasks_annotations_predictions.json", vec!["without 'data'", "2 of 6 records"]),
        ("converter_tests/test_export_json_min/data.json", vec!["not a text task", "polygonlabels"]),
        ("converter_tests/test_export_json_min/data_repeater.json", vec!["not a text task", "rectanglelabels"]),
        ("converter_tests/test_export_csv/csv_test.json", vec!["not a text task", "rectanglelabels"]),
    ];
    for (file, pieces) in refused {
        let Some(message) = message(file) else { return };
        for piece in pieces {
            assert!(message.contains(piece), "{file}: {message}");
        }
    }
}

#[test]
fn configurations_of_the_templates() {
    let labels = |file: &str| {
        let config = read_label_config(&std::fs::read_to_string(data(file)?).unwrap()).unwrap();
        Some((config.controls[0].labels.clone(), config.controls[0].several, config.objects[0].field.clone()))
    };
    let Some(ner) = labels("configs/named-entity-recognition.config.yml") else { return };
    assert_eq!(ner, (["PER", "ORG", "LOC", "MISC"].map(str::to_owned).to_vec(), true, "ner".to_owned()));
    let (mood, several, _) = labels("configs/text-classification.config.yml").unwrap();
    assert_eq!((mood.len(), several), (3, false));
    let (kinds, several, _) = labels("configs/taxonomy.config.xml").unwrap();
    assert_eq!((kinds.len(), kinds[3].as_str(), several), (6, "Eukarya:Human", true));
}

#[test]
fn no_file_of_another_format_is_claimed() {
    let Some(folder) = data("").and_then(|folder| Some(folder.parent()?.parent()?.to_path_buf())) else { return };
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let ours = path.to_string_lossy().contains("label_studio");
            let Ok(read) = read_corpus(&path, &ReadOptions::default()) else { continue };
            let claimed = read.format.name().starts_with("label-studio");
            assert!(!claimed || ours, "{}", path.display());
        }
    }
}

#[test]
fn the_conll_export_is_read_as_conll() {
    if let Some(read) = read("ner_norwegian/converted/result.conll", "conll") {
        assert_eq!(read.corpus.records.len(), 5);
    }
}

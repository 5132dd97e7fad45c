//! Training data of Rasa NLU: intents with their examples, entities marked in the text.
//!
//! The format is that of Rasa's documentation ("Training Data Format"): YAML with a list `nlu`, whose examples mark
//! entities as `[text](type)`, `[text](type:value)` or `[text]{"entity": "type", "role": "from"}`. The older JSON
//! (`rasa_nlu_data`) is read too. An example has one intent; several in one (`a+b`) stay one label.
//!
//! YAML cannot say that an example was looked at for entities and has none. Where that is known, the writer says so in
//! a comment on top ([`ASKED`]); a block that differs says so in its metadata, under [`MARK`].

mod markup;
mod read;
mod write;
mod yaml;

use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Metadata, Spans, Texts};

/// Intents and entities of Rasa NLU.
pub(crate) const SPEC: Spec = Spec {
    name: "rasa",
    aliases: &["rasa-nlu"],
    title: "Rasa NLU training data (YAML, or its older JSON)",
    ending: ".yml",
    holds: Holds {
        texts: Texts::Any,
        spans: Spans::Flat,
        both: true,
        attributes: true,
        metadata: Metadata::Any,
        ..Holds::LABEL
    },
    sniff,
    read: read::read,
    write: Some(write::writer),
    folder: false,
};

/// The key of everything besides examples in the outline's settings.
const SETTINGS: &str = "rasa";
/// The comment that says that all examples were annotated for entities.
const ASKED: &str = "# Every example is annotated for entities.";
/// The key, in the metadata of an intent, of what the block lacks.
const MARK: &str = "trueup";
const NO_INTENT: &str = "no intent";
const NO_ENTITIES: &str = "entities not annotated";
/// The column of what is said of all examples of an intent's block.
const OF_INTENT: &str = "intent_metadata";

fn sniff(head: &Head) -> Confidence {
    if head.json == Json::Object {
        let is_ours = head.objects().any(|o| o.contains_key("rasa_nlu_data"));
        return if is_ours { Confidence::Certain } else { Confidence::No };
    }
    let Some(text) = head.text.filter(|_| head.json == Json::No) else {
        return Confidence::No;
    };
    let has_list = text.lines().any(|line| line.trim_end() == "nlu:");
    let is_section = |line: &str| {
        let line = line.trim_start();
        ["- intent:", "- synonym:", "- lookup:", "- regex:"].iter().any(|start| line.starts_with(start))
    };
    if has_list && text.lines().any(is_section) { Confidence::Certain } else { Confidence::No }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::SPEC;
    use crate::corpus::{Answer, Mark, Record};
    use crate::formats::testing;
    use crate::holds::Loss;
    use crate::read::Read;

    const YAML: &str = r#"version: "3.1"

nlu:
- intent: greet
  examples: |
    - hey
    - hello [there](who)

- intent: faq/book+pay
  metadata:
    source: web
  examples: |
    - from [Zürich]{"entity": "city", "role": "from"} to [NYC]{"entity": "city", "role": "to", "group": "1", "value": "New York"}
    - in [LA](city:Los Angeles) [sic] (not)[a](b) [1]
- intent: "yes"
  examples:
  - text: |
      ok then
    metadata:
      n: 1
      deep: [a, 2.5, null]
  - text: yes [please](word)
- synonym: New York
  examples: |
    - NYC
    - big apple
- lookup: city
  examples: |
    - LA
- regex: zip
  examples: |
    - \d{5}
responses:
  utter_x:
  - text: hi
"#;

    fn read(text: &str) -> Read {
        testing::read_text("rasa", text).unwrap()
    }

    fn gold(read: &Read, i: usize) -> (&str, Vec<(&str, &str, usize)>) {
        let record = &read.corpus.records[i];
        let gold = record.gold.as_ref().unwrap();
        let of = |s: &'_ Mark| (s.start, s.end, s.attributes.len());
        let spans = gold.spans.iter().flatten();
        let label = gold.labels.as_ref().unwrap()[0].label.as_str();
        (label, spans.map(|s| (&record.text()[of(s).0..of(s).1], s.label.as_str(), of(s).2)).collect())
    }

    #[test]
    fn intents_and_entities_are_read_and_the_rest_is_kept() {
        let back = read(YAML);
        assert_eq!(back.skipped, []);
        assert_eq!(gold(&back, 0), ("greet", vec![]));
        assert_eq!(gold(&back, 1), ("greet", vec![("there", "who", 0)]));
        assert_eq!(gold(&back, 2), ("faq/book+pay", vec![("Zürich", "city", 1), ("NYC", "city", 3)]));
        assert_eq!(gold(&back, 3), ("faq/book+pay", vec![("LA", "city", 1), ("a", "b", 0)]));
        assert_eq!(back.corpus.records[3].text(), "in LA [sic] (not)a [1]");
        assert_eq!(gold(&back, 4), ("yes", vec![]));
        assert_eq!(back.corpus.records[4].text(), "ok then");
        let lines: Vec<u64> = back.corpus.records.iter().map(|r| r.place.number).collect();
        assert_eq!(lines, [6, 7, 13, 14, 17, 22]);
        assert_eq!(back.corpus.records[4].metadata.len(), 2);
        assert_eq!(back.corpus.outline.declared_labels, ["greet", "faq/book+pay", "yes"]);
        assert_eq!(back.notes, ["kept beside the examples: 1 lookup, 1 regex, 1 synonym, and the section 'responses'"]);

        let (files, losses) = testing::write("rasa", &back.corpus);
        assert!(losses.is_empty(), "{losses:?}");
        let shown = String::from_utf8(files[""].clone()).unwrap();
        for part in
            ["- synonym: \"New York\"\n  examples: |\n    - NYC\n", "    - hello [there](who)\n", "\\d{5}", "utter_x"]
        {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        let again = read(&shown);
        assert_eq!(testing::bare(again.corpus.records), testing::bare(back.corpus.records), "{shown}");
        assert_eq!(again.corpus.outline.settings, back.corpus.outline.settings);
    }

    #[test]
    fn the_older_json_is_read() {
        let back = read(
            r#"{"rasa_nlu_data": {"regex_features": [], "lookup_tables": [{"name": "l", "elements": "l.txt"}, 5],
            "entity_synonyms": [{"value": "New York", "synonyms": ["NYC", "big apple"]}], "common_examples": [
            {"text": "é in NYC", "intent": "go", "entities": [
                {"start": 5, "end": 8, "value": "New York", "entity": "city", "role": "to"},
                {"start": 5, "end": 99, "value": "x", "entity": "city"}]},
            {"text": "hi", "intent": "greet", "entities": []}, {"text": "only", "entities": []}]}}"#,
        );
        assert_eq!(gold(&back, 0), ("go", vec![("NYC", "city", 2)]));
        assert_eq!(gold(&back, 1), ("greet", vec![]));
        assert_eq!(back.corpus.records[2].gold.as_ref().unwrap().labels, None);
        assert_eq!(back.skipped.len(), 1);
        assert_eq!(back.notes[1], "kept beside the examples: 1 synonym, and the section 'lookup_tables'");
        let (files, _) = testing::write("rasa", &back.corpus);
        let shown = String::from_utf8(files[""].clone()).unwrap();
        assert!(shown.contains("- synonym: \"New York\"\n  examples: |\n    - NYC\n    - big apple\n"), "{shown}");
    }

    #[test]
    fn what_is_wrong_says_where() {
        let message = |text: &str| testing::read_text("rasa", text).unwrap_err().to_string();
        let broken = message("nlu:\n- intent: a\n  examples: |\n    - x\n bad: [\n");
        assert!(broken.starts_with("f: line 5: found broken YAML"), "{broken}");
        assert!(message("version: 1\n").contains("no list 'nlu'"));
        assert!(message("nlu: 5\n").contains("no list 'nlu'"));
        assert!(message("nlu:\n- intent: a\n  examples: 5\n").contains("5 as the examples of 'a'"));
        assert!(message("{\"rasa_nlu_data\": 5}").contains("no list 'common_examples'"));
        let deep = format!("nlu:\n{}", "- ".repeat(100_000));
        assert!(message(&deep).contains("levels"), "{}", message(&deep));
        assert!(testing::read_text("rasa", &format!("nlu: {}", "[".repeat(100_000))).is_err());
        assert!(testing::read_text("rasa", "").is_err());
        let many = (0..60).map(|i| format!("    - t{i}\n")).collect::<Vec<_>>().concat();
        let text = format!(
            "nlu:\n- intent: a\n  examples: |\n    - [x]{{\"role\": 1}}\n    no dash\n    -\n{many}- 5\n- nothing: 1\n"
        );
        let back = read(&text);
        let skipped: Vec<u64> = back.skipped.iter().map(|s| s.line).collect();
        assert_eq!((back.corpus.records.len(), skipped), (60, vec![4, 5, 6, 67]), "{:?}", back.skipped);
    }

    #[test]
    fn what_the_markup_cannot_hold_is_noted() {
        let record = |text: &str, spans: Vec<Mark>| {
            let gold = Answer { labels: Answer::labels(["go"]).labels, ..Answer::spans(spans) };
            Record { text: Some(text.into()), gold: Some(gold), ..Record::default() }
        };
        let mut nested = Mark::new(0, 1, "t");
        nested.attributes = vec![("list".into(), serde_json::json!([{"a": 1}])), ("brace".into(), "a}]b".into())];
        let records = vec![
            record("see [docs](url) now", Vec::new()),
            record("an [odd] one", vec![Mark::new(3, 8, "x")]),
            record(" outer ", Vec::new()),
            record("- dash\nand break", vec![Mark::new(0, 10, "a:b)")]),
            record("x", vec![nested]),
        ];
        let (files, losses) = testing::write("rasa", &testing::corpus_of(records));
        let shown = String::from_utf8(files[""].clone()).unwrap();
        let back = read(&shown);
        let texts: Vec<_> = back.corpus.records.iter().map(Record::text).collect();
        assert_eq!(texts, ["see (docs)(url) now", "an (odd) one", "outer", "- dash\nand break", "x"], "{shown}");
        assert_eq!(gold(&back, 1).1, [("(odd)", "x", 0)]);
        assert_eq!(gold(&back, 3).1, [("- dash\nand", "a:b)", 0)]);
        assert_eq!(gold(&back, 4).1, [("x", "t", 1)]);
        assert_eq!((losses.kinds[&Loss::Text].count, losses.kinds[&Loss::Attributes].count), (3, 1), "{losses:?}");
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(SPEC.holds)) {
            testing::assert_round_trip("rasa", records);
        }

        #[test]
        fn no_markup_panics(text in "[\\[\\](){}a:é\" ]{0,40}") {
            let _ = super::markup::parse(&text);
            let record = Record { text: Some(text), gold: Some(Answer::labels(["x"])), ..Record::default() };
            let (files, _) = testing::write("rasa", &testing::corpus_of(vec![record.clone(), record]));
            let _ = testing::read_text("rasa", &String::from_utf8(files[""].clone()).unwrap());
        }
    }
}

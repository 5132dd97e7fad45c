//! Examples as JSON lines for a program.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};
use trueup_core::{Annotation, Example, LabelSet};

/// The ids that the program gets: those of the examples, or their numbers from 1 where ids repeat.
pub(super) fn ids(examples: &[&Example]) -> Vec<String> {
    let distinct: BTreeSet<&str> = examples.iter().map(|example| example.id.as_str()).collect();
    if distinct.len() == examples.len() {
        examples.iter().map(|example| example.id.clone()).collect()
    } else {
        (1..=examples.len()).map(|number| number.to_string()).collect()
    }
}

/// A line an example: id, text and metadata. A column named like one of the first two stays out.
pub(super) fn without_gold(ids: &[String], columns: &[String], examples: &[&Example]) -> String {
    let lines = examples.iter().zip(ids).map(|(example, id)| line(id, example, columns, None));
    lines.collect()
}

/// The same with the reference answer.
pub(super) fn with_gold(labels: &LabelSet, columns: &[String], examples: &[&Example]) -> String {
    let ids = ids(examples);
    examples.iter().zip(&ids).map(|(example, id)| line(id, example, columns, Some(labels))).collect()
}

fn line(id: &str, example: &Example, columns: &[String], labels: Option<&LabelSet>) -> String {
    let mut map = Map::new();
    map.insert("id".to_owned(), id.into());
    map.insert("text".to_owned(), example.text.as_str().into());
    if let Some(labels) = labels {
        let (name, value) = answer(example, labels);
        map.insert(name.to_owned(), value);
    }
    let named = columns.iter().map(String::as_str).zip(&example.metadata);
    // An answer that stands in a column is no business of the model.
    let free = named.filter(|(name, _)| !["label", "labels", "spans"].contains(name));
    for (name, value) in free {
        if !map.contains_key(name) {
            map.insert(name.to_owned(), value.as_str().into());
        }
    }
    Value::Object(map).to_string() + "\n"
}

fn answer(example: &Example, labels: &LabelSet) -> (&'static str, Value) {
    let name = |label: u32| Value::from(labels.name(label));
    match &example.gold {
        Annotation::Label(label) => ("label", name(*label)),
        Annotation::Labels(all) => ("labels", all.iter().map(|&label| name(label)).collect()),
        Annotation::Spans(spans) => {
            let offsets = Offsets::new(&example.text, OffsetUnit::CodePoint);
            let point = |byte: u32| Value::from(offsets.from_byte(byte as usize).unwrap_or_default());
            let span = |span: &trueup_core::Span| {
                let pairs = [("start", point(span.start)), ("end", point(span.end)), ("label", name(span.label))];
                Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            };
            ("spans", spans.iter().map(span).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trueup_core::Span;

    fn example(id: &str, gold: Annotation) -> Example {
        Example {
            id: id.into(),
            text: "😀 \"Ann\"\n".into(),
            gold,
            tokens: vec![],
            group: None,
            time: None,
            metadata: vec!["mail".into(), "b".into()],
            line: 1,
        }
    }

    #[test]
    fn a_line_holds_id_text_and_metadata_and_gold_for_training_alone() {
        let labels = LabelSet::new(["PER", "b"]);
        let one = example("7", Annotation::Spans(vec![Span { start: 6, end: 9, label: 0 }]));
        let columns = ["channel".to_owned(), "label".to_owned()];
        assert_eq!(
            without_gold(&ids(&[&one]), &columns, &[&one]),
            "{\"id\":\"7\",\"text\":\"😀 \\\"Ann\\\"\\n\",\"channel\":\"mail\"}\n"
        );
        let trained = with_gold(&labels, &columns, &[&one]);
        assert!(trained.contains("\"spans\":[{\"start\":3,\"end\":6,\"label\":\"PER\"}],\"channel\""), "{trained}");
        let set = example("7", Annotation::Labels(vec![1]));
        assert!(with_gold(&labels, &[], &[&set]).contains("\"labels\":[\"b\"]"));
        assert_eq!(ids(&[&one, &set]), ["1", "2"], "repeated ids give way to numbers");
    }
}

//! Examples become records again, for the readers that still make data sets.

use serde_json::Value;
use trueup_core::{Annotation, Dataset};

use crate::corpus::{Answer, Choice, Key, Mark, Place, Record, TokenMark};
use crate::error::DataError;
use crate::reading::Reading;

/// Hands the examples of a data set on as records.
pub(crate) fn records(data: Dataset, ids: bool, reading: &mut Reading) -> Result<(), DataError> {
    let columns: Vec<Key> = data.columns.iter().map(|c| c.as_str().into()).collect();
    let tags: Vec<Key> = data.tags.iter().map(|t| t.as_str().into()).collect();
    if data.examples.iter().any(|e| e.group.is_some()) {
        reading.outline.group = Some("group".into());
    }
    for example in data.examples {
        let name = |label: u32| data.labels.name(label).to_owned();
        let choices =
            |labels: &[u32]| labels.iter().map(|&l| Choice { label: name(l), ..Choice::default() }).collect::<Vec<_>>();
        let gold = match &example.gold {
            Annotation::Label(label) => Answer { labels: Some(choices(&[*label])), ..Answer::default() },
            Annotation::Labels(labels) => Answer { labels: Some(choices(labels)), ..Answer::default() },
            Annotation::Spans(spans) => Answer::spans(
                spans.iter().map(|s| Mark::new(s.start as usize, s.end as usize, name(s.label))).collect(),
            ),
        };
        let tokens = example.tokens.iter().map(|t| TokenMark {
            start: t.start as usize,
            end: t.end as usize,
            tag: t.tag.map(|tag| tags[tag as usize].clone()),
            columns: Box::default(),
        });
        let mut metadata: Vec<(Key, Value)> =
            columns.iter().cloned().zip(example.metadata.into_iter().map(Value::String)).collect();
        metadata.extend(example.group.map(|group| ("group".into(), Value::String(group))));
        reading.push(Record {
            id: ids.then_some(example.id),
            place: Place::line(example.line),
            text: data.has_text.then_some(example.text),
            tokens: tokens.collect(),
            gold: Some(gold),
            metadata,
            ..Record::default()
        })?;
    }
    Ok(())
}

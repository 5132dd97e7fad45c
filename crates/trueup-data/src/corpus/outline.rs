//! What is true of a whole input: what it declares and what occurs in it. A writer knows it before the first record.

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::{Key, Record};

/// What an input declares and what occurs in its records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outline {
    /// Labels of texts that the input declares, in its order, whether they occur or not; ids of labels count this order.
    pub declared_labels: Vec<String>,
    /// Types of spans that the input declares, in its order.
    pub declared_spans: Vec<String>,
    /// Whether a text may have several labels; `None` when the input does not say.
    pub several: Option<bool>,
    /// Metadata columns by first occurrence.
    pub columns: Vec<Key>,
    /// The column of the group (source, author, document), where the format says it itself.
    pub group: Option<Key>,
    /// The column of the time, where the format says it itself.
    pub time: Option<Key>,
    /// Settings of the project as a whole (its name, language, configuration), for a writer of the same format.
    pub settings: Vec<(Key, Value)>,
    /// What occurs.
    pub occurs: Occurs,
    /// Names of the token columns besides token and tag, in order, where the format names them.
    pub token_columns: Vec<Key>,
    seen_columns: FxHashSet<Key>,
}

/// How many records have what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occurs {
    /// Records.
    pub records: u64,
    /// Records with an id.
    pub ids: u64,
    /// Records with a text.
    pub texts: u64,
    /// Records with tokens.
    pub tokens: u64,
    /// Records with a split.
    pub splits: u64,
    /// Records with gold.
    pub gold: u64,
    /// Answers (gold, responses and predictions) that hold labels, even none.
    pub labels: u64,
    /// Of these, answers with another number of labels than one.
    pub not_one: u64,
    /// Answers that hold spans, even none.
    pub spans: u64,
    /// Responses.
    pub responses: u64,
    /// Predictions.
    pub predictions: u64,
}

impl Outline {
    /// Takes a record into account.
    pub fn see(&mut self, record: &Record) {
        let o = &mut self.occurs;
        o.records += 1;
        o.ids += u64::from(record.id.is_some());
        o.texts += u64::from(record.text.is_some());
        o.tokens += u64::from(!record.tokens.is_empty());
        o.splits += u64::from(record.split.is_some());
        o.gold += u64::from(record.gold.is_some());
        o.responses += record.responses.len() as u64;
        o.predictions += record.predictions.len() as u64;
        for answer in record.answers() {
            if let Some(labels) = &answer.labels {
                o.labels += 1;
                o.not_one += u64::from(labels.len() != 1);
            }
            o.spans += u64::from(answer.spans.is_some());
        }
        for (key, _) in &record.metadata {
            if !self.seen_columns.contains(key) {
                self.seen_columns.insert(key.clone());
                self.columns.push(key.clone());
            }
        }
    }

    /// Whether texts may have several labels: as declared, else as it occurs.
    pub fn is_multilabel(&self) -> bool {
        self.several.unwrap_or(self.occurs.not_one > 0)
    }

    /// The value of a setting.
    pub fn setting(&self, name: &str) -> Option<&Value> {
        self.settings.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    /// Declares a label of texts, once.
    pub fn declare_label(&mut self, label: &str) {
        if !self.declared_labels.iter().any(|known| known == label) {
            self.declared_labels.push(label.to_owned());
        }
    }

    /// Declares a type of spans, once.
    pub fn declare_span(&mut self, label: &str) {
        if !self.declared_spans.iter().any(|known| known == label) {
            self.declared_spans.push(label.to_owned());
        }
    }
}

//! What is true of a whole input: what it declares and what occurs in it. A writer knows it before the first record.

use rustc_hash::{FxHashMap, FxHashSet};
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
    /// The metadata column of the source, author or document, where the reader knows it.
    pub group: Option<Key>,
    /// The metadata column of the time, where the reader knows it.
    pub time: Option<Key>,
    /// Files of a project's folder that the project does not list.
    pub unlisted: u64,
    /// Settings of the project as a whole (its name, language, configuration), for a writer of the same format.
    pub settings: Vec<(Key, Value)>,
    /// What occurs.
    pub occurs: Occurs,
    /// Names of the token columns besides token and tag, in order, where the format names them.
    pub token_columns: Vec<Key>,
    seen_columns: FxHashSet<Key>,
    labels: FxHashMap<String, u64>,
    span_labels: FxHashMap<String, u64>,
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
    /// Answers that hold labels and spans.
    pub both: u64,
    /// Spans in all answers.
    pub marks: u64,
    /// Answers with a span that has an id.
    pub span_ids: u64,
    /// Answers with relations.
    pub relations: u64,
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
                labels.iter().for_each(|choice| add(&mut self.labels, &choice.label));
            }
            if let Some(spans) = &answer.spans {
                o.spans += 1;
                spans.iter().for_each(|mark| add(&mut self.span_labels, &mark.label));
            }
            o.both += u64::from(answer.labels.is_some() && answer.spans.is_some());
            o.marks += answer.spans.as_ref().map_or(0, Vec::len) as u64;
            o.span_ids += u64::from(answer.spans.iter().flatten().any(|mark| mark.id.is_some()));
            o.relations += u64::from(!answer.relations.is_empty());
        }
        for (key, _) in &record.metadata {
            if !self.seen_columns.contains(key) {
                self.seen_columns.insert(key.clone());
                self.columns.push(key.clone());
            }
        }
    }

    /// The labels of texts that occur in any answer, sorted, with how often.
    pub fn labels(&self) -> Vec<(&str, u64)> {
        sorted(&self.labels)
    }

    /// The types of spans that occur in any answer, sorted, with how often.
    pub fn span_labels(&self) -> Vec<(&str, u64)> {
        sorted(&self.span_labels)
    }

    /// Whether texts may have several labels: as declared, else as it occurs.
    pub fn is_multilabel(&self) -> bool {
        self.several.unwrap_or(self.occurs.not_one > 0)
    }

    /// The labels of texts: those declared, and those that occur beside them.
    pub fn all_labels(&self) -> Vec<String> {
        let declared: FxHashSet<&str> = self.declared_labels.iter().map(String::as_str).collect();
        let others = self.labels().into_iter().map(|(label, _)| label).filter(|label| !declared.contains(label));
        self.declared_labels.iter().map(String::as_str).chain(others).map(str::to_owned).collect()
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

fn add(counts: &mut FxHashMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

fn sorted(counts: &FxHashMap<String, u64>) -> Vec<(&str, u64)> {
    let mut all: Vec<(&str, u64)> = counts.iter().map(|(name, &count)| (name.as_str(), count)).collect();
    all.sort_unstable();
    all
}

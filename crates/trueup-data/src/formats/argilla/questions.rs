//! What kind each question of a project is, which its records tell only by their answers.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value};

use super::{COMMENT, LABEL};
use crate::columns::LABEL_NAMES;

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One label.
    Label,
    /// A set of labels.
    Labels,
    /// Spans.
    Spans,
    /// A remark in words, which every answer of the hub can hold.
    Comment,
    /// Free text, a rating, a ranking.
    Other,
}

/// A question.
#[derive(Debug)]
pub(super) struct Question {
    pub name: String,
    pub kind: Kind,
    /// The kind in words, for messages.
    pub words: &'static str,
}

/// The questions of a project in order of first occurrence.
#[derive(Debug, Default)]
pub(super) struct Questions {
    pub all: Vec<Question>,
    /// The only question of labels, where there is one; else answers say which one they belong to.
    pub label: Option<String>,
    /// The only question of spans.
    pub spans: Option<String>,
    kinds: FxHashMap<String, Kind>,
}

/// What was answered to a question.
#[derive(Default)]
struct Seen {
    words: usize,
    long: usize,
    distinct: FxHashSet<String>,
    lists: usize,
    empty: usize,
    spans: usize,
    numbers: usize,
    others: usize,
}

/// A label is at most this long, and one line.
const LABEL_CHARS: usize = 80;
/// A question with at most this many distinct words is one of labels.
const FEW: usize = 20;

impl Seen {
    fn see(&mut self, value: &Value) {
        match value {
            Value::String(word) => {
                self.words += 1;
                self.long += usize::from(word.contains('\n') || word.chars().nth(LABEL_CHARS).is_some());
                if !self.distinct.contains(word) {
                    self.distinct.insert(word.clone());
                }
            }
            Value::Number(_) | Value::Bool(_) => self.numbers += 1,
            Value::Array(items) if items.is_empty() => self.empty += 1,
            Value::Array(items) if items.iter().all(|i| i.get("start").is_some() && i.get("label").is_some()) => {
                self.spans += 1;
            }
            Value::Array(items) if items.iter().all(Value::is_string) => self.lists += 1,
            _ => self.others += 1,
        }
    }

    fn kind(&self, name: &str) -> (Kind, &'static str) {
        let usual = LABEL_NAMES.contains(&name.to_lowercase().as_str());
        let few = self.distinct.len() <= FEW.max(self.words / 4);
        let about_spans = ["span", "entit", "ner"].iter().any(|part| name.to_lowercase().contains(part));
        match () {
            () if self.others > 0 => (Kind::Other, "a ranking or the like"),
            () if self.spans > 0 && self.words + self.lists + self.numbers == 0 => (Kind::Spans, "spans"),
            () if self.spans > 0 => (Kind::Other, "answers of several kinds"),
            () if self.lists > 0 && self.numbers == 0 => (Kind::Labels, "sets of labels"),
            () if self.words > 0 && self.numbers > 0 => (Kind::Other, "answers of several kinds"),
            () if self.words > 0 && name == COMMENT => (Kind::Comment, "a remark"),
            () if self.words > 0 && (usual || few) && self.long == 0 && self.empty > 0 => (Kind::Labels, "labels"),
            () if self.words > 0 && (usual || few) && self.long == 0 => (Kind::Label, "a label"),
            () if self.words > 0 => (Kind::Other, "free text"),
            () if self.numbers > 0 => (Kind::Other, "a rating"),
            () if about_spans => (Kind::Spans, "spans"),
            () => (Kind::Labels, "sets of labels"),
        }
    }
}

impl Questions {
    /// Looks at every answer and suggestion.
    pub fn of<'a>(values: impl Iterator<Item = (&'a str, &'a Value)>) -> Self {
        let mut names: Map<String, Value> = Map::new();
        let mut seen: Vec<Seen> = Vec::new();
        for (name, value) in values {
            let at = if let Some(at) = names.get(name).and_then(Value::as_u64) {
                at as usize
            } else {
                names.insert(name.to_owned(), Value::from(seen.len()));
                seen.push(Seen::default());
                seen.len() - 1
            };
            seen[at].see(value);
        }
        let question = |((name, _), seen): ((String, Value), Seen)| {
            let (kind, words) = seen.kind(&name);
            Question { name, kind, words }
        };
        let all: Vec<Question> = names.into_iter().zip(seen).map(question).collect();
        let kinds = all.iter().map(|q| (q.name.clone(), q.kind)).collect();
        let only = |kinds: &[Kind]| {
            let mut named = all.iter().filter(|q| kinds.contains(&q.kind)).map(|q| q.name.clone());
            named.next().filter(|_| named.next().is_none())
        };
        let (label, spans) = (only(&[Kind::Label, Kind::Labels]), only(&[Kind::Spans]));
        Self { all, label, spans, kinds }
    }

    /// The kind of a question.
    pub fn kind(&self, name: &str) -> Kind {
        self.kinds.get(name).copied().unwrap_or(Kind::Other)
    }

    /// The names of the questions of these kinds.
    pub fn named(&self, kinds: &[Kind]) -> Vec<&str> {
        self.all.iter().filter(|q| kinds.contains(&q.kind)).map(|q| q.name.as_str()).collect()
    }
}

/// The question of labels for answers that name none: the file's own, else the usual name.
pub(super) fn usual_label(setting: Option<&Value>) -> String {
    setting.and_then(|s| s.get("label")).and_then(Value::as_str).unwrap_or(LABEL).to_owned()
}

//! Categories: in spaCy every label of a file has a number for every text, 1 where it holds and 0 where it does not.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use crate::corpus::{Answer, Choice, Outline, Place, Prediction, Record};
use crate::error::quote;
use crate::holds::{Loss, Losses};
use crate::options::count;
use crate::reading::Reading;

/// Documents whose categories lie between 0 and 1.
#[derive(Debug, Default)]
pub(super) struct Predicted(usize, Option<Place>);

impl Predicted {
    /// Counts one.
    pub fn add(&mut self, place: &Place) {
        self.0 += 1;
        self.1.get_or_insert_with(|| place.clone());
    }

    /// Says how many there were.
    pub fn note(&self, reading: &mut Reading) {
        if let Some(place) = &self.1 {
            let n = count(self.0, "text");
            reading
                .note(format!("{n} with categories between 0 and 1: read as the answer of a model (first at {place})"));
        }
    }
}

/// The number of a category, or a truth value as one.
pub(super) fn number(value: &Value) -> Result<Option<f64>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(yes) => Ok(Some(f64::from(u8::from(*yes)))),
        other => other.as_f64().map(Some).ok_or_else(|| crate::json::shape(other)),
    }
}

/// The categories of a text: labels where all are 0 or 1, else what a model answered. `asked` tells whether a text of no
/// category at all has an empty set of labels.
pub(super) fn read<'a>(
    values: impl Iterator<Item = (&'a str, Result<Option<f64>, String>)>,
    asked: bool,
    known: &mut FxHashSet<String>,
    reading: &mut Reading,
) -> Result<(Option<Vec<Choice>>, Option<Prediction>), String> {
    let mut cats: Vec<(&str, f64)> = Vec::new();
    let mut named: FxHashSet<&str> = FxHashSet::default();
    for (label, value) in values {
        if !named.insert(label) {
            return Err(format!("the category '{}' twice", quote(label)));
        }
        match value {
            Ok(Some(value)) if (0.0..=1.0).contains(&value) => cats.push((label, value)),
            Ok(None) => {}
            Ok(Some(value)) => return Err(format!("{value} for the category '{}'", quote(label))),
            Err(found) => return Err(format!("{found} for the category '{}'", quote(label))),
        }
    }
    for (label, _) in &cats {
        if !known.contains(*label) {
            known.insert((*label).to_owned());
            reading.outline.declared_labels.push((*label).to_owned());
        }
    }
    let chosen = |least: f64, score: bool| {
        let one = |&(label, value): &(&str, f64)| Choice {
            label: label.to_owned(),
            field: None,
            score: score.then_some(value),
        };
        cats.iter().filter(|&&(_, value)| value >= least).map(one).collect::<Vec<_>>()
    };
    // The two are exact in every spelling.
    if cats.iter().all(|&(_, value)| value <= 0.0 || value >= 1.0) {
        return Ok(((!cats.is_empty() || asked).then(|| chosen(1.0, false)), None));
    }
    let prediction = Prediction {
        answer: Answer { labels: Some(chosen(0.5, true)), ..Answer::default() },
        scores: cats.iter().map(|&(label, value)| (label.to_owned(), value)).collect(),
        ..Prediction::default()
    };
    Ok((None, Some(prediction)))
}

/// The labels of a file that is written: those declared in their order, then the others by name.
#[derive(Debug, Default)]
pub(super) struct Labels {
    names: Vec<String>,
    declared: usize,
    ids: FxHashMap<String, usize>,
}

impl Labels {
    /// With those that the input declares.
    pub fn new(outline: &Outline) -> Self {
        let mut labels = Self::default();
        outline.declared_labels.iter().for_each(|label| {
            labels.id(label);
        });
        labels.declared = labels.names.len();
        labels
    }

    fn id(&mut self, label: &str) -> usize {
        if let Some(&id) = self.ids.get(label) {
            return id;
        }
        self.ids.insert(label.to_owned(), self.names.len());
        self.names.push(label.to_owned());
        self.names.len() - 1
    }

    /// The numbers of a record's labels.
    pub fn of(&mut self, record: &Record, losses: &mut Losses) -> Option<Vec<usize>> {
        let choices = record.gold.as_ref()?.labels.as_ref()?;
        if choices.iter().any(|choice| choice.field.is_some()) {
            losses.add(Loss::Fields, &record.place, || "the question a label belongs to".to_owned());
        }
        Some(choices.iter().map(|choice| self.id(&choice.label)).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The numbers of all labels in the order in which they are written.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order[self.declared..].sort_unstable_by_key(|&id| &self.names[id]);
        order
    }

    /// Every label, in that order, with whether it is one of `chosen`.
    pub fn values<'a>(&'a self, order: &'a [usize], chosen: &[usize]) -> impl Iterator<Item = (&'a str, bool)> {
        let mut holds = vec![false; self.names.len()];
        chosen.iter().for_each(|&id| holds[id] = true);
        order.iter().map(move |&id| (self.names[id].as_str(), holds[id]))
    }
}

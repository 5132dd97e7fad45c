//! The categories of single labels: names, ranks or numbers.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use trueup_core::agreement::{Distance, Level, Weights};
use trueup_data::Read;

use super::AgreementOptions;
use super::answers::Answers;
use crate::error::Error;

/// From so many distinct numbers on, labels that all are numbers are taken for ratings.
const MANY_NUMBERS: usize = 6;

/// The categories and what they are.
pub(super) struct Scale {
    pub level: Level,
    /// Names by category, in order.
    pub names: Vec<String>,
    /// Values by category, where all labels are numbers.
    pub values: Option<Vec<f64>>,
    of: FxHashMap<String, u32>,
}

impl Scale {
    /// The scale of the labels that annotators gave.
    pub fn new(
        answers: &Answers,
        read: &Read,
        options: &AgreementOptions,
        notes: &mut Vec<String>,
    ) -> Result<Self, Error> {
        let labels: BTreeSet<&str> = answers
            .items
            .iter()
            .flat_map(|item| &item.answers)
            .flat_map(|(_, answer)| answers.labels(answer).unwrap_or_default())
            .collect();
        let number = |label: &&str| label.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let numbers: Option<Vec<f64>> = labels.iter().map(number).collect();
        let numbers = numbers.filter(|_| options.read.label_names.is_none());
        let distinct = numbers.clone().map_or(0, |mut all| {
            all.sort_by(f64::total_cmp);
            all.dedup();
            all.len()
        });
        let level = options.level.unwrap_or(if distinct >= MANY_NUMBERS { Level::Interval } else { Level::Nominal });
        if options.level.is_none() && level == Level::Interval {
            notes.push(format!(
                "all {distinct} labels are numbers: taken for ratings, whose differences count; --level nominal if they \
                 are names, --level ordinal if they are ranks"
            ));
        }
        if level == Level::Nominal {
            return Ok(Self::named(level, labels.into_iter().map(str::to_owned).collect()));
        }
        if let Some(numbers) = numbers {
            // 05 and 5 are one value, and so are -0 and 0.
            let mut pairs: Vec<(f64, &str)> = numbers.iter().map(|n| n + 0.0).zip(labels).collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
            let mut scale = Self { level, names: Vec::new(), values: Some(Vec::new()), of: FxHashMap::default() };
            for (value, name) in pairs {
                let values = scale.values.get_or_insert_default();
                if values.last().is_none_or(|last| last.total_cmp(&value).is_ne()) {
                    values.push(value);
                    scale.names.push(value.to_string());
                }
                scale.of.insert(name.to_owned(), values.len() as u32 - 1);
            }
            return Ok(scale);
        }
        let declared = &read.corpus.outline.declared_labels;
        if level == Level::Ordinal && labels.iter().all(|label| declared.iter().any(|d| d == label)) {
            let order = declared.iter().filter(|d| labels.contains(d.as_str())).cloned().collect();
            notes.push("ranks are in the order in which the file declares the labels".to_owned());
            return Ok(Self::named(level, order));
        }
        let odd = labels.iter().find(|label| number(label).is_none()).map_or("", |label| *label);
        Err(Error::Option {
            option: "--level",
            found: level.name().to_owned(),
            valid: match level {
                Level::Ordinal => {
                    format!("ranks are numbers, or labels that the file declares in order; '{odd}' is neither")
                }
                _ => format!("the labels have to be numbers; '{odd}' is none"),
            },
        })
    }

    fn named(level: Level, names: Vec<String>) -> Self {
        let of = names.iter().enumerate().map(|(c, name)| (name.clone(), c as u32)).collect();
        Self { level, names, values: None, of }
    }

    /// The category of a label; `None` of one that no annotator gave.
    pub fn category(&self, label: &str) -> Option<u32> {
        if let Some(&category) = self.of.get(label) {
            return Some(category);
        }
        let number: f64 = label.trim().parse().ok()?;
        self.values.as_ref()?.iter().position(|v| v.total_cmp(&(number + 0.0)).is_eq()).map(|c| c as u32)
    }

    /// The distance for alpha.
    pub fn distance(&self) -> Distance {
        match (self.level, &self.values) {
            (Level::Nominal, _) => Distance::Nominal,
            (Level::Interval, Some(values)) => Distance::Interval(values.clone()),
            _ => Distance::Ordinal,
        }
    }

    /// The weights for kappa: none of names, squares of ranks or values.
    pub fn weights(&self) -> Weights {
        match (self.level, &self.values) {
            (Level::Nominal, _) => Weights::Plain,
            (Level::Interval, Some(values)) => Weights::Quadratic(values.clone()),
            _ => Weights::Quadratic((0..self.names.len()).map(|c| c as f64).collect()),
        }
    }
}

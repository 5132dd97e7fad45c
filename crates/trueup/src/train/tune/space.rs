//! What is tried: for each learner the settings that matter, in the order in which they are moved.

use std::collections::BTreeMap;

use super::Mattered;
use crate::train::Learner;

/// Settings that are moved together, with the values to try in turn.
pub(super) struct Line {
    names: &'static [&'static str],
    values: &'static [&'static [&'static str]],
}

/// Names and values of one step.
pub(super) type Step = Vec<(&'static str, &'static str)>;

/// Strength of the penalty first, for it depends on the data most; then what the features are; then the rest, and the
/// penalty once more beside where it came to stand.
const LINEAR: &[Line] = &[
    Line { names: &["l2"], values: &[&["0.2"], &["0.0125"], &["0.8"], &["0.003"]] },
    Line {
        names: &["word_ngrams", "char_ngrams"],
        values: &[
            &["1-2", "none"],
            &["none", "2-5"],
            &["1-1", "2-5"],
            &["1-3", "2-5"],
            &["1-2", "3-6"],
            &["1-2", "1-4"],
        ],
    },
    Line { names: &["class_weights"], values: &[&["balanced"]] },
    Line { names: &["min_df"], values: &[&["1"], &["3"]] },
    Line { names: &["l2"], values: &[&["0.1"], &["0.025"], &["0.4"], &["0.006"], &["1.6"]] },
    Line { names: &["epochs"], values: &[&["16"]] },
];

const CRF: &[Line] = &[
    Line { names: &["l2"], values: &[&["0.001"], &["0.00001"], &["0.003"]] },
    Line { names: &["learning_rate"], values: &[&["0.1"], &["0.025"]] },
    Line { names: &["epochs"], values: &[&["20"]] },
    Line { names: &["keep", "prune_after"], values: &[&["1", "3"], &["0.4", "3"]] },
    Line { names: &["min_count"], values: &[&["2"]] },
    Line { names: &["l2"], values: &[&["0.0003"], &["0.01"]] },
];

/// The lines along which a learner is tuned.
pub(super) fn lines(learner: &Learner) -> &'static [Line] {
    match learner {
        Learner::Linear(_) | Learner::Adapted(..) => LINEAR,
        Learner::Crf(_) => CRF,
        Learner::Program(_) => &[],
    }
}

impl Line {
    /// Where settings stand on it.
    pub fn here(&self, settings: &BTreeMap<String, String>, learner: &Learner) -> String {
        let defaults = learner.describe();
        let value = |name: &&str| settings.get(*name).or_else(|| defaults.get(*name)).cloned().unwrap_or_default();
        let pairs: Vec<String> = self.names.iter().map(|name| format!("{name}={}", value(name))).collect();
        pairs.join(" ")
    }

    /// The steps from there.
    pub fn steps(&self, settings: &BTreeMap<String, String>, learner: &Learner) -> Vec<Step> {
        let here = self.here(settings, learner);
        let steps = self.values.iter().map(|values| self.names.iter().copied().zip(values.iter().copied()).collect());
        steps.filter(|step: &Step| shown(step) != here).collect()
    }
}

/// A step in words: `l2=0.1`.
pub(super) fn shown(step: &Step) -> String {
    step.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// Settings after a step; what is as the defaults have it is left out.
pub(super) fn moved(settings: &BTreeMap<String, String>, step: &Step, learner: &Learner) -> BTreeMap<String, String> {
    let defaults = learner.describe();
    let mut settings = settings.clone();
    for (name, value) in step {
        settings.insert((*name).to_owned(), (*value).to_owned());
    }
    settings.retain(|name, value| defaults.get(name) != Some(value));
    settings
}

/// How much the settings of a line mattered, of what was seen along it.
pub(super) fn range(line: &Line, seen: &[(String, f64)]) -> Option<Mattered> {
    if seen.len() < 2 {
        return None;
    }
    let best = seen.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let worst = seen.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Mattered {
        setting: line.names.join(" and "),
        best: best.0.clone(),
        worst: worst.0.clone(),
        range: best.1 - worst.1,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use trueup_model::crf::CrfParams;
    use trueup_model::linear::LinearParams;

    #[test]
    fn every_value_that_is_tried_is_valid() {
        for learner in [Learner::Linear(LinearParams::default()), Learner::Crf(CrfParams::default())] {
            for line in lines(&learner) {
                let steps = line.steps(&BTreeMap::new(), &learner);
                assert!(!steps.is_empty());
                for step in steps {
                    let mut learner = learner.clone();
                    step.iter().for_each(|(name, value)| learner.set(name, value).unwrap());
                }
            }
        }
    }

    #[test]
    fn a_step_back_to_the_defaults_leaves_nothing() {
        let learner = Learner::Linear(LinearParams::default());
        let there = moved(&BTreeMap::new(), &vec![("l2", "0.1")], &learner);
        assert_eq!(there, BTreeMap::from([("l2".to_owned(), "0.1".to_owned())]));
        assert!(moved(&there, &vec![("l2", "0.05")], &learner).is_empty());
    }
}

//! Settings of learners by name, as they are typed (`--set l2=0.1`), recorded and tuned.

use std::collections::BTreeMap;

use trueup_model::crf::{CrfParams, Optimiser};
use trueup_model::linear::{Calibration, ClassWeights, LinearParams};

use super::Learner;
use crate::error::Error;

impl Learner {
    /// Changes a setting.
    ///
    /// # Errors
    ///
    /// When the learner has no such setting, or it cannot be that.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let kind = self.name();
        let result = match self {
            Self::Linear(params) | Self::Adapted(_, params) => linear(params, name, value),
            Self::Crf(params) => crf(params, name, value),
            Self::Program(_) => {
                let valid = "a program has no settings: its commands say what it does".to_owned();
                return Err(Error::Option { option: "--set", found: name.to_owned(), valid });
            }
        };
        result.map_err(|wrong| match wrong {
            Wrong::Name => {
                let known: Vec<String> =
                    self.describe().into_keys().filter(|name| !GIVEN.contains(&name.as_str())).collect();
                let valid = format!("the settings of {kind} are {}", known.join(", "));
                Error::Option { option: "--set", found: name.to_owned(), valid }
            }
            Wrong::Value(valid) => {
                Error::Option { option: "--set", found: format!("{name}={value}"), valid: format!("{name} is {valid}") }
            }
        })
    }
}

/// What is described and has options of its own.
const GIVEN: [&str; 5] = ["seed", "temperature", "metadata", "gazetteer", "clusters"];

/// What is wrong with a setting.
enum Wrong {
    Name,
    Value(&'static str),
}

fn linear(params: &mut LinearParams, name: &str, value: &str) -> Result<(), Wrong> {
    match name {
        "epochs" => params.epochs = whole(value)?,
        "patience" => params.patience = whole(value)?,
        "tolerance" => params.tolerance = number(value, 0.0)?,
        "l2" => params.l2 = number(value, f64::MIN_POSITIVE)?,
        "l1" => params.l1 = number(value, 0.0)?,
        "class_weights" => {
            params.class_weights = match value {
                "equal" => ClassWeights::Equal,
                "balanced" => ClassWeights::Balanced,
                _ => ClassWeights::ByLabel(weights(value)?),
            }
        }
        "calibration" => {
            let valid = Wrong::Value("none, temperature, platt or isotonic");
            params.calibration = Calibration::named(value).ok_or(valid)?;
        }
        "prune" => params.prune = number(value, 0.0)?,
        "word_ngrams" => params.word_ngrams = range(value)?,
        "char_ngrams" => params.char_ngrams = range(value)?,
        "min_df" => params.min_df = whole(value)?,
        "hashing" => {
            let valid = Wrong::Value("none, or a number of bits from 10 to 24");
            params.hashing = if value == "none" {
                None
            } else {
                Some(value.parse().ok().filter(|bits| (10..=24).contains(bits)).ok_or(valid)?)
            };
        }
        _ => return Err(Wrong::Name),
    }
    Ok(())
}

/// `fraud=5,ham=1`; a label may hold equals signs.
fn weights(value: &str) -> Result<BTreeMap<String, f64>, Wrong> {
    let one = |pair: &str| {
        let (label, weight) = pair.rsplit_once('=')?;
        Some((label.to_owned(), weight.parse().ok().filter(|w: &f64| w.is_finite() && *w > 0.0)?))
    };
    let all = value.split(',').map(one).collect::<Option<_>>();
    all.ok_or(Wrong::Value("equal, balanced, or LABEL=NUMBER with numbers above 0, several separated by commas"))
}

fn crf(params: &mut CrfParams, name: &str, value: &str) -> Result<(), Wrong> {
    match name {
        "epochs" => params.epochs = whole(value)?,
        "patience" => params.patience = whole(value)?,
        "learning_rate" => params.learning_rate = number(value, f64::MIN_POSITIVE)? as f32,
        "optimiser" => {
            params.optimiser = match value {
                "adagrad" => Optimiser::Adagrad,
                "lbfgs" => Optimiser::Lbfgs,
                _ => return Err(Wrong::Value("adagrad or lbfgs")),
            }
        }
        "l1" => params.l1 = number(value, 0.0)? as f32,
        "l2" => params.l2 = number(value, 0.0)? as f32,
        "keep" => {
            let share = number(value, f64::MIN_POSITIVE)?;
            params.keep =
                if share <= 1.0 { share as f32 } else { return Err(Wrong::Value("a share above 0, up to 1")) };
        }
        "prune_after" => params.prune_after = whole(value)?,
        "weights" => params.weights = number(value, f64::MIN_POSITIVE)? as f32,
        "min_count" => params.min_count = whole(value)?,
        _ => return Err(Wrong::Name),
    }
    Ok(())
}

fn whole(value: &str) -> Result<u32, Wrong> {
    value.parse().ok().filter(|&n| n > 0).ok_or(Wrong::Value("a whole number from 1"))
}

fn number(value: &str, least: f64) -> Result<f64, Wrong> {
    let valid = if least > 0.0 { "a number above 0" } else { "a number of 0 or more" };
    value.parse().ok().filter(|n: &f64| n.is_finite() && *n >= least).ok_or(Wrong::Value(valid))
}

/// The longest n-gram that can be asked for.
const LONGEST: usize = 10;

/// `2-5`, or `none`.
fn range(value: &str) -> Result<(usize, usize), Wrong> {
    if matches!(value, "none" | "0-0") {
        return Ok((0, 0));
    }
    let parsed = value.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    let valid = "a range of lengths such as 1-2, up to 10, or none";
    parsed.filter(|&(from, to)| from >= 1 && from <= to && to <= LONGEST).ok_or(Wrong::Value(valid))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_read_back_as_it_is_described() {
        for learner in [Learner::Linear(LinearParams::default()), Learner::Crf(CrfParams::default())] {
            let mut copy = learner.clone();
            for (name, value) in learner.describe().into_iter().filter(|(name, _)| !GIVEN.contains(&name.as_str())) {
                copy.set(&name, &value).unwrap();
            }
            assert_eq!(copy.describe(), learner.describe());
        }
        let mut learner = Learner::Linear(LinearParams::default());
        learner.set("hashing", "18").unwrap();
        assert_eq!(learner.describe()["hashing"], "18");
        learner.set("char_ngrams", "none").unwrap();
        assert_eq!(learner.describe()["char_ngrams"], "0-0");
        for (name, value, says) in [
            ("l3", "1", "the settings of linear are calibration, char_ngrams, epochs"),
            ("l2", "-1", "l2 is a number above 0"),
            ("prune", "x", "prune is a number of 0 or more"),
            ("word_ngrams", "3-2", "a range of lengths such as 1-2"),
            ("min_df", "0", "a whole number from 1"),
            ("hashing", "9", "none, or a number of bits from 10 to 24"),
        ] {
            let message = learner.set(name, value).unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
        }
    }
}

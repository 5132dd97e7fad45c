//! How a model is learned: which, with what settings, and what becomes of its scores.

use std::path::PathBuf;
use std::str::FromStr;

use trueup_model::decision::Method;

use super::ModelChoice;

/// How a model is learned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearnOptions {
    /// The model.
    pub model: ModelChoice,
    /// The command that trains it, where it is a program.
    pub train_command: Option<String>,
    /// Settings of the learner other than its defaults, by name.
    pub settings: Vec<(String, String)>,
    /// What it is given beside the texts.
    pub resources: Resources,
    /// The folder of an earlier model to train on from.
    pub from: Option<PathBuf>,
    /// So many models that answer as one, each trained without one fold.
    pub ensemble: Option<usize>,
    /// What makes the scores probabilities.
    pub calibration: CalibrationChoice,
    /// From which probability on a label is answered.
    pub thresholds: ThresholdChoice,
    /// Which answers are left to people.
    pub abstain: Option<AbstainChoice>,
}

/// What a learner is given beside the texts that it learns from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources {
    /// Columns whose values count too; of linear models.
    pub metadata: Vec<String>,
    /// Lists of names, files of one a line; of chains.
    pub gazetteer: Vec<PathBuf>,
    /// Texts, labelled or not, from whose words classes are learned, and how many; of chains.
    pub clusters: Option<(PathBuf, u32)>,
}

/// What makes the scores of a model probabilities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CalibrationChoice {
    /// What the learner does itself.
    #[default]
    Own,
    /// What proves best on answers to examples that training has not seen; the learner's own where nothing is better.
    Best,
    /// This method.
    By(Method),
}

/// From which probability on a label is answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ThresholdChoice {
    /// The likeliest label; of several, each of 0.5 or more.
    #[default]
    Usual,
    /// What gives the highest macro-F1 on answers to examples that training has not seen.
    Tuned,
    /// What costs least, by the costs stated.
    Costs,
    /// These, by label.
    Given(Vec<(String, f64)>),
}

/// Which answers are left to people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AbstainChoice {
    /// Those of lower confidence.
    Below(f64),
    /// As many as it takes for this share of the others to be right.
    Right(f64),
}

impl FromStr for CalibrationChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "own" => Ok(Self::Own),
            "best" => Ok(Self::Best),
            _ => Method::ALL
                .into_iter()
                .find(|method| method.name() == text)
                .map(Self::By)
                .ok_or_else(|| "it is own, best, temperature, platt or isotonic".to_owned()),
        }
    }
}

impl CalibrationChoice {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Best => "best",
            Self::By(method) => method.name(),
        }
    }
}

impl FromStr for ThresholdChoice {
    type Err = String;

    /// Reads `tuned`, `costs`, or `LABEL=0.3`, several separated by commas; a label may hold equals signs.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "usual" => Ok(Self::Usual),
            "tuned" => Ok(Self::Tuned),
            "costs" => Ok(Self::Costs),
            _ => {
                let form = "it is tuned, costs, or LABEL=NUMBER, such as fraud=0.2, several separated by commas";
                let one = |pair: &str| {
                    let (label, value) = pair.rsplit_once('=').ok_or_else(|| form.to_owned())?;
                    let value = value.parse().ok().filter(|t: &f64| *t > 0.0 && *t <= 1.0);
                    let value = value.ok_or_else(|| format!("'{pair}' has no number above 0, at most 1; {form}"))?;
                    Ok((label.to_owned(), value))
                };
                text.split(',').map(one).collect::<Result<_, String>>().map(Self::Given)
            }
        }
    }
}

impl ThresholdChoice {
    /// As it is typed.
    pub fn name(&self) -> String {
        match self {
            Self::Usual => "usual".to_owned(),
            Self::Tuned => "tuned".to_owned(),
            Self::Costs => "costs".to_owned(),
            Self::Given(given) => given.iter().map(|(l, t)| format!("{l}={t}")).collect::<Vec<_>>().join(","),
        }
    }
}

impl FromStr for AbstainChoice {
    type Err = String;

    /// Reads `0.6` or `right=0.95`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (text, right) = text.strip_prefix("right=").map_or((text, false), |rest| (rest, true));
        let number = text.parse().ok().filter(|t: &f64| *t > 0.0 && *t <= 1.0);
        let number = number
            .ok_or("it is a confidence above 0, at most 1, such as 0.6, or right=0.95: as many as it takes for 95 % to be right")?;
        Ok(if right { Self::Right(number) } else { Self::Below(number) })
    }
}

impl AbstainChoice {
    /// As it is typed.
    pub fn name(self) -> String {
        match self {
            Self::Below(at) => at.to_string(),
            Self::Right(share) => format!("right={share}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_read_back_as_they_are_typed() {
        for text in ["tuned", "costs", "DESC:manner=0.3,a=b=1"] {
            assert_eq!(text.parse::<ThresholdChoice>().map(|choice| choice.name()), Ok(text.to_owned()));
        }
        for text in ["own", "best", "platt"] {
            assert_eq!(text.parse::<CalibrationChoice>().map(CalibrationChoice::name), Ok(text));
        }
        for text in ["0.6", "right=0.95"] {
            assert_eq!(text.parse::<AbstainChoice>().map(AbstainChoice::name), Ok(text.to_owned()));
        }
        assert!("fraud=0".parse::<ThresholdChoice>().unwrap_err().contains("'fraud=0' has no number above 0"));
        assert!("fraud".parse::<ThresholdChoice>().unwrap_err().contains("LABEL=NUMBER"));
        assert!("sigmoid".parse::<CalibrationChoice>().is_err() && "right=2".parse::<AbstainChoice>().is_err());
    }
}

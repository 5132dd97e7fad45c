//! What is asked of an agreement report, after what was typed has been checked.

use std::path::PathBuf;

use trueup_core::agreement::Level;
use trueup_data::{Format, ReadOptions};

/// How the likeliest answer is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The answer given most often.
    Majority,
    /// Dawid and Skene's model: a confusion matrix an annotator.
    DawidSkene,
    /// Its one-coin form: one accuracy an annotator.
    OneCoin,
    /// MACE: annotators know or spam.
    Mace,
    /// The middle rating; of ratings alone.
    Median,
}

impl Method {
    /// The word on the command line and in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Majority => "majority",
            Self::DawidSkene => "dawid-skene",
            Self::OneCoin => "one-coin",
            Self::Mace => "mace",
            Self::Median => "median",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Majority => "majority",
            Self::DawidSkene => "Dawid-Skene model",
            Self::OneCoin => "one-coin Dawid-Skene model",
            Self::Mace => "MACE",
            Self::Median => "median",
        }
    }
}

/// How agreement is measured.
#[derive(Debug, Clone, Default)]
pub struct AgreementOptions {
    /// How the file is read.
    pub read: ReadOptions,
    /// What kind of values labels are; by their look when not given.
    pub level: Option<Level>,
    /// How the consensus is found; by the data's size when not given.
    pub consensus: Option<Method>,
    /// Where the data goes with the consensus as gold.
    pub out: Option<PathBuf>,
    /// The format of that file; by its name when not given.
    pub to: Option<Format>,
    /// The seed of resampling and of MACE's starts.
    pub seed: u64,
}

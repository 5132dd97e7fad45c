//! The names by which files call their splits.

/// What a split is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    /// To learn from.
    Train,
    /// To stop and calibrate by.
    Validation,
    /// To be judged by.
    Test,
}

impl Split {
    /// What a name means: `train`, `training`; `val`, `valid`, `validation`, `dev`, `devel`; `test`, `eval`; also as the
    /// last word of a longer name (`oos_train`, `wnut17.dev`). `None` for other names.
    pub fn of(name: &str) -> Option<Self> {
        let lower = name.trim().to_lowercase();
        let word = lower.rsplit(['_', '-', '.', ' ', '/']).next().unwrap_or_default();
        match word {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" | "dev" | "devel" => Some(Self::Validation),
            "test" | "eval" => Some(Self::Test),
            _ => None,
        }
    }

    /// The word in documents and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_known() {
        for (name, split) in [
            ("Train", Some(Split::Train)),
            ("oos_val", Some(Split::Validation)),
            ("devel", Some(Split::Validation)),
            ("TEST", Some(Split::Test)),
            ("fold 3", None),
            ("", None),
        ] {
            assert_eq!(Split::of(name), split, "{name}");
        }
    }
}

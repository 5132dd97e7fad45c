//! A kept model that is a program: its command, and the folder that training left.

use trueup_core::{Example, LabelSet, Predictions, Task};
use trueup_model::{ModelError, Parts};

use crate::error::Error;
use crate::external::{External, PREFIX};

/// A program that answers about labels that are known.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program, with the folder that training left.
    pub external: External,
    /// What kind of answer it gives.
    pub task: Task,
    /// The labels that it may answer.
    pub labels: LabelSet,
    /// The columns that stood beside the texts that it was trained on: it gets these, under their names.
    pub columns: Vec<String>,
    /// Where its folder lies beside the model's numbers; of one that was not trained, nowhere.
    pub(super) place: Option<String>,
}

/// What the name of a program's folder begins with.
pub(super) const PLACE: &str = "program-";

impl Program {
    /// A program as it is, before it is kept.
    pub fn new(external: External, task: Task, labels: LabelSet, columns: Vec<String>) -> Self {
        Self { external, task, labels, columns, place: None }
    }

    /// What it answers to examples whose metadata are the values of `columns`.
    ///
    /// # Errors
    ///
    /// When the program fails or answers wrongly.
    pub fn predict(&self, columns: &[String], examples: &[&Example]) -> Result<Predictions, Error> {
        Ok(self.external.predict(&self.labels, self.task, columns, examples)?)
    }

    pub(super) fn to_parts(&self) -> Parts {
        let command = self.external.name();
        Parts::new(serde_json::json!({
            "command": command.strip_prefix(PREFIX).unwrap_or(&command),
            "labels": self.labels.names(),
            "columns": self.columns,
            "folder": self.place,
            "batch_size": self.external.batch_size,
            "anew": self.external.anew,
        }))
    }

    pub(super) fn of_parts(parts: &Parts, task: Task) -> Result<Self, ModelError> {
        let damaged = |what: String| ModelError::Damaged { what };
        let command: String = parts.setting("command")?;
        let mut external = External::parse(&format!("{PREFIX}{command}")).map_err(|e| damaged(e.to_string()))?;
        external.batch_size = parts.setting::<usize>("batch_size")?.max(1);
        external.anew = parts.setting("anew")?;
        let labels = LabelSet::new(parts.setting::<Vec<String>>("labels")?);
        let place: Option<String> = parts.setting("folder")?;
        // It is a name in the model's own folder, and no way out of it.
        let known = |place: &String| {
            let rest = place.strip_prefix(PLACE);
            rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        };
        if !place.as_ref().is_none_or(known) {
            return Err(damaged("the folder of its program is none of its own".to_owned()));
        }
        Ok(Self { external, task, labels, columns: parts.setting("columns")?, place })
    }
}

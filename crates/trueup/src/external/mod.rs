//! Models in any language: a program that reads examples as JSON lines and answers with JSON lines.
//!
//! `command:PROGRAM` names one. For each call [`External::predict`] starts the program and writes a line an example to its
//! standard input,
//!
//! ```json
//! {"id": "17", "text": "Where is my card?", "channel": "mail"}
//! ```
//!
//! then ends the input; the program writes a line an answer to its standard output, in any order and as early or late as it
//! likes:
//!
//! ```json
//! {"id": "17", "label": "delivery", "scores": {"delivery": 0.9, "billing": 0.1}}
//! {"id": "17", "labels": ["delivery", "complaint"]}
//! {"id": "17", "spans": [{"start": 0, "end": 5, "label": "LOC", "score": 0.8}]}
//! ```
//!
//! Offsets are code points. Lines are written by one thread and answers read by another, so a program may answer each line,
//! each batch, or all at the end of its input: no pipe blocks. Input is flushed every [`External::batch_size`] lines, which
//! the program finds in `TRUEUP_BATCH_SIZE`. One that can hold a single batch only is started anew for each
//! ([`External::anew`]). What it says on standard error is kept, and its last lines are shown when it fails.
//!
//! The program is found on the path and its arguments are split as a shell would split them, but no shell runs it.

mod answers;
mod error;
mod lines;
mod process;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use trueup_core::{Dataset, Example, LabelSet, Predictions, Scores, Task};

pub use error::ExternalError;
pub use process::end_all;

use process::Call;

/// What a name of such a model begins with.
pub const PREFIX: &str = "command:";
/// The time that a program may take for a call, when nobody says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_mins(10);
/// The time that its training may take, when nobody says otherwise.
pub const TRAIN_LIMIT: Duration = Duration::from_hours(24);
/// Examples between two flushes, when nobody says otherwise.
pub const BATCH_SIZE: usize = 256;

/// The limit of all programs named from now on, in milliseconds; 0 where nobody has said one.
static LIMIT: AtomicU64 = AtomicU64::new(0);

/// Limits what programs that are named from now on take for a call, and for a training.
pub fn set_time_limit(limit: Duration) {
    LIMIT.store(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1), Ordering::Relaxed);
}

fn limit() -> Option<Duration> {
    Some(LIMIT.load(Ordering::Relaxed)).filter(|&limit| limit > 0).map(Duration::from_millis)
}

/// A model that is a program.
#[derive(Debug, Clone)]
pub struct External {
    /// As it was named: `python3 predict.py`.
    command: String,
    /// The program and its arguments.
    words: Vec<String>,
    /// The folder that training left, handed on as `TRUEUP_MODEL`.
    model: Option<PathBuf>,
    /// Keeps that folder while it is of use, where it is a temporary one.
    kept: Option<Arc<tempfile::TempDir>>,
    /// How many examples are written between two flushes, at least one.
    pub batch_size: usize,
    /// Whether the program is started anew for each batch, instead of once a call.
    pub anew: bool,
    /// How long a call may take, before the program and all that it started are ended.
    pub time_limit: Duration,
    /// The same of its training.
    pub train_limit: Duration,
}

impl External {
    /// Whether a model is named as a program.
    pub fn is_named(name: &str) -> bool {
        name.starts_with(PREFIX)
    }

    /// The model that `name`, such as `command:python3 predict.py`, names. Nothing is started.
    ///
    /// # Errors
    ///
    /// When it does not begin with `command:`, names no program, or its quotes are not closed.
    pub fn parse(name: &str) -> Result<Self, ExternalError> {
        let command = name
            .strip_prefix(PREFIX)
            .ok_or_else(|| ExternalError::Name { name: name.to_owned(), found: "no program" })?;
        Self::of_command(command, name)
    }

    fn of_command(command: &str, name: &str) -> Result<Self, ExternalError> {
        let refused = |found| ExternalError::Name { name: name.to_owned(), found };
        let words = shlex::split(command).ok_or_else(|| refused("a quote that is not closed"))?;
        if words.first().is_none_or(String::is_empty) {
            return Err(refused("no program"));
        }
        Ok(Self {
            command: command.trim().to_owned(),
            words,
            model: None,
            kept: None,
            batch_size: BATCH_SIZE,
            anew: false,
            time_limit: limit().unwrap_or(TIME_LIMIT),
            train_limit: limit().unwrap_or(TRAIN_LIMIT),
        })
    }

    /// The name of the model: `command:python3 predict.py`.
    pub fn name(&self) -> String {
        format!("{PREFIX}{}", self.command)
    }

    /// The folder that training left, where the program was trained.
    pub fn model(&self) -> Option<&Path> {
        self.model.as_deref()
    }

    /// The same model with the folder that an earlier training left.
    #[must_use]
    pub fn with_model(mut self, folder: PathBuf) -> Self {
        self.model = Some(folder);
        self
    }

    /// Trains by `command`: it gets the paths of a file of examples, of another one for validation where there is one, and
    /// of an empty folder, into which it writes what it likes; the model that is returned finds the folder in
    /// `TRUEUP_MODEL`. The files are JSON lines: what [`Self::predict`] writes, with the answer as `label`, `labels` or
    /// `spans`. `folder` is where the model is kept; without it, in a temporary folder that goes with the last copy of the
    /// model.
    ///
    /// # Errors
    ///
    /// When the command cannot be started, fails, or takes longer than the time limit.
    pub fn train(
        &self,
        command: &str,
        data: &Dataset,
        train: &[&Example],
        valid: Option<&[&Example]>,
        folder: Option<&Path>,
    ) -> Result<Self, ExternalError> {
        let trainer = Self::of_command(command, command)?;
        let failed = |cause: std::io::Error| ExternalError::Files { cause };
        let files = tempfile::Builder::new().prefix("trueup-").tempdir().map_err(failed)?;
        let mut trained = self.clone();
        let out = if let Some(folder) = folder {
            folder.to_path_buf()
        } else {
            let kept = Arc::new(tempfile::Builder::new().prefix("trueup-model-").tempdir().map_err(failed)?);
            let out = kept.path().to_path_buf();
            trained.kept = Some(kept);
            out
        };
        std::fs::create_dir_all(&out).map_err(failed)?;
        let mut words = trainer.words.clone();
        for (name, examples) in [("train.jsonl", Some(train)), ("valid.jsonl", valid)] {
            if let Some(examples) = examples {
                let path = files.path().join(name);
                let text = lines::with_gold(&data.labels, &data.columns, examples);
                std::fs::write(&path, text).map_err(failed)?;
                words.push(path.display().to_string());
            }
        }
        words.push(out.display().to_string());
        trained.model = Some(out);
        let call = Call {
            words: &words,
            shown: &trainer.command,
            variables: self.variables(data.task),
            time_limit: self.train_limit,
        };
        call.run(String::new(), self.batch_size)?;
        Ok(trained)
    }

    /// The answers to `examples`, in their order, over `labels` and no others. `columns` names their metadata, which the
    /// program gets too.
    ///
    /// # Errors
    ///
    /// When the program cannot be started, fails, takes longer than the time limit, or answers wrongly: no JSON, an answer
    /// of another kind, an id that was not asked, twice or not at all, a label that there is not, a span outside of its
    /// text, scores that are no probabilities. The message names the line of its output.
    pub fn predict(
        &self,
        labels: &LabelSet,
        task: Task,
        columns: &[String],
        examples: &[&Example],
    ) -> Result<Predictions, ExternalError> {
        let size = if self.anew { self.batch_size.max(1) } else { examples.len().max(1) };
        let answer = |part| self.answer(Some(labels), task, columns, part);
        let parts: Vec<Predictions> = examples.chunks(size).map(answer).collect::<Result<_, _>>()?;
        Ok(joined(labels, parts))
    }

    /// The answers of one run of the program, over whatever labels it names.
    ///
    /// # Errors
    ///
    /// As [`External::predict`], but that any label is taken.
    pub fn predict_any(
        &self,
        task: Task,
        columns: &[String],
        examples: &[&Example],
    ) -> Result<Predictions, ExternalError> {
        self.answer(None, task, columns, examples)
    }

    /// The answers of one run of the program.
    fn answer(
        &self,
        labels: Option<&LabelSet>,
        task: Task,
        columns: &[String],
        examples: &[&Example],
    ) -> Result<Predictions, ExternalError> {
        let ids = lines::ids(examples);
        let input = lines::without_gold(&ids, columns, examples);
        let call = Call {
            words: &self.words,
            shown: &self.command,
            variables: self.variables(task),
            time_limit: self.time_limit,
        };
        let said = call.run(input, self.batch_size)?;
        answers::read(&self.command, said.output, labels, task, &ids, examples)
            .map_err(|cause| ExternalError::Answer { cause, said: said.errors })
    }

    fn variables(&self, task: Task) -> Vec<(&'static str, String)> {
        let mut variables =
            vec![("TRUEUP_TASK", task.name().to_owned()), ("TRUEUP_BATCH_SIZE", self.batch_size.to_string())];
        variables.extend(self.model.iter().map(|folder| ("TRUEUP_MODEL", folder.display().to_string())));
        variables
    }
}

/// The answers of all parts. Scores are kept where all parts have them.
fn joined(labels: &LabelSet, parts: Vec<Predictions>) -> Predictions {
    let scored = !parts.is_empty() && parts.iter().all(|part| part.scores.is_some());
    let scores = scored.then(|| {
        let mut scores = Scores::new(labels.len());
        for table in parts.iter().filter_map(|part| part.scores.as_ref()) {
            (0..table.len()).for_each(|row| scores.push(table.row(row)));
        }
        scores
    });
    let with_spans = !parts.is_empty() && parts.iter().all(|part| part.span_scores.is_some());
    let span_scores = with_spans.then(|| parts.iter().filter_map(|part| part.span_scores.clone()).flatten().collect());
    let answers = parts.into_iter().flat_map(|part| part.answers).collect();
    Predictions { labels: labels.clone(), answers, scores, span_scores }
}

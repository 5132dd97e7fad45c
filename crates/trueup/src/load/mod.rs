//! Load: the files of a review become data sets over one label set, with what was guessed and left out.

mod splits;

use std::collections::BTreeSet;
use std::path::Path;

use trueup_core::document::{Guess, SplitSummary};
use trueup_core::scheme::Scheme;
use trueup_core::{Annotation, Dataset, LabelSet, Predictions, Task, words};
use trueup_data::corpus::Key;
use trueup_data::{
    Loaded, PredictionFile, PredictionOptions, ReadOptions, TagRows, align, query, read_dataset, read_predictions,
};

use crate::error::{Error, columns_of};
use crate::observe::Observer;

pub use splits::{Named, named};

/// One file as a data set, with how it was read.
#[derive(Debug, Clone)]
pub struct Part {
    /// The examples.
    pub data: Dataset,
    /// What the document says of the file; `name` is filled in when the part gets its role.
    pub summary: SplitSummary,
    /// The split that the file assigns each example to, as read; empty when it assigns none.
    pub splits: Vec<Option<Key>>,
    /// The scheme under which tags became spans, where the file has tags.
    pub scheme: Option<Scheme>,
}

impl Part {
    fn new(path: &Path, loaded: Loaded, observer: &dyn Observer) -> Self {
        let file = path.display().to_string();
        for note in &loaded.notes {
            observer.note(&format!("{file}: {note}"));
        }
        let spans = (loaded.dataset.task == Task::Ner).then(|| loaded.dataset.support().iter().sum());
        let summary = SplitSummary {
            name: String::new(),
            file,
            format: loaded.format.name().to_owned(),
            examples: loaded.dataset.len() as u64,
            spans,
            guesses: loaded.guesses,
            skipped: loaded.skipped,
        };
        Self { data: loaded.dataset, summary, splits: loaded.splits, scheme: loaded.scheme }
    }

    /// The same part under the name of its role.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.summary.name);
        self
    }
}

/// Reads several labelled files of one task. The first decides what task it is; all get the labels of all.
///
/// # Errors
///
/// When a file cannot be read, or poses another task than the first.
pub fn read(paths: &[&Path], options: &ReadOptions, observer: &dyn Observer) -> Result<Vec<Part>, Error> {
    of_one_task(paths.iter().map(|&path| (path, options.clone())), observer)
}

/// Reads the gold of predictions and what the model was trained on. The gold stays whole, for the predictions are for
/// all of it; [`keep`] leaves what `--where` asks for once they are matched.
///
/// # Errors
///
/// As [`read`].
pub fn read_gold(
    gold: &Path,
    train: Option<&Path>,
    options: &ReadOptions,
    observer: &dyn Observer,
) -> Result<(Part, Vec<Part>), Error> {
    let whole = ReadOptions { filter: None, ..options.clone() };
    let paths = [(gold, whole)].into_iter().chain(train.map(|train| (train, options.clone())));
    let mut parts = of_one_task(paths, observer)?;
    Ok((parts.remove(0), parts))
}

/// Puts the columns that a model learns from before the others of each part.
///
/// # Errors
///
/// When a part lacks one; the message lists those that it has.
pub fn lead<'p>(parts: impl IntoIterator<Item = &'p mut Part>, columns: &[String]) -> Result<(), Error> {
    for part in parts {
        part.data.put_first(columns).map_err(|missing| Error::Option {
            option: "--metadata",
            found: missing,
            valid: columns_of(&part.summary.file, &part.data.columns),
        })?;
    }
    Ok(())
}

/// Leaves the examples that `--where` asks for, and the answers to them.
///
/// # Errors
///
/// When the expression cannot be evaluated, or is true for no example.
pub fn keep(
    gold: &mut Part,
    predictions: &mut Predictions,
    others: &mut [Part],
    expression: &str,
) -> Result<(), Error> {
    let keep = query::filter_examples(&gold.data, &gold.summary.file, expression)?;
    let rows: Vec<usize> = (0..keep.len()).filter(|&row| keep[row]).collect();
    *predictions = predictions.select(&rows);
    let mut rows = keep.iter();
    gold.splits.retain(|_| rows.next().copied().unwrap_or(false));
    let mut rows = keep.iter();
    gold.data.examples.retain(|_| rows.next().copied().unwrap_or(false));
    // Labels that stand nowhere any more are not judged; a column of scores keeps its label.
    let golds = others.iter().map(|part| &part.data).chain([&gold.data]).flat_map(|data| &data.examples);
    let annotations = golds.map(|example| &example.gold).chain(&predictions.answers);
    let used: BTreeSet<u32> = annotations.flat_map(Annotation::labels).collect();
    if predictions.scores.is_none() && used.len() < gold.data.labels.len() {
        let labels = &gold.data.labels;
        let left = LabelSet::new(used.into_iter().map(|label| labels.name(label).to_owned()));
        let map = labels.mapping_to(&left);
        for data in others.iter_mut().map(|part| &mut part.data).chain([&mut gold.data]) {
            data.examples.iter_mut().for_each(|example| example.gold = example.gold.relabel(&map));
            data.labels = left.clone();
        }
        predictions.answers.iter_mut().for_each(|answer| *answer = answer.relabel(&map));
        predictions.labels = left;
    }
    gold.summary.examples = gold.data.len() as u64;
    gold.summary.spans = gold.summary.spans.map(|_| gold.data.support().iter().sum());
    gold.summary.guesses.push(Guess { what: query::keeps(&keep, "example"), option: None });
    Ok(())
}

fn of_one_task<'a>(
    files: impl Iterator<Item = (&'a Path, ReadOptions)>,
    observer: &dyn Observer,
) -> Result<Vec<Part>, Error> {
    let mut parts: Vec<Part> = Vec::new();
    for (path, mut options) in files {
        // A small test file may not show by itself that its labels are sets; the first file does.
        options.task = parts.first().map(|first| first.data.task).or(options.task);
        let loaded = read_dataset(path, &options)?;
        parts.push(Part::new(path, loaded, observer));
    }
    if let Some(other) = parts.iter().find(|part| part.data.task != parts[0].data.task) {
        return Err(Error::Task {
            first: parts[0].summary.file.clone(),
            first_task: parts[0].data.task,
            second: other.summary.file.clone(),
            second_task: other.data.task,
        });
    }
    unify(&mut parts);
    Ok(parts)
}

/// Gives all parts the labels of all.
fn unify(parts: &mut [Part]) {
    let all = LabelSet::union(parts.iter().map(|part| &part.data.labels));
    parts.iter_mut().for_each(|part| part.data.relabel(&all));
}

/// Reads predictions for `gold` and gives both, and `others`, the labels of all. `predicted` names the column of the
/// answers.
///
/// # Errors
///
/// When the file cannot be read, or does not belong to the gold.
pub fn predictions(
    path: &Path,
    gold: &mut Part,
    others: &mut [Part],
    options: &ReadOptions,
    predicted: Option<&str>,
    observer: &dyn Observer,
) -> Result<Predictions, Error> {
    Ok(tagged_predictions(path, gold, others, options, predicted, observer)?.0)
}

/// The same with the raw tags, where the file has one for each token.
///
/// # Errors
///
/// As [`predictions`].
pub fn tagged_predictions(
    path: &Path,
    gold: &mut Part,
    others: &mut [Part],
    options: &ReadOptions,
    predicted: Option<&str>,
    observer: &dyn Observer,
) -> Result<(Predictions, Option<TagRows>), Error> {
    let file = prediction_file(path, gold, options, predicted)?;
    of_prediction_file(path, file, gold, others, observer)
}

/// Reads a file of predictions as the gold was read, and matches nothing yet: several can be read at the same time.
///
/// # Errors
///
/// When the file cannot be read.
pub fn prediction_file(
    path: &Path,
    gold: &Part,
    options: &ReadOptions,
    predicted: Option<&str>,
) -> Result<PredictionFile, Error> {
    let how = PredictionOptions {
        id: options.id.clone(),
        label: predicted.map(str::to_owned),
        label_separator: options.label_separator.clone(),
        label_level: options.label_level,
        // Predictions are read as the gold is.
        scheme: options.scheme.or(gold.scheme),
        task: Some(gold.data.task),
        ..PredictionOptions::default()
    };
    Ok(read_predictions(path, &how)?)
}

/// Matches predictions that were read with `gold`, and gives both, and `others`, the labels of all.
///
/// # Errors
///
/// When they do not belong to the gold.
pub fn of_prediction_file(
    path: &Path,
    mut file: PredictionFile,
    gold: &mut Part,
    others: &mut [Part],
    observer: &dyn Observer,
) -> Result<(Predictions, Option<TagRows>), Error> {
    let tags = file.tags.take();
    for guess in &file.guesses {
        observer.note(&format!("{}: {}", path.display(), guess.what));
    }
    let aligned = align(&gold.data, file)?;
    for note in &aligned.notes {
        observer.note(&format!("{}: {note}", path.display()));
    }
    let mut predictions = aligned.predictions;
    let known = |name: &String| {
        gold.data.labels.id(name).is_some() || others.iter().any(|part| part.data.labels.id(name).is_some())
    };
    let answered: BTreeSet<u32> = predictions.answers.iter().flat_map(Annotation::labels).collect();
    let strange: Vec<&String> =
        answered.iter().map(|&l| &predictions.labels.names()[l as usize]).filter(|name| !known(name)).collect();
    if !strange.is_empty() && strange.len() == answered.len() {
        return Err(Error::Option {
            option: "--predictions",
            found: words::shorten(&words::printable(strange[0]), 60),
            valid: format!("none of its labels is one of the gold's: {}", words::list(gold.data.labels.names(), 10)),
        });
    }
    for name in &strange {
        let twin = gold.data.labels.names().iter().find(|label| label.to_lowercase() == name.to_lowercase());
        let hint = twin.map_or_else(String::new, |label| format!("; '{label}' is one but for capitals"));
        observer.note(&format!("{}: '{name}' is answered and is no label of the gold{hint}", path.display()));
    }
    let all = LabelSet::union(
        [&gold.data.labels, &predictions.labels].into_iter().chain(others.iter().map(|p| &p.data.labels)),
    );
    gold.data.relabel(&all);
    others.iter_mut().for_each(|part| part.data.relabel(&all));
    predictions.relabel(&all);
    Ok((predictions, tags))
}

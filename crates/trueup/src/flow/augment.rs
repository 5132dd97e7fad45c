//! Augment: read a file, make new examples of it, measure in folds what they gain where that is asked for, write.

use std::collections::BTreeMap;
use std::path::Path;

use trueup_core::counts::{Outcome, Tally, outcomes};
use trueup_core::document::IntervalKind;
use trueup_core::stats::{Cells, Figure, PairedTallies, paired_bootstrap};
use trueup_core::{Annotation, Dataset, Estimate, LabelId, Predictions, Task, words};
use trueup_data::corpus::Record;
use trueup_data::{DataError, Read, ReadOptions, dataset_of, read_corpus};

use super::plan;
use crate::augment::{self, AugmentOptions, AugmentReport, Gain, New, Templates};
use crate::error::Error;
use crate::evaluate;
use crate::observe::Observer;
use crate::options::ModelChoice;
use crate::review::{SideName, Twins, imbalance};
use crate::split::Stratification;
use crate::train::{self, Fold, Learner, Recipe};

/// Folds that a gain is measured in.
const FOLDS: usize = 5;
/// Resamples of the paired bootstrap.
const RESAMPLES: u32 = 2_000;

/// Makes new examples of those of `data`, a file or folder, and writes all of them to `out`, whole or not at all.
///
/// # Errors
///
/// When something cannot be read or written, an option does not fit the data, or there is nothing to make examples of.
pub fn augment(
    data: &Path,
    out: &Path,
    options: &AugmentOptions,
    observer: &dyn Observer,
) -> Result<AugmentReport, Error> {
    observer.stage("read");
    let read = read_corpus(data, &options.read)?;
    let test = options.test.as_deref().map(|path| texts(path, &options.read)).transpose()?.unwrap_or_default();
    let templates = options.templates.as_deref().map(templates).transpose()?;
    let file = data.display().to_string();
    if let (Some(asked), None) = (&options.read.group, &read.corpus.outline.group) {
        // A column that is not there is said before any work is done.
        read.column(asked, "group", &file)?;
    }
    observer.stage("augment");
    let augment::Augmented { new, mut report } = augment::augment(&file, &read, &test, templates.as_ref(), options)?;
    if options.measure {
        report.gain = Some(measure(&file, &read, &new, &report.task, options, observer)?);
    }
    observer.stage("write");
    augment::write(out, data, read, new, options, &mut report)?;
    Ok(report)
}

/// The texts of the test set.
fn texts(path: &Path, options: &ReadOptions) -> Result<Vec<String>, Error> {
    let options = ReadOptions { filter: None, unlabelled: true, ..options.clone() };
    Ok(read_corpus(path, &options)?.corpus.records.into_iter().filter_map(|record| record.text).collect())
}

fn templates(path: &Path) -> Result<Templates, Error> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let (found, valid) = (error.to_string(), "a readable file of templates in UTF-8".to_owned());
        DataError::Content { path: file.clone(), found, valid, hint: None }
    })?;
    Ok(Templates::parse(&file, &text)?)
}

/// What the new examples gain: the data that was read is answered in folds, once by models that learn from the other folds
/// and once by models that learn from the new examples of those as well. Both have the same folds, watch the same examples
/// when they stop, and never learn from what owes anything to an example they answer.
fn measure(
    file: &str,
    read: &Read,
    new: &[New],
    task: &str,
    options: &AugmentOptions,
    observer: &dyn Observer,
) -> Result<Gain, Error> {
    let (all, rows) = dataset(file, read, new, task, options)?;
    let old = Dataset { examples: all.examples[..rows.old].to_vec(), ..all.clone() };
    let clusters = Twins::new(vec![(SideName::Train, &old)]).clusters(SideName::Train);
    let places: Vec<usize> = (0..old.len()).collect();
    let strata = Stratification::new(&old, &clusters, &places, options.seed);
    let count = strata.units().min(FOLDS);
    if count < 2 {
        return Err(Error::TooLittle {
            file: file.to_owned(),
            found: format!("{} in one unit", words::counted(old.len() as u64, "example")),
            needed: "folds need at least two parts that differ".into(),
            hint: "without --measure the data is augmented all the same".into(),
        });
    }
    let fold_of = strata.folds(count);
    let recipe = Recipe::plain(Learner::new(&ModelChoice::Auto, None, all.task, options.seed)?);
    let without = plan::folds(&old, &clusters, &fold_of, 0, options.seed);
    let with: Vec<Fold> = without.iter().map(|fold| widened(fold, &rows)).collect();
    observer.stage("without");
    let a = train::out_of_fold(&recipe, &old, &without, &[], options.seed, observer)?.predictions;
    observer.stage("with");
    let b = train::out_of_fold(&recipe, &all, &with, &[], options.seed, observer)?.predictions.select(&places);
    let imbalanced = imbalance(&old.support()).is_some();
    let metric = evaluate::choose(all.task, None, false, imbalanced, &[])?;
    let figure = if metric.name == "f1_macro" { Figure::F1Macro } else { Figure::F1Micro };
    let (tallies, times) = PairedTallies::of_units(units(&old, &a, &b), old.labels.len(), vec![figure]);
    let compared = paired_bootstrap(&times, RESAMPLES, options.seed, &tallies).remove(0);
    let n = old.len() as u64;
    let difference = match (&compared.difference, compared.a, compared.b) {
        (Some(sampling), ..) => Estimate::new(sampling.value(), sampling.bca(0.95), n, IntervalKind::Bootstrap),
        (None, Some(a), Some(b)) => Estimate::point(b - a, n),
        _ => Estimate::undefined(n),
    };
    Ok(Gain {
        metric: metric.name,
        title: metric.title,
        without: compared.a,
        with: compared.b,
        difference,
        folds: count as u64,
        model: recipe.name().to_owned(),
    })
}

/// Rows of a data set of old and new examples.
struct Rows {
    /// The first so many are old.
    old: usize,
    /// For each new one the old rows that it owes something to, set by set.
    owes: Vec<Vec<Vec<usize>>>,
}

impl Rows {
    /// The new rows that may train beside the old rows `there`.
    fn beside<'a>(&'a self, there: &'a [usize]) -> impl Iterator<Item = (usize, &'a [Vec<usize>])> {
        let mut known = vec![false; self.old];
        there.iter().for_each(|&row| known[row] = true);
        let may = move |owes: &Vec<Vec<usize>>| owes.iter().all(|set| set.iter().any(|&row| known[row]));
        let new = self.owes.iter().enumerate().filter(move |(_, owes)| may(owes));
        new.map(|(at, owes)| (self.old + at, owes.as_slice()))
    }
}

/// The fold with the new examples that may train it. What early stopping watches stays as it is.
fn widened(fold: &Fold, rows: &Rows) -> Fold {
    let mut plan = fold.plan.clone();
    let quarter_of: BTreeMap<usize, usize> =
        fold.plan.fit.iter().copied().zip(fold.plan.quarters.iter().copied()).collect();
    for (row, owes) in rows.beside(&fold.plan.fit) {
        let source = owes.first().and_then(|set| set.first());
        plan.fit.push(row);
        plan.quarters.push(source.and_then(|row| quarter_of.get(row)).copied().unwrap_or(row % 4));
    }
    plan.all.extend(rows.beside(&fold.plan.all).map(|(row, _)| row));
    Fold { held: fold.held.clone(), plan }
}

/// The records that may be learned from and the new ones as one data set, and who owes what to whom in its rows.
fn dataset(
    file: &str,
    read: &Read,
    new: &[New],
    task: &str,
    options: &AugmentOptions,
) -> Result<(Dataset, Rows), Error> {
    let task = [Task::Classification, Task::Multilabel, Task::Ner].into_iter().find(|known| known.name() == task);
    let options = ReadOptions { task, strict: false, filter: None, ..options.read.clone() };
    let mut outline = read.corpus.outline.clone();
    let mut records: Vec<Record> = Vec::with_capacity(read.corpus.records.len() + new.len());
    let old = |(place, record): (usize, &Record)| {
        let split = record.split.as_deref().and_then(trueup_data::corpus::Split::of);
        let number = if record.number > 0 { record.number } else { place as u64 + 1 };
        let id = record.id.clone().unwrap_or_else(|| number.to_string());
        let learns = split.is_none_or(|split| split == trueup_data::corpus::Split::Train);
        learns.then(|| (place, Record { id: Some(id), number, ..record.clone() }))
    };
    let (places, old): (Vec<usize>, Vec<Record>) = read.corpus.records.iter().enumerate().filter_map(old).unzip();
    records.extend(old);
    for new in new {
        outline.see(&new.record);
        records.push(new.record.clone());
    }
    let names: Vec<(String, String)> =
        records.iter().map(|record| (record.id.clone().unwrap_or_default(), record.text().to_owned())).collect();
    let data = dataset_of(file, records, &outline, &options)?;
    // Records that cannot be used are missing among the examples; the others come in the same order.
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    let mut row = 0;
    for (at, (id, text)) in names.iter().enumerate() {
        if data.examples.get(row).is_some_and(|example| example.id == *id && example.text == *text) {
            rows.insert(at, row);
            row += 1;
        }
    }
    let of_place: BTreeMap<usize, usize> =
        places.iter().enumerate().filter_map(|(at, &place)| Some((place, *rows.get(&at)?))).collect();
    let of_sets = |owes: &[Vec<usize>]| -> Vec<Vec<usize>> {
        owes.iter().map(|set| set.iter().filter_map(|place| of_place.get(place).copied()).collect()).collect()
    };
    let there = (0..new.len()).filter(|at| rows.contains_key(&(places.len() + at)));
    let owes = there.map(|at| of_sets(&new[at].owes)).collect();
    Ok((data, Rows { old: of_place.len(), owes }))
}

/// The counts of a unit by label.
type Counted = BTreeMap<LabelId, Tally>;

/// The counts of both answers in each unit: a group, else an example.
fn units(data: &Dataset, a: &Predictions, b: &Predictions) -> Vec<(Cells, Cells)> {
    let mut units: BTreeMap<(Option<&str>, usize), [Counted; 2]> = BTreeMap::new();
    for (row, example) in data.examples.iter().enumerate() {
        let group = example.group.as_deref();
        let unit = units.entry((group, if group.is_some() { 0 } else { row })).or_default();
        for (cells, answers) in unit.iter_mut().zip([&a.answers, &b.answers]) {
            count(cells, &example.gold, &answers[row]);
        }
    }
    let cells = |cells: Counted| cells.into_iter().collect();
    units.into_values().map(|[a, b]| (cells(a), cells(b))).collect()
}

fn count(cells: &mut Counted, gold: &Annotation, answer: &Annotation) {
    outcomes(gold, answer, |label, outcome: Outcome| cells.entry(label).or_default().record(outcome));
}

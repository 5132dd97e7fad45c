//! What each model answers to the same examples.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use trueup_core::document::{Contestant, Guess, Training};
use trueup_core::fingerprint::fingerprint;
use trueup_core::{Example, LabelSet, Predictions, words};
use trueup_data::{PredictionFile, ReadOptions, query};

use crate::error::Error;
use crate::evaluate;
use crate::external::External;
use crate::load::{self, Part};
use crate::models;
use crate::observe::Observer;
use crate::options::{CompareOptions, ContestantChoice};

/// A model with its answers.
pub(super) struct Answers {
    /// What it is.
    pub contestant: Contestant,
    /// One an example of the test set.
    pub predictions: Predictions,
    /// How it was trained, where it says so.
    pub training: Option<Training>,
}

/// The test set and what each model answers to it.
pub(super) struct Contest {
    /// The gold, without examples that do not count.
    pub test: Part,
    /// What the candidate was trained on, where it is known.
    pub train: Option<Part>,
    /// The baseline, if there is one, then the candidates.
    pub answers: Vec<Answers>,
    /// The weight of each example.
    pub weights: Option<Vec<f64>>,
    /// What is unfair, though it was asked for.
    pub unfair: Vec<String>,
}

/// Reads the gold once and lets every model answer it.
pub(super) fn contest(options: &CompareOptions, observer: &dyn Observer) -> Result<Contest, Error> {
    let named: Vec<&ContestantChoice> = options.baseline.iter().chain(&options.candidates).collect();
    let mut reserved = Vec::new();
    for choice in &named {
        if let ContestantChoice::Model(folder) = choice {
            reserved.extend(models::open(folder)?.model.reserved());
        }
    }
    let read = &ReadOptions { reserved, ..options.read.clone() };
    let mut unfair = Vec::new();
    let (mut gold, mut others, answered) = if let Some(gold) = &options.gold {
        let (gold, others) = load::read_gold(gold, options.train.as_deref(), read, observer)?;
        (gold.named("test"), others, None)
    } else {
        let own = own_gold(&named, options, observer)?;
        unfair = own.unfair;
        (own.gold, own.others, Some(own.predictions))
    };
    let mut predictions: Vec<Predictions> = if let Some(answered) = answered {
        answered
    } else {
        // Files are read at the same time, and matched one after another: each may bring labels.
        let files: Vec<Option<PredictionFile>> = named
            .par_iter()
            .map(|choice| match choice {
                ContestantChoice::Predictions(path) if path.as_os_str() != "-" => {
                    load::prediction_file(path, &gold, read, options.predicted.as_deref()).map(Some)
                }
                _ => Ok(None),
            })
            .collect::<Result<_, Error>>()?;
        let mut all = Vec::new();
        for (choice, file) in named.iter().zip(files) {
            all.push(match (choice, file) {
                (ContestantChoice::Predictions(path), Some(file)) => {
                    load::of_prediction_file(path, file, &mut gold, &mut others, observer)?.0
                }
                _ => answers(choice, &mut gold, &mut others, options, observer)?,
            });
        }
        all
    };
    // Each file may have brought labels of its own.
    predictions.iter_mut().for_each(|predictions| predictions.relabel(&gold.data.labels));
    if let Some(expression) = &read.filter {
        let keep = query::filter_examples(&gold.data, &gold.summary.file, expression)?;
        let rows: Vec<usize> = (0..keep.len()).filter(|&row| keep[row]).collect();
        only(&mut gold, &mut predictions, &rows);
        gold.summary.guesses.push(Guess { what: query::keeps(&keep, "example"), option: None });
    }
    let weights = match &options.weights {
        Some(column) => {
            let all = evaluate::weights(&gold.data, &gold.summary.file, column)?;
            let rows: Vec<usize> = (0..all.len()).filter(|&row| all[row] > 0.0).collect();
            if rows.len() < all.len() {
                let left = words::counted((all.len() - rows.len()) as u64, "example");
                observer.note(&format!("{}: {left} of weight 0 left out", gold.summary.file));
                only(&mut gold, &mut predictions, &rows);
            }
            Some(rows.iter().map(|&row| all[row]).collect())
        }
        None => None,
    };
    let answers = named
        .iter()
        .zip(predictions)
        .map(|(choice, predictions)| {
            let training = match choice {
                ContestantChoice::Model(folder) => Some(models::training(folder)?),
                _ => None,
            };
            let contestant = Contestant { name: choice.name(), kind: choice.kind().to_owned() };
            Ok(Answers { contestant, predictions, training })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let train = others.pop().map(|part| part.named("train"));
    Ok(Contest { test: gold, train, answers, weights, unfair })
}

/// Leaves the examples of `rows`, and the answers to them.
fn only(gold: &mut Part, predictions: &mut [Predictions], rows: &[usize]) {
    gold.data.examples = rows.iter().map(|&row| gold.data.examples[row].clone()).collect();
    gold.splits.clear();
    predictions.iter_mut().for_each(|predictions| *predictions = predictions.select(rows));
    gold.summary.examples = gold.data.len() as u64;
    gold.summary.spans = gold.summary.spans.map(|_| gold.data.support().iter().sum());
}

/// What one model answers to `gold`, which gets its labels too.
pub(super) fn answers(
    choice: &ContestantChoice,
    gold: &mut Part,
    others: &mut [Part],
    options: &CompareOptions,
    observer: &dyn Observer,
) -> Result<Predictions, Error> {
    let mut predictions = match choice {
        ContestantChoice::Predictions(path) => {
            observer.stage("read");
            return load::predictions(path, gold, others, &options.read, options.predicted.as_deref(), observer);
        }
        ContestantChoice::Model(folder) => {
            observer.stage("predict");
            let kept = models::open(folder)?;
            if kept.about.task != gold.data.task {
                return Err(Error::Option {
                    option: if options.baseline.as_ref() == Some(choice) { "--baseline" } else { "--candidate" },
                    found: folder.display().to_string(),
                    valid: format!("it answers {} data, and this is {} data", kept.about.task, gold.data.task),
                });
            }
            with_text(gold, &folder.display().to_string())?;
            let rows: Vec<&Example> = gold.data.examples.iter().collect();
            kept.model.answer(&gold.summary.file, &gold.data.columns, &rows)?
        }
        ContestantChoice::Program(name) => {
            observer.stage("predict");
            with_text(gold, name)?;
            let rows: Vec<&Example> = gold.data.examples.iter().collect();
            External::parse(name)?.predict(&gold.data.labels, gold.data.task, &gold.data.columns, &rows)?
        }
    };
    let all = LabelSet::union(
        [&gold.data.labels, &predictions.labels].into_iter().chain(others.iter().map(|part| &part.data.labels)),
    );
    gold.data.relabel(&all);
    others.iter_mut().for_each(|part| part.data.relabel(&all));
    predictions.relabel(&all);
    Ok(predictions)
}

fn with_text(gold: &Part, model: &str) -> Result<(), Error> {
    if gold.data.has_text {
        return Ok(());
    }
    Err(Error::TooLittle {
        file: gold.summary.file.clone(),
        found: "it has no text column".to_owned(),
        needed: format!("{} answers texts", words::printable(model)),
        hint: "--text NAME says which column holds them; files of predictions are compared without".to_owned(),
    })
}

/// A test set that files of predictions hold themselves.
struct OwnGold {
    gold: Part,
    others: Vec<Part>,
    predictions: Vec<Predictions>,
    /// What is unfair, though it was asked for.
    unfair: Vec<String>,
}

/// Gold and answers where every file of predictions holds both: the test sets must be the same.
fn own_gold(named: &[&ContestantChoice], options: &CompareOptions, observer: &dyn Observer) -> Result<OwnGold, Error> {
    let mut files: Vec<&Path> = Vec::new();
    for choice in named {
        match choice {
            ContestantChoice::Predictions(path) if path.as_os_str() != "-" => files.push(path),
            other => {
                return Err(Error::Option {
                    option: "--gold",
                    found: "nothing".to_owned(),
                    valid: format!(
                        "'{}' holds no gold of its own: --gold FILE names it",
                        words::printable(&other.name())
                    ),
                });
            }
        }
    }
    let whole = ReadOptions { filter: None, ..options.read.clone() };
    let mut read: Vec<(Part, Predictions)> = Vec::new();
    let mut others: Vec<Part> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let train = options.train.as_deref().filter(|_| at == 0);
        let (part, more) = load::read_gold(file, train, &whole, observer)?;
        let mut part = part.named("test");
        others.extend(more);
        let predicted = options.predicted.as_deref();
        let predictions = load::predictions(file, &mut part, &mut others, &whole, predicted, observer)?;
        read.push((part, predictions));
    }
    let all = LabelSet::union(read.iter().map(|(part, _)| &part.data.labels));
    for (part, predictions) in &mut read {
        part.data.relabel(&all);
        predictions.relabel(&all);
    }
    others.iter_mut().for_each(|part| part.data.relabel(&all));
    let mut read = read.into_iter();
    let (mut gold, first) = read.next().expect("a comparison names a file");
    let mut predictions = vec![first];
    let mut unfair = Vec::new();
    for (part, own) in read {
        let rows = same_test(&gold, &part);
        if let (true, Some(rows)) = (fingerprint(&gold.data) == fingerprint(&part.data), &rows.whole) {
            predictions.push(own.select(rows));
            continue;
        }
        if !options.common || rows.common.is_empty() {
            return Err(Error::TestSets {
                baseline: gold.summary.file.clone(),
                candidate: part.summary.file.clone(),
                differs: rows.differs,
                hint: if rows.common.is_empty() {
                    "models are compared on the same examples; --id names the column that tells which they are"
                        .to_owned()
                } else {
                    format!(
                        "--common compares the {} that both hold",
                        words::counted(rows.common.len() as u64, "example")
                    )
                },
            });
        }
        unfair.push(format!(
            "{} of {} are answered by both: {}",
            words::count(rows.common.len() as u64),
            words::counted(gold.data.len().max(part.data.len()) as u64, "example"),
            rows.differs
        ));
        let (left, right): (Vec<usize>, Vec<usize>) = rows.common.into_iter().unzip();
        only(&mut gold, &mut predictions, &left);
        predictions.push(own.select(&right));
    }
    Ok(OwnGold { gold, others, predictions, unfair })
}

/// How two test sets fit together.
struct Fit {
    /// For each row of the first the row of the second, if every one has one and nothing is left over.
    whole: Option<Vec<usize>>,
    /// Rows of examples that both hold, with the same gold.
    common: Vec<(usize, usize)>,
    /// What differs, in words.
    differs: String,
}

/// Matches examples by id.
fn same_test(a: &Part, b: &Part) -> Fit {
    let place: BTreeMap<&str, usize> =
        b.data.examples.iter().enumerate().map(|(row, example)| (example.id.as_str(), row)).collect();
    let mut common = Vec::new();
    let (mut only_a, mut other_gold, mut other_text): (Vec<&str>, Vec<&str>, Vec<&str>) = (vec![], vec![], vec![]);
    for (row, example) in a.data.examples.iter().enumerate() {
        let Some(&at) = place.get(example.id.as_str()) else {
            only_a.push(&example.id);
            continue;
        };
        let twin = &b.data.examples[at];
        if example.gold != twin.gold {
            other_gold.push(&example.id);
        } else if a.data.has_text && b.data.has_text && example.text != twin.text {
            other_text.push(&example.id);
        } else {
            common.push((row, at));
        }
    }
    let known: std::collections::BTreeSet<&str> = a.data.examples.iter().map(|example| example.id.as_str()).collect();
    let only_b: Vec<&str> =
        b.data.examples.iter().map(|example| example.id.as_str()).filter(|id| !known.contains(id)).collect();
    let mut differs = Vec::new();
    let mut tell = |ids: &[&str], what: &str| {
        if !ids.is_empty() {
            let shown: Vec<String> = ids.iter().take(3).map(|id| format!("'{}'", words::printable(id))).collect();
            let more = if ids.len() > 3 { ", ..." } else { "" };
            let n = words::counted(ids.len() as u64, "example");
            differs.push(format!("{n} {what} ({}{more})", shown.join(", ")));
        }
    };
    tell(&only_a, &format!("in {} alone", a.summary.file));
    tell(&only_b, &format!("in {} alone", b.summary.file));
    tell(&other_gold, "with other gold");
    tell(&other_text, "with another text");
    let whole = (common.len() == a.data.len() && common.len() == b.data.len())
        .then(|| common.iter().map(|&(_, at)| at).collect());
    Fit { whole, common, differs: differs.join("; ") }
}

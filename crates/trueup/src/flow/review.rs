//! The review: load, train or take predictions, measure, judge.

use std::collections::BTreeSet;
use std::path::Path;

use trueup_core::document::{Evaluation, Review, SplitSummary, Training};
use trueup_core::{Dataset, Example, Predictions, Task, words};

use super::judge::{costs, judge, positive};
use super::plan;
use crate::error::Error;
use crate::evaluate;
use crate::load::{self, Part};
use crate::observe::Observer;
use crate::options::{LearnerChoice, ReviewOptions, Source};
use crate::review::{SideName, Twins, rules_of};
use crate::split::Stratification;
use crate::train::{self, Learner};

/// Under so many examples nothing can be learned and held out at once.
const FEWEST: usize = 10;
/// Folds of a review without a test set.
const FOLDS: usize = 5;
/// Above this many examples one 80/20 split is evaluated instead of folds.
const MOST_FOR_FOLDS: usize = 50_000;
/// What is to be reviewed, once there are answers.
pub(super) struct Answered {
    pub train: Option<Part>,
    pub valid: Option<Part>,
    /// The evaluated part; with folds there is no other.
    pub test: Part,
    pub predictions: Predictions,
    pub training: Option<Training>,
    pub evaluation: Evaluation,
    pub how: String,
    pub model: String,
}

/// Reviews a model on labelled data: loads, trains or takes predictions, measures, judges.
///
/// # Errors
///
/// When a file cannot be read, an option names what there is not, or there is too little to learn from.
pub fn review(options: &ReviewOptions, observer: &dyn Observer) -> Result<Review, Error> {
    let rules = rules_of(&options.select, &options.ignore)?;
    observer.stage("read");
    let answered = match &options.source {
        Source::Train { data, test, valid, ignore_splits, learner } => {
            let named = [Some(data), test.as_ref(), valid.as_ref()];
            let paths: Vec<&Path> = named.iter().flatten().map(|path| path.as_path()).collect();
            let mut parts = load::read(&paths, &options.read, observer)?.into_iter();
            let data = parts.next().expect("one part a path");
            checked(&data.data, options)?;
            let given = test.as_ref().and_then(|_| parts.next());
            let valid = parts.next();
            let own = given.is_none() && !ignore_splits;
            let (data, test, valid, how) = match load::named(&data, valid.is_some()).filter(|_| own) {
                Some(rows) => by_own_splits(&data, valid, rows),
                None => (data, given, valid, "given test set"),
            };
            let evaluated = test.as_ref().map_or(&data.data, |test| &test.data);
            evaluate::known_slices(evaluated, true, &options.slices, &options.slices_by)?;
            let valid = valid.map(|part| part.named("valid"));
            trained(data, test.map(|test| (test, how)), valid, *learner, options.seed, observer)?
        }
        Source::Predictions { gold, predictions, predicted, train } => {
            let (gold, mut parts) = load::read_gold(gold, train.as_deref(), &options.read, observer)?;
            let mut gold = gold.named("test");
            let mut answers =
                load::predictions(predictions, &mut gold, &mut parts, &options.read, predicted.as_deref(), observer)?;
            if let Some(expression) = &options.read.filter {
                load::keep(&mut gold, &mut answers, &mut parts, expression)?;
            }
            checked(&gold.data, options)?;
            let scored = answers.scores.is_some() || answers.span_scores.is_some();
            evaluate::known_slices(&gold.data, scored, &options.slices, &options.slices_by)?;
            Answered {
                train: parts.pop().map(|part| part.named("train")),
                valid: None,
                how: format!("predictions for {}", gold.summary.file),
                test: gold,
                predictions: answers,
                training: None,
                evaluation: Evaluation::Predictions,
                model: predictions.display().to_string(),
            }
        }
    };
    judge(&answered, &rules, options, observer)
}

/// Refuses options that name what this data does not have, before any work is done.
fn checked(data: &Dataset, options: &ReviewOptions) -> Result<(), Error> {
    costs(&data.labels, &options.costs)?;
    positive(&data.labels, options.positive.as_deref())?;
    let target = options.target.as_ref();
    let metric = target.map(|target| target.metric.as_str()).or(options.metric.as_deref());
    evaluate::known_metric(data.task, metric, target.map(|target| target.value))
}

/// The parts that the data names itself: training, test and validation set, and how it was evaluated.
fn by_own_splits(
    data: &Part,
    valid: Option<Part>,
    rows: load::Named,
) -> (Part, Option<Part>, Option<Part>, &'static str) {
    let valid = valid.or_else(|| (!rows.valid.is_empty()).then(|| part(data, &rows.valid, "valid")));
    let mut train = part(data, &rows.train, "train");
    train.summary.guesses.extend(rows.guess);
    (train, Some(part(data, &rows.test, "test")), valid, "test set named by the file")
}

/// Trains a model and lets it answer: the test set given, or by folds, or one 80/20 split of large data.
fn trained(
    data: Part,
    test: Option<(Part, &str)>,
    valid: Option<Part>,
    choice: LearnerChoice,
    seed: u64,
    observer: &dyn Observer,
) -> Result<Answered, Error> {
    let learner = Learner::new(choice, data.data.task, seed)?;
    if let Some(label) = only_label(&data.data) {
        return Err(Error::TooLittle {
            file: data.summary.file,
            found: format!("all {} are '{label}'", words::counted(data.data.len() as u64, "example")),
            needed: "training needs at least two labels".into(),
            hint: "is the right column the label? --label NAME says which".into(),
        });
    }
    let overlapping = overlapping(&data.data);
    if overlapping > 0 {
        observer.note(&format!(
            "{}: {} another; `crf` learns the longer ones only, and cannot find both",
            data.summary.file,
            words::agree(
                overlapping,
                "1 gold span overlaps",
                &format!("{} gold spans overlap", words::count(overlapping))
            )
        ));
    }
    if !data.data.has_text {
        return Err(Error::TooLittle {
            file: data.summary.file,
            found: "it has no text column".into(),
            needed: "training needs texts".into(),
            hint: "--text NAME says which column holds them; --gold and --predictions review a model without".into(),
        });
    }
    observer.stage("compare texts");
    let clusters = Twins::new(vec![(SideName::Train, &data.data)]).clusters(SideName::Train);
    let rows: Vec<usize> = (0..data.data.len()).collect();
    let (data, mut clusters, test, how) = match test {
        Some((test, how)) => (data.named("train"), clusters, Some(test.named("test")), how.to_owned()),
        None if data.data.len() <= MOST_FOR_FOLDS => (data.named("all"), clusters, None, String::new()),
        None => {
            let (kept, held) = Stratification::new(&data.data, &clusters, &rows, seed).hold_out(FOLDS);
            let clusters = kept.iter().map(|&row| clusters[row]).collect();
            let how = format!("one 80/20 split of {}", data.summary.file);
            (part(&data, &kept, "train"), clusters, Some(part(&data, &held, "test")), how)
        }
    };
    observer.stage("train");
    let valid_data = valid.as_ref().map(|part| &part.data);
    if let Some(test) = test {
        let examples: Vec<&Example> = test.data.examples.iter().collect();
        let plan = plan::plan(&data.data, &clusters, (0..data.data.len()).collect(), valid.is_some(), seed);
        let outcome = train::on_split(&learner, &data.data, &plan, valid_data, &examples, seed, observer)?;
        return Ok(Answered {
            train: Some(data),
            valid,
            test,
            predictions: outcome.predictions,
            training: Some(outcome.training),
            evaluation: Evaluation::Test,
            how,
            model: learner.name().to_owned(),
        });
    }
    let strata = Stratification::new(&data.data, &clusters, &rows, seed);
    let groups: BTreeSet<&str> = data.data.examples.iter().filter_map(|example| example.group.as_deref()).collect();
    let mut strata = strata;
    let mut apart = "";
    if strata.units() < FOLDS && groups.is_empty() {
        // Texts of one template are all twins of one another; then only equal texts are kept together, and this is said.
        let exact = Twins::new(vec![(SideName::Train, &data.data)]).exact_clusters(SideName::Train);
        strata = Stratification::new(&data.data, &exact, &rows, seed);
        clusters = exact;
        apart = "; near twins on both sides, since nearly all are twins";
    }
    let count = strata.units().min(FOLDS);
    if count < 2 || data.data.len() < FEWEST {
        return Err(Error::TooLittle {
            file: data.summary.file,
            found: match groups.len() {
                _ if data.data.len() < FEWEST => words::counted(data.data.len() as u64, "example"),
                0 => "all texts are equal".to_owned(),
                n => format!("{} that must stay whole", words::counted(n as u64, "group")),
            },
            needed: format!("folds need at least {FEWEST} examples in two parts that differ"),
            hint: "label more, group more finely, or name a test set with --test".into(),
        });
    }
    let folds_text = words::counted(count as u64, "fold");
    let how = match groups.len() {
        0 => format!("{folds_text}{apart}"),
        n => format!("{folds_text} of {}", words::counted(n as u64, "whole group")),
    };
    let folds = plan::folds(&data.data, &clusters, &strata.folds(count), seed);
    let outcome = train::out_of_fold(&learner, &data.data, &folds, seed, observer)?;
    Ok(Answered {
        train: None,
        valid,
        test: data,
        predictions: outcome.predictions,
        training: Some(outcome.training),
        evaluation: Evaluation::OutOfFold,
        how,
        model: learner.name().to_owned(),
    })
}

/// The label of single-label data that has no other.
fn only_label(data: &Dataset) -> Option<String> {
    let support = data.support();
    let mut present = data.labels.ids().filter(|&label| support[label as usize] > 0);
    let first = present.next().filter(|_| data.task == Task::Classification)?;
    present.next().is_none().then(|| words::printable(data.labels.name(first)))
}

/// Gold spans that share text with an earlier one of their example.
fn overlapping(data: &Dataset) -> u64 {
    let of = |example: &Example| {
        let mut end = 0;
        let mut n = 0;
        for span in example.gold.spans() {
            n += u64::from(span.start < end);
            end = end.max(span.end);
        }
        n
    };
    data.examples.iter().map(of).sum()
}

/// The rows `rows` of `part` under the name `name`; guesses and left-out records stay with the training part.
fn part(part: &Part, rows: &[usize], name: &str) -> Part {
    let examples = rows.iter().map(|&row| part.data.examples[row].clone()).collect();
    let data = Dataset {
        examples,
        labels: part.data.labels.clone(),
        columns: part.data.columns.clone(),
        tags: part.data.tags.clone(),
        ..part.data
    };
    let spans = part.summary.spans.map(|_| data.support().iter().sum());
    let mut summary =
        SplitSummary { examples: data.len() as u64, spans, name: name.to_owned(), ..part.summary.clone() };
    if name != "train" {
        summary.guesses.clear();
        summary.skipped.clear();
    }
    Part { data, summary, splits: Vec::new(), scheme: part.scheme }
}

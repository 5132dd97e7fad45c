//! The review: load, train or take predictions, measure, judge.

use std::path::Path;

use trueup_core::document::{Decided, Evaluation, Review, SplitSummary, Training};
use trueup_core::{Dataset, Example, LabelSet, Predictions, Task, words};
use trueup_data::ReadOptions;

use super::judge::{costs, judge, positive};
use super::{kept, plan, program};
use crate::error::Error;
use crate::evaluate;
use crate::load::{self, Part};
use crate::models::{self, Model};
use crate::observe::Observer;
use crate::options::{CostOption, LearnOptions, ModelChoice, Resources, ReviewOptions, Source};
use crate::review::{SideName, Twins, rules_of};
use crate::split::Stratification;
use crate::train::{self, Field, Learner, Recipe, Settled, Tuned};

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
    /// The model that was trained on all there is to learn from, and how, where it is to be kept.
    pub kept: Option<(Model, Training)>,
    /// What becomes of the scores of the model that was trained, where that was asked for.
    pub decided: Option<Decided>,
    /// What was tried to choose its settings, where that was asked for.
    pub tuned: Option<Tuned>,
}

/// Whether a model that is trained is kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keep {
    /// It is only measured.
    No,
    /// It is kept, its settings chosen in so many trainings where that is wanted.
    Yes { budget: Option<u64> },
}

/// Reviews a model on labelled data: loads, trains or takes predictions, measures, judges.
///
/// # Errors
///
/// When a file cannot be read, an option names what there is not, or there is too little to learn from.
pub fn review(options: &ReviewOptions, observer: &dyn Observer) -> Result<Review, Error> {
    let rules = rules_of(&options.select, &options.ignore)?;
    let answered = answered(options, Keep::No, observer)?;
    if let Some(decided) = &answered.decided {
        let rule = if decided.rule == "usual" { "the likeliest" } else { &decided.rule };
        observer.note(&format!("from scores to answers: calibration {}, thresholds {rule}", decided.calibration));
        decided.notes.iter().for_each(|note| observer.note(note));
    }
    judge(&answered, &rules, options, observer)
}

/// Loads, and trains or takes predictions; a model that is trained is kept where that is asked for.
///
/// # Errors
///
/// As [`review`].
pub(super) fn answered(options: &ReviewOptions, keep: Keep, observer: &dyn Observer) -> Result<Answered, Error> {
    observer.stage("read");
    match &options.source {
        Source::Train { data, test, valid, ignore_splits, learn } => {
            let named = [Some(data), test.as_ref(), valid.as_ref()];
            let paths: Vec<&Path> = named.iter().flatten().map(|path| path.as_path()).collect();
            let mut parts = load::read(&paths, &reserving(&options.read, learn)?, observer)?.into_iter();
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
            let test = test.map(|test| (test, how));
            match &learn.model {
                ModelChoice::Kept(folder) => {
                    learns_nothing(learn, &folder.display().to_string())?;
                    kept::answered(data, test, folder, observer)
                }
                ModelChoice::Command(name) if learn.train_command.is_none() => {
                    learns_nothing(learn, name)?;
                    program::answered(data, test, valid, name, observer)
                }
                _ => {
                    let (keep, budget) = match keep {
                        Keep::No => (false, None),
                        Keep::Yes { budget } => (true, budget),
                    };
                    let work = Work { learn, costs: &options.costs, seed: options.seed, keep, budget, observer };
                    trained(data, test, valid, &work)
                }
            }
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
            Ok(Answered {
                train: parts.pop().map(|part| part.named("train")),
                valid: None,
                how: format!("predictions for {}", gold.summary.file),
                test: gold,
                predictions: answers,
                training: None,
                evaluation: Evaluation::Predictions,
                model: predictions.display().to_string(),
                kept: None,
                decided: None,
                tuned: None,
            })
        }
    }
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
pub(super) fn by_own_splits(
    data: &Part,
    valid: Option<Part>,
    rows: load::Named,
) -> (Part, Option<Part>, Option<Part>, &'static str) {
    let valid = valid.or_else(|| (!rows.valid.is_empty()).then(|| part(data, &rows.valid, "valid")));
    let mut train = part(data, &rows.train, "train");
    train.summary.guesses.extend(rows.guess);
    (train, Some(part(data, &rows.test, "test")), valid, "test set named by the file")
}

/// How a model is trained.
pub(super) struct Work<'a> {
    /// Which, and how.
    pub learn: &'a LearnOptions,
    /// What mistakes cost.
    pub costs: &'a [CostOption],
    /// The seed of parts and training.
    pub seed: u64,
    /// Whether the model is kept.
    pub keep: bool,
    /// So many trainings to search the settings with.
    pub budget: Option<u64>,
    /// Who watches.
    pub observer: &'a dyn Observer,
}

/// Refuses data that nothing can be learned from, and says what a learner leaves out.
pub(super) fn can_learn(data: &Part, observer: &dyn Observer) -> Result<(), Error> {
    if let Some(label) = only_label(&data.data) {
        return Err(Error::TooLittle {
            file: data.summary.file.clone(),
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
            file: data.summary.file.clone(),
            found: "it has no text column".into(),
            needed: "training needs texts".into(),
            hint: "--text NAME says which column holds them; --gold and --predictions review a model without".into(),
        });
    }
    Ok(())
}

/// Trains a model and lets it answer: the test set given, or by folds, or one 80/20 split of large data and of data that settings
/// are searched on: what chose them cannot measure them.
fn trained(
    mut data: Part,
    mut test: Option<(Part, &str)>,
    mut valid: Option<Part>,
    work: &Work,
) -> Result<Answered, Error> {
    let Work { seed, keep, observer, .. } = *work;
    if let Some(folder) = &work.learn.from {
        let parts = [Some(&mut data), test.as_mut().map(|test| &mut test.0), valid.as_mut()];
        known_to(folder, parts.into_iter().flatten())?;
    }
    let recipe = Recipe::new(work.learn, data.data.task, &data.data.labels, work.costs, seed)?;
    let parts = [Some(&mut data), test.as_mut().map(|test| &mut test.0), valid.as_mut()];
    load::lead(parts.into_iter().flatten(), recipe.learner.columns())?;
    if let Some(valid) = valid.as_mut().filter(|_| recipe.learner.is_program()) {
        // A program gets all columns, by the names of those of the training data.
        valid.data.conform(&data.data.columns);
    }
    can_learn(&data, observer)?;
    observer.stage("compare texts");
    let clusters = Twins::new(vec![(SideName::Train, &data.data)]).clusters(SideName::Train);
    let rows: Vec<usize> = (0..data.data.len()).collect();
    let parted = test.is_none() && (data.data.len() > MOST_FOR_FOLDS || work.budget.is_some());
    // Of what is measured on a part, all is learned from in the end.
    let whole = (keep && parted).then(|| (data.data.clone(), clusters.clone()));
    let (data, clusters, test, how) = match test {
        Some((test, how)) => (data.named("train"), clusters, Some(test.named("test")), how.to_owned()),
        None if !parted => (data.named("all"), clusters, None, String::new()),
        None => {
            let (kept, held) = Stratification::new(&data.data, &clusters, &rows, seed).hold_out(plan::FOLDS);
            let clusters = kept.iter().map(|&row| clusters[row]).collect();
            let how = format!("one 80/20 split of {}", data.summary.file);
            (part(&data, &kept, "train"), clusters, Some(part(&data, &held, "test")), how)
        }
    };
    let (recipe, tuned) = match work.budget {
        Some(budget) => chosen(&recipe, &data, &clusters, budget, work)?,
        None => (recipe, None),
    };
    let valid_data = valid.as_ref().map(|part| &part.data);
    let inner = recipe.folds(plan::FOLDS);
    let on_all = |data: &Dataset, clusters: &[u32], settled: Option<&Settled>| {
        // An ensemble has its folds; a decision that is known needs none.
        let inner = recipe.members.or_else(|| settled.is_none().then_some(inner)).unwrap_or(0);
        let plan = plan::plan(data, clusters, (0..data.len()).collect(), valid_data.is_some(), inner, seed);
        observer.stage("train all");
        // Of a program there is no best so far.
        observer.may_stop(!recipe.learner.is_program());
        let made = train::whole(&recipe, data, &plan, valid_data, settled, seed, observer)?;
        observer.may_stop(false);
        Ok::<_, Error>((made.0, made.1))
    };
    let (outcome, train, test, evaluation, how, clusters) = if let Some(test) = test {
        let plan = plan::plan(&data.data, &clusters, (0..data.data.len()).collect(), valid.is_some(), inner, seed);
        observer.stage("train");
        // What is trained here is measured; where it is kept as well, it is worth having before it is done.
        observer.may_stop(keep && whole.is_none() && !recipe.learner.is_program());
        let outcome = train::on_split(&recipe, &data.data, &plan, valid_data, &test.data, seed, observer)?;
        observer.may_stop(false);
        (outcome, Some(data), test, Evaluation::Test, how, clusters)
    } else {
        let members = recipe.members.unwrap_or(0);
        let plan::Folded { folds, clusters, how } = plan::folded(&data, clusters, members, seed)?;
        observer.stage("train");
        let outcome = train::out_of_fold(&recipe, &data.data, &folds, &clusters, seed, observer)?;
        (outcome, None, data, Evaluation::OutOfFold, how, clusters)
    };
    let settled = outcome.settled.as_ref();
    let kept = match (keep, &whole, outcome.model) {
        (false, ..) => None,
        (true, Some((data, clusters)), _) => Some(on_all(data, clusters, settled)?),
        (true, None, Some(model)) => Some((model, outcome.training.clone())),
        (true, None, None) => Some(on_all(&test.data, &clusters, settled)?),
    };
    Ok(Answered {
        kept,
        train,
        valid,
        test,
        predictions: outcome.predictions,
        // Of a program's training nothing is known that could be judged.
        training: Some(outcome.training).filter(|_| !recipe.learner.is_program()),
        evaluation,
        how,
        model: match &recipe.learner {
            Learner::Program(command) if recipe.members.is_none() => command.program.name(),
            _ => recipe.name().to_owned(),
        },
        decided: outcome.settled.map(|settled| settled.report),
        tuned,
    })
}

/// Adds the labels of an earlier model, which the model that is trained on from it knows too, to those of the data.
pub(super) fn known_to<'a>(folder: &Path, parts: impl Iterator<Item = &'a mut Part>) -> Result<(), Error> {
    let earlier = models::open(folder)?;
    for part in parts {
        let all = LabelSet::union([&part.data.labels, earlier.model.labels()]);
        part.data.relabel(&all);
    }
    Ok(())
}

/// How files are read from which a model learns, or one that is kept is asked: what it reads beside the texts is nothing else.
pub(super) fn reserving(read: &ReadOptions, learn: &LearnOptions) -> Result<ReadOptions, Error> {
    let mut reserved = learn.resources.metadata.clone();
    let kept = match &learn.model {
        ModelChoice::Kept(folder) => Some(folder),
        _ => learn.from.as_ref(),
    };
    if let Some(folder) = kept {
        reserved.extend(models::open(folder)?.model.reserved());
    }
    Ok(ReadOptions { reserved, ..read.clone() })
}

/// Refuses what only a model that is trained has a use for.
fn learns_nothing(learn: &LearnOptions, model: &str) -> Result<(), Error> {
    let plain = LearnOptions { model: learn.model.clone(), ..LearnOptions::default() };
    let asked = [
        ("--train-command", learn.train_command != plain.train_command),
        ("--set", learn.settings != plain.settings),
        ("--metadata", learn.resources.metadata != plain.resources.metadata),
        ("--gazetteer", learn.resources.gazetteer != plain.resources.gazetteer),
        ("--clusters", learn.resources.clusters != plain.resources.clusters),
        ("--from-model", learn.from != plain.from),
        ("--calibration", learn.calibration != plain.calibration),
        ("--thresholds", learn.thresholds != plain.thresholds),
        ("--abstain", learn.abstain != plain.abstain),
        ("--ensemble", learn.ensemble != plain.ensemble),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        None => Ok(()),
        Some((option, _)) => Err(Error::Option {
            option,
            found: model.to_owned(),
            valid: "for a model that is trained here; `trueup calibrate` finds calibration, thresholds and what is left to people \
                    for one that is"
                .to_owned(),
        }),
    }
}

/// The recipe with the settings that a search on folds of what is learned from chose, and what it tried.
pub(super) fn chosen(
    recipe: &Recipe,
    data: &Part,
    clusters: &[u32],
    budget: u64,
    work: &Work,
) -> Result<(Recipe, Option<Tuned>), Error> {
    if recipe.learner.is_program() {
        return Err(Error::Option {
            option: "--budget",
            found: budget.to_string(),
            valid: "for linear and crf: of a program no settings are known".to_owned(),
        });
    }
    let inner = if recipe.members.is_none() { plan::FOLDS } else { 0 };
    let plan::Folded { folds, clusters, .. } = plan::folded(data, clusters.to_vec(), inner, work.seed)?;
    let (learner, seed) = (&recipe.learner, work.seed);
    let field = Field { learner, data: &data.data, folds: &folds, clusters: &clusters, seed };
    let tuned = train::tune(&field, budget, work.observer)?;
    // What was read of files is not read again.
    let learn = LearnOptions { resources: Resources::default(), ..tuned.applied(work.learn) };
    let mut chosen = Recipe::new(&learn, data.data.task, &data.data.labels, work.costs, seed)?;
    chosen.learner.give_as(&recipe.learner);
    Ok((chosen, Some(tuned)))
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

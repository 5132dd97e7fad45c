//! The flow: the only place that chains stages. Read it to know what a review does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use trueup_core::document::{
    Data, Evaluation, ExampleRecord, Leak, Leakage, Review, SCHEMA, SplitSummary, Subject, Tool, Training,
};
use trueup_core::fingerprint::fingerprint;
use trueup_core::measure::{Costs, MeasureOptions, Measures, measure};
use trueup_core::{Annotation, Dataset, Example, LabelSet, Pair, Predictions, Task};

use crate::error::Error;
use crate::load::{self, Part};
use crate::observe::Observer;
use crate::options::{CostOption, ReviewOptions, Source};
use crate::review::{self, Evidence, Figures, Outcome, Primary, RULES, Rule, Side, SideName, StatedCosts, Twins};
use crate::split::Stratification;
use crate::train::{self, Learner, LearnerChoice};
use crate::{evaluate, review::rules_of};

/// Folds of a review without a test set.
const FOLDS: usize = 5;
/// Above this many examples one 80/20 split is evaluated instead of folds.
const MOST_FOR_FOLDS: usize = 50_000;
/// The most evaluated examples that a document holds with their texts, besides those that findings name.
const MOST_EXAMPLES: usize = 10_000;

/// What is to be reviewed, once there are answers.
struct Answered {
    train: Option<Part>,
    valid: Option<Part>,
    /// The evaluated part; with folds there is no other.
    test: Part,
    predictions: Predictions,
    training: Option<Training>,
    evaluation: Evaluation,
    how: String,
    model: String,
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
        Source::Train {
            data,
            test,
            valid,
            learner,
        } => {
            let named = [Some(data), test.as_ref(), valid.as_ref()];
            let paths: Vec<&Path> = named.iter().flatten().map(|path| path.as_path()).collect();
            let mut parts = load::read(&paths, &options.read, observer)?.into_iter();
            let data = parts.next().expect("one part a path");
            let test = test.as_ref().and_then(|_| parts.next());
            let valid = parts.next().map(|part| part.named("valid"));
            trained(data, test, valid, *learner, options.seed, observer)?
        }
        Source::Predictions {
            gold,
            predictions,
            train,
        } => {
            let paths: Vec<&Path> = [Some(gold), train.as_ref()]
                .into_iter()
                .flatten()
                .map(|p| p.as_path())
                .collect();
            let mut parts = load::read(&paths, &options.read, observer)?;
            let mut gold = parts.remove(0).named("test");
            let answers = load::predictions(predictions, &mut gold, &mut parts, &options.read, observer)?;
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

/// Trains a model and lets it answer: the test set given, or by folds, or one 80/20 split of large data.
fn trained(
    data: Part,
    test: Option<Part>,
    valid: Option<Part>,
    choice: LearnerChoice,
    seed: u64,
    observer: &dyn Observer,
) -> Result<Answered, Error> {
    let learner = Learner::new(choice, data.data.task, seed)?;
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
    let (data, clusters, test, how) = match test {
        Some(test) => {
            let how = test.summary.file.clone();
            (data.named("train"), clusters, Some(test.named("test")), how)
        }
        None if data.data.len() <= MOST_FOR_FOLDS => (data.named("all"), clusters, None, String::new()),
        None => {
            let (kept, held) = Stratification::new(&data.data, &clusters, seed).hold_out(FOLDS);
            let clusters = kept.iter().map(|&row| clusters[row]).collect();
            let how = format!("one 80/20 split of {}", data.summary.file);
            (
                part(&data, &kept, "train"),
                clusters,
                Some(part(&data, &held, "test")),
                how,
            )
        }
    };
    observer.stage("train");
    let valid_data = valid.as_ref().map(|part| &part.data);
    if let Some(test) = test {
        let examples: Vec<&Example> = test.data.examples.iter().collect();
        let outcome = train::on_split(&learner, &data.data, &clusters, valid_data, &examples, seed, observer)?;
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
    let strata = Stratification::new(&data.data, &clusters, seed);
    if strata.units() < FOLDS {
        return Err(Error::TooLittle {
            file: data.summary.file,
            found: format!("{} different examples", strata.units()),
            needed: format!("{FOLDS} folds need at least {FOLDS}"),
            hint: "label more, or name a test set with --test".into(),
        });
    }
    let folds = strata.folds(FOLDS);
    let outcome = train::out_of_fold(&learner, &data.data, &clusters, &folds, seed, observer)?;
    Ok(Answered {
        train: None,
        valid,
        test: data,
        predictions: outcome.predictions,
        training: Some(outcome.training),
        evaluation: Evaluation::OutOfFold,
        how: format!("{FOLDS} folds"),
        model: learner.name().to_owned(),
    })
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
    let mut summary = SplitSummary {
        examples: data.len() as u64,
        spans,
        name: name.to_owned(),
        ..part.summary.clone()
    };
    if name != "train" {
        summary.guesses.clear();
        summary.skipped.clear();
    }
    Part { data, summary }
}

/// Makes the evidence, lets the rules judge it, and writes the document.
fn judge(
    answered: &Answered,
    rules: &[&Rule],
    options: &ReviewOptions,
    observer: &dyn Observer,
) -> Result<Review, Error> {
    let task = answered.test.data.task;
    let labels = &answered.test.data.labels;
    observer.stage("evaluate");
    let costs = costs(labels, &options.costs)?;
    let measuring = MeasureOptions {
        seed: options.seed,
        positive: positive(labels, options.positive.as_deref())?,
        costs: costs.as_ref().map(|c| Costs {
            miss: c.miss.clone(),
            false_alarm: c.false_alarm.clone(),
        }),
        ..MeasureOptions::default()
    };
    let gold = answered.test.data.examples.iter().map(|example| &example.gold);
    let pair = Pair::new(task, labels, gold, &answered.predictions, groups(&answered.test.data))?;
    let all = measure(&pair, &measuring);

    observer.stage("compare texts");
    let mut named = vec![(SideName::Test, &answered.test.data)];
    named.extend(answered.train.as_ref().map(|part| (SideName::Train, &part.data)));
    named.extend(answered.valid.as_ref().map(|part| (SideName::Valid, &part.data)));
    named.sort_by_key(|(name, _)| *name);
    let twins = Twins::new(named);
    let leaks = twins.leaks();
    let leaked: BTreeSet<usize> = leaks.iter().map(|leak| leak.test).collect();
    let unleaked: Vec<usize> = (0..pair.len()).filter(|row| !leaked.contains(row)).collect();
    let clean = (!leaked.is_empty()).then(|| measure(&pair.select(&unleaked), &measuring));

    observer.stage("judge");
    let learned = answered.train.as_ref().unwrap_or(&answered.test);
    let counting = clean.as_ref().unwrap_or(&all);
    let counted = if clean.is_some() {
        pair.select(&unleaked)
    } else {
        pair.clone()
    };
    let primary = primary(&learned.data, &counted, counting, &measuring, options)?;
    let correct: Vec<bool> = pair
        .gold()
        .iter()
        .zip(pair.predicted())
        .map(|(gold, answer)| gold == answer)
        .collect();
    let slices = evaluate::slices(&answered.test.data, &pair, &correct, options.seed);
    let apart = answered.train.is_some()
        && answered
            .train
            .as_ref()
            .is_some_and(|t| t.summary.file != answered.test.summary.file);
    let side = |part: &'_ Part, prefix| (prefix, part.summary.file.clone());
    let (test_prefix, test_file) = side(&answered.test, apart.then_some("test"));
    let train_side = match (&answered.train, answered.evaluation) {
        (Some(part), _) => Some(Side::new(
            &part.data,
            apart.then_some("train"),
            part.summary.file.clone(),
        )),
        (None, Evaluation::OutOfFold) => Some(Side::new(&answered.test.data, None, test_file.clone())),
        (None, _) => None,
    };
    let support = train_side.as_ref().map(|side| side.support.clone());
    let evidence = Evidence {
        task,
        noun: if task == Task::Ner { "sentence" } else { "example" },
        unit: if task == Task::Ner { "span" } else { "example" },
        labels,
        evaluation: answered.evaluation,
        train: train_side,
        valid: answered
            .valid
            .as_ref()
            .map(|part| Side::new(&part.data, Some("valid"), part.summary.file.clone())),
        test: Side::new(&answered.test.data, test_prefix, test_file),
        figures: figures(all, support.as_deref()),
        clean: clean.map(|measures| figures(measures, support.as_deref())),
        primary,
        outcomes: (0..pair.len())
            .map(|row| Outcome {
                row,
                correct: correct[row],
                score: answered.predictions.confidence(row),
            })
            .collect(),
        predicted: &answered.predictions.answers,
        duplicates: twins.duplicates(),
        near: twins.near(),
        leaks,
        slice_rows: slices.iter().map(|slice| slice.rows.clone()).collect(),
        slices: slices.into_iter().map(|slice| slice.row).collect(),
        training: answered.training.clone(),
        costs,
        command: options.command.clone(),
    };
    let mut findings: Vec<_> = rules.iter().flat_map(|rule| rule.judge(&evidence)).collect();
    findings.sort_by(|a, b| (a.severity, &a.code).cmp(&(b.severity, &b.code)));
    let errors = review::errors(&evidence);
    let examples = examples(&evidence, &answered.predictions, &findings, &errors, !options.no_text);
    let leakage = evidence.has_split().then(|| leakage(&evidence, unleaked.len() as u64));
    Ok(Review {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            name: "trueup".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        subject: Subject {
            kind: "model".into(),
            model: answered.model.clone(),
            command: options.command.clone(),
            seed: options.seed,
            noun: evidence.noun.into(),
        },
        task,
        data: data(answered),
        verdict: review::verdict(&evidence, &findings),
        next: review::next(&evidence, &findings),
        metrics: evidence.figures.metrics.clone(),
        labels: evidence.figures.labels.clone(),
        confusion: evidence.figures.confusion.clone(),
        findings,
        errors,
        examples,
        slices: evidence.slices.clone(),
        leakage,
        training: evidence.training.clone(),
        run: None,
    })
}

/// Cluster numbers from the groups, when there are any: rows of one group are one unit of the intervals.
fn groups(data: &Dataset) -> Option<Vec<u32>> {
    data.examples.iter().any(|example| example.group.is_some()).then(|| {
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let mut next = 0;
        let mut fresh = || {
            next += 1;
            next - 1
        };
        let of = |example: &'_ Example| example.group.clone();
        let groups: Vec<Option<String>> = data.examples.iter().map(of).collect();
        let mut out = Vec::with_capacity(groups.len());
        for example in &data.examples {
            out.push(match example.group.as_deref() {
                Some(group) => *numbers.entry(group).or_insert_with(&mut fresh),
                // An example without a group stands alone.
                None => fresh(),
            });
        }
        out
    })
}

fn figures(measures: Measures, train_support: Option<&[u64]>) -> Figures {
    let mut labels = measures.labels;
    if let Some(support) = train_support {
        for (row, &n) in labels.iter_mut().zip(support) {
            row.train_support = Some(n);
        }
    }
    Figures {
        metrics: measures.metrics,
        labels,
        confusion: measures.confusion,
    }
}

/// The deciding metric with what it must beat.
fn primary(
    learned: &Dataset,
    counted: &Pair<'_>,
    counting: &Measures,
    measuring: &MeasureOptions,
    options: &ReviewOptions,
) -> Result<Primary, Error> {
    let asked = options
        .target
        .as_ref()
        .map(|target| target.metric.as_str())
        .or(options.metric.as_deref());
    let imbalanced = review::is_imbalanced(&learned.support());
    let present: Vec<&str> = counting.metrics.keys().map(String::as_str).collect();
    let choice = evaluate::choose(learned.task, asked, measuring.costs.is_some(), imbalanced, &present)?;
    let trivial = evaluate::trivial(learned, counted, measuring.costs.as_ref(), &choice.name);
    let estimate = counting.metrics.get(&choice.name).cloned();
    Ok(Primary {
        estimate: estimate.unwrap_or_else(|| trueup_core::Estimate::undefined(counted.len() as u64)),
        name: choice.name,
        title: choice.title,
        higher_is_better: choice.higher_is_better,
        baseline: trivial.value,
        baseline_answer: trivial.answer,
        baseline_accuracy: trivial.accuracy,
        target: options.target.as_ref().map(|target| target.value),
    })
}

fn known<'a>(labels: &'a LabelSet, option: &'static str, name: &str) -> Result<u32, Error> {
    labels.id(name).ok_or_else(|| Error::Option {
        option,
        found: name.to_owned(),
        valid: format!("the labels are {}", trueup_core::words::list(labels.names(), 100)),
    })
}

fn costs(labels: &LabelSet, options: &[CostOption]) -> Result<Option<StatedCosts>, Error> {
    if options.is_empty() {
        return Ok(None);
    }
    let mut costs = StatedCosts {
        miss: vec![0.0; labels.len()],
        false_alarm: vec![0.0; labels.len()],
        named: vec![],
    };
    for option in options {
        let label = known(labels, "--cost", &option.label)?;
        costs.miss[label as usize] = option.miss;
        costs.false_alarm[label as usize] = option.false_alarm;
        costs.named.push(label);
    }
    Ok(Some(costs))
}

fn positive(labels: &LabelSet, name: Option<&str>) -> Result<Option<u32>, Error> {
    name.map(|name| known(labels, "--positive", name)).transpose()
}

/// The records of the examples that the document shows: wrong ones first, then those that findings and errors name,
/// then the other evaluated ones up to the limit.
fn examples(
    evidence: &Evidence<'_>,
    predictions: &Predictions,
    findings: &[trueup_core::document::Finding],
    errors: &[trueup_core::document::ErrorRecord],
    with_text: bool,
) -> BTreeMap<String, ExampleRecord> {
    let mut named: BTreeSet<&str> = findings
        .iter()
        .flat_map(|f| f.examples.iter().map(String::as_str))
        .collect();
    named.extend(errors.iter().map(|error| error.id.as_str()));
    named.extend(
        errors
            .iter()
            .filter_map(|error| error.nearest.as_ref().map(|nearest| nearest.id.as_str())),
    );
    let leaked: Vec<String> = evidence
        .leaks
        .iter()
        .flat_map(|leak| {
            [
                evidence.test.id(leak.test),
                evidence.side(SideName::Train).id(leak.train),
            ]
        })
        .collect();
    named.extend(leaked.iter().map(String::as_str));
    let test_name = if evidence.has_split() || evidence.train.is_none() {
        "test"
    } else {
        "all"
    };
    let mut records = BTreeMap::new();
    let mut room = MOST_EXAMPLES;
    for row in 0..evidence.test.data.len() {
        let id = evidence.test.id(row);
        if named.contains(id.as_str()) || room > 0 {
            room = room.saturating_sub(1);
            records.insert(
                id,
                review::record(&evidence.test, row, Some(predictions), test_name, with_text),
            );
        }
    }
    let others = [
        (
            evidence.has_split().then_some(evidence.train.as_ref()).flatten(),
            "train",
        ),
        (evidence.valid.as_ref(), "valid"),
    ];
    for (side, name) in others {
        for (side, row) in side
            .iter()
            .flat_map(|side| (0..side.data.len()).map(move |row| (side, row)))
        {
            let id = side.id(row);
            if named.contains(id.as_str()) {
                records.insert(id, review::record(side, row, None, name, with_text));
            }
        }
    }
    records
}

fn leakage(evidence: &Evidence<'_>, clean_examples: u64) -> Leakage {
    use trueup_core::document::LeakKind;
    let count = |kind| evidence.leaks.iter().filter(|leak| leak.kind == kind).count() as u64;
    let counting = evidence.counting();
    Leakage {
        exact: count(LeakKind::Exact),
        near: count(LeakKind::Near),
        pairs: evidence
            .leaks
            .iter()
            .map(|leak| Leak {
                test: evidence.test.id(leak.test),
                train: evidence.side(SideName::Train).id(leak.train),
                kind: leak.kind,
                similarity: leak.similarity,
                byte_equal: leak.byte_equal,
                same_gold: leak.same_gold,
            })
            .collect(),
        clean_examples,
        clean_metrics: counting.metrics.clone(),
        clean_labels: counting.labels.clone(),
    }
}

fn data(answered: &Answered) -> Data {
    let parts = [answered.train.as_ref(), answered.valid.as_ref(), Some(&answered.test)]
        .into_iter()
        .flatten();
    let fingerprints = parts
        .map(|part| (part.summary.name.clone(), fingerprint(&part.data)))
        .collect();
    Data {
        evaluation: answered.evaluation,
        how: answered.how.clone(),
        train: answered.train.as_ref().map(|part| part.summary.clone()),
        valid: answered.valid.as_ref().map(|part| part.summary.clone()),
        test: answered.test.summary.clone(),
        fingerprints,
    }
}

//! The comparison: two models or more on one test set, what differs, and what a gate decides.

mod contestants;
mod costs;
mod document;
mod must_pass;
mod versus;
mod written;

use std::collections::BTreeSet;

use trueup_core::compare::{Duel, DuelError, MetricLaw};
use trueup_core::document::{Decision, Review, Standing};
use trueup_core::measure::{Measures, measure};
use trueup_core::{Pair, Predictions, words};

use self::contestants::{Contest, contest};
use self::versus::{Found, Setting};
use super::judge::{costs as stated, groups, positive, primary};
use crate::error::Error;
use crate::evaluate;
use crate::gate::{self, Policy, PolicyFile};
use crate::load::Part;
use crate::observe::Observer;
use crate::options::{CompareOptions, CostOption};
use crate::review::{SideName, Twins, rules_of};

/// The rules that judge a comparison: what retraining changed, leaks, and how the candidate was trained.
const RULES: [&str; 3] = ["R", "K", "T"];

/// The chance to find a difference where no policy says it.
const POWER: f64 = 0.8;

/// Compares candidates with a baseline on the same test set; decides by a policy where a gate is asked for.
///
/// # Errors
///
/// When a file cannot be read, the models are not over the same test set, or an option or policy names what there is not.
pub fn compare(options: &CompareOptions, observer: &dyn Observer) -> Result<Review, Error> {
    let select: Vec<String> = match options.select.as_slice() {
        [] => RULES.map(str::to_owned).to_vec(),
        given => given.to_vec(),
    };
    let rules = rules_of(&select, &options.ignore)?;
    let file = policy(options)?;
    let policy = file.as_ref().map(|(file, _)| file.policy.clone());
    let costs: Vec<CostOption> = match (&options.costs, &file) {
        (given, _) if !given.is_empty() => given.clone(),
        (_, Some((file, _))) => file.costs.clone(),
        _ => Vec::new(),
    };
    observer.stage("read");
    let Contest { test, train, answers, weights, unfair } = contest(options, observer)?;
    let data = &test.data;
    let labels = &data.labels;
    let costs = stated(labels, &costs)?;
    let how = written::how(
        options.seed,
        positive(labels, options.positive.as_deref())?,
        costs
            .as_ref()
            .map(|c| trueup_core::measure::Costs { miss: c.miss.clone(), false_alarm: c.false_alarm.clone() }),
    );
    let asked = options.metric.as_deref().or(policy.as_ref().and_then(|policy| policy.metric.as_deref()));
    evaluate::known_metric(data.task, asked, None)?;
    if let Some(policy) = &policy {
        fits(policy, &test)?;
    }

    // What leaks does not count.
    observer.stage("compare texts");
    let twins = train.as_ref().map(|train| Twins::new(vec![(SideName::Test, data), (SideName::Train, &train.data)]));
    let leaks = twins.as_ref().map(Twins::leaks).unwrap_or_default();
    let leaked: BTreeSet<usize> = leaks.iter().map(|leak| leak.test).collect();
    let counted: Vec<usize> = (0..data.len()).filter(|row| !leaked.contains(row)).collect();
    if counted.is_empty() {
        return Err(Error::TooLittle {
            file: test.summary.file.clone(),
            found: "every example stands in the training data too".to_owned(),
            needed: "a comparison needs examples that the candidate has not learned from".to_owned(),
            hint: "is --train the file of another split?".to_owned(),
        });
    }

    observer.stage("compare");
    let pairs: Vec<Pair<'_>> = answers
        .iter()
        .map(|of| paired(&test, &of.predictions, &of.contestant.name, weights.as_deref()))
        .collect::<Result<_, _>>()?;
    let first = options.baseline.is_none();
    let candidates = if first { 0..answers.len() } else { 1..answers.len() };
    let alone = |pair: &Pair<'_>, intervals: bool| -> Measures {
        let options = trueup_core::measure::MeasureOptions { intervals, ..how.measuring() };
        if leaked.is_empty() { measure(pair, &options) } else { measure(&pair.select(&counted), &options) }
    };
    let baseline = (!first).then(|| alone(&pairs[0], false));
    let several = candidates.len();
    let alpha = policy.as_ref().map_or(0.05, |policy| policy.alpha);
    let setting = Setting {
        options,
        policy: policy.as_ref(),
        test: &test,
        counted: &counted,
        how: &how,
        level: 1.0 - alpha / several as f64,
        power: policy.as_ref().map_or(POWER, |policy| policy.power),
        candidates: several,
        observer,
    };
    let learned = train.as_ref().unwrap_or(&test);
    let mut found: Vec<Found<'_>> = Vec::new();
    for at in candidates {
        let measures = alone(&pairs[at], true);
        let counted_pair = if leaked.is_empty() { pairs[at].clone() } else { pairs[at].select(&counted) };
        let primary = primary(&learned.data, data, &counted_pair, &measures, &how.measuring(), (asked, None))?;
        let choice = &options.candidates[found.len()];
        found.push(versus::found(&setting, choice, &answers[at], (&pairs, at), baseline.as_ref(), measures, primary)?);
    }
    let best = best(&found);
    Ok(document::document(document::Parts {
        setting: &setting,
        rules: &rules,
        source: file.map(|(_, source)| source),
        train,
        baseline: (!first).then(|| &answers[0]),
        candidates: &answers[usize::from(!first)..],
        pairs: &pairs,
        leaks,
        costs,
        unfair,
        found,
        best,
    }))
}

/// Gold and answers through the door.
fn paired<'a>(
    test: &'a Part,
    answers: &'a Predictions,
    name: &str,
    weights: Option<&[f64]>,
) -> Result<Pair<'a>, Error> {
    let data = &test.data;
    let wrong = |cause: trueup_core::DoorError| {
        let example = cause.row().and_then(|row| data.examples.get(row));
        let place =
            example.map_or_else(String::new, |e| format!(", the answer to example '{}'", words::printable(&e.id)));
        Error::Answer { file: name.to_owned(), place, cause }
    };
    let golds = data.examples.iter().map(|example| &example.gold);
    let pair = Pair::new(data.task, &data.labels, golds, answers, groups(data)).map_err(wrong)?;
    match weights {
        Some(weights) => pair.with_weights(weights).map_err(wrong),
        None => Ok(pair),
    }
}

/// The policy that holds, and where it comes from; none for a comparison.
fn policy(options: &CompareOptions) -> Result<Option<(PolicyFile, String)>, Error> {
    let Some(gate) = &options.gate else { return Ok(None) };
    if let Some(path) = &gate.policy {
        return Ok(Some((gate::read_policy(path)?, words::printable(&path.display().to_string()))));
    }
    let beside = match options.gold.as_deref().filter(|gold| gold.as_os_str() != "-") {
        Some(gold) => gate::beside(gold)?,
        None => None,
    };
    Ok(Some(match beside {
        Some(file) => {
            let source = words::printable(&file.file.display().to_string());
            (file, source)
        }
        None => (
            PolicyFile { policy: Policy::default(), costs: Vec::new(), file: std::path::PathBuf::new() },
            "default".to_owned(),
        ),
    }))
}

/// Refuses a policy that names what this data does not have.
fn fits(policy: &Policy, test: &Part) -> Result<(), Error> {
    for name in policy.floors.keys() {
        evaluate::known_metric(test.data.task, Some(name), None)?;
    }
    for veto in &policy.label {
        super::judge::known(&test.data.labels, "gate.label", &veto.label)?;
    }
    Ok(())
}

/// The candidate that is meant: one to be promoted before others, then that with the best figure.
fn best(found: &[Found<'_>]) -> usize {
    let rank = |found: &Found<'_>| {
        let decision = match found.decided.as_ref().map(|decided| decided.decision) {
            Some(Decision::Promote) => 2,
            Some(Decision::Undecided) | None => 1,
            Some(Decision::Reject) => 0,
        };
        let MetricLaw { b, higher_is_better, .. } = &found.primary_law;
        (decision, b.map_or(f64::NEG_INFINITY, |value| if *higher_is_better { value } else { -value }))
    };
    (0..found.len())
        .reduce(|best, at| {
            if rank(&found[at]).partial_cmp(&rank(&found[best])).is_some_and(std::cmp::Ordering::is_gt) {
                at
            } else {
                best
            }
        })
        .unwrap_or(0)
}

/// The duel of two pairs over the same gold; they were made from one test set.
fn duel<'a>(a: &Pair<'a>, b: &Pair<'a>) -> Duel<'a> {
    Duel::new(a.clone(), b.clone())
        .unwrap_or_else(|cause: DuelError| unreachable!("both are over one test set: {cause}"))
}

/// What became of the metric that decides.
fn standing(setting: &Setting<'_>, law: &MetricLaw) -> Standing {
    law.law.standing(law.higher_is_better, setting.level, written::within(law), None)
}

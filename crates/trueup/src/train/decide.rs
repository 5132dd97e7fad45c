//! Decide: what becomes of a model's scores, found on its answers to examples that it has not learned from.
//!
//! What is measured is cross-fitted: the answers of a fold are calibrated and decided by what was found on the other folds,
//! so that no example helps to decide its own answer. What is kept with the model is found on all of them.

use std::collections::BTreeMap;

use trueup_core::counts::Tallies;
use trueup_core::document::{Abstained, Bin, Decided, IntervalKind};
use trueup_core::measure::{MeasureOptions, Selection, curves, measure};
use trueup_core::stats::wilson;
use trueup_core::{Annotation, Estimate, LabelSet, Pair, Predictions, Task};
use trueup_model::calibrate::reliability;
use trueup_model::decision::{Calibration, Decision, Method, Rule, Thresholds};

use super::curve;
use super::recipe::{Wanted, WantedRule};
use crate::options::{AbstainChoice, CalibrationChoice};

/// What was found, and what it is worth.
#[derive(Debug, Clone)]
pub struct Settled {
    /// What becomes of the scores, to be kept with the model.
    pub decision: Decision,
    /// The answers, cross-fitted.
    pub predictions: Predictions,
    /// What it is worth.
    pub report: Decided,
}

/// Answers to examples that training has not seen.
pub struct HeldOut<'a> {
    /// The task.
    pub task: Task,
    /// The labels.
    pub labels: &'a LabelSet,
    /// The gold of each example.
    pub gold: Vec<&'a Annotation>,
    /// The answers.
    pub answers: Predictions,
    /// The fold of each example: its model was trained without that fold.
    pub folds: Vec<usize>,
    /// What each example belongs to; examples of one cluster are one unit of intervals.
    pub clusters: Option<Vec<u32>>,
}

/// A calibration must lower the loss by this share of it to be taken over a simpler one.
const WORTH: f64 = 0.002;
/// Bins of a reliability curve.
const BINS: usize = 10;

impl HeldOut<'_> {
    /// Finds what `wanted` asks for.
    pub fn settle(&self, wanted: &Wanted, seed: u64) -> Settled {
        let mut notes = Vec::new();
        let (method, calibrated) = self.calibrate(wanted.calibration, &mut notes);
        let calibration = method.and_then(|method| self.fit(method, &self.answers, &self.all()));
        let (rule, predictions) = match &wanted.rule {
            WantedRule::Usual => (Rule::Likeliest, calibrated),
            WantedRule::Fixed(rule) => {
                let mut answers = calibrated;
                Decision { rule: rule.clone(), ..Decision::default() }.apply(self.task, &mut answers);
                (rule.clone(), answers)
            }
            WantedRule::Tuned => self.tuned(calibration.as_ref(), calibrated, &mut notes),
        };
        let abstain = wanted.abstain.and_then(|choice| self.abstain(choice, &predictions, &mut notes));
        let thresholds = match &rule {
            Rule::Thresholds(of) => self.labels.names().iter().cloned().zip(of.all().iter().copied()).collect(),
            Rule::Likeliest | Rule::Costs(_) => BTreeMap::new(),
        };
        let named = match (&rule, &wanted.rule) {
            (Rule::Likeliest, _) => "usual",
            (Rule::Costs(_), _) => "costs",
            (Rule::Thresholds(_), WantedRule::Tuned) => "tuned",
            (Rule::Thresholds(_), _) => "given",
        };
        let report = Decided {
            examples: self.gold.len() as u64,
            calibration: method.map_or("own", Method::name).to_owned(),
            rule: named.to_owned(),
            thresholds,
            before: self.figures(&self.answers, seed),
            after: self.figures(&predictions, seed),
            reliability_before: self.reliability(&self.answers),
            reliability_after: self.reliability(&predictions),
            abstain: abstain.clone(),
            notes,
        };
        let decision = Decision { calibration, rule, abstain: abstain.map(|a| a.below) };
        Settled { decision, predictions, report }
    }

    fn all(&self) -> Vec<usize> {
        (0..self.gold.len()).collect()
    }

    fn gold_of(&self, rows: &[usize]) -> Vec<&Annotation> {
        rows.iter().map(|&row| self.gold[row]).collect()
    }

    fn fit(&self, method: Method, answers: &Predictions, rows: &[usize]) -> Option<Calibration> {
        Calibration::fit(method, self.task, &self.gold_of(rows), &answers.select(rows))
    }

    /// The answers of each fold after what `found` finds on the rows of the other folds.
    fn crossed(&self, answers: &Predictions, found: impl Fn(&[usize]) -> Decision) -> Predictions {
        let mut out = answers.clone();
        let count = self.folds.iter().max().map_or(0, |fold| fold + 1);
        for fold in 0..count {
            let (held, rest): (Vec<usize>, Vec<usize>) =
                self.all().into_iter().partition(|&row| self.folds[row] == fold);
            if held.is_empty() {
                continue;
            }
            let mut part = answers.select(&held);
            found(&rest).apply(self.task, &mut part);
            put(&mut out, &held, &part);
        }
        out
    }

    /// The method to take and the answers calibrated by it, cross-fitted.
    fn calibrate(&self, choice: CalibrationChoice, notes: &mut Vec<String>) -> (Option<Method>, Predictions) {
        let by = |method: Method| {
            self.crossed(&self.answers, |rest| Decision {
                calibration: self.fit(method, &self.answers, rest),
                ..Decision::default()
            })
        };
        let methods: &[Method] = match &choice {
            CalibrationChoice::Own => &[],
            CalibrationChoice::Best => &Method::ALL,
            CalibrationChoice::By(method) => std::slice::from_ref(method),
        };
        let mut best = (None, self.answers.clone());
        let mut least = self.loss(&self.answers);
        for &method in methods {
            let answers = by(method);
            let loss = self.loss(&answers);
            match (least, loss) {
                (_, None) => notes.push("the model gives no scores, so there is nothing to calibrate".to_owned()),
                (Some(known), Some(loss)) if choice == CalibrationChoice::Best && loss >= known * (1.0 - WORTH) => {}
                _ => (best, least) = ((Some(method), answers), loss),
            }
        }
        if choice == CalibrationChoice::Best && best.0.is_none() && least.is_some() {
            notes.push("no calibration lowers the loss of the model's own probabilities".to_owned());
        }
        best
    }

    /// The mean log loss of scores: of the gold label; of each label apart, where there are several; of each span found.
    fn loss(&self, answers: &Predictions) -> Option<f64> {
        let of = |p: f64| -p.clamp(1e-12, 1.0).ln();
        let (mut sum, mut n) = (0.0, 0usize);
        if self.task == Task::Ner {
            let scores = answers.span_scores.as_ref()?;
            for ((gold, answer), scores) in self.gold.iter().zip(&answers.answers).zip(scores) {
                for (span, &p) in answer.spans().iter().zip(scores) {
                    sum += of(if gold.spans().contains(span) { p } else { 1.0 - p });
                    n += 1;
                }
            }
        } else {
            let scores = answers.scores.as_ref()?;
            for (row, gold) in self.gold.iter().enumerate() {
                n += 1;
                if self.task == Task::Classification {
                    sum += gold.labels().first().map_or(0.0, |&label| of(scores.get(row, label)));
                } else {
                    let cells = scores.row(row).iter().enumerate();
                    sum += cells
                        .map(|(label, &p)| of(if gold.labels().contains(&(label as u32)) { p } else { 1.0 - p }))
                        .sum::<f64>();
                }
            }
        }
        (n > 0).then(|| sum / n as f64)
    }

    /// Thresholds where they score better than the usual rule, and the answers, cross-fitted.
    fn tuned(
        &self,
        calibration: Option<&Calibration>,
        calibrated: Predictions,
        notes: &mut Vec<String>,
    ) -> (Rule, Predictions) {
        let find = |rows: &[usize], by: Option<&Calibration>| {
            let mut answers = self.answers.select(rows);
            if let Some(calibration) = by {
                calibration.apply(self.task, &mut answers);
            }
            Thresholds::tuned(self.task, &self.gold_of(rows), &answers)
        };
        let method = calibration.map(Calibration::method);
        let crossed = self.crossed(&calibrated, |rest| {
            let own = method.and_then(|method| self.fit(method, &self.answers, rest));
            let rule = find(rest, own.as_ref()).map_or(Rule::Likeliest, Rule::Thresholds);
            Decision { rule, ..Decision::default() }
        });
        let (usual, tuned) = (self.f1(&calibrated), self.f1(&crossed));
        match find(&self.all(), calibration) {
            Some(thresholds) if tuned > usual => (Rule::Thresholds(thresholds), crossed),
            Some(_) => {
                notes.push(format!(
                    "tuned thresholds score no better than the usual rule ({:.4} for {:.4}), which stays",
                    tuned.unwrap_or(0.0),
                    usual.unwrap_or(0.0)
                ));
                (Rule::Likeliest, calibrated)
            }
            None => {
                notes.push("the model gives no scores, so there are no thresholds to tune".to_owned());
                (Rule::Likeliest, calibrated)
            }
        }
    }

    /// Macro-F1 of labels, F1 of spans.
    fn f1(&self, answers: &Predictions) -> Option<f64> {
        let mut tallies = Tallies::new(self.labels.len());
        self.gold.iter().zip(&answers.answers).for_each(|(gold, answer)| tallies.add(gold, answer));
        curve::score(self.task, &tallies)
    }

    /// Below which confidence answers are left to people.
    fn abstain(&self, choice: AbstainChoice, answers: &Predictions, notes: &mut Vec<String>) -> Option<Abstained> {
        // An answer without a score, such as no span at all, is none to doubt.
        let confidence = |row: usize| answers.confidence(row).unwrap_or(1.0);
        let right = |row: usize| *self.gold[row] == answers.answers[row];
        let below = match choice {
            AbstainChoice::Below(at) => at,
            AbstainChoice::Right(share) => {
                let mut order = self.all();
                order.sort_by(|&a, &b| confidence(b).total_cmp(&confidence(a)));
                let (mut hits, mut below) = (0u64, None);
                for (at, &row) in order.iter().enumerate() {
                    hits += u64::from(right(row));
                    let next = order.get(at + 1).map_or(0.0, |&row| confidence(row));
                    if confidence(row) > next && hits as f64 >= share * (at + 1) as f64 {
                        below = Some(f64::midpoint(confidence(row), next));
                    }
                }
                if below.is_none() {
                    notes.push(format!("no confidence is high enough for {share} of the answers to be right"));
                }
                below?
            }
        };
        let rows: Vec<usize> = self.all().into_iter().filter(|&row| confidence(row) >= below).collect();
        let hits = rows.iter().filter(|&&row| right(row)).count() as u64;
        let (n, answered) = (self.gold.len() as u64, rows.len() as u64);
        let share = |k: u64, n: u64| match n {
            0 => Estimate::undefined(0),
            _ => Estimate::new(k as f64 / n as f64, wilson(k, n), n, IntervalKind::Wilson),
        };
        Some(Abstained { below, answered: share(answered, n), right: share(hits, answered) })
    }

    /// The confidence of answers, of spans where those are found, and whether each is right.
    fn confidences(&self, answers: &Predictions) -> (Vec<f64>, Vec<bool>) {
        if let (Task::Ner, Some(scores)) = (self.task, &answers.span_scores) {
            let rows = self.gold.iter().zip(&answers.answers).zip(scores);
            let spans = rows.flat_map(|((gold, answer), scores)| {
                answer.spans().iter().zip(scores).map(|(span, &p)| (p, gold.spans().contains(span)))
            });
            return spans.unzip();
        }
        let rows = self.all().into_iter();
        rows.filter_map(|row| Some((answers.confidence(row)?, *self.gold[row] == answers.answers[row]))).unzip()
    }

    /// Confidence against the share that is right, in ten bins of as many answers each.
    fn reliability(&self, answers: &Predictions) -> Vec<Bin> {
        let (confidence, right) = self.confidences(answers);
        let mut above = 0.0;
        let bins = curves::reliability(&confidence, &right, None, BINS, curves::Bins::EqualMass).into_iter();
        bins.map(|bin| {
            let from = std::mem::replace(&mut above, bin.confidence);
            Bin {
                above: from,
                up_to: bin.confidence,
                weight: bin.weight,
                confidence: bin.confidence,
                accuracy: bin.accuracy,
            }
        })
        .collect()
    }

    /// The figures that are shown before and after.
    fn figures(&self, answers: &Predictions, seed: u64) -> BTreeMap<String, Estimate> {
        let names: &[&str] = match self.task {
            Task::Classification => &["accuracy", "f1_macro", "log_loss", "brier_score", "ece"],
            Task::Multilabel => &["f1_micro", "f1_macro", "log_loss"],
            Task::Ner => &["precision", "recall", "f1"],
        };
        let gold = self.gold.iter().copied();
        let Ok(pair) = Pair::new(self.task, self.labels, gold, answers, self.clusters.clone()) else {
            return BTreeMap::new();
        };
        let metrics = Selection::named(self.task, names).unwrap_or_default();
        let options = MeasureOptions { seed, metrics, ..MeasureOptions::default() };
        let mut found = measure(&pair, &options).metrics;
        found.retain(|name, estimate| names.contains(&name.as_str()) && estimate.value.is_some());
        if self.task == Task::Ner {
            let (confidence, right) = self.confidences(answers);
            if let Some(of_spans) = reliability(&confidence, &right, 15) {
                let n = of_spans.n as u64;
                found.insert("brier_score".to_owned(), Estimate::point(of_spans.brier, n));
                found.insert("ece".to_owned(), Estimate::point(of_spans.ece, n));
            }
        }
        found
    }
}

/// Puts the answers of a part at their rows.
fn put(out: &mut Predictions, rows: &[usize], part: &Predictions) {
    for (at, &row) in rows.iter().enumerate() {
        out.answers[row] = part.answers[at].clone();
        if let (Some(all), Some(some)) = (&mut out.span_scores, &part.span_scores) {
            all[row].clone_from(&some[at]);
        }
    }
    if let (Some(all), Some(some)) = (&mut out.scores, &part.scores) {
        rows.iter().enumerate().for_each(|(at, &row)| all.set(row, some.row(at)));
    }
}

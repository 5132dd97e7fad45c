//! Scores into honest probabilities, label by label.

use serde::{Deserialize, Serialize};
use trueup_core::{Annotation, Predictions, Scores, Task};

use crate::calibrate::{Isotonic, Platt};

/// A way to calibrate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// One number for all logits (Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks").
    Temperature,
    /// A sigmoid a label.
    Platt,
    /// A rising curve a label.
    Isotonic,
}

impl Method {
    /// All of them, the simplest first.
    pub const ALL: [Self; 3] = [Self::Temperature, Self::Platt, Self::Isotonic];

    /// The word on the command line and in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Platt => "platt",
            Self::Isotonic => "isotonic",
        }
    }
}

/// What makes scores probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Calibration {
    /// What logits are divided by; above 0, above 1 where the model is too sure of itself.
    Temperature(f64),
    /// A sigmoid of the logit a label.
    Platt(Vec<Platt>),
    /// A rising curve of the probability a label.
    Isotonic(Vec<Isotonic>),
}

/// A label with fewer examples than this takes the curve of all labels together: on fewer a curve of its own follows
/// their luck.
const FEWEST: usize = 50;
/// The ends of the range that a temperature is looked for in.
const TEMPERATURES: (f64, f64) = (0.05, 20.0);
/// Probabilities nearer to 0 and 1 are taken to be so far from them.
const EDGE: f64 = 1e-12;

/// The scores of one label, and which came true.
#[derive(Default)]
struct Column {
    scores: Vec<f64>,
    truth: Vec<bool>,
}

impl Calibration {
    /// Fits a calibration on `predictions` for examples with these gold answers, which training must not have seen; `None`
    /// where there are no scores or no examples.
    ///
    /// # Panics
    ///
    /// When there is not one answer an example.
    pub fn fit(method: Method, task: Task, gold: &[&Annotation], predictions: &Predictions) -> Option<Self> {
        assert_eq!(gold.len(), predictions.len(), "one answer an example");
        let columns = columns(task, gold, predictions)?;
        let mut all = Column::default();
        for column in &columns {
            all.scores.extend(&column.scores);
            all.truth.extend(&column.truth);
        }
        if all.scores.is_empty() {
            return None;
        }
        let enough = |column: &Column| {
            let came = column.truth.iter().filter(|&&came| came).count();
            came.min(column.truth.len() - came) >= FEWEST
        };
        match method {
            Method::Temperature => {
                let single = task == Task::Classification;
                let loss = |t: f64| if single { loss_of_rows(t, gold, predictions) } else { loss_of_cells(t, &all) };
                Some(Self::Temperature(least(TEMPERATURES, loss)))
            }
            Method::Platt => {
                let logits = |column: &Column| column.scores.iter().map(|&p| logit(p)).collect::<Vec<f64>>();
                let together = Platt::fit(&logits(&all), &all.truth, None)?;
                let of = |column: &Column| Platt::fit(&logits(column), &column.truth, None).unwrap_or(together);
                Some(Self::Platt(columns.iter().map(|c| if enough(c) { of(c) } else { together }).collect()))
            }
            Method::Isotonic => {
                let together = Isotonic::fit(&all.scores, &all.truth, None)?;
                let of = |c: &Column| Isotonic::fit(&c.scores, &c.truth, None).unwrap_or_else(|| together.clone());
                Some(Self::Isotonic(columns.iter().map(|c| if enough(c) { of(c) } else { together.clone() }).collect()))
            }
        }
    }

    /// Its method.
    pub fn method(&self) -> Method {
        match self {
            Self::Temperature(_) => Method::Temperature,
            Self::Platt(_) => Method::Platt,
            Self::Isotonic(_) => Method::Isotonic,
        }
    }

    /// The probability of a label that had the score `p`, apart from the other labels; 0 stays 0: the model never answers
    /// such a label.
    fn of(&self, label: usize, p: f64) -> f64 {
        if p <= 0.0 {
            return 0.0;
        }
        match self {
            Self::Temperature(t) => 1.0 / (1.0 + (-logit(p) / t).exp()),
            Self::Platt(sigmoids) => sigmoids[label].probability(logit(p)),
            // A step at 0 or 1 would be certainty that no data gives.
            Self::Isotonic(curves) => curves[label].probability(p).clamp(1e-4, 1.0 - 1e-4),
        }
    }

    /// Replaces the scores of answers by calibrated ones; the answers stay.
    pub fn apply(&self, task: Task, predictions: &mut Predictions) {
        if task == Task::Ner {
            let Predictions { answers, span_scores: Some(scores), .. } = predictions else { return };
            for (answer, scores) in answers.iter().zip(scores) {
                let spans = answer.spans().iter().zip(scores);
                spans.for_each(|(span, p)| *p = self.of(span.label as usize, *p));
            }
            return;
        }
        let Some(scores) = &predictions.scores else { return };
        let mut calibrated = Scores::new(scores.labels());
        let mut row = vec![0.0; scores.labels()];
        for at in 0..scores.len() {
            let given = scores.row(at);
            match self {
                Self::Temperature(t) if task == Task::Classification => tempered(*t, given, &mut row),
                _ => {
                    row.iter_mut().enumerate().for_each(|(label, p)| *p = self.of(label, given[label]));
                    if task == Task::Classification {
                        let sum: f64 = row.iter().sum();
                        if sum > 0.0 { row.iter_mut().for_each(|p| *p /= sum) } else { row.copy_from_slice(given) }
                    }
                }
            }
            calibrated.push(&row);
        }
        predictions.scores = Some(calibrated);
    }
}

/// The scores of each label with their truths; `None` without scores.
fn columns(task: Task, gold: &[&Annotation], predictions: &Predictions) -> Option<Vec<Column>> {
    let mut columns: Vec<Column> = predictions.labels.ids().map(|_| Column::default()).collect();
    if task == Task::Ner {
        let scores = predictions.span_scores.as_ref()?;
        for ((gold, answer), scores) in gold.iter().zip(&predictions.answers).zip(scores) {
            for (span, &p) in answer.spans().iter().zip(scores) {
                columns[span.label as usize].scores.push(p);
                columns[span.label as usize].truth.push(gold.spans().contains(span));
            }
        }
        return Some(columns);
    }
    let scores = predictions.scores.as_ref()?;
    for (row, gold) in gold.iter().enumerate() {
        for (label, (column, &p)) in columns.iter_mut().zip(scores.row(row)).enumerate() {
            column.scores.push(p);
            column.truth.push(gold.labels().contains(&(label as u32)));
        }
    }
    Some(columns)
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(EDGE, 1.0 - EDGE);
    (p / (1.0 - p)).ln()
}

/// The softmax of logits divided by `t`, from the softmax of the logits.
fn tempered(t: f64, given: &[f64], out: &mut [f64]) {
    let most = given.iter().copied().fold(0.0, f64::max);
    let mut sum = 0.0;
    for (p, &given) in out.iter_mut().zip(given) {
        *p = if given > 0.0 && most > 0.0 { (given / most).powf(1.0 / t) } else { 0.0 };
        sum += *p;
    }
    if sum > 0.0 {
        out.iter_mut().for_each(|p| *p /= sum);
    } else {
        out.copy_from_slice(given);
    }
}

/// The log loss of rows at a temperature; labels that the model does not know weigh nothing.
fn loss_of_rows(t: f64, gold: &[&Annotation], predictions: &Predictions) -> f64 {
    let Some(scores) = &predictions.scores else { return 0.0 };
    let mut row = vec![0.0; scores.labels()];
    let mut loss = 0.0;
    for (at, gold) in gold.iter().enumerate() {
        tempered(t, scores.row(at), &mut row);
        let p = gold.labels().first().map_or(0.0, |&label| row[label as usize]);
        loss -= if p > 0.0 { p.max(EDGE).ln() } else { 0.0 };
    }
    loss
}

/// The log loss of cells, each a yes or no of its own, at a temperature.
fn loss_of_cells(t: f64, all: &Column) -> f64 {
    let cells = all.scores.iter().zip(&all.truth);
    cells
        .map(|(&p, &came)| {
            let z = logit(p) / t * if came { -1.0 } else { 1.0 };
            z.max(0.0) + (-z.abs()).exp().ln_1p()
        })
        .sum()
}

/// Where a function with one valley is least, on a scale of logarithms: golden section search.
fn least((low, high): (f64, f64), f: impl Fn(f64) -> f64) -> f64 {
    let share = (5f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (low.ln(), high.ln());
    let (mut c, mut d) = (b - share * (b - a), a + share * (b - a));
    let (mut at_c, mut at_d) = (f(c.exp()), f(d.exp()));
    for _ in 0..60 {
        if at_c <= at_d {
            (b, d, at_d) = (d, c, at_c);
            c = b - share * (b - a);
            at_c = f(c.exp());
        } else {
            (a, c, at_c) = (c, d, at_d);
            d = a + share * (b - a);
            at_d = f(d.exp());
        }
        if b - a < 1e-6 {
            break;
        }
    }
    f64::midpoint(a, b).exp()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use trueup_core::{LabelSet, Rng};

    /// Rows drawn from honest distributions of three labels, reported with logits times `sure`.
    fn drawn(n: usize, sure: f64) -> (Vec<Annotation>, Predictions) {
        let mut rng = Rng::new(11);
        let (mut gold, mut cells, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..n {
            let logits: Vec<f64> = (0..3).map(|_| 4.0 * rng.unit() - 2.0).collect();
            let softmax = |by: f64| {
                let all: Vec<f64> = logits.iter().map(|z| (z * by).exp()).collect();
                let sum: f64 = all.iter().sum();
                all.into_iter().map(|p| p / sum).collect::<Vec<f64>>()
            };
            let (honest, told) = (softmax(1.0), softmax(sure));
            let at = rng.unit();
            let label = if at < honest[0] { 0 } else { 1 + u32::from(at >= honest[0] + honest[1]) };
            gold.push(Annotation::Label(label));
            answers.push(Annotation::Label(crate::decision::most(told.iter().copied())));
            cells.extend(told);
        }
        let labels = LabelSet::new(["a", "b", "c"]);
        (gold, Predictions { labels, answers, scores: Some(Scores::from_cells(3, cells)), span_scores: None })
    }

    fn log_loss(gold: &[Annotation], predictions: &Predictions) -> f64 {
        let scores = predictions.scores.as_ref().unwrap();
        let loss = gold.iter().enumerate().map(|(row, gold)| -scores.get(row, gold.labels()[0]).ln());
        loss.sum::<f64>() / gold.len() as f64
    }

    #[test]
    fn too_sure_a_model_is_mended_by_each_method() {
        let (gold, told) = drawn(6_000, 3.0);
        let (honest_gold, honest) = drawn(6_000, 1.0);
        assert_eq!(gold, honest_gold);
        let best = log_loss(&gold, &honest);
        assert!(log_loss(&gold, &told) > best + 0.2);
        let (fit, held): (Vec<usize>, Vec<usize>) = ((0..3_000).collect(), (3_000..6_000).collect());
        let pick = |rows: &[usize]| rows.iter().map(|&row| &gold[row]).collect::<Vec<_>>();
        for method in Method::ALL {
            let calibration = Calibration::fit(method, Task::Classification, &pick(&fit), &told.select(&fit)).unwrap();
            let mut mended = told.select(&held);
            calibration.apply(Task::Classification, &mut mended);
            let truth: Vec<Annotation> = pick(&held).into_iter().cloned().collect();
            let loss = log_loss(&truth, &mended);
            let reach = log_loss(&truth, &honest.select(&held));
            assert!(loss < reach + 0.02, "{method:?}: {loss} {reach}");
            assert_eq!(calibration.method(), method);
            let sums = mended.scores.as_ref().unwrap();
            assert!((0..sums.len()).all(|row| (sums.row(row).iter().sum::<f64>() - 1.0).abs() < 1e-9));
        }
        match Calibration::fit(Method::Temperature, Task::Classification, &pick(&fit), &told.select(&fit)) {
            Some(Calibration::Temperature(t)) => assert!((t - 3.0).abs() < 0.2, "{t}"),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn without_scores_there_is_nothing_to_fit() {
        let (gold, mut told) = drawn(10, 1.0);
        told.scores = None;
        let gold: Vec<&Annotation> = gold.iter().collect();
        assert_eq!(Calibration::fit(Method::Platt, Task::Classification, &gold, &told), None);
    }
}

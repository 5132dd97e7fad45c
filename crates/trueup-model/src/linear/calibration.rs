//! Logits into honest probabilities, fitted to validation data.
//!
//! Temperature scaling is the default: one number makes a model's probabilities as sure as its answers are right (Guo,
//! Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks": divide all logits by the temperature that
//! has the least loss on validation data). Answers stay as they are; probabilities move. Where a text can have several
//! labels each label is a question of its own, and has a temperature of its own: a vague label asks for a higher one.
//! Platt scaling and isotonic regression bend the logits of each label by a curve of its own.

use serde::{Deserialize, Serialize};

use super::classes::Classes;
use super::trainer::Targets;
use super::weights::{Link, sigmoid, softplus};
use crate::calibrate::{Isotonic, Platt};

/// What is fitted to the validation data so that probabilities are honest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Calibration {
    /// Nothing.
    None,
    /// A temperature: the same answers, other probabilities.
    #[default]
    Temperature,
    /// A sigmoid for each label against the rest; answers are those of the probabilities.
    Platt,
    /// A rising curve for each label against the rest, which takes hundreds of examples of it; answers are those of the
    /// probabilities.
    Isotonic,
}

impl Calibration {
    /// Its name as a setting.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Temperature => "temperature",
            Self::Platt => "platt",
            Self::Isotonic => "isotonic",
        }
    }

    /// The calibration of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::None, Self::Temperature, Self::Platt, Self::Isotonic].into_iter().find(|c| c.name() == name)
    }
}

/// How a model's logits become probabilities.
///
/// Curves and temperatures of labels stand by label id; a label without one keeps the sigmoid of its logit. Where a text has
/// one label, the probabilities of the labels against the rest are divided by their sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calibrator {
    /// All logits are divided by this number, above 0; above 1 the model was too sure of itself.
    Temperature(f64),
    /// The same for each label, where a text can have several.
    Temperatures(Vec<f64>),
    /// A sigmoid for each label.
    Platt(Vec<Option<Platt>>),
    /// A rising curve for each label.
    Isotonic(Vec<Option<Isotonic>>),
}

impl Calibrator {
    /// Fits to `logits`, one row an example of `gold`.
    pub(super) fn fit(calibration: Calibration, classes: &Classes, logits: &[f32], gold: &Targets) -> Self {
        let columns = classes.columns();
        let truth = |class: u32| -> Vec<bool> { (0..gold.len()).map(|i| gold.row(i).contains(&class)).collect() };
        let scores = |column: usize| -> Vec<f64> {
            logits.iter().skip(column).step_by(columns).map(|&z| f64::from(z)).collect()
        };
        match calibration {
            Calibration::None => Self::Temperature(1.0),
            Calibration::Temperature if classes.link == Link::Independent => {
                let shared = fit_temperature(classes.link, columns, logits, gold);
                let mut all = vec![1.0; classes.all_labels()];
                for (column, class) in classes.columns_with_class() {
                    let label = classes.labels[class] as usize;
                    all[label] = label_temperature(&scores(column), &truth(class as u32), shared);
                }
                Self::Temperatures(all)
            }
            Calibration::Temperature => Self::Temperature(fit_temperature(classes.link, columns, logits, gold)),
            Calibration::Platt => {
                let mut all = vec![None; classes.all_labels()];
                for (column, class) in classes.columns_with_class() {
                    let platt = Platt::fit(&scores(column), &truth(class as u32), None);
                    // Logits that say nothing on few examples could ask for a falling curve.
                    all[classes.labels[class] as usize] = platt.filter(|platt| platt.a < 0.0);
                }
                Self::Platt(all)
            }
            Calibration::Isotonic => {
                let mut all = vec![None; classes.all_labels()];
                for (column, class) in classes.columns_with_class() {
                    all[classes.labels[class] as usize] = Isotonic::fit(&scores(column), &truth(class as u32), None);
                }
                Self::Isotonic(all)
            }
        }
    }

    /// Probabilities of every class from an example's logits, written to `out`, one cell a class.
    pub(super) fn probabilities(&self, classes: &Classes, logits: &[f32], out: &mut [f64]) {
        let link = classes.link;
        if let Self::Temperature(temperature) = self {
            link.probabilities(logits, *temperature, out);
            return;
        }
        let against_rest = |label: usize, z: f32| {
            let z = f64::from(z);
            match self {
                Self::Temperature(t) => sigmoid(z / t),
                Self::Temperatures(all) => sigmoid(z / all[label]),
                Self::Platt(all) => all[label].map_or_else(|| sigmoid(z), |platt| platt.probability(z)),
                Self::Isotonic(all) => all[label].as_ref().map_or_else(|| sigmoid(z), |curve| curve.probability(z)),
            }
        };
        for (column, class) in classes.columns_with_class() {
            out[class] = against_rest(classes.labels[class] as usize, logits[column]);
        }
        match link {
            Link::Binary => out[0] = 1.0 - out[1],
            Link::Softmax => {
                let sum: f64 = out.iter().sum();
                if sum > 0.0 {
                    out.iter_mut().for_each(|p| *p /= sum);
                } else {
                    link.probabilities(logits, 1.0, out);
                }
            }
            Link::Independent => {}
        }
    }

    /// The predicted classes, ascending, appended to `out`: the likeliest (of equals that of the largest logit), or every
    /// label at or above probability 0.5.
    pub(super) fn decide(&self, link: Link, logits: &[f32], probabilities: &[f64], out: &mut Vec<u32>) {
        if matches!(self, Self::Temperature(_) | Self::Temperatures(_)) {
            return link.decide(logits, out);
        }
        match link {
            Link::Independent => {
                out.extend((0..).zip(probabilities).filter(|(_, p)| **p >= 0.5).map(|(class, _)| class));
            }
            Link::Binary => out.push(u32::from(probabilities[1] > 0.5)),
            Link::Softmax => {
                let better = |i: usize, best: usize| {
                    let order = probabilities[i].total_cmp(&probabilities[best]);
                    order.then(logits[i].total_cmp(&logits[best])).is_gt()
                };
                let best = (1..logits.len()).fold(0, |best, i| if better(i, best) { i } else { best });
                out.push(best as u32);
            }
        }
    }

    /// Whether it can be what a model of so many labels holds.
    pub(super) fn is_whole(&self, labels: usize) -> bool {
        let positive = |t: &f64| t.is_finite() && *t > 0.0;
        match self {
            Self::Temperature(t) => positive(t),
            Self::Temperatures(all) => all.len() == labels && all.iter().all(positive),
            Self::Platt(all) => all.len() == labels && all.iter().flatten().all(|p| p.a.is_finite() && p.b.is_finite()),
            Self::Isotonic(all) => all.len() == labels && all.iter().flatten().all(is_curve),
        }
    }

    /// The temperature where there is one for all labels.
    pub fn temperature(&self) -> Option<f64> {
        if let Self::Temperature(t) = self { Some(*t) } else { None }
    }
}

/// Whether a curve that was read has points, as many probabilities as scores, in order.
fn is_curve(curve: &Isotonic) -> bool {
    #[derive(Deserialize)]
    struct Points {
        scores: Vec<f64>,
        probabilities: Vec<f64>,
    }
    let points = serde_json::to_value(curve).and_then(serde_json::from_value::<Points>);
    points.is_ok_and(|Points { scores, probabilities }| {
        let order = scores.is_sorted_by(|a, b| a < b) && probabilities.is_sorted();
        let within = probabilities.iter().all(|p| (0.0..=1.0).contains(p)) && scores.iter().all(|s| s.is_finite());
        !scores.is_empty() && scores.len() == probabilities.len() && order && within
    })
}

/// The natural logarithms of the temperatures searched, 0.05 and 20.
const RANGE: (f64, f64) = (-3.0, 3.0);

/// The temperature with the least loss of `logits` (one row of `columns` an example) against `gold`.
///
/// The logarithm has a standard normal prior: with a handful of rows that are all right the loss alone would ask for
/// certainty; with a hundred rows the prior no longer shows. Without rows the answer is 1.
fn fit_temperature(link: Link, columns: usize, logits: &[f32], gold: &Targets) -> f64 {
    search(|log_t| {
        let t = log_t.exp();
        let rows = logits.chunks_exact(columns).enumerate();
        // A gold class that training never saw gets probability 0 at any temperature.
        let known = rows.filter(|&(i, _)| link == Link::Independent || gold.unseen(i) == 0);
        known.map(|(i, row)| link.loss(row, gold.row(i), t)).sum::<f64>() + log_t * log_t / 2.0
    })
}

/// The temperature of one label among several, near that of all where its own examples say little: a normal prior of its
/// logarithm around theirs.
fn label_temperature(logits: &[f64], truth: &[bool], shared: f64) -> f64 {
    let centre = shared.ln();
    search(|log_t| {
        let t = log_t.exp();
        let loss = logits.iter().zip(truth).map(|(z, &came)| softplus(if came { -z / t } else { z / t }));
        loss.sum::<f64>() + ((log_t - centre) / DEVIATION).powi(2) / 2.0
    })
}

/// How far the logarithms of labels' temperatures are from each other: with it a label of ten examples hardly moves.
const DEVIATION: f64 = 0.3;

/// The temperature of least cost, by golden-section search over its logarithm.
fn search(cost: impl Fn(f64) -> f64) -> f64 {
    let ratio = (5.0f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = RANGE;
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_left, mut at_right) = (cost(left), cost(right));
    // 20 steps narrow a range of 6 to 0.0004, which is finer than a validation part can tell.
    for _ in 0..20 {
        if at_left <= at_right {
            high = right;
            (right, at_right) = (left, at_left);
            left = high - ratio * (high - low);
            at_left = cost(left);
        } else {
            low = left;
            (left, at_left) = (right, at_right);
            right = low + ratio * (high - low);
            at_right = cost(right);
        }
    }
    f64::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(classes: &[u32]) -> Targets {
        let mut targets = Targets::default();
        for &c in classes {
            targets.push(&[c], &[Some(0), Some(1)]);
        }
        targets
    }

    #[test]
    fn overconfidence_is_cooled_to_the_rate_of_right_answers() {
        // Logit 4 says 98 %, but one answer in four is wrong: ln 3 is the logit of 75 %.
        let logits = vec![4.0f32; 4000];
        let gold: Vec<u32> = (0..4000).map(|i| u32::from(i % 4 != 0)).collect();
        let t = fit_temperature(Link::Binary, 1, &logits, &targets(&gold));
        assert!((t - 4.0 / 3.0f64.ln()).abs() < 0.01, "{t}");
        // The same as two columns.
        let pairs: Vec<f32> = (0..4000).flat_map(|_| [-1.0, 3.0]).collect();
        let t = fit_temperature(Link::Softmax, 2, &pairs, &targets(&gold));
        assert!((t - 4.0 / 3.0f64.ln()).abs() < 0.01, "{t}");
    }

    #[test]
    fn few_rows_say_little() {
        assert!((fit_temperature(Link::Binary, 1, &[], &targets(&[])) - 1.0).abs() < 1e-3);
        let t = fit_temperature(Link::Binary, 1, &[1.0, 1.0], &targets(&[1, 1]));
        assert!((0.4..1.0).contains(&t), "{t}");
    }
}

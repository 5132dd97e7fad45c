//! Coefficients of agreement that do not need to know who answered: functions of [`Votes`].
//!
//! With r_ic the number of answers c to item i, r_i all answers to it, and only items with r_i >= 2 compared:
//!
//! - percent agreement: the mean over items of the share of pairs of answers that are equal;
//! - Fleiss' kappa (Fleiss 1971, "Measuring nominal scale agreement among many raters") in Gwet's form for varying
//!   numbers of answers (Gwet 2014, *Handbook of Inter-Rater Reliability*, 4th edition, chapter 2): chance is the sum
//!   of pi_c^2 with pi_c the mean over all answered items of r_ic / r_i. With equal numbers of answers it is Fleiss'
//!   own (`statsmodels.stats.inter_rater.fleiss_kappa`);
//! - Krippendorff's alpha (Krippendorff 2004, *Content Analysis*, 2nd edition, chapter 11): 1 - D_o / D_e over the
//!   coincidences, with the distance asked for;
//! - Gwet's AC1 (Gwet 2008, "Computing inter-rater reliability and its variance in the presence of high agreement"), and
//!   AC2 where distances have degrees: chance is T_w / (q (q - 1)) times the sum of pi_c (1 - pi_c), with T_w the sum
//!   of all weights and q the number of categories;
//! - for each label: given that one answer to an item has it, the chance that another answer to the item has it too
//!   (specific agreement; Spitzer and Fleiss 1974), and alpha of the label against all others.

use super::distance::Distance;
use super::votes::{Votes, answers};
use super::{Coefficient, Undefined, resamples};
use crate::LabelId;
use crate::stats::{Statistics, bootstrap};

/// The coefficients of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficients {
    /// Items with an answer.
    pub items: u64,
    /// Items with two answers or more.
    pub compared: u64,
    /// Answers.
    pub answers: u64,
    /// The share of pairs of answers to one item that are equal, in [0, 1].
    pub percent: Coefficient,
    /// Fleiss' kappa, generalised; names alone count, whatever the distance.
    pub fleiss: Coefficient,
    /// Krippendorff's alpha with the distance.
    pub alpha: Coefficient,
    /// Gwet's AC1 for names, else AC2: weights of Gwet's ordinal form for ranks, quadratic for numbers, the likeness for
    /// sets.
    pub gwet: Coefficient,
    /// Each label; none where categories are numbers.
    pub labels: Vec<LabelAgreement>,
}

/// How far annotators agree on one label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelAgreement {
    /// The label: the category, or for sets a label in them.
    pub label: LabelId,
    /// Answers with it.
    pub answers: u64,
    /// Given that an answer has it, the chance that another answer to the same item has it too; in [0, 1].
    pub agreement: Coefficient,
    /// Krippendorff's alpha of the label against all others.
    pub alpha: Coefficient,
}

/// All coefficients of `votes` with their intervals.
///
/// `likeness` replaces the weights of Gwet's coefficient, where another than the distance's is wanted: a function of two
/// categories in [0, 1], 1 of equal ones.
pub fn coefficients(
    votes: &Votes,
    distance: &Distance,
    likeness: Option<&dyn Fn(u32, u32) -> f64>,
    seed: u64,
) -> Coefficients {
    let (kinds, times) = votes.sorted();
    let model = Model::new(&kinds, &times, votes.categories(), distance, likeness);
    let whole = &model.whole;
    let compared = whole.compared as u64;
    let resampled = bootstrap(&times, resamples(model.cost()), seed, &model);
    let why = votes.undefined();
    let figure = |at: usize, undefined: Undefined| match why {
        Some(why) => Coefficient::none(why, 0),
        None => Coefficient::of(&resampled[at], compared, undefined),
    };
    let mut given = vec![0; model.labels];
    for (kind, &times) in model.kinds.iter().zip(&times) {
        kind.labels.iter().for_each(|&(label, count)| given[label as usize] += u64::from(count) * times);
    }
    let labels = (0..model.labels)
        .filter(|&label| given[label] > 0)
        .map(|label| LabelAgreement {
            label: label as LabelId,
            answers: given[label],
            agreement: figure(FIRST_LABEL + 2 * label, Undefined::NoOverlap),
            alpha: figure(
                FIRST_LABEL + 2 * label + 1,
                if whole.label_answers[label] > 0.0 { Undefined::OneLabel } else { Undefined::NoOverlap },
            ),
        })
        .collect();
    Coefficients {
        items: times.iter().sum(),
        compared,
        answers: kinds.iter().zip(&times).map(|(kind, times)| u64::from(answers(kind)) * times).sum(),
        percent: figure(0, Undefined::NoOverlap),
        fleiss: figure(1, Undefined::OneLabel),
        alpha: figure(2, Undefined::OneLabel),
        gwet: figure(3, Undefined::OneLabel),
        labels,
    }
}

/// Statistics before those of the labels, of which each has two.
const FIRST_LABEL: usize = 4;

/// What one item with certain votes adds to the sums.
struct Kind {
    votes: Vec<(u32, u32)>,
    /// Answers.
    answers: f64,
    /// The share of equal pairs; 0 of fewer than two answers, as all below.
    percent: f64,
    /// The mean likeness of pairs.
    alike: f64,
    /// Twice the sum of distances of pairs, by answers less one. Of ranks it is not known before the margins are.
    disagreement: f64,
    /// Answers with each label.
    labels: Vec<(u32, u32)>,
}

impl Kind {
    fn is_compared(&self) -> bool {
        self.answers > 1.0
    }
}

struct Model<'a> {
    kinds: Vec<Kind>,
    distance: &'a Distance,
    categories: usize,
    labels: usize,
    /// Values less their middle, so that squares of large numbers lose nothing.
    values: Vec<f64>,
    /// The sum of all weights of Gwet's coefficient.
    weights: f64,
    /// The sums of the sample itself.
    whole: Sums,
}

/// Sums over items.
#[derive(Clone)]
struct Sums {
    items: f64,
    compared: f64,
    percent: f64,
    alike: f64,
    disagreement: f64,
    /// Sum over items of the share of each category.
    shares: Vec<f64>,
    /// Answers of each category, in items that are compared.
    answers: Vec<f64>,
    /// Of ranks: the coincidences, a square.
    coincidences: Vec<f64>,
    /// For each label its answers in items that are compared, and the expected number of these that another answer
    /// repeats.
    label_answers: Vec<f64>,
    label_repeated: Vec<f64>,
}

impl<'a> Model<'a> {
    fn new(
        kinds: &[&[(u32, u32)]],
        times: &[u64],
        categories: usize,
        distance: &'a Distance,
        likeness: Option<&dyn Fn(u32, u32) -> f64>,
    ) -> Self {
        let values = match distance {
            Distance::Interval(values) => {
                let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
                values.iter().map(|v| v - 0.5 * (low + high)).collect()
            }
            _ => Vec::new(),
        };
        let range = values.iter().copied().fold(0.0, f64::max) - values.iter().copied().fold(0.0, f64::min);
        let steps = categories.saturating_sub(1) as f64;
        let weight = |a: u32, b: u32| -> f64 {
            if let Some(likeness) = likeness {
                return likeness(a, b);
            }
            match distance {
                _ if a == b => 1.0,
                Distance::Nominal => 0.0,
                Distance::Ordinal => {
                    let d = f64::from(a.abs_diff(b));
                    1.0 - d * (d + 1.0) / (steps * (steps + 1.0))
                }
                Distance::Interval(_) => 1.0 - ((values[a as usize] - values[b as usize]) / range).powi(2),
                Distance::Sets(sets) => sets.likeness(a, b),
            }
        };
        let all = 0..categories as u32;
        let weights = match distance {
            Distance::Nominal if likeness.is_none() => categories as f64,
            Distance::Sets(sets) if likeness.is_none() => {
                categories as f64 + 2.0 * sets.alike().iter().map(|(_, _, s)| s).sum::<f64>()
            }
            _ => all.clone().map(|a| all.clone().map(|b| weight(a, b)).sum::<f64>()).sum(),
        };
        let labels = match distance {
            Distance::Nominal | Distance::Ordinal => categories,
            Distance::Interval(_) => 0,
            Distance::Sets(sets) => sets.sets().iter().flatten().max().map_or(0, |&label| label as usize + 1),
        };
        let kinds: Vec<Kind> = kinds.iter().map(|votes| kind(votes, distance, &values, &weight)).collect();
        let ranks = if matches!(distance, Distance::Ordinal) { categories } else { 0 };
        let whole = Sums::empty(categories, ranks, labels);
        let mut model = Self { kinds, distance, categories, labels, values, weights, whole };
        model.whole = model.sums(times);
        model
    }

    /// Steps of one evaluation.
    fn cost(&self) -> usize {
        let votes: usize = self.kinds.iter().map(|kind| 8 + 2 * kind.votes.len() + 2 * kind.labels.len()).sum();
        let alike = if let Distance::Sets(sets) = self.distance { sets.alike().len() } else { 0 };
        let ranks = if self.whole.coincidences.is_empty() { 0 } else { self.categories * self.categories };
        votes + alike + ranks + 2 * self.categories + 4 * self.labels
    }

    fn sums(&self, counts: &[u64]) -> Sums {
        let ranks = if self.whole.coincidences.is_empty() { 0 } else { self.categories };
        let mut sums = Sums::empty(self.categories, ranks, self.labels);
        for (kind, &times) in self.kinds.iter().zip(counts).filter(|(_, times)| **times > 0) {
            sums.add(kind, times as f64);
        }
        sums
    }

    fn finish(&self, sums: &Sums, out: &mut [f64]) {
        let (percent, alike) = (sums.percent / sums.compared, sums.alike / sums.compared);
        let share = |sum: &f64| sum / sums.items;
        let by_chance: f64 = sums.shares.iter().map(|sum| share(sum).powi(2)).sum();
        let spread: f64 = sums.shares.iter().map(|sum| share(sum) * (1.0 - share(sum))).sum();
        let q = self.categories as f64;
        let gwet_chance = self.weights / (q * (q - 1.0)) * spread;
        out[0] = percent;
        out[1] = corrected(percent, by_chance);
        out[2] = self.alpha(sums);
        out[3] = corrected(alike, gwet_chance);
        let n: f64 = sums.answers.iter().sum();
        for label in 0..self.labels {
            let (with, repeated) = (sums.label_answers[label], sums.label_repeated[label]);
            out[FIRST_LABEL + 2 * label] = repeated / with;
            let expected = with * (n - with);
            out[FIRST_LABEL + 2 * label + 1] = ratio_from_one((n - 1.0) * (with - repeated), expected);
        }
    }

    fn alpha(&self, sums: &Sums) -> f64 {
        let n: f64 = sums.answers.iter().sum();
        let (mut observed, mut expected) = (sums.disagreement, 0.0);
        let squares = || sums.answers.iter().map(|x| x * x).sum::<f64>();
        // Twice n times the variance: the sum of squared differences of all pairs.
        let spread = |value: &dyn Fn(usize) -> f64| -> f64 {
            let (mut one, mut two) = (0.0, 0.0);
            for (c, answers) in sums.answers.iter().enumerate() {
                one += answers * value(c);
                two += answers * value(c).powi(2);
            }
            2.0 * (n * two - one * one)
        };
        match self.distance {
            Distance::Nominal => expected += n * n - squares(),
            Distance::Interval(_) => expected += spread(&|c| self.values[c]),
            Distance::Sets(sets) => {
                let alike: f64 =
                    sets.alike().iter().map(|&(a, b, s)| s * sums.answers[a as usize] * sums.answers[b as usize]).sum();
                expected += n * n - squares() - 2.0 * alike;
            }
            Distance::Ordinal => {
                // The distance of two ranks is that of their middles among all answers.
                let mut before = -0.5 * n;
                let middles: Vec<f64> = sums
                    .answers
                    .iter()
                    .map(|answers| {
                        let middle = before + 0.5 * answers;
                        before += answers;
                        middle
                    })
                    .collect();
                expected += spread(&|c| middles[c]);
                for (c, row) in sums.coincidences.chunks_exact(self.categories).enumerate() {
                    observed += row.iter().zip(&middles).map(|(o, m)| o * (m - middles[c]).powi(2)).sum::<f64>();
                }
            }
        }
        // Of equal values the spread is 0 but for rounding.
        let tiny = 1e-12 * n * n * self.values.iter().map(|v| v * v).fold(1e-12, f64::max);
        let expected = if matches!(self.distance, Distance::Interval(_)) && expected < tiny { 0.0 } else { expected };
        ratio_from_one((n - 1.0) * observed, expected)
    }
}

/// 1 less a ratio; NaN of 0/0.
fn ratio_from_one(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { 1.0 - part / whole } else { f64::NAN }
}

/// (observed - chance) / (1 - chance); NaN where chance leaves nothing.
fn corrected(observed: f64, chance: f64) -> f64 {
    if 1.0 - chance > 1e-12 { (observed - chance) / (1.0 - chance) } else { f64::NAN }
}

fn kind(votes: &[(u32, u32)], distance: &Distance, values: &[f64], weight: &dyn Fn(u32, u32) -> f64) -> Kind {
    let r = f64::from(answers(votes));
    let labels = match distance {
        Distance::Nominal | Distance::Ordinal => votes.to_vec(),
        Distance::Interval(_) => Vec::new(),
        Distance::Sets(sets) => {
            let mut all: Vec<(u32, u32)> =
                votes.iter().flat_map(|&(c, n)| sets.sets()[c as usize].iter().map(move |&label| (label, n))).collect();
            all.sort_unstable();
            all.chunk_by(|a, b| a.0 == b.0).map(|same| (same[0].0, same.iter().map(|x| x.1).sum())).collect()
        }
    };
    let mut kind = Kind { votes: votes.to_vec(), answers: r, percent: 0.0, alike: 0.0, disagreement: 0.0, labels };
    if !kind.is_compared() {
        return kind;
    }
    let sum = |of: &dyn Fn(u32, u32) -> f64| -> f64 {
        let row =
            |&(a, n): &(u32, u32)| votes.iter().map(|&(b, m)| f64::from(n) * f64::from(m) * of(a, b)).sum::<f64>();
        votes.iter().map(row).sum()
    };
    kind.percent = (sum(&|a, b| f64::from(u8::from(a == b))) - r) / (r * (r - 1.0));
    kind.alike = (sum(weight) - r) / (r * (r - 1.0));
    kind.disagreement = match distance {
        Distance::Nominal => sum(&|a, b| f64::from(u8::from(a != b))),
        Distance::Ordinal => 0.0,
        Distance::Interval(_) => sum(&|a, b| (values[a as usize] - values[b as usize]).powi(2)),
        Distance::Sets(sets) => sum(&|a, b| 1.0 - sets.likeness(a, b)),
    } / (r - 1.0);
    kind
}

impl Sums {
    fn empty(categories: usize, ranks: usize, labels: usize) -> Self {
        Self {
            items: 0.0,
            compared: 0.0,
            percent: 0.0,
            alike: 0.0,
            disagreement: 0.0,
            shares: vec![0.0; categories],
            answers: vec![0.0; categories],
            coincidences: vec![0.0; ranks * ranks],
            label_answers: vec![0.0; labels],
            label_repeated: vec![0.0; labels],
        }
    }

    /// Adds so many items of a kind; a negative number takes them away.
    fn add(&mut self, kind: &Kind, times: f64) {
        self.items += times;
        for &(c, n) in &kind.votes {
            self.shares[c as usize] += times * f64::from(n) / kind.answers;
        }
        if !kind.is_compared() {
            return;
        }
        self.compared += times;
        self.percent += times * kind.percent;
        self.alike += times * kind.alike;
        self.disagreement += times * kind.disagreement;
        for &(c, n) in &kind.votes {
            self.answers[c as usize] += times * f64::from(n);
        }
        if !self.coincidences.is_empty() {
            let ranks = self.answers.len();
            for &(a, n) in &kind.votes {
                for &(b, m) in &kind.votes {
                    // Of a rank with itself the distance is 0, whatever stands here.
                    self.coincidences[a as usize * ranks + b as usize] +=
                        times * f64::from(n) * f64::from(m) / (kind.answers - 1.0);
                }
            }
        }
        for &(label, n) in &kind.labels {
            let n = f64::from(n);
            self.label_answers[label as usize] += times * n;
            self.label_repeated[label as usize] += times * n * (n - 1.0) / (kind.answers - 1.0);
        }
    }
}

impl Statistics for Model<'_> {
    fn count(&self) -> usize {
        FIRST_LABEL + 2 * self.labels
    }

    fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
        self.finish(&self.sums(counts), out);
    }

    fn without(&self, _: &[u64], kind: usize, out: &mut [f64]) {
        let mut sums = self.whole.clone();
        sums.add(&self.kinds[kind], -1.0);
        self.finish(&sums, out);
    }
}

//! Cohen's kappa of every two annotators, and its mean.

use rustc_hash::FxHashMap;

use super::{Coefficient, Ratings, Undefined, resamples};
use crate::document::IntervalKind;
use crate::stats::{Statistics, bootstrap};
use crate::{Estimate, Rng};

/// How much a difference of two categories counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Weights {
    /// Any difference as much as any other (Cohen 1960, "A coefficient of agreement for nominal scales").
    Plain,
    /// As its size (Cohen 1968, "Weighted kappa"). The values, one a category; for ranks 0, 1, 2, ..., as
    /// scikit-learn's `cohen_kappa_score(weights="linear")` takes them.
    Linear(Vec<f64>),
    /// As the square of its size.
    Quadratic(Vec<f64>),
}

/// Kappas of all pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohen {
    /// The mean of the kappas of pairs that share enough items, each pair counting once. Its interval is the bootstrap's
    /// over items.
    pub mean: Coefficient,
    /// Pairs in that mean.
    pub averaged: u64,
    /// All pairs that share an item, by annotators.
    pub pairs: Vec<KappaPair>,
}

/// Two annotators.
#[derive(Debug, Clone, PartialEq)]
pub struct KappaPair {
    /// The one of the lower number.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// Items that both answered.
    pub shared: u64,
    /// Of these, with equal answers.
    pub equal: u64,
    /// Kappa in [-1, 1]; `None` when by chance too they could not but agree.
    pub kappa: Option<f64>,
}

impl KappaPair {
    /// The 95 % interval of the pair's kappa by the bootstrap over the items that they share; `None` where kappa has no
    /// value or cannot be seen to vary.
    pub fn estimate(&self, ratings: &Ratings, weights: &Weights, seed: u64) -> Estimate {
        let Some(kappa) = self.kappa else {
            return Estimate::undefined(self.shared);
        };
        let mut cells: FxHashMap<(u32, u32), u64> = FxHashMap::default();
        for row in ratings.rows() {
            let of = |annotator| row.binary_search_by_key(&annotator, |x| x.0).ok().map(|at| row[at].1);
            if let (Some(a), Some(b)) = (of(self.a), of(self.b)) {
                *cells.entry((a, b)).or_default() += 1;
            }
        }
        let mut cells: Vec<((u32, u32), u64)> = cells.into_iter().collect();
        cells.sort_unstable();
        let (cells, times): (Vec<(u32, u32)>, Vec<u64>) = cells.into_iter().unzip();
        let model = OnePair { cells, weights, categories: ratings.categories() };
        // Pairs draw from streams of their own, so that one does not depend on which others were asked for.
        let seed = Rng::stream(seed, u64::from(self.a) << 32 | u64::from(self.b)).next_u64();
        let steps = 3 * ratings.categories() + times.iter().sum::<u64>() as usize;
        match bootstrap(&times, resamples(steps), seed, &model)[0].interval {
            Some(ends) => Estimate::new(kappa, ends, self.shared, IntervalKind::Bootstrap),
            None => Estimate::point(kappa, self.shared),
        }
    }
}

/// The answers that two annotators gave to the same items: (item, of one, of the other).
type Shared = Vec<(u32, u32, u32)>;

/// Kappas of all pairs of annotators; the mean is over pairs that share `least` items or more.
pub fn cohen(ratings: &Ratings, weights: &Weights, least: u64, seed: u64) -> Cohen {
    let mut found: FxHashMap<(u32, u32), Shared> = FxHashMap::default();
    // Items by what was answered, so that the resamples do not depend on the order in which they came.
    let mut rows: Vec<&[(u32, u32)]> = ratings.rows().collect();
    rows.sort_unstable();
    for (item, row) in rows.into_iter().enumerate() {
        for (i, &(a, of_a)) in row.iter().enumerate() {
            for &(b, of_b) in &row[i + 1..] {
                found.entry((a, b)).or_default().push((item as u32, of_a, of_b));
            }
        }
    }
    let mut shared: Vec<((u32, u32), Shared)> = found.into_iter().collect();
    shared.sort_unstable_by_key(|(pair, _)| *pair);
    let mut margins = Margins::new(ratings.categories());
    let pairs: Vec<KappaPair> = shared
        .iter()
        .map(|((a, b), answers)| KappaPair {
            a: *a,
            b: *b,
            shared: answers.len() as u64,
            equal: answers.iter().filter(|(_, of_a, of_b)| of_a == of_b).count() as u64,
            kappa: margins.kappa(answers.iter().map(|&(_, a, b)| (a, b, 1.0)), weights),
        })
        .collect();

    let answered = ratings.by_annotator().iter().filter(|&&n| n > 0).count();
    let why = match answered {
        0 => Some(Undefined::NoAnswers),
        1 => Some(Undefined::OneAnnotator),
        _ if !pairs.iter().any(|pair| pair.shared >= least) => Some(Undefined::NoOverlap),
        _ => None,
    };
    if let Some(why) = why {
        return Cohen { mean: Coefficient::none(why, 0), averaged: 0, pairs };
    }
    let of_pair: Vec<Shared> =
        shared.into_iter().map(|(_, answers)| answers).filter(|answers| answers.len() as u64 >= least).collect();
    let mut by_item = vec![Vec::new(); ratings.items()];
    for (pair, answers) in of_pair.iter().enumerate() {
        answers.iter().for_each(|(item, ..)| by_item[*item as usize].push(pair as u32));
    }
    let compared = by_item.iter().filter(|pairs| !pairs.is_empty()).count() as u64;
    let times: Vec<u64> = by_item.iter().map(|pairs| u64::from(!pairs.is_empty())).collect();
    let kappas: Vec<Option<f64>> = pairs.iter().filter(|pair| pair.shared >= least).map(|pair| pair.kappa).collect();
    let model = AllPairs {
        of_pair,
        by_item,
        whole: sum(kappas.iter().copied()),
        kappas,
        weights,
        categories: ratings.categories(),
    };
    let steps = model.of_pair.iter().map(|answers| 2 * answers.len() + 3 * ratings.categories()).sum();
    let mean = Coefficient::of(&bootstrap(&times, resamples(steps), seed, &model)[0], compared, Undefined::OneLabel);
    Cohen { mean, averaged: model.kappas.iter().flatten().count() as u64, pairs }
}

/// Room for the margins of a pair's table.
struct Margins {
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Margins {
    fn new(categories: usize) -> Self {
        Self { a: vec![0.0; categories], b: vec![0.0; categories] }
    }

    /// Kappa of answers (of one, of the other, how many): 1 - observed / expected difference.
    fn kappa(&mut self, answers: impl Iterator<Item = (u32, u32, f64)>, weights: &Weights) -> Option<f64> {
        let (a, b) = (&mut self.a, &mut self.b);
        a.fill(0.0);
        b.fill(0.0);
        let (mut n, mut observed) = (0.0, 0.0);
        for (of_a, of_b, times) in answers {
            n += times;
            a[of_a as usize] += times;
            b[of_b as usize] += times;
            observed += times * difference(of_a, of_b, weights);
        }
        let expected = match weights {
            Weights::Plain => n * n - a.iter().zip(b.iter()).map(|(x, y)| x * y).sum::<f64>(),
            Weights::Quadratic(values) => {
                // Around a middle, so that squares of large numbers lose nothing.
                let middle = values.iter().sum::<f64>() / values.len().max(1) as f64;
                let moments = |counts: &[f64]| {
                    counts
                        .iter()
                        .zip(values)
                        .fold((0.0, 0.0), |(one, two), (x, v)| (one + x * (v - middle), two + x * (v - middle).powi(2)))
                };
                let ((a1, a2), (b1, b2)) = (moments(a), moments(b));
                n * a2 + n * b2 - 2.0 * a1 * b1
            }
            Weights::Linear(values) => {
                let row = |(c, x): (usize, &f64)| -> f64 {
                    if *x == 0.0 {
                        return 0.0;
                    }
                    b.iter().zip(values).map(|(y, v)| x * y * (v - values[c]).abs()).sum()
                };
                a.iter().enumerate().map(row).sum()
            }
        };
        // What could not differ leaves nothing but rounding.
        (expected > 1e-12 * n * n * scale(weights)).then(|| 1.0 - n * observed / expected)
    }
}

/// The largest difference there can be, 1 for names.
fn scale(weights: &Weights) -> f64 {
    let range = |values: &[f64]| {
        let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
        (high - low).max(0.0)
    };
    match weights {
        Weights::Plain => 1.0,
        Weights::Linear(values) => range(values),
        Weights::Quadratic(values) => range(values).powi(2),
    }
}

fn difference(a: u32, b: u32, weights: &Weights) -> f64 {
    match weights {
        Weights::Plain => f64::from(u8::from(a != b)),
        Weights::Linear(values) => (values[a as usize] - values[b as usize]).abs(),
        Weights::Quadratic(values) => (values[a as usize] - values[b as usize]).powi(2),
    }
}

/// Kappa of one pair over the distinct cells of its table.
struct OnePair<'a> {
    cells: Vec<(u32, u32)>,
    weights: &'a Weights,
    categories: usize,
}

impl Statistics for OnePair<'_> {
    fn count(&self) -> usize {
        1
    }

    fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
        let answers = self.cells.iter().zip(counts).map(|(&(a, b), &times)| (a, b, times as f64));
        out[0] = Margins::new(self.categories).kappa(answers, self.weights).unwrap_or(f64::NAN);
    }
}

/// The mean kappa of pairs over items.
struct AllPairs<'a> {
    of_pair: Vec<Shared>,
    /// The pairs that share each item.
    by_item: Vec<Vec<u32>>,
    /// Kappa of each pair in the sample itself, and their number and sum.
    kappas: Vec<Option<f64>>,
    whole: (f64, f64),
    weights: &'a Weights,
    categories: usize,
}

/// How many kappas have a value, and their sum.
fn sum(kappas: impl Iterator<Item = Option<f64>>) -> (f64, f64) {
    kappas.flatten().fold((0.0, 0.0), |(n, sum), kappa| (n + 1.0, sum + kappa))
}

impl Statistics for AllPairs<'_> {
    fn count(&self) -> usize {
        1
    }

    fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
        let mut margins = Margins::new(self.categories);
        let (n, sum) = sum(self.of_pair.iter().map(|answers| {
            let drawn = answers.iter().map(|&(item, a, b)| (a, b, counts[item as usize] as f64));
            margins.kappa(drawn, self.weights)
        }));
        out[0] = sum / n;
    }

    fn without(&self, _: &[u64], kind: usize, out: &mut [f64]) {
        let mut margins = Margins::new(self.categories);
        // The pairs that share the item alone change.
        let (mut n, mut sum) = self.whole;
        for &pair in &self.by_item[kind] {
            let pair = pair as usize;
            let others = self.of_pair[pair].iter().filter(|(item, ..)| *item as usize != kind);
            let left = margins.kappa(others.map(|&(_, a, b)| (a, b, 1.0)), self.weights);
            for (kappa, sign) in [(self.kappas[pair], -1.0), (left, 1.0)] {
                if let Some(kappa) = kappa {
                    n += sign;
                    sum += sign * kappa;
                }
            }
        }
        out[0] = if n > 0.5 { sum / n } else { f64::NAN };
    }
}

//! Areas under the curve of risk and coverage.

use super::scores::stated_error;
use super::{Context, Metrics};

/// Up to so many mistakes the spread that confidences state counts in full.
const FEW_MISTAKES: f64 = 20.0;

/// Adds `aurc`, the mean over examples of the error rate among those at least as confident (Geifman and El-Yaniv 2017,
/// "Selective classification for deep neural networks"), and `e_aurc`, what of it the best order of the same answers
/// would not have (Geifman, Uziel and El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep neural classifiers",
/// there with an approximation of the least area, here with the exact one).
///
/// Of examples of the same confidence the mean over their orders is taken. Intervals are those of a mean of losses, from the
/// influence of each example; where mistakes are few, they vary by no less than they would if each answer were wrong as often
/// as its confidence says. The more there are, the less this counts: a model may be less sure than it could be.
pub(super) fn metrics(context: &Context, metrics: &mut Metrics, confidence: &[f64], right: &[bool]) {
    if !context.wants("aurc") && !context.wants("e_aurc") {
        return;
    }
    let area = Area::new(context, confidence, right);
    let mistakes = right.iter().filter(|right| !**right).count();
    let counts = (FEW_MISTAKES / mistakes.max(1) as f64).min(1.0);
    let stated = |row: usize, costs: f64| counts * (confidence[row] * (1.0 - confidence[row])).max(0.0) * costs * costs;
    let error = stated_error(context, |row| stated(row, area.of_mistake[row]));
    metrics.insert("aurc", bounded(context, area.value, &area.influence, error));
    if context.wants("e_aurc") {
        let best: Vec<f64> = right.iter().map(|right| f64::from(u8::from(*right))).collect();
        let least = Area::new(context, &best, right);
        let influence: Vec<f64> = area.influence.iter().zip(&least.influence).map(|(i, least)| i - least).collect();
        // A mistake more raises the least area, r + (1 - r) ln(1 - r) at an error rate of r, by -ln(1 - r).
        let of_least = -(1.0 - least.errors).max(f64::MIN_POSITIVE).ln();
        let error = stated_error(context, |row| stated(row, area.of_mistake[row] - of_least));
        metrics.insert("e_aurc", bounded(context, (area.value - least.value).max(0.0), &influence, error));
    }
}

fn bounded(context: &Context, area: f64, influence: &[f64], error: f64) -> crate::Estimate {
    let rows: Vec<f64> = influence.iter().map(|i| area + i).collect();
    let mut ratio = context.units.mean(&rows, None).map(|ratio| ratio.error_at_least(error));
    if let Some(ratio) = &mut ratio {
        ratio.value = area;
    }
    let mut estimate = context.mean(ratio, context.len, (0.0, 1.0));
    estimate.high = estimate.high.map(|high| high.min(1.0));
    estimate
}

/// The area under the curve of risk and coverage.
struct Area {
    value: f64,
    /// The influence of each example on it; their mean is 0.
    influence: Vec<f64>,
    /// What the answer to each example adds when it is wrong, for as many examples as there are.
    of_mistake: Vec<f64>,
    /// The error rate of all examples.
    errors: f64,
}

/// Examples of the same confidence.
struct Group<'a> {
    rows: &'a [u32],
    /// Coverage before and with them, and what of the coverage are mistakes: before, and among them.
    coverage: (f64, f64),
    mistakes: (f64, f64),
}

impl Group<'_> {
    /// The length of their stretch of the coverage on a logarithmic scale; of the first ones there is none.
    fn length(&self) -> f64 {
        if self.coverage.0 > 0.0 { (self.coverage.1 / self.coverage.0).ln() } else { 0.0 }
    }

    /// What mistakes among them add to the area over their own stretch.
    fn own(&self) -> f64 {
        let (from, to) = self.coverage;
        1.0 - from / (to - from) * self.length()
    }
}

impl Area {
    /// In the limit of many examples the risk rises over the stretch S₀ to S₁ of the coverage that examples of one confidence
    /// have, h long, W of the mistakes lying before it and m on it, as (W + m (S - S₀) / h) / S. The area is the sum over the
    /// stretches of W L + m (1 - S₀ L / h), L = ln(S₁ / S₀). The influences are its derivatives by m and h, which all
    /// later W and S rise with.
    fn new(context: &Context, confidence: &[f64], right: &[bool]) -> Self {
        let weight = |row: u32| context.units.weights.as_ref().map_or(1.0, |w| w[row as usize]);
        let mut order: Vec<u32> = (0..confidence.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| {
            let by_confidence = confidence[b as usize].total_cmp(&confidence[a as usize]);
            by_confidence.then(weight(a).total_cmp(&weight(b))).then(a.cmp(&b))
        });
        let all: f64 = (0..confidence.len() as u32).map(weight).sum();
        let (mut covered, mut wrong, mut area) = (0.0, 0.0, 0.0);
        let mut groups = Vec::new();
        #[allow(clippy::float_cmp)] // ties are equal confidences, to the last bit
        for rows in order.chunk_by(|&a, &b| confidence[a as usize] == confidence[b as usize]) {
            let here: f64 = rows.iter().map(|&row| weight(row)).sum();
            let mistakes: f64 = rows.iter().filter(|row| !right[**row as usize]).map(|&row| weight(row)).sum();
            let mut passed = 0.0;
            for &row in rows {
                passed += weight(row);
                area += weight(row) * (wrong + mistakes * passed / here) / (covered + passed);
            }
            let coverage = (covered / all, (covered + here) / all);
            groups.push(Group { rows, coverage, mistakes: (wrong / all, mistakes / all) });
            covered += here;
            wrong += mistakes;
        }
        let (mut influence, mut of_mistake) = (vec![0.0; confidence.len()], vec![0.0; confidence.len()]);
        let mut later = 0.0;
        for group in groups.iter().rev() {
            let ((from, to), (before, mistakes)) = (group.coverage, group.mistakes);
            let (height, length) = (to - from, group.length());
            let here = (before - mistakes * from / height) / to + mistakes * from / (height * height) * length;
            // The first stretch begins at 0, whatever its length.
            let here = if from > 0.0 { here } else { 0.0 };
            for &row in group.rows {
                let costs = group.own() - to.ln();
                of_mistake[row as usize] = costs;
                influence[row as usize] = here + later + if right[row as usize] { 0.0 } else { costs };
            }
            if from > 0.0 {
                later += (before - mistakes * from / height) * (1.0 / to - 1.0 / from) - mistakes / height * length;
            }
        }
        let mean = (0..influence.len()).map(|row| weight(row as u32) * influence[row]).sum::<f64>() / all;
        influence.iter_mut().for_each(|i| *i -= mean);
        Self { value: area / all, influence, of_mistake, errors: wrong / all }
    }
}

#[cfg(test)]
mod tests {
    /// The area of groups of (examples, mistakes) in the limit.
    fn limit(groups: &[(f64, f64)]) -> f64 {
        let all: f64 = groups.iter().map(|g| g.0).sum();
        let (mut covered, mut wrong, mut area) = (0.0, 0.0, 0.0);
        for &(here, mistakes) in groups {
            // The risk over the stretch, in many thin slices.
            const SLICES: u32 = 200_000;
            for slice in 0..SLICES {
                let share = (f64::from(slice) + 0.5) / f64::from(SLICES);
                area += here / f64::from(SLICES) * (wrong + mistakes * share) / (covered + here * share);
            }
            covered += here;
            wrong += mistakes;
        }
        area / all
    }

    #[test]
    fn influences_are_derivatives() {
        use crate::measure::{Context, MeasureOptions, Source, Units};
        use crate::{Annotation, LabelSet, Pair, Predictions, Task};
        let groups = [(40usize, 1usize), (30, 0), (20, 7), (10, 6)];
        let (mut confidence, mut right, mut gold) = (Vec::new(), Vec::new(), Vec::new());
        for (at, &(examples, mistakes)) in groups.iter().enumerate() {
            for i in 0..examples {
                confidence.push(0.9 - 0.1 * at as f64);
                right.push(i >= mistakes);
                gold.push(Annotation::Label(0));
            }
        }
        let labels = LabelSet::new(["a"]);
        let predictions =
            Predictions { labels: labels.clone(), answers: gold.clone(), scores: None, span_scores: None };
        let pair = Pair::new(Task::Classification, &labels, &gold, &predictions, None).expect("a pair");
        let options = MeasureOptions::default();
        let context = Context {
            task: Task::Classification,
            labels: &labels,
            len: 100,
            source: Source::Pair(&pair),
            options: &options,
            units: Units::new(&pair, None),
            wanted: std::collections::BTreeSet::new(),
        };
        let area = super::Area::new(&context, &confidence, &right);
        let plain: Vec<(f64, f64)> = groups.iter().map(|&(n, wrong)| (n as f64, wrong as f64)).collect();
        let step = 0.01;
        for (row, &right) in right.iter().enumerate() {
            let at = groups
                .iter()
                .scan(0, |sum, g| {
                    *sum += g.0;
                    Some(*sum)
                })
                .position(|end| row < end)
                .expect("a group");
            let mut moved = plain.clone();
            moved[at].0 += step;
            moved[at].1 += if right { 0.0 } else { step };
            let derivative = (limit(&moved) - limit(&plain)) / step * 100.0;
            assert!((area.influence[row] - derivative).abs() < 2e-3, "{row}: {} {derivative}", area.influence[row]);
        }
    }
}

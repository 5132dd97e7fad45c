//! Areas under the curve of risk and coverage.

use super::{Context, Metrics};

/// Adds `aurc`, the mean over examples of the error rate among those at least as confident (Geifman and El-Yaniv 2017,
/// "Selective classification for deep neural networks"), and `e_aurc`, what of it the best order of the same answers
/// would not have (Geifman, Uziel and El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep neural classifiers",
/// there with an approximation of the least area, here with the exact one).
///
/// Of examples of the same confidence the mean over their orders is taken. Intervals are the delta method's.
pub(super) fn metrics(context: &Context, metrics: &mut Metrics, confidence: &[f64], right: &[bool]) {
    if !context.wants("aurc") && !context.wants("e_aurc") {
        return;
    }
    let (area, mut influence) = area(context, confidence, right);
    metrics.insert("aurc", bounded(context, area, &influence));
    if context.wants("e_aurc") {
        let best: Vec<f64> = right.iter().map(|right| f64::from(u8::from(*right))).collect();
        let (least, of_least) = self::area(context, &best, right);
        influence.iter_mut().zip(of_least).for_each(|(i, least)| *i -= least);
        metrics.insert("e_aurc", bounded(context, (area - least).max(0.0), &influence));
    }
}

fn bounded(context: &Context, area: f64, influence: &[f64]) -> crate::Estimate {
    let rows: Vec<f64> = influence.iter().map(|i| area + i).collect();
    let mut ratio = context.units.mean(&rows, None);
    if let Some(ratio) = &mut ratio {
        ratio.value = area;
    }
    let mut estimate = context.mean(ratio, context.len, (0.0, 1.0));
    estimate.high = estimate.high.map(|high| high.min(1.0));
    estimate
}

/// The area and the influence of each example on it. With S(c) the share of examples of confidence c or more, the area is
/// E[wrong (-ln S(c))] in the limit, and an example (c', wrong') moves it by
/// wrong' (-ln S(c')) - E[wrong / S(c); c <= c'], less the mean of that.
fn area(context: &Context, confidence: &[f64], right: &[bool]) -> (f64, Vec<f64>) {
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
    for group in order.chunk_by(|&a, &b| confidence[a as usize] == confidence[b as usize]) {
        let here: f64 = group.iter().map(|&row| weight(row)).sum();
        let mistakes: f64 = group.iter().filter(|row| !right[**row as usize]).map(|&row| weight(row)).sum();
        let mut passed = 0.0;
        for &row in group {
            passed += weight(row);
            area += weight(row) * (wrong + mistakes * passed / here) / (covered + passed);
        }
        covered += here;
        wrong += mistakes;
        groups.push((group, covered / all, mistakes / all));
    }
    let mut influence = vec![0.0; confidence.len()];
    let mut above = 0.0;
    for (group, coverage, mistakes) in groups.into_iter().rev() {
        above += mistakes / coverage;
        for &row in group {
            influence[row as usize] = if right[row as usize] { 0.0 } else { -coverage.ln() } - above;
        }
    }
    let mean = (0..influence.len()).map(|row| weight(row as u32) * influence[row]).sum::<f64>() / all;
    influence.iter_mut().for_each(|i| *i -= mean);
    (area / all, influence)
}

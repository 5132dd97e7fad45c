//! What choosing gains: the best of many scores without the luck of being the best.
//!
//! Bootstrap bias corrected cross-validation (Tsamardinos, Greasidou and Borboudakis 2018, "Bootstrapping the
//! out-of-sample predictions for efficient and accurate cross-validation", Machine Learning 107): in each resample of the
//! examples the best candidate is chosen anew by the out-of-fold answers to the examples drawn, and measured on the
//! examples not drawn. No model is trained for it.

use rayon::prelude::*;
use trueup_core::document::IntervalKind;
use trueup_core::{Annotation, Dataset, Estimate, Predictions, Rng, Task};

use super::Forecast;

/// Resamples.
const RESAMPLES: u64 = 1_000;
/// How often the interval of a gain is to hold.
const LEVEL: f64 = 0.9;
/// Keeps these draws apart from others under the same seed.
const STREAM: u64 = 0x7e;

/// What an answer did for one label of one example.
#[derive(Debug, Clone, Copy)]
struct Hit {
    label: u32,
    right: u32,
    predicted: u32,
    gold: u32,
}

/// What every candidate answered, counted by example.
pub(super) struct Outcomes {
    task: Task,
    labels: usize,
    /// The cluster of each row, numbered from 0.
    clusters: Vec<u32>,
    count: usize,
    /// Hits of each candidate, row by row, with where each row ends.
    candidates: Vec<(Vec<Hit>, Vec<u32>)>,
}

impl Outcomes {
    /// Of no candidate yet; `clusters` says which rows are drawn together.
    pub fn new(data: &Dataset, clusters: &[u32]) -> Self {
        let mut known = rustc_hash::FxHashMap::default();
        let clusters: Vec<u32> = clusters
            .iter()
            .map(|&cluster| {
                let next = known.len() as u32;
                *known.entry(cluster).or_insert(next)
            })
            .collect();
        Self { task: data.task, labels: data.labels.len(), clusters, count: known.len(), candidates: Vec::new() }
    }

    /// The name of the score.
    pub fn score_name(&self) -> &'static str {
        if self.task == Task::Ner { "f1" } else { "f1_macro" }
    }

    /// Adds the answers of a candidate, and says how they score.
    pub fn push(&mut self, data: &Dataset, answers: &Predictions) -> f64 {
        let (mut hits, mut ends) = (Vec::new(), Vec::with_capacity(data.len()));
        for (example, answer) in data.examples.iter().zip(&answers.answers) {
            hits.extend(compare(&example.gold, answer));
            ends.push(hits.len() as u32);
        }
        self.candidates.push((hits, ends));
        let all = vec![1; self.count];
        self.score(self.candidates.len() - 1, &all, |weight| weight).unwrap_or(0.0)
    }

    /// The score of a candidate where cluster `c` counts `weigh(drawn[c])` times.
    fn score(&self, candidate: usize, drawn: &[u32], weigh: impl Fn(u32) -> u32) -> Option<f64> {
        let (hits, ends) = &self.candidates[candidate];
        let mut counts = vec![[0u64; 3]; self.labels];
        let mut start = 0;
        for (row, &end) in ends.iter().enumerate() {
            let weight = u64::from(weigh(drawn[self.clusters[row] as usize]));
            if weight > 0 {
                for hit in &hits[start..end as usize] {
                    let cell = &mut counts[hit.label as usize];
                    cell[0] += weight * u64::from(hit.right);
                    cell[1] += weight * u64::from(hit.predicted);
                    cell[2] += weight * u64::from(hit.gold);
                }
            }
            start = end as usize;
        }
        let f1 = |[right, predicted, gold]: [u64; 3]| {
            (predicted + gold > 0).then(|| 2.0 * right as f64 / (predicted + gold) as f64)
        };
        if self.task == Task::Ner {
            return f1(counts.iter().fold([0; 3], |sum, c| [sum[0] + c[0], sum[1] + c[1], sum[2] + c[2]]));
        }
        let labels: Vec<f64> = counts.into_iter().filter_map(f1).collect();
        (!labels.is_empty()).then(|| labels.iter().sum::<f64>() / labels.len() as f64)
    }

    /// How often each cluster is drawn in a resample.
    fn drawn(&self, seed: u64, resample: u64) -> Vec<u32> {
        let mut rng = Rng::stream(seed ^ STREAM, resample);
        let mut drawn = vec![0; self.count];
        (0..self.count).for_each(|_| drawn[rng.below(self.count)] += 1);
        drawn
    }

    /// The gain over the first candidate of choosing the best, with its 90 % interval.
    pub fn gain(&self, seed: u64) -> Forecast {
        let draws: Vec<Option<f64>> = (0..RESAMPLES)
            .into_par_iter()
            .map(|resample| {
                let drawn = self.drawn(seed, resample);
                let mut best: Option<(usize, f64)> = None;
                for candidate in 0..self.candidates.len() {
                    let score = self.score(candidate, &drawn, |n| n)?;
                    if best.is_none_or(|(_, most)| score > most) {
                        best = Some((candidate, score));
                    }
                }
                // Measured on what was not drawn, where the choice has had no luck.
                let rest = |candidate| self.score(candidate, &drawn, |n| u32::from(n == 0));
                Some(rest(best?.0)? - rest(0)?)
            })
            .collect();
        let draws: Vec<f64> = draws.into_iter().flatten().collect();
        let value = draws.iter().sum::<f64>() / draws.len().max(1) as f64;
        let (low, high) = ends(draws, value, (1.0 - LEVEL) / 2.0).unzip();
        Forecast { value, low, high, level: LEVEL }
    }

    /// The score of a candidate less that of the first, with a paired 95 % interval.
    pub fn difference(&self, candidate: usize, seed: u64) -> Estimate {
        let all = vec![1; self.count];
        let of = |drawn: &[u32]| Some(self.score(candidate, drawn, |n| n)? - self.score(0, drawn, |n| n)?);
        let value = of(&all).unwrap_or(0.0);
        let draws: Vec<Option<f64>> =
            (0..RESAMPLES).into_par_iter().map(|resample| of(&self.drawn(seed, resample))).collect();
        match ends(draws.into_iter().flatten().collect(), value, 0.025) {
            Some(ends) => Estimate::new(value, ends, self.count as u64, IntervalKind::Bootstrap),
            None => Estimate::point(value, self.count as u64),
        }
    }
}

/// The ends of an interval that leaves out a share of `tail` of the draws on each side, and holds `value`; none of few draws.
fn ends(mut draws: Vec<f64>, value: f64, tail: f64) -> Option<(f64, f64)> {
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| draws[((draws.len() - 1) as f64 * share).round() as usize];
    (draws.len() >= 100).then(|| (at(tail).min(value), at(1.0 - tail).max(value)))
}

/// Label by label what an answer did.
fn compare(gold: &Annotation, answer: &Annotation) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut add = |label: u32, right: u32, predicted: u32, gold: u32| match hits.iter_mut().find(|h| h.label == label) {
        Some(hit) => {
            hit.right += right;
            hit.predicted += predicted;
            hit.gold += gold;
        }
        None => hits.push(Hit { label, right, predicted, gold }),
    };
    if let (Annotation::Spans(gold), Annotation::Spans(answer)) = (gold, answer) {
        gold.iter().for_each(|span| add(span.label, u32::from(answer.contains(span)), 0, 1));
        answer.iter().for_each(|span| add(span.label, 0, 1, 0));
    } else {
        let (gold, answer) = (gold.labels(), answer.labels());
        gold.iter().for_each(|&label| add(label, u32::from(answer.contains(&label)), 0, 1));
        answer.iter().for_each(|&label| add(label, 0, 1, 0));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use trueup_core::counts::Tallies;
    use trueup_core::{Example, LabelSet};

    fn data(n: u32) -> Dataset {
        let example = |i: u32| Example {
            id: i.to_string(),
            text: String::new(),
            gold: Annotation::Label(i % 2),
            tokens: vec![],
            group: None,
            time: None,
            metadata: vec![],
            line: 1,
        };
        Dataset {
            task: Task::Classification,
            labels: LabelSet::new(["a", "b"]),
            examples: (0..n).map(example).collect(),
            columns: vec![],
            tags: vec![],
            has_text: true,
        }
    }

    /// Answers of which `share` are wrong, drawn by `stream`.
    fn answers(data: &Dataset, share: f64, stream: u64) -> Predictions {
        let mut rng = Rng::stream(7, stream);
        let answer = |e: &Example| {
            let gold = e.gold.labels()[0];
            Annotation::Label(if rng.below(10_000) < (share * 10_000.0) as usize { 1 - gold } else { gold })
        };
        let answers = data.examples.iter().map(answer).collect();
        Predictions { labels: data.labels.clone(), answers, scores: None, span_scores: None }
    }

    #[test]
    fn scores_are_those_of_the_tallies() {
        let data = data(500);
        let clusters: Vec<u32> = (0..500).collect();
        let mut outcomes = Outcomes::new(&data, &clusters);
        let answers = answers(&data, 0.2, 1);
        let mut tallies = Tallies::new(2);
        data.examples.iter().zip(&answers.answers).for_each(|(e, a)| tallies.add(&e.gold, a));
        let score = outcomes.push(&data, &answers);
        assert!((score - tallies.f1_macro().unwrap_or(1.0)).abs() < 1e-12);
    }

    #[test]
    fn the_best_of_equals_gains_nothing_though_its_score_is_the_highest() {
        let data = data(400);
        let clusters: Vec<u32> = (0..400).collect();
        let (mut naive, mut told, mut held) = (0.0, 0.0, 0);
        for draw in 0..20 {
            let mut outcomes = Outcomes::new(&data, &clusters);
            let scores: Vec<f64> =
                (0..12).map(|c| outcomes.push(&data, &answers(&data, 0.25, draw * 100 + c))).collect();
            naive += scores.iter().copied().fold(0.0, f64::max) - scores[0];
            let gain = outcomes.gain(draw);
            told += gain.value;
            held += u32::from(gain.low <= Some(0.0) && gain.high >= Some(0.0));
        }
        // Twelve equal candidates: the best score is some four points above the first one's, for nothing.
        assert!(naive / 20.0 > 0.02, "{naive}");
        assert!((told / 20.0).abs() < naive / 20.0 / 2.0, "{told} {naive}");
        assert!(held >= 17, "{held} of 20");
    }

    #[test]
    fn a_real_gain_is_told() {
        let data = data(1000);
        let clusters: Vec<u32> = (0..1000).collect();
        let mut outcomes = Outcomes::new(&data, &clusters);
        for (candidate, share) in [0.3, 0.3, 0.1, 0.25].into_iter().enumerate() {
            outcomes.push(&data, &answers(&data, share, candidate as u64));
        }
        let gain = outcomes.gain(1);
        assert!(gain.low > Some(0.1) && gain.value > 0.15 && gain.high < Some(0.3), "{gain:?}");
        assert!(outcomes.difference(2, 1).low > Some(0.1));
        assert_eq!(outcomes.difference(0, 1).value, Some(0.0));
    }
}

//! Thresholds of labels, and the search for those of the highest F1.

use serde::{Deserialize, Serialize};
use trueup_core::{Annotation, LabelId, Predictions, Task};

/// A threshold a label, each above 0 and at most 1.
///
/// Where a text has several labels (or spans) a label is answered from its threshold on. Where it has one, the answer is the
/// label whose probability is the largest multiple of its threshold: of two labels whose thresholds sum to 1 that is again
/// the one that reaches its threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    of: Vec<f64>,
}

/// A label of fewer gold examples keeps the common threshold: a threshold of its own would follow their luck.
const FEWEST: u64 = 10;
/// Of the way from the F1 of always answering a label to 1, so much must be won by a threshold other than 0.5.
const WORTH: f64 = 0.03;
/// Rounds over all labels, where labels compete; it settles before.
const ROUNDS: usize = 5;
/// No threshold is lower than this.
const LOWEST: f64 = 1e-4;

impl Thresholds {
    /// From a threshold a label.
    ///
    /// # Panics
    ///
    /// When one is not in (0, 1].
    pub fn new(of: Vec<f64>) -> Self {
        assert!(of.iter().all(|t| *t > 0.0 && *t <= 1.0), "thresholds lie in (0, 1]");
        Self { of }
    }

    /// The threshold of a label.
    pub fn of(&self, label: LabelId) -> f64 {
        self.of[label as usize]
    }

    /// All of them, by label.
    pub fn all(&self) -> &[f64] {
        &self.of
    }

    /// The label whose probability is the largest multiple of its threshold, the first of equals.
    pub fn best(&self, row: &[f64]) -> LabelId {
        super::most(row.iter().zip(&self.of).map(|(p, t)| p / t))
    }

    /// The thresholds of the highest macro-F1 on `predictions` for examples with these gold answers, which training must not
    /// have seen: label by label where labels stand apart (Yang 2001, "A study of thresholding strategies for text
    /// categorization"), and one label after the other, in rounds, where a text has one. Labels of fewer than 10 gold
    /// share a threshold. `None` without scores.
    ///
    /// # Panics
    ///
    /// When there is not one answer an example.
    pub fn tuned(task: Task, gold: &[&Annotation], predictions: &Predictions) -> Option<Self> {
        assert_eq!(gold.len(), predictions.len(), "one answer an example");
        match task {
            Task::Classification => competing(gold, predictions),
            Task::Multilabel => {
                let scores = predictions.scores.as_ref()?;
                let cells = |label: LabelId| {
                    let rows = gold.iter().enumerate();
                    rows.map(|(row, gold)| (scores.get(row, label), gold.labels().contains(&label))).collect()
                };
                let of = |label: LabelId| gold.iter().filter(|gold| gold.labels().contains(&label)).count() as u64;
                Some(apart(predictions.labels.len(), cells, of))
            }
            Task::Ner => {
                let scores = predictions.span_scores.as_ref()?;
                let cells = |label: LabelId| {
                    let rows = gold.iter().zip(&predictions.answers).zip(scores);
                    let spans = rows.flat_map(|((gold, answer), scores)| {
                        let spans = answer.spans().iter().zip(scores);
                        spans.map(|(span, &p)| (span.label, p, gold.spans().contains(span)))
                    });
                    spans.filter(|&(l, ..)| l == label).map(|(_, p, right)| (p, right)).collect()
                };
                let of =
                    |label| gold.iter().flat_map(|gold| gold.spans()).filter(|span| span.label == label).count() as u64;
                Some(apart(predictions.labels.len(), cells, of))
            }
        }
    }
}

/// Thresholds of labels that stand apart: `cells` gives the scores of a label and whether each is right, `support` how
/// often it is gold.
fn apart(labels: usize, cells: impl Fn(LabelId) -> Vec<(f64, bool)>, support: impl Fn(LabelId) -> u64) -> Thresholds {
    let (mut of, mut few) = (vec![0.5; labels], Vec::new());
    let (mut pooled, mut gold) = (Vec::new(), 0);
    for label in 0..labels as LabelId {
        let (cells, support) = (cells(label), support(label));
        if support < FEWEST {
            few.push(label);
        } else {
            of[label as usize] = highest(cells.clone(), support);
        }
        gold += support;
        pooled.extend(cells);
    }
    if gold > 0 && !few.is_empty() {
        let common = highest(pooled, gold);
        few.into_iter().for_each(|label| of[label as usize] = common);
    }
    Thresholds { of }
}

/// The threshold of the highest F1 = 2 TP / (answered + gold): midway between two scores; of equals the nearest to 0.5.
fn highest(mut cells: Vec<(f64, bool)>, gold: u64) -> f64 {
    cells.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut best, mut threshold) = (0u64, -1.0, 0.5);
    for (at, &(score, came)) in cells.iter().enumerate() {
        right += u64::from(came);
        let next = cells.get(at + 1).map_or(0.0, |next| next.0);
        #[allow(clippy::float_cmp)] // equal scores cannot be told apart by a threshold
        if next == score {
            continue;
        }
        let f1 = 2.0 * right as f64 / ((at as u64 + 1 + gold) as f64);
        let between = f64::midpoint(score, next).max(LOWEST);
        if f1 > best + 1e-12 || (f1 > best - 1e-12 && (between - 0.5f64).abs() < (threshold - 0.5f64).abs()) {
            (best, threshold) = (f1, between);
        }
    }
    // Scores that say nothing of the label do best where it is always answered, and that is no threshold to keep.
    let always = 2.0 * gold as f64 / (cells.len() as u64 + gold) as f64;
    if best >= always + WORTH * (1.0 - always) { threshold } else { 0.5 }
}

/// Hits, answers and gold of a label.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    right: i64,
    answered: i64,
    gold: i64,
}

impl Count {
    /// Its F1; `None` where it occurs neither in gold nor in answers.
    fn f1(self) -> Option<f64> {
        (self.answered + self.gold > 0).then(|| 2.0 * self.right as f64 / (self.answered + self.gold) as f64)
    }
}

/// Thresholds of labels that compete for a text: macro-F1 is raised along one label at a time.
fn competing(gold: &[&Annotation], predictions: &Predictions) -> Option<Thresholds> {
    let scores = predictions.scores.as_ref()?;
    let labels = predictions.labels.len();
    let gold: Vec<LabelId> = gold.iter().map(|gold| gold.labels()[0]).collect();
    let mut support = vec![0u64; labels];
    gold.iter().for_each(|&label| support[label as usize] += 1);
    // Only their ratios matter.
    let mut of = vec![0.5; labels];
    for _ in 0..ROUNDS {
        let mut moved = false;
        for label in (0..labels).filter(|&label| support[label] >= FEWEST) {
            if let Some(threshold) = along(label, &of, scores, &gold) {
                of[label] = threshold;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    // Of two labels the thresholds sum to 1, as people say it; of more the largest is 0.5.
    let by = if labels == 2 { 1.0 / (of[0] + of[1]) } else { 0.5 / of.iter().copied().fold(0.0, f64::max) };
    Some(Thresholds { of: of.into_iter().map(|t| (t * by).clamp(LOWEST, 1.0)).collect() })
}

/// The threshold of `label` that raises macro-F1 the most, the others given; `None` where none raises it.
fn along(label: usize, of: &[f64], scores: &trueup_core::Scores, gold: &[LabelId]) -> Option<f64> {
    // From which threshold on (downwards) an example is answered by `label`, and what answers it before.
    let mut turns: Vec<(f64, usize, LabelId)> = Vec::with_capacity(gold.len());
    let mut counts = vec![Count::default(); of.len()];
    for (row, &gold) in gold.iter().enumerate() {
        let cells = scores.row(row);
        let rival = super::most((0..of.len()).map(|l| if l == label { f64::NEG_INFINITY } else { cells[l] / of[l] }));
        let best = cells[rival as usize] / of[rival as usize];
        turns.push((if best > 0.0 { cells[label] / best } else { f64::MAX }, rival as usize, gold));
        counts[gold as usize].gold += 1;
        counts[rival as usize].answered += 1;
        counts[rival as usize].right += i64::from(rival == gold);
    }
    turns.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut sum, mut occurring) = (0.0, 0u32);
    for count in &counts {
        if let Some(f1) = count.f1() {
            sum += f1;
            occurring += 1;
        }
    }
    let (mut now, mut best): (Option<f64>, Option<(f64, f64)>) = (None, None);
    for (at, &(turn, rival, gold)) in turns.iter().enumerate() {
        for (moved, by) in [(rival, -1), (label, 1)] {
            let before = counts[moved].f1();
            counts[moved].answered += by;
            counts[moved].right += if gold as usize == moved { by } else { 0 };
            let after = counts[moved].f1();
            sum += after.unwrap_or(0.0) - before.unwrap_or(0.0);
            occurring = occurring + u32::from(after.is_some()) - u32::from(before.is_some());
        }
        let next = turns.get(at + 1).map_or(0.0, |next| next.0);
        if turn - next <= 0.0 || occurring == 0 {
            continue;
        }
        let macro_f1 = sum / f64::from(occurring);
        // Where it stands now: the last turn that is not below its threshold.
        if next < of[label] && now.is_none() {
            now = Some(if turn >= of[label] { macro_f1 } else { f64::NEG_INFINITY });
        }
        let between = f64::midpoint(turn.min(1e6), next).max(LOWEST);
        if best.is_none_or(|(_, most)| macro_f1 > most + 1e-12) {
            best = Some((between, macro_f1));
        }
    }
    best.filter(|&(_, most)| now.is_none_or(|now| most > now + 1e-9)).map(|(threshold, _)| threshold)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use trueup_core::counts::Tallies;
    use trueup_core::{LabelSet, Rng, Scores};

    use crate::decision::{Decision, Rule};

    fn drawn(task: Task, n: usize, labels: usize, seed: u64) -> (Vec<Annotation>, Predictions) {
        let mut rng = Rng::new(seed);
        let (mut gold, mut cells) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let mut row: Vec<f64> = (0..labels).map(|l| rng.unit() / (1.0 + 2.0 * l as f64)).collect();
            if task == Task::Classification {
                // The last labels are rarely the likeliest, though they are gold more often than they are answered.
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|p| *p /= sum);
                let lift = |l: usize| row[l] * (1.0 + l as f64);
                let most = (0..labels).fold(0, |best, l| if lift(l) > lift(best) { l } else { best });
                gold.push(Annotation::Label(most as u32));
            } else {
                let came = (0..labels as u32).filter(|&l| rng.unit() < row[l as usize]).collect();
                gold.push(Annotation::Labels(came));
            }
            cells.extend(row);
        }
        let names: Vec<String> = (0..labels).map(|l| format!("l{l}")).collect();
        let answers =
            vec![if task == Task::Classification { Annotation::Label(0) } else { Annotation::Labels(vec![]) }; n];
        let scores = Some(Scores::from_cells(labels, cells));
        (gold, Predictions { labels: LabelSet::new(names), answers, scores, span_scores: None })
    }

    fn f1(task: Task, rule: Rule, gold: &[Annotation], told: &Predictions) -> f64 {
        let mut told = told.clone();
        let decision = Decision { rule, ..Decision::default() };
        if decision.is_plain() {
            let scores = told.scores.clone().unwrap();
            told.answers = (0..gold.len()).map(|row| decision.choose(task, scores.row(row))).collect();
        }
        decision.apply(task, &mut told);
        let mut tallies = Tallies::new(told.labels.len());
        gold.iter().zip(&told.answers).for_each(|(gold, answer)| tallies.add(gold, answer));
        tallies.f1_macro().unwrap()
    }

    #[test]
    fn apart_no_threshold_of_a_grid_is_better() {
        let (gold, told) = drawn(Task::Multilabel, 600, 3, 5);
        let all: Vec<&Annotation> = gold.iter().collect();
        let tuned = Thresholds::tuned(Task::Multilabel, &all, &told).unwrap();
        let reached = f1(Task::Multilabel, Rule::Thresholds(tuned.clone()), &gold, &told);
        assert!(reached > f1(Task::Multilabel, Rule::Likeliest, &gold, &told) + 0.05);
        for label in 0..3 {
            for step in 1..100 {
                let mut other = tuned.of.clone();
                other[label] = f64::from(step) / 100.0;
                let other = f1(Task::Multilabel, Rule::Thresholds(Thresholds::new(other)), &gold, &told);
                assert!(other <= reached + 1e-12, "{label} {step}: {other} {reached}");
            }
        }
    }

    #[test]
    fn competing_no_step_along_a_label_is_better() {
        for (labels, seed) in [(2, 1), (3, 2), (5, 3)] {
            let (gold, told) = drawn(Task::Classification, 500, labels, seed);
            let all: Vec<&Annotation> = gold.iter().collect();
            let tuned = Thresholds::tuned(Task::Classification, &all, &told).unwrap();
            let reached = f1(Task::Classification, Rule::Thresholds(tuned.clone()), &gold, &told);
            let plain = f1(Task::Classification, Rule::Likeliest, &gold, &told);
            assert!(reached > plain + 0.01, "{labels}: {plain} {reached}");
            for label in 0..labels {
                for by in [0.5, 0.8, 0.95, 1.05, 1.2, 1.9] {
                    let mut other = tuned.of.clone();
                    other[label] = (other[label] * by).min(1.0);
                    let other = f1(Task::Classification, Rule::Thresholds(Thresholds::new(other)), &gold, &told);
                    assert!(other <= reached + 1e-9, "{labels} {label} {by}: {other} {reached}");
                }
            }
            if labels == 2 {
                assert!((tuned.of[0] + tuned.of[1] - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_label_of_few_examples_takes_the_common_threshold() {
        let (mut gold, told) = drawn(Task::Multilabel, 300, 3, 8);
        let mut left = 3;
        for answer in &mut gold {
            if let Annotation::Labels(labels) = answer {
                labels.retain(|&l| {
                    l != 2 || {
                        left -= 1;
                        left >= 0
                    }
                });
            }
        }
        let all: Vec<&Annotation> = gold.iter().collect();
        let tuned = Thresholds::tuned(Task::Multilabel, &all, &told).unwrap();
        assert!((tuned.of(2) - tuned.of(0)).abs() > 1e-9 || (tuned.of(2) - tuned.of(1)).abs() > 1e-9);
        let none = Predictions { scores: None, ..told };
        assert_eq!(Thresholds::tuned(Task::Multilabel, &all, &none), None);
    }
}

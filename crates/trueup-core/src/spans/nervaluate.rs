//! Counting as nervaluate does, version by version.

use super::SpanMatch;
use super::matching::Edge;
use crate::{LabelId, Span};

/// A version of nervaluate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NervaluateVersion {
    /// 1.0.0: a predicted span takes the first free gold span that it overlaps.
    V1_0,
    /// 1.1.0: the same, with a least overlap in per cent of the gold span.
    V1_1,
    /// 1.2.0: a predicted span takes an equal gold span before others.
    V1_2_0,
    /// 1.2.1: the same, and the half credit of partial matches holds for several documents too.
    V1_2_1,
}

/// nervaluate's counts by way of matching, over all types and by type; the order of spans matters as it does there.
#[derive(Debug, Clone, PartialEq)]
pub struct NervaluateCounts {
    version: NervaluateVersion,
    least: f64,
    documents: u64,
    all: [Outcomes; 4],
    types: Vec<[Outcomes; 4]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Outcomes {
    correct: u64,
    incorrect: u64,
    partial: u64,
    missed: u64,
    spurious: u64,
}

/// A row of nervaluate's report.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NervaluateResult {
    /// Right.
    pub correct: u64,
    /// Wrong.
    pub incorrect: u64,
    /// Half right.
    pub partial: u64,
    /// Gold without prediction.
    pub missed: u64,
    /// Prediction without gold.
    pub spurious: u64,
    /// 0 for 0/0.
    pub precision: f64,
    /// 0 for 0/0.
    pub recall: f64,
    /// 0 for 0/0.
    pub f1: f64,
}

impl NervaluateCounts {
    /// Nothing counted yet. `min_overlap_percentage` is 1 in nervaluate unless told (version 1.0 has none).
    pub fn new(labels: usize, version: NervaluateVersion, min_overlap_percentage: f64) -> Self {
        let least = if version == NervaluateVersion::V1_0 { 0.0 } else { min_overlap_percentage };
        Self { version, least, documents: 0, all: Default::default(), types: vec![Default::default(); labels] }
    }

    /// The same counts with the formulas of another version of the same matching (1.2.0 and 1.2.1).
    pub(super) fn with_version(&self, version: NervaluateVersion) -> Self {
        Self { version, ..self.clone() }
    }

    /// Counts a document, its spans in the order in which nervaluate gets them. Ends are exclusive here and inclusive
    /// there.
    pub fn add(&mut self, gold: &[Span], predicted: &[Span]) {
        self.documents += 1;
        let mut taken = Vec::new();
        for (way, matching) in SpanMatch::ALL.into_iter().enumerate() {
            let outcomes = self.count(matching, gold, predicted, &mut taken);
            self.all[way].merge(outcomes);
        }
        let mut labels: Vec<LabelId> = gold.iter().chain(predicted).map(|span| span.label).collect();
        labels.sort_unstable();
        labels.dedup();
        for label in labels {
            let of = |spans: &[Span]| -> Vec<Span> { spans.iter().filter(|s| s.label == label).copied().collect() };
            let (gold, predicted) = (of(gold), of(predicted));
            for (way, matching) in SpanMatch::ALL.into_iter().enumerate() {
                let outcomes = self.count(matching, &gold, &predicted, &mut taken);
                self.types[label as usize][way].merge(outcomes);
            }
        }
    }

    fn count(&self, matching: SpanMatch, gold: &[Span], predicted: &[Span], taken: &mut Vec<bool>) -> Outcomes {
        let mut outcomes = Outcomes::default();
        taken.clear();
        taken.resize(gold.len(), false);
        for (j, p) in predicted.iter().enumerate() {
            let free = gold.iter().enumerate().filter(|(i, _)| !taken[*i]);
            let mut edges = free.filter_map(|(i, g)| Edge::new(i, g, j, p, self.least));
            let right = |edge: &Edge| matching.credit(edge) == 2;
            let chosen = if self.version < NervaluateVersion::V1_2_0 {
                // The first free gold span that overlaps, whatever comes after it.
                edges.next()
            } else if matching == SpanMatch::Type {
                // The nearest of the same type, the first of equals; else the first that overlaps.
                let edges: Vec<Edge> = edges.collect();
                let apart = |edge: &&Edge| {
                    let g = &gold[edge.gold];
                    u64::from(g.start.abs_diff(p.start)) + u64::from(g.end.abs_diff(p.end))
                };
                edges.iter().filter(|edge| right(edge)).min_by_key(apart).or(edges.first()).copied()
            } else {
                let edges: Vec<Edge> = edges.collect();
                edges.iter().find(|edge| right(edge)).or(edges.first()).copied()
            };
            match chosen {
                None => outcomes.spurious += 1,
                Some(edge) => {
                    taken[edge.gold] = true;
                    match matching.credit(&edge) {
                        2 => outcomes.correct += 1,
                        1 => outcomes.partial += 1,
                        _ => outcomes.incorrect += 1,
                    }
                }
            }
        }
        outcomes.missed = taken.iter().filter(|taken| !**taken).count() as u64;
        outcomes
    }

    /// Adds another part's counts, of the same labels and version.
    pub fn merge(&mut self, other: &Self) {
        self.documents += other.documents;
        self.all.iter_mut().zip(&other.all).for_each(|(mine, theirs)| mine.merge(*theirs));
        for (mine, theirs) in self.types.iter_mut().zip(&other.types) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(*theirs));
        }
    }

    /// Whether a type occurs, so that it has a row.
    pub fn uses(&self, label: LabelId) -> bool {
        self.types[label as usize][0] != Outcomes::default()
    }

    /// A row of the report: of all types, or of the spans of one.
    pub fn result(&self, matching: SpanMatch, label: Option<LabelId>) -> NervaluateResult {
        let row = label.map_or(&self.all, |label| &self.types[label as usize]);
        let Outcomes { correct, incorrect, partial, missed, spurious } = row[matching as usize];
        // Merging two documents recomputed the ratios without the half credit before 1.2.1.
        let half = if self.version < NervaluateVersion::V1_2_1 && self.documents > 1 { 0.0 } else { 0.5 };
        let paired = correct + incorrect + partial;
        let share = |spans: u64| {
            if spans == 0 { 0.0 } else { (correct as f64 + half * partial as f64) / spans as f64 }
        };
        let (precision, recall) = (share(paired + spurious), share(paired + missed));
        let f1 = if precision + recall > 0.0 { 2.0 * (precision * recall) / (precision + recall) } else { 0.0 };
        NervaluateResult { correct, incorrect, partial, missed, spurious, precision, recall, f1 }
    }
}

impl Outcomes {
    fn merge(&mut self, other: Self) {
        self.correct += other.correct;
        self.incorrect += other.incorrect;
        self.partial += other.partial;
        self.missed += other.missed;
        self.spurious += other.spurious;
    }
}

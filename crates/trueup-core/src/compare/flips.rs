//! Which examples changed sides, and how far two models answer alike.

use super::Duel;
use crate::counts::{Tallies, Tally};
use crate::document::ModelAgreement;
use crate::{Annotation, Task};

/// What became of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flip {
    /// Right under both.
    BothRight,
    /// Wrong before, right now.
    Fixed,
    /// Right before, wrong now: a negative flip.
    Broken,
    /// Wrong under both, in the same way.
    BothWrong,
    /// Wrong under both, in another way.
    Changed,
}

/// How many examples each thing became of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flipped {
    /// Right under both.
    pub both_right: u64,
    /// Wrong before, right now.
    pub fixed: u64,
    /// Right before, wrong now.
    pub broken: u64,
    /// Wrong under both, those answered in another way included.
    pub both_wrong: u64,
    /// Of these, answered in another way.
    pub changed: u64,
}

impl Duel<'_> {
    /// What became of each example.
    pub fn flips(&self) -> Vec<Flip> {
        let of = |row: usize| match self.right(row) {
            (true, true) => Flip::BothRight,
            (false, true) => Flip::Fixed,
            (true, false) => Flip::Broken,
            (false, false) if self.a.predicted()[row] == self.b.predicted()[row] => Flip::BothWrong,
            (false, false) => Flip::Changed,
        };
        (0..self.len()).map(of).collect()
    }

    /// How often each.
    pub fn flipped(&self) -> Flipped {
        let mut found = Flipped::default();
        for flip in self.flips() {
            match flip {
                Flip::BothRight => found.both_right += 1,
                Flip::Fixed => found.fixed += 1,
                Flip::Broken => found.broken += 1,
                Flip::BothWrong => found.both_wrong += 1,
                Flip::Changed => {
                    found.both_wrong += 1;
                    found.changed += 1;
                }
            }
        }
        found
    }

    /// How far the two models answer alike, right or wrong: the share of equal answers; Cohen's kappa of single labels, for sets
    /// and spans the F1 of the one model's against the other's, which is the same both ways.
    pub fn agreement(&self) -> ModelAgreement {
        let n = self.len();
        let answers = || self.a.predicted().iter().zip(self.b.predicted());
        let same = answers().filter(|(a, b)| a == b).count() as f64 / n as f64;
        let mut tallies = Tallies::new(self.a.labels().len());
        answers().for_each(|(a, b)| tallies.add(a, b));
        let single = self.task() == Task::Classification;
        let chance_corrected = if single {
            let expected: f64 = tallies.labels().iter().map(|t| t.support() as f64 * t.predicted() as f64).sum::<f64>()
                / (n * n) as f64;
            (expected < 1.0).then(|| (same - expected) / (1.0 - expected))
        } else {
            let mut total = Tally::default();
            tallies.labels().iter().for_each(|&tally| total.merge(tally));
            total.f1()
        };
        ModelAgreement {
            same: (n > 0).then_some(same),
            chance_corrected: chance_corrected.filter(|_| n > 0),
            measure: if single { "cohen_kappa" } else { "f1" }.to_owned(),
        }
    }

    /// The rows that became `flip`, those first that the candidate answers with most confidence (then in row order).
    pub fn rows_of(&self, flip: Flip, confidence: impl Fn(usize) -> Option<f64>) -> Vec<usize> {
        let flips = self.flips();
        let mut rows: Vec<usize> = (0..flips.len()).filter(|&row| flips[row] == flip).collect();
        rows.sort_by(|&a, &b| {
            let of = |row| confidence(row).unwrap_or(0.0);
            of(b).total_cmp(&of(a)).then(a.cmp(&b))
        });
        rows
    }

    /// The label of each row under both models; `None` unless the task is single-label.
    pub(super) fn single(&self, row: usize) -> Option<(u32, u32, u32)> {
        match (self.a.gold()[row], self.a.predicted()[row], self.b.predicted()[row]) {
            (Annotation::Label(gold), Annotation::Label(a), Annotation::Label(b)) => Some((*gold, *a, *b)),
            _ => None,
        }
    }
}

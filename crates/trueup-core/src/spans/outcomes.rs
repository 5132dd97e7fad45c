//! Counts of outcomes of one type, and the ratios on them.

use crate::counts::Tally;

/// What became of the spans of one side (gold, or predicted).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SideCounts {
    /// Paired, and right (COR).
    pub correct: u64,
    /// Paired, and wrong (INC).
    pub incorrect: u64,
    /// Paired, and half right (PAR).
    pub partial: u64,
    /// Not paired: missed (MIS) on the gold side, spurious (SPU) on the predicted one.
    pub alone: u64,
}

impl SideCounts {
    /// All spans of the side: possible (POS) for gold, actual (ACT) for predictions.
    pub fn spans(&self) -> u64 {
        self.correct + self.incorrect + self.partial + self.alone
    }

    /// What the spans are worth: correct ones 1, partial ones 0.5.
    pub fn credit(&self) -> f64 {
        self.correct as f64 + 0.5 * self.partial as f64
    }

    /// The worth in halves, a whole number.
    pub fn half_credits(&self) -> u64 {
        2 * self.correct + self.partial
    }

    /// The share that is right; `None` without spans.
    fn share(&self) -> Option<f64> {
        (self.spans() > 0).then(|| self.credit() / self.spans() as f64)
    }

    /// Adds another part's counts.
    pub fn merge(&mut self, other: Self) {
        self.correct += other.correct;
        self.incorrect += other.incorrect;
        self.partial += other.partial;
        self.alone += other.alone;
    }
}

/// The counts of one type, or of all: gold spans of the type, and predicted spans of the type.
///
/// Over all types the pairs of both sides are the same ones. For a single type they differ where types are not
/// compared: a gold `PER` and a predicted `LOC` of the same range are, by exact matching, a correct gold `PER` and a
/// correct predicted `LOC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TypeCounts {
    /// What became of gold spans.
    pub gold: SideCounts,
    /// What became of predicted spans.
    pub predicted: SideCounts,
}

impl TypeCounts {
    /// Counts of items that are right or not, in pairs with nothing: those on both sides are correct.
    pub fn of_items(tally: &Tally) -> Self {
        let side = |alone| SideCounts { correct: tally.tp, alone, ..SideCounts::default() };
        Self { gold: side(tally.fn_), predicted: side(tally.fp) }
    }

    /// (COR + PAR / 2) / actual; `None` without predictions.
    pub fn precision(&self) -> Option<f64> {
        self.predicted.share()
    }

    /// (COR + PAR / 2) / possible; `None` without gold.
    pub fn recall(&self) -> Option<f64> {
        self.gold.share()
    }

    /// The harmonic mean of precision and recall; `None` without spans; 0 with spans on one side alone.
    pub fn f1(&self) -> Option<f64> {
        match (self.precision(), self.recall()) {
            (None, None) => None,
            // The same number as 2 p r / (p + r), without its rounding, wherever both sides have the same pairs.
            (Some(_), Some(_)) if self.gold.half_credits() == self.predicted.half_credits() => {
                Some(self.gold.half_credits() as f64 / (self.gold.spans() + self.predicted.spans()) as f64)
            }
            (Some(p), Some(r)) if p + r > 0.0 => Some(2.0 * p * r / (p + r)),
            _ => Some(0.0),
        }
    }

    /// Whether the type occurs in gold or prediction.
    pub fn occurs(&self) -> bool {
        self.gold.spans() + self.predicted.spans() > 0
    }

    /// Adds another part's counts.
    pub fn merge(&mut self, other: Self) {
        self.gold.merge(other.gold);
        self.predicted.merge(other.predicted);
    }
}

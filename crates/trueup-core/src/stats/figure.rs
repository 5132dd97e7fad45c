//! Figures of the counts of labels, for comparing two systems.

use crate::LabelId;
use crate::counts::Tally;

/// A figure of the counts of all labels, each in [0, 1] but for the last two, in [-1, 1].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Precision of one label.
    Precision(LabelId),
    /// Recall of one label.
    Recall(LabelId),
    /// F1 of one label.
    F1(LabelId),
    /// Precision of all counts together.
    PrecisionMicro,
    /// Recall of all counts together; of single labels this is accuracy.
    RecallMicro,
    /// F1 of all counts together; of single labels this is accuracy.
    F1Micro,
    /// Mean precision over the labels that occur in gold or prediction, 0 for those never predicted.
    PrecisionMacro,
    /// Mean recall over the labels that occur in gold or prediction, 0 for those without gold.
    RecallMacro,
    /// Mean F1 over the labels that occur in gold or prediction.
    F1Macro,
    /// Mean F1 over labels, weighted by support.
    F1Weighted,
    /// Mean precision over labels, weighted by support, 0 for those never predicted.
    PrecisionWeighted,
    /// Mean recall over labels, weighted by support.
    RecallWeighted,
    /// Mean of TP / (TP + FP + FN) over the labels that occur in gold or prediction.
    JaccardMacro,
    /// Mean recall over the labels that occur in gold; single labels.
    BalancedAccuracy,
    /// Matthews' correlation coefficient (Gorodkin 2004); single labels.
    Matthews,
    /// Cohen's kappa of gold and prediction (Cohen 1960); single labels.
    Kappa,
}

impl Figure {
    /// The figure of `tallies`; NaN for 0/0. A label of `sample` that `tallies` have lost keeps its term in a mean, as
    /// in the intervals of one system.
    pub(super) fn of(self, tallies: &[Tally], sample: Option<&[Tally]>) -> f64 {
        let total = || {
            let mut total = Tally::default();
            tallies.iter().for_each(|&tally| total.merge(tally));
            total
        };
        let value = |ratio: Option<f64>| ratio.unwrap_or(f64::NAN);
        let occurs = |tally: &Tally| f64::from(u8::from(tally.occurs()));
        let mean = |weight: &dyn Fn(&Tally) -> f64, term: fn(&Tally) -> Option<f64>| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for (label, tally) in tallies.iter().enumerate() {
                let (mut w, mut of) = (weight(tally), tally);
                if let (true, Some(sample)) = (w == 0.0, sample) {
                    of = &sample[label];
                    w = weight(of).min(1.0);
                }
                sum += w * term(of).unwrap_or(0.0);
                weights += w;
            }
            sum / weights
        };
        match self {
            Self::Precision(label) => value(tallies[label as usize].precision()),
            Self::Recall(label) => value(tallies[label as usize].recall()),
            Self::F1(label) => value(tallies[label as usize].f1()),
            Self::PrecisionMicro => value(total().precision()),
            Self::RecallMicro => value(total().recall()),
            Self::F1Micro => value(total().f1()),
            Self::PrecisionMacro => mean(&occurs, Tally::precision),
            Self::RecallMacro => mean(&occurs, Tally::recall),
            Self::F1Macro => mean(&occurs, Tally::f1),
            Self::F1Weighted => mean(&|tally| tally.support() as f64, Tally::f1),
            Self::PrecisionWeighted => mean(&|tally| tally.support() as f64, Tally::precision),
            Self::RecallWeighted => mean(&|tally| tally.support() as f64, Tally::recall),
            Self::JaccardMacro => mean(&occurs, Tally::jaccard),
            Self::BalancedAccuracy => mean(&|tally| f64::from(u8::from(tally.support() > 0)), Tally::recall),
            Self::Matthews | Self::Kappa => chance_corrected(tallies, self == Self::Matthews),
        }
    }
}

fn chance_corrected(tallies: &[Tally], matthews: bool) -> f64 {
    let (mut n, mut right, mut gold2, mut predicted2, mut both) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for tally in tallies {
        let (gold, predicted) = (tally.support() as f64, tally.predicted() as f64);
        n += gold;
        right += tally.tp as f64;
        gold2 += gold * gold;
        predicted2 += predicted * predicted;
        both += gold * predicted;
    }
    let below = if matthews { ((n * n - gold2) * (n * n - predicted2)).sqrt() } else { n * n - both };
    if below > 0.0 { (right * n - both) / below } else { f64::NAN }
}

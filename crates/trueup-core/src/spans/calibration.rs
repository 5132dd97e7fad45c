//! Whether the scores of predicted spans say how likely they are right.

use crate::Span;

/// A score that is no probability.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpanScoreError {
    /// Not a number from 0 to 1.
    #[error("score {value} of predicted span {span} is not a number from 0 to 1")]
    Score {
        /// 0-based place of the span in its document.
        span: usize,
        /// What was found.
        value: f64,
    },
    /// Not one score a span.
    #[error("{scores} scores for {spans} predicted spans; there must be one a span")]
    Length {
        /// Scores given.
        scores: usize,
        /// Predicted spans.
        spans: usize,
    },
}

/// Scores of predicted spans with whether each is right by strict matching; mergeable, the order does not matter.
#[derive(Debug, Clone, Default)]
pub struct SpanCalibration {
    scored: Vec<(f64, bool)>,
    gold: u64,
}

/// A bin of the reliability curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// It holds the scores above this (the first bin also 0)...
    pub above: f64,
    /// ... up to this.
    pub up_to: f64,
    /// Spans in it.
    pub spans: u64,
    /// Those that are right.
    pub right: u64,
    /// Their mean score; `None` for an empty bin.
    pub mean_score: Option<f64>,
}

/// What remains when spans below a score are left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskPoint {
    /// The lowest score kept.
    pub threshold: f64,
    /// The share of predicted spans kept.
    pub coverage: f64,
    /// The share of wrong ones among those kept: 1 - precision.
    pub risk: f64,
    /// The share of gold spans found by those kept; `None` without gold.
    pub recall: Option<f64>,
}

/// How far scores can be believed.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationReport {
    /// Scored spans.
    pub spans: u64,
    /// Expected calibration error: Σ over bins of |Σ (score - right)| / n (Guo et al. 2017); `None` without spans.
    pub ece: Option<f64>,
    /// The mean of (score - right)² (Brier 1950), 0 best; `None` without spans.
    pub brier: Option<f64>,
    /// The area under the risk-coverage curve: the mean over k of the risk of the k highest scores (Geifman, Uziel
    /// and El-Yaniv 2019), equal scores in any order on average; 0 best; `None` without spans.
    pub aurc: Option<f64>,
    /// Bins of equal width.
    pub bins: Vec<ReliabilityBin>,
    /// One point for each distinct score, from the highest.
    pub risk_coverage: Vec<RiskPoint>,
}

impl SpanCalibration {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a document: gold spans (sorted), predicted spans (in any order) and a score each.
    ///
    /// # Errors
    ///
    /// When the numbers differ, or a score is not in [0, 1]; then nothing is taken in.
    pub fn add(&mut self, gold: &[Span], predicted: &[Span], scores: &[f64]) -> Result<(), SpanScoreError> {
        if scores.len() != predicted.len() {
            return Err(SpanScoreError::Length { scores: scores.len(), spans: predicted.len() });
        }
        // NaN is in no range.
        if let Some(span) = scores.iter().position(|score| !(0.0..=1.0).contains(score)) {
            return Err(SpanScoreError::Score { span, value: scores[span] });
        }
        self.gold += gold.len() as u64;
        let right = |span: &Span| gold.binary_search(span).is_ok();
        self.scored.extend(predicted.iter().zip(scores).map(|(span, &score)| (score, right(span))));
        Ok(())
    }

    /// Adds another part's spans.
    pub fn merge(&mut self, other: &Self) {
        self.scored.extend_from_slice(&other.scored);
        self.gold += other.gold;
    }

    /// The report with `bins` bins of equal width, open below and closed above; 15 elsewhere. Panics for 0 bins.
    pub fn report(&self, bins: usize) -> CalibrationReport {
        assert!(bins > 0, "at least one bin");
        // One order, so that the sums do not depend on how the spans came.
        let mut scored = self.scored.clone();
        scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        let n = scored.len() as f64;
        let some = |value: f64| (!scored.is_empty()).then_some(value);

        let mut sums = vec![(0u64, 0u64, 0.0); bins];
        let mut squares = 0.0;
        for &(score, right) in &scored {
            let bin = ((score * bins as f64).ceil() as usize).clamp(1, bins) - 1;
            sums[bin].0 += 1;
            sums[bin].1 += u64::from(right);
            sums[bin].2 += score;
            squares += (score - f64::from(u8::from(right))).powi(2);
        }
        let apart: f64 = sums.iter().map(|&(_, right, score)| (score - right as f64).abs()).sum();
        let edge = |bin: usize| bin as f64 / bins as f64;
        let bin = |(bin, &(spans, right, score)): (usize, &(u64, u64, f64))| ReliabilityBin {
            above: edge(bin),
            up_to: edge(bin + 1),
            spans,
            right,
            mean_score: (spans > 0).then(|| score / spans as f64),
        };

        let (mut kept, mut wrong, mut area) = (0u64, 0u64, 0.0);
        let mut risk_coverage = Vec::new();
        for equal in scored.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let more = equal.iter().filter(|(_, right)| !right).count() as u64;
            let rate = more as f64 / equal.len() as f64;
            area += (1..=equal.len()).map(|k| (wrong as f64 + k as f64 * rate) / (kept + k as u64) as f64).sum::<f64>();
            kept += equal.len() as u64;
            wrong += more;
            risk_coverage.push(RiskPoint {
                threshold: equal[0].0,
                coverage: kept as f64 / n,
                risk: wrong as f64 / kept as f64,
                recall: crate::counts::ratio(kept - wrong, self.gold),
            });
        }
        CalibrationReport {
            spans: scored.len() as u64,
            ece: some(apart / n),
            brier: some(squares / n),
            aurc: some(area / n),
            bins: sums.iter().enumerate().map(bin).collect(),
            risk_coverage,
        }
    }
}

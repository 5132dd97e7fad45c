//! Rules on training judge the record of the model at hand; in a comparison they say whether the baseline's is no better.

use trueup_core::document::Training;

use crate::review::{Draft, Evidence};

/// How a model was trained, with what its score is worth.
pub(super) struct Record<'e> {
    /// The record.
    pub training: &'e Training,
    /// Whether the model is better than the best constant answer; true where that is not known.
    pub beats_constant: bool,
}

/// Judges the record of the model at hand (the candidate, in a comparison). Where the baseline's record has the same fault,
/// or has not, the message says so.
pub(super) fn judge(evidence: &Evidence<'_>, fault: impl Fn(&Record<'_>) -> Option<Draft>) -> Vec<Draft> {
    let Some(training) = &evidence.training else {
        return Vec::new();
    };
    let primary = &evidence.primary;
    let beats_constant = primary.baseline.is_none_or(|bar| primary.beats(bar));
    let Some(draft) = fault(&Record { training, beats_constant }) else {
        return Vec::new();
    };
    let baseline = evidence.versus.as_ref().and_then(|versus| {
        let training = versus.comparison.training.as_ref()?;
        let metric = versus.comparison.metrics.iter().find(|metric| metric.name == primary.name);
        let beats_constant = match (metric.and_then(|metric| metric.compared.baseline), primary.baseline) {
            (Some(value), Some(bar)) if primary.higher_is_better => value > bar,
            (Some(value), Some(bar)) => value < bar,
            _ => true,
        };
        Some(Record { training, beats_constant })
    });
    vec![match baseline {
        None => draft,
        Some(record) if fault(&record).is_some() => draft.adding("The baseline too showed this when it was trained."),
        Some(_) => draft.adding("The baseline did not show this when it was trained."),
    }]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, training};

    const RISING: [(f64, f64); 4] = [(1.0, 0.9), (0.6, 0.5), (0.4, 0.6), (0.3, 0.7)];
    const FALLING: [(f64, f64); 4] = [(1.0, 0.9), (0.6, 0.5), (0.4, 0.45), (0.3, 0.4)];

    #[test]
    fn a_comparison_says_whether_the_baseline_has_the_fault_too() {
        let rule = super::super::by_code("T501").unwrap();
        let cells = [("a", "a", "a", 90), ("b", "b", "b", 90), ("b", "a", "b", 20)];
        let told = |baseline: Option<[(f64, f64); 4]>| {
            let plant = Plant::versus(&cells).with(move |e| {
                e.training = Some(training(&RISING, 4));
                e.versus.as_mut().unwrap().comparison.training = baseline.map(|losses| training(&losses, 4));
            });
            plant.judge(rule).remove(0).message
        };
        assert!(told(Some(RISING)).ends_with("The baseline too showed this when it was trained."));
        assert!(told(Some(FALLING)).ends_with("The baseline did not show this when it was trained."));
        assert!(!told(None).contains("baseline"));
        let healthy = Plant::versus(&cells).with(|e| {
            e.training = Some(training(&FALLING, 4));
            e.versus.as_mut().unwrap().comparison.training = Some(training(&RISING, 4));
        });
        assert!(healthy.judge(rule).is_empty());
    }
}

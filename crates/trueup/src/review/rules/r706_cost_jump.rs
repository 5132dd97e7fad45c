//! # R706 cost-jump
//!
//! ## What it finds
//!
//! A candidate that costs much more than the baseline: time or memory of training, size of the model, time of an answer.
//!
//! ## Why it matters
//!
//! Costs creep in one retraining at a time. Where nothing is gained for them, the cheaper model is the better one.
//!
//! ## Example
//!
//! `time of training is 5.0 times the baseline's (60 s to 300 s), and accuracy is not better`
//!
//! ## What to do
//!
//! Keep the baseline, or find out what costs so much: more features, more passes, several models where one did. A gate's
//! budget (`[gate.budget]`) makes it a demand.
//!
//! ## Threshold
//!
//! A warning when a known cost is at least twice the baseline's and the metric that decides is not shown to be better; a
//! note when it is, and from 1.5 times on. Twice is where another machine is needed; less than 1.5 times comes and goes with
//! what else a machine does. A rise by less than 1 second of training, 10 MiB of memory, 1 MiB of a model or 0.1 ms of an
//! answer is left alone: nobody notices it.

use trueup_core::document::{ComparedCost, Severity, Standing};
use trueup_core::words;

use super::moves::title;
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule { code: "R706", name: "cost-jump", source: include_str!("r706_cost_jump.rs"), check };

const JUMP: f64 = 2.0;
const CREEP: f64 = 1.5;
const MIB: f64 = 1_048_576.0;

/// A cost that rose.
struct Risen<'c> {
    cost: &'c ComparedCost,
    ratio: f64,
}

/// What a cost is called, its unit, what one of that unit is in the document's, and the rise that nobody notices.
fn kind(name: &str) -> Option<(&'static str, &'static str, f64, f64)> {
    Some(match name {
        "train_seconds" => ("time of training", "s", 1.0, 1.0),
        "train_cpu_seconds" => ("processor time of training", "s", 1.0, 1.0),
        "train_peak_memory_bytes" => ("memory of training", "MiB", MIB, 10.0),
        "model_bytes" => ("size of the model", "MiB", MIB, 1.0),
        "latency_p50_ms" => ("time of an answer (median)", "ms", 1.0, 0.1),
        "latency_p99_ms" => ("time of an answer (99th percentile)", "ms", 1.0, 0.1),
        _ => return None,
    })
}

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let comparison = &versus.comparison;
    let mut risen: Vec<Risen<'_>> = comparison
        .costs
        .iter()
        .filter_map(|cost| {
            let (_, _, unit, unseen) = kind(&cost.name)?;
            let rise = (cost.candidate? - cost.baseline?) / unit;
            let ratio = cost.ratio?;
            (ratio >= CREEP && rise >= unseen).then_some(Risen { cost, ratio })
        })
        .collect();
    if risen.is_empty() {
        return Vec::new();
    }
    risen.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    let better = comparison.standing == Standing::Better;
    let severity = if risen[0].ratio >= JUMP && !better { Severity::Warning } else { Severity::Note };
    let told: Vec<String> = risen.iter().map(|risen| told(risen)).collect();
    let metric = title(&comparison.metric);
    let (gain, action) = if better {
        ("is better", format!("Decide whether the gain in {metric} is worth it"))
    } else {
        (
            "is not better",
            "Keep the baseline, or find out what costs so much: features, passes, several models".to_owned(),
        )
    };
    let joint = if better { "but" } else { "and" };
    vec![
        Draft::new(severity, risen.len() as u64, format!("{}, {joint} {metric} {gain}", told[0]), action)
            .message(match told.split_first() {
                Some((_, [])) | None => format!("{} is what is paid for.", words::capital(metric)),
                Some((_, rest)) => format!("Besides, {}.", words::list(rest, rest.len())),
            })
            .with(
                "costs",
                risen
                    .iter()
                    .map(|risen| {
                        serde_json::json!({
                            "cost": risen.cost.name, "baseline": risen.cost.baseline, "candidate": risen.cost.candidate,
                            "ratio": risen.ratio,
                        })
                    })
                    .collect::<Vec<_>>(),
            )
            .with("better", better),
    ]
}

/// `time of training is 5.0 times the baseline's (60 s to 300 s)`.
fn told(risen: &Risen<'_>) -> String {
    let (name, sign, unit, _) = kind(&risen.cost.name).expect("a cost of a known kind");
    let amount = |value: Option<f64>| {
        let value = value.unwrap_or(0.0) / unit;
        let places = match value {
            value if value >= 10.0 => 0,
            value if value >= 1.0 => 1,
            _ => 2,
        };
        if places == 0 { words::count(value.round() as u64) } else { words::number(Some(value), places) }
    };
    let (before, now) = (amount(risen.cost.baseline), amount(risen.cost.candidate));
    format!("{name} is {:.1} times the baseline's ({before} {sign} to {now} {sign})", risen.ratio)
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;
    use trueup_core::document::{ComparedCost, Finding, Severity, Standing};

    fn judge(costs: &'static [(&'static str, f64, f64)], standing: Standing) -> Vec<Finding> {
        let plant =
            Plant::versus(&[("a", "a", "a", 90), ("b", "b", "b", 90), ("b", "a", "a", 20)]).compared(move |c| {
                c.standing = standing;
                let cost = |&(name, baseline, candidate): &(&str, f64, f64)| ComparedCost {
                    name: name.into(),
                    baseline: Some(baseline),
                    candidate: Some(candidate),
                    ratio: Some(candidate / baseline),
                };
                c.costs = costs.iter().map(cost).collect();
                c.costs.push(ComparedCost {
                    name: "latency_p50_ms".into(),
                    baseline: None,
                    candidate: Some(9.0),
                    ratio: None,
                });
            });
        plant.judge(&super::RULE)
    }

    #[test]
    fn same_score_at_five_times_the_cost() {
        let costs = &[("train_seconds", 60.0, 300.0), ("model_bytes", 10_485_760.0, 31_457_280.0)];
        let findings = judge(costs, Standing::Same);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(
            findings[0].title,
            "time of training is 5.0 times the baseline's (60 s to 300 s), and accuracy is not better"
        );
        assert_eq!(findings[0].message, "Besides, size of the model is 3.0 times the baseline's (10 MiB to 30 MiB).");
        let better = judge(costs, Standing::Better);
        assert_eq!(better[0].severity, Severity::Note);
        assert!(better[0].title.ends_with("but accuracy is better"), "{}", better[0].title);
    }

    #[test]
    fn half_as_much_again_is_a_note_and_less_is_nothing() {
        let creep = judge(&[("latency_p99_ms", 4.0, 6.4)], Standing::Unclear);
        assert_eq!(creep[0].severity, Severity::Note);
        assert!(creep[0].title.starts_with("time of an answer (99th percentile) is 1.6 times"), "{}", creep[0].title);
        assert!(judge(&[("train_seconds", 60.0, 80.0)], Standing::Same).is_empty());
        // Ten times of nothing.
        assert!(judge(&[("train_seconds", 0.02, 0.2), ("latency_p50_ms", 0.01, 0.05)], Standing::Same).is_empty());
    }
}

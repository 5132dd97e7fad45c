//! How large a test set must be, before anyone labels it.

use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::stats;

use super::Policy;

/// The shares of examples on which two models part that are told where none is known: a small change of a good model, a
/// retraining, another kind of model.
const USUAL: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.3];

/// How many test examples it takes to find a difference.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GatePlan {
    /// The difference of the shares of right answers.
    pub effect: f64,
    /// The chance to decide wrongly between models that are alike.
    pub alpha: f64,
    /// The chance to find the difference.
    pub power: f64,
    /// By the share of examples on which the models part.
    pub rows: Vec<PlanRow>,
    /// Of two models whose mistakes have nothing in common, each right on 90 of 100, tested on examples of their own: what a
    /// comparison that is not paired would take.
    pub unpaired: Option<u64>,
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanRow {
    /// The share of examples on which one model is right and the other wrong.
    pub discordance: f64,
    /// Test examples; `null` where more than 10^12 would be needed.
    pub examples: Option<u64>,
}

/// How many test examples the policy takes to find a difference of `effect` in (0, 1) of the shares of right answers, where
/// the models part on the share `discordance` of the examples, or on each of the usual shares. `None` where the models part on
/// fewer examples than they differ on.
///
/// At alpha 0.05 by the power of McNemar's exact test; at others by Connor's formula (Connor 1987, "Sample size for testing
/// differences in proportions for the paired-sample design").
pub fn plan(policy: &Policy, effect: f64, discordance: Option<f64>) -> Option<GatePlan> {
    let shares: Vec<f64> = match discordance {
        Some(share) => vec![share],
        None => USUAL.into_iter().filter(|&share| share >= effect).collect(),
    };
    let shares = if shares.is_empty() { vec![effect] } else { shares };
    if shares.iter().any(|&share| share < effect) {
        return None;
    }
    let rows = shares
        .into_iter()
        .map(|discordance| PlanRow { discordance, examples: examples(policy, effect, discordance) })
        .collect();
    let base = 0.9_f64.min(1.0 - effect);
    Some(GatePlan {
        effect,
        alpha: policy.alpha,
        power: policy.power,
        rows,
        unpaired: stats::unpaired_examples(base, effect, policy.power),
    })
}

fn examples(policy: &Policy, effect: f64, discordance: f64) -> Option<u64> {
    if (policy.alpha - 0.05).abs() < 1e-12 {
        return stats::paired_examples(discordance, effect, policy.power);
    }
    let z = |p: f64| stats::normal_quantile(p);
    let arms =
        z(1.0 - 0.5 * policy.alpha) * discordance.sqrt() + z(policy.power) * (discordance - effect * effect).sqrt();
    let all = (arms / effect).powi(2).ceil();
    (all < 1e12).then_some(all as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn more_examples_for_smaller_effects_and_for_models_that_part_more_often() {
        let of = |effect: f64| plan(&Policy::default(), effect, None).unwrap();
        let two = of(0.02);
        assert_eq!(two.rows.len(), 5);
        assert!(two.rows.is_sorted_by_key(|row| row.examples.unwrap()), "{two:?}");
        let at = |plan: &GatePlan| plan.rows.iter().find(|row| row.discordance > 0.09).unwrap().examples.unwrap();
        assert!(at(&of(0.01)) > 3 * at(&two) && at(&two) < two.unpaired.unwrap());
        // Connor's formula agrees with the exact test but for its steps.
        let other = Policy { alpha: 0.050_000_1, ..Policy::default() };
        let exact = examples(&Policy::default(), 0.02, 0.1).unwrap() as f64;
        let formula = examples(&other, 0.02, 0.1).unwrap() as f64;
        assert!((exact / formula - 1.0).abs() < 0.06, "{exact} {formula}");
        assert_eq!(plan(&Policy::default(), 0.2, Some(0.1)), None);
        assert!(plan(&Policy::default(), 0.5, None).unwrap().rows[0].examples.is_some());
    }
}

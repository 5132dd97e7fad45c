//! # R701 metric-regression
//!
//! ## What it finds
//!
//! Metrics on which the candidate is shown to be worse than the baseline: the one that decides (an error), or others (a
//! warning). What R704 calls a trade and what R705 says of the scores is not repeated.
//!
//! ## Why it matters
//!
//! A new model that is worse is not wanted, and one whose deciding metric holds may still be worse where nobody looked.
//!
//! ## Example
//!
//! `accuracy fell from 0.91 to 0.88: of 1,000 examples 30 more are answered wrongly`
//!
//! ## What to do
//!
//! Keep the baseline. Read what it had right and the candidate has wrong, the surest first: mostly one change of the data
//! or of the labels' meaning stands behind it.
//!
//! ## Threshold
//!
//! The 95 % interval of the paired difference lies wholly on the worse side. The metric that decides is one, named
//! beforehand, and judged by itself, as the gate judges it. The p-values of all others are corrected together (Holm 1979),
//! so that the chance of any false alarm among them stays at 5 %.

use serde_json::json;
use trueup_core::document::{ComparedMetric, Comparison, Severity};
use trueup_core::stats::holm;
use trueup_core::words;

use super::moves::{behind, broken, decides, difference, for_users, is_worse, title, went};
use super::{r704_precision_recall_shift, r705_loss_up};
use crate::review::{Draft, Evidence, Rule, Versus};

/// The rule.
pub const RULE: Rule =
    Rule { code: "R701", name: "metric-regression", source: include_str!("r701_metric_regression.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let comparison = &versus.comparison;
    let main = decides(comparison).filter(|metric| is_worse(&metric.compared));
    let mut others = others(comparison);
    others.retain(|(metric, _)| {
        !r704_precision_recall_shift::is_of_a_trade(comparison, &metric.name)
            && !r705_loss_up::is_of_scores(comparison, &metric.name)
    });
    main.map(|metric| deciding(evidence, versus, metric))
        .into_iter()
        .chain((!others.is_empty()).then(|| further(evidence, versus, &others)))
        .collect()
}

/// Metrics beside the deciding one that are shown to be worse, with their corrected p-values, in the order of the checklist.
fn others(comparison: &Comparison) -> Vec<(&ComparedMetric, f64)> {
    let known: Vec<(&ComparedMetric, f64)> = comparison
        .metrics
        .iter()
        .filter(|metric| metric.name != comparison.metric)
        .filter_map(|metric| Some((metric, metric.compared.p?)))
        .collect();
    let adjusted = holm(&known.iter().map(|(_, p)| *p).collect::<Vec<f64>>());
    let worse = |metric: &ComparedMetric| {
        metric
            .compared
            .difference
            .value
            .is_some_and(|value| if metric.higher_is_better { value < 0.0 } else { value > 0.0 })
    };
    known
        .into_iter()
        .zip(adjusted)
        .map(|((metric, _), p)| (metric, p))
        .filter(|(metric, p)| *p <= 1.0 - comparison.level && worse(metric))
        .collect()
}

fn deciding(evidence: &Evidence<'_>, versus: &Versus, metric: &ComparedMetric) -> Draft {
    let (net, users) = for_users(evidence, versus);
    let name = title(&metric.name);
    let mut headline = format!("{name} {}", went(&metric.compared));
    let mut message = format!("The difference is {}.", difference(&metric.compared));
    if net > 0 {
        headline += &format!(": {users}");
    } else {
        message += &format!(" {}, so it is not the plain count of right answers that fell.", words::capital(&users));
    }
    let n = versus.comparison.flips.broken_count;
    let action = match n {
        0 => "Keep the baseline".to_owned(),
        n => format!(
            "Read the {} that {} right before, the surest first: mostly one change stands behind them",
            words::counted(n, "wrong answer"),
            words::agree(n, "was", "were")
        ),
    };
    Draft::new(Severity::Error, n, headline, action)
        .message(message)
        .examples(broken(versus, |_| true))
        .with("metric", metric.name.as_str())
        .with("compared", behind(&metric.compared))
}

fn further(evidence: &Evidence<'_>, versus: &Versus, others: &[(&ComparedMetric, f64)]) -> Draft {
    let n = others.len() as u64;
    let named: Vec<String> =
        others.iter().map(|(metric, _)| format!("{} {}", title(&metric.name), went(&metric.compared))).collect();
    let (_, users) = for_users(evidence, versus);
    let decides = title(&versus.comparison.metric);
    Draft::new(
        Severity::Warning,
        n,
        format!("{} got worse beside {decides}: {}", words::counted(n, "metric"), words::list(&named, 3)),
        format!(
            "Decide whether {} may be worse: if not, make it a floor of the gate's policy",
            title(&others[0].0.name)
        ),
    )
    .message(format!(
        "Beyond chance, though {n} {} looked at together with the rest. All in all, {users}.",
        words::agree(n, "metric was", "metrics were")
    ))
    .examples(broken(versus, |_| true))
    .with(
        "metrics",
        others
            .iter()
            .map(|(metric, p)| json!({"metric": metric.name, "compared": behind(&metric.compared), "p_adjusted": p}))
            .collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, moved};
    use trueup_core::document::{ComparedMetric, Severity, Standing};

    /// 1,000 messages, of which the candidate has `broken` wrong that were right, and `fixed` right that were wrong.
    fn plant(fixed: u64, broken: u64) -> Plant {
        Plant::versus(&[
            ("bill", "bill", "bill", 450 - broken),
            ("bill", "bill", "move", broken),
            ("bill", "move", "bill", fixed),
            ("bill", "move", "move", 50 - fixed),
            ("move", "move", "move", 455),
            ("move", "bill", "bill", 45),
        ])
    }

    #[test]
    fn the_deciding_metric_says_what_users_will_see() {
        let findings = plant(7, 30).judge(&super::RULE);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].title,
            "accuracy fell from 0.91 to 0.88: of 1,000 examples 23 more are answered wrongly"
        );
        assert_eq!((findings[0].count, findings[0].examples.len()), (30, 30));
        assert_eq!(
            findings[0].action.summary,
            "Read the 30 wrong answers that were right before, the surest first: mostly one change stands behind them"
        );
    }

    #[test]
    fn silent_without_a_comparison_and_when_chance_could_do_it() {
        assert!(plant(7, 12).judge(&super::RULE).is_empty());
        assert!(plant(30, 7).judge(&super::RULE).iter().all(|finding| finding.severity != Severity::Error));
        assert!(Plant::labels(&[("a", 100), ("b", 100)]).judge(&super::RULE).is_empty());
    }

    #[test]
    fn other_metrics_are_corrected_together() {
        let with = |p: f64| {
            plant(10, 10)
                .compared(move |c| {
                    c.metrics.truncate(1);
                    for name in ["recall_macro", "top_3_accuracy", "roc_auc_ovr", "brier_score", "matthews_corrcoef"] {
                        let higher = name != "brier_score";
                        let mut compared = moved(0.8, if higher { 0.76 } else { 0.84 }, Standing::Worse);
                        compared.p = Some(if name == "recall_macro" { p } else { 0.6 });
                        c.metrics.push(ComparedMetric {
                            name: name.into(),
                            higher_is_better: higher,
                            compared,
                            detectable: None,
                        });
                    }
                })
                .judge(&super::RULE)
        };
        // Times five: 0.009 is shown, 0.02 is not.
        assert!(with(0.02).is_empty());
        let findings = with(0.009);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(findings[0].title, "1 metric got worse beside accuracy: macro recall fell from 0.80 to 0.76");
        assert!(findings[0].message.ends_with("of 1,000 examples as many are answered wrongly as before."));
    }

    #[test]
    fn a_loss_gets_worse_by_rising() {
        let findings = plant(10, 10)
            .compared(|c| {
                let compared = moved(0.5, 0.7, Standing::Worse);
                let metric = ComparedMetric {
                    name: "expected_cost".into(),
                    higher_is_better: false,
                    compared,
                    detectable: None,
                };
                c.metrics = vec![metric];
                (c.metric, c.standing) = ("expected_cost".into(), Standing::Worse);
            })
            .judge(&super::RULE);
        assert_eq!(findings[0].title, "expected cost rose from 0.50 to 0.70");
        assert!(findings[0].message.contains("as many are answered wrongly as before, so it is not the plain count"));
    }
}

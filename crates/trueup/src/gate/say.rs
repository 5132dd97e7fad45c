//! What a gate says, in words for the person who must act on it.

use trueup_core::compare::{Law, MetricLaw};
use trueup_core::document::{Check, CheckKind, CheckState, Decision, Estimate, Standing};
use trueup_core::words;

use super::decide::title;
use super::facts::Facts;
use super::policy::Policy;

/// Of a difference without a law.
const UNTOLD: &str = "how far chance moves such a difference cannot be told from these examples";

/// Reasons told in a summary; the checks list them all.
const MOST_TOLD: usize = 3;

/// A signed number: `+0.012`, `−0.004`.
fn signed(value: f64, places: usize) -> String {
    let text = format!("{value:+.places$}");
    // Rounded to nothing it has no sign.
    if text[1..].chars().all(|c| c == '0' || c == '.') { text[1..].to_owned() } else { text.replace('-', "−") }
}

/// Places at which a difference of such an interval is worth reading.
fn places((low, high): (f64, f64)) -> usize {
    match high - low {
        width if width <= 0.0 => 3,
        width if width < 0.02 => 4,
        _ => 3,
    }
}

/// `0.842 → 0.871, +0.029 (+0.012 to +0.046)`.
pub(super) fn shift(baseline: Option<f64>, candidate: Option<f64>, interval: Option<(f64, f64)>) -> String {
    let (Some(a), Some(b)) = (baseline, candidate) else {
        return format!("{} → {}", words::number(baseline, 3), words::number(candidate, 3));
    };
    let Some((low, high)) = interval else {
        return format!("{a:.3} → {b:.3}, {}", signed(b - a, 3));
    };
    let places = places((low, high));
    format!(
        "{a:.places$} → {b:.places$}, {} ({} to {})",
        signed(b - a, places),
        signed(low, places),
        signed(high, places)
    )
}

/// The same of a metric, by its interval of `level`.
pub(super) fn moved(metric: &MetricLaw, level: f64) -> String {
    shift(metric.a, metric.b, metric.law.interval(level))
}

/// `0.87 (0.85 to 0.89)`.
pub(super) fn of_own(own: &Estimate) -> String {
    match (own.value, own.low, own.high) {
        (None, ..) => "not known".to_owned(),
        (Some(value), Some(low), Some(high)) => format!("{value:.3} ({low:.3} to {high:.3})"),
        (Some(value), ..) => format!("{value:.3}"),
    }
}

/// What a veto asks.
pub(super) fn asked_margin(margin: f64, shown: bool, lower_is_better: bool) -> String {
    let verb = if lower_is_better { "rise" } else { "fall" };
    let may = if margin > 0.0 { format!("may {verb} by {margin} at most") } else { format!("may not {verb}") };
    if shown { format!("{may}, which must be shown") } else { may }
}

/// A number of a metric or cost with its unit.
pub(super) fn amount(name: &str, value: f64) -> String {
    if name.ends_with("_bytes") {
        return if value >= 1e6 { format!("{:.1} MB", value / 1e6) } else { format!("{:.0} kB", value / 1e3) };
    }
    if name.ends_with("_seconds") {
        return format!("{} s", short(value));
    }
    if name.ends_with("_ms") {
        return format!("{} ms", short(value));
    }
    format!("{value}")
}

fn short(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.1}"),
        v => format!("{v:.3}"),
    }
}

/// What a cost is called: `training time`.
pub fn cost_title(name: &str) -> &str {
    match name {
        "train_seconds" => "training time",
        "train_cpu_seconds" => "CPU time of training",
        "train_peak_memory_bytes" => "peak memory of training",
        "model_bytes" => "size on disk",
        "latency_p50_ms" => "median latency",
        "latency_p99_ms" => "99th percentile of latency",
        other => other,
    }
}

/// What became of the metric that decides, where nothing is to be decided: two sentences.
pub fn describe(
    primary: &MetricLaw,
    level: f64,
    standing: Standing,
    detectable: Option<f64>,
    needed: Option<u64>,
    noun: &str,
) -> String {
    let head = format!("{} {}", words::capital(&title(&primary.name)), moved(primary, level));
    match standing {
        Standing::Better => format!("{head}: better, by more than chance explains."),
        Standing::Worse => format!("{head}: worse, and not by chance."),
        Standing::Same => format!("{head}: the same for all that matters."),
        Standing::Unclear if primary.a.is_none() || primary.b.is_none() => {
            format!("{} has no value for both models, so nothing can be said.", words::capital(&title(&primary.name)))
        }
        Standing::Unclear if primary.law == Law::Undefined => format!("{head}: {UNTOLD}."),
        Standing::Unclear => {
            let least = detectable.map_or_else(String::new, |least| {
                format!(" So many {} show differences from {least:.3} on.", words::plural(2, noun))
            });
            format!("{head}: chance alone could make such a difference.{least}{}", more(needed, 0.8, noun))
        }
    }
}

/// A failed or unclear demand as a sentence.
fn told(check: &Check) -> String {
    let name = words::printable(&check.name);
    match check.kind {
        CheckKind::Primary => format!("{} {}", words::capital(&title(&check.name)), check.found),
        CheckKind::Label | CheckKind::Slice if check.low.is_some() && check.baseline.is_none() => {
            format!("{} is {}, and is to be {}", words::capital(&name), check.found, check.asked)
        }
        CheckKind::Slice if check.baseline.is_some() => format!("{name}: {}; {}", check.found, check.asked),
        CheckKind::Label | CheckKind::Calibration if check.baseline.is_some() => {
            format!("{} {}; it {}", words::capital(&name), check.found, check.asked)
        }
        CheckKind::Label | CheckKind::Slice => format!("{}: {}", words::capital(&name), check.found),
        CheckKind::Floor | CheckKind::Calibration => {
            format!("{} is {}, and is to be {}", words::capital(&title(&check.name)), check.found, check.asked)
        }
        CheckKind::MustPass => format!("Of {name}, {}", check.found),
        CheckKind::Budget => {
            format!("{} {}, and is to be {}", words::capital(cost_title(&check.name)), check.found, check.asked)
        }
    }
}

/// Two or three sentences for a product owner.
pub(super) fn summary(
    policy: &Policy,
    facts: &Facts<'_>,
    decision: Decision,
    checks: &[Check],
    needed: Option<u64>,
) -> String {
    let primary = &checks[0];
    let head = format!("{} {}", words::capital(&title(&primary.name)), primary.found);
    match decision {
        Decision::Promote => {
            let why = match policy.non_inferior {
                Some(margin) if primary.low.is_some_and(|low| low <= 0.0) => {
                    format!("it is worse by less than {} at most", amount(&primary.name, margin))
                }
                _ => "more than chance explains".to_owned(),
            };
            let of =
                |kind: CheckKind| checks.iter().filter(|check| check.kind == kind && check.p.is_some()).count() as u64;
            let parts: Vec<String> = [(CheckKind::Label, "label"), (CheckKind::Slice, "slice")]
                .into_iter()
                .filter(|(kind, _)| of(*kind) > 0)
                .map(|(kind, noun)| words::counted(of(kind), noun))
                .collect();
            let held = if parts.is_empty() {
                String::new()
            } else {
                format!(" None of {} is shown to fall beyond its margin.", parts.join(" and "))
            };
            format!("{head}: {why}.{held}")
        }
        Decision::Reject => {
            let failed: Vec<&Check> = checks.iter().filter(|check| check.state == CheckState::Failed).collect();
            let mut text = String::new();
            if primary.state == CheckState::Failed {
                text += &format!("{head}: worse, and not by chance.");
            }
            let others: Vec<&&Check> = failed.iter().filter(|check| check.kind != CheckKind::Primary).collect();
            for check in others.iter().take(MOST_TOLD) {
                text += &format!(" {}.", told(check));
            }
            if others.len() > MOST_TOLD {
                let rest = (others.len() - MOST_TOLD) as u64;
                text += &format!(
                    " {} more {} not met.",
                    words::count(rest),
                    words::agree(rest, "demand is", "demands are")
                );
            }
            if primary.state == CheckState::Passed {
                text += &format!(" This outweighs that {head}.");
            }
            text.trim().to_owned()
        }
        Decision::Undecided => {
            let mut text = match primary.state {
                CheckState::Passed => format!("{head}: better, but not all that the policy asks for is shown."),
                _ if primary.candidate.is_none() || primary.baseline.is_none() => {
                    format!(
                        "{} has no value for both models, so nothing can be said.",
                        words::capital(&title(&primary.name))
                    )
                }
                _ if facts.primary.law == Law::Undefined => format!("{head}: {UNTOLD}."),
                _ if matches!(facts.primary.law, Law::Alike { .. }) => {
                    format!("{head}: the models are right and wrong on the same {}.", words::plural(2, facts.noun))
                }
                _ if matches!(facts.primary.law, Law::Discordant { only_a: 0, only_b: 0, .. }) => {
                    format!("{head}: the models are right and wrong on the same {}.", words::plural(2, facts.noun))
                }
                _ => format!("{head}: chance alone could make such a difference."),
            };
            let unclear = checks.iter().skip(1).filter(|check| check.state == CheckState::Unclear);
            for check in unclear.take(MOST_TOLD) {
                text += &format!(" {}.", told(check));
            }
            text += &more(needed, policy.power, facts.noun);
            if needed.is_none() && primary.state == CheckState::Unclear && facts.primary.law != Law::Undefined {
                text += " No number of test examples that anyone could label would tell them apart: say with non_inferior how much \
                         worse may be promoted, or keep what stands.";
            }
            text
        }
    }
}

/// ` About 180 more test examples would decide (4 times of 5).`
fn more(needed: Option<u64>, power: f64, noun: &str) -> String {
    needed.map_or_else(String::new, |needed| {
        format!(
            " About {} more test {} would decide, {:.0} times of 100.",
            words::count(needed),
            words::plural(needed, noun),
            100.0 * power
        )
    })
}

/// The same of a first model.
pub(super) fn first(title: &str, own: &Estimate, decision: Decision, checks: &[Check], needed: Option<u64>) -> String {
    let head = format!("A first model: {title} is {}", of_own(own));
    match decision {
        Decision::Promote => format!("{head}, and it meets all that the policy asks of a first model."),
        Decision::Reject | Decision::Undecided => {
            let wanted = if decision == Decision::Reject { CheckState::Failed } else { CheckState::Unclear };
            let mut text = format!("{head}.");
            for check in checks.iter().filter(|check| check.state == wanted).take(MOST_TOLD) {
                text += &match check.kind {
                    CheckKind::Primary => format!(" It is to be {}.", check.asked),
                    _ => format!(" {}.", told(check)),
                };
            }
            text + &needed.map_or_else(String::new, |needed| {
                format!(" About {} more test {} would decide.", words::count(needed), words::plural(needed, "example"))
            })
        }
    }
}

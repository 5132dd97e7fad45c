//! The verdict: ready, not ready, or not decided yet, in words for the person who must act on it.

use trueup_core::document::{Baseline, Finding, Severity, State, Verdict};
use trueup_core::{stats, words};

use super::evidence::{Evidence, Primary};

/// The most reasons told in the summary; the findings list them all.
const MOST_TOLD: usize = 2;

/// What the primary metric's interval contains that keeps the verdict open.
struct Open {
    /// In words: `the target 0.85`.
    bar: String,
    value: f64,
}

/// Judges the findings and the primary metric, as the definitions say: an error-level finding, or an interval wholly
/// on the wrong side of the target, is *not ready*; an interval that contains the target or the best trivial baseline,
/// or a test set too small (D106), is *undecided*; everything else is *ready*.
pub fn verdict(evidence: &Evidence<'_>, findings: &[Finding]) -> Verdict {
    let primary = &evidence.primary;
    let errors: Vec<&Finding> = findings.iter().filter(|f| f.severity == Severity::Error).collect();
    let below = primary.target.filter(|&target| misses(primary, target));
    let open = open(primary);
    let small = findings.iter().find(|f| f.code == "D106");
    let (state, reasons, summary, needed) = if !errors.is_empty() || below.is_some() {
        let mut reasons: Vec<String> = errors.iter().map(|f| f.code.clone()).collect();
        reasons.dedup();
        let mut told: Vec<String> = errors.iter().take(MOST_TOLD).map(|f| first_sentence(f)).collect();
        if let Some(target) = below {
            reasons.push("target".to_owned());
            told.push(format!("{}, short of the target {target}.", words::capital(&standing(primary))));
        }
        let rest = errors.len().saturating_sub(MOST_TOLD) as u64;
        if rest > 0 {
            told.push(format!("{} more {}.", words::count(rest), words::agree(rest, "error stands", "errors stand")));
        }
        (State::NotReady, reasons, told.join(" "), None)
    } else if open.is_some() || small.is_some() {
        let needed = open
            .as_ref()
            .and_then(|open| needed(primary, open.value))
            .or_else(|| small.and_then(|f| f.evidence.get("needed")).and_then(serde_json::Value::as_u64));
        let mut told = match &open {
            Some(open) => format!("We cannot tell yet: {}, and {} lies within that.", standing(primary), open.bar),
            None => format!("We cannot tell yet: {}, which is too wide to act on.", standing(primary)),
        };
        if let Some(needed) = needed {
            let noun = words::counted(needed, &format!("test {}", evidence.noun)).replacen("test", "more test", 1);
            told += &format!(" About {noun} would decide.");
        }
        let reasons = small.map(|f| f.code.clone()).into_iter().collect();
        (State::Undecided, reasons, told, needed)
    } else {
        (State::Ready, Vec::new(), ready(evidence), None)
    };
    Verdict {
        state,
        reasons,
        summary,
        needed,
        metric: primary.name.clone(),
        baseline: primary.baseline.map(|value| Baseline {
            answer: primary.baseline_answer.clone(),
            value,
            accuracy: primary.baseline_accuracy,
        }),
        target: primary.target,
    }
}

/// `macro-F1 is 0.87 (0.84 to 0.89)`.
fn standing(primary: &Primary) -> String {
    format!("{} is {}", primary.title, words::figure_with_interval(&primary.estimate))
}

fn first_sentence(finding: &Finding) -> String {
    let text = if finding.message.is_empty() { &finding.title } else { &finding.message };
    match text.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => format!("{}.", text.trim_end_matches('.')),
    }
}

/// Whether the whole interval (or the bare value) lies on the wrong side of `target`.
fn misses(primary: &Primary, target: f64) -> bool {
    let e = &primary.estimate;
    if primary.higher_is_better {
        e.high.or(e.value).is_some_and(|high| high < target)
    } else {
        e.low.or(e.value).is_some_and(|low| low > target)
    }
}

fn open(primary: &Primary) -> Option<Open> {
    let target = primary.target.map(|value| Open { bar: format!("the target {value}"), value });
    let baseline = primary
        .baseline
        .map(|value| Open { bar: format!("the {value:.2} that {} would get", primary.always()), value });
    [target, baseline].into_iter().flatten().find(|open| primary.estimate.contains(open.value))
}

/// Further examples until the interval, shrinking with the root of their number, leaves `bar` outside.
fn needed(primary: &Primary, bar: f64) -> Option<u64> {
    let e = &primary.estimate;
    // A plan that nobody can carry out is none: when the score is at the bar itself, no number decides.
    let reach = 100 * e.n.max(100);
    stats::needed_examples(e.value?, (e.low?, e.high?), e.n, bar).filter(|&needed| needed <= reach)
}

fn ready(evidence: &Evidence<'_>) -> String {
    let primary = &evidence.primary;
    let mut told = format!("{}.", words::capital(&standing(primary)));
    if let Some(baseline) = primary.baseline {
        told = format!(
            "{}, clear of the {baseline:.2} that {} would get.",
            words::capital(&standing(primary)),
            primary.always()
        );
    }
    match primary.target {
        Some(target) => told += &format!(" It clears the target {target}; nothing was found against it."),
        None => told += " No target was stated; nothing was found against it.",
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::planted::{Plant, share};
    use crate::review::{Draft, Rule};

    fn judged(plant: &Plant, findings: &[Finding]) -> Verdict {
        plant.verdict(findings)
    }

    fn finding(severity: Severity, code: &'static str, message: &str) -> Finding {
        let check: fn(&Evidence<'_>) -> Vec<Draft> = |_| vec![Draft::new(Severity::Error, 1, "title", "Act")];
        let rule = Rule { code, name: "planted", source: "", check };
        let mut found = Plant::labels(&[("a", 100), ("b", 100)]).judge(&rule).remove(0);
        found.severity = severity;
        found.message = message.to_owned();
        found
    }

    #[test]
    fn an_error_is_not_ready_and_is_told() {
        let errors = [finding(Severity::Error, "E402", "Refund is missed in 4 of 5 cases. More text.")];
        let verdict = judged(&Plant::labels(&[("a", 100), ("b", 100)]), &errors);
        assert_eq!((verdict.state, verdict.reasons.as_slice()), (State::NotReady, ["E402".to_owned()].as_slice()));
        assert_eq!(verdict.summary, "Refund is missed in 4 of 5 cases.");
    }

    #[test]
    fn ready_only_when_the_low_end_is_clear_of_the_bars() {
        let clean = Plant::labels(&[("a", 500), ("b", 500)]);
        let verdict = judged(&clean, &[]);
        assert_eq!(verdict.state, State::Ready, "{}", verdict.summary);
        assert!(verdict.summary.contains("No target was stated"), "{}", verdict.summary);
        let clean = clean.with(|e| e.primary.target = Some(0.9));
        let verdict = judged(&clean, &[]);
        assert_eq!(verdict.state, State::Undecided);
        assert!(verdict.summary.contains("the target 0.9 lies within"), "{}", verdict.summary);
        let missed = clean.with(|e| e.primary.target = Some(0.99));
        assert_eq!(judged(&missed, &[]).state, State::NotReady);
    }

    #[test]
    fn undecided_names_the_examples_that_would_decide() {
        let plant = Plant::labels(&[("a", 100), ("b", 100)]).with(|e| {
            e.primary.estimate = share(116, 200);
            e.primary.baseline = Some(0.55);
        });
        let verdict = judged(&plant, &[]);
        assert_eq!(verdict.state, State::Undecided);
        // Half the interval is 0.068 and the gap 0.03: the interval must shrink by 2.3, so n must grow about fivefold.
        let needed = verdict.needed.expect("a number");
        assert!((600..1_100).contains(&needed), "{needed}");
        assert!(verdict.summary.contains(&format!("{} more test examples would decide", words::count(needed))));
    }
}

//! What to do next, best first: the actions of the findings, with what they were measured to gain.

use trueup_core::document::{Finding, NextStep, Severity};
use trueup_core::words;

use super::evidence::Evidence;

/// The most steps that a review names: a list that nobody finishes is no advice.
const MOST_STEPS: usize = 6;

/// Codes whose errors make the other figures untrustworthy, so they are mended first.
const FIRST: [&str; 4] = ["K201", "K202", "E401", "R710"];

/// Ranks the actions: what makes the score untrustworthy, then errors, then measured gains (largest first), then the
/// other warnings. Notes only advise when they carry a gain, or say what would decide (R708).
pub fn next(evidence: &Evidence<'_>, findings: &[Finding]) -> Vec<NextStep> {
    let mut ranked: Vec<(u8, f64, usize, &Finding)> = findings
        .iter()
        .enumerate()
        .filter_map(|(i, finding)| {
            let gain = finding.action.gain.as_ref().map(|gain| gain.value);
            let rank = match finding.severity {
                Severity::Error if FIRST.contains(&finding.code.as_str()) => 0,
                Severity::Error => 1,
                Severity::Warning | Severity::Note if gain.is_some() => 2,
                Severity::Warning => 3,
                // What would decide is what to do.
                Severity::Note if finding.code == "R708" => 1,
                Severity::Note => return None,
            };
            Some((rank, -gain.unwrap_or(0.0), i, finding))
        })
        .collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut steps: Vec<NextStep> = Vec::new();
    for (_, _, _, finding) in ranked {
        let action = &finding.action;
        if steps.len() == MOST_STEPS || steps.iter().any(|step| step.action == action.summary) {
            continue;
        }
        steps.push(NextStep {
            rank: steps.len() as u32 + 1,
            action: action.summary.clone(),
            gain: action.gain.clone(),
            price: action.price.clone(),
            command: action.command.clone(),
            code: Some(finding.code.clone()),
        });
    }
    let wrong = evidence.outcomes.iter().filter(|outcome| !outcome.correct).count() as u64;
    if wrong > 0 && steps.len() < MOST_STEPS {
        steps.push(NextStep {
            rank: steps.len() as u32 + 1,
            action: format!(
                "Read the {}{}: each is a wrong label, a missing kind of example or a real limit",
                words::counted(wrong, "wrong answer"),
                if evidence.outcomes.iter().any(|o| o.score.is_some()) { ", the surest first" } else { "" }
            ),
            gain: None,
            price: None,
            command: Some(format!("{} --html review.html", evidence.command)),
            code: None,
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::planted::Plant;
    use crate::review::{Draft, Rule};
    use trueup_core::document::Gain;

    fn finding(code: &'static str, severity: Severity, gain: Option<f64>) -> Finding {
        let check: fn(&Evidence<'_>) -> Vec<Draft> = |_| vec![Draft::new(Severity::Error, 1, "title", "Act")];
        let rule = Rule { code, name: "planted", source: "", check };
        let mut found = Plant::labels(&[("a", 100), ("b", 100)]).judge(&rule).remove(0);
        found.severity = severity;
        found.action.summary = format!("Mend {code}");
        found.action.gain = gain.map(|value| Gain { metric: "f1_macro".into(), value, low: 0.0, high: 0.1 });
        found
    }

    #[test]
    fn what_spoils_the_score_comes_first_and_gains_before_chores() {
        let findings = [
            finding("E402", Severity::Error, None),
            finding("D107", Severity::Warning, None),
            finding("K202", Severity::Error, None),
            finding("T504", Severity::Note, Some(0.03)),
            finding("D104", Severity::Note, None),
            finding("R708", Severity::Note, None),
        ];
        let steps = Plant::labels(&[("a", 100), ("b", 100)]).next(&findings);
        let codes: Vec<_> = steps.iter().map(|step| step.code.as_deref().unwrap_or("read")).collect();
        assert_eq!(codes, ["K202", "E402", "R708", "T504", "D107", "read"]);
        assert!(steps.iter().enumerate().all(|(i, step)| step.rank as usize == i + 1));
    }
}

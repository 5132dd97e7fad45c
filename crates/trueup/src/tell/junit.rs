//! A gate as JUnit's XML, the form in which GitHub, GitLab and Jenkins read tests: a check of the policy is a test case.
//!
//! There is no schema that all of them hold to; these elements and attributes are those that every reader knows. No time
//! stands in it, so that the same files make the same bytes.

use std::fmt::Write;

use trueup_core::document::{Check, CheckKind, CheckState, Decision, Review};
use trueup_core::words;

/// The checks of the document's gate, one test case each; no test case without a gate. Ends with a line end.
///
/// A check that failed is a failure. One that is unclear is a failure where the gate is undecided, since that is why, and
/// skipped where the gate decides all the same.
pub fn junit(review: &Review) -> String {
    let gate = review.comparison.as_ref().and_then(|comparison| comparison.gate.as_ref());
    let decision = review.comparison.as_ref().and_then(|comparison| comparison.decision);
    let checks = gate.map_or(&[][..], |gate| &gate.checks);
    let of = |wanted: Outcome| checks.iter().filter(|check| outcome(check, decision) == wanted).count();
    let (failures, skipped) = (of(Outcome::Failed) + of(Outcome::Undecided), of(Outcome::Skipped));
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", checks.len());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"trueup\" {counts} time=\"0\">");
    let _ = writeln!(out, "  <testsuite name=\"trueup gate\" {counts} time=\"0\">");
    let _ = writeln!(out, "    <properties>");
    for (name, value) in [
        ("decision", decision.map_or("none", Decision::name)),
        ("policy", gate.map_or("none", |gate| &gate.source)),
        ("test", &review.data.test.file),
        ("command", &review.subject.command),
    ] {
        let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", escaped(value));
    }
    let _ = writeln!(out, "    </properties>");
    for check in checks {
        case(&mut out, check, outcome(check, decision));
    }
    let _ = writeln!(out, "    <system-out>{}</system-out>", escaped(&review.verdict.summary));
    out + "  </testsuite>\n</testsuites>\n"
}

/// What a check is to readers of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Undecided,
    Skipped,
}

fn outcome(check: &Check, decision: Option<Decision>) -> Outcome {
    match (check.state, decision) {
        (CheckState::Passed, _) => Outcome::Passed,
        (CheckState::Failed, _) => Outcome::Failed,
        (CheckState::Unclear, Some(Decision::Undecided)) => Outcome::Undecided,
        (CheckState::Unclear, _) => Outcome::Skipped,
    }
}

fn case(out: &mut String, check: &Check, outcome: Outcome) {
    let kind = match check.kind {
        CheckKind::Primary => "primary",
        CheckKind::Floor => "floor",
        CheckKind::Label => "label",
        CheckKind::Slice => "slice",
        CheckKind::MustPass => "must-pass",
        CheckKind::Calibration => "calibration",
        CheckKind::Budget => "budget",
    };
    // One figure may be asked for two things: what is asked tells the cases apart.
    let name = escaped(&format!("{}: {}", check.name, check.asked));
    let _ = write!(out, "    <testcase classname=\"trueup.gate.{kind}\" name=\"{name}\" time=\"0\"");
    let message = escaped(&check.found);
    let mut body = message.clone();
    if !check.examples.is_empty() {
        body += &format!("; examples: {}", escaped(&words::list(&check.examples, 20)));
    }
    let _ = match outcome {
        Outcome::Passed => writeln!(out, "/>"),
        Outcome::Skipped => writeln!(out, ">\n      <skipped message=\"{message}\"/>\n    </testcase>"),
        Outcome::Failed | Outcome::Undecided => {
            let kind = if outcome == Outcome::Failed { "failed" } else { "undecided" };
            writeln!(out, ">\n      <failure type=\"{kind}\" message=\"{message}\">{body}</failure>\n    </testcase>")
        }
    };
}

/// `text` as it may stand in an element or an attribute: on one line, without control characters and without what XML 1.0
/// has no place for.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in words::printable(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            // No characters, in any version of XML.
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

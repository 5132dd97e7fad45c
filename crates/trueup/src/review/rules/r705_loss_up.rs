//! # R705 loss-up
//!
//! ## What it finds
//!
//! Scores that became less honest: the candidate's log loss is shown to be higher, while accuracy and F1 hold or rise.
//!
//! ## Why it matters
//!
//! The answers are as good as before, but what the model says of its own sureness is not: it is very sure of answers that
//! are wrong. Everything that uses the scores gets worse: a threshold, a queue for people sorted by doubt, costs, an alarm
//! in production.
//!
//! ## Example
//!
//! `log loss rose from 0.30 to 0.41 though accuracy holds: the scores are less honest`
//!
//! ## What to do
//!
//! Calibrate the candidate on examples that it has not learned from (`trueup calibrate`) and compare again. Training for
//! fewer passes helps too.
//!
//! ## Threshold
//!
//! The 95 % interval of the difference in log loss lies wholly above 0, and none of accuracy, F1, macro-F1 and micro-F1 is
//! shown to be worse. A warning. Networks go on gaining accuracy while their log loss rises (Guo, Pleiss, Sun and
//! Weinberger 2017, "On calibration of modern neural networks"), and one number for the temperature mends most of it. Where
//! a figure of the scores decides itself, R701 judges it.

use trueup_core::document::{Compared, Comparison, Severity};
use trueup_core::words;

use super::moves::{behind, difference, is_better, is_worse, title, went};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule { code: "R705", name: "loss-up", source: include_str!("r705_loss_up.rs"), check };

/// Figures of the answers.
const ANSWERS: [&str; 4] = ["accuracy", "f1_macro", "f1", "f1_micro"];
/// Figures of the scores.
const SCORES: [&str; 3] = ["log_loss", "brier_score", "ece"];

fn of<'c>(comparison: &'c Comparison, name: &str) -> Option<&'c Compared> {
    comparison.metrics.iter().find(|metric| metric.name == name).map(|metric| &metric.compared)
}

/// The log loss, where it rose and no figure of the answers fell.
fn risen(comparison: &Comparison) -> Option<&Compared> {
    let answers = || ANSWERS.iter().filter_map(|name| of(comparison, name));
    let holds = answers().next().is_some() && !answers().any(is_worse);
    let loss = of(comparison, "log_loss")?;
    (holds && is_worse(loss) && !SCORES.contains(&comparison.metric.as_str())).then_some(loss)
}

/// Whether the metric `name` is one of scores whose fall this rule tells.
pub(super) fn is_of_scores(comparison: &Comparison, name: &str) -> bool {
    SCORES.contains(&name) && risen(comparison).is_some()
}

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let comparison = &versus.comparison;
    let Some(loss) = risen(comparison) else {
        return Vec::new();
    };
    let (name, answers) =
        ANSWERS.iter().find_map(|name| Some((*name, of(comparison, name)?))).expect("a figure of the answers holds");
    let holds = if is_better(answers) { "rose" } else { "holds" };
    let mut message = format!(
        "The answers are as good as before, the sureness stated with them is not: the difference in log loss is {}.",
        difference(loss)
    );
    if let Some(ece) = of(comparison, "ece").filter(|ece| is_worse(ece)) {
        message += &format!(" The calibration error {}.", went(ece));
    }
    let draft = Draft::new(
        Severity::Warning,
        comparison.examples,
        format!("log loss {} though {} {holds}: the scores are less honest", went(loss), title(name)),
        format!(
            "Calibrate the candidate on {} that it has not learned from, and compare again",
            words::plural(2, evidence.noun)
        ),
    )
    .message(message)
    .with("log_loss", behind(loss))
    .with("answers", name)
    .with("compared", behind(answers));
    let quoted = |name: &str| format!("'{}'", name.replace('\'', "'\\''"));
    vec![match &evidence.valid {
        Some(valid) if comparison.candidate.kind == "model" => draft.command(format!(
            "trueup calibrate {} {} -o calibrated",
            quoted(&comparison.candidate.name),
            quoted(&valid.file)
        )),
        _ => draft,
    }]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, moved};
    use trueup_core::document::{ComparedMetric, Severity, Standing};

    fn plant(loss: Standing, accuracy: Standing) -> Plant {
        let cells = [("a", "a", "a", 450), ("a", "b", "b", 50), ("b", "b", "b", 500)];
        Plant::versus(&cells).compared(move |c| {
            c.metrics.iter_mut().find(|metric| metric.name == "accuracy").unwrap().compared.standing = accuracy;
            for (name, value) in [("log_loss", 0.41), ("brier_score", 0.36), ("ece", 0.33)] {
                c.metrics.push(ComparedMetric {
                    name: name.into(),
                    higher_is_better: false,
                    compared: moved(0.3, value, loss),
                    detectable: None,
                });
            }
        })
    }

    #[test]
    fn loss_up_while_accuracy_holds() {
        let plant = plant(Standing::Worse, Standing::Same);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(
            findings[0].title,
            "log loss rose from 0.30 to 0.41 though accuracy holds: the scores are less honest"
        );
        assert!(findings[0].message.ends_with("The calibration error rose from 0.30 to 0.33."));
        // It is told once.
        assert!(plant.judge(super::super::by_code("R701").unwrap()).is_empty());
    }

    #[test]
    fn silent_when_the_answers_fell_too_or_the_loss_is_not_shown() {
        let both = plant(Standing::Worse, Standing::Worse);
        assert!(both.judge(&super::RULE).is_empty());
        let told = both.judge(super::super::by_code("R701").unwrap());
        assert!(told.iter().any(|finding| finding.title.contains("log loss rose")), "{told:#?}");
        assert!(plant(Standing::Unclear, Standing::Same).judge(&super::RULE).is_empty());
        assert!(plant(Standing::Worse, Standing::Same).decided_by("log_loss").judge(&super::RULE).is_empty());
    }
}

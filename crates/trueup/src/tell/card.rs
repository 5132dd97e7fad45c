//! A model's card: what it is for, what it was trained on, how good it is, what is known to be wrong with it.
//!
//! Markdown under the front matter that the Hugging Face Hub reads (its model card specification): task, metrics and the
//! data that they were measured on.

use std::fmt::Write;

use serde_json::{Value, json};
use trueup_core::document::{Decided, Review, Severity, Training};
use trueup_core::{Task, words};

use super::markdown::{code, interval, text};
use super::{headline, tally, title};
use crate::models::About;

/// Labels that have a row in a card; the rest is counted.
const MOST_LABELS: usize = 200;
/// Labels named in its first sentence.
const FIRST_LABELS: usize = 20;

/// The card of a model called `name`; `review` is what its quality is known from.
pub fn card(
    name: &str,
    about: &About,
    labels: &[String],
    training: &Training,
    review: Option<&Review>,
    decided: Option<&Decided>,
) -> String {
    let mut out = front(name, about, review);
    let kind = match about.task {
        Task::Classification => "Gives a text one of",
        Task::Multilabel => "Gives a text any of",
        Task::Ner => "Finds in a text spans of",
    };
    let types = if about.task == Task::Ner { "type" } else { "label" };
    let _ = write!(out, "# {}\n\n{kind} {}", text(name), words::counted(labels.len() as u64, types));
    let shown: Vec<String> = labels.iter().take(FIRST_LABELS).map(|label| code(label)).collect();
    let more = labels.len().saturating_sub(FIRST_LABELS);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let _ = writeln!(out, ": {}{rest}.\n", shown.join(", "));
    let trusted = if runs_program(training) { "program:" } else { "" };
    let _ = writeln!(out, "    trueup predict {trusted}{name} TEXTS.csv -o ANSWERS.csv\n");
    quality(&mut out, review);
    decisions(&mut out, decided);
    faults(&mut out, review);
    if about.data.examples == 0 {
        out.push_str("## Data\n\nWhat it was trained on is not known.\n\n");
    } else {
        let _ = writeln!(
            out,
            "## Data\n\nTrained on {} of {} (fingerprint `{}`).\n",
            words::counted(about.data.examples, "example"),
            code(&about.data.file),
            about.data.fingerprint
        );
    }
    trained(&mut out, about, training);
    out
}

/// What machines read of a card.
fn front(name: &str, about: &About, review: Option<&Review>) -> String {
    let tag = if about.task == Task::Ner { "token-classification" } else { "text-classification" };
    let mut out = format!("---\nlibrary_name: trueup\npipeline_tag: {tag}\ntags:\n- trueup\n- {}\n", about.learner);
    if let Some(review) = review {
        let metrics: Vec<Value> = headline(review)
            .into_iter()
            .map(|metric| json!({"type": metric, "name": title(metric), "value": review.metrics[metric].value}))
            .collect();
        let result = json!({
            "task": {"type": tag},
            "dataset": {"type": "file", "name": format!("{} ({})", review.data.test.file, review.data.how)},
            "metrics": metrics,
        });
        // JSON is YAML as well, and needs no rules of quoting of its own.
        let _ = writeln!(out, "model-index:\n- {}", json!({"name": name, "results": [result]}));
    }
    out + "---\n\n"
}

/// Whether the model is a program, or several: its folder is then named as one that is trusted.
pub fn runs_program(training: &Training) -> bool {
    training.params.contains_key("command")
}

fn quality(out: &mut String, review: Option<&Review>) {
    let Some(review) = review else {
        *out += "## Quality\n\nNot measured. `trueup review` measures it.\n\n";
        return;
    };
    let _ = writeln!(out, "## Quality\n\nMeasured on {} ({}).\n", code(&review.data.test.file), review.data.how);
    *out += "| metric | value | 95 % interval |\n|---|---:|---:|\n";
    for metric in headline(review) {
        let estimate = &review.metrics[metric];
        let _ = writeln!(out, "| {} | {} | {} |", title(metric), words::figure(estimate), interval(estimate));
    }
    *out += "\n| label | support | precision | recall | F1 |\n|---|---:|---:|---:|---:|\n";
    for row in review.labels.iter().take(MOST_LABELS) {
        let figures = [&row.precision, &row.recall, &row.f1].map(words::figure_with_interval);
        let _ = writeln!(out, "| {} | {} | {} |", text(&row.label), words::count(row.support), figures.join(" | "));
    }
    out.push('\n');
}

/// What becomes of the scores, and what that brings.
fn decisions(out: &mut String, decided: Option<&Decided>) {
    let Some(decided) = decided else { return };
    let _ = writeln!(
        out,
        "## From scores to answers\n\nCalibration: {}. Rule: {}. Found on {} that the model had not learned from.\n",
        decided.calibration,
        decided.rule,
        words::counted(decided.examples, "example")
    );
    if !decided.before.is_empty() {
        *out += "| metric | before | after |\n|---|---:|---:|\n";
        for (metric, before) in &decided.before {
            let after = decided.after.get(metric).map_or_else(|| "n/a".to_owned(), words::figure_with_interval);
            let _ = writeln!(out, "| {} | {} | {after} |", title(metric), words::figure_with_interval(before));
        }
        out.push('\n');
    }
    if !decided.reliability_after.is_empty() && decided.calibration != "own" {
        *out += "| answers | confidence before | right | confidence after | right |\n|---:|---:|---:|---:|---:|\n";
        for (before, after) in decided.reliability_before.iter().zip(&decided.reliability_after) {
            let _ = writeln!(
                out,
                "| {:.0} | {:.2} | {:.2} | {:.2} | {:.2} |",
                after.weight, before.confidence, before.accuracy, after.confidence, after.accuracy
            );
        }
        out.push('\n');
    }
    if !decided.thresholds.is_empty() {
        *out += "| label | threshold |\n|---|---:|\n";
        for (label, threshold) in decided.thresholds.iter().take(MOST_LABELS) {
            let _ = writeln!(out, "| {} | {threshold:.3} |", text(label));
        }
        out.push('\n');
    }
    if let Some(abstained) = &decided.abstain {
        let _ = writeln!(
            out,
            "Answers of confidence below {:.5} are left to people: {} are answered, of which {} are right.\n",
            abstained.below,
            words::figure_with_interval(&abstained.answered),
            words::figure_with_interval(&abstained.right)
        );
    }
    for note in &decided.notes {
        let _ = writeln!(out, "{}.\n", words::capital(&text(note)));
    }
}

fn faults(out: &mut String, review: Option<&Review>) {
    let Some(review) = review else { return };
    let _ = writeln!(out, "## Known faults\n\n{}.\n", words::capital(&tally(review)));
    let known = review.findings.iter().filter(|finding| finding.severity != Severity::Note);
    for finding in known {
        let _ = writeln!(out, "- **{}** ({}): {}", finding.code, finding.severity.name(), text(&finding.title));
    }
    out.push('\n');
}

fn trained(out: &mut String, about: &About, training: &Training) {
    let _ = writeln!(
        out,
        "## Training\n\n`{}`\n\nLearner `{}`, {}seed {}; the whole record is in `training.json`.\n",
        about.command.replace('`', "'"),
        about.learner,
        if runs_program(training) {
            String::new()
        } else {
            let (features, passes) = (training.features, u64::from(training.epochs));
            format!("{}, {}, ", words::counted(features, "feature"), words::counted(passes, "pass"))
        },
        training.seed
    );
    *out += "| setting | value |\n|---|---|\n";
    for (name, value) in &training.params {
        let _ = writeln!(out, "| {} | {} |", text(name), text(value));
    }
}

//! Tell: the review document as JSON, Markdown and one HTML page, a gate as JUnit. Nothing is computed here; the terminal's
//! form is in the command, which knows the terminal.

/// A line at the end of a text.
macro_rules! line {
    ($out:expr) => { $out.push('\n') };
    ($out:expr, $($piece:tt)*) => {{
        // Writing to a string cannot fail.
        let _ = writeln!($out, $($piece)*);
    }};
}

mod card;
mod comparison;
mod costs;
mod html;
mod junit;
mod markdown;
#[cfg(test)]
mod tests;

use trueup_core::document::Review;

pub use card::{card, runs_program};
pub use comparison::comparison_markdown;
pub use costs::{cost_title, cost_value};
pub use html::{has_page, html};
pub use junit::junit;
pub use markdown::markdown;

/// The document as indented JSON with a line end.
pub fn json(review: &Review) -> String {
    let mut text = serde_json::to_string_pretty(review).expect("the document holds only strings, numbers and lists");
    text.push('\n');
    text
}

/// The JSON schema of the document, indented, with a line end.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Review);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema holds only strings, numbers and lists");
    text.push('\n');
    text
}

/// The metrics to show first, the deciding one at the head, those without a value left out.
pub fn headline(review: &Review) -> Vec<&str> {
    use trueup_core::Task::{Classification, Multilabel, Ner};
    let usual: &[&str] = match review.task {
        Classification => &["f1_macro", "accuracy", "log_loss", "roc_auc", "roc_auc_ovr", "expected_cost"],
        Multilabel => &["f1_micro", "f1_macro", "accuracy", "roc_auc_ovr", "expected_cost"],
        Ner => &["f1", "precision", "recall", "f1_macro"],
    };
    let primary = review.verdict.metric.as_str();
    std::iter::once(primary)
        .chain(usual.iter().copied().filter(|name| *name != primary))
        .filter(|name| review.metrics.get(*name).is_some_and(|estimate| estimate.value.is_some()))
        // Of two labels, the area under the curve is one number; the average over labels repeats it.
        .filter(|name| !(*name == "roc_auc_ovr" && review.metrics.contains_key("roc_auc")))
        .collect()
}

/// A metric's name for people: `macro-F1`.
pub fn title(name: &str) -> &str {
    trueup_core::measure::catalogue::find(name).map_or(name, |info| info.title)
}

/// What the findings come to: `2 errors, 3 warnings`.
pub fn tally(review: &Review) -> String {
    use trueup_core::document::Severity::{Error, Note, Warning};
    let parts: Vec<String> = [Error, Warning, Note]
        .into_iter()
        .map(|severity| (review.count(severity) as u64, severity.name()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| trueup_core::words::counted(n, name))
        .collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

//! What the tables of a comparison are made of: figures as cells, and lists that are cut where they grow too long.

use std::fmt::Write;

use trueup_core::document::{Answer, Compared, Difference, Standing};
use trueup_core::words;

use super::super::markdown::{code, text};
use super::super::title;

/// How much of the lists is shown; less where a comment would not hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Most {
    /// Rows of a list that stand open.
    pub open: usize,
    /// Rows of it that are folded away.
    pub folded: usize,
    /// Columns of a text.
    pub text: usize,
}

impl Most {
    pub const WHOLE: Self = Self { open: 10, folded: 200, text: 160 };
    pub const LEAST: Self = Self { open: 0, folded: 0, text: 40 };

    pub fn halved(self) -> Self {
        let least = Self::LEAST;
        let text = (self.text / 2).max(least.text);
        match self.folded {
            0 if self.open <= 1 => Self { text, ..least },
            0 => Self { open: self.open / 2, folded: 0, text },
            folded => Self { folded: folded / 2, text, ..self },
        }
    }
}

/// A metric's name for people.
pub(super) fn metric_title(name: &str) -> String {
    text(&cut(title(name), 60))
}

/// Baseline, candidate, difference, p and standing, as cells.
pub(super) fn figures(compared: &Compared, p: Option<f64>) -> String {
    let places = places(&compared.difference, compared.baseline);
    format!(
        "{} | {} | {} | {} | {}",
        words::number(compared.baseline, places),
        words::number(compared.candidate, places),
        difference(&compared.difference),
        p_value(p),
        standing(compared.standing)
    )
}

/// Decimals that a difference deserves: one more than a figure of as wide an interval, as what moves is small.
fn places(difference: &Difference, figure: Option<f64>) -> usize {
    match (difference.low, difference.high, figure) {
        (_, _, Some(figure)) if figure.abs() >= 100.0 => 1,
        (Some(low), Some(high), _) if high - low < 0.002 && high > low => 5,
        (Some(low), Some(high), _) if high - low < 0.02 && high > low => 4,
        _ => 3,
    }
}

/// `+0.013 (+0.002 to +0.025)`.
pub(super) fn difference(difference: &Difference) -> String {
    let places = places(difference, difference.value);
    let value = signed(difference.value, places);
    match (difference.low, difference.high) {
        (Some(low), Some(high)) => {
            format!("{value} ({} to {})", signed(Some(low), places), signed(Some(high), places))
        }
        _ => value,
    }
}

fn signed(value: Option<f64>, places: usize) -> String {
    let plain = words::number(value, places).replace('-', "−");
    let is_zero = plain.chars().all(|c| c == '0' || c == '.');
    if value.is_some_and(|value| value > 0.0) && !is_zero { format!("+{plain}") } else { plain }
}

pub(super) fn p_value(p: Option<f64>) -> String {
    match p {
        None => "n/a".to_owned(),
        Some(p) if p < 0.001 => "&lt; 0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}

pub(super) fn standing(standing: Standing) -> String {
    let mark = match standing {
        Standing::Better => "✅",
        Standing::Same => "➖",
        Standing::Worse => "❌",
        Standing::Unclear => "❓",
    };
    format!("{mark} {}", standing.name())
}

pub(super) fn answered(answer: &Answer) -> String {
    match answer {
        Answer::Label(label) => code(&cut(label, 60)),
        Answer::Labels(labels) if labels.is_empty() => "none".to_owned(),
        Answer::Labels(labels) => {
            let shown: Vec<String> = labels.iter().take(5).map(|label| code(&cut(label, 60))).collect();
            let more = labels.len() - shown.len();
            shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
        }
        Answer::Spans(spans) => words::counted(spans.len() as u64, "span"),
    }
}

/// A table whose first rows stand open; the others are folded away, or counted where they are too many.
pub(super) fn listed(out: &mut String, heading: &str, rows: &[String], open: usize, most: Most, noun: &str) {
    // One row more takes no more room than the line that says that there is one.
    let open = if rows.len() == open + 1 { rows.len() } else { open.min(rows.len()) };
    let (first, others) = rows.split_at(open);
    if !first.is_empty() {
        table(out, heading, first);
    }
    let more = words::counted(others.len() as u64, noun);
    folded(out, heading, others, most, &more.replacen(' ', if first.is_empty() { " " } else { " more " }, 1));
}

/// A table that opens at a click; nothing without rows.
pub(super) fn folded(out: &mut String, heading: &str, rows: &[String], most: Most, summary: &str) {
    if rows.is_empty() {
        return;
    }
    if most.folded == 0 {
        line!(out, "{summary}: in the JSON document.");
        line!(out);
        return;
    }
    line!(out, "<details><summary>{summary}</summary>");
    line!(out);
    table(out, heading, &rows[..rows.len().min(most.folded)]);
    rest(out, rows.len().saturating_sub(most.folded) as u64, "row");
    line!(out, "</details>");
    line!(out);
}

fn table(out: &mut String, heading: &str, rows: &[String]) {
    line!(out, "{heading}");
    for row in rows {
        line!(out, "{row}");
    }
    line!(out);
}

/// Says how many are left out.
pub(super) fn rest(out: &mut String, n: u64, noun: &str) {
    if n > 0 {
        let more = words::counted(n, noun).replacen(' ', " more ", 1);
        line!(out, "{more} {} in the JSON document.", words::agree(n, "is", "are"));
        line!(out);
    }
}

/// `raw` in at most `most` columns, and in at most twice as many characters, as some have no width.
pub(super) fn cut(raw: &str, most: usize) -> String {
    match raw.char_indices().nth(2 * most) {
        None => words::shorten(raw, most),
        Some((end, _)) => words::shorten(&raw[..end], most - 1).trim_end_matches('…').to_owned() + "…",
    }
}

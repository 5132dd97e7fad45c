//! Columns, wrapping and colour.

use anstyle::{AnsiColor, Style};
use trueup::core::document::{Severity, Standing, State};
use unicode_width::UnicodeWidthStr;

/// What every line of a summary begins with.
pub const MARGIN: &str = "  ";
/// Width of the names at the left of a summary.
pub const NAMES: usize = 13;
/// Longest label name shown.
pub const LABEL_WIDTH: usize = 32;
/// Names, values, people shown of a list; the rest is counted.
pub const SHORT_LIST: usize = 5;

/// The width to print for: the terminal's, between 60 and 120 columns; 80 when there is no terminal.
pub fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|value| value.parse().ok());
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or(terminal).unwrap_or(80).clamp(60, 120)
}

/// `text` in `style`; an empty style adds nothing.
pub fn paint(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// Quiet text: what is there when looked for.
pub fn dim() -> Style {
    Style::new().dimmed()
}

/// The colour of a severity.
pub fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default(),
        Severity::Note => Style::new(),
    }
}

/// The colour of a verdict.
pub fn of_state(state: State) -> Style {
    match state {
        State::Ready => AnsiColor::Green.on_default().bold(),
        State::NotReady => AnsiColor::Red.on_default().bold(),
        State::Undecided => AnsiColor::Yellow.on_default().bold(),
    }
}

/// The colour of what became of a figure.
pub fn of_standing(standing: Standing) -> Style {
    match standing {
        Standing::Better => AnsiColor::Green.on_default(),
        Standing::Worse => AnsiColor::Red.on_default(),
        Standing::Same | Standing::Unclear => dim(),
    }
}

/// Columns that `text` takes.
pub fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` filled with spaces to `width` columns, on the right.
pub fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// `text` filled with spaces to `width` columns, on the left.
pub fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
}

/// The lines of `text` in `width` columns.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let options =
        textwrap::Options::new(width.max(20)).break_words(true).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// `text` behind `label`, wrapped to `width` columns with a hanging indent; each line ends, none in spaces.
pub fn hang(label: &str, text: &str, width: usize) -> String {
    let indent = columns(&anstream::adapter::strip_str(label).to_string());
    let mut out = String::new();
    for (i, line) in wrap(text, width.saturating_sub(indent)).iter().enumerate() {
        let lead = if i == 0 { label.to_owned() } else { " ".repeat(indent) };
        out += format!("{lead}{line}").trim_end();
        out.push('\n');
    }
    out
}

/// An interval on a track of `width` columns from `from` to `to`: `····────●──···`.
pub fn track(low: f64, value: f64, high: f64, (from, to): (f64, f64), width: usize) -> String {
    let at = |x: f64| {
        let share = if to > from { (x - from) / (to - from) } else { 0.5 };
        (share * (width - 1) as f64).round().clamp(0.0, (width - 1) as f64) as usize
    };
    let (low, dot, high) = (at(low), at(value), at(high));
    (0..width)
        .map(|i| match i {
            i if i == dot => '●',
            i if (low..=high).contains(&i) => '─',
            _ => '·',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_shows_where_the_interval_lies() {
        assert_eq!(track(0.5, 0.75, 1.0, (0.0, 1.0), 9), "····──●──");
        assert_eq!(track(0.5, 0.5, 0.5, (0.5, 0.5), 5), "··●··");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(left("数据", 6), "数据  ");
        assert_eq!(right("ab", 4), "  ab");
    }
}

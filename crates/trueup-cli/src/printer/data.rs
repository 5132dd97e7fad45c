//! What is in a file, and what a conversion lost, in the terminal.

use std::fmt::Write;

use trueup::core::words;
use trueup::data::Conversion;
use trueup::stats::{Lengths, Stats};

use super::layout::{LABEL_WIDTH, MARGIN, NAMES, SHORT_LIST, columns, dim, hang, left, paint, right};

/// Labels shown; the rest is summed up.
const MOST_LABELS: usize = 20;
/// Longest bar.
const BAR: usize = 24;

/// The statistics of a file for a terminal of `width` columns.
pub fn stats(stats: &Stats, width: usize) -> String {
    let mut out = String::new();
    let command = format!("trueup stats {}", words::printable(&stats.file));
    let format = format!("{} ({})", stats.format, stats.confidence);
    let gap = width.saturating_sub(columns(&command) + columns(&format)).max(2);
    let _ = writeln!(out, "{command}{}{}\n", " ".repeat(gap), paint(&format, dim()));
    let _ = writeln!(out, "{MARGIN}{}\n", size(stats));
    labels(&mut out, stats, width);
    let mut row = |name: &str, text: String| {
        out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), &text, width);
    };
    if !stats.splits.is_empty() {
        row("splits", list(stats.splits.iter().map(|(name, n)| (name.as_str(), *n))));
    }
    if stats.answers > 0 {
        let each = format!(
            "{} by {}: {}",
            words::counted(stats.answers, "answer"),
            words::counted(stats.annotators, "annotator"),
            list(stats.answers_by.iter().map(|(name, n)| (name.as_str(), *n)))
        );
        row("annotators", each);
        if stats.answers_by_status.len() > 1 {
            row("", list(stats.answers_by_status.iter().map(|(name, n)| (name.as_str(), *n))));
        }
    }
    if stats.predictions > 0 {
        row("models", words::counted(stats.predictions, "prediction"));
    }
    if let Some(lengths) = &stats.characters {
        row("characters", spread(lengths));
    }
    if let Some(lengths) = &stats.words {
        row(if stats.tokens > 0 { "tokens" } else { "words" }, spread(lengths));
    }
    if !stats.languages.is_empty() {
        let mut shares: Vec<_> = stats.languages.iter().collect();
        shares.sort_by(|a, b| b.1.total_cmp(a.1).then(a.0.cmp(b.0)));
        let shown: Vec<String> =
            shares.iter().take(SHORT_LIST).map(|(name, share)| format!("{name} {}", percent(**share))).collect();
        row(
            "languages",
            match shares.as_slice() {
                [(only, _)] if *only == "unclear" => {
                    "unclear (short texts, or a language that is none of the 69 told apart)".to_owned()
                }
                _ => format!("looks like {}", shown.join(", ")),
            },
        );
    }
    if stats.duplicates > 0 {
        let conflicts = match stats.conflicts {
            0 => String::new(),
            n => format!(", {} with another answer", words::count(n)),
        };
        row(
            "duplicates",
            format!(
                "{} an earlier text{conflicts}",
                words::count(stats.duplicates)
                    + " "
                    + words::agree(stats.duplicates, "example repeats", "examples repeat")
            ),
        );
    }
    for (i, column) in stats.columns.iter().enumerate() {
        let values = if column.values.is_empty() {
            format!("{} distinct in {}", words::count(column.distinct), words::count(column.filled))
        } else {
            list(column.values.iter().map(|(name, n)| (name.as_str(), *n)))
        };
        row(if i == 0 { "columns" } else { "" }, format!("{}: {values}", words::printable(&column.name)));
    }
    for (i, odd) in stats.odd.iter().enumerate() {
        let text = format!("{}: {} (first at {})", words::printable(&odd.what), words::count(odd.count), odd.first);
        row(if i == 0 { "odd" } else { "" }, text);
    }
    if !stats.skipped.is_empty() {
        let first = &stats.skipped[0];
        let text = format!(
            "{} (first at line {}: {})",
            words::counted(stats.skipped.len() as u64, "record"),
            first.line,
            words::printable(&first.reason)
        );
        row("left out", text);
    }
    for (i, note) in stats.notes.iter().enumerate() {
        row(if i == 0 { "notes" } else { "" }, words::printable(note));
    }
    let guesses: Vec<String> = stats.guesses.iter().map(|guess| words::printable(&guess.what)).collect();
    if !guesses.is_empty() {
        row("read as", guesses.join("; "));
    }
    let _ = writeln!(out, "\n{MARGIN}{}", next(stats));
    out
}

/// What to do with such a file.
fn next(stats: &Stats) -> String {
    let file = words::printable(&stats.file);
    if stats.unlabelled == stats.examples {
        format!("Nothing is labelled yet. Into another format: trueup convert {file} OUT")
    } else {
        format!("Review a model on it: trueup review {file}")
    }
}

fn size(stats: &Stats) -> String {
    let mut parts = vec![words::counted(stats.examples, "example")];
    if stats.unlabelled > 0 {
        parts.push(format!("{} of them without a reference answer", words::count(stats.unlabelled)));
    }
    if stats.labels > 0 {
        parts.push(words::counted(stats.labels, if stats.spans > 0 { "type" } else { "label" }));
    }
    if stats.spans > 0 {
        parts.push(words::counted(stats.spans, "span"));
    }
    if stats.tokens > 0 {
        parts.push(words::counted(stats.tokens, "token"));
    }
    if stats.unlisted > 0 {
        parts.push(format!("{} that the project does not list", words::counted(stats.unlisted, "file")));
    }
    parts.join(", ")
}

fn labels(out: &mut String, stats: &Stats, width: usize) {
    if stats.label_counts.is_empty() {
        return;
    }
    let mut rows: Vec<(&str, u64)> = stats.label_counts.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let all: u64 = rows.iter().map(|row| row.1).sum();
    let base = if stats.spans > 0 { all } else { stats.examples - stats.unlabelled };
    let most = rows[0].1;
    let shown = &rows[..rows.len().min(MOST_LABELS)];
    let names: Vec<String> = shown.iter().map(|row| words::shorten(&words::printable(row.0), LABEL_WIDTH)).collect();
    let name_width = names.iter().map(|name| columns(name)).max().unwrap_or(0).max(5);
    let count_width = words::count(most).len().max(5);
    for (name, (_, n)) in names.iter().zip(shown) {
        let share = *n as f64 / base.max(1) as f64;
        let room = BAR.min(width.saturating_sub(name_width + count_width + 14));
        let bar = "▪".repeat(((*n as f64 / most as f64) * room as f64).ceil() as usize);
        let count = right(&words::count(*n), count_width);
        let _ = writeln!(
            out,
            "{MARGIN}{}  {count}  {:>5.1} %  {}",
            left(name, name_width),
            share * 100.0,
            paint(&bar, dim())
        );
    }
    if rows.len() > MOST_LABELS {
        let rest = &rows[MOST_LABELS..];
        let low = rest.last().map_or(0, |row| row.1);
        let each = match rest[0].1 {
            high if high == low => words::count(low),
            high => format!("{} to {}", words::count(low), words::count(high)),
        };
        let _ = writeln!(out, "{MARGIN}and {} more, of {each} each", words::count(rest.len() as u64));
    }
    out.push('\n');
}

/// A share in whole percent; of one that is not nothing, not 0 %.
fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.01 { "< 1 %".to_owned() } else { format!("{:.0} %", share * 100.0) }
}

fn spread(lengths: &Lengths) -> String {
    let n = words::count;
    format!("median {}, 95 % up to {}, {} to {}", n(lengths.median), n(lengths.p95), n(lengths.min), n(lengths.max))
}

/// The most common of several, and how many more there are.
fn list<'a>(items: impl Iterator<Item = (&'a str, u64)>) -> String {
    let mut items: Vec<_> = items.collect();
    items.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut shown: Vec<String> = items
        .iter()
        .take(SHORT_LIST)
        .map(|(name, n)| format!("{} {}", words::shorten(&words::printable(name), LABEL_WIDTH), words::count(*n)))
        .collect();
    if items.len() > SHORT_LIST {
        shown.push(format!("and {} more", words::count((items.len() - SHORT_LIST) as u64)));
    }
    shown.join(", ")
}

/// What became of a conversion, for stderr.
pub fn conversion(conversion: &Conversion, from: &str, to: &str, width: usize) -> String {
    let mut out = String::new();
    for guess in &conversion.guesses {
        out += &hang(MARGIN, &guess.what, width);
    }
    for note in &conversion.notes {
        out += &hang(MARGIN, note, width);
    }
    if let Some(first) = conversion.skipped.first() {
        let n = words::counted(conversion.skipped.len() as u64, "record");
        out += &hang(MARGIN, &format!("{n} left out (first at line {}: {})", first.line, first.reason), width);
    }
    let written = if conversion.written == conversion.records {
        words::counted(conversion.records, "record")
    } else {
        format!("{} of {}", words::count(conversion.written), words::counted(conversion.records, "record"))
    };
    out += &hang(MARGIN, &format!("{from} ({}) to {to} ({}): {written}", conversion.from, conversion.to), width);
    if conversion.losses.is_empty() {
        out += &hang(MARGIN, "nothing was lost", width);
    }
    for (kind, lost) in &conversion.losses.kinds {
        let place = lost.places.first().map(|place| format!(", first at {place}")).unwrap_or_default();
        let label = format!("{MARGIN}lost  {}", left(kind.name(), 17));
        out += &hang(&label, &format!("{}: {}{place}", words::count(lost.count), lost.first), width);
    }
    out.truncate(out.trim_end().len());
    out
}

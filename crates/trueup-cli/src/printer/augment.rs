//! What came of augmenting, in the terminal.

use std::fmt::Write;

use trueup::augment::{AugmentReport, Gain, LabelGrowth};
use trueup::core::words;

use super::layout::{LABEL_WIDTH, MARGIN, NAMES, columns, dim, hang, left, paint, right};

/// Labels shown; the rest is counted.
const MOST_LABELS: usize = 12;
/// Columns of a sample's text.
const SAMPLE_WIDTH: usize = 120;

/// What came of augmenting, for a terminal of `width` columns.
pub fn augment(report: &AugmentReport, width: usize) -> String {
    let mut out = String::new();
    let command = format!("trueup augment {}", words::printable(&report.file));
    let how = format!("{}, seed {}", report.task, report.seed);
    let gap = width.saturating_sub(columns(&command) + columns(&how)).max(2);
    let _ = writeln!(out, "{command}{}{}\n", " ".repeat(gap), paint(&how, dim()));
    let mut row = |name: &str, text: String| {
        out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), &text, width);
    };
    let of = match report.sources {
        0 => String::new(),
        sources => format!(" of {}", words::counted(sources, "example")),
    };
    row("new", format!("{}{of}", words::counted(report.added, "example")));
    for short in &report.short {
        let name = short.label.as_deref().map_or_else(String::new, |label| format!(" for '{}'", printable(label)));
        let (asked, made) = (words::count(short.asked), words::count(short.made));
        row("fewer", format!("{made}{name}, where {asked} were asked for: no more can be made that differ"));
    }
    if report.refused.total() > 0 {
        row("refused", refused(report));
    }
    if let Some(gain) = &report.gain {
        row("gain", said(gain));
    }
    if let Some(written) = &report.written {
        let format = report.written_as.as_deref().map_or_else(String::new, |format| format!(" ({format})"));
        row("written", format!("{}{format}", words::printable(written)));
    }
    for (i, (kind, lost)) in report.losses.iter().enumerate() {
        let text = format!("{kind}: {} ({})", words::count(lost.count), words::printable(&lost.first));
        row(if i == 0 { "lost" } else { "" }, text);
    }
    if let Some(first) = report.skipped.first() {
        let n = words::counted(report.skipped.len() as u64, "record");
        row("left out", format!("{n} (first at line {}: {})", first.line, words::printable(&first.reason)));
    }
    for (i, note) in report.notes.iter().enumerate() {
        row(if i == 0 { "notes" } else { "" }, words::printable(note));
    }
    let guesses: Vec<String> = report.guesses.iter().map(|guess| words::printable(&guess.what)).collect();
    if !guesses.is_empty() {
        row("read as", guesses.join("; "));
    }
    samples(&mut out, report, width);
    labels(&mut out, &report.labels);
    out
}

fn printable(name: &str) -> String {
    words::shorten(&words::printable(name), LABEL_WIDTH)
}

/// Why new examples were refused, the reasons that occur.
fn refused(report: &AugmentReport) -> String {
    let refused = report.refused;
    let reasons = [
        (refused.repeated, "like another new one"),
        (refused.in_data, "there already"),
        (refused.in_test, "in the test set"),
        (refused.near_test, "near-duplicates of the test set"),
    ];
    let said: Vec<String> =
        reasons.into_iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{} {why}", words::count(n))).collect();
    said.join(", ")
}

/// What was gained, and whether the interval shows it.
fn said(gain: &Gain) -> String {
    let difference = &gain.difference;
    let signed = |value: f64| format!("{}{}", if value >= 0.0005 { "+" } else { "" }, words::number(Some(value), 3));
    let interval = match (difference.value, difference.low, difference.high) {
        (Some(value), Some(low), Some(high)) => format!("{} ({} to {})", signed(value), signed(low), signed(high)),
        (Some(value), ..) => format!("{} (no interval)", signed(value)),
        _ => "n/a".to_owned(),
    };
    let verdict = match (difference.low, difference.high) {
        (Some(low), _) if low > 0.0 => "",
        (_, Some(high)) if high < 0.0 => "a loss: ",
        _ => "no gain shown: ",
    };
    let (without, with) = (words::number(gain.without, 3), words::number(gain.with, 3));
    let folds = words::counted(gain.folds, "fold");
    format!("{verdict}{} {interval}: {without} without, {with} with; {folds}, {}", gain.title, gain.model)
}

/// A new example of each method under what it was made of.
fn samples(out: &mut String, report: &AugmentReport, width: usize) {
    if report.samples.is_empty() {
        return;
    }
    out.push('\n');
    let name = report.methods.iter().map(|count| columns(&count.method)).max().unwrap_or(0);
    let number = report.methods.iter().map(|count| columns(&words::count(count.added))).max().unwrap_or(0);
    for count in &report.methods {
        let head = format!("{MARGIN}{}  {}  ", left(&count.method, name), right(&words::count(count.added), number));
        let sample = report.samples.iter().find(|sample| sample.method == count.method);
        let Some(sample) = sample else {
            let _ = writeln!(out, "{}", head.trim_end());
            continue;
        };
        let text = |text: &str| words::shorten(&words::printable(text), SAMPLE_WIDTH);
        *out += &hang(&head, &text(&sample.after), width);
        let indent = " ".repeat(columns(&head));
        let from = format!("{}: {}", words::printable(&sample.from), text(&sample.before));
        for line in hang(&indent, &from, width).lines() {
            let _ = writeln!(out, "{}", paint(line, dim()));
        }
    }
}

/// Labels that grew, before and after, those that grew most first.
fn labels(out: &mut String, labels: &[LabelGrowth]) {
    let mut grown: Vec<&LabelGrowth> = labels.iter().filter(|label| label.after > label.before).collect();
    if grown.is_empty() {
        return;
    }
    let times = |label: &LabelGrowth| label.after as f64 / label.before.max(1) as f64;
    grown.sort_by(|a, b| times(b).total_cmp(&times(a)).then(b.after.cmp(&a.after)).then(a.label.cmp(&b.label)));
    out.push('\n');
    let shown = &grown[..grown.len().min(MOST_LABELS)];
    let names: Vec<String> = shown.iter().map(|label| printable(&label.label)).collect();
    let name = names.iter().map(|name| columns(name)).max().unwrap_or(0).max(NAMES - 2);
    let cells = |value: fn(&LabelGrowth) -> u64| shown.iter().map(|label| columns(&words::count(value(label)))).max();
    let before = cells(|label| label.before).unwrap_or(0).max(columns("before"));
    let after = cells(|label| label.after).unwrap_or(0).max(columns("after"));
    let head = format!("{MARGIN}{}  {}  {}", left("examples", name), right("before", before), right("after", after));
    let _ = writeln!(out, "{}", paint(&head, dim()));
    for (label, text) in shown.iter().zip(&names) {
        let (was, is) = (words::count(label.before), words::count(label.after));
        let _ = writeln!(out, "{MARGIN}{}  {}  {}", left(text, name), right(&was, before), right(&is, after));
    }
    if grown.len() > shown.len() {
        let _ = writeln!(out, "{MARGIN}and {} more", words::count((grown.len() - shown.len()) as u64));
    }
}

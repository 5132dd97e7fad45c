//! What became of spans: figures by what counts as right, mistakes, types taken for each other, mentions.

use std::collections::BTreeSet;

use trueup::core::document::{MentionRow, Mistake, QuotedSpan, SpanFigures, SpanPair};
use trueup::core::words;

use super::super::layout::{LABEL_WIDTH, MARGIN, columns, left, right};
use super::confusion::{list, matrix, name};
use super::{FIGURE, NARROW, cell, heading, line};

/// Pairs of types shown where there is no room for a matrix.
const PAIRS: usize = 10;
/// Width of the name of a part of the mentions.
const PART: usize = 14;

/// Prints the figures.
pub fn report(out: &mut String, figures: &SpanFigures, width: usize) {
    matchings(out, figures, width);
    mistakes(out, &figures.mistakes, width);
    types(out, figures, width);
    mentions(out, "tokens", &figures.by_length, width);
    mentions(out, "in training", &figures.by_seen, width);
    mentions(out, "consistency", &figures.by_consistency, width);
}

fn matchings(out: &mut String, figures: &SpanFigures, width: usize) {
    let first = figures.matchings.iter().map(|row| columns(&row.matching)).max().unwrap_or(0).max(12);
    let narrow = MARGIN.len() + first + 2 + 3 * FIGURE > width;
    let titles = ["precision", "recall", "F1"].map(|name| left(name, if narrow { NARROW } else { FIGURE })).concat();
    heading(out, &format!("{}  {titles}", left("match", first)));
    for row in &figures.matchings {
        let cells = [&row.precision, &row.recall, &row.f1].map(|estimate| cell(Some(estimate), narrow)).concat();
        line(out, &format!("{}  {cells}", left(&row.matching, first)));
    }
    out.push('\n');
}

/// Kinds of mistakes with their details, each with its first example.
fn mistakes(out: &mut String, mistakes: &[Mistake], width: usize) {
    if mistakes.is_empty() {
        return;
    }
    let first = 18;
    heading(out, &format!("{}{}{}  for example", left("mistake", first), right("times", 8), right("share", 8)));
    let mut row = |title: &str, count: u64, share: f64, example: Option<&SpanPair>| {
        let cells =
            format!("{}{}{}  ", left(title, first), right(&words::count(count), 8), right(&words::percent(share), 8));
        let room = width.saturating_sub(MARGIN.len() + columns(&cells));
        line(out, &format!("{cells}{}", example.map(|pair| quote(pair, room)).unwrap_or_default()));
    };
    let kinds: Vec<&str> = mistakes.iter().map(|mistake| mistake.kind.as_str()).collect();
    let mut done = BTreeSet::new();
    for kind in kinds {
        if !done.insert(kind) {
            continue;
        }
        let mut of: Vec<&Mistake> = mistakes.iter().filter(|mistake| mistake.kind == kind).collect();
        of.sort_by_key(|mistake| std::cmp::Reverse(mistake.count));
        let (count, share) = of.iter().fold((0, 0.0), |sum, m| (sum.0 + m.count, sum.1 + m.share));
        let title = kind.replace('-', " ");
        let [only] = of.as_slice() else {
            row(&title, count, share, None);
            for mistake in of {
                row(&format!("  {}", detail(mistake)), mistake.count, mistake.share, mistake.examples.first());
            }
            continue;
        };
        if only.edges.is_some() {
            row(&title, count, share, None);
            row(&format!("  {}", detail(only)), count, share, only.examples.first());
        } else {
            row(&title, count, share, only.examples.first());
        }
    }
    out.push('\n');
}

fn detail(mistake: &Mistake) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{} {}", part(&mistake.edges), part(&mistake.extent))
}

/// A pair of spans in so many columns: `LOC 'New York City' → 'New York'`.
fn quote(pair: &SpanPair, room: usize) -> String {
    // Spans without a text have none.
    let text = |span: &QuotedSpan, most: usize| match words::printable(&span.text) {
        text if text.is_empty() => String::new(),
        text => format!("'{}'", words::shorten(&text, most)),
    };
    let one = |span: &QuotedSpan| {
        let label = name(&span.label, 16);
        let most = room.saturating_sub(columns(&label) + 3).max(8);
        format!("{label} {}", text(span, most))
    };
    match (&pair.gold, &pair.predicted) {
        (Some(gold), Some(predicted)) => {
            let (a, b) = (name(&gold.label, 16), name(&predicted.label, 16));
            let join = " → ";
            if gold.text == predicted.text {
                let most = room.saturating_sub(columns(&a) + columns(join) + columns(&b) + 3).max(8);
                return format!("{a} {}{join}{b}", text(gold, most));
            }
            let other = if a == b { String::new() } else { format!("{b} ") };
            let fixed = columns(&a) + 1 + columns(join) + columns(&other) + 4;
            let rest = room.saturating_sub(fixed).max(12);
            // What is short leaves its room to the other.
            let (x, y) = (columns(&gold.text), columns(&predicted.text));
            let half = rest / 2;
            let (x, y) = if x <= half {
                (x.max(1), rest - x)
            } else if y <= half {
                (rest - y, y.max(1))
            } else {
                (half, rest - half)
            };
            format!("{a} {}{join}{other}{}", text(gold, x), text(predicted, y))
        }
        (Some(span), None) | (None, Some(span)) => one(span),
        (None, None) => String::new(),
    }
}

/// Types by types, by pairs of overlapping spans.
fn types(out: &mut String, figures: &SpanFigures, width: usize) {
    let of = |gold: Option<&str>, predicted: Option<&str>| {
        let cell = figures.types.iter().find(|c| c.gold.as_deref() == gold && c.predicted.as_deref() == predicted);
        cell.map_or(0, |cell| cell.count)
    };
    let labels: BTreeSet<&str> =
        figures.types.iter().flat_map(|cell| [cell.gold.as_deref(), cell.predicted.as_deref()]).flatten().collect();
    if labels.is_empty() {
        return;
    }
    let keys: Vec<Option<&str>> = labels.iter().map(|label| Some(*label)).chain([None]).collect();
    let named = |none: &'static str| keys.iter().map(|key| key.unwrap_or(none)).collect::<Vec<&str>>();
    let cells = |row: usize, column: usize| match (keys[row], keys[column]) {
        (None, None) => String::new(),
        (gold, predicted) => words::count(of(gold, predicted)),
    };
    if matrix(out, "gold / pred.", &named("(spurious)"), &named("(missed)"), &cells, width) {
        return;
    }
    let mut pairs: Vec<_> = figures
        .types
        .iter()
        .filter(|cell| cell.gold.is_some() && cell.predicted.is_some() && cell.gold != cell.predicted)
        .collect();
    pairs.sort_by_key(|cell| std::cmp::Reverse(cell.count));
    let label = |label: &Option<String>| name(label.as_deref().unwrap_or_default(), LABEL_WIDTH);
    let rows: Vec<[String; 3]> = (pairs.iter().take(PAIRS))
        .map(|cell| [label(&cell.gold), label(&cell.predicted), words::counted(cell.count, "span")])
        .collect();
    list(out, ["gold", "taken for", "times"], &rows, pairs.len());
}

/// The name of a part, short enough for its column.
fn part(row: &MentionRow) -> &str {
    if row.part == "seen-other-type" { "other type" } else { &row.part }
}

fn mentions(out: &mut String, title: &str, rows: &[MentionRow], width: usize) {
    if rows.is_empty() {
        return;
    }
    let narrow = MARGIN.len() + PART + 2 * FIGURE + 26 > width;
    let wide = if narrow { NARROW } else { FIGURE };
    let gold = [left(title, PART), right("gold", 7), "  ".into(), left("recall", wide)].concat();
    heading(out, &[gold, right("predicted", 9), "  ".into(), left("precision", wide), "F1".into()].concat());
    for row in rows {
        let gold = format!("{}  {}", right(&words::count(row.gold), 7), cell(Some(&row.recall), narrow));
        let predicted = format!("{}  {}", right(&words::count(row.predicted), 9), cell(Some(&row.precision), narrow));
        line(out, &format!("{}{gold}{predicted}{}", left(part(row), PART), words::number(row.f1, 3)));
    }
    out.push('\n');
}

//! Which label is taken for which: a matrix where there is room, else the pairs that occur most.

use trueup::core::document::{Evaluated, SetConfusion};
use trueup::core::words;

use super::super::layout::{LABEL_WIDTH, MARGIN, columns, dim, left, paint, right};
use super::{heading, line};

/// Pairs shown where there is no room for a matrix.
const PAIRS: usize = 10;
/// Labels of sets shown.
const SETS: usize = 40;
/// Widest name of a row of a matrix, and of a column: the widest of these that fits.
const ROW: usize = 16;
const COLUMN: [usize; 3] = [16, 10, 7];

/// Prints the confusion of labels. That of spans is with the other figures of spans.
pub fn report(out: &mut String, document: &Evaluated, width: usize) {
    if let Some(sets) = &document.set_confusion {
        return of_sets(out, sets);
    }
    let Some(confusion) = &document.confusion else { return };
    if document.spans.is_some() && document.confusion_shares.is_none() {
        return;
    }
    let used = |at: usize| {
        let row: u64 = confusion.counts[at].iter().sum();
        row + confusion.counts.iter().map(|row| row[at]).sum::<u64>() > 0
    };
    let occurring: Vec<usize> = (0..confusion.labels.len()).filter(|&at| used(at)).collect();
    let weighted = document.weights.as_ref().and_then(|weights| weights.confusion.as_ref());
    let cell = |gold: usize, predicted: usize| match (&document.confusion_shares, weighted) {
        (Some(shares), _) => words::number(shares.shares[gold][predicted], 3),
        (None, Some(weighted)) => format!("{:.1}", weighted[gold][predicted]),
        (None, None) => words::count(confusion.counts[gold][predicted]),
    };
    let names: Vec<&str> = occurring.iter().map(|&at| confusion.labels[at].as_str()).collect();
    let of = match document.confusion_shares.as_ref().map(|shares| shares.of.as_str()) {
        Some("true") => "share of gold",
        Some("pred") => "share of pred.",
        Some(_) => "share of all",
        None => "gold / pred.",
    };
    let cells = |row: usize, column: usize| cell(occurring[row], occurring[column]);
    if matrix(out, of, &names, &names, &cells, width) {
        return;
    }
    let mut pairs: Vec<(usize, usize, u64)> = Vec::new();
    for &gold in &occurring {
        let row = &confusion.counts[gold];
        pairs.extend(occurring.iter().filter(|&&p| p != gold && row[p] > 0).map(|&p| (gold, p, row[p])));
    }
    pairs.sort_by_key(|&(gold, predicted, count)| (std::cmp::Reverse(count), gold, predicted));
    let rows: Vec<[String; 3]> = pairs
        .iter()
        .take(PAIRS)
        .map(|&(gold, predicted, count)| {
            let of: u64 = confusion.counts[gold].iter().sum();
            let share = format!("{} of {}", words::count(count), words::count(of));
            [name(&confusion.labels[gold], LABEL_WIDTH), name(&confusion.labels[predicted], LABEL_WIDTH), share]
        })
        .collect();
    list(out, ["gold", "taken for", "times"], &rows, pairs.len());
}

/// Prints a matrix, if it fits into the width.
pub fn matrix(
    out: &mut String,
    corner: &str,
    rows: &[&str],
    titles: &[&str],
    cell: &dyn Fn(usize, usize) -> String,
    width: usize,
) -> bool {
    if rows.is_empty() || rows.len() > 30 {
        return false;
    }
    let rows: Vec<String> = rows.iter().map(|label| name(label, ROW)).collect();
    let first = rows.iter().map(|name| columns(name)).chain([columns(corner)]).max().unwrap_or(0);
    let cells: Vec<Vec<String>> =
        (0..rows.len()).map(|row| (0..titles.len()).map(|column| cell(row, column)).collect()).collect();
    let titled = COLUMN.into_iter().find_map(|most| {
        let titles: Vec<String> = titles.iter().map(|label| name(label, most)).collect();
        let widest = |at: usize| cells.iter().map(|row| columns(&row[at])).chain([columns(&titles[at])]).max();
        let widths: Vec<usize> = (0..titles.len()).map(|at| widest(at).unwrap_or(0) + 2).collect();
        (MARGIN.len() + first + widths.iter().sum::<usize>() <= width).then_some((titles, widths))
    });
    let Some((titles, widths)) = titled else { return false };
    let titles: String = titles.iter().zip(&widths).map(|(name, width)| right(name, *width)).collect();
    heading(out, &format!("{}{titles}", left(corner, first)));
    for (name, cells) in rows.iter().zip(&cells) {
        let cells: String = cells.iter().zip(&widths).map(|(cell, width)| right(cell, *width)).collect();
        line(out, &format!("{}{cells}", left(name, first)));
    }
    out.push('\n');
    true
}

/// Prints rows under a heading, and how many more there are.
pub fn list(out: &mut String, titles: [&str; 3], rows: &[[String; 3]], all: usize) {
    if rows.is_empty() {
        return;
    }
    let width = |at: usize| rows.iter().map(|row| columns(&row[at])).chain([columns(titles[at])]).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let of = |row: [&str; 3]| format!("{}  {}  {}", left(row[0], first), left(row[1], second), row[2]);
    heading(out, &of(titles));
    rows.iter().for_each(|row| line(out, &of([&row[0], &row[1], &row[2]])));
    if all > rows.len() {
        line(out, &paint(&format!("{} more pairs in --json", words::count((all - rows.len()) as u64)), dim()));
    }
    out.push('\n');
}

fn of_sets(out: &mut String, sets: &SetConfusion) {
    let rows: Vec<_> = sets.labels.iter().filter(|row| row.tp + row.fp + row.fn_ > 0).collect();
    let first = rows.iter().map(|row| columns(&name(&row.label, LABEL_WIDTH))).max().unwrap_or(0).max(12);
    let titles = ["right", "missed", "spurious", "neither"].map(|name| right(name, 10)).concat();
    heading(out, &format!("{}{titles}", " ".repeat(first)));
    for row in rows.iter().take(SETS) {
        let cells = [row.tp, row.fn_, row.fp, row.tn].map(|count| right(&words::count(count), 10)).concat();
        line(out, &format!("{}{cells}", left(&name(&row.label, LABEL_WIDTH), first)));
    }
    if rows.len() > SETS {
        line(out, &paint(&format!("{} more labels in --json", rows.len() - SETS), dim()));
    }
    out.push('\n');
    let (labels, counts) = (&sets.together.labels, &sets.together.counts);
    let none = labels.len().saturating_sub(1);
    let mut pairs: Vec<(usize, usize, u64)> = (0..none)
        .flat_map(|missed| (0..none).map(move |spurious| (missed, spurious)))
        .filter(|(missed, spurious)| missed != spurious && counts[*missed][*spurious] > 0)
        .map(|(missed, spurious)| (missed, spurious, counts[missed][spurious]))
        .collect();
    pairs.sort_by_key(|&(missed, spurious, count)| (std::cmp::Reverse(count), missed, spurious));
    let rows: Vec<[String; 3]> = pairs
        .iter()
        .take(PAIRS)
        .map(|&(missed, spurious, count)| {
            [name(&labels[missed], LABEL_WIDTH), name(&labels[spurious], LABEL_WIDTH), words::counted(count, "example")]
        })
        .collect();
    list(out, ["missed", "with spurious", "in"], &rows, pairs.len());
}

/// A label's name, cut where it is long.
pub fn name(label: &str, most: usize) -> String {
    words::shorten(&words::printable(label), most)
}

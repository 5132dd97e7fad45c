//! What came of a split, in the terminal.

use std::fmt::Write;

use trueup::core::words;
use trueup::split::{LabelSpread, SplitReport};

use super::layout::{LABEL_WIDTH, MARGIN, NAMES, SHORT_LIST, columns, dim, hang, left, paint, right};

/// Labels and parts shown; the rest is summed up.
const MOST_ROWS: usize = 20;
/// Parts that have a column of their own in the table of labels.
const MOST_COLUMNS: usize = 5;

/// What came of a split, for a terminal of `width` columns.
pub fn split(report: &SplitReport, width: usize) -> String {
    let mut out = String::new();
    let command = format!("trueup split {}", words::printable(&report.file));
    let how = match report.by.as_str() {
        by @ ("time" | "column") => format!("by {by}"),
        by => format!("{}{by}, seed {}", if by == "stratified" { "" } else { "by " }, report.seed),
    };
    let gap = width.saturating_sub(columns(&command) + columns(&how)).max(2);
    let _ = writeln!(out, "{command}{}{}\n", " ".repeat(gap), paint(&how, dim()));
    parts(&mut out, report);
    labels(&mut out, report);
    let mut row = |name: &str, text: String| {
        out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), &text, width);
    };
    if let Some(kept) = together(report) {
        row("together", kept);
    }
    if let Some(apart) = &report.largest_difference {
        let label = words::shorten(&words::printable(&apart.label), LABEL_WIDTH);
        let part = if report.folds { format!("fold {}", apart.part) } else { apart.part.clone() };
        let (share, of_all) = (apart.share * 100.0, apart.of_all * 100.0);
        row("spread", format!("differs most for {label}: {share:.2} % of {part}, {of_all:.2} % of all"));
    }
    for (i, (part, names)) in report.missing.iter().enumerate() {
        let names: Vec<String> = names.iter().map(|name| words::printable(name)).collect();
        let part = if report.folds { format!("fold {part}") } else { part.clone() };
        row(if i == 0 { "missing" } else { "" }, format!("{part} lacks {}", words::list(&names, SHORT_LIST)));
    }
    if !report.left_out.is_empty() {
        let of = |(name, n): (&String, &u64)| match name.as_str() {
            "" => format!("{} without a split", words::counted(*n, "example")),
            name => format!("'{}' ({})", words::shorten(&words::printable(name), LABEL_WIDTH), words::count(*n)),
        };
        let names: Vec<String> = report.left_out.iter().map(of).collect();
        row("in no part", words::list(&names, SHORT_LIST));
    }
    if let Some(first) = report.skipped.first() {
        let n = words::counted(report.skipped.len() as u64, "record");
        row("left out", format!("{n} (first at line {}: {})", first.line, words::printable(&first.reason)));
    }
    for (i, (kind, lost)) in report.losses.iter().enumerate() {
        let text = format!("{kind}: {} ({})", words::count(lost.count), words::printable(&lost.first));
        row(if i == 0 { "lost" } else { "" }, text);
    }
    for (i, note) in report.notes.iter().enumerate() {
        row(if i == 0 { "notes" } else { "" }, words::printable(note));
    }
    let guesses: Vec<String> = report.guesses.iter().map(|guess| words::printable(&guess.what)).collect();
    if !guesses.is_empty() {
        row("read as", guesses.join("; "));
    }
    let list = words::printable(&report.assignment);
    row("by id", if report.folds { format!("{list}: id, fold") } else { format!("{list}: id, split") });
    if let Some(next) = next(report) {
        let _ = writeln!(out, "\n{MARGIN}{next}");
    }
    out
}

/// The parts with their sizes.
fn parts(out: &mut String, report: &SplitReport) {
    let shown = &report.parts[..report.parts.len().min(MOST_ROWS)];
    let name = |name: &str| if report.folds { format!("fold {name}") } else { name.to_owned() };
    let width = shown.iter().map(|part| columns(&words::count(part.examples))).max().unwrap_or(0);
    for part in shown {
        let file = part.file.as_deref().map_or_else(String::new, |file| format!("  {}", words::printable(file)));
        let _ = writeln!(
            out,
            "{MARGIN}{}{}  {:>5.1} %{file}",
            left(&name(&part.name), NAMES),
            right(&words::count(part.examples), width),
            part.share * 100.0,
        );
    }
    if report.parts.len() > shown.len() {
        let rest = &report.parts[shown.len()..];
        let sizes = rest.iter().map(|part| part.examples);
        let (low, high) = (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0));
        let (n, low, high) = (words::count(rest.len() as u64), words::count(low), words::count(high));
        let _ = writeln!(out, "{MARGIN}and {n} more, of {low} to {high} each");
    }
    out.push('\n');
}

/// How often each part has each label, the most frequent first.
fn labels(out: &mut String, report: &SplitReport) {
    if report.labels.is_empty() {
        return;
    }
    let mut rows: Vec<&LabelSpread> = report.labels.iter().collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then(a.label.cmp(&b.label)));
    let shown = &rows[..rows.len().min(MOST_ROWS)];
    let by_part = report.parts.len() <= MOST_COLUMNS;
    let names: Vec<String> =
        shown.iter().map(|row| words::shorten(&words::printable(&row.label), LABEL_WIDTH)).collect();
    let name_width = names.iter().map(|name| columns(name)).max().unwrap_or(0).max(NAMES - 2);
    let mut heads = vec!["all".to_owned()];
    if by_part {
        let head = |name: &String| if report.folds { format!("fold {name}") } else { name.clone() };
        heads.extend(report.parts.iter().map(|part| head(&part.name)));
    } else {
        heads.extend(["least".to_owned(), "most".to_owned()]);
    }
    let cells = |row: &LabelSpread| {
        let mut cells = vec![row.count];
        if by_part {
            cells.extend(&row.counts);
        } else {
            cells
                .extend([row.counts.iter().min().copied().unwrap_or(0), row.counts.iter().max().copied().unwrap_or(0)]);
        }
        cells.into_iter().map(words::count).collect::<Vec<_>>()
    };
    let table: Vec<Vec<String>> = shown.iter().map(|row| cells(row)).collect();
    let width = |column: usize| {
        table.iter().map(|cells| columns(&cells[column])).chain([columns(&heads[column])]).max().unwrap_or(0)
    };
    let line = |cells: &[String]| {
        let cell = |(column, cell): (usize, &String)| format!("  {}", right(cell, width(column)));
        cells.iter().enumerate().map(cell).collect::<String>()
    };
    let head = format!("{MARGIN}{}{}", left("", name_width), line(&heads));
    let _ = writeln!(out, "{}", paint(&head, dim()));
    for (name, cells) in names.iter().zip(&table) {
        let _ = writeln!(out, "{MARGIN}{}{}", left(name, name_width), line(cells));
    }
    if rows.len() > shown.len() {
        let rest = &rows[shown.len()..];
        let (n, low) = (words::count(rest.len() as u64), rest.last().map_or(0, |row| row.count));
        let _ = writeln!(out, "{MARGIN}and {n} more, of {} to {} each", words::count(low), words::count(rest[0].count));
    }
    out.push('\n');
}

/// What was kept in one part.
fn together(report: &SplitReport) -> Option<String> {
    let Some(kept) = &report.kept else {
        let apart = matches!(report.by.as_str(), "hash" | "id" | "time");
        return apart.then(|| match report.by.as_str() {
            "hash" => "equal texts; near-duplicates may stand in two parts".to_owned(),
            "id" => "nothing but equal ids; near-duplicates may stand in two parts".to_owned(),
            _ => "what has one time; near-duplicates may stand in two parts".to_owned(),
        });
    };
    let mut said = Vec::new();
    if kept.twin_clusters > 0 {
        let clusters = words::counted(kept.twin_clusters, "cluster");
        said.push(format!("{clusters} of near-duplicates ({})", words::counted(kept.twins, "example")));
    }
    if kept.groups > 0 {
        said.push(format!("{} ({})", words::counted(kept.groups, "group"), words::counted(kept.grouped, "example")));
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// What to do with the parts.
fn next(report: &SplitReport) -> Option<String> {
    let file = |name: &str| {
        let part = report.parts.iter().find(|part| part.name == name)?;
        part.file.as_deref().map(words::printable)
    };
    let (train, test) = (file("train")?, file("test")?);
    if report.labels.is_empty() {
        return Some(format!("Nothing is labelled yet. What a part holds: trueup stats {train}"));
    }
    let valid = file("valid").map_or_else(String::new, |valid| format!(" --valid {valid}"));
    Some(format!("Review a model on it: trueup review {train} --test {test}{valid}"))
}

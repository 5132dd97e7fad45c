//! How far annotators agree, in the terminal.

use std::fmt::Write;

use trueup::agreement::{AgreementReport, AnnotatorRow, ItemRow, Method, Vote};
use trueup::core::{Estimate, words};

use super::layout::{LABEL_WIDTH, MARGIN, NAMES, columns, dim, hang, left, paint, right, track};

/// Rows shown of a table; the rest is counted. `--json` has them all.
const MOST_ROWS: usize = 8;
/// Pairs and items shown.
const MOST_LISTED: usize = 5;
/// Width of the track of an interval.
const TRACK: usize = 12;
/// Longest name of an annotator shown.
const NAME_WIDTH: usize = 24;

/// The report for a terminal of `width` columns.
///
/// `typed` is the command as it can be typed again.
pub fn agreement(report: &AgreementReport, typed: &str, width: usize) -> String {
    let mut out = String::new();
    let command = format!("trueup agreement {}", words::printable(&report.file));
    let format = &report.format;
    let gap = width.saturating_sub(columns(&command) + columns(format)).max(2);
    let _ = writeln!(out, "{command}{}{}\n", " ".repeat(gap), paint(format, dim()));
    out += &hang(MARGIN, &size(report), width);
    out.push('\n');
    figures(&mut out, report, width);
    out += &hang(MARGIN, &report.reading.words, width);
    consensus(&mut out, report, width);
    by_label(&mut out, report);
    by_annotator(&mut out, report);
    pairs(&mut out, report);
    disputed(&mut out, report, width);
    out.push('\n');
    remarks(&mut out, report, width);
    next(&mut out, report, typed, width);
    out
}

fn size(report: &AgreementReport) -> String {
    let kind = match report.level.as_str() {
        "spans" => words::counted(report.labels, "type"),
        "interval" => format!("{} as numbers", words::counted(report.labels, "rating")),
        "ordinal" => words::counted(report.labels, "rank"),
        _ => words::counted(report.labels, "label"),
    };
    let alone = if report.compared == report.items {
        "each item answered by two people or more".to_owned()
    } else {
        format!("{} answered by two people or more", words::count(report.compared))
    };
    let unanswered = match report.examples - report.items {
        0 => String::new(),
        n => format!("; {} without an accepted answer", words::counted(n, "example")),
    };
    format!(
        "{} by {} to {}, {kind}; {alone}{unanswered}",
        words::counted(report.answers, "answer"),
        words::counted(report.annotators, "annotator"),
        words::counted(report.items, "item"),
    )
}

fn figures(out: &mut String, report: &AgreementReport, width: usize) {
    let name_width = report.coefficients.iter().map(|f| columns(&f.title)).max().unwrap_or(0);
    let values: Vec<String> = report.coefficients.iter().map(|f| words::figure_with_interval(&f.estimate)).collect();
    let value_width = values.iter().map(|v| columns(v)).max().unwrap_or(0);
    let lowest = report.coefficients.iter().filter_map(|f| f.estimate.low.or(f.estimate.value)).fold(0.0, f64::min);
    let from = if lowest < 0.0 { -1.0 } else { 0.0 };
    // All have a track, or none.
    let room = |about: &str| width >= columns(MARGIN) + name_width + value_width + TRACK + 6 + columns(about);
    let tracks = report.coefficients.iter().any(|f| f.estimate.value.is_some())
        && report.coefficients.iter().all(|f| room(f.undefined.as_deref().unwrap_or(&f.about)));
    for (figure, value) in report.coefficients.iter().zip(values) {
        let e = &figure.estimate;
        let drawn = match e.value {
            Some(v) => track(e.low.unwrap_or(v), v, e.high.unwrap_or(v), (from, 1.0), TRACK),
            None => " ".repeat(TRACK),
        };
        let about = figure.undefined.as_deref().unwrap_or(&figure.about);
        let head = format!("{MARGIN}{}  {}  ", left(&figure.title, name_width), left(&value, value_width));
        let track = if tracks { format!("{}  ", paint(&drawn, dim())) } else { String::new() };
        *out += &hang(&format!("{head}{track}"), about, width.max(columns(&head) + 30));
    }
    out.push('\n');
}

fn title(out: &mut String, name: &str, about: &str) {
    let about = if about.is_empty() { String::new() } else { paint(&format!("  {about}"), dim()) };
    let _ = writeln!(out, "\n{MARGIN}{name}{about}");
}

/// A method's name for people.
fn method(name: &str) -> &str {
    let all = [Method::Majority, Method::DawidSkene, Method::OneCoin, Method::Mace, Method::Median];
    all.into_iter().find(|m| m.name() == name).map_or(name, |m| m.title())
}

fn measured(measure: &str, estimate: &Estimate) -> String {
    let figure = words::figure_with_interval(estimate);
    match measure {
        "accuracy" => format!("right in {figure} of {}", words::count(estimate.n)),
        "f1" => format!("F1 {figure} over {}", words::counted(estimate.n, "item")),
        _ => format!("correlation {figure}"),
    }
}

fn consensus(out: &mut String, report: &AgreementReport, width: usize) {
    let c = &report.consensus;
    let ties = match c.ties {
        0 => String::new(),
        n => format!(", {} left open as {}", words::counted(n, "item"), words::agree(n, "a tie", "ties")),
    };
    let steps = match (c.iterations, c.converged) {
        (Some(n), false) => format!(", still moving after {}", words::counted(u64::from(n), "step")),
        _ => String::new(),
    };
    let mut text =
        format!("{}, {}: {} decided{ties}{steps}.", method(&c.method), c.why, words::counted(c.decided, "item"));
    if let Some(gold) = &c.gold {
        text += &format!(" Against the gold of the file: {}", measured(&c.measure, gold));
        if let Some(plain) = &c.majority {
            let name = if c.measure == "correlation" { "the median" } else { "a plain majority" };
            text += &format!("; {name}: {}", measured(&c.measure, plain));
        }
        text.push('.');
    }
    title(out, "Consensus", "");
    *out += &hang(&format!("{MARGIN}{MARGIN}"), &text, width);
}

fn shortened(name: &str, most: usize) -> String {
    words::shorten(&words::printable(name), most)
}

/// Rows of cells in columns: the first to the left, the others to the right.
fn table(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    let width = |at: usize| rows.iter().map(|row| columns(&row[at])).chain([columns(head[at])]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut line = |cells: &[String], style: bool| {
        let cells: Vec<String> = cells
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| if at == 0 { left(cell, *width) } else { right(cell, *width) })
            .collect();
        let text = cells.join("  ");
        let text = if style { paint(text.trim_end(), dim()) } else { text.trim_end().to_owned() };
        let _ = writeln!(out, "{MARGIN}{MARGIN}{text}");
    };
    line(&head.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>(), true);
    rows.iter().for_each(|row| line(row, false));
}

fn more(out: &mut String, shown: usize, all: usize, what: &str) {
    if all > shown {
        let rest = words::count((all - shown) as u64);
        let _ = writeln!(out, "{MARGIN}{MARGIN}{}", paint(&format!("and {rest} {what}"), dim()));
    }
}

fn by_label(out: &mut String, report: &AgreementReport) {
    if report.by_label.len() < 2 && report.level != "spans" || report.by_label.is_empty() {
        return;
    }
    let spans = report.level == "spans";
    let about = if spans { "F1 of all pairs together, least first" } else { "least agreement first" };
    title(out, if spans { "Types" } else { "Labels" }, about);
    let shown = &report.by_label[..report.by_label.len().min(MOST_ROWS)];
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|row| {
            let mut cells = vec![
                shortened(&row.label, LABEL_WIDTH),
                words::count(row.answers),
                words::figure_with_interval(&row.agreement),
            ];
            cells.extend(row.alpha.as_ref().map(words::figure));
            cells
        })
        .collect();
    let head: &[&str] = if spans { &["", "given", "F1"] } else { &["", "given", "others say so too", "alpha"] };
    table(out, head, &rows);
    more(out, shown.len(), report.by_label.len(), "more");
}

fn by_annotator(out: &mut String, report: &AgreementReport) {
    let all = &report.by_annotator;
    let Some(first) = all.first() else { return };
    let about = match first.measure.as_str() {
        "accuracy" => "share right by the consensus, worst first",
        "f1" => "F1 against the consensus, worst first",
        _ => "correlation with the mean of the others, worst first",
    };
    title(out, "Annotators", about);
    let (with_others, spamming, gold) = (
        all.iter().any(|row| row.with_others.is_some()),
        all.iter().any(|row| row.spamming.is_some()),
        all.iter().any(|row| row.gold.is_some()),
    );
    let mut head = vec!["", "answers", if first.measure == "f1" { "F1" } else { "quality" }];
    head.extend(with_others.then_some("with others"));
    head.extend(spamming.then_some("spamming"));
    head.extend(gold.then_some("by gold"));
    let number = |value: Option<f64>| words::number(value, 2);
    let row = |row: &AnnotatorRow| {
        let mut cells = vec![
            shortened(&row.name, NAME_WIDTH),
            words::count(row.answers),
            words::figure_with_interval(&row.quality),
        ];
        cells.extend(with_others.then(|| number(row.with_others)));
        cells.extend(spamming.then(|| number(row.spamming)));
        cells.extend(gold.then(|| number(row.gold.as_ref().and_then(|g| g.value))));
        cells
    };
    let few = all.len() <= MOST_ROWS + 3;
    let shown = if few { all.len() } else { MOST_ROWS };
    let mut rows: Vec<Vec<String>> = all[..shown].iter().map(row).collect();
    if !few {
        // The best too: whom to ask.
        let gap = format!("… {} more", words::count((all.len() - shown - 2) as u64));
        rows.push([vec![gap], vec![String::new(); head.len() - 1]].concat());
        rows.extend(all[all.len() - 2..].iter().map(row));
    }
    table(out, &head, &rows);
}

fn pairs(out: &mut String, report: &AgreementReport) {
    // Of two annotators the one pair has been told.
    if report.annotators < 3 || report.pairs.is_empty() {
        return;
    }
    let kappa = report.pairs[0].measure == "cohen_kappa";
    title(
        out,
        "Pairs that agree least",
        if kappa { "Cohen's kappa over the items that both answered" } else { "F1 over the items that both answered" },
    );
    let shown = &report.pairs[..report.pairs.len().min(MOST_LISTED)];
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|pair| {
            let names = format!("{} and {}", shortened(&pair.a, NAME_WIDTH), shortened(&pair.b, NAME_WIDTH));
            let mut cells = vec![names, words::count(pair.shared), words::figure_with_interval(&pair.estimate)];
            cells.extend(pair.equal.map(words::percent));
            cells
        })
        .collect();
    let head: &[&str] = if kappa { &["", "items", "kappa", "equal"] } else { &["", "items", "F1"] };
    table(out, head, &rows);
}

/// Answers with their numbers: `5 x entailment, 5 x not_entailment`.
fn votes(row: &ItemRow, most: usize) -> String {
    let one = |vote: &Vote| format!("{} × {}", vote.count, shortened(&vote.answer, LABEL_WIDTH));
    let mut shown: Vec<String> = row.votes.iter().take(most).map(one).collect();
    if row.votes.len() > most {
        shown.push(format!("{} more", words::count((row.votes.len() - most) as u64)));
    }
    shown.join(", ")
}

fn disputed(out: &mut String, report: &AgreementReport, width: usize) {
    if report.disputed.is_empty() {
        return;
    }
    title(out, "Most disputed items", "");
    for item in report.disputed.iter().take(MOST_LISTED) {
        let mut text = votes(item, 4);
        if let Some(answer) = &item.consensus {
            let sure = item.confidence.map(|c| format!(" ({})", words::number(Some(c), 2))).unwrap_or_default();
            text += &format!(" → {}{sure}", shortened(answer, LABEL_WIDTH));
        }
        let id = left(&shortened(&item.id, NAMES + 8), NAMES);
        *out += &hang(&format!("{MARGIN}{MARGIN}{id}  "), &text, width);
        if let Some(said) = item.text.as_deref().filter(|text| !text.trim().is_empty()) {
            let indent = MARGIN.len() * 2 + columns(&id) + 2;
            let said = shortened(said.trim(), width.saturating_sub(indent));
            let _ = writeln!(out, "{}{}", " ".repeat(indent), paint(&said, dim()));
        }
    }
}

fn remarks(out: &mut String, report: &AgreementReport, width: usize) {
    let mut row = |name: &str, text: &str| {
        *out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), text, width);
    };
    if let Some(first) = report.skipped.first() {
        let n = words::counted(report.skipped.len() as u64, "record");
        row("left out", &format!("{n} (first at line {}: {})", first.line, words::printable(&first.reason)));
    }
    for (i, note) in report.notes.iter().enumerate() {
        row(if i == 0 { "notes" } else { "" }, &words::printable(note));
    }
    for (i, lost) in report.consensus.lost.iter().enumerate() {
        row(if i == 0 { "lost" } else { "" }, &words::printable(lost));
    }
    let guesses: Vec<String> = report.guesses.iter().map(|guess| words::printable(&guess.what)).collect();
    if !guesses.is_empty() {
        row("read as", &guesses.join("; "));
    }
    out.push('\n');
}

/// What to do next.
fn next(out: &mut String, report: &AgreementReport, typed: &str, width: usize) {
    let mut say = |text: &str| *out += &hang(MARGIN, text, width);
    if let Some(written) = &report.consensus.written {
        let written = words::printable(written);
        say(&format!("Written: {written}, the data with the consensus as gold. Review a model on it:"));
        *out += &format!("{MARGIN}{MARGIN}trueup review {written}\n");
        return;
    }
    if report.compared == 0 {
        say("Let two people or more answer some of the same items, then run this again.");
        return;
    }
    if report.reading.band == "low" && !report.disputed.is_empty() {
        say("Read the disputed items first: where they show a rule that is missing, write it down and ask again.");
    }
    say("Write the data with the consensus as gold:");
    *out += &format!("{MARGIN}{MARGIN}{} -o consensus.jsonl\n", words::printable(typed));
}

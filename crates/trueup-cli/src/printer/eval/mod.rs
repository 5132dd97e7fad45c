//! Figures in the terminal: a report a label, as scikit-learn's reads, with an interval beside every number.

mod calibration;
mod confusion;
mod spans;

use std::fmt::Write;

use trueup::core::Task;
use trueup::core::document::{Estimate, Evaluated, GroupFigures, LabelRow, Plan};
use trueup::core::measure::catalogue;
use trueup::core::words;

use super::layout::{LABEL_WIDTH, MARGIN, NAMES, columns, dim, hang, left, paint, right};

/// Labels that are all shown; of more the worst.
const MOST_LABELS: usize = 100;
/// How many of the worst are shown then.
const WORST: usize = 20;
/// Groups shown.
const MOST_GROUPS: usize = 60;
/// Width of a figure with its interval, and of one in a narrow table.
const FIGURE: usize = 22;
const NARROW: usize = 19;

/// The figures for a terminal of `width` columns.
pub fn evaluated(document: &Evaluated, width: usize) -> String {
    let mut out = String::new();
    head(&mut out, document, width);
    labels(&mut out, document, width);
    metrics(&mut out, document);
    if let Some(figures) = &document.spans {
        spans::report(&mut out, figures, width);
    }
    confusion::report(&mut out, document, width);
    let of_spans = document.spans.as_ref().and_then(|figures| figures.calibration.as_ref());
    if let Some(figures) = document.calibration.as_ref().or(of_spans) {
        calibration::report(&mut out, figures, document.weights.is_some(), width);
    }
    groups(&mut out, document, width);
    compat(&mut out, document, width);
    foot(&mut out, document, width);
    out
}

fn head(out: &mut String, document: &Evaluated, width: usize) {
    let test = &document.data.test;
    let command = format!("trueup eval {}", words::printable(&test.file));
    let kind = match document.task {
        Task::Classification => "one label an example".to_owned(),
        Task::Multilabel => "sets of labels".to_owned(),
        Task::Ner => format!("entities, {}", document.spans.as_ref().map_or("strict", |spans| spans.matching.as_str())),
    };
    let gap = width.saturating_sub(columns(&command) + columns(&kind)).max(2);
    let _ = writeln!(out, "{command}{}{}\n", " ".repeat(gap), paint(&kind, dim()));
    let mut parts = vec![words::counted(test.examples, "example")];
    if let Some(spans) = test.spans {
        parts.push(words::counted(spans, "gold span"));
    }
    let occur = document.labels.iter().filter(|row| row.support + row.predicted > 0).count() as u64;
    parts.push(words::counted(occur, if document.task == Task::Ner { "type" } else { "label" }));
    let _ = writeln!(out, "{MARGIN}{}\n", parts.join(", "));
}

fn labels(out: &mut String, document: &Evaluated, width: usize) {
    let mut rows: Vec<&LabelRow> = document.labels.iter().filter(|row| row.support + row.predicted > 0).collect();
    if rows.is_empty() {
        return;
    }
    let all = rows.len();
    if all > MOST_LABELS {
        rows.sort_by(|a, b| a.f1.value.unwrap_or(0.0).total_cmp(&b.f1.value.unwrap_or(0.0)));
        rows.truncate(WORST);
    }
    let names: Vec<String> =
        rows.iter().map(|row| words::shorten(&words::printable(&row.label), LABEL_WIDTH)).collect();
    let name_width = names.iter().map(|name| columns(name)).max().unwrap_or(0).max(12);
    let narrow = MARGIN.len() + name_width + 2 + 3 * FIGURE + 9 > width;
    let (wide, support) = if narrow { (NARROW, 7) } else { (FIGURE, 9) };
    let titles = ["precision", "recall", "F1"].map(|name| left(name, wide)).concat();
    heading(out, &format!("{}  {titles}{}", " ".repeat(name_width), right("support", support)));
    for (row, name) in rows.iter().zip(&names) {
        let cells = [&row.precision, &row.recall, &row.f1].map(|estimate| cell(Some(estimate), narrow)).concat();
        line(out, &format!("{}  {cells}{}", left(name, name_width), right(&words::count(row.support), support)));
    }
    if all > rows.len() {
        let more = format!("worst first; {} more in --json", words::count((all - rows.len()) as u64));
        line(out, &paint(&more, dim()));
    }
    // The averages, as in scikit-learn's report.
    let gold: u64 = document.labels.iter().map(|row| row.support).sum();
    let average =
        |kind: &str| ["precision", "recall", "f1"].map(|name| document.metrics.get(&format!("{name}_{kind}")));
    let overall = ["precision", "recall", "f1"].map(|name| document.metrics.get(name));
    let averages = [
        ("all spans", if document.task == Task::Ner { overall } else { [None; 3] }),
        ("micro avg", if document.task == Task::Multilabel { average("micro") } else { [None; 3] }),
        ("macro avg", average("macro")),
        ("weighted avg", average("weighted")),
        ("samples avg", average("samples")),
    ];
    let mut first = true;
    for (name, figures) in averages.into_iter().filter(|(_, figures)| figures.iter().any(Option::is_some)) {
        if std::mem::take(&mut first) {
            out.push('\n');
        }
        let cells = figures.map(|estimate| cell(estimate, narrow)).concat();
        line(out, &format!("{}  {cells}{}", left(name, name_width), right(&words::count(gold), support)));
    }
    out.push('\n');
}

/// Metrics that stand in the report of labels already.
fn in_report(name: &str) -> bool {
    let average = name.strip_prefix("precision_").or(name.strip_prefix("recall_")).or(name.strip_prefix("f1_"));
    average.is_some_and(|kind| matches!(kind, "macro" | "weighted" | "samples"))
}

fn metrics(out: &mut String, document: &Evaluated) {
    let mut shown: Vec<(&String, &Estimate)> = document.metrics.iter().collect();
    if !document.labels.is_empty() {
        shown.retain(|(name, _)| !in_report(name));
    }
    shown.sort_by_key(|(name, _)| catalogue::order(name));
    let absent = shown.iter().filter(|(_, estimate)| estimate.value.is_none()).count();
    let title = |name: &str| catalogue::find(name).map_or_else(|| name.to_owned(), |metric| metric.title.to_owned());
    let present: Vec<_> = shown.iter().filter(|(_, estimate)| estimate.value.is_some()).collect();
    let name_width = present.iter().map(|(name, _)| columns(&title(name))).max().unwrap_or(0);
    for (name, estimate) in &present {
        let aside = if estimate.undefined.is_empty() {
            String::new()
        } else {
            format!("  undefined: {}", words::list(&printable(&estimate.undefined), 3))
        };
        line(
            out,
            &format!(
                "{}  {}{}{}",
                left(&title(name), name_width),
                left(&figure(estimate), FIGURE),
                paint(name, dim()),
                aside
            ),
        );
    }
    if absent > 0 {
        let names: Vec<&str> = shown.iter().filter(|(_, e)| e.value.is_none()).map(|(name, _)| name.as_str()).collect();
        line(out, &paint(&format!("without a value here: {}", names.join(", ")), dim()));
    }
    out.push('\n');
}

fn printable(names: &[String]) -> Vec<String> {
    names.iter().map(|name| words::printable(name)).collect()
}

fn groups(out: &mut String, document: &Evaluated, width: usize) {
    let Some(first) = document.groups.first() else { return };
    let keys: Vec<&String> = first.by.keys().collect();
    let value = |group: &GroupFigures, key: &str| {
        let value = group.by.get(key).cloned().flatten();
        words::shorten(&value.map_or_else(|| "(none)".to_owned(), |value| words::printable(&value)), LABEL_WIDTH)
    };
    let widths: Vec<usize> = keys
        .iter()
        .map(|key| {
            let values = document.groups.iter().map(|group| columns(&value(group, key)));
            values.chain([columns(key)]).max().unwrap_or(0) + 2
        })
        .collect();
    let figures: &[&str] = match document.task {
        Task::Classification => &["accuracy", "f1_macro"],
        Task::Multilabel => &["f1_micro", "f1_macro"],
        Task::Ner => &["f1", "f1_macro"],
    };
    let room = width.saturating_sub(MARGIN.len() + widths.iter().sum::<usize>() + 10) / FIGURE;
    let figures = &figures[..figures.len().min(room.max(1))];
    let names: String = keys.iter().zip(&widths).map(|(key, width)| left(&words::printable(key), *width)).collect();
    let titles: String =
        figures.iter().map(|name| left(catalogue::find(name).map_or(*name, |metric| metric.title), FIGURE)).collect();
    heading(out, &format!("{names}{}  {titles}", right("examples", 10)));
    for group in document.groups.iter().take(MOST_GROUPS) {
        let values: String = keys.iter().zip(&widths).map(|(key, width)| left(&value(group, key), *width)).collect();
        let cells: String = figures
            .iter()
            .map(|name| left(&group.metrics.get(*name).map(figure).unwrap_or_default(), FIGURE))
            .collect();
        line(out, &format!("{values}{}  {cells}", right(&words::count(group.examples), 10)));
    }
    if document.groups.len() > MOST_GROUPS {
        let more = format!("{} more groups in --json", words::count((document.groups.len() - MOST_GROUPS) as u64));
        line(out, &paint(&more, dim()));
    }
    out.push('\n');
}

/// The last words of figures of other tools that are counts.
const COUNTS: [&str; 6] = ["support", "correct", "incorrect", "partial", "missed", "spurious"];

/// The figures of another tool, and where they differ from the right ones.
fn compat(out: &mut String, document: &Evaluated, width: usize) {
    let Some(compat) = &document.compat else { return };
    *out += &hang(&format!("{MARGIN}{}", left("as", NAMES)), &format!("{}: {}", compat.tool, compat.how), width);
    let name_width = compat.figures.iter().map(|figure| columns(&figure.name)).max().unwrap_or(0);
    for figure in compat.figures.iter().take(MOST_GROUPS) {
        let differs = compat.differences.iter().find(|difference| difference.figure == figure.name);
        let name = left(&words::printable(&figure.name), name_width);
        let places = if COUNTS.contains(&figure.name.rsplit(' ').next().unwrap_or_default()) { 0 } else { 6 };
        let right = differs.map_or_else(String::new, |d| format!("   right: {}", words::number(d.ours, places)));
        line(out, &format!("{name}  {}{right}", words::number(figure.value, places)));
    }
    if compat.figures.len() > MOST_GROUPS {
        line(out, &paint(&format!("{} more figures in --json", compat.figures.len() - MOST_GROUPS), dim()));
    }
    let mut reasons: Vec<&str> = compat.differences.iter().map(|difference| difference.why.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for (i, reason) in reasons.iter().chain(compat.stops.as_deref().iter()).enumerate() {
        *out += &hang(&format!("{MARGIN}{}", left(if i == 0 { "differs" } else { "" }, NAMES)), reason, width);
    }
    out.push('\n');
}

fn foot(out: &mut String, document: &Evaluated, width: usize) {
    let test = &document.data.test;
    let say = |out: &mut String, name: &str, text: &str| {
        *out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), &words::printable(text), width);
    };
    if let Some(plan) = &document.plan {
        say(out, "plan", &planned(plan, document));
    }
    if let Some(weights) = &document.weights {
        let zero = if weights.zero > 0 {
            format!("; {} of weight 0 left out", words::counted(weights.zero, "example"))
        } else {
            String::new()
        };
        let worth = format!("the examples are worth {:.1} of equal weight (Kish)", weights.effective);
        say(out, "weights", &format!("column '{}', sum {}; {worth}{zero}", weights.column, trimmed(weights.sum, 3)));
    }
    if let Some(tags) = document.spans.as_ref().and_then(|spans| spans.invalid_tags.as_ref()) {
        let sides = [(Some(tags.gold), "gold tag"), (tags.predicted, "predicted tag")];
        let said: Vec<String> = (sides.into_iter())
            .filter_map(|(count, noun)| count.filter(|count| *count > 0).map(|count| words::counted(count, noun)))
            .collect();
        if !said.is_empty() {
            let text = format!("{} out of place under {}: in no span", said.join(" and "), tags.scheme);
            say(out, "invalid", &text);
        }
    }
    if let Some(first) = test.skipped.first() {
        let n = words::counted(test.skipped.len() as u64, "record");
        let text = format!("{n} left out, the first in line {}: {}", first.line, first.reason);
        *out += &hang(&format!("{MARGIN}{}", left("left out", NAMES)), &words::printable(&text), width);
    }
    let guesses: Vec<&str> = test.guesses.iter().map(|guess| guess.what.as_str()).collect();
    if !guesses.is_empty() {
        *out += &hang(&format!("{MARGIN}{}", left("read as", NAMES)), &words::printable(&guesses.join("; ")), width);
    }
    let groups = document.groups.iter().flat_map(|group| group.metrics.values());
    let rows = document.labels.iter().flat_map(|row| [&row.precision, &row.recall, &row.f1]);
    let wide = document.metrics.values().chain(groups).chain(rows).any(|estimate| estimate.wide);
    let few = if wide { "; ~ rests on a label of fewer than 20 gold" } else { "" };
    let text = format!("95 %, in brackets{few}; what each metric means: docs/metrics.md");
    *out += &hang(&format!("{MARGIN}{}", left("intervals", NAMES)), &text, width);
    if let Some(run) = &document.run {
        let memory = run.peak_memory_bytes as f64 / (1024.0 * 1024.0);
        let text = format!("{:.1} s, {:.1} CPU s, {memory:.0} MiB", run.seconds, run.cpu_seconds);
        line(out, &paint(&text, dim()));
    }
}

/// What as many examples can show.
fn planned(plan: &Plan, document: &Evaluated) -> String {
    let noun = if plan.examples == document.data.test.examples {
        if document.task == Task::Ner { "sentence" } else { "example" }
    } else {
        "group"
    };
    let title = catalogue::find(&plan.metric).map_or(plan.metric.as_str(), |metric| metric.title);
    let who = match plan.discordance {
        Some(share) => format!("two models that part on {} of the examples", words::percent(share)),
        None => "two models whose mistakes have nothing in common".to_owned(),
    };
    let n = words::counted(plan.examples, noun);
    let found = match plan.detectable {
        Some(least) => format!(
            "{n} tell {who} apart when {title} differs by {:.1} points or more ({} power)",
            100.0 * least,
            words::percent(plan.power)
        ),
        None => format!("{n} do not tell {who} apart with {} power", words::percent(plan.power)),
    };
    let needed = plan.needed.map_or_else(String::new, |needed| {
        let needed = words::counted(rounded(needed), noun);
        let half = 100.0 * plan.half_width;
        let noun = if half > 0.99 && half < 1.01 { "point" } else { "points" };
        format!("; for an interval of ±{} {noun}, about {needed}", trimmed(half, 2))
    });
    format!("{found}{needed}")
}

/// A number of at most so many decimals.
fn trimmed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Two significant digits and a half: more would be said than is known.
fn rounded(n: u64) -> u64 {
    let step = 10u64.pow((n.max(1).ilog10()).saturating_sub(2)) * 5;
    if n < 1_000 { n } else { n.div_ceil(step) * step }
}

/// A figure in a table of three, as wide as there is room for.
fn cell(estimate: Option<&Estimate>, narrow: bool) -> String {
    match estimate {
        None => " ".repeat(if narrow { NARROW } else { FIGURE }),
        Some(estimate) if narrow => left(&short(estimate), NARROW),
        Some(estimate) => left(&figure(estimate), FIGURE),
    }
}

/// `0.873 [.861 .884]`, or `n/a`.
fn short(estimate: &Estimate) -> String {
    let value = words::number(estimate.value, 3);
    let end = |end: f64| match format!("{end:.3}") {
        text if text.starts_with("0.") => text[1..].to_owned(),
        text => text[..4].to_owned(),
    };
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) if estimate.value.is_some() => {
            format!("{value} [{} {}]{}", end(low), end(high), if estimate.wide { "~" } else { "" })
        }
        _ => value,
    }
}

/// `0.873 [0.861, 0.884]`, or `n/a`.
fn figure(estimate: &Estimate) -> String {
    let value = words::number(estimate.value, 3);
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) if estimate.value.is_some() => {
            format!("{value} [{low:.3}, {high:.3}]{}", if estimate.wide { "~" } else { "" })
        }
        _ => value,
    }
}

/// The heading of a table.
fn heading(out: &mut String, text: &str) {
    line(out, &paint(text.trim_end(), dim()));
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}", format!("{MARGIN}{text}").trim_end());
}

//! The review in the terminal: first the answer, then the reasons, then what to do.

use std::fmt::Write;
use std::path::Path;

use trueup::core::document::{Estimate, LabelRow, Review, Severity};
use trueup::core::measure::catalogue;
use trueup::core::words;
use trueup::tell::{headline, tally, title};

use super::layout::{MARGIN, columns, dim, hang, left, of_severity, of_state, paint, right, track};

/// Longest label name shown; longer ones are cut in the middle.
const LABEL_WIDTH: usize = 24;
/// Labels are all shown up to this number, else the worst few.
const MOST_LABELS: usize = 12;
/// The length of a list that goes on elsewhere.
const SHORT_LIST: usize = 5;

/// The review for a terminal of `width` columns. With `outputs` false it ends with the command that writes the page.
pub fn review(review: &Review, width: usize, outputs: bool) -> String {
    let mut out = String::new();
    head(&mut out, review, width);
    verdict(&mut out, review, width);
    metrics(&mut out, review, width);
    findings(&mut out, review, width);
    labels(&mut out, review, width);
    slices(&mut out, review, width);
    next(&mut out, review, width);
    foot(&mut out, review, width, outputs);
    out
}

fn line(out: &mut String, text: &str) {
    // No line ends in spaces, so that the output can be compared and pasted.
    let _ = writeln!(out, "{}", text.trim_end());
}

/// Prints `text` behind `label`, which takes `indent` columns, wrapped with a hanging indent.
fn hanging(out: &mut String, label: &str, indent: usize, text: &str, width: usize) {
    let plain = anstream::adapter::strip_str(label).to_string();
    let label = format!("{label}{}", " ".repeat(indent.saturating_sub(columns(&plain))));
    *out += &hang(&label, text, width);
}

fn head(out: &mut String, review: &Review, width: usize) {
    let command = words::printable(&review.subject.command);
    let how = format!("{}, {}, seed {}", review.data.how, review.subject.model, review.subject.seed);
    let gap = width.saturating_sub(columns(&command) + columns(&how));
    if gap >= 2 {
        line(out, &format!("{command}{}{}", " ".repeat(gap), paint(&how, dim())));
    } else {
        line(out, &command);
        line(out, &paint(&format!("{MARGIN}{how}"), dim()));
    }
    // What was decided from the content is said, once where it is the same for several files.
    let splits = [review.data.train.as_ref(), review.data.valid.as_ref(), Some(&review.data.test)];
    let mut read: Vec<(String, String)> = Vec::new();
    for split in splits.into_iter().flatten() {
        let name = Path::new(&split.file).file_name().map_or(split.file.as_str(), |name| name.to_str().unwrap_or("?"));
        let name = format!("{name} ({})", words::counted(split.examples, &review.subject.noun));
        let guesses: Vec<&str> = split.guesses.iter().map(|guess| guess.what.as_str()).collect();
        match read.iter_mut().find(|(_, known)| *known == guesses.join("; ")) {
            Some((names, _)) => *names += &format!(", {name}"),
            None => read.push((name, guesses.join("; "))),
        }
    }
    for (names, guesses) in read {
        let text = if guesses.is_empty() { names } else { format!("{names}: {guesses}") };
        for read in hang(MARGIN, &words::printable(&text), width).lines() {
            line(out, &paint(read, dim()));
        }
    }
    line(out, "");
}

fn verdict(out: &mut String, review: &Review, width: usize) {
    let state = review.verdict.state;
    let label = format!("{MARGIN}{}", paint(state.name(), of_state(state)));
    let indent = MARGIN.len() + 12;
    let summary = format!("{}. {}", words::capital(&tally(review)), words::printable(&review.verdict.summary));
    hanging(out, &label, indent, &summary, width);
    line(out, "");
}

fn metrics(out: &mut String, review: &Review, width: usize) {
    let names = headline(review);
    let shares: Vec<&Estimate> =
        names.iter().filter(|name| is_share(name)).map(|name| &review.metrics[*name]).collect();
    let low = shares.iter().filter_map(|e| e.low).fold(f64::INFINITY, f64::min);
    let high = shares.iter().filter_map(|e| e.high).fold(f64::NEG_INFINITY, f64::max);
    let name_width = names.iter().map(|name| columns(title(name))).max().unwrap_or(0).max(8) + 2;
    let track_width = if width >= 100 { 28 } else { 18 };
    for name in names {
        let estimate = &review.metrics[name];
        let mut text = format!("{MARGIN}{}{}", left(title(name), name_width), right(&words::figure(estimate), 6));
        let places = words::decimals(estimate);
        let drawn = is_share(name) && estimate.low.is_some();
        if let (Some(a), Some(b), Some(value)) = (estimate.low, estimate.high, estimate.value) {
            if drawn {
                let line = track(a, value, b, (low, high), track_width);
                text +=
                    &format!("   {} {line} {}", right(&format!("{a:.places$}"), 5), left(&format!("{b:.places$}"), 6));
            } else {
                text += &format!("   {a:.places$} to {b:.places$}");
            }
        }
        match aside(review, name) {
            Some(aside) if columns(&text) + columns(&aside) + 2 <= width => line(out, &format!("{text}  {aside}")),
            Some(aside) => {
                line(out, &text);
                *out += &hang(&" ".repeat(MARGIN.len() + name_width), &aside, width);
            }
            None => line(out, &text),
        }
    }
    line(out, "");
}

/// Whether the metric is a share, so that its interval can be drawn on the scale of the others.
fn is_share(name: &str) -> bool {
    catalogue::find(name).is_some_and(|metric| metric.low >= 0.0 && metric.high <= 1.0)
}

/// What stands beside a metric: the score without leaks, what a trivial model would get, the target.
fn aside(review: &Review, name: &str) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(leakage) = review.leakage.as_ref().filter(|leakage| leakage.exact + leakage.near > 0)
        && let Some(clean) = leakage.clean_metrics.get(name).filter(|_| name == review.verdict.metric)
    {
        parts.push(format!("without leaks {}", words::figure_with_interval(clean)));
    }
    if let Some(baseline) = &review.verdict.baseline {
        let answer = words::shorten(&words::printable(&baseline.answer), LABEL_WIDTH);
        let value = if name == "accuracy" {
            baseline.accuracy
        } else {
            (name == review.verdict.metric).then_some(baseline.value)
        };
        if let Some(value) = value.filter(|_| answer != "nothing") {
            parts.push(format!("always '{answer}': {value:.2}"));
        }
    }
    if let Some(target) = review.verdict.target.filter(|_| name == review.verdict.metric) {
        parts.push(format!("target {target}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn findings(out: &mut String, review: &Review, width: usize) {
    for finding in &review.findings {
        let code = format!("{} {}", finding.code, left(finding.severity.name(), 7));
        let label = format!("{MARGIN}{}", paint(&code, of_severity(finding.severity)));
        hanging(out, &label, MARGIN.len() + 14, &words::printable(&finding.title), width);
    }
    if !review.findings.is_empty() {
        line(out, "");
    }
}

fn labels(out: &mut String, review: &Review, width: usize) {
    let mut rows: Vec<&LabelRow> = review.labels.iter().filter(|row| row.support + row.predicted > 0).collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by(|a, b| a.f1.value.unwrap_or(0.0).total_cmp(&b.f1.value.unwrap_or(0.0)));
    let shown = if rows.len() > MOST_LABELS { SHORT_LIST } else { rows.len() };
    let names: Vec<String> =
        rows[..shown].iter().map(|row| words::shorten(&words::printable(&row.label), LABEL_WIDTH)).collect();
    let name_width = names.iter().map(|name| columns(name)).max().unwrap_or(0).max(5) + 2;
    let wide = width >= 100;
    let train = if wide { right("train", 9) } else { String::new() };
    let heading = format!(
        "{}{train}{}   {}{}F1",
        left("label", name_width),
        right("support", 9),
        left("precision", 15),
        left("recall", 15)
    );
    line(out, &format!("{MARGIN}{}", paint(&heading, dim())));
    for (row, name) in rows[..shown].iter().zip(&names) {
        let train = match (wide, row.train_support) {
            (false, _) => String::new(),
            (true, n) => right(&n.map_or_else(|| "n/a".to_owned(), words::count), 9),
        };
        line(
            out,
            &format!(
                "{MARGIN}{}{train}{}   {}{}{}",
                left(name, name_width),
                right(&words::count(row.support), 9),
                left(&give_or_take(&row.precision), 15),
                left(&give_or_take(&row.recall), 15),
                give_or_take(&row.f1)
            ),
        );
    }
    if rows.len() > shown {
        let rest = (rows.len() - shown) as u64;
        let more = format!("worst first; {} more {}", words::count(rest), words::plural(rest, "label"));
        line(out, &format!("{MARGIN}{}", paint(&more, dim())));
    }
    line(out, "");
}

/// The slices that were asked for.
fn slices(out: &mut String, review: &Review, width: usize) {
    let rows: Vec<_> = review.slices.iter().filter(|slice| slice.given).collect();
    let Some(first) = rows.first() else { return };
    let numbers = 44;
    let room = width.saturating_sub(MARGIN.len() + numbers).max(LABEL_WIDTH);
    let names: Vec<String> = rows.iter().map(|row| words::shorten(&words::printable(&row.name), room)).collect();
    let name_width = names.iter().map(|name| columns(name)).max().unwrap_or(0).max(5) + 2;
    let heading = format!(
        "{}{}   {}{}p",
        left("slice", name_width),
        right("n", 7),
        left(title(&first.metric), 15),
        left("elsewhere", 13)
    );
    line(out, &format!("{MARGIN}{}", paint(&heading, dim())));
    for (row, name) in rows.iter().zip(&names) {
        let p =
            row.p.map_or_else(|| "n/a".to_owned(), |p| if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") });
        let (n, inside, outside) = (words::count(row.n), give_or_take(&row.inside), give_or_take(&row.outside));
        line(
            out,
            &format!(
                "{MARGIN}{}{}   {}{}{p}",
                left(name, name_width),
                right(&n, 7),
                left(&inside, 15),
                left(&outside, 13)
            ),
        );
    }
    line(out, "");
}

/// `0.95 ±0.01`.
fn give_or_take(estimate: &Estimate) -> String {
    let value = words::number(estimate.value, 2);
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) if estimate.value.is_some() => format!("{value} ±{:.2}", (high - low) / 2.0),
        _ => value,
    }
}

fn next(out: &mut String, review: &Review, width: usize) {
    for step in &review.next {
        let lead = if step.rank == 1 { "next" } else { "" };
        let label = format!("{MARGIN}{}{}  ", left(lead, 5), step.rank);
        let mut text = words::printable(&step.action);
        if let Some(price) = &step.price {
            text += &format!(" ({price})");
        }
        if let Some(gain) = &step.gain {
            text += &format!(": {} {:+.3} ({:+.3} to {:+.3})", title(&gain.metric), gain.value, gain.low, gain.high);
        }
        if let Some(code) = &step.code {
            text += &format!(" [{code}]");
        }
        hanging(out, &label, columns(&label), &text, width);
        if let Some(command) = &step.command {
            // A command is not wrapped: it is there to be copied.
            line(out, &format!("{}{}", " ".repeat(columns(&label)), paint(&words::printable(command), dim())));
        }
    }
    if !review.next.is_empty() {
        line(out, "");
    }
}

fn foot(out: &mut String, review: &Review, width: usize, outputs: bool) {
    for split in [review.data.train.as_ref(), review.data.valid.as_ref(), Some(&review.data.test)].into_iter().flatten()
    {
        if let Some(first) = split.skipped.first() {
            let n = split.skipped.len() as u64;
            let text = format!(
                "{}: {} of {} left out, the first in line {}: {}",
                split.file,
                words::count(n),
                words::counted(n + split.examples, "record"),
                first.line,
                first.reason
            );
            *out += &hang(MARGIN, &words::printable(&text), width);
        }
    }
    if !outputs
        && review.errors.iter().any(|_| true)
        && !review.next.iter().any(|step| step.command.as_deref().is_some_and(|c| c.contains("--html")))
    {
        line(
            out,
            &format!(
                "{MARGIN}The page with every example: {} --html review.html",
                words::printable(&review.subject.command)
            ),
        );
    }
    if let Some(finding) = review.findings.iter().min_by_key(|finding| finding.severity) {
        let text = if finding.severity == Severity::Note { "What a code means" } else { "Any code" };
        line(out, &format!("{MARGIN}{text}: trueup explain {}", finding.code));
    }
    if let Some(run) = &review.run {
        let memory = run.peak_memory_bytes as f64 / (1024.0 * 1024.0);
        let text = format!("{:.1} s, {:.1} CPU s, {memory:.0} MiB", run.seconds, run.cpu_seconds);
        line(out, &paint(&format!("{MARGIN}{text}"), dim()));
    }
}

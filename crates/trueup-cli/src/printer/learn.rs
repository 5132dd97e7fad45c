//! What came of training and of answering, in the terminal.

use std::fmt::Write;
use std::path::Path;

use trueup::core::document::{Decided, Severity};
use trueup::core::{Task, words};
use trueup::flow::{Answers, Calibrated, Made};
use trueup::tell;
use trueup::train::{Tried, Tuned};

use super::layout::{LABEL_WIDTH, MARGIN, NAMES, SHORT_LIST, columns, dim, hang, left, of_severity, paint};

/// Findings shown; the rest is in the card.
const MOST_FINDINGS: usize = 5;

/// What was trained, how good it is, what is known to be wrong with it.
pub fn trained(made: &Made, data: &Path, folder: &Path, width: usize) -> String {
    let shown = |path: &Path| words::printable(&path.display().to_string());
    let mut out = headline(&format!("trueup train {}", shown(data)), &format!("seed {}", made.training.seed), width);
    let mut row = |name: &str, text: &str| out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), text, width);
    let noun = if made.about.task == Task::Ner { "type" } else { "label" };
    let labels = words::counted(made.labels.len() as u64, noun);
    let examples = words::counted(made.about.data.examples, "example");
    row("learned", &format!("{} · {labels} · {examples}", made.about.learner));
    let program = tell::runs_program(&made.training);
    if let Some(command) = made.training.params.get("command") {
        row("", &paint(&words::printable(command), dim()));
    } else {
        let passes = words::counted(u64::from(made.training.epochs), "pass");
        row("", &paint(&format!("{} · {passes}", words::counted(made.training.features, "feature")), dim()));
    }
    if made.training.interrupted {
        row("", "ended early: this is the best so far, and another run may give another model");
    }
    if let Some(tuned) = &made.tuned {
        let options: Vec<String> = tuned.tried[tuned.chosen]
            .options()
            .into_iter()
            .map(|(option, value)| format!("{option} {value}"))
            .collect();
        let chosen = if options.is_empty() { "the defaults".to_owned() } else { options.join(" ") };
        let early = if tuned.reproducible { "" } else { "; ended early, another run may choose otherwise" };
        row("chosen", &format!("{chosen} of {} tried, in {} trainings{early}", tuned.tried.len(), tuned.fits));
    }
    decisions(made.decided.as_ref(), &mut row);
    match &made.review {
        Some(review) => {
            for (i, metric) in tell::headline(review).into_iter().take(3).enumerate() {
                let figure = words::figure_with_interval(&review.metrics[metric]);
                row(if i == 0 { "measured" } else { "" }, &format!("{} {figure}", left(tell::title(metric), 12)));
            }
            row("", &paint(&format!("on {}", words::printable(&review.data.how)), dim()));
            let known: Vec<_> = review.findings.iter().filter(|f| f.severity != Severity::Note).collect();
            if known.is_empty() {
                row("faults", "none known");
            }
            for (i, finding) in known.iter().take(MOST_FINDINGS).enumerate() {
                let code = paint(&finding.code, of_severity(finding.severity));
                row(if i == 0 { "faults" } else { "" }, &format!("{code} {}", words::printable(&finding.title)));
            }
            if known.len() > MOST_FINDINGS {
                row("", &format!("{} more in the card", known.len() - MOST_FINDINGS));
            }
        }
        None => row("measured", "not: `trueup review DATA --model FOLDER` measures it"),
    }
    let card = folder.join("README.md");
    row("kept", &format!("{} ({}), card {}", shown(folder), size(made.bytes), shown(&card)));
    let ending = data.extension().map_or_else(|| "jsonl".to_owned(), |ending| ending.to_string_lossy().into_owned());
    let ending = words::printable(&ending);
    let trusted = if program { "program:" } else { "" };
    let _ = writeln!(out, "\n{MARGIN}next: trueup predict {trusted}{} NEW.{ending} -o answers.{ending}", shown(folder));
    out
}

/// What was found for a kept model, and what that brings.
pub fn calibrated(found: &Calibrated, model: &Path, data: &Path, folder: &Path, width: usize) -> String {
    let shown = |path: &Path| words::printable(&path.display().to_string());
    let how = words::counted(found.decided.examples, "example");
    let mut out = headline(&format!("trueup calibrate {} {}", shown(model), shown(data)), &how, width);
    let mut row = |name: &str, text: &str| out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), text, width);
    decisions(Some(&found.decided), &mut row);
    if found.decided.calibration != "own" {
        let bins = found.decided.reliability_before.iter().zip(&found.decided.reliability_after);
        row("", &paint("answers   said before  right   says now  right", dim()));
        for (before, after) in bins {
            let cells = [before.confidence, before.accuracy, after.confidence, after.accuracy];
            let [said, right, says, right_now] = cells.map(|share| format!("{share:.2}"));
            row("", &format!("{:>7.0}          {said}   {right}       {says}   {right_now}", after.weight));
        }
    }
    let card = folder.join("README.md");
    row("kept", &format!("{} ({}), card {}", shown(folder), size(found.bytes), shown(&card)));
    out
}

/// What becomes of the scores, and what that brings.
fn decisions(decided: Option<&Decided>, row: &mut dyn FnMut(&str, &str)) {
    let Some(decided) = decided else { return };
    let change = |metric: &str| {
        let (before, after) = (decided.before.get(metric)?, decided.after.get(metric)?);
        Some(format!("{} {} to {}", tell::title(metric), words::figure(before), words::figure(after)))
    };
    let changes = |metrics: &[&str]| metrics.iter().filter_map(|metric| change(metric)).collect::<Vec<_>>().join(", ");
    if decided.calibration != "own" {
        let after = changes(&["log_loss", "brier_score", "ece"]);
        let after = if after.is_empty() { String::new() } else { format!(": {after}") };
        row("calibrated", &format!("by {}{after}", decided.calibration));
    }
    if decided.rule != "usual" {
        let rule = match decided.rule.as_str() {
            "costs" => "what costs least is answered",
            "tuned" => "of the highest F1, label by label",
            _ => "as given",
        };
        let after = changes(&["accuracy", "f1_micro", "f1_macro", "precision", "recall", "f1"]);
        let after = if after.is_empty() { String::new() } else { format!(": {after}") };
        row("thresholds", &format!("{rule}{after}"));
        let some: Vec<String> =
            decided.thresholds.iter().map(|(label, t)| format!("{}: {t:.2}", words::printable(label))).collect();
        if !some.is_empty() {
            row("", &paint(&words::list(&some, SHORT_LIST), dim()));
        }
    }
    if let Some(abstained) = &decided.abstain {
        let figure = |estimate| words::figure_with_interval(estimate);
        let measured = match decided.examples {
            0 => String::new(),
            _ => format!("; answered {}, of which right {}", figure(&abstained.answered), figure(&abstained.right)),
        };
        row("to people", &format!("answers of confidence below {:.5}{measured}", abstained.below));
    }
    decided.notes.iter().for_each(|note| row("note", note));
}

/// How many records were answered how.
pub fn answered(answers: &Answers, data: &Path, target: &Path, width: usize) -> String {
    let shown = |path: &Path| words::printable(&path.display().to_string());
    // Plain: stderr takes no colours from here.
    let command = format!("trueup predict {}", shown(data));
    let gap = width.saturating_sub(columns(&command) + columns(&answers.model)).max(2);
    let mut out = format!("{command}{}{}\n\n", " ".repeat(gap), words::printable(&answers.model));
    let mut row = |name: &str, text: &str| out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), text, width);
    row("answered", &words::counted(answers.conversion.written, "record"));
    let mut counts: Vec<&(String, u64)> = answers.counts.iter().filter(|(_, n)| *n > 0).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let name = |label: &str| words::shorten(&words::printable(label), LABEL_WIDTH);
    let list: Vec<String> = counts.iter().map(|(label, n)| format!("{} {}", name(label), words::count(*n))).collect();
    row("answers", &if list.is_empty() { "none".to_owned() } else { words::list(&list, SHORT_LIST) });
    if let Some(left) = answers.left {
        let text = format!("{} to people: their confidence is too low", words::counted(left, "record"));
        row("left", &text);
    }
    if answers.without_text > 0 {
        row(
            "no text",
            &format!("{} answered as if the text were empty", words::counted(answers.without_text, "record")),
        );
    }
    if let Some(first) = answers.conversion.skipped.first() {
        let n = words::counted(answers.conversion.skipped.len() as u64, "record");
        row("left out", &format!("{n} (first at line {}: {})", first.line, words::printable(&first.reason)));
    }
    for (kind, lost) in &answers.conversion.losses.kinds {
        let text = format!("{}: {} ({})", kind.name(), words::count(lost.count), words::printable(&lost.first));
        row("lost", &text);
    }
    let notes = answers.conversion.notes.iter().map(|note| words::printable(note));
    notes.for_each(|note| row("note", &note));
    let guesses: Vec<String> = answers.conversion.guesses.iter().map(|g| words::printable(&g.what)).collect();
    if !guesses.is_empty() {
        row("read as", &guesses.join("; "));
    }
    if target != Path::new("-") {
        row("written", &format!("{} ({})", shown(target), answers.conversion.to));
    }
    out
}

/// Candidates shown; the rest is counted.
const MOST_TRIED: usize = 12;

/// What was tried, what mattered, what to take. `train` is the command that trains on the same data.
pub fn tuned(tuned: &Tuned, data: &Path, train: &str, width: usize) -> String {
    let shown = words::printable(&data.display().to_string());
    let how = format!("{} of {} trainings, {} folds", tuned.fits, tuned.budget, tuned.folds);
    let mut out = headline(&format!("trueup tune {shown}"), &how, width);
    let name = |place: usize| {
        let settings: Vec<String> = tuned.tried[place].settings.iter().map(|(k, v)| format!("{k}={v}")).collect();
        if settings.is_empty() { "defaults".to_owned() } else { settings.join(" ") }
    };
    let mut order: Vec<usize> = (0..tuned.tried.len()).collect();
    order.sort_by(|&a, &b| tuned.tried[b].score.total_cmp(&tuned.tried[a].score).then(a.cmp(&b)));
    let _ = writeln!(
        out,
        "{MARGIN}{}",
        paint(&format!("{}  over the defaults (95 %)", left(tell::title(&tuned.score), 8)), dim())
    );
    let signed = |value: f64| format!("{value:+.4}");
    for &place in order.iter().take(MOST_TRIED) {
        let Tried { score, difference, .. } = &tuned.tried[place];
        let over = match (place, difference.value, difference.low, difference.high) {
            (0, ..) => String::new(),
            (_, Some(value), Some(low), Some(high)) => {
                format!("{} ({} to {})", signed(value), signed(low), signed(high))
            }
            (_, value, ..) => value.map_or_else(String::new, signed),
        };
        let mark = if place == tuned.chosen { "*" } else { " " };
        let _ = writeln!(out, "{mark} {score:<8.4}  {}  {}", left(&over, 30), name(place));
    }
    if order.len() > MOST_TRIED {
        let _ = writeln!(out, "{MARGIN}{} more", order.len() - MOST_TRIED);
    }
    out.push('\n');
    let mut row = |name: &str, text: &str| out += &hang(&format!("{MARGIN}{}", left(name, NAMES)), text, width);
    for (i, line) in tuned.mattered.iter().enumerate() {
        let text = format!("{}: {:.4} between {} and {}", line.setting, line.range, line.best, line.worst);
        row(if i == 0 { "mattered" } else { "" }, &text);
    }
    let gain = &tuned.gain;
    let interval = match (gain.low, gain.high) {
        (Some(low), Some(high)) => format!(" ({} to {}, {:.0} %)", signed(low), signed(high), gain.level * 100.0),
        _ => String::new(),
    };
    row("gain", &format!("{} expected on new data{interval}", signed(gain.value)));
    let verdict = match (tuned.chosen, gain.low) {
        (0, _) if tuned.best == 0 => "stay with the defaults: nothing tried scores better",
        (0, _) => "stay with the defaults: the best score is no more than luck",
        (_, Some(low)) if low > 0.0 => "take the settings marked *: they are better",
        _ => "the settings marked * are likely better; not for sure",
    };
    row("verdict", verdict);
    if !tuned.reproducible {
        row("note", "the search was ended early: another run may find something else");
    }
    let options = tuned.tried[tuned.chosen].options().into_iter();
    let settings = options.fold(String::new(), |words, (option, value)| format!("{words} {option} {value}"));
    let _ = writeln!(out, "\n{MARGIN}next: {train}{settings} -o MODEL");
    out
}

/// The first line: what was typed, and how, at the right.
fn headline(command: &str, how: &str, width: usize) -> String {
    let gap = width.saturating_sub(columns(command) + columns(how)).max(2);
    format!("{command}{}{}\n\n", " ".repeat(gap), paint(how, dim()))
}

/// Bytes in words: `1.4 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

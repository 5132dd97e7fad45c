//! A comparison in the terminal: first what is decided and why, then what moved, then what to do.

use std::fmt::Write;
use std::path::Path;

use trueup::core::document::{
    Check, CheckKind, CheckState, Compared, ComparedCost, Comparison, Decision, Review, Standing,
};
use trueup::core::words;
use trueup::gate::GatePlan;
use trueup::tell::title;

use super::layout::{LABEL_WIDTH, MARGIN, columns, dim, hang, left, of_severity, of_standing, of_state, paint, right};

/// Labels that moved shown at most.
const MOST_LABELS: usize = 8;
/// Labels shown where none is shown to have moved.
const FEW_LABELS: usize = 3;
/// Slices shown at most, besides those asked for.
const MOST_SLICES: usize = 4;
/// Metrics of the checklist, in this order, where they are known.
const CHECKLIST: [&str; 15] = [
    "expected_cost",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "precision_micro",
    "recall_micro",
    "f1_micro",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "log_loss",
    "ece",
    "roc_auc",
    "roc_auc_ovr",
];

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}", text.trim_end());
}

/// The comparison for a terminal of `width` columns. With `outputs` false it ends with the command that writes the page.
pub fn comparison(review: &Review, width: usize, outputs: bool) -> String {
    let mut out = String::new();
    let Some(comparison) = &review.comparison else { return out };
    head(&mut out, review, comparison, width);
    verdict(&mut out, review, comparison, width);
    metrics(&mut out, comparison);
    checks(&mut out, comparison, width);
    costs(&mut out, comparison);
    labels(&mut out, comparison);
    slices(&mut out, comparison);
    flips(&mut out, review, comparison, width);
    findings(&mut out, review, width);
    foot(&mut out, review, width, outputs);
    out
}

fn head(out: &mut String, review: &Review, comparison: &Comparison, width: usize) {
    let command = words::printable(&review.subject.command);
    let n = words::counted(comparison.examples, &review.subject.noun);
    let how = format!("{n}, seed {}", review.subject.seed);
    let gap = width.saturating_sub(columns(&command) + columns(&how));
    if gap >= 2 {
        line(out, &format!("{command}{}{}", " ".repeat(gap), paint(&how, dim())));
    } else {
        line(out, &command);
        line(out, &paint(&format!("{MARGIN}{how}"), dim()));
    }
    let test = &review.data.test;
    let guesses: Vec<&str> = test.guesses.iter().map(|guess| guess.what.as_str()).collect();
    if !guesses.is_empty() {
        let name = Path::new(&test.file).file_name().map_or(test.file.as_str(), |name| name.to_str().unwrap_or("?"));
        for read in hang(MARGIN, &words::printable(&format!("{name}: {}", guesses.join("; "))), width).lines() {
            line(out, &paint(read, dim()));
        }
    }
    line(out, "");
}

/// The word of the answer: `PROMOTE`, `BETTER`.
fn word(comparison: &Comparison) -> String {
    match comparison.decision {
        Some(decision) => decision.name().to_uppercase(),
        None => comparison.standing.name().to_uppercase(),
    }
}

fn verdict(out: &mut String, review: &Review, comparison: &Comparison, width: usize) {
    let label = format!("{MARGIN}{}", paint(&word(comparison), of_state(review.verdict.state)));
    let pad = 12usize.saturating_sub(columns(&word(comparison)));
    *out += &hang(&format!("{label}{}", " ".repeat(pad)), &words::printable(&review.verdict.summary), width);
    for rival in &comparison.rivals {
        let decision = rival.decision.map_or_else(|| rival.compared.standing.name(), Decision::name);
        let text = format!("{}  {decision}  {}", words::printable(&rival.name), difference(&rival.compared));
        line(out, &format!("{MARGIN}{}{text}", " ".repeat(12)));
    }
    line(out, "");
}

/// Places that a figure and its difference are worth.
fn places(compared: &Compared) -> usize {
    let difference = &compared.difference;
    match (difference.low, difference.high) {
        (Some(low), Some(high)) if high - low > 0.0 && high - low < 0.02 => 4,
        _ => 3,
    }
}

fn signed(value: f64, places: usize) -> String {
    let text = format!("{value:+.places$}");
    if text[1..].chars().all(|c| c == '0' || c == '.') { format!(" {}", &text[1..]) } else { text.replace('-', "−") }
}

/// `+0.029 (+0.012 to +0.046)`.
fn difference(compared: &Compared) -> String {
    let places = places(compared);
    let difference = &compared.difference;
    match (difference.value, difference.low, difference.high) {
        (Some(value), Some(low), Some(high)) => {
            format!("{} ({} to {})", signed(value, places), signed(low, places).trim(), signed(high, places).trim())
        }
        (Some(value), ..) => signed(value, places),
        _ => "n/a".to_owned(),
    }
}

fn p(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(p) if p < 0.001 => "<0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}

/// One line of a table: name, before, after, difference, p, what became of it.
fn row(out: &mut String, name: &str, name_width: usize, compared: &Compared, p_shown: Option<f64>) {
    let places = places(compared);
    let standing = compared.standing;
    let word = paint(standing.name(), of_standing(standing));
    // What cannot be told is not shouted.
    let word = if compared.difference.value.is_none() { String::new() } else { word };
    line(
        out,
        &format!(
            "{MARGIN}{}{}{}   {}{}  {word}",
            left(name, name_width),
            right(&words::number(compared.baseline, places), 8),
            right(&words::number(compared.candidate, places), 9),
            left(&difference(compared), 29),
            right(&p(p_shown), 6),
        ),
    );
}

fn heading(out: &mut String, first: &str, name_width: usize, n: &str) {
    let text = format!(
        "{}{}{}   {}{}",
        left(first, name_width),
        right("before", 8),
        right("after", 9),
        left(&format!("difference (95 %{n})"), 29),
        right("p", 6)
    );
    line(out, &format!("{MARGIN}{}", paint(&text, dim())));
}

fn metrics(out: &mut String, comparison: &Comparison) {
    let known = |name: &str| {
        comparison
            .metrics
            .iter()
            .find(|m| m.name == name && (m.compared.baseline.is_some() || m.compared.candidate.is_some()))
    };
    let order = std::iter::once(comparison.metric.as_str())
        .chain(CHECKLIST.into_iter().filter(|name| *name != comparison.metric));
    let rows: Vec<_> = order.filter_map(known).collect();
    let width = rows.iter().map(|m| columns(title(&m.name))).max().unwrap_or(0).max(12) + 1;
    let level = format!("{:.3}", 100.0 * comparison.level);
    let level = level.trim_end_matches('0').trim_end_matches('.');
    let text = format!(
        "{}{}{}   {}{}",
        left("", width),
        right("before", 8),
        right("after", 9),
        left(&format!("difference ({level} %)"), 29),
        right("p", 6)
    );
    line(out, &format!("{MARGIN}{}", paint(&text, dim())));
    for metric in rows {
        row(out, title(&metric.name), width, &metric.compared, metric.compared.p);
    }
    if let Some(least) = comparison.metrics.first().and_then(|metric| metric.detectable) {
        let power = comparison.gate.as_ref().map_or(0.8, |gate| gate.power);
        let text = format!(
            "differences of {} from {least:.3} on are found {:.0} times of 100",
            title(&comparison.metric),
            100.0 * power
        );
        line(out, &paint(&format!("{MARGIN}{text}"), dim()));
    }
    if let Some(leaked) = &comparison.leaked {
        let all = leaked.metrics.iter().find(|metric| metric.name == comparison.metric);
        let with = all.map_or_else(String::new, |metric| {
            format!("; with them {} moves {}", title(&metric.name), difference(&metric.compared).trim())
        });
        let text = format!(
            "{} that stand in the training data do not count{with}",
            words::counted(leaked.examples, "test example")
        );
        line(out, &format!("{MARGIN}{text}"));
    }
    line(out, "");
}

fn checks(out: &mut String, comparison: &Comparison, width: usize) {
    let Some(gate) = &comparison.gate else { return };
    let open: Vec<&Check> = gate.checks.iter().filter(|check| check.state != CheckState::Passed).collect();
    for check in &open {
        let (word, style) = match check.state {
            CheckState::Failed => ("failed ", of_state(trueup::core::document::State::NotReady)),
            _ => ("unclear", of_state(trueup::core::document::State::Undecided)),
        };
        let name = match check.kind {
            CheckKind::Primary | CheckKind::Floor | CheckKind::Calibration => title(&check.name).to_owned(),
            _ => words::printable(&check.name),
        };
        let text = words::printable(&format!("{name}: {}; asked: {}", check.found, check.asked));
        *out += &hang(&format!("{MARGIN}{}  ", paint(word, style)), &text, width);
    }
    let met = (gate.checks.len() - open.len()) as u64;
    let source = if gate.source == "default" { "the default policy".to_owned() } else { gate.source.clone() };
    let text =
        format!("{} of {} of {source} met", words::count(met), words::counted(gate.checks.len() as u64, "demand"));
    line(out, &paint(&format!("{MARGIN}{text}"), dim()));
    line(out, "");
}

fn costs(out: &mut String, comparison: &Comparison) {
    if comparison.costs.is_empty() {
        return;
    }
    let amount = |cost: &ComparedCost, value: Option<f64>| match value {
        None => "n/a".to_owned(),
        Some(value) if cost.name.ends_with("_bytes") => format!("{:.1} MB", value / 1e6),
        Some(value) if cost.name.ends_with("_ms") => format!("{value:.2} ms"),
        Some(value) => format!("{value:.1} s"),
    };
    for cost in &comparison.costs {
        let ratio = cost.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} times"));
        let text = format!(
            "{}{}{}   {ratio}",
            left(trueup::gate::cost_title(&cost.name), 29),
            right(&amount(cost, cost.baseline), 12),
            right(&amount(cost, cost.candidate), 12)
        );
        line(out, &format!("{MARGIN}{text}"));
    }
    line(out, "");
}

fn labels(out: &mut String, comparison: &Comparison) {
    let size = |compared: &Compared| compared.difference.value.map_or(0.0, f64::abs);
    let mut moved: Vec<_> = comparison
        .labels
        .iter()
        .filter(|row| row.support > 0 && (size(&row.f1) > 0.0 || size(&row.recall) > 0.0))
        .collect();
    if moved.is_empty() {
        return;
    }
    let rank = |standing: Standing| match standing {
        Standing::Worse => 0,
        Standing::Better => 1,
        Standing::Unclear | Standing::Same => 2,
    };
    moved.sort_by(|a, b| rank(a.f1.standing).cmp(&rank(b.f1.standing)).then(size(&b.f1).total_cmp(&size(&a.f1))));
    // Those that are shown to have moved; where none is, a few of those that seem to.
    let sure = moved.iter().filter(|row| matches!(row.f1.standing, Standing::Worse | Standing::Better)).count();
    let shown = &moved[..moved.len().min(if sure == 0 { FEW_LABELS } else { sure.min(MOST_LABELS) })];
    let names: Vec<String> =
        shown.iter().map(|row| words::shorten(&words::printable(&row.label), LABEL_WIDTH)).collect();
    let width = names.iter().map(|name| columns(name)).max().unwrap_or(0).max(12) + 1;
    heading(out, "F1 of label", width, "");
    for (label, name) in shown.iter().zip(&names) {
        row(out, name, width, &label.f1, label.f1.p_adjusted);
        let parts = format!(
            "precision {} → {}, recall {} → {}, {} gold",
            words::number(label.precision.baseline, 2),
            words::number(label.precision.candidate, 2),
            words::number(label.recall.baseline, 2),
            words::number(label.recall.candidate, 2),
            words::count(label.support)
        );
        line(out, &paint(&format!("{MARGIN}  {parts}"), dim()));
    }
    if moved.len() > shown.len() {
        let rest = (moved.len() - shown.len()) as u64;
        line(
            out,
            &paint(&format!("{MARGIN}{} more {} moved", words::count(rest), words::plural(rest, "label")), dim()),
        );
    }
    line(out, "");
}

fn slices(out: &mut String, comparison: &Comparison) {
    let mut rows: Vec<_> = comparison.slices.iter().filter(|slice| slice.given).collect();
    // Of what was not asked for, what got worse is told.
    let worse = comparison.slices.iter().filter(|slice| !slice.given && slice.compared.standing == Standing::Worse);
    rows.extend(worse.take(MOST_SLICES));
    let Some(first) = rows.first() else { return };
    let names: Vec<String> = rows.iter().map(|row| words::shorten(&words::printable(&row.name), LABEL_WIDTH)).collect();
    let width = names.iter().map(|name| columns(name)).max().unwrap_or(0).max(12) + 1;
    heading(out, &format!("{} where", title(&first.metric)), width, "");
    for (slice, name) in rows.iter().zip(&names) {
        row(out, name, width, &slice.compared, slice.compared.p_adjusted);
    }
    line(out, "");
}

fn flips(out: &mut String, review: &Review, comparison: &Comparison, width: usize) {
    let flips = &comparison.flips;
    if comparison.baseline.kind == "none" {
        return;
    }
    let same = comparison
        .agreement
        .same
        .map_or_else(String::new, |same| format!("; the models answer {} alike", words::percent(same)));
    let text = format!(
        "{} fixed, {} broken, {} right under both, {} wrong under both{same}",
        words::count(flips.fixed_count),
        words::count(flips.broken_count),
        words::count(flips.both_right),
        words::count(flips.both_wrong)
    );
    *out += &hang(MARGIN, &text, width);
    for id in flips.broken.iter().take(3) {
        if let Some(text) = review.examples.get(id).and_then(|record| record.text.as_deref()) {
            let text = words::shorten(&words::printable(text), width.saturating_sub(24).max(30));
            line(
                out,
                &paint(&format!("{MARGIN}  broken {}: {text}", words::shorten(&words::printable(id), 14)), dim()),
            );
        }
    }
    line(out, "");
    let kinds: Vec<_> = comparison.span_errors.iter().filter(|kind| kind.baseline + kind.candidate > 0).collect();
    if kinds.is_empty() {
        return;
    }
    let row = |name: &str, before: &str, after: &str| {
        format!("{MARGIN}{}{}{}", left(name, 20), right(before, 8), right(after, 9))
    };
    line(out, &paint(&row("wrong spans by kind", "before", "after"), dim()));
    for kind in kinds {
        line(out, &row(&kind.name, &words::count(kind.baseline), &words::count(kind.candidate)));
    }
    line(out, "");
}

fn findings(out: &mut String, review: &Review, width: usize) {
    for finding in &review.findings {
        let code = format!("{} {}", finding.code, left(finding.severity.name(), 7));
        let label = format!("{MARGIN}{}  ", paint(&code, of_severity(finding.severity)));
        *out += &hang(&label, &words::printable(&finding.title), width);
    }
    if !review.findings.is_empty() {
        line(out, "");
    }
    for step in &review.next {
        let lead = if step.rank == 1 { "next" } else { "" };
        let label = format!("{MARGIN}{}{}  ", left(lead, 5), step.rank);
        let code = step.code.as_ref().map_or_else(String::new, |code| format!(" [{code}]"));
        let price = step.price.as_ref().map_or_else(String::new, |price| format!(" ({price})"));
        *out += &hang(&label, &words::printable(&format!("{}{price}{code}", step.action)), width);
        if let Some(command) = &step.command {
            line(out, &format!("{}{}", " ".repeat(columns(&label)), paint(&words::printable(command), dim())));
        }
    }
    if !review.next.is_empty() {
        line(out, "");
    }
}

fn foot(out: &mut String, review: &Review, width: usize, outputs: bool) {
    if !outputs && !review.next.iter().any(|step| step.command.as_deref().is_some_and(|c| c.contains("--html"))) {
        let command = words::printable(&review.subject.command);
        line(out, &format!("{MARGIN}The page with every example: {command} --html comparison.html"));
    }
    if let Some(finding) = review.findings.first() {
        *out += &hang(MARGIN, &format!("Any code: trueup explain {}", finding.code), width);
    }
    if let Some(run) = &review.run {
        let memory = run.peak_memory_bytes as f64 / (1024.0 * 1024.0);
        let text = format!("{:.1} s, {:.1} CPU s, {memory:.0} MiB", run.seconds, run.cpu_seconds);
        line(out, &paint(&format!("{MARGIN}{text}"), dim()));
    }
}

/// How large a test set must be.
pub fn gate_plan(plan: &GatePlan) -> String {
    let mut out = String::new();
    line(
        &mut out,
        &format!(
            "{MARGIN}To find that a candidate is right on {:.1} of 100 examples more (or fewer), {:.0} times of 100:",
            100.0 * plan.effect,
            100.0 * plan.power
        ),
    );
    line(&mut out, "");
    let heading = format!("{}{}", left("the models part on", 26), right("test examples", 15));
    line(&mut out, &format!("{MARGIN}{}", paint(&heading, dim())));
    for row in &plan.rows {
        let examples = row.examples.map_or_else(|| "n/a".to_owned(), words::count);
        let share = format!("{:.0} of 100 examples", 100.0 * row.discordance);
        line(&mut out, &format!("{MARGIN}{}{}", left(&share, 26), right(&examples, 15)));
    }
    line(&mut out, "");
    if let Some(unpaired) = plan.unpaired {
        line(
            &mut out,
            &format!("{MARGIN}Each model tested on examples of its own would take {} of each.", words::count(unpaired)),
        );
    }
    line(
        &mut out,
        &format!(
            "{MARGIN}A gate decides wrongly between models that are alike {:.0} times of 100.",
            100.0 * plan.alpha
        ),
    );
    out
}

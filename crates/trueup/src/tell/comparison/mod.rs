//! A comparison in Markdown: the comment that a gate leaves on a pull request. What decides stands first, long lists are
//! folded, and the whole fits into a comment of GitHub whatever the document holds.

mod cells;

use std::fmt::Write;

use trueup_core::document::{
    Answer, Check, CheckKind, CheckState, Compared, ComparedLabel, Comparison, Finding, Review, Severity, Standing,
};
use trueup_core::words;

use self::cells::{Most, answered, cut, difference, figures, folded, listed, metric_title, p_value, rest, standing};
use super::costs::{cost_title, cost_value};
use super::markdown::{code, text};
use super::title;

/// What GitHub takes of a comment, in characters. Bytes are counted, of which a character has at least one.
const ROOM: usize = 65_536;

/// The comparison that the document holds, as a comment on a pull request: at most 65,536 characters, with a line end.
/// A document without a comparison is told as [`markdown`](super::markdown()) tells it.
pub fn comparison_markdown(review: &Review) -> String {
    let Some(comparison) = &review.comparison else { return super::markdown(review) };
    let mut most = Most::WHOLE;
    loop {
        let out = whole(review, comparison, most);
        if out.len() <= ROOM || most == Most::LEAST {
            return out;
        }
        most = most.halved();
    }
}

fn whole(review: &Review, comparison: &Comparison, most: Most) -> String {
    let mut out = String::new();
    head(&mut out, review, comparison, most);
    rivals(&mut out, comparison, most);
    metrics(&mut out, comparison, most);
    checks(&mut out, comparison, most);
    costs(&mut out, comparison, most);
    labels(&mut out, comparison, most);
    slices(&mut out, comparison, most);
    flips(&mut out, review, comparison, most);
    span_errors(&mut out, comparison, most);
    findings(&mut out, review, most);
    next(&mut out, review, most);
    foot(&mut out, review, comparison, most);
    out
}

fn head(out: &mut String, review: &Review, comparison: &Comparison, most: Most) {
    match comparison.decision {
        Some(decision) => line!(out, "## Trueup gate: {}", decision.name()),
        None => line!(out, "## Trueup comparison: {}", comparison.standing.name()),
    }
    line!(out);
    line!(out, "{}", text(&cut(&review.verdict.summary, 10 * most.text)));
    line!(out);
    let named = |name: &str| code(&cut(name, 100));
    let units = if comparison.units == comparison.examples {
        String::new()
    } else {
        format!(" in {}", words::counted(comparison.units, "independent group"))
    };
    let leaked = comparison.leaked.as_ref().map_or_else(String::new, |leaked| {
        format!("; {} of training left out", words::counted(leaked.examples, "twin"))
    });
    line!(
        out,
        "{} (candidate) against {} (baseline) on {}: {}{units}{leaked}.",
        named(&comparison.candidate.name),
        named(&comparison.baseline.name),
        named(&review.data.test.file),
        words::counted(comparison.examples, &review.subject.noun)
    );
    line!(out);
}

/// All candidates, where one of several was chosen.
fn rivals(out: &mut String, comparison: &Comparison, most: Most) {
    if comparison.rivals.is_empty() {
        return;
    }
    let rows: Vec<String> = comparison
        .rivals
        .iter()
        .map(|rival| {
            let figures = figures(&rival.compared, rival.compared.p);
            let decision = rival.decision.map_or("", |decision| decision.name());
            format!("| {} | {figures} | {decision} |", code(&cut(&rival.name, 80)))
        })
        .collect();
    let count = words::counted(rows.len() as u64, "candidate");
    line!(out, "### {count}, by {}", metric_title(&comparison.metric));
    line!(out);
    let columns = columns(comparison);
    let heading = format!("| model | {columns} | decision |\n|---|---:|---:|---:|---:|---|---|");
    listed(out, &heading, &rows, most.open, most, "candidate");
}

/// The headings of what [`figures`] fills.
fn columns(comparison: &Comparison) -> String {
    let level = format!("{:.2}", comparison.level * 100.0);
    let level = level.trim_end_matches('0').trim_end_matches('.');
    format!("baseline | candidate | difference ({level} %) | p | standing")
}

fn metrics(out: &mut String, comparison: &Comparison, most: Most) {
    let rows: Vec<String> = comparison
        .metrics
        .iter()
        .filter(|metric| metric.compared.baseline.is_some() || metric.compared.candidate.is_some())
        .map(|metric| {
            let name = metric_title(&metric.name);
            let name = if metric.name == comparison.metric { format!("**{name}** (decides)") } else { name };
            format!("| {name} | {} |", figures(&metric.compared, metric.compared.p))
        })
        .collect();
    let heading = format!("| metric | {} |\n|---|---:|---:|---:|---:|---|", columns(comparison));
    // The checklist is what the comment is for: it stays open.
    listed(out, &heading, &rows, most.open.max(1) * 3, most, "metric");
    let decides = comparison.metrics.iter().find(|metric| metric.name == comparison.metric);
    if let Some(detectable) = decides.and_then(|metric| metric.detectable).filter(|_| is_open(comparison)) {
        let power = comparison.gate.as_ref().map_or(0.8, |gate| gate.power);
        line!(
            out,
            "As many examples show a difference in {} of {} or more with a chance of {}.",
            metric_title(&comparison.metric),
            words::number(Some(detectable), 3),
            words::percent(power)
        );
        line!(out);
    }
    if let Some(leaked) = &comparison.leaked
        && let Some(with) = leaked.metrics.iter().find(|metric| metric.name == comparison.metric)
    {
        line!(
            out,
            "With the {} of training in the test set {} would differ by {}; they never count.",
            words::counted(leaked.examples, "twin"),
            metric_title(&comparison.metric),
            difference(&with.compared.difference)
        );
        line!(out);
    }
}

/// Whether the examples do not tell.
fn is_open(comparison: &Comparison) -> bool {
    comparison.standing == Standing::Unclear
}

/// What the policy asked, what failed first; what is met is folded away.
fn checks(out: &mut String, comparison: &Comparison, most: Most) {
    let Some(gate) = &comparison.gate else { return };
    let of = |state: CheckState| -> Vec<&Check> { gate.checks.iter().filter(|check| check.state == state).collect() };
    let (failed, unclear, passed) = (of(CheckState::Failed), of(CheckState::Unclear), of(CheckState::Passed));
    let counts = [(failed.len(), "failed"), (unclear.len(), "unclear"), (passed.len(), "passed")];
    let counts: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if counts.is_empty() {
        return;
    }
    let policy = match gate.source.as_str() {
        "default" => "the default policy".to_owned(),
        file => code(&cut(file, 80)),
    };
    line!(out, "### Checks of {policy}: {}", counts.join(", "));
    line!(out);
    let heading = "| | asked of | asked | found |\n|---|---|---|---|";
    let row = |check: &&Check| {
        let mark = match check.state {
            CheckState::Passed => "✅ passed",
            CheckState::Failed => "❌ failed",
            CheckState::Unclear => "❓ unclear",
        };
        let shown = |raw: &str| text(&cut(raw, 2 * most.text));
        let ids: Vec<String> = check.examples.iter().map(|id| code(&cut(id, 40))).collect();
        let ids = if ids.is_empty() { String::new() } else { format!(": {}", words::list(&ids, 5)) };
        format!("| {mark} | {} | {} | {}{ids} |", asked_of(check), shown(&check.asked), shown(&check.found))
    };
    let open: Vec<String> = failed.iter().chain(&unclear).map(row).collect();
    if !open.is_empty() {
        listed(out, heading, &open, most.open * 2, most, "check");
    }
    let rows: Vec<String> = passed.iter().map(row).collect();
    folded(out, heading, &rows, most, &format!("{} passed", rows.len()));
}

/// What a check is about: `floor: accuracy`.
fn asked_of(check: &Check) -> String {
    let name = match check.kind {
        CheckKind::Primary | CheckKind::Floor | CheckKind::Calibration => title(&check.name),
        CheckKind::Budget => cost_title(&check.name),
        CheckKind::Label | CheckKind::Slice | CheckKind::MustPass => &check.name,
    };
    let kind = match check.kind {
        CheckKind::Primary => "decides",
        CheckKind::Floor => "floor",
        CheckKind::Label => "label",
        CheckKind::Slice => "slice",
        CheckKind::MustPass => "must pass",
        CheckKind::Calibration => "calibration",
        CheckKind::Budget => "budget",
    };
    format!("{kind}: {}", text(&cut(name, 80)))
}

fn costs(out: &mut String, comparison: &Comparison, most: Most) {
    let rows: Vec<_> =
        comparison.costs.iter().filter(|cost| cost.baseline.is_some() || cost.candidate.is_some()).collect();
    if rows.is_empty() || most.open == 0 {
        return;
    }
    line!(out, "### Costs");
    line!(out);
    line!(out, "| | baseline | candidate | times |");
    line!(out, "|---|---:|---:|---:|");
    for cost in rows.into_iter().take(20) {
        line!(
            out,
            "| {} | {} | {} | {} |",
            text(&cut(cost_title(&cost.name), 80)),
            cost_value(&cost.name, cost.baseline),
            cost_value(&cost.name, cost.candidate),
            cost.ratio.map_or_else(|| "n/a".to_owned(), |ratio| format!("{ratio:.2}"))
        );
    }
    line!(out);
}

/// How many stand better, worse and so on: `1 worse, 2 better, 74 unclear`.
fn counted<'a>(all: &(impl Iterator<Item = &'a Compared> + Clone)) -> String {
    let each = [Standing::Worse, Standing::Better, Standing::Same, Standing::Unclear];
    let counts = each.map(|standing| (all.clone().filter(|compared| compared.standing == standing).count(), standing));
    let told: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, s)| format!("{n} {}", s.name())).collect();
    told.join(", ")
}

/// What is surely worse first, then by the difference, the greatest fall first.
fn worst_first(a: &Compared, b: &Compared) -> std::cmp::Ordering {
    let rank = |compared: &Compared| {
        let surely = compared.standing == Standing::Worse;
        (!surely, compared.difference.value.is_none())
    };
    let value = |compared: &Compared| compared.difference.value.unwrap_or_default();
    rank(a).cmp(&rank(b)).then(value(a).total_cmp(&value(b)))
}

/// The labels of which a figure moved.
fn labels(out: &mut String, comparison: &Comparison, most: Most) {
    let moves = |compared: &Compared| compared.baseline != compared.candidate;
    let moved = |row: &&ComparedLabel| moves(&row.f1) || moves(&row.precision) || moves(&row.recall);
    let mut rows: Vec<&ComparedLabel> = comparison.labels.iter().filter(moved).collect();
    if rows.is_empty() {
        return;
    }
    // Equal ones stay in label order.
    rows.sort_by(|a, b| worst_first(&a.f1, &b.f1));
    line!(out, "### Labels, worst first: {}", counted(&rows.iter().map(|row| &row.f1)));
    line!(out);
    let pair = |compared: &Compared| {
        format!("{} → {}", words::number(compared.baseline, 2), words::number(compared.candidate, 2))
    };
    let rows: Vec<String> = rows
        .into_iter()
        .map(|row| {
            format!(
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                code(&cut(&row.label, 60)),
                words::count(row.support),
                pair(&row.precision),
                pair(&row.recall),
                pair(&row.f1),
                difference(&row.f1.difference),
                p_value(row.f1.p_adjusted.or(row.f1.p)),
                standing(row.f1.standing)
            )
        })
        .collect();
    let heading = format!(
        "| label | support | precision | recall | F1 | difference of F1 | p ({}) | F1 is |\n\
         |---|---:|---:|---:|---:|---:|---:|---|",
        correction(comparison)
    );
    listed(out, &heading, &rows, most.open, most, "label");
}

fn correction(comparison: &Comparison) -> &str {
    match comparison.correction.as_str() {
        "holm" => "Holm",
        "benjamini-hochberg" => "Benjamini-Hochberg",
        _ => "corrected",
    }
}

fn slices(out: &mut String, comparison: &Comparison, most: Most) {
    let mut rows: Vec<_> = comparison.slices.iter().collect();
    if rows.is_empty() {
        return;
    }
    // Those that were asked for first.
    rows.sort_by(|a, b| b.given.cmp(&a.given).then(worst_first(&a.compared, &b.compared)));
    line!(out, "### Slices, worst first: {}", counted(&rows.iter().map(|row| &row.compared)));
    line!(out);
    let heading = format!(
        "| slice | examples | metric | {} |\n|---|---:|---|---:|---:|---:|---:|---|",
        columns(comparison).replace("| p |", &format!("| p ({}) |", correction(comparison)))
    );
    let rows: Vec<String> = rows
        .into_iter()
        .map(|row| {
            let p = row.compared.p_adjusted.or(row.compared.p);
            let (name, n) = (code(&cut(&row.name, 80)), words::count(row.n));
            format!("| {name} | {n} | {} | {} |", metric_title(&row.metric), figures(&row.compared, p))
        })
        .collect();
    listed(out, &heading, &rows, most.open, most, "slice");
}

/// Examples that changed sides, the broken ones with their text.
fn flips(out: &mut String, review: &Review, comparison: &Comparison, most: Most) {
    let flips = &comparison.flips;
    let (fixed, broken) = (words::count(flips.fixed_count), words::count(flips.broken_count));
    line!(out, "### Answers: {fixed} fixed, {broken} broken");
    line!(out);
    let alike = comparison.agreement.same.map(|same| format!("Both models answer {} alike.", words::percent(same)));
    line!(
        out,
        "{} right under both, {} wrong under both, {} of them answered differently. {}",
        words::count(flips.both_right),
        words::count(flips.both_wrong),
        words::count(flips.changed),
        alike.unwrap_or_default()
    );
    line!(out);
    let shown = most.open.div_ceil(2);
    let row = |id: &String| {
        let example = review.examples.get(id);
        let answer = |answer: Option<&Answer>| answer.map_or_else(|| "n/a".to_owned(), answered);
        format!(
            "| {} | {} | {} | {} |",
            code(&cut(id, 40)),
            answer(example.map(|example| &example.gold)),
            answer(example.and_then(|example| example.predicted.as_ref())),
            text(&cut(example.and_then(|example| example.text.as_deref()).unwrap_or(""), most.text))
        )
    };
    if flips.broken.is_empty() || shown == 0 {
        return;
    }
    line!(out, "Right before, wrong now, the surest first:");
    line!(out);
    line!(out, "| id | gold | now | text |");
    line!(out, "|---|---|---|---|");
    for id in flips.broken.iter().take(shown) {
        line!(out, "{}", row(id));
    }
    line!(out);
    rest(out, flips.broken_count.saturating_sub(shown as u64), "broken answer");
}

/// Kinds of wrong spans under both models.
fn span_errors(out: &mut String, comparison: &Comparison, most: Most) {
    let rows: Vec<String> = comparison
        .span_errors
        .iter()
        .map(|kind| {
            let name = text(&cut(&kind.name, 60));
            format!("| {name} | {} | {} |", words::count(kind.baseline), words::count(kind.candidate))
        })
        .collect();
    folded(out, "| mistake | baseline | candidate |\n|---|---:|---:|", &rows, most, "Wrong spans by kind");
}

fn findings(out: &mut String, review: &Review, most: Most) {
    let (notes, heavy): (Vec<_>, Vec<_>) =
        review.findings.iter().partition(|finding| finding.severity == Severity::Note);
    if heavy.is_empty() && notes.is_empty() {
        return;
    }
    line!(out, "### Findings: {}", super::tally(review));
    line!(out);
    for finding in heavy.iter().take(most.open * 2) {
        heading(out, finding, most);
        if !finding.message.is_empty() {
            line!(out, "  <br>{}", text(&cut(&finding.message, 3 * most.text)));
        }
    }
    line!(out);
    rest(out, heavy.len().saturating_sub(most.open * 2) as u64, "finding");
    if notes.is_empty() {
        return;
    }
    line!(out, "<details><summary>{}</summary>", words::counted(notes.len() as u64, "note"));
    line!(out);
    for finding in notes.iter().take(most.folded) {
        heading(out, finding, most);
    }
    line!(out);
    rest(out, notes.len().saturating_sub(most.folded) as u64, "note");
    line!(out, "</details>");
    line!(out);
}

/// `- **R701 error** macro-F1 fell by 0.04`.
fn heading(out: &mut String, finding: &Finding, most: Most) {
    let code = text(&cut(&finding.code, 20));
    line!(out, "- **{code} {}** {}", finding.severity.name(), text(&cut(&finding.title, 2 * most.text)));
}

fn next(out: &mut String, review: &Review, most: Most) {
    if review.next.is_empty() {
        return;
    }
    line!(out, "### Next");
    line!(out);
    for step in review.next.iter().take(most.open) {
        let price = step.price.as_ref().map(|price| format!(" ({})", text(&cut(price, 60))));
        line!(out, "{}. {}{}", step.rank, text(&cut(&step.action, 2 * most.text)), price.unwrap_or_default());
        if let Some(command) = &step.command {
            line!(out, "   <br>{}", code(&cut(command, 400)));
        }
    }
    line!(out);
    rest(out, review.next.len().saturating_sub(most.open) as u64, "step");
}

fn foot(out: &mut String, review: &Review, comparison: &Comparison, most: Most) {
    line!(
        out,
        "<sub>{} {} · {} · n = {} · seed {} · {}</sub>",
        text(&cut(&review.tool.name, 40)),
        text(&cut(&review.tool.version, 40)),
        code(&cut(&review.data.test.file, 100)),
        words::count(comparison.examples),
        review.subject.seed,
        code(&cut(&review.subject.command, 6 * most.text))
    );
}

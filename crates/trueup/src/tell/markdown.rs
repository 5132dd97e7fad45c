//! The review in Markdown, as it reads in a pull request or a wiki.

use std::fmt::Write;

use trueup_core::document::{Answer, Confusion, Estimate, Review, Severity};
use trueup_core::words;

use super::{headline, tally, title};

/// Labels shown at most, worst first.
const MOST_LABELS: usize = 20;
/// Wrong answers shown at most.
const MOST_ERRORS: usize = 10;
/// Characters of an example's text shown at most.
const MOST_TEXT: usize = 160;

/// The whole review; of a comparison what [`comparison_markdown`](super::comparison_markdown) says. Ends with a line end.
pub fn markdown(review: &Review) -> String {
    if review.comparison.is_some() {
        return super::comparison_markdown(review);
    }
    let mut out = String::new();
    head(&mut out, review);
    metrics(&mut out, review);
    findings(&mut out, review);
    next(&mut out, review);
    labels(&mut out, review);
    slices(&mut out, review);
    if let Some(confusion) = &review.confusion {
        pairs(&mut out, confusion);
    }
    errors(&mut out, review);
    data(&mut out, review);
    out
}

fn head(out: &mut String, review: &Review) {
    line!(out, "# Review of {}: {}", code(&review.data.test.file), review.verdict.state.name().to_lowercase());
    line!(out);
    line!(
        out,
        "**{}.** {} {}",
        words::capital(&review.verdict.state.name().to_lowercase()),
        words::capital(&tally(review)) + ".",
        text(&review.verdict.summary)
    );
    line!(out);
    line!(
        out,
        "`{}` · {} · {} · seed {}",
        review.subject.command.replace('`', "'"),
        review.subject.model,
        review.data.how,
        review.subject.seed
    );
    line!(out);
}

fn metrics(out: &mut String, review: &Review) {
    let clean = review.leakage.as_ref().filter(|leakage| leakage.exact + leakage.near > 0);
    line!(out, "| metric | value | 95 % interval |{}", if clean.is_some() { " without leaks |" } else { "" });
    line!(out, "|---|---:|---:|{}", if clean.is_some() { "---:|" } else { "" });
    for name in headline(review) {
        let estimate = &review.metrics[name];
        let mut row = format!("| {} | {} | {} |", title(name), words::figure(estimate), interval(estimate));
        if let Some(leakage) = clean {
            let value = leakage.clean_metrics.get(name).map_or_else(|| "n/a".to_owned(), words::figure_with_interval);
            row += &format!(" {value} |");
        }
        line!(out, "{row}");
    }
    line!(out);
    if let Some(baseline) = &review.verdict.baseline {
        line!(
            out,
            "Always answering {} would get {} {:.2}.",
            code(&baseline.answer),
            title(&review.verdict.metric),
            baseline.value
        );
        line!(out);
    }
}

pub(super) fn interval(estimate: &Estimate) -> String {
    let places = words::decimals(estimate);
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!("{low:.places$} to {high:.places$}"),
        _ => "n/a".to_owned(),
    }
}

fn findings(out: &mut String, review: &Review) {
    line!(out, "## Findings");
    line!(out);
    if review.findings.is_empty() {
        line!(out, "None.");
    }
    for finding in &review.findings {
        line!(out, "- **{} {}** {}", finding.code, finding.severity.name(), text(&finding.title));
        if !finding.message.is_empty() && finding.severity != Severity::Note {
            line!(out, "  <br>{}", text(&finding.message));
        }
    }
    line!(out);
}

fn next(out: &mut String, review: &Review) {
    line!(out, "## Next");
    line!(out);
    for step in &review.next {
        let gain = step.gain.as_ref().map(|gain| {
            format!(": {} {:+.3} ({:+.3} to {:+.3})", title(&gain.metric), gain.value, gain.low, gain.high)
        });
        let price = step.price.as_ref().map(|price| format!(" ({price})"));
        line!(out, "{}. {}{}{}", step.rank, text(&step.action), price.unwrap_or_default(), gain.unwrap_or_default());
        if let Some(command) = &step.command {
            line!(out, "   <br>`{}`", command.replace('`', "'"));
        }
    }
    line!(out);
}

/// The slices that were asked for.
fn slices(out: &mut String, review: &Review) {
    let rows: Vec<_> = review.slices.iter().filter(|slice| slice.given).collect();
    let Some(first) = rows.first() else { return };
    line!(out, "## Slices");
    line!(out);
    line!(out, "| slice | examples | {} | elsewhere | p |", title(&first.metric));
    line!(out, "|---|---:|---:|---:|---:|");
    for row in rows {
        let p = row.p.map_or_else(|| "n/a".to_owned(), |p| format!("{p:.3}"));
        let (inside, outside) = (words::figure_with_interval(&row.inside), words::figure_with_interval(&row.outside));
        line!(out, "| {} | {} | {inside} | {outside} | {p} |", code(&row.name), words::count(row.n));
    }
    line!(out);
}

fn labels(out: &mut String, review: &Review) {
    let mut rows: Vec<_> = review.labels.iter().filter(|row| row.support + row.predicted > 0).collect();
    rows.sort_by(|a, b| a.f1.value.unwrap_or(0.0).total_cmp(&b.f1.value.unwrap_or(0.0)));
    if rows.is_empty() {
        return;
    }
    line!(out, "## Labels, worst first");
    line!(out);
    line!(out, "| label | support | precision | recall | F1 |");
    line!(out, "|---|---:|---:|---:|---:|");
    for row in rows.iter().take(MOST_LABELS) {
        line!(
            out,
            "| {} | {} | {} | {} | {} |",
            code(&row.label),
            words::count(row.support),
            words::figure_with_interval(&row.precision),
            words::figure_with_interval(&row.recall),
            words::figure_with_interval(&row.f1)
        );
    }
    line!(out);
    if rows.len() > MOST_LABELS {
        line!(out, "{} more labels are in the JSON document.", rows.len() - MOST_LABELS);
        line!(out);
    }
}

fn pairs(out: &mut String, confusion: &Confusion) {
    let mut pairs = Vec::new();
    for (g, row) in confusion.counts.iter().enumerate() {
        for (p, &n) in row.iter().enumerate() {
            if g != p && n > 1 {
                pairs.push((std::cmp::Reverse(n), g, p));
            }
        }
    }
    pairs.sort_unstable();
    if pairs.is_empty() {
        return;
    }
    line!(out, "## Most confused");
    line!(out);
    line!(out, "| gold | taken for | times |");
    line!(out, "|---|---|---:|");
    for (n, g, p) in pairs.iter().take(10) {
        line!(out, "| {} | {} | {} |", code(&confusion.labels[*g]), code(&confusion.labels[*p]), words::count(n.0));
    }
    line!(out);
}

fn errors(out: &mut String, review: &Review) {
    if review.errors.is_empty() {
        return;
    }
    line!(out, "## Wrong answers, surest first");
    line!(out);
    line!(
        out,
        "{} in all{}.",
        words::counted(review.errors.len() as u64, "wrong answer"),
        if review.errors.len() > MOST_ERRORS { format!("; the first {MOST_ERRORS}") } else { String::new() }
    );
    line!(out);
    line!(out, "| id | gold | predicted | why | text |");
    line!(out, "|---|---|---|---|---|");
    for error in review.errors.iter().take(MOST_ERRORS) {
        let shown = review.examples.get(&error.id).and_then(|example| example.text.as_deref()).unwrap_or("");
        line!(
            out,
            "| {} | {} | {} | {} | {} |",
            code(&error.id),
            answer(&error.gold),
            answer(&error.predicted),
            text(&error.why),
            text(&words::shorten(shown, MOST_TEXT))
        );
    }
    line!(out);
}

fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Label(label) => code(label),
        Answer::Labels(labels) if labels.is_empty() => "none".to_owned(),
        Answer::Labels(labels) => labels.iter().map(|label| code(label)).collect::<Vec<_>>().join(", "),
        Answer::Spans(spans) => words::counted(spans.len() as u64, "span"),
    }
}

fn data(out: &mut String, review: &Review) {
    line!(out, "## Data");
    line!(out);
    for split in [review.data.train.as_ref(), review.data.valid.as_ref(), Some(&review.data.test)].into_iter().flatten()
    {
        let spans = split.spans.map_or_else(String::new, |n| format!(", {}", words::counted(n, "span")));
        line!(
            out,
            "- {}: {} ({}), {}{spans}; fingerprint `{}`",
            split.name,
            code(&split.file),
            split.format,
            words::counted(split.examples, &review.subject.noun),
            review.data.fingerprints.get(&split.name).map_or("", String::as_str)
        );
        for guess in &split.guesses {
            line!(
                out,
                "  - guessed: {}{}",
                text(&guess.what),
                guess.option.as_ref().map_or_else(String::new, |o| format!(" (`{o}` overrides)"))
            );
        }
        if !split.skipped.is_empty() {
            line!(out, "  - left out: {}", words::counted(split.skipped.len() as u64, "record"));
        }
    }
}

/// Text that Markdown and HTML leave as it is, on one line.
pub(super) fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in words::printable(raw).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' => {
                out.push('\\');
                out.push(c);
            }
            // A user name or issue number would notify someone when the review is pasted into a pull request.
            '@' | '#' => {
                out.push(c);
                out.push('\u{2060}');
            }
            c => out.push(c),
        }
    }
    out
}

/// A name in code style; a backtick inside is shown as a quote.
pub(super) fn code(name: &str) -> String {
    // Code has no way to write a backslash before a bar in a table, nor nothing.
    if name.is_empty() || name.contains("\\|") {
        return text(name);
    }
    format!("`{}`", words::printable(name).replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(super::text("<b>|x_y*"), "&lt;b&gt;\\|x\\_y\\*");
        assert_eq!(super::code("a`b|c"), "`a'b\\|c`");
        assert_eq!(super::code("a\\|b"), "a\\\\\\|b");
    }
}

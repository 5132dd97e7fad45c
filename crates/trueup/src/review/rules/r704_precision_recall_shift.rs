//! # R704 precision-recall-shift
//!
//! ## What it finds
//!
//! Precision that was bought with recall, or the other way round: one is shown to be up and the other shown to be down,
//! over all labels together, of the positive one of two labels, or of single labels. The count is that of the labels.
//!
//! ## Why it matters
//!
//! The candidate is neither better nor worse; it answers the label more freely, or less. Whether that is a gain is a
//! question of what a missed one and a false alarm cost, and no F1 answers it.
//!
//! ## Example
//!
//! `fraud: recall rose from 0.70 to 0.80 and precision fell from 0.85 to 0.76`
//!
//! ## What to do
//!
//! State the costs (`--cost fraud:miss=50,false-alarm=1`): then the finding says what the trade comes to. A threshold
//! moves the model back without training it again.
//!
//! ## Threshold
//!
//! Both differences are shown: their intervals lie wholly on opposite sides of 0, for labels after correction for the
//! number of labels. Both must be, so the two together need no correction (Berger 1982). A warning; a note when the costs
//! stated say that the trade pays or comes to nothing.

use serde_json::json;
use trueup_core::document::{Compared, ComparedLabel, Comparison, Severity};
use trueup_core::{Task, words};

use super::moves::{behind, is_better, is_worse, title, went};
use crate::review::{Draft, Evidence, Rule, StatedCosts};

/// The rule.
pub const RULE: Rule = Rule {
    code: "R704",
    name: "precision-recall-shift",
    source: include_str!("r704_precision_recall_shift.rs"),
    check,
};

/// Precision and recall of the positive label (all spans, for NER), of all labels together, and their mean over labels.
const PAIRS: [(&str, &str); 3] =
    [("precision", "recall"), ("precision_micro", "recall_micro"), ("precision_macro", "recall_macro")];

/// Whether one is shown to be up and the other down.
fn apart(precision: &Compared, recall: &Compared) -> bool {
    (is_better(precision) && is_worse(recall)) || (is_worse(precision) && is_better(recall))
}

/// Whether the label's precision was bought with its recall, or the other way round.
pub(super) fn has_traded(row: &ComparedLabel) -> bool {
    apart(&row.precision, &row.recall)
}

fn metric<'c>(comparison: &'c Comparison, name: &str) -> Option<&'c Compared> {
    comparison.metrics.iter().find(|metric| metric.name == name).map(|metric| &metric.compared)
}

/// The first pair of metrics that were traded, with their figures.
fn overall(comparison: &Comparison) -> Option<(&'static str, &'static str, &Compared, &Compared)> {
    PAIRS.into_iter().find_map(|(p, r)| {
        let (precision, recall) = (metric(comparison, p)?, metric(comparison, r)?);
        apart(precision, recall).then_some((p, r, precision, recall))
    })
}

/// Whether the metric `name` is one of a pair that was traded, which this rule tells.
pub(super) fn is_of_a_trade(comparison: &Comparison, name: &str) -> bool {
    PAIRS.iter().any(|(p, r)| {
        (*p == name || *r == name)
            && matches!((metric(comparison, p), metric(comparison, r)), (Some(p), Some(r)) if apart(p, r))
    })
}

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let comparison = &versus.comparison;
    // The two rows of two labels say the same of each other; the positive one is told where there is a positive one.
    let two = evidence.task == Task::Classification && comparison.labels.len() == 2;
    let whole = overall(comparison);
    let mut drafts = Vec::new();
    let mut rows: Vec<&ComparedLabel> = comparison.labels.iter().filter(|row| has_traded(row)).collect();
    if let Some((p, r, precision, recall)) = whole {
        let positive = if two && p == "precision" { positive(comparison, precision, recall) } else { None };
        if let Some(row) = positive {
            drafts.push(of_labels(evidence, row, &[]));
        } else {
            drafts.push(of_all(evidence, comparison, (p, precision), (r, recall)));
        }
        if two {
            return drafts;
        }
    }
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    if two {
        rows.truncate(1); // The other row is its mirror.
    }
    drafts.extend(rows.split_first().map(|(first, rest)| of_labels(evidence, first, rest)));
    drafts
}

/// How far recall moved.
fn size(row: &ComparedLabel) -> f64 {
    row.recall.difference.value.unwrap_or(0.0).abs()
}

/// The label whose figures the metrics of two labels are.
fn positive<'c>(comparison: &'c Comparison, precision: &Compared, recall: &Compared) -> Option<&'c ComparedLabel> {
    let same = |a: &Compared, b: &Compared| (a.baseline, a.candidate) == (b.baseline, b.candidate);
    comparison.labels.iter().find(|row| same(&row.precision, precision) && same(&row.recall, recall))
}

/// What a model makes of a label: how many it finds, and how many false alarms it raises.
fn tally(row: &ComparedLabel, recall: Option<f64>, predicted: u64) -> (i64, i64) {
    let found = (recall.unwrap_or(0.0) * row.support as f64).round() as i64;
    (found, predicted.cast_signed() - found)
}

/// How many more the candidate finds of the label, and how many more false alarms it raises.
fn change(row: &ComparedLabel) -> (i64, i64) {
    let (found, alarms) = tally(row, row.recall.candidate, row.candidate_predicted);
    let (found_before, alarms_before) = tally(row, row.recall.baseline, row.baseline_predicted);
    (found - found_before, alarms - alarms_before)
}

/// What the change of these labels costs by the costs stated (negative: saves); `None` when none of them has a cost.
fn comes_to<'r>(
    evidence: &Evidence<'_>,
    costs: &StatedCosts,
    rows: impl IntoIterator<Item = &'r ComparedLabel>,
) -> Option<f64> {
    let mut known = false;
    let mut sum = 0.0;
    for row in rows {
        let Some(label) = evidence.labels.id(&row.label) else { continue };
        known |= costs.named.contains(&label);
        let (found, alarms) = change(row);
        sum += alarms as f64 * costs.false_alarm[label as usize] - found as f64 * costs.miss[label as usize];
    }
    known.then_some(sum)
}

/// `finds 10 more of 100 'fraud' examples and raises 15 more false alarms`.
fn bought(found: i64, alarms: i64, of: &str) -> String {
    let more = |n: i64| format!("{} {}", words::count(n.unsigned_abs()), if n < 0 { "fewer" } else { "more" });
    let alarm = words::plural(alarms.unsigned_abs(), "false alarm");
    let joint = if (found > 0) == (alarms > 0) { "and" } else { "but" };
    format!("finds {} of {of} {joint} raises {} {alarm}", more(found), more(alarms))
}

/// What the costs stated say of the trade, in a sentence, and whether it pays.
fn worth(evidence: &Evidence<'_>, sum: f64) -> (String, bool) {
    let n = words::counted(evidence.evaluated(), evidence.noun);
    let amount = {
        let text = format!("{:.2}", sum.abs());
        text.strip_suffix(".00").map_or(text.clone(), |whole| words::count(whole.parse().unwrap_or(0)))
    };
    if sum < 0.0 {
        (format!("By the costs stated that saves {amount} on {n}: the trade pays."), true)
    } else if sum > 0.0 {
        (format!("By the costs stated that costs {amount} more on {n}: the trade does not pay."), false)
    } else {
        (format!("By the costs stated that comes to nothing on {n}."), true)
    }
}

fn draft(
    evidence: &Evidence<'_>,
    headline: String,
    told: &str,
    sum: Option<f64>,
    label: &str,
    (count, precision, recall): (u64, &Compared, &Compared),
) -> Draft {
    let (told, severity, action) = match sum.map(|sum| worth(evidence, sum)) {
        None => (
            format!("{told} Whether that is a gain depends on what each of them costs."),
            Severity::Warning,
            format!("Say what a missed '{label}' and a false alarm cost, and decide by that"),
        ),
        Some((worth, true)) => (
            format!("{told} {worth}"),
            Severity::Note,
            "Nothing has to be done: by the costs stated the trade is worth it".to_owned(),
        ),
        Some((worth, false)) => (
            format!("{told} {worth}"),
            Severity::Warning,
            format!("Move the threshold of '{label}' back, or keep the baseline"),
        ),
    };
    let draft = Draft::new(severity, count, headline, action)
        .message(told)
        .with("precision", behind(precision))
        .with("recall", behind(recall))
        .with("cost", sum);
    match sum {
        Some(_) => draft,
        None => draft.command(format!(
            "{} --cost '{}:miss=50,false-alarm=1'",
            evidence.command,
            label.replace('\'', "'\\''")
        )),
    }
}

/// The label that moved the most, and the others that traded too: what one label takes, another gives.
fn of_labels(evidence: &Evidence<'_>, row: &ComparedLabel, rest: &[&ComparedLabel]) -> Draft {
    let (found, alarms) = change(row);
    let of = format!("{} '{}' {}", words::count(row.support), row.label, words::plural(row.support, evidence.unit));
    let mut headline = sides(&row.label, ("recall", &row.recall), ("precision", &row.precision));
    let mut told = format!("The candidate {}.", bought(found, alarms, &of));
    if !rest.is_empty() {
        headline += &format!("; {} traded too", words::counted(rest.len() as u64, "more label"));
        let names: Vec<&str> = rest.iter().map(|row| row.label.as_str()).collect();
        told += &format!(" One was traded for the other in {} too.", words::list(&names, 5));
    }
    let all = || [row].into_iter().chain(rest.iter().copied());
    let sum = evidence.costs.as_ref().and_then(|costs| comes_to(evidence, costs, all()));
    let labels: Vec<serde_json::Value> = all()
        .map(|row| {
            let (found, alarms) = change(row);
            json!({
                "label": row.label, "found": found, "false_alarms": alarms,
                "precision": behind(&row.precision), "recall": behind(&row.recall),
            })
        })
        .collect();
    let count = 1 + rest.len() as u64;
    draft(evidence, headline, &told, sum, &row.label, (count, &row.precision, &row.recall)).with("labels", labels)
}

fn of_all(
    evidence: &Evidence<'_>,
    comparison: &Comparison,
    (p, precision): (&str, &Compared),
    (r, recall): (&str, &Compared),
) -> Draft {
    let rows = &comparison.labels;
    let (found, alarms) = rows.iter().map(change).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let support: u64 = rows.iter().map(|row| row.support).sum();
    let of = format!("{} gold {}", words::count(support), words::plural(support, evidence.unit));
    let headline = sides("overall", (title(r), recall), (title(p), precision));
    // Of one label an example, what is found is what is answered right: a trade of means has no such counts.
    let told = if evidence.task == Task::Classification {
        "Taken over the labels, the candidate finds them more or less freely than the baseline.".to_owned()
    } else {
        format!("The candidate {}.", bought(found, alarms, &of))
    };
    let sum = evidence.costs.as_ref().and_then(|costs| comes_to(evidence, costs, rows));
    let most = rows.iter().max_by(|a, b| size(a).total_cmp(&size(b))).map_or("", |row| row.label.as_str());
    draft(evidence, headline, &told, sum, most, (rows.len() as u64, precision, recall))
        .with("found", found)
        .with("false_alarms", alarms)
}

/// `fraud: recall rose from 0.70 to 0.80 and precision fell from 0.85 to 0.76`: what was gained first.
fn sides(what: &str, recall: (&str, &Compared), precision: (&str, &Compared)) -> String {
    let (up, down) = if is_better(recall.1) { (recall, precision) } else { (precision, recall) };
    format!("{what}: {} {} and {} {}", up.0, went(up.1), down.0, went(down.1))
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;
    use crate::review::{Evidence, StatedCosts};
    use trueup_core::document::{Finding, Severity};

    /// 200 of 1,200 are fraud: 140 of them found before, 160 now, with 25 false alarms before and 50 now.
    fn plant() -> Plant {
        Plant::versus(&[
            ("a_ok", "a_ok", "a_ok", 950),
            ("a_ok", "a_ok", "fraud", 25),
            ("a_ok", "fraud", "fraud", 25),
            ("fraud", "fraud", "fraud", 140),
            ("fraud", "a_ok", "fraud", 20),
            ("fraud", "a_ok", "a_ok", 40),
        ])
    }

    fn costs(miss: f64, false_alarm: f64) -> impl Fn(&mut Evidence<'_>) {
        move |e| {
            e.costs = Some(StatedCosts { miss: vec![0.0, miss], false_alarm: vec![0.0, false_alarm], named: vec![1] });
        }
    }

    fn judge(plant: &Plant) -> Finding {
        let mut findings = plant.judge(&super::RULE);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        findings.remove(0)
    }

    #[test]
    fn two_costs_two_answers() {
        let unstated = judge(&plant());
        assert_eq!(unstated.title, "fraud: recall rose from 0.70 to 0.80 and precision fell from 0.85 to 0.76");
        assert_eq!(unstated.severity, Severity::Warning);
        assert!(
            unstated
                .message
                .starts_with("The candidate finds 20 more of 200 'fraud' examples and raises 25 more false alarms."),
            "{}",
            unstated.message
        );
        assert_eq!(
            unstated.action.command.as_deref(),
            Some("trueup review data.csv --cost 'fraud:miss=50,false-alarm=1'")
        );
        let pays = judge(&plant().with(costs(50.0, 1.0)));
        assert_eq!(pays.severity, Severity::Note);
        assert!(pays.message.ends_with("that saves 975 on 1,200 examples: the trade pays."), "{}", pays.message);
        let does_not = judge(&plant().with(costs(1.0, 4.0)));
        assert_eq!(does_not.severity, Severity::Warning);
        assert!(does_not.message.ends_with("that costs 80 more on 1,200 examples: the trade does not pay."));
        assert_eq!(does_not.evidence["cost"], 80.0);
    }

    #[test]
    fn the_other_way_round() {
        let back = Plant::versus(&[
            ("a_ok", "a_ok", "a_ok", 950),
            ("a_ok", "fraud", "a_ok", 25),
            ("a_ok", "fraud", "fraud", 25),
            ("fraud", "fraud", "fraud", 140),
            ("fraud", "fraud", "a_ok", 20),
            ("fraud", "a_ok", "a_ok", 40),
        ]);
        let found = judge(&back);
        assert_eq!(found.title, "fraud: precision rose from 0.76 to 0.85 and recall fell from 0.80 to 0.70");
        assert!(found.message.starts_with("The candidate finds 20 fewer of 200 'fraud' examples and raises 25 fewer"));
    }

    #[test]
    fn one_of_many_labels() {
        let found = judge(
            &Plant::versus(&[
                ("bill", "bill", "bill", 400),
                ("bill", "bill", "fraud", 20),
                ("move", "move", "move", 400),
                ("move", "move", "fraud", 20),
                ("fraud", "fraud", "fraud", 100),
                ("fraud", "bill", "fraud", 20),
                ("fraud", "move", "fraud", 15),
                ("fraud", "bill", "bill", 40),
            ])
            .compared(|c| c.metrics.truncate(1)),
        );
        assert!(found.title.starts_with("fraud: recall rose from 0.57 to 0.77 and precision fell"), "{}", found.title);
        // What is called fraud now is called something else less often: the others answer more narrowly.
        assert!(found.title.ends_with("; 2 more labels traded too"), "{}", found.title);
        assert!(found.message.contains("One was traded for the other in bill and move too."), "{}", found.message);
        let first = &found.evidence["labels"][0];
        assert_eq!((first["found"].as_i64(), first["false_alarms"].as_i64()), (Some(35), Some(40)));
        assert_eq!(found.count, 3);
    }

    #[test]
    fn silent_when_both_rise_or_one_is_not_shown() {
        let better = Plant::versus(&[
            ("a_ok", "a_ok", "a_ok", 950),
            ("a_ok", "fraud", "a_ok", 25),
            ("fraud", "fraud", "fraud", 140),
            ("fraud", "a_ok", "fraud", 40),
        ]);
        assert!(better.judge(&super::RULE).is_empty());
        let few = Plant::versus(&[
            ("a_ok", "a_ok", "a_ok", 90),
            ("a_ok", "a_ok", "fraud", 3),
            ("fraud", "fraud", "fraud", 10),
            ("fraud", "a_ok", "fraud", 2),
        ]);
        assert!(few.judge(&super::RULE).is_empty());
        // The worked case: five more of 105 found, nothing lost.
        let five = Plant::versus(&[
            ("a_ok", "a_ok", "a_ok", 900),
            ("a_ok", "fraud", "fraud", 15),
            ("fraud", "fraud", "fraud", 85),
            ("fraud", "a_ok", "fraud", 5),
            ("fraud", "a_ok", "a_ok", 15),
        ]);
        assert!(five.judge(&super::RULE).is_empty());
    }
}

//! The decision: promote, reject, or undecided.
//!
//! # How the whole policy keeps its error rate
//!
//! Of two models that are alike, a policy with `alpha` = 0.05 promotes or rejects one in at most 5 of 100 test sets:
//!
//! - The metric that decides **promotes** when its two-sided interval of level 1 - alpha lies above 0 (above -m with
//!   `non_inferior = m`): a chance of alpha / 2.
//! - It **rejects** when the interval lies below, another alpha / 2. Where the policy has vetoes, a fifth of that is theirs: the
//!   metric's interval for rejecting is of level 1 - 0.8 alpha, and the vetoes together may reject alone at 0.1 alpha, one-sided,
//!   by Holm's method (Holm 1979, "A simple sequentially rejective multiple test procedure").
//! - Against a **promotion** the vetoes speak at alpha / 2, one-sided, by Holm's method again: they can only turn a promotion
//!   into a rejection, which adds no error between models that are alike.
//!
//! A veto that asks to be *shown* keeps a promotion undecided until the figure's one-sided test at alpha / 2 says that it fell by
//! less than the margin; each is asked by itself, since all must hold (an intersection-union test; Berger 1982). What must be
//! answered rightly, what a model may cost, and floors are no questions of chance between alike models, and decide by themselves.
//!
//! With several candidates alpha is divided by their number (Bonferroni).

use std::collections::BTreeMap;

use trueup_core::compare::{Law, MetricLaw};
use trueup_core::document::{Check, CheckKind, CheckState, ComparedCost, Decision, Estimate, LabelRow};
use trueup_core::measure::catalogue;
use trueup_core::{stats, words};

use super::facts::{Facts, FirstFacts, MustPassFacts};
use super::policy::{BudgetRule, LabelFigure, Policy, SliceVeto};
use super::say::{amount, asked_margin, moved, of_own, shift};

/// The part of the rejecting side's alpha that is the vetoes'.
const VETO_PART: f64 = 0.2;

/// What a gate decides, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// Everything that was asked, in the order of the policy.
    pub checks: Vec<Check>,
    /// Further examples that would decide what is undecided.
    pub needed: Option<u64>,
    /// Two or three sentences for a product owner.
    pub summary: String,
}

/// A figure that may not fall.
struct Veto {
    kind: CheckKind,
    name: String,
    /// The figure, where the name does not say it.
    figure: Option<String>,
    /// The figure's law where more is better.
    law: Law,
    baseline: Option<f64>,
    candidate: Option<f64>,
    margin: f64,
    shown: bool,
    /// Whether less of the figure as shown is better.
    lower_is_better: bool,
}

/// Decides by `policy` what becomes of a candidate.
pub fn decide(policy: &Policy, facts: &Facts<'_>) -> Decided {
    let alpha = policy.alpha / facts.candidates.max(1) as f64;
    let vetoes = vetoes(policy, facts);
    let primary = &facts.primary;
    let law = primary.law.oriented(primary.higher_is_better);
    let bar = -policy.non_inferior.unwrap_or(0.0);
    let reject_alpha = if vetoes.is_empty() { alpha } else { alpha * (1.0 - VETO_PART) };
    let promotes = law.interval(1.0 - alpha).is_some_and(|(low, _)| low > bar);
    let rejects = law.interval(1.0 - reject_alpha).is_some_and(|(_, high)| high < bar);
    let state = match (promotes, rejects) {
        (true, _) => CheckState::Passed,
        (_, true) => CheckState::Failed,
        _ => CheckState::Unclear,
    };
    let mut checks = vec![of_primary(policy, primary, 1.0 - alpha, state)];
    let threshold = if promotes { 0.5 * alpha } else { 0.5 * alpha * VETO_PART };
    let (of_vetoes, open) = judge(&vetoes, threshold, 0.5 * alpha, policy.power, facts);
    checks.extend(floors(policy, facts.alone, facts.label_rows));
    checks.extend(of_vetoes);
    let slices = facts.slices.iter().map(|slice| (slice.veto, slice.name.as_str(), &slice.own));
    checks.extend(own_demands(policy, slices, facts.must_pass.as_ref(), facts.alone, facts.costs));
    let decision = outcome(&checks);
    let needed = (decision == Decision::Undecided).then(|| {
        let per_unit = facts.examples as f64 / facts.units.max(1) as f64;
        let mut all: Vec<Option<u64>> = open;
        if state == CheckState::Unclear {
            all.push(law.needed(bar, 1.0 - alpha, policy.power, facts.units));
        }
        let units = all.into_iter().try_fold(0, |most, needed| Some(needed?.max(most)));
        let examples = units.map(|units| (units as f64 * per_unit).ceil() as u64);
        let of_floors = floors_need(&checks, policy, facts.alone);
        match (examples, of_floors) {
            (Some(a), Some(b)) => Some(a.max(b)).filter(|&most| most > 0),
            _ => None,
        }
    });
    let needed = needed.flatten();
    let summary = super::say::summary(policy, facts, decision, &checks, needed);
    Decided { decision, checks, needed, summary }
}

/// Decides by the policy's rule for first models.
pub fn decide_first(policy: &Policy, facts: &FirstFacts<'_>) -> Decided {
    let title = title(facts.metric);
    let mut checks = Vec::new();
    let own = facts.alone.get(facts.metric).cloned().unwrap_or_else(|| Estimate::undefined(facts.examples));
    if let Some((value, answer)) = facts.constant.as_ref().filter(|_| policy.first.beat_constant) {
        let mut check = of_floor(CheckKind::Primary, facts.metric, &own, *value, facts.higher_is_better);
        check.asked = format!("better than always answering '{answer}', which gets {value:.3}");
        // To equal a constant answer is not to beat it.
        if own.low.is_some_and(|low| low <= *value) && check.state == CheckState::Passed {
            check.state = CheckState::Unclear;
        }
        checks.push(check);
    }
    let short = policy.first.min_examples.saturating_sub(facts.examples);
    checks.push(Check {
        kind: CheckKind::Floor,
        name: "test examples".to_owned(),
        asked: format!("{} at least", words::count(policy.first.min_examples)),
        found: words::count(facts.examples),
        baseline: None,
        candidate: Some(facts.examples as f64),
        low: None,
        high: None,
        p: None,
        state: if short > 0 { CheckState::Unclear } else { CheckState::Passed },
        examples: Vec::new(),
    });
    checks.extend(floors(policy, facts.alone, facts.label_rows));
    let slices = facts.slices.iter().map(|slice| (slice.veto, slice.name.as_str(), &slice.own));
    checks.extend(own_demands(policy, slices, facts.must_pass.as_ref(), facts.alone, facts.costs));
    let decision = outcome(&checks);
    let needed = (decision == Decision::Undecided)
        .then(|| {
            let constant = facts.constant.as_ref().map(|found| found.0);
            let beats =
                constant.filter(|_| checks[0].kind == CheckKind::Primary && checks[0].state == CheckState::Unclear);
            let of_constant = match beats {
                None => Some(0),
                Some(value) => further(&own, value),
            };
            Some(of_constant?.max(floors_need(&checks, policy, facts.alone)?).max(short)).filter(|&most| most > 0)
        })
        .flatten();
    let summary = super::say::first(&title, &own, decision, &checks, needed);
    Decided { decision, checks, needed, summary }
}

/// What the demands come to.
fn outcome(checks: &[Check]) -> Decision {
    if checks.iter().any(|check| check.state == CheckState::Failed) {
        Decision::Reject
    } else if checks.iter().any(|check| check.state == CheckState::Unclear) {
        Decision::Undecided
    } else {
        Decision::Promote
    }
}

fn of_primary(policy: &Policy, primary: &MetricLaw, level: f64, state: CheckState) -> Check {
    let interval = primary.law.interval(level);
    Check {
        kind: CheckKind::Primary,
        name: primary.name.clone(),
        asked: match policy.non_inferior {
            None => "better than the baseline".to_owned(),
            Some(margin) => format!("worse by less than {} at most", amount(&primary.name, margin)),
        },
        found: moved(primary, level),
        baseline: primary.a,
        candidate: primary.b,
        low: interval.map(|i| i.0),
        high: interval.map(|i| i.1),
        p: primary.law.p(),
        state,
        examples: Vec::new(),
    }
}

/// Everything that may not fall, in the order of the policy.
fn vetoes(policy: &Policy, facts: &Facts<'_>) -> Vec<Veto> {
    let mut found = Vec::new();
    let mut label = |id: usize, figure: LabelFigure, margin: f64, shown: bool| {
        let (baseline, candidate, law) = figure.of(&facts.label_laws[id]).clone();
        let name = format!("{} of {}", title(figure.name()), facts.labels.name(id as u32));
        let kind = CheckKind::Label;
        found.push(Veto { kind, name, figure: None, law, baseline, candidate, margin, shown, lower_is_better: false });
    };
    let named = |id: usize| policy.label.iter().any(|veto| veto.label == facts.labels.name(id as u32));
    if let Some(every) = &policy.labels {
        for (id, laws) in facts.label_laws.iter().enumerate() {
            if laws.a.support() >= every.min_support && !named(id) {
                label(id, every.figure, every.margin, every.shown);
            }
        }
    }
    for veto in &policy.label {
        if let Some(id) = facts.labels.id(&veto.label) {
            label(id as usize, veto.figure, veto.margin, veto.shown);
        }
    }
    for slice in &facts.slices {
        found.push(Veto {
            kind: CheckKind::Slice,
            name: slice.name.clone(),
            figure: Some(title(&slice.figure.name)),
            law: slice.figure.law.clone(),
            baseline: slice.figure.a,
            candidate: slice.figure.b,
            margin: slice.veto.margin,
            shown: slice.veto.shown,
            lower_is_better: false,
        });
    }
    if let Some(calibration) = &policy.calibration {
        for (name, rise) in [("ece", calibration.ece_rise), ("log_loss", calibration.log_loss_rise)] {
            let Some(margin) = rise else { continue };
            let metric = facts.metrics.iter().find(|metric| metric.name == name);
            found.push(Veto {
                kind: CheckKind::Calibration,
                name: title(name).clone(),
                figure: None,
                law: metric.map_or(Law::Undefined, |metric| metric.law.mirrored()),
                baseline: metric.and_then(|metric| metric.a),
                candidate: metric.and_then(|metric| metric.b),
                margin,
                // What cannot be known is not waved through.
                shown: metric.is_none_or(|metric| metric.law == Law::Undefined),
                lower_is_better: true,
            });
        }
    }
    found
}

/// Judges the vetoes as one family: a fall beyond the margin counts where its p-value by Holm's method is below `threshold`.
/// For those that must be shown and are not, how many further units would show it.
fn judge(
    vetoes: &[Veto],
    threshold: f64,
    shown_at: f64,
    power: f64,
    facts: &Facts<'_>,
) -> (Vec<Check>, Vec<Option<u64>>) {
    let p: Vec<f64> = vetoes.iter().map(|veto| veto.law.p_below(-veto.margin).unwrap_or(1.0)).collect();
    let adjusted = stats::holm(&p);
    let mut open = Vec::new();
    let checks = vetoes
        .iter()
        .zip(adjusted)
        .map(|(veto, p)| {
            let fell = p < threshold;
            let held = !veto.shown || veto.law.p_above(-veto.margin).is_some_and(|p| p < shown_at);
            let state = match (fell, held) {
                (true, _) => CheckState::Failed,
                (false, false) => CheckState::Unclear,
                (false, true) => CheckState::Passed,
            };
            if state == CheckState::Unclear {
                open.push(veto.law.needed(-veto.margin, 1.0 - 2.0 * shown_at, power, facts.units));
            }
            let interval = veto.law.interval(0.95);
            let as_is = |(low, high): (f64, f64)| if veto.lower_is_better { (-high, -low) } else { (low, high) };
            let interval = interval.map(as_is);
            Check {
                kind: veto.kind,
                name: veto.name.clone(),
                asked: veto.figure.clone().map_or_else(String::new, |figure| figure + " ")
                    + &asked_margin(veto.margin, veto.shown, veto.lower_is_better),
                found: shift(veto.baseline, veto.candidate, interval),
                baseline: veto.baseline,
                candidate: veto.candidate,
                low: interval.map(|i| i.0),
                high: interval.map(|i| i.1),
                p: veto.law.value().map(|_| p),
                state,
                examples: Vec::new(),
            }
        })
        .collect();
    (checks, open)
}

/// What is asked of the candidate by itself, beside the floors of metrics and labels: what slices must reach, what must be
/// answered rightly, how honest its scores must be, and what it may cost.
fn own_demands<'a>(
    policy: &Policy,
    slices: impl Iterator<Item = (&'a SliceVeto, &'a str, &'a Estimate)>,
    must_pass: Option<&MustPassFacts>,
    alone: &BTreeMap<String, Estimate>,
    costs: &[ComparedCost],
) -> Vec<Check> {
    let of_slice = |(veto, name, own): (&SliceVeto, &str, &Estimate)| {
        veto.floor.map(|floor| of_floor(CheckKind::Slice, name, own, floor, true))
    };
    let mut checks: Vec<Check> = slices.filter_map(of_slice).collect();
    checks.extend(must_pass.map(|found| of_must_pass(policy, found)));
    checks.extend(honest(policy, alone));
    checks.extend(budgets(policy, costs));
    checks
}

/// What metrics and labels must reach.
fn floors(policy: &Policy, alone: &BTreeMap<String, Estimate>, rows: &[LabelRow]) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    for (name, &floor) in &policy.floors {
        let own = alone.get(name).cloned().unwrap_or_else(|| Estimate::undefined(0));
        checks.push(of_floor(CheckKind::Floor, name, &own, floor, higher(name)));
    }
    for veto in &policy.label {
        let row = rows.iter().find(|row| row.label == veto.label);
        if let (Some(floor), Some(row)) = (veto.floor, row) {
            let name = format!("{} of {}", title(veto.figure.name()), veto.label);
            checks.push(of_floor(CheckKind::Label, &name, veto.figure.alone(row), floor, true));
        }
    }
    checks
}

fn of_floor(kind: CheckKind, name: &str, own: &Estimate, floor: f64, higher: bool) -> Check {
    let state = match (own.low.or(own.value), own.high.or(own.value)) {
        (Some(low), _) if higher && low >= floor => CheckState::Passed,
        (_, Some(high)) if higher && high < floor => CheckState::Failed,
        (_, Some(high)) if !higher && high <= floor => CheckState::Passed,
        (Some(low), _) if !higher && low > floor => CheckState::Failed,
        _ => CheckState::Unclear,
    };
    Check {
        kind,
        name: name.to_owned(),
        asked: format!("{} {floor}", if higher { "at least" } else { "at most" }),
        found: of_own(own),
        baseline: None,
        candidate: own.value,
        low: own.low,
        high: own.high,
        p: None,
        state,
        examples: Vec::new(),
    }
}

fn of_must_pass(policy: &Policy, found: &MustPassFacts) -> Check {
    let allowed = policy.must_pass.as_ref().map_or(0, |must| must.allow);
    let failed = found.failed.len() as u64;
    Check {
        kind: CheckKind::MustPass,
        name: found.file.clone(),
        asked: if allowed == 0 {
            format!("all {} right", words::counted(found.examples, "example"))
        } else {
            format!("{} of {} wrong at most", words::count(allowed), words::counted(found.examples, "example"))
        },
        found: if failed == 0 {
            "all right".to_owned()
        } else {
            format!("{} wrong: {}", words::count(failed), words::list(&found.failed, 5))
        },
        baseline: None,
        candidate: Some(failed as f64),
        low: None,
        high: None,
        p: None,
        state: if failed > allowed { CheckState::Failed } else { CheckState::Passed },
        examples: found.failed.clone(),
    }
}

/// How honest the scores must be.
fn honest(policy: &Policy, alone: &BTreeMap<String, Estimate>) -> Option<Check> {
    let most = policy.calibration.as_ref()?.max_ece?;
    let own = alone.get("ece").cloned().unwrap_or_else(|| Estimate::undefined(0));
    let mut check = of_floor(CheckKind::Calibration, "ece", &own, most, false);
    // A budget is kept unless it is shown that it is not.
    if check.state == CheckState::Unclear && own.value.is_some() {
        check.state = CheckState::Passed;
    }
    Some(check)
}

fn budgets(policy: &Policy, costs: &[ComparedCost]) -> Vec<Check> {
    let budget = &policy.budget;
    let rules: [(&str, Option<BudgetRule>); 6] = [
        ("train_seconds", budget.train_seconds),
        ("train_cpu_seconds", budget.train_cpu_seconds),
        ("train_peak_memory_bytes", budget.train_peak_memory_bytes),
        ("model_bytes", budget.model_bytes),
        ("latency_p50_ms", budget.latency_p50_ms),
        ("latency_p99_ms", budget.latency_p99_ms),
    ];
    let mut checks = Vec::new();
    for (name, rule) in rules {
        let Some(BudgetRule { max, times }) = rule else { continue };
        let cost = costs.iter().find(|cost| cost.name == name);
        let (baseline, candidate) = (cost.and_then(|c| c.baseline), cost.and_then(|c| c.candidate));
        let mut asked = Vec::new();
        let mut kept = Vec::new();
        if let Some(max) = max {
            asked.push(format!("{} at most", amount(name, max)));
            kept.push(candidate.map(|value| value <= max));
        }
        if let Some(times) = times {
            asked.push(format!("{times} times the baseline's at most"));
            kept.push(candidate.zip(baseline).map(|(candidate, baseline)| candidate <= times * baseline));
        }
        let state = if kept.contains(&Some(false)) {
            CheckState::Failed
        } else if kept.contains(&None) {
            CheckState::Unclear
        } else {
            CheckState::Passed
        };
        let say = |value: Option<f64>| value.map_or_else(|| "not known".to_owned(), |value| amount(name, value));
        checks.push(Check {
            kind: CheckKind::Budget,
            name: name.to_owned(),
            asked: asked.join(", "),
            found: match baseline {
                None => say(candidate),
                Some(_) => format!("{} → {}", say(baseline), say(candidate)),
            },
            baseline,
            candidate,
            low: None,
            high: None,
            p: None,
            state,
            examples: Vec::new(),
        });
    }
    checks
}

/// How many further examples the unclear floors need; `None` where no number would do.
fn floors_need(checks: &[Check], policy: &Policy, alone: &BTreeMap<String, Estimate>) -> Option<u64> {
    let unclear = |name: &str| {
        checks.iter().any(|c| c.kind == CheckKind::Floor && c.name == name && c.state == CheckState::Unclear)
    };
    let mut most = 0;
    for (name, &floor) in policy.floors.iter().filter(|(name, _)| unclear(name)) {
        most = most.max(further(alone.get(name)?, floor)?);
    }
    Some(most)
}

/// Further examples until the interval of a figure leaves out `bar`.
fn further(own: &Estimate, bar: f64) -> Option<u64> {
    stats::needed_examples(own.value?, (own.low?, own.high?), own.n, bar).filter(|&needed| needed <= 10_000_000)
}

/// A metric's name for people.
pub(super) fn title(name: &str) -> String {
    catalogue::find(name).map_or(name, |metric| metric.title).to_owned()
}

fn higher(name: &str) -> bool {
    catalogue::find(name).is_none_or(|metric| metric.better == catalogue::Better::Higher)
}

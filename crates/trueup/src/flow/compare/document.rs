//! The document of a comparison.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use trueup_core::compare::Flip;
use trueup_core::document::{
    Baseline, Comparison, Contestant, Data, Decision, Estimate, Evaluation, Finding, Flips, Gate, LeakedComparison,
    ModelAgreement, Review, Rival, SCHEMA, Severity, SliceRow, SplitSummary, Standing, State, Subject, Tool, Verdict,
};
use trueup_core::fingerprint::fingerprint;
use trueup_core::measure::measure;
use trueup_core::{Pair, Task};

use super::contestants::Answers;
use super::versus::{Found, Setting, noun};
use super::written::SliceLaw;
use super::{duel, standing, written};
use crate::flow::document::{examples, leakage};
use crate::flow::judge::figures;
use crate::gate;
use crate::load::Part;
use crate::review::{self, Evidence, Figures, LeakPair, Outcome, Place, Rule, Side, SideName, StatedCosts, Versus};

/// Ids of flipped examples listed at most.
const MOST_FLIPS: usize = 10_000;

/// What the document is made of.
pub(super) struct Parts<'p, 'a> {
    pub setting: &'p Setting<'p>,
    pub rules: &'p [&'p Rule],
    /// Where the policy comes from.
    pub source: Option<String>,
    pub train: Option<Part>,
    pub baseline: Option<&'p Answers>,
    pub candidates: &'p [Answers],
    /// The baseline's pair, where there is one, then those of the candidates.
    pub pairs: &'p [Pair<'a>],
    pub leaks: Vec<LeakPair>,
    pub costs: Option<StatedCosts>,
    pub unfair: Vec<String>,
    pub found: Vec<Found<'a>>,
    /// Which candidate is meant.
    pub best: usize,
}

/// Writes everything down and lets the rules judge it.
pub(super) fn document(parts: Parts<'_, '_>) -> Review {
    let comparison = comparison(&parts);
    let Parts { setting, rules, train, baseline, candidates, pairs, leaks, costs, unfair, found, best, .. } = parts;
    let (answers, test, options) = (&candidates[best], setting.test, setting.options);
    let first = usize::from(baseline.is_some());
    let pair = &pairs[first + best];
    let chosen = found.into_iter().nth(best).expect("the best is one of them");
    let data = &test.data;
    let confidence = |row: usize| answers.predictions.confidence(row);
    let (fixed, broken) = if baseline.is_none() {
        (Vec::new(), Vec::new())
    } else {
        let whole = duel(&pairs[0], pair);
        let counted: std::collections::BTreeSet<usize> = setting.counted.iter().copied().collect();
        let rows = |flip| {
            let mut rows = whole.rows_of(flip, confidence);
            rows.retain(|row| counted.contains(row));
            rows
        };
        (rows(Flip::Fixed), rows(Flip::Broken))
    };
    let apart = train.as_ref().is_some_and(|train| train.summary.file != test.summary.file);
    let support = train.as_ref().map(|part| part.data.support());
    let how = setting.how.measuring();
    let leaked = setting.counted.len() < data.len();
    let all = leaked.then(|| figures(measure(pair, &how), support.as_deref()));
    let counted = figures(chosen.measures.clone(), support.as_deref());
    let (shown, clean): (Figures, Option<Figures>) = match all {
        Some(all) => (all, Some(counted)),
        None => (counted, None),
    };
    let evidence = Evidence {
        task: data.task,
        noun: noun(data.task),
        unit: if data.task == Task::Ner { "span" } else { "example" },
        labels: &data.labels,
        evaluation: Evaluation::Predictions,
        train: train.as_ref().map(|part| Side::new(&part.data, apart.then_some("train"), part.summary.file.clone())),
        valid: None,
        test: Side::new(data, apart.then_some("test"), test.summary.file.clone()),
        figures: shown,
        clean,
        primary: chosen.primary.clone(),
        outcomes: (0..pair.len())
            .map(|row| Outcome { row, correct: pair.gold()[row] == pair.predicted()[row], score: confidence(row) })
            .collect(),
        predicted: &answers.predictions.answers,
        duplicates: Vec::new(),
        near: Vec::new(),
        leaks,
        slices: chosen.slices.iter().map(slice_row).collect(),
        slice_rows: chosen.slices.iter().map(|slice| slice.part.rows.clone()).collect(),
        training: answers.training.clone(),
        versus: baseline.map(|baseline| Versus {
            comparison: with_flips(comparison.clone(), &fixed, &broken, |row| {
                let prefix = if apart { "test/" } else { "" };
                format!("{prefix}{}", data.examples[row].id)
            }),
            baseline: baseline.predictions.answers.clone(),
            fixed,
            broken,
            unfair,
        }),
        costs,
        command: options.command.clone(),
    };
    let mut findings: Vec<Finding> = rules.iter().flat_map(|rule| rule.judge(&evidence)).collect();
    findings.sort_by(|a, b| (a.severity, &a.code).cmp(&(b.severity, &b.code)));
    let errors = review::errors(&evidence);
    let mut records = examples(&evidence, &answers.predictions, &findings, &errors, !options.no_text);
    if let Some(versus) = &evidence.versus {
        for &row in setting.counted {
            if let Some(record) = records.get_mut(&evidence.id(Place { side: SideName::Test, row })) {
                let answered = &versus.baseline[row];
                record.baseline = Some(review::answer(data, &data.examples[row], answered, None));
                record.baseline_spans = review::marked(&evidence.test, row, answered);
            }
        }
    }
    let leakage = evidence.has_split().then(|| leakage(&evidence, setting.counted.len() as u64));
    let comparison = evidence.versus.as_ref().map_or(comparison, |versus| versus.comparison.clone());
    let mut fingerprints = BTreeMap::from([("test".to_owned(), fingerprint(data))]);
    fingerprints.extend(train.as_ref().map(|part| ("train".to_owned(), fingerprint(&part.data))));
    let summary = |part: &Part| -> SplitSummary { part.summary.clone() };
    let verdict = verdict(setting, &chosen, &comparison, &findings);
    Review {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "trueup".into(), version: env!("CARGO_PKG_VERSION").into() },
        subject: Subject {
            kind: "comparison".into(),
            model: answers.contestant.name.clone(),
            command: options.command.clone(),
            seed: options.seed,
            noun: evidence.noun.into(),
        },
        task: data.task,
        data: Data {
            evaluation: Evaluation::Predictions,
            how: how_said(&comparison, test),
            train: train.as_ref().map(summary),
            valid: None,
            test: test.summary.clone(),
            fingerprints,
        },
        next: review::next(&evidence, &findings),
        verdict,
        metrics: evidence.figures.metrics.clone(),
        labels: evidence.figures.labels.clone(),
        confusion: evidence.figures.confusion.clone(),
        findings,
        errors,
        examples: records,
        slices: Vec::new(),
        leakage,
        training: evidence.training.clone(),
        comparison: Some(comparison),
        run: None,
    }
}

/// A slice as rules find it by its name; its figures are those of the comparison.
fn slice_row(slice: &SliceLaw) -> SliceRow {
    let n = slice.part.rows.len() as u64;
    SliceRow {
        name: slice.part.name.clone(),
        by: slice.part.by.clone(),
        given: slice.given,
        n,
        inside: slice.figure.b.map_or_else(|| Estimate::undefined(n), |value| Estimate::point(value, n)),
        outside: Estimate::undefined(0),
        metric: slice.figure.name.clone(),
        p: None,
    }
}

fn how_said(comparison: &Comparison, test: &Part) -> String {
    match comparison.baseline.kind.as_str() {
        "none" => format!("{}, a first model, on {}", comparison.candidate.name, test.summary.file),
        _ => format!("{} against {} on {}", comparison.candidate.name, comparison.baseline.name, test.summary.file),
    }
}

/// Everything that differs.
fn comparison(parts: &Parts<'_, '_>) -> Comparison {
    let Parts { setting, baseline, candidates, pairs, found, best, .. } = parts;
    let chosen = &found[*best];
    let Setting { options, level, power, .. } = **setting;
    let mut metrics: Vec<_> = chosen.metrics.iter().map(|metric| written::metric(metric, level, power, None)).collect();
    if let Some(at) = metrics.iter().position(|metric| metric.name == chosen.primary_law.name) {
        let primary = metrics.remove(at);
        metrics.insert(0, primary);
    } else {
        metrics.insert(0, written::metric(&chosen.primary_law, level, power, None));
    }
    let first = usize::from(baseline.is_some());
    let whole = baseline.is_some().then(|| duel(&pairs[0], &pairs[first + best]));
    let leaked = whole.as_ref().filter(|whole| whole.len() > setting.counted.len()).map(|whole| {
        let alone = |pair: &Pair<'_>| {
            measure(pair, &trueup_core::measure::MeasureOptions { intervals: false, ..setting.how.measuring() })
        };
        let laws = whole.metrics(&alone(whole.baseline()), &alone(whole.candidate()), setting.how);
        LeakedComparison {
            examples: (whole.len() - setting.counted.len()) as u64,
            metrics: laws.iter().map(|metric| written::metric(metric, level, power, None)).collect(),
        }
    });
    let decided = chosen.decided.as_ref();
    let standing_of = standing(setting, &chosen.primary_law);
    let units = chosen.duel.as_ref().map_or(setting.counted.len() as u64, trueup_core::compare::Duel::units);
    let seems_open = decided.is_none() && standing_of == Standing::Unclear;
    let needed = match decided {
        Some(decided) => decided.needed,
        None if seems_open => chosen
            .primary_law
            .law
            .needed(0.0, level, power, units)
            .map(|needed| (needed as f64 * setting.counted.len() as f64 / units.max(1) as f64).ceil() as u64),
        None => None,
    };
    let none = Contestant { name: "(none)".to_owned(), kind: "none".to_owned() };
    Comparison {
        baseline: baseline.map_or(none, |baseline| baseline.contestant.clone()),
        candidate: candidates[*best].contestant.clone(),
        rivals: rivals(parts),
        examples: setting.counted.len() as u64,
        units,
        metric: chosen.primary_law.name.clone(),
        level,
        standing: standing_of,
        metrics,
        labels: written::labels(&chosen.labels, &chosen.measures.labels, level, options.correction),
        correction: options.correction.name().to_owned(),
        slices: written::slices(&chosen.slices, level, options.correction),
        confusion: chosen.baseline_confusion.clone(),
        flips: flips(chosen),
        agreement: chosen.duel.as_ref().map_or_else(
            || ModelAgreement { same: None, chance_corrected: None, measure: "cohen_kappa".to_owned() },
            trueup_core::compare::Duel::agreement,
        ),
        span_errors: match &chosen.duel {
            Some(duel) if duel.task() == Task::Ner => written::span_errors(duel, &setting.test.data.labels),
            _ => Vec::new(),
        },
        costs: chosen.costs.clone(),
        training: baseline.and_then(|baseline| baseline.training.clone()),
        leaked,
        decision: decided.map(|decided| decided.decision),
        needed,
        gate: setting.policy.zip(decided).map(|(policy, decided)| Gate {
            policy: match serde_json::to_value(policy) {
                Ok(Value::Object(map)) => map,
                _ => Map::new(),
            },
            source: parts.source.clone().unwrap_or_default(),
            alpha: policy.alpha,
            power: policy.power,
            checks: decided.checks.clone(),
        }),
        reproducible: !options.latency,
    }
}

/// How many examples changed sides; which, is filled in later.
fn flips(chosen: &Found<'_>) -> Flips {
    let Some(duel) = &chosen.duel else { return Flips::default() };
    let found = duel.flipped();
    Flips {
        fixed: Vec::new(),
        broken: Vec::new(),
        fixed_count: found.fixed,
        broken_count: found.broken,
        both_right: found.both_right,
        both_wrong: found.both_wrong,
        changed: found.changed,
    }
}

fn with_flips(
    mut comparison: Comparison,
    fixed: &[usize],
    broken: &[usize],
    id: impl Fn(usize) -> String,
) -> Comparison {
    comparison.flips.fixed = fixed.iter().take(MOST_FLIPS).map(|&row| id(row)).collect();
    comparison.flips.broken = broken.iter().take(MOST_FLIPS).map(|&row| id(row)).collect();
    comparison
}

/// All candidates, where there are several; p-values corrected by Holm's method.
fn rivals(parts: &Parts<'_, '_>) -> Vec<Rival> {
    let Parts { setting, candidates, found, .. } = parts;
    if found.len() < 2 {
        return Vec::new();
    }
    let p: Vec<Option<f64>> = found.iter().map(|found| found.primary_law.law.p()).collect();
    let adjusted = written::corrected(&p, crate::options::CorrectionChoice::Holm);
    let rival = |((answers, found), p): ((&Answers, &Found<'_>), Option<f64>)| Rival {
        name: answers.contestant.name.clone(),
        compared: written::metric(&found.primary_law, setting.level, setting.power, p).compared,
        decision: found.decided.as_ref().map(|decided| decided.decision),
    };
    candidates.iter().zip(found).zip(adjusted).map(rival).collect()
}

/// The answer in one word, for those who read no further.
fn verdict(setting: &Setting<'_>, chosen: &Found<'_>, comparison: &Comparison, findings: &[Finding]) -> Verdict {
    let state = match (comparison.decision, comparison.standing) {
        (Some(Decision::Promote), _) | (None, Standing::Better) => State::Ready,
        (Some(Decision::Reject), _) | (None, Standing::Worse) => State::NotReady,
        (Some(Decision::Undecided), _) | (None, Standing::Same | Standing::Unclear) => State::Undecided,
    };
    let summary = match &chosen.decided {
        Some(decided) => decided.summary.clone(),
        None => gate::describe(
            &chosen.primary_law,
            setting.level,
            comparison.standing,
            comparison.metrics.first().and_then(|metric| metric.detectable),
            comparison.needed,
            noun(setting.test.data.task),
        ),
    };
    let mut reasons: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.code.clone())
        .collect();
    reasons.dedup();
    let primary = &chosen.primary;
    Verdict {
        state,
        reasons,
        summary,
        needed: comparison.needed,
        metric: comparison.metric.clone(),
        baseline: primary.baseline.map(|value| Baseline {
            answer: primary.baseline_answer.clone(),
            value,
            accuracy: primary.baseline_accuracy,
        }),
        target: None,
    }
}

//! The metrics of spans when something else than strict matching tells what is right.

use std::collections::BTreeMap;

use trueup_core::counts::Tallies;
use trueup_core::document::{Estimate, IntervalKind, LabelRow, MatchRow};
use trueup_core::measure::{MeasureOptions, Measures};
use trueup_core::spans::{DocumentUnits, SPAN_STATISTICS, SpanDocument, SpanOptions, SpanUnits, Way};
use trueup_core::stats::{Ratio, Resampled, bootstrap};
use trueup_core::{Dataset, LabelId, Pair, Task, Token};

use crate::error::Error;

/// With fewer gold spans of a type than this, figures that rest on it are marked.
const FEW_GOLD: u64 = 20;

/// The units of documents for all ways at once; those of tokens where there are `tokens`, those of characters where they
/// are wanted and the source has texts.
pub fn document_units(
    data: &Dataset,
    pair: &Pair,
    rows: &[usize],
    tokens: &[Vec<Token>],
    characters: bool,
) -> DocumentUnits {
    let documents = rows.iter().map(|&row| SpanDocument {
        gold: pair.gold()[row].spans(),
        predicted: pair.predicted()[row].spans(),
        tokens: tokens.get(row).map(Vec::as_slice),
        text: (characters && data.has_text).then_some(data.examples[row].text.as_str()),
    });
    let clusters: Option<Vec<u32>> = pair.clusters().map(|clusters| rows.iter().map(|&row| clusters[row]).collect());
    DocumentUnits::new(documents, clusters.as_deref(), pair.labels().len(), SpanOptions::default())
}

/// The row of a way of matching in the table of all.
pub fn match_row(way: Way, units: &SpanUnits, intervals: bool) -> MatchRow {
    let (gold, predicted) = totals(units);
    let of = |ratio: Option<Ratio>, n| proportion(ratio, n, intervals && units.units() > 1);
    MatchRow {
        matching: way.name().to_owned(),
        meaning: way.meaning().to_owned(),
        precision: of(units.precision(), predicted),
        recall: of(units.recall(), gold),
        f1: of(units.f1(), gold),
    }
}

/// The same row from metrics that were measured by it.
pub fn strict_row(way: Way, metrics: &BTreeMap<String, Estimate>) -> MatchRow {
    let of = |name: &str| metrics.get(name).cloned().unwrap_or_else(|| Estimate::undefined(0));
    MatchRow {
        matching: way.name().to_owned(),
        meaning: way.meaning().to_owned(),
        precision: of("precision"),
        recall: of("recall"),
        f1: of("f1"),
    }
}

fn totals(units: &SpanUnits) -> (u64, u64) {
    (0..units.labels() as LabelId).fold((0, 0), |sum, label| {
        let (gold, predicted) = units.spans(label);
        (sum.0 + gold, sum.1 + predicted)
    })
}

fn proportion(ratio: Option<Ratio>, n: u64, intervals: bool) -> Estimate {
    let Some(ratio) = ratio else { return Estimate::undefined(n) };
    if !intervals {
        return Estimate::point(ratio.value, n);
    }
    let (low, high) = ratio.proportion();
    Estimate::new(ratio.value, (low.min(ratio.value), high.max(ratio.value)), n, IntervalKind::Delta)
}

/// The metrics by another way than strict matching: precision, recall and F1 of all spans, their macro and weighted means,
/// and those of each type.
///
/// # Errors
///
/// When a metric was named that this way does not have.
pub fn matched(way: Way, units: &SpanUnits, pair: &Pair, options: &MeasureOptions) -> Result<Measures, Error> {
    let named = matches!(options.metrics, trueup_core::measure::Selection::Named(_));
    let mut wanted = options.metrics.names(Task::Ner);
    if let Some(other) = wanted.iter().find(|name| named && !SPAN_STATISTICS.contains(&name.as_str())) {
        return Err(Error::Option {
            option: "--metrics",
            found: other.clone(),
            valid: format!("with --match {} it is one of {}", way.name(), SPAN_STATISTICS.join(", ")),
        });
    }
    wanted.retain(|name| SPAN_STATISTICS.contains(&name.as_str()));
    let intervals = options.intervals && units.units() > 1;
    let labels: Vec<LabelRow> = (0..pair.labels().len() as LabelId)
        .map(|label| {
            let (gold, predicted) = units.spans(label);
            let mut row = LabelRow {
                label: pair.labels().name(label).to_owned(),
                support: gold,
                predicted,
                train_support: None,
                precision: proportion(units.label_precision(label), predicted, intervals),
                recall: proportion(units.label_recall(label), gold, intervals),
                f1: proportion(units.label_f1(label), gold, intervals),
                roc_auc: None,
            };
            if gold > 0 && gold < FEW_GOLD {
                for estimate in [&mut row.precision, &mut row.recall, &mut row.f1] {
                    estimate.wide = estimate.low.is_some();
                }
            }
            row
        })
        .collect();
    let rarest = labels.iter().any(|row| row.support > 0 && row.support < FEW_GOLD);
    let all = match_row(way, units, options.intervals);
    let means = wanted.iter().any(|name| name.contains('_'));
    let resamples = if intervals { options.resamples } else { 0 };
    let drawn = if means { bootstrap(units.times(), resamples, options.seed, units) } else { Vec::new() };
    let mut metrics = BTreeMap::new();
    for name in wanted {
        let estimate = match name.as_str() {
            "precision" => all.precision.clone(),
            "recall" => all.recall.clone(),
            "f1" => all.f1.clone(),
            _ => {
                let at = SPAN_STATISTICS.iter().position(|known| *known == name).unwrap_or(0);
                let mut estimate = mean(&drawn[at], &labels, &name, intervals);
                estimate.wide = estimate.low.is_some() && rarest && name.ends_with("_macro");
                estimate
            }
        };
        metrics.insert(name, estimate);
    }
    Ok(Measures {
        metrics,
        labels,
        by_label: BTreeMap::new(),
        confusion: None,
        tallies: Tallies::new(pair.labels().len()),
        weighted: None,
    })
}

/// A mean over types: the interval of the bootstrap, with the arms of types at 0 or 1, whose spread resamples do not show.
fn mean(drawn: &Resampled, labels: &[LabelRow], name: &str, intervals: bool) -> Estimate {
    let n = labels.iter().map(|row| row.support).sum();
    let Some(value) = drawn.value else { return Estimate::undefined(n) };
    let weighted = name.ends_with("_weighted");
    let term = |row: &LabelRow| match name.split('_').next() {
        Some("precision") => row.precision.clone(),
        Some("recall") => row.recall.clone(),
        _ => row.f1.clone(),
    };
    let weight = |row: &LabelRow| {
        if weighted { row.support as f64 } else { f64::from(u8::from(row.support + row.predicted > 0)) }
    };
    let undefined: Vec<String> = labels
        .iter()
        .filter(|row| weight(row) > 0.0 && term(row).value.is_none())
        .map(|row| row.label.clone())
        .collect();
    if !intervals {
        return Estimate { undefined, ..Estimate::point(value, n) };
    }
    let (mut below, mut above, mut weights) = (0.0, 0.0, 0.0);
    for row in labels {
        let (w, term) = (weight(row), term(row));
        weights += w;
        let at = term.value.unwrap_or(0.0);
        if drawn.interval.is_none() || at <= 0.0 || at >= 1.0 {
            let (low, high) = (term.low.unwrap_or(0.0), term.high.unwrap_or(1.0));
            below += (w * (at - low)).powi(2);
            above += (w * (high - at)).powi(2);
        }
    }
    let (low, high) = drawn.interval.unwrap_or((value, value));
    let low = value - (value - low).hypot(below.sqrt() / weights);
    let high = value + (high - value).hypot(above.sqrt() / weights);
    let kind = if drawn.jackknife || drawn.interval.is_none() { IntervalKind::Delta } else { IntervalKind::Bootstrap };
    Estimate { undefined, ..Estimate::new(value, (low.clamp(0.0, value), high.clamp(value, 1.0)), n, kind) }
}

//! What became of figures between a baseline and a candidate, in words, for the rules of retraining.

use trueup_core::document::{Compared, ComparedLabel, ComparedMetric, Comparison, Standing};
use trueup_core::measure::catalogue;
use trueup_core::words;

use crate::review::{Evidence, Place, SideName, Versus};

/// Which figure of a label: its name, and where it stands.
pub(super) type LabelFigure = (&'static str, fn(&ComparedLabel) -> &Compared);

/// The figures of a label.
pub(super) const FIGURES: [LabelFigure; 3] =
    [("recall", |row| &row.recall), ("precision", |row| &row.precision), ("F1", |row| &row.f1)];

/// The metric that decides.
pub(super) fn decides(comparison: &Comparison) -> Option<&ComparedMetric> {
    comparison.metrics.iter().find(|metric| metric.name == comparison.metric)
}

/// The metric's name for people.
pub(super) fn title(name: &str) -> &str {
    catalogue::find(name).filter(|metric| metric.name == name).map_or(name, |metric| metric.title)
}

/// Decimals that a difference with this interval deserves: two, or more when it is finer or the difference would vanish.
pub(super) fn places(compared: &Compared) -> usize {
    let difference = &compared.difference;
    let width = difference.high.unwrap_or(1.0) - difference.low.unwrap_or(0.0);
    let under = |bar: f64| difference.value.is_some_and(|value| value != 0.0 && value.abs() < bar);
    match width {
        width if (width > 0.0 && width < 0.002) || under(0.001) => 4,
        width if (width > 0.0 && width < 0.02) || under(0.01) => 3,
        _ => 2,
    }
}

/// `fell from 0.91 to 0.88`, `rose from 0.30 to 0.41`.
pub(super) fn went(compared: &Compared) -> String {
    let word = match compared.difference.value {
        Some(value) if value < 0.0 => "fell",
        Some(value) if value > 0.0 => "rose",
        _ => "went",
    };
    let places = places(compared);
    format!("{word} from {} to {}", words::number(compared.baseline, places), words::number(compared.candidate, places))
}

/// The difference with its interval: `-0.03 (-0.05 to -0.01)`; without an interval the difference alone.
pub(super) fn difference(compared: &Compared) -> String {
    let places = places(compared);
    let signed = |value: f64| match words::number(Some(value), places) {
        text if value > 0.0 => format!("+{text}"),
        text => text,
    };
    let of = &compared.difference;
    match (of.value, of.low, of.high) {
        (Some(value), Some(low), Some(high)) => {
            format!("{} ({} to {})", signed(value), signed(low), signed(high))
        }
        (Some(value), ..) => signed(value),
        _ => "n/a".to_owned(),
    }
}

/// What the change means for those who use the model: of 1,000 examples (more where it is seldom) so many more, or fewer,
/// are answered wrongly. A negative count is one of fewer.
pub(super) fn for_users(evidence: &Evidence<'_>, versus: &Versus) -> (i64, String) {
    let flips = &versus.comparison.flips;
    let all = flips.fixed_count + flips.broken_count + flips.both_right + flips.both_wrong;
    let net = flips.broken_count.cast_signed() - flips.fixed_count.cast_signed();
    let mut of = 1_000u64;
    let rate = |of: u64| net.unsigned_abs() as f64 * of as f64 / all.max(1) as f64;
    while net != 0 && rate(of) < 0.95 && of < 1_000_000 {
        of *= 10;
    }
    let noun = words::counted(of, evidence.noun);
    let n = rate(of).round() as u64;
    let are = words::agree(n, "is", "are");
    let told = match net {
        0 => format!("of {noun} as many are answered wrongly as before"),
        net => {
            format!("of {noun} {} {} {are} answered wrongly", words::count(n), if net > 0 { "more" } else { "fewer" })
        }
    };
    (net, told)
}

/// The rows that the candidate has broken and `keep` keeps, the candidate's surest first.
pub(super) fn broken(versus: &Versus, keep: impl Fn(usize) -> bool) -> Vec<Place> {
    let rows = versus.broken.iter().copied().filter(|&row| keep(row));
    rows.map(|row| Place { side: SideName::Test, row }).collect()
}

/// Whether the figure is shown to be worse.
pub(super) fn is_worse(compared: &Compared) -> bool {
    compared.standing == Standing::Worse
}

/// Whether the figure is shown to be better.
pub(super) fn is_better(compared: &Compared) -> bool {
    compared.standing == Standing::Better
}

/// A figure as evidence: both values, the difference with its interval, and p.
pub(super) fn behind(compared: &Compared) -> serde_json::Value {
    serde_json::json!({
        "baseline": compared.baseline,
        "candidate": compared.candidate,
        "difference": compared.difference.value,
        "low": compared.difference.low,
        "high": compared.difference.high,
        "p": compared.p_adjusted.or(compared.p),
    })
}

//! Tables that other programs read: the confusion matrix and the curves as CSV.

use std::fmt::Write;

use trueup::core::document::{Bin, Curves, Evaluated};
use trueup::core::words;

/// The confusion matrix: gold in rows, predictions in columns; shares where they were asked for, sums of weights where
/// there are some. Of sets of labels, which labels are missed (rows) with which spurious ones (columns).
pub fn confusion(document: &Evaluated) -> String {
    let together = document.set_confusion.as_ref().map(|sets| &sets.together);
    let Some(confusion) = document.confusion.as_ref().or(together) else { return String::new() };
    let weighted = document.weights.as_ref().and_then(|weights| weights.confusion.as_ref());
    let shares = document.confusion_shares.as_ref().map(|shares| &shares.shares);
    let mut out = field("gold");
    for label in &confusion.labels {
        out += &format!(",{}", field(label));
    }
    out.push('\n');
    for (row, label) in confusion.labels.iter().enumerate() {
        out += &field(label);
        for column in 0..confusion.labels.len() {
            out += &match (shares, weighted) {
                // A share of nothing is left empty.
                (Some(shares), _) => format!(",{}", shares[row][column].map_or_else(String::new, |x| x.to_string())),
                (None, Some(weighted)) => format!(",{}", weighted[row][column]),
                (None, None) => format!(",{}", confusion.counts[row][column]),
            };
        }
        out.push('\n');
    }
    out
}

/// The points of all curves, one a row: the curve, the label (none for all answers together), the two axes by their
/// names, the threshold (none where nothing is answered) and, of bins, their weight.
pub fn curves(curves: &Curves) -> String {
    let mut out = "curve,label,x_name,x,y_name,y,threshold,weight\n".to_owned();
    let mut add =
        |curve: &str, label: &str, x: (&str, f64), y: (&str, f64), threshold: Option<f64>, weight: Option<f64>| {
            let or_empty = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let (threshold, weight) = (or_empty(threshold), or_empty(weight));
            let _ = writeln!(out, "{curve},{label},{},{},{},{},{threshold},{weight}", x.0, x.1, y.0, y.1);
        };
    for of in &curves.labels {
        let label = field(&of.label);
        for p in &of.roc {
            let (x, y) = (("false_positive_rate", p.false_positive_rate), ("true_positive_rate", p.true_positive_rate));
            add("roc", &label, x, y, p.threshold, None);
        }
        for p in &of.precision_recall {
            add("precision_recall", &label, ("recall", p.recall), ("precision", p.precision), p.threshold, None);
        }
        for p in &of.det {
            let (x, y) =
                (("false_positive_rate", p.false_positive_rate), ("false_negative_rate", p.false_negative_rate));
            add("det", &label, x, y, p.threshold, None);
        }
        for Bin { confidence, accuracy, weight, .. } in &of.reliability {
            add("reliability", &label, ("confidence", *confidence), ("accuracy", *accuracy), None, Some(*weight));
        }
    }
    for Bin { confidence, accuracy, weight, .. } in &curves.reliability {
        add("reliability", "", ("confidence", *confidence), ("accuracy", *accuracy), None, Some(*weight));
    }
    for p in &curves.risk_coverage {
        add("risk_coverage", "", ("coverage", p.coverage), ("risk", p.risk), Some(p.threshold), None);
    }
    out
}

/// A field of CSV, in quotes where it must be.
fn field(text: &str) -> String {
    let text = words::printable(text);
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

//! Whether probabilities can be believed: a row a bin, with what was said and what came true on one scale.

use trueup::core::document::CalibrationFigures;
use trueup::core::words;

use super::super::layout::{MARGIN, columns, dim, left, paint, right};
use super::{FIGURE, figure, heading, line};

/// Width of the scale.
const SCALE: usize = 31;

/// Prints the figures.
pub fn report(out: &mut String, figures: &CalibrationFigures, weighted: bool, width: usize) {
    let what = match figures.of.as_str() {
        "spans" => "spans",
        "cells" => "labels",
        _ => "answers",
    };
    let of = match what {
        "spans" => "the scores of spans",
        "labels" => "the probability of each label",
        _ => "the most probable label",
    };
    let titles = format!(
        "{}  {}  {}  {}  ",
        left("confidence", 11),
        right(if weighted { "weight" } else { what }, 9),
        right("stated", 6),
        right("right", 6)
    );
    let scale = width.saturating_sub(MARGIN.len() + columns(&titles)).min(SCALE);
    heading(out, &format!("{titles}○ stated, ● right"));
    for bin in &figures.bins {
        let range = format!("{:.2} - {:.2}", bin.above, bin.up_to);
        let count = words::count(bin.weight.round() as u64);
        line(
            out,
            &format!(
                "{}  {}  {}  {}  {}",
                left(&range, 11),
                right(&count, 9),
                right(&format!("{:.3}", bin.confidence), 6),
                right(&format!("{:.3}", bin.accuracy), 6),
                gap(bin.confidence, bin.accuracy, scale)
            ),
        );
    }
    let mut rows = vec![("calibration error (ECE)", &figures.ece), ("of the worst bin (MCE)", &figures.mce)];
    rows.extend(figures.aurc.as_ref().map(|aurc| ("risk over coverage (AURC)", aurc)));
    out.push('\n');
    for (row, (name, estimate)) in rows.into_iter().enumerate() {
        let of = if row == 0 { paint(&format!("of {of}"), dim()) } else { String::new() };
        line(out, &format!("{}  {}{of}", left(name, 25), left(&figure(estimate), FIGURE)));
    }
    out.push('\n');
}

/// What was stated and what came true, from 0 to 1: `·····○────●···`.
fn gap(stated: f64, right: f64, width: usize) -> String {
    let at = |share: f64| (share.clamp(0.0, 1.0) * (width.max(1) - 1) as f64).round() as usize;
    let (stated, right) = (at(stated), at(right));
    let within = stated.min(right)..=stated.max(right);
    (0..width)
        .map(|i| match i {
            i if i == right => '●',
            i if i == stated => '○',
            i if within.contains(&i) => '─',
            _ => '·',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_lies_between_what_was_stated_and_what_is_right() {
        assert_eq!(gap(0.25, 0.75, 9), "··○───●··");
        assert_eq!(gap(1.0, 1.0, 3), "··●");
        assert_eq!(gap(0.5, 0.5, 0), "");
    }
}

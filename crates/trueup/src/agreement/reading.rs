//! What a figure of agreement means, in plain words.

use trueup_core::Estimate;

use super::Reading;

/// What Krippendorff (2004, *Content Analysis*, 2nd edition, p. 241) asks for.
const HIGH: f64 = 0.8;
/// Below this he would discard the data; between, draw tentative conclusions only.
const TENTATIVE: f64 = 0.667;

/// The reading of Krippendorff's alpha.
pub(super) fn of_alpha(alpha: &Estimate, undefined: Option<&str>) -> Reading {
    let Some(value) = alpha.value else {
        let why = undefined.unwrap_or("there is no figure");
        return Reading { band: "none".to_owned(), words: format!("Agreement cannot be measured: {why}.") };
    };
    let (low, high) = (alpha.low.unwrap_or(value), alpha.high.unwrap_or(value));
    let (band, words) = if low >= HIGH {
        ("high", "High: annotators mean the same by the labels.")
    } else if high < TENTATIVE {
        ("low", "Low: do not trust single answers. A consensus of several can still be right.")
    } else if low >= TENTATIVE && high < HIGH {
        ("tentative", "Middling: good for tentative conclusions only.")
    } else {
        ("unsure", "Unsure: the interval spans a limit of the convention; more doubly answered items would decide.")
    };
    let convention = "By convention 0.8 or more is high and below 0.667 too low (Krippendorff 2004); what is enough \
                      depends on what the labels are for.";
    Reading { band: band.to_owned(), words: format!("{words} {convention}") }
}

/// The reading of pairwise F1 over spans.
pub(super) fn of_f1(strict: &Estimate, tolerant: &Estimate, tokens: &Estimate, undefined: Option<&str>) -> Reading {
    let Some(value) = strict.value else {
        let why = undefined.unwrap_or("there is no figure");
        return Reading { band: "none".to_owned(), words: format!("Agreement cannot be measured: {why}.") };
    };
    let mut words = format!(
        "Taking one annotator for right, another's spans score F1 {value:.2}; a model can hardly be expected to score \
         more against such answers. There is no convention of what is enough."
    );
    let gap = |other: &Estimate| other.value.map_or(0.0, |v| v - value);
    if gap(tolerant) >= 0.02 {
        words += " Some of the difference is white space and punctuation at the edges.";
    } else if gap(tokens) >= 0.05 {
        words += " Much of the difference is where spans begin and end.";
    }
    Reading { band: "none".to_owned(), words }
}

#[cfg(test)]
mod tests {
    use trueup_core::document::IntervalKind;

    use super::*;

    #[test]
    fn the_interval_and_not_the_figure_decides() {
        let band =
            |value, low, high| of_alpha(&Estimate::new(value, (low, high), 9, IntervalKind::Bootstrap), None).band;
        assert_eq!(band(0.9, 0.85, 0.95), "high");
        assert_eq!(band(0.85, 0.75, 0.95), "unsure");
        assert_eq!(band(0.72, 0.68, 0.79), "tentative");
        assert_eq!(band(0.5, 0.4, 0.6), "low");
        assert_eq!(of_alpha(&Estimate::point(1.0, 9), None).band, "high");
        let none = of_alpha(&Estimate::undefined(0), Some("there is only one annotator"));
        assert_eq!(none.words, "Agreement cannot be measured: there is only one annotator.");
    }
}

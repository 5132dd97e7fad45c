//! What as many examples can show, and how many would show more.

use trueup_core::Task;
use trueup_core::document::{Estimate, Plan};
use trueup_core::stats::{Z95, detectable, examples_for_width, paired_detectable};

/// The chance with which a difference shall be found.
const POWER: f64 = 0.8;
/// The share of the examples on which two models are taken to part.
const DISCORDANCE: f64 = 0.1;
/// Half widths that people ask for, the widest first.
const HALVES: [f64; 9] = [0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];

/// The metric that the plan is about.
pub fn metric(task: Task) -> &'static str {
    match task {
        Task::Classification => "accuracy",
        Task::Multilabel => "f1_micro",
        Task::Ner => "f1",
    }
}

/// The plan of a task from the figure of its metric on `units` examples, or groups of them. `independent` tells that each
/// unit is one example that counts the same as any other. `None` without an interval.
pub fn plan(task: Task, estimate: Option<&Estimate>, units: u64, independent: bool) -> Option<Plan> {
    let Estimate { value: Some(value), low: Some(low), high: Some(high), .. } = *estimate? else { return None };
    let half = 0.5 * (high - low);
    let error = half / Z95;
    if units < 2 || half <= 0.0 || error.is_nan() {
        return None;
    }
    let half_width = HALVES.into_iter().find(|wanted| *wanted < 0.95 * half)?;
    let scaled = units as f64 * (half / half_width).powi(2);
    let needed = match (task, independent) {
        (Task::Classification, true) => examples_for_width(value, 2.0 * half_width),
        _ => (scaled < 1e9).then(|| scaled.ceil() as u64),
    };
    // Shares of right answers of two models on the same examples are compared by McNemar's test; examples that belong
    // together, or weigh more than others, are worth those that would give as narrow an interval.
    let (discordance, detectable) = if task == Task::Classification {
        let worth = value * (1.0 - value) / (error * error);
        let worth = if independent || worth <= 0.0 { units } else { (worth as u64).clamp(1, units) };
        (Some(DISCORDANCE), paired_detectable(worth, DISCORDANCE, POWER))
    } else {
        (None, detectable(2f64.sqrt() * error, POWER).filter(|least| *least < 1.0))
    };
    Some(Plan {
        metric: metric(task).to_owned(),
        examples: units,
        power: POWER,
        discordance,
        detectable,
        half_width,
        needed: needed.filter(|needed| *needed < 1_000_000_000),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use trueup_core::document::IntervalKind;
    use trueup_core::stats::{mcnemar_power, wilson};

    #[test]
    fn plans_name_what_can_be_found_and_what_would_be_narrower() {
        let accuracy = Estimate::new(0.9, wilson(2_772, 3_080), 3_080, IntervalKind::Wilson);
        let found = plan(Task::Classification, Some(&accuracy), 3_080, true).unwrap();
        let least = found.detectable.unwrap();
        assert!((mcnemar_power(3_080, 0.1, least).unwrap() - 0.8).abs() < 1e-6);
        assert!((0.015..0.018).contains(&least), "{least}");
        let needed = found.needed.unwrap();
        assert!((found.half_width - 0.01).abs() < 1e-12, "{}", found.half_width);
        let (low, high) = wilson((0.9 * needed as f64).round() as u64, needed);
        assert!(high - low <= 2.0 * found.half_width + 1e-6 && needed > 3_080, "{needed}");
        // Sentences: the width falls with the square root of their number.
        let f1 = Estimate::new(0.8, (0.78, 0.82), 900, IntervalKind::Delta);
        let found = plan(Task::Ner, Some(&f1), 500, false).unwrap();
        assert_eq!((found.half_width, found.needed), (0.01, Some(2_000)));
        assert!((found.detectable.unwrap() - 2.801_585 * 2f64.sqrt() * 0.02 / Z95).abs() < 1e-5);
        assert_eq!(plan(Task::Ner, Some(&Estimate::point(0.8, 3)), 500, false), None);
        assert_eq!(plan(Task::Ner, None, 500, false), None);
    }
}

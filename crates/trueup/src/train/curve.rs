//! The learning curve: what more training examples brought.

use trueup_core::counts::Tallies;
use trueup_core::document::IntervalKind;
use trueup_core::{Dataset, Estimate, Example, Predictions, Rng, Task};

/// Resamples of the paired bootstrap. 1,000 put the ends of a 95 % interval on ranks 25 and 975.
const RESAMPLES: u64 = 1_000;

/// The score that curves show: entity F1 for NER, macro-F1 for labels.
pub fn score(task: Task, tallies: &Tallies) -> Option<f64> {
    if task == Task::Ner { tallies.f1_micro() } else { tallies.f1_macro() }
}

/// Score of `after` minus score of `before` on the same examples, with a paired percentile bootstrap over examples
/// (Efron and Tibshirani 1993, chapter 13).
pub fn paired_gain(
    data: &Dataset,
    examples: &[&Example],
    before: &Predictions,
    after: &Predictions,
    seed: u64,
) -> Option<Estimate> {
    let n = examples.len();
    let gain = |rows: &mut dyn Iterator<Item = usize>| {
        let (mut old, mut new) = (Tallies::new(data.labels.len()), Tallies::new(data.labels.len()));
        for row in rows {
            old.add(&examples[row].gold, &before.answers[row]);
            new.add(&examples[row].gold, &after.answers[row]);
        }
        Some(score(data.task, &new)? - score(data.task, &old)?)
    };
    let value = gain(&mut (0..n))?;
    let mut draws: Vec<f64> = (0..RESAMPLES)
        .filter_map(|i| {
            let mut rng = Rng::stream(seed, i);
            gain(&mut (0..n).map(|_| rng.below(n)))
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    if draws.len() < 100 {
        return Some(Estimate::point(value, n as u64));
    }
    let at = |share: f64| draws[((draws.len() - 1) as f64 * share).round() as usize];
    let ends = (at(0.025).min(value), at(0.975).max(value));
    Some(Estimate::new(value, ends, n as u64, IntervalKind::Bootstrap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trueup_core::{Annotation, LabelSet};

    #[test]
    fn a_better_model_gains_and_the_same_model_does_not() {
        let labels = LabelSet::new(["a", "b"]);
        let examples: Vec<Example> = (0..200)
            .map(|i| Example {
                id: i.to_string(),
                text: String::new(),
                gold: Annotation::Label(i % 2),
                tokens: vec![],
                group: None,
                time: None,
                metadata: vec![],
                line: 1,
            })
            .collect();
        let data = Dataset {
            task: Task::Classification,
            labels: labels.clone(),
            examples: vec![],
            columns: vec![],
            tags: vec![],
            has_text: true,
        };
        let answers = |wrong: u32| Predictions {
            labels: labels.clone(),
            answers: (0..200).map(|i| Annotation::Label(if i % wrong == 0 { 1 - i % 2 } else { i % 2 })).collect(),
            scores: None,
            span_scores: None,
        };
        let refs: Vec<&Example> = examples.iter().collect();
        let gain = paired_gain(&data, &refs, &answers(3), &answers(20), 42).unwrap();
        assert!(gain.low.unwrap() > 0.1 && gain.value.unwrap() > 0.2, "{gain:?}");
        let none = paired_gain(&data, &refs, &answers(3), &answers(3), 42).unwrap();
        assert_eq!((none.value, none.low, none.high), (Some(0.0), Some(0.0), Some(0.0)));
    }
}

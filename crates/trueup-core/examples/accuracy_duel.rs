//! The difference of two models' accuracies, with its interval and p-value, and nothing else: `accuracy_duel FILE LABELS`.
//!
//! FILE holds for each example three unsigned numbers of 4 bytes, least byte first: the gold label, the old model's answer, the
//! new model's. The benchmark of comparisons runs it.
#![allow(clippy::print_stdout)]

use std::error::Error;

use trueup_core::compare::Duel;
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Task};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, labels] = arguments.as_slice() else { return Err("usage: accuracy_duel FILE LABELS".into()) };
    let labels = LabelSet::new((0..labels.parse::<u32>()?).map(|label| format!("{label:06}")));
    let bytes = std::fs::read(file)?;
    let column = |column: usize| -> Vec<Annotation> {
        let numbers = bytes.chunks_exact(12).map(|row| &row[4 * column..4 * column + 4]);
        numbers.map(|four| Annotation::Label(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))).collect()
    };
    let gold = column(0);
    let of = |answers| Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
    let (old, new) = (of(column(1)), of(column(2)));
    let pair = |answers| Pair::new(Task::Classification, &labels, &gold, answers, None);
    let found = Duel::new(pair(&old)?, pair(&new)?)?.overall();
    println!("{:?} {:?} {:?}", found.law.value(), found.law.interval(0.95), found.law.p());
    Ok(())
}

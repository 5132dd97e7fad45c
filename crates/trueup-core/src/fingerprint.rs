//! Hashes that say whether two data sets are the same, whatever the order of their examples.

use rayon::prelude::*;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

use crate::{Annotation, Dataset};

/// How many things one thread hashes at least.
const THINGS: usize = 1024;

/// The hash of a text under `seed`: the key by which folds order examples, so that the order of a file's rows does
/// not matter.
pub fn text_key(text: &str, seed: u64) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), seed)
}

/// An order-free hash of the texts and gold annotations of a data set: 32 hexadecimal digits.
///
/// Each example is hashed on its own (text, task, labels by name, spans by byte range) and the hashes are added, so
/// two files with the same examples in another order, or with other ids and metadata, have the same fingerprint, and a
/// repeated example counts twice.
pub fn fingerprint(data: &Dataset) -> String {
    let mut sum = 0u128;
    let mut bytes = Vec::new();
    for example in &data.examples {
        bytes.clear();
        let mut put = |piece: &str| {
            bytes.extend_from_slice(&(piece.len() as u64).to_le_bytes());
            bytes.extend_from_slice(piece.as_bytes());
        };
        put(&example.text);
        put(data.task.name());
        match &example.gold {
            Annotation::Label(label) => put(data.labels.name(*label)),
            Annotation::Labels(labels) => labels.iter().for_each(|&l| put(data.labels.name(l))),
            Annotation::Spans(spans) => {
                for span in spans {
                    put(&span.start.to_string());
                    put(&span.end.to_string());
                    put(data.labels.name(span.label));
                }
            }
        }
        sum = sum.wrapping_add(xxh3_128(&bytes));
    }
    format!("{sum:032x}")
}

/// An order-free hash of things that are each a sequence of strings: 32 hexadecimal digits. A repeated thing counts
/// twice.
///
/// `pieces` hands the strings of the thing of an index to what it is given.
pub fn unordered(things: usize, pieces: impl Fn(usize, &mut dyn FnMut(&str)) + Sync) -> String {
    let sum = (0..things)
        .into_par_iter()
        .with_min_len(THINGS)
        .fold(
            || (0u128, Vec::new()),
            |(sum, mut bytes), thing| {
                bytes.clear();
                pieces(thing, &mut |piece| {
                    bytes.extend_from_slice(&(piece.len() as u64).to_le_bytes());
                    bytes.extend_from_slice(piece.as_bytes());
                });
                (sum.wrapping_add(xxh3_128(&bytes)), bytes)
            },
        )
        .map(|(sum, _)| sum)
        // Adding has no order, so threads do not matter.
        .reduce(|| 0, u128::wrapping_add);
    format!("{sum:032x}")
}

/// The hash under which equal texts are found: of 128 bits, so that two different texts never share one in practice.
pub fn text_hash(text: &str) -> u128 {
    xxh3_128(text.as_bytes())
}

/// The hash of any sequence of strings: 16 hexadecimal digits.
pub fn digest<S: AsRef<str>>(pieces: impl IntoIterator<Item = S>) -> String {
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(&(piece.as_ref().len() as u64).to_le_bytes());
        bytes.extend_from_slice(piece.as_ref().as_bytes());
    }
    format!("{:016x}", xxh3_64_with_seed(&bytes, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Example, LabelSet, Task};

    fn data(rows: &[(&str, u32)]) -> Dataset {
        let examples = rows
            .iter()
            .enumerate()
            .map(|(i, &(text, label))| Example {
                id: i.to_string(),
                text: text.into(),
                gold: Annotation::Label(label),
                tokens: vec![],
                group: None,
                time: None,
                metadata: vec![],
                line: 1,
            })
            .collect();
        let labels = LabelSet::new(["a", "b"]);
        Dataset { task: Task::Classification, labels, examples, columns: vec![], tags: vec![], has_text: true }
    }

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let base = fingerprint(&data(&[("x", 0), ("y", 1)]));
        assert_eq!(base, fingerprint(&data(&[("y", 1), ("x", 0)])));
        assert_ne!(base, fingerprint(&data(&[("x", 1), ("y", 1)])));
        assert_ne!(base, fingerprint(&data(&[("x", 0), ("y", 1), ("y", 1)])));
        assert_ne!(digest(["a", "b"]), digest(["ab"]));
    }
}

//! Finds the consensus of a table of answers, so often that its time can be told: `consensus FILE METHOD TIMES`.
//!
//! FILE has a header and the columns annotation, annotator, item, label, gold, set apart by tabs, as the sets of Snow et al.
//! 2008. METHOD is dawid-skene, one-coin or mace. Printed is the share of items with gold that are right.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use trueup_core::agreement::consensus::{EmOptions, MaceOptions, dawid_skene, mace, one_coin};
use trueup_core::agreement::{Consensus, Ratings};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, method, times] = arguments.as_slice() else { panic!("usage: consensus FILE METHOD TIMES") };
    let text = std::fs::read_to_string(file).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let number = |column: usize| -> BTreeMap<&str, u32> {
        let names: BTreeSet<&str> = rows.iter().map(|row| row[column]).collect();
        names.into_iter().zip(0..).collect()
    };
    let (annotators, items, labels) = (number(1), number(2), number(3));
    let gold: BTreeMap<u32, Option<u32>> =
        rows.iter().map(|row| (items[row[2]], labels.get(row[4]).copied())).collect();
    // Of somebody who answered an item twice the last answer counts.
    let cells: BTreeMap<(u32, u32), u32> =
        rows.iter().map(|row| ((items[row[2]], annotators[row[1]]), labels[row[3]])).collect();
    let answers = cells.into_iter().map(|((item, annotator), label)| (item, annotator, label));
    let ratings = Ratings::new(items.len(), annotators.len(), labels.len(), answers).unwrap();
    let find = || -> Consensus {
        match method.as_str() {
            "dawid-skene" => dawid_skene(&ratings, EmOptions::default()),
            "one-coin" => one_coin(&ratings, EmOptions::default()),
            "mace" => mace(&ratings, &MaceOptions::default()),
            other => panic!("{other} is none of dawid-skene, one-coin, mace"),
        }
    };
    let mut right = 0;
    for _ in 0..times.parse::<u32>().unwrap() {
        let found = find();
        let is_right = |(item, label): (&u32, &Option<u32>)| label.is_some() && found.decided[*item as usize] == *label;
        right = gold.iter().filter(|row| is_right(*row)).count();
    }
    println!("{:.4}", right as f64 / items.len() as f64);
}

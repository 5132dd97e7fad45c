//! Gates between models trained on a quarter, a half and all of published data sets: on the whole test set, and on random
//! tenths of it. Where the data is not there the tests say so and pass, unless `TRUEUP_REQUIRE_DATA=1` is set.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::print_stdout)]

#[path = "harness/mod.rs"]
mod harness;

use std::fs;
use std::path::Path;

use harness::CliTest;
use harness::data::folder;
use serde_json::Value;

/// Random tenths of a test set.
const DRAWS: usize = 50;

/// A data set: how its training and test parts are converted.
struct Set {
    name: &'static str,
    train: &'static str,
    test: &'static str,
}

const SETS: [Set; 6] = [
    Set { name: "banking77", train: "train.csv", test: "test.csv" },
    Set {
        name: "clinc150",
        train: "data_full.json --where split='train'",
        test: "data_full.json --where split='test'",
    },
    Set { name: "sst2", train: "train.tsv", test: "test.tsv" },
    Set { name: "ncbi_disease", train: "train.tsv", test: "test.tsv" },
    Set { name: "wnut17", train: "wnut17train.conll", test: "emerging.test.annotated" },
    Set { name: "goemotions", train: "train.tsv --label-names labels.txt", test: "test.tsv --label-names labels.txt" },
];

/// A seeded order of `n` numbers.
fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(last, ((state >> 33) % (last as u64 + 1)) as usize);
    }
    order
}

/// Models trained on parts of a set, and its test set, in a folder.
struct Trained {
    folder: tempfile::TempDir,
    test: Vec<String>,
}

impl Trained {
    fn new(set: &Set, source: &Path, shares: &[usize]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines = |args: &str, to: &str| -> Vec<String> {
            let to = folder.path().join(to);
            let mut words = vec!["convert".to_owned()];
            for word in args.split(' ') {
                let file = source.join(word);
                words.push(if file.is_file() { file.to_str().unwrap().to_owned() } else { word.replace('=', " = ") });
            }
            words.insert(2, to.to_str().unwrap().to_owned());
            CliTest::new().run_words(&words.iter().map(String::as_str).collect::<Vec<_>>()).ends_with(0);
            fs::read_to_string(&to).unwrap().lines().map(str::to_owned).collect()
        };
        let (train, test) = (lines(set.train, "all.jsonl"), lines(set.test, "test.jsonl"));
        let order = shuffled(train.len(), 1);
        for &share in shares {
            let part: Vec<&str> = order[..train.len() * share / 100].iter().map(|&at| train[at].as_str()).collect();
            let (file, model) = (folder.path().join("part.jsonl"), folder.path().join(format!("m{share}")));
            fs::write(&file, part.join("\n") + "\n").unwrap();
            let words = ["train", file.to_str().unwrap(), "-o", model.to_str().unwrap(), "--no-review", "--quiet"];
            CliTest::new().run_words(&words).ends_with(0);
        }
        Self { folder, test }
    }

    /// What the default policy decides on the test examples at `rows`.
    fn decides(&self, baseline: usize, candidate: usize, rows: &[usize]) -> String {
        let gold = self.folder.path().join("gold.jsonl");
        let part: Vec<&str> = rows.iter().map(|&row| self.test[row].as_str()).collect();
        fs::write(&gold, part.join("\n") + "\n").unwrap();
        let model = |share: usize| self.folder.path().join(format!("m{share}")).to_str().unwrap().to_owned();
        let (gold, old, new) = (gold.to_str().unwrap(), model(baseline), model(candidate));
        let words =
            ["gate", "--gold", gold, "--baseline", &old, "--candidate", &new, "--json", "-", "--quiet", "--no-text"];
        let finished = CliTest::new().run_words(&words);
        let document: Value = serde_json::from_str(&finished.stdout).unwrap();
        let decision = document["comparison"]["decision"].as_str().unwrap().to_owned();
        finished.ends_with(match decision.as_str() {
            "promote" => 0,
            "reject" => 1,
            _ => 3,
        });
        decision
    }
}

/// Gates over the pairs of shares: how many tenths were drawn, and how many of them decide otherwise than the whole. Never does
/// one in twenty promote what the whole rejects, or the other way round.
fn gates(set: &Set, pairs: &[(usize, usize)], draws: usize) -> (usize, usize) {
    let Some(source) = folder(set.name) else { return (0, 0) };
    let mut shares: Vec<usize> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
    shares.sort_unstable();
    shares.dedup();
    let trained = Trained::new(set, &source, &shares);
    let all: Vec<usize> = (0..trained.test.len()).collect();
    let (mut drawn, mut otherwise) = (0, 0);
    for &(a, b) in pairs {
        let whole = trained.decides(a, b, &all);
        let mut found = std::collections::BTreeMap::new();
        for draw in 0..draws {
            let tenth: Vec<usize> = shuffled(all.len(), draw as u64 + 11)[..all.len() / 10].to_vec();
            *found.entry(trained.decides(a, b, &tenth)).or_insert(0usize) += 1;
        }
        println!("{} {a} to {b}: {whole}; tenths {found:?}", set.name);
        // More data never made a model that the gate rejects, and four times the data is seen.
        assert_ne!(whole, "reject", "{} {a} to {b}", set.name);
        let opposite = if whole == "promote" { "reject" } else { "promote" };
        let against = if whole == "undecided" { 0 } else { found.get(opposite).copied().unwrap_or(0) };
        assert!(100 * against <= 5 * draws, "{} {a} to {b}: {whole}; tenths {found:?}", set.name);
        drawn += draws;
        otherwise += found
            .iter()
            .filter(|(decision, _)| **decision != whole && *decision != "undecided")
            .map(|(_, n)| n)
            .sum::<usize>();
    }
    (drawn, otherwise)
}

#[test]
fn four_times_the_data_is_promoted() {
    let Some(source) = folder("banking77") else { return };
    let trained = Trained::new(&SETS[0], &source, &[25, 100]);
    let all: Vec<usize> = (0..trained.test.len()).collect();
    assert_eq!(trained.decides(25, 100, &all), "promote");
    assert_eq!(trained.decides(100, 25, &all), "reject");
    assert_eq!(trained.decides(100, 100, &all), "undecided");
}

#[test]
#[ignore = "trains 18 models: cargo xtask test --full"]
fn tenths_of_a_test_set_seldom_contradict_the_whole() {
    let (mut drawn, mut otherwise) = (0, 0);
    for set in &SETS {
        let found = gates(set, &[(25, 50), (50, 100), (25, 100)], DRAWS);
        (drawn, otherwise) = (drawn + found.0, otherwise + found.1);
    }
    println!("{otherwise} of {drawn} tenths decide otherwise than the whole");
    assert!(100 * otherwise <= 5 * drawn, "{otherwise} of {drawn}");
}

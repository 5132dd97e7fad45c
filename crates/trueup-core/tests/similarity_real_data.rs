//! Counts on public data sets, each found by an independent program that compares by an inverted index of all grams.
//!
//! The data is looked for in the folder `TRUEUP_DATA`, else in `../shared/data` beside the workspace; without it the tests
//! pass and say what they skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]
// Only the library has no files and no environment.
#![allow(clippy::disallowed_methods)]

use std::path::PathBuf;

use trueup_core::similarity::{Corpus, NEAR, NearestIndex, cross_join};

/// The contents of the files, or `None` with a notice when one is missing.
fn read(files: &[&str]) -> Option<Vec<String>> {
    let folder = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let found: Option<Vec<String>> = files.iter().map(|file| std::fs::read_to_string(folder.join(file)).ok()).collect();
    if found.is_none() {
        eprintln!("1 skipped: no data ({})", files.join(", "));
    }
    found
}

/// The first field of every record but the header; quoted fields may hold line breaks.
fn first_csv_fields(file: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let (mut quoted, mut first) = (false, true);
    let mut chars = file.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                if first {
                    fields.last_mut().unwrap().push('"');
                }
            }
            '"' => quoted = !quoted,
            ',' if !quoted => first = false,
            '\n' if !quoted => {
                first = true;
                fields.push(String::new());
            }
            c if first => fields.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    fields.pop();
    fields.remove(0);
    fields
}

fn second_fields(file: &str) -> Vec<&str> {
    file.lines().map(|line| line.split_once('\t').unwrap().1).collect()
}

/// Pairs and right-hand texts at or above [`NEAR`], exact duplicates among them and every copy counted.
fn counts_with_copies(left: &[&str], right: &[&str]) -> (usize, usize) {
    let border = left.len() as u32;
    let corpus = Corpus::new(&[left, right].concat());
    let lefts = |text: u32| corpus.members(text).iter().filter(|&&m| m < border).count();
    let mut near = vec![0; left.len() + right.len()];
    for pair in corpus.pairs_between(NEAR, |t| t < border, |t| t >= border) {
        near[pair.b as usize] += lefts(pair.a);
    }
    let of = |text: u32| {
        let first = corpus.members(text).iter().find(|&&m| m >= border).unwrap();
        near[*first as usize] + lefts(text)
    };
    let each: Vec<usize> = (border..near.len() as u32).map(of).collect();
    (each.iter().sum(), each.iter().filter(|&&n| n > 0).count())
}

#[test]
fn banking77_test_texts_leak_into_train() {
    let Some(files) = read(&["banking77/train.csv", "banking77/test.csv"]) else {
        return;
    };
    let files: Vec<Vec<String>> = files.iter().map(|file| first_csv_fields(file)).collect();
    let [train, test] = [0, 1].map(|i| files[i].iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((train.len(), test.len()), (10_003, 3_080));

    let pairs = cross_join(&train, &test, NEAR);
    let mut hit: Vec<u32> = pairs.iter().map(|pair| pair.b).collect();
    hit.sort_unstable();
    hit.dedup();
    assert_eq!((pairs.len(), hit.len()), (106, 96));
    // Seven test texts more are exact duplicates.
    assert_eq!(counts_with_copies(&train, &test), (113, 103));

    let corpus = Corpus::new(&[&train[..], &test[..]].concat());
    let border = train.len() as u32;
    let best = corpus.best_partners(NEAR, |t| t >= border, |t| t < border);
    assert_eq!(best.iter().map(|pair| pair.a - border).collect::<Vec<_>>(), hit);
    assert_eq!(corpus.near_pairs(NEAR).len(), 250);

    let index = NearestIndex::new(&train);
    for (text, nearest) in test.iter().zip(index.nearest_of_each(&test, |_, _| false)) {
        assert!(nearest.is_some_and(|(i, similarity)| i < border && similarity > 0.0), "{text}");
    }
}

#[test]
fn sms_messages_repeat() {
    let Some(files) = read(&["sms_spam/SMSSpamCollection"]) else {
        return;
    };
    let texts = second_fields(&files[0]);
    assert_eq!(texts.len(), 5_574);
    let corpus = Corpus::new(&texts);
    let groups = corpus.exact_groups();
    assert_eq!(groups.len(), 290);
    assert_eq!(groups.iter().map(|g| g.members.len() * (g.members.len() - 1) / 2).sum::<usize>(), 999);
    assert_eq!(corpus.near_pairs(NEAR).len(), 128);

    let side = |test: bool| -> Vec<&str> {
        texts.iter().enumerate().filter(|(i, _)| (i % 5 == 0) == test).map(|(_, text)| *text).collect()
    };
    assert_eq!(counts_with_copies(&side(false), &side(true)), (405, 154));
}

#[test]
fn sst2_phrases_nest() {
    let Some(files) = read(&["sst2/train.tsv"]) else { return };
    let texts = second_fields(&files[0])[1..].to_vec();
    assert_eq!(texts.len(), 67_349);
    let corpus = Corpus::new(&texts);
    let pairs = corpus.near_pairs(NEAR);
    assert_eq!(pairs.len(), 39_127);

    let clusters = corpus.clusters(NEAR);
    assert!(pairs.iter().all(|pair| clusters[pair.a as usize] == clusters[pair.b as usize]));
    let mut near: Vec<u32> = pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect();
    near.sort_unstable();
    near.dedup();
    let best = corpus.best_partners(NEAR, |_| true, |_| true);
    assert_eq!(best.iter().map(|p| p.a).filter(|&a| corpus.members(a)[0] == a).collect::<Vec<_>>(), near);
}

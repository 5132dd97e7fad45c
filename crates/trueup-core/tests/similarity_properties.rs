//! The fast searches against the plainest possible ones.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use trueup_core::Rng;
use trueup_core::similarity::{Corpus, GRAM, NEAR, NearestIndex, Similar, cross_join, self_join};
use trueup_core::text::{normalise, tokenise};

fn grams(text: &str) -> BTreeSet<String> {
    let chars: Vec<char> = normalise(text).chars().collect();
    if chars.len() < GRAM {
        return BTreeSet::from([chars.iter().collect()]);
    }
    chars.windows(GRAM).map(|w| w.iter().collect()).collect()
}

fn jaccard_of_sets(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let shared = a.intersection(b).count();
    shared as f64 / (a.len() + b.len() - shared) as f64
}

fn jaccard(a: &str, b: &str) -> f64 {
    jaccard_of_sets(&grams(a), &grams(b))
}

/// Whether `i` is the first text on its side that normalises as it does.
fn is_first(texts: &[&str], i: usize, on_side: impl Fn(usize) -> bool) -> bool {
    on_side(i) && (0..i).all(|j| !on_side(j) || normalise(texts[j]) != normalise(texts[i]))
}

fn naive_pairs(texts: &[&str], threshold: f64) -> Vec<Similar> {
    let sets: Vec<BTreeSet<String>> = texts.iter().map(|text| grams(text)).collect();
    let firsts: Vec<usize> = (0..texts.len()).filter(|&i| is_first(texts, i, |_| true)).collect();
    let mut pairs = Vec::new();
    for &a in &firsts {
        for &b in firsts.iter().filter(|&&b| b > a) {
            let similarity = jaccard_of_sets(&sets[a], &sets[b]);
            if similarity >= threshold {
                pairs.push(Similar { a: a as u32, b: b as u32, similarity });
            }
        }
    }
    pairs
}

/// Components by spreading the lowest number until nothing changes.
fn naive_clusters(texts: &[&str], threshold: f64) -> Vec<u32> {
    let n = texts.len();
    let mut lowest: Vec<usize> = (0..n).collect();
    let sets: Vec<BTreeSet<String>> = texts.iter().map(|text| grams(text)).collect();
    let same: Vec<String> = texts.iter().map(|text| normalise(text)).collect();
    let near = |i: usize, j: usize| same[i] == same[j] || jaccard_of_sets(&sets[i], &sets[j]) >= threshold;
    let edges: Vec<(usize, usize)> =
        (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).filter(|&(i, j)| near(i, j)).collect();
    loop {
        let before = lowest.clone();
        for &(i, j) in &edges {
            let low = lowest[i].min(lowest[j]);
            lowest[i] = low;
            lowest[j] = low;
        }
        if lowest == before {
            break;
        }
    }
    let mut numbers = BTreeMap::new();
    lowest
        .iter()
        .map(|low| {
            let next = numbers.len() as u32;
            *numbers.entry(*low).or_insert(next)
        })
        .collect()
}

/// Texts with many near-duplicates: a few bases, edited; short, empty and foreign ones among them.
fn texts() -> impl Strategy<Value = Vec<String>> {
    let base = prop_oneof![
        Just("where is my new card, i ordered it two weeks ago"),
        Just("Where is my new card? I ordered it 2 weeks ago"),
        Just("aaaaaaaaaaaa aaaaaaaaa"),
        Just("die straße nach köln ist für heute gesperrt"),
        Just("我的新卡在哪里,我两个星期前就订购了"),
        Just("👩‍🔬 cafe\u{301} ﬁne naïve ΣΑΣ straße"),
        Just("abcd"),
        Just(""),
    ];
    let edited = (base, 0usize..50, 0usize..3, "[a-b ]{0,2}").prop_map(|(base, at, cut, put)| {
        let chars: Vec<char> = base.chars().collect();
        let at = at.min(chars.len());
        let end = (at + cut).min(chars.len());
        chars[..at].iter().collect::<String>() + &put + &chars[end..].iter().collect::<String>()
    });
    let text = prop_oneof![6 => edited, 2 => "[ab]{0,14}", 1 => ".{0,20}", 1 => "[ \t]{0,2}"];
    prop::collection::vec(text, 0..40)
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_join_finds_what_comparing_all_finds(texts in texts(), threshold in prop_oneof![Just(NEAR), Just(1.0), 0.05f64..1.0]) {
        let texts = refs(&texts);
        prop_assert_eq!(self_join(&texts, threshold), naive_pairs(&texts, threshold));
    }

    #[test]
    fn joining_two_lists_finds_what_comparing_all_finds(
        left in texts(), right in texts(), threshold in prop_oneof![Just(NEAR), 0.05f64..1.0],
    ) {
        let (left, right) = (refs(&left), refs(&right));
        let mut expected = Vec::new();
        for a in (0..left.len()).filter(|&a| is_first(&left, a, |_| true)) {
            for b in (0..right.len()).filter(|&b| is_first(&right, b, |_| true)) {
                let similarity = jaccard(left[a], right[b]);
                if similarity >= threshold && normalise(left[a]) != normalise(right[b]) {
                    expected.push(Similar { a: a as u32, b: b as u32, similarity });
                }
            }
        }
        prop_assert_eq!(cross_join(&left, &right, threshold), expected);
    }

    #[test]
    fn the_best_partner_is_the_best_of_all(
        texts in texts(), sides in prop::collection::vec(0u8..4, 40), threshold in prop_oneof![Just(NEAR), 0.05f64..1.0],
    ) {
        let texts = refs(&texts);
        let query = |i: u32| sides[i as usize] & 1 > 0;
        let partner = |i: u32| sides[i as usize] & 2 > 0;
        let mut expected: Vec<Similar> = Vec::new();
        for a in (0..texts.len() as u32).filter(|&a| query(a)) {
            let mut best: Option<Similar> = None;
            for b in (0..texts.len() as u32).filter(|&b| partner(b)) {
                let (x, y) = (texts[a as usize], texts[b as usize]);
                let similarity = jaccard(x, y);
                if normalise(x) != normalise(y) && similarity >= threshold && best.is_none_or(|p| similarity > p.similarity) {
                    best = Some(Similar { a, b, similarity });
                }
            }
            expected.extend(best);
        }
        prop_assert_eq!(Corpus::new(&texts).best_partners(threshold, query, partner), expected);
    }

    #[test]
    fn clusters_are_connected_components(texts in texts(), threshold in prop_oneof![Just(NEAR), 0.05f64..1.0]) {
        let texts = refs(&texts);
        prop_assert_eq!(Corpus::new(&texts).clusters(threshold), naive_clusters(&texts, threshold));
    }

    #[test]
    fn exact_groups_partition_the_repeated_texts(texts in texts()) {
        let texts = refs(&texts);
        let corpus = Corpus::new(&texts);
        let mut expected: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (i, text) in texts.iter().enumerate() {
            expected.entry(normalise(text)).or_default().push(i as u32);
        }
        let mut expected: Vec<Vec<u32>> = expected.into_values().filter(|members| members.len() > 1).collect();
        expected.sort();
        let groups = corpus.exact_groups();
        prop_assert_eq!(groups.iter().map(|g| g.members.clone()).collect::<Vec<_>>(), expected);
        for group in groups {
            for (a, spelling) in group.members.iter().zip(&group.spellings) {
                prop_assert_eq!(corpus.members(*a), &group.members[..]);
                for (b, other) in group.members.iter().zip(&group.spellings) {
                    prop_assert_eq!(spelling == other, texts[*a as usize] == texts[*b as usize]);
                }
            }
        }
    }

    #[test]
    fn the_order_of_texts_does_not_matter(texts in texts(), seed in 0u64..1000) {
        let texts = refs(&texts);
        let mut order: Vec<usize> = (0..texts.len()).collect();
        Rng::new(seed).shuffle(&mut order);
        let shuffled: Vec<&str> = order.iter().map(|&i| texts[i]).collect();
        let (corpus, other) = (Corpus::new(&texts), Corpus::new(&shuffled));

        let by_text = |corpus: &Corpus| {
            let mut pairs: Vec<(String, String, u64)> = corpus
                .near_pairs(NEAR)
                .iter()
                .map(|p| {
                    let (x, y) = (corpus.normalised(p.a), corpus.normalised(p.b));
                    (x.min(y).to_owned(), x.max(y).to_owned(), p.similarity.to_bits())
                })
                .collect();
            pairs.sort();
            pairs
        };
        prop_assert_eq!(by_text(&corpus), by_text(&other));

        let (clusters, moved) = (corpus.clusters(NEAR), other.clusters(NEAR));
        for (i, &from) in order.iter().enumerate() {
            for (j, &to) in order.iter().enumerate() {
                prop_assert_eq!(moved[i] == moved[j], clusters[from] == clusters[to]);
            }
        }
    }

    #[test]
    fn the_nearest_text_is_the_nearest_of_all(texts in texts(), queries in texts(), excluded in 0u32..5) {
        let (texts, queries) = (refs(&texts), refs(&queries));
        let words = |text: &str| -> BTreeMap<String, f64> {
            let text = normalise(text);
            let mut counts = BTreeMap::new();
            for (start, end) in tokenise(&text) {
                let word = &text[start as usize..end as usize];
                if !word.chars().all(|c| c.is_ascii_punctuation()) {
                    *counts.entry(word.to_owned()).or_insert(0.0) += 1.0;
                }
            }
            counts
        };
        let documents: Vec<_> = texts.iter().map(|text| words(text)).collect();
        let weigh = |counts: &BTreeMap<String, f64>| -> BTreeMap<String, f64> {
            let df = |word: &str| documents.iter().filter(|d| d.contains_key(word)).count() as f64;
            let weights: BTreeMap<String, f64> = counts
                .iter()
                .map(|(word, tf)| (word.clone(), tf * (((1.0 + texts.len() as f64) / (1.0 + df(word))).ln() + 1.0)))
                .collect();
            let length = weights.values().map(|w| w * w).sum::<f64>().sqrt();
            weights.into_iter().map(|(word, w)| (word, w / length)).collect()
        };
        let vectors: Vec<_> = documents.iter().map(weigh).collect();

        let index = NearestIndex::new(&texts);
        let out = |q: usize, i: u32| (q as u32 + i) % 5 == excluded;
        let found = index.nearest_of_each(&queries, out);
        for (q, text) in queries.iter().enumerate() {
            let query = weigh(&words(text));
            let similarity = |i: usize| -> f64 {
                vectors[i].iter().map(|(word, w)| w * query.get(word).copied().unwrap_or(0.0)).sum()
            };
            let allowed: Vec<usize> = (0..texts.len()).filter(|&i| !out(q, i as u32)).collect();
            let most = allowed.iter().map(|&i| similarity(i)).fold(0.0, f64::max);
            prop_assert_eq!(found[q], index.nearest_excluding(text, |i| out(q, i)));
            let Some((at, value)) = found[q] else {
                prop_assert!(most <= 0.0);
                continue;
            };
            prop_assert!((value - most).abs() < 1e-9 && (similarity(at as usize) - most).abs() < 1e-9);
            let twin = |&i: &usize| normalise(texts[i]) == normalise(texts[at as usize]);
            prop_assert_eq!(allowed.iter().copied().find(twin), Some(at as usize));
        }
    }
}

/// Three templates filled in many ways, which makes the long lists and big groups that small random texts do not.
fn templated() -> Vec<String> {
    let mut rng = Rng::new(7);
    (0..450)
        .map(|i| {
            let (n, m) = (rng.below(10_000), rng.below(900));
            match i % 3 {
                0 => format!(
                    "Dear customer, your order {n} has been shipped and will be with you on Monday morning, thank you"
                ),
                1 => format!(
                    "Dear customer, your order {n} has been delayed by {m} days, we are very sorry and thank you"
                ),
                _ => format!("{m} of {n}: dear customer, thank you"),
            }
        })
        .collect()
}

#[test]
fn templates_are_searched_exactly_too() {
    let texts = templated();
    let texts = refs(&texts);
    let corpus = Corpus::new(&texts);
    for threshold in [0.6, NEAR, 0.85] {
        let pairs = naive_pairs(&texts, threshold);
        assert!(pairs.len() > 100, "{threshold}: {}", pairs.len());
        assert_eq!(corpus.near_pairs(threshold), pairs);
        assert_eq!(corpus.clusters(threshold), naive_clusters(&texts, threshold));
        for best in corpus.best_partners(threshold, |_| true, |_| true) {
            let of_a = pairs.iter().filter(|p| p.a == corpus.members(best.a)[0] || p.b == corpus.members(best.a)[0]);
            assert_eq!(of_a.map(|p| p.similarity).fold(0.0, f64::max).to_bits(), best.similarity.to_bits());
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let texts = templated();
    let texts = refs(&texts);
    let run = || {
        let corpus = Corpus::new(&texts);
        let nearest = NearestIndex::new(&texts[..300]).nearest_of_each(&texts[300..], |_, _| false);
        (corpus.near_pairs(NEAR), corpus.clusters(NEAR), corpus.best_partners(NEAR, |i| i < 200, |i| i > 100), nearest)
    };
    let with = |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run);
    assert_eq!(with(1), with(4));
}

#[test]
fn two_identical_thousands_make_one_pair() {
    let mut texts = vec!["please tell me where my parcel is now"; 3000];
    texts.extend(vec!["please tell me where my parcel is now!"; 3000]);
    let corpus = Corpus::new(&texts);
    let pairs = corpus.near_pairs(NEAR);
    assert_eq!(pairs.iter().map(|p| (p.a, p.b)).collect::<Vec<_>>(), [(0, 3000)]);
    assert_eq!(corpus.members(pairs[0].b).len(), 3000);
    assert!(corpus.clusters(NEAR).iter().all(|&c| c == 0));
}

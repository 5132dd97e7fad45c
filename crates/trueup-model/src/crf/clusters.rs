//! Classes of words that are used alike, learnt from text without labels.
//!
//! The exchange algorithm on the likelihood of a class bigram model (Brown et al. 1992, "Class-based n-gram models of
//! natural language"; Martin, Liermann and Ney 1998, "Algorithms for bigram and trigram word clustering"): word by word,
//! each goes to the class where the text becomes most likely, until few words move. Words are taken in lower case with every
//! digit 0. Sums are taken in a fixed order on one thread, so the same texts give the same classes.

use rustc_hash::FxHashMap;
use trueup_core::Example;

use super::facts::{Fact, Facts, facts};
use super::model::{tokens, words};
use super::table::{ENTRY_BITS, Table};
use crate::{Array, ModelError, Parts};

/// Words with fewer uses have no class: too little is known of them.
const LEAST_USES: u64 = 3;
/// The most words with a class, the most frequent ones.
const MOST_WORDS: usize = 100_000;
/// Rounds over all words at most.
const ROUNDS: usize = 12;

/// Classes of words, for [`super::CrfParams::clusters`].
#[derive(Debug, Clone)]
pub struct Clusters {
    words: Table,
    /// The class of each word, by its place in the table.
    classes: Array<u16>,
    count: u16,
}

impl Default for Clusters {
    /// No classes.
    fn default() -> Self {
        let (words, _) = Table::new(Vec::<(u64, u16)>::new(), ENTRY_BITS);
        Self { words, classes: Array::default(), count: 0 }
    }
}

impl PartialEq for Clusters {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.classes == other.classes && self.words.same(&other.words)
    }
}

impl Clusters {
    /// Learns at most `count` classes, up to 4,096, from the words of `texts`; the labels do not matter, and there need be
    /// none. Words with three uses or more get a class. Time grows with `count` times the distinct pairs of neighbours, memory with
    /// the square of `count`.
    ///
    /// Texts that a model is then judged on may be among them only where it will see those texts beforehand in use as well.
    pub fn learn(texts: &[&Example], count: u32) -> Self {
        let count = count.min(4_096) as u16;
        let (mut ids, mut hashes, mut lower) = (FxHashMap::default(), Vec::new(), String::new());
        let mut text: Vec<Vec<usize>> = Vec::with_capacity(texts.len());
        let mut known: FxHashMap<&str, usize> = FxHashMap::default();
        for example in texts {
            let id = |word| {
                *known.entry(word).or_insert_with(|| {
                    let hash = facts(word, &mut lower)[Fact::Masked as usize];
                    *ids.entry(hash).or_insert_with(|| {
                        hashes.push(hash);
                        hashes.len() - 1
                    })
                })
            };
            text.push(words(&example.text, &tokens(example)).map(id).collect());
        }
        let mut uses = vec![0u64; hashes.len()];
        text.iter().flatten().for_each(|&word| uses[word] += 1);
        let mut frequent: Vec<usize> = (0..hashes.len()).filter(|&word| uses[word] >= LEAST_USES).collect();
        frequent.sort_by_key(|&word| (std::cmp::Reverse(uses[word]), hashes[word]));
        frequent.truncate(MOST_WORDS);
        if count < 2 || frequent.is_empty() {
            return Self::default();
        }
        let mut rank = vec![frequent.len(); hashes.len()];
        frequent.iter().enumerate().for_each(|(at, &word)| rank[word] = at);
        text.iter_mut().flatten().for_each(|word| *word = rank[*word]);

        let mut exchange = Exchange::new(&text, frequent.len(), usize::from(count));
        for _ in 0..ROUNDS {
            if exchange.round() * 200 < frequent.len() {
                break;
            }
        }
        let classes = frequent.iter().zip(&exchange.class).map(|(&word, &class)| (hashes[word], class as u16));
        let (words, classes) = Table::new(classes.collect(), ENTRY_BITS);
        Self { words, classes: classes.into(), count }
    }

    /// The most classes there may be; 0 for none.
    pub fn count(&self) -> u32 {
        self.count.into()
    }

    /// Gives a word its class as one more fact, one more than its number; 0 where it has none.
    pub(super) fn tell(&self, facts: &mut Facts) {
        if self.count > 0 && facts[Fact::Masked as usize] != 0 {
            let id = self.words.id(facts[Fact::Masked as usize]);
            let class = id.and_then(|id| self.classes.get(id as usize));
            facts[Fact::Cluster as usize] = class.map_or(0, |class| u64::from(*class) + 1);
        }
    }

    /// Writes its arrays to `parts`.
    pub(super) fn put(&self, parts: &mut Parts) {
        self.words.put(parts, "cluster");
        parts.put("cluster_classes", &[self.classes.len()], &self.classes);
    }

    /// The classes that [`Clusters::put`] wrote.
    pub(super) fn take(parts: &mut Parts) -> Result<Self, ModelError> {
        let words = Table::take(parts, "cluster", ENTRY_BITS)?;
        let classes = parts.take("cluster_classes", &[Some(words.len())])?;
        Ok(Self { words, classes, count: parts.setting("clusters")? })
    }
}

/// Words on their way to a class. Two classes more than are asked for stay as they are: rare words, and the edges of texts.
struct Exchange {
    /// The class of each word, of the rare words, of the edges.
    class: Vec<usize>,
    words: usize,
    count: usize,
    /// The words before each word and how often, and those after it; a word beside itself is not among them.
    before: Vec<Vec<(usize, u32)>>,
    after: Vec<Vec<(usize, u32)>>,
    /// How often a word follows itself.
    twice: Vec<u32>,
    /// How often a class follows another, `[first * all + second]`.
    pairs: Vec<u32>,
    /// How often a class is first, and second.
    first: Vec<u32>,
    second: Vec<u32>,
    /// n ln n by n.
    log: Vec<f64>,
}

impl Exchange {
    /// Words by number, those from `words` on being rare; the most frequent come first.
    fn new(text: &[Vec<usize>], words: usize, count: usize) -> Self {
        let (rare, edge) = (words, words + 1);
        let mut pairs: FxHashMap<(usize, usize), u32> = FxHashMap::default();
        let mut total = 0;
        for words in text {
            let word = |i: usize| words.get(i).map_or(edge, |&word| word.min(rare));
            for i in 0..=words.len() {
                let before = if i == 0 { edge } else { word(i - 1) };
                *pairs.entry((before, word(i))).or_default() += 1;
                total += 1;
            }
        }
        let mut sorted: Vec<((usize, usize), u32)> = pairs.into_iter().collect();
        sorted.sort_unstable();
        let all = count + 2;
        let class = (0..words).map(|word| word % count).chain([count, count + 1]).collect();
        let mut exchange = Self {
            class,
            words,
            count,
            before: vec![Vec::new(); words + 2],
            after: vec![Vec::new(); words + 2],
            twice: vec![0; words + 2],
            pairs: vec![0; all * all],
            first: vec![0; all],
            second: vec![0; all],
            log: (0..=total).map(|n| if n == 0 { 0.0 } else { f64::from(n) * f64::from(n).ln() }).collect(),
        };
        for ((a, b), n) in sorted {
            if a == b {
                exchange.twice[a] = n;
            } else {
                exchange.after[a].push((b, n));
                exchange.before[b].push((a, n));
            }
            let (a, b) = (exchange.class[a], exchange.class[b]);
            exchange.pairs[a * all + b] += n;
            exchange.first[a] += n;
            exchange.second[b] += n;
        }
        exchange
    }

    /// Neighbours by class: (class, how often).
    fn by_class(&self, neighbours: &[(usize, u32)], sums: &mut [u32]) -> Vec<(usize, u32)> {
        let mut out = Vec::new();
        for &(word, n) in neighbours {
            let class = self.class[word];
            if sums[class] == 0 {
                out.push((class, 0));
            }
            sums[class] += n;
        }
        for (class, n) in &mut out {
            *n = std::mem::take(&mut sums[*class]);
        }
        out
    }

    /// Puts every word where the text is most likely; how many moved.
    fn round(&mut self) -> usize {
        let all = self.count + 2;
        let (mut sums, mut moved) = (vec![0u32; all], 0);
        for word in 0..self.words {
            let before = self.by_class(&self.before[word], &mut sums);
            let after = self.by_class(&self.after[word], &mut sums);
            let twice = self.twice[word];
            let total = |of: &[(usize, u32)]| of.iter().map(|(_, n)| n).sum::<u32>() + twice;
            let (firsts, seconds) = (total(&after), total(&before));

            let from = self.class[word];
            before.iter().for_each(|&(class, n)| self.pairs[class * all + from] -= n);
            after.iter().for_each(|&(class, n)| self.pairs[from * all + class] -= n);
            self.pairs[from * all + from] -= twice;
            self.first[from] -= firsts;
            self.second[from] -= seconds;

            let gain = |of: u32, n: u32| self.log[(of + n) as usize] - self.log[of as usize];
            let mut best = (f64::NEG_INFINITY, 0);
            for to in 0..self.count {
                let mut sum = -gain(self.first[to], firsts) - gain(self.second[to], seconds);
                // The pair of the class with itself gets what comes from both sides, together.
                let mut own = twice;
                for &(class, n) in &before {
                    if class == to { own += n } else { sum += gain(self.pairs[class * all + to], n) }
                }
                for &(class, n) in &after {
                    if class == to { own += n } else { sum += gain(self.pairs[to * all + class], n) }
                }
                sum += gain(self.pairs[to * all + to], own);
                if sum > best.0 {
                    best = (sum, to);
                }
            }
            let to = best.1;
            before.iter().for_each(|&(class, n)| self.pairs[class * all + to] += n);
            after.iter().for_each(|&(class, n)| self.pairs[to * all + class] += n);
            self.pairs[to * all + to] += twice;
            self.first[to] += firsts;
            self.second[to] += seconds;
            self.class[word] = to;
            moved += usize::from(to != from);
        }
        moved
    }

    /// Log likelihood of the classes of the text, nats, but for what no exchange changes.
    #[cfg(test)]
    fn likelihood(&self) -> f64 {
        let sum = |of: &[u32]| of.iter().map(|&n| self.log[n as usize]).sum::<f64>();
        sum(&self.pairs) - sum(&self.first) - sum(&self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trueup_core::{Annotation, Rng};

    /// Sentences of three kinds of words in turn, `kinds[i]` of each kind.
    fn text(n: usize, seed: u64) -> Vec<Vec<usize>> {
        let mut rng = Rng::new(seed);
        let word = |rng: &mut Rng, kind: usize| kind + 3 * rng.below(6);
        (0..n).map(|_| (0..2 + rng.below(8)).map(|i| word(&mut rng, i % 3)).collect()).collect()
    }

    #[test]
    fn every_round_makes_the_text_likelier_and_its_counts_stay_right() {
        let text = text(80, 1);
        let mut exchange = Exchange::new(&text, 16, 5);
        let mut before = exchange.likelihood();
        for _ in 0..5 {
            exchange.round();
            let after = exchange.likelihood();
            assert!(after >= before - 1e-9, "{after} {before}");
            before = after;
            // The counts are those of the classes as they are, counted anew; words 16 and 17 are rare.
            let mut anew = Exchange::new(&text, 16, 5);
            anew.class.clone_from(&exchange.class);
            let (mut pairs, all) = (vec![0u32; 49], 7);
            for (a, after) in anew.after.iter().enumerate() {
                let own = (a, anew.twice[a]);
                for &(b, n) in after.iter().chain([&own]) {
                    pairs[anew.class[a] * all + anew.class[b]] += n;
                }
            }
            assert_eq!(pairs, exchange.pairs);
            let first: Vec<u32> = pairs.chunks(all).map(|row| row.iter().sum()).collect();
            assert_eq!(first, exchange.first);
        }
    }

    #[test]
    fn words_used_alike_come_together() {
        let text = text(300, 2);
        let mut exchange = Exchange::new(&text, 18, 3);
        while exchange.round() > 0 {}
        for word in 0..18 {
            assert_eq!(exchange.class[word], exchange.class[word % 3], "{:?}", exchange.class);
        }
        assert_ne!(exchange.class[0], exchange.class[1]);
        assert_ne!(exchange.class[1], exchange.class[2]);
    }

    #[test]
    fn words_are_known_by_their_lower_case() {
        let sentences = ["we saw Lagos in 1999", "we saw kano in 2001", "They saw bread", "they ate bread"];
        let examples: Vec<Example> = sentences
            .iter()
            .cycle()
            .take(24)
            .map(|text| Example {
                id: String::new(),
                text: (*text).to_owned(),
                gold: Annotation::Spans(Vec::new()),
                tokens: Vec::new(),
                group: None,
                time: None,
                metadata: Vec::new(),
                line: 0,
            })
            .collect();
        let examples: Vec<&Example> = examples.iter().collect();
        let clusters = Clusters::learn(&examples, 5);
        let class = |word: &str| {
            let mut facts = facts(word, &mut String::new());
            clusters.tell(&mut facts);
            facts[Fact::Cluster as usize]
        };
        assert!(class("LAGOS") > 0 && class("LAGOS") == class("Kano"));
        assert!(class("1234") == class("2001") && class("unseen") == 0);
        assert_eq!(Clusters::learn(&examples, 5), clusters);
        assert_eq!(Clusters::learn(&examples, 0), Clusters::default());
        assert_eq!(Clusters::learn(&[], 5), Clusters::default());
    }
}

//! The features of a model and the rows of numbers that texts become: TF-IDF with sublinear tf and smooth idf.
//!
//! A row holds `(1 + ln tf) * idf` for each n-gram of the text that the vocabulary knows, with
//! `idf = ln((1 + n) / (1 + df)) + 1`: scikit-learn's `TfidfTransformer` with `sublinear_tf=True, smooth_idf=True`.
//! Word n-grams, character n-grams and values of columns are each scaled to the same length, and together to length 1. A text has ten times as many
//! character n-grams as words; scaled as one family, they would drown the words out. (On validation parts this is worth
//! 0.4 points of accuracy on Banking77, 2.5 on TREC and 0.3 on SST-2.)

mod folded;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::features::{Analyser, Gram, KINDS, Scratch, Seen};
use crate::Array;

pub(super) use folded::{Folded, FoldedRows, Role};

/// Texts that share buffers and one slice of work. Results do not depend on it: blocks are put together in order.
const BLOCK: usize = 128;

/// Parts of the hash space whose n-grams are counted independently. The number is fixed so that the work, and not only
/// its result, is the same at any thread count. A power of two: the highest bits of a hash name its part.
const SHARDS: usize = 64;

/// Sparse rows: compressed, feature ids ascending within a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Matrix {
    offsets: Vec<usize>,
    ids: Vec<u32>,
    values: Vec<f32>,
}

impl Matrix {
    /// No rows yet.
    pub(super) fn new() -> Self {
        Self { offsets: vec![0], ids: Vec::new(), values: Vec::new() }
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Feature ids and values of row `i`.
    pub(super) fn row(&self, i: usize) -> (&[u32], &[f32]) {
        let range = self.offsets[i]..self.offsets[i + 1];
        (&self.ids[range.clone()], &self.values[range])
    }

    /// These rows one after the other, in place of what `to` held.
    pub(super) fn gather(&self, rows: &[u32], to: &mut Self) {
        to.offsets.truncate(1);
        to.ids.clear();
        to.values.clear();
        for &row in rows {
            let (ids, values) = self.row(row as usize);
            to.ids.extend_from_slice(ids);
            to.values.extend_from_slice(values);
            to.offsets.push(to.ids.len());
        }
    }

    /// Adds the row of a text: the features that it holds, ascending, each with how often.
    fn push(&mut self, known: impl Iterator<Item = (u32, u32)>, idf: &[f32], family: impl Fn(u32) -> Gram) {
        let start = self.values.len();
        let mut squares = [0.0f64; KINDS];
        for (id, tf) in known {
            // Most n-grams occur once, and ln 1 = 0.
            let tf = if tf == 1 { 1.0 } else { 1.0 + (tf as f32).ln() };
            let value = tf * idf[id as usize];
            squares[family(id) as usize] += f64::from(value) * f64::from(value);
            self.ids.push(id);
            self.values.push(value);
        }
        let families = squares.iter().filter(|&&s| s > 0.0).count() as f64;
        let scales = squares.map(|s| if s > 0.0 { (1.0 / (s * families)).sqrt() as f32 } else { 0.0 });
        for (value, &id) in self.values[start..].iter_mut().zip(&self.ids[start..]) {
            *value *= scales[family(id) as usize];
        }
        self.offsets.push(self.values.len());
    }

    fn append(&mut self, other: &Matrix) {
        let base = self.ids.len();
        self.offsets.extend(other.offsets[1..].iter().map(|o| o + base));
        self.ids.extend_from_slice(&other.ids);
        self.values.extend_from_slice(&other.values);
    }
}

/// The distinct n-grams of some texts, in hash order within each text.
#[derive(Debug, Default)]
struct Counts {
    ends: Vec<usize>,
    hashes: Vec<u64>,
    /// How often each occurs; more often than fits here makes no difference to a logarithm.
    times: Vec<u16>,
}

impl Counts {
    /// The n-grams of each text, each with how often it occurs.
    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = (u64, u32)>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| {
            let times = self.times[start..end].iter().map(|&n| u32::from(n));
            self.hashes[start..end].iter().copied().zip(times)
        })
    }
}

/// The n-grams that count as features. A feature's id is the rank of its hash.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    analyser: Analyser,
    hashes: Array<u64>,
    idf: Array<f32>,
    /// First rank whose hash falls into each equal part of the hash space. Hashes are uniform, so a part holds about
    /// one of them, and a look-up is a look at one place, walked in order for a sorted text.
    starts: Vec<u32>,
    shift: u32,
    /// Texts that the document frequencies were counted in.
    texts: u64,
}

impl Vocabulary {
    /// Learns the vocabulary of `texts` and returns it with their rows.
    ///
    /// n-grams in fewer than `min_df` texts are left out, unless none is in so many; the bar rises further while more
    /// than `most` are left.
    pub(super) fn learn(analyser: Analyser, texts: &[Seen], min_df: u32, most: usize) -> (Self, Matrix) {
        let blocks: Vec<Counts> = texts.par_chunks(BLOCK).map(|block| count(analyser, block)).collect();
        let mut frequencies = frequencies(&blocks, min_df);
        let mut bar = min_df;
        while frequencies.len() > most {
            bar += 1;
            frequencies.retain(|&(_, df)| df >= bar);
        }
        let n = texts.len() as f64;
        let vocabulary = Self::new(
            analyser,
            frequencies.iter().map(|f| f.0).collect::<Vec<_>>().into(),
            frequencies.iter().map(|f| idf(n, f.1)).collect::<Vec<_>>().into(),
            texts.len() as u64,
        );
        let parts: Vec<Matrix> = blocks.into_par_iter().map(|block| vocabulary.rows(&block)).collect();
        (vocabulary, concatenate(&parts))
    }

    /// The vocabulary with the n-grams of more texts, and the rows of those. What it knows keeps its idf, so that it means what
    /// it meant; what is new is taken to be in none of the texts before. As in [`Vocabulary::learn`] rare n-grams stay out,
    /// and the bar rises while there are more than `most` in all.
    pub(super) fn extend(&self, texts: &[Seen], min_df: u32, most: usize) -> (Self, Matrix) {
        let blocks: Vec<Counts> = texts.par_chunks(BLOCK).map(|block| count(self.analyser, block)).collect();
        let mut new = frequencies(&blocks, min_df);
        new.retain(|&(hash, df)| df >= min_df && self.id(hash).is_none());
        let mut bar = min_df;
        while !new.is_empty() && self.len() + new.len() > most {
            bar += 1;
            new.retain(|&(_, df)| df >= bar);
        }
        let all = self.texts + texts.len() as u64;
        let known = self.hashes.iter().copied().zip(self.idf.iter().copied());
        let mut entries: Vec<(u64, f32)> =
            known.chain(new.into_iter().map(|(hash, df)| (hash, idf(all as f64, df)))).collect();
        entries.sort_unstable_by_key(|&(hash, _)| hash);
        let (hashes, idf): (Vec<u64>, Vec<f32>) = entries.into_iter().unzip();
        let vocabulary = Self::new(self.analyser, hashes.into(), idf.into(), all);
        let parts: Vec<Matrix> = blocks.into_par_iter().map(|block| vocabulary.rows(&block)).collect();
        (vocabulary, concatenate(&parts))
    }

    /// A vocabulary of n-gram hashes, ascending and distinct, with the idf of each, counted in so many texts.
    pub(super) fn new(analyser: Analyser, hashes: Array<u64>, idf: Array<f32>, texts: u64) -> Self {
        // At least one bit, so that the shift stays below the width of a hash.
        let bits = hashes.len().next_power_of_two().trailing_zeros().max(1);
        let shift = 64 - bits;
        let mut starts = vec![0; (1 << bits) + 1];
        for &hash in &*hashes {
            starts[(hash >> shift) as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        Self { analyser, hashes, idf, starts, shift, texts }
    }

    /// The number of features.
    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Texts that the document frequencies were counted in.
    pub(super) fn texts(&self) -> u64 {
        self.texts
    }

    /// The n-grams in use.
    pub(super) fn analyser(&self) -> Analyser {
        self.analyser
    }

    /// The feature of an n-gram hash.
    pub(super) fn id(&self, hash: u64) -> Option<u32> {
        self.find(&self.hashes, hash)
    }

    fn find(&self, hashes: &[u64], hash: u64) -> Option<u32> {
        let part = (hash >> self.shift) as usize;
        let (from, to) = (self.starts[part] as usize, self.starts[part + 1] as usize);
        hashes[from..to].iter().position(|&h| h == hash).map(|at| (from + at) as u32)
    }

    /// The n-gram hashes, feature by feature.
    pub(super) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The inverse document frequencies, feature by feature.
    pub(super) fn idf(&self) -> &[f32] {
        &self.idf
    }

    /// The n-gram hash of a feature.
    pub(super) fn hash(&self, id: u32) -> u64 {
        self.hashes[id as usize]
    }

    /// The rows of `texts`, in their order.
    pub(super) fn vectorise(&self, texts: &[Seen]) -> Matrix {
        let parts = texts.par_chunks(BLOCK).map(|block| {
            let (mut scratch, mut ids, mut matrix) = (Scratch::default(), Vec::new(), Matrix::new());
            let (hashes, idf) = (&self.hashes[..], &self.idf[..]);
            for &text in block {
                self.find_all(self.analyser.hashes(text, &mut scratch), &mut ids);
                // By id is by hash, as in training.
                ids.sort_unstable();
                let known = ids.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32));
                matrix.push(known, idf, |id| Gram::of(hashes[id as usize]));
            }
            matrix
        });
        concatenate(&parts.collect::<Vec<Matrix>>())
    }

    /// The features among n-gram hashes, repeats included.
    fn find_all(&self, grams: &[u64], ids: &mut Vec<u32>) {
        ids.clear();
        ids.resize(grams.len(), 0);
        let mut known = 0;
        self.look_up(grams, |_, id, found| {
            ids[known] = id;
            known += usize::from(found);
        });
        ids.truncate(known);
    }

    /// Calls `put` for each n-gram hash with its place, its feature, and whether it is a feature at all.
    ///
    /// Which n-grams are known cannot be foreseen, so that nothing here branches on it, and no look-up waits for another:
    /// the processor then fetches many places of memory at once.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "lazy operators are branches")]
    fn look_up(&self, grams: &[u64], mut put: impl FnMut(usize, u32, bool)) {
        let (hashes, starts) = (&self.hashes[..], &self.starts[..]);
        let Some(last) = hashes.len().checked_sub(1) else {
            return;
        };
        for (chunk, grams) in grams.chunks(64).enumerate() {
            let mut from = [0u32; 64];
            for (from, hash) in from.iter_mut().zip(grams) {
                *from = starts[(hash >> self.shift) as usize];
            }
            for (place, (&from, &hash)) in (chunk * 64..).zip(from.iter().zip(grams)) {
                let at = |i: u32| hashes[((from + i) as usize).min(last)];
                let (first, second, third) = (at(0), at(1), at(2));
                let mut id = from + u32::from(first != hash) + u32::from((first != hash) & (second != hash));
                let mut found = (first == hash) | (second == hash) | (third == hash);
                // Hardly ever more than three share a part of the hash space.
                if third < hash {
                    let further = hashes[last.min(from as usize + 3)..].iter().take_while(|&&h| h < hash).count();
                    let at = last.min(from as usize + 3) + further;
                    (id, found) = (at as u32, hashes.get(at) == Some(&hash));
                }
                put(place, id, found);
            }
        }
    }

    fn rows(&self, counts: &Counts) -> Matrix {
        let (mut matrix, mut known) = (Matrix::new(), Vec::new());
        let (hashes, idf) = (&self.hashes[..], &self.idf[..]);
        let mut start = 0;
        for &end in &counts.ends {
            let (grams, times) = (&counts.hashes[start..end], &counts.times[start..end]);
            start = end;
            known.clear();
            known.resize(grams.len(), (0, 0));
            let mut all = 0;
            self.look_up(grams, |place, id, found| {
                known[all] = (id, u32::from(times[place]));
                all += usize::from(found);
            });
            matrix.push(known[..all].iter().copied(), idf, |id| Gram::of(hashes[id as usize]));
        }
        matrix
    }
}

/// The n-grams that are in at least `least` texts, or all where none is, with the number of texts; by hash.
fn frequencies(blocks: &[Counts], least: u32) -> Vec<(u64, u32)> {
    let shards: Vec<Shards> = blocks.par_iter().map(Shards::of).collect();
    let frequent = |least: u32| -> Vec<(u64, u32)> {
        let parts = (0..SHARDS).into_par_iter().map(|shard| document_frequencies(&shards, shard, least));
        parts.collect::<Vec<_>>().concat()
    };
    let found = frequent(least);
    if found.is_empty() { frequent(1) } else { found }
}

/// The smooth inverse document frequency of an n-gram in `df` of `n` texts.
fn idf(n: f64, df: u32) -> f32 {
    (((1.0 + n) / (1.0 + f64::from(df))).ln() + 1.0) as f32
}

fn count(analyser: Analyser, texts: &[Seen]) -> Counts {
    let (mut scratch, mut grams) = (Scratch::default(), Vec::new());
    let mut counts = Counts::default();
    for &text in texts {
        grams.clear();
        analyser.counts(text, &mut scratch, &mut grams);
        counts.hashes.extend(grams.iter().map(|gram| gram.0));
        counts.times.extend(grams.iter().map(|gram| gram.1.min(u32::from(u16::MAX)) as u16));
        counts.ends.push(counts.hashes.len());
    }
    // Blocks wait for each other: what they hold too much adds up.
    counts.hashes.shrink_to_fit();
    counts.times.shrink_to_fit();
    counts
}

/// The n-gram hashes of one block of texts, brought together by part of the hash space.
struct Shards {
    ends: Vec<usize>,
    hashes: Vec<u64>,
}

impl Shards {
    fn of(counts: &Counts) -> Self {
        let part = |hash: u64| (hash >> (u64::BITS - SHARDS.trailing_zeros())) as usize;
        let mut ends = vec![0; SHARDS + 1];
        for &hash in &counts.hashes {
            ends[part(hash) + 1] += 1;
        }
        for shard in 0..SHARDS {
            ends[shard + 1] += ends[shard];
        }
        // Until all are placed, `ends[shard]` is where the shard's next hash goes; then it is the shard's end.
        let mut hashes = vec![0; counts.hashes.len()];
        for &hash in &counts.hashes {
            let next = &mut ends[part(hash)];
            hashes[*next] = hash;
            *next += 1;
        }
        Self { ends, hashes }
    }

    fn get(&self, shard: usize) -> &[u64] {
        let start = if shard == 0 { 0 } else { self.ends[shard - 1] };
        &self.hashes[start..self.ends[shard]]
    }
}

/// How many texts each n-gram of one part of the hash space is in, sorted by hash, rare ones left out.
fn document_frequencies(blocks: &[Shards], shard: usize, min_df: u32) -> Vec<(u64, u32)> {
    let mut seen: FxHashMap<u64, u32> = FxHashMap::default();
    for &hash in blocks.iter().flat_map(|block| block.get(shard)) {
        *seen.entry(hash).or_insert(0) += 1;
    }
    let mut kept: Vec<(u64, u32)> = seen.into_iter().filter(|&(_, df)| df >= min_df).collect();
    kept.sort_unstable();
    kept
}

fn concatenate(parts: &[Matrix]) -> Matrix {
    let mut whole = Matrix::new();
    let cells = parts.iter().map(|p| p.ids.len()).sum();
    whole.offsets.reserve(parts.iter().map(Matrix::len).sum());
    whole.ids.reserve(cells);
    whole.values.reserve(cells);
    for part in parts {
        whole.append(part);
    }
    whole
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WORDS: Analyser = Analyser { words: (1, 1), chars: (0, 0), hashing: None };

    /// What scikit-learn 1.9 gives for these three texts with `sublinear_tf=True, token_pattern=r"\b\w+\b"`.
    #[test]
    fn values_are_those_of_scikit_learn() {
        let (vocabulary, matrix) = Vocabulary::learn(WORDS, &Seen::texts(&["a b b", "a c", "a"]), 1, usize::MAX);
        assert_eq!((vocabulary.len(), matrix.len()), (3, 3));
        let mut first: Vec<f32> = matrix.row(0).1.to_vec();
        first.sort_by(f32::total_cmp);
        // tf 1 and idf 1 for `a`; tf 1 + ln 2 and idf 1 + ln 2 for `b`.
        let b = (1.0 + 2.0f32.ln()).powi(2);
        let length = b.hypot(1.0);
        assert!((first[0] - 1.0 / length).abs() < 1e-6 && (first[1] - b / length).abs() < 1e-6, "{first:?}");
        assert_eq!(matrix.row(2).1, [1.0]);
    }

    #[test]
    fn words_and_characters_have_equal_length() {
        let both = Analyser { words: (1, 2), chars: (2, 5), hashing: None };
        let (vocabulary, matrix) =
            Vocabulary::learn(both, &Seen::texts(&["the cat sat", "the dog sat", "!"]), 1, usize::MAX);
        let length = |row: usize, family: Gram| -> f32 {
            let (ids, values) = matrix.row(row);
            let cells = ids.iter().zip(values).filter(|(id, _)| Gram::of(vocabulary.hash(**id)) == family);
            cells.map(|(_, v)| v * v).sum()
        };
        assert!((length(0, Gram::Words) - 0.5).abs() < 1e-5 && (length(0, Gram::Chars) - 0.5).abs() < 1e-5);
        // A text without words has characters alone, at full length.
        assert!(length(2, Gram::Words) == 0.0 && (length(2, Gram::Chars) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn every_feature_is_found_and_nothing_else() {
        let texts: Vec<String> = (0..3000).map(|i| format!("w{i}")).collect();
        let texts = Seen::texts(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        for n in [1, 2, 3, 64, 3000] {
            let (vocabulary, matrix) = Vocabulary::learn(WORDS, &texts[..n], 1, usize::MAX);
            assert_eq!(vocabulary.len(), n);
            assert!((0..n as u32).all(|id| vocabulary.id(vocabulary.hash(id)) == Some(id)));
            assert!([0, 1, u64::MAX].iter().all(|&h| vocabulary.id(h).is_none()));
            assert_eq!(vocabulary.vectorise(&texts[..n]), matrix);
        }
    }

    #[test]
    fn rare_ngrams_go_first() {
        let texts = Seen::texts(&["a b", "a b", "a c", "a d"]);
        let features = |min_df, most| Vocabulary::learn(WORDS, &texts, min_df, most).0.len();
        assert_eq!((features(1, 9), features(2, 9), features(3, 9)), (4, 2, 1));
        assert_eq!((features(1, 3), features(1, 1)), (2, 1));
        // A bar that nothing reaches is no bar.
        assert_eq!(features(5, 9), 4);
    }

    #[test]
    fn a_text_counts_an_ngram_once() {
        let texts: Vec<String> = (0..500).map(|i| format!("x x {}", i % 7)).collect();
        let texts = Seen::texts(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let blocks: Vec<Counts> = texts.chunks(BLOCK).map(|block| count(WORDS, block)).collect();
        let shards: Vec<Shards> = blocks.iter().map(Shards::of).collect();
        let mut all: Vec<u32> =
            (0..SHARDS).flat_map(|s| document_frequencies(&shards, s, 1)).map(|(_, df)| df).collect();
        all.sort_unstable();
        assert_eq!(all, [71, 71, 71, 71, 72, 72, 72, 500]);
    }
}

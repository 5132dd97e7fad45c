//! The training text that is most like a given text.
//!
//! Cosine of TF-IDF vectors over words. An inverted index finds the texts that share a word; the common words, whose
//! lists are long, are read only when they could still change the answer (MaxScore, Turtle and Flood 1995), so the
//! pruning costs no exactness.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::text::{normalise, tokenise};

/// Slack for comparing sums that were added up in different orders: f64 sums of a few thousand products differ by less.
const SLACK: f64 = 1e-9;

/// Similarities are rounded to this many parts, so that equal ones are ties whatever the order of their words.
const GRID: f64 = 1e12;

/// Training texts, by their words.
///
/// Words are the tokens of the normalised text that hold more than ASCII punctuation. A word that occurs `tf` times in a
/// text and in `df` of `n` texts weighs `tf (ln((1 + n) / (1 + df)) + 1)` (scikit-learn's smoothed TF-IDF), and vectors
/// have length 1.
#[derive(Debug)]
pub struct NearestIndex {
    words: FxHashMap<Box<str>, u32>,
    idf: Vec<f64>,
    /// The idf of a word that no text has: it lengthens the query, so a query of strange words is like nothing.
    unknown_idf: f64,
    /// Where each text's vector starts in `vectors`.
    starts: Vec<usize>,
    /// (word, weight) by text, then word.
    vectors: Vec<(u32, f64)>,
    /// Where each word's list starts in `postings`.
    list_starts: Vec<usize>,
    /// (text, weight) by word, then text.
    postings: Vec<(u32, f64)>,
    /// The largest weight in each word's list.
    largest: Vec<f64>,
}

/// Working memory of one thread; clean between queries.
struct Scratch {
    /// The part of the similarity that is known, by text; negative: excluded.
    partial: Vec<f64>,
    touched: Vec<u32>,
    /// The query's weight of every word.
    query: Vec<f64>,
}

fn words_of(normalised: &str) -> impl Iterator<Item = &str> {
    let word = |(start, end): (u32, u32)| &normalised[start as usize..end as usize];
    tokenise(normalised).into_iter().map(word).filter(|w| !w.chars().all(|c| c.is_ascii_punctuation()))
}

impl NearestIndex {
    /// Indexes `texts`.
    pub fn new(texts: &[&str]) -> Self {
        let normalised: Vec<Vec<String>> = texts
            .par_iter()
            .with_min_len(128)
            .map(|text| words_of(&normalise(text)).map(String::from).collect())
            .collect();
        let mut words: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let mut starts = vec![0];
        let mut vectors: Vec<(u32, f64)> = Vec::new();
        let mut df: Vec<u32> = Vec::new();
        for text in normalised {
            let mut ids: Vec<u32> = Vec::with_capacity(text.len());
            for word in text {
                let id = if let Some(&id) = words.get(word.as_str()) {
                    id
                } else {
                    words.insert(word.into_boxed_str(), df.len() as u32);
                    df.push(0);
                    df.len() as u32 - 1
                };
                ids.push(id);
            }
            ids.sort_unstable();
            for run in ids.chunk_by(|a, b| a == b) {
                df[run[0] as usize] += 1;
                vectors.push((run[0], run.len() as f64));
            }
            starts.push(vectors.len());
        }
        let n = texts.len() as f64;
        let idf_of = |df: u32| ((1.0 + n) / (1.0 + f64::from(df))).ln() + 1.0;
        let idf: Vec<f64> = df.iter().map(|&df| idf_of(df)).collect();
        for range in starts.windows(2) {
            let vector = &mut vectors[range[0]..range[1]];
            for (word, weight) in &mut *vector {
                *weight *= idf[*word as usize];
            }
            let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
            for (_, weight) in vector {
                *weight /= length;
            }
        }

        let mut list_starts = vec![0];
        for &count in &df {
            list_starts.push(list_starts[list_starts.len() - 1] + count as usize);
        }
        let mut next = list_starts.clone();
        let mut postings = vec![(0, 0.0); vectors.len()];
        let mut largest = vec![0.0f64; df.len()];
        for (text, range) in starts.windows(2).enumerate() {
            for &(word, weight) in &vectors[range[0]..range[1]] {
                postings[next[word as usize]] = (text as u32, weight);
                next[word as usize] += 1;
                largest[word as usize] = largest[word as usize].max(weight);
            }
        }
        Self { words, idf, unknown_idf: idf_of(0), starts, vectors, list_starts, postings, largest }
    }

    /// The index and the similarity (above 0, at most 1) of the text most like `text`; ties by lowest index. `None` when
    /// no text shares a word with it.
    pub fn nearest(&self, text: &str) -> Option<(u32, f64)> {
        self.nearest_excluding(text, |_| false)
    }

    /// [`Self::nearest`] among the texts for which `excluded` is false.
    pub fn nearest_excluding(&self, text: &str, excluded: impl Fn(u32) -> bool) -> Option<(u32, f64)> {
        self.find(text, excluded, &mut self.scratch())
    }

    /// [`Self::nearest_excluding`] for many texts at once, in their order; `excluded` gets the place of the query in
    /// `queries` and the index of the text.
    pub fn nearest_of_each(
        &self,
        queries: &[&str],
        excluded: impl Fn(usize, u32) -> bool + Sync,
    ) -> Vec<Option<(u32, f64)>> {
        queries
            .par_iter()
            .enumerate()
            .with_min_len(64)
            .map_init(|| self.scratch(), |scratch, (q, text)| self.find(text, |index| excluded(q, index), scratch))
            .collect()
    }

    fn scratch(&self) -> Scratch {
        Scratch { partial: vec![0.0; self.starts.len() - 1], touched: Vec::new(), query: vec![0.0; self.idf.len()] }
    }

    /// The query's vector by word, without the words that no text has.
    fn vector(&self, text: &str) -> Vec<(u32, f64)> {
        let normalised = normalise(text);
        let mut known: Vec<u32> = Vec::new();
        let mut unknown: Vec<&str> = Vec::new();
        for word in words_of(&normalised) {
            match self.words.get(word) {
                Some(&id) => known.push(id),
                None => unknown.push(word),
            }
        }
        known.sort_unstable();
        unknown.sort_unstable();
        let mut vector: Vec<(u32, f64)> =
            known.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as f64 * self.idf[run[0] as usize])).collect();
        let square = vector.iter().map(|(_, weight)| weight * weight).sum::<f64>()
            + unknown.chunk_by(|a, b| a == b).map(|run| (run.len() as f64 * self.unknown_idf).powi(2)).sum::<f64>();
        let length = square.sqrt();
        for (_, weight) in &mut vector {
            *weight /= length;
        }
        vector
    }

    /// The similarity of text `index` to the query in `query`; added up by word, the same for every way to get here.
    fn similarity(&self, index: u32, query: &[f64]) -> f64 {
        let vector = &self.vectors[self.starts[index as usize]..self.starts[index as usize + 1]];
        let cosine: f64 = vector.iter().map(|&(word, weight)| weight * query[word as usize]).sum();
        (cosine.min(1.0) * GRID).round() / GRID
    }

    fn find(&self, text: &str, excluded: impl Fn(u32) -> bool, scratch: &mut Scratch) -> Option<(u32, f64)> {
        let mut vector = self.vector(text);
        for &(word, weight) in &vector {
            scratch.query[word as usize] = weight;
        }
        // Largest possible contribution first: rare words.
        let most = |&(word, weight): &(u32, f64)| weight * self.largest[word as usize];
        vector.sort_by(|a, b| most(b).total_cmp(&most(a)).then(a.0.cmp(&b.0)));
        let mut open: f64 = vector.iter().map(most).sum();
        let mut surest = 0.0f64;
        for entry in &vector {
            // A text not met so far has nothing but the open words.
            if surest > open + SLACK {
                break;
            }
            let (word, query) = *entry;
            for &(index, weight) in &self.postings[self.list_starts[word as usize]..self.list_starts[word as usize + 1]]
            {
                let partial = &mut scratch.partial[index as usize];
                if *partial == 0.0 {
                    scratch.touched.push(index);
                    if excluded(index) {
                        *partial = -1.0;
                    }
                }
                if *partial >= 0.0 {
                    *partial += query * weight;
                    surest = surest.max(*partial);
                }
            }
            open -= most(entry);
        }

        let mut best: Option<(u32, f64)> = None;
        for index in scratch.touched.drain(..) {
            let partial = std::mem::take(&mut scratch.partial[index as usize]);
            if partial < 0.0 || partial + open.max(0.0) + SLACK < surest {
                continue;
            }
            let similarity = self.similarity(index, &scratch.query);
            if best.is_none_or(|(b, s)| similarity > s || (similarity >= s && index < b)) {
                best = Some((index, similarity));
            }
        }
        for (word, _) in vector {
            scratch.query[word as usize] = 0.0;
        }
        best
    }
}

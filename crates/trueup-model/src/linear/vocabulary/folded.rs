//! One pass over the texts for the vocabularies of all folds.
//!
//! The texts' n-grams are counted once. The number of texts that an n-gram is in, less those of a fold, is what training
//! on the other folds would count, so that the vocabulary and the idf of a fold's model know nothing of the fold.

use rayon::prelude::*;

use super::{Analyser, BLOCK, Counts, Gram, Matrix, Vocabulary, concatenate, count, frequencies, idf};

/// The n-grams of texts that are cut into folds.
pub(in super::super) struct Folded {
    /// Every n-gram that can be a feature of some fold's model, by hash.
    hashes: Vec<u64>,
    /// The number of texts that each is in.
    all: Vec<u32>,
    /// The same in each fold: one row an n-gram.
    within: Vec<u32>,
    /// The n-grams of each text, as ranks among `hashes`, and how often each occurs.
    blocks: Vec<Block>,
    fold_of: Vec<u32>,
    folds: usize,
}

#[derive(Default)]
struct Block {
    ends: Vec<usize>,
    grams: Vec<(u32, u32)>,
}

impl Block {
    fn rows(&self) -> impl Iterator<Item = &[(u32, u32)]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.grams[start..end])
    }
}

impl Folded {
    /// Counts the n-grams of `texts`, of which text `i` is in fold `fold_of[i]`.
    pub(in super::super) fn count(analyser: Analyser, texts: &[&str], fold_of: &[u32], min_df: u32) -> Self {
        let counts: Vec<Counts> = texts.par_chunks(BLOCK).map(|block| count(analyser, block)).collect();
        let folded = Self::of(analyser, &counts, fold_of, min_df);
        // A fold whose n-grams are all rare takes them all, and must find them here.
        let rare = |fold| !folded.frequencies(fold).any(|(_, df)| df >= min_df);
        if (0..folded.folds as u32).any(rare) { Self::of(analyser, &counts, fold_of, 1) } else { folded }
    }

    fn of(analyser: Analyser, counts: &[Counts], fold_of: &[u32], least: u32) -> Self {
        let folds = fold_of.iter().max().map_or(0, |&most| most as usize + 1);
        let (hashes, all): (Vec<u64>, Vec<u32>) = frequencies(counts, least).into_iter().unzip();
        let ranks = Vocabulary::new(analyser, hashes.clone().into(), Vec::new().into());
        let blocks: Vec<Block> = counts
            .par_iter()
            .map(|counts| {
                let mut block = Block::default();
                for grams in counts.rows() {
                    block.grams.extend(grams.filter_map(|(hash, tf)| Some((ranks.id(hash)?, tf))));
                    block.ends.push(block.grams.len());
                }
                block
            })
            .collect();
        let mut within = vec![0; hashes.len() * folds];
        for (grams, &fold) in blocks.iter().flat_map(Block::rows).zip(fold_of) {
            for &(rank, _) in grams {
                within[rank as usize * folds + fold as usize] += 1;
            }
        }
        Self { hashes, all, within, blocks, fold_of: fold_of.to_vec(), folds }
    }

    /// Each n-gram's rank, and the number of texts outside of a fold that it is in.
    fn frequencies(&self, fold: u32) -> impl Iterator<Item = (u32, u32)> {
        let df = move |(rank, &all)| (rank, all - self.within[rank as usize * self.folds + fold as usize]);
        (0..).zip(&self.all).map(df)
    }

    /// The number of features of a fold's model, the rows of the texts outside of the fold, and those of the texts in it.
    ///
    /// The features are those that [`Vocabulary::learn`] finds in the texts outside.
    pub(in super::super) fn fold(&self, fold: u32, min_df: u32, most: usize) -> (usize, Matrix, Matrix) {
        let texts = self.fold_of.iter().filter(|&&f| f != fold).count() as f64;
        let chosen =
            |least: u32| -> Vec<(u32, u32)> { self.frequencies(fold).filter(|&(_, df)| df >= least.max(1)).collect() };
        let mut features = chosen(min_df);
        if features.is_empty() {
            features = chosen(1);
        }
        let mut bar = min_df;
        while features.len() > most {
            bar += 1;
            features.retain(|&(_, df)| df >= bar);
        }
        let mut id_of = vec![u32::MAX; self.hashes.len()];
        (0..).zip(&features).for_each(|(id, &(rank, _))| id_of[rank as usize] = id);
        let idf: Vec<f32> = features.iter().map(|&(_, df)| idf(texts, df)).collect();
        let families: Vec<Gram> = features.iter().map(|&(rank, _)| Gram::of(self.hashes[rank as usize])).collect();
        let family = |id: u32| families[id as usize];
        let parts = self.blocks.par_iter().zip(self.fold_of.par_chunks(BLOCK)).map(|(block, fold_of)| {
            let mut parts = [Matrix::new(), Matrix::new()];
            for (grams, &f) in block.rows().zip(fold_of) {
                let ids = grams.iter().map(|&(rank, tf)| (id_of[rank as usize], tf));
                parts[usize::from(f == fold)].push(ids.filter(|&(id, _)| id != u32::MAX), &idf, family);
            }
            parts
        });
        let (outside, inside): (Vec<_>, Vec<_>) = parts.map(|[outside, inside]| (outside, inside)).unzip();
        (features.len(), concatenate(&outside), concatenate(&inside))
    }
}

//! One pass over the texts for the vocabularies of all folds.
//!
//! The texts' n-grams are counted once. The number of texts that an n-gram is in, less those that a model is not to learn
//! from, is what counting the others alone would give, so that the vocabulary and the idf of a fold's model know nothing of
//! the fold.

use rayon::prelude::*;

use super::{Analyser, BLOCK, Counts, Gram, Matrix, Seen, Vocabulary, concatenate, count, frequencies, idf};

/// What a text is to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Role {
    /// The model learns from it.
    Learn,
    /// The model answers it and knows nothing of it.
    Answer,
    /// It is left aside.
    Aside,
}

/// The n-grams of texts, counted once for several models.
pub(in super::super) struct Folded {
    /// Every n-gram that can be a feature of some model, by hash.
    hashes: Vec<u64>,
    /// The number of texts that each is in.
    all: Vec<u32>,
    /// The n-grams of each text, as ranks among `hashes`, and how often each occurs.
    blocks: Vec<Block>,
    least: u32,
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

/// The rows of some model's texts.
pub(in super::super) struct FoldedRows {
    /// Features of the model.
    pub(in super::super) features: usize,
    /// Of the texts that it learns from.
    pub(in super::super) learn: Matrix,
    /// Of the texts that it answers.
    pub(in super::super) answer: Matrix,
}

impl Folded {
    /// Counts the n-grams of `texts`; those in fewer than `least` are left out.
    pub(in super::super) fn count(analyser: Analyser, texts: &[Seen], least: u32) -> Self {
        let counts: Vec<Counts> = texts.par_chunks(BLOCK).map(|block| count(analyser, block)).collect();
        let (hashes, all): (Vec<u64>, Vec<u32>) = frequencies(&counts, least).into_iter().unzip();
        let ranks = Vocabulary::new(analyser, hashes.clone().into(), Vec::new().into(), texts.len() as u64);
        let blocks: Vec<Block> = counts
            .into_par_iter()
            .map(|counts| {
                let mut block = Block::default();
                for grams in counts.rows() {
                    block.grams.extend(grams.filter_map(|(hash, tf)| Some((ranks.id(hash)?, tf))));
                    block.ends.push(block.grams.len());
                }
                block
            })
            .collect();
        Self { hashes, all, blocks, least }
    }

    /// The rows of the texts as a model sees them to which text `i` is `roles[i]`. Its features are those that
    /// [`Vocabulary::learn`] finds in the texts that it learns from.
    ///
    /// `None` when no n-gram is in as many of these texts as were counted at least, so that rarer ones are needed: count
    /// again with 1.
    pub(in super::super) fn rows(&self, roles: &[Role], min_df: u32, most: usize) -> Option<FoldedRows> {
        let mut df = self.all.clone();
        for (grams, _) in self.texts(roles).filter(|&(_, role)| role != Role::Learn) {
            grams.iter().for_each(|&(rank, _)| df[rank as usize] -= 1);
        }
        let chosen = |least: u32| -> Vec<(u32, u32)> {
            (0..).zip(df.iter().copied()).filter(|&(_, df)| df >= least.max(1)).collect()
        };
        let mut features = chosen(min_df);
        if features.is_empty() {
            if self.least > 1 {
                return None;
            }
            features = chosen(1);
        }
        let mut bar = min_df;
        while features.len() > most {
            bar += 1;
            features.retain(|&(_, df)| df >= bar);
        }
        let mut id_of = vec![u32::MAX; self.hashes.len()];
        (0..).zip(&features).for_each(|(id, &(rank, _))| id_of[rank as usize] = id);
        let texts = roles.iter().filter(|&&role| role == Role::Learn).count() as f64;
        let idf: Vec<f32> = features.iter().map(|&(_, df)| idf(texts, df)).collect();
        let families: Vec<Gram> = features.iter().map(|&(rank, _)| Gram::of(self.hashes[rank as usize])).collect();
        let parts = self.blocks.par_iter().zip(roles.par_chunks(BLOCK)).map(|(block, roles)| {
            let (mut learn, mut answer) = (Matrix::new(), Matrix::new());
            for (grams, &role) in block.rows().zip(roles) {
                let matrix = match role {
                    Role::Learn => &mut learn,
                    Role::Answer => &mut answer,
                    Role::Aside => continue,
                };
                let ids = grams.iter().map(|&(rank, tf)| (id_of[rank as usize], tf));
                matrix.push(ids.filter(|&(id, _)| id != u32::MAX), &idf, |id| families[id as usize]);
            }
            (learn, answer)
        });
        let (learn, answer): (Vec<Matrix>, Vec<Matrix>) = parts.unzip();
        let (learn, answer) = (concatenate(&learn), concatenate(&answer));
        Some(FoldedRows { features: features.len(), learn, answer })
    }

    /// The n-grams of each text and its role.
    fn texts(&self, roles: &[Role]) -> impl Iterator<Item = (&[(u32, u32)], Role)> {
        self.blocks.iter().flat_map(Block::rows).zip(roles.iter().copied())
    }
}

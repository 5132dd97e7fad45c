//! Scores of new texts: what a word adds, seen from each place, is summed once a distinct word.

use rustc_hash::FxHashMap;

use super::features::{Lexicon, Own, SLOTS, neighbour, of_shape, of_word, offset, shape};
use super::lattice::Lattice;
use super::model::CrfModel;
use super::weights::{add, write};

/// Bytes that a thread remembers of distinct words before it starts afresh, about. It changes the time of an answer only.
const REMEMBERED: usize = 32 << 20;

/// Bytes of a remembered word beside its sums: its facts, its entry in the table.
const WORD: usize = 200;

/// Gives tokens their scores, remembering each distinct word.
pub(super) struct Scorer<'m, 'a> {
    model: &'m CrfModel,
    lexicon: Lexicon<'a, 'm>,
    /// The sum of the weights of a word's features, by word, slot and padded state.
    sums: Vec<i16>,
    /// The place of each shape in `shape_sums`.
    shapes: FxHashMap<u64, u32>,
    /// The same sums of the features that all words of a shape have.
    shape_sums: Vec<i16>,
    words: Vec<u32>,
    token: Vec<i16>,
}

impl<'m, 'a> Scorer<'m, 'a> {
    /// One that has met no word.
    pub fn new(model: &'m CrfModel) -> Self {
        let token = vec![0; model.transitions.padded()];
        let mut scorer = Self {
            model,
            lexicon: Lexicon::new(&model.clusters),
            sums: Vec::new(),
            shapes: FxHashMap::default(),
            shape_sums: Vec::new(),
            words: Vec::new(),
            token,
        };
        scorer.catch_up();
        scorer
    }

    /// Sums the words that the lexicon has met since.
    fn catch_up(&mut self) {
        let (model, padded) = (self.model, self.model.transitions.padded());
        let known = self.sums.len() / (SLOTS * padded);
        self.sums.reserve((self.lexicon.facts.len() - known) * SLOTS * padded);
        for facts in &self.lexicon.facts[known..] {
            let next = (self.shape_sums.len() / (SLOTS * padded)) as u32;
            let id = *self.shapes.entry(shape(facts)).or_insert(next);
            if id == next {
                self.shape_sums.resize((next as usize + 1) * SLOTS * padded, 0);
            }
            let of = &mut self.shape_sums[id as usize * SLOTS * padded..][..SLOTS * padded];
            if id == next {
                for (slot, sums) in of.chunks_exact_mut(padded).enumerate() {
                    of_shape(facts, slot).filter_map(|(_, hash)| model.weights(hash)).for_each(|row| add(sums, row));
                }
            }
            let start = self.sums.len();
            self.sums.extend_from_slice(of);
            for (slot, sums) in self.sums[start..].chunks_exact_mut(padded).enumerate() {
                of_word(facts, slot).filter_map(|(_, hash)| model.weights(hash)).for_each(|row| add(sums, row));
            }
        }
    }

    /// Writes the scores of every token and state of a sentence to `lattice`.
    pub fn score(&mut self, words: impl Iterator<Item = &'a str>, lattice: &mut Lattice) {
        let (model, padded) = (self.model, self.model.transitions.padded());
        if self.lexicon.facts.len() * (WORD + 2 * SLOTS * padded) > REMEMBERED {
            *self = Self::new(model);
        }
        self.words.clear();
        self.words.extend(words.map(|word| self.lexicon.id(word)));
        self.catch_up();
        lattice.resize(self.words.len(), &model.transitions);
        let mut own = Own::new(&self.words, &self.lexicon, &model.gazetteer);
        for at in 0..self.words.len() {
            self.token.fill(0);
            for slot in 0..SLOTS {
                let word = neighbour(&self.words, at, offset(slot));
                let sums = &self.sums[(word * SLOTS + slot) * padded..][..padded];
                for (token, sum) in self.token.iter_mut().zip(sums) {
                    *token = token.saturating_add(*sum);
                }
            }
            own.each(&self.words, at, &self.lexicon, |hash| {
                if let Some(row) = model.weights(hash) {
                    add(&mut self.token, row);
                }
            });
            write(&self.token, model.scale, lattice.scores_mut(at));
        }
    }
}

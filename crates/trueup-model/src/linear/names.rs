//! The names of features: the n-grams as they stand in normalised texts.

use rayon::prelude::*;

use super::features::Scratch;
use super::vocabulary::{Matrix, Vocabulary};
use crate::Array;

/// One name a feature, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// UTF-8.
    pub(super) text: Array<u8>,
    /// Where each name ends.
    pub(super) ends: Array<u32>,
}

/// Longer names are cut off here, at a whole character.
const LONGEST: usize = 200;

impl Names {
    /// The names of all features, found in the texts that the vocabulary was learnt from; `matrix` holds their rows.
    pub(super) fn of(vocabulary: &Vocabulary, texts: &[&str], matrix: &Matrix) -> Self {
        // The first text of each feature: few texts are the first of any, and only those are read again.
        let mut first = vec![u32::MAX; vocabulary.len()];
        let mut sources = Vec::new();
        for i in 0..texts.len() {
            let mut new = false;
            for &id in matrix.row(i).0 {
                if first[id as usize] == u32::MAX {
                    first[id as usize] = i as u32;
                    new = true;
                }
            }
            if new {
                sources.push(i as u32);
            }
        }
        let found: Vec<Vec<(u32, String)>> = sources
            .par_chunks(64)
            .map(|sources| {
                let (mut scratch, mut found) = (Scratch::default(), Vec::new());
                for &i in sources {
                    vocabulary.analyser().visit(texts[i as usize], &mut scratch, |hash, _, chars| {
                        if let Some(id) = vocabulary.id(hash).filter(|&id| first[id as usize] == i) {
                            found.push((id, chars.iter().collect()));
                        }
                    });
                }
                found
            })
            .collect();
        let mut names = vec![String::new(); vocabulary.len()];
        for (id, name) in found.into_iter().flatten() {
            names[id as usize] = name;
        }
        let (mut text, mut ends) = (Vec::new(), Vec::with_capacity(names.len()));
        for name in &names {
            text.extend_from_slice(&name.as_bytes()[..name.floor_char_boundary(LONGEST)]);
            ends.push(text.len() as u32);
        }
        Self { text: text.into(), ends: ends.into() }
    }

    /// The names of the features of a vocabulary: those that `old` has of an earlier one, and of the others those found.
    pub(super) fn merge(vocabulary: &Vocabulary, found: &Self, old: &Self, of: &Vocabulary) -> Self {
        let (mut text, mut ends) = (Vec::new(), Vec::with_capacity(vocabulary.len()));
        for id in 0..vocabulary.len() as u32 {
            let name = of.id(vocabulary.hash(id)).map_or_else(|| found.get(id), |known| old.get(known));
            text.extend_from_slice(name.as_bytes());
            ends.push(text.len() as u32);
        }
        Self { text: text.into(), ends: ends.into() }
    }

    /// Whether every name is text and there are as many as `features`.
    pub(super) fn are_whole(&self, features: usize) -> bool {
        let Ok(text) = std::str::from_utf8(&self.text) else {
            return false;
        };
        let boundaries = self.ends.iter().all(|&end| text.is_char_boundary(end as usize));
        self.ends.len() == features && self.ends.is_sorted() && boundaries
    }

    /// The name of a feature.
    pub(super) fn get(&self, id: u32) -> &str {
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        let bytes = &self.text[start as usize..self.ends[id as usize] as usize];
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

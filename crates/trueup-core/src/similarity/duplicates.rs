//! Exact duplicates: texts that are equal once normalised.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::text::normalise;

/// Texts that are equal once normalised, two or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactGroup {
    /// Indices of the texts, ascending.
    pub members: Vec<u32>,
    /// For each member, which spelling it has: members with the same number are equal byte for byte. Numbers count from
    /// 0 in order of first occurrence.
    pub spellings: Vec<u32>,
}

impl ExactGroup {
    /// Whether all members are equal as they stand, before normalising.
    pub fn byte_equal(&self) -> bool {
        self.spellings.iter().all(|&s| s == 0)
    }
}

/// The distinct normalised texts, and who holds them.
#[derive(Debug)]
pub(super) struct Distinct {
    /// The normalised texts in order of first occurrence.
    pub texts: Vec<String>,
    /// The distinct text of each given text.
    pub of: Vec<u32>,
    /// Where the members of each distinct text start in `members`; one more entry than texts.
    starts: Vec<usize>,
    /// Indices of the given texts, by distinct text, then ascending.
    members: Vec<u32>,
    /// The spelling of each member among those of its distinct text.
    spellings: Vec<u32>,
}

impl Distinct {
    pub fn new(raw: &[&str]) -> Self {
        let normalised: Vec<String> = raw.par_iter().with_min_len(256).map(|text| normalise(text)).collect();
        let mut ids: FxHashMap<&str, u32> = FxHashMap::default();
        let mut of = Vec::with_capacity(raw.len());
        let mut counts: Vec<usize> = Vec::new();
        for text in &normalised {
            let id = *ids.entry(text).or_insert(counts.len() as u32);
            if id as usize == counts.len() {
                counts.push(0);
            }
            counts[id as usize] += 1;
            of.push(id);
        }
        drop(ids);

        let mut starts = Vec::with_capacity(counts.len() + 1);
        let mut total = 0;
        for count in &counts {
            starts.push(total);
            total += count;
        }
        starts.push(total);
        let mut next = starts.clone();
        let mut members = vec![0; raw.len()];
        let mut texts = Vec::with_capacity(counts.len());
        for (i, text) in normalised.into_iter().enumerate() {
            let id = of[i] as usize;
            if id == texts.len() {
                texts.push(text);
            }
            members[next[id]] = i as u32;
            next[id] += 1;
        }
        let mut distinct = Self { texts, of, starts, spellings: vec![0; members.len()], members };
        distinct.spell(raw);
        distinct
    }

    fn spell(&mut self, raw: &[&str]) {
        let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
        for range in self.starts.windows(2).filter(|w| w[1] - w[0] > 1) {
            seen.clear();
            for at in range[0]..range[1] {
                let next = seen.len() as u32;
                self.spellings[at] = *seen.entry(raw[self.members[at] as usize]).or_insert(next);
            }
        }
    }

    /// The given texts that have distinct text `id`, ascending; at least one.
    pub fn members(&self, id: u32) -> &[u32] {
        &self.members[self.starts[id as usize]..self.starts[id as usize + 1]]
    }

    /// The groups of two and more, by first member.
    pub fn groups(&self) -> Vec<ExactGroup> {
        self.starts
            .windows(2)
            .filter(|w| w[1] - w[0] > 1)
            .map(|w| ExactGroup {
                members: self.members[w[0]..w[1]].to_vec(),
                spellings: self.spellings[w[0]..w[1]].to_vec(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_tell_equal_bytes_from_equal_meaning() {
        let distinct = Distinct::new(&["Hello", "a", "hello ", "b", "Hello", "b", "", " \t"]);
        let groups = distinct.groups();
        assert_eq!(groups.len(), 3);
        assert_eq!((&groups[0].members[..], &groups[0].spellings[..]), (&[0, 2, 4][..], &[0, 1, 0][..]));
        assert!(!groups[0].byte_equal());
        assert_eq!(groups[1].members, [3, 5]);
        assert!(groups[1].byte_equal());
        assert_eq!(groups[2].members, [6, 7]);
        assert_eq!(distinct.texts, ["hello", "a", "b", ""]);
        assert_eq!(distinct.members(1), [1]);
    }

    #[test]
    fn nothing_gives_nothing() {
        let distinct = Distinct::new(&[]);
        assert!(distinct.groups().is_empty() && distinct.texts.is_empty());
    }
}

//! The exact set-similarity join: which sets have a Jaccard similarity at or above a threshold?
//!
//! AllPairs (Bayardo, Ma and Srikant 2007) with the positional filter of PPJoin (Xiao, Wang, Lin and Yu 2008): two sets
//! that overlap enough must share a gram among the few rarest of each, so an index of those prefixes finds every
//! candidate; lengths and positions rule most of them out, and a merge settles the rest. No filter loses a pair.

use std::ops::Range;

use super::jaccard::{Threshold, jaccard, overlap};
use super::shingles::Shingles;

/// Which partners an index must be able to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Partners {
    /// Those of at least the indexed set's size: a shorter prefix does. For joining a list with itself.
    NotSmaller,
    /// All.
    All,
}

/// An indexed set under one gram of its prefix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    /// The set, by its place in the order of sizes.
    pub rank: u32,
    /// How many grams follow this one in the set.
    rest: u32,
}

/// The prefixes of sets by gram.
pub(super) struct Index<'a> {
    sets: &'a Shingles,
    threshold: Threshold,
    /// The indexed sets by size, then id: their *rank* is the place here.
    order: Vec<u32>,
    /// Where the postings of each gram start; one more entry than grams.
    starts: Vec<u32>,
    /// By gram, then rank; the long lists of a grouped index by gram, then group, then rank.
    postings: Vec<Posting>,
    /// The group of each rank; empty while the index is not grouped.
    groups: Vec<u32>,
}

/// Postings from which a list is long enough to be grouped.
const LONG: usize = 64;

/// The group of a rank that is in none; sorts last.
pub(super) const NO_GROUP: u32 = u32::MAX;

/// Working memory of one thread; clean between probes.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Grams found shared with each rank so far; `OUT` when a filter has ruled it out.
    shared: Vec<u32>,
    /// The ranks that `shared` is not 0 for, in order of discovery.
    touched: Vec<u32>,
    /// The least overlap by size of the partner, from the smallest size on.
    need: Vec<u32>,
}

const OUT: u32 = u32::MAX;

impl<'a> Index<'a> {
    /// Indexes the sets `ids`, in any order.
    pub fn new(sets: &'a Shingles, mut ids: Vec<u32>, threshold: Threshold, partners: Partners) -> Self {
        ids.sort_unstable_by_key(|&id| (sets.size(id), id));
        let prefix = |id: u32| {
            let size = sets.size(id);
            let least = match partners {
                Partners::NotSmaller => threshold.overlap(size, size),
                Partners::All => threshold.sizes(size).start,
            };
            stored_prefix(sets, id, size - least + 1)
        };
        let mut starts = vec![0u32; sets.kinds() + 1];
        for &id in &ids {
            for &gram in prefix(id) {
                starts[gram as usize + 1] += 1;
            }
        }
        for gram in 0..sets.kinds() {
            starts[gram + 1] += starts[gram];
        }
        let mut next = starts.clone();
        let mut postings = vec![Posting { rank: 0, rest: 0 }; starts[sets.kinds()] as usize];
        for (rank, &id) in ids.iter().enumerate() {
            let stored = sets.set(id).len();
            for (place, &gram) in prefix(id).iter().enumerate() {
                postings[next[gram as usize] as usize] =
                    Posting { rank: rank as u32, rest: (stored - place - 1) as u32 };
                next[gram as usize] += 1;
            }
        }
        Self { sets, threshold, order: ids, starts, postings, groups: Vec::new() }
    }

    /// The indexed sets, by rank.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Working memory for this index.
    pub fn scratch(&self) -> Scratch {
        Scratch { shared: vec![0; self.order.len()], touched: Vec::new(), need: Vec::new() }
    }

    /// The ranks of sets whose size lets them be similar to set `id`.
    pub fn ranks(&self, id: u32) -> Range<u32> {
        let sizes = self.threshold.sizes(self.sets.size(id));
        let place = |size: u32| self.order.partition_point(|&other| self.sets.size(other) < size) as u32;
        place(sizes.start)..place(sizes.end)
    }

    fn list(&self, gram: usize) -> Range<usize> {
        self.starts[gram] as usize..self.starts[gram + 1] as usize
    }

    /// The postings of every gram that has [`LONG`] and more; by rank.
    pub fn long_lists(&self) -> impl Iterator<Item = &[Posting]> {
        (0..self.sets.kinds()).map(|gram| &self.postings[self.list(gram)]).filter(|list| list.len() >= LONG)
    }

    /// Orders the long lists by group (that of each rank, or [`NO_GROUP`]), so that a probe can pass over its own.
    pub fn group(&mut self, groups: Vec<u32>) {
        for gram in 0..self.sets.kinds() {
            let list = self.list(gram);
            if list.len() >= LONG {
                self.postings[list].sort_unstable_by_key(|posting| (groups[posting.rank as usize], posting.rank));
            }
        }
        self.groups = groups;
    }

    /// The postings of `gram` with a rank in `ranks`, in runs, without those of group `own` where the list is long.
    fn runs(&self, gram: u32, ranks: &Range<u32>, own: u32) -> impl Iterator<Item = &[Posting]> {
        let mut list = &self.postings[self.list(gram as usize)];
        let grouped = list.len() >= LONG && !self.groups.is_empty();
        std::iter::from_fn(move || {
            while let Some(first) = list.first() {
                let run;
                if grouped {
                    let group = self.groups[first.rank as usize];
                    (run, list) = list.split_at(list.partition_point(|p| self.groups[p.rank as usize] <= group));
                    if group == own && group != NO_GROUP {
                        continue;
                    }
                } else {
                    (run, list) = (list, &[]);
                }
                let from = run.partition_point(|posting| posting.rank < ranks.start);
                let to = from + run[from..].partition_point(|posting| posting.rank < ranks.end);
                return Some(&run[from..to]);
            }
            None
        })
    }

    /// Whether two sets are similar, and how many grams they share.
    pub fn verify(&self, a: u32, b: u32) -> Option<u32> {
        overlap(self.sets.set(a), self.sets.set(b), self.threshold.overlap(self.sets.size(a), self.sets.size(b)))
    }

    /// Finds the indexed sets with a rank in `ranks` (within [`Self::ranks`]) that may be similar to set `id`, and calls
    /// `visit` with each and the least overlap it needs, in an order that depends on the sets alone. May leave out sets of
    /// group `own` when the index is grouped.
    pub fn probe(&self, id: u32, ranks: Range<u32>, own: u32, scratch: &mut Scratch, mut visit: impl FnMut(u32, u32)) {
        if ranks.is_empty() {
            return;
        }
        let size = self.sets.size(id);
        let size_of = |rank: u32| self.sets.size(self.order[rank as usize]);
        let smallest = size_of(ranks.start);
        scratch.need.clear();
        scratch.need.extend((smallest..=size_of(ranks.end - 1)).map(|other| self.threshold.overlap(size, other)));

        let stored = self.sets.set(id).len();
        let prefix = stored_prefix(self.sets, id, size - self.threshold.sizes(size).start + 1);
        for (place, &gram) in prefix.iter().enumerate() {
            let rest = (stored - place - 1) as u32;
            for posting in self.runs(gram, &ranks, own).flatten() {
                let shared = &mut scratch.shared[posting.rank as usize];
                if *shared == OUT {
                    continue;
                }
                if *shared == 0 {
                    scratch.touched.push(posting.rank);
                }
                let reachable = *shared + 1 + rest.min(posting.rest);
                let need = scratch.need[(size_of(posting.rank) - smallest) as usize];
                *shared = if reachable < need { OUT } else { *shared + 1 };
            }
        }
        for rank in scratch.touched.drain(..) {
            if std::mem::take(&mut scratch.shared[rank as usize]) != OUT {
                visit(self.order[rank as usize], scratch.need[(size_of(rank) - smallest) as usize]);
            }
        }
    }

    /// The indexed set most similar to set `id` and not itself: its key and similarity; ties by the lowest `key`. `None` when
    /// none reaches the threshold.
    ///
    /// Goes along the prefix and stops as soon as no set that it has not met can win (Xiao, Wang, Lin and Shang 2009), so
    /// that a text with a twin never looks at the thousands that merely have the same template.
    pub fn best(&self, id: u32, scratch: &mut Scratch, key: impl Fn(u32) -> u32) -> Option<(u32, f64)> {
        let ranks = self.ranks(id);
        let size = self.sets.size(id);
        let set = self.sets.set(id);
        let prefix = stored_prefix(self.sets, id, size - self.threshold.sizes(size).start + 1);
        let mut best: Option<(u32, f64)> = None;
        for (place, &gram) in prefix.iter().enumerate() {
            let rest = (set.len() - place - 1) as u32;
            if best.is_some_and(|(_, similarity)| f64::from(rest + 1) / f64::from(size) < similarity) {
                break;
            }
            for posting in self.runs(gram, &ranks, NO_GROUP).flatten() {
                if std::mem::replace(&mut scratch.shared[posting.rank as usize], OUT) == OUT {
                    continue;
                }
                scratch.touched.push(posting.rank);
                let other = self.order[posting.rank as usize];
                let other_size = self.sets.size(other);
                let wins = |shared: u32| {
                    let similarity = jaccard(shared, size, other_size);
                    best.is_none_or(|(b, s)| similarity > s || (similarity >= s && key(other) < b))
                };
                // First met here: the rarer grams are not shared.
                if other == id || !wins(1 + rest.min(posting.rest)) {
                    continue;
                }
                let least = best.map_or(self.threshold, |(_, similarity)| Threshold::new(similarity));
                let need = least.overlap(size, other_size);
                if let Some(shared) = overlap(set, self.sets.set(other), need).filter(|&shared| wins(shared)) {
                    best = Some((key(other), jaccard(shared, size, other_size)));
                }
            }
        }
        for rank in scratch.touched.drain(..) {
            scratch.shared[rank as usize] = 0;
        }
        best
    }
}

/// Those of the `length` rarest grams of set `id` that are stored.
fn stored_prefix(sets: &Shingles, id: u32, length: u32) -> &[u32] {
    let set = sets.set(id);
    let unstored = sets.size(id) - set.len() as u32;
    &set[..length.saturating_sub(unstored) as usize]
}

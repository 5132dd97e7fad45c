//! Connected components: who hangs together, however long the chain.

use rayon::prelude::*;

use super::jaccard::Threshold;
use super::join::{Index, NO_GROUP, Partners};
use super::shingles::Shingles;

/// Union-find over `0..n`; the lowest member of a component is its root.
pub(super) struct Components {
    parent: Vec<u32>,
}

impl Components {
    pub fn new(n: usize) -> Self {
        Self { parent: (0..n as u32).collect() }
    }

    pub fn root(&mut self, mut x: u32) -> u32 {
        while self.parent[x as usize] != x {
            // Path halving.
            let up = self.parent[self.parent[x as usize] as usize];
            self.parent[x as usize] = up;
            x = up;
        }
        x
    }

    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }
}

/// Rounds of probing at most; after each, every probe knows the components found so far. The result does not depend on it.
const ROUNDS: usize = 64;

/// Sets probed in a round at least.
const ROUND: usize = 1024;

/// Members from which a component is grouped in the index.
const BIG: u32 = 64;

/// Neighbours in a list that each set is compared with at first.
const BACK: usize = 3;

/// The components of the sets under similarity.
///
/// A template filled in n ways makes n²/2 similar pairs, but n - 1 links are enough. So sets that follow each other in the
/// long lists of the index are linked first, which costs little and finds most of such a component; then every set is
/// probed for links that lead out of its own.
pub(super) fn components(sets: &Shingles, threshold: Threshold) -> Components {
    let mut index = Index::new(sets, (0..sets.len() as u32).collect(), threshold, Partners::NotSmaller);
    let mut components = Components::new(sets.len());
    for list in index.long_lists() {
        for (at, posting) in list.iter().enumerate() {
            let id = index.order()[posting.rank as usize];
            for earlier in &list[at.saturating_sub(BACK)..at] {
                let other = index.order()[earlier.rank as usize];
                if components.root(id) != components.root(other) && index.verify(id, other).is_some() {
                    components.join(id, other);
                }
            }
        }
    }
    let mut sizes = vec![0u32; sets.len()];
    (0..sets.len() as u32).for_each(|id| sizes[components.root(id) as usize] += 1);
    let group = |&id: &u32| Some(components.root(id)).filter(|&root| sizes[root as usize] >= BIG).unwrap_or(NO_GROUP);
    let groups: Vec<u32> = index.order().iter().map(group).collect();
    index.group(groups.clone());

    let round = ROUND.max(sets.len() / ROUNDS);
    for first in (0..sets.len()).step_by(round) {
        let last = (first + round).min(sets.len());
        let known: Vec<u32> = (0..sets.len() as u32).map(|id| components.root(id)).collect();
        let links: Vec<Vec<(u32, u32)>> = (first..last)
            .into_par_iter()
            .with_min_len(64)
            .map_init(
                || index.scratch(),
                |scratch, rank| {
                    let id = index.order()[rank];
                    let mut met = vec![known[id as usize]];
                    let mut links = Vec::new();
                    let ranks = index.ranks(id).start..rank as u32;
                    index.probe(id, ranks, groups[rank], scratch, |other, _| {
                        // One link to a component is enough, and most candidates are in one already.
                        if !met.contains(&known[other as usize]) && index.verify(id, other).is_some() {
                            met.push(known[other as usize]);
                            links.push((id, other));
                        }
                    });
                    links
                },
            )
            .collect();
        for (a, b) in links.into_iter().flatten() {
            components.join(a, b);
        }
    }
    components
}

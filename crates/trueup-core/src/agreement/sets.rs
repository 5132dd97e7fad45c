//! Sets of labels as categories, and how alike two of them are.

use crate::LabelId;

/// The MASI similarity of two sets, in [0, 1] (Passonneau 2006, "Measuring Agreement on Set-valued Items (MASI) for
/// Semantic and Pragmatic Annotation"): their Jaccard index, times 1 when they are equal, 2/3 when one holds the other,
/// 1/3 when they overlap, 0 when they do not. Two empty sets are equal. Both are sorted, without repeats.
pub fn masi(a: &[LabelId], b: &[LabelId]) -> f64 {
    let common = common(a, b);
    let monotonic = if a == b {
        1.0
    } else if common == 0 {
        0.0
    } else if common == a.len() || common == b.len() {
        2.0 / 3.0
    } else {
        1.0 / 3.0
    };
    jaccard(a, b) * monotonic
}

/// The Jaccard index of two sets: common labels by all labels; 1 of two empty ones. Both are sorted, without repeats.
pub fn jaccard(a: &[LabelId], b: &[LabelId]) -> f64 {
    let common = common(a, b);
    let all = a.len() + b.len() - common;
    if all == 0 { 1.0 } else { common as f64 / all as f64 }
}

fn common(a: &[LabelId], b: &[LabelId]) -> usize {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    common
}

/// Distinct sets of labels, each of them a category, with the likeness of those that share a label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSets {
    sets: Vec<Vec<LabelId>>,
    /// (one, other, likeness in (0, 1)) of unlike sets that share something, one before other.
    alike: Vec<(u32, u32, f64)>,
}

impl LabelSets {
    /// Category `c` is the set `sets[c]`, sorted and without repeats; `likeness` is [`masi`], [`jaccard`] or another
    /// function that is 1 of equal sets and 0 of sets that share nothing.
    pub fn new(sets: Vec<Vec<LabelId>>, likeness: impl Fn(&[LabelId], &[LabelId]) -> f64) -> Self {
        let labels = sets.iter().flatten().max().map_or(0, |&label| label as usize + 1);
        let mut holders: Vec<Vec<u32>> = vec![Vec::new(); labels];
        let mut alike = Vec::new();
        let mut earlier = Vec::new();
        for (c, set) in sets.iter().enumerate() {
            earlier.clear();
            set.iter().for_each(|&label| earlier.extend(&holders[label as usize]));
            earlier.sort_unstable();
            earlier.dedup();
            alike.extend(earlier.iter().map(|&other| (other, c as u32, likeness(&sets[other as usize], set))));
            set.iter().for_each(|&label| holders[label as usize].push(c as u32));
        }
        Self { sets, alike }
    }

    /// The sets, by category.
    pub fn sets(&self) -> &[Vec<LabelId>] {
        &self.sets
    }

    /// (one, other, likeness) of sets that share something.
    pub(super) fn alike(&self) -> &[(u32, u32, f64)] {
        &self.alike
    }

    /// The likeness of two categories.
    pub(super) fn likeness(&self, a: u32, b: u32) -> f64 {
        if a == b {
            return 1.0;
        }
        // Built by the later set, then by the earlier.
        let key = (a.max(b), a.min(b));
        let found = self.alike.binary_search_by_key(&key, |&(one, other, _)| (other, one));
        found.map_or(0.0, |at| self.alike[at].2)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn masi_of_passonneau() {
        assert_eq!(masi(&[1, 2], &[1, 2]), 1.0);
        assert_eq!(masi(&[], &[]), 1.0);
        assert_eq!(masi(&[1], &[2]), 0.0);
        assert_eq!(masi(&[], &[2]), 0.0);
        assert!((masi(&[1], &[1, 2]) - 1.0 / 3.0).abs() < 1e-15);
        assert!((masi(&[1, 2], &[2, 3]) - 1.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn likeness_is_found_both_ways() {
        let sets = LabelSets::new(vec![vec![0], vec![1], vec![0, 1], vec![], vec![1, 2]], jaccard);
        for a in 0..5u32 {
            for b in 0..5u32 {
                let expected = jaccard(&sets.sets()[a as usize], &sets.sets()[b as usize]);
                assert_eq!(sets.likeness(a, b), expected, "{a} {b}");
            }
        }
    }
}

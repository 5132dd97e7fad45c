//! A sparse table of answers: one category an item and annotator.

/// One category an item and annotator, most cells empty. Items, annotators and categories are dense numbers from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratings {
    annotators: usize,
    categories: usize,
    /// Where each item's answers begin in `answers`; one more than there are items.
    starts: Vec<u32>,
    /// (annotator, category), by item, then by annotator.
    answers: Vec<(u32, u32)>,
}

/// Why answers make no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RatingsError {
    /// A number is beyond its size.
    #[error("{what} {found} is beyond the {size} there are")]
    Beyond {
        /// `item`, `annotator` or `category`.
        what: &'static str,
        /// The number.
        found: u32,
        /// How many there are.
        size: usize,
    },
    /// An annotator has two answers to one item.
    #[error("annotator {annotator} answered item {item} twice")]
    Twice {
        /// The item.
        item: u32,
        /// The annotator.
        annotator: u32,
    },
    /// There are 2^32 answers or more.
    #[error("more answers than 4,294,967,295")]
    TooMany,
}

impl Ratings {
    /// The table of answers (item, annotator, category), given in any order.
    ///
    /// # Errors
    ///
    /// When a number is beyond its size, or an annotator answered an item twice.
    pub fn new(
        items: usize,
        annotators: usize,
        categories: usize,
        answers: impl IntoIterator<Item = (u32, u32, u32)>,
    ) -> Result<Self, RatingsError> {
        let mut all: Vec<(u32, u32, u32)> = answers.into_iter().collect();
        if u32::try_from(all.len()).is_err() {
            return Err(RatingsError::TooMany);
        }
        all.sort_unstable();
        let mut starts = vec![0u32; items + 1];
        for &(item, annotator, category) in &all {
            for (what, found, size) in
                [("item", item, items), ("annotator", annotator, annotators), ("category", category, categories)]
            {
                if found as usize >= size {
                    return Err(RatingsError::Beyond { what, found, size });
                }
            }
            starts[item as usize + 1] += 1;
        }
        for i in 0..items {
            starts[i + 1] += starts[i];
        }
        if let Some(two) = all.windows(2).find(|two| two[0].0 == two[1].0 && two[0].1 == two[1].1) {
            return Err(RatingsError::Twice { item: two[0].0, annotator: two[0].1 });
        }
        let answers = all.into_iter().map(|(_, annotator, category)| (annotator, category)).collect();
        Ok(Self { annotators, categories, starts, answers })
    }

    /// How many items there are, answered or not.
    pub fn items(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many annotators there are.
    pub fn annotators(&self) -> usize {
        self.annotators
    }

    /// How many categories there are, used or not.
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether nobody answered anything.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The answers to an item, (annotator, category), by annotator.
    pub fn of_item(&self, item: usize) -> &[(u32, u32)] {
        &self.answers[self.starts[item] as usize..self.starts[item + 1] as usize]
    }

    /// The answers to each item, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[(u32, u32)]> {
        (0..self.items()).map(|item| self.of_item(item))
    }

    /// How many answers each annotator gave.
    pub fn by_annotator(&self) -> Vec<u64> {
        let mut counts = vec![0; self.annotators];
        self.answers.iter().for_each(|(annotator, _)| counts[*annotator as usize] += 1);
        counts
    }

    /// For each annotator how many (item, other annotator) there are, and in how many of them both gave one category:
    /// what can be said of somebody without a model.
    pub fn with_others(&self) -> Vec<(u64, u64)> {
        let mut found = vec![(0, 0); self.annotators];
        let mut votes = vec![0u64; self.categories];
        for row in self.rows() {
            row.iter().for_each(|&(_, category)| votes[category as usize] += 1);
            for &(annotator, category) in row {
                let (others, same) = &mut found[annotator as usize];
                *others += row.len() as u64 - 1;
                *same += votes[category as usize] - 1;
            }
            row.iter().for_each(|&(_, category)| votes[category as usize] = 0);
        }
        found
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn answers_in_any_order_make_one_table() {
        let one = Ratings::new(3, 2, 2, [(2, 1, 0), (0, 1, 1), (0, 0, 1)]).unwrap();
        let two = Ratings::new(3, 2, 2, [(0, 0, 1), (2, 1, 0), (0, 1, 1)]).unwrap();
        assert_eq!(one, two);
        assert_eq!(one.of_item(0), [(0, 1), (1, 1)]);
        assert!(one.of_item(1).is_empty());
        assert_eq!(one.by_annotator(), [1, 2]);
        assert_eq!(one.with_others(), [(1, 1), (1, 1)]);
    }

    #[test]
    fn what_makes_no_table_is_refused() {
        let beyond = Ratings::new(1, 1, 2, [(0, 0, 2)]).unwrap_err();
        assert_eq!(beyond.to_string(), "category 2 is beyond the 2 there are");
        let twice = Ratings::new(1, 1, 2, [(0, 0, 1), (0, 0, 0)]).unwrap_err();
        assert_eq!(twice, RatingsError::Twice { item: 0, annotator: 0 });
    }
}

//! Sets of rows that belong together.

/// For each row the set it is in; the smallest row stands for its set.
#[derive(Debug)]
pub(super) struct Sets(Vec<u32>);

impl Sets {
    /// Every row alone.
    pub fn new(rows: usize) -> Self {
        Self((0..rows as u32).collect())
    }

    /// The row that stands for the set of `at`.
    pub fn root(&mut self, mut at: u32) -> u32 {
        let parents = &mut self.0;
        while parents[at as usize] != at {
            parents[at as usize] = parents[parents[at as usize] as usize];
            at = parents[at as usize];
        }
        at
    }

    /// Makes one set of those of `a` and `b`. The result does not depend on the order of calls.
    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }

    /// For each row the row that stands for its set.
    pub fn roots(mut self) -> Vec<u32> {
        (0..self.0.len() as u32).map(|row| self.root(row)).collect()
    }
}

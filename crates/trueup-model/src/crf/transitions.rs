//! Weights between neighbouring tags, in rows padded to whole vectors.

use super::exp::exp;
use super::tags::Tags;
use crate::{Array, ModelError, Parts};

/// States handled at a time; rows are padded to a multiple.
pub(crate) const LANES: usize = 8;

/// A vector of weights or scores.
pub(crate) type Row32 = [f32; LANES];

/// A vector of probabilities.
pub(crate) type Row64 = [f64; LANES];

/// Transition weights are taken within plus and minus this (nats), so that a step and a token together stay
/// far inside the range of f64.
const CAP: f32 = 60.0;

/// Weights between neighbouring states, at the start and at the end, with their exponentials.
#[derive(Debug, Clone)]
pub(crate) struct Transitions {
    pub(super) states: usize,
    pub(super) vectors: usize,
    /// By `from` and `to`; minus infinity where not allowed.
    pub(super) log: Vec<Row32>,
    pub(super) exp: Vec<Row64>,
    pub(super) log_start: Vec<Row32>,
    pub(super) exp_start: Vec<Row64>,
    pub(super) log_end: Vec<Row32>,
    pub(super) exp_end: Vec<Row64>,
    /// Which vectors hold a successor of a state.
    pub(super) reach: Vec<std::ops::Range<usize>>,
}

impl Transitions {
    /// Weights 0 wherever `tags` allow a step.
    pub fn new(tags: &Tags) -> Self {
        let (states, vectors) = (tags.len(), tags.len().div_ceil(LANES));
        let row = |allowed: &dyn Fn(usize) -> bool| -> Vec<Row32> {
            let lane = |s: usize| {
                if s < states && allowed(s) { 0.0 } else { f32::NEG_INFINITY }
            };
            (0..vectors).map(|v| std::array::from_fn(|l| lane(v * LANES + l))).collect()
        };
        let log: Vec<Row32> = (0..states).flat_map(|from| row(&|to| tags.allowed(from, to))).collect();
        let reach = log.chunks(vectors).map(|rows| {
            let used = |row: &Row32| row.iter().any(|x| x.is_finite());
            let first = rows.iter().position(used).unwrap_or(0);
            first..rows.iter().rposition(used).map_or(0, |last| last + 1)
        });
        let mut transitions = Self {
            states,
            vectors,
            reach: reach.collect(),
            exp: vec![[0.0; LANES]; log.len()],
            log,
            log_start: row(&|s| tags.may_start(s)),
            exp_start: vec![[0.0; LANES]; vectors],
            log_end: row(&|s| tags.may_end(s)),
            exp_end: vec![[0.0; LANES]; vectors],
        };
        transitions.refresh();
        transitions
    }

    /// Writes its weights to `parts`; 0 where there is none.
    pub fn put(&self, parts: &mut Parts) {
        let put = |parts: &mut Parts, name, shape: &[usize], rows: &[Row32]| {
            let value = |&x: &f32| if x.is_finite() { x } else { 0.0 };
            parts.put(name, shape, &rows.as_flattened().iter().map(value).collect::<Vec<f32>>());
        };
        put(parts, "steps", &[self.states, self.padded()], &self.log);
        put(parts, "first", &[self.padded()], &self.log_start);
        put(parts, "last", &[self.padded()], &self.log_end);
    }

    /// The weights that [`Transitions::put`] wrote, for these `tags`. What is no number counts as 0.
    pub fn take(tags: &Tags, parts: &mut Parts) -> Result<Self, ModelError> {
        let padded = tags.len().next_multiple_of(LANES);
        let tables: [Array<f32>; 3] = [
            parts.take("steps", &[Some(tags.len()), Some(padded)])?,
            parts.take("first", &[Some(padded)])?,
            parts.take("last", &[Some(padded)])?,
        ];
        // Only now, for the arrays say that there is room for so many states.
        let mut transitions = Self::new(tags);
        transitions.change(|table, i, _| if tables[table][i].is_nan() { 0.0 } else { tables[table][i] });
        Ok(transitions)
    }

    /// States, with those that only fill vectors.
    pub fn padded(&self) -> usize {
        self.vectors * LANES
    }

    /// Vectors a row of states.
    pub fn vectors(&self) -> usize {
        self.vectors
    }

    /// Changes every weight that exists by `step(table, position, weight)`, then takes the exponentials anew. Tables:
    /// 0 steps (`from * padded states + to`), 1 starts, 2 ends.
    pub fn change(&mut self, mut step: impl FnMut(usize, usize, f32) -> f32) {
        for (table, rows) in [&mut self.log, &mut self.log_start, &mut self.log_end].into_iter().enumerate() {
            for (i, weight) in rows.as_flattened_mut().iter_mut().enumerate() {
                if weight.is_finite() {
                    *weight = step(table, i, *weight).clamp(-CAP, CAP);
                }
            }
        }
        self.refresh();
    }

    fn refresh(&mut self) {
        let tables =
            [(&self.log, &mut self.exp), (&self.log_start, &mut self.exp_start), (&self.log_end, &mut self.exp_end)];
        for (log, exp_) in tables {
            for (log, e) in log.as_flattened().iter().zip(exp_.as_flattened_mut()) {
                // Every weight there is lies within the cap.
                *e = if *log >= -CAP { exp(f64::from(*log)) } else { 0.0 };
            }
        }
    }

    /// A step's weight, nats; minus infinity where not allowed.
    pub fn weight(&self, from: usize, to: usize) -> f32 {
        self.log[from * self.vectors + to / LANES][to % LANES]
    }

    /// The most that a step, a start or an end weighs over that of state 0 (nats, 0 or more).
    pub fn most_gain(&self) -> f32 {
        let over = |rows: &[Row32]| {
            let rows = rows.as_flattened();
            rows.iter().fold(f32::NEG_INFINITY, |most, &x| most.max(x)) - rows[0]
        };
        over(&self.log).max(over(&self.log_start)).max(over(&self.log_end))
    }

    /// The exponential of a step's weight; 0 where not allowed.
    pub fn step(&self, from: usize, to: usize) -> f64 {
        self.exp[from * self.vectors + to / LANES][to % LANES]
    }
}

/// Expected and observed uses of each transition, summed over a sentence: expected minus observed is the gradient of
/// the loss.
#[derive(Debug, Clone, Default)]
pub(crate) struct TransitionCounts {
    /// By the tables of [`Transitions::change`].
    pub tables: [Vec<f64>; 3],
}

impl TransitionCounts {
    /// Starts anew with nothing counted.
    pub fn clear(&mut self, transitions: &Transitions) {
        let padded = transitions.padded();
        for (table, len) in self.tables.iter_mut().zip([transitions.states * padded, padded, padded]) {
            table.clear();
            table.resize(len, 0.0);
        }
    }

    /// Takes away the transitions of the gold states of a sentence that has a token.
    pub fn observe(&mut self, transitions: &Transitions, gold: &[usize]) {
        let padded = transitions.padded();
        gold.windows(2).for_each(|pair| self.tables[0][pair[0] * padded + pair[1]] -= 1.0);
        self.tables[1][gold[0]] -= 1.0;
        self.tables[2][gold[gold.len() - 1]] -= 1.0;
    }
}

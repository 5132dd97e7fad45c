//! Which examples are made of which: rounds over the sources until there are as many as asked for.
//!
//! What a source gives in a round depends on its id and text, the round and the seed, and sources stand in the order of
//! that hash: the order of a file's rows changes nothing.

use rayon::prelude::*;
use trueup_core::{Rng, Task};

use super::edits::{Edited, Marked};
use super::methods::{Means, Method, TEMPLATE, make};
use super::refuse::Gate;
use super::templates::{Template, Templates};

/// Beside so many rounds for each example that a source is to give, some more are tried: draws repeat.
const TRIES: u64 = 4;
/// The rounds beside those.
const MORE_TRIES: u64 = 8;
/// A template gives so many times what an example gives: it is worth as many as its slots can be filled.
pub(super) const OF_TEMPLATE: u64 = 20;

/// What new examples are made of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// An example of the data.
    Example(Marked<'a>),
    /// A template.
    Template(&'a Template),
}

/// A source of new examples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// What it is.
    pub origin: Origin<'a>,
    /// Its place: among the records, templates after them.
    pub place: usize,
    /// The hash of its id and text under the seed.
    pub key: u64,
}

/// A new example.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct New {
    /// The place of its source.
    pub source: usize,
    /// The name of the method.
    pub method: &'static str,
    /// What it says.
    pub edited: Edited,
    /// The mentions put in.
    pub put_in: Vec<u32>,
}

/// How many examples of which sources.
#[derive(Debug, Clone)]
pub(super) struct Quota {
    /// Places in the list of sources, in the order of their keys.
    pub sources: Vec<usize>,
    /// How many are wanted.
    pub need: u64,
    /// The most that one example may give; a template gives [`OF_TEMPLATE`] times as many.
    pub cap: Option<u64>,
}

/// Draws new examples.
pub(super) struct Drawer<'a> {
    /// The sources, in the order of their keys.
    pub sources: &'a [Source<'a>],
    /// The methods for examples.
    pub methods: &'a [Method],
    /// What they draw on.
    pub means: &'a Means<'a>,
    /// The templates' lists.
    pub templates: &'a Templates,
    /// The kind of answers.
    pub task: Task,
    /// How often each source was tried.
    pub tried: Vec<u64>,
    /// What was made.
    pub made: Vec<New>,
}

impl Drawer<'_> {
    /// Makes examples until the quota is met or its sources give no more; how many were made.
    pub fn fill(&mut self, quota: &Quota, gate: &mut Gate<'_>) -> u64 {
        let count = quota.sources.len() as u64;
        if count == 0 {
            return 0;
        }
        let most = |source: usize| match (quota.cap, self.sources[source].origin) {
            (None, _) => u64::MAX,
            (Some(cap), Origin::Example(_)) => cap,
            (Some(cap), Origin::Template(_)) => cap.saturating_mul(OF_TEMPLATE),
        };
        let caps: Vec<u64> = quota.sources.iter().map(|&source| most(source)).collect();
        let fair = quota.need.div_ceil(count);
        // Where other sources give nothing, one may have to give more than its part.
        let rounds: Vec<u64> = caps.iter().map(|&cap| cap.min(fair * TRIES) * TRIES + MORE_TRIES).collect();
        let mut given = vec![0u64; quota.sources.len()];
        let mut done = 0;
        for round in 0.. {
            let wanted = (quota.need - done) as usize;
            let open = |&at: &usize| given[at] < caps[at] && round < rounds[at];
            let turn: Vec<usize> = (0..quota.sources.len()).filter(open).take(wanted).collect();
            if turn.is_empty() {
                break;
            }
            for &at in &turn {
                self.tried[quota.sources[at]] += 1;
            }
            let this = &*self;
            let drawn: Vec<Option<New>> = turn
                .par_iter()
                .with_min_len(64)
                .map(|&at| this.draw(quota.sources[at], this.tried[quota.sources[at]]))
                .collect();
            let texts: Vec<&str> = drawn.iter().flatten().map(|new| new.edited.text.as_str()).collect();
            let mut near = gate.near(&texts).into_iter();
            for (at, new) in turn.into_iter().zip(drawn) {
                let Some(new) = new else { continue };
                if gate.admits(new.source, &new.edited.text, near.next().unwrap_or(false)) {
                    given[at] += 1;
                    done += 1;
                    self.made.push(new);
                }
            }
        }
        done
    }

    /// What a source gives at its `time`-th try: families of methods in random order, the first that applies.
    fn draw(&self, source: usize, time: u64) -> Option<New> {
        let Source { origin, place, key } = self.sources[source];
        let mut rng = Rng::stream(key, time);
        let marked = match origin {
            Origin::Template(template) => {
                let made = self.templates.fill(template, self.task, self.means.mentions, &mut rng);
                return Some(New { source: place, method: TEMPLATE, edited: made.edited, put_in: made.put_in });
            }
            Origin::Example(marked) => marked,
        };
        let mut families: Vec<&[Method]> = self.methods.chunk_by(|a, b| a.family() == b.family()).collect();
        rng.shuffle(&mut families);
        for family in families {
            let mut methods: Vec<&Method> = family.iter().collect();
            rng.shuffle(&mut methods);
            for method in methods {
                if let Some(made) = make(method.name, marked, self.means, &mut rng)
                    && made.edited.text.chars().any(char::is_alphanumeric)
                {
                    return Some(New { source: place, method: method.name, edited: made.edited, put_in: made.put_in });
                }
            }
        }
        None
    }
}

//! What counts as a right span, and how gold and predicted spans of a document are paired.

use std::ops::Range;

use super::assign::{MOST_CELLS, assign};
use crate::Span;

/// When a predicted span is right.
///
/// The four ways are those of SemEval-2013 task 9.1 (Segura-Bedmar, Martínez and Herrero Zazo 2013), with the outcomes
/// of MUC-5 (Chinchor and Sundheim 1993): a gold and a predicted span that overlap may be paired, each with one other at
/// most; a gold span without partner is missed, a predicted one spurious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SpanMatch {
    /// Equal start, end and type are correct; any other pair is incorrect. The measure of the CoNLL tasks.
    #[default]
    Strict,
    /// Equal start and end are correct, whatever the types; any other pair is incorrect.
    Exact,
    /// Equal start and end are correct, other overlaps partial and worth half, whatever the types.
    Partial,
    /// An overlap of spans of the same type is correct, one of other types incorrect.
    Type,
}

/// What a pair of overlapping spans is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PairOutcome {
    Correct,
    Incorrect,
    Partial,
}

impl SpanMatch {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Strict, Self::Exact, Self::Partial, Self::Type];

    /// Its name: `strict`, `exact`, `partial`, `type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Exact => "exact",
            Self::Partial => "partial",
            Self::Type => "type",
        }
    }

    /// Its meaning in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Strict => "a predicted span is right when a gold span has its start, end and type",
            Self::Exact => "a predicted span is right when a gold span has its start and end, whatever the types",
            Self::Partial => {
                "a span with the right start and end counts 1, one that overlaps gold 0.5, whatever the types"
            }
            Self::Type => "a predicted span is right when it overlaps a gold span of its type",
        }
    }

    pub(super) fn of(self, edge: &Edge) -> PairOutcome {
        match self {
            Self::Strict if edge.same_range && edge.same_type => PairOutcome::Correct,
            Self::Exact | Self::Partial if edge.same_range => PairOutcome::Correct,
            Self::Type if edge.same_type => PairOutcome::Correct,
            Self::Partial => PairOutcome::Partial,
            _ => PairOutcome::Incorrect,
        }
    }

    /// What a pair is worth, in halves.
    pub(super) fn credit(self, edge: &Edge) -> u32 {
        match self.of(edge) {
            PairOutcome::Correct => 2,
            PairOutcome::Partial => 1,
            PairOutcome::Incorrect => 0,
        }
    }
}

/// A gold and a predicted span that may be paired, by their places in the lists at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub gold: usize,
    pub predicted: usize,
    pub same_range: bool,
    pub same_type: bool,
    /// How far they overlap, in positions.
    pub overlap: u32,
}

impl Edge {
    /// The edge of two spans; `None` where they overlap by less than `least` per cent of the gold span, or not at all.
    pub fn new(gold: usize, g: &Span, predicted: usize, p: &Span, least: f64) -> Option<Self> {
        let overlap = g.end.min(p.end).saturating_sub(g.start.max(p.start));
        // The order of the operations is nervaluate's, so that both draw the line at the same place.
        if overlap == 0 || (least > 0.0 && f64::from(overlap) / f64::from(g.end - g.start) * 100.0 < least) {
            return None;
        }
        let same_range = (g.start, g.end) == (p.start, p.end);
        Some(Self { gold, predicted, same_range, same_type: g.label == p.label, overlap })
    }
}

/// The parts of a document whose spans overlap none of another part: places of gold and of predicted spans.
pub(super) struct Components<'a> {
    gold: &'a [Span],
    predicted: &'a [Span],
    g: usize,
    p: usize,
}

impl<'a> Components<'a> {
    /// The parts of two sorted lists.
    pub fn new(gold: &'a [Span], predicted: &'a [Span]) -> Self {
        Self { gold, predicted, g: 0, p: 0 }
    }
}

impl Iterator for Components<'_> {
    type Item = (Range<usize>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let (first_gold, first_predicted) = (self.g, self.p);
        let starts = [self.gold.get(self.g), self.predicted.get(self.p)];
        let mut end = starts.into_iter().flatten().map(|span| span.start).min()?.saturating_add(1);
        loop {
            if let Some(span) = self.gold.get(self.g).filter(|span| span.start < end) {
                end = end.max(span.end);
                self.g += 1;
            } else if let Some(span) = self.predicted.get(self.p).filter(|span| span.start < end) {
                end = end.max(span.end);
                self.p += 1;
            } else {
                return Some((first_gold..self.g, first_predicted..self.p));
            }
        }
    }
}

/// How many predictions on either side a gold span of a large part is offered.
const NEAR: usize = 64;

/// Memory for the pairs of one part, used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairing {
    /// All edges of the part.
    pub edges: Vec<Edge>,
    /// The places in `edges` of those that were chosen.
    pub chosen: Vec<usize>,
    /// Choices in parts that were too large for the best matching.
    pub capped: u64,
    /// Whether the part at hand is.
    large: bool,
}

impl Pairing {
    /// Sets `edges` to those of a part. In a part too large for the best matching each gold span is offered only the
    /// predictions next to it in order, or the pairs alone would take minutes.
    pub fn connect(&mut self, gold: &[Span], g: Range<usize>, predicted: &[Span], p: Range<usize>, least: f64) {
        self.edges.clear();
        self.large = g.len().min(p.len()) > 1 && g.len().saturating_mul(p.len()) > MOST_CELLS;
        for i in g {
            let mut near = p.clone();
            if self.large {
                let next = p.start + predicted[p.clone()].partition_point(|span| span < &gold[i]);
                near = next.saturating_sub(NEAR).max(p.start)..(next + NEAR).min(p.end);
            }
            // Sorted by start: the rest begins after the gold span ends.
            for j in near {
                if predicted[j].start >= gold[i].end {
                    break;
                }
                self.edges.extend(Edge::new(i, &gold[i], j, &predicted[j], least));
            }
        }
    }

    /// Sets `chosen` to the best matching of `edges` for `credit` (in halves, 2 at most): the greatest credit, then
    /// most equal ranges, most pairs, most equal types, the greatest overlap. The first sorted spans win what is left.
    pub fn choose(&mut self, credit: impl Fn(&Edge) -> u32) {
        self.chosen.clear();
        if self.edges.is_empty() {
            return;
        }
        let whole = assign(&self.edges, |edge| weight(edge, credit(edge)), &mut self.chosen);
        self.capped += u64::from(!whole || self.large);
    }
}

/// The aims of [`Pairing::choose`] as one number: fields that cannot overflow into each other, as the best matching is
/// sought among 512 pairs at most (see `assign`).
fn weight(edge: &Edge, credit: u32) -> i128 {
    let fields = [u32::from(edge.same_range), 1, u32::from(edge.same_type)];
    let high = fields.into_iter().fold(i128::from(credit), |sum, field| (sum << 12) + i128::from(field));
    (high << 42) + i128::from(edge.overlap)
}

/// A set of spans in order, with the place of each in the list it came from.
#[derive(Debug, Clone, Default)]
pub(super) struct Sorted {
    pub spans: Vec<Span>,
    /// For each of `spans` its place in the list.
    pub places: Vec<u32>,
    /// Places of those that repeat another.
    pub repeats: Vec<u32>,
    order: Vec<u32>,
}

impl Sorted {
    /// Takes another list. Of equal spans the first in the list is kept.
    pub fn set(&mut self, spans: &[Span]) {
        self.spans.clear();
        self.places.clear();
        self.repeats.clear();
        if spans.is_sorted_by(|a, b| a < b) {
            self.spans.extend_from_slice(spans);
            self.places.extend(0..spans.len() as u32);
            return;
        }
        self.order.clear();
        self.order.extend(0..spans.len() as u32);
        self.order.sort_unstable_by_key(|&place| (spans[place as usize], place));
        for &place in &self.order {
            let span = spans[place as usize];
            if self.spans.last() == Some(&span) {
                self.repeats.push(place);
            } else {
                self.spans.push(span);
                self.places.push(place);
            }
        }
    }
}

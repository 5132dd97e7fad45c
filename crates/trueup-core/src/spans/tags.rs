//! Strict counting of tagged sentences, fast.

use super::{Decoding, SpanScores, SpanUnits, TypeCounts};
use crate::counts::{Outcome, Tally, walk};
use crate::scheme::{Chunk, Decoded, Tag};
use crate::{LabelId, Span};

/// What is independent of each other, for intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TagUnits {
    /// Nothing is kept for intervals.
    #[default]
    None,
    /// Each sentence is a unit.
    Sentences,
    /// What comes before a call of [`TagCounts::end_unit`] is one: the sentences of a document.
    Groups,
}

/// Counts of sentences whose raw tags are numbered: strict matches by type, equal tags, tags that may not stand where
/// they are. Mergeable; the order of sentences does not matter; no memory is asked for a sentence.
///
/// The same counts as decoding to spans and [`super::SpanCounts`] under [`super::SpanMatch::Strict`].
#[derive(Debug, Clone)]
pub struct TagCounts {
    decoding: Decoding,
    bare: Option<LabelId>,
    types: Vec<Tally>,
    sentences: u64,
    right: u64,
    tokens: u64,
    equal: u64,
    invalid: [u64; 2],
    invalid_sentences: [u64; 2],
    of: TagUnits,
    units: SpanUnits,
    /// Sentences of the unit at hand, and their counts by type.
    pending: u64,
    touched: Vec<(LabelId, Tally)>,
    scratch: Scratch,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    tags: Vec<Tag<u32>>,
    gold: Decoded<u32>,
    predicted: Decoded<u32>,
}

/// Counts are compared; what was kept in memory for the next sentence is not.
impl PartialEq for TagCounts {
    fn eq(&self, other: &Self) -> bool {
        let numbers = |c: &Self| (c.sentences, c.right, c.tokens, c.equal, c.invalid, c.invalid_sentences);
        self.types == other.types && numbers(self) == numbers(other)
    }
}

impl TagCounts {
    /// Nothing counted yet, for `labels` types. `bare` is [`super::TagTable::bare`].
    pub fn new(decoding: Decoding, labels: usize, bare: Option<LabelId>, units: TagUnits) -> Self {
        Self {
            decoding,
            bare,
            types: vec![Tally::default(); labels],
            sentences: 0,
            right: 0,
            tokens: 0,
            equal: 0,
            invalid: [0; 2],
            invalid_sentences: [0; 2],
            of: units,
            units: SpanUnits::new(labels),
            pending: 0,
            touched: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Counts a sentence: the numbers of its gold and its predicted tags in `table`. Panics when there are not as many of
    /// the one as of the other, or a number is not in the table.
    pub fn add(&mut self, table: &[Tag<u32>], gold: &[u32], predicted: &[u32]) {
        assert_eq!(gold.len(), predicted.len(), "a gold and a predicted tag a token");
        let Self { decoding, bare, scratch, .. } = self;
        let read = |numbers: &[u32], tags: &mut Vec<Tag<u32>>, into: &mut Decoded<u32>| {
            tags.clear();
            tags.extend(numbers.iter().map(|&number| table[number as usize]));
            decoding.decode_into(tags, *bare, into);
        };
        read(gold, &mut scratch.tags, &mut scratch.gold);
        self.sentences += 1;
        self.tokens += gold.len() as u64;
        if gold == predicted {
            self.equal += gold.len() as u64;
            self.all_right();
            return;
        }
        read(predicted, &mut scratch.tags, &mut scratch.predicted);
        self.equal += gold.iter().zip(predicted).filter(|(g, p)| g == p).count() as u64;
        self.compare();
    }

    /// Counts a sentence whose gold and predicted tags are the same.
    fn all_right(&mut self) {
        let gold = &self.scratch.gold;
        self.right += 1;
        for side in 0..2 {
            self.invalid[side] += gold.invalid.len() as u64;
            self.invalid_sentences[side] += u64::from(!gold.invalid.is_empty());
        }
        for chunk in &gold.chunks {
            self.types[chunk.2 as usize].tp += 1;
        }
        if self.of != TagUnits::None {
            for chunk in &gold.chunks {
                touch(&mut self.touched, chunk.2, Outcome::Hit);
            }
        }
        self.end_sentence();
    }

    /// Counts the decoded chunks of a sentence.
    fn compare(&mut self) {
        let Scratch { gold, predicted, .. } = &self.scratch;
        for (side, decoded) in [gold, predicted].into_iter().enumerate() {
            self.invalid[side] += decoded.invalid.len() as u64;
            self.invalid_sentences[side] += u64::from(!decoded.invalid.is_empty());
        }
        let keep = self.of != TagUnits::None;
        let (types, touched) = (&mut self.types, &mut self.touched);
        let mut right = true;
        walk(&gold.chunks, &predicted.chunks, |chunk: &Chunk<u32>, outcome| {
            types[chunk.2 as usize].record(outcome);
            right &= outcome == Outcome::Hit;
            if keep {
                touch(touched, chunk.2, outcome);
            }
        });
        self.right += u64::from(right);
        self.end_sentence();
    }

    fn end_sentence(&mut self) {
        self.pending += 1;
        if self.of == TagUnits::Sentences {
            self.end_unit();
        }
    }

    /// Makes one unit of the sentences since the last call, under [`TagUnits::Groups`].
    pub fn end_unit(&mut self) {
        if self.pending > 0 && self.of != TagUnits::None {
            self.touched.sort_unstable_by_key(|(label, _)| *label);
            self.units.add_strict(self.touched.iter().copied());
        }
        self.touched.clear();
        self.pending = 0;
    }

    /// Counts a document that comes as spans, sorted and without repeats; it has no tags.
    pub fn add_spans(&mut self, gold: &[Span], predicted: &[Span]) {
        let chunks = |spans: &[Span], into: &mut Decoded<u32>| {
            into.invalid.clear();
            into.chunks.clear();
            into.chunks.extend(spans.iter().map(|span| (span.start as usize, span.end as usize, span.label)));
        };
        chunks(gold, &mut self.scratch.gold);
        chunks(predicted, &mut self.scratch.predicted);
        self.sentences += 1;
        self.compare();
    }

    /// Adds another part's counts, of the same types and decoding. The unit at hand of either part ends.
    pub fn merge(&mut self, other: &Self) {
        self.end_unit();
        self.types.iter_mut().zip(&other.types).for_each(|(mine, theirs)| mine.merge(*theirs));
        self.sentences += other.sentences;
        self.right += other.right;
        self.tokens += other.tokens;
        self.equal += other.equal;
        for side in 0..2 {
            self.invalid[side] += other.invalid[side];
            self.invalid_sentences[side] += other.invalid_sentences[side];
        }
        self.units.merge(&other.units);
        if other.pending > 0 && other.of != TagUnits::None {
            self.units.add_strict(other.sorted().into_iter());
        }
    }

    /// True positives, false positives and false negatives by type (label id).
    pub fn types(&self) -> &[Tally] {
        &self.types
    }

    /// The counts of all types together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.types.iter().for_each(|&tally| total.merge(tally));
        total
    }

    /// Every score, by strict matching. Pairs that overlap are not sought here, so all that is wrong counts as missed or
    /// spurious; precision, recall and F1 are the same.
    pub fn scores(&self) -> SpanScores {
        SpanScores::new(self.types.iter().map(TypeCounts::of_items).collect())
    }

    /// The share of tokens whose raw gold and predicted tags are equal, as seqeval's `accuracy_score` and conlleval's
    /// first line have it; `None` without tokens.
    pub fn token_accuracy(&self) -> Option<f64> {
        crate::counts::ratio(self.equal, self.tokens)
    }

    /// Tokens counted.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Sentences counted.
    pub fn sentences(&self) -> u64 {
        self.sentences
    }

    /// Sentences whose spans are all right.
    pub fn right_sentences(&self) -> u64 {
        self.right
    }

    /// Gold and predicted tags that may not stand where they are (see [`Decoded::invalid`]).
    pub fn invalid_tags(&self) -> [u64; 2] {
        self.invalid
    }

    /// Gold and predicted sentences with such a tag.
    pub fn invalid_sentences(&self) -> [u64; 2] {
        self.invalid_sentences
    }

    /// The units for intervals, when they were asked for. A unit at hand counts as ended.
    pub fn units(&self) -> Option<SpanUnits> {
        let mut units = (self.of != TagUnits::None).then(|| self.units.clone())?;
        if self.pending > 0 {
            units.add_strict(self.sorted().into_iter());
        }
        Some(units.finish())
    }

    /// The counts of the unit at hand, in order of labels.
    fn sorted(&self) -> Vec<(LabelId, Tally)> {
        let mut touched = self.touched.clone();
        touched.sort_unstable_by_key(|(label, _)| *label);
        touched
    }
}

/// Adds to the counts of a type in a unit, which has few types.
fn touch(touched: &mut Vec<(LabelId, Tally)>, label: LabelId, outcome: Outcome) {
    if let Some((_, known)) = touched.iter_mut().find(|(known, _)| *known == label) {
        return known.record(outcome);
    }
    let mut tally = Tally::default();
    tally.record(outcome);
    touched.push((label, tally));
}

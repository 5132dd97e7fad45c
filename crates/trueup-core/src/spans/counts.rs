//! Counts of documents, for every way of matching at once, with tokens and characters beside.

use super::matching::{Components, PairOutcome, Pairing, Sorted};
use super::{SideCounts, SpanMatch, SpanScores, TypeCounts};
use crate::counts::Tally;
use crate::{LabelId, Span, Token};

/// One document: what is right and what was predicted.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpanDocument<'a> {
    /// Gold spans, in any order.
    pub gold: &'a [Span],
    /// Predicted spans, in any order.
    pub predicted: &'a [Span],
    /// Where tokens stand, in the same positions as the spans and in order; without them none are counted.
    pub tokens: Option<&'a [Token]>,
    /// The text that the spans are byte ranges of; without it no characters are counted.
    pub text: Option<&'a str>,
}

impl<'a> SpanDocument<'a> {
    /// A document of spans alone.
    pub fn new(gold: &'a [Span], predicted: &'a [Span]) -> Self {
        Self { gold, predicted, tokens: None, text: None }
    }
}

/// Settings of the counting.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SpanOptions {
    /// How much of a gold span, in per cent (0 to 100), a predicted one must cover to be paired with it: nervaluate's
    /// `min_overlap_percentage`. 0, the default, is any overlap; nervaluate's default is 1, the same for gold spans of up
    /// to 100 positions. Above 0, swapping gold and prediction no longer swaps precision and recall.
    pub min_overlap_percentage: f64,
}

/// Counts of any number of documents; the order of documents and of spans does not matter.
///
/// Pairs are chosen in each group of overlapping spans (gold or predicted) on their own, so that the credit is the
/// greatest possible; equally good choices are settled by most equal ranges, then most pairs, most equal types, the
/// greatest overlap, the first in the text. The totals do not depend on the last of these; by type they may, in the two
/// ways of matching that do not compare types. Groups in which more than some 500 spans of either side overlap each
/// other are matched greedily, and counted in [`SpanCounts::capped`]; strict matching is exact there too.
#[derive(Debug, Clone)]
pub struct SpanCounts {
    options: SpanOptions,
    /// By label, then by way of matching.
    types: Vec<[TypeCounts; 4]>,
    tokens: Vec<Tally>,
    characters: Vec<Tally>,
    with_tokens: u64,
    with_text: u64,
    documents: u64,
    repeats: [u64; 2],
    capped: u64,
    scratch: Scratch,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    gold: Sorted,
    predicted: Sorted,
    pairing: Pairing,
    paired: [Vec<bool>; 2],
}

/// Counts are compared; what was kept in memory for the next document is not.
impl PartialEq for SpanCounts {
    fn eq(&self, other: &Self) -> bool {
        self.types == other.types
            && self.tokens == other.tokens
            && self.characters == other.characters
            && (self.with_tokens, self.with_text, self.documents)
                == (other.with_tokens, other.with_text, other.documents)
            && (self.repeats, self.capped, self.options) == (other.repeats, other.capped, other.options)
    }
}

impl SpanCounts {
    /// Nothing counted yet, for `labels` types.
    pub fn new(labels: usize, options: SpanOptions) -> Self {
        Self {
            options,
            types: vec![<[TypeCounts; 4]>::default(); labels],
            tokens: vec![Tally::default(); labels],
            characters: vec![Tally::default(); labels],
            with_tokens: 0,
            with_text: 0,
            documents: 0,
            repeats: [0; 2],
            capped: 0,
            scratch: Scratch::default(),
        }
    }

    /// Counts a document. Panics when a label is none of the types.
    pub fn add(&mut self, document: &SpanDocument) {
        let Scratch { gold, predicted, pairing, paired } = &mut self.scratch;
        gold.set(document.gold);
        predicted.set(document.predicted);
        self.documents += 1;
        self.repeats[0] += gold.repeats.len() as u64;
        self.repeats[1] += predicted.repeats.len() as u64;
        let (golds, predictions) = (&gold.spans[..], &predicted.spans[..]);
        let types = &mut self.types;
        paired[0].resize(golds.len().max(paired[0].len()), false);
        paired[1].resize(predictions.len().max(paired[1].len()), false);
        for (g, p) in Components::new(golds, predictions) {
            if p.is_empty() {
                g.for_each(|i| types[golds[i].label as usize].iter_mut().for_each(|counts| counts.gold.alone += 1));
                continue;
            }
            if g.is_empty() {
                p.for_each(|j| {
                    types[predictions[j].label as usize].iter_mut().for_each(|counts| counts.predicted.alone += 1);
                });
                continue;
            }
            pairing.connect(golds, g.clone(), predictions, p.clone(), self.options.min_overlap_percentage);
            for (way, matching) in SpanMatch::ALL.into_iter().enumerate() {
                pairing.choose(|edge| matching.credit(edge));
                paired[0][g.clone()].fill(false);
                paired[1][p.clone()].fill(false);
                for &place in &pairing.chosen {
                    let edge = &pairing.edges[place];
                    let outcome = matching.of(edge);
                    record(&mut types[golds[edge.gold].label as usize][way].gold, outcome);
                    record(&mut types[predictions[edge.predicted].label as usize][way].predicted, outcome);
                    paired[0][edge.gold] = true;
                    paired[1][edge.predicted] = true;
                }
                for i in g.clone().filter(|&i| !paired[0][i]) {
                    types[golds[i].label as usize][way].gold.alone += 1;
                }
                for j in p.clone().filter(|&j| !paired[1][j]) {
                    types[predictions[j].label as usize][way].predicted.alone += 1;
                }
            }
        }
        self.capped += std::mem::take(&mut pairing.capped);
        if let Some(tokens) = document.tokens {
            self.with_tokens += 1;
            count_tokens(golds, predictions, tokens, &mut self.tokens);
        }
        if let Some(text) = document.text {
            self.with_text += 1;
            count_characters(golds, predictions, text, &mut self.characters);
        }
    }

    /// Forgets what was counted of these types.
    pub(super) fn forget(&mut self, labels: &[LabelId]) {
        for &label in labels {
            self.types[label as usize] = Default::default();
            self.tokens[label as usize] = Tally::default();
            self.characters[label as usize] = Tally::default();
        }
    }

    /// The counts of tokens and of characters of a type so far, whether or not every document had some.
    pub(super) fn items(&self, label: LabelId) -> [TypeCounts; 2] {
        [TypeCounts::of_items(&self.tokens[label as usize]), TypeCounts::of_items(&self.characters[label as usize])]
    }

    /// Adds another part's counts, of the same types and options.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.types.iter_mut().zip(&other.types) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(*theirs));
        }
        for (mine, theirs) in [(&mut self.tokens, &other.tokens), (&mut self.characters, &other.characters)] {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(*theirs));
        }
        self.with_tokens += other.with_tokens;
        self.with_text += other.with_text;
        self.documents += other.documents;
        self.repeats[0] += other.repeats[0];
        self.repeats[1] += other.repeats[1];
        self.capped += other.capped;
    }

    /// The counts of a type under a way of matching.
    pub fn counts(&self, matching: SpanMatch, label: LabelId) -> TypeCounts {
        self.types[label as usize][matching as usize]
    }

    /// The counts of all types together.
    pub fn total(&self, matching: SpanMatch) -> TypeCounts {
        let mut total = TypeCounts::default();
        self.types.iter().for_each(|counts| total.merge(counts[matching as usize]));
        total
    }

    /// Every score under a way of matching.
    pub fn scores(&self, matching: SpanMatch) -> SpanScores {
        SpanScores::new(self.types.iter().map(|counts| counts[matching as usize]).collect())
    }

    /// For each type the tokens inside gold and predicted spans of it (TP), predicted ones alone (FP), gold ones alone
    /// (FN); a token is inside a span that it overlaps. `None` when some document had no tokens.
    pub fn tokens(&self) -> Option<&[Tally]> {
        (self.documents > 0 && self.with_tokens == self.documents).then_some(&self.tokens)
    }

    /// The same of characters (code points). `None` when some document had no text.
    pub fn characters(&self) -> Option<&[Tally]> {
        (self.documents > 0 && self.with_text == self.documents).then_some(&self.characters)
    }

    /// Every score of tokens as items: precision is the share of predicted tokens with the right type. `None` when some
    /// document had no tokens.
    pub fn token_scores(&self) -> Option<SpanScores> {
        self.tokens().map(of_items)
    }

    /// The same of characters. `None` when some document had no text.
    pub fn character_scores(&self) -> Option<SpanScores> {
        self.characters().map(of_items)
    }

    /// Documents counted.
    pub fn documents(&self) -> u64 {
        self.documents
    }

    /// Gold and predicted spans that repeat another of their document, and were left out.
    pub fn repeats(&self) -> [u64; 2] {
        self.repeats
    }

    /// Choices of pairs that were greedy because too many spans overlap each other; 0 in any real data.
    pub fn capped(&self) -> u64 {
        self.capped
    }
}

fn of_items(tallies: &[Tally]) -> SpanScores {
    SpanScores::new(tallies.iter().map(TypeCounts::of_items).collect())
}

fn record(side: &mut SideCounts, outcome: PairOutcome) {
    match outcome {
        PairOutcome::Correct => side.correct += 1,
        PairOutcome::Incorrect => side.incorrect += 1,
        PairOutcome::Partial => side.partial += 1,
    }
}

/// The labels in either list, in order.
fn labels(gold: &[Span], predicted: &[Span]) -> Vec<LabelId> {
    let mut labels: Vec<LabelId> = gold.iter().chain(predicted).map(|span| span.label).collect();
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// The ranges that spans of `label` cover, in order, joined where they touch.
fn covered(spans: &[Span], label: LabelId) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for span in spans.iter().filter(|span| span.label == label) {
        match ranges.last_mut() {
            Some(last) if span.start <= last.1 => last.1 = last.1.max(span.end),
            _ => ranges.push((span.start, span.end)),
        }
    }
    ranges
}

fn count_tokens(gold: &[Span], predicted: &[Span], tokens: &[Token], tallies: &mut [Tally]) {
    for label in labels(gold, predicted) {
        let (gold, predicted) = (covered(gold, label), covered(predicted, label));
        let inside = |ranges: &[(u32, u32)], token: &Token| {
            let next = ranges.partition_point(|range| range.1 <= token.start);
            ranges.get(next).is_some_and(|range| range.0 < token.end)
        };
        for token in tokens {
            tally(&mut tallies[label as usize], inside(&gold, token), inside(&predicted, token), 1);
        }
    }
}

fn count_characters(gold: &[Span], predicted: &[Span], text: &str, tallies: &mut [Tally]) {
    let ascii = text.is_ascii();
    for label in labels(gold, predicted) {
        let (gold, predicted) = (covered(gold, label), covered(predicted, label));
        let mut edges: Vec<u32> = gold.iter().chain(&predicted).flat_map(|&(start, end)| [start, end]).collect();
        edges.sort_unstable();
        edges.dedup();
        let inside = |ranges: &[(u32, u32)], at: u32| {
            let next = ranges.partition_point(|range| range.1 <= at);
            ranges.get(next).is_some_and(|range| range.0 <= at)
        };
        for pair in edges.windows(2) {
            let (from, to) = (pair[0] as usize, pair[1] as usize);
            let length = if ascii { to - from } else { text[from..to].chars().count() };
            tally(&mut tallies[label as usize], inside(&gold, pair[0]), inside(&predicted, pair[0]), length as u64);
        }
    }
}

fn tally(tally: &mut Tally, gold: bool, predicted: bool, times: u64) {
    match (gold, predicted) {
        (true, true) => tally.tp += times,
        (false, true) => tally.fp += times,
        (true, false) => tally.fn_ += times,
        (false, false) => {}
    }
}

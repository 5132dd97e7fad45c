//! The counts of tagged sentences, part by part.

use std::ops::Range;

use rustc_hash::FxHashMap;
use trueup_core::counts::{Outcome, Tally, walk};
use trueup_core::measure::UnitCounts;
use trueup_core::scheme::{Chunk, Decoded, Scheme, Tag, decode_into};
use trueup_core::spans::{
    Breakdown, CompatCounts, DocumentUnits, DocumentUnitsBuilder, LengthBucket, Mistakes, SpanDocument, SpanOptions,
    TagTable,
};
use trueup_core::{LabelId, Span};
use trueup_data::scan::TagColumns;

/// The counts of labels in a unit.
type Cells = Vec<(LabelId, Tally)>;

/// Counts of sentences; two of them can be merged.
pub struct Counted<'a> {
    table: &'a TagTable,
    scheme: Scheme,
    /// How many sentences have such counts of the labels that occur in them, where no missed span overlaps a spurious one:
    /// they count the same in every way of matching.
    plain: FxHashMap<Cells, u64>,
    /// The others.
    other: FxHashMap<Cells, u64>,
    /// The same of tokens in spans.
    tokens: FxHashMap<Cells, u64>,
    units: DocumentUnitsBuilder,
    mistakes: Mistakes,
    /// Spans by type in sentences without a mistake.
    right: Vec<u64>,
    lengths: Breakdown<LengthBucket>,
    /// Gold types by predicted types; the last of each is none.
    confusion: Vec<Vec<u64>>,
    /// Tags of gold and prediction that may not stand where they are.
    invalid: [u64; 2],
    compat: Option<CompatCounts>,
    scratch: Scratch,
}

/// What all sentences amount to.
pub struct Finished {
    pub kinds: Vec<(UnitCounts, u64)>,
    pub confusion: Vec<Vec<u64>>,
    pub invalid: [u64; 2],
    pub compat: Option<CompatCounts>,
    pub units: DocumentUnits,
    pub mistakes: Mistakes,
    pub lengths: Breakdown<LengthBucket>,
}

/// Memory for a sentence.
#[derive(Default)]
struct Scratch {
    tags: Vec<Tag<u32>>,
    gold: Decoded<u32>,
    predicted: Decoded<u32>,
    cells: Cells,
    tokens: Cells,
    apart: [Vec<Chunk<u32>>; 2],
    spans: [Vec<Span>; 2],
    starts: Vec<u32>,
}

const BUCKETS: [LengthBucket; 6] = [
    LengthBucket::None,
    LengthBucket::One,
    LengthBucket::Two,
    LengthBucket::Three,
    LengthBucket::FourOrFive,
    LengthBucket::More,
];

impl<'a> Counted<'a> {
    pub fn new(table: &'a TagTable, scheme: Scheme, compat: Option<CompatCounts>) -> Self {
        let none = table.labels.len();
        Self {
            table,
            scheme,
            plain: FxHashMap::default(),
            other: FxHashMap::default(),
            tokens: FxHashMap::default(),
            units: DocumentUnitsBuilder::new(none, SpanOptions::default()),
            mistakes: Mistakes::new(),
            right: vec![0; none],
            lengths: Breakdown::new(),
            confusion: vec![vec![0; none + 1]; none + 1],
            invalid: [0; 2],
            compat,
            scratch: Scratch::default(),
        }
    }

    /// Counts sentence number `number`, of the tokens in `range`.
    pub fn add(&mut self, number: u32, columns: &TagColumns, range: Range<usize>) {
        let (gold, predicted) = (&columns.gold[range.clone()], &columns.predicted[range.clone()]);
        let Scratch { tags, gold: golds, predicted: predictions, cells, tokens, apart, spans, starts } =
            &mut self.scratch;
        let mut read = |numbers: &[u32], into: &mut Decoded<u32>| {
            tags.clear();
            tags.extend(numbers.iter().map(|&number| self.table.tags[number as usize]));
            decode_into(tags, self.scheme, true, into);
        };
        read(gold, golds);
        read(predicted, predictions);
        self.invalid[0] += golds.invalid.len() as u64;
        self.invalid[1] += predictions.invalid.len() as u64;
        cells.clear();
        tokens.clear();
        let [missed, spurious] = apart;
        missed.clear();
        spurious.clear();
        let mut lengths = [[0u64; 3]; 6];
        walk(&golds.chunks, &predictions.chunks, |chunk, outcome| {
            tally(cells, chunk.2).record(outcome);
            let length = &mut lengths[bucket(chunk)];
            length[0] += u64::from(outcome != Outcome::FalseAlarm);
            length[1] += u64::from(outcome != Outcome::Miss);
            length[2] += u64::from(outcome == Outcome::Hit);
            match outcome {
                Outcome::Hit => {
                    self.confusion[chunk.2 as usize][chunk.2 as usize] += 1;
                    tally(tokens, chunk.2).tp += (chunk.1 - chunk.0) as u64;
                }
                Outcome::Miss => missed.push(*chunk),
                Outcome::FalseAlarm => spurious.push(*chunk),
            }
        });
        for (bucket, [gold, predicted, right]) in BUCKETS.into_iter().zip(lengths) {
            if gold + predicted > 0 {
                self.lengths.add_unit(bucket, gold, predicted, right);
            }
        }
        cells.sort_unstable_by_key(|(label, _)| *label);
        if missed.is_empty() && spurious.is_empty() {
            cells.iter().for_each(|(label, tally)| self.right[*label as usize] += tally.tp);
        } else {
            count_tokens(missed, spurious, tokens);
            starts.clear();
            let mut at = 0;
            for length in &columns.lengths[range] {
                starts.push(at);
                at += length + 1;
            }
            starts.push(at);
            for (into, chunks) in spans.iter_mut().zip([&golds.chunks, &predictions.chunks]) {
                into.clear();
                // One space stands between words.
                let span =
                    |chunk: &Chunk<u32>| Span { start: starts[chunk.0], end: starts[chunk.1] - 1, label: chunk.2 };
                into.extend(chunks.iter().map(span));
            }
            self.mistakes.add(number, &spans[0], &spans[1]);
        }
        let plain = !overlap(missed, spurious);
        if !plain {
            self.units.add_spans(&SpanDocument::new(&spans[0], &spans[1]));
        }
        tokens.sort_unstable_by_key(|(label, _)| *label);
        note(if plain { &mut self.plain } else { &mut self.other }, cells);
        note(&mut self.tokens, tokens);
        pair_up(missed, spurious, &mut self.confusion);
        if let Some(compat) = &mut self.compat {
            compat.add_tags(self.table, gold, predicted);
        }
    }

    /// Adds the sentences of another part.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in
            [(&mut self.plain, other.plain), (&mut self.other, other.other), (&mut self.tokens, other.tokens)]
        {
            // Sums of whole numbers: the order does not matter.
            #[allow(clippy::iter_over_hash_type)]
            for (kind, times) in theirs {
                *mine.entry(kind).or_default() += times;
            }
        }
        self.units.merge(&other.units);
        self.mistakes.merge(&other.mistakes);
        self.lengths.merge(&other.lengths);
        self.right.iter_mut().zip(other.right).for_each(|(mine, theirs)| *mine += theirs);
        for (mine, theirs) in self.confusion.iter_mut().zip(other.confusion) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
        self.invalid.iter_mut().zip(other.invalid).for_each(|(mine, theirs)| *mine += theirs);
        if let (Some(mine), Some(theirs)) = (&mut self.compat, &other.compat) {
            mine.merge(theirs);
        }
    }

    pub fn finish(mut self) -> Finished {
        // What is made of these does not depend on their order.
        #[allow(clippy::iter_over_hash_type)]
        for (cells, &times) in &self.plain {
            self.units.add_plain(cells, times);
        }
        #[allow(clippy::iter_over_hash_type)]
        for (cells, &times) in &self.tokens {
            self.units.add_tokens(cells, times);
        }
        for (label, &times) in self.right.iter().enumerate().filter(|(_, times)| **times > 0) {
            self.mistakes.add_right(label as LabelId, times);
        }
        let kinds = self.plain.into_iter().chain(self.other);
        Finished {
            kinds: kinds.map(|(cells, times)| (UnitCounts { cells }, times)).collect(),
            confusion: self.confusion,
            invalid: self.invalid,
            compat: self.compat,
            units: self.units.finish(),
            mistakes: self.mistakes,
            lengths: self.lengths,
        }
    }
}

fn note(kinds: &mut FxHashMap<Cells, u64>, cells: &Cells) {
    match kinds.get_mut(cells.as_slice()) {
        Some(times) => *times += 1,
        None => _ = kinds.insert(cells.clone(), 1),
    }
}

fn tally(cells: &mut Cells, label: LabelId) -> &mut Tally {
    let place = cells.iter().position(|(known, _)| *known == label).unwrap_or_else(|| {
        cells.push((label, Tally::default()));
        cells.len() - 1
    });
    &mut cells[place].1
}

fn bucket(chunk: &Chunk<u32>) -> usize {
    let bucket = LengthBucket::of(chunk.1 - chunk.0);
    BUCKETS.iter().position(|known| *known == bucket).unwrap_or(0)
}

/// Whether a span of one list overlaps one of the other. Both are in order and without overlap.
fn overlap(missed: &[Chunk<u32>], spurious: &[Chunk<u32>]) -> bool {
    let mut rest = spurious;
    missed.iter().any(|chunk| {
        let before = rest.iter().take_while(|other| other.1 <= chunk.0).count();
        rest = &rest[before..];
        rest.first().is_some_and(|other| other.0 < chunk.1)
    })
}

/// The tokens of spans that are not on both sides: in a missed and a spurious one of the same type they are right.
fn count_tokens(missed: &[Chunk<u32>], spurious: &[Chunk<u32>], tokens: &mut Cells) {
    let shared = |chunk: &Chunk<u32>, others: &[Chunk<u32>]| -> usize {
        let same = others.iter().filter(|other| other.2 == chunk.2);
        same.map(|other| chunk.1.min(other.1).saturating_sub(chunk.0.max(other.0))).sum()
    };
    for chunk in missed {
        let (right, tally) = (shared(chunk, spurious), tally(tokens, chunk.2));
        tally.tp += right as u64;
        tally.fn_ += (chunk.1 - chunk.0 - right) as u64;
    }
    for chunk in spurious {
        let wrong = chunk.1 - chunk.0 - shared(chunk, missed);
        tally(tokens, chunk.2).fp += wrong as u64;
    }
}

/// Spans of one range and two types are taken for each other; others are missed or spurious. Both lists are in order and
/// without overlap.
fn pair_up(missed: &[Chunk<u32>], spurious: &[Chunk<u32>], confusion: &mut [Vec<u64>]) {
    let none = confusion.len() - 1;
    let (mut m, mut s) = (0, 0);
    while m < missed.len() || s < spurious.len() {
        let range = |chunk: &Chunk<u32>| (chunk.0, chunk.1);
        let order = match (missed.get(m), spurious.get(s)) {
            (Some(a), Some(b)) => range(a).cmp(&range(b)),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        let gold = if order.is_le() { missed[m].2 as usize } else { none };
        let predicted = if order.is_ge() { spurious[s].2 as usize } else { none };
        confusion[gold][predicted] += 1;
        m += usize::from(order.is_le());
        s += usize::from(order.is_ge());
    }
}

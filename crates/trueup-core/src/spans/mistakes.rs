//! Kinds of mistakes and types taken for each other, counted, with the first few of each: memory does not grow with the
//! documents.

use std::collections::BTreeMap;

use super::{DocumentErrors, Edges, ErrorKind, Extent};
use crate::{LabelId, Span};

/// How many examples of each kind and cell are kept.
const KEPT: usize = 5;

/// A kind of mistake: [`ErrorKind`] without what is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MistakeKind {
    /// Gold without any prediction left for it.
    Missed,
    /// A prediction without any gold left for it.
    Spurious,
    /// The range is right, the type is not.
    WrongType,
    /// The type is right, the range overlaps.
    Boundary(Edges, Extent),
    /// The type is wrong and the range overlaps.
    TypeAndBoundary(Edges, Extent),
    /// One gold span, several predicted ones.
    Split,
    /// Several gold spans, one predicted one.
    Merged,
}

impl MistakeKind {
    fn of(kind: ErrorKind) -> Option<Self> {
        Some(match kind {
            ErrorKind::Correct | ErrorKind::Repeated => return None,
            ErrorKind::WrongType => Self::WrongType,
            ErrorKind::Boundary(edges, extent) => Self::Boundary(edges, extent),
            ErrorKind::TypeAndBoundary(edges, extent) => Self::TypeAndBoundary(edges, extent),
            ErrorKind::Split => Self::Split,
            ErrorKind::Merged => Self::Merged,
            ErrorKind::Missed => Self::Missed,
            ErrorKind::Spurious => Self::Spurious,
        })
    }

    /// Its name: `missed`, `spurious`, `wrong-type`, `boundary`, `type-and-boundary`, `split`, `merged`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Spurious => "spurious",
            Self::WrongType => "wrong-type",
            Self::Boundary(..) => "boundary",
            Self::TypeAndBoundary(..) => "type-and-boundary",
            Self::Split => "split",
            Self::Merged => "merged",
        }
    }

    /// Of boundary mistakes: `left`, `right` or `both`, and `longer`, `shorter` or `shifted`.
    pub fn detail(self) -> Option<(&'static str, &'static str)> {
        let (Self::Boundary(edges, extent) | Self::TypeAndBoundary(edges, extent)) = self else { return None };
        let edges = match edges {
            Edges::Left => "left",
            Edges::Right => "right",
            Edges::Both => "both",
        };
        let extent = match extent {
            Extent::Longer => "longer",
            Extent::Shorter => "shorter",
            Extent::Shifted => "shifted",
        };
        Some((edges, extent))
    }
}

/// A gold and a predicted span of a document that belong together, or one that stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoundPair {
    /// The number of the document.
    pub document: u32,
    /// The gold span.
    pub gold: Option<Span>,
    /// The predicted span.
    pub predicted: Option<Span>,
}

/// How often a kind of mistake occurs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MistakeCounts {
    /// Mistakes: a pair once, a split once a gold span, a merger once a predicted span.
    pub count: u64,
    /// Gold spans.
    pub gold: u64,
    /// Predicted spans.
    pub predicted: u64,
    /// The first few by document and place.
    pub examples: Vec<FoundPair>,
}

/// How often a gold type is paired with a predicted one, or with none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PairCounts {
    /// Pairs, or spans without one.
    pub count: u64,
    /// Pairs of equal range.
    pub equal: u64,
    /// The first few that are not right, by document and place.
    pub examples: Vec<FoundPair>,
}

/// What became of the spans of any number of documents; mergeable, the order of documents does not matter. The counts are
/// those of [`super::SpanErrors`], which keeps every span. Lists of spans are sets: sorted, without repeats.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mistakes {
    kinds: BTreeMap<MistakeKind, MistakeCounts>,
    /// By gold and predicted type; none sorts last.
    types: BTreeMap<(u32, u32), PairCounts>,
}

/// The type of what is not there.
const NONE: u32 = u32::MAX;

impl Mistakes {
    /// Nothing looked at yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in `times` spans of type `label` that are right.
    pub fn add_right(&mut self, label: LabelId, times: u64) {
        let cell = self.types.entry((label, label)).or_default();
        cell.count += times;
        cell.equal += times;
    }

    /// Takes in document number `document`.
    pub fn add(&mut self, document: u32, gold: &[Span], predicted: &[Span]) {
        let errors = DocumentErrors::of(gold, predicted);
        for (span, &(kind, partner)) in gold.iter().zip(&errors.gold) {
            let other = partner.map(|place| predicted[place as usize]);
            let pair = FoundPair { document, gold: Some(*span), predicted: other };
            let right = kind == ErrorKind::Correct;
            let cell = self.types.entry((span.label, other.map_or(NONE, |other| other.label))).or_default();
            cell.count += 1;
            cell.equal += u64::from(other.is_some_and(|other| other.range() == span.range()));
            if !right {
                keep(&mut cell.examples, pair);
            }
            let Some(kind) = MistakeKind::of(kind) else { continue };
            let counts = self.kinds.entry(kind).or_default();
            counts.gold += 1;
            if kind != MistakeKind::Merged {
                counts.count += 1;
                keep(&mut counts.examples, pair);
            }
        }
        for (span, &(kind, partner)) in predicted.iter().zip(&errors.predicted) {
            let pair = FoundPair { document, gold: partner.map(|place| gold[place as usize]), predicted: Some(*span) };
            if partner.is_none() {
                let cell = self.types.entry((NONE, span.label)).or_default();
                cell.count += 1;
                keep(&mut cell.examples, pair);
            }
            let Some(kind) = MistakeKind::of(kind) else { continue };
            let counts = self.kinds.entry(kind).or_default();
            counts.predicted += 1;
            if matches!(kind, MistakeKind::Spurious | MistakeKind::Merged) {
                counts.count += 1;
                keep(&mut counts.examples, pair);
            }
        }
    }

    /// Adds another part's documents.
    pub fn merge(&mut self, other: &Self) {
        for (kind, theirs) in &other.kinds {
            let mine = self.kinds.entry(*kind).or_default();
            mine.count += theirs.count;
            mine.gold += theirs.gold;
            mine.predicted += theirs.predicted;
            theirs.examples.iter().for_each(|&pair| keep(&mut mine.examples, pair));
        }
        for (types, theirs) in &other.types {
            let mine = self.types.entry(*types).or_default();
            mine.count += theirs.count;
            mine.equal += theirs.equal;
            theirs.examples.iter().for_each(|&pair| keep(&mut mine.examples, pair));
        }
    }

    /// The kinds that occur, in order.
    pub fn kinds(&self) -> impl Iterator<Item = (MistakeKind, &MistakeCounts)> {
        self.kinds.iter().map(|(kind, counts)| (*kind, counts))
    }

    /// The pairs of types that occur, by gold and predicted type, what is missed or spurious last.
    pub fn types(&self) -> impl Iterator<Item = (Option<LabelId>, Option<LabelId>, &PairCounts)> {
        let label = |label: u32| (label != NONE).then_some(label);
        self.types.iter().map(move |(&(gold, predicted), counts)| (label(gold), label(predicted), counts))
    }

    /// How many mistakes there are.
    pub fn count(&self) -> u64 {
        self.kinds.values().map(|counts| counts.count).sum()
    }
}

/// Keeps the first few, whatever the order in which they come.
fn keep(examples: &mut Vec<FoundPair>, pair: FoundPair) {
    if examples.len() == KEPT && examples.last().is_some_and(|last| *last <= pair) {
        return;
    }
    let place = examples.partition_point(|known| *known <= pair);
    examples.insert(place, pair);
    examples.truncate(KEPT);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{SpanErrors, SpanSide};
    use super::*;
    use crate::Rng;

    fn spans(rng: &mut Rng) -> Vec<Span> {
        let mut spans: Vec<Span> = (0..rng.below(5))
            .map(|_| {
                let start = rng.below(12) as u32;
                Span { start, end: start + 1 + rng.below(4) as u32, label: rng.below(3) as u32 }
            })
            .collect();
        spans.sort_unstable();
        spans.dedup();
        spans
    }

    #[test]
    fn counts_are_those_of_the_lists_and_halves_merge() {
        let mut rng = Rng::new(3);
        let documents: Vec<(Vec<Span>, Vec<Span>)> = (0..400).map(|_| (spans(&mut rng), spans(&mut rng))).collect();
        let (mut whole, mut errors) = (Mistakes::new(), SpanErrors::new(3));
        let mut halves = [Mistakes::new(), Mistakes::new()];
        for (number, (gold, predicted)) in documents.iter().enumerate() {
            whole.add(number as u32, gold, predicted);
            halves[number % 2].add(number as u32, gold, predicted);
            errors.add(number as u32, gold, predicted);
        }
        let [mut a, mut b] = halves;
        let first = a.clone();
        a.merge(&b);
        b.merge(&first);
        assert_eq!((&a, &b), (&whole, &whole));
        let mut matrix = vec![vec![0; 4]; 4];
        for (gold, predicted, counts) in whole.types() {
            matrix[gold.map_or(3, |l| l as usize)][predicted.map_or(3, |l| l as usize)] += counts.count;
        }
        assert_eq!(matrix, errors.matrix());
        for (kind, counts) in whole.kinds() {
            let same = |other: ErrorKind| MistakeKind::of(other) == Some(kind);
            assert_eq!(counts.gold, errors.count(SpanSide::Gold, same), "{kind:?}");
            assert_eq!(counts.predicted, errors.count(SpanSide::Predicted, same), "{kind:?}");
            assert!(counts.count >= 1 && counts.examples.len() as u64 == counts.count.min(5), "{kind:?}");
        }
    }
}

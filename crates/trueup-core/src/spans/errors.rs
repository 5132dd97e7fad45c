//! What became of every span, and which types are taken for which.

use std::collections::BTreeMap;

use super::matching::{Components, Pairing, Sorted};
use crate::document::Mark;
use crate::{LabelId, Span};

/// What became of a gold or of a predicted span. Each has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// A span of the other side has its range and type.
    Correct,
    /// One has its range and another type.
    WrongType,
    /// One of the same type overlaps it.
    Boundary(Edges, Extent),
    /// One of another type overlaps it.
    TypeAndBoundary(Edges, Extent),
    /// A gold span that two or more predicted spans share among them, or one of those. They overlap neither each other
    /// nor another gold span whose range was not predicted.
    Split,
    /// A predicted span over two or more gold ones, or one of those: a split the other way round.
    Merged,
    /// Gold without any prediction left for it.
    Missed,
    /// A prediction without any gold left for it.
    Spurious,
    /// Repeats another span of its side, and was left out.
    Repeated,
}

/// Which edges of the predicted span are not those of the gold one. Left is the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edges {
    /// The start alone.
    Left,
    /// The end alone.
    Right,
    /// Both.
    Both,
}

/// How the predicted span lies to the gold one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// It holds the gold span and more.
    Longer,
    /// It lies within the gold span.
    Shorter,
    /// Both edges moved the same way.
    Shifted,
}

impl ErrorKind {
    /// Its name: `correct`, `wrong-type`, `boundary`, `type-and-boundary`, `split`, `merged`, `missed`, `spurious`,
    /// `repeated`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::WrongType => "wrong-type",
            Self::Boundary(..) => "boundary",
            Self::TypeAndBoundary(..) => "type-and-boundary",
            Self::Split => "split",
            Self::Merged => "merged",
            Self::Missed => "missed",
            Self::Spurious => "spurious",
            Self::Repeated => "repeated",
        }
    }

    /// The nearest mark of the review document; `partner` is what [`DocumentErrors`] says of the span. Pieces of a split
    /// or merger are boundary mistakes where they have a partner; `same_type` tells of which kind.
    pub fn mark(self, side: SpanSide, partner: Option<u32>, same_type: bool) -> Mark {
        match self {
            Self::Correct => Mark::Match,
            Self::WrongType => Mark::WrongType,
            Self::Boundary(..) => Mark::Boundary,
            Self::TypeAndBoundary(..) => Mark::TypeAndBoundary,
            Self::Split | Self::Merged if partner.is_some() && same_type => Mark::Boundary,
            Self::Split | Self::Merged if partner.is_some() => Mark::TypeAndBoundary,
            _ if side == SpanSide::Gold => Mark::Missed,
            _ => Mark::Spurious,
        }
    }
}

/// Gold or prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanSide {
    /// What is right.
    Gold,
    /// What a model answered.
    Predicted,
}

/// A span by its document's number and its place in the document's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanRef {
    /// The number under which the document was added.
    pub document: u32,
    /// Place in the list of gold or of predicted spans, as it was given.
    pub span: u32,
}

/// A gold and a predicted span that belong together, or one that stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairRef {
    /// The number under which the document was added.
    pub document: u32,
    /// Place in the list of gold spans; `None` for a spurious prediction.
    pub gold: Option<u32>,
    /// Place in the list of predicted spans; `None` for a missed gold span.
    pub predicted: Option<u32>,
}

/// What became of each span of a document: its kind, and the place of the span of the other side that it is paired with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentErrors {
    /// By place in the list of gold spans.
    pub gold: Vec<(ErrorKind, Option<u32>)>,
    /// By place in the list of predicted spans.
    pub predicted: Vec<(ErrorKind, Option<u32>)>,
}

impl DocumentErrors {
    /// Looks at one document. The order of spans does not matter, but for which of two equal ones is the repeat.
    ///
    /// Equal spans are correct. Others that overlap are paired one to one: first equal ranges, then as many as possible,
    /// of the same type where that can be, with the greatest overlap. A gold span that shares its ground with several
    /// predictions that touch nothing else is split, and the other way round merged.
    pub fn of(gold: &[Span], predicted: &[Span]) -> Self {
        let mut errors = Self {
            gold: vec![(ErrorKind::Missed, None); gold.len()],
            predicted: vec![(ErrorKind::Spurious, None); predicted.len()],
        };
        let (mut g, mut p, mut pairing) = (Sorted::default(), Sorted::default(), Pairing::default());
        g.set(gold);
        p.set(predicted);
        g.repeats.iter().for_each(|&place| errors.gold[place as usize].0 = ErrorKind::Repeated);
        p.repeats.iter().for_each(|&place| errors.predicted[place as usize].0 = ErrorKind::Repeated);
        for (golds, predictions) in Components::new(&g.spans, &p.spans) {
            if golds.is_empty() || predictions.is_empty() {
                continue;
            }
            let (first_gold, first_predicted) = (golds.start, predictions.start);
            let mut part = Part::new(golds.len(), predictions.len());
            pairing.connect(&g.spans, golds, &p.spans, predictions, 0.0);
            pairing.choose(|edge| if edge.same_range && edge.same_type { 2 } else { 0 });
            for &place in &pairing.chosen {
                let edge = &pairing.edges[place];
                let (a, b) = (edge.gold, edge.predicted);
                let kind = kind(&g.spans[a], &p.spans[b]);
                errors.gold[g.places[a] as usize] = (kind, Some(p.places[b]));
                errors.predicted[p.places[b] as usize] = (kind, Some(g.places[a]));
                part.settled[0][a - first_gold] = edge.same_range;
                part.settled[1][b - first_predicted] = edge.same_range;
            }
            for edge in &pairing.edges {
                part.connect(edge.gold - first_gold, edge.predicted - first_predicted);
            }
            part.shared(
                0,
                |a, b| apart(&p.spans[first_predicted + a], &p.spans[first_predicted + b]),
                |a, pieces| {
                    errors.gold[g.places[first_gold + a] as usize].0 = ErrorKind::Split;
                    pieces.iter().for_each(|&b| {
                        errors.predicted[p.places[first_predicted + b] as usize].0 = ErrorKind::Split;
                    });
                },
            );
            part.shared(
                1,
                |a, b| apart(&g.spans[first_gold + a], &g.spans[first_gold + b]),
                |b, pieces| {
                    errors.predicted[p.places[first_predicted + b] as usize].0 = ErrorKind::Merged;
                    pieces.iter().for_each(|&a| errors.gold[g.places[first_gold + a] as usize].0 = ErrorKind::Merged);
                },
            );
        }
        errors
    }
}

fn apart(a: &Span, b: &Span) -> bool {
    a.end <= b.start || b.end <= a.start
}

/// The kind of a pair of overlapping spans.
fn kind(gold: &Span, predicted: &Span) -> ErrorKind {
    let same_type = gold.label == predicted.label;
    let edges = match (gold.start == predicted.start, gold.end == predicted.end) {
        (true, true) => return if same_type { ErrorKind::Correct } else { ErrorKind::WrongType },
        (false, true) => Edges::Left,
        (true, false) => Edges::Right,
        (false, false) => Edges::Both,
    };
    let extent = if predicted.start <= gold.start && predicted.end >= gold.end {
        Extent::Longer
    } else if predicted.start >= gold.start && predicted.end <= gold.end {
        Extent::Shorter
    } else {
        Extent::Shifted
    };
    if same_type { ErrorKind::Boundary(edges, extent) } else { ErrorKind::TypeAndBoundary(edges, extent) }
}

/// Who overlaps whom in a group of overlapping spans, those with an equal range aside.
struct Part {
    settled: [Vec<bool>; 2],
    neighbours: [Vec<Vec<usize>>; 2],
}

impl Part {
    fn new(golds: usize, predictions: usize) -> Self {
        Self {
            settled: [vec![false; golds], vec![false; predictions]],
            neighbours: [vec![Vec::new(); golds], vec![Vec::new(); predictions]],
        }
    }

    fn connect(&mut self, gold: usize, predicted: usize) {
        if !self.settled[0][gold] && !self.settled[1][predicted] {
            self.neighbours[0][gold].push(predicted);
            self.neighbours[1][predicted].push(gold);
        }
    }

    /// Calls `found` for each span of `side` with two or more neighbours that have no other and lie apart.
    fn shared(&self, side: usize, apart: impl Fn(usize, usize) -> bool, mut found: impl FnMut(usize, &[usize])) {
        for (span, pieces) in self.neighbours[side].iter().enumerate() {
            let alone = pieces.iter().all(|&piece| self.neighbours[1 - side][piece].len() == 1);
            // In order of their starts: neighbours apart are all apart.
            if pieces.len() > 1 && alone && pieces.windows(2).all(|pair| apart(pair[0], pair[1])) {
                found(span, pieces);
            }
        }
    }
}

/// A cell of the confusion matrix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfusionCell {
    /// Pairs of equal range; for a missed or spurious span 0.
    pub equal: u64,
    /// Pairs that overlap otherwise; for a missed or spurious span 0.
    pub overlapping: u64,
    /// Its pairs, sorted by document and place.
    pub pairs: Vec<PairRef>,
}

impl ConfusionCell {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.pairs.len() as u64
    }
}

/// What became of the spans of any number of documents, with the spans; mergeable, the order of documents does not
/// matter. Spans that repeat another take part in the kinds alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpanErrors {
    labels: u32,
    kinds: BTreeMap<(SpanSide, ErrorKind, LabelId), Vec<SpanRef>>,
    confusion: BTreeMap<(u32, u32), ConfusionCell>,
}

impl SpanErrors {
    /// Nothing looked at yet, for `labels` types.
    pub fn new(labels: usize) -> Self {
        Self { labels: labels as u32, ..Self::default() }
    }

    /// Takes in document number `document`; what became of its spans.
    pub fn add(&mut self, document: u32, gold: &[Span], predicted: &[Span]) -> DocumentErrors {
        let errors = DocumentErrors::of(gold, predicted);
        let others = predicted;
        for (side, spans, kinds) in
            [(SpanSide::Gold, gold, &errors.gold), (SpanSide::Predicted, predicted, &errors.predicted)]
        {
            for (span, &(kind, partner)) in kinds.iter().enumerate() {
                let reference = SpanRef { document, span: span as u32 };
                insert(self.kinds.entry((side, kind, spans[span].label)).or_default(), reference);
                let here = Some(span as u32);
                let (gold, predicted, row, column) = match (side, partner) {
                    _ if kind == ErrorKind::Repeated => continue,
                    // A pair is taken in with its gold span.
                    (SpanSide::Predicted, Some(_)) => continue,
                    (SpanSide::Predicted, None) => (None, here, self.labels, spans[span].label),
                    (SpanSide::Gold, None) => (here, None, spans[span].label, self.labels),
                    (SpanSide::Gold, Some(p)) => (here, partner, spans[span].label, others[p as usize].label),
                };
                let cell = self.confusion.entry((row, column)).or_default();
                if let (Some(p), SpanSide::Gold) = (partner, side) {
                    let equal = spans[span].range() == others[p as usize].range();
                    cell.equal += u64::from(equal);
                    cell.overlapping += u64::from(!equal);
                }
                insert(&mut cell.pairs, PairRef { document, gold, predicted });
            }
        }
        errors
    }

    /// Adds another part's documents.
    pub fn merge(&mut self, other: &Self) {
        for (key, spans) in &other.kinds {
            let mine = self.kinds.entry(*key).or_default();
            mine.extend_from_slice(spans);
            mine.sort_unstable();
        }
        for (key, cell) in &other.confusion {
            let mine = self.confusion.entry(*key).or_default();
            mine.equal += cell.equal;
            mine.overlapping += cell.overlapping;
            mine.pairs.extend_from_slice(&cell.pairs);
            mine.pairs.sort_unstable();
        }
    }

    /// Every kind that occurs, by side and type, with its spans sorted by document and place.
    pub fn kinds(&self) -> impl Iterator<Item = (SpanSide, ErrorKind, LabelId, &[SpanRef])> {
        self.kinds.iter().map(|(&(side, kind, label), spans)| (side, kind, label, &spans[..]))
    }

    /// How many spans of a side are of a kind for which `is` holds.
    pub fn count(&self, side: SpanSide, is: impl Fn(ErrorKind) -> bool) -> u64 {
        self.kinds().filter(|(s, kind, ..)| *s == side && is(*kind)).map(|(.., spans)| spans.len() as u64).sum()
    }

    /// The spans of a side that are of a kind for which `is` holds, sorted.
    pub fn spans(&self, side: SpanSide, is: impl Fn(ErrorKind) -> bool) -> Vec<SpanRef> {
        let of = self.kinds().filter(|(s, kind, ..)| *s == side && is(*kind));
        let mut spans: Vec<SpanRef> = of.flat_map(|(.., spans)| spans.iter().copied()).collect();
        spans.sort_unstable();
        spans
    }

    /// The cell of gold type `gold` (a row) and predicted type `predicted` (a column), if anything is in it; `None` is
    /// the row of spurious predictions, or the column of missed gold.
    pub fn cell(&self, gold: Option<LabelId>, predicted: Option<LabelId>) -> Option<&ConfusionCell> {
        self.confusion.get(&(gold.unwrap_or(self.labels), predicted.unwrap_or(self.labels)))
    }

    /// The matrix of counts: a row for each gold type and a last one for spurious predictions, a column for each
    /// predicted type and a last one for missed gold.
    pub fn matrix(&self) -> Vec<Vec<u64>> {
        let size = self.labels as usize + 1;
        let mut matrix = vec![vec![0; size]; size];
        for (&(row, column), cell) in &self.confusion {
            matrix[row as usize][column as usize] = cell.count();
        }
        matrix
    }
}

/// Keeps a list sorted; documents mostly come in order.
fn insert<T: Ord>(list: &mut Vec<T>, item: T) {
    if list.last().is_none_or(|last| *last <= item) {
        list.push(item);
    } else {
        let place = list.partition_point(|known| *known <= item);
        list.insert(place, item);
    }
}

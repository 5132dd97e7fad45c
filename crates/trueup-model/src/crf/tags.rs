//! Spans as tags: which gold spans a token sequence can hold, the states of the chain, and the way back.
//!
//! Tags are IOBES (begin, inside, end, single, outside): a tag sequence is then exactly a set of disjoint segments,
//! and the probability of a segment is the probability of its tags.

use trueup_core::{LabelId, Span};

/// A run of tokens with a label: `first..=last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    pub first: usize,
    pub last: usize,
    pub label: LabelId,
}

/// How gold spans of the training part met the tokens. Gold itself never changes; this is about what can be learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alignment {
    /// Gold spans looked at.
    pub spans: u64,
    /// Spans with an edge inside a token or in the space between tokens. They are learnt as the tokens they overlap; a
    /// span that overlaps none is counted here and not learnt.
    pub misaligned: u64,
    /// Spans not learnt because a longer one (then an earlier one, then the lower label id) holds one of their tokens.
    pub overlapping: u64,
}

impl Alignment {
    /// Adds another part's counts.
    pub fn merge(&mut self, other: Self) {
        self.spans += other.spans;
        self.misaligned += other.misaligned;
        self.overlapping += other.overlapping;
    }
}

/// The disjoint segments of `tokens` (byte ranges, in order) that stand for `gold`, sorted, with the count of what did
/// not fit.
pub(crate) fn place(gold: &[Span], tokens: &[(u32, u32)]) -> (Vec<Segment>, Alignment) {
    let mut alignment = Alignment { spans: gold.len() as u64, ..Alignment::default() };
    let mut longest_first: Vec<Span> = gold.to_vec();
    longest_first.sort_by_key(|s| (std::cmp::Reverse(s.end - s.start), *s));
    let mut taken = vec![false; tokens.len()];
    let mut segments = Vec::with_capacity(gold.len());
    for span in longest_first {
        let first = tokens.partition_point(|t| t.1 <= span.start);
        let end = tokens.partition_point(|t| t.0 < span.end);
        let placed = first < end && span.start < span.end;
        if !placed || tokens[first].0 != span.start || tokens[end - 1].1 != span.end {
            alignment.misaligned += 1;
        }
        if placed {
            if taken[first..end].contains(&true) {
                alignment.overlapping += 1;
            } else {
                taken[first..end].fill(true);
                segments.push(Segment { first, last: end - 1, label: span.label });
            }
        }
    }
    segments.sort_unstable();
    (segments, alignment)
}

/// What a state says of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Outside,
    Begin,
    Single,
    Inside,
    End,
}

/// The states of the chain over the labels that training saw.
///
/// The order of states serves the inner loops: those that may follow a finished segment come first (`O`, all `B`, all
/// `S`), then `I` and `E` of each label side by side, so that the successors of any state are neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tags {
    labels: Vec<LabelId>,
}

impl Tags {
    /// States for `labels`, sorted and without repeats.
    pub fn new(labels: Vec<LabelId>) -> Self {
        Self { labels }
    }

    /// The labels that have states.
    pub fn labels(&self) -> &[LabelId] {
        &self.labels
    }

    /// How many states there are.
    pub fn len(&self) -> usize {
        1 + 4 * self.labels.len()
    }

    /// What `state` means, and the position of its label (0 for `O`).
    fn part(&self, state: usize) -> (Part, usize) {
        let k = self.labels.len();
        match state {
            0 => (Part::Outside, 0),
            s if s <= k => (Part::Begin, s - 1),
            s if s <= 2 * k => (Part::Single, s - 1 - k),
            s => {
                let rest = s - 1 - 2 * k;
                (if rest.is_multiple_of(2) { Part::Inside } else { Part::End }, rest / 2)
            }
        }
    }

    /// The letter of a state in IOBES.
    pub fn letter(&self, state: usize) -> char {
        match self.part(state).0 {
            Part::Outside => 'O',
            Part::Begin => 'B',
            Part::Single => 'S',
            Part::Inside => 'I',
            Part::End => 'E',
        }
    }

    /// Whether a segment goes on after `state`.
    fn is_open(&self, state: usize) -> bool {
        matches!(self.part(state).0, Part::Begin | Part::Inside)
    }

    /// Whether `state` goes on with a segment.
    fn continues(&self, state: usize) -> bool {
        matches!(self.part(state).0, Part::Inside | Part::End)
    }

    /// Whether `to` may follow `from`.
    pub fn allowed(&self, from: usize, to: usize) -> bool {
        if self.is_open(from) {
            self.continues(to) && self.part(from).1 == self.part(to).1
        } else {
            !self.continues(to)
        }
    }

    /// Whether a sequence may start with `state`.
    pub fn may_start(&self, state: usize) -> bool {
        !self.continues(state)
    }

    /// Whether a sequence may end with `state`.
    pub fn may_end(&self, state: usize) -> bool {
        !self.is_open(state)
    }

    /// The states of `len` tokens with these disjoint segments; segments of labels without states are left out.
    pub fn encode(&self, len: usize, segments: &[Segment]) -> Vec<usize> {
        let k = self.labels.len();
        let mut states = vec![0; len];
        for segment in segments {
            let Ok(label) = self.labels.binary_search(&segment.label) else {
                continue;
            };
            if segment.first == segment.last {
                states[segment.first] = 1 + k + label;
            } else {
                let inside = 1 + 2 * k + 2 * label;
                states[segment.first..=segment.last].fill(inside);
                states[segment.first] = 1 + label;
                states[segment.last] = inside + 1;
            }
        }
        states
    }

    /// The segments of a valid state sequence, in order.
    pub fn decode(&self, states: &[usize]) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut first = 0;
        for (last, &state) in states.iter().enumerate() {
            let (part, label) = self.part(state);
            if matches!(part, Part::Begin | Part::Single) {
                first = last;
            }
            if matches!(part, Part::Single | Part::End) {
                segments.push(Segment { first, last, label: self.labels[label] });
            }
        }
        segments
    }
}

/// The byte ranges of segments, in the same order.
pub(crate) fn to_spans(segments: &[Segment], tokens: &[(u32, u32)]) -> Vec<Span> {
    segments.iter().map(|s| Span { start: tokens[s.first].0, end: tokens[s.last].1, label: s.label }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(start: u32, end: u32, label: LabelId) -> Span {
        Span { start, end, label }
    }

    #[test]
    fn edges_inside_a_token_take_the_whole_token_and_are_counted() {
        let tokens = [(0, 5), (6, 9), (10, 14)];
        let (segments, alignment) = place(&[span(2, 9, 0), span(10, 14, 1)], &tokens);
        assert_eq!(segments, [Segment { first: 0, last: 1, label: 0 }, Segment { first: 2, last: 2, label: 1 }]);
        assert_eq!(alignment, Alignment { spans: 2, misaligned: 1, overlapping: 0 });
        // A span over the space between two tokens overlaps none of them.
        let (segments, alignment) = place(&[span(5, 6, 0)], &tokens);
        assert!(segments.is_empty());
        assert_eq!(alignment, Alignment { spans: 1, misaligned: 1, overlapping: 0 });
    }

    #[test]
    fn of_overlapping_spans_the_longer_is_learnt() {
        let tokens = [(0, 1), (2, 3), (4, 5)];
        let (segments, alignment) = place(&[span(0, 1, 0), span(0, 3, 0), span(2, 5, 0), span(4, 5, 1)], &tokens);
        // Of two equally long the earlier.
        assert_eq!(segments, [Segment { first: 0, last: 1, label: 0 }, Segment { first: 2, last: 2, label: 1 }]);
        assert_eq!(alignment, Alignment { spans: 4, misaligned: 0, overlapping: 2 });
    }

    /// Random disjoint segments over `len` tokens.
    fn segments(len: usize) -> impl Strategy<Value = Vec<Segment>> {
        proptest::collection::vec((0..3usize, 1..4usize, 0..3u32), 0..6).prop_map(move |steps| {
            let (mut at, mut out) = (0, Vec::new());
            for (gap, width, label) in steps {
                let first = at + gap;
                if first + width > len {
                    break;
                }
                out.push(Segment { first, last: first + width - 1, label: [1, 4, 7][label as usize] });
                at = first + width;
            }
            out
        })
    }

    proptest! {
        #[test]
        fn segments_survive_the_round_trip_and_are_valid_tags(segments in segments(12)) {
            let tags = Tags::new(vec![1, 4, 7]);
            let states = tags.encode(12, &segments);
            prop_assert!(tags.may_start(states[0]) && tags.may_end(states[11]));
            prop_assert!(states.windows(2).all(|w| tags.allowed(w[0], w[1])));
            prop_assert_eq!(tags.decode(&states), segments);
        }

        #[test]
        fn every_state_has_a_way_on(from in 0usize..13) {
            let tags = Tags::new(vec![0, 1, 2]);
            prop_assert!((0..tags.len()).any(|to| tags.allowed(from, to) && tags.may_end(to)));
        }
    }
}

//! Units from documents, for every way of counting at once.

use std::collections::BTreeMap;

use super::{SpanCounts, SpanDocument, SpanMatch, SpanOptions, SpanUnits, TypeCounts};
use crate::LabelId;
use crate::counts::Tally;

/// The units of documents: by way of matching, and with tokens and characters as items.
#[derive(Debug, Clone)]
pub struct DocumentUnits {
    ways: [SpanUnits; 6],
    tokens: bool,
    characters: bool,
}

/// The counts of a type in the four ways of matching, then of tokens and of characters.
type Ways = [TypeCounts; 6];

impl DocumentUnits {
    /// The units of `documents`, each counted on its own. Documents of the same cluster make one unit; without clusters
    /// each document is one. Panics when there are fewer cluster numbers than documents.
    pub fn new<'a>(
        documents: impl IntoIterator<Item = SpanDocument<'a>>,
        clusters: Option<&[u32]>,
        labels: usize,
        options: SpanOptions,
    ) -> Self {
        let mut builder = DocumentUnitsBuilder::new(labels, options);
        let mut sums: BTreeMap<u32, BTreeMap<LabelId, Ways>> = BTreeMap::new();
        for (row, document) in documents.into_iter().enumerate() {
            builder.count(&document);
            match clusters {
                None => builder.add_counted(),
                Some(clusters) => {
                    let cluster = sums.entry(clusters[row]).or_default();
                    for (label, here) in &builder.counted {
                        let sum = cluster.entry(*label).or_default();
                        sum.iter_mut().zip(here).for_each(|(sum, here)| sum.merge(*here));
                    }
                }
            }
        }
        for cluster in sums.into_values() {
            builder.counted.clear();
            builder.counted.extend(cluster);
            builder.add_counted();
        }
        let (tokens, characters) = (builder.counts.tokens().is_some(), builder.counts.characters().is_some());
        Self { tokens, characters, ..builder.finish() }
    }

    /// The units under a way of matching.
    pub fn of(&self, matching: SpanMatch) -> &SpanUnits {
        &self.ways[matching as usize]
    }

    /// The units with tokens as items; `None` when some document had no tokens.
    pub fn tokens(&self) -> Option<&SpanUnits> {
        self.tokens.then_some(&self.ways[4])
    }

    /// The units with characters as items; `None` when some document had no text.
    pub fn characters(&self) -> Option<&SpanUnits> {
        self.characters.then_some(&self.ways[5])
    }
}

/// The units of documents that come one by one, or as counts; mergeable.
#[derive(Debug, Clone)]
pub struct DocumentUnitsBuilder {
    ways: [SpanUnits; 6],
    counts: SpanCounts,
    occurring: Vec<LabelId>,
    /// The counts of the document at hand, by label.
    counted: Vec<(LabelId, Ways)>,
}

impl DocumentUnitsBuilder {
    /// No unit yet, for `labels` types.
    pub fn new(labels: usize, options: SpanOptions) -> Self {
        let ways = [(); 6].map(|()| SpanUnits::new(labels));
        Self { ways, counts: SpanCounts::new(labels, options), occurring: Vec::new(), counted: Vec::new() }
    }

    fn count(&mut self, document: &SpanDocument) {
        self.counts.add(document);
        self.occurring.clear();
        self.occurring.extend(document.gold.iter().chain(document.predicted).map(|span| span.label));
        self.occurring.sort_unstable();
        self.occurring.dedup();
        self.counted.clear();
        self.counted.extend(self.occurring.iter().map(|&label| (label, of(&self.counts, label))));
        self.counts.forget(&self.occurring);
    }

    fn add_counted(&mut self) {
        add(&mut self.ways, &self.counted);
    }

    /// Adds a document as a unit, by its spans; tokens of it are not counted.
    pub fn add_spans(&mut self, document: &SpanDocument) {
        self.count(&SpanDocument::new(document.gold, document.predicted));
        add(&mut self.ways[..4], &self.counted);
    }

    /// Adds `times` units whose spans are right, or overlap none of the other side: they count the same in all ways of
    /// matching. Cells are the counts of the types that occur, labels ascending.
    pub fn add_plain(&mut self, cells: &[(LabelId, Tally)], times: u64) {
        self.ways[..4].iter_mut().for_each(|units| units.add_tallies(cells, times));
    }

    /// Adds the tokens of `times` units, as [`Self::add_plain`].
    pub fn add_tokens(&mut self, cells: &[(LabelId, Tally)], times: u64) {
        self.ways[4].add_tallies(cells, times);
    }

    /// Adds another part's units, of the same types.
    pub fn merge(&mut self, other: &Self) {
        self.ways.iter_mut().zip(&other.ways).for_each(|(mine, theirs)| mine.merge(theirs));
    }

    /// The units, those of tokens among them.
    pub fn finish(self) -> DocumentUnits {
        DocumentUnits { ways: self.ways.map(SpanUnits::finish), tokens: true, characters: false }
    }
}

fn of(counts: &SpanCounts, label: LabelId) -> Ways {
    let [strict, exact, partial, kind] = SpanMatch::ALL.map(|matching| counts.counts(matching, label));
    let [tokens, characters] = counts.items(label);
    [strict, exact, partial, kind, tokens, characters]
}

/// Adds one unit. A type without any token in its spans does not occur among tokens.
fn add(ways: &mut [SpanUnits], types: &[(LabelId, Ways)]) {
    for (way, units) in ways.iter_mut().enumerate() {
        let here = types.iter().map(|(label, counts)| (*label, counts[way]));
        units.add_sparse(here.filter(|(_, counts)| counts.occurs()));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::stats::bootstrap;
    use crate::{Rng, Span};

    fn documents(rng: &mut Rng) -> Vec<(Vec<Span>, Vec<Span>)> {
        let spans = |rng: &mut Rng| {
            let mut at = rng.below(3) as u32;
            let mut spans = Vec::new();
            for _ in 0..rng.below(4) {
                let end = at + 1 + rng.below(2) as u32;
                spans.push(Span { start: at, end, label: rng.below(2) as u32 });
                at = end + rng.below(2) as u32;
            }
            spans
        };
        (0..300)
            .map(|_| {
                let gold = spans(rng);
                let predicted = if rng.unit() < 0.6 { gold.clone() } else { spans(rng) };
                (gold, predicted)
            })
            .collect()
    }

    #[test]
    fn f1_is_that_of_the_counts_with_the_spread_of_resamples() {
        let documents = documents(&mut Rng::new(5));
        let views = || documents.iter().map(|(gold, predicted)| SpanDocument::new(gold, predicted));
        let units = DocumentUnits::new(views(), None, 2, SpanOptions::default());
        let mut counts = SpanCounts::new(2, SpanOptions::default());
        views().for_each(|document| counts.add(&document));
        for matching in SpanMatch::ALL {
            let (units, scores) = (units.of(matching), counts.scores(matching));
            let f1 = units.f1().unwrap();
            assert!((f1.value - scores.micro.f1.unwrap()).abs() < 1e-12, "{matching:?}");
            for (label, counts) in scores.types.iter().enumerate() {
                let of_label = units.label_f1(label as LabelId).unwrap();
                assert!((of_label.value - counts.f1().unwrap()).abs() < 1e-12, "{matching:?} {label}");
            }
            let drawn = bootstrap(units.times(), 2_000, 1, units);
            let (low, high) = drawn[2].interval.unwrap();
            let (ours, theirs) = (2.0 * crate::stats::Z95 * f1.error.unwrap(), high - low);
            assert!((ours / theirs - 1.0).abs() < 0.1, "{matching:?}: {ours} {theirs}");
        }
    }

    #[test]
    fn units_that_come_as_counts_are_those_of_spans() {
        let documents = documents(&mut Rng::new(6));
        let views = || documents.iter().map(|(gold, predicted)| SpanDocument::new(gold, predicted));
        let whole = DocumentUnits::new(views(), None, 2, SpanOptions::default());
        let mut parts = [(); 2].map(|()| DocumentUnitsBuilder::new(2, SpanOptions::default()));
        for (number, document) in views().enumerate() {
            let part = &mut parts[number % 2];
            if document.gold != document.predicted {
                part.add_spans(&document);
                continue;
            }
            let mut cells: BTreeMap<LabelId, Tally> = BTreeMap::new();
            document.gold.iter().for_each(|span| cells.entry(span.label).or_default().tp += 1);
            part.add_plain(&cells.into_iter().collect::<Vec<_>>(), 1);
        }
        let [mut first, second] = parts;
        first.merge(&second);
        let merged = first.finish();
        for matching in SpanMatch::ALL {
            let (a, b) = (whole.of(matching), merged.of(matching));
            assert_eq!((a.times(), a.f1(), a.recall()), (b.times(), b.f1(), b.recall()), "{matching:?}");
        }
    }
}

//! Units from documents, for every way of counting at once.

use std::collections::BTreeMap;

use super::{SpanCounts, SpanDocument, SpanMatch, SpanOptions, SpanUnits, TypeCounts};
use crate::LabelId;

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
        let mut ways = [(); 6].map(|()| SpanUnits::new(labels));
        let mut counts = SpanCounts::new(labels, options);
        let mut occurring: Vec<LabelId> = Vec::new();
        let mut sums: BTreeMap<u32, BTreeMap<LabelId, Ways>> = BTreeMap::new();
        let mut document_counts: Vec<(LabelId, Ways)> = Vec::new();
        for (row, document) in documents.into_iter().enumerate() {
            counts.add(&document);
            occurring.clear();
            occurring.extend(document.gold.iter().chain(document.predicted).map(|span| span.label));
            occurring.sort_unstable();
            occurring.dedup();
            document_counts.clear();
            document_counts.extend(occurring.iter().map(|&label| (label, of(&counts, label))));
            counts.forget(&occurring);
            match clusters {
                None => add(&mut ways, &document_counts),
                Some(clusters) => {
                    let cluster = sums.entry(clusters[row]).or_default();
                    for (label, here) in &document_counts {
                        let sum = cluster.entry(*label).or_default();
                        sum.iter_mut().zip(here).for_each(|(sum, here)| sum.merge(*here));
                    }
                }
            }
        }
        for cluster in sums.into_values() {
            document_counts.clear();
            document_counts.extend(cluster);
            add(&mut ways, &document_counts);
        }
        let (tokens, characters) = (counts.tokens().is_some(), counts.characters().is_some());
        Self { ways: ways.map(SpanUnits::finish), tokens, characters }
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

fn of(counts: &SpanCounts, label: LabelId) -> Ways {
    let [strict, exact, partial, kind] = SpanMatch::ALL.map(|matching| counts.counts(matching, label));
    let [tokens, characters] = counts.items(label);
    [strict, exact, partial, kind, tokens, characters]
}

/// Adds one unit. A type without any token in its spans does not occur among tokens.
fn add(ways: &mut [SpanUnits; 6], types: &[(LabelId, Ways)]) {
    for (way, units) in ways.iter_mut().enumerate() {
        let here = types.iter().map(|(label, counts)| (*label, counts[way]));
        units.add_sparse(here.filter(|(_, counts)| counts.occurs()));
    }
}

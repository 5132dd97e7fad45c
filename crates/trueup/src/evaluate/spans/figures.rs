//! Mistakes and pairs of types as the document has them.

use trueup_core::document::{Mistake, QuotedSpan, SpanPair, TypeCell};
use trueup_core::spans::{FoundPair, Mistakes};
use trueup_core::{LabelSet, Span};

/// The kinds of mistakes. `quote` tells the id of a document and the words of its spans.
pub fn mistakes(
    counts: &Mistakes,
    labels: &LabelSet,
    quote: &dyn Fn(u32, &Span) -> String,
    id: &dyn Fn(u32) -> String,
) -> Vec<Mistake> {
    let all = counts.count().max(1) as f64;
    let row = |(kind, of): (trueup_core::spans::MistakeKind, &trueup_core::spans::MistakeCounts)| Mistake {
        kind: kind.name().to_owned(),
        edges: kind.detail().map(|(edges, _)| edges.to_owned()),
        extent: kind.detail().map(|(_, extent)| extent.to_owned()),
        count: of.count,
        share: of.count as f64 / all,
        gold: of.gold,
        predicted: of.predicted,
        examples: of.examples.iter().map(|pair| span_pair(pair, labels, quote, id)).collect(),
    };
    counts.kinds().map(row).collect()
}

/// Which type is taken for which.
pub fn type_cells(
    counts: &Mistakes,
    labels: &LabelSet,
    quote: &dyn Fn(u32, &Span) -> String,
    id: &dyn Fn(u32) -> String,
) -> Vec<TypeCell> {
    let name = |label: Option<u32>| label.map(|label| labels.name(label).to_owned());
    counts
        .types()
        .map(|(gold, predicted, of)| TypeCell {
            gold: name(gold),
            predicted: name(predicted),
            count: of.count,
            equal: of.equal,
            examples: of.examples.iter().map(|pair| span_pair(pair, labels, quote, id)).collect(),
        })
        .collect()
}

fn span_pair(
    pair: &FoundPair,
    labels: &LabelSet,
    quote: &dyn Fn(u32, &Span) -> String,
    id: &dyn Fn(u32) -> String,
) -> SpanPair {
    let quoted =
        |span: &Span| QuotedSpan { label: labels.name(span.label).to_owned(), text: quote(pair.document, span) };
    SpanPair {
        id: id(pair.document),
        gold: pair.gold.as_ref().map(quoted),
        predicted: pair.predicted.as_ref().map(quoted),
    }
}

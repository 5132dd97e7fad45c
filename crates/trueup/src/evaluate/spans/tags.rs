//! The raw tags of gold and prediction, for what depends on how they are read.

use trueup_core::scheme::{self, Decoded, Scheme, Tag};
use trueup_core::spans::{CompatCounts, Decoding, TagTable};
use trueup_core::{Annotation, Dataset, LabelSet, Predictions, Span};
use trueup_data::TagRows;

/// How many gold tags the scheme does not allow where they stand; `None` where a token has no tag.
pub fn invalid_gold(data: &Dataset, scheme: Scheme) -> Option<u64> {
    let TagRows { names, rows } = TagRows::of(data)?;
    let table = TagTable::read(&names, scheme::detect_style(names.iter().map(String::as_str)));
    Some(invalid(&table, &rows, scheme))
}

fn invalid(table: &TagTable, rows: &[Vec<u32>], scheme: Scheme) -> u64 {
    let mut decoded = Decoded::default();
    let count = |row: &Vec<u32>| {
        let tags: Vec<Tag<u32>> = row.iter().map(|&number| table.tags[number as usize]).collect();
        Decoding::Strict(scheme).decode_into(&tags, table.bare, &mut decoded);
        decoded.invalid.len() as u64
    };
    rows.iter().map(count).sum()
}

/// The tags of both sides of sentences whose tokens are the same.
pub struct Tagged {
    table: TagTable,
    gold: Vec<Vec<u32>>,
    predicted: Vec<Vec<u32>>,
    scheme: Scheme,
}

impl Tagged {
    /// The tags of the gold of `data` and of the answers; `None` where a token has none.
    pub fn new(data: &Dataset, predicted: TagRows, scheme: Scheme) -> Option<Self> {
        let gold = TagRows::of(data)?;
        let fits = gold.rows.len() == predicted.rows.len()
            && gold.rows.iter().zip(&predicted.rows).all(|(gold, predicted)| gold.len() == predicted.len());
        if !fits {
            return None;
        }
        let mut names = gold.names;
        let place = |name: String| {
            names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            }) as u32
        };
        let map: Vec<u32> = predicted.names.into_iter().map(place).collect();
        let rows =
            predicted.rows.into_iter().map(|row| row.into_iter().map(|tag| map[tag as usize]).collect()).collect();
        let style = scheme::detect_style(names.iter().map(String::as_str));
        Some(Self { table: TagTable::read(&names, style), gold: gold.rows, predicted: rows, scheme })
    }

    /// Tags of gold, and of predictions, that the scheme does not allow where they stand.
    pub fn invalid(&self) -> [u64; 2] {
        [&self.gold, &self.predicted].map(|rows| invalid(&self.table, rows, self.scheme))
    }

    /// Counts as another tool does.
    pub fn count(&self, counts: impl Fn(&LabelSet, Option<u32>, Scheme) -> CompatCounts) -> CompatCounts {
        let mut counts = counts(&self.table.labels, self.table.bare, self.scheme);
        for (gold, predicted) in self.gold.iter().zip(&self.predicted) {
            counts.add_tags(&self.table, gold, predicted);
        }
        counts
    }

    /// Gold and answers as conlleval reads the tags, over one label set.
    pub fn as_conlleval(&self, data: &Dataset) -> (LabelSet, Vec<Annotation>, Predictions) {
        let mut decoded = Decoded::default();
        let mut read = |rows: &[Vec<u32>]| -> Vec<Annotation> {
            let sentences = rows.iter().zip(&data.examples);
            sentences
                .map(|(row, example)| {
                    Decoding::Conlleval.decode_into(&self.tags(row), self.table.bare, &mut decoded);
                    let span = |&(first, last, label): &(usize, usize, u32)| Span {
                        start: example.tokens[first].start,
                        end: example.tokens[last - 1].end,
                        label,
                    };
                    let mut spans: Vec<Span> = decoded.chunks.iter().map(span).collect();
                    spans.sort_unstable();
                    Annotation::Spans(spans)
                })
                .collect()
        };
        let (gold, answers) = (read(&self.gold), read(&self.predicted));
        let labels = self.table.labels.clone();
        (labels.clone(), gold, Predictions { labels, answers, scores: None, span_scores: None })
    }

    fn tags(&self, row: &[u32]) -> Vec<Tag<u32>> {
        row.iter().map(|&number| self.table.tags[number as usize]).collect()
    }
}

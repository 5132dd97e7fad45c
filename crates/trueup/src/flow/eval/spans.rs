//! What an evaluation says of spans besides the metrics.

use trueup_core::document::{Confusion, InvalidTags, MatchRow, RiskCoveragePoint, SpanFigures};
use trueup_core::measure::{MeasureOptions, Measures, Selection};
use trueup_core::scheme::Scheme;
use trueup_core::spans::{DocumentUnits, Mistakes, SpanMatch, SpanUnits, Way};
use trueup_core::{Dataset, Pair, Predictions, Span, Task};

use super::Measuring;
use crate::error::Error;
use crate::evaluate::spans::{self, Mentions, Tagged};
use crate::options::EvalOptions;

/// Spans with their texts.
pub(super) struct Spans<'a> {
    data: &'a Dataset,
    pair: &'a Pair<'a>,
    train: Option<&'a Dataset>,
    mentions: Mentions<'a>,
}

/// What was found, and what goes with it.
pub(super) struct Found {
    pub figures: SpanFigures,
    /// Types by types of strict pairs.
    pub confusion: Option<Confusion>,
    pub points: Vec<RiskCoveragePoint>,
}

impl<'a> Spans<'a> {
    pub fn new(data: &'a Dataset, pair: &'a Pair<'a>, train: Option<&'a Dataset>) -> Self {
        Self { data, pair, train, mentions: Mentions::new(data) }
    }

    /// The units of some rows for all ways; of characters only when they are asked for.
    fn units(&self, rows: &[usize], way: Way) -> DocumentUnits {
        spans::document_units(self.data, self.pair, rows, &self.mentions.tokens, way == Way::Character)
    }

    fn invalid_tags(&self, (tagged, scheme): (Option<&Tagged>, Option<Scheme>)) -> Option<InvalidTags> {
        let scheme = scheme?;
        let (gold, predicted) = match tagged.map(Tagged::invalid) {
            Some([gold, predicted]) => (gold, Some(predicted)),
            None => (spans::invalid_gold(self.data, scheme)?, None),
        };
        Some(invalid_tags(scheme, gold, predicted))
    }

    /// All that there is to say. `strict` measures the whole by strict matching.
    pub fn figures(
        &self,
        options: &EvalOptions,
        measuring: &Measuring,
        headline: &Measures,
        predictions: &Predictions,
        tags: (Option<&Tagged>, Option<Scheme>),
        strict: impl Fn(&MeasureOptions) -> Measures,
    ) -> Found {
        let all: Vec<usize> = (0..self.pair.len()).collect();
        let units = self.units(&all, options.way);
        let (strict, confusion) = if options.way == Way::Strict {
            (spans::strict_row(Way::Strict, &headline.metrics), None)
        } else {
            let names = ["precision", "recall", "f1"];
            let metrics = Selection::named(Task::Ner, &names).unwrap_or(Selection::Default);
            let measures = strict(&MeasureOptions { metrics, ..measuring.asked.clone() });
            (spans::strict_row(Way::Strict, &measures.metrics), measures.confusion)
        };
        let conlleval = (options.way == Way::Conlleval).then(|| spans::strict_row(Way::Conlleval, &headline.metrics));
        let character = units.characters();
        let mut found = Mistakes::new();
        for (row, (gold, answer)) in self.pair.gold().iter().zip(self.pair.predicted()).enumerate() {
            if gold == answer {
                gold.spans().iter().for_each(|span| found.add_right(span.label, 1));
            } else {
                found.add(row as u32, gold.spans(), answer.spans());
            }
        }
        let quote = |row: u32, span: &Span| {
            self.data.examples[row as usize].text.get(span.range()).unwrap_or_default().to_owned()
        };
        let id = |row: u32| self.data.examples[row as usize].id.clone();
        let [by_seen, by_consistency] = self
            .train
            .map_or_else(Default::default, |train| self.mentions.by_training(train, self.pair, options.intervals));
        let calibration = spans::calibration(self.pair, predictions, &measuring.asked);
        let (calibration, points) = calibration.map_or((None, Vec::new()), |(figures, points)| (Some(figures), points));
        let figures = SpanFigures {
            matching: options.way.name().to_owned(),
            matchings: matchings(strict, &units, conlleval, character, options.intervals),
            mistakes: spans::mistakes(&found, self.pair.labels(), &quote, &id),
            types: spans::type_cells(&found, self.pair.labels(), &quote, &id),
            invalid_tags: self.invalid_tags(tags),
            by_length: self.mentions.by_length(self.pair, options.intervals),
            by_seen,
            by_consistency,
            calibration,
        };
        Found { figures, confusion, points }
    }
}

/// The metrics of some rows by another way than strict matching.
///
/// # Errors
///
/// When there is no text to count characters or tokens of, or a metric is named that this way does not have.
pub(super) fn way_figures(
    way: Way,
    spans: &Spans,
    rows: &[usize],
    pair: &Pair,
    how: &MeasureOptions,
) -> Result<Measures, Error> {
    let units = spans.units(rows, way);
    let units = match (way, way.matching()) {
        (_, Some(matching)) => Some(units.of(matching)),
        (Way::Token, None) => units.tokens(),
        _ => units.characters(),
    };
    let units = units.ok_or_else(|| Error::Unfit {
        option: "--match",
        why: format!("there are no texts to count the {}s of", way.name()),
        hint: "--match exact, partial and type compare spans by their ends alone".to_owned(),
    })?;
    spans::matched(way, units, pair, how)
}

/// The table of ways: the four that match spans, then what else was measured.
pub(super) fn matchings(
    strict: MatchRow,
    units: &DocumentUnits,
    conlleval: Option<MatchRow>,
    character: Option<&SpanUnits>,
    intervals: bool,
) -> Vec<MatchRow> {
    let row = |way: Way, units: &SpanUnits| spans::match_row(way, units, intervals);
    let others = [(Way::Exact, SpanMatch::Exact), (Way::Partial, SpanMatch::Partial), (Way::Type, SpanMatch::Type)];
    let mut rows = vec![strict];
    rows.extend(others.into_iter().map(|(way, matching)| row(way, units.of(matching))));
    rows.extend(units.tokens().map(|units| row(Way::Token, units)));
    rows.extend(character.map(|units| row(Way::Character, units)));
    rows.extend(conlleval);
    rows
}

pub(super) fn invalid_tags(scheme: Scheme, gold: u64, predicted: Option<u64>) -> InvalidTags {
    InvalidTags { scheme: scheme.name().to_owned(), gold, predicted }
}

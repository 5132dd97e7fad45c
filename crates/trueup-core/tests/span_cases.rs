//! Spans by hand: outcomes, kinds of errors, the confusion matrix, intervals, training, calibration.

#![allow(clippy::unwrap_used, clippy::float_cmp)]

use trueup_core::document::Mark;
use trueup_core::spans::{
    Breakdown, DocumentErrors, DocumentUnits, Edges, ErrorKind, Extent, LengthBucket, SPAN_STATISTICS, SpanCalibration,
    SpanCounts, SpanDocument, SpanErrors, SpanMatch, SpanOptions, SpanSide, TrainingIndex, marks,
};
use trueup_core::stats::bootstrap;
use trueup_core::{Span, Token};

fn span(start: u32, end: u32, label: u32) -> Span {
    Span { start, end, label }
}

#[test]
fn outcomes_of_semeval_by_hand() {
    // Gold PER 0..4, LOC 5..9, ORG 10..14, PER 20..24; predicted PER 0..4, LOC 5..8, LOC 10..14, ORG 30..34.
    let gold = [span(0, 4, 0), span(5, 9, 1), span(10, 14, 2), span(20, 24, 0)];
    let predicted = [span(0, 4, 0), span(5, 8, 1), span(10, 14, 1), span(30, 34, 2)];
    let mut counts = SpanCounts::new(3, SpanOptions::default());
    counts.add(&SpanDocument::new(&gold, &predicted));
    let outcomes = |matching| {
        let total = counts.total(matching);
        [total.gold.correct, total.gold.incorrect, total.gold.partial, total.gold.alone, total.predicted.alone]
    };
    assert_eq!(outcomes(SpanMatch::Strict), [1, 2, 0, 1, 1]);
    assert_eq!(outcomes(SpanMatch::Exact), [2, 1, 0, 1, 1]);
    assert_eq!(outcomes(SpanMatch::Partial), [2, 0, 1, 1, 1]);
    assert_eq!(outcomes(SpanMatch::Type), [2, 1, 0, 1, 1]);
    assert_eq!(counts.total(SpanMatch::Partial).recall(), Some(0.625));
    let scores = counts.scores(SpanMatch::Strict);
    assert_eq!((scores.types[0].precision(), scores.types[0].recall()), (Some(1.0), Some(0.5)));
    assert_eq!(scores.macro_.f1, Some((2.0 / 3.0) / 3.0));
    assert_eq!(scores.weighted.recall, Some(0.25));
}

#[test]
fn every_kind_of_error_by_hand() {
    use ErrorKind::{Boundary, Correct, Merged, Missed, Split, Spurious, TypeAndBoundary, WrongType};
    let of = |gold: &[Span], predicted: &[Span]| {
        let errors = DocumentErrors::of(gold, predicted);
        let kinds = |side: &[(ErrorKind, Option<u32>)]| side.iter().map(|(kind, _)| *kind).collect::<Vec<_>>();
        (kinds(&errors.gold), kinds(&errors.predicted))
    };
    let one = |predicted: Span| of(&[span(10, 20, 0)], &[predicted]).0[0];
    assert_eq!(one(span(10, 20, 0)), Correct);
    assert_eq!(one(span(10, 20, 1)), WrongType);
    assert_eq!(one(span(8, 20, 0)), Boundary(Edges::Left, Extent::Longer));
    assert_eq!(one(span(12, 20, 0)), Boundary(Edges::Left, Extent::Shorter));
    assert_eq!(one(span(10, 25, 0)), Boundary(Edges::Right, Extent::Longer));
    assert_eq!(one(span(10, 12, 0)), Boundary(Edges::Right, Extent::Shorter));
    assert_eq!(one(span(8, 22, 0)), Boundary(Edges::Both, Extent::Longer));
    assert_eq!(one(span(12, 18, 0)), Boundary(Edges::Both, Extent::Shorter));
    assert_eq!(one(span(15, 25, 0)), Boundary(Edges::Both, Extent::Shifted));
    assert_eq!(one(span(12, 20, 2)), TypeAndBoundary(Edges::Left, Extent::Shorter));
    assert_eq!(one(span(20, 25, 0)), Missed);
    assert_eq!(of(&[span(0, 4, 0)], &[span(5, 6, 0)]).1, [Spurious]);
    assert_eq!(of(&[span(0, 9, 0)], &[span(0, 4, 0), span(5, 9, 1)]), (vec![Split], vec![Split; 2]));
    assert_eq!(of(&[span(0, 4, 0), span(5, 9, 0)], &[span(0, 9, 0)]), (vec![Merged; 2], vec![Merged]));
    // Nested predictions are no split: one is paired, the other has no gold left.
    let nested = of(&[span(0, 9, 0)], &[span(0, 8, 0), span(0, 3, 0)]);
    assert_eq!(nested.1, [Boundary(Edges::Right, Extent::Shorter), Spurious]);
    // A piece whose range is gold is right, and the rest of the long span is not split with it.
    let inner = of(&[span(0, 9, 0), span(0, 3, 1)], &[span(0, 3, 1), span(4, 9, 0)]);
    assert_eq!(inner.0, [Boundary(Edges::Left, Extent::Shorter), Correct]);
}

#[test]
fn cells_of_the_matrix_name_their_spans() {
    let mut errors = SpanErrors::new(2);
    errors.add(4, &[span(0, 4, 0), span(6, 8, 1)], &[span(9, 10, 0), span(0, 4, 1)]);
    assert_eq!(errors.matrix(), [[0, 1, 0], [0, 0, 1], [1, 0, 0]]);
    let cell = errors.cell(Some(0), Some(1)).unwrap();
    assert_eq!((cell.equal, cell.overlapping), (1, 0));
    assert_eq!((cell.pairs[0].document, cell.pairs[0].gold, cell.pairs[0].predicted), (4, Some(0), Some(1)));
    let missed = errors.cell(Some(1), None).unwrap();
    assert_eq!((missed.count(), missed.pairs[0].gold, missed.pairs[0].predicted), (1, Some(1), None));
    assert_eq!(errors.cell(None, Some(0)).unwrap().pairs[0].predicted, Some(0));
}

#[test]
fn intervals_come_from_the_units() {
    let documents: Vec<(Vec<Span>, Vec<Span>)> =
        (0..40).map(|i| (vec![span(0, 4, i % 2)], vec![span(0, 4, u32::from(i % 5 == 0 || i % 2 == 1))])).collect();
    let each = documents.iter().map(|(gold, predicted)| SpanDocument::new(gold, predicted));
    let units = DocumentUnits::new(each, None, 2, SpanOptions::default());
    let units = units.of(SpanMatch::Strict);
    // Only three kinds of documents differ in their counts.
    assert_eq!((units.times().len(), units.units()), (3, 40));
    let resampled = bootstrap(units.times(), 500, 42, units);
    let place = SPAN_STATISTICS.iter().position(|name| *name == "f1_macro").unwrap();
    let (low, high) = resampled[place].interval.unwrap();
    let value = resampled[place].value.unwrap();
    assert!(low < value && value < high && low > 0.7 && high < 1.0, "{low} {value} {high}");
}

#[test]
fn mentions_seen_in_training_are_told_apart() {
    let mut index = TrainingIndex::new();
    let text = "Paris met Paris in Paris";
    let tokens: Vec<Token> =
        [(0, 5), (6, 9), (10, 15), (16, 18), (19, 24)].map(|(start, end)| Token { start, end, tag: None }).to_vec();
    let gold = [span(0, 5, 0), span(10, 15, 1)];
    index.add_document(text, &gold);
    assert_eq!((index.len(), index.consistency("Paris", 0)), (1, Some(0.5)));
    index.add_unlabelled(text, &tokens, &gold);
    assert_eq!(index.consistency("Paris", 0), Some(1.0 / 3.0));
    let mut doubled = index.clone();
    doubled.merge(&index);
    assert_eq!(doubled.consistency("Paris", 1), Some(1.0 / 3.0));
    assert_eq!((index.seen("Paris", 2).name(), index.seen("Rome", 0).name()), ("seen-other-type", "unseen"));
    let test = "Rome and Paris";
    let (gold, predicted) = ([span(0, 4, 0), span(9, 14, 0)], [span(5, 8, 0), span(9, 14, 0)]);
    let mut seen = Breakdown::new();
    seen.add(&gold, &predicted, |span| index.seen_span(test, span).name());
    assert_eq!((seen.get(&"seen").recall(), seen.get(&"seen").precision()), (Some(1.0), Some(1.0)));
    assert_eq!((seen.get(&"unseen").recall(), seen.get(&"unseen").f1()), (Some(0.0), Some(0.0)));
    assert_eq!(seen.get(&"seen-other-type").recall(), None);
    let mut consistency = Breakdown::new();
    consistency.add(&gold, &predicted, |span| index.consistency_of_span(test, span).name());
    assert_eq!(consistency.buckets().map(|(name, _)| *name).collect::<Vec<_>>(), ["(0, 0.5]", "unseen"]);
    assert_eq!(LengthBucket::of_span(&span(0, 15, 0), &tokens).name(), "3");
    assert_eq!(LengthBucket::of_span(&span(5, 6, 0), &tokens).name(), "0");
}

#[test]
fn scores_of_spans_are_held_against_what_is_right() {
    let gold = [span(0, 4, 0), span(5, 9, 0), span(10, 12, 1)];
    let predicted = [span(0, 4, 0), span(5, 8, 0), span(10, 12, 1), span(20, 22, 1)];
    let mut calibration = SpanCalibration::new();
    calibration.add(&gold, &predicted, &[1.0, 0.5, 0.5, 0.25]).unwrap();
    let report = calibration.report(4);
    // Right: yes, no, yes, no. Bins (0, 0.25], (0.25, 0.5], (0.5, 0.75], (0.75, 1].
    assert_eq!(report.brier, Some((0.0 + 0.25 + 0.25 + 0.0625) / 4.0));
    assert_eq!(report.ece, Some((0.25 + 0.0 + 0.0) / 4.0));
    assert_eq!(report.bins.iter().map(|bin| bin.spans).collect::<Vec<_>>(), [1, 2, 0, 1]);
    let points: Vec<_> = report.risk_coverage.iter().map(|p| (p.threshold, p.coverage, p.risk, p.recall)).collect();
    assert_eq!(points[0], (1.0, 0.25, 0.0, Some(1.0 / 3.0)));
    assert_eq!(points[1], (0.5, 0.75, 1.0 / 3.0, Some(2.0 / 3.0)));
    assert_eq!(points[2], (0.25, 1.0, 0.5, Some(2.0 / 3.0)));
    let expected = (0.0 + 0.5 / 2.0 + 1.0 / 3.0 + 2.0 / 4.0) / 4.0;
    assert!((report.aurc.unwrap() - expected).abs() < 1e-12);
    let message = calibration.add(&gold, &predicted[..1], &[f64::NAN]).unwrap_err().to_string();
    assert!(message.contains("score NaN of predicted span 0"), "{message}");
    assert!(calibration.add(&gold, &predicted, &[0.5]).is_err());
    assert_eq!(SpanCalibration::new().report(15).ece, None);
    let mut merged = SpanCalibration::new();
    merged.merge(&calibration);
    assert_eq!(merged.report(4), report);
}

#[test]
fn pieces_of_a_split_are_marked_as_boundary_mistakes() {
    let marked = marks::compare(&[span(0, 10, 0)], &[span(0, 3, 0), span(3, 10, 1)]);
    let found: Vec<_> = marked.iter().map(|m| (m.start, m.end, m.gold, m.predicted, m.mark)).collect();
    // The piece of the same type is the partner, though the other is larger.
    let expected = [
        (0, 3, None, Some(0), Mark::Boundary),
        (0, 10, Some(0), None, Mark::Boundary),
        (3, 10, None, Some(1), Mark::Spurious),
    ];
    assert_eq!(found, expected);
    assert_eq!(ErrorKind::Split.mark(SpanSide::Gold, Some(1), true), Mark::Boundary);
    assert_eq!(ErrorKind::Repeated.mark(SpanSide::Gold, None, false), Mark::Missed);
}

#[test]
fn the_same_type_and_then_the_greater_overlap_is_paired() {
    // One gold span, three predictions that overlap each other: the same type wins, then the overlap.
    let errors = DocumentErrors::of(&[span(0, 10, 0)], &[span(0, 9, 1), span(0, 5, 0), span(1, 7, 0)]);
    assert_eq!(errors.gold[0], (ErrorKind::Boundary(Edges::Both, Extent::Shorter), Some(2)));
    assert_eq!(errors.predicted[0], (ErrorKind::Spurious, None));
}

/// Far beyond any real document: the strict counts stay exact, the others are greedy and say so.
#[test]
fn thousands_of_spans_over_each_other_are_counted_at_once() {
    let spans = |seed: u64| -> Vec<Span> {
        let mut rng = trueup_core::Rng::new(seed);
        let mut one = || {
            let start = rng.below(1000) as u32;
            span(start, start + 1000 + rng.below(50) as u32, 0)
        };
        (0..3000).map(|_| one()).collect()
    };
    let (gold, predicted) = (spans(1), spans(2));
    let mut counts = SpanCounts::new(1, SpanOptions::default());
    counts.add(&SpanDocument::new(&gold, &predicted));
    let set = |spans: &[Span]| spans.iter().copied().collect::<std::collections::BTreeSet<Span>>();
    let both = set(&gold).intersection(&set(&predicted)).count() as u64;
    let strict = counts.total(SpanMatch::Strict);
    assert!(both > 50 && strict.gold.correct == both && counts.capped() == 4);
    assert_eq!(
        (strict.gold.spans(), strict.predicted.spans()),
        (set(&gold).len() as u64, set(&predicted).len() as u64)
    );
    assert!(counts.total(SpanMatch::Partial).recall().unwrap() > 0.4);
}

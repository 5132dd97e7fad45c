//! What must hold for counts of spans whatever the spans: merging, order, names of types, swapping the sides.

#![allow(clippy::unwrap_used, clippy::float_cmp)]

use proptest::prelude::*;
use trueup_core::scheme::{Decoded, Scheme, Style};
use trueup_core::spans::{
    Breakdown, Decoding, DocumentErrors, DocumentUnits, ErrorKind, SPAN_STATISTICS, SpanCounts, SpanDocument,
    SpanErrors, SpanMatch, SpanOptions, SpanSide, TagCounts, TagTable, TagUnits,
};
use trueup_core::stats::Statistics;
use trueup_core::{Span, Token};

const TYPES: usize = 3;

type Document = (Vec<Span>, Vec<Span>);

/// Spans that overlap and nest freely, in any order, some twice.
fn any_spans(most: usize) -> impl Strategy<Value = Vec<Span>> {
    let span = (0u32..16, 1u32..6, 0u32..TYPES as u32);
    prop::collection::vec(span.prop_map(|(start, length, label)| Span { start, end: start + length, label }), 0..most)
}

fn documents() -> impl Strategy<Value = Vec<Document>> {
    prop::collection::vec((any_spans(7), any_spans(7)), 0..6)
}

fn count(documents: &[Document], options: SpanOptions) -> SpanCounts {
    let mut counts = SpanCounts::new(TYPES, options);
    for (gold, predicted) in documents {
        counts.add(&SpanDocument::new(gold, predicted));
    }
    counts
}

fn set(spans: &[Span]) -> Vec<Span> {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    spans.dedup();
    spans
}

fn credit(matching: SpanMatch, gold: &Span, predicted: &Span) -> u64 {
    let range = (gold.start, gold.end) == (predicted.start, predicted.end);
    let overlap = gold.start < predicted.end && predicted.start < gold.end;
    let kind = gold.label == predicted.label;
    match matching {
        SpanMatch::Strict => 2 * u64::from(range && kind),
        SpanMatch::Exact => 2 * u64::from(range),
        SpanMatch::Partial => u64::from(overlap) + u64::from(range),
        SpanMatch::Type => 2 * u64::from(overlap && kind),
    }
}

/// The greatest credit of any one-to-one matching, by trying them all.
fn best(matching: SpanMatch, gold: &[Span], predicted: &[Span]) -> u64 {
    let Some((first, rest)) = gold.split_first() else { return 0 };
    let mut most = best(matching, rest, predicted);
    for (i, p) in predicted.iter().enumerate() {
        let worth = credit(matching, first, p);
        if worth > 0 {
            let mut others = predicted.to_vec();
            others.remove(i);
            most = most.max(worth + best(matching, rest, &others));
        }
    }
    most
}

proptest! {
    #[test]
    fn the_matching_is_the_best_and_counts_every_span_once(gold in any_spans(6), predicted in any_spans(6)) {
        let counts = count(&[(gold.clone(), predicted.clone())], SpanOptions::default());
        let (golds, predictions) = (set(&gold), set(&predicted));
        for matching in SpanMatch::ALL {
            let total = counts.total(matching);
            prop_assert_eq!(total.gold.half_credits(), best(matching, &golds, &predictions), "{}", matching.name());
            prop_assert_eq!(total.gold.spans(), golds.len() as u64);
            prop_assert_eq!(total.predicted.spans(), predictions.len() as u64);
            let pairs = |s: &trueup_core::spans::SideCounts| (s.correct, s.incorrect, s.partial);
            prop_assert_eq!(pairs(&total.gold), pairs(&total.predicted));
        }
        let repeats = [gold.len() - golds.len(), predicted.len() - predictions.len()].map(|n| n as u64);
        prop_assert_eq!(counts.repeats(), repeats);
        // Strict is the intersection of sets.
        let both = golds.iter().filter(|span| predictions.contains(span)).count() as u64;
        prop_assert_eq!(counts.total(SpanMatch::Strict).gold.correct, both);
    }

    #[test]
    fn halves_merge_and_order_does_not_matter(documents in documents(), cut in 0usize..6, turn in 0usize..7) {
        let options = SpanOptions::default();
        let whole = count(&documents, options);
        let cut = cut.min(documents.len());
        let mut merged = count(&documents[cut..], options);
        merged.merge(&count(&documents[..cut], options));
        prop_assert!(merged == whole);
        let turned: Vec<Document> = documents
            .iter()
            .rev()
            .map(|(gold, predicted)| {
                let turn = |spans: &[Span]| {
                    let mut spans = spans.to_vec();
                    let by = turn.min(spans.len());
                    spans.rotate_left(by);
                    spans.reverse();
                    spans
                };
                (turn(gold), turn(predicted))
            })
            .collect();
        prop_assert!(count(&turned, options) == whole);
    }

    /// Totals in all ways; by type in the ways that compare types. (In the others equally good choices are settled by
    /// the order of types.)
    #[test]
    fn names_of_types_do_not_matter(documents in documents()) {
        let renamed: Vec<Document> = documents
            .iter()
            .map(|(gold, predicted)| {
                let rename = |spans: &[Span]| {
                    spans.iter().map(|s| Span { label: (s.label + 1) % TYPES as u32, ..*s }).collect::<Vec<_>>()
                };
                (rename(gold), rename(predicted))
            })
            .collect();
        let (plain, renamed) = (count(&documents, SpanOptions::default()), count(&renamed, SpanOptions::default()));
        for matching in SpanMatch::ALL {
            prop_assert_eq!(plain.total(matching), renamed.total(matching));
            if matches!(matching, SpanMatch::Strict | SpanMatch::Type) {
                for label in 0..TYPES as u32 {
                    let other = renamed.counts(matching, (label + 1) % TYPES as u32);
                    prop_assert_eq!(plain.counts(matching, label).f1(), other.f1());
                }
            }
        }
    }

    #[test]
    fn swapping_the_sides_swaps_precision_and_recall(documents in documents()) {
        let swapped: Vec<Document> = documents.iter().map(|(gold, predicted)| (predicted.clone(), gold.clone())).collect();
        let (plain, swapped) = (count(&documents, SpanOptions::default()), count(&swapped, SpanOptions::default()));
        for matching in SpanMatch::ALL {
            let (a, b) = (plain.total(matching), swapped.total(matching));
            prop_assert_eq!((a.precision(), a.recall(), a.f1()), (b.recall(), b.precision(), b.f1()));
        }
    }

    #[test]
    fn a_perfect_prediction_has_score_1(documents in documents()) {
        let perfect: Vec<Document> = documents.iter().map(|(gold, _)| (gold.clone(), gold.clone())).collect();
        let counts = count(&perfect, SpanOptions { min_overlap_percentage: 100.0 });
        for matching in SpanMatch::ALL {
            let scores = counts.scores(matching);
            let expected = scores.total.occurs().then_some(1.0);
            for average in [&scores.micro, &scores.macro_, &scores.weighted] {
                prop_assert_eq!((average.precision, average.recall, average.f1), (expected, expected, expected));
            }
        }
        for (gold, _) in &documents {
            let fine = |kind| matches!(kind, ErrorKind::Correct | ErrorKind::Repeated);
            let all_fine = DocumentErrors::of(gold, gold).gold.iter().all(|(kind, _)| fine(*kind));
            prop_assert!(all_fine);
        }
    }

    #[test]
    fn units_have_the_scores_of_the_counts(documents in documents()) {
        let each = documents.iter().map(|(gold, predicted)| SpanDocument::new(gold, predicted));
        let ways = DocumentUnits::new(each.clone(), None, TYPES, SpanOptions::default());
        // One cluster of all documents is one unit with the same sums.
        let clusters = vec![7; documents.len()];
        let joined = DocumentUnits::new(each, Some(&clusters), TYPES, SpanOptions::default());
        prop_assert!(ways.tokens().is_none() && ways.characters().is_none());
        for matching in SpanMatch::ALL {
            let (units, one) = (ways.of(matching), joined.of(matching));
            prop_assert_eq!(units.units(), documents.len() as u64);
            let scores = count(&documents, SpanOptions::default()).scores(matching);
            let mut out = [0.0; SPAN_STATISTICS.len()];
            units.evaluate(units.times(), &mut out);
            let averages = [&scores.micro, &scores.macro_, &scores.weighted];
            for (i, average) in averages.into_iter().enumerate() {
                for (j, expected) in [average.precision, average.recall, average.f1].into_iter().enumerate() {
                    let found = Some(out[3 * i + j]).filter(|value| !value.is_nan());
                    prop_assert_eq!(found.map(|v| (v * 1e9).round()), expected.map(|v| (v * 1e9).round()));
                }
            }
            prop_assert_eq!(units.recall().map(|ratio| ratio.value), scores.micro.recall);
            prop_assert_eq!(one.units(), u64::from(!documents.is_empty()));
            prop_assert_eq!(one.f1().map(|ratio| ratio.value), units.f1().map(|ratio| ratio.value));
            // Leaving out a unit by subtraction is counting the others.
            if !documents.is_empty() {
                let (mut fewer, mut direct) = ([0.0; 9], [0.0; 9]);
                units.without(units.times(), 0, &mut fewer);
                let mut counts = units.times().to_vec();
                counts[0] -= 1;
                units.evaluate(&counts, &mut direct);
                prop_assert!(fewer.iter().zip(&direct).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())));
            }
        }
    }

    #[test]
    fn every_span_has_one_kind_and_one_place_in_the_matrix(documents in documents(), cut in 0usize..6) {
        let take = |range: std::ops::Range<usize>| {
            let mut errors = SpanErrors::new(TYPES);
            range.for_each(|i| drop(errors.add(i as u32, &documents[i].0, &documents[i].1)));
            errors
        };
        let errors = take(0..documents.len());
        let cut = cut.min(documents.len());
        let mut merged = take(cut..documents.len());
        merged.merge(&take(0..cut));
        prop_assert_eq!(&merged, &errors);
        let mut sides = [(0, 0); 2];
        for (gold, predicted) in &documents {
            sides[0].0 += gold.len() as u64;
            sides[1].0 += predicted.len() as u64;
            sides[0].1 += set(gold).len() as u64;
            sides[1].1 += set(predicted).len() as u64;
        }
        for (side, (all, distinct)) in [SpanSide::Gold, SpanSide::Predicted].into_iter().zip(sides) {
            prop_assert_eq!(errors.count(side, |_| true), all);
            prop_assert_eq!(errors.count(side, |kind| kind == ErrorKind::Repeated), all - distinct);
            let mut listed = errors.spans(side, |_| true);
            listed.dedup();
            prop_assert_eq!(listed.len() as u64, all);
        }
        let strict = count(&documents, SpanOptions::default()).total(SpanMatch::Strict);
        prop_assert_eq!(errors.count(SpanSide::Gold, |kind| kind == ErrorKind::Correct), strict.gold.correct);
        prop_assert_eq!(errors.count(SpanSide::Predicted, |kind| kind == ErrorKind::Correct), strict.gold.correct);
        let matrix = errors.matrix();
        let rows: u64 = matrix[..TYPES].iter().flatten().sum();
        let columns: u64 = matrix.iter().flat_map(|row| &row[..TYPES]).sum();
        prop_assert_eq!((rows, columns), (sides[0].1, sides[1].1));
        let diagonal: u64 = (0..TYPES as u32).filter_map(|t| errors.cell(Some(t), Some(t))).map(|cell| cell.equal).sum();
        prop_assert_eq!(diagonal, strict.gold.correct);
    }

    /// Counting tags is counting the spans they stand for, halves merged are the whole, and so are units.
    #[test]
    fn tags_are_counted_as_their_spans(
        tags in prop::collection::vec(prop::collection::vec((0u32..13, 0u32..13, 0u32..3), 0..14), 0..8),
        cut in 0usize..8,
    ) {
        let names: Vec<String> = "BIESLU".chars().flat_map(|l| ["X", "Y"].map(|kind| format!("{l}-{kind}"))).collect();
        let table = TagTable::read(&[vec!["O".to_owned()], names].concat(), Style::Prefix);
        // Most predictions are right, as most are.
        let sentences: Vec<[Vec<u32>; 2]> = tags
            .iter()
            .map(|tags| [tags.iter().map(|t| t.0).collect(), tags.iter().map(|t| if t.2 < 2 { t.0 } else { t.1 }).collect()])
            .collect();
        for scheme in Scheme::ALL {
            for decoding in [Decoding::Strict(scheme), Decoding::Lenient(scheme), Decoding::Seqeval] {
                let of = |sentences: &[[Vec<u32>; 2]]| {
                    let mut counts = TagCounts::new(decoding, 2, table.bare, TagUnits::Sentences);
                    sentences.iter().for_each(|[gold, predicted]| counts.add(&table.tags, gold, predicted));
                    counts
                };
                let whole = of(&sentences);
                let cut = cut.min(sentences.len());
                let mut merged = of(&sentences[cut..]);
                merged.merge(&of(&sentences[..cut]));
                prop_assert!(merged == whole);
                let (mine, theirs) = (merged.units().unwrap(), whole.units().unwrap());
                prop_assert_eq!(mine.times(), theirs.times());
                let spans: Vec<[Vec<Span>; 2]> = sentences
                    .iter()
                    .map(|sides| sides.each_ref().map(|numbers| {
                        let tags: Vec<_> = numbers.iter().map(|&n| table.tags[n as usize]).collect();
                        let mut decoded = Decoded::default();
                        decoding.decode_into(&tags, table.bare, &mut decoded);
                        decoded.chunks.iter().map(|&(start, end, label)| span(start as u32, end as u32, label)).collect()
                    }))
                    .collect();
                let mut general = SpanCounts::new(2, SpanOptions::default());
                spans.iter().for_each(|[gold, predicted]| general.add(&SpanDocument::new(gold, predicted)));
                prop_assert_eq!(whole.scores().micro, general.scores(SpanMatch::Strict).micro);
                prop_assert_eq!(whole.scores().macro_, general.scores(SpanMatch::Strict).macro_);
                let right = spans.iter().filter(|[gold, predicted]| gold == predicted).count() as u64;
                prop_assert_eq!((whole.right_sentences(), whole.sentences()), (right, spans.len() as u64));
                let equal = sentences.iter().map(|[g, p]| g.iter().zip(p).filter(|(g, p)| g == p).count()).sum::<usize>();
                let tokens = sentences.iter().map(|[g, _]| g.len()).sum::<usize>();
                prop_assert_eq!(whole.token_accuracy(), (tokens > 0).then(|| equal as f64 / tokens as f64));
                let units = DocumentUnits::new(
                    spans.iter().map(|[gold, predicted]| SpanDocument::new(gold, predicted)),
                    None,
                    2,
                    SpanOptions::default(),
                );
                prop_assert_eq!(theirs.times(), units.of(SpanMatch::Strict).times());
                // Sentences in groups of three, the last of which nothing ends.
                let mut grouped = TagCounts::new(decoding, 2, table.bare, TagUnits::Groups);
                for (i, [gold, predicted]) in sentences.iter().enumerate() {
                    if i % 3 == 0 {
                        grouped.end_unit();
                    }
                    grouped.add(&table.tags, gold, predicted);
                }
                let clusters: Vec<u32> = (0..sentences.len() as u32).map(|i| i / 3).collect();
                let clustered = DocumentUnits::new(
                    spans.iter().map(|[gold, predicted]| SpanDocument::new(gold, predicted)),
                    Some(&clusters),
                    2,
                    SpanOptions::default(),
                );
                let mut empty = TagCounts::new(decoding, 2, table.bare, TagUnits::Groups);
                empty.merge(&grouped);
                for groups in [grouped.units().unwrap(), empty.units().unwrap()] {
                    prop_assert_eq!(groups.times(), clustered.of(SpanMatch::Strict).times());
                }
            }
        }
    }

    /// Buckets by type are types; the spread over documents is that of the units.
    #[test]
    fn a_breakdown_by_type_is_the_scores_of_the_types(documents in documents(), cut in 0usize..6) {
        let sets: Vec<Document> = documents.iter().map(|(gold, predicted)| (set(gold), set(predicted))).collect();
        let of = |documents: &[Document]| {
            let mut breakdown = Breakdown::new();
            documents.iter().for_each(|(gold, predicted)| breakdown.add(gold, predicted, |span| span.label));
            breakdown
        };
        let whole = of(&sets);
        let cut = cut.min(sets.len());
        let mut merged = of(&sets[cut..]);
        merged.merge(&of(&sets[..cut]));
        prop_assert_eq!(&merged, &whole);
        let each = sets.iter().map(|(gold, predicted)| SpanDocument::new(gold, predicted));
        let units = DocumentUnits::new(each, None, TYPES, SpanOptions::default());
        let counts = count(&sets, SpanOptions::default());
        for label in 0..TYPES as u32 {
            let (bucket, counts) = (whole.get(&label), counts.counts(SpanMatch::Strict, label));
            prop_assert_eq!((bucket.precision(), bucket.recall(), bucket.f1()), (counts.precision(), counts.recall(), counts.f1()));
            let strict = units.of(SpanMatch::Strict);
            for (mine, theirs) in [
                (bucket.recall_ratio(), strict.label_recall(label)),
                (bucket.precision_ratio(), strict.label_precision(label)),
            ] {
                prop_assert_eq!(mine.is_some(), theirs.is_some());
                if let (Some(mine), Some(theirs)) = (mine, theirs) {
                    prop_assert_eq!((mine.units, mine.whole), (theirs.units, theirs.whole));
                    prop_assert_eq!(mine.error.is_some(), theirs.error.is_some());
                    let apart = mine.error.unwrap_or(0.0) - theirs.error.unwrap_or(0.0);
                    prop_assert!((mine.value - theirs.value).abs() < 1e-12 && apart.abs() < 1e-9, "{:?} {:?}", mine, theirs);
                }
            }
        }
    }

    /// The counts of tokens and characters are those of painting every position.
    #[test]
    fn tokens_and_characters_are_those_of_painted_text(gold in any_spans(5), predicted in any_spans(5)) {
        // Two bytes, then one: spans stand at characters.
        let text = "éa".repeat(16);
        let bytes: Vec<u32> = text.char_indices().map(|(at, _)| at as u32).collect();
        let of = |spans: &[Span]| -> Vec<Span> {
            spans.iter().map(|s| Span { start: bytes[s.start as usize], end: bytes[s.end as usize], ..*s }).collect()
        };
        let tokens: Vec<Token> =
            (0..16).map(|i| Token { start: bytes[2 * i], end: bytes[2 * i] + 3, tag: None }).collect();
        let (bytes_gold, bytes_predicted) = (of(&gold), of(&predicted));
        let mut counts = SpanCounts::new(TYPES, SpanOptions::default());
        let document = SpanDocument {
            gold: &bytes_gold,
            predicted: &bytes_predicted,
            tokens: Some(&tokens),
            text: Some(&text),
        };
        counts.add(&document);
        let units = DocumentUnits::new([document], None, TYPES, SpanOptions::default());
        for (units, scores) in [
            (units.tokens().unwrap(), counts.token_scores().unwrap()),
            (units.characters().unwrap(), counts.character_scores().unwrap()),
        ] {
            prop_assert_eq!(units.precision().map(|ratio| ratio.value), scores.micro.precision);
            prop_assert_eq!(units.recall().map(|ratio| ratio.value), scores.micro.recall);
        }
        let painted = |spans: &[Span], label: usize, from: u32, to: u32| {
            spans.iter().any(|s| s.label as usize == label && s.start < to && from < s.end)
        };
        for label in 0..TYPES {
            for (tallies, width) in [(counts.characters().unwrap(), 1), (counts.tokens().unwrap(), 2)] {
                let (mut tp, mut fp, mut fn_) = (0, 0, 0);
                for at in (0..32).step_by(width as usize) {
                    let sides = [&gold, &predicted].map(|spans| painted(spans, label, at, at + width));
                    tp += u64::from(sides == [true, true]);
                    fp += u64::from(sides == [false, true]);
                    fn_ += u64::from(sides == [true, false]);
                }
                let tally = tallies[label];
                prop_assert_eq!((tally.tp, tally.fp, tally.fn_), (tp, fp, fn_));
            }
        }
        counts.add(&SpanDocument::new(&bytes_gold, &[]));
        prop_assert!(counts.tokens().is_none() && counts.characters().is_none());
    }
}

fn span(start: u32, end: u32, label: u32) -> Span {
    Span { start, end, label }
}

/// The one way in which precision and recall do not swap: the least overlap is a share of the gold span.
#[test]
fn a_least_overlap_is_a_share_of_the_gold_span() {
    let (long, short) = (vec![span(0, 10, 0)], vec![span(0, 4, 0)]);
    let recall = |gold: &[Span], predicted: &[Span], least| {
        let counts = count(&[(gold.to_vec(), predicted.to_vec())], SpanOptions { min_overlap_percentage: least });
        counts.total(SpanMatch::Partial).recall().unwrap()
    };
    assert_eq!((recall(&long, &short, 50.0), recall(&short, &long, 50.0)), (0.0, 0.5));
    assert_eq!((recall(&long, &short, 40.0), recall(&short, &long, 0.0)), (0.5, 0.5));
}

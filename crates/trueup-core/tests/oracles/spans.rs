//! Span scores against seqeval, in its default and its strict mode: random tags under each scheme, tags of all schemes
//! mixed, and real files under noise.

use std::collections::BTreeMap;

use trueup_core::scheme::{Scheme, Style};
use trueup_core::spans::{
    Compat, CompatCounts, CompatReport, Decoding, SpanCounts, SpanDocument, SpanMatch, SpanOptions, TagCounts,
    TagTable, TagUnits,
};
use trueup_core::{LabelSet, Span};

use crate::compare::{self, Oracle, Tally};

type Figures = BTreeMap<String, f64>;

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    scheme: String,
    gold: Vec<String>,
    predicted: Vec<String>,
    accuracy: f64,
    default: Option<Figures>,
    strict: Option<Figures>,
}

fn committed() -> Oracle<Vec<Case>> {
    compare::small(include_str!("small/spans.json"))
}

/// A case's tags as numbers.
struct Numbered {
    table: TagTable,
    gold: Vec<Vec<u32>>,
    predicted: Vec<Vec<u32>>,
}

fn numbered(case: &Case) -> Numbered {
    let mut names: Vec<String> = Vec::new();
    let mut number = |sentence: &String| -> Vec<u32> {
        let mut place = |tag: &str| {
            names.iter().position(|name| name == tag).unwrap_or_else(|| {
                names.push(tag.to_owned());
                names.len() - 1
            })
        };
        sentence.split(' ').map(|tag| place(tag) as u32).collect()
    };
    let gold = case.gold.iter().map(&mut number).collect();
    let predicted = case.predicted.iter().map(&mut number).collect();
    Numbered { table: TagTable::read(&names, Style::Prefix), gold, predicted }
}

fn report(compat: Compat, scheme: Scheme, tags: &Numbered) -> CompatReport {
    let mut counts = CompatCounts::new(compat, &tags.table.labels, tags.table.bare, scheme);
    for (gold, predicted) in tags.gold.iter().zip(&tags.predicted) {
        counts.add_tags(&tags.table, gold, predicted);
    }
    counts.report()
}

fn agree(ours: &CompatReport, theirs: &Figures, case: &Case, tally: &mut Tally) {
    for (name, theirs) in theirs {
        // Of supports seqeval writes the same three times.
        let name = if name.ends_with("avg support") { "support" } else { name };
        let ours = ours.figure(name).unwrap_or_else(|| panic!("{}: no {name}", case.name));
        tally.figure(|| format!("{}, {name}", case.name), Some(ours), Some(*theirs));
    }
    // Nor do we list a type that seqeval does not.
    for (name, _) in &ours.figures {
        assert!(theirs.contains_key(name) || ["accuracy", "support"].contains(&name.as_str()), "{}: {name}", case.name);
    }
}

fn check(cases: &[Case]) -> Tally {
    let mut tally = Tally::default();
    for case in cases {
        tally.cases += 1;
        let tags = numbered(case);
        assert!(tags.table.not_tags.is_empty());
        let scheme: Scheme = case.scheme.parse().unwrap();
        let strict = case.strict.as_ref().map(|figures| (Compat::SeqevalStrict(scheme), figures));
        let default = case.default.as_ref().map(|figures| (Compat::Seqeval, figures));
        for (compat, theirs) in strict.into_iter().chain(default) {
            let ours = report(compat, scheme, &tags);
            tally.figure(|| format!("{}, accuracy", case.name), ours.figure("accuracy"), Some(case.accuracy));
            agree(&ours, theirs, case, &mut tally);
        }
    }
    tally
}

#[test]
fn agrees_with_the_committed_values() {
    let tally = check(&committed().cases);
    assert!(tally.figures > 80, "{tally:?}");
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(oracle) = compare::live::<Vec<Case>>("spans") else { return };
    let tally = check(&oracle.cases);
    let sentences: usize = oracle.cases.iter().map(|case| case.gold.len()).sum();
    assert!(sentences > 10_000 && tally.figures > 20_000, "{sentences} sentences, {tally:?}");
    assert!(check_conlleval(&oracle.cases) > 20_000);
    tally.record("spans", &oracle.peers);
}

/// The rules of conlleval, counted as that script goes: one pass over both columns, a chunk being right when it starts
/// and ends at the same steps in both with the same types. Written apart from the library, and without decoding.
fn conlleval(sentences: &[(Vec<&str>, Vec<&str>)]) -> (u64, u64, u64) {
    let split = |tag: &str| -> (String, String) {
        tag.split_once('-')
            .map_or((tag.to_owned(), String::new()), |(letter, kind)| (letter.to_owned(), kind.to_owned()))
    };
    let ends = |before: &(String, String), now: &(String, String)| {
        let steps = ["BB", "BO", "IB", "IO", "EE", "EI", "EO"];
        steps.contains(&format!("{}{}", before.0, now.0).as_str()) || (before.0 != "O" && before.1 != now.1)
    };
    let starts = |before: &(String, String), now: &(String, String)| {
        let steps = ["BB", "IB", "OB", "OI", "EE", "EI", "OE"];
        steps.contains(&format!("{}{}", before.0, now.0).as_str()) || (now.0 != "O" && before.1 != now.1)
    };
    let outside = ("O".to_owned(), String::new());
    let (mut right, mut gold_chunks, mut predicted_chunks) = (0, 0, 0);
    let (mut before_gold, mut before_predicted, mut inside) = (outside.clone(), outside.clone(), false);
    for (gold, predicted) in sentences {
        for (g, p) in gold.iter().chain(&["O"]).zip(predicted.iter().chain(&["O"])) {
            let (g, p) = (split(g), split(p));
            let (gold_ends, predicted_ends) = (ends(&before_gold, &g), ends(&before_predicted, &p));
            if inside && gold_ends && predicted_ends && before_gold.1 == before_predicted.1 {
                right += 1;
                inside = false;
            } else if inside && (gold_ends != predicted_ends || g.1 != p.1) {
                inside = false;
            }
            let (gold_starts, predicted_starts) = (starts(&before_gold, &g), starts(&before_predicted, &p));
            inside |= gold_starts && predicted_starts && g.1 == p.1;
            gold_chunks += u64::from(gold_starts);
            predicted_chunks += u64::from(predicted_starts);
            (before_gold, before_predicted) = (g, p);
        }
    }
    (right, gold_chunks, predicted_chunks)
}

/// Our counts are those of the rules; how many chunks are right in all.
fn check_conlleval(cases: &[Case]) -> u64 {
    let mut large = 0;
    // The script was not made for `S` without a type, whose chunks it starts and never ends.
    let bare = |case: &Case| case.gold.iter().chain(&case.predicted).any(|tags| tags.split(' ').any(|tag| tag == "S"));
    for case in cases.iter().filter(|case| !bare(case)) {
        let tags = numbered(case);
        let sentences: Vec<(Vec<&str>, Vec<&str>)> = case
            .gold
            .iter()
            .zip(&case.predicted)
            .map(|(gold, predicted)| (gold.split(' ').collect(), predicted.split(' ').collect()))
            .collect();
        let (right, gold, predicted) = conlleval(&sentences);
        let mut counts = TagCounts::new(Decoding::Conlleval, tags.table.labels.len(), tags.table.bare, TagUnits::None);
        for (gold, predicted) in tags.gold.iter().zip(&tags.predicted) {
            counts.add(&tags.table.tags, gold, predicted);
        }
        let total = counts.total();
        assert_eq!((total.tp, total.support(), total.predicted()), (right, gold, predicted), "{}", case.name);
        let report = report(Compat::Conlleval, Scheme::Iob2, &tags);
        let percent = |part: u64, whole: u64| if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
        assert!((report.figure("precision").unwrap() - percent(right, predicted)).abs() < 1e-9);
        assert!((report.figure("recall").unwrap() - percent(right, gold)).abs() < 1e-9);
        assert!((report.figure("FB1").unwrap() - percent(2 * right, gold + predicted)).abs() < 1e-9);
        assert!((report.figure("accuracy").unwrap() - 100.0 * case.accuracy).abs() < 1e-9);
        large += right;
    }
    large
}

#[test]
fn conlleval_counts_as_its_rules_say() {
    let right = check_conlleval(&committed().cases);
    assert!(right > 10, "{right} right chunks");
}

/// Counting tags is decoding to spans and counting those.
#[test]
fn tags_and_their_spans_give_the_same_counts() {
    for case in &committed().cases {
        let tags = numbered(case);
        for scheme in Scheme::ALL {
            for decoding in [
                Decoding::Strict(scheme),
                Decoding::Lenient(scheme),
                Decoding::Seqeval,
                Decoding::SeqevalStrict(scheme),
                Decoding::Conlleval,
                Decoding::Nervaluate,
            ] {
                let labels = tags.table.labels.len();
                let mut fast = TagCounts::new(decoding, labels, tags.table.bare, TagUnits::Sentences);
                let mut general = SpanCounts::new(labels, SpanOptions::default());
                let mut decoded = trueup_core::scheme::Decoded::default();
                let mut invalid = [0, 0];
                for (gold, predicted) in tags.gold.iter().zip(&tags.predicted) {
                    fast.add(&tags.table.tags, gold, predicted);
                    let mut sides = [gold, predicted].into_iter().enumerate().map(|(side, numbers)| {
                        let read: Vec<_> = numbers.iter().map(|&n| tags.table.tags[n as usize]).collect();
                        decoding.decode_into(&read, tags.table.bare, &mut decoded);
                        invalid[side] += decoded.invalid.len() as u64;
                        let span = |&(start, end, label): &(usize, usize, u32)| Span {
                            start: start as u32,
                            end: end as u32,
                            label,
                        };
                        decoded.chunks.iter().map(span).collect::<Vec<Span>>()
                    });
                    let (gold, predicted) = (sides.next().unwrap(), sides.next().unwrap());
                    general.add(&SpanDocument::new(&gold, &predicted));
                }
                let (fast_scores, scores) = (fast.scores(), general.scores(SpanMatch::Strict));
                assert_eq!(fast_scores.micro, scores.micro, "{} {decoding:?}", case.name);
                assert_eq!(fast_scores.macro_, scores.macro_);
                assert_eq!(fast_scores.weighted, scores.weighted);
                assert_eq!(fast.invalid_tags(), invalid);
                let units = fast.units().unwrap();
                assert_eq!(units.units(), case.gold.len() as u64);
                assert_eq!(units.precision().map(|ratio| ratio.value), scores.micro.precision);
            }
        }
    }
}

fn tag_report(compat: Compat, gold: &str, predicted: &str, scheme: Scheme) -> CompatReport {
    let case = Case {
        name: String::new(),
        scheme: scheme.name().into(),
        gold: gold.split(" | ").map(str::to_owned).collect(),
        predicted: predicted.split(" | ").map(str::to_owned).collect(),
        accuracy: 0.0,
        default: None,
        strict: None,
    };
    report(compat, scheme, &numbered(&case))
}

#[test]
fn difference_seqeval_gives_full_marks_to_a_prediction_that_breaks_the_scheme() {
    let report = tag_report(Compat::Seqeval, "B-PER I-PER O", "I-PER I-PER O", Scheme::Iob2);
    assert_eq!(report.figure("micro avg f1-score"), Some(1.0));
    let f1 = report.differences.iter().find(|d| d.figure == "micro avg f1-score").unwrap();
    assert_eq!((f1.theirs, f1.ours), (Some(1.0), Some(0.0)));
    assert!(f1.why.contains("invalid tag"));
    // Its strict mode agrees with ours.
    let strict = tag_report(Compat::SeqevalStrict(Scheme::Iob2), "B-PER I-PER O", "I-PER I-PER O", Scheme::Iob2);
    assert_eq!(strict.figure("micro avg f1-score"), Some(0.0));
    assert!(strict.differences.iter().all(|d| d.figure != "micro avg f1-score"));
}

#[test]
fn difference_nothing_over_nothing_has_no_value_where_peers_say_0() {
    let report = tag_report(Compat::SeqevalStrict(Scheme::Iob2), "B-PER O", "O O", Scheme::Iob2);
    let precision = report.differences.iter().find(|d| d.figure == "micro avg precision").unwrap();
    assert_eq!((precision.theirs, precision.ours), (Some(0.0), None));
    // spaCy has no overall figure where there is no entity at all.
    let spacy = tag_report(Compat::Spacy, "O O", "O O", Scheme::Iob2);
    assert_eq!(spacy.figures[0], ("ents_p".to_owned(), None));
    let spacy = tag_report(Compat::Spacy, "B-PER O", "O O", Scheme::Iob2);
    assert_eq!(spacy.figures[0], ("ents_p".to_owned(), Some(0.0)));
}

#[test]
fn a_tag_at_which_the_peer_stops_is_said() {
    let report = tag_report(Compat::SeqevalStrict(Scheme::Iob2), "B-PER E-PER", "B-PER E-PER", Scheme::Iob2);
    let stops = report.stops.unwrap();
    assert!(stops.contains("stops with an error at 2"), "{stops}");
    assert_eq!(tag_report(Compat::Seqeval, "B-PER E-PER", "B-PER E-PER", Scheme::Iob2).stops, None);
}

#[test]
fn spans_without_tags_have_figures_too() {
    let labels = LabelSet::new(["LOC", "PER"]);
    let span = |start, end, label| Span { start, end, label };
    let mut counts = CompatCounts::new(Compat::Seqeval, &labels, None, Scheme::Iob2);
    counts.add_spans(&[span(5, 9, 1), span(0, 4, 0)], &[span(0, 4, 0), span(5, 8, 1)]);
    let report = counts.report();
    assert_eq!(report.figure("micro avg f1-score"), Some(0.5));
    assert_eq!(report.figure("PER recall"), Some(0.0));
    assert_eq!(report.figures[0], ("accuracy".to_owned(), None));
}

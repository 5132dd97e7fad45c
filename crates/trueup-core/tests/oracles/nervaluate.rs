//! Span scores against nervaluate 1.0.0, 1.1.0, 1.2.0 and 1.2.1, and how each reads tags. Where they are wrong, a test
//! says how and what is right.

use std::collections::BTreeMap;

use trueup_core::scheme::{Decoded, Scheme, Style, Tag};
use trueup_core::spans::{
    Compat, CompatCounts, Decoding, NervaluateCounts, NervaluateVersion, SpanCounts, SpanDocument, SpanMatch,
    SpanOptions, TagTable,
};
use trueup_core::{LabelSet, Span};

use crate::compare::{self, Oracle, Tally};

#[derive(serde::Deserialize)]
struct Cases {
    types: Vec<String>,
    spans: Vec<Case>,
    /// Tags, and what nervaluate's loader makes of them; `None` where it stops.
    tags: Vec<(String, Option<Vec<[u32; 3]>>)>,
}

#[derive(serde::Deserialize)]
struct Case {
    least: f64,
    documents: Vec<[Vec<[u32; 3]>; 2]>,
    /// `None` where the version has no least overlap.
    figures: Option<Nervaluate>,
}

/// correct, incorrect, partial, missed, spurious, precision, recall, F1 by way of matching.
type Rows = BTreeMap<String, [f64; 8]>;

#[derive(serde::Deserialize)]
struct Nervaluate {
    all: Rows,
    types: BTreeMap<String, Rows>,
}

pub fn spans(list: &[[u32; 3]]) -> Vec<Span> {
    list.iter().map(|&[start, end, label]| Span { start, end, label }).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= compare::TOLERANCE
}

const VERSIONS: [(&str, NervaluateVersion); 4] = [
    ("1.0.0", NervaluateVersion::V1_0),
    ("1.1.0", NervaluateVersion::V1_1),
    ("1.2.0", NervaluateVersion::V1_2_0),
    ("1.2.1", NervaluateVersion::V1_2_1),
];

fn way(name: &str) -> SpanMatch {
    let name = if name == "ent_type" { "type" } else { name };
    SpanMatch::ALL.into_iter().find(|matching| matching.name() == name).unwrap()
}

/// Every case as the version counts it; how often an order of spans costs it a match.
fn check_spans(cases: &Cases, version: NervaluateVersion, tally: &mut Tally) -> u64 {
    let mut differ = 0;
    for case in &cases.spans {
        let Some(theirs) = &case.figures else { continue };
        tally.cases += 1;
        let mut counts = NervaluateCounts::new(cases.types.len(), version, case.least);
        let mut halves = [counts.clone(), counts.clone()];
        for (i, [gold, predicted]) in case.documents.iter().enumerate() {
            counts.add(&spans(gold), &spans(predicted));
            halves[i % 2].add(&spans(gold), &spans(predicted));
        }
        let [mut merged, rest] = halves;
        merged.merge(&rest);
        assert_eq!(merged, counts);
        let mut check = |label: Option<u32>, theirs: &Rows| {
            for (name, expected) in theirs {
                let row = counts.result(way(name), label);
                let counted = [row.correct, row.incorrect, row.partial, row.missed, row.spurious];
                let ratios = [row.precision, row.recall, row.f1];
                let ours: Vec<f64> = counted.into_iter().map(|n| n as f64).chain(ratios).collect();
                tally.figures(|| format!("{version:?} {name} {label:?}: {row:?}"), &ours, expected);
            }
        };
        check(None, &theirs.all);
        for (label, kind) in cases.types.iter().enumerate() {
            assert_eq!(counts.uses(label as u32), theirs.types.contains_key(kind));
            if let Some(theirs) = theirs.types.get(kind) {
                check(Some(label as u32), theirs);
            }
        }
        if version == NervaluateVersion::V1_2_1 {
            let mut ours = SpanCounts::new(3, SpanOptions { min_overlap_percentage: case.least });
            case.documents.iter().for_each(|[g, p]| ours.add(&SpanDocument::new(&spans(g), &spans(p))));
            for matching in SpanMatch::ALL {
                let (ours, theirs) = (ours.total(matching), counts.result(matching, None));
                // Repeats apart (they are sets here), no order of theirs does better than the best matching.
                if ours.gold.spans() == theirs.correct + theirs.incorrect + theirs.partial + theirs.missed {
                    assert!(ours.gold.half_credits() >= 2 * theirs.correct + theirs.partial);
                    differ += u64::from(ours.gold.half_credits() > 2 * theirs.correct + theirs.partial);
                }
            }
        }
    }
    differ
}

/// Tags are read as nervaluate reads them, and refused where it stops; the lines refused.
fn check_tags(cases: &Cases, tally: &mut Tally) -> usize {
    let labels = LabelSet::new(cases.types.clone());
    let mut stopped = 0;
    for (line, loaded) in &cases.tags {
        tally.cases += 1;
        let raw: Vec<&str> = line.split(' ').collect();
        let mut table = TagTable::read(&raw, Style::Prefix);
        // The types of the line as types of all.
        for tag in table.tags.iter_mut().filter(|tag| tag.letter != b'O') {
            tag.kind = labels.id(table.labels.name(tag.kind)).unwrap();
        }
        let numbers: Vec<u32> = (0..raw.len() as u32).collect();
        let mut counts = CompatCounts::new(Compat::Nervaluate, &labels, table.bare, Scheme::Iob2);
        counts.add_tags(&table, &numbers, &numbers);
        assert_eq!(counts.report().stops.is_some(), loaded.is_none(), "{line}");
        if let Some(loaded) = loaded {
            let tags: Vec<Tag<u32>> = table.tags.clone();
            let mut decoded = Decoded::default();
            Decoding::Nervaluate.decode_into(&tags, table.bare, &mut decoded);
            let ours: Vec<[u32; 3]> = decoded.chunks.iter().map(|&(s, e, label)| [s as u32, e as u32, label]).collect();
            assert_eq!(&ours, loaded, "{line}");
            tally.equal(ours.len());
        } else {
            stopped += 1;
        }
    }
    stopped
}

#[test]
fn agrees_with_the_committed_values() {
    let texts = [include_str!("small/nervaluate-1.0.0.json"), include_str!("small/nervaluate-1.2.1.json")];
    for (text, (name, version)) in texts.into_iter().zip([VERSIONS[0], VERSIONS[3]]) {
        let oracle: Oracle<Cases> = compare::small(text);
        assert_eq!(oracle.peers["nervaluate"], name);
        let mut tally = Tally::default();
        check_spans(&oracle.cases, version, &mut tally);
        check_tags(&oracle.cases, &mut tally);
        assert!(tally.figures > 150, "{tally:?}");
    }
}

#[test]
fn agrees_with_the_generated_values() {
    for (name, version) in VERSIONS {
        let Some(oracle) = compare::live::<Cases>(&format!("nervaluate-{name}")) else { continue };
        assert_eq!(oracle.peers["nervaluate"], name);
        let mut tally = Tally::default();
        let differ = check_spans(&oracle.cases, version, &mut tally);
        let stopped = check_tags(&oracle.cases, &mut tally);
        assert!(tally.figures > 10_000 && stopped > 20, "{tally:?}, {stopped} lines refused");
        assert!(differ > 0 || version != NervaluateVersion::V1_2_1, "some order of spans costs nervaluate a match");
        tally.record(&format!("nervaluate-{name}"), &oracle.peers);
    }
}

/// The README's own figures: two right and three half right of five are 0.70, and not 0.40.
#[test]
fn difference_nervaluate_before_1_2_1_drops_partial_credit_over_several_documents() {
    let whole = Span { start: 0, end: 2, label: 0 };
    let part = Span { start: 0, end: 1, label: 0 };
    let labels = LabelSet::new(["PER"]);
    let mut counts = CompatCounts::new(Compat::Nervaluate, &labels, None, Scheme::Iob2);
    for predicted in [whole, part, part, whole, part] {
        counts.add_spans(&[whole], &[predicted]);
    }
    let report = counts.report();
    assert!(close(report.figure("partial precision").unwrap(), 0.7));
    let old = report.differences.iter().find(|d| d.figure == "partial recall (1.0.0 to 1.2.0)").unwrap();
    assert!(close(old.theirs.unwrap(), 0.4) && close(old.ours.unwrap(), 0.7), "{old:?}");
    assert!(old.why.contains("two"));
    assert!(report.differences.iter().all(|d| d.figure != "partial precision"));
    // With a single document nothing is merged, and nothing dropped.
    let mut single = NervaluateCounts::new(1, NervaluateVersion::V1_0, 1.0);
    let other = Span { start: 5, end: 6, label: 0 };
    single.add(&[whole, other], &[part, other]);
    assert!(close(single.result(SpanMatch::Partial, None).precision, 0.75));
}

#[test]
fn difference_nervaluate_depends_on_the_order_of_spans() {
    let span = |start, end| Span { start, end, label: 0 };
    let gold = [span(0, 4), span(5, 9)];
    // The first prediction overlaps both gold spans, the second the first one alone.
    let (wide, narrow) = (span(2, 7), span(0, 3));
    let partial = |predicted: &[Span]| {
        let mut counts = NervaluateCounts::new(1, NervaluateVersion::V1_2_1, 1.0);
        counts.add(&gold, predicted);
        let mut ours = SpanCounts::new(1, SpanOptions::default());
        ours.add(&SpanDocument::new(&gold, predicted));
        (counts.result(SpanMatch::Partial, None).recall, ours.total(SpanMatch::Partial).recall().unwrap())
    };
    assert_eq!(partial(&[wide, narrow]), (0.25, 0.5));
    assert_eq!(partial(&[narrow, wide]), (0.5, 0.5));
    let labels = LabelSet::new(["PER"]);
    let mut counts = CompatCounts::new(Compat::Nervaluate, &labels, None, Scheme::Iob2);
    counts.add_spans(&gold, &[wide, narrow]);
    let report = counts.report();
    let recall = report.differences.iter().find(|d| d.figure == "partial recall").unwrap();
    assert_eq!((recall.theirs, recall.ours), (Some(0.25), Some(0.5)));
    assert!(recall.why.contains("order"));
}

//! Span scores against nervaluate (1.0.0, 1.1.0, 1.2.0 and 1.2.1) and spaCy, as `oracles/span_peers.py` recorded them;
//! the file says when. Where they are wrong, a test says how and what is right.

#![allow(clippy::unwrap_used, clippy::float_cmp)]

use std::collections::BTreeMap;

use trueup_core::scheme::{Decoded, Scheme, Style, Tag};
use trueup_core::spans::{
    Compat, CompatCounts, Decoding, NervaluateCounts, NervaluateVersion, SpanCounts, SpanDocument, SpanMatch,
    SpanOptions, TagTable, cats_macro_auc,
};
use trueup_core::{LabelSet, Span};

#[derive(serde::Deserialize)]
struct Peers {
    types: Vec<String>,
    spans: Vec<Case>,
    cats: Vec<Cats>,
    tags: Vec<String>,
    /// What nervaluate's loader makes of the tags; `None` where it stops.
    loaded: Vec<Option<Vec<[u32; 3]>>>,
    nervaluate: BTreeMap<String, Vec<Option<Nervaluate>>>,
    spacy: Spacy,
    made: String,
}

#[derive(serde::Deserialize)]
struct Case {
    overlap: bool,
    least: f64,
    documents: Vec<[Vec<[u32; 3]>; 2]>,
}

/// correct, incorrect, partial, missed, spurious, precision, recall, F1 by way of matching.
type Rows = BTreeMap<String, [f64; 8]>;

#[derive(serde::Deserialize)]
struct Nervaluate {
    all: Rows,
    types: BTreeMap<String, Rows>,
}

#[derive(serde::Deserialize)]
struct Spacy {
    spans: Vec<Option<Ents>>,
    cats: Vec<CatsFigures>,
}

#[derive(serde::Deserialize)]
struct Ents {
    #[serde(rename = "ents_p")]
    precision: Option<f64>,
    #[serde(rename = "ents_r")]
    recall: Option<f64>,
    #[serde(rename = "ents_f")]
    f1: Option<f64>,
    #[serde(rename = "ents_per_type")]
    types: Option<BTreeMap<String, BTreeMap<String, f64>>>,
}

#[derive(serde::Deserialize)]
struct Cats {
    gold: Vec<Vec<u8>>,
}

#[derive(serde::Deserialize)]
struct CatsFigures {
    cats_macro_auc: f64,
    auc: Vec<Option<f64>>,
}

fn peers() -> Peers {
    serde_json::from_str(include_str!("oracles/span_peers.json")).unwrap()
}

fn spans(list: &[[u32; 3]]) -> Vec<Span> {
    list.iter().map(|&[start, end, label]| Span { start, end, label }).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9
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

#[test]
fn every_version_of_nervaluate_is_counted_as_it_counts() {
    let peers = peers();
    assert!(peers.made.starts_with("20"));
    let (mut rows, mut differ) = (0, 0);
    for (name, version) in VERSIONS {
        for (case, theirs) in peers.spans.iter().zip(&peers.nervaluate[name]) {
            let Some(theirs) = theirs else { continue };
            let mut counts = NervaluateCounts::new(peers.types.len(), version, case.least);
            let mut halves = [counts.clone(), counts.clone()];
            for (i, [gold, predicted]) in case.documents.iter().enumerate() {
                counts.add(&spans(gold), &spans(predicted));
                halves[i % 2].add(&spans(gold), &spans(predicted));
            }
            let [mut merged, rest] = halves;
            merged.merge(&rest);
            assert_eq!(merged, counts);
            let mut check = |label: Option<u32>, theirs: &Rows| {
                for (way_name, expected) in theirs {
                    let row = counts.result(way(way_name), label);
                    let counted = [row.correct, row.incorrect, row.partial, row.missed, row.spurious];
                    let ratios = [row.precision, row.recall, row.f1];
                    let found = counted.into_iter().map(|n| n as f64).chain(ratios);
                    for (found, expected) in found.zip(expected) {
                        assert!(close(found, *expected), "{name} {way_name} {label:?}: {row:?} and not {theirs:?}");
                    }
                    rows += 1;
                }
            };
            check(None, &theirs.all);
            for (label, kind) in peers.types.iter().enumerate() {
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
    }
    assert!(rows > 1_500, "{rows} rows");
    assert!(differ > 0, "some order of spans costs nervaluate a match");
}

#[test]
fn tags_are_read_as_nervaluate_reads_them_and_refused_where_it_stops() {
    let peers = peers();
    let labels = LabelSet::new(peers.types.clone());
    let (mut read, mut stopped) = (0, 0);
    for (line, loaded) in peers.tags.iter().zip(&peers.loaded) {
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
            read += ours.len();
        } else {
            stopped += 1;
        }
    }
    assert!(read > 50 && stopped > 5, "{read} spans, {stopped} lines refused");
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

#[test]
fn spacy_scores_entities_as_we_do_but_for_nothing_over_nothing() {
    let peers = peers();
    let labels = LabelSet::new(peers.types.clone());
    let mut compared = 0;
    for (case, theirs) in peers.spans.iter().zip(&peers.spacy.spans) {
        assert_eq!(case.overlap, theirs.is_none());
        let Some(theirs) = theirs else { continue };
        let mut counts = CompatCounts::new(Compat::Spacy, &labels, None, Scheme::Iob2);
        case.documents.iter().for_each(|[gold, predicted]| counts.add_spans(&spans(gold), &spans(predicted)));
        let report = counts.report();
        for (name, theirs) in [("ents_p", theirs.precision), ("ents_r", theirs.recall), ("ents_f", theirs.f1)] {
            match (report.figure(name), theirs) {
                (None, None) => {}
                (Some(ours), Some(theirs)) => assert!(close(ours, theirs), "{name} {ours} {theirs}"),
                other => panic!("{name}: {other:?}"),
            }
            compared += 1;
        }
        let types = theirs.types.clone().unwrap_or_default();
        for (kind, figures) in &types {
            for (name, theirs) in figures {
                let ours = report.figure(&format!("ents_per_type {kind} {name}")).unwrap();
                assert!(close(ours, *theirs), "{kind} {name} {ours} {theirs}");
                compared += 1;
            }
        }
        assert_eq!(report.figures.len(), 3 + 3 * types.len());
    }
    assert!(compared > 200, "{compared} figures");
}

#[test]
fn difference_spacy_counts_0_for_labels_without_an_area() {
    let peers = peers();
    let mut lower = 0;
    for (case, theirs) in peers.cats.iter().zip(&peers.spacy.cats) {
        let of_one_kind = |label: usize| case.gold.iter().all(|row| row[label] == case.gold[0][label]);
        for (label, area) in theirs.auc.iter().enumerate() {
            assert_eq!(area.is_none(), of_one_kind(label));
        }
        let figure = cats_macro_auc(&theirs.auc);
        assert!(close(figure.theirs.unwrap(), theirs.cats_macro_auc), "{figure:?}");
        if theirs.auc.iter().any(Option::is_none) && theirs.auc.iter().any(Option::is_some) {
            assert!(figure.ours.unwrap() > figure.theirs.unwrap());
            lower += 1;
        }
        assert_eq!(figure.ours.is_none(), theirs.auc.iter().all(Option::is_none));
    }
    assert!(lower > 3 && cats_macro_auc(&[]).theirs.is_none());
}

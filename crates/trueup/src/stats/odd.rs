//! What is odd in texts, labels and spans: kept as it is, and said.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::text::normalise;
use trueup_data::corpus::{Gold, Place, Record};

/// How many records one thread looks at in one piece.
const PIECE: usize = 4096;

/// Something odd, how often, and where first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Odd {
    /// What.
    pub what: String,
    /// How many examples (labels, spans) are like that.
    pub count: u64,
    /// The place of the first.
    pub first: String,
}

#[derive(Default)]
struct Found {
    kinds: BTreeMap<u8, (&'static str, u64, String)>,
}

impl Found {
    fn add(&mut self, order: u8, what: &'static str, place: &dyn std::fmt::Display) {
        let entry = self.kinds.entry(order).or_insert_with(|| (what, 0, place.to_string()));
        entry.1 += 1;
    }

    /// Adds what was found in the records after these.
    fn append(&mut self, after: Self) {
        for (order, (what, count, first)) in after.kinds {
            self.kinds.entry(order).or_insert((what, 0, first)).1 += count;
        }
    }
}

/// Looks at every text and every reference answer.
pub(super) fn odd(records: &[Record], golds: &[Gold]) -> Vec<Odd> {
    let pieces: Vec<_> =
        records.par_chunks(PIECE).zip(golds.par_chunks(PIECE)).map(|(records, golds)| piece(records, golds)).collect();
    let mut found = Found::default();
    let mut known: FxHashSet<&str> = FxHashSet::default();
    let mut labels: BTreeMap<String, Vec<(&str, &Place)>> = BTreeMap::new();
    for (more, spellings) in pieces {
        found.append(more);
        for (label, place) in spellings.into_iter().filter(|(label, _)| known.insert(label)) {
            labels.entry(normalise(label)).or_default().push((label, place));
        }
    }
    let mut all: Vec<Odd> =
        found.kinds.into_values().map(|(what, count, first)| Odd { what: what.to_owned(), count, first }).collect();
    for spellings in labels.into_values().filter(|spellings| spellings.len() > 1) {
        let names: Vec<&str> = spellings.iter().map(|(name, _)| *name).collect();
        let what = format!("spellings of one label: {}", names.join(", "));
        all.push(Odd { what, count: spellings.len() as u64, first: spellings[1].1.to_string() });
    }
    all
}

/// What is odd in records that follow each other, and their labels, each with its first place.
fn piece<'a>(records: &'a [Record], golds: &'a [Gold]) -> (Found, Vec<(&'a str, &'a Place)>) {
    let mut found = Found::default();
    let mut known: FxHashSet<&str> = FxHashSet::default();
    let mut labels = Vec::new();
    for (record, gold) in records.iter().zip(golds) {
        let place = &record.place;
        if let Some(text) = &record.text {
            of_text(text, place, &mut found);
        }
        let Some(answer) = gold.answer() else {
            continue;
        };
        for label in answer.labels.iter().flatten().map(|choice| &choice.label) {
            if label.trim() != label {
                found.add(20, "labels with white space around them", place);
            }
            if known.insert(label) {
                labels.push((label.as_str(), place));
            }
        }
        let mut marks: Vec<_> = answer.spans.iter().flatten().collect();
        marks.sort_unstable_by_key(|mark| (mark.start, mark.end));
        let mut reach = 0;
        for mark in marks {
            let covered = record.text().get(mark.start..mark.end).unwrap_or_default();
            if covered.trim() != covered {
                found.add(30, "spans with white space at an edge", place);
            }
            if mark.start < reach {
                found.add(31, "spans that overlap an earlier one", place);
            }
            reach = reach.max(mark.end);
            let inside = |byte: usize| record.tokens.iter().any(|t| t.start < byte && byte < t.end);
            if !record.tokens.is_empty() && (inside(mark.start) || inside(mark.end)) {
                found.add(32, "spans with an edge inside a token", place);
            }
            if !mark.pieces.is_empty() {
                found.add(33, "spans with gaps", place);
            }
        }
    }
    (found, labels)
}

fn of_text(text: &str, place: &dyn std::fmt::Display, found: &mut Found) {
    if text.trim().is_empty() {
        found.add(0, "texts that are empty", place);
        return;
    }
    if text.trim() != text {
        found.add(1, "texts with white space around them", place);
    }
    if text.is_ascii() {
        if text.bytes().any(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r')) {
            found.add(2, "texts with control characters", place);
        }
    } else {
        if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            found.add(2, "texts with control characters", place);
        }
        if text.contains('\u{fffd}') {
            found.add(3, "texts with a replacement character, left by a wrong decoding", place);
        }
        // UTF-8 that was read as Windows-1252.
        if ["Ã©", "Ã¨", "Ã¼", "Ã¶", "Ã¤", "â€™", "â€œ", "Â£", "Â°"].iter().any(|sign| text.contains(sign))
        {
            found.add(4, "texts that look decoded twice (Ã©, â€™)", place);
        }
        let joins = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
        let invisible =
            |c: char| matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}');
        if text.chars().any(|c| invisible(c) && !joins(c)) {
            found.add(5, "texts with invisible characters", place);
        }
        if !trueup_core::text::is_nfc(text) {
            found.add(6, "texts that are not in composed form (NFC)", place);
        }
    }
    if text.contains('\r') {
        found.add(7, "texts with carriage returns", place);
    }
}

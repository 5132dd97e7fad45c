//! What holds of every method and every text: spans stand on the changed text of their mentions, tokens on theirs.

use std::ops::Range;

use proptest::prelude::*;
use trueup_core::Rng;
use trueup_data::corpus::{Answer, Mark, TokenMark};

use super::edits::{Edit, Edited, Marked, apply};
use super::mentions::Mentions;
use super::methods::{METHODS, Means, make};

/// Words with marks that combine, emoji of several characters, letters whose case changes their length.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-zA-Z]{1,9}",
        "[a-zA-Z]{4,9}",
        Just("cafe\u{301}".to_owned()),
        Just("👩‍🔬".to_owned()),
        Just("🇩🇪x".to_owned()),
        Just("Straße".to_owned()),
        Just("İstanbul".to_owned()),
        Just("ΟΔΟΣ".to_owned()),
        Just("I'm".to_owned()),
        Just("does not".to_owned()),
        Just("don’t".to_owned()),
        Just("1,000".to_owned()),
        Just("东京".to_owned()),
        "\\PC{1,4}",
    ];
    let end = prop_oneof![Just(""), Just("?"), Just("."), Just(" ?!"), Just(" ")];
    (prop::collection::vec((word, prop_oneof![4 => Just(" "), 1 => Just(", "), 1 => Just("")]), 1..9), end)
        .prop_map(|(words, end)| words.into_iter().map(|(word, gap)| word + gap).collect::<String>() + end)
}

/// Some ranges of characters of a text, as spans that may nest and overlap.
fn spans(text: &str, draws: &[(usize, usize)]) -> Answer {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mark = |(i, &(from, to)): (usize, &(usize, usize))| {
        let (a, b) = (ends[from % ends.len()], ends[to % ends.len()]);
        (a != b).then(|| Mark::new(a.min(b), a.max(b), ["PER", "LOC"][i % 2]))
    };
    Answer::spans(draws.iter().enumerate().filter_map(mark).collect())
}

/// The tokens of a text: what stands between white space.
fn tokens(text: &str) -> Vec<TokenMark> {
    let mut tokens = Vec::new();
    let mut at = 0;
    for word in text.split_whitespace() {
        let start = at + text[at..].find(word).unwrap();
        at = start + word.len();
        tokens.push(TokenMark { start, end: at, ..TokenMark::default() });
    }
    tokens
}

fn marks(edited: &Edited) -> &[Mark] {
    edited.answer.spans.as_deref().unwrap_or_default()
}

/// The changes that lie inside of a range, made to that range alone.
fn inside(text: &str, range: Range<usize>, edits: &[Edit]) -> String {
    let mut out = String::new();
    let mut at = range.start;
    for edit in edits {
        let strictly = |place: usize| range.start < place && place < range.end;
        let belongs = if edit.range.is_empty() {
            strictly(edit.range.start)
        } else {
            range.start <= edit.range.start && edit.range.end <= range.end
        };
        if belongs {
            out += &text[at..edit.range.start];
            out += &edit.text;
            at = edit.range.end;
        }
    }
    out + &text[at..range.end]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_span_says_what_its_mention_became(
        text in text(),
        draws in prop::collection::vec((0usize..60, 0usize..60), 0..4),
        cuts in prop::collection::vec((0usize..60, 0usize..4, "[a-z€ ]{0,3}"), 1..5),
    ) {
        let answer = spans(&text, &draws);
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let mut edits: Vec<Edit> = cuts
            .into_iter()
            .map(|(from, long, put)| {
                let from = from % ends.len();
                Edit::new(ends[from]..ends[(from + long).min(ends.len() - 1)], put)
            })
            .collect();
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let marked = Marked { text: &text, answer: &answer, tokens: &[] };
        if let Some(edited) = apply(marked, edits.clone()) {
            prop_assert_eq!(edited.text.as_str(), whole(&text, &edits));
            prop_assert_eq!(marks(&edited).len(), answer.spans.as_ref().unwrap().len());
            for (mark, was) in marks(&edited).iter().zip(answer.spans.iter().flatten()) {
                prop_assert_eq!(&mark.label, &was.label);
                prop_assert_eq!(&edited.text[mark.start..mark.end], inside(&text, was.start..was.end, &edits));
            }
        }
    }

    #[test]
    fn every_method_carries_spans_and_tokens(
        text in text(),
        draws in prop::collection::vec((0usize..60, 0usize..60), 0..4),
        tokenised in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let tokens = if tokenised { tokens(&text) } else { Vec::new() };
        let answer = spans(&text, &draws);
        let marked = Marked { text: &text, answer: &answer, tokens: &tokens };
        let mentions = Mentions::new([(0, marked)].into_iter());
        let means = Means { share: 0.3, mentions: &mentions };
        for method in METHODS.iter().map(|method| method.name).chain(["mention"]) {
            let Some(made) = make(method, marked, &means, &mut Rng::new(seed)) else { continue };
            let edited = made.edited;
            prop_assert_ne!(&edited.text, &text, "{}", method);
            prop_assert_eq!(marks(&edited).len(), answer.spans.as_ref().unwrap().len());
            for (mark, was) in marks(&edited).iter().zip(answer.spans.iter().flatten()) {
                let (now, before) = (&edited.text[mark.start..mark.end], &text[was.start..was.end]);
                prop_assert!(!now.trim().is_empty() || before.trim().is_empty(), "{}: {:?}", method, now);
                let same = match method {
                    "case-lower" => now.to_lowercase() == before.to_lowercase().to_lowercase() || !before.is_ascii(),
                    "case-upper" => now == before.to_uppercase(),
                    // What is cut out or put in stands outside of spans, or in the middle of one with others.
                    "dropout" => now == before,
                    "mention" => mentions.of(&mark.label).iter().any(|&m| mentions.get(m).text == now) || now == before,
                    _ => true,
                };
                prop_assert!(same, "{}: {:?} of {:?}", method, now, before);
            }
            if tokenised {
                let mut at = 0;
                for token in &edited.tokens {
                    prop_assert!(at <= token.start && token.start < token.end, "{}: {:?}", method, edited);
                    prop_assert!(edited.text[at..token.start].trim().is_empty(), "{}: {:?}", method, edited);
                    at = token.end;
                }
                prop_assert!(edited.text[at..].trim().is_empty(), "{}: {:?}", method, edited);
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_text(text in text(), seed in any::<u64>()) {
        let answer = Answer::default();
        let marked = Marked { text: &text, answer: &answer, tokens: &[] };
        let mentions = Mentions::default();
        let means = Means { share: 0.1, mentions: &mentions };
        for method in METHODS {
            let draw = || make(method.name, marked, &means, &mut Rng::new(seed));
            prop_assert_eq!(draw(), draw());
        }
    }
}

/// The text with all changes, made one after another from the last.
fn whole(text: &str, edits: &[Edit]) -> String {
    let mut out = text.to_owned();
    edits.iter().rev().for_each(|edit| out.replace_range(edit.range.clone(), &edit.text));
    out
}

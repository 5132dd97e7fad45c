//! Why a span got its label: the features that speak for it and against.

use trueup_core::{Example, Span};

use super::facts::Fact;
use super::features::{Lexicon, SLOTS, joint, looks_at, neighbour, offset, single};
use super::gazetteer::{Place, feature};
use super::model::{CrfModel, tokens, words};
use super::pieces::pieces;
use super::tags::{Segment, place};

/// What speaks for the label of a span, or against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The feature: its template and what it holds, as in `word[0]=Lagos`, `lower[-1]=in`, `list city (alone)` or
    /// `step B I`. The number is the place of the word, from the token of the span.
    pub feature: String,
    /// How much it adds to the log odds of the span's tags against no span at these tokens (nats): above 0 for, below
    /// 0 against.
    pub weight: f64,
}

impl CrfModel {
    /// The features of the tokens of `span` with what each adds to its label's score, over that of tokens outside any
    /// span; the furthest from 0 first, then by name. A feature of several tokens is one reason. The weights add up to
    /// the difference between the scores of the two taggings of these tokens, steps within the span included and steps at
    /// its edges apart.
    ///
    /// Nothing when the span overlaps no token, or when training did not see its label.
    pub fn explain(&self, example: &Example, span: &Span) -> Vec<Reason> {
        let tokens = tokens(example);
        let pieces = pieces(&example.text, &tokens);
        let Some(piece) = pieces.into_iter().find(|piece| tokens[piece.end - 1].1 > span.start) else {
            return Vec::new();
        };
        let tokens = &tokens[piece];
        let (segments, _) = place(std::slice::from_ref(span), tokens);
        let [Segment { first, last, label }] = segments[..] else { return Vec::new() };
        if !self.tags.labels().contains(&label) {
            return Vec::new();
        }
        let states = self.tags.encode(last - first + 1, &[Segment { first: 0, last: last - first, label }]);
        let texts: Vec<&str> = words(&example.text, tokens).collect();
        let mut lexicon = Lexicon::new(&self.clusters);
        let ids: Vec<u32> = texts.iter().map(|word| lexicon.id(word)).collect();

        let mut reasons: std::collections::BTreeMap<String, f64> = std::collections::BTreeMap::new();
        for (at, &state) in (first..=last).zip(&states) {
            let mut add = |name: String, hash: u64| {
                if let Some(row) = self.weights(hash).map(<[_]>::as_flattened) {
                    let units = f64::from(row[state]) - f64::from(row[0]);
                    *reasons.entry(name).or_default() += units * f64::from(self.scale);
                }
            };
            let word = |offset: isize| at.checked_add_signed(offset).and_then(|i| texts.get(i)).copied();
            for slot in 0..SLOTS {
                let offset = offset(slot);
                for (fact, hash) in single(&lexicon.facts[neighbour(&ids, at, offset)], slot) {
                    let of = &lexicon.facts[neighbour(&ids, at, offset)];
                    let name = match fact {
                        Fact::Cluster => format!("cluster[{offset}]={}", of[Fact::Cluster as usize]),
                        _ => name(fact, offset, word(offset)),
                    };
                    add(name, hash);
                }
            }
            for template in 0.. {
                let Some(parts) = looks_at(template) else { break };
                if let Some(hash) = joint(template, &ids, at, &lexicon.facts) {
                    let parts = parts.iter().map(|&(offset, fact)| name(fact, offset, word(offset)));
                    add(parts.collect::<Vec<_>>().join(" "), hash);
                }
            }
            let lower = |i: usize| lexicon.facts[ids[i] as usize][Fact::Lower as usize];
            for (list, place) in self.gazetteer.found_at(ids.len(), lower, at) {
                let part = match place {
                    Place::Alone => "alone",
                    Place::First => "first",
                    Place::Inside => "inside",
                    Place::Last => "last",
                };
                add(format!("list {list} ({part})"), feature(list, place));
            }
        }
        let step = |from: usize, to: usize| f64::from(self.transitions.weight(from, to));
        for pair in states.windows(2) {
            let name = format!("step {} {}", self.tags.letter(pair[0]), self.tags.letter(pair[1]));
            *reasons.entry(name).or_default() += step(pair[0], pair[1]) - step(0, 0);
        }
        let mut reasons: Vec<Reason> = reasons
            .into_iter()
            .filter(|(_, weight)| *weight != 0.0)
            .map(|(feature, weight)| Reason { feature, weight })
            .collect();
        reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        reasons
    }
}

/// The name of a feature of one word; `None` is a place beyond the text.
fn name(fact: Fact, offset: isize, word: Option<&str>) -> String {
    let Some(word) = word else {
        let end = if offset < 0 { "start" } else { "end" };
        return format!("{}[{offset}]={end} of the text", fact.name());
    };
    match fact.shown(word) {
        Some(value) => format!("{}[{offset}]={value}", fact.name()),
        None => fact.name().to_owned(),
    }
}

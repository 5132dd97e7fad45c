//! # D107 exact-duplicate
//!
//! ## What it finds
//!
//! Texts that stand in the same data more than once, case and white space aside (equal normalised texts). The count is
//! that of the members of all groups. Each data set has its own finding; twins across training and test are K201's
//! concern, and twins with different labels D109's as well. Empty texts do not count, nor do sentences of entity data
//! with under 4 words: lone numbers and headings recur in every document.
//!
//! ## Why it matters
//!
//! A text that stands in the training data five times weighs five times, and one that is evaluated five times counts
//! five times in the score. The data set is smaller than it looks, and so the intervals, which take examples for
//! independent, are too narrow.
//!
//! ## Example
//!
//! `705 of 5,574 examples repeat one another word for word; 415 could go`
//!
//! ## What to do
//!
//! Keep one of each text, unless people really send the same text again and again and the score should weigh it so. The
//! folds of a review keep twins together, so they do not flatter its score.
//!
//! ## Threshold
//!
//! A warning from 5 % of the examples on (those that could go while one of each stays), which is where deepchecks draws
//! the line; below that a note. An error from 90 % on: the set is then a handful of texts over and over. Four words: of the repeated sentences in public entity data sets, those with fewer are
//! numbers, full stops and section headings.

use trueup_core::words;

use super::twins::{self, Groups};
use crate::review::{Draft, Evidence, Place, Rule, SideName};

/// The rule.
pub const RULE: Rule =
    Rule { code: "D107", name: "exact-duplicate", source: include_str!("d107_exact_duplicate.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    evidence.sides().into_iter().filter_map(|side| within(evidence, side)).collect()
}

fn within(evidence: &Evidence<'_>, side: SideName) -> Option<Draft> {
    let on_side = |members: &[Place]| -> Vec<Place> {
        let here = members.iter().copied().filter(|place| place.side == side);
        here.filter(|&place| twins::counts(evidence, place)).collect()
    };
    let groups = evidence.duplicates.iter().map(|group| on_side(&group.members)).collect();
    let groups = Groups::new(side, groups);
    if groups.is_empty() {
        return None;
    }
    let same = groups.iter().map(|group| repeats_as_it_stands(evidence, group)).sum::<u64>();
    let spare = groups.spare();
    let how = if same == spare {
        "They are equal as they stand.".to_owned()
    } else {
        format!(
            "{} of the repeats {} equal as they stand, {} but for case and white space.",
            words::count(same),
            words::agree(same, "is", "are"),
            words::count(spare - same)
        )
    };
    let action = format!(
        "Keep one of each text and remove the other {}, unless production repeats itself as much",
        words::count(spare)
    );
    let draft = groups
        .draft(evidence, "repeat one another word for word", action)
        .message(format!("{how} {}", groups.consequence(evidence)))
        .with("byte_equal", same);
    Some(draft)
}

/// Members whose text an earlier member of the group has byte by byte.
fn repeats_as_it_stands(evidence: &Evidence<'_>, group: &[Place]) -> u64 {
    let text = |place: &Place| evidence.side(place.side).data.examples[place.row].text.as_str();
    let mut texts: Vec<&str> = group.iter().map(text).collect();
    texts.sort_unstable();
    texts.dedup();
    (group.len() - texts.len()) as u64
}

#[cfg(test)]
mod tests {
    use trueup_core::document::Severity;

    use super::*;
    use crate::review::planted::Plant;

    #[test]
    fn counts_members_by_side_and_tells_what_is_equal_as_it_stands() {
        let findings = Plant::split(&[("a", 20), ("b", 20)], &[("a", 20), ("b", 20)])
            .unlike()
            .train(|d| {
                for (row, text) in [(0, "My card is gone"), (5, "My card is gone"), (9, "my card  is gone"), (3, "hi"), (4, "hi")] {
                    d.examples[row].text = text.into();
                }
            })
            // A twin on the other side is no duplicate within a side.
            .test(|d| d.examples[0].text = "My card is gone".into())
            .find_twins()
            .judge(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "5 of 40 training examples repeat one another word for word; 3 could go");
        assert_eq!((finding.count, finding.severity), (5, Severity::Warning));
        assert_eq!(finding.evidence["byte_equal"], 2);
        assert_eq!(finding.examples, ["train/1", "train/6", "train/10", "train/4", "train/5"]);
        assert!(finding.message.starts_with("2 of the repeats are equal as they stand, 1 but"), "{}", finding.message);
    }

    #[test]
    fn a_few_are_a_note_and_empty_texts_are_none() {
        let plant = || Plant::labels(&[("a", 50), ("b", 50)]).unlike();
        let few = plant().test(|d| d.examples[1].text = d.examples[0].text.clone()).find_twins().judge(&RULE);
        assert_eq!(few[0].severity, Severity::Note);
        assert!(few[0].title.starts_with("2 of 100 examples"), "{}", few[0].title);
        assert!(plant().find_twins().judge(&RULE).is_empty());
        let empty = plant().test(|d| d.examples.iter_mut().take(9).for_each(|e| e.text.clear()));
        assert!(empty.find_twins().judge(&RULE).is_empty());
    }

    #[test]
    fn short_sentences_of_entity_data_recur_by_themselves() {
        let plant = |text: &'static str| Plant::sentences(&[(text, &[]), (text, &[]), ("Ada left", &[("Ada", "PER")])]);
        assert!(plant("METHODS :").find_twins().judge(&RULE).is_empty());
        assert_eq!(plant("We met in Oslo .").find_twins().judge(&RULE)[0].count, 2);
    }
}

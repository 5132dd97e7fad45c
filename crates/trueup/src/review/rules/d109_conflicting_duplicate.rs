//! # D109 conflicting-duplicate
//!
//! ## What it finds
//!
//! Texts that stand in the data more than once with different gold, case and white space aside, over all data sets
//! together. For entities, the same sentence with other spans. The count is that of the members of all such groups.
//! Empty texts do not count, nor do sentences of entity data with under 4 words.
//!
//! ## Why it matters
//!
//! At most one of the answers can be right, unless the text alone does not decide. The model cannot answer both ways,
//! so each conflict in the test set costs a mistake that no model can avoid, and each in training teaches doubt. Where
//! it happens often between the same two labels, the labels are not told apart clearly enough for people.
//!
//! ## Example
//!
//! `24 examples have a text that is labelled otherwise elsewhere, most often card_arrival and card_delivery (5 texts)`
//!
//! ## What to do
//!
//! Decide for each text which answer is right and correct the others. If both are, the task needs more than the text,
//! or the labels should be merged or allowed together.
//!
//! ## Threshold
//!
//! One text is enough: each is an error by itself. deepchecks draws the same line, at none.

use std::collections::{BTreeMap, BTreeSet};

use trueup_core::document::Severity;
use trueup_core::text::normalise;
use trueup_core::{Annotation, Example, words};

use super::twins::{self, MOST_LISTED};
use crate::review::{Draft, Evidence, Place, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "D109", name: "conflicting-duplicate", source: include_str!("d109_conflicting_duplicate.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let mut conflicts: Vec<(&[Place], BTreeSet<String>)> = evidence
        .duplicates
        .iter()
        .filter(|group| !group.same_gold && twins::counts(evidence, group.members[0]))
        .map(|group| (group.members.as_slice(), disputed(evidence, &group.members)))
        .filter(|(_, disputed)| !disputed.is_empty())
        .collect();
    if conflicts.is_empty() {
        return Vec::new();
    }
    conflicts.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.0[0].cmp(&b.0[0])));
    let mut often: BTreeMap<&str, u64> = BTreeMap::new();
    for dispute in conflicts.iter().flat_map(|(_, disputed)| disputed) {
        *often.entry(dispute).or_default() += 1;
    }
    let mut often: Vec<(&str, u64)> = often.into_iter().collect();
    often.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let (most, times) = often[0];
    let groups = conflicts.len() as u64;
    let members: u64 = conflicts.iter().map(|(members, _)| members.len() as u64).sum();
    let of = [evidence.noun, "text"][usize::from(evidence.noun != "sentence")];
    let listed: Vec<Vec<String>> = conflicts
        .iter()
        .take(MOST_LISTED)
        .map(|(members, _)| members.iter().map(|&place| evidence.id(place)).collect())
        .collect();
    let draft = Draft::new(
        Severity::Warning,
        members,
        format!(
            "{} have a text that is labelled otherwise elsewhere, most often {most} ({})",
            words::counted(members, evidence.noun),
            words::counted(times, of)
        ),
        format!(
            "Decide for {} which labelling is right, and correct the others",
            if groups == 1 { format!("this {of}") } else { format!("each of the {}", words::counted(groups, of)) }
        ),
    )
    .message(format!(
        "{} {} different gold in different places. At most one of the answers can be right, so no model can get all of \
         them, and training on both teaches doubt.",
        words::counted(groups, of),
        words::agree(groups, "has", "have")
    ))
    .examples(conflicts.iter().flat_map(|(members, _)| members.iter().copied()))
    .with("groups", groups)
    .with("disputes", often.iter().map(|&(dispute, texts)| serde_json::json!([dispute, texts])).collect::<Vec<_>>())
    .with("twins", listed);
    vec![draft]
}

/// What the members disagree about, each once: pairs of labels, or for sets and spans the labels that not all have
/// alike. Empty when they agree after all.
fn disputed(evidence: &Evidence<'_>, members: &[Place]) -> BTreeSet<String> {
    let examples = members.iter().map(|place| &evidence.side(place.side).data.examples[place.row]);
    let answers: BTreeSet<Vec<(u32, String)>> = examples.map(answer).collect();
    let name = |id: u32| evidence.labels.name(id).to_owned();
    let mut disputed = BTreeSet::new();
    if evidence.task == trueup_core::Task::Classification {
        let labels: Vec<u32> = answers.iter().flatten().map(|part| part.0).collect();
        for (i, &a) in labels.iter().enumerate() {
            disputed.extend(labels[i + 1..].iter().map(|&b| format!("{} and {}", name(a), name(b))));
        }
    } else {
        let all: BTreeSet<&(u32, String)> = answers.iter().flatten().collect();
        let times = |part| answers.iter().map(move |a| a.iter().filter(|&p| p == part).count());
        for part in all {
            if times(part).min() != times(part).max() {
                disputed.insert(name(part.0));
            }
        }
    }
    disputed
}

/// The gold in a form that does not depend on the white space of the text: labels, or types with their mentions.
fn answer(example: &Example) -> Vec<(u32, String)> {
    match &example.gold {
        Annotation::Label(label) => vec![(*label, String::new())],
        Annotation::Labels(labels) => labels.iter().map(|&label| (label, String::new())).collect(),
        Annotation::Spans(spans) => {
            let part = |s: &trueup_core::Span| (s.label, normalise(&example.text[s.range()]));
            spans.iter().map(part).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::planted::Plant;

    fn plant() -> Plant {
        Plant::split(&[("a", 20), ("b", 20), ("c", 20)], &[("a", 5), ("b", 5), ("c", 5)]).unlike()
    }

    #[test]
    fn names_the_pair_of_labels_that_conflicts_most_and_looks_across_splits() {
        let findings = plant()
            .train(|d| {
                for (row, text) in [
                    (0, "one"),
                    (20, "One"),
                    (1, "two"),
                    (21, "two"),
                    (2, "three"),
                    (41, "three"),
                    (5, "same"),
                    (6, "same"),
                ] {
                    d.examples[row].text = text.into();
                }
            })
            .test(|d| d.examples[0].text = "one".into())
            .find_twins()
            .judge(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(
            finding.title,
            "7 examples have a text that is labelled otherwise elsewhere, most often a and b (2 texts)"
        );
        assert_eq!(finding.count, 7);
        assert_eq!(finding.examples[..3], ["train/1", "train/21", "test/1"]);
        assert_eq!(
            finding.action.summary,
            "Decide for each of the 3 texts which labelling is right, and correct the others"
        );
    }

    #[test]
    fn silent_when_twins_agree() {
        let agree = plant().train(|d| d.examples[1].text = d.examples[0].text.clone());
        assert!(agree.find_twins().judge(&RULE).is_empty());
    }

    #[test]
    fn spans_conflict_by_what_they_mark_not_by_where_white_space_puts_them() {
        let spaced: [(&str, &[(&str, &str)]); 2] =
            [("She went to Oslo today", &[("Oslo", "LOC")]), ("She  went to Oslo today", &[("Oslo", "LOC")])];
        assert!(Plant::sentences(&spaced).find_twins().judge(&RULE).is_empty());
        let missed: [(&str, &[(&str, &str)]); 2] = [
            ("Ada went to Oslo today", &[("Oslo", "LOC"), ("Ada", "PER")]),
            ("Ada went to Oslo today", &[("Oslo", "LOC")]),
        ];
        let finding = &Plant::sentences(&missed).find_twins().judge(&RULE)[0];
        assert_eq!(
            finding.title,
            "2 sentences have a text that is labelled otherwise elsewhere, most often PER (1 sentence)"
        );
    }
}

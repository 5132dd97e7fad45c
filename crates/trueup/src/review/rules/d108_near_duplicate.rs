//! # D108 near-duplicate
//!
//! ## What it finds
//!
//! Texts of the same data that are almost equal: the Jaccard similarity of their sets of character 5-grams, after
//! normalising, is at or above 0.8, and they are not exact duplicates (D107). Texts that are alike in a chain form one
//! group; the count is that of the members of all groups. Each data set has its own finding; pairs across training and
//! test are K202's concern. Short sentences of entity data do not count, as with D107.
//!
//! ## Why it matters
//!
//! Templates, quoted mails and records that differ in a number tell the model the same thing many times, and the score
//! counts one answer many times. Pairs with different labels are worth a look above all: texts so alike seldom deserve
//! two labels.
//!
//! ## Example
//!
//! `212 of 5,574 examples are near twins of one another; 131 could go`
//!
//! ## What to do
//!
//! Look at the largest groups. Where the difference says nothing, keep one; where it is a template, keep a few. The
//! folds of a review keep twins together, so they do not flatter its score.
//!
//! ## Threshold
//!
//! 0.8 is the definition of a near duplicate everywhere in Trueup: about one changed word in a sentence of 25.
//! A warning from 5 % of the examples on (those that could go while one of each group stays), as D107, and an
//! error from 90 % on; below 5 % a note.

use std::collections::BTreeMap;

use trueup_core::words;

use super::twins::{self, Groups, MOST_LISTED};
use crate::review::{Draft, Evidence, NearPair, Place, Rule, SideName};

/// The rule.
pub const RULE: Rule =
    Rule { code: "D108", name: "near-duplicate", source: include_str!("d108_near_duplicate.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    evidence.sides().into_iter().filter_map(|side| within(evidence, side)).collect()
}

fn within(evidence: &Evidence<'_>, side: SideName) -> Option<Draft> {
    let mut pairs: Vec<&NearPair> = evidence
        .near
        .iter()
        .filter(|pair| pair.a.side == side && twins::counts(evidence, pair.a) && twins::counts(evidence, pair.b))
        .collect();
    let groups = Groups::new(side, chains(&pairs));
    if groups.is_empty() {
        return None;
    }
    let other_gold = pairs.iter().filter(|pair| !pair.same_gold).count() as u64;
    let mut message = groups.consequence(evidence).to_owned();
    if other_gold > 0 {
        message += &format!(
            " {} {} different gold: one of the two is likely wrong.",
            words::counted(other_gold, "pair"),
            words::agree(other_gold, "has", "have")
        );
    }
    pairs.sort_by(|x, y| y.similarity.total_cmp(&x.similarity).then((x.a, x.b).cmp(&(y.a, y.b))));
    let listed: Vec<_> = pairs
        .iter()
        .take(MOST_LISTED)
        .map(|pair| serde_json::json!([evidence.id(pair.a), evidence.id(pair.b), pair.similarity]))
        .collect();
    let draft = groups
        .draft(
            evidence,
            "are near twins of one another",
            "Look at the largest groups and keep one of each where the difference says nothing",
        )
        .message(message)
        .with("different_gold", other_gold)
        .with("pairs", listed);
    Some(draft)
}

/// The groups that the pairs link up, each in row order.
fn chains(pairs: &[&NearPair]) -> Vec<Vec<Place>> {
    let mut leader: BTreeMap<Place, Place> = BTreeMap::new();
    let find = |leader: &BTreeMap<Place, Place>, mut place: Place| {
        while leader[&place] != place {
            place = leader[&place];
        }
        place
    };
    for pair in pairs {
        for place in [pair.a, pair.b] {
            leader.entry(place).or_insert(place);
        }
        let (a, b) = (find(&leader, pair.a), find(&leader, pair.b));
        // The earlier one leads, and both ends point at it, so that chains stay short.
        let first = a.min(b);
        for place in [a, b, pair.a, pair.b] {
            leader.insert(place, first);
        }
    }
    let mut groups: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
    for &place in leader.keys() {
        groups.entry(find(&leader, place)).or_default().push(place);
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::planted::Plant;

    const MAIL: &str = "Your parcel number 48151 has left our warehouse and will arrive tomorrow before noon";

    #[test]
    fn links_chains_and_counts_what_could_go() {
        let findings = Plant::labels(&[("a", 40), ("b", 40)])
            .unlike()
            .test(|d| {
                d.examples[3].text = MAIL.into();
                d.examples[7].text = MAIL.replace("48151", "48152");
                d.examples[60].text = MAIL.replace("48151", "48162");
            })
            .find_twins()
            .judge(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "3 of 80 examples are near twins of one another; 2 could go");
        assert_eq!(finding.examples, ["4", "8", "61"]);
        assert_eq!(finding.evidence["different_gold"], 2);
        assert!(finding.message.ends_with("2 pairs have different gold: one of the two is likely wrong."));
    }

    #[test]
    fn silent_without_twins_and_on_exact_ones() {
        let plant = || Plant::labels(&[("a", 40), ("b", 40)]).unlike();
        assert!(plant().find_twins().judge(&RULE).is_empty());
        let exact = plant().test(|d| d.examples[1].text = d.examples[0].text.clone());
        assert!(exact.find_twins().judge(&RULE).is_empty());
    }

    #[test]
    fn groups_join_whatever_the_order_of_the_pairs() {
        let at = |row| Place { side: SideName::Test, row };
        let pair = |a, b| NearPair { a: at(a), b: at(b), similarity: 0.9, same_gold: true };
        let pairs = [pair(0, 5), pair(1, 2), pair(3, 4), pair(2, 5), pair(6, 7)];
        let groups = chains(&pairs.iter().collect::<Vec<_>>());
        let rows: Vec<Vec<usize>> = groups.iter().map(|g| g.iter().map(|p| p.row).collect()).collect();
        assert_eq!(rows, [vec![0, 1, 2, 5], vec![3, 4], vec![6, 7]]);
    }
}

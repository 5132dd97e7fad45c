//! What is said of the annotators of a file.

use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::agreement::Coefficient;
use trueup_core::document::{Guess, Skipped};
use trueup_core::{Estimate, Task};

/// How far annotators agree, what they agree on, and how good each is. `trueup agreement FILE --json -` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AgreementReport {
    /// `trueup.agreement/1`.
    pub schema: String,
    /// The file or folder as it was named.
    pub file: String,
    /// The format it was read as.
    pub format: String,
    /// What the answers are: one label, sets of labels, or spans.
    pub task: Task,
    /// What kind of values labels are: `nominal`, `ordinal`, `interval`; `sets`; `spans`.
    pub level: String,
    /// Labels, or types of spans, that annotators gave.
    pub labels: u64,
    /// Examples in the file.
    pub examples: u64,
    /// Examples with an accepted answer of somebody: the items.
    pub items: u64,
    /// Items with accepted answers of two annotators or more. Only these can show agreement.
    pub compared: u64,
    /// Accepted answers, one each an item and annotator; of somebody who answered an item twice the last counts.
    pub answers: u64,
    /// People with an accepted answer.
    pub annotators: u64,
    /// The figures, the one to read first at the head.
    pub coefficients: Vec<Figure>,
    /// What the first figure means, in words.
    pub reading: Reading,
    /// Agreement label by label, worst first; none for ratings.
    pub by_label: Vec<LabelRow>,
    /// The annotators, worst first.
    pub by_annotator: Vec<AnnotatorRow>,
    /// Pairs of annotators that share 5 items or more (or 1, where no pair shares 5), at most 1,000. Those that agree
    /// least come first: by the share of equal answers of names, by kappa of ranks and ratings, by F1 of sets and spans,
    /// each with 1/sqrt(shared) added, since few items prove little. Intervals are given for the first 50.
    pub pairs: Vec<PairRow>,
    /// The items that are disputed most, at most 100.
    pub disputed: Vec<ItemRow>,
    /// The likeliest answers.
    pub consensus: ConsensusReport,
    /// What was decided from the content.
    pub guesses: Vec<Guess>,
    /// Records left out.
    pub skipped: Vec<Skipped>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
}

/// A figure of agreement.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Figure {
    /// `krippendorff_alpha`, `fleiss_kappa`, `cohen_kappa`, `gwet_ac1`, `gwet_ac2`, `percent`, `f1_strict`,
    /// `f1_tolerant`, `f1_tokens`, `f1_labels`, and `krippendorff_alpha_jaccard`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it counts: the distance or the matching.
    pub about: String,
    /// The figure with its 95 % interval; kappas and alphas lie in [-1, 1], shares and F1 in [0, 1].
    pub estimate: Estimate,
    /// Why there is no figure; `null` where there is one.
    pub undefined: Option<String>,
}

impl Figure {
    /// A coefficient under its names.
    pub(super) fn new(name: &str, title: &str, about: impl Into<String>, coefficient: &Coefficient) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            about: about.into(),
            estimate: coefficient.estimate.clone(),
            undefined: coefficient.undefined.map(|why| why.words().to_owned()),
        }
    }
}

/// What the first figure means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reading {
    /// `high`, `tentative`, `low`, by Krippendorff's 0.8 and 0.667; `unsure` where the interval holds one of them;
    /// `none` without a figure or where there is no such convention.
    pub band: String,
    /// The same in sentences.
    pub words: String,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LabelRow {
    /// The label, or the type of spans.
    pub label: String,
    /// How often it was given.
    pub answers: u64,
    /// Given that one annotator gives it, the chance that another gives it too; for spans the F1 of all pairs
    /// together.
    pub agreement: Estimate,
    /// Krippendorff's alpha of the label against all others; `null` for spans.
    pub alpha: Option<Estimate>,
}

/// One annotator.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AnnotatorRow {
    /// The name.
    pub name: String,
    /// Accepted answers.
    pub answers: u64,
    /// What `quality` is: `accuracy` (expected share of right answers under the consensus), `f1` (against the
    /// consensus) or `correlation` (with the mean of the others' ratings).
    pub measure: String,
    /// How good the answers are, as far as the consensus can tell.
    pub quality: Estimate,
    /// The share of equal answers, or F1, over all pairs with somebody else's answers to the same items; `null` for ratings.
    pub with_others: Option<f64>,
    /// The chance that an answer is given without looking at the item; of MACE.
    pub spamming: Option<f64>,
    /// The chance of each answer (columns) where another is right (rows), labels in order; of Dawid and Skene's
    /// models over at most 20 single labels.
    pub confusion: Option<Vec<Vec<f64>>>,
    /// Against the gold of the file, where it has some: share of right answers, F1, or correlation.
    pub gold: Option<Estimate>,
}

/// Two annotators.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PairRow {
    /// One.
    pub a: String,
    /// The other.
    pub b: String,
    /// Items that both answered.
    pub shared: u64,
    /// `cohen_kappa` or `f1`.
    pub measure: String,
    /// The figure.
    pub estimate: Estimate,
    /// The share of equal answers; `null` for spans and sets.
    pub equal: Option<f64>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ItemRow {
    /// Its id, else its number from 1 in the file.
    pub id: String,
    /// Its text, where it has one.
    pub text: Option<String>,
    /// What was answered and how often, most often first. A span is `TYPE "its text"`.
    pub votes: Vec<Vote>,
    /// The consensus; `null` for a tie. Labels joined by `|`; `null` for spans, which are in `votes`.
    pub consensus: Option<String>,
    /// The probability of the consensus, where a model or a majority of single labels gave one.
    pub confidence: Option<f64>,
    /// How disputed it is: the entropy of the votes in bits; for ratings their standard deviation; for sets and spans
    /// one less the mean F1 of its pairs.
    pub dispute: f64,
}

/// An answer to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Vote {
    /// What.
    pub answer: String,
    /// By how many annotators.
    pub count: u64,
}

/// The likeliest answers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ConsensusReport {
    /// `majority`, `dawid-skene`, `one-coin`, `mace`, `median`.
    pub method: String,
    /// Why this one: `asked for`, or the rule.
    pub why: String,
    /// Items with a consensus.
    pub decided: u64,
    /// Items where two answers are equally likely, left without one. Of sets and spans, items with a label or span on
    /// which the annotators tie.
    pub ties: u64,
    /// Steps of estimation; `null` for majority and median.
    pub iterations: Option<u32>,
    /// Whether the estimation ended before its last step.
    pub converged: bool,
    /// Items with gold in the file and a consensus.
    pub gold_items: u64,
    /// What `gold` is: `accuracy`, `f1` or `correlation`.
    pub measure: String,
    /// The consensus against the gold of the file; `null` where it has none.
    pub gold: Option<Estimate>,
    /// The majority (or median) against the same gold, to compare, where another method decided.
    pub majority: Option<Estimate>,
    /// The file that was written.
    pub written: Option<String>,
    /// Its format.
    pub written_as: Option<String>,
    /// What that format cannot hold.
    pub lost: Vec<String>,
}

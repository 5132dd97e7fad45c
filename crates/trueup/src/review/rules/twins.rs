//! What the rules about repeated texts share: which repeats count, what they form, and how bad a share of them is.

use trueup_core::document::Severity;
use trueup_core::{Task, text};

use crate::review::{Draft, Evidence, Place, SideName};

/// From this share of a side's examples on, repeats are a warning: deepchecks passes duplicates up to 5 %, counted as
/// here, as the examples that could go.
const WARNING_SHARE: f64 = 0.05;

/// From this share on the set is a handful of texts over and over, and no score on it means anything.
const ERROR_SHARE: f64 = 0.9;

/// The most pairs or groups that the evidence of a finding lists, as many as examples.
pub(super) const MOST_LISTED: usize = 1_000;

/// Words that a sentence of an entity data set needs for its repetition to mean anything.
const FEWEST_WORDS: usize = 4;

/// Whether a text recurs by itself, so that its repetition says nothing: an empty text anywhere, and in entity data a
/// sentence of under 4 words that hold a letter. Sentence splitters leave lone numbers, full stops and headings
/// (`1 .`, `METHODS :`) in every document.
pub fn recurs_naturally(task: Task, sentence: &str) -> bool {
    if task != Task::Ner {
        return sentence.trim().is_empty();
    }
    let words = text::tokenise(sentence).into_iter();
    let words = words.filter(|&(start, end)| sentence[start as usize..end as usize].contains(char::is_alphabetic));
    words.take(FEWEST_WORDS).count() < FEWEST_WORDS
}

/// Whether the text at `place` counts when it is repeated.
pub(super) fn counts(evidence: &Evidence<'_>, place: Place) -> bool {
    let side = evidence.side(place.side);
    side.data.has_text && !recurs_naturally(evidence.task, &side.data.examples[place.row].text)
}

/// Groups of places with alike texts within one side, largest first.
pub(super) struct Groups {
    side: SideName,
    groups: Vec<Vec<Place>>,
}

impl Groups {
    /// Groups of at least two, put in order.
    pub(super) fn new(side: SideName, mut groups: Vec<Vec<Place>>) -> Self {
        groups.retain(|group| group.len() > 1);
        groups.sort_by(|a, b| b.len().cmp(&a.len()).then(a[0].cmp(&b[0])));
        Self { side, groups }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[Place]> {
        self.groups.iter().map(Vec::as_slice)
    }

    /// Examples that are in a group.
    pub(super) fn members(&self) -> u64 {
        self.groups.iter().map(|group| group.len() as u64).sum()
    }

    /// Examples that could go while one of each group stays.
    pub(super) fn spare(&self) -> u64 {
        self.members() - self.groups.len() as u64
    }

    /// A finding about these groups; `title` goes between the members and what could go.
    pub(super) fn draft(&self, evidence: &Evidence<'_>, title: &str, action: impl Into<String>) -> Draft {
        let n = evidence.side(self.side).data.len() as u64;
        let share = self.spare() as f64 / n as f64;
        let severity = match share {
            share if share < WARNING_SHARE => Severity::Note,
            share if share < ERROR_SHARE => Severity::Warning,
            _ => Severity::Error,
        };
        let noun = evidence.noun_on(self.side);
        let title = format!(
            "{} of {} {title}; {} could go",
            trueup_core::words::count(self.members()),
            trueup_core::words::counted(n, &noun),
            trueup_core::words::count(self.spare()),
        );
        let listed: Vec<Vec<String>> = self
            .iter()
            .take(MOST_LISTED)
            .map(|group| group.iter().map(|&place| evidence.id(place)).collect())
            .collect();
        Draft::new(severity, self.members(), title, action)
            .examples(self.groups.iter().flatten().copied())
            .with("groups", self.groups.len())
            .with("could_go", self.spare())
            .with("share", share)
            .with("twins", listed)
    }

    /// What repetition does on this side, in one sentence.
    pub(super) fn consequence(&self, evidence: &Evidence<'_>) -> &'static str {
        match self.side {
            SideName::Train => {
                "What is repeated weighs more when the model learns, and the set is smaller than it looks."
            }
            SideName::Valid => {
                "What is repeated counts more when the training is steered, and the set is smaller than it looks."
            }
            SideName::Test if evidence.sides().len() > 1 => {
                "What is repeated counts more in the score, and the interval is narrower than the texts deserve."
            }
            SideName::Test => {
                "What is repeated weighs more in the score, and in the model if it learns from these texts; the set is \
                 smaller than it looks."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_numbers_and_headings_recur_by_themselves() {
        for sentence in [".", "1 .", "METHODS :", "( P < 0.05 ) .", "New York City"] {
            assert!(recurs_naturally(Task::Ner, sentence), "{sentence}");
        }
        assert!(!recurs_naturally(Task::Ner, "She lives in Oslo ."));
        assert!(!recurs_naturally(Task::Ner, "東京都に住む"));
        assert!(!recurs_naturally(Task::Classification, "Ok"));
        assert!(recurs_naturally(Task::Classification, " \n"));
    }
}

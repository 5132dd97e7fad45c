//! What a rule is, and how its judgement becomes a finding.

use serde_json::{Map, Value};
use trueup_core::document::{Action, Finding, Gain, Severity};

use super::evidence::{Evidence, Place};

/// The most examples that a finding lists.
const MOST_EXAMPLES: usize = 1_000;

/// One rule: its name, its page and its judgement.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `E402`.
    pub code: &'static str,
    /// `accuracy-paradox`: names the fault, not the cure.
    pub name: &'static str,
    /// The source of the rule's file; its module doc is the rule's page.
    pub source: &'static str,
    /// Judges the evidence: no finding, or one a cause.
    pub check: fn(&Evidence<'_>) -> Vec<Draft>,
}

impl Rule {
    /// The rule's page in Markdown: the module doc of its file.
    pub fn page(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n") + "\n"
    }

    /// The first paragraph of the section *What it finds* on one line.
    pub fn summary(&self) -> String {
        let page = self.page();
        let body = page.split("## What it finds").nth(1).unwrap_or(&page).trim_start();
        body.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The rule's findings, with ids in place of places.
    pub fn judge(&self, evidence: &Evidence<'_>) -> Vec<Finding> {
        (self.check)(evidence).into_iter().map(|draft| self.finish(draft, evidence)).collect()
    }

    fn finish(&self, draft: Draft, evidence: &Evidence<'_>) -> Finding {
        Finding {
            code: self.code.to_owned(),
            name: self.name.to_owned(),
            severity: draft.severity,
            title: draft.title,
            message: draft.message,
            count: draft.count,
            evidence: draft.evidence,
            examples: draft.examples.into_iter().take(MOST_EXAMPLES).map(|place| evidence.id(place)).collect(),
            action: draft.action,
        }
    }
}

/// A finding in the making: what a rule knows.
#[derive(Debug, Clone)]
pub struct Draft {
    severity: Severity,
    title: String,
    message: String,
    count: u64,
    evidence: Map<String, Value>,
    examples: Vec<Place>,
    action: Action,
}

impl Draft {
    /// A judgement of `severity` about `count` things, told in a title (one line, no full stop) and an action (one
    /// sentence that starts with a verb).
    pub fn new(severity: Severity, count: u64, title: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            severity,
            title: title.into(),
            message: String::new(),
            count,
            evidence: Map::new(),
            examples: Vec::new(),
            action: Action { summary: action.into(), command: None, gain: None, price: None },
        }
    }

    /// One to three sentences: what it means here and why it matters.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// One more sentence behind the message.
    #[must_use]
    pub fn adding(mut self, sentence: &str) -> Self {
        if !self.message.is_empty() {
            self.message.push(' ');
        }
        self.message.push_str(sentence);
        self
    }

    /// A number or list behind the judgement.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    /// The examples that show it, worst first.
    #[must_use]
    pub fn examples(mut self, places: impl IntoIterator<Item = Place>) -> Self {
        self.examples = places.into_iter().collect();
        self
    }

    /// A command that does what the action says, or shows it.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.action.command = Some(command.into());
        self
    }

    /// What the action should bring, as it was measured.
    #[must_use]
    pub fn gain(mut self, gain: Gain) -> Self {
        self.action.gain = Some(gain);
        self
    }

    /// What the action costs, in words: `about 120 labels`.
    #[must_use]
    pub fn price(mut self, price: impl Into<String>) -> Self {
        self.action.price = Some(price.into());
        self
    }
}

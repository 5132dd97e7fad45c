//! Sentences with slots, and what fills them.
//!
//! A file of templates has a line a template or a list:
//!
//! ```text
//! # what begins with a number sign is a remark
//! {thing}<TAB>card|PIN|account          a list: the words for a slot
//! cancel<TAB>I want to close my {thing}  a template: its label, then the sentence
//! I flew to {LOC} with {PER}             without a tab: of spans; slots named like a type become spans
//! ```
//!
//! A slot is filled from the list of its name, else by the mentions that the data has of the type of its name. Several
//! labels are set apart by bars, and `{{` and `}}` are braces.

use std::collections::BTreeMap;

use trueup_core::{Rng, Task, words};
use trueup_data::DataError;
use trueup_data::corpus::{Answer, Mark};

use super::edits::Edited;
use super::mentions::Mentions;
use super::methods::Made;

/// A sentence with slots.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Template {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The line as it stands.
    pub source: String,
    /// The labels of the sentence.
    pub labels: Vec<String>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Slot(String),
}

/// A file of templates.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Templates {
    /// The file's name.
    pub(super) file: String,
    pub(super) all: Vec<Template>,
    lists: BTreeMap<String, Vec<String>>,
}

impl Templates {
    /// Reads the text of a file of templates; `file` names it in messages.
    ///
    /// # Errors
    ///
    /// A brace that is not closed, an empty slot, list or sentence, and a file without a template.
    pub fn parse(file: &str, text: &str) -> Result<Self, DataError> {
        let mut templates = Self { file: file.to_owned(), ..Self::default() };
        for (number, line) in (1u64..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines()) {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            templates.line(number, line).map_err(|(found, valid)| DataError::Record {
                path: file.to_owned(),
                line: number,
                found,
                valid: valid.to_owned(),
                hint: None,
            })?;
        }
        if templates.all.is_empty() {
            return Err(DataError::Content {
                path: file.to_owned(),
                found: "no template".to_owned(),
                valid: "a line such as LABEL<TAB>I want to {verb} my {thing}".to_owned(),
                hint: None,
            });
        }
        Ok(templates)
    }

    fn line(&mut self, number: u64, line: &str) -> Result<(), (String, &'static str)> {
        let (head, rest) = line.split_once('\t').map_or(("", line), |(head, rest)| (head.trim(), rest));
        let name = head.strip_prefix('{').and_then(|head| head.strip_suffix('}')).filter(|name| !name.is_empty());
        if let Some(name) = name {
            let values: Vec<&str> = rest.split('|').map(str::trim).filter(|value| !value.is_empty()).collect();
            if values.is_empty() {
                return Err((
                    format!("the list '{{{}}}' without a word", words::printable(name)),
                    "words set apart by |",
                ));
            }
            self.lists.entry(name.to_owned()).or_default().extend(values.into_iter().map(str::to_owned));
            return Ok(());
        }
        let parts = parts(rest.trim())?;
        if parts.is_empty() {
            return Err(("a label without a sentence".to_owned(), "LABEL<TAB>a sentence with {slots}"));
        }
        let labels = head.split('|').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect();
        self.all.push(Template { line: number, source: line.to_owned(), labels, parts });
        Ok(())
    }

    /// The words of a list, where there is one.
    fn list(&self, slot: &str) -> Option<&[String]> {
        self.lists.get(slot).map(Vec::as_slice)
    }

    /// Refuses templates that do not suit data of `task`: a sentence without a label, or with several where one is valid,
    /// and slots that nothing fills.
    pub(super) fn check(&self, task: Task, mentions: &Mentions) -> Result<(), DataError> {
        let refused = |template: &Template, found: String, valid: String| DataError::Record {
            path: self.file.clone(),
            line: template.line,
            found,
            valid,
            hint: None,
        };
        for template in &self.all {
            let fits = match (task, template.labels.len()) {
                (Task::Classification, 1) | (Task::Ner, 0) => true,
                (Task::Multilabel, n) => n > 0,
                _ => false,
            };
            if !fits {
                let found = match template.labels.as_slice() {
                    [] => "a sentence without a label".to_owned(),
                    [one] => format!("the label '{}'", words::printable(one)),
                    several => format!("{} labels", several.len()),
                };
                let valid = match task {
                    Task::Classification => "LABEL<TAB>sentence, with one label",
                    Task::Multilabel => "LABEL|LABEL<TAB>sentence",
                    Task::Ner => "a sentence alone: of this data the slots named like types become spans",
                };
                return Err(refused(template, found, valid.to_owned()));
            }
            for slot in template.slots() {
                if self.list(slot).is_none() && mentions.of(slot).is_empty() {
                    let known: Vec<&str> = self.lists.keys().map(String::as_str).chain(mentions.types()).collect();
                    let found = format!("the slot '{{{}}}', which nothing fills", words::printable(slot));
                    let valid = match known.as_slice() {
                        [] => "a line {slot}<TAB>word|word|word".to_owned(),
                        known => format!("a line {{{slot}}}<TAB>word|word, or one of {}", words::list(known, 10)),
                    };
                    return Err(refused(template, found, words::printable(&valid)));
                }
            }
        }
        Ok(())
    }

    /// Fills a template. Where the data has spans, slots named like one of its types become spans.
    pub(super) fn fill(&self, template: &Template, task: Task, mentions: &Mentions, rng: &mut Rng) -> Made {
        let mut text = String::new();
        let mut marks = Vec::new();
        let mut put_in = Vec::new();
        for part in &template.parts {
            let slot = match part {
                Part::Text(piece) => {
                    text += piece;
                    continue;
                }
                Part::Slot(slot) => slot,
            };
            let start = text.len();
            if let Some(list) = self.list(slot) {
                text += &list[rng.below(list.len())];
            } else {
                let known = mentions.of(slot);
                let number = known[rng.below(known.len())];
                text += &mentions.get(number).text;
                put_in.push(number);
            }
            if task == Task::Ner && !mentions.of(slot).is_empty() {
                marks.push(Mark::new(start, text.len(), slot.clone()));
            }
        }
        let answer = match task {
            Task::Ner => Answer::spans(marks),
            _ => Answer::labels(template.labels.iter().cloned()),
        };
        Made { edited: Edited { text, answer, tokens: Vec::new() }, put_in }
    }
}

impl Template {
    /// Whether what it makes holds a label, or a span of a type.
    pub(super) fn holds(&self, label: &str, task: Task) -> bool {
        if task == Task::Ner { self.slots().any(|slot| slot == label) } else { self.labels.iter().any(|l| l == label) }
    }

    fn slots(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(slot.as_str()),
            Part::Text(_) => None,
        })
    }
}

/// A sentence taken apart.
fn parts(sentence: &str) -> Result<Vec<Part>, (String, &'static str)> {
    const VALID: &str = "{name} for a slot, {{ and }} for braces";
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = sentence;
    while let Some(at) = rest.find(['{', '}']) {
        plain += &rest[..at];
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix(brace) {
            plain += brace;
            rest = behind;
            continue;
        }
        let slot = rest.find('}').filter(|_| brace == "{").map(|end| &rest[..end]);
        match slot.filter(|slot| !slot.trim().is_empty() && !slot.contains('{')) {
            Some(slot) => {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Slot(slot.trim().to_owned()));
                rest = &rest[slot.len() + 1..];
            }
            None => return Err((format!("'{brace}' that belongs to no slot"), VALID)),
        }
    }
    plain += rest;
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::edits::Marked;

    #[test]
    fn slots_are_filled_from_lists_and_mentions() {
        let file = "# remark\n{thing}\tcard|PIN\nclose\tClose my {thing}, {{ok}}?\n";
        let templates = Templates::parse("t.tsv", file).unwrap();
        let none = Mentions::default();
        templates.check(Task::Classification, &none).unwrap();
        let mut texts: Vec<String> = (0..20)
            .map(|seed| {
                let made = templates.fill(&templates.all[0], Task::Classification, &none, &mut Rng::new(seed));
                assert_eq!(made.edited.answer, Answer::labels(["close"]));
                made.edited.text
            })
            .collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts, ["Close my PIN, {ok}?", "Close my card, {ok}?"]);
    }

    #[test]
    fn slots_named_like_types_become_spans() {
        let answer = Answer::spans(vec![Mark::new(0, 7, "LOC")]);
        let marked = Marked { text: "Zürich", answer: &answer, tokens: &[] };
        let mentions = Mentions::new([(0, marked)].into_iter());
        let templates = Templates::parse("t.tsv", "{when}\tnow\nGo to {LOC} {when}\n").unwrap();
        templates.check(Task::Ner, &mentions).unwrap();
        let made = templates.fill(&templates.all[0], Task::Ner, &mentions, &mut Rng::new(1));
        assert_eq!(made.edited.text, "Go to Zürich now");
        assert_eq!(made.edited.answer, Answer::spans(vec![Mark::new(6, 13, "LOC")]));
        assert_eq!(made.put_in, [0]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let message = |text: &str| Templates::parse("t.tsv", text).unwrap_err().to_string();
        assert!(message("\n# x\n").contains("no template"));
        assert!(message("a\tgo {verb\n").starts_with("t.tsv: line 1: found '{' that belongs to no slot"));
        assert!(message("\n{verb}\t | \n").contains("line 2: found the list '{verb}' without a word"));
        assert!(message("a\t  \n").contains("a label without a sentence"));
        let none = Mentions::default();
        let check =
            |text: &str, task| Templates::parse("t.tsv", text).unwrap().check(task, &none).unwrap_err().to_string();
        assert!(check("go {verb}", Task::Ner).contains("the slot '{verb}', which nothing fills"));
        assert!(check("go", Task::Classification).contains("a sentence without a label"));
        assert!(check("a|b\tgo", Task::Classification).contains("2 labels"));
        assert!(check("a\tgo", Task::Ner).contains("the label 'a'"));
    }
}

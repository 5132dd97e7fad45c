//! The failures to look at: every wrong answer with the likeliest reason and the training example most like it.

use std::collections::BTreeMap;

use rayon::prelude::*;
use trueup_core::document::{Answer, ErrorRecord, ExampleRecord, Mark, MarkedSpan, Nearest, SpanRecord};
use trueup_core::similarity::NearestIndex;
use trueup_core::{Annotation, Dataset, Example, Predictions, Span, marks, text, words};

use super::evidence::{Evidence, LeakPair, Side};

/// The most wrong answers that a document lists; the rest are counted by the metrics all the same.
const MOST_ERRORS: usize = 10_000;
/// A text of fewer words gives a model little to go by.
const SHORT_WORDS: usize = 3;
/// Confidence under which a wrong answer is called unsure.
const UNSURE: f64 = 0.5;
/// Cosine from which the nearest training text explains an answer.
const ALIKE: f64 = 0.4;
/// Under so many training examples a label is called rare; D101's error limit.
const RARE: u64 = 15;

/// Wrong answers, surest first (ties in row order).
pub fn errors(evidence: &Evidence<'_>) -> Vec<ErrorRecord> {
    let mut wrong: Vec<_> = evidence.outcomes.iter().filter(|o| !o.correct).collect();
    wrong.sort_by(|a, b| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)).then(a.row.cmp(&b.row)));
    wrong.truncate(MOST_ERRORS);
    let twins: BTreeMap<usize, &LeakPair> = evidence.leaks.iter().map(|leak| (leak.test, leak)).collect();
    let train = evidence.train.as_ref().filter(|side| side.data.has_text);
    let index = train.map(|side| {
        let texts: Vec<&str> = side.data.examples.iter().map(|e| e.text.as_str()).collect();
        (side, NearestIndex::new(&texts))
    });
    let confused = confusions(evidence);
    wrong
        .par_iter()
        .map(|outcome| {
            let example = &evidence.test.data.examples[outcome.row];
            let nearest = index.as_ref().filter(|_| evidence.test.data.has_text).and_then(|(side, index)| {
                // With folds the example itself is in the index.
                let own = (!evidence.has_split()).then_some(outcome.row as u32);
                let (row, similarity) = index.nearest_excluding(&example.text, |i| Some(i) == own)?;
                let found = &side.data.examples[row as usize];
                Some((
                    found,
                    Nearest {
                        id: side.id(row as usize),
                        gold: answer(side.data, found, &found.gold, None),
                        similarity,
                    },
                ))
            });
            let predicted = &evidence.predicted[outcome.row];
            let why = match predicted {
                Annotation::Spans(spans) => why_spans(evidence, example, spans),
                _ => why_labels(
                    evidence,
                    outcome.row,
                    outcome.score,
                    &confused,
                    twins.get(&outcome.row).copied(),
                    nearest.as_ref().map(|(e, n)| (*e, n)),
                ),
            };
            ErrorRecord {
                id: evidence.test.id(outcome.row),
                gold: answer(evidence.test.data, example, &example.gold, None),
                predicted: answer(evidence.test.data, example, predicted, None),
                score: outcome.score,
                why,
                nearest: nearest.map(|(_, nearest)| nearest),
            }
        })
        .collect()
}

/// How often each gold label is taken for each other one.
fn confusions(evidence: &Evidence<'_>) -> BTreeMap<(u32, u32), u64> {
    let mut counts = BTreeMap::new();
    for row in 0..evidence.predicted.len() {
        if let Some(pair) = evidence.labels_of(row).filter(|(gold, predicted)| gold != predicted) {
            *counts.entry(pair).or_insert(0) += 1;
        }
    }
    counts
}

fn why_labels(
    evidence: &Evidence<'_>,
    row: usize,
    score: Option<f64>,
    confused: &BTreeMap<(u32, u32), u64>,
    twin: Option<&LeakPair>,
    nearest: Option<(&Example, &Nearest)>,
) -> String {
    let example = &evidence.test.data.examples[row];
    let predicted = &evidence.predicted[row];
    let train = evidence.train.as_ref();
    if let (Some(twin), Some(side)) = (twin, train)
        && !twin.same_gold
    {
        return format!("its twin {} in training has other gold", side.id(twin.train));
    }
    if evidence.test.data.has_text && text::tokenise(&example.text).len() < SHORT_WORDS {
        return "the text is too short to go by".to_owned();
    }
    if let (Annotation::Label(gold), Some(side)) = (&example.gold, train) {
        let n = side.support[*gold as usize];
        if n < RARE {
            return format!("'{}' has only {}", evidence.labels.name(*gold), words::counted(n, "training example"));
        }
    }
    if let Some((found, nearest)) = nearest
        && nearest.similarity >= ALIKE
        && found.gold == *predicted
    {
        return format!("most like {}, which has the predicted answer as gold", nearest.id);
    }
    if let Some(n) = evidence.labels_of(row).and_then(|pair| confused.get(&pair)).filter(|n| **n >= 3) {
        let (gold, predicted) = evidence.labels_of(row).expect("it has a pair");
        let (gold, predicted) = (evidence.labels.name(gold), evidence.labels.name(predicted));
        return format!("one of {} '{gold}' taken for '{predicted}'", words::count(*n));
    }
    match score {
        Some(score) if score < UNSURE => format!("the model was unsure ({score:.2})"),
        Some(score) => format!("the model was sure ({score:.2}): is the gold right?"),
        None => "no reason found".to_owned(),
    }
}

fn why_spans(evidence: &Evidence<'_>, example: &Example, predicted: &[Span]) -> String {
    let marked = marks::compare(example.gold.spans(), predicted);
    let mut reasons = Vec::new();
    for mark in [Mark::Missed, Mark::Spurious, Mark::WrongType, Mark::Boundary, Mark::TypeAndBoundary] {
        // A boundary mistake has two entries; the gold one stands for both.
        let mut of_kind = marked.iter().filter(|m| m.mark == mark && (m.gold.is_some() || mark == Mark::Spurious));
        if let Some(first) = of_kind.next() {
            let n = 1 + of_kind.count();
            let quoted = words::shorten(&words::printable(&example.text[first.start as usize..first.end as usize]), 30);
            let types = match (first.gold, first.predicted) {
                (Some(gold), Some(predicted)) => {
                    format!(" ({} taken for {})", evidence.labels.name(gold), evidence.labels.name(predicted))
                }
                _ => String::new(),
            };
            let more = if n > 1 { format!(" and {} more", n - 1) } else { String::new() };
            reasons.push(format!("{} '{quoted}'{types}{more}", mark.name()));
        }
    }
    reasons.join("; ")
}

/// An answer as the document writes it: names, and code points for spans.
pub fn answer(data: &Dataset, example: &Example, annotation: &Annotation, scores: Option<&[f64]>) -> Answer {
    let name = |id: u32| data.labels.name(id).to_owned();
    match annotation {
        Annotation::Label(label) => Answer::Label(name(*label)),
        Annotation::Labels(labels) => Answer::Labels(labels.iter().map(|&l| name(l)).collect()),
        Annotation::Spans(spans) => {
            let points = CodePoints::new(&example.text);
            let record = |(i, span): (usize, &Span)| SpanRecord {
                start: points.of(span.start),
                end: points.of(span.end),
                label: name(span.label),
                score: scores.map(|s| s[i]),
            };
            Answer::Spans(spans.iter().enumerate().map(record).collect())
        }
    }
}

/// The record of one example of `side`; with the model's answer when it was evaluated.
pub fn record(
    side: &Side<'_>,
    row: usize,
    predictions: Option<&Predictions>,
    split: &str,
    with_text: bool,
) -> ExampleRecord {
    let example = &side.data.examples[row];
    let predicted = predictions.map(|p| {
        let scores = p.span_scores.as_ref().map(|s| s[row].as_slice());
        answer(side.data, example, &p.answers[row], scores)
    });
    let spans = predictions.map_or_else(Vec::new, |p| marked(side, row, &p.answers[row]));
    ExampleRecord {
        text: (with_text && side.data.has_text).then(|| example.text.clone()),
        split: split.to_owned(),
        line: example.line,
        gold: answer(side.data, example, &example.gold, None),
        score: predictions.and_then(|p| p.confidence(row)),
        correct: predictions.map(|p| p.answers[row] == example.gold),
        predicted,
        spans,
        baseline: None,
        baseline_spans: Vec::new(),
        metadata: side
            .data
            .columns
            .iter()
            .zip(&example.metadata)
            .filter(|(_, value)| !value.is_empty())
            .map(|(column, value)| (column.clone(), value.clone()))
            .collect(),
    }
}

/// Every gold span of one example of `side` and every span of `answer`, with their marks, by start; empty for labels.
pub fn marked(side: &Side<'_>, row: usize, answer: &Annotation) -> Vec<MarkedSpan> {
    let Annotation::Spans(predicted) = answer else { return Vec::new() };
    let example = &side.data.examples[row];
    let points = CodePoints::new(&example.text);
    let name = |label| side.data.labels.name(label).to_owned();
    marks::compare(example.gold.spans(), predicted)
        .iter()
        .map(|m| MarkedSpan {
            start: points.of(m.start),
            end: points.of(m.end),
            gold: m.gold.map(name),
            predicted: m.predicted.map(name),
            mark: m.mark,
        })
        .collect()
}

/// Code point offsets of a text's bytes: free for ASCII, one scan otherwise.
struct CodePoints<'a> {
    text: &'a str,
    ascii: bool,
}

impl<'a> CodePoints<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, ascii: text.is_ascii() }
    }

    fn of(&self, byte: u32) -> u64 {
        if self.ascii { u64::from(byte) } else { text::code_point_of_byte(self.text, byte as usize) as u64 }
    }
}

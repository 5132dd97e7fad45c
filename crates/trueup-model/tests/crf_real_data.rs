//! The chain on published corpora. Data is looked for in `TRUEUP_DATA`, else `shared/data` beside the workspace; without
//! it a test says so and passes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};

use trueup_core::counts::Tallies;
use trueup_core::{Annotation, Example, LabelSet, Predictions, Span, Token};
use trueup_model::crf::{CrfParams, fit};
use trueup_model::{Predictor, Silent};

fn data(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = root.join(file);
    path.is_file().then_some(path)
}

/// Sentences as (token, tag) pairs, from the first and the last column.
fn read(path: &Path) -> Vec<Vec<(String, String)>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut sentences = vec![Vec::new()];
    for line in text.lines() {
        match line.trim_end().rsplit_once(['\t', ' ']) {
            Some((rest, tag)) => {
                let token = rest.split(['\t', ' ']).next().unwrap();
                if token != "-DOCSTART-" {
                    sentences.last_mut().unwrap().push((token.to_owned(), tag.to_owned()));
                }
            }
            None => sentences.push(Vec::new()),
        }
    }
    sentences.retain(|s| !s.is_empty());
    sentences
}

/// Examples over the labels of all parts. `I-` goes on with the span before it if that has its type, else starts one.
fn examples(parts: &[Vec<Vec<(String, String)>>]) -> (LabelSet, Vec<Vec<Example>>) {
    let tags = || parts.iter().flatten().flatten().map(|(_, tag)| tag.as_str());
    let labels = LabelSet::new(tags().filter_map(|tag| tag.split_once('-').map(|(_, label)| label)));
    let example = |sentence: &Vec<(String, String)>| {
        let (mut text, mut tokens, mut spans) = (String::new(), Vec::new(), Vec::<Span>::new());
        for (token, tag) in sentence {
            if !text.is_empty() {
                text.push(' ');
            }
            let start = text.len() as u32;
            text.push_str(token);
            let end = text.len() as u32;
            tokens.push(Token { start, end, tag: None });
            if let Some((part, label)) = tag.split_once('-') {
                let label = labels.id(label).unwrap();
                match spans.last_mut() {
                    Some(last) if part == "I" && last.label == label && last.end + 1 == start => last.end = end,
                    _ => spans.push(Span { start, end, label }),
                }
            }
        }
        Example {
            id: String::new(),
            text,
            gold: Annotation::Spans(spans),
            tokens,
            group: None,
            time: None,
            metadata: Vec::new(),
            line: 0,
        }
    };
    let parts = parts.iter().map(|part| part.iter().map(example).collect()).collect();
    (labels, parts)
}

/// A corpus as training and test part, or `None` with a word when its files are not there. A corpus of one file is cut:
/// of every 100 sentences the last 20 are the test.
fn corpus(name: &str, files: &[&str]) -> Option<(LabelSet, Vec<Example>, Vec<Example>)> {
    let Some(paths) = files.iter().map(|file| data(file)).collect::<Option<Vec<_>>>() else {
        eprintln!("{name} skipped: no data");
        return None;
    };
    let mut parts: Vec<_> = paths.iter().map(|path| read(path)).collect();
    if parts.len() == 1 {
        let numbered = parts.remove(0).into_iter().enumerate();
        let (test, train): (Vec<_>, Vec<_>) = numbered.partition(|(i, _)| i / 20 % 5 == 4);
        parts = [train, test].map(|part| part.into_iter().map(|(_, sentence)| sentence).collect()).to_vec();
    }
    let (labels, parts) = examples(&parts);
    let [train, test] = <[Vec<Example>; 2]>::try_from(parts).unwrap();
    Some((labels, train, test))
}

/// Trains with the defaults and answers strict F1 on the test part.
fn f1(name: &str, files: &[&str]) -> Option<f64> {
    let (labels, train, test) = corpus(name, files)?;
    let (train, test): (Vec<_>, Vec<_>) = (train.iter().collect(), test.iter().collect());
    let started = std::time::Instant::now();
    let fitted = fit(&labels, &train, None, &CrfParams::default(), &Silent).unwrap();
    let trained = started.elapsed();
    let predictions = fitted.model.predict(&test);
    let seconds = (trained.as_secs_f64(), started.elapsed().as_secs_f64() - trained.as_secs_f64());
    assert_eq!(fitted.model.alignment().misaligned, 0, "spans made of tokens fit tokens");

    let mut tallies = Tallies::new(labels.len());
    test.iter().zip(&predictions.answers).for_each(|(example, answer)| tallies.add(&example.gold, answer));
    let total = tallies.total();
    let [p, r, f] = [total.precision(), total.recall(), total.f1()].map(Option::unwrap_or_default);
    let calibration = reliability(&test, &predictions);
    eprintln!(
        "{name}: P {p:.3} R {r:.3} F1 {f:.3}, {} features, training {:.2} s, answers {:.2} s, span score {calibration}",
        fitted.features, seconds.0, seconds.1
    );
    Some(f)
}

/// Mean span score beside the share of spans that are right, below and from 0.9.
fn reliability(test: &[&Example], predictions: &Predictions) -> String {
    let mut bins = [(0u32, 0.0, 0u32); 2];
    for ((example, answer), scores) in
        test.iter().zip(&predictions.answers).zip(predictions.span_scores.as_ref().unwrap())
    {
        for (span, score) in answer.spans().iter().zip(scores) {
            let bin = &mut bins[usize::from(*score >= 0.9)];
            bin.0 += 1;
            bin.1 += score;
            bin.2 += u32::from(example.gold.spans().contains(span));
        }
    }
    let show = |(n, sum, right): (u32, f64, u32)| {
        format!("{:.2} (right {:.2}, n {n})", sum / f64::from(n), f64::from(right) / f64::from(n))
    };
    bins.map(show).join(" and ")
}

// The floors lie some points under what the defaults reach, so that a change of seed or rounding passes and a fault does
// not.

#[test]
fn ncbi_disease() {
    if let Some(f1) = f1("ncbi_disease", &["ncbi_disease/train.tsv", "ncbi_disease/test.tsv"]) {
        assert!(f1 >= 0.79, "{f1}");
    }
}

#[test]
fn bc5cdr() {
    if let Some(f1) = f1("bc5cdr", &["bc5cdr/train.tsv", "bc5cdr/test.tsv"]) {
        assert!(f1 >= 0.76, "{f1}");
    }
}

#[test]
fn wnut17() {
    if let Some(f1) = f1("wnut17", &["wnut17/wnut17train.conll", "wnut17/emerging.test.annotated"]) {
        assert!(f1 >= 0.12, "{f1}");
    }
}

#[test]
fn wikigold() {
    if let Some(f1) = f1("wikigold", &["wikigold/wikigold.conll.txt"]) {
        assert!(f1 >= 0.62, "{f1}");
    }
}

#[test]
fn a_text_of_a_hundred_thousand_tokens_is_answered_nearly_as_its_sentences() {
    let files = ["bc5cdr/train.tsv", "bc5cdr/test.tsv"];
    let Some((labels, train, test)) = corpus("bc5cdr", &files) else { return };
    let (train, test): (Vec<_>, Vec<_>) = (train.iter().collect(), test.iter().collect());
    let model = fit(&labels, &train, None, &CrfParams { epochs: 4, ..CrfParams::default() }, &Silent).unwrap().model;
    let one = model.predict(&test);
    let (mut text, mut tokens, mut expected) = (String::new(), Vec::new(), Vec::new());
    for (example, answer) in test.iter().zip(&one.answers) {
        let at = text.len() as u32;
        let moved = example.tokens.iter().map(|t| Token { start: t.start + at, end: t.end + at, tag: None });
        tokens.extend(moved);
        expected.extend(answer.spans().iter().map(|s| Span { start: s.start + at, end: s.end + at, ..*s }));
        text.push_str(&example.text);
        text.push(' ');
    }
    let count = tokens.len();
    assert!(count > 100_000);
    let long = Example { text, tokens, gold: Annotation::Spans(Vec::new()), ..test[0].clone() };
    let found = model.predict(&[&long]);
    let same = found.answers[0].spans().iter().filter(|span| expected.binary_search(span).is_ok()).count();
    let share = 2.0 * same as f64 / (expected.len() + found.answers[0].spans().len()) as f64;
    eprintln!("{count} tokens in one text: F1 {share:.4} against the answers to its sentences");
    assert!(share > 0.98, "{share}");
}

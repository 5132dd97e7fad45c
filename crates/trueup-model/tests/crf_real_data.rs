//! The chain on published corpora. Data is looked for in `TRUEUP_DATA`, else `shared/data` beside the workspace; without
//! it a test says so and passes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};

use trueup_core::counts::Tallies;
use trueup_core::{Annotation, Example, LabelSet, Span, Token};
use trueup_model::crf::{CrfParams, fit};
use trueup_model::{Predictor, Silent};

fn data(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = root.join(file);
    path.is_file().then_some(path)
}

/// Sentences as (token, tag) pairs. The tag is the last column, whatever stands between.
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

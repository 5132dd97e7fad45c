//! What a learner is given beside the texts: columns, lists of names, classes of words.

use std::path::Path;

use trueup_core::{Annotation, Example};
use trueup_data::{ReadOptions, read_corpus, read_entries};
use trueup_model::crf::Clusters;

use super::Learner;
use crate::error::Error;
use crate::options::Resources;

impl Learner {
    /// Gives it `resources`; lists and texts are read here.
    ///
    /// # Errors
    ///
    /// When it has no use for one of them, or a file cannot be read.
    pub fn give(&mut self, resources: &Resources) -> Result<(), Error> {
        let Resources { metadata, gazetteer, clusters } = resources;
        let lists = gazetteer.first().map(|path| path.display().to_string());
        let words = clusters.as_ref().map(|(path, _)| path.display().to_string());
        if let Some(twice) = (1..metadata.len()).find(|&at| metadata[..at].contains(&metadata[at])) {
            return Err(Error::Option {
                option: "--metadata",
                found: metadata[twice].clone(),
                valid: "each column once".to_owned(),
            });
        }
        match self {
            Self::Linear(params) => {
                useless("--gazetteer", lists, "crf")?;
                useless("--clusters", words, "crf")?;
                params.columns.clone_from(metadata);
            }
            Self::Adapted(from, _) => {
                if !metadata.is_empty() && metadata != from.columns() {
                    let valid = match from.columns() {
                        [] => "the model that is trained on reads no columns: leave --metadata out".to_owned(),
                        own => format!("the model that is trained on reads {}, and goes on with them", own.join(", ")),
                    };
                    return Err(Error::Option { option: "--metadata", found: metadata.join(", "), valid });
                }
            }
            Self::Program(_) => {
                if let Some(column) = metadata.first() {
                    return Err(Error::Option {
                        option: "--metadata",
                        found: column.clone(),
                        valid: "for linear models: a program gets every column as it is".to_owned(),
                    });
                }
                useless("--gazetteer", lists, "crf")?;
                useless("--clusters", words, "crf")?;
            }
            Self::Crf(params) => {
                useless("--metadata", metadata.first().cloned(), "linear")?;
                for path in gazetteer {
                    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                    if params.gazetteer.contains_key(&name) {
                        let valid = format!("lists of different names; there is a list '{name}' already");
                        return Err(Error::Option { option: "--gazetteer", found: path.display().to_string(), valid });
                    }
                    params.gazetteer.insert(name, read_entries(path)?);
                }
                if let Some((path, count)) = clusters {
                    let texts = texts(path)?;
                    params.clusters = Clusters::learn(&texts.iter().collect::<Vec<_>>(), *count);
                }
            }
        }
        Ok(())
    }

    /// Gives it what `other` was given.
    pub fn give_as(&mut self, other: &Self) {
        match (self, other) {
            (Self::Linear(params), Self::Linear(given)) => params.columns.clone_from(&given.columns),
            (Self::Crf(params), Self::Crf(given)) => {
                params.gazetteer.clone_from(&given.gazetteer);
                params.clusters.clone_from(&given.clusters);
            }
            _ => {}
        }
    }

    /// The columns that it learns from beside the texts.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Linear(params) => &params.columns,
            Self::Adapted(from, _) => from.columns(),
            Self::Crf(_) | Self::Program(_) => &[],
        }
    }
}

fn useless(option: &'static str, found: Option<String>, learner: &str) -> Result<(), Error> {
    match found {
        None => Ok(()),
        Some(found) => Err(Error::Option { option, found, valid: format!("only {learner} models learn from it") }),
    }
}

/// The texts of a file: one a line of a `.txt`, else of any format.
fn texts(path: &Path) -> Result<Vec<Example>, Error> {
    let lines = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt"));
    if lines {
        return Ok(read_entries(path)?.into_iter().map(alone).collect());
    }
    let options = ReadOptions { unlabelled: true, ..ReadOptions::default() };
    let records = read_corpus(path, &options)?.corpus.records;
    let texts: Vec<Example> = records.into_iter().filter_map(|record| record.text).map(alone).collect();
    if texts.is_empty() {
        return Err(Error::TooLittle {
            file: path.display().to_string(),
            found: "it has no texts".to_owned(),
            needed: "classes of words are learned from texts".to_owned(),
            hint: "a .txt of one text a line, or any format with texts".to_owned(),
        });
    }
    Ok(texts)
}

/// A text and nothing else.
fn alone(text: String) -> Example {
    Example {
        id: String::new(),
        text,
        gold: Annotation::Labels(Vec::new()),
        tokens: Vec::new(),
        group: None,
        time: None,
        metadata: Vec::new(),
        line: 0,
    }
}

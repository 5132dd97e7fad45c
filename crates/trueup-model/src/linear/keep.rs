//! A model as parts that can be kept, and back: nothing is left out that predicts or explains.
//!
//! What is read is not trusted: every length, order and number is checked once here, so that a damaged model is an
//! error and never a panic when it predicts.

use serde_json::json;
use trueup_core::{LabelId, LabelSet};

use super::calibration::Calibrator;
use super::classes::Classes;
use super::features::Analyser;
use super::model::LinearModel;
use super::names::Names;
use super::rows::{Cells, Rows, whole};
use super::vocabulary::Vocabulary;
use super::weights::Link;
use crate::{Array, ModelError, Parts};

/// The layout of the parts; another layout gets another number.
const VERSION: u32 = 1;

/// The longest n-gram a model may ask for. Far beyond any use; it keeps the work for a text within bounds.
const LONGEST: usize = 64;

impl LinearModel {
    /// What the model is made of.
    ///
    /// Settings: `model` (`linear`), `version`, `labels` (names), `link` (`binary`, `softmax`, `independent`), `classes`
    /// (ids of the labels that training saw), `word_ngrams`, `char_ngrams` (shortest and longest), `calibrator` and `texts` (how many
    /// it was trained on).
    /// Arrays, with `n` features and `c` columns: `hashes` (u64, n, ascending), `idf` (f32, n), `names` (u8) and
    /// `name_ends` (u32, n), `bias` (f32, c); with a single column `weights` (u16, n: upper halves of floats), otherwise
    /// compressed rows: `starts` (u32, n + 1), `columns` (u16) and `values` (i8) a cell, `scales` (f32, n).
    pub fn to_parts(&self) -> Parts {
        let analyser = self.vocabulary.analyser();
        let mut parts = Parts::new(json!({
            "model": "linear",
            "version": VERSION,
            "labels": self.labels.names(),
            "link": self.weights.link.name(),
            "classes": self.classes.labels,
            "word_ngrams": analyser.words,
            "char_ngrams": analyser.chars,
            "calibrator": self.calibrator,
            "texts": self.vocabulary.texts(),
        }));
        let features = self.vocabulary.len();
        parts.put("hashes", &[features], self.vocabulary.hashes());
        parts.put("idf", &[features], self.vocabulary.idf());
        parts.put("names", &[self.names.text.len()], &self.names.text);
        parts.put("name_ends", &[features], &self.names.ends);
        parts.put("bias", &[self.weights.columns()], &self.weights.bias);
        match &self.weights.cells {
            Cells::One(cells) => parts.put("weights", &[features], cells),
            Cells::Sparse { starts, columns, values, scales } => {
                parts.put("starts", &[features + 1], starts);
                parts.put("columns", &[columns.len()], columns);
                parts.put("values", &[values.len()], values);
                parts.put("scales", &[features], scales);
            }
        }
        parts
    }

    /// The model that [`LinearModel::to_parts`] took apart.
    ///
    /// # Errors
    ///
    /// [`ModelError::Damaged`] when something is missing, is of another shape, or cannot be what a model holds.
    pub fn of_parts(mut parts: Parts) -> Result<Self, ModelError> {
        let kind: String = parts.setting("model")?;
        let version: u32 = parts.setting("version")?;
        check(kind == "linear" && version == VERSION, || format!("'{kind}' of version {version} is not known"))?;
        let names: Vec<String> = parts.setting("labels")?;
        let labels = LabelSet::new(names.iter().cloned());
        check(labels.names() == names, || "its labels are not in order".to_owned())?;
        let link: String = parts.setting("link")?;
        let link = Link::named(&link).ok_or_else(|| damaged(format!("no link '{link}'")))?;
        let seen: Vec<LabelId> = parts.setting("classes")?;
        let known = seen.is_sorted_by(|a, b| a < b) && seen.last().is_some_and(|&l| (l as usize) < labels.len());
        check(known, || "its classes are no labels of it".to_owned())?;
        let classes = Classes::new(link, seen, labels.len());
        check(link != Link::Binary || classes.labels.len() == 2, || {
            "a binary model of other than 2 labels".to_owned()
        })?;
        let analyser = Analyser { words: parts.setting("word_ngrams")?, chars: parts.setting("char_ngrams")? };
        check(analyser.words.1.max(analyser.chars.1) <= LONGEST, || "its n-grams are too long".to_owned())?;
        let calibrator: Calibrator = parts.setting("calibrator")?;
        check(calibrator.is_whole(labels.len()), || "its calibrator is not whole".to_owned())?;

        let columns = classes.columns();
        let hashes: Array<u64> = parts.take("hashes", &[None])?;
        let features = hashes.len();
        check(hashes.is_sorted_by(|a, b| a < b), || "its n-grams are not in order".to_owned())?;
        check(u32::try_from(features).is_ok(), || "it has too many n-grams".to_owned())?;
        let idf: Array<f32> = parts.take("idf", &[Some(features)])?;
        let bias: Array<f32> = parts.take("bias", &[Some(columns)])?;
        finite("idf", &idf)?;
        finite("bias", &bias)?;
        let names = Names { text: parts.take("names", &[None])?, ends: parts.take("name_ends", &[Some(features)])? };
        check(names.are_whole(features), || "the names of its n-grams are no text".to_owned())?;
        let cells = if columns == 1 {
            let cells: Array<u16> = parts.take("weights", &[Some(features)])?;
            check(cells.iter().all(|&w| whole(w).is_finite()), || "a weight is no number".to_owned())?;
            Cells::One(cells)
        } else {
            sparse(&mut parts, features, columns)?
        };
        let weights = Rows::new(link, bias, cells);
        let vocabulary = Vocabulary::new(analyser, hashes, idf, parts.setting("texts")?);
        Ok(Self { labels, classes, vocabulary, names, weights, calibrator })
    }
}

/// The compressed rows.
fn sparse(parts: &mut Parts, features: usize, columns: usize) -> Result<Cells, ModelError> {
    let starts: Array<u32> = parts.take("starts", &[Some(features + 1)])?;
    let of: Array<u16> = parts.take("columns", &[None])?;
    let ordered = starts.is_sorted() && starts[0] == 0 && starts[features] as usize == of.len();
    check(ordered, || "its rows are not in order".to_owned())?;
    check(of.iter().all(|&c| usize::from(c) < columns), || "a weight of no label".to_owned())?;
    let values: Array<i8> = parts.take("values", &[Some(of.len())])?;
    let scales: Array<f32> = parts.take("scales", &[Some(features)])?;
    finite("scales", &scales)?;
    Ok(Cells::Sparse { starts, columns: of, values, scales })
}

fn finite(name: &str, values: &[f32]) -> Result<(), ModelError> {
    check(values.iter().all(|v| v.is_finite()), || format!("array '{name}' holds what is no number"))
}

fn damaged(what: String) -> ModelError {
    ModelError::Damaged { what }
}

fn check(holds: bool, what: impl FnOnce() -> String) -> Result<(), ModelError> {
    if holds { Ok(()) } else { Err(damaged(what())) }
}

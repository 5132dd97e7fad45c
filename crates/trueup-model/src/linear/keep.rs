//! A model as parts that can be kept, and back: nothing is left out that predicts or explains.
//!
//! What is read is not trusted: every length, order and number is checked once here, so that a damaged model is an
//! error and never a panic when it predicts.

use serde_json::json;
use trueup_core::{LabelId, LabelSet};

use super::HASHING;
use super::calibration::Calibrator;
use super::classes::Classes;
use super::features::Analyser;
use super::model::LinearModel;
use super::names::{FAMILIES, Names};
use super::packed::{Draft, Source};
use super::rows::{Cells, Rows, scale_code, scale_of, whole};
use super::vocabulary::Vocabulary;
use super::weights::Link;
use crate::{Array, ModelError, Parts};

/// The layout of the parts; another layout gets another number.
const VERSION: u32 = 3;

/// The longest n-gram a model may ask for. Far beyond any use; it keeps the work for a text within bounds.
const LONGEST: usize = 64;

impl LinearModel {
    /// What the model is made of.
    ///
    /// Settings: `model` (`linear`), `version`, `labels` (names), `link` (`binary`, `softmax`, `independent`), `classes`
    /// (ids of the labels that training saw), `word_ngrams`, `char_ngrams` (shortest and longest), `calibrator` and `texts` (how many
    /// it was trained on).
    /// `columns` are [`super::LinearParams::columns`]. `ngrams` has the number of n-grams of characters, of words, of values of
    /// columns, and of those too long to have their whole name kept; their sum is the number of features. `hashing` is [`super::LinearParams::hashing`]; where there is one, `names` has the numbers of the
    /// features that training filled, and `ngrams` how many those are.
    ///
    /// Arrays, with `c` columns: `bias` (f32, c), `idf_values` (f32: the distinct inverse document frequencies, the largest first),
    /// and three streams of Huffman codes (u8): `names` (the n-grams, sorted), `idf` (ranks among `idf_values`) and `weights`
    /// (with a single column the upper halves of floats, otherwise compressed rows), both in the order of the n-grams' hashes.
    pub fn to_parts(&self) -> Parts {
        let analyser = self.vocabulary.analyser();
        let (names, ngrams) = self.names.pack(&self.vocabulary);
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
            "ngrams": ngrams,
            "hashing": analyser.hashing,
            "columns": self.columns,
        }));
        let (idf_values, idf) = pack_idf(self.vocabulary.idf());
        let weights = pack_cells(&self.weights.cells);
        parts.put("names", &[names.len()], &names);
        parts.put("idf_values", &[idf_values.len()], &idf_values);
        parts.put("idf", &[idf.len()], &idf);
        parts.put("bias", &[self.weights.columns()], &self.weights.bias);
        parts.put("weights", &[weights.len()], &weights);
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
        let (words, chars) = (parts.setting("word_ngrams")?, parts.setting("char_ngrams")?);
        let analyser = Analyser { words, chars, hashing: parts.setting("hashing")? };
        let sound = analyser.hashing.is_none_or(|bits| HASHING.contains(&bits));
        check(sound, || "its n-grams are hashed in no known way".to_owned())?;
        check(analyser.words.1.max(analyser.chars.1) <= LONGEST, || "its n-grams are too long".to_owned())?;
        let calibrator: Calibrator = parts.setting("calibrator")?;
        check(calibrator.is_whole(labels.len()), || "its calibrator is not whole".to_owned())?;

        let columns = classes.columns();
        let bias: Array<f32> = parts.take("bias", &[Some(columns)])?;
        finite("bias", &bias)?;
        let ngrams: [usize; FAMILIES] = parts.setting("ngrams")?;
        let features = ngrams.iter().try_fold(0usize, |sum, &n| sum.checked_add(n));
        let features = features.filter(|&n| u32::try_from(n).is_ok());
        let features = features.ok_or_else(|| damaged("it has too many n-grams".to_owned()))?;
        let names: Array<u8> = parts.take("names", &[None])?;
        let idf_values: Array<f32> = parts.take("idf_values", &[None])?;
        finite("idf_values", &idf_values)?;
        let (idf, weights): (Array<u8>, Array<u8>) = (parts.take("idf", &[None])?, parts.take("weights", &[None])?);
        let (names, (idf, cells)) = rayon::join(
            || Names::unpack(names, ngrams, analyser.hashing),
            || rayon::join(|| unpack_idf(&idf_values, &idf, features), || unpack_cells(&weights, features, columns)),
        );
        let (names, hashes) = names.ok_or_else(|| damaged("the names of its n-grams cannot be read".to_owned()))?;
        let idf = idf.ok_or_else(|| damaged("the frequencies of its n-grams cannot be read".to_owned()))?;
        let cells = cells.ok_or_else(|| damaged("its weights cannot be read".to_owned()))?;
        let weights = Rows::new(link, bias, cells);
        let vocabulary = Vocabulary::new(analyser, hashes.into(), idf.into(), parts.setting("texts")?);
        let columns = parts.setting("columns")?;
        Ok(Self { labels, classes, columns, vocabulary, names, weights, calibrator })
    }
}

/// The distinct values, the largest first, and the stream of ranks among them.
fn pack_idf(idf: &[f32]) -> (Vec<f32>, Vec<u8>) {
    let mut values = idf.to_vec();
    values.sort_unstable_by(|a, b| b.total_cmp(a));
    values.dedup();
    let mut draft = Draft::<1>::new();
    for idf in idf {
        let rank = values.partition_point(|value| value > idf);
        draft.number(0, rank as u32);
    }
    (values, draft.finish())
}

/// The `features` values that [`pack_idf`] wrote.
fn unpack_idf(values: &[f32], stream: &[u8], features: usize) -> Option<Vec<f32>> {
    let mut source = Source::<1>::new(stream)?;
    let mut idf = Vec::with_capacity(room(features, stream)?);
    for _ in 0..features {
        idf.push(*values.get(source.number(0)? as usize)?);
    }
    Some(idf)
}

/// The tables of weights in several columns: how many a feature has, its scale, columns from one to the next, and the weights.
const TABLES: usize = 4;
const COUNT: usize = 0;
const SCALE: usize = 1;
const GAP: usize = 2;
const VALUE: usize = 3;

/// The stream of weights. Of a single column's the upper byte has a code (sign and most of the exponent), the lower
/// stands as it is, since there is nothing to gain.
fn pack_cells(cells: &Cells) -> Vec<u8> {
    match cells {
        Cells::One(cells) => {
            let mut draft = Draft::<1>::new();
            for &w in &**cells {
                draft.symbol(0, (w >> 8) as u8);
                draft.bits(u32::from(w & 0xff), 8);
            }
            draft.finish()
        }
        Cells::Sparse { starts, columns, values, scales } => {
            let mut draft = Draft::<TABLES>::new();
            for (range, &scale) in starts.windows(2).zip(&**scales) {
                draft.number(COUNT, range[1] - range[0]);
                draft.symbol(SCALE, scale_code(scale));
                let mut next = 0;
                for at in range[0] as usize..range[1] as usize {
                    draft.number(GAP, u32::from(columns[at]) - next);
                    draft.symbol(VALUE, values[at].cast_unsigned());
                    next = u32::from(columns[at]) + 1;
                }
            }
            draft.finish()
        }
    }
}

/// The weights that [`pack_cells`] wrote; `None` when they are not of so many features and columns.
fn unpack_cells(stream: &[u8], features: usize, columns: usize) -> Option<Cells> {
    let features = room(features, stream)?;
    if columns == 1 {
        let mut source = Source::<1>::new(stream)?;
        let mut cells = Vec::with_capacity(features);
        for _ in 0..features {
            let upper = source.symbol(0)?;
            cells.push(u16::from(upper) << 8 | source.bits(8)? as u16);
        }
        return cells.iter().all(|&w| whole(w).is_finite()).then(|| Cells::One(cells.into()));
    }
    let mut source = Source::<TABLES>::new(stream)?;
    let (mut starts, mut scales) = (Vec::with_capacity(features + 1), Vec::with_capacity(features));
    // The codes of a cell take about a byte.
    let (mut of, mut values) = (Vec::with_capacity(stream.len()), Vec::with_capacity(stream.len()));
    starts.push(0);
    for _ in 0..features {
        let count = source.number(COUNT)?;
        scales.push(scale_of(source.symbol(SCALE)?));
        let mut next = 0usize;
        for _ in 0..count {
            let column = next + source.number(GAP)? as usize;
            if column >= columns {
                return None;
            }
            of.push(column as u16);
            values.push(source.symbol(VALUE)?.cast_signed());
            next = column + 1;
        }
        starts.push(u32::try_from(of.len()).ok()?);
    }
    Some(Cells::Sparse { starts: starts.into(), columns: of.into(), values: values.into(), scales: scales.into() })
}

/// As many `features` as the stream can hold: each takes a bit at least.
fn room(features: usize, stream: &[u8]) -> Option<usize> {
    (features / 8 <= stream.len()).then_some(features)
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

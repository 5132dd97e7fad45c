//! A model's folder: written whole or not at all, read by a memory map.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;
use trueup_core::document::Training;
use trueup_core::words;
use trueup_data::DataError;
use trueup_data::write::OutputSet;
use trueup_model::{Bytes, ModelError, Parts};

use super::{About, Kept, Model, SCHEMA};
use crate::error::Error;

/// What the model is.
pub const CONFIG: &str = "config.json";
/// Its arrays of numbers.
const ARRAYS: &str = "model.safetensors";
/// How it was trained.
const TRAINING: &str = "training.json";
/// Its card.
const CARD: &str = "README.md";

/// Writes a model with its record and its card; how many bytes the model itself takes.
///
/// # Errors
///
/// When the folder cannot be written; then what stood there before stays as it was.
pub fn save(folder: &Path, kept: &Kept, training: &Training, card: &str) -> Result<u64, Error> {
    let parts = kept.model.to_parts();
    let about = About { settings: parts.settings.clone(), ..kept.about.clone() };
    let json = |text: serde_json::Result<String>| text.expect("it holds only strings, numbers and lists") + "\n";
    let (arrays, config) = (parts.to_safetensors(), json(serde_json::to_string_pretty(&about)));
    let mut set = OutputSet::new();
    set.create_dir(folder)?;
    set.add(&folder.join(ARRAYS), &arrays)?;
    set.add(&folder.join(TRAINING), json(serde_json::to_string_pretty(training)).as_bytes())?;
    set.add(&folder.join(CARD), card.as_bytes())?;
    set.add(&folder.join(CONFIG), config.as_bytes())?;
    set.commit()?;
    Ok((arrays.len() + config.len()) as u64)
}

/// Opens the model in a folder.
///
/// # Errors
///
/// When there is none, it is damaged, or was made by a version with another form.
pub fn open(folder: &Path) -> Result<Kept, Error> {
    let damaged = |cause: ModelError| Error::Kept {
        folder: words::printable(&folder.display().to_string()),
        cause: cause.to_string(),
    };
    let wrong = |what: String| damaged(ModelError::Damaged { what });
    let config = match fs::read(folder.join(CONFIG)) {
        Ok(config) => config,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(Error::NoModel { folder: words::printable(&folder.display().to_string()) });
        }
        Err(error) => return Err(DataError::io(&folder.join(CONFIG), "read", error).into()),
    };
    let value: serde_json::Value =
        serde_json::from_slice(&config).map_err(|e| wrong(format!("{CONFIG} is no JSON ({e})")))?;
    match value.get("schema").and_then(|schema| schema.as_str()) {
        Some(SCHEMA) => {}
        Some(other) => return Err(wrong(format!("{CONFIG} is '{other}', and this version reads '{SCHEMA}'"))),
        None => return Err(wrong(format!("{CONFIG} is not that of a model: it has no \"schema\": \"{SCHEMA}\""))),
    }
    let about: About = serde_json::from_value(value).map_err(|e| wrong(format!("{CONFIG} ({e})")))?;
    let bytes = map(&folder.join(ARRAYS))?;
    let parts = Parts::of_safetensors(about.settings.clone(), &bytes).map_err(damaged)?;
    let model = Model::of_parts(&about.learner, about.task, parts).map_err(damaged)?;
    Ok(Kept { about, model })
}

/// How the model in a folder was trained.
///
/// # Errors
///
/// When its record is not there or damaged.
pub fn training(folder: &Path) -> Result<Training, Error> {
    let file = folder.join(TRAINING);
    let text = fs::read(&file).map_err(|error| DataError::io(&file, "read", error))?;
    serde_json::from_slice(&text).map_err(|e| Error::Kept {
        folder: words::printable(&folder.display().to_string()),
        cause: format!("the model is damaged: {TRAINING} ({e})"),
    })
}

/// The bytes of a file, by a memory map.
fn map(path: &Path) -> Result<Bytes, Error> {
    let failed = |error| DataError::io(path, "read", error);
    let file = File::open(path).map_err(failed)?;
    #[allow(unsafe_code, reason = "a map of a file that this program replaces whole and never changes in place")]
    // SAFETY: the map is only read, and every index into it is checked. Who cuts the file short while it is mapped ends
    // the process by a signal, as with every program that maps files.
    let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
    Ok(Arc::new(map))
}

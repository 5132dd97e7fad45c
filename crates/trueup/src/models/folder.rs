//! A model's folder: written whole or not at all, read by a memory map.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;
use trueup_core::document::{Run, Training};
use trueup_core::words;
use trueup_data::DataError;
use trueup_data::write::{OutputSet, write_file};
use trueup_model::{Bytes, ModelError, Parts};

use super::{About, Kept, Model, SCHEMA};
use crate::error::Error;

/// What the model is.
pub const CONFIG: &str = "config.json";
/// Its arrays of numbers.
const ARRAYS: &str = "model.safetensors";
/// How it was trained.
const TRAINING: &str = "training.json";
/// What its training cost.
const RUN: &str = "run.json";
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

/// Writes what the training of the model in a folder cost, beside it: whoever has a clock knows.
///
/// # Errors
///
/// When the file cannot be written.
pub fn save_run(folder: &Path, run: &Run) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(run).expect("it holds only strings, numbers and lists") + "\n";
    Ok(write_file(&folder.join(RUN), text.as_bytes())?)
}

/// What the training of the model in a folder cost, where that was kept.
///
/// # Errors
///
/// When the record is damaged.
pub fn run(folder: &Path) -> Result<Option<Run>, Error> {
    match fs::read(folder.join(RUN)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DataError::io(&folder.join(RUN), "read", error).into()),
        Ok(text) => read_run(&folder.join(RUN), &text).map(Some),
    }
}

/// What a file says that a training cost: the `run` of any document, or of the record of a model.
///
/// # Errors
///
/// When it cannot be read or is no such record.
pub fn run_of_file(file: &Path) -> Result<Run, Error> {
    let text = fs::read(file).map_err(|error| DataError::io(file, "read", error))?;
    read_run(file, &text)
}

fn read_run(file: &Path, text: &[u8]) -> Result<Run, Error> {
    let value: serde_json::Result<serde_json::Value> = serde_json::from_slice(text);
    let run = value.and_then(|mut value| {
        let inner = value.get_mut("run").map(serde_json::Value::take);
        serde_json::from_value(inner.unwrap_or(value))
    });
    run.map_err(|error| {
        DataError::Content {
            path: words::printable(&file.display().to_string()),
            found: error.to_string(),
            valid: "the run.json of a model that `trueup train` wrote, or a document with a `run`".to_owned(),
            hint: None,
        }
        .into()
    })
}

/// How many bytes the model in a folder takes, without its records and card.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn bytes(folder: &Path) -> Result<u64, Error> {
    let size = |name: &str| {
        let path = folder.join(name);
        fs::metadata(&path).map(|of| of.len()).map_err(|error| Error::from(DataError::io(&path, "read", error)))
    };
    Ok(size(ARRAYS)? + size(CONFIG)?)
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

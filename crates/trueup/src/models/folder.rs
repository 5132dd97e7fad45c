//! A model's folder: written whole or not at all, read by a memory map.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use trueup_core::document::{Run, Training};
use trueup_core::words;
use trueup_data::DataError;
use trueup_data::write::{OutputSet, write_file};
use trueup_model::{Bytes, ModelError, Parts};

use super::program::PLACE;
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

/// What the name of a folder begins with whose program is trusted: `program:models/bert`.
const TRUSTED: &str = "program:";

/// The folder that is named, and whether its program is trusted.
fn named(folder: &Path) -> (PathBuf, bool) {
    match folder.to_str().and_then(|name| name.strip_prefix(TRUSTED)) {
        Some(rest) => (rest.into(), true),
        None => (folder.to_path_buf(), false),
    }
}

/// The folder that a name means: `program:models/bert` is `models/bert`.
pub fn place(folder: &Path) -> PathBuf {
    named(folder).0
}

/// Refuses a name of a folder to write that would mean something else when it is read.
///
/// # Errors
///
/// When it begins as the name of a program does.
pub fn check_name(folder: &Path) -> Result<(), Error> {
    let name = folder.display().to_string();
    if name.starts_with(TRUSTED) || name.starts_with(crate::external::PREFIX) {
        let valid = "a folder: program: and command: are said where a model is read".to_owned();
        return Err(Error::Option { option: "--out", found: name, valid });
    }
    Ok(())
}

/// Whether a model is kept in a folder.
pub fn is_kept(folder: &Path) -> bool {
    named(folder).0.join(CONFIG).is_file()
}

/// Writes a model with its record and its card; how many bytes the model itself takes. Of a program the folder that training left
/// is copied.
///
/// # Errors
///
/// When the folder cannot be written; then what stood there before stays as it was.
pub fn save(folder: &Path, kept: &Kept, training: &Training, card: &str) -> Result<u64, Error> {
    let mut model = kept.model.clone();
    let mut copies: Vec<(String, Vec<(PathBuf, PathBuf)>)> = Vec::new();
    for (number, program) in model.programs_mut().into_iter().enumerate() {
        let Some(from) = program.external.model() else { continue };
        let files = files(from, Path::new(""))?;
        let name = format!("{PLACE}{number}-{}", digest(&files)?);
        program.place = Some(name.clone());
        copies.push((name, files));
    }
    let parts = model.to_parts();
    let about = About { settings: parts.settings.clone(), ..kept.about.clone() };
    let json = |text: serde_json::Result<String>| text.expect("it holds only strings, numbers and lists") + "\n";
    let (arrays, config) = (parts.to_safetensors(), json(serde_json::to_string_pretty(&about)));
    let mut set = OutputSet::new();
    set.create_dir(folder)?;
    set.add(&folder.join(ARRAYS), &arrays)?;
    set.add(&folder.join(TRAINING), json(serde_json::to_string_pretty(training)).as_bytes())?;
    set.add(&folder.join(CARD), card.as_bytes())?;
    let mut bytes = arrays.len() + config.len();
    for (name, files) in &copies {
        for (from, within) in files {
            let to = folder.join(name).join(within);
            set.create_dir(to.parent().unwrap_or(folder))?;
            let content = fs::read(from).map_err(|error| DataError::io(from, "read", error))?;
            set.add(&to, &content)?;
            bytes += content.len();
        }
        set.create_dir(&folder.join(name))?;
    }
    set.add(&folder.join(CONFIG), config.as_bytes())?;
    set.commit()?;
    for (name, files) in &copies {
        for (from, within) in files {
            let to = folder.join(name).join(within);
            // What can be run stays so.
            let mode = fs::metadata(from).map(|of| of.permissions());
            mode.and_then(|mode| fs::set_permissions(&to, mode)).map_err(|error| DataError::io(&to, "write", error))?;
        }
    }
    forget(folder, &copies.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    Ok(bytes as u64)
}

/// All files below a folder, with their places in it, in the order of these.
fn files(folder: &Path, within: &Path) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
    let failed = |error| DataError::io(folder, "read", error);
    let mut names: Vec<_> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<Result<_, _>>())
        .map_err(failed)?;
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let (path, place) = (folder.join(&name), within.join(&name));
        let kind = fs::symlink_metadata(&path).map_err(|error| DataError::io(&path, "read", error))?;
        if kind.is_dir() {
            found.extend(files(&path, &place)?);
        } else if fs::metadata(&path).is_ok_and(|of| of.is_file()) {
            found.push((path, place));
        } else {
            return Err(DataError::Content {
                path: path.display().to_string(),
                found: "neither a file nor a folder".to_owned(),
                valid: "files and folders, which can be kept with the model".to_owned(),
                hint: Some("the training command left it".to_owned()),
            }
            .into());
        }
    }
    Ok(found)
}

/// A digest of files with their places.
fn digest(files: &[(PathBuf, PathBuf)]) -> Result<String, Error> {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for (path, place) in files {
        let content = fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
        for piece in [place.to_string_lossy().as_bytes(), &content] {
            hash.update(&(piece.len() as u64).to_le_bytes());
            hash.update(piece);
        }
    }
    Ok(format!("{:016x}", hash.digest()))
}

/// Whether a program's folder has such a name: `program-0-` and a digest.
fn is_place(name: &str) -> bool {
    let parts = name.strip_prefix(PLACE).and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(number, digest)| {
        number.bytes().all(|b| b.is_ascii_digit())
            && digest.len() == 16
            && digest.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Takes away what an earlier model in the folder left of programs; nothing asks for it any more.
fn forget(folder: &Path, needed: &[&str]) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if let Some(name) = name.to_str().filter(|name| is_place(name) && !needed.contains(name)) {
            let _ = fs::remove_dir_all(folder.join(name));
        }
    }
}

/// Opens the model in a folder.
///
/// # Errors
///
/// When there is none, it is damaged, was made by a version with another form, or is a program and not named as one that is
/// trusted.
pub fn open(folder: &Path) -> Result<Kept, Error> {
    let (folder, trusted) = named(folder);
    let folder = folder.as_path();
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
    let mut model = Model::of_parts(&about.learner, about.task, parts).map_err(damaged)?;
    for program in model.programs_mut() {
        if !trusted {
            return Err(Error::Runs {
                folder: words::printable(&folder.display().to_string()),
                command: words::printable(&program.external.name()),
            });
        }
        if let Some(place) = &program.place {
            // The program may change its folder.
            let within = folder.join(place);
            let whole = std::path::absolute(&within).unwrap_or(within);
            program.external = program.external.clone().with_model(whole);
        }
    }
    Ok(Kept { about, model })
}

/// How the model in a folder was trained.
///
/// # Errors
///
/// When its record is not there or damaged.
pub fn training(folder: &Path) -> Result<Training, Error> {
    let (folder, _) = named(folder);
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
    let (folder, _) = named(folder);
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
    let (folder, _) = named(folder);
    let size = |path: &Path| {
        fs::metadata(path).map(|of| of.len()).map_err(|error| Error::from(DataError::io(path, "read", error)))
    };
    let mut all = size(&folder.join(ARRAYS))? + size(&folder.join(CONFIG))?;
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        if is_place(&entry.file_name().to_string_lossy()) {
            for (path, _) in files(&entry.path(), Path::new(""))? {
                all += size(&path)?;
            }
        }
    }
    Ok(all)
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

//! Published files of every format, counted against their sources and an independent count.
//!
//! They are not part of the repository: the folder is `TRUEUP_DATA`, else `shared/data` beside the workspace. Without it
//! every test passes and says that it was skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod chains;
mod columns;
mod conll;
mod extras;
mod labelstudio;
mod lines;
mod people;
mod projects;
mod sets;
mod spacy;

use std::path::PathBuf;

/// A file or folder of the published data; `None`, and said, where it is not there.
fn data(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        eprintln!("{file} skipped: no data");
        return None;
    }
    Some(path)
}

//! The real data sets, which lie beside the repository and not in it.
#![allow(clippy::print_stderr, reason = "what is skipped is said")]

use std::path::{Path, PathBuf};

/// Where they lie: `TRUEUP_DATA`, else `shared/data` beside the repository; whether they do is not looked at.
pub fn root() -> PathBuf {
    std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from)
}

/// The folder of a data set, of all with an empty `name`; without it a line says that something was skipped, and where data
/// is required the test fails.
pub fn folder(name: &str) -> Option<PathBuf> {
    let folder = root().join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("TRUEUP_REQUIRE_DATA").is_ok_and(|value| value == "1");
    assert!(!required, "{} is missing, and TRUEUP_REQUIRE_DATA=1 is set", folder.display());
    eprintln!("{}skipped: no data", if name.is_empty() { String::new() } else { format!("{name} ") });
    None
}

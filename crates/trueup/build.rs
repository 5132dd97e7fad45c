//! Puts the built page, if there is one, where the library includes it.

#![allow(clippy::disallowed_methods, reason = "a build script reads its environment and writes its output")]

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let page = Path::new(&root).join("../../ui/dist/index.html");
    let out = Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("page.html");
    // The folder is always there, the page is not: watching a file that is missing would rebuild every time.
    println!("cargo::rerun-if-changed={}", page.with_file_name("").display());
    // Without Node.js there is no page: the library then refuses to write one and says why.
    fs::write(out, fs::read(&page).unwrap_or_default())
}

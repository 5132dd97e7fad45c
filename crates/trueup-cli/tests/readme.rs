//! The review that README.md shows is the one that `trueup demo` prints.
//!
//! When the output changed on purpose: `UPDATE_README=1 cargo test -p trueup-cli --test readme`.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

/// The line before the block.
const MARK: &str = "checked by crates/trueup-cli/tests/readme.rs. -->\n";
const OPEN: &str = "```text\n";
const CLOSE: &str = "\n```\n";

/// The first review of the demo at 80 columns, without the line that says what the run cost.
fn first_review() -> String {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(["demo", "--quiet"])
        .current_dir(dir.path())
        .env("COLUMNS", "80")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let review = text.trim_start().split("\n\ntrueup review").next().unwrap();
    let (review, cost) = review.trim_end().rsplit_once('\n').unwrap();
    assert!(cost.ends_with(" MiB"), "the last line is the cost: {cost}");
    review.to_owned()
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let page = fs::read_to_string(&path).unwrap();
    let start = page.find(MARK).expect("README.md marks the block") + MARK.len() + OPEN.len();
    let length = page[start..].find(CLOSE).expect("the block ends");
    let review = first_review();
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, format!("{}{review}{}", &page[..start], &page[start + length..])).unwrap();
    } else {
        let shown = &page[start..start + length];
        assert!(
            shown == review,
            "README.md shows\n{shown}\nand the demo prints\n{review}\n(UPDATE_README=1 writes it)"
        );
    }
}

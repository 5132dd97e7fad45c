//! Checks on the project's own files: how long they are, whether they open with a page, what they must not say, and
//! whether their links lead somewhere.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::steps::Outcome;
use crate::workspace;

/// Above this many lines a source file is listed: think of a cut.
const ALARM: usize = 500;
/// Above this many lines a source file is refused.
const LIMIT: usize = 800;

/// Folders at the head of a path that exist on one machine only.
const PRIVATE: [&str; 5] = ["home", "root", "tmp", "Users", "work"];

/// Source files stay short, and every Rust file opens with a module doc.
pub fn sizes() -> Result<Outcome> {
    let mut faults = Vec::new();
    for name in workspace::files()? {
        if !has_extension(&name, &["rs", "ts", "svelte"]) {
            continue;
        }
        let text = fs::read_to_string(workspace::root().join(&name))?;
        let lines = text.lines().count();
        if lines > LIMIT {
            faults.push(format!("{name}: {lines} lines; cut it (limit {LIMIT})"));
        } else if lines > ALARM {
            eprintln!("{name}: {lines} lines (over {ALARM})");
        }
        if has_extension(&name, &["rs"]) && !opens_with_doc(&text) {
            faults.push(format!("{name}: does not open with a `//!` module doc"));
        }
    }
    report(&faults)
}

/// No file names a path of one machine.
pub fn words() -> Result<Outcome> {
    let mut faults = Vec::new();
    for name in workspace::files()? {
        let Ok(text) = fs::read_to_string(workspace::root().join(&name)) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(path) = private_path(line) {
                faults.push(format!("{name}:{}: names `{path}`, a path of one machine", number + 1));
            }
        }
    }
    report(&faults)
}

/// Relative links in Markdown files lead to files of the project.
pub fn links() -> Result<Outcome> {
    let mut faults = Vec::new();
    for name in workspace::files()? {
        if !has_extension(&name, &["md"]) {
            continue;
        }
        let file = workspace::root().join(&name);
        let text = fs::read_to_string(&file)?;
        for target in relative_links(&text) {
            let from = file.parent().unwrap_or(Path::new("."));
            if !from.join(&target).exists() {
                faults.push(format!("{name}: the link to `{target}` leads nowhere"));
            }
        }
    }
    report(&faults)
}

fn report(faults: &[String]) -> Result<Outcome> {
    if faults.is_empty() {
        return Ok(Outcome::Passed);
    }
    bail!("\n  {}", faults.join("\n  "))
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    Path::new(name).extension().is_some_and(|found| extensions.iter().any(|wanted| found == *wanted))
}

fn opens_with_doc(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#!"));
    first.is_some_and(|line| line.starts_with("//!") || line.starts_with("/*!"))
}

/// The first path of one machine in `line`: a slash that begins a path, then one of [`PRIVATE`], then a slash.
fn private_path(line: &str) -> Option<&str> {
    line.match_indices('/').find_map(|(at, _)| {
        let begins = line[..at].chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || "._-/~*})]".contains(c)));
        let rest = &line[at + 1..];
        let (folder, beyond) = rest.split_once('/')?;
        let named = begins && PRIVATE.contains(&folder) && beyond.starts_with(|c: char| c.is_alphanumeric());
        named.then(|| &line[at..at + folder.len() + 2])
    })
}

/// Targets of `[text](target)` that are neither addresses nor anchors, without their anchors; code blocks left out.
fn relative_links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let Some((target, _)) = line[at + 2..].split_once(')') else {
                continue;
            };
            let target = target.split(['#', ' ']).next().unwrap_or("");
            if !target.is_empty() && !target.contains(':') {
                links.push(target.to_string());
            }
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rust_file_opens_with_its_doc() {
        assert!(opens_with_doc("\n//! Doc.\nfn main() {}\n"));
        assert!(!opens_with_doc("// A comment.\n//! Too late.\n"));
        assert!(!opens_with_doc(""));
    }

    #[test]
    fn paths_of_one_machine_are_found_and_others_are_not() {
        let path = |folder: &str| format!("see \"/{folder}/someone/file\"");
        for folder in PRIVATE {
            assert_eq!(private_path(&path(folder)), Some(format!("/{folder}/").as_str()), "{folder}");
        }
        for fine in ["ui/root/App.ts", "https://example.org/home/x", "/usr/bin", "a /tmp b", "TP/(TP+FP)", "root/x"] {
            assert_eq!(private_path(fine), None, "{fine}");
        }
    }

    #[test]
    fn links_without_addresses_anchors_and_code() {
        let text = "[a](docs/a.md#part) [b](https://example.org) [c](#here)\n```\n[d](d.md)\n```\n[e](../e.md)";
        assert_eq!(relative_links(text), ["docs/a.md", "../e.md"]);
    }
}

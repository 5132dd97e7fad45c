//! Imports between the top-level modules of one library: no circle in the core, and no stage that knows another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::paths::{exported, named};
use super::{ACYCLIC, CHAINS, EXCEPTIONS, SHARED, STAGES};
use crate::workspace;

/// What each top-level module uses: importing module -> imported module -> a file that does so.
type Uses = BTreeMap<String, BTreeMap<String, String>>;

/// Circles in the crate `name` if it must have none, and for `trueup` imports between stages.
pub fn check(name: &str) -> Result<Vec<String>> {
    let folder = if name == "xtask" { "xtask/src".to_string() } else { format!("crates/{name}/src") };
    let files = read(&folder)?;
    let uses = uses(&files);
    let mut faults = if ACYCLIC.contains(&name) { circles(name, &uses) } else { Vec::new() };
    if name == "trueup" {
        faults.extend(stages(&uses));
        for (file, _) in &files {
            let top = file.split('/').next().unwrap_or_default();
            let known =
                STAGES.contains(&top) || CHAINS.contains(&top) || SHARED.iter().any(|(shared, _)| *shared == top);
            if file.contains('/') && !known {
                faults.push(format!(
                    "{folder}/{top}: neither a stage nor shared ground; add it to xtask/src/depcheck.rs"
                ));
            }
        }
        faults.sort();
        faults.dedup();
    }
    Ok(faults)
}

/// Sources under `folder` by their path in it, sorted; a module's own tests in `tests.rs` files included.
fn read(folder: &str) -> Result<Vec<(String, String)>> {
    let root = workspace::root().join(folder);
    let mut names = Vec::new();
    walk(&root, "", &mut names)?;
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let text = fs::read_to_string(root.join(&name)).with_context(|| format!("cannot read {folder}/{name}"))?;
            Ok((name, text))
        })
        .collect()
}

fn walk(dir: &Path, prefix: &str, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), names)?;
        } else if Path::new(&name).extension().is_some_and(|found| found == "rs") {
            names.push(name);
        }
    }
    Ok(())
}

/// The module path of a file: `review/rules/mod.rs` is `["review", "rules"]`; `lib.rs` and `main.rs` are the root.
fn module(file: &str) -> Vec<String> {
    let mut parts: Vec<String> = file.trim_end_matches(".rs").split('/').map(String::from).collect();
    if parts.last().is_some_and(|last| last == "mod") || matches!(file, "lib.rs" | "main.rs") {
        parts.pop();
    }
    parts
}

fn uses(files: &[(String, String)]) -> Uses {
    let lib = files.iter().find(|(file, _)| file == "lib.rs").map_or("", |(_, text)| text);
    let exports: BTreeMap<String, String> = exported(lib).into_iter().collect();
    let mut uses = Uses::new();
    for (file, text) in files {
        let module = module(file);
        // The root declares every module, so what it names is no dependency.
        let Some(from) = module.first() else { continue };
        for path in named(text, &module) {
            let Some(first) = path.first() else { continue };
            // `crate::Estimate` depends on the module that it is re-exported from.
            let to = exports.get(first).unwrap_or(first);
            if to != from {
                uses.entry(from.clone()).or_default().entry(to.clone()).or_insert_with(|| file.clone());
            }
        }
    }
    uses
}

/// Imports from a stage to another, or from shared ground to a stage.
fn stages(uses: &Uses) -> Vec<String> {
    let mut faults = Vec::new();
    for (from, targets) in uses {
        if CHAINS.contains(&from.as_str()) {
            continue;
        }
        for (to, file) in targets {
            let excepted = EXCEPTIONS.iter().any(|(a, b, _)| a == from && b == to);
            if excepted {
                continue;
            }
            let kind = if STAGES.contains(&from.as_str()) { "stage" } else { "shared module" };
            if STAGES.contains(&to.as_str()) {
                faults.push(format!("crates/trueup/src/{file}: {kind} `{from}` imports stage `{to}`"));
            } else if CHAINS.contains(&to.as_str()) {
                faults
                    .push(format!("crates/trueup/src/{file}: {kind} `{from}` imports `{to}`, which chains the stages"));
            }
        }
    }
    faults
}

/// One line for each circle: modules that reach each other.
fn circles(name: &str, uses: &Uses) -> Vec<String> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|from| (from.as_str(), reachable(from, uses))).collect();
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for (from, targets) in &reach {
        let circle: Vec<&str> =
            targets.iter().copied().filter(|to| reach.get(to).is_some_and(|back| back.contains(from))).collect();
        if circle.is_empty() || !seen.insert(circle.clone()) {
            continue;
        }
        let mut files = BTreeSet::new();
        for from in &circle {
            for (to, file) in &uses[*from] {
                if circle.contains(&to.as_str()) {
                    files.insert(format!("{file} uses {to}"));
                }
            }
        }
        let files: Vec<_> = files.into_iter().collect();
        faults.push(format!("{name}: modules in a circle: {} ({})", circle.join(", "), files.join("; ")));
    }
    faults
}

/// Modules that `from` uses, directly or through others.
fn reachable<'a>(from: &str, uses: &'a Uses) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = uses.get(from).into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(uses.get(module).into_iter().flat_map(BTreeMap::keys).map(String::as_str));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Uses {
        let files: Vec<_> = files.iter().map(|(file, text)| ((*file).to_string(), (*text).to_string())).collect();
        uses(&files)
    }

    #[test]
    fn modules_of_files() {
        let cases: [(&str, &[&str]); 5] = [
            ("lib.rs", &[]),
            ("error.rs", &["error"]),
            ("review/mod.rs", &["review"]),
            ("review/rules/d101.rs", &["review", "rules", "d101"]),
            ("review/lib.rs", &["review", "lib"]),
        ];
        for (file, expected) in cases {
            assert_eq!(module(file), expected, "{file}");
        }
    }

    #[test]
    fn a_stage_must_not_know_another() {
        let uses = of(&[
            ("load/mod.rs", "use crate::error::Error;"),
            ("review/rules/d101.rs", "use super::super::leak; use crate::evaluate::Counts;"),
            ("flow.rs", "use crate::{load, review, evaluate};"),
            ("error.rs", "use crate::load;"),
            ("tell/html.rs", "fn f() { crate::flow::run() }"),
        ]);
        assert_eq!(
            stages(&uses),
            [
                "crates/trueup/src/error.rs: shared module `error` imports stage `load`",
                "crates/trueup/src/review/rules/d101.rs: stage `review` imports stage `evaluate`",
                "crates/trueup/src/tell/html.rs: stage `tell` imports `flow`, which chains the stages",
            ]
        );
    }

    #[test]
    fn a_re_export_hides_no_import() {
        let uses = of(&[
            ("lib.rs", "pub mod evaluate; pub use evaluate::Evaluation;"),
            ("tell/mod.rs", "use crate::Evaluation;"),
        ]);
        assert_eq!(stages(&uses).len(), 1);
    }

    #[test]
    fn circles_are_found_through_others() {
        let uses = of(&[
            ("a.rs", "use crate::b::X;"),
            ("b.rs", "use crate::c::X;"),
            ("c/deep.rs", "use crate::a::X;"),
            ("d.rs", "use crate::a::X;"),
        ]);
        let found = circles("x", &uses);
        assert_eq!(found, ["x: modules in a circle: a, b, c (a.rs uses b; b.rs uses c; c/deep.rs uses a)"]);
    }
}

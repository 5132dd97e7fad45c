//! Dependencies between the crates of the workspace, read from their `Cargo.toml`.

use std::fs;

use anyhow::{Context, Result};

use super::CRATES;
use crate::workspace;

/// Dependencies that [`CRATES`] does not allow, and crates that it does not know.
pub fn check() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in folders()? {
        let name = folder.rsplit('/').next().unwrap_or_default();
        let file = workspace::root().join(&folder).join("Cargo.toml");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == name) else {
            faults.push(format!("{folder}: not in the table of crates in xtask/src/depcheck.rs"));
            continue;
        };
        for dependency in dependencies(&text) {
            let ours = CRATES.iter().any(|(known, _)| *known == dependency);
            if ours && dependency != name && !allowed.contains(&dependency.as_str()) {
                faults.push(format!("{folder}/Cargo.toml: {name} must not depend on {dependency}"));
            }
        }
    }
    Ok(faults)
}

/// Folders of the members, relative to the root.
fn folders() -> Result<Vec<String>> {
    let mut folders = vec!["xtask".to_string()];
    for entry in fs::read_dir(workspace::root().join("crates"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            folders.push(format!("crates/{}", entry.file_name().to_string_lossy()));
        }
    }
    folders.sort();
    Ok(folders)
}

/// Names under every kind of `[...dependencies]` section, `[dependencies.NAME]` headings included.
fn dependencies(toml: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in toml.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.ends_with("dependencies");
            let dotted = section.rsplit_once('.').filter(|(head, _)| head.ends_with("dependencies"));
            if let Some((_, name)) = dotted {
                names.push(name.to_string());
            }
        } else if inside && !line.starts_with('#') {
            let name: String = line.chars().take_while(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
            if !name.is_empty() {
                names.push(name);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::dependencies;

    #[test]
    fn every_way_to_write_a_dependency() {
        let toml = "[package]\nname = \"x\"\n\n[dependencies]\n# csv = \"1\"\nserde.workspace = true\n\
                    trueup-core = { path = \"../trueup-core\" }\n\n[dev-dependencies]\nproptest = \"1\"\n\n\
                    [target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n\n[build-dependencies.cc]\nversion = \"1\"\n\n\
                    [lints]\nworkspace = true\n";
        assert_eq!(dependencies(toml), ["serde", "trueup-core", "proptest", "libc", "cc"]);
    }
}

//! What the pages of the project say is there, is there: paths, links, options, rules, metrics and formats.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Yaml};
use trueup::augment::{METHODS, SPECIAL};
use trueup::core::measure::catalogue::METRICS;
use trueup::core::{Pair, Task};
use trueup::data::{
    Format, Labels, Matching, Metadata, PredictionOptions, ReadOptions, Spans, Texts, align, read_bytes,
    read_corpus_bytes, read_predictions,
};
use trueup::gate::{self, Policy};
use trueup::review::RULES;

/// The pages that people write; those that `cargo xtask generate` writes are checked by their makers.
const PAGES: [&str; 22] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/agreement.md",
    "docs/augment.md",
    "docs/commands-as-models.md",
    "docs/formats.md",
    "docs/formats/conll.md",
    "docs/formats/label-studio.md",
    "docs/formats/lines.md",
    "docs/formats/parquet.md",
    "docs/formats/projects.md",
    "docs/formats/spacy.md",
    "docs/formats/tools.md",
    "docs/gate.md",
    "docs/metrics.md",
    "docs/models.md",
    "docs/intervals.md",
    "docs/oracles.md",
    "docs/eval.md",
    "docs/dependencies.md",
];

/// Pages that name options of `trueup`: these, and those of formats.
const GUIDES: [&str; 5] = ["README.md", "docs/augment.md", "docs/metrics.md", "docs/eval.md", "docs/gate.md"];

/// Files that a chore makes, so that a fresh checkout may lack them, and the chore's source, which names them.
const MADE: [(&str, &str); 7] = [
    ("docs/benchmarks.md", "xtask/src/bench.rs"),
    ("docs/cli.md", "xtask/src/generate.rs"),
    ("docs/rules.md", "xtask/src/generate.rs"),
    ("docs/schema/agreement.json", "xtask/src/generate.rs"),
    ("docs/schema/policy.json", "xtask/src/generate.rs"),
    ("docs/schema/review.json", "xtask/src/generate.rs"),
    ("ui/dist/index.html", "crates/trueup/build.rs"),
];

/// Options that every command has.
const STANDARD: [&str; 2] = ["help", "version"];

/// Folders at the head of a path of this project.
const FOLDERS: [&str; 6] = [".ci/", ".config/", "crates/", "docs/", "ui/", "xtask/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// Lines of `text` outside fenced code, or inside it.
fn lines(text: &str, fenced: bool) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside == fenced {
            found.push(line);
        }
    }
    found
}

/// What stands between single backticks, code blocks left out. A span may run over the end of a line.
fn spans(text: &str) -> Vec<String> {
    let prose = lines(text, false).join("\n");
    prose.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")).collect()
}

/// Paths of this project in the inline code of `text`; those with a word to fill in (`NAME.rs`) left out.
fn paths(text: &str) -> Vec<String> {
    let filled = |path: &str| !["NAME", "CODE", "*", "..."].iter().any(|gap| path.contains(gap));
    spans(text)
        .iter()
        .flat_map(|span| span.split_whitespace())
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)) && filled(word))
        .map(str::to_owned)
        .collect()
}

/// Targets of `[text](target)` outside code that are no addresses.
fn links(text: &str) -> Vec<String> {
    let prose: String = lines(text, false).join("\n").split('`').step_by(2).collect();
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains(':')).map(str::to_owned).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = lines(text, false).into_iter().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// The names in the first column of the table of dependencies; a row may hold several.
fn dependencies(text: &str) -> BTreeSet<String> {
    let cells = rows(text).into_iter().map(|row| row[0].clone());
    cells.flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The cells of the table rows whose first cell is inline code, without their backticks.
fn rows(text: &str) -> Vec<Vec<String>> {
    let rows = lines(text, false).into_iter().filter(|line| line.starts_with("| `"));
    rows.map(|line| line.split('|').skip(1).map(|cell| cell.trim().replace('`', "")).collect()).collect()
}

#[test]
fn every_path_named_exists() {
    let mut faults = Vec::new();
    for page in PAGES {
        for path in paths(&read(page)) {
            let made = MADE.iter().any(|(file, _)| *file == path);
            if !made && !root().join(&path).exists() {
                faults.push(format!("{page}: `{path}` is not there"));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(paths(&read("ARCHITECTURE.md")).len() > 60, "the page lost its paths, or the test its eyes");
}

#[test]
fn every_file_that_a_chore_makes_is_named_by_it() {
    for (file, chore) in MADE {
        let source = read(chore);
        assert!(source.contains(file), "{chore} does not make {file}");
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut faults = Vec::new();
    for page in PAGES {
        let text = read(page);
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = root().join(page).parent().unwrap().join(file);
            let made = MADE.iter().any(|(made, _)| root().join(made) == target);
            if !file.is_empty() && !target.exists() && !made {
                faults.push(format!("{page}: the link to `{link}` leads nowhere"));
            } else if !anchor.is_empty() {
                let text = if file.is_empty() { text.clone() } else { fs::read_to_string(&target).unwrap() };
                if !anchors(&text).contains(anchor) {
                    faults.push(format!("{page}: `{link}` names a heading that is not there"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_page_of_metrics_lists_the_catalogue() {
    let listed: Vec<(String, String)> =
        rows(&read("docs/metrics.md")).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let known: Vec<(String, String)> =
        METRICS.iter().map(|metric| (metric.name.to_owned(), metric.title.to_owned())).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_readme_lists_the_rules() {
    let rows = rows(&read("README.md")).into_iter().map(|row| row[0].clone());
    let listed: Vec<String> = rows.filter(|cell| !cell.starts_with("--") && !cell.starts_with("trueup")).collect();
    let known: Vec<String> = RULES.iter().map(|rule| format!("{} {}", rule.code, rule.name)).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_page_of_dependencies_lists_those_of_the_workspace() {
    let manifest = read("Cargo.toml");
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let named = section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim().to_owned());
    let known: BTreeSet<String> = named.filter(|name| !name.starts_with("trueup") && !name.starts_with('#')).collect();
    assert_eq!(dependencies(&read("docs/dependencies.md")), known);
}

/// Every difference from another tool that the page names is a test, and every such test is on the page.
#[test]
fn the_page_of_oracles_lists_the_differences() {
    let prefix = "difference_";
    let mut tests = BTreeSet::new();
    let folder = root().join("crates/trueup-core/tests/oracles");
    let sources = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for source in sources.filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let text = fs::read_to_string(&source).unwrap();
        for (at, line) in text.lines().enumerate() {
            if let Some(rest) = line.strip_prefix("fn ").filter(|rest| rest.starts_with(prefix)) {
                assert_eq!(text.lines().nth(at - 1), Some("#[test]"), "{}: {line}", source.display());
                tests.insert(rest.split('(').next().unwrap().to_owned());
            }
        }
    }
    let page = read("docs/oracles.md");
    let named: Vec<String> = spans(&page).into_iter().filter(|span| span.starts_with(prefix)).collect();
    let listed: BTreeSet<String> = named.iter().filter(|name| *name != "difference_...").cloned().collect();
    assert_eq!(listed, tests);
    assert!(tests.len() > 20 && named.len() == listed.len(), "each once: {named:?}");
    // Every row of the table has its tool, its reason and its test.
    let rows = page.lines().filter(|line| line.contains(prefix) && line.starts_with("| "));
    assert!(rows.clone().all(|row| row.split(" | ").count() == 4));
    assert_eq!(rows.count(), tests.len());
}

/// The sections of a page: the line of the heading of level 2, and the fenced blocks below it whose fence has no word
/// behind it: samples of files. Blocks of `text` show what is no file of its own.
fn sections(text: &str) -> Vec<(String, Vec<String>)> {
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), fence) {
            (Some(_), Some(_)) => fence = None,
            (Some(word), None) => {
                fence = Some(word);
                if let (Some((_, samples)), true) = (sections.last_mut(), word.is_empty()) {
                    samples.push(String::new());
                }
            }
            (None, Some("")) => {
                if let Some(sample) = sections.last_mut().and_then(|(_, samples)| samples.last_mut()) {
                    *sample += line;
                    sample.push('\n');
                }
            }
            (None, None) => {
                if let Some(heading) = line.strip_prefix("## ") {
                    sections.push((heading.to_owned(), Vec::new()));
                }
            }
            (None, Some(_)) => {}
        }
    }
    sections
}

/// The pages of formats, with their text.
fn format_pages() -> impl Iterator<Item = (&'static str, String)> {
    PAGES.into_iter().filter(|page| page.starts_with("docs/formats")).map(|page| (page, read(page)))
}

/// Formats of folders and of bytes: a page cannot show a file that is read.
const WITHOUT_SAMPLE: [&str; 15] = [
    "arrow",
    "azure",
    "brat",
    "comprehend",
    "comprehend-entities",
    "comprehend-manifest",
    "conll-folder",
    "crowd-conll",
    "hf-disk",
    "label-folders",
    "npy",
    "parallel",
    "parquet",
    "spacy",
    "xlsx",
];

#[test]
fn every_format_has_a_section_and_its_samples_are_read() {
    let pages: Vec<_> = format_pages().map(|(_, text)| sections(&text)).collect();
    for format in Format::all() {
        // The name may stand among others: (`spacy`, `spacy-folder`).
        let name = format!("`{}`", format.name());
        let is_named =
            |heading: &str| heading.split_once(" (`").is_some_and(|(_, names)| format!("`{names}").contains(&name));
        let found = pages.iter().flatten().find(|(heading, _)| is_named(heading));
        let (heading, samples) = found.unwrap_or_else(|| panic!("no section of {format}"));
        let unshown = WITHOUT_SAMPLE.contains(&format.name()) || heading.contains("`spacy-folder`");
        assert_eq!(samples.is_empty(), unshown, "samples of {format}");
        for sample in samples {
            let read = read_corpus_bytes("sample", sample.clone().into_bytes(), &ReadOptions::default()).unwrap();
            assert_eq!(read.format, format, "{sample}");
            assert!(!read.corpus.records.is_empty() && read.skipped.is_empty(), "{sample}");
        }
    }
}

/// The lines around the table of what formats hold.
const MATRIX: [&str; 2] = ["<!-- matrix: ", "<!-- end of matrix -->"];

/// The table of what formats hold.
fn matrix() -> String {
    let mut table = String::from(
        "| format | what it is | written | texts | labels | spans | ids | splits | tokens | relations | attributes | people \
         | models | other columns |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let tick = |yes: bool| if yes { "yes" } else { "" };
    for format in Format::all() {
        let holds = format.holds();
        let texts = match holds.texts {
            Texts::Any => "any",
            Texts::Line => "a line",
            Texts::Tokens => "tokens",
            Texts::None => "",
        };
        let labels = match holds.labels {
            Labels::None => "",
            Labels::One => "one",
            Labels::Several => "several",
            Labels::Set => "set",
        };
        let spans = match holds.spans {
            Spans::None => "",
            Spans::Tokens => "tokens",
            Spans::Flat => "flat",
            Spans::Any => "any",
            Spans::Gaps => "gaps",
        };
        let columns = match holds.metadata {
            Metadata::None => String::new(),
            Metadata::Only(names) => names.join(", "),
            Metadata::Text => "as text".to_owned(),
            Metadata::Any => "yes".to_owned(),
        };
        let cells = [
            format!("`{}`", format.name()),
            format.title().to_owned(),
            match (format.is_written(), format.is_folder()) {
                (false, _) => "",
                (true, true) => "a folder",
                (true, false) => "yes",
            }
            .to_owned(),
            texts.to_owned(),
            labels.to_owned(),
            if holds.labels > Labels::None && holds.spans > Spans::None && !holds.both {
                format!("{spans}, or labels")
            } else {
                spans.to_owned()
            },
            tick(holds.ids).to_owned(),
            tick(holds.splits).to_owned(),
            if holds.token_columns { "with columns" } else { tick(holds.tokens) }.to_owned(),
            tick(holds.relations).to_owned(),
            tick(holds.attributes).to_owned(),
            tick(holds.responses).to_owned(),
            match (holds.predictions, holds.scores) {
                (false, _) => "",
                (true, false) => "yes",
                (true, true) => "with scores",
            }
            .to_owned(),
            columns,
        ];
        table += &format!("| {} |\n", cells.join(" | ")).replace("|  |", "| |").replace("|  |", "| |");
    }
    table
}

#[test]
fn the_matrix_of_formats_is_that_of_the_table() {
    let page = read("docs/formats.md");
    let (before, rest) = page.split_once(MATRIX[0]).expect("a mark where the matrix begins");
    let (mark, rest) = rest.split_once('\n').unwrap();
    let (found, after) = rest.split_once(MATRIX[1]).expect("a mark where it ends");
    let wanted = matrix();
    if found == wanted {
        return;
    }
    assert!(
        std::env::var("UPDATE_DOCS").is_ok(),
        "docs/formats.md is behind; UPDATE_DOCS=1 cargo test -p trueup --test docs writes it"
    );
    let page = format!("{before}{}{mark}\n{wanted}{}{after}", MATRIX[0], MATRIX[1]);
    fs::write(root().join("docs/formats.md"), page).unwrap();
}

#[test]
fn the_samples_of_predictions_are_read_and_match_their_gold() {
    let page = read("docs/formats.md");
    let sections = sections(&page);
    let samples = |heading: &str| &sections.iter().find(|(found, _)| found.starts_with(heading)).unwrap().1;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("answers");
    let predictions = |text: &str, task: Task| {
        fs::write(&path, text).unwrap();
        read_predictions(&path, &PredictionOptions { task: Some(task), ..PredictionOptions::default() }).unwrap()
    };

    let gold = read_bytes("gold", samples("CSV")[0].clone().into_bytes(), &ReadOptions::default()).unwrap().dataset;
    let aligned = align(&gold, predictions(&samples("Predictions")[0], gold.task)).unwrap();
    assert_eq!(aligned.matching, Matching::Ids);
    let pair = Pair::new(gold.task, &gold.labels, gold.examples.iter().map(|e| &e.gold), &aligned.predictions, None);
    assert!(pair.unwrap().scores().is_some());

    let lines = samples("Predictions")[1].lines();
    for (line, task) in lines.zip([Task::Classification, Task::Multilabel, Task::Ner]) {
        let file = predictions(line, task);
        assert!(file.scores.is_some() || file.span_scores.is_some(), "{line}");
    }
}

/// The fields of the command's arguments are its long options, with `_` for `-`, where they do not say another name.
#[test]
fn every_option_named_can_be_typed() {
    let files = ["args.rs", "args/augment.rs", "args/compare.rs", "args/data.rs", "args/eval.rs", "args/learn.rs"];
    let arguments: String = files.iter().map(|file| read(&format!("crates/trueup-cli/src/{file}"))).collect();
    let mut seen = 0;
    let mut faults = Vec::new();
    let pages = GUIDES.into_iter().map(|page| (page, read(page))).chain(format_pages());
    for (page, text) in pages {
        let code = lines(&text, true).into_iter().map(str::to_owned).chain(spans(&text));
        for line in code.filter(|line| !line.contains("cargo") && !line.contains("npm")) {
            for word in line.split(|c: char| c.is_whitespace() || "[]()=;,`".contains(c)) {
                let Some(option) = word.strip_prefix("--").filter(|option| !option.is_empty()) else {
                    continue;
                };
                seen += 1;
                let is_argument = arguments.contains(&format!("pub {}:", option.replace('-', "_")))
                    || arguments.contains(&format!("long = \"{option}\""));
                if !STANDARD.contains(&option) && !is_argument {
                    faults.push(format!("{page}: there is no option --{option}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(seen > 20, "{seen} options seen");
}

/// The policies of the page of the gate: the first is the default, the second says everything, and the table explains it.
#[test]
fn the_page_of_the_gate_shows_policies_that_are_read() {
    let page = read("docs/gate.md");
    let policies: Vec<&str> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("must-pass.csv"), "text,label\n").unwrap();
    let path = dir.path().join("trueup.toml");
    let read_policy = |text: &str| {
        fs::write(&path, text).unwrap();
        gate::read_policy(&path).unwrap_or_else(|error| panic!("{error}\n{text}"))
    };
    assert_eq!(policies.len(), 2);
    assert_eq!(read_policy(policies[0]).policy, Policy::default());
    let whole = read_policy(policies[1]);
    assert!(whole.policy.must_pass.is_some() && whole.costs.len() == 1);
    // Every key of the schema is in the policy that says everything, and explained under it.
    let table: String = page.lines().filter(|line| line.starts_with("| ")).collect();
    let schema = serde_json::to_value(gate::schema()).unwrap();
    let mut seen = 0;
    for (name, form) in schema["$defs"].as_object().unwrap() {
        for key in form["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
            seen += 1;
            let said = [format!("\n{key} = "), format!("gate.{key}]"), format!("{{ {key} = "), format!(", {key} = ")];
            assert!(said.iter().any(|said| policies[1].contains(said)), "{name}.{key} is not said");
            let budgets = ["Budget"].contains(&name.as_str());
            assert!(budgets || table.contains(&format!("`{key}`")) || table.contains(&format!("gate.{key}]")), "{key}");
        }
    }
    assert!(seen > 30, "{seen} keys seen");
}

/// The workflow is YAML whose steps hand on what later ones read.
#[test]
fn the_example_workflow_is_whole() {
    let text = read("docs/examples/gate.yml");
    let workflow = &Yaml::load_from_str(&text).unwrap()[0];
    let steps = workflow["jobs"]["gate"]["steps"].as_sequence().unwrap();
    let script = |step: &Yaml| step.as_mapping_get("run").and_then(Yaml::as_str).unwrap_or_default().to_owned();
    assert!(steps.iter().all(|step| step.contains_mapping_key("uses") != step.contains_mapping_key("run")));
    let scripts: Vec<String> = steps.iter().map(script).collect();
    let decides = scripts.iter().position(|script| script.contains("trueup gate")).unwrap();
    // What later steps read, this one writes.
    for file in ["gate.md", "gate.xml", "gate.json"] {
        assert!(scripts[decides].contains(file) && text.matches(file).count() > 1, "{file}");
    }
    assert!(scripts[decides].contains("$GITHUB_STEP_SUMMARY"));
    let last = scripts.last().unwrap();
    assert!(["0)", "1)", "3)"].iter().all(|status| last.contains(status)));
    // Names of steps that expressions refer to are there.
    let ids: Vec<&str> = steps.iter().filter_map(|step| step.as_mapping_get("id")?.as_str()).collect();
    let asked: Vec<&str> = text.split("steps.").skip(1).filter_map(|rest| rest.split('.').next()).collect();
    assert!(asked.len() >= 4 && asked.iter().all(|id| ids.contains(id)), "{asked:?} of {ids:?}");
}

/// The table of the page of augmenting is that of the program.
#[test]
fn the_page_of_augmenting_lists_the_methods() {
    let page: Vec<Vec<String>> = rows(&read("docs/augment.md")).into_iter().map(|row| row[..2].to_vec()).collect();
    let methods = METHODS.iter().chain(&SPECIAL).map(|method| vec![method.name.to_owned(), method.does.to_owned()]);
    assert_eq!(
        page.into_iter().filter(|row| !row[0].starts_with("--")).collect::<Vec<_>>(),
        methods.collect::<Vec<_>>()
    );
}

//! Runs the built command as people do: in an empty folder, with files beside it, and looks at the exit code, both
//! streams and what lies in the folder afterwards.
#![allow(dead_code, reason = "each test target uses its part of the harness")]

pub mod data;
pub mod make;
pub mod schema;

use std::fmt::{self, Display};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// An empty folder, gone when the test ends, in which the command runs. Snapshots show the folder as `[DIR]`, the
/// version as `[VERSION]` and the cost of the run as `[COST]`.
pub struct CliTest {
    dir: tempfile::TempDir,
    _filters: insta::internals::SettingsBindDropGuard,
}

/// How a run ended. Shown as the exit code and both streams.
#[derive(Clone, PartialEq, Eq)]
pub struct Finished {
    /// The exit code; -1 for a run that a signal ended.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl CliTest {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = insta::Settings::clone_current();
        for path in [dir.path().to_path_buf(), dir.path().canonicalize().unwrap()] {
            settings.add_filter(&regex_of(&path), "[DIR]");
        }
        settings.add_filter(&env!("CARGO_PKG_VERSION").replace('.', r"\."), "[VERSION]");
        settings.add_filter(r"\d+\.\d s, \d+\.\d CPU s, \d+ MiB", "[COST]");
        Self { dir, _filters: settings.bind_to_scope() }
    }

    /// The same with a file in it.
    pub fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let test = Self::new();
        test.write(name, content);
        test
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Every file (and empty folder, with `/`) below the folder, sorted: what a run left.
    pub fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        list(self.dir.path(), "", &mut names);
        names.sort();
        names
    }

    /// The command, ready to run in the folder, piped, for a width of 80 columns.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
        command.current_dir(self.dir.path()).env("COLUMNS", "80").env("RUST_BACKTRACE", "0").stdin(Stdio::null());
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs with arguments that hold no spaces, separated by spaces.
    pub fn run(&self, args: &str) -> Finished {
        self.run_words(&args.split_whitespace().collect::<Vec<_>>())
    }

    pub fn run_words(&self, args: &[&str]) -> Finished {
        self.command().args(args).output().unwrap().into()
    }

    /// Runs with `input` on stdin.
    pub fn run_with_stdin(&self, args: &str, input: &[u8]) -> Finished {
        let mut child = self
            .command()
            .args(args.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // Beside the run, since a command that refuses its input does not read it to the end.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let finished = child.wait_with_output().unwrap().into();
        writer.join().unwrap();
        finished
    }

    /// Runs `review ARGS --json -`, which must end with 0 or, under `--fail-on`, 1; checks the document against the
    /// published schema and returns it.
    pub fn review(&self, args: &str) -> Value {
        let finished = self.run(&format!("review {args} --json -"));
        assert!(matches!(finished.code, 0 | 1), "{args}\n{finished}");
        let document = serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}\n{finished}"));
        schema::check(&document);
        document
    }
}

impl Finished {
    /// Asserts the exit code, showing both streams when it is another.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{self}");
        self
    }

    /// What was printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }
}

impl Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit_code: {}\n----- stdout -----\n{}\n----- stderr -----\n{}", self.code, self.stdout, self.stderr)
    }
}

fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            let before = names.len();
            list(&entry.path(), &format!("{name}/"), names);
            if names.len() == before {
                names.push(format!("{name}/"));
            }
        } else {
            names.push(name);
        }
    }
}

/// A pattern that matches the path as it stands.
fn regex_of(path: &Path) -> String {
    let mut pattern = String::new();
    for c in path.to_string_lossy().chars() {
        if !c.is_alphanumeric() && !"/_".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// The value at a JSON pointer, which must be there.
#[track_caller]
pub fn at<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    document.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"))
}

/// The number at a JSON pointer.
#[track_caller]
pub fn number(document: &Value, pointer: &str) -> f64 {
    at(document, pointer).as_f64().unwrap_or_else(|| panic!("no number at {pointer}: {}", at(document, pointer)))
}

/// The count at a JSON pointer.
#[track_caller]
pub fn count(document: &Value, pointer: &str) -> u64 {
    at(document, pointer).as_u64().unwrap_or_else(|| panic!("no count at {pointer}: {}", at(document, pointer)))
}

/// The text at a JSON pointer.
#[track_caller]
pub fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    at(document, pointer).as_str().unwrap_or_else(|| panic!("no text at {pointer}"))
}

/// The codes of the findings, in their order.
pub fn codes(document: &Value) -> Vec<&str> {
    document["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// The first finding of `code`, which must be there.
#[track_caller]
pub fn finding<'a>(document: &'a Value, code: &str) -> &'a Value {
    let found = document["findings"].as_array().unwrap().iter().find(|f| f["code"] == code);
    found.unwrap_or_else(|| panic!("no {code} among {:?}", codes(document)))
}

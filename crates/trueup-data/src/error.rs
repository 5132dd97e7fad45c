//! What can be wrong with a file, said so that the reader can act: the place, what was found, what is valid, a hint.
//!
//! Everything that comes from the data passes [`quote`] before it enters a message, so no control character of a file
//! reaches a terminal raw, and no address or number of a person a log or a bug report.

mod mask;

use std::path::Path;

pub use mask::mask;

use crate::corpus::{Place, Unit};

/// Longest piece of data that a message quotes, in characters.
const QUOTED: usize = 60;
/// How much of it is looked at for personal data, in characters.
const SEEN: usize = 400;

/// Why a file could not be read or written. Each message is complete in itself.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// No file of that name.
    #[error("{path}: there is no such file{}", tail("hint", hint.as_deref()))]
    NotFound {
        /// The file as it was named.
        path: String,
        /// A file of nearly that name, when there is one.
        hint: Option<String>,
    },
    /// A folder stands where a file is needed.
    #[error("{path}: this is a folder; valid: a file{}", tail("hint", hint.as_deref()))]
    Folder {
        /// The folder as it was named.
        path: String,
        /// Files in it.
        hint: Option<String>,
    },
    /// The system refuses access.
    #[error("{path}: no permission to {action} it; hint: look at the owner and mode of the file and of its folder")]
    Denied {
        /// The file as it was named.
        path: String,
        /// `read` or `write`.
        action: &'static str,
    },
    /// The disk has no room left.
    #[error("{path}: no space left on the disk; what stood there before is unchanged")]
    DiskFull {
        /// The file as it was named.
        path: String,
    },
    /// Any other failure of the system.
    #[error("{path}: cannot {action} it: {source}")]
    Io {
        /// The file as it was named.
        path: String,
        /// `read`, `write` or `decompress`.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// Nothing in it.
    #[error("{path}: the file is empty{}; valid: at least one record", if *blank { " but for white space" } else { "" })]
    Empty {
        /// The file as it was named.
        path: String,
        /// Whether it holds white space.
        blank: bool,
    },
    /// Not text.
    #[error("{path}: this is not text but looks like {looks_like}; valid: one of the formats in docs/formats.md{}", tail("hint", *hint))]
    Binary {
        /// The file as it was named.
        path: String,
        /// What its first bytes say.
        looks_like: &'static str,
        /// What to do with such a file.
        hint: Option<&'static str>,
    },
    /// Text that is not UTF-8.
    #[error("{path}: line {line}, byte {byte}: found {found}; valid: UTF-8; hint: {hint}")]
    Encoding {
        /// The file as it was named.
        path: String,
        /// 1-based line.
        line: u64,
        /// 1-based byte within the line.
        byte: u64,
        /// What stands there.
        found: String,
        /// How to convert it.
        hint: String,
    },
    /// A header and nothing else.
    #[error("{path}: only a header ({found}) and no record below it; valid: at least one record")]
    HeaderOnly {
        /// The file as it was named.
        path: String,
        /// The header.
        found: String,
    },
    /// No format fits.
    #[error("{path}: line {line}: cannot tell the format from '{found}'; valid: {valid}{}", tail("hint", Some(hint)))]
    UnknownFormat {
        /// The file as it was named.
        path: String,
        /// 1-based line of the piece shown.
        line: u64,
        /// The first line.
        found: String,
        /// The names of the formats.
        valid: String,
        /// What to try.
        hint: String,
    },
    /// A column that was asked for is not there.
    #[error("{path}: found no column '{found}' for --{role}; valid: {valid}")]
    UnknownColumn {
        /// The file as it was named.
        path: String,
        /// `text`, `label`, `id`, `group` or `time`.
        role: &'static str,
        /// What was asked for.
        found: String,
        /// The columns that there are.
        valid: String,
    },
    /// Which column has a role is not evident.
    #[error("{path}: {found}; valid: {valid}; hint: name it with --{role}")]
    NoColumn {
        /// The file as it was named.
        path: String,
        /// `text` or `label`.
        role: &'static str,
        /// Why it is not evident.
        found: String,
        /// The columns that there are.
        valid: String,
    },
    /// Something wrong at one place.
    #[error("{path}: line {line}: found {found}; valid: {valid}{}", tail("hint", hint.as_deref()))]
    Record {
        /// The file as it was named.
        path: String,
        /// 1-based line where the record starts.
        line: u64,
        /// What was found.
        found: String,
        /// What would be right.
        valid: String,
        /// What to try.
        hint: Option<String>,
    },
    /// Something wrong at a place that is no line: a row, a document, a JSON path, a file of a folder.
    #[error("{path}: {place}: found {found}; valid: {valid}{}", tail("hint", hint.as_deref()))]
    At {
        /// The file as it was named.
        path: String,
        /// The place.
        place: Box<str>,
        /// What was found.
        found: String,
        /// What would be right.
        valid: String,
        /// What to try.
        hint: Option<String>,
    },
    /// So many records are wrong that the reading itself must be.
    #[error(
        "{path}: line {line}: found {found}, and {count} of {of} {unit} are like that; valid: {valid}; hint: {hint}"
    )]
    TooMany {
        /// The file as it was named.
        path: String,
        /// 1-based line of the first.
        line: u64,
        /// What was found there.
        found: String,
        /// How many.
        count: u32,
        /// Of how many.
        of: u32,
        /// Of what: `records`, `tags`.
        unit: &'static str,
        /// What would be right.
        valid: String,
        /// What to try.
        hint: &'static str,
    },
    /// The whole file lacks something.
    #[error("{path}: {found}; valid: {valid}{}", tail("hint", hint.as_deref()))]
    Content {
        /// The file as it was named.
        path: String,
        /// What was found.
        found: String,
        /// What would be right.
        valid: String,
        /// What to try.
        hint: Option<String>,
    },
    /// An expression that selects examples cannot be evaluated.
    #[error("{place}: {cause}")]
    Expression {
        /// The option, and the file where it is one: `mails.csv: --where`.
        place: String,
        /// What is wrong with it.
        cause: crate::query::QueryError,
    },
    /// An id stands on two records.
    #[error(
        "{path}: line {line}: found id '{id}' again, first at line {first}; valid: an id stands on one record only"
    )]
    RepeatedId {
        /// The file as it was named.
        path: String,
        /// 1-based line of the second.
        line: u64,
        /// The id.
        id: String,
        /// 1-based line of the first.
        first: u64,
    },
    /// A prediction for an example that the gold does not have.
    #[error(
        "{path}: line {line}: found a prediction for id '{id}', which the gold does not have; valid: {valid}; hint: the predictions must be for the same examples"
    )]
    UnknownId {
        /// The prediction file as it was named.
        path: String,
        /// 1-based line.
        line: u64,
        /// The id.
        id: String,
        /// Ids of the gold, the first few.
        valid: String,
    },
    /// An example without a prediction.
    #[error(
        "{path}: found no prediction for id '{id}' (line {gold_line} of the gold), and {missing} in all are missing; valid: one prediction an example"
    )]
    MissingId {
        /// The prediction file as it was named.
        path: String,
        /// The first id without a prediction.
        id: String,
        /// Its 1-based line in the gold.
        gold_line: u64,
        /// How many examples have none.
        missing: usize,
    },
    /// Without ids the numbers of records must agree.
    #[error(
        "{path}: found {found} predictions for {gold} examples, and no ids to match them by; valid: one prediction an example in the same order, or an 'id' column"
    )]
    Lengths {
        /// The prediction file as it was named.
        path: String,
        /// Predictions.
        found: usize,
        /// Gold examples.
        gold: usize,
    },
}

impl DataError {
    /// What was found at a place of the file `path`, and what is valid there.
    pub fn at(path: &str, place: &Place, found: impl Into<String>, valid: impl Into<String>) -> Self {
        let (path, found, valid) = (path.to_owned(), found.into(), valid.into());
        if place.file.is_none() && place.unit == Unit::Line {
            return Self::Record { path, line: place.number, found, valid, hint: None };
        }
        Self::At { path, place: place.to_string().into(), found, valid, hint: None }
    }

    /// The same error, whose hint names one thing more to try; errors that have no room for a hint stay as they are.
    #[must_use]
    pub fn with_hint(mut self, more: &str) -> Self {
        if let Self::Record { hint, .. } | Self::At { hint, .. } | Self::Content { hint, .. } = &mut self {
            *hint = Some(match hint.take() {
                Some(hint) => format!("{hint}; {more}"),
                None => more.to_owned(),
            });
        }
        self
    }

    /// The error for a failed system call on `path`.
    pub fn io(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        let path = shown(path);
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { path, hint: None },
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { path, action }
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            std::io::ErrorKind::IsADirectory => Self::Folder { path, hint: None },
            _ => Self::Io { path, action, source },
        }
    }
}

fn tail(word: &str, text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("; {word}: {text}"))
}

/// A path for messages; `-` is standard input.
pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { escape(&path.to_string_lossy()) }
}

/// `text` without characters that act on a terminal: control characters, line separators, bidirectional overrides and
/// invisible marks become escapes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if trueup_core::words::acts(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// A piece of data for a message: personal data masked ([`mask`]), escaped, and cut to 60 characters.
pub fn quote(text: &str) -> String {
    // Looked at further than it is shown: what is cut may show what stands before the cut.
    let seen = text.char_indices().nth(SEEN).map_or(text, |(cut, _)| &text[..cut]);
    let masked = mask(seen);
    match masked.char_indices().nth(QUOTED) {
        None if seen.len() == text.len() => escape(&masked),
        None => escape(&masked) + "…",
        Some((cut, _)) => escape(&masked[..cut]) + "…",
    }
}

/// The first few of `items`, quoted and joined, and how many more there are.
pub(crate) fn list<S: AsRef<str>>(items: &[S]) -> String {
    const SHOWN: usize = 20;
    let mut out: Vec<_> = items.iter().take(SHOWN).map(|item| quote(item.as_ref())).collect();
    if items.len() > SHOWN {
        out.push(format!("and {} more", items.len() - SHOWN));
    }
    out.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_raw_and_nothing_long_reaches_a_message() {
        assert_eq!(quote("a\u{1b}[31m\tb\u{202e}"), "a\\u{1b}[31m\\tb\\u{202e}");
        assert_eq!(quote(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
        let error = DataError::Record {
            path: "a.csv".into(),
            line: 3,
            found: "3 fields".into(),
            valid: "2 fields".into(),
            hint: Some("try --from tsv".into()),
        };
        assert_eq!(error.to_string(), "a.csv: line 3: found 3 fields; valid: 2 fields; hint: try --from tsv");
    }
}

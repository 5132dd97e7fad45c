//! The formats, one file each, and how a file's content tells which one it is.

pub(crate) mod conll;
pub(crate) mod delimited;
pub(crate) mod jsonl;
pub(crate) mod label_text;
mod tagged;

use std::str::FromStr;

use crate::error::{DataError, quote};
use crate::source::Source;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Rows of fields set apart by commas (or semicolons, or bars), quoted where needed.
    Csv,
    /// Rows of fields set apart by tabs.
    Tsv,
    /// One JSON object a line, or one array of objects.
    Jsonl,
    /// One example a line, its label first: `LABEL text` or `__label__x text`.
    LabelText,
    /// One token a line with its tag in the last column, blank lines between sentences.
    Conll,
}

/// A name that is none of the formats.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is no format; valid: csv, tsv, jsonl, label-text, conll")]
pub struct UnknownFormatName {
    /// What was given.
    pub found: String,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Tsv, Self::Jsonl, Self::LabelText, Self::Conll];

    /// The name used by `--from` and in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Jsonl => "jsonl",
            Self::LabelText => "label-text",
            Self::Conll => "conll",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormatName;

    fn from_str(name: &str) -> Result<Self, UnknownFormatName> {
        let lower = name.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.name() == lower)
            .ok_or_else(|| UnknownFormatName { found: quote(name) })
    }
}

/// How much of a file is looked at to tell its format, in bytes.
const WINDOW: usize = 1 << 20;

/// The first part of a text, whole lines only.
pub(crate) fn head(text: &str) -> &str {
    if text.len() <= WINDOW {
        return text;
    }
    let cut = memchr::memrchr(b'\n', &text.as_bytes()[..WINDOW]).map_or(text.len(), |i| i + 1);
    &text[..cut]
}

/// Lines with their 1-based numbers, without line ends; blank ones included.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    text.lines().enumerate().map(|(i, line)| (i as u64 + 1, line))
}

/// Whether a line holds nothing but ASCII white space.
pub(crate) fn is_blank(line: &str) -> bool {
    line.bytes().all(|b| b.is_ascii_whitespace())
}

/// Tells the format from the content; the ending of the name decides only where the content leaves it open.
pub(crate) fn detect(source: &Source) -> Result<Format, DataError> {
    let head = head(&source.text);
    let first = head.trim_start();
    if first.starts_with('{') || (first.starts_with('[') && first[1..].trim_start().starts_with(['{', ']'])) {
        return Ok(Format::Jsonl);
    }
    if label_text::is_fasttext(head) {
        return Ok(Format::LabelText);
    }
    if conll::looks_like(head) {
        return Ok(Format::Conll);
    }
    if let Some(dialect) = delimited::sniff(head) {
        return Ok(dialect.format());
    }
    if label_text::looks_like(head) {
        return Ok(Format::LabelText);
    }
    let by_name =
        [(".csv", Format::Csv), (".tsv", Format::Tsv), (".conll", Format::Conll), (".label", Format::LabelText)];
    let name = source.name.trim_end_matches(".gz").trim_end_matches(".zst").to_ascii_lowercase();
    if let Some((_, format)) = by_name.into_iter().find(|(ending, _)| name.ends_with(ending)) {
        return Ok(format);
    }
    let (line, found) = lines(head).find(|(_, line)| !is_blank(line)).unwrap_or((1, ""));
    Err(DataError::UnknownFormat {
        path: source.name.clone(),
        line,
        found: quote(found),
        hint: "name the format with --from; plain lines without labels cannot be reviewed".to_owned(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Format> {
        detect(&Source { name: "f".into(), text: text.into() }).ok()
    }

    #[test]
    fn the_content_tells_the_format() {
        assert_eq!(of("{\"text\": \"a\", \"label\": \"b\"}\n"), Some(Format::Jsonl));
        assert_eq!(of("[{\"text\": \"a\"}]"), Some(Format::Jsonl));
        assert_eq!(of("__label__a good\n__label__b bad\n"), Some(Format::LabelText));
        assert_eq!(of("EU B-ORG\nrejects O\n\nPeter B-PER\nB. I-PER\n"), Some(Format::Conll));
        assert_eq!(of("text,label\nI like it,pos\nI do not,neg\n"), Some(Format::Csv));
        assert_eq!(of("ham\tgo until jurong point, crazy\nspam\tfree entry, call\n"), Some(Format::Tsv));
        assert_eq!(of("DESC:def What is it ?\nNUM:date When is it ?\nDESC:def Why ?\n"), Some(Format::LabelText));
        assert_eq!(of("Just a line.\nAnd another one, longer.\nNo label here.\n"), None);
    }

    #[test]
    fn names_are_read_and_an_unknown_one_lists_the_valid() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        let message = "xml".parse::<Format>().unwrap_err().to_string();
        assert_eq!(message, "'xml' is no format; valid: csv, tsv, jsonl, label-text, conll");
    }
}

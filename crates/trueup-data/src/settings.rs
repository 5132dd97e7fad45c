//! A file of settings in TOML, read so that every mistake in it has a place: line, column, what was found, what is valid,
//! and the word that was probably meant.
//!
//! ```
//! use trueup_data::settings::Settings;
//!
//! let text = "[gate]\nalhpa = 0.05\n";
//! let settings = Settings::parse("trueup.toml", text)?;
//! let gate = settings.root().get("gate").expect("a section of this name");
//! let error = gate.section(&["alpha", "power"]).map(|_| ()).expect_err("a slip");
//! assert_eq!(
//!     error.to_string(),
//!     "trueup.toml: line 2, column 1: found 'alhpa' in [gate]; valid: alpha, power; hint: 'alpha' is meant?"
//! );
//! # Ok::<(), trueup_data::DataError>(())
//! ```

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{DataError, quote, shown};
use crate::many;
use crate::source::{self, distance};

/// The name of the file of settings that stands beside data.
pub const NAME: &str = "trueup.toml";

/// The file of settings beside `data`: in the folder of a file, or of the first file of a pattern; in a folder itself.
/// `None` when there is none, and for standard input.
///
/// # Errors
///
/// When `data` is a pattern that names nothing.
pub fn beside(data: &Path) -> Result<Option<PathBuf>, DataError> {
    if data.as_os_str() == "-" {
        return Ok(None);
    }
    let (first, several) = match many::expand(data)? {
        Some(paths) => (paths.first().cloned().unwrap_or_default(), paths.len() > 1),
        None => (data.to_path_buf(), false),
    };
    let folder = if first.is_dir() && !several { first } else { first.parent().unwrap_or(Path::new("")).to_path_buf() };
    let file = folder.join(NAME);
    Ok(file.is_file().then_some(file))
}

/// A file of settings, not yet understood.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    name: String,
    text: String,
}

impl SettingsFile {
    /// Reads `path`; an empty file holds no settings.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no text.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let (name, bytes) = (shown(path), source::read_bytes(path)?);
        let text = match source::decode(&name, &bytes) {
            Ok(decoded) => decoded.text.unwrap_or_else(|| source::plain(&bytes).to_owned()),
            Err(DataError::Empty { .. }) => String::new(),
            Err(other) => return Err(other),
        };
        Ok(Self { name, text })
    }

    /// Its tables.
    ///
    /// # Errors
    ///
    /// When it is no TOML.
    pub fn parse(&self) -> Result<Settings<'_>, DataError> {
        Settings::parse(&self.name, &self.text)
    }
}

/// The tables of a file of settings.
#[derive(Debug)]
pub struct Settings<'t> {
    source: Source<'t>,
    table: Spanned<DeTable<'t>>,
}

impl<'t> Settings<'t> {
    /// Reads `text`, which messages call `name`.
    ///
    /// # Errors
    ///
    /// When it is no TOML.
    pub fn parse(name: &'t str, text: &'t str) -> Result<Self, DataError> {
        let source = Source { name, text };
        let table = DeTable::parse(text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            source.error(place, quote(error.message()), "TOML")
        })?;
        Ok(Self { source, table })
    }

    /// The table that all others stand in.
    pub fn root(&self) -> Section<'_> {
        Section { source: self.source, path: String::new(), place: 0, table: self.table.get_ref() }
    }
}

/// Where settings stand, for errors at a place.
#[derive(Debug, Clone, Copy)]
struct Source<'t> {
    name: &'t str,
    text: &'t str,
}

impl Source<'_> {
    /// `place` is a byte of the text.
    fn error(&self, place: usize, found: String, valid: &str) -> DataError {
        let before = &self.text[..self.text.floor_char_boundary(place)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let (path, place) = (self.name.to_owned(), format!("line {line}, column {column}").into());
        DataError::At { path, place, found, valid: valid.to_owned(), hint: None }
    }
}

/// One table of a file of settings.
#[derive(Debug, Clone)]
pub struct Section<'t> {
    source: Source<'t>,
    /// `data.spans`; empty for the root.
    path: String,
    /// Where it begins.
    place: usize,
    table: &'t DeTable<'t>,
}

impl<'t> Section<'t> {
    /// An error when it holds other words than these.
    ///
    /// # Errors
    ///
    /// For the first such word: which words are valid, and which of them is near.
    pub fn only(&self, words: &[&str]) -> Result<(), DataError> {
        // In the order of the file: that of the table may be another.
        let mut unknown: Vec<_> = self.table.keys().filter(|key| !words.contains(&key.get_ref().as_ref())).collect();
        unknown.sort_by_key(|key| key.span().start);
        let Some(key) = unknown.first() else { return Ok(()) };
        let within = if self.path.is_empty() { String::new() } else { format!(" in [{}]", self.path) };
        let found = format!("'{}'{within}", quote(key.get_ref()));
        let error = self.source.error(key.span().start, found, &words.join(", "));
        Err(meant(error, key.get_ref(), words))
    }

    /// What it says of `word`.
    pub fn get(&self, word: &str) -> Option<Setting<'t>> {
        let (key, value) = self.table.get_key_value(word)?;
        Some(self.setting(key, value))
    }

    /// All that it says, by word, in the order of the file.
    pub fn settings(&self) -> Vec<Setting<'t>> {
        let mut all: Vec<_> = self.table.iter().collect();
        all.sort_by_key(|(key, _)| key.span().start);
        all.into_iter().map(|(key, value)| self.setting(key, value)).collect()
    }

    fn setting(&self, key: &'t Spanned<std::borrow::Cow<'t, str>>, value: &'t Spanned<DeValue<'t>>) -> Setting<'t> {
        let word: &str = key.get_ref();
        let path = if self.path.is_empty() { word.to_owned() } else { format!("{}.{word}", self.path) };
        Setting { source: self.source, word: word.to_owned(), path, place: key.span().start, value }
    }

    /// The error that it lacks something; `what` is a noun phrase: `'fields'`.
    pub fn lacks(&self, what: &str, valid: &str) -> DataError {
        self.source.error(self.place, format!("[{}] without {what}", self.path), valid)
    }
}

/// One value of a file of settings.
#[derive(Debug, Clone)]
pub struct Setting<'t> {
    source: Source<'t>,
    word: String,
    path: String,
    /// Where its word begins.
    place: usize,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Setting<'t> {
    /// The word that it is said of, as it stands in the file.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// The error that the value is not one of those that are valid.
    pub fn wrong(&self, valid: &str) -> DataError {
        let found = self.source.text.get(self.value.span()).unwrap_or_default();
        let found = format!("{} as '{}'", quote(found), quote(&self.word));
        self.source.error(self.value.span().start, found, valid)
    }

    /// The error that the word itself is not one of those that are valid; `found` is a noun phrase.
    pub fn wrong_word(&self, found: String, valid: &str) -> DataError {
        self.source.error(self.place, found, valid)
    }

    /// A table of no other words than these.
    ///
    /// # Errors
    ///
    /// When it is no table, or holds another word.
    pub fn section(&self, words: &[&str]) -> Result<Section<'t>, DataError> {
        let section = self.any_section()?;
        section.only(words)?;
        Ok(section)
    }

    /// A table of any words.
    ///
    /// # Errors
    ///
    /// When it is no table.
    pub fn any_section(&self) -> Result<Section<'t>, DataError> {
        match self.value.get_ref() {
            DeValue::Table(table) => {
                Ok(Section { source: self.source, path: self.path.clone(), place: self.value.span().start, table })
            }
            _ => Err(self.wrong(&format!("a table [{}]", quote(&self.path)))),
        }
    }

    /// A list of tables of no other words than these.
    ///
    /// # Errors
    ///
    /// When it is no such list, or a table holds another word.
    pub fn sections(&self, words: &[&str]) -> Result<Vec<Section<'t>>, DataError> {
        let valid = format!("a list of tables, each under [[{}]]", quote(&self.path));
        let items = self.items(&valid)?;
        let mut sections = Vec::with_capacity(items.len());
        for item in items {
            let DeValue::Table(table) = item.value.get_ref() else { return Err(item.wrong(&valid)) };
            let section =
                Section { source: self.source, path: self.path.clone(), place: item.value.span().start, table };
            section.only(words)?;
            sections.push(section);
        }
        Ok(sections)
    }

    /// The values of a list; `valid` says what would be right.
    ///
    /// # Errors
    ///
    /// When it is no list.
    pub fn items(&self, valid: &str) -> Result<Vec<Self>, DataError> {
        match self.value.get_ref() {
            DeValue::Array(items) => Ok(items.iter().map(|value| Self { value, ..self.clone() }).collect()),
            _ => Err(self.wrong(valid)),
        }
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn text(&self) -> Result<String, DataError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong("a text in quotes")),
        }
    }

    /// The name of a column or label: a text, or a whole number, as they are called that too.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn name(&self) -> Result<String, DataError> {
        match self.value.get_ref() {
            DeValue::Integer(n) => Ok(n.to_string()),
            _ => self.text(),
        }
    }

    /// True or false.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn flag(&self) -> Result<bool, DataError> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// Its true or false, where it is one of them.
    pub fn as_flag(&self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// Its number, where it is a finite one.
    pub fn as_number(&self) -> Option<f64> {
        let number: f64 = match self.value.get_ref() {
            DeValue::Float(n) => n.as_str().parse().ok()?,
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok()? as f64,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    /// A finite number that is `right`; `valid` says which are.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn number(&self, valid: &str, right: impl Fn(f64) -> bool) -> Result<f64, DataError> {
        self.as_number().filter(|n| right(*n)).ok_or_else(|| self.wrong(valid))
    }

    /// A whole number from `least`.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn count(&self, least: u64) -> Result<u64, DataError> {
        let count = match self.value.get_ref() {
            DeValue::Integer(n) => u64::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        count.filter(|n| *n >= least).ok_or_else(|| self.wrong(&format!("a number from {least}")))
    }

    /// A word that `parse` knows; it answers any other with the valid ones.
    ///
    /// # Errors
    ///
    /// When it is no text, or `parse` does not know it.
    pub fn one_of<T>(&self, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, DataError> {
        let text = self.name()?;
        parse(&text).map_err(|valid| {
            let words: Vec<&str> = valid.split(", ").collect();
            meant(self.wrong(&valid), &text, &words)
        })
    }
}

/// The error with the hint that the nearest of `words` is meant, where one is near to what was `found`.
fn meant(error: DataError, found: &str, words: &[&str]) -> DataError {
    match nearest(found, words) {
        Some(word) => error.with_hint(&format!("'{word}' is meant?")),
        None => error,
    }
}

/// The one of `words` that `found` is probably meant to be: equal but for case, `-` and `_`, or of few other letters.
pub fn nearest<'w>(found: &str, words: &[&'w str]) -> Option<&'w str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let found = plain(found);
    let near = words.iter().map(|word| (distance(&plain(word), &found), *word)).min_by_key(|(away, _)| *away)?;
    // Of a word of one or two letters every other one would be near.
    let length = found.chars().count();
    (near.0 <= 2.max(length / 3).min(length.saturating_sub(1))).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words_are_found_and_far_ones_not() {
        let words = ["alpha", "must_pass", "f1"];
        for (found, near) in [
            ("alhpa", Some("alpha")),
            ("Alpha", Some("alpha")),
            ("must-pass", Some("must_pass")),
            ("F1", Some("f1")),
            ("x", None),
            ("", None),
            ("beta", None),
        ] {
            assert_eq!(nearest(found, &words), near, "{found}");
        }
        assert_eq!(nearest("alpha", &[]), None);
    }
}

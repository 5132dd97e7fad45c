//! The first part of an input, looked at once, by which each format says whether the input is its own.

use serde_json::{Map, Value};

use crate::error::DataError;
use crate::input::Input;
use crate::json;

/// How much of a file is looked at, in bytes.
pub(crate) const WINDOW: usize = 1 << 20;
/// How many JSON values are looked at.
const VALUES: usize = 50;

/// How sure a format is that an input is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It is something else.
    No,
    /// It could be read so, and as something else too.
    Possible,
    /// What is usual for the format is there.
    Likely,
    /// What only this format has is there.
    Certain,
}

impl Confidence {
    /// The word in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// What kind of JSON a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Json {
    /// None.
    No,
    /// A value a line.
    Lines,
    /// One array.
    Array,
    /// One object.
    Object,
}

/// The first part of an input.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    /// The name of the file or folder, in lower case, without the ending of compression.
    pub name: String,
    /// The first bytes; none for a folder.
    pub bytes: &'a [u8],
    /// The first whole lines, when the bytes are text.
    pub text: Option<&'a str>,
    /// What kind of JSON it is.
    pub json: Json,
    /// The first JSON values: of lines, of the array, or the one object.
    pub values: Vec<Value>,
    /// The names of a folder's files.
    pub files: Option<Vec<String>>,
    /// The input itself, for the files beside it.
    pub input: &'a Input,
}

impl<'a> Head<'a> {
    /// Looks at an input.
    pub fn new(input: &'a Input) -> Result<Self, DataError> {
        let lower = input.name.to_lowercase();
        let name = lower.trim_end_matches(".gz").trim_end_matches(".zst").to_owned();
        let files = input.folder().map(crate::input::Folder::names).transpose()?;
        let bytes = input.first_bytes();
        let bytes = &bytes[..bytes.len().min(WINDOW)];
        let text = input.text_if_any().map(head);
        let (json, values) =
            text.map_or((Json::No, Vec::new()), |head| look(head, input.text_if_any().unwrap_or(head)));
        Ok(Self { name, bytes, text, json, values, files, input })
    }

    /// The first JSON values that are objects.
    pub fn objects(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.values.iter().filter_map(Value::as_object)
    }

    /// Whether there is at least one JSON object and all of the first ones fulfil `test`.
    pub fn all_objects(&self, test: impl Fn(&Map<String, Value>) -> bool) -> bool {
        !self.values.is_empty() && self.values.iter().all(|value| value.as_object().is_some_and(&test))
    }

    /// Whether the name ends so.
    pub fn ends_with(&self, ending: &str) -> bool {
        self.name.ends_with(ending)
    }
}

/// The first part of a text, whole lines only.
pub(crate) fn head(text: &str) -> &str {
    if text.len() <= WINDOW {
        return text;
    }
    let cut = memchr::memrchr(b'\n', &text.as_bytes()[..WINDOW]).map_or(text.len(), |i| i + 1);
    &text[..cut]
}

fn look(head: &str, text: &str) -> (Json, Vec<Value>) {
    let first = head.trim_start();
    if first.starts_with('[') {
        let values: Vec<Value> =
            json::elements(text).take(VALUES).map_while(Result::ok).map(|(_, value)| value).collect();
        // `[Speaker] hello` is no JSON, while an empty array is.
        let empty = first.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(']'));
        let is_array = !values.is_empty() || empty;
        return if is_array { (Json::Array, values) } else { (Json::No, Vec::new()) };
    }
    if !first.starts_with('{') {
        return (Json::No, Vec::new());
    }
    // One object a line, or one object over all lines?
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    let one_line = lines.next().is_some_and(|line| serde_json::from_str::<Value>(line).is_ok());
    let another = lines.next().is_some();
    if one_line && !another {
        // A single object on a single line may be either; the formats decide by its keys.
        let value = serde_json::from_str(first.lines().next().unwrap_or_default()).unwrap_or(Value::Null);
        return (if head.trim_end().ends_with('}') { Json::Object } else { Json::Lines }, vec![value]);
    }
    if one_line {
        let lines = head.lines().filter(|line| !line.trim().is_empty()).take(VALUES);
        return (Json::Lines, lines.filter_map(|line| serde_json::from_str(line).ok()).collect());
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return (Json::Object, vec![value]);
    }
    // Some broken lines among good ones, or one broken object.
    let lines = head.lines().filter(|line| !line.trim().is_empty()).take(VALUES);
    let values: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
    if values.is_empty() { (Json::Object, values) } else { (Json::Lines, values) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Json, usize) {
        let input = Input::memory("f", text.as_bytes().to_vec());
        let head = Head::new(&input).unwrap();
        (head.json, head.values.len())
    }

    #[test]
    fn kinds_of_json_are_told_apart() {
        assert_eq!(of("{\"a\": 1}\n{\"a\": 2}\n"), (Json::Lines, 2));
        assert_eq!(of("\n[{\"a\": 1},\n {\"a\": 2}]"), (Json::Array, 2));
        assert_eq!(of("{\n \"a\": [1,\n 2]}\n"), (Json::Object, 1));
        assert_eq!(of("{\"a\": 1}"), (Json::Object, 1));
        assert_eq!(of("[Speaker] hello"), (Json::No, 0));
        assert_eq!(of("text,label\n"), (Json::No, 0));
        assert_eq!(of("{\"a\": 1}\n{broken\n{\"a\": 2}\n"), (Json::Lines, 2));
    }
}

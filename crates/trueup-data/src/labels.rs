//! Label names on their way in: interned, cut to a level, taken apart where one cell holds several.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use trueup_core::{LabelId, LabelSet};

/// Names in order of first occurrence, which become a sorted [`LabelSet`] at the end.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    ids: FxHashMap<String, u32>,
    names: Vec<String>,
}

impl Interner {
    /// The provisional id of `name`.
    pub fn id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.names.len() as u32;
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        id
    }

    /// The names by provisional id.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The label set, and for each provisional id its place in it.
    pub fn finish(self) -> (LabelSet, Vec<Option<LabelId>>) {
        let labels = LabelSet::new(self.names.iter().cloned());
        let map = self.names.iter().map(|name| labels.id(name)).collect();
        (labels, map)
    }
}

/// The first `level` parts of a label such as `COARSE:fine`; all of it without a level.
pub(crate) fn at_level(label: &str, level: Option<usize>) -> &str {
    match level {
        Some(level) if level > 0 => label.match_indices(':').nth(level - 1).map_or(label, |(cut, _)| &label[..cut]),
        _ => label,
    }
}

/// How the labels of one cell are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cells {
    /// The cell is the label.
    Single,
    /// Labels set apart by this text.
    Separated(String),
    /// A JSON or Python list of labels.
    List,
    /// A JSON list of spans.
    Spans,
}

impl Cells {
    /// What the cells of a label column say about themselves: `|` always separates, a comma where its pieces repeat.
    pub fn detect<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        // Ordered, so that nothing depends on the order of a hash map.
        let mut values: BTreeSet<&str> = BTreeSet::new();
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        for cell in cells.map(str::trim).filter(|c| !c.is_empty()) {
            if seen.insert(cell) {
                values.insert(cell);
            }
        }
        if !values.is_empty() && values.iter().all(|v| v.starts_with('[') && v.ends_with(']')) {
            let spans = values.iter().any(|v| v[1..].trim_start().starts_with(['{', '[']));
            return if spans { Self::Spans } else { Self::List };
        }
        if values.iter().any(|v| v.contains('|')) {
            return Self::Separated("|".to_owned());
        }
        if pieces_repeat(values.iter().copied(), ',') { Self::Separated(",".to_owned()) } else { Self::Single }
    }

    /// The labels of a cell, trimmed, empty ones left out.
    pub fn split<'a>(&self, cell: &'a str) -> Vec<&'a str> {
        let pieces: Vec<&str> = match self {
            Self::Single | Self::Spans => vec![cell],
            Self::Separated(by) => cell.split(by.as_str()).collect(),
            Self::List => {
                let inside = cell.trim().trim_start_matches('[').trim_end_matches(']');
                if inside.contains(',') || inside.contains(['\'', '"']) {
                    split_quoted(inside)
                } else {
                    // An array printed by NumPy: numbers set apart by spaces.
                    inside.split_ascii_whitespace().collect()
                }
            }
        };
        pieces.into_iter().map(str::trim).filter(|p| !p.is_empty()).collect()
    }
}

/// Cuts `'a, b', "c"` at the commas outside quotes and takes the quotes off.
fn split_quoted(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (i, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == ',' => {
                pieces.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces.into_iter().map(|p| p.trim().trim_matches(['\'', '"'])).collect()
}

/// Whether cells with `by` are lists: at least nine tenths of the pieces of such cells occur in another cell too, and
/// there are fewer pieces than cells. "Arts, Culture and Sports" as one class fails that.
fn pieces_repeat<'a>(values: impl Iterator<Item = &'a str> + Clone, by: char) -> bool {
    let mut occurs: FxHashMap<&str, u32> = FxHashMap::default();
    let (mut distinct, mut compounds) = (0usize, 0usize);
    for value in values.clone() {
        distinct += 1;
        compounds += usize::from(value.contains(by));
        for piece in value.split(by) {
            *occurs.entry(piece.trim()).or_default() += 1;
        }
    }
    if compounds == 0 || occurs.len() >= distinct || occurs.contains_key("") {
        return false;
    }
    let (mut pieces, mut known) = (0usize, 0usize);
    for value in values.filter(|v| v.contains(by)) {
        for piece in value.split(by) {
            pieces += 1;
            known += usize::from(occurs[piece.trim()] > 1);
        }
    }
    known * 10 >= pieces * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_cut_at_colons() {
        assert_eq!(at_level("DESC:manner", Some(1)), "DESC");
        assert_eq!(at_level("a:b:c", Some(2)), "a:b");
        assert_eq!(at_level("a:b:c", Some(9)), "a:b:c");
        assert_eq!(at_level("a:b", None), "a:b");
    }

    #[test]
    fn lists_are_known_by_bars_by_repeating_pieces_and_by_brackets() {
        let of = |cells: &[&'static str]| Cells::detect(cells.iter().copied());
        assert_eq!(of(&["a", "b", "a"]), Cells::Single);
        assert_eq!(of(&["a|b", "c"]), Cells::Separated("|".into()));
        assert_eq!(of(&["4,27", "4", "27", "27,4", ""]), Cells::Separated(",".into()));
        assert_eq!(of(&["Arts, Culture and Sports", "Politics", "Business"]), Cells::Single);
        assert_eq!(of(&["['a', 'b']", "[]"]), Cells::List);
        assert_eq!(of(&["[{\"start\": 0}]"]), Cells::Spans);
    }

    #[test]
    fn cells_are_taken_apart() {
        assert_eq!(Cells::Separated("|".into()).split("a | b||c"), ["a", "b", "c"]);
        assert_eq!(Cells::List.split("['a, b', \"c\"]"), ["a, b", "c"]);
        assert_eq!(Cells::List.split("[3 10]"), ["3", "10"]);
        assert!(Cells::List.split("[]").is_empty());
    }
}

//! Writes spaCy's training JSON: a document of one paragraph for each record, one a line of one array.

use serde_json::Value;
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::cats::Labels;
use super::layout::{Layout, lay_out};
use super::records::{MISSING, UNKNOWN_SPACES, offset};
use super::training_json::COLUMNS;
use super::write::missing;
use crate::corpus::{Key, Outline, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::holds::{Loss, Losses};
use crate::json::push_string;
use crate::output::Output;

/// A record that waits until all labels are known: its JSON up to the categories, the categories, and the rest.
struct Row {
    before: Vec<u8>,
    labels: Option<Vec<usize>>,
    after: Vec<u8>,
}

/// The documents of a file.
pub(super) struct Documents {
    labels: Labels,
    rows: Vec<Row>,
    /// Which of [`COLUMNS`] each column of a token is.
    columns: Vec<Option<usize>>,
    column_names: Vec<Key>,
}

impl Documents {
    /// For records of such an input.
    pub fn new(outline: &Outline) -> Self {
        let kind = |name: &Key| {
            let lower = name.to_ascii_lowercase();
            let name = match lower.as_str() {
                "upos" => "pos",
                "xpos" => "tag",
                "feats" => "morph",
                name => name,
            };
            COLUMNS.iter().position(|(_, column)| *column == name)
        };
        Self {
            labels: Labels::new(outline),
            rows: Vec::new(),
            columns: outline.token_columns.iter().map(kind).collect(),
            column_names: outline.token_columns.clone(),
        }
    }

    /// A cell of a token, where the record has one.
    fn cell<'a>(&self, record: &'a Record, token: Option<usize>, column: usize) -> Option<&'a str> {
        let place = self.columns.iter().position(|&kind| kind == Some(column))?;
        record.tokens.get(token?)?.columns.get(place).map(AsRef::as_ref).filter(|cell: &&str| !cell.is_empty())
    }

    fn sentences(&self, out: &mut Vec<u8>, record: &Record, layout: &Layout, tags: Option<&[String]>, spaces: bool) {
        let mut pieces: Vec<Option<usize>> = vec![None; record.tokens.len()];
        for (i, piece) in layout.pieces.iter().enumerate() {
            if let Some(token) = piece.token {
                pieces[token] = Some(i);
            }
        }
        let text = record.text();
        out.extend(b"\"sentences\":[");
        for (i, piece) in layout.pieces.iter().enumerate() {
            let begins = self.cell(record, piece.token, COLUMNS.len() - 1) == Some("1");
            out.extend(match (i, begins) {
                (0, _) => &b"{\"tokens\":["[..],
                (_, true) => b"],\"brackets\":[]},{\"tokens\":[",
                (_, false) => b",",
            });
            out.extend(format!("{{\"id\":{i},\"orth\":").as_bytes());
            push_string(out, &text[piece.start..piece.end]);
            if spaces {
                out.extend(if piece.space { &b",\"space\":\" \""[..] } else { b",\"space\":\"\"" });
            }
            for (column, (key, _)) in COLUMNS.iter().enumerate().filter(|(_, (key, _))| !key.is_empty()) {
                let Some(cell) = self.cell(record, piece.token, column) else {
                    continue;
                };
                out.extend(format!(",\"{key}\":").as_bytes());
                if *key == "head" {
                    let head =
                        piece.token.zip(cell.parse().ok()).and_then(|(t, n): (_, isize)| t.checked_add_signed(n));
                    let head = head.and_then(|head| *pieces.get(head)?).unwrap_or(i);
                    out.extend(offset(i, head).to_string().as_bytes());
                } else {
                    push_string(out, cell);
                }
            }
            if let Some(tags) = tags {
                out.extend(b",\"ner\":");
                push_string(out, &tags[i]);
            }
            out.push(b'}');
        }
        out.extend(if layout.pieces.is_empty() { &b"]"[..] } else { b"],\"brackets\":[]}]" });
    }
}

/// The BILUO tags of a text's tokens; `None` where spans were not asked for.
fn tags(record: &Record, layout: &Layout, offsets: &Offsets, losses: &mut Losses) -> Option<Vec<String>> {
    let marks = record.gold.as_ref()?.spans.as_ref()?;
    let mut tags = vec!["O".to_owned(); layout.pieces.len()];
    for (first, last) in missing(record, offsets, &layout.pieces) {
        tags[first as usize..last as usize].fill("-".to_owned());
    }
    for mark in marks {
        let Some((first, last)) = layout.range(mark.start, mark.end) else {
            losses.add(Loss::Spans, &record.place, || format!("an empty span '{}'", quote(&mark.label)));
            continue;
        };
        for (i, tag) in tags[first..last].iter_mut().enumerate() {
            let part = match (i, last - first - i) {
                (0, 1) => 'U',
                (0, _) => 'B',
                (_, 1) => 'L',
                _ => 'I',
            };
            *tag = format!("{part}-{}", mark.label);
        }
    }
    Some(tags)
}

impl Writer for Documents {
    fn record(&mut self, record: &Record, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let Some(text) = record.text.as_deref() else {
            losses.add(Loss::Record, &record.place, || "a record without text".to_owned());
            return Ok(());
        };
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        let marks = record.gold.iter().flat_map(|gold| gold.spans.iter().flatten());
        let layout = lay_out(text, &record.tokens, marks);
        if layout.changed > 0 {
            let n = layout.changed;
            let what = || format!("the edges of {n} tokens: those of spans lie inside, or text lies between");
            losses.add(Loss::Tokens, &record.place, what);
        }
        let widest = record.tokens.iter().map(|token| token.columns.len()).max().unwrap_or_default();
        if let Some(i) = (0..widest).find(|&i| !matches!(self.columns.get(i), Some(Some(_)))) {
            losses.add(Loss::TokenColumns, &record.place, || match self.column_names.get(i) {
                Some(name) => format!("the column '{}', which spaCy's tokens do not have", quote(name)),
                None => "a column of tokens without a name".to_owned(),
            });
        }
        let tags = tags(record, &layout, &offsets, losses);
        let has_missing = tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == "-"));
        // Words with one space between all of them, of which nobody knows the text.
        let last = layout.pieces.len().saturating_sub(1);
        let unknown = record.value(UNKNOWN_SPACES) == Some(&Value::Bool(true))
            && layout.pieces.iter().enumerate().all(|(i, piece)| piece.space == (i < last));
        let mut before = b"{".to_vec();
        if let Some(id) = &record.id {
            before.extend(b"\"id\":");
            match id.parse::<i64>() {
                Ok(number) if number.to_string() == *id => before.extend(id.as_bytes()),
                _ => push_string(&mut before, id),
            }
            before.push(b',');
        }
        let mut links = None;
        let mut metadata = serde_json::Map::new();
        for (key, value) in &record.metadata {
            match &**key {
                UNKNOWN_SPACES if unknown => {}
                MISSING if has_missing => {}
                "links" if value.is_array() => links = Some(value),
                key if metadata.contains_key(key) => {
                    losses.add(Loss::Metadata, &record.place, || format!("a second '{}'", quote(key)));
                }
                key => {
                    metadata.insert(key.to_owned(), value.clone());
                }
            }
        }
        if !metadata.is_empty() {
            before.extend(format!("\"meta\":{},", Value::Object(metadata)).as_bytes());
        }
        before.extend(b"\"paragraphs\":[{\"raw\":");
        if unknown {
            before.extend(b"null");
        } else {
            push_string(&mut before, text);
        }
        before.push(b',');
        self.sentences(&mut before, record, &layout, tags.as_deref(), !unknown);
        let labels = self.labels.of(record, losses);
        let after = links.map_or_else(Vec::new, |links| format!(",\"links\":{links}").into_bytes());
        self.rows.push(Row { before, labels, after });
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        let order = self.labels.order();
        for (i, row) in self.rows.iter().enumerate() {
            let buffer = out.buffer();
            buffer.extend(if i == 0 { &b"[\n"[..] } else { b",\n" });
            buffer.extend(&row.before);
            buffer.extend(b",\"cats\":[");
            for (j, (label, holds)) in
                row.labels.iter().flat_map(|chosen| self.labels.values(&order, chosen)).enumerate()
            {
                buffer.extend(if j == 0 { &b"{\"label\":"[..] } else { b",{\"label\":" });
                push_string(buffer, label);
                buffer.extend(if holds { &b",\"value\":1.0}"[..] } else { b",\"value\":0.0}" });
            }
            buffer.push(b']');
            if row.labels.is_some() && self.labels.is_empty() {
                // spaCy passes over keys that it does not know.
                buffer.extend(b",\"has_cats\":true");
            }
            buffer.extend(&row.after);
            buffer.extend(b"}]}");
            out.flush_if_full()?;
        }
        out.write(if self.rows.is_empty() { b"[]\n" } else { b"\n]\n" })
    }
}

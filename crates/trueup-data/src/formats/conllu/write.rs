//! Writing CoNLL-U.

use serde_json::Value;

use super::read::RowId;
use super::{COLUMNS, COMMENTS, GROUP, ROWS, SETTING, misc_value};
use crate::corpus::{Key, Outline, Record, TokenMark};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::formats::pieces::{Piece, Pieces, edges, pieces};
use crate::formats::tagged::Coding;
use crate::holds::{Loss, Losses, text_of};
use crate::output::Output;

/// Writes one file.
pub(super) struct FileWriter {
    coding: Coding,
    /// The name of the entity tags in the last column.
    key: String,
    /// Whether words outside every entity say so.
    explicit: bool,
    /// Where each column of the input's tokens goes, by position among [`COLUMNS`].
    columns: Vec<Option<usize>>,
    document: Option<String>,
    documents: usize,
}

impl FileWriter {
    pub fn new(outline: &Outline) -> Self {
        let setting = outline.setting(SETTING);
        let key = setting.and_then(|s| s.get("key")).and_then(Value::as_str).filter(|key| !key.contains(parts_misc));
        let place = |name: &Key| {
            let name = if name.eq_ignore_ascii_case("pos") { "XPOS" } else { name };
            COLUMNS.iter().position(|column| column.eq_ignore_ascii_case(name))
        };
        Self {
            coding: Coding::of(outline),
            key: key.unwrap_or("NER").to_owned(),
            explicit: setting.and_then(|s| s.get("explicit")).and_then(Value::as_bool).unwrap_or(true),
            columns: outline.token_columns.iter().map(place).collect(),
            document: None,
            documents: 0,
        }
    }

    fn comments(&mut self, record: &Record, out: &mut Vec<u8>, losses: &mut Losses) {
        let mut line = |text: &str, kind: Loss| {
            if text.contains(['\n', '\r']) {
                losses.add(kind, &record.place, || "line breaks, which became spaces".to_owned());
            }
            out.extend_from_slice(text.replace(['\n', '\r'], " ").as_bytes());
            out.push(b'\n');
        };
        if let Some(document) = record.value(GROUP).map(text_of).filter(|name| self.document.as_ref() != Some(name)) {
            self.documents += 1;
            let unnamed = document == format!("doc {}", self.documents);
            let id = if unnamed { String::new() } else { format!(" id = {document}") };
            line(&format!("# newdoc{id}"), Loss::Metadata);
            self.document = Some(document);
        }
        // The order of Universal Dependencies: the id after what begins a paragraph, the text before its translations.
        let (mut first, mut middle, mut last, mut text) = (Vec::new(), Vec::new(), Vec::new(), false);
        for comment in record.value(COMMENTS).and_then(Value::as_array).into_iter().flatten().map(text_of) {
            let key = comment.trim_start_matches(['#', ' ']);
            let is = |keys: [&str; 2]| keys.iter().any(|begin| key.starts_with(begin));
            text |= is(["text =", "text="]);
            let part = match () {
                () if is(["newpar", "global"]) => &mut first,
                () if is(["text_", "translit"]) => &mut last,
                () => &mut middle,
            };
            part.push(if comment.starts_with('#') { comment } else { format!("# {comment}") });
        }
        first.iter().for_each(|comment| line(comment, Loss::Metadata));
        if let Some(id) = &record.id {
            line(&format!("# sent_id = {id}"), Loss::Ids);
        }
        middle.iter().for_each(|comment| line(comment, Loss::Metadata));
        if !text {
            line(&format!("# text = {}", record.text()), Loss::Text);
        }
        last.iter().for_each(|comment| line(comment, Loss::Metadata));
    }

    /// The columns from the lemma to the last but one, and what the last one held; empty where nothing is said.
    fn columns<'a>(
        &self,
        token: Option<&'a TokenMark>,
        whole: bool,
        record: &Record,
        losses: &mut Losses,
    ) -> [&'a str; 8] {
        let mut cells = ["_"; 8];
        for (i, column) in token.into_iter().flat_map(|token| token.columns.iter()).enumerate().take(COLUMNS.len()) {
            let place = self.columns.get(i).copied().flatten();
            // Numbers of other words mean nothing once words were split.
            let lost = place.is_none_or(|place| !whole && (4..=6).contains(&place));
            match place.filter(|_| !lost && !column.is_empty() && !column.contains(['\t', '\n', '\r'])) {
                Some(place) => cells[place] = column,
                None if column.is_empty() || &**column == "_" => {}
                None => losses.add(Loss::TokenColumns, &record.place, || format!("the column '{}'", quote(column))),
            }
        }
        cells
    }
}

impl Writer for FileWriter {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let spans = record.gold.as_ref().and_then(|gold| gold.spans.as_deref());
        let marks = spans.unwrap_or_default();
        // Words written as one stand at the same place: for the cutting they are one token.
        let mut plain = Record { text: record.text.clone(), place: record.place.clone(), ..Record::default() };
        plain.tokens.clone_from(&record.tokens);
        plain.tokens.dedup_by_key(|token| (token.start, token.end));
        let mut cut = pieces(&plain, &edges(marks), parts, losses);
        let whole = cut.own;
        if whole {
            let all = record.tokens.iter().enumerate();
            let all = all.map(|(i, token)| Piece { start: token.start, end: token.end, token: Some(i) }).collect();
            cut = Pieces { all, own: true };
        } else if plain.tokens.len() < record.tokens.len() {
            cut.all.iter_mut().for_each(|piece| piece.token = None);
        }
        if cut.all.is_empty() {
            losses.add(Loss::Record, &record.place, || "a record without a word".to_owned());
            return Ok(());
        }
        let buffer = out.buffer();
        self.comments(record, buffer, losses);
        let mut rows: Vec<(RowId, String)> = Vec::new();
        for row in record.value(ROWS).and_then(Value::as_array).into_iter().flatten().map(text_of) {
            let id = RowId::parse(row.split('\t').next().unwrap_or_default());
            match id.filter(|_| whole && row.split('\t').count() == 10 && !row.contains(['\n', '\r'])) {
                Some(id) => rows.push((id, row)),
                None => losses.add(Loss::Metadata, &record.place, || "a range of words or an empty node".to_owned()),
            }
        }
        let mut rows = rows.into_iter().peekable();
        let mut put_rows = |buffer: &mut Vec<u8>, next: usize| {
            let due = |id: &RowId| match *id {
                RowId::Empty(after) => after < next,
                RowId::Range(first, _) | RowId::Word(first) => first <= next,
            };
            while let Some((_, row)) = rows.next_if(|(id, _)| due(id)) {
                buffer.extend_from_slice(row.as_bytes());
                buffer.push(b'\n');
            }
        };
        let tags = spans.map(|marks| {
            let mut chunks = cut.chunks(marks, &record.place, losses);
            let names: Vec<String> = chunks.iter().map(|chunk| label(chunk.2, record, losses)).collect();
            chunks.iter_mut().zip(&names).for_each(|(chunk, name)| chunk.2 = name);
            self.coding.write(&chunks, cut.all.len())
        });
        let raw = tags.is_some() && whole && self.same(record, marks);
        for (i, piece) in cut.all.iter().enumerate() {
            put_rows(buffer, i + 1);
            let token = piece.token.and_then(|t| record.tokens.get(t));
            let cells = self.columns(token, whole, record, losses);
            let form = token.filter(|_| whole).and_then(|t| t.columns.get(COLUMNS.len())).map(|form| &**form);
            let form = form.or_else(|| record.text().get(piece.start..piece.end)).unwrap_or("_");
            let mut misc = cells[7].to_owned();
            let tag = match &tags {
                Some(_) if raw => token.and_then(|t| t.tag.as_deref()),
                Some(tags) => tags.get(i).map(String::as_str),
                None => None,
            };
            set(&mut misc, &self.key, tag.filter(|&tag| tag != "O" || self.explicit));
            let known = token.is_some_and(|t| whole && t.columns.len() >= COLUMNS.len());
            if !known && cut.all.get(i + 1).is_some_and(|next| next.start == piece.end) {
                set(&mut misc, "SpaceAfter", Some("No"));
            }
            buffer.extend_from_slice((i + 1).to_string().as_bytes());
            for cell in [form].into_iter().chain(cells[..7].iter().copied()).chain([misc.as_str()]) {
                buffer.push(b'\t');
                buffer.extend_from_slice(cell.as_bytes());
            }
            buffer.push(b'\n');
        }
        put_rows(buffer, cut.all.len() + 1);
        buffer.push(b'\n');
        out.flush_if_full()
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

impl FileWriter {
    /// Whether the raw tags still say what the spans say.
    fn same(&self, record: &Record, marks: &[crate::corpus::Mark]) -> bool {
        let raw = self.coding.read(&record.tokens).into_iter();
        let mut raw: Vec<_> =
            raw.map(|(first, last, kind)| (record.tokens[first].start, record.tokens[last - 1].end, kind)).collect();
        let mut now: Vec<_> = marks.iter().map(|m| (m.start, m.end, m.label.as_str())).collect();
        raw.sort_unstable();
        now.sort_unstable();
        raw == now && record.tokens.iter().all(|t| t.tag.as_deref().is_some_and(|tag| !tag.contains(parts_misc)))
    }
}

/// What no column can hold.
fn parts(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r')
}

/// What a value in the last column cannot hold.
fn parts_misc(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '|' | '=')
}

/// A type as it can stand in a tag.
fn label(label: &str, record: &Record, losses: &mut Losses) -> String {
    if !label.is_empty() && !label.contains(parts_misc) {
        return label.to_owned();
    }
    let name = if label.is_empty() { "_".to_owned() } else { label.replace(parts_misc, "_") };
    losses.add(Loss::Spans, &record.place, || format!("the type '{}', which became '{name}'", quote(label)));
    name
}

/// Sets, or with `None` removes, an entry of the last column.
fn set(misc: &mut String, key: &str, value: Option<&str>) {
    if misc_value(misc, key) == value {
        return;
    }
    let own = |item: &&str| item.split_once('=').is_some_and(|(name, _)| name == key);
    let mut items: Vec<String> = misc.split('|').filter(|i| !i.is_empty() && *i != "_").map(str::to_owned).collect();
    let at = items.iter().position(|item| own(&item.as_str())).unwrap_or(items.len());
    items.retain(|item| !own(&item.as_str()));
    if let Some(value) = value {
        items.insert(at.min(items.len()), format!("{key}={value}"));
    }
    *misc = if items.is_empty() { "_".to_owned() } else { items.join("|") };
}

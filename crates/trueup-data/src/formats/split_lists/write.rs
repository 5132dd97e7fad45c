//! Split lists on their way out.

use rustc_hash::FxHashMap;
use serde_json::Map;

use super::WHOLE;
use crate::corpus::{Outline, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::holds::{Loss, Losses};
use crate::json::push_string;
use crate::output::Output;

/// Gathers the records of each split.
pub(super) struct Lists {
    /// Whether a record is an object: a pair has no room for more than text and label.
    objects: bool,
    /// Splits in the order of their first record, with their elements as JSON.
    splits: Vec<(String, Vec<u8>)>,
    by_name: FxHashMap<String, usize>,
    /// Whether other records have a split.
    with_splits: bool,
}

impl Lists {
    pub(super) fn new(outline: &Outline) -> Self {
        let objects = outline.occurs.ids > 0 || !outline.columns.is_empty();
        let with_splits = outline.occurs.splits > 0;
        Self { objects, splits: Vec::new(), by_name: FxHashMap::default(), with_splits }
    }

    fn element(&self, record: &Record, losses: &mut Losses) -> Vec<u8> {
        let labels = record.gold.as_ref().and_then(|gold| gold.labels.as_ref());
        let label = labels.and_then(|labels| labels.first()).map(|choice| choice.label.as_str());
        if record.text.is_none() {
            losses.add(Loss::Text, &record.place, || "a record without text got an empty one".to_owned());
        }
        let mut out = Vec::new();
        if !self.objects {
            out.push(b'[');
            push_string(&mut out, record.text());
            out.extend_from_slice(b", ");
            match label {
                Some(label) => push_string(&mut out, label),
                None => out.extend_from_slice(b"null"),
            }
            out.push(b']');
            return out;
        }
        let mut fields = Map::new();
        if let Some(id) = &record.id {
            fields.insert("id".to_owned(), id.as_str().into());
        }
        fields.insert("text".to_owned(), record.text().into());
        fields.insert("label".to_owned(), label.into());
        for (key, value) in &record.metadata {
            if matches!(&**key, "id" | "text" | "label") || fields.contains_key(&**key) {
                losses.add(Loss::Metadata, &record.place, || format!("column '{}', a name that is taken", quote(key)));
            } else {
                fields.insert(key.to_string(), value.clone());
            }
        }
        // Writing a value into memory does not fail.
        let _ = serde_json::to_writer(&mut out, &fields);
        out
    }
}

impl Writer for Lists {
    fn record(&mut self, record: &Record, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let split = record.split.as_deref().unwrap_or(WHOLE);
        if record.split.is_none() && self.with_splits {
            let what = || format!("a record without split, written in '{WHOLE}'");
            losses.add(Loss::Splits, &record.place, what);
        }
        let element = self.element(record, losses);
        let place = if let Some(&place) = self.by_name.get(split) {
            place
        } else {
            self.splits.push((split.to_owned(), Vec::new()));
            self.by_name.insert(split.to_owned(), self.splits.len() - 1);
            self.splits.len() - 1
        };
        let list = &mut self.splits[place].1;
        list.extend_from_slice(if list.is_empty() { b"\n    " } else { b",\n    " });
        list.extend_from_slice(&element);
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if let [(name, _)] = self.splits.as_slice()
            && self.with_splits
            && name == WHOLE
        {
            let what = || format!("the split '{WHOLE}', which reads as none");
            losses.add(Loss::Splits, &Place::default(), what);
        }
        out.write(b"{")?;
        for (i, (name, list)) in self.splits.iter_mut().enumerate() {
            let mut key = if i == 0 { b"\n  ".to_vec() } else { b",\n  ".to_vec() };
            push_string(&mut key, name);
            key.extend_from_slice(b": [");
            out.write(&key)?;
            out.write(&std::mem::take(list))?;
            out.write(b"\n  ]")?;
        }
        out.write(b"\n}\n")
    }
}

//! What rows are made of beside records: the spans of one row part by part, and rows as JSON objects.

use std::collections::HashMap;
use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use serde_json::{Map, Value};

use super::cells::Cells;
use super::features::{self, Feature};
use super::open::Sink;
use crate::corpus::Key;
use crate::error::DataError;
use crate::json::Object;

/// The spans of one row, part by part: a list of structs, or a struct of lists.
pub(super) struct Parts<'c> {
    /// Name, cells, and where the row's first value stands in them.
    pub all: Vec<(&'c Key, &'c Cells, usize)>,
    /// How many spans.
    pub len: usize,
}

impl<'c> Parts<'c> {
    /// The spans of a row; `None` when it is null.
    pub fn new(cells: &'c Cells, row: usize) -> Option<Self> {
        match cells {
            Cells::Fields(_, fields) if !cells.is_null(row) => {
                let lists = fields.iter().filter_map(|(name, cells)| {
                    let (items, range): (&Cells, Range<usize>) = cells.items(row)?;
                    Some((name, items, range))
                });
                let lists: Vec<_> = lists.collect();
                let len = lists.iter().map(|(.., range)| range.len()).min()?;
                Some(Self {
                    all: lists.into_iter().map(|(name, cells, range)| (name, cells, range.start)).collect(),
                    len,
                })
            }
            _ => {
                let (items, range) = cells.items(row)?;
                let Cells::Fields(_, fields) = items else { return None };
                let all = fields.iter().map(|(name, cells)| (name, cells, range.start)).collect();
                Some(Self { all, len: range.len() })
            }
        }
    }

    /// The first part that has one of the names.
    pub fn get(&self, names: &[&str]) -> Option<(&'c Cells, usize)> {
        let find = |wanted: &&str| self.all.iter().find(|(name, ..)| &***name == *wanted);
        names.iter().find_map(find).map(|&(_, cells, at)| (cells, at))
    }
}

/// Rows as JSON objects, for predictions: the columns `score:LABEL` become one object `scores`.
#[derive(Default)]
pub(super) struct Objects {
    features: Option<Feature>,
    names: Vec<Key>,
    /// The rows.
    pub found: Vec<Object>,
}

impl Sink for Objects {
    fn begin(&mut self, schema: &Schema, metadata: &HashMap<String, String>) -> Result<(), DataError> {
        self.features = metadata.get(features::KEY).map(|text| features::parse(text));
        self.names = schema.fields().iter().map(|field| field.name().as_str().into()).collect();
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        let feature = |name: &str| self.features.as_ref().map_or(Feature::Plain, |f| f.field(name));
        let mut left_out = Vec::new();
        let columns: Vec<Cells> =
            self.names.iter().zip(batch.columns()).map(|(n, a)| Cells::new(a, &feature(n), &mut left_out)).collect();
        for row in 0..batch.num_rows() {
            let mut fields = Map::new();
            let mut scores = Map::new();
            for (name, cells) in self.names.iter().zip(&columns) {
                let value = cells.value(row).unwrap_or(Value::Null);
                match name.strip_prefix("score:") {
                    Some(label) => scores.insert(label.trim().to_owned(), value),
                    None => fields.insert(name.to_string(), value),
                };
            }
            if !scores.is_empty() {
                fields.insert("scores".to_owned(), Value::Object(scores));
            }
            let number = self.found.len() as u64 + 1;
            self.found.push(Object { line: number, number, fields });
        }
        Ok(())
    }
}

//! The cells of a planned column, for a batch of records.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow_schema::{DataType, Field};
use serde_json::Value;

use super::said::{self, Said};
use super::tokens;
use super::write::{Column, Type, What, gold, span_fields, value};
use crate::corpus::Record;

impl Column {
    /// The column's values of `records`.
    pub(super) fn array(&self, records: &[&Record], item: &str) -> ArrayRef {
        let texts = |of: &dyn Fn(&Record) -> Option<String>| -> ArrayRef {
            Arc::new(records.iter().map(|r| of(r)).collect::<StringArray>())
        };
        match &self.what {
            What::Id => Arc::new(records.iter().map(|r| r.id.as_deref()).collect::<StringArray>()),
            What::Text => Arc::new(records.iter().map(|r| r.text.as_deref()).collect::<StringArray>()),
            What::Split => Arc::new(records.iter().map(|r| r.split.as_deref()).collect::<StringArray>()),
            What::Label { names, several: false } => {
                let id = |r: &&Record| names.id(&gold(r)?.labels.as_ref()?.first()?.label);
                Arc::new(records.iter().map(id).collect::<Int64Array>())
            }
            What::Label { names, several: true } if names.names.is_empty() => {
                strings(records, item, |r| gold(r)?.labels.as_ref().map(|_| Vec::new()))
            }
            What::Label { names, several: true } => numbers(records, item, |r| {
                Some(gold(r)?.labels.as_ref()?.iter().map(|choice| names.id(&choice.label)).collect())
            }),
            What::Spans => spans(records, item),
            What::Tokens => strings(records, item, |r| {
                let words = r.tokens.iter().map(|t| r.text().get(t.start..t.end).unwrap_or_default());
                (!r.tokens.is_empty()).then(|| words.collect())
            }),
            What::Tags { names, derived } => numbers(records, item, |r| {
                if r.tokens.is_empty() {
                    return None;
                }
                if *derived {
                    let tags = tokens::tags(&r.tokens, gold(r)?.spans.as_deref()?)?;
                    return Some(tags.iter().map(|tag| names.id(tag)).collect());
                }
                Some(r.tokens.iter().map(|t| names.id(t.tag.as_deref()?)).collect())
            }),
            What::TokenColumn(i) => strings(records, item, |r| {
                r.tokens.first()?.columns.get(*i)?;
                Some(r.tokens.iter().map(|t| t.columns.get(*i).map_or("", |value| value)).collect())
            }),
            What::Answer => {
                texts(&|r| gold(r).filter(|a| !said::is_plain(a)).map(|a| Said::new(r.text()).answer(a).to_string()))
            }
            What::Responses => texts(&|r| {
                let said = Said::new(r.text());
                let all: Value = r.responses.iter().map(|one| said.response(one)).collect();
                (!r.responses.is_empty()).then(|| all.to_string())
            }),
            What::Predictions => texts(&|r| {
                let said = Said::new(r.text());
                let all: Value = r.predictions.iter().map(|one| said.prediction(one)).collect();
                (!r.predictions.is_empty()).then(|| all.to_string())
            }),
            What::Meta { key, at, kind, .. } => {
                let values = records.iter().map(|r| value(r, key, *at).filter(|v| !v.is_null()));
                match kind {
                    Type::Int => Arc::new(values.map(|v| v.and_then(Value::as_i64)).collect::<Int64Array>()),
                    Type::Float => Arc::new(values.map(|v| v.and_then(Value::as_f64)).collect::<Float64Array>()),
                    Type::Bool => Arc::new(values.map(|v| v.and_then(Value::as_bool)).collect::<BooleanArray>()),
                    Type::Text => Arc::new(values.map(|v| v.and_then(Value::as_str)).collect::<StringArray>()),
                    Type::Class(names) => {
                        let ids = values.map(|v| v.and_then(Value::as_str).and_then(|name| names.id(name)));
                        Arc::new(ids.collect::<Int64Array>())
                    }
                    Type::Json => Arc::new(values.map(|v| v.map(Value::to_string)).collect::<StringArray>()),
                }
            }
        }
    }
}

fn strings<'r>(records: &[&'r Record], item: &str, of: impl Fn(&'r Record) -> Option<Vec<&'r str>>) -> ArrayRef {
    let mut list = ListBuilder::new(StringBuilder::new()).with_field(Field::new(item, DataType::Utf8, true));
    for record in records {
        match of(record) {
            Some(values) => {
                values.iter().for_each(|value| list.values().append_value(value));
                list.append(true);
            }
            None => list.append(false),
        }
    }
    Arc::new(list.finish())
}

fn numbers(records: &[&Record], item: &str, of: impl Fn(&Record) -> Option<Vec<Option<i64>>>) -> ArrayRef {
    let mut list = ListBuilder::new(Int64Builder::new()).with_field(Field::new(item, DataType::Int64, true));
    for record in records {
        match of(record) {
            Some(values) => {
                values.iter().for_each(|value| list.values().append_option(*value));
                list.append(true);
            }
            None => list.append(false),
        }
    }
    Arc::new(list.finish())
}

fn spans(records: &[&Record], item: &str) -> ArrayRef {
    let fields = span_fields();
    let parts = StructBuilder::new(
        fields.clone(),
        vec![Box::new(Int64Builder::new()), Box::new(Int64Builder::new()), Box::new(StringBuilder::new())],
    );
    let mut list = ListBuilder::new(parts).with_field(Field::new(item, DataType::Struct(fields.into()), true));
    for record in records {
        let Some(marks) = gold(record).and_then(|a| a.spans.as_ref()) else {
            list.append(false);
            continue;
        };
        let said = Said::new(record.text());
        for mark in marks {
            let parts = list.values();
            for (i, byte) in [mark.start, mark.end].into_iter().enumerate() {
                if let Some(numbers) = parts.field_builder::<Int64Builder>(i) {
                    numbers.append_value(i64::try_from(said.point(byte)).unwrap_or(i64::MAX));
                }
            }
            if let Some(labels) = parts.field_builder::<StringBuilder>(2) {
                labels.append_value(&mark.label);
            }
            parts.append(true);
        }
        list.append(true);
    }
    Arc::new(list.finish())
}

//! Records become columns: first the plan of which columns there are, then batches of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value, json};

use super::features;
use super::open::{BATCH, broken_write};
use super::roles;
use super::said;
use super::tokens;
use crate::corpus::{Answer, Key, Outline, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Rows of a row group, so that the same records give the same bytes.
const ROW_GROUP: usize = 65_536;
/// Bytes of text a batch, far below the 2 GiB that a column of texts holds.
const BATCH_TEXT: usize = 64 << 20;
/// The name of the one file of a set.
const SHARD: &str = "data-00000-of-00001.arrow";

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// One Parquet file.
    Parquet,
    /// One Arrow file.
    Arrow,
    /// A folder as `save_to_disk` writes it.
    Disk,
}

/// Begins to write.
pub(super) fn begin(outline: &Outline, target: Target) -> Box<dyn Writer> {
    Box::new(Columns { target, outline: outline.clone(), records: Vec::new() })
}

/// Records are kept until the last one: names of classes and types of columns are known only then.
struct Columns {
    target: Target,
    outline: Outline,
    records: Vec<Record>,
}

impl Writer for Columns {
    fn record(&mut self, record: &Record, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let mut record = record.clone();
        settle(&mut record, self.outline.token_columns.len(), losses);
        self.records.push(record);
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        let plan = Plan::new(&self.records, &self.outline, self.target);
        let records: Vec<&Record> = self.records.iter().collect();
        match self.target {
            Target::Parquet => out.write(&plan.parquet(&records)?),
            Target::Arrow => out.write(&plan.arrow(&records, true)?),
            Target::Disk => disk(&plan, &records, out),
        }
    }
}

/// Takes out what no column holds.
fn settle(record: &mut Record, token_columns: usize, losses: &mut Losses) {
    let place = record.place.clone();
    let mut seen = FxHashSet::default();
    record.metadata.retain(|(key, _)| {
        let first = seen.insert(key.clone());
        if !first {
            losses.add(Loss::Metadata, &place, || format!("a second value of '{}'", quote(key)));
        }
        first
    });
    let text = record.text.clone().unwrap_or_default();
    if record.text.is_none() && record.answers().any(|a| a.spans.as_ref().is_some_and(|s| !s.is_empty())) {
        losses.add(Loss::Spans, &place, || "spans without a text".to_owned());
        record.answers_mut().for_each(|a| a.spans = None);
    }
    if record.tokens.is_empty() {
        return;
    }
    let words: Option<Vec<&str>> = record.tokens.iter().map(|t| text.get(t.start..t.end)).collect();
    let stands = words
        .and_then(|words| tokens::locate(&text, words.into_iter()))
        .is_some_and(|found| found.iter().zip(&record.tokens).all(|(a, b)| (a.start, a.end) == (b.start, b.end)));
    if !stands || record.text.is_none() {
        losses.add(Loss::Tokens, &place, || "tokens that are not found again in the text".to_owned());
        record.tokens.clear();
        return;
    }
    let width = record.tokens[0].columns.len();
    let even = record.tokens.iter().all(|t| t.columns.len() == width) && (token_columns == 0 || width <= token_columns);
    if !even {
        losses.add(Loss::TokenColumns, &place, || "tokens with unequal numbers of columns".to_owned());
        record.tokens.iter_mut().for_each(|t| t.columns = Box::default());
    }
}

/// What a column of metadata holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    Int,
    Float,
    Bool,
    Text,
    Class(Names),
    Json,
}

/// Names of classes with their places.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Names {
    pub names: Vec<String>,
    ids: FxHashMap<String, i64>,
}

impl Names {
    fn new(names: Vec<String>) -> Self {
        let ids = names.iter().zip(0..).map(|(name, id)| (name.clone(), id)).collect();
        Self { names, ids }
    }

    /// The number of a name.
    pub fn id(&self, name: &str) -> Option<i64> {
        self.ids.get(name).copied()
    }
}

/// What stands in a column.
pub(super) enum What {
    Id,
    Text,
    Split,
    /// One label, or a list of them; of which there may be none in all records.
    Label {
        names: Names,
        several: bool,
    },
    Spans,
    Tokens,
    /// Tags of tokens, as they are or made from spans.
    Tags {
        names: Names,
        derived: bool,
    },
    TokenColumn(usize),
    Answer,
    Responses,
    Predictions,
    Meta {
        key: Key,
        at: usize,
        kind: Type,
        nulls: bool,
    },
}

/// A column of the plan.
pub(super) struct Column {
    /// Its name.
    pub name: String,
    /// What stands in it.
    pub what: What,
}

/// Which columns there are.
struct Plan {
    columns: Vec<Column>,
    /// The name of a list's items in the schema.
    item: &'static str,
    features: Value,
    schema: SchemaRef,
    /// What the columns are, for reading them again.
    own: String,
    /// Whether the splits are folders.
    folders: bool,
}

pub(super) fn gold(record: &Record) -> Option<&Answer> {
    record.gold.as_ref()
}

impl Plan {
    fn new(records: &[Record], outline: &Outline, target: Target) -> Self {
        let any = |test: &dyn Fn(&Record) -> bool| records.iter().any(test);
        let mut columns: Vec<Column> = Vec::new();
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut add = |columns: &mut Vec<Column>, name: &str, what: What| {
            let base = if name.is_empty() { "column" } else { name };
            let mut unique = base.to_owned();
            let mut n = 0;
            while !used.insert(unique.clone()) {
                n += 1;
                unique = format!("{base}_{n}");
            }
            columns.push(Column { name: unique, what });
        };
        let folders = target == Target::Disk
            && !records.is_empty()
            && records.iter().all(|r| r.split.as_deref().is_some_and(is_folder));
        if any(&|r| r.id.is_some()) {
            add(&mut columns, "id", What::Id);
        }
        if any(&|r| r.text.is_some()) || records.is_empty() {
            add(&mut columns, "text", What::Text);
        }
        if any(&|r| !r.tokens.is_empty()) {
            add(&mut columns, "tokens", What::Tokens);
            if let Some((names, derived)) = tags(records, outline) {
                add(&mut columns, "ner_tags", What::Tags { names, derived });
            }
            let width = records.iter().filter_map(|r| r.tokens.first()).map(|t| t.columns.len()).max().unwrap_or(0);
            for i in 0..width {
                let name =
                    outline.token_columns.get(i).map_or_else(|| format!("token_column_{}", i + 1), ToString::to_string);
                add(&mut columns, &name, What::TokenColumn(i));
            }
        }
        if any(&|r| gold(r).is_some_and(|a| a.labels.is_some())) {
            let mut found: BTreeSet<&str> = BTreeSet::new();
            let mut several = outline.is_multilabel();
            for labels in records.iter().filter_map(|r| gold(r)?.labels.as_ref()) {
                several |= labels.len() != 1;
                found.extend(labels.iter().map(|choice| choice.label.as_str()));
            }
            let mut names: Vec<String> = Vec::new();
            let declared: FxHashSet<&str> = outline.declared_labels.iter().map(String::as_str).collect();
            names.extend(outline.declared_labels.iter().cloned());
            names.extend(found.into_iter().filter(|name| !declared.contains(name)).map(str::to_owned));
            let what = What::Label { names: Names::new(names), several };
            add(&mut columns, if several { "labels" } else { "label" }, what);
        }
        if any(&|r| gold(r).is_some_and(|a| a.spans.is_some())) {
            add(&mut columns, "spans", What::Spans);
        }
        if !folders && any(&|r| r.split.is_some()) {
            add(&mut columns, "split", What::Split);
        }
        for (at, key) in outline_columns(records).into_iter().enumerate() {
            let (kind, nulls) = type_of(&key, at, records, outline);
            add(&mut columns, &key.clone(), What::Meta { key, at, kind, nulls });
        }
        if any(&|r| gold(r).is_some_and(|a| !said::is_plain(a))) {
            add(&mut columns, "answer", What::Answer);
        }
        if any(&|r| !r.responses.is_empty()) {
            add(&mut columns, "responses", What::Responses);
        }
        if any(&|r| !r.predictions.is_empty()) {
            add(&mut columns, "predictions", What::Predictions);
        }
        let item = if target == Target::Parquet { "element" } else { "item" };
        let features = columns.iter().map(|c| (c.name.clone(), c.feature())).collect::<Map<_, _>>();
        let features = Value::Object(features);
        let own = own(&columns, outline).to_string();
        let fields: Vec<Field> = columns.iter().map(|c| Field::new(&c.name, c.kind(item), true)).collect();
        let metadata = HashMap::from([
            (features::KEY.to_owned(), json!({"info": {"features": features}}).to_string()),
            (roles::KEY.to_owned(), own.clone()),
        ]);
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        Self { columns, item, features, schema, own, folders }
    }

    fn batches<'r>(&self, records: &'r [&'r Record]) -> impl Iterator<Item = Result<RecordBatch, DataError>> {
        let mut rest = records;
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (mut n, mut bytes) = (0, 0);
            while n < rest.len().min(BATCH) && (n == 0 || bytes < BATCH_TEXT) {
                bytes += weight(rest[n]);
                n += 1;
            }
            let (piece, more) = rest.split_at(n);
            pieces.push(piece);
            rest = more;
        }
        pieces.into_iter().map(|piece| {
            let arrays = self.columns.iter().map(|column| column.array(piece, self.item)).collect();
            RecordBatch::try_new(self.schema.clone(), arrays).map_err(|error| broken_write(&error))
        })
    }

    fn parquet(&self, records: &[&Record]) -> Result<Vec<u8>, DataError> {
        let info = json!({"info": {"features": self.features}}).to_string();
        let pair = |key: &str, value: String| KeyValue { key: key.to_owned(), value: Some(value) };
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_key_value_metadata(Some(vec![pair(features::KEY, info), pair(roles::KEY, self.own.clone())]))
            .build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new_with_options(&mut bytes, self.schema.clone(), options)
            .map_err(|error| broken_write(&error))?;
        for batch in self.batches(records) {
            writer.write(&batch?).map_err(|error| broken_write(&error))?;
        }
        writer.close().map_err(|error| broken_write(&error))?;
        Ok(bytes)
    }

    fn arrow(&self, records: &[&Record], file: bool) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        let wrong = |error: arrow_schema::ArrowError| broken_write(&error);
        if file {
            let mut writer = FileWriter::try_new(&mut bytes, &self.schema).map_err(wrong)?;
            for batch in self.batches(records) {
                writer.write(&batch?).map_err(wrong)?;
            }
            writer.finish().map_err(wrong)?;
        } else {
            let mut writer = StreamWriter::try_new(&mut bytes, &self.schema).map_err(wrong)?;
            for batch in self.batches(records) {
                writer.write(&batch?).map_err(wrong)?;
            }
            writer.finish().map_err(wrong)?;
        }
        Ok(bytes)
    }
}

/// About how many bytes of text a record holds in one column.
fn weight(record: &Record) -> usize {
    let text = record.text().len();
    let said = text * (record.responses.len() + record.predictions.len());
    let metadata: usize = record.metadata.iter().filter_map(|(_, v)| v.as_str()).map(str::len).sum();
    text + said + metadata
}

/// Whether `datasets` takes a split of that name, and a folder may have it.
fn is_folder(split: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    split.split('.').all(word)
}

/// The metadata columns by first occurrence, in the records as they are now.
fn outline_columns(records: &[Record]) -> Vec<Key> {
    let mut seen = FxHashSet::default();
    let mut columns = Vec::new();
    for (key, _) in records.iter().flat_map(|r| &r.metadata) {
        if !seen.contains(key) {
            seen.insert(key.clone());
            columns.push(key.clone());
        }
    }
    columns
}

/// The value of a column, which mostly stands at the same place in every record.
pub(super) fn value<'r>(record: &'r Record, key: &Key, at: usize) -> Option<&'r Value> {
    match record.metadata.get(at) {
        Some((found, value)) if found == key => Some(value),
        _ => record.value(key),
    }
}

/// The one type of a column's values, else JSON; and whether null is a value of it.
fn type_of(key: &Key, at: usize, records: &[Record], outline: &Outline) -> (Type, bool) {
    let (mut all, mut ints, mut floats, mut bools, mut texts, mut nulls) = (0, 0, 0, 0, 0, 0);
    for value in records.iter().filter_map(|r| value(r, key, at)) {
        all += 1;
        match value {
            Value::Null => nulls += 1,
            Value::Bool(_) => bools += 1,
            Value::Number(n) if n.is_i64() => ints += 1,
            Value::Number(n) if n.is_f64() => floats += 1,
            Value::String(_) => texts += 1,
            _ => {}
        }
    }
    let values = all - nulls;
    let kind = match () {
        () if texts == values => Type::Text,
        () if ints == values => Type::Int,
        () if floats == values => Type::Float,
        () if bools == values => Type::Bool,
        () => Type::Json,
    };
    let kind = match names_of(outline, key).filter(|_| kind == Type::Text) {
        Some(names) => {
            let named = |r: &Record| value(r, key, at).and_then(Value::as_str).is_none_or(|v| names.id(v).is_some());
            if records.iter().all(named) { Type::Class(names) } else { kind }
        }
        None => kind,
    };
    (kind, nulls > 0 && all == records.len())
}

/// The names of classes that the features of the input give a column.
fn names_of(outline: &Outline, column: &str) -> Option<Names> {
    let info = outline.setting(features::KEY)?;
    let feature = features::parse(&info.to_string()).field(column);
    let names = feature.names()?;
    let distinct: FxHashSet<&Key> = names.iter().collect();
    let fits = !names.is_empty() && distinct.len() == names.len();
    fits.then(|| Names::new(names.iter().map(ToString::to_string).collect()))
}

/// The names of the tags and whether they are made from spans; `None` when there are none and none can be made.
fn tags(records: &[Record], outline: &Outline) -> Option<(Names, bool)> {
    let mut raw: BTreeSet<&str> = records.iter().flat_map(|r| &r.tokens).filter_map(|t| t.tag.as_deref()).collect();
    if !raw.is_empty() {
        if let Some(names) = names_of(outline, "ner_tags").filter(|n| raw.iter().all(|tag| n.id(tag).is_some())) {
            return Some((names, false));
        }
        let outside = raw.remove("O").then_some("O");
        return Some((Names::new(outside.into_iter().chain(raw).map(str::to_owned).collect()), false));
    }
    let mut kinds: BTreeSet<&str> = BTreeSet::new();
    for record in records.iter().filter(|r| !r.tokens.is_empty()) {
        let spans = gold(record).and_then(|a| a.spans.as_deref())?;
        tokens::tags(&record.tokens, spans)?;
        kinds.extend(spans.iter().map(|mark| mark.label.as_str()));
    }
    let declared = outline.declared_spans.iter().map(String::as_str);
    let mut order: Vec<&str> = declared.collect();
    kinds.retain(|kind| !order.contains(kind));
    order.extend(kinds);
    let both = order.iter().flat_map(|kind| [format!("B-{kind}"), format!("I-{kind}")]);
    Some((Names::new(std::iter::once("O".to_owned()).chain(both).collect()), true))
}

/// What the columns are, for reading them again.
fn own(columns: &[Column], outline: &Outline) -> Value {
    let mut roles = Map::new();
    let (mut metadata, mut token_columns) = (Vec::new(), Vec::new());
    let mut out = Map::new();
    out.insert("version".to_owned(), 1.into());
    for column in columns {
        let role = match &column.what {
            What::Id => "id",
            What::Text => "text",
            What::Split => "split",
            What::Label { .. } => "label",
            What::Spans => "spans",
            What::Tokens => "tokens",
            What::Tags { derived, .. } => {
                if *derived {
                    out.insert("tags".to_owned(), "derived".into());
                }
                "tags"
            }
            What::Answer => "answer",
            What::Responses => "responses",
            What::Predictions => "predictions",
            What::TokenColumn(i) => {
                let name = outline.token_columns.get(*i).map_or(column.name.as_str(), |name| name);
                token_columns.push(json!({"column": column.name, "name": name}));
                continue;
            }
            What::Meta { key, kind, nulls, .. } => {
                let mut one = Map::new();
                one.insert("column".to_owned(), column.name.clone().into());
                one.insert("name".to_owned(), (&**key).into());
                if *kind == Type::Json {
                    one.insert("json".to_owned(), true.into());
                }
                if *nulls {
                    one.insert("nulls".to_owned(), true.into());
                }
                metadata.push(Value::Object(one));
                continue;
            }
        };
        roles.insert(role.to_owned(), column.name.clone().into());
    }
    out.insert("columns".to_owned(), Value::Object(roles));
    let mut put = |key: &str, list: Vec<Value>| {
        if !list.is_empty() {
            out.insert(key.to_owned(), Value::Array(list));
        }
    };
    put("metadata", metadata);
    put("token_columns", token_columns);
    put("declared_spans", outline.declared_spans.iter().map(|kind| kind.as_str().into()).collect());
    let settings = outline.settings.iter().map(|(key, value)| Value::Array(vec![(&**key).into(), value.clone()]));
    put("settings", settings.collect());
    if let Some(several) = outline.several {
        out.insert("several".to_owned(), several.into());
    }
    Value::Object(out)
}

/// The parts of a span.
pub(super) fn span_fields() -> Vec<FieldRef> {
    let field = |name: &str, kind| Arc::new(Field::new(name, kind, true));
    vec![field("start", DataType::Int64), field("end", DataType::Int64), field("label", DataType::Utf8)]
}

fn list_of(kind: DataType, item: &str) -> DataType {
    DataType::List(Arc::new(Field::new(item, kind, true)))
}

impl Column {
    /// The type in the schema.
    fn kind(&self, item: &str) -> DataType {
        match &self.what {
            What::Label { names, several } => {
                let kind = if names.names.is_empty() { DataType::Utf8 } else { DataType::Int64 };
                if *several { list_of(kind, item) } else { kind }
            }
            What::Spans => list_of(DataType::Struct(span_fields().into()), item),
            What::Tags { .. } => list_of(DataType::Int64, item),
            What::Tokens | What::TokenColumn(_) => list_of(DataType::Utf8, item),
            What::Meta { kind: Type::Int | Type::Class(_), .. } => DataType::Int64,
            What::Meta { kind: Type::Float, .. } => DataType::Float64,
            What::Meta { kind: Type::Bool, .. } => DataType::Boolean,
            _ => DataType::Utf8,
        }
    }

    /// The type as `datasets` states it.
    fn feature(&self) -> Value {
        let string = features::value("string");
        match &self.what {
            What::Label { names, several } => {
                let one = if names.names.is_empty() { string } else { features::class(&names.names) };
                if *several { features::list(&one) } else { one }
            }
            // A list in brackets: under `Sequence` old versions would make a struct of lists of it.
            What::Spans => {
                json!([{"start": features::value("int64"), "end": features::value("int64"), "label": string}])
            }
            What::Tags { names, .. } => features::list(&features::class(&names.names)),
            What::Tokens | What::TokenColumn(_) => features::list(&string),
            What::Meta { kind, .. } => match kind {
                Type::Int => features::value("int64"),
                Type::Float => features::value("float64"),
                Type::Bool => features::value("bool"),
                Type::Class(names) => features::class(&names.names),
                Type::Text | Type::Json => string,
            },
            _ => string,
        }
    }
}

/// A folder as `save_to_disk` writes it: one for each split, or one for all.
fn disk(plan: &Plan, records: &[&Record], out: &mut Output) -> Result<(), DataError> {
    if !plan.folders {
        return shard(plan, records, None, out);
    }
    let mut order: Vec<&str> = Vec::new();
    let mut groups: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        let split = record.split.as_deref().unwrap_or_default();
        if !groups.contains_key(split) {
            order.push(split);
        }
        groups.entry(split).or_default().push(record);
    }
    out.put("dataset_dict.json", json!({"splits": order}).to_string().as_bytes())?;
    for split in order {
        shard(plan, &groups[split], Some(split), out)?;
    }
    Ok(())
}

fn shard(plan: &Plan, records: &[&Record], split: Option<&str>, out: &mut Output) -> Result<(), DataError> {
    let name = |file: &str| split.map_or_else(|| file.to_owned(), |split| format!("{split}/{file}"));
    out.put(&name(SHARD), &plan.arrow(records, false)?)?;
    let info = json!({"citation": "", "description": "", "features": plan.features, "homepage": "", "license": ""});
    out.put(&name("dataset_info.json"), pretty(&info).as_bytes())?;
    let texts = records.iter().map(|record| record.text());
    let state = json!({
        "_data_files": [{"filename": SHARD}],
        "_fingerprint": trueup_core::fingerprint::digest(texts.chain([split.unwrap_or_default(), plan.own.as_str()])),
        "_format_columns": null,
        "_format_kwargs": {},
        "_format_type": null,
        "_output_all_columns": false,
        "_split": split,
    });
    out.put(&name("state.json"), pretty(&state).as_bytes())
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

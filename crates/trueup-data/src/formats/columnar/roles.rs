//! Which column has which role: as the file says where it was written here, else as the caller says, else by name.

use arrow_schema::{DataType, Field, Schema};
use serde_json::Value;

use super::features::Feature;
use crate::columns::{ID_NAMES, LABEL_NAMES, TEXT_NAMES, by_name, resolve};
use crate::corpus::Key;
use crate::error::{DataError, quote};
use crate::options::{ReadOptions, Remarks};

/// The key of the schema's metadata that says what the columns are.
pub(super) const KEY: &str = "trueup";
/// Usual names of lists of tokens.
const TOKEN_NAMES: &[&str] = &["tokens", "words"];
/// Usual names of the tags of tokens.
const TAG_NAMES: &[&str] = &["ner_tags", "tags", "labels", "ner", "entities", "label"];
/// Usual names of lists of spans.
const SPAN_NAMES: &[&str] = &["spans", "entities", "entity", "ents", "annotations", "label", "labels"];
/// Usual names of what else is said of tokens.
const TOKEN_COLUMNS: &[&str] = &["pos_tags", "chunk_tags", "pos", "upos", "xpos", "chunks", "lemmas"];
/// The names under which spans give their type.
pub(super) const SPAN_LABELS: &[&str] = &["label", "type", "tag", "entity", "entity_type", "labels"];
/// The names under which spans begin and end.
pub(super) const STARTS: &[&str] = &["start", "start_offset", "begin"];
/// As [`STARTS`].
pub(super) const ENDS: &[&str] = &["end", "end_offset", "stop"];

/// What a column holds, as far as roles go.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Text,
    Class,
    Int,
    Float,
    Bool,
    List(Box<Kind>),
    Spans,
    Other,
}

impl Kind {
    fn of(kind: &DataType, feature: &Feature) -> Self {
        match kind {
            _ if *feature == Feature::Media => Self::Other,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Dictionary(_, values) => Self::of(values, feature),
            DataType::Boolean => Self::Bool,
            kind if kind.is_integer() && matches!(feature, Feature::Class(_)) => Self::Class,
            kind if kind.is_integer() => Self::Int,
            kind if kind.is_floating() => Self::Float,
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::FixedSizeList(item, _)
            | DataType::ListView(item)
            | DataType::LargeListView(item) => match item.data_type() {
                DataType::Struct(fields) if are_spans(fields) => Self::Spans,
                item => Self::List(Self::of(item, &feature.item()).into()),
            },
            // A sequence of spans as `datasets` once stored it: parts that are lists.
            DataType::Struct(fields) if are_spans(fields) && fields.iter().all(|f| is_list(f)) => Self::Spans,
            _ => Self::Other,
        }
    }

    /// Whether a cell may be one label or a list of them.
    fn is_label(&self) -> bool {
        match self {
            Self::List(item) => matches!(**item, Self::Text | Self::Class | Self::Int),
            kind => matches!(kind, Self::Text | Self::Class | Self::Int | Self::Float | Self::Bool),
        }
    }

    fn is_list_of(&self, kinds: &[Self]) -> bool {
        matches!(self, Self::List(item) if kinds.contains(item))
    }
}

fn is_list(field: &Field) -> bool {
    matches!(field.data_type(), DataType::List(_) | DataType::LargeList(_) | DataType::ListView(_))
}

fn are_spans(fields: &arrow_schema::Fields) -> bool {
    let has = |names: &[&str]| fields.iter().any(|f| names.contains(&f.name().as_str()));
    has(STARTS) && has(ENDS) && has(SPAN_LABELS)
}

/// A column that is kept as it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meta {
    /// The column.
    pub column: usize,
    /// The name it has as metadata.
    pub name: Key,
    /// Whether its text is JSON that was written here.
    pub json: bool,
    /// Whether null is a value rather than none.
    pub nulls: bool,
}

/// Which column has which role.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(clippy::struct_excessive_bools)] // Facts about columns that do not exclude each other.
pub(super) struct Roles {
    pub id: Option<usize>,
    pub text: Option<usize>,
    pub tokens: Option<usize>,
    pub tags: Option<usize>,
    pub token_columns: Vec<(Key, usize)>,
    pub label: Option<usize>,
    pub spans: Option<usize>,
    pub split: Option<usize>,
    pub answer: Option<usize>,
    pub responses: Option<usize>,
    pub predictions: Option<usize>,
    pub metadata: Vec<Meta>,
    /// Whether a label is a list of them.
    pub several: bool,
    /// Whether the file says so itself.
    pub own: bool,
    /// Whether the id column was named by the caller.
    pub id_named: bool,
    /// Whether the tags were made from spans when the file was written.
    pub derived: bool,
    /// Whether the id column was guessed, so that it must prove fit.
    pub id_guessed: bool,
}

impl Roles {
    fn taken(&self) -> Vec<usize> {
        let roles = [self.id, self.text, self.tokens, self.tags, self.label, self.spans, self.split];
        let json = [self.answer, self.responses, self.predictions];
        let columns = self.token_columns.iter().map(|(_, c)| *c);
        roles.into_iter().chain(json).flatten().chain(columns).collect()
    }

    /// Decides every role; guesses are stated when `say` is set, for the first file of several.
    pub fn new(
        schema: &Schema,
        features: &Feature,
        own: Option<&Value>,
        options: &ReadOptions,
        say: bool,
        remarks: &mut Remarks,
    ) -> Result<Self, DataError> {
        let names: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        let kinds: Vec<Kind> =
            schema.fields().iter().map(|f| Kind::of(f.data_type(), &features.field(f.name()))).collect();
        let path = remarks.path.clone();
        let asked =
            |asked: &Option<String>, role| asked.as_deref().map(|a| resolve(a, role, &names, &path)).transpose();
        let (text, label, id) =
            (asked(&options.text, "text")?, asked(&options.label, "label")?, asked(&options.id, "id")?);
        let (group, time) = (asked(&options.group, "group")?, asked(&options.time, "time")?);
        let kept: Vec<usize> = [group, time].into_iter().flatten().collect();
        let mut roles = own.and_then(|own| Self::own(own, &names)).unwrap_or_default();
        for named in [text, label, id].into_iter().flatten() {
            roles.forget(named);
        }
        if let Some(text) = text {
            (roles.text, roles.tokens, roles.tags) = (None, None, None);
            match kinds[text] {
                Kind::List(_) => roles.tokens = Some(text),
                _ => roles.text = Some(text),
            }
        }
        if let Some(label) = label {
            (roles.label, roles.spans, roles.answer, roles.tags) = (None, None, None, None);
            let tokens = roles.tokens.is_some() || kinds.iter().zip(&names).any(|(k, n)| is_tokens(k, n));
            match &kinds[label] {
                Kind::Spans => roles.spans = Some(label),
                Kind::List(_) if tokens => roles.tags = Some(label),
                kind if kind.is_label() => roles.label = Some(label),
                _ => {
                    let found = format!("the column '{}' of {}", quote(&names[label]), schema.field(label).data_type());
                    let valid = "labels, lists of labels, or lists of spans".to_owned();
                    return Err(DataError::Content { path, found, valid, hint: None });
                }
            }
        }
        if let Some(id) = id {
            (roles.id, roles.id_named) = (Some(id), true);
        }
        if !roles.own {
            roles.guess(&names, &kinds, &kept, options);
        }
        if let Some(label) = roles.label {
            roles.several = matches!(kinds[label], Kind::List(_));
        }
        let taken = roles.taken();
        if !roles.own {
            let free = (0..names.len()).filter(|c| !taken.contains(c));
            roles.metadata = free
                .map(|column| Meta { column, name: names[column].as_str().into(), json: false, nulls: false })
                .collect();
        }
        if say {
            roles.say(&names, &kinds, options, remarks);
        }
        Ok(roles)
    }

    /// No role for a column that the caller gives another.
    fn forget(&mut self, column: usize) {
        let roles = [&mut self.id, &mut self.text, &mut self.tokens, &mut self.tags, &mut self.label, &mut self.spans];
        let more = [&mut self.split, &mut self.answer, &mut self.responses, &mut self.predictions];
        for role in roles.into_iter().chain(more) {
            if *role == Some(column) {
                *role = None;
            }
        }
        self.token_columns.retain(|(_, c)| *c != column);
        self.metadata.retain(|m| m.column != column);
    }

    /// What the file says of its columns; `None` when it says nothing or names columns that are not there.
    fn own(own: &Value, names: &[String]) -> Option<Self> {
        let columns = own.get("columns")?.as_object()?;
        let place = |name: &Value| name.as_str().and_then(|name| names.iter().position(|n| n == name));
        if !columns.values().all(|name| place(name).is_some()) {
            return None;
        }
        let role = |key: &str| columns.get(key).and_then(place);
        let list = |key: &str| own.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut token_columns = Vec::new();
        for column in list("token_columns") {
            token_columns.push((column.get("name")?.as_str()?.into(), place(column.get("column")?)?));
        }
        let mut roles = Self {
            id: role("id"),
            text: role("text"),
            tokens: role("tokens"),
            tags: role("tags"),
            token_columns,
            label: role("label"),
            spans: role("spans"),
            split: role("split"),
            answer: role("answer"),
            responses: role("responses"),
            predictions: role("predictions"),
            own: true,
            derived: own.get("tags").and_then(Value::as_str) == Some("derived"),
            ..Self::default()
        };
        let flag = |column: &Value, key: &str| column.get(key).and_then(Value::as_bool).unwrap_or(false);
        for column in list("metadata") {
            roles.metadata.push(Meta {
                column: place(column.get("column")?)?,
                name: column.get("name")?.as_str()?.into(),
                json: flag(column, "json"),
                nulls: flag(column, "nulls"),
            });
        }
        // Columns that were added since.
        let mut taken = roles.taken();
        taken.extend(roles.metadata.iter().map(|m| m.column));
        let free = (0..names.len()).filter(|c| !taken.contains(c));
        let added = free.map(|column| Meta { column, name: names[column].as_str().into(), json: false, nulls: false });
        roles.metadata.extend(added.collect::<Vec<_>>());
        Some(roles)
    }

    fn guess(&mut self, names: &[String], kinds: &[Kind], kept: &[usize], options: &ReadOptions) {
        let reserved = (0..names.len()).filter(|c| options.reserves(&names[*c]));
        let mut taken: Vec<usize> = self.taken().into_iter().chain(kept.iter().copied()).chain(reserved).collect();
        let find = |taken: &[usize], wanted: &[&str], compound: bool, fits: &dyn Fn(&Kind) -> bool| {
            let free = (0..names.len()).filter(|c| !taken.contains(c) && fits(&kinds[*c]));
            by_name(free.map(|c| (c, names[c].as_str())), wanted, compound)
        };
        let only = |taken: &[usize], fits: &dyn Fn(&Kind) -> bool| {
            let mut free = (0..names.len()).filter(|c| !taken.contains(c) && fits(&kinds[*c]));
            free.next().filter(|_| free.next().is_none())
        };
        let token = |kind: &Kind| kind.is_list_of(&[Kind::Text]);
        let tag = |kind: &Kind| kind.is_list_of(&[Kind::Text, Kind::Class, Kind::Int]);
        let text = |kind: &Kind| *kind == Kind::Text;
        if self.spans.is_none() && options.label.is_none() {
            self.spans = find(&taken, SPAN_NAMES, false, &|k| *k == Kind::Spans)
                .or_else(|| only(&taken, &|k| *k == Kind::Spans));
            taken.extend(self.spans);
        }
        if self.tokens.is_none() && options.text.is_none() {
            self.tokens = find(&taken, TOKEN_NAMES, false, &token);
            taken.extend(self.tokens);
        }
        if self.tokens.is_some() {
            if self.tags.is_none() && options.label.is_none() {
                self.tags = find(&taken, TAG_NAMES, false, &tag);
                taken.extend(self.tags);
            }
            let free = (0..names.len()).filter(|&c| !taken.contains(&c) && tag(&kinds[c]));
            let more = free.filter(|&c| TOKEN_COLUMNS.contains(&names[c].to_ascii_lowercase().as_str()));
            self.token_columns = more.map(|c| (names[c].as_str().into(), c)).collect();
            taken.extend(self.token_columns.iter().map(|(_, c)| *c));
        }
        // Tags are of the tokens: with them the text is the tokens, whatever stands beside.
        let from_tokens = self.tokens.is_some() && self.spans.is_none();
        if self.text.is_none() && !from_tokens && options.text.is_none() {
            self.text = find(&taken, TEXT_NAMES, false, &text);
            taken.extend(self.text);
        }
        if self.label.is_none() && self.tags.is_none() && options.label.is_none() {
            self.label = find(&taken, LABEL_NAMES, false, &Kind::is_label);
            taken.extend(self.label);
        }
        if self.label.is_none() && self.tags.is_some() && options.label.is_none() {
            // Beside tags a label of the whole text must be called so.
            self.label = find(&taken, &["label"], false, &|k| k.is_label() && !matches!(k, Kind::List(_)));
            taken.extend(self.label);
        }
        if self.id.is_none() {
            self.id = find(&taken, ID_NAMES, false, &|k| matches!(k, Kind::Text | Kind::Int));
            self.id_guessed = self.id.is_some();
            taken.extend(self.id);
        }
        if self.split.is_none() {
            self.split = find(&taken, &["split"], false, &|k| matches!(k, Kind::Text | Kind::Class));
            taken.extend(self.split);
        }
        if self.text.is_none() && self.tokens.is_none() && options.text.is_none() {
            self.text = find(&taken, TEXT_NAMES, true, &text);
            taken.extend(self.text);
        }
        let answered = self.label.or(self.tags).or(self.spans).is_some();
        if !answered && options.label.is_none() {
            let class = |kind: &Kind| *kind == Kind::Class || kind.is_list_of(&[Kind::Class]);
            self.label = find(&taken, LABEL_NAMES, true, &Kind::is_label).or_else(|| only(&taken, &class));
            taken.extend(self.label);
        }
        if self.text.is_none() && self.tokens.is_none() && options.text.is_none() {
            self.text = only(&taken, &text);
        }
    }

    fn say(&self, names: &[String], kinds: &[Kind], options: &ReadOptions, remarks: &mut Remarks) {
        if self.own {
            return;
        }
        let column = |c: usize| format!("column '{}'", quote(&names[c]));
        if options.text.is_none() {
            let what = match (self.text, self.tokens) {
                (Some(text), _) => format!("text is {}", column(text)),
                (None, Some(tokens)) => format!("text is {}, the tokens joined by a space", column(tokens)),
                (None, None) => "there is no text column".to_owned(),
            };
            remarks.guess(what, Some("--text"));
        }
        if options.label.is_none() {
            if let Some(spans) = self.spans {
                remarks.guess(format!("spans are {}", column(spans)), Some("--label"));
            }
            if let Some(tags) = self.tags.filter(|_| self.spans.is_none()) {
                remarks.guess(format!("tags of tokens are {}", column(tags)), Some("--label"));
            }
            if let Some(label) = self.label {
                remarks.guess(format!("label is {}", column(label)), Some("--label"));
            }
            if self.spans.or(self.tags).or(self.label).is_none() {
                remarks.guess("there is no label column: the records have no labels", Some("--label"));
            }
        }
        let numbers = |c: &usize| matches!(kinds[*c], Kind::Int) || kinds[*c].is_list_of(&[Kind::Int]);
        if let Some(label) = self.label.filter(numbers) {
            let found = format!("labels are the numbers of {}: the file gives them no names", column(label));
            remarks.guess(found, Some("--label"));
        }
    }
}

fn is_tokens(kind: &Kind, name: &str) -> bool {
    kind.is_list_of(&[Kind::Text]) && TOKEN_NAMES.contains(&name.to_ascii_lowercase().as_str())
}

//! Prodigy tasks become records.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::together::{merge, records};
use super::{COMMENT, DETAILS, REJECTED_SPANS, SETTING, is_answer};
use crate::corpus::{Answer, Choice, Key, Mark, Place, Status, TokenMark};
use crate::error::{DataError, list, quote};
use crate::formats::tasks::{Keys, SpanCheck, medium, objects, position};
use crate::input::Input;
use crate::json::{Object, scalar, shape};
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

const VALID: &str = "a task with a 'text', and an 'answer' of accept, reject or ignore";

/// What a task asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Whether a label holds; nothing is named where the text itself is accepted or rejected.
    Binary(Option<String>),
    /// Which options hold.
    Choice,
    /// Which spans there are.
    Spans,
    /// Both.
    Both,
    /// Nothing.
    Nothing,
}

/// One line of the file.
pub(super) struct Task {
    pub place: Place,
    pub text: String,
    pub id: Option<String>,
    /// The hash of the input as it stands.
    pub input: Option<String>,
    pub kind: Kind,
    pub annotator: Option<String>,
    pub status: Option<Status>,
    pub answer: Answer,
    pub time: Option<String>,
    pub seconds: Option<f64>,
    pub answer_id: Option<String>,
    pub details: Vec<(Key, Value)>,
    pub metadata: Vec<(Key, Value)>,
    pub tokens: Vec<TokenMark>,
}

/// What is true of the whole file.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // Each says whether something occurs.
struct Survey {
    /// Labels that are asked for one by one, by first occurrence.
    labels: Vec<String>,
    accepts: usize,
    rejects: usize,
    answers: usize,
    spans: bool,
    choices: bool,
    /// Whether annotators have names of their own; else sessions stand for them.
    annotators: bool,
    sessions: bool,
    /// The options of most tasks: those of the first.
    options: Option<Value>,
    /// What tasks say of how many options may hold.
    several: Option<bool>,
}

impl Survey {
    fn of(objects: &[Object]) -> Self {
        let mut survey = Self::default();
        let mut seen = FxHashSet::default();
        for fields in objects.iter().map(|o| &o.fields) {
            let answer = fields.get("answer").and_then(Value::as_str);
            survey.answers += usize::from(answer.is_some());
            survey.accepts += usize::from(answer == Some("accept"));
            survey.rejects += usize::from(answer == Some("reject"));
            survey.annotators |= fields.get("_annotator_id").is_some_and(|v| !v.is_null());
            survey.sessions |= fields.get("_session_id").is_some_and(|v| !v.is_null());
            if is_choice(fields) {
                survey.choices = true;
                if survey.options.is_none() {
                    survey.options = fields.get("options").filter(|options| options.is_array()).cloned();
                }
                if let Some(style) = fields.get("config").and_then(|c| c.get("choice_style")).and_then(Value::as_str) {
                    survey.several = Some(style != "single");
                }
            } else if let Some(label) = fields.get("label").and_then(scalar)
                && !seen.contains(&label)
            {
                seen.insert(label.clone());
                survey.labels.push(label);
            } else if !fields.contains_key("label") {
                survey.spans |= fields.get("spans").is_some_and(Value::is_array);
            }
        }
        survey
    }

    /// The words for yes and no, where the file asks one question that is answered by both.
    fn binary(&self) -> Option<(String, String, Option<&str>)> {
        if self.rejects == 0 || self.choices {
            return None;
        }
        match self.labels.as_slice() {
            [label] if !self.spans => Some((label.clone(), format!("not {label}"), Some(label))),
            [] if !self.spans && self.accepts > 0 => Some(("accept".to_owned(), "reject".to_owned(), None)),
            _ => None,
        }
    }
}

fn is_choice(fields: &Map<String, Value>) -> bool {
    let list = |key| fields.get(key).is_some_and(Value::is_array);
    list("options") || list("accept")
}

/// Reads Prodigy's JSON lines.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let objects = objects(input.text()?, reading.remarks)?;
    let total = objects.len() + reading.remarks.skipped.len();
    let survey = Survey::of(&objects);
    if let Some((first, what)) = objects.iter().find_map(|o| Some((o, medium(&o.fields)?)))
        && objects.iter().all(|o| !o.fields.contains_key("text"))
    {
        return Err(reading.error(&Place::line(first.line), format!("a task on {what}"), "tasks with a 'text'"));
    }
    let mut reader = Reader {
        survey: &survey,
        binary: survey.binary(),
        text: options.text.as_deref().unwrap_or("text"),
        keys: Keys::default(),
        spans: SpanCheck::default(),
        one_by_one: 0,
        bad_tokens: 0,
    };
    let mut tasks: Vec<Task> = Vec::with_capacity(objects.len());
    for object in objects {
        let place = Place::line(object.line);
        match reader.task(object, reading)? {
            Ok(task) => tasks.push(task),
            Err(found) => reading.remarks.skip_malformed_at(&place, found, VALID)?,
        }
    }
    reading.remarks.check_malformed(total, VALID, "is it another format? try --from")?;
    let (spans, one_by_one, bad_tokens) = (reader.spans, reader.one_by_one, reader.bad_tokens);
    let binary = reader.binary;
    spans.say(reading)?;
    if one_by_one > 0 {
        reading.note(format!(
            "{} to proposed spans one by one: rejected spans are no gold, and a text may hold spans that nobody was \
             asked about",
            count(one_by_one, "answer")
        ));
    }
    if bad_tokens > 0 {
        reading.note(format!("the tokens of {} do not fit the text and were left out", count(bad_tokens, "task")));
    }
    let before = tasks.len();
    let tasks = merge(tasks, &survey.labels);
    let merged = tasks.len() < before;
    declare(&survey, binary, merged, &tasks, reading);
    if merged {
        reading.guess(
            format!("the answers of a person to the {} labels of a text are one label set", survey.labels.len()),
            None,
        );
    }
    if survey.sessions && !survey.annotators && tasks.iter().any(|task| task.annotator.is_some()) {
        reading.guess("annotators are named by their sessions ('_session_id')", None);
    }
    records(tasks, reading)
}

/// States how answers became labels, and keeps what the writer needs.
fn declare(
    survey: &Survey,
    binary: Option<(String, String, Option<&str>)>,
    merged: bool,
    tasks: &[Task],
    reading: &mut Reading,
) {
    if survey.answers == 0 && tasks.iter().any(|task| !matches!(task.kind, Kind::Nothing)) {
        reading.guess("no task has an 'answer': what is annotated is accepted, as 'prodigy db-in' takes it", None);
    }
    if let Some((yes, no, label)) = binary {
        let what = label.map_or("whether a text is accepted".to_owned(), |l| format!("whether '{}' holds", quote(l)));
        let labels = list(&[format!("'{yes}'"), format!("'{no}'")]);
        reading.guess(format!("every answer says {what}: the labels are {labels}"), None);
        reading.outline.declare_label(&yes);
        reading.outline.declare_label(&no);
        reading.outline.several = Some(false);
        reading.outline.settings.push((SETTING.into(), json!({"yes": yes, "no": no, "label": label})));
    } else if survey.choices {
        let ids = survey.options.iter().filter_map(Value::as_array).flatten().filter_map(|o| o.get("id"));
        let mut seen = FxHashSet::default();
        let ids = ids.filter_map(scalar).filter(|id| seen.insert(id.clone()));
        reading.outline.declared_labels.extend(ids);
        let accepted = tasks.iter().filter(|task| task.status == Some(Status::Accepted));
        let one = accepted.filter_map(|task| task.answer.labels.as_ref()).all(|labels| labels.len() == 1);
        reading.outline.several = Some(survey.several.unwrap_or(!one));
        if let Some(options) = &survey.options {
            reading.outline.settings.push((SETTING.into(), json!({"options": options})));
        }
    } else if !survey.labels.is_empty() {
        reading.outline.several = Some(merged);
        // Each once already.
        reading.outline.declared_labels.clone_from(&survey.labels);
    }
    if !survey.labels.is_empty() && !merged && !survey.choices && reading.outline.settings.is_empty() {
        reading.outline.settings.push((SETTING.into(), json!({"one": true})));
    }
}

struct Reader<'a> {
    survey: &'a Survey,
    binary: Option<(String, String, Option<&'a str>)>,
    text: &'a str,
    keys: Keys,
    spans: SpanCheck,
    /// Answers to a single proposed span.
    one_by_one: usize,
    bad_tokens: usize,
}

impl Reader<'_> {
    /// A task; the inner error is a noun phrase that says why it is none.
    fn task(&mut self, object: Object, reading: &mut Reading) -> Result<Result<Task, String>, DataError> {
        let place = Place::line(object.line);
        let fields = object.fields;
        let Some(text) = fields.get(self.text).and_then(Value::as_str).map(str::to_owned) else {
            let found = match (fields.get(self.text), medium(&fields)) {
                (None, Some(what)) => format!("a task on {what}"),
                (None, None) => format!("no '{}'", quote(self.text)),
                (Some(other), _) => format!("{} in '{}'", shape(other), quote(self.text)),
            };
            return Ok(Err(found));
        };
        let given = match fields.get("answer") {
            None | Some(Value::Null) => None,
            Some(Value::String(word)) if is_answer(word) => Some(word.clone()),
            Some(other) => return Ok(Err(format!("the answer {}", shape(other)))),
        };
        let kind = self.kind(&fields, given.is_some());
        let status = match (given.as_deref(), &kind) {
            (Some("accept"), _) => Some(Status::Accepted),
            (Some("reject"), Kind::Binary(_)) if self.binary.is_some() => Some(Status::Accepted),
            (Some("reject"), _) => Some(Status::Rejected),
            (Some(_), _) => Some(Status::Ignored),
            (None, Kind::Nothing) => None,
            (None, _) if self.survey.answers == 0 => Some(Status::Accepted),
            (None, _) => Some(Status::Draft),
        };
        let mut task = Task {
            place,
            text,
            id: None,
            input: None,
            kind,
            annotator: None,
            status,
            answer: Answer::default(),
            time: None,
            seconds: None,
            answer_id: None,
            details: Vec::new(),
            metadata: Vec::new(),
            tokens: Vec::new(),
        };
        if let Err(found) = self.labels(&fields, given.as_deref(), &mut task) {
            return Ok(Err(found));
        }
        if matches!(task.kind, Kind::Spans | Kind::Both) {
            self.spans(&fields, given.as_deref(), &mut task, reading)?;
        }
        self.rest(fields, &mut task);
        Ok(Ok(task))
    }

    fn kind(&self, fields: &Map<String, Value>, answered: bool) -> Kind {
        let spans = fields.get("spans").is_some_and(Value::is_array);
        if is_choice(fields) {
            return if spans { Kind::Both } else { Kind::Choice };
        }
        if let Some(label) = fields.get("label").and_then(scalar) {
            return Kind::Binary(Some(label));
        }
        if spans || answered && self.survey.spans {
            return Kind::Spans;
        }
        if answered && self.binary.as_ref().is_some_and(|(.., label)| label.is_none()) {
            return Kind::Binary(None);
        }
        Kind::Nothing
    }

    fn labels(&self, fields: &Map<String, Value>, given: Option<&str>, task: &mut Task) -> Result<(), String> {
        match &task.kind {
            Kind::Binary(label) => {
                let word = match (&self.binary, given) {
                    (Some((_, no, _)), Some("reject")) => no.clone(),
                    (Some((yes, ..)), _) => yes.clone(),
                    (None, _) => label.clone().unwrap_or_default(),
                };
                task.answer = Answer::labels([word]);
            }
            Kind::Choice | Kind::Both => {
                let ids = match fields.get("accept") {
                    None | Some(Value::Null) => &[],
                    Some(Value::Array(ids)) => ids.as_slice(),
                    Some(other) => return Err(format!("{} in 'accept'", shape(other))),
                };
                let mut choices = Vec::with_capacity(ids.len());
                for id in ids {
                    let label = scalar(id).ok_or_else(|| format!("{} in 'accept'", shape(id)))?;
                    choices.push(Choice { label, ..Choice::default() });
                }
                task.answer.labels = Some(choices);
            }
            Kind::Spans | Kind::Nothing => {}
        }
        Ok(())
    }

    fn spans(
        &mut self,
        fields: &Map<String, Value>,
        given: Option<&str>,
        task: &mut Task,
        reading: &mut Reading,
    ) -> Result<(), DataError> {
        let offsets = Offsets::new(&task.text, OffsetUnit::CodePoint);
        let mut marks = Vec::new();
        let mut rejected = Vec::new();
        let mut single = given == Some("reject");
        for span in fields.get("spans").and_then(Value::as_array).into_iter().flatten() {
            let Some(object) = span.as_object() else {
                self.spans.leave_out(&task.place, format!("{} among the spans", shape(span)), reading)?;
                continue;
            };
            let own = object.get("answer").and_then(Value::as_str);
            single |= own.is_some();
            if given == Some("accept") && own.is_some_and(|own| own != "accept") {
                rejected.push(span.clone());
                continue;
            }
            let Some(label) = object.get("label").and_then(scalar) else {
                self.spans.leave_out(&task.place, format!("{} without a label", shape(span)), reading)?;
                continue;
            };
            let quoted = object.get("text").and_then(Value::as_str);
            let edges = (position(object.get("start")), position(object.get("end")), quoted);
            let Some((start, end)) = self.spans.range(&task.text, &offsets, edges, &task.place, reading)? else {
                continue;
            };
            let mut mark = Mark::new(start, end, label);
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("start" | "end" | "label" | "text" | "token_start" | "token_end", _) => {}
                    ("id", Value::String(id)) => mark.id = Some(id.clone()),
                    ("score", Value::Number(n)) if n.as_f64().is_some_and(|p| (0.0..=1.0).contains(&p)) => {
                        mark.score = n.as_f64();
                    }
                    _ => mark.attributes.push((self.keys.get(key), value.clone())),
                }
            }
            marks.push(mark);
        }
        self.one_by_one += usize::from(single && !(marks.is_empty() && rejected.is_empty()));
        if !rejected.is_empty() {
            task.details.push((self.keys.get(REJECTED_SPANS), Value::Array(rejected)));
        }
        task.answer.spans = Some(marks);
        Ok(())
    }

    /// Everything beside the answer.
    fn rest(&mut self, fields: Map<String, Value>, task: &mut Task) {
        let choice = matches!(task.kind, Kind::Choice | Kind::Both);
        let by_session = !self.survey.annotators;
        if let Some(name) = fields.get("_annotator_id") {
            task.annotator = scalar(name);
        }
        for (key, value) in fields {
            if key == self.text || value.is_null() && key.starts_with('_') {
                continue;
            }
            match key.as_str() {
                "answer" | "_annotator_id" => {}
                "accept" if choice => {}
                "spans" if matches!(task.kind, Kind::Spans | Kind::Both) => {}
                "label" if matches!(task.kind, Kind::Binary(_)) => {}
                "options" if choice && Some(&value) == self.survey.options.as_ref() => {}
                "config" if choice && is_style(&value) => {}
                "id" if task.id.is_none() && scalar(&value).is_some() => task.id = scalar(&value),
                "_session_id" if by_session => task.annotator = scalar(&value),
                "_timestamp" | "_time" if scalar(&value).is_some() => task.time = scalar(&value),
                "_seconds" if value.is_number() => task.seconds = value.as_f64(),
                "_answer_id" if value.is_string() => task.answer_id = scalar(&value),
                COMMENT if value.is_string() => task.answer.comment = scalar(&value),
                "tokens" if value.is_array() => match tokens(&task.text, &value) {
                    Some(tokens) => task.tokens = tokens,
                    None => self.bad_tokens += 1,
                },
                // As old versions and the writer name the sessions of named annotators.
                "_session_id" if scalar(&value) == task.annotator => {}
                name if DETAILS.contains(&name) => task.details.push((self.keys.get(name), value)),
                name => {
                    if name == "_input_hash" {
                        task.input = scalar(&value);
                    }
                    self.keys.take(name, value, &mut task.metadata);
                }
            }
        }
    }
}

fn is_style(config: &Value) -> bool {
    config.as_object().is_some_and(|config| config.len() == 1 && config.contains_key("choice_style"))
}

/// The tokens of a task, when they stand in the text in order.
fn tokens(text: &str, value: &Value) -> Option<Vec<TokenMark>> {
    let offsets = Offsets::new(text, OffsetUnit::CodePoint);
    let mut last = 0;
    let items = value.as_array()?;
    let mut tokens = Vec::with_capacity(items.len());
    for item in items {
        let (start, end) = (position(item.get("start"))?, position(item.get("end"))?);
        let (start, end) = (offsets.to_byte(start)?, offsets.to_byte(end)?);
        let covered = text.get(start..end)?;
        if start < last || item.get("text").and_then(Value::as_str).is_some_and(|quoted| quoted != covered) {
            return None;
        }
        last = end;
        tokens.push(TokenMark { start, end, ..TokenMark::default() });
    }
    Some(tokens)
}

//! Writes the full export, one task a line within the array, as Label Studio imports it and its converter reads it.

use serde_json::Value;
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::object::{self, Fields, list};
use super::results::{choices_value, field_of, is_choice, is_comment, is_place, is_plain, prefix};
use super::task::id_value;
use super::{COMMENT, ID, Names, OURS, RESULTS, SPANS, TASK, choices_name, integer, user};
use crate::corpus::{Answer, Choice, Mark, Outline, Prediction, Record, Response, Status};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Begins to write.
pub(super) fn begin(outline: &Outline) -> Box<dyn Writer> {
    Box::new(Full {
        names: Names::of(outline),
        labels: outline.occurs.labels > 0,
        spans: outline.occurs.spans > 0,
        n: 0,
    })
}

struct Full {
    names: Names,
    /// Whether answers hold labels, and spans, at all.
    labels: bool,
    spans: bool,
    n: i64,
}

impl Writer for Full {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let buffer = out.buffer();
        buffer.extend_from_slice(if self.n == 0 { b"[\n" } else { b",\n" });
        self.n += 1;
        let rest = record.value(TASK).and_then(Value::as_object);
        let rest_of = |key: &str| rest.and_then(|rest| rest.get(key));
        let offsets = Offsets::new(record.text(), OffsetUnit::Utf16);
        let text = Text { text: record.text(), offsets: &offsets };
        let mut task = Fields::new(buffer);
        let number = record.id.as_deref().and_then(integer);
        task.value("id", &Value::from(number.unwrap_or(self.n)));
        self.data(record, number, task.key("data"), losses);
        let drafts: Vec<&Response> = record.responses.iter().filter(|r| r.status == Status::Draft).collect();
        // What a person marked as the reference is not written a second time.
        let marked = |r: &Response| r.extra.iter().any(|(key, v)| &**key == "ground_truth" && *v == Value::Bool(true));
        let first = record.responses.iter().find(|r| marked(r) && r.status == Status::Accepted);
        let gold = record.gold.as_ref().filter(|gold| first.is_none_or(|response| response.answer != **gold));
        // The converter sorts annotations by their time and cannot compare a time with none.
        let timed = record.responses.iter().any(|r| r.time.is_some());
        let annotations = task.key("annotations");
        annotations.push(b'[');
        if let Some(gold) = gold {
            self.gold(gold, timed, &text, annotations, losses, record);
        }
        let mut comma = gold.is_some();
        for response in record.responses.iter().filter(|r| r.status != Status::Draft) {
            if std::mem::replace(&mut comma, true) {
                annotations.push(b',');
            }
            self.response(response, timed, &text, annotations, losses, record);
        }
        annotations.push(b']');
        if !drafts.is_empty() || rest_of("drafts").is_some() {
            list(task.key("drafts"), drafts, |out, draft| self.response(draft, false, &text, out, losses, record));
        }
        let unknown = rest_of("predictions").and_then(Value::as_array);
        let predictions = task.key("predictions");
        list(predictions, &record.predictions, |out, prediction| {
            self.prediction(prediction, &text, out, losses, record);
        });
        if let Some(unknown) = unknown {
            predictions.pop();
            for (i, number) in unknown.iter().enumerate() {
                if i > 0 || !record.predictions.is_empty() {
                    predictions.push(b',');
                }
                let _ = serde_json::to_writer(&mut *predictions, number);
            }
            predictions.push(b']');
        }
        let mut meta = rest_of("meta").cloned();
        if let Some(split) = &record.split {
            let mut fields = meta.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
            fields.insert("split".to_owned(), Value::from(&**split));
            meta = Some(Value::Object(fields));
        }
        if let Some(meta) = meta {
            task.value("meta", &meta);
        }
        for (key, value) in rest.into_iter().flatten() {
            let written = ["id", "data", "annotations", "drafts", "predictions", "meta", "gold"];
            if !written.contains(&key.as_str()) {
                task.value(key, value);
            }
        }
        task.end();
        out.flush_if_full()
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        out.write(if self.n == 0 { b"[]\n" } else { b"\n]\n" })
    }
}

/// A text and its offsets.
struct Text<'a> {
    text: &'a str,
    offsets: &'a Offsets<'a>,
}

impl Full {
    fn data(&self, record: &Record, number: Option<i64>, out: &mut Vec<u8>, losses: &mut Losses) {
        let mut data = Fields::new(out);
        data.text(&self.names.text, record.text());
        for (key, value) in &record.metadata {
            match &**key {
                TASK if value.is_object() => {}
                key if key == self.names.text || key == ID => {
                    losses
                        .add(Loss::Metadata, &record.place, || format!("column '{}', whose name is taken", quote(key)));
                }
                key => data.value(key, value),
            }
        }
        if let Some(id) = record.id.as_deref().filter(|_| number.is_none()) {
            data.text(ID, id);
        }
        data.end();
    }

    fn gold(&self, gold: &Answer, timed: bool, text: &Text, out: &mut Vec<u8>, losses: &mut Losses, record: &Record) {
        let details = record.value(TASK).and_then(|rest| rest.get("gold")).and_then(Value::as_object);
        let detail = |key: &str| details.and_then(|details| details.get(key));
        let mut fields = Fields::new(out);
        for (key, value) in details.into_iter().flatten().filter(|(key, _)| *key != RESULTS && *key != OURS) {
            fields.value(key, value);
        }
        let kept = detail(RESULTS).and_then(Value::as_array).map(Vec::as_slice);
        self.results(gold, kept.unwrap_or_default(), text, fields.key("result"), losses, record);
        fields.value("was_cancelled", &Value::Bool(false));
        fields.value("ground_truth", &Value::Bool(true));
        if timed && detail("created_at").is_none() {
            fields.text("created_at", "");
        }
        self.ours(gold, Status::Accepted, &mut fields);
        fields.end();
    }

    fn response(
        &self,
        response: &Response,
        timed: bool,
        text: &Text,
        out: &mut Vec<u8>,
        losses: &mut Losses,
        record: &Record,
    ) {
        let draft = response.status == Status::Draft;
        let by = if draft { "user" } else { "completed_by" };
        let extra = |name: &str| response.extra.iter().find(|(key, _)| &**key == name).map(|(_, value)| value);
        let mut fields = Fields::new(out);
        if let Some(id) = &response.id {
            fields.value("id", &id_value(id));
        }
        // The person as the file had it, where that is still the same one.
        match (extra(by).filter(|raw| super::who(raw) == response.annotator), &response.annotator) {
            (Some(raw), _) => fields.value(by, raw),
            (None, Some(name)) if draft => fields.value(by, &id_value(name)),
            (None, Some(name)) => fields.value(by, &user(name)),
            (None, None) if draft => {}
            (None, None) => fields.value(by, &Value::Null),
        }
        let kept = extra(RESULTS).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        self.results(&response.answer, kept, text, fields.key("result"), losses, record);
        if !draft {
            fields.value("was_cancelled", &Value::Bool(response.status == Status::Skipped));
            fields.value("ground_truth", extra("ground_truth").unwrap_or(&Value::Bool(false)));
        }
        match &response.time {
            Some(time) => fields.text("created_at", time),
            None if timed => fields.text("created_at", ""),
            None => {}
        }
        fields.some("lead_time", response.seconds);
        for (key, value) in &response.extra {
            let written = ["id", "result", "was_cancelled", "ground_truth", "created_at", "lead_time", RESULTS, OURS];
            if &**key != by && !written.contains(&&**key) {
                fields.value(key, value);
            }
        }
        self.ours(&response.answer, response.status, &mut fields);
        fields.end();
    }

    fn prediction(
        &self,
        prediction: &Prediction,
        text: &Text,
        out: &mut Vec<u8>,
        losses: &mut Losses,
        record: &Record,
    ) {
        let mut fields = Fields::new(out);
        if let Some(id) = &prediction.id {
            fields.value("id", &id_value(id));
        }
        if let Some(model) = &prediction.model {
            fields.text("model_version", model);
        }
        fields.some("score", prediction.score);
        let kept = prediction.extra.iter().find(|(key, _)| &**key == RESULTS).and_then(|(_, kept)| kept.as_array());
        self.results(
            &prediction.answer,
            kept.map(Vec::as_slice).unwrap_or_default(),
            text,
            fields.key("result"),
            losses,
            record,
        );
        if !prediction.scores.is_empty() {
            let mut scores = Fields::new(fields.key("scores"));
            prediction.scores.iter().for_each(|(label, score)| scores.value(label, &Value::from(*score)));
            scores.end();
        }
        if let Some(time) = &prediction.time {
            fields.text("created_at", time);
        }
        for (key, value) in &prediction.extra {
            let written = ["id", "model_version", "score", "result", "scores", "created_at", RESULTS, OURS];
            if !written.contains(&&**key) {
                fields.value(key, value);
            }
        }
        self.ours(&prediction.answer, Status::Accepted, &mut fields);
        fields.end();
    }

    /// What Label Studio has no field for: a status, and which parts were asked where the results do not show it.
    fn ours(&self, answer: &Answer, status: Status, fields: &mut Fields) {
        let unseen = |asked: Option<bool>, occurs: bool| asked.map_or(occurs, |empty| empty);
        let labels = answer.labels.as_ref().map(Vec::is_empty);
        let spans = answer.spans.as_ref().map(Vec::is_empty);
        let asked = unseen(labels, self.labels) || unseen(spans, self.spans);
        let status = Some(status).filter(|status| matches!(status, Status::Rejected | Status::Ignored));
        if !asked && status.is_none() {
            return;
        }
        let mut ours = Fields::new(fields.key(OURS));
        if asked {
            let parts = [("labels", labels.is_some()), ("spans", spans.is_some())];
            let parts = parts.into_iter().filter_map(|(part, asked)| asked.then_some(part));
            list(ours.key("asked"), parts, crate::json::push_string);
        }
        if let Some(status) = status {
            ours.text("status", status.name());
        }
        ours.end();
    }

    fn results(
        &self,
        answer: &Answer,
        kept: &[Value],
        text: &Text,
        out: &mut Vec<u8>,
        losses: &mut Losses,
        record: &Record,
    ) {
        out.push(b'[');
        let mut first = true;
        let mut next = |out: &mut Vec<u8>| {
            if !std::mem::replace(&mut first, false) {
                out.push(b',');
            }
        };
        let mut spans = answer.spans.as_deref().unwrap_or_default();
        while let Some(mark) = spans.first() {
            // Marks that differ by their label alone are one result.
            let same = |other: &Mark| {
                mark.id.is_some()
                    && Mark { label: String::new(), ..other.clone() } == Mark { label: String::new(), ..mark.clone() }
            };
            let n = 1 + spans[1..].iter().take_while(|other| other.id == mark.id && same(other)).count();
            next(out);
            self.span(&spans[..n], text, out);
            spans = &spans[n..];
        }
        self.choices(answer.labels.as_deref().unwrap_or_default(), kept, out, &mut next);
        if let Some(comment) = &answer.comment {
            let details = kept.iter().find(|entry| is_comment(entry));
            let value = serde_json::json!({ "text": [comment] });
            next(out);
            self.detailed(COMMENT, "textarea", &value, None, details, out);
        }
        for entry in kept {
            let comment = is_comment(entry) && answer.comment.is_some();
            if !(is_choice(entry) || comment || is_comment(entry) && entry.get("value").is_none()) {
                next(out);
                let _ = serde_json::to_writer(&mut *out, entry);
            }
        }
        for relation in &answer.relations {
            if relation.arguments.len() < 2 {
                losses.add(Loss::Relations, &record.place, || {
                    format!("'{}', which ties less than two spans together", quote(&relation.kind))
                });
                continue;
            }
            next(out);
            object::relation(relation, out);
        }
        out.push(b']');
    }

    fn span(&self, marks: &[Mark], text: &Text, out: &mut Vec<u8>) {
        let mark = &marks[0];
        let attribute = |name: &str| mark.attributes.iter().find(|(key, _)| &**key == name).map(|(_, value)| value);
        let kind = attribute("type").and_then(Value::as_str).unwrap_or("labels");
        let mut result = Fields::new(out);
        if let Some(id) = &mark.id {
            result.text("id", id);
        }
        result.text("from_name", mark.field.as_deref().unwrap_or(SPANS));
        if attribute("to_name").is_none() {
            result.text("to_name", &self.names.to_name);
        }
        if attribute("type").is_none() {
            result.text("type", kind);
        }
        let mut value = Fields::new(result.key("value"));
        let offset = |byte| Value::from(text.offsets.from_byte(byte).unwrap_or(0));
        // A place in a page's tree is written as it was.
        let placed = mark.attributes.iter().any(|(key, _)| is_place(key));
        for (name, byte) in [("start", mark.start), ("end", mark.end)] {
            if !placed {
                value.value(name, &offset(byte));
            }
        }
        if attribute("value.text").is_none() {
            value.text("text", text.text.get(mark.start..mark.end).unwrap_or_default());
        }
        list(value.key(kind), marks, |out, mark| crate::json::push_string(out, &mark.label));
        for (key, field) in &mark.attributes {
            if let Some(("value", name)) = prefix(key) {
                value.value(name, field);
            }
        }
        value.end();
        result.some("score", mark.score);
        let mut meta: Vec<(&str, &Value)> = Vec::new();
        for (key, field) in &mark.attributes {
            match prefix(key) {
                Some(("value", _)) => {}
                Some(("result", name)) => result.value(name, field),
                Some((_, name)) => meta.push((name, field)),
                None if is_plain(key) => result.value(key, field),
                None => meta.push((key, field)),
            }
        }
        if !meta.is_empty() {
            let mut fields = Fields::new(result.key("meta"));
            meta.iter().for_each(|(key, value)| fields.value(key, value));
            fields.end();
        }
        result.end();
    }

    /// One result a question; several where its labels have scores of their own.
    fn choices(&self, labels: &[Choice], kept: &[Value], out: &mut Vec<u8>, next: &mut dyn FnMut(&mut Vec<u8>)) {
        let usual = choices_name(self.spans);
        let mut fields: Vec<&str> = Vec::new();
        for choice in labels {
            let field = choice.field.as_deref().unwrap_or(usual);
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        let mut written: Vec<&str> = Vec::new();
        for field in fields {
            let of_field: Vec<&Choice> =
                labels.iter().filter(|choice| choice.field.as_deref().unwrap_or(usual) == field).collect();
            let mut details = kept.iter().find(|entry| is_choice(entry) && field_of(entry) == Some(field));
            let kind = details.and_then(|d| d.get("type")).and_then(Value::as_str).unwrap_or("choices");
            for group in of_field.chunk_by(|a, b| a.score == b.score) {
                let names: Vec<&str> = group.iter().map(|choice| choice.label.as_str()).collect();
                let raw = details
                    .and_then(|entry| entry.get("value"))
                    .filter(|raw| super::results::choices(raw.as_object(), kind).is_some_and(|labels| labels == names));
                let made = raw.is_none().then(|| choices_value(kind, &names));
                next(out);
                let value = raw.or(made.as_ref()).unwrap_or(&Value::Null);
                self.detailed(field, kind, value, group[0].score, details.take(), out);
            }
            written.push(field);
        }
        // Questions that were answered with no label at all.
        for entry in kept.iter().filter(|entry| is_choice(entry)) {
            if let Some(field) = field_of(entry).filter(|field| !written.contains(field)) {
                let kind = entry.get("type").and_then(Value::as_str).unwrap_or("choices");
                let none = choices_value(kind, &[]);
                next(out);
                self.detailed(field, kind, entry.get("value").unwrap_or(&none), None, Some(entry), out);
            }
        }
    }

    /// A result with what was kept of it.
    fn detailed(
        &self,
        field: &str,
        kind: &str,
        value: &Value,
        score: Option<f64>,
        details: Option<&Value>,
        out: &mut Vec<u8>,
    ) {
        let details = details.and_then(Value::as_object);
        let mut result = Fields::new(out);
        result.text("from_name", field);
        if details.is_none_or(|d| !d.contains_key("to_name")) {
            result.text("to_name", &self.names.to_name);
        }
        result.text("type", kind);
        result.value("value", value);
        result.some("score", score);
        for (key, value) in details.into_iter().flatten() {
            if !(matches!(key.as_str(), "from_name" | "type" | "value") || key == "score" && score.is_some()) {
                result.value(key, value);
            }
        }
        result.end();
    }
}

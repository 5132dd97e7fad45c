//! What is decided for a whole file from its first tasks: which field of `data` is the text, and which configuration
//! beside the file is its own.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};

use super::config::{Config, read_config};
use super::{Names, OURS};
use crate::columns::{self, TEXT_NAMES};
use crate::corpus::Place;
use crate::error::{DataError, list, quote};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::reading::Reading;

/// What a task must be, for messages.
pub(super) const VALID: &str = "a task with a text: a string in its 'data', such as {\"data\": {\"text\": \"...\"}}";
/// Results about pictures, sounds and films.
const MEDIA: &[&str] = &[
    "rectangle",
    "polygon",
    "brush",
    "keypoint",
    "ellipse",
    "bitmask",
    "vector",
    "video",
    "timeline",
    "timeseries",
    "cube",
];
/// Largest configuration, in bytes.
const MOST_CONFIG: usize = 1 << 20;

/// What was decided.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub names: Names,
    pub config: Option<Config>,
}

impl Plan {
    /// Whether an object of results shows something else than the text; `data` is what the task has besides the text.
    pub fn is_elsewhere(&self, to_name: &str, data: &Map<String, Value>) -> bool {
        if to_name.is_empty() || to_name == self.names.to_name {
            return false;
        }
        match self.config.as_ref().and_then(|config| config.field_of(to_name)) {
            Some(field) => field != self.names.text,
            None => data.contains_key(to_name),
        }
    }
}

/// What the first tasks show.
#[derive(Default)]
struct Seen<'a> {
    /// Fields of `data` with a string that may be a text: name, how many tasks, characters, spans whose quote is in it.
    fields: Vec<(&'a str, usize, usize, usize)>,
    /// Objects of results, with how many results name each; spans count more.
    objects: Vec<(&'a str, usize)>,
    controls: FxHashSet<&'a str>,
    /// The first task of something else, and how many.
    media: Option<(usize, String)>,
    results: [usize; 2],
    data: usize,
}

fn add<'a>(counts: &mut Vec<(&'a str, usize)>, name: &'a str, n: usize) {
    match counts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, count)) => *count += n,
        None => counts.push((name, n)),
    }
}

/// Whether a string names a file or page instead of being a text.
fn is_address(text: &str) -> bool {
    let schemes = ["http://", "https://", "s3://", "gs://", "azure-blob://", "file://", "data:", "/data/"];
    let head = text.trim_start();
    schemes.iter().any(|scheme| head.starts_with(scheme)) && !head.contains(char::is_whitespace)
}

/// All results of a task.
fn results(task: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    ["annotations", "completions", "predictions"]
        .into_iter()
        .filter_map(move |key| task.get(key)?.as_array())
        .flatten()
        .filter_map(|answer| answer.get("result")?.as_array())
        .flatten()
        .filter_map(Value::as_object)
}

fn look(tasks: &[Value]) -> Seen<'_> {
    let mut seen = Seen::default();
    for (number, task) in tasks.iter().enumerate() {
        let Some(data) = task.get("data").and_then(Value::as_object) else {
            continue;
        };
        seen.data += 1;
        let mut address = None;
        for (name, value) in data {
            let Some(text) = value.as_str().filter(|_| name != super::ID) else {
                continue;
            };
            if is_address(text) {
                address = Some(name.as_str());
                continue;
            }
            let quotes = results(task)
                .take(100)
                .filter_map(|result| result.get("value")?.get("text")?.as_str())
                .filter(|quoted| text.contains(quoted))
                .count();
            match seen.fields.iter_mut().find(|(known, ..)| known == name) {
                Some((_, n, length, fits)) => {
                    *n += 1;
                    *length += text.len();
                    *fits += quotes;
                }
                None => seen.fields.push((name, 1, text.len(), quotes)),
            }
        }
        for result in results(task) {
            let text = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or_default();
            let (kind, to_name) = (text("type"), text("to_name"));
            if kind == "relation" {
                continue;
            }
            let shows = data.get(to_name).and_then(Value::as_str).is_some_and(is_address);
            if MEDIA.iter().any(|media| kind.starts_with(media)) || shows {
                seen.results[1] += 1;
                let what = format!("the results '{}' of '{}'", quote(kind), quote(to_name));
                seen.media.get_or_insert((number, what));
                continue;
            }
            seen.results[0] += 1;
            seen.controls.insert(text("from_name"));
            if !to_name.is_empty() {
                add(&mut seen.objects, to_name, if kind.ends_with("labels") { 1_000 } else { 1 });
            }
        }
        if let Some(name) = address.filter(|_| seen.media.is_none()) {
            seen.media = Some((number, format!("the address of a file in '{}'", quote(name))));
        }
    }
    seen
}

/// Decides from the first tasks; `place` tells where each stands.
pub(super) fn plan(
    tasks: &[Value],
    place: &dyn Fn(usize) -> Place,
    input: &Input,
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<Plan, DataError> {
    let seen = look(tasks);
    if seen.data == 0 {
        // Each task without data is named as it is read.
        return Ok(Plan::default());
    }
    if seen.fields.is_empty() || seen.results[1] > seen.results[0] {
        let (number, what) = seen.media.unwrap_or((0, "no string in 'data'".to_owned()));
        return Err(reading.error(&place(number), format!("{what}: this is not a text task"), VALID));
    }
    let config = config(input, &seen, reading);
    let used = seen.objects.iter().rev().max_by_key(|(_, n)| *n).map(|(name, _)| *name);
    let names: Vec<String> = seen.fields.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    let shown = |to_name: &str| config.as_ref()?.field_of(to_name).filter(|field| has(field));
    let text = if let Some(asked) = &options.text {
        names[columns::resolve(asked, "text", &names, &input.name)?].clone()
    } else {
        let by_config = used.and_then(shown).or_else(|| {
            let texts = config.as_ref()?.objects.iter().filter(|o| config.as_ref().is_some_and(|c| c.is_text(&o.name)));
            texts.map(|object| object.field.as_str()).find(|field| has(field))
        });
        match by_config {
            Some(field) => field.to_owned(),
            None => text(&seen, used).to_owned(),
        }
    };
    if options.text.is_none() {
        let others: Vec<&String> = names.iter().filter(|name| **name != text).collect();
        let beside = if others.is_empty() { String::new() } else { format!(" (there are also {})", list(&others)) };
        reading.guess(format!("text is data field '{}'{beside}", quote(&text)), Some("--text"));
    }
    let shows_text = |to_name: &str| match config.as_ref().and_then(|config| config.field_of(to_name)) {
        Some(field) => field == text,
        None => to_name == text || !has(to_name),
    };
    let to_name = used.filter(|name| shows_text(name)).map_or_else(
        || config.as_ref().and_then(|c| c.objects.iter().find(|o| o.field == text)).map(|object| object.name.clone()),
        |name| Some(name.to_owned()),
    );
    let to_name = to_name.unwrap_or_else(|| Names::default().to_name);
    Ok(Plan { names: Names { text, to_name }, config })
}

/// The likeliest field of the text: that which holds what spans quote, that of a usual name, the longest.
fn text<'a>(seen: &Seen<'a>, used: Option<&str>) -> &'a str {
    let most = seen.fields.iter().map(|field| field.3).max().unwrap_or(0);
    let fitting: Vec<_> = seen.fields.iter().filter(|field| most == 0 || field.3 == most).collect();
    let named = |wanted: &str| fitting.iter().find(|field| field.0 == wanted).map(|field| field.0);
    let usual = || {
        let found = columns::by_name(fitting.iter().enumerate().map(|(i, field)| (i, field.0)), TEXT_NAMES, false);
        found.map(|i| fitting[i].0)
    };
    let longest = || fitting.iter().max_by_key(|field| field.2 / field.1.max(1)).map(|field| field.0);
    used.and_then(|name| named(name.trim_start_matches('$')))
        .or_else(|| named("text"))
        .or_else(usual)
        .or_else(longest)
        .unwrap_or("text")
}

/// The configuration beside the file, where there is one that has the controls that the results name.
fn config(input: &Input, seen: &Seen, reading: &mut Reading) -> Option<Config> {
    let (name, text, config) = config_beside(input, |config| {
        let known: FxHashSet<&str> = config.controls.iter().map(|control| control.name.as_str()).collect();
        seen.controls.iter().all(|control| known.contains(control))
            && config.objects.iter().any(|object| seen.fields.iter().any(|field| field.0 == object.field))
    })?;
    use_config(&name, text, &config, reading);
    Some(config)
}

/// The first configuration beside a file that fits.
pub(super) fn config_beside(input: &Input, fits: impl Fn(&Config) -> bool) -> Option<(String, String, Config)> {
    let folder = input.beside()?;
    folder
        .here()
        .unwrap_or_default()
        .into_iter()
        .filter(|name| name.to_ascii_lowercase().ends_with(".xml"))
        .take(20)
        .find_map(|name| {
            let file = folder.read(&name).ok()?;
            let text = file.text_if_any().filter(|text| text.len() <= MOST_CONFIG && text.contains("<View"))?;
            let config = read_config(text).ok().filter(|config| !config.controls.is_empty() && fits(config))?;
            Some((name, text.to_owned(), config))
        })
}

/// Declares what a configuration asks, and keeps it.
pub(super) fn use_config(name: &str, text: String, config: &Config, reading: &mut Reading) {
    reading.guess(format!("labels and fields are those of '{}' beside the file", quote(name)), None);
    config.declare(&mut reading.outline);
    reading.outline.settings.push((super::CONFIG.into(), Value::String(text)));
}

/// What we wrote beside an answer: the parts that were asked, and what became of it.
pub(super) struct Ours {
    pub asked: Option<(bool, bool)>,
    pub status: Option<crate::corpus::Status>,
}

impl Ours {
    /// From the field of that name.
    pub fn of(value: &Value) -> Self {
        let asked = value.get("asked").and_then(Value::as_array).map(|parts| {
            let has = |part: &str| parts.iter().any(|p| p.as_str() == Some(part));
            (has("labels"), has("spans"))
        });
        let status = value.get("status").and_then(Value::as_str).and_then(crate::corpus::Status::from_name);
        Self { asked, status }
    }

    /// Whether a field is ours.
    pub fn is(key: &str, value: &Value) -> bool {
        key == OURS && value.is_object()
    }
}

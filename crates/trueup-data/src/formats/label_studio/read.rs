//! Reads the full export: tasks are split by a scan, taken apart side by side, and handed on in their order.

use rayon::prelude::*;
use serde_json::Value;
use trueup_core::offsets::OffsetUnit;

use super::plan::{Plan, VALID, plan};
use super::results::Tally;
use super::task::{Asked, Parsed, task};
use super::{Keys, choices_name};
use crate::corpus::Place;
use crate::error::{DataError, quote};
use crate::input::Input;
use crate::json;
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

/// How many tasks are looked at to decide what holds for all.
const PROBE: usize = 200;
/// How many tasks are taken apart in one piece.
const PIECE: usize = 64;

/// One object of a file, unparsed.
#[derive(Clone)]
pub(super) struct Element<'a> {
    pub line: u64,
    pub text: &'a str,
}

/// The objects of a file: of an array, of lines, or the one.
pub(super) fn elements<'a>(text: &'a str, reading: &Reading) -> Result<(Vec<Element<'a>>, bool), DataError> {
    let lines = |text: &'a str| {
        (1u64..).zip(text.split('\n')).filter(|(_, line)| !line.bytes().all(|b| b.is_ascii_whitespace()))
    };
    let found: Vec<(u64, &str)> = if text.trim_start().starts_with('[') {
        json::split_elements(text).map_err(|(line, found)| reading.error(&Place::line(line), found, json::VALID))?
    } else {
        match lines(text).next() {
            // One object over several lines.
            Some((line, first)) if serde_json::from_str::<Value>(first).is_err() && text.trim_end().ends_with('}') => {
                let whole = text.trim();
                if serde_json::from_str::<Value>(whole).is_ok() { vec![(line, whole)] } else { lines(text).collect() }
            }
            _ => lines(text).collect(),
        }
    };
    if found.is_empty() {
        return Err(reading.error(&Place::line(1), "an empty list", "at least one task"));
    }
    let in_array = text.trim_start().starts_with('[');
    Ok((found.into_iter().map(|(line, text)| Element { line, text }).collect(), in_array))
}

/// The place of each element: its line, or its number where all stand on one line.
pub(super) fn placer(elements: &[Element]) -> impl Fn(usize) -> Place {
    let lines: Vec<u64> = elements.iter().map(|element| element.line).collect();
    let one_line = lines.len() > 1 && lines.first() == lines.last();
    move |i| if one_line { Place::document(i as u64 + 1) } else { Place::line(lines.get(i).copied().unwrap_or(0)) }
}

/// Why a task was not read.
pub(super) enum Problem {
    /// It is no JSON: where in it, and what is wrong.
    Json(u64, String),
    /// It is no task; a noun phrase.
    Task(String),
}

/// Parses elements side by side.
pub(super) fn parse<T: Send>(
    elements: &[Element],
    make: impl Fn(Value, &mut Keys) -> Result<T, String> + Sync,
) -> Vec<Result<T, Problem>> {
    let pieces: Vec<Vec<Result<T, Problem>>> = elements
        .par_chunks(PIECE)
        .map(|piece| {
            let mut keys = Keys::default();
            let mut one = |element: &Element| {
                let value = serde_json::from_str(element.text).map_err(|error| {
                    let line = error.line().saturating_sub(1) as u64;
                    Problem::Json(line, format!("broken JSON ({} at column {})", json::reason(&error), error.column()))
                })?;
                make(value, &mut keys).map_err(Problem::Task)
            };
            piece.iter().map(&mut one).collect()
        })
        .collect();
    pieces.into_iter().flatten().collect()
}

/// Leaves out what could not be read; broken JSON in an array is an error of the file.
pub(super) fn problem(
    problem: Problem,
    place: &Place,
    line: u64,
    in_array: bool,
    valid: &str,
    reading: &mut Reading,
) -> Result<(), DataError> {
    match problem {
        Problem::Json(line_in, found) if in_array => {
            Err(reading.error(&Place::line(line + line_in), found, json::VALID))
        }
        Problem::Json(_, found) | Problem::Task(found) => reading.remarks.skip_malformed_at(place, found, valid),
    }
}

/// Reads the full export.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let (elements, in_array) = elements(input.text()?, reading)?;
    let place = placer(&elements);
    let probe: Vec<Value> =
        elements.iter().take(PROBE).map(|e| serde_json::from_str(e.text).unwrap_or_default()).collect();
    let plan = plan(&probe, &place, input, options, reading)?;
    drop(probe);
    let all = |unit| parse(&elements, |value, keys| task(value, &plan, unit, keys));
    let mut tasks = all(OffsetUnit::Utf16);
    let mut fits = [0, 0];
    for parsed in tasks.iter().flatten() {
        for tally in [&parsed.tally, &parsed.models] {
            fits[0] += tally.fits[0];
            fits[1] += tally.fits[1];
        }
    }
    if fits[1] > fits[0] {
        reading.guess("offsets count code points, in which the spans cover what they quote, not UTF-16 units", None);
        tasks = all(OffsetUnit::CodePoint);
    }
    push(tasks, &elements, &place, in_array, &plan, reading)?;
    plan.names.keep(&mut reading.outline);
    reading.ids_from_column = reading.outline.occurs.ids == reading.outline.occurs.records;
    reading.remarks.check_malformed(elements.len(), VALID, "is it another format? try --from")
}

fn push(
    tasks: Vec<Result<Parsed, Problem>>,
    elements: &[Element],
    place: &dyn Fn(usize) -> Place,
    in_array: bool,
    plan: &Plan,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let mut asked = Asked::default();
    if let Some(config) = &plan.config {
        asked.labels = config.choices().next().is_some();
        asked.spans = config.spans().next().is_some();
    }
    tasks.iter().flatten().for_each(|parsed| parsed.see(&mut asked));
    let usual = choices_name(asked.spans);
    let (mut people, mut models) = (Spans::default(), Spans::default());
    let mut elsewhere = (0, None);
    for (i, parsed) in tasks.into_iter().enumerate() {
        let place = place(i);
        let mut parsed = match parsed {
            Ok(parsed) => parsed,
            Err(found) => {
                problem(found, &place, elements[i].line, in_array, VALID, reading)?;
                continue;
            }
        };
        people.add(&mut parsed.tally, &place, reading)?;
        models.add(&mut parsed.models, &place, reading)?;
        let n = parsed.tally.elsewhere + parsed.models.elsewhere;
        if n > 0 {
            elsewhere.0 += n;
            elsewhere.1.get_or_insert_with(|| place.clone());
        }
        parsed.record.place = place;
        reading.push(parsed.finish(asked, usual))?;
    }
    people.say("", reading);
    models.say(" of predictions", reading);
    if let (n, Some(first)) = elsewhere {
        let n = count(n as usize, "span");
        let field = quote(&plan.names.text);
        reading
            .note(format!("{n} of other data than '{field}' kept as they are, not read as spans (first at {first})"));
    }
    Ok(())
}

/// Spans of a file that do not cover what they quote, or lie outside of their text.
#[derive(Default)]
pub(super) struct Spans {
    moved: u64,
    left_out: u64,
    first: Option<Place>,
}

impl Spans {
    /// Adds those of a task; what could not be placed is listed.
    pub fn add(&mut self, tally: &mut Tally, place: &Place, reading: &mut Reading) -> Result<(), DataError> {
        self.moved += tally.moved;
        self.left_out += tally.broken.len() as u64;
        if tally.moved > 0 || !tally.broken.is_empty() {
            self.first.get_or_insert_with(|| place.clone());
        }
        for found in std::mem::take(&mut tally.broken) {
            reading.skip(place, found, "a span that covers its quoted text")?;
        }
        Ok(())
    }

    /// One note for all of them.
    pub fn say(&self, of: &str, reading: &mut Reading) {
        let Some(first) = &self.first else {
            return;
        };
        let total = self.moved + self.left_out;
        let spans = count(total as usize, "span");
        let (moved, left_out) = (self.moved, self.left_out);
        let not = if total == 1 { "does not" } else { "do not" };
        reading.note(format!(
            "{spans}{of} {not} cover the quoted text: {moved} moved to it, {left_out} left out since it could not be \
             placed (first at {first})"
        ));
    }
}

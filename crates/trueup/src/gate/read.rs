//! A policy from its file: every mistake in it is an error with its line and column, what was found, what is valid, and
//! what was probably meant.
//!
//! The file is a `trueup.toml`, or has its form: the demands in `[gate]`, what mistakes cost in `[costs.LABEL]`. The other
//! sections of a `trueup.toml` are for other commands; any other word is an error, so that no slip of a letter leaves a
//! gate without the demand that somebody thinks it makes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use trueup_core::Task;
use trueup_core::measure::catalogue::{METRICS, Metric, find};
use trueup_core::measure::{Selection, SelectionError};
use trueup_data::settings::{self, Section, Setting, Settings, SettingsFile, nearest};
use trueup_data::{DataError, quote};

use super::policy::{
    Budget, BudgetRule, CalibrationBudget, FirstModel, LabelFigure, LabelVeto, MustPass, NamedLabelVeto, Policy,
    SliceVeto,
};
use crate::error::Error;
use crate::options::CostOption;

/// The sections of a `trueup.toml`; the first two are read here.
const SECTIONS: &[&str] = &["gate", "costs", "data", "monitor", "retrain", "rules", "task", "triggers"];
/// The words of `[gate]`.
const GATE: &[&str] = &[
    "alpha",
    "budget",
    "calibration",
    "first",
    "floors",
    "label",
    "labels",
    "metric",
    "must_pass",
    "non_inferior",
    "power",
    "slice",
];
const LABELS: &[&str] = &["figure", "margin", "min_support", "shown"];
const LABEL: &[&str] = &["figure", "floor", "label", "margin", "shown"];
const SLICE: &[&str] = &["by", "floor", "margin", "shown", "where"];
const MUST_PASS: &[&str] = &["allow", "file"];
const CALIBRATION: &[&str] = &["ece_rise", "log_loss_rise", "max_ece"];
const BUDGET: &[&str] = &[
    "latency_p50_ms",
    "latency_p99_ms",
    "model_bytes",
    "train_cpu_seconds",
    "train_peak_memory_bytes",
    "train_seconds",
];
const RULE: &[&str] = &["max", "times"];
const FIRST: &[&str] = &["beat_constant", "min_examples"];
const COST: &[&str] = &["false_alarm", "miss"];
/// The figures of a label.
const FIGURES: [LabelFigure; 3] = [LabelFigure::Precision, LabelFigure::Recall, LabelFigure::F1];
/// Metrics named in messages.
const NAMED: &str = "a metric, such as accuracy, f1_macro, f1_micro, f1, expected_cost (docs/metrics.md lists them)";

/// What a policy file says.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyFile {
    /// The demands, defaults filled in; the file of `must_pass` stands as it is opened from the working folder.
    pub policy: Policy,
    /// What mistakes cost, in the order of the file.
    pub costs: Vec<CostOption>,
    /// The file.
    pub file: PathBuf,
}

/// Reads the policy of the file at `path` (`-` is standard input).
///
/// # Errors
///
/// When the file cannot be read, is no TOML, says something that a policy cannot say, or has neither `[gate]` nor
/// `[costs]`.
pub fn read_policy(path: &Path) -> Result<PolicyFile, Error> {
    let file = SettingsFile::read(path)?;
    let read = understand(&file.parse()?, path)?;
    Ok(read.ok_or_else(|| DataError::Content {
        path: path.to_string_lossy().into_owned(),
        found: "neither [gate] nor [costs]".to_owned(),
        valid: "the demands under [gate], what mistakes cost under [costs.LABEL]".to_owned(),
        hint: Some("a line [gate] alone asks for the defaults".to_owned()),
    })?)
}

/// The policy of the `trueup.toml` beside `data`, a file, folder or pattern; `None` when there is none, or it has neither
/// `[gate]` nor `[costs]`.
///
/// # Errors
///
/// As [`read_policy`], but for a file that is not there.
pub fn beside(data: &Path) -> Result<Option<PolicyFile>, Error> {
    match settings::beside(data)? {
        None => Ok(None),
        Some(path) => Ok(understand(&SettingsFile::read(&path)?.parse()?, &path)?),
    }
}

/// What the settings of the file at `path` say; `None` when they have no section of ours.
fn understand(settings: &Settings<'_>, path: &Path) -> Result<Option<PolicyFile>, DataError> {
    let root = settings.root();
    root.only(SECTIONS).map_err(|error| match root.settings().iter().find(|s| !SECTIONS.contains(&s.word())) {
        // A policy without its heading.
        Some(first) if GATE.contains(&first.word()) => {
            let valid = "the demands of a gate below the line [gate]";
            first.wrong_word(format!("'{}' outside of any section", first.word()), valid)
        }
        _ => error,
    })?;
    let (gate, costs) = (root.get("gate"), root.get("costs"));
    if gate.is_none() && costs.is_none() {
        return Ok(None);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(Some(PolicyFile {
        policy: gate.map_or_else(|| Ok(Policy::default()), |gate| policy(&gate.section(GATE)?, folder))?,
        costs: costs.map_or_else(|| Ok(Vec::new()), |costs| stated(&costs.any_section()?))?,
        file: path.to_path_buf(),
    }))
}

fn policy(gate: &Section<'_>, folder: &Path) -> Result<Policy, DataError> {
    let usual = Policy::default();
    let metric = gate.get("metric").map(|value| metric(&value)).transpose()?;
    Ok(Policy {
        alpha: or(gate, "alpha", usual.alpha, |value| {
            percent(value, value.number("a number above 0 and at most 0.5", |n| n > 0.0 && n <= 0.5))
        })?,
        power: or(gate, "power", usual.power, |value| {
            percent(value, value.number("a number from 0.5 to below 1", |n| (0.5..1.0).contains(&n)))
        })?,
        non_inferior: gate
            .get("non_inferior")
            .map(|value| non_inferior(&value, metric.as_ref().map(|(_, metric)| *metric)))
            .transpose()?,
        floors: floors(gate)?,
        labels: match gate.get("labels") {
            None => usual.labels,
            Some(value) => labels(&value)?,
        },
        label: named_labels(gate)?,
        slice: slices(gate)?,
        must_pass: gate.get("must_pass").map(|value| must_pass(&value, folder)).transpose()?,
        calibration: gate.get("calibration").map(|value| calibration(&value)).transpose()?,
        budget: gate.get("budget").map_or_else(|| Ok(usual.budget), |value| budget(&value))?,
        first: gate.get("first").map_or_else(|| Ok(usual.first), |value| first(&value))?,
        metric: metric.map(|(name, _)| name),
    })
}

/// What a section says of `word`, or the usual value.
fn or<T>(
    section: &Section<'_>,
    word: &str,
    usual: T,
    read: impl Fn(&Setting<'_>) -> Result<T, DataError>,
) -> Result<T, DataError> {
    section.get(word).map_or(Ok(usual), |value| read(&value))
}

/// The same, with the hint that a number from 1 to 100 may be meant in per cent.
fn percent<T>(value: &Setting<'_>, read: Result<T, DataError>) -> Result<T, DataError> {
    read.map_err(|error| match value.as_number() {
        Some(n) if (1.0..=100.0).contains(&n) => {
            let share = (n * 100.0).round() / 10_000.0;
            error.with_hint(&format!("it is a share, so {share} is {n} per cent"))
        }
        _ => error,
    })
}

/// A margin in [0, 1).
fn margin(section: &Section<'_>, usual: f64) -> Result<f64, DataError> {
    or(section, "margin", usual, |value| {
        percent(value, value.number("a number from 0 to below 1", |n| (0.0..1.0).contains(&n)))
    })
}

/// A value in [0, 1] to reach.
fn floor(section: &Section<'_>) -> Result<Option<f64>, DataError> {
    let share =
        |value: Setting<'_>| percent(&value, value.number("a number from 0 to 1", |n| (0.0..=1.0).contains(&n)));
    section.get("floor").map(share).transpose()
}

fn flag(section: &Section<'_>, word: &str, usual: bool) -> Result<bool, DataError> {
    section.get(word).map_or(Ok(usual), |value| value.flag())
}

fn metric(value: &Setting<'_>) -> Result<(String, &'static Metric), DataError> {
    let name = value.text()?;
    match known(&name) {
        Some(metric) => Ok((name, metric)),
        None => Err(with_near(value.wrong(NAMED), &name)),
    }
}

/// The metric of this name; a family needs its number.
fn known(name: &str) -> Option<&'static Metric> {
    find(name).filter(|_| !name.contains('{'))
}

/// The error with the metrics that are near `name`, whatever their task.
fn with_near(error: DataError, name: &str) -> DataError {
    if let Some(family) = find(name) {
        let example = family.with(family.numbers.first().copied().unwrap_or(2.0));
        return error.with_hint(&format!("a number stands for the braces, as in {example}"));
    }
    let parts = |name: &str| {
        let mut parts: Vec<String> = name.to_lowercase().split(['_', '-', ' ']).map(str::to_owned).collect();
        parts.sort_unstable();
        parts
    };
    let wanted = parts(name);
    // `macro_f1` and `Macro-F1` are `f1_macro`.
    if let Some(same) = METRICS.iter().find(|metric| parts(metric.name) == wanted || parts(metric.title) == wanted) {
        return error.with_hint(&format!("'{}' is meant?", same.name));
    }
    let of = |task| match Selection::named(task, &[name]) {
        Err(SelectionError::Unknown { near, .. } | SelectionError::Task { near, .. }) => near,
        Ok(_) => Vec::new(),
    };
    let each = [Task::Classification, Task::Multilabel, Task::Ner].map(of);
    let mut near: Vec<String> = Vec::new();
    for place in 0..each.iter().map(Vec::len).max().unwrap_or_default() {
        for name in each.iter().filter_map(|names| names.get(place)) {
            if !near.contains(name) {
                near.push(name.clone());
            }
        }
    }
    let words: Vec<&str> = near.iter().map(String::as_str).collect();
    match nearest(name, &words) {
        Some(word) => error.with_hint(&format!("'{word}' is meant?")),
        None if near.is_empty() => error,
        None => error.with_hint(&format!("near it are {}", near[..near.len().min(4)].join(", "))),
    }
}

fn non_inferior(value: &Setting<'_>, metric: Option<&Metric>) -> Result<f64, DataError> {
    let wide = metric.map_or(f64::INFINITY, |metric| metric.high - metric.low);
    let valid =
        if wide.is_finite() { format!("a number from 0 to below {wide}") } else { "a number from 0".to_owned() };
    percent(value, value.number(&valid, |n| n >= 0.0 && n < wide))
}

fn floors(gate: &Section<'_>) -> Result<BTreeMap<String, f64>, DataError> {
    let Some(floors) = gate.get("floors") else { return Ok(BTreeMap::new()) };
    let mut read = BTreeMap::new();
    for value in floors.any_section()?.settings() {
        let name = value.word().to_owned();
        let Some(metric) = known(&name) else {
            let error = value.wrong_word(format!("'{}' in [gate.floors]", quote(&name)), NAMED);
            return Err(with_near(error, &name));
        };
        let valid = match (metric.low.is_finite(), metric.high.is_finite()) {
            (true, true) => format!("a number from {} to {}", metric.low, metric.high),
            (true, false) => format!("a number from {}", metric.low),
            (false, true) => format!("a number up to {}", metric.high),
            (false, false) => "a number".to_owned(),
        };
        let number = percent(&value, value.number(&valid, |n| (metric.low..=metric.high).contains(&n)))?;
        read.insert(name, number);
    }
    Ok(read)
}

fn figure(section: &Section<'_>) -> Result<LabelFigure, DataError> {
    let valid = || FIGURES.map(LabelFigure::name).join(", ");
    let parse = |name: &str| FIGURES.into_iter().find(|figure| figure.name() == name).ok_or_else(valid);
    or(section, "figure", LabelFigure::default(), |value| value.one_of(parse))
}

fn labels(value: &Setting<'_>) -> Result<Option<LabelVeto>, DataError> {
    match value.as_flag() {
        Some(false) => return Ok(None),
        Some(true) => return Err(value.wrong("false, or a table [gate.labels]")),
        None => {}
    }
    let (section, usual) = (value.section(LABELS)?, LabelVeto::default());
    Ok(Some(LabelVeto {
        figure: figure(&section)?,
        margin: margin(&section, usual.margin)?,
        shown: flag(&section, "shown", usual.shown)?,
        min_support: or(&section, "min_support", usual.min_support, |value| value.count(0))?,
    }))
}

fn named_labels(gate: &Section<'_>) -> Result<Vec<NamedLabelVeto>, DataError> {
    let Some(value) = gate.get("label") else { return Ok(Vec::new()) };
    let mut read: Vec<NamedLabelVeto> = Vec::new();
    for section in value.sections(LABEL)? {
        let Some(label) = section.get("label") else {
            return Err(section.lacks("'label'", "the label that the demand is about"));
        };
        let veto = NamedLabelVeto {
            label: label.name()?,
            figure: figure(&section)?,
            margin: margin(&section, 0.0)?,
            shown: flag(&section, "shown", false)?,
            floor: floor(&section)?,
        };
        if read.iter().any(|other| other.label == veto.label && other.figure == veto.figure) {
            let found = format!("the {} of '{}' a second time", veto.figure.name(), quote(&veto.label));
            return Err(label.wrong_word(found, "one [[gate.label]] a label and figure"));
        }
        read.push(veto);
    }
    Ok(read)
}

fn slices(gate: &Section<'_>) -> Result<Vec<SliceVeto>, DataError> {
    let valid = "'where', an SQL expression, or 'by', a column";
    let Some(value) = gate.get("slice") else { return Ok(Vec::new()) };
    let mut read: Vec<SliceVeto> = Vec::new();
    for section in value.sections(SLICE)? {
        let (filter, by) = (section.get("where"), section.get("by"));
        let place = match (&filter, &by) {
            (Some(_), Some(by)) => return Err(by.wrong_word("'by' beside 'where' in [gate.slice]".to_owned(), valid)),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => return Err(section.lacks("'where' and 'by'", valid)),
        };
        let veto = SliceVeto {
            filter: filter.map(|value| filled(&value, value.text()?, "an SQL expression")).transpose()?,
            by: by.map(|value| filled(&value, value.name()?, "the name of a column")).transpose()?,
            margin: margin(&section, 0.0)?,
            shown: flag(&section, "shown", false)?,
            floor: floor(&section)?,
        };
        if read.iter().any(|other| other.filter == veto.filter && other.by == veto.by) {
            return Err(place.wrong_word("the same slice a second time".to_owned(), "one [[gate.slice]] a slice"));
        }
        read.push(veto);
    }
    Ok(read)
}

/// `text`, unless there is nothing in it.
fn filled(value: &Setting<'_>, text: String, valid: &str) -> Result<String, DataError> {
    if text.trim().is_empty() { Err(value.wrong(valid)) } else { Ok(text) }
}

fn must_pass(value: &Setting<'_>, folder: &Path) -> Result<MustPass, DataError> {
    let section = value.section(MUST_PASS)?;
    let valid = "a file of examples with gold, named from the folder of the policy";
    let file = section.get("file").ok_or_else(|| section.lacks("'file'", valid))?;
    let path = folder.join(filled(&file, file.text()?, valid)?);
    if !path.exists() {
        return Err(file.wrong(valid).with_hint(&format!("there is no {}", quote(&path.to_string_lossy()))));
    }
    Ok(MustPass { file: path, allow: or(&section, "allow", 0, |value| value.count(0))? })
}

fn calibration(value: &Setting<'_>) -> Result<CalibrationBudget, DataError> {
    let section = value.section(CALIBRATION)?;
    let share = |word: &str| {
        let read =
            |value: Setting<'_>| percent(&value, value.number("a number from 0 to 1", |n| (0.0..=1.0).contains(&n)));
        section.get(word).map(read).transpose()
    };
    let rise = section.get("log_loss_rise").map(|value| value.number("a number from 0", |n| n >= 0.0)).transpose()?;
    let read = CalibrationBudget { max_ece: share("max_ece")?, ece_rise: share("ece_rise")?, log_loss_rise: rise };
    if read == CalibrationBudget::default() {
        return Err(section.lacks("a limit", "at least one of max_ece, ece_rise, log_loss_rise"));
    }
    Ok(read)
}

fn budget(value: &Setting<'_>) -> Result<Budget, DataError> {
    let section = value.section(BUDGET)?;
    let rule = |word: &str| section.get(word).map(|value| budget_rule(&value)).transpose();
    let read = Budget {
        train_seconds: rule("train_seconds")?,
        train_cpu_seconds: rule("train_cpu_seconds")?,
        train_peak_memory_bytes: rule("train_peak_memory_bytes")?,
        model_bytes: rule("model_bytes")?,
        latency_p50_ms: rule("latency_p50_ms")?,
        latency_p99_ms: rule("latency_p99_ms")?,
    };
    if read == Budget::default() {
        return Err(section.lacks("a limit", &format!("at least one of {}", BUDGET.join(", "))));
    }
    Ok(read)
}

fn budget_rule(value: &Setting<'_>) -> Result<BudgetRule, DataError> {
    let valid = "'max', the most that it may be, 'times', a multiple of the baseline's, or both";
    if let Some(n) = value.as_number() {
        return Err(value.wrong(valid).with_hint(&format!("{} = {{ max = {n} }}", value.word())));
    }
    let section = value.section(RULE)?;
    let number = |word: &str| section.get(word).map(|value| value.number("a number above 0", |n| n > 0.0)).transpose();
    let rule = BudgetRule { max: number("max")?, times: number("times")? };
    if rule == BudgetRule::default() {
        return Err(section.lacks("a limit", valid));
    }
    Ok(rule)
}

fn first(value: &Setting<'_>) -> Result<FirstModel, DataError> {
    let (section, usual) = (value.section(FIRST)?, FirstModel::default());
    Ok(FirstModel {
        beat_constant: flag(&section, "beat_constant", usual.beat_constant)?,
        min_examples: or(&section, "min_examples", usual.min_examples, |value| value.count(0))?,
    })
}

fn stated(costs: &Section<'_>) -> Result<Vec<CostOption>, DataError> {
    let read = |value: Setting<'_>| {
        let section = value.section(COST)?;
        let cost =
            |word: &str| section.get(word).map(|value| value.number("a number from 0", |n| n >= 0.0)).transpose();
        match (cost("miss")?, cost("false_alarm")?) {
            (None, None) => Err(section.lacks("a cost", "'miss', the cost of missing one, 'false_alarm', or both")),
            (miss, false_alarm) => Ok(CostOption {
                label: value.word().to_owned(),
                miss: miss.unwrap_or_default(),
                false_alarm: false_alarm.unwrap_or_default(),
            }),
        }
    };
    costs.settings().into_iter().map(read).collect()
}

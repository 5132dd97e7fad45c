//! Trains and judges the linear model on files of `{"text", "label"}` or `{"text", "labels"}` rows, and says what it cost.
//!
//! ```text
//! cargo run --release --example linear_bench -- TRAIN.jsonl TEST.jsonl [VALID.jsonl] [NAME=VALUE]...
//! ```
//!
//! Names are those of the settings: `epochs`, `patience`, `tolerance`, `l2`, `min_df`, `hashing`, `seed`; `held=N` judges every
//! N-th training row in place of the test rows, so that settings are chosen without looking at those; `watch=N` takes
//! every N-th training row for early stopping; `write=FILE` writes the answers and `model=FILE` the model, which is then
//! opened `opens=N` times (`open_ms` is the shortest);
//! `folds=N` answers the training rows out of fold and does nothing else, with `search=1` after a search for the number of
//! passes in each. With `refit=1` the model judged learns from all training rows once more, as a review does it. One line
//! of JSON comes out: scores, CPU and wall seconds of each stage, the greatest memory.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use trueup_core::{Annotation, Example, LabelSet, Task};
use trueup_model::linear::{Calibration, LinearModel, LinearParams, fit, out_of_fold};
use trueup_model::{Bytes, Parts, Predictor, Silent};

fn main() {
    let mut watch = Stages::new();
    let mut files = Vec::new();
    let mut settings = BTreeMap::new();
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some((name, value)) => {
                settings.insert(name.to_owned(), value.to_owned());
            }
            None => files.push(argument),
        }
    }
    let several = files.first().is_some_and(|file| fs::read_to_string(file).unwrap().contains("\"labels\":"));
    let task = if several { Task::Multilabel } else { Task::Classification };
    let mut params = LinearParams::for_task(task);
    let number = |name: &str, default: f64| settings.get(name).map_or(default, |v| v.parse().unwrap());
    params.epochs = number("epochs", f64::from(params.epochs)) as u32;
    params.patience = number("patience", f64::from(params.patience)) as u32;
    params.tolerance = number("tolerance", params.tolerance);
    params.l2 = number("l2", params.l2);
    if let Some(name) = settings.get("calibration") {
        params.calibration = Calibration::named(name).unwrap();
    }
    params.prune = number("prune", params.prune);
    params.min_df = number("min_df", f64::from(params.min_df)) as u32;
    params.hashing = settings.get("hashing").map(|v| v.parse().unwrap());
    params.seed = number("seed", params.seed as f64) as u64;

    let mut rows: Vec<Vec<Row>> = files.iter().map(|file| read(file)).collect();
    let every = |n: f64, rows: Vec<Row>| -> (Vec<Row>, Vec<Row>) {
        let (some, rest): (Vec<_>, Vec<_>) =
            rows.into_iter().enumerate().partition(|(i, _)| n > 0.0 && i % n as usize == 1);
        (rest.into_iter().map(|r| r.1).collect(), some.into_iter().map(|r| r.1).collect())
    };
    let (train, held) = every(number("held", 0.0), std::mem::take(&mut rows[0]));
    let test = if held.is_empty() { std::mem::take(&mut rows[1]) } else { held };
    let (train, watched) = every(number("watch", 0.0), train);
    let valid = rows.get_mut(2).map(std::mem::take).or((!watched.is_empty()).then_some(watched));

    let all = train.iter().chain(&test).chain(valid.iter().flatten());
    let labels = LabelSet::new(all.clone().flat_map(|row| row.labels.iter().cloned()));
    let examples = |rows: &[Row]| -> Vec<Example> { rows.iter().map(|row| row.example(&labels)).collect() };
    let (train, test, valid) = (examples(&train), examples(&test), valid.map(|rows| examples(&rows)));
    watch.stage("read");

    let valid = valid.as_deref().map(refs);
    if let Some(folds) = settings.get("folds") {
        let folds: Vec<u32> = (0..train.len() as u32).map(|i| i % folds.parse::<u32>().unwrap()).collect();
        let most = folds.iter().max().map_or(0, |f| f + 1);
        let outside = |fold: u32| (0..folds.len()).filter(|&i| folds[i] != fold).step_by(10).collect::<Vec<_>>();
        let watched: Vec<Vec<usize>> = (0..most).map(outside).collect();
        let watched = settings.contains_key("search").then_some(&watched[..]);
        let (_, records) = out_of_fold(task, &labels, &refs(&train), &folds, watched, &params, &Silent).unwrap();
        watch.stage("folds");
        let accuracy = records.iter().map(|r| r.accuracy).sum::<f64>() / records.len() as f64;
        println!(
            "{}",
            json!({"accuracy": round(accuracy, 4), "cpu": watch.json(), "peak_mb": peak_kb() / 1024,
            "wall": round(watch.start.elapsed().as_secs_f64(), 3)})
        );
        return;
    }
    let mut fitted = fit(task, &labels, &refs(&train), valid.as_deref(), &params, &Silent).unwrap();
    watch.stage("fit");
    let passes = fitted.curve.len();
    let curve: Vec<Value> = fitted.curve.iter().filter_map(|p| p.valid_loss).map(|loss| round(loss, 4)).collect();
    if settings.contains_key("refit") {
        let all: Vec<&Example> = train.iter().chain(valid.iter().flatten().copied()).collect();
        let calibrator = Some(fitted.model.calibrator().clone());
        let again = LinearParams { epochs: fitted.epochs, calibrator, ..params.clone() };
        fitted = fit(task, &labels, &all, None, &again, &Silent).unwrap();
        watch.stage("refit");
    }
    let predictions = fitted.model.predict(&refs(&test));
    watch.stage("predict");
    if let Some(file) = settings.get("write") {
        let name = |answer: &Annotation| answer.labels().iter().map(|&l| labels.name(l)).collect::<Vec<_>>().join(",");
        let lines: Vec<String> = test
            .iter()
            .zip(&predictions.answers)
            .map(|(e, a)| format!("{}\n", json!({"gold": name(&e.gold), "pred": name(a)})))
            .collect();
        fs::write(file, lines.concat()).unwrap();
    }
    watch.stage("write");
    let (mut size, mut opening) = (Value::Null, f64::INFINITY);
    if let Some(file) = settings.get("model") {
        let parts = fitted.model.to_parts();
        let (settings, arrays) = (parts.settings.to_string(), parts.to_safetensors());
        size = json!(settings.len() + arrays.len());
        fs::write(file, &arrays).unwrap();
        watch.stage("keep");
        let bytes: Bytes = Arc::new(arrays);
        for _ in 0..number("opens", 1.0) as u32 {
            let start = Instant::now();
            let parts = Parts::of_safetensors(parts.settings.clone(), &bytes).unwrap();
            let opened = LinearModel::of_parts(parts).unwrap();
            opening = opening.min(start.elapsed().as_secs_f64() * 1e3);
            assert_eq!(opened.predict(&refs(&test)).answers, predictions.answers);
        }
        watch.stage("open");
    }

    let mut score = Figures::new(labels.len());
    let mut loss = 0.0;
    let scores = predictions.scores.as_ref().unwrap();
    for (i, (example, answer)) in test.iter().zip(&predictions.answers).enumerate() {
        score.add(&example.gold.labels(), &answer.labels());
        let gold = example.gold.labels();
        if several {
            let cell = |(l, &p): (usize, &f64)| if gold.contains(&(l as u32)) { p.ln() } else { (1.0 - p).ln() };
            loss -= scores.row(i).iter().enumerate().map(cell).sum::<f64>();
        } else {
            loss -= scores.get(i, gold[0]).max(f64::EPSILON).ln();
        }
    }
    let mut out = score.json(several);
    if settings.contains_key("labels") {
        for (l, name) in labels.names().iter().enumerate() {
            let (f1, mut sum) = (score.f1(l), 0.0);
            for (i, example) in test.iter().enumerate() {
                let p = scores.get(i, l as u32);
                sum -= if example.gold.labels().contains(&(l as u32)) { p.ln() } else { (1.0 - p).ln() };
            }
            println!(
                "{}",
                json!({"label": name, "gold": score.gold[l], "f1": round(f1, 3), "log_loss": round(sum / test.len() as f64, 5)})
            );
        }
    }
    out["log_loss"] = round(loss / test.len() as f64, 4);
    out["epochs"] = json!(fitted.epochs);
    out["passes"] = json!(passes);
    out["curve"] = json!(curve);
    out["features"] = json!(fitted.features);
    out["temperature"] = json!(fitted.model.calibrator().temperature());
    out["model_bytes"] = size;
    out["open_ms"] = round(opening, 2);
    out["cpu"] = watch.json();
    out["wall"] = round(watch.start.elapsed().as_secs_f64(), 3);
    out["peak_mb"] = json!(peak_kb() / 1024);
    println!("{out}");
}

fn refs(examples: &[Example]) -> Vec<&Example> {
    examples.iter().collect()
}

struct Row {
    text: String,
    labels: Vec<String>,
    several: bool,
}

impl Row {
    fn example(&self, labels: &LabelSet) -> Example {
        let mut ids: Vec<u32> = self.labels.iter().filter_map(|name| labels.id(name)).collect();
        ids.sort_unstable();
        Example {
            id: String::new(),
            text: self.text.clone(),
            gold: if self.several { Annotation::Labels(ids) } else { Annotation::Label(ids[0]) },
            tokens: Vec::new(),
            group: None,
            time: None,
            metadata: Vec::new(),
            line: 1,
        }
    }
}

fn read(file: &str) -> Vec<Row> {
    let text = fs::read_to_string(file).unwrap();
    let row = |line: &str| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let several = row.get("labels").is_some();
        let labels = if several {
            serde_json::from_value(row["labels"].take()).unwrap()
        } else {
            vec![row["label"].as_str().unwrap().to_owned()]
        };
        Row { text: row["text"].as_str().unwrap().to_owned(), labels, several }
    };
    text.lines().map(row).collect()
}

/// Counts of each label, and rows whose answer is wholly right.
struct Figures {
    right: usize,
    n: usize,
    tp: Vec<usize>,
    gold: Vec<usize>,
    predicted: Vec<usize>,
}

impl Figures {
    fn new(labels: usize) -> Self {
        Self { right: 0, n: 0, tp: vec![0; labels], gold: vec![0; labels], predicted: vec![0; labels] }
    }

    fn add(&mut self, gold: &[u32], predicted: &[u32]) {
        let (gold, predicted): (BTreeSet<_>, BTreeSet<_>) = (gold.iter().collect(), predicted.iter().collect());
        self.n += 1;
        self.right += usize::from(gold == predicted);
        gold.iter().for_each(|&&l| self.gold[l as usize] += 1);
        predicted.iter().for_each(|&&l| self.predicted[l as usize] += 1);
        gold.intersection(&predicted).for_each(|&&l| self.tp[l as usize] += 1);
    }

    fn f1(&self, l: usize) -> f64 {
        2.0 * self.tp[l] as f64 / (self.gold[l] + self.predicted[l]).max(1) as f64
    }

    /// As `f1_score(average="macro", zero_division=0)`: over labels that occur, or for sets of labels over all.
    fn json(&self, several: bool) -> Value {
        let all = 0..self.tp.len();
        let counted: Vec<usize> = all.filter(|&l| several || self.gold[l] + self.predicted[l] > 0).collect();
        let macro_f1 = counted.iter().map(|&l| self.f1(l)).sum::<f64>() / counted.len() as f64;
        let sum = |of: &[usize]| of.iter().sum::<usize>() as f64;
        let micro_f1 = 2.0 * sum(&self.tp) / (sum(&self.gold) + sum(&self.predicted));
        let accuracy = self.right as f64 / self.n as f64;
        json!({"accuracy": round(accuracy, 4), "macro_f1": round(macro_f1, 4), "micro_f1": round(micro_f1, 4)})
    }
}

fn round(x: f64, digits: i32) -> Value {
    json!((x * 10f64.powi(digits)).round() / 10f64.powi(digits))
}

/// CPU seconds of the process, stage by stage.
struct Stages {
    start: Instant,
    last: f64,
    spent: Vec<(String, f64)>,
}

impl Stages {
    fn new() -> Self {
        Self { start: Instant::now(), last: 0.0, spent: Vec::new() }
    }

    fn stage(&mut self, name: &str) {
        let now = cpu_seconds();
        self.spent.push((name.to_owned(), now - self.last));
        self.last = now;
    }

    fn json(&self) -> Value {
        let mut stages: serde_json::Map<String, Value> =
            self.spent.iter().map(|(name, s)| (name.clone(), round(*s, 3))).collect();
        stages.insert("total".to_owned(), round(self.last, 3));
        Value::Object(stages)
    }
}

/// CPU time of all threads, as Linux counts it.
fn cpu_seconds() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let nanos = tasks.map(|task| {
        let stat = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
        stat.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0)
    });
    nanos.sum::<f64>() / 1e9
}

fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

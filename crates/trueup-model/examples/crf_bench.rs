//! Trains a chain on CoNLL files and says what it cost and how well it did.
//!
//! `crf_bench TRAIN TEST [DEV] [NAME=VALUE ...]`, token in the first column and tag in the last. Names: `epochs`, `rate`,
//! `l1`, `l2`, `min`, `keep`, `after`, `weights`, `seed`, `optimiser` (`lbfgs`), `clusters` (so many
//! classes of words, learnt from TRAIN; with `unlabelled` 1 from all texts), `early` (1: stop by DEV), `folds` (so many: answers TRAIN out of
//! fold as well, a tenth of each training part watched; and once searches and trains on all of TRAIN in the same way, to compare), `long` (so many tokens of TEST as one text: answers it as well). One line of JSON: strict entity precision, recall and F1 on TEST and DEV, CPU
//! seconds and tokens a second of each stage, the size of the kept model, and peak memory.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value, json};
use trueup_core::counts::Tallies;
use trueup_core::{Annotation, Example, LabelSet, Span, Token};
use trueup_model::crf::{Clusters, CrfModel, CrfParams, Fold, Optimiser, fit, out_of_fold};
use trueup_model::{Bytes, Parts, Predictor, Silent};

/// Sentences as (token, tag) pairs.
type Sentences = Vec<Vec<(String, String)>>;

fn read(path: &str) -> Sentences {
    let text = std::fs::read_to_string(path).unwrap();
    let mut sentences = vec![Vec::new()];
    for line in text.lines() {
        match line.trim_end().rsplit_once(['\t', ' ']) {
            Some((rest, tag)) => {
                let token = rest.split(['\t', ' ']).next().unwrap();
                if token != "-DOCSTART-" {
                    sentences.last_mut().unwrap().push((token.to_owned(), tag.to_owned()));
                }
            }
            None => sentences.push(Vec::new()),
        }
    }
    sentences.retain(|s| !s.is_empty());
    sentences
}

/// `I-` goes on with the span before it if that has its label, else starts one.
fn example(labels: &LabelSet, sentence: &[(String, String)]) -> Example {
    let (mut text, mut tokens, mut spans) = (String::new(), Vec::new(), Vec::<Span>::new());
    for (token, tag) in sentence {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len() as u32;
        text.push_str(token);
        let end = text.len() as u32;
        tokens.push(Token { start, end, tag: None });
        if let Some((part, label)) = tag.split_once('-') {
            let label = labels.id(label).unwrap();
            match spans.last_mut() {
                Some(last) if part == "I" && last.label == label && last.end + 1 == start => last.end = end,
                _ => spans.push(Span { start, end, label }),
            }
        }
    }
    Example {
        id: String::new(),
        text,
        gold: Annotation::Spans(spans),
        tokens,
        group: None,
        time: None,
        metadata: Vec::new(),
        line: 0,
    }
}

/// CPU seconds of all threads so far.
fn cpu() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let ran = |task: std::fs::DirEntry| -> f64 {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).unwrap();
        stat.split(' ').next().unwrap().parse().unwrap()
    };
    tasks.map(|task| ran(task.unwrap())).sum::<f64>() / 1e9
}

/// CPU and wall seconds of `work`.
fn timed<T>(into: &mut Map<String, Value>, name: &str, work: impl FnOnce() -> T) -> T {
    let (cpu_before, start) = (cpu(), Instant::now());
    let out = work();
    let round = |x: f64| (x * 1e4).round() / 1e4;
    into.insert(format!("{name}_cpu"), json!(round(cpu() - cpu_before)));
    into.insert(format!("{name}_wall"), json!(round(start.elapsed().as_secs_f64())));
    out
}

fn scores(model: &CrfModel, labels: &LabelSet, examples: &[&Example]) -> Value {
    let answers = model.predict(examples);
    let mut tallies = Tallies::new(labels.len());
    examples.iter().zip(&answers.answers).for_each(|(e, a)| tallies.add(&e.gold, a));
    let round = |x: Option<f64>| x.map(|x| (x * 1e4).round() / 1e4);
    let found: usize = answers.answers.iter().map(|a| a.spans().len()).sum();
    json!({ "f1": round(tallies.f1_micro()), "found": found })
}

fn main() {
    let (named, files): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|a| a.contains('='));
    let value = |name: &str| named.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
    let number = |name: &str, otherwise: f64| value(name).map_or(otherwise, |v| v.parse().unwrap());
    let defaults = CrfParams::default();
    let params = CrfParams {
        optimiser: if value("optimiser") == Some("lbfgs") { Optimiser::Lbfgs } else { Optimiser::Adagrad },
        epochs: number("epochs", f64::from(defaults.epochs)) as u32,
        learning_rate: number("rate", f64::from(defaults.learning_rate)) as f32,
        l2: number("l2", f64::from(defaults.l2)) as f32,
        l1: number("l1", f64::from(defaults.l1)) as f32,
        keep: number("keep", f64::from(defaults.keep)) as f32,
        prune_after: number("after", f64::from(defaults.prune_after)) as u32,
        weights: number("weights", f64::from(defaults.weights)) as f32,
        min_count: number("min", f64::from(defaults.min_count)) as u32,
        seed: number("seed", 42.0) as u64,
        ..defaults
    };

    let mut out = Map::new();
    let (labels, parts) = timed(&mut out, "read", || {
        let parts: Vec<Sentences> = files.iter().map(|f| read(f)).collect();
        let tags = parts.iter().flatten().flatten().filter_map(|(_, tag)| Some(tag.split_once('-')?.1.to_owned()));
        let labels = LabelSet::new(tags.collect::<Vec<_>>());
        let examples = |s: &Sentences| s.iter().map(|s| example(&labels, s)).collect::<Vec<Example>>();
        let parts: Vec<Vec<Example>> = parts.iter().map(examples).collect();
        (labels, parts)
    });
    let parts: Vec<Vec<&Example>> = parts.iter().map(|p| p.iter().collect()).collect();
    let (train, test) = (&parts[0], &parts[1]);
    let dev = parts.get(2);
    let valid = dev.filter(|_| number("early", 0.0) > 0.0).map(Vec::as_slice);
    let params = match number("clusters", 0.0) as u32 {
        0 => params,
        count => {
            let texts: Vec<&Example> = if number("unlabelled", 0.0) > 0.0 { parts.concat() } else { train.clone() };
            CrfParams { clusters: timed(&mut out, "clusters", || Clusters::learn(&texts, count)), ..params }
        }
    };
    let fitted = timed(&mut out, "fit", || fit(&labels, train, valid, &params, &Silent).unwrap());
    let parts = timed(&mut out, "keep", || fitted.model.to_parts());
    let (settings, file) = (parts.settings.clone(), parts.to_safetensors());
    out.insert("model_mb".into(), json!((file.len() as f64 / 1_048_576.0 * 100.0).round() / 100.0));
    let bytes: Bytes = Arc::new(file);
    let load = || CrfModel::of_parts(Parts::of_safetensors(settings, &bytes).unwrap()).unwrap();
    let model = timed(&mut out, "load", load);
    let found = timed(&mut out, "predict", || scores(&model, &labels, test));
    out.insert("test".into(), found);
    let tokens: usize = test.iter().map(|e| e.tokens.len()).sum();
    let rate = tokens as f64 / out["predict_cpu"].as_f64().unwrap();
    out.insert("tokens_per_cpu_s".into(), json!(rate.round()));
    if let Some(dev) = dev {
        out.insert("dev".into(), scores(&model, &labels, dev));
    }
    if let Some(folds) = value("folds") {
        let folds: usize = folds.parse().unwrap();
        let watched = |row: usize| row * 7 % 10 == 3;
        let folds = Fold::of(&(0..train.len()).map(|i| i % folds).collect::<Vec<_>>());
        let folds: Vec<Fold> = folds.into_iter().map(|fold| fold.watching(watched)).collect();
        let (valid, part): (Vec<usize>, Vec<usize>) = (0..train.len()).partition(|&row| watched(row));
        let pick = |rows: &[usize]| rows.iter().map(|&row| train[row]).collect::<Vec<&Example>>();
        let once = || {
            let search = fit(&labels, &pick(&part), Some(&pick(&valid)), &params, &Silent).unwrap();
            let refit = CrfParams { epochs: search.epochs, ..params.clone() };
            fit(&labels, train, None, &refit, &Silent).unwrap().epochs
        };
        let epochs = timed(&mut out, "search_and_refit", once);
        let oof = || out_of_fold(&labels, train, &folds, &params, &Silent).unwrap();
        let (answers, records) = timed(&mut out, "out_of_fold", oof);
        let of_folds: Vec<u32> = records.iter().map(|record| record.epochs).collect();
        out.insert("out_of_fold_epochs".into(), json!([epochs, of_folds]));
        let mut tallies = Tallies::new(labels.len());
        train.iter().zip(&answers.answers).for_each(|(e, a)| tallies.add(&e.gold, a));
        out.insert("out_of_fold_f1".into(), json!(tallies.f1_micro()));
    }
    if number("long", 0.0) > 0.0 {
        let words = test.iter().flat_map(|e| e.tokens.iter().map(|t| &e.text[t.range()]));
        let words: Vec<(String, String)> = words.map(|w| (w.to_owned(), "O".to_owned())).collect();
        let words: Vec<_> = words.iter().cycle().take(number("long", 0.0) as usize).cloned().collect();
        let text = example(&labels, &words);
        let found = timed(&mut out, "long", || model.predict(&[&text]));
        out.insert("long_found".into(), json!(found.answers[0].spans().len()));
    }
    out.insert("epochs".into(), json!(fitted.epochs));
    out.insert("features".into(), json!(fitted.features));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap().trim().trim_end_matches(" kB");
    out.insert("peak_mb".into(), json!(peak.parse::<f64>().unwrap().round() / 1024.0));
    println!("{}", Value::Object(out));
}

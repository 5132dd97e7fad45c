//! How good and how fast the learners are on real data. Without the data each test says so and passes.
//!
//! `TRUEUP_DATA` names the folder; `cargo test -p trueup-model --test real_data -- --nocapture --include-ignored` prints the
//! figures of all.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod corpus;

use std::time::Instant;

use corpus::{Rows, banking77, examples, goemotions, hold_out, sms_spam, sst2, trec};
use trueup_core::counts::Tallies;
use trueup_core::{Annotation, Example, Predictions, Task};
use trueup_model::linear::{LinearParams, fit};
use trueup_model::{Predictor, Silent};

/// CPU seconds of the process so far; `None` where `/proc` does not tell.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    // Linux counts in hundredths of a second on every common build.
    Some(ticks / 100.0)
}

struct Measured {
    accuracy: f64,
    f1_macro: f64,
    f1_micro: f64,
    ece: f64,
}

/// As a review does it: early stopping and temperature on a tenth of the training data, then all of it again.
fn measure(name: &str, task: Task, train: Rows, test: &Rows) -> Measured {
    let (part, held) = hold_out(train, 0.1, 7);
    let all: Rows = part.iter().chain(&held).cloned().collect();
    let (labels, parts) = examples(task, &[&part, &held, &all, test]);
    let refs: Vec<Vec<&Example>> = parts.iter().map(|p| p.iter().collect()).collect();
    let defaults = LinearParams::for_task(task);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut times = Vec::new();
    let mut timed = |work: &mut (dyn FnMut() + Send)| {
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        pool.install(work);
        let wall = wall.elapsed().as_secs_f64();
        times.push(cpu.zip(cpu_seconds()).map_or(wall, |(from, to)| to - from));
    };
    let (mut found, mut refit, mut predictions) = (None, None, None);
    timed(&mut || found = Some(fit(task, &labels, &refs[0], Some(&refs[1]), &defaults, &Silent).unwrap()));
    let found = found.unwrap();
    let calibrator = found.model.calibrator().clone();
    let temperature = calibrator.temperature();
    let params = LinearParams { epochs: found.epochs, calibrator: Some(calibrator), ..defaults };
    timed(&mut || refit = Some(fit(task, &labels, &refs[2], None, &params, &Silent).unwrap()));
    let refit = refit.unwrap();
    timed(&mut || predictions = Some(refit.model.predict(&refs[3])));
    let measured = judge(&predictions.unwrap(), &refs[3], labels.len());
    println!(
        "{name}: accuracy {:.4} f1_macro {:.4} f1_micro {:.4} ece {:.4}; {} epochs, temperature {temperature:.2?}, {} \
         features; CPU s: finding epochs {:.2}, refit {:.2}, {} predictions {:.2}",
        measured.accuracy,
        measured.f1_macro,
        measured.f1_micro,
        measured.ece,
        found.epochs,
        refit.features,
        times[0],
        times[1],
        test.len(),
        times[2],
    );
    measured
}

fn judge(predictions: &Predictions, gold: &[&Example], labels: usize) -> Measured {
    let mut tallies = Tallies::new(labels);
    let mut right = 0u32;
    // Top-label calibration error over 15 bins of equal width.
    let mut bins = [(0.0, 0.0); 15];
    for (row, (example, answer)) in gold.iter().zip(&predictions.answers).enumerate() {
        tallies.add(&example.gold, answer);
        right += u32::from(example.gold == *answer);
        if matches!(answer, Annotation::Label(_)) {
            let confidence = predictions.confidence(row).unwrap();
            let bin = &mut bins[((confidence * 15.0) as usize).min(14)];
            bin.0 += confidence;
            bin.1 += f64::from(u32::from(example.gold == *answer));
        }
    }
    let n = gold.len() as f64;
    Measured {
        accuracy: f64::from(right) / n,
        f1_macro: tallies.f1_macro().unwrap(),
        f1_micro: tallies.f1_micro().unwrap(),
        ece: bins.iter().map(|(confidence, right)| (confidence - right).abs()).sum::<f64>() / n,
    }
}

macro_rules! or_skip {
    ($data:expr) => {
        match $data {
            Some(rows) => rows,
            None => {
                println!("1 skipped: no data");
                return;
            }
        }
    };
}

#[test]
fn linear_banking77() {
    let (train, test) = (or_skip!(banking77("train")), or_skip!(banking77("test")));
    assert_eq!((train.len(), test.len()), (10_003, 3_080));
    let m = measure("banking77", Task::Classification, train, &test);
    assert!(m.accuracy >= 0.905 && m.f1_macro >= 0.905 && m.ece < 0.06);
}

#[test]
fn linear_trec_fine() {
    let (train, test) = (or_skip!(trec("train_5500")), or_skip!(trec("TREC_10")));
    let m = measure("trec fine", Task::Classification, train, &test);
    assert!(m.accuracy >= 0.80 && m.ece < 0.10);
}

#[test]
#[ignore = "several CPU seconds"]
fn linear_sst2() {
    let (train, test) = (or_skip!(sst2("train")), or_skip!(sst2("dev")));
    let m = measure("sst2", Task::Classification, train, &test);
    assert!(m.accuracy >= 0.81);
}

#[test]
fn linear_sms_spam() {
    let (train, test) = hold_out(or_skip!(sms_spam()), 0.2, 5);
    let m = measure("sms_spam", Task::Classification, train, &test);
    assert!(m.accuracy >= 0.98 && m.ece < 0.02);
}

#[test]
#[ignore = "several CPU seconds"]
fn linear_goemotions() {
    let (train, test) = (or_skip!(goemotions("train")), or_skip!(goemotions("test")));
    let m = measure("goemotions", Task::Multilabel, train, &test);
    assert!(m.f1_micro >= 0.44 && m.f1_macro >= 0.28);
}

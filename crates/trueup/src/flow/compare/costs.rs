//! What two models cost, as far as it is known: training, size, and the time of an answer.

use std::path::Path;

use trueup_core::Example;
use trueup_core::document::{ComparedCost, Run};

use crate::error::Error;
use crate::load::Part;
use crate::models;
use crate::observe::Observer;
use crate::options::{CompareOptions, ContestantChoice};

/// So many examples are answered one by one to measure the time that takes.
const TIMED: usize = 300;

/// What one model costs.
#[derive(Default)]
struct Cost {
    run: Option<Run>,
    bytes: Option<u64>,
    latency: Option<(f64, f64)>,
}

/// One cost of a model, where it is known.
type Figure = fn(&Cost) -> Option<f64>;

/// Every cost that is known of one model at least.
pub(super) fn costs(
    options: &CompareOptions,
    candidate: &ContestantChoice,
    test: &Part,
    observer: &dyn Observer,
) -> Result<Vec<ComparedCost>, Error> {
    if options.latency {
        observer.stage("time answers");
    }
    let of = |choice: Option<&ContestantChoice>, run: Option<&Path>| -> Result<Cost, Error> {
        let Some(choice) = choice else { return Ok(Cost::default()) };
        let mut cost = Cost { run: run.map(models::run_of_file).transpose()?, ..Cost::default() };
        if let ContestantChoice::Model(folder) = choice {
            cost.bytes = Some(models::bytes(folder)?);
            if cost.run.is_none() {
                cost.run = models::run(folder)?;
            }
            if options.latency {
                cost.latency = latency(folder, test, observer)?;
            }
        }
        Ok(cost)
    };
    let baseline = of(options.baseline.as_ref(), options.runs[0].as_deref())?;
    let candidate = of(Some(candidate), options.runs[1].as_deref())?;
    let figures: [(&str, Figure); 6] = [
        ("train_seconds", |cost| Some(cost.run.as_ref()?.seconds)),
        ("train_cpu_seconds", |cost| Some(cost.run.as_ref()?.cpu_seconds)),
        ("train_peak_memory_bytes", |cost| {
            cost.run.as_ref().map(|run| run.peak_memory_bytes as f64).filter(|&bytes| bytes > 0.0)
        }),
        ("model_bytes", |cost| cost.bytes.map(|bytes| bytes as f64)),
        ("latency_p50_ms", |cost| cost.latency.map(|latency| latency.0)),
        ("latency_p99_ms", |cost| cost.latency.map(|latency| latency.1)),
    ];
    let row = |(name, of): (&str, Figure)| {
        let (a, b) = (of(&baseline), of(&candidate));
        let ratio = a.zip(b).filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a);
        (a.is_some() || b.is_some()).then(|| ComparedCost { name: name.to_owned(), baseline: a, candidate: b, ratio })
    };
    Ok(figures.into_iter().filter_map(row).collect())
}

/// Median and 99th percentile of the milliseconds that a model takes to answer one example, the first few left out.
fn latency(folder: &Path, test: &Part, observer: &dyn Observer) -> Result<Option<(f64, f64)>, Error> {
    let kept = models::open(folder)?;
    let n = test.data.len();
    if n == 0 {
        return Ok(None);
    }
    if !kept.model.programs().is_empty() {
        observer
            .note(&format!("{}: a program is started for each call, and its answers are not timed", folder.display()));
        return Ok(None);
    }
    let examples: Vec<&Example> = (0..TIMED.min(n)).map(|i| &test.data.examples[i * n / TIMED.min(n)]).collect();
    // What is read of the file for the first time is no part of an answer.
    let answer = |example: &Example| kept.model.answer(&test.summary.file, &test.data.columns, &[example]).map(drop);
    examples.iter().take(20).try_for_each(|example| answer(example))?;
    let mut times = Vec::with_capacity(examples.len());
    for example in examples {
        let Some(start) = observer.seconds() else { return Ok(None) };
        answer(example)?;
        let Some(end) = observer.seconds() else { return Ok(None) };
        times.push(1_000.0 * (end - start));
    }
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() as f64 * share).ceil() as usize).clamp(1, times.len()) - 1];
    Ok(Some((at(0.5), at(0.99))))
}

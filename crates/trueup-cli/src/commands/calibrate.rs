//! `trueup calibrate`.

use std::path::Path;

use serde_json::json;
use trueup::flow;
use trueup::options::{CalibrateOptions, CalibrationChoice, LearnOptions, ThresholdChoice};

use super::{limit_programs, put, read_options, read_words, set_threads};
use crate::args::CalibrateArgs;
use crate::exit::Outcome;
use crate::output::{inert, place, print, write_or_print};
use crate::printer;
use crate::watch::Watch;

/// Calibrates a kept model and says what that brings.
pub fn run(args: &CalibrateArgs) -> anyhow::Result<Outcome> {
    if place(&args.model) == place(&args.out) {
        anyhow::bail!("{}: this is read, and the model would replace it; valid: another name", args.out.display());
    }
    set_threads(args.work.threads)?;
    limit_programs(&args.program);
    let options = CalibrateOptions {
        model: args.model.clone(),
        data: args.data.clone(),
        read: read_options(&args.read)?,
        learn: LearnOptions {
            calibration: args.calibration,
            thresholds: args.thresholds.clone(),
            abstain: args.abstain,
            ..LearnOptions::default()
        },
        costs: args.cost.clone(),
        out: args.out.clone(),
        seed: args.work.seed,
        command: command(args),
    };
    let watch = Watch::new(args.quiet);
    let calibrated = flow::calibrate(&options, &watch);
    let run = watch.finish();
    let calibrated = calibrated?;
    if let Some(path) = &args.json {
        let document = json!({
            "schema": "trueup.calibration/1",
            "model": args.out,
            "about": calibrated.about,
            "bytes": calibrated.bytes,
            "decided": calibrated.decided,
            "run": run,
        });
        write_or_print(path, &inert(&(serde_json::to_string_pretty(&document)? + "\n")), &[&args.data])?;
    }
    if args.json.as_deref() != Some(Path::new("-")) && !args.quiet {
        print(&printer::calibrated(&calibrated, &args.model, &args.data, &args.out, printer::width()))?;
    }
    Ok(Outcome::Fine)
}

/// What was typed, without output and threads, as it can be typed again.
fn command(args: &CalibrateArgs) -> String {
    let mut words = vec!["trueup".to_owned(), "calibrate".to_owned()];
    put(&mut words, "", Some(args.model.display().to_string()));
    put(&mut words, "", Some(args.data.display().to_string()));
    let calibration = (args.calibration != CalibrationChoice::Best).then(|| args.calibration.name().to_owned());
    put(&mut words, "--calibration", calibration);
    put(&mut words, "--thresholds", (args.thresholds != ThresholdChoice::Usual).then(|| args.thresholds.name()));
    put(&mut words, "--abstain", args.abstain.map(trueup::options::AbstainChoice::name));
    for cost in &args.cost {
        let cost = format!("{}:miss={},false-alarm={}", cost.label, cost.miss, cost.false_alarm);
        put(&mut words, "--cost", Some(cost));
    }
    read_words(&args.read, &mut words);
    put(&mut words, "--seed", (args.work.seed != 42).then(|| args.work.seed.to_string()));
    words.join(" ")
}

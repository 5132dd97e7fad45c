//! `trueup train`.

use std::path::{Path, PathBuf};

use serde_json::json;
use trueup::flow;
use trueup::options::{ModelChoice, Source, TrainOptions};

use super::review::{fails, judge_words, judged};
use super::{learn_options, learn_words, limit_programs, put, read_words, set_threads};
use crate::args::TrainArgs;
use crate::exit::Outcome;
use crate::output::{inert, place, print, write_or_print};
use crate::printer;
use crate::watch::Watch;

/// Trains, keeps and says how good it is.
pub fn run(args: &TrainArgs) -> anyhow::Result<Outcome> {
    let inputs: Vec<&PathBuf> =
        [Some(&args.data), args.test.as_ref(), args.valid.as_ref()].into_iter().flatten().collect();
    if let Some(input) = inputs.iter().find(|input| place(input) == place(&args.out)) {
        anyhow::bail!("{}: this is read, and the model would replace it; valid: another name", input.display());
    }
    if let ModelChoice::Kept(_) = &args.model {
        let valid = "auto, linear, crf, or command:PROGRAM with --train-command";
        anyhow::bail!("--model {}: a model is trained anew; valid: {valid}", args.model.name());
    }
    set_threads(args.work.threads)?;
    limit_programs(&args.program);
    let source = Source::Train {
        data: args.data.clone(),
        test: args.test.clone(),
        valid: args.valid.clone(),
        ignore_splits: args.ignore_splits,
        learn: Box::new(learn_options(&args.model, args.train_command.as_ref(), &args.learn)),
    };
    let review = judged(source, &args.read, &args.judge, &args.work, false, command(args))?;
    let options = TrainOptions { review, out: args.out.clone(), evaluate: !args.no_review, budget: args.budget };
    let watch = Watch::new(args.quiet).until(args.deadline);
    let made = flow::train(&options, &watch);
    let run = watch.finish();
    let made = made?;
    trueup::models::save_run(&args.out, &run)?;
    if let Some(path) = &args.json {
        let document = json!({
            "schema": "trueup.training/1",
            "model": args.out,
            "about": made.about,
            "bytes": made.bytes,
            "training": made.training,
            "decided": made.decided,
            "tuned": made.tuned,
            "reproducible": !made.training.interrupted && made.tuned.as_ref().is_none_or(|tuned| tuned.reproducible),
            "review": made.review,
            "run": run,
        });
        write_or_print(path, &inert(&(serde_json::to_string_pretty(&document)? + "\n")), &inputs)?;
    }
    if args.json.as_deref() != Some(Path::new("-")) && !args.quiet {
        print(&printer::trained(&made, &args.data, &args.out, printer::width()))?;
    }
    let no = made.review.as_ref().is_some_and(|review| fails(&args.judge, review));
    Ok(if no { Outcome::No } else { Outcome::Fine })
}

/// What was typed, without output and threads, as it can be typed again.
fn command(args: &TrainArgs) -> String {
    let mut words = vec!["trueup".to_owned(), "train".to_owned()];
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    put(&mut words, "", Some(args.data.display().to_string()));
    put(&mut words, "--test", path(&args.test));
    put(&mut words, "--valid", path(&args.valid));
    put(&mut words, "--model", (args.model != ModelChoice::Auto).then(|| args.model.name()));
    put(&mut words, "--train-command", args.train_command.clone());
    put(&mut words, "--budget", args.budget.map(|budget| budget.to_string()));
    learn_words(&args.learn, &mut words);
    read_words(&args.read, &mut words);
    judge_words(&args.judge, &mut words);
    put(&mut words, "--seed", (args.work.seed != 42).then(|| args.work.seed.to_string()));
    for (option, set) in
        [("--ignore-splits", args.ignore_splits), ("--no-review", args.no_review), ("--strict", args.read.strict)]
    {
        words.extend(set.then(|| option.to_owned()));
    }
    words.join(" ")
}

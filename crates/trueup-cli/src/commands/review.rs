//! `trueup review`.

use std::path::{Path, PathBuf};

use trueup::core::document::{Review, Severity, State};
use trueup::core::words;
use trueup::flow;
use trueup::options::{ModelChoice, ReviewOptions, Source};

use super::{learn_options, learn_words, limit_programs, read_options, read_words, set_threads};
use crate::args::{JudgeArgs, ReadArgs, ReviewArgs, WorkArgs};
use crate::exit::Outcome;
use crate::output::{Wanted, print, say};
use crate::printer;
use crate::watch::Watch;

/// Reviews, prints and writes.
pub fn run(args: &ReviewArgs) -> anyhow::Result<Outcome> {
    let inputs = [&args.data, &args.test, &args.valid, &args.gold, &args.predictions, &args.train];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
    let wanted = Wanted::new(&args.output, &inputs)?;
    set_threads(args.work.threads)?;
    limit_programs(&args.program);
    let options = options(args)?;
    let watch = Watch::new(args.output.quiet);
    let result = flow::review(&options, &watch);
    let run = watch.finish();
    let review = Review { run: Some(run), ..result? };
    wanted.write(&review)?;
    if wanted.prints() {
        print(&printer::review(&review, printer::width(), wanted.any()))?;
        for file in wanted.files().filter(|_| !args.output.quiet) {
            say(&format!("  wrote {}", file.display()));
        }
    } else if !args.output.quiet {
        read_as(&review);
    }
    let fails = fails(&args.judge, &review);
    Ok(if fails { Outcome::No } else { Outcome::Fine })
}

/// Says on stderr what was guessed, for those who read only the data.
fn read_as(review: &Review) {
    let data = &review.data;
    for split in [data.train.as_ref(), data.valid.as_ref(), Some(&data.test)].into_iter().flatten() {
        let guesses: Vec<&str> = split.guesses.iter().map(|guess| guess.what.as_str()).collect();
        if !guesses.is_empty() {
            say(&words::printable(&format!("{}: {}", split.file, guesses.join("; "))));
        }
    }
}

fn options(args: &ReviewArgs) -> anyhow::Result<ReviewOptions> {
    let source = match (&args.data, &args.gold, &args.predictions) {
        (Some(data), None, None) => Source::Train {
            data: data.clone(),
            test: args.test.clone(),
            valid: args.valid.clone(),
            ignore_splits: args.ignore_splits,
            learn: Box::new(learn_options(&args.model, args.train_command.as_ref(), &args.learn)),
        },
        (None, Some(gold), Some(predictions)) => Source::Predictions {
            gold: gold.clone(),
            predictions: predictions.clone(),
            predicted: args.predicted.clone(),
            train: args.train.clone(),
        },
        _ => anyhow::bail!("name labelled DATA, or --gold and --predictions"),
    };
    judged(source, &args.read, &args.judge, &args.work, args.output.no_text, command(args))
}

/// What a review is asked to do, by the options that all commands with a review share.
pub(super) fn judged(
    source: Source,
    read: &ReadArgs,
    judge: &JudgeArgs,
    work: &WorkArgs,
    no_text: bool,
    command: String,
) -> anyhow::Result<ReviewOptions> {
    if let (Some(metric), Some(target)) = (&judge.metric, &judge.target)
        && *metric != target.metric
    {
        anyhow::bail!(
            "--metric {metric} and --target {}={} name two metrics; one decides",
            target.metric,
            target.value
        );
    }
    Ok(ReviewOptions {
        source,
        read: read_options(read)?,
        metric: judge.metric.clone(),
        target: judge.target.clone(),
        costs: judge.cost.clone(),
        positive: judge.positive.clone(),
        select: judge.select.clone(),
        ignore: judge.ignore.clone(),
        slices: judge.slice.clone(),
        slices_by: judge.slice_by.clone(),
        seed: work.seed,
        no_text,
        command,
    })
}

/// Whether `--fail-on` asks for exit code 1.
pub(super) fn fails(judge: &JudgeArgs, review: &Review) -> bool {
    judge.fail_on.is_some_and(|from| {
        review.findings.iter().any(|f| f.severity <= Severity::from(from)) || review.verdict.state == State::NotReady
    })
}

/// What was typed, without output and threads, as it can be typed again.
fn command(args: &ReviewArgs) -> String {
    let mut words = vec!["trueup".to_owned(), "review".to_owned()];
    let mut put = |option: &str, value: Option<String>| super::put(&mut words, option, value);
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    put("", path(&args.data));
    put("--gold", path(&args.gold));
    put("--predictions", path(&args.predictions));
    put("--predicted", args.predicted.clone());
    put("--train", path(&args.train));
    put("--test", path(&args.test));
    put("--valid", path(&args.valid));
    put("--model", (args.model != ModelChoice::Auto).then(|| args.model.name()));
    put("--train-command", args.train_command.clone());
    learn_words(&args.learn, &mut words);
    read_words(&args.read, &mut words);
    judge_words(&args.judge, &mut words);
    let mut put = |option: &str, value: Option<String>| super::put(&mut words, option, value);
    put("--seed", (args.work.seed != 42).then(|| args.work.seed.to_string()));
    if args.ignore_splits {
        words.push("--ignore-splits".to_owned());
    }
    if args.read.strict {
        words.push("--strict".to_owned());
    }
    words.join(" ")
}

/// How the model is judged, as it can be typed again.
pub(super) fn judge_words(judge: &JudgeArgs, words: &mut Vec<String>) {
    let mut put = |option: &str, value: Option<String>| super::put(words, option, value);
    put("--metric", judge.metric.clone());
    put("--target", judge.target.as_ref().map(|target| format!("{}={}", target.metric, target.value)));
    for cost in &judge.cost {
        put("--cost", Some(format!("{}:miss={},false-alarm={}", cost.label, cost.miss, cost.false_alarm)));
    }
    put("--positive", judge.positive.clone());
    for expression in &judge.slice {
        put("--slice", Some(expression.clone()));
    }
    for column in &judge.slice_by {
        put("--slice-by", Some(column.clone()));
    }
    put("--select", (!judge.select.is_empty()).then(|| judge.select.join(",")));
    put("--ignore", (!judge.ignore.is_empty()).then(|| judge.ignore.join(",")));
}

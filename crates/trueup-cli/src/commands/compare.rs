//! `trueup compare`.

use std::path::{Path, PathBuf};

use trueup::core::document::Review;
use trueup::flow;
use trueup::options::{CompareOptions, ContestantChoice, CorrectionChoice, GateOptions};

use super::{limit_programs, put, read_options, read_words, set_threads};
use crate::args::{CompareArgs, CorrectionArg, MoreArgs, OutputArgs, ProgramArgs, ReadArgs, WorkArgs};
use crate::exit::Outcome;
use crate::output::{Wanted, print, say};
use crate::printer;
use crate::watch::Watch;

/// What a comparison and a gate are asked alike.
pub(super) struct Asked<'a> {
    /// `compare` or `gate`.
    pub name: &'static str,
    /// What stands now.
    pub baseline: Option<&'a ContestantChoice>,
    /// What wants in.
    pub candidates: &'a [ContestantChoice],
    /// How they are compared.
    pub more: &'a MoreArgs,
    /// How files are read.
    pub read: &'a ReadArgs,
    /// Where the result goes.
    pub output: &'a OutputArgs,
    /// How the work is done.
    pub work: &'a WorkArgs,
    /// How programs are run.
    pub program: &'a ProgramArgs,
    /// The policy of a gate.
    pub gate: Option<GateOptions>,
}

/// Compares, prints and writes.
pub fn run(args: &CompareArgs) -> anyhow::Result<Outcome> {
    let asked = Asked {
        name: "compare",
        baseline: Some(&args.baseline),
        candidates: &args.contest.candidate,
        more: &args.contest.more,
        read: &args.read,
        output: &args.output,
        work: &args.work,
        program: &args.program,
        gate: None,
    };
    compared(&asked, |_| Ok(()))?;
    Ok(Outcome::Fine)
}

/// Makes the comparison, writes what is asked for, `more` too, and prints.
pub(super) fn compared(asked: &Asked<'_>, more: impl Fn(&Review) -> anyhow::Result<()>) -> anyhow::Result<Review> {
    let paths = [&asked.more.gold, &asked.more.train, &asked.more.baseline_run, &asked.more.candidate_run];
    let contestants = asked.baseline.into_iter().chain(asked.candidates).filter_map(ContestantChoice::path);
    let policy = asked.gate.as_ref().and_then(|gate| gate.policy.as_deref());
    let inputs: Vec<&Path> =
        paths.into_iter().flatten().map(PathBuf::as_path).chain(contestants).chain(policy).collect();
    let wanted = Wanted::new(asked.output, &inputs)?;
    set_threads(asked.work.threads)?;
    limit_programs(asked.program);
    let options = options(asked)?;
    let watch = Watch::new(asked.output.quiet);
    let result = flow::compare(&options, &watch);
    let run = watch.finish();
    let review = Review { run: Some(run), ..result? };
    wanted.write(&review)?;
    more(&review)?;
    if wanted.prints() {
        print(&printer::comparison(&review, printer::width(), wanted.any()))?;
        for file in wanted.files().filter(|_| !asked.output.quiet) {
            say(&format!("  wrote {}", file.display()));
        }
    }
    Ok(review)
}

fn options(asked: &Asked<'_>) -> anyhow::Result<CompareOptions> {
    let Asked { more, .. } = asked;
    Ok(CompareOptions {
        gold: more.gold.clone(),
        baseline: asked.baseline.cloned(),
        candidates: asked.candidates.to_vec(),
        predicted: more.predicted.clone(),
        train: more.train.clone(),
        read: read_options(asked.read)?,
        weights: more.weights.clone(),
        metric: more.metric.clone(),
        costs: more.cost.clone(),
        positive: more.positive.clone(),
        select: more.select.clone(),
        ignore: more.ignore.clone(),
        slices: more.slice.clone(),
        slices_by: more.slice_by.clone(),
        correction: more.correction.into(),
        common: more.common,
        runs: [more.baseline_run.clone(), more.candidate_run.clone()],
        latency: more.latency,
        gate: asked.gate.clone(),
        seed: asked.work.seed,
        no_text: asked.output.no_text,
        command: command(asked),
    })
}

/// What was typed, without output and threads, as it can be typed again.
fn command(asked: &Asked<'_>) -> String {
    let mut words = vec!["trueup".to_owned(), asked.name.to_owned()];
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let Asked { more, .. } = asked;
    put(&mut words, "--gold", path(&more.gold));
    match asked.baseline {
        Some(baseline) => put(&mut words, "--baseline", Some(baseline.name())),
        None => words.push("--first".to_owned()),
    }
    for candidate in asked.candidates {
        put(&mut words, "--candidate", Some(candidate.name()));
    }
    put(&mut words, "--policy", path(&asked.gate.as_ref().and_then(|gate| gate.policy.clone())));
    put(&mut words, "--predicted", more.predicted.clone());
    put(&mut words, "--train", path(&more.train));
    put(&mut words, "--weights", more.weights.clone());
    put(&mut words, "--metric", more.metric.clone());
    for cost in &more.cost {
        put(&mut words, "--cost", Some(format!("{}:miss={},false-alarm={}", cost.label, cost.miss, cost.false_alarm)));
    }
    put(&mut words, "--positive", more.positive.clone());
    for expression in &more.slice {
        put(&mut words, "--slice", Some(expression.clone()));
    }
    for column in &more.slice_by {
        put(&mut words, "--slice-by", Some(column.clone()));
    }
    let correction = CorrectionChoice::from(more.correction);
    put(&mut words, "--correction", (more.correction != CorrectionArg::Holm).then(|| correction.name().to_owned()));
    put(&mut words, "--baseline-run", path(&more.baseline_run));
    put(&mut words, "--candidate-run", path(&more.candidate_run));
    put(&mut words, "--select", (!more.select.is_empty()).then(|| more.select.join(",")));
    put(&mut words, "--ignore", (!more.ignore.is_empty()).then(|| more.ignore.join(",")));
    read_words(asked.read, &mut words);
    put(&mut words, "--seed", (asked.work.seed != 42).then(|| asked.work.seed.to_string()));
    for (option, set) in [("--common", more.common), ("--latency", more.latency), ("--strict", asked.read.strict)] {
        words.extend(set.then(|| option.to_owned()));
    }
    words.join(" ")
}

//! `trueup gate`.

use std::path::{Path, PathBuf};

use trueup::core::document::Decision;
use trueup::data::write::check_file;
use trueup::gate;
use trueup::options::GateOptions;

use super::compare::{Asked, compared};
use crate::args::GateArgs;
use crate::exit::Outcome;
use crate::output::{inert, print, write_or_print};
use crate::printer;

/// Decides, prints and writes.
pub fn run(args: &GateArgs) -> anyhow::Result<Outcome> {
    if args.plan {
        return plan(args);
    }
    if let Some(path) = args.junit.as_deref().filter(|path| *path != Path::new("-")) {
        check_file(path)?;
    }
    let asked = Asked {
        name: "gate",
        baseline: args.baseline.as_ref(),
        candidates: &args.contest.candidate,
        more: &args.contest.more,
        read: &args.read,
        output: &args.output,
        work: &args.work,
        program: &args.program,
        gate: Some(GateOptions { policy: args.policy.clone() }),
    };
    let inputs: Vec<&PathBuf> = [&args.contest.more.gold, &args.policy].into_iter().flatten().collect();
    let review = compared(&asked, |review| match &args.junit {
        Some(path) => write_or_print(path, &trueup::tell::junit(review), &inputs),
        None => Ok(()),
    })?;
    let decision = review.comparison.and_then(|comparison| comparison.decision);
    Ok(match decision {
        Some(Decision::Promote) => Outcome::Fine,
        Some(Decision::Reject) => Outcome::No,
        Some(Decision::Undecided) | None => Outcome::Undecided,
    })
}

/// Says how many test examples a difference takes.
fn plan(args: &GateArgs) -> anyhow::Result<Outcome> {
    let policy = match &args.policy {
        Some(path) => gate::read_policy(path)?.policy,
        None => gate::Policy::default(),
    };
    let effect = args.effect.unwrap_or(0.02);
    let plan = gate::plan(&policy, effect, args.discordance).ok_or_else(|| {
        anyhow::anyhow!("--discordance: models cannot differ by {effect} where they part on fewer examples")
    })?;
    if let Some(path) = &args.output.json {
        write_or_print(path, &inert(&(serde_json::to_string_pretty(&plan)? + "\n")), &[])?;
    }
    if args.output.json.as_deref() != Some(Path::new("-")) {
        print(&printer::gate_plan(&plan))?;
    }
    Ok(Outcome::Fine)
}

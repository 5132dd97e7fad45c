//! `bench learn-folds`: what answers out of five folds cost, beside one training.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::race::Set;
use super::settings::{CRF, LINEAR};
use super::{Check, Place, RUNS, cell, cpu, median, ratios, run, table, wall, wanted};
use crate::bench::Taken;

/// Sets with a limit of their own on the wall time of a review in folds, in seconds.
const LIMITS: [(&str, f64); 2] = [("banking77", 8.0), ("sst2", 20.0)];

/// Times every set and writes the table.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    let place = Place::new(binary, data)?;
    let mut text = "The training part, reviewed in five folds (`trueup review`), each fold with its search for the number of passes. \
                    The folds alone are its CPU time less that of a review of the same data with predictions, which does the rest and trains \
                    nothing. One training is `trueup train --no-review`, which searches and trains once. Median of three runs \
                    in turn.\n\n"
        .to_owned();
    let mut cost = Check::new("CPU time of the folds over that of one training, at most 4.5");
    let mut cores = Check::new("CPU time of the review over its wall time (cores in use), at least 1.6");
    let mut limits = Check::new("wall seconds of the review over the limit (banking77 8, sst2 20), at most 1");
    let mut rows = Vec::new();
    for set in wanted(LINEAR, |set| set.name).into_iter().chain(wanted(CRF, |set| set.name)) {
        let [one, review, rest] = times(&place, set)?;
        let folds: Vec<Taken> =
            review.iter().zip(&rest).map(|(a, b)| Taken { cpu: Some(cpu(a) - cpu(b)), ..*a }).collect();
        let ratio = ratios(&folds, &one, cpu);
        let seconds = median(review.iter().map(wall));
        let used = median(review.iter().map(|taken| cpu(taken) / taken.wall.max(0.01)));
        cost.add(set.name, ratio[1]);
        cores.add(set.name, used);
        let limit = LIMITS.iter().find(|(name, _)| *name == set.name);
        limit.into_iter().for_each(|(name, limit)| limits.add(*name, seconds / limit));
        rows.push(vec![
            set.name.to_owned(),
            format!("{:.2} s", median(one.iter().map(cpu))),
            format!("{:.2} s", median(folds.iter().map(cpu))),
            cell(ratio),
            format!("{:.2} s", median(review.iter().map(cpu))),
            format!("{seconds:.2} s"),
            format!("{used:.2}"),
        ]);
    }
    let head = ["set", "one training, CPU", "folds, CPU", "ratio", "whole review, CPU", "wall", "cores in use"];
    text += &table(&head, &rows)?;
    text += "\nWhat is asked, and the least and most that was found:\n\n";
    text += &cost.line(2, |found| found <= 4.5);
    text += &cores.line(2, |found| found >= 1.6);
    Ok(text + &limits.line(2, |found| found <= 1.0))
}

/// Runs of one training, of the review, and of the review with predictions.
fn times(place: &Place<'_>, set: &'static Set) -> Result<[Vec<Taken>; 3]> {
    let model = place.model(set.name, "trueup");
    let data = place.input(set.name, "train")?;
    let answers = place.answers(set.name, "train.trueup")?;
    let binary = place.binary.to_path_buf();
    let mut train = vec![binary.clone(), "train".into(), data.clone(), "-o".into(), model.clone()];
    train.extend(["--no-review".into(), "--quiet".into()]);
    let mut review = vec![binary.clone(), "review".into(), data.clone(), "--json".into(), "-".into(), "--quiet".into()];
    for setting in set.ours {
        train.extend(["--set".into(), setting.into()]);
    }
    let mut rest =
        vec![binary, "review".into(), "--gold".into(), data.clone(), "--predictions".into(), answers.clone()];
    rest.extend(["--json".into(), "-".into(), "--quiet".into()]);
    for setting in set.ours {
        review.extend(["--set".into(), setting.into()]);
    }
    let predict = place.predict(set.name, data, answers);
    let mut taken = [vec![], vec![], vec![]];
    for number in 0..RUNS {
        for side in if number % 2 == 0 { [0, 1, 2] } else { [2, 1, 0] } {
            match side {
                0 => {
                    if model.exists() {
                        fs::remove_dir_all(&model)?;
                    }
                    taken[0].push(run(std::slice::from_ref(&train))?);
                    // Untimed: the predictions that the review without training reads.
                    run(std::slice::from_ref(&predict))?;
                }
                1 => taken[1].push(run(std::slice::from_ref(&review))?),
                _ => taken[2].push(run(std::slice::from_ref(&rest))?),
            }
        }
    }
    eprintln!("{}: {taken:?}", set.name);
    Ok(taken)
}

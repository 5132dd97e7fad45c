//! `bench learn-linear`: classification end to end, beside scikit-learn and fastText.

use std::path::Path;

use anyhow::Result;

use super::race::{HEAD, OWN, Raced, race};
use super::settings::{LINEAR, SEVERAL};
use super::{Check, Place, cpu, ratios, table, wall, wanted};
use crate::bench::Taken;

/// Times every set and writes the tables.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    let place = Place::new(binary, data)?;
    let raced: Vec<Raced> =
        wanted(LINEAR, |set| set.name).into_iter().map(|set| race(&place, set)).collect::<Result<_>>()?;
    let mut text = "Start, read, features, training, answers to the test set, all written: ours in two processes (`trueup train \
                    --no-review` and `trueup predict`, added up), a peer's in one (`xtask/peers/learn.py`), which does not write \
                    its model. n-grams of 1 to 2 words and of 2 to 5 characters inside words on either side, fastText its \
                    own. A ratio is the peer's over ours, median of three runs in turn (in brackets: least and most); logistic \
                    regression runs once, as does LinearSVC on goemotions. F1 is macro-F1 on the test set in percent, the difference in points with a 95 % \
                    interval (paired bootstrap). The settings of both sides were chosen on validation data \
                    (`xtask/src/bench/learn/settings.rs`).\n\n"
        .to_owned();
    text += &table(&HEAD, &raced.iter().flat_map(Raced::rows).collect::<Vec<_>>())?;
    text += "\nOurs alone, and what is kept: the folder of our model beside scikit-learn's pipeline, pickled.\n\n";
    text += &table(&OWN, &raced.iter().map(Raced::own).collect::<Vec<_>>())?;
    text += "\nWhat is asked, and the least and most that was found:\n\n";
    text += &checks(&raced);
    Ok(text)
}

/// What is asked, checked.
fn checks(raced: &[Raced]) -> String {
    let mut text = String::new();
    for (name, title, least) in [("linearsvc", "LinearSVC", 3.0), ("logreg", "LogisticRegression", 10.0)] {
        let mut check = Check::new(format!("CPU time of {title} over ours, at least {least}"));
        for one in raced {
            one.against(name).into_iter().for_each(|against| check.add(one.set.name, one.faster(against)));
        }
        text += &check.line(1, |found| found >= least);
    }
    let better = |one: &Raced| {
        ["linearsvc", "logreg"].iter().filter_map(|name| Some(one.against(name)?.score)).fold(0.0, f64::max)
    };
    let mean = |of: &dyn Fn(&Raced) -> f64| {
        let single: Vec<f64> = raced.iter().filter(|one| one.set.name != SEVERAL).map(of).collect();
        (!single.is_empty()).then(|| single.iter().sum::<f64>() / single.len() as f64)
    };
    let mut average =
        Check::new("F1 less that of the better of the two, mean of the sets of one label a text, at least -0.2");
    mean(&|one| one.score - better(one)).into_iter().for_each(|found| average.add("mean", found));
    text += &average.line(2, |found| found >= -0.2);
    let mut several = Check::new("the same with several labels a text, at least -0.2");
    let found = raced.iter().find(|one| one.set.name == SEVERAL);
    found.into_iter().for_each(|one| several.add(SEVERAL, one.score - better(one)));
    text += &several.line(2, |found| found >= -0.2);
    let mut worse =
        Check::new("the high end of the difference to either of the two, at least 0 (not significantly worse)");
    for one in raced {
        for against in one.peers.iter().filter(|against| against.peer.name != "fasttext") {
            worse.add(format!("{} ({})", one.set.name, against.peer.name), against.difference[2]);
        }
    }
    text += &worse.line(2, |found| found >= 0.0);
    for (title, of) in [("CPU", cpu as fn(&Taken) -> f64), ("wall", wall)] {
        let mut check = Check::new(format!("{title} time of fastText over ours, at least 1"));
        for one in raced {
            one.against("fasttext")
                .into_iter()
                .for_each(|a| check.add(one.set.name, ratios(&a.runs, &one.ours, of)[1]));
        }
        text += &check.line(1, |found| found >= 1.0);
    }
    let mut average = Check::new("F1 less that of fastText, mean of the sets of one label a text, at least 0");
    let difference = |one: &Raced| one.against("fasttext").map_or(0.0, |against| against.difference[0]);
    mean(&difference).into_iter().for_each(|found| average.add("mean", found));
    text += &average.line(2, |found| found >= 0.0);
    let mut check = Check::new("wall time on one thread over that on all, at least 1.6");
    raced.iter().for_each(|one| check.add(one.set.name, one.threads()[1]));
    text += &check.line(2, |found| found >= 1.6);
    text + &frugal(raced, "pipeline")
}

/// What is asked of memory and of the model's size.
pub fn frugal(raced: &[Raced], kept: &str) -> String {
    let mut memory = Check::new("our peak memory as a share of each peer's, under 0.5");
    for one in raced {
        for against in &one.peers {
            memory.add(format!("{} ({})", one.set.name, against.peer.name), one.memory() / against.memory());
        }
    }
    let mut size = Check::new(format!("our model on the disk as a share of the {kept}, under 0.2"));
    raced.iter().for_each(|one| size.add(one.set.name, one.bytes.0 as f64 / one.bytes.1 as f64));
    memory.line(2, |found| found < 0.5) + &size.line(3, |found| found < 0.2)
}

//! `bench learn-crf`: entities end to end, beside python-crfsuite and spaCy.

use std::path::Path;

use anyhow::Result;

use super::linear::frugal;
use super::race::{HEAD, OWN, Raced, race};
use super::settings::CRF;
use super::{Check, Place, table, wanted};

/// Times every set and writes the tables.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    let place = Place::new(binary, data)?;
    let raced: Vec<Raced> =
        wanted(CRF, |set| set.name).into_iter().map(|set| race(&place, set)).collect::<Result<_>>()?;
    let mut text = "As for `learn-linear`: whole processes, ours two, a peer's one. python-crfsuite gets the features that our chain \
                    has, made in Python, and runs L-BFGS until it stops by itself or for 500 iterations; spaCy trains a blank pipeline with entity recognition \
                    alone. Both run once. F1 is seqeval's, strict, in percent, over all types; the interval is of a paired \
                    bootstrap over sentences.\n\n"
        .to_owned();
    text += &table(&HEAD, &raced.iter().flat_map(Raced::rows).collect::<Vec<_>>())?;
    text += "\nOurs alone, and what is kept beside python-crfsuite's model file.\n\n";
    text += &table(&OWN, &raced.iter().map(Raced::own).collect::<Vec<_>>())?;
    text += "\nWhat is asked, and the least and most that was found:\n\n";
    for (name, title, least) in [("crfsuite", "python-crfsuite", 10.0), ("spacy", "spaCy", 50.0)] {
        let mut check = Check::new(format!("CPU time of {title} over ours, at least {least}"));
        for one in &raced {
            one.against(name).into_iter().for_each(|against| check.add(one.set.name, one.faster(against)));
        }
        text += &check.line(1, |found| found >= least);
        let least = if name == "spacy" { 0.0 } else { -0.3 };
        let mut check = Check::new(format!("F1 less that of {title}, at least {least}"));
        for one in &raced {
            one.against(name).into_iter().for_each(|against| check.add(one.set.name, against.difference[0]));
        }
        text += &check.line(2, |found| found >= least);
    }
    Ok(text + &frugal(&raced, "model file"))
}

//! `bench tune`: whether the gain that tuning forecasts is found on new data.
//!
//! Subsets of real sets are drawn, tuned on and trained on by `xtask/peers/learn_tune.py`, and the gain over the defaults is
//! measured on the examples that were not drawn. `TRUEUP_BENCH_SETS=trec` takes these sets alone, `TRUEUP_BENCH_DRAWS=3` so
//! many draws of each.

use std::path::Path;

use anyhow::{Result, anyhow, bail};

use super::learn::{Check, Place, script, table, wanted};
use crate::workspace;

/// Sets, and how many examples are drawn of each to tune on, as `learn_tune.py` has it. SST-2 is not among them: its phrases
/// are parts of the same sentences, so that what was not drawn is not new.
const SETS: &[(&str, usize)] = &[
    ("banking77", 2000),
    ("clinc150", 3000),
    ("trec", 1000),
    ("tweeteval_emoji", 3000),
    ("goemotions", 3000),
    ("ncbi_disease", 800),
];

/// Draws of each set.
const DRAWS: usize = 10;

/// One draw; scores and gains in points.
struct Case {
    /// Score of the defaults.
    score: f64,
    /// Gain of the settings that scored best.
    best: f64,
    /// Gain of the settings to take.
    taken: f64,
    /// The high end of its 95 % interval.
    high: f64,
    /// The forecast, and the ends of its 90 % interval.
    forecast: [f64; 3],
    /// Whether the settings to take are others than the defaults.
    moved: bool,
}

impl Case {
    fn read(line: &str) -> Result<Self> {
        let numbers: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [score, best, taken, _, high, value, from, to, moved] = numbers[..] else { bail!("a case is `{line}`") };
        Ok(Self { score, best, taken, high, forecast: [value, from, to], moved: moved > 0.0 })
    }

    /// Whether the interval of the forecast holds the gain of the settings that scored best.
    fn holds(&self) -> bool {
        (self.forecast[1]..=self.forecast[2]).contains(&self.best)
    }

    /// Whether it holds the gain of the settings to take: 0 where the defaults stay.
    fn holds_taken(&self) -> bool {
        (self.forecast[1]..=self.forecast[2]).contains(&self.taken)
    }

    /// Whether the settings to take are significantly worse than the defaults.
    fn worse(&self) -> bool {
        self.high < 0.0
    }
}

/// Runs every case and writes the table.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    let place = Place::new(binary, data)?;
    let draws = std::env::var("TRUEUP_BENCH_DRAWS").ok().and_then(|n| n.parse().ok()).unwrap_or(DRAWS);
    let mut text = "Subsets of real sets, drawn at random: `trueup tune` on the subset, then the gain of what it found over the defaults on \
                    the other examples of the set (up to 20,000), in points of macro-F1 (entities: F1). *Held* says in how many draws the 90 % \
                    interval of the forecast holds the gain that the best settings then have, and that of the settings to take, which are the \
                    defaults where no gain is forecast; the test's own error makes it a little less than it is. *Worse* counts draws in which the settings to take are significantly worse than the \
                    defaults (95 %, paired bootstrap).\n\n"
        .to_owned();
    let (mut rows, mut held, mut all) = (Vec::new(), [0usize; 2], 0usize);
    let mut worse = Check::new("draws with settings significantly worse than the defaults, 0");
    for &(set, size) in wanted(SETS, |set| set.0) {
        let cases: Vec<Case> = (0..draws).map(|number| case(&place, set, number)).collect::<Result<_>>()?;
        let count = |of: fn(&Case) -> bool| cases.iter().filter(|case| of(case)).count();
        let mean = |of: fn(&Case) -> f64| cases.iter().map(of).sum::<f64>() / cases.len().max(1) as f64;
        held[0] += count(Case::holds);
        held[1] += count(Case::holds_taken);
        all += cases.len();
        worse.add(set, count(Case::worse) as f64);
        rows.push(vec![
            set.to_owned(),
            size.to_string(),
            format!("{:.2}", mean(|case| case.score)),
            format!("{:+.2}", mean(|case| case.forecast[0])),
            format!("{:+.2}", mean(|case| case.best)),
            format!("{} of {}", count(Case::holds), cases.len()),
            count(|case| case.moved).to_string(),
            format!("{:+.2}", mean(|case| case.taken)),
            format!("{} of {}", count(Case::holds_taken), cases.len()),
            count(Case::worse).to_string(),
        ]);
    }
    let head =
        ["set", "drawn", "defaults", "forecast", "gain", "held", "moved", "gain of what is taken", "held", "worse"];
    text += &table(&head, &rows)?;
    text += "\nWhat is asked, and the least and most that was found:\n\n";
    for (held, which) in held.into_iter().zip(["the best settings", "the settings to take"]) {
        let mut share = Check::new(format!(
            "share of the draws in which the forecast's interval holds the gain of {which}, at least 0.85"
        ));
        share.add("all", held as f64 / all.max(1) as f64);
        text += &share.line(2, |found| found >= 0.85);
    }
    Ok(text + &worse.line(0, |found| found <= 0.0))
}

/// Runs one case.
fn case(place: &Place<'_>, set: &str, number: usize) -> Result<Case> {
    let arguments = [place.binary.into(), place.folder.clone(), set.into(), number.to_string().into()];
    let words = script("learn_tune.py", "core", &arguments)?;
    let output = workspace::command(&words[0].to_string_lossy()).args(&words[1..]).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("{set} {number}: {}", said.trim());
    if !output.status.success() {
        bail!("{set}, draw {number}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Case::read(said.lines().last().ok_or_else(|| anyhow!("{set}, draw {number}: nothing was said"))?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_case_holds_when_the_gain_lies_in_the_interval() {
        let case = Case::read("80.0 1.5 1.5 0.2 2.1 1.0 0.0 2.0 1\n").unwrap();
        assert!(case.holds() && case.holds_taken() && !case.worse() && case.moved);
        let case = Case::read("80.0 2.5 -1.5 -3 -0.5 1.0 0.0 2.0 0").unwrap();
        assert!(!case.holds() && case.worse() && !case.moved);
        assert!(Case::read("80.0 2.5").is_err());
    }
}

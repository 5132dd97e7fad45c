//! Steps of a chore: what ran, how it ended, how long it took.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Passed,
    /// It was left out, and why. Under CI this is a failure when `required`.
    Skipped {
        /// The reason, with how to mend it.
        why: String,
        /// Whether CI must not let it pass.
        required: bool,
    },
}

/// The steps of one run, in order.
pub struct Steps {
    done: Vec<(&'static str, Duration, Result<Outcome, String>)>,
    stop_early: bool,
    ci: bool,
}

impl Steps {
    /// No step yet. `stop_early`: a failed step ends the run. `ci`: a required step may not be skipped.
    pub fn new(stop_early: bool, ci: bool) -> Self {
        Self { done: Vec::new(), stop_early, ci }
    }

    /// Runs one step; its failure is kept, and ends the run when steps stop early. `advice` says what to do then.
    pub fn run(&mut self, name: &'static str, advice: &str, step: impl FnOnce() -> Result<Outcome>) -> Result<()> {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let result = step();
        let elapsed = start.elapsed();
        let ended = match result {
            Ok(Outcome::Skipped { why, required: true }) if self.ci => Err(why),
            Ok(outcome) => {
                if let Outcome::Skipped { why, .. } = &outcome {
                    eprintln!("skipped: {why}");
                }
                Ok(outcome)
            }
            Err(error) => Err(format!("{error:#}")),
        };
        let failure = ended.as_ref().err().cloned();
        self.done.push((name, elapsed, ended));
        if let Some(failure) = failure {
            eprintln!("FAILED {name}: {failure}");
            if !advice.is_empty() {
                eprintln!("what to do: {advice}");
            }
            if self.stop_early {
                bail!("`{name}` failed; {advice}");
            }
        }
        Ok(())
    }

    /// One line a step: seconds, name, how it ended.
    pub fn table(&self) -> String {
        let line = |(name, elapsed, ended): &(&str, Duration, Result<Outcome, String>)| {
            let how = match ended {
                Ok(Outcome::Passed) => String::new(),
                Ok(Outcome::Skipped { why, .. }) => format!("  skipped: {why}"),
                Err(_) => "  FAILED".into(),
            };
            format!("\n{:>8.1} s  {name}{how}", elapsed.as_secs_f64())
        };
        format!("\ntime per step{}\n", self.done.iter().map(line).collect::<String>())
    }

    /// Names of the steps that failed.
    pub fn failures(&self) -> Vec<&'static str> {
        self.done.iter().filter(|(_, _, ended)| ended.is_err()).map(|(name, _, _)| *name).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn skipped(required: bool) -> Outcome {
        Outcome::Skipped { why: "no node".into(), required }
    }

    #[test]
    fn a_failure_is_kept_and_named() {
        let mut steps = Steps::new(false, false);
        steps.run("one", "mend it", || bail!("broken")).unwrap();
        steps.run("two", "", || Ok(Outcome::Passed)).unwrap();
        assert_eq!(steps.failures(), ["one"]);
        assert!(steps.table().contains("one  FAILED"));
    }

    #[test]
    fn steps_that_stop_early_end_the_run() {
        let mut steps = Steps::new(true, false);
        let error = steps.run("one", "mend it", || bail!("broken")).unwrap_err();
        assert_eq!(error.to_string(), "`one` failed; mend it");
    }

    #[test]
    fn only_ci_refuses_a_skipped_requirement() {
        for (ci, required, fails) in [(false, true, false), (true, false, false), (true, true, true)] {
            let mut steps = Steps::new(false, ci);
            steps.run("page", "", || Ok(skipped(required))).unwrap();
            assert_eq!(!steps.failures().is_empty(), fails, "ci {ci}, required {required}");
        }
    }
}

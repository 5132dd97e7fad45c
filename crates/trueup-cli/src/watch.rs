//! Watches a flow: times its stages, and shows progress on a terminal.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use crate::exit::{asked_to_stop, heed_stops};

use indicatif::{ProgressBar, ProgressStyle};
use trueup::core::document::Run;
use trueup::observe::Observer;

use crate::machine::Clock;
use crate::output::say;

/// Times and shows. The bar is drawn on stderr, and only when that is a terminal and `quiet` is off.
pub struct Watch {
    clock: Mutex<Clock>,
    bar: Option<ProgressBar>,
    quiet: bool,
    /// The stage, for the words before the bar.
    stage: Mutex<&'static str>,
    /// How long a search may take, from the start.
    deadline: Option<Duration>,
}

impl Watch {
    /// Starts the clock.
    pub fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("  {spinner} {msg}{wide_bar:.dim}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(0).with_style(style);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { clock: Mutex::new(Clock::new()), bar, quiet, stage: Mutex::new(""), deadline: None }
    }

    /// The same, with an end to a search after so much time.
    pub fn until(self, deadline: Option<Duration>) -> Self {
        Self { deadline, ..self }
    }

    /// Ends the show and says what the run cost.
    pub fn finish(self) -> Run {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.clock.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).run()
    }
}

impl Observer for Watch {
    fn stage(&self, name: &'static str) {
        self.clock.lock().unwrap_or_else(std::sync::PoisonError::into_inner).stage(name);
        *self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = name;
        if let Some(bar) = &self.bar {
            bar.set_length(0);
            bar.set_message(format!("{name:<14}"));
        }
    }

    fn loss(&self, loss: f64) {
        if let Some(bar) = &self.bar {
            let stage = *self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            bar.set_message(format!("{stage:<14}loss {loss:<9.4}"));
        }
    }

    fn may_stop(&self, may: bool) {
        heed_stops(may);
    }

    fn stopped(&self) -> bool {
        asked_to_stop()
    }

    fn out_of_time(&self) -> bool {
        let elapsed = || self.clock.lock().unwrap_or_else(std::sync::PoisonError::into_inner).elapsed();
        self.deadline.is_some_and(|deadline| elapsed() >= deadline)
    }

    fn seconds(&self) -> Option<f64> {
        Some(self.clock.lock().unwrap_or_else(std::sync::PoisonError::into_inner).elapsed().as_secs_f64())
    }

    fn progress(&self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    fn note(&self, message: &str) {
        if self.quiet {
            return;
        }
        let text = format!("note: {}", trueup::core::words::printable(message));
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&text)),
            None => say(&text),
        }
    }
}

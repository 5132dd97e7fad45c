//! Watches a flow: times its stages, and shows progress on a terminal.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

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
        Self { clock: Mutex::new(Clock::new()), bar, quiet }
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
        if let Some(bar) = &self.bar {
            bar.set_length(0);
            bar.set_message(format!("{name:<14}"));
        }
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

//! How the process ends: one message, the right code, nothing half-written.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use trueup::core::words;
use trueup::data::write::remove_unfinished;

use crate::machine::ignore_file_size_signal;

/// How a command that worked ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing against it: 0.
    Fine,
    /// It worked and the answer is no: 1.
    No,
    /// A gate that is undecided: 3.
    Undecided,
}

/// Whether there is something worth keeping when the work is ended early.
static HEEDED: AtomicBool = AtomicBool::new(false);
/// Whether the work is to end early.
static STOP: AtomicBool = AtomicBool::new(false);

/// From here on, or no longer, Ctrl-C ends the work early and keeps what is best so far.
pub fn heed_stops(heed: bool) {
    STOP.store(false, Ordering::Relaxed);
    HEEDED.store(heed, Ordering::Relaxed);
}

/// Whether Ctrl-C asked for that, since.
pub fn asked_to_stop() -> bool {
    HEEDED.load(Ordering::Relaxed) && STOP.load(Ordering::Relaxed)
}

/// On Ctrl-C (or a request to terminate) removes what is not finished and exits with 130; where there is something worth
/// keeping, only at the second time.
pub fn on_interrupt() {
    ignore_file_size_signal();
    // Only a second handler can fail here, and there is none; without a handler the system's default still ends us.
    let _ = ctrlc::set_handler(|| {
        if HEEDED.load(Ordering::Relaxed) && !STOP.swap(true, Ordering::Relaxed) {
            let _ = writeln!(std::io::stderr(), "\nending with the best so far; once more ends at once");
            return;
        }
        // Programs in groups of their own do not get the interrupt from the terminal.
        trueup::external::end_all();
        let _nothing_begins_any_more = remove_unfinished();
        // Programs that serve as models have process groups of their own, so the terminal does not reach them.
        trueup::external::end_all();
        if std::io::stderr().is_terminal() {
            // The prompt comes below the progress bar, not behind it.
            let _ = writeln!(std::io::stderr());
        }
        #[allow(clippy::exit, reason = "the handler runs beside the work and must end the process")]
        std::process::exit(130);
    });
}

/// Prints what clap has to say: help on stdout with 0, bad use on stderr with 2.
pub fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is no reason to complain about the help.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

/// Turns a command's result into the exit code, and prints its error.
pub fn finish(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Ok(Outcome::Undecided) => ExitCode::from(3),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let mut stderr = anstream::stderr();
            let style = anstyle::AnsiColor::Red.on_default().bold();
            // When even stderr is closed, the exit code still tells.
            let _ = writeln!(stderr, "{style}error{style:#}: {}", message(&error));
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The error and its causes, each that the one before does not tell already. What acts on a terminal is shown as an
/// escape; line ends are the message's own.
fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text.lines().map(words::printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow::Error::msg("cut short").context("a.gz: cannot read it: cut short").context("no data");
        assert_eq!(message(&error), "no data: a.gz: cannot read it: cut short");
        assert_eq!(message(&anyhow::anyhow!("a\u{1b}[31m\nhint: b")), "a\\u{1b}[31m\nhint: b");
    }
}

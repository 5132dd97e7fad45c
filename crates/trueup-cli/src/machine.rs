//! The machine: what the run cost, and the signals that the system sends. The only place that reads the clock and asks
//! the system.

use std::time::Instant;

use trueup::core::document::Run;

/// Stages of a run with the wall seconds of each.
pub struct Clock {
    start: Instant,
    stages: Vec<(String, f64)>,
    current: Option<(&'static str, Instant)>,
}

impl Clock {
    /// Starts now.
    pub fn new() -> Self {
        Self { start: Instant::now(), stages: Vec::new(), current: None }
    }

    /// The time since the start.
    pub fn elapsed(&self) -> std::time::Duration {
        self.start.elapsed()
    }

    /// Ends the stage that runs and begins `name`. Times of stages with the same name add up.
    pub fn stage(&mut self, name: &'static str) {
        self.stop();
        self.current = Some((name, Instant::now()));
    }

    fn stop(&mut self) {
        if let Some((name, since)) = self.current.take() {
            let seconds = since.elapsed().as_secs_f64();
            match self.stages.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += seconds,
                None => self.stages.push((name.to_owned(), seconds)),
            }
        }
    }

    /// What the run has cost so far.
    pub fn run(&mut self) -> Run {
        self.stop();
        let (cpu_seconds, peak_memory_bytes) = usage();
        Run {
            seconds: self.start.elapsed().as_secs_f64(),
            cpu_seconds,
            peak_memory_bytes,
            threads: rayon::current_num_threads(),
            stages: std::mem::take(&mut self.stages),
            machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }
}

/// CPU seconds (user and system) and peak resident bytes of this process; zeros where the system does not tell.
#[cfg(unix)]
fn usage() -> (f64, u64) {
    #[allow(unsafe_code, reason = "getrusage fills a plain struct that we own")]
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        if libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) != 0 {
            return (0.0, 0);
        }
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // Linux counts kibibytes, macOS bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    (seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss as u64 * unit)
}

#[cfg(not(unix))]
fn usage() -> (f64, u64) {
    (0.0, 0)
}

/// Lets a write beyond the limit on the size of files fail, as it does on a full disk, instead of ending the process:
/// only so is what is unfinished removed, and the reason said.
#[cfg(unix)]
pub fn ignore_file_size_signal() {
    #[allow(unsafe_code, reason = "sets a signal to be ignored, with no handler of ours")]
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// There is no such signal here.
#[cfg(not(unix))]
pub fn ignore_file_size_signal() {}

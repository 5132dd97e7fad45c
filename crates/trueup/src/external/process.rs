//! One run of a program: started in a process group of its own, fed by one thread, read by others, ended with all that it
//! started when its time is over.

use std::collections::{BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::ExternalError;

/// Lines of standard error that are kept.
const TAIL: usize = 20;
/// Bytes of a line of standard error that are kept.
const LINE: usize = 500;

/// The process groups that run, for [`end_all`].
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Ends every program that runs, with all that it started: what an interrupt does last, since programs in process groups of
/// their own do not get it from the terminal.
pub fn end_all() {
    for &group in RUNNING.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        kill_group(group);
    }
}

/// A program to run.
pub(super) struct Call<'a> {
    /// The program and its arguments.
    pub words: &'a [String],
    /// The command as it was typed.
    pub shown: &'a str,
    /// What it finds in its environment, beside ours.
    pub variables: Vec<(&'static str, String)>,
    /// How long it may take.
    pub time_limit: Duration,
}

/// What a program said.
pub(super) struct Said {
    /// Its standard output.
    pub output: Vec<u8>,
    /// The last lines of its standard error.
    pub errors: Vec<String>,
}

impl Call<'_> {
    /// Starts the program, writes `input` with a flush every `batch` lines, ends its input, and waits for its end.
    pub fn run(&self, input: String, batch: usize) -> Result<Said, ExternalError> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(self.variables.iter().map(|(name, value)| (*name, value)));
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let started = command.spawn();
        let mut child = started.map_err(|cause| ExternalError::Start { command: self.shown.to_owned(), cause })?;
        let group = Group::new(&child);
        let stdin = child.stdin.take();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // A program that does not read its input to the end is no error by itself: its answers tell.
        let writer = std::thread::spawn(move || {
            if let Some(mut stdin) = stdin {
                let _ = feed(&mut stdin, &input, batch);
            }
        });
        let (done, ended) = channel();
        let also = done.clone();
        // Each reader tells when its stream is at its end. What still holds a stream, such as a helper of the program,
        // counts for the time limit too.
        let reader = std::thread::spawn(move || {
            let mut output = Vec::new();
            let result = stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut output));
            let _ = done.send(());
            (output, result)
        });
        let listener = std::thread::spawn(move || {
            let lines = stderr.map_or_else(Vec::new, last_lines);
            let _ = also.send(());
            lines
        });
        let in_time = wait(&ended, self.time_limit);
        if !in_time {
            group.kill(&mut child);
        }
        let status = child.wait();
        drop(group);
        let errors = listener.join().unwrap_or_default();
        let (output, _) = reader.join().unwrap_or_else(|_| (Vec::new(), Ok(0)));
        let _ = writer.join();
        let command = || self.shown.to_owned();
        if !in_time {
            return Err(ExternalError::TimeLimit {
                command: command(),
                seconds: self.time_limit.as_secs_f64(),
                said: errors,
            });
        }
        match status {
            Ok(status) if status.success() => Ok(Said { output, errors }),
            Ok(status) => Err(ExternalError::Failed { command: command(), status: worded(status), said: errors }),
            Err(cause) => Err(ExternalError::Start { command: command(), cause }),
        }
    }
}

/// Writes lines, with a flush after each batch.
fn feed(stdin: &mut impl Write, input: &str, batch: usize) -> std::io::Result<()> {
    let mut lines = input.split_inclusive('\n').peekable();
    while lines.peek().is_some() {
        let block: String = lines.by_ref().take(batch.max(1)).collect();
        stdin.write_all(block.as_bytes())?;
        stdin.flush()?;
    }
    Ok(())
}

/// Waits for both streams to end; whether they did in time.
fn wait(ended: &std::sync::mpsc::Receiver<()>, limit: Duration) -> bool {
    let mut open = 2;
    // The receiver has no clock to ask, so the limit is counted down in steps.
    let step = Duration::from_millis(50);
    let mut left = limit;
    while open > 0 {
        match ended.recv_timeout(step.min(left)) {
            Ok(()) => open -= 1,
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => {
                left = left.saturating_sub(step);
                if left.is_zero() {
                    return false;
                }
            }
        }
    }
    true
}

/// The last lines of a stream, cut to a readable length.
fn last_lines(stream: impl Read) -> Vec<String> {
    let mut lines: VecDeque<String> = VecDeque::with_capacity(TAIL);
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        // Of a line without an end only the beginning is held.
        match reader.by_ref().take(1 << 16).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return lines.into(),
            Ok(_) => {}
        }
        line.truncate(LINE);
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        if lines.len() == TAIL {
            lines.pop_front();
        }
        lines.push_back(text.trim_end().to_owned());
    }
}

/// How a program ended.
fn worded(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

/// The process group of a running program.
struct Group(u32);

impl Group {
    fn new(child: &Child) -> Self {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(child.id());
        Self(child.id())
    }

    /// Ends the program and all that it started.
    fn kill(&self, child: &mut Child) {
        kill_group(self.0);
        // Where there are no process groups, the program at least.
        let _ = child.kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

#[cfg(unix)]
fn kill_group(group: u32) {
    if let Some(group) = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended by itself.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}

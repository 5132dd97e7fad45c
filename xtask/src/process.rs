//! Running other programs, with errors that name the command.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

/// The command as one could type it, the program by its name alone.
pub fn render(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words = program.file_name().into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs `command` with its output shown on our stderr, so that stdout keeps what the chore itself has to say.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = render(command);
    eprintln!("$ {shown}");
    let status =
        command.stdout(Stdio::from(std::io::stderr())).status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// What a command wrote, and whether it succeeded.
pub struct Told {
    /// Its stdout and stderr, line by line as they came.
    pub text: String,
    /// Whether it exited with 0.
    pub success: bool,
}

/// Runs `command`, shows its output as it comes and keeps it.
pub fn tee(command: &mut Command) -> Result<Told> {
    let shown = render(command);
    eprintln!("$ {shown}");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let stdout = child.stdout.take().context("the child has no stdout")?;
    let stderr = child.stderr.take().context("the child has no stderr")?;
    let out = thread::spawn(move || copy(stdout, std::io::stdout()));
    let err = thread::spawn(move || copy(stderr, std::io::stderr()));
    let status = child.wait().with_context(|| format!("cannot wait for `{shown}`"))?;
    let mut text = String::new();
    for side in [out, err] {
        text += &side.join().map_err(|_| anyhow!("copying the output of `{shown}` failed"))??;
    }
    Ok(Told { text, success: status.success() })
}

/// Copies line by line and keeps what was copied.
fn copy(from: impl Read, mut to: impl Write) -> Result<String> {
    let mut reader = BufReader::new(from);
    let mut kept = String::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        kept += &String::from_utf8_lossy(&line);
        line.clear();
    }
    Ok(kept)
}

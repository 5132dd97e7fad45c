//! Ctrl-C, a request to terminate, and a reader that goes away: the right exit code, and nothing half-written.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{CliTest, Finished, make};

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// Waits until `ready`, at most a minute.
fn until(ready: impl Fn() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < Duration::from_mins(1), "it never came to that");
        sleep(Duration::from_millis(5));
    }
}

fn start(test: &CliTest, args: &str) -> Child {
    test.command().args(args.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn work_that_is_interrupted_leaves_nothing() {
    // Long enough to be interrupted on any machine: several seconds of training.
    let test = CliTest::with("tickets.csv", make::tickets(40_000, 1));
    let mut child = start(&test, "review tickets.csv -o out --json review.json");
    // The handler stands when the process has read its input; the training behind it takes far longer than this.
    sleep(Duration::from_millis(400));
    assert!(child.try_wait().unwrap().is_none(), "the work ended before it could be interrupted");
    send("INT", &child);
    let finished = Finished::from(child.wait_with_output().unwrap()).ends_with(130);
    assert_eq!(finished.stdout, "");
    assert!(!finished.stderr.contains("error"), "{finished}");
    assert_eq!(test.files(), ["tickets.csv"]);
}

#[test]
fn writing_that_is_interrupted_leaves_what_stood_there() {
    for signal in ["INT", "TERM", "HUP"] {
        let test = CliTest::with("tickets.csv", make::tickets(60, 1));
        test.write("review.json", "before");
        let fifo = Command::new("mkfifo").arg(test.path("pipe")).status();
        assert!(fifo.unwrap().success());
        let before = test.files();
        // A pipe that nobody reads holds the run between its temporary file and the end.
        let child = start(&test, "review tickets.csv --quiet -o new/out --json review.json --markdown pipe");
        until(|| test.files().iter().any(|name| name.starts_with(".trueup-")));
        assert!(test.files().contains(&"new/out/".to_owned()), "{:?}", test.files());
        send(signal, &child);
        Finished::from(child.wait_with_output().unwrap()).ends_with(130);
        assert_eq!((test.files(), test.read("review.json")), (before, "before".to_owned()), "{signal}");
    }
}

#[test]
fn input_that_never_ends_can_be_interrupted() {
    let test = CliTest::new();
    let mut child = test
        .command()
        .args(["review", "-", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    sleep(Duration::from_millis(300));
    send("INT", &child);
    Finished::from(child.wait_with_output().unwrap()).ends_with(130);
    drop(stdin);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let test = CliTest::with("tickets.csv", make::tickets(60, 1));
    for args in [
        "review tickets.csv --quiet",
        "review tickets.csv --quiet --json -",
        "review tickets.csv --quiet --markdown -",
        "review --help",
        "rules",
        "rules --markdown",
        "explain E402",
        "schema",
        "man",
        "completions bash",
    ] {
        let mut child = start(&test, args);
        // Before the command has written anything.
        drop(child.stdout.take());
        let finished = Finished::from(child.wait_with_output().unwrap()).ends_with(0);
        assert_eq!(finished.stderr, "", "{args}");
    }
}

#[test]
fn head_gets_its_line() {
    let test = CliTest::with("tickets.csv", make::tickets(400, 1));
    // The document is larger than a pipe holds, so that the command still writes when its reader goes.
    let mut child = start(&test, "review tickets.csv --quiet --json -");
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "{\n");
    let finished = Finished::from(child.wait_with_output().unwrap()).ends_with(0);
    assert_eq!(finished.stderr, "");
}

#[test]
fn a_reader_that_goes_away_does_not_change_the_answer() {
    let test = CliTest::with("tickets.csv", make::tickets(60, 1));
    for args in
        ["review tickets.csv --quiet --fail-on warning", "review tickets.csv --quiet --fail-on warning --json -"]
    {
        let code = test.run(args).code;
        assert_eq!(code, 1, "{args}");
        let mut child = start(&test, args);
        drop(child.stdout.take());
        let finished = Finished::from(child.wait_with_output().unwrap()).ends_with(code);
        assert_eq!(finished.stderr, "");
    }
}

#[test]
fn talk_that_nobody_hears_does_not_stop_the_work() {
    let test = CliTest::with("tickets.csv", make::tickets(60, 1));
    let mut child = start(&test, "review tickets.csv -o out");
    drop(child.stderr.take());
    let finished = Finished::from(child.wait_with_output().unwrap()).ends_with(0);
    assert!(finished.stdout.contains("next 1"), "{finished}");
    assert!(test.files().contains(&"out/review.json".to_owned()));
}

//! Outputs that cannot be written: one message, exit code 2, no temporary file, and what stood there before stays.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::harness::{CliTest, Finished, make};

fn tickets() -> CliTest {
    CliTest::with("tickets.csv", make::tickets(60, 1))
}

/// Runs `review tickets.csv ARGS`, which must fail and leave the folder as it was; returns stderr.
#[track_caller]
fn fails(test: &CliTest, args: &str) -> String {
    let before = test.files();
    let finished = test.run(&format!("review tickets.csv --quiet {args}")).ends_with(2);
    assert_eq!(test.files(), before, "files were left behind");
    assert_eq!(finished.stdout, "");
    finished.stderr
}

/// Runs a shell script with the command as `$@`.
fn under(test: &CliTest, script: &str, args: &str) -> Finished {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_trueup")])
        .args(args.split_whitespace())
        .current_dir(test.dir())
        .stdin(Stdio::null());
    shell.output().unwrap().into()
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_a_device() {
    let test = tickets();
    assert_snapshot!(fails(&test, "--json /dev/full"), @"error: /dev/full: no space left on the disk; what stood there before is unchanged");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = test.command();
    command.args(["review", "tickets.csv", "--quiet"]).stdout(full);
    let finished = Finished::from(command.output().unwrap()).ends_with(2);
    assert_snapshot!(finished.stderr, @"error: cannot write to stdout: No space left on device (os error 28)");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk() {
    let test = tickets();
    // A file system of four pages, in a mount namespace of its own so that nothing has to be unmounted.
    let script = "mkdir full && mount -t tmpfs -o size=16k none full || exit 77
        echo before > full/review.json
        \"$@\"; code=$?
        ls -A full; cat full/review.json
        exit $code";
    let mut wrapped = Command::new("unshare");
    wrapped
        .args(["--mount", "--map-root-user", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_trueup")])
        .args("review tickets.csv --quiet --json full/review.json --markdown full/new.md".split(' '))
        .current_dir(test.dir());
    let Ok(output) = wrapped.output() else {
        eprintln!("a_full_disk skipped: no unshare");
        return;
    };
    let finished = Finished::from(output);
    if finished.code == 77 || finished.stderr.starts_with("unshare") {
        eprintln!("a_full_disk skipped: a file system cannot be mounted here");
        return;
    }
    assert_snapshot!(finished, @r"
    exit_code: 2
    ----- stdout -----
    review.json
    before

    ----- stderr -----
    error: full/review.json: no space left on the disk; what stood there before is unchanged
    ");
}

#[test]
fn a_limit_on_the_size_of_files() {
    let test = tickets();
    test.write("review.json", "before\n");
    let args = "review tickets.csv --quiet --markdown new/review.md -o new --json review.json";
    let before = test.files();
    let finished = under(&test, "ulimit -f 4; exec \"$@\"", args).ends_with(2);
    assert_eq!((test.files(), test.read("review.json")), (before, "before\n".to_owned()));
    assert_snapshot!(finished, @r"
    exit_code: 2
    ----- stdout -----

    ----- stderr -----
    error: review.json: cannot write it: File too large (os error 27)
    ");
}

#[test]
#[cfg(target_os = "linux")]
fn folders_that_take_no_files() {
    let test = tickets();
    assert_snapshot!(fails(&test, "--json /proc/self/review.json"), @"error: /proc/self/review.json: /proc/self takes no new files; valid: a folder on a disk");
    assert_snapshot!(fails(&test, "-o /proc/review"), @"error: /proc/review: /proc takes no new files; valid: a folder on a disk");
}

#[test]
fn a_folder_without_permission() {
    let test = tickets();
    fs::create_dir(test.path("locked")).unwrap();
    fs::set_permissions(test.path("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(test.path("locked/probe"), "").is_ok() {
        eprintln!("a_folder_without_permission skipped: this user may write everywhere");
        return;
    }
    assert_snapshot!(fails(&test, "--json locked/review.json"), @"");
    assert_snapshot!(fails(&test, "-o locked/review"), @"");
}

#[test]
fn a_file_without_permission_is_not_replaced() {
    let test = tickets();
    test.write("kept.json", "before");
    fs::set_permissions(test.path("kept.json"), fs::Permissions::from_mode(0o444)).unwrap();
    assert_snapshot!(fails(&test, "--json kept.json"), @"error: kept.json: no permission to write it; hint: look at the owner and mode of the file and of its folder");
    assert_eq!(test.read("kept.json"), "before");
}

#[test]
fn names_that_are_taken_by_something_else() {
    let test = tickets();
    fs::create_dir(test.path("folder")).unwrap();
    assert_snapshot!(fails(&test, "--json folder"), @"error: folder: this is a folder; valid: a file; hint: name a file in it");
    assert_snapshot!(fails(&test, "--json nowhere/review.json"), @"error: nowhere/review.json: the folder nowhere does not exist; valid: a file in a folder that does; hint: make it first");
    assert_snapshot!(fails(&test, "--json tickets.csv/review.json"), @"error: tickets.csv: a file where a folder is needed; valid: a folder, or a name that is not taken");
    assert_snapshot!(fails(&test, "-o tickets.csv"), @"error: tickets.csv: a file where a folder is needed; valid: a folder, or a name that is not taken");
    assert_snapshot!(fails(&test, "-o tickets.csv/out"), @"error: tickets.csv: a file where a folder is needed; valid: a folder, or a name that is not taken");
}

#[test]
fn one_output_that_fails_takes_the_others_along() {
    let test = tickets();
    test.write("review.md", "before");
    fails(&test, "--markdown review.md --json nowhere/review.json");
    assert_eq!(test.read("review.md"), "before");
    if Path::new("/dev/full").exists() {
        fails(&test, "--json new.json --markdown /dev/full -o out");
    }
}

#[test]
fn what_stood_there_is_replaced_when_all_is_written() {
    let test = tickets();
    test.write("review.md", "before");
    fs::set_permissions(test.path("review.md"), fs::Permissions::from_mode(0o640)).unwrap();
    test.run("review tickets.csv --quiet --markdown review.md").ends_with(0);
    assert!(test.read("review.md").starts_with('#'));
    let mode = fs::metadata(test.path("review.md")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(test.files(), ["review.md", "tickets.csv"]);
}

//! Programs as models: the examples of docs/commands-as-models.md learn and answer, and every way to answer wrongly is an
//! error that says what and where. The programs are of `sh` and `awk`; those of Python run where there is a `python3`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use trueup::core::{Annotation, Dataset, Example, Predictions, Task};
use trueup::data::{ReadOptions, read_bytes};
use trueup::external::External;

/// The code block under a heading such as `` `train.sh`: `` of the page.
fn block(name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands-as-models.md");
    let page = fs::read_to_string(page).unwrap();
    let rest = page.split_once(&format!("\n`{name}`:\n")).unwrap_or_else(|| panic!("{name}")).1;
    let code = rest.split_once("```").unwrap().1.split_once('\n').unwrap().1;
    code.split_once("\n```").unwrap().0.to_owned() + "\n"
}

/// 40 messages of ham and spam, with ids and texts that JSON must escape.
fn messages() -> Dataset {
    let mut csv = String::from("id,text,label,channel\n");
    for i in 0..40 {
        let (text, label) = match i % 4 {
            0 => ("win a free prize \"now\" 😀", "spam"),
            1 => ("see you at noon, love", "ham"),
            2 => ("call me when you are home\\", "ham"),
            _ => ("did you get my letter", "ham"),
        };
        csv += &format!("\"m\"\"{i}\",\"{} {i}\",{label},sms\n", text.replace('"', "\"\""));
    }
    read_bytes("messages.csv", csv.into_bytes(), &ReadOptions::default()).unwrap().dataset
}

fn rows(data: &Dataset, keep: impl Fn(usize) -> bool) -> Vec<&Example> {
    data.examples.iter().enumerate().filter(|(row, _)| keep(*row)).map(|(_, example)| example).collect()
}

/// Trains by one script, answers by the other; how many answers are right, and the answers.
fn lap(train: &str, predict: &str) -> (usize, usize, Predictions) {
    let data = messages();
    let model = External::parse(&format!("command:{predict}")).unwrap();
    let (kept, held) = (rows(&data, |row| row >= 10), rows(&data, |row| row < 10));
    let trained = model.train(train, &data, &kept, Some(&held), None).unwrap();
    let folder = trained.model().unwrap().to_path_buf();
    assert!(fs::read_dir(&folder).unwrap().count() == 1, "what training wrote is there");
    let answers = trained.predict(&data.labels, data.task, &data.columns, &held).unwrap();
    let right = held.iter().zip(&answers.answers).filter(|(example, answer)| example.gold == **answer).count();
    drop(trained);
    assert!(!folder.exists(), "a temporary folder goes with the model");
    (right, held.len(), answers)
}

fn scripts(names: [&str; 2]) -> (tempfile::TempDir, [String; 2]) {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let path = dir.path().join(name);
        fs::write(&path, block(name)).unwrap();
        path.display().to_string()
    };
    let places = names.map(place);
    (dir, places)
}

#[test]
fn the_shell_scripts_of_the_page_learn_and_answer() {
    let (_dir, [train, predict]) = scripts(["train.sh", "predict.sh"]);
    let (right, of, answers) = lap(&format!("sh '{train}'"), &format!("sh '{predict}'"));
    assert_eq!((right, of), (10, 10));
    assert_eq!(answers.scores, None);
}

#[test]
fn the_python_scripts_of_the_page_learn_and_answer() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3");
        return;
    }
    let (_dir, [train, predict]) = scripts(["train.py", "predict.py"]);
    let (right, of, answers) = lap(&format!("python3 '{train}'"), &format!("python3 '{predict}'"));
    assert!(right >= 9, "{right} of {of}");
    let scores = answers.scores.unwrap();
    assert!((scores.row(0).iter().sum::<f64>() - 1.0).abs() < 1e-9);
}

/// A program of `sh` that answers `data`, as it is.
fn answer(data: &Dataset, script: &str, change: impl Fn(&mut External)) -> Result<Predictions, String> {
    let quoted = script.replace('\'', "'\\''");
    let mut model = External::parse(&format!("command:sh -c '{quoted}'")).unwrap();
    change(&mut model);
    let examples: Vec<&Example> = data.examples.iter().collect();
    model.predict(&data.labels, data.task, &data.columns, &examples).map_err(|error| error.to_string())
}

fn three(task: Option<Task>, lines: &str) -> Dataset {
    let options = ReadOptions { task, ..ReadOptions::default() };
    read_bytes("three.jsonl", lines.as_bytes().to_vec(), &options).unwrap().dataset
}

fn labels() -> Dataset {
    three(
        None,
        "{\"id\":\"a\",\"text\":\"one\",\"label\":\"x\"}\n{\"id\":\"b\",\"text\":\"two\",\"label\":\"y\"}\n{\"id\":\"c\",\"text\":\"six\",\"label\":\"y\"}\n",
    )
}

#[test]
fn answers_of_every_kind_are_matched_by_id() {
    let single = answer(
        &labels(),
        r#"cat >/dev/null; printf '{"id":"c","label":"y"}\n{"id":"a","label":"x","score":1}\n{"id":"b","label":"x"}\n'"#,
        |_| {},
    );
    let of = |label| Annotation::Label(label);
    assert_eq!(single.unwrap().answers, [of(0), of(0), of(1)]);
    let sets = three(
        Some(Task::Multilabel),
        "{\"id\":\"1\",\"text\":\"one\",\"labels\":[\"x\",\"y\"]}\n{\"id\":\"2\",\"text\":\"two\",\"labels\":[]}\n",
    );
    let script = r#"cat >/dev/null; printf '{"id":"2","labels":["y"],"scores":{"y":0.75}}\n{"id":"1","labels":[],"scores":{"x":0.25}}\n'"#;
    let several = answer(&sets, script, |_| {}).unwrap();
    assert_eq!(several.answers, [Annotation::Labels(vec![]), Annotation::Labels(vec![1])]);
    assert_eq!(several.scores.unwrap().row(1), [0.0, 0.75]);
    let spans =
        three(None, "{\"id\":\"1\",\"text\":\"😀 Zürich\",\"spans\":[{\"start\":2,\"end\":8,\"label\":\"LOC\"}]}\n");
    let script = r#"cat >/dev/null; printf '{"id":"1","spans":[{"start":2,"end":8,"label":"LOC","score":0.5}]}\n'"#;
    let found = answer(&spans, script, |_| {}).unwrap();
    assert_eq!(found.answers[0], spans.examples[0].gold, "code points become bytes");
    assert_eq!(found.span_scores.unwrap(), [[0.5]]);
    let outside = answer(&spans, &script.replace("\"end\":8", "\"end\":9"), |_| {}).unwrap_err();
    assert!(outside.contains("line 1") && outside.contains("offsets within the text of id '1'"), "{outside}");
}

#[test]
fn wrong_answers_name_the_line_and_show_standard_error() {
    let good = r#"{"id":"a","label":"x"}\n"#;
    for (lines, says) in [
        (r"no json\n", "line 2: found"),
        (r#"{"id":"b","label":"y"}\n"#, "line 2: found the end, without an answer to id 'c'"),
        ("", "line 1: found the end, without an answer to id 'b' and 1 more"),
        (
            r#"{"id":"b","label":"y"}\n{"id":"a","label":"y"}\n"#,
            "line 3: found a second answer to id 'a', first answered in line 1",
        ),
        (r#"{"id":"d","label":"y"}\n"#, "line 2: found the id 'd', which was not asked"),
        (r#"{"id":"b","label":"z"}\n{"id":"c","label":"y"}\n"#, "line 2: found the label 'z'; valid: one of x and y"),
        (r#"{"label":"y"}\n"#, "line 2: found no id"),
        (r#"{"id":"b","labels":["x","y"]}\n"#, "line 2: found"),
        (r#"{"id":"b"}\n"#, "line 2: found an empty prediction"),
    ] {
        let script = format!("cat >/dev/null; echo 'warning: a hint' >&2; printf '{good}{lines}'");
        let message = answer(&labels(), &script, |_| {}).unwrap_err();
        assert!(message.contains(says), "{lines}: {message}");
        assert!(message.starts_with("the output of 'sh -c ") && message.contains("\n  | warning: a hint"), "{message}");
    }
    let scores = r#"{"id":"a","label":"x","scores":{"x":0.9,"y":0.3}}\n{"id":"b","label":"x","scores":{"x":1}}\n{"id":"c","label":"x","scores":{"x":1}}\n"#;
    let message = answer(&labels(), &format!("cat >/dev/null; printf '{scores}'"), |_| {}).unwrap_err();
    assert!(message.contains("line 1: found scores that sum to 1.2"), "{message}");
    let strange = scores.replace("0.9,\"y\":0.3", "0.5,\"z\":0.5");
    let message = answer(&labels(), &format!("cat >/dev/null; printf '{strange}'"), |_| {}).unwrap_err();
    assert!(message.contains("line 1: found a score of the label 'z'"), "{message}");
    let message = answer(&labels(), "cat >/dev/null", |_| {}).unwrap_err();
    assert!(message.contains("line 1: found nothing"), "{message}");
}

#[test]
fn a_program_that_fails_shows_the_end_of_what_it_said() {
    let script = "cat >/dev/null; i=0; while [ $i -lt 50 ]; do echo line $i >&2; i=$((i+1)); done; exit 3";
    let message = answer(&labels(), script, |_| {}).unwrap_err();
    assert!(message.contains("it ended with exit code 3") && !message.contains("| line 29\n"), "{message}");
    assert!(message.contains("\n  | line 30\n") && message.ends_with("\n  | line 49"), "{message}");
    let message = answer(&labels(), "kill -9 $$", |_| {}).unwrap_err();
    assert!(message.contains("it ended with signal 9; it said nothing on standard error"), "{message}");
    let missing = External::parse("command:no-such-program-at-all --x").unwrap();
    let data = labels();
    let examples: Vec<&Example> = data.examples.iter().collect();
    let message = missing.predict(&data.labels, data.task, &[], &examples).unwrap_err().to_string();
    assert!(message.starts_with("no-such-program-at-all --x: cannot start it: "), "{message}");
}

#[test]
fn names_are_read_as_a_shell_reads_words() {
    for (name, says) in [
        ("linear", "found no program"),
        ("command:", "found no program"),
        ("command:'sh", "found a quote that is not closed"),
    ] {
        assert!(External::parse(name).unwrap_err().to_string().contains(says), "{name}");
    }
    assert!(External::is_named("command:x") && !External::is_named("models/command"));
    assert_eq!(External::parse("command: sh -c 'a b' ").unwrap().name(), "command:sh -c 'a b'");
}

/// Answers each line as it comes.
const ECHO: &str =
    r#"awk '{ match($0, /"id":"[^"]*"/); printf "{%s,\"label\":\"x\"}\n", substr($0, RSTART, RLENGTH) }'"#;

fn many(n: usize) -> Dataset {
    let line = |i: usize| {
        format!("{{\"id\":\"{i}\",\"text\":\"{}\",\"label\":\"{}\"}}\n", "word ".repeat(40), ["x", "y"][i % 2])
    };
    three(None, &(0..n).map(line).collect::<String>())
}

#[test]
fn no_pipe_blocks_whenever_the_program_answers() {
    // Far more than a pipe holds, in both directions.
    let data = many(5_000);
    let at_once = answer(&data, ECHO, |_| {}).unwrap();
    assert_eq!(at_once.len(), 5_000);
    let at_the_end = answer(&data, &format!("f=$(mktemp); cat > $f; {ECHO} < $f; rm $f"), |_| {}).unwrap();
    assert_eq!(at_once, at_the_end);
    let noisy = format!(
        "awk 'BEGIN {{ for (i = 0; i < 20000; i++) print \"a noisy line of standard error\" > \"/dev/stderr\" }}'; {ECHO}"
    );
    assert_eq!(answer(&data, &noisy, |_| {}).unwrap(), at_once);
}

#[test]
fn a_program_may_be_started_anew_for_each_batch() {
    let data = many(10);
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("starts");
    let script = format!("echo $TRUEUP_BATCH_SIZE $TRUEUP_TASK >> '{}'; {ECHO}", list.display());
    let anew = answer(&data, &script, |model| (model.anew, model.batch_size) = (true, 4)).unwrap();
    assert_eq!(anew.len(), 10);
    assert_eq!(fs::read_to_string(&list).unwrap(), "4 classification\n".repeat(3));
    fs::remove_file(&list).unwrap();
    assert_eq!(answer(&data, &script, |model| model.batch_size = 4).unwrap(), anew);
    assert_eq!(fs::read_to_string(&list).unwrap().lines().count(), 1, "else once");
}

#[test]
fn a_program_that_takes_too_long_is_ended_with_all_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let alive = dir.path().join("alive");
    // A helper in the background, which holds the output and would write a file in a while.
    let script = format!("(sleep 2; touch '{}') & echo stuck >&2; sleep 60", alive.display());
    let begun = Instant::now();
    let message = answer(&labels(), &script, |model| model.time_limit = Duration::from_millis(300)).unwrap_err();
    assert!(
        message.contains("it took longer than 0.3 s and was ended; on standard error it said last:\n  | stuck"),
        "{message}"
    );
    assert!(message.ends_with("hint: --time-limit 1h allows it more"), "{message}");
    assert!(begun.elapsed() < Duration::from_secs(30), "it was not waited for");
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(!alive.exists(), "the helper lived on");
}

#[test]
fn training_that_fails_says_so() {
    let data = messages();
    let rows: Vec<&Example> = data.examples.iter().collect();
    let model = External::parse("command:cat").unwrap();
    let message = model.train("sh -c 'echo no memory >&2; exit 1'", &data, &rows, None, None).unwrap_err().to_string();
    assert!(message.contains("it ended with exit code 1") && message.ends_with("| no memory"), "{message}");
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("kept/model");
    let script = r#"sh -c 'test $# = 2 && head -n 1 "$1" > "$2/first"' train"#;
    let trained = model.train(script, &data, &rows, None, Some(&folder)).unwrap();
    drop(trained);
    let first = fs::read_to_string(folder.join("first")).unwrap();
    assert!(first.contains("\"label\":\"spam\"") && first.contains("\"channel\":\"sms\""), "{first}");
}

//! Programs as models: trained, kept, calibrated, asked and compared like any other.
#![cfg(unix)]

use serde_json::Value;

use crate::harness::CliTest;

/// Answers by what it has learned: the label whose name the text holds, else that of the channel, far too sure of itself.
const ANSWER: &str = r#"#!/bin/sh
[ -f "$TRUEUP_MODEL/deep/labels" ] || { echo "there is no model" >&2; exit 3; }
LABELS=$(cat "$TRUEUP_MODEL/deep/labels") exec awk '
    BEGIN { n = split(ENVIRON["LABELS"], labels, " ") }
    match($0, /"id":"([^"\\]|\\.)*"/) {
        id = substr($0, RSTART, RLENGTH)
        answer = ($0 ~ /"channel":"fax"/) ? labels[2] : labels[1]
        for (i = 1; i <= n; i++) if (index($0, "about " labels[i])) answer = labels[i]
        line = ""
        for (i = 1; i <= n; i++) line = line (i > 1 ? "," : "") "\"" labels[i] "\":" (labels[i] == answer ? 0.98 : 0.02 / (n - 1))
        printf "{%s,\"label\":\"%s\",\"scores\":{%s}}\n", id, answer, line
    }
'
"#;

/// Keeps the labels in the order of their names.
const TRAIN: &str = r#"#!/bin/sh
for out; do :; done
mkdir "$out/deep" && awk '
    match($0, /"label":"([^"\\]|\\.)*"/) { seen[substr($0, RSTART + 9, RLENGTH - 10)] = 1 }
    END { for (label in seen) print label }
' "$1" | sort | tr '\n' ' ' > "$out/deep/labels"
"#;

/// Mails whose text names the label, but for one in five, of which the channel tells half.
fn mails(from: usize, to: usize, columns: &[&str]) -> String {
    let mut out = columns.join(",") + "\n";
    for i in from..to {
        let label = ["bill", "order", "visit"][i * 7 % 3];
        let hidden = i % 5 == 4;
        let text = if hidden { format!("hello again {i}") } else { format!("mail {i} about {label} of ours") };
        let value = |column: &&str| match *column {
            "id" => format!("m{i}"),
            "text" => text.clone(),
            "label" => label.to_owned(),
            _ => if hidden && label == "order" { "fax" } else { "mail" }.to_owned(),
        };
        out += &(columns.iter().map(value).collect::<Vec<_>>().join(",") + "\n");
    }
    out
}

const MODEL: [&str; 4] = ["--model", "command:sh answer.sh", "--train-command", "sh train.sh"];

fn with_program() -> CliTest {
    let test = CliTest::with("train.csv", mails(0, 200, &["id", "text", "label", "channel"]));
    test.write("test.csv", mails(200, 300, &["channel", "label", "text", "id"]));
    test.write("held.csv", mails(300, 500, &["id", "text", "label", "channel"]));
    test.write("answer.sh", ANSWER);
    test.write("train.sh", TRAIN);
    test
}

fn run(test: &CliTest, words: &str, more: &[&str]) -> Value {
    let words: Vec<&str> = words.split(' ').chain(more.iter().copied()).chain(["--json", "-"]).collect();
    test.run_words(&words).ends_with(0).json()
}

fn metric(document: &Value, name: &str) -> f64 {
    document["metrics"][name]["value"].as_f64().unwrap()
}

#[test]
fn a_program_is_trained_and_kept_with_the_folder_that_training_left() {
    let test = with_program();
    let made = run(&test, "train train.csv --test test.csv -o model", &MODEL);
    assert_eq!(
        (&made["about"]["learner"], &made["training"]["params"]["train_command"]),
        (&"program".into(), &"sh train.sh".into())
    );
    // 80 of 100 texts name the label; a bill is right by itself, an order by its channel, and a visit is not.
    let right = metric(&made["review"], "accuracy");
    assert!((0.9..0.96).contains(&right), "{right}");
    let kept = test.files().into_iter().filter(|file| file.starts_with("model/program-0-")).collect::<Vec<_>>();
    assert!(kept.len() == 1 && kept[0].ends_with("/deep/labels"), "{kept:?}");
    let card = test.read("model/README.md");
    assert!(card.contains("trueup predict program:model TEXTS.csv") && !card.contains("0 features"), "{card}");
    // It runs where it is said to be trusted, and nowhere else.
    for words in [
        "review train.csv --test test.csv --model model",
        "predict model test.csv -o answers.csv",
        "compare --gold test.csv --baseline model --candidate model",
        "calibrate model held.csv -o other",
    ] {
        let refused = test.run(words).ends_with(2);
        assert!(refused.stderr.contains("this model runs the program 'command:sh answer.sh'"), "{}", refused.stderr);
        assert!(refused.stderr.contains("name it program:model"), "{}", refused.stderr);
    }
    let again = run(&test, "review train.csv --test test.csv --model program:model", &[]);
    assert_eq!(again["metrics"]["accuracy"], made["review"]["metrics"]["accuracy"]);
    test.run("predict program:model test.csv -o answers.csv --quiet").ends_with(0);
    assert_eq!(run(&test, "eval answers.csv", &[])["metrics"]["accuracy"]["value"], right);
    let gate = test
        .run("gate --gold test.csv --baseline program:model --candidate program:model --json -")
        .ends_with(3)
        .json();
    assert_eq!(gate["comparison"]["metrics"][0]["baseline"], right);
    // It gets the columns that it was trained with, which nothing else is made of.
    test.write("bare.csv", mails(500, 560, &["id", "text", "channel"]));
    test.write("gold.csv", mails(500, 560, &["id", "label"]));
    test.run("predict program:model bare.csv -o answers.csv --quiet").ends_with(0);
    let found = metric(&run(&test, "eval --gold gold.csv --predictions answers.csv", &[]), "accuracy");
    assert!((found - right).abs() < 0.05, "{found} {right}");
    // Names that would be read as something else, and what would replace what it reads, are refused.
    let named = test.run_words(&[&["train", "train.csv", "-o", "program:x"], &MODEL[..]].concat()).ends_with(2);
    assert!(named.stderr.contains("program: and command: are said where a model is read"), "{}", named.stderr);
    let same = test.run("calibrate program:model held.csv -o model").ends_with(2);
    assert!(same.stderr.contains("the model would replace it"), "{}", same.stderr);
    // Another model in the same folder leaves nothing of the first.
    let other =
        TRAIN.replace("deep/labels\"\n", "deep/labels\"\necho > \"$out/deep/more\"; chmod 755 \"$out/deep/more\"\n");
    test.write("train.sh", other);
    run(&test, "train train.csv --no-review -o model", &MODEL);
    let kept = test.files().into_iter().filter(|file| file.starts_with("model/program-")).collect::<Vec<_>>();
    assert!(kept.len() == 2 && kept[1].ends_with("/deep/more"), "{kept:?}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&test.path(&kept[1]).metadata().unwrap().permissions());
    assert_eq!(mode & 0o111, 0o111, "what can be run can be run where it is kept");
    // A folder that is changed so that the program's would lie elsewhere is refused.
    let config = test.read("model/config.json");
    let place = kept[0].split('/').nth(1).unwrap();
    test.write("model/config.json", config.replace(place, "program-../../x"));
    let damaged = test.run("predict program:model test.csv -o more.csv").ends_with(2);
    assert!(damaged.stderr.contains("the folder of its program is none of its own"), "{}", damaged.stderr);
}

#[test]
fn a_program_is_calibrated_and_put_together_like_any_model() {
    let test = with_program();
    // In folds of the training data.
    let plain = run(&test, "review train.csv", &MODEL);
    let more = [&MODEL[..], &["--calibration", "best"]].concat();
    let honest = run(&test, "review train.csv", &more);
    assert_eq!(plain["data"]["evaluation"], "out-of-fold");
    assert!(metric(&honest, "log_loss") < metric(&plain, "log_loss") * 0.95);
    // On a part of its own, and for a program that comes trained.
    run(&test, "train train.csv --no-review -o model", &MODEL);
    let calibrated = run(&test, "calibrate program:model held.csv -o honest", &[]);
    let (before, after) = (&calibrated["decided"]["before"], &calibrated["decided"]["after"]);
    assert!(after["log_loss"]["value"].as_f64() < before["log_loss"]["value"].as_f64(), "{calibrated}");
    let loss = |model: &str| {
        metric(&run(&test, &format!("review train.csv --test test.csv --model {model}"), &[]), "log_loss")
    };
    assert!(loss("program:honest") < loss("program:model") * 0.9);
    test.write(
        "fixed.sh",
        ANSWER.replace("$TRUEUP_MODEL", &test.dir().join("model").join(place(&test)).display().to_string()),
    );
    run(&test, "calibrate", &["command:sh fixed.sh", "held.csv", "-o", "fixed"]);
    assert!((loss("program:fixed") - loss("program:honest")).abs() < 1e-9);
    assert!(test.read("fixed/README.md").contains("What it was trained on is not known"));
    // Labels that the held-out data happens not to have are known where the program answers or scores them.
    let some: String =
        test.read("held.csv").lines().filter(|line| !line.contains(",visit,")).map(|l| l.to_owned() + "\n").collect();
    test.write("some.csv", some);
    run(&test, "calibrate", &["command:sh fixed.sh", "some.csv", "-o", "some"]);
    test.run("predict program:some test.csv -o answers.csv --quiet").ends_with(0);
    assert!(test.read("some/config.json").contains("\"visit\""));
    // Several as one, each with its folder; nothing is trained beside them.
    test.write("train.sh", format!("{TRAIN}echo >> trainings\n"));
    let several = run(&test, "train train.csv --test test.csv --ensemble 3 -o several", &MODEL);
    assert_eq!(several["about"]["learner"], "ensemble");
    for number in 0..3 {
        let start = format!("several/program-{number}-");
        assert!(test.files().iter().any(|file| file.starts_with(&start)), "{:?}", test.files());
    }
    assert_eq!(test.read("trainings").lines().count(), 3);
    let again = run(&test, "review train.csv --test test.csv --model program:several", &[]);
    assert_eq!(again["metrics"]["accuracy"], several["review"]["metrics"]["accuracy"]);
}

/// The folder of the program of `model`.
fn place(test: &CliTest) -> String {
    let file = test.files().into_iter().find(|file| file.starts_with("model/program-0-")).unwrap();
    file.split('/').nth(1).unwrap().to_owned()
}

#[test]
fn what_a_program_cannot_do_is_said() {
    let test = with_program();
    for (words, says) in [
        (vec!["train", "train.csv", "-o", "m", "--model", "command:sh answer.sh"], "--train-command says how"),
        (
            vec!["review", "train.csv", "--model", "command:sh answer.sh", "--calibration", "best"],
            "`trueup calibrate` finds calibration",
        ),
        ([&["review", "train.csv", "--set", "l2=1"], &MODEL[..]].concat(), "a program has no settings"),
        (
            [&["review", "train.csv", "--metadata", "channel"], &MODEL[..]].concat(),
            "a program gets every column as it is",
        ),
        (
            [&["train", "train.csv", "-o", "m", "--budget", "30"], &MODEL[..]].concat(),
            "of a program no settings are known",
        ),
        (vec!["review", "train.csv", "--model", "command:sh answer.sh"], "there is no model"),
        (
            vec!["review", "train.csv", "--train-command", "sh train.sh"],
            "with --model command:PROGRAM, which it trains",
        ),
        (vec!["tune", "train.csv", "--model", "command:sh answer.sh"], "of a program no settings are known"),
        (
            vec!["review", "train.csv", "--model", "command:sleep 60", "--time-limit", "0.2s"],
            "--time-limit 1h allows it more",
        ),
    ] {
        let refused = test.run_words(&words).ends_with(2);
        assert!(refused.stderr.contains(says), "{words:?}: {}", refused.stderr);
    }
    test.write("train.sh", "echo boom >&2; exit 4\n");
    let failed = test.run_words(&[&["train", "train.csv", "-o", "m"], &MODEL[..]].concat()).ends_with(2);
    assert!(failed.stderr.contains("boom") && !test.path("m").exists(), "{}", failed.stderr);
}

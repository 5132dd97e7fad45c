//! Training, the folder of a model, answering with it, and reviewing it.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::CliTest;

const NOUNS: [&str; 5] = ["parcel", "invoice", "password", "refund", "courier"];

/// Tickets of three labels that their words tell apart; every tenth is told by nothing.
fn tickets(from: usize, to: usize) -> String {
    let mut out = String::from("id,text,label,customer\n");
    for i in from..to {
        let label = ["billing", "delivery", "login"][i % 3];
        let hint = if i % 10 == 9 { "something" } else { label };
        out += &format!("t{i},{} {} about {hint} {},{label},c{i}\n", NOUNS[i % 5], i * 7919 % 1000, i * 31 % 97);
    }
    out
}

/// Sentences with cities, told by the word before.
fn sentences(from: usize, to: usize) -> String {
    let cities = ["Lagos", "Kano", "Oslo", "Lima", "New York"];
    let mut out = String::new();
    for i in from..to {
        out += &format!("She\tO\n{}\tO\nin\tO\n", ["lives", "works", "stays"][i % 3]);
        for (n, word) in cities[i % 5].split(' ').enumerate() {
            out += &format!("{word}\t{}-city\n", if n == 0 { "B" } else { "I" });
        }
        out += &format!("since\tO\n{}\tO\n\n", 1950 + i);
    }
    out
}

fn trained() -> CliTest {
    let test = CliTest::with("tickets.csv", tickets(0, 90));
    test.write("new.csv", tickets(90, 120));
    test.run("train tickets.csv -o model --quiet").ends_with(0);
    test
}

#[test]
fn a_model_is_measured_and_kept_with_its_card() {
    let test = CliTest::with("tickets.csv", tickets(0, 90));
    let finished = test.run("train tickets.csv -o model").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----
    trueup train tickets.csv                                                 seed 42

      learned      linear · 3 labels · 90 examples
                   497 features · 1 pass
      measured     accuracy     0.91 (0.83 to 0.95)
                   macro-F1     0.91 (0.84 to 0.96)
                   log loss     0.15 (0.08 to 0.29)
                   on 5 folds
      faults       D101 3 labels have under 50 training examples: billing (30),
                   delivery (30) and login (30)
                   D106 90 examples leave accuracy anywhere from 0.83 to 0.95
      kept         model (5 kB), card model/README.md

      next: trueup predict model NEW.csv -o answers.csv

    ----- stderr -----
    ");
    assert_eq!(
        test.files(),
        [
            "model/README.md",
            "model/config.json",
            "model/model.safetensors",
            "model/run.json",
            "model/training.json",
            "tickets.csv"
        ]
    );
    let card = test.read("model/README.md");
    let front = card.split("---\n").nth(1).unwrap_or_default();
    assert!(
        front.contains("library_name: trueup\n") && front.contains("pipeline_tag: text-classification\n"),
        "{front}"
    );
    assert!(card.contains("## Quality") && card.contains("## Known faults") && card.contains("`billing`"), "{card}");
}

#[test]
fn answers_stand_beside_the_columns_of_the_file() {
    let test = trained();
    let finished = test.run("predict model new.csv -o answers.csv").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----

    ----- stderr -----
    trueup predict new.csv                                                    linear

      answered     30 records
      answers      delivery 12, billing 9 and login 9
      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; text is column
                   'text'; label is column 'label'; id is column 'id'
      written      answers.csv (csv)
    ");
    let answers = test.read("answers.csv");
    let mut lines = answers.lines();
    assert_eq!(lines.next(), Some("id,text,label,customer,prediction,score"));
    let (input, mut rows) = (test.read("new.csv"), 0);
    for (line, given) in lines.zip(input.lines().skip(1)) {
        assert!(line.starts_with(&format!("{given},")), "{line}");
        let score: f64 = line.rsplit(',').next().unwrap_or_default().parse().unwrap_or(f64::NAN);
        assert!((1.0 / 3.0..=1.0).contains(&score), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 30);
    // They are what an evaluation reads.
    let figures = test.run("eval answers.csv --json -").ends_with(0);
    let figures: Value = serde_json::from_str(&figures.stdout).unwrap();
    assert!(figures["metrics"]["accuracy"]["value"].as_f64() > Some(0.8), "{}", figures["metrics"]["accuracy"]);
}

#[test]
fn the_same_model_answers_alike_in_every_format_and_through_pipes() {
    let test = trained();
    test.run("convert new.csv new.jsonl --quiet").ends_with(0);
    test.run("predict model new.csv -o a.csv --scores --quiet").ends_with(0);
    test.run("predict model new.jsonl -o a.jsonl --scores --quiet").ends_with(0);
    let piped = test
        .run_with_stdin("predict model - --from jsonl --scores --quiet", test.read("new.jsonl").as_bytes())
        .ends_with(0);
    assert_eq!(piped.stdout, test.read("a.jsonl"));
    let table = test.read("a.csv");
    let names: Vec<&str> = table.lines().next().unwrap_or_default().split(',').collect();
    assert_eq!(names[4..], ["prediction", "score", "score:billing", "score:delivery", "score:login"]);
    for (row, line) in table.lines().skip(1).zip(piped.stdout.lines()) {
        let (cells, object): (Vec<&str>, Value) = (row.split(',').collect(), serde_json::from_str(line).unwrap());
        assert_eq!(object["prediction"], cells[4]);
        assert_eq!(object["score"].to_string(), cells[5]);
        let sum: f64 = object["scores"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
        assert!((sum - 1.0).abs() < 1e-7, "{line}");
    }
    // Where people label, an answer is a proposal.
    test.run("predict model new.csv --to argilla -o tasks.jsonl --quiet").ends_with(0);
    assert!(test.read("tasks.jsonl").contains("suggestion"));
}

#[test]
fn tags_go_into_a_last_column() {
    let test = CliTest::with("train.conll", sentences(0, 60));
    test.write("new.conll", sentences(60, 80));
    test.run("train train.conll -o model --quiet").ends_with(0);
    test.run("predict model new.conll -o answers.conll --quiet").ends_with(0);
    let (input, answers) = (test.read("new.conll"), test.read("answers.conll"));
    assert_eq!(input.lines().count(), answers.lines().count());
    for (given, line) in input.lines().zip(answers.lines()) {
        assert!(line.starts_with(given), "{line}");
        assert_eq!(line.is_empty(), given.is_empty());
    }
    let figures = test.run("eval answers.conll --json -").ends_with(0);
    let figures: Value = serde_json::from_str(&figures.stdout).unwrap();
    assert_eq!(figures["metrics"]["f1"]["value"], 1.0);
    // A text that is no row of tokens gets spans with their scores.
    test.write("text.jsonl", "{\"text\": \"He stays in Oslo since 1971\"}\n");
    let spans = test.run("predict model text.jsonl --quiet").ends_with(0);
    let spans: Value = serde_json::from_str(&spans.stdout).unwrap();
    let span = &spans["prediction"][0];
    assert_eq!((&span["start"], &span["end"], &span["label"]), (&12.into(), &16.into(), &"city".into()));
    assert!(span["score"].as_f64() > Some(0.5));
}

#[test]
fn a_kept_model_is_reviewed_like_any_other() {
    let test = trained();
    let review = test.run("review tickets.csv --test new.csv --model model --json - --quiet").ends_with(0);
    let review: Value = serde_json::from_str(&review.stdout).unwrap();
    assert_eq!(review["subject"]["model"], "model");
    assert_eq!(review["data"]["evaluation"], "test");
    let again = test.run("predict model new.csv -o answers.csv --quiet").ends_with(0);
    assert_eq!(again.stdout, "");
    let figures = test.run("eval answers.csv --json -").ends_with(0);
    let figures: Value = serde_json::from_str(&figures.stdout).unwrap();
    assert_eq!(figures["metrics"]["accuracy"]["value"], review["metrics"]["accuracy"]["value"]);
    // On what it has learned from, every example leaks.
    let own = test.run("review tickets.csv --model model --json - --quiet").ends_with(0);
    let own: Value = serde_json::from_str(&own.stdout).unwrap();
    assert!(own["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "K201"));
}

#[test]
fn the_model_is_the_same_bytes_at_any_number_of_threads() {
    let test = CliTest::with("tickets.csv", tickets(0, 90));
    for threads in [1, 2, 5] {
        test.run(&format!("train tickets.csv -o model{threads} --threads {threads} --quiet")).ends_with(0);
    }
    for file in ["config.json", "model.safetensors", "training.json"] {
        let bytes = |threads: usize| fs::read(test.path(&format!("model{threads}/{file}"))).unwrap();
        assert!(bytes(1) == bytes(2) && bytes(1) == bytes(5), "{file}");
    }
}

#[test]
fn what_is_no_model_says_so() {
    let test = trained();
    for (command, says) in [
        ("predict nowhere new.csv", "nowhere: found no model there; valid: a folder with a config.json"),
        ("predict new.csv new.csv", "new.csv: found no model there"),
        ("review tickets.csv --model nowhere", "auto, linear, crf, the folder of a model"),
        ("train tickets.csv -o model --model model", "a model is trained anew"),
        ("predict model new.csv -o answers.txt --to label-text", "no place for what a model answered"),
        ("predict model new.csv -o new.csv", "writing would replace it"),
    ] {
        let finished = test.run(command).ends_with(2);
        assert!(finished.stderr.contains(says), "{command}: {}", finished.stderr);
    }
    let config = test.read("model/config.json");
    let whole = fs::read(test.path("model/model.safetensors")).unwrap();
    for (config, arrays, says) in [
        (config.replace("trueup.model/1", "trueup.model/9"), whole.clone(), "'trueup.model/9', and this version reads"),
        (config.replace("\"linear\"", "\"forest\""), whole.clone(), "the learner 'forest' is not known"),
        ("{".to_owned(), whole.clone(), "config.json is no JSON"),
        (config.clone(), whole[..whole.len() / 2].to_vec(), "the arrays cannot be read"),
    ] {
        test.write("model/config.json", config);
        fs::write(test.path("model/model.safetensors"), arrays).unwrap();
        let finished = test.run("predict model new.csv").ends_with(2);
        assert!(finished.stderr.contains(says) && finished.stderr.contains("hint:"), "{}", finished.stderr);
    }
}

#[test]
fn settings_are_searched_and_what_they_are_worth_is_told() {
    let test = CliTest::with("tickets.csv", tickets(0, 90));
    let finished = test.run("tune tickets.csv --budget 40").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----
    trueup tune tickets.csv                              40 of 40 trainings, 5 folds

      macro-F1  over the defaults (95 %)
      0.9225    +0.0111 (-0.0028 to +0.0378)    l2=0.0125
      0.9225    +0.0111 (-0.0231 to +0.0523)    l2=0.8
    * 0.9114                                    defaults
      0.9114    +0.0000 (-0.0321 to +0.0312)    l2=0.2

      mattered     l2: 0.0111 between l2=0.0125 and l2=0.05
      gain         -0.0037 expected on new data (-0.0342 to +0.0319, 90 %)
      verdict      stay with the defaults: the best score is no more than luck

      next: trueup train tickets.csv -o MODEL

    ----- stderr -----
    ");
    let tuned = test.run("tune tickets.csv --budget 40 --threads 1 --json -").ends_with(0);
    let tuned: Value = serde_json::from_str(&tuned.stdout).unwrap();
    let tried = tuned["tried"].as_array().unwrap();
    assert_eq!((tried.len(), tuned["fits"].as_u64()), (4, Some(40)));
    assert!(tried[0]["settings"].as_object().unwrap().is_empty());
    let small = test.run("tune tickets.csv --budget 10").ends_with(2);
    assert!(small.stderr.contains("20 trainings or more"), "{}", small.stderr);
}

#[test]
fn settings_are_recorded_and_wrong_ones_are_named() {
    let test = CliTest::with("tickets.csv", tickets(0, 90));
    test.run("train tickets.csv -o model --no-review --set l2=0.1 --set char_ngrams=none --quiet").ends_with(0);
    let training: Value = serde_json::from_str(&test.read("model/training.json")).unwrap();
    assert_eq!((&training["params"]["l2"], &training["params"]["char_ngrams"]), (&"0.1".into(), &"0-0".into()));
    for (set, says) in [
        ("l2", "it is NAME=VALUE, such as l2=0.1"),
        ("l3=1", "the settings of linear are calibration, char_ngrams, epochs, l1, l2"),
        ("l2=much", "l2 is a number above 0"),
        ("char_ngrams=5-2", "a range of lengths such as 1-2, up to 10, or none"),
    ] {
        let finished = test.run(&format!("train tickets.csv -o other --set {set}")).ends_with(2);
        assert!(finished.stderr.contains(says), "{set}: {}", finished.stderr);
    }
}

/// A program that answers by words, and the commonest label for the rest where it was trained.
const PROGRAM: &str = r#"
rest=login
if [ -n "$TRUEUP_MODEL" ]; then rest=$(cat "$TRUEUP_MODEL/rest"); fi
awk -v rest="$rest" '{
  match($0, /"id": *"[^"]*"/); id = substr($0, RSTART, RLENGTH)
  label = rest
  if ($0 ~ /about billing/) label = "billing"
  if ($0 ~ /about delivery/) label = "delivery"
  printf "{%s, \"label\": \"%s\"}\n", id, label
}'
"#;

#[cfg(unix)]
#[test]
fn any_program_is_reviewed_and_trained_like_a_model() {
    let test = CliTest::with("tickets.csv", tickets(0, 90));
    test.write("new.csv", tickets(90, 120));
    test.write("answer.sh", PROGRAM);
    test.write("train.sh", "for out; do :; done\necho billing > \"$out/rest\"\n");
    let review = |words: &[&str]| -> Value {
        let words = [&["review", "tickets.csv", "--json", "-", "--quiet"], words].concat();
        serde_json::from_str(&test.run_words(&words).ends_with(0).stdout).unwrap()
    };
    let given = review(&["--test", "new.csv", "--model", "command:sh answer.sh"]);
    assert_eq!(given["subject"]["model"], "command:sh answer.sh");
    // Wrong where nothing tells the label, and the label is not the one for the rest.
    assert_eq!(given["metrics"]["accuracy"]["value"], 28.0 / 30.0);
    let folds = review(&["--model", "command:sh answer.sh", "--train-command", "sh train.sh"]);
    assert_eq!(folds["data"]["evaluation"], "out-of-fold");
    // Trained, it says `billing` where nothing tells: right for 3 of 9, and wrong for every ticket about `login`.
    assert_eq!(folds["metrics"]["accuracy"]["value"], (54.0 + 3.0) / 90.0);
    test.write("bad.sh", "echo no JSON; echo what went wrong >&2\n");
    let bad = test.run_words(&["review", "tickets.csv", "--model", "command:sh bad.sh"]).ends_with(2);
    assert!(bad.stderr.contains("line 1") && bad.stderr.contains("what went wrong"), "{}", bad.stderr);
}

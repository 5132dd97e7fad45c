//! What becomes of a model's scores: calibration, thresholds, ensembles, answers left to people, settings that are searched.

use insta::assert_snapshot;
use serde_json::Value;
use trueup::core::Rng;

use crate::harness::CliTest;

/// Mails of a frequent label and a rare one, each told by two words of which either may be wrong: where they disagree, the
/// answer is in doubt.
fn mails(from: usize, to: usize) -> String {
    let mut out = String::from("id,text,label\n");
    for i in from..to {
        let mut rng = Rng::stream(5, i as u64);
        let rare = rng.below(1_000) < 250;
        let mut word = |told: [&'static str; 3], not: [&'static str; 3]| {
            let right = rng.below(1_000) < 850;
            (if rare == right { told } else { not })[rng.below(3)]
        };
        let first = word(["prize", "winner", "claim"], ["lunch", "meeting", "report"]);
        let second = word(["free", "cash", "urgent"], ["thanks", "regards", "notes"]);
        let number = format!("{:03}{:03}{:03}", rng.below(1_000), rng.below(1_000), rng.below(1_000));
        out += &format!("m{i},{first} {second} {number},{}\n", if rare { "spam" } else { "ham" });
    }
    out
}

/// Texts of several labels; of the last the word that tells it is right in fewer than half of the texts that have it.
fn topics(from: usize, to: usize) -> String {
    let mut out = String::from("id,text,labels\n");
    for i in from..to {
        let mut rng = Rng::stream(7, i as u64);
        let mut drawn = || rng.below(1_000);
        let labels = [("price", drawn() < 500), ("speed", drawn() < 300), ("colour", drawn() < 150)];
        let named: Vec<&str> = labels.iter().filter(|label| label.1).map(|label| label.0).collect();
        let mut said: Vec<&str> = named.iter().copied().filter(|name| *name != "colour").collect();
        said.extend((drawn() < if labels[2].1 { 800 } else { 180 }).then_some("red"));
        // Long numbers keep texts from being twins, which folds keep together.
        let number = format!("{:03}{:03}{:03}", drawn(), drawn(), drawn());
        out += &format!("r{i},about {} in {number},{}\n", said.join(" "), named.join("|"));
    }
    out
}

#[test]
fn thresholds_are_tuned_on_folds_and_kept_with_the_model() {
    let test = CliTest::with("topics.csv", topics(0, 600));
    test.write("new.csv", topics(600, 1000));
    let train = |out: &str, more: &str| {
        test.run(&format!("train topics.csv --test new.csv -o {out} --json - {more}")).ends_with(0).json()
    };
    let (usual, tuned) = (train("usual", ""), train("tuned", "--thresholds tuned"));
    assert!(usual["decided"].is_null());
    let decided = &tuned["decided"];
    assert_eq!((decided["rule"].as_str(), decided["examples"].as_u64()), (Some("tuned"), Some(600)));
    let f1 = |document: &Value| document["review"]["metrics"]["f1_macro"]["value"].as_f64().unwrap();
    assert!(f1(&tuned) > f1(&usual) + 0.02, "{} {}", f1(&usual), f1(&tuned));
    let before = &decided["before"]["f1_macro"]["value"];
    assert!(decided["after"]["f1_macro"]["value"].as_f64() > before.as_f64());
    assert_eq!(decided["thresholds"].as_object().map(serde_json::Map::len), Some(3));
    // The kept model answers by them.
    test.run("predict tuned new.csv -o answers.csv --quiet").ends_with(0);
    let figures = test.run("eval answers.csv --json -").ends_with(0).json();
    assert_eq!(figures["metrics"]["f1_macro"]["value"].as_f64(), Some(f1(&tuned)));
    let card = test.read("tuned/README.md");
    assert!(card.contains("## From scores to answers") && card.contains("| label | threshold |"), "{card}");
}

#[test]
fn costs_move_the_answers_and_lower_what_mistakes_cost() {
    let test = CliTest::with("mails.csv", mails(0, 600));
    test.write("new.csv", mails(600, 1_000));
    let cost = "--cost spam:miss=20,false-alarm=1";
    let train = |out: &str, more: &str| {
        test.run(&format!("train mails.csv --test new.csv -o {out} {cost} --json - {more}")).ends_with(0).json()
    };
    let (usual, costs) = (train("usual", ""), train("costs", "--thresholds costs"));
    let figure = |document: &Value, metric: &str| document["review"]["metrics"][metric]["value"].as_f64().unwrap();
    assert!(figure(&costs, "expected_cost") < figure(&usual, "expected_cost"));
    assert!(figure(&costs, "recall") > figure(&usual, "recall"));
    let none = test.run("train mails.csv -o x --thresholds costs").ends_with(2);
    assert!(none.stderr.contains("--cost fraud:miss=50,false-alarm=1"), "{}", none.stderr);
    let given = test.run("train mails.csv -o x --thresholds eggs=0.3").ends_with(2);
    assert!(
        given.stderr.contains("a label of the data: ham, spam") || given.stderr.contains("ham and spam"),
        "{}",
        given.stderr
    );
    let weights = test.run("train mails.csv -o x --class-weight eggs=3").ends_with(2);
    assert!(weights.stderr.contains("--class-weight") && weights.stderr.contains("eggs"), "{}", weights.stderr);
}

#[test]
fn doubtful_answers_are_left_to_people() {
    let test = CliTest::with("mails.csv", mails(0, 600));
    test.write("new.csv", mails(600, 1_000));
    let trained = test.run("train mails.csv -o model --abstain right=0.95 --json -").ends_with(0).json();
    let abstain = &trained["decided"]["abstain"];
    assert!(abstain["right"]["value"].as_f64() >= Some(0.95), "{abstain}");
    assert!(abstain["answered"]["value"].as_f64() < Some(1.0) && abstain["answered"]["value"].as_f64() > Some(0.3));
    let below = abstain["below"].as_f64().unwrap();
    let said = test.run("predict model new.csv -o answers.csv").ends_with(0);
    assert!(said.stderr.contains("to people: their confidence is too low"), "{}", said.stderr);
    let (mut left, mut answered) = (0, 0);
    for line in test.read("answers.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let score: f64 = cells[4].parse().unwrap();
        assert_eq!(cells[3].is_empty(), score < below, "{line} {below}");
        left += usize::from(cells[3].is_empty());
        answered += usize::from(!cells[3].is_empty());
    }
    assert!(left > 0 && answered > 0, "{left} {answered}");
    // All are answered where that is asked for.
    test.run("predict model new.csv -o all.csv --abstain 0 --quiet").ends_with(0);
    assert!(test.read("all.csv").lines().skip(1).all(|line| !line.split(',').nth(3).unwrap_or_default().is_empty()));
    test.run("convert new.csv new.jsonl --quiet").ends_with(0);
    test.run("predict model new.jsonl -o answers.jsonl --quiet").ends_with(0);
    let nulls = test.read("answers.jsonl").lines().filter(|line| line.contains("\"prediction\":null")).count();
    assert_eq!(nulls, left);
}

#[test]
fn a_kept_model_is_calibrated_on_data_that_it_has_not_seen() {
    let test = CliTest::with("mails.csv", mails(0, 600));
    test.write("held.csv", mails(600, 1_200));
    test.run("train mails.csv -o model --set temperature=0.2 --no-review --quiet").ends_with(2);
    test.run("train mails.csv -o model --no-review --quiet").ends_with(0);
    let finished = test.run("calibrate model held.csv -o better --calibration platt --thresholds tuned").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----
    trueup calibrate model held.csv                                     600 examples

      calibrated   by platt: log loss 0.27 to 0.24, Brier score 0.08 to 0.07,
                   calibration error 0.05 to 0.03
      thresholds   of the highest F1, label by label: accuracy 0.87 to 0.92,
                   macro-F1 0.84 to 0.90
                   ham: 0.37 and spam: 0.63
                   answers   said before  right   says now  right
                        60          0.55   0.47       0.62   0.82
                        60          0.67   0.53       0.75   0.87
                        60          0.84   0.83       0.84   0.77
                        60          0.91   0.97       0.92   0.88
                        60          0.94   0.93       0.96   0.92
                        60          0.95   1.00       0.98   1.00
                        60          0.96   1.00       0.98   1.00
                        60          0.97   0.98       0.99   1.00
                        60          0.97   0.97       0.99   1.00
                        60          0.98   0.98       0.99   0.98
      kept         better (10 kB), card better/README.md

    ----- stderr -----
    ");
    let card = test.read("better/README.md");
    assert!(card.contains("| answers | confidence before | right | confidence after | right |"), "{card}");
    let losses = |model: &str| {
        test.run(&format!("predict {model} held.csv -o {model}.csv --scores --quiet")).ends_with(0);
        let figures = test.run(&format!("eval {model}.csv --metrics log_loss --json -")).ends_with(0).json();
        figures["metrics"]["log_loss"]["value"].as_f64().unwrap()
    };
    assert!(losses("better") <= losses("model") + 1e-3);
    let same = test.run("calibrate model mails.csv -o again").ends_with(2);
    assert!(same.stderr.contains("has not learned from"), "{}", same.stderr);
    let here = test.run("calibrate model held.csv -o model").ends_with(2);
    assert!(here.stderr.contains("would replace it"), "{}", here.stderr);
}

#[test]
fn an_ensemble_answers_as_one_and_is_kept_as_one() {
    let test = CliTest::with("mails.csv", mails(0, 600));
    test.write("new.csv", mails(600, 800));
    let trained = test.run("train mails.csv --test new.csv -o model --ensemble 3 --json -").ends_with(0).json();
    assert_eq!(
        (trained["training"]["model"].as_str(), trained["training"]["params"]["ensemble"].as_str()),
        (Some("ensemble"), Some("3"))
    );
    let accuracy = trained["review"]["metrics"]["accuracy"]["value"].as_f64();
    test.run("predict model new.csv -o answers.csv --quiet").ends_with(0);
    let figures = test.run("eval answers.csv --json -").ends_with(0).json();
    assert_eq!(figures["metrics"]["accuracy"]["value"].as_f64(), accuracy);
    let config: Value = serde_json::from_str(&test.read("model/config.json")).unwrap();
    assert_eq!(config["settings"]["members"].as_array().map(Vec::len), Some(3));
    // The same bytes at any number of threads.
    for threads in [1, 2] {
        test.run(&format!("train mails.csv --no-review -o t{threads} --ensemble 3 --threads {threads} --quiet"))
            .ends_with(0);
    }
    let bytes = |folder: &str| std::fs::read(test.path(&format!("{folder}/model.safetensors"))).unwrap();
    assert_eq!(bytes("t1"), bytes("t2"));
}

#[test]
fn settings_are_searched_on_what_is_learned_from_and_measured_elsewhere() {
    let test = CliTest::with("mails.csv", mails(0, 240));
    let trained = test.run("train mails.csv -o model --budget 60 --json -").ends_with(0).json();
    assert_eq!(trained["review"]["data"]["how"], "one 80/20 split of mails.csv");
    assert!(trained["tuned"]["fits"].as_u64() <= Some(60) && trained["tuned"]["fits"].as_u64() > Some(20));
    assert_eq!(trained["reproducible"], true);
    let late = test.run("train mails.csv -o late --budget 500 --deadline 0.001s --json -").ends_with(0).json();
    assert_eq!((&late["reproducible"], &late["tuned"]["reproducible"]), (&false.into(), &false.into()));
    // Time ends the search and not the training: the defaults were tried, and the model is whole.
    assert!(late["tuned"]["tried"].as_array().map(Vec::len) >= Some(1));
    let bad = test.run("train mails.csv -o x --budget 60 --deadline soon").ends_with(2);
    assert!(bad.stderr.contains("it is a time such as 30s, 5m or 1h"), "{}", bad.stderr);
}

#[test]
fn training_goes_on_from_an_earlier_model_and_keeps_its_labels() {
    let test = CliTest::with("mails.csv", mails(0, 600));
    let mut bills = String::from("id,text,label\n");
    for i in 0..90 {
        let (word, label) = if i % 2 == 0 { ("invoice due", "bill") } else { ("lunch thanks", "ham") };
        bills += &format!("b{i},{word} number {},{label}\n", i * 37 % 100);
    }
    test.write("bills.csv", bills);
    test.run("train mails.csv -o first --no-review --quiet").ends_with(0);
    test.run("train bills.csv -o second --from-model first --quiet").ends_with(0);
    test.write(
        "new.csv",
        "id,text,label\n1,prize cash winner free,spam\n2,invoice due number 7,bill\n3,meeting report regards,ham\n",
    );
    test.run("predict second new.csv -o answers.csv --quiet").ends_with(0);
    let figures = test.run("eval answers.csv --json -").ends_with(0).json();
    assert_eq!(figures["metrics"]["accuracy"]["value"], 1.0, "{}", test.read("answers.csv"));
    let card = test.read("second/README.md");
    assert!(card.contains("--from-model first"), "{card}");
    test.write("places.conll", "Lagos\tB-city\nis\tO\n\nOslo\tB-city\nwas\tO\n\n".repeat(10));
    test.run("train places.conll -o third --from-model first --no-review").ends_with(2);
}

#[cfg(unix)]
#[test]
fn a_program_answers_a_file() {
    let test = CliTest::with("mails.csv", mails(0, 12));
    test.write(
        "answer.sh",
        "awk '{ match($0, /\"id\": *\"[^\"]*\"/); id = substr($0, RSTART, RLENGTH)
  printf \"{%s, \\\"label\\\": \\\"%s\\\"}\\n\", id, ($0 ~ /prize|winner|claim/ ? \"spam\" : \"ham\") }'\n",
    );
    let finished = test.run_words(&["predict", "command:sh answer.sh", "mails.csv", "-o", "answers.csv"]).ends_with(0);
    assert!(finished.stderr.contains("answered     12 records"), "{}", finished.stderr);
    for line in test.read("answers.csv").lines().skip(1) {
        let told = ["prize", "winner", "claim"].iter().any(|word| line.contains(word));
        assert_eq!(line.ends_with(",spam,"), told, "{line}");
    }
    let scores = test.run_words(&["predict", "command:sh answer.sh", "mails.csv", "--scores"]).ends_with(2);
    assert!(scores.stderr.contains("--scores"), "{}", scores.stderr);
    let bad = test.run_words(&["predict", "command:false", "mails.csv"]).ends_with(2);
    assert!(bad.stderr.contains("command:false") && bad.stderr.contains("--task"), "{}", bad.stderr);
}

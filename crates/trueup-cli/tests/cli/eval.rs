//! `trueup eval`: figures alone, by rows and by columns, in groups.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{CliTest, at, count, number, text};

/// 240 rows of gold and prediction, a language, a time, and a probability for each of three labels.
pub fn table() -> String {
    let labels = ["billing", "login", "refund"];
    let mut out = String::from("id,text,label,prediction,lang,sent,score:billing,score:login,score:refund\n");
    for row in 0..240usize {
        let gold = (row * 7 + row / 11) % 3;
        let answer = if row % 6 == 0 { (gold + 1) % 3 } else { gold };
        let sure = 0.5 + (row % 9) as f64 / 20.0;
        let mut scores = [(1.0 - sure) / 2.0; 3];
        scores[answer] = sure;
        let (lang, day) = (["de", "en"][row % 5 / 3], 1 + row % 4);
        out += &format!(
            "{row},text {row},{},{},{lang},2026-03-0{day}T0{}:00:00,{},{},{}\n",
            labels[gold],
            labels[answer],
            row % 10,
            scores[0],
            scores[1],
            scores[2]
        );
    }
    out
}

pub fn eval(test: &CliTest, words: &[&str]) -> Value {
    let finished = test.run_words(&[&["eval"], words, &["--quiet", "--json", "-"]].concat()).ends_with(0);
    serde_json::from_str(&finished.stdout).unwrap()
}

/// The document without what tells how it was read.
pub fn figures(mut document: Value) -> Value {
    let map = document.as_object_mut().unwrap();
    map.remove("run");
    map.remove("data");
    document
}

#[test]
fn columns_of_parquet_give_the_figures_of_rows() {
    let test = CliTest::with("answers.csv", table());
    test.run("convert answers.csv answers.parquet --quiet").ends_with(0);
    for by in [vec![], vec!["--by", "lang"], vec!["--by", "lang", "--by", "date(sent)"]] {
        let rows = eval(&test, &[&["answers.csv"], by.as_slice()].concat());
        let columns = eval(&test, &[&["answers.parquet"], by.as_slice()].concat());
        assert_eq!(count(&rows, "/data/test/examples"), 240);
        assert_eq!(figures(rows), figures(columns), "{by:?}");
    }
}

#[test]
fn counts_alone_take_the_short_way() {
    let test = CliTest::with("answers.csv", table());
    let plain: String =
        table().lines().map(|line| line.split(',').take(6).collect::<Vec<_>>().join(",") + "\n").collect();
    test.write("plain.csv", plain);
    for name in ["answers", "plain"] {
        test.run(&format!("convert {name}.csv {name}.parquet --quiet")).ends_with(0);
        let rows = eval(&test, &[&format!("{name}.csv")]);
        let columns = eval(&test, &[&format!("{name}.parquet")]);
        // Only the columns of labels were read, where there is nothing beside them.
        assert!(rows["data"]["fingerprints"]["test"].is_string());
        assert_eq!(columns["data"]["fingerprints"].as_object().unwrap().is_empty(), name == "plain");
        if name == "plain" {
            assert_eq!(text(&columns, "/data/test/guesses/1/what"), "prediction is column 'prediction'");
        }
        assert_eq!(rows["metrics"]["log_loss"]["value"].is_null(), name == "plain");
        assert_eq!(figures(rows), figures(columns), "{name}");
    }
}

#[test]
fn groups_are_columns_days_and_conditions() {
    let test = CliTest::with("answers.csv", table());
    let document = eval(&test, &["answers.csv", "--by", "lang", "--by", "date(sent)"]);
    let groups = document["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 8);
    assert_eq!((text(&groups[0], "/by/lang"), text(&groups[0], "/by/date(sent)")), ("de", "2026-03-01"));
    let sum: u64 = groups.iter().map(|group| count(group, "/examples")).sum();
    assert_eq!(sum, 240);
    let document = eval(&test, &["answers.csv", "--by", "correct = 1"]);
    let accuracy: Vec<f64> =
        document["groups"].as_array().unwrap().iter().map(|g| number(g, "/metrics/accuracy/value")).collect();
    assert_eq!(accuracy, [0.0, 1.0]);
    let finished = test.run_words(&["eval", "answers.csv", "--by", "land"]).ends_with(2);
    assert!(finished.stderr.contains("no column 'land'") && finished.stderr.contains("lang"), "{}", finished.stderr);
}

#[test]
fn the_report_reads_as_scikit_learns() {
    let test = CliTest::with("answers.csv", table());
    let finished = test.run("eval answers.csv --by lang --quiet").ends_with(0);
    let stdout: String = finished.stdout.lines().filter(|line| !line.contains("CPU s")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(stdout, @r"
    trueup eval answers.csv                                     one label an example

      240 examples, 3 labels

                    precision          recall             F1                 support
      billing       0.867 [.778 .924]  0.828 [.735 .893]  0.847 [.780 .896]       87
      login         0.830 [.738 .894]  0.839 [.748 .902]  0.834 [.767 .885]       87
      refund        0.797 [.688 .875]  0.833 [.726 .904]  0.815 [.734 .875]       66

      macro avg     0.831 [.779 .874]  0.833 [.781 .876]  0.832 [.780 .875]      240
      weighted avg  0.834 [.781 .875]  0.833 [.781 .875]  0.834 [.782 .875]      240

      accuracy              0.833 [0.781, 0.875]  accuracy
      micro-F1              0.833 [0.781, 0.875]  f1_micro
      balanced accuracy     0.833 [0.781, 0.876]  balanced_accuracy
      micro precision       0.833 [0.781, 0.875]  precision_micro
      micro recall          0.833 [0.781, 0.875]  recall_micro
      Matthews correlation  0.749 [0.669, 0.812]  matthews_corrcoef
      Cohen's kappa         0.748 [0.669, 0.812]  cohen_kappa
      mean ROC AUC          0.903 [0.862, 0.933]  roc_auc_ovr
      log loss              0.601 [0.520, 0.695]  log_loss
      Brier score           0.318 [0.264, 0.383]  brier_score
      calibration error     0.178 [0.098, 0.225]  ece

      gold / pred.  billing  login  refund
      billing            72     15       0
      login               0     73      14
      refund             11      0      55

      confidence     answers  stated   right  ○ stated, ● right
      0.47 - 0.53         27   0.500   0.481  ··············●○···············
      0.53 - 0.60         54   0.575   1.000  ·················○────────────●
      0.60 - 0.67         27   0.650   0.519  ················●───○··········
      0.67 - 0.73         27   0.700   1.000  ·····················○────────●
      0.73 - 0.80         53   0.775   0.755  ·······················●·······
      0.80 - 0.87         26   0.850   1.000  ··························○───●
      0.87 - 0.93         26   0.900   1.000  ···························○──●

      calibration error (ECE)    0.178 [0.098, 0.225]  of the most probable label
      of the worst bin (MCE)     0.425 [0.307, 0.425]
      risk over coverage (AURC)  0.102 [0.068, 0.154]

      lang    examples  accuracy              macro-F1
      de           144  0.833 [0.764, 0.885]  0.829 [0.759, 0.887]
      en            96  0.833 [0.746, 0.895]  0.834 [0.759, 0.906]

      plan         240 examples tell two models that part on 10 % of the examples
                   apart when accuracy differs by 5.9 points or more (80 % power);
                   for an interval of ±2 points, about 1,350 examples
      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; text is column
                   'text'; label is column 'label'; id is column 'id'
      intervals    95 %, in brackets; what each metric means: docs/metrics.md
    ");
}

#[test]
fn the_last_two_columns_of_conll_are_gold_and_prediction() {
    let test = CliTest::with(
        "out.conll",
        "Ann NN B-PER B-PER\nsaw VB O O\nNew NN B-LOC B-LOC\nYork NN I-LOC O\n\nBob NN B-PER O\nleft VB O O\n\nOslo NN B-LOC B-LOC\n",
    );
    let document = eval(&test, &["out.conll"]);
    assert_eq!(at(&document, "/task"), "ner");
    assert_eq!(count(&document, "/data/test/spans"), 4);
    assert!((number(&document, "/metrics/precision/value") - 2.0 / 3.0).abs() < 1e-12);
    assert!((number(&document, "/metrics/recall/value") - 0.5).abs() < 1e-12);
    // The same as two files.
    test.write("gold.conll", test.read("out.conll").lines().map(|line| cut(line, 2)).collect::<String>());
    test.write("answers.conll", test.read("out.conll").lines().map(|line| cut(line, 3)).collect::<String>());
    let two = eval(&test, &["--gold", "gold.conll", "--predictions", "answers.conll"]);
    assert_eq!(figures(two), figures(document));
}

/// The token and the tag in a column.
fn cut(line: &str, column: usize) -> String {
    let fields: Vec<&str> = line.split(' ').collect();
    fields.get(column).map_or_else(|| "\n".to_owned(), |tag| format!("{} {tag}\n", fields[0]))
}

#[test]
fn what_cannot_be_evaluated_is_said() {
    let test = CliTest::with("answers.csv", "text,label\na,x\nb,y\nc,x\n");
    let finished = test.run("eval answers.csv").ends_with(0);
    assert!(finished.stderr.contains("every answer equals the gold: is it the same column?"), "{}", finished.stderr);
    let finished = test.run("eval missing.csv").ends_with(2);
    assert!(finished.stderr.contains("missing.csv"), "{}", finished.stderr);
    let finished = test.run("eval -").ends_with(2);
    assert!(finished.stderr.contains("name a file"), "{}", finished.stderr);
    let finished = test.run("eval answers.csv --gold answers.csv --predictions answers.csv").ends_with(2);
    assert!(finished.stderr.contains("cannot be used with"), "{}", finished.stderr);
}

#[test]
fn long_names_of_probabilities_are_a_header_all_the_same() {
    let long = "is my balance not updated after a cheque or a cash deposit?";
    let mut text = format!("label,prediction,score:{long},score:other\n");
    for row in 0..40 {
        let (gold, answer) = (if row % 2 == 0 { long } else { "other" }, if row % 3 == 0 { long } else { "other" });
        text += &format!(
            "{gold},{answer},{},{}\n",
            if row % 3 == 0 { 0.75 } else { 0.25 },
            if row % 3 == 0 { 0.25 } else { 0.75 }
        );
    }
    let document = eval(&CliTest::with("answers.csv", text), &["answers.csv"]);
    assert_eq!(count(&document, "/data/test/examples"), 40);
    assert!(number(&document, "/metrics/log_loss/value") > 0.0);
}

//! What a model learns from beside the texts: columns, lists of names, classes of words.

use serde_json::Value;

use crate::harness::CliTest;

/// Texts that say little; the channel says the label, but for one in twelve. The columns stand in the order asked for.
fn mails(from: usize, to: usize, columns: &[&str]) -> String {
    let mut out = columns.join(",") + "\n";
    for i in from..to {
        let label = ["order", "complaint", "question"][i * 7 % 3];
        let channel = if i % 12 == 11 { "fax" } else { ["shop", "Phone", "mail"][i * 7 % 3] };
        let value = |column: &&str| match *column {
            "id" => format!("m{i}"),
            "text" => format!("hello number {} from {}", i * 7919 % 1000, ["ann", "bob", "eve", "kim"][i * 31 % 4]),
            "label" => label.to_owned(),
            "channel" => channel.to_owned(),
            _ => format!("{}.5", i * 13 % 40),
        };
        out += &(columns.iter().map(value).collect::<Vec<_>>().join(",") + "\n");
    }
    out
}

const ORDER: [&str; 5] = ["id", "text", "label", "channel", "price"];
const OTHER: [&str; 5] = ["price", "channel", "label", "text", "id"];

fn with_mails() -> CliTest {
    let test = CliTest::with("train.csv", mails(0, 300, &ORDER));
    // The test set has its columns in another order, and so has what is answered.
    test.write("test.csv", mails(300, 400, &OTHER));
    test.write("new.csv", mails(400, 430, &OTHER));
    test
}

fn accuracy(document: &Value) -> f64 {
    document["metrics"]["accuracy"]["value"].as_f64().unwrap()
}

#[test]
fn columns_beside_the_text_count_where_they_are_asked_for() {
    let test = with_mails();
    let review = |more: &str| test.run(&format!("review train.csv --test test.csv{more} --json -")).ends_with(0).json();
    assert!(accuracy(&review("")) < 0.6);
    let found = review(" --metadata channel");
    assert!(accuracy(&found) > 0.9, "{}", accuracy(&found));
    assert_eq!(found["training"]["params"]["metadata"], "channel");
    assert!(found["subject"]["command"].as_str().unwrap().contains("--metadata channel"));
    // In folds as well, and several of them.
    let folds = test.run("review train.csv --metadata price,channel --json -").ends_with(0).json();
    assert!(accuracy(&folds) > 0.9, "{}", accuracy(&folds));

    let measured = test.run("train train.csv --test test.csv --metadata channel -o model --json -").ends_with(0).json();
    assert!((accuracy(&measured["review"]) - accuracy(&found)).abs() < 1e-12);
    // The kept model finds its column wherever it stands, however it is asked.
    let again = test.run("review train.csv --test test.csv --model model --json -").ends_with(0).json();
    assert_eq!(again["metrics"]["accuracy"], found["metrics"]["accuracy"]);
    let compared = test.run("compare --gold test.csv --baseline model --candidate model --json -").ends_with(0).json();
    assert_eq!(compared["comparison"]["metrics"][0]["baseline"], accuracy(&found));
    test.run("predict model new.csv -o answers.csv --quiet").ends_with(0);
    let figures = test.run("eval answers.csv --json -").ends_with(0).json();
    assert!(accuracy(&figures) > 0.9, "{}", test.read("answers.csv"));
    // An ensemble, calibrated, reads them too; and what is trained on from it goes on with them.
    test.run("train train.csv --metadata channel --ensemble 3 -o several --no-review --quiet").ends_with(0);
    test.run("calibrate several test.csv -o honest --quiet").ends_with(0);
    test.run("predict honest new.csv -o more.csv --quiet").ends_with(0);
    assert!(accuracy(&test.run("eval more.csv --json -").ends_with(0).json()) > 0.9);
    test.run("train test.csv --from-model model -o next --no-review --quiet").ends_with(0);
    test.run("predict next new.csv -o next.csv --quiet").ends_with(0);
    assert!(accuracy(&test.run("eval next.csv --json -").ends_with(0).json()) > 0.9);
    let other = test.run("train test.csv --from-model model --metadata price -o x --no-review --quiet").ends_with(2);
    assert!(other.stderr.contains("reads channel, and goes on with them"), "{}", other.stderr);
    let tuned = test.run("tune train.csv --metadata channel --budget 30 --json -").ends_with(0).json();
    assert!(tuned["tried"][0]["score"].as_f64().unwrap() > 0.9, "{}", tuned["tried"][0]);
}

#[test]
fn a_column_that_the_model_reads_is_nothing_else() {
    let test = with_mails();
    test.run("train train.csv --metadata channel -o model --no-review --quiet").ends_with(0);
    // Nothing in the file is called a label, and the channel looks like one.
    test.write("bare.csv", mails(400, 460, &["id", "text", "channel"]));
    test.write("gold.csv", mails(400, 460, &["id", "label"]));
    test.run("predict model bare.csv -o answers.csv --quiet").ends_with(0);
    let figures = test.run("eval --gold gold.csv --predictions answers.csv --json -").ends_with(0).json();
    assert!(accuracy(&figures) > 0.9, "{}", test.read("answers.csv"));
    // As a name it would be taken for the label, or for the text.
    let renamed = |to: &str, file: &str| test.read(file).replacen("channel", to, 1);
    for name in ["category", "title"] {
        test.write("named.csv", renamed(name, "train.csv"));
        test.write("asked.csv", renamed(name, "bare.csv"));
        test.run(&format!("train named.csv --metadata {name} -o named --no-review --quiet")).ends_with(0);
        test.run("predict named asked.csv -o answers.csv --quiet").ends_with(0);
        let figures = test.run("eval --gold gold.csv --predictions answers.csv --json -").ends_with(0).json();
        assert!(accuracy(&figures) > 0.9, "{name}: {}", test.read("answers.csv"));
    }
    // Inside an object it has the name that training gives it, and may be left out.
    let lines = |from: usize, to: usize, gold: bool| -> String {
        let table = mails(from, to, &["id", "text", "label", "channel"]);
        table.lines().skip(1).fold(String::new(), |out, row| {
            let cells: Vec<&str> = row.split(',').collect();
            let label = if gold { format!(",\"label\":\"{}\"", cells[2]) } else { String::new() };
            let (id, text, channel) = (cells[0], cells[1], cells[3]);
            out + &format!("{{\"id\":\"{id}\",\"text\":\"{text}\"{label},\"meta\":{{\"channel\":\"{channel}\"}}}}\n")
        })
    };
    test.write("train.jsonl", lines(0, 300, true));
    test.write("ask.jsonl", lines(400, 460, false));
    test.run("train train.jsonl --metadata meta.channel -o nested --no-review --quiet").ends_with(0);
    test.run("predict nested ask.jsonl -o answers.jsonl --quiet").ends_with(0);
    let figures = test.run("eval --gold gold.csv --predictions answers.jsonl --json -").ends_with(0).json();
    assert!(accuracy(&figures) > 0.9, "{}", test.read("answers.jsonl"));
    test.write("one.jsonl", "{\"id\":\"1\",\"text\":\"hello\"}\n");
    test.run("predict nested one.jsonl -o one-answer.jsonl --quiet").ends_with(0);
    let twice = test.run("train train.csv --metadata channel,price,channel -o x --no-review").ends_with(2);
    assert!(twice.stderr.contains("'channel' is not valid; each column once"), "{}", twice.stderr);
}

#[test]
fn a_column_that_is_missing_is_named() {
    let test = with_mails();
    let none = test.run("train train.csv --metadata chanel -o model --no-review").ends_with(2);
    let said = "--metadata: 'chanel' is not valid; the columns of train.csv are channel and price";
    assert!(none.stderr.contains(said), "{}", none.stderr);
    test.run("train train.csv --metadata channel -o model --no-review --quiet").ends_with(0);
    test.write("bare.csv", mails(300, 330, &["id", "text", "label"]));
    let bare = test.run("predict model bare.csv -o answers.csv").ends_with(2);
    assert!(bare.stderr.contains("no column 'channel', which the model reads beside the text"), "{}", bare.stderr);
    assert!(!test.path("answers.csv").exists());
    let bare = test.run("review bare.csv --model model").ends_with(2);
    assert!(bare.stderr.contains("it reads the column 'channel' beside the text"), "{}", bare.stderr);
    let other = test.run("train train.csv --gazetteer test.csv -o x --no-review").ends_with(2);
    assert!(other.stderr.contains("only crf models learn from it"), "{}", other.stderr);
}

/// A name whose spelling says nothing.
fn name(i: usize) -> String {
    let syllables = ["ka", "lo", "mi", "ru", "te", "na", "so", "vi", "da", "pe", "gu"];
    let part = |n: usize| syllables[n % syllables.len()];
    let name = format!("{}{}{}", part(i * 7 + 3), part(i / 11 + i * 5), part(i / 121 + i * 3 + 1));
    name[..1].to_uppercase() + &name[1..]
}

/// Names that are cities (even numbers) and people.
fn names(from: usize, to: usize, people: usize) -> String {
    (from..to).filter(|i| i % 2 == people).map(|i| name(i) + "\n").collect()
}

/// Sentences of which only the name tells a city from a person, each name in two sentences.
fn sentences(from: usize, to: usize) -> String {
    let mut out = String::new();
    for i in (from..to).chain(from..to) {
        let tag = ["city", "person"][i % 2];
        let words = (["saw", "met", "liked"][i / 2 % 3], ["today", "again"][i / 3 % 2]);
        out += &format!("{}\tO\n{}\tB-{tag}\n{}\tO\n\n", words.0, name(i), words.1);
    }
    out
}

fn with_names() -> CliTest {
    let test = CliTest::with("train.conll", sentences(0, 160));
    test.write("test.conll", sentences(160, 240));
    test
}

/// The F1 of a review on the test set, and the document.
fn f1(test: &CliTest, more: &str) -> (f64, Value) {
    let found = test.run(&format!("review train.conll --test test.conll{more} --json -")).ends_with(0).json();
    (found["metrics"]["f1"]["value"].as_f64().unwrap(), found)
}

#[test]
fn lists_of_names_tell_what_no_text_does() {
    let test = with_names();
    test.write("cities.txt", names(0, 240, 0) + "\n\n");
    test.write("people.txt", names(0, 240, 1));
    let (without, _) = f1(&test, "");
    let (with, found) = f1(&test, " --gazetteer cities.txt --gazetteer people.txt");
    assert!(without < 0.8 && with > 0.95, "{without} {with}");
    assert_eq!(found["training"]["params"]["gazetteer"], "cities people");
    // A kept model brings its lists along.
    test.run("train train.conll --gazetteer cities.txt --gazetteer people.txt -o model --no-review --quiet")
        .ends_with(0);
    std::fs::remove_file(test.path("cities.txt")).unwrap();
    test.run("predict model test.conll -o answers.conll --quiet").ends_with(0);
    assert_eq!(test.run("eval answers.conll --json -").ends_with(0).json()["metrics"]["f1"]["value"], with);
    let gone = test.run("review train.conll --gazetteer cities.txt").ends_with(2);
    assert!(gone.stderr.contains("cities.txt: there is no such file"), "{}", gone.stderr);
    std::fs::create_dir(test.path("deep")).unwrap();
    test.write("deep/people.txt", "Zoe\n");
    let twice = test.run("review train.conll --gazetteer people.txt --gazetteer deep/people.txt").ends_with(2);
    assert!(twice.stderr.contains("there is a list 'people' already"), "{}", twice.stderr);
}

#[test]
fn classes_of_words_are_learned_from_texts_without_labels() {
    let test = with_names();
    // What is used alike: trains go to cities, and people laugh.
    let mut texts = String::new();
    for i in (0..240).chain(0..240).chain(0..240) {
        let name = name(i);
        texts += &match i % 2 {
            0 => format!("the train goes to {name} every day\n"),
            _ => format!("he says {name} laughs and sings\n"),
        };
    }
    test.write("texts.txt", texts);
    let ((without, _), (with, found)) = (f1(&test, ""), f1(&test, " --clusters texts.txt --cluster-count 50"));
    assert!(with > 0.9 && with > without + 0.1, "{without} {with}");
    assert_eq!(found["training"]["params"]["clusters"], "50");
    assert!(found["subject"]["command"].as_str().unwrap().contains("--clusters texts.txt --cluster-count 50"));
    test.run("train train.conll --clusters texts.txt --cluster-count 50 -o model --no-review --quiet").ends_with(0);
    test.run("predict model test.conll -o answers.conll --quiet").ends_with(0);
    assert_eq!(test.run("eval answers.conll --json -").ends_with(0).json()["metrics"]["f1"]["value"], with);
    // Labelled files serve too, for their texts.
    test.run("train train.conll --clusters train.conll -o labelled --no-review --quiet").ends_with(0);
    let alone = test.run("review train.conll --cluster-count 8").ends_with(2);
    assert!(alone.stderr.contains("--clusters"), "{}", alone.stderr);
}

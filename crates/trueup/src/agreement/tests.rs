//! Reports on data made by hand.
#![allow(clippy::unwrap_used)]

use trueup_core::Task;
use trueup_core::agreement::Level;
use trueup_data::corpus::Answer;
use trueup_data::{Read, ReadOptions, read_corpus_bytes};

use super::{AgreementOptions, AgreementReport, Method, agreement};

fn read(name: &str, text: &str) -> Read {
    read_corpus_bytes(name, text.as_bytes().to_vec(), &ReadOptions::default()).unwrap()
}

fn of(read: &Read, options: &AgreementOptions) -> (AgreementReport, Vec<Option<Answer>>) {
    agreement("file", read, options).unwrap()
}

fn refused(read: &Read, options: &AgreementOptions) -> String {
    agreement("file", read, options).unwrap_err().to_string()
}

/// One JSON line: a text and (annotator, status, answer) as it stands in the file.
fn line(id: usize, answers: &[(&str, &str, &str)]) -> String {
    let responses: Vec<String> = answers
        .iter()
        .map(|(who, status, answer)| format!(r#"{{"annotator":"{who}","status":"{status}",{answer}}}"#))
        .collect();
    format!("{{\"id\":\"i{id}\",\"text\":\"Ann met Bo, in Rome.\",\"responses\":[{}]}}\n", responses.join(","))
}

fn figure(report: &AgreementReport, name: &str) -> Option<f64> {
    report.coefficients.iter().find(|f| f.name == name).unwrap().estimate.value
}

#[test]
fn only_accepted_answers_count_and_of_each_person_the_last() {
    let (a, b) = (r#""labels":["a"]"#, r#""labels":["b"]"#);
    let text = line(1, &[("ann", "accepted", a), ("bo", "rejected", b), ("cy", "accepted", a)])
        + &line(2, &[("ann", "accepted", a), ("cy", "accepted", b), ("ann", "accepted", b)])
        + &line(3, &[("bo", "draft", a)]);
    let (report, settled) = of(&read("x.jsonl", &text), &AgreementOptions::default());
    assert_eq!((report.items, report.compared, report.answers, report.annotators), (2, 2, 4, 2));
    assert_eq!((report.task, report.level.as_str()), (Task::Classification, "nominal"));
    assert_eq!(figure(&report, "krippendorff_alpha"), Some(1.0));
    assert_eq!(settled, [Some(Answer::labels(["a"])), Some(Answer::labels(["b"])), None]);
    assert!(report.notes.iter().any(|note| note.starts_with("1 answer was replaced")), "{:?}", report.notes);
    assert!(report.disputed.is_empty());
}

#[test]
fn many_numbers_are_ratings_and_the_consensus_is_their_median() {
    let mut text = "item,annotator,label\n".to_owned();
    for (item, values) in [[1, 2, 9], [3, 4, 5], [6, 6, 8], [0, 7, 10]].iter().enumerate() {
        for (who, value) in ["ann", "bo", "cy"].iter().zip(values) {
            text += &format!("t{item},{who},{value}\n");
        }
    }
    let read = read("x.csv", &text);
    let (report, settled) = of(&read, &AgreementOptions::default());
    assert_eq!((report.level.as_str(), report.consensus.method.as_str()), ("interval", "median"));
    assert!(report.notes.iter().any(|note| note.contains("taken for ratings")), "{:?}", report.notes);
    assert_eq!(settled[0], Some(Answer::labels(["2"])));
    assert_eq!(report.disputed[0].id, "t3");
    for (level, name) in [(Level::Nominal, "nominal"), (Level::Ordinal, "ordinal")] {
        let (report, _) = of(&read, &AgreementOptions { level: Some(level), ..AgreementOptions::default() });
        assert_eq!((report.level.as_str(), report.consensus.measure.as_str()), (name, "accuracy"));
    }
}

#[test]
fn a_level_that_does_not_fit_is_refused() {
    let names = read("x.csv", "item,annotator,label\n1,ann,no\n1,bo,yes\n2,ann,no\n2,bo,no\n");
    let level = |level| AgreementOptions { level: Some(level), ..AgreementOptions::default() };
    assert!(refused(&names, &level(Level::Interval)).contains("the labels have to be numbers; 'no' is none"));
    assert!(refused(&names, &level(Level::Ordinal)).contains("'no' is neither"));
    let sets = read("y.jsonl", &line(1, &[("ann", "accepted", r#""labels":["a","b"]"#)]));
    assert!(refused(&sets, &level(Level::Nominal)).contains("levels are those of single labels"));
    let coin = AgreementOptions { consensus: Some(Method::OneCoin), ..AgreementOptions::default() };
    assert!(refused(&sets, &coin).contains("majority, dawid-skene or mace"));
}

#[test]
fn sets_are_compared_by_overlap() {
    let (one, two) = (r#""labels":["a","b"]"#, r#""labels":["a"]"#);
    let text = line(1, &[("ann", "accepted", one), ("bo", "accepted", one), ("cy", "accepted", two)])
        + &line(2, &[("ann", "accepted", two), ("bo", "accepted", two), ("cy", "accepted", r#""labels":["c"]"#)]);
    let (report, settled) = of(&read("x.jsonl", &text), &AgreementOptions::default());
    assert_eq!((report.task, report.level.as_str(), report.labels), (Task::Multilabel, "sets", 3));
    // ann and bo agree throughout; with cy both have F1 2 * 1 / (3 + 2) over the two items.
    let expected = (1.0 + 0.4 + 0.4) / 3.0;
    assert!((figure(&report, "f1_labels").unwrap() - expected).abs() < 1e-12);
    assert_eq!(settled[0], Some(Answer::labels(["a", "b"])));
    assert_eq!(report.by_annotator[0].name, "cy");
}

#[test]
fn spans_are_compared_strictly_without_edges_and_by_token() {
    let span = |start, end, label: &str| format!(r#"{{"start":{start},"end":{end},"label":"{label}"}}"#);
    let of_spans = |spans: &[String]| format!(r#""spans":[{}]"#, spans.join(","));
    // Bo is "Bo" to one and "Bo," to the other; Rome is missed by one.
    let ann = of_spans(&[span(0, 3, "PER"), span(8, 10, "PER"), span(15, 19, "LOC")]);
    let bo = of_spans(&[span(0, 3, "PER"), span(8, 11, "PER")]);
    let text = line(1, &[("ann", "accepted", &ann), ("bo", "accepted", &bo)]);
    let (report, settled) = of(&read("x.jsonl", &text), &AgreementOptions::default());
    assert_eq!((report.task, report.level.as_str()), (Task::Ner, "spans"));
    assert_eq!(figure(&report, "f1_strict"), Some(2.0 / 5.0));
    assert_eq!(figure(&report, "f1_tolerant"), Some(4.0 / 5.0));
    // Tokens: Ann, Bo, Rome against Ann, Bo and the comma.
    assert_eq!(figure(&report, "f1_tokens"), Some(4.0 / 6.0));
    // Two of two and one of two: ties, so that the item stays open.
    assert_eq!((settled[0].clone(), report.consensus.ties), (None, 1));
    assert_eq!(report.by_label[0].label, "LOC");
    assert!(report.disputed[0].votes.iter().any(|vote| vote.answer == "LOC \"Rome\"" && vote.count == 1));
}

#[test]
fn overlapping_candidates_are_not_both_taken_where_nobody_nests() {
    let of_spans = |(start, end)| format!(r#""spans":[{{"start":{start},"end":{end},"label":"PER"}}]"#);
    let (short, long) = (of_spans((0, 3)), of_spans((0, 7)));
    let mut text = String::new();
    for item in 0..4 {
        let who = [("a", &short), ("b", &short), ("c", &short), ("d", &long), ("e", &long)];
        text += &line(item, &who.map(|(name, answer)| (name, "accepted", answer.as_str())));
    }
    for consensus in [Method::Majority, Method::Mace] {
        let options = AgreementOptions { consensus: Some(consensus), ..AgreementOptions::default() };
        let (_, settled) = of(&read("x.jsonl", &text), &options);
        assert!(settled.iter().all(|s| s.as_ref().unwrap().spans.as_ref().unwrap().len() <= 1), "{settled:?}");
    }
}

#[test]
fn a_file_without_answers_of_people_says_what_is_needed() {
    let message = refused(&read("x.csv", "text,label\nhi there,a\nho there,b\n"), &AgreementOptions::default());
    assert!(message.contains("no answers of several people") && message.contains("--annotator COLUMN"), "{message}");
}

#[test]
fn the_order_of_rows_changes_nothing_but_the_order_of_ties() {
    let rows: Vec<String> = (0..30)
        .flat_map(|item| ["ann", "bo", "cy"].map(|who| (item, who)))
        .map(|(item, who)| {
            let label = if (item * 7 + who.len()) % 5 < 3 { "yes" } else { "no" };
            format!("t{item:02},{who},{}\n", if who == "cy" && item % 4 == 0 { "no" } else { label })
        })
        .collect();
    let report = |rows: &[String]| {
        let (mut report, _) =
            of(&read("x.csv", &format!("item,annotator,label\n{}", rows.concat())), &AgreementOptions::default());
        report.disputed.clear();
        report.guesses.clear();
        report
    };
    let turned: Vec<String> = rows.iter().rev().cloned().collect();
    let (one, two) = (report(&rows), report(&turned));
    assert_eq!((&one.coefficients, &one.by_label, &one.pairs), (&two.coefficients, &two.by_label, &two.pairs));
    let names = |report: &AgreementReport| report.by_annotator.iter().map(|row| row.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&two));
}

//! Predictions of every shape find their gold, or a message says why not.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use trueup_core::{Annotation, Dataset, Pair, Span, Task};
use trueup_data::{Aligned, DataError, Matching, PredictionOptions, ReadOptions, align, read_bytes, read_predictions};

fn gold(text: &str) -> Dataset {
    read_bytes("gold", text.as_bytes().to_vec(), &ReadOptions::default()).unwrap().dataset
}

fn predict(gold: &Dataset, name: &str, text: &str) -> Result<Aligned, DataError> {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    let options = PredictionOptions { task: Some(gold.task), ..PredictionOptions::default() };
    align(gold, read_predictions(&path, &options)?)
}

fn message(gold: &Dataset, name: &str, text: &str) -> String {
    predict(gold, name, text).unwrap_err().to_string()
}

const MAILS: &str = "id,text,label\nm1,Where is my money?,refund\nm2,Charged twice,billing\nm3,Money back,refund\n";

#[test]
fn ids_match_in_any_order_and_scores_follow() {
    let gold = gold(MAILS);
    let text = "id,label,score:billing,score:refund\nm3,refund,0.1,0.9\nm1,other,0.3,0.7\nm2,billing,1,0\n";
    let aligned = predict(&gold, "p.csv", text).unwrap();
    assert_eq!(aligned.matching, Matching::Ids);
    assert_eq!(aligned.predictions.labels.names(), ["billing", "other", "refund"]);
    let expected = [1, 0, 2].map(Annotation::Label);
    assert_eq!(aligned.predictions.answers, expected);
    let scores = aligned.predictions.scores.as_ref().unwrap();
    assert_eq!((scores.row(0), scores.row(2)), (&[0.3, 0.0, 0.7][..], &[0.1, 0.0, 0.9][..]));
    assert_eq!(aligned.notes, ["3 predictions matched by id"]);
}

/// banking77 has a label that ends in a question mark; as the head of a column it is no sentence.
#[test]
fn a_label_may_read_like_a_sentence() {
    let gold = gold(&MAILS.replace("billing", "charged again?"));
    let text = "prediction,score:charged again?,score:refund\nrefund,0.1,0.9\nrefund,0.3,0.7\ncharged again?,1,0\n";
    let aligned = predict(&gold, "p.csv", text).unwrap();
    assert_eq!(aligned.predictions.answers, [1, 1, 0].map(Annotation::Label));
    assert_eq!(aligned.predictions.scores.as_ref().unwrap().row(1), [0.3, 0.7]);
}

#[test]
fn json_scores_pass_the_door() {
    let mut gold = gold(MAILS);
    let text = "{\"id\": \"m1\", \"label\": \"refund\", \"scores\": {\"refund\": 0.75, \"billing\": 0.25}}\n\
                {\"id\": \"m2\", \"label\": \"refund\", \"scores\": {\"refund\": 0.5, \"billing\": 0.5}}\n\
                {\"id\": \"m3\", \"label\": \"billing\", \"scores\": {\"refund\": 0, \"billing\": 1}}\n";
    let predictions = predict(&gold, "p.jsonl", text).unwrap().predictions;
    gold.relabel(&predictions.labels);
    let answers = gold.examples.iter().map(|e| &e.gold);
    let pair = Pair::new(Task::Classification, &gold.labels, answers, &predictions, None).unwrap();
    assert_eq!(pair.scores().unwrap()[0], [0.25, 0.75]);
}

#[test]
fn without_ids_the_rows_must_agree_in_number() {
    let gold = gold(MAILS);
    let aligned = predict(&gold, "p.txt", "refund\nbilling\nbilling\n").unwrap();
    assert_eq!(aligned.matching, Matching::Rows);
    assert_eq!(aligned.notes, ["3 predictions matched by row order"]);
    let message = message(&gold, "p.txt", "refund\nbilling\n");
    assert!(message.contains("found 2 predictions for 3 examples, and no ids"), "{message}");
}

#[test]
fn repeated_unknown_and_missing_ids_are_named_with_their_line() {
    let gold = gold(MAILS);
    let head = "id,label\nm1,refund\n";
    let repeated = message(&gold, "p.csv", &format!("{head}m1,billing\nm2,billing\n"));
    assert!(repeated.contains("line 3: found id 'm1' again, first at line 2"), "{repeated}");
    let unknown = message(&gold, "p.csv", &format!("{head}m2,billing\nm9\u{1b},billing\n"));
    assert!(unknown.contains("line 4: found a prediction for id 'm9\\u{1b}'"), "{unknown}");
    let missing = message(&gold, "p.csv", head);
    assert!(missing.contains("no prediction for id 'm2' (line 3 of the gold), and 2 in all"), "{missing}");
    let empty = message(&gold, "p.csv", &format!("{head}m2,\nm3,refund\n"));
    assert!(empty.contains("line 3: found an empty prediction; valid: one label on every record"), "{empty}");
}

#[test]
fn one_score_a_record_serves_binary_tasks_only() {
    let binary = gold(MAILS);
    let own = predict(&binary, "p.csv", "label,score\nrefund,0.9\nbilling,0.75\nrefund,0.6\n").unwrap();
    assert_eq!(own.predictions.scores.unwrap().row(1), [0.75, 0.25]);
    let positive = predict(&binary, "p.csv", "label,score\nrefund,0.9\nbilling,0.25\nrefund,0.6\n").unwrap();
    assert_eq!(positive.predictions.scores.unwrap().row(1), [0.75, 0.25]);
    assert!(positive.notes.iter().any(|n| n.contains("probability of 'refund'")), "{:?}", positive.notes);
    let three = gold("text,label\na b,x\nb c,y\nc d,z\n");
    let aligned = predict(&three, "p.csv", "label,score\nx,0.9\ny,0.8\nz,0.6\n").unwrap();
    assert_eq!(aligned.predictions.scores, None);
    assert!(aligned.notes.iter().any(|n| n.contains("says too little over 3 labels")), "{:?}", aligned.notes);
}

#[test]
fn spans_are_code_points_of_the_gold_text() {
    let gold =
        gold("{\"id\": 1, \"text\": \"😀 Zoë met Al\", \"spans\": [{\"start\": 2, \"end\": 5, \"label\": \"PER\"}]}\n");
    assert_eq!(gold.examples[0].gold, Annotation::Spans(vec![Span { start: 5, end: 9, label: 0 }]));
    let text = "{\"id\": \"1\", \"spans\": [{\"start\": 10, \"end\": 12, \"label\": \"LOC\", \"score\": 0.4}, \
                {\"start\": 2, \"end\": 5, \"label\": \"PER\", \"score\": 0.9}]}\n";
    let aligned = predict(&gold, "p.jsonl", text).unwrap();
    let spans = aligned.predictions.answers[0].spans().to_vec();
    assert_eq!(spans, [Span { start: 5, end: 9, label: 1 }, Span { start: 14, end: 16, label: 0 }]);
    assert_eq!(aligned.predictions.span_scores, Some(vec![vec![0.9, 0.4]]));
    let outside = message(&gold, "p.jsonl", &text.replace("12", "13"));
    assert!(outside.contains("line 1: found the span 10..13 in a text of 12 code points"), "{outside}");
}

#[test]
fn conll_predictions_have_the_same_tokens() {
    let gold = gold("EU\tB-ORG\nrejects\tO\n\nPeter\tB-PER\nB.\tI-PER\n");
    let aligned = predict(&gold, "p.conll", "EU\tO\nrejects\tO\n\nPeter\tB-PER\nB.\tI-PER\n").unwrap();
    assert_eq!(aligned.matching, Matching::Tokens);
    assert_eq!(
        aligned.predictions.answers[1],
        gold.examples[1].gold.relabel(&gold.labels.mapping_to(&aligned.predictions.labels))
    );
    let nothing = predict(&gold, "p.conll", "EU\tO\nrejects\tO\n\nPeter\tO\nB.\tO\n").unwrap();
    assert!(nothing.predictions.answers.iter().all(|a| a.spans().is_empty()));
    let other = message(&gold, "p.conll", "EU\tO\nrejects\tO\n\nPeter\tB-PER\nBe\tI-PER\n");
    assert!(other.contains("line 4: found the sentence 'Peter Be'") && other.contains("same tokens"), "{other}");
}

#[test]
fn label_sets_are_taken_as_they_are() {
    let gold = gold("id,text,label\n1,one two,a|b\n2,three,\n3,four,b\n");
    assert_eq!(gold.task, Task::Multilabel);
    let aligned = predict(&gold, "p.csv", "id,label\n1,b|a\n2,\n3,a\n").unwrap();
    let expected = [vec![0, 1], vec![], vec![0]].map(Annotation::Labels);
    assert_eq!(aligned.predictions.answers, expected);
    let text =
        "{\"id\": 1, \"labels\": [\"a\"]}\n{\"id\": 2, \"labels\": []}\n{\"id\": 3, \"labels\": [\"b\", \"a\"]}\n";
    assert_eq!(predict(&gold, "p.jsonl", text).unwrap().predictions.answers[2], Annotation::Labels(vec![0, 1]));
    let wrong = message(&gold, "p.jsonl", "{\"id\": 1, \"spans\": [{\"start\": 0, \"end\": 1, \"label\": \"a\"}]}\n");
    assert!(wrong.contains("found a list of spans; valid: a list of labels on every record"), "{wrong}");
}

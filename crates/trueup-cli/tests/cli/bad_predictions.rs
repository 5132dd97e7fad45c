//! Predictions that do not belong to the gold.

use insta::assert_snapshot;

use crate::harness::CliTest;
use crate::refused;

const GOLD: &str = "id,text,label\n1,late parcel,a\n2,new card,b\n3,lost box,a\n4,old bill,b\n";
const ASK: &str = "--gold gold.csv --predictions predictions.csv";

fn against(predictions: &str) -> String {
    let test = CliTest::with("gold.csv", GOLD);
    test.write("predictions.csv", predictions);
    refused(&test, ASK)
}

#[test]
fn of_another_length() {
    assert_snapshot!(against("label\na\nb\na\n"), @"error: predictions.csv: found 3 predictions for 4 examples, and no ids to match them by; valid: one prediction an example in the same order, or an 'id' column");
}

#[test]
fn for_an_id_that_the_gold_does_not_have() {
    assert_snapshot!(against("id,label\n1,a\n2,b\n3,a\n9,b\n"), @"error: predictions.csv: line 5: found a prediction for id '9', which the gold does not have; valid: 1, 2, 3, ...; hint: the predictions must be for the same examples");
}

#[test]
fn for_some_ids_only() {
    assert_snapshot!(against("id,label\n1,a\n2,b\n"), @"error: predictions.csv: found no prediction for id '3' (line 4 of the gold), and 2 in all are missing; valid: one prediction an example");
}

#[test]
fn twice_for_one_id() {
    assert_snapshot!(against("id,label\n1,a\n2,b\n3,a\n3,b\n"), @"error: predictions.csv: line 5: found id '3' again, first at line 4; valid: an id stands on one record only");
}

#[test]
fn with_probabilities_that_do_not_sum_to_one() {
    assert_snapshot!(against("id,label,score:a,score:b\n1,a,0.9,0.1\n2,b,0.2,0.9\n3,a,0.7,0.3\n4,b,0.1,0.9\n"), @"error: predictions.csv: line 3: found scores that sum to 1.1; valid: probabilities that sum to 1 within 1e-6; hint: write them with all their digits, or leave the scores out");
    assert_snapshot!(against("id,label,score:a,score:b\n1,a,0.9,0.1\n2,b,-0.2,1.2\n3,a,0.7,0.3\n4,b,0.1,0.9\n"), @"error: predictions.csv: line 3: found the score -0.2 of 'a'; valid: probabilities from 0 to 1; hint: write them with all their digits, or leave the scores out");
}

#[test]
fn with_a_score_that_is_no_probability() {
    assert_snapshot!(against("id,label,score\n1,a,0.9\n2,b,high\n3,a,0.7\n4,b,0.9\n"), @"error: predictions.csv: line 3: found the score 'high'; valid: a number");
}

#[test]
fn without_a_label_column() {
    assert_snapshot!(against("id,guess\n1,x y\n2,z\n3,x\n4,y\n"), @"error: predictions.csv: no column is named like a prediction; valid: id, guess; hint: name it with --predicted");
}

#[test]
fn empty_or_missing() {
    assert_snapshot!(against(""), @"error: predictions.csv: the file is empty; valid: at least one record");
    let test = CliTest::with("gold.csv", GOLD);
    assert_snapshot!(refused(&test, ASK), @"error: predictions.csv: there is no such file");
}

#[test]
fn conll_with_other_tokens() {
    let test = CliTest::with("gold.conll", "Ada B-PER\nleft O\n\nOslo B-LOC\n");
    test.write("predictions.conll", "Ada B-PER\nwent O\n\nOslo B-LOC\n");
    assert_snapshot!(refused(&test, "--gold gold.conll --predictions predictions.conll"), @"error: predictions.conll: line 1: found the sentence 'Ada went'; valid: the tokens of the gold's line 1: 'Ada left'; hint: both files must hold the same tokens in the same order");
}

#[test]
fn of_other_labels() {
    assert_snapshot!(against("id,label\n1,x\n2,y\n3,x\n4,y\n"), @"error: --predictions: 'x' is not valid; none of its labels is one of the gold's: a and b");
}

#[test]
fn in_a_column_that_is_not_there() {
    let test = CliTest::with("gold.csv", GOLD);
    test.write("predictions.csv", "id,guess\n1,a\n2,b\n3,a\n4,b\n");
    assert_snapshot!(refused(&test, &format!("{ASK} --predicted answer")), @"error: predictions.csv: found no column 'answer' for --predicted; valid: id, guess (or a number from 1 to 2)");
    test.run(&format!("review {ASK} --predicted guess")).ends_with(0);
}

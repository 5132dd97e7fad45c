//! Options that cannot be followed. What can be known before the work is refused before the work.

use insta::assert_snapshot;

use crate::harness::{CliTest, make};
use crate::{refused, refused_words};

fn tickets() -> CliTest {
    CliTest::with("tickets.csv", make::tickets(60, 1))
}

#[test]
fn a_cost_names_a_label_and_numbers() {
    let test = tickets();
    assert_snapshot!(refused(&test, "tickets.csv --cost fraud:miss=50,false-alarm=1"), @"error: --cost: 'fraud' is not valid; the labels are billing, delivery and login");
    assert_snapshot!(refused(&test, "tickets.csv --cost billing"), @r"
    error: invalid value 'billing' for '--cost <LABEL:miss=N,false-alarm=N>': 'billing' names no cost; it is LABEL:miss=NUMBER,false-alarm=NUMBER

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "tickets.csv --cost billing:miss=lots"), @r"
    error: invalid value 'billing:miss=lots' for '--cost <LABEL:miss=N,false-alarm=N>': 'lots' is not a number of 0 or more; it is LABEL:miss=NUMBER,false-alarm=NUMBER

    For more information, try '--help'.
    ");
}

#[test]
fn a_target_names_a_metric_and_a_number() {
    let test = tickets();
    assert_snapshot!(refused(&test, "tickets.csv --target 0.9"), @r"
    error: invalid value '0.9' for '--target <METRIC=NUMBER>': '0.9' names no value; it is METRIC=NUMBER, such as f1_macro=0.85

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "tickets.csv --target accuracy=high"), @r"
    error: invalid value 'accuracy=high' for '--target <METRIC=NUMBER>': 'accuracy=high' holds no number; it is METRIC=NUMBER, such as f1_macro=0.85

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "tickets.csv --target goodness=0.9"), @"error: --target: 'goodness' is not valid; for classification data it is one of accuracy, f1, precision, recall, f1_macro, f1_micro, f1_weighted, balanced_accuracy, precision_macro, recall_macro, precision_micro, recall_micro, precision_weighted, recall_weighted, matthews_corrcoef, cohen_kappa, top_3_accuracy, roc_auc, roc_auc_ovr, log_loss, brier_score, ece, expected_cost");
    assert_snapshot!(refused(&test, "tickets.csv --target accuracy=0.9 --metric f1_macro"), @"error: --metric f1_macro and --target accuracy=0.9 name two metrics; one decides");
}

#[test]
fn a_metric_that_is_none_lists_those_that_are() {
    assert_snapshot!(refused(&tickets(), "tickets.csv --metric goodness"), @"error: --metric: 'goodness' is not valid; for classification data it is one of accuracy, f1, precision, recall, f1_macro, f1_micro, f1_weighted, balanced_accuracy, precision_macro, recall_macro, precision_micro, recall_micro, precision_weighted, recall_weighted, matthews_corrcoef, cohen_kappa, top_3_accuracy, roc_auc, roc_auc_ovr, log_loss, brier_score, ece, expected_cost");
    let test = CliTest::with("names.conll", make::names(40, 1));
    assert_snapshot!(refused(&test, "names.conll --metric accuracy"), @"error: --metric: 'accuracy' is not valid; for ner data it is one of f1, precision, recall, f1_macro, f1_weighted, precision_macro, recall_macro, expected_cost");
}

#[test]
fn expected_cost_needs_costs() {
    assert_snapshot!(refused(&tickets(), "tickets.csv --metric expected_cost"), @"error: --metric: 'expected_cost' is not valid; for classification data it is one of accuracy, balanced_accuracy, brier_score, cohen_kappa, ece, f1_macro, f1_micro, f1_weighted, log_loss, matthews_corrcoef, precision_macro, precision_micro, precision_weighted, recall_macro, recall_micro, recall_weighted, roc_auc_ovr");
}

#[test]
fn a_rule_that_is_none() {
    let test = tickets();
    assert_snapshot!(refused(&test, "tickets.csv --select X1"), @"error: --select: 'X1' is not valid; the codes are D101, D102, D103, D104, D105, D106, D107, D108, D109, D111, E401, E402, E403, E404, E405, E406, K201, K202, R701, R702, R703, R704, R705, R706, R707, R708, R709, R710, S601, T501, T502, T503, T504, T505, T506 (or a beginning: E4, K)");
    assert_snapshot!(refused(&test, "tickets.csv --ignore E9"), @"error: --ignore: 'E9' is not valid; the codes are D101, D102, D103, D104, D105, D106, D107, D108, D109, D111, E401, E402, E403, E404, E405, E406, K201, K202, R701, R702, R703, R704, R705, R706, R707, R708, R709, R710, S601, T501, T502, T503, T504, T505, T506 (or a beginning: E4, K)");
}

#[test]
fn a_positive_label_that_is_none() {
    assert_snapshot!(refused(&tickets(), "tickets.csv --positive fraud"), @"error: --positive: 'fraud' is not valid; the labels are billing, delivery and login");
}

#[test]
fn words_that_an_option_does_not_know() {
    let test = tickets();
    assert_snapshot!(refused(&test, "tickets.csv --from word"), @r"
    error: invalid value 'word' for '--from <FORMAT>': 'word' is no format; valid: parquet, hf-disk, arrow, spacy, spacy-folder, spacy-json, spacy-tuples, npy, xlsx, fasttext, label-studio, label-studio-min, label-studio-csv, prodigy, doccano, argilla, azure, brat, rasa, comprehend-manifest, comprehend-entities, comprehend, split-lists, crowd-conll, conll-folder, parallel, label-folders, jsonl, label-text, conllu, spacy-iob, conll, csv, tsv

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "tickets.csv --model bert"), @r"
    error: invalid value 'bert' for '--model <MODEL>': it is auto, linear, crf, the folder of a model that `trueup train` wrote (program:FOLDER where it is a program), or command:PROGRAM

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "tickets.csv --threads 0"), @r"
    error: invalid value '0' for '--threads <N>': number would be zero for non-zero type

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "tickets.csv --scheme IOB3"), @r"
    error: invalid value 'IOB3' for '--scheme <SCHEME>': 'IOB3' is no tag scheme; valid: IOB1, IOB2, IOE1, IOE2, IOBES, BILOU

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "tickets.csv --colour"), @r"
    error: unexpected argument '--colour' found

      tip: a similar argument exists: '--clusters'

    Usage: trueup review [OPTIONS] <DATA>
           trueup review [OPTIONS] --gold <FILE> --predictions <FILE>

    For more information, try '--help'.
    ");
}

#[test]
fn options_that_exclude_each_other() {
    let test = tickets();
    assert_snapshot!(refused(&test, "--predictions p.csv"), @r"
    error: the following required arguments were not provided:
      --gold <FILE>
      <DATA>

    Usage: trueup review [OPTIONS] <DATA>
           trueup review [OPTIONS] --gold <FILE> --predictions <FILE>

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "--gold g.csv"), @r"
    error: the following required arguments were not provided:
      --predictions <FILE>

    Usage: trueup review [OPTIONS] <DATA>
           trueup review [OPTIONS] --gold <FILE> --predictions <FILE>

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&test, "tickets.csv --gold g.csv --predictions p.csv"), @r"
    error: the argument '[DATA]' cannot be used with '--gold <FILE>'

    Usage: trueup review [OPTIONS] <DATA>
           trueup review [OPTIONS] --gold <FILE> --predictions <FILE>

    For more information, try '--help'.
    ");
    assert_snapshot!(refused_words(&test, &[]), @r"
    error: the following required arguments were not provided:
      <DATA>

    Usage: trueup review [OPTIONS] <DATA>
           trueup review [OPTIONS] --gold <FILE> --predictions <FILE>

    For more information, try '--help'.
    ");
}

#[test]
fn only_one_form_goes_to_stdout() {
    let test = tickets();
    let finished = test.run("review tickets.csv --json - --markdown -").ends_with(2);
    assert_eq!(finished.stdout, "");
    assert_snapshot!(finished.stderr, @"error: only one of --json, --html and --markdown can go to stdout (-)");
}

#[test]
fn two_outputs_of_one_name() {
    let test = tickets();
    let finished = test.run("review tickets.csv --json same --markdown same").ends_with(2);
    assert_eq!(test.files(), ["tickets.csv"]);
    assert_snapshot!(finished.stderr, @"error: same: named for two outputs; valid: a file for each");
}

#[test]
fn an_output_that_would_replace_the_data() {
    let test = tickets();
    let before = test.read("tickets.csv");
    let finished = test.run("review tickets.csv --json tickets.csv").ends_with(2);
    assert_eq!(test.read("tickets.csv"), before);
    assert_snapshot!(finished.stderr, @"error: tickets.csv: this file is read, and writing would replace it; valid: another name");
}

#[test]
fn a_page_is_refused_by_a_binary_without_one_and_written_by_the_other() {
    let test = tickets();
    let finished = test.run("review tickets.csv --html page.html --quiet");
    if finished.code == 0 {
        let page = test.read("page.html");
        assert!(page.contains("trueup.review/1") && !page.contains("/*TRUEUP-REVIEW*/"));
        return;
    }
    let finished = finished.ends_with(2);
    assert_eq!((finished.stdout.as_str(), test.files()), ("", vec!["tickets.csv".to_owned()]));
    assert_snapshot!(finished.stderr, @r"
    error: --html: this binary was built without the page
    hint: install Node.js 20 or later and build with `cargo xtask build`
    ");
}

#[test]
fn a_code_that_is_none_lists_the_codes() {
    let finished = CliTest::new().run("explain E999").ends_with(2);
    assert_eq!(finished.stdout, "");
    assert_snapshot!(finished.stderr, @"error: 'E999' is no rule; the codes are D101, D102, D103, D104, D105, D106, D107, D108, D109, D111, E401, E402, E403, E404, E405, E406, K201, K202, R701, R702, R703, R704, R705, R706, R707, R708, R709, R710, S601, T501, T502, T503, T504, T505, T506");
}

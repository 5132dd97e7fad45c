//! What a policy file may say, and what is said of every mistake in one.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::options::CostOption;

/// Every key, each with another value than its default.
const WHOLE: &str = r#"
[gate]
metric = "f1_macro"
alpha = 0.1
power = 0.9
non_inferior = 0.02

[gate.floors]
accuracy = 0.9
log_loss = 1.5
"f0.5" = 0

[gate.labels]
figure = "recall"
margin = 0.1
shown = true
min_support = 5

[[gate.label]]
label = "fraud"
figure = "recall"
margin = 0.01
shown = true
floor = 0.8

[[gate.label]]
label = 7

[[gate.slice]]
where = "length(text) > 200"
margin = 0.05

[[gate.slice]]
by = "lang"
shown = true
floor = 0.5

[gate.must_pass]
file = "must.csv"
allow = 1

[gate.calibration]
max_ece = 0.05
ece_rise = 0.01
log_loss_rise = 0.1

[gate.budget]
train_seconds = { max = 3600, times = 5.0 }
train_cpu_seconds = { times = 5 }
train_peak_memory_bytes = { max = 0x40000000 }
model_bytes = { max = 1e9 }
latency_p50_ms = { times = 2 }
latency_p99_ms = { max = 50 }

[gate.first]
beat_constant = false
min_examples = 500

[costs.fraud]
miss = 50
false_alarm = 1.5

[costs."not fraud"]
false_alarm = 0

[data]
text = "body"
"#;

/// What is read of `text`, in a folder that holds `must.csv`.
fn read(text: &str) -> Result<PolicyFile, String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("must.csv"), "text,label\na,b\n").unwrap();
    let file = dir.path().join("gate.toml");
    fs::write(&file, text).unwrap();
    let folder = format!("{}/", dir.path().display());
    let mut read = read_policy(&file).map_err(|error| error.to_string().replace(&folder, ""))?;
    for path in [Some(&mut read.file), read.policy.must_pass.as_mut().map(|must| &mut must.file)].into_iter().flatten()
    {
        *path = path.strip_prefix(dir.path()).unwrap().to_path_buf();
    }
    Ok(read)
}

#[test]
fn everything_is_read() {
    let read = read(WHOLE).unwrap();
    let rule = |max, times| Some(BudgetRule { max, times });
    let expected = Policy {
        metric: Some("f1_macro".to_owned()),
        alpha: 0.1,
        power: 0.9,
        non_inferior: Some(0.02),
        floors: [("accuracy", 0.9), ("log_loss", 1.5), ("f0.5", 0.0)].map(|(name, n)| (name.to_owned(), n)).into(),
        labels: Some(LabelVeto { figure: LabelFigure::Recall, margin: 0.1, shown: true, min_support: 5 }),
        label: vec![
            NamedLabelVeto {
                label: "fraud".to_owned(),
                figure: LabelFigure::Recall,
                margin: 0.01,
                shown: true,
                floor: Some(0.8),
            },
            NamedLabelVeto { label: "7".to_owned(), figure: LabelFigure::F1, margin: 0.0, shown: false, floor: None },
        ],
        slice: vec![
            SliceVeto {
                filter: Some("length(text) > 200".to_owned()),
                by: None,
                margin: 0.05,
                shown: false,
                floor: None,
            },
            SliceVeto { filter: None, by: Some("lang".to_owned()), margin: 0.0, shown: true, floor: Some(0.5) },
        ],
        must_pass: Some(MustPass { file: PathBuf::from("must.csv"), allow: 1 }),
        calibration: Some(CalibrationBudget { max_ece: Some(0.05), ece_rise: Some(0.01), log_loss_rise: Some(0.1) }),
        budget: Budget {
            train_seconds: rule(Some(3600.0), Some(5.0)),
            train_cpu_seconds: rule(None, Some(5.0)),
            train_peak_memory_bytes: rule(Some(1_073_741_824.0), None),
            model_bytes: rule(Some(1e9), None),
            latency_p50_ms: rule(None, Some(2.0)),
            latency_p99_ms: rule(Some(50.0), None),
        },
        first: FirstModel { beat_constant: false, min_examples: 500 },
    };
    assert_eq!(read.policy, expected);
    let cost = |label: &str, miss, false_alarm| CostOption { label: label.to_owned(), miss, false_alarm };
    assert_eq!(read.costs, [cost("fraud", 50.0, 1.5), cost("not fraud", 0.0, 0.0)]);
    assert_eq!(read.file, Path::new("gate.toml"));
}

#[test]
fn what_is_not_said_is_the_default() {
    assert_eq!(read("[gate]\n").unwrap().policy, Policy::default());
    assert_eq!(read("[gate.labels]\n").unwrap().policy, Policy::default());
    assert_eq!(read("[gate]\nlabels = false\n").unwrap().policy, Policy { labels: None, ..Policy::default() });
    let costs = read("[costs.x]\nmiss = 2\n[rules]\nselect = [\"K\"]\n").unwrap();
    assert_eq!((costs.policy, costs.costs.len()), (Policy::default(), 1));
    // One label may be held to two figures.
    let two =
        "[[gate.label]]\nlabel = \"x\"\nfigure = \"recall\"\n[[gate.label]]\nlabel = \"x\"\nfigure = \"precision\"\n";
    assert_eq!(read(two).unwrap().policy.label.len(), 2);
}

/// Every mistake, with the whole of what is said of it.
#[test]
fn every_mistake_has_a_place_and_a_cure() {
    let metrics = "a metric, such as accuracy, f1_macro, f1_micro, f1, expected_cost (docs/metrics.md lists them)";
    let words =
        "alpha, budget, calibration, first, floors, label, labels, metric, must_pass, non_inferior, power, slice";
    let budgets =
        "latency_p50_ms, latency_p99_ms, model_bytes, train_cpu_seconds, train_peak_memory_bytes, train_seconds";
    let rule = "'max', the most that it may be, 'times', a multiple of the baseline's, or both";
    let file = "a file of examples with gold, named from the folder of the policy";
    let slice = "'where', an SQL expression, or 'by', a column";
    let cases: Vec<(&str, String)> = vec![
        // The file.
        ("[gate\n", "line 1, column 6: found unclosed table, expected `]`; valid: TOML".into()),
        ("[gate]\nalpha = 0.1\nalpha = 0.2\n", "line 3, column 1: found duplicate key; valid: TOML".into()),
        (
            "\n",
            "neither [gate] nor [costs]; valid: the demands under [gate], what mistakes cost under [costs.LABEL]; \
             hint: a line [gate] alone asks for the defaults"
                .into(),
        ),
        (
            "[gates]\n",
            "line 1, column 2: found 'gates'; valid: gate, costs, data, monitor, retrain, rules, task, triggers; \
             hint: 'gate' is meant?"
                .into(),
        ),
        (
            "alpha = 0.1\n",
            "line 1, column 1: found 'alpha' outside of any section; valid: the demands of a gate below the line [gate]"
                .into(),
        ),
        ("gate = 1\n", "line 1, column 8: found 1 as 'gate'; valid: a table [gate]".into()),
        ("costs = 1\n", "line 1, column 9: found 1 as 'costs'; valid: a table [costs]".into()),
        // [gate]
        (
            "[gate]\nmetrik = \"f1\"\n",
            format!("line 2, column 1: found 'metrik' in [gate]; valid: {words}; hint: 'metric' is meant?"),
        ),
        (
            "[gate]\nnon-inferior = 0.1\n",
            format!("line 2, column 1: found 'non-inferior' in [gate]; valid: {words}; hint: 'non_inferior' is meant?"),
        ),
        ("[gate]\ncolour = 1\n", format!("line 2, column 1: found 'colour' in [gate]; valid: {words}")),
        (
            "[gate]\nmetric = \"f1_marco\"\n",
            format!("line 2, column 10: found \"f1_marco\" as 'metric'; valid: {metrics}; hint: 'f1_macro' is meant?"),
        ),
        (
            "[gate]\nmetric = \"Macro-F1\"\n",
            format!("line 2, column 10: found \"Macro-F1\" as 'metric'; valid: {metrics}; hint: 'f1_macro' is meant?"),
        ),
        (
            "[gate]\nmetric = \"f{beta}\"\n",
            format!("line 2, column 10: found \"f{{beta}}\" as 'metric'; valid: {metrics}; hint: a number stands for the braces, as in f0.5"),
        ),
        ("[gate]\nmetric = 1\n", "line 2, column 10: found 1 as 'metric'; valid: a text in quotes".into()),
        (
            "[gate]\nalpha = 5\n",
            "line 2, column 9: found 5 as 'alpha'; valid: a number above 0 and at most 0.5; hint: it is a share, so \
             0.05 is 5 per cent"
                .into(),
        ),
        ("[gate]\nalpha = 0\n", "line 2, column 9: found 0 as 'alpha'; valid: a number above 0 and at most 0.5".into()),
        (
            "[gate]\nalpha = \"0.05\"\n",
            "line 2, column 9: found \"0.05\" as 'alpha'; valid: a number above 0 and at most 0.5".into(),
        ),
        (
            "[gate]\nalpha = nan\n",
            "line 2, column 9: found nan as 'alpha'; valid: a number above 0 and at most 0.5".into(),
        ),
        (
            "[gate]\npower = 80\n",
            "line 2, column 9: found 80 as 'power'; valid: a number from 0.5 to below 1; hint: it is a share, so 0.8 is \
             80 per cent"
                .into(),
        ),
        (
            "[gate]\nnon_inferior = -0.1\n",
            "line 2, column 16: found -0.1 as 'non_inferior'; valid: a number from 0".into(),
        ),
        (
            "[gate]\nmetric = \"accuracy\"\nnon_inferior = 2\n",
            "line 3, column 16: found 2 as 'non_inferior'; valid: a number from 0 to below 1; hint: it is a share, so \
             0.02 is 2 per cent"
                .into(),
        ),
        (
            "[gate]\nnon_inferior = inf\n",
            "line 2, column 16: found inf as 'non_inferior'; valid: a number from 0".into(),
        ),
        // Floors.
        ("[gate]\nfloors = 0.8\n", "line 2, column 10: found 0.8 as 'floors'; valid: a table [gate.floors]".into()),
        (
            "[gate.floors]\nacuracy = 0.8\n",
            format!(
                "line 2, column 1: found 'acuracy' in [gate.floors]; valid: {metrics}; hint: 'accuracy' is meant?"
            ),
        ),
        (
            "[gate.floors]\naccuracy = 90\n",
            "line 2, column 12: found 90 as 'accuracy'; valid: a number from 0 to 1; hint: it is a share, so 0.9 is 90 \
             per cent"
                .into(),
        ),
        (
            "[gate.floors]\nmatthews_corrcoef = -2\n",
            "line 2, column 21: found -2 as 'matthews_corrcoef'; valid: a number from -1 to 1".into(),
        ),
        (
            "[gate.floors]\nlog_loss = -1\n",
            "line 2, column 12: found -1 as 'log_loss'; valid: a number from 0".into(),
        ),
        // Labels.
        (
            "[gate]\nlabels = true\n",
            "line 2, column 10: found true as 'labels'; valid: false, or a table [gate.labels]".into(),
        ),
        ("[gate]\nlabels = 1\n", "line 2, column 10: found 1 as 'labels'; valid: a table [gate.labels]".into()),
        (
            "[gate.labels]\nmargn = 1\n",
            "line 2, column 1: found 'margn' in [gate.labels]; valid: figure, margin, min_support, shown; hint: \
             'margin' is meant?"
                .into(),
        ),
        (
            "[gate.labels]\nmargin = 5\n",
            "line 2, column 10: found 5 as 'margin'; valid: a number from 0 to below 1; hint: it is a share, so 0.05 is \
             5 per cent"
                .into(),
        ),
        (
            "[gate.labels]\nfigure = \"F1\"\n",
            "line 2, column 10: found \"F1\" as 'figure'; valid: precision, recall, f1; hint: 'f1' is meant?".into(),
        ),
        ("[gate.labels]\nshown = 1\n", "line 2, column 9: found 1 as 'shown'; valid: true or false".into()),
        (
            "[gate.labels]\nmin_support = 1.5\n",
            "line 2, column 15: found 1.5 as 'min_support'; valid: a number from 0".into(),
        ),
        // One label.
        (
            "[gate.label]\nlabel = \"x\"\n",
            "line 1, column 1: found [gate.label] as 'label'; valid: a list of tables, each under [[gate.label]]".into(),
        ),
        (
            "[[gate.label]]\nfloor = 0.8\n",
            "line 1, column 1: found [gate.label] without 'label'; valid: the label that the demand is about".into(),
        ),
        (
            "[[gate.label]]\nlabel = \"x\"\nmin_support = 3\n",
            "line 3, column 1: found 'min_support' in [gate.label]; valid: figure, floor, label, margin, shown".into(),
        ),
        (
            "[[gate.label]]\nlabel = \"x\"\nfloor = 1.1\n",
            "line 3, column 9: found 1.1 as 'floor'; valid: a number from 0 to 1; hint: it is a share, so 0.011 is 1.1 \
             per cent"
                .into(),
        ),
        (
            "[[gate.label]]\nlabel = \"x\"\n[[gate.label]]\nlabel = \"x\"\nfloor = 0.5\n",
            "line 4, column 1: found the f1 of 'x' a second time; valid: one [[gate.label]] a label and figure".into(),
        ),
        // Slices.
        (
            "[[gate.slice]]\nmargin = 0.1\n",
            format!("line 1, column 1: found [gate.slice] without 'where' and 'by'; valid: {slice}"),
        ),
        (
            "[[gate.slice]]\nby = \"lang\"\nwhere = \"a = 1\"\n",
            format!("line 2, column 1: found 'by' beside 'where' in [gate.slice]; valid: {slice}"),
        ),
        (
            "[[gate.slice]]\nwhere = \" \"\n",
            "line 2, column 9: found \" \" as 'where'; valid: an SQL expression".into(),
        ),
        ("[[gate.slice]]\nby = \"\"\n", "line 2, column 6: found \"\" as 'by'; valid: the name of a column".into()),
        (
            "[[gate.slice]]\nby = \"a\"\n[[gate.slice]]\nby = \"a\"\n",
            "line 4, column 1: found the same slice a second time; valid: one [[gate.slice]] a slice".into(),
        ),
        // Must pass.
        (
            "[gate.must_pass]\nallow = 1\n",
            format!("line 1, column 1: found [gate.must_pass] without 'file'; valid: {file}"),
        ),
        (
            "[gate.must_pass]\nfile = \"none.csv\"\n",
            format!("line 2, column 8: found \"none.csv\" as 'file'; valid: {file}; hint: there is no none.csv"),
        ),
        (
            "[gate]\nmust_pass = \"must.csv\"\n",
            "line 2, column 13: found \"must.csv\" as 'must_pass'; valid: a table [gate.must_pass]".into(),
        ),
        (
            "[gate.must_pass]\nfile = \"must.csv\"\nallow = -1\n",
            "line 3, column 9: found -1 as 'allow'; valid: a number from 0".into(),
        ),
        // Calibration, budgets, the first model.
        (
            "[gate.calibration]\n",
            "line 1, column 1: found [gate.calibration] without a limit; valid: at least one of max_ece, ece_rise, \
             log_loss_rise"
                .into(),
        ),
        (
            "[gate.calibration]\nmax_ece = 1.5\n",
            "line 2, column 11: found 1.5 as 'max_ece'; valid: a number from 0 to 1; hint: it is a share, so 0.015 is \
             1.5 per cent"
                .into(),
        ),
        (
            "[gate.calibration]\nlog_loss_rise = -1\n",
            "line 2, column 17: found -1 as 'log_loss_rise'; valid: a number from 0".into(),
        ),
        (
            "[gate.budget]\n",
            format!("line 1, column 1: found [gate.budget] without a limit; valid: at least one of {budgets}"),
        ),
        (
            "[gate.budget]\nlatency_p95_ms = { max = 5 }\n",
            format!(
                "line 2, column 1: found 'latency_p95_ms' in [gate.budget]; valid: {budgets}; hint: 'latency_p99_ms' \
                 is meant?"
            ),
        ),
        (
            "[gate.budget]\nmodel_bytes = {}\n",
            format!("line 2, column 15: found [gate.budget.model_bytes] without a limit; valid: {rule}"),
        ),
        (
            "[gate.budget]\nmodel_bytes = 1000\n",
            format!(
                "line 2, column 15: found 1000 as 'model_bytes'; valid: {rule}; hint: model_bytes = {{ max = 1000 }}"
            ),
        ),
        (
            "[gate.budget]\nmodel_bytes = { max = 0 }\n",
            "line 2, column 23: found 0 as 'max'; valid: a number above 0".into(),
        ),
        (
            "[gate.budget]\nmodel_bytes = { time = 2 }\n",
            "line 2, column 17: found 'time' in [gate.budget.model_bytes]; valid: max, times; hint: 'times' is meant?"
                .into(),
        ),
        (
            "[gate.first]\nmin_examples = \"many\"\n",
            "line 2, column 16: found \"many\" as 'min_examples'; valid: a number from 0".into(),
        ),
        // Costs.
        (
            "[costs.fraud]\nmis = 1\n",
            "line 2, column 1: found 'mis' in [costs.fraud]; valid: false_alarm, miss; hint: 'miss' is meant?".into(),
        ),
        (
            "[costs.fraud]\n",
            "line 1, column 1: found [costs.fraud] without a cost; valid: 'miss', the cost of missing one, \
             'false_alarm', or both"
                .into(),
        ),
        (
            "[costs.fraud]\nmiss = -1\n",
            "line 2, column 8: found -1 as 'miss'; valid: a number from 0".into(),
        ),
        ("[costs]\nfraud = 3\n", "line 2, column 9: found 3 as 'fraud'; valid: a table [costs.fraud]".into()),
    ];
    let mut faults = Vec::new();
    for (text, said) in cases {
        let expected = format!("gate.toml: {said}");
        match read(text) {
            Err(message) if message == expected => {}
            other => faults.push(format!("{text}\n  expected {expected}\n  got      {other:?}")),
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn control_characters_of_a_policy_reach_no_message_raw() {
    let message = read("[gate]\n\"al\\u001b[31mpha\" = 1\n").unwrap_err();
    assert!(message.contains("'al\\u{1b}[31mpha'"), "{message}");
}

#[test]
fn a_policy_stands_beside_the_gold() {
    let dir = tempfile::tempdir().unwrap();
    let gold = dir.path().join("test.csv");
    assert_eq!(beside(&gold).unwrap(), None);
    assert_eq!(beside(Path::new("-")).unwrap(), None);
    let file = dir.path().join("trueup.toml");
    fs::write(&file, "[data]\ntext = \"body\"\n").unwrap();
    assert_eq!(beside(&gold).unwrap(), None);
    fs::write(&file, "[gate]\nalpha = 0.1\n[gate.must_pass]\nfile = \"test.csv\"\n").unwrap();
    fs::write(&gold, "text,label\n").unwrap();
    for path in [gold.clone(), dir.path().to_path_buf(), dir.path().join("*.csv")] {
        let read = beside(&path).unwrap().unwrap();
        assert_eq!((read.policy.alpha, &read.file), (0.1, &file));
        assert_eq!(read.policy.must_pass.unwrap().file, gold);
    }
    // A slip in the name of the section does not leave the gate without its policy.
    fs::write(&file, "[gaet]\nalpha = 0.1\n").unwrap();
    assert!(beside(&gold).unwrap_err().to_string().contains("'gate' is meant?"));
}

/// Keys and their tables, as the schema has them and as the reader knows them.
#[test]
fn the_schema_describes_what_is_read() {
    let schema = serde_json::to_value(schema()).unwrap();
    let defs = &schema["$defs"];
    let keys = |value: &Value| -> Vec<String> { value["properties"].as_object().unwrap().keys().cloned().collect() };
    let policy = &defs["Policy"];
    // Whatever the schema names, the reader's whole example says.
    for key in keys(policy) {
        assert!(WHOLE.contains(&format!("\n{key} = ")) || WHOLE.contains(&format!("[gate.{key}]")), "{key}");
    }
    for table in ["LabelVeto", "NamedLabelVeto", "SliceVeto", "MustPass", "CalibrationBudget", "Budget", "FirstModel"] {
        for key in keys(&defs[table]) {
            assert!(WHOLE.contains(&format!("\n{key} = ")), "{table}.{key}");
        }
        assert_eq!(defs[table]["additionalProperties"], false, "{table}");
    }
    assert_eq!(keys(&defs["BudgetRule"]), ["max", "times"]);
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(policy["properties"]["labels"]["anyOf"][1]["const"], false);
    assert_eq!(policy["properties"]["alpha"]["maximum"], 0.5);
    let text = schema.to_string();
    assert!(!text.contains("null"), "TOML has no null");
}

/// A text changed at a few places: pieces of policies put in, cut out, or doubled.
fn mutated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[\\[\\]{}=\"'.,#\n\\\\ -]{1,3}",
        "(nan|inf|-1|1e999|0x|99999999999999999999|true|false|\"x\"|1979-05-27|'''|é😀|\u{0})",
        "\n?\\[{1,2}(gate|costs|gate\\.labels?|gate\\.slice|gate\\.budget|gate\\.first|gate\\.floors)\\]{1,2}\n",
        "\n(alpha|label|labels|slice|where|by|max|file|miss|budget|metric|shown|figure) = ",
    ];
    let change = (any::<prop::sample::Index>(), 0..40_usize, piece);
    prop::collection::vec(change, 0..6).prop_map(|changes| {
        let mut text = WHOLE.to_owned();
        for (at, cut, piece) in changes {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            // Half of the changes put something in, half replace.
            let end = text.ceil_char_boundary((start + cut.saturating_sub(20)).min(text.len()));
            text.replace_range(start..end, &piece);
        }
        text
    })
}

proptest! {
    /// No text makes the reader panic, and what it refuses it says with a place and what is valid.
    #[test]
    fn no_policy_is_too_broken_for_a_message(text in mutated()) {
        match read(&text) {
            Ok(read) => {
                prop_assert!(read.policy.alpha > 0.0 && read.policy.alpha <= 0.5);
                prop_assert!(read.policy.label.iter().all(|veto| (0.0..1.0).contains(&veto.margin)));
            }
            Err(message) => {
                let is_text = !message.contains("this is not text");
                let place = if is_text { "gate.toml: line " } else { "gate.toml: " };
                prop_assert!(message.starts_with(place) && message.contains("; valid: "), "{}", message);
                prop_assert!(!message.chars().any(trueup_core::words::acts), "{}", message);
            }
        }
    }
}

//! Cases of retraining as people meet them: what a gate decides, and whether what it says can be understood.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use trueup::core::document::{Check, CheckState, Decision, Review};
use trueup::flow;
use trueup::observe::Unobserved;
use trueup::options::{CompareOptions, CorrectionChoice, GateOptions};

/// A folder of files.
struct Case {
    folder: tempfile::TempDir,
}

/// Rows of gold, the baseline's and the candidate's answer, and how often each occurs.
type Rows<'a> = &'a [(&'a str, &'a str, &'a str, usize)];

impl Case {
    /// Files `gold.csv`, `old.csv`, `new.csv`.
    fn new(rows: Rows<'_>) -> Self {
        let case = Self { folder: tempfile::tempdir().expect("a folder") };
        let (mut gold, mut old, mut new) =
            ("id,text,label\n".to_owned(), "id,label\n".to_owned(), "id,label\n".to_owned());
        let mut id = 0;
        for &(of, before, after, times) in rows {
            for _ in 0..times {
                id += 1;
                // Words that no other message has.
                let word = |n: u64| {
                    ((id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(n))
                        .wrapping_mul(0xbf58_476d_1ce4_e5b9)
                        >> 20
                };
                let _ = writeln!(gold, "{id},{:x} {:x} {:x},{of}", word(1), word(2), word(3));
                let _ = writeln!(old, "{id},{before}");
                let _ = writeln!(new, "{id},{after}");
            }
        }
        case.write("gold.csv", &gold);
        case.write("old.csv", &old);
        case.write("new.csv", &new);
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn options(&self) -> CompareOptions {
        let prediction = |name: &str| self.path(name).to_str().expect("a path").parse().expect("a model");
        CompareOptions {
            gold: Some(self.path("gold.csv")),
            baseline: Some(prediction("old.csv")),
            candidates: vec![prediction("new.csv")],
            predicted: None,
            train: None,
            read: trueup::data::ReadOptions::default(),
            weights: None,
            metric: None,
            costs: Vec::new(),
            positive: None,
            select: Vec::new(),
            ignore: Vec::new(),
            slices: Vec::new(),
            slices_by: Vec::new(),
            correction: CorrectionChoice::Holm,
            common: false,
            runs: [None, None],
            latency: false,
            gate: Some(GateOptions::default()),
            seed: 42,
            no_text: false,
            command: "trueup gate".into(),
        }
    }

    fn gate(&self, change: impl Fn(&mut CompareOptions)) -> Review {
        let mut options = self.options();
        change(&mut options);
        flow::compare(&options, &Unobserved).unwrap_or_else(|error| panic!("{error}"))
    }

    /// With a policy.
    fn policy(&self, text: &str) -> Review {
        self.write("policy.toml", text);
        self.gate(|options| options.gate = Some(GateOptions { policy: Some(self.path("policy.toml")) }))
    }
}

fn decision(review: &Review) -> Decision {
    review.comparison.as_ref().and_then(|comparison| comparison.decision).expect("a gate decides")
}

fn failed(review: &Review) -> Vec<&Check> {
    let gate = review.comparison.as_ref().and_then(|comparison| comparison.gate.as_ref()).expect("a gate");
    gate.checks.iter().filter(|check| check.state == CheckState::Failed).collect()
}

fn codes(review: &Review) -> Vec<&str> {
    review.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn ninety_eight_of_a_hundred_right_and_most_fraud_missed() {
    // The candidate is right more often (98 % against 97 %), by calling nearly everything fine.
    let case = Case::new(&[
        ("fraud", "fraud", "fraud", 6),
        ("fraud", "fraud", "fine", 34),
        ("fraud", "fine", "fine", 10),
        ("fine", "fine", "fine", 2_440),
        ("fine", "fraud", "fine", 60),
    ]);
    let review = case.gate(|_| {});
    let comparison = review.comparison.as_ref().unwrap();
    let accuracy = comparison.metrics.iter().find(|metric| metric.name == "accuracy").unwrap();
    assert!(accuracy.compared.candidate > Some(0.98) && accuracy.compared.candidate > accuracy.compared.baseline);
    assert_eq!(decision(&review), Decision::Reject, "{}", review.verdict.summary);
    assert!(review.verdict.summary.contains("fraud"), "{}", review.verdict.summary);
    assert!(codes(&review).contains(&"R702"), "{:?}", codes(&review));
}

#[test]
fn recall_for_precision_is_good_or_bad_as_the_costs_say() {
    // Recall 0.70 to 0.80, precision 0.90 to 0.81.
    let case = Case::new(&[
        ("fraud", "fraud", "fraud", 700),
        ("fraud", "fine", "fraud", 100),
        ("fraud", "fine", "fine", 200),
        ("fine", "fine", "fine", 8_812),
        ("fine", "fraud", "fraud", 78),
        ("fine", "fine", "fraud", 110),
    ]);
    let with = |cost: &str| case.gate(|options| options.costs = vec![cost.parse().unwrap()]);
    let dear_to_miss = with("fraud:miss=50,false-alarm=1");
    assert_eq!(decision(&dear_to_miss), Decision::Promote, "{}", dear_to_miss.verdict.summary);
    assert_eq!(dear_to_miss.comparison.as_ref().unwrap().metric, "expected_cost");
    let dear_to_bother = with("fraud:miss=1,false-alarm=20");
    assert_eq!(decision(&dear_to_bother), Decision::Reject, "{}", dear_to_bother.verdict.summary);
    assert!(codes(&dear_to_bother).contains(&"R704"), "{:?}", codes(&dear_to_bother));
}

#[test]
fn the_mean_rises_while_one_label_collapses() {
    let labels: Vec<String> = (0..10).map(|l| format!("topic-{l}")).collect();
    let mut rows = Vec::new();
    for (at, label) in labels.iter().enumerate() {
        // Nothing else is taken for the label that collapses.
        let other = &labels[(at + if at == 2 { 2 } else { 1 }) % 10];
        if at == 3 {
            rows.push((label.as_str(), label.as_str(), other.as_str(), 60));
            rows.push((label.as_str(), label.as_str(), label.as_str(), 20));
        } else {
            rows.push((label.as_str(), label.as_str(), label.as_str(), 150));
            rows.push((label.as_str(), other.as_str(), label.as_str(), 45));
            rows.push((label.as_str(), other.as_str(), other.as_str(), 5));
        }
    }
    let case = Case::new(&rows);
    let review = case.gate(|options| options.metric = Some("f1_macro".into()));
    let primary = &review.comparison.as_ref().unwrap().metrics[0];
    assert!(primary.compared.difference.low > Some(0.0), "{primary:?}");
    assert_eq!(decision(&review), Decision::Reject, "{}", review.verdict.summary);
    assert!(failed(&review).iter().all(|check| check.name.contains("topic-3")), "{:?}", failed(&review));
    assert!(review.verdict.summary.contains("topic-3"), "{}", review.verdict.summary);
}

#[test]
fn better_on_what_leaked_and_worse_on_the_rest() {
    let case = Case::new(&[
        ("yes", "no", "yes", 120),
        ("no", "yes", "no", 120),
        ("yes", "yes", "yes", 300),
        ("no", "no", "no", 300),
        ("yes", "yes", "no", 40),
        ("no", "no", "yes", 40),
    ]);
    // The training data hold the examples that the candidate mends.
    let gold = fs::read_to_string(case.path("gold.csv")).unwrap();
    let train = gold.lines().take(241).collect::<Vec<_>>().join("\n") + "\n";
    case.write("train.csv", &train);
    let blind = case.gate(|_| {});
    assert_eq!(decision(&blind), Decision::Promote, "{}", blind.verdict.summary);
    let review = case.gate(|options| options.train = Some(case.path("train.csv")));
    assert_eq!(decision(&review), Decision::Reject, "{}", review.verdict.summary);
    let comparison = review.comparison.as_ref().unwrap();
    assert_eq!((comparison.examples, comparison.leaked.as_ref().unwrap().examples), (680, 240));
    assert!(codes(&review).contains(&"R710") && codes(&review).contains(&"K201"), "{:?}", codes(&review));
}

/// Predictions with scores: the label answered has the score, the rest shares what is left.
fn scored(case: &Case, name: &str, rows: &[(&str, f64)]) {
    let mut text = "id,label,score:no,score:yes\n".to_owned();
    for (id, (label, score)) in rows.iter().enumerate() {
        let yes = if *label == "yes" { *score } else { 1.0 - score };
        let _ = writeln!(text, "{},{label},{},{yes}", id + 1, 1.0 - yes);
    }
    case.write(name, &text);
}

#[test]
fn the_loss_rises_while_as_many_answers_are_right() {
    let case = Case::new(&[("yes", "yes", "yes", 450), ("no", "no", "no", 450), ("yes", "no", "no", 100)]);
    let answers: Vec<&str> = std::iter::repeat_n("yes", 450).chain(std::iter::repeat_n("no", 550)).collect();
    // The candidate is as sure as can be, of its mistakes too.
    let with = |sure: f64| -> Vec<(&str, f64)> {
        answers.iter().enumerate().map(|(row, label)| (*label, sure - 0.02 * (row % 5) as f64)).collect()
    };
    scored(&case, "old.csv", &with(0.92));
    scored(&case, "new.csv", &with(0.9999));
    let review = case.gate(|_| {});
    assert_eq!(decision(&review), Decision::Undecided, "{}", review.verdict.summary);
    assert!(codes(&review).contains(&"R705"), "{:?}", codes(&review));
    let strict = case.policy("[gate]\nnon_inferior = 0.01\n[gate.calibration]\nlog_loss_rise = 0.05\n");
    assert_eq!(decision(&strict), Decision::Reject, "{}", strict.verdict.summary);
    assert!(strict.verdict.summary.contains("og loss"), "{}", strict.verdict.summary);
    let lax = case.policy("[gate]\nnon_inferior = 0.01\n");
    assert_eq!(decision(&lax), Decision::Promote, "{}", lax.verdict.summary);
}

#[test]
fn the_same_score_at_five_times_the_training() {
    let case = Case::new(&[
        ("yes", "yes", "yes", 450),
        ("no", "no", "no", 450),
        ("yes", "no", "yes", 22),
        ("yes", "yes", "no", 20),
        ("no", "yes", "yes", 58),
    ]);
    let run = |seconds: f64| {
        format!(
            r#"{{"seconds": {seconds}, "cpu_seconds": {seconds}, "peak_memory_bytes": 100000000, "threads": 2, "stages": [], "machine": "any"}}"#
        )
    };
    case.write("old-run.json", &run(60.0));
    case.write("new-run.json", &run(300.0));
    let with = |policy: &str| {
        case.write("policy.toml", policy);
        case.gate(|options| {
            options.runs = [Some(case.path("old-run.json")), Some(case.path("new-run.json"))];
            options.gate = Some(GateOptions { policy: Some(case.path("policy.toml")) });
        })
    };
    let open = with("[gate]\n");
    assert_eq!(decision(&open), Decision::Undecided, "{}", open.verdict.summary);
    assert!(codes(&open).contains(&"R706"), "{:?}", codes(&open));
    let bound = with("[gate]\nnon_inferior = 0.03\n[gate.budget]\ntrain_seconds = { times = 2.0 }\n");
    assert_eq!(decision(&bound), Decision::Reject, "{}", bound.verdict.summary);
    assert!(bound.verdict.summary.contains("raining time"), "{}", bound.verdict.summary);
}

#[test]
fn forty_test_examples_tell_little() {
    let case = Case::new(&[
        ("yes", "yes", "yes", 17),
        ("no", "no", "no", 15),
        ("yes", "no", "yes", 4),
        ("no", "no", "yes", 2),
        ("no", "yes", "yes", 2),
    ]);
    let review = case.gate(|_| {});
    assert_eq!(decision(&review), Decision::Undecided, "{}", review.verdict.summary);
    let needed = review.verdict.needed.expect("a number of examples");
    assert!((200..600).contains(&needed), "{needed}");
    assert!(review.verdict.summary.contains("more test examples would decide"), "{}", review.verdict.summary);
    assert!(codes(&review).contains(&"R708"), "{:?}", codes(&review));
}

#[test]
fn five_more_found_of_a_hundred_and_five() {
    // TP 85, FP 15, TN 900, FN 20: precision 0.85, recall 0.81. The retraining finds five of the twenty, and spoils nothing.
    let case = Case::new(&[
        ("yes", "yes", "yes", 85),
        ("no", "yes", "yes", 15),
        ("no", "no", "no", 900),
        ("yes", "no", "yes", 5),
        ("yes", "no", "no", 15),
    ]);
    let review = case.gate(|options| options.metric = Some("recall".into()));
    let recall = &review.comparison.as_ref().unwrap().metrics[0].compared;
    assert!((recall.baseline.unwrap() - 85.0 / 105.0).abs() < 1e-12);
    assert!((recall.candidate.unwrap() - 90.0 / 105.0).abs() < 1e-12);
    // Five of five that part the models: 2 / 2^5.
    assert_eq!(recall.p, Some(0.0625));
    assert_eq!(decision(&review), Decision::Undecided, "{}", review.verdict.summary);
    let precision = review.comparison.as_ref().unwrap().metrics.iter().find(|m| m.name == "precision").unwrap();
    assert!((precision.compared.baseline.unwrap() - 0.85).abs() < 1e-12);
    assert!(review.verdict.needed.is_some_and(|needed| needed < 1_500), "{:?}", review.verdict.needed);
    // That nothing gets worse by a point can be said, and that is all some policies ask.
    let enough = case.policy("[gate]\nmetric = \"recall\"\nnon_inferior = 0.02\n");
    assert_eq!(decision(&enough), Decision::Promote, "{}", enough.verdict.summary);
}

#[test]
fn examples_that_must_be_right_decide_by_themselves() {
    let case = Case::new(&[
        ("yes", "no", "yes", 60),
        ("no", "no", "no", 400),
        ("yes", "yes", "yes", 200),
        ("yes", "yes", "no", 1),
    ]);
    case.write("must.csv", "id,text,label\n661,the one message that must be found,yes\n1,another message,yes\n");
    let review = case.policy("[gate]\n[gate.must_pass]\nfile = \"must.csv\"\n");
    assert_eq!(decision(&review), Decision::Reject, "{}", review.verdict.summary);
    assert_eq!(failed(&review)[0].examples, ["661"]);
    let lenient = case.policy("[gate]\n[gate.must_pass]\nfile = \"must.csv\"\nallow = 1\n");
    assert_eq!(decision(&lenient), Decision::Promote, "{}", lenient.verdict.summary);
}

#[test]
fn a_first_model_has_a_rule_of_its_own() {
    let case = Case::new(&[("yes", "no", "yes", 180), ("no", "no", "no", 180), ("yes", "no", "no", 40)]);
    let first = |policy: &str| {
        case.write("policy.toml", policy);
        case.gate(|options| {
            options.baseline = None;
            options.gate = Some(GateOptions { policy: Some(case.path("policy.toml")) });
        })
    };
    assert_eq!(decision(&first("[gate]\n")), Decision::Promote);
    let high = first("[gate]\nfloors = { accuracy = 0.95 }\n");
    assert_eq!(decision(&high), Decision::Reject, "{}", high.verdict.summary);
    let near = first("[gate]\nfloors = { accuracy = 0.88 }\n");
    assert_eq!(decision(&near), Decision::Undecided, "{}", near.verdict.summary);
    assert!(near.verdict.needed.is_some());
    let few = first("[gate]\n[gate.first]\nmin_examples = 1000\n");
    assert_eq!((decision(&few), few.verdict.needed), (Decision::Undecided, Some(600)));
}

#[test]
fn several_candidates_are_corrected_for_the_choice() {
    let case = Case::new(&[
        ("yes", "no", "yes", 14),
        ("yes", "yes", "no", 3),
        ("yes", "yes", "yes", 200),
        ("no", "no", "no", 200),
    ]);
    let alone = case.gate(|_| {});
    assert_eq!(decision(&alone), Decision::Promote, "{}", alone.verdict.summary);
    fs::copy(case.path("old.csv"), case.path("other.csv")).unwrap();
    let several = case.gate(|options| {
        for name in ["other.csv", "other.csv", "other.csv"] {
            options.candidates.push(case.path(name).to_str().unwrap().parse().unwrap());
        }
    });
    let comparison = several.comparison.as_ref().unwrap();
    assert_eq!(comparison.rivals.len(), 4);
    assert!(comparison.candidate.name.ends_with("new.csv") && comparison.level > 0.98);
    assert_eq!(decision(&several), Decision::Undecided, "{}", several.verdict.summary);
    assert!(comparison.rivals[0].compared.p_adjusted > comparison.rivals[0].compared.p);
}

#[test]
fn different_test_sets_are_refused_with_what_differs() {
    let case = Case::new(&[("yes", "yes", "yes", 30), ("no", "no", "yes", 30)]);
    let with_gold = |name: &str, rows: std::ops::Range<usize>, flip: usize| {
        let mut text = "id,label,prediction\n".to_owned();
        for id in rows {
            let gold = if (id <= 30) == (id != flip) { "yes" } else { "no" };
            let _ = writeln!(text, "{id},{gold},yes");
        }
        case.write(name, &text);
    };
    with_gold("a.csv", 1..61, 0);
    with_gold("b.csv", 3..64, 5);
    let ask = |common: bool| {
        let mut options = case.options();
        options.gold = None;
        options.baseline = Some(case.path("a.csv").to_str().unwrap().parse().unwrap());
        options.candidates = vec![case.path("b.csv").to_str().unwrap().parse().unwrap()];
        options.common = common;
        flow::compare(&options, &Unobserved)
    };
    let message = ask(false).unwrap_err().to_string();
    for part in
        ["2 examples in", "a.csv alone ('1', '2')", "3 examples in", "1 example with other gold ('5')", "--common"]
    {
        assert!(message.contains(part), "{part}: {message}");
    }
    let review = ask(true).unwrap();
    assert_eq!(review.comparison.as_ref().unwrap().examples, 57);
    assert!(codes(&review).contains(&"R710"), "{:?}", codes(&review));
}

#[test]
fn the_document_is_the_same_at_any_number_of_threads() {
    let case = Case::new(&[("a", "a", "b", 40), ("b", "a", "b", 70), ("c", "c", "c", 90), ("c", "a", "c", 9)]);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| serde_json::to_string(&case.gate(|_| {})).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_folder_is_a_model_and_a_file_holds_predictions() {
    use trueup::options::ContestantChoice;
    let file: ContestantChoice = "answers.csv".parse().unwrap();
    assert_eq!((file.kind(), file.path()), ("predictions", Some(Path::new("answers.csv"))));
    let program: ContestantChoice = "command:python3 predict.py".parse().unwrap();
    assert_eq!((program.kind(), program.path()), ("program", None));
}

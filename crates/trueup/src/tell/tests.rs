//! A comparison as Markdown and as JUnit, of documents made by hand: a promotion, a rejection, an undecided gate, and one
//! that is as large and as hostile as can be.

use std::collections::BTreeMap;

use trueup_core::Task;
use trueup_core::document::{
    Action, Answer, Check, CheckKind, CheckState, Compared, ComparedCost, ComparedCount, ComparedLabel, ComparedMetric,
    ComparedSlice, Comparison, Contestant, Data, Decision, Difference, Evaluation, ExampleRecord, Finding, Flips, Gate,
    LeakedComparison, ModelAgreement, NextStep, PairedTest, Review, Rival, SCHEMA, Severity, SplitSummary, Standing,
    State, Subject, Tool, Verdict,
};

use super::{comparison_markdown, json, junit, markdown};

fn compared(figures: [f64; 4], p: f64, standing: Standing) -> Compared {
    let [baseline, candidate, low, high] = figures;
    Compared {
        baseline: Some(baseline),
        candidate: Some(candidate),
        difference: Difference {
            value: Some(candidate - baseline),
            low: Some(low),
            high: Some(high),
            test: PairedTest::Resampling,
        },
        p: Some(p),
        p_adjusted: None,
        standing,
    }
}

fn metric(name: &str, compared: Compared) -> ComparedMetric {
    let higher_is_better = !matches!(name, "log_loss" | "ece" | "expected_cost");
    ComparedMetric { name: name.to_owned(), higher_is_better, compared, detectable: Some(0.021) }
}

fn label(name: &str, support: u64, f1: Compared) -> ComparedLabel {
    ComparedLabel {
        label: name.to_owned(),
        support,
        baseline_predicted: support,
        candidate_predicted: support,
        precision: f1.clone(),
        recall: f1.clone(),
        f1: Compared { p_adjusted: f1.p.map(|p| (3.0 * p).min(1.0)), ..f1 },
    }
}

fn check(kind: CheckKind, name: &str, asked: &str, found: &str, state: CheckState) -> Check {
    let (name, asked, found) = (name.to_owned(), asked.to_owned(), found.to_owned());
    let (baseline, candidate, low, high, p) = (None, None, None, None, None);
    Check { kind, name, asked, found, baseline, candidate, low, high, p, state, examples: Vec::new() }
}

/// A comparison in which nothing but the metric that decides is said.
fn bare(summary: &str, decides: Compared, decision: Option<Decision>) -> Review {
    let contestant = |name: &str| Contestant { name: name.to_owned(), kind: "predictions".to_owned() };
    let split = SplitSummary {
        name: "test".to_owned(),
        file: "test.csv".to_owned(),
        format: "csv".to_owned(),
        examples: 3080,
        spans: None,
        guesses: Vec::new(),
        skipped: Vec::new(),
    };
    let state = match decision {
        Some(Decision::Promote) => State::Ready,
        Some(Decision::Reject) => State::NotReady,
        _ => State::Undecided,
    };
    Review {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "trueup".to_owned(), version: "0.1.0".to_owned() },
        subject: Subject {
            kind: "comparison".to_owned(),
            model: "new.csv".to_owned(),
            command: "trueup gate --gold test.csv --baseline old.csv --candidate new.csv".to_owned(),
            seed: 42,
            noun: "example".to_owned(),
        },
        task: Task::Classification,
        data: Data {
            evaluation: Evaluation::Predictions,
            how: "test.csv".to_owned(),
            train: None,
            valid: None,
            test: split,
            fingerprints: BTreeMap::new(),
        },
        verdict: Verdict {
            state,
            reasons: Vec::new(),
            summary: summary.to_owned(),
            needed: None,
            metric: "f1_macro".to_owned(),
            baseline: None,
            target: None,
        },
        metrics: BTreeMap::new(),
        labels: Vec::new(),
        confusion: None,
        findings: Vec::new(),
        errors: Vec::new(),
        examples: BTreeMap::new(),
        slices: Vec::new(),
        leakage: None,
        training: None,
        comparison: Some(Comparison {
            baseline: contestant("old.csv"),
            candidate: contestant("new.csv"),
            rivals: Vec::new(),
            examples: 3080,
            units: 3080,
            metric: "f1_macro".to_owned(),
            level: 0.95,
            standing: decides.standing,
            metrics: vec![metric("f1_macro", decides)],
            labels: Vec::new(),
            correction: "holm".to_owned(),
            slices: Vec::new(),
            confusion: None,
            flips: Flips { both_right: 2700, both_wrong: 337, changed: 41, ..Flips::default() },
            agreement: ModelAgreement {
                same: Some(0.976),
                chance_corrected: Some(0.97),
                measure: "cohen_kappa".to_owned(),
            },
            span_errors: Vec::new(),
            costs: Vec::new(),
            training: None,
            leaked: None,
            decision,
            needed: None,
            gate: None,
            reproducible: true,
        }),
        next: Vec::new(),
        run: None,
    }
}

fn comparison(review: &mut Review) -> &mut Comparison {
    review.comparison.as_mut().unwrap()
}

fn gate(checks: Vec<Check>) -> Gate {
    Gate { policy: serde_json::Map::new(), source: "trueup.toml".to_owned(), alpha: 0.05, power: 0.8, checks }
}

fn promoted() -> Review {
    let summary = "The candidate is better: macro-F1 rises by 0.013, and no label falls. It can go in.";
    let mut review =
        bare(summary, compared([0.871, 0.884, 0.002, 0.025], 0.021, Standing::Better), Some(Decision::Promote));
    let comparison = comparison(&mut review);
    let same = compared([0.9032, 0.9045, -0.004, 0.0066], 0.62, Standing::Unclear);
    comparison.metrics.push(metric("accuracy", same));
    comparison.metrics.push(metric("log_loss", compared([0.512, 0.401, -0.131, -0.09], 0.000_1, Standing::Better)));
    comparison.gate = Some(gate(vec![
        check(CheckKind::Primary, "f1_macro", "must be better", "better by 0.013 (0.002 to 0.025)", CheckState::Passed),
        check(CheckKind::Label, "f1 of card_arrival", "may fall by 0.05 at most", "no fall shown", CheckState::Passed),
    ]));
    comparison.flips.fixed = vec!["17".to_owned(), "4".to_owned()];
    comparison.flips.fixed_count = 43;
    comparison.costs = vec![
        ComparedCost {
            name: "train_seconds".to_owned(),
            baseline: Some(30.0),
            candidate: Some(90.0),
            ratio: Some(3.0),
        },
        ComparedCost { name: "model_bytes".to_owned(), baseline: None, candidate: Some(173_015_040.0), ratio: None },
        ComparedCost { name: "latency_p50_ms".to_owned(), baseline: None, candidate: None, ratio: None },
    ];
    review
}

fn rejected() -> Review {
    let summary = "The candidate must not go in: recall of fraud falls by 0.40, though accuracy rises.";
    let mut review =
        bare(summary, compared([0.871, 0.878, -0.004, 0.018], 0.24, Standing::Unclear), Some(Decision::Reject));
    let comparison = comparison(&mut review);
    comparison.units = 2950;
    comparison.labels = vec![
        label("billing", 900, compared([0.91, 0.93, 0.01, 0.03], 0.001, Standing::Better)),
        label("fraud", 40, compared([0.82, 0.42, -0.55, -0.22], 0.000_01, Standing::Worse)),
        label("refund", 300, compared([0.8, 0.8, 0.0, 0.0], 1.0, Standing::Same)),
    ];
    let mut must = check(CheckKind::MustPass, "must.csv", "all right", "1 of 12 wrong", CheckState::Failed);
    must.examples = vec!["m7".to_owned()];
    comparison.gate = Some(gate(vec![
        check(CheckKind::Primary, "f1_macro", "must be better", "+0.007 (-0.004 to 0.018)", CheckState::Unclear),
        check(
            CheckKind::Label,
            "recall of fraud",
            "may fall by 0.05 at most",
            "falls by 0.40 (0.22 to 0.55)",
            CheckState::Failed,
        ),
        must,
        check(CheckKind::Budget, "latency_p99_ms", "at most 50", "42 ms", CheckState::Passed),
    ]));
    comparison.slices = vec![ComparedSlice {
        name: "lang = de".to_owned(),
        by: "lang".to_owned(),
        given: true,
        n: 310,
        metric: "accuracy".to_owned(),
        compared: compared([0.9, 0.88, -0.05, 0.01], 0.2, Standing::Unclear),
    }];
    comparison.flips = Flips {
        fixed: vec!["8".to_owned()],
        broken: (0..7).map(|n| format!("b{n}")).collect(),
        fixed_count: 25,
        broken_count: 7,
        ..comparison.flips.clone()
    };
    comparison.leaked = Some(LeakedComparison {
        examples: 20,
        metrics: vec![metric("f1_macro", compared([0.88, 0.9, 0.008, 0.03], 0.001, Standing::Better))],
    });
    review.examples.insert(
        "b0".to_owned(),
        ExampleRecord {
            text: Some("My card | was <charged> twice by @someone".to_owned()),
            split: "test".to_owned(),
            line: 2,
            gold: Answer::Label("fraud".to_owned()),
            predicted: Some(Answer::Label("billing".to_owned())),
            score: Some(0.9),
            correct: Some(false),
            spans: Vec::new(),
            baseline: None,
            baseline_spans: Vec::new(),
            metadata: BTreeMap::new(),
        },
    );
    let finding = |code: &str, severity, title: &str| Finding {
        code: code.to_owned(),
        name: "label-regression".to_owned(),
        severity,
        title: title.to_owned(),
        message: "Of 40 gold the candidate finds 17, the baseline 33.".to_owned(),
        count: 1,
        evidence: serde_json::Map::new(),
        examples: vec!["b0".to_owned()],
        action: Action { summary: "Look at them".to_owned(), command: None, gain: None, price: None },
    };
    review.findings = vec![
        finding("R702", Severity::Error, "fraud falls: F1 0.82 to 0.42"),
        finding("R707", Severity::Note, "7 answers were right and are wrong"),
    ];
    review.next = vec![NextStep {
        rank: 1,
        action: "Look at the 16 examples of 'fraud' that the candidate misses".to_owned(),
        gain: None,
        price: Some("about 16 texts".to_owned()),
        command: Some("trueup review --gold test.csv --predictions new.csv".to_owned()),
        code: Some("R702".to_owned()),
    }];
    review
}

fn undecided() -> Review {
    let summary =
        "We cannot tell yet: macro-F1 may be 0.031 better or 0.012 worse. About 180 more test examples would decide.";
    let mut review =
        bare(summary, compared([0.81, 0.819, -0.012, 0.031], 0.39, Standing::Unclear), Some(Decision::Undecided));
    let comparison = comparison(&mut review);
    comparison.needed = Some(180);
    comparison.level = 0.975;
    comparison.gate = Some(gate(vec![check(
        CheckKind::Primary,
        "f1_macro",
        "must be better",
        "+0.009 (-0.012 to 0.031)",
        CheckState::Unclear,
    )]));
    comparison.rivals = vec![
        Rival {
            name: "new.csv".to_owned(),
            compared: compared([0.81, 0.819, -0.012, 0.031], 0.39, Standing::Unclear),
            decision: Some(Decision::Undecided),
        },
        Rival {
            name: "other.csv".to_owned(),
            compared: compared([0.81, 0.79, -0.04, -0.003], 0.02, Standing::Worse),
            decision: Some(Decision::Reject),
        },
    ];
    comparison.span_errors = vec![ComparedCount { name: "boundary".to_owned(), baseline: 12, candidate: 9 }];
    review
}

/// What an attacker, or a very large test set, may put into a document.
fn monstrous() -> Review {
    let evil = "</details>\\|\u{202e}\u{1b}[31m|`<img src=x>\n# @all & \"]]>\u{300}\u{ffff}".repeat(400);
    let mut review = rejected();
    let row = compared([1e300, -1e300, f64::MIN, f64::MAX], 0.0, Standing::Worse);
    {
        let comparison = comparison(&mut review);
        comparison.metric = evil.clone();
        comparison.candidate.name = evil.clone();
        comparison.metrics = (0..500).map(|n| metric(&format!("{evil}{n}"), row.clone())).collect();
        comparison.metrics[0].name = evil.clone();
        comparison.labels = (0..400).map(|n| label(&format!("{n}{evil}"), n, row.clone())).collect();
        let slice = comparison.slices[0].clone();
        comparison.slices = (0..300).map(|n| ComparedSlice { name: format!("{n}{evil}"), ..slice.clone() }).collect();
        let kinds = [CheckKind::Primary, CheckKind::Floor, CheckKind::Label, CheckKind::Budget];
        let states = [CheckState::Failed, CheckState::Passed, CheckState::Unclear];
        let check = |n: usize| Check {
            examples: vec![evil.clone(); 3],
            ..check(kinds[n % 4], &evil, &evil, &evil, states[n % 3])
        };
        comparison.gate = Some(gate((0..300).map(check).collect()));
        comparison.costs = (0..100)
            .map(|_| ComparedCost { name: evil.clone(), baseline: Some(1.0), candidate: Some(2.0), ratio: Some(2.0) })
            .collect();
        comparison.flips.broken = vec![evil.clone(); 50];
        comparison.rivals = (0..100)
            .map(|_| Rival { name: evil.clone(), compared: row.clone(), decision: Some(Decision::Reject) })
            .collect();
    }
    review.verdict.summary = evil.clone();
    review.subject.command = evil.clone();
    review.data.test.file = evil.clone();
    for finding in &mut review.findings {
        finding.title = evil.clone();
        finding.message = evil.clone();
    }
    review.findings = review.findings.iter().cycle().take(500).cloned().collect();
    review.next[0].action = evil.clone();
    review.next[0].command = Some(evil);
    review
}

#[test]
fn a_promotion() {
    insta::assert_snapshot!(comparison_markdown(&promoted()), @r"
    ## Trueup gate: promote

    The candidate is better: macro-F1 rises by 0.013, and no label falls. It can go in.

    `new.csv` (candidate) against `old.csv` (baseline) on `test.csv`: 3,080 examples.

    | metric | baseline | candidate | difference (95 %) | p | standing |
    |---|---:|---:|---:|---:|---|
    | **macro-F1** (decides) | 0.871 | 0.884 | +0.013 (+0.002 to +0.025) | 0.021 | ✅ better |
    | accuracy | 0.9032 | 0.9045 | +0.0013 (−0.0040 to +0.0066) | 0.620 | ❓ unclear |
    | log loss | 0.512 | 0.401 | −0.111 (−0.131 to −0.090) | &lt; 0.001 | ✅ better |

    ### Checks of `trueup.toml`: 2 passed

    <details><summary>2 passed</summary>

    | | asked of | asked | found |
    |---|---|---|---|
    | ✅ passed | decides: macro-F1 | must be better | better by 0.013 (0.002 to 0.025) |
    | ✅ passed | label: f1 of card\_arrival | may fall by 0.05 at most | no fall shown |

    </details>

    ### Costs

    | | baseline | candidate | times |
    |---|---:|---:|---:|
    | training time | 30.0 s | 1.50 min | 3.00 |
    | size of the model | n/a | 165 MiB | n/a |

    ### Answers: 43 fixed, 0 broken

    2,700 right under both, 337 wrong under both, 41 of them answered differently. Both models answer 98 % alike.

    <sub>trueup 0.1.0 · `test.csv` · n = 3,080 · seed 42 · `trueup gate --gold test.csv --baseline old.csv --candidate new.csv`</sub>
    ");
}

#[test]
fn a_rejection() {
    insta::assert_snapshot!(comparison_markdown(&rejected()).replace('\u{2060}', "<joiner>"), @r"
    ## Trueup gate: reject

    The candidate must not go in: recall of fraud falls by 0.40, though accuracy rises.

    `new.csv` (candidate) against `old.csv` (baseline) on `test.csv`: 3,080 examples in 2,950 independent groups; 20 twins of training left out.

    | metric | baseline | candidate | difference (95 %) | p | standing |
    |---|---:|---:|---:|---:|---|
    | **macro-F1** (decides) | 0.871 | 0.878 | +0.007 (−0.004 to +0.018) | 0.240 | ❓ unclear |

    As many examples show a difference in macro-F1 of 0.021 or more with a chance of 80 %.

    With the 20 twins of training in the test set macro-F1 would differ by +0.020 (+0.008 to +0.030); they never count.

    ### Checks of `trueup.toml`: 2 failed, 1 unclear, 1 passed

    | | asked of | asked | found |
    |---|---|---|---|
    | ❌ failed | label: recall of fraud | may fall by 0.05 at most | falls by 0.40 (0.22 to 0.55) |
    | ❌ failed | must pass: must.csv | all right | 1 of 12 wrong: `m7` |
    | ❓ unclear | decides: macro-F1 | must be better | +0.007 (-0.004 to 0.018) |

    <details><summary>1 passed</summary>

    | | asked of | asked | found |
    |---|---|---|---|
    | ✅ passed | budget: latency, 99th percentile | at most 50 | 42 ms |

    </details>

    ### Labels, worst first: 1 worse, 1 better

    | label | support | precision | recall | F1 | difference of F1 | p (Holm) | F1 is |
    |---|---:|---:|---:|---:|---:|---:|---|
    | `fraud` | 40 | 0.82 → 0.42 | 0.82 → 0.42 | 0.82 → 0.42 | −0.400 (−0.550 to −0.220) | &lt; 0.001 | ❌ worse |
    | `billing` | 900 | 0.91 → 0.93 | 0.91 → 0.93 | 0.91 → 0.93 | +0.0200 (+0.0100 to +0.0300) | 0.003 | ✅ better |

    ### Slices, worst first: 1 unclear

    | slice | examples | metric | baseline | candidate | difference (95 %) | p (Holm) | standing |
    |---|---:|---|---:|---:|---:|---:|---|
    | `lang = de` | 310 | accuracy | 0.900 | 0.880 | −0.020 (−0.050 to +0.010) | 0.200 | ❓ unclear |

    ### Answers: 25 fixed, 7 broken

    2,700 right under both, 337 wrong under both, 41 of them answered differently. Both models answer 98 % alike.

    Right before, wrong now, the surest first:

    | id | gold | now | text |
    |---|---|---|---|
    | `b0` | `fraud` | `billing` | My card \| was &lt;charged&gt; twice by @<joiner>someone |
    | `b1` | n/a | n/a |  |
    | `b2` | n/a | n/a |  |
    | `b3` | n/a | n/a |  |
    | `b4` | n/a | n/a |  |

    2 more broken answers are in the JSON document.

    ### Findings: 1 error, 1 note

    - **R702 error** fraud falls: F1 0.82 to 0.42
      <br>Of 40 gold the candidate finds 17, the baseline 33.

    <details><summary>1 note</summary>

    - **R707 note** 7 answers were right and are wrong

    </details>

    ### Next

    1. Look at the 16 examples of 'fraud' that the candidate misses (about 16 texts)
       <br>`trueup review --gold test.csv --predictions new.csv`

    <sub>trueup 0.1.0 · `test.csv` · n = 3,080 · seed 42 · `trueup gate --gold test.csv --baseline old.csv --candidate new.csv`</sub>
    ");
}

#[test]
fn an_undecided_gate_with_two_candidates() {
    insta::assert_snapshot!(comparison_markdown(&undecided()), @r"
    ## Trueup gate: undecided

    We cannot tell yet: macro-F1 may be 0.031 better or 0.012 worse. About 180 more test examples would decide.

    `new.csv` (candidate) against `old.csv` (baseline) on `test.csv`: 3,080 examples.

    ### 2 candidates, by macro-F1

    | model | baseline | candidate | difference (97.5 %) | p | standing | decision |
    |---|---:|---:|---:|---:|---|---|
    | `new.csv` | 0.810 | 0.819 | +0.009 (−0.012 to +0.031) | 0.390 | ❓ unclear | undecided |
    | `other.csv` | 0.810 | 0.790 | −0.020 (−0.040 to −0.003) | 0.020 | ❌ worse | reject |

    | metric | baseline | candidate | difference (97.5 %) | p | standing |
    |---|---:|---:|---:|---:|---|
    | **macro-F1** (decides) | 0.810 | 0.819 | +0.009 (−0.012 to +0.031) | 0.390 | ❓ unclear |

    As many examples show a difference in macro-F1 of 0.021 or more with a chance of 80 %.

    ### Checks of `trueup.toml`: 1 unclear

    | | asked of | asked | found |
    |---|---|---|---|
    | ❓ unclear | decides: macro-F1 | must be better | +0.009 (-0.012 to 0.031) |

    ### Answers: 0 fixed, 0 broken

    2,700 right under both, 337 wrong under both, 41 of them answered differently. Both models answer 98 % alike.

    <details><summary>Wrong spans by kind</summary>

    | mistake | baseline | candidate |
    |---|---:|---:|
    | boundary | 12 | 9 |

    </details>

    <sub>trueup 0.1.0 · `test.csv` · n = 3,080 · seed 42 · `trueup gate --gold test.csv --baseline old.csv --candidate new.csv`</sub>
    ");
}

#[test]
fn a_comparison_without_a_gate_is_told_by_what_became_of_the_metric() {
    let review = bare("Better.", compared([0.8, 0.9, 0.05, 0.15], 0.001, Standing::Better), None);
    assert!(comparison_markdown(&review).starts_with("## Trueup comparison: better\n\nBetter.\n"));
    assert_eq!(markdown(&review), comparison_markdown(&review));
    assert!(junit(&review).contains("tests=\"0\""));
}

#[test]
fn a_document_without_a_comparison_is_told_as_a_review() {
    let mut review = promoted();
    review.comparison = None;
    assert_eq!(comparison_markdown(&review), markdown(&review));
    assert!(markdown(&review).starts_with("# Review of "));
}

#[test]
fn no_document_is_too_large_for_a_comment() {
    let told = comparison_markdown(&monstrous());
    assert!(told.len() <= 65_536, "{} bytes", told.len());
    assert!(told.starts_with("## Trueup gate: reject\n"));
    assert!(told.contains("in the JSON document"), "what is left out is said");
    // What is in the data neither ends what is folded nor begins a heading, nor reaches a terminal; in code it is only text.
    let outside: String = told.lines().flat_map(|line| line.split('`').step_by(2)).collect();
    assert_eq!(outside.matches("<details>").count(), outside.matches("</details>").count());
    assert!(!outside.contains("<img") && !told.chars().any(|c| c != '\n' && trueup_core::words::acts(c)));
    // A large but honest one keeps its lists.
    let mut large = rejected();
    let row = compared([0.8, 0.79, -0.03, 0.01], 0.4, Standing::Unclear);
    comparison(&mut large).labels = (0..150).map(|n| label(&format!("label_{n:03}"), 20, row.clone())).collect();
    let told = comparison_markdown(&large);
    assert!(told.contains("140 more labels") && told.contains("label_149"), "{}", told.len());
}

/// The bars of a row that part cells: a backslash takes the character behind it.
fn bars(line: &str) -> usize {
    let (mut chars, mut bars) = (line.chars(), 0);
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '|' => bars += 1,
            _ => {}
        }
    }
    bars
}

#[test]
fn tables_keep_their_columns() {
    for review in [promoted(), rejected(), undecided(), monstrous()] {
        let told = comparison_markdown(&review);
        let mut columns = None;
        for line in told.lines() {
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            let bars = bars(line);
            assert_eq!(*columns.get_or_insert(bars), bars, "{line}");
        }
    }
}

#[test]
fn a_rejection_as_junit() {
    insta::assert_snapshot!(junit(&rejected()), @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="trueup" tests="4" failures="2" errors="0" skipped="1" time="0">
      <testsuite name="trueup gate" tests="4" failures="2" errors="0" skipped="1" time="0">
        <properties>
          <property name="decision" value="reject"/>
          <property name="policy" value="trueup.toml"/>
          <property name="test" value="test.csv"/>
          <property name="command" value="trueup gate --gold test.csv --baseline old.csv --candidate new.csv"/>
        </properties>
        <testcase classname="trueup.gate.primary" name="f1_macro: must be better" time="0">
          <skipped message="+0.007 (-0.004 to 0.018)"/>
        </testcase>
        <testcase classname="trueup.gate.label" name="recall of fraud: may fall by 0.05 at most" time="0">
          <failure type="failed" message="falls by 0.40 (0.22 to 0.55)">falls by 0.40 (0.22 to 0.55)</failure>
        </testcase>
        <testcase classname="trueup.gate.must-pass" name="must.csv: all right" time="0">
          <failure type="failed" message="1 of 12 wrong">1 of 12 wrong; examples: m7</failure>
        </testcase>
        <testcase classname="trueup.gate.budget" name="latency_p99_ms: at most 50" time="0"/>
        <system-out>The candidate must not go in: recall of fraud falls by 0.40, though accuracy rises.</system-out>
      </testsuite>
    </testsuites>
    "##);
}

#[test]
fn what_is_unclear_fails_an_undecided_gate_alone() {
    let undecided = junit(&undecided());
    assert!(undecided.contains("<failure type=\"undecided\" message=\"+0.009 (-0.012 to 0.031)\">"), "{undecided}");
    assert!(junit(&rejected()).contains("<skipped message=\"+0.007 (-0.004 to 0.018)\"/>"));
}

#[test]
fn junit_is_xml_whatever_the_document_holds() {
    for review in [promoted(), rejected(), undecided(), monstrous()] {
        let text = junit(&review);
        assert!(!text.chars().any(|c| c != '\n' && trueup_core::words::acts(c)));
        let tree = roxmltree::Document::parse(&text).unwrap();
        let checks = &review.comparison.as_ref().unwrap().gate.as_ref().unwrap().checks;
        let named = |name: &str| tree.descendants().filter(|node| node.has_tag_name(name)).count();
        let suite = tree.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
        let count = |name: &str| suite.attribute(name).unwrap().parse::<usize>().unwrap();
        assert_eq!((named("testcase"), count("tests")), (checks.len(), checks.len()));
        assert_eq!((named("failure"), named("skipped")), (count("failures"), count("skipped")));
        let cases = tree.descendants().filter(|node| node.has_tag_name("testcase"));
        for (case, check) in cases.zip(checks) {
            let shown =
                trueup_core::words::printable(&format!("{}: {}", check.name, check.asked)).replace('\u{ffff}', "");
            assert_eq!(case.attribute("name").unwrap(), shown);
        }
    }
}

#[test]
fn the_same_document_makes_the_same_bytes() {
    let again: Review = serde_json::from_str(&json(&rejected())).unwrap();
    assert_eq!(comparison_markdown(&again), comparison_markdown(&rejected()));
    assert_eq!(junit(&again), junit(&rejected()));
}

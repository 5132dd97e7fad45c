//! The linear classifier as a caller sees it.
#![allow(clippy::unwrap_used)]

mod made;

use std::sync::Mutex;

use proptest::prelude::*;
use trueup_core::{Annotation, Example, LabelSet, Predictions, Rng, Task};
use trueup_model::linear::{Calibration, Calibrator, ClassWeights, LinearModel, LinearParams, fit, out_of_fold};
use trueup_model::{Fitted, ModelError, Predictor, Progress, Silent};

use made::{example, refs};

/// `n` texts of 12 drawn words; each label has words of its own, and one word in four is another label's.
fn drawn(n: usize, labels: u32, seed: u64) -> Vec<Example> {
    let mut rng = Rng::new(seed);
    (0..n)
        .map(|_| {
            let label = rng.below(labels as usize) as u32;
            let words: Vec<String> = (0..12)
                .map(|_| {
                    let of = if rng.below(4) == 0 { rng.below(labels as usize) as u32 } else { label };
                    format!("{}{}", char::from(b'a' + of as u8).to_string().repeat(2), rng.below(30))
                })
                .collect();
            example(&words.join(" "), Annotation::Label(label))
        })
        .collect()
}

fn names(n: u32) -> LabelSet {
    LabelSet::new((0..n).map(|i| format!("label{i}")))
}

fn train(task: Task, labels: &LabelSet, data: &[Example], valid: Option<&[Example]>) -> Fitted<LinearModel> {
    let valid = valid.map(refs);
    fit(task, labels, &refs(data), valid.as_deref(), &LinearParams::default(), &Silent).unwrap()
}

fn accuracy(predictions: &Predictions, gold: &[Example]) -> f64 {
    let right = predictions.answers.iter().zip(gold).filter(|(a, e)| **a == e.gold).count();
    right as f64 / gold.len() as f64
}

/// The bits of everything that comes out.
fn bits(fitted: &Fitted<LinearModel>, predictions: &Predictions) -> Vec<u64> {
    let scores = predictions.scores.as_ref().unwrap();
    let curve = fitted.curve.iter().flat_map(|p| [p.train_loss, p.valid_loss.unwrap_or(0.0), p.train_score]);
    let cells = (0..scores.len()).flat_map(|i| scores.row(i).to_vec());
    curve.chain(cells).map(f64::to_bits).collect()
}

#[test]
fn two_three_and_many_labels_are_learnt() {
    for labels in [2, 3, 20] {
        let (data, test) = (drawn(1200, labels, 1), drawn(300, labels, 2));
        let fitted = train(Task::Classification, &names(labels), &data, None);
        let predictions = fitted.model.predict(&refs(&test));
        assert!(accuracy(&predictions, &test) > 0.97, "{labels} labels: {}", accuracy(&predictions, &test));
        let scores = predictions.scores.unwrap();
        for (i, answer) in predictions.answers.iter().enumerate() {
            assert!((scores.row(i).iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let Annotation::Label(label) = answer else { panic!("one label") };
            assert!(scores.row(i).iter().all(|p| *p <= scores.get(i, *label)));
        }
    }
}

#[test]
fn same_bytes_at_any_thread_count() {
    for (task, labels) in [(Task::Classification, 2), (Task::Classification, 5), (Task::Multilabel, 5)] {
        let as_sets = |data: Vec<Example>| -> Vec<Example> {
            let set = |e: Example| Example { gold: Annotation::Labels(e.gold.labels()), ..e };
            if task == Task::Multilabel { data.into_iter().map(set).collect() } else { data }
        };
        let (data, valid) = (as_sets(drawn(700, labels, 3)), as_sets(drawn(300, labels, 4)));
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let fitted = train(task, &names(labels), &data, Some(&valid));
                let predictions = fitted.model.predict(&refs(&valid));
                (bits(&fitted, &predictions), predictions.answers)
            })
        };
        let one = run(1);
        assert!(one == run(2) && one == run(3) && one == run(1));
    }
}

#[test]
fn another_seed_is_another_order() {
    let data = drawn(200, 3, 5);
    let with = |seed| {
        let params = LinearParams { seed, epochs: 3, ..LinearParams::default() };
        let fitted = fit(Task::Classification, &names(3), &refs(&data), None, &params, &Silent).unwrap();
        fitted.model.predict(&refs(&data)).scores.unwrap()
    };
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
}

#[test]
fn the_best_pass_is_kept() {
    // Labels by the toss of a coin: whatever is learnt is wrong on other data, so the validation loss soon rises.
    let toss = |n, seed| -> Vec<Example> {
        let mut rng = Rng::new(seed);
        let flip = |e: Example| Example { gold: Annotation::Label(rng.below(4) as u32), ..e };
        drawn(n, 4, seed).into_iter().map(flip).collect()
    };
    let (data, valid) = (toss(500, 6), toss(400, 7));
    let fitted = train(Task::Classification, &names(4), &data, Some(&valid));
    let losses: Vec<f64> = fitted.curve.iter().map(|p| p.valid_loss.unwrap()).collect();
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses[fitted.epochs as usize - 1].to_bits(), least.to_bits());
    assert!((fitted.epochs as usize) < losses.len() && losses.len() < 20, "{losses:?}");
    assert!(fitted.curve.last().unwrap().train_loss < fitted.curve[0].train_loss);
    // The model kept is the one of that pass: at temperature 1 it has that loss.
    let again = LinearParams { calibration: Calibration::None, prune: 0.0, ..LinearParams::default() };
    let plain = fit(Task::Classification, &names(4), &refs(&data), Some(&refs(&valid)), &again, &Silent).unwrap();
    let scores = plain.model.predict(&refs(&valid)).scores.unwrap();
    let loss: f64 = valid.iter().enumerate().map(|(i, e)| -scores.get(i, e.gold.labels()[0]).ln()).sum();
    assert!((loss / 400.0 - least).abs() < 2e-3, "{loss} {least}");
    // What cannot be learnt must be answered without confidence.
    assert!(fitted.model.calibrator().temperature().unwrap() > 1.5, "{:?}", fitted.model.calibrator());
}

#[test]
fn a_refit_takes_the_epochs_and_the_calibrator_found() {
    let (data, valid) = (drawn(400, 3, 8), drawn(100, 3, 9));
    let found = train(Task::Classification, &names(3), &data, Some(&valid));
    assert!(found.curve.iter().all(|p| p.valid_accuracy.is_some() && p.valid_score.is_some()));
    let all: Vec<Example> = data.into_iter().chain(valid).collect();
    let calibrator = Some(found.model.calibrator().clone());
    let params = LinearParams { epochs: found.epochs, calibrator, ..LinearParams::default() };
    let refit = fit(Task::Classification, &names(3), &refs(&all), None, &params, &Silent).unwrap();
    assert_eq!((refit.epochs, refit.curve.len()), (found.epochs, found.epochs as usize));
    assert_eq!(refit.model.calibrator(), found.model.calibrator());
    assert!(refit.curve.iter().all(|p| p.valid_loss.is_none()));
    assert_eq!(params.describe()["epochs"], found.epochs.to_string());
}

/// Mean log loss of every label against the rest; 0 and 1 are taken for 0.005 and 0.995.
fn log_loss(predictions: &Predictions, gold: &[Example]) -> f64 {
    let scores = predictions.scores.as_ref().unwrap();
    let one = |(i, example): (usize, &Example)| -> f64 {
        let labels = example.gold.labels();
        let right = |(l, p): (u32, &f64)| if labels.contains(&l) { *p } else { 1.0 - p };
        (0..).zip(scores.row(i)).map(|cell| -right(cell).clamp(0.005, 0.995).ln()).sum()
    };
    gold.iter().enumerate().map(one).sum::<f64>() / gold.len() as f64
}

#[test]
fn every_calibration_mends_what_is_too_sure() {
    // One label in four is drawn anew, so that certainty is never right.
    let noisy = |n, labels: u32, several: bool, seed| -> Vec<Example> {
        let mut rng = Rng::new(seed + 100);
        let flip = |e: Example| {
            let label = if rng.below(4) == 0 { rng.below(labels as usize) as u32 } else { e.gold.labels()[0] };
            Example { gold: if several { Annotation::Labels(vec![label]) } else { Annotation::Label(label) }, ..e }
        };
        drawn(n, labels, seed).into_iter().map(flip).collect()
    };
    for (task, labels) in [(Task::Classification, 2), (Task::Classification, 4), (Task::Multilabel, 3)] {
        let several = task == Task::Multilabel;
        let (data, valid) = (noisy(800, labels, several, 1), noisy(800, labels, several, 2));
        let test = noisy(800, labels, several, 3);
        let with = |calibration| {
            let params = LinearParams { calibration, ..LinearParams::for_task(task) };
            let fitted = fit(task, &names(labels), &refs(&data), Some(&refs(&valid)), &params, &Silent).unwrap();
            (fitted.model.predict(&refs(&test)), fitted)
        };
        let (plain, uncalibrated) = with(Calibration::None);
        assert_eq!(uncalibrated.model.calibrator(), &Calibrator::Temperature(1.0));
        for calibration in [Calibration::Temperature, Calibration::Platt, Calibration::Isotonic] {
            let (found, fitted) = with(calibration);
            let (before, after) = (log_loss(&plain, &test), log_loss(&found, &test));
            assert!(after < before * 0.97, "{task} {labels} {calibration:?}: {before} {after}");
            assert!(accuracy(&found, &test) > accuracy(&plain, &test) - 0.02);
            let scores = found.scores.as_ref().unwrap();
            for (i, answer) in found.answers.iter().enumerate() {
                match answer {
                    Annotation::Label(label) => {
                        assert!((scores.row(i).iter().sum::<f64>() - 1.0).abs() < 1e-9);
                        assert!(scores.row(i).iter().all(|p| *p <= scores.get(i, *label)));
                    }
                    answer => {
                        let half: Vec<u32> = (0..labels).filter(|&l| scores.get(i, l) >= 0.5).collect();
                        assert_eq!(answer.labels(), half);
                    }
                }
            }
            if calibration == Calibration::Temperature {
                assert_eq!(found.answers, plain.answers);
            }
            // A refit takes the calibrator as it is, also where it sees more labels.
            let again = LinearParams {
                epochs: fitted.epochs,
                calibrator: Some(fitted.model.calibrator().clone()),
                ..LinearParams::for_task(task)
            };
            let all: Vec<&Example> = data.iter().chain(&valid).collect();
            let refit = fit(task, &names(labels), &all, None, &again, &Silent).unwrap();
            assert_eq!(refit.model.calibrator(), fitted.model.calibrator());
            assert!(log_loss(&refit.model.predict(&refs(&test)), &test) < before);
        }
    }
}

#[test]
fn progress_hears_every_pass() {
    struct Log(Mutex<Vec<(u32, u32)>>);
    impl Progress for Log {
        fn epoch(&self, done: u32, of: u32, train_loss: f64) {
            assert!(train_loss.is_finite());
            self.0.lock().unwrap().push((done, of));
        }
    }
    let log = Log(Mutex::default());
    let params = LinearParams { epochs: 3, ..LinearParams::default() };
    fit(Task::Classification, &names(2), &refs(&drawn(50, 2, 1)), None, &params, &log).unwrap();
    assert_eq!(*log.0.lock().unwrap(), [(1, 3), (2, 3), (3, 3)]);
}

/// Says stop after some passes, and keeps the losses it heard.
struct Stop {
    after: usize,
    heard: Mutex<Vec<f64>>,
}

impl Progress for Stop {
    fn epoch(&self, _: u32, _: u32, loss: f64) {
        self.heard.lock().unwrap().push(loss);
    }

    fn stopped(&self) -> bool {
        self.heard.lock().unwrap().len() >= self.after
    }
}

#[test]
fn training_ends_when_it_is_told_to_with_the_best_so_far() {
    let (data, valid) = (drawn(300, 3, 1), drawn(80, 3, 2));
    let params = LinearParams { epochs: 9, patience: 9, ..LinearParams::default() };
    let run = |after, valid: Option<&[&Example]>| {
        let stop = Stop { after, heard: Mutex::default() };
        let fitted = fit(Task::Classification, &names(3), &refs(&data), valid, &params, &stop).unwrap();
        (fitted, stop.heard.into_inner().unwrap())
    };
    let (alone, heard) = run(2, None);
    assert_eq!((alone.epochs, alone.curve.len(), heard.len()), (2, 2, 2));
    assert_eq!(heard, alone.curve.iter().map(|p| p.train_loss).collect::<Vec<_>>());
    let two = LinearParams { epochs: 2, ..params.clone() };
    let wanted = fit(Task::Classification, &names(3), &refs(&data), None, &two, &Silent).unwrap();
    assert_eq!(alone.model.predict(&refs(&valid)), wanted.model.predict(&refs(&valid)));

    // What is heard with validation data is the loss on it.
    let valid = refs(&valid);
    let (watched, heard) = run(4, Some(&valid));
    let losses: Vec<f64> = watched.curve.iter().map(|p| p.valid_loss.unwrap()).collect();
    assert_eq!((losses.len(), &losses), (4, &heard));
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses[watched.epochs as usize - 1].to_bits(), least.to_bits());
    let four = LinearParams { epochs: 4, ..params.clone() };
    let wanted = fit(Task::Classification, &names(3), &refs(&data), Some(&valid), &four, &Silent).unwrap();
    assert_eq!(watched.model.predict(&valid), wanted.model.predict(&valid));
}

#[test]
fn labels_without_training_examples_have_probability_zero() {
    // Labels 1 and 3 of 5 are missing; then all but two, which takes another path.
    for keep in [vec![0, 2, 4], vec![1, 4]] {
        let kept = |e: &Example| keep.contains(&e.gold.labels()[0]);
        let data: Vec<Example> = drawn(600, 5, 10).into_iter().filter(kept).collect();
        let test = drawn(200, 5, 11);
        let fitted = train(Task::Classification, &names(5), &data, Some(&test));
        assert!(fitted.curve[0].valid_loss.unwrap() > 10.0, "what was never seen costs dearly");
        let predictions = fitted.model.predict(&refs(&test));
        let scores = predictions.scores.as_ref().unwrap();
        for (i, answer) in predictions.answers.iter().enumerate() {
            assert!(keep.contains(&answer.labels()[0]));
            assert!((scores.row(i).iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!((0..5).all(|l| keep.contains(&l) || scores.get(i, l) == 0.0));
        }
        let known: Vec<Example> = test.into_iter().filter(kept).collect();
        assert!(accuracy(&fitted.model.predict(&refs(&known)), &known) > 0.95);
        assert!(fitted.model.explain(&example("aa1", Annotation::Label(0)), 3, 5).is_empty());
    }
}

#[test]
fn several_labels_none_included() {
    // A text has label k when it names k.
    let draw = |n, seed| -> Vec<Example> {
        let mut rng = Rng::new(seed);
        let text = |rng: &mut Rng| {
            let labels: Vec<u32> = (0..4).filter(|_| rng.below(3) == 0).collect();
            let words: Vec<&str> = labels.iter().map(|&l| ["fire", "water", "wind", "stone"][l as usize]).collect();
            example(&format!("nr {} {}", rng.below(50), words.join(" and ")), Annotation::Labels(labels))
        };
        (0..n).map(|_| text(&mut rng)).collect()
    };
    let (data, test) = (draw(800, 12), draw(200, 13));
    let fitted = train(Task::Multilabel, &names(4), &data, Some(&test));
    let predictions = fitted.model.predict(&refs(&test));
    assert!(accuracy(&predictions, &test) > 0.98);
    assert!(predictions.answers.contains(&Annotation::Labels(Vec::new())));
    let scores = predictions.scores.unwrap();
    for (i, answer) in predictions.answers.iter().enumerate() {
        let at_least_half: Vec<u32> = (0..4).filter(|&l| scores.get(i, l) >= 0.5).collect();
        assert_eq!(answer, &Annotation::Labels(at_least_half));
    }
}

#[test]
fn nothing_to_tell_apart_is_an_error() {
    let fit_on = |task, examples: &[Example]| {
        fit(task, &names(3), &refs(examples), None, &LinearParams::default(), &Silent).map(|_| ())
    };
    let one = vec![example("a b", Annotation::Label(1)), example("c", Annotation::Label(1))];
    let found = "only 'label1'".to_owned();
    assert_eq!(fit_on(Task::Classification, &one), Err(ModelError::Labels { examples: 2, found: found.clone() }));
    assert_eq!(fit_on(Task::Classification, &[]), Err(ModelError::Labels { examples: 0, found: "none".into() }));
    let always = vec![example("a", Annotation::Labels(vec![1])), example("b", Annotation::Labels(vec![1]))];
    assert_eq!(fit_on(Task::Multilabel, &always), Err(ModelError::Labels { examples: 2, found }));
    let sometimes = vec![example("a", Annotation::Labels(vec![1])), example("b", Annotation::Labels(vec![]))];
    assert_eq!(fit_on(Task::Multilabel, &sometimes), Ok(()));
    let empty = vec![example("", Annotation::Label(1)), example(" \n", Annotation::Label(0))];
    assert_eq!(fit_on(Task::Classification, &empty), Err(ModelError::NoFeatures { examples: 2 }));
}

#[test]
fn an_empty_text_gets_the_prior() {
    let mut data = drawn(300, 2, 14);
    data.retain({
        let mut kept = 0;
        move |e| {
            e.gold == Annotation::Label(0) || {
                kept += 1;
                kept <= 30
            }
        }
    });
    data.push(example("", Annotation::Label(0)));
    let fitted = train(Task::Classification, &names(2), &data, None);
    let predictions =
        fitted.model.predict(&[&example("", Annotation::Label(0)), &example("\u{1f980}", Annotation::Label(0))]);
    assert_eq!(predictions.answers, [Annotation::Label(0), Annotation::Label(0)]);
    assert_eq!(fitted.model.predict(&[]).len(), 0);
}

#[test]
fn repeating_every_example_changes_little() {
    let (data, test) = (drawn(300, 3, 15), drawn(200, 3, 16));
    let twice: Vec<Example> = data.iter().chain(&data).cloned().collect();
    let params = LinearParams { min_df: 1, ..LinearParams::default() };
    let double = LinearParams { min_df: 2, l2: params.l2 * 2.0, ..LinearParams::default() };
    let answers = |data: &[Example], params| {
        let fitted = fit(Task::Classification, &names(3), &refs(data), None, params, &Silent).unwrap();
        (fitted.features, fitted.model.predict(&refs(&test)))
    };
    let ((features, one), (features_twice, two)) = (answers(&data, &params), answers(&twice, &double));
    assert_eq!(features, features_twice);
    let same = one.answers.iter().zip(&two.answers).filter(|(a, b)| a == b).count();
    assert!(same >= 190, "{same} of 200");
}

#[test]
fn explanations_name_what_the_text_holds() {
    let data = drawn(600, 2, 17);
    let fitted = train(Task::Classification, &names(2), &data, None);
    let parts = fitted.model.explain(&example("AA3 bb4 unknown", Annotation::Label(0)), 0, 40);
    let part = |name: &str| parts.iter().find(|p| p.0 == name).unwrap().1;
    assert!(part("aa3") > 0.0 && part("bb4") < 0.0 && part("[ aa]") > 0.0);
    assert!(parts.iter().all(|p| p.0 != "unknown") && parts.is_sorted_by(|a, b| a.1.abs() >= b.1.abs()));
    // The same parts speak against the other label.
    assert!(
        (fitted.model.explain(&example("AA3 bb4 unknown", Annotation::Label(0)), 1, 1)[0].1 + parts[0].1).abs() < 1e-6
    );
    let top = fitted.model.top_features(1, 5);
    assert_eq!(top.len(), 5);
    assert!(top.iter().all(|(name, weight)| name.contains('b') && *weight > 0.0), "{top:?}");
}

fn hostile() -> Fitted<LinearModel> {
    let texts =
        ["a\u{301}\u{301}\u{301}", "\u{202e}abc\u{0}", "ﷺﷺﷺ", "👩‍🔬👩‍🔬", "İstanbul ẞ", "\u{feff}\u{200b}x", "𝕏 ½ ①"];
    let data: Vec<Example> =
        texts.iter().enumerate().map(|(i, t)| example(t, Annotation::Label(i as u32 % 3))).collect();
    train(Task::Classification, &names(3), &data, None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered_with_a_distribution(texts in prop::collection::vec("\\PC{0,40}|[\\x00-\\u{10ffff}]{0,20}", 0..6)) {
        let fitted = hostile();
        let examples: Vec<Example> = texts.iter().map(|t| example(t, Annotation::Label(0))).collect();
        let predictions = fitted.model.predict(&refs(&examples));
        prop_assert_eq!(predictions.len(), texts.len());
        let scores = predictions.scores.unwrap();
        for (i, example) in examples.iter().enumerate() {
            prop_assert!((scores.row(i).iter().sum::<f64>() - 1.0).abs() < 1e-6);
            prop_assert!(scores.row(i).iter().all(|p| (0.0..=1.0).contains(p)));
            fitted.model.explain(example, 0, 3);
        }
    }

    #[test]
    fn any_texts_can_be_learnt(texts in prop::collection::vec("\\PC{0,30}", 2..8), several in any::<bool>()) {
        let gold = |i: usize| if several { Annotation::Labels(vec![i as u32 % 2]) } else { Annotation::Label(i as u32 % 2) };
        let examples: Vec<Example> = texts.iter().enumerate().map(|(i, t)| example(t, gold(i))).collect();
        let task = if several { Task::Multilabel } else { Task::Classification };
        let all = refs(&examples);
        match fit(task, &names(2), &all, Some(&all[..1]), &LinearParams::default(), &Silent) {
            Ok(fitted) => prop_assert!(fitted.curve.iter().all(|p| p.train_loss.is_finite() && p.valid_loss.unwrap().is_finite())),
            Err(e) => prop_assert_eq!(e, ModelError::NoFeatures { examples: texts.len() }),
        }
    }
}

#[test]
fn balanced_weights_answer_rare_labels_more() {
    let mut data = drawn(900, 3, 18);
    let mut kept = 0;
    data.retain(|e| {
        kept += u32::from(e.gold == Annotation::Label(2));
        e.gold != Annotation::Label(2) || kept <= 12
    });
    let test = drawn(300, 3, 19);
    let rare = |class_weights| {
        let params = LinearParams { class_weights, l2: 3.0, ..LinearParams::default() };
        let fitted = fit(Task::Classification, &names(3), &refs(&data), None, &params, &Silent).unwrap();
        let predictions = fitted.model.predict(&refs(&test));
        predictions.answers.iter().filter(|a| **a == Annotation::Label(2)).count()
    };
    let named = ClassWeights::ByLabel([("label2".to_owned(), 30.0)].into());
    let (equal, balanced, named) = (rare(ClassWeights::Equal), rare(ClassWeights::Balanced), rare(named));
    assert!(equal < balanced && equal < named, "{equal} {balanced} {named}");
}

#[test]
fn hashed_ngrams_tell_labels_apart_and_have_no_names() {
    let (data, test) = (drawn(1200, 5, 1), drawn(300, 5, 2));
    let hashed = |bits: u8| {
        let params = LinearParams { hashing: Some(bits), ..LinearParams::default() };
        fit(Task::Classification, &names(5), &refs(&data), None, &params, &Silent).unwrap()
    };
    let fitted = hashed(12);
    let right = accuracy(&fitted.model.predict(&refs(&test)), &test);
    assert!(right > 0.97, "{right}");
    assert!(hashed(10).features <= 1 << 10, "{}", hashed(10).features);
    assert!(fitted.model.top_features(1, 5).is_empty());
    let parts = fitted.model.explain(&example("bb3 unknown", Annotation::Label(0)), 1, 40);
    assert!(parts[0].1 > 0.0 && parts.iter().all(|(name, _)| !name.is_empty()), "{parts:?}");
    assert!(parts.iter().any(|(name, _)| name.split(" | ").any(|one| one == "bb3")), "{parts:?}");
    // With room for all, n-grams hardly ever share a feature.
    let (plain, roomy) = (train(Task::Classification, &names(5), &data, None), hashed(24));
    assert!(plain.features.abs_diff(roomy.features) < 9, "{} {}", plain.features, roomy.features);
}

#[test]
fn what_stands_beside_a_text_counts_where_it_is_asked_for() {
    // The texts say nothing; the source says all, and the price something.
    let made = |n: usize, seed: u64| -> Vec<Example> {
        let mut rng = Rng::new(seed);
        let one = |_| {
            let label = rng.below(2) as u32;
            let source = if rng.unit() < 0.95 { ["Mail", "web"][label as usize] } else { "phone" };
            let price = if label == 0 { 100.0 + 80.0 * rng.unit() } else { 900.0 + 90.0 * rng.unit() };
            let text = format!("word{} word{}", rng.below(20), rng.below(20));
            let metadata = vec![source.to_owned(), format!("{price:.3}"), rng.below(1_000_000).to_string()];
            Example { metadata, ..example(&text, Annotation::Label(label)) }
        };
        (0..n).map(one).collect()
    };
    let (data, test) = (made(400, 1), made(300, 2));
    let with = |columns: &[&str]| {
        let columns = columns.iter().map(|&name| name.to_owned()).collect();
        let params = LinearParams { columns, ..LinearParams::default() };
        fit(Task::Classification, &names(2), &refs(&data), None, &params, &Silent).unwrap()
    };
    let right = |columns: &[&str]| accuracy(&with(columns).model.predict(&refs(&test)), &test);
    assert!(right(&[]) < 0.62, "{}", right(&[]));
    let (source, both) = (right(&["source"]), right(&["source", "price"]));
    assert!((0.93..1.0).contains(&source) && both > source && both > 0.99, "{source} {both}");
    let model = with(&["source", "price"]).model;
    assert_eq!(model.columns(), ["source", "price"]);
    let parts = model.explain(&data[0], data[0].gold.labels()[0], 3);
    assert!(parts.iter().any(|(name, part)| name.starts_with("source=") && *part > 0.0), "{parts:?}");
    // An example without the values is answered by its text.
    assert_eq!(model.predict(&[&example("word1", Annotation::Label(0))]).len(), 1);
    // In folds the answers are those of models by themselves.
    let folds: Vec<u32> = (0..data.len() as u32).map(|i| i % 3).collect();
    let params = LinearParams { columns: vec!["source".to_owned()], ..LinearParams::default() };
    let (answers, _) =
        out_of_fold(Task::Classification, &names(2), &refs(&data), &folds, None, &params, &Silent).unwrap();
    let outside: Vec<&Example> = data.iter().zip(&folds).filter(|(_, f)| **f != 0).map(|(e, _)| e).collect();
    let alone = fit(Task::Classification, &names(2), &outside, None, &params, &Silent).unwrap().model;
    let inside: Vec<usize> = (0..data.len()).filter(|&i| folds[i] == 0).collect();
    let wanted = alone.predict(&inside.iter().map(|&i| &data[i]).collect::<Vec<_>>());
    assert_eq!(answers.select(&inside), wanted);
}

//! The chain as a learner: what it promises whatever the data.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Mutex;

use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, Example, LabelSet, Predictions, Rng, Span, Token};
use trueup_model::crf::{Alignment, Clusters, CrfParams, Fold, FoldRecord, Optimiser, fit, out_of_fold};
use trueup_model::{ModelError, Predictor, Progress, Silent};

fn example(text: &str, spans: &[(usize, usize, u32)]) -> Example {
    let span = |&(start, end, label): &(usize, usize, u32)| Span { start: start as u32, end: end as u32, label };
    let mut spans: Vec<Span> = spans.iter().map(span).collect();
    spans.sort_unstable();
    Example {
        id: String::new(),
        text: text.to_owned(),
        gold: Annotation::Spans(spans),
        tokens: Vec::new(),
        group: None,
        time: None,
        metadata: Vec::new(),
        line: 0,
    }
}

/// `text` with each `[words]` a span of label 0 and each `{words}` one of label 1.
fn marked(text: &str) -> Example {
    let (mut plain, mut spans, mut start) = (String::new(), Vec::new(), 0);
    for c in text.chars() {
        match c {
            '[' | '{' => start = plain.len(),
            ']' => spans.push((start, plain.len(), 0)),
            '}' => spans.push((start, plain.len(), 1)),
            c => plain.push(c),
        }
    }
    example(&plain, &spans)
}

fn labels() -> LabelSet {
    LabelSet::new(["city", "person"])
}

/// Sentences from a few patterns, some of them mislabelled, so that there is something to overfit.
fn corpus(n: usize, seed: u64) -> Vec<Example> {
    let cities = ["Lagos", "New York", "Kano", "Rio de Janeiro", "Oslo", "Jos", "São Paulo", "Bonn"];
    let people = ["Ada", "Grace Hopper", "Bola", "Émile", "Mary Ann Evans", "Tunde"];
    let mut rng = Rng::new(seed);
    let sentence = |_| {
        let (city, person) = (cities[rng.below(cities.len())], people[rng.below(people.len())]);
        let (city, person) = if rng.below(8) == 0 { (person, city) } else { (city, person) };
        marked(&match rng.below(5) {
            0 => format!("{{{person}}} lives in [{city}] ."),
            1 => format!("We met {{{person}}} on the way to [{city}]"),
            2 => format!("[{city}] is far, said {{{person}}}."),
            3 => format!("nothing to see in the {} papers", rng.below(100)),
            _ => format!("{{{person}}} and {{{person}}} sang"),
        })
    };
    (0..n).map(sentence).collect()
}

fn refs(examples: &[Example]) -> Vec<&Example> {
    examples.iter().collect()
}

fn params(epochs: u32) -> CrfParams {
    CrfParams { epochs, ..CrfParams::default() }
}

/// The answers must be spans at character boundaries of the text, disjoint, in order, each with a probability.
fn check(examples: &[Example], predictions: &Predictions) {
    assert_eq!(predictions.len(), examples.len());
    let scores = predictions.span_scores.as_ref().unwrap();
    for ((example, answer), scores) in examples.iter().zip(&predictions.answers).zip(scores) {
        let spans = answer.spans();
        assert_eq!(spans.len(), scores.len());
        assert!(scores.iter().all(|p| (0.0..=1.0).contains(p)), "{scores:?}");
        assert!(spans.iter().all(|s| example.text.get(s.range()).is_some_and(|t| !t.is_empty())), "{spans:?}");
        assert!(spans.windows(2).all(|w| w[0].end <= w[1].start), "{spans:?}");
    }
}

#[test]
fn learns_the_pattern_and_gives_probabilities() {
    let train = corpus(200, 1);
    let fitted = fit(&labels(), &refs(&train), None, &params(5), &Silent).unwrap();
    assert_eq!((fitted.epochs, fitted.curve.len()), (5, 5));
    assert!(fitted.features > 100);
    let first = &fitted.curve[0];
    let last = &fitted.curve[4];
    assert!(last.train_loss < first.train_loss / 2.0 && last.train_loss > 0.0);
    assert!(last.train_score > first.train_score && last.train_accuracy > first.train_accuracy);
    assert_eq!((last.valid_loss, last.valid_score, last.valid_accuracy), (None, None, None));

    let new = [marked("{Wole} lives in [Port Harcourt] ."), marked("they sang in the papers"), marked("")];
    let predictions = fitted.model.predict(&refs(&new));
    check(&new, &predictions);
    assert_eq!(predictions.answers[0], new[0].gold);
    assert_eq!(predictions.answers[2], Annotation::Spans(vec![]));
    assert_eq!(predictions.labels, labels());
}

#[test]
fn without_gold_spans_or_words_it_says_so() {
    let none = [marked("no span here"), marked("nor here")];
    let error =
        |train: &[Example], params: &CrfParams| fit(&labels(), &refs(train), None, params, &Silent).unwrap_err();
    assert_eq!(error(&none, &params(1)), ModelError::NoSpans { examples: 2 });
    assert_eq!(error(&[], &params(1)), ModelError::NoSpans { examples: 0 });
    // A span over white space alone: there is gold, but no word.
    assert_eq!(error(&[example("   ", &[(0, 2, 0)])], &params(1)), ModelError::NoFeatures { examples: 1 });
    // A span over the space between words: there are words, but none of them in it.
    assert_eq!(error(&[example("a  b", &[(1, 3, 0)])], &params(1)), ModelError::NoSpans { examples: 1 });
    let rare = CrfParams { min_count: 1_000, ..params(1) };
    assert_eq!(error(&[marked("[Kano] it is")], &rare), ModelError::NoFeatures { examples: 1 });
}

#[test]
fn same_bytes_at_any_number_of_threads() {
    let (train, valid, test) = (corpus(120, 2), corpus(40, 3), corpus(60, 4));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fitted = fit(&labels(), &refs(&train), Some(&refs(&valid)), &params(6), &Silent).unwrap();
            let predictions = fitted.model.predict(&refs(&test));
            (fitted.epochs, fitted.features, fitted.curve, predictions)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
    check(&test, &one.3);
    let other = CrfParams { seed: 43, ..params(6) };
    let other = fit(&labels(), &refs(&train), Some(&refs(&valid)), &other, &Silent).unwrap();
    assert_ne!(one.2, other.curve, "the seed orders the sentences");
}

/// The corpus with the label of two spans in five drawn anew: what is learnt of them by heart does not carry over.
fn noisy(n: usize, seed: u64) -> Vec<Example> {
    let mut rng = Rng::new(seed ^ 1);
    let mut examples = corpus(n, seed);
    for example in &mut examples {
        let mut spans = example.gold.spans().to_vec();
        for span in &mut spans {
            if rng.below(5) < 2 {
                span.label = rng.below(2) as u32;
            }
        }
        example.gold = Annotation::Spans(spans);
    }
    examples
}

#[test]
fn early_stopping_keeps_the_best_pass() {
    let (train, valid, test) = (noisy(60, 5), noisy(60, 6), noisy(60, 7));
    let patient = CrfParams { epochs: 40, patience: 2, learning_rate: 0.2, ..CrfParams::default() };
    let stopped = fit(&labels(), &refs(&train), Some(&refs(&valid)), &patient, &Silent).unwrap();
    let losses: Vec<f64> = stopped.curve.iter().map(|point| point.valid_loss.unwrap()).collect();
    let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap();
    assert!(losses.len() < 40, "the noise in the labels must bring the loss up again: {losses:?}");
    assert_eq!(stopped.epochs as usize, best + 1);
    assert_eq!(losses.len(), best + 1 + 2);

    // The same passes without a validation part give the same model, and not that of the pass it stopped in.
    let model = |epochs: u32| {
        let exact = CrfParams { epochs, ..patient.clone() };
        fit(&labels(), &refs(&train), None, &exact, &Silent).unwrap().model.predict(&refs(&test))
    };
    assert_eq!(stopped.model.predict(&refs(&test)), model(stopped.epochs));
    assert_ne!(stopped.model.predict(&refs(&test)), model(losses.len() as u32));
}

#[test]
fn the_validation_curve_is_the_models_own() {
    let (train, valid) = (corpus(80, 8), corpus(40, 9));
    let fitted = fit(&labels(), &refs(&train), Some(&refs(&valid)), &params(1), &Silent).unwrap();
    let mut tallies = trueup_core::counts::Tallies::new(2);
    let predictions = fitted.model.predict(&refs(&valid));
    valid.iter().zip(&predictions.answers).for_each(|(example, answer)| tallies.add(&example.gold, answer));
    assert_eq!(fitted.curve[0].valid_score, tallies.f1_micro());
}

#[test]
fn a_validation_part_without_words_judges_nothing() {
    let train = corpus(30, 10);
    let empty = [marked("")];
    let fitted = fit(&labels(), &refs(&train), Some(&refs(&empty)), &params(3), &Silent).unwrap();
    assert_eq!((fitted.epochs, fitted.curve.len(), fitted.curve[2].valid_loss), (3, 3, None));
}

#[test]
fn spans_of_emoji_and_combining_marks_are_whole_characters() {
    let train: Vec<Example> = (0..20)
        .map(|i| marked(["[cafe\u{301} 👩‍🔬👍🏽] è lì 😀", "{Zoe\u{308}} 🇳🇬 to [Łódź]", "हिन्दी में [दिल्ली] है"][i % 3]))
        .collect();
    let fitted = fit(&labels(), &refs(&train), None, &params(10), &Silent).unwrap();
    let predictions = fitted.model.predict(&refs(&train));
    check(&train, &predictions);
    for (example, answer) in train.iter().zip(&predictions.answers) {
        assert_eq!(&example.gold, answer, "{}", example.text);
    }
}

#[test]
fn a_very_long_sentence_is_a_sentence() {
    let train = corpus(50, 11);
    let long = (0..2_500).map(|i| train[i % 50].text.as_str()).collect::<Vec<_>>().join(" ");
    let mut long = [example(&long, &[(0, 5, 0)])];
    let tokens = trueup_core::text::tokenise(&long[0].text).len();
    assert!(tokens > 10_000, "{tokens}");
    let fitted = fit(&labels(), &refs(&train), Some(&refs(&long)), &params(2), &Silent).unwrap();
    assert!(fitted.curve.iter().all(|point| point.valid_loss.is_some_and(f64::is_finite)));
    let predictions = fitted.model.predict(&refs(&long));
    check(&long, &predictions);
    assert!(predictions.answers[0].spans().len() > 2_000);
    // And it can be learnt from.
    long[0].gold = predictions.answers[0].clone();
    let fitted = fit(&labels(), &refs(&long), None, &params(2), &Silent).unwrap();
    assert!(fitted.curve.iter().all(|point| point.train_loss.is_finite()));
}

#[test]
fn a_long_text_is_answered_and_learnt_sentence_by_sentence() {
    // Real sentence ends: all but one pattern of the corpus end so.
    let ended = |mut example: Example| {
        if !example.text.ends_with('.') {
            example.text.push_str(" indeed.");
        }
        example
    };
    let train: Vec<Example> = corpus(60, 11).into_iter().map(ended).collect();
    let params = CrfParams { keep: 1.0, weights: 100.0, ..params(4) };
    let whole = |examples: &[Example]| {
        let (mut text, mut spans) = (String::new(), Vec::new());
        for example in examples {
            let at = text.len() as u32;
            spans.extend(example.gold.spans().iter().map(|s| Span { start: s.start + at, end: s.end + at, ..*s }));
            text.push_str(&example.text);
            // A blank line ends a sentence, whatever its last word.
            text.push_str("\n\n");
        }
        Example { gold: Annotation::Spans(spans), ..example(&text, &[]) }
    };
    let all: Vec<Example> = (0..20).flat_map(|_| train.iter().cloned()).collect();
    let long = whole(&all);
    let fitted = fit(&labels(), &refs(&all), Some(&refs(&train)), &params, &Silent).unwrap();
    // Learnt from in one text it is the same model.
    let from_long = fit(&labels(), &[&long], Some(&refs(&train)), &params, &Silent).unwrap();
    assert_eq!(from_long.curve, fitted.curve);
    assert_eq!(from_long.model.alignment(), fitted.model.alignment());
    // And answered in one text it gets the same answers with the same probabilities.
    let answers = fitted.model.predict(&refs(&all));
    let in_one = fitted.model.predict(&[&long]);
    let pieces: Vec<Example> =
        all.iter().zip(&answers.answers).map(|(e, a)| Example { gold: a.clone(), ..e.clone() }).collect();
    assert_eq!(in_one.answers[0], whole(&pieces).gold);
    let scores: Vec<f64> = answers.span_scores.unwrap().concat();
    assert!(scores.len() > 1_000);
    assert_eq!(in_one.span_scores.unwrap()[0], scores);
    // So are the reasons.
    let (span, of_long) = (pieces[0].gold.spans()[0], in_one.answers[0].spans()[0]);
    assert_eq!(fitted.model.explain(&pieces[0], &span), fitted.model.explain(&long, &of_long));
}

#[test]
fn given_tokens_are_used_and_gold_that_does_not_fit_is_counted() {
    let mut train = corpus(20, 12);
    let mut own = example("New York-based Ada", &[(0, 8, 0), (15, 18, 1), (0, 3, 1)]);
    own.tokens = [(0, 3), (4, 14), (15, 18)].map(|(start, end)| Token { start, end, tag: None }).to_vec();
    train.push(own);
    let gold: Vec<Annotation> = train.iter().map(|example| example.gold.clone()).collect();
    let fitted = fit(&labels(), &refs(&train), None, &params(20), &Silent).unwrap();
    let spans: usize = gold.iter().map(|gold| gold.spans().len()).sum();
    let expected = Alignment { spans: spans as u64, misaligned: 1, overlapping: 1 };
    assert_eq!(fitted.model.alignment(), expected);
    assert!(train.iter().zip(&gold).all(|(example, gold)| example.gold == *gold));
    // The tokens it learnt are those given: the answer covers the whole of the second.
    let answer = fitted.model.predict(&[&train[20]]).answers.remove(0);
    assert_eq!(answer.spans()[0], Span { start: 0, end: 14, label: 0 });
}

#[test]
fn a_label_without_gold_is_never_predicted_and_its_gold_counts() {
    let wide = LabelSet::new(["city", "person", "river"]);
    let train = corpus(40, 13);
    let valid = [example("Ada saw the Niger", &[(12, 17, 2)])];
    let fitted = fit(&wide, &refs(&train), Some(&refs(&valid)), &params(2), &Silent).unwrap();
    assert!(fitted.curve.iter().all(|point| point.valid_score == Some(0.0)));
    let predictions = fitted.model.predict(&refs(&valid));
    assert!(predictions.answers[0].spans().iter().all(|span| span.label != 2));
}

/// Hears of passes, and says stop after so many.
struct Log {
    heard: Mutex<Vec<(u32, u32, f64)>>,
    most: usize,
}

impl Log {
    fn until(most: usize) -> Self {
        Self { heard: Mutex::new(Vec::new()), most }
    }
}

impl Progress for Log {
    fn epoch(&self, done: u32, of: u32, loss: f64) {
        self.heard.lock().unwrap().push((done, of, loss));
    }

    fn stopped(&self) -> bool {
        self.heard.lock().unwrap().len() >= self.most
    }
}

#[test]
fn progress_hears_of_every_pass() {
    let (train, valid) = (corpus(20, 14), corpus(10, 24));
    for valid in [None, Some(&refs(&valid)[..])] {
        let log = Log::until(usize::MAX);
        let fitted = fit(&labels(), &refs(&train), valid, &params(3), &log).unwrap();
        let loss = |point: &CurvePoint| point.valid_loss.unwrap_or(point.train_loss);
        let expected: Vec<_> = fitted.curve.iter().map(|point| (point.step, 3, loss(point))).collect();
        assert_eq!(log.heard.into_inner().unwrap(), expected);
        assert_eq!(fitted.curve[0].valid_loss.is_some(), valid.is_some());
    }
}

#[test]
fn who_watches_can_say_stop() {
    let (train, valid, test) = (noisy(60, 5), noisy(60, 6), corpus(30, 25));
    for optimiser in [Optimiser::Adagrad, Optimiser::Lbfgs] {
        let params = |epochs: u32| CrfParams { optimiser, patience: 40, l2: 0.1, ..params(epochs) };
        for valid in [None, Some(&refs(&valid)[..])] {
            let stopped = fit(&labels(), &refs(&train), valid, &params(40), &Log::until(7)).unwrap();
            assert_eq!(stopped.curve.len(), 7, "{optimiser:?}");
            // The best so far: what as many passes leave whose end was set before.
            let ended = fit(&labels(), &refs(&train), valid, &params(7), &Silent).unwrap();
            assert_eq!((stopped.epochs, &stopped.curve), (ended.epochs, &ended.curve));
            assert_eq!(stopped.model.predict(&refs(&test)), ended.model.predict(&refs(&test)));
        }
    }
}

#[test]
fn who_watches_can_stop_all_folds() {
    let data = corpus(60, 16);
    let folds = Fold::of(&(0..data.len()).map(|i| i % 3).collect::<Vec<_>>());
    let folds: Vec<Fold> = folds.into_iter().map(|fold| fold.watching(|row| row % 10 == 4)).collect();
    let (answers, records) = out_of_fold(&labels(), &refs(&data), &folds, &params(50), &Log::until(5)).unwrap();
    check(&data, &answers);
    // Of the trainings under way each ends its pass, and the others take one.
    assert!(records.iter().all(|record| record.curve.len() <= 5 && record.epochs <= 5));
    assert!(records.iter().any(|record| record.epochs == 1));
}

#[test]
fn parameters_describe_themselves() {
    let described = CrfParams { min_count: 2, ..CrfParams::default() }.describe();
    assert_eq!(described["min_count"], "2");
    assert_eq!(described["learning_rate"], "0.05");
    assert_eq!(described.len(), 13);
}

#[test]
fn out_of_fold_answers_are_those_of_fits_of_their_own() {
    let data = noisy(90, 15);
    let all = refs(&data);
    let fold_of: Vec<usize> = (0..data.len()).map(|i| i % 4).collect();
    let mut folds = Fold::of(&fold_of);
    // Two folds search for their number of passes, one of them with a learning curve.
    for fold in &mut folds[..2] {
        *fold = fold.clone().watching(|row| row % 10 < 2);
        assert_eq!(fold.fit.len() + fold.watched.len(), fold.all.len());
    }
    let nothing: Vec<usize> = folds[0].fit.iter().copied().filter(|&row| data[row].gold.spans().is_empty()).collect();
    folds[0].smaller = vec![folds[0].fit[..20].to_vec(), nothing];
    let params = CrfParams { prune_after: 2, patience: 1, learning_rate: 0.2, gazetteer: lists(), ..params(9) };
    let (answers, records) = out_of_fold(&labels(), &all, &folds, &params, &Silent).unwrap();
    check(&data, &answers);
    let pick = |rows: &[usize]| rows.iter().map(|&row| all[row]).collect::<Vec<_>>();
    for (fold, record) in folds.iter().zip(&records) {
        let watched = pick(&fold.watched);
        let searched = |rows: &[usize]| fit(&labels(), &pick(rows), Some(&watched), &params, &Silent);
        let search = (!watched.is_empty()).then(|| searched(&fold.fit).unwrap());
        let epochs = search.as_ref().map_or(params.epochs, |search| search.epochs);
        let refit = CrfParams { epochs, ..params.clone() };
        let fitted = fit(&labels(), &pick(&fold.all), None, &refit, &Silent).unwrap();
        let own = fitted.model.predict(&pick(&fold.held));
        for (i, &row) in fold.held.iter().enumerate() {
            assert_eq!(answers.answers[row], own.answers[i]);
            assert_eq!(answers.span_scores.as_ref().unwrap()[row], own.span_scores.as_ref().unwrap()[i]);
        }
        let small = fold.smaller.iter().map(|rows| searched(rows).ok());
        let learning = small.chain((!fold.smaller.is_empty()).then(|| searched(&fold.fit).ok()));
        let own = FoldRecord {
            epochs,
            features: fitted.features,
            curve: search.map_or(fitted.curve, |search| search.curve),
            learning: learning.map(|fitted| Some(fitted?.model.predict(&watched))).collect(),
        };
        assert_eq!(*record, own);
    }
    assert!(records[0].epochs < 9 && records[2].epochs == 9, "one that watches stops early");
    assert_eq!(records[0].learning.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn out_of_fold_is_the_same_at_any_number_of_threads() {
    let data = corpus(60, 16);
    let folds = Fold::of(&(0..data.len()).map(|i| i % 3).collect::<Vec<_>>());
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| out_of_fold(&labels(), &refs(&data), &folds, &params(4), &Silent).unwrap())
    };
    assert_eq!(run(1), run(3));
}

fn lists() -> BTreeMap<String, Vec<String>> {
    [("city".to_owned(), ["Lagos", "Kano", "New York", "Oslo"].map(str::to_owned).to_vec())].into()
}

#[test]
fn names_of_a_list_are_found_where_training_never_saw_them() {
    // Neither the words around a name nor its shape say anything: only the list tells one from another.
    let train: Vec<Example> = (0..40)
        .map(|i| {
            marked(["we saw [lagos] there", "we saw bread there", "we saw [kano] there", "we saw water there"][i % 4])
        })
        .collect();
    let test = [marked("we saw [oslo] there"), marked("we saw ozlo there")];
    let answers = |gazetteer| {
        let params = CrfParams { gazetteer, ..params(10) };
        let model = fit(&labels(), &refs(&train), None, &params, &Silent).unwrap().model;
        model.predict(&refs(&test)).answers
    };
    assert_eq!(answers(lists()), [test[0].gold.clone(), test[1].gold.clone()]);
    assert_ne!(answers(lists()), answers(BTreeMap::new()));
}

#[test]
fn words_used_alike_in_other_texts_are_known() {
    // Of four kinds of words two are seen in training; the others share their neighbours in texts without labels.
    let texts: Vec<Example> = ["lagos", "kano", "bern", "bonn", "bread", "water", "sand", "milk"]
        .iter()
        .enumerate()
        .flat_map(|(i, word)| {
            let text = if i < 4 { format!("from {word} by train") } else { format!("with some {word} please") };
            vec![marked(&text); 6]
        })
        .collect();
    let marks = ["we saw [lagos] there", "we saw bread there", "we saw [kano] there", "we saw water there"];
    let train: Vec<Example> = (0..40).map(|i| marked(marks[i % 4])).collect();
    let test = [marked("we saw [bern] there"), marked("we saw sand there")];
    let model = |clusters| {
        let params = CrfParams { clusters, keep: 1.0, ..params(10) };
        fit(&labels(), &refs(&train), None, &params, &Silent).unwrap().model
    };
    let clusters = Clusters::learn(&refs(&texts), 4);
    let with = model(clusters.clone());
    let answers = with.predict(&refs(&test)).answers;
    assert_eq!(answers, [test[0].gold.clone(), test[1].gold.clone()]);
    assert_ne!(answers, model(Clusters::default()).predict(&refs(&test)).answers);
    let reasons = with.explain(&test[0], &test[0].gold.spans()[0]);
    assert!(reasons.iter().any(|r| r.feature.starts_with("cluster[0]=") && r.weight > 0.0), "{reasons:?}");
}

#[test]
fn fewer_features_are_left_and_the_answers_hold() {
    let (train, test) = (corpus(200, 17), corpus(80, 18));
    let model = |keep: f32| {
        let params = CrfParams { keep, ..params(8) };
        fit(&labels(), &refs(&train), None, &params, &Silent).unwrap()
    };
    let (all, some) = (model(1.0), model(0.2));
    assert!(some.features * 3 < all.features, "{} of {}", some.features, all.features);
    assert_eq!(some.features, some.model.features());
    let f1 = |model: &dyn Predictor| {
        let mut tallies = trueup_core::counts::Tallies::new(2);
        let predictions = model.predict(&refs(&test));
        test.iter().zip(&predictions.answers).for_each(|(example, answer)| tallies.add(&example.gold, answer));
        tallies.f1_micro().unwrap()
    };
    let (all, some) = (f1(&all.model), f1(&some.model));
    assert!(some > all - 0.03, "{some} against {all}");
}

#[test]
fn a_model_that_stopped_early_is_a_small_one() {
    let (train, valid) = (corpus(200, 5), corpus(60, 6));
    let params = CrfParams { patience: 1, prune_after: 3, keep: 0.003, ..params(5) };
    let fitted = |params: &CrfParams| fit(&labels(), &refs(&train), Some(&refs(&valid)), params, &Silent).unwrap();
    let small = fitted(&params);
    let losses: Vec<f64> = small.curve.iter().map(|point| point.valid_loss.unwrap()).collect();
    // The loss was lowest with all features, but those are left behind all the same.
    assert!(losses[..3].iter().any(|loss| *loss < losses[small.epochs as usize - 1]), "{losses:?}");
    assert!(small.epochs > 3 && small.features < 60, "{} after {}", small.features, small.epochs);
    // Where there is no pass after them, the lowest loss wins.
    let all = fitted(&CrfParams { epochs: 3, ..params });
    assert!(all.epochs <= 3 && all.features > 600, "{} after {}", all.features, all.epochs);
}

#[test]
fn an_l1_penalty_makes_weights_zero() {
    let train = corpus(100, 19);
    let bytes = |l1: f32| {
        let params = CrfParams { l1, keep: 1.0, weights: 100.0, ..params(5) };
        let mut parts = fit(&labels(), &refs(&train), None, &params, &Silent).unwrap().model.to_parts();
        parts.take::<u8>("weights", &[None]).unwrap().len()
    };
    assert!(bytes(0.05) * 2 < bytes(0.0), "{} against {}", bytes(0.05), bytes(0.0));
}

#[test]
fn fewer_weights_take_less_room() {
    let train = corpus(200, 17);
    let bytes = |weights: f32| {
        let fitted = fit(&labels(), &refs(&train), None, &CrfParams { weights, ..params(8) }, &Silent).unwrap();
        fitted.model.to_parts().take::<u8>("weights", &[None]).unwrap().len()
    };
    assert!(bytes(2.0) * 2 < bytes(9.0), "{} against {}", bytes(2.0), bytes(9.0));
}

#[test]
fn the_best_answers_are_ranked_and_their_probabilities_add_up() {
    let model = fit(&labels(), &refs(&corpus(60, 20)), None, &params(2), &Silent).unwrap().model;
    let text = example("Ada met Bonn", &[]);
    let ranked = model.n_best(&text, 1_000);
    assert!(ranked.windows(2).all(|w| w[0].probability >= w[1].probability));
    // All answers to three tokens: 9 states, and every valid sequence is one.
    let sum: f64 = ranked.iter().map(|r| r.probability).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    let predictions = model.predict(&[&text]);
    assert_eq!(ranked[0].spans, predictions.answers[0].spans());
    // The score of a span is the probability of all answers that hold it.
    for (span, score) in predictions.answers[0].spans().iter().zip(&predictions.span_scores.unwrap()[0]) {
        let with: f64 = ranked.iter().filter(|r| r.spans.contains(span)).map(|r| r.probability).sum();
        assert!((with - score).abs() < 1e-6, "{with} against {score}");
    }
    assert_eq!(model.n_best(&text, 3), ranked[..3]);
    assert!(model.n_best(&text, 0).is_empty());
    let nothing = model.n_best(&example("", &[]), 4);
    assert_eq!((nothing.len(), nothing[0].probability), (1, 1.0));
}

#[test]
fn reasons_are_what_the_score_of_a_span_is_made_of() {
    let params = CrfParams { gazetteer: lists(), keep: 1.0, ..params(6) };
    let model = fit(&labels(), &refs(&corpus(120, 21)), None, &params, &Silent).unwrap().model;
    let text = marked("{Ada} lives in [Lagos] .");
    let spans = text.gold.spans();
    assert_eq!(model.predict(&[&text]).answers[0].spans(), spans);
    let reasons = model.explain(&text, &spans[1]);
    assert!(reasons.windows(2).all(|w| w[0].weight.abs() >= w[1].weight.abs()));
    assert!(reasons.iter().any(|r| r.feature == "lower[-1]=in" && r.weight > 0.0), "{reasons:?}");
    assert!(reasons.iter().any(|r| r.feature.starts_with("list city (alone)") && r.weight > 0.0), "{reasons:?}");
    // Of a span of one token: the odds of the two taggings differ by the reasons, and by the steps at its edges.
    let total: f64 = reasons.iter().map(|r| r.weight).sum();
    let ranked = model.n_best(&text, 500);
    let without: Vec<Span> = spans[..1].to_vec();
    let log = |wanted: &[Span]| ranked.iter().find(|r| r.spans == wanted).unwrap().probability.ln();
    let edges = log(spans) - log(&without) - total;
    let other = marked("{Ada} lives in [Bonn] .");
    let ranked = model.n_best(&other, 500);
    let log = |wanted: &[Span]| ranked.iter().find(|r| r.spans == wanted).unwrap().probability.ln();
    let bonn: f64 = model.explain(&other, &other.gold.spans()[1]).iter().map(|r| r.weight).sum();
    // The neighbours' features of the next word are theirs, not the span's; both sentences have the same places.
    let difference = (log(other.gold.spans()) - log(&without) - bonn) - edges;
    assert!(difference.abs() < 1e-6, "{difference}");
    // What overlaps no token, or has a label without states, has no reason.
    assert!(model.explain(&text, &Span { start: 3, end: 4, label: 0 }).is_empty());
    assert!(model.explain(&text, &Span { start: 0, end: 3, label: 7 }).is_empty());
}

#[test]
fn lbfgs_brings_the_loss_down_every_pass_the_same_at_any_number_of_threads() {
    let (train, test) = (noisy(200, 22), corpus(60, 23));
    let params = CrfParams { optimiser: Optimiser::Lbfgs, l2: 0.5, ..params(300) };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fitted = fit(&labels(), &refs(&train), None, &params, &Silent).unwrap();
            (fitted.model.predict(&refs(&test)), fitted.curve, fitted.epochs)
        })
    };
    let one = run(1);
    assert_eq!(one, run(3));
    check(&test, &one.0);
    assert!(one.1.windows(2).all(|w| w[1].train_loss < w[0].train_loss * 1.01), "{:?}", one.1);
    assert!(one.2 < 300, "it converges");
    let stopped = fit(&labels(), &refs(&train), Some(&refs(&test)), &params, &Silent).unwrap();
    assert!(stopped.curve.len() as u32 - stopped.epochs <= params.patience);
}

//! The chain as a learner: what it promises whatever the data.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use trueup_core::{Annotation, Example, LabelSet, Predictions, Rng, Span, Token};
use trueup_model::crf::{Alignment, CrfParams, fit};
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

#[test]
fn progress_hears_of_every_pass() {
    struct Log(Mutex<Vec<(u32, u32, f64)>>);
    impl Progress for Log {
        fn epoch(&self, done: u32, of: u32, train_loss: f64) {
            self.0.lock().unwrap().push((done, of, train_loss));
        }
    }
    let log = Log(Mutex::new(Vec::new()));
    let fitted = fit(&labels(), &refs(&corpus(20, 14)), None, &params(3), &log).unwrap();
    let expected: Vec<_> = fitted.curve.iter().map(|point| (point.step, 3, point.train_loss)).collect();
    assert_eq!(log.0.into_inner().unwrap(), expected);
}

#[test]
fn parameters_describe_themselves() {
    let described = CrfParams { min_count: 2, ..CrfParams::default() }.describe();
    assert_eq!(described["min_count"], "2");
    assert_eq!(described["learning_rate"], "0.05");
    assert_eq!(described.len(), 6);
}

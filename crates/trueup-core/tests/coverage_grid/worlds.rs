//! Populations whose figures are known exactly: examples are drawn from a finite list of outcomes, each with its
//! probability, or by a rule short enough to sum by hand.

use std::collections::BTreeMap;

use trueup_core::measure::{MeasureOptions, Selection, measure};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Rng, Scores, Span, Task};

/// A sample.
pub struct Drawn {
    pub task: Task,
    pub labels: LabelSet,
    pub gold: Vec<Annotation>,
    pub predictions: Predictions,
    pub clusters: Option<Vec<u32>>,
}

impl Drawn {
    /// Whether a label has fewer than 20 gold, and intervals that rest on it are marked wide.
    pub fn is_wide(&self) -> bool {
        let mut support = vec![0; self.labels.len()];
        for gold in &self.gold {
            match gold {
                Annotation::Label(label) => support[*label as usize] += 1,
                Annotation::Labels(labels) => labels.iter().for_each(|label| support[*label as usize] += 1),
                Annotation::Spans(spans) => spans.iter().for_each(|span| support[span.label as usize] += 1),
            }
        }
        support.iter().any(|&gold| gold < 20)
    }
}

/// The figures of a population.
#[derive(Debug, Default, Clone)]
pub struct Truth {
    /// Precision, recall and F1 by label.
    pub terms: Vec<[f64; 3]>,
    /// The other metrics by name.
    pub metrics: BTreeMap<String, f64>,
}

/// Where samples come from. The first label is the rarest.
pub trait World: Sync {
    /// What it is, for the table.
    fn name(&self) -> &'static str;
    /// The share of right answers, for the table.
    fn right(&self) -> f64;
    /// The share of gold of the rarest label a unit.
    fn rarest(&self) -> f64;
    /// The metrics to look at in each cell.
    fn metrics(&self) -> &'static [&'static str];
    fn truth(&self) -> Truth;
    /// Every outcome with its probability, where there is a list of them: all other metrics have the figures of that.
    fn outcomes(&self) -> Option<(Drawn, Vec<f64>)> {
        None
    }
    fn draw(&self, rng: &mut Rng, n: usize) -> Drawn;
}

fn named<const N: usize>(figures: [(&str, f64); N]) -> BTreeMap<String, f64> {
    figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect()
}

/// Every metric of a population. It is measured as a sample whose weights are the probabilities; each outcome comes many
/// times over, as areas over single examples know no other repetition.
pub fn figures((population, probabilities): (Drawn, Vec<f64>)) -> BTreeMap<String, f64> {
    const COPIES: usize = 50;
    let Drawn { task, labels, gold, predictions, .. } = population;
    let copies = |of: &[Annotation]| of.iter().flat_map(|one| std::iter::repeat_n(one.clone(), COPIES)).collect();
    let gold: Vec<Annotation> = copies(&gold);
    let scores = predictions.scores.map(|of| {
        let mut scores = Scores::new(labels.len());
        (0..of.len()).for_each(|row| (0..COPIES).for_each(|_| scores.push(of.row(row))));
        scores
    });
    let answers = copies(&predictions.answers);
    let predictions = Predictions { answers, scores, ..predictions };
    let weights: Vec<f64> = probabilities.iter().flat_map(|&p| [p / COPIES as f64; COPIES]).collect();
    let pair = Pair::new(task, &labels, &gold, &predictions, None).unwrap().with_weights(&weights).unwrap();
    let options =
        MeasureOptions { positive: Some(0), intervals: false, metrics: Selection::All, ..MeasureOptions::default() };
    let found = measure(&pair, &options).metrics;
    found.into_iter().filter_map(|(name, figure)| Some((name, figure.value?))).collect()
}

fn names(k: usize) -> LabelSet {
    LabelSet::new(["a", "b", "c", "d", "e", "f"].into_iter().take(k))
}

/// Precision, recall and F1 from the probabilities of a true positive, a false positive and a false negative.
fn terms(tp: f64, fp: f64, fn_: f64) -> [f64; 3] {
    [tp / (tp + fp), tp / (tp + fn_), 2.0 * tp / (2.0 * tp + fp + fn_)]
}

/// One label an example, with probabilities of many levels of confidence.
pub struct Labelled {
    name: &'static str,
    right: f64,
    shares: Vec<f64>,
    /// Outcomes (gold, prediction, row of scores) and the sums of their probabilities.
    outcomes: Vec<(u32, u32, usize)>,
    probabilities: Vec<f64>,
    ends: Vec<f64>,
    rows: Vec<Vec<f64>>,
}

const LEVELS: usize = 24;

impl Labelled {
    /// Labels of `shares`; the answer is right with probability `right`, and errors are `factor` times as frequent as
    /// the confidence says. A wrong answer is another label in proportion to the shares.
    pub fn new(name: &'static str, shares: &[f64], right: f64, factor: f64) -> Self {
        let k = shares.len();
        let top: Vec<f64> = (0..LEVELS).map(|l| 1.0 - 0.45 * 0.004f64.powf(l as f64 / (LEVELS - 1) as f64)).collect();
        let of_level: Vec<f64> = top.iter().map(|c| 1.0 - (factor * (1.0 - c)).min(1.0 - 1.0 / k as f64)).collect();
        // Shares of the levels, tilted until the answers are right as often as wanted.
        let weights = |tilt: f64| -> Vec<f64> {
            let raw: Vec<f64> = (0..LEVELS).map(|l| (tilt * l as f64).exp()).collect();
            let sum: f64 = raw.iter().sum();
            raw.iter().map(|w| w / sum).collect()
        };
        let mean = |tilt: f64| weights(tilt).iter().zip(&of_level).map(|(w, r)| w * r).sum::<f64>();
        let (mut low, mut high) = (-20.0, 20.0);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if mean(middle) < right {
                low = middle;
            } else {
                high = middle;
            }
        }
        assert!((mean(low) - right).abs() < 1e-9, "{name}: {right} is out of reach");
        let levels = weights(low);

        let (mut outcomes, mut probabilities, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for level in 0..LEVELS {
            for predicted in 0..k {
                for second in (0..k).filter(|&s| s != predicted) {
                    let rest = 1.0 - top[level];
                    let row: Vec<f64> = (0..k)
                        .map(|l| match l {
                            _ if l == predicted => top[level],
                            _ if k == 2 => rest,
                            _ if l == second => 0.6 * rest,
                            _ => 0.4 * rest / (k - 2) as f64,
                        })
                        .collect();
                    for gold in 0..k {
                        let others = (k - 1) as f64;
                        let (answer, of_second) = if gold == predicted {
                            (of_level[level], 1.0 / others)
                        } else {
                            let share = shares[predicted] / (1.0 - shares[gold]);
                            let half = 0.5 * f64::from(u8::from(second == gold));
                            ((1.0 - of_level[level]) * share, half + 0.5 / others)
                        };
                        outcomes.push((gold as u32, predicted as u32, rows.len()));
                        probabilities.push(levels[level] * shares[gold] * answer * of_second);
                    }
                    rows.push(row);
                }
            }
        }
        let mut sum = 0.0;
        let ends: Vec<f64> = probabilities
            .iter()
            .map(|p| {
                sum += p;
                sum
            })
            .collect();
        assert!((sum - 1.0).abs() < 1e-9);
        Self { name, right, shares: shares.to_vec(), outcomes, probabilities, ends, rows }
    }

    fn each(&self, mut see: impl FnMut(f64, usize, usize, &[f64])) {
        for (&(gold, predicted, row), &p) in self.outcomes.iter().zip(&self.probabilities) {
            see(p, gold as usize, predicted as usize, &self.rows[row]);
        }
    }

    /// A sample of the given outcomes.
    fn drawn(&self, outcomes: impl IntoIterator<Item = usize>) -> Drawn {
        let labels = names(self.shares.len());
        let (mut gold, mut answers, mut scores) = (Vec::new(), Vec::new(), Scores::new(labels.len()));
        for at in outcomes {
            let (g, p, row) = self.outcomes[at];
            gold.push(Annotation::Label(g));
            answers.push(Annotation::Label(p));
            scores.push(&self.rows[row]);
        }
        let predictions = Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None };
        Drawn { task: Task::Classification, labels, gold, predictions, clusters: None }
    }

    /// The chance that a positive of `label` scores above a negative, ties half.
    fn area(&self, label: usize) -> f64 {
        let mut by_score: Vec<(f64, f64, f64)> = Vec::new();
        self.each(|p, gold, _, row| {
            let (positive, negative) = if gold == label { (p, 0.0) } else { (0.0, p) };
            by_score.push((row[label], positive, negative));
        });
        by_score.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut area, mut below) = (0.0, 0.0);
        for group in by_score.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits()) {
            let positive: f64 = group.iter().map(|g| g.1).sum();
            let negative: f64 = group.iter().map(|g| g.2).sum();
            area += positive * (below + 0.5 * negative);
            below += negative;
        }
        area / (self.shares[label] * (1.0 - self.shares[label]))
    }
}

impl World for Labelled {
    fn name(&self) -> &'static str {
        self.name
    }

    fn right(&self) -> f64 {
        self.right
    }

    fn rarest(&self) -> f64 {
        self.shares[0]
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[
            "accuracy",
            "recall of the rarest",
            "precision of the rarest",
            "F1 of the rarest",
            "f1_macro",
            "balanced_accuracy",
            "matthews_corrcoef",
            "cohen_kappa",
            "roc_auc_ovr",
            "log_loss",
            "brier_score",
            "ece",
        ]
    }

    fn truth(&self) -> Truth {
        let k = self.shares.len();
        let mut confusion = vec![vec![0.0; k]; k];
        let (mut log_loss, mut brier, mut bins) = (0.0, 0.0, [0.0; 15]);
        self.each(|p, gold, predicted, row| {
            confusion[gold][predicted] += p;
            log_loss -= p * row[gold].ln();
            let squares = |l: usize| (row[l] - f64::from(u8::from(l == gold))).powi(2);
            brier += p * if k == 2 { squares(1) } else { (0..k).map(squares).sum() };
            let bin = ((row[predicted] * 15.0).ceil() as usize).clamp(1, 15) - 1;
            bins[bin] += p * (row[predicted] - f64::from(u8::from(gold == predicted)));
        });
        let predicted: Vec<f64> = (0..k).map(|l| confusion.iter().map(|row| row[l]).sum()).collect();
        let right: f64 = (0..k).map(|l| confusion[l][l]).sum();
        let both: f64 = (0..k).map(|l| self.shares[l] * predicted[l]).sum();
        let squares = |of: &[f64]| of.iter().map(|x| x * x).sum::<f64>();
        let spread = ((1.0 - squares(&self.shares)) * (1.0 - squares(&predicted))).sqrt();
        let metrics = named([
            ("accuracy", right),
            ("matthews_corrcoef", (right - both) / spread),
            ("cohen_kappa", (right - both) / (1.0 - both)),
            ("roc_auc_ovr", (0..k).map(|l| self.area(l)).sum::<f64>() / k as f64),
            ("log_loss", log_loss),
            ("brier_score", brier),
            ("ece", bins.iter().map(|gap: &f64| gap.abs()).sum()),
        ]);
        let of = |l: usize| terms(confusion[l][l], predicted[l] - confusion[l][l], self.shares[l] - confusion[l][l]);
        Truth { terms: (0..k).map(of).collect(), metrics }
    }

    fn outcomes(&self) -> Option<(Drawn, Vec<f64>)> {
        Some((self.drawn(0..self.outcomes.len()), self.probabilities.clone()))
    }

    fn draw(&self, rng: &mut Rng, n: usize) -> Drawn {
        self.drawn((0..n).map(|_| {
            let u = rng.unit();
            self.ends.partition_point(|&end| end <= u).min(self.ends.len() - 1)
        }))
    }
}
/// Documents of one to eight examples of two labels, each document hard or easy as a whole.
pub struct Clustered;

impl World for Clustered {
    fn name(&self) -> &'static str {
        "2 labels in documents"
    }

    fn right(&self) -> f64 {
        0.3 * 0.5 + 0.7 * 0.95
    }

    fn rarest(&self) -> f64 {
        0.4 * 4.5
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["accuracy", "recall of the rarest", "f1_macro", "balanced_accuracy", "matthews_corrcoef", "cohen_kappa"]
    }

    fn truth(&self) -> Truth {
        let right = self.right();
        let of = |share: f64| terms(share * right, (1.0 - share) * (1.0 - right), share * (1.0 - right));
        let predicted = 0.4 * right + 0.6 * (1.0 - right);
        let both = 0.4 * predicted + 0.6 * (1.0 - predicted);
        let spread = 2.0 * (0.4f64 * 0.6 * predicted * (1.0 - predicted)).sqrt();
        let metrics = named([
            ("accuracy", right),
            ("matthews_corrcoef", (right - both) / spread),
            ("cohen_kappa", (right - both) / (1.0 - both)),
        ]);
        Truth { terms: vec![of(0.4), of(0.6)], metrics }
    }

    fn draw(&self, rng: &mut Rng, n: usize) -> Drawn {
        let labels = names(2);
        let (mut gold, mut answers, mut clusters) = (Vec::new(), Vec::new(), Vec::new());
        for document in 0..n {
            let ease = if rng.unit() < 0.3 { 0.5 } else { 0.95 };
            for _ in 0..=rng.below(8) {
                let g = u32::from(rng.unit() >= 0.4);
                gold.push(Annotation::Label(g));
                answers.push(Annotation::Label(if rng.unit() < ease { g } else { 1 - g }));
                clusters.push(document as u32);
            }
        }
        let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
        Drawn { task: Task::Classification, labels, gold, predictions, clusters: Some(clusters) }
    }
}

/// Sentences of up to five spans of three types, hard or easy as a whole; a span is found, cut wrongly or missed.
pub struct Spans;

impl World for Spans {
    fn name(&self) -> &'static str {
        "entities in sentences"
    }

    fn right(&self) -> f64 {
        0.3 * 0.4 + 0.7 * 0.9
    }

    fn rarest(&self) -> f64 {
        2.5 / 6.0
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[
            "f1",
            "precision",
            "recall",
            "recall of the rarest",
            "precision of the rarest",
            "F1 of the rarest",
            "f1_macro",
        ]
    }

    fn truth(&self) -> Truth {
        let right = self.right();
        let of = terms(right, 0.5 * (1.0 - right), 1.0 - right);
        let metrics = named([("precision", of[0]), ("recall", of[1]), ("f1", of[2])]);
        Truth { terms: vec![of; 3], metrics }
    }

    fn draw(&self, rng: &mut Rng, n: usize) -> Drawn {
        let labels = names(3);
        let (mut gold, mut answers) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let ease = if rng.unit() < 0.3 { 0.4 } else { 0.9 };
            let (mut g, mut p) = (Vec::new(), Vec::new());
            for at in 0..rng.below(6) as u32 {
                let label = [0, 1, 1, 2, 2, 2][rng.below(6)];
                let span = Span { start: 10 * at, end: 10 * at + 5, label };
                g.push(span);
                if rng.unit() < ease {
                    p.push(span);
                } else if rng.unit() < 0.5 {
                    p.push(Span { end: span.end + 2, ..span });
                }
            }
            gold.push(Annotation::Spans(g));
            answers.push(Annotation::Spans(p));
        }
        let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
        Drawn { task: Task::Ner, labels, gold, predictions, clusters: None }
    }
}

/// Five labels of rates 0.05 to 0.45, each cell wrong one time in fourteen, or in five in every fourth example.
pub struct Sets;

impl Sets {
    const WRONG: f64 = 0.25 * 0.2 + 0.75 * 0.07;

    fn rate(label: u32) -> f64 {
        0.05 + 0.1 * f64::from(label)
    }

    /// A sample of the given sets of gold and prediction (bits), each with the rate of wrong cells that it has. The
    /// probabilities are those that knowing this rate gives.
    fn drawn(examples: impl IntoIterator<Item = (u32, u32, f64)>) -> Drawn {
        let labels = names(5);
        let (mut gold, mut answers, mut scores) = (Vec::new(), Vec::new(), Scores::new(5));
        let of = |set: u32| Annotation::Labels((0..5).filter(|label| set >> label & 1 == 1).collect());
        for (g, p, wrong) in examples {
            gold.push(of(g));
            answers.push(of(p));
            let probability = |label: u32| {
                let (rate, said) = (Self::rate(label), if p >> label & 1 == 1 { 1.0 - wrong } else { wrong });
                rate * said / (rate * said + (1.0 - rate) * (1.0 - said))
            };
            scores.push(&[0, 1, 2, 3, 4].map(probability));
        }
        let predictions = Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None };
        Drawn { task: Task::Multilabel, labels, gold, predictions, clusters: None }
    }
}

impl World for Sets {
    fn name(&self) -> &'static str {
        "label sets"
    }

    fn right(&self) -> f64 {
        1.0 - Self::WRONG
    }

    fn rarest(&self) -> f64 {
        0.05
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["f1_micro", "recall of the rarest", "precision of the rarest", "F1 of the rarest", "f1_macro", "hamming_loss"]
    }

    fn truth(&self) -> Truth {
        let wrong = Self::WRONG;
        let cells: Vec<[f64; 3]> = (0..5)
            .map(|l| {
                let rate = Self::rate(l);
                [rate * (1.0 - wrong), (1.0 - rate) * wrong, rate * wrong]
            })
            .collect();
        let sum = |i: usize| cells.iter().map(|c| c[i]).sum::<f64>();
        let metrics = named([("f1_micro", terms(sum(0), sum(1), sum(2))[2]), ("hamming_loss", wrong)]);
        Truth { terms: cells.iter().map(|c| terms(c[0], c[1], c[2])).collect(), metrics }
    }

    fn outcomes(&self) -> Option<(Drawn, Vec<f64>)> {
        let (mut examples, mut probabilities) = (Vec::new(), Vec::new());
        for (wrong, often) in [(0.2, 0.25), (0.07, 0.75)] {
            for (g, p) in (0..32u32).flat_map(|g| (0..32u32).map(move |p| (g, p))) {
                let cell = |label: u32| {
                    let rate = Self::rate(label);
                    let belongs = if g >> label & 1 == 1 { rate } else { 1.0 - rate };
                    belongs * if (g ^ p) >> label & 1 == 1 { wrong } else { 1.0 - wrong }
                };
                examples.push((g, p, wrong));
                probabilities.push(often * (0..5).map(cell).product::<f64>());
            }
        }
        Some((Self::drawn(examples), probabilities))
    }

    fn draw(&self, rng: &mut Rng, n: usize) -> Drawn {
        Self::drawn((0..n).map(|_| {
            let wrong = if rng.below(4) == 0 { 0.2 } else { 0.07 };
            let (mut g, mut p) = (0, 0);
            for label in 0..5 {
                let belongs = u32::from(rng.unit() < Self::rate(label));
                g |= belongs << label;
                p |= (belongs ^ u32::from(rng.unit() < wrong)) << label;
            }
            (g, p, wrong)
        }))
    }
}

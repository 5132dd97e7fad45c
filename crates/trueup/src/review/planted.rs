//! Planted evidence for the tests of rules: a small review with one fault, made without files or training.

use trueup_core::document::{Estimate, Evaluation, Finding, IntervalKind, LabelRow};
use trueup_core::{Annotation, Dataset, Example, LabelId, LabelSet, Task};

use super::evidence::{Evidence, Figures, Outcome, Primary, Side};
use super::rule::Rule;

mod twins;
mod versus;

pub use versus::moved;

/// A change to the evidence, made last.
type Change = Box<dyn Fn(&mut Evidence<'_>)>;

/// A small review to plant faults in.
pub struct Plant {
    labels: LabelSet,
    train: Dataset,
    test: Dataset,
    answers: Vec<(LabelId, LabelId)>,
    predicted: Vec<Annotation>,
    change: Vec<Change>,
    split: bool,
}

/// An example of `label` with `text`.
pub fn example(id: usize, text: &str, label: LabelId) -> Example {
    Example {
        id: id.to_string(),
        text: text.to_owned(),
        gold: Annotation::Label(label),
        tokens: Vec::new(),
        group: None,
        time: None,
        metadata: Vec::new(),
        line: id as u64,
    }
}

fn dataset(labels: &LabelSet, counts: &[(&str, u64)]) -> Dataset {
    let mut examples = Vec::new();
    for &(name, n) in counts {
        let label = labels.id(name).expect("a planted label");
        for i in 0..n {
            examples.push(example(examples.len() + 1, &format!("text {i} about {name}"), label));
        }
    }
    Dataset {
        task: Task::Classification,
        labels: labels.clone(),
        examples,
        columns: Vec::new(),
        tags: Vec::new(),
        has_text: true,
    }
}

impl Plant {
    /// A clean single-label review by folds: so many examples of each label, one in ten answered wrongly.
    pub fn labels(counts: &[(&str, u64)]) -> Self {
        let labels = LabelSet::new(counts.iter().map(|&(name, _)| name));
        let data = dataset(&labels, counts);
        Self::build(labels, data.clone(), data, false)
    }

    /// A clean single-label review of a given test set.
    pub fn split(train: &[(&str, u64)], test: &[(&str, u64)]) -> Self {
        let labels = LabelSet::new(train.iter().chain(test).map(|&(name, _)| name));
        let (train, test) = (dataset(&labels, train), dataset(&labels, test));
        Self::build(labels, train, test, true)
    }

    fn build(labels: LabelSet, train: Dataset, test: Dataset, split: bool) -> Self {
        let k = labels.len() as u32;
        let answers: Vec<_> = test
            .examples
            .iter()
            .enumerate()
            .map(|(row, example)| {
                let gold = example.gold.labels()[0];
                (gold, if row % 10 == 9 { (gold + 1) % k } else { gold })
            })
            .collect();
        let mut plant = Self { labels, train, test, answers, predicted: Vec::new(), change: Vec::new(), split };
        plant.predict();
        plant
    }

    /// Replaces the answers: `(gold, predicted)` names with how often each occurs; the test set follows.
    #[must_use]
    pub fn answers(mut self, cells: &[(&str, &str, u64)]) -> Self {
        let id = |name: &str| self.labels.id(name).expect("a planted label");
        self.answers =
            cells.iter().flat_map(|&(g, p, n)| (0..n).map(move |_| (g, p))).map(|(g, p)| (id(g), id(p))).collect();
        self.test.examples =
            self.answers.iter().enumerate().map(|(i, &(g, _))| example(i + 1, &format!("text {i}"), g)).collect();
        if !self.split {
            self.train = self.test.clone();
        }
        self.predict();
        self
    }

    fn predict(&mut self) {
        self.predicted = self.answers.iter().map(|&(_, p)| Annotation::Label(p)).collect();
    }

    /// Changes the evidence at the end, whatever it is.
    #[must_use]
    pub fn with(mut self, change: impl Fn(&mut Evidence<'_>) + 'static) -> Self {
        self.change.push(Box::new(change));
        self
    }

    /// Changes the training data.
    #[must_use]
    pub fn train(mut self, change: impl Fn(&mut Dataset)) -> Self {
        change(&mut self.train);
        self
    }

    /// Changes the evaluated data.
    #[must_use]
    pub fn test(mut self, change: impl Fn(&mut Dataset)) -> Self {
        change(&mut self.test);
        self
    }

    /// What `rule` finds.
    pub fn judge(&self, rule: &Rule) -> Vec<Finding> {
        let mut evidence = self.evidence();
        self.change.iter().for_each(|change| change(&mut evidence));
        rule.judge(&evidence)
    }

    /// The verdict on `findings`.
    pub fn verdict(&self, findings: &[Finding]) -> trueup_core::document::Verdict {
        let mut evidence = self.evidence();
        self.change.iter().for_each(|change| change(&mut evidence));
        super::verdict::verdict(&evidence, findings)
    }

    /// The next steps after `findings`.
    pub fn next(&self, findings: &[Finding]) -> Vec<trueup_core::document::NextStep> {
        let mut evidence = self.evidence();
        self.change.iter().for_each(|change| change(&mut evidence));
        super::next::next(&evidence, findings)
    }

    fn evidence(&self) -> Evidence<'_> {
        let figures = figures(&self.labels, &self.answers, &self.train.support());
        let accuracy = figures.metrics["accuracy"].clone();
        let most = self.test.support().iter().copied().max().unwrap_or_default();
        let baseline = most as f64 / self.test.len().max(1) as f64;
        let side = |data, prefix| Side::new(data, self.split.then_some(prefix), format!("{prefix}.csv"));
        Evidence {
            task: self.test.task,
            noun: if self.test.task == Task::Ner { "sentence" } else { "example" },
            unit: if self.test.task == Task::Ner { "span" } else { "example" },
            labels: &self.labels,
            evaluation: if self.split { Evaluation::Test } else { Evaluation::OutOfFold },
            train: Some(side(&self.train, "train")),
            valid: None,
            test: side(&self.test, "test"),
            primary: Primary {
                name: "accuracy".into(),
                title: "accuracy".into(),
                higher_is_better: true,
                estimate: accuracy,
                baseline: Some(baseline),
                baseline_answer: self.labels.name(0).to_owned(),
                baseline_accuracy: Some(baseline),
                target: None,
            },
            figures,
            clean: None,
            outcomes: self
                .answers
                .iter()
                .enumerate()
                .map(|(row, (g, p))| Outcome { row, correct: g == p, score: Some(0.9) })
                .collect(),
            predicted: &self.predicted,
            duplicates: Vec::new(),
            near: Vec::new(),
            leaks: Vec::new(),
            slices: Vec::new(),
            slice_rows: Vec::new(),
            training: None,
            versus: None,
            costs: None,
            command: "trueup review data.csv".into(),
        }
    }
}

/// A normal-approximation interval, good enough to plant with.
pub fn share(k: u64, n: u64) -> Estimate {
    if n == 0 {
        return Estimate::undefined(0);
    }
    // Wilson's score interval (Wilson 1927).
    let (z, n_f, p) = (1.96, n as f64, k as f64 / n as f64);
    let centre = (p + z * z / (2.0 * n_f)) / (1.0 + z * z / n_f);
    let half = z / (1.0 + z * z / n_f) * (p * (1.0 - p) / n_f + z * z / (4.0 * n_f * n_f)).sqrt();
    Estimate::new(p, ((centre - half).max(0.0), (centre + half).min(1.0)), n, IntervalKind::Wilson)
}

/// Figures of `(gold, predicted)` answers.
pub fn figures(labels: &LabelSet, answers: &[(LabelId, LabelId)], train_support: &[u64]) -> Figures {
    let k = labels.len();
    let mut counts = vec![vec![0u64; k]; k];
    answers.iter().for_each(|&(g, p)| counts[g as usize][p as usize] += 1);
    let right: u64 = (0..k).map(|i| counts[i][i]).sum();
    let rows: Vec<LabelRow> = (0..k)
        .map(|i| {
            let (tp, support) = (counts[i][i], counts[i].iter().sum::<u64>());
            let predicted: u64 = counts.iter().map(|row| row[i]).sum();
            LabelRow {
                label: labels.name(i as u32).to_owned(),
                support,
                predicted,
                train_support: train_support.get(i).copied(),
                precision: share(tp, predicted),
                recall: share(tp, support),
                f1: share(2 * tp, support + predicted),
                roc_auc: None,
            }
        })
        .collect();
    let f1: Vec<f64> = rows.iter().filter_map(|row| row.f1.value).collect();
    let mut figures = Figures::default();
    figures.metrics.insert("accuracy".into(), share(right, answers.len() as u64));
    let macro_f1 = f1.iter().sum::<f64>() / f1.len().max(1) as f64;
    figures.metrics.insert(
        "f1_macro".into(),
        Estimate::new(
            macro_f1,
            ((macro_f1 - 0.03).max(0.0), (macro_f1 + 0.03).min(1.0)),
            answers.len() as u64,
            IntervalKind::Bootstrap,
        ),
    );
    figures.labels = rows;
    figures.confusion = Some(trueup_core::document::Confusion {
        labels: labels.names().to_vec(),
        counts,
        axes: trueup_core::document::ConfusionAxes::default(),
    });
    figures
}

/// A training record with a curve of `(train loss, validation loss)` a pass, of which pass `kept` was kept.
pub fn training(losses: &[(f64, f64)], kept: u32) -> trueup_core::document::Training {
    use trueup_core::document::{CurvePoint, Training};
    let point = |(i, &(train_loss, valid_loss)): (usize, &(f64, f64))| CurvePoint {
        step: i as u32 + 1,
        train_loss,
        valid_loss: Some(valid_loss),
        train_score: 0.9,
        valid_score: Some(0.8),
        train_accuracy: 0.9,
        valid_accuracy: Some(0.8),
    };
    Training {
        model: "linear".into(),
        params: std::collections::BTreeMap::new(),
        seed: 42,
        fingerprint: "0".into(),
        examples: 200,
        features: 10,
        epochs: kept,
        score: "f1_macro".into(),
        curve: losses.iter().enumerate().map(point).collect(),
        learning: Vec::new(),
        last_doubling: None,
        folds: Vec::new(),
        interrupted: false,
    }
}

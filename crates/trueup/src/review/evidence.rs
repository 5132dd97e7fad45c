//! What rules read. Evidence is made once, by the stages, and handed on as data; rules only judge it.

use std::collections::BTreeMap;

use trueup_core::document::{Comparison, Confusion, Estimate, Evaluation, LabelRow, LeakKind, SliceRow, Training};
use trueup_core::{Annotation, Dataset, LabelId, LabelSet, Task};

/// Which of the reviewed data sets an example is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SideName {
    /// The training data.
    Train,
    /// The validation data given.
    Valid,
    /// The evaluated data; with folds the only side.
    Test,
}

/// One example of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The side.
    pub side: SideName,
    /// 0-based position in the side's data set.
    pub row: usize,
}

/// One of the reviewed data sets.
#[derive(Debug)]
pub struct Side<'a> {
    /// The examples.
    pub data: &'a Dataset,
    /// Gold of each label: examples that carry it, or spans for NER.
    pub support: Vec<u64>,
    /// The name shown in ids when a document has several sides: `train`, `test`.
    pub prefix: Option<&'static str>,
    /// The file as it was named.
    pub file: String,
}

impl<'a> Side<'a> {
    /// A side over `data`.
    pub fn new(data: &'a Dataset, prefix: Option<&'static str>, file: String) -> Self {
        Self { support: data.support(), data, prefix, file }
    }

    /// The id of example `row` in the document: `17`, or `train/17` when there are several sides.
    pub fn id(&self, row: usize) -> String {
        let id = &self.data.examples[row].id;
        match self.prefix {
            Some(prefix) => format!("{prefix}/{id}"),
            None => id.clone(),
        }
    }
}

/// Figures of one set of answers.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Every metric by name.
    pub metrics: BTreeMap<String, Estimate>,
    /// Per-label precision, recall and F1, in label order; every label of the task has a row.
    pub labels: Vec<LabelRow>,
    /// Who is taken for whom; absent for multi-label tasks.
    pub confusion: Option<Confusion>,
}

/// The metric that decides, with what it must beat.
#[derive(Debug, Clone)]
pub struct Primary {
    /// Its name: `f1_macro`.
    pub name: String,
    /// Its name for people: `macro-F1`.
    pub title: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Its value on the evaluated examples, without the leaked ones if there are any.
    pub estimate: Estimate,
    /// What the best trivial model (one constant answer) scores on it.
    pub baseline: Option<f64>,
    /// What that model always answers.
    pub baseline_answer: String,
    /// Plain accuracy of that model on the same examples.
    pub baseline_accuracy: Option<f64>,
    /// The target asked for.
    pub target: Option<f64>,
}

impl Primary {
    /// Whether the score is on the better side of `bar`.
    pub fn beats(&self, bar: f64) -> bool {
        self.estimate.value.is_some_and(|value| if self.higher_is_better { value > bar } else { value < bar })
    }

    /// The best trivial model in words: `always answering 'billing'`, or `answering nothing`.
    pub fn always(&self) -> String {
        match self.baseline_answer.as_str() {
            "nothing" => "answering nothing".to_owned(),
            answer => format!("always answering '{answer}'"),
        }
    }
}

/// Examples with equal normalised text.
#[derive(Debug, Clone)]
pub struct DuplicateGroup {
    /// The members, at least two, in side and row order.
    pub members: Vec<Place>,
    /// Whether all are equal byte by byte.
    pub byte_equal: bool,
    /// Whether all have the same gold.
    pub same_gold: bool,
}

/// Two examples of the same side whose texts are near duplicates.
#[derive(Debug, Clone, Copy)]
pub struct NearPair {
    /// The earlier one.
    pub a: Place,
    /// The later one.
    pub b: Place,
    /// Jaccard of character 5-grams, in [0.8, 1).
    pub similarity: f64,
    /// Whether both have the same gold.
    pub same_gold: bool,
}

/// An evaluated example with its closest twin in training.
#[derive(Debug, Clone, Copy)]
pub struct LeakPair {
    /// Row in the evaluated data.
    pub test: usize,
    /// Row in the training data.
    pub train: usize,
    /// Exact or near.
    pub kind: LeakKind,
    /// Jaccard similarity; 1 for exact.
    pub similarity: f64,
    /// Whether the texts are equal byte by byte.
    pub byte_equal: bool,
    /// Whether both have the same gold.
    pub same_gold: bool,
}

/// A wrong (or right) answer, as the error rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// Row in the evaluated data.
    pub row: usize,
    /// Whether the whole answer is right.
    pub correct: bool,
    /// The model's confidence in its answer.
    pub score: Option<f64>,
}

/// Costs of mistakes by label, as asked for with `--cost`.
#[derive(Debug, Clone)]
pub struct StatedCosts {
    /// Cost of missing one gold of each label.
    pub miss: Vec<f64>,
    /// Cost of one false alarm of each label.
    pub false_alarm: Vec<f64>,
    /// The labels that were named.
    pub named: Vec<LabelId>,
}

/// A candidate against its baseline. Where it is there, everything else in the evidence is about the candidate.
#[derive(Debug, Clone)]
pub struct Versus {
    /// What moved, and what a gate decides of it.
    pub comparison: Comparison,
    /// The baseline's answers, one an evaluated example, in row order.
    pub baseline: Vec<Annotation>,
    /// Rows that the baseline has wrong and the candidate right, the candidate's surest first.
    pub fixed: Vec<usize>,
    /// Rows that the baseline has right and the candidate wrong, the candidate's surest first.
    pub broken: Vec<usize>,
    /// What makes the comparison unfair though it was made, in words: `213 of 3,080 examples are answered by both`.
    pub unfair: Vec<String>,
}

/// Everything that is known when the judging starts.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The kind of task.
    pub task: Task,
    /// What one example is called: `example`, `sentence`.
    pub noun: &'static str,
    /// What one gold annotation is called: `example`, or `span` for NER.
    pub unit: &'static str,
    /// The labels of all sides together.
    pub labels: &'a LabelSet,
    /// Where the predictions come from.
    pub evaluation: Evaluation,
    /// The training data. With folds it is the evaluated data itself; absent when unknown.
    pub train: Option<Side<'a>>,
    /// The validation data given.
    pub valid: Option<Side<'a>>,
    /// The evaluated data.
    pub test: Side<'a>,
    /// Figures on all evaluated examples.
    pub figures: Figures,
    /// Figures without the leaked examples; absent when none leaks.
    pub clean: Option<Figures>,
    /// The deciding metric.
    pub primary: Primary,
    /// Right and wrong answers, one an evaluated example, in row order.
    pub outcomes: Vec<Outcome>,
    /// The model's answers, one an evaluated example, in row order.
    pub predicted: &'a [Annotation],
    /// Exact duplicates over all sides.
    pub duplicates: Vec<DuplicateGroup>,
    /// Near duplicates within a side, by first member.
    pub near: Vec<NearPair>,
    /// Evaluated examples that stand in training too, one entry an evaluated example (its closest twin), exact first.
    /// Empty with folds: twins are kept on one side.
    pub leaks: Vec<LeakPair>,
    /// The primary-like figure on parts of the evaluated examples.
    pub slices: Vec<SliceRow>,
    /// Rows of each slice, as `slices`.
    pub slice_rows: Vec<Vec<usize>>,
    /// How the model was trained; absent for predictions.
    pub training: Option<Training>,
    /// The baseline that the evaluated model is compared with.
    pub versus: Option<Versus>,
    /// The costs stated.
    pub costs: Option<StatedCosts>,
    /// The command that makes this review: `trueup review train.csv --test test.csv`.
    pub command: String,
}

impl Evidence<'_> {
    /// Whether training and evaluation are different data.
    pub fn has_split(&self) -> bool {
        self.train.is_some() && self.evaluation != Evaluation::OutOfFold
    }

    /// The data sets of the review, each once: with folds the evaluated data alone.
    pub fn sides(&self) -> Vec<SideName> {
        let train = self.has_split().then_some(SideName::Train);
        let valid = self.valid.as_ref().map(|_| SideName::Valid);
        train.into_iter().chain(valid).chain([SideName::Test]).collect()
    }

    /// What one example of a side is called: `training example`, `evaluated sentence`; just `example` when the review
    /// has one side.
    pub fn noun_on(&self, name: SideName) -> String {
        if self.sides().len() == 1 {
            return self.noun.to_owned();
        }
        let side = match name {
            SideName::Train => "training",
            SideName::Valid => "validation",
            SideName::Test => "evaluated",
        };
        format!("{side} {}", self.noun)
    }

    /// Gold and predicted label of evaluated example `row`; `None` unless the task is single-label.
    pub fn labels_of(&self, row: usize) -> Option<(LabelId, LabelId)> {
        match (&self.test.data.examples[row].gold, &self.predicted[row]) {
            (Annotation::Label(gold), Annotation::Label(predicted)) => Some((*gold, *predicted)),
            _ => None,
        }
    }

    /// The side of `name`; panics when the review has none of that name.
    pub fn side(&self, name: SideName) -> &Side<'_> {
        match name {
            SideName::Train => self.train.as_ref().expect("a place on this side"),
            SideName::Valid => self.valid.as_ref().expect("a place on this side"),
            SideName::Test => &self.test,
        }
    }

    /// The id of a place in the document.
    pub fn id(&self, place: Place) -> String {
        self.side(place.side).id(place.row)
    }

    /// The metric `name` on the evaluated examples.
    pub fn metric(&self, name: &str) -> Option<&Estimate> {
        self.figures.metrics.get(name)
    }

    /// The figures that count: without the leaked examples if there are any.
    pub fn counting(&self) -> &Figures {
        self.clean.as_ref().unwrap_or(&self.figures)
    }

    /// Gold of each label on the side that the model learns from, if it is known.
    pub fn train_support(&self) -> Option<&[u64]> {
        self.train.as_ref().map(|side| side.support.as_slice())
    }

    /// Evaluated examples with different texts: what the evidence is really worth.
    pub fn distinct(&self) -> u64 {
        let on_side = |group: &DuplicateGroup| {
            group.members.iter().filter(|place| place.side == SideName::Test).count().saturating_sub(1) as u64
        };
        self.evaluated() - self.duplicates.iter().map(on_side).sum::<u64>()
    }

    /// Evaluated examples.
    pub fn evaluated(&self) -> u64 {
        self.test.data.len() as u64
    }
}

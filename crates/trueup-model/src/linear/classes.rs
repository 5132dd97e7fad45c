//! What can be told apart, and how well it is while training runs.

use trueup_core::counts::{Tallies, ratio};
use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, Example, LabelId, LabelSet, Task};

use super::trainer::Targets;
use super::weights::Link;
use crate::ModelError;

/// The labels that training examples have.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    pub(super) link: Link,
    /// Labels by class, ascending.
    pub(super) labels: Vec<LabelId>,
    /// Class by label.
    class_of: Vec<Option<u32>>,
}

impl Classes {
    pub(super) fn of(task: Task, labels: &LabelSet, train: &[&Example]) -> Result<Self, ModelError> {
        assert!(task != Task::Ner, "spans are no labels of whole texts");
        let mut counts = vec![0usize; labels.len()];
        for example in train {
            for &l in &example.gold.labels() {
                counts[l as usize] += 1;
            }
        }
        let seen: Vec<LabelId> = labels.ids().filter(|&l| counts[l as usize] > 0).collect();
        let nothing_to_tell = match seen[..] {
            [] => true,
            // Where an example may have no label, one label can be told from none.
            [only] => task == Task::Classification || counts[only as usize] == train.len(),
            _ => false,
        };
        if nothing_to_tell {
            let found = seen.first().map_or_else(|| "none".to_owned(), |&l| format!("only '{}'", labels.name(l)));
            return Err(ModelError::Labels { examples: train.len(), found });
        }
        Ok(Self::new(Self::link(task, seen.len()), seen, labels.len()))
    }

    /// How `classes` classes are told apart.
    pub(super) fn link(task: Task, classes: usize) -> Link {
        match (task, classes) {
            (Task::Multilabel, _) => Link::Independent,
            (_, 2) => Link::Binary,
            _ => Link::Softmax,
        }
    }

    /// Classes of the labels `seen`, ascending, of `labels` in all.
    pub(super) fn new(link: Link, seen: Vec<LabelId>, labels: usize) -> Self {
        let mut class_of = vec![None; labels];
        seen.iter().enumerate().for_each(|(class, &l)| class_of[l as usize] = Some(class as u32));
        Self { link, labels: seen, class_of }
    }

    /// Logits an example.
    pub(super) fn columns(&self) -> usize {
        if self.link == Link::Binary { 1 } else { self.labels.len() }
    }

    /// Each column with the class whose logit it is: of two classes that share one, the second.
    pub(super) fn columns_with_class(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let shift = usize::from(self.link == Link::Binary);
        (0..self.columns()).map(move |column| (column, column + shift))
    }

    /// All labels, those that training never saw among them.
    pub(super) fn all_labels(&self) -> usize {
        self.class_of.len()
    }

    /// The gold classes of `examples`.
    pub(super) fn targets(&self, examples: &[&Example]) -> Targets {
        let mut targets = Targets::default();
        for e in examples {
            targets.push(&e.gold.labels(), &self.class_of);
        }
        targets
    }

    /// The answer that predicted `classes`, ascending, stand for.
    pub(super) fn annotation(&self, classes: &[u32]) -> Annotation {
        match self.link {
            Link::Independent => Annotation::Labels(classes.iter().map(|&c| self.labels[c as usize]).collect()),
            Link::Binary | Link::Softmax => Annotation::Label(self.labels[classes[0] as usize]),
        }
    }
}

/// Loss, macro-F1 and accuracy over a stream of logits.
pub(super) struct Score<'a> {
    classes: &'a Classes,
    loss: f64,
    right: u64,
    n: u64,
    tallies: Tallies,
    decided: Vec<u32>,
}

impl<'a> Score<'a> {
    pub(super) fn new(classes: &'a Classes) -> Self {
        let tallies = Tallies::new(classes.class_of.len());
        Self { classes, loss: 0.0, right: 0, n: 0, tallies, decided: Vec::new() }
    }

    /// Counts an example: its logits, its gold classes (row `row` of `targets`) and its gold.
    pub(super) fn add(&mut self, logits: &[f32], targets: &Targets, row: usize, gold: &Annotation) {
        let loss = self.classes.link.loss(logits, targets.row(row), 1.0);
        let mut decided = std::mem::take(&mut self.decided);
        decided.clear();
        self.classes.link.decide(logits, &mut decided);
        self.add_judged(loss, &decided, targets.unseen(row), gold);
        self.decided = decided;
    }

    /// Counts an example: the loss of its known gold classes, the classes answered, how many gold labels training never
    /// saw, and its gold.
    pub(super) fn add_judged(&mut self, loss: f64, decided: &[u32], unseen: u32, gold: &Annotation) {
        if unseen == 0 || self.classes.link == Link::Independent {
            self.loss += loss;
        }
        // Probability 0 for what training never saw, clipped as log loss clips it everywhere.
        self.loss -= f64::from(unseen) * f64::EPSILON.ln();
        let answer = self.classes.annotation(decided);
        self.tallies.add(gold, &answer);
        self.right += u64::from(*gold == answer);
        self.n += 1;
    }

    /// Counts what `other` counted.
    pub(super) fn merge(&mut self, other: &Self) {
        self.loss += other.loss;
        self.right += other.right;
        self.n += other.n;
        self.tallies.merge(&other.tallies);
    }

    /// Mean loss in nats, macro-F1 (0 when neither gold nor answers hold a label) and accuracy, as the training part
    /// of a curve's point.
    pub(super) fn point(&self, epoch: u32) -> CurvePoint {
        CurvePoint {
            step: epoch,
            train_loss: self.loss / self.n as f64,
            valid_loss: None,
            train_score: self.tallies.f1_macro().unwrap_or(0.0),
            valid_score: None,
            train_accuracy: ratio(self.right, self.n).unwrap_or(0.0),
            valid_accuracy: None,
        }
    }
}

//! Training on from an earlier model: new examples, new labels, new n-grams, and what was learnt before as the prior.
//!
//! The penalty draws the weights to those of the earlier model in place of 0: maximum a posteriori adaptation (Chelba and
//! Acero 2004, "Adaptation of maximum entropy capitalizer: little data can help a lot").

use std::collections::BTreeSet;

use trueup_core::{Annotation, Example, LabelId, LabelSet, Task};

use super::classes::Classes;
use super::model::LinearModel;
use super::names::Names;
use super::vocabulary::Vocabulary;
use super::weights::{Link, Weights};
use super::{LinearParams, Start, most_features, seen, train_from};
use crate::{Fitted, ModelError, Progress};

impl LinearModel {
    /// Trains on from this model with new examples alone, whose labels are those of `labels`.
    ///
    /// The new model knows the labels of both, and the n-grams of both: those of this model with their document frequencies
    /// (in place of [`LinearParams::word_ngrams`], [`LinearParams::char_ngrams`] and [`LinearParams::columns`] its own are used), and those that
    /// are new in at least [`LinearParams::min_df`] of the new texts. [`LinearParams::l2`] is the weight of the squared
    /// distance from this model's weights: the larger, the more of it stays. Everything else is as in [`super::fit`].
    ///
    /// Labels that no new example has keep their weights as they are. The new texts would say nothing but no to them, and they
    /// would be unlearnt: on CLINC150, half of the labels after the other half, 51 % of the answers to the old labels stay
    /// right that way, and 93 % this way (87 % of those to the new labels are).
    ///
    /// # Errors
    ///
    /// When there are no examples, or more labels than a model holds.
    pub fn adapt(
        &self,
        labels: &LabelSet,
        train: &[&Example],
        valid: Option<&[&Example]>,
        params: &LinearParams,
        progress: &dyn Progress,
    ) -> Result<Fitted<LinearModel>, ModelError> {
        if train.is_empty() {
            return Err(ModelError::Labels { examples: 0, found: "none".to_owned() });
        }
        let union = LabelSet::new(self.labels.names().iter().chain(labels.names()).cloned());
        let id_of = |set: &LabelSet| -> Vec<LabelId> {
            set.names().iter().map(|name| union.id(name).expect("the union has every name")).collect()
        };
        let (old, new) = (id_of(&self.labels), id_of(labels));
        let translated =
            |examples: &[&Example]| -> Vec<Example> { examples.iter().map(|e| translate(e, &new)).collect() };
        let (train, valid) = (translated(train), valid.map(translated));
        let train: Vec<&Example> = train.iter().collect();
        let valid: Option<Vec<&Example>> = valid.as_ref().map(|examples| examples.iter().collect());

        let known: Vec<LabelId> = self.classes.labels.iter().map(|&label| old[label as usize]).collect();
        let taught: BTreeSet<LabelId> = train.iter().flat_map(|e| e.gold.labels()).collect();
        let all: Vec<LabelId> =
            known.iter().copied().chain(taught.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
        let task = if self.weights.link == Link::Independent { Task::Multilabel } else { Task::Classification };
        let classes = Classes::new(Classes::link(task, all.len()), all, union.len());
        let most = most_features(&classes)?;
        let (vocabulary, matrix) = self.vocabulary.extend(&seen(&train, &self.columns), params.min_df, most);
        let prior = Some(self.prior(&classes, &known, &vocabulary));
        let frozen = classes.columns_with_class().map(|(_, class)| !taught.contains(&classes.labels[class])).collect();
        let start = Start { labels: &union, columns: &self.columns, classes, vocabulary, prior, frozen };
        let mut fitted = train_from(start, &train, &matrix, valid.as_deref(), params, progress);
        let model = &mut fitted.model;
        model.names = Names::merge(&model.vocabulary, &model.names, &self.names, &self.vocabulary);
        Ok(fitted)
    }

    /// This model's weights among the features and columns of another that has them all; `known` are its classes' labels.
    fn prior(&self, classes: &Classes, known: &[LabelId], vocabulary: &Vocabulary) -> Weights {
        let column_of =
            |label: LabelId| classes.columns_with_class().find(|&(_, class)| classes.labels[class] == label);
        // Where each of this model's columns goes, and its sign: of two labels that share one, the first has it turned round.
        let mut places: Vec<(usize, usize, f32)> = Vec::new();
        for (column, class) in self.classes.columns_with_class() {
            places.extend(column_of(known[class]).map(|(to, _)| (column, to, 1.0)));
        }
        if self.weights.link == Link::Binary {
            places.extend(column_of(known[0]).map(|(to, _)| (0, to, -1.0)));
        }
        let mut prior = Weights::new(classes.link, classes.columns(), vocabulary.len());
        let stride = prior.stride;
        for id in 0..vocabulary.len() as u32 {
            if let Some(old) = self.vocabulary.id(vocabulary.hash(id)) {
                let row = self.weights.row(old);
                for &(from, to, sign) in &places {
                    prior.cells[id as usize * stride + to] = sign * row[from];
                }
            }
        }
        for &(from, to, sign) in &places {
            prior.bias[to] = sign * self.weights.bias[from];
        }
        prior
    }
}

/// The example with other label ids.
fn translate(example: &Example, id_of: &[LabelId]) -> Example {
    let gold = match &example.gold {
        Annotation::Label(label) => Annotation::Label(id_of[*label as usize]),
        Annotation::Labels(labels) => {
            let mut labels: Vec<LabelId> = labels.iter().map(|&label| id_of[label as usize]).collect();
            labels.sort_unstable();
            Annotation::Labels(labels)
        }
        Annotation::Spans(_) => panic!("spans are no labels of whole texts"),
    };
    Example { gold, ..example.clone() }
}

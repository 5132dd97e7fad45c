//! A linear-chain CRF over tokens, for named-entity recognition.
//!
//! [`fit`] learns a [`CrfModel`] from the gold spans of examples; the model answers examples with spans and the exact
//! probability of each (Lafferty, McCallum and Pereira 2001, "Conditional random fields").
//!
//! # From spans to tags and back
//!
//! Tokens are the example's own when its source came tokenised, else those of [`trueup_core::text::tokenise`]. The chain
//! runs over IOBES tags: on biomedical development data they found one point of F1 more than IOB2, for up to
//! 1.6 times the training time.
//! Only valid sequences have probability, in training as in decoding, so an answer never needs repair.
//!
//! Gold spans that tokens cannot hold exactly are learnt as well as can be and counted ([`Alignment`]): an edge inside
//! a token takes the whole token, of overlapping spans the longer is learnt. Scores always compare with the gold as it
//! stands.
//!
//! # Features
//!
//! By template: word, lower case, shape, prefixes and suffixes to length 4, capitals, digits, hyphens and punctuation of
//! the token; word, lower case, shape, suffix and capitals of its neighbours, two words either side; pairs of words and
//! runs of shapes. Places beyond the ends of the sentence are words of their own. Steps between tags have weights too.
//!
//! Lists of names ([`CrfParams::gazetteer`]) add features: whether a token is within an entry of a list, and where. Every
//! list is gone through from left to right, the longest entry first, whatever the case of letters; the model keeps the lists.
//!
//! Classes of words ([`Clusters`]), learnt from text without labels, are features of a word and of two words either side. A
//! hundred classes of the training texts alone gain nothing on development data; with unlabelled texts of the kind to be
//! answered among them they gained 0.7 points of F1 on NCBI Disease and 0.8 on BC5CDR.
//!
//! # Training
//!
//! The negative log likelihood plus an L2 penalty falls by AdaGrad (Duchi, Hazan and Singer 2011), one sentence at a
//! time in seeded order, on one thread, so the weights are the same at any number of threads. The penalty acts on a weight
//! when its feature occurs. An L1 penalty ([`CrfParams::l1`]) adds a proximal step towards 0 to each of these steps.
//!
//! After a few passes the features with the smallest weights are left behind ([`CrfParams::keep`]) and the others go on
//! learning without them: a fifth of the features costs some thousandths of F1 on development data, and makes the model
//! five times smaller. At the end each feature is left some three weights on average ([`CrfParams::weights`]), those furthest
//! from its median: adding one number to all weights of a feature changes no probability, and on development data F1 stays as
//! it was. Weights are kept as whole numbers of 8 bits with one scale; the figures of the validation part are those of the
//! rounded weights, which predict.
//!
//! [`Optimiser::Lbfgs`] is the other way to learn, over the whole part at a time: slower by far.
//!
//! A curve point a pass holds mean loss a token in nats, strict entity F1 over all labels together, and accuracy of
//! IOBES tags. Its figures for the *training* part are taken as the pass goes: each sentence is judged by the weights it
//! found, before it is learnt from. Thus the first pass shows how well unseen sentences went, and later ones lag a little
//! behind the model that the pass ends with. Figures for the *validation* part are those of the model at the end of the
//! pass. A label without gold in the training part has no tag: its spans count as missed, and in the loss as outside.
//!
//! # Answers
//!
//! [`crate::Predictor::predict`] gives the spans of the best tag sequence with the exact probability of each span;
//! [`CrfModel::n_best`] ranks whole answers; [`CrfModel::explain`] says which features speak for a span; [`out_of_fold`]
//! answers a data set by models that were trained without the example at hand.
//!
//! A text of more than 512 tokens is cut where sentences surely end, else at the best place there is, in training as in
//! answers: time grows with its tokens, and memory does not but for tokens and answers. [`CrfModel::n_best`] alone takes a
//! text of any length as one sequence.
//!
//! [`CrfModel::to_parts`] and [`CrfModel::of_parts`] keep a model, packed, and load it in some milliseconds.
//!
//! # Example
//!
//! ```
//! use trueup_core::{Annotation, Example, LabelSet, Span};
//! use trueup_model::crf::{CrfParams, fit};
//! use trueup_model::{Predictor, Silent};
//!
//! let example = |text: &str, spans: Vec<Span>| Example {
//!     id: String::new(),
//!     text: text.to_owned(),
//!     gold: Annotation::Spans(spans),
//!     tokens: Vec::new(),
//!     group: None,
//!     time: None,
//!     metadata: Vec::new(),
//!     line: 1,
//! };
//! let labels = LabelSet::new(["city"]);
//! let train = [
//!     example("He lives in Lagos", vec![Span { start: 12, end: 17, label: 0 }]),
//!     example("She lives in Kano", vec![Span { start: 13, end: 17, label: 0 }]),
//!     example("They sing in tune", vec![]),
//! ];
//! let train: Vec<&Example> = train.iter().collect();
//! let fitted = fit(&labels, &train, None, &CrfParams::default(), &Silent)?;
//! let text = example("Ada lives in Jos", vec![]);
//! let answer = fitted.model.predict(&[&text]);
//! assert_eq!(answer.answers[0].spans(), [Span { start: 13, end: 16, label: 0 }]);
//! # Ok::<(), trueup_model::ModelError>(())
//! ```

mod clusters;
mod corpus;
mod exp;
mod explain;
mod facts;
mod features;
mod folds;
mod gazetteer;
mod kept;
mod lattice;
mod lbfgs;
mod learner;
mod model;
mod nbest;
mod pieces;
mod scorer;
mod table;
mod tags;
mod trainer;
mod transitions;
mod weights;

use std::collections::BTreeMap;

use trueup_core::{Example, LabelSet};

pub use clusters::Clusters;
pub use explain::Reason;
pub use folds::{Fold, FoldRecord, out_of_fold};
pub use model::CrfModel;
pub use nbest::Ranked;
pub use tags::Alignment;

use crate::{Fitted, ModelError, Progress};
use corpus::Corpus;
use gazetteer::Gazetteer;

/// How the loss is brought down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Optimiser {
    /// A step a sentence, by AdaGrad: some ten passes.
    #[default]
    Adagrad,
    /// A step a pass, by L-BFGS, to convergence or for [`CrfParams::epochs`] passes: some hundred. The L2 penalty is one of
    /// the whole part, and wants to be some tenths; a weight exists for a feature and a tag that training shows together.
    /// [`CrfParams::learning_rate`], [`CrfParams::l1`], [`CrfParams::keep`] and [`CrfParams::seed`] have no effect.
    Lbfgs,
}

/// How a chain is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct CrfParams {
    /// How the loss is brought down.
    pub optimiser: Optimiser,
    /// Passes over the training part: exactly so many without a validation part, at most so many with one.
    pub epochs: u32,
    /// Passes in a row without a lower validation loss after which training stops; at least 1.
    pub patience: u32,
    /// AdaGrad's step size, above 0: about what a weight's first step is, in nats.
    pub learning_rate: f32,
    /// L1 penalty, 0 or more: this times the absolute weight joins the loss of every token that a feature occurs at. It
    /// makes weights 0.
    pub l1: f32,
    /// L2 penalty, 0 or more: half of it times the squared weight joins the loss.
    pub l2: f32,
    /// Features with fewer uses in the training part are left out. 2 saves half of the memory or more and costs some
    /// thousandths of F1 on small corpora.
    pub min_count: u32,
    /// Share of the features that are left after [`CrfParams::prune_after`] passes, above 0 to 1: those with the greatest
    /// weights, which go on learning without the others. At 1 all stay.
    pub keep: f32,
    /// Passes with all features. A model of no more passes has all of them.
    pub prune_after: u32,
    /// The most weights that a feature has on average in the model that is kept, above 0: those furthest from the median of
    /// their feature, to which the others are set.
    pub weights: f32,
    /// Lists of names by name of the list, whose finds in a text are features; see the module's page.
    pub gazetteer: BTreeMap<String, Vec<String>>,
    /// Classes of words, a feature each; none by default.
    pub clusters: Clusters,
    /// Seed of the order of sentences.
    pub seed: u64,
}

/// Chosen on the development parts of NCBI Disease, BC5CDR and WNUT 2017 and on a fifth of Wikigold, three seeds each;
/// between 5 and 10 passes, rates of 0.05 and 0.1 and penalties of 1e-4 and 1e-3 the sum of F1 moves less than seeds do.
/// On the same parts a fifth of the features, chosen after 3 passes, has 0.3 points of F1 less than all of them on average, and
/// three tenths 0.2 points.
impl Default for CrfParams {
    fn default() -> Self {
        Self {
            optimiser: Optimiser::Adagrad,
            epochs: 10,
            patience: 3,
            learning_rate: 0.05,
            l1: 0.0,
            l2: 1e-4,
            min_count: 1,
            keep: 0.2,
            prune_after: 3,
            weights: 3.0,
            gazetteer: BTreeMap::new(),
            clusters: Clusters::default(),
            seed: 42,
        }
    }
}

impl CrfParams {
    /// The parameters by name, as a document shows them.
    pub fn describe(&self) -> BTreeMap<String, String> {
        [
            ("optimiser", if self.optimiser == Optimiser::Lbfgs { "lbfgs" } else { "adagrad" }.to_owned()),
            ("epochs", self.epochs.to_string()),
            ("patience", self.patience.to_string()),
            ("learning_rate", self.learning_rate.to_string()),
            ("l1", self.l1.to_string()),
            ("l2", self.l2.to_string()),
            ("min_count", self.min_count.to_string()),
            ("keep", self.keep.to_string()),
            ("prune_after", self.prune_after.to_string()),
            ("weights", self.weights.to_string()),
            ("gazetteer", self.gazetteer.keys().map(String::as_str).collect::<Vec<_>>().join(" ")),
            ("clusters", self.clusters.count().to_string()),
            ("seed", self.seed.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// Trains a chain on `train`, whose gold must be spans of `labels`.
///
/// With a validation part, training stops when its loss has not fallen for [`CrfParams::patience`] passes, and the model
/// is that of the pass with the lowest loss ([`Fitted::epochs`]), of those after [`CrfParams::prune_after`] where there are any
/// and features are left behind; the curve shows all passes run. Without one, or with one
/// that holds no token, it runs exactly [`CrfParams::epochs`] passes. Training `n` passes gives the same model whichever
/// way `n` came about. When [`Progress::stopped`] says so, training ends with the pass at hand as if it were the last.
///
/// # Errors
///
/// [`ModelError::NoSpans`] when `train` has no gold span, or none that overlaps a token; [`ModelError::NoFeatures`] when
/// no feature occurs [`CrfParams::min_count`] times, as in texts without a word.
pub fn fit(
    labels: &LabelSet,
    train: &[&Example],
    valid: Option<&[&Example]>,
    params: &CrfParams,
    progress: &dyn Progress,
) -> Result<Fitted<CrfModel>, ModelError> {
    let gazetteer = Gazetteer::new(&params.gazetteer);
    let held_out = valid.unwrap_or_default();
    let corpus = Corpus::new(train.iter().chain(held_out).copied().collect(), &gazetteer, &params.clusters);
    let part = |from: usize, len: usize| (from..from + len).collect::<Vec<usize>>();
    let valid = valid.map(|valid| part(train.len(), valid.len()));
    trainer::train(&corpus, labels, &gazetteer, &part(0, train.len()), valid.as_deref(), params, progress)
}

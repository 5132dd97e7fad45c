//! What another tool would print, and where it differs from what is right.

use super::{SpanScores, TypeCounts};
use crate::LabelSet;

/// The figures of a tool, as it computes them, and the right ones where they differ.
#[derive(Debug, Clone, PartialEq)]
pub struct CompatReport {
    /// The tool and its mode: `seqeval`, `seqeval-strict`, `conlleval`, `spacy`, `nervaluate`.
    pub name: &'static str,
    /// Where the tool would stop with an error instead: at which tags, and how they were read here.
    pub stops: Option<String>,
    /// Its figures by the names it gives them; `None` is its own "no value".
    pub figures: Vec<(String, Option<f64>)>,
    /// Figures that another reading or the right definition would change, each with the reason.
    pub differences: Vec<Difference>,
}

/// A figure that the tool computes otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The name of the figure.
    pub figure: String,
    /// What the tool computes.
    pub theirs: Option<f64>,
    /// What is right: strict decoding, sets of spans, the best matching, 0/0 without value.
    pub ours: Option<f64>,
    /// Why they differ.
    pub why: String,
}

impl CompatReport {
    /// The figure of that name.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|(known, _)| known == name).and_then(|(_, value)| *value)
    }
}

/// Figures under construction: the tool's beside ours.
pub(super) struct Figures {
    report: CompatReport,
}

impl Figures {
    pub fn new(name: &'static str, stops: Option<String>) -> Self {
        Self { report: CompatReport { name, stops, figures: Vec::new(), differences: Vec::new() } }
    }

    /// Adds a figure, and a difference where ours is another number.
    pub fn add(&mut self, figure: impl Into<String>, theirs: Option<f64>, ours: Option<f64>, why: &str) {
        let figure = figure.into();
        self.differs(&figure, theirs, ours, why);
        self.report.figures.push((figure, theirs));
    }

    /// Adds a difference alone, where there is one.
    pub fn differs(&mut self, figure: &str, theirs: Option<f64>, ours: Option<f64>, why: &str) {
        let same = match (theirs, ours) {
            (Some(theirs), Some(ours)) => (theirs - ours).abs() <= 1e-12,
            (theirs, ours) => theirs.is_none() && ours.is_none(),
        };
        if !same {
            let (figure, why) = (figure.to_owned(), why.to_owned());
            self.report.differences.push(Difference { figure, theirs, ours, why });
        }
    }

    pub fn finish(self) -> CompatReport {
        self.report
    }
}

/// The share, 0 for 0/0.
pub(super) fn or_zero(value: Option<f64>) -> Option<f64> {
    value.or(Some(0.0))
}

/// The averages and types of a report in the way of scikit-learn and seqeval.
pub(super) fn averages(figures: &mut Figures, theirs: &SpanScores, ours: &SpanScores, names: &LabelSet, why: &str) {
    let whole = |scores: &SpanScores| [scores.micro.clone(), scores.macro_.clone(), scores.weighted.clone()];
    for (name, (theirs, ours)) in
        ["micro", "macro", "weighted"].into_iter().zip(whole(theirs).into_iter().zip(whole(ours)))
    {
        figures.add(format!("{name} avg precision"), or_zero(theirs.precision), ours.precision, why);
        figures.add(format!("{name} avg recall"), or_zero(theirs.recall), ours.recall, why);
        figures.add(format!("{name} avg f1-score"), or_zero(theirs.f1), ours.f1, why);
    }
    figures.add("support", Some(theirs.total.gold.spans() as f64), Some(ours.total.gold.spans() as f64), why);
    for (label, (theirs, ours)) in types(theirs, ours) {
        let name = names.name(label);
        figures.add(format!("{name} precision"), or_zero(theirs.precision()), ours.precision(), why);
        figures.add(format!("{name} recall"), or_zero(theirs.recall()), ours.recall(), why);
        figures.add(format!("{name} f1-score"), or_zero(theirs.f1()), ours.f1(), why);
        let support = |counts: &TypeCounts| Some(counts.gold.spans() as f64);
        figures.add(format!("{name} support"), support(theirs), support(ours), why);
    }
}

/// The types that the tool lists, with the counts of both.
pub(super) fn types<'a>(
    theirs: &'a SpanScores,
    ours: &'a SpanScores,
) -> impl Iterator<Item = (u32, (&'a TypeCounts, &'a TypeCounts))> {
    let both = theirs.types.iter().zip(&ours.types).enumerate();
    both.filter(|(_, (theirs, _))| theirs.occurs()).map(|(label, counts)| (label as u32, counts))
}

/// spaCy's `cats_macro_auc` from the area under the ROC curve of each label, `None` where a label has gold of one kind
/// only and so no area.
///
/// spaCy divides by all labels and so counts 0 for each label without an area, which pulls the mean down; the right mean
/// is that of the labels that have one. `None` without labels, and for ours where none has an area.
pub fn cats_macro_auc(areas: &[Option<f64>]) -> Difference {
    let (mut sum, mut defined) = (0.0, 0u32);
    for area in areas.iter().flatten() {
        sum += area;
        defined += 1;
    }
    Difference {
        figure: "cats_macro_auc".into(),
        theirs: (!areas.is_empty()).then(|| sum / areas.len() as f64),
        ours: (defined > 0).then(|| sum / f64::from(defined)),
        why: "spaCy counts 0 for each label that has gold of one kind only, for which there is no area; the mean is over \
              the labels that have one"
            .into(),
    }
}

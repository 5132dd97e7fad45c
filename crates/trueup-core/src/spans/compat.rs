//! Other tools' figures from tags or spans.

use super::nervaluate::NervaluateCounts;
use super::report::{Figures, averages, or_zero, types};
use super::{
    CompatReport, Decoding, NervaluateVersion, SpanCounts, SpanDocument, SpanMatch, SpanOptions, TagCounts, TagTable,
    TagUnits,
};
use crate::scheme::{Decoded, Scheme, Tag};
use crate::{LabelSet, Span};

/// A tool whose figures can be computed as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compat {
    /// seqeval 1.2.2, `classification_report` as it is called by most.
    Seqeval,
    /// seqeval 1.2.2 with `mode="strict"` and a scheme.
    SeqevalStrict(Scheme),
    /// conlleval, the script of the CoNLL shared tasks; figures in per cent, unrounded.
    Conlleval,
    /// spaCy 3's `Scorer`: `ents_p`, `ents_r`, `ents_f`.
    Spacy,
    /// nervaluate 1.2.1.
    Nervaluate,
}

const SEQEVAL: &str = "seqeval reads an invalid tag as the nearest chunk, so that a prediction that breaks the scheme can \
                       be right; here such tags are in no span. A share of 0/0 is 0 there and has no value here";
const SEQEVAL_STRICT: &str = "a share of 0/0 is 0 in seqeval and has no value here; under IOE1, which seqeval marks as \
                              unfinished, its E opens no chunk of one token";
const CONLLEVAL: &str = "conlleval reads an invalid tag as the nearest chunk and knows only B, I and E; here invalid tags \
                         are in no span and each scheme has its own letters. A share of 0/0 is 0 there and has no value here";
const SPACY: &str = "spaCy opens an entity at a stray I; here an invalid tag is in no span. A share of 0/0 is 0 there and \
                     has no value here";
const NERVALUATE: &str = "nervaluate pairs spans in the order they come, so that the result depends on it, reads an invalid \
                          tag as the nearest chunk, and takes 0/0 as 0; here the matching of the greatest score is taken";
const NERVALUATE_TYPE: &str = "nervaluate scores a type among the spans of that type alone; here pairs are chosen once \
                               among all spans, and a gold span paired with another type is incorrect, not missed";
const NERVALUATE_OLD: &str = "nervaluate 1.0.0 to 1.2.0 drops the half credit of partial matches as soon as there are two \
                              documents: merging them recomputes precision and recall without it";

impl Compat {
    /// The name under which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seqeval => "seqeval",
            Self::SeqevalStrict(_) => "seqeval-strict",
            Self::Conlleval => "conlleval",
            Self::Spacy => "spacy",
            Self::Nervaluate => "nervaluate",
        }
    }

    /// The tool of that name; `scheme` is that of the file, which seqeval's strict mode is told.
    pub fn from_name(name: &str, scheme: Scheme) -> Option<Self> {
        let all = [Self::Seqeval, Self::SeqevalStrict(scheme), Self::Conlleval, Self::Spacy, Self::Nervaluate];
        all.into_iter().find(|compat| compat.name() == name)
    }

    /// How it reads tags; `scheme` is that of the file.
    pub fn decoding(self, scheme: Scheme) -> Decoding {
        match self {
            Self::Seqeval => Decoding::Seqeval,
            Self::SeqevalStrict(told) => Decoding::SeqevalStrict(told),
            Self::Conlleval => Decoding::Conlleval,
            Self::Spacy => Decoding::Lenient(scheme),
            Self::Nervaluate => Decoding::Nervaluate,
        }
    }

    /// What it counts as right.
    pub fn matching(self) -> &'static str {
        match self {
            Self::Nervaluate => "strict, exact, partial and type, pairs taken in order of the predicted spans",
            _ => "equal start, end and type, as sets",
        }
    }

    /// How it averages over types.
    pub fn averaging(self) -> &'static str {
        match self {
            Self::Seqeval | Self::SeqevalStrict(_) => {
                "micro, macro and weighted by gold, over the types that occur in decoded gold or prediction; 0/0 counts 0"
            }
            Self::Conlleval | Self::Spacy => "micro, and each type; 0/0 counts 0",
            Self::Nervaluate => "micro, and each type among the spans of that type alone; 0/0 counts 0",
        }
    }
}

/// A tool's counts of sentences or documents, with ours beside; mergeable.
#[derive(Debug, Clone, PartialEq)]
pub struct CompatCounts {
    compat: Compat,
    labels: LabelSet,
    bare: Option<u32>,
    scheme: Scheme,
    theirs: TagCounts,
    ours: TagCounts,
    nervaluate: Option<Nervaluate>,
    refused: u64,
    scratch: Scratch,
}

/// nervaluate's counts now and in version 1.2.0, and ours.
#[derive(Debug, Clone, PartialEq)]
struct Nervaluate {
    now: NervaluateCounts,
    ours: SpanCounts,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    tags: Vec<Tag<u32>>,
    decoded: Decoded<u32>,
    spans: [Vec<Span>; 2],
}

/// Memory is not compared.
impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl CompatCounts {
    /// Nothing counted yet. `scheme` is that of the file, by which ours are read; `bare` is [`TagTable::bare`].
    pub fn new(compat: Compat, labels: &LabelSet, bare: Option<u32>, scheme: Scheme) -> Self {
        let counts = |decoding| TagCounts::new(decoding, labels.len(), bare, TagUnits::None);
        let nervaluate = (compat == Compat::Nervaluate).then(|| Nervaluate {
            now: NervaluateCounts::new(labels.len(), NervaluateVersion::V1_2_1, 1.0),
            ours: SpanCounts::new(labels.len(), SpanOptions { min_overlap_percentage: 1.0 }),
        });
        Self {
            compat,
            labels: labels.clone(),
            bare,
            scheme,
            theirs: counts(compat.decoding(scheme)),
            ours: counts(Decoding::Strict(scheme)),
            nervaluate,
            refused: 0,
            scratch: Scratch::default(),
        }
    }

    /// Counts a sentence by its tags (numbers in the table, whose labels are those of the counts).
    pub fn add_tags(&mut self, table: &TagTable, gold: &[u32], predicted: &[u32]) {
        let decoding = self.compat.decoding(self.scheme);
        for numbers in [gold, predicted] {
            let tags = numbers.iter().map(|&number| (table.tags[number as usize], table.not_tags.contains(&number)));
            self.refused += decoding.refused(tags, table.bare);
        }
        self.theirs.add(&table.tags, gold, predicted);
        self.ours.add(&table.tags, gold, predicted);
        let Some(nervaluate) = &mut self.nervaluate else { return };
        let Scratch { tags, decoded, spans } = &mut self.scratch;
        let mut read = |numbers: &[u32], decoding: Decoding, into: &mut Vec<Span>| {
            tags.clear();
            tags.extend(numbers.iter().map(|&number| table.tags[number as usize]));
            decoding.decode_into(tags, self.bare, decoded);
            into.clear();
            into.extend(decoded.chunks.iter().map(|&(start, end, label)| Span {
                start: start as u32,
                end: end as u32,
                label,
            }));
        };
        read(gold, decoding, &mut spans[0]);
        read(predicted, decoding, &mut spans[1]);
        nervaluate.now.add(&spans[0], &spans[1]);
        read(gold, Decoding::Strict(self.scheme), &mut spans[0]);
        read(predicted, Decoding::Strict(self.scheme), &mut spans[1]);
        nervaluate.ours.add(&SpanDocument::new(&spans[0], &spans[1]));
    }

    /// Counts a document by its spans, in the order they come.
    pub fn add_spans(&mut self, gold: &[Span], predicted: &[Span]) {
        if let Some(nervaluate) = &mut self.nervaluate {
            nervaluate.now.add(gold, predicted);
            nervaluate.ours.add(&SpanDocument::new(gold, predicted));
        }
        let spans = &mut self.scratch.spans;
        for (into, from) in spans.iter_mut().zip([gold, predicted]) {
            into.clear();
            into.extend_from_slice(from);
            into.sort_unstable();
            into.dedup();
        }
        self.theirs.add_spans(&spans[0], &spans[1]);
        self.ours.add_spans(&spans[0], &spans[1]);
    }

    /// Adds another part's counts, of the same tool, labels and scheme.
    pub fn merge(&mut self, other: &Self) {
        self.theirs.merge(&other.theirs);
        self.ours.merge(&other.ours);
        if let (Some(mine), Some(theirs)) = (&mut self.nervaluate, &other.nervaluate) {
            mine.now.merge(&theirs.now);
            mine.ours.merge(&theirs.ours);
        }
        self.refused += other.refused;
    }

    /// The tool's figures; [`CompatReport::stops`] tells where it would give none.
    pub fn report(&self) -> CompatReport {
        let stops = (self.refused > 0).then(|| {
            let (name, times) = (self.compat.name(), self.refused);
            format!("{name} stops with an error at {times} of these tags; here what is no tag was read as O, and the rest as it reads others")
        });
        let mut figures = Figures::new(self.compat.name(), stops);
        match self.compat {
            Compat::Seqeval => self.seqeval(&mut figures, SEQEVAL),
            Compat::SeqevalStrict(_) => self.seqeval(&mut figures, SEQEVAL_STRICT),
            Compat::Conlleval => self.conlleval(&mut figures),
            Compat::Spacy => self.spacy(&mut figures),
            Compat::Nervaluate => self.nervaluate(&mut figures),
        }
        figures.finish()
    }

    fn seqeval(&self, figures: &mut Figures, why: &str) {
        figures.add("accuracy", self.theirs.token_accuracy(), self.ours.token_accuracy(), why);
        averages(figures, &self.theirs.scores(), &self.ours.scores(), &self.labels, why);
    }

    fn conlleval(&self, figures: &mut Figures) {
        let percent = |value: Option<f64>| value.map(|value| 100.0 * value);
        let (theirs, ours) = (self.theirs.scores(), self.ours.scores());
        figures.add("accuracy", percent(self.theirs.token_accuracy()), percent(self.ours.token_accuracy()), CONLLEVAL);
        let mut three = |name: &str, theirs: [Option<f64>; 3], ours: [Option<f64>; 3]| {
            for (figure, (theirs, ours)) in ["precision", "recall", "FB1"].into_iter().zip(theirs.into_iter().zip(ours))
            {
                figures.add(format!("{name}{figure}"), percent(or_zero(theirs)), percent(ours), CONLLEVAL);
            }
        };
        let of = |counts: &super::TypeCounts| [counts.precision(), counts.recall(), counts.f1()];
        three("", of(&theirs.total), of(&ours.total));
        for (label, (theirs, ours)) in types(&theirs, &ours) {
            three(&format!("{} ", self.labels.name(label)), of(theirs), of(ours));
        }
    }

    fn spacy(&self, figures: &mut Figures) {
        let (theirs, ours) = (self.theirs.scores(), self.ours.scores());
        // Without any entity spaCy's overall figures are None; else 0/0 is 0.
        let any = theirs.total.occurs();
        let overall = |value: Option<f64>| if any { or_zero(value) } else { None };
        figures.add("ents_p", overall(theirs.micro.precision), ours.micro.precision, SPACY);
        figures.add("ents_r", overall(theirs.micro.recall), ours.micro.recall, SPACY);
        figures.add("ents_f", overall(theirs.micro.f1), ours.micro.f1, SPACY);
        for (label, (theirs, ours)) in types(&theirs, &ours) {
            let name = self.labels.name(label);
            figures.add(format!("ents_per_type {name} p"), or_zero(theirs.precision()), ours.precision(), SPACY);
            figures.add(format!("ents_per_type {name} r"), or_zero(theirs.recall()), ours.recall(), SPACY);
            figures.add(format!("ents_per_type {name} f"), or_zero(theirs.f1()), ours.f1(), SPACY);
        }
    }

    fn nervaluate(&self, figures: &mut Figures) {
        let Some(Nervaluate { now, ours }) = &self.nervaluate else { return };
        let old = now.with_version(NervaluateVersion::V1_2_0);
        let used = (0..self.labels.len() as u32).filter(|&label| now.uses(label));
        for label in std::iter::once(None).chain(used.map(Some)) {
            let (prefix, why) = match label {
                None => (String::new(), NERVALUATE),
                Some(label) => (format!("{} ", self.labels.name(label)), NERVALUATE_TYPE),
            };
            for matching in SpanMatch::ALL {
                let name = if matching == SpanMatch::Type { "ent_type" } else { matching.name() };
                let theirs = now.result(matching, label);
                let right = label.map_or_else(|| ours.total(matching), |label| ours.counts(matching, label));
                for (figure, count, right) in [
                    ("correct", theirs.correct, right.gold.correct),
                    ("incorrect", theirs.incorrect, right.gold.incorrect),
                    ("partial", theirs.partial, right.gold.partial),
                    ("missed", theirs.missed, right.gold.alone),
                    ("spurious", theirs.spurious, right.predicted.alone),
                ] {
                    figures.add(format!("{prefix}{name} {figure}"), Some(count as f64), Some(right as f64), why);
                }
                let old = old.result(matching, label);
                for (figure, theirs, old, right) in [
                    ("precision", theirs.precision, old.precision, right.precision()),
                    ("recall", theirs.recall, old.recall, right.recall()),
                    ("f1", theirs.f1, old.f1, right.f1()),
                ] {
                    figures.add(format!("{prefix}{name} {figure}"), Some(theirs), right, why);
                    if (theirs - old).abs() > 1e-12 {
                        let figure = format!("{prefix}{name} {figure} (1.0.0 to 1.2.0)");
                        figures.differs(&figure, Some(old), right, NERVALUATE_OLD);
                    }
                }
            }
        }
    }
}

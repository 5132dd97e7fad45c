//! What was seen in training: the mentions and their types.

use rustc_hash::FxHashMap;

use crate::{LabelId, Span, Token};

/// How a mention relates to training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// No training mention has its surface.
    Unseen,
    /// Training mentions have its surface, all with other types.
    OtherType,
    /// A training mention has its surface and type.
    SameType,
}

impl Seen {
    /// Its name: `unseen`, `seen-other-type`, `seen`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unseen => "unseen",
            Self::OtherType => "seen-other-type",
            Self::SameType => "seen",
        }
    }
}

/// The surfaces of training mentions as they are written (case counts), with how often each type was given to them;
/// mergeable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrainingIndex {
    surfaces: FxHashMap<Box<str>, Surface>,
    /// The bytes of the longest surface.
    longest: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Surface {
    /// In order of labels.
    labels: Vec<(LabelId, u64)>,
    unlabelled: u64,
}

impl TrainingIndex {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a mention.
    pub fn add(&mut self, surface: &str, label: LabelId) {
        if !self.surfaces.contains_key(surface) {
            self.surfaces.insert(surface.into(), Surface::default());
        }
        if let Some(known) = self.surfaces.get_mut(surface) {
            known.add(label, 1);
        }
    }

    /// Takes in the mentions of a training document. Spans outside the text, or not at characters, are passed over.
    pub fn add_document(&mut self, text: &str, spans: &[Span]) {
        spans.iter().filter_map(|span| Some((text.get(span.range())?, span.label))).for_each(|(surface, label)| {
            self.add(surface, label);
        });
    }

    /// Counts where known surfaces stand unlabelled in a training document, as runs of whole tokens whose range is no
    /// mention; to be called when all mentions are known. Then label consistency is a share of all occurrences, and
    /// without it a share of mentions.
    pub fn add_unlabelled(&mut self, text: &str, tokens: &[Token], spans: &[Span]) {
        let mut mentions: Vec<(u32, u32)> = spans.iter().map(|span| (span.start, span.end)).collect();
        mentions.sort_unstable();
        let most = self.surfaces.keys().map(|surface| surface.len()).max().unwrap_or(0).max(self.longest);
        self.longest = most;
        for (i, first) in tokens.iter().enumerate() {
            for last in &tokens[i..] {
                if (last.end - first.start) as usize > most {
                    break;
                }
                let range = (first.start, last.end);
                let Some(surface) = text.get(first.start as usize..last.end as usize) else { continue };
                if let Some(known) = self.surfaces.get_mut(surface) {
                    known.unlabelled += u64::from(mentions.binary_search(&range).is_err());
                }
            }
        }
    }

    /// Adds another part's mentions.
    pub fn merge(&mut self, other: &Self) {
        // The order of the map reaches nothing: sums do not depend on it.
        #[allow(clippy::iter_over_hash_type)]
        for (surface, theirs) in &other.surfaces {
            let mine = self.surfaces.entry(surface.clone()).or_default();
            theirs.labels.iter().for_each(|&(label, times)| mine.add(label, times));
            mine.unlabelled += theirs.unlabelled;
        }
        self.longest = self.longest.max(other.longest);
    }

    /// How a mention relates to training.
    pub fn seen(&self, surface: &str, label: LabelId) -> Seen {
        match self.surfaces.get(surface) {
            None => Seen::Unseen,
            Some(known) if known.times(label) > 0 => Seen::SameType,
            Some(_) => Seen::OtherType,
        }
    }

    /// The share of the training occurrences of the surface that carry this type; `None` for an unseen surface.
    ///
    /// Entity label consistency, eCon of Fu, Liu and Neubig 2020 ("Interpretable Multi-dataset Evaluation for Named
    /// Entity Recognition"), as ExplainaBoard has it.
    pub fn consistency(&self, surface: &str, label: LabelId) -> Option<f64> {
        let known = self.surfaces.get(surface)?;
        let all = known.unlabelled + known.labels.iter().map(|(_, times)| times).sum::<u64>();
        crate::counts::ratio(known.times(label), all)
    }

    /// Distinct surfaces.
    pub fn len(&self) -> usize {
        self.surfaces.len()
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.surfaces.is_empty()
    }
}

impl Surface {
    fn add(&mut self, label: LabelId, times: u64) {
        match self.labels.binary_search_by_key(&label, |(known, _)| *known) {
            Ok(place) => self.labels[place].1 += times,
            Err(place) => self.labels.insert(place, (label, times)),
        }
    }

    fn times(&self, label: LabelId) -> u64 {
        self.labels.iter().find(|(known, _)| *known == label).map_or(0, |(_, times)| *times)
    }
}

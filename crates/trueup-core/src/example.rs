//! Examples and their annotations, as every stage sees them.

use crate::{LabelId, LabelSet, Task};

/// A typed range of a text. `start` and `end` (exclusive) are byte offsets at character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// The type of the span.
    pub label: LabelId,
}

impl Span {
    /// The range of bytes it covers.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// An answer to one example: the reference (gold) or a model's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Annotation {
    /// Exactly one label.
    Label(LabelId),
    /// A set of labels, sorted, without repeats; may be empty.
    Labels(Vec<LabelId>),
    /// A set of spans, sorted, without repeats; may be empty.
    Spans(Vec<Span>),
}

impl Annotation {
    /// The labels in it, sorted, without repeats (for spans: the types that occur).
    pub fn labels(&self) -> Vec<LabelId> {
        match self {
            Self::Label(label) => vec![*label],
            Self::Labels(labels) => labels.clone(),
            Self::Spans(spans) => {
                let mut labels: Vec<_> = spans.iter().map(|s| s.label).collect();
                labels.sort_unstable();
                labels.dedup();
                labels
            }
        }
    }

    /// Its spans; empty for the label tasks.
    pub fn spans(&self) -> &[Span] {
        match self {
            Self::Spans(spans) => spans,
            _ => &[],
        }
    }

    /// The same answer with each label id replaced by `map[id]`, sorted anew. Panics if a label has no image.
    #[must_use]
    pub fn relabel(&self, map: &[Option<LabelId>]) -> Self {
        let to = |id: LabelId| map[id as usize].expect("the target set holds every label in use");
        match self {
            Self::Label(label) => Self::Label(to(*label)),
            Self::Labels(labels) => {
                let mut labels: Vec<_> = labels.iter().map(|&l| to(l)).collect();
                labels.sort_unstable();
                labels.dedup();
                Self::Labels(labels)
            }
            Self::Spans(spans) => {
                let mut spans: Vec<_> = spans.iter().map(|s| Span { label: to(s.label), ..*s }).collect();
                spans.sort_unstable();
                spans.dedup();
                Self::Spans(spans)
            }
        }
    }
}

/// A token of a text that came tokenised: where it stands and, if the file had one, its raw tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte in the text.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Position of the raw tag in [`Dataset::tags`]; `None` when the source had no tags.
    pub tag: Option<u32>,
}

impl Token {
    /// The range of bytes it covers.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One text with its gold annotation and metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The id column's value, else the 1-based record number.
    pub id: String,
    /// The text as it stands in the file; empty when the source has none (see [`Dataset::has_text`]).
    pub text: String,
    /// The reference annotation.
    pub gold: Annotation,
    /// Tokens, when the source came tokenised (CoNLL); empty otherwise.
    pub tokens: Vec<Token>,
    /// The source, author, thread or document it belongs to, when a group column was named.
    pub group: Option<String>,
    /// When it was made, as the file writes it, when a time column was named.
    pub time: Option<String>,
    /// Values of the other columns, in the order of [`Dataset::columns`].
    pub metadata: Vec<String>,
    /// 1-based line in the file where the record starts.
    pub line: u64,
}

/// Examples of one file or split over one label set.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// What kind of answer the examples have.
    pub task: Task,
    /// The labels that [`Annotation`]s refer to.
    pub labels: LabelSet,
    /// The examples in file order.
    pub examples: Vec<Example>,
    /// Names of the metadata columns.
    pub columns: Vec<String>,
    /// Raw tags of a CoNLL file, by first occurrence; see [`Token::tag`].
    pub tags: Vec<String>,
    /// Whether the source has texts at all; a table of scores has none.
    pub has_text: bool,
}

impl Dataset {
    /// How many examples there are.
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// Rewrites every annotation to the ids of `labels`, which must hold every label of this set.
    pub fn relabel(&mut self, labels: &LabelSet) {
        if self.labels == *labels {
            return;
        }
        let map = self.labels.mapping_to(labels);
        for example in &mut self.examples {
            example.gold = example.gold.relabel(&map);
        }
        self.labels = labels.clone();
    }

    /// Puts these columns before the others, in this order, with their values.
    ///
    /// # Errors
    ///
    /// The first of them that there is none of; nothing is changed then.
    pub fn put_first(&mut self, columns: &[String]) -> Result<(), String> {
        let place = |name: &String| self.columns.iter().position(|own| own == name).ok_or_else(|| name.clone());
        let mut order: Vec<usize> = Vec::new();
        for name in columns {
            let at = place(name)?;
            if !order.contains(&at) {
                order.push(at);
            }
        }
        let others = (0..self.columns.len()).filter(|at| !order.contains(at)).collect::<Vec<_>>();
        order.extend(others);
        if order.iter().copied().eq(0..self.columns.len()) {
            return Ok(());
        }
        self.columns = order.iter().map(|&at| self.columns[at].clone()).collect();
        for example in &mut self.examples {
            let mut values = std::mem::take(&mut example.metadata);
            values.resize(order.len(), String::new());
            example.metadata = order.iter().map(|&at| std::mem::take(&mut values[at])).collect();
        }
        Ok(())
    }

    /// Gives the examples these columns and no others, in this order; a value of a column that there is not is empty.
    pub fn conform(&mut self, columns: &[String]) {
        let places: Vec<Option<usize>> =
            columns.iter().map(|name| self.columns.iter().position(|own| own == name)).collect();
        for example in &mut self.examples {
            let value = |at: &Option<usize>| at.and_then(|at| example.metadata.get(at)).cloned().unwrap_or_default();
            example.metadata = places.iter().map(value).collect();
        }
        self.columns = columns.to_vec();
    }

    /// Gold examples a label: examples that carry it, or spans of that type for NER.
    pub fn support(&self) -> Vec<u64> {
        let mut counts = vec![0; self.labels.len()];
        for example in &self.examples {
            match &example.gold {
                Annotation::Label(label) => counts[*label as usize] += 1,
                Annotation::Labels(labels) => labels.iter().for_each(|&l| counts[l as usize] += 1),
                Annotation::Spans(spans) => spans.iter().for_each(|s| counts[s.label as usize] += 1),
            }
        }
        counts
    }
}

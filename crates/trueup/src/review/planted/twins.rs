//! Planted twins: texts that are equal or alike, found the plain way, pair by pair, and sentences with spans.

use std::collections::BTreeMap;

use trueup_core::document::LeakKind;
use trueup_core::text::normalise;
use trueup_core::{Annotation, Dataset, Example, LabelSet, Rng, Span, Task};

use super::{Plant, example, figures};
use crate::review::{DuplicateGroup, Evidence, LeakPair, NearPair, Place, SideName};

impl Plant {
    /// Entity sentences by folds, each with the mentions that are marked in it, as `(mention, label)`. Every answer is
    /// right.
    pub fn sentences(sentences: &[(&str, &[(&str, &str)])]) -> Self {
        let labels = LabelSet::new(sentences.iter().flat_map(|(_, marks)| marks.iter().map(|m| m.1)));
        let mut examples = Vec::new();
        for (i, (text, marks)) in sentences.iter().enumerate() {
            let span = |&(mention, label): &(&str, &str)| {
                let start = text.find(mention).expect("the mention stands in the sentence");
                Span {
                    start: start as u32,
                    end: (start + mention.len()) as u32,
                    label: labels.id(label).expect("a planted label"),
                }
            };
            let mut spans: Vec<Span> = marks.iter().map(span).collect();
            spans.sort_unstable();
            let mut sentence = example(i + 1, text, 0);
            sentence.gold = Annotation::Spans(spans);
            examples.push(sentence);
        }
        let predicted = examples.iter().map(|e| e.gold.clone()).collect();
        let data = Dataset {
            task: Task::Ner,
            labels: labels.clone(),
            examples,
            columns: Vec::new(),
            tags: Vec::new(),
            has_text: true,
        };
        Self {
            labels,
            train: data.clone(),
            test: data,
            answers: Vec::new(),
            predicted,
            change: Vec::new(),
            split: false,
        }
    }

    /// Gives every example a text unlike any other.
    #[must_use]
    pub fn unlike(mut self) -> Self {
        for (key, data) in [(1, &mut self.train), (2, &mut self.test)] {
            let mut rng = Rng::new(key);
            for example in &mut data.examples {
                example.text = format!("{:016x} {:016x}", rng.next_u64(), rng.next_u64());
            }
        }
        self
    }

    /// Makes duplicates, near duplicates, leaks and the clean figures from the texts, as the stages would.
    #[must_use]
    pub fn find_twins(self) -> Self {
        self.with(find)
    }
}

fn find(evidence: &mut Evidence<'_>) {
    let mut groups: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for side in evidence.sides() {
        for (row, example) in evidence.side(side).data.examples.iter().enumerate() {
            let place = Place { side, row };
            groups.entry(normalise(&example.text)).or_default().push(place);
        }
    }
    let mut duplicates: Vec<DuplicateGroup> = groups
        .into_values()
        .filter(|members| members.len() > 1)
        .map(|members| {
            let of = |place: &Place| &evidence.side(place.side).data.examples[place.row];
            let first = of(&members[0]);
            DuplicateGroup {
                byte_equal: members.iter().all(|m| of(m).text == first.text),
                same_gold: members.iter().all(|m| of(m).gold == first.gold),
                members,
            }
        })
        .collect();
    duplicates.sort_by_key(|group| group.members[0]);
    let mut near = Vec::new();
    for side in evidence.sides() {
        let examples = &evidence.side(side).data.examples;
        let sketches = sketches(examples);
        for b in 0..examples.len() {
            for a in 0..b {
                let similarity = alike(&sketches[a], &sketches[b]);
                if (0.8..1.0).contains(&similarity) {
                    near.push(NearPair {
                        a: Place { side, row: a },
                        b: Place { side, row: b },
                        similarity,
                        same_gold: examples[a].gold == examples[b].gold,
                    });
                }
            }
        }
    }
    near.sort_by_key(|pair| (pair.a, pair.b));
    let leaks = if evidence.has_split() { leaks(evidence) } else { Vec::new() };
    if !leaks.is_empty() {
        let answers: Vec<_> = (0..evidence.test.data.len())
            .filter(|row| leaks.iter().all(|leak| leak.test != *row))
            .filter_map(|row| evidence.labels_of(row))
            .collect();
        let clean = figures(evidence.labels, &answers, &evidence.side(SideName::Train).support);
        evidence.primary.estimate = clean.metrics[&evidence.primary.name].clone();
        evidence.clean = Some(clean);
    }
    (evidence.duplicates, evidence.near, evidence.leaks) = (duplicates, near, leaks);
}

fn leaks(evidence: &Evidence<'_>) -> Vec<LeakPair> {
    let train = &evidence.side(SideName::Train).data.examples;
    let (seen, asked) = (sketches(train), sketches(&evidence.test.data.examples));
    let mut leaks = Vec::new();
    for (test, ours) in evidence.test.data.examples.iter().enumerate() {
        let mut best: Option<LeakPair> = None;
        for (row, theirs) in train.iter().enumerate() {
            let similarity = alike(&asked[test], &seen[row]);
            if similarity >= 0.8 && best.is_none_or(|b| similarity > b.similarity) {
                best = Some(LeakPair {
                    test,
                    train: row,
                    kind: if similarity < 1.0 { LeakKind::Near } else { LeakKind::Exact },
                    similarity,
                    byte_equal: ours.text == theirs.text,
                    same_gold: ours.gold == theirs.gold,
                });
            }
        }
        leaks.extend(best);
    }
    leaks.sort_by_key(|leak| (leak.kind, leak.test));
    leaks
}

/// A text as it is compared.
struct Sketch {
    normalised: String,
    /// Its character 5-grams, sorted, without repeats.
    grams: Vec<Vec<char>>,
}

fn sketches(examples: &[Example]) -> Vec<Sketch> {
    let sketch = |example: &Example| {
        let normalised = normalise(&example.text);
        let chars: Vec<char> = normalised.chars().collect();
        let mut grams: Vec<Vec<char>> = chars.windows(5).map(<[char]>::to_vec).collect();
        grams.sort_unstable();
        grams.dedup();
        Sketch { normalised, grams }
    };
    examples.iter().map(sketch).collect()
}

/// Jaccard of the sets of character 5-grams; 1 only for equal normalised texts.
fn alike(a: &Sketch, b: &Sketch) -> f64 {
    if a.normalised == b.normalised {
        return 1.0;
    }
    let shared = a.grams.iter().filter(|gram| b.grams.binary_search(gram).is_ok()).count();
    let either = a.grams.len() + b.grams.len() - shared;
    (shared as f64 / either.max(1) as f64).min(1.0 - 1e-9)
}

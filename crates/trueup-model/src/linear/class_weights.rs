//! What the losses of a label's examples weigh against those of others.

use std::collections::BTreeMap;
use std::fmt;

use trueup_core::LabelSet;

use super::classes::Classes;
use super::trainer::{Costs, Targets};
use super::weights::Link;

/// Weights of the labels' examples in the training loss.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ClassWeights {
    /// All alike.
    #[default]
    Equal,
    /// Rare labels weigh as much as frequent ones: scikit-learn's `class_weight="balanced"`. With one label a text, an
    /// example of a label with `c` of `n` examples and `k` labels weighs `n / (k c)`. With several, the examples that have
    /// a label weigh `n / (2 c)` for it, and the others `n / (2 (n - c))`.
    Balanced,
    /// By label name, above 0; 1 for labels that are not named. With several labels a text it is the weight of the examples
    /// that have the label; those that have not weigh 1.
    ByLabel(BTreeMap<String, f64>),
}

impl fmt::Display for ClassWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => f.write_str("equal"),
            Self::Balanced => f.write_str("balanced"),
            Self::ByLabel(weights) => {
                let all: Vec<String> = weights.iter().map(|(name, weight)| format!("{name}={weight}")).collect();
                f.write_str(&all.join(","))
            }
        }
    }
}

impl ClassWeights {
    /// The costs of `texts` examples; `None` where all weigh the same.
    pub(super) fn costs(&self, classes: &Classes, labels: &LabelSet, targets: &Targets, texts: usize) -> Option<Costs> {
        let mut counts = vec![0.0f64; classes.labels.len()];
        (0..texts).flat_map(|i| targets.row(i)).for_each(|&class| counts[class as usize] += 1.0);
        let (n, k) = (texts as f64, counts.len() as f64);
        let several = classes.link == Link::Independent;
        let pairs: Vec<(f64, f64)> = match self {
            Self::Equal => return None,
            // Every class has an example; a label that all texts have has no others.
            Self::Balanced if several => {
                counts.iter().map(|c| (n / (2.0 * c), if n > *c { n / (2.0 * (n - c)) } else { 1.0 })).collect()
            }
            Self::Balanced => counts.iter().map(|c| (n / (k * c), 1.0)).collect(),
            Self::ByLabel(weights) => {
                let names = classes.labels.iter().map(|&label| labels.name(label));
                names.map(|name| (weights.get(name).copied().unwrap_or(1.0), 1.0)).collect()
            }
        };
        Some(if several {
            Costs::Column(pairs.iter().map(|&(with, without)| (with as f32, without as f32)).collect())
        } else {
            Costs::Text(pairs.iter().map(|pair| pair.0 as f32).collect())
        })
    }
}

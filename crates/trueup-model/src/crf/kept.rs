//! A chain as parts to keep, and made of them again.

use serde_json::json;
use trueup_core::LabelSet;

use super::clusters::Clusters;
use super::gazetteer::Gazetteer;
use super::model::CrfModel;
use super::table::{FEATURE_BITS, Table};
use super::tags::{Alignment, Tags};
use super::transitions::Transitions;
use super::weights::{pack, unpack};
use crate::{Array, ModelError, Parts};

/// Which templates the hashes of a kept model are of. Goes up whenever a feature of a word changes.
const TEMPLATES: u32 = 2;

/// Arrays that hold the lengths of codes.
const CODES: [&str; 3] = ["first_gaps", "gaps", "values"];

impl CrfModel {
    /// Everything that predicts: settings, and arrays for a safetensors file.
    ///
    /// Settings: `templates` (which features; a number), `labels` (names by id), `tagged` (ids of the labels with states),
    /// `features` (how many), `scale` (one unit of a weight, nats), `gazetteer` (names of its lists), `clusters` (how many classes of
    /// words, 0 for none) and `alignment` (how gold
    /// met tokens). Arrays: `features` (the gaps between the first bits of their hashes, in Rice codes), `weights` (for each
    /// feature the gaps between the states that have a weight, and the weights, in Huffman codes), `first_gaps`, `gaps` and
    /// `values` (lengths of those codes), `entry_starts`, `entry_keys` and `entry_flags` (the entries of the gazetteer),
    /// `cluster_starts`, `cluster_keys` and `cluster_classes` (words and their classes),
    /// `steps` \[states, padded states\], `first` and `last` \[padded states\].
    pub fn to_parts(&self) -> Parts {
        let Alignment { spans, misaligned, overlapping } = self.alignment;
        let mut parts = Parts::new(json!({
            "templates": TEMPLATES,
            "labels": self.labels.names(),
            "tagged": self.tags.labels(),
            "features": self.table.len(),
            "scale": f64::from(self.scale),
            "gazetteer": self.gazetteer.names(),
            "clusters": self.clusters.count(),
            "alignment": { "spans": spans, "misaligned": misaligned, "overlapping": overlapping },
        }));
        let (weights, codes) = pack(&self.weights, self.transitions.vectors());
        let features = self.table.pack();
        for (name, bytes) in CODES.into_iter().zip(&codes).chain([("features", &features), ("weights", &weights)]) {
            parts.put(name, &[bytes.len()], bytes);
        }
        self.transitions.put(&mut parts);
        self.gazetteer.put(&mut parts);
        self.clusters.put(&mut parts);
        parts
    }

    /// The model of these parts: its answers are those of the model that gave them, bit for bit. The features and their weights are
    /// unpacked, some milliseconds for a hundred thousand; the lists of names and the words with classes stay views.
    ///
    /// # Errors
    ///
    /// [`ModelError::Damaged`] when something is missing, of another shape, or refers to what is not there.
    pub fn of_parts(mut parts: Parts) -> Result<Self, ModelError> {
        let damaged = |what: &str| ModelError::Damaged { what: what.to_owned() };
        let templates: u32 = parts.setting("templates")?;
        if templates != TEMPLATES {
            let what = format!("features of kind {templates} where {TEMPLATES} is known");
            return Err(ModelError::Damaged { what });
        }
        let names: Vec<String> = parts.setting("labels")?;
        let labels = LabelSet::new(names.iter().cloned());
        if labels.names() != names {
            return Err(damaged("its labels are not in order"));
        }
        let tagged: Vec<u32> = parts.setting("tagged")?;
        let ascending = tagged.windows(2).all(|w| w[0] < w[1]);
        if !ascending || tagged.last().is_none_or(|&last| last as usize >= labels.len()) {
            return Err(damaged("the labels of its states are not among its labels"));
        }
        let counts: std::collections::BTreeMap<String, u64> = parts.setting("alignment")?;
        let count = |name: &str| counts.get(name).copied().unwrap_or(0);
        let alignment =
            Alignment { spans: count("spans"), misaligned: count("misaligned"), overlapping: count("overlapping") };
        let tags = Tags::new(tagged);
        let transitions = Transitions::take(&tags, &mut parts)?;
        let gazetteer = Gazetteer::take(&mut parts)?;
        let clusters = Clusters::take(&mut parts)?;
        let features: usize = parts.setting("features")?;
        let hashes: Array<u8> = parts.take("features", &[None])?;
        let table =
            Table::unpack(&hashes, features, FEATURE_BITS).ok_or_else(|| damaged("its features cannot be read"))?;
        let [first, later, values] = CODES.map(|name| parts.take::<u8>(name, &[Some(256)]));
        let (first, later, values) = (first?, later?, values?);
        let weights: Array<u8> = parts.take("weights", &[None])?;
        let weights = unpack(&weights, [&first, &later, &values], features, transitions.states)
            .ok_or_else(|| damaged("its weights cannot be read"))?;
        let scale: f32 = parts.setting("scale")?;
        // So that no score is out of range, whatever the weights.
        if !(scale > 0.0 && scale < 1e3) {
            return Err(damaged("its scale is out of range"));
        }
        Ok(Self { labels, tags, table, weights, scale, transitions, gazetteer, clusters, alignment })
    }
}

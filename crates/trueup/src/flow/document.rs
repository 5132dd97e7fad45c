//! The parts of the document that are written from the evidence as it is.

use std::collections::{BTreeMap, BTreeSet};

use trueup_core::Predictions;
use trueup_core::document::{Data, ErrorRecord, ExampleRecord, Finding, Leak, LeakKind, Leakage};
use trueup_core::fingerprint::fingerprint;

use super::review::Answered;
use crate::review::{self, Evidence, SideName};

/// The most evaluated examples that a document holds with their texts, besides those that findings name.
const MOST_EXAMPLES: usize = 10_000;

/// The records of the examples that the document shows: wrong ones first, then those that findings and errors name,
/// then the other evaluated ones up to the limit.
pub(super) fn examples(
    evidence: &Evidence<'_>,
    predictions: &Predictions,
    findings: &[Finding],
    errors: &[ErrorRecord],
    with_text: bool,
) -> BTreeMap<String, ExampleRecord> {
    let mut named: BTreeSet<&str> = findings.iter().flat_map(|f| f.examples.iter().map(String::as_str)).collect();
    named.extend(errors.iter().map(|error| error.id.as_str()));
    named.extend(errors.iter().filter_map(|error| error.nearest.as_ref().map(|nearest| nearest.id.as_str())));
    let leaked: Vec<String> = evidence
        .leaks
        .iter()
        .flat_map(|leak| [evidence.test.id(leak.test), evidence.side(SideName::Train).id(leak.train)])
        .collect();
    named.extend(leaked.iter().map(String::as_str));
    let test_name = if evidence.has_split() || evidence.train.is_none() { "test" } else { "all" };
    let mut records = BTreeMap::new();
    let mut room = MOST_EXAMPLES;
    for row in 0..evidence.test.data.len() {
        let id = evidence.test.id(row);
        if named.contains(id.as_str()) || room > 0 {
            room = room.saturating_sub(1);
            records.insert(id, review::record(&evidence.test, row, Some(predictions), test_name, with_text));
        }
    }
    let others = [
        (evidence.has_split().then_some(evidence.train.as_ref()).flatten(), "train"),
        (evidence.valid.as_ref(), "valid"),
    ];
    for (side, name) in others {
        for (side, row) in side.iter().flat_map(|side| (0..side.data.len()).map(move |row| (side, row))) {
            let id = side.id(row);
            if named.contains(id.as_str()) {
                records.insert(id, review::record(side, row, None, name, with_text));
            }
        }
    }
    records
}

pub(super) fn leakage(evidence: &Evidence<'_>, clean_examples: u64) -> Leakage {
    let count = |kind| evidence.leaks.iter().filter(|leak| leak.kind == kind).count() as u64;
    let counting = evidence.counting();
    Leakage {
        exact: count(LeakKind::Exact),
        near: count(LeakKind::Near),
        pairs: evidence
            .leaks
            .iter()
            .map(|leak| Leak {
                test: evidence.test.id(leak.test),
                train: evidence.side(SideName::Train).id(leak.train),
                kind: leak.kind,
                similarity: leak.similarity,
                byte_equal: leak.byte_equal,
                same_gold: leak.same_gold,
            })
            .collect(),
        clean_examples,
        clean_metrics: counting.metrics.clone(),
        clean_labels: counting.labels.clone(),
    }
}

pub(super) fn data(answered: &Answered) -> Data {
    let parts = [answered.train.as_ref(), answered.valid.as_ref(), Some(&answered.test)].into_iter().flatten();
    let fingerprints = parts.map(|part| (part.summary.name.clone(), fingerprint(&part.data))).collect();
    Data {
        evaluation: answered.evaluation,
        how: answered.how.clone(),
        train: answered.train.as_ref().map(|part| part.summary.clone()),
        valid: answered.valid.as_ref().map(|part| part.summary.clone()),
        test: answered.test.summary.clone(),
        fingerprints,
    }
}

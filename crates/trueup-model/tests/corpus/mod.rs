//! Real data sets in the formats they are published in, read just well enough for measurements.
//!
//! They are looked for under `TRUEUP_DATA`, else in `shared/data` beside the workspace.

use std::fs;
use std::path::PathBuf;

use trueup_core::{Annotation, Example, LabelSet, Rng, Task};

/// Texts with their labels, before labels have ids.
pub type Rows = Vec<(String, Vec<String>)>;

fn read(file: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("TRUEUP_DATA").map_or_else(beside, PathBuf::from);
    let bytes = fs::read(root.join(file)).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// `banking77/train` or `banking77/test`: quoted CSV, with line breaks inside fields.
pub fn banking77(split: &str) -> Option<Rows> {
    let text = read(&format!("banking77/{split}.csv"))?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    Some(reader.records().map(|r| r.unwrap()).map(|r| (r[0].to_owned(), vec![r[1].to_owned()])).collect())
}

/// `train_5500` or `TREC_10`, with the fine labels.
pub fn trec(file: &str) -> Option<Rows> {
    let text = read(&format!("trec/{file}.label"))?;
    let rows = text.lines().filter_map(|line| line.split_once(' '));
    Some(rows.map(|(label, text)| (text.to_owned(), vec![label.to_owned()])).collect())
}

/// `train`, `dev` or `test`.
pub fn sst2(split: &str) -> Option<Rows> {
    let text = read(&format!("sst2/{split}.tsv"))?;
    let rows = text.lines().skip(1).filter_map(|line| line.split_once('\t'));
    Some(rows.map(|(label, text)| (text.to_owned(), vec![label.to_owned()])).collect())
}

/// All messages; there is no split.
pub fn sms_spam() -> Option<Rows> {
    let text = read("sms_spam/SMSSpamCollection")?;
    let rows = text.lines().filter_map(|line| line.split_once('\t'));
    Some(rows.map(|(label, text)| (text.to_owned(), vec![label.to_owned()])).collect())
}

/// `train`, `dev` or `test`; several labels a text.
pub fn goemotions(split: &str) -> Option<Rows> {
    let names = read("goemotions/labels.txt")?;
    let names: Vec<&str> = names.lines().collect();
    let text = read(&format!("goemotions/{split}.tsv"))?;
    let row = |line: &str| {
        let mut fields = line.split('\t');
        let (text, ids) = (fields.next()?, fields.next()?);
        let labels = ids.split(',').map(|id| names[id.parse::<usize>().unwrap()].to_owned()).collect();
        Some((text.to_owned(), labels))
    };
    Some(text.lines().filter_map(row).collect())
}

/// Examples of several parts over one label set.
pub fn examples(task: Task, parts: &[&Rows]) -> (LabelSet, Vec<Vec<Example>>) {
    let labels = LabelSet::new(parts.iter().flat_map(|rows| rows.iter().flat_map(|r| r.1.iter().cloned())));
    let example = |(text, names): &(String, Vec<String>)| {
        let mut ids: Vec<u32> = names.iter().map(|n| labels.id(n).unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        let gold = if task == Task::Multilabel { Annotation::Labels(ids) } else { Annotation::Label(ids[0]) };
        Example {
            id: String::new(),
            text: text.clone(),
            gold,
            tokens: Vec::new(),
            group: None,
            time: None,
            metadata: Vec::new(),
            line: 0,
        }
    };
    let parts = parts.iter().map(|rows| rows.iter().map(example).collect()).collect();
    (labels, parts)
}

/// Shuffles by `seed` and cuts off the last `share` of the rows.
pub fn hold_out(mut rows: Rows, share: f64, seed: u64) -> (Rows, Rows) {
    Rng::new(seed).shuffle(&mut rows);
    let cut = rows.len() - (rows.len() as f64 * share).round() as usize;
    let held = rows.split_off(cut);
    (rows, held)
}

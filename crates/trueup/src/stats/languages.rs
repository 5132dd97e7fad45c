//! Languages: which ones the texts look like, judged on a sample.

use std::collections::BTreeMap;

use rayon::prelude::*;
use trueup_data::corpus::Record;
use whatlang::{Detector, Info, Lang, detect};

/// How many texts languages are judged on.
const SAMPLE: usize = 1_000;
/// A text of so many letters is long enough to be told, if its language is one that the detector knows.
const LONG: usize = 100;
/// With fewer of all texts told than this, nothing is said of any.
const LEAST_TOLD: f64 = 0.1;
/// With fewer of the long texts told than this, the language is taken for one that the detector does not know: it gives
/// the nearest that it knows to some of them (Hausa is told as Javanese in a fifth of its sentences).
const LEAST_LONG_TOLD: f64 = 0.5;
/// A language of fewer of the told texts than this is none that short texts are judged by.
const COMMON: f64 = 0.02;

/// The share of texts a language.
///
/// A text's language is the one that is told reliably; a text too short for that counts to the likeliest of the languages
/// that other texts of the file showed, if it could be that one, else as `unclear`.
pub(super) fn languages(records: &[Record]) -> BTreeMap<String, f64> {
    let texts: Vec<&str> = records.iter().filter_map(|r| r.text.as_deref()).filter(|t| !t.trim().is_empty()).collect();
    let step = texts.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<&str> = texts.into_iter().step_by(step).collect();
    let told: Vec<Option<Lang>> =
        sample.par_iter().map(|text| detect(text).filter(Info::is_reliable).map(|info| info.lang())).collect();
    let shares = |judged: Vec<Option<Lang>>| -> BTreeMap<String, f64> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for lang in judged {
            *counts.entry(lang.map_or("unclear", |lang| lang.code()).to_owned()).or_default() += 1;
        }
        counts.into_iter().map(|(language, count)| (language, count as f64 / sample.len() as f64)).collect()
    };
    if !is_known(&sample, &told) {
        return shares(vec![None; sample.len()]);
    }
    let mut reliable: BTreeMap<&str, (Lang, usize)> = BTreeMap::new();
    for lang in told.iter().flatten() {
        reliable.entry(lang.code()).or_insert((*lang, 0)).1 += 1;
    }
    let least = told.iter().flatten().count() as f64 * COMMON;
    let common: Vec<Lang> = reliable.values().filter(|(_, n)| *n as f64 >= least).map(|(lang, _)| *lang).collect();
    let detector = Detector::with_allowlist(common);
    let judge = |(text, told): (&&str, &Option<Lang>)| told.or_else(|| detector.detect_lang(text));
    shares(sample.par_iter().zip(&told).map(judge).collect())
}

/// Whether enough texts were told for the languages to be among those that the detector knows.
fn is_known(sample: &[&str], told: &[Option<Lang>]) -> bool {
    let long = |text: &str| text.chars().filter(|c| c.is_alphabetic()).nth(LONG - 1).is_some();
    let of_long: Vec<bool> =
        sample.iter().zip(told).filter(|(text, _)| long(text)).map(|(_, told)| told.is_some()).collect();
    let enough = |told: usize, of: usize, least: f64| told as f64 >= of as f64 * least;
    let all = told.iter().flatten().count();
    all > 0
        && enough(all, told.len(), LEAST_TOLD)
        && enough(of_long.iter().filter(|&&told| told).count(), of_long.len(), LEAST_LONG_TOLD)
}

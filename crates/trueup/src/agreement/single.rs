//! One label an example: names, ranks, or ratings in numbers.

use rayon::prelude::*;
use trueup_core::Estimate;
use trueup_core::agreement::{
    Coefficients, Cohen, Consensus, KappaPair, Level, Ratings, Votes, Weights, coefficients, cohen,
};
use trueup_core::document::IntervalKind;
use trueup_core::stats::{Z95, wilson, wilson_effective};
use trueup_data::Read;
use trueup_data::corpus::Answer;

use super::answers::{Answers, Item};
use super::scale::Scale;
use super::{
    AgreementOptions, AgreementReport, AnnotatorRow, Figure, ItemRow, LabelRow, MOST_DISPUTED, MOST_PAIRS, Method,
    PAIR_INTERVALS, PairRow, SHARED, Vote, consensus, method, pair_key, reading, worst_first,
};
use crate::error::Error;

/// With fewer answers nobody is called no better than a constant.
const ENOUGH_ANSWERS: u64 = 30;
/// Confusion matrices of more labels are left out of the report.
const MOST_CONFUSION: usize = 20;

/// Measures and fills the report; returns the consensus of each item.
pub(super) fn measure(
    answers: &Answers,
    read: &Read,
    options: &AgreementOptions,
    report: &mut AgreementReport,
) -> Result<Vec<Option<Answer>>, Error> {
    let scale = Scale::new(answers, read, options, &mut report.notes)?;
    let ratings = table(answers, &scale);
    scale.level.name().clone_into(&mut report.level);
    report.labels = scale.names.len() as u64;

    let found = coefficients(&Votes::of(&ratings), &scale.distance(), None, options.seed);
    let weights = scale.weights();
    let mut kappas = cohen(&ratings, &weights, SHARED, options.seed);
    let mut least = SHARED;
    if kappas.pairs.iter().all(|pair| pair.shared < SHARED) {
        least = 1;
        kappas = cohen(&ratings, &weights, least, options.seed);
    }
    report.coefficients = figures(&found, &kappas, scale.level);
    let alpha = &report.coefficients[0];
    report.reading = reading::of_alpha(&alpha.estimate, alpha.undefined.as_deref());
    report.by_label = by_label(&found, &scale);

    let (method, why) = method(options, report, scale.level);
    if method == Method::Median && scale.values.is_none() {
        unreachable!("only ratings in numbers have a median by default");
    }
    let decided = consensus(method, &ratings, options.seed);
    let gold: Vec<Option<&str>> = answers.items.iter().map(|item| gold(answers, item)).collect();
    report.pairs = pairs(&kappas, &ratings, &weights, answers, least, options.seed);
    method.name().clone_into(&mut report.consensus.method);
    report.consensus.why = why;
    let settled: Vec<Option<String>> = match (&scale.values, scale.level) {
        (Some(values), Level::Interval) => {
            let ratings = Numbers { values, ratings: &ratings };
            ratings.fill(answers, method, &decided, &gold, report)
        }
        _ => named(&scale, &ratings, answers, method, &decided, &gold, report),
    };
    report.disputed = disputed(&scale, &ratings, answers, &decided, &settled, method);
    Ok(settled.into_iter().map(|label| label.map(|label| Answer::labels([label]))).collect())
}

fn table(answers: &Answers, scale: &Scale) -> Ratings {
    let cells = answers.items.iter().enumerate().flat_map(|(number, item)| {
        item.answers.iter().filter_map(move |(annotator, answer)| {
            let labels = answers.labels(answer)?;
            Some((number as u32, *annotator, scale.category(labels.first()?)?))
        })
    });
    Ratings::new(answers.items.len(), answers.annotators.len(), scale.names.len(), cells)
        .expect("answers are numbered densely, one an item and annotator")
}

/// The one gold label of an item.
fn gold<'a>(answers: &Answers, item: &Item<'a>) -> Option<&'a str> {
    match answers.labels(item.record.gold.as_ref()?)?.as_slice() {
        [label] => Some(label),
        _ => None,
    }
}

fn figures(found: &Coefficients, kappas: &Cohen, level: Level) -> Vec<Figure> {
    let alpha = Figure::new("krippendorff_alpha", "Krippendorff's alpha", level.name(), &found.alpha);
    let pairs = trueup_core::words::counted(kappas.averaged, "pair");
    let percent = Figure::new("percent", "equal answers", "share of pairs", &found.percent);
    if level == Level::Nominal {
        return vec![
            alpha,
            Figure::new("fleiss_kappa", "Fleiss' kappa", "generalised by Gwet", &found.fleiss),
            Figure::new("cohen_kappa", "Cohen's kappa", format!("mean of {pairs}"), &kappas.mean),
            Figure::new("gwet_ac1", "Gwet's AC1", "nominal", &found.gwet),
            percent,
        ];
    }
    let weights = if level == Level::Ordinal { "ordinal weights" } else { "quadratic weights" };
    vec![
        alpha,
        Figure::new("cohen_kappa", "Cohen's kappa", format!("quadratic, {pairs}"), &kappas.mean),
        Figure::new("gwet_ac2", "Gwet's AC2", weights, &found.gwet),
        percent,
    ]
}

fn by_label(found: &Coefficients, scale: &Scale) -> Vec<LabelRow> {
    let mut rows: Vec<LabelRow> = found
        .labels
        .iter()
        .map(|label| LabelRow {
            label: scale.names[label.label as usize].clone(),
            answers: label.answers,
            agreement: label.agreement.estimate.clone(),
            alpha: Some(label.alpha.estimate.clone()),
        })
        .collect();
    super::sets::worst_labels_first(&mut rows);
    rows
}

fn pairs(
    kappas: &Cohen,
    ratings: &Ratings,
    weights: &Weights,
    answers: &Answers,
    least: u64,
    seed: u64,
) -> Vec<PairRow> {
    let mut shown: Vec<(f64, &KappaPair)> = kappas
        .pairs
        .iter()
        .filter(|pair| pair.shared >= least)
        .filter_map(|pair| {
            // Of names the share of equal answers: kappa is 0 of a pair that agrees on all but one item, if one of the two
            // gave a single label.
            let equal = pair.equal as f64 / pair.shared as f64;
            let figure = if *weights == Weights::Plain { equal } else { pair.kappa? };
            Some((pair_key(figure, pair.shared), pair))
        })
        .collect();
    shown.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1.a, a.1.b).cmp(&(b.1.a, b.1.b))));
    shown.truncate(MOST_PAIRS);
    let row = |(rank, (_, pair)): (usize, &(f64, &KappaPair))| PairRow {
        a: answers.annotators[pair.a as usize].clone(),
        b: answers.annotators[pair.b as usize].clone(),
        shared: pair.shared,
        measure: "cohen_kappa".to_owned(),
        estimate: match pair.kappa {
            Some(kappa) if rank >= PAIR_INTERVALS => Estimate::point(kappa, pair.shared),
            _ => pair.estimate(ratings, weights, seed),
        },
        equal: Some(pair.equal as f64 / pair.shared as f64),
    };
    shown.par_iter().enumerate().map(row).collect()
}

/// A share of right answers with Wilson's interval; `None` of none.
fn share(right: u64, of: u64) -> Option<Estimate> {
    (of > 0).then(|| Estimate::new(right as f64 / of as f64, wilson(right, of), of, IntervalKind::Wilson))
}

/// Names and ranks: accuracy.
fn named(
    scale: &Scale,
    ratings: &Ratings,
    answers: &Answers,
    method: Method,
    decided: &Consensus,
    gold: &[Option<&str>],
    report: &mut AgreementReport,
) -> Vec<Option<String>> {
    let right = |found: &Consensus| {
        let both = found.decided.iter().zip(gold).filter_map(|(d, g)| Some(((*d)?, (*g)?)));
        both.fold((0, 0), |(right, of), (d, g)| (right + u64::from(scale.category(g) == Some(d)), of + 1))
    };
    let (hits, of) = right(decided);
    let c = &mut report.consensus;
    c.decided = decided.decided.iter().flatten().count() as u64;
    c.ties = decided.ties.len() as u64;
    c.iterations = (decided.iterations > 0).then_some(decided.iterations);
    c.converged = decided.converged;
    "accuracy".clone_into(&mut c.measure);
    c.gold_items = of;
    c.gold = share(hits, of);
    if method != Method::Majority {
        let (hits, of) = right(&trueup_core::agreement::consensus::majority(ratings));
        c.majority = share(hits, of);
    }
    let mut against_gold = vec![(0, 0); answers.annotators.len()];
    for (row, gold) in ratings.rows().zip(gold) {
        let Some(gold) = gold else { continue };
        for &(annotator, category) in row {
            let (right, of) = &mut against_gold[annotator as usize];
            *right += u64::from(scale.category(gold) == Some(category));
            *of += 1;
        }
    }
    let others = ratings.with_others();
    let k = scale.names.len();
    report.by_annotator = decided
        .annotators
        .iter()
        .enumerate()
        .filter_map(|(a, quality)| {
            let quality = quality.as_ref()?;
            let n = quality.answers;
            let with_interval = |p: f64| Estimate::new(p, wilson_effective(p, n as f64), n, IntervalKind::Wilson);
            let (pairs, equal) = others[a];
            let matrix = quality.confusion.as_ref().filter(|_| k <= MOST_CONFUSION);
            Some(AnnotatorRow {
                name: answers.annotators[a].clone(),
                answers: n,
                measure: "accuracy".to_owned(),
                quality: quality.accuracy.map_or(Estimate::undefined(n), with_interval),
                with_others: (pairs > 0).then(|| equal as f64 / pairs as f64),
                spamming: quality.spamming,
                confusion: matrix.map(|m| m.chunks_exact(k).map(<[f64]>::to_vec).collect()),
                gold: share(against_gold[a].0, against_gold[a].1),
            })
        })
        .collect();
    worst_first(&mut report.by_annotator);
    report.notes.extend(no_better(scale, decided, &report.by_annotator));
    decided.decided.iter().map(|d| d.map(|c| scale.names[c as usize].clone())).collect()
}

/// Who is right no more often than somebody would be who always gives the commonest label, over enough answers to tell.
fn no_better(scale: &Scale, decided: &Consensus, rows: &[AnnotatorRow]) -> Option<String> {
    let (common, share) =
        decided.priors.iter().copied().enumerate().reduce(|best, one| if one.1 > best.1 { one } else { best })?;
    let poor = |row: &&AnnotatorRow| row.answers >= ENOUGH_ANSWERS && row.quality.value.is_some_and(|q| q <= share);
    let names: Vec<&str> = rows.iter().filter(poor).map(|row| row.name.as_str()).collect();
    if names.is_empty() || scale.names.len() < 2 {
        return None;
    }
    Some(format!(
        "no better than always answering '{}', which would be right in {}: {}; look at their answers, or leave them out",
        scale.names[common],
        trueup_core::words::percent(share),
        trueup_core::words::list(&names, 5)
    ))
}

/// Ratings: correlation, and the median.
struct Numbers<'a> {
    values: &'a [f64],
    ratings: &'a Ratings,
}

impl Numbers<'_> {
    fn of_item(&self, item: usize) -> Vec<f64> {
        let mut all: Vec<f64> = self.ratings.of_item(item).iter().map(|&(_, c)| self.values[c as usize]).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn median(&self, item: usize) -> f64 {
        let all = self.of_item(item);
        0.5 * (all[(all.len() - 1) / 2] + all[all.len() / 2])
    }

    fn fill(
        &self,
        answers: &Answers,
        method: Method,
        decided: &Consensus,
        gold: &[Option<&str>],
        report: &mut AgreementReport,
    ) -> Vec<Option<String>> {
        let medians: Vec<Option<f64>> = (0..self.ratings.items()).map(|item| Some(self.median(item))).collect();
        let chosen: Vec<Option<f64>> = match method {
            Method::Median => medians.clone(),
            _ => decided.decided.iter().map(|d| d.map(|c| self.values[c as usize])).collect(),
        };
        let gold: Vec<Option<f64>> = gold.iter().map(|g| g.and_then(|g| g.trim().parse().ok())).collect();
        let against = |found: &[Option<f64>]| {
            correlation(&found.iter().zip(&gold).filter_map(|(x, y)| Some(((*x)?, (*y)?))).collect::<Vec<_>>())
        };
        let c = &mut report.consensus;
        c.decided = chosen.iter().flatten().count() as u64;
        c.ties = if method == Method::Median { 0 } else { decided.ties.len() as u64 };
        "correlation".clone_into(&mut c.measure);
        c.gold_items = chosen.iter().zip(&gold).filter(|(x, y)| x.is_some() && y.is_some()).count() as u64;
        c.gold = against(&chosen);
        if method != Method::Median {
            c.majority = against(&medians);
            c.iterations = (decided.iterations > 0).then_some(decided.iterations);
            c.converged = decided.converged;
        }
        let counts = self.ratings.by_annotator();
        let row = |(a, &n): (usize, &u64)| {
            let own = self.ratings.rows().enumerate().filter_map(|(item, row)| {
                let at = row.binary_search_by_key(&(a as u32), |x| x.0).ok()?;
                let mine = self.values[row[at].1 as usize];
                let sum: f64 = row.iter().map(|x| self.values[x.1 as usize]).sum();
                let others = (row.len() > 1).then(|| (sum - mine) / (row.len() - 1) as f64);
                Some((item, mine, others))
            });
            let own: Vec<(usize, f64, Option<f64>)> = own.collect();
            AnnotatorRow {
                name: answers.annotators[a].clone(),
                answers: n,
                measure: "correlation".to_owned(),
                quality: correlation(&own.iter().filter_map(|x| Some((x.1, x.2?))).collect::<Vec<_>>())
                    .unwrap_or(Estimate::undefined(n)),
                with_others: None,
                spamming: None,
                confusion: None,
                gold: correlation(&own.iter().filter_map(|x| Some((x.1, gold[x.0]?))).collect::<Vec<_>>()),
            }
        };
        report.by_annotator = counts.iter().enumerate().map(row).collect();
        worst_first(&mut report.by_annotator);
        chosen.into_iter().map(|value| value.map(|v| v.to_string())).collect()
    }
}

/// Pearson's correlation of pairs, with Fisher's interval (1921: the normal interval of its inverse hyperbolic tangent);
/// `None` where one side does not vary.
fn correlation(pairs: &[(f64, f64)]) -> Option<Estimate> {
    let n = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    if pairs.len() < 3 || xx <= 0.0 || yy <= 0.0 {
        return None;
    }
    let r = (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0);
    let n = pairs.len() as u64;
    if n < 4 || r.abs() >= 1.0 {
        return Some(Estimate::point(r, n));
    }
    let half = Z95 / (n as f64 - 3.0).sqrt();
    Some(Estimate::new(r, ((r.atanh() - half).tanh(), (r.atanh() + half).tanh()), n, IntervalKind::Delta))
}

fn disputed(
    scale: &Scale,
    ratings: &Ratings,
    answers: &Answers,
    decided: &Consensus,
    settled: &[Option<String>],
    method: Method,
) -> Vec<ItemRow> {
    let mut found: Vec<(f64, usize)> = Vec::new();
    for (item, row) in ratings.rows().enumerate().filter(|(_, row)| row.len() > 1) {
        let dispute = if let (Some(values), Level::Interval) = (&scale.values, scale.level) {
            let all: Vec<f64> = row.iter().map(|x| values[x.1 as usize]).collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            (all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (all.len() - 1) as f64).sqrt()
        } else {
            let share = |n: u64| n as f64 / row.len() as f64;
            votes(row).iter().map(|(_, n)| -share(*n) * share(*n).log2()).sum()
        };
        // Rounding must not put unanimous items here.
        if dispute > 1e-12 {
            found.push((dispute, item));
        }
    }
    // Of equally disputed ones those first of which the consensus is less sure, then those that more people answered.
    let sure = |item: usize| decided.confidence(item).unwrap_or(0.0);
    let answered = |item: usize| ratings.of_item(item).len();
    found.sort_by(|a, b| {
        let by_dispute = b.0.total_cmp(&a.0).then(sure(a.1).total_cmp(&sure(b.1)));
        by_dispute.then(answered(b.1).cmp(&answered(a.1))).then(a.1.cmp(&b.1))
    });
    found.truncate(MOST_DISPUTED);
    let item = |(dispute, number): (f64, usize)| {
        let item = &answers.items[number];
        let votes = votes(ratings.of_item(number)).into_iter();
        ItemRow {
            id: item.id(),
            text: item.record.text.clone(),
            votes: votes.map(|(c, count)| Vote { answer: scale.names[c as usize].clone(), count }).collect(),
            consensus: settled[number].clone(),
            confidence: (method != Method::Median).then(|| decided.confidence(number)).flatten(),
            dispute,
        }
    };
    found.into_iter().map(item).collect()
}

/// Categories with how often each was given, most often first.
fn votes(row: &[(u32, u32)]) -> Vec<(u32, u64)> {
    let mut all: Vec<u32> = row.iter().map(|x| x.1).collect();
    all.sort_unstable();
    let mut votes: Vec<(u32, u64)> = all.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect();
    votes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    votes
}

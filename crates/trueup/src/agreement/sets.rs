//! Sets of labels and spans: agreement by overlap, consensus mark by mark.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use trueup_core::agreement::{
    Coefficients, Consensus, Distance, F1Pair, LabelSets, Level, Marks, PairwiseF1, Ratings, Votes, coefficients,
    jaccard, masi, pairwise_f1,
};
use trueup_core::{Estimate, LabelSet, Task};
use trueup_data::corpus::{Answer, Mark as Span};

use super::answers::{Answers, Item};
use super::spans::{Mark, overlap, tokens, touched, trimmed};
use super::{
    AgreementOptions, AgreementReport, AnnotatorRow, Figure, ItemRow, LabelRow, MOST_DISPUTED, MOST_PAIRS, Method,
    PAIR_INTERVALS, PairRow, SHARED, Vote, consensus, method, pair_key, reading, worst_first,
};
use crate::error::Error;

/// The marks of everybody over one set of labels.
struct Table<'a> {
    answers: &'a Answers<'a>,
    labels: LabelSet,
    marks: Marks<Mark>,
    /// The gold of each item, where it has some; sorted.
    gold: Vec<Option<Vec<Mark>>>,
}

/// Measures and fills the report; returns the consensus of each item.
pub(super) fn measure(
    answers: &Answers,
    options: &AgreementOptions,
    report: &mut AgreementReport,
) -> Result<Vec<Option<Answer>>, Error> {
    if options.consensus == Some(Method::OneCoin) {
        return Err(Error::Option {
            option: "--consensus",
            found: Method::OneCoin.name().to_owned(),
            valid: "of sets and spans majority, dawid-skene or mace: one accuracy does not tell missing a mark from making \
                    a wrong one"
                .to_owned(),
        });
    }
    let table = Table::new(answers);
    let seed = options.seed;
    report.labels = {
        let mut given: Vec<u32> = table.marks.items().iter().flatten().flat_map(|(_, m)| m).map(|m| m.2).collect();
        given.sort_unstable();
        given.dedup();
        given.len() as u64
    };
    let strict = pairwise_f1(&table.marks, seed);
    let about = |what: &str| {
        let pairs =
            trueup_core::words::counted(strict.pairs.iter().filter(|p| p.f1().is_some()).count() as u64, "pair");
        format!("{what}mean of {pairs}")
    };
    if answers.task == Task::Ner {
        "spans".clone_into(&mut report.level);
        let tolerant = pairwise_f1(
            &table.map(|item, marks| marks.iter().map(|mark| trimmed(item.record.text(), *mark)).collect()),
            seed,
        );
        let by_token = pairwise_f1(&table.map(|item, marks| touched(&tokens(item.record), marks)), seed);
        report.coefficients = vec![
            Figure::new("f1_strict", "F1, equal spans", about(""), &strict.mean),
            Figure::new("f1_tolerant", "F1, equal but for edges", about(""), &tolerant.mean),
            Figure::new("f1_tokens", "F1, token by token", about(""), &by_token.mean),
        ];
        let [a, b, c] = [0, 1, 2].map(|at| &report.coefficients[at]);
        report.reading = reading::of_f1(&a.estimate, &b.estimate, &c.estimate, a.undefined.as_deref());
        report.by_label = types(&table, seed);
    } else {
        "sets".clone_into(&mut report.level);
        let (found, by_jaccard) = table.coefficients(seed);
        report.coefficients = vec![
            Figure::new("krippendorff_alpha", "Krippendorff's alpha", "MASI distance", &found.alpha),
            Figure::new("krippendorff_alpha_jaccard", "Krippendorff's alpha", "Jaccard distance", &by_jaccard.alpha),
            Figure::new("gwet_ac2", "Gwet's AC2", "MASI weights", &found.gwet),
            Figure::new("f1_labels", "F1 of labels", about(""), &strict.mean),
            Figure::new("percent", "equal sets", "share of pairs", &found.percent),
        ];
        let alpha = &report.coefficients[0];
        report.reading = reading::of_alpha(&alpha.estimate, alpha.undefined.as_deref());
        let row = |label: &trueup_core::agreement::LabelAgreement| LabelRow {
            label: table.labels.name(label.label).to_owned(),
            answers: label.answers,
            agreement: label.agreement.estimate.clone(),
            alpha: Some(label.alpha.estimate.clone()),
        };
        report.by_label = found.labels.iter().map(row).collect();
        worst_labels_first(&mut report.by_label);
    }
    report.pairs = pairs(&table, &strict, seed);
    let (method, why) = method(options, report, Level::Nominal);
    method.name().clone_into(&mut report.consensus.method);
    report.consensus.why = why;
    let votes = Candidates::new(&table);
    let decided = consensus(method, &votes.ratings, seed);
    let settled = votes.settle(&table, &decided);
    fill_consensus(&table, &votes, &decided, &settled, method, seed, report);
    fill_annotators(&table, &strict, &settled, &decided, seed, report);
    report.disputed = disputed(&table, &settled);
    Ok(settled.iter().map(|marks| marks.as_ref().map(|marks| table.answer(marks))).collect())
}

impl<'a> Table<'a> {
    fn new(answers: &'a Answers<'a>) -> Self {
        let said = |answer: &'a Answer| -> Option<Vec<(u32, u32, &'a str)>> {
            Some(match answers.task {
                Task::Ner => {
                    let spans = answers.spans(answer)?;
                    spans.iter().map(|s| (s.start as u32, s.end as u32, s.label.as_str())).collect()
                }
                _ => answers.labels(answer)?.into_iter().map(|label| (0, 0, label)).collect(),
            })
        };
        let given = answers.items.iter().flat_map(|item| item.answers.iter().map(|(_, answer)| *answer));
        let gold = answers.items.iter().filter_map(|item| item.record.gold.as_ref());
        let names = given.chain(gold).flat_map(|answer| said(answer).unwrap_or_default()).map(|(.., name)| name);
        let labels = LabelSet::new(names);
        let numbered = |answer: &'a Answer| {
            let mut marks: Vec<Mark> =
                said(answer)?.into_iter().map(|(s, e, name)| (s, e, labels.id(name).unwrap_or_default())).collect();
            marks.sort_unstable();
            marks.dedup();
            Some(marks)
        };
        let of = |item: &Item<'a>| -> Vec<(u32, Vec<Mark>)> {
            item.answers.iter().filter_map(|(annotator, answer)| Some((*annotator, numbered(answer)?))).collect()
        };
        let marks = Marks::new(answers.items.iter().map(of).collect());
        let gold = answers.items.iter().map(|item| numbered(item.record.gold.as_ref()?)).collect();
        Self { answers, labels, marks, gold }
    }

    fn map(&self, change: impl Fn(&Item, &[Mark]) -> Vec<Mark>) -> Marks<Mark> {
        let items = self.answers.items.iter().zip(self.marks.items());
        Marks::new(items.map(|(item, of)| of.iter().map(|(a, marks)| (*a, change(item, marks))).collect()).collect())
    }

    /// Coefficients over whole sets, by MASI and by Jaccard distance.
    fn coefficients(&self, seed: u64) -> (Coefficients, Coefficients) {
        let mut sets: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        let ids = |marks: &[Mark]| marks.iter().map(|mark| mark.2).collect::<Vec<u32>>();
        for (_, marks) in self.marks.items().iter().flatten() {
            sets.entry(ids(marks)).or_default();
        }
        sets.values_mut().enumerate().for_each(|(number, at)| *at = number as u32);
        let mut votes = Votes::empty(sets.len(), self.answers.annotators.len() > 1);
        for item in self.marks.items() {
            votes.add(&mut item.iter().map(|(_, marks)| sets[&ids(marks)]).collect::<Vec<u32>>());
        }
        let sets: Vec<Vec<u32>> = sets.into_keys().collect();
        let by = |likeness: fn(&[u32], &[u32]) -> f64| {
            coefficients(&votes, &Distance::Sets(LabelSets::new(sets.clone(), likeness)), None, seed)
        };
        (by(masi), by(jaccard))
    }

    /// Marks as an answer.
    fn answer(&self, marks: &[Mark]) -> Answer {
        let name = |mark: &Mark| self.labels.name(mark.2);
        match self.answers.task {
            Task::Ner => Answer::spans(marks.iter().map(|m| Span::new(m.0 as usize, m.1 as usize, name(m))).collect()),
            _ => Answer::labels(marks.iter().map(name)),
        }
    }

    /// A mark in words.
    fn words(&self, item: &Item, mark: &Mark) -> String {
        let name = self.labels.name(mark.2);
        match self.answers.task {
            Task::Ner => {
                let text = item.record.text().get(mark.0 as usize..mark.1 as usize).unwrap_or_default();
                format!("{name} \"{text}\"")
            }
            _ => name.to_owned(),
        }
    }
}

/// Worst first: by agreement, then by how often it was given.
pub(super) fn worst_labels_first(rows: &mut [LabelRow]) {
    let key = |row: &LabelRow| row.agreement.value.unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| key(a).total_cmp(&key(b)).then(b.answers.cmp(&a.answers)).then_with(|| a.label.cmp(&b.label)));
}

fn types(table: &Table, seed: u64) -> Vec<LabelRow> {
    let mut given = vec![0; table.labels.len()];
    table.marks.items().iter().flatten().flat_map(|(_, m)| m).for_each(|mark| given[mark.2 as usize] += 1);
    let mut rows: Vec<LabelRow> = table
        .labels
        .ids()
        .filter(|id| given[*id as usize] > 0)
        .map(|id| LabelRow {
            label: table.labels.name(id).to_owned(),
            answers: given[id as usize],
            agreement: pairwise_f1(&table.marks.only(|mark| mark.2 == id), seed).pooled.estimate,
            alpha: None,
        })
        .collect();
    worst_labels_first(&mut rows);
    rows
}

fn pairs(table: &Table, strict: &PairwiseF1, seed: u64) -> Vec<PairRow> {
    let least = if strict.pairs.iter().any(|pair| pair.shared >= SHARED) { SHARED } else { 1 };
    let mut shown: Vec<(f64, &F1Pair)> = strict
        .pairs
        .iter()
        .filter(|pair| pair.shared >= least)
        .filter_map(|pair| Some((pair_key(pair.f1()?, pair.shared), pair)))
        .collect();
    shown.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1.a, a.1.b).cmp(&(b.1.a, b.1.b))));
    shown.truncate(MOST_PAIRS);
    let row = |(rank, (_, pair)): (usize, (f64, &F1Pair))| PairRow {
        a: table.answers.annotators[pair.a as usize].clone(),
        b: table.answers.annotators[pair.b as usize].clone(),
        shared: pair.shared,
        measure: "f1".to_owned(),
        estimate: if rank < PAIR_INTERVALS { of_pair(table, pair, seed) } else { point(pair) },
        equal: None,
    };
    shown.into_iter().enumerate().map(row).collect()
}

fn point(pair: &F1Pair) -> Estimate {
    pair.f1().map_or(Estimate::undefined(pair.shared), |f1| Estimate::point(f1, pair.shared))
}

/// F1 of one pair with its interval.
fn of_pair(table: &Table, pair: &F1Pair, seed: u64) -> Estimate {
    let shared = table.marks.items().iter().filter_map(|item| {
        let of = |annotator| item.iter().find(|(a, _)| *a == annotator).map(|(_, marks)| marks.clone());
        Some(vec![(0, of(pair.a)?), (1, of(pair.b)?)])
    });
    pairwise_f1(&Marks::new(shared.collect()), seed).pooled.estimate
}

/// F1 of marks against others, item by item where both are there; `None` where no item has both.
fn against<'a>(
    pairs: impl Iterator<Item = (Option<&'a Vec<Mark>>, Option<&'a Vec<Mark>>)>,
    seed: u64,
) -> Option<Estimate> {
    let both: Vec<_> = pairs.filter_map(|(a, b)| Some(vec![(0, a?.clone()), (1, b?.clone())])).collect();
    (!both.is_empty()).then(|| pairwise_f1(&Marks::new(both), seed).pooled.estimate)
}

/// Every mark that somebody made is a question to all who answered its item: is it right?
struct Candidates {
    /// (item, mark) by candidate, by item.
    marks: Vec<(u32, Mark)>,
    /// 1 of an annotator who made the mark, 0 of one who did not.
    ratings: Ratings,
}

impl Candidates {
    fn new(table: &Table) -> Self {
        let mut marks: Vec<(u32, Mark)> = Vec::new();
        let mut votes = Vec::new();
        for (number, item) in table.marks.items().iter().enumerate() {
            let mut all: Vec<Mark> = item.iter().flat_map(|(_, marks)| marks).copied().collect();
            all.sort_unstable();
            all.dedup();
            for mark in all {
                let candidate = marks.len() as u32;
                marks.push((number as u32, mark));
                votes
                    .extend(item.iter().map(|(a, made)| (candidate, *a, u32::from(made.binary_search(&mark).is_ok()))));
            }
        }
        let ratings = Ratings::new(marks.len(), table.answers.annotators.len(), 2, votes)
            .expect("candidates are numbered densely, one vote an annotator");
        Self { marks, ratings }
    }

    /// The marks that the consensus takes, by item; `None` where one of them is a tie. Where nobody's spans overlap, of
    /// those that do the likelier stays.
    fn settle(&self, table: &Table, decided: &Consensus) -> Vec<Option<Vec<Mark>>> {
        let mut settled: Vec<Option<Vec<(f64, Mark)>>> = vec![Some(Vec::new()); table.answers.items.len()];
        for (candidate, (item, mark)) in self.marks.iter().enumerate() {
            let of = &mut settled[*item as usize];
            match decided.decided[candidate] {
                None => *of = None,
                Some(1) => {
                    if let Some(of) = of {
                        of.push((decided.of_item(candidate)[1], *mark));
                    }
                }
                Some(_) => {}
            }
        }
        let flat =
            table.answers.task == Task::Ner && !table.marks.items().iter().flatten().any(|(_, marks)| overlap(marks));
        let choose = |mut of: Vec<(f64, Mark)>| {
            of.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let mut taken: Vec<Mark> = Vec::new();
            for (_, mark) in of {
                if !flat || !taken.iter().any(|t| t.0 < mark.1 && mark.0 < t.1) {
                    taken.push(mark);
                }
            }
            taken.sort_unstable();
            taken
        };
        settled.into_iter().map(|of| of.map(choose)).collect()
    }
}

fn fill_consensus(
    table: &Table,
    votes: &Candidates,
    decided: &Consensus,
    settled: &[Option<Vec<Mark>>],
    method: Method,
    seed: u64,
    report: &mut AgreementReport,
) {
    let c = &mut report.consensus;
    c.decided = settled.iter().flatten().count() as u64;
    c.ties = settled.len() as u64 - c.decided;
    c.iterations = (decided.iterations > 0).then_some(decided.iterations);
    c.converged = decided.converged;
    "f1".clone_into(&mut c.measure);
    let pairs = || settled.iter().map(Option::as_ref).zip(table.gold.iter().map(Option::as_ref));
    c.gold_items = pairs().filter(|(a, b)| a.is_some() && b.is_some()).count() as u64;
    c.gold = against(pairs(), seed);
    if method != Method::Majority {
        let plain = votes.settle(table, &consensus(Method::Majority, &votes.ratings, seed));
        c.majority = against(plain.iter().map(Option::as_ref).zip(table.gold.iter().map(Option::as_ref)), seed);
    }
}

fn fill_annotators(
    table: &Table,
    strict: &PairwiseF1,
    settled: &[Option<Vec<Mark>>],
    decided: &Consensus,
    seed: u64,
    report: &mut AgreementReport,
) {
    let mut others = vec![(0, 0); table.answers.annotators.len()];
    for pair in &strict.pairs {
        for a in [pair.a, pair.b] {
            let (both, marks) = &mut others[a as usize];
            *both += pair.both;
            *marks += pair.of_a + pair.of_b;
        }
    }
    let mut own: Vec<FxHashMap<usize, &Vec<Mark>>> = vec![FxHashMap::default(); table.answers.annotators.len()];
    for (number, item) in table.marks.items().iter().enumerate() {
        item.iter().for_each(|(a, marks)| _ = own[*a as usize].insert(number, marks));
    }
    let row = |(a, name): (usize, &String)| {
        let answers = own[a].len() as u64;
        let with = |other: &[Option<Vec<Mark>>]| {
            against(other.iter().enumerate().map(|(i, other)| (own[a].get(&i).copied(), other.as_ref())), seed)
        };
        let (both, marks) = others[a];
        AnnotatorRow {
            name: name.clone(),
            answers,
            measure: "f1".to_owned(),
            quality: with(settled).unwrap_or(Estimate::undefined(answers)),
            with_others: (marks > 0).then(|| 2.0 * both as f64 / marks as f64),
            spamming: decided.annotators[a].as_ref().and_then(|q| q.spamming),
            confusion: None,
            gold: with(&table.gold),
        }
    };
    report.by_annotator = table.answers.annotators.iter().enumerate().map(row).collect();
    worst_first(&mut report.by_annotator);
}

fn disputed(table: &Table, settled: &[Option<Vec<Mark>>]) -> Vec<ItemRow> {
    let mut found: Vec<(f64, usize)> = Vec::new();
    for (number, item) in table.marks.items().iter().enumerate() {
        let (mut n, mut f1) = (0.0, 0.0);
        for (i, (_, a)) in item.iter().enumerate() {
            for (_, b) in &item[i + 1..] {
                let both = a.iter().filter(|mark| b.binary_search(mark).is_ok()).count();
                n += 1.0;
                f1 += if a.len() + b.len() == 0 { 1.0 } else { 2.0 * both as f64 / (a.len() + b.len()) as f64 };
            }
        }
        if n > 0.0 && f1 < n {
            found.push((1.0 - f1 / n, number));
        }
    }
    let answers = |number: usize| table.marks.items()[number].len();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(answers(b.1).cmp(&answers(a.1))).then(a.1.cmp(&b.1)));
    found.truncate(MOST_DISPUTED);
    let row = |(dispute, number): (f64, usize)| {
        let item = &table.answers.items[number];
        let mut votes: BTreeMap<Mark, u64> = BTreeMap::new();
        table.marks.items()[number].iter().flat_map(|(_, m)| m).for_each(|m| *votes.entry(*m).or_default() += 1);
        let mut votes: Vec<(Mark, u64)> = votes.into_iter().collect();
        votes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let names = |marks: &Vec<Mark>| marks.iter().map(|m| table.words(item, m)).collect::<Vec<_>>().join("|");
        ItemRow {
            id: item.id(),
            text: item.record.text.clone(),
            votes: votes.iter().map(|(m, count)| Vote { answer: table.words(item, m), count: *count }).collect(),
            consensus: settled[number].as_ref().filter(|_| table.answers.task != Task::Ner).map(names),
            confidence: None,
            dispute,
        }
    };
    found.into_iter().map(row).collect()
}

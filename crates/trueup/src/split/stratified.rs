//! Stratified: every label is spread over the parts as evenly as its units allow.
//!
//! The idea is iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011, On the Stratification of Multi-Label Data):
//! the rarest label first, each of its units where the label is needed most. Here each label first gets whole quotas a
//! part, at least one unit in each where it has as many; what the quotas leave over is placed last, where the parts as a
//! whole fall short. So the sizes of the parts are right too, and with one label an example both are as exact as whole
//! units can be.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::units::Units;

/// How units are spread.
pub(super) struct Spread<'a> {
    /// The share of each part; they add up to 1.
    pub shares: &'a [f64],
    /// The parts in the order in which a label with few units needs them; none for folds, which are all alike.
    pub first: &'a [usize],
}

const NOWHERE: usize = usize::MAX;

/// The most passes over all units that even the parts out; three or four find nothing more to move as a rule.
const PASSES: usize = 10;

struct State<'a> {
    units: &'a Units,
    parts: usize,
    /// What each part still needs of each stratum: whole quotas, and the exact share.
    quotas: Vec<Vec<i64>>,
    exact: Vec<Vec<f64>>,
    /// Units of each stratum in each part.
    present: Vec<Vec<usize>>,
    /// What each part still needs in all.
    room: Vec<f64>,
    /// Units of each stratum that have no part yet.
    left: Vec<usize>,
    /// Strata that wait, those with the fewest units first; labels before what has none.
    waiting: BTreeSet<(bool, usize, usize)>,
    part: Vec<usize>,
}

/// The part of each unit.
pub(super) fn spread(units: &Units, how: &Spread) -> Vec<usize> {
    let strata = units.count();
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); strata];
    let mut totals = vec![0u64; strata];
    for (unit, of) in units.strata.iter().enumerate() {
        for &(stratum, weight) in of {
            members[stratum].push(unit);
            totals[stratum] += weight;
        }
    }
    let all: usize = units.rows.iter().map(Vec::len).sum();
    let left: Vec<usize> = members.iter().map(Vec::len).collect();
    let mut state = State {
        units,
        parts: how.shares.len(),
        quotas: (0..strata).map(|s| quotas(totals[s], left[s], how)).collect(),
        exact: totals.iter().map(|&n| how.shares.iter().map(|share| share * n as f64).collect()).collect(),
        present: vec![vec![0; how.shares.len()]; strata],
        room: how.shares.iter().map(|share| share * all as f64).collect(),
        waiting: (0..strata).filter(|&s| left[s] > 0).map(|s| (s >= units.labels, left[s], s)).collect(),
        left,
        part: vec![NOWHERE; units.rows.len()],
    };
    while let Some((.., stratum)) = state.waiting.pop_first() {
        let single = members[stratum].len() == 1 && !how.first.is_empty();
        let weight = |unit: usize| units.strata[unit].iter().find(|(s, _)| *s == stratum).map_or(0, |(_, w)| *w);
        let mut order = std::mem::take(&mut members[stratum]);
        order.retain(|&unit| state.part[unit] == NOWHERE);
        // Large units first, while every part still has room for them.
        order.sort_by_cached_key(|&unit| (Reverse(weight(unit)), Reverse(units.rows[unit].len()), units.keys[unit]));
        for unit in order {
            let fits = !single || state.room[how.first[0]] >= units.rows[unit].len() as f64;
            if let Some(part) = state.by_quota(stratum, unit, weight(unit)).filter(|_| fits) {
                state.put(unit, part);
            }
        }
    }
    let mut rest: Vec<usize> = (0..units.rows.len()).filter(|&unit| state.part[unit] == NOWHERE).collect();
    rest.sort_by_cached_key(|&unit| (Reverse(units.rows[unit].len()), units.keys[unit]));
    for unit in rest {
        let part = state.by_room(unit);
        state.put(unit, part);
    }
    state.repair(how.first);
    state.fill();
    state.even_out();
    state.part
}

/// Whole quotas of a stratum of `units` units that weigh `total`.
fn quotas(total: u64, units: usize, how: &Spread) -> Vec<i64> {
    let mut quotas: Vec<i64> = how.shares.iter().map(|share| (share * total as f64 + 1e-9).floor() as i64).collect();
    match how.first {
        [] if units >= quotas.len() => quotas.iter_mut().for_each(|quota| *quota = 1.max(*quota)),
        [] => {}
        first => first.iter().take(units).for_each(|&part| quotas[part] = 1.max(quotas[part])),
    }
    while quotas.iter().sum::<i64>() > total.cast_signed() {
        match quotas.iter_mut().max() {
            Some(most) if *most > 1 => *most -= 1,
            _ => break,
        }
    }
    quotas
}

impl State<'_> {
    /// The best of `parts` by `score`; where several are, the unit's key decides.
    fn best(&self, unit: usize, parts: &[usize], score: impl Fn(usize) -> (i64, usize, f64)) -> Option<usize> {
        let start = (self.units.keys[unit] % parts.len().max(1) as u64) as usize;
        let turned = parts[start..].iter().chain(&parts[..start]);
        let mut best: Option<(usize, (i64, usize, f64))> = None;
        for &part in turned {
            let score = score(part);
            let better = |known: &(i64, usize, f64)| {
                (score.0, score.1).cmp(&(known.0, known.1)).then(score.2.total_cmp(&known.2)).is_gt()
            };
            if best.as_ref().is_none_or(|(_, known)| better(known)) {
                best = Some((part, score));
            }
        }
        best.map(|(part, _)| part)
    }

    /// Where the quota of a stratum asks for a unit; `None` where it would be overdrawn.
    fn by_quota(&self, stratum: usize, unit: usize, weight: u64) -> Option<usize> {
        let asks = |part: usize| {
            let quota = self.quotas[stratum][part];
            quota > 0 && (quota >= weight.cast_signed() || self.present[stratum][part] == 0)
        };
        let parts: Vec<usize> = (0..self.parts).filter(|&part| asks(part)).collect();
        let lacks = |part: usize| {
            let missing = |&&(s, _): &&(usize, u64)| self.present[s][part] == 0 && self.quotas[s][part] > 0;
            self.units.strata[unit].iter().filter(missing).count()
        };
        self.best(unit, &parts, |part| (self.quotas[stratum][part], lacks(part), self.room[part]))
    }

    /// Where there is most room, of the parts that still lack of the unit's rarest stratum.
    fn by_room(&self, unit: usize) -> usize {
        let units = |stratum: usize| self.present[stratum].iter().sum::<usize>() + self.left[stratum];
        let rarest = self.units.strata[unit].iter().map(|(stratum, _)| *stratum).min_by_key(|&s| (units(s), s));
        let lacks = |part: usize| rarest.is_some_and(|stratum| self.exact[stratum][part] > 1e-9);
        let parts: Vec<usize> = (0..self.parts).collect();
        self.best(unit, &parts, |part| (i64::from(lacks(part)), 0, self.room[part])).unwrap_or(0)
    }

    fn put(&mut self, unit: usize, part: usize) {
        self.part[unit] = part;
        self.room[part] -= self.units.rows[unit].len() as f64;
        for &(stratum, weight) in &self.units.strata[unit] {
            self.quotas[stratum][part] -= weight.cast_signed();
            self.exact[stratum][part] -= weight as f64;
            self.present[stratum][part] += 1;
            let bare = stratum >= self.units.labels;
            let left = self.left[stratum];
            self.left[stratum] -= 1;
            if self.waiting.remove(&(bare, left, stratum)) && left > 1 {
                self.waiting.insert((bare, left - 1, stratum));
            }
        }
    }

    fn take_back(&mut self, unit: usize) {
        let part = self.part[unit];
        self.part[unit] = NOWHERE;
        self.room[part] += self.units.rows[unit].len() as f64;
        for &(stratum, weight) in &self.units.strata[unit] {
            self.quotas[stratum][part] += weight.cast_signed();
            self.exact[stratum][part] += weight as f64;
            self.present[stratum][part] -= 1;
            self.left[stratum] += 1;
        }
    }

    /// Moves a unit where a label with enough units is missing from a part, if no part loses a label by that.
    fn repair(&mut self, first: &[usize]) {
        let lacking: Vec<(usize, usize)> = (0..self.units.labels)
            .flat_map(|stratum| {
                let units: usize = self.present[stratum].iter().sum();
                let wanted: &[usize] = if units > 1 { &first[..units.min(first.len())] } else { &[] };
                wanted.iter().map(move |&part| (stratum, part)).collect::<Vec<_>>()
            })
            .filter(|&(stratum, part)| self.present[stratum][part] == 0)
            .collect();
        if lacking.is_empty() {
            return;
        }
        let mut order: Vec<usize> = (0..self.part.len()).collect();
        order.sort_by_cached_key(|&unit| (self.units.rows[unit].len(), self.units.keys[unit]));
        for (stratum, part) in lacking {
            let moves = |unit: usize| {
                let of = &self.units.strata[unit];
                of.iter().any(|(s, _)| *s == stratum) && of.iter().all(|(s, _)| self.present[*s][self.part[unit]] > 1)
            };
            if self.present[stratum][part] == 0
                && let Some(unit) = order.iter().copied().find(|&unit| moves(unit))
            {
                self.take_back(unit);
                self.put(unit, part);
            }
        }
    }

    /// Moves units as long as that brings labels and sizes nearer to their shares: large units hold several labels, and what
    /// is right for one of them may be wrong for the others. No part loses a label by it.
    fn even_out(&mut self) {
        let mut totals = vec![0u64; self.units.count()];
        self.units.strata.iter().flatten().for_each(|&(stratum, weight)| totals[stratum] += weight);
        let all: usize = self.units.rows.iter().map(Vec::len).sum();
        // The squares of what is missing or too much, each by how much there is of it.
        let square = |weight: f64, lacking: f64, total: f64| (weight * weight - 2.0 * weight * lacking) / total;
        let mut order: Vec<usize> = (0..self.part.len()).collect();
        order.sort_by_cached_key(|&unit| (Reverse(self.units.rows[unit].len()), self.units.keys[unit]));
        let mut counts = vec![0usize; self.parts];
        self.part.iter().for_each(|&part| counts[part] += 1);
        for _ in 0..PASSES {
            let mut moved = false;
            for &unit in &order {
                let from = self.part[unit];
                let of = &self.units.strata[unit];
                let last = |&(s, _): &(usize, u64)| s < self.units.labels && self.present[s][from] < 2;
                if counts[from] < 2 || of.iter().any(last) {
                    continue;
                }
                let size = self.units.rows[unit].len() as f64;
                let cost = |part: usize, sign: f64| {
                    let strata = of
                        .iter()
                        .map(|&(s, weight)| square(sign * weight as f64, self.exact[s][part], totals[s] as f64));
                    strata.sum::<f64>() + square(sign * size, self.room[part], all as f64)
                };
                let best = (0..self.parts)
                    .filter(|&part| part != from)
                    .map(|part| (part, cost(part, 1.0)))
                    .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                if let Some((to, gain)) = best
                    && gain + cost(from, -1.0) < -1e-9
                {
                    counts[from] -= 1;
                    counts[to] += 1;
                    self.take_back(unit);
                    self.put(unit, to);
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
    }

    /// Gives each part that has nothing the smallest unit of a part that has several.
    fn fill(&mut self) {
        let mut counts = vec![0usize; self.parts];
        self.part.iter().for_each(|&part| counts[part] += 1);
        for part in 0..self.parts {
            let several = |&unit: &usize| counts[self.part[unit]] > 1;
            let size = |&unit: &usize| (self.units.rows[unit].len(), self.units.keys[unit]);
            if counts[part] == 0
                && let Some(unit) = (0..self.part.len()).filter(several).min_by_key(size)
            {
                counts[self.part[unit]] -= 1;
                counts[part] += 1;
                self.take_back(unit);
                self.put(unit, part);
            }
        }
    }
}

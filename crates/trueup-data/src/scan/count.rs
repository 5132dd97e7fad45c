//! Rows counted by group, gold and prediction.

use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use rustc_hash::FxHashMap;

use super::codes::{Days, Keys, NONE, Names};
use super::{Classes, Group, GroupBy, Scanned};

/// Cells of the table from codes to groups: more are looked up in a map.
const MOST_DIRECT: usize = 1 << 20;

/// Counts of the rows so far; two of them can be merged.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    labels: Names,
    keys: Vec<Keys>,
    /// The group of each combination of keys' codes.
    groups: Groups,
    /// How many labels a table of counts has room for: a power of two.
    width: usize,
    /// For each group a table of `width` x `width` counts, gold by prediction.
    cells: Vec<u64>,
    rows: u64,
    unlabelled: u64,
    scratch: Vec<Vec<u32>>,
}

/// Combinations of codes, numbered in the order in which they come.
#[derive(Debug, Clone, Default)]
struct Groups {
    all: Vec<Vec<u32>>,
    numbers: FxHashMap<Vec<u32>, u32>,
    /// The number by one or two codes, the first times `stride` plus the second; each code one higher, so that no value
    /// has a place too.
    direct: Vec<u32>,
    stride: usize,
}

impl Groups {
    fn number(&mut self, codes: &[u32]) -> u32 {
        if let Some(&number) = self.numbers.get(codes) {
            return number;
        }
        let number = self.all.len() as u32;
        self.all.push(codes.to_vec());
        self.numbers.insert(codes.to_vec(), number);
        number
    }

    /// Makes room in the table of one or two keys of so many values.
    fn make_room(&mut self, values: &[usize]) -> bool {
        let (rows, columns) = match values {
            [one] => (1, one + 1),
            [one, two] => (one + 1, two + 1),
            _ => return false,
        };
        let stride = columns.next_power_of_two();
        if rows.next_power_of_two() * stride > MOST_DIRECT {
            return false;
        }
        if stride != self.stride || rows * stride > self.direct.len() {
            self.stride = stride;
            self.direct = vec![NONE; rows.next_power_of_two() * stride];
            for (number, codes) in self.all.iter().enumerate() {
                let place = codes.iter().fold(0, |place, code| place * stride + code.wrapping_add(1) as usize);
                self.direct[place] = number as u32;
            }
        }
        true
    }
}

impl Counter {
    pub fn new(by: &[GroupBy]) -> Self {
        let keys = by.iter().map(|by| match by {
            GroupBy::Column(_) => Keys::Names(Names::default()),
            GroupBy::Day(_) => Keys::Days(Days::default()),
        });
        Self {
            labels: Names::default(),
            keys: keys.collect(),
            groups: Groups::default(),
            width: 1,
            cells: Vec::new(),
            rows: 0,
            unlabelled: 0,
            scratch: vec![Vec::new(); by.len() + 3],
        }
    }

    /// Counts the rows of a reader; `None` when they are not plain.
    pub fn add(&mut self, reader: ParquetRecordBatchReader, wanted: &[String], classes: &Classes) -> Option<()> {
        for batch in reader {
            let batch = batch.ok()?;
            let mut scratch = std::mem::take(&mut self.scratch);
            let column = |name: &String| batch.column_by_name(name);
            self.labels.labels(column(&wanted[0])?, classes[0].as_deref(), &mut scratch[0])?;
            self.labels.labels(column(&wanted[1])?, classes[1].as_deref(), &mut scratch[1])?;
            for (i, keys) in self.keys.iter_mut().enumerate() {
                keys.column(column(&wanted[2 + i])?, &mut scratch[3 + i])?;
            }
            self.count(&mut scratch)?;
            self.scratch = scratch;
        }
        Some(())
    }

    fn count(&mut self, scratch: &mut [Vec<u32>]) -> Option<()> {
        let [gold, predicted, numbers, keys @ ..] = scratch else {
            return None;
        };
        self.number(keys, gold.len(), numbers);
        self.make_room();
        let shift = self.width.trailing_zeros();
        let missing = |codes: &[u32]| codes.contains(&NONE);
        if missing(predicted) && gold.iter().zip(&*predicted).any(|(&g, &p)| g != NONE && p == NONE) {
            return None;
        }
        let cells = self.cells.as_mut_slice();
        let mut counted = 0;
        if missing(gold) {
            for (i, (&g, &p)) in gold.iter().zip(&*predicted).enumerate() {
                if g != NONE {
                    let group = numbers.get(i).copied().unwrap_or(0) as usize;
                    cells[(((group << shift) | g as usize) << shift) | p as usize] += 1;
                    counted += 1;
                }
            }
        } else if keys.is_empty() {
            for (&g, &p) in gold.iter().zip(&*predicted) {
                cells[((g as usize) << shift) | p as usize] += 1;
            }
            counted = gold.len() as u64;
        } else {
            for ((&g, &p), &group) in gold.iter().zip(&*predicted).zip(&*numbers) {
                cells[((((group as usize) << shift) | g as usize) << shift) | p as usize] += 1;
            }
            counted = gold.len() as u64;
        }
        self.rows += counted;
        self.unlabelled += gold.len() as u64 - counted;
        Some(())
    }

    /// The group of each row.
    fn number(&mut self, keys: &[Vec<u32>], rows: usize, into: &mut Vec<u32>) {
        into.clear();
        let values: Vec<usize> = self.keys.iter_mut().map(|keys| keys.names().all.len()).collect();
        if keys.is_empty() {
            if self.groups.all.is_empty() {
                self.groups.number(&[]);
            }
            return;
        }
        let groups = &mut self.groups;
        let direct = groups.make_room(&values);
        let mut number = |codes: &[u32]| {
            if !direct {
                return groups.number(codes);
            }
            let place = codes.iter().fold(0, |place, code| place * groups.stride + code.wrapping_add(1) as usize);
            match groups.direct[place] {
                NONE => {
                    let number = groups.number(codes);
                    groups.direct[place] = number;
                    number
                }
                number => number,
            }
        };
        match keys {
            [one] => into.extend(one.iter().map(|&a| number(&[a]))),
            [one, two] => into.extend(one.iter().zip(two).map(|(&a, &b)| number(&[a, b]))),
            more => {
                let mut codes = Vec::with_capacity(more.len());
                for row in 0..rows {
                    codes.clear();
                    codes.extend(more.iter().map(|key| key[row]));
                    into.push(number(&codes));
                }
            }
        }
    }

    /// Makes the tables wide enough for the labels and as many as there are groups.
    fn make_room(&mut self) {
        let width = self.labels.all.len().next_power_of_two().max(self.width);
        if width > self.width {
            let old = std::mem::take(&mut self.cells);
            let tables = old.len() / (self.width * self.width);
            self.cells = vec![0; tables * width * width];
            for (i, &n) in old.iter().enumerate().filter(|(_, n)| **n > 0) {
                let (table, cell) = (i / (self.width * self.width), i % (self.width * self.width));
                let (row, column) = (cell / self.width, cell % self.width);
                self.cells[(table * width + row) * width + column] = n;
            }
            self.width = width;
        }
        self.cells.resize(self.groups.all.len() * width * width, 0);
    }

    /// Both together.
    pub fn merge(mut self, other: Self) -> Option<Self> {
        if other.rows + other.unlabelled == 0 {
            return Some(self);
        }
        if self.rows + self.unlabelled == 0 {
            return Some(other);
        }
        let Self { labels, mut keys, groups, width, cells, rows, unlabelled, .. } = other;
        let map: Vec<u32> = labels.all.iter().map(|name| self.labels.code(name)).collect::<Option<_>>()?;
        let mut key_maps: Vec<Vec<u32>> = Vec::new();
        for (ours, theirs) in self.keys.iter_mut().zip(&mut keys) {
            let names = ours.names();
            key_maps.push(theirs.names().all.iter().map(|name| names.code(name)).collect::<Option<_>>()?);
        }
        let numbers: Vec<usize> = groups
            .all
            .iter()
            .map(|codes| {
                let mapped =
                    codes.iter().zip(&key_maps).map(|(&code, map)| map.get(code as usize).copied().unwrap_or(NONE));
                self.groups.number(&mapped.collect::<Vec<u32>>()) as usize
            })
            .collect();
        self.make_room();
        for (i, &n) in cells.iter().enumerate().filter(|(_, n)| **n > 0) {
            let (table, cell) = (i / (width * width), i % (width * width));
            let (gold, predicted) = (map[cell / width] as usize, map[cell % width] as usize);
            self.cells[(numbers[table] * self.width + gold) * self.width + predicted] += n;
        }
        // Numbers by place are made anew when rows come.
        self.groups.direct.clear();
        self.groups.stride = 0;
        self.rows += rows;
        self.unlabelled += unlabelled;
        Some(self)
    }

    /// The counts, sorted by names.
    pub fn finish(mut self, columns: [String; 2]) -> Scanned {
        let mut order: Vec<usize> = (0..self.labels.all.len()).collect();
        order.sort_unstable_by_key(|&label| &self.labels.all[label]);
        let names: Vec<Vec<String>> = self.keys.iter_mut().map(|keys| keys.names().all.clone()).collect();
        let value = |key: usize, code: u32| names[key].get(code as usize).cloned();
        let mut groups: Vec<Group> = self
            .groups
            .all
            .iter()
            .enumerate()
            .map(|(number, codes)| {
                let table = &self.cells[number * self.width * self.width..(number + 1) * self.width * self.width];
                let cells = order.iter().flat_map(|&g| order.iter().map(move |&p| table[g * self.width + p]));
                let values = codes.iter().enumerate().map(|(key, &code)| value(key, code)).collect();
                Group { values, cells: cells.collect() }
            })
            .collect();
        groups.retain(|group| group.cells.iter().any(|&n| n > 0));
        groups.sort_unstable_by(|a, b| a.values.cmp(&b.values));
        let labels = order.iter().map(|&label| self.labels.all[label].clone()).collect();
        Scanned { labels, groups, rows: self.rows, unlabelled: self.unlabelled, columns }
    }
}

//! Values of a column as small numbers.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};
use rustc_hash::FxHashMap;

use crate::corpus::Key;

/// A column of more distinct values than this holds no labels.
const MOST: usize = 4_096;
/// Days from the first to the last that are told apart: over two centuries.
const MOST_DAYS: i64 = 100_000;
/// What stands for no value.
pub(super) const NONE: u32 = u32::MAX;

/// The distinct values of columns, numbered in the order in which they come.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub all: Vec<String>,
    codes: FxHashMap<String, u32>,
    numbers: FxHashMap<i64, u32>,
}

impl Names {
    /// The code of a name; `None` where there are too many.
    pub fn code(&mut self, name: &str) -> Option<u32> {
        if let Some(&code) = self.codes.get(name) {
            return Some(code);
        }
        let code = u32::try_from(self.all.len()).ok().filter(|_| self.all.len() < MOST)?;
        self.all.push(name.to_owned());
        self.codes.insert(name.to_owned(), code);
        Some(code)
    }

    fn number(&mut self, value: i64) -> Option<u32> {
        if let Some(&code) = self.numbers.get(&value) {
            return Some(code);
        }
        let code = self.code(&value.to_string())?;
        self.numbers.insert(value, code);
        Some(code)
    }

    /// The codes of a column of labels, which may be numbers of classes that have names.
    pub fn labels(&mut self, column: &ArrayRef, classes: Option<&[Key]>, into: &mut Vec<u32>) -> Option<()> {
        let Some(classes) = classes.filter(|_| column.data_type().is_integer()) else {
            return self.column(column, into);
        };
        let mut own = Names::default();
        own.column(column, into)?;
        let named = |name: &String| classes.get(name.parse::<usize>().ok()?);
        let map: Vec<u32> = own.all.iter().map(|name| self.code(named(name)?)).collect::<Option<_>>()?;
        into.iter_mut().filter(|code| **code != NONE).for_each(|code| *code = map[*code as usize]);
        Some(())
    }

    /// The codes of a column's rows, [`NONE`] where it has no value; `None` for a column of another kind.
    pub fn column(&mut self, column: &ArrayRef, into: &mut Vec<u32>) -> Option<()> {
        into.clear();
        match column.data_type() {
            DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => {
                let column = column.as_dictionary::<Int32Type>();
                let values = column.values().as_string::<i32>();
                let keys = column.keys();
                // A dictionary with more values than rows is that of many batches: only what occurs is named.
                let sparse = values.len() > MOST;
                let mut map: Vec<u32> = vec![NONE; values.len()];
                if !sparse {
                    for (code, value) in map.iter_mut().zip(values) {
                        *code = value.map_or(Some(NONE), |value| self.code(value))?;
                    }
                }
                if keys.null_count() == 0 && !sparse {
                    into.extend(keys.values().iter().map(|&key| map[key as usize]));
                    return Some(());
                }
                for key in keys {
                    let Some(key) = key.map(|key| key as usize) else {
                        into.push(NONE);
                        continue;
                    };
                    if map[key] == NONE && !values.is_null(key) {
                        map[key] = self.code(values.value(key))?;
                    }
                    into.push(map[key]);
                }
                Some(())
            }
            DataType::Boolean => {
                for value in column.as_boolean() {
                    into.push(value.map_or(Some(NONE), |value| self.code(if value { "true" } else { "false" }))?);
                }
                Some(())
            }
            DataType::Int8 => self.numbers(column.as_primitive::<Int8Type>(), into),
            DataType::Int16 => self.numbers(column.as_primitive::<Int16Type>(), into),
            DataType::Int32 => self.numbers(column.as_primitive::<Int32Type>(), into),
            DataType::Int64 => self.numbers(column.as_primitive::<Int64Type>(), into),
            DataType::UInt8 => self.numbers(column.as_primitive::<UInt8Type>(), into),
            DataType::UInt16 => self.numbers(column.as_primitive::<UInt16Type>(), into),
            DataType::UInt32 => self.numbers(column.as_primitive::<UInt32Type>(), into),
            DataType::UInt64 => self.numbers(column.as_primitive::<UInt64Type>(), into),
            _ => None,
        }
    }

    fn numbers<T: ArrowPrimitiveType>(&mut self, column: &PrimitiveArray<T>, into: &mut Vec<u32>) -> Option<()>
    where
        T::Native: TryInto<i64>,
    {
        let mut last: Option<(i64, u32)> = None;
        for value in column {
            let Some(value) = value else {
                into.push(NONE);
                continue;
            };
            let value: i64 = value.try_into().ok()?;
            let code = match last {
                Some((known, code)) if known == value => code,
                _ => self.number(value)?,
            };
            last = Some((value, code));
            into.push(code);
        }
        Some(())
    }
}

/// The days of columns of times, numbered in the order in which they come.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    pub names: Names,
    /// The day that the table begins with, counted from 1970, and the code of each day from there.
    table: Option<(i64, Vec<u32>)>,
}

impl Days {
    /// As [`Names::column`], of dates, times and texts that begin with a date.
    pub fn column(&mut self, column: &ArrayRef, into: &mut Vec<u32>) -> Option<()> {
        const DAY: i64 = 86_400;
        into.clear();
        match column.data_type() {
            DataType::Date32 => {
                for day in column.as_primitive::<Date32Type>() {
                    into.push(day.map_or(Some(NONE), |day| self.day(i64::from(day)))?);
                }
                Some(())
            }
            DataType::Timestamp(TimeUnit::Second, _) => {
                self.times::<TimestampSecondType, DAY>(column.as_primitive(), into)
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                self.times::<TimestampMillisecondType, { DAY * 1_000 }>(column.as_primitive(), into)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                self.times::<TimestampMicrosecondType, { DAY * 1_000_000 }>(column.as_primitive(), into)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                self.times::<TimestampNanosecondType, { DAY * 1_000_000_000 }>(column.as_primitive(), into)
            }
            _ => None,
        }
    }

    fn times<T: ArrowPrimitiveType<Native = i64>, const DAY: i64>(
        &mut self,
        column: &PrimitiveArray<T>,
        into: &mut Vec<u32>,
    ) -> Option<()> {
        if column.null_count() > 0 {
            for time in column {
                into.push(time.map_or(Some(NONE), |time| self.day(time.div_euclid(DAY)))?);
            }
            return Some(());
        }
        for &time in column.values() {
            into.push(self.day(time.div_euclid(DAY))?);
        }
        Some(())
    }

    fn day(&mut self, day: i64) -> Option<u32> {
        if let Some((base, codes)) = &self.table
            && let Some(&code) = day.checked_sub(*base).and_then(|i| codes.get(usize::try_from(i).ok()?))
            && code != NONE
        {
            return Some(code);
        }
        self.new_day(day)
    }

    #[cold]
    fn new_day(&mut self, day: i64) -> Option<u32> {
        let code = self.names.code(&name_of_day(day))?;
        let (base, mut codes) = self.table.take().unwrap_or((day, Vec::new()));
        let start = base.min(day);
        let end = day.max(base.checked_add(i64::try_from(codes.len()).ok()?)? - 1);
        if end.checked_sub(start)? > MOST_DAYS {
            return None;
        }
        codes.splice(0..0, std::iter::repeat_n(NONE, (base - start) as usize));
        codes.resize(((end - start) as usize + 1).max(codes.len()), NONE);
        codes[(day - start) as usize] = code;
        self.table = Some((start, codes));
        Some(code)
    }
}

/// A day counted from 1970 as `2026-01-31`, in the Gregorian calendar (Howard Hinnant's `civil_from_days`).
fn name_of_day(day: i64) -> String {
    let z = i128::from(day) + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i128::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The codes of a column grouped by.
#[derive(Debug, Clone)]
pub(super) enum Keys {
    Names(Names),
    Days(Days),
}

impl Keys {
    pub fn column(&mut self, column: &Arc<dyn Array>, into: &mut Vec<u32>) -> Option<()> {
        match self {
            Self::Names(names) => names.column(column, into),
            Self::Days(days) => days.column(column, into),
        }
    }

    pub fn names(&mut self) -> &mut Names {
        match self {
            Self::Names(names) => names,
            Self::Days(days) => &mut days.names,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow_array::{Int64Array, TimestampMillisecondArray};

    #[test]
    fn days_have_the_names_of_the_calendar() {
        for (day, name) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_782, "2024-02-29"),
            (19_783, "2024-03-01"),
            (11_016, "2000-02-29"),
            (-719_468, "0000-03-01"),
        ] {
            assert_eq!(name_of_day(day), name);
        }
    }

    #[test]
    fn times_become_days_in_any_order() {
        const DAY: i64 = 86_400_000;
        let times =
            TimestampMillisecondArray::from(vec![5 * DAY + 1, 3 * DAY, -1, 9 * DAY, 5 * DAY, 3 * DAY + DAY - 1]);
        let (mut days, mut codes) = (Days::default(), Vec::new());
        days.column(&(Arc::new(times) as ArrayRef), &mut codes).unwrap();
        let names: Vec<&str> = codes.iter().map(|&code| days.names.all[code as usize].as_str()).collect();
        assert_eq!(names, ["1970-01-06", "1970-01-04", "1969-12-31", "1970-01-10", "1970-01-06", "1970-01-04"]);
    }

    #[test]
    fn numbers_become_names_and_too_many_are_refused() {
        let (mut names, mut codes) = (Names::default(), Vec::new());
        names
            .column(&(Arc::new(Int64Array::from(vec![Some(3), None, Some(3), Some(-1)])) as ArrayRef), &mut codes)
            .unwrap();
        assert_eq!(
            (codes.as_slice(), names.all.as_slice()),
            ([0, NONE, 0, 1].as_slice(), ["3".to_owned(), "-1".into()].as_slice())
        );
        let many = Int64Array::from_iter_values(0..5_000);
        assert!(names.column(&(Arc::new(many) as ArrayRef), &mut codes).is_none());
    }
}

//! The cells of one column of a batch, whatever its type: text, numbers, lists, structs, with nothing copied that need
//! not be.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, LargeStringArray, StringArray, StringViewArray,
    UInt64Array,
};
use arrow_schema::DataType;
use serde_json::{Map, Value};

use super::features::Feature;
use crate::corpus::Key;

/// The cells of a column.
#[derive(Debug)]
pub(super) enum Cells {
    /// Nothing that is read: null, bytes, pictures.
    Nothing,
    /// Text of usual, large and view layout.
    Text(StringArray),
    Large(LargeStringArray),
    View(StringViewArray),
    /// Numbers.
    Int(Int64Array),
    Big(UInt64Array),
    Float(Float64Array),
    /// Truth values.
    Bool(BooleanArray),
    /// Numbers that stand for names.
    Class(Int64Array, Arc<[Key]>),
    /// Positions in other cells.
    Keyed(Vec<Option<usize>>, Box<Cells>),
    /// Lists: ranges of other cells.
    List(Vec<Option<(usize, usize)>>, Box<Cells>),
    /// Named parts, with the rows that are null.
    Fields(ArrayRef, Vec<(Key, Cells)>),
}

/// What a class may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label<'a> {
    /// Null, or the -1 by which `datasets` marks a row without a label.
    None,
    /// A name.
    Name(&'a str),
    /// A number.
    Number(i64),
    /// A number that no name belongs to.
    Unknown(i64),
}

impl Cells {
    /// The cells of an array; types that have no value here are added to `left_out`.
    pub fn new(array: &ArrayRef, feature: &Feature, left_out: &mut Vec<String>) -> Self {
        let cast = |to: &DataType| arrow_cast::cast(array, to);
        // Names of time zones are not known here: what cannot be shown in its zone is shown in UTC.
        let utc = || match array.data_type() {
            DataType::Timestamp(unit, Some(_)) => cast(&DataType::Int64)
                .and_then(|n| arrow_cast::cast(&n, &DataType::Timestamp(*unit, Some("+00:00".into()))))
                .and_then(|times| arrow_cast::cast(&times, &DataType::Utf8)),
            _ => cast(&DataType::Utf8),
        };
        let shown = |left_out: &mut Vec<String>| {
            if let Ok(text) = cast(&DataType::Utf8).or_else(|_| utc()) {
                return text.as_string_opt::<i32>().cloned().map_or(Self::Nothing, Self::Text);
            }
            left_out.push(array.data_type().to_string());
            Self::Nothing
        };
        if *feature == Feature::Media {
            left_out.push("media".to_owned());
            return Self::Nothing;
        }
        match array.data_type() {
            DataType::Utf8 => array.as_string_opt().cloned().map_or(Self::Nothing, Self::Text),
            DataType::LargeUtf8 => array.as_string_opt().cloned().map_or(Self::Nothing, Self::Large),
            DataType::Utf8View => array.as_string_view_opt().cloned().map_or(Self::Nothing, Self::View),
            DataType::Boolean => array.as_boolean_opt().cloned().map_or(Self::Nothing, Self::Bool),
            DataType::UInt64 if !matches!(feature, Feature::Class(_)) => {
                array.as_primitive_opt().cloned().map_or(Self::Nothing, Self::Big)
            }
            kind if kind.is_integer() => {
                let numbers = cast(&DataType::Int64).ok().and_then(|a| a.as_primitive_opt().cloned());
                match (numbers, feature) {
                    (Some(numbers), Feature::Class(names)) => Self::Class(numbers, names.clone()),
                    (Some(numbers), _) => Self::Int(numbers),
                    (None, _) => Self::Nothing,
                }
            }
            DataType::Float64 => array.as_primitive_opt().cloned().map_or(Self::Nothing, Self::Float),
            // The shortest number that means the same, not the digits that widening adds.
            DataType::Float32 => array.as_primitive_opt::<Float32Type>().map_or(Self::Nothing, |numbers| {
                Self::Float(numbers.iter().map(|n| n.map(|n| n.to_string().parse().unwrap_or(f64::NAN))).collect())
            }),
            DataType::Float16 => array.as_primitive_opt::<Float16Type>().map_or(Self::Nothing, |numbers| {
                Self::Float(numbers.iter().map(|n| n.map(|n| f32::from(n).into())).collect())
            }),
            DataType::Dictionary(..) => {
                let Some(keyed) = array.as_any_dictionary_opt() else {
                    return Self::Nothing;
                };
                let values = Self::new(keyed.values(), feature, left_out);
                let keys = if keyed.values().is_empty() { vec![0; array.len()] } else { keyed.normalized_keys() };
                let empty = keyed.values().is_empty();
                let keys = keys.into_iter().enumerate();
                Self::Keyed(keys.map(|(i, key)| (!empty && !array.is_null(i)).then_some(key)).collect(), values.into())
            }
            DataType::List(_) => array.as_list_opt::<i32>().map_or(Self::Nothing, |list| {
                let offsets: Vec<usize> = list.value_offsets().iter().map(|&o| o as usize).collect();
                Self::list(array, &offsets, list.values(), feature, left_out)
            }),
            DataType::LargeList(_) => array.as_list_opt::<i64>().map_or(Self::Nothing, |list| {
                let offsets: Vec<usize> = list.value_offsets().iter().map(|&o| o as usize).collect();
                Self::list(array, &offsets, list.values(), feature, left_out)
            }),
            DataType::FixedSizeList(_, size) => array.as_fixed_size_list_opt().map_or(Self::Nothing, |list| {
                let first = list.value_offset(0).max(0) as usize;
                let size = *size as usize;
                let offsets: Vec<usize> = (0..=array.len()).map(|i| first + i * size).collect();
                Self::list(array, &offsets, list.values(), feature, left_out)
            }),
            DataType::ListView(_) => array.as_list_view_opt::<i32>().map_or(Self::Nothing, |list| {
                let pairs = list.value_offsets().iter().zip(list.value_sizes());
                let ranges = pairs.map(|(&at, &n)| (at as usize, at as usize + n as usize)).collect();
                Self::ranges(array, ranges, list.values(), feature, left_out)
            }),
            DataType::LargeListView(_) => array.as_list_view_opt::<i64>().map_or(Self::Nothing, |list| {
                let pairs = list.value_offsets().iter().zip(list.value_sizes());
                let ranges = pairs.map(|(&at, &n)| (at as usize, at as usize + n as usize)).collect();
                Self::ranges(array, ranges, list.values(), feature, left_out)
            }),
            DataType::Struct(_) => array.as_struct_opt().map_or(Self::Nothing, |parts| {
                let cells = parts.fields().iter().zip(parts.columns()).map(|(field, column)| {
                    (field.name().as_str().into(), Self::new(column, &feature.field(field.name()), left_out))
                });
                Self::Fields(array.clone(), cells.collect())
            }),
            DataType::Null => Self::Nothing,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_)
            | DataType::Map(..)
            | DataType::Union(..)
            | DataType::RunEndEncoded(..) => {
                left_out.push(array.data_type().to_string());
                Self::Nothing
            }
            // Times, dates, durations, decimals: as text in ISO form.
            _ => shown(left_out),
        }
    }

    fn list(
        array: &ArrayRef,
        offsets: &[usize],
        items: &ArrayRef,
        feature: &Feature,
        left_out: &mut Vec<String>,
    ) -> Self {
        let ranges = offsets.windows(2).map(|pair| (pair[0], pair[1])).collect();
        Self::ranges(array, ranges, items, feature, left_out)
    }

    fn ranges(
        array: &ArrayRef,
        ranges: Vec<(usize, usize)>,
        items: &ArrayRef,
        feature: &Feature,
        left_out: &mut Vec<String>,
    ) -> Self {
        let fits = |&(from, to): &(usize, usize)| from <= to && to <= items.len();
        let ranges = ranges.into_iter().enumerate();
        let ranges = ranges.map(|(i, range)| Some(range).filter(|range| !array.is_null(i) && fits(range))).collect();
        Self::List(ranges, Self::new(items, &feature.item(), left_out).into())
    }

    /// Whether the cell holds nothing.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Nothing => true,
            Self::Text(a) => a.is_null(row),
            Self::Large(a) => a.is_null(row),
            Self::View(a) => a.is_null(row),
            Self::Int(a) | Self::Class(a, _) => a.is_null(row),
            Self::Big(a) => a.is_null(row),
            Self::Float(a) => a.is_null(row),
            Self::Bool(a) => a.is_null(row),
            Self::Keyed(keys, values) => keys[row].is_none_or(|key| values.is_null(key)),
            Self::List(ranges, _) => ranges[row].is_none(),
            Self::Fields(a, _) => a.is_null(row),
        }
    }

    /// The text of a cell of text.
    pub fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Text(a) => a.is_valid(row).then(|| a.value(row)),
            Self::Large(a) => a.is_valid(row).then(|| a.value(row)),
            Self::View(a) => a.is_valid(row).then(|| a.value(row)),
            Self::Keyed(keys, values) => values.text(keys[row]?),
            Self::Class(..) => match self.label(row) {
                Label::Name(name) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// The cell as a class.
    pub fn label(&self, row: usize) -> Label<'_> {
        match self {
            Self::Class(a, _) if a.is_null(row) => Label::None,
            Self::Class(a, names) => match a.value(row) {
                -1 => Label::None,
                n => usize::try_from(n).ok().and_then(|n| names.get(n)).map_or(Label::Unknown(n), |n| Label::Name(n)),
            },
            Self::Int(a) if a.is_valid(row) => Label::Number(a.value(row)),
            Self::Keyed(keys, values) => keys[row].map_or(Label::None, |key| values.label(key)),
            _ => self.text(row).map_or(Label::None, Label::Name),
        }
    }

    /// A whole number of at least 0.
    pub fn position(&self, row: usize) -> Option<usize> {
        match self {
            Self::Int(a) => a.is_valid(row).then(|| a.value(row)).and_then(|n| usize::try_from(n).ok()),
            Self::Big(a) => a.is_valid(row).then(|| a.value(row)).and_then(|n| usize::try_from(n).ok()),
            Self::Keyed(keys, values) => values.position(keys[row]?),
            _ => None,
        }
    }

    /// The items of a list: the cells they stand in, and which.
    pub fn items(&self, row: usize) -> Option<(&Self, std::ops::Range<usize>)> {
        match self {
            Self::List(ranges, items) => ranges[row].map(|(from, to)| (&**items, from..to)),
            Self::Keyed(keys, values) => values.items(keys[row]?),
            _ => None,
        }
    }

    /// Any cell as a JSON value; `None` when it holds nothing.
    pub fn value(&self, row: usize) -> Option<Value> {
        if self.is_null(row) {
            return None;
        }
        match self {
            Self::Nothing => None,
            Self::Text(_) | Self::Large(_) | Self::View(_) => self.text(row).map(Value::from),
            Self::Int(a) => Some(a.value(row).into()),
            Self::Big(a) => Some(a.value(row).into()),
            Self::Float(a) => serde_json::Number::from_f64(a.value(row)).map(Value::Number),
            Self::Bool(a) => Some(a.value(row).into()),
            Self::Class(..) => match self.label(row) {
                Label::None => None,
                Label::Name(name) => Some(name.into()),
                Label::Number(n) | Label::Unknown(n) => Some(n.into()),
            },
            Self::Keyed(keys, values) => values.value(keys[row]?),
            Self::List(ranges, items) => {
                let (from, to) = ranges[row]?;
                Some(Value::Array((from..to).map(|i| items.value(i).unwrap_or(Value::Null)).collect()))
            }
            Self::Fields(_, fields) => {
                let parts =
                    fields.iter().map(|(name, cells)| (name.to_string(), cells.value(row).unwrap_or(Value::Null)));
                Some(Value::Object(parts.collect::<Map<_, _>>()))
            }
        }
    }
}

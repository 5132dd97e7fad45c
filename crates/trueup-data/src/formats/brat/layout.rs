//! In which order the lines of a `.ann` file stand and what they are called.

use serde_json::{Value, json};

/// One line of a `.ann` file that is made from a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// A span.
    Span(usize),
    /// A relation, event or equivalence.
    Relation(usize),
    /// What is said of a span: its number, and that of the attribute.
    OfSpan(usize, usize),
    /// What is said of a relation.
    OfRelation(usize, usize),
    /// A line that is kept as it stands.
    Other(usize),
}

/// The items in the order in which they are written by themselves: each span and relation followed by what is said of
/// it. The numbers are those of the attributes of each span and relation.
pub(super) fn canonical(spans: &[usize], relations: &[usize], others: usize) -> Vec<Item> {
    let mut items = Vec::new();
    for (i, &n) in spans.iter().enumerate() {
        items.push(Item::Span(i));
        items.extend((0..n).map(|k| Item::OfSpan(i, k)));
    }
    for (i, &n) in relations.iter().enumerate() {
        items.push(Item::Relation(i));
        items.extend((0..n).map(|k| Item::OfRelation(i, k)));
    }
    items.extend((0..others).map(Item::Other));
    items
}

/// What differs from the order and the names that lines get by themselves.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Layout {
    /// The name of each item of [`canonical`].
    pub ids: Vec<String>,
    /// The order of these items in the file.
    pub order: Vec<usize>,
    /// Whether lines of relations end in a tab.
    pub tab: bool,
    /// Lines kept as they stand.
    pub others: Vec<String>,
}

impl Layout {
    pub fn to_json(&self) -> Value {
        json!({"ids": self.ids, "order": self.order, "tab": self.tab, "others": self.others})
    }

    /// Reads one, if it is one of `items` items.
    pub fn from_json(value: &Value) -> Option<Self> {
        let texts = |key: &str| -> Option<Vec<String>> {
            value.get(key)?.as_array()?.iter().map(|v| v.as_str().map(str::to_owned)).collect()
        };
        let order: Vec<usize> =
            value.get("order")?.as_array()?.iter().map(|v| v.as_u64().map(|n| n as usize)).collect::<Option<_>>()?;
        let (ids, others) = (texts("ids")?, texts("others")?);
        let mut seen = vec![false; order.len()];
        for &i in &order {
            if std::mem::replace(seen.get_mut(i)?, true) {
                return None;
            }
        }
        (ids.len() == order.len()).then_some(Self { ids, order, tab: value.get("tab")?.as_bool()?, others })
    }
}

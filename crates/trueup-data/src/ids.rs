//! Ids must be there and tell records apart.

use rustc_hash::FxHashMap;

use crate::error::{DataError, quote};

/// Fails on the first id that comes twice or is empty.
pub(crate) fn check_ids<'a>(path: &str, ids: impl Iterator<Item = (&'a str, u64)>) -> Result<(), DataError> {
    let mut seen: FxHashMap<&str, u64> = FxHashMap::default();
    for (id, line) in ids {
        if id.is_empty() {
            let valid = "an id on every record".to_owned();
            return Err(DataError::Record {
                path: path.to_owned(),
                line,
                found: "an empty id".to_owned(),
                valid,
                hint: None,
            });
        }
        if let Some(first) = seen.insert(id, line) {
            return Err(DataError::RepeatedId { path: path.to_owned(), line, id: quote(id), first });
        }
    }
    Ok(())
}

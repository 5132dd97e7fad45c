//! Files of one entry a line: lists of names, and texts without anything beside them.

use std::path::Path;

use crate::error::DataError;
use crate::formats::{is_blank, lines};
use crate::input::Input;

/// Reads a list with one entry a line, without the white space around it; blank lines do not count.
///
/// # Errors
///
/// When the file cannot be read, or has no entry.
pub fn read_entries(path: &Path) -> Result<Vec<String>, DataError> {
    let input = Input::open(path)?;
    let entries = lines(input.text()?).filter(|(_, line)| !is_blank(line)).map(|(_, line)| line.trim().to_owned());
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() {
        return Err(DataError::Content {
            path: input.name.clone(),
            found: "no entry".to_owned(),
            valid: "one entry a line".to_owned(),
            hint: None,
        });
    }
    Ok(entries)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("drugs.txt");
        std::fs::write(&file, "\u{feff}aspirin \r\n\n\tα-tocopherol\n").unwrap();
        assert_eq!(read_entries(&file).unwrap(), ["aspirin", "α-tocopherol"]);
        std::fs::write(&file, " \n").unwrap();
        assert!(read_entries(&file).is_err());
        assert!(read_entries(&folder.path().join("none.txt")).unwrap_err().to_string().contains("no such file"));
    }
}

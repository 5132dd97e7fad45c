//! The words of an expression, as SQLite cuts them: which columns it names, and what would not end where it should.
//!
//! Each name of a column is written anew in double quotes, so that columns called `group` or `order` need none, and
//! names with dots are one name. What SQLite then says of a place is led back to the expression as it was typed.

use super::{QueryError, Table, at};

/// Words that have a meaning of their own inside an expression; a column of that name needs quotes.
const KEYWORDS: [&str; 25] = [
    "and", "or", "not", "in", "is", "isnull", "notnull", "null", "like", "glob", "regexp", "match", "between", "case",
    "when", "then", "else", "end", "cast", "as", "collate", "escape", "exists", "distinct", "select",
];
/// Longest expression, in bytes.
const LONGEST: usize = 500_000;

/// An expression, ready for SQLite.
#[derive(Debug, PartialEq)]
pub(super) struct Words {
    /// The expression with its columns in quotes and without comments.
    pub sql: String,
    /// The columns it may name: the name in `sql`, and which column of the table it is.
    pub columns: Vec<(String, usize)>,
    /// Where pieces begin in `sql` and in the expression, in bytes.
    places: Vec<(usize, usize)>,
    source: String,
}

impl Words {
    /// Cuts an expression, and refuses what would reach beyond it.
    pub fn read(expression: &str, table: &Table<'_>) -> Result<Self, QueryError> {
        let mut words = Self {
            sql: String::with_capacity(expression.len() + 16),
            columns: Vec::new(),
            places: Vec::new(),
            source: expression.to_owned(),
        };
        let wrong = |found: String, valid: &str| QueryError { found, valid: valid.to_owned(), hint: None };
        if expression.len() > LONGEST {
            return Err(wrong(format!("an expression of {} bytes", expression.len()), "at most 500,000"));
        }
        let bytes = expression.as_bytes();
        let mut open: Vec<usize> = Vec::new();
        let mut i = 0;
        let mut empty = true;
        let mut after_distinct = false;
        while i < bytes.len() {
            let from = i;
            let here = |place: usize| at(Some(words.character(place)));
            let unclosed = |what: &str, mark: &str| {
                wrong(format!("{what} that is not closed{}", here(from)), &format!("{mark} at its end"))
            };
            match bytes[i] {
                b'-' if bytes.get(i + 1) == Some(&b'-') => {
                    i = memchr::memchr(b'\n', &bytes[i..]).map_or(bytes.len(), |n| i + n);
                    words.sql.push(' ');
                    continue;
                }
                b'/' if bytes.get(i + 1) == Some(&b'*') => {
                    let end = memchr::memmem::find(&bytes[i + 2..], b"*/");
                    i += 4 + end.ok_or_else(|| unclosed("a comment", "*/"))?;
                    words.sql.push(' ');
                    continue;
                }
                b'\'' => {
                    i = quoted_end(bytes, i, b'\'').ok_or_else(|| unclosed("a text", "'"))?;
                }
                b'"' | b'`' | b'[' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => {
                    let (end, name) = name(expression, i).ok_or_else(|| unclosed("a name", "its quote"))?;
                    // x'0a' is bytes, not a column called x.
                    if name.eq_ignore_ascii_case("x") && bytes.get(end) == Some(&b'\'') && end == i + 1 {
                        i = quoted_end(bytes, end, b'\'').ok_or_else(|| unclosed("a text", "'"))?;
                    } else {
                        let bare = end == i + name.len() && !matches!(bytes[i], b'"' | b'`' | b'[');
                        let (end, name, dotted) = with_dots(expression, end, name, table);
                        let from_distinct = after_distinct && bare && name.eq_ignore_ascii_case("from");
                        let keyword = bare && !dotted && KEYWORDS.iter().any(|k| name.eq_ignore_ascii_case(k));
                        after_distinct = bare && name.eq_ignore_ascii_case("distinct");
                        empty = false;
                        words.places.push((words.sql.len(), i));
                        i = end;
                        match table.find(&name) {
                            Some(column) if !from_distinct && !keyword => {
                                words.name(&name, column, table)?;
                                words.sql += &quoted(&name);
                            }
                            found => {
                                if let Some(column) = found {
                                    words.name(&name, column, table)?;
                                }
                                words.sql += &expression[from..end];
                            }
                        }
                        continue;
                    }
                }
                b'0'..=b'9' => {
                    while i < bytes.len() && (is_word(bytes[i]) || bytes[i] == b'.') {
                        i += 1;
                    }
                }
                b'(' => {
                    open.push(i);
                    i += 1;
                }
                b')' => {
                    if open.pop().is_none() {
                        return Err(wrong(
                            format!("a ')' that nothing opens{}", here(i)),
                            "as many '(' as ')', each before its own",
                        ));
                    }
                    i += 1;
                }
                b';' => {
                    return Err(wrong(format!("a ';'{}", here(i)), "one expression, not a statement"));
                }
                b'?' | b':' | b'@' | b'#' | b'$' => {
                    return Err(wrong(
                        format!("'{}'{}", char::from(bytes[i]), here(i)),
                        "names, numbers, texts in single quotes, operators and functions",
                    ));
                }
                0 => return Err(wrong(format!("a NUL{}", here(i)), "text")),
                _ => i += 1,
            }
            empty &= bytes[from].is_ascii_whitespace();
            words.places.push((words.sql.len(), from));
            words.sql += &expression[from..i];
        }
        if let Some(place) = open.pop() {
            let found = format!("a '(' that is not closed{}", at(Some(words.character(place))));
            return Err(wrong(found, "as many ')' as '('"));
        }
        if empty {
            return Err(wrong("no expression".to_owned(), &table.valid()));
        }
        Ok(words)
    }

    fn name(&mut self, name: &str, column: usize, table: &Table<'_>) -> Result<(), QueryError> {
        match self.columns.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(&(_, known)) if known == column => Ok(()),
            Some(&(_, known)) => Err(QueryError {
                found: format!(
                    "both '{}' and '{}', which SQL takes for one",
                    crate::error::quote(&table.columns[known].name),
                    crate::error::quote(&table.columns[column].name)
                ),
                valid: "columns whose names differ by more than upper and lower case".to_owned(),
                hint: None,
            }),
            None => {
                self.columns.push((name.to_owned(), column));
                Ok(())
            }
        }
    }

    /// The place in the expression, in characters from 1, of a byte of `sql`.
    pub fn place(&self, at: usize) -> usize {
        let after = self.places.partition_point(|&(sql, _)| sql <= at);
        self.character(after.checked_sub(1).map_or(0, |i| self.places[i].1))
    }

    fn character(&self, byte: usize) -> usize {
        self.source[..byte].chars().count() + 1
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// One past the closing quote of what begins at `from`; a doubled quote stands for one.
fn quoted_end(bytes: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut i = from + 1;
    loop {
        i += memchr::memchr(quote, bytes.get(i..)?)? + 1;
        if quote == b']' || bytes.get(i) != Some(&quote) {
            return Some(i);
        }
        i += 1;
    }
}

/// The name that begins at `from`, in any of SQLite's quotes or none, and where it ends.
fn name(expression: &str, from: usize) -> Option<(usize, String)> {
    let bytes = expression.as_bytes();
    let quote = match bytes[from] {
        b'[' => b']',
        quote @ (b'"' | b'`') => quote,
        _ => {
            let end = bytes[from..].iter().position(|&b| !is_word(b)).map_or(bytes.len(), |n| from + n);
            return Some((end, expression[from..end].to_owned()));
        }
    };
    let end = quoted_end(bytes, from, quote)?;
    let inner = &expression[from + 1..end - 1];
    let quote = char::from(quote);
    let name =
        if quote == ']' { inner.to_owned() } else { inner.replace(&format!("{quote}{quote}"), &quote.to_string()) };
    Some((end, name))
}

/// The longest name with dots (`meta.source`, `user.name`) that begins with `first` and is a column's.
fn with_dots(expression: &str, end: usize, first: String, table: &Table<'_>) -> (usize, String, bool) {
    /// Names of more parts are not looked for, so that long rows of dots cost little.
    const PARTS: usize = 16;
    let bytes = expression.as_bytes();
    let mut whole = first.clone();
    let mut best = (end, first, false);
    let mut i = end;
    for _ in 0..PARTS {
        if bytes.get(i) != Some(&b'.') {
            break;
        }
        let starts = bytes.get(i + 1).is_some_and(|&b| is_word(b) && !b.is_ascii_digit() && b != b'$' || b == b'"');
        let Some((next, part)) = starts.then(|| name(expression, i + 1)).flatten() else { break };
        whole = format!("{whole}.{part}");
        i = next;
        if table.find(&whole).is_some() {
            best = (i, whole.clone(), true);
        }
    }
    best
}

/// Whether a name can stand in an expression without quotes.
pub(super) fn is_plain(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(is_word) && !part.starts_with(|c: char| c.is_ascii_digit() || c == '$')
    };
    name.split('.').all(part) && !KEYWORDS.iter().any(|k| name.eq_ignore_ascii_case(k))
}

/// The name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

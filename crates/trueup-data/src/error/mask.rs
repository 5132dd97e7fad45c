//! Personal data in what messages quote: the shape stays, so that a place in the file can still be known again, and the
//! rest does not.
//!
//! Masked are the local part of an e-mail address (`jane@example.org` becomes `j…@example.org`), the user and password
//! of a URL, and numbers of seven digits or more, with the usual separators or without: telephone numbers, cards, bank
//! accounts. Their first two digits stay, each other one becomes `#`. Dates such as `2024-05-31` stay. Results and
//! written files are never masked; messages, notes and lists of records left out are.

use std::borrow::Cow;

/// Numbers of as many digits are masked.
const LONG: usize = 7;
/// How many of their digits stay.
const KEPT: usize = 2;

/// `text` without e-mail addresses, users of URLs and long numbers.
pub fn mask(text: &str) -> Cow<'_, str> {
    let has_at = memchr::memchr(b'@', text.as_bytes()).is_some();
    let has_digits = text.chars().filter(|c| c.is_numeric()).nth(LONG - 1).is_some();
    match (has_at, has_digits) {
        (false, false) => Cow::Borrowed(text),
        (true, false) => Cow::Owned(addresses(text)),
        (false, true) => Cow::Owned(numbers(text)),
        (true, true) => Cow::Owned(numbers(&addresses(text))),
    }
}

/// Whether a character may stand in the local part of an address.
fn is_local(c: char) -> bool {
    !c.is_whitespace()
        && !c.is_control()
        && !matches!(c, '@' | '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '"' | '/' | '|')
}

fn addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let from_url = before.rfind("://").map(|i| i + 3).filter(|&i| {
            let user = &before[i..];
            !user.is_empty() && !user.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#'))
        });
        let local =
            before.rfind(|c| !is_local(c)).map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        let is_address = local < at && after.starts_with(char::is_alphanumeric);
        match from_url {
            Some(start) => {
                out.push_str(&before[..start]);
                out.push('…');
            }
            None if is_address => {
                out.push_str(&before[..local]);
                // Of a short one nothing would be hidden.
                let first = before[local..].chars().next().filter(|_| before[local..].chars().nth(KEPT).is_some());
                out.extend(first);
                out.push('…');
            }
            None => out.push_str(before),
        }
        out.push('@');
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What stands between the digits of one number.
fn separates(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{2010}'..='\u{2013}')
}

fn numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(char::is_numeric) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        // A number goes on over at most two separators.
        let (mut end, mut digits, mut between) = (0, 0, 0);
        for (i, c) in rest.char_indices() {
            if c.is_numeric() {
                (end, digits, between) = (i + c.len_utf8(), digits + 1, 0);
            } else if separates(c) && between < 2 {
                between += 1;
            } else {
                break;
            }
        }
        let number = &rest[..end];
        if digits < LONG || is_date(number) {
            out.push_str(number);
        } else {
            let mut seen = 0;
            out.extend(number.chars().map(|c| {
                seen += usize::from(c.is_numeric());
                if c.is_numeric() && seen > KEPT { '#' } else { c }
            }));
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Whether it is a date such as `2024-05-31`, an hour behind it or not.
fn is_date(number: &str) -> bool {
    let date = number.as_bytes();
    let has = |at: usize, byte: u8| date.get(at) == Some(&byte);
    let digits = |range: std::ops::Range<usize>| date.get(range).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
    let year = date.starts_with(b"19") || date.starts_with(b"20");
    let hour = date.len() == 10 || (date.len() == 13 && has(10, b' ') && digits(11..13));
    year && hour && digits(0..4) && has(4, b'-') && digits(5..7) && has(7, b'-') && digits(8..10)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::error::{DataError, quote};
    use crate::options::{ReadOptions, Remarks};
    use crate::read::read_corpus_bytes;

    #[test]
    fn personal_data_keeps_its_shape() {
        for (text, masked) in [
            ("write to jane.doe+x@example.org, please", "write to j…@example.org, please"),
            ("<müller@beispiel.de>", "<m…@beispiel.de>"),
            ("jd@example.org", "…@example.org"),
            ("mailto:jane@example.org", "mailto:j…@example.org"),
            ("https://jane:secret@host.org/x", "https://…@host.org/x"),
            ("+49 (170) 123-4567", "+49 (###) ###-####"),
            ("4111 1111 1111 1111", "41## #### #### ####"),
            ("DE89370400440532013000.", "DE89##################."),
            ("call 5551234567!", "call 55########!"),
            ("on 2024-05-31 at 5", "on 2024-05-31 at 5"),
            ("2024-05-31 10:20", "2024-05-31 10:20"),
            ("@user, 5 @ 3 and 123456", "@user, 5 @ 3 and 123456"),
        ] {
            assert_eq!(mask(text), masked, "{text}");
        }
    }

    /// Whether an address or a long number stands in it.
    fn tells(text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let address = chars.windows(3).any(|w| {
            (w[0].is_alphanumeric() || matches!(w[0], '.' | '_' | '+' | '-')) && w[1] == '@' && w[2].is_alphanumeric()
        });
        address || chars.split(|c| !c.is_numeric()).any(|run| run.len() >= LONG)
    }

    proptest::proptest! {
        #[test]
        fn nothing_of_a_person_reaches_a_message(
            pieces in proptest::collection::vec("[a-zé.]{1,6}@[a-z0-9]{1,5}\\.[a-z]{2}|[0-9]{5,20}|\\+[0-9 ()-]{6,16}|https?://[a-z]:[a-z0-9@]{1,5}@x\\.org|[ -~]{0,6}|\\PC{0,3}|٣{6,9}", 0..12)
        ) {
            let text = pieces.concat();
            let told = quote(&text);
            proptest::prop_assert!(!tells(&told), "{} from {:?}", told, text);
            let error = Remarks::new("f", false).error(1, format!("'{}'", quote(&text)), "x");
            proptest::prop_assert!(!tells(&error.to_string()));
        }

        #[test]
        fn nothing_of_a_person_in_a_broken_file_reaches_an_error(
            name in "[a-z]{3,8}@[a-z]{2,5}\\.org", number in "[0-9]{7,19}", what in 0usize..6
        ) {
            let file = match what {
                0 => format!("{{\"text\": \"{name}\", \"label\": [[\"{number}\"]]}}\n"),
                1 => format!("{{\"text\": \"{name} {number}\"\n"),
                2 => format!("{name} wrote {number}\nand {name} again {number}\n"),
                3 => format!("text,label\n\"{name},{number}\n{name},a\n"),
                4 => format!("{{\"{name}\": {{\"{number}\": [1]}}}}"),
                _ => format!("[{{\"text\": \"a\", \"label\": {{\"{name}\": \"{number}\"}}}}]"),
            };
            let options = ReadOptions { strict: true, label: (what > 3).then(|| name.clone()), ..ReadOptions::default() };
            match read_corpus_bytes("f", file.clone().into_bytes(), &options) {
                Err(DataError::Io { .. }) => {}
                Err(error) => proptest::prop_assert!(!tells(&error.to_string()), "{} from {}", error, file),
                Ok(read) => {
                    let said = read.guesses.iter().map(|g| &g.what).chain(&read.notes).chain(read.skipped.iter().map(|s| &s.reason));
                    said.for_each(|said| assert!(!tells(said), "{said} from {file}"));
                }
            }
        }
    }
}

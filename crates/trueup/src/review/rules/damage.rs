//! What damaged text looks like: control characters, wrong encodings, HTML markup.

/// HTML elements that get into texts; anything else in angle brackets may be a placeholder or an address.
const TAGS: [&str; 66] = [
    "a",
    "abbr",
    "article",
    "aside",
    "b",
    "blockquote",
    "body",
    "br",
    "button",
    "center",
    "code",
    "div",
    "em",
    "embed",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "label",
    "li",
    "link",
    "main",
    "meta",
    "nav",
    "object",
    "ol",
    "option",
    "p",
    "pre",
    "script",
    "section",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "video",
];

/// HTML's named character references that get into texts.
const ENTITIES: [&str; 62] = [
    "Auml", "Ccedil", "Eacute", "Ntilde", "Ouml", "Uuml", "aacute", "acirc", "aelig", "agrave", "amp", "apos", "aring",
    "atilde", "auml", "bull", "ccedil", "cent", "copy", "deg", "eacute", "ecirc", "egrave", "euml", "euro", "frac12",
    "frac14", "gt", "hellip", "iacute", "icirc", "iexcl", "iquest", "iuml", "laquo", "ldquo", "lsquo", "lt", "mdash",
    "middot", "nbsp", "ndash", "ntilde", "oacute", "ocirc", "ouml", "para", "plusmn", "pound", "quot", "raquo",
    "rdquo", "reg", "rsquo", "sect", "shy", "szlig", "times", "trade", "uacute", "uuml", "zwnj",
];

/// The longest tag that is looked for, in bytes: attributes with an address fit in.
const LONGEST_TAG: usize = 500;

/// Windows-1252 from 0x80 to 0x9F; 0 where the code page has no character.
const CP1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•',
    '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// Whether `c` is a control character that no text needs: C0 but for tab and line ends, delete, the byte order mark,
/// overrides of the writing direction. C1 is [`wrong_encoding`]; joiners and direction marks belong to some scripts.
pub(super) fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{feff}' | '\u{202d}' | '\u{202e}')
}

/// The byte that Windows-1252, or failing that Latin-1, reads as `c`; `None` for ASCII and for other characters.
fn high_byte(c: char) -> Option<u8> {
    match c as u32 {
        point @ 0x80..=0xff => Some(point as u8),
        0..=0x7f => None,
        _ => CP1252.iter().position(|&known| known == c).map(|i| 0x80 + i as u8),
    }
}

/// The first piece of the text that a wrong decoding has left: UTF-8 read as Windows-1252 or Latin-1, or a C1 control,
/// which is Windows-1252 read as Latin-1.
pub(super) fn wrong_encoding(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut i = 0;
    while i < chars.len() {
        if let Some(piece) = utf8_misread(&chars, i) {
            return Some(piece);
        }
        if ('\u{80}'..='\u{9f}').contains(&chars[i]) {
            return Some(chars[i].to_string());
        }
        i += 1;
    }
    None
}

/// The characters from `start` on that are one or two misread UTF-8 sequences.
///
/// Some pairs occur in good texts (`×…`, a capital `Ã` before a closing quote), so two bytes count only where a
/// Latin-1 letter or sign was meant and no capital stands before, or where two sequences follow each other, as in
/// Cyrillic or Greek.
fn utf8_misread(chars: &[char], start: usize) -> Option<String> {
    let first = sequence(&chars[start..])?;
    let end = start + first;
    let latin = matches!(chars[start], 'Â' | 'Ã') && !(start > 0 && chars[start - 1].is_uppercase());
    let sure = first > 2 || latin;
    let end = if sure { end } else { end + sequence(&chars[end..])? };
    Some(chars[start..end].iter().collect())
}

/// How many characters at the start stand for the bytes of one UTF-8 sequence of at least two.
fn sequence(chars: &[char]) -> Option<usize> {
    let length = match high_byte(*chars.first()?)? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let bytes: Option<Vec<u8>> = chars.get(..length)?.iter().map(|&c| high_byte(c)).collect();
    std::str::from_utf8(&bytes?).ok().map(|_| length)
}

/// The first HTML tag or character reference of the text.
pub(super) fn markup(text: &str) -> Option<&str> {
    text.match_indices(['<', '&']).find_map(|(at, sign)| {
        let rest = &text[at..];
        let length = if sign == "<" { tag(rest) } else { entity(rest) };
        length.map(|length| &rest[..length])
    })
}

/// The length of the tag that `rest` starts with: `<br>`, `</p>`, `<a href=...>`. What follows a name after white space
/// must hold a value, or `a <b and c> d` would be one.
fn tag(rest: &str) -> Option<usize> {
    let body = rest[1..].strip_prefix('/').unwrap_or(&rest[1..]);
    let name = body.find(|c: char| !c.is_ascii_alphanumeric()).map(|end| &body[..end])?;
    let known = TAGS.binary_search(&name.to_ascii_lowercase().as_str()).is_ok();
    let after = &body[name.len()..];
    let close = after.find(['<', '>']).filter(|&at| after[at..].starts_with('>'))?;
    let inside = &after[..close];
    let closed = inside.is_empty() || inside.trim() == "/";
    let delimited = closed || inside.starts_with(char::is_whitespace) && inside.contains('=');
    let length = rest.len() - after.len() + close + 1;
    (known && delimited && length <= LONGEST_TAG).then_some(length)
}

/// The length of the character reference that `rest` starts with: `&lt;`, `&#39;`, `&#x200B;`.
fn entity(rest: &str) -> Option<usize> {
    let end = rest.bytes().take(10).position(|b| b == b';')?;
    let name = &rest[1..end];
    let known = match name.strip_prefix('#') {
        None => ENTITIES.binary_search(&name).is_ok(),
        Some(code) => match code.strip_prefix(['x', 'X']) {
            None => !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()),
            Some(hex) => !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()),
        },
    };
    known.then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_encodings_are_seen_and_good_texts_pass() {
        for (text, piece) in [
            ("cafÃ©", "Ã©"),
            ("donâ€™t", "â€™"),
            ("Ã¼ber", "Ã¼"),
            ("costs Â£5", "Â£"),
            ("it\u{92}s", "\u{92}"),
            ("ðŸ˜€", "ðŸ˜€"),
            ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "Ð¿Ñ€"),
            ("â\u{80}\u{99}", "â\u{80}\u{99}"),
        ] {
            assert_eq!(wrong_encoding(text).as_deref(), Some(piece), "{text}");
        }
        for text in ["3×… more", "«AMANHÃ»", "MAÇÃ…", "Ängström, São Tomé, œuvre", "привет", "„Ä“", "東京", "£5 – €7 ©"]
        {
            assert_eq!(wrong_encoding(text), None, "{text}");
        }
    }

    #[test]
    fn markup_is_html_alone() {
        for (text, piece) in [
            ("a<br>b", "<br>"),
            ("x </P> y", "</P>"),
            ("<a href='u'>v</a>", "<a href='u'>"),
            ("<hr/>", "<hr/>"),
            ("R&amp;D", "&amp;"),
            ("&#39;ok&#x27;", "&#39;"),
            ("1 < 2 &lt; 3", "&lt;"),
        ] {
            assert_eq!(markup(text), Some(piece), "{text}");
        }
        for text in [
            "<3",
            "<user> said",
            "a <b c",
            "x<p && y>q",
            "a <b and c> d",
            "<ann@b.org>",
            "AT&T; R&D;",
            "&#;",
            "i < u",
            "<i<u>x",
        ] {
            let found = markup(text);
            assert!(found.is_none() || text == "<i<u>x" && found == Some("<u>"), "{text}: {found:?}");
        }
    }

    #[test]
    fn tables_are_sorted_for_the_search() {
        assert!(TAGS.is_sorted() && ENTITIES.is_sorted());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_looked_through(text in ".{0,40}") {
            let _ = wrong_encoding(&text);
            if let Some(piece) = markup(&text) {
                proptest::prop_assert!(text.contains(piece));
            }
        }

        #[test]
        fn western_words_read_wrongly_are_seen(word in "[a-z]{1,5}[éèüöäñçàêôß][a-z]{1,5}") {
            let misread: String = word.bytes().map(char::from).collect();
            proptest::prop_assert!(wrong_encoding(&misread).is_some());
            proptest::prop_assert_eq!(wrong_encoding(&word), None);
        }
    }
}

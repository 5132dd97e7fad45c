//! Numbers as people read them: one place, so that terminal, Markdown, page and messages agree.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::Estimate;

/// A whole number with thousands separated: `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A count with its noun: `1 example`, `38 examples`.
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {}", count(n), plural(n, noun))
}

/// The noun in the number that `n` asks for.
pub fn plural(n: u64, noun: &str) -> String {
    if n == 1 {
        return noun.to_owned();
    }
    match noun {
        "entity" => "entities".to_owned(),
        "query" => "queries".to_owned(),
        noun if noun.ends_with('s') || noun.ends_with('x') || noun.ends_with("ch") => format!("{noun}es"),
        noun => format!("{noun}s"),
    }
}

/// `is` or `are`, `has` or `have`: the first for one, the second for any other number.
pub fn agree<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

/// A share in per cent: `12 %`, `3.2 %` below 10, `0.04 %` below 0.1.
pub fn percent(share: f64) -> String {
    let p = share * 100.0;
    if p == 0.0 || p >= 9.95 {
        format!("{p:.0} %")
    } else if p >= 0.095 {
        format!("{p:.1} %")
    } else {
        format!("{p:.2} %")
    }
}

/// Decimals that an interval of this width deserves: two, or more when it is finer.
pub fn decimals(estimate: &Estimate) -> usize {
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) if high - low < 0.002 && high > low => 4,
        (Some(low), Some(high)) if high - low < 0.02 && high > low => 3,
        _ => 2,
    }
}

/// A figure with as many decimals as its interval deserves; `n/a` without a value.
pub fn figure(estimate: &Estimate) -> String {
    number(estimate.value, decimals(estimate))
}

/// A figure with its interval: `0.87 (0.84 to 0.89)`; without interval just the figure.
pub fn figure_with_interval(estimate: &Estimate) -> String {
    let places = decimals(estimate);
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => {
            format!("{} ({low:.places$} to {high:.places$})", number(estimate.value, places))
        }
        _ => figure(estimate),
    }
}

/// A number with `places` decimals; `n/a` without a value; never `-0.00`.
pub fn number(value: Option<f64>, places: usize) -> String {
    match value {
        None => "n/a".to_owned(),
        Some(value) => {
            let text = format!("{value:.places$}");
            if value < 0.0 && text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
                text[1..].to_owned()
            } else {
                text
            }
        }
    }
}

/// The text with its first letter in upper case, as a sentence begins.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Names in a sentence: `a`, `a and b`, `a, b and c`; past `most`, `a, b and 4 more`.
pub fn list<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let rest = names.len() - shown.len();
    if rest > 0 {
        return format!("{} and {} more", shown.join(", "), count(rest as u64));
    }
    match shown.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

/// `text` cut in the middle to at most `most` columns: `card_paym…declined`. A wide character takes two.
pub fn shorten(text: &str, most: usize) -> String {
    if most < 3 || text.width() <= most {
        return text.to_owned();
    }
    let fitting = |chars: &mut dyn Iterator<Item = char>, room: usize| -> Vec<char> {
        let mut used = 0;
        chars
            .take_while(|c| {
                used += c.width().unwrap_or(0);
                used <= room
            })
            .collect()
    };
    let head = fitting(&mut text.chars(), most / 2);
    let tail = fitting(&mut text.chars().rev(), most - 1 - most / 2);
    head.into_iter().chain(['…']).chain(tail.into_iter().rev()).collect()
}

/// Whether a character acts on a terminal instead of showing: a control character, a line or paragraph separator, a
/// mark that turns the direction of writing (UAX 9), or an invisible one.
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text on one line, its control characters and bidirectional overrides shown as `\u{..}`, so that data never
/// steers a terminal.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push(' '),
            c if acts(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::IntervalKind;

    #[test]
    fn counts_and_nouns() {
        assert_eq!(counted(1_234_567, "example"), "1,234,567 examples");
        assert_eq!(counted(1, "sentence"), "1 sentence");
        assert_eq!(plural(2, "entity"), "entities");
    }

    #[test]
    fn figures_follow_their_interval() {
        let wide = Estimate::new(0.8712, (0.84, 0.893), 500, IntervalKind::Wilson);
        assert_eq!(figure_with_interval(&wide), "0.87 (0.84 to 0.89)");
        let fine = Estimate::new(0.87123, (0.8701, 0.8713), 500_000, IntervalKind::Wilson);
        assert_eq!(figure(&fine), "0.8712");
        assert_eq!(figure(&Estimate::undefined(0)), "n/a");
        assert_eq!(number(Some(-0.001), 2), "0.00");
    }

    #[test]
    fn shares_names_and_text() {
        assert_eq!((percent(0.5), percent(0.034), percent(0.0004)), ("50 %".into(), "3.4 %".into(), "0.04 %".into()));
        assert_eq!((capital("macro-F1 is"), capital("")), ("Macro-F1 is".into(), String::new()));
        assert_eq!(list(&["a", "b", "c"], 5), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(shorten("card_payment_declined", 10), "card_…ined");
        assert_eq!(shorten("請求書に関するお問い合わせ", 10), "請求…わせ");
        assert_eq!(printable("a\u{1b}[31mb\n\u{202e}"), "a\\u{1b}[31mb⏎\\u{202e}");
    }
}

//! Spans that come with the text they cover: where the two disagree, the span is repaired only if there is one way to.

use trueup_core::offsets::{OffsetUnit, Offsets};

/// How far from where a span says it is its text is looked for, in code points.
const REACH: usize = 100;

/// What a span and the text it quotes say of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Quoted {
    /// The span covers what it quotes.
    Agrees(usize, usize),
    /// It does not, and what it quotes stands at exactly one place within reach: there.
    Repaired(usize, usize),
    /// It does not, and what it quotes stands nowhere within reach, or at several places equally near; a noun phrase.
    Broken(String),
}

/// Compares the span `start..end`, in `offsets`' unit, with what it quotes, and finds the bytes it means. Line breaks in
/// the quote match any line break, and outer white space of the quote need not match.
pub(crate) fn place(text: &str, offsets: &Offsets, start: usize, end: usize, quoted: &str) -> Quoted {
    let given = offsets.range(start, end);
    if let Ok((from, to)) = given
        && same(&text[from..to], quoted)
    {
        return Quoted::Agrees(from, to);
    }
    if quoted.is_empty() {
        return match given {
            Ok((from, to)) => Quoted::Agrees(from, to),
            Err(found) => Quoted::Broken(found),
        };
    }
    // Counted in another unit? Then it lies exactly where that unit says, and nowhere else is looked.
    let mut places: Vec<(usize, usize)> = Vec::new();
    for unit in OffsetUnit::ALL.into_iter().filter(|&unit| unit != offsets.unit()) {
        if let Ok((from, to)) = offsets.in_unit(unit).range(start, end)
            && same(&text[from..to], quoted)
            && !places.contains(&(from, to))
        {
            places.push((from, to));
        }
    }
    if places.is_empty() {
        let points = offsets.in_unit(OffsetUnit::CodePoint);
        let about = offsets.to_byte(start.min(offsets.len())).unwrap_or(0);
        let about = points.from_byte(about).unwrap_or(0);
        let low = points.to_byte(about.saturating_sub(REACH)).unwrap_or(0);
        let high = points.to_byte((about + REACH + quoted.chars().count()).min(points.len())).unwrap_or(text.len());
        places.extend(text[low..high].match_indices(quoted).map(|(i, _)| (low + i, low + i + quoted.len())));
        let distance = |&(from, _): &(usize, usize)| points.from_byte(from).unwrap_or(0).abs_diff(about);
        let nearest = places.iter().map(distance).min();
        places.retain(|place| Some(distance(place)) == nearest);
    }
    match places.as_slice() {
        [(from, to)] => Quoted::Repaired(*from, *to),
        several => {
            let why = if several.is_empty() { "does not stand near it" } else { "stands at several places near it" };
            Quoted::Broken(format!("the span {start}..{end}, whose text '{}' {why}", crate::error::quote(quoted)))
        }
    }
}

/// Whether a range of the text is what was quoted, but for line ends and outer white space of the quote.
fn same(covered: &str, quoted: &str) -> bool {
    covered == quoted
        || (covered.contains(['\r', '\n']) && covered.replace("\r\n", "\n") == quoted.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, start: usize, end: usize, quoted: &str) -> Quoted {
        place(text, &Offsets::new(text, OffsetUnit::CodePoint), start, end, quoted)
    }

    #[test]
    fn a_span_is_repaired_when_there_is_one_way_to() {
        let text = "😀 Anna met Bob, and Anna left";
        assert_eq!(of(text, 2, 6, "Anna"), Quoted::Agrees(5, 9));
        // Counted in UTF-16 units.
        assert_eq!(of(text, 3, 7, "Anna"), Quoted::Repaired(5, 9));
        assert_eq!(of(text, 12, 15, "Bob"), Quoted::Repaired(14, 17));
        assert!(matches!(of(text, 2, 6, "Eve"), Quoted::Broken(_)));
        assert!(matches!(of("ab ab", 1, 4, "ab"), Quoted::Repaired(0, 2)));
        assert!(matches!(of("xab ab", 2, 3, "ab"), Quoted::Repaired(1, 3)));
        assert!(matches!(of("ab-ab", 1, 2, "ab"), Quoted::Repaired(0, 2)));
        assert!(matches!(of("ab ab ab", 1, 3, "b "), Quoted::Agrees(1, 3)));
        assert!(matches!(of("ab  ab", 2, 3, "ab"), Quoted::Broken(_)));
        assert_eq!(of("a\r\nb c", 0, 4, "a\nb"), Quoted::Agrees(0, 4));
    }
}

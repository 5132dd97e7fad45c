//! Sentences from templates: `[alternatives|of|text]` and `{slots}`.

use trueup_core::Rng;

/// A filled template and where its slots ended up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The text.
    pub text: String,
    /// Slot names with the byte ranges of their values, in text order.
    pub slots: Vec<(String, std::ops::Range<usize>)>,
}

/// Draws one of `items`.
pub fn pick<'a, T: ?Sized>(rng: &mut Rng, items: &[&'a T]) -> &'a T {
    items[rng.below(items.len())]
}

/// Whether an event of probability `p` happens.
pub fn chance(rng: &mut Rng, p: f64) -> bool {
    rng.unit() < p
}

/// Fills `template`: one alternative of each `[a|b]` (an empty one is allowed; they do not nest), then a value for each
/// `{slot}`.
pub fn fill(template: &str, rng: &mut Rng, mut value: impl FnMut(&str, &mut Rng) -> String) -> Filled {
    let chosen = choose(template, rng);
    let mut filled = Filled { text: String::new(), slots: Vec::new() };
    let mut rest = chosen.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        filled.text += before;
        let Some((name, beyond)) = after.split_once('}') else {
            break;
        };
        let start = filled.text.len();
        filled.text += &value(name, rng);
        filled.slots.push((name.to_string(), start..filled.text.len()));
        rest = beyond;
    }
    filled.text += rest;
    filled
}

/// Replaces each `[a|b|c]` by one of its alternatives.
fn choose(template: &str, rng: &mut Rng) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('[') {
        out += before;
        let Some((choices, beyond)) = after.split_once(']') else {
            break;
        };
        let choices: Vec<&str> = choices.split('|').collect();
        out += pick(rng, &choices);
        rest = beyond;
    }
    out + rest
}

/// One slip of a typing hand in a word of five letters or more: two letters swapped, one left out, or one doubled. The
/// text itself when it has no such word.
pub fn typo(text: &str, rng: &mut Rng) -> String {
    let mut words: Vec<String> = text.split(' ').map(String::from).collect();
    let long = |word: &String| word.len() >= 5 && word.bytes().all(|b| b.is_ascii_alphabetic());
    let places: Vec<usize> = (0..words.len()).filter(|&i| long(&words[i])).collect();
    if places.is_empty() {
        return text.to_string();
    }
    let word = &mut words[places[rng.below(places.len())]];
    let mut letters: Vec<char> = word.chars().collect();
    // The first letter stays: people see that slip.
    let at = 1 + rng.below(letters.len() - 2);
    match rng.below(3) {
        0 => letters.swap(at, at + 1),
        1 => {
            letters.remove(at);
        }
        _ => letters.insert(at, letters[at]),
    }
    *word = letters.into_iter().collect();
    words.join(" ")
}

/// A day of a common year as (month, day), from its number in 0..365.
pub fn day_of_year(number: usize) -> (usize, usize) {
    const LENGTHS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut left = number % 365;
    for (month, length) in LENGTHS.into_iter().enumerate() {
        if left < length {
            return (month + 1, left + 1);
        }
        left -= length;
    }
    (12, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_know_where_they_ended_up() {
        let filled = fill("[é|é] {A} and {B}.", &mut Rng::new(1), |name, _| name.repeat(2));
        assert_eq!(filled.text, "é AA and BB.");
        let ranges: Vec<_> =
            filled.slots.iter().map(|(name, range)| (name.as_str(), &filled.text[range.clone()])).collect();
        assert_eq!(ranges, [("A", "AA"), ("B", "BB")]);
    }

    #[test]
    fn every_alternative_is_drawn() {
        let mut rng = Rng::new(3);
        let mut seen: Vec<String> = (0..60).map(|_| fill("x[a||c]", &mut rng, |_, _| String::new()).text).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, ["x", "xa", "xc"]);
    }

    #[test]
    fn a_typo_changes_one_long_word() {
        let mut rng = Rng::new(5);
        assert_eq!(typo("I am a 12345 cat", &mut rng), "I am a 12345 cat");
        for _ in 0..50 {
            let wrong = typo("my parcel is late", &mut rng);
            assert!(wrong.starts_with("my p") && wrong.ends_with(" is late"), "{wrong}");
        }
    }

    #[test]
    fn days_of_a_year() {
        assert_eq!([0, 30, 31, 58, 59, 364].map(day_of_year), [(1, 1), (1, 31), (2, 1), (2, 28), (3, 1), (12, 31)]);
    }
}

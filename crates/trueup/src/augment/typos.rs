//! Slips of the fingers: a neighbouring key, two letters swapped, one left out, one typed twice.

use std::ops::Range;

use trueup_core::Rng;
use unicode_segmentation::UnicodeSegmentation;

use super::edits::{Edit, Marked};
use super::methods::Means;
use super::words::{some, words};

/// A kind of slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slip {
    /// A key beside the right one.
    Neighbour,
    /// Two letters in the wrong order.
    Swap,
    /// A letter left out.
    Omit,
    /// A letter twice.
    Double,
}

/// Words of fewer letters are left alone: a slip there makes another word.
const SHORTEST: usize = 4;

/// The rows of a QWERTY keyboard; each is set off by about half a key to the right of the one above.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The letters beside `letter` (in lower case) on the keyboard, in reading order.
fn neighbours(letter: char) -> Vec<char> {
    let Some((row, at)) = (0..ROWS.len()).find_map(|row| Some((row, ROWS[row].find(letter)?))) else {
        return Vec::new();
    };
    // Above lie the keys at the same place and one further, below those one before and at the same place.
    let beside: [(isize, isize); 6] = [(-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0)];
    let key = |(down, along): (isize, isize)| {
        let row = ROWS.get(row.checked_add_signed(down)?)?;
        row.chars().nth(at.checked_add_signed(along)?)
    };
    beside.into_iter().filter_map(key).collect()
}

/// One slip in each of some words.
pub(super) fn typos(marked: Marked<'_>, slip: Slip, means: &Means<'_>, rng: &mut Rng) -> Vec<Edit> {
    let slips = |word: Range<usize>| {
        let found = places(marked, &word, slip);
        (!found.is_empty()).then_some(found)
    };
    let all: Vec<Vec<Range<usize>>> = words(marked).into_iter().filter_map(slips).collect();
    let count = means.of(all.len());
    let chosen = some(all, count, rng);
    chosen.into_iter().map(|places| make(marked.text, places[rng.below(places.len())].clone(), slip, rng)).collect()
}

/// Where in a word the slip can happen: letters, or pairs of letters, that no span cuts. People hardly ever get the first
/// letter wrong by leaving it out or swapping it.
fn places(marked: Marked<'_>, word: &Range<usize>, slip: Slip) -> Vec<Range<usize>> {
    let text = &marked.text[word.clone()];
    // A letter with its accents is one.
    let letters: Vec<(usize, &str)> = text.grapheme_indices(true).collect();
    let is_letter = |letter: &str| letter.chars().next().is_some_and(char::is_alphabetic);
    if letters.iter().filter(|(_, letter)| is_letter(letter)).count() < SHORTEST {
        return Vec::new();
    }
    let at = |i: usize| word.start + letters[i].0..word.start + letters[i].0 + letters[i].1.len();
    let one = |i: &usize| match slip {
        Slip::Neighbour => {
            letters[*i].1.len() == 1 && letters[*i].1.chars().all(|c| !neighbours(c.to_ascii_lowercase()).is_empty())
        }
        Slip::Omit | Slip::Swap => *i > 0 && is_letter(letters[*i].1),
        Slip::Double => is_letter(letters[*i].1),
    };
    let places = (0..letters.len()).filter(one);
    let ranges: Vec<Range<usize>> = match slip {
        Slip::Swap => places
            .filter(|&i| letters.get(i + 1).is_some_and(|next| is_letter(next.1) && next.1 != letters[i].1))
            .map(|i| at(i).start..at(i + 1).end)
            .collect(),
        _ => places.map(at).collect(),
    };
    ranges.into_iter().filter(|range| !marked.crosses(range)).collect()
}

fn make(text: &str, range: Range<usize>, slip: Slip, rng: &mut Rng) -> Edit {
    let found = &text[range.clone()];
    let typed = match slip {
        Slip::Neighbour => {
            let right = found.chars().next().unwrap_or_default();
            let beside = neighbours(right.to_ascii_lowercase());
            let wrong = beside[rng.below(beside.len())];
            if right.is_ascii_uppercase() { wrong.to_ascii_uppercase() } else { wrong }.to_string()
        }
        Slip::Swap => found.graphemes(true).rev().collect(),
        Slip::Omit => String::new(),
        Slip::Double => found.repeat(2),
    };
    Edit::new(range, typed)
}

#[cfg(test)]
mod tests {
    use super::super::edits::apply;
    use super::super::mentions::Mentions;
    use super::*;
    use trueup_data::corpus::Answer;

    #[test]
    fn neighbours_are_those_of_the_keyboard() {
        assert_eq!(neighbours('g'), ['t', 'y', 'f', 'h', 'v', 'b']);
        assert_eq!(neighbours('q'), ['w', 'a']);
        assert_eq!(neighbours('p'), ['o', 'l']);
        assert_eq!(neighbours('m'), ['j', 'k', 'n']);
        assert!(neighbours('é').is_empty() && neighbours('1').is_empty());
        for row in ROWS {
            for a in row.chars() {
                assert!(neighbours(a).into_iter().all(|b| neighbours(b).contains(&a)), "{a}");
            }
        }
    }

    fn typed(text: &str, slip: Slip) -> Vec<String> {
        let answer = Answer::default();
        let marked = Marked { text, answer: &answer, tokens: &[] };
        let mentions = Mentions::default();
        let means = Means { share: 0.1, mentions: &mentions };
        let of = |seed| apply(marked, typos(marked, slip, &means, &mut Rng::new(seed))).map(|e| e.text);
        let mut all: Vec<String> = (0..200).filter_map(of).collect();
        all.sort();
        all.dedup();
        all
    }

    #[test]
    fn slips_are_of_their_kind() {
        assert_eq!(typed("card", Slip::Swap), ["cadr", "crad"]);
        assert_eq!(typed("card", Slip::Omit), ["cad", "car", "crd"]);
        assert_eq!(typed("card", Slip::Double), ["caard", "cardd", "carrd", "ccard"]);
        assert!(typed("Card", Slip::Neighbour).contains(&"Vard".to_owned()));
        assert!(typed("the big 123", Slip::Omit).is_empty(), "short words stay");
    }

    #[test]
    fn letters_keep_their_accents() {
        let all = typed("cafe\u{301}s", Slip::Swap);
        assert_eq!(all, ["cae\u{301}fs", "cafse\u{301}", "cfae\u{301}s"]);
        assert!(typed("👩‍🔬👩‍🔬👩‍🔬👩‍🔬", Slip::Double).is_empty());
    }
}

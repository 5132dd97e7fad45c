//! # D111 degenerate-text
//!
//! ## What it finds
//!
//! Texts that are not what a person wrote, one finding a kind, over all data sets together; the count is that of the
//! texts:
//!
//! - empty, or nothing but white space;
//! - control characters (other than tabs and line ends), byte order marks, overrides of the writing direction;
//! - wrong encoding: UTF-8 that was read as Windows-1252 or Latin-1 (`cafÃ©`, `donâ€™t`), and Windows-1252 read as
//!   Latin-1 (codes 0x80 to 0x9F);
//! - lost characters: U+FFFD, which stands where a reader could not decode;
//! - markup: HTML tags and entities (`<br>`, `&lt;`);
//! - very long: over 20 times the median length, and over 1,000 characters.
//!
//! ## Why it matters
//!
//! The model learns the damage instead of the words, and in production the damage looks different. Markup or a broken
//! character that sits on one label only is a shortcut. A very long text is often a record whose closing quote is
//! missing, which has swallowed the records after it.
//!
//! ## Example
//!
//! `309 of 5,574 examples hold HTML markup, such as '&lt;'`
//!
//! ## What to do
//!
//! Mend it where the text comes from: decode as UTF-8, strip markup, close quotes, drop what is empty. Do the same in
//! production, or the model will meet texts unlike those it learned from.
//!
//! ## Threshold
//!
//! One text is enough: none of these comes from a person. Empty texts are an error over 5 % of all, the share up to
//! which deepchecks passes odd samples: then the score is in good part about nothing. Markup and length are notes,
//! since a text can be about markup, and some texts are long. 20 medians is far outside what lengths vary by themselves:
//! over thirteen public sets of messages, questions and sentences no text reaches it. The tags are those of HTML only,
//! so `<3`, `<user>` and `<name@host>` do not count.

use trueup_core::document::Severity;
use trueup_core::{text, words};

use super::damage;
use crate::review::{Draft, Evidence, Place, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "D111", name: "degenerate-text", source: include_str!("d111_degenerate_text.rs"), check };

const EMPTY_ERROR_OVER: f64 = 0.05;
const LONG_OVER_MEDIANS: usize = 20;
const LONG_OVER: usize = 1_000;

/// One kind of damage: how to see it, and how to speak of it.
struct Kind {
    name: &'static str,
    severity: Severity,
    /// After `3 of 40 examples`, for one and for more.
    title: [&'static str; 2],
    message: &'static str,
    action: &'static str,
    /// The first piece of damage in a text.
    find: fn(&str) -> Option<String>,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "empty",
        severity: Severity::Warning,
        title: ["is empty", "are empty"],
        message: "There is nothing to learn from or to answer to, so whatever the model says to them is chance.",
        action: "Remove the empty texts, or find out where their content was lost",
        find: |text| text.trim().is_empty().then(String::new),
    },
    Kind {
        name: "control",
        severity: Severity::Warning,
        title: ["holds control characters", "hold control characters"],
        message: "Control characters are invisible, so people label what they see and the model learns what they do not.",
        action: "Remove control characters where the texts come from, in production as well",
        find: |text| text.chars().find(|&c| damage::is_control(c)).map(|c| c.escape_unicode().to_string()),
    },
    Kind {
        name: "encoding",
        severity: Severity::Warning,
        title: ["was decoded wrongly", "were decoded wrongly"],
        message: "Bytes were read in the wrong encoding, so the same word looks different here and in production.",
        action: "Read the source again with its right encoding (UTF-8 or Windows-1252), and write it as UTF-8",
        find: damage::wrong_encoding,
    },
    Kind {
        name: "lost",
        severity: Severity::Warning,
        title: ["has lost characters (U+FFFD)", "have lost characters (U+FFFD)"],
        message: "Characters that could not be decoded were replaced, and cannot be won back from this file.",
        action: "Read the source again with its right encoding; this file does not hold the characters any more",
        find: |text| text.contains('\u{fffd}').then(|| "\\u{fffd}".to_owned()),
    },
    Kind {
        name: "markup",
        severity: Severity::Note,
        title: ["holds HTML markup", "hold HTML markup"],
        message: "The model learns the markup of this source, which texts from elsewhere do not have.",
        action: "Decode entities and strip tags where the texts come from, in production as well",
        find: |text| damage::markup(text).map(ToOwned::to_owned),
    },
];

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    if !evidence.test.data.has_text {
        return Vec::new();
    }
    let texts: Vec<(Place, &str)> = evidence
        .sides()
        .into_iter()
        .flat_map(|side| {
            let examples = evidence.side(side).data.examples.iter().enumerate();
            examples.map(move |(row, example)| (Place { side, row }, example.text.as_str()))
        })
        .collect();
    let kinds = KINDS.iter().filter_map(|kind| damaged(evidence, &texts, kind));
    kinds.chain(very_long(evidence, &texts)).collect()
}

fn damaged(evidence: &Evidence<'_>, texts: &[(Place, &str)], kind: &Kind) -> Option<Draft> {
    let found: Vec<(Place, String)> =
        texts.iter().filter_map(|&(place, text)| (kind.find)(text).map(|piece| (place, piece))).collect();
    let (_, first) = found.first()?;
    let n = found.len() as u64;
    let share = n as f64 / texts.len() as f64;
    let severity = if kind.name == "empty" && share > EMPTY_ERROR_OVER { Severity::Error } else { kind.severity };
    let [one, many] = kind.title;
    let mut title = format!(
        "{} of {} {}",
        words::count(n),
        words::counted(texts.len() as u64, evidence.noun),
        words::agree(n, one, many)
    );
    if kind.name != "lost" && !first.is_empty() {
        title += &format!(", such as '{}'", words::printable(&words::shorten(first, 24)));
    }
    let draft = Draft::new(severity, n, title, kind.action)
        .message(kind.message)
        .examples(found.iter().map(|&(place, _)| place))
        .with("kind", kind.name)
        .with("share", share);
    Some(draft)
}

fn very_long(evidence: &Evidence<'_>, texts: &[(Place, &str)]) -> Option<Draft> {
    let lengths: Vec<usize> = texts.iter().map(|(_, text)| text::code_points(text)).collect();
    let mut sorted = lengths.clone();
    sorted.sort_unstable();
    let median = *sorted.get(sorted.len() / 2)?;
    let limit = (LONG_OVER_MEDIANS * median).max(LONG_OVER);
    let mut long: Vec<(usize, Place)> = lengths
        .into_iter()
        .zip(texts)
        .filter(|&(length, _)| length > limit)
        .map(|(length, &(place, _))| (length, place))
        .collect();
    long.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let &(longest, _) = long.first()?;
    let n = long.len() as u64;
    let draft = Draft::new(
        Severity::Note,
        n,
        format!(
            "{} of {} {} over {} characters long, half of all are under {}",
            words::count(n),
            words::counted(texts.len() as u64, evidence.noun),
            words::agree(n, "is", "are"),
            words::count(limit as u64),
            words::count(median as u64 + 1)
        ),
        "Look at the longest first: close the quote if one is missing, and cut what nobody would send",
    )
    .message(
        "A text so far from the others is often a record whose closing quote is missing, with the records after it \
         inside. If it is real, its label rests on a small part of it.",
    )
    .examples(long.iter().map(|&(_, place)| place))
    .with("kind", "long")
    .with("longest", longest)
    .with("median", median)
    .with("limit", limit);
    Some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::planted::Plant;

    fn with(texts: &'static [&'static str]) -> Vec<trueup_core::document::Finding> {
        Plant::labels(&[("a", 50), ("b", 50)])
            .test(|d| d.examples.iter_mut().zip(texts).for_each(|(e, text)| e.text = (*text).to_owned()))
            .judge(&RULE)
    }

    #[test]
    fn each_kind_is_a_finding_of_its_own() {
        let findings = with(&["", " \t", "beep\u{7}", "donâ€™t", "it\u{92}s", "na\u{fffd}ve", "1 &lt; 2", "a<br/>b"]);
        let told: Vec<_> = findings.iter().map(|f| (f.title.as_str(), f.severity.name(), f.count)).collect();
        assert_eq!(
            told,
            [
                ("2 of 100 examples are empty", "warning", 2),
                ("1 of 100 examples holds control characters, such as '\\u{7}'", "warning", 1),
                ("2 of 100 examples were decoded wrongly, such as 'â€™'", "warning", 2),
                ("1 of 100 examples has lost characters (U+FFFD)", "warning", 1),
                ("2 of 100 examples hold HTML markup, such as '&lt;'", "note", 2),
            ]
        );
        assert_eq!(findings[2].examples, ["4", "5"]);
    }

    #[test]
    fn many_empty_texts_are_an_error() {
        assert_eq!(with(&["", "", "", "", ""])[0].severity, Severity::Warning);
        assert_eq!(with(&["", "", "", "", "", ""])[0].severity, Severity::Error);
    }

    #[test]
    fn a_text_far_longer_than_the_others_is_told() {
        let long: &'static str = Box::leak("so long ".repeat(200).into_boxed_str());
        let findings = with(Box::leak(Box::new([long])));
        assert_eq!(findings[0].title, "1 of 100 examples is over 1,000 characters long, half of all are under 16");
        // Where most are long, none is far from the others.
        let all = Plant::labels(&[("a", 9), ("b", 9)])
            .test(|d| d.examples.iter_mut().for_each(|e| e.text = "word ".repeat(5_000)));
        assert!(all.judge(&RULE).is_empty());
    }

    #[test]
    fn silent_on_clean_texts_and_on_tables_without_any() {
        assert!(with(&["I <3 it & you;", "mail <a.b@c.org>", "Ça va, São João?\nOui", "x < y > z"]).is_empty());
        let scores = Plant::labels(&[("a", 50), ("b", 50)]).test(|d| {
            d.has_text = false;
            d.examples.iter_mut().for_each(|e| e.text.clear());
        });
        assert!(scores.judge(&RULE).is_empty());
    }
}

//! The faults of the invoices. Each takes its snippets out of one pool, so that no snippet holds two of them.

use trueup_core::Rng;

use super::Snippet;
use crate::demo::alike::near_twin;
use crate::demo::phrase::pick;

/// Every fault: its kind, the rule that should find it, what was done.
pub const KINDS: [(&str, &str, &str); 8] = [
    ("too-few-examples", "D101", "`IBAN` is annotated in 9 snippets only"),
    ("exact-duplicate", "D107", "10 snippets entered twice"),
    ("near-duplicate", "D108", "6 snippets entered twice with a few words added"),
    ("inconsistent-span", "L303", "10 snippets whose vendor is not annotated, though the same name is elsewhere"),
    ("suspicious-boundary", "L304", "8 annotations that take in a space or a punctuation mark behind the mention"),
    ("boundary-errors", "E407", "12 amounts annotated without their currency, which all others include"),
    ("likely-mislabelled", "L301", "12 snippets where `DATE` and `DUE_DATE` are exchanged"),
    ("boundary-in-word", "L304", "3 vendors with letters beyond ASCII whose annotation begins at their second letter"),
];

/// Plants them all.
pub fn all(snippets: &mut Vec<Snippet>, rng: &mut Rng) {
    let mut pool: Vec<usize> = (0..snippets.len()).filter(|&i| snippets[i].faults.is_empty()).collect();
    rng.shuffle(&mut pool);

    for _ in 0..10 {
        let original = take(&mut pool, snippets, |_| true);
        let text = snippets[original].text.clone();
        twin(snippets, original, text, "exact-duplicate");
    }
    for _ in 0..6 {
        let (original, text) = loop {
            let original = take(&mut pool, snippets, |snippet| snippet.text.len() > 110);
            // Words come behind the text, so that its spans stay where they are.
            let edit =
                |text: &str, rng: &mut Rng| [text, pick(rng, &["\nThank you", " - copy", "\nPage 1", " (2)"])].concat();
            if let Some(text) = near_twin(&snippets[original].text, rng, edit) {
                break (original, text);
            }
        };
        twin(snippets, original, text, "near-duplicate");
    }
    for _ in 0..10 {
        let snippet = take(&mut pool, snippets, |snippet| has(snippet, "VENDOR"));
        let snippet = mark(snippets, snippet, "inconsistent-span");
        snippet.spans.retain(|(_, label)| label != "VENDOR");
    }
    for _ in 0..8 {
        let snippet = take(&mut pool, snippets, |snippet| open_end(snippet).is_some());
        let snippet = mark(snippets, snippet, "suspicious-boundary");
        if let Some(at) = open_end(snippet) {
            snippet.spans[at].0.end += 1;
        }
    }
    for _ in 0..12 {
        let snippet = take(&mut pool, snippets, |snippet| has(snippet, "AMOUNT"));
        let snippet = mark(snippets, snippet, "boundary-errors");
        let Snippet { text, spans, .. } = snippet;
        for (range, _) in spans.iter_mut().filter(|(_, label)| label == "AMOUNT") {
            let digits = |c: char| c.is_ascii_digit();
            let mention = &text[range.clone()];
            let first = mention.find(digits).unwrap_or(0);
            let last = mention.rfind(digits).map_or(mention.len(), |at| at + 1);
            *range = range.start + first..range.start + last;
        }
    }
    for _ in 0..12 {
        let snippet = take(&mut pool, snippets, |snippet| has(snippet, "DUE_DATE"));
        let snippet = mark(snippets, snippet, "likely-mislabelled");
        for (_, label) in &mut snippet.spans {
            *label = match label.as_str() {
                "DATE" => "DUE_DATE".into(),
                "DUE_DATE" => "DATE".into(),
                _ => continue,
            };
        }
    }
    for _ in 0..3 {
        let foreign = |snippet: &Snippet| vendor(snippet).is_some_and(|at| begins_with_letters(snippet, at));
        let snippet = take(&mut pool, snippets, foreign);
        let snippet = mark(snippets, snippet, "boundary-in-word");
        if let Some(at) = vendor(snippet) {
            let first = snippet.text[snippet.spans[at].0.clone()].chars().next().map_or(0, char::len_utf8);
            snippet.spans[at].0.start += first;
        }
    }
}

/// The next snippet of the pool that fits; it leaves the pool.
fn take(pool: &mut Vec<usize>, snippets: &[Snippet], fits: impl Fn(&Snippet) -> bool) -> usize {
    let at = pool.iter().rposition(|&i| fits(&snippets[i]));
    pool.remove(at.expect("the pool is many times larger than what is planted"))
}

fn mark<'a>(snippets: &'a mut [Snippet], at: usize, kind: &'static str) -> &'a mut Snippet {
    snippets[at].faults.push(kind);
    &mut snippets[at]
}

fn twin(snippets: &mut Vec<Snippet>, original: usize, text: String, kind: &'static str) {
    snippets[original].faults.push(kind);
    let copy = Snippet { text, ..snippets[original].clone() };
    snippets.push(copy);
}

fn has(snippet: &Snippet, wanted: &str) -> bool {
    snippet.spans.iter().any(|(_, label)| label == wanted)
}

/// The first annotation that a space, a line end or a punctuation mark follows.
fn open_end(snippet: &Snippet) -> Option<usize> {
    snippet.spans.iter().position(|(range, _)| snippet.text[range.end..].starts_with([' ', ',', '.', ';', '\n']))
}

/// The first annotated vendor.
fn vendor(snippet: &Snippet) -> Option<usize> {
    snippet.spans.iter().position(|(_, label)| label == "VENDOR")
}

/// Whether span `at` begins with two letters, one of its letters being beyond ASCII.
fn begins_with_letters(snippet: &Snippet, at: usize) -> bool {
    let mention = &snippet.text[snippet.spans[at].0.clone()];
    mention.chars().take(2).all(char::is_alphabetic) && !mention.is_ascii()
}

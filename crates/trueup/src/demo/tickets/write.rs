//! Writing one ticket: a greeting, what it is about, what surrounds it, and the marks that its channel leaves.

use trueup_core::Rng;

use super::phrases::{AGO, CALL_OPENINGS, CLOSINGS, CONTEXT, DAYS, FILLERS, GREETINGS, Intent, PRODUCTS, VAGUE};
use crate::demo::phrase::{chance, fill, pick, typo};

/// How a ticket came in: mostly mail and chat, one in seven a call that was written down.
pub fn channel(rng: &mut Rng) -> &'static str {
    match rng.below(100) {
        0..40 => "email",
        40..72 => "chat",
        72..86 => "web",
        _ => "phone",
    }
}

/// The text of one ticket. `vague`: it never says clearly what it is about.
pub fn ticket(intent: &Intent, channel: &str, vague: bool, rng: &mut Rng) -> String {
    let mut sentences = Vec::new();
    if vague {
        let open: Vec<&str> =
            VAGUE.iter().filter(|(_, labels)| labels.contains(&intent.label)).map(|(sentence, _)| *sentence).collect();
        sentences.push(pick(rng, &open));
    } else {
        sentences.push(pick(rng, intent.clear));
        if chance(rng, 0.3) {
            let second = pick(rng, intent.clear);
            if second != sentences[0] {
                sentences.push(second);
            }
        }
    }
    // What surrounds the matter stands before or behind it.
    for _ in 0..=rng.below(3) {
        let context = pick(rng, &CONTEXT);
        if !sentences.contains(&context) {
            let at = if chance(rng, 0.4) { 0 } else { sentences.len() };
            sentences.insert(at, context);
        }
    }
    let body: Vec<String> = sentences.iter().map(|sentence| say(sentence, rng)).collect();
    let body = body.join(" ");
    if channel == "phone" {
        return spoken(&body, rng);
    }
    let greeting = if channel == "chat" { String::new() } else { say(pick(rng, &GREETINGS), rng) };
    let closing = say(pick(rng, &CLOSINGS), rng);
    let parts: Vec<&str> = [greeting.as_str(), &body, &closing].into_iter().filter(|part| !part.is_empty()).collect();
    let mut text = parts.join(if channel == "email" && chance(rng, 0.4) { "\n" } else { " " });
    while chance(rng, if channel == "chat" { 0.35 } else { 0.15 }) {
        text = typo(&text, rng);
    }
    if channel == "chat" && chance(rng, 0.4) {
        text = text.to_lowercase();
    }
    if chance(rng, 0.03) {
        text = text.to_uppercase();
    }
    text
}

/// Fills one sentence; leftovers of empty alternatives are smoothed.
fn say(template: &str, rng: &mut Rng) -> String {
    let filled = fill(template, rng, |slot, rng| match slot {
        "order" => order(rng),
        "product" => pick(rng, &PRODUCTS).into(),
        "a product" => with_article(pick(rng, &PRODUCTS)),
        "amount" => amount(rng),
        "day" => pick(rng, &DAYS).into(),
        "ago" => pick(rng, &AGO).into(),
        other => unreachable!("no slot is called {other}"),
    });
    filled.text.replace("  ", " ").replace(" .", ".").replace(" ?", "?").replace(" ,", ",").trim().to_string()
}

fn with_article(thing: &str) -> String {
    let article = if thing.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    [article, " ", thing].concat()
}

/// An order number as people write it.
fn order(rng: &mut Rng) -> String {
    let number = 20_000 + rng.below(70_000);
    match rng.below(5) {
        0 => format!("#{number}"),
        1 => format!("order {number}"),
        2 => format!("order no. {number}"),
        3 => format!("A-{number}"),
        _ => format!("my order {number}"),
    }
}

/// A price as people write it.
fn amount(rng: &mut Rng) -> String {
    let (whole, cents) = (5 + rng.below(240), [0, 49, 50, 90, 95, 99][rng.below(6)]);
    match rng.below(5) {
        0 => format!("{whole}.{cents:02} EUR"),
        1 => format!("€{whole}.{cents:02}"),
        2 => format!("{whole} euros"),
        3 => format!("{whole},{cents:02} €"),
        _ => format!("${whole}.{cents:02}"),
    }
}

/// What is left of a text when it is said on the phone and written down by a machine.
fn spoken(body: &str, rng: &mut Rng) -> String {
    let body = body.to_lowercase();
    let plain: String = body.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace() || *c == '\'').collect();
    let mut words: Vec<&str> = pick(rng, &CALL_OPENINGS).split(' ').collect();
    for word in plain.split_whitespace() {
        if chance(rng, 0.13) {
            words.push(pick(rng, &FILLERS));
        }
        words.push(word);
        // People repeat themselves.
        if chance(rng, 0.03) {
            words.push(word);
        }
    }
    words.join(" ")
}

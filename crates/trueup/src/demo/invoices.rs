//! Snippets of invoices from invented companies, annotated with vendor, invoice number, dates and amount, and faults of
//! annotation.

mod layouts;
mod plant;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde_json::{Value, json};
use trueup_core::Rng;
use trueup_core::text::code_point_of_byte;

use super::alike::Distinct;
use super::phrase::{chance, day_of_year, fill, pick};
use super::{DemoSet, Fault};
use layouts::{ACCOUNT, BUYERS, CITIES, ITEMS, LAYOUTS, MONTHS, VENDORS};

/// Snippets before faults are planted.
const SNIPPETS: usize = 385;
/// Snippets that name an account: too few to learn from.
const WITH_ACCOUNT: usize = 9;
/// Where snippets come from; it tells nothing of what they hold.
const SOURCES: [&str; 3] = ["scan", "mail", "portal"];

/// One snippet on its way into the file. Spans are byte ranges with their type.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Snippet {
    text: String,
    spans: Vec<(Range<usize>, String)>,
    language: &'static str,
    source: &'static str,
    /// Faults it takes part in, by kind.
    faults: Vec<&'static str>,
}

/// The invoices under `seed`: 401 snippets in one file, `invoices.jsonl`, with `id`, `text`, `spans` (code points),
/// `language` and `source`.
pub fn invoices(seed: u64) -> DemoSet {
    let mut rng = Rng::stream(seed, 2);
    let mut snippets = written(&mut rng);
    plant::all(&mut snippets, &mut rng);
    rng.shuffle(&mut snippets);

    let ids: Vec<String> = (1..=snippets.len()).map(|number| format!("S-{number:03}")).collect();
    let faults = plant::KINDS
        .iter()
        .map(|&(kind, code, what)| {
            let holds = |snippet: &Snippet| snippet.faults.contains(&kind);
            let ids =
                ids.iter().zip(&snippets).filter(|(_, snippet)| holds(snippet)).map(|(id, _)| id.clone()).collect();
            Fault { kind, code, what: what.into(), ids }
        })
        .collect();
    let content = ids.iter().zip(&snippets).fold(String::new(), |all, (id, snippet)| all + &line(id, snippet) + "\n");
    DemoSet { name: "invoices", files: vec![("invoices.jsonl".into(), content)], faults }
}

/// Snippets without a planted fault, no two alike.
fn written(rng: &mut Rng) -> Vec<Snippet> {
    let mut distinct = Distinct::default();
    let mut snippets: Vec<Snippet> = Vec::with_capacity(SNIPPETS);
    while snippets.len() < SNIPPETS {
        // Two in three are English; the other languages share the rest.
        let (language, choices) =
            if chance(rng, 0.65) { LAYOUTS[0] } else { LAYOUTS[1 + rng.below(LAYOUTS.len() - 1)] };
        let account = snippets.len() < WITH_ACCOUNT;
        let template = [pick(rng, choices), if account { pick(rng, &ACCOUNT) } else { "" }].concat();
        let issued = rng.below(300);
        let filled = fill(&template, rng, |slot, rng| value(slot, issued, rng));
        if !distinct.accepts(&filled.text) {
            continue;
        }
        let annotated = |(name, _): &(String, Range<usize>)| name.starts_with(|c: char| c.is_ascii_uppercase());
        let spans = filled.slots.into_iter().filter(annotated).map(|(name, range)| (range, name)).collect();
        let faults = if account { vec!["too-few-examples"] } else { Vec::new() };
        snippets.push(Snippet { text: filled.text, spans, language, source: pick(rng, &SOURCES), faults });
    }
    snippets
}

/// A value for a slot of a layout; `issued` is the day of the invoice in the year.
fn value(slot: &str, issued: usize, rng: &mut Rng) -> String {
    match slot {
        "VENDOR" => pick(rng, &VENDORS).into(),
        "INVOICE_NUMBER" => invoice_number(rng),
        "DATE" => date(issued, rng),
        "DUE_DATE" => date(issued + [7, 14, 30, 60][rng.below(4)], rng),
        "AMOUNT" | "money" => money(rng),
        "IBAN" => account(rng),
        "buyer" => pick(rng, &BUYERS).into(),
        "city" => pick(rng, &CITIES).into(),
        "item" => pick(rng, &ITEMS).into(),
        "n" => (1 + rng.below(40)).to_string(),
        "days" => [7, 14, 30, 60][rng.below(4)].to_string(),
        "percent" => format!("{} %", [2, 3, 7, 19, 20, 23][rng.below(6)]),
        "po" => format!("PO-{}", 1000 + rng.below(9000)),
        other => unreachable!("no slot is called {other}"),
    }
}

fn invoice_number(rng: &mut Rng) -> String {
    let (short, long) = (100 + rng.below(900), 10_000 + rng.below(90_000));
    match rng.below(6) {
        0 => format!("INV-{long}"),
        1 => format!("2025-{short}"),
        2 => format!("R{long}"),
        3 => format!("#{long}"),
        4 => format!("FA/2025/{short}"),
        _ => format!("{long}/{}", 1 + rng.below(12)),
    }
}

fn date(day_number: usize, rng: &mut Rng) -> String {
    let (month, day) = day_of_year(day_number);
    let name = MONTHS[month - 1];
    match rng.below(6) {
        0 => format!("2025-{month:02}-{day:02}"),
        1 => format!("{day:02}.{month:02}.2025"),
        2 => format!("{name} {day}, 2025"),
        3 => format!("{day} {} 2025", &name[..3]),
        4 => format!("{day:02}/{month:02}/2025"),
        _ => format!("{day}.{month}.25"),
    }
}

fn money(rng: &mut Rng) -> String {
    let (thousands, hundreds, cents) = (rng.below(9), 10 + rng.below(989), rng.below(100));
    let whole = |mark: &str| {
        if thousands > 0 { format!("{thousands}{mark}{hundreds:03}") } else { hundreds.to_string() }
    };
    match rng.below(7) {
        0 => format!("${}.{cents:02}", whole(",")),
        1 => format!("{},{cents:02} €", whole(".")),
        2 => format!("EUR {}.{cents:02}", whole(",")),
        3 => format!("£{}.{cents:02}", whole(",")),
        4 => format!("CHF {}.{cents:02}", whole("'")),
        5 => format!("{},{cents:02} zł", whole(" ")),
        _ => format!("USD {}", whole(",")),
    }
}

/// An account number in the shape of an IBAN. No real account has the check digits 00.
fn account(rng: &mut Rng) -> String {
    let country = pick(rng, &["DE", "FR", "NL", "PL"]);
    let group = |rng: &mut Rng| format!("{:04}", rng.below(10_000));
    format!("{country}00 {} {} {} {}", group(rng), group(rng), group(rng), group(rng))
}

/// One line of the file, with offsets in code points.
fn line(id: &str, snippet: &Snippet) -> String {
    let point = |byte| code_point_of_byte(&snippet.text, byte);
    let spans: Vec<Value> = snippet
        .spans
        .iter()
        .map(|(range, label)| json!({ "start": point(range.start), "end": point(range.end), "label": label }))
        .collect();
    let Snippet { text, language, source, .. } = snippet;
    json!({ "id": id, "text": text, "spans": spans, "language": language, "source": source }).to_string()
}

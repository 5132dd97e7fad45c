//! Support tickets of an invented shop: one label each, a training and a test file, and faults of data, labels and
//! split.

mod phrases;
mod plant;
#[cfg(test)]
mod tests;
mod write;

use trueup_core::Rng;

use super::alike::Distinct;
use super::phrase::{chance, day_of_year};
use super::{DemoSet, Fault};
use phrases::INTENTS;

/// One ticket on its way into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ticket {
    text: String,
    label: &'static str,
    channel: &'static str,
    /// Minute of the year; the order of the ids.
    minute: usize,
    in_test: bool,
    /// Whether the text leaves open which label is meant.
    vague: bool,
    /// Faults it takes part in, by kind.
    faults: Vec<&'static str>,
}

/// The tickets under `seed`: about 1,250, three quarters for training, by the time they came in.
///
/// `tickets-train.csv` and `tickets-test.csv` have the columns `id`, `text`, `label`, `channel` and `created`.
pub fn tickets(seed: u64) -> DemoSet {
    let mut rng = Rng::stream(seed, 1);
    let mut tickets = written(&mut rng);
    plant::all(&mut tickets, &mut rng);
    tickets.sort_by_key(|ticket| ticket.minute);

    let ids: Vec<String> = (1..=tickets.len()).map(|number| format!("T-{:04}", 1000 + number)).collect();
    let faults = plant::KINDS
        .iter()
        .map(|&(kind, code, what)| {
            let holds = |ticket: &Ticket| ticket.faults.contains(&kind);
            let ids = ids.iter().zip(&tickets).filter(|(_, ticket)| holds(ticket)).map(|(id, _)| id.clone()).collect();
            Fault { kind, code, what: what.into(), ids }
        })
        .collect();
    let file = |in_test: bool| {
        let rows = ids.iter().zip(&tickets).filter(|(_, ticket)| ticket.in_test == in_test);
        rows.fold(String::from("id,text,label,channel,created\n"), |csv, (id, ticket)| csv + &row(id, ticket))
    };
    let files = vec![("tickets-train.csv".into(), file(false)), ("tickets-test.csv".into(), file(true))];
    DemoSet { name: "tickets", files, faults }
}

/// Tickets without a planted fault, no two alike, a quarter of each label in the test set; fraud is too rare for one.
fn written(rng: &mut Rng) -> Vec<Ticket> {
    let mut distinct = Distinct::default();
    let mut tickets = Vec::new();
    for intent in &INTENTS {
        let in_test = if intent.tickets < 50 { 0 } else { intent.tickets / 4 };
        for number in 0..intent.tickets {
            let channel = write::channel(rng);
            // Callers come to the point less often than writers.
            let vague = intent.tickets >= 50 && chance(rng, if channel == "phone" { 0.5 } else { 0.09 });
            let text = loop {
                let text = write::ticket(intent, channel, vague, rng);
                if distinct.accepts(&text) {
                    break text;
                }
            };
            let minute = rng.below(365 * 24 * 60);
            let faults = Vec::new();
            let in_test = number < in_test;
            tickets.push(Ticket { text, label: intent.label, channel, minute, in_test, vague, faults });
        }
    }
    tickets
}

/// One line of the file; every text is quoted, as it may hold commas, quotes and line ends.
fn row(id: &str, ticket: &Ticket) -> String {
    let (month, day) = day_of_year(ticket.minute / (24 * 60));
    let (hour, minute) = (ticket.minute / 60 % 24, ticket.minute % 60);
    let text = ticket.text.replace('"', "\"\"");
    let Ticket { label, channel, .. } = ticket;
    format!("{id},\"{text}\",{label},{channel},2025-{month:02}-{day:02} {hour:02}:{minute:02}\n")
}

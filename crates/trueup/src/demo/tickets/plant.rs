//! The faults of the tickets. Each takes its originals out of one pool, so that no ticket holds two of them by chance
//! and every pair of twins is known.

use trueup_core::Rng;

use super::Ticket;
use crate::demo::alike::near_twin;
use crate::demo::phrase::{chance, pick, typo};

/// Every fault: its kind, the rule that should find it, what was done.
pub const KINDS: [(&str, &str, &str); 12] = [
    ("too-few-examples", "D101", "`fraud` has 14 tickets to learn from"),
    ("label-missing-from-test", "D102", "no `fraud` ticket in the test file, so nothing measures that label"),
    ("exact-duplicate", "D107", "20 training tickets entered twice, some in other capitals or spacing"),
    ("near-duplicate", "D108", "15 training tickets entered twice with a word or a letter changed"),
    ("conflicting-duplicate", "D109", "3 training tickets entered twice with different labels"),
    ("degenerate-text", "D111", "4 texts that are none: empty, control characters, broken encoding, markup only"),
    ("exact-leak", "K201", "12 test tickets that stand in the training file as well"),
    ("near-duplicate-leak", "K202", "8 test tickets that stand in the training file with a word or a letter changed"),
    ("likely-mislabelled", "L301", "25 tickets filed under a wrong label, most between `billing` and `refund`"),
    ("confused-pair", "E405", "`billing` and `refund` tickets that never say which of the two they are"),
    ("weak-slice", "S601", "`channel = 'phone'`: transcripts of calls, half of which never come to the point"),
    ("class-imbalance", "D104", "`billing` has more than ten times the tickets of `fraud`; these are the few"),
];

/// Labels that a hurried clerk mixes up: (right, wrong, how many in training, how many in test).
const SLIPS: [(&str, &str, usize, usize); 5] = [
    ("billing", "refund", 7, 2),
    ("refund", "billing", 7, 2),
    ("bug", "login", 2, 1),
    ("feature-request", "bug", 2, 0),
    ("cancellation", "refund", 1, 1),
];

/// Plants them all.
pub fn all(tickets: &mut Vec<Ticket>, rng: &mut Rng) {
    for ticket in tickets.iter_mut() {
        let pair = ["billing", "refund"].contains(&ticket.label);
        let kinds = [
            (ticket.label == "fraud", "too-few-examples"),
            (ticket.label == "fraud", "label-missing-from-test"),
            (ticket.label == "fraud", "class-imbalance"),
            (ticket.vague && pair && ticket.channel != "phone", "confused-pair"),
            (ticket.vague && ticket.channel == "phone", "weak-slice"),
        ];
        ticket.faults.extend(kinds.into_iter().filter(|(holds, _)| *holds).map(|(_, kind)| kind));
    }
    // Originals: clear, long enough to have a near twin, of labels that are not rare.
    let usable = |ticket: &Ticket| ticket.faults.is_empty() && !ticket.vague && ticket.text.len() > 90;
    let mut pool: Vec<usize> = (0..tickets.len()).filter(|&i| usable(&tickets[i])).collect();
    rng.shuffle(&mut pool);

    for _ in 0..20 {
        let original = take(&mut pool, tickets, |ticket| !ticket.in_test);
        let text = retyped(&tickets[original].text, rng);
        twin(tickets, original, text, "exact-duplicate", rng);
    }
    for _ in 0..15 {
        let (original, text) = take_near(&mut pool, tickets, rng);
        twin(tickets, original, text, "near-duplicate", rng);
    }
    for label in ["billing", "bug", "delivery"] {
        let original = take(&mut pool, tickets, |ticket| !ticket.in_test && ticket.label == label);
        let text = tickets[original].text.clone();
        twin(tickets, original, text, "conflicting-duplicate", rng);
        let copy = tickets.last_mut().expect("the twin was just added");
        copy.label = match label {
            "bug" => "login",
            _ => "refund",
        };
    }
    for _ in 0..12 {
        let original = take(&mut pool, tickets, |ticket| !ticket.in_test);
        let text = retyped(&tickets[original].text, rng);
        leak(tickets, original, text, "exact-leak", rng);
    }
    for _ in 0..8 {
        let (original, text) = take_near(&mut pool, tickets, rng);
        leak(tickets, original, text, "near-duplicate-leak", rng);
    }
    for (right, wrong, in_training, in_test) in SLIPS {
        for number in 0..in_training + in_test {
            let test = number >= in_training;
            let slip = take(&mut pool, tickets, |ticket| ticket.in_test == test && ticket.label == right);
            tickets[slip].label = wrong;
            tickets[slip].faults.push("likely-mislabelled");
        }
    }
    let broken = [
        ("", "web", "billing"),
        ("\u{1}\u{2}\u{7}\u{1b}[2J\u{8}\u{8}", "chat", "bug"),
        (
            "Je nâ€™ai pas reÃ§u ma commande, câ€™est trÃ¨s dÃ©cevant. Merci de vÃ©rifier lâ€™adresse.",
            "email",
            "delivery",
        ),
        ("<div class=\"msg\"><br/><br/><span style=\"color:#333\">&nbsp;</span></div>", "email", "login"),
    ];
    for (text, channel, label) in broken {
        let minute = rng.below(365 * 24 * 60);
        let faults = vec!["degenerate-text"];
        tickets.push(Ticket { text: text.into(), label, channel, minute, in_test: false, vague: false, faults });
    }
}

/// The next ticket of the pool that fits; it leaves the pool.
fn take(pool: &mut Vec<usize>, tickets: &[Ticket], fits: impl Fn(&Ticket) -> bool) -> usize {
    let at = pool.iter().rposition(|&i| fits(&tickets[i]));
    pool.remove(at.expect("the pool is many times larger than what is planted"))
}

/// The next training ticket of the pool that has a near twin, with that twin's text.
fn take_near(pool: &mut Vec<usize>, tickets: &[Ticket], rng: &mut Rng) -> (usize, String) {
    loop {
        let original = take(pool, tickets, |ticket| !ticket.in_test);
        if let Some(text) = near_twin(&tickets[original].text, rng, edited) {
            return (original, text);
        }
    }
}

/// Enters a ticket again a little later.
fn twin(tickets: &mut Vec<Ticket>, original: usize, text: String, kind: &'static str, rng: &mut Rng) {
    let mut copy = tickets[original].clone();
    copy.minute = (copy.minute + 1 + rng.below(3 * 24 * 60)).min(365 * 24 * 60 - 1);
    copy.text = text;
    copy.faults.push(kind);
    tickets[original].faults.push(kind);
    tickets.push(copy);
}

/// Enters a training ticket into the test file as well; the copy alone is the leak.
fn leak(tickets: &mut Vec<Ticket>, original: usize, text: String, kind: &'static str, rng: &mut Rng) {
    let mut copy = tickets[original].clone();
    copy.minute = (copy.minute + 1 + rng.below(3 * 24 * 60)).min(365 * 24 * 60 - 1);
    copy.text = text;
    copy.in_test = true;
    copy.faults.push(kind);
    tickets.push(copy);
}

/// The same text to a reader: as it stands, in lower case, or with other white space.
fn retyped(text: &str, rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => text.to_lowercase(),
        1 => text.replacen(' ', "  ", 2) + " ",
        _ => text.to_string(),
    }
}

/// A small change: a letter slips, a word comes or goes.
fn edited(text: &str, rng: &mut Rng) -> String {
    if chance(rng, 0.5) {
        return typo(text, rng);
    }
    match rng.below(3) {
        0 => format!("{text} {}", pick(rng, &["Thx", "ASAP", "Please!", "Bye"])),
        1 => format!("{} {text}", pick(rng, &["Hey,", "Again:", "Hello!", "Fwd:"])),
        _ => text.split_once(' ').map_or_else(|| text.into(), |(_, rest)| rest.to_string()),
    }
}

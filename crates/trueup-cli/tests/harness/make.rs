//! Data that the tests write: seeded, so that every run sees the same bytes.

use std::fmt::Write;

use trueup::core::Rng;

const COMMON: &[&str] = &[
    "please", "today", "again", "still", "since", "account", "customer", "my", "the", "we", "your", "for", "and",
    "with", "after", "before", "about", "need", "help", "thanks",
];
const TOPICS: &[(&str, &[&str])] = &[
    ("billing", &["invoice", "charged", "payment", "card", "receipt", "refund", "price"]),
    ("delivery", &["parcel", "courier", "late", "address", "tracking", "box", "refund"]),
    ("login", &["password", "locked", "reset", "code", "email", "screen", "price"]),
];

/// One of `items`.
pub fn pick<'a, T: ?Sized>(rng: &mut Rng, items: &[&'a T]) -> &'a T {
    items[rng.below(items.len())]
}

fn sentence(rng: &mut Rng, topic: usize) -> String {
    let mut words: Vec<&str> = (0..2 + rng.below(2)).map(|_| pick(rng, TOPICS[topic].1)).collect();
    words.extend((0..4 + rng.below(4)).map(|_| pick(rng, COMMON)));
    rng.shuffle(&mut words);
    words.join(" ")
}

/// `n` support tickets of three labels as CSV with `id,text,label,channel,customer`; every twentieth has another's
/// label, and a customer writes about eight.
pub fn tickets(n: usize, seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut out = String::from("id,text,label,channel,customer\n");
    for row in 0..n {
        let topic = rng.below(TOPICS.len());
        let body = sentence(&mut rng, topic);
        let label = TOPICS[if row % 20 == 19 { (topic + 1) % 3 } else { topic }].0;
        let customer = rng.below(n.div_ceil(8));
        writeln!(out, "t{row},{body},{label},{},c{customer}", pick(&mut rng, &["mail", "phone", "chat"])).unwrap();
    }
    out
}

/// `n` texts with one or two of the topics as CSV with `text,labels`.
pub fn topics(n: usize, seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut out = String::from("text,labels\n");
    for _ in 0..n {
        let first = rng.below(TOPICS.len());
        let second = rng.below(TOPICS.len());
        let mut body = sentence(&mut rng, first);
        let mut labels = vec![TOPICS[first].0];
        if second != first {
            body = format!("{body} {}", sentence(&mut rng, second));
            labels.push(TOPICS[second].0);
        }
        writeln!(out, "{body},{}", labels.join("|")).unwrap();
    }
    out
}

/// `n` sentences with names of people, places and firms in CoNLL, IOB2.
pub fn names(n: usize, seed: u64) -> String {
    let people = ["Ada Moss", "Ben Okoye", "Carla Ruiz", "Dai Owens", "Eva Lind", "Femi Ade", "Gil Hart", "Hana Sato"];
    let places = ["Leeds", "Porto", "New Ulm", "Accra", "Turku", "Graz", "Oslo", "East Lansing"];
    let firms = ["Acme", "Northwind", "Blue Harbor", "Zephyr Works", "Kite", "Orbit"];
    let mut rng = Rng::new(seed);
    let mut out = String::new();
    for _ in 0..n {
        let parts = [
            ("PER", pick(&mut rng, &people)),
            ("", pick(&mut rng, &["works at", "called", "left", "wrote to", "joined"])),
            ("ORG", pick(&mut rng, &firms)),
            ("", pick(&mut rng, &["in", "near", "outside", "from"])),
            ("LOC", pick(&mut rng, &places)),
            ("", pick(&mut rng, &["today .", "last year .", "again .", "in May ."])),
        ];
        for (label, words) in parts {
            for (i, word) in words.split(' ').enumerate() {
                let tag = match (label, i) {
                    ("", _) => "O".to_owned(),
                    (label, 0) => format!("B-{label}"),
                    (label, _) => format!("I-{label}"),
                };
                writeln!(out, "{word}\t{tag}").unwrap();
            }
        }
        out.push('\n');
    }
    out
}

/// Gold and predictions of a card fraud model, `id,label` and `id,label,score`, without texts: 5,000 payments, 100 of
/// them fraud, of which it finds 12; 12 false alarms. Accuracy 0.98, recall of fraud 0.12.
pub fn fraud() -> (String, String) {
    let (mut gold, mut predictions) = (String::from("id,label\n"), String::from("id,label,score\n"));
    for row in 0..5_000 {
        let fraud = row % 50 == 7;
        let flagged = row < 600 && (fraud || row % 50 == 8);
        let name = |yes| if yes { "fraud" } else { "legit" };
        writeln!(gold, "p{row},{}", name(fraud)).unwrap();
        writeln!(predictions, "p{row},{},{}", name(flagged), if flagged { 0.71 } else { 0.93 }).unwrap();
    }
    (gold, predictions)
}

//! What the rules about evaluated examples that stand in training share: the count, the score without them, the words.

use trueup_core::document::{LeakKind, Severity};
use trueup_core::words;

use super::twins::MOST_LISTED;
use crate::review::{Draft, Evidence, LeakPair, Place, SideName};

/// The finding about leaks of `kind`, if there are any: a warning, or an error from `error_share` of the evaluated
/// examples on, or when the score without all leaked examples leaves the interval of the score with them. `how` goes
/// between the counts and `in training`.
pub(super) fn judge(evidence: &Evidence<'_>, kind: LeakKind, error_share: f64, how: [&str; 2]) -> Option<Draft> {
    let mut leaks: Vec<&LeakPair> = evidence.leaks.iter().filter(|leak| leak.kind == kind).collect();
    if leaks.is_empty() {
        return None;
    }
    // Those that give the answer away first, then the most alike.
    leaks.sort_by(|a, b| {
        let order = b.same_gold.cmp(&a.same_gold).then(b.similarity.total_cmp(&a.similarity));
        order.then(a.test.cmp(&b.test))
    });
    let n = leaks.len() as u64;
    let share = n as f64 / evidence.evaluated() as f64;
    let score = Score::of(evidence);
    let severity = if share >= error_share || score.left_interval { Severity::Error } else { Severity::Warning };
    let conflicting = leaks.iter().filter(|leak| !leak.same_gold).count() as u64;
    let memory = if 2 * conflicting > n {
        "The model was taught another answer for most of these texts, so its answers there tell nothing.".to_owned()
    } else {
        let texts = words::agree(n, "this text", "these texts");
        format!("The model has seen {texts} in training, so its answers there show memory, not skill.")
    };
    let sentences = [score.sentence.clone(), Some(memory), conflict_sentence(n, conflicting)];
    let message = sentences.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let side = SideName::Test;
    let listed: Vec<_> = leaks
        .iter()
        .take(MOST_LISTED)
        .map(|leak| serde_json::json!([evidence.test.id(leak.test), train_id(evidence, leak), leak.similarity]))
        .collect();
    let draft = Draft::new(
        severity,
        n,
        format!(
            "{} of {} {} in training",
            words::count(n),
            words::counted(evidence.evaluated(), &evidence.noun_on(side)),
            words::agree(n, how[0], how[1])
        ),
        score.action(),
    )
    .message(message)
    .examples(leaks.iter().map(|leak| Place { side, row: leak.test }))
    .with("share", share)
    .with("byte_equal", leaks.iter().filter(|leak| leak.byte_equal).count())
    .with("same_gold", n - conflicting)
    .with("score", score.before)
    .with("clean_score", score.after)
    .with("pairs", listed);
    Some(draft)
}

fn train_id(evidence: &Evidence<'_>, leak: &LeakPair) -> String {
    let side = SideName::Train;
    evidence.id(Place { side, row: leak.train })
}

fn conflict_sentence(n: u64, conflicting: u64) -> Option<String> {
    let gold = words::agree(n, "Its gold is another there.", "All of them have another gold there.");
    match conflicting {
        0 => None,
        all if all == n => Some(gold.to_owned()),
        some => {
            Some(format!("{} of them {} another gold there.", words::count(some), words::agree(some, "has", "have")))
        }
    }
}

/// The primary metric with and without the leaked examples.
struct Score {
    before: Option<f64>,
    after: Option<f64>,
    left_interval: bool,
    sentence: Option<String>,
    /// `macro-F1 0.81`, to be reported.
    clean: Option<String>,
}

impl Score {
    fn of(evidence: &Evidence<'_>) -> Self {
        let primary = &evidence.primary;
        let before = evidence.figures.metrics.get(&primary.name);
        let after = evidence.clean.as_ref().and_then(|clean| clean.metrics.get(&primary.name));
        let removed = evidence.leaks.len() as u64;
        let what =
            format!("the {} {}", words::count(removed), words::plural(removed, &format!("leaked {}", evidence.noun)));
        let what = if removed == 1 { format!("the leaked {}", evidence.noun) } else { what };
        let figures = before.zip(after).filter(|(b, a)| b.value.is_some() && a.value.is_some());
        let sentence = match figures {
            Some((before, after)) => {
                let (with, without) = (words::figure(before), words::figure(after));
                let rest = if with == without { " as well".to_owned() } else { format!(", not {with}") };
                Some(format!("Without {what} {} is {without}{rest}.", primary.title))
            }
            None if removed == evidence.evaluated() => Some(format!("Without {what} nothing is left to evaluate.")),
            None => None,
        };
        let value = after.and_then(|after| after.value);
        Self {
            before: before.and_then(|before| before.value),
            after: value,
            left_interval: figures
                .is_some_and(|(before, _)| before.low.is_some() && value.is_some_and(|value| !before.contains(value))),
            sentence,
            clean: figures.map(|(_, after)| format!("{} {}", primary.title, words::figure(after))),
        }
    }

    /// The same words for exact and near twins, so that both ask for one step.
    fn action(&self) -> String {
        let twins = "take the twins out of training or out of the test set";
        match &self.clean {
            Some(clean) => format!("Report {clean}, and {twins}"),
            None => twins.replacen("take", "Take", 1),
        }
    }
}

//! Which answer is the reference where several people answered.
//!
//! Gold that the file gives is taken. Else the accepted answers decide: one alone, or all that agree, or the one that
//! more people gave than any other. Who answered several times has one vote, the last. A tie leaves the record without
//! gold. (Estimating annotators' quality is the job of `trueup agreement`.)

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::{Answer, Record, Status};

/// How the reference of a record was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Gold<'a> {
    /// The file gives it.
    Given(Cow<'a, Answer>),
    /// One person answered, or all gave the same answer.
    Agreed(Cow<'a, Answer>),
    /// More people gave it than any other.
    Majority(Cow<'a, Answer>),
    /// No answer was given most often.
    Tie,
    /// Nobody answered, or nobody accepted.
    None,
}

impl Gold<'_> {
    /// The answer, however it was found.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Given(answer) | Self::Agreed(answer) | Self::Majority(answer) => Some(answer),
            Self::Tie | Self::None => None,
        }
    }
}

/// What two answers are compared by: labels and spans, whatever their order and whatever else is said of them.
type Essence = (Option<Vec<String>>, Option<Vec<(usize, usize, String)>>);

fn essence(answer: &Answer) -> Essence {
    let labels = answer.labels.as_ref().map(|labels| {
        let mut labels: Vec<String> = labels.iter().map(|choice| choice.label.clone()).collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    });
    let spans = answer.spans.as_ref().map(|spans| {
        let mut spans: Vec<_> = spans.iter().map(|mark| (mark.start, mark.end, mark.label.clone())).collect();
        spans.sort_unstable();
        spans.dedup();
        spans
    });
    (labels, spans)
}

/// An order-free hash of texts and reference answers: 32 hexadecimal digits. Ids, places and metadata do not count.
pub fn fingerprint<'a>(records: impl IntoIterator<Item = &'a Record>) -> String {
    let records: Vec<&Record> = records.into_iter().collect();
    trueup_core::fingerprint::unordered(records.len(), |i, piece| {
        piece(records[i].text());
        for (start, end, label) in said(settle(records[i]).answer()) {
            piece(&start.to_string());
            piece(&end.to_string());
            piece(label);
        }
    })
}

/// What tells answers apart: labels (at 0 to 0) and spans, sorted, each once.
pub fn said(answer: Option<&Answer>) -> Vec<(usize, usize, &str)> {
    let Some(answer) = answer else {
        return Vec::new();
    };
    let labels = answer.labels.iter().flatten().map(|choice| (0, 0, choice.label.as_str()));
    let spans = answer.spans.iter().flatten().map(|mark| (mark.start, mark.end, mark.label.as_str()));
    let mut all: Vec<_> = labels.chain(spans).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The reference answer of a record.
pub fn settle(record: &Record) -> Gold<'_> {
    if let Some(gold) = &record.gold {
        return Gold::Given(Cow::Borrowed(gold));
    }
    let mut votes: Vec<(Essence, usize, usize)> = Vec::new();
    let accepted = || record.responses.iter().enumerate().filter(|(_, r)| r.status == Status::Accepted);
    let last: FxHashMap<&str, usize> = accepted().filter_map(|(i, r)| Some((r.annotator.as_deref()?, i))).collect();
    for (i, response) in accepted() {
        if response.annotator.as_deref().is_some_and(|name| last.get(name) != Some(&i)) {
            continue;
        }
        let essence = essence(&response.answer);
        match votes.iter_mut().find(|(known, ..)| *known == essence) {
            Some((_, count, _)) => *count += 1,
            None => votes.push((essence, 1, i)),
        }
    }
    let Some(&(_, most, first)) = votes.iter().max_by_key(|&&(_, count, i)| (count, std::cmp::Reverse(i))) else {
        return Gold::None;
    };
    let answer = Cow::Borrowed(&record.responses[first].answer);
    match votes.iter().filter(|(_, count, _)| *count == most).count() {
        1 if votes.len() == 1 => Gold::Agreed(answer),
        1 => Gold::Majority(answer),
        _ => Gold::Tie,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Response;

    fn record(answers: &[&str]) -> Record {
        let responses =
            answers.iter().map(|label| Response { answer: Answer::labels([*label]), ..Response::default() }).collect();
        Record { responses, ..Record::default() }
    }

    #[test]
    fn the_most_common_answer_is_gold_and_a_tie_is_none() {
        assert!(matches!(settle(&record(&["a"])), Gold::Agreed(_)));
        assert!(matches!(settle(&record(&["a", "a"])), Gold::Agreed(_)));
        let most = record(&["b", "a", "a"]);
        assert_eq!(settle(&most).answer(), Some(&Answer::labels(["a"])));
        assert!(matches!(settle(&most), Gold::Majority(_)));
        assert_eq!(settle(&record(&["b", "a"])), Gold::Tie);
        assert_eq!(settle(&record(&[])), Gold::None);
        let mut given = record(&["b", "b"]);
        given.gold = Some(Answer::labels(["a"]));
        assert_eq!(settle(&given).answer(), Some(&Answer::labels(["a"])));
        let mut rejected = record(&["a"]);
        rejected.responses[0].status = Status::Rejected;
        assert_eq!(settle(&rejected), Gold::None);
        let mut changed = record(&["b", "b", "a"]);
        changed.responses.iter_mut().for_each(|r| r.annotator = Some("Ann".to_owned()));
        assert_eq!(settle(&changed).answer(), Some(&Answer::labels(["a"])));
    }
}

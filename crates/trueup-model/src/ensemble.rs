//! One answer of several models: the mean of their probabilities, the vote of their spans.

use std::collections::BTreeMap;

use trueup_core::{Annotation, LabelId, Predictions, Scores, Span, Task};

/// The common answer of several models, over the same labels, to the same examples.
///
/// Labels: probabilities are averaged, as are those of bagging (Breiman 1996, "Bagging predictors"); the answer is the
/// likeliest label, or each whose mean is 0.5 or more. Spans: those that more than half of the models found, which never
/// overlap where those of no model do; the score is the mean over all models, 0 for one that did not find the span.
/// A part without scores counts its answer as certain.
///
/// # Panics
///
/// Without a part, or when parts answer different examples or labels.
pub fn mean(task: Task, parts: &[Predictions]) -> Predictions {
    let first = parts.first().expect("an ensemble has members");
    assert!(parts.iter().all(|part| part.len() == first.len() && part.labels == first.labels), "the same questions");
    if task == Task::Ner { vote(parts) } else { average(task, parts) }
}

fn average(task: Task, parts: &[Predictions]) -> Predictions {
    let (labels, share) = (parts[0].labels.len(), 1.0 / parts.len() as f64);
    let mut scores = Scores::new(labels);
    let mut answers = Vec::with_capacity(parts[0].len());
    let mut row = vec![0.0; labels];
    for at in 0..parts[0].len() {
        row.fill(0.0);
        for part in parts {
            match &part.scores {
                Some(scores) => row.iter_mut().zip(scores.row(at)).for_each(|(sum, p)| *sum += p),
                None => part.answers[at].labels().iter().for_each(|&label| row[label as usize] += 1.0),
            }
        }
        row.iter_mut().for_each(|p| *p *= share);
        answers.push(if task == Task::Classification {
            let best = (1..labels).fold(0, |best, label| if row[label] > row[best] { label } else { best });
            Annotation::Label(best as LabelId)
        } else {
            Annotation::Labels((0..labels as LabelId).filter(|&label| row[label as usize] >= 0.5).collect())
        });
        scores.push(&row);
    }
    Predictions { labels: parts[0].labels.clone(), answers, scores: Some(scores), span_scores: None }
}

fn vote(parts: &[Predictions]) -> Predictions {
    let (mut answers, mut span_scores) = (Vec::new(), Vec::new());
    for at in 0..parts[0].len() {
        let mut found: BTreeMap<(u32, u32, LabelId), (usize, f64)> = BTreeMap::new();
        for part in parts {
            for (i, span) in part.answers[at].spans().iter().enumerate() {
                let votes = found.entry((span.start, span.end, span.label)).or_default();
                votes.0 += 1;
                votes.1 += part.span_scores.as_ref().map_or(1.0, |scores| scores[at][i]);
            }
        }
        found.retain(|_, (votes, _)| *votes * 2 > parts.len());
        let spans = found.keys().map(|&(start, end, label)| Span { start, end, label }).collect();
        answers.push(Annotation::Spans(spans));
        span_scores.push(found.values().map(|(_, sum)| sum / parts.len() as f64).collect());
    }
    Predictions { labels: parts[0].labels.clone(), answers, scores: None, span_scores: Some(span_scores) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use trueup_core::LabelSet;

    #[test]
    fn probabilities_are_averaged() {
        let part = |cells: [f64; 4]| Predictions {
            labels: LabelSet::new(["a", "b"]),
            answers: vec![Annotation::Label(0); 2],
            scores: Some(Scores::from_cells(2, cells.to_vec())),
            span_scores: None,
        };
        let found = mean(Task::Classification, &[part([0.6, 0.4, 0.1, 0.9]), part([0.2, 0.8, 0.3, 0.7])]);
        assert_eq!(found.answers, [Annotation::Label(1), Annotation::Label(1)]);
        let scores = found.scores.unwrap();
        assert!((scores.get(0, 0) - 0.4).abs() < 1e-12 && (scores.get(1, 1) - 0.8).abs() < 1e-12);
        let one = part([0.6, 0.4, 0.1, 0.9]);
        let found = mean(Task::Multilabel, &[Predictions { scores: None, ..one.clone() }, one]);
        assert_eq!(found.answers, [Annotation::Labels(vec![0]), Annotation::Labels(vec![0])]);
    }

    #[test]
    fn spans_of_the_majority_stay() {
        let span = |start, end, label| Span { start, end, label };
        let part = |spans: Vec<Span>, score: f64| Predictions {
            labels: LabelSet::new(["LOC", "PER"]),
            span_scores: Some(vec![vec![score; spans.len()]]),
            answers: vec![Annotation::Spans(spans)],
            scores: None,
        };
        let both = vec![span(0, 3, 0), span(5, 9, 1)];
        let parts = [part(both, 0.9), part(vec![span(0, 3, 0)], 0.6), part(vec![span(0, 3, 1)], 1.0)];
        let found = mean(Task::Ner, &parts);
        assert_eq!(found.answers, [Annotation::Spans(vec![span(0, 3, 0)])]);
        assert!((found.span_scores.unwrap()[0][0] - 0.5).abs() < 1e-12);
    }
}

//! The chain against enumeration of every tag sequence.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use trueup_core::Rng;

/// Steps of 1/256: sums and differences of a few are exact in f32.
fn draw(rng: &mut Rng, within: f32) -> f32 {
    ((rng.unit() as f32 * 2.0 - 1.0) * within * 256.0).round() / 256.0
}

/// A chain with random potentials, which the test can read back.
struct Chain {
    tags: Tags,
    scores: Vec<Vec<f32>>,
    transitions: Transitions,
}

impl Chain {
    fn random(labels: u32, len: usize, seed: u64) -> Self {
        let tags = Tags::new((0..labels).collect());
        let mut rng = Rng::new(seed);
        let scores = (0..len).map(|_| (0..tags.len()).map(|_| draw(&mut rng, 3.0)).collect()).collect();
        let mut transitions = Transitions::new(&tags);
        transitions.change(|_, _, _| draw(&mut rng, 2.0));
        Self { tags, scores, transitions }
    }

    fn lattice(&self) -> Lattice {
        let mut lattice = Lattice::default();
        lattice.resize(self.scores.len(), &self.transitions);
        for (token, scores) in self.scores.iter().enumerate() {
            lattice.scores_mut(token).as_flattened_mut()[..scores.len()].copy_from_slice(scores);
        }
        lattice
    }

    fn log_z(&self) -> f64 {
        self.lattice().forward(&self.transitions)
    }

    /// Every valid sequence with its score, by the rules of the tags and the weights alone.
    fn paths(&self) -> Vec<(Vec<usize>, f64)> {
        let mut paths = vec![(Vec::new(), 0.0)];
        for scores in &self.scores {
            paths = paths
                .iter()
                .flat_map(|(path, score): &(Vec<usize>, f64)| {
                    (0..self.tags.len()).filter_map(move |state| {
                        let step = match path.last() {
                            None => {
                                self.tags.may_start(state).then(|| self.transitions.log_start.as_flattened()[state])
                            }
                            Some(&last) => self.tags.allowed(last, state).then(|| self.weight(last, state)),
                        };
                        let path = path.iter().copied().chain([state]).collect();
                        step.map(|step| (path, score + f64::from(step) + f64::from(scores[state])))
                    })
                })
                .collect();
        }
        paths.retain(|(path, _)| path.last().is_none_or(|&last| self.tags.may_end(last)));
        for (path, score) in &mut paths {
            *score += path.last().map_or(0.0, |&last| f64::from(self.transitions.log_end.as_flattened()[last]));
        }
        paths
    }

    fn weight(&self, from: usize, to: usize) -> f32 {
        self.transitions.log.as_flattened()[from * self.transitions.vectors * LANES + to]
    }
}

fn close(a: f64, b: f64, within: f64) -> Result<(), TestCaseError> {
    prop_assert!((a - b).abs() <= within, "{a} against {b}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn n_best_are_the_best_of_all_paths(seed in any::<u64>(), labels in 1u32..3, len in 1usize..5, n in 1usize..9) {
        let chain = Chain::random(labels, len, seed);
        let mut paths = chain.paths();
        paths.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found = chain.lattice().n_best(&chain.transitions, n);
        prop_assert_eq!(found.len(), n.min(paths.len()));
        let score = |path: &Vec<usize>| paths.iter().find(|(p, _)| p == path).map(|(_, s)| *s);
        for (path, (_, expected)) in found.iter().zip(&paths) {
            // A path that is not valid would not be found among them.
            close(score(path).unwrap(), *expected, 1e-9)?;
        }
        let mut distinct = found.clone();
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), found.len());
        prop_assert_eq!(&found[0], &chain.lattice().viterbi(&chain.transitions));
    }

    #[test]
    fn a_sentence_that_is_surely_outside_is(seed in any::<u64>(), labels in 1u32..4, len in 1usize..12, by in 0.0f32..20.0) {
        let mut chain = Chain::random(labels, len, seed);
        chain.scores.iter_mut().for_each(|scores| scores[0] += by);
        let lattice = chain.lattice();
        let outside = chain.lattice().viterbi(&chain.transitions).iter().all(|&state| state == 0);
        prop_assert!(outside || !lattice.is_outside(chain.tags.len(), chain.transitions.most_gain()));
        // With enough in its favour it is seen: scores are within 3, steps within 2.
        prop_assert!(by < 6.0 + 8.5 || lattice.is_outside(chain.tags.len(), chain.transitions.most_gain()));
    }

    #[test]
    fn no_answer_breaks_the_rules_of_tags(seed in any::<u64>(), labels in 1u32..4, len in 1usize..12) {
        // Weights far beyond what training reaches, so that every invalid step would pay.
        let mut chain = Chain::random(labels, len, seed);
        let mut rng = Rng::new(seed ^ 1);
        chain.scores.iter_mut().flatten().for_each(|s| *s = draw(&mut rng, 60.0));
        for states in chain.lattice().n_best(&chain.transitions, 3) {
            prop_assert!(chain.tags.may_start(states[0]) && chain.tags.may_end(states[len - 1]));
            prop_assert!(states.windows(2).all(|w| chain.tags.allowed(w[0], w[1])));
        }
    }

    #[test]
    fn forward_backward_is_enumeration(labels in 1u32..3, len in 1usize..5, seed in any::<u64>()) {
        let chain = Chain::random(labels, len, seed);
        let paths = chain.paths();
        let z: f64 = paths.iter().map(|(_, score)| score.exp()).sum();
        let share = |holds: &dyn Fn(&[usize]) -> bool| -> f64 {
            paths.iter().filter(|(path, _)| holds(path)).map(|(_, score)| score.exp()).sum::<f64>() / z
        };

        let mut lattice = chain.lattice();
        close(lattice.forward(&chain.transitions), z.ln(), 1e-10)?;
        let mut counts = TransitionCounts::default();
        counts.clear(&chain.transitions);
        lattice.backward(&chain.transitions, Some(&mut counts));
        for token in 0..len {
            for state in 0..chain.tags.len() {
                close(lattice.marginal(token, state), share(&|path| path[token] == state), 1e-10)?;
            }
        }
        let padded = chain.transitions.vectors * LANES;
        for from in 0..chain.tags.len() {
            for to in 0..chain.tags.len() {
                let expected: f64 = (1..len).map(|t| share(&|path| path[t - 1] == from && path[t] == to)).sum();
                close(counts.tables[0][from * padded + to], expected, 1e-10)?;
            }
            close(counts.tables[1][from], share(&|path| path[0] == from), 1e-10)?;
            close(counts.tables[2][from], share(&|path| path[len - 1] == from), 1e-10)?;
        }
        for first in 0..len {
            for last in first..len {
                for label in 0..labels {
                    let segment = Segment { first, last, label };
                    let expected = share(&|path| chain.tags.decode(path).contains(&segment));
                    close(lattice.segment(&chain.transitions, &chain.tags, segment), expected, 1e-10)?;
                }
            }
        }
        for (path, score) in &paths {
            close(lattice.path_score(&chain.transitions, path), *score, 1e-10)?;
        }
    }

    #[test]
    fn viterbi_finds_the_best_valid_path(labels in 1u32..3, len in 0usize..5, seed in any::<u64>()) {
        let chain = Chain::random(labels, len, seed);
        let found = chain.lattice().viterbi(&chain.transitions);
        let paths = chain.paths();
        let best = paths.iter().map(|(_, score)| *score).fold(f64::NEG_INFINITY, f64::max);
        let score = paths.iter().find(|(path, _)| *path == found).map(|(_, score)| *score);
        close(score.expect("the path found is a valid one"), best, 1e-4)?;
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss(labels in 1u32..3, len in 1usize..6, seed in any::<u64>()) {
        const H: f32 = 1.0 / 256.0;
        let mut chain = Chain::random(labels, len, seed);
        let mut lattice = chain.lattice();
        // The best path serves as gold: any valid one would.
        let gold = lattice.viterbi(&chain.transitions);
        lattice.forward(&chain.transitions);
        let mut counts = TransitionCounts::default();
        counts.clear(&chain.transitions);
        lattice.backward(&chain.transitions, Some(&mut counts));
        let loss = |chain: &Chain| {
            let mut lattice = chain.lattice();
            lattice.forward(&chain.transitions) - lattice.path_score(&chain.transitions, &gold)
        };
        let mut gradient = vec![[0.0; LANES]; chain.transitions.vectors];
        for (token, &state) in gold.iter().enumerate() {
            lattice.gradient(token, state, &mut gradient);
            for state in 0..chain.tags.len() {
                chain.scores[token][state] += H;
                let up = loss(&chain);
                chain.scores[token][state] -= 2.0 * H;
                let down = loss(&chain);
                chain.scores[token][state] += H;
                let slope = (up - down) / f64::from(2.0 * H);
                close(f64::from(gradient.as_flattened()[state]), slope, 1e-5)?;
            }
        }
        let padded = chain.transitions.vectors * LANES;
        for from in 0..chain.tags.len() {
            for to in (0..chain.tags.len()).filter(|&to| chain.tags.allowed(from, to)).collect::<Vec<_>>() {
                let at = from * padded + to;
                let nudge = |chain: &mut Chain, by: f32| {
                    chain.transitions.change(|table, i, w| if (table, i) == (0, at) { w + by } else { w });
                };
                nudge(&mut chain, H);
                let up = chain.log_z();
                nudge(&mut chain, -2.0 * H);
                let down = chain.log_z();
                nudge(&mut chain, H);
                close(counts.tables[0][at], (up - down) / f64::from(2.0 * H), 1e-4)?;
            }
        }
    }
}

#[test]
fn ten_thousand_tokens_of_wild_scores_stay_finite() {
    let mut chain = Chain::random(3, 10_000, 7);
    let mut rng = Rng::new(8);
    chain.scores.iter_mut().flatten().for_each(|score| *score = draw(&mut rng, 500.0));
    chain.transitions.change(|_, _, _| draw(&mut rng, 100.0));
    let mut lattice = chain.lattice();
    let log_z = lattice.forward(&chain.transitions);
    let mut counts = TransitionCounts::default();
    counts.clear(&chain.transitions);
    lattice.backward(&chain.transitions, Some(&mut counts));
    assert!(log_z.is_finite());
    for token in 0..10_000 {
        let sum: f64 = (0..chain.tags.len()).map(|s| lattice.marginal(token, s)).sum();
        assert!((sum - 1.0).abs() < 1e-6, "token {token}: {sum}");
    }
    let steps: f64 = counts.tables[0].iter().sum();
    assert!((steps - 9_999.0).abs() < 1e-3, "{steps}");
    let path = lattice.viterbi(&chain.transitions);
    assert!(path.windows(2).all(|w| chain.tags.allowed(w[0], w[1])));
    assert!(chain.tags.may_start(path[0]) && chain.tags.may_end(path[9_999]));
}

#[test]
fn no_token_has_one_empty_answer() {
    let chain = Chain::random(1, 0, 1);
    let mut lattice = chain.lattice();
    assert!(lattice.forward(&chain.transitions).abs() < f64::EPSILON);
    lattice.backward(&chain.transitions, None);
    assert!(lattice.viterbi(&chain.transitions).is_empty());
}

//! Logistic regression by coordinate ascent in the dual, one text at a time.
//!
//! Each column of weights is a logistic regression of its own, label against the rest: the loss of the texts plus
//! `l2 / 2` times the squared weights, the bias among them (as liblinear has it). At the optimum the weights are
//! `sum of (y - p) x / l2` over the texts, `p` being the probability that the model gives to the label; that `p` of each
//! text is the dual variable. A step takes one text, and sets its `p` to the value that is right if no other moves:
//! `p = sigmoid(z + a (p_before - p))` with `a = |x|^2 / l2` (Hsieh, Chang, Lin, Keerthi and Sundararajan 2008, "A
//! dual coordinate descent method for large-scale linear SVM"; Yu, Huang and Lin 2011, "Dual coordinate descent methods
//! for logistic regression and maximum entropy models"). There is no step size to choose. With a prior `l2 / 2` times the
//! squared distance from its weights is added in place of the squared weights, and the sum starts from them.
//!
//! With an L1 penalty beside (the elastic net) the sum is drawn towards 0 by `l1 / l2` wherever it is read, and the steps
//! stay as they are: they are then the steps of a bound, as reading so never makes a change larger (Shalev-Shwartz and
//! Zhang 2014, "Accelerated proximal stochastic dual coordinate ascent for regularized loss minimization").
//!
//! Columns are trained in tiles, each tile by itself: the same work in the same order whichever thread does it. Texts
//! that have stopped to move a tile are looked at less and less often.

use rayon::prelude::*;
use trueup_core::{LabelId, Rng};

use super::vocabulary::Matrix;
use super::weights::{Link, Weights};

/// The gold classes of each row, and how many gold labels it has that training never saw.
#[derive(Debug, Clone, Default)]
pub(super) struct Targets {
    ends: Vec<usize>,
    classes: Vec<u32>,
    unseen: Vec<u32>,
}

impl Targets {
    /// Adds a row from its gold labels; `class_of[label]` is the label's class, `None` when training never saw it.
    pub(super) fn push(&mut self, labels: &[LabelId], class_of: &[Option<u32>]) {
        let before = self.classes.len();
        self.classes.extend(labels.iter().filter_map(|&l| class_of[l as usize]));
        self.ends.push(self.classes.len());
        self.unseen.push((labels.len() - (self.classes.len() - before)) as u32);
    }

    /// Rows.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many gold labels of row `i` training never saw.
    pub(super) fn unseen(&self, i: usize) -> u32 {
        self.unseen[i]
    }

    /// The classes of row `i`, ascending.
    pub(super) fn row(&self, i: usize) -> &[u32] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.classes[start..self.ends[i]]
    }
}

/// A probability that moves less than this has come to rest.
const REST: f32 = 1e-3;

/// Passes that a text at rest is left alone at most.
const LONGEST_REST: u8 = 8;

/// Texts whose rows are brought together while others are learnt from.
const RUN: usize = 512;

/// What is to be learnt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Problem<'a> {
    /// One row a text.
    pub(super) matrix: &'a Matrix,
    /// The gold classes of the rows.
    pub(super) targets: &'a Targets,
    /// How probabilities follow.
    pub(super) link: Link,
    /// Columns of weights.
    pub(super) columns: usize,
    /// Features.
    pub(super) features: usize,
    /// Weight of the L2 penalty against the summed loss.
    pub(super) l2: f32,
    /// What losses are multiplied with.
    pub(super) costs: Option<&'a Costs>,
    /// Weight of the absolute weights, those of the biases left out; 0 or more.
    pub(super) l1: f32,
    /// The weights to start from, which the penalty draws back to; without they are 0.
    pub(super) prior: Option<&'a Weights>,
    /// For each column whether it stays as the prior has it; none of them without.
    pub(super) frozen: &'a [bool],
}

/// What the losses of a class's column are multiplied with.
#[derive(Debug, Clone)]
pub(super) enum Costs {
    /// By the text's gold class, in all columns.
    Text(Vec<f32>),
    /// By the column: texts that have the label, and those that have not.
    Column(Vec<(f32, f32)>),
}

impl Costs {
    /// The costs of text `i` in the lanes from column `first` on; `lanes` comes with 1 for the gold labels.
    fn lanes<const N: usize>(&self, problem: &Problem, i: usize, first: usize, lanes: [f32; N]) -> [f32; N] {
        match self {
            Self::Text(by_class) => [problem.targets.row(i).first().map_or(1.0, |&class| by_class[class as usize]); N],
            Self::Column(by_column) => {
                let mut costs = [1.0; N];
                for ((cost, gold), (with, without)) in costs.iter_mut().zip(lanes).zip(&by_column[first..]) {
                    *cost = if gold > 0.5 { *with } else { *without };
                }
                costs
            }
        }
    }
}

/// The state of one training run.
pub(super) struct Trainer<'a> {
    problem: Problem<'a>,
    tiles: Vec<Box<dyn Tile>>,
    passes: u32,
}

/// Some columns in training.
trait Tile: Send + Sync {
    /// One pass over the texts in the order given.
    fn pass(&mut self, problem: &Problem, order: &[u32], pass: u32);

    /// The logits of text `i` when it was last looked at, written to the columns `to` of the tile.
    fn logits(&self, i: usize, to: &mut [f32]);

    /// The weights of a feature, and of the bias after the last one, written to the columns `to` of the tile.
    fn weights(&self, feature: usize, to: &mut [f32]);
}

/// A number drawn towards 0 by `by`.
fn soft(w: f32, by: f32) -> f32 {
    (w.abs() - by).max(0.0).copysign(w)
}

/// `N` columns; those beyond the last are there to fill up a vector, and never read.
struct Lanes<const N: usize> {
    first: usize,
    /// One row a feature, then the bias. A weight is its cell drawn towards 0 by `shrink`, but for the bias.
    cells: Vec<[f32; N]>,
    shrink: f32,
    /// The dual variables: one row a text.
    dual: Vec<[f32; N]>,
    logits: Vec<[f32; N]>,
    /// The next pass that looks at a text, and for how many it was left alone.
    rests: Vec<(u16, u8)>,
}

impl<'a> Trainer<'a> {
    pub(super) fn new(problem: Problem<'a>) -> Self {
        let columns = problem.columns;
        let tiles = |width: usize| (0..columns).step_by(width);
        let tiles: Vec<Box<dyn Tile>> = match columns {
            1 => tiles(1).map(|first| Lanes::<1>::boxed(&problem, first)).collect(),
            2..=32 => tiles(4).map(|first| Lanes::<4>::boxed(&problem, first)).collect(),
            _ => tiles(8).map(|first| Lanes::<8>::boxed(&problem, first)).collect(),
        };
        Self { problem, tiles, passes: 0 }
    }

    /// One pass over the texts in an order drawn from `rng`.
    pub(super) fn pass(&mut self, rng: &mut Rng) {
        let mut order: Vec<u32> = (0..self.problem.matrix.len() as u32).collect();
        rng.shuffle(&mut order);
        self.passes += 1;
        let (problem, passes) = (&self.problem, self.passes);
        self.tiles.par_iter_mut().for_each(|tile| tile.pass(problem, &order, passes));
    }

    /// The logits of the texts, each as it was when the last pass that looked at it came to it and had not learnt from
    /// it yet.
    pub(super) fn seen(&self) -> Vec<f32> {
        let columns = self.problem.columns;
        let mut out = vec![0.0; self.problem.matrix.len() * columns];
        out.par_chunks_exact_mut(columns).with_min_len(256).enumerate().for_each(|(i, row)| {
            self.tiles.iter().for_each(|tile| tile.logits(i, row));
        });
        out
    }

    /// The weights as they are now.
    pub(super) fn weights(&self) -> Weights {
        let Problem { link, columns, features, .. } = self.problem;
        let mut weights = Weights::new(link, columns, features);
        let stride = weights.stride;
        weights.cells.par_chunks_exact_mut(stride).with_min_len(1024).enumerate().for_each(|(feature, row)| {
            self.tiles.iter().for_each(|tile| tile.weights(feature, &mut row[..columns]));
        });
        self.tiles.iter().for_each(|tile| tile.weights(features, &mut weights.bias[..columns]));
        weights
    }
}

impl<const N: usize> Lanes<N> {
    fn boxed(problem: &Problem, first: usize) -> Box<dyn Tile> {
        let texts = problem.matrix.len();
        let mut tile = Self {
            first,
            cells: vec![[0.0; N]; problem.features + 1],
            shrink: problem.l1 / problem.l2,
            // Weights of zero, or of the prior, are what duals equal to the gold stand for.
            dual: vec![[0.0; N]; texts],
            logits: vec![[0.0; N]; texts],
            rests: vec![(1, 0); texts],
        };
        if let Some(prior) = problem.prior {
            let rows = prior.cells.chunks_exact(prior.stride).chain([&prior.bias[..]]);
            for (cells, row) in tile.cells.iter_mut().zip(rows) {
                cells.iter_mut().zip(&row[first..prior.columns]).for_each(|(cell, w)| *cell = *w);
            }
            let shrink = tile.shrink;
            let grown = |w: f32| if w.abs() > 0.0 { w + shrink.copysign(w) } else { 0.0 };
            tile.cells[..problem.features].iter_mut().for_each(|row| *row = row.map(grown));
        }
        for (i, dual) in tile.dual.iter_mut().enumerate() {
            gold(problem, i, first, dual);
        }
        Box::new(tile)
    }
}

/// Writes 1 into the lanes of a text's gold labels; `first` is the column of the first lane.
fn gold(problem: &Problem, i: usize, first: usize, lanes: &mut [f32]) {
    for &class in problem.targets.row(i) {
        // Of two classes that share a column, the column is the second.
        let column = if problem.link == Link::Binary { (class as usize).wrapping_sub(1) } else { class as usize };
        if let Some(lane) = lanes.get_mut(column.wrapping_sub(first)) {
            *lane = 1.0;
        }
    }
}

impl<const N: usize> Lanes<N> {
    /// One pass; `SPARSE` where there is an L1 penalty.
    fn pass_over<const SPARSE: bool>(&mut self, problem: &Problem, order: &[u32], pass: u32) {
        let matrix = problem.matrix;
        // Beyond so many passes nothing moves any more.
        let pass = pass.min(60_000) as u16;
        let due: Vec<u32> = order.iter().copied().filter(|&i| self.rests[i as usize].0 <= pass).collect();
        if problem.columns > N || rayon::current_num_threads() == 1 {
            due.iter().for_each(|&i| self.look_at::<SPARSE>(problem, i as usize, matrix.row(i as usize), pass));
            return;
        }
        // No other tile keeps the other threads busy, and rows in a drawn order are far apart in memory: one thread brings the
        // next ones together while another learns from the last.
        let (mut near, mut next) = (Matrix::new(), Matrix::new());
        let mut runs = due.chunks(RUN).peekable();
        matrix.gather(runs.peek().copied().unwrap_or_default(), &mut near);
        while let Some(run) = runs.next() {
            let learn = || {
                for (at, &i) in run.iter().enumerate() {
                    self.look_at::<SPARSE>(problem, i as usize, near.row(at), pass);
                }
            };
            rayon::join(learn, || matrix.gather(runs.peek().copied().unwrap_or_default(), &mut next));
            std::mem::swap(&mut near, &mut next);
        }
    }

    /// Learns from text `i`, whose row it is.
    #[inline]
    fn look_at<const SPARSE: bool>(&mut self, problem: &Problem, i: usize, (ids, values): (&[u32], &[f32]), pass: u16) {
        let Problem { features, l2, .. } = *problem;
        let rest = self.rests[i].1;
        let mut z = self.cells[features];
        let mut square = 1.0f32;
        for (&id, &x) in ids.iter().zip(values) {
            let row = &self.cells[id as usize];
            for (z, &w) in z.iter_mut().zip(row) {
                *z += x * if SPARSE { soft(w, self.shrink) } else { w };
            }
            square += x * x;
        }
        self.logits[i] = z;
        // What a change of a text's `p` weighs: cost over penalty.
        let mut weigh = problem.costs.map_or([1.0 / l2; N], |costs| {
            let mut lanes = [0.0; N];
            gold(problem, i, self.first, &mut lanes);
            costs.lanes(problem, i, self.first, lanes).map(|cost| cost / l2)
        });
        let frozen = problem.frozen.get(self.first..).unwrap_or_default();
        weigh.iter_mut().zip(frozen).filter(|(_, frozen)| **frozen).for_each(|(w, _)| *w = 0.0);
        let a = weigh.map(|w| w * square);
        let dual = &mut self.dual[i];
        let mut u = z;
        u.iter_mut().zip(&*dual).zip(&a).for_each(|((u, p), a)| *u += a * p);
        let settled = settled(u, a);
        let mut by = *dual;
        by.iter_mut().zip(&settled).for_each(|(by, p)| *by -= p);
        *dual = settled;
        let most = by.iter().fold(0.0f32, |most, d| most.max(d.abs()));
        let rest = if most < REST { (rest * 2).clamp(1, LONGEST_REST) } else { 0 };
        self.rests[i] = (pass + 1 + u16::from(rest), rest);
        by.iter_mut().zip(&weigh).for_each(|(by, w)| *by *= w);
        for (&id, &x) in ids.iter().zip(values) {
            let row = &mut self.cells[id as usize];
            for (w, d) in row.iter_mut().zip(&by) {
                *w += x * d;
            }
        }
        for (w, d) in self.cells[features].iter_mut().zip(&by) {
            *w += d;
        }
    }
}

impl<const N: usize> Tile for Lanes<N> {
    fn pass(&mut self, problem: &Problem, order: &[u32], pass: u32) {
        if self.shrink > 0.0 {
            self.pass_over::<true>(problem, order, pass);
        } else {
            self.pass_over::<false>(problem, order, pass);
        }
    }

    fn logits(&self, i: usize, to: &mut [f32]) {
        to[self.first..].iter_mut().zip(&self.logits[i]).for_each(|(to, z)| *to = *z);
    }

    fn weights(&self, feature: usize, to: &mut [f32]) {
        let shrink = if feature + 1 < self.cells.len() { self.shrink } else { 0.0 };
        to[self.first..].iter_mut().zip(&self.cells[feature]).for_each(|(to, w)| *to = soft(*w, shrink));
    }
}

/// The `p` for which `p = sigmoid(u - a p)`, lane by lane.
///
/// In terms of its logit `t` it is the root of `t + a sigmoid(t) = u`. The first guess takes the sigmoid for a ramp, the
/// next ones come by Newton's method; the larger `a`, the further off the guess can be.
fn settled<const N: usize>(u: [f32; N], a: [f32; N]) -> [f32; N] {
    let mut t = [0.0; N];
    for ((t, u), a) in t.iter_mut().zip(u).zip(a) {
        let ramp = (u - 0.5 * a) / (1.0 + 0.2 * a);
        let low = if ramp < -2.5 { u } else { ramp };
        *t = if ramp > 2.5 { u - a } else { low };
    }
    let most = a.iter().fold(0.0f32, |most, &a| most.max(a));
    let steps = [1.0, 6.0, 25.0, 100.0, 400.0, 1600.0].iter().filter(|&&bound| most > bound).count() + 1;
    for _ in 0..steps {
        for ((t, u), a) in t.iter_mut().zip(u).zip(a) {
            let p = sigmoid(*t);
            *t -= (*t + a * p - u) / (1.0 + a * p * (1.0 - p));
        }
    }
    t.map(sigmoid)
}

fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + exp(-z))
}

/// Adding and taking away this number rounds a smaller one to a whole one.
const ROUND: f32 = 12_582_912.0;

/// `e^x` within 3e-7 of its size, for vectors: powers of two by the bits of a float, the rest by a polynomial. Below
/// -87 and above 88 it stays what it is there.
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    // ln 2 in two parts, so that the difference is exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let power =
        1.0 + r * (1.0 + r * (0.5 + r * (0.166_666_55 + r * (0.041_665_795 + r * (0.008_333_452 + r * 0.001_398_2)))));
    power * f32::from_bits(((n as i32 + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::super::features::{Analyser, Seen};
    use super::super::vocabulary::Vocabulary;
    use super::*;

    const TEXTS: [&str; 5] = ["a b", "b c d", "a", "d e a", "c c e"];

    /// The decision values of `LogisticRegression(solver="liblinear", C=1 / 0.05)`, one against the rest, of
    /// scikit-learn 1.9 for these texts with `TfidfVectorizer(token_pattern=r"\b\w+\b", sublinear_tf=True)`.
    #[test]
    fn logits_are_those_of_liblinear() {
        let analyser = Analyser { words: (1, 1), chars: (0, 0), hashing: None };
        let (vocabulary, matrix) = Vocabulary::learn(analyser, &Seen::texts(&TEXTS), 1, usize::MAX);
        let three = [
            [0.851_115, -2.190_819, -1.720_709],
            [-1.302_021, 1.789_166, -4.117_324],
            [-0.769_126, -3.398_823, 1.026_496],
            [1.075_909, -2.018_254, -2.103_441],
            [-2.672_845, 2.277_023, -2.995_404],
        ];
        let two = [-1.752_018, 1.382_363, -2.385_105, 1.457_439, -1.427_267];
        for (link, classes, columns, wanted) in [
            (Link::Softmax, 3, 3, three.as_flattened()),
            (Link::Binary, 2, 1, &two),
            (Link::Independent, 3, 3, three.as_flattened()),
        ] {
            let map: Vec<Option<u32>> = (0..classes).map(Some).collect();
            let mut targets = Targets::default();
            (0..5).for_each(|i| targets.push(&[i % classes], &map));
            let problem = Problem {
                matrix: &matrix,
                targets: &targets,
                link,
                columns,
                features: vocabulary.len(),
                l2: 0.05,
                costs: None,
                l1: 0.0,
                prior: None,
                frozen: &[],
            };
            let mut trainer = Trainer::new(problem);
            for pass in 0..300 {
                trainer.pass(&mut Rng::stream(9, pass));
            }
            for logits in [trainer.weights().all_logits(&matrix), trainer.seen()] {
                for (mine, wanted) in logits.iter().zip(wanted) {
                    assert!((mine - wanted).abs() < 1e-3, "{link:?}: {mine} {wanted}");
                }
            }
        }
    }

    #[test]
    fn the_exponential_is_close_to_the_real_one() {
        for i in -8600..8600 {
            let x = i as f32 / 100.0;
            let real = f64::from(x).exp();
            assert!((f64::from(exp(x)) - real).abs() < 3e-7 * real, "{x}");
        }
        assert!(exp(-1e9) > 0.0 && exp(1e9).is_finite());
    }

    #[test]
    fn the_dual_of_a_text_settles() {
        for a in [0.1f32, 1.0, 20.0, 40.0, 400.0, 4000.0] {
            for i in -60..=60 {
                let u = i as f32 * 0.02 * (10.0 + a);
                // By bisection.
                let (mut low, mut high) = (f64::from(u.min(u - a)) - 1.0, f64::from(u.max(u - a)) + 1.0);
                for _ in 0..80 {
                    let t = f64::midpoint(low, high);
                    let above = t + f64::from(a) / (1.0 + (-t).exp()) > f64::from(u);
                    (low, high) = if above { (low, t) } else { (t, high) };
                }
                let [p] = settled([u], [a]);
                assert!((f64::from(p) - 1.0 / (1.0 + (-low).exp())).abs() < 2e-5, "a {a}, u {u}: {p} {low}");
            }
        }
    }

    /// At the optimum the slope of the loss is `-l2 w - l1 sign(w)`, and where a weight is 0 at most `l1` either way.
    #[test]
    fn an_elastic_net_is_at_its_optimum() {
        let analyser = Analyser { words: (1, 1), chars: (0, 0), hashing: None };
        let (vocabulary, matrix) = Vocabulary::learn(analyser, &Seen::texts(&TEXTS), 1, usize::MAX);
        let map: Vec<Option<u32>> = (0..3).map(Some).collect();
        let mut targets = Targets::default();
        (0..5).for_each(|i| targets.push(&[i % 3], &map));
        let (l1, l2, features) = (0.2f32, 0.05f32, vocabulary.len());
        let (matrix, targets) = (&matrix, &targets);
        let (link, columns, costs, prior, frozen) = (Link::Independent, 3, None, None, &[][..]);
        let problem = Problem { matrix, targets, link, columns, features, l2, costs, l1, prior, frozen };
        let mut trainer = Trainer::new(problem);
        (0..3000).for_each(|pass| trainer.pass(&mut Rng::stream(9, pass)));
        let weights = trainer.weights();
        let logits = weights.all_logits(matrix);
        let mut zeros = 0;
        for column in 0..3 {
            let mut slopes = vec![0.0; features];
            for i in 0..5 {
                let off = sigmoid(logits[i * 3 + column]) - f32::from(u8::from(i % 3 == column));
                let (ids, values) = matrix.row(i);
                ids.iter().zip(values).for_each(|(&id, x)| slopes[id as usize] += off * x);
            }
            for (id, slope) in slopes.iter().enumerate() {
                let w = weights.row(id as u32)[column];
                if w.abs() > 0.0 {
                    assert!((slope + l2 * w + l1.copysign(w)).abs() < 1e-3, "{id} {column}: {slope} {w}");
                } else {
                    zeros += 1;
                    assert!(slope.abs() <= l1 + 1e-3, "{id} {column}: {slope}");
                }
            }
        }
        assert!((3..13).contains(&zeros), "{zeros} of 15 weights are 0");
    }

    /// The same peer with `sample_weight=compute_sample_weight("balanced", y)`, `class_weight="balanced"` for each label
    /// against the rest, and `class_weight={0: 1, 1: 3}`.
    #[test]
    fn weighted_logits_are_those_of_liblinear() {
        let analyser = Analyser { words: (1, 1), chars: (0, 0), hashing: None };
        let (vocabulary, matrix) = Vocabulary::learn(analyser, &Seen::texts(&TEXTS), 1, usize::MAX);
        let by_text = [
            [0.563_287, -2.181_046, -1.419_171],
            [-1.130_789, 1.685_55, -4.021_113],
            [-1.354_991, -3.466_112, 1.557_065],
            [0.824_593, -1.968_55, -1.824_306],
            [-2.576_901, 2.114_563, -2.810_009],
        ];
        let by_column = [
            [1.138_654, -1.994_992, -1.049_089],
            [-1.065_782, 2.022_778, -3.759_487],
            [-0.494_597, -3.227_549, 1.992_296],
            [1.349_383, -1.816_48, -1.478_257],
            [-2.477_561, 2.495_72, -2.538_634],
        ];
        let two = [-1.495_39, 2.368_351, -2.271_156, 2.465_806, -1.169_061];
        let rare = (5.0 / 4.0, 5.0 / 6.0);
        for (link, columns, costs, wanted) in [
            (Link::Softmax, 3, Costs::Text(vec![5.0 / 6.0, 5.0 / 6.0, 5.0 / 3.0]), by_text.as_flattened()),
            (Link::Independent, 3, Costs::Column(vec![rare, rare, (5.0 / 2.0, 5.0 / 8.0)]), by_column.as_flattened()),
            (Link::Binary, 1, Costs::Text(vec![1.0, 3.0]), &two),
        ] {
            let classes = columns.max(2) as u32;
            let map: Vec<Option<u32>> = (0..classes).map(Some).collect();
            let mut targets = Targets::default();
            (0..5).for_each(|i| targets.push(&[i % classes], &map));
            let features = vocabulary.len();
            let costs = Some(&costs);
            let problem = Problem {
                matrix: &matrix,
                targets: &targets,
                link,
                columns,
                features,
                l2: 0.05,
                costs,
                l1: 0.0,
                prior: None,
                frozen: &[],
            };
            let mut trainer = Trainer::new(problem);
            (0..400).for_each(|pass| trainer.pass(&mut Rng::stream(9, pass)));
            for (mine, wanted) in trainer.weights().all_logits(&matrix).iter().zip(wanted) {
                assert!((mine - wanted).abs() < 1e-3, "{link:?}: {mine} {wanted}");
            }
        }
    }
}

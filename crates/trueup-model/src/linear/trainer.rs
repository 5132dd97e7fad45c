//! Stochastic gradient descent over sparse rows, one text at a time.
//!
//! Learning rates follow AdaGrad (Duchi, Hazan and Singer 2011, "Adaptive subgradient methods"), with one sum of
//! squared gradients a feature in place of one a weight: rare n-grams still learn fast, a third of the memory traffic
//! goes, and the update of a row is one vectorised scaled addition. The L2 penalty is exact and lazy: a row that no
//! text touches only owes its decay, which is paid, as one scalar, when it is next read.

use trueup_core::{LabelId, Rng};

use super::vocabulary::Matrix;
use super::weights::{Link, Weights, add_scaled};

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

/// What is kept for each feature beside its weights.
#[derive(Debug, Clone, Copy)]
struct RowState {
    /// The row's weights are `scale` times its cells, so that decay changes this alone. With a single column the row
    /// is its scale, and the cell is written when a pass ends.
    scale: f32,
    /// Sum of squared gradients over the columns and steps so far.
    squares: f32,
    /// The learning rate that follows from it; 0 before the first step, when there is nothing to decay.
    rate: f32,
    /// The step up to which decay is paid.
    paid: u32,
}

impl RowState {
    /// Pays the decay owed at `step`.
    fn decay(&mut self, step: u32, l2: f32) {
        // The implicit (proximal) step, which cannot overshoot, however long the row was left alone.
        self.scale /= 1.0 + (step - self.paid) as f32 * (l2 * self.rate);
        self.paid = step;
    }

    /// Counts a gradient of squared length `squares` and returns the learning rate for it.
    fn grow(&mut self, squares: f32, learning_rate: f32) -> f32 {
        self.squares += squares;
        self.rate = learning_rate / (self.squares + TINY).sqrt();
        self.rate
    }
}

/// The state of one training run.
pub(super) struct Trainer {
    pub(super) weights: Weights,
    rows: Vec<RowState>,
    /// Scaled values of the text at hand.
    factors: Vec<f32>,
    bias_squares: f32,
    learning_rate: f32,
    l2: f32,
    step: u32,
}

/// Keeps the first steps of a row from being infinite, and is far below any real squared gradient.
const TINY: f32 = 1e-8;

impl Trainer {
    pub(super) fn new(weights: Weights, learning_rate: f64, l2: f64) -> Self {
        let features = weights.cells.len() / weights.stride;
        let scale = if weights.stride == 1 { 0.0 } else { 1.0 };
        Self {
            rows: vec![RowState { scale, squares: 0.0, rate: 0.0, paid: 0 }; features],
            factors: Vec::new(),
            bias_squares: 0.0,
            learning_rate: learning_rate as f32,
            l2: l2 as f32,
            step: 0,
            weights,
        }
    }

    /// One pass over `matrix` in an order drawn from `rng`. Before each text changes the weights, `seen` gets its row
    /// number and its logits: what the model of that moment, which has not seen the text in this pass, thinks of it.
    pub(super) fn pass(
        &mut self,
        matrix: &Matrix,
        targets: &Targets,
        rng: &mut Rng,
        mut seen: impl FnMut(usize, &[f32]),
    ) {
        let mut order: Vec<u32> = (0..matrix.len() as u32).collect();
        rng.shuffle(&mut order);
        let mut buffer = vec![0.0f32; self.weights.stride];
        let columns = self.weights.columns;
        for i in order {
            let (ids, values) = matrix.row(i as usize);
            self.step += 1;
            self.logits(ids, values, &mut buffer);
            seen(i as usize, &buffer[..columns]);
            gradient(self.weights.link, &mut buffer[..columns], targets.row(i as usize));
            // Columns beyond the last only fill up a vector; they must stay zero.
            buffer[columns..].fill(0.0);
            self.update(ids, values, &buffer);
        }
        self.settle();
    }

    fn logits(&mut self, ids: &[u32], values: &[f32], buffer: &mut [f32]) {
        buffer.copy_from_slice(&self.weights.bias);
        let (step, l2) = (self.step, self.l2);
        self.factors.clear();
        for (&id, &x) in ids.iter().zip(values) {
            let row = &mut self.rows[id as usize];
            row.decay(step, l2);
            self.factors.push(x * row.scale);
        }
        if self.weights.stride == 1 {
            buffer[0] += self.factors.iter().sum::<f32>();
        } else {
            self.weights.add_rows(ids, &self.factors, buffer);
        }
    }

    fn update(&mut self, ids: &[u32], values: &[f32], gradient: &[f32]) {
        let norm: f32 = gradient.iter().map(|g| g * g).sum();
        if norm < TINY {
            return;
        }
        self.bias_squares += norm;
        let rate = self.learning_rate / self.bias_squares.sqrt();
        self.weights.bias.iter_mut().zip(gradient).for_each(|(b, g)| *b -= rate * g);
        let (learning_rate, stride) = (self.learning_rate, self.weights.stride);
        for (&id, &x) in ids.iter().zip(values) {
            let row = &mut self.rows[id as usize];
            let by = x * row.grow(x * x * norm, learning_rate);
            if stride == 1 {
                row.scale -= by * gradient[0];
                continue;
            }
            let cells = &mut self.weights.cells[id as usize * stride..][..stride];
            if row.scale < 1e-4 {
                // Dividing by a vanishing scale would lose the small cells.
                for c in cells.iter_mut() {
                    *c *= row.scale;
                }
                row.scale = 1.0;
            }
            add_scaled(cells, gradient, -by / row.scale);
        }
    }

    /// Pays all decay and writes the scales into the weights.
    fn settle(&mut self) {
        let stride = self.weights.stride;
        for (row, cells) in self.rows.iter_mut().zip(self.weights.cells.chunks_exact_mut(stride)) {
            row.decay(self.step, self.l2);
            if stride == 1 {
                cells[0] = row.scale;
            } else {
                for c in cells.iter_mut() {
                    *c *= row.scale;
                }
                row.scale = 1.0;
            }
        }
    }
}

/// Turns logits into the gradient of the loss by them: probability minus truth.
fn gradient(link: Link, logits: &mut [f32], gold: &[u32]) {
    match link {
        Link::Binary => logits[0] = sigmoid(logits[0]) - gold[0] as f32,
        Link::Softmax => {
            let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let mut sum = 0.0;
            for z in logits.iter_mut() {
                *z = (*z - most).exp();
                sum += *z;
            }
            for z in logits.iter_mut() {
                *z /= sum;
            }
            for &g in gold {
                logits[g as usize] -= 1.0;
            }
        }
        Link::Independent => {
            for z in logits.iter_mut() {
                *z = sigmoid(*z);
            }
            for &g in gold {
                logits[g as usize] -= 1.0;
            }
        }
    }
}

fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

#[cfg(test)]
mod tests {
    use super::super::features::Analyser;
    use super::super::vocabulary::Vocabulary;
    use super::*;

    const TEXTS: [&str; 5] = ["a b", "b c d", "a", "d e a", "c c e"];

    fn data(classes: u32) -> (Matrix, usize, Targets) {
        let analyser = Analyser { words: (1, 1), chars: (0, 0) };
        let (vocabulary, matrix) = Vocabulary::learn(analyser, &TEXTS, 1, usize::MAX);
        let map: Vec<Option<u32>> = (0..classes).map(Some).collect();
        let mut targets = Targets::default();
        for i in 0..5 {
            targets.push(&[i % classes], &map);
        }
        (matrix, vocabulary.len(), targets)
    }

    /// The definition, written plainly: dense weights in f64, every row decayed at every step.
    fn plainly(matrix: &Matrix, targets: &Targets, features: usize, columns: usize, passes: u64) -> Vec<Vec<f64>> {
        let (rate, l2) = (0.7, 0.05);
        let mut weights = vec![vec![0.0f64; columns]; features];
        let (mut squares, mut bias, mut bias_squares) = (vec![0.0f64; features], vec![0.0f64; columns], 0.0f64);
        for pass in 0..passes {
            let mut order: Vec<usize> = (0..matrix.len()).collect();
            Rng::stream(9, pass).shuffle(&mut order);
            for i in order {
                let (ids, values) = matrix.row(i);
                for (row, squares) in weights.iter_mut().zip(&squares).filter(|(_, s)| **s > 0.0) {
                    for w in row.iter_mut() {
                        *w *= 1.0 - rate / squares.sqrt() * l2;
                    }
                }
                let mut g = bias.clone();
                for (&id, &x) in ids.iter().zip(values) {
                    g.iter_mut().zip(&weights[id as usize]).for_each(|(g, w)| *g += w * f64::from(x));
                }
                if columns == 1 {
                    g[0] = 1.0 / (1.0 + (-g[0]).exp()) - f64::from(targets.row(i)[0]);
                } else {
                    let sum: f64 = g.iter().map(|z| z.exp()).sum();
                    for z in &mut g {
                        *z = z.exp() / sum;
                    }
                    g[targets.row(i)[0] as usize] -= 1.0;
                }
                let norm: f64 = g.iter().map(|g| g * g).sum();
                bias_squares += norm;
                bias.iter_mut().zip(&g).for_each(|(b, g)| *b -= rate / bias_squares.sqrt() * g);
                for (&id, &x) in ids.iter().zip(values) {
                    let x = f64::from(x);
                    squares[id as usize] += x * x * norm;
                    let by = rate / squares[id as usize].sqrt() * x;
                    weights[id as usize].iter_mut().zip(&g).for_each(|(w, g)| *w -= by * g);
                }
            }
        }
        weights
    }

    #[test]
    fn lazy_scaled_rows_follow_the_plain_definition() {
        for (link, classes, columns) in [(Link::Binary, 2, 1), (Link::Softmax, 3, 3)] {
            let (matrix, features, targets) = data(classes);
            let mut trainer = Trainer::new(Weights::new(link, columns, features), 0.7, 0.05);
            for pass in 0..8 {
                trainer.pass(&matrix, &targets, &mut Rng::stream(9, pass), |_, _| ());
            }
            let plain = plainly(&matrix, &targets, features, columns, 8);
            for (id, want) in plain.iter().enumerate() {
                for (mine, want) in trainer.weights.row(id as u32).iter().zip(want) {
                    // The lazy decay is the implicit step, 1 / (1 + a) where the plain one has 1 - a.
                    assert!((f64::from(*mine) - want).abs() < 0.05 * want.abs() + 0.02, "{link:?} {id}: {mine} {want}");
                }
            }
        }
    }

    #[test]
    fn filler_columns_stay_zero() {
        let (matrix, features, targets) = data(3);
        let mut trainer = Trainer::new(Weights::new(Link::Softmax, 3, features), 1.0, 0.0);
        trainer.pass(&matrix, &targets, &mut Rng::new(1), |_, _| ());
        assert!(trainer.weights.cells.chunks(8).all(|row| row[3..].iter().all(|&w| w == 0.0)));
        assert!(trainer.weights.cells.iter().any(|&w| w != 0.0));
    }
}

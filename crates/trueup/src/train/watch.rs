//! What training says to whoever watches, and whether it is to end.

use std::sync::atomic::{AtomicU64, Ordering};

use trueup_model::Progress;

use super::{Plan, Recipe};
use crate::observe::Observer;

/// Tells the observer how many passes are done, and asks whether to go on.
pub(super) struct Watch<'a> {
    pub observer: &'a dyn Observer,
    pub done: AtomicU64,
    pub total: u64,
}

/// Passes that a model takes at most.
pub(super) fn passes(recipe: &Recipe) -> u64 {
    u64::from(recipe.learner.most_epochs())
}

impl<'a> Watch<'a> {
    /// For the model of a plan and so many trainings more.
    pub fn new(observer: &'a dyn Observer, recipe: &Recipe, plan: &Plan, more: u64) -> Self {
        let folds = plan.folds.len() as u64 * if recipe.members.is_some() { 1 } else { 2 };
        Self { observer, done: AtomicU64::new(0), total: passes(recipe) * (2 + more.min(1) + folds) }
    }
}

impl Progress for Watch<'_> {
    fn epoch(&self, _: u32, _: u32, loss: f64) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.observer.progress(done.min(self.total), self.total);
        // A program does not say.
        if loss.is_finite() {
            self.observer.loss(loss);
        }
    }

    fn stopped(&self) -> bool {
        self.observer.stopped()
    }
}

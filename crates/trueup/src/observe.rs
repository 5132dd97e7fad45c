//! How the flow says what it is doing. The library has no clock and prints nothing; whoever watches may time and show.

/// Watches a flow. Called from the thread that runs the flow, and from training threads for [`Observer::progress`].
pub trait Observer: Sync {
    /// A stage begins; the one before it has ended.
    fn stage(&self, name: &'static str);
    /// Of the current stage, `done` of `total` parts are done.
    fn progress(&self, done: u64, total: u64);
    /// The loss after a pass of training: on validation data where there is some.
    fn loss(&self, _loss: f64) {}
    /// From here on (until it is told otherwise) an interruption is heeded by [`Observer::stopped`]: there is something worth
    /// keeping.
    fn may_stop(&self, _may: bool) {}
    /// Whether the work that may stop is to end early, with what is best so far.
    fn stopped(&self) -> bool {
        false
    }
    /// Whether the time that was given to a search is over.
    fn out_of_time(&self) -> bool {
        false
    }
    /// Seconds on the watch of who has one: the library has no clock.
    fn seconds(&self) -> Option<f64> {
        None
    }
    /// Something worth telling the user that is not part of the result.
    fn note(&self, message: &str);
}

/// Nobody watches.
pub struct Unobserved;

impl Observer for Unobserved {
    fn stage(&self, _: &'static str) {}
    fn progress(&self, _: u64, _: u64) {}
    fn note(&self, _: &str) {}
}

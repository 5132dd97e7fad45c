//! How many further examples would decide a question.

/// How many examples beyond the `n` at hand make an interval of the same shape around `value` just exclude `target`;
/// `Some(0)` when it excludes it already, `None` when no number does (the value is the target, or there is no
/// interval to scale).
///
/// The arm of the interval that points at the target, of length w, shrinks with the square root of the number of
/// examples, so n (w / gap)² examples are needed in all. The value is taken to stay where it is: the answer is a plan,
/// not a promise.
pub fn needed_examples(value: f64, (low, high): (f64, f64), n: u64, target: f64) -> Option<u64> {
    let gap = (value - target).abs();
    let arm = if target < value { value - low } else { high - value };
    if !gap.is_finite() || !arm.is_finite() || gap == 0.0 || n == 0 {
        return None;
    }
    if arm < gap {
        return Some(0);
    }
    let total = (n as f64 * (arm / gap).powi(2)).floor() + 1.0;
    // Beyond this nobody labels; a gap of rounding error must not print an astronomic plan.
    (total < 1e9).then(|| total as u64 - n)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::stats::wilson;

    #[test]
    fn scales_with_the_square_of_the_arm() {
        assert_eq!(needed_examples(0.75, (0.5, 0.875), 100, 0.625), Some(301));
        // The upper arm is shorter, so a target above is reached sooner.
        assert_eq!(needed_examples(0.75, (0.5, 0.875), 100, 0.875), Some(1));
        assert_eq!(needed_examples(0.9, (0.88, 0.92), 100, 0.85), Some(0));
        assert_eq!(needed_examples(0.9, (0.8, 0.95), 100, 0.9), None);
        assert_eq!(needed_examples(0.9, (0.8, 0.95), 0, 0.8), None);
    }

    #[test]
    fn the_plan_is_enough_for_a_proportion() {
        let (n, k, target) = (200, 172, 0.83);
        let more = needed_examples(0.86, wilson(k, n), n, target).unwrap();
        let total = n + more;
        let (low, _) = wilson((0.86 * total as f64).round() as u64, total);
        assert!(low > target - 0.003 && more > 100, "{more}: {low}");
    }
}

//! Correction of p-values for the number of questions asked.
//!
//! Adjusted p-values as `multipletests` of statsmodels and `false_discovery_control` of SciPy give them: reject where
//! the adjusted value is at most the level.

/// How to correct for the number of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// Times the number of questions. Any false alarm in the family, any dependence; [`Self::Holm`] is never worse.
    Bonferroni,
    /// 1 - (1 - p)^m (Šidák 1967): any false alarm, questions independent.
    Sidak,
    /// Holm 1979, "A simple sequentially rejective multiple test procedure": any false alarm, any dependence.
    Holm,
    /// Holm's steps with Šidák's terms: any false alarm, questions independent.
    HolmSidak,
    /// Hochberg 1988, "A sharper Bonferroni procedure for multiple tests of significance": any false alarm,
    /// independence or positive dependence.
    Hochberg,
    /// Benjamini and Hochberg 1995, "Controlling the false discovery rate": the expected share of false alarms among
    /// the alarms, independence or positive dependence.
    BenjaminiHochberg,
    /// Benjamini and Yekutieli 2001, "The control of the false discovery rate in multiple testing under dependency":
    /// the same, any dependence.
    BenjaminiYekutieli,
}

impl Correction {
    /// The adjusted p-values, in the order given; `None` when one is not a number in [0, 1].
    pub fn adjust(self, p: &[f64]) -> Option<Vec<f64>> {
        if !p.iter().all(|p| (0.0..=1.0).contains(p)) {
            return None;
        }
        let m = p.len() as f64;
        let sidak = |p: f64, m: f64| -(m * (-p).ln_1p()).exp_m1();
        Some(match self {
            Self::Bonferroni => p.iter().map(|p| (p * m).min(1.0)).collect(),
            Self::Sidak => p.iter().map(|&p| sidak(p, m)).collect(),
            Self::Holm => step_down(p, |p, rank| p * (m - rank)),
            Self::HolmSidak => step_down(p, |p, rank| sidak(p, m - rank)),
            Self::Hochberg => step_up(p, |p, rank| p * (m - rank)),
            Self::BenjaminiHochberg => step_up(p, |p, rank| p * m / (rank + 1.0)),
            Self::BenjaminiYekutieli => {
                let harmonic: f64 = (1..=p.len()).map(|i| 1.0 / i as f64).sum();
                step_up(p, |p, rank| p * m * harmonic / (rank + 1.0))
            }
        })
    }
}

/// Holm's step-down adjusted p-values, in the order given (Holm 1979, "A simple sequentially rejective multiple test
/// procedure"). Rejecting where the adjusted value is at most 0.05 keeps the chance of any false alarm in the family
/// at or below 5 %, whatever the dependence. The values must be numbers.
pub fn holm(p: &[f64]) -> Vec<f64> {
    step_down(p, |value, rank| value * (p.len() as f64 - rank))
}

/// The positions of the values from the least on, equal ones as given.
fn order(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    order
}

/// Each value's `term` of its rank from 0, raised to that of the value before it.
fn step_down(p: &[f64], term: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut floor = 0.0f64;
    for (rank, &i) in order(p).iter().enumerate() {
        floor = floor.max(term(p[i], rank as f64)).min(1.0);
        adjusted[i] = floor;
    }
    adjusted
}

/// Each value's `term` of its rank from 0, lowered to that of the value after it.
fn step_up(p: &[f64], term: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut ceiling = 1.0f64;
    for (rank, &i) in order(p).iter().enumerate().rev() {
        ceiling = ceiling.min(term(p[i], rank as f64));
        adjusted[i] = ceiling;
    }
    adjusted
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn adjusts_step_by_step() {
        let p = [0.01, 0.04, 0.03, 0.005];
        let close = |a: &[f64], b: [f64; 4]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(&holm(&p), [0.03, 0.06, 0.06, 0.02]));
        assert!(close(&Correction::BenjaminiHochberg.adjust(&p).unwrap(), [0.02, 0.04, 0.04, 0.02]));
        assert!(close(&Correction::Bonferroni.adjust(&p).unwrap(), [0.04, 0.16, 0.12, 0.02]));
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
        assert_eq!(Correction::Holm.adjust(&[0.1, f64::NAN]), None);
        assert_eq!(Correction::Holm.adjust(&[1.1]), None);
    }

    proptest::proptest! {
        #[test]
        fn stricter_corrections_give_larger_values(p in proptest::collection::vec(0.0f64..=1.0, 0..12)) {
            let of = |correction: Correction| correction.adjust(&p).unwrap();
            let at_least = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| *a >= b - 1e-12);
            proptest::prop_assert_eq!(of(Correction::Holm), holm(&p));
            proptest::prop_assert!(at_least(&of(Correction::Bonferroni), &of(Correction::Holm)));
            proptest::prop_assert!(at_least(&of(Correction::Holm), &of(Correction::Hochberg)));
            proptest::prop_assert!(at_least(&of(Correction::Holm), &of(Correction::HolmSidak)));
            proptest::prop_assert!(at_least(&of(Correction::Hochberg), &of(Correction::BenjaminiHochberg)));
            proptest::prop_assert!(at_least(&of(Correction::BenjaminiYekutieli), &of(Correction::BenjaminiHochberg)));
            proptest::prop_assert!(at_least(&of(Correction::BenjaminiHochberg), &p));
        }
    }
}

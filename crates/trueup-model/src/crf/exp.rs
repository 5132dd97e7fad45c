//! The exponential function, without a branch, so that a vector of them costs little more than one.

use std::f64::consts::LOG2_E;

/// Added to a number below 2^51, it leaves the nearest whole number in the last bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts, the first with zeros at its end, so that a whole multiple of it is exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// e to the power of `x`, for `x` within plus and minus 700; elsewhere without meaning. Within 4 units in the last place:
/// x = k ln 2 + r, and the series of e^r to its 12th power.
#[inline]
pub(super) fn exp(x: f64) -> f64 {
    let shifted = x * LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    // In pairs, pairs of pairs and so on (Estrin), for a chain of twelve products would wait for each.
    let (r2, r4) = (r * r, (r * r) * (r * r));
    let low = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0));
    let middle = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5_040.0));
    let high = (1.0 / 40_320.0 + r * (1.0 / 362_880.0)) + r2 * (1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0));
    let p = low + r4 * (middle + r4 * (high + r4 * (1.0 / 479_001_600.0)));
    // The last bits of `shifted` are those of k; the exponent of a number starts at bit 52.
    p * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_exponential() {
        for i in -70_000..=70_000 {
            let x = f64::from(i) * 0.01 + 0.001_234_5;
            if x.abs() > 700.0 {
                continue;
            }
            let (found, expected) = (exp(x), x.exp());
            assert!((found / expected - 1.0).abs() < 1e-15, "{x}: {found} against {expected}");
        }
        assert!((exp(0.0) - 1.0).abs() < f64::EPSILON);
    }
}

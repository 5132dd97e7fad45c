//! Seeded randomness whose values never change with a dependency's version.
//!
//! SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): equidistributed, one
//! multiplication chain a number, and splittable by key, which is what folds, resamples and threads need.

/// A stream of pseudo-random numbers.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: mix(seed ^ GAMMA) }
    }

    /// An independent stream for part `key` (a fold, a resample) of the work under `seed`.
    pub fn stream(seed: u64, key: u64) -> Self {
        Self { state: mix(mix(seed ^ GAMMA).wrapping_add(key.wrapping_mul(GAMMA)) ^ 0x5851_f42d_4c95_7f2d) }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// A number in [0, 1), of 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number in `0..n`; panics for `n = 0`. Lemire 2019, "Fast random integer generation in an interval".
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "an empty range holds no number");
        let n = n as u64;
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        // The rejection zone, 2^64 mod n, makes every value equally likely; it lies below n, so that most draws are
        // accepted without the division that it costs.
        if (product as u64) < n {
            let zone = n.wrapping_neg() % n;
            while (product as u64) < zone {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as usize
    }

    /// Puts `items` in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_numbers_and_streams_differ() {
        let draw = |mut rng: Rng| (0..4).map(|_| rng.next_u64()).collect::<Vec<_>>();
        assert_eq!(draw(Rng::new(42)), draw(Rng::new(42)));
        assert_ne!(draw(Rng::stream(42, 0)), draw(Rng::stream(42, 1)));
    }

    #[test]
    fn below_covers_its_range_evenly() {
        let mut rng = Rng::new(1);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[rng.below(7)] += 1;
        }
        assert!(counts.iter().all(|&c| (9_500..10_500).contains(&c)), "{counts:?}");
    }

    #[test]
    fn below_draws_what_the_plain_rejection_draws() {
        // Near 2^63 about half of the draws fall into the rejection zone.
        for n in [1usize, 2, 3, 10, 1_000, (1 << 63) + 1, (1 << 62) + 3, usize::MAX] {
            let (mut rng, mut plain) = (Rng::new(n as u64), Rng::new(n as u64));
            for _ in 0..500 {
                let expected = loop {
                    let product = u128::from(plain.next_u64()) * n as u128;
                    if product as u64 >= (n as u64).wrapping_neg() % n as u64 {
                        break (product >> 64) as usize;
                    }
                };
                assert_eq!(rng.below(n), expected, "below {n}");
            }
        }
    }
}

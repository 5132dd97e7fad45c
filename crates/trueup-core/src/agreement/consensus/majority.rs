//! The category given most often.

use super::{Consensus, Ratings, mean_posterior, shares};

/// The majority (plurality) of each item's answers. Items where two categories were given most often are left undecided
/// and listed; crowd-kit's `MajorityVote` takes one of them.
pub fn majority(ratings: &Ratings) -> Consensus {
    let posterior = shares(ratings);
    let priors = mean_posterior(ratings, &posterior);
    let mut found = Consensus::new(ratings, posterior, priors);
    let mut seen = vec![(0u64, 0u64); ratings.annotators()];
    for (row, decided) in ratings.rows().zip(&found.decided) {
        for &(annotator, category) in row {
            if let Some(decided) = decided {
                let (answers, right) = &mut seen[annotator as usize];
                *answers += 1;
                *right += u64::from(category == *decided);
            }
        }
    }
    for (quality, (answers, right)) in found.annotators.iter_mut().zip(seen) {
        if let Some(quality) = quality {
            quality.accuracy = (answers > 0).then(|| right as f64 / answers as f64);
        }
    }
    found
}

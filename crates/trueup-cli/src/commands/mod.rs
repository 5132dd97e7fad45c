//! The commands, one file each: read the arguments, make one library call, print.

pub mod demo;
pub mod explain;
pub mod reference;
pub mod review;
pub mod rules;
pub mod schema;

use crate::args::WorkArgs;

/// Sets the number of worker threads.
fn set_threads(work: &WorkArgs) -> anyhow::Result<()> {
    if let Some(threads) = work.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    Ok(())
}

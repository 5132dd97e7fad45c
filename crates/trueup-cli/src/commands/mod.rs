//! The commands, one file each: read the arguments, make one library call, print.

pub mod agreement;
pub mod convert;
pub mod demo;
pub mod eval;
pub mod explain;
pub mod reference;
pub mod review;
pub mod rules;
pub mod schema;
pub mod split;
pub mod stats;

use trueup::data::{ReadOptions, read_label_names};

use crate::args::{ReadArgs, WorkArgs};

/// Sets the number of worker threads.
fn set_threads(work: &WorkArgs) -> anyhow::Result<()> {
    if let Some(threads) = work.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    Ok(())
}

/// How files are read, as the options say.
fn read_options(args: &ReadArgs) -> anyhow::Result<ReadOptions> {
    Ok(ReadOptions {
        from: args.from,
        text: args.text.clone(),
        label: args.label.clone(),
        id: args.id.clone(),
        group: args.group.clone(),
        time: args.time.clone(),
        split: args.split.clone(),
        annotator: args.annotator.clone(),
        label_names: args.label_names.as_deref().map(read_label_names).transpose()?,
        label_separator: args.label_separator.clone(),
        label_level: args.label_level,
        scheme: args.scheme,
        strict: args.strict,
        task: args.task.map(Into::into),
        filter: args.filter.clone(),
        ..ReadOptions::default()
    })
}

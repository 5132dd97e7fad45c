//! The smallest program with this library: reads a file of any format and counts its labels (types of spans).
//!
//! `cargo run --release --example count_labels -- FILE` prints `{"examples": N, "labels": {"a": 3, ...}}`. The benchmarks
//! of reading run it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::Path;

use mimalloc::MiMalloc;
use trueup_data::{ReadOptions, read_each};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: count_labels FILE")?;
    let mut examples = 0u64;
    let read = read_each(Path::new(&file), &ReadOptions::default(), &mut |_| {
        examples += 1;
        Ok(())
    })?;
    let outline = &read.corpus.outline;
    let labels: BTreeMap<&str, u64> = outline.labels().into_iter().chain(outline.span_labels()).collect();
    let counted = serde_json::json!({ "examples": examples, "labels": labels });
    Ok(writeln!(std::io::stdout(), "{counted}")?)
}

//! `trueup demo`.

use trueup::core::document::Review;
use trueup::flow;

use super::set_threads;
use crate::args::DemoArgs;
use crate::exit::Outcome;
use crate::output::{print, say};
use crate::printer;
use crate::watch::Watch;

/// Writes the data sets, reviews each, and says what to try next.
pub fn run(args: &DemoArgs) -> anyhow::Result<Outcome> {
    set_threads(args.work.threads)?;
    let demo = flow::demo(&args.dir, args.work.seed)?;
    if !args.quiet {
        for file in &demo.files {
            say(&format!("  wrote {}", file.display()));
        }
    }
    let width = printer::width();
    for options in &demo.reviews {
        let watch = Watch::new(args.quiet);
        let result = flow::review(options, &watch);
        let run = watch.finish();
        let review = Review { run: Some(run), ..result? };
        print(&format!("\n{}", printer::review(&review, width, true)))?;
    }
    let mut last = String::from("\nEvery fault that was planted is listed in ");
    last += &format!("{}\n\nTry next:\n", demo.faults.display());
    for command in &demo.next {
        last += &format!("  {command}\n");
    }
    print(&last)?;
    Ok(Outcome::Fine)
}

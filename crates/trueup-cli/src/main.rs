//! The `trueup` command: parse, run, print the error, exit with the code.

use std::process::ExitCode;

/// Keeps freed memory: training and bootstrap allocate in bursts, and page faults dominate with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    trueup_cli::run(std::env::args_os())
}

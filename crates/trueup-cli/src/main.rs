//! The `trueup` command: parse, run, print the error, exit with the code.

use std::process::ExitCode;

use libmimalloc_sys::{mi_option_set, mi_option_t};

/// Keeps freed memory for a moment: training and bootstrap allocate in bursts, and page faults dominate with the system's
/// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay`: for how many milliseconds freed memory is kept.
const PURGE_DELAY: mi_option_t = 15;

/// Long enough for the next burst, and a hundredth of the default, with which the peak of a training is up to twice as high.
const KEPT_FOR: std::ffi::c_long = 10;

fn main() -> ExitCode {
    #[allow(unsafe_code, reason = "sets a number of the allocator before any other thread runs")]
    // SAFETY: the option is one of those that the allocator knows, and it takes any number.
    unsafe {
        mi_option_set(PURGE_DELAY, KEPT_FOR);
    }
    trueup_cli::run(std::env::args_os())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_the_one_that_is_meant() {
        #[allow(unsafe_code, reason = "reads a number of the allocator")]
        // SAFETY: as above.
        let default = unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        // Its default; no other option has it.
        assert_eq!(default, 1_000);
    }
}

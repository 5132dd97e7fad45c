//! Counting passed and failed tests from what the runners print.

/// Tests that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, timed out or could not start.
    pub failed: u64,
    /// Tests that said `skipped: no data` (they count as passed too).
    pub without_data: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            without_data: self.without_data + other.without_data,
        }
    }
}

/// Counts the summary lines of nextest, `cargo test` and Vitest in `output`.
pub fn count(output: &str) -> Tally {
    let mut tally = Tally::default();
    let plain = without_colour(output);
    for line in plain.lines().map(str::trim) {
        tally.without_data += u64::from(line.contains("skipped: no data"));
        let summary = if line.starts_with("Summary [") {
            line.split_once(':').map(|(_, counts)| counts)
        } else if let Some(rest) = line.strip_prefix("test result:") {
            rest.split_once('.').map(|(_, counts)| counts)
        } else {
            line.strip_prefix("Tests ")
        };
        let Some(summary) = summary else { continue };
        for piece in summary.split([',', ';', '|', '(']) {
            let mut words = piece.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
                continue;
            };
            match words.collect::<Vec<_>>().join(" ").trim_end_matches(')') {
                "passed" => tally.passed += number,
                "failed" | "timed out" | "exec failed" => tally.failed += number,
                _ => {}
            }
        }
    }
    tally
}

/// Counts the checks of the page in a browser, which print `ok    NAME` or `FAIL  NAME` each.
pub fn count_checks(output: &str) -> Tally {
    let begin = |word: &str| output.lines().filter(|line| line.starts_with(word)).count() as u64;
    Tally {
        passed: begin("ok "),
        failed: begin("FAIL "),
        without_data: 0,
    }
}

/// The text without ANSI escape sequences.
fn without_colour(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // A sequence ends with its first letter: `ESC [ 1 ; 32 m`.
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(output: &str) -> (u64, u64) {
        let tally = count(output);
        (tally.passed, tally.failed)
    }

    #[test]
    fn nextest() {
        assert_eq!(
            counts("     Summary [   0.008s] 5 tests run: 4 passed (1 slow), 1 failed, 2 skipped\n"),
            (4, 1)
        );
        assert_eq!(
            counts("Summary [ 61.0s] 9 tests run: 6 passed, 1 timed out, 2 exec failed, 0 skipped"),
            (6, 3)
        );
        assert_eq!(
            counts("\u{1b}[32;1m     Summary\u{1b}[0m [ 0.1s] \u{1b}[1m3\u{1b}[0m tests run: 3 passed"),
            (3, 0)
        );
    }

    #[test]
    fn cargo_test_adds_its_binaries() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                      test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(counts(output), (5, 1));
    }

    #[test]
    fn vitest_counts_tests_and_not_files() {
        let output = " Test Files  1 failed | 2 passed (3)\n      Tests  1 failed | 14 passed (15)\n";
        assert_eq!(counts(output), (14, 1));
    }

    #[test]
    fn checks_in_a_browser() {
        let tally = count_checks("ok    opens\nFAIL  filters\n      Error: at ok\nok    keys\n1 failed\n");
        assert_eq!((tally.passed, tally.failed), (2, 1));
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(
            counts("running 3 tests\ntest a ... ok\n12 passed examples were kept\n"),
            (0, 0)
        );
        assert_eq!(
            count("3 skipped: no data\nreads_banking: skipped: no data\n").without_data,
            2
        );
    }
}

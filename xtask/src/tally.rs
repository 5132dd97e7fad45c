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

/// What ran tests, and so how it sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// `Summary [ 0.01s] 5 tests run: 4 passed (1 slow), 1 failed, 0 skipped`, once at the end.
    Nextest,
    /// `test result: ok. 3 passed; 0 failed; ...`, once a test binary.
    CargoTest,
    /// `Tests  1 failed | 14 passed (15)`, once at the end.
    Vitest,
    /// The page in a browser: `ok    NAME` or `FAIL  NAME`, a line each.
    Checks,
}

/// Counts the tests in the `output` of `runner`. Other runners' lines in it, as failing tests may print, do not count.
pub fn count(output: &str, runner: Runner) -> Tally {
    let plain = without_colour(output);
    let lines = || plain.lines().map(str::trim);
    let mut tally = match runner {
        Runner::Nextest => {
            let last = lines().rfind(|line| line.starts_with("Summary ["));
            last.and_then(|line| line.split_once(':')).map(|(_, counts)| numbers(counts)).unwrap_or_default()
        }
        Runner::CargoTest => {
            let results = plain.lines().filter_map(|line| line.strip_prefix("test result:")?.split_once('.'));
            results.fold(Tally::default(), |sum, (_, counts)| sum.plus(numbers(counts)))
        }
        Runner::Vitest => {
            lines().filter_map(|line| line.strip_prefix("Tests ")).next_back().map(numbers).unwrap_or_default()
        }
        Runner::Checks => {
            let begin = |word: &str| plain.lines().filter(|line| line.starts_with(word)).count() as u64;
            Tally { passed: begin("ok "), failed: begin("FAIL "), without_data: 0 }
        }
    };
    tally.without_data = without_data(&plain);
    tally
}

/// How often a test in `output` says that it had no data.
pub fn without_data(output: &str) -> u64 {
    output.matches("skipped: no data").count() as u64
}

/// Reads `4 passed (1 slow), 1 failed` with any of the runners' separators.
fn numbers(counts: &str) -> Tally {
    let mut tally = Tally::default();
    for piece in counts.split([',', ';', '|', '(']) {
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
    tally
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

    fn counts(output: &str, runner: Runner) -> (u64, u64) {
        let tally = count(output, runner);
        (tally.passed, tally.failed)
    }

    #[test]
    fn nextest_sums_up_once() {
        let cases = [
            ("     Summary [   0.008s] 5 tests run: 4 passed (1 slow), 1 failed, 2 skipped\n", (4, 1)),
            ("Summary [ 61.0s] 9 tests run: 6 passed, 1 timed out, 2 exec failed, 0 skipped", (6, 3)),
            ("\u{1b}[32;1m     Summary\u{1b}[0m [ 0.1s] \u{1b}[1m3\u{1b}[0m tests run: 3 passed", (3, 0)),
        ];
        for (output, expected) in cases {
            assert_eq!(counts(output, Runner::Nextest), expected, "{output}");
        }
        let failing = "    test result: FAILED. 0 passed; 1 failed; 0 ignored\n     Summary [ 0.1s] 2 tests run: 1 passed, 1 failed";
        assert_eq!(counts(failing, Runner::Nextest), (1, 1));
        assert_eq!(counts("error: could not compile", Runner::Nextest), (0, 0));
    }

    #[test]
    fn cargo_test_adds_its_binaries() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                      test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(counts(output, Runner::CargoTest), (5, 1));
    }

    #[test]
    fn vitest_counts_tests_and_not_files() {
        let output = " Test Files  1 failed | 2 passed (3)\n      Tests  1 failed | 14 passed (15)\n";
        assert_eq!(counts(output, Runner::Vitest), (14, 1));
    }

    #[test]
    fn checks_in_a_browser() {
        let output = "ok    opens\nFAIL  filters\n      Error: at ok\nok    keys\n1 failed\n";
        assert_eq!(counts(output, Runner::Checks), (2, 1));
    }

    #[test]
    fn tests_without_data_are_counted() {
        assert_eq!(count("a skipped: no data\nb: skipped: no data\n", Runner::CargoTest).without_data, 2);
    }
}

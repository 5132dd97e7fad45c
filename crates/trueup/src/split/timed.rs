//! By time: the oldest are learned from, the newest are tested, and what has one time stays together.

use std::cmp::Ordering;

/// A point in time, or any number that grows with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Time {
    /// Seconds since 1970, and billionths of one.
    Date(i64, u32),
    /// A number as it stands.
    Number(f64),
}

impl Time {
    /// Reads an ISO 8601 date (`2024`-`05`, a day, a time, an offset) or a number. A time without an offset is taken for
    /// UTC.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        date(text).or_else(|| text.parse().ok().filter(|n: &f64| n.is_finite()).map(Self::Number))
    }

    /// Whether both are dates or both numbers.
    pub fn is_like(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Date(..), Self::Date(..)) | (Self::Number(_), Self::Number(_)))
    }

    /// Which is the older.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Date(a, b), Self::Date(c, d)) => (a, b).cmp(&(c, d)),
            // -0 and 0 are one time.
            (Self::Number(a), Self::Number(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Self::Date(..), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Date(..)) => Ordering::Greater,
        }
    }
}

/// So many digits at the start of `text`, as a number, and what follows.
fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (head, rest) = (text.get(..count)?, text.get(count..)?);
    head.bytes().all(|b| b.is_ascii_digit()).then(|| head.parse().ok().map(|n| (n, rest)))?
}

fn date(text: &str) -> Option<Time> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    if !(1..=12).contains(&month) {
        return None;
    }
    if rest.is_empty() {
        return Some(Time::Date(days(year, month, 1) * 86_400, 0));
    }
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let start = days(year, month, day) * 86_400;
    if rest.is_empty() {
        return Some(Time::Date(start, 0));
    }
    let (hour, rest) = digits(rest.strip_prefix(['T', 't', ' '])?, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2)?,
        None => (0, rest),
    };
    // Second 60 is a leap second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (billionths, rest) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => {
            let end = rest.bytes().take_while(u8::is_ascii_digit).count();
            let shown = format!("{:0<9}", &rest[..end.min(9)]);
            (shown.parse().ok().filter(|_| end > 0)?, &rest[end..])
        }
        None => (0, rest),
    };
    let away = match rest.strip_prefix(['+', '-']) {
        None if matches!(rest, "" | "Z" | "z") => 0,
        None => return None,
        Some(offset) => {
            let (hours, more) = digits(offset, 2)?;
            let (minutes, more) = match more {
                "" => (0, more),
                more => digits(more.strip_prefix(':').unwrap_or(more), 2)?,
            };
            let seconds = hours * 3_600 + minutes * 60;
            if !more.is_empty() || hours > 23 || minutes > 59 {
                return None;
            }
            if rest.starts_with('-') { -seconds } else { seconds }
        }
    };
    Some(Time::Date(start + hour * 3_600 + minute * 60 + second - away, billionths))
}

/// Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, chrono-Compatible Low-Level Date Algorithms).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The part of each time: in order of time each part takes its share, moved to the nearest place between two times.
pub(super) fn parts(times: &[Time], shares: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by(|&a, &b| times[a].order(&times[b]));
    let changes =
        |at: usize| at == 0 || at == order.len() || times[order[at - 1]].order(&times[order[at]]) != Ordering::Equal;
    let mut cuts = Vec::with_capacity(shares.len());
    let (mut edge, mut last) = (0.0, 0);
    for share in &shares[..shares.len() - 1] {
        edge += share * times.len() as f64;
        let aim = (edge.round() as usize).min(times.len());
        let before = (last..=aim).rev().find(|&at| changes(at));
        let after = (aim..=times.len()).find(|&at| changes(at)).unwrap_or(times.len());
        let cut = match before {
            Some(before) if aim - before <= after - aim => before,
            _ => after,
        };
        cuts.push(cut);
        last = cut;
    }
    let mut part = vec![0; times.len()];
    for (at, &row) in order.iter().enumerate() {
        part[row] = cuts.iter().filter(|&&cut| cut <= at).count();
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_are_read() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-03-01", 951_868_800),
            ("2024-02-29T12:30", 1_709_209_800),
            ("2024-02-29 12:30:15Z", 1_709_209_815),
            ("2024-02-29T12:30:15.25+02:00", 1_709_202_615),
            ("1969-12", -2_678_400),
        ] {
            assert!(matches!(Time::read(text), Some(Time::Date(found, _)) if found == seconds), "{text}");
        }
        assert_eq!(Time::read(" 17.5 "), Some(Time::Number(17.5)));
        for bad in
            ["", "yesterday", "2024-02-30", "2023-02-29", "2024-13-01", "2024-01-01T25:00", "2024-1-1", "NaN", "inf"]
        {
            assert_eq!(Time::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn ties_stay_on_one_side() {
        let times: Vec<Time> = [1, 2, 3, 3, 3, 3, 3, 4, 5, 6].iter().map(|&n| Time::Number(f64::from(n))).collect();
        assert_eq!(parts(&times, &[0.6, 0.4]), [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
        assert_eq!(parts(&times, &[0.3, 0.7]), [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(parts(&times, &[0.8, 0.1, 0.1]), [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }
}

//! A day of the calendar as a value that can be compared: validity of prices, expiry of goods.
//! It does not know what day it is, nor time zones.

use std::fmt;
use std::str::FromStr;

use super::time::TimeError;

/// A day of the Gregorian calendar, years 1 to 9999; prints as `2026-11-24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// The day, if the calendar has it.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Day> {
        let exists = (1..=9999).contains(&year) && (1..=days_in(year, month)).contains(&day);
        exists.then_some(Day { year, month, day })
    }

    /// The last day of a month, if the calendar has the month.
    #[must_use]
    pub fn month_end(year: u16, month: u8) -> Option<Day> {
        Day::new(year, month, days_in(year, month))
    }

    /// The day before; none before the first of all.
    #[must_use]
    pub fn previous(self) -> Option<Day> {
        let Day { year, month, day } = self;
        match (month, day) {
            (_, 2..) => Day::new(year, month, day - 1),
            (2.., _) => Day::month_end(year, month - 1),
            (_, _) => Day::month_end(year.checked_sub(1)?, 12),
        }
    }

    /// The day after this one, if the calendar goes on.
    #[must_use]
    pub fn next(self) -> Option<Day> {
        let Day { year, month, day } = self;
        let in_month = Day::new(year, month, day + 1);
        let in_year = || Day::new(year, month + 1, 1);
        in_month
            .or_else(in_year)
            .or_else(|| Day::new(year + 1, 1, 1))
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }
}

/// Days of a month; none if there is no such month.
fn days_in(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(is_leap),
        _ => 0,
    }
}

impl FromStr for Day {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let part = |from: usize, to: usize| {
            let digits = text
                .get(from..to)
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<u16>().ok()
        };
        let shaped = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let parts = shaped
            .then(|| Some((part(0, 4)?, part(5, 7)?, part(8, 10)?)))
            .flatten();
        let day = parts.and_then(|(year, month, day)| {
            Day::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
        });
        day.ok_or_else(|| TimeError {
            text: text.to_owned(),
            expected: "a day such as 2026-11-24",
        })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_read_and_print_as_they_were() {
        for text in [
            "2026-11-24",
            "2024-02-29",
            "2000-02-29",
            "0001-01-01",
            "9999-12-31",
        ] {
            assert_eq!(
                text.parse::<Day>().map(|day| day.to_string()).as_deref(),
                Ok(text)
            );
        }
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "0000-01-01",
            "2026-1-01",
            "2026/11/24",
            "20261124",
            "2026-11-24T",
            "+026-11-24",
            "2026-11-٢4",
            "",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_order_and_months_end() {
        assert!("2026-09-30".parse::<Day>().unwrap() < "2026-10-01".parse().unwrap());
        assert_eq!(Day::month_end(2024, 2), Day::new(2024, 2, 29));
        assert_eq!(Day::month_end(2026, 13), None);
        let next = |text: &str| {
            text.parse::<Day>()
                .unwrap()
                .next()
                .map(|day| day.to_string())
        };
        for (day, expected) in [
            ("2026-11-24", "2026-11-25"),
            ("2024-02-28", "2024-02-29"),
            ("2026-02-28", "2026-03-01"),
            ("2026-12-31", "2027-01-01"),
        ] {
            assert_eq!(next(day).as_deref(), Some(expected));
        }
        assert_eq!(next("9999-12-31"), None);
    }
}

//! A day as people write it, as `YYYY-MM-DD`: in the form that the caller names, or where it can be
//! one day alone. It does not know which day it is.

use std::str::FromStr;

use outfield_core::base::day::Day;

use crate::answer::CliFailure;

/// How days are written: the order of their parts, and what stands between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DateForm {
    said: String,
    parts: Vec<DatePart>,
    /// Whether nothing is said of what stands between.
    is_loose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DatePart {
    Day,
    Month,
    /// Of four digits.
    Year,
    /// The last two digits.
    ShortYear,
    Between(char),
}

/// The months by the letters that tell them apart.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// Two digits from here on are of the last century.
const CENTURY_TURN: u16 = 69;
/// Numbers by which spreadsheets count the days of our time.
const SERIAL_DAYS: std::ops::Range<u32> = 20_000..60_000;

impl DateForm {
    /// Reads `DD.MM.YYYY`, `M/D/YY`, `D MMM YYYY`, `%d/%m/%Y`, or the order alone: `dmy`.
    pub(crate) fn parse(said: &str) -> Result<DateForm, CliFailure> {
        let mut parts = Vec::new();
        let mut letters = said.chars().peekable();
        let mut is_percent = false;
        while let Some(letter) = letters.next() {
            let mut run = 1;
            while letters.next_if_eq(&letter).is_some() {
                run += 1;
            }
            let is_short = run == 2 || (run == 1 && is_percent && letter == 'y');
            parts.push(match letter {
                '%' => {
                    is_percent = true;
                    continue;
                }
                'd' | 'D' => DatePart::Day,
                'm' | 'M' | 'b' | 'B' => DatePart::Month,
                'y' | 'Y' if is_short => DatePart::ShortYear,
                'y' | 'Y' => DatePart::Year,
                between => DatePart::Between(between),
            });
        }
        let is_loose = parts.len() == 3 && said.len() == 3;
        let form = DateForm {
            said: said.to_owned(),
            parts,
            is_loose,
        };
        if form.is_whole() {
            return Ok(form);
        }
        let message = format!(
            "`{said}` is no form of days; such as DD.MM.YYYY, M/D/YY, or the order alone: dmy"
        );
        Err(CliFailure::bad_input("bad_date_format", message).about("date_format"))
    }

    fn is_whole(&self) -> bool {
        let count = |wanted: &[DatePart]| {
            let parts = self.parts.iter();
            parts.filter(|part| wanted.contains(part)).count()
        };
        let is_plain = self.parts.iter().all(|part| match part {
            DatePart::Between(letter) => !letter.is_alphanumeric(),
            DatePart::Day | DatePart::Month | DatePart::Year | DatePart::ShortYear => true,
        });
        let years = count(&[DatePart::Year, DatePart::ShortYear]);
        is_plain && [count(&[DatePart::Day]), count(&[DatePart::Month]), years] == [1, 1, 1]
    }

    fn read(&self, text: &str) -> Option<Day> {
        let mut rest = text;
        let (mut year, mut month, mut day) = (0, 0, 0);
        for (at, part) in self.parts.iter().enumerate() {
            if self.is_loose && at > 0 {
                rest = rest.trim_start_matches(is_between);
            }
            match part {
                DatePart::Between(letter) => rest = rest.strip_prefix(*letter)?,
                DatePart::Day => day = u8::try_from(digits(&mut rest, 2)?).ok()?,
                DatePart::Month => month = month_of(&mut rest)?,
                DatePart::Year => year = exact_digits(&mut rest, 4)?,
                DatePart::ShortYear => year = whole_year(exact_digits(&mut rest, 2)?),
            }
        }
        rest.is_empty()
            .then(|| Day::new(year, month, day))
            .flatten()
    }
}

fn whole_year(two_digits: u16) -> u16 {
    let century = if two_digits >= CENTURY_TURN {
        1900
    } else {
        2000
    };
    century + two_digits
}

fn is_between(letter: char) -> bool {
    matches!(letter, '-' | '/' | '.' | ',' | ' ')
}

/// Takes up to so many digits off the front.
fn digits(rest: &mut &str, most: usize) -> Option<u16> {
    let count = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    let (taken, after) = rest.split_at(count);
    *rest = after;
    taken.parse().ok()
}

fn exact_digits(rest: &mut &str, count: usize) -> Option<u16> {
    let before = rest.len();
    let number = digits(rest, count)?;
    (before - rest.len() == count).then_some(number)
}

/// Takes a month off the front, by number or name.
fn month_of(rest: &mut &str) -> Option<u8> {
    if rest.starts_with(|letter: char| letter.is_ascii_digit()) {
        return u8::try_from(digits(rest, 2)?).ok();
    }
    let count = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, after) = rest.split_at(count);
    *rest = after
        .strip_prefix('.')
        .filter(|_| count == 3)
        .unwrap_or(after);
    named_month(name)
}

fn named_month(name: &str) -> Option<u8> {
    let first = name.get(..3)?.to_lowercase();
    let at = MONTHS.iter().position(|month| *month == first)?;
    u8::try_from(at + 1).ok()
}

/// The day as `YYYY-MM-DD`. What nobody could take for a day stays as it is, for whoever reads it
/// says so.
pub(super) fn plain(text: &str, form: Option<&DateForm>) -> Result<String, String> {
    let day = without_time(text);
    if day.is_empty() {
        return Ok(String::new());
    }
    if let Some(day) = form
        .and_then(|form| form.read(day))
        .or_else(|| year_first(day))
    {
        return Ok(day.to_string());
    }
    if let Some(form) = form {
        return Err(format!("`{text}` is no day of the form {}", form.said));
    }
    unmistakable(day).map_err(|why| format!("`{text}` {why}"))
}

/// A spreadsheet writes a time beside a day; where it names no zone, the day is the day.
fn without_time(text: &str) -> &str {
    let Some((day, time)) = text.split_once(['T', ' ']) else {
        return text;
    };
    let is_time = time.contains(':')
        && time
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    if is_time { day } else { text }
}

/// `2026-11-24`, `2026/11/24`, `20261124`: nobody writes the year first and the day second.
fn year_first(text: &str) -> Option<Day> {
    let mut rest = text;
    let year = exact_digits(&mut rest, 4)?;
    let between = rest.chars().next()?;
    let is_parted = matches!(between, '-' | '/' | '.');
    if is_parted {
        let (month, day) = rest.strip_prefix(between)?.split_once(between)?;
        return Day::new(year, number(month)?, number(day)?);
    }
    let is_of_our_time = rest.len() == 4 && (1900..2100).contains(&year);
    let (month, day) = is_of_our_time.then(|| rest.split_at_checked(2)).flatten()?;
    Day::new(year, number(month)?, number(day)?)
}

fn number(part: &str) -> Option<u8> {
    let is_number = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| part.parse().ok()).flatten()
}

/// A day whose year comes last, where its parts leave one day alone.
fn unmistakable(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text
        .split(is_between)
        .filter(|part| !part.is_empty())
        .collect();
    let [one, other, year] = parts[..] else {
        return match text.parse::<u32>() {
            Ok(serial) if SERIAL_DAYS.contains(&serial) => {
                Err("is how a spreadsheet counts days; have it show the column as days".to_owned())
            }
            Ok(_) | Err(_) => Ok(text.to_owned()),
        };
    };
    let by_name = match (named_month(one), named_month(other)) {
        (None, None) => None,
        (Some(month), _) => Some((month, number(other))),
        (None, Some(month)) => Some((month, number(one))),
    };
    let is_short = year.len() == 2 && number(year).is_some();
    let has_parts = by_name.is_some() || (number(one).is_some() && number(other).is_some());
    if is_short && has_parts {
        return Err("says two digits of its year; say --date-format, such as DD.MM.YY".to_owned());
    }
    let Some(year) = u16::from_str(year).ok().filter(|_| year.len() == 4) else {
        return Ok(text.to_owned());
    };
    if let Some((month, day)) = by_name {
        return Ok(shown(day.and_then(|day| Day::new(year, month, day)), text));
    }
    let (Some(one), Some(other)) = (number(one), number(other)) else {
        return Ok(text.to_owned());
    };
    match (Day::new(year, other, one), Day::new(year, one, other)) {
        (Some(day_first), Some(month_first)) if day_first != month_first => Err(format!(
            "may be {day_first} or {month_first}; say --date-format, such as DD.MM.YYYY or \
             MM/DD/YYYY"
        )),
        (day_first, month_first) => Ok(shown(day_first.or(month_first), text)),
    }
}

fn shown(day: Option<Day>, text: &str) -> String {
    day.map_or_else(|| text.to_owned(), |day| day.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: Option<&str>, text: &str, expected: &str) {
        let form = form.map(|form| DateForm::parse(form).ok().unwrap());
        assert_eq!(
            plain(text, form.as_ref()).as_deref(),
            Ok(expected),
            "{text}"
        );
    }

    #[test]
    fn what_can_be_one_day_alone_is_read() {
        for (text, expected) in [
            ("1962-07-01", "1962-07-01"),
            ("1962/7/1", "1962-07-01"),
            ("19620701", "1962-07-01"),
            ("1962-07-01T00:00:00", "1962-07-01"),
            ("1962-07-01 14:30", "1962-07-01"),
            ("31/12/1999", "1999-12-31"),
            ("12/31/1999", "1999-12-31"),
            ("24.11.2026", "2026-11-24"),
            ("7/7/1962", "1962-07-07"),
            ("1 July 1962", "1962-07-01"),
            ("Jul 1, 1962", "1962-07-01"),
            ("24-Nov-2026", "2026-11-24"),
            ("", ""),
            ("tomorrow", "tomorrow"),
            ("1962-07-32", "1962-07-32"),
            ("32/13/1999", "32/13/1999"),
        ] {
            check(None, text, expected);
        }
    }

    #[test]
    fn what_may_be_two_days_is_neither_until_somebody_says() {
        let refused = |text: &str| plain(text, None).unwrap_err();
        assert!(refused("7/1/1962").contains("may be 1962-01-07 or 1962-07-01; say --date-format"));
        assert!(refused("01.07.1962").contains("--date-format"));
        assert!(refused("7/1/62").contains("two digits"));
        assert!(refused("24-Nov-26").contains("two digits"));
        assert!(refused("22828").contains("spreadsheet"));
        check(Some("M/D/YYYY"), "7/1/1962", "1962-07-01");
        check(Some("DD.MM.YYYY"), "01.07.1962", "1962-07-01");
        check(Some("DD.MM.YYYY"), "1962-07-01", "1962-07-01");
        check(Some("MM/DD/YY"), "7/1/62", "2062-07-01");
        check(Some("MM/DD/YY"), "7/1/70", "1970-07-01");
        check(Some("D-MMM-YY"), "24-Nov-26", "2026-11-24");
        check(Some("%d/%m/%Y"), "1/7/1962", "1962-07-01");
        check(Some("dmy"), "1.7.1962", "1962-07-01");
        check(Some("mdy"), "7/1/1962", "1962-07-01");
        check(Some("DDMMYYYY"), "01071962", "1962-07-01");
    }

    #[test]
    fn a_day_of_another_form_than_was_said_is_none() {
        let form = DateForm::parse("DD.MM.YYYY").ok().unwrap();
        for text in ["7/1/1962", "1.13.1962", "1.7.62", "1.7.1962 x", "soon"] {
            assert!(
                plain(text, Some(&form)).unwrap_err().contains("DD.MM.YYYY"),
                "{text}"
            );
        }
        for form in ["", "DD.MM", "DD.MM.YYYY.DD", "day", "DDxMMxYYYY"] {
            assert_eq!(
                DateForm::parse(form).err().unwrap().code,
                "bad_date_format",
                "{form}"
            );
        }
    }
}

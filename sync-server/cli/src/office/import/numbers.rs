//! A number as people write it, as one with a decimal point: `1.234,56`, `1,234.56`, `1 234,56` are
//! 1234.56. What may be two numbers is neither. It does not know what is counted.

use crate::arguments::ShownDecimal;

/// What stands before the digits of a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecimalMark {
    /// `1.25`
    Point,
    /// `1,25`
    Comma,
}

impl From<ShownDecimal> for DecimalMark {
    fn from(shown: ShownDecimal) -> Self {
        match shown {
            ShownDecimal::Comma => DecimalMark::Comma,
            ShownDecimal::Point => DecimalMark::Point,
        }
    }
}

impl DecimalMark {
    fn letter(self) -> char {
        match self {
            DecimalMark::Point => '.',
            DecimalMark::Comma => ',',
        }
    }
}

/// What kind of number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberForm {
    /// Its thousands may be set apart.
    Amount,
    /// It has no thousands.
    Degrees,
}

/// The number with a decimal point and nothing between its thousands. What is no number stays as it
/// is, for whoever reads it says so.
pub(super) fn plain(
    text: &str,
    form: NumberForm,
    said: Option<DecimalMark>,
    suggests_comma: bool,
) -> Result<String, String> {
    let (sign, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest.trim_start()),
        None => ("", text.strip_prefix('+').unwrap_or(text).trim_start()),
    };
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == ',';
    let is_number = digits
        .chars()
        .all(|letter| is_part(letter) || is_gap(letter));
    if !is_number || !digits.chars().any(|letter| letter.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    let mark = match said {
        Some(said) => Some(said.letter()),
        None => mark_of(digits, form, suggests_comma).map_err(|why| format!("`{text}` {why}"))?,
    };
    let (whole, fraction) = match mark.and_then(|mark| digits.split_once(mark)) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let is_whole = fraction.is_none_or(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(whole) = without_gaps(whole, mark).filter(|_| is_whole) else {
        let named = match mark {
            Some(',') => " with a decimal comma",
            Some(_) => " with a decimal point",
            None => "",
        };
        return Err(format!("`{text}` is no number{named}"));
    };
    Ok(match fraction {
        Some(fraction) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        Some(_) | None => format!("{sign}{whole}"),
    })
}

fn is_gap(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}'
    )
}

/// What stands before the fraction, as far as the number itself says it without a doubt.
fn mark_of(digits: &str, form: NumberForm, suggests_comma: bool) -> Result<Option<char>, String> {
    let mut marks = digits.chars().filter(|letter| matches!(letter, '.' | ','));
    let Some(first) = marks.next() else {
        return Ok(None);
    };
    let Some(last) = marks.next_back() else {
        return one_mark(digits, first, form, suggests_comma);
    };
    let is_mixed = first != last;
    Ok(is_mixed.then_some(last))
}

/// One mark, of which it is asked whether it sets a fraction apart or thousands.
fn one_mark(
    digits: &str,
    mark: char,
    form: NumberForm,
    suggests_comma: bool,
) -> Result<Option<char>, String> {
    let (whole, fraction) = digits.split_once(mark).unwrap_or_default();
    let may_group = form == NumberForm::Amount
        && fraction.len() == 3
        && (1..=3).contains(&whole.len())
        && !whole.starts_with('0');
    if may_group && (mark == ',' || suggests_comma) {
        return Err(format!(
            "may be {whole}{fraction} or {whole}.{fraction}; \
             say --decimal comma or --decimal point"
        ));
    }
    Ok(Some(mark))
}

/// The digits before the fraction; what sets them apart does so in threes from the right.
fn without_gaps(whole: &str, mark: Option<char>) -> Option<String> {
    let is_between =
        |letter: char| is_gap(letter) || (matches!(letter, '.' | ',') && Some(letter) != mark);
    let mut parts = whole.split(is_between);
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let in_threes = rest.iter().all(|part| part.len() == 3 && is_plain(part));
    let has_first = rest.is_empty() || (1..=3).contains(&first.len());
    let is_number = is_plain(first) && in_threes && has_first;
    let first = if first.is_empty() { "0" } else { first };
    is_number.then(|| [first, &rest.concat()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(said: Option<DecimalMark>, text: &str, expected: &str) {
        let read = plain(text, NumberForm::Amount, said, false);
        assert_eq!(read.as_deref(), Ok(expected), "{text}");
    }

    fn refused(said: Option<DecimalMark>, text: &str, suggests_comma: bool) -> String {
        plain(text, NumberForm::Amount, said, suggests_comma).unwrap_err()
    }

    #[test]
    fn what_cannot_be_mistaken_is_read() {
        for (text, expected) in [
            ("1.25", "1.25"),
            ("1,25", "1.25"),
            ("-1,5", "-1.5"),
            ("\u{2212}1.5", "-1.5"),
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1 234,56", "1234.56"),
            ("1\u{202f}234\u{202f}567,8", "1234567.8"),
            ("1'234.5", "1234.5"),
            ("1,234,567", "1234567"),
            ("1.234.567", "1234567"),
            ("0,125", "0.125"),
            ("1.250", "1.250"),
            ("12345,678", "12345.678"),
            ("+7", "7"),
            (",5", "0.5"),
            ("cheap", "cheap"),
            ("1e3", "1e3"),
            ("", ""),
            (".", "."),
        ] {
            check(None, text, expected);
        }
    }

    #[test]
    fn what_may_be_two_numbers_is_neither_until_somebody_says() {
        assert_eq!(
            refused(None, "1,250", false),
            "`1,250` may be 1250 or 1.250; say --decimal comma or --decimal point"
        );
        assert!(refused(None, "1.250", true).contains("--decimal"));
        check(Some(DecimalMark::Comma), "1,250", "1.250");
        check(Some(DecimalMark::Point), "1,250", "1250");
        check(Some(DecimalMark::Comma), "1.250", "1250");
        check(Some(DecimalMark::Comma), "1.250,5", "1250.5");
    }

    #[test]
    fn thousands_are_set_apart_in_threes() {
        for text in ["1.25", "1.2.3,4", "12 34", "1,5,5"] {
            assert!(
                refused(Some(DecimalMark::Comma), text, false).contains("no number"),
                "{text}"
            );
        }
        assert!(refused(None, "1,2,3", false).contains("no number"));
        assert!(refused(None, "1.2,3,4", false).contains("no number"));
    }

    #[test]
    fn degrees_have_no_thousands() {
        let read = plain("36,342", NumberForm::Degrees, None, true);
        assert_eq!(read.as_deref(), Ok("36.342"));
    }
}

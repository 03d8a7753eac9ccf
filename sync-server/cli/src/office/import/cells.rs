//! What a cell says, as a person or a spreadsheet wrote it: its text in one line, and yes, numbers
//! and days in the one form that fields are read from. What a spreadsheet spoilt is named as such.
//! It does not know which column a cell is of.

use outfield_core::base::country::Country;
use outfield_core::base::gtin;
use outfield_core::objects::FieldKind;

use super::days::{self, DateForm};
use super::numbers::{self, DecimalMark, NumberForm};
use crate::office::csv_writer;

/// How the cells of a file are written, as far as that is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct CellForms {
    /// How days are written.
    pub(crate) date: Option<DateForm>,
    /// What stands before the digits of a fraction.
    pub(crate) decimal: Option<DecimalMark>,
    /// Whether nobody said so, and the file looks like one with decimal commas.
    pub(crate) suggests_comma: bool,
    /// Where phone numbers are dialled that name no country.
    pub(crate) country: Option<Country>,
}

/// What people and spreadsheets write for yes, in small letters.
const YES: &[&str] = &[
    "true",
    "yes",
    "y",
    "1",
    "x",
    "wahr",
    "ja",
    "vrai",
    "oui",
    "verdadero",
];
/// And for no.
const NO: &[&str] = &[
    "false", "no", "n", "0", "falsch", "nein", "faux", "non", "falso",
];
/// What a spreadsheet writes in place of what it could not compute.
const ERRORS: &[&str] = &[
    "#N/A", "#NV", "#REF!", "#BEZUG!", "#VALUE!", "#WERT!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!",
    "#ZAHL!", "#SPILL!", "#CALC!",
];

/// The text of a cell in one line: line breaks and tabs are blanks, and what keeps a text from
/// being a formula is taken off.
pub(super) fn one_line(cell: &str) -> String {
    let cell = bare(cell);
    if !cell.contains([
        '\n', '\r', '\t', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ]) {
        return cell.to_owned();
    }
    let lines = cell.split([
        '\n', '\r', '\t', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ]);
    let lines = lines.map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// A cell without blanks around it; `="0360"`, by which zeros are kept in a spreadsheet, is 0360.
fn bare(cell: &str) -> &str {
    let cell = cell.trim();
    let kept = cell
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    match kept {
        Some(kept) if !kept.contains('"') => kept.trim(),
        Some(_) | None => csv_writer::unguarded(cell).trim(),
    }
}

impl CellForms {
    /// What a cell says, for a field of this kind.
    pub(super) fn plain(&self, kind: FieldKind, cell: &str) -> Result<String, String> {
        let text = legible(cell)?;
        match kind {
            FieldKind::Boolean => Ok(yes_or_no(&text)),
            FieldKind::Integer => Ok(without_fraction(self.number(&text, NumberForm::Amount)?)),
            FieldKind::Decimal => self.number(&text, NumberForm::Amount),
            FieldKind::Day => days::plain(&text, self.date.as_ref()),
            FieldKind::Gtin | FieldKind::Phone => whole_code(text, kind),
            FieldKind::Text
            | FieldKind::Time
            | FieldKind::Position
            | FieldKind::Reference
            | FieldKind::Choice
            | FieldKind::Email
            | FieldKind::TimeZone
            | FieldKind::Blob => Ok(text),
        }
    }

    /// A number as one may be written: an amount, or degrees.
    pub(super) fn number(&self, text: &str, form: NumberForm) -> Result<String, String> {
        let text = legible(text)?;
        numbers::plain(&text, form, self.decimal, self.suggests_comma)
    }
}

/// The one line of a cell, unless a spreadsheet failed at it or nobody could read it.
pub(super) fn legible(cell: &str) -> Result<String, String> {
    let text = one_line(cell);
    if ERRORS.contains(&text.as_str()) || (text.len() > 2 && text.bytes().all(|b| b == b'#')) {
        return Err(format!(
            "`{text}` is what a spreadsheet writes where it could not show a value; \
             write the value"
        ));
    }
    match text.chars().find(|letter| letter.is_control()) {
        None => Ok(text),
        Some(control) => {
            let code = u32::from(control);
            Err(format!(
                "it holds the control character U+{code:04X}; take it out"
            ))
        }
    }
}

fn yes_or_no(text: &str) -> String {
    let small = text.to_lowercase();
    let word = |words: &[&str]| words.contains(&small.as_str());
    match (word(YES), word(NO)) {
        (true, _) => "true".to_owned(),
        (false, true) => "false".to_owned(),
        (false, false) => text.to_owned(),
    }
}

/// `12.0` and `12.00` are 12.
fn without_fraction(number: String) -> String {
    match number.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole.to_owned(),
        Some(_) | None => number,
    }
}

/// A code whose every digit counts, unless a spreadsheet took it for a number.
fn whole_code(text: String, kind: FieldKind) -> Result<String, String> {
    if let Some(why) = shortened(&text) {
        return Err(why);
    }
    let is_good = kind != FieldKind::Gtin || kind.parse(&text).is_ok();
    match lost_zero(&text).filter(|_| !is_good) {
        Some(why) => Err(why),
        None => Ok(text),
    }
}

/// Why a code has lost digits: `4.00638E+12` is what a spreadsheet makes of a long number.
pub(super) fn shortened(text: &str) -> Option<String> {
    let (digits, exponent) = text.split_once(['e', 'E'])?;
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let digits: String = digits.chars().filter(|c| !matches!(c, '.' | ',')).collect();
    if !is_number(&digits) || !is_number(exponent) || exponent.len() > 3 {
        return None;
    }
    Some(format!(
        "`{text}` is a long number that a spreadsheet shortened, and its last digits are lost; \
         take the code from its source, into a column that is formatted as text"
    ))
}

/// Why a GTIN is too short: a spreadsheet takes zeros in front away.
fn lost_zero(text: &str) -> Option<String> {
    let bare = text.strip_suffix(".0").unwrap_or(text);
    let is_number = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
    let whole = [8, 12, 13, 14]
        .into_iter()
        .find(|length| *length >= bare.len())?;
    let full = format!("{bare:0>whole$}");
    let may_be = is_number && bare.len() > 6 && !bare.starts_with('0') && full != text;
    if !may_be || gtin::normalised(&full).is_err() {
        return None;
    }
    Some(format!(
        "`{text}` is not a GTIN: a spreadsheet took zeros in front away, or made a number of it; \
         write `{full}` if that is the product's, in a column that is formatted as text"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: FieldKind, cell: &str) -> String {
        CellForms::default()
            .plain(kind, cell)
            .unwrap_or_else(|why| format!("! {why}"))
    }

    #[test]
    fn a_cell_is_one_line() {
        for (cell, expected) in [
            (" 12 Main St\r\n  Suite 4 \n\n", "12 Main St Suite 4"),
            ("a\tb", "a b"),
            ("=\"036000291452\"", "036000291452"),
            ("'=1+1", "=1+1"),
            ("'+14795550100", "+14795550100"),
            ("'n' Roll", "'n' Roll"),
            ("\u{a0}x\u{a0}", "x"),
        ] {
            assert_eq!(read(FieldKind::Text, cell), expected, "{cell:?}");
        }
        assert!(read(FieldKind::Text, "a\u{1}b").contains("U+0001"));
        assert!(read(FieldKind::Text, "#REF!").contains("spreadsheet"));
        assert!(read(FieldKind::Text, "########").contains("spreadsheet"));
        assert_eq!(read(FieldKind::Text, "#1"), "#1");
    }

    #[test]
    fn yes_and_no_are_known_in_the_words_of_spreadsheets() {
        for yes in ["TRUE", "Yes", "1", "y", "WAHR", "true"] {
            assert_eq!(read(FieldKind::Boolean, yes), "true", "{yes}");
        }
        for no in ["FALSE", "No", "0", "n", "FAUX", "false"] {
            assert_eq!(read(FieldKind::Boolean, no), "false", "{no}");
        }
        assert_eq!(read(FieldKind::Boolean, "maybe"), "maybe");
        assert_eq!(read(FieldKind::Boolean, ""), "");
    }

    #[test]
    fn a_code_that_a_spreadsheet_took_for_a_number_is_named() {
        for (cell, word) in [
            ("4.00638E+12", "shortened"),
            ("4,00638E+12", "shortened"),
            ("4e12", "shortened"),
            ("36000291452", "write `036000291452`"),
            ("4006381333931.0", "write `4006381333931`"),
        ] {
            let told = read(FieldKind::Gtin, cell);
            assert!(told.starts_with("! ") && told.contains(word), "{told}");
        }
        for as_it_is in [
            "036000291452",
            "4006381333931",
            "4006381333932",
            "0096385074",
            "E12",
        ] {
            assert_eq!(
                read(FieldKind::Gtin, as_it_is),
                as_it_is,
                "the core judges it"
            );
        }
        assert!(read(FieldKind::Phone, "1.47956E+10").contains("shortened"));
    }

    #[test]
    fn whole_numbers_may_have_an_empty_fraction() {
        assert_eq!(read(FieldKind::Integer, "12.0"), "12");
        assert_eq!(read(FieldKind::Integer, "12.5"), "12.5");
    }
}

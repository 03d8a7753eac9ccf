//! Plain numbers of goods: EAN-8, EAN-13, UPC-A, UPC-E and ITF-14. It does not know elements.

use super::scanned::Scan;
use crate::base::gtin;

/// Digits that a number of goods may have.
const LENGTHS: &[usize] = &[6, 7, 8, 12, 13, 14];
/// Digits of EAN-13 with a number of two or five digits beside it, and of UPC-A with one of five.
const WITH_ADD_ON: &[(usize, usize)] = &[(15, 13), (18, 13), (17, 12)];
/// Letters that a scanner may put before or behind a number, at most.
const MARKS_MAX: usize = 4;
/// What some scanners put before UPC-E.
const UPC_E_MARK: &str = "E";

/// Whether a text can be nothing but a plain number.
pub(super) fn is_number(text: &str) -> bool {
    LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A plain number. Eight digits may be both EAN-8 and UPC-E.
pub(super) fn plain(text: &str) -> Result<Scan, String> {
    if let Some(gtin) = gtin::expanded_short(text).filter(|_| is_number(text)) {
        return Ok(of(gtin));
    }
    let as_it_stands = gtin::normalised(text);
    let expanded = gtin::expanded(text).ok();
    match (as_it_stands, expanded) {
        (Ok(gtin), or_gtin) => Ok(Scan {
            or_gtin,
            ..of(gtin)
        }),
        (Err(_), Some(gtin)) => Ok(of(gtin)),
        (Err(error), None) => Err(error.reason),
    }
}

/// What a code of the shops carries: eight digits are UPC-E here. A number beside it is passed
/// over.
pub(super) fn retail(text: &str) -> Result<Scan, String> {
    if let Ok(gtin) = gtin::expanded(text) {
        return Ok(of(gtin));
    }
    let add_on = WITH_ADD_ON.iter().find(|(whole, _)| *whole == text.len());
    match add_on.and_then(|(_, own)| text.get(..*own)) {
        Some(own) => plain(own),
        None => plain(text),
    }
}

/// The one number among marks that a scanner or a person put around and between its digits.
pub(super) fn among_marks(text: &str) -> Option<Scan> {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let body = text.trim_matches(|letter: char| !is_digit(letter));
    let (before, behind) = text.split_once(body)?;
    if before.chars().count() > MARKS_MAX || behind.chars().count() > MARKS_MAX {
        return None;
    }
    let parts = |letter: char| letter == ' ' || letter == '-' || letter == '\u{a0}';
    let digits: String = body.chars().filter(|letter| !parts(*letter)).collect();
    if before == UPC_E_MARK && digits.len() <= 8 {
        return retail(&digits).ok();
    }
    if is_number(&digits) {
        return plain(&digits).ok();
    }
    // Books and periodicals alone have a number beside theirs.
    let is_printed = digits.starts_with("97") && digits.bytes().all(|byte| byte.is_ascii_digit());
    retail(&digits).ok().filter(|_| is_printed)
}

fn of(gtin: String) -> Scan {
    Scan {
        gtin: Some(gtin),
        ..Scan::default()
    }
}

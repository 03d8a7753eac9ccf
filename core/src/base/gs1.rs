//! What a scanner reads: GS1 element strings, in brackets or raw, GS1 Digital Links, and plain EAN
//! and UPC numbers, with whatever scanners put around them. It reads what stands there; which
//! elements must stand together, and what the goods are, it does not know. Source: GS1 General
//! Specifications, sections 3 (identifiers), 5.10 (symbology), 7.12 (century) and 7.11
//! (characters).

mod elements;
mod identifiers;
mod link;
mod number;
mod scanned;

use super::day::Day;
use super::text::is_unseen;

use elements::SEPARATOR;
pub use identifiers::measure_identifier;
pub use scanned::{Scan, ScanError};

/// What a separator is written as where a scanner may not send it.
const SEPARATOR_SPELT: &[&str] = &[
    "<GS>", "{GS}", "[GS]", "<FNC1>", "{FNC1}", "\\x1d", "\\x1D", "\\u001d", "\\u001D", "~d029",
    "%1D", "^]", "\u{241d}",
];
/// What else stands for it, where nothing else does: GS1 data has none of these.
const SEPARATOR_MARKS: &[char] = &['|', '~', '^', '{', '}', '\u{1e}', '\t', ' '];

/// Symbology identifiers of codes that carry element strings: GS1-128, GS1 DataBar, GS1 DataMatrix,
/// GS1 QR Code, GS1 DotCode.
const ELEMENT_SYMBOLS: &[&str] = &["C1", "e0", "d2", "Q3", "J1"];
/// Symbology identifiers of EAN-13, UPC-A and UPC-E, the last with a number of two or five digits
/// beside it.
const RETAIL_SYMBOLS: &[&str] = &["E0", "E3"];
/// The symbology identifier of EAN-8.
const EAN_8_SYMBOL: &str = "E4";

/// Reads a scan: `(01)04006381333931(17)270600`, the same raw with or without a symbology
/// identifier, a GS1 Digital Link, or a plain number; blanks, tabs, line ends and marks around it
/// are no matter. `today` decides the century of two-digit years. Without a symbology identifier,
/// 8, 12, 13 or 14 digits are a plain number.
pub fn read(text: &str, today: Day) -> Result<Scan, ScanError> {
    let wrong = |reason: String| ScanError {
        text: text.replace(SEPARATOR, " "),
        reason,
    };
    let around = |letter: char| {
        letter.is_whitespace()
            || (letter != SEPARATOR && (letter.is_control() || is_unseen(letter)))
    };
    let scanned = text.trim_matches(around);
    let symbol = scanned.strip_prefix(']').and_then(|rest| rest.get(..2));
    let Some(symbol) = symbol else {
        return anything(scanned, today).map_err(wrong);
    };
    let body = scanned[1 + symbol.len()..].trim_matches(around);
    let read = if ELEMENT_SYMBOLS.contains(&symbol) {
        elements(body, today)
    } else if RETAIL_SYMBOLS.contains(&symbol) {
        number::retail(body)
    } else if symbol == EAN_8_SYMBOL {
        number::plain(body)
    } else {
        anything(body, today)
    };
    read.map_err(wrong)
}

/// A scan of which nobody says what it is.
fn anything(text: &str, today: Day) -> Result<Scan, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if link::is_link(text) {
        return link::read(text, today);
    }
    if text.starts_with('(') {
        return elements::bracketed(text, today);
    }
    if number::is_number(text) {
        return number::plain(text);
    }
    let read = elements(text, today);
    match read {
        // Nobody said that these are elements: they must say what they are about.
        Ok(scan) if scan.names_goods() || text.starts_with(SEPARATOR) => Ok(scan),
        Ok(_) => number::among_marks(text)
            .ok_or_else(|| "it names neither goods nor a parcel nor a place".to_owned()),
        Err(reason) => number::among_marks(text).ok_or(reason),
    }
}

/// Element strings however their separators came, and what stands for them in codes that carry
/// nothing else.
fn elements(text: &str, today: Day) -> Result<Scan, String> {
    if text.starts_with('(') {
        return elements::bracketed(text, today);
    }
    if link::is_link(text) {
        return link::read(text, today);
    }
    let mut plain = text.to_owned();
    for spelt in SEPARATOR_SPELT {
        plain = plain.replace(spelt, "\u{1d}");
    }
    // A separator at the beginning says what the code is, and parts nothing.
    if !plain.trim_start_matches(SEPARATOR).contains(SEPARATOR) {
        for mark in SEPARATOR_MARKS {
            if plain.contains(*mark)
                && let Ok(scan) = elements::raw(&plain.replace(*mark, "\u{1d}"), today)
            {
                return Ok(scan);
            }
        }
    }
    elements::raw(&plain, today)
}

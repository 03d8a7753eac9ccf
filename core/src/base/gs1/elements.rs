//! Element strings, raw or with their identifiers in brackets. What has an identifier that is not
//! read here is passed over by its length or up to its separator. It does not know what an
//! element means: `identifiers` does.

use super::identifiers::{Element, Identifier, Length, lookup};
use super::scanned::Scan;
use crate::base::day::Day;

/// FNC1 as a scanner sends it after an element of variable length.
pub(super) const SEPARATOR: char = '\u{1d}';

/// How an element looks whose identifier begins with two digits, whether or not it is read here.
#[derive(Clone, Copy)]
struct Shape {
    /// Digits of its identifier.
    identifier: usize,
    /// How many characters its data has, where every such element has as many; else it ends at a
    /// separator.
    fixed: Option<usize>,
}

/// The shape of elements by the first two digits, as the specifications reserve them; none where
/// nothing is reserved.
fn shape(two_digits: &str) -> Option<Shape> {
    let of = |identifier, fixed| Some(Shape { identifier, fixed });
    match two_digits {
        "00" => of(2, Some(18)),
        "01" | "02" | "03" => of(2, Some(14)),
        "04" => of(2, Some(16)),
        "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" => of(2, Some(6)),
        "20" => of(2, Some(2)),
        "31" | "32" | "33" | "34" | "35" | "36" => of(4, Some(6)),
        "41" => of(3, Some(13)),
        "10" | "21" | "22" | "30" | "37" => of(2, None),
        "90" | "91" | "92" | "93" | "94" | "95" | "96" | "97" | "98" | "99" => of(2, None),
        "23" | "24" | "25" | "40" | "42" | "71" => of(3, None),
        "39" | "43" | "70" | "72" | "80" | "81" | "82" => of(4, None),
        _ => None,
    }
}

/// Elements one after another; one of variable length ends at a separator or at the end. A
/// separator after one of fixed length is needless and allowed.
pub(super) fn raw(text: &str, today: Day) -> Result<Scan, String> {
    let mut scan = Scan::default();
    let mut rest = text.trim_start_matches(SEPARATOR);
    if rest.is_empty() {
        return Err("it is empty".to_owned());
    }
    while !rest.is_empty() {
        rest = element(&mut scan, rest, today)?.trim_start_matches(SEPARATOR);
    }
    something(scan)
}

/// Reads or passes over the element that a text begins with; answers what follows it.
fn element<'a>(scan: &mut Scan, text: &'a str, today: Day) -> Result<&'a str, String> {
    let shape = text.get(..2).and_then(shape);
    let parts = shape.and_then(|shape| {
        let identifier = text.get(..shape.identifier)?;
        let is_number = identifier.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some((shape, identifier, &text[shape.identifier..]))
    });
    let Some((shape, identifier, behind)) = parts else {
        scan.unread.push(text.chars().take(4).collect());
        let stop = text.find(SEPARATOR).unwrap_or(text.len());
        return Ok(&text[stop..]);
    };
    let known = lookup(identifier);
    let stop = behind.find(SEPARATOR).unwrap_or(behind.len());
    let fixed = match known.map(|known| known.length) {
        Some(Length::Exactly(length)) => Some(length),
        Some(Length::UpTo(_)) | None => shape.fixed,
    };
    let end = match fixed {
        Some(length) if behind.is_char_boundary(length.min(stop)) => length.min(stop),
        Some(_) | None => stop,
    };
    let (data, left) = behind.split_at(end);
    let found = Element {
        identifier,
        data: bare(data),
        today,
    };
    match known {
        Some(known) => Identifier::take(known, scan, &found)?,
        None => scan.unread.push(identifier.to_owned()),
    }
    Ok(left)
}

/// Elements with their identifiers in brackets, as people read them. Two to four digits in brackets
/// always begin an element, although data may hold brackets too.
pub(super) fn bracketed(text: &str, today: Day) -> Result<Scan, String> {
    let mut scan = Scan::default();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(length) = opens(rest) else {
            return Err(format!("an identifier is expected at `{rest}`"));
        };
        let (identifier, after) = (&rest[1..=length], &rest[length + 2..]);
        let starts = after
            .char_indices()
            .filter(|(_, letter)| *letter == '(')
            .map(|(at, _)| at);
        let end = starts
            .into_iter()
            .find(|at| opens(&after[*at..]).is_some())
            .unwrap_or(after.len());
        let (data, left) = after.split_at(end);
        let found = Element {
            identifier,
            data: bare(data),
            today,
        };
        match lookup(identifier) {
            Some(known) => Identifier::take(known, &mut scan, &found)?,
            None => scan.unread.push(identifier.to_owned()),
        }
        rest = left;
    }
    something(scan)
}

/// Data without what stands around it: no element has blanks.
fn bare(data: &str) -> &str {
    data.trim_matches(|letter: char| letter.is_whitespace() || letter == SEPARATOR)
}

/// How many digits the identifier in brackets has that a text begins with.
fn opens(text: &str) -> Option<usize> {
    let length = text.strip_prefix('(')?.find(')')?;
    let is_identifier =
        (2..=4).contains(&length) && text[1..=length].bytes().all(|byte| byte.is_ascii_digit());
    is_identifier.then_some(length)
}

/// The scan, unless nothing of it was read.
fn something(scan: Scan) -> Result<Scan, String> {
    match scan.unread.first() {
        Some(first) if scan.is_empty() => {
            Err(format!("`{first}` is no identifier that is read here"))
        }
        Some(_) | None => Ok(scan),
    }
}

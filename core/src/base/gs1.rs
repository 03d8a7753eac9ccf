//! What a scanner reads from a GS1 barcode: element strings, in brackets or raw, and plain EAN and
//! UPC numbers. It reads what stands there; which elements must stand together, and what the goods
//! are, it does not know. Source: GS1 General Specifications, sections 3 (identifiers), 5.10
//! (symbology), 7.12 (century) and 7.11 (characters).

use super::codes::{CodeError, check_gln, check_sscc};
use super::day::Day;
use super::decimal::Decimal;
use super::gtin;

/// FNC1 as a scanner sends it after an element of variable length.
const SEPARATOR: char = '\u{1d}';

/// Symbology identifiers of codes that carry element strings: GS1-128, GS1 DataBar, GS1 DataMatrix,
/// GS1 QR Code.
const ELEMENT_SYMBOLS: &[&str] = &["]C1", "]e0", "]d2", "]Q3"];
/// Symbology identifiers of codes that carry one plain number: EAN-13 and UPC, EAN-8, ITF-14.
const NUMBER_SYMBOLS: &[&str] = &["]E0", "]E4", "]I1"];

/// A scan that could not be read, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scan `{text}` cannot be read: {reason}")]
pub struct ScanError {
    /// What was scanned, separators shown as a blank.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a barcode says.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Scan {
    /// 00: the parcel or pallet, as an SSCC.
    pub sscc: Option<String>,
    /// 01, or a plain number: the trade item, as a GTIN of 14 digits.
    pub gtin: Option<String>,
    /// 02: the trade items inside, as a GTIN of 14 digits.
    pub content: Option<String>,
    /// 10: the batch.
    pub batch: Option<String>,
    /// 11: the day of production.
    pub produced: Option<Day>,
    /// 15: the day up to which it is at its best.
    pub best_before: Option<Day>,
    /// 17: the day after which it may not be used.
    pub expiry: Option<Day>,
    /// 21: the serial number.
    pub serial: Option<String>,
    /// 310n: the net weight in kilograms.
    pub net_weight_kg: Option<Decimal>,
    /// 37: how many trade items are inside.
    pub count: Option<u32>,
    /// 414: the place, as a GLN.
    pub location: Option<String>,
}

/// How long an element's data is.
#[derive(Clone, Copy)]
enum Length {
    Exactly(usize),
    UpTo(usize),
}

/// One element as it stands in the text.
struct Element<'a> {
    identifier: &'a str,
    data: &'a str,
    today: Day,
}

/// An application identifier that is read.
struct Identifier {
    /// Its digits; `n` stands for one digit: how many decimals there are, 0 to 5.
    pattern: &'static str,
    length: Length,
    take: fn(&mut Scan, &Element<'_>) -> Result<(), String>,
}

const fn identifier(
    pattern: &'static str,
    length: Length,
    take: fn(&mut Scan, &Element<'_>) -> Result<(), String>,
) -> Identifier {
    Identifier {
        pattern,
        length,
        take,
    }
}

/// The application identifiers that are read.
const IDENTIFIERS: &[Identifier] = &[
    identifier("00", Length::Exactly(18), |scan, element| {
        put(&mut scan.sscc, element.numbered(check_sscc)?)
    }),
    identifier("01", Length::Exactly(14), |scan, element| {
        put(&mut scan.gtin, element.gtin()?)
    }),
    identifier("02", Length::Exactly(14), |scan, element| {
        put(&mut scan.content, element.gtin()?)
    }),
    identifier("10", Length::UpTo(20), |scan, element| {
        put(&mut scan.batch, element.characters()?)
    }),
    identifier("11", Length::Exactly(6), |scan, element| {
        put(&mut scan.produced, element.day()?)
    }),
    identifier("15", Length::Exactly(6), |scan, element| {
        put(&mut scan.best_before, element.day()?)
    }),
    identifier("17", Length::Exactly(6), |scan, element| {
        put(&mut scan.expiry, element.day()?)
    }),
    identifier("21", Length::UpTo(20), |scan, element| {
        put(&mut scan.serial, element.characters()?)
    }),
    identifier("310n", Length::Exactly(6), |scan, element| {
        put(&mut scan.net_weight_kg, element.decimal()?)
    }),
    identifier("37", Length::UpTo(8), |scan, element| {
        put(&mut scan.count, element.whole()?)
    }),
    identifier("414", Length::Exactly(13), |scan, element| {
        put(&mut scan.location, element.numbered(check_gln)?)
    }),
];

/// Reads a scan: `(01)04006381333931(17)270600`, the same raw with or without a symbology
/// identifier, or a plain number. `today` decides the century of two-digit years. Without a
/// symbology identifier, 8, 12, 13 or 14 digits are a plain number.
pub fn read(text: &str, today: Day) -> Result<Scan, ScanError> {
    let wrong = |reason: String| ScanError {
        text: text.replace(SEPARATOR, " "),
        reason,
    };
    let scanned = text.trim_end_matches(['\r', '\n']);
    let carries = |symbols: &[&str]| {
        symbols
            .iter()
            .find_map(|symbol| scanned.strip_prefix(symbol))
    };
    if let Some(elements) = carries(ELEMENT_SYMBOLS) {
        return raw(elements, today).map_err(wrong);
    }
    if let Some(number) = carries(NUMBER_SYMBOLS) {
        return plain(number).map_err(wrong);
    }
    if scanned.starts_with(']') {
        return Err(wrong(
            "its symbology is none that carries GS1 data".to_owned(),
        ));
    }
    if scanned.starts_with('(') {
        return bracketed(scanned, today).map_err(wrong);
    }
    let is_number = scanned.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && [8, 12, 13, 14].contains(&scanned.len()) {
        return plain(scanned).map_err(wrong);
    }
    raw(scanned, today).map_err(wrong)
}

fn plain(number: &str) -> Result<Scan, String> {
    let gtin = gtin::normalised(number).map_err(|error| error.reason)?;
    Ok(Scan {
        gtin: Some(gtin),
        ..Scan::default()
    })
}

/// Elements one after another; one of variable length ends at a separator or at the end. A
/// separator after one of fixed length is needless and allowed.
fn raw(text: &str, today: Day) -> Result<Scan, String> {
    let mut scan = Scan::default();
    let mut rest = text.strip_prefix(SEPARATOR).unwrap_or(text);
    if rest.is_empty() {
        return Err("it is empty".to_owned());
    }
    while !rest.is_empty() {
        let (identifier, after) = split_identifier(rest)?;
        let known = lookup(identifier)?;
        let stop = after.find(SEPARATOR).unwrap_or(after.len());
        let end = match known.length {
            Length::Exactly(length) if after.is_char_boundary(length.min(stop)) => length.min(stop),
            Length::Exactly(_) | Length::UpTo(_) => stop,
        };
        let (data, left) = after.split_at(end);
        take(
            &mut scan,
            known,
            &Element {
                identifier,
                data,
                today,
            },
        )?;
        rest = left.strip_prefix(SEPARATOR).unwrap_or(left);
    }
    Ok(scan)
}

/// Elements with their identifiers in brackets, as people read them. Two to four digits in brackets
/// always begin an element, although data may hold brackets too.
fn bracketed(text: &str, today: Day) -> Result<Scan, String> {
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
        take(
            &mut scan,
            lookup(identifier)?,
            &Element {
                identifier,
                data,
                today,
            },
        )?;
        rest = left;
    }
    Ok(scan)
}

/// How many digits the identifier in brackets has that a text begins with.
fn opens(text: &str) -> Option<usize> {
    let length = text.strip_prefix('(')?.find(')')?;
    let is_identifier =
        (2..=4).contains(&length) && text[1..=length].bytes().all(|byte| byte.is_ascii_digit());
    is_identifier.then_some(length)
}

/// The identifier that a raw text begins with, and what follows it.
fn split_identifier(text: &str) -> Result<(&str, &str), String> {
    let known = IDENTIFIERS.iter().find_map(|known| {
        let length = known.pattern.len();
        let start = text.get(..length)?;
        fits(known.pattern, start).then(|| text.split_at(length))
    });
    known.ok_or_else(|| unknown(&text.chars().take(4).collect::<String>()))
}

fn lookup(identifier: &str) -> Result<&'static Identifier, String> {
    IDENTIFIERS
        .iter()
        .find(|known| fits(known.pattern, identifier))
        .ok_or_else(|| unknown(identifier))
}

fn fits(pattern: &str, identifier: &str) -> bool {
    let same =
        |(wanted, is): (u8, u8)| wanted == is || (wanted == b'n' && (b'0'..=b'5').contains(&is));
    pattern.len() == identifier.len() && pattern.bytes().zip(identifier.bytes()).all(same)
}

fn unknown(identifier: &str) -> String {
    let known: Vec<&str> = IDENTIFIERS.iter().map(|known| known.pattern).collect();
    format!(
        "`{identifier}` is no identifier that is read here; there are {}",
        known.join(", ")
    )
}

fn take(scan: &mut Scan, known: &Identifier, element: &Element<'_>) -> Result<(), String> {
    let Element {
        identifier, data, ..
    } = element;
    let length = data.chars().count();
    match known.length {
        Length::Exactly(wanted) if length != wanted => {
            return Err(format!(
                "({identifier}) has {length} characters; {wanted} are needed"
            ));
        }
        Length::UpTo(most) if length == 0 || length > most => {
            return Err(format!(
                "({identifier}) has {length} characters; 1 to {most} are possible"
            ));
        }
        Length::Exactly(_) | Length::UpTo(_) => {}
    }
    (known.take)(scan, element).map_err(|reason| format!("({identifier}) `{data}`: {reason}"))
}

/// Keeps a value; the same element may stand there again, another value may not.
fn put<T: PartialEq>(place: &mut Option<T>, value: T) -> Result<(), String> {
    if place.as_ref().is_some_and(|before| *before != value) {
        return Err("it stands there twice with different data".to_owned());
    }
    *place = Some(value);
    Ok(())
}

impl Element<'_> {
    fn numbered(&self, check: fn(&str) -> Result<(), CodeError>) -> Result<String, String> {
        check(self.data).map_err(|error| error.reason)?;
        Ok(self.data.to_owned())
    }

    fn gtin(&self) -> Result<String, String> {
        gtin::normalised(self.data).map_err(|error| error.reason)
    }

    /// The characters of GS1's set 82.
    fn characters(&self) -> Result<String, String> {
        const MARKS: &str = "!\"%&'()*+,-./:;<=>?_";
        match self
            .data
            .chars()
            .find(|letter| !letter.is_ascii_alphanumeric() && !MARKS.contains(*letter))
        {
            None => Ok(self.data.to_owned()),
            Some(letter) => Err(format!("{letter:?} has no place in it")),
        }
    }

    fn whole(&self) -> Result<u32, String> {
        let is_number = self.data.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| self.data.parse().ok()).flatten();
        number.ok_or_else(|| "it is made of digits alone".to_owned())
    }

    fn decimal(&self) -> Result<Decimal, String> {
        let decimals = self
            .identifier
            .bytes()
            .last()
            .map_or(0, |digit| digit.saturating_sub(b'0'));
        Decimal::new(i128::from(self.whole()?), decimals).map_err(|error| error.reason)
    }

    /// YYMMDD; a day of 00 is the last of its month.
    fn day(&self) -> Result<Day, String> {
        let digits = self.whole()?;
        let (year, month, day) = (digits / 10_000, digits / 100 % 100, digits % 100);
        let year = full_year(year, u32::from(self.today.year()));
        let part = |number: u32| u8::try_from(number).ok();
        let found = u16::try_from(year)
            .ok()
            .zip(part(month))
            .and_then(|(year, month)| match day {
                0 => Day::month_end(year, month),
                _ => Day::new(year, month, part(day)?),
            });
        found.ok_or_else(|| "the calendar has no such day; it is written YYMMDD".to_owned())
    }
}

/// The year nearest to this one: 51 and more ahead was in the century before, 50 and more behind is
/// in the next one.
fn full_year(two_digits: u32, this_year: u32) -> u32 {
    let (century, now) = (this_year / 100 * 100, this_year % 100);
    if two_digits >= now + 51 {
        (century + two_digits).saturating_sub(100)
    } else if two_digits + 50 <= now {
        century + two_digits + 100
    } else {
        century + two_digits
    }
}

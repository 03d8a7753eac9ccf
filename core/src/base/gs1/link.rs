//! GS1 Digital Links: elements as the path and the query of a web address, of any host. It does not
//! follow them. Source: GS1 Digital Link, URI syntax 1.4.

use super::identifiers::{Element, Identifier, lookup};
use super::scanned::Scan;
use crate::base::day::Day;
use crate::base::gtin;

/// What a link may begin its elements with: goods, parcel, place.
const KEYS: &[&str] = &["01", "00", "414"];
/// Names by which the first links spelt identifiers.
const NAMES: &[(&str, &str)] = &[
    ("gtin", "01"),
    ("sscc", "00"),
    ("gln", "414"),
    ("lot", "10"),
    ("ser", "21"),
    ("cpv", "22"),
    ("exp", "17"),
];
/// The identifier of goods.
const GOODS: &str = "01";

/// Whether a text is a web address.
pub(super) fn is_link(text: &str) -> bool {
    let start: String = text.chars().take(8).collect::<String>().to_lowercase();
    let is_bare = || {
        let is_host = |host: &str| host.contains('.') && host.starts_with(char::is_alphabetic);
        let host = text.split_once('/').map(|(host, _)| host);
        host.is_some_and(is_host) && text.contains("/01/")
    };
    start.starts_with("http://") || start.starts_with("https://") || is_bare()
}

/// Reads the elements of a link.
pub(super) fn read(text: &str, today: Day) -> Result<Scan, String> {
    let address = text.split_once("://").map_or(text, |(_, address)| address);
    let address = address.split('#').next().unwrap_or(address);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let steps: Vec<String> = path.split('/').skip(1).map(decoded).collect();
    let Some(first) = steps
        .iter()
        .position(|step| KEYS.contains(&identifier(step)))
    else {
        return Err("it is a link that names no goods".to_owned());
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in steps[first..].chunks(2) {
        if let [name, data] = pair {
            pairs.push((identifier(name).to_owned(), data.clone()));
        }
    }
    for pair in query.split(['&', ';']) {
        if let Some((name, data)) = pair.split_once('=') {
            pairs.push((identifier(&decoded(name)).to_owned(), decoded(data)));
        }
    }
    let mut scan = Scan::default();
    for (name, data) in &pairs {
        take(&mut scan, name, data, today)?;
    }
    if scan.is_empty() {
        return Err("it is a link that names no goods".to_owned());
    }
    Ok(scan)
}

fn take(scan: &mut Scan, name: &str, data: &str, today: Day) -> Result<(), String> {
    let is_identifier =
        (2..=4).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit());
    if !is_identifier {
        return Ok(());
    }
    let Some(known) = lookup(name) else {
        scan.unread.push(name.to_owned());
        return Ok(());
    };
    // A link may hold a number of goods as it is printed.
    let full = (name == GOODS)
        .then(|| gtin::normalised(data).ok())
        .flatten();
    let element = Element {
        identifier: name,
        data: full.as_deref().unwrap_or(data),
        today,
    };
    Identifier::take(known, scan, &element)
}

/// The digits of an identifier, which the first links spelt by name.
fn identifier(step: &str) -> &str {
    let mut named = NAMES.iter();
    let found = named.find(|(name, _)| name.eq_ignore_ascii_case(step));
    found.map_or(step, |(_, digits)| digits)
}

/// A part of an address as it was before it was written into one.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%');
        let byte = code
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

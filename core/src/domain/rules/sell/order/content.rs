//! What of an order counts when it is submitted and judged, in one hash: another content is another
//! order. It does not know states, numbers or notes.

use crate::base::id::ChangeHash;
use crate::domain::rules::names::LINES;
use crate::objects::{Path, Record, Values};

/// Fields of the order itself that count.
const COUNTED: &[&str] = &[
    "account",
    "currency",
    "tax_mode",
    "tax_rounding",
    "cash_step",
    "ordered_on",
];

/// Whether a value of an order counts.
pub(super) fn counts(path: &str) -> bool {
    match Path::parse(path) {
        Some(Path::Line { lines, .. }) => lines == LINES,
        Some(Path::Field(name)) => COUNTED.contains(&name),
        None => false,
    }
}

/// SHA-256, in hex, over the canonical CBOR of the counted fields and all lines that are not taken
/// out.
#[must_use]
pub fn content_hash(order: &Record) -> String {
    let visible = order.visible().into_iter().filter(|(path, _)| counts(path));
    let counted: Values = visible
        .map(|(path, value)| (path.to_owned(), value.clone()))
        .collect();
    ChangeHash::of(&Record::canonical(&counted)).to_string()
}

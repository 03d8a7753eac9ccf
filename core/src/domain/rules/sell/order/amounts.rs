//! Amounts and quantities that records hold as text: read exactly or refused, never taken for 0.
//! It does not know what they are compared with.

use crate::base::decimal::{Decimal, DecimalError};
use crate::base::fraction::Fraction;
use crate::domain::refusal::Refusal;
use crate::objects::{Record, Value};

/// The number that a field holds; none if it holds nothing.
pub(super) fn held(record: &Record, field: &str) -> Result<Option<Decimal>, Refusal> {
    let value = record.value(field);
    match value.text() {
        None if value.is_null() => Ok(None),
        None => Err(unreadable(
            record,
            field,
            &format!("{value:?} is not a decimal"),
        )),
        Some(text) => {
            let read = text.parse();
            read.map(Some)
                .map_err(|error: DecimalError| unreadable(record, field, &error.to_string()))
        }
    }
}

/// The number that a field holds, nothing if it holds nothing, to be computed with.
pub(super) fn counted(record: &Record, field: &str) -> Result<Fraction, Refusal> {
    Ok(held(record, field)?.unwrap_or_default().into())
}

/// A number that nobody can compute with, by record and field.
pub(super) fn unreadable(record: &Record, field: &str, why: &str) -> Refusal {
    let object = record.object.replace('_', " ");
    let message = format!(
        "`{field}` of {object} {}: {why}; ask the office to mend it",
        record.id
    );
    Refusal::rule("unreadable_amount", message)
        .about(field)
        .with("record", record.id.to_string())
}

/// A number as records hold it, with no more digits than it needs.
pub(super) fn kept(number: impl Into<Decimal>) -> Value {
    number.into().to_string().into()
}

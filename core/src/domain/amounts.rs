//! Amounts and quantities that records hold as text: read exactly or refused, never taken for 0.
//! It does not know what they are compared with.

use crate::base::decimal::{Decimal, DecimalError};
use crate::base::fraction::Fraction;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::refusal::Refusal;
use crate::objects::{Record, Value};

/// The number that a field holds; none if it holds nothing.
pub(in crate::domain) fn held(record: &Record, field: &str) -> Result<Option<Decimal>, Refusal> {
    number(record, field, record.value(field))
}

/// The number that a value of a record is; none if it is nothing.
pub(in crate::domain) fn number(
    record: &Record,
    field: &str,
    value: &Value,
) -> Result<Option<Decimal>, Refusal> {
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
pub(in crate::domain) fn counted(record: &Record, field: &str) -> Result<Fraction, Refusal> {
    Ok(held(record, field)?.unwrap_or_default().into())
}

/// A number that nobody can compute with, by record and field.
pub(in crate::domain) fn unreadable(record: &Record, field: &str, why: &str) -> Refusal {
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
pub(in crate::domain) fn kept(number: impl Into<Decimal>) -> Value {
    number.into().to_string().into()
}

/// By how much a number is above another.
pub(in crate::domain) fn difference(number: Decimal, other: Decimal) -> Result<Decimal, Refusal> {
    let difference = Fraction::from(number).minus(other.into())?;
    Ok(difference.shown(QUANTITY_SCALE_MAX)?)
}

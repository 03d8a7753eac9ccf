//! A scalar that data compares a field with, in the form in which the field would hold it.
//! It does not know what is compared, nor how.

use super::descriptor::FieldKind;
use super::value::Value;
use crate::base::decimal::Decimal;

/// A scalar in the form of a kind; a number may be of either kind of numbers. Says what would be
/// right.
pub fn as_held(kind: FieldKind, scalar: &Value) -> Result<Value, String> {
    match (scalar, kind) {
        (Value::Text(text), _) if text.trim().is_empty() => {
            Err("an empty text equals nothing; ask whether it is `empty`".to_owned())
        }
        (Value::Text(text), FieldKind::Integer | FieldKind::Decimal) => {
            let number: Result<Decimal, _> = text.parse();
            number
                .map(|number| Value::Text(number.to_string()))
                .map_err(|error| error.to_string())
        }
        (Value::Text(text), _) => kind.parse(text),
        (Value::Null | Value::Bool(_) | Value::Int(_), _) => Ok(scalar.clone()),
    }
}

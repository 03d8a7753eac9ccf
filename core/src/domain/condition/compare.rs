//! How two values stand to each other, exactly: numbers as fractions, days and times as such, texts
//! letter by letter. It does not know where the values are from.

use std::cmp::Ordering;

use crate::base::day::Day;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::objects::condition::Relation;
use crate::objects::scalar::as_held;
use crate::objects::{FieldKind, Value};

/// What a path of a condition leads to. No value where the way ends at an empty reference.
pub(super) struct FoundValue {
    pub(super) kind: FieldKind,
    pub(super) value: Value,
}

impl FoundValue {
    /// A scalar of the condition, as a value of this kind.
    pub(super) fn like(&self, scalar: &Value) -> Option<FoundValue> {
        let (kind, value) = (self.kind, as_held(self.kind, scalar).ok()?);
        Some(FoundValue { kind, value })
    }

    fn measure(&self) -> Option<MeasuredValue<'_>> {
        match (self.kind, &self.value) {
            (_, value) if is_empty(value) => None,
            (FieldKind::Integer | FieldKind::Decimal, Value::Int(number)) => {
                Some(MeasuredValue::Number(Fraction::whole((*number).into())))
            }
            (FieldKind::Integer | FieldKind::Decimal, Value::Text(text)) => {
                let number: Decimal = text.parse().ok()?;
                Some(MeasuredValue::Number(number.into()))
            }
            (FieldKind::Time, Value::Int(at)) => Some(MeasuredValue::Moment(*at)),
            (FieldKind::Day, Value::Text(text)) => text.parse().ok().map(MeasuredValue::Day),
            (FieldKind::Boolean, Value::Bool(yes)) => Some(MeasuredValue::Flag(*yes)),
            (
                FieldKind::Text
                | FieldKind::Position
                | FieldKind::Reference
                | FieldKind::Choice
                | FieldKind::Phone
                | FieldKind::Email
                | FieldKind::TimeZone
                | FieldKind::Gtin,
                Value::Text(text),
            ) => Some(MeasuredValue::Word(text)),
            // A value of another form than its kind has, which only a newer version writes.
            (_, Value::Null | Value::Bool(_) | Value::Int(_) | Value::Text(_)) => None,
        }
    }
}

/// A value as it is compared.
enum MeasuredValue<'a> {
    Number(Fraction),
    Moment(i64),
    Day(Day),
    Flag(bool),
    Word(&'a str),
}

/// Whether nothing is there: a text of spaces is no value either.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::Bool(_) | Value::Int(_) => false,
    }
}

/// Whether one value stands to another so; what is empty or unlike stands in no way.
pub(super) fn stands(
    one: Option<&FoundValue>,
    relation: Relation,
    other: Option<&FoundValue>,
) -> bool {
    let one = one.and_then(FoundValue::measure);
    let other = other.and_then(FoundValue::measure);
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let order = order(&one, &other);
    match relation {
        Relation::Equals => match (&one, &other) {
            (MeasuredValue::Flag(one), MeasuredValue::Flag(other)) => one == other,
            (MeasuredValue::Word(one), MeasuredValue::Word(other)) => one == other,
            (_, _) => order == Some(Ordering::Equal),
        },
        Relation::Above => order == Some(Ordering::Greater),
        Relation::AtLeast => order.is_some_and(Ordering::is_ge),
        Relation::Below => order == Some(Ordering::Less),
        Relation::AtMost => order.is_some_and(Ordering::is_le),
        Relation::Starts => match (&one, &other) {
            (MeasuredValue::Word(one), MeasuredValue::Word(other)) => one.starts_with(other),
            (_, _) => false,
        },
    }
}

/// Which is the greater; words and flags have no order.
fn order(one: &MeasuredValue<'_>, other: &MeasuredValue<'_>) -> Option<Ordering> {
    match (one, other) {
        (MeasuredValue::Number(one), MeasuredValue::Number(other)) => Some(one.cmp(other)),
        (MeasuredValue::Moment(one), MeasuredValue::Moment(other)) => Some(one.cmp(other)),
        (MeasuredValue::Day(one), MeasuredValue::Day(other)) => Some(one.cmp(other)),
        (_, _) => None,
    }
}

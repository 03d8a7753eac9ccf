//! What people type into a field, brought into the one form in which its kind is kept; and whether
//! a value fits its field. It does not know who asks, nor where it was typed.

use super::descriptor::{Field, FieldKind, TextForm};
use super::value::Value;
use crate::base::blob::BlobName;
use crate::base::codes::{check_gln, check_sscc};
use crate::base::country::Country;
use crate::base::decimal::Decimal;
use crate::base::limits::TEXT_BYTES_MAX;
use crate::base::place::Position;
use crate::base::store_code::{STORE_CODE_WANTS, StorePattern};
use crate::base::text::{canonical, hides_nothing};
use crate::base::time::{check_day, check_zone};
use crate::base::{email, gtin, phone};

impl Field {
    /// Whether this is a text in another form than the one in which texts are kept: not composed,
    /// or with characters that nobody sees.
    #[must_use]
    pub fn hides(&self, value: &Value) -> bool {
        self.kind == FieldKind::Text && value.text().is_some_and(|text| !hides_nothing(text))
    }

    /// Checks that a value fits, and says what would. `Null` fits every field.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let Value::Text(text) = value else {
            return self.check_plain(value);
        };
        if text.len() > TEXT_BYTES_MAX {
            return Err(format!("is longer than {TEXT_BYTES_MAX} bytes"));
        }
        let say = |error: &dyn std::fmt::Display| Err(error.to_string());
        match self.kind {
            FieldKind::Text => self.check_form(text),
            FieldKind::Day => check_day(text).or_else(|error| say(&error)),
            FieldKind::TimeZone => check_zone(text).or_else(|error| say(&error)),
            FieldKind::Position => match text.parse::<Position>() {
                Ok(position) if position.to_string() == *text => Ok(()),
                Ok(position) => Err(format!("is to be written {position}")),
                Err(error) => say(&error),
            },
            FieldKind::Reference => match text.parse::<crate::base::id::RecordId>() {
                Ok(id) if id.to_string() == *text => Ok(()),
                Ok(id) => Err(format!("is to be written {id}")),
                Err(error) => say(&error),
            },
            FieldKind::Choice if self.choices.contains(text) => Ok(()),
            FieldKind::Choice => Err(format!(
                "`{text}` is not one of: {}",
                self.choices.join(", ")
            )),
            FieldKind::Gtin => match gtin::normalised(text) {
                Ok(kept) if kept == *text => Ok(()),
                Ok(kept) => Err(format!("is to be written {kept}")),
                Err(error) => say(&error),
            },
            FieldKind::Decimal => match text.parse::<Decimal>() {
                Ok(decimal) if decimal.to_string() == *text => Ok(()),
                Ok(decimal) => Err(format!("is to be written {decimal}")),
                Err(error) => say(&error),
            },
            FieldKind::Blob => match text.parse::<BlobName>() {
                Ok(_) => Ok(()),
                Err(error) => say(&error),
            },
            FieldKind::Phone => check_phone(text),
            FieldKind::Email => check_email(text),
            FieldKind::Integer | FieldKind::Boolean | FieldKind::Time => self.check_plain(value),
        }
    }

    /// Checks the form that the field asks of its text.
    fn check_form(&self, text: &str) -> Result<(), String> {
        match self.form {
            None => Ok(()),
            Some(TextForm::Gln) => check_gln(text).map_err(|error| error.to_string()),
            Some(TextForm::Sscc) => check_sscc(text).map_err(|error| error.to_string()),
            Some(TextForm::StoreCode) => match StorePattern::read(text) {
                Some(_) => Ok(()),
                None => Err(format!("`{text}` is no pattern: {STORE_CODE_WANTS}")),
            },
            Some(TextForm::Country) => match Country::named(text) {
                Some(country) if country.code() == text => Ok(()),
                Some(_) | None => Err(format!(
                    "`{text}` is not a country by its two letters of ISO 3166, such as US"
                )),
            },
        }
    }

    fn check_plain(&self, value: &Value) -> Result<(), String> {
        match (value, self.kind) {
            (Value::Null, _) | (Value::Bool(_), FieldKind::Boolean) => Ok(()),
            (Value::Int(_), FieldKind::Integer | FieldKind::Time) => Ok(()),
            (Value::Bool(_) | Value::Int(_) | Value::Text(_), _) => {
                let shown = value
                    .text()
                    .map_or_else(|| value.to_json().to_string(), str::to_owned);
                Err(format!("`{shown}` is not {}", self.kind.wants()))
            }
        }
    }
}

impl FieldKind {
    /// What a value of this kind is, for a message.
    #[must_use]
    pub fn wants(self) -> &'static str {
        match self {
            FieldKind::Text => "text",
            FieldKind::Integer => "a whole number",
            FieldKind::Boolean => "true or false",
            FieldKind::Time => "a time in RFC 3339, such as 2026-11-24T08:30:00Z",
            FieldKind::Day => "a day such as 2026-11-24",
            FieldKind::Position => "a position such as 36.342235,-94.071410",
            FieldKind::Reference => "the id of a record",
            FieldKind::Choice => "one of the choices",
            FieldKind::Phone => "a phone number in E.164, such as +14795550001",
            FieldKind::Email => "an e-mail address",
            FieldKind::TimeZone => "an IANA time zone such as America/Chicago",
            FieldKind::Gtin => "a GTIN of 8, 12, 13 or 14 digits",
            FieldKind::Decimal => "a decimal such as 12.5",
            FieldKind::Blob => "the name of a file that is kept here",
        }
    }

    /// Reads what a person typed into this kind of value; the result still needs [`Field::check`].
    /// An empty text clears the field.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        let wrong = || format!("`{text}` is not {}", self.wants());
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        match self {
            FieldKind::Integer => text.parse().map(Value::Int).map_err(|_| wrong()),
            FieldKind::Boolean => text.parse().map(Value::Bool).map_err(|_| wrong()),
            FieldKind::Time => {
                let at =
                    crate::base::time::Timestamp::parse(text).map_err(|error| error.to_string())?;
                Ok(Value::Int(at.0))
            }
            FieldKind::Position => {
                let position: Position = text.parse().map_err(|_| wrong())?;
                Ok(Value::Text(position.to_string()))
            }
            FieldKind::Reference => {
                let id: crate::base::id::RecordId = text.parse().map_err(|_| wrong())?;
                Ok(Value::Text(id.to_string()))
            }
            FieldKind::Decimal => {
                let decimal: Decimal = text
                    .parse()
                    .map_err(|error: crate::base::decimal::DecimalError| error.to_string())?;
                Ok(Value::Text(decimal.to_string()))
            }
            FieldKind::Gtin => gtin::said(text)
                .map(Value::Text)
                .map_err(|error| error.to_string()),
            FieldKind::Phone => phone::e164(text, None)
                .map(Value::Text)
                .map_err(|error| no(text, self, error.reason)),
            FieldKind::Email => Ok(Value::Text(email::kept(text.trim()))),
            FieldKind::Text => Ok(match canonical(text) {
                text if text.is_empty() => Value::Null,
                text => Value::from(text.into_owned()),
            }),
            FieldKind::Day | FieldKind::Choice | FieldKind::TimeZone | FieldKind::Blob => {
                Ok(Value::from(text))
            }
        }
    }
}

fn check_phone(text: &str) -> Result<(), String> {
    if phone::is_kept(text) {
        return Ok(());
    }
    match phone::e164(text, None) {
        Ok(kept) => Err(format!("is to be written {kept}")),
        Err(error) => Err(no(text, FieldKind::Phone, error.reason)),
    }
}

fn check_email(text: &str) -> Result<(), String> {
    email::check(text).map_err(|reason| no(text, FieldKind::Email, reason))
}

/// A text is not what its kind wants, and why.
fn no(text: &str, kind: FieldKind, reason: &str) -> String {
    format!("`{text}` is not {}: {reason}", kind.wants())
}

//! One scalar of a record, and its forms as JSON and CBOR.
//! It does not know which kind a field wants: `descriptor` does.

use serde_json::Value as Json;

/// A scalar; a record never nests. `Null` clears a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number; the field's name says the unit. Times are milliseconds since 1970.
    Int(i64),
    /// Text; also ids, days (`YYYY-MM-DD`) and positions (`36.342235,-94.071410`).
    Text(String),
}

impl Value {
    /// Whether there is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Int(_) => None,
        }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Value::Int(int) => Some(*int),
            Value::Null | Value::Bool(_) | Value::Text(_) => None,
        }
    }

    /// Whether this is yes; anything else is not.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// The JSON scalar.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(yes) => Json::Bool(*yes),
            Value::Int(int) => Json::from(*int),
            Value::Text(text) => Json::String(text.clone()),
        }
    }

    /// Reads a JSON scalar; fractions, arrays and objects have no place in a record.
    #[must_use]
    pub fn from_json(json: &Json) -> Option<Value> {
        match json {
            Json::Null => Some(Value::Null),
            Json::Bool(yes) => Some(Value::Bool(*yes)),
            Json::Number(number) => number.as_i64().map(Value::Int),
            Json::String(text) => Some(Value::Text(text.clone())),
            Json::Array(_) | Json::Object(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Value::Int(int)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Value::Bool(yes)
    }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(s)
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(d)?;
        Value::from_json(&json).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{json} is not text, a whole number, true, false or null"
            ))
        })
    }
}

impl<C> minicbor::Encode<C> for Value {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Value::Null => e.null()?,
            Value::Bool(yes) => e.bool(*yes)?,
            Value::Int(int) => e.i64(*int)?,
            Value::Text(text) => e.str(text)?,
        }
        .ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Value {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        use minicbor::data::Type;
        let kind = d.datatype()?;
        if kind == Type::Null {
            d.null().map(|()| Value::Null)
        } else if kind == Type::Bool {
            d.bool().map(Value::Bool)
        } else if kind == Type::String {
            d.str().map(Value::from)
        } else {
            d.i64().map(Value::Int)
        }
    }
}

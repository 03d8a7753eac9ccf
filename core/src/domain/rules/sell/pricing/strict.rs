//! JSON that guesses nothing: a member may stand once, unknown members are refused, numbers are
//! exact. It does not know what a basket is.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::base::decimal::Decimal;
use crate::domain::refusal::Refusal;

/// A JSON value.
#[derive(Debug)]
pub(super) enum Json {
    Null,
    Bool,
    Whole(i64),
    /// A number that the reader of JSON has made a float of, so that nobody knows what was written.
    Blurred,
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

/// The members of an object that nobody has read yet, and where the object stands.
pub(super) struct JsonMembers {
    place: String,
    members: BTreeMap<String, Json>,
}

/// Reads a text that is one JSON object.
pub(super) fn read(text: &str, what: &str) -> Result<JsonMembers, Refusal> {
    let wrong = |reason: String| {
        Refusal::bad_input("bad_json", format!("the {what} cannot be read: {reason}"))
    };
    match serde_json::from_str(text).map_err(|error| wrong(error.to_string()))? {
        Json::Object(members) => Ok(JsonMembers {
            place: String::new(),
            members,
        }),
        Json::Null
        | Json::Bool
        | Json::Whole(_)
        | Json::Blurred
        | Json::Text(_)
        | Json::List(_) => Err(wrong("it must be a JSON object".to_owned())),
    }
}

impl JsonMembers {
    /// The members of each object in a list that must be there.
    pub(super) fn lines(&mut self, name: &str) -> Result<Vec<JsonMembers>, Refusal> {
        let Some(Json::List(list)) = self.members.remove(name) else {
            return Err(self.wrong(
                name,
                "a list of lines is needed, such as [{\"product\": \"..\", \"quantity\": 1}]",
            ));
        };
        let line = |(index, json): (usize, Json)| match json {
            Json::Object(members) => Ok(JsonMembers {
                place: format!("{name}[{index}]."),
                members,
            }),
            Json::Null
            | Json::Bool
            | Json::Whole(_)
            | Json::Blurred
            | Json::Text(_)
            | Json::List(_) => {
                let place = format!("{name}[{index}]");
                Err(
                    Refusal::bad_input("bad_value", format!("`{place}`: a line is a JSON object"))
                        .about(place),
                )
            }
        };
        list.into_iter().enumerate().map(line).collect()
    }

    /// Whether the member is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members
            .get(name)
            .is_some_and(|json| !matches!(json, Json::Null))
    }

    /// A text, if the member is there.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.members.remove(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Text(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a text that is not empty is expected")),
        }
    }

    /// A text that reads as something, if the member is there.
    pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|error: T::Err| self.wrong(name, error.to_string()))
    }

    /// An exact number, if the member is there: a text such as "2.5", or a whole JSON number.
    pub(super) fn decimal(&mut self, name: &str) -> Result<Option<Decimal>, Refusal> {
        match self.members.remove(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Whole(whole)) => Ok(Some(Decimal::from(whole))),
            Some(Json::Text(text)) => {
                text.parse()
                    .map(Some)
                    .map_err(|error: crate::base::decimal::DecimalError| {
                        self.wrong(name, error.to_string())
                    })
            }
            Some(Json::Blurred) => {
                let reason = "a number that is not whole is written as a text, \
                     such as \"2.5\", so that no digit is lost";
                Err(self.wrong(name, reason))
            }
            Some(Json::Bool | Json::List(_) | Json::Object(_)) => Err(self.wrong(
                name,
                "a decimal as text, such as \"2.5\", or a whole number is expected",
            )),
        }
    }

    /// What must be there.
    pub(super) fn needed<T>(&self, name: &str, found: Option<T>) -> Result<T, Refusal> {
        let place = format!("{}{name}", self.place);
        found.ok_or_else(|| {
            Refusal::bad_input("required", format!("`{place}` is needed")).about(place)
        })
    }

    /// Refuses members that nobody has read, and offers those that are known.
    pub(super) fn nothing_left(&self, known: &[&str]) -> Result<(), Refusal> {
        let Some(name) = self.members.keys().next() else {
            return Ok(());
        };
        let place = format!("{}{name}", self.place);
        let message = format!("`{place}` is unknown; there are {}", known.join(", "));
        Err(Refusal::bad_input("unknown_input", message).about(place))
    }

    /// A refusal of one member.
    pub(super) fn wrong(&self, name: &str, reason: impl fmt::Display) -> Refusal {
        let place = format!("{}{name}", self.place);
        Refusal::bad_input("bad_value", format!("`{place}`: {reason}")).about(place)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Bool)
    }

    fn visit_i64<E>(self, whole: i64) -> Result<Json, E> {
        Ok(Json::Whole(whole))
    }

    fn visit_u64<E>(self, whole: u64) -> Result<Json, E> {
        Ok(i64::try_from(whole).map_or(Json::Blurred, Json::Whole))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Blurred)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, json)) = entries.next_entry::<String, Json>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "the member `{name}` stands there twice"
                )));
            }
            members.insert(name, json);
        }
        Ok(Json::Object(members))
    }
}

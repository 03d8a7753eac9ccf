//! A condition as JSON: what is read, is written alike. It does not know which fields there are.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::{Condition, FieldTest, LineCondition, Operand, Relation, Test};
use crate::base::context::Role;
use crate::objects::value::Value;

const FORMS: &str = "a condition is an object with one of: all, any, not, every, some, role, field";
const TESTS: &str = "a `field` has one test: equals, one_of, above, at_least, below, at_most, \
                     empty, starts";

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        written(self).serialize(s)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        // The reader of JSON bounds how deep it goes, so this does too.
        read(Json::deserialize(d)?).map_err(D::Error::custom)
    }
}

fn written(condition: &Condition) -> Json {
    let each = |of: &[Condition]| of.iter().map(written).collect::<Vec<Json>>();
    match condition {
        Condition::All(of) => json!({ "all": each(of) }),
        Condition::Any(of) => json!({ "any": each(of) }),
        Condition::Not(of) => json!({ "not": written(of) }),
        Condition::Every(of) => json!({ "every": of.lines, "that": written(&of.that) }),
        Condition::Some(of) => json!({ "some": of.lines, "that": written(&of.that) }),
        Condition::Role(roles) => json!({ "role": roles }),
        Condition::Field(FieldTest { path, test }) => {
            let wanted = match test {
                Test::Empty(yes) => json!(yes),
                Test::OneOf(words) => json!(words),
                Test::Compare(_, Operand::Scalar(scalar)) => scalar.to_json(),
                Test::Compare(_, Operand::Field(path)) => json!({ "field": path }),
                Test::Compare(_, Operand::Me) => json!({ "me": true }),
                Test::Compare(_, Operand::DaysAgo(days)) => json!({ "days_ago": days }),
            };
            json!({ "field": path, test.name(): wanted })
        }
    }
}

fn read(json: Json) -> Result<Condition, String> {
    let Json::Object(mut members) = json else {
        return Err(format!("{json}: {FORMS}"));
    };
    let condition = if let Some(of) = members.remove("all") {
        Condition::All(each(of)?)
    } else if let Some(of) = members.remove("any") {
        Condition::Any(each(of)?)
    } else if let Some(of) = members.remove("not") {
        Condition::Not(Box::new(read(of)?))
    } else if let Some(lines) = members.remove("every") {
        Condition::Every(of_lines(lines, &mut members)?)
    } else if let Some(lines) = members.remove("some") {
        Condition::Some(of_lines(lines, &mut members)?)
    } else if let Some(roles) = members.remove("role") {
        let roles: Result<Vec<Role>, _> = serde_json::from_value(roles);
        let wrong = |_| "`role` is a list of roles, such as [\"manager\"]".to_owned();
        Condition::Role(roles.map_err(wrong)?)
    } else if let Some(path) = members.remove("field") {
        let path = text(path, "field")?;
        let test = test(std::mem::take(&mut members))?;
        Condition::Field(FieldTest { path, test })
    } else {
        return Err(format!("{}: {FORMS}", Json::Object(members)));
    };
    match members.keys().next() {
        None => Ok(condition),
        Some(name) => Err(format!("a condition has no `{name}` there; {FORMS}")),
    }
}

fn each(json: Json) -> Result<Vec<Condition>, String> {
    let Json::Array(of) = json else {
        return Err(format!("{json} is not a list of conditions"));
    };
    of.into_iter().map(read).collect()
}

fn of_lines(lines: Json, members: &mut Map<String, Json>) -> Result<LineCondition, String> {
    let lines = text(lines, "every` or `some")?;
    let that = members
        .remove("that")
        .ok_or_else(|| format!("`that` says what must hold of each of `{lines}`"))?;
    let that = Box::new(read(that)?);
    Ok(LineCondition { lines, that })
}

fn test(members: Map<String, Json>) -> Result<Test, String> {
    let mut members = members.into_iter();
    let (Some((name, wanted)), None) = (members.next(), members.next()) else {
        return Err(TESTS.to_owned());
    };
    match (name.as_str(), wanted) {
        ("empty", Json::Bool(yes)) => Ok(Test::Empty(yes)),
        ("empty", _) => Err("`empty` is true or false".to_owned()),
        ("one_of", Json::Array(words)) => {
            let words: Result<Vec<Value>, String> = words.iter().map(scalar).collect();
            words.map(Test::OneOf)
        }
        ("one_of", _) => Err("`one_of` is a list".to_owned()),
        (name, wanted) => {
            let known = Relation::ALL.into_iter().find(|known| known.name() == name);
            let relation = known.ok_or_else(|| format!("there is no test `{name}`; {TESTS}"))?;
            Ok(Test::Compare(relation, operand(wanted)?))
        }
    }
}

fn operand(json: Json) -> Result<Operand, String> {
    let wrong = |json: &Json| {
        format!(
            "{json} is no value to compare with: give one, {{\"field\": path}}, {{\"me\": true}} \
             or {{\"days_ago\": days}}"
        )
    };
    let Json::Object(members) = json else {
        return scalar(&json).map(Operand::Scalar);
    };
    let mut each = members.iter();
    let (only, more) = (each.next(), each.next());
    match (only.map(|(name, said)| (name.as_str(), said)), more) {
        (Some(("field", Json::String(path))), None) => Ok(Operand::Field(path.clone())),
        (Some(("me", Json::Bool(true))), None) => Ok(Operand::Me),
        (Some(("days_ago", days)), None) => {
            let days = days.as_u64().and_then(|days| u32::try_from(days).ok());
            let wrong = || "`days_ago` is a whole number of days, 0 or more".to_owned();
            days.map(Operand::DaysAgo).ok_or_else(wrong)
        }
        (Some(_) | None, _) => Err(wrong(&Json::Object(members))),
    }
}

fn scalar(json: &Json) -> Result<Value, String> {
    match Value::from_json(json) {
        Some(Value::Null) => Err("null equals nothing; ask whether it is `empty`".to_owned()),
        Some(value) => Ok(value),
        None => Err(format!(
            "{json} is no text, whole number, true or false; a fraction is text, such as \"0.3\""
        )),
    }
}

fn text(json: Json, name: &str) -> Result<String, String> {
    let Json::String(text) = json else {
        return Err(format!("`{name}` is a name, not {json}"));
    };
    Ok(text)
}

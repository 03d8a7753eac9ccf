//! Objects that a tenant publishes: refused with what is wrong, or with tables on a phone that hold
//! their records. An object is a built-in one that is edited, for raw bytes would hardly ever be
//! one. It does not know any by name.

use std::path::Path;
use std::sync::Arc;

use outfield_core::base::id::RecordId;
use outfield_core::domain;
use outfield_core::objects::check::check_shape;
use outfield_core::objects::path::line_path;
use outfield_core::objects::{Descriptor, FieldKind, Record, Registry, Value, Values};
use outfield_core::store::{self, Db, PHONE, query, tables};
use serde_json::{Map, Value as Json, json};

use super::conditions::{asked, drawn_verb};

thread_local! {
    static BUILT_IN: Registry = domain::registry().unwrap();
}

/// Words that edits put in: names that stand for something, and names that do not fit.
const WORDS: &[&str] = &[
    "",
    "a",
    "b",
    "id",
    "at",
    "at_lat",
    "at_lon",
    "object",
    "removed",
    "position",
    "parent",
    "line",
    "search",
    "lines",
    "search_data",
    "search_config",
    "follow",
    "imported",
    "author",
    "base",
    "compacted",
    "tick_at",
    "installation",
    "meta",
    "member",
    "tenant",
    "territory",
    "user",
    "account",
    "order",
    "name",
    "state",
    "open",
    "closed",
    "*",
    "lines/*",
    "lines/*/a",
    "a/*/b",
    "rep",
    "manager",
    "read",
    "document",
    "fact",
    "row",
    "text",
    "integer",
    "boolean",
    "time",
    "day",
    "reference",
    "choice",
    "phone",
    "email",
    "time_zone",
    "gtin",
    "decimal",
    "through",
    "sqlite_a",
    "a__b",
    "A",
    "a\"b",
    "rowid",
    "oid",
    "_rowid_",
    "fields",
    "kind",
    "of",
    "choices",
    "default",
    "required",
    "retired",
    "bucket",
    "field",
    "while",
    "version",
    "scope",
    "indexes",
    "verbs",
    "rights",
    "shares",
    "label",
    "2026-11-24",
];

/// A text that begins with `{` is a descriptor; else the first byte chooses one, and each four more
/// edit it; or behind a `?` all others draw a condition that a verb of it requires.
pub fn descriptors(bytes: &[u8]) {
    tried(bytes);
}

/// What was published of these bytes, if they could be.
fn tried(bytes: &[u8]) -> Option<Arc<Descriptor>> {
    let text = match bytes.split_first() {
        None => return None,
        Some((b'{', _)) => String::from_utf8_lossy(bytes).into_owned(),
        Some((chosen, edits)) => edited(*chosen, edits).to_string(),
    };
    let mut registry = BUILT_IN.with(Clone::clone);
    match registry.publish("fuzz.json", &text, &domain::names()) {
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(
                problems
                    .iter()
                    .all(|problem| !problem.message.is_empty() && problem.file == "fuzz.json")
            );
            None
        }
        Ok(descriptor) => {
            published(&registry, &descriptor);
            Some(descriptor)
        }
    }
}

fn edited(chosen: u8, edits: &[u8]) -> Json {
    let mut json = BUILT_IN.with(|registry| {
        let all: Vec<_> = registry.all().collect();
        json!(&**all[usize::from(chosen) % all.len()])
    });
    // What is published beside the built-in objects is another one, or a newer version.
    json["object"] = if chosen & 0x80 == 0 {
        json!("x_thing")
    } else {
        json["object"].clone()
    };
    json["version"] = json!(99);
    if chosen & 0x80 == 0 {
        json["verbs"] = json!({});
        for (_, right) in json["rights"].as_object_mut().into_iter().flatten() {
            right["do"] = json!([]);
        }
    }
    if let Some((b'?', drawn)) = edits.split_first() {
        json["verbs"]["try_it"] = drawn_verb(&json, drawn);
        return json;
    }
    for edit in edits.chunks_exact(4).take(24) {
        let mut left = usize::from(edit[0]);
        let change = Edit {
            how: edit[1],
            one: edit[2],
            two: edit[3],
        };
        while !edit_one(&mut json, &mut left, change) && left < usize::from(edit[0]) {}
    }
    json
}

/// What is done to a node, and with which words or members.
#[derive(Clone, Copy)]
struct Edit {
    how: u8,
    one: u8,
    two: u8,
}

/// Walks to the node that `left` counts down to, and edits it; false if there are fewer nodes.
fn edit_one(json: &mut Json, left: &mut usize, edit: Edit) -> bool {
    if *left == 0 {
        apply(json, edit);
        return true;
    }
    *left -= 1;
    match json {
        Json::Array(items) => items.iter_mut().any(|item| edit_one(item, left, edit)),
        Json::Object(members) => members
            .iter_mut()
            .any(|(_, member)| edit_one(member, left, edit)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn apply(json: &mut Json, Edit { how, one, two }: Edit) {
    let copy = json.clone();
    match (how % 8, json) {
        (0, json) => *json = json!(word(one)),
        (1, json) => *json = plain(one, two),
        (2, Json::Object(members)) => {
            let taken = member(members, one).and_then(|name| members.remove(&name));
            members.insert(word(two).to_owned(), taken.unwrap_or_default());
        }
        (3, Json::Object(members)) => {
            let copied = member(members, one).and_then(|name| members.get(&name).cloned());
            members.insert(word(two).to_owned(), copied.unwrap_or_default());
        }
        (4, Json::Object(members)) => {
            if let Some(name) = member(members, one) {
                members.remove(&name);
            }
        }
        (5, Json::Object(members)) => drop(members.insert(word(one).to_owned(), json!(word(two)))),
        (6, Json::Object(members)) => {
            drop(members.insert(word(one).to_owned(), json!({ "kind": word(two) })))
        }
        (2 | 3, Json::Array(items)) => items.push(json!(word(one))),
        (4, Json::Array(items)) => drop(items.pop()),
        (_, Json::Array(items)) => items.push(items.first().cloned().unwrap_or_default()),
        (_, json) => *json = json!([copy]),
    }
}

fn word(at: u8) -> &'static str {
    WORDS[usize::from(at) % WORDS.len()]
}

/// A value that is no text.
fn plain(number: u8, kind: u8) -> Json {
    match kind % 5 {
        0 => json!(null),
        1 => json!(true),
        2 => json!(i64::from(number) - 9),
        3 => json!([]),
        _ => json!({}),
    }
}

/// The name of one of the members, if there are any.
fn member(members: &Map<String, Json>, at: u8) -> Option<String> {
    let index = usize::from(at) % members.len().max(1);
    members.keys().nth(index).cloned()
}

/// What was published makes tables on a phone, and they hold a record.
fn published(registry: &Registry, descriptor: &Descriptor) {
    assert_eq!(check_shape("fuzz.json", descriptor), []);
    let text = serde_json::to_string(descriptor).unwrap();
    assert_eq!(
        serde_json::from_str::<Descriptor>(&text).as_ref().unwrap(),
        descriptor
    );
    let mut alone = Registry::default();
    alone.adopt(descriptor.clone());
    assert_eq!(
        registry.get(&descriptor.object).map(AsRef::as_ref),
        Some(descriptor)
    );
    let db = store::open::open(Path::new(":memory:"), PHONE).unwrap();
    let made = tables::ensure(&db, &alone).unwrap();
    let all: Vec<String> = alone.kept().map(|kept| kept.object.clone()).collect();
    assert_eq!(made, all, "the table was there");
    assert!(tables::ensure(&db, &alone).unwrap().is_empty());
    assert!(tables::fits(&db, &alone).unwrap());
    let record = holds(&db, descriptor);
    asked(&db, &alone, descriptor, &record);
}

/// A record that the tables held; it is taken out again.
fn holds(db: &Db, descriptor: &Descriptor) -> Record {
    let mut values = Values::new();
    for (name, field) in &descriptor.fields {
        if !descriptor.is_beside(name) {
            values.insert(name.clone(), sample(field.kind));
        }
    }
    for (lines, shape) in &descriptor.lines {
        for (name, field) in &shape.fields {
            values.insert(line_path(lines, "l1", name), sample(field.kind));
        }
    }
    let id = RecordId([7; 16]);
    let record = Record {
        object: descriptor.object.clone(),
        id,
        values,
        stamp: None,
    };
    tables::put(db, descriptor, &record).unwrap();
    assert_eq!(
        tables::read(db, descriptor, id).unwrap().as_ref(),
        Some(&record)
    );
    for (name, field) in &descriptor.fields {
        // Nobody has written what lies beside it.
        let is_beside = descriptor.is_beside(name);
        let value = if is_beside {
            Value::Null
        } else {
            sample(field.kind)
        };
        let found = query::find(db, descriptor, &[(name, value)]).unwrap();
        assert_eq!(found, std::slice::from_ref(&record), "{name}");
    }
    tables::remove(db, descriptor, id).unwrap();
    assert_eq!(tables::read(db, descriptor, id).unwrap(), None);
    record
}

/// A value that a column of this kind holds.
fn sample(kind: FieldKind) -> Value {
    match kind {
        FieldKind::Integer | FieldKind::Time => Value::Int(-7),
        FieldKind::Boolean => Value::Bool(true),
        FieldKind::Position => Value::from("36.342235,-94.071410"),
        FieldKind::Reference => Value::from(RecordId([9; 16]).to_string()),
        FieldKind::Text
        | FieldKind::Day
        | FieldKind::Choice
        | FieldKind::Phone
        | FieldKind::Email
        | FieldKind::TimeZone
        | FieldKind::Gtin
        | FieldKind::Decimal
        | FieldKind::Blob => Value::from("Harp's"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn conditions_that_are_drawn_are_refused_or_asked() {
        let mut dice = Dice::new(7);
        let mut published = 0;
        for _ in 0..400 {
            let mut bytes = vec![dice.roll(128) as u8, b'?'];
            let count = dice.roll(60);
            bytes.extend(dice.bytes(count));
            let requires = |of: &Arc<Descriptor>| !of.verbs["try_it"].require.is_empty();
            published += usize::from(tried(&bytes).as_ref().is_some_and(requires));
        }
        assert!((20..380).contains(&published), "{published} of 400");
    }
}

//! A record as short lines for people, by its values. It does not know what made it.

use outfield_server::plain;
use serde_json::{Map, Value as Json};

/// Members of a record that stand first.
const FIRST: &[&str] = &["id", "object", "name"];
/// Members of a record that say when and by whom it was written; they stand last.
const LAST: &[&str] = &[
    "created_at",
    "created_by_actor",
    "changed_at",
    "changed_by_actor",
];

/// A scalar without quotation marks, on one line.
pub(crate) fn text(json: &Json) -> String {
    match json {
        Json::String(text) => plain::line(text).into_owned(),
        Json::Null => "-".to_owned(),
        Json::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => json.to_string(),
    }
}

/// One thing: each value on a line of its own, and each of the record's lines on one.
pub(crate) fn record(data: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    let Json::Object(members) = data else {
        flatten("", data, &mut lines);
        return lines;
    };
    let is_between = |name: &&str| !FIRST.contains(name) && !LAST.contains(name);
    let between = members.keys().map(String::as_str).filter(is_between);
    for name in FIRST
        .iter()
        .copied()
        .chain(between)
        .chain(LAST.iter().copied())
    {
        if let Some(member) = members.get(name) {
            flatten(name, member, &mut lines);
        }
    }
    lines
}

fn flatten(path: &str, json: &Json, lines: &mut Vec<String>) {
    match json {
        Json::Object(members) if path.contains('/') => {
            lines.push(format!("{path}: {}", pairs(members)))
        }
        Json::Object(members) => {
            for (name, member) in members {
                let below = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}/{name}")
                };
                flatten(&below, member, lines);
            }
        }
        Json::Array(items) if items.is_empty() => lines.push(format!("{path}: none")),
        Json::Array(items) => {
            for item in items {
                lines.push(format!(
                    "{path}: {}",
                    item.as_object().map_or_else(|| text(item), pairs)
                ));
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            lines.push(if path.is_empty() {
                text(json)
            } else {
                format!("{path}: {}", text(json))
            });
        }
    }
}

fn pairs(members: &Map<String, Json>) -> String {
    members
        .iter()
        .map(|(name, value)| format!("{name}={}", text(value)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// One line for each item; a list without any says so.
pub(crate) fn items(data: &Json, line: impl Fn(&Map<String, Json>) -> String) -> Vec<String> {
    let items = data.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return vec!["none".to_owned()];
    }
    items
        .iter()
        .map(|item| item.as_object().map_or_else(|| text(item), &line))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_reads_by_paths_with_its_name_in_front() {
        let contact = json!({
            "changed_at": "2026", "id": "7", "name": "Joe\nHarp", "object": "contact",
            "phone": null,
            "roles": { "a": { "account": "9", "role": "Buyer" } },
        });
        let expected = [
            "id: 7",
            "object: contact",
            "name: Joe Harp",
            "phone: -",
            "roles/a: account=9, role=Buyer",
        ];
        assert_eq!(record(&contact)[..5], expected);
        assert_eq!(record(&contact)[5..], ["changed_at: 2026"]);
    }
}

//! An object as people read it: its fields, its lines, what is done to it, and by whom.
//! It reads the JSON of a descriptor, and does not know which objects there are.

use outfield_server::plain;
use serde_json::{Map, Value as Json};

use super::text;

/// JSON as it is, indented.
pub(crate) fn json(data: &Json) -> Vec<String> {
    let text = format!("{data:#}");
    plain::json(&text).lines().map(str::to_owned).collect()
}

/// A descriptor in words.
pub(crate) fn object(data: &Json) -> Vec<String> {
    let mut lines = vec![format!(
        "{} ({}, {}), version {}",
        text(&data["label"]),
        text(&data["object"]),
        text(&data["kind"]),
        text(&data["version"])
    )];
    lines.push("fields".to_owned());
    fields(&data["fields"], &mut lines);
    for (name, shape) in members(&data["lines"]) {
        lines.push(format!("lines `{name}`"));
        fields(&shape["fields"], &mut lines);
    }
    verbs(data, &mut lines);
    lines.push("rights".to_owned());
    for (role, right) in members(&data["rights"]) {
        lines.push(format!("  {role}: {}", right_of(right)));
    }
    lines
}

fn members(json: &Json) -> impl Iterator<Item = (&String, &Json)> {
    json.as_object().into_iter().flat_map(Map::iter)
}

fn fields(json: &Json, lines: &mut Vec<String>) {
    let width = members(json).map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, field) in members(json) {
        let mut line = format!("  {name:width$}  {}", text(&field["kind"]));
        if let Some(of) = field["of"].as_str() {
            line += &format!(" to {of}");
        }
        if field["choices"].is_array() {
            line += &format!(": {}", text(&field["choices"]));
        }
        if field["required"] == true {
            line += ", required";
        }
        lines.push(line);
    }
}

fn verbs(data: &Json, lines: &mut Vec<String>) {
    if members(&data["verbs"]).next().is_none() {
        return;
    }
    lines.push("verbs".to_owned());
    for (name, verb) in members(&data["verbs"]) {
        let from = if verb["from"].is_null() {
            "any state".to_owned()
        } else {
            text(&verb["from"])
        };
        let way = match (verb["creates"] == true, verb["to"].as_str()) {
            (true, Some(to)) => format!("makes one: {to}"),
            (true, None) => "makes one".to_owned(),
            (false, Some(to)) => format!("{from} -> {to}"),
            (false, None) => from,
        };
        let takes: Vec<&str> = members(&verb["input"])
            .map(|(name, _)| name.as_str())
            .collect();
        let takes = if takes.is_empty() {
            String::new()
        } else {
            format!("; takes {}", takes.join(", "))
        };
        lines.push(format!("  {name}  {way}{takes}"));
    }
}

fn right_of(right: &Json) -> String {
    let mut may = Vec::new();
    for (key, words) in [
        ("read", "read"),
        ("create", "make"),
        ("others", "write for others"),
    ] {
        if right[key] == true {
            may.push(words.to_owned());
        }
    }
    for (key, words) in [("edit", "change"), ("do", "do")] {
        match right[key].as_array() {
            Some(all) if all.iter().any(|path| path == "*") => may.push(format!("{words} all")),
            Some(some) if !some.is_empty() => may.push(format!("{words} {}", text(&right[key]))),
            Some(_) | None => {}
        }
    }
    if may.is_empty() {
        "nothing".to_owned()
    } else {
        may.join("; ")
    }
}

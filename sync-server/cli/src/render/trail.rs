//! What became of a record, as short lines for people: what was written, then what moved.
//! It does not know who asked.

use serde_json::{Map, Value as Json};

use super::record::text;

/// Writes and movements, oldest first.
pub(crate) fn trail(data: &Json) -> Vec<String> {
    let listed = |name: &str| data[name].as_array().cloned().unwrap_or_default();
    let mut lines: Vec<String> = listed("writes").iter().map(write).collect();
    lines.extend(listed("movements").iter().map(movement));
    if lines.is_empty() {
        lines.push("nothing was written here by the server".to_owned());
    }
    lines
}

/// One write: when, why, and each value before and after.
fn write(entry: &Json) -> String {
    let empty = Map::new();
    let before = entry["before"].as_object().unwrap_or(&empty);
    let after = entry["after"].as_object().unwrap_or(&empty);
    let mut changed = Vec::new();
    for (path, value) in after {
        let old = before.get(path).unwrap_or(&Json::Null);
        changed.push(if old.is_null() {
            format!("{path} {}", text(value))
        } else {
            format!("{path} {} -> {}", text(old), text(value))
        });
    }
    for path in before.keys().filter(|path| !after.contains_key(*path)) {
        changed.push(format!("{path} {} -> -", text(&before[path])));
    }
    format!(
        "{}  {}  {}",
        text(&entry["at"]),
        text(&entry["cause"]),
        changed.join(", ")
    )
}

/// One movement: when, what it does, how much, from where to where, and because of what.
fn movement(entry: &Json) -> String {
    let place = |end: &Json| {
        if end.is_null() {
            "outside".to_owned()
        } else {
            text(end)
        }
    };
    let ends = match entry["phase"].as_str() {
        Some("hold" | "release" | "resume") => format!("in {}", place(&entry["from"])),
        Some(_) | None => format!("{} -> {}", place(&entry["from"]), place(&entry["to"])),
    };
    format!(
        "{}  {} {}  {ends}  by {} {}",
        text(&entry["at"]),
        text(&entry["phase"]),
        text(&entry["quantity"]),
        text(&entry["posting"]),
        text(&entry["source"])
    )
}

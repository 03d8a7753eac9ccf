//! What is on the way between a phone and the server, as short lines for people: conflicts, work
//! that was refused, work that is unsent, and digests. It does not know how it travels.

use serde_json::{Map, Value as Json};

use super::record::{items, text};

/// Conflicts: what it was, and who wrote what since.
pub(crate) fn conflicts(data: &Json) -> Vec<String> {
    items(data, |conflict| {
        format!(
            "{}  {} {} {}: base {}, mine {}, theirs {}",
            member(conflict, "id"),
            member(conflict, "object"),
            member(conflict, "record"),
            member(conflict, "path"),
            member(conflict, "base"),
            side(conflict, "mine"),
            side(conflict, "theirs")
        )
    })
}

/// One side of a conflict: its value, by whom, and when.
fn side(conflict: &Map<String, Json>, name: &str) -> String {
    let side = conflict.get(name).unwrap_or(&Json::Null);
    let by = side["by"]["name"].as_str().unwrap_or("someone");
    format!("{} ({by}, {})", text(&side["value"]), text(&side["at"]))
}

/// What was refused: the reason, then the command that it was.
pub(crate) fn refused(data: &Json) -> Vec<String> {
    items(data, |held| {
        format!(
            "{}  {} {}  {}: {}  {}",
            member(held, "number"),
            member(held, "object"),
            member(held, "record"),
            member(held, "code"),
            member(held, "message"),
            member(held, "command")
        )
    })
}

/// What is unsent: the command of each entry.
pub(crate) fn unsent(data: &Json) -> Vec<String> {
    items(data, |entry| {
        format!(
            "{}  {} {} {}  {}",
            member(entry, "number"),
            member(entry, "kind"),
            member(entry, "object"),
            member(entry, "record"),
            member(entry, "command")
        )
    })
}

fn member(item: &Map<String, Json>, name: &str) -> String {
    item.get(name).map(text).unwrap_or_default()
}

/// Digests: object, count and hash.
pub(crate) fn digests(data: &Json) -> Vec<String> {
    let objects = data.as_object().into_iter().flatten();
    objects
        .map(|(object, digest)| {
            format!(
                "{object}  {}  {}",
                text(&digest["count"]),
                text(&digest["sha256"])
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_conflict_tells_base_mine_theirs_and_who() {
        let side = |name: &str, value: &str| {
            let by = json!({ "name": name });
            json!({ "value": value, "by": by, "at": "2026" })
        };
        let conflict = json!({
            "id": "7", "object": "contact", "record": "8", "path": "phone", "base": null,
            "mine": side("Ana", "1"), "theirs": side("Ben", "2"),
        });
        let expected = "7  contact 8 phone: base -, mine 1 (Ana, 2026), theirs 2 (Ben, 2026)";
        assert_eq!(conflicts(&json!([conflict])), [expected]);
    }
}

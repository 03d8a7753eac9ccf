//! What an import did, as short lines for people. It does not know how rows are read.

use serde_json::Value as Json;

use super::record::text;

/// What an import did, then each row that it rejected.
pub(crate) fn import(data: &Json) -> Vec<String> {
    let counts = ["rows", "created", "changed", "unchanged"]
        .map(|name| format!("{name} {}", text(&data[name])));
    let rejected = data["rejected"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let dry = if data["dry_run"] == Json::Bool(true) {
        " (dry run: nothing was written)"
    } else {
        ""
    };
    let mut lines = vec![format!(
        "{}, rejected {}{dry}",
        counts.join(", "),
        rejected.len()
    )];
    if data["clashed"].as_u64().is_some_and(|clashed| clashed > 0) {
        let clashed = text(&data["clashed"]);
        lines.push(format!(
            "clashed {clashed}: people changed them to something else; look at the conflicts"
        ));
    }
    if let Some(prices) = data["prices"].as_object() {
        let counts = ["created", "changed", "unchanged"]
            .map(|name| format!("{name} {}", prices.get(name).map(text).unwrap_or_default()));
        lines.push(format!("prices: {}", counts.join(", ")));
    }
    for (label, name) in [
        ("territories added", "territories_added"),
        ("columns left out", "ignored_columns"),
    ] {
        let names: Vec<String> = data[name]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect();
        if !names.is_empty() {
            lines.push(format!("{label}: {}", names.join(", ")));
        }
    }
    lines.extend(rejected.iter().map(|row| {
        let key = row["key"]
            .as_str()
            .map(|key| format!(" ({key})"))
            .unwrap_or_default();
        format!("line {}{key}: {}", text(&row["line"]), text(&row["reason"]))
    }));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_import_names_each_rejected_row() {
        let data = json!({
            "rows": 2, "created": 1, "changed": 0, "unchanged": 0, "dry_run": false,
            "ignored_columns": ["x"],
            "rejected": [{ "line": 3, "key": "k", "reason": "why" }],
        });
        let expected = [
            "rows 2, created 1, changed 0, unchanged 0, rejected 1",
            "columns left out: x",
            "line 3 (k): why",
        ];
        assert_eq!(import(&data), expected);
    }
}

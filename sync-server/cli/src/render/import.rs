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
    let all = data["rejected_rows"].as_u64().unwrap_or_default();
    let mut lines = vec![format!("{}, rejected {all}{dry}", counts.join(", "))];
    lines.extend(warned(data));
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
    let unnamed = all.saturating_sub(rejected.len() as u64);
    if unnamed > 0 {
        lines.push(format!(
            "and {unnamed} more; --failed FILE writes all rejected rows into a file"
        ));
    }
    lines
}

/// What whoever imports should look at, though the rows are taken.
fn warned(data: &Json) -> Vec<String> {
    let mut warned = Vec::new();
    let file = &data["file"];
    if file["encoding_guessed"] == Json::Bool(true) {
        warned.push(format!(
            "the file is not UTF-8 and was read as {}; where letters are wrong, \
             say what it is by --encoding",
            text(&file["encoding"])
        ));
    }
    if let Some(count) = data["without_territory"]
        .as_u64()
        .filter(|count| *count > 0)
    {
        warned.push(format!(
            "warning: {count} of these have no territory, so that no rep sees them; \
             --territory-column says which column names it"
        ));
    }
    if let Some(file) = data["failed_file"].as_str() {
        warned.push(format!("rejected rows are in: {file}"));
    }
    warned
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_import_names_each_rejected_row() {
        let data = json!({
            "rows": 2, "created": 1, "changed": 0, "unchanged": 0, "dry_run": false,
            "ignored_columns": ["x"], "rejected_rows": 3, "without_territory": 1,
            "file": { "encoding": "windows-1252", "encoding_guessed": true },
            "failed_file": "failed.csv",
            "rejected": [{ "line": 3, "key": "k", "reason": "why" }],
        });
        let expected = [
            "rows 2, created 1, changed 0, unchanged 0, rejected 3",
            "the file is not UTF-8 and was read as windows-1252; where letters are wrong, \
             say what it is by --encoding",
            "warning: 1 of these have no territory, so that no rep sees them; \
             --territory-column says which column names it",
            "rejected rows are in: failed.csv",
            "columns left out: x",
            "line 3 (k): why",
            "and 2 more; --failed FILE writes all rejected rows into a file",
        ];
        assert_eq!(import(&data), expected);
    }
}

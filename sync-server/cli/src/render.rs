//! Answers as short lines for people.
//! It knows the shapes of answers, not what made them.

use serde_json::{Map, Value as Json};

/// Members of a record that stand first.
const FIRST: &[&str] = &["id", "object", "name"];
/// Members of a record that say when and by whom it was written; they stand last, and lists leave
/// them out.
const LAST: &[&str] = &[
    "created_at",
    "created_by_actor",
    "changed_at",
    "changed_by_actor",
];
/// Values after the name in a line of a list.
const SHOWN_MAX: usize = 4;

/// A scalar without quotation marks, on one line.
pub(crate) fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.split(['\r', '\n']).collect::<Vec<_>>().join(" "),
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

/// A list: one line for each, the id in front, then its name and its first values.
pub(crate) fn list(data: &Json) -> Vec<String> {
    items(data, |item| {
        let title = ["name", "note", "title"]
            .into_iter()
            .find_map(|name| item.get(name)?.as_str().map(|_| name));
        let mut shown = vec![text(item.get("id").unwrap_or(&Json::Null))];
        shown.extend(item.get("object").filter(|_| title.is_none()).map(text));
        shown.extend(title.and_then(|name| item.get(name)).map(text));
        let is_plain = |value: &Json| !value.is_object() && !looks_like_id(value);
        let rest = item.iter().filter(|(name, value)| {
            let name = name.as_str();
            !FIRST.contains(&name)
                && !LAST.contains(&name)
                && Some(name) != title
                && is_plain(value)
        });
        shown.extend(
            rest.take(SHOWN_MAX)
                .map(|(name, value)| format!("{name}={}", text(value))),
        );
        shown.join("  ")
    })
}

fn looks_like_id(value: &Json) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.len() == 36 && text.matches('-').count() == 4)
}

fn items(data: &Json, line: impl Fn(&Map<String, Json>) -> String) -> Vec<String> {
    let items = data.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return vec!["none".to_owned()];
    }
    items
        .iter()
        .map(|item| item.as_object().map_or_else(|| text(item), &line))
        .collect()
}

/// Conflicts: what it was, and who wrote what since.
pub(crate) fn conflicts(data: &Json) -> Vec<String> {
    items(data, |conflict| {
        let at = |name: &str| conflict.get(name).map(text).unwrap_or_default();
        let side = |name: &str| {
            let side = conflict.get(name).unwrap_or(&Json::Null);
            let by = side["by"]["name"].as_str().unwrap_or("someone");
            format!("{} ({by}, {})", text(&side["value"]), text(&side["at"]))
        };
        let (id, object, record, path) = (at("id"), at("object"), at("record"), at("path"));
        format!(
            "{id}  {object} {record} {path}: base {}, mine {}, theirs {}",
            at("base"),
            side("mine"),
            side("theirs")
        )
    })
}

/// What was refused: the reason, then the command that it was.
pub(crate) fn refused(data: &Json) -> Vec<String> {
    items(data, |held| {
        let at = |name: &str| held.get(name).map(text).unwrap_or_default();
        format!(
            "{}  {} {}  {}: {}  {}",
            at("number"),
            at("object"),
            at("record"),
            at("code"),
            at("message"),
            at("command")
        )
    })
}

/// What is unsent: the command of each entry.
pub(crate) fn unsent(data: &Json) -> Vec<String> {
    items(data, |entry| {
        let at = |name: &str| entry.get(name).map(text).unwrap_or_default();
        format!(
            "{}  {} {} {}  {}",
            at("number"),
            at("kind"),
            at("object"),
            at("record"),
            at("command")
        )
    })
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

/// Figures: of what day and whose they are, then each with its halves.
pub(crate) fn figures(data: &Json) -> Vec<String> {
    let at = |name: &str| format!("{name}: {}", text(&data[name]));
    let figures = data["figures"].as_array().into_iter().flatten();
    let figures = figures.flat_map(|one| std::iter::once(figure(one)).chain(parts(one)));
    [at("day"), at("rep"), at("territory")]
        .into_iter()
        .chain(figures)
        .collect()
}

/// What each part adds to a weighed figure.
fn parts(figure: &Json) -> Vec<String> {
    let part = |part: &Json| {
        let at = |name: &str| text(&part[name]);
        let value = at("value") + if part["value"].is_null() { "" } else { " %" };
        let (name, target, points, weight) = (
            at("name"),
            at("target_percent"),
            at("points"),
            at("weight_percent"),
        );
        format!("  {name}  {value}  {points} of {weight} points, all of them from {target} %")
    };
    figure["parts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(part)
        .collect()
}

fn figure(figure: &Json) -> String {
    let at = |name: &str| text(&figure[name]);
    let unit = figure["unit"]
        .as_str()
        .filter(|unit| !unit.is_empty() && !figure["value"].is_null());
    let value = at("value") + &unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let category = figure["category"]
        .as_str()
        .map(|category| format!(" {category}"))
        .unwrap_or_default();
    let (numerator, denominator) = (at("numerator"), at("denominator"));
    let of = format!(
        "{numerator} {} / {denominator} {}",
        at("numerator_name"),
        at("denominator_name")
    );
    format!("{}{category}  {value}  {of}", at("name"))
}

/// A shelf: each product, then the figures, then our share by category.
pub(crate) fn shelf(data: &Json) -> Vec<String> {
    let all = |name: &str| data[name].as_array().cloned().unwrap_or_default();
    let product = |product: &Json| {
        let at = |name: &str| text(&product[name]);
        let units = [
            "facings",
            "on_hand_units",
            "par_units",
            "order_units",
            "action",
        ]
        .map(|name| format!("{name}={}", at(name)));
        let must = if product["must_stock"] == Json::Bool(true) {
            "  must be on the shelf"
        } else {
            ""
        };
        format!(
            "{}  {}  {}  {}{must}",
            at("id"),
            at("name"),
            at("status"),
            units.join("  ")
        )
    };
    let figures = all("figures").into_iter().chain(all("categories"));
    all("products")
        .iter()
        .map(product)
        .chain(figures.map(|one| figure(&one)))
        .collect()
}

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
    fn a_record_reads_by_paths_with_its_name_in_front() {
        let contact = json!({
            "changed_at": "2026", "id": "7", "name": "Joe\nHarp", "object": "contact", "phone": null,
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

    #[test]
    fn a_list_has_one_line_for_each_and_says_when_it_is_empty() {
        let id = "01940c3e-5b1a-7cc0-8000-0123456789ab";
        let visits = json!([{ "id": "7", "object": "visit", "account": id, "state": "planned", "actions": {} }]);
        assert_eq!(list(&visits), ["7  visit  state=planned"]);
        assert_eq!(
            list(&json!([{ "id": "7", "object": "account", "name": "Harp" }])),
            ["7  Harp"]
        );
        assert_eq!(list(&json!([])), ["none"]);
    }

    #[test]
    fn a_conflict_tells_base_mine_theirs_and_who() {
        let side = |name: &str, value: &str| json!({ "value": value, "by": { "name": name }, "at": "2026" });
        let conflict = json!({
            "id": "7", "object": "contact", "record": "8", "path": "phone", "base": null,
            "mine": side("Ana", "1"), "theirs": side("Ben", "2"),
        });
        let expected = "7  contact 8 phone: base -, mine 1 (Ana, 2026), theirs 2 (Ben, 2026)";
        assert_eq!(conflicts(&json!([conflict])), [expected]);
    }

    #[test]
    fn a_figure_shows_both_its_halves_and_a_dash_where_there_is_none() {
        let figure = |value: Json, unit: &str| {
            json!({
                "name": "drop_size", "value": value, "unit": unit, "numerator": "7.50", "numerator_name": "order value",
                "denominator": 2, "denominator_name": "productive visits",
            })
        };
        let data = json!({
            "day": "2026-11-24", "rep": "Ana", "territory": null,
            "figures": [figure(json!("3.75"), "USD"), figure(json!("3.8"), ""), figure(Json::Null, "%")],
        });
        let of = "7.50 order value / 2 productive visits";
        let line = |value: &str| format!("drop_size  {value}  {of}");
        assert_eq!(
            figures(&data)[..3],
            ["day: 2026-11-24", "rep: Ana", "territory: -"]
        );
        assert_eq!(
            figures(&data)[3..],
            [line("3.75 USD"), line("3.8"), line("-")]
        );
    }

    #[test]
    fn an_import_names_each_rejected_row() {
        let data = json!({
            "rows": 2, "created": 1, "changed": 0, "unchanged": 0, "dry_run": false, "ignored_columns": ["x"],
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

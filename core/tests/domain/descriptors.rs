//! The built-in descriptors pass, and a broken one is refused with file and field named.

use std::path::Path;

use outfield_core::domain::{names, registry};
use serde_json::{Value as Json, json};

/// A custom object in which everything is right.
fn sound() -> Json {
    json!({
        "object": "x_asset", "version": 1, "label": "Asset", "kind": "document",
        "fields": {
            "name": {"kind": "text", "required": true},
            "account": {"kind": "reference", "of": "account"},
            "position": {"kind": "position"},
            "state": {"kind": "choice", "choices": ["new", "old"]},
        },
        "lines": {"parts": {"fields": {"serial": {"kind": "text"}}}},
        "scope": [{"bucket": "through", "field": "account"}],
        "lifecycle": {"field": "state", "start": "new"},
        "verbs": {"wear_out": {"from": ["new"], "to": "old", "input": {"why": {"kind": "text"}}}},
        "search": ["name"], "indexes": [["state", "name"]],
        "rights": {"rep": {"read": true, "edit": ["name", "parts/serial"]}},
    })
}

fn problems(json: &Json) -> Vec<(String, String)> {
    let published = registry()
        .unwrap()
        .publish("asset.json", &json.to_string(), &names());
    let problems = published.err().unwrap_or_default();
    problems
        .into_iter()
        .map(|problem| {
            assert_eq!(problem.file, "asset.json");
            (problem.field, problem.message)
        })
        .collect()
}

/// Puts a value at a JSON pointer of the sound descriptor and expects one problem at `field`.
#[track_caller]
fn check(pointer: &str, value: Json, field: &str, words: &str) {
    let mut json = sound();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    json.pointer_mut(parent).unwrap()[name] = value;
    let found = problems(&json);
    assert!(
        found
            .iter()
            .any(|(at, why)| at == field && why.contains(words)),
        "{pointer}: {found:?}"
    );
}

#[test]
fn every_built_in_descriptor_passes_and_is_named_as_its_file() {
    let registry = registry().unwrap();
    let objects: Vec<String> = registry.all().map(|of| of.object.clone()).collect();
    let mut files = Vec::new();
    let areas = Path::new(env!("CARGO_MANIFEST_DIR")).join("objects");
    for area in std::fs::read_dir(areas).unwrap() {
        for file in std::fs::read_dir(area.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            files.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    files.sort();
    assert!(files.len() > 20, "{files:?}");
    assert_eq!(objects, files);
    assert_eq!(problems(&sound()), []);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    check("/colour", json!("red"), "", "unknown field `colour`");
    check("/kind", json!("dokument"), "", "unknown variant `dokument`");
    check(
        "/fields/name/kind",
        json!("float"),
        "",
        "unknown variant `float`",
    );
}

#[test]
fn names_and_labels_are_checked() {
    check("/object", json!("Asset"), "object", "not a name");
    check("/object", json!("outbox"), "object", "reserved");
    check("/object", json!("author"), "object", "reserved");
    check(
        "/object",
        json!("search_data"),
        "object",
        "may not start with `search_`",
    );
    check(
        "/fields/position_lat",
        json!({"kind": "integer"}),
        "fields.position_lat",
        "half of the position `position`",
    );
    check("/version", json!(0), "version", "start at 1");
    check("/label", json!(" "), "label", "needed");
    check("/fields", json!({}), "fields", "at least one");
    check(
        "/fields/two__lines",
        json!({"kind": "text"}),
        "fields.two__lines",
        "not a name",
    );
    check(
        "/fields/id",
        json!({"kind": "text"}),
        "fields.id",
        "reserved",
    );
    check(
        "/lines/parts/fields/position",
        json!({"kind": "integer"}),
        "lines.parts.fields.position",
        "reserved",
    );
    check(
        "/lines/name",
        json!({"fields": {}}),
        "lines.name",
        "already",
    );
}

#[test]
fn fields_are_checked() {
    check(
        "/fields/account",
        json!({"kind": "reference"}),
        "fields.account.of",
        "needs the object",
    );
    check(
        "/fields/account/of",
        json!("acount"),
        "fields.account.of",
        "no object `acount`",
    );
    check(
        "/fields/name/of",
        json!("account"),
        "fields.name.of",
        "only a reference",
    );
    check(
        "/fields/state",
        json!({"kind": "choice"}),
        "fields.state.choices",
        "needs its choices",
    );
    check(
        "/fields/name/choices",
        json!(["a"]),
        "fields.name.choices",
        "only a choice",
    );
    check(
        "/fields/state/default",
        json!("broken"),
        "fields.state.default",
        "not one of",
    );
    check(
        "/fields/name/retired",
        json!(true),
        "fields.name",
        "cannot be required",
    );
    check(
        "/lines/parts/shares",
        json!({"serial": 100}),
        "lines.parts.shares.serial",
        "no integer field `serial`",
    );
    check(
        "/lines/parts/shares",
        json!({"serial": 100}),
        "lines.parts.shares",
        "only lines of a row",
    );
}

#[test]
fn scope_states_and_lists_are_checked() {
    check("/scope", json!([]), "scope", "at least one bucket");
    check(
        "/scope",
        json!([{"bucket": "territory", "field": "land"}]),
        "scope[0].field",
        "no field `land`",
    );
    check(
        "/scope",
        json!([{"bucket": "user", "field": "name"}]),
        "scope[0].field",
        "not a reference",
    );
    check(
        "/scope",
        json!([{"bucket": "user", "field": "account", "while": ["lost"]}]),
        "scope[0].while",
        "no state",
    );
    check(
        "/lifecycle/field",
        json!("name"),
        "lifecycle.field",
        "must be a choice",
    );
    check(
        "/lifecycle/start",
        json!("lost"),
        "lifecycle.start",
        "no state `lost`",
    );
    check(
        "/search",
        json!(["colour"]),
        "search[0]",
        "no field `colour`",
    );
    check(
        "/indexes",
        json!([[], ["colour"]]),
        "indexes[1]",
        "no field `colour`",
    );
    check("/indexes", json!([[]]), "indexes[0]", "at least one field");
}

#[test]
fn verbs_and_rights_are_checked() {
    check("/verbs/edit", json!({}), "verbs.edit", "reserved");
    check(
        "/verbs/wear_out/to",
        json!("lost"),
        "verbs.wear_out.to",
        "no state `lost`",
    );
    check(
        "/verbs/wear_out/guards",
        json!(["is_sunny"]),
        "verbs.wear_out.guards",
        "no guard `is_sunny`",
    );
    check(
        "/verbs/wear_out/rule",
        json!("paint"),
        "verbs.wear_out.rule",
        "no rule `paint`",
    );
    check(
        "/verbs/wear_out/input/name",
        json!({"kind": "day"}),
        "verbs.wear_out.input.name",
        "another kind",
    );
    check(
        "/verbs/wear_out/takes",
        json!(["parts/colour"]),
        "verbs.wear_out.takes",
        "no field `parts/colour`",
    );
    check(
        "/verbs/wear_out/takes",
        json!(["name"]),
        "verbs.wear_out.takes",
        "of lines",
    );
    check(
        "/verbs/wear_out/id_of",
        json!(["why"]),
        "verbs.wear_out.id_of",
        "only a verb that creates",
    );
    check(
        "/verbs/wear_out",
        json!({"creates": true, "id_of": ["who"]}),
        "verbs.wear_out.id_of",
        "no input `who`",
    );
    check(
        "/rights/rep/edit",
        json!(["parts/colour"]),
        "rights.rep.edit",
        "no field `parts/colour`",
    );
    check("/rights/Boss", json!({}), "rights.Boss", "is not a name");
    check(
        "/rights/rep/do",
        json!(["fly"]),
        "rights.rep.do",
        "no verb `fly`",
    );
    check("/kind", json!("fact"), "lifecycle", "through no states");
}

#[test]
fn a_descriptor_only_grows() {
    let mut registry = registry().unwrap();
    registry
        .publish("asset.json", &sound().to_string(), &names())
        .unwrap();
    let said = |pointer: &str, value: Json| {
        let mut json = sound();
        json["version"] = json!(2);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = json.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            drop(parent.remove(name))
        } else {
            drop(parent.insert(name.to_owned(), value))
        }
        let problems = registry
            .clone()
            .publish("asset.json", &json.to_string(), &names())
            .err()
            .unwrap_or_default();
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(said("/fields/colour", json!({"kind": "text"})), "");
    assert!(
        said("/fields/position", Json::Null)
            .contains("asset.json: fields.position: a field cannot go")
    );
    assert!(said("/fields/position", json!({"kind": "text"})).contains("cannot change its kind"));
    assert!(said("/fields/state/choices", json!(["new"])).contains("cannot be taken away"));
    assert!(said("/fields/account/required", json!(true)).contains("cannot become required"));
    assert!(
        said("/lines/parts/fields/serial/kind", json!("day")).contains("lines.parts.fields.serial")
    );
    assert!(said("/version", json!(1)).is_empty());
    assert!(said("/label", json!("Thing")).is_empty());
}

//! A change says what changed and nothing else: its operations are counted one by one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use outfield_tests::world::HERE;
use outfield_tests::{Phone, World, behind};
use serde_json::{Value as Json, json};

/// A phone with a shop and a contact, nothing unsent.
fn ann() -> (World, Phone, String, String) {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let mut ann = world.phone("Ann");
    let rosa = ann.adds(
        "contact",
        &json!({"name": "Rosa", "phone": "+14795550100", "roles/r/account": shop}),
    );
    ann.sync();
    (world, ann, shop, rosa)
}

/// The operations of the newest unsent change.
fn newest(phone: &Phone) -> Vec<(String, Json)> {
    let mut written = behind::operations_of(behind::unsent(&phone.file).last().unwrap());
    written.sort_by(|one, other| one.0.cmp(&other.0));
    written
}

/// Carries out a command and expects exactly these operations, by path.
#[track_caller]
fn check(phone: &mut Phone, command: &Json, expected: &[(&str, Json)]) -> String {
    let id = phone.does(command);
    let expected: Vec<(String, Json)> = expected
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect();
    assert_eq!(newest(phone), expected, "{command}");
    id
}

#[test]
fn an_edit_of_one_field_is_one_operation() {
    let (_world, mut ann, _, rosa) = ann();
    let edit =
        |fields: Json| json!({"do": "edit", "object": "contact", "id": rosa, "fields": fields});
    let number = json!("+14795550101");
    check(
        &mut ann,
        &edit(json!({"phone": number})),
        &[("phone", number.clone())],
    );
    // What stays the same is not said again, and what is cleared is null.
    check(
        &mut ann,
        &edit(json!({"phone": number, "email": "r@h.example"})),
        &[("email", json!("r@h.example"))],
    );
    check(
        &mut ann,
        &edit(json!({"email": null, "name": "Rosa"})),
        &[("email", Json::Null)],
    );
    check(
        &mut ann,
        &edit(json!({"roles/r/role": "owner"})),
        &[("roles/r/role", json!("owner"))],
    );
    check(
        &mut ann,
        &edit(json!({"roles/r/removed": true})),
        &[("roles/r/removed", json!(true))],
    );
}

#[test]
fn an_edit_that_changes_nothing_writes_nothing() {
    let (_world, mut ann, _, rosa) = ann();
    ann.edits("contact", &rosa, &json!({"name": "Rosa", "email": null}));
    assert_eq!(ann.unsent(), 0);
}

#[test]
fn a_visit_that_starts_writes_exactly_what_it_shows() {
    let (_world, mut ann, shop, _) = ann();
    let visit = ann.does(&json!({"do": "start_visit", "account": shop}));
    let record = ann.get("visit", &visit);
    let mut shown: BTreeMap<String, Json> = BTreeMap::new();
    for (field, value) in record.as_object().unwrap() {
        let Some(lines) = value.as_object() else {
            shown.insert(field.clone(), value.clone());
            continue;
        };
        for (line, fields) in lines {
            let fields = fields.as_object().unwrap().iter();
            shown.extend(
                fields.map(|(name, value)| (format!("{field}/{line}/{name}"), value.clone())),
            );
        }
    }
    for of_every_record in [
        "id",
        "object",
        "created_at",
        "created_by_actor",
        "changed_at",
        "changed_by_actor",
    ] {
        assert!(shown.remove(of_every_record).is_some(), "{of_every_record}");
    }
    assert_eq!(newest(&ann), shown.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_step_of_a_visit_writes_its_own_fields() {
    let (world, mut ann, shop, _) = ann();
    let visit = ann.does(&json!({"do": "start_visit", "account": shop}));
    let now = json!(world.clock.now().0);
    check(
        &mut ann,
        &json!({"do": "check_in", "visit": visit, "position": HERE, "accuracy_m": 8}),
        &[
            ("account_position", json!(HERE)),
            ("check_in_accuracy_m", json!(8)),
            ("check_in_position", json!(HERE)),
            ("checked_in_at", now.clone()),
            ("distance_m", json!(0)),
            ("fence_m", json!(200)),
        ],
    );
    for action in ["shelf", "prices"] {
        let path = |field: &str| format!("actions/{action}/{field}");
        check(
            &mut ann,
            &json!({"do": "answer_action", "visit": visit, "action": action, "value": "12"}),
            &[
                (&path("answer"), json!("12")),
                (&path("state"), json!("done")),
            ],
        );
    }
    check(
        &mut ann,
        &json!({"do": "check_out", "visit": visit}),
        &[("checked_out_at", now), ("state", json!("completed"))],
    );
}

#[test]
fn a_decision_writes_its_value_even_if_it_shows_already() {
    let (world, mut ann, _, rosa) = ann();
    let mut ben = world.phone("Ben");
    ann.edits("contact", &rosa, &json!({"phone": "+14795550111"}));
    ben.edits("contact", &rosa, &json!({"phone": "+14795550122"}));
    world.agree(&mut [&mut ann, &mut ben]);
    let shown = ann.get("contact", &rosa)["phone"].clone();
    let conflict = ann.conflicts()[0].clone();
    let choice = if conflict["mine"]["value"] == shown {
        "mine"
    } else {
        "theirs"
    };
    ann.does(&json!({"do": "resolve_conflict", "conflict": conflict["id"], "choose": choice}));
    let [change, _fact] = &behind::unsent(&ann.file)[..] else {
        panic!()
    };
    assert_eq!(behind::operations_of(change), [("phone".to_owned(), shown)]);
}

#[test]
fn records_made_alike_in_one_millisecond_are_two() {
    let (world, mut ann, ..) = ann();
    let ines = json!({"name": "Ines"});
    let mut made = vec![ann.adds("contact", &ines), ann.adds("contact", &ines)];
    ann.sync();
    made.push(ann.adds("contact", &ines));
    world.agree(&mut [&mut ann]);
    for id in made {
        assert_eq!(world.record("contact", &id)["name"], "Ines");
    }
}

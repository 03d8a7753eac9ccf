//! An import compares what its source said last, what it says now, and the record: people's edits
//! stay, and a clash is a conflict like any other.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use outfield_core::base::context::Role;
use outfield_core::objects::Values;
use outfield_server::office::{Imported, imported_id};
use outfield_tests::world::{World, values};
use serde_json::{Value as Json, json};

fn import(world: &World, object: &str, key: &str, row: &Json) -> Imported {
    let rows: Vec<(String, Values)> = vec![(key.to_owned(), values(row))];
    world
        .office(|office| office.import(object, rows, false))
        .unwrap()
}

fn shop(world: &World, phone: &str, city: &str) -> Json {
    json!({"name": "Harp's", "code": "7", "territory": world.territory("North"),
        "phone": phone, "city": city})
}

#[test]
fn what_people_changed_stays_and_what_both_changed_is_a_conflict() {
    let world = World::new();
    let made = import(
        &world,
        "account",
        "7",
        &shop(&world, "+14795550001", "Rogers"),
    );
    assert_eq!((made.created, made.changed), (1, 0));
    let id = imported_id("account", "7").to_string();
    let mut ann = world.phone_for("Ann", Role::REP, &["North"]);
    ann.sync();
    ann.edits(
        "account",
        &id,
        &json!({"phone": "+14795550002", "street": "Main"}),
    );
    ann.sync();
    let again = import(
        &world,
        "account",
        "7",
        &shop(&world, "+14795550001", "Joplin"),
    );
    assert_eq!((again.changed, again.clashed), (1, 0));
    ann.sync();
    let there = ann.get("account", &id);
    assert_eq!(
        (&there["phone"], &there["city"], &there["street"]),
        (&json!("+14795550002"), &json!("Joplin"), &json!("Main"))
    );
    let clash = import(
        &world,
        "account",
        "7",
        &shop(&world, "+14795550003", "Joplin"),
    );
    assert_eq!((clash.changed, clash.clashed), (1, 1));
    ann.sync();
    let open = ann.conflicts();
    assert_eq!(open.len(), 1, "{open:?}");
    let (mine, theirs) = (&open[0]["mine"]["value"], &open[0]["theirs"]["value"]);
    assert_eq!(
        (mine, theirs),
        (&json!("+14795550002"), &json!("+14795550003"))
    );
    let same = import(
        &world,
        "account",
        "7",
        &shop(&world, "+14795550003", "Joplin"),
    );
    assert_eq!((same.unchanged, ann.conflicts().len()), (1, 1));
}

#[test]
fn a_row_that_may_not_be_written_is_left_out_and_named() {
    let world = World::new();
    let rows = vec![
        ("a".to_owned(), values(&json!({"name": "Tea"}))),
        (
            "b".to_owned(),
            values(&json!({"name": "Ale", "base_unit": "FIRKIN"})),
        ),
        ("c".to_owned(), values(&json!({"category": "Ales"}))),
    ];
    let told = world
        .office(|office| office.import("product", rows, false))
        .unwrap();
    let refused: Vec<&str> = told.refused.iter().map(|row| row.key.as_str()).collect();
    assert_eq!((told.created, refused), (1, vec!["b", "c"]));
    assert!(
        told.refused[1].reason.contains("name"),
        "{:?}",
        told.refused[1]
    );
}

#[test]
fn people_keep_what_they_wrote_into_a_row() {
    let world = World::new();
    import(
        &world,
        "product",
        "a",
        &json!({"name": "Tea", "brand": "Own"}),
    );
    let id = imported_id("product", "a").to_string();
    world.puts("product", Some(&id), &json!({"brand": "Ours"}));
    let told = import(
        &world,
        "product",
        "a",
        &json!({"name": "Green tea", "brand": "Theirs"}),
    );
    assert_eq!((told.changed, told.clashed), (1, 1));
    let row = world.record("product", &id);
    assert_eq!(
        (&row["name"], &row["brand"]),
        (&json!("Green tea"), &json!("Ours"))
    );
}

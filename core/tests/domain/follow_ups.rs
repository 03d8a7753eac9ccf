//! Follow-ups and roles of contacts.

use serde_json::json;

use crate::support::{RuleWorld, id};

fn world() -> RuleWorld {
    let mut world = RuleWorld::new();
    world.put("contact", id(40), &json!({"name": "Ann"}));
    world.put(
        "visit",
        id(30),
        &json!({"account": id(10), "owner": id(1), "state": "completed"}),
    );
    world
}

#[test]
fn a_follow_up_is_about_something_and_says_something() {
    let world = world();
    world.check(
        &json!({"do": "log_follow_up", "note": "Called"}),
        "nothing_named",
    );
    world.check(
        &json!({"do": "log_follow_up", "account": id(10)}),
        "required",
    );
    world.check(
        &json!({"do": "log_follow_up", "account": id(10), "note": "x", "kind": "dance"}),
        "bad_value",
    );
    world.check(
        &json!({"do": "log_follow_up", "contact": id(40), "note": "Called", "kind": "call"}),
        "ok",
    );
}

#[test]
fn a_follow_up_of_a_visit_is_one_of_its_account() {
    let mut world = world();
    let fact =
        world.tell(&json!({"do": "log_follow_up", "visit": id(30), "note": "Wants samples"}));
    assert_eq!(world.value("follow_up", fact, "account"), json!(id(10)));
    assert_eq!(world.value("follow_up", fact, "kind"), json!("note"));
    assert_eq!(world.value("follow_up", fact, "owner"), json!(id(1)));
}

#[test]
fn a_follow_up_is_never_edited() {
    let mut world = world();
    let fact =
        world.tell(&json!({"do": "log_follow_up", "visit": id(30), "note": "Wants samples"}));
    world.check(
        &json!({"do": "edit", "object": "follow_up", "id": fact, "fields": {"note": "No"}}),
        "fact_is_final",
    );
}

#[test]
fn a_contact_is_linked_to_an_account_once() {
    let mut world = world();
    let link = json!({
        "do": "link_contact", "contact": id(40), "account": id(10), "role": "buyer",
        "valid_from": "2026-01-01",
    });
    world.tell(&link);
    let path = |field: &str| format!("roles/{}/{field}", id(10));
    assert_eq!(
        world.value("contact", id(40), &path("account")),
        json!(id(10))
    );
    assert_eq!(
        world.value("contact", id(40), &path("role")),
        json!("buyer")
    );
    world.check(&link, "already_linked");
    world.tell(&json!({
        "do": "edit", "object": "contact", "id": id(40), "fields": {path("removed"): true},
    }));
    let edit =
        json!({"do": "edit", "object": "contact", "id": id(40), "fields": {path("role"): "owner"}});
    world.check(&edit, "line_removed");
    world.tell(&link);
    assert_eq!(
        world.value("contact", id(40), &path("removed")),
        json!(false)
    );
    world.check(&edit, "ok");
}

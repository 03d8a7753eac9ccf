//! Adding and editing records of any object, and what refusals say.

use outfield_core::base::context::Role;
use outfield_core::domain::RefusalKind;
use outfield_core::objects::Value;
use serde_json::{Value as Json, json};

use crate::support::{RuleWorld, id, values};

fn add(object: &str, fields: &Json) -> Json {
    json!({"do": "add", "object": object, "fields": fields})
}

fn edit(object: &str, number: u8, fields: &Json) -> Json {
    json!({"do": "edit", "object": object, "id": id(number), "fields": fields})
}

#[track_caller]
fn check(world: &RuleWorld, command: &Json, kind: RefusalKind, code: &str, words: &str) {
    let refusal = world.refusal(command);
    assert_eq!(
        (refusal.kind, refusal.code.as_str()),
        (kind, code),
        "{refusal}"
    );
    assert!(refusal.message.contains(words), "{refusal}");
}

#[test]
fn a_new_contact_is_its_makers_and_empty_values_are_left_out() {
    let mut world = RuleWorld::new();
    let contact = world.tell(&add(
        "contact",
        &json!({"name": "Ann", "phone": "", "email": null}),
    ));
    let record = &world.records[&("contact".to_owned(), contact)];
    assert_eq!(
        record.values,
        values(&json!({"name": "Ann", "owner": id(1)}))
    );
}

#[test]
fn what_is_wrong_with_a_new_record_is_said_in_full() {
    let world = RuleWorld::new();
    for (object, fields, code, words) in [
        (
            "contakt",
            json!({}),
            "unknown_object",
            "did you mean `contact`?",
        ),
        (
            "contact",
            json!({"nam": "Ann"}),
            "unknown_field",
            "did you mean `name`?",
        ),
        (
            "contact",
            json!({"roles/x/rol": "a"}),
            "unknown_field",
            "did you mean `role`?",
        ),
        ("contact", json!({}), "required", "missing: name"),
        (
            "contact",
            json!({"name": "Ann", "roles/x/role": "a"}),
            "required",
            "roles/x/account",
        ),
        (
            "contact",
            json!({"name": 7}),
            "bad_value",
            "`name`: `7` is not text",
        ),
        (
            "contact",
            json!({"name": "A", "phone": "0479", "email": "no"}),
            "bad_value",
            "`phone`: `0479` is not",
        ),
    ] {
        let command = add(object, &fields);
        check(&world, &command, RefusalKind::BadInput, code, words);
    }
    let two = world.refusal(&add(
        "contact",
        &json!({"name": "A", "phone": "0479", "email": "no"}),
    ));
    assert_eq!(two.fields, ["email", "phone"]);
}

#[test]
fn what_stands_against_a_new_record_is_said() {
    use RefusalKind::{NotFound, Rule};
    let mut world = RuleWorld::new();
    world.put("contact", id(40), &json!({"name": "Ann"}));
    for (object, fields, kind, code, words) in [
        (
            "contact",
            json!({"name": "A", "roles/x/account": id(98)}),
            NotFound,
            "unknown_reference",
            "no `account`",
        ),
        (
            "visit",
            json!({"account": id(10), "state": "completed"}),
            Rule,
            "only_verbs",
            "check_out",
        ),
        (
            "product",
            json!({"name": "Tea"}),
            Rule,
            "server_owned",
            "office",
        ),
        (
            "account",
            json!({"name": "Shop"}),
            Rule,
            "not_allowed",
            "a rep may not make a `account`",
        ),
    ] {
        check(&world, &add(object, &fields), kind, code, words);
    }
    let again = json!({"do": "add", "object": "contact", "id": id(40), "fields": {"name": "Ann"}});
    check(&world, &again, Rule, "already_exists", "already");
}

#[test]
fn an_edit_writes_only_what_changes() {
    let mut world = RuleWorld::new();
    world.put(
        "contact",
        id(40),
        &json!({"name": "Ann", "phone": "+14795550001", "email": "a@b.de"}),
    );
    let fields = json!({"name": "Ann", "phone": "+14795550002", "email": null, "mobile": null});
    let decision = world.ask(&edit("contact", 40, &fields)).unwrap();
    let [write] = &decision.writes[..] else {
        panic!("{decision:?}")
    };
    assert!(!write.new);
    assert_eq!(
        write.values,
        values(&json!({"phone": "+14795550002", "email": null}))
    );
    assert!(
        world
            .ask(&edit("contact", 40, &json!({"name": "Ann"})))
            .unwrap()
            .writes
            .is_empty()
    );
}

/// Rosa's contact, and a visit that is planned.
fn contact_and_visit() -> RuleWorld {
    let mut world = RuleWorld::new();
    world.put("contact", id(40), &json!({"name": "Ann", "owner": id(1)}));
    world.put(
        "visit",
        id(30),
        &json!({"account": id(10), "owner": id(1), "state": "planned"}),
    );
    world
}

#[test]
fn what_is_wrong_with_an_edit_is_said_in_full() {
    use RefusalKind::{BadInput, NotFound};
    let world = contact_and_visit();
    for (object, number, fields, kind, code, words) in [
        (
            "contact",
            41,
            json!({"name": "Bo"}),
            NotFound,
            "unknown_record",
            "no `contact`",
        ),
        (
            "contact",
            40,
            json!({"name": null}),
            BadInput,
            "required",
            "missing: name",
        ),
        (
            "contact",
            40,
            json!({"birthday": "1.2.1990"}),
            BadInput,
            "bad_value",
            "`birthday`",
        ),
        (
            "visit",
            30,
            json!({"account": id(97)}),
            NotFound,
            "unknown_reference",
            "no `account`",
        ),
    ] {
        check(&world, &edit(object, number, &fields), kind, code, words);
    }
}

#[test]
fn what_a_rep_may_not_edit_is_said() {
    let world = contact_and_visit();
    for (object, number, fields, code, words) in [
        (
            "contact",
            40,
            json!({"owner": id(2)}),
            "not_allowed",
            "change owner of a `contact`",
        ),
        (
            "visit",
            30,
            json!({"state": "completed"}),
            "only_verbs",
            "only verbs write `state`",
        ),
        ("user", 1, json!({"name": "Rosi"}), "server_owned", "office"),
        (
            "account",
            10,
            json!({"territory": null, "code": "7", "city": "Rogers"}),
            "not_allowed",
            "change code of",
        ),
    ] {
        let command = edit(object, number, &fields);
        check(&world, &command, RefusalKind::Rule, code, words);
    }
}

#[test]
fn what_was_missing_before_stops_no_edit() {
    let mut world = RuleWorld::new();
    world.put("contact", id(40), &json!({"phone": "+14795550001"}));
    world.check(
        &edit("contact", 40, &json!({"phone": "+14795550002"})),
        "ok",
    );
}

#[test]
fn values_are_brought_into_their_one_form() {
    let mut world = RuleWorld::new();
    world.role = Role::MANAGER;
    let account = world.tell(&add(
        "account",
        &json!({
            "name": "Shop", "position": "36.5, -94", "parent": id(10).to_string().to_uppercase(),
        }),
    ));
    assert_eq!(
        world.value("account", account, "position"),
        json!("36.500000,-94.000000")
    );
    assert_eq!(world.value("account", account, "parent"), json!(id(10)));
}

#[test]
fn the_same_arguments_give_the_same_decision() {
    let world = RuleWorld::new();
    let command = outfield_core::domain::Command::parse(
        &add("contact", &json!({"name": "Ann"})).to_string(),
        &world.registry,
    )
    .unwrap();
    let context = world.context();
    let one =
        outfield_core::domain::decide(&command, &world.registry, &world, &context.clone()).unwrap();
    let two =
        outfield_core::domain::decide(&command, &world.registry, &world, &context.clone()).unwrap();
    assert_eq!(one, two);
    assert_eq!(one.writes[0].values["name"], Value::from("Ann"));
}

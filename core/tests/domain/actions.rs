//! What a valid answer is to each kind of action.

use outfield_core::base::id::RecordId;
use outfield_core::domain::names;
use serde_json::{Value as Json, json};

use crate::support::{RuleWorld, id};

/// A visit with one action `x` of this kind.
fn visit_of(kind: &str) -> (RuleWorld, RecordId) {
    let mut world = RuleWorld::new();
    let template = json!({
        "name": "One", "is_default": true, "template_version": 1, "actions/x/kind": kind,
        "actions/x/title": "Do it",
    });
    world.put("visit_template", id(20), &template);
    let visit = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    (world, visit)
}

fn answer(visit: RecordId, value: &str) -> Json {
    json!({"do": "answer_action", "visit": visit, "action": "x", "value": value})
}

/// The answers that a kind takes as they are, and those that it refuses.
#[track_caller]
fn check(kind: &str, good: &[&str], bad: &[&str]) {
    let (mut world, visit) = visit_of(kind);
    world.check(&answer(visit, ""), "answer_missing");
    for value in bad {
        let refusal = world.refusal(&answer(visit, value));
        assert_eq!(
            (refusal.code.as_str(), &refusal.fields[..]),
            ("bad_value", &["value".to_owned()][..]),
            "{value}"
        );
    }
    for value in good {
        world.tell(&answer(visit, value));
        assert_eq!(
            world.value("visit", visit, "actions/x/answer"),
            json!(value)
        );
        assert_eq!(
            world.value("visit", visit, "actions/x/state"),
            json!("done")
        );
    }
}

#[test]
fn every_kind_of_the_descriptor_has_an_answer_that_it_takes() {
    let registry = RuleWorld::new().registry;
    let kinds = registry
        .get("visit")
        .unwrap()
        .field_at("actions/*/kind")
        .unwrap()
        .choices
        .clone();
    assert_eq!(
        kinds,
        registry
            .get("visit_template")
            .unwrap()
            .field_at("actions/*/kind")
            .unwrap()
            .choices
    );
    assert_eq!(kinds.len(), 9);
    for kind in kinds {
        let (world, visit) = visit_of(&kind);
        let takes = ["seen", "3", "1.99", "present", "125.50 USD"];
        assert!(
            takes
                .iter()
                .any(|value| world.ask(&answer(visit, value)).is_ok()),
            "{kind}"
        );
    }
}

#[test]
fn a_photo_a_task_and_where_nobody_counted_a_shelf_or_a_price_take_words() {
    check("photo", &["shelf from the left", "sha256:77"], &[]);
    check("task", &["done", "-3"], &[]);
    check("shelf_count", &["12", "12 facings"], &[]);
    check("price_check", &["1.99 and 2.49", "as listed"], &[]);
}

#[test]
fn a_promotion_check_takes_one_of_three_words() {
    check(
        "promotion_check",
        &["present", "absent", "partial"],
        &["Present", "there"],
    );
}

#[test]
fn a_collection_takes_an_exact_amount_with_its_currency() {
    let bad = [
        "125.50",
        "USD 125.50",
        "125.50 usd",
        "-5 USD",
        "0 USD",
        "0.00 USD",
        "1.5e3 USD",
        "125.50  USD",
        "125.505 USD",
        "125.50 JPY",
        "1.2345 KWD",
        "125.50 XYZ",
        "99999999999999999999 USD",
    ];
    check(
        "collection",
        &["125.50 USD", "15000 JPY", "1.234 KWD"],
        &bad,
    );
}

#[test]
fn a_signature_takes_the_name_of_who_signed() {
    check("signature", &["Joe Harp", "李"], &["12", "..."]);
}

#[test]
fn an_order_takes_any_number_while_no_orders_are_known() {
    check("order", &["SO-7-12", "none today"], &[]);
    let (world, visit) = visit_of("order");
    world.check(
        &json!({"do": "answer_action", "visit": visit, "action": "x"}),
        "answer_missing",
    );
}

#[test]
fn an_order_of_the_visit_answers_where_orders_are_known() {
    let (mut world, visit) = visit_of("order");
    let orders = json!({
        "object": "sales_order", "version": 1, "label": "Order", "kind": "document",
        "fields": {
            "account": {"kind": "reference", "of": "account"},
            "visit": {"kind": "reference", "of": "visit"},
            "state": {"kind": "choice", "choices": ["draft", "submitted", "cancelled"]},
        },
        "scope": [{"bucket": "through", "field": "account"}], "rights": {"rep": {"read": true}},
    });
    // A built-in order has more than this needs.
    if world.registry.get("sales_order").is_none() {
        world
            .registry
            .publish("sales_order.json", &orders.to_string(), &names())
            .unwrap();
    }
    let done = json!({"do": "answer_action", "visit": visit, "action": "x"});
    world.check(&done, "answer_missing");
    world.put(
        "sales_order",
        id(60),
        &json!({"visit": visit, "state": "draft"}),
    );
    world.put(
        "sales_order",
        id(61),
        &json!({"visit": visit, "state": "cancelled"}),
    );
    world.put(
        "sales_order",
        id(62),
        &json!({"visit": id(31), "state": "draft"}),
    );
    world.check(&answer(visit, &id(61).to_string()), "unknown_reference");
    world.check(&answer(visit, &id(62).to_string()), "unknown_reference");
    world.tell(&done);
    assert_eq!(
        world.value("visit", visit, "actions/x/answer"),
        json!(id(60))
    );
}

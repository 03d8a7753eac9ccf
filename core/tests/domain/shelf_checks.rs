//! Inventory checks: what they begin with, which visit and action they are for, and what finishing
//! them answers. `shelf` knows how products are counted.

use outfield_core::base::time::Timestamp;
use serde_json::{Value as Json, json};

use crate::shelf::{count, counting, line, lines};
use crate::support::{HERE, NOW, id};

#[test]
fn a_check_begins_with_the_products_par_levels_and_listing_of_the_accounts_last_one() {
    let (mut world, visit) = counting();
    let first = world.tell(&count(
        visit,
        &[
            (70, json!({
                "status": "present", "facings": 4, "par_units": 48, "price": "1.99", "sum": true,
            })),
            (71, json!({"status": "not_listed"})),
            (72, json!({"status": "expired", "own": false, "category": "cola"})),
        ],
    ));
    world.records.remove(&("product".to_owned(), id(71)));
    world.set("visit", visit, "state", "completed");
    world.now = Timestamp(NOW.0 + 7 * 86_400_000);
    let next = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    let check = world.tell(&json!({"do": "start_count", "visit": next, "action": "shelf"}));
    assert_ne!(check, first);
    let tea = json!({
        "status": "not_checked", "listed": true, "par_units": 48, "category": "tea", "own": true,
        "sum": true,
        "facings": null, "price": null, "at": null,
    });
    lines(&world, check, 70, 1, &tea);
    lines(
        &world,
        check,
        72,
        1,
        &json!({"status": "not_checked", "listed": true, "own": false, "category": "cola"}),
    );
    assert_eq!(
        line(&world, check, 71, 1, "product"),
        Json::Null,
        "the office took this product away"
    );
    assert!(
        world
            .ask(&json!({"do": "start_count", "visit": next, "action": "shelf"}))
            .unwrap()
            .writes
            .is_empty()
    );
}

#[test]
fn a_first_check_begins_with_the_accounts_assortment() {
    let (mut world, visit) = counting();
    let all = json!({
        "name": "All", "products/a/product": id(70), "products/a/par_units": 12,
        "products/b/product": id(71), "products/b/par_units": 6, "products/b/must_stock": true,
    });
    world.put("assortment", id(80), &all);
    let own = json!({
        "name": "Harp's", "account": id(10), "products/a/product": id(70),
        "products/a/par_units": 48,
    });
    world.put("assortment", id(81), &own);
    let others = json!({
        "name": "Tier A", "tier": "A", "products/a/product": id(72), "products/a/par_units": 1,
    });
    world.put("assortment", id(82), &others);
    let check = world.tell(&json!({"do": "start_count", "visit": visit, "action": "shelf"}));
    let begun = |par: i64| {
        json!({
            "status": "not_checked", "listed": true, "par_units": par, "own": true, "at": null,
        })
    };
    lines(&world, check, 70, 1, &begun(48));
    lines(&world, check, 71, 1, &begun(6));
    assert_eq!(
        line(&world, check, 72, 1, "product"),
        Json::Null,
        "an assortment of another tier is not this account's"
    );
    world.tell(&count(
        visit,
        &[
            (70, json!({"status": "present"})),
            (71, json!({"status": "listed_void"})),
        ],
    ));
    let shown = outfield_core::domain::rules::figures::shelf::shown(&world, check).unwrap();
    let must: Vec<&Json> = shown["products"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| &of["must_stock"])
        .collect();
    assert_eq!(must, [true, false], "cola, tea");
}

#[test]
fn an_assortment_goes_before_what_the_last_check_knew_and_holds_from_its_first_day_to_its_last() {
    let (mut world, visit) = counting();
    world.tell(&count(
        visit,
        &[(
            70,
            json!({"status": "not_listed", "par_units": 9, "category": "hot"}),
        )],
    ));
    world.set("visit", visit, "state", "completed");
    world.set("account", id(10), "tier", "A");
    for (at, from, to, par) in [
        (80, "2026-11-24", "2026-11-24", 24),
        (81, "2026-11-25", "2027-01-01", 30),
    ] {
        let tier = json!({
            "name": "Tier A", "tier": "A", "valid_from": from, "valid_to": to,
            "products/a/product": id(70), "products/a/par_units": par,
        });
        world.put("assortment", id(at), &tier);
    }
    for (days, par) in [(0, 24), (1, 30)] {
        world.now = Timestamp(NOW.0 + days * 86_400_000);
        let check = world.tell(&json!({"do": "start_count", "account": id(10)}));
        lines(
            &world,
            check,
            70,
            1,
            &json!({"status": "not_checked", "listed": true, "par_units": par, "category": "hot"}),
        );
    }
}

#[test]
fn a_check_without_a_visit_is_of_an_account_and_new_each_time() {
    let (mut world, _) = counting();
    let start = json!({"do": "start_count", "account": id(10)});
    let check = world.tell(&start);
    assert_ne!(world.tell(&start), check);
    let product = format!("counts/{}/status", id(70));
    let go_on = json!({"do": "count", "inventory_check": check, product.as_str(): "present"});
    assert_eq!(world.tell(&go_on), check);
    assert_eq!(line(&world, check, 70, 1, "status"), json!("present"));
    world.check(&json!({"do": "start_count"}), "required");
    world.check(
        &json!({"do": "start_count", "account": id(10), "action": "shelf"}),
        "required",
    );
}

#[test]
fn a_check_of_a_visit_names_its_shelf_count_and_is_made_while_the_visit_is() {
    let (mut world, visit) = counting();
    let start = |action: &str| json!({"do": "start_count", "visit": visit, "action": action});
    let refusal = world.refusal(&start(""));
    assert!(
        refusal.message.contains("shelf (Count the shelf)"),
        "{refusal}"
    );
    world.check(&start("prices"), "unknown_action");
    let mut elsewhere = start("shelf");
    world.put("account", id(11), &json!({"name": "Other"}));
    elsewhere["account"] = json!(id(11));
    world.check(&elsewhere, "other_account");
    let check = world.tell(&start("shelf"));
    world.check(&elsewhere, "other_check");
    world.set("visit", visit, "state", "completed");
    world.check(
        &count(visit, &[(70, json!({"status": "present"}))]),
        "wrong_state",
    );
    let product = format!("counts/{}/status", id(70));
    world.check(
        &json!({"do": "count", "inventory_check": check, product.as_str(): "present"}),
        "wrong_state",
    );
    world.put(
        "visit",
        id(30),
        &json!({"account": id(10), "owner": id(1), "state": "in_progress"}),
    );
    world.check(&json!({"do": "start_count", "visit": id(30)}), "ok");
}

#[test]
fn a_finished_count_answers_the_action_that_it_was_for() {
    let (mut world, visit) = counting();
    let check = world.tell(&json!({"do": "start_count", "visit": visit, "action": "shelf"}));
    let finish = json!({"do": "finish_count", "inventory_check": check});
    world.check(&finish, "nothing_counted");
    world.tell(&count(visit, &[(70, json!({"status": "listed_void"}))]));
    world.tell(&finish);
    assert_eq!(
        world.value("inventory_check", check, "state"),
        json!("finished")
    );
    assert_eq!(
        world.value("visit", visit, "actions/shelf/state"),
        json!("done")
    );
    assert_eq!(
        world.value("visit", visit, "actions/shelf/answer"),
        json!(check)
    );
    assert!(world.ask(&finish).unwrap().writes.is_empty());
    world.check(&count(visit, &[(71, json!({"status": "present"}))]), "ok");
}

#[test]
fn a_shelf_count_is_answered_by_its_check_and_a_price_check_by_its_prices() {
    let (mut world, visit) = counting();
    let done = |action: &str| json!({"do": "answer_action", "visit": visit, "action": action});
    world.tell(&json!({"do": "start_count", "visit": visit, "action": "shelf"}));
    world.check(&done("shelf"), "answer_missing");
    let check = world.tell(&count(visit, &[(70, json!({"status": "present"}))]));
    world.check(&done("prices"), "answer_missing");
    world.tell(&count(visit, &[(70, json!({"price": "2.49"}))]));
    for action in ["shelf", "prices"] {
        world.tell(&done(action));
        assert_eq!(
            world.value("visit", visit, &format!("actions/{action}/answer")),
            json!(check)
        );
    }
    assert_eq!(
        world.value("inventory_check", check, "state"),
        json!("finished")
    );
    let mut named = done("shelf");
    named["value"] = json!(check);
    world.check(&named, "ok");
    named["value"] = json!(id(99));
    world.check(&named, "unknown_reference");
    world.tell(&json!({"do": "check_in", "visit": visit, "position": HERE}));
    world.check(&json!({"do": "check_out", "visit": visit}), "ok");
}

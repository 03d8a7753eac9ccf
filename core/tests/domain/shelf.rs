//! Counts of a shelf: by product and person, merged with nothing lost, and what they come to.
//! `shelf_checks` knows how a check begins and ends.

use outfield_core::base::id::{ActorId, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Effort};
use outfield_core::objects::{Record, Values};
use serde_json::{Value as Json, json};

use crate::support::{NOW, RuleWorld, id};

/// Rosa (1) visits the shop with a shelf to count; tea (70), cola (71, with a GTIN) and a rival's
/// cola (72) exist.
pub(crate) fn counting() -> (RuleWorld, RecordId) {
    let mut world = RuleWorld::new();
    world.put(
        "product",
        id(70),
        &json!({"name": "Tea", "category": "tea"}),
    );
    world.put(
        "product",
        id(71),
        &json!({"name": "Cola", "gtin": "04006381333931"}),
    );
    world.put("product", id(72), &json!({"name": "Rival cola"}));
    let template = json!({
        "name": "Shelf", "is_default": true, "template_version": 1,
        "actions/shelf/kind": "shelf_count", "actions/shelf/title": "Count the shelf",
        "actions/shelf/mandatory": true,
        "actions/prices/kind": "price_check", "actions/prices/title": "Prices",
    });
    world.put("visit_template", id(20), &template);
    let visit = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    (world, visit)
}

/// A count within the visit's shelf count; `fields` by product.
pub(crate) fn count(visit: RecordId, products: &[(u8, Json)]) -> Json {
    let mut command = json!({"do": "count", "visit": visit, "action": "shelf"});
    for (product, fields) in products {
        for (field, value) in fields.as_object().unwrap() {
            command[format!("counts/{}/{field}", id(*product))] = value.clone();
        }
    }
    command
}

/// A field of the line of a product and a person.
pub(crate) fn line(world: &RuleWorld, check: RecordId, product: u8, user: u8, field: &str) -> Json {
    world.value(
        "inventory_check",
        check,
        &format!("counts/{}~{}/{field}", id(product), id(user)),
    )
}

#[track_caller]
pub(crate) fn lines(world: &RuleWorld, check: RecordId, product: u8, user: u8, fields: &Json) {
    for (field, value) in fields.as_object().unwrap() {
        assert_eq!(line(world, check, product, user, field), *value, "{field}");
    }
}

#[test]
fn the_first_count_of_a_visit_begins_its_check() {
    let (mut world, visit) = counting();
    let fields = json!({
        "status": "present", "facings": 4, "on_shelf_units": 12, "back_stock_units": 24,
        "price": "1.99",
        "expiry": "2027-01-31", "par_units": 48,
    });
    let check = world.tell(&count(visit, &[(70, fields.clone())]));
    for (field, value) in [
        ("account", json!(id(10))),
        ("visit", json!(visit)),
        ("action", json!("shelf")),
        ("owner", json!(id(1))),
        ("at", json!(NOW.0)),
        ("counted_on", json!("2026-11-24")),
        ("state", json!("counting")),
    ] {
        assert_eq!(
            world.value("inventory_check", check, field),
            value,
            "{field}"
        );
    }
    lines(&world, check, 70, 1, &fields);
    let rest = json!({
        "product": id(70), "user": id(1), "listed": true, "category": "tea", "own": true,
        "at": NOW.0,
    });
    lines(&world, check, 70, 1, &rest);
}

#[test]
fn several_products_are_counted_at_once_and_a_product_may_be_named_by_its_gtin() {
    let (mut world, visit) = counting();
    let mut command = count(
        visit,
        &[
            (70, json!({"status": "listed_void"})),
            (72, json!({"status": "present"})),
        ],
    );
    command["counts/4006381333931/status"] = json!("not_listed");
    command[format!("counts/{}/own", id(72))] = json!(false);
    let check = world.tell(&command);
    lines(
        &world,
        check,
        70,
        1,
        &json!({"status": "listed_void", "listed": true}),
    );
    lines(
        &world,
        check,
        71,
        1,
        &json!({"status": "not_listed", "listed": false, "product": id(71)}),
    );
    lines(
        &world,
        check,
        72,
        1,
        &json!({"status": "present", "own": false}),
    );
}

#[test]
fn a_later_count_goes_on_with_the_same_check_and_line() {
    let (mut world, visit) = counting();
    let check = world.tell(&count(
        visit,
        &[(
            70,
            json!({"status": "present", "facings": 4, "on_shelf_units": 9}),
        )],
    ));
    assert_eq!(
        world.tell(&count(visit, &[(70, json!({"on_shelf_units": 7}))])),
        check
    );
    lines(
        &world,
        check,
        70,
        1,
        &json!({"status": "present", "facings": 4, "on_shelf_units": 7}),
    );
    world.tell(&count(
        visit,
        &[(70, json!({"status": "listed_void", "back_stock_units": 6}))],
    ));
    let gone = json!({"facings": null, "on_shelf_units": null, "back_stock_units": 6});
    lines(&world, check, 70, 1, &gone);
}

/// Rosa's and Ben's changes of the visit's check, each made on a phone that does not know of the
/// other's.
fn two_phones(status: &str, units: [i64; 2]) -> (RuleWorld, RecordId, [Document; 2]) {
    let (mut world, visit) = counting();
    let mut phones = [Document::new(), Document::new()];
    let mut check = visit;
    for ((user, units), phone) in [1, 2].into_iter().zip(units).zip(&mut phones) {
        world.user = user;
        world.now = Timestamp(NOW.0 + i64::from(user) * 60_000);
        let fields = json!({
            "status": status, "on_shelf_units": units, "facings": units, "par_units": 40,
            "sum": true,
        });
        let decision = world.ask(&count(visit, &[(70, fields)])).unwrap();
        check = decision.id;
        phone
            .write(
                ActorId([100 + user; 16]),
                world.now,
                &decision.writes[0].values,
            )
            .unwrap();
    }
    (world, check, phones)
}

#[test]
fn two_reps_who_count_one_shelf_offline_make_one_check_that_keeps_both_counts() {
    let (mut world, check, [mut rosa, mut ben]) = two_phones("present", [12, 5]);
    let changes = |of: &Document| {
        let heads = of.heads();
        heads
            .iter()
            .map(|head| outfield_core::crdt::gate::change(&of.change(*head).unwrap()).unwrap())
            .collect::<Vec<_>>()
    };
    let (of_rosa, of_ben) = (changes(&rosa), changes(&ben));
    assert!(rosa.apply(&of_ben).unwrap().missing.is_empty());
    ben.apply(&of_rosa).unwrap();
    assert_eq!(rosa.values(), ben.values());
    let values: Values = rosa.values();
    let paths = values.keys().cloned().collect();
    assert_eq!(
        rosa.conflicts("inventory_check", check, &paths, &mut Effort::endless())
            .unwrap(),
        [],
        "nothing waits for a person"
    );
    let record = Record {
        object: "inventory_check".to_owned(),
        id: check,
        values,
        stamp: None,
    };
    world
        .records
        .insert(("inventory_check".to_owned(), check), record);
    for (user, units) in [(1, 12), (2, 5)] {
        let counted = json!({
            "product": id(70), "user": id(user), "status": "present", "on_shelf_units": units,
            "facings": units,
            "par_units": 40, "category": "tea", "own": true, "sum": true, "listed": true,
            "at": NOW.0 + i64::from(user) * 60_000,
        });
        lines(&world, check, 70, user, &counted);
    }
    let shown = outfield_core::domain::rules::figures::shelf::shown(&world, check).unwrap();
    assert_eq!(shown["products"][0]["on_hand_units"], json!(17));
    assert_eq!(shown["products"][0]["order_units"], json!(23));
}

#[test]
fn who_joins_a_check_gets_lines_of_their_own_and_leaves_the_others_alone() {
    let (mut world, visit) = counting();
    let check = world.tell(&count(
        visit,
        &[(
            70,
            json!({"status": "present", "facings": 4, "par_units": 48}),
        )],
    ));
    world.user = 2;
    assert_eq!(
        world.tell(&json!({"do": "start_count", "visit": visit, "action": "shelf"})),
        check
    );
    lines(
        &world,
        check,
        70,
        2,
        &json!({"status": "not_checked", "par_units": 48, "facings": null}),
    );
    lines(
        &world,
        check,
        70,
        1,
        &json!({"status": "present", "facings": 4}),
    );
    world.tell(&count(visit, &[(71, json!({"status": "present"}))]));
    assert_eq!(world.value("inventory_check", check, "owner"), json!(id(1)));
}

/// Counts of one product that are wrong: its fields, the code of the refusal, and words of its
/// message.
const WRONG_COUNTS: &[(&str, &str, &str)] = &[
    (
        r#"{"facings": 4}"#,
        "status_needed",
        "`status` is present, expired, listed_void or not_listed",
    ),
    (
        r#"{"status": "not_checked", "price": "1"}"#,
        "status_needed",
        "`price` is counted",
    ),
    (r#"{"status": "gone"}"#, "bad_value", "`gone` is not one of"),
    (
        r#"{"status": "present", "facings": -1}"#,
        "bad_value",
        "-1 is below 0",
    ),
    (
        r#"{"status": "present", "facings": 9223372036854775807}"#,
        "bad_value",
        "no more than 1000000000",
    ),
    (
        r#"{"status": "present", "par_units": -5}"#,
        "bad_value",
        "-5 is below 0",
    ),
    (
        r#"{"status": "present", "price": "1,99"}"#,
        "bad_value",
        "`1,99` is not an exact decimal",
    ),
    (
        r#"{"status": "present", "price": "-1"}"#,
        "bad_value",
        "`-1` is not an exact decimal",
    ),
    (
        r#"{"status": "present", "expiry": "31.1.2027"}"#,
        "bad_value",
        "is not a day",
    ),
    (
        r#"{"status": "present", "on_shelf_units": "many"}"#,
        "bad_value",
        "is not a whole number",
    ),
    (
        r#"{"status": "listed_void", "on_shelf_units": 3}"#,
        "contradiction",
        "listed_void has no `on_shelf_units`",
    ),
    (
        r#"{"status": "not_listed", "facings": 1}"#,
        "contradiction",
        "not_listed has no `facings`",
    ),
    (
        r#"{"status": "present", "facing": 1}"#,
        "unknown_input",
        "did you mean `counts/facings`?",
    ),
    (
        r#"{"status": "present", "listed": true}"#,
        "unknown_input",
        "takes no",
    ),
    (r#"{}"#, "required", "say what was counted"),
];

#[test]
fn what_is_wrong_with_a_count_is_said() {
    let (mut world, visit) = counting();
    for (fields, code, words) in WRONG_COUNTS {
        let fields: Json = serde_json::from_str(fields).unwrap();
        let refusal = world.refusal(&count(visit, &[(70, fields.clone())]));
        assert_eq!(refusal.code, *code, "{fields}: {refusal}");
        assert!(refusal.message.contains(words), "{fields}: {refusal}");
    }
    world.check(
        &count(visit, &[(69, json!({"status": "present"}))]),
        "unknown_product",
    );
    world.put(
        "product",
        id(73),
        &json!({"name": "Cola again", "gtin": "04006381333931"}),
    );
    let command = json!({
        "do": "count", "visit": visit, "action": "shelf", "counts/4006381333931/status": "present",
    });
    world.check(&command, "several_products");
}

#[test]
fn a_shelf_shows_each_product_and_what_the_counts_come_to() {
    let (mut world, visit) = counting();
    let shown =
        |world: &RuleWorld| outfield_core::domain::rules::figures::shelf::shown(world, visit);
    assert_eq!(shown(&world).unwrap_err().code, "not_found");
    let check = world.tell(&count(
        visit,
        &[
            (
                70,
                json!({"status": "present", "facings": 2, "on_shelf_units": 6, "par_units": 10}),
            ),
            (
                71,
                json!({"status": "listed_void", "par_units": 12, "category": "cola"}),
            ),
            (
                72,
                json!({"status": "present", "facings": 4, "own": false, "category": "cola"}),
            ),
        ],
    ));
    let shown = shown(&world).unwrap();
    assert_eq!(shown["checks"], json!([check]));
    let tea = json!({
        "id": id(70), "name": "Tea", "action": "shelf", "status": "present", "facings": 2,
        "on_hand_units": 6,
        "par_units": 10, "order_units": 4, "must_stock": false,
    });
    let products = shown["products"].as_array().unwrap().iter();
    assert_eq!(
        products.map(|product| &product["name"]).collect::<Vec<_>>(),
        ["Cola", "Rival cola", "Tea"]
    );
    assert_eq!(shown["products"][2], tea);
    assert_eq!(shown["products"][0]["order_units"], json!(12));
    let values: Vec<&Json> = shown["figures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|figure| &figure["value"])
        .collect();
    assert_eq!(values, ["66.7", "33.3", "33.3"]);
    let shares = shown["categories"].as_array().unwrap().iter();
    let shares: Vec<(&Json, &Json)> = shares
        .map(|share| (&share["category"], &share["value"]))
        .collect();
    assert_eq!(
        shares,
        [
            (&json!("cola"), &json!("0.0")),
            (&json!("tea"), &json!("100.0"))
        ]
    );
}

#[test]
fn two_shelf_counts_of_a_visit_are_two_shelves() {
    let (mut world, visit) = counting();
    for (path, value) in [
        ("actions/top/kind", "shelf_count"),
        ("actions/top/title", "Count the top"),
    ] {
        world.set("visit", visit, path, value);
    }
    let mut checks = Vec::new();
    for (action, facings) in [("shelf", 4), ("top", 3)] {
        let fields =
            json!({"status": "present", "facings": facings, "on_shelf_units": 6, "par_units": 10});
        let mut command = count(visit, &[(70, fields)]);
        command["action"] = json!(action);
        checks.push(world.tell(&command));
    }
    assert_ne!(checks[0], checks[1]);
    let shown = outfield_core::domain::rules::figures::shelf::shown(&world, visit).unwrap();
    let products = shown["products"].as_array().unwrap().iter();
    let orders: Vec<(&Json, &Json)> = products
        .map(|product| (&product["action"], &product["order_units"]))
        .collect();
    assert!(
        [("shelf", 4), ("top", 4)]
            .iter()
            .all(|(action, units)| orders.contains(&(&json!(action), &json!(units))))
    );
    assert_eq!(
        (
            &shown["figures"][2]["numerator"],
            &shown["categories"][0]["denominator"]
        ),
        (&json!(7), &json!(7))
    );
    let one = outfield_core::domain::rules::figures::shelf::shown(&world, checks[1]).unwrap();
    assert_eq!(one["figures"][2]["numerator"], json!(3));
}

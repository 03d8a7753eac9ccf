//! What the server says of a submitted order, and what holds afterwards.
//! It does not know how orders come to the server.

use serde_json::{Value as Json, json};

use crate::shop::{CASE, PEN, Shop};
use crate::support::{NOW, id};

/// An order for ten pens (22.00 with tax) is rejected, with a code, for what happened to the shop
/// meanwhile.
#[track_caller]
fn rejected(meanwhile: impl FnOnce(&mut Shop), code: &str) -> Json {
    let mut shop = Shop::submitted("10");
    meanwhile(&mut shop);
    let verdict = shop.verdict();
    assert_eq!(
        (&verdict["verdict"], &verdict["code"]),
        (&json!("rejected"), &json!(code))
    );
    assert_eq!(
        (shop.value("state"), &shop.show()["status"]),
        (json!("submitted"), &json!("rejected"))
    );
    assert_eq!(shop.show()["verdict"]["message"], verdict["message"]);
    assert_eq!(shop.admitted(), "ok");
    serde_json::from_str(verdict["numbers_json"].as_str().unwrap()).unwrap()
}

#[test]
fn a_draft_is_not_judged() {
    let mut shop = Shop::new().begun();
    shop.sets(PEN, "1");
    assert_eq!(shop.judged(), 0);
}

#[test]
fn an_order_that_nothing_is_against_is_confirmed_with_its_lines_as_they_were_priced() {
    let mut shop = Shop::submitted("10");
    let verdict = shop.verdict();
    for (field, value) in [
        ("verdict", json!("confirmed")),
        ("account", json!(id(10))),
        ("owner", json!(id(1))),
        ("number", shop.value("number")),
        ("content_hash", shop.value("content_hash")),
        ("judged_at", json!(NOW.0)),
        ("gross", json!("22")),
        ("code", Json::Null),
    ] {
        assert_eq!(verdict[field], value, "{field}");
    }
    let line = &verdict["lines"][format!("{}~EA", id(PEN))];
    assert_eq!(
        (&line["quantity"], &line["unit_price"], &line["net"]),
        (&json!("10"), &json!("2"), &json!("20"))
    );
    assert!(line["trace_json"].as_str().unwrap().contains("list_price"));
}

#[test]
fn a_confirmed_order_shows_the_prices_that_were_frozen() {
    let mut shop = Shop::submitted("10");
    shop.verdict();
    shop.world
        .set("price_entry", id(PEN + 20), "unit_price", "9.00");
    let shown = shop.show();
    assert_eq!(
        (&shown["status"], &shown["gross"]),
        (&json!("confirmed"), &json!("22.00"))
    );
    assert_eq!(
        (
            &shown["lines"][0]["unit_price"],
            &shown["lines"][0]["product_name"]
        ),
        (&json!("2"), &json!("Pen"))
    );
    assert_eq!(shown["lines"][0]["trace"][0]["step"], "list_price");
}

#[test]
fn what_is_confirmed_is_owed_and_no_longer_available() {
    let mut shop = Shop::new();
    shop.limits("100.00", "50.00");
    shop.world.put(
        "stock_figure",
        id(51),
        &json!({"product": id(PEN), "available": "20"}),
    );
    shop.world.put(
        "stock_figure",
        id(52),
        &json!({"product": id(PEN), "available": "10"}),
    );
    shop = shop.begun();
    shop.does(&json!({"do": "set_order_line", "product": id(PEN), "quantity": "1", "unit": CASE}));
    shop.sets(PEN, "10");
    shop.world.set("credit_figure", id(50), "limit", "1000");
    shop.submits();
    shop.verdict();
    let has = |object: &str, number: u8, field: &str| shop.world.value(object, id(number), field);
    assert_eq!(has("credit_figure", 50, "used"), json!("98.4"));
    assert_eq!(
        (
            has("stock_figure", 51, "available"),
            has("stock_figure", 52, "available")
        ),
        (json!("0"), json!("8"))
    );
    assert_eq!(has("credit_figure", 50, "as_of"), json!(NOW.0));
}

#[test]
fn an_order_above_the_credit_is_rejected_with_the_numbers() {
    let numbers = rejected(|shop| shop.limits("100.00", "90.00"), "credit_exceeded");
    let expected = json!({
        "wanted": "22.00", "room": "10.00", "over": "12.00", "limit": "100.00", "used": "90.00",
        "held": "0.00", "waiting": "0.00", "account": "Harp's", "currency": "USD",
    });
    assert_eq!(numbers, expected);
}

#[test]
fn what_changed_since_the_device_knew_rejects_the_order() {
    let blocked = rejected(
        |shop| shop.world.set("account", id(10), "blocked", true),
        "account_blocked",
    );
    assert_eq!(blocked["account"], "Harp's");
    let gone = rejected(
        |shop| shop.world.set("product", id(PEN), "discontinued", true),
        "discontinued",
    );
    assert_eq!(gone["product"], "Pen");
    let prices = rejected(
        |shop| {
            shop.world
                .set("price_entry", id(PEN + 20), "unit_price", "3.00")
        },
        "price_changed",
    );
    assert_eq!(prices, json!({"gross_seen": "22.00", "gross_now": "33.00"}));
    let line = format!("lines/{}~EA/quantity", id(PEN));
    rejected(|shop| shop.edits(&json!({line: "11"})), "changed_meanwhile");
    rejected(
        |shop| {
            shop.world.put(
                "stock_figure",
                id(51),
                &json!({"product": id(PEN), "available": "9"}),
            )
        },
        "not_enough_stock",
    );
    rejected(
        |shop| {
            shop.world
                .set("order_policy", id(30), "minimum_value", "20.01")
        },
        "below_minimum",
    );
}

#[test]
fn an_order_that_can_no_longer_be_priced_is_rejected_too() {
    let mut shop = Shop::submitted("10");
    shop.world
        .records
        .remove(&("price_entry".to_owned(), id(PEN + 20)));
    assert_eq!(shop.verdict()["code"], "no_price");
}

#[test]
fn one_submission_gets_one_verdict() {
    let mut shop = Shop::submitted("10");
    shop.limits("100.00", "0");
    assert_eq!(shop.judged(), 1);
    assert_eq!(shop.judged(), 0);
    shop.edits_past_rules("note", "Thanks");
    assert_eq!(shop.judged(), 0);
    assert_eq!(
        shop.world.value("credit_figure", id(50), "used"),
        json!("22")
    );
}

#[test]
fn a_mended_order_is_judged_again() {
    let mut shop = Shop::submitted("10");
    shop.limits("100.00", "90.00");
    assert_eq!(shop.verdict()["code"], "credit_exceeded");
    shop.sets(PEN, "4");
    assert_eq!(shop.show()["status"], "draft");
    shop.submits();
    assert_eq!(shop.show()["status"], "waiting");
    assert_eq!(shop.judged(), 1);
    assert_eq!(shop.show()["status"], "confirmed");
}

#[test]
fn an_order_that_is_submitted_again_as_it_was_is_judged_by_what_holds_then() {
    let mut shop = Shop::submitted("10");
    shop.limits("100.00", "90.00");
    assert_eq!(shop.verdict()["code"], "credit_exceeded");
    shop.limits("200.00", "90.00");
    shop.world.now.0 += 60_000;
    shop.submits();
    assert_eq!(shop.show()["status"], "waiting");
    shop.judged();
    assert_eq!(shop.show()["status"], "confirmed");
}

#[test]
fn a_confirmed_order_stays_as_it_is() {
    let mut shop = Shop::submitted("10");
    shop.verdict();
    let number = shop.value("number");
    let refusal = shop.world.refusal(&shop.line(PEN, "11"));
    assert_eq!(
        (refusal.code.as_str(), &refusal.numbers["number"]),
        ("after_confirmation", &number)
    );
    for command in [
        shop.submit(),
        shop.about(json!({"do": "remove_order_line", "product": id(PEN)})),
        shop.edit(&json!({"note": "Too late"})),
    ] {
        shop.world.check(&command, "after_confirmation");
    }
    assert_eq!(shop.admitted(), "after_confirmation");
}

#[test]
fn an_amount_that_cannot_be_read_is_named_and_never_counts_as_nothing() {
    for (object, record, field) in [
        ("credit_figure", 50, "used"),
        ("credit_figure", 50, "limit"),
        ("stock_figure", 60, "available"),
    ] {
        let meanwhile = |shop: &mut Shop| {
            shop.limits("1000", "0");
            let stock = json!({"product": id(PEN), "warehouse": "Main", "available": "500"});
            shop.world.put("stock_figure", id(60), &stock);
            shop.world.set(object, id(record), field, "12,50");
        };
        let numbers = rejected(meanwhile, "unreadable_amount");
        assert_eq!(numbers["record"], json!(id(record)), "{object} {field}");
    }
}

#[test]
fn a_phone_does_not_hand_in_what_it_cannot_hold_against_a_limit() {
    let mut shop = Shop::new().begun();
    shop.sets(PEN, "10");
    shop.limits("1000", "a lot");
    let refusal = shop.world.refusal(&shop.submit());
    assert_eq!(refusal.code, "unreadable_amount");
    assert_eq!(refusal.fields, ["used"]);
}

//! A tax class is checked where it is written, all that is wrong with it at once; one that is there
//! already and cannot be read stops the price of its own goods alone.

use outfield_core::base::context::{Place, Role};
use outfield_core::base::limits::{TAX_PART_LINES_MAX, TAX_PARTS_MAX};
use serde_json::{Value as Json, json};

use crate::shop::{GUM, PEN, Shop};
use crate::support::id;

/// A class of 10 % with these lines of several taxes.
fn class(parts: &Json) -> Json {
    let mut class = json!({"name": "Several", "category": "S", "rate_percent": "10"});
    for (path, value) in parts.as_object().unwrap() {
        class[format!("parts/{path}")] = value.clone();
    }
    class
}

/// What the office hears when it writes such a class: the code, and the fields that it is about.
fn said(parts: &Json) -> (String, Vec<String>) {
    let mut shop = Shop::new();
    shop.world.place = Place::Server;
    shop.world.role = Role::ADMIN;
    let command = json!({"do": "add", "object": "tax_class", "fields": class(parts)});
    match shop.world.ask(&command) {
        Ok(_) => ("ok".to_owned(), Vec::new()),
        Err(refusal) => (refusal.code, refusal.fields),
    }
}

#[track_caller]
fn check(parts: &Json, code: &str, fields: &[&str]) {
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    assert_eq!(said(parts), (code.to_owned(), fields), "{parts}");
}

#[test]
fn a_tax_has_a_rate_or_an_amount_and_nothing_that_contradicts_it() {
    check(&json!({"a/name": "A", "a/rate_percent": "5"}), "ok", &[]);
    check(
        &json!({"a/name": "A", "a/amount_per_unit": "0.18", "a/unit": "LTR", "a/currency": "EUR"}),
        "ok",
        &[],
    );
    check(
        &json!({"a/name": "A", "a/rate_percent": "5", "a/amount_per_unit": "1"}),
        "bad_book",
        &["parts/a/amount_per_unit"],
    );
    check(
        &json!({"a/name": "A"}),
        "bad_book",
        &["parts/a/rate_percent"],
    );
    check(
        &json!({"a/name": "A", "a/rate_percent": "5", "a/unit": "LTR"}),
        "bad_book",
        &["parts/a/unit"],
    );
    check(
        &json!({"a/name": "A", "a/amount_per_unit": "1", "a/currency": "XXY"}),
        "bad_book",
        &["parts/a/currency"],
    );
    check(
        &json!({"a/name": "A", "a/rate_percent": "-5"}),
        "bad_price_book",
        &[],
    );
    check(
        &json!({"a/name": "A", "a/rate_percent": "1000.1"}),
        "bad_price_book",
        &[],
    );
    check(
        &json!({"a/name": "A", "a/amount_per_unit": "0.1234567"}),
        "bad_price_book",
        &[],
    );
    check(
        &json!({
            "a/name": "A", "a/rate_percent": "5", "a/valid_from": "2027-01-02",
            "a/valid_to": "2027-01-01",
        }),
        "bad_price_book",
        &[],
    );
}

#[test]
fn two_taxes_of_one_name_follow_each_other_by_their_days() {
    let two = |from: &str| {
        json!({
            "a/name": "A", "a/rate_percent": "5", "a/valid_from": "2026-01-01",
            "b/name": "A", "b/rate_percent": "6", "b/valid_from": from,
        })
    };
    check(&two("2027-01-01"), "ok", &[]);
    assert_eq!(said(&two("2026-01-01")).0, "ambiguous_tax");
}

#[test]
fn everything_that_is_wrong_with_a_class_is_said_at_once() {
    check(
        &json!({
            "a/name": "A", "b/name": "B", "b/rate_percent": "1", "b/amount_per_unit": "1",
            "c/name": "C", "c/amount_per_unit": "1", "c/unit": "far too long for a unit",
        }),
        "bad_book",
        &[
            "parts/a/rate_percent",
            "parts/b/amount_per_unit",
            "parts/c/unit",
        ],
    );
}

#[test]
fn a_class_has_so_many_taxes_a_day_and_so_many_lines_and_no_more() {
    let many = |count: usize, days: bool| {
        let mut parts = json!({});
        for number in 0..count {
            parts[format!("{number}/name")] = json!(format!("Tax {number}"));
            parts[format!("{number}/rate_percent")] = json!("1");
            if days {
                let day = format!("2{number:03}-01-01");
                parts[format!("{number}/valid_from")] = json!(day);
                parts[format!("{number}/valid_to")] = json!(day);
            }
        }
        parts
    };
    check(&many(TAX_PARTS_MAX, false), "ok", &[]);
    check(&many(TAX_PARTS_MAX + 1, false), "bad_book", &["parts"]);
    check(&many(TAX_PART_LINES_MAX, true), "ok", &[]);
    assert_eq!(
        said(&many(TAX_PART_LINES_MAX + 1, true)).0,
        "bad_price_book"
    );
}

#[test]
fn taxes_on_taxes_that_nobody_can_compute_are_refused_at_the_office() {
    let mut parts = json!({});
    for number in 0..TAX_PARTS_MAX {
        parts[format!("{number}/name")] = json!(format!("Tax {number}"));
        parts[format!("{number}/rate_percent")] = json!("99.999989");
        parts[format!("{number}/on")] = json!("net_and_before");
    }
    check(&parts, "bad_book", &["parts"]);
}

#[test]
fn a_class_that_cannot_be_read_stops_its_own_goods_and_no_others() {
    let mut shop = Shop::new();
    let spoilt = class(&json!({"a/name": "A", "a/rate_percent": "5", "a/amount_per_unit": "1"}));
    shop.world.put("tax_class", id(80), &spoilt);
    shop.world
        .set("product", id(GUM), "tax_class", id(80).to_string());
    // The gum is a reward, so its class is looked at whatever is ordered.
    let promotion = json!({
        "name": "A gum", "promotion_version": 1, "level": "line", "product": id(PEN),
        "hurdle": "quantity", "hurdle_quantity": "100", "reward": "free_goods",
        "reward_product": id(GUM), "reward_quantity": "1",
    });
    shop.world.put("promotion", id(81), &promotion);
    let mut shop = shop.begun();
    shop.sets(PEN, "10");
    assert_eq!(shop.show()["gross"], "22.00");
    shop.sets(GUM, "1");
    assert_eq!(shop.show()["problem"]["code"], "bad_book");
}

#[test]
fn an_amount_in_another_currency_or_by_a_unit_that_goods_lack_is_named() {
    for (field, value, told) in [
        (
            "currency",
            "EUR",
            "`Several`: its tax `Eco` is in EUR, not in USD",
        ),
        (
            "unit",
            "LTR",
            "is by LTR, and of `Pen`: it is not packed in LTR",
        ),
    ] {
        let mut shop = Shop::new();
        let mut parts = json!({"a/name": "Eco", "a/amount_per_unit": "1"});
        parts[format!("a/{field}")] = json!(value);
        shop.world.put("tax_class", id(31), &class(&parts));
        let mut shop = shop.begun();
        shop.sets(PEN, "10");
        let problem = shop.show()["problem"].clone();
        assert_eq!(problem["code"], "bad_price_book");
        assert!(
            problem["message"].as_str().unwrap().contains(told),
            "{problem}"
        );
    }
}

//! The golden cases of several taxes a line, fees and deposits, as data: each is priced by the rows
//! that the office keeps, and those that an order can be are ordered, and confirmed as they were
//! shown. The same file is run with a real phone and a real server.

use outfield_core::domain::rules::sell::price_book::book;
use outfield_core::domain::rules::sell::pricing::{Basket, Priced, TaxGroup, price};
use serde_json::{Value as Json, json};

use crate::shop::Shop;
use crate::support::id;

const CASES: &str = include_str!("../golden_taxes.json");

/// The number of the first record that a case names.
const FIRST: u8 = 200;

/// A shop with the rows of a case, and the case with ids in place of their names.
fn shop_of(case: &Json) -> (Shop, Json) {
    let mut shop = Shop::new();
    let mut ids = vec![("$north".to_owned(), id(71).to_string())];
    shop.world
        .put("territory", id(71), &json!({"name": "North"}));
    for (number, name, with_tax) in [(72, "list", false), (73, "with", true)] {
        let list = json!({
            "name": name, "applies_to": "all", "currency": "USD", "list_version": 1,
            "tax_inclusive": with_tax,
        });
        shop.world.put("price_list", id(number), &list);
        ids.push((format!("${name}"), id(number).to_string()));
    }
    let rows = case["rows"].as_array().unwrap();
    for (number, row) in (FIRST..).zip(rows) {
        let name = row[0].as_str().unwrap();
        ids.push((format!("${name}"), id(number).to_string()));
    }
    let mut text = case.to_string();
    for (name, id) in &ids {
        text = text.replace(&format!("\"{name}\""), &format!("\"{id}\""));
    }
    let case: Json = serde_json::from_str(&text).unwrap();
    for (number, row) in (FIRST..).zip(case["rows"].as_array().unwrap()) {
        shop.world
            .put(row[1].as_str().unwrap(), id(number), &row[2]);
    }
    (shop, case)
}

fn basket(case: &Json) -> Json {
    let mut basket = json!({
        "currency": "USD", "tax_mode": "exclusive", "tax_rounding": "document",
        "lines": case["lines"],
    });
    for (name, value) in case["basket"].as_object().into_iter().flatten() {
        basket[name] = value.clone();
    }
    basket
}

fn told(priced: &Priced) -> (Json, Json) {
    let group =
        |group: &TaxGroup| json!([group.name, group.base.to_string(), group.tax.to_string()]);
    let groups: Vec<Json> = priced.tax_groups.iter().map(group).collect();
    let sums = [priced.net, priced.tax, priced.gross].map(|money| money.to_string());
    (json!(sums), json!(groups))
}

#[test]
fn every_golden_case_has_its_figures() {
    let cases: Vec<Json> = serde_json::from_str(CASES).unwrap();
    for case in &cases {
        let (shop, case) = shop_of(case);
        let today = "2026-11-24".parse().unwrap();
        let basket = Basket::parse(&basket(&case).to_string(), today, "UTC").unwrap();
        let book = book(&shop.world, &basket).unwrap();
        let priced = price(&basket, &book).unwrap();
        let (sums, taxes) = told(&priced);
        assert_eq!(sums, case["sums"], "{}: {}", case["case"], case["says"]);
        assert_eq!(taxes, case["taxes"], "{}: {}", case["case"], case["says"]);
        let of_lines = |of: fn(&outfield_core::domain::rules::sell::pricing::PricedLine) -> i64| {
            priced.lines.iter().map(of).sum::<i64>()
        };
        let whole = (priced.net.minor(), priced.tax.minor());
        let lines = (
            of_lines(|line| line.net.minor()),
            of_lines(|line| line.tax.minor()),
        );
        assert_eq!(
            lines, whole,
            "the lines of {} sum to the whole",
            case["case"]
        );
    }
}

/// Each line of an order by its name, where the case says them.
#[track_caller]
fn named_lines(shown: &Json, case: &Json) {
    if case["shown"].is_null() {
        return;
    }
    let lines = shown["lines"].as_array().unwrap().iter();
    let mut named: Vec<Json> = lines
        .map(|line| json!([line["product_name"], line["net"]]))
        .collect();
    named.sort_by_key(Json::to_string);
    assert_eq!(json!(named), case["shown"], "{}: {shown}", case["case"]);
}

#[test]
fn an_order_is_confirmed_with_the_figures_that_it_showed() {
    let cases: Vec<Json> = serde_json::from_str(CASES).unwrap();
    let mut ordered = 0;
    for case in &cases {
        let (mut shop, case) = shop_of(case);
        if case["basket"]["account"].is_string() || case["basket"]["at"].is_string() {
            continue;
        }
        for field in ["tax_mode", "tax_rounding"] {
            if let Some(word) = case["basket"][field].as_str() {
                shop.world.set("order_policy", id(30), field, word);
            }
        }
        let mut shop = shop.begun();
        for line in case["lines"].as_array().unwrap() {
            let mut command = line.clone();
            command["do"] = json!("set_order_line");
            shop.does(&command);
        }
        let shown = shop.show();
        let sums = ["net", "tax", "gross"].map(|name| shown[name].clone());
        assert_eq!(json!(sums), case["sums"], "{}: {shown}", case["case"]);
        named_lines(&shown, &case);
        shop.submits();
        let verdict = shop.verdict();
        assert_eq!(verdict["verdict"], "confirmed", "{verdict}");
        let frozen = shop.show();
        named_lines(&frozen, &case);
        for name in ["net", "tax", "gross", "payable", "tax_groups"] {
            assert_eq!(frozen[name], shown[name], "{name} of {}", case["case"]);
        }
        ordered += 1;
    }
    assert!(ordered >= 15, "{ordered} cases were ordered");
}

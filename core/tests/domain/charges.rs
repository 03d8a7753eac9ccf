//! Fees and deposits: what the office hears of those that cannot be, whom a bad one stops, and how
//! they stand beside discounts, limits and stock.

use outfield_core::base::context::{Place, Role};
use outfield_core::base::id::RecordId;
use outfield_core::base::limits::{DEPOSIT_DEPTH_MAX, FEE_ROWS_MAX, FEES_MAX};
use serde_json::{Value as Json, json};

use crate::shop::{GUM, PEN, Shop};
use crate::support::id;

/// A container that is a crate.
const CRATE: u8 = 90;
/// A container that lies in it.
const BOTTLE: u8 = 91;

/// A shop whose cases of pens come in crates of twelve bottles, at 1.50 and 0.10.
fn bottled() -> Shop {
    let mut shop = Shop::new();
    for (number, name, price) in [(CRATE, "Crate", "1.5"), (BOTTLE, "Bottle", "0.1")] {
        let product = json!({"name": name, "tax_class": id(31), "is_container": true});
        shop.world.put("product", id(number), &product);
        let entry = json!({
            "price_list": id(32), "product": id(number), "unit": "EA", "unit_price": price,
        });
        shop.world.put("price_entry", id(number + 20), &entry);
    }
    let world = &mut shop.world;
    world.set(
        "product",
        id(CRATE),
        "deposit_product",
        id(BOTTLE).to_string(),
    );
    world.set("product", id(CRATE), "deposit_count", 12);
    let crate_of_case = "units/case/deposit_product";
    world.set("product", id(PEN), crate_of_case, id(CRATE).to_string());
    shop
}

fn fee(more: &Json) -> Json {
    let mut fee = json!({
        "name": "Small order", "fee_version": 1, "per": "order", "tax_class": id(31),
    });
    for (field, value) in more.as_object().unwrap() {
        fee[field] = value.clone();
    }
    fee
}

/// What the office hears when it writes a row: the code, and the fields that it is about.
fn said(mut shop: Shop, command: &Json) -> (String, Vec<String>) {
    shop.world.place = Place::Server;
    shop.world.role = Role::ADMIN;
    match shop.world.ask(command) {
        Ok(_) => ("ok".to_owned(), Vec::new()),
        Err(refusal) => (refusal.code, refusal.fields),
    }
}

#[track_caller]
fn check_fee(more: &Json, code: &str, fields: &[&str]) {
    let command = json!({"do": "add", "object": "fee", "fields": fee(more)});
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    assert_eq!(
        said(Shop::new(), &command),
        (code.to_owned(), fields),
        "{more}"
    );
}

#[track_caller]
fn check_product(number: u8, fields: &Json, code: &str, about: &[&str]) {
    let command = json!({"do": "edit", "object": "product", "id": id(number), "fields": fields});
    let about = about.iter().map(|field| (*field).to_owned()).collect();
    assert_eq!(
        said(bottled(), &command),
        (code.to_owned(), about),
        "{fields}"
    );
}

#[test]
fn a_fee_is_checked_where_it_is_written_and_all_that_is_wrong_is_named() {
    check_fee(
        &json!({"amount": "4", "below_value": "25", "reason_code": "FC"}),
        "ok",
        &[],
    );
    check_fee(&json!({"percent": "2.5", "per": "line"}), "ok", &[]);
    check_fee(&json!({}), "bad_book", &["amount"]);
    check_fee(
        &json!({"amount": "4", "percent": "2"}),
        "bad_book",
        &["percent"],
    );
    check_fee(&json!({"amount": "-4"}), "bad_price_book", &[]);
    check_fee(&json!({"percent": "100.5"}), "bad_price_book", &[]);
    check_fee(
        &json!({"percent": "2", "per": "unit"}),
        "bad_price_book",
        &[],
    );
    check_fee(
        &json!({"amount": "4", "from_value": "25", "below_value": "25"}),
        "bad_price_book",
        &[],
    );
    check_fee(
        &json!({"amount": "4", "valid_from": "2027-01-02", "valid_to": "2027-01-01"}),
        "bad_price_book",
        &[],
    );
    check_fee(
        &json!({"currency": "XXY", "from_value": "1.001", "reason_code": "freight"}),
        "bad_book",
        &["currency", "amount", "from_value", "reason_code"],
    );
}

/// A shop with so many fees of 1.00 an order, and an order for ten pens.
fn with_fees(count: usize) -> Shop {
    let mut shop = Shop::new();
    for number in 0..count {
        let mut bytes = [7; 16];
        bytes[..2].copy_from_slice(&u16::try_from(number).unwrap().to_be_bytes());
        let row = fee(&json!({"name": format!("Fee {number}"), "amount": "1"}));
        shop.world.put("fee", RecordId(bytes), &row);
    }
    let mut shop = shop.begun();
    shop.sets(PEN, "10");
    shop
}

#[test]
fn an_order_has_so_many_fees_and_a_tenant_so_many_rows() {
    assert_eq!(with_fees(FEES_MAX).show()["net"], "70.00");
    let shop = with_fees(FEES_MAX + 1);
    assert_eq!(shop.show()["problem"]["code"], "too_many_fees");
    let more = fee(&json!({"amount": "1", "name": "One more"}));
    let more = json!({"do": "add", "object": "fee", "fields": more});
    assert_eq!(said(shop, &more).0, "ok");
    assert_eq!(said(with_fees(FEE_ROWS_MAX), &more).0, "too_many_fees");
}

#[test]
fn a_bad_fee_stops_who_would_pay_it_and_nobody_else() {
    let bad = json!({"amount": "4", "percent": "2"});
    let elsewhere = [
        ("account", json!(id(200))),
        ("product", json!(id(GUM))),
        ("valid_from", json!("2027-01-01")),
    ];
    for (field, value) in elsewhere {
        let mut row = fee(&bad);
        row[field] = value;
        let mut shop = Shop::new();
        shop.world
            .put("account", id(200), &json!({"name": "Hill's"}));
        shop.world.put("fee", id(201), &row);
        let mut shop = shop.begun();
        shop.sets(PEN, "10");
        assert_eq!(shop.show()["gross"], "22.00", "{field}");
    }
    let mut shop = Shop::new();
    shop.world.put("fee", id(201), &fee(&bad));
    let mut shop = shop.begun();
    shop.sets(PEN, "10");
    assert_eq!(shop.show()["problem"]["code"], "bad_book");
}

#[test]
fn a_fee_goes_when_its_reason_goes_and_is_never_in_the_document() {
    let mut shop = Shop::new();
    shop.world.put(
        "fee",
        id(201),
        &fee(&json!({"amount": "4", "below_value": "25"})),
    );
    let mut shop = shop.begun();
    shop.sets(PEN, "9");
    let line = &shop.show()["lines"][1];
    assert_eq!(
        (&line["line"], &line["product_name"], &line["gross"]),
        (
            &json!(format!("fee~{}", id(201))),
            &json!("Small order"),
            &json!("4.40")
        )
    );
    assert_eq!(
        (&line["trace"][0]["step"], &line["trace"][0]["why"]),
        (&json!("fee"), &json!("4 an order below 25.00"))
    );
    assert!(!shop.record().to_json().to_string().contains("fee~"));
    shop.sets(PEN, "13");
    let lines = shop.show()["lines"].clone();
    assert_eq!(lines.as_array().unwrap().len(), 1, "{lines}");
    shop.sets(PEN, "9");
    shop.submits();
    let verdict = shop.verdict();
    assert_eq!(verdict["verdict"], "confirmed", "{verdict}");
    assert_eq!(verdict["net"], "22");
    let sources = verdict["price_lists_json"].as_str().unwrap_or_default();
    assert!(
        sources.is_empty() || sources.contains("\"fee\":{\"Small order\":1}"),
        "{sources}"
    );
}

#[test]
fn containers_are_checked_where_they_are_written() {
    let container = |count: i64| json!({"deposit_product": id(BOTTLE), "deposit_count": count});
    check_product(PEN, &container(6), "ok", &[]);
    check_product(PEN, &container(0), "bad_deposit", &["deposit_count"]);
    check_product(PEN, &container(10_001), "bad_deposit", &["deposit_count"]);
    check_product(
        PEN,
        &json!({"deposit_count": 2}),
        "bad_deposit",
        &["deposit_count"],
    );
    check_product(
        PEN,
        &json!({"deposit_count": 2, "units/case/deposit_count": -1, "units/case/numerator": 0}),
        "bad_units",
        &["product", "deposit_count", "units/case/deposit_count"],
    );
    let of = |number: u8| json!({"deposit_product": id(number)});
    check_product(BOTTLE, &of(BOTTLE), "bad_deposit", &["deposit_product"]);
    check_product(BOTTLE, &of(CRATE), "bad_deposit", &["deposit_product"]);
    check_product(
        BOTTLE,
        &json!({"deposit_product": id(199)}),
        "unknown_reference",
        &["deposit_product"],
    );
}

#[test]
fn a_product_comes_in_the_units_by_which_it_is_taxed() {
    let litre = json!({
        "units/l/unit": "LTR", "units/l/numerator": 100, "units/l/denominator": 33,
    });
    let taxed = |fields: &Json| {
        let mut shop = bottled();
        shop.world
            .set("tax_class", id(31), "parts/a/name", "Excise");
        shop.world
            .set("tax_class", id(31), "parts/a/amount_per_unit", "0.18");
        shop.world.set("tax_class", id(31), "parts/a/unit", "LTR");
        said(
            shop,
            &json!({"do": "edit", "object": "product", "id": id(PEN), "fields": fields}),
        )
    };
    assert_eq!(taxed(&litre), ("ok".to_owned(), Vec::new()));
    let about = ["units", "tax_class"].map(str::to_owned).to_vec();
    let crate_of_six = json!({"units/c/unit": "XCR", "units/c/numerator": 6});
    assert_eq!(taxed(&crate_of_six), ("no_tax_unit".to_owned(), about));
    let is_no_worse = taxed(&json!({"brand": "Stout"}));
    assert_eq!(
        is_no_worse.0, "ok",
        "who changes something else is not asked"
    );
}

#[test]
fn containers_lie_in_each_other_so_deep_and_no_deeper() {
    for (depth, is_refused) in [(DEPOSIT_DEPTH_MAX, false), (DEPOSIT_DEPTH_MAX + 1, true)] {
        let mut shop = bottled();
        for number in 1..depth {
            let at = 150 + u8::try_from(number).unwrap();
            let mut row = json!({"name": format!("Box {number}"), "tax_class": id(31)});
            if number + 1 < depth {
                row["deposit_product"] = json!(id(at + 1));
            }
            shop.world.put("product", id(at), &row);
            let entry = json!({
                "price_list": id(32), "product": id(at), "unit": "EA", "unit_price": "1",
            });
            shop.world.put("price_entry", id(at + 30), &entry);
        }
        // The last is a box as well.
        let last = 150 + u8::try_from(depth).unwrap();
        shop.world.put(
            "product",
            id(last),
            &json!({"name": "Last", "tax_class": id(31)}),
        );
        let entry = json!({
            "price_list": id(32), "product": id(last), "unit": "EA", "unit_price": "1",
        });
        shop.world.put("price_entry", id(last + 30), &entry);
        let before = id(last - 1);
        shop.world
            .set("product", before, "deposit_product", id(last).to_string());
        let fields = json!({"deposit_product": id(151)});
        let command = json!({"do": "edit", "object": "product", "id": id(GUM), "fields": fields});
        shop.world
            .set("product", id(PEN), "deposit_product", id(151).to_string());
        let mut shop = shop.begun();
        shop.sets(PEN, "1");
        let problem = shop.show()["problem"]["code"].clone();
        let wanted = if is_refused {
            json!("bad_price_book")
        } else {
            Json::Null
        };
        assert_eq!(problem, wanted, "{depth}: {}", shop.show());
        let code = if is_refused { "bad_deposit" } else { "ok" };
        assert_eq!(said(shop, &command).0, code, "{depth}");
    }
}

#[test]
fn a_circle_that_is_there_already_stops_what_comes_in_it_and_nothing_else() {
    let mut shop = bottled();
    shop.world.set(
        "product",
        id(BOTTLE),
        "deposit_product",
        id(CRATE).to_string(),
    );
    let mut shop = shop.begun();
    shop.sets(GUM, "10");
    assert_eq!(shop.show()["gross"], "5.50");
    shop.does(&json!({"do": "set_order_line", "product": id(PEN), "quantity": "1", "unit": "XCS"}));
    let problem = shop.show()["problem"].clone();
    assert_eq!(problem["code"], "bad_price_book");
    assert!(
        problem["message"].as_str().unwrap().contains("in a circle"),
        "{problem}"
    );
}

#[test]
fn a_container_comes_back_by_itself_and_takes_no_discount() {
    let mut shop = bottled().begun();
    let back = |product: u8| {
        let product = id(product);
        json!({"do": "set_order_line", "product": product, "quantity": "-1", "unit": "EA"})
    };
    assert_eq!(
        shop.world.refusal(&shop.about(back(PEN))).fields,
        ["quantity"]
    );
    let mut cheaper = back(CRATE);
    cheaper["discount_percent"] = json!("5");
    let refusal = shop.world.refusal(&shop.about(cheaper));
    assert_eq!(refusal.fields, ["discount_percent"]);
    shop.does(&back(CRATE));
    let shown = shop.show();
    assert_eq!(
        (&shown["net"], &shown["gross"]),
        (&json!("-2.70"), &json!("-2.97"))
    );
    assert_eq!(shown["lines"][0]["charge"]["kind"], "container");
    // What a rule would refuse does not become true past it.
    let line = format!("lines/{}~EA", id(CRATE));
    shop.edits_past_rules(&format!("{line}/discount_percent"), "5");
    assert_eq!(shop.show()["problem"]["code"], "bad_value");
}

#[test]
fn deposits_and_fees_are_no_order_value_and_are_paid_on_credit_and_are_no_stock() {
    let mut shop = bottled();
    shop.world
        .set("order_policy", id(30), "minimum_value", "25");
    shop.world
        .put("fee", id(201), &fee(&json!({"amount": "4"})));
    for product in [PEN, CRATE, BOTTLE] {
        let stock = json!({"product": id(product), "available": "100"});
        shop.world.put("stock_figure", id(product + 100), &stock);
    }
    shop.limits("100", "0");
    let mut shop = shop.begun();
    let cases = |count: &str| {
        let pen = id(PEN);
        json!({"do": "set_order_line", "product": pen, "quantity": count, "unit": "XCS"})
    };
    shop.does(&cases("1"));
    let shown = shop.show();
    assert_eq!(shown["net"], "30.70", "24.00, 2.70 and 4.00");
    let refusal = shop.world.refusal(&shop.submit());
    assert_eq!(refusal.code, "below_minimum");
    assert_eq!(refusal.numbers["net"], "24.00");
    shop.does(&cases("2"));
    shop.submits();
    assert_eq!(shop.verdict()["verdict"], "confirmed");
    let of = |object: &str, number: u8, field: &str| shop.world.value(object, id(number), field);
    assert_eq!(of("stock_figure", PEN + 100, "available"), "76");
    assert_eq!(of("stock_figure", CRATE + 100, "available"), "100");
    // 48.00, 5.40 and 4.00, with a tenth of tax.
    assert_eq!(of("credit_figure", 50, "used"), "63.14");
}

#[test]
fn what_is_given_for_nothing_has_its_deposit() {
    let mut shop = bottled();
    shop.world.set(
        "product",
        id(GUM),
        "deposit_product",
        id(BOTTLE).to_string(),
    );
    let promotion = json!({
        "name": "A gum", "promotion_version": 1, "level": "line", "product": id(PEN),
        "hurdle": "quantity", "hurdle_quantity": "10", "reward": "free_goods",
        "reward_product": id(GUM), "reward_quantity": "3",
    });
    shop.world.put("promotion", id(81), &promotion);
    let mut shop = shop.begun();
    shop.sets(PEN, "10");
    let shown = shop.show();
    assert_eq!(shown["net"], "20.30", "{shown}");
    assert_eq!(shown["lines"][2]["line"], format!("deposit~{}", id(BOTTLE)));
}

#[test]
fn an_order_whose_taxes_are_too_long_to_be_told_is_refused_before_it_is_confirmed() {
    let mut shop = Shop::new();
    for number in 0..8 {
        let of = |field: &str| format!("parts/{number}/{field}");
        let name = format!("A tax of a town whose name is long enough to be told {number}");
        shop.world.set("tax_class", id(31), &of("name"), name);
        shop.world
            .set("tax_class", id(31), &of("rate_percent"), "1");
    }
    let mut shop = shop.begun();
    for number in 0..500_u16 {
        let mut bytes = [9; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        let product = json!({"name": format!("Product {number}"), "tax_class": id(31)});
        shop.world.put("product", RecordId(bytes), &product);
        let entry = json!({
            "price_list": id(32), "product": RecordId(bytes), "unit": "EA", "unit_price": "1",
        });
        bytes[15] = 10;
        shop.world.put("price_entry", RecordId(bytes), &entry);
        bytes[15] = 9;
        let line = format!("lines/{}~EA", RecordId(bytes));
        for (field, value) in [
            ("product", RecordId(bytes).to_string()),
            ("unit", "EA".to_owned()),
        ] {
            shop.edits_past_rules(&format!("{line}/{field}"), &value);
        }
        shop.edits_past_rules(&format!("{line}/quantity"), "1");
    }
    let refusal = shop.world.refusal(&shop.submit());
    assert_eq!(refusal.code, "too_much_to_confirm");
    assert_eq!(shop.show()["tax"], "40.00");
}

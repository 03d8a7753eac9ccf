//! Orders in all kinds of money: currencies with no and with three decimals, cash that coins cannot
//! pay, goods for nothing. What an order showed when it was made is what its confirmation shows.

use outfield_core::objects::Value;
use serde_json::{Value as Json, json};

use crate::shop::{GUM, PEN, Shop};
use crate::support::id;

/// A shop that sells pens at this price in this currency, by cash of this step.
fn shop(currency: &str, price: &str, cash_step: Option<&str>) -> Shop {
    let mut shop = Shop::new();
    shop.world.set("order_policy", id(30), "currency", currency);
    if let Some(step) = cash_step {
        shop.world.set("order_policy", id(30), "cash_step", step);
    }
    shop.world.set("price_list", id(32), "currency", currency);
    shop.world
        .set("price_entry", id(PEN + 20), "unit_price", price);
    shop.begun()
}

/// The members of an order that it had before it was confirmed and must have afterwards.
fn kept(shown: &Json) -> Json {
    let of_line = |line: &Json| {
        let members = [
            "product_name",
            "quantity",
            "unit",
            "unit_price",
            "net",
            "tax",
            "gross",
            "free",
            "trace",
        ];
        members.map(|name| line[name].clone())
    };
    let lines: Vec<_> = shown["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(of_line)
        .collect();
    let sums = [
        "currency",
        "net",
        "tax",
        "gross",
        "cash_difference",
        "payable",
    ]
    .map(|name| shown[name].clone());
    json!([lines, sums])
}

/// Submits the order and has it confirmed; the draft and the confirmation show the same, which is
/// the answer.
#[track_caller]
fn confirmed(mut shop: Shop) -> Json {
    let draft = shop.show();
    shop.submits();
    let verdict = shop.verdict();
    assert_eq!(verdict["verdict"], "confirmed", "{verdict}");
    let shown = shop.show();
    assert_eq!(kept(&shown), kept(&draft));
    shown
}

#[track_caller]
fn check(currency: &str, price: &str, cash_step: Option<&str>, pens: &str, sums: [&str; 5]) {
    let mut shop = shop(currency, price, cash_step);
    shop.sets(PEN, pens);
    let shown = confirmed(shop);
    let found = ["net", "tax", "gross", "cash_difference", "payable"]
        .map(|name| shown[name].as_str().unwrap());
    assert_eq!(found, sums, "{currency}");
}

#[test]
fn an_order_has_the_decimals_of_its_currency() {
    check("JPY", "120.5", None, "3", ["362", "36", "398", "0", "398"]);
    check(
        "KWD",
        "0.1235",
        None,
        "3",
        ["0.371", "0.037", "0.408", "0.000", "0.408"],
    );
    check(
        "USD",
        "2",
        None,
        "10",
        ["20.00", "2.00", "22.00", "0.00", "22.00"],
    );
}

#[test]
fn limits_hold_in_every_currency() {
    let mut shop = shop("KWD", "0.1235", None);
    shop.limits("0.407", "0");
    shop.world.set("credit_figure", id(50), "currency", "KWD");
    shop.sets(PEN, "3");
    let refusal = shop.world.refusal(&shop.submit());
    assert_eq!(
        (refusal.code.as_str(), &refusal.numbers["room"]),
        ("credit_exceeded", &json!("0.407"))
    );
    shop.world.set("credit_figure", id(50), "limit", "0.408");
    confirmed(shop);
}

#[test]
fn what_coins_cannot_pay_is_rounded_in_a_field_of_its_own() {
    check(
        "CHF",
        "2.01",
        Some("0.05"),
        "1",
        ["2.01", "0.20", "2.21", "-0.01", "2.20"],
    );
    check(
        "CHF",
        "2.03",
        Some("0.05"),
        "1",
        ["2.03", "0.20", "2.23", "0.02", "2.25"],
    );
    check(
        "JPY",
        "123",
        Some("10"),
        "1",
        ["123", "12", "135", "5", "140"],
    );
}

#[test]
fn the_cash_step_is_that_of_the_day_on_which_the_order_was_made() {
    let mut shop = shop("CHF", "2.01", Some("0.05"));
    shop.sets(PEN, "1");
    shop.world.set("order_policy", id(30), "cash_step", "1");
    assert_eq!(confirmed(shop)["payable"], "2.20");
}

#[test]
fn goods_for_nothing_are_a_line_with_its_own_story_before_and_after_the_confirmation() {
    let mut shop = shop("USD", "2", None);
    let promotion = json!({
        "name": "A gum with ten pens", "promotion_version": 4, "level": "line", "product": id(PEN),
        "hurdle": "quantity", "hurdle_quantity": "10", "repeats": true, "reward": "free_goods",
        "reward_product": id(GUM), "reward_quantity": "1",
    });
    shop.world.put("promotion", id(70), &promotion);
    shop.world.put(
        "stock_figure",
        id(51),
        &json!({"product": id(GUM), "available": "5"}),
    );
    shop.sets(PEN, "25");
    let world = &shop.world;
    assert_eq!(world.value("stock_figure", id(51), "available"), "5");
    let shown = confirmed(shop);
    let [pens, gums] = &shown["lines"].as_array().unwrap()[..] else {
        panic!("{shown}")
    };
    assert_eq!(
        (&pens["free"], &pens["net"]),
        (&json!(false), &json!("50.00"))
    );
    let of_gums = [
        "product_name",
        "quantity",
        "unit",
        "unit_price",
        "net",
        "tax",
        "gross",
        "free",
    ];
    let expected = json!(["Gum", "2", "EA", "0", "0.00", "0.00", "0.00", true]);
    assert_eq!(json!(of_gums.map(|name| gums[name].clone())), expected);
    let given = &gums["trace"][0];
    assert_eq!(
        (&given["step"], &given["rule"]),
        (&json!("line_promotion"), &json!("A gum with ten pens"))
    );
    assert_eq!(
        (&given["version"], &given["why"], &given["out"]),
        (&json!(4), &json!("2 EA free"), &json!("0.00"))
    );
}

#[test]
fn goods_for_nothing_must_be_in_stock_too() {
    let mut shop = shop("USD", "2", None);
    let promotion = json!({
        "name": "A gum with ten pens", "promotion_version": 4, "level": "line", "product": id(PEN),
        "hurdle": "quantity", "hurdle_quantity": "10", "reward": "free_goods",
        "reward_product": id(GUM),
        "reward_quantity": "1",
    });
    shop.world.put("promotion", id(70), &promotion);
    shop.world.put(
        "stock_figure",
        id(51),
        &json!({"product": id(GUM), "available": "0.5"}),
    );
    shop.sets(PEN, "10");
    shop.world.check(&shop.submit(), "not_enough_stock");
    shop.sets(PEN, "9");
    confirmed(shop);
}

#[test]
fn the_story_of_a_price_calls_everything_by_its_name() {
    let mut shop = shop("USD", "2", None);
    shop.world
        .put("territory", id(71), &json!({"name": "North"}));
    shop.world
        .set("account", id(10), "territory", id(71).to_string());
    shop.world.put(
        "price_list",
        id(72),
        &json!({
            "name": "Northern", "applies_to": "territory", "territory": id(71), "currency": "USD",
            "list_version": 1,
        }),
    );
    shop.world.put(
        "price_list",
        id(73),
        &json!({
            "name": "Agreed", "applies_to": "account", "account": id(10), "currency": "USD",
            "list_version": 1,
        }),
    );
    for (number, list, price) in [(74, 72, "1.90"), (75, 73, "1.80")] {
        let entry =
            json!({"price_list": id(list), "product": id(PEN), "unit": "EA", "unit_price": price});
        shop.world.put("price_entry", id(number), &entry);
    }
    let mix = json!({
        "name": "Pen and gum", "promotion_version": 1, "level": "order", "hurdle": "mix",
        "reward": "percent",
        "reward_percent": "5", "mix/a/product": id(PEN), "mix/a/quantity": "1",
        "mix/b/product": id(GUM),
        "mix/b/quantity": "3",
    });
    shop.world.put("promotion", id(76), &mix);
    shop.sets(PEN, "1");
    let shown = shop.show();
    let trace = shown["lines"][0]["trace"].as_array().unwrap();
    let told = |step: &str| trace.iter().find(|told| told["step"] == step).unwrap();
    assert_eq!(
        told("list_price")["why"],
        "1.9 USD per EA, for Pen, for territory North"
    );
    assert_eq!(
        told("agreed_price")["why"],
        "1.8 USD per EA, for Pen, for account Harp's"
    );
    assert_eq!(told("tax")["rule"], "Standard");
    assert_eq!(shown["near_misses"][0]["missing"][0]["of"], "Gum");
    let ids = [PEN, GUM, 10, 31, 71].map(|number| id(number).to_string());
    let whys: String = trace.iter().map(|step| step["why"].to_string()).collect();
    assert!(ids.iter().all(|id| !whys.contains(id.as_str())), "{whys}");
    shop.world
        .records
        .remove(&("price_entry".to_owned(), id(PEN + 20)));
    shop.world
        .records
        .retain(|(object, _), _| object != "price_entry");
    assert!(
        shop.show()["problem"]["message"]
            .as_str()
            .unwrap()
            .contains("`Pen` has no price"),
        "{}",
        shop.show()
    );
}

#[test]
fn a_rate_holds_from_its_day_on_and_an_order_keeps_that_of_its_own_day() {
    let mut shop = Shop::new().begun();
    shop.sets(PEN, "10");
    let tax = |shop: &Shop| shop.show()["tax"].clone();
    assert_eq!(tax(&shop), "2.00");
    let class = |field: &str| format!("rates/{field}");
    for (field, value) in [
        ("later/valid_from", "2026-11-25"),
        ("later/rate_percent", "20"),
        ("last/valid_from", "2026-11-27"),
        ("last/rate_percent", "5"),
        ("last/category", "AA"),
    ] {
        shop.world.set("tax_class", id(31), &class(field), value);
    }
    assert_eq!(tax(&shop), "2.00", "the order is of the day before");
    for (day, wanted) in [
        ("2026-11-25", "4.00"),
        ("2026-11-26", "4.00"),
        ("2026-11-27", "1.00"),
        ("2031-01-01", "1.00"),
    ] {
        shop.world.set("sales_order", shop.order, "ordered_on", day);
        assert_eq!(tax(&shop), wanted, "{day}");
    }
    // Two of one day say nothing.
    shop.world
        .set("tax_class", id(31), &class("last/valid_from"), "2026-11-25");
    assert_eq!(shop.world.refusal(&shop.submit()).code, "ambiguous_tax");
}

#[test]
fn an_account_of_which_no_tax_is_taken_buys_without() {
    let mut shop = Shop::new().begun();
    shop.sets(PEN, "10");
    shop.world
        .set("account", id(10), "tax_treatment", "reverse_charge");
    let shown = shop.show();
    assert_eq!(
        (&shown["tax"], &shown["gross"]),
        (&json!("0.00"), &json!("20.00"))
    );
    let trace = shown["lines"][0]["trace"].as_array().unwrap().clone();
    let why = trace.last().unwrap()["why"].as_str().unwrap().to_owned();
    assert_eq!(
        why,
        "AE 0 % on top, for the buyer pays the tax (reverse charge)"
    );
}

#[test]
fn what_a_past_order_takes_was_counted_when_it_was_submitted_whatever_is_written_into_it_since() {
    let quantity = format!("lines/{}~EA/quantity", id(PEN));
    for (field, value) in [("gross", "22,00"), (quantity.as_str(), "10 pens")] {
        let mut shop = Shop::new();
        shop.limits("30.00", "0");
        let stock = json!({"product": id(PEN), "warehouse": "Main", "available": "500"});
        shop.world.put("stock_figure", id(60), &stock);
        let mut shop = shop.begun();
        shop.sets(PEN, "10");
        shop.submits();
        shop.edits_past_rules(field, value);
        let mut shop = shop.begun();
        shop.sets(PEN, "4");
        let refusal = shop.world.refusal(&shop.submit());
        assert_eq!(refusal.code, "credit_exceeded", "{field}");
        assert_eq!(refusal.numbers["waiting"], "22.00", "{field}");
        assert_eq!(refusal.numbers["room"], "8.00", "{field}");
    }
}

#[test]
fn nothing_is_added_to_a_quantity_that_cannot_be_read() {
    let mut shop = Shop::new().begun();
    shop.sets(PEN, "2");
    let quantity = format!("lines/{}~EA/quantity", id(PEN));
    shop.edits_past_rules(&quantity, "2,5");
    let more = json!({"do": "add_order_line", "product": id(PEN), "quantity": "3"});
    let refusal = shop.world.refusal(&shop.about(more.clone()));
    assert_eq!(refusal.code, "unreadable_amount");
    assert_eq!(refusal.fields, [quantity.as_str()]);
    assert_eq!(shop.value(&quantity), json!("2,5"));
    shop.sets(PEN, "2");
    shop.does(&more);
    assert_eq!(shop.value(&quantity), json!("5"));
}

#[test]
fn a_line_that_was_taken_out_adds_nothing_to_what_is_ordered_again() {
    let mut shop = Shop::new().begun();
    shop.sets(PEN, "2");
    shop.does(&json!({"do": "remove_order_line", "product": id(PEN)}));
    shop.does(&json!({"do": "add_order_line", "product": id(PEN), "quantity": "3"}));
    let quantity = format!("lines/{}~EA/quantity", id(PEN));
    assert_eq!(shop.value(&quantity), json!("3"));
}

#[test]
fn a_product_without_a_tax_class_is_named_with_what_to_do() {
    let mut shop = Shop::new().begun();
    shop.sets(PEN, "1");
    shop.world.set("product", id(PEN), "tax_class", Value::Null);
    assert_eq!(
        shop.show()["problem"]["message"],
        "`lines[0]`: `Pen` has no tax class; ask the office to give it one"
    );
}

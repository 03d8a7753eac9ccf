//! What becomes of a confirmed order: amended, held, closed, reopened, cancelled; what that gives
//! back and takes. It does not know how it comes to the server.

use serde_json::{Value as Json, json};

use crate::shop::{GUM, PEN, Shop};
use crate::support::id;

/// An order for so many pens (2.20 each with tax) that is confirmed, upon credit of 200 and stock
/// of 100.
fn confirmed(pens: &str) -> Shop {
    let mut shop = Shop::new();
    shop.limits("200.00", "0");
    let stock = json!({"product": id(PEN), "warehouse": "Main", "available": "100"});
    shop.world.put("stock_figure", id(51), &stock);
    let mut shop = shop.begun();
    shop.sets(PEN, pens);
    shop.submits();
    assert_eq!(shop.judged(), 1);
    shop
}

/// Used and held of credit, available and reserved of stock.
fn pots(shop: &Shop) -> [Json; 4] {
    let credit = |field: &str| shop.world.value("credit_figure", id(50), field);
    let stock = |field: &str| shop.world.value("stock_figure", id(51), field);
    [
        credit("used"),
        credit("held"),
        stock("available"),
        stock("reserved"),
    ]
}

fn amounts(used: &str, available: &str, reserved: &str) -> [Json; 4] {
    [json!(used), json!(used), json!(available), json!(reserved)]
}

/// Asks for something, and has the server answer it.
#[track_caller]
fn wish(shop: &mut Shop, verb: &str) -> Json {
    shop.world.now.0 += 1_000;
    let command = match verb {
        "resume_order" => json!({"do": verb}),
        _ => json!({"do": verb, "reason": "The shop asked"}),
    };
    shop.does(&command);
    assert_eq!(shop.judged(), 1, "{verb}");
    shop.show()["wish"]["answer"].clone()
}

#[test]
fn what_a_confirmed_order_holds_is_given_back_when_it_is_cancelled_o7() {
    let mut shop = confirmed("10");
    assert_eq!(pots(&shop), amounts("22", "90", "10"));
    let number = shop.value("number");
    assert_eq!(wish(&mut shop, "cancel_order")["verdict"], "granted");
    assert_eq!(pots(&shop), amounts("0", "100", "0"));
    let shown = shop.show();
    assert_eq!(
        (&shown["status"], &shown["number"]),
        (&json!("cancelled"), &number)
    );
    for verb in ["amend_order", "hold_order", "close_order", "cancel_order"] {
        let command = shop.about(json!({"do": verb, "reason": "Again"}));
        let command = match verb {
            "amend_order" => shop.about(json!({"do": verb})),
            _ => command,
        };
        shop.world.check(&command, "order_cancelled");
    }
}

#[test]
fn closing_gives_back_and_reopening_takes_again_or_is_refused_e3() {
    let mut shop = confirmed("10");
    assert_eq!(wish(&mut shop, "close_order")["verdict"], "granted");
    assert_eq!(pots(&shop), amounts("0", "100", "0"));
    assert_eq!(shop.show()["status"], "closed");
    let amend = shop.about(json!({"do": "amend_order"}));
    shop.world.check(&amend, "order_closed");
    assert_eq!(wish(&mut shop, "reopen_order")["verdict"], "granted");
    assert_eq!(pots(&shop), amounts("22", "90", "10"));
    wish(&mut shop, "close_order");
    shop.world.set("stock_figure", id(51), "available", "9");
    shop.world.now.0 += 1_000;
    let reopen = json!({"do": "reopen_order", "reason": "The shop asked"});
    // The phone knows no holds: it asks, and the server says no.
    shop.does(&reopen);
    assert_eq!(shop.judged(), 1);
    let shown = shop.show();
    assert_eq!(shown["status"], "closed");
    let answer = &shown["wish"]["answer"];
    assert_eq!(
        (&answer["verdict"], &answer["code"]),
        (&json!("refused"), &json!("not_enough_stock"))
    );
    assert_eq!(
        (&answer["numbers"]["wanted"], &answer["numbers"]["room"]),
        (&json!("10"), &json!("9"))
    );
}

#[test]
fn an_order_on_hold_keeps_what_it_holds() {
    let mut shop = confirmed("10");
    wish(&mut shop, "hold_order");
    assert_eq!(shop.show()["status"], "on_hold");
    assert_eq!(pots(&shop), amounts("22", "90", "10"));
    let hold = shop.about(json!({"do": "hold_order", "reason": "Again"}));
    shop.world.check(&hold, "wrong_standing");
    wish(&mut shop, "resume_order");
    assert_eq!(shop.show()["status"], "confirmed");
}

#[test]
fn an_amended_order_takes_the_difference_and_stays_as_it_was_if_that_is_refused_e2_o1() {
    let mut shop = confirmed("10");
    shop.does(&json!({"do": "amend_order"}));
    let shown = shop.show();
    assert_eq!(
        (&shown["status"], &shown["revision"]),
        (&json!("confirmed"), &json!(2))
    );
    assert_eq!(
        shown["amendment"],
        json!({"revision": 2, "status": "draft"})
    );
    shop.sets(PEN, "15");
    shop.world.now.0 += 1_000;
    shop.submits();
    assert_eq!(shop.show()["amendment"]["status"], "waiting");
    assert_eq!(shop.judged(), 1);
    assert_eq!(shop.show()["amendment"], Json::Null);
    assert_eq!(pots(&shop), amounts("33", "85", "15"));
    shop.does(&json!({"do": "amend_order"}));
    shop.sets(PEN, "8");
    shop.world.now.0 += 1_000;
    shop.submits();
    shop.judged();
    assert_eq!(pots(&shop), amounts("17.6", "92", "8"));
    // 95 more would be wanted, 92 are there.
    shop.does(&json!({"do": "amend_order"}));
    shop.sets(PEN, "103");
    shop.world.set("credit_figure", id(50), "limit", "1000");
    let refusal = shop.world.refusal(&shop.submit());
    assert_eq!(refusal.code, "not_enough_stock");
    assert_eq!(
        (&refusal.numbers["wanted"], &refusal.numbers["room"]),
        (&json!("95"), &json!("92"))
    );
    assert_eq!(pots(&shop), amounts("17.6", "92", "8"));
}

#[test]
fn a_refused_revision_leaves_the_one_before_standing() {
    let mut shop = confirmed("10");
    shop.does(&json!({"do": "amend_order"}));
    shop.sets(PEN, "50");
    shop.submits();
    shop.world.set("credit_figure", id(50), "limit", "100.00");
    shop.judged();
    let shown = shop.show();
    assert_eq!(shown["status"], "confirmed");
    assert_eq!(
        shown["amendment"],
        json!({"revision": 2, "status": "rejected"})
    );
    assert_eq!(shown["verdict"]["code"], "credit_exceeded");
    assert_eq!(pots(&shop), amounts("22", "90", "10"));
}

#[test]
fn less_than_was_delivered_cannot_be_ordered_o2() {
    let mut shop = confirmed("10");
    for hold in &mut shop.world.set_aside {
        if hold.posting == "stock" {
            hold.captured = "9".parse().unwrap();
            hold.remaining = "1".parse().unwrap();
        }
    }
    shop.does(&json!({"do": "amend_order"}));
    shop.sets(PEN, "8");
    shop.submits();
    shop.judged();
    let verdict = shop.show()["verdict"].clone();
    assert_eq!(
        (&verdict["code"], &verdict["numbers"]["delivered"]),
        (&json!("below_delivered"), &json!("9"))
    );
    let cancel = json!({"do": "cancel_order", "reason": "Too late"});
    shop.world.now.0 += 1_000;
    shop.does(&cancel);
    shop.judged();
    assert_eq!(shop.show()["wish"]["answer"]["code"], "already_delivered");
}

#[test]
fn what_is_not_confirmed_is_neither_amended_nor_held_o4() {
    let mut shop = Shop::submitted("10");
    let about = |verb: &str| json!({"do": verb, "reason": "The shop asked"});
    for verb in ["hold_order", "close_order", "reopen_order"] {
        let command = shop.about(about(verb));
        shop.world.check(&command, "not_confirmed_yet");
    }
    let amend = shop.about(json!({"do": "amend_order"}));
    shop.world.check(&amend, "nothing_to_amend");
    shop.judged();
    let line = shop.line(PEN, "11");
    shop.world.check(&line, "after_confirmation");
    let forged = shop.edit(&json!({"revision": 7}));
    shop.world.check(&forged, "nothing_to_amend");
    let standing = shop.edit(&json!({"standing": "closed"}));
    shop.world.check(&standing, "server_owned");
}

#[test]
fn one_wish_at_a_time() {
    let mut shop = confirmed("10");
    shop.does(&json!({"do": "hold_order", "reason": "The shop asked"}));
    let close = shop.about(json!({"do": "close_order", "reason": "Closed down"}));
    shop.world.check(&close, "already_asked");
    shop.judged();
    shop.world.now.0 += 1_000;
    shop.world.check(&close, "ok");
}

#[test]
fn eleven_cases_of_twelve_from_130_are_two_too_many_g11() {
    let mut shop = Shop::new();
    let stock = json!({"product": id(PEN), "warehouse": "Main", "available": "130"});
    shop.world.put("stock_figure", id(51), &stock);
    let mut shop = shop.begun();
    shop.does(
        &json!({"do": "set_order_line", "product": id(PEN), "quantity": "11", "unit": "XCS"}),
    );
    let refusal = shop.world.refusal(&shop.submit());
    assert_eq!(refusal.code, "not_enough_stock");
    assert_eq!(
        (&refusal.numbers["wanted"], &refusal.numbers["room"]),
        (&json!("132"), &json!("130"))
    );
}

#[test]
fn two_orders_of_more_than_there_is_are_judged_as_they_arrive_g2() {
    let mut shop = confirmed("60");
    let first = shop.order;
    shop = shop.begun();
    shop.sets(PEN, "50");
    shop.world.set("stock_figure", id(51), "available", "100");
    shop.world.set("credit_figure", id(50), "limit", "1000");
    shop.submits();
    shop.world.set("stock_figure", id(51), "available", "40");
    shop.judged();
    let verdict = shop.show()["verdict"].clone();
    assert_eq!(verdict["code"], "not_enough_stock");
    assert_eq!(
        (&verdict["numbers"]["wanted"], &verdict["numbers"]["room"]),
        (&json!("50"), &json!("40"))
    );
    assert_ne!(first, shop.order);
}

/// What is done to an amended order of 10 pens and 4 gums after their prices rose from 2.00 to 3.00
/// and from 0.50 to 0.80, and what a pen and a gum cost in it then.
const O5: &[(&str, &[&str], [&str; 2])] = &[
    ("nothing", &[], ["2", "0.5"]),
    (
        "more gum",
        &[r#"{"product": 41, "quantity": "5"}"#],
        ["2", "0.8"],
    ),
    (
        "less pens",
        &[r#"{"product": 40, "quantity": "9"}"#],
        ["3", "0.5"],
    ),
    (
        "more pens, and as many as before",
        &[
            r#"{"product": 40, "quantity": "12"}"#,
            r#"{"product": 40, "quantity": "10.0"}"#,
        ],
        ["2", "0.5"],
    ),
    (
        "another discount",
        &[r#"{"product": 40, "quantity": "10", "discount_percent": "5"}"#],
        ["3", "0.5"],
    ),
    (
        "no pens, and as many as before",
        &[
            r#"{"do": "remove_order_line", "product": 40}"#,
            r#"{"product": 40, "quantity": "10"}"#,
        ],
        ["2", "0.5"],
    ),
    (
        "prices with tax",
        &[r#"{"tax_mode": "inclusive"}"#],
        ["3.3", "0.88"],
    ),
    (
        "another day",
        &[r#"{"ordered_on": "2026-11-25"}"#],
        ["3", "0.8"],
    ),
];

/// What one of each costs, as the order shows it.
fn unit_prices(shown: &Json) -> Vec<&str> {
    let lines = shown["lines"].as_array().unwrap();
    let of = |name: &str| lines.iter().find(|line| line["product_name"] == name);
    let lines = ["Pen", "Gum"].into_iter().filter_map(of);
    lines
        .filter_map(|line| line["unit_price"].as_str())
        .collect()
}

#[test]
fn lines_that_nobody_touched_keep_the_price_that_was_confirmed_o5() {
    for (what, steps, prices) in O5 {
        let mut shop = Shop::new().begun();
        shop.sets(PEN, "10");
        shop.sets(GUM, "4");
        shop.submits();
        assert_eq!(shop.judged(), 1);
        for (product, price) in [(PEN, "3.00"), (GUM, "0.80")] {
            let entry = id(product + 20);
            shop.world.set("price_entry", entry, "unit_price", price);
        }
        assert_eq!(unit_prices(&shop.show()), ["2", "0.5"]);
        shop.does(&json!({"do": "amend_order"}));
        for step in *steps {
            let mut step: Json = serde_json::from_str(step).unwrap();
            match step["product"].as_u64() {
                Some(product) => {
                    step["product"] = json!(id(u8::try_from(product).unwrap()));
                    let verb = step["do"].as_str().unwrap_or("set_order_line").to_owned();
                    step["do"] = json!(verb);
                    shop.does(&step);
                }
                None => shop.edits(&step),
            }
        }
        assert_eq!(unit_prices(&shop.show()), prices, "{what}, on the phone");
        shop.world.now.0 += 1_000;
        shop.submits();
        assert_eq!(shop.judged(), 1, "{what}");
        let shown = shop.show();
        assert_eq!(shown["amendment"], Json::Null, "{what}: {shown}");
        assert_eq!(unit_prices(&shown), prices, "{what}, on the server");
    }
}

#[test]
fn a_price_that_is_kept_is_the_exact_one_and_tells_where_it_is_from() {
    let mut shop = Shop::new();
    shop.world.set("price_list", id(32), "tax_inclusive", true);
    shop.world
        .set("price_entry", id(PEN + 20), "unit_price", "1");
    let mut shop = shop.begun();
    shop.sets(PEN, "1000000");
    let before = shop.show()["lines"][0].clone();
    assert_eq!(
        (&before["unit_price"], &before["net"]),
        (&json!("0.909091"), &json!("909090.91"))
    );
    shop.submits();
    shop.judged();
    shop.world
        .records
        .remove(&("price_entry".to_owned(), id(PEN + 20)));
    shop.does(&json!({"do": "amend_order"}));
    let after = shop.show()["lines"][0].clone();
    for member in ["unit_price", "net", "tax", "gross"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let kept = &after["trace"][0];
    assert_eq!(
        (&kept["step"], &kept["why"]),
        (
            &json!("kept_price"),
            &json!("as it was confirmed in revision 1")
        )
    );
}

#[test]
fn a_case_that_holds_more_by_now_is_priced_anew() {
    let mut shop = Shop::new().begun();
    let cases = json!({"do": "set_order_line", "product": id(PEN), "quantity": "1", "unit": "XCS"});
    shop.does(&cases);
    shop.submits();
    shop.judged();
    shop.does(&json!({"do": "amend_order"}));
    let price = |shop: &Shop| shop.show()["lines"][0]["unit_price"].clone();
    shop.world
        .set("price_entry", id(PEN + 20), "unit_price", "3.00");
    assert_eq!(price(&shop), "24");
    shop.world
        .set("product", id(PEN), "units/case/numerator", 24);
    assert_eq!(price(&shop), "72");
}

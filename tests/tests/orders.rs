//! Orders between phones and server: what both phones' own checks let pass and the server cannot,
//! what is mended, what comes too late. Each refusal comes from a fact that no phone held.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::base::limits::ORDER_LINES_MAX;
use outfield_tests::{Phone, World};
use serde_json::{Value as Json, json};

/// A shop with a credit limit of 100.00, two reps who sell to it, and a pen at 2.00.
struct OrderWorld {
    world: World,
    ann: Phone,
    ben: Phone,
    shop: String,
    pen: String,
}

fn trade() -> OrderWorld {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let class = world.puts(
        "tax_class",
        None,
        &json!({"name": "Ten", "category": "S", "rate_percent": "10"}),
    );
    let pen = product(&world, "Pen", &class, "2");
    world.puts(
        "credit_figure",
        None,
        &json!({"account": shop, "currency": "USD", "limit": "100", "used": "0"}),
    );
    let (ann, ben) = (world.phone("Ann"), world.phone("Ben"));
    OrderWorld {
        world,
        ann,
        ben,
        shop,
        pen,
    }
}

/// A product, twelve to the case, with its price on a list of the office.
fn product(world: &World, name: &str, class: &str, price: &str) -> String {
    let list = world
        .office(|office| office.find("price_list", "name", &"Standard".into()))
        .unwrap()[0]
        .id;
    let fields = json!({
        "name": name, "base_unit": "EA", "tax_class": class, "category": "office",
        "units/case/unit": "XCS",
        "units/case/numerator": 12,
    });
    let product = world.puts("product", None, &fields);
    let entry = json!({"price_list": list, "product": product, "unit": "EA", "unit_price": price});
    world.puts("price_entry", None, &entry);
    product
}

fn line(order: &str, product: &str, quantity: &str) -> Json {
    json!({"do": "set_order_line", "sales_order": order, "product": product, "quantity": quantity})
}

fn submit(order: &str) -> Json {
    json!({"do": "submit_order", "sales_order": order})
}

/// An order for so many pens, submitted on this phone.
#[track_caller]
fn orders(phone: &mut Phone, shop: &str, pen: &str, pens: &str) -> String {
    let order = phone.does(&json!({"do": "new_order", "account": shop}));
    phone.does(&line(&order, pen, pens));
    phone.does(&submit(&order));
    order
}

fn shown(phone: &mut Phone, order: &str) -> Json {
    phone.device().order(order).unwrap().data
}

#[track_caller]
fn stands(phone: &mut Phone, order: &str, status: &str) {
    let shown = shown(phone, order);
    assert_eq!(shown["status"], status, "{}: {shown}", phone.name);
}

#[test]
fn of_two_orders_that_fit_the_credit_alone_one_is_refused_with_the_numbers() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let first = orders(&mut ann, &shop, &pen, "30");
    let second = orders(&mut ben, &shop, &pen, "20");
    stands(&mut ann, &first, "waiting");
    stands(&mut ben, &second, "waiting");

    ann.sync();
    ben.sync();

    stands(&mut ann, &first, "confirmed");
    let refused = shown(&mut ben, &second);
    assert_eq!(
        (&refused["status"], &refused["verdict"]["code"]),
        (&json!("rejected"), &json!("credit_exceeded"))
    );
    let numbers = json!({"account": "Harp's", "currency": "USD", "wanted": "44.00",
        "room": "34.00", "over": "10.00", "limit": "100.00", "used": "66.00", "held": "66.00",
        "waiting": "0.00"});
    assert_eq!(refused["verdict"]["numbers"], numbers);
    assert!(
        refused["verdict"]["message"]
            .as_str()
            .unwrap()
            .contains("order for 10.00 less"),
        "{refused}"
    );
    assert_eq!((ben.needs_attention().len(), ben.unsent()), (0, 0));
    assert_eq!(refused["lines"][0]["quantity"], "20");
    let rejected = |phone: &mut Phone| phone.device().status().unwrap().data["rejected"].clone();
    assert_eq!(
        (rejected(&mut ann), rejected(&mut ben)),
        (json!(0), json!(1))
    );
    let told = |phone: &mut Phone, order: &str| phone.get("sales_order", order)["verdict"].clone();
    assert_eq!(told(&mut ann, &first), "confirmed");
    assert_eq!(told(&mut ben, &second), "rejected");

    ben.does(&line(&second, &pen, "15"));
    assert_eq!(
        (rejected(&mut ben), told(&mut ben, &second)),
        (json!(0), Json::Null)
    );
    stands(&mut ben, &second, "draft");
    ben.does(&submit(&second));
    ben.sync();
    stands(&mut ben, &second, "confirmed");
    world.agree(&mut [&mut ann, &mut ben]);
    stands(&mut ann, &second, "confirmed");
    assert_eq!(
        ann.device().list("credit_figure", None, 0).unwrap().data[0]["used"],
        "99"
    );
}

#[test]
fn what_was_refused_is_judged_again_as_it_is_once_the_office_allows_more() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let figure = ann.device().list("credit_figure", None, 0).unwrap().data[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.puts("credit_figure", Some(&figure), &json!({"limit": "10"}));
    let order = orders(&mut ann, &shop, &pen, "30");
    ann.sync();
    stands(&mut ann, &order, "rejected");
    assert_eq!(ann.refused(&submit(&order)).0, "credit_exceeded");
    world.puts("credit_figure", Some(&figure), &json!({"limit": "100"}));
    ann.sync();
    world.clock.advance(1_000);
    ann.does(&submit(&order));
    ann.sync();
    stands(&mut ann, &order, "confirmed");
    world.agree(&mut [&mut ann, &mut ben]);
}

#[test]
fn a_refused_order_holds_up_nothing_of_the_visit_that_it_was_made_in() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let visit = ann.does(&json!({"do": "start_visit", "account": shop}));
    let order = ann.does(&json!({"do": "new_order", "account": shop, "visit": visit}));
    ann.does(&line(&order, &pen, "30"));
    ann.does(&submit(&order));
    ann.does(&json!({"do": "log_follow_up", "visit": visit, "note": "Wants pens."}));
    world.puts("account", Some(&shop), &json!({"blocked": true}));
    ann.sync();
    let refused = shown(&mut ann, &order);
    assert_eq!(
        (&refused["status"], &refused["verdict"]["code"]),
        (&json!("rejected"), &json!("account_blocked"))
    );
    assert_eq!((ann.unsent(), ann.needs_attention().len()), (0, 0));
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ben.get("visit", &visit)["state"], "in_progress");
    assert_eq!(
        ben.device()
            .list("follow_up", None, 0)
            .unwrap()
            .data
            .as_array()
            .unwrap()
            .len(),
        1
    );
    stands(&mut ben, &order, "rejected");
}

#[test]
fn an_edit_that_comes_after_the_confirmation_is_kept_and_changes_nothing() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let order = ann.does(&json!({"do": "new_order", "account": shop}));
    ann.does(&line(&order, &pen, "10"));
    world.agree(&mut [&mut ann, &mut ben]);
    let late = line(&order, &pen, "40");
    ben.does(&late);
    ann.does(&submit(&order));
    ann.sync();
    ben.sync();
    let [held] = &ben.needs_attention()[..] else {
        panic!("{:?}", ben.needs_attention())
    };
    assert_eq!(
        (&held["code"], &held["command"]["quantity"]),
        (&json!("after_confirmation"), &json!("40"))
    );
    assert_eq!(ben.refused(&late).0, "after_confirmation");
    world.agree(&mut [&mut ann, &mut ben]);
    for phone in [&mut ann, &mut ben] {
        let shown = shown(phone, &order);
        assert_eq!(
            (&shown["status"], &shown["lines"][0]["quantity"]),
            (&json!("confirmed"), &json!("10"))
        );
        assert_eq!(shown["gross"], "22.00");
    }
}

#[test]
fn a_line_that_another_changed_while_the_order_was_submitted_sends_it_back() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let order = ann.does(&json!({"do": "new_order", "account": shop}));
    ann.does(&line(&order, &pen, "10"));
    world.agree(&mut [&mut ann, &mut ben]);
    ben.does(&line(&order, &pen, "12"));
    world.clock.advance(1_000);
    ann.does(&submit(&order));
    ben.sync();
    ann.sync();
    world.agree(&mut [&mut ann, &mut ben]);
    let found = shown(&mut ann, &order);
    assert_ne!(found["status"], "confirmed");
    assert_eq!(found["lines"][0]["quantity"], "12");
    world.clock.advance(1_000);
    ann.does(&submit(&order));
    world.agree(&mut [&mut ann, &mut ben]);
    stands(&mut ben, &order, "confirmed");
}

#[test]
fn numbers_of_two_phones_never_meet() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let mut numbers = std::collections::BTreeSet::new();
    for phone in [&mut ann, &mut ben] {
        for _ in 0..3 {
            let order = orders(phone, &shop, &pen, "1");
            numbers.insert(shown(phone, &order)["number"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(numbers.len(), 6);
    world.agree(&mut [&mut ann, &mut ben]);
}

/// The conflict on this path, and no other.
#[track_caller]
fn only_conflict(phone: &mut Phone, path: &str) -> Json {
    let open = phone.conflicts();
    let [conflict] = &open[..] else {
        panic!("{}: {open:?}", phone.name)
    };
    assert_eq!(conflict["path"], path);
    conflict["id"].clone()
}

#[test]
fn a_quantity_that_two_people_changed_is_decided_before_the_order_is_confirmed() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let order = ann.does(&json!({"do": "new_order", "account": shop}));
    ann.does(&line(&order, &pen, "10"));
    world.agree(&mut [&mut ann, &mut ben]);
    for (phone, pens) in [(&mut ann, "11"), (&mut ben, "12")] {
        phone.does(&line(&order, &pen, pens));
        phone.does(&submit(&order));
        world.clock.advance(1_000);
    }
    ben.sync();
    stands(&mut ben, &order, "confirmed");
    ann.sync();
    stands(&mut ann, &order, "confirmed");
    assert_eq!(
        shown(&mut ann, &order)["lines"][0]["quantity"],
        "12",
        "who comes first is confirmed"
    );
    assert!(
        ann.needs_attention()
            .iter()
            .all(|held| held["code"] == "after_confirmation" || held["code"] == "follows_refused")
    );

    let order = ann.does(&json!({"do": "new_order", "account": shop}));
    ann.does(&line(&order, &pen, "10"));
    world.agree(&mut [&mut ann, &mut ben]);
    ben.does(&line(&order, &pen, "7"));
    ann.does(&line(&order, &pen, "6"));
    ann.does(&submit(&order));
    ben.sync();
    ann.sync();
    let refused = shown(&mut ann, &order);
    assert_eq!(
        (&refused["status"], &refused["verdict"]["code"]),
        (&json!("rejected"), &json!("changed_meanwhile"))
    );
    assert!(
        refused["verdict"]["message"]
            .as_str()
            .unwrap()
            .contains("the `quantity` of Pen"),
        "{refused}"
    );
    let path = format!("lines/{pen}~EA/quantity");
    let conflict = only_conflict(&mut ann, &path);
    assert_eq!(
        ann.refused(&submit(&order)),
        ("changed_meanwhile".to_owned(), vec![path])
    );
    ann.does(&json!({"do": "resolve_conflict", "conflict": conflict, "choose": "mine"}));
    world.clock.advance(1_000);
    ann.does(&submit(&order));
    world.agree(&mut [&mut ann, &mut ben]);
    for phone in [&mut ann, &mut ben] {
        stands(phone, &order, "confirmed");
        assert_eq!(shown(phone, &order)["lines"][0]["quantity"], "6");
        assert!(phone.conflicts().is_empty());
    }
}

#[test]
fn what_does_not_count_may_be_decided_after_the_confirmation_and_changes_nothing_of_it() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let order = ann.does(&json!({"do": "new_order", "account": shop, "note": "Back door"}));
    ann.does(&line(&order, &pen, "10"));
    world.agree(&mut [&mut ann, &mut ben]);
    ann.edits("sales_order", &order, &json!({"note": "Front door"}));
    ben.edits("sales_order", &order, &json!({"note": "Ring twice"}));
    ben.sync();
    ann.does(&submit(&order));
    world.agree(&mut [&mut ann, &mut ben]);
    stands(&mut ann, &order, "confirmed");
    let before = shown(&mut ben, &order);
    let conflict = only_conflict(&mut ben, "note");
    assert_eq!(
        ben.refused(&line(&order, &pen, "1")).0,
        "after_confirmation"
    );
    ben.does(&json!({"do": "resolve_conflict", "conflict": conflict, "choose": "mine"}));
    world.agree(&mut [&mut ann, &mut ben]);
    for phone in [&mut ann, &mut ben] {
        let shown = shown(phone, &order);
        assert_eq!(
            (&shown["note"], &shown["status"]),
            (&json!("Ring twice"), &json!("confirmed"))
        );
        assert_eq!(
            (&shown["lines"], &shown["gross"]),
            (&before["lines"], &before["gross"])
        );
        assert!(phone.conflicts().is_empty() && phone.needs_attention().is_empty());
    }
    assert_eq!(
        ann.refused(
            &json!({"do": "edit", "object": "sales_order", "id": order, "fields": {"note": "Late"}})
        )
        .0,
        "after_confirmation"
    );
}

/// A promotion on each line, and one on each order.
fn small_promotions(world: &World) {
    for (name, level) in [
        ("A penny off each line", "line"),
        ("Some more off the whole order", "order"),
    ] {
        let promotion = json!({
            "name": name, "promotion_version": 1, "level": level, "hurdle": "quantity",
            "hurdle_quantity": "1",
            "reward": "percent", "reward_percent": "1",
        });
        world.puts("promotion", None, &promotion);
    }
}

#[test]
fn an_order_has_as_many_lines_as_can_be_confirmed_and_no_more() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let class = world.record("product", &pen)["tax_class"]
        .as_str()
        .unwrap()
        .to_owned();
    small_promotions(&world);
    let products: Vec<String> = (0..=ORDER_LINES_MAX)
        .map(|number| product(&world, &format!("Product {number}"), &class, "0.1"))
        .collect();
    ann.sync();
    let order = ann.does(&json!({"do": "new_order", "account": shop}));
    for some in products[..ORDER_LINES_MAX].chunks(100) {
        let fields = some.iter().flat_map(|product| {
            let values = [
                ("product", product.as_str()),
                ("unit", "EA"),
                ("quantity", "1"),
                ("discount_percent", "5"),
            ];
            values.map(|(field, value)| (format!("lines/{product}~EA/{field}"), json!(value)))
        });
        ann.edits("sales_order", &order, &fields.collect());
    }
    assert_eq!(
        ann.refused(&line(&order, &products[ORDER_LINES_MAX], "1")),
        ("too_many_lines".to_owned(), vec!["lines".to_owned()])
    );
    let (one, over) = (
        format!("lines/{}~EA", products[0]),
        format!("lines/{}~EA", products[ORDER_LINES_MAX]),
    );
    for (fields, code) in [
        (
            json!({format!("{over}/product"): products[ORDER_LINES_MAX],
                format!("{over}/quantity"): "1"}),
            "too_many_lines",
        ),
        (
            json!({format!("{over}/removed"): true, format!("{one}/quantity"): "-2"}),
            "bad_order",
        ),
        (
            json!({format!("{one}/quantity"): "2", format!("{one}/discount_percent"): "100.5"}),
            "bad_order",
        ),
    ] {
        ann.edits("sales_order", &order, &fields);
        assert_eq!(ann.refused(&submit(&order)).0, code);
    }
    ann.does(&line(&order, &products[0], "2"));
    ann.does(&submit(&order));
    world.agree(&mut [&mut ann, &mut ben]);
    for phone in [&mut ann, &mut ben] {
        let shown = shown(phone, &order);
        assert_eq!(
            (&shown["status"], shown["lines"].as_array().unwrap().len()),
            (&json!("confirmed"), ORDER_LINES_MAX)
        );
    }
}

#[test]
fn an_amended_order_keeps_the_price_of_what_nobody_touched_and_of_nothing_else() {
    let OrderWorld {
        world,
        mut ann,
        mut ben,
        shop,
        pen,
    } = trade();
    let class = world.record("product", &pen)["tax_class"].clone();
    let gum = product(&world, "Gum", class.as_str().unwrap(), "0.5");
    ann.sync();
    let order = ann.does(&json!({"do": "new_order", "account": shop}));
    ann.does(&line(&order, &pen, "10"));
    ann.does(&line(&order, &gum, "4"));
    ann.does(&submit(&order));
    world.agree(&mut [&mut ann, &mut ben]);
    stands(&mut ben, &order, "confirmed");
    for product in [&pen, &gum] {
        let entry =
            world.office(|office| office.find("price_entry", "product", &(&**product).into()));
        let entry = entry.unwrap()[0].id.to_string();
        world.puts("price_entry", Some(&entry), &json!({"unit_price": "3"}));
    }
    world.clock.advance(1_000);
    ann.does(&json!({"do": "amend_order", "sales_order": order}));
    ann.does(&line(&order, &gum, "5"));
    ann.does(&submit(&order));
    // What a phone says of its prices is compared, never taken over: 24.75 is 10 pens and 5 gums at
    // the old prices of both, 38.50 at the new one of gum.
    assert_eq!(shown(&mut ann, &order)["gross"], "24.75");
    ann.sync();
    let refused = shown(&mut ann, &order);
    assert_eq!(
        (&refused["amendment"]["status"], &refused["verdict"]["code"]),
        (&json!("rejected"), &json!("price_changed"))
    );
    assert_eq!(refused["verdict"]["numbers"]["gross_now"], "38.50");
    for field in ["unit_price", "exact_price"] {
        let path = format!("lines/{gum}~EA/{field}");
        let claim = json!({"do": "edit", "object": "sales_order", "id": order,
            "fields": {path: "0.5"}});
        assert_eq!(ann.refused(&claim).0, "unknown_field");
    }
    // The same pens under another line are not those that were confirmed.
    let moved: serde_json::Map<String, Json> = [
        (format!("lines/{pen}~EA/removed"), json!(true)),
        ("lines/mine/product".to_owned(), json!(pen)),
        ("lines/mine/unit".to_owned(), json!("EA")),
        ("lines/mine/quantity".to_owned(), json!("10")),
    ]
    .into_iter()
    .collect();
    ann.edits("sales_order", &order, &moved.into());
    assert_eq!(shown(&mut ann, &order)["gross"], "49.50");
    ann.edits("sales_order", &order, &json!({"lines/mine/removed": true}));
    ann.does(&line(&order, &pen, "10"));
    world.clock.advance(1_000);
    ann.does(&submit(&order));
    world.agree(&mut [&mut ann, &mut ben]);
    for phone in [&mut ann, &mut ben] {
        let shown = shown(phone, &order);
        assert_eq!(
            (&shown["revision"], &shown["amendment"], &shown["gross"]),
            (&json!(2), &Json::Null, &json!("38.50"))
        );
    }
}

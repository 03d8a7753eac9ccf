//! Orders that go beyond what a rep may give: they wait for a manager, whose yes or no is work of a
//! phone without a network like any other. What is tried past it is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::base::context::Role;
use outfield_tests::{Phone, World};
use serde_json::{Value as Json, json};

/// A rep may give ten percent; a pen costs 2.00; Meg manages Ann.
struct Discounts {
    world: World,
    ann: Phone,
    meg: Phone,
    shop: String,
    pen: String,
}

fn discounts() -> Discounts {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let of = |object: &str, field: &str, name: &str| {
        let found = world.office(|office| office.find(object, field, &name.into()));
        found.unwrap()[0].id.to_string()
    };
    world.sets_policy(&json!({"approve_discount_above": "10"}));
    let class = json!({"name": "Ten", "category": "S", "rate_percent": "10"});
    let class = world.puts("tax_class", None, &class);
    let pen = json!({"name": "Pen", "base_unit": "EA", "tax_class": class});
    let pen = world.puts("product", None, &pen);
    let list = of("price_list", "name", "Standard");
    let entry = json!({"price_list": list, "product": pen, "unit": "EA", "unit_price": "2"});
    world.puts("price_entry", None, &entry);
    let ann = world.phone("Ann");
    let meg = world.phone_for("Meg", Role::MANAGER, &["North"]);
    Discounts {
        world,
        ann,
        meg,
        shop,
        pen,
    }
}

impl Discounts {
    /// Hands in an order for ten pens at a discount.
    fn orders(&mut self, percent: &str) -> String {
        let begin = json!({"do": "new_order", "account": self.shop});
        let order = self.ann.does(&begin);
        self.changes(&order, percent);
        order
    }

    /// Gives another discount, and hands the order in again.
    fn changes(&mut self, order: &str, percent: &str) {
        self.ann.does(&json!({
            "do": "set_order_line", "sales_order": order, "product": self.pen, "quantity": "10",
            "discount_percent": percent,
        }));
        self.ann
            .does(&json!({"do": "submit_order", "sales_order": order}));
    }

    fn meet(&mut self) {
        self.ann.sync();
        self.meg.sync();
        self.ann.sync();
    }
}

fn shown(phone: &mut Phone, order: &str) -> Json {
    phone.device().order(order).unwrap().data
}

/// Where an order stands, and the code of what was said of it.
fn told(phone: &mut Phone, order: &str) -> (Json, Json) {
    let shown = shown(phone, order);
    (shown["status"].clone(), shown["verdict"]["code"].clone())
}

fn approvals(phone: &mut Phone) -> Vec<Json> {
    let asked = phone.device().ask_question("approvals", "{}").unwrap().data;
    asked.as_array().unwrap().clone()
}

fn approve(order: &str) -> Json {
    json!({"do": "approve_order", "order": order})
}

#[test]
fn an_order_beyond_what_a_rep_may_give_waits_for_a_manager() {
    let mut at = discounts();
    let small = at.orders("10");
    let large = at.orders("25");
    at.meet();
    assert_eq!(told(&mut at.ann, &small), (json!("confirmed"), Json::Null));
    let waits = (json!("waiting"), json!("needs_approval"));
    assert_eq!(told(&mut at.ann, &large), waits);
    let verdict = shown(&mut at.ann, &large)["verdict"].clone();
    assert_eq!(
        verdict["numbers"],
        json!({"discount_percent": "25", "most": "10"})
    );
    assert_eq!(at.ann.get("sales_order", &large)["verdict"], "waiting");
    let asked = at.ann.device().waiting().unwrap().data;
    assert_eq!(
        (asked.as_array().unwrap().len(), &asked[0]["record"]),
        (1, &json!(large))
    );

    let listed = approvals(&mut at.meg);
    assert_eq!(listed.len(), 1, "{listed:?}");
    for (field, value) in [
        ("order", json!(large)),
        ("account_name", json!("Harp's")),
        ("owner_name", json!("Ann")),
        ("gross", json!("16.5")),
        ("code", json!("needs_approval")),
        ("decision", Json::Null),
    ] {
        assert_eq!(listed[0][field], value, "{field}");
    }
    at.meg.does(&approve(&large));
    assert_eq!(approvals(&mut at.meg)[0]["decision"], "approved");
    assert_eq!(told(&mut at.meg, &large), waits);

    at.meet();
    let confirmed = (json!("confirmed"), Json::Null);
    assert_eq!(told(&mut at.ann, &large), confirmed);
    assert_eq!(approvals(&mut at.meg), Vec::<Json>::new());
    assert_eq!(at.ann.device().waiting().unwrap().data, json!([]));
    at.world.agree(&mut [&mut at.ann, &mut at.meg]);
    assert_eq!(told(&mut at.meg, &large), confirmed);
}

#[test]
fn a_no_comes_back_with_its_reason_and_another_discount_is_asked_anew() {
    let mut at = discounts();
    let order = at.orders("50");
    at.meet();
    at.meg
        .does(&json!({"do": "disapprove_order", "order": order, "note": "20 at most"}));
    at.meet();
    assert_eq!(
        told(&mut at.ann, &order),
        (json!("rejected"), json!("not_approved"))
    );
    let verdict = shown(&mut at.ann, &order)["verdict"].clone();
    assert_eq!(verdict["numbers"], json!({"reason": "20 at most"}));

    // As it was it is refused at once, also by the phone; changed, it waits.
    let again = json!({"do": "submit_order", "sales_order": order});
    assert_eq!(at.ann.refused(&again).0, "not_approved");
    at.changes(&order, "20");
    at.meet();
    let waits = (json!("waiting"), json!("needs_approval"));
    assert_eq!(told(&mut at.ann, &order), waits);
    at.meg.does(&approve(&order));
    // What was approved is the order as it was then.
    at.changes(&order, "60");
    at.meet();
    at.meet();
    assert_eq!(told(&mut at.ann, &order), waits);
    at.changes(&order, "20");
    at.meet();
    assert_eq!(told(&mut at.ann, &order), (json!("confirmed"), Json::Null));
}

#[test]
fn nobody_approves_their_own_order_or_without_the_right_or_what_does_not_wait() {
    let mut at = discounts();
    let order = at.orders("25");
    at.meet();
    assert_eq!(at.ann.refused(&approve(&order)).0, "not_allowed");
    let own = at.meg.does(&json!({"do": "new_order", "account": at.shop}));
    at.meg.does(&json!({
        "do": "set_order_line", "sales_order": own, "product": at.pen, "quantity": "1",
        "discount_percent": "30",
    }));
    at.meg
        .does(&json!({"do": "submit_order", "sales_order": own}));
    at.meet();
    at.meet();
    assert_eq!(at.meg.refused(&approve(&own)).0, "same_person");
    let small = at.orders("5");
    at.meet();
    assert_eq!(at.meg.refused(&approve(&small)).0, "nothing_to_approve");

    // Another manager may.
    let mut max = at.world.phone_for("Max", Role::MANAGER, &["North"]);
    max.does(&approve(&own));
    max.sync();
    at.meet();
    assert_eq!(told(&mut at.meg, &own), (json!("confirmed"), Json::Null));
}

#[test]
fn two_managers_who_cross_leave_one_answer_and_nothing_stuck() {
    let mut at = discounts();
    let order = at.orders("25");
    at.meet();
    let mut max = at.world.phone_for("Max", Role::MANAGER, &["North"]);
    max.sync();
    at.meg.does(&approve(&order));
    max.does(&json!({"do": "disapprove_order", "order": order, "note": "No"}));
    at.meg.sync();
    max.sync();
    at.ann.sync();
    assert_eq!(told(&mut at.ann, &order), (json!("confirmed"), Json::Null));
    for phone in [&mut at.ann, &mut at.meg, &mut max] {
        assert_eq!(
            (phone.needs_attention().len(), phone.unsent()),
            (0, 0),
            "{}",
            phone.name
        );
    }
    at.world.agree(&mut [&mut at.ann, &mut at.meg, &mut max]);
}

#[test]
fn what_is_a_draft_again_waits_for_nobody_although_it_is_as_it_was() {
    let mut at = discounts();
    let order = at.orders("25");
    at.meet();
    at.ann.does(&json!({
        "do": "set_order_line", "sales_order": order, "product": at.pen, "quantity": "10",
        "discount_percent": "25",
    }));
    at.meet();
    assert_eq!(told(&mut at.meg, &order).0, "draft");
    assert_eq!(approvals(&mut at.meg), Vec::<Json>::new());
    assert_eq!(at.meg.refused(&approve(&order)).0, "nothing_to_approve");
}

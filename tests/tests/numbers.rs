//! Human numbers: given once, whatever is cancelled, moved away, copied or put back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use outfield_tests::{Phone, World};
use serde_json::{Value as Json, json};

/// Ann in North with two shops, and goods to sell.
fn ann_and_shops() -> (World, Phone, String, String) {
    let world = World::new();
    world.office(|office| office.standardise()).unwrap();
    let shops = [
        world.account("Harp's", "North"),
        world.account("Lidl", "North"),
    ];
    drop(world.account("Aldi", "South"));
    let mut ann = world.phone("Ann");
    ann.sync();
    let [first, second] = shops;
    (world, ann, first, second)
}

fn begins(phone: &mut Phone, shop: &str) -> String {
    phone.does(&json!({"do": "new_order", "account": shop}))
}

fn number(phone: &mut Phone, order: &str) -> String {
    phone.get("sales_order", order)["number"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The numbers of all orders that the office has.
fn numbers(world: &World) -> Vec<String> {
    let all = world.office(|office| office.all("sales_order")).unwrap();
    let number = |order: &Json| order["number"].as_str().unwrap().to_owned();
    all.iter().map(number).collect()
}

#[test]
fn a_number_is_not_given_again_when_its_order_is_out_of_sight() {
    let (world, mut ann, shop, other) = ann_and_shops();
    begins(&mut ann, &other);
    let second = begins(&mut ann, &shop);
    let last = number(&mut ann, &second);
    ann.does(&json!({"do": "cancel_order", "sales_order": second, "reason": "no"}));
    ann.sync();
    let south = world.territory("South");
    world.puts("account", Some(&shop), &json!({"territory": south}));
    ann.sync();
    let gone = ann.device().list("sales_order", None, 10).unwrap().data;
    assert_eq!(
        gone.as_array().unwrap().len(),
        1,
        "the cancelled order is out of sight"
    );
    let next = begins(&mut ann, &other);
    assert_ne!(number(&mut ann, &next), last);
    ann.sync();
    let all = numbers(&world);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 3, "{all:?}");
}

#[test]
fn a_phone_that_is_put_back_with_its_mark_gives_no_number_twice() {
    let (world, mut ann, shop, _) = ann_and_shops();
    begins(&mut ann, &shop);
    ann.sync();
    ann.copy_files(&world.place("Back"), true);
    let mut back = world.new_phone("Back");
    let (one, two) = (begins(&mut ann, &shop), begins(&mut back, &shop));
    assert_eq!(
        number(&mut ann, &one),
        number(&mut back, &two),
        "neither can know"
    );
    ann.sync();
    back.sync();
    let held = back.needs_attention();
    assert_eq!(
        (held.len(), &held[0]["code"]),
        (1, &json!("number_taken")),
        "{held:?}"
    );
    back.device()
        .again(held[0]["number"].as_i64().unwrap())
        .unwrap();
    back.sync();
    assert!(back.needs_attention().is_empty());
    let all = numbers(&world);
    assert_eq!(
        (all.len(), all.iter().collect::<BTreeSet<_>>().len()),
        (3, 3),
        "{all:?}"
    );
    world.agree(&mut [&mut ann, &mut back]);
}

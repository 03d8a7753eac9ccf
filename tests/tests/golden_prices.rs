//! The golden cases of several taxes a line, fees and deposits, with a real phone and a real
//! server: the office writes the rows, which every guard lets pass, and both say the same bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_tests::World;
use serde_json::{Value as Json, json};

/// The same cases that the core prices in memory.
const CASES: &str = include_str!("../../core/tests/golden_taxes.json");

/// Names and ids of the records of a case.
#[derive(Default)]
struct Ids(Vec<(String, String)>);

impl Ids {
    fn add(&mut self, name: &str, id: String) {
        self.0.push((format!("\"${name}\""), format!("\"{id}\"")));
    }

    /// The same JSON with ids in place of names.
    fn told(&self, json: &Json) -> Json {
        let mut text = json.to_string();
        for (name, id) in &self.0 {
            text = text.replace(name, id);
        }
        serde_json::from_str(&text).unwrap()
    }
}

/// A tenant with the rows of a case.
fn tenant(case: &Json) -> (World, Ids) {
    let (world, mut ids) = (World::new(), Ids::default());
    drop(world.account("Harp's", "North"));
    ids.add("north", world.territory("North"));
    for (name, with_tax) in [("list", false), ("with", true)] {
        let list = json!({
            "name": name, "applies_to": "all", "currency": "USD", "list_version": 1,
            "tax_inclusive": with_tax,
        });
        ids.add(name, world.puts("price_list", None, &list));
    }
    for row in case["rows"].as_array().unwrap() {
        let (name, object) = (row[0].as_str().unwrap(), row[1].as_str().unwrap());
        let id = world.puts(object, None, &ids.told(&row[2]));
        ids.add(name, id);
    }
    (world, ids)
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

#[test]
fn phone_and_server_agree_on_every_golden_case() {
    let cases: Vec<Json> = serde_json::from_str(CASES).unwrap();
    for case in &cases {
        let (world, ids) = tenant(case);
        let basket = ids.told(&basket(case)).to_string();
        let mut ann = world.phone("Ann");
        let here = ann.device().price(&basket).unwrap();
        let token = ann.token();
        let there = world.office(|office| {
            let session = office.authenticate(&token).unwrap();
            office.price(&session, &basket).unwrap()
        });
        let envelope = outfield_server::envelope::done(None, &here);
        assert_eq!(envelope, there, "{}", case["case"]);
        let told: Json = serde_json::from_str(&here).unwrap();
        let sums = ["net", "tax", "gross"].map(|name| told[name].clone());
        assert_eq!(json!(sums), case["sums"], "{}: {told}", case["case"]);
    }
}

//! Pages put together are the whole answer, in its order, whatever else comes and goes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{DrawnNumbers, QueryWorld, drawn_values, id};

const SHOPS: usize = 30;

fn drawn_test(drawn: &mut DrawnNumbers) -> Json {
    let fields = drawn_values();
    let (field, values) = drawn.one(&fields);
    let is_blank = |value: &&Json| value.as_str().is_none_or(|text| !text.trim().is_empty());
    let values: Vec<&Json> = values[1..].iter().filter(is_blank).collect();
    let value = *drawn.one(&values);
    let other = *drawn.one(&values);
    let ranged = ["size", "amount", "since", "seen", "score"].contains(field);
    let test = match drawn.below(if ranged { 9 } else { 4 }) {
        0 => json!({"empty": drawn.below(2) == 0}),
        1 => json!({"one_of": [value, other]}),
        2 if ["name", "note"].contains(field) => json!({ "starts": value }),
        3 if ["owner", "chain"].contains(field) => json!({"equals": {"me": true}}),
        5 => json!({ "above": value }),
        6 => json!({ "at_least": value }),
        7 => json!({ "below": value }),
        8 if ["since", "seen"].contains(field) => json!({"at_most": {"days_ago": 1}}),
        8 => json!({"at_most": value}),
        _ => json!({ "equals": value }),
    };
    with_field(field, test)
}

fn with_field(field: &str, mut test: Json) -> Json {
    test["field"] = json!(field);
    test
}

fn drawn_condition(drawn: &mut DrawnNumbers, depth: usize) -> Json {
    match drawn.below(if depth == 0 { 3 } else { 12 }) {
        0..3 => drawn_test(drawn),
        3 => json!({"role": [drawn.one(&["rep", "manager"])]}),
        4 => json!({"not": drawn_condition(drawn, depth - 1)}),
        5 => json!({"field": "chain.name", "equals": "a"}),
        6 => json!({"field": "name", "equals": {"field": "note"}}),
        at @ 7..9 => {
            let lines = if at == 7 { "some" } else { "every" };
            let that = match drawn.below(3) {
                0 => json!({"field": "gtin", "equals": "x"}),
                1 => json!({"not": {"field": "units", "above": 0}}),
                _ => json!({"all": [{"field": "gtin", "starts": "y"},
                    {"field": "units", "at_most": 1}]}),
            };
            json!({lines: "goods", "that": that})
        }
        at => {
            let count = drawn.below(3) + 1;
            let parts: Vec<Json> = (0..count)
                .map(|_| drawn_condition(drawn, depth - 1))
                .collect();
            if at == 9 {
                json!({ "any": parts })
            } else {
                json!({ "all": parts })
            }
        }
    }
}

fn drawn_order(drawn: &mut DrawnNumbers) -> Json {
    let mut fields = vec![
        "name",
        "size",
        "open",
        "amount",
        "since",
        "seen",
        "state",
        "score",
        "changed_at",
    ];
    let mut order = Vec::new();
    for _ in 0..drawn.below(4) {
        let at = drawn.below(fields.len());
        order.push(json!({"by": fields.remove(at), "down": drawn.below(2) == 0}));
    }
    if order.len() < 3 && drawn.below(4) == 0 {
        order.push(json!({"by": "id", "down": drawn.below(2) == 0}));
    }
    json!(order)
}

fn drawn_query(drawn: &mut DrawnNumbers) -> Json {
    let mut query = json!({"object": "x_shop", "limit": drawn.below(7) + 1});
    if drawn.below(4) > 0 {
        query["where"] = drawn_condition(drawn, 2);
    }
    query["order"] = drawn_order(drawn);
    query
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_answer_is_that_of_a_naive_reading(seed in any::<u64>()) {
        let mut drawn = DrawnNumbers(seed);
        let world = QueryWorld::of(SHOPS, &mut drawn);
        for _ in 0..20 {
            let mut query = drawn_query(&mut drawn);
            let wanted = world.naive(&query);
            query["count"] = json!(true);
            let counted = world.asks(1, &query.to_string()).unwrap();
            prop_assert_eq!(&counted["count"], &json!(wanted.len()), "{}", query);
            let mut found = Vec::new();
            loop {
                let (ids, next) = world.page(&query);
                prop_assert!(ids.len() <= 7);
                found.extend(ids);
                if next.is_null() {
                    break;
                }
                query["after"] = next;
            }
            prop_assert_eq!(found, wanted, "{}", query);
        }
    }

    #[test]
    fn what_stays_is_seen_once_whatever_comes_and_goes(seed in any::<u64>()) {
        let mut drawn = DrawnNumbers(seed);
        let world = QueryWorld::of(SHOPS, &mut drawn);
        let mut query = drawn_query(&mut drawn);
        // Half of the shops stay as they are; what their conditions look at is among them.
        let stays = |n: usize| n < 2 || n.is_multiple_of(2);
        let still: BTreeSet<String> = (0..SHOPS)
            .filter(|n| stays(*n))
            .map(|n| id(n).to_string())
            .collect();
        let mut wanted: Vec<String> = world.naive(&query);
        wanted.retain(|id| still.contains(id));
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut found = Vec::new();
        loop {
            let (ids, next) = world.page(&query);
            for id in ids {
                *seen.entry(id.clone()).or_default() += 1;
                found.push(id);
            }
            if next.is_null() {
                break;
            }
            query["after"] = next;
            for n in (0..SHOPS + 20).filter(|n| !stays(*n)) {
                match drawn.below(4) {
                    0 => world.remove(n),
                    1 => world.put(n, &mut drawn),
                    _ => {}
                }
            }
            // What is put before every page cannot keep it from an end for ever.
            prop_assert!(found.len() < 1_000);
        }
        found.retain(|id| still.contains(id));
        prop_assert_eq!(found, wanted, "{}", query);
        for id in &still {
            prop_assert!(seen.get(id).is_none_or(|times| *times == 1));
        }
    }
}

#[test]
fn near_comes_nearest_first_and_page_by_page() {
    let mut drawn = DrawnNumbers(3);
    let world = QueryWorld::of(60, &mut drawn);
    let near = json!({"at": "36.342,-94.071", "within_m": 20_000});
    let condition = json!({"field": "name", "equals": {"field": "note"}});
    for condition in [Json::Null, condition] {
        let mut query = json!({"object": "x_shop", "near": near, "limit": 1_000});
        if !condition.is_null() {
            query["where"] = condition;
        }
        let (whole, next) = world.page(&query);
        assert!(next.is_null() && !whole.is_empty());
        query["limit"] = json!(1);
        let mut found = Vec::new();
        loop {
            let (ids, next) = world.page(&query);
            found.extend(ids);
            if next.is_null() {
                break;
            }
            query["after"] = next;
        }
        assert_eq!(found, whole);
    }
}

#[test]
fn words_are_searched_within_the_object_and_the_condition() {
    let mut drawn = DrawnNumbers(5);
    let world = QueryWorld::of(60, &mut drawn);
    let (found, _) = world.page(&json!({"object": "x_shop", "search": "ab",
        "where": {"field": "open", "equals": true}, "limit": 100}));
    let wanted = world.naive(&json!({"object": "x_shop", "where": {"all": [
        {"field": "open", "equals": true}, {"field": "name", "equals": "ab"}]}}));
    assert!(!wanted.is_empty());
    assert_eq!(found, wanted);
}

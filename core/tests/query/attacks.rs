//! Queries that cannot be, that are too much, or that pretend: refused by a code, and nothing more.

use outfield_core::base::limits::{CURSOR_LETTERS_MAX, QUERY_SCAN_MAX};
use serde_json::{Value as Json, json};

use crate::world::{DrawnNumbers, QueryWorld};

fn nested(depth: usize) -> String {
    let (open, close) = (r#"{"not":"#.repeat(depth), "}".repeat(depth));
    let test = r#"{"field":"name","equals":"a"}"#;
    format!(r#"{{"object":"x_shop","where":{open}{test}{close}}}"#)
}

#[test]
fn what_is_too_deep_or_too_much_is_refused() {
    let world = QueryWorld::new();
    assert_eq!(world.refused(&nested(8)), "bad_condition");
    assert_eq!(world.refused(&nested(100)), "bad_condition");
    assert_eq!(world.refused(&nested(1_000)), "bad_query");
    assert_eq!(world.refused(&nested(100_000)), "query_too_large");
    for (words, code) in [(51, "bad_condition"), (1_000_000, "query_too_large")] {
        let words = vec!["a"; words];
        let query = json!({"object": "x_shop", "where": {"field": "name", "one_of": words}});
        assert_eq!(world.refused(&query.to_string()), code);
    }
    let tests = vec![json!({"field": "name", "equals": "a"}); 51];
    let query = json!({"object": "x_shop", "where": {"all": tests}});
    assert_eq!(world.refused(&query.to_string()), "bad_condition");
}

#[test]
fn what_is_not_as_a_query_is_refused_by_name() {
    let world = QueryWorld::new();
    for (said, code) in conditions().into_iter().chain(orders()) {
        let mut query = json!({"object": "x_shop"});
        for (name, value) in said.as_object().unwrap() {
            query[name] = value.clone();
        }
        assert_eq!(world.refused(&query.to_string()), code, "{query}");
    }
    for nonsense in ["", "null", "[]", "\"x_shop\"", "{", "{\"where\":null}"] {
        assert_eq!(world.refused(nonsense), "bad_query", "{nonsense}");
    }
}

/// Conditions and limits that cannot be, and what is said of them.
fn conditions() -> Vec<(Json, &'static str)> {
    vec![
        (json!({"limit": 0}), "bad_limit"),
        (json!({"limit": 1_001}), "bad_limit"),
        (json!({"limit": -1}), "bad_query"),
        (json!({"limits": 5}), "bad_query"),
        (json!({"where": []}), "bad_query"),
        (json!({"where": {"field": "name"}}), "bad_query"),
        (
            json!({"where": {"field": "nam", "equals": "a"}}),
            "unknown_field",
        ),
        (
            json!({"where": {"field": "chain.nam", "equals": "a"}}),
            "unknown_field",
        ),
        (
            json!({"where": {"field": "name.name", "equals": "a"}}),
            "unknown_field",
        ),
        (
            json!({"where": {"some": "good", "that": {"field": "gtin", "empty": true}}}),
            "unknown_field",
        ),
        (
            json!({"where": {"field": "size", "equals": "a"}}),
            "bad_condition",
        ),
        (
            json!({"where": {"field": "name", "above": "a"}}),
            "bad_condition",
        ),
        (json!({"where": {"all": []}}), "bad_condition"),
        (
            json!({"where": {"field": "name\" OR 1=1 --", "equals": "a"}}),
            "unknown_field",
        ),
        (
            json!({"where": {"field": "_extra", "equals": "a"}}),
            "unknown_field",
        ),
    ]
}

/// Orders, places, words and objects that cannot be.
fn orders() -> Vec<(Json, &'static str)> {
    let at = |at: &str, within: i64| json!({"near": {"at": at, "within_m": within}});
    vec![
        (
            json!({"order": [{"by": "name\" DESC, (SELECT 1)--"}]}),
            "unknown_field",
        ),
        (json!({"order": [{"by": "goods/*/gtin"}]}), "unknown_field"),
        (json!({"order": [{"by": "chain"}]}), "bad_sort"),
        (
            json!({"order": [{"by": "name"}, {"by": "name"}]}),
            "bad_sort",
        ),
        (json!({"order": [{"by": "id"}, {"by": "name"}]}), "bad_sort"),
        (json!({"order": [{"by": "name", "up": true}]}), "bad_query"),
        (
            json!({"order": [{"by": "name"}, {"by": "size"}, {"by": "open"}, {"by": "seen"}]}),
            "bad_sort",
        ),
        (json!({"search": ""}), "bad_search"),
        (json!({"search": "\"*'--"}), "bad_search"),
        (json!({"search": "a".repeat(201)}), "bad_search"),
        (at("here", 5), "bad_position"),
        (at("91,0", 5), "bad_position"),
        (at("NaN,inf", 5), "bad_position"),
        (at("36,-94", -1), "bad_distance"),
        (json!({"near": "36,-94"}), "bad_query"),
        (json!({"object": "x_shops"}), "unknown_object"),
        (json!({"object": "x_shop__srv"}), "unknown_object"),
        (json!({"object": "sqlite_schema"}), "unknown_object"),
        (json!({"object": "x_shop\" --"}), "unknown_object"),
    ]
}

#[test]
fn a_misspelt_name_is_offered_the_right_one() {
    let world = QueryWorld::new();
    let query = r#"{"object":"x_shop","where":{"field":"amuont","equals":"1"}}"#;
    let message = world.asks(1, query).unwrap_err().to_string();
    assert!(message.contains("did you mean `amount`?"), "{message}");
}

#[test]
fn values_are_values_whatever_they_spell() {
    let mut drawn = DrawnNumbers(1);
    let world = QueryWorld::of(20, &mut drawn);
    for spelt in [
        "' OR '1'='1",
        "\"; DROP TABLE x_shop; --",
        "%",
        "_",
        "?1",
        "ab\u{301}",
        "zz\0z",
    ] {
        for test in ["equals", "starts"] {
            let query = json!({"object": "x_shop", "where": {"field": "name", test: spelt}});
            assert_eq!(world.page(&query).0, [] as [String; 0], "{query}");
        }
    }
    assert_eq!(world.all().len(), 20);
}

/// The cursor of the first page of a query.
fn cursor(world: &QueryWorld, query: &Json) -> String {
    world.page(query).1.as_str().unwrap().to_owned()
}

#[test]
fn a_cursor_is_of_one_query_of_one_person() {
    let mut drawn = DrawnNumbers(2);
    let world = QueryWorld::of(20, &mut drawn);
    let mut query = json!({"object": "x_shop", "order": [{"by": "size"}], "limit": 3});
    let own = cursor(&world, &query);
    query["after"] = json!(own);
    query["limit"] = json!(5);
    assert_eq!(
        world.page(&query).0.len(),
        5,
        "the page may be of another size"
    );
    assert!(
        world.asks(2, &query.to_string()).is_err(),
        "of another person"
    );
    let others = [
        json!({"order": []}),
        json!({"order": [{"by": "size", "down": true}]}),
        json!({"order": [{"by": "name"}]}),
        json!({"where": {"field": "open", "equals": true}}),
        json!({"search": "a"}),
    ];
    for other in others {
        let mut query = query.clone();
        for (name, value) in other.as_object().unwrap() {
            query[name] = value.clone();
        }
        assert_eq!(world.refused(&query.to_string()), "bad_cursor", "{query}");
    }
}

#[test]
fn a_forged_cursor_is_refused() {
    let mut drawn = DrawnNumbers(2);
    let world = QueryWorld::of(20, &mut drawn);
    let mut query = json!({"object": "x_shop", "order": [{"by": "size"}], "limit": 3});
    let own = cursor(&world, &query);
    let mut forged = vec![
        String::new(),
        "x".to_owned(),
        "é".to_owned(),
        "00".to_owned(),
        "+1".repeat(40),
        own[..own.len() - 2].to_owned(),
        format!("{own}00x"),
        "9b".repeat(CURSOR_LETTERS_MAX),
    ];
    for at in 0..own.len() {
        let mut letters: Vec<char> = own.chars().collect();
        letters[at] = if letters[at] == '0' { '1' } else { '0' };
        forged.push(letters.into_iter().collect());
    }
    for text in forged {
        query["after"] = json!(text);
        let json = query.to_string();
        let refused = world.refused(&json);
        assert!(
            ["bad_cursor", "query_too_large"].contains(&refused.as_str()),
            "{json:.300}"
        );
    }
}

#[test]
fn of_many_records_only_what_an_index_leads_to_is_asked() {
    let mut drawn = DrawnNumbers(4);
    let world = QueryWorld::new();
    world.db.execute_batch("BEGIN").unwrap();
    for n in 0..=QUERY_SCAN_MAX {
        world.put(n, &mut drawn);
    }
    let where_of = |field: &str| json!({"where": {"field": field, "equals": "a"}});
    let refused = [
        where_of("note"),
        json!({"order": [{"by": "note"}]}),
        json!({"order": [{"by": "amount"}]}),
        json!({"where": {"not": {"field": "name", "equals": "a"}}}),
        json!({"where": {"field": "amount", "equals": "10"}}),
        json!({"where": {"any": [{"field": "name", "equals": "a"},
            {"field": "note", "equals": "a"}]}}),
        json!({"where": {"field": "chain.name", "equals": "a"}}),
    ];
    let served = [
        json!({}),
        where_of("name"),
        json!({"order": [{"by": "name"}]}),
        json!({"where": {"all": [{"field": "name", "equals": "a"},
            {"field": "note", "equals": "a"}]}, "order": [{"by": "amount"}]}),
        json!({"where": {"some": "goods", "that": {"field": "gtin", "equals": "x"}}}),
        json!({"where": {"field": "owner", "equals": {"me": true}}}),
        json!({"where": {"field": "note", "equals": {"field": "name"}},
            "order": [{"by": "since"}]}),
    ];
    let asked = |said: &Json| {
        let mut query = json!({"object": "x_shop", "count": true});
        for (name, value) in said.as_object().unwrap() {
            query[name] = value.clone();
        }
        query.to_string()
    };
    for said in refused {
        assert_eq!(world.refused(&asked(&said)), "no_index", "{said}");
    }
    for said in served {
        let answer = world.asks(1, &asked(&said)).unwrap();
        assert!(answer["count"].as_u64().unwrap() <= QUERY_SCAN_MAX as u64);
    }
    let all = world.asks(1, &asked(&json!({}))).unwrap();
    assert_eq!(
        (&all["count"], &all["more"]),
        (&json!(QUERY_SCAN_MAX), &json!(true))
    );
    world.remove(0);
    let all = world.asks(1, &asked(&where_of("note"))).unwrap();
    assert_eq!(all["more"], Json::Null);
}

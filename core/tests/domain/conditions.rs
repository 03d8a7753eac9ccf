//! What each test of a condition says of a record, which test it says failed first, and that a
//! naive reading of the JSON says the same.

use outfield_core::base::context::Role;
use outfield_core::base::time::Timestamp;
use outfield_core::domain::condition::{ConditionGround, FailedTest};
use outfield_core::domain::names;
use outfield_core::objects::Condition;
use serde_json::{Value as Json, json};

use crate::support::{RuleWorld, id};

const DEAL: u8 = 40;

/// The descriptor of a deal, whose one verb requires this.
pub(crate) fn deal_requiring(require: &Json) -> Json {
    json!({
        "object": "x_deal", "version": 1, "label": "Deal", "kind": "document",
        "fields": {
            "name": {"kind": "text"}, "note": {"kind": "text"}, "phone": {"kind": "phone"},
            "amount": {"kind": "decimal"}, "limit": {"kind": "decimal"},
            "items_count": {"kind": "integer"}, "more_count": {"kind": "integer"},
            "is_won": {"kind": "boolean"}, "is_lost": {"kind": "boolean"},
            "due_on": {"kind": "day"}, "met_at": {"kind": "time"},
            "tier": {"kind": "choice", "choices": ["A", "B", "C"]},
            "state": {"kind": "choice", "choices": ["open", "closed"]},
            "owner": {"kind": "reference", "of": "user"},
            "helper": {"kind": "reference", "of": "user"},
            "account": {"kind": "reference", "of": "account"},
            "gtin": {"kind": "gtin"}, "place": {"kind": "position"},
        },
        "lines": {
            "lines": {"fields": {
                "percent": {"kind": "decimal"}, "from": {"kind": "reference", "of": "account"},
            }},
            "notes": {"fields": {"text": {"kind": "text"}}},
        },
        "scope": [{"bucket": "user", "field": "owner"}],
        "lifecycle": {"field": "state", "start": "open"},
        "verbs": {"close_deal": {
            "from": ["open"], "to": "closed", "require": require,
            "input": {"note": {"kind": "text"}, "amount": {"kind": "decimal"},
                "because": {"kind": "text"}},
        }},
        "rights": {
            "rep": {"read": true, "create": true, "edit": ["*"], "do": ["*"]},
            "manager": {"read": true, "create": true, "edit": ["*"], "do": ["*"]},
        },
    })
}

/// A world with a deal in it, worth 9.5, at a shop in a territory below another.
pub(crate) fn deals(require: &Json) -> RuleWorld {
    let mut world = RuleWorld::new();
    let descriptor = deal_requiring(require).to_string();
    world
        .registry
        .publish("deal.json", &descriptor, &names())
        .unwrap();
    world.put("territory", id(31), &json!({"name": "West"}));
    world.put(
        "territory",
        id(30),
        &json!({"name": "North", "parent": id(31)}),
    );
    world.set("account", id(10), "territory", id(30).to_string());
    world.put(
        "x_deal",
        id(DEAL),
        &json!({
            "name": "Straße 9", "phone": "+14795550001", "amount": "9.5", "limit": "10",
            "items_count": 10, "is_won": false, "due_on": "2026-11-20",
            "met_at": 1_795_509_000_000_i64 - 86_400_000, "tier": "B", "state": "open",
            "owner": id(1), "helper": id(2), "account": id(10), "gtin": "00036000291452",
            "lines/a/percent": "5", "lines/a/from": id(10), "lines/b/percent": "10.0",
            "lines/c/percent": "99", "lines/c/removed": true,
        }),
    );
    world
}

fn deal(condition: &Json) -> RuleWorld {
    deals(&json!([{"if": condition, "code": "not_yet", "say": "wait for it"}]))
}

fn failed(world: &RuleWorld, condition: &Json) -> Option<FailedTest> {
    let condition: Condition = serde_json::from_value(condition.clone()).unwrap();
    let ground = ConditionGround {
        registry: &world.registry,
        descriptor: world.registry.get("x_deal").unwrap(),
        record: &world.records[&("x_deal".to_owned(), id(DEAL))],
        reader: world,
        context: &world.context(),
    };
    ground.failed(&condition).unwrap()
}

#[track_caller]
fn holds(condition: Json) {
    let world = deal(&condition);
    assert_eq!(failed(&world, &condition), None, "{condition}");
    let other = json!({ "not": condition });
    assert!(failed(&world, &other).is_some(), "{other}");
    world.check(&json!({"do": "close_deal", "x_deal": id(DEAL)}), "ok");
}

/// The condition fails by this test, of which `path test wanted is` is told.
#[track_caller]
fn fails(condition: Json, told: &str) {
    let world = deal(&condition);
    let said = failed(&world, &condition).unwrap();
    let path = said.path.as_deref().unwrap_or("-");
    let shown = format!("{path} {} {} {}", said.test, said.wanted, said.is);
    assert_eq!(shown, told, "{condition}");
    let other = json!({ "not": condition });
    assert_eq!(failed(&world, &other), None, "{other}");
    let refusal = world.refusal(&json!({"do": "close_deal", "x_deal": id(DEAL)}));
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("not_yet", "wait for it")
    );
    let fields: Vec<String> = said.path.into_iter().collect();
    assert_eq!(refusal.fields, fields);
    assert_eq!(refusal.numbers["test"], said.test);
    assert_eq!(refusal.numbers["wanted"], said.wanted);
    assert_eq!(refusal.numbers["is"], said.is);
}

fn field(path: &str, test: &str, wanted: impl Into<Json>) -> Json {
    json!({"field": path, test: wanted.into()})
}

#[test]
fn equal_is_what_is_the_same() {
    holds(field("name", "equals", "Straße 9"));
    fails(
        field("name", "equals", "straße 9"),
        r#"name equals "straße 9" "Straße 9""#,
    );
    fails(
        field("name", "equals", "Strasse 9"),
        r#"name equals "Strasse 9" "Straße 9""#,
    );
    holds(field("tier", "equals", "B"));
    fails(field("tier", "equals", "A"), r#"tier equals "A" "B""#);
    holds(field("is_won", "equals", false));
    fails(field("is_won", "equals", true), "is_won equals true false");
    holds(field("owner", "equals", id(1).to_string()));
    holds(field("due_on", "equals", "2026-11-20"));
    holds(field("met_at", "equals", "2026-11-23T08:30:00Z"));
    holds(field("gtin", "equals", "036000291452"));
    fails(field("note", "equals", "x"), r#"note equals "x" null"#);
}

#[test]
fn one_of_is_any_of_a_list() {
    holds(field("tier", "one_of", json!(["A", "B"])));
    fails(
        field("tier", "one_of", json!(["A", "C"])),
        r#"tier one_of ["A","C"] "B""#,
    );
    holds(field("amount", "one_of", json!([1, "9.50"])));
    fails(
        field("note", "one_of", json!(["x"])),
        r#"note one_of ["x"] null"#,
    );
}

#[test]
fn numbers_are_compared_as_exact_fractions() {
    holds(field("amount", "equals", "9.50"));
    holds(field("amount", "below", 10));
    fails(field("amount", "above", "10"), r#"amount above "10" "9.5""#);
    holds(field("amount", "above", "9.499999999999"));
    fails(
        field("amount", "above", "9.5"),
        r#"amount above "9.5" "9.5""#,
    );
    holds(field("amount", "at_least", "9.5"));
    fails(
        field("amount", "at_least", "9.500000000001"),
        r#"amount at_least "9.500000000001" "9.5""#,
    );
    holds(field("amount", "at_most", "9.5"));
    fails(
        field("amount", "below", "9.5"),
        r#"amount below "9.5" "9.5""#,
    );
    holds(field("items_count", "equals", "10.0"));
    holds(field("items_count", "above", "9.999"));
    fails(field("items_count", "below", 9), "items_count below 9 10");
    holds(field("limit", "equals", json!({"field": "items_count"})));
    holds(field("amount", "below", json!({"field": "limit"})));
    fails(
        field("amount", "above", json!({"field": "limit"})),
        r#"amount above "10" "9.5""#,
    );
    fails(
        field("amount", "below", json!({"field": "more_count"})),
        r#"amount below null "9.5""#,
    );
}

#[test]
fn digits_that_a_float_loses_are_kept() {
    let check = |one: &str, test: &str, two: &str, is: bool| {
        let condition = field("amount", test, two);
        let mut world = deal(&condition);
        world.set("x_deal", id(DEAL), "amount", one);
        assert_eq!(
            failed(&world, &condition).is_none(),
            is,
            "{one} {test} {two}"
        );
    };
    check("0.3", "equals", "0.30", true);
    check("0.3", "equals", "0.300000000001", false);
    check("9007199254740993", "equals", "9007199254740992", false);
    check("9007199254740993", "above", "9007199254740992", true);
    check("9", "below", "10", true);
    check("-2", "below", "-1", true);
    check("100", "above", "99.999999999999", true);
}

#[test]
fn days_and_times_are_compared_as_such() {
    holds(field("due_on", "below", "2026-11-21"));
    fails(
        field("due_on", "above", "2026-11-20"),
        r#"due_on above "2026-11-20" "2026-11-20""#,
    );
    holds(field("met_at", "below", "2026-11-23T08:30:00.001Z"));
    fails(
        field("met_at", "above", "2026-11-24T00:00:00Z"),
        "met_at above 1795478400000 1795422600000",
    );
    holds(field("due_on", "equals", json!({"days_ago": 4})));
    fails(
        field("due_on", "at_least", json!({"days_ago": 3})),
        r#"due_on at_least "2026-11-21" "2026-11-20""#,
    );
    holds(field("met_at", "equals", json!({"days_ago": 1})));
    fails(
        field("met_at", "above", json!({"days_ago": 1})),
        "met_at above 1795422600000 1795422600000",
    );
}

#[test]
fn today_is_that_of_the_tenants_zone() {
    let condition = field("due_on", "equals", json!({"days_ago": 3}));
    let mut world = deal(&condition);
    // In Chicago it is the 23rd until six in the morning.
    world.now = Timestamp::parse("2026-11-24T05:59:59Z").unwrap();
    assert_eq!(failed(&world, &condition), None);
    world.now = Timestamp::parse("2026-11-24T06:00:00Z").unwrap();
    assert!(failed(&world, &condition).is_some());
    // Days are counted in the calendar, whatever hours a change of the clock takes.
    let condition = field("due_on", "equals", json!({"days_ago": 30}));
    world.now = Timestamp::parse("2026-11-24T05:30:00Z").unwrap();
    world.set("x_deal", id(DEAL), "due_on", "2026-10-24");
    assert_eq!(failed(&world, &condition), None);
}

#[test]
fn empty_is_the_one_test_that_an_empty_value_passes() {
    holds(field("note", "empty", true));
    fails(field("note", "empty", false), "note empty false null");
    holds(field("amount", "empty", false));
    fails(field("is_won", "empty", true), "is_won empty true false");
    for test in ["equals", "above", "at_least", "below", "at_most"] {
        fails(
            field("more_count", test, 0),
            &format!("more_count {test} 0 null"),
        );
    }
    fails(field("note", "starts", "x"), r#"note starts "x" null"#);
    fails(
        field("note", "equals", json!({"field": "note"})),
        "note equals null null",
    );
}

#[test]
fn a_text_starts_letter_by_letter() {
    holds(field("name", "starts", "Straß"));
    fails(
        field("name", "starts", "STRAß"),
        r#"name starts "STRAß" "Straße 9""#,
    );
    fails(
        field("name", "starts", "Strass"),
        r#"name starts "Strass" "Straße 9""#,
    );
    holds(field("phone", "starts", "+1479"));
    holds(field("name", "starts", json!({"field": "name"})));
}

#[test]
fn lines_that_are_removed_do_not_count() {
    holds(json!({"every": "lines", "that": field("percent", "at_most", "10")}));
    fails(
        json!({"every": "lines", "that": field("percent", "below", "10")}),
        r#"lines/b/percent below "10" "10.0""#,
    );
    holds(json!({"some": "lines", "that": field("percent", "equals", 10)}));
    fails(
        json!({"some": "lines", "that": field("percent", "above", 10)}),
        r#"lines/a/percent above 10 "5""#,
    );
    holds(json!({"every": "notes", "that": field("text", "empty", false)}));
    fails(
        json!({"some": "notes", "that": field("text", "empty", false)}),
        "notes some 1 0",
    );
    fails(
        json!({"not": {"every": "notes", "that": field("text", "empty", false)}}),
        "notes not every 1 0",
    );
    holds(json!({"some": "lines", "that": field("from.territory.name", "equals", "North")}));
    fails(
        json!({"every": "lines", "that": field("from.territory.name", "equals", "North")}),
        r#"lines/b/from.territory.name equals "North" null"#,
    );
}

#[test]
fn references_are_followed_over_three_records() {
    holds(field("account.name", "equals", "Harp's"));
    holds(field("account.territory.name", "equals", "North"));
    holds(field("account.territory.parent.name", "starts", "W"));
    fails(
        field("account.territory.name", "equals", "West"),
        r#"account.territory.name equals "West" "North""#,
    );
    holds(field("owner", "equals", json!({"field": "account.owner"})));
    // Nothing is at the end of an empty reference.
    holds(field("account.territory.parent.parent", "empty", true));
}

#[test]
fn a_record_that_is_not_here_passes_no_test() {
    let mut world = deal(&field("account.name", "empty", false));
    world.set("x_deal", id(DEAL), "account", id(77).to_string());
    for (test, wanted) in [
        ("empty", json!(true)),
        ("empty", json!(false)),
        ("equals", json!("a")),
    ] {
        let condition = field("account.name", test, wanted.clone());
        let said = failed(&world, &condition).unwrap();
        assert_eq!((said.is, said.test.as_str()), (Json::Null, test));
        assert_eq!(failed(&world, &json!({ "not": condition })), None);
    }
}

#[test]
fn who_acts_is_told_by_role_and_by_id() {
    holds(field("owner", "equals", json!({"me": true})));
    fails(
        field("helper", "equals", json!({"me": true})),
        &format!("helper equals \"{}\" \"{}\"", id(1), id(2)),
    );
    holds(json!({"role": ["admin", "rep"]}));
    fails(
        json!({"role": ["manager", "admin"]}),
        r#"- role ["manager","admin"] "rep""#,
    );
    // A tenant's own role holds where the one that it is like holds.
    let condition = json!({"role": ["manager"]});
    let mut world = deal(&condition);
    world.put(
        "user_role",
        id(60),
        &json!({"name": "chief", "like": "manager"}),
    );
    let context = world.context_of(&Role::named("chief"));
    let ground = ConditionGround {
        registry: &world.registry,
        descriptor: world.registry.get("x_deal").unwrap(),
        record: &world.records[&("x_deal".to_owned(), id(DEAL))],
        reader: &world,
        context: &context,
    };
    let condition: Condition = serde_json::from_value(condition).unwrap();
    assert_eq!(ground.failed(&condition), Ok(None));
}

#[test]
fn the_first_test_that_failed_is_told() {
    let (small, large) = (field("amount", "below", 5), field("amount", "below", 6));
    let fine = field("tier", "equals", "B");
    fails(
        json!({"all": [fine, small, large]}),
        r#"amount below 5 "9.5""#,
    );
    holds(json!({"any": [small, fine]}));
    fails(json!({"any": [small, large]}), r#"amount below 5 "9.5""#);
    fails(json!({"not": fine}), r#"tier not equals "B" "B""#);
    fails(
        json!({"not": {"any": [small, fine]}}),
        r#"tier not equals "B" "B""#,
    );
    holds(json!({"not": {"all": [fine, small]}}));
    let noted = field("name", "empty", false);
    fails(json!({ "not": noted }), r#"name empty true "Straße 9""#);
    fails(json!({"not": {"not": small}}), r#"amount below 5 "9.5""#);
    fails(
        json!({"not": {"some": "lines", "that": field("percent", "above", 7)}}),
        r#"lines/b/percent not above 7 "10.0""#,
    );
}

#[test]
fn inputs_that_are_fields_are_laid_over_the_record() {
    let require = json!([
        {"if": field("amount", "below", 10), "code": "too_much", "say": "offer less"},
        {"if": field("note", "empty", false), "code": "no_note", "say": "write a note"},
        {"if": field("state", "equals", "open"), "code": "closed", "say": "it is the state before"},
    ]);
    let world = deals(&require);
    let close = |given: Json| {
        let mut command = json!({"do": "close_deal", "x_deal": id(DEAL)});
        for (name, value) in given.as_object().unwrap() {
            command[name] = value.clone();
        }
        command
    };
    world.check(&close(json!({})), "no_note");
    world.check(&close(json!({"because": "no field"})), "no_note");
    world.check(&close(json!({"note": "Now"})), "ok");
    world.check(&close(json!({"note": "Now", "amount": "10"})), "too_much");
    let said = world.refusal(&close(json!({"amount": "12.50"})));
    assert_eq!(
        (said.code.as_str(), said.fields),
        ("too_much", vec!["amount".to_owned()])
    );
    assert_eq!(
        (&said.numbers["wanted"], &said.numbers["is"]),
        (&json!(10), &json!("12.5"))
    );
}

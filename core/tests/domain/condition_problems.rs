//! What is wrong with a condition is found when it is published, and told by its path; no kind is
//! left to be found unlike on a phone.

use outfield_core::domain::{names, registry};
use serde_json::{Value as Json, json};

use crate::conditions::deal_requiring;

fn problems(require: &Json) -> Vec<(String, String)> {
    let text = deal_requiring(require).to_string();
    let published = registry().unwrap().publish("deal.json", &text, &names());
    let problems = published.err().unwrap_or_default();
    problems
        .into_iter()
        .map(|problem| (problem.field, problem.message))
        .collect()
}

/// The condition has one problem, at a path below it, in these words.
#[track_caller]
fn check(condition: Json, at: &str, words: &str) {
    let require = json!([{"if": condition, "code": "no", "say": "no"}]);
    let found = problems(&require);
    let field = format!("verbs.close_deal.require[0].if{at}");
    let [(told, message)] = found.as_slice() else {
        panic!("{condition}: {found:?}");
    };
    assert_eq!(told, &field, "{condition}: {message}");
    assert!(message.contains(words), "{condition}: {message}");
}

/// The file cannot be read, in these words.
#[track_caller]
fn unread(condition: Json, words: &str) {
    let require = json!([{"if": condition, "code": "no", "say": "no"}]);
    let found = problems(&require);
    let [(field, message)] = found.as_slice() else {
        panic!("{condition}: {found:?}");
    };
    assert_eq!(field, "");
    assert!(message.contains(words), "{condition}: {message}");
}

#[test]
fn a_condition_has_one_form_and_no_other_keys() {
    unread(json!({}), "a condition is an object with one of");
    unread(json!("amount > 10"), "a condition is an object with one of");
    unread(json!({"al": []}), "a condition is an object with one of");
    unread(json!({"all": [], "any": []}), "no `any` there");
    unread(
        json!({"role": ["rep"], "field": "name"}),
        "no `field` there",
    );
    unread(json!({"role": "rep"}), "`role` is a list");
    unread(
        json!({"all": {"role": ["rep"]}}),
        "not a list of conditions",
    );
    unread(json!({"every": "lines"}), "`that` says");
    unread(
        json!({"every": 3, "that": {"role": ["rep"]}}),
        "is a name, not 3",
    );
    unread(json!({"field": "name"}), "has one test");
    unread(
        json!({"field": "name", "equals": "a", "starts": "a"}),
        "has one test",
    );
    unread(
        json!({"field": "name", "like": "a"}),
        "there is no test `like`",
    );
    unread(json!({"field": "name", "empty": "yes"}), "true or false");
    unread(
        json!({"field": "name", "one_of": "a"}),
        "`one_of` is a list",
    );
    unread(
        json!({"field": "name", "equals": null}),
        "ask whether it is `empty`",
    );
    unread(
        json!({"field": "amount", "equals": 0.3}),
        "a fraction is text",
    );
    unread(json!({"field": "name", "equals": ["a"]}), "is no text");
    unread(
        json!({"field": "owner", "equals": {"me": false}}),
        "no value to compare with",
    );
    unread(
        json!({"field": "owner", "equals": {"me": true, "field": "a"}}),
        "no value to compare",
    );
    unread(
        json!({"field": "owner", "equals": {}}),
        "no value to compare with",
    );
    unread(
        json!({"field": "due_on", "above": {"days_ago": -1}}),
        "whole number of days",
    );
}

#[test]
fn paths_lead_somewhere() {
    let of = |path: &str| json!({"field": path, "empty": false});
    check(of("nmae"), ".field", "no field `nmae`");
    check(of(""), ".field", "no field ``");
    check(
        of("lines/a/percent"),
        ".field",
        "no field `lines/a/percent`",
    );
    check(
        of("name.first"),
        ".field",
        "`name` of `name.first` refers to no record",
    );
    check(
        of("account.nmae"),
        ".field",
        "no field `nmae` on the way of `account.nmae`",
    );
    check(
        of("account.territory.parent.parent.name"),
        "",
        "follows more than 3 references",
    );
    check(
        json!({"field": "amount", "below": {"field": "nmae"}}),
        ".below",
        "no field `nmae`",
    );
    check(
        json!({"every": "line", "that": of("percent")}),
        ".every",
        "no lines `line`",
    );
    check(
        json!({"some": "lines", "that": of("amount")}),
        ".that.field",
        "no field `amount`",
    );
    check(
        json!({"some": "lines", "that": {"every": "notes", "that": of("text")}}),
        ".that.every",
        "no lines `notes`",
    );
    check(json!({"role": ["Rep"]}), ".role", "is not a name");
    check(
        json!({"any": [{"role": ["rep"]}, {"not": {"all": [of("x")]}}]}),
        ".any[1].not.all[0].field",
        "no field `x`",
    );
}

#[track_caller]
fn unlike(path: &str, test: &str, wanted: impl Into<Json>, words: &str) {
    let condition = json!({"field": path, test: wanted.into()});
    check(condition, &format!(".{test}"), words);
}

#[test]
fn a_scalar_is_of_the_fields_kind() {
    unlike("amount", "equals", "abc", "not a decimal");
    unlike("amount", "above", true, "is not a decimal");
    unlike("tier", "equals", "D", "`D` is not one of: A, B, C");
    unlike(
        "tier",
        "one_of",
        json!(["A", "D"]),
        "`D` is not one of: A, B, C",
    );
    unlike("name", "equals", 3, "`3` is not text");
    unlike("name", "equals", " ", "ask whether it is `empty`");
    unlike("name", "starts", "", "begins with a text");
    unlike("name", "starts", 3, "begins with a text");
    unlike("is_won", "equals", "yes", "is not true or false");
    unlike("due_on", "above", "24.11.2026", "is not a day");
    unlike("due_on", "above", "2026-02-29", "is not a day");
    unlike("met_at", "above", "yesterday", "is not a time");
    unlike("owner", "equals", "Rosa", "is not the id of a record");
    unlike("gtin", "equals", "12", "digits");
}

#[test]
fn a_test_can_be_asked_of_the_fields_kind() {
    unlike(
        "items_count",
        "starts",
        "1",
        "`starts` cannot be asked of a whole number",
    );
    unlike(
        "place",
        "starts",
        "36",
        "`starts` cannot be asked of a position",
    );
    unlike(
        "tier",
        "starts",
        "A",
        "`starts` cannot be asked of one of the choices",
    );
    unlike(
        "tier",
        "above",
        "A",
        "`above` cannot be asked of one of the choices",
    );
    unlike("name", "at_most", "A", "`at_most` cannot be asked of text");
    unlike(
        "is_won",
        "at_least",
        true,
        "`at_least` cannot be asked of true or false",
    );
    unlike(
        "owner",
        "below",
        json!({"me": true}),
        "`below` cannot be asked of the id",
    );
}

#[test]
fn what_is_compared_is_alike() {
    let field = |path: &str| json!({ "field": path });
    unlike(
        "amount",
        "above",
        field("owner"),
        "cannot be compared with `owner`",
    );
    unlike(
        "name",
        "equals",
        field("amount"),
        "cannot be compared with `amount`",
    );
    unlike(
        "due_on",
        "above",
        field("met_at"),
        "cannot be compared with `met_at`",
    );
    unlike(
        "owner",
        "equals",
        field("account"),
        "cannot be compared with `account`",
    );
    unlike(
        "owner",
        "equals",
        field("account.name"),
        "cannot be compared with `account.name`",
    );
    unlike(
        "amount",
        "equals",
        json!({"me": true}),
        "`me` is the id of a person",
    );
    unlike(
        "amount",
        "above",
        json!({"days_ago": 1}),
        "`days_ago` is a day or a time",
    );
}

#[test]
fn conditions_have_bounds() {
    let test = || json!({"field": "name", "empty": false});
    let nested = |depth: usize| (1..depth).fold(test(), |inner, _| json!({ "not": inner }));
    let all = |count: usize| json!({"all": vec![test(); count]});
    let words = |count: usize| json!({"field": "name", "one_of": vec!["a"; count]});
    let ago = |days: u32| json!({"field": "due_on", "above": {"days_ago": days}});
    for fits in [nested(8), all(50), words(50), ago(36_525)] {
        let require = json!([{"if": fits, "code": "no", "say": "no"}]);
        assert_eq!(problems(&require), []);
    }
    check(nested(9), "", "more than 8 deep");
    check(all(51), "", "more than 50 tests");
    check(words(51), "", "more than 50 words");
    check(ago(36_526), "", "looks back over 36525 days");
    for empty in [
        json!({"all": []}),
        json!({"any": []}),
        json!({"role": []}),
        words(0),
    ] {
        check(empty, "", "an empty list says nothing");
    }
}

#[test]
fn a_requirement_has_a_code_and_words() {
    let check = |name: &str, value: Json, field: &str, words: &str| {
        let mut require = json!([{"if": {"role": ["rep"]}, "code": "no", "say": "no"}]);
        require[0][name] = value;
        let found = problems(&require);
        let at = format!("verbs.close_deal.require[0].{field}");
        let told = |(field, message): &(String, String)| *field == at && message.contains(words);
        assert!(found.iter().any(told), "{found:?}");
    };
    check("code", json!("Not mine"), "code", "is not a name");
    check("code", json!(""), "code", "is not a name");
    check("say", json!("  "), "say", "say what is wrong");
    let unknown = json!([{"if": {"role": ["rep"]}, "code": "no", "say": "no", "rights": true}]);
    assert!(problems(&unknown)[0].1.contains("unknown field `rights`"));
}

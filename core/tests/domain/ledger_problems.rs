//! What is wrong with pots, postings, verdicts and fields of the server's is found where they are
//! published, by file and field. It does not know what right ones do.

use outfield_core::domain::{names, registry};
use serde_json::{Value as Json, json};

/// A row with a pot, in which everything is right.
fn purse() -> Json {
    json!({
        "object": "x_purse", "version": 1, "label": "Purse", "kind": "row",
        "fields": {
            "name": {"kind": "text"},
            "free": {"kind": "decimal", "pot": {
                "floor": "0", "held": "held", "as_of": "as_of", "short": "not_enough",
                "say": "{room} are there"}},
            "held": {"kind": "decimal"}, "as_of": {"kind": "time"}, "limit": {"kind": "decimal"},
        },
        "unique": [["name"]], "scope": [{"bucket": "tenant"}], "indexes": [["name"]],
        "rights": {},
    })
}

/// A fact that posts, in which everything is right.
fn taken() -> Json {
    json!({
        "object": "x_taken", "version": 1, "label": "Taken", "kind": "fact",
        "fields": {
            "purse": {"kind": "text"}, "quantity": {"kind": "decimal"},
            "for": {"kind": "reference", "of": "account"},
        },
        "lines": {"parts": {"fields": {
            "purse": {"kind": "text"}, "quantity": {"kind": "decimal"}}}},
        "scope": [{"bucket": "tenant"}],
        "posts": {"take": {"quantity": "quantity",
            "from": {"pot": "x_purse/free", "by": {"name": "purse"}}}},
        "rights": {},
    })
}

/// A verdict on visits, in which everything is right.
fn verdict() -> Json {
    json!({
        "object": "x_verdict", "version": 1, "label": "Verdict", "kind": "row",
        "made_by_verbs": true,
        "fields": {
            "order": {"kind": "reference", "of": "sales_order"},
            "owner": {"kind": "reference", "of": "user"}, "content_hash": {"kind": "text"},
            "verdict": {"kind": "choice", "choices": ["granted", "refused"]},
            "code": {"kind": "text"}, "message": {"kind": "text"},
            "numbers_json": {"kind": "text"}, "judged_at": {"kind": "time"},
        },
        "verdict_of": {"object": "sales_order", "by": "order", "same": ["content_hash"],
            "while": {"state": ["submitted"]}, "judge": "examine_order"},
        "scope": [{"bucket": "tenant"}], "rights": {},
    })
}

/// A document with a field that the server alone writes, in which everything is right.
fn beside() -> Json {
    json!({
        "object": "x_lead", "version": 1, "label": "Lead", "kind": "document",
        "fields": {"name": {"kind": "text"}, "score": {"kind": "integer", "by": "server"}},
        "lines": {"notes": {"fields": {"note": {"kind": "text"}}}},
        "scope": [{"bucket": "tenant"}], "indexes": [["score"]], "rights": {},
    })
}

fn problems(json: &Json) -> Vec<(String, String)> {
    let mut registry = registry().unwrap();
    registry
        .publish("purse.json", &purse().to_string(), &names())
        .unwrap();
    let published = registry.publish("x.json", &json.to_string(), &names());
    let problems = published.err().unwrap_or_default();
    problems
        .into_iter()
        .map(|problem| (problem.field, problem.message))
        .collect()
}

#[track_caller]
fn check(sound: &Json, cases: &[(&str, Json, &str)]) {
    let mut fresh = sound.clone();
    fresh["object"] = json!("x_fresh");
    assert_eq!(problems(&fresh), []);
    for (pointer, value, field) in cases {
        let mut json = fresh.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        json.pointer_mut(parent).unwrap()[name] = value.clone();
        let found = problems(&json);
        assert!(
            found.iter().any(|(at, _)| at == field),
            "{pointer}: {found:?}"
        );
    }
}

#[test]
fn a_pot_has_one_bound_and_fields_that_fit_it() {
    check(
        &purse(),
        &[
            ("/fields/free/kind", json!("integer"), "fields.free.pot"),
            ("/kind", json!("document"), "fields.free.pot"),
            (
                "/fields/free/pot/ceiling",
                json!("limit"),
                "fields.free.pot",
            ),
            (
                "/fields/free/pot/held",
                json!("name"),
                "fields.free.pot.held",
            ),
            (
                "/fields/free/pot/as_of",
                json!("held"),
                "fields.free.pot.as_of",
            ),
            (
                "/fields/free/pot/in",
                json!("nothing"),
                "fields.free.pot.in",
            ),
            (
                "/fields/free/pot/short",
                json!("Not enough"),
                "fields.free.pot.short",
            ),
            ("/unique", json!([["nothing"]]), "unique[0]"),
            ("/indexes", json!([]), "unique[0]"),
        ],
    );
}

#[test]
fn a_posting_names_pots_and_what_its_phase_needs() {
    let take = |key: &str| format!("/posts/take/{key}");
    let cases = [
        ("quantity", json!("nothing"), "posts.take.quantity"),
        ("quantity", json!("parts/quantity"), "posts.take.quantity"),
        ("each", json!("nothing"), "posts.take.each"),
        ("when", json!({"nothing": ["a"]}), "posts.take.when"),
        ("phase", json!("hold"), "posts.take.for"),
        ("phase", json!("release"), "posts.take.phase"),
        (
            "from",
            json!({"pot": "x_none/free", "by": {}}),
            "posts.take.from.pot",
        ),
        (
            "from",
            json!({"pot": "x_purse/held", "by": {"name": "purse"}}),
            "posts.take.from.pot",
        ),
        (
            "from",
            json!({"pot": "x_purse/free", "by": {}}),
            "posts.take.from.by",
        ),
        (
            "from",
            json!({"pot": "x_purse/free", "by": {"name": "nothing"}}),
            "posts.take.from.by.name",
        ),
    ];
    for (key, value, field) in cases {
        check(&taken(), &[(take(key).as_str(), value, field)]);
    }
    check(&taken(), &[("/kind", json!("document"), "posts")]);
}

#[test]
fn a_verdict_has_its_document_its_words_and_a_judge_that_there_is() {
    check(
        &verdict(),
        &[
            ("/verdict_of/by", json!("code"), "verdict_of.by"),
            ("/verdict_of/judge", json!("nobody"), "verdict_of.judge"),
            (
                "/verdict_of/sets",
                json!({"state": "draft"}),
                "verdict_of.sets",
            ),
            (
                "/verdict_of/sets",
                json!({"standing": "eaten"}),
                "verdict_of.sets",
            ),
            (
                "/verdict_of/require",
                json!([{"if": {"field": "nothing", "empty": true}, "code": "a", "say": "b"}]),
                "verdict_of.require[0].if.field",
            ),
            ("/verdict_of/same", json!(["nothing"]), "verdict_of.same"),
            (
                "/verdict_of/require",
                json!([{"if": {"field": "note", "empty": false}, "waits": true, "code": "later",
                        "say": "later"}]),
                "verdict_of.words",
            ),
            (
                "/verdict_of/also_when",
                json!([{"object": "order_approval", "field": "note"}]),
                "verdict_of.words",
            ),
            (
                "/verdict_of/words",
                json!({"granted": "granted", "refused": "refused", "waiting": "open"}),
                "fields.verdict",
            ),
            ("/verdict_of/same", json!([]), "verdict_of.same"),
            (
                "/verdict_of/while",
                json!({"state": ["eaten"]}),
                "verdict_of.while",
            ),
            (
                "/verdict_of/while",
                json!({"nothing": ["a"]}),
                "verdict_of.while",
            ),
            (
                "/verdict_of/foreseen",
                json!(["nothing"]),
                "verdict_of.while",
            ),
            ("/verdict_of/object", json!("account"), "verdict_of.by"),
            ("/made_by_verbs", json!(false), "made_by_verbs"),
            ("/fields/code/kind", json!("integer"), "fields.code"),
            ("/fields/owner", json!({"kind": "text"}), "fields.owner"),
            (
                "/fields/verdict/choices",
                json!(["granted"]),
                "fields.verdict",
            ),
        ],
    );
}

#[test]
fn a_field_of_the_servers_lies_beside_and_is_needed_by_nobody() {
    check(
        &beside(),
        &[
            ("/fields/score/required", json!(true), "fields.score.by"),
            ("/kind", json!("row"), "fields.score.by"),
            (
                "/fields/record",
                json!({"kind": "text", "by": "server"}),
                "fields.record",
            ),
            (
                "/lines/srv",
                json!({"fields": {"a": {"kind": "text"}}}),
                "lines.srv",
            ),
            (
                "/lines/notes/fields/by_server",
                json!({"kind": "text", "by": "server"}),
                "lines",
            ),
        ],
    );
}

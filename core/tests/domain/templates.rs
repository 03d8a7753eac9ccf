//! Templates: one by which no visit can be completed is refused where it is written, naming
//! question and reason; one that was mended reaches visits under way when the person says so.

use outfield_core::base::context::Role;
use outfield_core::base::id::RecordId;
use serde_json::{Value as Json, json};

use crate::support::{RuleWorld, id};
use outfield_core::base::context::Place;

/// A template with a survey of two questions, of which `why` depends on `sells`, with these
/// changes.
fn template(changes: &Json) -> Json {
    let mut fields = json!({
        "name": "Audit", "template_version": 1, "is_default": true,
        "actions/s/kind": "survey", "actions/s/title": "Sales", "actions/s/mandatory": true,
        "actions/t/kind": "task", "actions/t/title": "Dust",
        "questions/sells/action": "s", "questions/sells/text": "Does it sell?",
        "questions/sells/kind": "yes_no", "questions/sells/required": true,
        "questions/why/action": "s", "questions/why/text": "Why not?",
        "questions/why/kind": "choice", "questions/why/choices": "price|a rival",
        "questions/why/required": true,
        "questions/why/when_question": "sells", "questions/why/when_value": "no",
    });
    for (path, value) in changes.as_object().unwrap() {
        fields[path] = value.clone();
    }
    fields
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    fields
}

/// The office, which writes templates.
fn office() -> RuleWorld {
    let mut world = RuleWorld::new();
    world.role = Role::ADMIN;
    world.place = Place::Server;
    world
}

#[track_caller]
fn check(changes: &Json, field: &str, reason: &str) {
    let mut fields = template(changes);
    fields.as_object_mut().unwrap().remove("is_default");
    let add = json!({"do": "add", "object": "visit_template", "fields": fields});
    let refusal = office().refusal(&add);
    assert_eq!(refusal.code, "survey_cannot_be_completed", "{refusal:?}");
    assert!(
        refusal.fields.iter().any(|named| named == field),
        "{refusal:?}"
    );
    assert!(refusal.message.contains(reason), "{}", refusal.message);
}

#[test]
fn a_template_by_which_no_visit_is_completed_is_refused() {
    for none in [Json::Null, json!("|"), json!(" | ")] {
        let why = "(Why not?): a choice needs its choices";
        check(
            &json!({"questions/why/choices": none}),
            "questions/why/choices",
            why,
        );
    }
    let when = "questions/why/when_value";
    check(
        &json!({when: "maybe"}),
        when,
        "`maybe` is none of the answers to `sells`: yes, no",
    );
    check(&json!({when: "No"}), when, "`No` is none of the answers");
    check(&json!({when: null}), when, "say which answer brings it up");
    let number = |value: &str| json!({"questions/sells/kind": "number", when: value});
    check(&number("many"), when, "`many` is no number");
    check(&number("2.50"), when, "kept as `2.5`");
    let on = "questions/why/when_question";
    check(
        &json!({on: "rival"}),
        on,
        "`rival` is no question of the same survey",
    );
    check(&json!({on: "why"}), on, "never asked");
    check(&json!({on: null}), on, "say which question decides it");
    let circle = json!({
        "questions/sells/when_question": "why", "questions/sells/when_value": "price",
    });
    check(&circle, "questions/sells/when_question", "never asked");
    let of = "questions/why/action";
    check(&json!({of: "u"}), of, "`u` is no survey of this template");
    check(&json!({of: "t"}), of, "`t` is no survey of this template");
    check(
        &json!({"actions/s/removed": true}),
        of,
        "`s` is no survey of this template",
    );
}

#[test]
fn each_answer_has_a_place_of_its_own() {
    let long = "q".repeat(79);
    let path = |field: &str| format!("questions/{long}/{field}");
    let question = json!({
        path("action"): "s", path("text"): "Long?", path("kind"): "text",
    });
    check(&question, &path("action"), "more than 79 letters together");
    let same = json!({
        "actions/s~a/kind": "survey", "actions/s~a/title": "Other",
        "questions/b/action": "s~a", "questions/b/text": "B?", "questions/b/kind": "text",
        "questions/a~b/action": "s", "questions/a~b/text": "AB?", "questions/a~b/kind": "text",
    });
    check(&same, "questions/b/action", "the place of that to `a~b`");
}

#[test]
fn a_template_that_no_visit_can_hold_is_refused() {
    let mut changes = json!({});
    for at in 0..10 {
        let path = |field: &str| format!("questions/q{at}/{field}");
        changes[path("action")] = "s".into();
        changes[path("kind")] = "text".into();
        changes[path("text")] = "x".repeat(7_000).into();
    }
    changes["is_default"] = Json::Null;
    let add = json!({"do": "add", "object": "visit_template", "fields": template(&changes)});
    office().check(&add, "template_too_large");
}

/// A visit under way whose survey and task are done.
fn under_way() -> (RuleWorld, RecordId) {
    let mut world = RuleWorld::new();
    world.put("visit_template", id(20), &template(&json!({})));
    let visit = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    for (question, value) in [("sells", "no"), ("why", "a rival")] {
        world.tell(
            &json!({"do": "answer_question", "visit": visit, "action": "s",
            "question": question, "value": value}),
        );
    }
    world.tell(&json!({"do": "answer_action", "visit": visit, "action": "s"}));
    world.tell(&json!({"do": "answer_action", "visit": visit, "action": "t", "value": "dusted"}));
    (world, visit)
}

fn renew(visit: RecordId) -> Json {
    json!({"do": "renew_template", "visit": visit})
}

#[test]
fn a_mended_template_reaches_a_visit_under_way_and_answers_stay() {
    let (mut world, visit) = under_way();
    world.put(
        "visit_template",
        id(20),
        &template(&json!({
            "template_version": 2,
            "actions/t/kind": null, "actions/t/title": null,
            "actions/n/kind": "task", "actions/n/title": "Sweep", "actions/n/mandatory": true,
            "questions/why/choices": "price|a rival|colour",
            "questions/since/action": "s", "questions/since/text": "Since when?",
            "questions/since/kind": "text", "questions/since/required": true,
        })),
    );
    let value = |world: &RuleWorld, path: &str| world.value("visit", visit, path);
    assert_eq!(
        value(&world, "template_version"),
        json!(1),
        "nobody said so yet"
    );
    world.tell(&renew(visit));
    assert_eq!(value(&world, "template_version"), json!(2));
    assert_eq!(
        value(&world, "questions/why/choices"),
        json!("price|a rival|colour")
    );
    assert_eq!(value(&world, "answers/s~why/value"), json!("a rival"));
    assert_eq!(
        value(&world, "actions/s/state"),
        json!("to_do"),
        "it asks for more now"
    );
    assert_eq!(value(&world, "actions/n/state"), json!("to_do"));
    let task = [
        value(&world, "actions/t/state"),
        value(&world, "actions/t/answer"),
    ];
    assert_eq!(
        task,
        [json!("done"), json!("dusted")],
        "what was done stays"
    );
    assert!(
        world.ask(&renew(visit)).unwrap().writes.is_empty(),
        "a second time changes nothing"
    );
}

#[test]
fn an_answer_that_is_none_any_more_is_kept_and_asked_for_again() {
    let (mut world, visit) = under_way();
    let choices = json!({"questions/why/choices": "price|colour"});
    world.put("visit_template", id(20), &template(&choices));
    world.tell(&renew(visit));
    assert_eq!(
        world.value("visit", visit, "answers/s~why/value"),
        json!("a rival")
    );
    assert_eq!(
        world.value("visit", visit, "actions/s/state"),
        json!("to_do")
    );
    world.check(
        &json!({"do": "answer_action", "visit": visit, "action": "s"}),
        "questions_open",
    );
}

#[test]
fn a_question_that_is_taken_out_is_asked_no_more() {
    let (mut world, visit) = under_way();
    let without = json!({
        "questions/why/action": null, "questions/why/text": null, "questions/why/kind": null,
        "questions/why/choices": null, "questions/why/required": null,
        "questions/why/when_question": null, "questions/why/when_value": null,
    });
    world.put("visit_template", id(20), &template(&without));
    world.tell(&renew(visit));
    assert_eq!(
        world.value("visit", visit, "questions/why/removed"),
        json!(true)
    );
    assert_eq!(
        world.value("visit", visit, "answers/s~why/value"),
        json!("a rival")
    );
    assert_eq!(
        world.value("visit", visit, "actions/s/state"),
        json!("done")
    );
    world.put("visit_template", id(20), &template(&json!({})));
    world.tell(&renew(visit));
    assert_eq!(
        world.value("visit", visit, "questions/why/removed"),
        json!(false)
    );
    assert_eq!(
        world.value("visit", visit, "actions/s/state"),
        json!("done"),
        "and its answer fits"
    );
}

#[test]
fn a_visit_without_a_template_has_none_to_renew() {
    let mut world = RuleWorld::new();
    let visit = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    world.set(
        "visit",
        visit,
        "template",
        outfield_core::objects::Value::Null,
    );
    world.check(&renew(visit), "no_template");
}

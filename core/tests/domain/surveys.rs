//! Surveys: questions that depend on answers, what an answer may be, and when a survey is done.

use outfield_core::base::id::RecordId;
use outfield_core::domain::{RefusalKind, names};
use serde_json::{Value as Json, json};

use crate::support::{HERE, RuleWorld, id};

/// A visit with a mandatory survey: `sells` (yes or no), then `why_not` if it is `no`, then `rival`
/// if that is `a rival`; `units` and `wish` are always asked.
fn asked() -> (RuleWorld, RecordId) {
    let mut world = RuleWorld::new();
    world.put(
        "visit_template",
        id(20),
        &json!({
            "name": "Audit", "is_default": true, "template_version": 5,
            "actions/s/kind": "survey", "actions/s/title": "Sales", "actions/s/mandatory": true,
            "actions/t/kind": "task", "actions/t/title": "Dust",
            "questions/sells/action": "s", "questions/sells/text": "Does it sell?",
            "questions/sells/kind": "yes_no",
            "questions/sells/required": true, "questions/sells/position": 1,
            "questions/why_not/action": "s", "questions/why_not/text": "Why not?",
            "questions/why_not/kind": "choice",
            "questions/why_not/choices": "price | a rival", "questions/why_not/required": true,
            "questions/why_not/when_question": "sells", "questions/why_not/when_value": "no",
            "questions/why_not/position": 2,
            "questions/rival/action": "s", "questions/rival/text": "Which rival?",
            "questions/rival/kind": "text",
            "questions/rival/required": true, "questions/rival/position": 3,
            "questions/rival/when_question": "why_not", "questions/rival/when_value": "a rival",
            "questions/units/action": "s", "questions/units/text": "Units a week?",
            "questions/units/kind": "number",
            "questions/wish/action": "s", "questions/wish/text": "Wishes?",
            "questions/wish/kind": "text",
        }),
    );
    let visit = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    (world, visit)
}

fn answer(visit: RecordId, question: &str, value: &str) -> Json {
    json!({
        "do": "answer_question", "visit": visit, "action": "s", "question": question,
        "value": value,
    })
}

fn done(visit: RecordId) -> Json {
    json!({"do": "answer_action", "visit": visit, "action": "s"})
}

#[test]
fn a_visit_keeps_the_questions_as_its_templates_version_had_them() {
    let (mut world, visit) = asked();
    world.put(
        "visit_template",
        id(20),
        &json!({"name": "Audit", "is_default": true, "template_version": 6}),
    );
    assert_eq!(world.value("visit", visit, "template_version"), json!(5));
    assert_eq!(
        world.value("visit", visit, "questions/why_not/choices"),
        json!("price | a rival")
    );
    assert_eq!(
        world.value("visit", visit, "questions/why_not/when_value"),
        json!("no")
    );
    world.check(&answer(visit, "sells", "yes"), "ok");
}

#[test]
fn an_answer_is_kept_in_the_form_of_its_kind() {
    let (mut world, visit) = asked();
    for (question, said, kept) in [
        ("sells", "NO", "no"),
        ("why_not", "a rival", "a rival"),
        ("rival", " Brand X ", "Brand X"),
        ("units", "012.50", "12.5"),
        ("units", "-3", "-3"),
        ("wish", "more, and cheaper", "more, and cheaper"),
    ] {
        world.tell(&answer(visit, question, said));
        assert_eq!(
            world.value("visit", visit, &format!("answers/s~{question}/value")),
            json!(kept)
        );
    }
    assert_eq!(
        world.value("visit", visit, "actions/s/state"),
        json!("to_do")
    );
}

#[test]
fn an_answer_of_another_kind_is_refused_with_what_would_be_right() {
    let (mut world, visit) = asked();
    world.tell(&answer(visit, "sells", "no"));
    for (question, said, words) in [
        (
            "sells",
            "maybe",
            "`maybe` is not `yes` or `no`; the question is `Does it sell?`",
        ),
        (
            "why_not",
            "colour",
            "`colour` is not one of: price, a rival",
        ),
        ("units", "many", "`many` is not a number"),
        ("units", "1e3", "`1e3` is not a number"),
    ] {
        let refusal = world.refusal(&answer(visit, question, said));
        assert_eq!(
            (refusal.kind, refusal.code.as_str()),
            (RefusalKind::BadInput, "bad_value"),
            "{question}={said}"
        );
        assert!(refusal.message.contains(words), "{refusal}");
    }
}

#[test]
fn a_question_whose_condition_does_not_hold_is_refused_with_the_condition() {
    let (mut world, visit) = asked();
    let refusal = world.refusal(&answer(visit, "why_not", "price"));
    assert_eq!(
        (refusal.kind, refusal.code.as_str()),
        (RefusalKind::Rule, "not_asked")
    );
    assert_eq!(
        refusal.message,
        "`Why not?` is asked only if `Does it sell?` is answered `no`; it has no answer yet"
    );
    world.tell(&answer(visit, "sells", "yes"));
    let refusal = world.refusal(&answer(visit, "why_not", "price"));
    assert!(
        refusal.message.ends_with("its answer is `yes`"),
        "{refusal}"
    );
    assert_eq!(
        json!(refusal.numbers),
        json!({"when_question": "sells", "when_value": "no", "answer": "yes"})
    );
    let refusal = world.refusal(&answer(visit, "rival", "Brand X"));
    assert!(
        refusal.message.ends_with("it has no answer yet"),
        "{refusal}"
    );
}

#[test]
fn a_survey_is_done_once_every_required_question_that_is_asked_has_an_answer() {
    let (mut world, visit) = asked();
    let refusal = world.refusal(&done(visit));
    assert_eq!(
        (refusal.code.as_str(), &refusal.numbers["questions"]),
        ("questions_open", &json!(["Does it sell?"]))
    );
    world.tell(&answer(visit, "sells", "no"));
    assert_eq!(
        world.refusal(&done(visit)).numbers["questions"],
        json!(["Why not?"])
    );
    world.tell(&answer(visit, "why_not", "a rival"));
    assert_eq!(
        world.refusal(&done(visit)).numbers["questions"],
        json!(["Which rival?"])
    );
    world.tell(&answer(visit, "sells", "yes"));
    world.tell(&done(visit));
    assert_eq!(
        world.value("visit", visit, "actions/s/state"),
        json!("done")
    );
    assert_eq!(world.value("visit", visit, "actions/s/answer"), Json::Null);
}

#[test]
fn an_answer_that_hides_others_keeps_them_but_they_no_longer_count() {
    let (mut world, visit) = asked();
    for (question, value) in [
        ("sells", "no"),
        ("why_not", "a rival"),
        ("rival", "Brand X"),
        ("sells", "yes"),
    ] {
        world.tell(&answer(visit, question, value));
    }
    assert_eq!(
        world.value("visit", visit, "answers/s~rival/value"),
        json!("Brand X")
    );
    let refusal = world.refusal(&answer(visit, "rival", "Brand Y"));
    assert!(
        refusal.message.ends_with("it is not asked itself"),
        "{refusal}"
    );
    world.tell(&done(visit));
    world.tell(&answer(visit, "sells", "no"));
    assert_eq!(
        world.value("visit", visit, "actions/s/state"),
        json!("done"),
        "the old answers count again"
    );
    world.check(&answer(visit, "rival", "Brand Y"), "ok");
}

#[test]
fn a_survey_that_lacks_an_answer_again_is_to_do_again() {
    let (mut world, visit) = asked();
    world.tell(&answer(visit, "sells", "yes"));
    world.tell(&done(visit));
    world.tell(
        &json!({"do": "answer_question", "visit": visit, "action": "s", "question": "sells"}),
    );
    assert_eq!(
        world.value("visit", visit, "answers/s~sells/value"),
        Json::Null
    );
    assert_eq!(
        world.value("visit", visit, "actions/s/state"),
        json!("to_do")
    );
}

#[test]
fn a_check_out_needs_the_answers_even_if_two_phones_merged_to_a_survey_that_is_done() {
    let (mut world, visit) = asked();
    world.tell(&json!({"do": "check_in", "visit": visit, "position": HERE}));
    world.tell(&answer(visit, "sells", "yes"));
    world.tell(&done(visit));
    let check_out = json!({"do": "check_out", "visit": visit});
    world.check(&check_out, "ok");
    world.set("visit", visit, "answers/s~sells/value", "no");
    let refusal = world.refusal(&check_out);
    assert_eq!(
        (refusal.code.as_str(), &refusal.numbers["actions"]),
        ("mandatory_undone", &json!(["Sales"]))
    );
}

#[test]
fn only_a_survey_asks_and_only_its_own_questions() {
    let (world, visit) = asked();
    let mut wrong = answer(visit, "sells", "yes");
    wrong["action"] = json!("t");
    world.check(&wrong, "not_a_survey");
    wrong["action"] = json!("x");
    world.check(&wrong, "unknown_action");
    let refusal = world.refusal(&answer(visit, "colour", "red"));
    assert_eq!(refusal.code, "unknown_question");
    assert!(
        refusal.message.contains("sells (Does it sell?)"),
        "{refusal}"
    );
}

#[test]
fn questions_that_wait_for_each_other_are_never_asked() {
    let (mut world, visit) = asked();
    world.set("visit", visit, "questions/sells/when_question", "why_not");
    world.set("visit", visit, "questions/sells/when_value", "price");
    world.set("visit", visit, "answers/s~sells/value", "no");
    world.set("visit", visit, "answers/s~why_not/value", "price");
    world.check(&answer(visit, "sells", "no"), "not_asked");
    world.check(&done(visit), "ok");
}

#[test]
fn a_survey_without_questions_takes_words() {
    let (mut world, visit) = asked();
    for question in ["sells", "why_not", "rival", "units", "wish"] {
        world.set(
            "visit",
            visit,
            &format!("questions/{question}/removed"),
            true,
        );
    }
    world.check(&done(visit), "answer_missing");
    let mut said = done(visit);
    said["value"] = json!("all is well");
    world.tell(&said);
    assert_eq!(
        world.value("visit", visit, "actions/s/answer"),
        json!("all is well")
    );
}

#[test]
fn the_rules_of_surveys_and_shelves_have_names_that_any_object_may_use() {
    for rule in ["answer_question", "count", "finish_count", "start_count"] {
        assert!(names().rules.contains(&rule), "{rule}");
    }
}

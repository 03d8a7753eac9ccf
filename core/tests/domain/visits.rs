//! Visits: start, check-in, actions, check-out, cancelling.

use outfield_core::base::id::RecordId;
use outfield_core::base::time::Timestamp;
use outfield_core::domain::named::Inquiry;
use outfield_core::domain::rules::visit::today::{is_missed, today};
use outfield_core::objects::Values;
use serde_json::{Value as Json, json};

use crate::support::{HERE, NOW, RuleWorld, id};

/// About 150 m and 300 m north of the shop.
const NEAR: &str = "36.343585,-94.071410";
const FAR: &str = "36.344935,-94.071410";

fn started() -> (RuleWorld, RecordId) {
    let mut world = RuleWorld::new();
    let visit = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    (world, visit)
}

fn planned() -> (RuleWorld, RecordId) {
    let mut world = RuleWorld::new();
    let fields = json!({"account": id(10), "planned_on": "2026-11-24"});
    let visit = world.tell(&json!({"do": "add", "object": "visit", "fields": fields}));
    (world, visit)
}

fn check_in(visit: RecordId, position: &str) -> Json {
    json!({"do": "check_in", "visit": visit, "position": position})
}

fn with(mut command: Json, name: &str, value: impl Into<Json>) -> Json {
    command[name] = value.into();
    command
}

#[track_caller]
fn check(world: &RuleWorld, visit: RecordId, values: &Json) {
    for (path, value) in values.as_object().unwrap() {
        assert_eq!(world.value("visit", visit, path), *value, "{path}");
    }
}

#[test]
fn a_planned_visit_starts_as_planned_and_is_its_makers() {
    let (world, visit) = planned();
    check(
        &world,
        visit,
        &json!({"state": "planned", "owner": id(1), "started_at": null, "template": null}),
    );
}

#[test]
fn a_visit_that_nobody_planned_is_in_progress_at_once_with_the_default_templates_actions() {
    let (world, visit) = started();
    check(
        &world,
        visit,
        &json!({
            "state": "in_progress", "owner": id(1), "planned_on": "2026-11-24", "started_at": NOW.0,
            "template": id(20), "template_version": 3,
            "actions/a/kind": "photo", "actions/a/title": "Shelf photo",
            "actions/a/mandatory": true,
            "actions/a/position": 1, "actions/a/state": "to_do",
            "actions/b/title": "Ask the owner", "actions/b/mandatory": null,
            "actions/b/state": "to_do",
        }),
    );
}

#[test]
fn a_named_template_goes_before_the_default_one() {
    let mut world = RuleWorld::new();
    world.put(
        "visit_template",
        id(21),
        &json!({
            "name": "Short", "template_version": 8, "actions/z/title": "Wave",
            "actions/z/kind": "task",
        }),
    );
    let command =
        json!({"do": "start_visit", "account": id(10), "template": id(21), "purpose": "Hello"});
    let visit = world.tell(&command);
    check(
        &world,
        visit,
        &json!({
            "template": id(21), "template_version": 8, "purpose": "Hello",
            "actions/z/title": "Wave", "actions/a/title": null,
        }),
    );
}

#[test]
fn without_any_template_a_visit_has_no_actions() {
    let mut world = RuleWorld::new();
    world.records.remove(&("visit_template".to_owned(), id(20)));
    let visit = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    check(
        &world,
        visit,
        &json!({"state": "in_progress", "template": null, "template_version": null}),
    );
}

#[test]
fn one_open_visit_at_a_time_and_the_refusal_names_it() {
    let (mut world, visit) = started();
    let refusal = world.refusal(&json!({"do": "start_visit", "account": id(10)}));
    assert_eq!(
        (refusal.code.as_str(), &refusal.numbers["visit"]),
        ("visit_open", &json!(visit))
    );
    assert!(refusal.message.contains("Harp's"), "{refusal}");
    world.put(
        "visit",
        id(30),
        &json!({"account": id(10), "owner": id(1), "state": "planned"}),
    );
    world.check(&check_in(id(30), HERE), "visit_open");
}

#[test]
fn a_colleagues_open_visit_stops_nobody() {
    let mut world = RuleWorld::new();
    world.put(
        "visit",
        id(30),
        &json!({"account": id(10), "owner": id(2), "state": "in_progress"}),
    );
    world.check(&json!({"do": "start_visit", "account": id(10)}), "ok");
}

#[test]
fn a_check_in_records_what_it_was_judged_by_and_never_moves_the_account() {
    let (mut world, visit) = started();
    world.tell(&with(
        with(check_in(visit, NEAR), "accuracy_m", 20),
        "mock",
        true,
    ));
    check(
        &world,
        visit,
        &json!({
            "checked_in_at": NOW.0, "check_in_position": NEAR, "check_in_accuracy_m": 20,
            "check_in_mock": true,
            "fence_m": 200, "distance_m": 150, "account_position": HERE, "check_in_reason": null,
            "state": "in_progress",
        }),
    );
    assert_eq!(world.value("account", id(10), "position"), json!(HERE));
    assert_eq!(
        world.ask(&check_in(visit, NEAR)).unwrap_err().code,
        "already_checked_in"
    );
}

#[test]
fn a_check_in_to_a_planned_visit_starts_it_and_copies_the_actions() {
    let (mut world, visit) = planned();
    let decision = world.ask(&check_in(visit, HERE)).unwrap();
    assert_eq!(decision.writes.len(), 1);
    world.tell(&check_in(visit, HERE));
    check(
        &world,
        visit,
        &json!({
            "state": "in_progress", "started_at": NOW.0, "template": id(20), "template_version": 3,
            "actions/a/state": "to_do", "actions/b/title": "Ask the owner",
        }),
    );
}

#[test]
fn a_check_in_keeps_the_actions_that_a_visit_has() {
    let (mut world, visit) = started();
    world.tell(&json!({"do": "answer_action", "visit": visit, "action": "a", "value": "seen"}));
    world.put(
        "visit_template",
        id(20),
        &json!({"is_default": true, "template_version": 4, "actions/n/title": "New"}),
    );
    world.tell(&check_in(visit, HERE));
    check(
        &world,
        visit,
        &json!({"template_version": 3, "actions/a/state": "done", "actions/n/title": null}),
    );
}

#[test]
fn the_fence_is_200_metres_less_the_accuracy() {
    let (world, visit) = started();
    for (position, accuracy_m, code) in [
        (NEAR, 0, "ok"),
        (NEAR, 50, "ok"),
        (NEAR, 51, "outside_fence"),
        (FAR, 0, "outside_fence"),
        (HERE, 200, "ok"),
        (HERE, 201, "vague_position"),
        (HERE, 1500, "vague_position"),
    ] {
        world.check(
            &with(check_in(visit, position), "accuracy_m", accuracy_m),
            code,
        );
    }
    let refusal = world.refusal(&with(check_in(visit, FAR), "accuracy_m", 10));
    assert_eq!(
        json!(refusal.numbers),
        json!({"distance_m": 300, "fence_m": 200, "accuracy_m": 10})
    );
    assert_eq!(refusal.fields, ["position", "reason"]);
    for wrong in [
        json!(-1),
        json!("-0.5"),
        json!("near"),
        json!("1e400"),
        json!(true),
    ] {
        world.check(
            &with(check_in(visit, HERE), "accuracy_m", wrong),
            "bad_value",
        );
    }
}

#[test]
fn a_part_of_a_metre_counts_as_a_whole_one() {
    for (said, kept) in [
        (json!(12.5), 13),
        (json!("4.8"), 5),
        (json!(7), 7),
        (json!("0.0"), 0),
    ] {
        let (mut world, visit) = started();
        world.tell(&with(check_in(visit, HERE), "accuracy_m", said));
        check(&world, visit, &json!({"check_in_accuracy_m": kept}));
    }
}

#[test]
fn nobody_leaves_before_they_came_whatever_the_clock_says() {
    let (mut world, visit) = started();
    world.tell(&check_in(visit, HERE));
    world.set("visit", visit, "actions/a/state", "done");
    world.now = Timestamp(NOW.0 - 3_600_000);
    world.tell(&json!({"do": "check_out", "visit": visit}));
    check(&world, visit, &json!({"checked_out_at": NOW.0}));
}

#[test]
fn of_two_visits_that_are_open_each_goes_on() {
    let (mut world, visit) = started();
    world.put(
        "visit",
        id(30),
        &json!({"account": id(10), "owner": id(1), "state": "in_progress"}),
    );
    for open in [visit, id(30)] {
        world.tell(&check_in(open, HERE));
        world.set("visit", open, "actions/a/state", "done");
        world.tell(&json!({"do": "check_out", "visit": open}));
        check(&world, open, &json!({"state": "completed"}));
    }
}

#[test]
fn a_reason_lets_a_person_check_in_from_afar_and_is_kept() {
    let (mut world, visit) = started();
    world.check(
        &with(check_in(visit, FAR), "reason", "   "),
        "outside_fence",
    );
    world.tell(&with(check_in(visit, FAR), "reason", " moved next door "));
    check(
        &world,
        visit,
        &json!({"check_in_reason": "moved next door", "distance_m": 300}),
    );
}

#[test]
fn an_account_without_a_position_has_no_fence() {
    let mut world = RuleWorld::new();
    world.put("account", id(11), &json!({"name": "New shop"}));
    let visit = world.tell(&json!({"do": "start_visit", "account": id(11)}));
    world.tell(&check_in(visit, FAR));
    check(
        &world,
        visit,
        &json!({"distance_m": null, "account_position": null, "check_in_position": FAR}),
    );
}

#[test]
fn an_answer_is_kept_and_the_action_done() {
    let (mut world, visit) = started();
    let answer = |action: &str, value: &str| {
        json!({
            "do": "answer_action", "visit": visit, "action": action, "value": value,
        })
    };
    world.check(&answer("a", ""), "answer_missing");
    world.check(
        &json!({"do": "answer_action", "visit": visit, "action": "a"}),
        "answer_missing",
    );
    let refusal = world.refusal(&answer("x", "1"));
    assert_eq!(refusal.code, "unknown_action");
    assert!(
        refusal
            .message
            .contains("a (Shelf photo), b (Ask the owner)"),
        "{refusal}"
    );
    world.tell(&answer("b", "12 facings"));
    check(
        &world,
        visit,
        &json!({"actions/b/answer": "12 facings", "actions/b/state": "done"}),
    );
    assert!(
        world
            .ask(&answer("b", "12 facings"))
            .unwrap()
            .writes
            .is_empty()
    );
}

#[test]
fn only_an_action_that_is_not_mandatory_is_skipped_and_with_a_reason() {
    let (mut world, visit) = started();
    let skip = |action: &str, reason: &str| {
        json!({
            "do": "skip_action", "visit": visit, "action": action, "reason": reason,
        })
    };
    world.check(&skip("a", "no light"), "mandatory_action");
    world.check(&skip("b", ""), "required");
    world.check(&skip("b", "  "), "required");
    world.tell(&skip("b", "owner away"));
    check(
        &world,
        visit,
        &json!({"actions/b/state": "skipped", "actions/b/skip_reason": "owner away"}),
    );
    world
        .tell(&json!({"do": "answer_action", "visit": visit, "action": "b", "value": "came back"}));
    check(
        &world,
        visit,
        &json!({"actions/b/state": "done", "actions/b/skip_reason": null}),
    );
}

#[test]
fn a_check_out_needs_a_check_in_and_every_mandatory_action() {
    let (mut world, visit) = started();
    let check_out = json!({"do": "check_out", "visit": visit});
    world.check(&check_out, "not_checked_in");
    world.tell(&check_in(visit, HERE));
    let refusal = world.refusal(&check_out);
    assert_eq!(
        (refusal.code.as_str(), &refusal.numbers["actions"]),
        ("mandatory_undone", &json!(["Shelf photo"]))
    );
    assert!(refusal.message.contains("Shelf photo"), "{refusal}");
    world
        .tell(&json!({"do": "answer_action", "visit": visit, "action": "a", "value": "sha256:77"}));
    world.tell(&check_out);
    check(
        &world,
        visit,
        &json!({"state": "completed", "checked_out_at": NOW.0}),
    );
    world.check(&json!({"do": "start_visit", "account": id(10)}), "ok");
}

/// What `today` says of a visit that is planned for this day, at an account whose clock is in this
/// zone: `due`, `missed`, or nothing.
fn said_today(zone: &str, planned_on: &str, now: Timestamp) -> &'static str {
    let (mut world, visit) = planned();
    world.now = now;
    world.set("visit", visit, "planned_on", planned_on);
    if !zone.is_empty() {
        world.set("account", id(10), "time_zone", zone);
    }
    let (context, input) = (world.context(), Values::new());
    let said = today(&Inquiry {
        registry: &world.registry,
        reader: &world,
        context: &context,
        input: &input,
    });
    match &said.unwrap().as_array().unwrap()[..] {
        [] => "",
        [visit] if visit["missed"] == json!(true) => "missed",
        [_] => "due",
        [..] => panic!("one visit was planned"),
    }
}

#[test]
fn today_is_the_day_at_the_account_and_the_tenants_where_it_has_no_clock() {
    // Half past eight of the 24th in Greenwich: the 23rd in Samoa, the 24th in Chicago and Tokyo.
    let evening = Timestamp(NOW.0 + 12 * 3_600_000);
    for (zone, planned_on, now, said) in [
        ("", "2026-11-23", NOW, "missed"),
        ("", "2026-11-24", NOW, "due"),
        ("", "2026-11-25", NOW, ""),
        ("Pacific/Pago_Pago", "2026-11-22", NOW, "missed"),
        ("Pacific/Pago_Pago", "2026-11-23", NOW, "due"),
        ("Pacific/Pago_Pago", "2026-11-24", NOW, ""),
        ("Asia/Tokyo", "2026-11-24", NOW, "due"),
        ("Asia/Tokyo", "2026-11-24", evening, "missed"),
        ("Asia/Tokyo", "2026-11-25", evening, "due"),
        ("Pacific/Kiritimati", "2026-11-25", evening, "due"),
        ("Pacific/Kiritimati", "2026-11-26", evening, ""),
        ("America/Chicago", "2026-11-25", evening, ""),
    ] {
        assert_eq!(
            said_today(zone, planned_on, now),
            said,
            "{zone} {planned_on}"
        );
    }
}

#[test]
fn a_visit_is_missed_once_its_day_is_past_and_it_is_not_completed_and_nothing_says_so_but_the_day()
{
    let (mut world, visit) = planned();
    let missed = |world: &RuleWorld, today: &str| {
        is_missed(&world.records[&("visit".to_owned(), visit)], today)
    };
    let kept = world.records[&("visit".to_owned(), visit)].values.clone();
    assert!(!missed(&world, "2026-11-23") && !missed(&world, "2026-11-24"));
    assert!(missed(&world, "2026-11-25"));
    assert_eq!(world.records[&("visit".to_owned(), visit)].values, kept);
    for (state, is_missed) in [
        ("in_progress", true),
        ("completed", false),
        ("cancelled", false),
    ] {
        world.set("visit", visit, "state", state);
        assert_eq!(missed(&world, "2026-11-25"), is_missed, "{state}");
    }
    let descriptor = world.registry.get("visit").unwrap();
    assert_eq!(descriptor.field_at("missed"), None, "no field keeps it");
    assert!(
        !descriptor
            .field_at("state")
            .unwrap()
            .choices
            .contains(&"missed".to_owned()),
        "no state is it"
    );
}

#[test]
fn a_visit_that_nobody_planned_is_never_missed() {
    let (world, visit) = started();
    assert!(!is_missed(
        &world.records[&("visit".to_owned(), visit)],
        "2026-12-01"
    ));
}

#[test]
fn a_missed_visit_is_made_late_by_a_check_in() {
    let (mut world, visit) = planned();
    world.set("visit", visit, "planned_on", "2026-11-20");
    world.tell(&check_in(visit, HERE));
    check(
        &world,
        visit,
        &json!({"planned_on": "2026-11-20", "started_on": "2026-11-24", "state": "in_progress"}),
    );
}

#[test]
fn a_visit_is_called_off_with_a_reason_only() {
    let (mut world, visit) = planned();
    world.check(&json!({"do": "cancel_visit", "visit": visit}), "required");
    world.tell(&json!({"do": "cancel_visit", "visit": visit, "reason": "shop closed"}));
    check(
        &world,
        visit,
        &json!({"state": "cancelled", "cancel_reason": "shop closed", "cancelled_at": NOW.0}),
    );
}

#[test]
fn every_verb_keeps_to_its_states_and_names_the_state() {
    let inputs = [
        ("check_in", json!({"position": HERE}), ["ok", "ok"]),
        (
            "answer_action",
            json!({"action": "a", "value": "1"}),
            ["wrong_state", "ok"],
        ),
        (
            "skip_action",
            json!({"action": "b", "reason": "no"}),
            ["wrong_state", "ok"],
        ),
        ("check_out", json!({}), ["not_checked_in", "not_checked_in"]),
        ("cancel_visit", json!({"reason": "no"}), ["ok", "ok"]),
    ];
    let (mut world, visit) = started();
    for (verb, input, codes) in inputs {
        let command = with(with(input, "do", verb), "visit", json!(visit));
        for (state, code) in ["planned", "in_progress", "completed", "cancelled"]
            .into_iter()
            .zip(codes.into_iter().chain(["wrong_state"; 2]))
        {
            let record = world.records.get_mut(&("visit".to_owned(), visit)).unwrap();
            record.values.insert("state".to_owned(), state.into());
            world.check(&command, code);
            if code == "wrong_state" {
                assert_eq!(world.refusal(&command).numbers["state"], json!(state));
            }
        }
    }
}

#[test]
fn a_visit_to_nowhere_is_refused() {
    let (world, _) = started();
    world.check(
        &json!({"do": "start_visit", "account": id(99)}),
        "unknown_reference",
    );
    world.check(&json!({"do": "start_visit"}), "required");
    world.check(
        &json!({"do": "check_out", "visit": id(99)}),
        "unknown_record",
    );
    world.check(&json!({"do": "check_out"}), "required");
}

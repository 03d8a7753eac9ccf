//! Deciding conflicts: the value and the fact that are written.

use outfield_core::base::id::{ActorId, ConflictId};
use outfield_core::domain::rules::conflict::closes;
use outfield_core::objects::{Conflict, ConflictState, Record, Side, Value};
use serde_json::{Value as Json, json};

use crate::support::{RuleWorld, id, values};

const CONFLICT: ConflictId = ConflictId([60; 16]);

/// A contact's field with one value a writer, the one that shows first.
fn world(path: &str, sides: &[(u8, &str)]) -> RuleWorld {
    let mut world = RuleWorld::new();
    world.put(
        "contact",
        id(40),
        &json!({"name": "Ann", "owner": id(2), path: sides[0].1}),
    );
    let side = |(actor, value): &(u8, &str)| Side {
        operation: format!("7@{actor}"),
        actor: ActorId([*actor; 16]),
        at_ms: 0,
        value: Value::from(*value),
    };
    world.conflicts.push(Conflict {
        id: CONFLICT,
        object: "contact".to_owned(),
        record: id(40),
        path: path.to_owned(),
        base: Value::Null,
        sides: sides.iter().map(side).collect(),
        state: ConflictState::Open,
    });
    world
}

fn choose(choice: &Json) -> Json {
    json!({"do": "resolve_conflict", "conflict": CONFLICT, "choose": choice})
}

#[track_caller]
fn check(world: &RuleWorld, choice: &Json, value: &Json) {
    let decision = world.ask(&choose(choice)).unwrap();
    assert_eq!((decision.id, decision.resolves), (id(40), Some(CONFLICT)));
    let [write, fact] = &decision.writes[..] else {
        panic!("{decision:?}")
    };
    assert_eq!(
        (write.object.as_str(), write.id, write.new),
        ("contact", id(40), false)
    );
    assert_eq!(write.values, values(&json!({"job_title": value})));
    let name = choice.as_str().unwrap_or("value");
    assert!(fact.new);
    assert_eq!(
        fact.values,
        values(&json!({
            "conflict": CONFLICT, "of_object": "contact", "record": id(40), "path": "job_title",
            "choice": name, "value_json": value.to_string(), "owner": id(1),
        }))
    );
    let fact = Record {
        object: fact.object.clone(),
        id: fact.id,
        values: fact.values.clone(),
        stamp: None,
    };
    assert_eq!(closes(&fact), Some(CONFLICT));
}

#[test]
fn the_chosen_value_is_written_even_if_it_shows_already() {
    let world = world("job_title", &[(102, "Buyer"), (101, "Owner")]);
    check(&world, &json!("mine"), &json!("Owner"));
    check(&world, &json!("theirs"), &json!("Buyer"));
    check(
        &world,
        &json!({"value": "Owner and buyer"}),
        &json!("Owner and buyer"),
    );
    check(&world, &json!({"value": null}), &Json::Null);
}

#[test]
fn a_person_who_wrote_neither_value_takes_the_one_that_shows_as_mine() {
    let world = world("job_title", &[(103, "Buyer"), (102, "Owner")]);
    check(&world, &json!("mine"), &json!("Buyer"));
    check(&world, &json!("theirs"), &json!("Owner"));
}

#[test]
fn among_several_others_a_value_must_be_said() {
    let three = world(
        "job_title",
        &[(101, "Owner"), (102, "Buyer"), (103, "Boss")],
    );
    let refusal = three.refusal(&choose(&json!("theirs")));
    assert_eq!(refusal.code, "several_theirs");
    assert!(refusal.message.contains(r#""Buyer", "Boss""#), "{refusal}");
    let agreed = world(
        "job_title",
        &[(101, "Owner"), (102, "Buyer"), (103, "Buyer")],
    );
    check(&agreed, &json!("theirs"), &json!("Buyer"));
}

#[test]
fn only_an_open_conflict_that_is_here_is_decided() {
    let mut world = world("job_title", &[(101, "Owner"), (102, "Buyer")]);
    for state in [ConflictState::Resolved, ConflictState::Superseded] {
        world.conflicts[0].state = state;
        let refusal = world.refusal(&choose(&json!("mine")));
        assert_eq!(
            (refusal.code.as_str(), &refusal.numbers["state"]),
            ("conflict_not_open", &json!(state.name()))
        );
    }
    world.conflicts.clear();
    world.check(&choose(&json!("mine")), "unknown_conflict");
}

#[test]
fn a_decision_keeps_to_rights_kinds_and_required_fields() {
    let owners = world("owner", &[(101, "a"), (102, "b")]);
    owners.check(&choose(&json!({"value": id(1)})), "not_allowed");
    let phones = world("phone", &[(101, "+14795550001"), (102, "+14795550002")]);
    phones.check(&choose(&json!({"value": "0479"})), "bad_value");
    phones.check(&choose(&json!("theirs")), "ok");
    let names = world("name", &[(101, "Ann"), (102, "Anna")]);
    names.check(&choose(&json!({"value": ""})), "required");
    let mut gone = world("name", &[(101, "Ann"), (102, "Anna")]);
    gone.records.remove(&("contact".to_owned(), id(40)));
    gone.check(&choose(&json!("mine")), "unknown_record");
}

#[test]
fn only_the_fact_of_a_decision_closes_a_conflict() {
    let record = |object: &str, json: &Json| Record {
        object: object.to_owned(),
        id: id(7),
        values: values(json),
        stamp: None,
    };
    assert_eq!(
        closes(&record("follow_up", &json!({"conflict": CONFLICT}))),
        None
    );
    assert_eq!(
        closes(&record(
            "conflict_resolution",
            &json!({"conflict": "seven"})
        )),
        None
    );
}

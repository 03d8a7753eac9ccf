//! What a verb requires is asked where it is done, and again of work that comes from a device: what
//! says who may, and what looks at nothing but the record as its writer saw it.

use outfield_core::base::context::{Place, Role};
use outfield_core::domain::admit::Admission;
use outfield_core::domain::rights::Decider;
use outfield_core::domain::{Refusal, names};
use outfield_core::objects::{Record, Values};
use serde_json::{Value as Json, json};

use crate::conditions::deals;
use crate::support::{RuleWorld, id, values};

const DEAL: u8 = 40;

/// What the server says of a write that skipped the phone's check.
fn admitted(
    world: &RuleWorld,
    seen: &Record,
    written: &Json,
    verb: Option<&str>,
) -> Result<(), Refusal> {
    let (written, context) = (values(written), world.context());
    let decider = Decider {
        registry: &world.registry,
        reader: world,
        context: &context,
    };
    let descriptor = world.registry.get(&seen.object).unwrap();
    let new = seen.values.is_empty();
    let states = match new {
        true => Vec::new(),
        false => vec![seen.value("state").clone()],
    };
    let admission = Admission {
        situation: &decider.situation(descriptor, seen, new, &written),
        verb,
        states: &states,
    };
    admission.check()
}

/// A deal of which closing requires this; what a phone says, and what the server says of the same
/// work by a device that says which verb it did, and by one that does not.
#[track_caller]
fn check(requirement: &Json, phone: &str, server: &str) {
    let mut requirement = requirement.clone();
    requirement["code"] = json!("not_now");
    requirement["say"] = json!("wait for it");
    let mut world = deals(&json!([requirement]));
    world.check(&json!({"do": "close_deal", "x_deal": id(DEAL)}), phone);
    world.place = Place::Server;
    let seen = world.records[&("x_deal".to_owned(), id(DEAL))].clone();
    for verb in [Some("close_deal"), None] {
        let said = admitted(&world, &seen, &json!({"state": "closed"}), verb);
        let said = said.map_or_else(|refusal| refusal.code, |()| "ok".to_owned());
        assert_eq!(said, server, "{requirement} {verb:?}");
    }
}

#[test]
fn what_looks_at_the_record_alone_is_asked_again() {
    let test = |path: &str, test: &str, wanted: Json| json!({"field": path, test: wanted});
    let small = test("amount", "below", json!(5));
    check(&json!({ "if": small }), "not_now", "not_now");
    check(
        &json!({"if": test("amount", "below", json!(50))}),
        "ok",
        "ok",
    );
    let below_other = test("limit", "below", json!({"field": "amount"}));
    check(&json!({ "if": below_other }), "not_now", "not_now");
    let mine = test("helper", "equals", json!({"me": true}));
    check(&json!({ "if": mine }), "not_now", "not_now");
    let of_lines = json!({"some": "lines", "that": test("percent", "above", json!(50))});
    check(&json!({ "if": of_lines }), "not_now", "not_now");
}

#[test]
fn what_others_or_the_calendar_say_is_asked_on_the_device_alone() {
    let test = |path: &str, test: &str, wanted: Json| json!({"field": path, test: wanted});
    let hop = test("account.name", "equals", json!("Other"));
    check(&json!({ "if": hop }), "not_now", "ok");
    check(&json!({"if": {"not": {"not": hop}}}), "not_now", "ok");
    let other = test("helper", "equals", json!({"field": "account.owner"}));
    check(&json!({ "if": other }), "not_now", "ok");
    let due = test("due_on", "at_least", json!({"days_ago": 1}));
    check(&json!({ "if": due }), "not_now", "ok");
    let line = json!({"some": "lines", "that": test("from.name", "equals", json!("Other"))});
    check(&json!({ "if": line }), "not_now", "ok");
}

#[test]
fn who_may_is_asked_again_whatever_it_looks_at() {
    let chief = json!({"any": [
        {"field": "account.territory.name", "equals": "South"},
        {"role": ["manager"]},
    ]});
    check(&json!({"if": chief, "right": true}), "not_now", "not_now");
    let mine = json!({"field": "account.owner", "equals": {"me": true}});
    check(&json!({"if": mine, "right": true}), "ok", "ok");
}

#[test]
fn nobody_makes_a_condition_hold_by_the_change_that_needs_it() {
    let require = json!([
        {"if": {"field": "helper", "equals": {"me": true}}, "code": "not_helper", "say": "help"},
        {"if": {"field": "note", "empty": false}, "code": "no_note", "say": "write a note"},
    ]);
    let mut world = deals(&require);
    world.place = Place::Server;
    let mut seen = world.records[&("x_deal".to_owned(), id(DEAL))].clone();
    let said = |world: &RuleWorld, seen: &Record, written: Json| {
        admitted(world, seen, &written, None).map_err(|refusal| refusal.code)
    };
    // `helper` is no input of the verb; `note` is one.
    let forged = json!({"state": "closed", "helper": id(1), "note": "Now"});
    assert_eq!(said(&world, &seen, forged), Err("not_helper".to_owned()));
    seen.values
        .insert("helper".to_owned(), id(1).to_string().into());
    assert_eq!(
        said(&world, &seen, json!({"state": "closed"})),
        Err("no_note".to_owned())
    );
    assert_eq!(
        said(&world, &seen, json!({"state": "closed", "note": "Now"})),
        Ok(())
    );
    // It is the record as its writer saw it that counts, not what stands there now.
    world.set("x_deal", id(DEAL), "helper", id(2).to_string());
    assert_eq!(
        said(&world, &seen, json!({"state": "closed", "note": "Now"})),
        Ok(())
    );
    // Other edits ask nothing.
    assert_eq!(said(&world, &seen, json!({"amount": "1"})), Ok(()));
}

#[test]
fn whoever_runs_the_server_is_bound_by_rules_and_not_by_rights() {
    let close = json!({"do": "close_deal", "x_deal": id(DEAL)});
    let condition = json!({"field": "helper", "equals": {"me": true}});
    for (right, code) in [(true, "ok"), (false, "not_now")] {
        let require =
            json!([{"if": condition, "right": right, "code": "not_now", "say": "wait for it"}]);
        let mut world = deals(&require);
        (world.place, world.user) = (Place::Server, 0);
        assert!(world.context().is_operator());
        world.check(&close, code);
        // A person on the server is bound by both.
        (world.user, world.role) = (1, Role::MANAGER);
        world.check(&close, "not_now");
    }
}

#[test]
fn what_is_made_by_verbs_alone_asks_what_they_require() {
    let mut world = RuleWorld::new();
    let descriptor = json!({
        "object": "x_claim", "version": 1, "label": "Claim", "kind": "document",
        "made_by_verbs": true,
        "fields": {"amount": {"kind": "decimal"}, "owner": {"kind": "reference", "of": "user"},
            "state": {"kind": "choice", "choices": ["open"]}},
        "scope": [{"bucket": "user", "field": "owner"}],
        "lifecycle": {"field": "state", "start": "open"},
        "verbs": {"make_claim": {
            "creates": true, "to": "open", "input": {"amount": {"kind": "decimal"}},
            "require": [{"if": {"field": "amount", "at_most": "100"}, "code": "too_high",
                "say": "claim less, or ask a manager"}],
        }},
        "rights": {"rep": {"read": true, "create": true, "edit": ["*"], "do": ["*"]}},
    });
    let text = descriptor.to_string();
    world
        .registry
        .publish("claim.json", &text, &names())
        .unwrap();
    world.check(&json!({"do": "make_claim", "amount": "100.01"}), "too_high");
    world.check(&json!({"do": "make_claim", "amount": "100.00"}), "ok");
    world.place = Place::Server;
    let blank = Record {
        object: "x_claim".to_owned(),
        id: id(41),
        values: Values::new(),
        stamp: None,
    };
    for verb in [Some("make_claim"), None] {
        for (amount, wanted) in [("100.01", Err("too_high".to_owned())), ("100", Ok(()))] {
            let written = json!({"amount": amount, "owner": id(1), "state": "open"});
            let said = admitted(&world, &blank, &written, verb);
            assert_eq!(
                said.map_err(|refusal| refusal.code),
                wanted,
                "{verb:?} {amount}"
            );
        }
    }
}

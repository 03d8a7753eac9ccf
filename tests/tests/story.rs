//! The story of two reps who share a shop and a contact, from enrolment to agreement, as it happens
//! in the field.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use outfield_core::app::{FieldError, Observer};
use outfield_core::base::context::Role;
use outfield_core::base::id::RecordId;
use outfield_tests::world::HERE;
use outfield_tests::{Fault, Phone, World};
use serde_json::{Value as Json, json};

/// About 330 m north of the shop.
const AWAY: &str = "36.345200,-94.071410";

/// The two reps with the shop Harp's and its contact Rosa, everything synced.
struct Two {
    world: World,
    ann: Phone,
    ben: Phone,
    shop: String,
    rosa: String,
}

fn two() -> Two {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    let rosa = ann.adds("contact", &json!({"name": "Rosa", "phone": "+14795550100"}));
    ann.does(&json!({"do": "link_contact", "contact": rosa, "account": shop, "role": "owner"}));
    world.agree(&mut [&mut ann, &mut ben]);
    Two {
        world,
        ann,
        ben,
        shop,
        rosa,
    }
}

/// Both edit the contact while neither has a network: one field in common, one each.
fn torn() -> Two {
    let mut two = two();
    two.ann
        .edits("contact", &two.rosa, &json!({"phone": "+14795550111"}));
    two.world.clock.advance(1_000);
    two.ben.edits(
        "contact",
        &two.rosa,
        &json!({"phone": "+14795550122", "email": "rosa@harps.example"}),
    );
    two.ann.sync();
    two.ben.sync();
    two.ann.sync();
    two
}

#[test]
fn what_one_rep_writes_the_other_sees() {
    let Two {
        world,
        mut ann,
        mut ben,
        rosa,
        shop,
    } = two();
    assert_eq!(ben.get("contact", &rosa)["name"], "Rosa");
    assert_eq!(ben.get("contact", &rosa)["roles"][&shop]["role"], "owner");
    assert_eq!(world.record("contact", &rosa)["phone"], "+14795550100");
    ben.does(&json!({"do": "log_follow_up", "contact": rosa, "note": "Wants the new price list."}));
    world.agree(&mut [&mut ann, &mut ben]);
    let said = ann.device().list("follow_up", None, 0).unwrap().data;
    assert_eq!(said[0]["note"], "Wants the new price list.");
}

#[test]
fn two_edits_of_one_field_keep_both_values_and_list_one_conflict() {
    let Two {
        world,
        mut ann,
        mut ben,
        rosa,
        ..
    } = torn();
    assert_eq!(ann.get("contact", &rosa)["email"], "rosa@harps.example");
    assert_eq!(
        ann.get("contact", &rosa)["phone"],
        ben.get("contact", &rosa)["phone"]
    );
    let [conflict] = &ann.conflicts()[..] else {
        panic!("{:?}", ann.conflicts())
    };
    assert_eq!(
        (&conflict["object"], &conflict["path"]),
        (&json!("contact"), &json!("phone"))
    );
    assert_eq!(
        (&conflict["record"], &conflict["base"]),
        (&json!(rosa), &json!("+14795550100"))
    );
    let sides = |mine: &str, theirs: &str| (json!(mine), json!(theirs));
    let values = (
        conflict["mine"]["value"].clone(),
        conflict["theirs"]["value"].clone(),
    );
    assert_eq!(values, sides("+14795550111", "+14795550122"));
    let names = (
        conflict["mine"]["by"]["name"].clone(),
        conflict["theirs"]["by"]["name"].clone(),
    );
    assert_eq!(names, sides("Ann", "Ben"));
    let times = (
        conflict["mine"]["at"].clone(),
        conflict["theirs"]["at"].clone(),
    );
    assert_eq!(
        times,
        sides("2026-11-24T08:30:00.000Z", "2026-11-24T08:30:01.000Z")
    );
    let [same] = &ben.conflicts()[..] else {
        panic!("{:?}", ben.conflicts())
    };
    assert_eq!(
        (&same["id"], &same["mine"], &same["theirs"]),
        (&conflict["id"], &conflict["theirs"], &conflict["mine"])
    );
    world.agree(&mut [&mut ann, &mut ben]);
}

#[test]
fn a_later_edit_leaves_the_conflict_listed_until_somebody_decides() {
    let Two {
        world,
        mut ann,
        mut ben,
        rosa,
        ..
    } = torn();
    ann.edits("contact", &rosa, &json!({"phone": "+14795550133"}));
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ben.get("contact", &rosa)["phone"], "+14795550133");
    let [conflict] = &ben.conflicts()[..] else {
        panic!("{:?}", ben.conflicts())
    };
    ben.does(&json!({"do": "resolve_conflict", "conflict": conflict["id"], "choose": "mine"}));
    assert_eq!(ben.conflicts(), [] as [Json; 0]);
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ann.get("contact", &rosa)["phone"], "+14795550122");
    assert_eq!(ann.conflicts(), [] as [Json; 0]);
    let decisions = ann
        .device()
        .list("conflict_resolution", None, 0)
        .unwrap()
        .data;
    assert_eq!(
        (&decisions[0]["choice"], &decisions[0]["owner"]),
        (&json!("mine"), &json!(world.user("Ben")))
    );
}

#[test]
fn who_edits_a_field_twice_offline_competes_once_with_the_last_value() {
    let Two {
        world,
        mut ann,
        mut ben,
        rosa,
        ..
    } = two();
    for number in ["+14795550111", "+14795550112", "+14795550113"] {
        ann.edits("contact", &rosa, &json!({ "phone": number }));
    }
    ben.edits("contact", &rosa, &json!({"phone": "+14795550122"}));
    ben.sync();
    for _ in 0..3 {
        ann.line.fault("/push", Fault::RequestLost);
    }
    assert!(ann.syncs().is_err());
    ann.edits(
        "contact",
        &rosa,
        &json!({"phone": "+14795550114", "mobile": "+14795550199"}),
    );
    assert_eq!(ann.conflicts().len(), 1, "found on the phone");
    world.agree(&mut [&mut ann, &mut ben]);
    for (phone, mine) in [(&mut ann, "mine"), (&mut ben, "theirs")] {
        let [conflict] = &phone.conflicts()[..] else {
            panic!("{:?}", phone.conflicts())
        };
        assert_eq!(conflict[mine]["value"], "+14795550113");
    }
}

#[test]
fn a_line_that_is_taken_out_here_and_written_into_there_waits_for_a_decision() {
    for (choose, stays) in [("mine", false), ("theirs", true)] {
        let Two {
            world,
            mut ann,
            mut ben,
            rosa,
            shop,
        } = two();
        let at = |field: &str| format!("roles/{shop}/{field}");
        ann.edits("contact", &rosa, &json!({ at("removed"): true }));
        ben.edits(
            "contact",
            &rosa,
            &json!({ at("role"): "buyer", at("valid_from"): "2026-12-01" }),
        );
        ben.edits("contact", &rosa, &json!({ at("role"): "head buyer" }));
        world.agree(&mut [&mut ann, &mut ben]);
        assert_eq!(ben.get("contact", &rosa)["roles"], Json::Null);
        let [conflict] = &ann.conflicts()[..] else {
            panic!("{:?}", ann.conflicts())
        };
        assert_eq!(conflict["path"], json!(at("removed")));
        assert_eq!(
            (&conflict["mine"]["value"], &conflict["theirs"]["value"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            (&conflict["theirs"]["by"]["name"], &conflict["all_theirs"]),
            (&json!("Ben"), &Json::Null)
        );
        ann.does(&json!({"do": "resolve_conflict", "conflict": conflict["id"], "choose": choose}));
        world.agree(&mut [&mut ann, &mut ben]);
        assert_eq!((ann.conflicts(), ben.conflicts()), (vec![], vec![]));
        let role = &ben.get("contact", &rosa)["roles"][&shop]["role"];
        assert_eq!(
            role,
            &if stays {
                json!("head buyer")
            } else {
                Json::Null
            }
        );
    }
}

#[test]
fn both_decide_one_conflict_and_it_is_closed_once() {
    let Two {
        world,
        mut ann,
        mut ben,
        ..
    } = torn();
    for phone in [&mut ann, &mut ben] {
        let [conflict] = &phone.conflicts()[..] else {
            panic!("{:?}", phone.conflicts())
        };
        phone.does(
            &json!({"do": "resolve_conflict", "conflict": conflict["id"], "choose": "theirs"}),
        );
    }
    world.agree(&mut [&mut ann, &mut ben]);
    // They decided differently, which is a conflict of its own.
    assert_eq!(ann.conflicts().len(), 1);
    assert_eq!(ann.needs_attention().len() + ben.needs_attention().len(), 0);
}

#[test]
fn a_visit_is_checked_in_within_the_fence_or_with_a_reason() {
    let Two {
        world,
        mut ann,
        mut ben,
        shop,
        ..
    } = two();
    let visit = ann.does(&json!({"do": "start_visit", "account": shop}));
    let away = json!({"do": "check_in", "visit": visit, "position": AWAY, "accuracy_m": 20});
    assert_eq!(
        ann.refused(&away),
        (
            "outside_fence".to_owned(),
            vec!["position".to_owned(), "reason".to_owned()]
        )
    );
    let mut excused = away.clone();
    excused["reason"] = "The lot is closed off.".into();
    ann.does(&excused);
    world.agree(&mut [&mut ann, &mut ben]);
    let shown = ben.get("visit", &visit);
    assert_eq!(
        (&shown["fence_m"], &shown["distance_m"]),
        (&json!(200), &json!(330))
    );
    assert_eq!(
        (&shown["check_in_position"], &shown["account_position"]),
        (&json!(AWAY), &json!(HERE))
    );
    assert_eq!(shown["check_in_reason"], "The lot is closed off.");
    assert_eq!(ben.get("account", &shop)["position"], HERE);
}

#[test]
fn one_visit_is_open_at_a_time_and_its_mandatory_actions_come_first() {
    let Two {
        world,
        mut ann,
        mut ben,
        shop,
        ..
    } = two();
    let visit = ann.does(&json!({"do": "start_visit", "account": shop}));
    assert_eq!(
        ann.refused(&json!({"do": "start_visit", "account": shop}))
            .0,
        "visit_open"
    );
    ann.does(&json!({"do": "check_in", "visit": visit, "position": HERE}));
    let leave = json!({"do": "check_out", "visit": visit});
    let (code, undone) = ann.refused(&leave);
    assert_eq!(
        (code.as_str(), &undone[..]),
        (
            "mandatory_undone",
            &["actions/prices/state", "actions/shelf/state"].map(str::to_owned)[..]
        )
    );
    for action in ["shelf", "prices"] {
        ann.does(
            &json!({"do": "answer_action", "visit": visit, "action": action,
            "value": "12 facings"}),
        );
    }
    assert_eq!(
        ann.refused(&json!({"do": "skip_action", "visit": visit, "action": "survey"}))
            .0,
        "required"
    );
    ann.does(
        &json!({"do": "skip_action", "visit": visit, "action": "survey",
        "reason": "The owner is away."}),
    );
    ann.does(&leave);
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ben.get("visit", &visit)["state"], "completed");
    assert_eq!(
        ben.get("visit", &visit)["actions"]["survey"]["skip_reason"],
        "The owner is away."
    );
    ann.does(&json!({"do": "start_visit", "account": shop}));
}

#[test]
fn two_visits_that_one_person_opens_on_two_devices_are_both_kept_and_flagged() {
    let Two {
        world,
        mut ann,
        shop,
        ..
    } = two();
    let mut tablet = world.second_phone("Ann", "tablet");
    let first = ann.does(&json!({"do": "start_visit", "account": shop}));
    assert_eq!(
        ann.device().today().unwrap().data[0]["other_visit_open"],
        Json::Null
    );
    let second = tablet.does(&json!({"do": "start_visit", "account": shop}));
    world.agree(&mut [&mut ann, &mut tablet]);
    for phone in [&mut ann, &mut tablet] {
        let today = phone.device().today().unwrap().data;
        let flagged = |visit: &&Json| visit["other_visit_open"] == true;
        let flagged: BTreeSet<&str> = today
            .as_array()
            .unwrap()
            .iter()
            .filter(flagged)
            .filter_map(|visit| visit["id"].as_str())
            .collect();
        assert_eq!(flagged, BTreeSet::from([first.as_str(), second.as_str()]));
        assert_eq!(phone.needs_attention().len(), 0);
    }
    ann.does(&json!({"do": "check_in", "visit": first, "position": HERE}));
    ann.does(&json!({"do": "cancel_visit", "visit": second, "reason": "Opened twice."}));
    assert_eq!(
        ann.device().today().unwrap().data[0]["other_visit_open"],
        Json::Null
    );
}

#[test]
fn a_visit_that_was_not_made_on_its_day_is_shown_as_missed_the_next_day() {
    let Two {
        world,
        mut ann,
        shop,
        ..
    } = two();
    let fields = json!({"account": shop, "planned_on": "2026-11-24"});
    ann.does(&json!({"do": "add", "object": "visit", "fields": fields}));
    let is_missed = |phone: &mut Phone| phone.device().today().unwrap().data[0]["missed"].clone();
    assert_eq!(is_missed(&mut ann), Json::Null);
    let stored = ann.digest();
    world.clock.advance(24 * 60 * 60 * 1_000);
    assert_eq!((is_missed(&mut ann), ann.digest()), (json!(true), stored));
}

#[test]
fn a_visit_goes_on_where_it_was_when_the_app_is_killed() {
    let Two {
        world,
        mut ann,
        mut ben,
        shop,
        ..
    } = two();
    let visit = ann.does(&json!({"do": "start_visit", "account": shop}));
    ann.does(&json!({"do": "check_in", "visit": visit, "position": HERE}));
    ann.does(
        &json!({"do": "answer_action", "visit": visit, "action": "shelf", "value": "12 facings"}),
    );
    let (before, unsent) = (ann.get("visit", &visit), ann.unsent());
    ann.killed();
    assert_eq!((ann.get("visit", &visit), ann.unsent()), (before, unsent));
    assert_eq!(ann.device().today().unwrap().data[0]["id"], json!(visit));
    ann.does(
        &json!({"do": "answer_action", "visit": visit, "action": "prices", "value": "as listed"}),
    );
    ann.does(&json!({"do": "check_out", "visit": visit}));
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(
        ben.get("visit", &visit)["actions"]["shelf"]["answer"],
        "12 facings"
    );
}

#[test]
fn a_call_off_keeps_its_reason_and_frees_the_rep() {
    let Two {
        world,
        mut ann,
        mut ben,
        shop,
        ..
    } = two();
    let visit = ann.adds(
        "visit",
        &json!({"account": shop, "planned_on": "2026-11-24"}),
    );
    assert_eq!(ann.device().today().unwrap().data[0]["id"], json!(visit));
    ann.does(&json!({"do": "cancel_visit", "visit": visit, "reason": "Snow."}));
    world.agree(&mut [&mut ann, &mut ben]);
    let shown = ben.get("visit", &visit);
    assert_eq!(
        (&shown["state"], &shown["cancel_reason"]),
        (&json!("cancelled"), &json!("Snow."))
    );
    assert_eq!(ann.device().today().unwrap().data, json!([]));
}

/// Writes down what it is told.
#[derive(Default)]
struct Notes(Mutex<Vec<(String, Vec<String>)>>);

impl Observer for Notes {
    fn changed(&self, object: &str, ids: &[RecordId]) {
        let ids = ids.iter().map(ToString::to_string).collect();
        self.0.lock().unwrap().push((object.to_owned(), ids));
    }
}

#[test]
fn observers_learn_which_records_changed() {
    let Two {
        world,
        mut ann,
        mut ben,
        rosa,
        shop,
    } = two();
    let notes = [Arc::new(Notes::default()), Arc::new(Notes::default())];
    let taken = |notes: &Notes| std::mem::take(&mut *notes.0.lock().unwrap());
    ann.device().observe(notes[0].clone());
    ben.device().observe(notes[1].clone());
    ann.edits("contact", &rosa, &json!({"job_title": "Owner"}));
    assert_eq!(
        taken(&notes[0]),
        [("contact".to_owned(), vec![rosa.clone()])]
    );
    ann.sync();
    ben.sync();
    assert_eq!(taken(&notes[1]), [("contact".to_owned(), vec![rosa])]);
    ben.sync();
    assert_eq!(taken(&notes[1]), []);
    world.puts(
        "account",
        Some(&shop),
        &json!({"territory": world.territory("South")}),
    );
    ben.sync();
    let told: Vec<_> = taken(&notes[1])
        .into_iter()
        .map(|(object, _)| object)
        .collect();
    assert_eq!(
        told,
        ["account", "contact"],
        "what leaves the phone is told as well"
    );
    let refused = json!({"do": "edit", "object": "contact",
        "id": "00000000-0000-7000-8000-000000000000", "fields": {}});
    ann.refused(&refused);
    assert_eq!(taken(&notes[0]), []);
}

#[test]
fn nobody_is_in_without_a_code_and_a_code_is_good_for_one_phone() {
    let world = World::new();
    let code = world.hires("Ann", Role::REP, &["North"]);
    let (mut ann, mut eve) = (world.new_phone("Ann"), world.new_phone("Eve"));
    assert!(matches!(ann.syncs(), Err(FieldError::SignIn { .. })));
    assert!(ann.enrol("no-code").is_err());
    ann.enrol(&code).unwrap();
    let refused = eve.enrol(&code).unwrap_err().to_string();
    assert_eq!(
        refused,
        "this enrolment code was used already; ask for a new one"
    );
    world.agree(&mut [&mut ann]);
}

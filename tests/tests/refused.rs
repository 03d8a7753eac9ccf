//! The author had no right: what was refused is kept on both sides with its reason and its value,
//! and holds up nothing else. The refusal always comes from a fact that no phone could hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::base::context::Role;
use outfield_core::base::id::RecordId;
use outfield_core::objects::Record;
use outfield_core::sync::frames::{Frame, PushEntry, Ruling};
use outfield_core::sync::{Call, wire};
use outfield_tests::world::values;
use outfield_tests::{Fault, Phone, World, behind};
use serde_json::{Value as Json, json};

/// A shop, a manager who may rename it, and a rep who may not.
fn shop_and_manager() -> (World, String, Phone, Phone) {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let (mia, ann) = (
        world.phone_for("Mia", Role::MANAGER, &["North"]),
        world.phone("Ann"),
    );
    (world, shop, mia, ann)
}

/// How often a value was ever written to a field.
fn times_written(world: &World, id: &str, path: &str, value: &str) -> usize {
    let history = behind::history(&behind::open(&world.server.file(world.tenant)), id);
    history
        .iter()
        .filter(|written| **written == (path.to_owned(), json!(value)))
        .count()
}

/// What needs attention: code, message and command of each.
fn attention(phone: &mut Phone) -> Vec<(Json, Json)> {
    phone
        .needs_attention()
        .into_iter()
        .map(|held| (held["code"].clone(), held["command"].clone()))
        .collect()
}

#[test]
fn a_right_that_was_lost_holds_up_its_own_field_and_nothing_else() {
    let (world, shop, mut mia, mut ann) = shop_and_manager();
    let before = behind::actor(&mia.file);
    let rename =
        json!({"do": "edit", "object": "account", "id": shop, "fields": {"name": "Harp's Food"}});
    mia.does(&rename);
    mia.edits("account", &shop, &json!({"phone": "+14795550177"}));
    let rosa = mia.adds("contact", &json!({"name": "Rosa", "roles/r/account": shop}));
    mia.does(&json!({"do": "log_follow_up", "account": shop, "note": "New sign soon."}));
    world.sets("Mia", Some(Role::REP), None);

    mia.sync();

    assert_eq!(attention(&mut mia), [(json!("not_allowed"), rename)]);
    let [held] = &mia.needs_attention()[..] else {
        panic!()
    };
    assert_eq!(
        (&held["record"], &held["fields"]),
        (&json!(shop), &json!(["name"]))
    );
    assert_eq!(
        held["message"],
        "a rep may not change name of a `account`; ask someone who may"
    );
    let kept = behind::quarantine(&behind::open(&world.server.file(world.tenant)));
    assert_eq!(
        (kept[0].code.as_str(), &kept[0].record),
        ("not_allowed", &shop)
    );
    assert_eq!(
        kept[0].operations,
        [("name".to_owned(), json!("Harp's Food"))]
    );
    assert_eq!((kept[1].code.as_str(), kept.len()), ("follows_refused", 2));
    assert_ne!(behind::actor(&mia.file), before);
    world.agree(&mut [&mut mia, &mut ann]);
    let shown = ann.get("account", &shop);
    assert_eq!(
        (&shown["name"], &shown["phone"]),
        (&json!("Harp's"), &json!("+14795550177"))
    );
    assert_eq!(times_written(&world, &shop, "phone", "+14795550177"), 1);
    assert_eq!(ann.get("contact", &rosa)["name"], "Rosa");
    assert_eq!(
        ann.device()
            .list("follow_up", None, 0)
            .unwrap()
            .data
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_refusal_whose_answer_was_lost_is_told_again() {
    let (world, shop, mut mia, mut ann) = shop_and_manager();
    mia.edits("account", &shop, &json!({"name": "Harp's Food"}));
    mia.edits("account", &shop, &json!({"phone": "+14795550177"}));
    world.sets("Mia", Some(Role::REP), None);
    for _ in 0..3 {
        mia.line.fault("/push", Fault::AnswerLost);
    }
    assert!(mia.syncs().is_err());
    assert_eq!((mia.unsent(), mia.needs_attention().len()), (2, 0));
    world.agree(&mut [&mut mia, &mut ann]);
    assert_eq!(mia.needs_attention().len(), 1);
    assert_eq!(times_written(&world, &shop, "phone", "+14795550177"), 1);
}

#[test]
fn what_follows_a_refused_record_is_kept_with_its_values_too() {
    let (world, shop, mut mia, mut ann) = shop_and_manager();
    let kiosk = mia.adds(
        "account",
        &json!({"name": "Kiosk", "territory": world.territory("North")}),
    );
    mia.edits("account", &kiosk, &json!({"phone": "+14795550199"}));
    mia.edits("account", &shop, &json!({"phone": "+14795550177"}));
    world.sets("Mia", Some(Role::REP), None);
    world.agree(&mut [&mut mia, &mut ann]);
    let codes: Vec<Json> = mia
        .needs_attention()
        .iter()
        .map(|held| held["code"].clone())
        .collect();
    assert_eq!(codes, [json!("not_allowed"), json!("unknown_record")]);
    assert_eq!(
        mia.needs_attention()[1]["command"]["fields"]["phone"],
        "+14795550199"
    );
    assert_eq!(mia.get("account", &kiosk), Json::Null);
    assert_eq!(ann.get("account", &shop)["phone"], "+14795550177");
}

#[test]
fn refused_work_is_done_again_once_the_right_is_back() {
    let (world, shop, mut mia, mut ann) = shop_and_manager();
    let kiosk = mia.adds(
        "account",
        &json!({"name": "Kiosk", "territory": world.territory("North")}),
    );
    let visit = mia.adds(
        "visit",
        &json!({"account": kiosk, "planned_on": "2026-11-24"}),
    );
    mia.edits("account", &shop, &json!({"name": "Harp's Food"}));
    world.sets("Mia", Some(Role::REP), None);
    mia.sync();
    world.sets("Mia", Some(Role::MANAGER), None);
    mia.sync();
    let numbers: Vec<i64> = mia
        .needs_attention()
        .iter()
        .map(|held| held["number"].as_i64().unwrap())
        .collect();
    for number in numbers {
        mia.device().again(number).unwrap();
    }
    assert_eq!(mia.needs_attention(), [] as [Json; 0]);
    world.agree(&mut [&mut mia, &mut ann]);
    assert_eq!(ann.get("account", &shop)["name"], "Harp's Food");
    assert_eq!(ann.get("account", &kiosk)["name"], "Kiosk");
    assert_eq!(
        ann.get("visit", &visit)["planned_on"],
        "2026-11-24",
        "the visit follows its account"
    );
}

#[test]
fn a_conflict_found_on_the_phone_goes_with_the_edit_that_was_refused() {
    let (world, shop, mut mia, mut ann) = shop_and_manager();
    let mut max = world.phone_for("Max", Role::MANAGER, &["North"]);
    mia.edits("account", &shop, &json!({"name": "Harp's Food"}));
    max.edits("account", &shop, &json!({"name": "Harp's Market"}));
    max.sync();
    for _ in 0..3 {
        mia.line.fault("/push", Fault::RequestLost);
    }
    assert!(mia.syncs().is_err());
    assert_eq!(
        mia.conflicts().len(),
        1,
        "the download went on, and shows what competes"
    );
    world.sets("Mia", Some(Role::REP), None);
    world.agree(&mut [&mut mia, &mut max, &mut ann]);
    assert_eq!(mia.conflicts(), [] as [Json; 0]);
    assert_eq!(mia.needs_attention().len(), 1);
    assert_eq!(mia.get("account", &shop)["name"], "Harp's Market");
}

#[test]
fn a_conflict_on_the_server_outlives_a_refused_edit_that_joined_it() {
    let (world, shop, mut mia, mut ann) = shop_and_manager();
    let (mut max, mut eva) = (
        world.phone_for("Max", Role::MANAGER, &["North"]),
        world.phone_for("Eva", Role::MANAGER, &["North"]),
    );
    for (phone, name) in [
        (&mut mia, "Harp's Food"),
        (&mut max, "Harp's Market"),
        (&mut eva, "Harp's Deli"),
    ] {
        phone.edits("account", &shop, &json!({"name": name}));
    }
    max.sync();
    eva.sync();
    for _ in 0..3 {
        mia.line.fault("/push", Fault::RequestLost);
    }
    assert!(mia.syncs().is_err());
    let [all] = &mia.conflicts()[..] else {
        panic!("{:?}", mia.conflicts())
    };
    assert_eq!(
        all["all_theirs"].as_array().unwrap().len(),
        2,
        "her own edit joins the two others"
    );
    world.sets("Mia", Some(Role::REP), None);
    world.agree(&mut [&mut mia, &mut max, &mut eva, &mut ann]);
    let [two] = &mia.conflicts()[..] else {
        panic!("{:?}", mia.conflicts())
    };
    assert_eq!(two["id"], max.conflicts()[0]["id"]);
}

/// Two managers changed the name of the shop; the conflict is on both phones.
fn torn(world: &World, shop: &str, mia: &mut Phone, max: &mut Phone) -> Json {
    mia.edits("account", shop, &json!({"name": "Harp's Food"}));
    max.edits("account", shop, &json!({"name": "Harp's Market"}));
    world.agree(&mut [mia, max]);
    mia.conflicts()[0]["id"].clone()
}

#[test]
fn a_decision_without_the_right_to_the_field_decides_nothing() {
    for choose in ["mine", "theirs"] {
        let (world, shop, mut mia, _) = shop_and_manager();
        let mut max = world.phone_for("Max", Role::MANAGER, &["North"]);
        let conflict = torn(&world, &shop, &mut mia, &mut max);
        let decision = json!({"do": "resolve_conflict", "conflict": conflict, "choose": choose});
        mia.does(&decision);
        world.sets("Mia", Some(Role::REP), None);
        world.agree(&mut [&mut mia, &mut max]);
        for phone in [&mut mia, &mut max] {
            assert_eq!(phone.conflicts().len(), 1, "{choose}");
        }
        assert_eq!(attention(&mut mia), [(json!("not_allowed"), decision)]);
        max.does(&json!({"do": "resolve_conflict", "conflict": conflict, "choose": choose}));
        world.agree(&mut [&mut mia, &mut max]);
        assert_eq!(mia.conflicts(), [] as [Json; 0]);
    }
}

#[test]
fn nobody_decides_what_lies_outside_their_reach() {
    let (world, shop, mut mia, _) = shop_and_manager();
    let mut max = world.phone_for("Max", Role::MANAGER, &["North"]);
    let conflict = torn(&world, &shop, &mut mia, &mut max);
    let mut sue = world.phone_for("Sue", Role::MANAGER, &["South"]);
    let decided = json!({
        "conflict": conflict, "of_object": "account", "record": shop, "path": "name",
        "choice": "value",
        "value_json": "\"Harp's Food\"", "owner": world.user("Sue"),
    });
    let said = hand_in(&world, &mut sue, &decided);
    let Ruling::Quarantined { code, .. } = said else {
        panic!("{said:?}")
    };
    assert_eq!(code, "not_in_scope");
    world.agree(&mut [&mut mia, &mut max, &mut sue]);
    assert_eq!(mia.conflicts().len(), 1);
}

/// Hands in the fact of a decision by hand, as a forger would.
fn hand_in(world: &World, phone: &mut Phone, fact: &Json) -> Ruling {
    let (object, record) = ("conflict_resolution".to_owned(), RecordId([7; 16]));
    let (actor, at_ms) = (Some(behind::actor(&phone.file).parse().unwrap()), Some(0));
    let bytes = Record::canonical(&values(fact)).into();
    let entry = PushEntry {
        number: 1,
        is_fact: true,
        object,
        record,
        bytes,
        knew: 0,
        actor,
        at_ms,
        group: None,
        count: None,
        verb: None,
    };
    let (body, token) = (
        wire::encode(&[Frame::Entry(entry)]).unwrap(),
        Some(phone.token()),
    );
    let call = Call {
        path: "/sync/v1/push",
        token,
        media_type: wire::MEDIA_TYPE,
        body,
    };
    let answer = wire::decode(&world.server.answer(&call).unwrap().body, usize::MAX).unwrap();
    let [Frame::Verdict(verdict)] = &answer[..] else {
        panic!("{answer:?}")
    };
    verdict.ruling.clone()
}

#[test]
fn a_decision_whose_value_was_changed_again_before_it_came_still_decides() {
    let (world, shop, mut mia, _) = shop_and_manager();
    let mut max = world.phone_for("Max", Role::MANAGER, &["North"]);
    let conflict = torn(&world, &shop, &mut mia, &mut max);
    // So much waits that the value goes in one batch and the decision in the next.
    for number in 0..99 {
        mia.edits(
            "account",
            &shop,
            &json!({"phone": format!("+1479{number:07}")}),
        );
    }
    mia.does(&json!({"do": "resolve_conflict", "conflict": conflict, "choose": "mine"}));
    // An app that is older than groups sends each by itself.
    let apart = "UPDATE outbox SET group_id = NULL, group_count = NULL";
    behind::open(&mia.file).execute(apart, []).unwrap();
    // The second batch is lost for now, and somebody changes the name that was decided.
    mia.line.fault("/push", Fault::None);
    for _ in 0..3 {
        mia.line.fault("/push", Fault::RequestLost);
    }
    assert!(mia.syncs().is_err());
    assert_eq!(mia.unsent(), 1);
    max.sync();
    assert_eq!(max.get("account", &shop)["name"], "Harp's Food");
    max.edits("account", &shop, &json!({"name": "Harp's"}));
    max.sync();
    world.agree(&mut [&mut mia, &mut max]);
    assert_eq!((mia.conflicts(), mia.needs_attention()), (vec![], vec![]));
    assert_eq!(mia.get("account", &shop)["name"], "Harp's");
}

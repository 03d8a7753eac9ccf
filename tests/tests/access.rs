//! Who is in: tokens that run out, answers that are lost, devices that are revoked, tenants that
//! never meet.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::app::FieldError;
use outfield_core::base::context::Role;
use outfield_core::sync::{Call, wire};
use outfield_tests::{Fault, Phone, World};
use serde_json::{Value as Json, json};

fn ann() -> (World, Phone, String) {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let mut ann = world.phone("Ann");
    ann.edits("account", &shop, &json!({"phone": "+14795550101"}));
    (world, ann, shop)
}

#[test]
fn a_token_that_runs_out_in_the_middle_of_a_sync_is_renewed_there() {
    for moment in ["/hello", "/push", "/pull"] {
        let (world, mut ann, shop) = ann();
        let (clock, before) = (world.clock.clone(), ann.token());
        ann.line.before(moment, move || clock.advance_hours(25));
        ann.line.calls();
        ann.sync();
        let renewals = ann
            .line
            .calls()
            .iter()
            .filter(|path| path.ends_with("/refresh"))
            .count();
        assert_eq!(renewals, 1, "{moment}");
        assert_ne!(ann.token(), before);
        assert_eq!(world.record("account", &shop)["phone"], "+14795550101");
        world.agree(&mut [&mut ann]);
    }
}

#[test]
fn a_renewal_whose_answer_was_lost_is_repeated_days_later() {
    let (world, mut ann, shop) = ann();
    world.clock.advance_hours(25);
    for _ in 0..2 {
        ann.line.fault("/refresh", Fault::AnswerLost);
        assert!(matches!(ann.syncs(), Err(FieldError::TryLater { .. })));
        world.clock.advance_hours(72);
    }
    ann.sync();
    assert_eq!(world.record("account", &shop)["phone"], "+14795550101");
}

#[test]
fn an_enrolment_whose_answer_was_lost_is_repeated_with_the_same_code() {
    let world = World::new();
    let code = world.hires("Ann", Role::REP, &["North"]);
    let mut ann = world.new_phone("Ann");
    ann.line.fault("/enrol", Fault::AnswerLost);
    assert!(matches!(ann.enrol(&code), Err(FieldError::TryLater { .. })));
    ann.reopen();
    ann.enrol(&code).unwrap();
    world.agree(&mut [&mut ann]);
    assert_eq!(
        world.office(|office| office.all("device")).unwrap().len(),
        1
    );
}

#[test]
fn a_revoked_device_keeps_its_unsent_work_and_sends_it_after_a_new_code() {
    let (world, mut ann, shop) = ann();
    let device = ann.device().status().unwrap().data["enrolled"]["device"]
        .as_str()
        .unwrap()
        .to_owned();
    world.office(|office| office.revoke(&device)).unwrap();
    assert!(matches!(ann.syncs(), Err(FieldError::SignIn { .. })));
    ann.does(&json!({"do": "log_follow_up", "account": shop, "note": "Work goes on."}));
    assert_eq!(ann.unsent(), 2);
    let code = world.office(|office| office.user_code("Ann")).unwrap();
    ann.enrol(&code).unwrap();
    world.agree(&mut [&mut ann]);
    assert_eq!(world.record("account", &shop)["phone"], "+14795550101");
    assert_eq!(
        world
            .office(|office| office.all("follow_up"))
            .unwrap()
            .len(),
        1
    );
    assert_eq!(ann.needs_attention(), [] as [Json; 0]);
}

#[test]
fn a_person_who_was_let_go_is_out_at_once() {
    let (world, mut ann, _) = ann();
    world
        .office(|office| office.set_user("Ann", None, None, Some(false)))
        .unwrap();
    assert!(matches!(ann.syncs(), Err(FieldError::SignIn { .. })));
    assert_eq!(ann.unsent(), 1);
    world
        .office(|office| office.set_user("Ann", None, None, Some(true)))
        .unwrap();
    world.agree(&mut [&mut ann]);
}

#[test]
fn nobody_enrols_on_unsent_work_of_another_person() {
    let (world, mut ann, _) = ann();
    let ben = world.hires("Ben", Role::REP, &["South"]);
    let Err(FieldError::Refused { code, .. }) = ann.enrol(&ben) else {
        panic!("Ben is in")
    };
    assert_eq!(code, "other_user");
    ann.sync();
    ann.enrol(&ben).unwrap();
    world.agree(&mut [&mut ann]);
    assert_eq!(
        ann.device().list("account", None, 0).unwrap().data,
        json!([]),
        "Ben does not follow North"
    );
}

#[test]
fn tenants_never_meet() {
    let (mut world, mut ann, shop) = ann();
    let harbour = world.tenant;
    world.tenant = world.server.found("Hill Goods");
    world
        .office(|office| office.add_territory("North", None))
        .unwrap();
    let secret = world.account("Hill's own", "North");
    let mut eve = world.phone_for("Eve", Role::ADMIN, &["North"]);
    ann.sync();

    assert_eq!(
        (ann.get("account", &secret), eve.get("account", &shop)),
        (Json::Null, Json::Null)
    );
    let token = eve.token();
    let session = world.office(|office| office.authenticate(&token)).unwrap();
    let error = world
        .office(|office| office.get(&session, "account", &shop))
        .unwrap_err();
    assert_eq!(error.code, "not_found");
    assert!(
        world
            .server
            .with(harbour, |office| office.authenticate(&token))
            .is_err()
    );
    // Eve's secret behind Harbour's name, as a forger would write it.
    let (own, ann_token) = (token.split_once('-').unwrap().1.to_owned(), ann.token());
    let forged = format!("{}-{own}", ann_token.split_once('-').unwrap().0);
    for token in [Some(forged), Some("nonsense".to_owned()), None] {
        let body = wire::encode(&[]).unwrap();
        let call = Call {
            path: "/sync/v1/pull",
            token,
            media_type: wire::MEDIA_TYPE,
            body,
        };
        assert_eq!(world.server.answer(&call).unwrap().status, 401);
    }
    let foreign = json!({"do": "log_follow_up", "account": shop, "note": "Mine now?"});
    assert_eq!(eve.refused(&foreign).0, "unknown_reference");
    let code = world.office(|office| office.user_code("Eve")).unwrap();
    let Err(FieldError::Refused { code, .. }) = ann.enrol(&code) else {
        panic!("Ann's data is Eve's")
    };
    assert_eq!(code, "other_tenant");
}

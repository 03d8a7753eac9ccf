//! Somebody who left, a device that is emptied, and one that was silent for too long.

use outfield_core::sync::frames::{Frame, Ruling};
use outfield_server::people::Door;
use outfield_tests::impostor::{Impostor, Say};
use outfield_tests::served::Yard;
use outfield_tests::{World, behind, caller};
use serde_json::{Value as Json, json};

use super::hand::{PATIENCE, code, hired, is_empty, office, phone, shown, yard};

#[test]
fn a_leaver_hands_in_what_was_written_before_and_sees_nothing_any_more() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
    let token = ana.does(&["token"])["token"].as_str().unwrap().to_owned();
    ana.notes("Before she knew");
    let left = office(&yard, &["user", "set", "Ana", "--active", "false"]);
    assert_eq!(left["ok"], true, "{left}");
    for path in ["/api/v1/account", "/api/v1/digest"] {
        let heard = caller::get(served.address, path, &token, PATIENCE).unwrap();
        assert_eq!(heard.status, 401, "{path}");
    }
    for path in ["/sync/v1/pull", "/sync/v1/offer", "/sync/v1/return"] {
        let heard = caller::post(served.address, path, &token, b"", PATIENCE).unwrap();
        assert_eq!(heard.status, 401, "{path} is not for who left");
    }
    let said = ana.refused(&["sync"], "user_left");
    assert_eq!(said["numbers"], json!({"sent": 1, "unsent": 0}));
    ana.refused(&["list", "account"], "user_left");
    ana.refused(
        &["follow-up", "After she knew", "--account", "Shop"],
        "user_left",
    );
    assert_eq!(ana.does(&["status"])["unsent"], 0);
    let trail = office(&yard, &["quarantine"]);
    assert_eq!(trail["data"], json!([]), "nothing of it was refused");
    // Whoever is hired again goes on.
    office(&yard, &["user", "set", "Ana", "--active", "true"]);
    ana.does(&["sync"]);
    assert_eq!(ana.holds("Before she knew"), 1);
}

#[test]
fn after_thirty_days_a_leaver_hands_in_nothing_any_more_and_it_stays_on_the_phone() {
    for (moment, code, unsent) in [
        ("2026-12-24T08:29:00Z", "user_left", 0),
        ("2026-12-24T08:31:00Z", "signed_out", 1),
    ] {
        let (yard, served) = yard();
        let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
        office(&yard, &["user", "set", "Ana", "--active", "false"]);
        served.kill();
        ana.notes("On the last day");
        let served = yard.serve_at("127.0.0.1:0", moment);
        let ana = ana.at(moment);
        ana.does(&["server", &served.url]);
        ana.refused(&["sync"], code);
        assert_eq!(ana.does(&["status"])["unsent"], unsent, "{moment}");
    }
}

#[test]
fn what_a_leaver_could_not_know_is_refused() {
    let world = World::new();
    let shop = world.account("Shop", "North");
    let mut ann = world.phone("Ann");
    let token = ann.token();
    ann.does(&json!({"do": "log_follow_up", "account": shop, "note": "Late"}));
    world
        .office(|office| office.set_user("Ann", None, None, Some(false)))
        .unwrap();
    let entry = behind::unsent(&ann.file).remove(0);
    let mut rulings = Vec::new();
    for (at, knew) in [u64::MAX, 1_000_000, 0].into_iter().enumerate() {
        let pushed = outfield_core::sync::frames::PushEntry {
            number: 1,
            is_fact: true,
            object: entry.object.clone(),
            record: outfield_core::base::id::RecordId::at(1, [u8::try_from(at).unwrap(); 10]),
            bytes: entry.bytes.clone().into(),
            knew,
            actor: Some(entry.actor),
            at_ms: Some(entry.at.0),
            group: None,
            count: None,
            verb: entry.verb.clone(),
        };
        let said = world.office(|office| {
            assert!(
                office.authenticate(&token).is_err(),
                "no other door is open"
            );
            let session = office.let_in(&token, Door::Handing).unwrap();
            assert!(session.buckets.is_empty());
            office.push(&session, vec![Frame::Entry(pushed)]).unwrap()
        });
        let [Frame::Verdict(verdict)] = &said[..] else {
            panic!("{said:?}")
        };
        rulings.push(match &verdict.ruling {
            Ruling::Quarantined { code, .. } => code.clone(),
            Ruling::Accepted { .. } => "accepted".to_owned(),
            Ruling::Duplicate { .. }
            | Ruling::Needs { .. }
            | Ruling::RetryLater
            | Ruling::Rewrite => "neither".to_owned(),
        });
    }
    assert_eq!(
        (rulings[0].as_str(), rulings[1].as_str()),
        ("user_left", "user_left")
    );
    assert_eq!(rulings[2], "accepted");
}

#[test]
fn a_device_is_emptied_and_its_unsent_work_is_kept_for_the_office() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
    ana.notes("Not lost");
    let device = ana.does(&["status"])["enrolled"]["device"]
        .as_str()
        .unwrap()
        .to_owned();
    let state = |yard: &Yard| {
        let devices = office(yard, &["device", "list"]);
        (
            devices["data"][0]["state"].clone(),
            devices["data"][0]["wipe"].clone(),
        )
    };
    office(&yard, &["device", "wipe", &device]);
    assert_eq!(state(&yard), (json!("revoked"), json!("ordered")));
    let said = ana.refused(&["sync"], "wiped");
    let parcel = ana.beside(".parcel");
    assert_eq!(
        said["numbers"],
        json!({"unsent": 1, "file": shown(&parcel)})
    );
    assert_eq!(
        state(&yard),
        (json!("revoked"), json!("done")),
        "the server hears it"
    );
    assert_eq!(ana.does(&["status"])["enrolled"], Json::Null);
    is_empty(&ana.db);
    let said = office(&yard, &["outbox", "import", &shown(&parcel)]);
    assert_eq!(said["data"]["taken"], 1, "{said}");
    let said = office(&yard, &["outbox", "import", &shown(&parcel)]);
    assert_eq!(
        (&said["data"]["taken"], &said["data"]["known"]),
        (&json!(0), &json!(1)),
        "{said}"
    );
    // Another code makes it another device.
    let again = code(&yard, &["user", "code", "Ana"]);
    ana.does(&["enrol", &served.url, &again]);
    ana.does(&["sync"]);
    assert_eq!(ana.holds("Not lost"), 1);
}

#[test]
fn a_liar_empties_no_device() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
    ana.notes("Still here");
    let refusal =
        json!({"ok": false, "error": {"code": "wipe_ordered", "message": "x", "fields": []}});
    for words in [
        json!([]),
        json!(["00"]),
        json!("all"),
        json!(["0".repeat(64)]),
    ] {
        let (refusal, words) = (refusal.to_string(), words.clone());
        let liar = Impostor::new(move |path, _| match path {
            "/sync/v1/wipe" => Say::Whole(200, json!({"words": words}).to_string().into_bytes()),
            _ => Say::Whole(403, refusal.clone().into_bytes()),
        });
        ana.does(&["server", &liar.url()]);
        ana.refused(&["sync"], "broken");
        assert!(!ana.beside(".parcel").exists());
    }
    ana.does(&["server", &served.url]);
    ana.does(&["sync"]);
    assert_eq!(ana.holds("Still here"), 1);
}

#[test]
fn a_device_that_is_silent_for_too_long_locks_until_it_syncs() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
    let set = office(&yard, &["tenant", "set", "--offline-days", "3"]);
    assert_eq!(set["data"]["offline_days"], 3, "{set}");
    let late = ana.at("2026-12-24T08:30:00Z");
    assert_eq!(late.holds("x"), 0, "nobody told it yet");
    ana.does(&["sync"]);
    let early = ana.at("2026-11-27T08:29:00Z");
    early.notes("Within the lease");
    let late = ana.at("2026-11-27T08:31:00Z");
    for words in [
        &["list", "account"][..],
        &["today"],
        &["follow-up", "Too late", "--account", "Shop"],
        &["digest"],
    ] {
        late.refused(words, "lease_over");
    }
    // A clock that is set back unlocks nothing.
    early.refused(&["list", "account"], "lease_over");
    ana.refused(
        &["follow-up", "In the past", "--account", "Shop"],
        "lease_over",
    );
    assert_eq!(late.does(&["status"])["unsent"], 1);
    late.does(&["outbox", "export", &shown(&yard.path("locked.parcel"))]);
    // Once it is heard of, all is here again.
    served.kill();
    let served = yard.serve_at("127.0.0.1:0", late.now);
    late.does(&["server", &served.url]);
    late.does(&["sync"]);
    assert_eq!(late.holds("Within the lease"), 1);
    late.notes("And it goes on");
    office(&yard, &["tenant", "set", "--offline-days", "0"]);
    late.does(&["sync"]);
    let much_later = ana.at("2027-11-27T08:31:00Z");
    assert_eq!(
        much_later.holds("And it goes on"),
        1,
        "without a lease it never locks"
    );
}

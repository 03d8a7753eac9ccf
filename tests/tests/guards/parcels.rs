//! Signing out, parcels, and another person on the same phone.

use std::fs;
use std::path::{Path, PathBuf};

use outfield_core::app::System;
use outfield_core::base::parcel;
use outfield_core::store::meta;
use outfield_core::sync::parcel::{PARCEL_START, Parcel, ParcelEntry};
use outfield_tests::served::Yard;
use outfield_tests::{behind, caller};
use serde_json::{Value as Json, json};

use super::hand::{HandPhone, PATIENCE, START, code, hired, is_empty, office, phone, shown, yard};

#[test]
fn signing_out_names_what_nobody_else_has_and_takes_all_else_off() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
    let token = ana.does(&["token"])["token"].as_str().unwrap().to_owned();
    ana.notes("Kept by nobody else");
    let said = ana.refused(&["sign-out"], "unsent_work");
    assert_eq!(
        said["numbers"],
        json!({"unsent": 1, "objects": {"follow_up": 1}})
    );
    assert_eq!(
        ana.holds("Kept by nobody else"),
        1,
        "a refusal takes nothing off"
    );
    let parcel = yard.path("ana.parcel");
    ana.does(&["outbox", "export", &shown(&parcel)]);
    ana.notes("Written after that");
    let said = ana.refused(&["sign-out"], "unsent_work");
    assert_eq!(said["numbers"]["unsent"], 1, "what is in the parcel may go");
    ana.does(&["sync"]);
    let gone = ana.does(&["sign-out"]);
    assert_eq!(
        (&gone["server_told"], &gone["discarded"]),
        (&json!(true), &json!({}))
    );
    let status = ana.does(&["status"]);
    assert_eq!(
        (&status["enrolled"], &status["unsent"]),
        (&Json::Null, &json!(0))
    );
    is_empty(&ana.db);
    let heard = caller::get(served.address, "/api/v1/account", &token, PATIENCE).unwrap();
    assert_eq!(heard.status, 401, "its access has ended");
    // It is as good as new.
    let again = code(&yard, &["user", "code", "Ana"]);
    ana.does(&["enrol", &served.url, &again]);
    ana.does(&["sync"]);
    assert_eq!(ana.holds("Written after that"), 1);
}

#[test]
fn what_is_to_be_discarded_has_to_be_said_aloud() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
    ana.notes("Nobody will read this");
    let gone = ana.does(&["sign-out", "--discard"]);
    assert_eq!(gone["discarded"], json!({"follow_up": 1}));
    is_empty(&ana.db);
}

#[test]
fn a_parcel_is_taken_in_once_however_it_comes() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
    let ben = phone(&yard, &served, "ben", &hired(&yard, "Ben"));
    let territory = ana.does(&["list", "territory"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let account = [
        "create",
        "account",
        "name=Harp's",
        &format!("territory={territory}"),
    ];
    ana.does(&account);
    ana.notes("In a parcel");
    let file = yard.path("ana.parcel");
    let said = ana.does(&["outbox", "export", &shown(&file)]);
    assert_eq!(said["entries"], 2);
    ana.refused(&["outbox", "export", &shown(&file)], "bad_file");
    assert_eq!(ana.does(&["status"])["unsent"], 2, "it stays unsent here");
    let bytes = fs::read(&file).unwrap();
    assert!(
        !bytes
            .windows(6)
            .any(|part| part == b"parcel" && part != &PARCEL_START[9..15])
    );
    assert!(
        !bytes.windows(4).any(|part| part == b"Harp"),
        "nobody else reads it"
    );
    let import = ["outbox", "import", &shown(&file)];
    let said = office(&yard, &import);
    assert_eq!(
        (&said["data"]["taken"], &said["data"]["known"]),
        (&json!(2), &json!(0)),
        "{said}"
    );
    let said = office(&yard, &import);
    assert_eq!(
        (&said["data"]["taken"], &said["data"]["known"]),
        (&json!(0), &json!(2)),
        "{said}"
    );
    let said = ben.does(&["outbox", "import", &shown(&file)]);
    assert_eq!(
        (&said["taken"], &said["known"], &said["user"]),
        (&json!(0), &json!(2), &json!("Ana"))
    );
    let said = office(&yard, &["outbox", "import", &shown(&file), "--show"]);
    assert_eq!(said["data"]["token"], "", "nobody is shown a token");
    assert_eq!(
        said["data"]["entries"][1]["command"]["note"], "In a parcel",
        "{said}"
    );
    // What comes by the line as well is known.
    ana.does(&["sync"]);
    ben.does(&["sync"]);
    assert_eq!(ana.does(&["status"])["unsent"], 0);
    assert_eq!(
        (
            ana.holds("In a parcel"),
            ben.does(&["list", "account"]).as_array().unwrap().len() - 1
        ),
        (1, 1)
    );
    assert_eq!(
        ana.does(&["digest"])["account"],
        ben.does(&["digest"])["account"]
    );
}

/// A parcel of what a phone has not sent, as somebody would forge it.
fn forged(yard: &Yard, phone: &HandPhone, change: impl FnOnce(&mut Parcel)) -> PathBuf {
    let db = behind::open(&phone.db);
    let held = |key: &str| meta::get(&db, key).unwrap().unwrap();
    let entries = behind::unsent(&phone.db);
    let entry = |entry: &outfield_core::store::outbox::OutboxEntry| ParcelEntry {
        number: entry.number.unsigned_abs(),
        is_fact: true,
        object: entry.object.clone(),
        record: entry.record.to_string(),
        bytes: outfield_core::base::hex::letters(&entry.bytes),
        knew: entry.knew,
        actor: Some(entry.actor.to_string()),
        at_ms: Some(entry.at.0),
        group: None,
        count: None,
        verb: entry.verb.clone(),
        command: Json::Null,
    };
    let mut parcel = Parcel {
        tenant: held("tenant"),
        token: held("token"),
        packed_at: START.to_owned(),
        entries: entries.iter().map(entry).collect(),
    };
    change(&mut parcel);
    let lock = outfield_core::base::hex::bytes(&held("parcel_lock")).unwrap();
    let text = serde_json::to_vec(&parcel).unwrap();
    let locked = parcel::lock(&text, lock.try_into().unwrap(), &System::open().unwrap()).unwrap();
    let file = yard.path("forged.parcel");
    fs::write(&file, [PARCEL_START, &locked].concat()).unwrap();
    file
}

#[test]
fn a_parcel_that_lies_is_refused() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "ana", &hired(&yard, "Ana"));
    let ben = phone(&yard, &served, "ben", &hired(&yard, "Ben"));
    ana.notes("Ana's own");
    let code = |file: &Path| {
        let said = office(&yard, &["outbox", "import", &shown(file)]);
        said["error"]["code"].as_str().unwrap_or("taken").to_owned()
    };
    // Whoever has the lock, as every phone does, packs what they like: whose it is they cannot say.
    for token in ["", "nobody-00", &"0".repeat(177)] {
        let lie = forged(&yard, &ana, |parcel| parcel.token = token.to_owned());
        assert_eq!(code(&lie), "unknown_sender", "{token}");
    }
    let other = forged(&yard, &ana, |parcel| parcel.tenant = "another".to_owned());
    assert_eq!(code(&other), "other_tenant");
    let bens = behind::open(&ben.db);
    let token = meta::get(&bens, "token").unwrap().unwrap();
    let refresh = meta::get(&bens, "refresh_token").unwrap().unwrap();
    drop(bens);
    let wrong = forged(&yard, &ana, |parcel| parcel.token = refresh);
    assert_eq!(
        code(&wrong),
        "unknown_sender",
        "a refresh token is no access token"
    );
    // What Ana wrote, under her actor once she is known, Ben does not hand in as his.
    ana.does(&["sync"]);
    ana.notes("Under an actor that is hers");
    let stolen = forged(&yard, &ana, |parcel| parcel.token = token);
    let said = office(&yard, &["outbox", "import", &shown(&stolen)]);
    assert_eq!(said["error"]["code"], "not_all_taken", "{said}");
    assert_eq!(
        said["data"]["refused"][0]["code"], "foreign_actor",
        "{said}"
    );
    // Junk, and what is locked for others.
    let honest = fs::read(forged(&yard, &ana, |_| {})).unwrap();
    let spoilt = yard.path("spoilt.parcel");
    for (at, bytes) in [
        (0, b"no parcel".to_vec()),
        (1, PARCEL_START.to_vec()),
        (2, honest[..honest.len() - 1].to_vec()),
        (3, [PARCEL_START, &[0; 200]].concat()),
    ] {
        fs::write(&spoilt, &bytes).unwrap();
        let said = code(&spoilt);
        assert!(
            ["bad_parcel", "foreign_parcel"].contains(&said.as_str()),
            "{at}: {said}"
        );
    }
    let neighbour = Yard::new();
    let said = office(
        &neighbour,
        &["outbox", "import", &shown(&yard.path("forged.parcel"))],
    );
    assert_eq!(said["error"]["code"], "foreign_parcel");
}

#[test]
fn another_person_finds_nothing_of_the_first_and_ends_nothing_of_theirs() {
    let (yard, served) = yard();
    let ana = phone(&yard, &served, "shared", &hired(&yard, "Ana"));
    ana.notes("Ana's note");
    let ben = hired(&yard, "Ben");
    ana.refused(&["enrol", &served.url, &ben], "other_user");
    assert_eq!(ana.holds("Ana's note"), 1);
    let parcel = yard.path("shared.parcel");
    ana.does(&["outbox", "export", &shown(&parcel)]);
    ana.does(&["enrol", &served.url, &ben]);
    assert_eq!(ana.holds("Ana's note"), 0);
    let status = ana.does(&["status"]);
    assert_eq!(
        (&status["unsent"], &status["name"]),
        (&json!(0), &json!("Ben"))
    );
    ana.does(&["sync"]);
    assert_eq!(ana.holds("Ana's note"), 0);
    let said = office(&yard, &["outbox", "import", &shown(&parcel)]);
    assert_eq!(
        (&said["data"]["taken"], &said["data"]["user"]),
        (&json!(1), &json!("Ana")),
        "{said}"
    );
}

//! Changes that lie about what they build on, and honest-looking ones that would choke whoever
//! reads them later. It does not know single changes.

use outfield_core::base::id::{ActorId, ChangeHash, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Vetted};
use outfield_core::objects::{Record, Values};
use outfield_core::sync::frames::{PushEntry, Ruling};
use outfield_tests::crafter::{CraftedChange, column, runs, signed, unsigned};

use outfield_tests::attacked::{AttackedServer, entry, new_record, word};

const ACTOR: [u8; 16] = [9; 16];

fn contact(stage: &AttackedServer, actor: [u8; 16], name: &str) -> CraftedChange {
    CraftedChange::puts(actor, &[("name", name), ("owner", stage.user())])
}

fn rename(actor: [u8; 16], name: &str) -> CraftedChange {
    CraftedChange::puts(actor, &[("name", name)])
}

/// The same, replacing the writer's own operation of this counter.
fn replacing(counter: u64, name: &str) -> CraftedChange {
    let one = |entry: Vec<u8>| runs(&[entry]);
    (rename(ACTOR, name).column(column::REPLACES, one(unsigned(1))))
        .column(column::REPLACES_ACTOR, one(unsigned(0)))
        .column(column::REPLACES_COUNTER, one(signed(counter.cast_signed())))
}

/// The verdict on one change of a record.
fn judged(stage: &AttackedServer, record: RecordId, change: &CraftedChange) -> String {
    word(&stage.push_entries(vec![entry(record, &change.chunk())])[0])
}

#[test]
fn what_does_not_continue_the_history_is_refused() {
    let mut stage = AttackedServer::serving();
    let (first, record) = (contact(&stage, ACTOR, "first"), new_record(b"history"));
    assert_eq!(judged(&stage, record, &first), "accepted");
    let deps = [first.hash()];
    let replacing = |counter: u64| replacing(counter, "x").after(&deps, 2, 3);
    let cases = [
        (
            "a dependency that does not exist",
            rename(ACTOR, "x").after(&[[5; 32]], 2, 3),
            "needs",
        ),
        (
            "a start too far on",
            rename(ACTOR, "x").after(&deps, 2, 1 << 29),
            "wrong_start",
        ),
        (
            "a start already taken",
            rename(ACTOR, "y").after(&deps, 2, 2),
            "wrong_start",
        ),
        (
            "a step left out",
            rename(ACTOR, "x").after(&deps, 3, 3),
            "rewrite",
        ),
        (
            "a first that is none",
            rename([11; 16], "x").after(&deps, 2, 3),
            "rewrite",
        ),
        (
            "a second first",
            CraftedChange {
                seq: unsigned(1),
                ..replacing(1)
            },
            "rewrite",
        ),
        (
            "replacing what wrote another key",
            replacing(2),
            "unknown_operation",
        ),
        (
            "replacing nothing of what it saw",
            rename(ACTOR, "x").after(&deps, 2, 3),
            "unknown_operation",
        ),
        ("replacing what never was", replacing(1 << 20), "malformed"),
        (
            "building on what was refused",
            rename(ACTOR, "x").after(&[replacing(2).hash()], 3, 4),
            "follows_refused",
        ),
        ("a change that fits", replacing(1), "accepted"),
    ];
    for (name, change, expected) in cases {
        assert_eq!(judged(&stage, record, &change), expected, "{name}");
    }
    stage.unharmed();
}

#[test]
fn nobody_writes_for_another() {
    let mut stage = AttackedServer::serving();
    let other = stage.served.enrol(&stage.yard.user("Olga", "rep"), "other");
    let (theirs, record) = (contact(&stage, [12; 16], "theirs"), new_record(b"theirs"));
    let mine = std::mem::replace(&mut stage.intruder, other);
    assert_eq!(
        judged(&stage, record, &contact(&stage, [12; 16], "Olga's")),
        "accepted"
    );
    stage.intruder = mine;
    let server = stage.get("/api/v1/actor").json();
    let office = server["data"]["records"]
        .as_array()
        .unwrap()
        .iter()
        .find(|actor| actor["name"] == "the office");
    assert_eq!(
        judged(&stage, new_record(b"other"), &theirs),
        "foreign_actor"
    );
    // The server writes for nobody yet: it has an actor only once the office changes a document.
    assert!(office.is_none());
    let account = stage
        .yard
        .office(&["put", "account", "name=Shop", "--tenant", "Acme"]);
    assert!(account["ok"] == true);
    let server = stage.get("/api/v1/actor").json();
    let office = server["data"]["records"]
        .as_array()
        .unwrap()
        .iter()
        .find(|actor| actor["name"] == "the office")
        .unwrap();
    let office: ActorId = office["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        judged(
            &stage,
            new_record(b"office"),
            &contact(&stage, office.0, "office")
        ),
        "foreign_actor"
    );
    stage.unharmed();
}

#[test]
fn a_claimed_tick_from_the_future_opens_no_closed_territory() {
    let mut stage = AttackedServer::serving();
    let (shop, record) = (stage.shop(), new_record(b"claimed"));
    let first = CraftedChange::puts(ACTOR, &[("name", "Rosa"), ("roles/r/account", &shop)]);
    assert_eq!(judged(&stage, record, &first), "accepted");
    stage
        .yard
        .office(&["user", "set", "Ivan", "--territory", "", "--tenant", "Acme"]);
    // Once the device has said that it knows what came after, the territory is closed to it.
    stage.shop();
    stage.greet(u64::MAX);
    let tick = stage.greet(u64::MAX);
    let change = |text: &str, knew: u64| {
        let change = CraftedChange::puts([text.as_bytes()[0]; 16], &[("job_title", text)]);
        let bytes = change.after(&[first.hash()], 1, 3).chunk();
        PushEntry {
            knew,
            ..entry(record, &bytes)
        }
    };
    for (name, knew) in [("b", 0), ("c", tick), ("d", u64::MAX), ("e", 1 << 63)] {
        assert_eq!(
            word(&stage.push_entries(vec![change(name, knew)])[0]),
            "not_in_scope",
            "{knew}"
        );
    }
    stage.unharmed();
}

fn note(note: &str, account: &str, owner: &str) -> Values {
    Values::from([
        ("account".into(), account.into()),
        ("note".into(), note.into()),
        ("owner".into(), owner.into()),
        ("kind".into(), "note".into()),
    ])
}

fn fact(id: &[u8], bytes: Vec<u8>) -> PushEntry {
    PushEntry {
        is_fact: true,
        object: "follow_up".to_owned(),
        actor: Some(ActorId(ACTOR)),
        at_ms: Some(1),
        verb: None,
        ..entry(new_record(id), &bytes)
    }
}

/// Each of these gets its verdict, and the server is unharmed.
fn check_facts(mut stage: AttackedServer, cases: Vec<(&str, PushEntry, &str)>) {
    for (name, entry, expected) in cases {
        let verdicts = stage.push_entries(vec![entry]);
        assert_eq!(word(&verdicts[0]), expected, "{name}");
    }
    stage.unharmed();
}

#[test]
fn facts_that_lie_are_refused() {
    let stage = AttackedServer::serving();
    let shop = stage.shop();
    let good = Record::canonical(&note("a", &shop, stage.user()));
    let longer = [&[0xb8, 4][..], &good[1..]].concat();
    let endless = [&[0xbf][..], &good[1..], &[0xff]].concat();
    let deep = [vec![0xa1, 0x61, b'a'], vec![0x81; 100_000]].concat();
    let cases = vec![
        ("honest", fact(b"1", good.clone()), "accepted"),
        ("again", fact(b"1", good.clone()), "duplicate"),
        (
            "the same id with other values",
            fact(b"1", Record::canonical(&note("b", &shop, stage.user()))),
            "fact_changed",
        ),
        ("a longer form", fact(b"2", longer), "bad_fact"),
        ("an endless form", fact(b"3", endless), "bad_fact"),
        ("nesting without end", fact(b"4", deep), "too_many_bytes"),
        (
            "a map beyond number",
            fact(
                b"5",
                vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            ),
            "bad_fact",
        ),
        (
            "a text beyond number",
            fact(
                b"6",
                vec![0xa1, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            ),
            "bad_fact",
        ),
        ("nothing", fact(b"7", Vec::new()), "bad_fact"),
    ];
    check_facts(stage, cases);
}

#[test]
fn facts_of_others_and_at_other_places_are_refused() {
    let stage = AttackedServer::serving();
    let (shop, other) = (stage.shop(), "01940c3e-5b1a-7cc0-8000-0123456789ab");
    let good = Record::canonical(&note("a", &shop, stage.user()));
    let cases = vec![
        (
            "no writer",
            PushEntry {
                actor: None,
                ..fact(b"8", good.clone())
            },
            "bad_fact",
        ),
        (
            "no calendar's time",
            PushEntry {
                at_ms: Some(i64::MAX),
                verb: None,
                ..fact(b"9", good.clone())
            },
            "bad_fact",
        ),
        (
            "another person's",
            fact(b"10", Record::canonical(&note("a", &shop, other))),
            "not_allowed",
        ),
        (
            "as a document",
            PushEntry {
                object: "contact".to_owned(),
                ..fact(b"11", good.clone())
            },
            "unknown_object",
        ),
        (
            "as a row",
            PushEntry {
                object: "user".to_owned(),
                ..fact(b"12", good.clone())
            },
            "unknown_object",
        ),
        (
            "as a table",
            PushEntry {
                object: "outbox\"; --".to_owned(),
                ..fact(b"13", good.clone())
            },
            "unknown_object",
        ),
        (
            "under an id that is taken",
            PushEntry {
                record: stage.user().parse().unwrap(),
                ..fact(b"14", good)
            },
            "wrong_object",
        ),
    ];
    check_facts(stage, cases);
}

#[test]
fn facts_that_no_phone_would_record_are_refused() {
    let stage = AttackedServer::serving();
    let (shop, other) = (stage.shop(), "01940c3e-5b1a-7cc0-8000-0123456789ab");
    let good = Record::canonical(&note("a", &shop, stage.user()));
    let cases = vec![
        (
            "about nothing",
            fact(
                b"15",
                Record::canonical(&Values::from([
                    ("note".into(), "a".into()),
                    ("owner".into(), stage.user().into()),
                ])),
            ),
            "nothing_named",
        ),
        (
            "about what is nowhere",
            fact(b"16", Record::canonical(&note("a", other, stage.user()))),
            "unknown_reference",
        ),
        (
            "without what it must have",
            fact(
                b"17",
                Record::canonical(&Values::from([
                    ("account".into(), shop.as_str().into()),
                    ("owner".into(), stage.user().into()),
                ])),
            ),
            "required",
        ),
        (
            "from the year 3000",
            PushEntry {
                at_ms: Some(32_503_680_000_000),
                ..fact(b"18", good)
            },
            "clock_ahead",
        ),
        (
            "a decision of no conflict",
            PushEntry {
                object: "conflict_resolution".to_owned(),
                ..fact(
                    b"19",
                    Record::canonical(&Values::from([
                        ("conflict".into(), other.into()),
                        ("of_object".into(), "account".into()),
                        ("record".into(), shop.as_str().into()),
                        ("path".into(), "phone".into()),
                        ("choice".into(), "mine".into()),
                        ("value_json".into(), "null".into()),
                        ("owner".into(), stage.user().into()),
                    ])),
                )
            },
            "unknown_conflict",
        ),
    ];
    check_facts(stage, cases);
}

#[test]
fn a_refusal_is_never_longer_than_what_it_refuses() {
    let mut stage = AttackedServer::serving();
    let name = "n".repeat(1_000_000);
    let bytes = contact(&stage, ACTOR, "x").chunk();
    let long = PushEntry {
        object: name.clone(),
        ..entry(new_record(b"long"), &bytes)
    };
    assert_eq!(word(&stage.push_entries(vec![long])[0]), "unknown_object");
    // Thousands of choices that are none, each of which the refusal would name.
    let keys: Vec<String> = (0..2_000).map(|n| format!("actions/{n:04}/kind")).collect();
    let texts: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "x")).collect();
    let many = PushEntry {
        object: "visit".to_owned(),
        ..entry(
            new_record(b"many"),
            &CraftedChange::puts(ACTOR, &texts).chunk(),
        )
    };
    for verdict in stage.push_entries(vec![many]) {
        assert_eq!(word(&verdict), "bad_value");
        let Ruling::Quarantined {
            message, fields, ..
        } = verdict.ruling
        else {
            panic!("refused")
        };
        assert!(
            message.len() < 5_000 && fields.len() < 100,
            "{} bytes, {} fields",
            message.len(),
            fields.len()
        );
    }
    stage.unharmed();
}

#[test]
fn a_record_never_outgrows_the_frame_that_must_carry_it() {
    let mut stage = AttackedServer::serving();
    let record = new_record(b"big");
    let hanna = stage.honest.status().unwrap().data["enrolled"]["user"]
        .as_str()
        .unwrap()
        .to_owned();
    let account = format!("roles/{}/account", ChangeHash([1; 32]));
    let shop = stage.shop();
    let first = CraftedChange::puts(ACTOR, &[("name", "Big"), (&account, &shop)]);
    assert_eq!(judged(&stage, record, &first), "accepted", "{hanna}");
    // Texts that pack to nothing: the saved document stays small while the record grows and grows.
    let text = "a".repeat(8_000);
    let (mut deps, mut start, mut refused) = (first.hash(), 3, 0);
    for round in 0..40 {
        let key = |n: u64, field: &str| format!("roles/r{round:03}n{n}/{field}");
        let keys: Vec<[String; 2]> = (0..7)
            .map(|n| [key(n, "account"), key(n, "role")])
            .collect();
        let texts: Vec<(&str, &str)> = keys
            .iter()
            .flat_map(|[account, role]| [(account.as_str(), shop.as_str()), (role, text.as_str())])
            .collect();
        let change = CraftedChange::puts(ACTOR, &texts).after(&[deps], round + 2, start);
        match judged(&stage, record, &change).as_str() {
            "accepted" => (deps, start) = (change.hash(), start + 14),
            other => {
                assert_eq!(other, "document_full");
                refused += 1;
                break;
            }
        }
    }
    assert!(refused > 0);
    stage.unharmed();
}

#[test]
fn a_record_never_gets_so_many_heads_that_nobody_can_join_them() {
    let mut stage = AttackedServer::serving();
    let (shop, record) = (stage.shop(), new_record(b"heads"));
    let first = CraftedChange::puts(ACTOR, &[("name", "Rosa"), ("roles/r/account", &shop)]);
    assert_eq!(judged(&stage, record, &first), "accepted");
    let mut refused = 0;
    for round in 0..8_u8 {
        let heads = (0..100_u8).map(|n| {
            let title = format!("title {round} {n}");
            let actor = [n, round, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
            let change = CraftedChange::puts(actor, &[("job_title", &title)]);
            entry(record, &change.after(&[first.hash()], 1, 3).chunk())
        });
        let verdicts = stage.push_entries(heads.collect());
        refused += verdicts
            .iter()
            .filter(|verdict| word(verdict) == "too_many_heads")
            .count();
        assert!(
            verdicts
                .iter()
                .all(|verdict| ["accepted", "too_many_heads"].contains(&word(verdict).as_str()))
        );
    }
    assert!(refused > 0);
    stage.unharmed();
    let mend = serde_json::json!({ "do": "edit", "object": "contact", "id": record,
        "fields": { "job_title": "Owner" } });
    stage.honest.execute(&mend.to_string()).unwrap();
    stage.unharmed();
}
#[test]
fn many_conflicts_of_one_record_do_not_slow_what_follows() {
    let mut stage = AttackedServer::serving();
    let record = new_record(b"contested");
    let owned = Values::from([
        ("name".into(), "A".into()),
        ("owner".into(), stage.user().into()),
    ]);
    let mut document = Document::new();
    let first = document
        .write(ActorId(ACTOR), Timestamp(1), &owned)
        .unwrap();
    assert_eq!(
        word(&stage.push_entries(vec![entry(record, &first.bytes)])[0]),
        "accepted"
    );
    // As many at a time as one person may have compete, and as many actors as a device may claim.
    for round in 0..40_u8 {
        let named = |name: String| Values::from([("job_title".into(), name.into())]);
        let forks: Vec<Vetted> = (0..11_u8)
            .map(|n| {
                let actor = ActorId([n, round, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]);
                document
                    .clone()
                    .write(actor, Timestamp(2), &named(format!("{round} {n}")))
                    .unwrap()
            })
            .collect();
        document.apply(&forks).unwrap();
        let joined = document.write(
            ActorId([round, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]),
            Timestamp(3),
            &named("all".into()),
        );
        let entries = forks
            .iter()
            .chain(&[joined.unwrap()])
            .map(|change| entry(record, &change.bytes))
            .collect();
        assert!(
            stage
                .push_entries(entries)
                .iter()
                .all(|verdict| word(verdict) == "accepted")
        );
    }
    stage.unharmed();
}

#[test]
fn a_long_history_does_not_slow_what_follows() {
    let mut stage = AttackedServer::serving();
    let (first, record) = (contact(&stage, ACTOR, "first"), new_record(b"deep"));
    assert_eq!(judged(&stage, record, &first), "accepted");
    let mut deps = first.hash();
    for round in 0..20 {
        let entries = (1..=100).map(|n| {
            let seq = round * 100 + n + 1;
            let before = if seq == 2 { 1 } else { seq };
            let change = replacing(before, &format!("{round} {n}")).after(&[deps], seq, seq + 1);
            deps = change.hash();
            entry(record, &change.chunk())
        });
        assert!(
            stage
                .push_entries(entries.collect())
                .iter()
                .all(|verdict| word(verdict) == "accepted")
        );
    }
    stage.unharmed();
}

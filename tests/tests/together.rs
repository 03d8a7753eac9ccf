//! What a command writes to several records becomes true on the server at once or not at all: it
//! goes together, is refused together, is shown as one thing and is done again as one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use outfield_core::base::context::Role;
use outfield_core::store::outbox::OutboxEntry;
use outfield_core::store::{Db, attention};
use outfield_tests::{Fault, Phone, World, behind};
use serde_json::{Value as Json, json};

/// A shop that two managers fill in, and a conflict for each of these fields.
struct TornShop {
    world: World,
    shop: String,
    mia: Phone,
    max: Phone,
}

fn torn(paths: &[&str]) -> TornShop {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let mut mia = world.phone_for("Mia", Role::MANAGER, &["North"]);
    let mut max = world.phone_for("Max", Role::MANAGER, &["North"]);
    for path in paths {
        let value = |number: u32| match *path {
            "phone" => format!("+1479555010{number}"),
            _ => format!("Harp's {number}"),
        };
        mia.edits("account", &shop, &json!({*path: value(1)}));
        max.edits("account", &shop, &json!({*path: value(2)}));
    }
    world.agree(&mut [&mut mia, &mut max]);
    assert_eq!(mia.conflicts().len(), paths.len());
    TornShop {
        world,
        shop,
        mia,
        max,
    }
}

impl TornShop {
    fn agree(&mut self) {
        self.world.agree(&mut [&mut self.mia, &mut self.max]);
    }

    /// Mia decides the conflict of a field for her own value; answers what waits for the server.
    fn decides(&mut self, path: &str) -> Vec<OutboxEntry> {
        let before = behind::unsent(&self.mia.file).len();
        let conflicts = self.mia.conflicts();
        let conflict = conflicts.iter().find(|of| of["path"] == path).unwrap();
        let command =
            json!({"do": "resolve_conflict", "conflict": conflict["id"], "choose": "mine"});
        self.mia.does(&command);
        behind::unsent(&self.mia.file).split_off(before)
    }

    fn server(&self) -> Db {
        behind::open(&self.world.server.file(self.world.tenant))
    }

    fn decisions(&mut self) -> usize {
        let found = self.max.device().list("conflict_resolution", None, 0);
        found.unwrap().data.as_array().unwrap().len()
    }
}

/// What the server keeps of refused work: code and group of each entry, oldest first.
fn kept(db: &Db) -> Vec<(String, Option<Vec<u8>>)> {
    let sql = "SELECT q.code, q.group_id FROM quarantine q JOIN verdict v ON v.hash = q.hash
               ORDER BY v.number";
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn codes(db: &Db) -> Vec<String> {
    kept(db).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn what_is_written_at_once_is_one_group_and_what_is_written_alone_is_none() {
    let mut torn = torn(&["name"]);
    torn.mia
        .edits("account", &torn.shop, &json!({"city": "Rogers"}));
    torn.decides("name");
    let unsent = behind::unsent(&torn.mia.file);
    let [alone, change, fact] = &unsent[..] else {
        panic!("{unsent:?}")
    };
    assert_eq!((alone.group, change.group), (None, fact.group));
    assert_eq!(change.group.unwrap().count, 2);
}

#[test]
fn what_was_refused_together_falls_back_together_and_is_one_thing() {
    let mut torn = torn(&["name"]);
    let before = torn.mia.get("account", &torn.shop);
    let group = torn.decides("name")[0].group.unwrap().id;
    torn.world.sets("Mia", Some(Role::REP), None);
    torn.agree();
    let [held] = &torn.mia.needs_attention()[..] else {
        panic!("{:?}", torn.mia.needs_attention())
    };
    assert_eq!(
        (&held["code"], &held["object"]),
        (&json!("not_allowed"), &json!("account"))
    );
    let [other] = &held["together"].as_array().unwrap()[..] else {
        panic!("{held}")
    };
    assert_eq!(
        (&other["code"], &other["object"]),
        (&json!("group_refused"), &json!("conflict_resolution"))
    );
    assert_eq!(
        torn.mia.device().status().unwrap().data["needs_attention"],
        1
    );
    let id = Some(group.0.to_vec());
    assert_eq!(
        kept(&torn.server()),
        [
            ("not_allowed".to_owned(), id.clone()),
            ("group_refused".to_owned(), id)
        ]
    );
    for phone in [&mut torn.mia, &mut torn.max] {
        assert_eq!(phone.conflicts().len(), 1);
        let decided = phone.device().list("conflict_resolution", None, 0).unwrap();
        assert_eq!(decided.data, json!([]));
        assert_eq!(phone.get("account", &torn.shop)["name"], before["name"]);
    }

    torn.world.sets("Mia", Some(Role::MANAGER), None);
    torn.mia.sync();
    torn.mia
        .device()
        .again(other["number"].as_i64().unwrap())
        .unwrap();
    assert_eq!(torn.mia.needs_attention(), [] as [Json; 0]);
    torn.agree();
    assert_eq!(
        (torn.mia.conflicts(), torn.max.conflicts()),
        (vec![], vec![])
    );
    assert_eq!((torn.decisions(), codes(&torn.server()).len()), (1, 2));
    assert_eq!(torn.max.get("account", &torn.shop)["name"], "Harp's 1");
}

#[test]
fn what_was_refused_together_is_taken_off_together() {
    for at in [0, 1] {
        let mut torn = torn(&["name"]);
        let numbers: Vec<i64> = torn.decides("name").iter().map(|of| of.number).collect();
        torn.world.sets("Mia", Some(Role::REP), None);
        torn.agree();
        torn.mia.device().dismiss(numbers[at]).unwrap();
        assert_eq!(attention::all(&behind::open(&torn.mia.file)).unwrap(), []);
    }
}

#[test]
fn a_group_behind_a_refused_one_is_decided_anew_as_a_whole() {
    let mut torn = torn(&["name", "phone"]);
    let refused = torn.decides("name");
    let later = torn.decides("phone");
    torn.mia
        .edits("account", &torn.shop, &json!({"phone": "+14795550177"}));
    torn.world.sets("Mia", Some(Role::REP), None);
    torn.mia.sync();
    assert_eq!(torn.mia.unsent(), 0);
    assert_eq!(torn.mia.needs_attention().len(), 1);
    assert_eq!(
        codes(&torn.server())[..4],
        [
            "not_allowed",
            "group_refused",
            "follows_refused",
            "group_refused"
        ]
    );
    torn.agree();
    let open: Vec<Json> = torn
        .max
        .conflicts()
        .iter()
        .map(|of| of["path"].clone())
        .collect();
    assert_eq!((open, torn.decisions()), (vec![json!("name")], 1));
    assert_eq!(torn.max.get("account", &torn.shop)["phone"], "+14795550177");
    let groups: BTreeSet<_> = kept(&torn.server())
        .into_iter()
        .filter_map(|of| of.1)
        .collect();
    let expected = [&refused, &later].map(|group| group[0].group.unwrap().id.0.to_vec());
    assert_eq!(groups, BTreeSet::from(expected));
}

#[test]
fn a_group_whose_answer_was_lost_gets_the_same_verdicts() {
    for is_allowed in [true, false] {
        let mut torn = torn(&["name"]);
        torn.decides("name");
        let verdicts = |db: &Db| {
            let sql = "SELECT count(*) FROM verdict";
            db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        let before = verdicts(&torn.server());
        if !is_allowed {
            torn.world.sets("Mia", Some(Role::REP), None);
        }
        for _ in 0..3 {
            torn.mia.line.fault("/push", Fault::AnswerLost);
        }
        assert!(torn.mia.syncs().is_err());
        torn.agree();
        assert_eq!(verdicts(&torn.server()), before + 2);
        assert_eq!(torn.decisions(), usize::from(is_allowed));
        assert_eq!(torn.mia.needs_attention().len(), usize::from(!is_allowed));
        assert_eq!(torn.max.conflicts().len(), usize::from(!is_allowed));
    }
}

#[test]
fn a_batch_never_cuts_a_group() {
    let mut torn = torn(&["name"]);
    for number in 0..99 {
        torn.mia.edits(
            "account",
            &torn.shop,
            &json!({"phone": format!("+1479{number:07}")}),
        );
    }
    torn.decides("name");
    torn.mia.line.fault("/push", Fault::None);
    for _ in 0..3 {
        torn.mia.line.fault("/push", Fault::RequestLost);
    }
    assert!(torn.mia.syncs().is_err());
    assert_eq!(
        torn.mia.unsent(),
        2,
        "a hundred fit a push, and the group is whole"
    );
    torn.agree();
    assert_eq!(
        (torn.max.conflicts(), torn.mia.needs_attention()),
        (vec![], vec![])
    );
}

#[test]
fn a_group_that_must_be_signed_anew_has_one_author_again() {
    let mut torn = torn(&["name"]);
    torn.mia.copy_files(&torn.world.place("Copy"), true);
    let mut copy = torn.world.new_phone("Copy");
    copy.edits("account", &torn.shop, &json!({"city": "Rogers"}));
    let sent = torn.decides("name");
    copy.sync();
    torn.mia.sync();
    assert_eq!((torn.mia.unsent(), torn.mia.needs_attention()), (0, vec![]));
    assert_eq!(
        (torn.decisions(), torn.max.sync()["unsent"].clone()),
        (0, json!(0))
    );
    assert_eq!(torn.decisions(), 1);
    let newest = "SELECT actor FROM verdict ORDER BY number DESC LIMIT 2";
    let db = torn.server();
    let mut statement = db.prepare(newest).unwrap();
    let rows = statement
        .query_map([], |row| row.get::<_, Vec<u8>>(0))
        .unwrap();
    let actors: Vec<Vec<u8>> = rows.map(Result::unwrap).collect();
    assert_eq!(actors[0], actors[1]);
    assert_ne!(actors[0], sent[0].actor.0);
    torn.world
        .agree(&mut [&mut torn.mia, &mut torn.max, &mut copy]);
    assert_eq!((copy.conflicts(), torn.max.conflicts()), (vec![], vec![]));
}

//! A database is copied to another device, or an older copy comes back: both write on, nothing is
//! lost, nothing doubled, and what competes is listed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use outfield_tests::world::HERE;
use outfield_tests::{Fault, Phone, World, behind};
use serde_json::{Value as Json, json};

/// Ann with a shop, a contact and something unsent, and a copy of her phone.
struct Pair {
    world: World,
    ann: Phone,
    twin: Phone,
    shop: String,
    rosa: String,
}

fn pair(with_mark: bool) -> Pair {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let mut ann = world.phone("Ann");
    let rosa = ann.adds(
        "contact",
        &json!({"name": "Rosa", "phone": "+14795550100", "roles/r/account": shop}),
    );
    ann.sync();
    ann.edits("contact", &rosa, &json!({"mobile": "+14795550109"}));
    ann.does(&json!({"do": "log_follow_up", "account": shop, "note": "Before the copy."}));
    ann.copy_files(&world.place("Twin"), with_mark);
    let twin = world.new_phone("Twin");
    Pair {
        world,
        ann,
        twin,
        shop,
        rosa,
    }
}

impl Pair {
    /// Nothing is lost and nothing doubled: each of these was written once, each note was taken
    /// once.
    #[track_caller]
    fn check(&mut self, written: &[(&str, &str)], notes: &[&str]) {
        self.world.agree(&mut [&mut self.ann, &mut self.twin]);
        let history = behind::history(
            &behind::open(&self.world.server.file(self.world.tenant)),
            &self.rosa,
        );
        let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (path, value) in history {
            *times
                .entry((path, value.as_str().unwrap_or_default().to_owned()))
                .or_default() += 1;
        }
        for (path, value) in written {
            assert_eq!(
                times.get(&((*path).to_owned(), (*value).to_owned())),
                Some(&1),
                "{path} {value}"
            );
        }
        let taken = self.twin.device().list("follow_up", None, 0).unwrap().data;
        let mut taken: Vec<&str> = taken
            .as_array()
            .unwrap()
            .iter()
            .map(|fact| fact["note"].as_str().unwrap())
            .collect();
        taken.sort_unstable();
        assert_eq!(taken, notes);
        assert_eq!(
            (self.ann.needs_attention(), self.twin.needs_attention()),
            (vec![], vec![])
        );
    }

    /// Both write on: the same field, a field each, a note each.
    fn both_write(&mut self) {
        for (phone, number, path, note) in [
            (&mut self.ann, "+14795550111", "job_title", "By the first."),
            (&mut self.twin, "+14795550122", "email", "By the second."),
        ] {
            let own = if path == "email" {
                "rosa@harps.example"
            } else {
                "Owner"
            };
            phone.edits("contact", &self.rosa, &json!({"phone": number}));
            phone.edits("contact", &self.rosa, &json!({path: own}));
            phone.does(&json!({"do": "log_follow_up", "account": self.shop, "note": note}));
            self.world.clock.advance(1);
        }
    }

    #[track_caller]
    fn check_both_written(&mut self) {
        self.check(
            &[
                ("mobile", "+14795550109"),
                ("phone", "+14795550111"),
                ("phone", "+14795550122"),
                ("job_title", "Owner"),
                ("email", "rosa@harps.example"),
            ],
            &["Before the copy.", "By the first.", "By the second."],
        );
        let [conflict] = &self.ann.conflicts()[..] else {
            panic!("{:?}", self.ann.conflicts())
        };
        let mut sides = [
            conflict["mine"]["value"].clone(),
            conflict["theirs"]["value"].clone(),
        ];
        sides.sort_by_key(ToString::to_string);
        assert_eq!(sides, [json!("+14795550111"), json!("+14795550122")]);
    }
}

#[test]
fn two_copies_write_on_and_nothing_is_lost_or_doubled() {
    for with_mark in [true, false] {
        for first in ["ann", "twin"] {
            let mut pair = pair(with_mark);
            pair.both_write();
            if first == "ann" {
                pair.ann.sync()
            } else {
                pair.twin.sync()
            };
            pair.check_both_written();
        }
    }
}

#[test]
fn a_copy_that_downloads_before_it_uploads_still_lists_what_competes() {
    for with_mark in [true, false] {
        let mut pair = pair(with_mark);
        pair.both_write();
        pair.ann.sync();
        for _ in 0..3 {
            pair.twin.line.fault("/push", Fault::RequestLost);
        }
        assert!(pair.twin.syncs().is_err());
        pair.check_both_written();
    }
}

#[test]
fn answers_that_are_lost_double_nothing_in_either_copy() {
    for with_mark in [true, false] {
        let mut pair = pair(with_mark);
        pair.both_write();
        for phone in [&mut pair.ann, &mut pair.twin] {
            for _ in 0..3 {
                phone.line.fault("/push", Fault::AnswerLost);
            }
            phone.line.fault("/pull", Fault::Cut(900));
            drop(phone.syncs());
        }
        pair.check_both_written();
    }
}

#[test]
fn both_copies_go_on_with_one_visit() {
    let mut pair = pair(true);
    let visit = pair
        .ann
        .does(&json!({"do": "start_visit", "account": pair.shop}));
    pair.ann.copy_files(&pair.world.place("Third"), true);
    let mut third = pair.world.new_phone("Third");
    for (phone, answer) in [(&mut pair.ann, "12 facings"), (&mut third, "14 facings")] {
        phone.does(&json!({"do": "check_in", "visit": visit, "position": HERE}));
        for action in ["shelf", "prices"] {
            phone.does(
                &json!({"do": "answer_action", "visit": visit, "action": action, "value": answer}),
            );
        }
        phone.does(&json!({"do": "check_out", "visit": visit}));
        phone.does(&json!({"do": "start_visit", "account": pair.shop}));
        pair.world.clock.advance(60_000);
    }
    pair.world.agree(&mut [&mut pair.ann, &mut third]);
    assert_eq!(third.get("visit", &visit)["state"], "completed");
    let paths: Vec<Json> = third
        .conflicts()
        .iter()
        .map(|conflict| conflict["path"].clone())
        .collect();
    assert!(paths.contains(&json!("actions/shelf/answer")), "{paths:?}");
    assert_eq!(
        (pair.ann.needs_attention(), third.needs_attention()),
        (vec![], vec![])
    );
    let open = third.device().list("visit", None, 0).unwrap().data;
    let open = open
        .as_array()
        .unwrap()
        .iter()
        .filter(|visit| visit["state"] == "in_progress")
        .count();
    assert_eq!(
        open, 2,
        "one visit a device is open; two are flagged, not refused"
    );
}

#[test]
fn a_decision_that_must_be_signed_anew_is_still_a_decision() {
    let mut pair = pair(true);
    let mut ben = pair.world.phone("Ben");
    pair.ann
        .edits("contact", &pair.rosa, &json!({"phone": "+14795550111"}));
    ben.edits("contact", &pair.rosa, &json!({"phone": "+14795550122"}));
    ben.sync();
    pair.ann.sync();
    pair.ann.copy_files(&pair.world.place("Third"), true);
    let mut third = pair.world.new_phone("Third");
    pair.ann
        .edits("contact", &pair.rosa, &json!({"job_title": "Owner"}));
    let conflict = third.conflicts()[0]["id"].clone();
    third.does(&json!({"do": "resolve_conflict", "conflict": conflict, "choose": "theirs"}));
    pair.ann.sync();
    pair.world.agree(&mut [&mut pair.ann, &mut third, &mut ben]);
    assert_eq!((ben.conflicts(), third.needs_attention()), (vec![], vec![]));
    let shown = ben.get("contact", &pair.rosa);
    assert_eq!(
        (&shown["phone"], &shown["job_title"]),
        (&json!("+14795550122"), &json!("Owner"))
    );
}

#[test]
fn an_older_database_that_comes_back_catches_up_and_repeats_nothing() {
    for late in [false, true] {
        let mut pair = pair(false);
        let backup = pair.world.place("Backup");
        pair.ann.copy_files(&backup, true);
        pair.ann
            .edits("contact", &pair.rosa, &json!({"phone": "+14795550111"}));
        pair.ann
            .edits("contact", &pair.rosa, &json!({"job_title": "Owner"}));
        pair.ann
            .does(&json!({"do": "log_follow_up", "account": pair.shop, "note": "By the first."}));
        pair.ann.sync();
        pair.ann.restore_files(&backup);
        pair.world.clock.advance(1);
        if late {
            pair.ann.sync();
        }
        pair.ann
            .edits("contact", &pair.rosa, &json!({"phone": "+14795550122"}));
        pair.ann.edits(
            "contact",
            &pair.rosa,
            &json!({"email": "rosa@harps.example"}),
        );
        pair.ann
            .does(&json!({"do": "log_follow_up", "account": pair.shop, "note": "By the second."}));
        pair.twin.sync();
        if late {
            // It had caught up before it wrote, so nothing competes.
            pair.check(
                &[
                    ("mobile", "+14795550109"),
                    ("phone", "+14795550111"),
                    ("phone", "+14795550122"),
                ],
                &["Before the copy.", "By the first.", "By the second."],
            );
            assert_eq!(pair.ann.conflicts(), [] as [Json; 0]);
        } else {
            pair.check_both_written();
        }
    }
}

//! Work goes on in one device while another device on the same file meets the server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::base::context::Role;
use outfield_tests::{Fault, World, behind};
use serde_json::{Value as Json, json};

const CALLS: [&str; 3] = ["/hello", "/push", "/pull"];

/// The values that were ever accepted at a path.
fn accepted(world: &World, id: &str, path: &str) -> Vec<Json> {
    let history = behind::history(&behind::open(&world.server.file(world.tenant)), id);
    history
        .into_iter()
        .filter(|(at, _)| at == path)
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn what_is_written_during_a_sync_is_sent_once() {
    for call in CALLS {
        let world = World::new();
        let shop = world.account("Harp's", "North");
        let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
        ann.edits("account", &shop, &json!({"phone": "+14795550101"}));
        ben.edits("account", &shop, &json!({"city": "Bentonville"}));
        ben.sync();
        let (mut hands, id) = (ann.beside(&world.server), shop.clone());
        ann.line.before(call, move || {
            hands.edits("account", &id, &json!({"phone": "+14795550102"}));
            hands.does(&json!({"do": "log_follow_up", "account": id, "note": "Said meanwhile."}));
        });
        ann.sync();
        world.agree(&mut [&mut ann, &mut ben]);
        assert_eq!(
            accepted(&world, &shop, "phone"),
            ["+14795550101", "+14795550102"],
            "{call}"
        );
        assert_eq!(ben.get("account", &shop)["phone"], "+14795550102");
        assert_eq!(
            world
                .office(|office| office.all("follow_up"))
                .unwrap()
                .len(),
            1
        );
        assert_eq!(ann.conflicts(), [] as [Json; 0]);
    }
}

#[test]
fn what_is_written_while_a_refusal_comes_is_not_refused_with_it() {
    for call in CALLS {
        for knows in [true, false] {
            let world = World::new();
            let shop = world.account("Harp's", "North");
            let mut mia = world.phone_for("Mia", Role::MANAGER, &["North"]);
            mia.edits("account", &shop, &json!({"name": "Harp's Food"}));
            mia.edits("account", &shop, &json!({"city": "Bentonville"}));
            world.sets("Mia", Some(Role::REP), None);
            let (mut hands, id) = (mia.beside(&world.server), shop.clone());
            mia.line.before(call, move || {
                if knows {
                    hands.device().refresh().unwrap();
                }
                hands.edits("account", &id, &json!({"phone": "+14795550102"}));
            });
            mia.sync();
            world.agree(&mut [&mut mia]);
            assert_eq!(mia.needs_attention().len(), 1, "{call}");
            assert_eq!(accepted(&world, &shop, "phone"), ["+14795550102"], "{call}");
            assert_eq!(accepted(&world, &shop, "city"), ["Bentonville"], "{call}");
        }
    }
}

#[test]
fn what_is_written_while_a_conflict_comes_is_part_of_it() {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    ben.edits("account", &shop, &json!({"phone": "+14795550102"}));
    ben.sync();
    let (mut hands, id) = (ann.beside(&world.server), shop.clone());
    ann.line.before("/pull", move || {
        hands.edits("account", &id, &json!({"phone": "+14795550101"}))
    });
    ann.sync();
    assert_eq!(ann.conflicts().len(), 1, "it is shown before it is sent");
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ben.conflicts()[0]["id"], ann.conflicts()[0]["id"]);
}

#[test]
fn both_houses_know_what_either_wrote() {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let mut ann = world.phone("Ann");
    let mut hands = ann.beside(&world.server);
    let visit = hands.does(&json!({"do": "start_visit", "account": shop}));
    assert_eq!(
        ann.refused(&json!({"do": "start_visit", "account": shop}))
            .0,
        "visit_open"
    );
    ann.line.fault("/pull", Fault::Cut(40));
    ann.sync();
    assert_eq!(
        (hands.unsent(), hands.get("visit", &visit)["state"].clone()),
        (0, json!("in_progress"))
    );
    world.agree(&mut [&mut ann]);
}

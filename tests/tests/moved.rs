//! What leaves a person's reach: work from before the phone could know still counts, work from
//! after does not, and what moves within reach never leaves the screen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::app::FieldError;
use outfield_core::base::context::Role;
use outfield_tests::{Fault, Phone, World, behind};
use serde_json::{Value as Json, json};

/// Ann in North with a shop, its contact and a visit of hers; Bob in South.
struct Scene {
    world: World,
    ann: Phone,
    bob: Phone,
    shop: String,
    rosa: String,
}

fn scene() -> Scene {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let mut ann = world.phone("Ann");
    let mut bob = world.phone_for("Bob", Role::REP, &["South"]);
    ann.sync();
    let rosa = ann.adds("contact", &json!({"name": "Rosa", "roles/r/account": shop}));
    ann.sync();
    world.puts("contact", Some(&rosa), &json!({"owner": world.user("Bob")}));
    world.agree(&mut [&mut ann, &mut bob]);
    Scene {
        world,
        ann,
        bob,
        shop,
        rosa,
    }
}

impl Scene {
    /// The office gives the shop to South.
    fn move_shop(&self) {
        let south = self.world.territory("South");
        self.world
            .puts("account", Some(&self.shop), &json!({"territory": south}));
    }

    /// Ann's uploads are lost and her downloads arrive.
    fn download_alone(&mut self) {
        for _ in 0..3 {
            self.ann.line.fault("/push", Fault::RequestLost);
        }
        assert!(self.ann.syncs().is_err());
    }
}

#[test]
fn an_edit_from_before_the_phone_could_know_is_accepted() {
    let Scene {
        world,
        mut ann,
        mut bob,
        shop,
        rosa,
    } = {
        let scene = scene();
        scene.move_shop();
        scene
    };
    ann.edits("account", &shop, &json!({"phone": "+14795550101"}));
    ann.edits("contact", &rosa, &json!({"job_title": "Owner"}));
    ann.does(&json!({"do": "log_follow_up", "account": shop, "note": "Likes the new range."}));
    let visit = ann.does(&json!({"do": "start_visit", "account": shop}));
    world.agree(&mut [&mut ann, &mut bob]);
    assert_eq!(ann.needs_attention(), [] as [Json; 0]);
    assert_eq!(bob.get("account", &shop)["phone"], "+14795550101");
    assert_eq!(bob.get("contact", &rosa)["job_title"], "Owner");
    assert_eq!(bob.get("visit", &visit)["state"], "in_progress");
    assert_eq!(
        bob.device()
            .list("follow_up", None, 0)
            .unwrap()
            .data
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        (ann.get("account", &shop), ann.get("contact", &rosa)),
        (Json::Null, Json::Null)
    );
}

#[test]
fn an_edit_from_after_is_refused_and_kept_on_both_sides() {
    let mut scene = scene();
    scene.move_shop();
    scene
        .ann
        .edits("account", &scene.shop, &json!({"phone": "+14795550101"}));
    scene.download_alone();
    assert_eq!(
        scene.ann.get("account", &scene.shop)["name"],
        "Harp's",
        "unsent work keeps the record here"
    );
    let late = json!({"do": "edit", "object": "account", "id": scene.shop,
        "fields": {"email": "late@harps.example"}});
    scene.ann.does(&late);
    let Scene {
        world,
        mut ann,
        mut bob,
        shop,
        ..
    } = scene;
    world.agree(&mut [&mut ann, &mut bob]);
    assert_eq!(bob.get("account", &shop)["phone"], "+14795550101");
    assert_eq!(bob.get("account", &shop)["email"], Json::Null);
    let [held] = &ann.needs_attention()[..] else {
        panic!("{:?}", ann.needs_attention())
    };
    assert_eq!(
        (&held["code"], &held["command"]),
        (&json!("not_in_scope"), &late)
    );
    let kept = behind::quarantine(&behind::open(&world.server.file(world.tenant)));
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].code.as_str(), &kept[0].record),
        ("not_in_scope", &shop)
    );
    assert_eq!(
        kept[0].operations,
        [("email".to_owned(), json!("late@harps.example"))]
    );
    assert_eq!(
        ann.get("account", &shop),
        Json::Null,
        "with nothing unsent the record goes"
    );
}

#[test]
fn a_lost_territory_is_judged_alike() {
    let mut scene = scene();
    scene.world.sets("Ann", None, Some(&["South"]));
    scene
        .ann
        .edits("account", &scene.shop, &json!({"phone": "+14795550101"}));
    scene.download_alone();
    scene.ann.edits(
        "account",
        &scene.shop,
        &json!({"email": "late@harps.example"}),
    );
    let Scene {
        world,
        mut ann,
        mut bob,
        shop,
        ..
    } = scene;
    world.agree(&mut [&mut ann, &mut bob]);
    assert_eq!(world.record("account", &shop)["phone"], "+14795550101");
    assert_eq!(world.record("account", &shop)["email"], Json::Null);
    let [held] = &ann.needs_attention()[..] else {
        panic!("{:?}", ann.needs_attention())
    };
    assert_eq!(
        (&held["code"], &held["command"]["fields"]),
        (
            &json!("not_in_scope"),
            &json!({"email": "late@harps.example"})
        )
    );
    assert_eq!(ann.get("account", &shop), Json::Null);
}

#[test]
fn a_person_without_territories_keeps_what_is_their_own() {
    let Scene {
        world,
        mut ann,
        mut bob,
        shop,
        rosa,
    } = scene();
    let mine = ann.adds("contact", &json!({"name": "Ines"}));
    ann.sync();
    world.sets("Ann", None, Some(&[]));
    world.agree(&mut [&mut ann, &mut bob]);
    assert_eq!(
        (ann.get("account", &shop), ann.get("contact", &rosa)),
        (Json::Null, Json::Null)
    );
    assert_eq!(ann.get("contact", &mine)["name"], "Ines");
    world.sets("Ann", None, Some(&["North"]));
    world.agree(&mut [&mut ann, &mut bob]);
    assert_eq!(ann.get("contact", &rosa)["name"], "Rosa");
}

#[test]
fn the_office_may_take_a_territory_in_the_middle_of_a_sync() {
    let Scene {
        world,
        mut ann,
        mut bob,
        shop,
        ..
    } = scene();
    let news = world.account("Dale's", "North");
    let (server, tenant) = (world.server.clone(), world.tenant);
    ann.line.before("/pull", move || {
        server
            .with(tenant, |office| {
                office.set_user("Ann", None, Some(&["South".to_owned()]), None)
            })
            .unwrap();
    });
    let said = ann.syncs();
    assert!(matches!(said, Err(FieldError::TryLater { .. })), "{said:?}");
    assert_eq!(ann.get("account", &news), Json::Null);
    world.agree(&mut [&mut ann, &mut bob]);
    assert_eq!(ann.get("account", &shop), Json::Null);
}

#[test]
fn what_moves_within_reach_is_never_gone_wherever_the_line_breaks() {
    let Scene {
        world, shop, rosa, ..
    } = scene();
    let mut mia = world.phone_for("Mia", Role::MANAGER, &["North", "South"]);
    world.puts(
        "account",
        Some(&shop),
        &json!({"territory": world.territory("South")}),
    );
    for bytes in (0..2_000).step_by(37) {
        mia.line.mend();
        mia.line.fault("/pull", Fault::Cut(bytes));
        mia.line.fault("/pull", Fault::RequestLost);
        mia.line.fault("/pull", Fault::RequestLost);
        drop(mia.syncs());
        assert_eq!(
            mia.get("account", &shop)["name"],
            "Harp's",
            "cut after {bytes} bytes"
        );
        assert_eq!(
            mia.get("contact", &rosa)["name"],
            "Rosa",
            "cut after {bytes} bytes"
        );
    }
    mia.line.mend();
    world.agree(&mut [&mut mia]);
}

#[test]
fn ones_own_move_fetches_no_bucket_anew() {
    let Scene { world, shop, .. } = scene();
    let _other = world.account("Dale's", "South");
    let mut mia = world.phone_for("Mia", Role::MANAGER, &["North", "South"]);
    mia.edits(
        "account",
        &shop,
        &json!({"territory": world.territory("South")}),
    );
    mia.line.calls();
    mia.sync();
    let pulls = mia
        .line
        .calls()
        .iter()
        .filter(|path| path.ends_with("/pull"))
        .count();
    assert_eq!(pulls, 1);
    world.agree(&mut [&mut mia]);
}

#[test]
fn what_ones_own_edit_brings_into_another_bucket_comes_with_all_that_others_wrote_meanwhile() {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let mut ann = world.phone_for("Ann", Role::MANAGER, &["North", "South"]);
    let mut mia = world.phone_for("Mia", Role::MANAGER, &["North", "South"]);
    let rosa = ann.adds("contact", &json!({"name": "Rosa", "roles/r/account": shop}));
    let other = world.account("Dale's", "South");
    world.agree(&mut [&mut ann, &mut mia]);
    ann.edits("account", &shop, &json!({"phone": "+14795550101"}));
    ann.edits("contact", &rosa, &json!({"job_title": "Owner"}));
    mia.edits(
        "account",
        &shop,
        &json!({"territory": world.territory("South")}),
    );
    mia.does(&json!({"do": "link_contact", "contact": rosa, "account": other}));
    ann.sync();
    mia.line.calls();
    mia.sync();
    let pulls = mia
        .line
        .calls()
        .iter()
        .filter(|path| path.ends_with("/pull"))
        .count();
    assert_eq!(pulls, 1, "a bucket differed and came anew");
    assert_eq!(mia.get("account", &shop)["phone"], "+14795550101");
    world.agree(&mut [&mut ann, &mut mia]);
}

#[test]
fn what_is_accepted_into_buckets_that_one_does_not_follow_leaves_the_phone() {
    let Scene {
        world,
        mut ann,
        mut bob,
        ..
    } = scene();
    let mut mia = world.phone_for("Mia", Role::MANAGER, &["South"]);
    // Something is in each of her buckets, so that none is told from its beginning any more.
    let kroger = world.account("Kroger", "South");
    mia.sync();
    mia.adds(
        "contact",
        &json!({"name": "Lea", "roles/r/account": kroger}),
    );
    for _ in 0..2 {
        mia.sync();
    }
    let eva = json!({"name": "Eva", "owner": world.user("Bob"), "phone": "+14795550123"});
    let eva = mia.adds("contact", &eva);
    assert_eq!(mia.get("contact", &eva)["name"], "Eva");
    mia.sync();
    assert_eq!(mia.needs_attention().len(), 0);
    assert!(mia.get("contact", &eva).is_null(), "Bob alone has it");
    bob.sync();
    assert_eq!(bob.get("contact", &eva)["name"], "Eva");
    world.agree(&mut [&mut ann, &mut bob, &mut mia]);
}

//! What is packed and what is let go: logs name each record once, late phones are filled from one
//! base, finished records keep what they show without their history. Nothing of it changes what
//! anybody sees.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use outfield_core::base::context::Role;
use outfield_core::base::id::ChangeHash;
use outfield_core::store::{Db, documents};
use outfield_tests::anew::fetched_anew;
use outfield_tests::files::with_ending;
use outfield_tests::world::HERE;
use outfield_tests::{Fault, Phone, World, behind};
use serde_json::json;

const DAY_HOURS: i64 = 24;

fn count(db: &Db, what: &str) -> i64 {
    db.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| {
        row.get(0)
    })
    .unwrap()
}

fn server(world: &World) -> Db {
    behind::open(&world.server.file(world.tenant))
}

/// A visit that ended, and the shop it was made in.
fn visited(world: &World, phone: &mut Phone) -> (String, String) {
    let shop = world.account("Harp's", "North");
    phone.sync();
    let visit = phone.does(&json!({"do": "start_visit", "account": shop}));
    phone.does(&json!({"do": "check_in", "visit": visit, "position": HERE}));
    phone.does(&json!({"do": "cancel_visit", "visit": visit, "reason": "Closed for stocktaking"}));
    phone.sync();
    (visit, shop)
}

fn has_history(phone: &Phone, id: &str) -> bool {
    !documents::is_elsewhere(&behind::open(&phone.file), id.parse().unwrap()).unwrap()
}

#[test]
fn a_compacted_log_names_each_record_once_and_forgets_the_changes_it_told() {
    let world = World::new();
    let mut ann = world.phone("Ann");
    let shop = world.account("Harp's", "North");
    ann.sync();
    for number in 0..20 {
        ann.edits(
            "account",
            &shop,
            &json!({"phone": format!("+1479555{number:04}")}),
        );
    }
    ann.sync();
    let id = shop.replace('-', "").to_uppercase();
    let named = format!("log WHERE hex(id) = '{id}'");
    assert!(count(&server(&world), &named) > 20);
    assert!(count(&server(&world), "payload") >= 20);
    let sums = behind::standings(&server(&world));
    world.compacts();
    assert_eq!(count(&server(&world), &named), 1);
    assert_eq!(count(&server(&world), "payload"), 0);
    assert_eq!(behind::standings(&server(&world)), sums);
}

#[test]
fn a_phone_that_comes_late_is_filled_from_the_base_and_from_what_came_after_it() {
    let world = World::new();
    let mut ann = world.phone("Ann");
    let shops: Vec<String> = (0..30)
        .map(|number| world.account(&format!("Shop {number}"), "North"))
        .collect();
    ann.sync();
    world.compacts();
    // After the base: one is changed, one goes, one comes.
    ann.edits("account", &shops[0], &json!({"phone": "+14795550101"}));
    let south = world.territory("South");
    world.puts("account", Some(&shops[1]), &json!({"territory": south}));
    let new = world.account("New", "North");
    ann.sync();
    let mut late = world.phone("Ben");
    world.agree(&mut [&mut ann, &mut late]);
    assert_eq!(late.get("account", &shops[0])["phone"], "+14795550101");
    assert!(late.get("account", &shops[1]).is_null());
    assert_eq!(late.get("account", &new)["name"], "New");
    assert!(has_history(&late, &shops[2]));
}

#[test]
fn a_base_that_is_older_than_what_a_phone_holds_takes_nothing_back() {
    let world = World::new();
    let (north, south) = (world.territory("North"), world.territory("South"));
    let shop = world.account("Harp's", "South");
    let credit = json!({"account": shop, "limit": "100", "used": "0", "currency": "USD"});
    let credit = world.puts("credit_figure", None, &credit);
    world.compacts();
    // The south's base has the shop as it was; it left since, and goes on elsewhere.
    world.puts("account", Some(&shop), &json!({"territory": north}));
    let mut ann = world.phone_for("Ann", Role::REP, &["North"]);
    ann.sync();
    ann.edits("account", &shop, &json!({"phone": "+14795550101"}));
    world.puts("credit_figure", Some(&credit), &json!({"used": "40"}));
    ann.sync();
    world.sets("Ann", None, Some(&["North", "South"]));
    ann.line.calls();
    ann.sync();
    assert_eq!(
        ann.line.calls(),
        ["/sync/v1/hello", "/sync/v1/pull"],
        "something came a second time"
    );
    assert_eq!(ann.get("account", &shop)["phone"], "+14795550101");
    assert_eq!(ann.get("credit_figure", &credit)["used"], "40");
    assert!(
        count(&behind::open(&ann.file), "bucket") >= 4,
        "she follows {south} now"
    );
    world.agree(&mut [&mut ann]);
}

/// A name that no packing makes small.
fn long_name(number: u64) -> String {
    let bytes = number.to_be_bytes();
    (0..20)
        .map(|part| ChangeHash::of(&[&bytes[..], &[part]].concat()).to_string())
        .collect()
}

/// Bytes of a database; its log has at most 5 MiB once somebody wrote after a peak.
fn bytes(file: &Path) -> u64 {
    let of = |file: &Path| std::fs::metadata(file).map_or(0, |file| file.len());
    let log = of(&with_ending(file, "-wal"));
    assert!(log < 5 * 1024 * 1024, "the log has {log} bytes");
    of(file)
}

#[test]
fn the_room_of_what_left_a_phone_goes_back_to_the_disk() {
    let world = World::new();
    let mut ann = world.phone("Ann");
    for number in 0..800 {
        let _ = world.account(&long_name(number), "North");
    }
    let _ = world.territory("South");
    ann.sync();
    let full = bytes(&ann.file);
    world.sets("Ann", None, Some(&["South"]));
    for number in 0..3 {
        ann.sync();
        ann.does(
            &json!({"do": "add", "object": "contact", "fields": {"name": number.to_string()}}),
        );
    }
    let left = bytes(&ann.file);
    assert!(left * 2 < full, "{left} of {full} bytes");
    world.agree(&mut [&mut ann]);
}

#[test]
fn the_room_of_what_a_log_forgot_goes_back_to_the_disk() {
    let world = World::new();
    let mut ann = world.phone("Ann");
    for shop in 0..10 {
        let shop = world.account(&format!("Shop {shop}"), "North");
        for number in 0..120 {
            world.puts("account", Some(&shop), &json!({"name": long_name(number)}));
        }
    }
    let file = world.server.file(world.tenant);
    let full = bytes(&file);
    for shop in 10..13 {
        world.compacts();
        let _ = world.account(&format!("Shop {shop}"), "North");
    }
    let left = bytes(&file);
    assert!(left * 4 < full * 3, "{left} of {full} bytes");
    world.agree(&mut [&mut ann]);
}

#[test]
fn a_base_that_breaks_off_goes_on_where_it_was() {
    let world = World::new();
    // With long names the base travels in several blocks.
    let shops: Vec<String> = (0..200)
        .map(|number| world.account(&long_name(number), "North"))
        .collect();
    world.compacts();
    let packed = count(
        &server(&world),
        "base WHERE bucket = (SELECT number FROM bucket WHERE name LIKE 'terr%')",
    );
    assert_eq!(packed, 1);
    let code = world.hires("Ann", Role::REP, &["North"]);
    let mut ann = world.new_phone("Ann");
    ann.enrol(&code).unwrap();
    // The first answer breaks off in the middle, and nothing comes after it.
    ann.line.fault("/pull", Fault::Cut(150_000));
    (0..3).for_each(|_| ann.line.fault("/pull", Fault::RequestLost));
    ann.syncs().unwrap_err();
    let first: i64 = count(&behind::open(&ann.file), "account");
    assert!(
        first > 0 && first < 200,
        "{first} of 200 came with the first answer"
    );
    ann.line.mend();
    let received = ann.sync()["received"].as_i64().unwrap();
    assert!(
        received <= 200 - first + 20,
        "{first} were here, and {received} came again"
    );
    assert_eq!(count(&behind::open(&ann.file), "account"), 200);
    world.agree(&mut [&mut ann]);
    assert_eq!(ann.get("account", &shops[199])["name"], long_name(199));
}

#[test]
fn whoever_was_away_while_the_log_was_compacted_misses_nothing() {
    let world = World::new();
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    let shops: Vec<String> = (0..10)
        .map(|number| world.account(&format!("Shop {number}"), "North"))
        .collect();
    world.agree(&mut [&mut ann, &mut ben]);
    ben.edits("account", &shops[3], &json!({"phone": "+14795550103"}));
    ann.edits("account", &shops[2], &json!({"phone": "+14795550102"}));
    let south = world.territory("South");
    world.puts("account", Some(&shops[1]), &json!({"territory": south}));
    ann.sync();
    world.compacts();
    ann.edits("account", &shops[4], &json!({"phone": "+14795550104"}));
    world.agree(&mut [&mut ann, &mut ben]);
    assert!(ben.get("account", &shops[1]).is_null());
    for (number, shop) in shops.iter().enumerate().skip(2).take(3) {
        assert_eq!(
            ben.get("account", shop)["phone"],
            format!("+1479555010{number}")
        );
    }
}

#[test]
fn after_180_days_a_removal_is_forgotten_and_who_slept_longer_comes_anew() {
    let world = World::new();
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    let shop = world.account("Harp's", "North");
    world.agree(&mut [&mut ann, &mut ben]);
    let south = world.territory("South");
    world.puts("account", Some(&shop), &json!({"territory": south}));
    world.compacts();
    assert!(count(&server(&world), "log WHERE op = 4") > 0);
    world.clock.advance_hours(181 * DAY_HOURS);
    world.compacts();
    assert_eq!(count(&server(&world), "log WHERE op = 4"), 0);
    let code = world.office(|office| office.user_code("Ben")).unwrap();
    ben.enrol(&code).unwrap();
    ben.sync();
    assert!(ben.get("account", &shop).is_null());
    world.agrees(&mut ben);
}

#[test]
fn a_finished_visit_lets_go_of_its_history_after_a_week_and_keeps_what_it_shows() {
    let world = World::new();
    let mut ann = world.phone("Ann");
    let (visit, shop) = visited(&world, &mut ann);
    assert!(has_history(&ann, &visit));
    world.clock.advance_hours(8 * DAY_HOURS);
    world.puts("account", Some(&shop), &json!({"phone": "+14795550100"}));
    let shown = ann.get("visit", &visit);
    ann.sync();
    assert!(!has_history(&ann, &visit));
    assert_eq!(ann.get("visit", &visit), shown);
    ann.device().rebuild().unwrap();
    assert_eq!(ann.get("visit", &visit), shown);
    // Who comes now gets no history at all.
    let mut late = world.phone("Ben");
    assert!(!has_history(&late, &visit));
    assert_eq!(
        late.get("visit", &visit)["cancel_reason"],
        "Closed for stocktaking"
    );
    world.agree(&mut [&mut ann, &mut late]);
}

#[test]
fn what_was_let_go_is_changed_after_one_sync_brought_its_history_back() {
    let world = World::new();
    let mut ann = world.phone("Ann");
    let (visit, shop) = visited(&world, &mut ann);
    world.clock.advance_hours(8 * DAY_HOURS);
    world.puts("account", Some(&shop), &json!({"phone": "+14795550100"}));
    ann.sync();
    let mut ben = world.phone("Ben");
    let edit =
        json!({"do": "edit", "object": "visit", "id": visit, "fields": {"purpose": "Stocktaking"}});
    for phone in [&mut ann, &mut ben] {
        assert_eq!(phone.refused(&edit).0, "history_elsewhere");
        assert_eq!(phone.unsent(), 0);
        phone.sync();
        assert!(has_history(phone, &visit));
    }
    // Both change it offline, one more is told nothing but what it shows: two values compete, and
    // both are kept.
    ann.does(&edit);
    ben.edits("visit", &visit, &json!({"purpose": "Relaunch"}));
    let mut late = world.phone("Cem");
    world.agree(&mut [&mut ann, &mut ben, &mut late]);
    assert_eq!(ann.conflicts().len(), 1);
    assert!(
        has_history(&late, &visit),
        "what is disputed comes with its history"
    );
    let conflict = late.conflicts()[0]["id"].clone();
    late.does(&json!({"do": "resolve_conflict", "conflict": conflict, "choose": "theirs"}));
    world.agree(&mut [&mut ann, &mut ben, &mut late]);
    assert_eq!(ann.conflicts(), [] as [serde_json::Value; 0]);
}

#[test]
fn a_line_that_breaks_behind_a_visit_without_its_history_fetches_no_bucket_anew() {
    let world = World::new();
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    let shop = world.account("Harp's", "North");
    ann.sync();
    ben.sync();
    let visit = ann.does(&json!({"do": "start_visit", "account": shop}));
    for purpose in ["Stocktaking", "Relaunch"] {
        ann.edits("visit", &visit, &json!({"purpose": purpose}));
    }
    ann.does(&json!({"do": "cancel_visit", "visit": visit, "reason": "Closed"}));
    world.clock.advance_hours(8 * DAY_HOURS);
    // With new tokens, which no earlier state of its file takes back.
    ben.sync();
    ann.sync();
    let anew = fetched_anew(&ben.line);
    let before = world.place("Ben before");
    ben.copy_files(&before, true);
    // Wherever it breaks, what comes next continues what arrived.
    for bytes in (0..1_100).step_by(23) {
        ben.restore_files(&before);
        ben.line.fault("/pull", Fault::Short(bytes));
        ben.sync();
    }
    assert_eq!(ben.get("visit", &visit)["purpose"], "Relaunch");
    assert!(!has_history(&ben, &visit));
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(*anew.borrow(), [] as [String; 0]);
}

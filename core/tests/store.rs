//! The store from outside: records go in and come out, members sum up, words are found.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::base::id::{ActorId, ChangeHash, GroupId, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::base::version::Version;
use outfield_core::objects::{Descriptor, Record, Registry, Stamp, Value, Values};
use outfield_core::store::outbox::{EntryGroup, EntryKind, NewEntry};
use outfield_core::store::pages::{NearCircle, PageQuest};
use outfield_core::store::{
    self, Db, PHONE, Schema, attention, digest, members, outbox, search, tables,
};
use proptest::prelude::*;

const SHOP: &str = r#"{"object":"shop","version":1,"label":"Shop","kind":"document",
 "scope":[{"bucket":"tenant"}],"search":["name"],"rights":{},"fields":{"name":{"kind":"text"},
 "open":{"kind":"boolean"},"place":{"kind":"position"},
 "owner":{"kind":"reference","of":"shop"},"seats":{"kind":"integer"}},
 "lines":{"shelves":{"fields":{"product":{"kind":"text"},"facings":{"kind":"integer"}}}}}"#;

fn world() -> (tempfile::TempDir, Db, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let db = store::open::open(&folder.path().join("a.db"), store::PHONE).unwrap();
    let mut registry = Registry::default();
    registry.adopt(serde_json::from_str(SHOP).unwrap());
    tables::ensure(&db, &registry).unwrap();
    (folder, db, registry)
}

fn id(n: u8) -> RecordId {
    RecordId([n; 16])
}

fn shop(n: u8, values: &[(&str, Value)]) -> Record {
    let values = values
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect();
    let stamp = Some(Stamp::once(Timestamp(5), ActorId([9; 16])));
    Record {
        object: "shop".to_owned(),
        id: id(n),
        values,
        stamp,
    }
}

fn of(registry: &Registry) -> &Descriptor {
    registry.get("shop").unwrap()
}

proptest! {
    // Each case is a database of its own, made durable on a real disk.
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_record_comes_back_as_it_was_put(
        name in "\\PC{0,20}", seats in any::<i64>(), open in any::<bool>(),
        lines in proptest::collection::btree_map("[a-z0-9~-]{1,12}", -5_i64..500, 0..4),
    ) {
        let (_folder, db, registry) = world();
        let plain = [("name", name.into()), ("seats", seats.into()), ("open", open.into())];
        let mut record = shop(1, &plain);
        record.values.insert("owner".to_owned(), id(7).to_string().into());
        record.values.insert("place".to_owned(), "36.342235,-94.071410".into());
        record.values.insert("later".to_owned(), "a field of a newer version".into());
        for (line, facings) in &lines {
            record.values.insert(format!("shelves/{line}/facings"), (*facings).into());
        }
        tables::put(&db, of(&registry), &record).unwrap();
        prop_assert_eq!(tables::read(&db, of(&registry), id(1)).unwrap(), Some(record));
    }

    #[test]
    fn a_state_sum_is_that_of_its_members(
        steps in proptest::collection::vec((0..3_u8, 0..5_u8, 0..4_u64), 1..40),
    ) {
        let (_folder, db, _) = world();
        for (what, n, version) in steps {
            match what {
                0 => drop(members::set(&db, "tenant", id(n), "shop", Version(version)).unwrap()),
                1 => members::update(&db, id(n), Version(version)).unwrap(),
                _ => drop(members::remove(&db, "tenant", id(n)).unwrap()),
            }
        }
        let sum = members::bucket(&db, "tenant").unwrap().map_or(0, |state| state.sum);
        prop_assert_eq!(members::recompute(&db, "tenant").unwrap(), sum);
    }

    #[test]
    fn no_search_text_breaks_the_search(text in "\\PC{0,30}") {
        let (_folder, db, _) = world();
        prop_assert!(search::search(&db, &text, 5).unwrap().is_empty());
    }
}

#[test]
fn a_patch_writes_only_what_it_names() {
    let (_folder, db, registry) = world();
    tables::put(
        &db,
        of(&registry),
        &shop(1, &[("name", "Corner".into()), ("seats", 4.into())]),
    )
    .unwrap();
    let values = Values::from([
        ("seats".to_owned(), Value::Null),
        ("open".to_owned(), true.into()),
    ]);
    tables::patch(&db, of(&registry), id(1), &values, None).unwrap();
    let expected = shop(1, &[("name", "Corner".into()), ("open", true.into())]);
    assert_eq!(
        tables::read(&db, of(&registry), id(1)).unwrap(),
        Some(expected)
    );
}

#[test]
fn a_new_field_finds_the_values_that_came_before_it() {
    let (_folder, db, mut registry) = world();
    tables::put(
        &db,
        of(&registry),
        &shop(1, &[("phone", "+14795550001".into())]),
    )
    .unwrap();
    let grown = SHOP.replace("\"seats\"", "\"phone\":{\"kind\":\"phone\"},\"seats\"");
    registry.adopt(serde_json::from_str(&grown).unwrap());
    tables::ensure(&db, &registry).unwrap();
    let phone: String = db
        .query_row("SELECT phone FROM shop", [], |row| row.get(0))
        .unwrap();
    assert_eq!(phone, "+14795550001");
}

#[test]
fn the_nearest_come_first_and_the_far_not_at_all() {
    let (_folder, db, registry) = world();
    for (n, place) in [
        (1, "36.100000,-94.000000"),
        (2, "36.001000,-94.000000"),
        (3, "36.010000,-94.000000"),
    ] {
        tables::put(&db, of(&registry), &shop(n, &[("place", place.into())])).unwrap();
    }
    let near = NearCircle {
        field: "place",
        at: "36.0,-94.0".parse().unwrap(),
        metres: 2_000,
    };
    let quest = PageQuest {
        descriptor: of(&registry),
        condition: None,
        order: &[],
        near: Some(near),
        words: None,
        buckets: None,
        after: None,
        limit: 10,
        holds: &|_| Ok(true),
    };
    let found = quest.page(&db).unwrap().records;
    let found: Vec<_> = found
        .iter()
        .map(|found| (found.record.id, found.metres.unwrap()))
        .collect();
    assert_eq!(found, [(id(2), 111), (id(3), 1_112)]);
}

#[test]
fn words_are_found_by_their_beginning_without_accents() {
    let (_folder, db, registry) = world();
    tables::put(
        &db,
        of(&registry),
        &shop(1, &[("name", "Café Zürich".into())]),
    )
    .unwrap();
    assert_eq!(
        search::search(&db, "zur caf", 5).unwrap(),
        [("shop".to_owned(), id(1))]
    );
    tables::remove(&db, of(&registry), id(1)).unwrap();
    assert_eq!(search::search(&db, "zur", 5).unwrap(), []);
}

#[test]
fn a_digest_says_what_is_seen_and_nothing_else() {
    let (_folder, db, registry) = world();
    let seen = shop(
        1,
        &[("name", "Corner".into()), ("shelves/a/facings", 3.into())],
    );
    tables::put(&db, of(&registry), &seen).unwrap();
    let before = digest::digest(&db, &registry, None).unwrap();
    let mut removed = seen.clone();
    removed
        .values
        .insert("shelves/b/facings".to_owned(), 9.into());
    removed
        .values
        .insert("shelves/b/removed".to_owned(), true.into());
    tables::put(&db, of(&registry), &removed).unwrap();
    assert_eq!(digest::digest(&db, &registry, None).unwrap(), before);
    assert_eq!(before["shop"].0, 1);
}

#[test]
fn a_taken_entry_is_gone_and_its_number_never_comes_again() {
    let (_folder, db, _) = world();
    let entry = |n: u8| NewEntry {
        kind: EntryKind::Fact,
        object: "shop".to_owned(),
        record: id(n),
        hash: ChangeHash([n; 32]),
        bytes: vec![n; 100],
        command: "{}".to_owned(),
        actor: ActorId([1; 16]),
        at: Timestamp(0),
        verb: None,
        group: None,
        knew: 0,
    };
    for n in 1..=3 {
        outbox::push(&db, &entry(n)).unwrap();
    }
    assert_eq!(outbox::batch(&db, 0, 100, 250).unwrap().len(), 2);
    assert_eq!(
        outbox::batch(&db, 0, 100, 1).unwrap().len(),
        1,
        "one goes even if it is larger than a batch"
    );
    assert_eq!(
        outbox::take(&db, ChangeHash([3; 32]))
            .unwrap()
            .unwrap()
            .number,
        3
    );
    assert_eq!(outbox::push(&db, &entry(4)).unwrap(), 4);
    assert_eq!(outbox::last_number(&db).unwrap(), 4);
}

#[test]
fn a_batch_of_the_outbox_never_cuts_a_group() {
    let (_folder, db, _) = world();
    // Two alone, a group of three, one alone, a group of two.
    let groups = [0, 0, 7, 7, 7, 0, 8, 8];
    for (n, group) in (1_u8..).zip(groups) {
        let count = groups.iter().filter(|of| **of == group).count() as u64;
        let group = (group > 0).then_some(EntryGroup {
            id: GroupId([group; 16]),
            count,
        });
        let entry = NewEntry {
            kind: EntryKind::Fact,
            object: "shop".to_owned(),
            record: id(n),
            hash: ChangeHash([n; 32]),
            bytes: vec![n; 100],
            command: "{}".to_owned(),
            actor: ActorId([1; 16]),
            at: Timestamp(0),
            knew: 0,
            verb: None,
            group,
        };
        outbox::push(&db, &entry).unwrap();
    }
    let cases = [
        (0, 2, 10_000, 2),
        (0, 3, 10_000, 2),
        (0, 4, 10_000, 2),
        (0, 5, 10_000, 5),
        (0, 7, 10_000, 6),
        (0, 8, 10_000, 8),
        (0, 100, 450, 2),
        (0, 100, 700, 6),
        (2, 100, 150, 3),
        (2, 1, 10_000, 3),
        (2, 2, 10_000, 3),
        (6, 1, 10_000, 2),
        (8, 100, 10_000, 0),
    ];
    for (after, entries, bytes, expected) in cases {
        let batch = outbox::batch(&db, after, entries, bytes).unwrap();
        assert_eq!(batch.len(), expected, "{after} {entries} {bytes}");
    }
    assert_eq!(outbox::of_group(&db, GroupId([7; 16])).unwrap().len(), 3);
}

#[test]
fn what_waits_in_an_outbox_of_before_groups_goes_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("older.db");
    let older = Schema {
        migrations: &PHONE.migrations[..3],
        ..PHONE
    };
    let insert = "INSERT INTO outbox (kind, object, record, hash, bytes, command, actor, at, knew)
                  VALUES (1, 'shop', zeroblob(16), zeroblob(32), x'a0', '{}', zeroblob(16), 5, 7)";
    let db = store::open::open(&path, older).unwrap();
    db.execute(insert, []).unwrap();
    drop(db);
    let db = store::open::open(&path, PHONE).unwrap();
    let [entry] = &outbox::all(&db).unwrap()[..] else {
        panic!("one entry waits")
    };
    assert_eq!(
        (entry.number, entry.at, entry.knew, entry.group),
        (1, Timestamp(5), 7, None)
    );
    assert_eq!(attention::count(&db).unwrap(), 0);
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.db");
    std::fs::write(
        &path,
        "Dear sir, this is not a database at all, it is a letter.",
    )
    .unwrap();
    let error = store::open::open(&path, store::PHONE).unwrap_err();
    assert!(
        error.message.contains("letter.db") && error.message.contains("not a database"),
        "{error}"
    );
}

#[test]
fn what_a_log_holds_reaches_the_disk_before_it_is_forgotten() {
    let (_folder, db, _) = world();
    let is_on = |pragma: &str| {
        db.pragma_query_value(None, pragma, |row| row.get::<_, bool>(0))
            .unwrap()
    };
    for waits in [true, false] {
        store::open::durable(&db, waits).unwrap();
        let level: i64 = db
            .pragma_query_value(None, "synchronous", |row| row.get(0))
            .unwrap();
        assert_eq!(level, if waits { 2 } else { 1 });
        assert!(
            is_on("fullfsync"),
            "commits that wait do so for the disk's own cache too"
        );
        assert!(
            is_on("checkpoint_fullfsync"),
            "a checkpoint leaves the disk's cache as it is"
        );
    }
}

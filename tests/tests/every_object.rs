//! What holds for every object that there is, built in or a tenant's own, driven by descriptors
//! alone. The objects that are published here at run time pass what the built-in ones pass.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use outfield_core::base::context::Role;
use outfield_core::objects::descriptor::Verb;
use outfield_core::objects::{Descriptor, Field, Kind, Path, Registry};
use outfield_tests::samples::{SampleStock, hold_papers, misfit, of_kind, paths};
use outfield_tests::{Phone, World};
use serde_json::{Map, Value as Json, json};

const PUBLISHED: [&str; 3] = [
    include_str!("../objects/cooler_maker.json"),
    include_str!("../objects/cooler.json"),
    include_str!("../objects/cooler_reading.json"),
];

/// Two managers who follow all territories, and records that references point to.
struct Battery {
    world: World,
    ann: Phone,
    ben: Phone,
    registry: Registry,
    stock: SampleStock,
}

fn battery() -> Battery {
    let world = World::new();
    PUBLISHED.iter().for_each(|json| world.publishes(json));
    world
        .office(|office| office.add_territory("East", None))
        .unwrap();
    let (mut ann, mut ben) = (
        world.phone_for("Ann", Role::MANAGER, &["North", "South", "East"]),
        world.phone_for("Ben", Role::MANAGER, &["North", "South", "East"]),
    );
    let _third = world.phone_for("Cid", Role::REP, &["North"]);
    let stock = SampleStock::of(&world);
    world.agree(&mut [&mut ann, &mut ben]);
    for phone in [&mut ann, &mut ben] {
        hold_papers(phone);
    }
    let registry = ann.device().registry().clone();
    assert_eq!(registry, world.registry(), "the phones know every object");
    Battery {
        world,
        ann,
        ben,
        registry,
        stock,
    }
}

/// How a phone makes a record with these values: by adding it, or by the verb that makes it. None
/// if nobody does it by hand.
fn making(descriptor: &Descriptor, values: &Map<String, Json>) -> Option<Json> {
    if !descriptor.made_by_verbs {
        return Some(json!({"do": "add", "object": descriptor.object, "fields": values}));
    }
    let takes = |(name, field): (&String, &Field)| match values.get(name).and_then(Json::as_str) {
        Some(value) if !field.choices.is_empty() => field.choices.iter().any(|it| it == value),
        Some(_) | None => true,
    };
    let makes = |verb: &Verb| verb.creates && verb.input.iter().all(takes);
    let (name, verb) = descriptor.verbs.iter().find(|(_, verb)| makes(verb))?;
    let inputs = values
        .iter()
        .filter(|(path, _)| verb.input.contains_key(*path));
    let mut command: Map<String, Json> = inputs
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect();
    command.insert("do".to_owned(), json!(name));
    Some(Json::Object(command))
}

/// The value at a path of a record as JSON.
fn at<'a>(record: &'a Json, path: &str) -> &'a Json {
    path.split('/').fold(record, |json, part| &json[part])
}

#[track_caller]
fn check_shown(record: &Json, values: &Map<String, Json>) {
    for (path, value) in values {
        assert_eq!(at(record, path), value, "{path} of {record}");
    }
}

impl Battery {
    /// A record of this object, made by Ann, with its id. A document that a verb makes gets the
    /// other values after.
    fn makes(&mut self, descriptor: &Descriptor, values: &Map<String, Json>) -> Option<String> {
        let command = making(descriptor, values)?;
        let id = self.ann.does(&command);
        if descriptor.kind == Kind::Document && descriptor.made_by_verbs {
            self.ann
                .edits(&descriptor.object, &id, &Json::Object(values.clone()));
        }
        // No two records are made at one moment.
        self.world.clock.advance(1);
        Some(id)
    }

    /// A record of each document and fact: descriptor, id, and its values.
    fn made(&mut self, n: usize) -> Vec<(Descriptor, String, Map<String, Json>)> {
        let mut made = Vec::new();
        for descriptor in [
            of_kind(&self.registry, Kind::Document),
            of_kind(&self.registry, Kind::Fact),
        ]
        .concat()
        {
            let mut values = self.stock.values(&descriptor, n);
            let Some(id) = self.makes(&descriptor, &values) else {
                continue;
            };
            if descriptor.kind == Kind::Fact {
                // A verb takes its own inputs alone.
                let command = making(&descriptor, &values).unwrap();
                values
                    .retain(|path, _| command.get(path).or(command["fields"].get(path)).is_some());
            }
            made.push((descriptor, id, values));
        }
        assert!(made.len() >= 6, "{made:?}");
        made
    }

    #[track_caller]
    fn agree(&mut self) {
        self.world.agree(&mut [&mut self.ann, &mut self.ben]);
    }
}

#[test]
fn what_is_made_is_got_listed_and_found_here_and_there() {
    let mut all = battery();
    let made = all.made(1);
    all.agree();
    for (descriptor, id, values) in made {
        let object = &descriptor.object;
        let record = all.ann.get(object, &id);
        check_shown(&record, &values);
        assert_eq!(all.ben.get(object, &id), record);
        assert_eq!(all.world.record(object, &id), record);
        for phone in [&mut all.ann, &mut all.ben] {
            let listed = phone.device().list(object, None, 1_000).unwrap().data;
            assert!(
                listed.as_array().unwrap().contains(&record),
                "{object} is not listed"
            );
            for field in &descriptor.search {
                let words = record[field].as_str().unwrap();
                let found = phone.device().search(words, 1_000).unwrap().data;
                assert!(
                    found.as_array().unwrap().contains(&record),
                    "{object} is not found by its {field}"
                );
            }
        }
    }
}

#[test]
fn every_field_is_changed_and_cleared_by_itself() {
    let mut all = battery();
    for (descriptor, id, mut values) in all.made(0) {
        if descriptor.kind != Kind::Document {
            continue;
        }
        let object = descriptor.object.as_str();
        for (path, field) in paths(&descriptor) {
            let value = all.stock.value(&field, 1).unwrap();
            all.ann.edits(object, &id, &json!({path.clone(): value}));
            values.insert(path, value);
        }
        check_shown(&all.ann.get(object, &id), &values);
        all.agree();
        check_shown(&all.ben.get(object, &id), &values);
        // What decides where a record is seen stays, or nobody would see it.
        let may_go = |path: &str| !descriptor.decides_scope(path);
        for (path, field) in paths(&descriptor)
            .into_iter()
            .filter(|(path, field)| !field.required && may_go(path))
        {
            all.ben.edits(object, &id, &json!({path.clone(): null}));
            assert_eq!(
                at(&all.ben.get(object, &id), &path),
                &Json::Null,
                "{path} of kind {:?}",
                field.kind
            );
        }
    }
    all.agree();
}

#[test]
fn a_value_that_does_not_fit_is_refused_by_the_name_of_its_field() {
    let mut all = battery();
    let made = all.made(0);
    all.ann.sync();
    for (descriptor, id, _) in made
        .iter()
        .filter(|(descriptor, ..)| descriptor.kind == Kind::Document)
    {
        for (path, field) in paths(descriptor) {
            let wrong = json!({path.clone(): misfit(&field)});
            let edit =
                json!({"do": "edit", "object": descriptor.object, "id": id, "fields": wrong});
            assert_eq!(all.ann.refused(&edit), ("bad_value".to_owned(), vec![path]));
        }
    }
    for (descriptor, ..) in &made {
        let good = all.stock.values(descriptor, 2);
        let command = making(descriptor, &good).unwrap();
        for (path, field) in paths(descriptor) {
            let (mut wrong, is_fields) = (command.clone(), command["fields"].is_object());
            let place = if is_fields {
                &mut wrong["fields"]
            } else {
                &mut wrong
            };
            if place.get(&path).is_some() {
                place[&path] = misfit(&field);
                assert_eq!(
                    all.ann.refused(&wrong),
                    ("bad_value".to_owned(), vec![path])
                );
            }
        }
    }
    assert_eq!(all.ann.unsent(), 0);
}

#[test]
fn a_field_that_an_object_lacks_is_refused_by_its_name() {
    let mut all = battery();
    for (descriptor, id, _) in all.made(0) {
        let fields = json!({"no_such_field": 1});
        let add = json!({"do": "add", "object": descriptor.object, "fields": fields});
        let (code, named) = all.ann.refused(&add);
        let expected = if descriptor.made_by_verbs {
            "only_verbs"
        } else {
            "unknown_field"
        };
        assert_eq!(code, expected, "{named:?}");
        if descriptor.kind == Kind::Document {
            let edit =
                json!({"do": "edit", "object": descriptor.object, "id": id, "fields": fields});
            assert_eq!(
                all.ann.refused(&edit),
                ("unknown_field".to_owned(), vec!["no_such_field".to_owned()])
            );
        }
    }
}

#[test]
fn every_field_that_two_people_change_is_kept_twice_until_somebody_decides() {
    let mut all = battery();
    let mut wanted: Vec<(String, String, String, Json)> = Vec::new();
    for descriptor in of_kind(&all.registry, Kind::Document) {
        let mut base = all.stock.values(&descriptor, 0);
        // Of yes and no there are two: both are taken by the two people.
        base.retain(|_, value| !value.is_boolean());
        let id = all.makes(&descriptor, &base).unwrap();
        all.agree();
        let competing = all.torn(&descriptor, &id);
        let conflicts = all.ann.conflicts();
        let ids = |list: &[Json]| {
            list.iter()
                .map(|conflict| conflict["id"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&conflicts), ids(&all.ben.conflicts()));
        let named: BTreeSet<&str> = conflicts
            .iter()
            .map(|conflict| conflict["path"].as_str().unwrap())
            .collect();
        assert_eq!(
            named,
            competing.iter().map(String::as_str).collect(),
            "{}",
            descriptor.object
        );
        for (turn, conflict) in conflicts.iter().enumerate() {
            let path = conflict["path"].as_str().unwrap();
            let third = all.stock.values(&descriptor, 0)[path].clone();
            let (choose, value) = match turn % 3 {
                0 => (json!("mine"), conflict["mine"]["value"].clone()),
                1 => (json!("theirs"), conflict["theirs"]["value"].clone()),
                _ => (json!({ "value": third }), third),
            };
            all.ann.does(
                &json!({"do": "resolve_conflict", "conflict": conflict["id"], "choose": choose}),
            );
            wanted.push((
                descriptor.object.clone(),
                id.clone(),
                path.to_owned(),
                value,
            ));
        }
        assert_eq!(all.ann.conflicts(), [] as [Json; 0]);
    }
    all.agree();
    assert_eq!(all.ben.conflicts(), [] as [Json; 0]);
    assert!(wanted.len() > 60, "{} fields were decided", wanted.len());
    for (object, id, path, value) in wanted {
        assert_eq!(
            at(&all.ben.get(&object, &id), &path),
            &value,
            "{object} {path}"
        );
    }
}

impl Battery {
    /// Both change every field of a record offline, then meet; answers the paths at which both
    /// wrote something new, and not the same.
    fn torn(&mut self, descriptor: &Descriptor, id: &str) -> Vec<String> {
        let (object, before) = (
            descriptor.object.as_str(),
            self.ann.get(&descriptor.object, id),
        );
        let (ours, theirs) = (
            self.stock.values(descriptor, 1),
            self.stock.values(descriptor, 2),
        );
        self.ann.edits(object, id, &Json::Object(ours.clone()));
        self.ben.edits(object, id, &Json::Object(theirs.clone()));
        self.agree();
        let competes = |path: &&String| {
            let (old, mine, other) = (at(&before, path), &ours[*path], &theirs[*path]);
            mine != old && other != old && mine != other
        };
        let competing: Vec<String> = ours.keys().filter(competes).cloned().collect();
        assert!(
            competing.len() + 3 >= ours.len(),
            "{object}: only {competing:?} compete"
        );
        competing
    }
}

#[test]
fn a_role_changes_what_its_descriptor_grants_and_nothing_else() {
    let mut all = battery();
    let made = all.made(0);
    let mut rep = all
        .world
        .phone_for("Rob", Role::REP, &["North", "South", "East"]);
    all.agree();
    rep.sync();
    let (mut granted, mut denied) = (0, 0);
    for (descriptor, id, _) in made
        .iter()
        .filter(|(descriptor, ..)| descriptor.kind == Kind::Document)
    {
        let right = descriptor.right(&Role::REP);
        for (path, field) in paths(descriptor) {
            let fields = json!({path.clone(): all.stock.value(&field, 1).unwrap()});
            let edit =
                json!({"do": "edit", "object": descriptor.object, "id": id, "fields": fields});
            let hands_over = path == "owner" && !right.others;
            if right.may_edit(Path::parse(&path).unwrap()) && !hands_over {
                rep.does(&edit);
                granted += 1;
            } else {
                assert_eq!(rep.refused(&edit), ("not_allowed".to_owned(), vec![path]));
                denied += 1;
            }
        }
    }
    assert!(
        granted > 20 && denied > 10,
        "{granted} granted, {denied} denied"
    );
    all.world.agree(&mut [&mut rep, &mut all.ann, &mut all.ben]);
    assert_eq!(rep.needs_attention(), [] as [Json; 0]);
}

#[test]
fn facts_stay_as_they_are() {
    let mut all = battery();
    for (descriptor, id, values) in all.made(0) {
        if descriptor.kind != Kind::Fact {
            continue;
        }
        let edit = json!({"do": "edit", "object": descriptor.object, "id": id, "fields": values});
        assert_eq!(all.ann.refused(&edit).0, "fact_is_final");
        all.agree();
        check_shown(&all.ben.get(&descriptor.object, &id), &values);
    }
}

/// Values whose version, where they have one, is not that of another row of their name.
fn of_version(mut values: Map<String, Json>, version: i64) -> Json {
    for (name, value) in &mut values {
        if name.ends_with("_version") {
            *value = json!(version);
        }
    }
    Json::Object(values)
}

#[test]
fn rows_are_the_offices() {
    let mut all = battery();
    for descriptor in of_kind(&all.registry, Kind::Row) {
        let object = descriptor.object.as_str();
        let values = of_version(all.stock.values(&descriptor, 1), 1_001);
        let add = json!({"do": "add", "object": object, "fields": values});
        assert_eq!(all.ann.refused(&add).0, "server_owned");
        let there = all.ann.device().list(object, None, 1).unwrap().data;
        if let Some(id) = there[0]["id"].as_str() {
            let edit = json!({"do": "edit", "object": object, "id": id, "fields": values});
            assert_eq!(all.ann.refused(&edit).0, "server_owned");
        }
        if descriptor.made_by_verbs {
            let put = outfield_tests::world::values(&values);
            let by_hand = all.world.office(|office| office.put(object, None, put));
            assert_eq!(by_hand.unwrap_err().code, "only_verbs");
            continue;
        }
        let id = all.world.puts(object, None, &values);
        all.agree();
        check_shown(&all.ben.get(object, &id), values.as_object().unwrap());
        let changed = of_version(all.stock.values(&descriptor, 2), 1_002);
        all.world.puts(object, Some(&id), &changed);
        all.agree();
        check_shown(&all.ann.get(object, &id), changed.as_object().unwrap());
    }
}

#[test]
fn rebuilding_and_reopening_change_nothing() {
    let mut all = battery();
    let made = all.made(0);
    all.agree();
    for (descriptor, id, _) in made
        .iter()
        .filter(|(descriptor, ..)| descriptor.kind == Kind::Document)
    {
        all.ann.edits(
            &descriptor.object,
            id,
            &Json::Object(all.stock.values(descriptor, 2)),
        );
    }
    let (shown, unsent) = (all.ann.digest(), all.ann.unsent());
    assert!(unsent >= 3);
    let documents = all.ann.device().rebuild().unwrap().data["documents"]
        .as_u64()
        .unwrap();
    assert!(documents >= 9, "{documents} documents");
    assert_eq!(all.ann.digest(), shown, "rebuilding changed what shows");
    all.ann.reopen();
    assert_eq!(
        (all.ann.digest(), all.ann.unsent()),
        (shown.clone(), unsent),
        "reopening changed what shows"
    );
    all.ann.killed();
    assert_eq!(
        (all.ann.digest(), all.ann.unsent()),
        (shown, unsent),
        "a kill changed what shows"
    );
    all.agree();
    all.world.server.restart();
    all.agree();
}

#[test]
fn what_the_server_alone_writes_nobody_else_does() {
    let mut all = battery();
    let made = all.made(0);
    let mut tried = 0;
    for descriptor in all.registry.clone().all() {
        let object = descriptor.object.as_str();
        let kept = descriptor.fields.iter();
        for (path, field) in kept.filter(|(path, _)| descriptor.is_kept(path)) {
            let fields = json!({path.clone(): all.stock.value(field, 1).unwrap()});
            let mine = made.iter().find(|(of, ..)| of.object == object);
            if let Some((_, id, _)) = mine {
                let edit = json!({"do": "edit", "object": object, "id": id, "fields": fields});
                assert_eq!(all.ann.refused(&edit).0, "server_owned", "{object} {path}");
            }
            let values = || outfield_tests::world::values(&fields);
            let id = all.world.office(|office| office.all(object)).unwrap();
            let id = id
                .first()
                .and_then(|record| record["id"].as_str()?.parse().ok());
            let put = all.world.office(|office| office.put(object, id, values()));
            assert_eq!(put.unwrap_err().code, "server_owned", "{object} {path}");
            let rows = vec![("K1".to_owned(), values())];
            let imported = all
                .world
                .office(|office| office.import(object, rows, false))
                .unwrap();
            assert_eq!(
                (imported.created, imported.refused.len()),
                (0, 1),
                "{object} {path}"
            );
            tried += 1;
        }
    }
    assert!(tried >= 3, "{tried} fields are kept");
    all.agree();
}

#[test]
fn what_the_office_puts_into_a_pot_is_a_movement() {
    let mut all = battery();
    let mut tried = 0;
    for descriptor in of_kind(&all.registry, Kind::Row) {
        let object = descriptor.object.as_str();
        let is_pot = descriptor.fields.values().any(|field| field.pot.is_some());
        if !is_pot {
            continue;
        }
        let values = Json::Object(all.stock.values(&descriptor, 0));
        let id = &all.world.puts(object, None, &values);
        for (path, field) in &descriptor.fields {
            if field.pot.is_none() {
                continue;
            }
            for amount in ["12.5", "-3", "0"] {
                all.world
                    .puts(object, Some(id), &json!({path.clone(): amount}));
            }
            let trail = all.world.office(|office| office.trail(id)).unwrap();
            let adjusted = trail["movements"].as_array().unwrap().iter();
            let adjusted = adjusted.filter(|movement| movement["posting"] == "adjust");
            assert!(adjusted.count() >= 2, "{object} {path}: {trail}");
            tried += 1;
        }
    }
    assert!(tried >= 2, "{tried} pots");
    let wrong = all.world.office(|office| office.check_ledger()).unwrap();
    assert_eq!(wrong, Vec::<Json>::new());
    all.agree();
}

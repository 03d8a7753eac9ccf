//! Rights: what the built-in files grant, and that nothing else is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::expect_file;
use outfield_core::base::context::Place;
use outfield_core::base::context::Role;
use outfield_core::domain::Refusal;
use outfield_core::domain::rights::Decider;
use outfield_core::objects::Right;
use outfield_core::objects::path::line_path;
use outfield_core::objects::{Descriptor, FieldKind, Kind, Value, Values};
use serde_json::json;

use crate::support::{RuleWorld, id, values};

/// Every path of an object, lines included.
fn paths(descriptor: &Descriptor) -> Vec<String> {
    let mut paths: Vec<String> = descriptor.fields.keys().cloned().collect();
    // What nobody writes, nobody is granted.
    paths.retain(|path| !descriptor.is_kept(path));
    for (lines, shape) in &descriptor.lines {
        paths.extend(
            shape
                .fields
                .keys()
                .map(|field| line_path(lines, "x", field)),
        );
        paths.extend(["position", "removed"].map(|field| line_path(lines, "x", field)));
    }
    paths
}

/// Whether these values may be written by this role.
pub(crate) fn may_write(
    world: &RuleWorld,
    role: &Role,
    object: &str,
    new: bool,
    written: &Values,
) -> Result<(), Refusal> {
    let context = world.context_of(role);
    let decider = Decider {
        registry: &world.registry,
        reader: world,
        context: &context,
    };
    decider.may_write(object, new, written)
}

fn admits(world: &RuleWorld, role: &Role, object: &str, new: bool, path: &str) -> bool {
    let written = Values::from([(path.to_owned(), Value::Null)]);
    may_write(world, role, object, new, &written).is_ok()
}

/// What the files grant: of each object, who may do what.
fn granted() -> String {
    let mut world = RuleWorld::new();
    world.place = Place::Server;
    let mut table = String::new();
    for descriptor in world.registry.all() {
        let mut told: Vec<(String, Vec<&str>)> = Vec::new();
        for role in &Role::BUILT_IN {
            let object = descriptor.object.as_str();
            let all = paths(descriptor);
            let editable: Vec<&str> = all
                .iter()
                .map(String::as_str)
                .filter(|path| admits(&world, role, object, false, path))
                .collect();
            let edit = if editable.len() == all.len() {
                "everything".to_owned()
            } else {
                editable
                    .join(" ")
                    .replacen(" roles/x/", "\n  roles: ", 1)
                    .replace("roles/x/", "")
            };
            let create = if admits(&world, role, object, true, &all[0]) {
                "create "
            } else {
                ""
            };
            let read = if descriptor.right(role).read {
                "read "
            } else {
                ""
            };
            let right = descriptor.right(role);
            let others = if right.others { " others" } else { "" };
            let mut may = format!("{read}{create}edit [{edit}]{others}");
            for verb in &right.verbs {
                may += &format!("\n  {verb}");
            }
            match told.last_mut().filter(|(last, _)| *last == may) {
                Some((_, roles)) => roles.push(role.name()),
                None => told.push((may, vec![role.name()])),
            }
        }
        for (may, roles) in told {
            let _ = writeln!(table, "{} {}: {may}", descriptor.object, roles.join(" "));
        }
    }
    table
}

#[test]
fn the_files_grant_this_and_nothing_else() {
    expect_file!["rights.txt"].assert_eq(&granted());
}

#[test]
fn a_role_that_a_file_does_not_name_may_do_nothing() {
    let mut world = RuleWorld::new();
    let mut silent = (**world.registry.get("contact").unwrap()).clone();
    silent.rights.clear();
    world.registry.adopt(silent);
    for role in &Role::BUILT_IN {
        assert!(!world.registry.get("contact").unwrap().right(role).read);
        assert!(!admits(&world, role, "contact", true, "name"));
        assert!(!admits(&world, role, "contact", false, "name"));
        let nothing = may_write(&world, role, "contact", false, &Values::new());
        assert_eq!(nothing.unwrap_err().code, "not_allowed");
    }
}

#[test]
fn every_row_is_read_by_reps_and_written_on_the_server_alone() {
    let mut world = RuleWorld::new();
    let rows = world.registry.clone();
    let rows = rows.all().filter(|descriptor| descriptor.kind == Kind::Row);
    for descriptor in rows {
        let object = descriptor.object.as_str();
        for role in &Role::BUILT_IN {
            for new in [true, false] {
                world.place = Place::Device;
                let refusal = may_write(&world, role, object, new, &Values::new()).unwrap_err();
                assert_eq!(refusal.code, "server_owned");
                world.place = Place::Server;
                let may = may_write(&world, role, object, new, &Values::new());
                let explains = object == "flag" && *role == Role::MANAGER && !new;
                let by_office = *role == Role::ADMIN || explains;
                assert!(
                    by_office || may.unwrap_err().code == "not_allowed",
                    "{object}"
                );
            }
        }
        assert!(descriptor.right(&Role::REP).read, "{object}");
    }
}

#[test]
fn a_role_of_a_tenant_may_do_what_the_role_may_that_it_is_like() {
    let mut world = RuleWorld::new();
    let own = Role::named("merchandiser");
    assert!(
        !admits(&world, &own, "contact", true, "name"),
        "nobody made it"
    );
    let row = json!({"name": "merchandiser", "like": "rep"});
    world.put("user_role", id(91), &row);
    assert!(admits(&world, &own, "contact", true, "name"));
    assert!(!admits(&world, &own, "contact", false, "owner"));
    let mut named = (**world.registry.get("contact").unwrap()).clone();
    named.rights.insert(own.clone(), Right::default());
    world.registry.adopt(named);
    assert!(
        !admits(&world, &own, "contact", true, "name"),
        "the object names it"
    );
}

#[test]
fn only_who_may_writes_for_others() {
    let world = RuleWorld::new();
    let (mine, other) = (
        values(&json!({"owner": id(1)})),
        values(&json!({"owner": id(2)})),
    );
    for object in ["visit", "sales_order", "contact", "follow_up"] {
        let said = |role: &Role, written: &Values| {
            let said = may_write(&world, role, object, true, written);
            said.map_or_else(|refusal| refusal.code, |()| "ok".to_owned())
        };
        assert_eq!(said(&Role::REP, &mine), "ok", "{object}");
        assert_eq!(said(&Role::REP, &other), "not_allowed", "{object}");
    }
    assert!(may_write(&world, &Role::MANAGER, "visit", true, &other).is_ok());
}

#[test]
fn a_pushed_change_is_checked_for_names_kinds_states_and_rights() {
    let world = RuleWorld::new();
    for (object, new, json, code) in [
        (
            "contact",
            false,
            json!({"name": "Ann", "roles/x/role": "buyer"}),
            "ok",
        ),
        (
            "contact",
            true,
            json!({"name": "Ann", "owner": id(2)}),
            "not_allowed",
        ),
        ("contact", false, json!({"owner": id(2)}), "not_allowed"),
        ("contact", false, json!({"nickname": "A"}), "unknown_field"),
        ("contact", false, json!({"a/b": "A"}), "unknown_field"),
        (
            "contact",
            false,
            json!({"consent_phone": "yes"}),
            "bad_value",
        ),
        ("visit", false, json!({"state": "completed"}), "ok"),
        ("visit", false, json!({"state": "forgotten"}), "bad_value"),
        ("account", false, json!({"phone": "+14795550001"}), "ok"),
        (
            "account",
            false,
            json!({"phone": "+14795550001", "territory": null}),
            "not_allowed",
        ),
        ("account", true, json!({"name": "Shop"}), "not_allowed"),
        ("follow_up", true, json!({"note": "x"}), "ok"),
        ("follow_up", false, json!({"note": "x"}), "fact_is_final"),
        ("spaceship", true, json!({}), "unknown_object"),
    ] {
        let said = may_write(&world, &Role::REP, object, new, &values(&json));
        assert_eq!(
            said.map_or_else(|refusal| refusal.code, |()| "ok".to_owned()),
            code,
            "{object} {json}"
        );
    }
}

#[test]
fn whoever_may_change_anything_of_a_record_may_move_its_state() {
    let mut world = RuleWorld::new();
    let mut strict = (**world.registry.get("visit").unwrap()).clone();
    strict.rights.get_mut(&Role::REP).unwrap().edit = vec!["purpose".to_owned()];
    world.registry.adopt(strict);
    assert!(admits(&world, &Role::REP, "visit", false, "state"));
    assert!(!admits(&world, &Role::REP, "visit", false, "planned_on"));
}

#[test]
fn every_reference_of_the_files_leads_to_an_object() {
    let world = RuleWorld::new();
    let fields = world
        .registry
        .all()
        .flat_map(|descriptor| descriptor.fields.values());
    let targets: BTreeSet<&str> = fields
        .filter(|field| field.kind == FieldKind::Reference)
        .filter_map(|field| field.of.as_deref())
        .collect();
    assert!(
        targets
            .iter()
            .all(|target| world.registry.get(target).is_some()),
        "{targets:?}"
    );
}

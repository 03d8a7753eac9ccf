//! Rights: what the built-in files grant, and that nothing else is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::expect;
use outfield_core::base::context::Role;
use outfield_core::domain::rights::may_write;
use outfield_core::objects::path::line_path;
use outfield_core::objects::{Descriptor, FieldKind, Kind, Value, Values};
use serde_json::json;

use crate::support::{RuleWorld, id, values};

/// Every path of an object, lines included.
fn paths(descriptor: &Descriptor) -> Vec<String> {
    let mut paths: Vec<String> = descriptor.fields.keys().cloned().collect();
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

fn admits(world: &RuleWorld, role: Role, object: &str, new: bool, path: &str) -> bool {
    may_write(
        &world.registry,
        role,
        object,
        new,
        &Values::from([(path.to_owned(), Value::Null)]),
    )
    .is_ok()
}

/// What the files grant: of each object, who may do what.
fn granted() -> String {
    let world = RuleWorld::new();
    let mut table = String::new();
    for descriptor in world.registry.all() {
        let mut told: Vec<(String, Vec<&str>)> = Vec::new();
        for role in Role::ALL {
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
            let may = format!("{read}{create}edit [{edit}]");
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
    expect![["
        account rep: read edit [city email phone postal_code region street]
        account manager admin: read create edit [everything]
        actor rep manager admin: read edit []
        assortment rep manager admin: read edit []
        conflict_resolution rep manager admin: read create edit []
        contact rep: read create edit [birthday consent_email consent_phone email job_title \
          mobile name phone
          roles: account role valid_from valid_to position removed]
        contact manager admin: read create edit [everything]
        credit_figure rep manager admin: read edit []
        device rep manager admin: read edit []
        follow_up rep manager admin: read create edit []
        inventory_check rep manager admin: read create edit [everything]
        order_policy rep manager admin: read edit []
        order_verdict rep manager admin: read edit []
        perfect_store rep manager admin: read edit []
        price_entry rep manager admin: read edit []
        price_list rep manager admin: read edit []
        product rep manager admin: read edit []
        promotion rep manager admin: read edit []
        sales_order rep manager admin: read create edit [everything]
        stock_figure rep manager admin: read edit []
        tax_class rep manager admin: read edit []
        territory rep manager admin: read edit []
        user rep manager admin: read edit []
        visit rep manager admin: read create edit [everything]
        visit_template rep manager admin: read edit []
    "]]
    .assert_eq(&granted());
}

#[test]
fn a_role_that_a_file_does_not_name_may_do_nothing() {
    let mut world = RuleWorld::new();
    let mut silent = (**world.registry.get("contact").unwrap()).clone();
    silent.rights.clear();
    world.registry.adopt(silent);
    for role in Role::ALL {
        assert!(!world.registry.get("contact").unwrap().right(role).read);
        assert!(!admits(&world, role, "contact", true, "name"));
        assert!(!admits(&world, role, "contact", false, "name"));
        let nothing = may_write(&world.registry, role, "contact", false, &Values::new());
        assert_eq!(nothing.unwrap_err().code, "not_allowed");
    }
}

#[test]
fn every_row_is_read_by_all_and_written_by_nobody() {
    let world = RuleWorld::new();
    for descriptor in world
        .registry
        .all()
        .filter(|descriptor| descriptor.kind == Kind::Row)
    {
        for role in Role::ALL {
            assert!(descriptor.right(role).read, "{}", descriptor.object);
            for new in [true, false] {
                let refusal = may_write(
                    &world.registry,
                    role,
                    &descriptor.object,
                    new,
                    &Values::new(),
                )
                .unwrap_err();
                assert_eq!(refusal.code, "server_owned");
            }
        }
    }
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
            "ok",
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
        let said = may_write(&world.registry, Role::Rep, object, new, &values(&json));
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
    strict.rights.get_mut(&Role::Rep).unwrap().edit = vec!["purpose".to_owned()];
    world.registry.adopt(strict);
    assert!(admits(&world, Role::Rep, "visit", false, "state"));
    assert!(!admits(&world, Role::Rep, "visit", false, "planned_on"));
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

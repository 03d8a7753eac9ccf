//! Figures of several days, and a team's day.

use outfield_core::base::context::Role;
use outfield_core::domain::rules::figures::gather::{Wanted, of_day};
use outfield_core::domain::rules::figures::team::TeamView;
use serde_json::{Value as Json, json};

use crate::figures::{asked, field, halves, visit};
use crate::support::RuleWorld;

/// Rosa (1) was to make three stops on Monday and one on Tuesday; Monday's second she made on
/// Tuesday, the third never.
fn week() -> RuleWorld {
    let mut world = field();
    let (monday, tuesday) = ("2026-11-23", "2026-11-24");
    for (number, planned, started, route, at) in [
        (31, monday, Some(monday), 1, 1),
        (32, monday, Some(tuesday), 2, 9),
        (33, monday, None, 3, 0),
        (34, tuesday, Some(tuesday), 1, 5),
    ] {
        let state = if started.is_some() {
            "completed"
        } else {
            "planned"
        };
        let mut more = json!({
            "planned_on": planned, "state": state, "route_position": route, "started_at": at,
        });
        if let Some(started) = started {
            more["started_on"] = started.into();
        }
        visit(&mut world, number, 1, 10, &more);
    }
    world
}

fn between<'a>(from: &'a str, to: &'a str) -> Wanted<'a> {
    Wanted {
        from: Some(from),
        to: Some(to),
        ..Wanted::default()
    }
}

#[test]
fn figures_of_several_days_are_of_all_that_was_planned_and_made_in_them() {
    let world = week();
    let answer = asked(&world, between("2026-11-23", "2026-11-24"));
    assert_eq!(answer["day"], Json::Null);
    assert_eq!(
        (&answer["from"], &answer["to"]),
        (&json!("2026-11-23"), &json!("2026-11-24"))
    );
    assert_eq!(halves(&answer, "plan_adherence"), "3/4");
    assert_eq!(halves(&answer, "call_compliance"), "3/3");
    assert_eq!(
        halves(&answer, "route_compliance"),
        "3/3",
        "each day has a route of its own"
    );
    assert_eq!(
        halves(&answer, "coverage"),
        "1/2",
        "an account that was visited twice is one"
    );
    let monday = asked(&world, between("2026-11-23", "2026-11-23"));
    assert_eq!(halves(&monday, "plan_adherence"), "1/3");
}

#[test]
fn a_range_that_is_none_is_refused() {
    let world = week();
    let code = |wanted| {
        let refusal = of_day(&world.registry, &world, &world.context(), wanted).unwrap_err();
        (refusal.code, refusal.fields.join(" "))
    };
    let range = |field: &str| ("bad_range".to_owned(), field.to_owned());
    assert_eq!(code(between("2026-11-24", "2026-11-23")), range("to"));
    assert_eq!(code(between("2025-11-23", "2026-11-24")), range("from"));
    assert_eq!(
        code(Wanted {
            to: Some("2026-11-24"),
            ..Wanted::default()
        }),
        range("from")
    );
    let both = Wanted {
        day: Some("2026-11-24"),
        ..between("2026-11-23", "2026-11-24")
    };
    assert_eq!(code(both), range("day"));
    assert_eq!(code(between("monday", "2026-11-23")).0, "bad_value");
}

fn team_of(world: &RuleWorld) -> Vec<String> {
    let view = TeamView {
        registry: &world.registry,
        reader: world,
        context: &world.context(),
    };
    let told = view.day(Some("2026-11-24"));
    let told = told.unwrap();
    let people = told["team"].as_array().unwrap().iter();
    let shown = people.map(|of| {
        format!(
            "{} {}/{} {} {}",
            of["name"].as_str().unwrap(),
            of["made"],
            of["planned"],
            of["left"],
            of["at"]
        )
    });
    shown.collect()
}

#[test]
fn a_manager_sees_the_day_of_each_person_and_a_rep_the_own() {
    let mut world = week();
    for number in [1, 2, 3] {
        world.set("user", crate::support::id(number), "active", true);
    }
    let open =
        json!({"planned_on": "2026-11-24", "started_on": "2026-11-24", "state": "in_progress"});
    visit(&mut world, 41, 2, 11, &open);
    world.role = Role::MANAGER;
    world.user = 3;
    let team = team_of(&world);
    assert!(team.iter().any(|row| row == "Rosa 2/1 0 null"), "{team:?}");
    assert!(
        team.iter().any(|row| row.starts_with("Ben 0/1 1 \"")),
        "{team:?}"
    );
    (world.role, world.user) = (Role::REP, 1);
    assert_eq!(team_of(&world), ["Rosa 2/1 0 null"]);
}

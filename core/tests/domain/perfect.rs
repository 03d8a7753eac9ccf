//! The perfect store: a weighted sum of figures, by weights that the office keeps.

use outfield_core::base::context::{Place, Role};
use outfield_core::base::fraction::Ratio;
use outfield_core::domain::rules::figures::compute::{
    DayCalls, Figure, FigureUnit, HalfNames, figures,
};
use outfield_core::domain::rules::figures::gather::Wanted;
use outfield_core::domain::rules::figures::perfect::{Part, perfect_store};
use serde_json::{Value as Json, json};

use crate::figures::{asked, field, halves, visit};
use crate::support::{RuleWorld, id};

/// Parts as `figure weight target`.
fn weighed(parts: &[(&str, i64, i64)]) -> Vec<Part> {
    let part = |(figure, weight_percent, target_percent): &(&str, i64, i64)| Part {
        figure: (*figure).to_owned(),
        weight_percent: *weight_percent,
        target_percent: *target_percent,
    };
    parts.iter().map(part).collect()
}

/// A figure of so many of so many.
fn share(name: &'static str, numerator: i64, denominator: i64) -> Figure {
    Figure::percent(
        name,
        Ratio::of(numerator, denominator),
        HalfNames::new("these", "all"),
    )
}

#[test]
fn a_perfect_store_is_the_weighted_sum_of_figures_each_up_to_its_target() {
    let parts = weighed(&[
        ("osa", 40, 100),
        ("share_of_shelf", 30, 50),
        ("price_checks", 20, 90),
        ("promotions_present", 10, 100),
    ]);
    let figures = [
        share("osa", 9, 10),
        share("share_of_shelf", 12, 40),
        share("price_checks", 19, 20),
        share("promotions_present", 1, 2),
    ];
    // 0.9 x 40 + 0.3 / 0.5 x 30 + 20, for 95 % is more than the target of 90 %, + 0.5 x 10
    let part = |name: &str, weight: i64, target: i64, value: &str, points: &str| {
        json!({
            "name": name, "weight_percent": weight, "target_percent": target, "value": value,
            "points": points,
        })
    };
    let expected = json!({
        "name": "perfect_store", "unit": "%", "value": "79.0",
        "numerator": "79.0", "numerator_name": "points reached",
        "denominator": 100, "denominator_name": "points of what was measured",
        "parts": [
            part("osa", 40, 100, "90.0", "36.0"),
            part("share_of_shelf", 30, 50, "30.0", "18.0"),
            part("price_checks", 20, 90, "95.0", "20.0"),
            part("promotions_present", 10, 100, "50.0", "5.0"),
        ],
    });
    assert_eq!(perfect_store(&parts, &figures), Some(expected));
}

#[test]
fn a_part_of_nothing_weighs_nothing_and_the_denominator_says_so() {
    let parts = weighed(&[("osa", 40, 100), ("share_of_shelf", 60, 0)]);
    let said = |figures: &[Figure]| {
        let store = perfect_store(&parts, figures).unwrap();
        (
            store["value"].clone(),
            store["numerator"].clone(),
            store["denominator"].clone(),
        )
    };
    assert_eq!(
        said(&[share("osa", 3, 4), share("share_of_shelf", 0, 0)]),
        (json!("75.0"), json!("30.0"), json!(40))
    );
    assert_eq!(
        said(&[share("osa", 3, 4), share("share_of_shelf", 0, 9)]),
        (json!("90.0"), json!("90.0"), json!(100))
    );
    assert_eq!(said(&[]), (Json::Null, json!("0.0"), json!(0)));
}

#[test]
fn a_perfect_store_is_summed_exactly_and_rounded_once() {
    let parts = weighed(&[
        ("osa", 25, 100),
        ("coverage", 25, 100),
        ("strike_rate", 50, 100),
    ]);
    let figures = [
        share("osa", 1, 3),
        share("coverage", 1, 3),
        share("strike_rate", 2, 3),
    ];
    let store = perfect_store(&parts, &figures).unwrap();
    let points: Vec<&str> = store["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["points"].as_str().unwrap())
        .collect();
    assert_eq!(points, ["8.3", "8.3", "33.3"]);
    assert_eq!(store["value"], "50.0");
}

#[test]
fn every_figure_that_may_be_a_part_is_one_in_percent() {
    let registry = RuleWorld::new().registry;
    let choices = &registry
        .get("perfect_store")
        .unwrap()
        .field_at("parts/*/figure")
        .unwrap()
        .choices;
    let figures = figures(&DayCalls::default());
    for choice in choices {
        assert!(
            figures
                .iter()
                .any(|figure| figure.name == choice && figure.unit == FigureUnit::Percent),
            "{choice}"
        );
    }
    assert_eq!(choices.len(), 9);
}

#[test]
fn only_what_the_default_row_weighs_makes_a_store_perfect() {
    let mut world = field();
    let has_it = |world: &RuleWorld| {
        let answer = asked(world, Wanted::default());
        answer["figures"]
            .as_array()
            .unwrap()
            .iter()
            .any(|figure| figure["name"] == "perfect_store")
    };
    assert!(!has_it(&world), "nobody said what is perfect");
    let mut row = json!({
        "name": "Usual", "parts/a/figure": "price_checks", "parts/a/weight_percent": 70,
        "parts/b/figure": "osa", "parts/b/weight_percent": 30,
    });
    world.put("perfect_store", id(90), &row);
    assert!(!has_it(&world), "no row is the default");
    row["is_default"] = true.into();
    world.put("perfect_store", id(90), &row);
    assert!(has_it(&world));
    let made = json!({
        "started_on": "2026-11-24", "state": "completed",
        "actions/a/kind": "price_check", "actions/a/state": "done", "actions/b/kind": "price_check",
    });
    visit(&mut world, 31, 1, 10, &made);
    assert_eq!(
        halves(&asked(&world, Wanted::default()), "perfect_store"),
        "\"35.0\"/70"
    );
}

#[test]
fn weights_are_one_or_more_each_and_make_a_hundred_together() {
    let mut world = RuleWorld::new();
    (world.place, world.role) = (Place::Server, Role::ADMIN);
    let said = |parts: &Json| {
        let mut fields = json!({"name": "Usual"});
        fields
            .as_object_mut()
            .unwrap()
            .extend(parts.as_object().unwrap().clone());
        let said = world.ask(&json!({"do": "add", "object": "perfect_store", "fields": fields}));
        said.map_or_else(
            |refusal| (refusal.code, refusal.message, refusal.fields),
            |_| Default::default(),
        )
    };
    let of = |weights: [i64; 2]| {
        json!({
            "parts/a/figure": "osa", "parts/a/weight_percent": weights[0],
            "parts/b/figure": "coverage", "parts/b/weight_percent": weights[1],
        })
    };
    assert_eq!(said(&of([60, 40])), Default::default());
    let paths = ["parts/a/weight_percent", "parts/b/weight_percent"]
        .map(str::to_owned)
        .to_vec();
    let message = "`weight_percent` of all `parts` makes 99 together; it must make 100";
    assert_eq!(
        said(&of([60, 39])),
        ("bad_shares".to_owned(), message.to_owned(), paths)
    );
    let message = "`parts/b/weight_percent`: -10 is no share; give 1 or more, or take the line out";
    let path = vec!["parts/b/weight_percent".to_owned()];
    assert_eq!(
        said(&of([110, -10])),
        ("bad_value".to_owned(), message.to_owned(), path)
    );
    assert_eq!(said(&json!({})).0, "bad_shares");
}

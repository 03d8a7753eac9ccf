//! The figures a manager looks at: each with its denominator, and from which records they come.

use std::collections::BTreeSet;

use outfield_core::base::context::Role;
use outfield_core::base::decimal::Decimal;
use outfield_core::base::fraction::Ratio;
use outfield_core::base::id::RecordId;
use outfield_core::base::time::Timestamp;
use outfield_core::domain::rules::figures::compute::{
    DayCalls, Figure, HalfNames, Order, VisitCall, figures, in_sequence,
};
use outfield_core::domain::rules::figures::gather::{Wanted, of_day};
use serde_json::{Value as Json, json};

use crate::support::{NOW, RuleWorld, id};

fn call(number: u8, planned: bool, made: bool) -> VisitCall {
    let (owner, account) = (Some(id(1)), Some(id(number)));
    let started_at = i64::from(number);
    VisitCall {
        id: id(number),
        owner,
        account,
        planned,
        made,
        planned_on: Some("2026-11-24".to_owned()),
        route_position: None,
        started_at,
        orders: Vec::new(),
        price_checks: Ratio::default(),
        promotions: Ratio::default(),
    }
}

fn order(products: &[u8], value: Option<(&str, &str)>) -> Order {
    let value =
        value.map(|(amount, currency)| (currency.to_owned(), Decimal::typed(amount).unwrap()));
    Order {
        products: products.iter().copied().map(id).collect(),
        value,
    }
}

fn day(calls: Vec<VisitCall>) -> DayCalls {
    DayCalls {
        calls,
        accounts: BTreeSet::new(),
        shelves: Vec::new(),
    }
}

fn figure(day: &DayCalls, name: &str) -> Figure {
    figures(day)
        .into_iter()
        .find(|figure| figure.name == name)
        .unwrap()
}

/// A figure's value, both its halves and what they count.
#[track_caller]
fn check(day: &DayCalls, name: &str, value: Option<&str>, halves: Ratio, of: HalfNames) {
    let figure = figure(day, name);
    assert_eq!(figure.value().as_deref(), value, "{name}");
    assert_eq!(figure.ratio, halves, "{name}");
    assert_eq!(figure.of, of, "{name}");
}

#[test]
fn eighteen_planned_twenty_made_fifteen_of_them_planned_and_nine_in_sequence() {
    // Fifteen planned visits were made: the last six stops backwards first, then the first nine as
    // planned.
    let route = [15, 14, 13, 12, 11, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    let kept = route.iter().zip(1..).map(|(place, number)| VisitCall {
        route_position: Some(*place),
        ..call(number, true, true)
    });
    let missed = (16..=18).map(|number| VisitCall {
        route_position: Some(number.into()),
        ..call(number, true, false)
    });
    let day = day(kept
        .chain(missed)
        .chain((19..=23).map(|number| call(number, false, true)))
        .collect());
    check(
        &day,
        "plan_adherence",
        Some("83.3"),
        Ratio::of(15, 18),
        HalfNames::new("planned visits made", "visits planned"),
    );
    check(
        &day,
        "call_compliance",
        Some("75.0"),
        Ratio::of(15, 20),
        HalfNames::new("planned visits made", "visits made"),
    );
    let of = HalfNames::new(
        "planned visits made in sequence",
        "planned visits made on a route",
    );
    check(&day, "route_compliance", Some("60.0"), Ratio::of(9, 15), of);
}

#[test]
fn strike_rate_is_visits_with_an_order_of_visits_made() {
    let ordered = |number| VisitCall {
        orders: vec![order(&[1], None), order(&[2], None)],
        ..call(number, true, true)
    };
    let day = day(vec![
        ordered(1),
        ordered(2),
        call(3, false, true),
        call(4, true, false),
    ]);
    check(
        &day,
        "strike_rate",
        Some("66.7"),
        Ratio::of(2, 3),
        HalfNames::new("visits with an order", "visits made"),
    );
}

#[test]
fn lines_per_productive_call_counts_a_visits_product_once() {
    let first = VisitCall {
        orders: vec![order(&[1, 2], None), order(&[2, 3], None)],
        ..call(1, true, true)
    };
    let second = VisitCall {
        orders: vec![order(&[1, 2], None)],
        ..call(2, true, true)
    };
    let day = day(vec![first, second, call(3, true, true)]);
    let of = HalfNames::new("distinct products ordered", "productive visits");
    check(
        &day,
        "lines_per_productive_call",
        Some("2.5"),
        Ratio::of(5, 2),
        of,
    );
    assert_eq!(
        figure(&day, "lines_per_productive_call").to_json()["unit"],
        json!("")
    );
}

#[test]
fn drop_size_is_order_value_of_productive_visits_in_one_currency_each() {
    let sold = |number, values: &[(&str, &str)]| VisitCall {
        orders: values
            .iter()
            .map(|value| order(&[1], Some(*value)))
            .collect(),
        ..call(number, true, true)
    };
    let day = day(vec![
        sold(1, &[("100.25", "USD"), ("0.5", "USD")]),
        sold(2, &[("20", "USD"), ("15000", "JPY")]),
        sold(3, &[("10.00", "USD")]),
        sold(4, &[("10001", "JPY")]),
        call(5, true, true),
    ]);
    let shown: Vec<Json> = figures(&day)
        .iter()
        .filter(|figure| figure.name == "drop_size")
        .map(Figure::to_json)
        .collect();
    let expected = |currency: &str, value: &str, sum: &str, visits: i64| {
        json!({
            "name": "drop_size", "value": value, "unit": currency, "numerator": sum,
            "numerator_name": "order value",
            "denominator": visits, "denominator_name": "productive visits",
        })
    };
    assert_eq!(
        shown,
        [
            expected("JPY", "12501", "25001", 2),
            expected("USD", "43.58", "130.75", 3)
        ]
    );
}

#[test]
fn coverage_is_accounts_visited_of_accounts_in_the_territory() {
    let again = VisitCall {
        account: Some(id(1)),
        ..call(9, true, true)
    };
    let calls = vec![
        call(1, true, true),
        again,
        call(2, true, false),
        call(50, false, true),
    ];
    let day = DayCalls {
        accounts: (1..=4).map(id).collect(),
        ..day(calls)
    };
    check(
        &day,
        "coverage",
        Some("25.0"),
        Ratio::of(1, 4),
        HalfNames::new("accounts visited", "accounts in the territory"),
    );
}

#[test]
fn a_figure_of_nothing_is_null() {
    for figure in figures(&DayCalls::default()) {
        let json = figure.to_json();
        assert_eq!(
            (&json["value"], &json["denominator"]),
            (&Json::Null, &json!(0)),
            "{json}"
        );
    }
}

#[test]
fn stops_are_in_sequence_as_long_as_their_places_rise() {
    for (places, count) in [
        (&[1, 2, 3, 4][..], 4),
        (&[1, 3, 7], 3),
        (&[4, 1, 2, 3], 3),
        (&[1, 2, 4, 3], 3),
        (&[4, 3, 2, 1], 1),
        (&[2, 2, 2], 3),
        (&[3, 1, 4, 1, 5, 9, 2, 6], 4),
        (&[], 0),
    ] {
        assert_eq!(in_sequence(places), count, "{places:?}");
    }
}

#[test]
fn each_rep_has_a_route_of_their_own_and_who_has_none_does_not_count() {
    let stop = |number, owner, place: i64| VisitCall {
        owner: Some(id(owner)),
        route_position: Some(place),
        ..call(number, true, true)
    };
    let without = VisitCall {
        owner: Some(id(3)),
        ..call(9, true, true)
    };
    let placeless = call(8, true, true);
    let day = day(vec![
        stop(1, 1, 2),
        stop(2, 2, 1),
        stop(3, 1, 3),
        stop(4, 2, 2),
        without,
        placeless,
    ]);
    assert_eq!(figure(&day, "route_compliance").ratio, Ratio::of(4, 5));
}

/// Rosa (1) and Ben (2) in Arkansas (81) below South (80); accounts 10 and 11 there, 12 elsewhere.
pub(crate) fn field() -> RuleWorld {
    let mut world = RuleWorld::new();
    world.put("territory", id(80), &json!({"name": "South"}));
    world.put(
        "territory",
        id(81),
        &json!({"name": "Arkansas", "parent": id(80)}),
    );
    for (number, territory) in [(10, 81), (11, 81), (12, 82)] {
        world.put(
            "account",
            id(number),
            &json!({"name": "Shop", "territory": id(territory)}),
        );
    }
    for (user, name) in [(1, "Rosa"), (2, "Ben")] {
        let line = format!("territories/{}/territory", id(81));
        world.put(
            "user",
            id(user),
            &json!({"name": name, "role": "rep", line.as_str(): id(81)}),
        );
    }
    world
}

pub(crate) fn visit(world: &mut RuleWorld, number: u8, owner: u8, account: u8, more: &Json) {
    let mut values = json!({"account": id(account), "owner": id(owner), "started_at": NOW.0});
    values
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    world.put("visit", id(number), &values);
}

pub(crate) fn asked(world: &RuleWorld, wanted: Wanted<'_>) -> Json {
    of_day(&world.registry, world, &world.context(), wanted).unwrap()
}

/// `numerator/denominator` of figures by name.
pub(crate) fn halves(answer: &Json, name: &str) -> String {
    let figures = answer["figures"].as_array().unwrap();
    let figure = figures
        .iter()
        .find(|figure| figure["name"] == name)
        .unwrap();
    format!("{}/{}", figure["numerator"], figure["denominator"])
}

#[test]
fn a_visit_counts_as_planned_on_its_day_and_as_made_when_it_is_completed() {
    let mut world = field();
    let (today, before) = ("2026-11-24", "2026-11-20");
    for (number, more) in [
        (
            31,
            json!({"planned_on": today, "started_on": today, "state": "completed"}),
        ),
        (
            32,
            json!({"planned_on": today, "started_on": today, "state": "in_progress"}),
        ),
        (33, json!({"planned_on": today, "state": "cancelled"})),
        (
            34,
            json!({"planned_on": before, "started_on": today, "state": "completed"}),
        ),
        (
            35,
            json!({
                "planned_on": today, "started_on": today, "state": "completed", "unplanned": true,
            }),
        ),
        (
            36,
            json!({"planned_on": before, "started_on": before, "state": "completed"}),
        ),
        (
            37,
            json!({"planned_on": today, "started_on": before, "state": "completed"}),
        ),
    ] {
        visit(&mut world, number, 1, 10, &more);
    }
    let answer = asked(&world, Wanted::default());
    assert_eq!(
        (&answer["day"], &answer["rep"], &answer["territory"]),
        (&json!(today), &json!("Rosa"), &Json::Null)
    );
    assert_eq!(halves(&answer, "plan_adherence"), "1/4");
    assert_eq!(halves(&answer, "call_compliance"), "1/3");
    let answer = asked(
        &world,
        Wanted {
            day: Some(before),
            ..Wanted::default()
        },
    );
    assert_eq!(halves(&answer, "plan_adherence"), "1/2");
}

#[test]
fn the_day_is_the_tenants() {
    let mut world = field();
    // Half past midnight in UTC is still the day before in Chicago.
    world.now = Timestamp::parse("2026-11-25T00:30:00Z").unwrap();
    let begun = world.tell(&json!({"do": "start_visit", "account": id(10)}));
    world.set("visit", begun, "state", "completed");
    assert_eq!(
        world.value("visit", begun, "started_on"),
        json!("2026-11-24")
    );
    assert_eq!(asked(&world, Wanted::default())["day"], json!("2026-11-24"));
    assert_eq!(
        halves(&asked(&world, Wanted::default()), "call_compliance"),
        "0/1"
    );
}

#[test]
fn figures_are_of_a_person_a_territory_or_all_that_is_here() {
    let mut world = field();
    let made =
        json!({"planned_on": "2026-11-24", "started_on": "2026-11-24", "state": "completed"});
    visit(&mut world, 31, 1, 10, &made);
    visit(&mut world, 32, 2, 11, &made);
    visit(&mut world, 33, 2, 12, &made);
    let ben = id(2).to_string();
    for (role, rep, territory, made, covered) in [
        (Role::REP, None, None, 1, "1/2"),
        (Role::REP, Some("Ben"), None, 2, "1/2"),
        (Role::REP, Some(ben.as_str()), None, 2, "1/2"),
        (Role::REP, None, Some("Arkansas"), 2, "2/2"),
        (Role::REP, None, Some("South"), 2, "2/2"),
        (Role::REP, Some("Ben"), Some("South"), 1, "1/2"),
        (Role::MANAGER, None, None, 3, "3/3"),
    ] {
        world.role = role.clone();
        let answer = asked(
            &world,
            Wanted {
                rep,
                territory,
                ..Wanted::default()
            },
        );
        let case = format!("{role:?} {rep:?} {territory:?}");
        assert_eq!(
            halves(&answer, "call_compliance"),
            format!("{made}/{made}"),
            "{case}"
        );
        assert_eq!(halves(&answer, "coverage"), covered, "{case}");
    }
}

#[test]
fn who_or_what_is_not_there_is_named() {
    let world = field();
    let refused = |wanted| of_day(&world.registry, &world, &world.context(), wanted).unwrap_err();
    for (wanted, code, field) in [
        (
            Wanted {
                day: Some("tomorrow"),
                ..Wanted::default()
            },
            "bad_value",
            "day",
        ),
        (
            Wanted {
                rep: Some("Eve"),
                ..Wanted::default()
            },
            "unknown_record",
            "rep",
        ),
        (
            Wanted {
                territory: Some("North"),
                ..Wanted::default()
            },
            "unknown_record",
            "territory",
        ),
    ] {
        let refusal = refused(wanted);
        assert_eq!(
            (refusal.code.as_str(), &refusal.fields[..]),
            (code, &[field.to_owned()][..])
        );
    }
}

/// An order with what figures read of it.
fn ordered(world: &mut RuleWorld, number: u8, visit: RecordId, more: &Json) {
    let mut values =
        json!({"visit": visit, "account": id(10), "submitted_at": NOW.0, "state": "submitted"});
    values
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    world.put("sales_order", id(number), &values);
}

#[test]
fn orders_count_once_they_are_submitted_and_as_long_as_they_stand() {
    let mut world = field();
    let made =
        json!({"planned_on": "2026-11-24", "started_on": "2026-11-24", "state": "completed"});
    for number in 31..=34 {
        visit(&mut world, number, 1, 10, &made);
    }
    assert_eq!(
        halves(&asked(&world, Wanted::default()), "strike_rate"),
        "0/4"
    );
    let line = |product: u8| format!("lines/{}/product", id(product));
    ordered(
        &mut world,
        61,
        id(31),
        &json!({line(70).as_str(): id(70), line(71).as_str(): id(71)}),
    );
    let worth = json!({line(70).as_str(): id(70), "currency": "USD", "gross": "12.5"});
    ordered(&mut world, 62, id(31), &worth);
    ordered(
        &mut world,
        63,
        id(32),
        &json!({"submitted_at": null, "state": "draft"}),
    );
    ordered(&mut world, 64, id(33), &json!({"state": "cancelled"}));
    ordered(
        &mut world,
        65,
        id(34),
        &json!({"content_hash": "x", "currency": "USD", "gross": "9"}),
    );
    let said =
        json!({"order": id(65), "verdict": "rejected", "content_hash": "x", "submitted_at": NOW.0});
    world.put("order_verdict", id(66), &said);
    let answer = asked(&world, Wanted::default());
    assert_eq!(halves(&answer, "strike_rate"), "1/4");
    assert_eq!(halves(&answer, "lines_per_productive_call"), "2/1");
    assert_eq!(halves(&answer, "drop_size"), "\"12.5\"/1");
}

#[test]
fn shelves_count_on_the_day_on_which_they_were_counted() {
    let mut world = field();
    world.put("product", id(70), &json!({"name": "Tea"}));
    for (owner, status) in [(1, "present"), (2, "listed_void")] {
        world.user = owner;
        let status = format!("counts/{}/status={status}", id(70));
        let (path, status) = status.split_once('=').unwrap();
        world.tell(&json!({"do": "count", "account": id(10), path: status}));
    }
    world.user = 1;
    assert_eq!(halves(&asked(&world, Wanted::default()), "osa"), "1/1");
    let all = Wanted {
        territory: Some("South"),
        ..Wanted::default()
    };
    assert_eq!(halves(&asked(&world, all), "osa"), "1/2");
    assert_eq!(halves(&asked(&world, all), "oos"), "1/2");
    assert_eq!(
        halves(
            &asked(
                &world,
                Wanted {
                    day: Some("2026-11-23"),
                    ..all
                }
            ),
            "osa"
        ),
        "0/0"
    );
}

#[test]
fn checks_of_prices_and_promotions_count_in_visits_that_were_made() {
    let mut world = field();
    let made = json!({
        "started_on": "2026-11-24", "state": "completed",
        "actions/a/kind": "price_check", "actions/a/state": "done",
        "actions/b/kind": "price_check", "actions/b/state": "skipped",
        "actions/c/kind": "promotion_check", "actions/c/state": "done",
        "actions/c/answer": "present",
        "actions/d/kind": "promotion_check", "actions/d/state": "done",
        "actions/d/answer": "partial",
        "actions/e/kind": "promotion_check", "actions/e/state": "to_do",
        "actions/f/kind": "task", "actions/f/state": "done", "actions/f/answer": "present",
    });
    visit(&mut world, 31, 1, 10, &made);
    let mut open = made;
    open["state"] = "in_progress".into();
    visit(&mut world, 32, 1, 11, &open);
    let answer = asked(&world, Wanted::default());
    assert_eq!(halves(&answer, "price_checks"), "1/2");
    assert_eq!(halves(&answer, "promotions_present"), "1/2");
}

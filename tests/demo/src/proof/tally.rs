//! What is claimed of the day's figures: they are what counting the answers of the story gives, for
//! each person and each territory. It counts by itself and imports nothing of the core.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::case::{Checked, PhoneEvidence, ProofCase, first, plain};
use super::exact::{ONE, micros, money};
use super::ledger::Expected;

/// One visit as the story had it.
struct VisitTally<'a> {
    owner: String,
    account: String,
    planned: bool,
    made: bool,
    route: Option<i64>,
    started: i64,
    orders: Vec<&'a Expected>,
}

fn said(record: &Expected, path: &str) -> String {
    record.values.get(path).map(plain).unwrap_or_default()
}

fn visits<'a>(case: &ProofCase<'_>, expected: &'a [Expected]) -> Vec<VisitTally<'a>> {
    let visits = expected.iter().filter(|record| record.object == "visit");
    let visit = |record: &'a Expected| VisitTally {
        owner: said(record, "owner"),
        account: said(record, "account"),
        planned: said(record, "planned_on") == case.day && said(record, "unplanned") != "true",
        made: said(record, "state") == "completed",
        route: record.values.get("route_position").and_then(Json::as_i64),
        started: record
            .values
            .get("started_at")
            .and_then(Json::as_i64)
            .unwrap_or(0),
        orders: (expected.iter())
            .filter(|of| {
                of.object == "sales_order"
                    && said(of, "visit") == record.id
                    && said(of, "state") == "submitted"
            })
            .collect(),
    };
    visits.map(visit).collect()
}

/// The length of the longest row of rising places.
fn in_sequence(places: &[i64]) -> i128 {
    let mut best: Vec<i128> = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let before = (0..at)
            .filter(|earlier| places[*earlier] < *place)
            .map(|earlier| best[earlier])
            .max();
        best.push(before.unwrap_or(0) + 1);
    }
    best.into_iter().max().unwrap_or(0)
}

/// Numerator and denominator of each figure that the story decides.
fn counted(visits: &[&VisitTally<'_>], accounts: usize) -> BTreeMap<&'static str, (i128, i128)> {
    let made: Vec<&&VisitTally<'_>> = visits.iter().filter(|visit| visit.made).collect();
    let productive: Vec<&&&VisitTally<'_>> = made
        .iter()
        .filter(|visit| !visit.orders.is_empty())
        .collect();
    let products = |visit: &VisitTally<'_>| {
        let values = visit.orders.iter().flat_map(|order| order.values.iter());
        values
            .filter(|(path, _)| path.ends_with("/product"))
            .map(|(_, of)| plain(of))
            .collect::<BTreeSet<_>>()
            .len()
    };
    let value: i128 = (productive.iter())
        .flat_map(|visit| &visit.orders)
        .filter_map(|order| micros(&said(order, "gross")))
        .sum();
    let planned_made = made.iter().filter(|visit| visit.planned).count();
    let mut routes: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for visit in made.iter().filter(|visit| visit.planned) {
        routes
            .entry(&visit.owner)
            .or_default()
            .extend(visit.route.map(|route| (visit.started, route)));
    }
    let sequence: i128 = (routes.into_values())
        .map(|mut route| {
            route.sort_unstable();
            in_sequence(
                &route
                    .into_iter()
                    .map(|(_, place)| place)
                    .collect::<Vec<_>>(),
            )
        })
        .sum();
    let visited: BTreeSet<&str> = made.iter().map(|visit| visit.account.as_str()).collect();
    let count = |count: usize| count as i128 * ONE;
    BTreeMap::from([
        ("strike_rate", (count(productive.len()), count(made.len()))),
        (
            "lines_per_productive_call",
            (
                count(productive.iter().map(|of| products(of)).sum()),
                count(productive.len()),
            ),
        ),
        ("drop_size", (value, count(productive.len()))),
        ("coverage", (count(visited.len()), count(accounts))),
        (
            "plan_adherence",
            (
                count(planned_made),
                count(visits.iter().filter(|visit| visit.planned).count()),
            ),
        ),
        ("call_compliance", (count(planned_made), count(made.len()))),
        ("route_compliance", (sequence * ONE, count(planned_made))),
    ])
}

/// The phones of the person or the territory that figures are about.
fn about<'a>(case: &'a ProofCase<'_>, figures: &Json) -> Vec<&'a PhoneEvidence<'a>> {
    let territories = case.server_file.records("territory").unwrap_or_default();
    let named = |phone: &PhoneEvidence<'_>| {
        territories
            .get(&phone.territory)
            .and_then(|of| of.get("name"))
            .cloned()
    };
    let is_meant = |phone: &&PhoneEvidence<'_>| match figures["rep"].as_str() {
        Some(rep) => phone.who == rep,
        None => named(phone).as_ref() == Some(&figures["territory"]),
    };
    case.phones.iter().filter(is_meant).collect()
}

/// All figures are what the story's answers give.
pub(crate) fn figures(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let (visits, accounts) = (visits(case, expected), case.server_file.records("account")?);
    let (mut problems, mut checked) = (Vec::new(), 0);
    for figures in &case.figures {
        let phones = about(case, figures);
        let Some(one) = phones.first() else {
            return Err(format!("figures of nobody: {figures}"));
        };
        let of: Vec<&VisitTally<'_>> = visits
            .iter()
            .filter(|visit| phones.iter().any(|phone| phone.user == visit.owner))
            .collect();
        let here = |account: &&super::ledger::PlainValues| {
            account.get("territory").map(plain).as_ref() == Some(&one.territory)
        };
        let name = figures["rep"]
            .as_str()
            .or(figures["territory"].as_str())
            .unwrap_or_default();
        for (figure, due) in counted(&of, accounts.values().filter(here).count()) {
            let shown = figures["figures"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|of| of["name"] == figure);
            let half = |half: &str| shown.and_then(|of| micros(&plain(&of[half])));
            let is = (
                half("numerator").unwrap_or(-1),
                half("denominator").unwrap_or(-1),
            );
            if is != due {
                let [is, due] =
                    [is, due].map(|(above, below)| format!("{} / {}", money(above), money(below)));
                problems.push(format!("{figure} of {name} is {is}, counted here {due}"));
            }
            checked += 1;
        }
    }
    first(problems, "figures are wrong")?;
    let made = visits.iter().filter(|visit| visit.made).count();
    let sold = visits
        .iter()
        .filter(|visit| visit.made && !visit.orders.is_empty())
        .count();
    Ok(format!(
        "the figures below are the story's: {checked} fractions counted again here from {} visits, {made} made, {sold} \
         with an order",
        visits.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rising_row_counts() {
        assert_eq!(in_sequence(&[1, 2, 3, 4, 6, 5]), 5);
        assert_eq!(in_sequence(&[3, 1, 2]), 2);
        assert_eq!(in_sequence(&[]), 0);
    }
}

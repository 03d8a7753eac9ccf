//! What is claimed of the day's figures: they are what counting the answers of the story gives, for
//! each person and each territory. It counts by itself and imports nothing of the core.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::case::{Checked, PhoneEvidence, ProofCase, first, plain};
use super::exact::{ONE, micros, money};
use super::ledger::Expected;

/// One visit as the story had it.
struct VisitTally {
    owner: String,
    account: String,
    is_planned: bool,
    is_made: bool,
    route: Option<i64>,
    started: i64,
    orders: usize,
    /// What was ordered, with tax, in millionths.
    value: i128,
    /// The products that were ordered.
    products: BTreeSet<String>,
}

/// A figure's numerator and denominator, in millionths.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FigureHalves {
    above: i128,
    below: i128,
}

impl FigureHalves {
    fn of(above: usize, below: usize) -> FigureHalves {
        FigureHalves {
            above: whole(above),
            below: whole(below),
        }
    }

    fn shown(self) -> String {
        format!("{} / {}", money(self.above), money(self.below))
    }
}

fn whole(count: usize) -> i128 {
    count as i128 * ONE
}

fn said(record: &Expected, path: &str) -> String {
    record.values.get(path).map(plain).unwrap_or_default()
}

fn number(record: &Expected, path: &str) -> Option<i64> {
    record.values.get(path).and_then(Json::as_i64)
}

/// All visits of the story, by the answers.
fn visits(case: &ProofCase<'_>, expected: &[Expected]) -> Vec<VisitTally> {
    let visits = expected.iter().filter(|record| record.object == "visit");
    visits.map(|visit| tally(case, expected, visit)).collect()
}

fn tally(case: &ProofCase<'_>, expected: &[Expected], visit: &Expected) -> VisitTally {
    let is_unplanned = said(visit, "unplanned") == "true";
    let mut tally = VisitTally {
        owner: said(visit, "owner"),
        account: said(visit, "account"),
        is_planned: said(visit, "planned_on") == case.day && !is_unplanned,
        is_made: said(visit, "state") == "completed",
        route: number(visit, "route_position"),
        started: number(visit, "started_at").unwrap_or(0),
        orders: 0,
        value: 0,
        products: BTreeSet::new(),
    };
    for order in expected {
        let is_its_own = order.object == "sales_order" && said(order, "visit") == visit.id;
        if !is_its_own || said(order, "state") != "submitted" {
            continue;
        }
        tally.orders += 1;
        tally.value += micros(&said(order, "gross")).unwrap_or(0);
        for (path, value) in &order.values {
            if path.ends_with("/product") {
                tally.products.insert(plain(value));
            }
        }
    }
    tally
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

/// How many of planned visits that were made came in the order of their routes.
fn made_in_sequence(made: &[&VisitTally]) -> i128 {
    let mut routes: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for visit in made.iter().filter(|visit| visit.is_planned) {
        let route = routes.entry(&visit.owner).or_default();
        route.extend(visit.route.map(|place| (visit.started, place)));
    }
    let mut sum = 0;
    for mut route in routes.into_values() {
        route.sort_unstable();
        let places: Vec<i64> = route.into_iter().map(|(_, place)| place).collect();
        sum += in_sequence(&places);
    }
    sum
}

/// Each figure that the story decides.
fn counted(visits: &[&VisitTally], accounts: usize) -> BTreeMap<&'static str, FigureHalves> {
    let mut made = visits.to_vec();
    made.retain(|visit| visit.is_made);
    let mut productive = made.clone();
    productive.retain(|visit| visit.orders > 0);
    let planned = visits.iter().filter(|visit| visit.is_planned).count();
    let planned_made = made.iter().filter(|visit| visit.is_planned).count();
    let lines = productive.iter().map(|visit| visit.products.len()).sum();
    let visited: BTreeSet<&str> = made.iter().map(|visit| visit.account.as_str()).collect();
    let drop_size = FigureHalves {
        above: productive.iter().map(|visit| visit.value).sum(),
        below: whole(productive.len()),
    };
    let route_compliance = FigureHalves {
        above: made_in_sequence(&made) * ONE,
        below: whole(planned_made),
    };
    BTreeMap::from([
        (
            "strike_rate",
            FigureHalves::of(productive.len(), made.len()),
        ),
        (
            "lines_per_productive_call",
            FigureHalves::of(lines, productive.len()),
        ),
        ("drop_size", drop_size),
        ("coverage", FigureHalves::of(visited.len(), accounts)),
        ("plan_adherence", FigureHalves::of(planned_made, planned)),
        (
            "call_compliance",
            FigureHalves::of(planned_made, made.len()),
        ),
        ("route_compliance", route_compliance),
    ])
}

/// The phones of the person or the territory that figures are about.
fn about<'a>(
    case: &'a ProofCase<'_>,
    figures: &Json,
) -> Result<Vec<&'a PhoneEvidence<'a>>, String> {
    let territories = case.server_file.records("territory")?;
    let mut phones = Vec::new();
    for phone in &case.phones {
        let territory = territories.get(&phone.territory);
        let name = territory.and_then(|territory| territory.get("name"));
        let is_meant = match figures["rep"].as_str() {
            Some(rep) => phone.who == rep,
            None => name == Some(&figures["territory"]),
        };
        if is_meant {
            phones.push(phone);
        }
    }
    Ok(phones)
}

/// A figure as the phones answered it.
fn answered(figures: &Json, name: &str) -> FigureHalves {
    let mut all = figures["figures"].as_array().into_iter().flatten();
    let found = all.find(|figure| figure["name"] == name);
    let half = |half: &str| found.and_then(|figure| micros(&plain(&figure[half])));
    FigureHalves {
        above: half("numerator").unwrap_or(-1),
        below: half("denominator").unwrap_or(-1),
    }
}

/// All figures are what the story's answers give.
pub(crate) fn figures(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let visits = visits(case, expected);
    let accounts = case.server_file.records("account")?;
    let (mut problems, mut checked) = (Vec::new(), 0);
    for figures in &case.figures {
        let phones = about(case, figures)?;
        let Some(one) = phones.first() else {
            return Err(format!("figures of nobody: {figures}"));
        };
        let mut own: Vec<&VisitTally> = visits.iter().collect();
        own.retain(|visit| phones.iter().any(|phone| phone.user == visit.owner));
        let territories = accounts.values().map(|account| account.get("territory"));
        let here = territories.filter(|of| of.map(plain).as_ref() == Some(&one.territory));
        let whose = figures["rep"].as_str().or(figures["territory"].as_str());
        let whose = whose.unwrap_or_default();
        for (name, due) in counted(&own, here.count()) {
            let is = answered(figures, name);
            if is != due {
                let (is, due) = (is.shown(), due.shown());
                problems.push(format!("{name} of {whose} is {is}, counted here {due}"));
            }
            checked += 1;
        }
    }
    first(problems, "figures are wrong")?;
    let made = visits.iter().filter(|visit| visit.is_made);
    let sold = made.clone().filter(|visit| visit.orders > 0);
    Ok(format!(
        "the figures below are the story's: {checked} fractions counted again here \
         from {} visits, {} made, {} with an order",
        visits.len(),
        made.count(),
        sold.count()
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

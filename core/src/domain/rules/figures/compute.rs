//! The figures a manager looks at, each an exact fraction with the names of both its halves. Pure
//! arithmetic over plain values; `gather` knows from which records they come.
//!
//! A visit is *planned* for a day if it was planned for it and not begun ad hoc; it is *made* on
//! the day on which it was started, once it is completed. A made visit is *productive* if an order
//! was submitted in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::base::decimal::Decimal;
use crate::base::fraction::Ratio;
use crate::base::id::RecordId;
use crate::domain::rules::shelf::arithmetic::{Stock, availability, share};

/// One order that was taken in a visit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// The products that it names.
    pub products: BTreeSet<RecordId>,
    /// Its value, by currency; none where the order does not say.
    pub value: Option<(String, Decimal)>,
}

/// One visit as figures see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitCall {
    /// The visit.
    pub id: RecordId,
    /// Whose visit it is.
    pub owner: Option<RecordId>,
    /// The account that is visited.
    pub account: Option<RecordId>,
    /// Planned for one of these days.
    pub planned: bool,
    /// Made on one of these days.
    pub made: bool,
    /// The day that it was planned for, which has a route of its own.
    pub planned_on: Option<String>,
    /// Its place in the owner's route of that day.
    pub route_position: Option<i64>,
    /// When it was started, in milliseconds since 1970.
    pub started_at: i64,
    /// The orders that were submitted in it.
    pub orders: Vec<Order>,
    /// Its checks of prices that were done, of all.
    pub price_checks: Ratio,
    /// Promotions found present, of those looked for.
    pub promotions: Ratio,
}

/// All that the figures of a day, or of some, are made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayCalls {
    /// Visits that were planned for these days or made on them.
    pub calls: Vec<VisitCall>,
    /// Accounts in the territory.
    pub accounts: BTreeSet<RecordId>,
    /// The shelves that were counted on these days.
    pub shelves: Vec<Vec<Stock>>,
}

/// How a figure reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FigureUnit {
    /// Percent with one decimal.
    Percent,
    /// An average with one decimal.
    Each,
    /// An average amount; the numerator counts units of which 10 to the power of `decimals` make
    /// one.
    Money {
        /// The currency; empty where no order says one.
        currency: String,
        /// Decimals of the amounts.
        decimals: u8,
    },
}

/// What the two halves of a figure count, in the words of people who read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfNames {
    /// What is counted.
    pub numerator: &'static str,
    /// Of how many.
    pub denominator: &'static str,
}

impl HalfNames {
    /// The names of numerator and denominator.
    #[must_use]
    pub const fn new(numerator: &'static str, denominator: &'static str) -> Self {
        HalfNames {
            numerator,
            denominator,
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// How it reads.
    pub unit: FigureUnit,
    /// What it is, exactly.
    pub ratio: Ratio,
    /// What its halves count.
    pub of: HalfNames,
}

impl Figure {
    /// A share of a whole.
    #[must_use]
    pub fn percent(name: &'static str, ratio: Ratio, of: HalfNames) -> Self {
        Figure {
            name,
            unit: FigureUnit::Percent,
            ratio,
            of,
        }
    }

    /// The value as text, rounded half away from zero; none where the denominator is 0.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        match &self.unit {
            FigureUnit::Percent => self.ratio.percent(),
            FigureUnit::Each => self.ratio.decimal(1),
            FigureUnit::Money { decimals, .. } => {
                let denominator = self
                    .ratio
                    .denominator
                    .checked_mul(10_i128.checked_pow(u32::from(*decimals))?)?;
                Ratio {
                    denominator,
                    ..self.ratio
                }
                .decimal(*decimals)
            }
        }
    }

    /// The figure with both halves, their names, and its unit: `%`, a currency, or nothing.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let Ratio {
            numerator,
            denominator,
        } = self.ratio;
        let whole = |number: i128| i64::try_from(number).map_or(Json::Null, Json::from);
        let (unit, numerator) = match &self.unit {
            FigureUnit::Percent => ("%", whole(numerator)),
            FigureUnit::Each => ("", whole(numerator)),
            FigureUnit::Money { currency, decimals } => {
                let scale = 10_i128.checked_pow(u32::from(*decimals)).unwrap_or(1);
                (
                    currency.as_str(),
                    json!(
                        Ratio {
                            numerator,
                            denominator: scale
                        }
                        .decimal(*decimals)
                    ),
                )
            }
        };
        json!({
            "name": self.name, "value": self.value(), "unit": unit,
            "numerator": numerator, "numerator_name": self.of.numerator,
            "denominator": whole(denominator), "denominator_name": self.of.denominator,
        })
    }
}

/// All figures of a day, in the order in which people read them.
#[must_use]
pub fn figures(day: &DayCalls) -> Vec<Figure> {
    let made: Vec<&VisitCall> = day.calls.iter().filter(|call| call.made).collect();
    let productive: Vec<&VisitCall> = made
        .iter()
        .copied()
        .filter(|call| !call.orders.is_empty())
        .collect();
    let planned = day.calls.iter().filter(|call| call.planned).count();
    let kept = made.iter().filter(|call| call.planned).count();
    let visited: BTreeSet<RecordId> = made.iter().filter_map(|call| call.account).collect();
    let mut figures = vec![
        Figure::percent(
            "strike_rate",
            ratio(productive.len(), made.len()),
            HalfNames::new("visits with an order", "visits made"),
        ),
        lines(&productive),
    ];
    figures.extend(drop_sizes(&productive));
    figures.extend([
        Figure::percent(
            "coverage",
            ratio(
                visited.intersection(&day.accounts).count(),
                day.accounts.len(),
            ),
            HalfNames::new("accounts visited", "accounts in the territory"),
        ),
        Figure::percent(
            "plan_adherence",
            ratio(kept, planned),
            HalfNames::new("planned visits made", "visits planned"),
        ),
        Figure::percent(
            "call_compliance",
            ratio(kept, made.len()),
            HalfNames::new("planned visits made", "visits made"),
        ),
        Figure::percent(
            "route_compliance",
            route(&day.calls),
            HalfNames::new(
                "planned visits made in sequence",
                "planned visits made on a route",
            ),
        ),
    ]);
    figures.extend(shelf(&day.shelves));
    let sum = |of: fn(&VisitCall) -> Ratio| {
        made.iter()
            .map(|call| of(call))
            .fold(Ratio::default(), Ratio::and)
    };
    figures.extend([
        Figure::percent(
            "price_checks",
            sum(|call| call.price_checks),
            HalfNames::new("price checks done", "price checks to do"),
        ),
        Figure::percent(
            "promotions_present",
            sum(|call| call.promotions),
            HalfNames::new("promotions present", "promotions checked"),
        ),
    ]);
    figures
}

/// The figures of shelves: what is there, what is not, and how much is ours.
#[must_use]
pub fn shelf(shelves: &[Vec<Stock>]) -> Vec<Figure> {
    let sum = |of: fn(&[Stock]) -> Ratio| {
        shelves
            .iter()
            .map(|stocks| of(stocks))
            .fold(Ratio::default(), Ratio::and)
    };
    let available = sum(availability);
    vec![
        Figure::percent(
            "osa",
            available,
            HalfNames::new("products available", "products listed and checked"),
        ),
        Figure::percent(
            "oos",
            available.rest(),
            HalfNames::new("products not available", "products listed and checked"),
        ),
        Figure::percent(
            "share_of_shelf",
            sum(share),
            HalfNames::new("own facings", "facings of the categories"),
        ),
    ]
}

fn ratio(numerator: usize, denominator: usize) -> Ratio {
    Ratio {
        numerator: numerator as i128,
        denominator: denominator as i128,
    }
}

/// Products that several orders of one visit name count once.
fn lines(productive: &[&VisitCall]) -> Figure {
    let distinct = |call: &&VisitCall| {
        call.orders
            .iter()
            .flat_map(|order| &order.products)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let ratio = ratio(productive.iter().map(distinct).sum(), productive.len());
    let of = HalfNames::new("distinct products ordered", "productive visits");
    Figure {
        name: "lines_per_productive_call",
        unit: FigureUnit::Each,
        ratio,
        of,
    }
}

/// One figure a currency, over the productive visits with an order in it; amounts of two currencies
/// never add up.
fn drop_sizes(productive: &[&VisitCall]) -> Vec<Figure> {
    let mut by_currency: BTreeMap<&str, (Vec<Decimal>, BTreeSet<RecordId>)> = BTreeMap::new();
    for call in productive {
        for (currency, value) in call.orders.iter().filter_map(|order| order.value.as_ref()) {
            let (values, calls) = by_currency.entry(currency).or_default();
            values.push(*value);
            calls.insert(call.id);
        }
    }
    if by_currency.is_empty() {
        by_currency.entry("").or_default();
    }
    by_currency
        .into_iter()
        .map(|(currency, (values, calls))| drop_size(currency, &values, calls.len()))
        .collect()
}

/// The value of orders over the visits in which they were taken.
fn drop_size(currency: &str, values: &[Decimal], calls: usize) -> Figure {
    let decimals = values.iter().map(|value| value.scale()).max().unwrap_or(0);
    let mut numerator = 0_i128;
    for value in values {
        let shift = 10_i128.pow(u32::from(decimals - value.scale()));
        numerator = numerator.saturating_add(value.mantissa().saturating_mul(shift));
    }
    Figure {
        name: "drop_size",
        unit: FigureUnit::Money {
            currency: currency.to_owned(),
            decimals,
        },
        ratio: Ratio {
            numerator,
            denominator: calls as i128,
        },
        of: HalfNames::new("order value", "productive visits"),
    }
}

/// Planned visits made in sequence, of the planned visits made by people who have a route that day:
/// some visit planned for them has a place in it. A visit without a place was made, and never in
/// sequence.
fn route(calls: &[VisitCall]) -> Ratio {
    let mut by_route: BTreeMap<_, Vec<&VisitCall>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.planned) {
        let route = (call.owner, call.planned_on.as_deref());
        by_route.entry(route).or_default().push(call);
    }
    let (mut in_order, mut made) = (0, 0);
    for mut calls in by_route.into_values() {
        if calls.iter().all(|call| call.route_position.is_none()) {
            continue;
        }
        calls.retain(|call| call.made);
        calls.sort_by_key(|call| (call.started_at, call.id));
        let positions: Vec<i64> = calls
            .iter()
            .filter_map(|call| call.route_position)
            .collect();
        in_order += in_sequence(&positions);
        made += calls.len();
    }
    ratio(in_order, made)
}

/// How many stops of a route were made in sequence, given their places in the order in which they
/// were started: the most that can be picked so that the places never fall. Leaving a stop out
/// breaks no sequence, one stop made too early or too late is one out of sequence, and stops that
/// share a place have no order between them.
#[must_use]
pub fn in_sequence(positions: &[i64]) -> usize {
    // At each length, the lowest place in which a sequence of that length can end.
    let mut ends: Vec<i64> = Vec::new();
    for position in positions {
        let at = ends.partition_point(|end| end <= position);
        match ends.get_mut(at) {
            Some(end) => *end = *position,
            None => ends.push(*position),
        }
    }
    ends.len()
}

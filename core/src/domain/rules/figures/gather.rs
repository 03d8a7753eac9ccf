//! From which records the figures of a day, or of some, come, for a person, a territory, or all
//! that is here. It does not know how they are computed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::compute::{DayCalls, Figure, Order, VisitCall, figures};
use super::perfect;
use crate::base::context::{Context, Role};
use crate::base::day::Day;
use crate::base::decimal::Decimal;
use crate::base::fraction::Ratio;
use crate::base::id::RecordId;
use crate::base::time::TimeError;
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{
    ACCOUNT, ACTIONS, DONE, INVENTORY_CHECK, SALES_ORDER, SUBMITTED, TERRITORY, USER, VISIT,
};
use crate::domain::rules::sell::order::is_rejected;
use crate::domain::rules::shelf::{arithmetic, counting};
use crate::objects::{ReadError, Reader, Record, Registry, Value};

/// Which figures are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The day, `YYYY-MM-DD`; today if not said.
    pub day: Option<&'a str>,
    /// The first of several days, in place of one.
    pub from: Option<&'a str>,
    /// The last of them; today if not said.
    pub to: Option<&'a str>,
    /// Name or id of a person whose visits count.
    pub rep: Option<&'a str>,
    /// Name or id of a territory whose accounts count, those of the territories below it included.
    pub territory: Option<&'a str>,
}

/// Days of which figures are told at once: a year.
const FIGURE_DAYS_MAX: usize = 366;

/// The fields of a line by name.
type Line<'a> = BTreeMap<&'a str, &'a Value>;

/// What counts, once names have become records.
pub(super) struct Selection<'a> {
    pub(super) registry: &'a Registry,
    pub(super) reader: &'a dyn Reader,
    /// The days, each as `YYYY-MM-DD`.
    pub(super) days: BTreeSet<String>,
    pub(super) rep: Option<Record>,
    pub(super) territory: Option<Record>,
    pub(super) accounts: BTreeSet<RecordId>,
}

/// The figures of a day for a person and a territory, each as `day`, `rep` and `territory` say.
pub fn asked(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    let wanted = Wanted {
        day: inquiry.text("day"),
        from: inquiry.text("from"),
        to: inquiry.text("to"),
        rep: inquiry.text("rep"),
        territory: inquiry.text("territory"),
    };
    of_day(inquiry.registry, inquiry.reader, inquiry.context, wanted)
}

/// The figures of a day as JSON. Where neither a person nor a territory is named, a rep's are the
/// rep's own, and others see all that their device holds.
pub fn of_day(
    registry: &Registry,
    reader: &dyn Reader,
    context: &Context,
    wanted: Wanted<'_>,
) -> Result<Json, Refusal> {
    let days = days(context, wanted)?;
    let myself = context.user.to_string();
    let own = context.role == Role::REP && wanted.territory.is_none();
    let rep = named(reader, USER, wanted.rep.or(own.then_some(&myself)), "rep")?;
    let territory = named(reader, TERRITORY, wanted.territory, "territory")?;
    let accounts = accounts(reader, rep.as_ref(), territory.as_ref())?;
    let selection = Selection {
        registry,
        reader,
        days,
        rep,
        territory,
        accounts,
    };
    let figures = figures(&selection.calls()?);
    let perfect = perfect::perfect_store(&perfect::parts(registry, reader)?, &figures);
    let figures: Vec<Json> = figures.iter().map(Figure::to_json).chain(perfect).collect();
    let name = |record: &Option<Record>| {
        record
            .as_ref()
            .and_then(|record| record.text("name").map(str::to_owned))
    };
    let (rep, territory) = (name(&selection.rep), name(&selection.territory));
    let mut told = json!({ "rep": rep, "territory": territory, "figures": figures });
    if wanted.from.is_none() {
        told["day"] = json!(selection.days.first());
    } else {
        told["from"] = json!(selection.days.first());
        told["to"] = json!(selection.days.last());
    }
    Ok(told)
}

/// The day that is asked about, or all from one to another.
fn days(context: &Context, wanted: Wanted<'_>) -> Result<BTreeSet<String>, Refusal> {
    let Some(from) = wanted.from else {
        if let Some(to) = wanted.to {
            let message = format!("up to {to}, and from when on? say `from` too");
            return Err(Refusal::bad_input("bad_range", message).about("from"));
        }
        return Ok(BTreeSet::from([
            one_day(context, wanted.day, "day")?.to_string()
        ]));
    };
    if wanted.day.is_some() {
        let message = "one `day` is asked about, or several `from` one `to` another";
        return Err(Refusal::bad_input("bad_range", message).about("day"));
    }
    let (from, to) = (
        one_day(context, Some(from), "from")?,
        one_day(context, wanted.to, "to")?,
    );
    let mut days = BTreeSet::new();
    let mut next = Some(from);
    while let Some(day) = next.filter(|day| *day <= to) {
        if days.len() == FIGURE_DAYS_MAX {
            let message =
                format!("{from} to {to} is more than {FIGURE_DAYS_MAX} days; ask for less");
            return Err(Refusal::bad_input("bad_range", message).about("from"));
        }
        days.insert(day.to_string());
        next = day.next();
    }
    if days.is_empty() {
        let message = format!("{to} is before {from}");
        return Err(Refusal::bad_input("bad_range", message).about("to"));
    }
    Ok(days)
}

/// A day that was said, else today.
pub(super) fn one_day(context: &Context, said: Option<&str>, name: &str) -> Result<Day, Refusal> {
    let day = said.map_or_else(|| context.today(), str::to_owned);
    day.parse().map_err(|error: TimeError| {
        Refusal::bad_input("bad_value", format!("`{name}`: {error}")).about(name)
    })
}

/// Whether an order was handed in and still stands.
#[must_use]
pub fn is_submitted(order: &Record) -> bool {
    order.text("state") == Some(SUBMITTED) && !order.value("submitted_at").is_null()
}

/// The record of this name or id.
fn named(
    reader: &dyn Reader,
    object: &str,
    name: Option<&str>,
    input: &str,
) -> Result<Option<Record>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    let mut found = reader.find(object, &[("name", Value::from(name))])?;
    if let (true, Ok(id)) = (found.is_empty(), name.parse()) {
        found.extend(reader.record(object, id)?);
    }
    match found.into_iter().next() {
        Some(record) => Ok(Some(record)),
        None => {
            let message =
                format!("there is no {object} `{name}` here; sync, or choose one from the list");
            Err(Refusal::not_found("unknown_record", message).about(input))
        }
    }
}

/// The accounts of the territory, else those of the person's territories, else all.
fn accounts(
    reader: &dyn Reader,
    rep: Option<&Record>,
    territory: Option<&Record>,
) -> Result<BTreeSet<RecordId>, ReadError> {
    let roots: Vec<RecordId> = match (territory, rep) {
        (Some(territory), _) => vec![territory.id],
        (None, Some(rep)) => {
            let lines = rep.lines("territories");
            lines
                .values()
                .filter_map(|line| line.get("territory")?.text()?.parse().ok())
                .collect()
        }
        (None, None) => {
            let all = reader.find(ACCOUNT, &[])?;
            return Ok(all.iter().map(|account| account.id).collect());
        }
    };
    let mut found = BTreeSet::new();
    for territory in with_those_below(reader, roots)? {
        let held = reader.find(
            ACCOUNT,
            &[("territory", Value::from(territory.to_string()))],
        )?;
        found.extend(held.iter().map(|account| account.id));
    }
    Ok(found)
}

/// These territories and all below them.
pub(super) fn with_those_below(
    reader: &dyn Reader,
    mut waiting: Vec<RecordId>,
) -> Result<BTreeSet<RecordId>, ReadError> {
    let mut found = BTreeSet::new();
    while let Some(territory) = waiting.pop() {
        if found.insert(territory) {
            let below =
                reader.find(TERRITORY, &[("parent", Value::from(territory.to_string()))])?;
            waiting.extend(below.iter().map(|territory| territory.id));
        }
    }
    Ok(found)
}

impl Selection<'_> {
    /// What the figures are made of.
    pub(super) fn calls(&self) -> Result<DayCalls, ReadError> {
        let mut visits: BTreeMap<RecordId, Record> = BTreeMap::new();
        let mut shelves = Vec::new();
        for day in &self.days {
            let day = Value::from(day.as_str());
            for field in ["planned_on", "started_on"] {
                let found = self.reader.find(VISIT, &[(field, day.clone())])?;
                visits.extend(found.into_iter().map(|visit| (visit.id, visit)));
            }
            let checks = self.reader.find(INVENTORY_CHECK, &[("counted_on", day)])?;
            let counted = checks.iter().filter(|check| self.counts(check));
            shelves.extend(counted.map(|check| arithmetic::joined(&counting::counts(check))));
        }
        let mut calls = Vec::new();
        for visit in visits.values().filter(|visit| self.counts(visit)) {
            calls.extend(self.call(visit)?);
        }
        Ok(DayCalls {
            calls,
            accounts: self.accounts.clone(),
            shelves,
        })
    }

    /// Whether a record is the person's, and of an account of the territory.
    fn counts(&self, record: &Record) -> bool {
        let by_rep = self
            .rep
            .as_ref()
            .is_none_or(|rep| record.reference("owner") == Some(rep.id));
        let in_territory = || {
            record
                .reference("account")
                .is_some_and(|account| self.accounts.contains(&account))
        };
        by_rep && (self.territory.is_none() || in_territory())
    }

    fn call(&self, visit: &Record) -> Result<Option<VisitCall>, ReadError> {
        let is_day = |field: &str| visit.text(field).is_some_and(|day| self.days.contains(day));
        let planned = is_day("planned_on") && !visit.value("unplanned").is_true();
        let made = is_day("started_on") && visit.text("state") == Some("completed");
        if !planned && !made {
            return Ok(None);
        }
        Ok(Some(VisitCall {
            id: visit.id,
            owner: visit.reference("owner"),
            account: visit.reference("account"),
            planned,
            made,
            planned_on: visit.text("planned_on").map(str::to_owned),
            route_position: visit.value("route_position").int(),
            started_at: visit.value("started_at").int().unwrap_or(0),
            orders: if made {
                self.orders(visit)?
            } else {
                Vec::new()
            },
            price_checks: share_of(visit, "price_check", |_| true, is_done),
            promotions: share_of(visit, "promotion_check", is_done, |line| {
                says(line, "answer", "present")
            }),
        }))
    }

    fn orders(&self, visit: &Record) -> Result<Vec<Order>, ReadError> {
        let has_visit = self
            .registry
            .get(SALES_ORDER)
            .is_some_and(|order| order.fields.contains_key("visit"));
        if !has_visit {
            return Ok(Vec::new());
        }
        let found = self
            .reader
            .find(SALES_ORDER, &[("visit", Value::from(visit.id.to_string()))])?;
        let mut standing = Vec::new();
        for record in found.iter().filter(|order| is_submitted(order)) {
            if !is_rejected(self.reader, record)? {
                standing.push(order(record));
            }
        }
        Ok(standing)
    }
}

/// Of the actions of one kind that count, how many are so.
fn share_of(
    visit: &Record,
    kind: &str,
    counts: fn(&Line<'_>) -> bool,
    is_so: fn(&Line<'_>) -> bool,
) -> Ratio {
    let lines = visit.lines(ACTIONS);
    let of_kind: Vec<&Line<'_>> = lines
        .values()
        .filter(|line| says(line, "kind", kind) && counts(line))
        .collect();
    Ratio::of(
        of_kind.iter().filter(|line| is_so(line)).count() as i64,
        of_kind.len() as i64,
    )
}

fn is_done(line: &Line<'_>) -> bool {
    says(line, "state", DONE)
}

fn says(line: &Line<'_>, field: &str, word: &str) -> bool {
    line.get(field).and_then(|value| value.text()) == Some(word)
}

/// An order as figures see it; its value is what it came to with tax.
fn order(order: &Record) -> Order {
    let lines = order.lines("lines");
    let products = lines
        .values()
        .filter_map(|line| line.get("product")?.text()?.parse().ok())
        .collect();
    let gross = order.text("gross").and_then(Decimal::typed);
    Order {
        products,
        value: order.text("currency").map(str::to_owned).zip(gross),
    }
}

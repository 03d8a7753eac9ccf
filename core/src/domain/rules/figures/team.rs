//! A team's day at a glance: for each person what was planned, what was made, where they are now.
//! It does not know how figures are weighed, nor who leads whom but by territories.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::gather::{Selection, one_day, with_those_below};
use crate::base::context::{Context, Role};
use crate::base::id::RecordId;
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{ACCOUNT, IN_PROGRESS, USER, VISIT};
use crate::objects::{ReadError, Reader, Record, Registry, Value};

/// The day of a team, `day` or today.
pub fn asked(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    let Inquiry {
        registry,
        reader,
        context,
        ..
    } = *inquiry;
    let of = TeamView {
        registry,
        reader,
        context,
    };
    of.day(inquiry.text("day"))
}

/// Who looks at a team, and where.
#[derive(Clone, Copy)]
pub struct TeamView<'a> {
    /// The known objects.
    pub registry: &'a Registry,
    /// The door to records.
    pub reader: &'a dyn Reader,
    /// Who asks and when.
    pub context: &'a Context,
}

impl TeamView<'_> {
    /// The day (today if not said) of each person who has a territory of the asker's, or one below
    /// it; of all where the asker has none. A rep sees the rep's own.
    pub fn day(self, said: Option<&str>) -> Result<Json, Refusal> {
        let day = one_day(self.context, said, "day")?.to_string();
        let mut team = Vec::new();
        for person in people(self)? {
            team.push(day_of(self, &person, &day)?);
        }
        Ok(json!({ "day": day, "team": team }))
    }
}

fn people(view: TeamView<'_>) -> Result<Vec<Record>, ReadError> {
    let mut people = view.reader.find(USER, &[("active", Value::Bool(true))])?;
    let myself = RecordId(view.context.user.0);
    if view.context.role == Role::REP {
        people.retain(|person| person.id == myself);
        return Ok(people);
    }
    let me = people.iter().find(|person| person.id == myself);
    let mine: Vec<RecordId> = me.map(territories).unwrap_or_default();
    if !mine.is_empty() {
        let below: BTreeSet<RecordId> = with_those_below(view.reader, mine)?;
        people.retain(|person| territories(person).iter().any(|of| below.contains(of)));
    }
    people.sort_by(|one, other| one.text("name").cmp(&other.text("name")));
    Ok(people)
}

fn territories(person: &Record) -> Vec<RecordId> {
    let lines = person.lines("territories");
    let held = lines
        .values()
        .filter_map(|line| line.get("territory")?.text()?.parse().ok());
    held.collect()
}

fn day_of(view: TeamView<'_>, person: &Record, day: &str) -> Result<Json, ReadError> {
    let selection = Selection {
        registry: view.registry,
        reader: view.reader,
        days: BTreeSet::from([day.to_owned()]),
        rep: Some(person.clone()),
        territory: None,
        accounts: BTreeSet::new(),
    };
    let calls = selection.calls()?.calls;
    let owner = Value::from(person.id.to_string());
    let open = view
        .reader
        .find(VISIT, &[("owner", owner), ("state", IN_PROGRESS.into())])?;
    let at = match open.first().and_then(|visit| visit.reference("account")) {
        Some(account) => view.reader.record(ACCOUNT, account)?,
        None => None,
    };
    let planned = calls.iter().filter(|call| call.planned).count();
    let kept = calls
        .iter()
        .filter(|call| call.planned && call.made)
        .count();
    let made = calls.iter().filter(|call| call.made).count();
    let orders: usize = calls.iter().map(|call| call.orders.len()).sum();
    Ok(json!({
        "id": person.id.to_string(),
        "name": person.text("name"),
        "planned": planned,
        "made": made,
        "left": planned - kept,
        "orders": orders,
        "open": open.len(),
        "at": at.as_ref().and_then(|account| account.text("name")),
    }))
}

//! What waits for a person today: open visits, planned ones, missed ones. Which day it is, the
//! clock of the account says where it has one. It does not know how visits are made.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::renew::{renewed, template_of};
use crate::base::context::Context;
use crate::base::id::RecordId;
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{ACCOUNT, IN_PROGRESS, PLANNED, VISIT};
use crate::objects::{ReadError, Reader, Record, Value};

/// The visits that wait for the asker, as JSON; those of past days with `missed`, open ones with
/// `other_visit_open` where two devices have opened more than one, and with `template_is_newer`
/// where their template has become another since.
pub fn today(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    let mut days = AccountDays {
        reader: inquiry.reader,
        context: inquiry.context,
        known: BTreeMap::new(),
    };
    let visits = waiting(&mut days)?;
    let is_open = |visit: &Record| visit.text("state") == Some(IN_PROGRESS);
    let several_open = visits.iter().filter(|visit| is_open(visit)).count() > 1;
    let mut shown = Vec::with_capacity(visits.len());
    for visit in &visits {
        let mut json = visit.to_json();
        if is_missed(visit, days.at(visit)?) {
            json["missed"] = Json::Bool(true);
        }
        if several_open && is_open(visit) {
            json["other_visit_open"] = Json::Bool(true);
        }
        if is_open(visit)
            && let Some(template) = template_of(inquiry.reader, visit)?
            && !renewed(visit, &template).is_empty()
        {
            json["template_is_newer"] = Json::Bool(true);
        }
        shown.push(json);
    }
    Ok(shown.into())
}

/// The clock on which a day begins first: where it is no day yet, it is one nowhere.
const FIRST_ZONE: &str = "Etc/GMT-14";

/// Which day it is at accounts.
struct AccountDays<'a> {
    reader: &'a dyn Reader,
    context: &'a Context,
    known: BTreeMap<RecordId, String>,
}

impl AccountDays<'_> {
    /// The day at the account of a visit, by its own clock, or else by the tenant's.
    fn at(&mut self, visit: &Record) -> Result<&str, ReadError> {
        let account = visit.reference("account").unwrap_or(visit.id);
        if !self.known.contains_key(&account) {
            let row = self.reader.record(ACCOUNT, account)?;
            let zone = row.as_ref().and_then(|row| row.text("time_zone"));
            let day = zone.map_or_else(
                || self.context.today(),
                |zone| self.context.now.day_in(zone),
            );
            self.known.insert(account, day);
        }
        Ok(self.known.get(&account).map_or("", String::as_str))
    }
}

/// The visits that wait for this person: open ones first, then planned ones up to today by day and
/// in the order of the day's route, missed ones among them.
fn waiting(days: &mut AccountDays<'_>) -> Result<Vec<Record>, ReadError> {
    let (reader, mine) = (days.reader, Value::from(days.context.user.to_string()));
    let in_state =
        |state: &str| reader.find(VISIT, &[("owner", mine.clone()), ("state", state.into())]);
    let latest = days.context.now.day_in(FIRST_ZONE);
    let mut planned = Vec::new();
    for visit in in_state(PLANNED)? {
        let is_due = match visit.text("planned_on") {
            None => true,
            // Most are of other weeks, whatever the clock of their account says.
            Some(day) => day <= latest.as_str() && day <= days.at(&visit)?,
        };
        if is_due {
            planned.push(visit);
        }
    }
    planned.sort_by_key(|visit| {
        let in_route = visit.value("route_position").int().unwrap_or(i64::MAX);
        (
            visit.text("planned_on").map(str::to_owned),
            in_route,
            visit.id,
        )
    });
    let mut visits = in_state(IN_PROGRESS)?;
    visits.extend(planned);
    Ok(visits)
}

/// Whether the day for which a visit was planned is past, and the visit neither completed nor
/// called off. Time makes it so and nobody writes it, so it is kept nowhere.
#[must_use]
pub fn is_missed(visit: &Record, today: &str) -> bool {
    let waits = matches!(visit.text("state"), Some(PLANNED | IN_PROGRESS));
    let was_planned = !visit.value("unplanned").is_true();
    waits && was_planned && visit.text("planned_on").is_some_and(|day| day < today)
}

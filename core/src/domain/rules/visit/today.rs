//! What waits for a person today: open visits, planned ones, missed ones.
//! It does not know how visits are made.

use serde_json::Value as Json;

use super::renew::{renewed, template_of};
use crate::base::context::Context;
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{IN_PROGRESS, PLANNED, VISIT};
use crate::objects::{ReadError, Reader, Record, Value};

/// The visits that wait for the asker, as JSON; those of past days with `missed`, open ones with
/// `other_visit_open` where two devices have opened more than one, and with `template_is_newer`
/// where their template has become another since.
pub fn today(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    let visits = waiting(inquiry.reader, inquiry.context)?;
    let today = inquiry.context.today();
    let is_open = |visit: &Record| visit.text("state") == Some(IN_PROGRESS);
    let several_open = visits.iter().filter(|visit| is_open(visit)).count() > 1;
    let mut shown = Vec::with_capacity(visits.len());
    for visit in &visits {
        let mut json = visit.to_json();
        if is_missed(visit, &today) {
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

/// The visits that wait for this person: open ones first, then planned ones up to today by day and
/// in the order of the day's route, missed ones among them.
pub fn waiting(reader: &dyn Reader, context: &Context) -> Result<Vec<Record>, ReadError> {
    let (mine, today) = (Value::from(context.user.to_string()), context.today());
    let in_state =
        |state: &str| reader.find(VISIT, &[("owner", mine.clone()), ("state", state.into())]);
    let mut planned = in_state(PLANNED)?;
    planned.retain(|visit| {
        visit
            .text("planned_on")
            .is_none_or(|day| day <= today.as_str())
    });
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

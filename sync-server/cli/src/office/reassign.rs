//! Hands all records of an object that one person has to another: plans, accounts, whatever has an
//! owner. What is closed stays whose it was. It does not know which objects there are.

use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_core::base::id::RecordId;
use outfield_core::base::limits::QUERY_PAGE_MAX;
use outfield_core::objects::{Descriptor, FieldKind, Values};
use outfield_server::tenant::Tenant;
use serde_json::{Value as Json, json};

use super::open::open_tenant;
use crate::answer::{CliAnswer, CliFailure, REFUSED};
use crate::arguments::ReassignArguments;
use crate::{refer, render};

/// Hands records over; those that may not be are named, and the others are handed over.
pub(crate) fn reassign(
    arguments: &ReassignArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let mut tenant = open_tenant(&arguments.place, surroundings)?;
    let (object, field) = (&arguments.object, &arguments.field);
    // An object that there is not is refused with those that resemble it.
    tenant.query_of_office(&json!({ "object": object, "limit": 1 }).to_string())?;
    let descriptor = tenant.registry().get(object).map(Arc::clone);
    let descriptor = descriptor.ok_or_else(|| CliFailure::broken("no such object"))?;
    let people = people_of(&descriptor, field)?;
    let from = refer::id(&tenant, people, &arguments.from)?;
    let to = refer::id(&tenant, people, &arguments.to)?;
    if from == to {
        let message = "both are the same person; name another by --to";
        return Err(CliFailure::bad_input("same_person", message).about("to"));
    }
    let held = held_by(&mut tenant, &descriptor, arguments, &from)?;
    let mut refused = Vec::new();
    if !arguments.dry_run {
        for id in &held {
            let values = Values::from([(field.clone(), to.as_str().into())]);
            if let Err(error) = tenant.put(object, Some(*id), values) {
                let failure = CliFailure::from(error);
                refused.push(json!({ "id": id, "code": failure.code, "reason": failure.message }));
            }
        }
    }
    let count = refused.len();
    let data = json!({
        "object": object,
        "changed": held.len() - count,
        "refused": refused,
        "dry_run": arguments.dry_run,
    });
    let answer = CliAnswer::of(data, render::record);
    if count == 0 {
        return Ok(answer);
    }
    let message = format!(
        "{count} of {} records stay whose they were; see `refused`",
        held.len()
    );
    let failure = CliFailure::new(REFUSED, "not_all_reassigned", message, Vec::new());
    Err(CliFailure {
        partial: Some(Box::new(answer)),
        ..failure
    })
}

/// The object of people that a field refers to.
fn people_of<'a>(descriptor: &'a Descriptor, field: &str) -> Result<&'a str, CliFailure> {
    let found = descriptor.fields.get(field);
    let found = found.filter(|of| of.kind == FieldKind::Reference && of.by.is_none());
    found.and_then(|of| of.of.as_deref()).ok_or_else(|| {
        let object = &descriptor.object;
        let message = format!("`{object}` has no `{field}` that a person could be; say --field");
        CliFailure::bad_input("unknown_field", message).about("field")
    })
}

/// All records of a person that are not closed and that the condition is for.
fn held_by(
    tenant: &mut Tenant,
    descriptor: &Descriptor,
    arguments: &ReassignArguments,
    from: &str,
) -> Result<Vec<RecordId>, CliFailure> {
    let mut conditions = vec![json!({ "field": arguments.field, "equals": from })];
    if let Some(condition) = &arguments.condition {
        let read: Result<Json, _> = serde_json::from_str(condition);
        conditions.push(read.map_err(|error| {
            let message = format!("--where is no JSON: {error}");
            CliFailure::bad_input("bad_query", message).about("where")
        })?);
    }
    let lifecycle = descriptor.lifecycle.as_ref();
    let is_closed = |record: &Json| {
        lifecycle.is_some_and(|of| {
            let state = record[&of.field].as_str();
            state.is_some_and(|state| of.closed.iter().any(|closed| closed == state))
        })
    };
    let mut query = json!({
        "object": descriptor.object, "where": { "all": conditions }, "limit": QUERY_PAGE_MAX,
    });
    let mut held = Vec::new();
    loop {
        let mut page = tenant.query_of_office(&query.to_string())?;
        for record in page["records"].as_array().into_iter().flatten() {
            let id: Option<RecordId> = record["id"].as_str().and_then(|id| id.parse().ok());
            held.extend(id.filter(|_| !is_closed(record)));
        }
        query["after"] = page["next"].take();
        if query["after"].is_null() {
            return Ok(held);
        }
    }
}

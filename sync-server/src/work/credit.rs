//! What a device's clock says of a day, held between the last time that the device was told what it
//! follows and now: the day that counts stands beside the record, in the field that credits it. It
//! does not know what a day decides.

use outfield_core::base::context::Context;
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Descriptor, Record, Value, Values, beside};
use outfield_core::store::{StoreReader, tables};

use super::journal::Cause;
use super::rows::set_beside;
use crate::error::ServerError;

/// Notes what counts instead of the days that were just written; what was said rightly needs no
/// word.
pub(crate) fn credit(
    store: &StoreReader<'_>,
    context: &Context,
    descriptor: &Descriptor,
    written: &Record,
    told_at: Option<Timestamp>,
) -> Result<(), ServerError> {
    let mut credited = Values::new();
    for (name, field) in &descriptor.fields {
        let claimed = field.credits.as_ref().and_then(|of| written.text(of));
        if let Some(claimed) = claimed {
            credited.insert(name.clone(), day(context, claimed, told_at));
        }
    }
    let Some(side) = store.registry.beside(&descriptor.object) else {
        return Ok(());
    };
    let before = tables::read(
        store.db,
        side,
        beside::id_of(&descriptor.object, written.id),
    )?;
    let is_news = |(name, day): (&String, &Value)| match &before {
        Some(before) => before.value(name) != day,
        None => !day.is_null(),
    };
    if !credited.iter().any(is_news) {
        return Ok(());
    }
    let why = format!("{} {}", descriptor.object, written.id);
    let cause = Cause { context, why: &why };
    set_beside(store, cause, &descriptor.object, written.id, credited)
}

/// The day that counts; null where it is the one that was said.
fn day(context: &Context, claimed: &str, told_at: Option<Timestamp>) -> Value {
    let latest = context.today();
    let earliest = told_at.map(|at| at.day_in(&context.time_zone));
    let after = earliest.as_deref().filter(|first| claimed < *first);
    let before = Some(latest.as_str()).filter(|last| claimed > *last);
    before.or(after).map_or(Value::Null, Value::from)
}

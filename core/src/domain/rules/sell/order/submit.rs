//! Handing an order in, or calling it off, and what must hold for that. What is submitted is named
//! by a hash of its content. It does not know what the server says of it: `judge` does.

use super::content::content_hash;
use super::limits;
use super::stage::{asked_at, confirmed};
use super::standing::{CANCEL, no_other_wish};
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::CANCELLED;
use crate::domain::situation::Situation;
use crate::objects::{Record, Value, Write};

/// Nothing that is no longer sold can be ordered.
pub fn order_lines_sellable(situation: &Situation<'_>) -> Result<(), Refusal> {
    match limits::discontinued(situation.reader, situation.record)? {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

/// Records what is submitted, by a hash of what counts. What it comes to, the judge finds.
pub fn submit_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let order = situation.record;
    Ok(vec![situation.write([
        ("submitted_at", asked_at(situation, "submitted_at")),
        ("content_hash", Value::from(content_hash(order))),
    ])])
}

/// Records why the order was called off. One that is confirmed stays, and the server is asked.
pub fn cancel_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let Some(reason) = situation.words("reason") else {
        return Err(
            Refusal::bad_input("required", "a reason is needed to cancel the order")
                .about("reason"),
        );
    };
    if confirmed(situation.reader, situation.id)?.is_none() {
        return Ok(vec![
            situation.write([("cancel_reason", Value::from(reason))]),
        ]);
    }
    no_other_wish(situation)?;
    Ok(vec![situation.write([
        ("state", situation.record.value("state").clone()),
        ("wish", CANCEL.into()),
        ("wish_reason", reason.into()),
        ("wished_at", asked_at(situation, "wished_at")),
    ])])
}

/// Whether an order shows that somebody ordered.
pub fn stands(order: &Record) -> bool {
    order.text("state") != Some(CANCELLED) && order.text("standing") != Some(CANCELLED)
}

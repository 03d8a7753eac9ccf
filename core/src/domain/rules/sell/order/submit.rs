//! Handing an order in, or calling it off, and what must hold for that. What is submitted is named
//! by a hash of its content. It does not know what the server says of it: `judge` does.

use super::amounts::kept;
use super::content::content_hash;
use super::limits;
use super::totals::totals;
use crate::base::id::RecordId;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{CANCELLED, ORDER_VERDICT};
use crate::domain::situation::Situation;
use crate::objects::{ReadError, Reader, Record, Value, Write};

/// What the server confirmed stays as it is.
pub fn not_confirmed(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Some(verdict) = confirmed(situation.reader, situation.id)? else {
        return Ok(());
    };
    let number = verdict.text("number").unwrap_or_default().to_owned();
    let message = format!(
        "order {number} is confirmed and stays as it is; begin another order for what is to change"
    );
    Err(Refusal::rule("after_confirmation", message).with("number", number))
}

/// The verdict that confirmed an order.
pub(super) fn confirmed(reader: &dyn Reader, order: RecordId) -> Result<Option<Record>, ReadError> {
    let wanted = [
        ("order", Value::from(order.to_string())),
        ("verdict", "confirmed".into()),
    ];
    Ok(reader.find(ORDER_VERDICT, &wanted)?.into_iter().next())
}

/// Nothing that is no longer sold can be ordered.
pub fn order_lines_sellable(situation: &Situation<'_>) -> Result<(), Refusal> {
    match limits::discontinued(situation.reader, situation.record)? {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

/// Prices the order, holds it against the limits as far as this device knows, and records what is
/// submitted.
pub fn submit_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let (reader, order) = (situation.reader, situation.record);
    let totals = totals(reader, order)?;
    limits::check(situation.context.place, reader, order, &totals)?;
    Ok(vec![situation.write([
        ("submitted_at", Value::Int(situation.context.now.0)),
        ("content_hash", Value::from(content_hash(order))),
        ("net", kept(totals.net)),
        ("tax", kept(totals.tax)),
        ("gross", kept(totals.gross)),
        ("price_lists_json", Value::from(totals.sources.to_string())),
    ])])
}

/// Records why the order was called off.
pub fn cancel_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let Some(reason) = situation.words("reason") else {
        return Err(
            Refusal::bad_input("required", "a reason is needed to cancel the order")
                .about("reason"),
        );
    };
    Ok(vec![
        situation.write([("cancel_reason", Value::from(reason))]),
    ])
}

/// Whether an order shows that somebody ordered.
pub fn stands(order: &Record) -> bool {
    order.text("state") != Some(CANCELLED)
}

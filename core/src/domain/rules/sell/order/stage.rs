//! How far an order is: what the server confirmed of it, its revision, and whether it may be
//! changed. It does not know how it came there.

use crate::base::id::RecordId;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{CANCELLED, ORDER_VERDICT, SUBMITTED};
use crate::domain::situation::Situation;
use crate::objects::{ReadError, Reader, Record, Value};

/// The word of a verdict that says yes, and the standing of an order that nobody held, closed or
/// cancelled since.
pub(super) const CONFIRMED: &str = "confirmed";
/// The day that the server holds the day of an order to, where the device's clock was wrong.
pub(super) const COUNTS_FROM: &str = "counts_from";
/// The word of a verdict that says for what it waits, and the stage of an order without one.
pub(super) const WAITING: &str = "waiting";
/// The word of a verdict that says no, and the stage of its order.
pub(super) const REJECTED: &str = "rejected";
/// The standing of an order of which nothing is delivered for now.
pub(super) const ON_HOLD: &str = "on_hold";
/// The standing of an order of which nothing more is delivered.
pub(super) const CLOSED: &str = "closed";

/// How often an order was amended, and once more: 1 at first.
pub(super) fn revision(order: &Record) -> i64 {
    order.value("revision").int().unwrap_or(1)
}

/// When something is asked: after it was asked before, whatever the clock says.
pub(super) fn asked_at(situation: &Situation<'_>, field: &str) -> Value {
    let before = situation.record.value(field).int();
    let now = situation.context.now.0;
    Value::Int(before.map_or(now, |before| now.max(before.saturating_add(1))))
}

/// The verdict that confirmed an order last.
pub(super) fn confirmed(reader: &dyn Reader, order: RecordId) -> Result<Option<Record>, ReadError> {
    let wanted = [
        ("order", Value::from(order.to_string())),
        ("verdict", CONFIRMED.into()),
    ];
    let said = reader.find(ORDER_VERDICT, &wanted)?;
    Ok(said.into_iter().max_by_key(revision))
}

/// Where a confirmed order stands.
pub(super) fn standing(order: &Record) -> &str {
    order.text("standing").unwrap_or(CONFIRMED)
}

/// What the server confirmed stays as it is, until it is amended.
pub fn not_confirmed(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Some(verdict) = confirmed(situation.reader, situation.id)? else {
        return Ok(());
    };
    if revision(situation.record) > revision(&verdict) {
        return still_open(situation.record);
    }
    let number = verdict.text("number").unwrap_or_default().to_owned();
    let message = format!(
        "order {number} is confirmed and stays as it is; amend it first, or begin another order \
         for what is to change"
    );
    Err(Refusal::rule("after_confirmation", message).with("number", number))
}

/// Of an order that was closed or cancelled nothing changes any more.
pub(super) fn still_open(order: &Record) -> Result<(), Refusal> {
    let number = order.text("number").unwrap_or_default();
    let (code, message) = match standing(order) {
        CLOSED => (
            "order_closed",
            format!("order {number} is closed; reopen it first"),
        ),
        CANCELLED => (
            "order_cancelled",
            format!("order {number} is cancelled; begin another order"),
        ),
        _ => return Ok(()),
    };
    Err(Refusal::rule(code, message).with("number", number))
}

/// Whether the server said no to what the order says it submitted, and nothing of it is confirmed.
pub fn is_rejected(reader: &dyn Reader, order: &Record) -> Result<bool, ReadError> {
    let wanted = [("order", Value::from(order.id.to_string()))];
    let said = reader.find(ORDER_VERDICT, &wanted)?;
    let is = |verdict: &Record, word: &str| verdict.text("verdict") == Some(word);
    let is_confirmed = said.iter().any(|verdict| is(verdict, CONFIRMED));
    let mut said = said.iter();
    Ok(!is_confirmed && said.any(|verdict| is(verdict, REJECTED) && answers(verdict, order)))
}

/// Whether an order says that it is submitted as this verdict names it.
pub(super) fn is_about(verdict: &Record, order: &Record) -> bool {
    order.text("state") == Some(SUBMITTED) && answers(verdict, order)
}

/// Whether a verdict is about what the order says it submitted, and when: what was rejected and is
/// submitted again as it was, is judged by what holds then.
pub(super) fn answers(verdict: &Record, order: &Record) -> bool {
    let mut same = ["content_hash", "submitted_at"].into_iter();
    same.all(|field| verdict.value(field) == order.value(field))
}

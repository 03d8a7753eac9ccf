//! A manager's yes or no to an order of which a discount goes beyond what a rep may give. It is a
//! fact about the order's content: what changes is asked anew. It does not know who is whose
//! manager: rights do.

use serde_json::{Value as Json, json};

use super::policy::policy;
use super::stage::{WAITING, is_about};
use crate::base::decimal::Decimal;
use crate::base::id::RecordId;
use crate::base::time::Timestamp;
use crate::domain::amounts::{held, number};
use crate::domain::named::Inquiry;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{
    ACCOUNT, LINES, ORDER_APPROVAL, ORDER_VERDICT, SALES_ORDER, USER,
};
use crate::domain::situation::Situation;
use crate::objects::{ReadError, Reader, Record, Value, Write};

const APPROVED: &str = "approved";

/// For whose yes an order waits: a manager's, if a discount is above what the policy lets a rep
/// give, and nobody has said yes to the order as it is. A no is a refusal.
pub(super) fn waits_for(reader: &dyn Reader, order: &Record) -> Result<Option<Refusal>, Refusal> {
    let policy = policy(reader)?;
    let Some(most) = held(&policy, "approve_discount_above")? else {
        return Ok(None);
    };
    let given = highest_discount(order)?;
    if given <= most {
        return Ok(None);
    }
    let Some(decision) = decision(reader, order)? else {
        let message = format!(
            "a discount of {given} % is above {most} %; a manager must approve the order, or give \
             less"
        );
        let refusal = Refusal::rule("needs_approval", message).about(LINES);
        let refusal = refusal.with("discount_percent", given.to_string());
        return Ok(Some(refusal.with("most", most.to_string())));
    };
    if decision.text("decision") == Some(APPROVED) {
        return Ok(None);
    }
    let why = decision.text("note").unwrap_or("no reason was given");
    let message = format!("a manager did not approve it: {why}; change the order");
    Err(Refusal::rule("not_approved", message).with("reason", why))
}

fn highest_discount(order: &Record) -> Result<Decimal, Refusal> {
    let mut highest = Decimal::ZERO;
    for line in order.lines(LINES).values() {
        if let Some(value) = line.get("discount_percent") {
            highest = highest.max(number(order, LINES, value)?.unwrap_or_default());
        }
    }
    Ok(highest)
}

/// What was decided last of an order with the content that it has.
fn decision(reader: &dyn Reader, order: &Record) -> Result<Option<Record>, ReadError> {
    let wanted = [
        ("order", Value::from(order.id.to_string())),
        ("content_hash", order.value("content_hash").clone()),
    ];
    let decided = reader.find(ORDER_APPROVAL, &wanted)?;
    let at = |decision: &Record| decision.value("decided_at").int().unwrap_or_default();
    Ok(decided
        .into_iter()
        .max_by_key(|decision| (at(decision), decision.id)))
}

/// Nobody approves what they ordered themselves.
pub fn someone_else_approves(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Some(order) = order_of(situation)? else {
        return Ok(());
    };
    let decider = situation.context.user.to_string();
    if order.text("owner") != Some(decider.as_str()) {
        return Ok(());
    }
    let message = "it is your own order: somebody else must approve it";
    Err(Refusal::rule("same_person", message).about("order"))
}

/// An order is decided while it waits for that.
pub fn waits_for_approval(situation: &Situation<'_>) -> Result<(), Refusal> {
    let waits = match order_of(situation)? {
        Some(order) => verdict_that_waits(situation.reader, &order)?.is_some(),
        None => false,
    };
    if waits {
        return Ok(());
    }
    let message = "the order does not wait for an approval; sync, and look at the list of those \
                   that do";
    Err(Refusal::rule("nothing_to_approve", message).about("order"))
}

/// Notes which content was decided, and when.
pub fn decide_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let content = order_of(situation)?.map(|order| order.value("content_hash").clone());
    let now = Value::Int(situation.context.now.0);
    Ok(vec![situation.write([
        ("content_hash", content.unwrap_or_default()),
        ("decided_at", now),
    ])])
}

fn order_of(situation: &Situation<'_>) -> Result<Option<Record>, ReadError> {
    let id: Option<RecordId> = situation
        .input("order")
        .text()
        .and_then(|id| id.parse().ok());
    id.map_or(Ok(None), |id| situation.reader.record(SALES_ORDER, id))
}

/// The verdict that says that an order waits, as it was submitted and is now.
fn verdict_that_waits(reader: &dyn Reader, order: &Record) -> Result<Option<Record>, ReadError> {
    let wanted = [
        ("order", Value::from(order.id.to_string())),
        ("verdict", WAITING.into()),
    ];
    let said = reader.find(ORDER_VERDICT, &wanted)?;
    Ok(said.into_iter().find(|verdict| is_about(verdict, order)))
}

/// The orders that wait for a manager's yes, the longest first: `order`, `number`, `account_name`,
/// `owner_name`, `gross`, `currency`, `since`, what the server says (`code`, `message`, `numbers`),
/// and `decision`, what was decided here and is not judged yet.
pub fn waiting_orders(inquiry: &Inquiry<'_>) -> Result<Json, Refusal> {
    let reader = inquiry.reader;
    let mut shown = Vec::new();
    for verdict in reader.find(ORDER_VERDICT, &[("verdict", WAITING.into())])? {
        let order = match verdict.reference("order") {
            Some(id) => reader.record(SALES_ORDER, id)?,
            None => None,
        };
        if let Some(order) = order.filter(|order| is_about(&verdict, order)) {
            let since = order.value("submitted_at").int().unwrap_or_default();
            shown.push((since, order.id, waiting_order(reader, &order, &verdict)?));
        }
    }
    shown.sort_by_key(|(since, id, _)| (*since, *id));
    Ok(shown.into_iter().map(|(_, _, shown)| shown).collect())
}

fn waiting_order(reader: &dyn Reader, order: &Record, verdict: &Record) -> Result<Json, ReadError> {
    let name_of = |object: &str, field: &str| {
        let named = order.reference(field);
        let named = named.map_or(Ok(None), |id| reader.record(object, id))?;
        Ok::<_, ReadError>(named.and_then(|named| named.text("name").map(str::to_owned)))
    };
    let numbers = verdict.text("numbers_json").unwrap_or("{}");
    let numbers: Json = serde_json::from_str(numbers).unwrap_or_default();
    let since = order.value("submitted_at").int().map(Timestamp);
    let decided = decision(reader, order)?;
    Ok(json!({
        "order": order.id,
        "number": order.text("number"),
        "account_name": name_of(ACCOUNT, "account")?,
        "owner_name": name_of(USER, "owner")?,
        "gross": order.text("gross"),
        "currency": order.text("currency"),
        "since": since.map(Timestamp::rfc3339),
        "code": verdict.text("code"),
        "message": verdict.text("message"),
        "numbers": numbers,
        "decision": decided.as_ref().and_then(|decided| decided.text("decision")),
    }))
}

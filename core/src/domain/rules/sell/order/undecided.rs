//! What two people changed in one order and nobody has decided: it stops the order while it
//! matters, and may be decided for good afterwards. It does not know how conflicts are found, nor
//! how they are decided.

use super::content::counts;
use super::stage::{confirmed, not_confirmed, revision, still_open};
use crate::domain::refusal::Refusal;
use crate::domain::rights::Decider;
use crate::domain::rules::names::{LINES, PRODUCT};
use crate::domain::situation::Situation;
use crate::objects::path::line_path;
use crate::objects::{Path, ReadError, Reader, Record, Value};

/// An order about which two people disagree is not submitted.
pub fn order_is_decided(situation: &Situation<'_>) -> Result<(), Refusal> {
    undecided(situation.reader, situation.record)?.map_or(Ok(()), Err)
}

/// What the server confirmed stays as it is, until it is amended, by one revision at a time; wishes
/// are said by whoever may; and what two people left undecided of the rest may be decided. Only
/// what does not count can be: an order that is undecided where it counts is not confirmed.
pub fn confirmed_stays(situation: &Situation<'_>) -> Result<(), Refusal> {
    let mut rest: Vec<&String> = situation.input.keys().collect();
    if let Some(wish) = situation.input.get("wish").and_then(Value::text) {
        Decider::of(situation).may_do(situation.descriptor, &format!("{wish}_order"))?;
    }
    rest.retain(|path| !WISHES.contains(&path.as_str()));
    if let Some(next) = situation.input.get("revision") {
        return amends(situation, next.int());
    }
    let Err(refusal) = not_confirmed(situation) else {
        return Ok(());
    };
    let open = situation.reader.open_conflicts(situation.id)?;
    let decides = |path: &&String| open.iter().any(|conflict| conflict.path == **path);
    if !situation.input.is_empty() && rest.iter().all(decides) {
        Ok(())
    } else {
        Err(refusal)
    }
}

/// What is wished of an order, and why.
const WISHES: &[&str] = &["wish", "wish_reason", "wished_at", "hold_until"];

/// A revision follows the one that is confirmed.
fn amends(situation: &Situation<'_>, next: Option<i64>) -> Result<(), Refusal> {
    let seen = revision(situation.record);
    let follows = match confirmed(situation.reader, situation.id)? {
        _ if situation.new => next == Some(1),
        None => false,
        Some(verdict) => next == Some(seen + 1) && revision(&verdict) == seen,
    };
    if !follows {
        let message = "only a confirmed order is amended, by one revision; look at it and do it \
                       again";
        return Err(Refusal::rule("nothing_to_amend", message).about("revision"));
    }
    still_open(situation.record)
}

/// The refusal of an order of which two people changed something that counts, while nobody has
/// decided.
pub(super) fn undecided(reader: &dyn Reader, order: &Record) -> Result<Option<Refusal>, ReadError> {
    let mut open = reader.open_conflicts(order.id)?;
    open.retain(|conflict| counts(&conflict.path) || conflict.path == "state");
    let Some(first) = open.first() else {
        return Ok(None);
    };
    let what = told(reader, order, &first.path)?;
    let message = format!(
        "two people changed {what} and nobody has decided; \
         resolve the conflict, then submit the order again"
    );
    let refusal = Refusal::rule("changed_meanwhile", message);
    Ok(Some(open.into_iter().fold(refusal, |refusal, conflict| {
        refusal.about(conflict.path)
    })))
}

/// A path of an order as people say it, a line by the name of its product.
fn told(reader: &dyn Reader, order: &Record, path: &str) -> Result<String, ReadError> {
    let Some(Path::Line { line, field, .. }) = Path::parse(path) else {
        return Ok(format!("the `{path}`"));
    };
    let product = order.value(&line_path(LINES, line, "product"));
    let product = product
        .text()
        .and_then(|id| id.parse().ok())
        .map_or(Ok(None), |id| reader.record(PRODUCT, id))?;
    let name = product
        .as_ref()
        .and_then(|product| product.text("name"))
        .unwrap_or(line);
    Ok(format!("the `{field}` of {name}"))
}

//! What two people changed in one order and nobody has decided: it stops the order while it
//! matters, and may be decided for good afterwards. It does not know how conflicts are found, nor
//! how they are decided.

use super::content::counts;
use super::submit::not_confirmed;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{LINES, PRODUCT};
use crate::domain::situation::Situation;
use crate::objects::path::line_path;
use crate::objects::{Path, ReadError, Reader, Record};

/// An order about which two people disagree is not submitted.
pub fn order_is_decided(situation: &Situation<'_>) -> Result<(), Refusal> {
    undecided(situation.reader, situation.record)?.map_or(Ok(()), Err)
}

/// What the server confirmed stays as it is; but what two people left undecided of the rest may be
/// decided. Only what does not count can be: an order that is undecided where it counts is not
/// confirmed.
pub fn confirmed_stays(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Err(refusal) = not_confirmed(situation) else {
        return Ok(());
    };
    let open = situation.reader.open_conflicts(situation.id)?;
    let decides = |path: &String| open.iter().any(|conflict| conflict.path == *path);
    let is_decision = !situation.input.is_empty() && situation.input.keys().all(decides);
    if is_decision { Ok(()) } else { Err(refusal) }
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

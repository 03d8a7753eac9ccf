//! Amending a confirmed order: its next revision is a draft, and the one before stands until the
//! server confirms it. It does not know what is changed.

use super::stage::{confirmed, revision, still_open};
use crate::domain::refusal::Refusal;
use crate::domain::situation::Situation;
use crate::objects::{Value, Write};

/// Begins the next revision of a confirmed order.
pub fn amend_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let order = situation.record;
    let Some(verdict) = confirmed(situation.reader, situation.id)? else {
        let message = "the order is not confirmed: change it as it is, and submit it again";
        return Err(Refusal::rule("nothing_to_amend", message));
    };
    if revision(order) != revision(&verdict) {
        let message = "the order is amended already: change it as it is, and submit it again";
        return Err(Refusal::rule("nothing_to_amend", message));
    }
    still_open(order)?;
    let next = Value::Int(revision(order) + 1);
    Ok(vec![situation.write([("revision", next)])])
}

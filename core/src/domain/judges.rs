//! The judges that descriptors name: what follows, on the server, from a change that was taken in.
//! A judge writes rows alone, never the document that it judges, so that no merge can overturn it.

use super::guards::{guard, named};
use super::refusal::Refusal;
use super::rules::sell::order;
use super::situation::Situation;
use crate::objects::Write;

/// What the server writes once a change is taken in. The situation's record is as it is after the
/// change, its input what the change wrote.
pub type Judge = fn(&Situation<'_>) -> Result<Vec<Write>, Refusal>;

/// All judges by name.
pub const JUDGES: &[(&str, Judge)] = &[("judge_order", order::judge_order)];

/// Whether the server may take in a change; the situation's record is as it was before, its input
/// what is written.
pub fn admit(situation: &Situation<'_>) -> Result<(), Refusal> {
    situation
        .descriptor
        .admit
        .iter()
        .try_for_each(|name| guard(name)?(situation))
}

/// What follows from a change that was taken in.
pub fn judge(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    match &situation.descriptor.judge {
        Some(name) => named(JUDGES, name)?(situation),
        None => Ok(Vec::new()),
    }
}

//! Rules of photos and papers: what they show, and when they were taken. It does not know where
//! files are kept.

use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{ACTIONS, VISIT};
use crate::domain::situation::Situation;
use crate::objects::{Value, Write};

/// A photo of a visit is one of the visit's account too, and of an action that the visit has; it
/// was taken now, unless somebody says when.
pub fn add_photo(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let mut writes = Vec::new();
    if situation.input("taken_at").is_null() {
        writes.push(situation.write([("taken_at", Value::Int(situation.context.now.0))]));
    }
    let named = situation.input("visit").text();
    let visit = match named.and_then(|id| id.parse().ok()) {
        Some(id) => situation.reader.record(VISIT, id)?,
        None => None,
    };
    if let Some(action) = situation.words("action") {
        let lines = visit.as_ref().map(|visit| visit.lines(ACTIONS));
        if !lines.is_some_and(|lines| lines.contains_key(action)) {
            let message = format!("the visit has no action `{action}`");
            return Err(Refusal::not_found("unknown_action", message).about("action"));
        }
    }
    let account = visit.as_ref().and_then(|visit| visit.text("account"));
    if let Some(account) = account.filter(|_| situation.input("account").is_null()) {
        writes.push(situation.write([("account", Value::from(account))]));
    }
    Ok(writes)
}

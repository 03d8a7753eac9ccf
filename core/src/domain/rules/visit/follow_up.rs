//! Rules of follow-ups: what was said or done about an account, a contact or a visit.
//! It does not know timers that a follow-up may stop.

use crate::domain::refusal::Refusal;
use crate::domain::situation::Situation;
use crate::objects::{Value, Write};

/// A follow-up is about something.
pub fn names_what_it_follows(situation: &Situation<'_>) -> Result<(), Refusal> {
    let named = ["account", "contact", "visit"]
        .iter()
        .any(|name| !situation.input(name).is_null());
    if named {
        return Ok(());
    }
    let message = "say what the follow-up is about: `account`, `contact` or `visit`";
    let refusal = Refusal::bad_input("nothing_named", message);
    Err(refusal.about("account").about("contact").about("visit"))
}

/// A follow-up of a visit is one of the visit's account too, so that the account's people see it.
pub fn log_follow_up(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let visit = situation
        .input("visit")
        .text()
        .and_then(|id| id.parse().ok());
    let Some(visit) = visit.filter(|_| situation.input("account").is_null()) else {
        return Ok(Vec::new());
    };
    let visit = situation.reader.record("visit", visit)?;
    let account = visit.and_then(|visit| visit.text("account").map(Value::from));
    Ok(account
        .map(|account| situation.write([("account", account)]))
        .into_iter()
        .collect())
}

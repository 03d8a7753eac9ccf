//! Rules of contacts: one person may have roles at many accounts.
//! It does not know visits nor follow-ups.

use crate::domain::refusal::Refusal;
use crate::domain::situation::Situation;
use crate::objects::path::{REMOVED, line_path};
use crate::objects::{Value, Write};

const ROLES: &str = "roles";

/// Gives the contact a role at an account. The line's id is the account's, so that two people who
/// link the same pair offline make one line.
pub fn link_contact(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let Some(account) = situation.input("account").text() else {
        return Err(Refusal::bad_input("required", "name the account").about("account"));
    };
    if situation.record.lines(ROLES).contains_key(account) {
        let message = "the contact is linked to this account already; edit that role instead";
        return Err(Refusal::rule("already_linked", message)
            .about("account")
            .with("account", account));
    }
    let path = |field: &str| line_path(ROLES, account, field);
    let mut write = situation.write([(path("account").as_str(), Value::from(account))]);
    for field in ["role", "valid_from", "valid_to"] {
        write
            .values
            .insert(path(field), situation.input(field).clone());
    }
    if situation.record.value(&path(REMOVED)).is_true() {
        write.values.insert(path(REMOVED), Value::Bool(false));
    }
    Ok(vec![write])
}

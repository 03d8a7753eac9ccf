//! Objects of a tenant's own that the server lost when it was put back, and that something waits
//! for on this device: they stay known here until the office publishes them again. It does not know
//! how what waits is given back or sent.

use super::FieldError;
use crate::store::{Db, doubts, meta, outbox, own_work};

/// How the keys begin under which such objects are noted.
const UNPUBLISHED: &str = "unpublished/";

/// Whether something of an object waits for the server: what it may have lost, and what is unsent.
pub(super) fn is_waited_for(db: &Db, object: &str) -> Result<bool, FieldError> {
    Ok(doubts::is_any_of(db, object)?
        || own_work::is_any_due_of(db, object)?
        || outbox::is_any_of(db, object)?)
}

/// Notes that the server does not have the object any more, or that it has it or nothing waits.
pub(super) fn note(db: &Db, object: &str, is_unpublished: bool) -> Result<(), FieldError> {
    let key = format!("{UNPUBLISHED}{object}");
    if is_unpublished {
        meta::set(db, &key, "")?;
    } else {
        meta::remove(db, &key)?;
    }
    Ok(())
}

/// The objects that were noted, by name.
pub(super) fn all(db: &Db) -> Result<Vec<String>, FieldError> {
    let noted = meta::starting(db, UNPUBLISHED)?.into_iter();
    Ok(noted.map(|(object, _)| object).collect())
}

//! Which actor writes for whom: bound to a device and its person when it is first seen.
//! It does not know what they write.

use outfield_core::base::id::{ActorId, RecordId};
use outfield_core::domain::rules::names::ACTOR;
use outfield_core::objects::{Record, Values};
use outfield_core::store::{Db, StoreReader};
use rusqlite::{OptionalExtension, params};

use super::apply::apply_row;
use crate::error::ServerError;
use crate::people::Session;

/// Whether an actor writes for the person of this session; one that nobody has seen does from now
/// on.
pub(crate) fn writes_for(
    store: &StoreReader<'_>,
    session: &Session,
    actor: ActorId,
) -> Result<bool, ServerError> {
    let db = store.db;
    let owner: Option<Option<Vec<u8>>> = db
        .prepare_cached("SELECT user FROM author WHERE actor = ?1")?
        .query_row([actor.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(owner) = owner {
        return Ok(owner.is_some_and(|owner| owner == session.user.as_bytes()));
    }
    db.execute(
        "INSERT INTO author (actor, device, user) VALUES (?1, ?2, ?3)",
        params![
            actor.as_bytes(),
            session.device.as_bytes(),
            session.user.as_bytes()
        ],
    )?;
    newest(db, session, actor)?;
    let values = Values::from([
        ("user".to_owned(), session.user.to_string().into()),
        ("device".to_owned(), session.device.to_string().into()),
    ]);
    publish(store, actor, values)?;
    Ok(true)
}

/// Notes an actor as the one under which a device writes now: only that one's work comes back to it
/// as hashes.
pub(crate) fn newest(db: &Db, session: &Session, actor: ActorId) -> Result<(), ServerError> {
    db.prepare_cached("UPDATE installation SET actor = ?2 WHERE device = ?1")?
        .execute(params![session.device.as_bytes(), actor.as_bytes()])?;
    Ok(())
}

/// Makes the server's own actor known, once.
pub(crate) fn sign(store: &StoreReader<'_>, actor: ActorId) -> Result<(), ServerError> {
    let signed = store
        .db
        .prepare_cached("INSERT OR IGNORE INTO author (actor) VALUES (?1)")?
        .execute([actor.as_bytes()])?;
    if signed == 0 {
        return Ok(());
    }
    let values = Values::from([("name".to_owned(), "the office".into())]);
    publish(store, actor, values)
}

fn publish(store: &StoreReader<'_>, actor: ActorId, values: Values) -> Result<(), ServerError> {
    let Some(descriptor) = store.registry.get(ACTOR) else {
        return Ok(());
    };
    let record = Record {
        object: descriptor.object.clone(),
        id: RecordId::from(actor),
        values,
        stamp: None,
    };
    apply_row(store, descriptor, &record)
}

//! Which actor writes for whom: bound to a device and its person when it is first seen.
//! It does not know what they write.

use outfield_core::base::context::Context;
use outfield_core::base::id::{ActorId, RecordId, UserId};
use outfield_core::domain::rules::names::ACTOR;
use outfield_core::objects::{Record, Values};
use outfield_core::store::{Db, StoreReader, members};
use rusqlite::{OptionalExtension, params};

use super::apply::apply_row;
use crate::error::ServerError;
use crate::limits::DEVICE_ACTORS_MAX;
use crate::people::Session;

/// For whom an actor writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// For the person of the session.
    Own,
    /// For nobody yet.
    Unclaimed,
    /// For someone else; or its id is a record's, or like one that is derived.
    Foreign,
}

/// For whom an actor writes, as a session sees it.
pub(crate) fn standing(
    db: &Db,
    session: &Session,
    actor: ActorId,
) -> Result<Standing, ServerError> {
    let owner: Option<Option<Vec<u8>>> = db
        .prepare_cached("SELECT user FROM author WHERE actor = ?1")?
        .query_row([actor.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(owner) = owner {
        let is_own = owner.is_some_and(|owner| owner == session.user.as_bytes());
        return Ok(if is_own {
            Standing::Own
        } else {
            Standing::Foreign
        });
    }
    if actor.is_derived() || members::object_of(db, RecordId::from(actor))?.is_some() {
        return Ok(Standing::Foreign);
    }
    Ok(Standing::Unclaimed)
}

/// Whether a device has claimed as many actors as it may.
pub(crate) fn has_all(db: &Db, session: &Session) -> Result<bool, ServerError> {
    let claimed: i64 = db
        .prepare_cached("SELECT count(*) FROM author WHERE device = ?1")?
        .query_row([session.device.as_bytes()], |row| row.get(0))?;
    Ok(usize::try_from(claimed).unwrap_or(0) >= DEVICE_ACTORS_MAX)
}

/// The actors that write for a person.
pub(crate) fn of_person(db: &Db, user: UserId) -> Result<Vec<ActorId>, ServerError> {
    let mut statement = db.prepare_cached("SELECT actor FROM author WHERE user = ?1")?;
    let rows = statement.query_map([user.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|actor| ActorId::from_slice(&actor?).map_err(ServerError::broken))
        .collect()
}

/// An actor that nobody has claimed writes for the person of this session from now on.
pub(crate) fn claim(
    store: &StoreReader<'_>,
    session: &Session,
    actor: ActorId,
) -> Result<(), ServerError> {
    let db = store.db;
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
    publish(store, actor, values)
}

/// For whom an actor writes that was claimed in a time that was lost, if that is what this row
/// says; answers whether it is.
pub(super) fn regain(store: &StoreReader<'_>, row: &Record) -> Result<bool, ServerError> {
    if row.object != ACTOR {
        return Ok(false);
    }
    let bytes = |field: &str| row.reference(field).map(|id| id.0.to_vec());
    let regained = store.db.execute(
        "INSERT OR IGNORE INTO author (actor, device, user) VALUES (?1, ?2, ?3)",
        params![row.id.as_bytes(), bytes("device"), bytes("user")],
    )?;
    if regained > 0 {
        publish(store, ActorId(row.id.0), row.values.clone())?;
    }
    Ok(true)
}

/// Notes an actor as the one under which a device writes now: only that one's work comes back to it
/// as hashes.
pub(crate) fn newest(db: &Db, session: &Session, actor: ActorId) -> Result<(), ServerError> {
    db.prepare_cached("UPDATE installation SET actor = ?2 WHERE device = ?1")?
        .execute(params![session.device.as_bytes(), actor.as_bytes()])?;
    Ok(())
}

/// Makes an actor of the server's own known, once: for whom it writes.
pub(crate) fn sign(store: &StoreReader<'_>, context: &Context) -> Result<(), ServerError> {
    let actor = context.actor;
    let person = (context.user != UserId::NOBODY).then_some(context.user);
    let signed = store
        .db
        .prepare_cached("INSERT OR IGNORE INTO author (actor, user) VALUES (?1, ?2)")?
        .execute(params![
            actor.as_bytes(),
            person.map(|user| user.0.to_vec())
        ])?;
    if signed == 0 {
        return Ok(());
    }
    let values = match person {
        Some(user) => Values::from([("user".to_owned(), user.to_string().into())]),
        None => Values::from([("name".to_owned(), "the office".into())]),
    };
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

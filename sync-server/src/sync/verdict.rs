//! Verdicts, given once and kept: an entry that comes again gets its first one.
//! It does not judge.

use outfield_core::base::id::{ActorId, ChangeHash, RecordId};
use outfield_core::base::planted::{self, Planted};
use outfield_core::store::Db;
use outfield_core::sync::frames::Ruling;
use rusqlite::{OptionalExtension, params};

use super::entry::PushedEntry;
use super::rejection::Rejection;
use crate::error::ServerError;
use crate::limits::{QUARANTINE_BYTES_MAX, QUARANTINE_ROWS_MAX};
use crate::people::Session;

const ACCEPTED: &str = "accepted";

/// What an entry that was judged before gets again.
pub(super) fn repeated(db: &Db, entry: &PushedEntry) -> Result<Option<Ruling>, ServerError> {
    let Some((record, first)) = earlier(db, entry.hash)? else {
        return Ok(None);
    };
    if planted::is(Planted::VerdictNotIdempotent) {
        return Ok(None);
    }
    // A first change says nothing of its record: of two that were made alike, this one is not here
    // yet.
    let is_same = record == entry.record;
    Ok(Some(if is_same { first } else { Ruling::Rewrite }))
}

/// Whether the entry of this hash was refused.
pub(super) fn was_refused(db: &Db, hash: ChangeHash) -> Result<bool, ServerError> {
    let earlier = earlier(db, hash)?;
    Ok(matches!(earlier, Some((_, Ruling::Quarantined { .. }))))
}

/// The record that this hash was judged for before, and its verdict, if it got one.
fn earlier(db: &Db, hash: ChangeHash) -> Result<Option<(RecordId, Ruling)>, ServerError> {
    let found = db
        .prepare_cached(
            "SELECT number, record, code, message, fields, numbers FROM verdict WHERE hash = ?1",
        )?
        .query_row([&hash.0[..]], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Vec<u8>>(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get::<_, String>(4)?,
                row.get(5)?,
            ))
        })
        .optional()?;
    let Some((number, record, code, message, fields, numbers)) = found else {
        return Ok(None);
    };
    let record = RecordId::from_slice(&record).map_err(ServerError::broken)?;
    let reason = Rejection {
        code,
        message,
        fields: serde_json::from_str(&fields).unwrap_or_default(),
        numbers,
    };
    let is_accepted = reason.code == ACCEPTED;
    let ruling = if is_accepted {
        Ruling::Duplicate {
            number: number.cast_unsigned(),
        }
    } else {
        reason.ruling()
    };
    Ok(Some((record, ruling)))
}

/// Keeps that an entry was accepted.
pub(super) fn accept(
    db: &Db,
    session: &Session,
    entry: &PushedEntry,
) -> Result<Ruling, ServerError> {
    let number = keep(db, session, entry, &Rejection::new(ACCEPTED, ""))?;
    Ok(Ruling::Accepted { number })
}

/// Keeps a refused entry whole, with its reason, while its device has room for more: what is beyond
/// is refused too, and leaves nothing here.
pub(super) fn quarantine(
    db: &Db,
    session: &Session,
    entry: &PushedEntry,
    why: Rejection,
) -> Result<Ruling, ServerError> {
    if is_quarantine_full(db, session, entry)? {
        return Ok(no_room(&why).ruling());
    }
    let why = why.shortened();
    keep(db, session, entry, &why)?;
    db.prepare_cached(
        "INSERT OR IGNORE INTO quarantine (hash, device, object, record, bytes, code, message, at, \
         group_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        &entry.hash.0[..],
        session.device.as_bytes(),
        entry.object,
        entry.record.as_bytes(),
        entry.bytes,
        why.code,
        why.message,
        session.now.0,
        entry.group.map(|group| group.0.to_vec())
    ])?;
    Ok(why.ruling())
}

/// Whether this device has as much refused work here as is kept of one.
fn is_quarantine_full(
    db: &Db,
    session: &Session,
    entry: &PushedEntry,
) -> Result<bool, ServerError> {
    let (rows, bytes): (i64, i64) = db
        .prepare_cached(
            "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM quarantine WHERE device = ?1",
        )?
        .query_row([session.device.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    Ok(count(rows) >= QUARANTINE_ROWS_MAX
        || count(bytes) + entry.bytes.len() > QUARANTINE_BYTES_MAX)
}

/// Why refused work is not even kept.
fn no_room(why: &Rejection) -> Rejection {
    let message = format!(
        "it was refused ({}), and so much of this device was that the office keeps no more; once \
         it has cleared that (`outfield quarantine --clear`), do it again",
        why.code
    );
    Rejection::new("quarantine_full", message)
}

/// A change or fact that was accepted once, lost, and given back.
pub(super) struct TakenBack {
    pub hash: ChangeHash,
    pub record: RecordId,
    pub actor: ActorId,
}

/// Keeps once more that it was accepted, unless that is known.
pub(super) fn take_back(db: &Db, session: &Session, taken: &TakenBack) -> Result<(), ServerError> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO verdict (hash, record, device, actor, code, message, fields)
         VALUES (?1, ?2, ?3, ?4, ?5, '', '[]')",
    )?
    .execute(params![
        &taken.hash.0[..],
        taken.record.as_bytes(),
        session.device.as_bytes(),
        taken.actor.as_bytes(),
        ACCEPTED
    ])?;
    Ok(())
}

fn keep(
    db: &Db,
    session: &Session,
    entry: &PushedEntry,
    why: &Rejection,
) -> Result<u64, ServerError> {
    let fields = serde_json::to_string(&why.fields).map_err(ServerError::broken)?;
    let actor = entry.actor.map(|actor| actor.0.to_vec());
    let again = if planted::is(Planted::VerdictNotIdempotent) {
        "OR REPLACE"
    } else {
        ""
    };
    db.prepare_cached(&format!(
        "INSERT {again} INTO verdict (hash, record, device, actor, code, message, fields, numbers)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    ))?
    .execute(params![
        &entry.hash.0[..],
        entry.record.as_bytes(),
        session.device.as_bytes(),
        actor,
        why.code,
        why.message,
        fields,
        why.numbers
    ])?;
    Ok(db.last_insert_rowid().cast_unsigned())
}

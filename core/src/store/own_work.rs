//! What a device did itself and the server accepted: kept for a while beside the records, which may
//! leave the device meanwhile. It does not know when the server wants it back.

use rusqlite::{OptionalExtension, Row, params};

use super::error::StoreError;
use super::outbox::{self, EntryKind, OutboxEntry};
use super::schema::Db;
use crate::base::id::{ActorId, ChangeHash, RecordId};
use crate::base::planted::{self, Planted};
use crate::base::time::Timestamp;

/// One change or fact of the device's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnWork {
    /// The number that it had in the outbox.
    pub number: i64,
    /// What it is.
    pub kind: EntryKind,
    /// The object's name.
    pub object: String,
    /// The record.
    pub record: RecordId,
    /// Names it on the wire.
    pub hash: ChangeHash,
    /// The change, or the fact's canonical values.
    pub bytes: Vec<u8>,
    /// Who wrote it.
    pub actor: ActorId,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// What shows that the server accepted it.
    pub seal: Vec<u8>,
}

/// Takes the entry with this hash out of the outbox, for the server accepted it, and keeps it.
pub fn accept(db: &Db, hash: ChangeHash) -> Result<Option<OutboxEntry>, StoreError> {
    if !planted::is(Planted::OwnWorkForgotten) {
        db.prepare_cached(
            "INSERT OR IGNORE INTO own_work (number, kind, object, record, hash, bytes, actor, at)
             SELECT number, kind, object, record, hash, bytes, actor, at FROM outbox
             WHERE hash = ?1",
        )?
        .execute([&hash.0[..]])?;
    }
    outbox::take(db, hash)
}

/// Keeps what shows that the server accepted one's own work, if it is such.
pub fn seal(db: &Db, hash: ChangeHash, seal: &[u8]) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE own_work SET seal = ?2 WHERE hash = ?1 AND seal IS NULL")?
        .execute(params![&hash.0[..], seal])?;
    Ok(())
}

/// The server may have lost all of it.
pub fn all_are_due(db: &Db) -> Result<(), StoreError> {
    db.execute("UPDATE own_work SET due = 1 WHERE seal IS NOT NULL", [])?;
    Ok(())
}

/// The server was asked for this one.
pub fn settle(db: &Db, number: i64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE own_work SET due = 0 WHERE number = ?1")?
        .execute([number])?;
    Ok(())
}

/// What the server may have lost, by number, after one: at most `limit`.
pub fn due(db: &Db, after: i64, limit: usize) -> Result<Vec<OwnWork>, StoreError> {
    listed(db, "due AND number > ?1", after, limit)
}

/// One that the server may have lost.
pub fn due_one(db: &Db, number: i64) -> Result<Option<OwnWork>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM own_work WHERE due AND number = ?1");
    let mut read = db.prepare_cached(&sql)?;
    let found = read.query_row([number], |row| Ok(own_work(row))).optional();
    found?.transpose()
}

/// What the server may have lost of a record's changes: number and hash of each.
pub fn due_changes_of(db: &Db, record: RecordId) -> Result<Vec<(i64, ChangeHash)>, StoreError> {
    let sql = "SELECT number, hash FROM own_work WHERE due AND record = ?1 AND kind = ?2";
    let mut read = db.prepare_cached(sql)?;
    let mut rows = read.query(params![record.as_bytes(), EntryKind::Change as i64])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let hash = row.get_ref(1)?.as_blob().map_err(StoreError::new)?;
        found.push((row.get(0)?, ChangeHash::from_slice(hash)?));
    }
    Ok(found)
}

/// Whether the server may have lost own work of this record.
pub fn is_due_of(db: &Db, record: RecordId) -> Result<bool, StoreError> {
    let mut read = db.prepare_cached("SELECT 1 FROM own_work WHERE due AND record = ?1 LIMIT 1")?;
    Ok(read.exists([record.as_bytes()])?)
}

/// Whether the server may have lost own work of this object.
pub fn is_any_due_of(db: &Db, object: &str) -> Result<bool, StoreError> {
    let mut read = db.prepare_cached("SELECT 1 FROM own_work WHERE due AND object = ?1 LIMIT 1")?;
    Ok(read.exists([object])?)
}

/// A verified sync: what has been kept since before a moment is kept no more, but for what the
/// server may have lost.
pub fn keep_since(db: &Db, now: Timestamp, before: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE own_work SET kept_from = ?1 WHERE kept_from IS NULL")?
        .execute([now.0])?;
    db.prepare_cached("DELETE FROM own_work WHERE kept_from < ?1 AND NOT due")?
        .execute([before.0])?;
    Ok(())
}

/// What the server may have lost and has been kept since before a moment: at most `limit`.
pub fn due_since(db: &Db, before: Timestamp, limit: usize) -> Result<Vec<OwnWork>, StoreError> {
    listed(db, "due AND kept_from < ?1", before.0, limit)
}

/// Those of which this holds, by number.
fn listed(db: &Db, of: &str, bound: i64, limit: usize) -> Result<Vec<OwnWork>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut read = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM own_work WHERE {of} ORDER BY number LIMIT ?2"
    ))?;
    let mut rows = read.query([bound, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(own_work(row)?);
    }
    Ok(found)
}

const COLUMNS: &str = "number, kind, object, record, hash, bytes, actor, at, seal";

fn own_work(row: &Row<'_>) -> Result<OwnWork, StoreError> {
    Ok(OwnWork {
        number: row.get(0)?,
        kind: EntryKind::of(row.get(1)?),
        object: row.get(2)?,
        record: RecordId::from_slice(row.get_ref(3)?.as_blob().map_err(StoreError::new)?)?,
        hash: ChangeHash::from_slice(row.get_ref(4)?.as_blob().map_err(StoreError::new)?)?,
        bytes: row.get(5)?,
        actor: ActorId::from_slice(row.get_ref(6)?.as_blob().map_err(StoreError::new)?)?,
        at: Timestamp(row.get(7)?),
        seal: row.get::<_, Option<Vec<u8>>>(8)?.unwrap_or_default(),
    })
}

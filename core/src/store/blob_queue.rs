//! The files that a device holds and how far each has come to the server: a queue of its own, apart
//! from the outbox. It does not know how files are sent, nor where their bytes lie.

use rusqlite::{OptionalExtension as _, Row, params};

use super::error::StoreError;
use super::schema::Db;
use crate::base::blob::{BlobName, MediaType};
use crate::base::id::BlobHash;
use crate::base::planted::{self, Planted};
use crate::base::time::Timestamp;

/// Where a file stands that this device holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobState {
    /// No record names it yet.
    Kept = 0,
    /// It is to be sent.
    Waiting = 1,
    /// The server has it.
    Present = 2,
    /// The server does not take it.
    Refused = 3,
}

/// A file of this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedBlob {
    /// Which.
    pub name: BlobName,
    /// Where it stands.
    pub state: BlobState,
    /// How many bytes of it the server has, as far as is known here.
    pub sent: u64,
    /// Why it is not taken, in words; none of others.
    pub message: Option<String>,
}

const COLUMNS: &str = "hash, bytes, media, state, sent, message";

/// Notes a file that this device holds; what is known of it stays.
pub fn put(db: &Db, name: BlobName, state: BlobState, at: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO blob (hash, bytes, media, state, sent, at) VALUES (?1, ?2, ?3, ?4, 0, ?5) \
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        &name.hash.0[..],
        name.bytes.cast_signed(),
        name.media.name(),
        state as i64,
        at.0
    ])?;
    Ok(())
}

/// What is known of a file; none if this device does not hold it.
pub fn get(db: &Db, hash: BlobHash) -> Result<Option<QueuedBlob>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM blob WHERE hash = ?1");
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_row([&hash.0[..]], |row| Ok(read(row)));
    found.optional()?.transpose()
}

/// A record names a file: it is to be sent. Of one that the server has it is asked whether it has
/// it from this person, too.
pub fn claim(db: &Db, hash: BlobHash) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE blob SET state = 1, code = NULL, message = NULL, \
         sent = CASE state WHEN 2 THEN bytes ELSE sent END WHERE hash = ?1 AND state <> 1",
    )?
    .execute([&hash.0[..]])?;
    Ok(())
}

/// The files to send, those first that have waited longest.
pub fn waiting(db: &Db) -> Result<Vec<QueuedBlob>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM blob WHERE state = 1 ORDER BY at, hash");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// How many files stand so.
pub fn count(db: &Db, state: BlobState) -> Result<u64, StoreError> {
    let mut statement = db.prepare_cached("SELECT count(*) FROM blob WHERE state = ?1")?;
    let count: i64 = statement.query_row([state as i64], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// The server has so many bytes of a file.
pub fn note_sent(db: &Db, hash: BlobHash, sent: u64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE blob SET sent = ?2 WHERE hash = ?1 AND state = 1")?
        .execute(params![&hash.0[..], sent.cast_signed()])?;
    Ok(())
}

/// The server has all of a file.
pub fn note_present(db: &Db, hash: BlobHash) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE blob SET state = 2, sent = bytes WHERE hash = ?1 AND state = 1")?
        .execute([&hash.0[..]])?;
    Ok(())
}

/// The server does not take a file, and why.
pub fn refuse(db: &Db, hash: BlobHash, code: &str, message: &str) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE blob SET state = 3, code = ?2, message = ?3 WHERE hash = ?1 AND state = 1",
    )?
    .execute(params![&hash.0[..], code, message])?;
    Ok(())
}

/// The server may have lost what it had: it is asked about each file.
pub fn ask_again(db: &Db) -> Result<(), StoreError> {
    if planted::is(Planted::FilesBelieved) {
        return Ok(());
    }
    db.execute(
        "UPDATE blob SET state = 1, sent = bytes WHERE state = 2",
        [],
    )?;
    db.execute(
        "UPDATE blob SET sent = bytes WHERE state = 1 AND sent > 0",
        [],
    )?;
    Ok(())
}

/// The record that named a file is no work of this device any more.
pub fn unclaim(db: &Db, hash: BlobHash) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE blob SET state = 0 WHERE hash = ?1 AND state = 1")?
        .execute([&hash.0[..]])?;
    Ok(())
}

/// Files that were kept before this moment and that no record came to name.
pub fn unnamed(db: &Db, before: Timestamp) -> Result<Vec<BlobName>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM blob WHERE state = 0 AND at < ?1");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([before.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?.name);
    }
    Ok(found)
}

/// Forgets a file that no record names.
pub fn forget(db: &Db, hash: BlobHash) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM blob WHERE hash = ?1 AND state = 0")?
        .execute([&hash.0[..]])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<QueuedBlob, StoreError> {
    let wrong = || StoreError::new("the database holds something else than was written");
    let hash: Vec<u8> = row.get(0)?;
    let media: String = row.get(2)?;
    let state = match row.get(3)? {
        0 => BlobState::Kept,
        1 => BlobState::Waiting,
        2 => BlobState::Present,
        3 => BlobState::Refused,
        i64::MIN..=-1 | 4.. => return Err(wrong()),
    };
    Ok(QueuedBlob {
        name: BlobName {
            hash: BlobHash::from_slice(&hash)?,
            bytes: row.get::<_, i64>(1)?.cast_unsigned(),
            media: MediaType::named(&media).ok_or_else(wrong)?,
        },
        state,
        sent: row.get::<_, i64>(4)?.cast_unsigned(),
        message: row.get(5)?,
    })
}

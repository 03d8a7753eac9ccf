//! What shows that the server said a record's state: kept beside the record until the server may
//! want it back. It cannot check a seal; the server alone can.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::schema::Db;
use crate::base::id::{ChangeHash, RecordId};
use crate::base::version::Version;

/// Bytes of one seal.
pub const SEAL_BYTES: usize = 16;

/// A seal, and what is sealed with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The seal.
    pub seal: Vec<u8>,
    /// The server's clock of accepted work when a row became so; none for what has history.
    pub tick: Option<u64>,
}

/// Keeps the seal of one state of a record.
pub fn put(db: &Db, record: RecordId, hash: ChangeHash, sealed: &Sealed) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO seal (record, mark, seal, tick) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        record.as_bytes(),
        mark(hash),
        sealed.seal,
        sealed.tick.map(u64::cast_signed)
    ])?;
    Ok(())
}

/// The seal of one state of a record.
pub fn of(db: &Db, record: RecordId, hash: ChangeHash) -> Result<Option<Sealed>, StoreError> {
    let mut read =
        db.prepare_cached("SELECT seal, tick FROM seal WHERE record = ?1 AND mark = ?2")?;
    let found = read.query_row(params![record.as_bytes(), mark(hash)], |row| {
        Ok(Sealed {
            seal: row.get(0)?,
            tick: row.get::<_, Option<i64>>(1)?.map(i64::cast_unsigned),
        })
    });
    Ok(found.optional()?)
}

/// Forgets the seals of a record but those of these states.
pub fn keep_only(db: &Db, record: RecordId, hashes: &[ChangeHash]) -> Result<(), StoreError> {
    let mut read = db.prepare_cached("SELECT mark FROM seal WHERE record = ?1")?;
    let marks: Vec<i64> = read
        .query_map([record.as_bytes()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for old in marks {
        if !hashes.iter().any(|hash| mark(*hash) == old) {
            db.prepare_cached("DELETE FROM seal WHERE record = ?1 AND mark = ?2")?
                .execute(params![record.as_bytes(), old])?;
        }
    }
    Ok(())
}

fn mark(hash: ChangeHash) -> i64 {
    Version::of_hash(hash).0.cast_signed()
}

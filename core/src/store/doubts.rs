//! What a device holds and the server did not tell when it told a bucket anew: the server may have
//! lost it, and until that is known it stays. It does not know how that is found out.

use rusqlite::{OptionalExtension, params};

use super::documents::{joined, split};
use super::error::StoreError;
use super::schema::Db;
use super::seals::Sealed;
use crate::base::id::{ChangeHash, RecordId};
use crate::base::planted::{self, Planted};
use crate::base::version::Version;

/// One record in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The record.
    pub record: RecordId,
    /// Its object's name.
    pub object: String,
    /// The row as it was, where the server told it otherwise.
    pub former: Option<FormerRow>,
    /// The number of the device's own work that is in doubt, whether or not the record is here.
    pub own: Option<i64>,
}

/// A row as it was before the server told it otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerRow {
    /// Its values, in their one form.
    pub values: Vec<u8>,
    /// What shows that the server said so.
    pub sealed: Sealed,
}

/// All that a bucket holds comes into doubt: the bucket is told anew.
pub fn begin(db: &Db, bucket: &str) -> Result<(), StoreError> {
    if planted::is(Planted::DoubtIgnored) {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT OR IGNORE INTO doubt (record, object, version)
         SELECT id, object, version FROM member
         WHERE bucket = (SELECT number FROM bucket WHERE name = ?1)",
    )?
    .execute([bucket])?;
    Ok(())
}

/// A document of which more is held than the server told comes into doubt at what is held, whatever
/// it was filed at: its buckets are told one after the other.
pub fn begin_one(
    db: &Db,
    record: RecordId,
    object: &str,
    held: Version,
    told: &[ChangeHash],
) -> Result<(), StoreError> {
    if planted::is(Planted::DoubtIgnored) {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO doubt (record, object, version, told) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (record) DO UPDATE SET version = excluded.version, told = excluded.told",
    )?
    .execute(params![
        record.as_bytes(),
        object,
        held.0.cast_signed(),
        joined(told)
    ])?;
    Ok(())
}

/// The newest changes that the server told of a document of which more is held.
pub fn told(db: &Db, record: RecordId) -> Result<Option<Vec<ChangeHash>>, StoreError> {
    let mut read =
        db.prepare_cached("SELECT told FROM doubt WHERE record = ?1 AND told IS NOT NULL")?;
    let found = read.query_row([record.as_bytes()], |row| row.get::<_, Vec<u8>>(0));
    found.optional()?.map(|told| split(&told)).transpose()
}

/// The server told more of it, and not yet all.
pub fn tell(db: &Db, record: RecordId, told: &[ChangeHash]) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE doubt SET told = ?2 WHERE record = ?1")?
        .execute(params![record.as_bytes(), joined(told)])?;
    Ok(())
}

/// The server begins another life: what it told in the one before says nothing of what it has.
pub fn forget_told(db: &Db) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE doubt SET told = NULL WHERE told IS NOT NULL")?
        .execute([])?;
    Ok(())
}

/// The version at which a record came into doubt.
pub fn version(db: &Db, record: RecordId) -> Result<Option<Version>, StoreError> {
    let mut read = db.prepare_cached("SELECT version FROM doubt WHERE record = ?1")?;
    let found = read.query_row([record.as_bytes()], |row| row.get::<_, i64>(0));
    Ok(found
        .optional()?
        .map(|version| Version(version.cast_unsigned())))
}

/// Keeps a row as it was, once, before it is told otherwise.
pub fn keep_former(db: &Db, record: RecordId, former: &FormerRow) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE doubt SET vals = ?2, seal = ?3, tick = ?4 WHERE record = ?1 AND vals IS NULL",
    )?
    .execute(params![
        record.as_bytes(),
        former.values,
        former.sealed.seal,
        former.sealed.tick.map(u64::cast_signed)
    ])?;
    Ok(())
}

/// A record is in doubt no more.
pub fn end(db: &Db, record: RecordId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM doubt WHERE record = ?1")?
        .execute([record.as_bytes()])?;
    Ok(())
}

/// A record was told at this version: if it is the one that was held, it is in doubt no more.
pub fn end_at(db: &Db, record: RecordId, version: Version) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM doubt WHERE record = ?1 AND version = ?2")?
        .execute(params![record.as_bytes(), version.0.cast_signed()])?;
    Ok(())
}

/// Whether a record of this object is in doubt.
pub fn is_any_of(db: &Db, object: &str) -> Result<bool, StoreError> {
    let mut read = db.prepare_cached("SELECT 1 FROM doubt WHERE object = ?1 LIMIT 1")?;
    Ok(read.exists([object])?)
}

/// Records in doubt by id, after one: at most `limit`.
pub fn page(db: &Db, after: Option<RecordId>, limit: usize) -> Result<Vec<Doubt>, StoreError> {
    let after = after.map_or_else(Vec::new, |id| id.0.to_vec());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut read = db.prepare_cached(
        "SELECT record, object, vals, seal, tick FROM doubt WHERE record > ?1
         ORDER BY record LIMIT ?2",
    )?;
    let mut rows = read.query(params![after, limit])?;
    let mut doubts = Vec::new();
    while let Some(row) = rows.next()? {
        let values: Option<Vec<u8>> = row.get(2)?;
        let seal: Option<Vec<u8>> = row.get(3)?;
        let tick: Option<i64> = row.get(4)?;
        let former = values.zip(seal).map(|(values, seal)| FormerRow {
            values,
            sealed: Sealed {
                seal,
                tick: tick.map(i64::cast_unsigned),
            },
        });
        doubts.push(Doubt {
            record: RecordId::from_slice(row.get_ref(0)?.as_blob().map_err(StoreError::new)?)?,
            object: row.get(1)?,
            former,
            own: None,
        });
    }
    Ok(doubts)
}

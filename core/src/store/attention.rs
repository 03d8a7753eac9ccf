//! Work that the server refused, kept whole with its reason until a person has dealt with it.
//! It does not know why.

use rusqlite::params;

use super::error::StoreError;
use super::schema::Db;
use crate::base::id::{ChangeHash, GroupId, RecordId};

/// One refused entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    /// The number it had in the outbox.
    pub number: i64,
    /// The object's name.
    pub object: String,
    /// The record.
    pub record: RecordId,
    /// Names it on the wire.
    pub hash: ChangeHash,
    /// The command that made it, as JSON, with all its values.
    pub command: String,
    /// The change, or the fact's canonical values.
    pub bytes: Vec<u8>,
    /// A stable name for the reason.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
    /// The fields it is about, as a JSON array.
    pub fields: String,
    /// The numbers and names behind the reason, as a JSON object.
    pub numbers: String,
    /// When it was set aside, in milliseconds since 1970.
    pub at: i64,
    /// The group in which it was refused; none if it went alone.
    pub group: Option<GroupId>,
}

/// Keeps one refused entry.
pub fn put(db: &Db, held: &Attention) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO attention (number, object, record, hash, command, bytes, code, \
         message, fields, at, numbers, group_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        held.number,
        held.object,
        held.record.as_bytes(),
        &held.hash.0[..],
        held.command,
        held.bytes,
        held.code,
        held.message,
        held.fields,
        held.at,
        held.numbers,
        held.group.map(|group| group.0.to_vec())
    ])?;
    Ok(())
}

/// All refused entries, oldest first.
pub fn all(db: &Db) -> Result<Vec<Attention>, StoreError> {
    let sql =
        "SELECT number, object, record, hash, command, bytes, code, message, fields, at, numbers, \
               group_id
               FROM attention ORDER BY number";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut held = Vec::new();
    while let Some(row) = rows.next()? {
        let group: Option<Vec<u8>> = row.get(11)?;
        held.push(Attention {
            number: row.get(0)?,
            object: row.get(1)?,
            record: RecordId::from_slice(row.get_ref(2)?.as_blob().map_err(StoreError::new)?)?,
            hash: ChangeHash::from_slice(row.get_ref(3)?.as_blob().map_err(StoreError::new)?)?,
            command: row.get(4)?,
            bytes: row.get(5)?,
            code: row.get(6)?,
            message: row.get(7)?,
            fields: row.get(8)?,
            at: row.get(9)?,
            numbers: row.get(10)?,
            group: group.map(|id| GroupId::from_slice(&id)).transpose()?,
        });
    }
    Ok(held)
}

/// Forgets one refused entry, and with it what was refused in its group.
pub fn remove(db: &Db, number: i64) -> Result<(), StoreError> {
    db.prepare_cached(
        "DELETE FROM attention WHERE number = ?1
         OR group_id = (SELECT group_id FROM attention WHERE number = ?1)",
    )?
    .execute([number])?;
    Ok(())
}

/// How many things there are to look at: a group is one.
pub fn count(db: &Db) -> Result<u64, StoreError> {
    let sql = "SELECT count(DISTINCT coalesce(group_id, number)) FROM attention";
    let count: i64 = db.query_row(sql, [], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

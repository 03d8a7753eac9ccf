//! Documents at rest: a blob, and a tail of changes not yet folded into it; accepted history only.
//! It does not know what is in them.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::schema::Db;
use crate::base::id::{ChangeHash, RecordId};
use crate::base::time::Timestamp;
use crate::objects::Descriptor;

/// A document as it lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The object's name.
    pub object: String,
    /// The saved document; empty while all of it is in the tail, or on the server.
    pub blob: Vec<u8>,
    /// Changes after the blob, in the order they were accepted.
    pub tail: Vec<Vec<u8>>,
    /// Accepted heads, ascending.
    pub heads: Vec<ChangeHash>,
}

/// The document of a record.
pub fn load(db: &Db, id: RecordId) -> Result<Option<Stored>, StoreError> {
    let found = db
        .prepare_cached("SELECT object, blob, heads FROM document WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .optional()?;
    let Some((object, blob, heads)) = found else {
        return Ok(None);
    };
    let mut statement =
        db.prepare_cached("SELECT bytes FROM document_tail WHERE id = ?1 ORDER BY n")?;
    let tail = statement
        .query_map([id.as_bytes()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Some(Stored {
        object,
        blob,
        tail,
        heads: split(&heads)?,
    }))
}

impl Stored {
    /// Whether only the server has the history.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.blob.is_empty() && self.tail.is_empty() && !self.heads.is_empty()
    }
}

/// Whether a record's document is one of which only the server has the history.
pub fn is_elsewhere(db: &Db, id: RecordId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM document d WHERE id = ?1 AND length(blob) = 0 AND length(heads) > 0
               AND NOT EXISTS (SELECT 1 FROM document_tail t WHERE t.id = d.id)";
    Ok(db.prepare_cached(sql)?.exists([id.as_bytes()])?)
}

/// The object of a record's document.
pub fn object_of(db: &Db, id: RecordId) -> Result<Option<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT object FROM document WHERE id = ?1")?;
    Ok(statement
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// The object of a record's document, and its accepted heads.
pub fn standing(db: &Db, id: RecordId) -> Result<Option<(String, Vec<ChangeHash>)>, StoreError> {
    let found = db
        .prepare_cached("SELECT object, heads FROM document WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| {
            Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()?;
    found
        .map(|(object, heads)| Ok((object, split(&heads)?)))
        .transpose()
}

/// The accepted heads of a record's document.
pub fn heads(db: &Db, id: RecordId) -> Result<Option<Vec<ChangeHash>>, StoreError> {
    let found: Option<Vec<u8>> = db
        .prepare_cached("SELECT heads FROM document WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    found.map(|heads| split(&heads)).transpose()
}

/// Keeps a saved document in the place of what was there; its tail is empty then.
pub fn put(
    db: &Db,
    id: RecordId,
    object: &str,
    blob: &[u8],
    heads: &[ChangeHash],
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO document (id, object, blob, heads) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![id.as_bytes(), object, blob, joined(heads)])?;
    db.prepare_cached("DELETE FROM document_tail WHERE id = ?1")?
        .execute([id.as_bytes()])?;
    Ok(())
}

/// Appends one accepted change to the tail of a document that is there; answers the tail's length.
pub fn append(
    db: &Db,
    id: RecordId,
    bytes: &[u8],
    heads: &[ChangeHash],
) -> Result<usize, StoreError> {
    let length: i64 = db
        .prepare_cached("SELECT count(*) FROM document_tail WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))?;
    db.prepare_cached("INSERT INTO document_tail (id, n, bytes) VALUES (?1, ?2, ?3)")?
        .execute(params![id.as_bytes(), length, bytes])?;
    db.prepare_cached("UPDATE document SET heads = ?2 WHERE id = ?1")?
        .execute(params![id.as_bytes(), joined(heads)])?;
    usize::try_from(length + 1).map_err(StoreError::new)
}

/// Takes a document away; its rows are the caller's.
pub fn remove(db: &Db, id: RecordId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM document WHERE id = ?1")?
        .execute([id.as_bytes()])?;
    db.prepare_cached("DELETE FROM document_tail WHERE id = ?1")?
        .execute([id.as_bytes()])?;
    Ok(())
}

/// Ids and objects of all documents, by id.
pub fn all_ids(db: &Db) -> Result<Vec<(RecordId, String)>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id, object FROM document ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (id, object) = row?;
        Ok((RecordId::from_slice(&id)?, object))
    })
    .collect()
}

/// Objects and ids of the documents that no bucket holds as such.
pub fn strays(db: &Db) -> Result<Vec<(String, RecordId)>, StoreError> {
    let sql = "SELECT object, id FROM document d
               WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.id = d.id AND m.object = d.object)";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    rows.map(|row| {
        let (object, id) = row?;
        Ok((object, RecordId::from_slice(&id)?))
    })
    .collect()
}

pub(super) fn joined(heads: &[ChangeHash]) -> Vec<u8> {
    heads.iter().flat_map(|head| head.0).collect()
}

pub(super) fn split(heads: &[u8]) -> Result<Vec<ChangeHash>, StoreError> {
    heads
        .chunks(32)
        .map(|head| Ok(ChangeHash::from_slice(head)?))
        .collect()
}

/// Ids of the closed records that did not change since a moment and whose history is here.
pub fn closed_before(
    db: &Db,
    descriptor: &Descriptor,
    moment: Timestamp,
) -> Result<Vec<RecordId>, StoreError> {
    let Some(lifecycle) = descriptor
        .lifecycle
        .as_ref()
        .filter(|lifecycle| !lifecycle.closed.is_empty())
    else {
        return Ok(Vec::new());
    };
    let sql = format!(
        "SELECT r.id FROM \"{}\" r JOIN document d ON d.id = r.id
         WHERE r.\"{}\" IN (SELECT value FROM json_each(?1)) AND r._changed_at < ?2
         AND (length(d.blob) > 0 OR EXISTS (SELECT 1 FROM document_tail t WHERE t.id = r.id))
         ORDER BY r.id",
        descriptor.object, lifecycle.field
    );
    let closed = serde_json::to_string(&lifecycle.closed).map_err(StoreError::new)?;
    let mut statement = db.prepare_cached(&sql)?;
    let ids = statement.query_map(params![closed, moment.0], |row| row.get::<_, Vec<u8>>(0))?;
    ids.map(|id| Ok(RecordId::from_slice(&id?)?)).collect()
}

//! Finds records by the beginnings of words, however people type them.
//! It does not know which fields are searched: descriptors do.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::schema::Db;
use super::{lookup, words};
use crate::base::fold::FOLD_VERSION;
use crate::base::id::{ChangeHash, RecordId};
use crate::objects::{Descriptor, Record, Registry};

/// Enters the words of a record that has none here.
pub(super) fn enter(db: &Db, descriptor: &Descriptor, record: &Record) -> Result<(), StoreError> {
    let words = words::of_record(descriptor, record);
    if words.is_empty() {
        return Ok(());
    }
    db.prepare_cached("INSERT INTO search_entry (object, id) VALUES (?1, ?2)")?
        .execute(params![descriptor.object, record.id.as_bytes()])?;
    db.prepare_cached("INSERT INTO search (rowid, words) VALUES (?1, ?2)")?
        .execute(params![db.last_insert_rowid(), words])?;
    Ok(())
}

/// Takes a record's words out.
pub(super) fn forget(db: &Db, id: RecordId) -> Result<(), StoreError> {
    let rowid: Option<i64> = db
        .prepare_cached("DELETE FROM search_entry WHERE id = ?1 RETURNING rowid")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(rowid) = rowid {
        db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?
            .execute([rowid])?;
    }
    Ok(())
}

/// Of which folding and of which fields an index is; one of others finds too little.
pub(super) fn version(registry: &Registry) -> String {
    let mut searched = format!("{FOLD_VERSION}");
    for descriptor in registry.kept() {
        let fields = descriptor.search.join(",");
        searched.push_str(&format!(" {}:{fields}", descriptor.object));
    }
    ChangeHash::of(searched.as_bytes()).to_string()
}

/// Takes all words out.
pub(super) fn clear(db: &Db) -> Result<(), StoreError> {
    Ok(db.execute_batch(
        "DELETE FROM search_entry; INSERT INTO search (search) VALUES ('delete-all')",
    )?)
}

/// The ids of the records of an object that the index of words finds.
pub(super) const WORDS_OF: &str = "SELECT e.id FROM search s JOIN search_entry e \
                                   ON e.rowid = s.rowid WHERE s.words MATCH ? AND e.object = ?";

/// Objects and ids of records that have, for every word of the text, a word which begins with it.
pub fn search(db: &Db, text: &str, limit: usize) -> Result<Vec<(String, RecordId)>, StoreError> {
    let Some(asked) = lookup::expression(db, text)? else {
        return Ok(Vec::new());
    };
    let sql = "SELECT e.object, e.id FROM search s JOIN search_entry e ON e.rowid = s.rowid
               WHERE s.words MATCH ?1 ORDER BY s.rowid LIMIT ?2";
    let mut statement = db.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![asked, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((
            row.get(0)?,
            RecordId::from_slice(&row.get::<_, Vec<u8>>(1)?)?,
        ));
    }
    Ok(found)
}

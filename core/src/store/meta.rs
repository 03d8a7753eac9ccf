//! Single facts about the database itself, and the descriptors that a tenant published.
//! It does not know what they mean.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::schema::Db;

/// The text kept under a key.
pub fn get(db: &Db, key: &str) -> Result<Option<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

/// Keeps a text under a key.
pub fn set(db: &Db, key: &str, value: &str) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
    )?
    .execute([key, value])?;
    Ok(())
}

/// What follows this start in the keys that have it, with their texts, by key.
pub fn starting(db: &Db, start: &str) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT substr(key, 1 + length(?1)), value FROM meta WHERE substr(key, 1, \
               length(?1)) = ?1 ORDER BY key";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([start], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets a key.
pub fn remove(db: &Db, key: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM meta WHERE key = ?1")?
        .execute([key])?;
    Ok(())
}

/// The published descriptors as JSON, by object.
pub fn descriptors(db: &Db) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT json FROM descriptor ORDER BY object")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Objects and versions of the published descriptors, by object.
pub fn descriptor_versions(db: &Db) -> Result<Vec<(String, u32)>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT object, version FROM descriptor ORDER BY object")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The published descriptor of an object as JSON.
pub fn descriptor(db: &Db, object: &str) -> Result<Option<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT json FROM descriptor WHERE object = ?1")?;
    Ok(statement.query_row([object], |row| row.get(0)).optional()?)
}

/// Forgets a published descriptor.
pub fn remove_descriptor(db: &Db, object: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM descriptor WHERE object = ?1")?
        .execute([object])?;
    Ok(())
}

/// Keeps a published descriptor.
pub fn put_descriptor(db: &Db, object: &str, version: u32, json: &str) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO descriptor (object, version, json) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![object, version, json])?;
    Ok(())
}

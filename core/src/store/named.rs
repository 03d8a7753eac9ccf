//! Candidates for a name that a person typed, by the words that are searched.
//! It does not know which of them is meant.

use rusqlite::params;

use super::error::StoreError;
use super::lookup::{self, quoted};
use super::schema::Db;
use super::{tables, words};
use crate::base::id::RecordId;
use crate::objects::{Descriptor, Record};

/// Letters of a word that a misspelt one is taken to have in common with the right one.
const COMMON_LETTERS: usize = 3;

/// Records of an object whose searched words begin with all of these, in this order; at most so
/// many.
pub fn beginning(
    db: &Db,
    descriptor: &Descriptor,
    text: &str,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let words = words::of_text(text);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let asked = format!("^{}", quoted(&words));
    matching(db, descriptor, &asked, limit)
}

/// Records of an object whose words begin as these do: as all of them if there are any, else as
/// some of them; at most so many.
pub fn resembling(
    db: &Db,
    descriptor: &Descriptor,
    text: &str,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let mut asked = Vec::new();
    for word in words::of_text(text) {
        let letters: String = word.chars().take(COMMON_LETTERS).collect();
        asked.push(lookup::beginning(&letters));
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let like_all = matching(db, descriptor, &asked.join(" AND "), limit)?;
    if !like_all.is_empty() {
        return Ok(like_all);
    }
    matching(db, descriptor, &asked.join(" OR "), limit)
}

/// Records of one object that the search finds by an expression of FTS5.
fn matching(
    db: &Db,
    descriptor: &Descriptor,
    expression: &str,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let sql = "SELECT e.id FROM search s JOIN search_entry e ON e.rowid = s.rowid
               WHERE s.words MATCH ?1 AND e.object = ?2 ORDER BY s.rowid LIMIT ?3";
    let mut statement = db.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![expression, descriptor.object, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = RecordId::from_slice(&row.get::<_, Vec<u8>>(0)?)?;
        found.extend(tables::read(db, descriptor, id)?);
    }
    Ok(found)
}

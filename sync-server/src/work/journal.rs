//! Every write of the server to a row or to a field of its own, with who, when and why: the history
//! of what has no history of its own. It does not know what the values mean.

use std::collections::BTreeSet;

use outfield_core::base::context::Context;
use outfield_core::base::id::{RecordId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Record, Values};
use outfield_core::store::Db;
use rusqlite::params;
use serde_json::{Value as Json, json};

use crate::error::ServerError;

/// For whom and why the server writes.
#[derive(Clone, Copy)]
pub(crate) struct Cause<'a> {
    /// The person and the moment.
    pub context: &'a Context,
    /// What it follows from: a word, or an object and an id.
    pub why: &'a str,
}

/// Appends what changed of a record; its number, or none if nothing did. Of a new record its own
/// fields stand there and not its lines: what they are the record says, and what they were each
/// later entry.
pub(crate) fn append(
    db: &Db,
    cause: Cause<'_>,
    before: &Values,
    after: &Record,
) -> Result<Option<i64>, ServerError> {
    let (mut was, mut is) = (Values::new(), Values::new());
    let is_new = before.is_empty();
    let paths: BTreeSet<&String> = before.keys().chain(after.values.keys()).collect();
    for path in paths
        .into_iter()
        .filter(|path| !is_new || !path.contains('/'))
    {
        let (old, new) = (before.get(path), after.values.get(path));
        if old == new {
            continue;
        }
        was.extend(old.map(|value| (path.clone(), value.clone())));
        is.extend(new.map(|value| (path.clone(), value.clone())));
    }
    if was.is_empty() && is.is_empty() && !is_new {
        return Ok(None);
    }
    let user = cause.context.user;
    let by = (user != UserId::NOBODY).then(|| user.as_bytes().to_vec());
    db.prepare_cached(
        "INSERT INTO journal (at, by, cause, object, record, before, after)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        cause.context.now.0,
        by,
        cause.why,
        after.object,
        after.id.as_bytes(),
        json!(was).to_string(),
        json!(is).to_string()
    ])?;
    Ok(Some(db.last_insert_rowid()))
}

/// What the server wrote of a record, oldest first: at, by, cause, before, after.
pub(crate) fn of_record(db: &Db, record: RecordId) -> Result<Vec<Json>, ServerError> {
    let mut statement = db.prepare_cached(
        "SELECT at, by, cause, before, after FROM journal WHERE record = ?1 ORDER BY number",
    )?;
    let mut rows = statement.query([record.as_bytes()])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let by: Option<Vec<u8>> = row.get(1)?;
        let by = by.map(|by| RecordId::from_slice(&by)).transpose();
        let values = |text: String| serde_json::from_str::<Json>(&text).unwrap_or_default();
        entries.push(json!({
            "at": Timestamp(row.get(0)?).rfc3339(),
            "by": by.map_err(ServerError::broken)?,
            "cause": row.get::<_, String>(2)?,
            "before": values(row.get(3)?),
            "after": values(row.get(4)?),
        }));
    }
    Ok(entries)
}

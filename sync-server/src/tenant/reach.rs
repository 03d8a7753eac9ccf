//! Whose records are within whose reach: now, and by what a device could know when it wrote.
//! It does not know rights on fields: `domain::admit` does.

use std::collections::BTreeSet;

use outfield_core::base::id::{ConflictId, RecordId, UserId};
use outfield_core::objects::{Conflict, ReadError, Reader, Record, Value};
use outfield_core::store::{Db, StoreReader, members};
use rusqlite::params;

use super::log;
use crate::error::ServerError;

/// Notes which buckets a person follows from now on.
pub(super) fn follow(db: &Db, user: UserId, now: &BTreeSet<String>) -> Result<(), ServerError> {
    let before: BTreeSet<String> = db
        .prepare_cached("SELECT bucket FROM follow WHERE user = ?1 AND until IS NULL")?
        .query_map([user.as_bytes()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for bucket in now.difference(&before) {
        db.execute(
            "INSERT INTO follow (user, bucket) VALUES (?1, ?2)",
            params![user.as_bytes(), bucket],
        )?;
    }
    for bucket in before.difference(now) {
        db.execute(
            "UPDATE follow SET until = ?3 WHERE user = ?1 AND bucket = ?2 AND until IS NULL",
            params![user.as_bytes(), bucket, log::tick(db)?.cast_signed()],
        )?;
    }
    Ok(())
}

/// The buckets that a person follows, or followed until after this tick.
pub(super) fn followed_since(
    db: &Db,
    user: UserId,
    knew: u64,
) -> Result<BTreeSet<String>, ServerError> {
    Ok(db
        .prepare_cached(
            "SELECT bucket FROM follow WHERE user = ?1 AND (until IS NULL OR until > ?2)",
        )?
        .query_map(params![user.as_bytes(), knew.cast_signed()], |row| {
            row.get(0)
        })?
        .collect::<Result<_, _>>()?)
}

/// Whether a record is in one of these buckets, or left it after this tick: what was written before
/// a device could know of the loss still counts.
pub(super) fn held_since(
    db: &Db,
    id: RecordId,
    buckets: &BTreeSet<String>,
    knew: u64,
) -> Result<bool, ServerError> {
    if members::of(db, id)?
        .iter()
        .any(|bucket| buckets.contains(bucket))
    {
        return Ok(true);
    }
    let mut left = db.prepare_cached(
        "SELECT b.name FROM log l JOIN bucket b ON b.number = l.bucket WHERE l.op = 4 AND l.id = ?1 AND l.tick > ?2",
    )?;
    let names = left.query_map(params![id.as_bytes(), knew.cast_signed()], |row| {
        row.get::<_, String>(0)
    })?;
    for name in names {
        if buckets.contains(&name?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The store as the devices of one person hold it: what is in none of the person's buckets is not
/// there.
pub(super) struct Eyes<'a> {
    /// All there is.
    pub(super) all: StoreReader<'a>,
    /// The buckets that the person follows.
    pub(super) buckets: &'a [String],
}

impl Eyes<'_> {
    fn see(&self, id: RecordId) -> Result<bool, ReadError> {
        Ok(members::is_member(self.all.db, id, self.buckets)?)
    }
}

impl Reader for Eyes<'_> {
    fn record(&self, object: &str, id: RecordId) -> Result<Option<Record>, ReadError> {
        if self.see(id)? {
            self.all.record(object, id)
        } else {
            Ok(None)
        }
    }

    fn find(&self, object: &str, wanted: &[(&str, Value)]) -> Result<Vec<Record>, ReadError> {
        let mut seen = Vec::new();
        for record in self.all.find(object, wanted)? {
            if self.see(record.id)? {
                seen.push(record);
            }
        }
        Ok(seen)
    }

    fn conflict(&self, id: ConflictId) -> Result<Option<Conflict>, ReadError> {
        let conflict = self.all.conflict(id)?;
        let sees = conflict
            .as_ref()
            .map_or(Ok(false), |conflict| self.see(conflict.record))?;
        Ok(conflict.filter(|_| sees))
    }

    fn open_conflicts(&self, record: RecordId) -> Result<Vec<Conflict>, ReadError> {
        if self.see(record)? {
            self.all.open_conflicts(record)
        } else {
            Ok(Vec::new())
        }
    }
}

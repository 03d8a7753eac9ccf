//! Whose records are within whose reach: now, and by what a device could know when it wrote.
//! It does not know rights on fields: `domain::rights` does.

use std::collections::BTreeSet;

use outfield_core::base::id::{RecordId, UserId};
use outfield_core::objects::{Bucket, Record};
use outfield_core::store::{Db, members};
use rusqlite::params;

use crate::error::ServerError;

/// Notes which buckets a person follows from now on.
pub(crate) fn follow(
    db: &Db,
    user: UserId,
    now: &BTreeSet<String>,
    tick: u64,
) -> Result<(), ServerError> {
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
            params![user.as_bytes(), bucket, tick.cast_signed()],
        )?;
    }
    Ok(())
}

/// The buckets that a person follows, or followed until after this tick.
pub(crate) fn followed_since(
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
pub(crate) fn held_since(
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

/// The buckets that a user's row names, those to pull first in front.
pub(crate) fn buckets_of(user: &Record) -> Vec<Bucket> {
    let mut buckets = vec![Bucket::User(UserId(user.id.0)), Bucket::Tenant];
    let territories = user.lines("territories");
    let territories = territories
        .values()
        .filter_map(|line| line.get("territory")?.text()?.parse().ok());
    buckets.extend(territories.map(Bucket::Territory));
    buckets.dedup();
    buckets
}

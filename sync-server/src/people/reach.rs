//! Whose records are within whose reach: now, and by what a device could know when it wrote.
//! It does not know rights on fields: `domain::rights` does.

use std::collections::BTreeSet;

use outfield_core::base::id::{RecordId, UserId};
use outfield_core::objects::{Bucket, Descriptor, Record};
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

/// What a person reaches by what a device could know when it wrote.
pub(crate) struct Reach {
    /// The buckets that the person follows, or followed after that tick.
    followed: BTreeSet<String>,
    /// The tick up to which the device held everything.
    knew: u64,
}

impl Reach {
    pub(crate) fn since(db: &Db, user: UserId, knew: u64) -> Result<Reach, ServerError> {
        let followed = db
            .prepare_cached(
                "SELECT bucket FROM follow WHERE user = ?1 AND (until IS NULL OR until > ?2)",
            )?
            .query_map(params![user.as_bytes(), knew.cast_signed()], |row| {
                row.get(0)
            })?
            .collect::<Result<_, _>>()?;
        Ok(Reach { followed, knew })
    }

    /// Whether one of these buckets is followed.
    pub(crate) fn follows_any(&self, buckets: &BTreeSet<String>) -> bool {
        !self.followed.is_disjoint(buckets)
    }

    /// Whether a record that these buckets hold is within reach, or left it later than the device
    /// knew: what was written before a device could know of the loss still counts.
    pub(crate) fn covers(
        &self,
        db: &Db,
        id: RecordId,
        held_in: &BTreeSet<String>,
    ) -> Result<bool, ServerError> {
        if self.follows_any(held_in) {
            return Ok(true);
        }
        let mut left = db.prepare_cached(
            "SELECT b.name FROM log l JOIN bucket b ON b.number = l.bucket \
             WHERE l.op = 4 AND l.id = ?1 AND l.tick > ?2",
        )?;
        let names = left.query_map(params![id.as_bytes(), self.knew.cast_signed()], |row| {
            row.get::<_, String>(0)
        })?;
        for name in names {
            if self.followed.contains(&name?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether what a new record goes through is within reach; it may have moved away meanwhile.
    pub(crate) fn covers_through(
        &self,
        db: &Db,
        descriptor: &Descriptor,
        written: &Record,
    ) -> Result<bool, ServerError> {
        for path in written.values.keys() {
            if !descriptor.goes_through(path) {
                continue;
            }
            let Some(through) = written.reference(path) else {
                continue;
            };
            let held_in = members::of(db, through)?.into_iter().collect();
            if self.covers(db, through, &held_in)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
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

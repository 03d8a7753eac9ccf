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
    fn follows_any(&self, buckets: &BTreeSet<String>) -> bool {
        !self.followed.is_disjoint(buckets)
    }

    /// Whether all buckets that a record enters by what is written are within reach: followed, or
    /// those of what it goes through, which may have moved away meanwhile; other people's own
    /// buckets are for rights to say.
    pub(crate) fn covers_all(
        &self,
        db: &Db,
        written: &Record,
        descriptor: &Descriptor,
        entered: &BTreeSet<String>,
    ) -> Result<bool, ServerError> {
        let mut open: BTreeSet<&str> = BTreeSet::new();
        for bucket in entered {
            if !self.followed.contains(bucket) && !bucket.starts_with("user/") {
                open.insert(bucket);
            }
        }
        if open.is_empty() {
            return Ok(true);
        }
        for path in written.values.keys() {
            let Some(through) = written
                .reference(path)
                .filter(|_| descriptor.goes_through(path))
            else {
                continue;
            };
            let held_in: BTreeSet<String> = members::of(db, through)?.into_iter().collect();
            if self.covers(db, through, &held_in)? {
                open.retain(|bucket| !held_in.contains(*bucket));
            }
        }
        Ok(open.is_empty())
    }

    /// Whether a record that is somewhere is within reach.
    pub(crate) fn sees(&self, db: &Db, id: RecordId) -> Result<bool, ServerError> {
        let held_in = members::of(db, id)?.into_iter().collect();
        self.covers(db, id, &held_in)
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

//! Puts what was accepted into the logs of the buckets it belongs to, and moves what depends on it.
//! It does not decide whether something is accepted.

use std::collections::BTreeSet;
use std::ops::Range;

use outfield_core::app::CONFLICT;
use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::base::version::Version;
use outfield_core::objects::descriptor::Scope;
use outfield_core::objects::{Bucket, Conflict, Record, Registry, Value, scope};
use outfield_core::store::{Db, StoreReader, conflicts, documents, members, query};
use rusqlite::params;

use crate::error::ServerError;
use crate::tenant::Tenant;

/// What an entry of a log says about its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// It is new in this bucket.
    Enter = 0,
    /// One more change of a document.
    Change = 1,
    /// A row or fact is as it is now.
    Row = 2,
    /// A conflict is as it is now.
    Conflict = 3,
    /// It left this bucket.
    Remove = 4,
    /// An object's descriptor is as it is now.
    Descriptor = 5,
}

impl Op {
    pub(crate) fn numbered(number: i64) -> Result<Op, ServerError> {
        [
            Op::Enter,
            Op::Change,
            Op::Row,
            Op::Conflict,
            Op::Remove,
            Op::Descriptor,
        ]
        .into_iter()
        .find(|op| *op as i64 == number)
        .ok_or_else(|| ServerError::broken(format!("the log holds an unknown operation {number}")))
    }
}

/// What is to be logged of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub object: &'a str,
    pub id: RecordId,
    pub op: Op,
    pub hash: Option<ChangeHash>,
}

/// An entry as it lies in a log.
pub(crate) struct Logged {
    pub seq: u64,
    pub op: Op,
    pub object: String,
    pub id: RecordId,
    pub hash: Option<ChangeHash>,
}

impl Tenant {
    /// The entries of a bucket's log with these numbers, ascending.
    pub(crate) fn logged(
        &self,
        bucket: &str,
        numbers: Range<u64>,
    ) -> Result<Vec<Logged>, ServerError> {
        let sql = "SELECT seq, op, object, id, hash FROM log
                   WHERE bucket = (SELECT number FROM bucket WHERE name = ?1) AND seq >= ?2 AND seq < ?3 ORDER BY seq";
        let mut statement = self.db.prepare_cached(sql)?;
        let (start, end) = (numbers.start.cast_signed(), numbers.end.cast_signed());
        let mut rows = statement.query(params![bucket, start, end])?;
        let mut logged = Vec::new();
        while let Some(row) = rows.next()? {
            let hash: Option<Vec<u8>> = row.get(4)?;
            logged.push(Logged {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                op: Op::numbered(row.get(1)?)?,
                object: row.get(2)?,
                id: RecordId::from_slice(&row.get::<_, Vec<u8>>(3)?)
                    .map_err(ServerError::broken)?,
                hash: hash
                    .map(|hash| ChangeHash::from_slice(&hash))
                    .transpose()
                    .map_err(ServerError::broken)?,
            });
        }
        Ok(logged)
    }
}

/// Appends to one bucket's log; the sequence is dense and becomes true with the transaction.
pub(crate) fn append(db: &Db, bucket: &str, entry: Entry<'_>) -> Result<(), ServerError> {
    let number = members::ensure_bucket(db, bucket)?;
    let seq = members::bucket(db, bucket)?.map_or(0, |state| state.cursor) + 1;
    let hash = entry.hash.map(|hash| hash.0.to_vec());
    db.prepare_cached(
        "INSERT INTO log (bucket, seq, op, object, id, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        number,
        seq.cast_signed(),
        entry.op as i64,
        entry.object,
        entry.id.as_bytes(),
        hash
    ])?;
    Ok(members::set_cursor(db, bucket, seq)?)
}

/// The server's clock of accepted work.
pub(crate) fn tick(db: &Db) -> Result<u64, ServerError> {
    let tick: Option<i64> = db
        .prepare_cached("SELECT max(tick) FROM log")?
        .query_row([], |row| row.get(0))?;
    Ok(tick.unwrap_or(0).cast_unsigned())
}

/// Names of the buckets that a record belongs to by what it says now.
pub(crate) fn scope_of(
    db: &Db,
    registry: &Registry,
    record: &Record,
) -> Result<BTreeSet<String>, ServerError> {
    Ok(
        scope::buckets(registry, record, &StoreReader { db, registry })?
            .iter()
            .map(Bucket::to_string)
            .collect(),
    )
}

/// Logs a record in each bucket of `now`, takes it out of the others, and carries along what goes
/// through it when it moved.
pub(crate) fn publish(
    db: &Db,
    registry: &Registry,
    (record, version): (&Record, Version),
    now: &BTreeSet<String>,
    entry: Entry<'_>,
) -> Result<(), ServerError> {
    let before: BTreeSet<String> = members::of(db, record.id)?.into_iter().collect();
    for bucket in now.intersection(&before) {
        members::set(db, bucket, record.id, &record.object, version)?;
        append(db, bucket, entry)?;
    }
    move_between(db, registry, (record, version, entry.hash), (&before, now))
}

/// Enters and removes a record where its buckets changed without a change of its own.
fn rescope(db: &Db, registry: &Registry, record: &Record) -> Result<(), ServerError> {
    let now = scope_of(db, registry, record)?;
    let before: BTreeSet<String> = members::of(db, record.id)?.into_iter().collect();
    let version = match documents::heads(db, record.id)? {
        Some(heads) => Version::of_heads(&heads),
        None => Record::row_version(&record.values),
    };
    move_between(db, registry, (record, version, None), (&before, &now))
}

fn move_between(
    db: &Db,
    registry: &Registry,
    (record, version, hash): (&Record, Version, Option<ChangeHash>),
    (before, now): (&BTreeSet<String>, &BTreeSet<String>),
) -> Result<(), ServerError> {
    if before == now {
        return Ok(());
    }
    let held = if before.is_empty() {
        Vec::new()
    } else {
        conflicts::of_record(db, record.id)?
    };
    for bucket in now.difference(before) {
        members::set(db, bucket, record.id, &record.object, version)?;
        append(
            db,
            bucket,
            Entry {
                object: &record.object,
                id: record.id,
                op: Op::Enter,
                hash,
            },
        )?;
        held.iter()
            .try_for_each(|conflict| publish_conflict_in(db, bucket, conflict))?;
    }
    for bucket in before.difference(now) {
        leave(db, bucket, &record.object, record.id)?;
        held.iter()
            .try_for_each(|conflict| leave(db, bucket, CONFLICT, RecordId(conflict.id.0)))?;
    }
    // What goes through a new record may have come before it, when its making was refused at first.
    move_dependents(db, registry, record)
}

fn leave(db: &Db, bucket: &str, object: &str, id: RecordId) -> Result<(), ServerError> {
    members::remove(db, bucket, id)?;
    append(
        db,
        bucket,
        Entry {
            object,
            id,
            op: Op::Remove,
            hash: None,
        },
    )
}

/// Records that go through a record which moved are entered and removed alike.
fn move_dependents(db: &Db, registry: &Registry, moved: &Record) -> Result<(), ServerError> {
    let value: Value = moved.id.to_string().into();
    for descriptor in registry.all() {
        for scope in &descriptor.scope {
            let Scope::Through { field } = scope else {
                continue;
            };
            if descriptor
                .field_at(field)
                .and_then(|field| field.of.as_deref())
                != Some(moved.object.as_str())
            {
                continue;
            }
            for record in query::find(db, descriptor, &[(field.as_str(), value.clone())])? {
                rescope(db, registry, &record)?;
            }
        }
    }
    Ok(())
}

/// Logs a conflict as it is now in every bucket of its record.
pub(crate) fn publish_conflict(db: &Db, conflict: &Conflict) -> Result<(), ServerError> {
    members::of(db, conflict.record)?
        .iter()
        .try_for_each(|bucket| publish_conflict_in(db, bucket, conflict))
}

fn publish_conflict_in(db: &Db, bucket: &str, conflict: &Conflict) -> Result<(), ServerError> {
    let id = RecordId(conflict.id.0);
    members::set(
        db,
        bucket,
        id,
        CONFLICT,
        Version::of_bytes(conflict.state.name().as_bytes()),
    )?;
    append(
        db,
        bucket,
        Entry {
            object: CONFLICT,
            id,
            op: Op::Conflict,
            hash: None,
        },
    )
}

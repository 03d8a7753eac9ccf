//! Puts what was accepted into the logs of the buckets it belongs to, and moves what depends on it.
//! It does not decide whether something is accepted.

use std::collections::BTreeSet;
use std::ops::Range;

use outfield_core::app::CONFLICT;
use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::base::version::Version;
use outfield_core::objects::descriptor::Scope;
use outfield_core::objects::{Bucket, Conflict, Record, Value, scope};
use outfield_core::store::{Db, StoreReader, conflicts, documents, members, query};
use rusqlite::params;

use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::tenant::height::Height;

/// What an entry of a log says about its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogOp {
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

impl LogOp {
    pub(crate) fn numbered(number: i64) -> Result<LogOp, ServerError> {
        [
            LogOp::Enter,
            LogOp::Change,
            LogOp::Row,
            LogOp::Conflict,
            LogOp::Remove,
            LogOp::Descriptor,
        ]
        .into_iter()
        .find(|op| *op as i64 == number)
        .ok_or_else(|| ServerError::broken(format!("the log holds an unknown operation {number}")))
    }
}

/// What is to be logged of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogEntry<'a> {
    pub object: &'a str,
    pub id: RecordId,
    pub op: LogOp,
    pub hash: Option<ChangeHash>,
}

/// An entry as it lies in a log.
pub(crate) struct LoggedEntry {
    pub seq: u64,
    pub op: LogOp,
    pub object: String,
    pub id: RecordId,
    pub hash: Option<ChangeHash>,
}

/// What moved since a tick.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogMovement {
    /// Names of the buckets.
    pub buckets: BTreeSet<String>,
    /// The records that they say something of.
    pub records: BTreeSet<RecordId>,
    /// The last tick of it.
    pub tick: u64,
}

impl Tenant {
    /// The tick up to which something moved.
    pub(crate) fn moved_up_to(&self) -> Result<u64, ServerError> {
        tick(&self.db)
    }

    /// What moved since this tick.
    pub(crate) fn moved_since(&self, since: u64) -> Result<LogMovement, ServerError> {
        let mut movement = LogMovement {
            tick: since,
            ..LogMovement::default()
        };
        let sql = "SELECT l.tick, b.name, l.id FROM log l JOIN bucket b ON b.number = l.bucket
                   WHERE l.tick > ?1 ORDER BY l.tick";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([since.cast_signed()])?;
        while let Some(row) = rows.next()? {
            movement.tick = row.get::<_, i64>(0)?.cast_unsigned();
            let bucket = row.get_ref(1)?.as_str().map_err(ServerError::broken)?;
            if !movement.buckets.contains(bucket) {
                movement.buckets.insert(bucket.to_owned());
            }
            let id = RecordId::from_slice(&row.get::<_, Vec<u8>>(2)?);
            movement.records.insert(id.map_err(ServerError::broken)?);
        }
        Ok(movement)
    }

    /// The entries of a bucket's log with these numbers, ascending.
    pub(crate) fn logged(
        &self,
        bucket: &str,
        numbers: Range<u64>,
    ) -> Result<Vec<LoggedEntry>, ServerError> {
        let sql = "SELECT seq, op, object, id, hash FROM log
                   WHERE bucket = (SELECT number FROM bucket WHERE name = ?1)
                   AND seq >= ?2 AND seq < ?3 ORDER BY seq";
        let mut statement = self.db.prepare_cached(sql)?;
        let (start, end) = (numbers.start.cast_signed(), numbers.end.cast_signed());
        let mut rows = statement.query(params![bucket, start, end])?;
        let mut logged = Vec::new();
        while let Some(row) = rows.next()? {
            let hash: Option<Vec<u8>> = row.get(4)?;
            logged.push(LoggedEntry {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                op: LogOp::numbered(row.get(1)?)?,
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
pub(crate) fn append(db: &Db, bucket: &str, entry: LogEntry<'_>) -> Result<(), ServerError> {
    let number = members::ensure_bucket(db, bucket)?;
    let seq: i64 = db
        .prepare_cached("UPDATE bucket SET cursor = cursor + 1 WHERE number = ?1 RETURNING cursor")?
        .query_row([number], |row| row.get(0))?;
    let hash = entry.hash.map(|hash| hash.0.to_vec());
    db.prepare_cached(
        "INSERT INTO log (bucket, seq, op, object, id, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        number,
        seq,
        entry.op as i64,
        entry.object,
        entry.id.as_bytes(),
        hash
    ])?;
    Ok(())
}

/// The server's clock of accepted work.
pub(crate) fn tick(db: &Db) -> Result<u64, ServerError> {
    Ok(Height::of(db)?.tick)
}

/// The buckets that a record was in, and those that it belongs to now.
pub(crate) struct Placement {
    pub before: BTreeSet<String>,
    pub now: BTreeSet<String>,
}

impl Placement {
    /// Where a record lies in the logs, and where it belongs by what it says now.
    pub(crate) fn of(store: &StoreReader<'_>, record: &Record) -> Result<Placement, ServerError> {
        Ok(Placement {
            before: buckets_holding(store.db, record.id)?,
            now: scope_of(store, record)?,
        })
    }
}

/// Names of the buckets whose logs hold a record.
pub(crate) fn buckets_holding(db: &Db, id: RecordId) -> Result<BTreeSet<String>, ServerError> {
    Ok(members::of(db, id)?.into_iter().collect())
}

/// Names of the buckets that a record belongs to by what it says now.
pub(crate) fn scope_of(
    store: &StoreReader<'_>,
    record: &Record,
) -> Result<BTreeSet<String>, ServerError> {
    let buckets = scope::buckets(store.registry, record, store)?;
    Ok(buckets.iter().map(Bucket::to_string).collect())
}

/// Logs a record in each bucket where it stays, enters it in new ones, takes it out of the others,
/// and carries along what goes through it when it moved.
pub(crate) fn publish(
    store: &StoreReader<'_>,
    entry: LogEntry<'_>,
    version: Version,
    placement: &Placement,
) -> Result<(), ServerError> {
    for bucket in placement.now.intersection(&placement.before) {
        put(store.db, bucket, entry, version)?;
    }
    move_between(store, entry, version, placement)
}

/// Enters and removes a record where its buckets changed without a change of its own.
fn rescope(store: &StoreReader<'_>, record: &Record) -> Result<(), ServerError> {
    let placement = Placement::of(store, record)?;
    let version = match documents::heads(store.db, record.id)? {
        Some(heads) => Version::of_heads(&heads),
        None => Record::row_version(&record.values),
    };
    let entry = LogEntry {
        object: &record.object,
        id: record.id,
        op: LogOp::Enter,
        hash: None,
    };
    move_between(store, entry, version, &placement)
}

fn move_between(
    store: &StoreReader<'_>,
    entry: LogEntry<'_>,
    version: Version,
    placement: &Placement,
) -> Result<(), ServerError> {
    let Placement { before, now } = placement;
    if before == now {
        return Ok(());
    }
    let db = store.db;
    let conflicts = if before.is_empty() {
        Vec::new()
    } else {
        conflicts::of_record(db, entry.id)?
    };
    let enter = LogEntry {
        op: LogOp::Enter,
        ..entry
    };
    for bucket in now.difference(before) {
        put(db, bucket, enter, version)?;
        for conflict in &conflicts {
            put_conflict(db, bucket, conflict)?;
        }
    }
    for bucket in before.difference(now) {
        leave(db, bucket, entry.object, entry.id)?;
        for conflict in &conflicts {
            leave(db, bucket, CONFLICT, RecordId(conflict.id.0))?;
        }
    }
    // What goes through a new record may have come before it, when its making was refused at first.
    move_dependents(store, entry.object, entry.id)
}

/// A record is in a bucket at this version, and its log says so.
fn put(db: &Db, bucket: &str, entry: LogEntry<'_>, version: Version) -> Result<(), ServerError> {
    append(db, bucket, entry)?;
    members::set(db, bucket, entry.id, entry.object, version)?;
    Ok(())
}

fn leave(db: &Db, bucket: &str, object: &str, id: RecordId) -> Result<(), ServerError> {
    let entry = LogEntry {
        object,
        id,
        op: LogOp::Remove,
        hash: None,
    };
    append(db, bucket, entry)?;
    members::remove(db, bucket, id)?;
    Ok(())
}

/// Records that go through a record which moved are entered and removed alike.
fn move_dependents(
    store: &StoreReader<'_>,
    object: &str,
    moved: RecordId,
) -> Result<(), ServerError> {
    let value: Value = moved.to_string().into();
    for descriptor in store.registry.kept() {
        for scope in &descriptor.scope {
            let Scope::Through { field, .. } = scope else {
                continue;
            };
            let through = descriptor
                .field_at(field)
                .and_then(|field| field.of.as_deref());
            if through != Some(object) {
                continue;
            }
            for record in query::find(store.db, descriptor, &[(field.as_str(), value.clone())])? {
                rescope(store, &record)?;
            }
        }
    }
    Ok(())
}

/// Logs a conflict as it is now in every bucket of its record.
pub(crate) fn publish_conflict(db: &Db, conflict: &Conflict) -> Result<(), ServerError> {
    for bucket in members::of(db, conflict.record)? {
        put_conflict(db, &bucket, conflict)?;
    }
    Ok(())
}

fn put_conflict(db: &Db, bucket: &str, conflict: &Conflict) -> Result<(), ServerError> {
    let entry = LogEntry {
        object: CONFLICT,
        id: RecordId(conflict.id.0),
        op: LogOp::Conflict,
        hash: None,
    };
    let version = Version::of_bytes(conflict.state.name().as_bytes());
    put(db, bucket, entry, version)
}

//! Looks into a database behind its owner's back: what waits in the outbox, sums, conflicts, whole
//! histories. It writes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use automerge::legacy::{Key, OpId, OpType};
use automerge::{Automerge, Change, ExpandedChange};
use outfield_core::base::id::{ActorId, RecordId};
use outfield_core::objects::{Value, Values};
use outfield_core::store::outbox::OutboxEntry;
use outfield_core::store::{Db, documents, locked, members, meta, outbox};
use serde_json::Value as Json;

use crate::keys::key_beside;

/// Opens a database beside whoever has it open: a server's, or a phone's by its key.
#[must_use]
pub fn open(file: &Path) -> Db {
    let db = Db::open(file).unwrap();
    if std::fs::metadata(file).is_ok_and(|file| file.len() > 0) && !locked::is_plain(file).unwrap()
    {
        locked::unlock(&db, &key_beside(file)).unwrap();
    }
    db
}

/// One piece of a device's own accepted work, as it keeps it.
pub struct KeptWork {
    /// Names it.
    pub hash: Vec<u8>,
    /// The record.
    pub record: RecordId,
    /// The change or fact.
    pub bytes: Vec<u8>,
    /// Whether the server may have lost it.
    pub is_due: bool,
}

/// The own accepted work that a device keeps.
#[must_use]
pub fn own_work(file: &Path) -> Vec<KeptWork> {
    let db = open(file);
    let mut read = db
        .prepare("SELECT hash, record, bytes, due FROM own_work ORDER BY number")
        .unwrap();
    let kept = read.query_map([], |row| {
        Ok(KeptWork {
            hash: row.get(0)?,
            record: RecordId::from_slice(&row.get::<_, Vec<u8>>(1)?).unwrap(),
            bytes: row.get(2)?,
            is_due: row.get(3)?,
        })
    });
    kept.unwrap().map(Result::unwrap).collect()
}

/// What waits for the server, oldest first.
#[must_use]
pub fn unsent(file: &Path) -> Vec<OutboxEntry> {
    outbox::all(&open(file)).unwrap()
}

/// Where a bucket stands: its cursor, its sum as kept, and as its members add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BucketStanding {
    /// The last operation.
    pub cursor: u64,
    /// The sum that is kept.
    pub kept: u64,
    /// The sum over the members.
    pub recomputed: u64,
}

/// Where all buckets stand, by name.
#[must_use]
pub fn standings(db: &Db) -> BTreeMap<String, BucketStanding> {
    let standing = |(name, state): (String, members::BucketState)| {
        let recomputed = members::recompute(db, &name).unwrap();
        (
            name,
            BucketStanding {
                cursor: state.cursor,
                kept: state.sum,
                recomputed,
            },
        )
    };
    members::buckets(db)
        .unwrap()
        .into_iter()
        .map(standing)
        .collect()
}

/// All conflicts that are members of one of these buckets, with their states, by id.
#[must_use]
pub fn conflicts(db: &Db, buckets: &[String]) -> BTreeMap<String, String> {
    let mut statement = db.prepare("SELECT id, state FROM conflict").unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))
        .unwrap();
    let rows = rows.map(|row| {
        let (id, state): (Vec<u8>, String) = row.unwrap();
        (RecordId::from_slice(&id).unwrap(), state)
    });
    let seen = rows.filter(|(id, _)| members::is_member(db, *id, buckets).unwrap());
    seen.map(|(id, state)| (id.to_string(), state)).collect()
}

/// How many conflicts lie there, members or not.
#[must_use]
pub fn conflict_rows(db: &Db) -> usize {
    let count: u32 = db
        .query_row("SELECT count(*) FROM conflict", [], |row| row.get(0))
        .unwrap();
    count as usize
}

/// Everything that was ever accepted of a record: each operation's path and value, oldest change
/// first.
#[must_use]
pub fn history(db: &Db, id: &str) -> Vec<(String, Json)> {
    let stored = documents::load(db, id.parse().unwrap()).unwrap().unwrap();
    let bytes = std::iter::once(stored.blob)
        .chain(stored.tail)
        .collect::<Vec<_>>()
        .concat();
    let document = Automerge::load(&bytes).unwrap();
    document
        .get_changes(&[])
        .iter()
        .flat_map(operations)
        .collect()
}

/// The operations of one change: path and value.
#[must_use]
pub fn operations(change: &Change) -> Vec<(String, Json)> {
    let ExpandedChange { operations, .. } = change.decode();
    let operations = operations.into_iter().map(|operation| {
        let Key::Map(path) = operation.key else {
            panic!("{operation:?} is not in a map")
        };
        let OpType::Put(value) = operation.action else {
            panic!("{path} is not put")
        };
        let number = || value.as_i64().map(Json::from);
        let text = || value.as_str().map(Json::from);
        let value = value
            .as_bool()
            .map(Json::from)
            .or_else(number)
            .or_else(text)
            .unwrap_or_default();
        (path.to_string(), value)
    });
    operations.collect()
}

/// The operations that each operation of a change takes the place of, each as `counter@actor`.
#[must_use]
pub fn predecessors(change: &Change) -> Vec<Vec<String>> {
    let name = |OpId(counter, actor): &OpId| format!("{counter}@{}", actor_of(actor));
    change
        .decode()
        .operations
        .iter()
        .map(|operation| operation.pred.iter().map(name).collect())
        .collect()
}

/// The actor of a change or an operation.
#[must_use]
pub fn actor_of(actor: &automerge::ActorId) -> ActorId {
    ActorId(actor.to_bytes().try_into().unwrap())
}

/// The operations of an entry that waits for the server.
#[must_use]
pub fn operations_of(entry: &OutboxEntry) -> Vec<(String, Json)> {
    operations(&Change::from_bytes(entry.bytes.clone()).unwrap())
}

/// One entry that the server refused and keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineEntry {
    /// Why.
    pub code: String,
    /// The object's name.
    pub object: String,
    /// The record.
    pub record: String,
    /// What it would have written, where it is a change.
    pub operations: Vec<(String, Json)>,
}

/// What the server refused and keeps, oldest first.
#[must_use]
pub fn quarantine(db: &Db) -> Vec<QuarantineEntry> {
    let sql = "SELECT q.code, q.object, q.record, q.bytes
               FROM quarantine q JOIN verdict v ON v.hash = q.hash ORDER BY v.number";
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get::<_, Vec<u8>>(2)?,
            row.get::<_, Vec<u8>>(3)?,
        ))
    });
    let held = rows.unwrap().map(|row| {
        let (code, object, record, bytes) = row.unwrap();
        let record = RecordId::from_slice(&record).unwrap().to_string();
        let operations =
            Change::from_bytes(bytes).map_or_else(|_| Vec::new(), |change| operations(&change));
        QuarantineEntry {
            code,
            object,
            record,
            operations,
        }
    });
    held.collect()
}

/// The actor under which a phone writes.
#[must_use]
pub fn actor(file: &Path) -> String {
    meta::get(&open(file), "actor").unwrap().unwrap()
}

/// The values of a fact that waits for the server.
#[must_use]
pub fn fact_values(entry: &OutboxEntry) -> Vec<Json> {
    values_of(&entry.bytes)
}

/// The values that a change or a fact writes.
#[must_use]
pub fn values_of(bytes: &[u8]) -> Vec<Json> {
    if let Ok(change) = Change::from_bytes(bytes.to_vec()) {
        return operations(&change)
            .into_iter()
            .map(|(_, value)| value)
            .collect();
    }
    let values: Values = minicbor::decode(bytes).unwrap();
    values.values().map(Value::to_json).collect()
}

//! Answers hello and pull: what a device's buckets hold beyond its cursors, from one snapshot.
//! A record that is new to the device, or no document, comes once, whole, where it is first named: a device that is
//! cut off there lacks nothing that later frames build on. It does not know what the device does with it.

use std::collections::{BTreeMap, BTreeSet};

use outfield_core::app::{CONFLICT, DESCRIPTOR};
use outfield_core::base::id::{ActorId, ChangeHash, ConflictId, RecordId};
use outfield_core::base::limits::DOCUMENT_BYTES_MAX;
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, gate};
use outfield_core::objects::{Kind, Stamp};
use outfield_core::store::{self, conflicts, documents, members, tables};
use outfield_core::sync::frames::{
    Change, Checkpoint, Doc, End, Fact, Frame, Held, Own, PROTOCOL, Published, Remove, Row, Start, Want, Welcome,
};
use outfield_core::sync::wire;
use rusqlite::{OptionalExtension, params};

use super::log::{self, Op};
use super::{Session, Tenant, authors};
use crate::error::ServerError;

struct Logged {
    seq: u64,
    op: Op,
    object: String,
    id: RecordId,
    hash: Option<ChangeHash>,
}

/// How a record of a bucket is told beyond a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// It is not in the bucket any more.
    Gone,
    /// As it is now, once.
    Whole,
    /// Change by change; the device's own as hashes.
    Step,
}

/// Takes the frames of an answer, one by one.
pub type Give<'a> = &'a mut dyn FnMut(Frame) -> Result<(), ServerError>;

impl Tenant {
    /// Answers a device's greeting: who it is, what it may follow, and whether it is up to date.
    pub fn hello(&mut self, session: &Session, frame: &Frame) -> Result<Vec<Frame>, ServerError> {
        let Frame::Hello(hello) = frame else {
            return Err(ServerError::bad_input("bad_frame", "a hello starts with a Hello frame"));
        };
        if hello.proto_min > PROTOCOL || hello.proto_max < PROTOCOL {
            let message = format!("this server speaks protocol {PROTOCOL}; update the app");
            return Err(ServerError::bad_input("protocol", message));
        }
        let tx = store::open::begin(&self.db)?;
        authors::newest(&tx, session, hello.actor)?;
        let seen: i64 = tx
            .prepare_cached("UPDATE installation SET tick = ?2 WHERE device = ?1 RETURNING seen")?
            .query_row(params![session.device.as_bytes(), hello.tick.min(log::tick(&tx)?).cast_signed()], |row| {
                row.get(0)
            })?;
        store::open::commit(tx)?;
        let states = session.buckets.iter().map(|name| {
            let state = members::bucket(&self.db, name)?.unwrap_or_default();
            Ok((name.clone(), state.cursor, state.sum))
        });
        let states: Vec<(String, u64, u64)> = states.collect::<Result<_, ServerError>>()?;
        let same = wire::fingerprint(&states) == hello.state;
        Ok(vec![Frame::Welcome(Welcome {
            proto: PROTOCOL,
            epoch: self.epoch()?,
            seen: seen.cast_unsigned(),
            server_ms: session.now.0,
            user: session.user,
            role: session.role.name().to_owned(),
            name: session.name.clone(),
            time_zone: self.time_zone()?,
            device: session.device,
            same,
            buckets: if same { Vec::new() } else { session.buckets.clone() },
        })])
    }

    /// All frames beyond the wanted cursors, bucket by bucket, each closed by a checkpoint. Buckets that the
    /// person does not follow, or that are named again, are left out.
    pub fn pull(&self, session: &Session, wants: &[Want], give: Give<'_>) -> Result<(), ServerError> {
        let tx = store::open::snapshot(&self.db)?;
        let tick = log::tick(&tx)?;
        let actor: Option<Vec<u8>> = tx
            .prepare_cached("SELECT actor FROM installation WHERE device = ?1")?
            .query_row([session.device.as_bytes()], |row| row.get(0))
            .optional()?
            .flatten();
        let mut told = BTreeSet::new();
        let is_new = |want: &&Want| session.buckets.contains(&want.bucket) && told.insert(want.bucket.clone());
        for want in wants.iter().filter(is_new) {
            self.pull_bucket(actor.as_deref(), want, give)?;
        }
        give(Frame::End(End { tick }))
    }

    fn pull_bucket(&self, actor: Option<&[u8]>, want: &Want, give: Give<'_>) -> Result<(), ServerError> {
        let state = members::bucket(&self.db, &want.bucket)?.unwrap_or_default();
        // A cursor beyond the log belongs to another life of this server: the bucket starts anew.
        let from = if want.cursor > state.cursor { 0 } else { want.cursor };
        give(Frame::Start(Start { bucket: want.bucket.clone(), from }))?;
        let logged = self.logged(&want.bucket, from)?;
        let mut tellings = self.tellings(&want.bucket, (from, actor), &logged)?;
        for entry in &logged {
            let Some(telling) = tellings.get(&entry.id).copied() else { continue };
            let frame = match telling {
                Telling::Step => self.step(entry, actor)?,
                Telling::Whole => self.whole(entry)?,
                Telling::Gone if from == 0 => None,
                Telling::Gone => {
                    let (seq, object, record) = (entry.seq, entry.object.clone(), entry.id);
                    Some(Frame::Remove(Remove { seq, object, record }))
                }
            };
            if telling != Telling::Step {
                tellings.remove(&entry.id);
            }
            if let Some(frame) = frame {
                give(frame)?;
            }
        }
        give(Frame::Checkpoint(Checkpoint { bucket: want.bucket.clone(), seq: state.cursor, sum: state.sum }))
    }

    fn logged(&self, bucket: &str, from: u64) -> Result<Vec<Logged>, ServerError> {
        let sql = "SELECT seq, op, object, id, hash FROM log
                   WHERE bucket = (SELECT number FROM bucket WHERE name = ?1) AND seq > ?2 ORDER BY seq";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![bucket, i64::try_from(from).unwrap_or(i64::MAX)])?;
        let mut logged = Vec::new();
        while let Some(row) = rows.next()? {
            let hash: Option<Vec<u8>> = row.get(4)?;
            logged.push(Logged {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                op: Op::numbered(row.get(1)?)?,
                object: row.get(2)?,
                id: RecordId::from_slice(&row.get::<_, Vec<u8>>(3)?).map_err(ServerError::broken)?,
                hash: hash.map(|hash| ChangeHash::from_slice(&hash)).transpose().map_err(ServerError::broken)?,
            });
        }
        Ok(logged)
    }

    /// How each record is to be told.
    fn tellings(
        &self,
        bucket: &str,
        (from, actor): (u64, Option<&[u8]>),
        logged: &[Logged],
    ) -> Result<BTreeMap<RecordId, Telling>, ServerError> {
        // Stepwise is only what the device holds already (changes alone), or what it made itself (its own alone).
        let mut stepwise: BTreeMap<RecordId, (bool, bool)> = BTreeMap::new();
        for entry in logged {
            let (changes, own) = stepwise.entry(entry.id).or_insert((from > 0, from > 0));
            *changes &= entry.op == Op::Change;
            *own = *own && self.is_own(entry, actor)? && (entry.op == Op::Change || self.begins(entry)?);
        }
        let mut tellings = BTreeMap::new();
        for (id, (changes, own)) in stepwise {
            let telling = if !members::is_in(&self.db, bucket, id)? {
                Telling::Gone
            } else if changes || own {
                Telling::Step
            } else {
                Telling::Whole
            };
            tellings.insert(id, telling);
        }
        Ok(tellings)
    }

    /// Whether an entry is what the device wrote under the actor that it has now.
    fn is_own(&self, entry: &Logged, actor: Option<&[u8]>) -> Result<bool, ServerError> {
        let (Some(hash), Some(actor)) = (entry.hash, actor) else { return Ok(false) };
        let by: Option<Option<Vec<u8>>> = self
            .db
            .prepare_cached("SELECT actor FROM verdict WHERE hash = ?1")?
            .query_row([&hash.0[..]], |row| row.get(0))
            .optional()?;
        Ok(by.flatten().is_some_and(|by| by == actor))
    }

    /// Whether a record began with this entry, so that whoever wrote it lacks nothing of it. One that an edit brought here
    /// may hold what others wrote meanwhile, in a bucket that tells nothing of it any more.
    fn begins(&self, entry: &Logged) -> Result<bool, ServerError> {
        let Some(hash) = entry.hash else { return Ok(false) };
        let mut read = self.db.prepare_cached("SELECT bytes FROM payload WHERE hash = ?1")?;
        let change: Option<Vec<u8>> = read.query_row([&hash.0[..]], |row| row.get(0)).optional()?;
        // Facts have no payload: each is its own beginning.
        change.map_or(Ok(true), |change| Ok(gate::change(&change).is_ok_and(|change| change.deps.is_empty())))
    }

    /// One operation of a record that the device holds, or made.
    fn step(&self, entry: &Logged, actor: Option<&[u8]>) -> Result<Option<Frame>, ServerError> {
        let (seq, object, record) = (entry.seq, entry.object.clone(), entry.id);
        let Some(hash) = entry.hash else { return Ok(None) };
        if self.is_own(entry, actor)? {
            return Ok(Some(Frame::Own(Own { seq, object, record, hash })));
        }
        let bytes: Vec<u8> = self
            .db
            .prepare_cached("SELECT bytes FROM payload WHERE hash = ?1")?
            .query_row([&hash.0[..]], |row| row.get(0))?;
        Ok(Some(Frame::Change(Change { seq, object, record, bytes: bytes.into() })))
    }

    /// A record as it is now, whole.
    fn whole(&self, entry: &Logged) -> Result<Option<Frame>, ServerError> {
        let (seq, object, record) = (entry.seq, entry.object.clone(), entry.id);
        if object == CONFLICT {
            let conflict = conflicts::get(&self.db, ConflictId(record.0))?;
            return Ok(conflict.map(|conflict| Frame::Conflict(Held { seq, conflict })));
        }
        if object == DESCRIPTOR {
            let json = self.descriptor_json(record)?;
            return Ok(json.map(|json| Frame::Descriptor(Published { seq, record, json })));
        }
        let descriptor = self.descriptor(&object)?;
        let Some(found) = tables::read(&self.db, &descriptor, record)? else { return Ok(None) };
        let stamp = found.stamp.unwrap_or_else(|| Stamp::once(Timestamp(0), ActorId([0; 16])));
        Ok(Some(match descriptor.kind {
            Kind::Row => Frame::Row(Row { seq, object, record, values: found.values }),
            Kind::Fact => {
                let (actor, at_ms) = (stamp.created_by, stamp.created_at.0);
                Frame::Fact(Fact { seq, object, record, values: found.values, actor, at_ms })
            }
            Kind::Document => {
                let Some(stored) = documents::load(&self.db, record)? else { return Ok(None) };
                let (mut blob, folded) = (stored.blob.clone(), stored.blob.len());
                stored.tail.iter().for_each(|change| blob.extend_from_slice(change));
                if blob.len() > DOCUMENT_BYTES_MAX {
                    blob = Document::load(&blob[..folded], &stored.tail)?.save();
                }
                let (created_ms, created_by) = (stamp.created_at.0, stamp.created_by);
                let (changed_ms, changed_by) = (stamp.changed_at.0, stamp.changed_by);
                let (blob, heads, values) = (blob.into(), stored.heads, found.values);
                Frame::Doc(Doc {
                    seq,
                    object,
                    record,
                    blob,
                    heads,
                    values,
                    created_ms,
                    created_by,
                    changed_ms,
                    changed_by,
                })
            }
        }))
    }
}

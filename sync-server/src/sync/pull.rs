//! Answers hello and pull: what a device's buckets hold beyond its cursors, from one snapshot. A
//! record that is new to the device, or no document, comes once, whole, where it is first named: a
//! device that is cut off there lacks nothing that later frames build on. It does not know what the
//! device does with it.

use std::collections::{BTreeMap, BTreeSet};

use outfield_core::app::{CONFLICT, DESCRIPTOR};
use outfield_core::base::id::{ActorId, ConflictId, RecordId};
use outfield_core::base::limits::{CLOSED_KEPT_MS, DOCUMENT_BYTES_MAX};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, gate};
use outfield_core::objects::{Descriptor, Kind, Record, Stamp};
use outfield_core::store::documents::Stored;
use outfield_core::store::{self, conflicts, documents, members, tables};
use outfield_core::sync::frames::{
    Change, Checkpoint, Doc, End, Fact, Frame, Held, History, Own, PROTOCOL, Published, Remove,
    Row, Start, Want, Welcome,
};
use outfield_core::sync::wire;
use rusqlite::{OptionalExtension, params};

use crate::error::ServerError;
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::authors;
use crate::work::log::{self, LogOp, LoggedEntry};

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

/// A piece of an answer.
pub enum Piece {
    /// One frame.
    Frame(Frame),
    /// Many, packed already.
    Packed(Vec<u8>),
}

impl Piece {
    /// Appends it to a body.
    pub fn write(self, encoder: &mut wire::Encoder) -> Result<(), ServerError> {
        match self {
            Piece::Frame(frame) => encoder.push(&frame),
            Piece::Packed(bytes) => encoder.splice(&bytes),
        }
        .map_err(ServerError::broken)
    }
}

/// Takes the pieces of an answer, one by one.
pub(crate) type Give<'a> = &'a mut dyn FnMut(Piece) -> Result<(), ServerError>;

impl Tenant {
    /// Answers a device's greeting: who it is, what it may follow, and whether it is up to date.
    pub fn hello(&mut self, session: &Session, frame: &Frame) -> Result<Vec<Frame>, ServerError> {
        let Frame::Hello(hello) = frame else {
            return Err(ServerError::bad_input(
                "bad_frame",
                "a hello starts with a Hello frame",
            ));
        };
        if hello.proto_min > PROTOCOL || hello.proto_max < PROTOCOL {
            let message = format!("this server speaks protocol {PROTOCOL}; update the app");
            return Err(ServerError::bad_input("protocol", message));
        }
        let tx = store::open::begin(&self.db)?;
        authors::newest(&tx, session, hello.actor)?;
        let seen: i64 = tx
            .prepare_cached("UPDATE installation SET tick = ?2 WHERE device = ?1 RETURNING seen")?
            .query_row(
                params![
                    session.device.as_bytes(),
                    hello.tick.min(log::tick(&tx)?).cast_signed()
                ],
                |row| row.get(0),
            )?;
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
            buckets: if same {
                Vec::new()
            } else {
                session.buckets.clone()
            },
        })])
    }

    /// All frames beyond the wanted cursors, bucket by bucket, each closed by a checkpoint. Buckets
    /// that the person does not follow, or that are named again, are left out. Then the histories
    /// that are needed.
    pub fn pull(
        &self,
        session: &Session,
        asked: &[Frame],
        give: Give<'_>,
    ) -> Result<(), ServerError> {
        let tx = store::open::snapshot(&self.db)?;
        let tick = log::tick(&tx)?;
        let actor: Option<Vec<u8>> = tx
            .prepare_cached("SELECT actor FROM installation WHERE device = ?1")?
            .query_row([session.device.as_bytes()], |row| row.get(0))
            .optional()?
            .flatten();
        let mut told = BTreeSet::new();
        let is_new = |want: &&Want| {
            session.buckets.contains(&want.bucket) && told.insert(want.bucket.clone())
        };
        for want in wanted(asked).filter(is_new) {
            self.pull_bucket((session, actor.as_deref()), want, give)?;
        }
        for frame in asked {
            let Frame::Need(need) = frame else { continue };
            if let Some(history) = self.history(session, need.record)? {
                give(Piece::Frame(Frame::History(history)))?;
            }
        }
        give(Piece::Frame(Frame::End(End { tick })))
    }

    fn pull_bucket(
        &self,
        (session, actor): (&Session, Option<&[u8]>),
        want: &Want,
        give: Give<'_>,
    ) -> Result<(), ServerError> {
        let bucket = &want.bucket;
        let (state, compacted) = (
            members::bucket(&self.db, bucket)?.unwrap_or_default(),
            self.compacted(bucket)?,
        );
        // A cursor beyond the log belongs to another life of this server, and one below the floor
        // may lack a removal: the bucket starts anew.
        let from = if want.cursor > state.cursor || want.cursor < compacted.floor {
            0
        } else {
            want.cursor
        };
        give(Piece::Frame(Frame::Start(Start {
            bucket: bucket.clone(),
            from,
        })))?;
        let parts = self.parts(bucket, from)?;
        let packed = parts
            .first()
            .map_or(0..0, |first| *first..compacted.upto + 1);
        let mut logged = Vec::new();
        if from > 0 {
            // Parts hold what is there. What left meanwhile is told first: until all of it came,
            // the cursor stays.
            let left = self
                .logged(bucket, packed.clone())?
                .into_iter()
                .filter(|entry| entry.op == LogOp::Remove);
            logged.extend(left.map(|entry| LoggedEntry { seq: from, ..entry }));
        }
        logged.extend(self.logged(bucket, from + 1..packed.start.max(from + 1))?);
        let early = logged.len();
        logged.extend(self.logged(bucket, packed.end.max(from + 1)..state.cursor + 1)?);
        // What was packed may be older than what the device has made since, so that its own work
        // comes in full.
        let (holds, actor) = if parts.is_empty() {
            (from > 0, actor)
        } else {
            (true, None)
        };
        let mut tellings = self.tellings(bucket, (holds, actor), &logged)?;
        let mut tell = |entries: &[LoggedEntry], is_behind_parts: bool, give: Give<'_>| {
            entries.iter().try_for_each(|entry| {
                let Some(telling) = tellings.get(&entry.id).copied() else {
                    return Ok(());
                };
                if telling != Telling::Step {
                    tellings.remove(&entry.id);
                }
                match telling {
                    Telling::Step => self.step(entry, actor)?,
                    Telling::Whole => self.whole(entry)?,
                    Telling::Gone if !holds => None,
                    Telling::Gone => {
                        if is_behind_parts {
                            self.tell_elsewhere(session, entry, give)?;
                        }
                        let (seq, object, record) = (entry.seq, entry.object.clone(), entry.id);
                        Some(Frame::Remove(Remove {
                            seq,
                            object,
                            record,
                        }))
                    }
                }
                .map_or(Ok(()), |frame| give(Piece::Frame(frame)))
            })
        };
        let has_parts = !parts.is_empty();
        tell(&logged[..early], false, give)?;
        for first in parts {
            give(Piece::Packed(self.part(bucket, first)?))?;
        }
        tell(&logged[early..], has_parts, give)?;
        let (bucket, seq, sum) = (bucket.clone(), state.cursor, state.sum);
        give(Piece::Frame(Frame::Checkpoint(Checkpoint {
            bucket,
            seq,
            sum,
        })))
    }

    /// Parts may have told a record as it was once, which left since: a device that has it by
    /// another bucket is told how it is now, history and all, for changes may follow there.
    fn tell_elsewhere(
        &self,
        session: &Session,
        entry: &LoggedEntry,
        give: Give<'_>,
    ) -> Result<(), ServerError> {
        if !members::is_member(&self.db, entry.id, &session.buckets)? {
            return Ok(());
        }
        // The cursor passes this operation with the removal behind it.
        let before = LoggedEntry {
            seq: entry.seq - 1,
            object: entry.object.clone(),
            ..*entry
        };
        self.told(&before, true)?
            .map_or(Ok(()), |frame| give(Piece::Frame(frame)))
    }

    /// How each record is to be told.
    fn tellings(
        &self,
        bucket: &str,
        (holds, actor): (bool, Option<&[u8]>),
        logged: &[LoggedEntry],
    ) -> Result<BTreeMap<RecordId, Telling>, ServerError> {
        // Stepwise is only what the device holds already (changes alone), or what it made itself
        // (its own alone).
        let mut stepwise: BTreeMap<RecordId, (bool, bool)> = BTreeMap::new();
        for entry in logged {
            let (changes, own) = stepwise.entry(entry.id).or_insert((holds, holds));
            *changes &= entry.op == LogOp::Change;
            *own = *own
                && self.is_own(entry, actor)?
                && (entry.op == LogOp::Change || self.begins(entry)?);
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
    fn is_own(&self, entry: &LoggedEntry, actor: Option<&[u8]>) -> Result<bool, ServerError> {
        let (Some(hash), Some(actor)) = (entry.hash, actor) else {
            return Ok(false);
        };
        let by: Option<Option<Vec<u8>>> = self
            .db
            .prepare_cached("SELECT actor FROM verdict WHERE hash = ?1")?
            .query_row([&hash.0[..]], |row| row.get(0))
            .optional()?;
        Ok(by.flatten().is_some_and(|by| by == actor))
    }

    /// Whether a record began with this entry, so that whoever wrote it lacks nothing of it. One
    /// that an edit brought here may hold what others wrote meanwhile, in a bucket that tells
    /// nothing of it any more.
    fn begins(&self, entry: &LoggedEntry) -> Result<bool, ServerError> {
        let Some(hash) = entry.hash else {
            return Ok(false);
        };
        let mut read = self
            .db
            .prepare_cached("SELECT bytes FROM payload WHERE hash = ?1")?;
        let change: Option<Vec<u8>> = read.query_row([&hash.0[..]], |row| row.get(0)).optional()?;
        // Facts have no payload: each is its own beginning.
        change.map_or(Ok(true), |change| {
            Ok(gate::change(&change).is_ok_and(|change| change.deps.is_empty()))
        })
    }

    /// One operation of a record that the device holds, or made.
    fn step(
        &self,
        entry: &LoggedEntry,
        actor: Option<&[u8]>,
    ) -> Result<Option<Frame>, ServerError> {
        let (seq, object, record) = (entry.seq, entry.object.clone(), entry.id);
        let Some(hash) = entry.hash else {
            return Ok(None);
        };
        if self.is_own(entry, actor)? {
            return Ok(Some(Frame::Own(Own {
                seq,
                object,
                record,
                hash,
            })));
        }
        let bytes: Vec<u8> = self
            .db
            .prepare_cached("SELECT bytes FROM payload WHERE hash = ?1")?
            .query_row([&hash.0[..]], |row| row.get(0))?;
        Ok(Some(Frame::Change(Change {
            seq,
            object,
            record,
            bytes: bytes.into(),
        })))
    }

    /// The history of a document within a person's reach.
    fn history(&self, session: &Session, record: RecordId) -> Result<Option<History>, ServerError> {
        if !members::is_member(&self.db, record, &session.buckets)? {
            return Ok(None);
        }
        let Some(stored) = documents::load(&self.db, record)? else {
            return Ok(None);
        };
        let (object, heads) = (stored.object.clone(), stored.heads.clone());
        Ok(Some(History {
            object,
            record,
            blob: saved(&stored)?.into(),
            heads,
        }))
    }

    /// Whether devices do without the history of a document: it was closed long ago, and nothing
    /// about it is open.
    fn is_history_kept_here(
        &self,
        descriptor: &Descriptor,
        found: &Record,
    ) -> Result<bool, ServerError> {
        let changed = found.stamp.map_or(i64::MAX, |stamp| stamp.changed_at.0);
        if !descriptor.is_closed(&found.values)
            || changed > self.surroundings.now().0 - CLOSED_KEPT_MS
        {
            return Ok(false);
        }
        Ok(conflicts::open_of(&self.db, found.id)?.is_empty())
    }

    /// A record as it is now, whole; without its history where devices do without.
    pub(crate) fn whole(&self, entry: &LoggedEntry) -> Result<Option<Frame>, ServerError> {
        self.told(entry, false)
    }

    fn told(&self, entry: &LoggedEntry, with_history: bool) -> Result<Option<Frame>, ServerError> {
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
        let Some(found) = tables::read(&self.db, &descriptor, record)? else {
            return Ok(None);
        };
        let stamp = found
            .stamp
            .unwrap_or_else(|| Stamp::once(Timestamp(0), ActorId([0; 16])));
        Ok(Some(match descriptor.kind {
            Kind::Row => Frame::Row(Row {
                seq,
                object,
                record,
                values: found.values,
            }),
            Kind::Fact => {
                let (actor, at_ms) = (stamp.created_by, stamp.created_at.0);
                Frame::Fact(Fact {
                    seq,
                    object,
                    record,
                    values: found.values,
                    actor,
                    at_ms,
                })
            }
            Kind::Document => {
                let Some(stored) = documents::load(&self.db, record)? else {
                    return Ok(None);
                };
                let kept = !with_history && self.is_history_kept_here(&descriptor, &found)?;
                let blob = if kept { Vec::new() } else { saved(&stored)? };
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

/// The buckets among what a device asks for.
pub(crate) fn wanted(asked: &[Frame]) -> impl Iterator<Item = &Want> {
    asked.iter().filter_map(|frame| {
        if let Frame::Want(want) = frame {
            Some(want)
        } else {
            None
        }
    })
}

/// A document as one saved piece, changes behind it included.
fn saved(stored: &Stored) -> Result<Vec<u8>, ServerError> {
    let mut blob = stored.blob.clone();
    stored
        .tail
        .iter()
        .for_each(|change| blob.extend_from_slice(change));
    if blob.len() > DOCUMENT_BYTES_MAX {
        blob = Document::load(&stored.blob, &stored.tail)?.save();
    }
    Ok(blob)
}

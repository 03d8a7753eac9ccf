//! Answers hello and pull: what a device's buckets hold beyond its cursors, from one snapshot. A
//! record that is new to the device, or no document, comes once, whole, where it is first named: a
//! device that is cut off there lacks nothing that later frames build on. It does not know what the
//! device does with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::crdt::gate;
use outfield_core::store::{self, members};
use outfield_core::sync::frames::{
    Change, Checkpoint, End, Frame, Own, PROTOCOL, Remove, Start, Want, Welcome,
};
use outfield_core::sync::wire;
use rusqlite::{OptionalExtension, params};

use super::compaction::wanted;
use crate::error::ServerError;
use crate::limits::TOLD_EXACT_MS;
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::authors;
use crate::work::log::{self, LogOp, LoggedEntry};

/// How a record of a bucket is told beyond a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// It is not in the bucket any more.
    Gone,
    /// As it is now, once.
    Whole,
    /// Change by change; the device's own as hashes.
    Stepwise,
}

/// A piece of an answer.
pub enum PullPiece {
    /// One frame.
    Frame(Frame),
    /// Many, packed already.
    Packed(Vec<u8>),
}

impl PullPiece {
    /// Appends it to a body.
    pub fn write(self, encoder: &mut wire::Encoder) -> Result<(), ServerError> {
        match self {
            PullPiece::Frame(frame) => encoder.push(&frame),
            PullPiece::Packed(bytes) => encoder.splice(&bytes),
        }
        .map_err(ServerError::broken)
    }
}

/// Takes the pieces of an answer, one by one.
pub(crate) type GivePiece<'a> = &'a mut dyn FnMut(PullPiece) -> Result<(), ServerError>;

/// Refuses what asks for one history twice: each is answered whole.
pub(crate) fn check_asked(asked: &[Frame]) -> Result<(), ServerError> {
    let mut needed = BTreeSet::new();
    for frame in asked {
        let Frame::Need(need) = frame else { continue };
        if !needed.insert(need.record) {
            let message = format!("the history of {} is needed once", need.record);
            return Err(ServerError::bad_input("needed_twice", message));
        }
    }
    Ok(())
}

impl Tenant {
    /// Answers a device's greeting: who it is, what it may follow, and whether it is up to date.
    pub fn hello(&mut self, session: &Session, frame: &Frame) -> Result<Vec<Frame>, ServerError> {
        if session.left.is_some() {
            let message = "this person's access has ended; what was written before is taken in, \
                           and nothing is told";
            return Err(ServerError::refused("user_left", message));
        }
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
            .prepare_cached(
                "UPDATE installation SET tick = max(tick, min(?2, told)), told = ?3,
                   heard_at = ?4, issued = ?5,
                   unsent_since = CASE WHEN ?5 > seen THEN coalesce(unsent_since, ?4) END
                 WHERE device = ?1 RETURNING seen",
            )?
            .query_row(
                params![
                    session.device.as_bytes(),
                    i64::try_from(hello.tick).unwrap_or(i64::MAX),
                    log::tick(&tx)?.cast_signed(),
                    session.now.0,
                    i64::try_from(hello.issued).unwrap_or(i64::MAX)
                ],
                |row| row.get(0),
            )?;
        self.witness.commit(tx)?;
        let mut states = Vec::new();
        for name in &session.buckets {
            let state = members::bucket(&self.db, name)?.unwrap_or_default();
            states.push((name.clone(), state.cursor, state.sum));
        }
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
            lease_days: self.lease_days()?,
        })])
    }

    /// Notes that a device is about to be told what it follows, once a minute: before, for whoever
    /// breaks off in front of the end was told no less.
    pub fn tells(&mut self, session: &Session) -> Result<(), ServerError> {
        let tx = store::open::begin(&self.db)?;
        tx.prepare_cached("UPDATE installation SET told_at = ?2 WHERE device = ?1")?
            .execute(params![session.device.as_bytes(), session.now.0])?;
        Ok(self.witness.commit(tx)?)
    }

    /// Whether that is to be noted.
    pub fn is_to_note(&self, session: &Session) -> Result<bool, ServerError> {
        let noted: Option<i64> = self
            .db
            .prepare_cached("SELECT told_at FROM installation WHERE device = ?1")?
            .query_row([session.device.as_bytes()], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(noted.is_none_or(|at| at.saturating_add(TOLD_EXACT_MS) <= session.now.0))
    }

    /// All frames beyond the wanted cursors, bucket by bucket, each closed by a checkpoint. Buckets
    /// that the person does not follow, or that are named again, are left out. Then the histories
    /// that are needed.
    pub fn pull(
        &self,
        session: &Session,
        asked: &[Frame],
        give: GivePiece<'_>,
    ) -> Result<(), ServerError> {
        let tx = store::open::snapshot(&self.db)?;
        let tick = log::tick(&tx)?;
        let actor: Option<Vec<u8>> = tx
            .prepare_cached("SELECT actor FROM installation WHERE device = ?1")?
            .query_row([session.device.as_bytes()], |row| row.get(0))
            .optional()?
            .flatten();
        let mut named = BTreeSet::new();
        for want in wanted(asked) {
            if session.buckets.contains(&want.bucket) && named.insert(&want.bucket) {
                let moment = PullMoment {
                    actor: actor.as_deref(),
                    tick,
                };
                self.pull_bucket(session, moment, want, give)?;
            }
        }
        for frame in asked {
            let Frame::Need(need) = frame else { continue };
            if let Some(history) = self.history(session, need.record)? {
                give(PullPiece::Frame(Frame::History(history)))?;
            }
        }
        give(PullPiece::Frame(Frame::End(End { tick })))
    }

    fn pull_bucket(
        &self,
        session: &Session,
        moment: PullMoment<'_>,
        want: &Want,
        give: GivePiece<'_>,
    ) -> Result<(), ServerError> {
        let bucket = &want.bucket;
        let state = members::bucket(&self.db, bucket)?.unwrap_or_default();
        let compacted = self.compacted(bucket)?;
        // A cursor beyond the log belongs to another life of this server, and one below the floor
        // may lack a removal: the bucket starts anew.
        let from = if want.cursor > state.cursor || want.cursor < compacted.floor {
            0
        } else {
            want.cursor
        };
        give(PullPiece::Frame(Frame::Start(Start {
            bucket: bucket.clone(),
            from,
        })))?;
        let parts = self.parts_beyond(bucket, from)?;
        let packed = match parts.first() {
            Some(first) => *first..compacted.upto + 1,
            None => 0..0,
        };
        let early = self.before_parts(bucket, from, &packed)?;
        let late = self.logged(bucket, packed.end.max(from + 1)..state.cursor + 1)?;
        let mut pull = BucketPull {
            tenant: self,
            session,
            actor: moment.actor,
            tick: moment.tick,
            holds: from > 0,
            has_parts: !parts.is_empty(),
            deliveries: BTreeMap::new(),
        };
        if pull.has_parts {
            // What was packed may be older than what the device has made since, so that its own
            // work comes in full.
            pull.holds = true;
            pull.actor = None;
        }
        pull.deliveries = pull.plan(bucket, early.iter().chain(&late))?;
        for entry in &early {
            pull.deliver(entry, false, give)?;
        }
        for first in parts {
            give(PullPiece::Packed(self.part(bucket, first)?))?;
        }
        for entry in &late {
            pull.deliver(entry, true, give)?;
        }
        give(PullPiece::Frame(Frame::Checkpoint(Checkpoint {
            bucket: bucket.clone(),
            seq: state.cursor,
            sum: state.sum,
        })))
    }

    /// The entries beyond a cursor that are told before the packed parts.
    fn before_parts(
        &self,
        bucket: &str,
        from: u64,
        packed: &Range<u64>,
    ) -> Result<Vec<LoggedEntry>, ServerError> {
        let mut logged = Vec::new();
        if from > 0 {
            // Parts hold what is there. What left meanwhile is told first: until all of it came,
            // the cursor stays.
            for entry in self.logged(bucket, packed.clone())? {
                if entry.op == LogOp::Remove {
                    logged.push(LoggedEntry { seq: from, ..entry });
                }
            }
        }
        logged.extend(self.logged(bucket, from + 1..packed.start.max(from + 1))?);
        Ok(logged)
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
        // Facts have no payload: each is its own beginning.
        let Some(bytes) = self.payload(hash)? else {
            return Ok(true);
        };
        Ok(gate::change(&bytes).is_ok_and(|change| change.deps.is_empty()))
    }

    /// The bytes of a change that a log still names.
    fn payload(&self, hash: ChangeHash) -> Result<Option<Vec<u8>>, ServerError> {
        Ok(self
            .db
            .prepare_cached("SELECT bytes FROM payload WHERE hash = ?1")?
            .query_row([&hash.0[..]], |row| row.get(0))
            .optional()?)
    }
}

/// What is the same for all buckets of an answer.
#[derive(Clone, Copy)]
struct PullMoment<'a> {
    /// The actor whose work comes back to the device as hashes.
    actor: Option<&'a [u8]>,
    /// The clock of accepted work.
    tick: u64,
}

/// One bucket as one device is told of it.
struct BucketPull<'a> {
    tenant: &'a Tenant,
    session: &'a Session,
    /// The actor whose work comes back to the device as hashes.
    actor: Option<&'a [u8]>,
    /// The clock of accepted work.
    tick: u64,
    /// Whether the device holds some of the bucket by the time that entries come.
    holds: bool,
    /// Whether some of the bucket comes packed.
    has_parts: bool,
    /// How each record is yet to be told.
    deliveries: BTreeMap<RecordId, Delivery>,
}

impl BucketPull<'_> {
    /// How each record is to be told. Where an answer breaks off behind a document of which devices
    /// do without the history, what is told next names changes that the device was told with it,
    /// and cannot join to anything: it is told whole again.
    fn plan<'e>(
        &self,
        bucket: &str,
        logged: impl Iterator<Item = &'e LoggedEntry>,
    ) -> Result<BTreeMap<RecordId, Delivery>, ServerError> {
        // Stepwise is only what the device holds already (changes alone), or what it made itself
        // (its own alone).
        let mut stepwise: BTreeMap<RecordId, (&str, bool, bool)> = BTreeMap::new();
        for entry in logged {
            let start = (entry.object.as_str(), self.holds, self.holds);
            let (_, changes, own) = stepwise.entry(entry.id).or_insert(start);
            *changes &= entry.op == LogOp::Change;
            *own = *own
                && self.tenant.is_own(entry, self.actor)?
                && (entry.op == LogOp::Change || self.tenant.begins(entry)?);
        }
        let mut deliveries = BTreeMap::new();
        for (id, (object, changes, own)) in stepwise {
            let delivery = if !members::is_in(&self.tenant.db, bucket, id)? {
                Delivery::Gone
            } else if own || (changes && !self.tenant.is_kept_without_history(object, id)?) {
                Delivery::Stepwise
            } else {
                Delivery::Whole
            };
            deliveries.insert(id, delivery);
        }
        Ok(deliveries)
    }

    /// Tells one entry, unless its record was told already.
    fn deliver(
        &mut self,
        entry: &LoggedEntry,
        is_behind_parts: bool,
        give: GivePiece<'_>,
    ) -> Result<(), ServerError> {
        let Some(delivery) = self.deliveries.get(&entry.id).copied() else {
            return Ok(());
        };
        if delivery != Delivery::Stepwise {
            self.deliveries.remove(&entry.id);
        }
        let frame = match delivery {
            Delivery::Stepwise => self.step(entry)?,
            Delivery::Whole => self.tenant.whole(entry)?,
            Delivery::Gone if !self.holds => None,
            Delivery::Gone => {
                if is_behind_parts && self.has_parts {
                    self.tell_elsewhere(entry, give)?;
                }
                Some(Frame::Remove(Remove {
                    seq: entry.seq,
                    object: entry.object.clone(),
                    record: entry.id,
                }))
            }
        };
        let Some(frame) = frame else { return Ok(()) };
        self.tenant.tell(frame, entry.hash, self.tick, give)
    }

    /// Parts may have told a record as it was once, which left since: a device that has it by
    /// another bucket is told how it is now, history and all, for changes may follow there.
    fn tell_elsewhere(&self, entry: &LoggedEntry, give: GivePiece<'_>) -> Result<(), ServerError> {
        if !members::is_member(&self.tenant.db, entry.id, &self.session.buckets)? {
            return Ok(());
        }
        // The cursor passes this operation with the removal behind it.
        let before = LoggedEntry {
            seq: entry.seq - 1,
            object: entry.object.clone(),
            ..*entry
        };
        let frame = self.tenant.whole_with_history(&before)?;
        let Some(frame) = frame else { return Ok(()) };
        self.tenant.tell(frame, None, self.tick, give)
    }

    /// One operation of a record that the device holds, or made.
    fn step(&self, entry: &LoggedEntry) -> Result<Option<Frame>, ServerError> {
        let seq = entry.seq;
        let object = entry.object.clone();
        let record = entry.id;
        let Some(hash) = entry.hash else {
            return Ok(None);
        };
        if self.tenant.is_own(entry, self.actor)? {
            return Ok(Some(Frame::Own(Own {
                seq,
                object,
                record,
                hash,
            })));
        }
        let bytes = self.tenant.payload(hash)?;
        let bytes = bytes.ok_or_else(|| ServerError::from(rusqlite::Error::QueryReturnedNoRows))?;
        Ok(Some(Frame::Change(Change {
            seq,
            object,
            record,
            bytes: bytes.into(),
        })))
    }
}

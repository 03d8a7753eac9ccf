//! Judges what a device pushes, a batch in one durable transaction: dedupe, gate, author, reach,
//! rights, history. Every entry gets one verdict; what is accepted becomes true in `take_in`.

use std::collections::BTreeSet;

use outfield_core::app::fact_hash;
use outfield_core::base::context::{Context, Identity};
use outfield_core::base::id::{ActorId, ChangeHash, RecordId};
use outfield_core::base::limits::{
    CHANGE_BYTES_MAX, HEADS_MAX, OUTBOX_NUMBER_MAX, PUSH_BYTES_MAX, PUSH_ENTRIES_MAX,
    PUSH_OPERATIONS_MAX,
};
use outfield_core::base::planted::{self, Planted};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{CrdtError, Document, Vetted, gate, touched};
use outfield_core::domain::rights::may_write;
use outfield_core::domain::rules::conflict::{chose, closes};
use outfield_core::domain::situation::Situation;
use outfield_core::domain::{Refusal, RefusalKind, table};
use outfield_core::objects::{
    ConflictState, Descriptor, Kind, Record, Registry, Side, Stamp, Values,
};
use outfield_core::store::{self, Db, StoreReader, conflicts, documents, members, tables};
use outfield_core::sync::frames::{self, Frame, Ruling, Verdict};
use rusqlite::params;

use super::verdict::{self, Reason};
use crate::error::{ErrorKind, ServerError};
use crate::people::Session;
use crate::people::reach::{followed_since, held_since};
use crate::tenant::Tenant;
use crate::tenant::cache::Cache;
use crate::work::apply::{apply_change, apply_fact};
use crate::work::execute::write_row;
use crate::work::{authors, log};

/// What a device handed in.
pub(crate) struct Pushed {
    pub object: String,
    pub record: RecordId,
    pub bytes: Vec<u8>,
    /// Who wrote it; none where the bytes do not say.
    pub actor: Option<ActorId>,
    /// When, by the device's clock.
    at: Timestamp,
    knew: u64,
    work: Work,
}

/// What the bytes of an entry are.
enum Work {
    Change(Vetted),
    Fact,
    Spoilt(Reason),
}

impl Pushed {
    /// Reads an entry; the answer's hash names it: a change's own, a fact's by id and bytes, else
    /// the raw bytes'.
    fn read(entry: frames::PushEntry) -> (Pushed, ChangeHash) {
        let bytes: Vec<u8> = entry.bytes.into();
        let at = Timestamp(entry.at_ms.unwrap_or(0));
        let (hash, work, actor, at) = if entry.is_fact {
            (fact_hash(entry.record, &bytes), Work::Fact, entry.actor, at)
        } else {
            match gate::change(&bytes) {
                Ok(change) => (
                    change.hash,
                    Work::Change(change.clone()),
                    Some(change.actor),
                    change.at,
                ),
                Err(error) => (
                    ChangeHash::of(&bytes),
                    Work::Spoilt(Reason::new(error.code, error.message)),
                    None,
                    at,
                ),
            }
        };
        (
            Pushed {
                object: entry.object,
                record: entry.record,
                bytes,
                actor,
                at,
                knew: entry.knew,
                work,
            },
            hash,
        )
    }
}

impl Tenant {
    /// Judges a batch in one durable transaction and answers one verdict an entry, in its order.
    pub fn push(
        &mut self,
        session: &Session,
        frames: Vec<Frame>,
    ) -> Result<Vec<Frame>, ServerError> {
        let mut entries = Vec::new();
        for frame in frames {
            if let Frame::Entry(entry) = frame {
                entries.push(entry);
            }
        }
        let bytes: usize = entries.iter().map(|entry| entry.bytes.len()).sum();
        // One entry may be as large as a change may be, whatever is left of the batch's allowance.
        if entries.len() > PUSH_ENTRIES_MAX || (entries.len() > 1 && bytes > PUSH_BYTES_MAX) {
            let message = format!(
                "a push holds at most {PUSH_ENTRIES_MAX} entries and {PUSH_BYTES_MAX} bytes; send less"
            );
            return Err(ServerError::new(
                ErrorKind::TooLarge,
                "push_too_large",
                message,
            ));
        }
        let issued = entries.iter().map(|entry| entry.number).max().unwrap_or(0);
        if issued > OUTBOX_NUMBER_MAX {
            let message =
                format!("an outbox gives out numbers up to {OUTBOX_NUMBER_MAX}; {issued} is none");
            return Err(ServerError::bad_input("bad_number", message));
        }
        let tx = store::open::begin(&self.db)?;
        let held: i64 = tx
            .prepare_cached("SELECT tick FROM installation WHERE device = ?1")?
            .query_row([session.device.as_bytes()], |row| row.get(0))?;
        let identity = Identity {
            user: session.user,
            role: session.role,
            device: session.device,
            actor: self.actor,
            time_zone: self.time_zone()?,
        };
        let context = Context::new(self.surroundings.as_ref(), identity);
        let (registry, cache, operations) = (&self.registry, &mut self.cache, 0);
        let (held, tick) = (held.cast_unsigned(), log::tick(&tx)?);
        let mut batch = PushBatch {
            db: &tx,
            registry,
            session,
            context,
            cache,
            operations,
            held,
            tick,
        };
        let mut verdicts = Vec::new();
        for entry in entries {
            let (pushed, hash) = Pushed::read(entry);
            let ruling = batch.judge(&pushed, hash)?;
            verdicts.push(Frame::Verdict(Verdict { hash, ruling }));
        }
        tx.prepare_cached("UPDATE installation SET seen = max(seen, ?2) WHERE device = ?1")?
            .execute(params![session.device.as_bytes(), issued.cast_signed()])?;
        match store::open::commit(tx) {
            Err(_) if planted::is(Planted::AckBeforeCommit) => {}
            committed => committed?,
        }
        Ok(verdicts)
    }
}

/// What judging one entry comes to, short of a fault: it became true, or why not.
type Judged = Result<Result<(), Ruling>, ServerError>;

fn refused(code: &str, message: impl Into<String>) -> Judged {
    Ok(Err(Reason::new(code, message).ruling()))
}

struct PushBatch<'a> {
    db: &'a Db,
    registry: &'a Registry,
    session: &'a Session,
    /// The person of the session, at the server's moment and under the server's own actor.
    context: Context,
    cache: &'a mut Cache,
    operations: u64,
    /// The tick up to which the device says it holds everything.
    held: u64,
    /// The tick that the server is at.
    tick: u64,
}

impl PushBatch<'_> {
    fn judge(&mut self, entry: &Pushed, hash: ChangeHash) -> Result<Ruling, ServerError> {
        if let Some((record, first)) = verdict::earlier(self.db, hash)?
            && !planted::is(Planted::VerdictNotIdempotent)
        {
            // A first change says nothing of its record: of two that were made alike, this one is
            // not here yet.
            return Ok(if record == entry.record {
                first
            } else {
                Ruling::Rewrite
            });
        }
        let judged = match &entry.work {
            Work::Change(change) => {
                self.operations += change.operations;
                if self.operations > PUSH_OPERATIONS_MAX {
                    return Ok(Ruling::RetryLater);
                }
                self.change(entry, change)?
            }
            Work::Fact => self.fact(entry, hash)?,
            Work::Spoilt(reason) => Err(reason.clone().ruling()),
        };
        match judged {
            Ok(()) => verdict::accept(self.db, self.session, (entry, hash)),
            Err(Ruling::Quarantined {
                code,
                message,
                fields,
            }) => verdict::quarantine(
                self.db,
                self.session,
                (entry, hash),
                Reason {
                    code,
                    message,
                    fields,
                },
            ),
            Err(other) => Ok(other),
        }
    }

    fn change(&mut self, entry: &Pushed, change: &Vetted) -> Judged {
        if !authors::writes_for(self.db, self.registry, self.session, change.actor)? {
            return refused(
                "foreign_actor",
                format!("actor {} writes for someone else", change.actor),
            );
        }
        let values = match touched(change) {
            Ok(values) => values,
            Err(error) => return refused(error.code(), error.to_string()),
        };
        let Some(descriptor) = known(self.registry, &entry.object, Kind::Document) else {
            return refused(
                "unknown_object",
                format!("`{}` is not an object that devices edit", entry.object),
            );
        };
        if let Some(other) = self.taken(entry)? {
            return refused(
                "wrong_object",
                format!("record {} is of object `{other}`", entry.record),
            );
        }
        let open = self.cache.take(self.db, entry.record)?;
        let is_new = open.is_none();
        let mut document = open.unwrap_or_default();
        let judged = self.continues(
            entry,
            (descriptor, change),
            (is_new, &values),
            &mut document,
        )?;
        if judged.is_ok() {
            apply_change(
                self.db,
                self.registry,
                (descriptor, entry.record),
                &document,
                (change, &values),
            )?;
            self.follow_up(descriptor, entry.record, &values)?;
        }
        if !document.heads().is_empty() {
            self.cache.put(entry.record, document);
        }
        Ok(judged)
    }

    /// Whether a change may be made and continues the history; if so the document holds it
    /// afterwards.
    fn continues(
        &self,
        entry: &Pushed,
        (descriptor, change): (&Descriptor, &Vetted),
        (is_new, values): (bool, &Values),
        document: &mut Document,
    ) -> Judged {
        let missing: Vec<ChangeHash> = change
            .deps
            .iter()
            .copied()
            .filter(|dep| !document.has(*dep))
            .collect();
        for dep in &missing {
            if matches!(
                verdict::earlier(self.db, *dep)?,
                Some((_, Ruling::Quarantined { .. }))
            ) {
                return refused("follows_refused", "it builds on a change that was refused");
            }
        }
        if !missing.is_empty() {
            return Ok(Err(Ruling::Needs { hashes: missing }));
        }
        if let Err(refusal) = may_write(
            self.registry,
            self.session.role,
            &entry.object,
            is_new,
            values,
        ) {
            return Ok(Err(denied(refusal)));
        }
        if !self.within_reach(entry, descriptor, is_new, values)? {
            return refused(
                "not_in_scope",
                format!("this {} lies outside your territories", entry.object),
            );
        }
        let heads = document.heads();
        let beside = heads
            .iter()
            .filter(|head| !change.deps.contains(head))
            .count();
        if beside >= HEADS_MAX {
            let message = format!(
                "{beside} changes of this {} compete already; sync, then do it again",
                entry.object
            );
            return refused("too_many_heads", message);
        }
        if let Err(refusal) = self.ask(descriptor, entry.record, values, table::may_take_in)? {
            return Ok(Err(denied(refusal)));
        }
        match document.apply(std::slice::from_ref(change)) {
            Ok(_) => Ok(Ok(())),
            Err(CrdtError::History {
                code: "wrong_sequence",
                ..
            }) => Ok(Err(Ruling::Rewrite)),
            Err(error) => refused(error.code(), error.to_string()),
        }
    }

    fn fact(&mut self, entry: &Pushed, hash: ChangeHash) -> Judged {
        if entry.bytes.len() > CHANGE_BYTES_MAX {
            let message = format!(
                "{} bytes, at most {CHANGE_BYTES_MAX} are allowed",
                entry.bytes.len()
            );
            return refused("too_many_bytes", message);
        }
        let Ok(values) = minicbor::decode::<Values>(&entry.bytes) else {
            return refused(
                "bad_fact",
                "a fact's bytes are a CBOR map from path to scalar",
            );
        };
        if Record::canonical(&values) != entry.bytes {
            return refused(
                "bad_fact",
                "a fact's bytes are canonical: ascending paths, no nulls, least lengths",
            );
        }
        if !(Timestamp::MIN..=Timestamp::MAX).contains(&entry.at) {
            return refused(
                "bad_fact",
                format!(
                    "{} milliseconds is no moment that a calendar knows",
                    entry.at.0
                ),
            );
        }
        let Some(descriptor) = known(self.registry, &entry.object, Kind::Fact) else {
            return refused(
                "unknown_object",
                format!(
                    "`{}` is not an object whose facts devices record",
                    entry.object
                ),
            );
        };
        let Some(actor) = entry.actor else {
            return refused("bad_fact", "a fact says which actor wrote it");
        };
        if !authors::writes_for(self.db, self.registry, self.session, actor)? {
            return refused(
                "foreign_actor",
                format!("actor {actor} writes for someone else"),
            );
        }
        if let Some(other) = self.taken(entry)? {
            return refused(
                "wrong_object",
                format!("record {} is of object `{other}`", entry.record),
            );
        }
        if tables::read(self.db, descriptor, entry.record)?.is_some() {
            return refused(
                "fact_changed",
                format!("fact {} is here already with other values", entry.record),
            );
        }
        if let Err(refusal) = may_write(
            self.registry,
            self.session.role,
            &entry.object,
            true,
            &values,
        ) {
            return Ok(Err(denied(refusal)));
        }
        if !self.within_reach(entry, descriptor, true, &values)? {
            return refused(
                "not_in_scope",
                format!("this {} lies outside your territories", entry.object),
            );
        }
        let stamp = Some(Stamp::once(entry.at, actor));
        let record = Record {
            object: entry.object.clone(),
            id: entry.record,
            values,
            stamp,
        };
        let decided = self.decides(entry, &record)?;
        if decided.is_err() {
            return Ok(decided);
        }
        apply_fact(self.db, self.registry, (descriptor, hash), &record)?;
        Ok(Ok(()))
    }

    /// Asks the domain of a record as it is now, and of what a change writes or wrote.
    fn ask<T>(
        &self,
        descriptor: &Descriptor,
        id: RecordId,
        input: &Values,
        question: impl FnOnce(&Situation<'_>) -> Result<T, Refusal>,
    ) -> Result<Result<T, Refusal>, ServerError> {
        let (db, registry, context) = (self.db, self.registry, &self.context);
        let blank = Record {
            object: descriptor.object.clone(),
            id,
            values: Values::new(),
            stamp: None,
        };
        let (before, reader) = (
            tables::read(db, descriptor, id)?,
            &StoreReader { db, registry },
        );
        let (new, record) = (before.is_none(), &before.unwrap_or(blank));
        let asked = question(&Situation {
            registry,
            descriptor,
            record,
            new,
            id,
            input,
            reader,
            context,
            proofs: table::proof,
        });
        match asked {
            Err(refusal) if refusal.kind == RefusalKind::Broken => Err(refusal.into()),
            asked => Ok(asked),
        }
    }

    /// Writes the rows that the object's judge says follow from a change.
    fn follow_up(
        &self,
        descriptor: &Descriptor,
        id: RecordId,
        written: &Values,
    ) -> Result<(), ServerError> {
        if descriptor.judge.is_none() {
            return Ok(());
        }
        for write in self.ask(descriptor, id, written, table::judge)?? {
            let Some(row) = known(self.registry, &write.object, Kind::Row) else {
                return Err(ServerError::broken(format!(
                    "a judge writes a `{}`, which is no row",
                    write.object
                )));
            };
            let before = tables::read(self.db, row, write.id)?;
            write_row(
                self.db,
                self.registry,
                (row, write.id),
                before,
                &write.values,
            )?;
        }
        Ok(())
    }

    /// Whether the fact of a decision may close its conflict: its author may write the field,
    /// within their reach, and the value was written. Other facts decide nothing.
    fn decides(&mut self, entry: &Pushed, fact: &Record) -> Judged {
        let Some(id) = closes(fact) else {
            return Ok(Ok(()));
        };
        let Some(conflict) =
            conflicts::get(self.db, id)?.filter(|held| held.state == ConflictState::Open)
        else {
            return Ok(Ok(()));
        };
        let value = chose(fact).unwrap_or_default();
        let written = Values::from([(conflict.path.clone(), value.clone())]);
        if let Err(refusal) = may_write(
            self.registry,
            self.session.role,
            &conflict.object,
            false,
            &written,
        ) {
            return Ok(Err(denied(refusal)));
        }
        if !self.reaches(entry, conflict.record)? {
            return refused(
                "not_in_scope",
                format!("this {} lies outside your territories", conflict.object),
            );
        }
        let Some(document) = self.cache.take(self.db, conflict.record)? else {
            return not_decided();
        };
        let standing = document.sides(&conflict.path)?;
        self.cache.put(conflict.record, document);
        // Somebody may have changed again what was decided; then none of what competed stands any
        // more.
        let stands = |side: &Side| {
            standing
                .iter()
                .any(|other| other.operation == side.operation)
        };
        let is_written =
            standing.iter().any(|side| side.value == value) || !conflict.sides.iter().any(stands);
        if is_written {
            Ok(Ok(()))
        } else {
            not_decided()
        }
    }

    /// The other object that this id belongs to already.
    fn taken(&self, entry: &Pushed) -> Result<Option<String>, ServerError> {
        let held = match documents::object_of(self.db, entry.record)? {
            Some(object) => Some(object),
            None => members::object_of(self.db, entry.record)?,
        };
        Ok(held.filter(|object| *object != entry.object))
    }

    /// Whether the record lies, or when new would lie, in a bucket that this person follows, or did
    /// as far as the device could know when it wrote.
    fn within_reach(
        &self,
        entry: &Pushed,
        descriptor: &Descriptor,
        is_new: bool,
        values: &Values,
    ) -> Result<bool, ServerError> {
        if !is_new {
            return self.reaches(entry, entry.record);
        }
        let (followed, knew) = self.followed(entry)?;
        let (object, values) = (descriptor.object.clone(), values.clone());
        let record = Record {
            object,
            id: entry.record,
            values,
            stamp: None,
        };
        if log::scope_of(self.db, self.registry, &record)?
            .iter()
            .any(|bucket| followed.contains(bucket))
        {
            return Ok(true);
        }
        // What it goes through may have moved away meanwhile.
        for (path, value) in &record.values {
            let through = value.text().and_then(|text| text.parse().ok());
            if let (Some(id), true) = (through, descriptor.goes_through(path))
                && held_since(self.db, id, &followed, knew)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a record lies in a bucket that this person follows, or did as far as the device
    /// could know.
    fn reaches(&self, entry: &Pushed, record: RecordId) -> Result<bool, ServerError> {
        let (followed, knew) = self.followed(entry)?;
        held_since(self.db, record, &followed, knew)
    }

    /// The buckets that this person follows, or followed after the tick that the device knew when
    /// it wrote.
    fn followed(&self, entry: &Pushed) -> Result<(BTreeSet<String>, u64), ServerError> {
        // Nobody knows what is yet to come.
        let knew = entry.knew.min(self.tick).max(self.held);
        Ok((followed_since(self.db, self.session.user, knew)?, knew))
    }
}

fn not_decided() -> Judged {
    refused(
        "not_decided",
        "it closes a conflict, but the value it chose was not written",
    )
}

fn known<'a>(registry: &'a Registry, object: &str, kind: Kind) -> Option<&'a Descriptor> {
    registry
        .get(object)
        .map(AsRef::as_ref)
        .filter(|of: &&Descriptor| of.kind == kind)
}

fn denied(refusal: Refusal) -> Ruling {
    Reason {
        code: refusal.code,
        message: refusal.message,
        fields: refusal.fields,
    }
    .ruling()
}

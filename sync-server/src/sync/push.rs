//! Judges what a device pushes, a batch in one durable transaction. Every entry gets one verdict;
//! what is admitted becomes true in `work::apply`. It knows no rule.

use outfield_core::base::context::{Context, Identity};
use outfield_core::base::id::{ActorId, ChangeHash};
use outfield_core::base::limits::{
    OUTBOX_NUMBER_MAX, PUSH_BYTES_MAX, PUSH_ENTRIES_MAX, PUSH_OPERATIONS_MAX,
};
use outfield_core::base::planted::{self, Planted};
use outfield_core::crdt::Vetted;
use outfield_core::objects::{Descriptor, Kind, Record};
use outfield_core::store::{self, StoreReader};
use outfield_core::sync::frames::{self, Frame, Ruling, Verdict};
use rusqlite::params;

use super::admission::{admit_change, admit_fact};
use super::claim::{EntryClaim, known};
use super::entry::{PushedContent, PushedEntry};
use super::rejection::{Denial, rejected};
use super::verdict;
use crate::error::{ErrorKind, ServerError};
use crate::people::Session;
use crate::people::reach::Reach;
use crate::tenant::Tenant;
use crate::tenant::cache::DocumentCache;
use crate::work::apply::{AdmittedChange, apply_change, apply_fact, follow_up};
use crate::work::{authors, log};

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
        let issued = check_batch(&entries)?;
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
        let mut batch = PushBatch {
            store: StoreReader {
                db: &tx,
                registry: &self.registry,
            },
            session,
            context: Context::new(self.surroundings.as_ref(), identity),
            cache: &mut self.cache,
            operations: 0,
            held: held.cast_unsigned(),
            tick: log::tick(&tx)?,
        };
        let mut verdicts = Vec::new();
        for entry in entries {
            let entry = PushedEntry::read(entry);
            let ruling = batch.judge(&entry)?;
            let hash = entry.hash;
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

/// Checks the size of a batch; answers the highest number that its outbox gave out.
fn check_batch(entries: &[frames::PushEntry]) -> Result<u64, ServerError> {
    let bytes: usize = entries.iter().map(|entry| entry.bytes.len()).sum();
    // One entry may be as large as a change may be, whatever is left of the batch's allowance.
    if entries.len() > PUSH_ENTRIES_MAX || (entries.len() > 1 && bytes > PUSH_BYTES_MAX) {
        let message = format!(
            "a push holds at most {PUSH_ENTRIES_MAX} entries and {PUSH_BYTES_MAX} bytes; send less"
        );
        let kind = ErrorKind::TooLarge;
        return Err(ServerError::new(kind, "push_too_large", message));
    }
    let issued = entries.iter().map(|entry| entry.number).max().unwrap_or(0);
    if issued > OUTBOX_NUMBER_MAX {
        let message =
            format!("an outbox gives out numbers up to {OUTBOX_NUMBER_MAX}; {issued} is none");
        return Err(ServerError::bad_input("bad_number", message));
    }
    Ok(issued)
}

struct PushBatch<'a> {
    store: StoreReader<'a>,
    session: &'a Session,
    /// The person of the session, at the server's moment and under the server's own actor.
    context: Context,
    cache: &'a mut DocumentCache,
    operations: u64,
    /// The tick up to which the device says it holds everything.
    held: u64,
    /// The tick that the server is at.
    tick: u64,
}

impl<'a> PushBatch<'a> {
    /// The one verdict of an entry: its first one, or what judging it comes to.
    fn judge(&mut self, entry: &PushedEntry) -> Result<Ruling, ServerError> {
        let (db, session) = (self.store.db, self.session);
        if let Some(first) = verdict::repeated(db, entry)? {
            return Ok(first);
        }
        match self.admit(entry) {
            Ok(()) => verdict::accept(db, session, entry),
            Err(Denial::Rejected(why)) => verdict::quarantine(db, session, entry, why),
            Err(Denial::NotYet(ruling)) => Ok(ruling),
            Err(Denial::Fault(error)) => Err(error),
        }
    }

    /// Makes an entry true if it may become so: read, gather, check, apply.
    fn admit(&mut self, entry: &PushedEntry) -> Result<(), Denial> {
        match &entry.content {
            PushedContent::Change(change) => self.change(entry, change),
            PushedContent::Fact => self.fact(entry),
            PushedContent::Unreadable(why) => Err(Denial::Rejected(why.clone())),
        }
    }

    fn change(&mut self, entry: &PushedEntry, change: &Vetted) -> Result<(), Denial> {
        self.operations += change.operations;
        if self.operations > PUSH_OPERATIONS_MAX {
            return Err(Denial::NotYet(Ruling::RetryLater));
        }
        self.check_author(change.actor)?;
        let written = entry.written_by(change)?;
        let descriptor = known(self.store.registry, &written.object, Kind::Document)?;
        let mut claim = self.claim(descriptor, written, entry.knew, &change.deps)?;
        let admitted = admit_change(&self.store, &self.context, &mut claim, change);
        let outcome = match admitted {
            Ok(()) => self.make_true(&claim, change).map_err(Denial::from),
            denied => denied,
        };
        if !claim.document.heads().is_empty() {
            self.cache.keep(claim.written.id, claim.document);
        }
        outcome
    }

    fn make_true(&self, claim: &EntryClaim<'_>, change: &Vetted) -> Result<(), ServerError> {
        let admitted = AdmittedChange {
            descriptor: claim.descriptor,
            record: claim.written.id,
            change,
            written: &claim.written.values,
            document: &claim.document,
            is_new: claim.is_new,
            was_closed: claim.was_closed(),
            held_in: &claim.placement.before,
        };
        apply_change(&self.store, &admitted)?;
        follow_up(&self.store, &self.context, claim.descriptor, &claim.written)
    }

    fn fact(&mut self, entry: &PushedEntry) -> Result<(), Denial> {
        let fact = entry.fact()?;
        let descriptor = known(self.store.registry, &fact.object, Kind::Fact)?;
        let Some(actor) = entry.actor else {
            return Err(rejected("bad_fact", "a fact says which actor wrote it"));
        };
        self.check_author(actor)?;
        let claim = self.claim(descriptor, fact, entry.knew, &[])?;
        admit_fact(self.store.registry, self.session.role, &claim)?;
        apply_fact(
            &self.store,
            descriptor,
            entry.hash,
            &claim.written,
            &claim.placement,
        )?;
        Ok(())
    }

    /// Whether an actor writes for the person who is in.
    fn check_author(&self, actor: ActorId) -> Result<(), Denial> {
        if authors::writes_for(&self.store, self.session, actor)? {
            return Ok(());
        }
        let message = format!("actor {actor} writes for someone else");
        Err(rejected("foreign_actor", message))
    }

    /// What is known of a record that an entry writes, by what its device knew when it wrote.
    fn claim(
        &mut self,
        descriptor: &'a Descriptor,
        written: Record,
        knew: u64,
        deps: &[ChangeHash],
    ) -> Result<EntryClaim<'a>, ServerError> {
        // Nobody knows what is yet to come.
        let knew = knew.min(self.tick).max(self.held);
        let reach = Reach::since(self.store.db, self.session.user, knew)?;
        EntryClaim::gather(&self.store, self.cache, &reach, descriptor, written, deps)
    }
}

//! Judges what a device pushes, a batch in one durable transaction. Every entry gets one verdict;
//! what is admitted becomes true in `work::apply`. It knows no rule.

use std::collections::BTreeSet;

use minicbor::bytes::ByteVec;
use outfield_core::base::context::Context;
use outfield_core::base::id::{ActorId, RecordId};
use outfield_core::base::limits::{
    OUTBOX_NUMBER_MAX, PUSH_BYTES_MAX, PUSH_ENTRIES_MAX, PUSH_OPERATIONS_MAX, PUSH_STEPS_MAX,
};
use outfield_core::base::planted::{self, Planted};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Effort, TOO_COSTLY, Vetted};
use outfield_core::objects::Kind;
use outfield_core::store::{self, Db, StoreReader, members};
use outfield_core::sync::frames::{self, Frame, Ruling, Verdict};
use rusqlite::params;

use super::admission::{admit_change, admit_fact};
use super::claim::{EntryClaim, Surrounding, known};
use super::entry::{PushedContent, PushedEntry};
use super::group::{broken_group, bundles, with_refused};
use super::rejection::{Denial, Rejection, rejected};
use super::verdict;
use crate::error::{ErrorKind, ServerError};
use crate::limits::{DEVICE_ACTORS_MAX, MEETING_MS};
use crate::people::Session;
use crate::people::reach::Reach;
use crate::tenant::Tenant;
use crate::tenant::cache::DocumentCache;
use crate::tenant::seal::{SealKey, SealedState};
use crate::work::apply::{AdmittedChange, apply_change, apply_fact};
use crate::work::authors::{self, Standing};
use crate::work::credit::credit;
use crate::work::judge::follow_up;
use crate::work::log;

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
        let (held, told_at): (i64, Option<i64>) = tx
            .prepare_cached("SELECT tick, told_at FROM installation WHERE device = ?1")?
            .query_row([session.device.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let identity = session.identity(self.actor, self.time_zone()?);
        let mut batch = PushBatch {
            store: StoreReader {
                db: &tx,
                registry: &self.registry,
            },
            session,
            context: Context::new(self.surroundings.as_ref(), identity)
                .ranked(session.rank.clone())
                .on_server(),
            cache: &mut self.cache,
            operations: 0,
            effort: Effort::of(PUSH_STEPS_MAX),
            unsettled: BTreeSet::new(),
            held: held.cast_unsigned(),
            told_at: told_at.map(|at| Timestamp(at.saturating_sub(MEETING_MS))),
            tick: log::tick(&tx)?,
        };
        let mut verdicts = Vec::new();
        // One entry may be as large as a change may be.
        let mut left = PUSH_BYTES_MAX.max(if entries.len() == 1 { usize::MAX } else { 0 });
        for bundle in bundles(entries) {
            let (entries, fault) = bundle.read(&mut left).ok_or_else(too_large)?;
            let rulings = batch.judge(&entries, fault)?;
            for (entry, ruling) in entries.iter().zip(rulings) {
                let hash = entry.hash;
                let seal = seal_of(&self.seals, &tx, entry, &ruling)?;
                verdicts.push(Frame::Verdict(Verdict { hash, ruling, seal }));
            }
        }
        tx.prepare_cached(
            "UPDATE installation SET seen = max(seen, ?2),
               unsent_since = CASE WHEN issued > max(seen, ?2) THEN unsent_since END
             WHERE device = ?1",
        )?
        .execute(params![session.device.as_bytes(), issued.cast_signed()])?;
        match self.witness.commit(tx) {
            Err(_) if planted::is(Planted::AckBeforeCommit) => {}
            committed => committed?,
        }
        Ok(verdicts)
    }
}

/// What shows later that an entry was accepted.
fn seal_of(
    seals: &SealKey,
    db: &Db,
    entry: &PushedEntry,
    ruling: &Ruling,
) -> Result<Option<ByteVec>, ServerError> {
    let is_accepted = matches!(ruling, Ruling::Accepted { .. } | Ruling::Duplicate { .. });
    // One that comes again may name another object.
    if !is_accepted || members::object_of(db, entry.record)?.as_ref() != Some(&entry.object) {
        return Ok(None);
    }
    let state = match (&entry.content, entry.actor) {
        (PushedContent::Change(change), _) => SealedState::Change(change.hash),
        (PushedContent::Fact, Some(actor)) => SealedState::Fact {
            hash: entry.hash,
            actor,
            at_ms: entry.at.0,
        },
        (PushedContent::Fact | PushedContent::Unreadable(_), _) => return Ok(None),
    };
    let seal = seals.seal(&entry.object, entry.record, state);
    Ok(Some(seal.to_vec().into()))
}

/// Checks the size of a batch; answers the highest number that its outbox gave out.
fn check_batch(entries: &[frames::PushEntry]) -> Result<u64, ServerError> {
    let bytes: usize = entries.iter().map(|entry| entry.bytes.len()).sum();
    // One entry may be as large as a change may be, whatever is left of the batch's allowance.
    if entries.len() > PUSH_ENTRIES_MAX || (entries.len() > 1 && bytes > PUSH_BYTES_MAX) {
        return Err(too_large());
    }
    let issued = entries.iter().map(|entry| entry.number).max().unwrap_or(0);
    if issued > OUTBOX_NUMBER_MAX {
        let message =
            format!("an outbox gives out numbers up to {OUTBOX_NUMBER_MAX}; {issued} is none");
        return Err(ServerError::bad_input("bad_number", message));
    }
    Ok(issued)
}

fn too_large() -> ServerError {
    let message = format!(
        "a push holds at most {PUSH_ENTRIES_MAX} entries and {PUSH_BYTES_MAX} bytes; send less"
    );
    ServerError::new(ErrorKind::TooLarge, "push_too_large", message)
}

struct PushBatch<'a> {
    store: StoreReader<'a>,
    session: &'a Session,
    /// The person of the session, at the server's moment and under the server's own actor.
    context: Context,
    cache: &'a mut DocumentCache,
    operations: u64,
    /// What may still be looked into.
    effort: Effort,
    /// Records of which an entry was put off: nothing that refers to them is judged before.
    unsettled: BTreeSet<RecordId>,
    /// The tick up to which the device says it holds everything.
    held: u64,
    /// When the device was last told what it follows, less the length of a meeting.
    told_at: Option<Timestamp>,
    /// The tick that the server is at.
    tick: u64,
}

impl PushBatch<'_> {
    /// The verdicts on entries that are judged at once: their first ones, or what judging them
    /// comes to. What is wrong with them as a group leaves nothing of it.
    fn judge(
        &mut self,
        entries: &[PushedEntry],
        fault: Option<Rejection>,
    ) -> Result<Vec<Ruling>, ServerError> {
        let db = self.store.db;
        let mut kept = Vec::new();
        for entry in entries {
            kept.push(verdict::repeated(db, entry)?);
        }
        if kept.iter().all(Option::is_none) && fault.is_none() {
            if planted::is(Planted::HalfGroupTaken) {
                let alone = entries.iter().map(std::slice::from_ref);
                let alone = alone.map(|entry| self.judge_new(entry));
                return Ok(alone.collect::<Result<Vec<_>, _>>()?.concat());
            }
            return self.judge_new(entries);
        }
        let is_to_rewrite = kept.contains(&Some(Ruling::Rewrite));
        let mut rulings = Vec::new();
        for entry in entries {
            // One that stands in it twice was judged a moment ago.
            let first = verdict::repeated(db, entry)?;
            rulings.push(match (first, &fault) {
                (Some(first), _) => first,
                (None, None) if is_to_rewrite => self.put_off(entry, Ruling::RetryLater),
                (None, fault) => {
                    let why = broken_group("an entry of it was judged before, without the others");
                    let why = fault.clone().unwrap_or(why);
                    verdict::quarantine(db, self.session, entry, why)?
                }
            });
        }
        Ok(rulings)
    }

    /// The verdicts on entries that nobody judged before: all of them become true, or none.
    fn judge_new(&mut self, entries: &[PushedEntry]) -> Result<Vec<Ruling>, ServerError> {
        let (db, session) = (self.store.db, self.session);
        let is_first = self.effort.spent() == 0;
        let mut last = 0;
        let taken = match entries {
            // What is refused alone has written nothing.
            [entry] => self.admit(entry),
            group => store::open::attempt(db, || {
                for (at, entry) in group.iter().enumerate() {
                    last = at;
                    self.admit(entry)?;
                }
                Ok(())
            }),
        };
        let taken = match taken {
            // What asks for no more than a whole push has is judged in the next one.
            Err(Denial::Rejected(why)) if why.code == TOO_COSTLY && !is_first => {
                Err(Denial::NotYet(Ruling::RetryLater))
            }
            taken => taken,
        };
        let mut rulings = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            rulings.push(match &taken {
                Ok(()) => verdict::accept(db, session, entry)?,
                Err(Denial::Rejected(why)) if at == last => {
                    verdict::quarantine(db, session, entry, why.clone())?
                }
                Err(Denial::Rejected(why)) => {
                    let why = with_refused(&entries[last], &why.code);
                    verdict::quarantine(db, session, entry, why)?
                }
                Err(Denial::NotYet(ruling)) if at == last => self.put_off(entry, ruling.clone()),
                Err(Denial::NotYet(_)) => self.put_off(entry, Ruling::RetryLater),
                Err(Denial::Fault(_)) => break,
            });
        }
        match taken {
            Err(Denial::Fault(error)) => Err(error),
            Ok(()) | Err(Denial::Rejected(_) | Denial::NotYet(_)) => Ok(rulings),
        }
    }

    /// What refers to a record whose entry is put off waits too.
    fn put_off(&mut self, entry: &PushedEntry, ruling: Ruling) -> Ruling {
        self.unsettled.insert(entry.record);
        ruling
    }

    /// Makes an entry true if it may become so: read, gather, check, apply.
    fn admit(&mut self, entry: &PushedEntry) -> Result<(), Denial> {
        if self.session.left.is_some_and(|left| entry.knew > left) {
            let message = "it was written after this person had left";
            return Err(rejected("user_left", message));
        }
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
        let author = self.author(change.actor)?;
        let written = entry.written_by(change)?;
        let descriptor = known(&self.store, &written.object, Kind::Document)?;
        let reach = self.reach(entry)?;
        let around = Surrounding {
            reach: &reach,
            unsettled: &self.unsettled,
        };
        let (store, deps) = (&self.store, &change.deps);
        let mut claim = EntryClaim::gather(store, self.cache, around, descriptor, written, deps)?;
        let effort = &mut self.effort;
        let spent = effort.spend(self.cache.steps_since().min(PUSH_STEPS_MAX / 2));
        let admitted = spent
            .map_err(Denial::from)
            .and_then(|()| admit_change(store, &author.context, &mut claim, entry, change, effort));
        let outcome = match admitted {
            Ok(()) => self
                .make_true(&author, &claim, change)
                .map_err(Denial::from),
            denied => denied,
        };
        if !claim.document.heads().is_empty() {
            self.cache.keep(claim.written.id, claim.document);
        }
        outcome
    }

    fn make_true(
        &self,
        author: &EntryAuthor,
        claim: &EntryClaim<'_>,
        change: &Vetted,
    ) -> Result<(), ServerError> {
        self.sign(author)?;
        let admitted = AdmittedChange {
            descriptor: claim.descriptor,
            record: claim.written.id,
            change,
            written: &claim.written.values,
            document: &claim.document,
            conflicts: &claim.conflicts,
            is_new: claim.is_new,
            was_closed: claim.was_closed(),
            held_in: &claim.placement.before,
        };
        apply_change(&self.store, &admitted)?;
        self.follow(claim)
    }

    fn fact(&mut self, entry: &PushedEntry) -> Result<(), Denial> {
        let fact = entry.fact()?;
        let descriptor = known(&self.store, &fact.object, Kind::Fact)?;
        let Some(actor) = entry.actor else {
            return Err(rejected("bad_fact", "a fact says which actor wrote it"));
        };
        let author = self.author(actor)?;
        let reach = self.reach(entry)?;
        let around = Surrounding {
            reach: &reach,
            unsettled: &self.unsettled,
        };
        let claim = EntryClaim::gather(&self.store, self.cache, around, descriptor, fact, &[])?;
        admit_fact(&self.store, &author.context, &claim, entry)?;
        self.sign(&author)?;
        apply_fact(
            &self.store,
            descriptor,
            entry.hash,
            &claim.written,
            &claim.placement,
        )?;
        Ok(self.follow(&claim)?)
    }

    /// What follows from what became true, by the days that the device is believed.
    fn follow(&self, claim: &EntryClaim<'_>) -> Result<(), ServerError> {
        let (store, context) = (&self.store, &self.context);
        let (descriptor, written) = (claim.descriptor, &claim.written);
        credit(store, context, descriptor, written, self.told_at)?;
        follow_up(store, context, descriptor, written)
    }

    /// Who wrote an entry: only the person who is in.
    fn author(&self, actor: ActorId) -> Result<EntryAuthor, Denial> {
        let standing = authors::standing(self.store.db, self.session, actor)?;
        if standing == Standing::Foreign {
            let message = format!("actor {actor} writes for someone else");
            return Err(rejected("foreign_actor", message));
        }
        if standing == Standing::Unclaimed && authors::has_all(self.store.db, self.session)? {
            let message = format!(
                "this device has written under {DEVICE_ACTORS_MAX} actors; sign it in anew, with a \
                 new code, and do it again"
            );
            return Err(rejected("too_many_writers", message));
        }
        Ok(EntryAuthor {
            is_new: standing == Standing::Unclaimed,
            context: self.context.written_by(actor),
        })
    }

    /// An author whose first work is admitted is claimed by it: refused work leaves nothing behind.
    fn sign(&self, author: &EntryAuthor) -> Result<(), ServerError> {
        if author.is_new {
            authors::claim(&self.store, self.session, author.context.actor)?;
        }
        Ok(())
    }

    /// What the person reaches, by what the device knew when it wrote. Nobody knows what is yet to
    /// come, and nobody forgets what they knew.
    fn reach(&self, entry: &PushedEntry) -> Result<Reach, ServerError> {
        let knew = entry.knew.min(self.tick).max(self.held);
        Reach::since(self.store.db, self.session.user, knew)
    }
}

/// Who wrote an entry.
struct EntryAuthor {
    /// The person at the server's moment, under the actor of the entry.
    context: Context,
    /// Whether nobody has claimed the actor yet.
    is_new: bool,
}

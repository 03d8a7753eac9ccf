//! Takes back what this server said once and has lost since: a device offers what it was not told,
//! and gives what is lacking here, each under the seal by which it shows as this server's own word.
//! What was accepted then is not judged again. It does not know why something is lacking.

use std::collections::BTreeSet;

use outfield_core::app::fact_hash;
use outfield_core::base::context::Context;
use outfield_core::base::id::{ActorId, ChangeHash, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Effort, HistoryRoom, Vetted, gate, touched};
use outfield_core::objects::{Descriptor, Kind, Record, Stamp, Values};
use outfield_core::store::seals::SEAL_BYTES;
use outfield_core::store::{self, StoreReader, documents, members, tables};
use outfield_core::sync::frames::{
    Change, Doc, Fact, Frame, Lacking, Offer, Returned, Row, Ruling, Seal,
};

use super::rejection::{Denial, rejected};
use super::seals::row_hash;
use super::verdict::{self, TakenBack};
use crate::error::ServerError;
use crate::people::Session;
use crate::tenant::Tenant;
use crate::tenant::cache::DocumentCache;
use crate::tenant::seal::{SealKey, SealedState};
use crate::work::apply::{AdmittedChange, apply_change, apply_fact};
use crate::work::judge::follow_up;
use crate::work::log::{Placement, buckets_holding};
use crate::work::regained::{LostTime, apply_regained_row};

/// What is said of what was given back whole: it is here. The verdict's number is nobody's concern.
const TAKEN: Ruling = Ruling::Accepted { number: 0 };

impl Tenant {
    /// The records of what is offered that this server said once and lacks.
    pub fn lacking(&self, offered: Vec<Frame>) -> Result<Vec<Frame>, ServerError> {
        let tx = store::open::snapshot(&self.db)?;
        let lost = LostTime::of(self)?;
        let mut lacking = Vec::new();
        for (frame, seal) in sealed(offered) {
            let Frame::Offer(offer) = frame else { continue };
            if self.is_lacking(&self.store(&tx), &lost, &offer, &seal)? {
                let record = offer.record;
                lacking.push(Frame::Lacking(Lacking { record }));
            }
        }
        Ok(lacking)
    }

    fn is_lacking(
        &self,
        store: &StoreReader<'_>,
        lost: &LostTime,
        offer: &Offer,
        seal: &Seal,
    ) -> Result<bool, ServerError> {
        let (db, id, object) = (store.db, offer.record, &offer.object);
        let Some(descriptor) = self.registry.get(object) else {
            // Once somebody publishes the object again, it is taken.
            return Ok(true);
        };
        match (descriptor.kind, offer.hashes.as_slice()) {
            (Kind::Document, heads) => {
                if !self.seals.holds_changes(object, id, heads, &seal.seals) {
                    return Ok(false);
                }
                let Some((_, here)) = documents::standing(db, id)? else {
                    return Ok(true);
                };
                if heads.iter().all(|head| here.contains(head)) {
                    return Ok(false);
                }
                let Some(stored) = documents::load(db, id)? else {
                    return Ok(true);
                };
                let document = Document::reload(&stored.blob, &stored.tail)?;
                Ok(!heads.iter().all(|head| document.has(*head)))
            }
            (Kind::Fact, [hash]) => {
                let state = SealedState::Fact {
                    hash: *hash,
                    actor: offer.actor.unwrap_or(ActorId([0; 16])),
                    at_ms: offer.at_ms.unwrap_or(0),
                };
                Ok(self.seals.is_of(object, id, state, &seal.seals)
                    && tables::read(db, descriptor, id)?.is_none())
            }
            (Kind::Row, [hash]) => {
                let tick = seal.tick.unwrap_or(0);
                let state = SealedState::Row { hash: *hash, tick };
                Ok(self.seals.is_of(object, id, state, &seal.seals)
                    && lost.was_of(store, descriptor, id, tick)?
                    && tables::read(db, descriptor, id)?
                        .is_none_or(|here| row_hash(&here.values) != *hash))
            }
            (Kind::Fact | Kind::Row, _) => Ok(false),
        }
    }

    /// Takes back what a device gives, in one durable transaction; says what became of each record.
    pub fn take_back(
        &mut self,
        session: &Session,
        given: Vec<Frame>,
    ) -> Result<Vec<Frame>, ServerError> {
        let lost = LostTime::of(self)?;
        let tx = store::open::begin(&self.db)?;
        let identity = session.identity(self.actor, self.time_zone()?);
        let mut regaining = Regaining {
            store: StoreReader {
                db: &tx,
                registry: &self.registry,
            },
            seals: &self.seals,
            lost: &lost,
            session,
            context: Context::new(self.surroundings.as_ref(), identity)
                .ranked(session.rank.clone())
                .on_server(),
            cache: &mut self.cache,
        };
        let mut answer = Vec::new();
        for (frame, seal) in sealed(given) {
            let Some(record) = record_of(&frame) else {
                continue;
            };
            let taken = store::open::attempt(&tx, || regaining.take(frame, &seal));
            let ruling = match taken {
                Ok(()) => TAKEN,
                Err(Denial::Rejected(why)) => why.ruling(),
                Err(Denial::NotYet(ruling)) => ruling,
                Err(Denial::Fault(error)) => return Err(error),
            };
            answer.push(Frame::Returned(Returned { record, ruling }));
        }
        self.witness.commit(tx)?;
        Ok(answer)
    }
}

/// Each frame that a seal follows, with it.
fn sealed(frames: Vec<Frame>) -> Vec<(Frame, Seal)> {
    let (mut pairs, mut before) = (Vec::new(), None);
    for frame in frames {
        if let Frame::Seal(seal) = frame {
            pairs.extend(before.take().map(|frame| (frame, seal)));
        } else {
            before = Some(frame);
        }
    }
    pairs
}

fn record_of(frame: &Frame) -> Option<RecordId> {
    if let Frame::Row(row) = frame {
        return Some(row.record);
    }
    if let Frame::Fact(fact) = frame {
        return Some(fact.record);
    }
    if let Frame::Doc(doc) = frame {
        return Some(doc.record);
    }
    if let Frame::Change(change) = frame {
        return Some(change.record);
    }
    None
}

/// One device gives back.
struct Regaining<'a> {
    store: StoreReader<'a>,
    seals: &'a SealKey,
    lost: &'a LostTime,
    session: &'a Session,
    /// The person of the session, at the server's moment and under the server's own actor.
    context: Context,
    cache: &'a mut DocumentCache,
}

impl Regaining<'_> {
    fn take(&mut self, frame: Frame, seal: &Seal) -> Result<(), Denial> {
        if let Frame::Row(row) = frame {
            return self.row(row, seal);
        }
        if let Frame::Fact(fact) = frame {
            return self.fact(fact, seal);
        }
        if let Frame::Doc(doc) = frame {
            return self.document(&doc, seal);
        }
        if let Frame::Change(change) = frame {
            return self.change(&change, seal);
        }
        Ok(())
    }

    /// The object of a record that is given back; its id is nobody else's by now.
    fn descriptor(&self, object: &str, kind: Kind, id: RecordId) -> Result<&Descriptor, Denial> {
        let known = self.store.registry.get(object);
        let Some(descriptor) = known.filter(|known| known.kind == kind) else {
            return Err(Denial::NotYet(Ruling::RetryLater));
        };
        let other = members::object_of(self.store.db, id)?;
        if other.is_some_and(|other| other != object) {
            let message = "the server lost this record, and its id belongs to another one since";
            return Err(rejected("wrong_object", message));
        }
        Ok(descriptor)
    }

    fn row(&self, row: Row, seal: &Seal) -> Result<(), Denial> {
        let (hash, tick) = (row_hash(&row.values), seal.tick.unwrap_or(0));
        let state = SealedState::Row { hash, tick };
        if !self
            .seals
            .is_of(&row.object, row.record, state, &seal.seals)
        {
            return Err(unsealed());
        }
        let descriptor = self.descriptor(&row.object, Kind::Row, row.record)?;
        if !self
            .lost
            .was_of(&self.store, descriptor, row.record, tick)?
        {
            return Ok(());
        }
        let record = Record {
            object: row.object,
            id: row.record,
            values: row.values,
            stamp: None,
        };
        Ok(apply_regained_row(
            &self.store,
            &self.context,
            descriptor,
            &record,
            tick,
        )?)
    }

    fn fact(&self, fact: Fact, seal: &Seal) -> Result<(), Denial> {
        let hash = fact_hash(fact.record, &Record::canonical(&fact.values));
        let state = SealedState::Fact {
            hash,
            actor: fact.actor,
            at_ms: fact.at_ms,
        };
        if !self
            .seals
            .is_of(&fact.object, fact.record, state, &seal.seals)
        {
            return Err(unsealed());
        }
        let descriptor = self.descriptor(&fact.object, Kind::Fact, fact.record)?;
        let db = self.store.db;
        if tables::read(db, descriptor, fact.record)?.is_some() {
            return Ok(());
        }
        let record = Record {
            object: fact.object,
            id: fact.record,
            values: fact.values,
            stamp: Some(Stamp::once(Timestamp(fact.at_ms), fact.actor)),
        };
        let placement = Placement::of(&self.store, &record)?;
        apply_fact(&self.store, descriptor, hash, &record, &placement)?;
        let taken = TakenBack {
            hash,
            record: record.id,
            actor: fact.actor,
        };
        verdict::take_back(db, self.session, &taken)?;
        Ok(follow_up(&self.store, &self.context, descriptor, &record)?)
    }

    fn document(&mut self, doc: &Doc, seal: &Seal) -> Result<(), Denial> {
        // What is no more than offered costs no reading of a history.
        if !self
            .seals
            .holds_changes(&doc.object, doc.record, &doc.heads, &seal.seals)
        {
            return Err(unsealed());
        }
        let theirs = Document::load(&doc.blob, &[]).map_err(|_| unsealed())?;
        // The bytes may claim to have heads that they do not have.
        if theirs.heads() != doc.heads {
            return Err(unsealed());
        }
        let changes = theirs.changes().map_err(|_| unsealed())?;
        let descriptor = self
            .descriptor(&doc.object, Kind::Document, doc.record)?
            .clone();
        self.join(&descriptor, doc.record, &changes)
    }

    /// One change of a document that the device does not hold any more.
    fn change(&mut self, told: &Change, seal: &Seal) -> Result<(), Denial> {
        let change = gate::change(&told.bytes).map_err(|_| unsealed())?;
        let (object, id) = (&told.object, told.record);
        if !self
            .seals
            .holds_changes(object, id, &[change.hash], &seal.seals)
        {
            return Err(unsealed());
        }
        let descriptor = self.descriptor(object, Kind::Document, id)?.clone();
        let here = self.cache.take(self.store.db, id)?.unwrap_or_default();
        let mut lacking = change.deps.clone();
        lacking.retain(|dep| !here.has(*dep));
        self.cache.keep(id, here);
        if !lacking.is_empty() {
            return Err(Denial::NotYet(Ruling::Needs { hashes: lacking }));
        }
        self.join(&descriptor, id, &[change])
    }

    /// The changes of a document that are not here become true, each behind those it builds on.
    fn join(
        &mut self,
        descriptor: &Descriptor,
        id: RecordId,
        changes: &[Vetted],
    ) -> Result<(), Denial> {
        let db = self.store.db;
        let mut document = self.cache.take(db, id)?.unwrap_or_default();
        for change in changes {
            if document.has(change.hash) {
                continue;
            }
            let is_new = document.heads().is_empty();
            let values = touched(change).map_err(ServerError::from)?;
            let was_closed = is_closed(descriptor, &document);
            let held_in: BTreeSet<String> = buckets_holding(db, id)?;
            // It was accepted once, within the effort of that time.
            let effort = &mut Effort::endless();
            document.extend(change, HistoryRoom::Kept, effort)?;
            let paths = values.keys().cloned().collect();
            let conflicts = document.conflicts(&descriptor.object, id, &paths, effort)?;
            let admitted = AdmittedChange {
                descriptor,
                record: id,
                change,
                written: &values,
                document: &document,
                conflicts: &conflicts,
                is_new,
                was_closed,
                held_in: &held_in,
            };
            apply_change(&self.store, &admitted)?;
            let taken = TakenBack {
                hash: change.hash,
                record: id,
                actor: change.actor,
            };
            verdict::take_back(db, self.session, &taken)?;
        }
        self.cache.keep(id, document);
        let record = Record {
            object: descriptor.object.clone(),
            id,
            values: Values::new(),
            stamp: None,
        };
        Ok(follow_up(&self.store, &self.context, descriptor, &record)?)
    }
}

/// Whether a record is finished, by its state alone: what else it says need not be read.
fn is_closed(descriptor: &Descriptor, document: &Document) -> bool {
    let state = descriptor.lifecycle.as_ref().map(|lifecycle| {
        let field = lifecycle.field.clone();
        let state = document.value(&field);
        (field, state)
    });
    descriptor.is_closed(&state.into_iter().collect())
}

fn unsealed() -> Denial {
    let message = "nothing shows that this server ever said so; enter it anew";
    rejected("not_sealed", message)
}

impl SealKey {
    /// Whether each of these changes of a record was accepted here: a seal for each, in their
    /// order.
    fn holds_changes(
        &self,
        object: &str,
        record: RecordId,
        heads: &[ChangeHash],
        seals: &[u8],
    ) -> bool {
        !heads.is_empty()
            && seals.len() == heads.len() * SEAL_BYTES
            && heads
                .iter()
                .zip(seals.chunks_exact(SEAL_BYTES))
                .all(|(head, seal)| self.is_of(object, record, SealedState::Change(*head), seal))
    }
}

//! A record in doubt as it is here: what is offered of it, how it is given back whole, and what is
//! shown of it to a person. It does not know what the server lacks.

use super::FieldError;
use super::bucket_names::{CONFLICT, DESCRIPTOR};
use super::execute::fact_hash;
use super::working::accepted;
use crate::base::id::{ActorId, ChangeHash, RecordId};
use crate::crdt::{Document, gate, touched};
use crate::objects::{Kind, Record, Registry, Stamp, Values};
use crate::store::doubts::Doubt;
use crate::store::outbox::EntryKind;
use crate::store::own_work::{self, OwnWork};
use crate::store::seals::{self, SEAL_BYTES, Sealed};
use crate::store::{Db, documents, members, tables};
use crate::sync::frames::{Change, Doc, Fact, Frame, Offer, Row, Seal};

/// A record in doubt as it is offered; none where nothing shows that the server ever said it.
pub(super) fn offer(
    db: &Db,
    registry: &Registry,
    doubt: &Doubt,
) -> Result<Option<(Offer, Seal)>, FieldError> {
    if [CONFLICT, DESCRIPTOR].contains(&doubt.object.as_str()) {
        return Ok(None);
    }
    let Some(held) = HeldRecord::read(db, registry, doubt)? else {
        return Ok(None);
    };
    let mut offer = Offer {
        object: doubt.object.clone(),
        record: doubt.record,
        hashes: held.hashes(),
        actor: None,
        at_ms: None,
    };
    if let Some(stamp) = held.stamp() {
        offer.actor = Some(stamp.created_by);
        offer.at_ms = Some(stamp.created_at.0);
    }
    Ok(held.seal(db, doubt)?.map(|seal| (offer, seal)))
}

/// A whole record to be given back.
pub(super) struct WholeRecord {
    pub frame: Frame,
    pub seal: Seal,
    /// About how many bytes it has.
    pub bytes: usize,
}

/// None where nothing of it is here, or nobody sealed it.
pub(super) fn whole(
    db: &Db,
    registry: &Registry,
    doubt: &Doubt,
) -> Result<Option<WholeRecord>, FieldError> {
    let Some(held) = HeldRecord::read(db, registry, doubt)? else {
        return Ok(None);
    };
    let Some(seal) = held.seal(db, doubt)? else {
        return Ok(None);
    };
    let (object, record) = (doubt.object.clone(), doubt.record);
    let (frame, bytes) = match held {
        HeldRecord::Row(values) => {
            let bytes = Record::canonical(&values).len();
            let row = Row {
                seq: 0,
                object,
                record,
                values,
            };
            (Frame::Row(row), bytes)
        }
        HeldRecord::Fact(found, stamp) => {
            let bytes = Record::canonical(&found.values).len();
            let fact = Fact {
                seq: 0,
                object,
                record,
                values: found.values,
                actor: stamp.created_by,
                at_ms: stamp.created_at.0,
            };
            (Frame::Fact(fact), bytes)
        }
        HeldRecord::Own(work) if work.kind == EntryKind::Change => {
            let change = Change {
                seq: 0,
                object,
                record,
                bytes: work.bytes.clone().into(),
            };
            (Frame::Change(change), work.bytes.len())
        }
        HeldRecord::Own(work) => {
            let fact = Fact {
                seq: 0,
                object,
                record,
                values: minicbor::decode(&work.bytes).map_err(FieldError::broken)?,
                actor: work.actor,
                at_ms: work.at.0,
            };
            (Frame::Fact(fact), work.bytes.len())
        }
        HeldRecord::Document(heads) => {
            let Some(blob) = saved(db, record)? else {
                return Ok(None);
            };
            let bytes = blob.len();
            (
                Frame::Doc(bare_document(object, record, heads, blob)),
                bytes,
            )
        }
    };
    Ok(Some(WholeRecord { frame, seal, bytes }))
}

/// A document of which the history says everything.
fn bare_document(object: String, record: RecordId, heads: Vec<ChangeHash>, blob: Vec<u8>) -> Doc {
    let nobody = ActorId([0; 16]);
    Doc {
        seq: 0,
        object,
        record,
        blob: blob.into(),
        heads,
        values: Values::new(),
        created_ms: 0,
        created_by: nobody,
        changed_ms: 0,
        changed_by: nobody,
    }
}

/// The accepted history of a document as one piece; none where it is on the server only.
fn saved(db: &Db, id: RecordId) -> Result<Option<Vec<u8>>, FieldError> {
    let stored = documents::load(db, id)?.filter(|stored| !stored.is_elsewhere());
    let piece = stored.map(|stored| Document::one_piece(&stored.blob, &stored.tail));
    Ok(piece.transpose()?)
}

/// A record in doubt as it is here.
enum HeldRecord {
    Row(Values),
    Fact(Record, Stamp),
    /// The accepted heads.
    Document(Vec<ChangeHash>),
    /// A change or fact of one's own that the server did not tell.
    Own(OwnWork),
}

impl HeldRecord {
    fn read(db: &Db, registry: &Registry, doubt: &Doubt) -> Result<Option<HeldRecord>, FieldError> {
        let Some(descriptor) = registry.get(&doubt.object) else {
            return Ok(None);
        };
        let id = doubt.record;
        if let Some(number) = doubt.own {
            return Ok(match own_work::due_one(db, number)? {
                Some(work) if !is_told(db, &work)? => Some(HeldRecord::Own(work)),
                Some(_) | None => None,
            });
        }
        if descriptor.kind == Kind::Document {
            let standing = documents::standing(db, id)?;
            let standing = standing.filter(|(object, _)| *object == doubt.object);
            return Ok(standing.map(|(_, heads)| HeldRecord::Document(heads)));
        }
        if let Some(former) = &doubt.former {
            let values = minicbor::decode(&former.values).map_err(FieldError::broken)?;
            return Ok(Some(HeldRecord::Row(values)));
        }
        let Some(found) = tables::read(db, descriptor, id)? else {
            return Ok(None);
        };
        Ok(Some(
            match found.stamp.filter(|_| descriptor.kind == Kind::Fact) {
                Some(stamp) => HeldRecord::Fact(found, stamp),
                None => HeldRecord::Row(found.values),
            },
        ))
    }

    /// What names it, as the server sealed it.
    fn hashes(&self) -> Vec<ChangeHash> {
        match self {
            HeldRecord::Row(values) => vec![ChangeHash::of(&Record::canonical(values))],
            HeldRecord::Fact(found, _) => {
                vec![fact_hash(found.id, &Record::canonical(&found.values))]
            }
            HeldRecord::Document(heads) => heads.clone(),
            HeldRecord::Own(work) => vec![work.hash],
        }
    }

    /// By whom and when a fact was written.
    fn stamp(&self) -> Option<Stamp> {
        match self {
            HeldRecord::Fact(_, stamp) => Some(*stamp),
            HeldRecord::Own(work) if work.kind == EntryKind::Fact => {
                Some(Stamp::once(work.at, work.actor))
            }
            HeldRecord::Own(_) | HeldRecord::Row(_) | HeldRecord::Document(_) => None,
        }
    }

    /// What shows that the server said it; none if not all of it was sealed.
    fn seal(&self, db: &Db, doubt: &Doubt) -> Result<Option<Seal>, FieldError> {
        if let Some(former) = &doubt.former {
            return Ok(Some(one_seal(former.sealed.clone())));
        }
        if let HeldRecord::Own(work) = self {
            let seal = work.seal.clone();
            return Ok(Some(one_seal(Sealed { seal, tick: None })));
        }
        let mut all = Sealed {
            seal: Vec::new(),
            tick: None,
        };
        for hash in self.hashes() {
            match seals::of(db, doubt.record, hash)? {
                Some(sealed) if sealed.seal.len() == SEAL_BYTES => {
                    all.seal.extend(sealed.seal);
                    all.tick = sealed.tick;
                }
                Some(_) | None => return Ok(None),
            }
        }
        Ok((!all.seal.is_empty()).then(|| one_seal(all)))
    }
}

/// Whether the server told the record, and this work is in it.
fn is_told(db: &Db, work: &OwnWork) -> Result<bool, FieldError> {
    if members::version_of(db, work.record)?.is_none() {
        return Ok(false);
    }
    Ok(match work.kind {
        EntryKind::Change => {
            accepted(db, work.record)?.is_some_and(|history| history.has(work.hash))
        }
        EntryKind::Fact => true,
    })
}

/// Settles all changes of one's own that are in the history which the server told of a record: that
/// is read once, however many they are.
pub(super) fn settle_told(db: &Db, id: RecordId) -> Result<(), FieldError> {
    let due = own_work::due_changes_of(db, id)?;
    if due.is_empty() || members::version_of(db, id)?.is_none() {
        return Ok(());
    }
    let Some(history) = accepted(db, id)? else {
        return Ok(());
    };
    for (number, _) in due.into_iter().filter(|(_, hash)| history.has(*hash)) {
        own_work::settle(db, number)?;
    }
    Ok(())
}

fn one_seal(sealed: Sealed) -> Seal {
    Seal {
        seals: sealed.seal.into(),
        tick: sealed.tick,
    }
}

/// What is here of a record in doubt: its values, or what one's own work wrote where the record is
/// not here.
pub(super) fn values_here(
    db: &Db,
    registry: &Registry,
    doubt: &Doubt,
) -> Result<Values, FieldError> {
    match HeldRecord::read(db, registry, doubt)? {
        Some(HeldRecord::Own(work)) => match work.kind {
            EntryKind::Change => Ok(touched(&gate::change(&work.bytes)?)?),
            EntryKind::Fact => minicbor::decode(&work.bytes).map_err(FieldError::broken),
        },
        Some(HeldRecord::Row(_) | HeldRecord::Fact(..) | HeldRecord::Document(_)) | None => {
            let found = match registry.get(&doubt.object) {
                Some(descriptor) => tables::read(db, descriptor, doubt.record)?,
                None => None,
            };
            Ok(found.map(|found| found.values).unwrap_or_default())
        }
    }
}

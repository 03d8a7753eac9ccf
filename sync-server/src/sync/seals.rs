//! Seals what is told to devices, so that they can give it back should the server lose it.
//! It does not know who is told.

use outfield_core::app::fact_hash;
use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Kind, Record, Stamp, Values};
use outfield_core::store::tables;
use outfield_core::sync::frames::{Frame, Own, Seal};

use super::pull::{GivePiece, PullPiece};
use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::tenant::seal::SealedState;

impl Tenant {
    /// Tells a frame, and behind it the seal by which it shows as this server's word. A change is
    /// named by its hash; a row stood so when the clock of accepted work was at `tick`.
    pub(super) fn tell(
        &self,
        frame: Frame,
        change: Option<ChangeHash>,
        tick: u64,
        give: GivePiece<'_>,
    ) -> Result<(), ServerError> {
        let seal = self.seal_of(&frame, change, tick)?;
        give(PullPiece::Frame(frame))?;
        seal.map_or(Ok(()), |seal| give(PullPiece::Frame(Frame::Seal(seal))))
    }

    /// The seal of what a frame tells; none of what is worked out anew from other records.
    pub(super) fn seal_of(
        &self,
        frame: &Frame,
        change: Option<ChangeHash>,
        tick: u64,
    ) -> Result<Option<Seal>, ServerError> {
        if let Frame::Row(row) = frame {
            let hash = row_hash(&row.values);
            let state = SealedState::Row { hash, tick };
            let seal = self.seals.seal(&row.object, row.record, state);
            return Ok(Some(Seal {
                seals: seal.to_vec().into(),
                tick: Some(tick),
            }));
        }
        if let Frame::Fact(fact) = frame {
            let hash = fact_hash(fact.record, &Record::canonical(&fact.values));
            let stamp = Stamp::once(Timestamp(fact.at_ms), fact.actor);
            return Ok(Some(self.of_fact(&fact.object, fact.record, hash, stamp)));
        }
        if let Frame::Doc(doc) = frame {
            return Ok(Some(self.of_changes(&doc.object, doc.record, &doc.heads)));
        }
        if let (Frame::Change(told), Some(hash)) = (frame, change) {
            return Ok(Some(self.of_changes(&told.object, told.record, &[hash])));
        }
        if let Frame::Own(own) = frame {
            return self.of_own(own);
        }
        Ok(None)
    }

    fn of_own(&self, own: &Own) -> Result<Option<Seal>, ServerError> {
        let descriptor = self.descriptor(&own.object)?;
        if descriptor.kind == Kind::Document {
            return Ok(Some(self.of_changes(&own.object, own.record, &[own.hash])));
        }
        let found = tables::read(&self.db, &descriptor, own.record)?;
        let stamp = found.and_then(|found| found.stamp);
        Ok(stamp.map(|stamp| self.of_fact(&own.object, own.record, own.hash, stamp)))
    }

    fn of_fact(&self, object: &str, record: RecordId, hash: ChangeHash, stamp: Stamp) -> Seal {
        let state = SealedState::Fact {
            hash,
            actor: stamp.created_by,
            at_ms: stamp.created_at.0,
        };
        Seal {
            seals: self.seals.seal(object, record, state).to_vec().into(),
            tick: None,
        }
    }

    fn of_changes(&self, object: &str, record: RecordId, hashes: &[ChangeHash]) -> Seal {
        let mut seals = Vec::new();
        for hash in hashes {
            let state = SealedState::Change(*hash);
            seals.extend(self.seals.seal(object, record, state));
        }
        Seal {
            seals: seals.into(),
            tick: None,
        }
    }
}

/// What names a row's values.
pub(super) fn row_hash(values: &Values) -> ChangeHash {
    ChangeHash::of(&Record::canonical(values))
}

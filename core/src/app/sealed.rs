//! The seals that come behind what the server tells: kept with the record, so that it can be given
//! back should the server lose it. It does not know how a seal is made, nor when one is needed.

use super::FieldError;
use crate::base::id::{ChangeHash, RecordId};
use crate::store::seals::{self, SEAL_BYTES, Sealed};
use crate::store::{Db, documents, own_work};
use crate::sync::frames::Seal;

/// A state of a record that a frame told.
#[derive(Debug)]
pub(super) struct NamedState {
    record: RecordId,
    /// A document's heads, one change, or what names a fact or row.
    hashes: Vec<ChangeHash>,
    /// Whether the record has no other state beside it.
    is_whole: bool,
}

impl NamedState {
    /// All that there is of a fact or a row.
    pub(super) fn whole(record: RecordId, hash: ChangeHash) -> NamedState {
        NamedState {
            record,
            hashes: vec![hash],
            is_whole: true,
        }
    }

    /// Changes of a document.
    pub(super) fn changes(record: RecordId, hashes: Vec<ChangeHash>) -> NamedState {
        NamedState {
            record,
            hashes,
            is_whole: false,
        }
    }
}

/// Keeps what shows that the server said what it just told.
pub(super) fn keep(db: &Db, named: Option<NamedState>, seal: &Seal) -> Result<(), FieldError> {
    let Some(named) = named else { return Ok(()) };
    keep_seals(db, named.record, &named.hashes, &seal.seals, seal.tick)?;
    if named.is_whole {
        seals::keep_only(db, named.record, &named.hashes)?;
    }
    Ok(())
}

/// Keeps the seals that came with a state of a record: 16 bytes for each hash, in their order.
fn keep_seals(
    db: &Db,
    record: RecordId,
    hashes: &[ChangeHash],
    bytes: &[u8],
    tick: Option<u64>,
) -> Result<(), FieldError> {
    for (hash, seal) in hashes.iter().zip(bytes.chunks_exact(SEAL_BYTES)) {
        own_work::seal(db, *hash, seal)?;
        let seal = seal.to_vec();
        seals::put(db, record, *hash, &Sealed { seal, tick })?;
    }
    Ok(())
}

/// Of a document the newest changes alone need seals: they stand for all that they build on.
pub(super) fn forget_old(db: &Db, record: RecordId) -> Result<(), FieldError> {
    if let Some(heads) = documents::heads(db, record)? {
        seals::keep_only(db, record, &heads)?;
    }
    Ok(())
}

/// Keeps the seal of one change or fact that was accepted.
pub(super) fn keep_accepted(
    db: &Db,
    record: RecordId,
    hash: ChangeHash,
    seal: &[u8],
) -> Result<(), FieldError> {
    keep_seals(db, record, &[hash], seal, None)?;
    forget_old(db, record)
}

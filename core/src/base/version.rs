//! Versions of records and the state sum over them: how two replicas compare without sending data.
//! It does not know where members are kept.

use sha2::{Digest, Sha256};

use super::id::{ChangeHash, RecordId};

/// What a record is at: equal versions mean equal content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64);

impl Version {
    /// The version of a document: SHA-256 over its accepted heads in ascending order, first 8
    /// bytes, big endian.
    #[must_use]
    pub fn of_heads(heads: &[ChangeHash]) -> Self {
        let mut sorted = heads.to_vec();
        sorted.sort_unstable();
        let mut hasher = Sha256::new();
        sorted.iter().for_each(|head| hasher.update(head.0));
        Version(first_eight(hasher))
    }

    /// The version of a fact or a row: SHA-256 over its canonical bytes, first 8 bytes, big endian.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Version::of_hash(ChangeHash::of(bytes))
    }

    /// The version of a fact or a row by the hash of its canonical bytes.
    #[must_use]
    pub fn of_hash(hash: ChangeHash) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&hash.0[..8]);
        Version(u64::from_be_bytes(first))
    }

    /// What a live member adds to its bucket's state sum (wrapping 64-bit addition).
    #[must_use]
    pub fn weight(self, id: RecordId) -> u64 {
        let mut hasher = Sha256::new_with_prefix(id.0);
        hasher.update(self.0.to_be_bytes());
        first_eight(hasher)
    }
}

fn first_eight(hasher: Sha256) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize()[..8]);
    u64::from_be_bytes(bytes)
}

//! The key under which a phone's database lies on its disk. It does not know where a host keeps it.

use sha2::{Digest as _, Sha256};

use crate::base::hex;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// 32 random bytes that a host's key store hands in. They encrypt as they are: no password is
/// stretched into them.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseKey([u8; KEY_BYTES]);

impl DatabaseKey {
    /// The key of these bytes.
    #[must_use]
    pub fn of(bytes: [u8; KEY_BYTES]) -> DatabaseKey {
        DatabaseKey(bytes)
    }

    /// The key of these bytes; none if they are not 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<DatabaseKey> {
        bytes.try_into().ok().map(DatabaseKey)
    }

    /// The key of 64 hexadecimal letters; none if these are something else.
    #[must_use]
    pub fn read(letters: &str) -> Option<DatabaseKey> {
        DatabaseKey::from_bytes(&hex::bytes(letters)?)
    }

    /// Its 64 hexadecimal letters.
    #[must_use]
    pub fn letters(&self) -> String {
        hex::letters(&self.0)
    }

    /// A key that follows from this one, for what this label says. It tells nothing of this one.
    pub(super) fn derived(&self, label: &[u8]) -> [u8; 32] {
        let label = Sha256::digest(label);
        let labelled = Sha256::new().chain_update(label).chain_update(self.0);
        labelled.finalize().into()
    }
}

/// A key never reaches a log.
impl std::fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseKey")
    }
}

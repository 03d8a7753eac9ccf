//! Seals: what shows later that this tenant's server said something, when the server itself has
//! lost it. A seal is the first half of HMAC-SHA-256 under a key that never leaves the tenant's
//! file and its backups. It does not know who brings one, nor what becomes true by it.

use hmac::{Hmac, Mac};
use outfield_core::base::id::{ActorId, ChangeHash, RecordId};
use outfield_core::store::seals::SEAL_BYTES;
use outfield_core::store::{Db, meta};
use sha2::Sha256;

use crate::error::ServerError;

/// The key under which a tenant keeps the key of its seals.
const KEY: &str = "seal_key";

/// What a seal is set under.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SealedState<'a> {
    /// One change of a document, and by its hash all that it builds on.
    Change(ChangeHash),
    /// A fact, with who wrote it and when by the writer's clock.
    Fact {
        hash: ChangeHash,
        actor: ActorId,
        at_ms: i64,
    },
    /// A row: the hash of its values, and the server's clock when it became so.
    Row { hash: ChangeHash, tick: u64 },
    /// What a token says, and whether it brings new ones.
    Token { said: &'a [u8], refreshes: bool },
}

/// The key of a tenant's seals.
#[derive(Clone)]
pub(crate) struct SealKey(Hmac<Sha256>);

impl SealKey {
    /// The key that the file holds; none yet in one of before there were seals.
    pub(crate) fn read(db: &Db) -> Result<Option<SealKey>, ServerError> {
        let Some(key) = meta::get(db, KEY)? else {
            return Ok(None);
        };
        let mac = Hmac::new_from_slice(key.as_bytes()).map_err(ServerError::broken)?;
        Ok(Some(SealKey(mac)))
    }

    /// The key that the file holds, which is made of this chance when there is none.
    pub(crate) fn make(db: &Db, chance: [u8; 32]) -> Result<SealKey, ServerError> {
        db.execute(
            "INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)",
            [KEY, &ChangeHash(chance).to_string()],
        )?;
        SealKey::read(db)?.ok_or_else(|| ServerError::broken("the key of the seals is missing"))
    }

    /// The seal of a state of a record.
    pub(crate) fn seal(&self, object: &str, record: RecordId, state: SealedState<'_>) -> [u8; 16] {
        let mut seal = [0; SEAL_BYTES];
        let whole = self.mac(object, record, state).finalize().into_bytes();
        seal.copy_from_slice(&whole[..SEAL_BYTES]);
        seal
    }

    /// Whether this is the seal of a state of a record. It takes as long whatever is wrong with it.
    pub(crate) fn is_of(
        &self,
        object: &str,
        record: RecordId,
        state: SealedState<'_>,
        seal: &[u8],
    ) -> bool {
        seal.len() == SEAL_BYTES
            && self
                .mac(object, record, state)
                .verify_truncated_left(seal)
                .is_ok()
    }

    fn mac(&self, object: &str, record: RecordId, state: SealedState<'_>) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        let mut part = |bytes: &[u8]| {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            mac.update(&length.to_be_bytes());
            mac.update(bytes);
        };
        part(object.as_bytes());
        part(record.as_bytes());
        match state {
            SealedState::Change(hash) => {
                part(b"change");
                part(&hash.0);
            }
            SealedState::Fact { hash, actor, at_ms } => {
                part(b"fact");
                part(&hash.0);
                part(actor.as_bytes());
                part(&at_ms.to_be_bytes());
            }
            SealedState::Row { hash, tick } => {
                part(b"row");
                part(&hash.0);
                part(&tick.to_be_bytes());
            }
            SealedState::Token { said, refreshes } => {
                part(b"token");
                part(said);
                part(&[u8::from(refreshes)]);
            }
        }
        mac
    }
}

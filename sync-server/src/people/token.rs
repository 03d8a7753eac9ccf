//! The text of a token: whose it is, when it was handed out, and the seal by which it shows as this
//! server's own after the server has lost its hash. It does not know whether a token still works.

use outfield_core::base::hex;
use outfield_core::base::id::{DeviceId, RecordId, TenantId, UserId};
use outfield_core::store::seals::SEAL_BYTES;

use crate::tenant::seal::{SealKey, SealedState};

/// What a seal of a token is set under, in the place of an object.
const TOKEN: &str = "token";
/// Bytes of what a token says, before its seal.
const SAID_BYTES: usize = 56;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenClaim {
    pub user: UserId,
    pub device: DeviceId,
    /// Whether it is one that brings new ones.
    pub refreshes: bool,
    /// The clock of accepted work when it was handed out.
    pub tick: u64,
    /// When it was handed out, in milliseconds since 1970.
    pub at: i64,
}

impl TokenClaim {
    /// The token of a tenant that says this; `chance` makes it another one than all before.
    pub(super) fn text(&self, tenant: TenantId, seals: &SealKey, chance: [u8; 8]) -> String {
        let mut bytes = Vec::with_capacity(SAID_BYTES + SEAL_BYTES);
        bytes.extend(self.tick.to_be_bytes());
        bytes.extend(self.at.to_be_bytes());
        bytes.extend(self.device.as_bytes());
        bytes.extend(self.user.as_bytes());
        bytes.extend(chance);
        let state = SealedState::Token {
            said: &bytes,
            refreshes: self.refreshes,
        };
        let seal = seals.seal(TOKEN, RecordId(self.device.0), state);
        bytes.extend(seal);
        written(tenant, &bytes)
    }

    /// What a token says that this tenant's server handed out, in the letters that it had; none of
    /// what it never did.
    pub(super) fn read(
        text: &str,
        refreshes: bool,
        tenant: TenantId,
        seals: &SealKey,
    ) -> Option<TokenClaim> {
        let bytes = hex::bytes(text.split_once('-')?.1)?;
        if bytes.len() != SAID_BYTES + SEAL_BYTES || written(tenant, &bytes) != text {
            return None;
        }
        let (said, seal) = bytes.split_at(SAID_BYTES);
        let device = DeviceId::from_slice(&said[16..32]).ok()?;
        let state = SealedState::Token { said, refreshes };
        if !seals.is_of(TOKEN, RecordId(device.0), state, seal) {
            return None;
        }
        Some(TokenClaim {
            user: UserId::from_slice(&said[32..48]).ok()?,
            device,
            refreshes,
            tick: u64::from_be_bytes(said[..8].try_into().ok()?),
            at: i64::from_be_bytes(said[8..16].try_into().ok()?),
        })
    }
}

/// The one text of a tenant's token: written otherwise it would be another one to whoever knows
/// tokens by their hashes.
fn written(tenant: TenantId, bytes: &[u8]) -> String {
    let tenant = tenant.to_string().replace('-', "");
    format!("{tenant}-{}", hex::letters(bytes))
}

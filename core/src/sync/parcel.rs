//! A parcel: unsent work of one device on its way to the office by hand, locked for the tenant
//! alone, with the token by which it shows whose it is. It does not know how it is locked, nor what
//! becomes of the work.

use minicbor::bytes::ByteVec;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::frames::PushEntry;
use crate::base::hex;
use crate::base::id::{ActorId, GroupId, RecordId};

/// The line with which the file of a parcel begins; what follows is locked.
pub const PARCEL_START: &[u8] = b"outfield parcel 1\n";
/// Bytes that the file of a parcel may have.
pub const PARCEL_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Unsent work of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The tenant.
    pub tenant: String,
    /// The last access token of the device, which the tenant's server alone could have made; it
    /// may have run out.
    pub token: String,
    /// When it was packed, by the device's clock (RFC 3339).
    pub packed_at: String,
    /// The work, in the order of the outbox; no group is cut.
    pub entries: Vec<ParcelEntry>,
}

/// One entry of an outbox, so that a person can read it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelEntry {
    /// Its number in the outbox.
    pub number: u64,
    /// Whether it is a fact.
    pub is_fact: bool,
    /// The object's name.
    pub object: String,
    /// The record's id.
    pub record: String,
    /// The change, or the fact's canonical values, in hexadecimal letters.
    pub bytes: String,
    /// The server's clock up to which the device held everything when it was written.
    pub knew: u64,
    /// Who wrote a fact.
    pub actor: Option<String>,
    /// When a fact was written, in milliseconds since 1970.
    pub at_ms: Option<i64>,
    /// The id of its group, in hexadecimal letters; none if it goes alone.
    pub group: Option<String>,
    /// How many entries its group has.
    pub count: Option<u64>,
    /// The verb by which it was done, if one was.
    pub verb: Option<String>,
    /// The command that made it.
    pub command: Json,
}

impl ParcelEntry {
    /// What would have been pushed, and the command that made it.
    #[must_use]
    pub fn of(entry: &PushEntry, command: Json) -> ParcelEntry {
        ParcelEntry {
            number: entry.number,
            is_fact: entry.is_fact,
            object: entry.object.clone(),
            record: entry.record.to_string(),
            bytes: hex::letters(&entry.bytes),
            knew: entry.knew,
            actor: entry.actor.map(|actor| actor.to_string()),
            at_ms: entry.at_ms,
            group: entry.group.map(|group| hex::letters(group.as_bytes())),
            count: entry.count,
            verb: entry.verb.clone(),
            command,
        }
    }

    /// What would have been pushed; none if this is no entry.
    #[must_use]
    pub fn pushed(&self) -> Option<PushEntry> {
        let actor: Option<Option<ActorId>> = self.actor.as_ref().map(|actor| actor.parse().ok());
        let group = self.group.as_ref().map(|letters| {
            let bytes = hex::bytes(letters)?;
            GroupId::from_slice(&bytes).ok()
        });
        if actor == Some(None) || group == Some(None) {
            return None;
        }
        Some(PushEntry {
            number: self.number,
            is_fact: self.is_fact,
            object: self.object.clone(),
            record: self.record.parse::<RecordId>().ok()?,
            bytes: ByteVec::from(hex::bytes(&self.bytes)?),
            knew: self.knew,
            actor: actor.flatten(),
            at_ms: self.at_ms,
            group: group.flatten(),
            count: self.count,
            verb: self.verb.clone(),
        })
    }
}

//! Reads what a device pushes: which change or fact it is, who wrote it, and the hash that names
//! it. It does not know the database, nor whether the entry may become true.

use outfield_core::app::fact_hash;
use outfield_core::base::id::{ActorId, ChangeHash, GroupId, RecordId};
use outfield_core::base::limits::CHANGE_BYTES_MAX;
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Vetted, gate, touched};
use outfield_core::objects::{Record, Stamp, Values};
use outfield_core::sync::frames;

use super::rejection::{Denial, Rejection, rejected};

/// What a device handed in.
pub(super) struct PushedEntry {
    /// What names it: a change's own hash, a fact's by id and bytes, else the raw bytes'.
    pub hash: ChangeHash,
    pub object: String,
    pub record: RecordId,
    pub bytes: Vec<u8>,
    /// Who wrote it; none where the bytes do not say.
    pub actor: Option<ActorId>,
    /// The tick up to which the device held everything when it wrote.
    pub knew: u64,
    pub content: PushedContent,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// The verb of the object by which it was done, if it says one.
    pub verb: Option<String>,
    /// The group in which it came.
    pub group: Option<GroupId>,
}

/// What the bytes of an entry are.
pub(super) enum PushedContent {
    Change(Vetted),
    Fact,
    /// Neither; why not.
    Unreadable(Rejection),
}

impl PushedEntry {
    pub(super) fn read(entry: frames::PushEntry) -> PushedEntry {
        let mut pushed = PushedEntry {
            hash: ChangeHash::of(&entry.bytes),
            object: entry.object,
            record: entry.record,
            bytes: entry.bytes.into(),
            actor: None,
            knew: entry.knew,
            content: PushedContent::Fact,
            at: Timestamp(entry.at_ms.unwrap_or(0)),
            verb: entry.verb,
            group: entry.group,
        };
        if entry.is_fact {
            pushed.hash = fact_hash(pushed.record, &pushed.bytes);
            pushed.actor = entry.actor;
            return pushed;
        }
        match gate::change(&pushed.bytes) {
            Ok(change) => {
                pushed.hash = change.hash;
                pushed.actor = Some(change.actor);
                pushed.at = change.at;
                pushed.content = PushedContent::Change(change);
            }
            Err(error) => {
                let why = Rejection::new(error.code, error.message);
                pushed.content = PushedContent::Unreadable(why);
            }
        }
        pushed
    }

    /// Bytes of what it hands in, once inflated.
    pub(super) fn plain_bytes(&self) -> usize {
        match &self.content {
            PushedContent::Change(change) => change.bytes.len(),
            PushedContent::Fact | PushedContent::Unreadable(_) => self.bytes.len(),
        }
    }

    /// The values that a change writes, as a record that has nothing else.
    pub(super) fn written_by(&self, change: &Vetted) -> Result<Record, Denial> {
        match touched(change) {
            Ok(values) => Ok(self.holding(values, None)),
            Err(error) => Err(rejected(error.code(), error.to_string())),
        }
    }

    /// The record that a fact is; its values must be in the one form that they have in bytes.
    pub(super) fn fact(&self) -> Result<Record, Denial> {
        if self.bytes.len() > CHANGE_BYTES_MAX {
            let message = format!(
                "{} bytes, at most {CHANGE_BYTES_MAX} are allowed",
                self.bytes.len()
            );
            return Err(rejected("too_many_bytes", message));
        }
        let Ok(values) = minicbor::decode::<Values>(&self.bytes) else {
            let message = "a fact's bytes are a CBOR map from path to scalar";
            return Err(rejected("bad_fact", message));
        };
        if Record::canonical(&values) != self.bytes {
            let message = "a fact's bytes are canonical: ascending paths, no nulls, least lengths";
            return Err(rejected("bad_fact", message));
        }
        if !(Timestamp::MIN..=Timestamp::MAX).contains(&self.at) {
            let message = format!(
                "{} milliseconds is no moment that a calendar knows",
                self.at.0
            );
            return Err(rejected("bad_fact", message));
        }
        let stamp = self.actor.map(|actor| Stamp::once(self.at, actor));
        Ok(self.holding(values, stamp))
    }

    fn holding(&self, values: Values, stamp: Option<Stamp>) -> Record {
        Record {
            object: self.object.clone(),
            id: self.record,
            values,
            stamp,
        }
    }
}

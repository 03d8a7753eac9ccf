//! What travels: one type a frame, each a CBOR map with integer keys, so that members may be added
//! later. It does not know how frames become bytes: `wire` does.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::base::id::{ActorId, ChangeHash, DeviceId, GroupId, RecordId, UserId};
use crate::base::time::Timestamp;
use crate::objects::{Conflict, Stamp, Values};

pub use super::file_frames::{Arrived, Fetch, Piece};

/// The protocol that this version speaks.
pub const PROTOCOL: u16 = 2;

/// The code of an entry that was refused only because another of its group was.
pub const GROUP_REFUSED: &str = "group_refused";

/// A device's greeting.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// The oldest protocol the device speaks.
    #[n(0)]
    pub proto_min: u16,
    /// The newest protocol the device speaks.
    #[n(1)]
    pub proto_max: u16,
    /// The writer of the device's changes to come.
    #[n(2)]
    pub actor: ActorId,
    /// Fingerprint of the device's buckets; see [`super::wire::fingerprint`].
    #[n(3)]
    pub state: u64,
    /// The server's clock of accepted work up to which the device held everything when it wrote the
    /// oldest of its unsent work; with none, up to which it holds everything now.
    #[n(4)]
    pub tick: u64,
    /// The highest number its outbox ever gave out.
    #[n(5)]
    pub issued: u64,
}

/// The server's answer to a greeting.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Welcome {
    /// The protocol of this session.
    #[n(0)]
    pub proto: u16,
    /// The life of the server's database; another one after a restore.
    #[n(1)]
    pub epoch: u64,
    /// The highest outbox number that this device ever pushed. If the device gave out less, its
    /// database is older than itself.
    #[n(2)]
    pub seen: u64,
    /// The server's time, in milliseconds since 1970.
    #[n(3)]
    pub server_ms: i64,
    /// Who is signed in.
    #[n(4)]
    pub user: UserId,
    /// What that person may do.
    #[n(5)]
    pub role: String,
    /// That person's name.
    #[n(6)]
    pub name: String,
    /// The tenant's IANA time zone.
    #[n(7)]
    pub time_zone: String,
    /// The device, as the server knows it.
    #[n(8)]
    pub device: DeviceId,
    /// Whether the device's buckets are exactly the server's; then there is nothing to pull.
    #[n(9)]
    pub same: bool,
    /// The buckets to follow, in the order in which to pull them; left out when `same`.
    #[n(10)]
    pub buckets: Vec<String>,
    /// For how many days the device may be silent before it locks; none if for ever.
    #[n(11)]
    pub lease_days: Option<u32>,
}

/// One piece of work that a device hands in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PushEntry {
    /// Its number in the device's outbox.
    #[n(0)]
    pub number: u64,
    /// A fact rather than a change.
    #[n(1)]
    pub is_fact: bool,
    /// The object's name.
    #[n(2)]
    pub object: String,
    /// The record.
    #[n(3)]
    pub record: RecordId,
    /// The Automerge change, or the fact's values as canonical CBOR.
    #[n(4)]
    pub bytes: ByteVec,
    /// The server's clock up to which the device held everything when this was written.
    #[n(5)]
    pub knew: u64,
    /// Who wrote it; a change says so itself.
    #[n(6)]
    pub actor: Option<ActorId>,
    /// When, by the device's clock, in milliseconds since 1970; a change says so itself.
    #[n(7)]
    pub at_ms: Option<i64>,
    /// The group in which it comes; all of a group becomes true, or nothing.
    #[n(8)]
    pub group: Option<GroupId>,
    /// How many entries that group has.
    #[n(9)]
    pub count: Option<u64>,
    /// The verb of the object by which it was done; none for what was added, edited or decided.
    #[n(10)]
    pub verb: Option<String>,
}

/// What the server says of one entry, once and for all unless it asks for something.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Ruling {
    /// It is part of the history now.
    #[n(0)]
    Accepted {
        /// The number of this verdict.
        #[n(0)]
        number: u64,
    },
    /// It was accepted before.
    #[n(1)]
    Duplicate {
        /// The number of the first verdict.
        #[n(0)]
        number: u64,
    },
    /// Changes it builds on are not here; it stays queued.
    #[n(2)]
    Needs {
        /// Their hashes.
        #[n(0)]
        hashes: Vec<ChangeHash>,
    },
    /// It is refused and kept with its reason.
    #[n(3)]
    Quarantined {
        /// A stable name of the reason.
        #[n(0)]
        code: String,
        /// What is wrong and what to do.
        #[n(1)]
        message: String,
        /// The fields it is about.
        #[n(2)]
        fields: Vec<String>,
        /// The numbers and names behind the reason, as a JSON object.
        #[n(3)]
        numbers: Option<String>,
    },
    /// The server has no room for it in this request; it stays queued.
    #[n(4)]
    RetryLater,
    /// Another copy of this device wrote under the same actor, or the same bytes for another
    /// record: sign it anew with a new actor.
    #[n(5)]
    Rewrite,
}

/// A ruling with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Verdict {
    /// The entry: a change's hash, a fact's (SHA-256 of id and canonical values), else that of the
    /// raw bytes.
    #[n(0)]
    pub hash: ChangeHash,
    /// What the server says.
    #[n(1)]
    pub ruling: Ruling,
    /// Of what was accepted, the seal that shows it.
    #[n(2)]
    pub seal: Option<ByteVec>,
}

/// A bucket that a device wants to follow further.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Want {
    /// The bucket.
    #[n(0)]
    pub bucket: String,
    /// The last operation it has taken in; 0 for all of it.
    #[n(1)]
    pub cursor: u64,
}

/// A document whose history the device wants, though it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Need {
    /// The record.
    #[n(0)]
    pub record: RecordId,
}

/// Operations of one bucket follow.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Start {
    /// The bucket.
    #[n(0)]
    pub bucket: String,
    /// The cursor that they continue; 0 means that the bucket comes anew and whole.
    #[n(1)]
    pub from: u64,
}

/// A server-owned row as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Row {
    /// The operation's number in its bucket.
    #[n(0)]
    pub seq: u64,
    /// The object's name.
    #[n(1)]
    pub object: String,
    /// The record.
    #[n(2)]
    pub record: RecordId,
    /// Its values by path.
    #[n(3)]
    pub values: Values,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Fact {
    /// The operation's number in its bucket.
    #[n(0)]
    pub seq: u64,
    /// The object's name.
    #[n(1)]
    pub object: String,
    /// The record.
    #[n(2)]
    pub record: RecordId,
    /// Its values by path.
    #[n(3)]
    pub values: Values,
    /// Who wrote it.
    #[n(4)]
    pub actor: ActorId,
    /// When, by the writer's clock.
    #[n(5)]
    pub at_ms: i64,
}

/// A whole document with what its rows show, so that a device need not read the history to show it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Doc {
    /// The operation's number in its bucket.
    #[n(0)]
    pub seq: u64,
    /// The object's name.
    #[n(1)]
    pub object: String,
    /// The record.
    #[n(2)]
    pub record: RecordId,
    /// The saved document, changes behind it included; empty where it was closed long ago and only
    /// what it shows goes to devices.
    #[n(3)]
    pub blob: ByteVec,
    /// Its accepted heads, ascending.
    #[n(4)]
    pub heads: Vec<ChangeHash>,
    /// The values that show, by path.
    #[n(5)]
    pub values: Values,
    /// When it was made, by the maker's clock.
    #[n(6)]
    pub created_ms: i64,
    /// Who made it.
    #[n(7)]
    pub created_by: ActorId,
    /// When it was last changed, by the changer's clock.
    #[n(8)]
    pub changed_ms: i64,
    /// Who changed it last.
    #[n(9)]
    pub changed_by: ActorId,
}

impl Doc {
    /// When and by whom it was made and last changed.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            created_at: Timestamp(self.created_ms),
            created_by: self.created_by,
            changed_at: Timestamp(self.changed_ms),
            changed_by: self.changed_by,
        }
    }
}

/// The history of a document that the device asked for, as of the moment of which the answer
/// speaks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct History {
    /// The object's name.
    #[n(0)]
    pub object: String,
    /// The record.
    #[n(1)]
    pub record: RecordId,
    /// The saved document, changes behind it included.
    #[n(2)]
    pub blob: ByteVec,
    /// Its accepted heads, ascending.
    #[n(3)]
    pub heads: Vec<ChangeHash>,
}

/// One more change of a document that the device holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Change {
    /// The operation's number in its bucket.
    #[n(0)]
    pub seq: u64,
    /// The object's name.
    #[n(1)]
    pub object: String,
    /// The record.
    #[n(2)]
    pub record: RecordId,
    /// The Automerge change.
    #[n(3)]
    pub bytes: ByteVec,
}

/// The device's own work comes back as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Own {
    /// The operation's number in its bucket.
    #[n(0)]
    pub seq: u64,
    /// The object's name.
    #[n(1)]
    pub object: String,
    /// The record.
    #[n(2)]
    pub record: RecordId,
    /// The change or fact.
    #[n(3)]
    pub hash: ChangeHash,
}

/// A conflict as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Held {
    /// The operation's number in its bucket.
    #[n(0)]
    pub seq: u64,
    /// The conflict.
    #[n(1)]
    pub conflict: Conflict,
}

/// A record left the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Remove {
    /// The operation's number in its bucket.
    #[n(0)]
    pub seq: u64,
    /// The object's name.
    #[n(1)]
    pub object: String,
    /// The record.
    #[n(2)]
    pub record: RecordId,
}

/// An object's descriptor as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Published {
    /// The operation's number in its bucket.
    #[n(0)]
    pub seq: u64,
    /// The descriptor's record id.
    #[n(1)]
    pub record: RecordId,
    /// The descriptor as JSON.
    #[n(2)]
    pub json: String,
}

/// Shows that the server itself said what the frame before it says: nobody else can make one, and
/// whoever holds one can give back what a server has lost.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Seal {
    /// 16 bytes for each thing that the frame names by a hash, in its order: a document's heads, or
    /// the one change, fact or row.
    #[n(0)]
    pub seals: ByteVec,
    /// The server's clock of accepted work when a row became so; it is sealed with it.
    #[n(1)]
    pub tick: Option<u64>,
}

/// A device holds what the server did not tell: has the server lost it? A seal follows.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Offer {
    /// The object's name.
    #[n(0)]
    pub object: String,
    /// The record.
    #[n(1)]
    pub record: RecordId,
    /// A document's heads, ascending; a fact's hash; of a row the hash of its values.
    #[n(2)]
    pub hashes: Vec<ChangeHash>,
    /// Who wrote a fact.
    #[n(3)]
    pub actor: Option<ActorId>,
    /// When a fact was written, by the writer's clock, in milliseconds since 1970.
    #[n(4)]
    pub at_ms: Option<i64>,
}

/// The server lacks what was offered of this record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Lacking {
    /// The record.
    #[n(0)]
    pub record: RecordId,
}

/// What became of a record that a device gave back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Returned {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// What the server says.
    #[n(1)]
    pub ruling: Ruling,
}

/// All of a bucket has been said; the device compares.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Checkpoint {
    /// The bucket.
    #[n(0)]
    pub bucket: String,
    /// Its last operation.
    #[n(1)]
    pub seq: u64,
    /// Its state sum.
    #[n(2)]
    pub sum: u64,
}

/// The answer is complete.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct End {
    /// The server's clock of accepted work at the moment of which the answer speaks.
    #[n(0)]
    pub tick: u64,
}

/// Any frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// See [`Hello`].
    Hello(Hello),
    /// See [`Welcome`].
    Welcome(Welcome),
    /// See [`PushEntry`].
    Entry(PushEntry),
    /// See [`Verdict`].
    Verdict(Verdict),
    /// See [`Want`].
    Want(Want),
    /// See [`Need`].
    Need(Need),
    /// See [`Start`].
    Start(Start),
    /// See [`Row`].
    Row(Row),
    /// See [`Fact`].
    Fact(Fact),
    /// See [`Doc`].
    Doc(Doc),
    /// See [`History`].
    History(History),
    /// See [`Change`].
    Change(Change),
    /// See [`Own`].
    Own(Own),
    /// See [`Held`].
    Conflict(Held),
    /// See [`Remove`].
    Remove(Remove),
    /// See [`Published`].
    Descriptor(Published),
    /// See [`Seal`].
    Seal(Seal),
    /// See [`Offer`].
    Offer(Offer),
    /// See [`Lacking`].
    Lacking(Lacking),
    /// See [`Returned`].
    Returned(Returned),
    /// See [`Piece`].
    Piece(Piece),
    /// See [`Arrived`].
    Arrived(Arrived),
    /// See [`Fetch`].
    Fetch(Fetch),
    /// See [`Checkpoint`].
    Checkpoint(Checkpoint),
    /// See [`End`].
    End(End),
}

impl Frame {
    /// Where an operation stands in the server's log; nothing for frames that are no operations.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        match self {
            Frame::Row(row) => Some(row.seq),
            Frame::Fact(fact) => Some(fact.seq),
            Frame::Doc(doc) => Some(doc.seq),
            Frame::Change(change) => Some(change.seq),
            Frame::Own(own) => Some(own.seq),
            Frame::Conflict(held) => Some(held.seq),
            Frame::Remove(gone) => Some(gone.seq),
            Frame::Descriptor(published) => Some(published.seq),
            Frame::Hello(_)
            | Frame::Welcome(_)
            | Frame::Entry(_)
            | Frame::Verdict(_)
            | Frame::Want(_)
            | Frame::Need(_)
            | Frame::Start(_)
            | Frame::History(_)
            | Frame::Seal(_)
            | Frame::Offer(_)
            | Frame::Lacking(_)
            | Frame::Returned(_)
            | Frame::Piece(_)
            | Frame::Arrived(_)
            | Frame::Fetch(_)
            | Frame::Checkpoint(_)
            | Frame::End(_) => None,
        }
    }
}

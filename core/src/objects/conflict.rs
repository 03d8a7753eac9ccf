//! A field that two people changed without knowing of each other: every value is kept until a
//! person decides. It does not know how competing values are found.

use super::value::Value;
use crate::base::id::{ActorId, ConflictId, RecordId, UserId};

/// One competing value.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
pub struct Side {
    /// The operation that wrote it (`counter@actor`), which names it on every replica.
    #[n(0)]
    pub operation: String,
    /// Who wrote it.
    #[n(1)]
    pub actor: ActorId,
    /// When, by the writer's clock.
    #[n(2)]
    pub at_ms: i64,
    /// What was written.
    #[n(3)]
    pub value: Value,
}

/// Where a conflict stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum ConflictState {
    /// Waits for a person.
    #[n(0)]
    Open,
    /// A person chose a value.
    #[n(1)]
    Resolved,
    /// Other values compete now: a later conflict holds those of these sides that still stand.
    #[n(2)]
    Superseded,
}

impl ConflictState {
    /// The state's name as tables and JSON spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ConflictState::Open => "open",
            ConflictState::Resolved => "resolved",
            ConflictState::Superseded => "superseded",
        }
    }
}

/// A durable conflict.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
pub struct Conflict {
    /// Derived from record, path and sorted operations: the same on every replica.
    #[n(0)]
    pub id: ConflictId,
    /// The object's name.
    #[n(1)]
    pub object: String,
    /// The record.
    #[n(2)]
    pub record: RecordId,
    /// The path of the field.
    #[n(3)]
    pub path: String,
    /// The value before any of the competing changes.
    #[n(4)]
    pub base: Value,
    /// The competing values, the one that shows first.
    #[n(5)]
    pub sides: Vec<Side>,
    /// Where it stands.
    #[n(6)]
    pub state: ConflictState,
}

impl Conflict {
    /// The id for these operations on this field.
    #[must_use]
    pub fn id_of(record: RecordId, path: &str, operations: &[&str]) -> ConflictId {
        let mut sorted = operations.to_vec();
        sorted.sort_unstable();
        let mut parts: Vec<&[u8]> = vec![&record.0, path.as_bytes()];
        parts.extend(sorted.iter().map(|operation| operation.as_bytes()));
        ConflictId::derived(&parts)
    }

    /// Whether this conflict, which holds all that stood when it was found, takes the place of
    /// another: of a field one conflict is open at most, that of the newest values. Whatever wrote
    /// over a value is newer than it.
    #[must_use]
    pub fn supersedes(&self, older: &Conflict) -> bool {
        let same_field = self.record == older.record && self.path == older.path;
        if !same_field || older.id == self.id {
            return false;
        }
        let shares = self.sides.iter().any(|mine| {
            let mut others = older.sides.iter();
            others.any(|other| other.operation == mine.operation)
        });
        shares || self.newest() > older.newest()
    }

    /// The newest of its operations, by counter and writer.
    fn newest(&self) -> Option<(u64, ActorId)> {
        let counted = self.sides.iter().map(|side| {
            let counter = side.operation.split('@').next();
            let counter = counter.and_then(|counter| counter.parse().ok());
            (counter.unwrap_or(0), side.actor)
        });
        counted.max()
    }

    /// The same in another state. One that others superseded keeps no values, only the operations
    /// that wrote them: the history has the rest, and nobody decides it any more.
    #[must_use]
    pub fn moved_to(mut self, state: ConflictState) -> Conflict {
        if state == ConflictState::Superseded {
            self.base = Value::Null;
            for side in &mut self.sides {
                side.value = Value::Null;
            }
        }
        self.state = state;
        self
    }

    /// Which side is a user's own: the first whose actor `author` maps to the user, else the one
    /// that shows.
    pub fn mine(&self, user: UserId, author: impl Fn(ActorId) -> Option<UserId>) -> Option<&Side> {
        let own = self
            .sides
            .iter()
            .find(|side| author(side.actor) == Some(user));
        own.or(self.sides.first())
    }
}

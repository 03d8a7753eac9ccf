//! What a command comes to. It does not know how that was decided.

use crate::base::decimal::Decimal;
use crate::base::id::{ConflictId, RecordId};
use crate::objects::{PotAddress, Write};

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The record that the command was about.
    pub id: RecordId,
    /// What is written, one write a record; empty if nothing really changes.
    pub writes: Vec<Write>,
    /// The conflict that it closes.
    pub resolves: Option<ConflictId>,
    /// What is asked of the server with it.
    pub asks: Vec<AskedVerdict>,
}

/// A document that asks the server for a verdict, and what pots would move by if it is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedVerdict {
    /// The object of the verdict.
    pub verdict: String,
    /// The object of the document.
    pub object: String,
    /// The document.
    pub record: RecordId,
    /// What would move.
    pub pending: Vec<PendingChange>,
}

/// By how much a pot would move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingChange {
    /// The pot.
    pub pot: PotAddress,
    /// By so much, below 0 if it falls.
    pub delta: Decimal,
}

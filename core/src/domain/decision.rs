//! What a command comes to. It does not know how that was decided.

use crate::base::id::{ConflictId, RecordId};
use crate::objects::Write;

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The record that the command was about.
    pub id: RecordId,
    /// What is written, one write a record; empty if nothing really changes.
    pub writes: Vec<Write>,
    /// The conflict that it closes.
    pub resolves: Option<ConflictId>,
}

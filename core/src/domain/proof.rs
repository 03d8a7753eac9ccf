//! What shows that an action of a visit was done: a record of some object that belongs to the
//! visit.
//! It does not know which objects do; each area says so of its own.

use crate::objects::{Record, Write};

/// One kind of action, and the record that shows it done.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// The kind of action.
    pub kind: &'static str,
    /// The object whose records show it; they name their visit.
    pub object: &'static str,
    /// Whether the record must name the action, too.
    pub names_action: bool,
    /// Whether a record shows it.
    pub shows: fn(&Record) -> bool,
    /// What becomes true of the record once the action is answered by it.
    pub ends: fn(&Record) -> Option<Write>,
}

/// The proof of a kind of action, if records can show it.
pub type Proofs = fn(&str) -> Option<&'static Proof>;

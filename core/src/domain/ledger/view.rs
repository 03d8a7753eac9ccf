//! What the ledger reads: objects, records, and what is granted already.
//! It does not know what it is read for.

use crate::base::id::RecordId;
use crate::objects::{Hold, Reader, Registry};

/// What the ledger reads.
#[derive(Clone, Copy)]
pub struct Ledger<'a> {
    /// The known objects.
    pub registry: &'a Registry,
    /// The door to records, holds and pending work.
    pub reader: &'a dyn Reader,
    /// The record whose own pending work does not count against it.
    pub asker: RecordId,
    /// What is set aside already beside what the reader knows: a device knows no holds, only what
    /// was granted.
    pub granted: &'a [Hold],
}

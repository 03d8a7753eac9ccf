//! Tells whoever shows records which of them changed.
//! It does not know what is shown.

use crate::base::id::RecordId;

/// Learns which records changed, after they are durable.
pub trait Observer: Send + Sync {
    /// `object` and ids of records that were written or removed by one command or one batch of a
    /// sync.
    fn changed(&self, object: &str, ids: &[RecordId]);
}

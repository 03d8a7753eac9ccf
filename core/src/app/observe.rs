//! Tells whoever shows records which of them changed.
//! It does not know what is shown.

use std::sync::Arc;

use super::Device;
use crate::base::id::RecordId;

/// Learns which records changed, after they are durable.
pub trait Observer: Send + Sync {
    /// `object` and ids of records that were written or removed by one command or one batch of a
    /// sync.
    fn changed(&self, object: &str, ids: &[RecordId]);
}

impl Device {
    /// From now on tells this observer of every change.
    pub fn observe(&mut self, observer: Arc<dyn Observer>) {
        self.observers.push(observer);
    }

    pub(super) fn tell(&self, mut changed: Vec<(String, RecordId)>) {
        changed.sort();
        changed.dedup();
        for group in changed.chunk_by(|a, b| a.0 == b.0) {
            let ids: Vec<RecordId> = group.iter().map(|(_, id)| *id).collect();
            self.observers
                .iter()
                .for_each(|observer| observer.changed(&group[0].0, &ids));
        }
    }
}

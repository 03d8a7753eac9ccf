//! Counts the long answers that each device is being given, so that one that does not listen cannot
//! take up all who answer. It does not know what is answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use outfield_core::base::id::DeviceId;

use super::lock::locked;
use crate::error::{ErrorKind, ServerError};

/// Long answers to one device at a time: one, and those to connections whose end has not been
/// noticed yet.
const PULLS_MAX: usize = 4;

/// Who is being answered, and how often.
#[derive(Clone, Default)]
pub(super) struct PullLimit(Arc<Mutex<BTreeMap<DeviceId, usize>>>);

/// One long answer under way; it counts until it is dropped.
pub(super) struct PullSlot {
    pull_limit: PullLimit,
    device: DeviceId,
}

impl PullLimit {
    /// One more for this device, unless it has too many.
    pub(super) fn take(&self, device: DeviceId) -> Result<PullSlot, ServerError> {
        let mut counted = locked(&self.0);
        let count = counted.entry(device).or_default();
        if *count >= PULLS_MAX {
            let message =
                "this device is being answered several times already; try again in a moment";
            return Err(ServerError::new(ErrorKind::Busy, "busy", message));
        }
        *count += 1;
        Ok(PullSlot {
            pull_limit: self.clone(),
            device,
        })
    }
}

impl Drop for PullSlot {
    fn drop(&mut self) {
        let mut counted = locked(&self.pull_limit.0);
        let left = counted.get(&self.device).copied().unwrap_or(0);
        if left > 1 {
            counted.insert(self.device, left - 1);
        } else {
            counted.remove(&self.device);
        }
    }
}

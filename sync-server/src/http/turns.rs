//! Counts the long answers that each device is being given, so that one that does not listen cannot
//! take up all who answer. It does not know what is answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use outfield_core::base::id::DeviceId;

use super::locked;
use crate::error::ServerError;

/// Long answers to one device at a time: one, and those to connections whose end has not been
/// noticed yet.
const TURNS_MAX: usize = 4;

/// Who is being answered, and how often.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<BTreeMap<DeviceId, usize>>>);

/// One long answer under way; it counts until it is dropped.
pub(super) struct Turn {
    turns: Turns,
    device: DeviceId,
}

impl Turns {
    /// One more for this device, unless it has too many.
    pub(super) fn take(&self, device: DeviceId) -> Result<Turn, ServerError> {
        let mut counted = locked(&self.0);
        let count = counted.entry(device).or_default();
        if *count >= TURNS_MAX {
            let message =
                "this device is being answered several times already; try again in a moment";
            return Err(ServerError::refused("busy", message));
        }
        *count += 1;
        Ok(Turn {
            turns: self.clone(),
            device,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counted = locked(&self.turns.0);
        let left = counted.get(&self.device).copied().unwrap_or(0);
        if left > 1 {
            counted.insert(self.device, left - 1);
        } else {
            counted.remove(&self.device);
        }
    }
}

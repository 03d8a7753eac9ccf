//! The operating system as surroundings: its clock, its randomness, and waiting by sleep. Whoever
//! brings the core to people hands this in; tests and simulations hand in a seed. It does not know
//! who asks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::FieldError;
use crate::base::context::Surroundings;
use crate::base::time::Timestamp;

/// Time and randomness of the system that this process runs on.
pub struct System {
    seed: [u8; 32],
    drawn: AtomicU64,
}

impl System {
    /// Makes sure that the system has randomness, so that no later draw can fail.
    pub fn open() -> Result<System, FieldError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| {
            FieldError::broken(format!("the system gives no random bytes: {error}"))
        })?;
        Ok(System {
            seed,
            drawn: AtomicU64::new(0),
        })
    }
}

impl Surroundings for System {
    fn now(&self) -> Timestamp {
        #[allow(
            clippy::disallowed_methods,
            reason = "the one place where the system's clock is read"
        )]
        let now = std::time::SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn entropy(&self) -> [u8; 32] {
        // Should the system fail later on, seed and count still make every draw a new one.
        let mut fresh = [0; 32];
        let told = getrandom::fill(&mut fresh).is_ok();
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut hasher = Sha256::new_with_prefix(self.seed);
        hasher.update(drawn.to_be_bytes());
        hasher.update([u8::from(told)]);
        hasher.update(fresh);
        hasher.finalize().into()
    }

    fn wait(&self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }
}

#[cfg(test)]
mod tests {
    use super::System;
    use crate::base::context::Surroundings;

    #[test]
    fn no_draw_is_like_another_and_time_does_not_stand_still() {
        let system = System::open().unwrap();
        assert_ne!(system.entropy(), system.entropy());
        assert_ne!(system.entropy(), System::open().unwrap().entropy());
        let before = system.now();
        system.wait(3);
        assert!(system.now().0 >= before.0 + 3);
    }
}

//! What looking into histories may cost one call: steps are counted before they are made, so that
//! few bytes never ask for much work. It does not know who calls.

use super::error::CrdtError;

/// The code of what would take more steps than a call has.
pub const TOO_COSTLY: &str = "too_costly";

/// The steps that are left to one call; one is about a look at one value of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effort {
    of: u64,
    left: u64,
}

impl Effort {
    /// So many steps.
    #[must_use]
    pub fn of(steps: u64) -> Self {
        Effort {
            of: steps,
            left: steps,
        }
    }

    /// For what is known to be honest: nothing is refused.
    #[must_use]
    pub fn endless() -> Self {
        Effort::of(u64::MAX)
    }

    /// How many steps were made.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.of - self.left
    }

    /// Makes so many steps, or none where fewer are left; then nothing is left.
    pub fn spend(&mut self, steps: u64) -> Result<(), CrdtError> {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or(0);
        if left.is_some() {
            return Ok(());
        }
        Err(CrdtError::history(
            TOO_COSTLY,
            "it competes with too much that others wrote; sync, then do it again in smaller parts",
        ))
    }
}

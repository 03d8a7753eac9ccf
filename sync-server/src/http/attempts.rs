//! Counts who tries codes and refresh tokens in vain, by where it comes from and whose they would
//! be, so that nobody tries many. It does not know codes nor tokens.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use outfield_core::base::id::TenantId;

use super::connection::Origin;
use super::lock::locked;
use crate::error::{ErrorKind, ServerError};
use crate::limits::{
    ADDRESS_ATTEMPTS_MAX, ATTEMPTS_KEPT_MAX, ATTEMPTS_WINDOW, TENANT_ATTEMPTS_MAX,
};

/// By what attempts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AttemptSide {
    From(Origin),
    At(TenantId),
}

impl AttemptSide {
    fn limit(self) -> u32 {
        match self {
            AttemptSide::From(_) => ADDRESS_ATTEMPTS_MAX,
            AttemptSide::At(_) => TENANT_ATTEMPTS_MAX,
        }
    }
}

/// Attempts of the last while.
pub(super) struct AttemptLimit(Mutex<AttemptWindow>);

/// Attempts since a moment, when all counts began anew.
struct AttemptWindow {
    began: Instant,
    counts: BTreeMap<AttemptSide, u32>,
}

/// One attempt, which counts until it turns out to be good.
pub(super) struct Attempt {
    sides: Vec<AttemptSide>,
}

impl AttemptLimit {
    pub(super) fn new() -> AttemptLimit {
        AttemptLimit(Mutex::new(AttemptWindow {
            began: Instant::now(),
            counts: BTreeMap::new(),
        }))
    }

    /// Somebody tries; not if too many of the same failed. Who tries many at once has each counted
    /// before it is looked at.
    pub(super) fn begin(&self, from: Origin, at: TenantId) -> Result<Attempt, ServerError> {
        let mut window = locked(&self.0);
        let passed = window.began.elapsed();
        if passed >= ATTEMPTS_WINDOW {
            window.began = Instant::now();
            window.counts.clear();
        }
        let sides = vec![AttemptSide::From(from), AttemptSide::At(at)];
        for side in &sides {
            if window
                .counts
                .get(side)
                .is_some_and(|count| *count >= side.limit())
            {
                return Err(too_many(ATTEMPTS_WINDOW.saturating_sub(passed)));
            }
        }
        for side in &sides {
            let is_room = window.counts.len() < ATTEMPTS_KEPT_MAX;
            if let Some(count) = window.counts.get_mut(side) {
                *count += 1;
            } else if is_room {
                window.counts.insert(*side, 1);
            }
        }
        Ok(Attempt { sides })
    }

    /// The attempt was good, and counts no more.
    pub(super) fn was_good(&self, attempt: Attempt) {
        let mut window = locked(&self.0);
        for side in attempt.sides {
            if let Some(count) = window.counts.get_mut(&side) {
                *count = count.saturating_sub(1);
            }
        }
    }
}

fn too_many(wait: Duration) -> ServerError {
    let seconds = u32::try_from(wait.as_secs())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let message = format!(
        "too many codes or tokens were tried in vain; try again in {seconds} seconds, with a code \
         that the office has just made"
    );
    ServerError::new(ErrorKind::Busy, "too_many_attempts", message).waiting(seconds)
}

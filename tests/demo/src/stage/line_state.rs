//! How a line between a phone and the server stands: where it leads, where its next call is held,
//! what it has carried. It does not know sockets.

use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a held call waits to be cut.
pub(crate) const HOLD: Duration = Duration::from_secs(60);

/// Where the next call of a path is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snag {
    /// On its way to the server, after this many thousandths of its bytes; never the last byte.
    Asking {
        /// The path.
        path: &'static str,
        /// Thousandths.
        permille: u64,
    },
    /// On its way back to the phone, after this many bytes of the answer.
    Answering {
        /// The path.
        path: &'static str,
        /// Bytes.
        bytes: u64,
    },
}

/// One call that a phone made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CarriedCall {
    /// The path.
    pub(crate) path: String,
    /// The body: the same for a call that is made again.
    pub(crate) body: Vec<u8>,
}

/// How far a held call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldCall {
    /// Bytes that were let through.
    pub(crate) passed: u64,
    /// Bytes of all of it, where that is known.
    pub(crate) of: Option<u64>,
}

/// How a line stands now.
#[derive(Default)]
pub(crate) struct LineState {
    /// The server that it leads to; without one there is no signal.
    pub(crate) server: Option<SocketAddr>,
    /// Where the next call is to be held.
    pub(crate) snag: Option<Snag>,
    /// The call that is held now.
    pub(crate) held: Option<HeldCall>,
    /// Whether the held call is to be cut.
    pub(crate) cut: bool,
    /// All calls so far.
    pub(crate) calls: Vec<CarriedCall>,
}

impl LineState {
    /// Where a call of so many bytes is held on its way to the server; the snag is then used up.
    pub(crate) fn held_asking(&mut self, path: &str, length: u64) -> Option<HeldCall> {
        let Some(Snag::Asking {
            path: wanted,
            permille,
        }) = self.snag
        else {
            return None;
        };
        if wanted != path {
            return None;
        }
        self.snag = None;
        Some(HeldCall {
            passed: share(length, permille),
            of: Some(length),
        })
    }

    /// Where an answer of which so many bytes have come is held; the snag is then used up.
    pub(crate) fn held_answering(&mut self, path: &str, answered: u64) -> Option<HeldCall> {
        let Some(Snag::Answering {
            path: wanted,
            bytes,
        }) = self.snag
        else {
            return None;
        };
        if wanted != path || bytes >= answered {
            return None;
        }
        self.snag = None;
        Some(HeldCall {
            passed: bytes,
            of: None,
        })
    }
}

/// So many thousandths of a length, at least 1 and less than all.
fn share(length: u64, permille: u64) -> u64 {
    let share = length * permille.min(1_000) / 1_000;
    share.clamp(1, length.saturating_sub(1).max(1))
}

/// A line as both ends of its connections see it.
#[derive(Default)]
pub(crate) struct SharedLine {
    state: Mutex<LineState>,
    changed: Condvar,
}

impl SharedLine {
    /// How it stands now.
    pub(crate) fn state(&self) -> MutexGuard<'_, LineState> {
        // The state is whole after every statement that changes it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that a call is held, and waits until it is cut.
    pub(crate) fn hold(&self, held: HeldCall) {
        let mut state = self.state();
        state.held = Some(held);
        let waited = self
            .changed
            .wait_timeout_while(state, HOLD, |state| !state.cut);
        drop(waited);
    }

    /// Cuts the connection whose call is held.
    pub(crate) fn cut(&self) {
        let mut state = self.state();
        (state.held, state.cut) = (None, true);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_nothing_and_never_all() {
        assert_eq!(
            (share(100, 0), share(100, 500), share(100, 1_000)),
            (1, 50, 99)
        );
    }
}

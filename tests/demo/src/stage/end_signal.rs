//! Learns when the person wants to end: Ctrl-C, SIGTERM, or the terminal was closed. It does not
//! know what ends then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use outfield_server::error::ServerError;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often it is asked whether the person wants to end.
const LINGER: Duration = Duration::from_millis(100);
/// Whether the person wants to end.
#[derive(Clone)]
pub(crate) struct EndSignal(Arc<AtomicBool>);

impl EndSignal {
    /// Listens from now on, in a thread of its own, until this process ends.
    pub(crate) fn listen() -> Result<EndSignal, ServerError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ServerError::broken)?;
        let (mut interrupt, mut terminate, mut closed) = {
            let _inside = runtime.enter();
            (
                listen_to(SignalKind::interrupt())?,
                listen_to(SignalKind::terminate())?,
                listen_to(SignalKind::hangup())?,
            )
        };
        let was_given = Arc::new(AtomicBool::new(false));
        let given = Arc::clone(&was_given);
        std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = closed.recv() => {}
                }
            });
            given.store(true, Ordering::Relaxed);
        });
        Ok(EndSignal(was_given))
    }

    /// Whether the person wants to end.
    pub(crate) fn was_given(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits until the person wants to end, or `goes_on` says no more.
    pub(crate) fn wait(&self, mut goes_on: impl FnMut() -> bool) {
        while !self.was_given() && goes_on() {
            std::thread::sleep(LINGER);
        }
    }
}

fn listen_to(kind: SignalKind) -> Result<Signal, ServerError> {
    signal(kind).map_err(ServerError::broken)
}

//! Listens, and ends in order: on a signal, or when whoever started the server is gone.
//! It does not know which requests there are.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use outfield_core::base::context::Surroundings;
use tokio::sync::watch;

use super::router::router;
use super::state::AppState;
use crate::data_dir::DataDir;
use crate::error::ServerError;

/// How long those who are being answered have once the server is told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// What ends a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Ctrl-C or SIGTERM.
    Told,
    /// The same, or the end of standard input: whoever started it is gone.
    Alone,
}

/// Serves a data folder until it ends. `ready` learns the address first.
pub fn serve(
    dir: &Path,
    listen: &str,
    until: Until,
    surroundings: Arc<dyn Surroundings>,
    ready: &dyn Fn(&str),
) -> Result<(), ServerError> {
    let data_dir = DataDir::open(dir, surroundings)?;
    let gone = (until == Until::Alone).then(input_ends);
    let state = Arc::new(AppState::new(data_dir));
    let runtime = tokio::runtime::Runtime::new().map_err(ServerError::broken)?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .map_err(|error| {
                ServerError::bad_input(
                    "bad_listen",
                    format!("cannot listen on {listen}: {error}; name another with --listen"),
                )
            })?;
        let address = listener.local_addr().map_err(ServerError::broken)?;
        ready(&format!("http://{address}"));
        // An answer is many small pieces; none of them waits until the last one was acknowledged.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let serving =
            axum::serve(listener, router(state)).with_graceful_shutdown(stopped(gone.clone()));
        tokio::select! {
            served = async { serving.await } => served.map_err(ServerError::broken),
            () = late(gone) => Ok(()),
        }
    });
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    served
}

/// Nobody who dawdles over a request holds up the end of the server.
async fn late(gone: Option<watch::Receiver<bool>>) {
    stopped(gone).await;
    tokio::time::sleep(SHUTDOWN_GRACE).await;
}

async fn stopped(gone: Option<watch::Receiver<bool>>) {
    let alone = async {
        match gone {
            Some(mut gone) => drop(gone.wait_for(|gone| *gone).await),
            None => std::future::pending().await,
        }
    };
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {}, () = alone => {} }
        }
        Err(_) => drop(interrupt.await),
    }
}

/// Learns when standard input ends, in a thread of its own: nobody waits for it when the server
/// stops for another reason.
fn input_ends() -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    std::thread::spawn(move || {
        // An input that breaks has ended too.
        std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).ok();
        tell.send(true).ok();
    });
    told
}

//! What a server is told from outside while it serves: to stop, because somebody says so or whoever
//! started it is gone, and to read again what it may. It does not know what it serves.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::interval;

use super::tls::ShownCertificate;
use crate::error::ServerError;
use crate::limits::CERTIFICATE_LOOK;
use crate::seen::{LogLevel, ServerLog};

/// Shows the certificate anew when its files change.
pub(super) async fn keeps_looking(certificate: Option<Arc<ShownCertificate>>) {
    let Some(certificate) = certificate else {
        return std::future::pending().await;
    };
    let mut looks = interval(CERTIFICATE_LOOK);
    loop {
        looks.tick().await;
        // What is half written is looked at again; until then the old one is shown.
        drop(certificate.look_again());
    }
}

/// From here on SIGHUP ends nobody.
pub(super) fn hangups() -> Result<Signal, ServerError> {
    signal(SignalKind::hangup()).map_err(ServerError::broken)
}

/// Reads the certificate again whenever it is told to, and says what came of it.
pub(super) async fn reloads(
    mut told: Signal,
    certificate: Option<Arc<ShownCertificate>>,
    log: &ServerLog,
) {
    while told.recv().await.is_some() {
        match certificate.as_ref().map(|it| it.look_again()).transpose() {
            Ok(read) => {
                let certificate = read.map_or("none", |()| "read");
                let line = log.line(LogLevel::Info, "reloaded");
                line.say("certificate", certificate).write();
            }
            Err(error) => {
                let line = log.line(LogLevel::Warn, "not_reloaded");
                line.say("cause", error.message).write();
            }
        }
    }
}

/// Waits until the server is to end.
pub(super) async fn stopped(gone: Option<watch::Receiver<bool>>) {
    let alone = async {
        match gone {
            Some(mut gone) => drop(gone.wait_for(|gone| *gone).await),
            None => std::future::pending().await,
        }
    };
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {}, () = alone => {} }
        }
        Err(_) => drop(interrupt.await),
    }
}

/// Learns when standard input ends, in a thread of its own: nobody waits for it when the server
/// stops for another reason.
pub(super) fn input_ends() -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    std::thread::spawn(move || {
        // An input that breaks has ended too.
        std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).ok();
        tell.send(true).ok();
    });
    told
}

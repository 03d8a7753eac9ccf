//! Listens, and ends in order: on a signal, or when whoever started the server is gone. Takes fewer
//! connections than the process may open files, and of one address never so many that others find
//! none. It does not know which requests there are.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use outfield_core::base::context::Surroundings;
use outfield_core::sync::carrier::MARK;
use outfield_core::sync::frames::PROTOCOL;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::connection::{Origin, TakenConnection};
use super::health::figures_router;
use super::router::router;
use super::shares::ShareLimit;
use super::signals::{hangups, input_ends, keeps_looking, reloads, stopped};
use super::state::{AppState, FileShares, SharedState};
use super::tls::{ShownCertificate, TlsFiles};
use crate::data_dir::DataDir;
use crate::data_disk::{FolderClaim, make_private, make_private_folder};
use crate::envelope;
use crate::error::ServerError;
use crate::files::{self, BucketPlace};
use crate::limits::{
    BUSY_S, CONNECTION_PARTS, CONNECTIONS_MAX, FILES_PER_PULL, LIVE_PARTS, METRICS_CONNECTIONS_MAX,
    PULLS_MAX, SHUTDOWN_GRACE, THREADS_MAX,
};
use crate::seen::{LogLevel, Metrics, ServerLog};

/// How long to wait where no connection can be taken just now.
const BREATH: Duration = Duration::from_millis(50);

/// What ends a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Ctrl-C or SIGTERM.
    Told,
    /// The same, or the end of standard input: whoever started it is gone.
    Alone,
}

/// Where and how a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenOptions {
    /// Address and port.
    pub listen: String,
    /// The certificate; without one nothing is secured.
    pub tls: Option<TlsFiles>,
    /// Whether a proxy stands before it, whose word on who asks is believed.
    pub is_behind_proxy: bool,
    /// The bucket in which finished files lie; without it where they lay before, in the folder at
    /// first.
    pub files: Option<BucketPlace>,
    /// Where figures are told, in a form that Prometheus reads; without it nowhere.
    pub metrics_listen: Option<String>,
    /// What ends it.
    pub until: Until,
}

/// Serves a data folder until it ends. `ready` learns the address first, and the log what happens.
pub fn serve(
    dir: &Path,
    options: ListenOptions,
    surroundings: Arc<dyn Surroundings>,
    log: &Arc<ServerLog>,
    ready: &dyn Fn(&str),
) -> Result<(), ServerError> {
    let certificate = options.tls.map(ShownCertificate::read).transpose()?;
    make_private_folder(dir)?;
    let _nobody_else = FolderClaim::on(dir)?;
    if let Some(place) = &options.files {
        files::note(dir, place)?;
    }
    let data_dir = DataDir::open(dir, surroundings)?;
    if let Err(error) = make_private(dir) {
        let line = log.line(LogLevel::Warn, "not_private");
        line.say("cause", error.to_string()).write();
    }
    let gone = (options.until == Until::Alone).then(input_ends);
    let shares = granted();
    let state = Arc::new(AppState::new(data_dir, &shares, Arc::clone(log)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(THREADS_MAX)
        .build()
        .map_err(ServerError::broken)?;
    let served = runtime.block_on(async {
        let listener = bind(&options.listen, "listen").await?;
        let address = listener.local_addr().map_err(ServerError::broken)?;
        let figures = match &options.metrics_listen {
            Some(listen) => Some(bind(listen, "metrics-listen").await?),
            None => None,
        };
        let scheme = if certificate.is_some() {
            "https"
        } else {
            "http"
        };
        let hangups = hangups()?;
        let url = format!("{scheme}://{address}");
        tell_start(log, &url, figures.as_ref());
        ready(&url);
        let tls = certificate.as_ref().map(ShownCertificate::acceptor);
        let hall = Hall {
            router: router(Arc::clone(&state)),
            tls: tls.transpose()?,
            is_behind_proxy: options.is_behind_proxy,
            connections: ShareLimit::of(shares.connections),
            metrics: Arc::clone(&state.metrics),
            graceful: GracefulShutdown::new(),
        };
        tokio::spawn(Arc::clone(&state).moves_files_up());
        tokio::select! {
            () = hall.takes(&listener) => {}
            () = tells_figures(figures, Arc::clone(&state)) => {}
            () = keeps_looking(certificate.clone()) => {}
            () = reloads(hangups, certificate, log) => {}
            () = stopped(gone) => {}
        }
        drop(listener);
        state.end_listeners();
        // Nobody who dawdles over a request holds up the end of the server.
        drop(timeout(SHUTDOWN_GRACE, hall.graceful.shutdown()).await);
        Ok(())
    });
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    if served.is_ok() {
        log.line(LogLevel::Info, "stopped").write();
    }
    served
}

async fn bind(listen: &str, option: &str) -> Result<TcpListener, ServerError> {
    TcpListener::bind(listen).await.map_err(|error| {
        ServerError::bad_input(
            "bad_listen",
            format!("cannot listen on {listen}: {error}; name another with --{option}"),
        )
    })
}

fn tell_start(log: &ServerLog, url: &str, figures: Option<&TcpListener>) {
    let figures = figures.and_then(|listener| listener.local_addr().ok());
    let figures = figures.map(|address| format!("http://{address}/metrics"));
    // Standard output says where it listens, and scripts read that from one file with the log: only
    // an address that is said nowhere else is worth a line.
    let level = match figures {
        Some(_) => LogLevel::Info,
        None => LogLevel::Debug,
    };
    log.line(level, "serving")
        .say("version", env!("CARGO_PKG_VERSION"))
        .say("url", url)
        .say("metrics", figures)
        .write();
}

/// Tells figures to whoever reaches their listener.
async fn tells_figures(listener: Option<TcpListener>, state: SharedState) {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    let hall = Hall {
        router: figures_router(state),
        tls: None,
        is_behind_proxy: false,
        connections: ShareLimit::of(METRICS_CONNECTIONS_MAX),
        // Who reads the figures is none of them.
        metrics: Arc::default(),
        graceful: GracefulShutdown::new(),
    };
    hall.takes(&listener).await;
}

/// Who comes in.
struct Hall {
    router: Router,
    tls: Option<TlsAcceptor>,
    is_behind_proxy: bool,
    connections: ShareLimit<Origin>,
    metrics: Arc<Metrics>,
    graceful: GracefulShutdown,
}

impl Hall {
    /// Takes connections for ever.
    async fn takes(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, address)) => self.take(stream, address),
                // It was gone before it was taken, or no file can be opened just now.
                Err(_) => sleep(BREATH).await,
            }
        }
    }

    fn take(&self, stream: TcpStream, address: SocketAddr) {
        let origin = Origin::of(address.ip());
        let Some(share) = self.connections.take(origin) else {
            self.metrics.turned_away();
            return turn_away(stream, self.tls.is_some());
        };
        let taken = TakenConnection {
            stream,
            origin,
            is_behind_proxy: self.is_behind_proxy,
            share,
            standing: self.metrics.connected(),
        };
        let (tls, router) = (self.tls.clone(), self.router.clone());
        tokio::spawn(taken.serve(tls, router, self.graceful.watcher()));
    }
}

/// Says that there is no room, as far as that can be said without waiting.
fn turn_away(stream: TcpStream, is_secured: bool) {
    let message = "too many are connected just now; try again in a moment";
    let body = envelope::refused(ServerError::overloaded(message).reason(), None);
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\n{MARK}: {PROTOCOL}\r\nretry-after: {BUSY_S}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    if let (false, Ok(mut stream)) = (is_secured, stream.into_std()) {
        drop(stream.write_all(answer.as_bytes()));
    }
}

/// As many files as the system grants.
fn granted() -> FileShares {
    let files = rlimit::increase_nofile_limit(rlimit::INFINITY).unwrap_or(1024);
    let part = usize::try_from(files).unwrap_or(usize::MAX) / 4;
    let connections = CONNECTIONS_MAX.min(part * CONNECTION_PARTS);
    FileShares {
        connections,
        pulls: PULLS_MAX.min(part / FILES_PER_PULL),
        listeners: connections / 4 * LIVE_PARTS,
    }
}

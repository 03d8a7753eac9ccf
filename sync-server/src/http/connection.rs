//! One connection: how it is secured, how long its heads and its silence may take, whose it is. It
//! does not know which requests there are.

use std::net::{IpAddr, Ipv6Addr};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::shares::HeldShare;
use crate::limits::{HANDSHAKE_TIMEOUT, HEAD_BYTES_MAX, HEAD_TIMEOUT, WRITE_TIMEOUT};
use crate::seen::StandingConnection;

/// The header in which a proxy says for whom it asks.
const FORWARDED: &str = "x-forwarded-for";

/// From where somebody asks. Of an address of version 6 it is the network: whoever has one address
/// of it has them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin(IpAddr);

impl Origin {
    /// The origin of whoever has this address.
    pub(super) fn of(address: IpAddr) -> Origin {
        Origin(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                Ipv6Addr::from_bits(network).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }

    /// As the log says it.
    pub(super) fn text(self) -> String {
        self.0.to_string()
    }

    /// For whom the last proxy in front says that it asks.
    fn forwarded(headers: &HeaderMap) -> Option<Origin> {
        let last = headers.get_all(FORWARDED).iter().next_back()?;
        let address = last.to_str().ok()?.rsplit(',').next()?;
        Some(Origin::of(address.trim().parse().ok()?))
    }
}

/// A connection that was taken.
pub(super) struct TakenConnection {
    pub(super) stream: TcpStream,
    pub(super) origin: Origin,
    /// Whether a proxy stands before the server, whose word on who asks is believed.
    pub(super) is_behind_proxy: bool,
    /// Counts as long as the connection stands.
    pub(super) share: HeldShare<Origin>,
    /// Counts for those who watch.
    pub(super) standing: StandingConnection,
}

impl TakenConnection {
    /// Answers what is asked over it until it ends.
    pub(super) async fn serve(self, tls: Option<TlsAcceptor>, router: Router, watcher: Watcher) {
        // An answer is many small pieces; none of them waits until the last one was acknowledged.
        drop(self.stream.set_nodelay(true));
        let (origin, is_behind_proxy) = (self.origin, self.is_behind_proxy);
        let asks = Asks {
            origin,
            is_behind_proxy,
            router,
        };
        match tls {
            None => asks.answer(self.stream, watcher).await,
            Some(tls) => {
                let secured = timeout(HANDSHAKE_TIMEOUT, tls.accept(self.stream)).await;
                if let Ok(Ok(secured)) = secured {
                    asks.answer(secured, watcher).await;
                }
            }
        }
        drop((self.share, self.standing));
    }
}

/// What is asked over one connection.
struct Asks {
    origin: Origin,
    is_behind_proxy: bool,
    router: Router,
}

impl Asks {
    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Send + 'static, watcher: Watcher) {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_TIMEOUT));
        let service = service_fn(move |mut request: Request<Incoming>| {
            let forwarded = self
                .is_behind_proxy
                .then(|| Origin::forwarded(request.headers()))
                .flatten();
            let origin = forwarded.unwrap_or(self.origin);
            request.extensions_mut().insert(origin);
            self.router.clone().call(request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(Box::pin(stream)), service);
        // A connection that breaks, or is too slow, has had its answer: it ends.
        drop(watcher.watch(connection).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_network_of_version_6_is_one_origin() {
        let of = |text: &str| Origin::of(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }

    #[test]
    fn the_last_proxy_is_believed_and_nobody_before_it() {
        let mut headers = HeaderMap::new();
        assert_eq!(Origin::forwarded(&headers), None);
        for said in ["198.51.100.9", "203.0.113.1, 192.0.2.7"] {
            headers.append(FORWARDED, said.parse().expect("a header"));
        }
        let last = Origin::of("192.0.2.7".parse().expect("an address"));
        assert_eq!(Origin::forwarded(&headers), Some(last));
    }
}

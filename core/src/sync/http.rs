//! Carries calls over HTTP(S). The one file that knows a socket. Only what bears the server's mark
//! is an answer: what a guest network's page, a proxy or anybody else says was never heard.
//! It does not know what is in a body, nor when to try again.

use std::error::Error;
use std::io::Read as _;
use std::sync::Once;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use rustls::CertificateError;

use super::carrier::{Call, Carrier, CarryError, MARK, Reply, TakePiece, is_ours};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the server may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a whole call may take. What came until then is kept, and the next call goes on from
/// there.
const WHOLE: Duration = Duration::from_secs(600);
/// How long a server may be silent to whoever listens: twice as long as it means to be, and a
/// little more.
const LISTENING_SILENCE: Duration = Duration::from_secs(100);
/// Bytes read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// A server by its address.
pub struct Http {
    client: Client,
    url: String,
    whole: Duration,
}

impl Http {
    /// A client of the server at `url`, such as `https://sync.example.com`.
    pub fn new(url: &str) -> Result<Self, CarryError> {
        let parsed = reqwest::Url::parse(url)
            .map_err(|error| CarryError(format!("`{url}` is no address: {error}")))?;
        if !["http", "https"].contains(&parsed.scheme()) || !parsed.has_host() {
            return Err(CarryError(format!(
                "`{url}` is not the address of a server such as https://sync.example.com"
            )));
        }
        static PROVIDER: Once = Once::new();
        // An error only says that another part of the app has installed one already.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        Ok(Http {
            client: client(SILENCE)?,
            url: url.trim_end_matches('/').to_owned(),
            whole: WHOLE,
        })
    }

    /// The same, where no call may take longer than this: an app in the background has little time.
    #[must_use]
    pub fn within(self, whole: Duration) -> Self {
        Http { whole, ..self }
    }

    /// Asks for what a server tells for as long as somebody listens, and hands each piece to
    /// `take` as it arrives.
    pub fn listen(&self, call: &Call, take: TakePiece<'_>) -> Result<Reply, CarryError> {
        let request = client(LISTENING_SILENCE)?.get(format!("{}{}", self.url, call.path));
        let request = request.header(ACCEPT, call.media_type);
        read_all(request, call, None, take)
    }
}

/// A client that waits so long for the next byte.
fn client(silence: Duration) -> Result<Client, CarryError> {
    let client = Client::builder()
        .connect_timeout(CONNECT)
        .timeout(silence)
        .user_agent("outfield");
    // A redirect would carry unsent work and tokens to wherever it points.
    client.redirect(Policy::none()).build().map_err(said)
}

/// Sends a request and hands on the answer's body, until a moment at most.
fn read_all(
    mut request: RequestBuilder,
    call: &Call,
    until: Option<Instant>,
    take: TakePiece<'_>,
) -> Result<Reply, CarryError> {
    if let Some(token) = &call.token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let mut response = request.send().map_err(said)?;
    let status = response.status().as_u16();
    is_ours(response.headers().contains_key(MARK), status)?;
    let seconds = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        if until.is_some_and(|until| Instant::now() > until) {
            return Err(CarryError("the answer did not end in time".to_owned()));
        }
        let read = response
            .read(&mut piece)
            .map_err(|error| CarryError(format!("the answer broke off: {error}")))?;
        if read == 0 || take(status, &piece[..read]).is_break() {
            return Ok(Reply {
                status,
                retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1000)),
            });
        }
    }
}

impl Carrier for Http {
    fn carry(&self, call: &Call, take: TakePiece<'_>) -> Result<Reply, CarryError> {
        let until = Instant::now() + self.whole;
        let request = self
            .client
            .post(format!("{}{}", self.url, call.path))
            .body(call.body.clone());
        let request = request.header(CONTENT_TYPE, call.media_type);
        read_all(request, call, Some(until), take)
    }
}

/// What went wrong, with its innermost cause, and without the address, which the caller names.
fn said(error: reqwest::Error) -> CarryError {
    if error.is_timeout() {
        return CarryError("no answer in time".to_owned());
    }
    let error = error.without_url();
    let mut cause: &(dyn Error + 'static) = &error;
    loop {
        if let Some(tls) = of_tls(cause) {
            return CarryError(tls);
        }
        match cause.source() {
            Some(inner) => cause = inner,
            None => return CarryError(cause.to_string()),
        }
    }
}

/// What is wrong with a secured connection, in words; none if the cause is another.
fn of_tls(cause: &(dyn Error + 'static)) -> Option<String> {
    let wrong = tls_error(cause)?;
    if let rustls::Error::InvalidCertificate(wrong) = wrong {
        return Some(certificate(wrong));
    }
    if let rustls::Error::InvalidMessage(_) = wrong {
        let said = "it does not speak TLS there: does the address begin with `http://`, or is a \
                    guest network in between?";
        return Some(said.to_owned());
    }
    Some(format!("no secured connection came about: {wrong}"))
}

/// The error of TLS that this one is, or that it wraps for a socket: a wrapper does not name it
/// among its sources.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    tls_error(error.downcast_ref::<std::io::Error>()?.get_ref()?)
}

fn certificate(wrong: &CertificateError) -> String {
    use CertificateError as Wrong;
    let said = if matches!(wrong, Wrong::Expired | Wrong::ExpiredContext { .. }) {
        "its certificate has run out; is the clock of this device right? Otherwise tell whoever \
         runs the server"
    } else if matches!(wrong, Wrong::NotValidYet | Wrong::NotValidYetContext { .. }) {
        "its certificate is not valid yet; is the clock of this device right?"
    } else if matches!(
        wrong,
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }
    ) {
        "its certificate is for another name: this may be another server, or a guest network in \
         between"
    } else if *wrong == Wrong::UnknownIssuer {
        "its certificate is signed by nobody whom this device trusts: this may be a guest network \
         in between, or an authority that this device must be told of"
    } else {
        return format!("its certificate is not to be trusted: {wrong}");
    };
    said.to_owned()
}

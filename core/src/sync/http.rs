//! Carries calls over HTTP(S). The one file that knows a socket.
//! It does not know what is in a body, nor when to try again.

use std::io::Read as _;
use std::sync::Once;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;

use super::carrier::{Call, Carrier, CarryError, Reply, TakePiece};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the server may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a whole call may take. What came until then is kept, and the next call goes on from
/// there.
const WHOLE: Duration = Duration::from_secs(600);
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
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(SILENCE)
            .user_agent("outfield");
        // A redirect would carry unsent work and tokens to wherever it points.
        let client = client.redirect(Policy::none()).build().map_err(said)?;
        Ok(Http {
            client,
            url: url.trim_end_matches('/').to_owned(),
            whole: WHOLE,
        })
    }

    /// The same, where no call may take longer than this: an app in the background has little time.
    #[must_use]
    pub fn within(self, whole: Duration) -> Self {
        Http { whole, ..self }
    }
}

impl Carrier for Http {
    fn carry(&self, call: &Call, take: TakePiece<'_>) -> Result<Reply, CarryError> {
        let until = Instant::now() + self.whole;
        let mut request = self
            .client
            .post(format!("{}{}", self.url, call.path))
            .body(call.body.clone());
        request = request.header(CONTENT_TYPE, call.media_type);
        if let Some(token) = &call.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut response = request.send().map_err(said)?;
        let status = response.status().as_u16();
        let seconds = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            if Instant::now() > until {
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
}

/// What went wrong, with its innermost cause, and without the address, which the caller names.
fn said(error: reqwest::Error) -> CarryError {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    CarryError(if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        cause.to_string()
    })
}

//! Notes what became of each request: one line in the log, and figures, once the answer has ended.
//! Neither has a token, a code, a name or a body. It does not know what was asked.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use outfield_core::base::id::{DeviceId, TenantId};
use serde_json::Value as Json;
use tokio::time::Instant;

use super::connection::Origin;
use super::lock::locked;
use super::state::SharedState;
use crate::error::{ErrorKind, ServerError};
use crate::seen::LogLevel;

/// The header in which an answer says under which id the log knows the request.
const REQUEST: HeaderName = HeaderName::from_static("outfield-request");
/// What stands for paths that lead nowhere.
const NOWHERE: &str = "none";
/// The path whose answer lasts as long as somebody listens, which says nothing of the server.
const HELD: &str = "/sync/v1/live";
/// Paths that are asked so often that nobody wants to read of it.
const QUIET: [&str; 3] = ["/health", "/health/live", "/health/ready"];

/// Who turned out to ask.
#[derive(Debug, Clone, Copy)]
struct CallerIds {
    tenant: TenantId,
    device: DeviceId,
}

/// What is learnt of a request while it is answered.
#[derive(Debug, Default)]
pub(super) struct RequestNote {
    caller: OnceLock<CallerIds>,
    cut: Mutex<Option<String>>,
}

impl RequestNote {
    /// Who asks.
    pub(super) fn is_of(&self, tenant: TenantId, device: DeviceId) {
        self.caller.set(CallerIds { tenant, device }).ok();
    }

    /// The answer ends before its end.
    pub(super) fn cut(&self, why: &str) {
        *locked(&self.cut) = Some(why.to_owned());
    }
}

/// What an answer that is a refusal says to the log, beside what it says to the client.
#[derive(Debug, Clone)]
pub(super) struct RefusalNote {
    code: String,
    kind: ErrorKind,
    /// What only those who run the server may read.
    cause: Option<String>,
}

impl RefusalNote {
    /// What is noted of this error.
    pub(super) fn of(error: &ServerError) -> RefusalNote {
        let is_ours = error.kind == ErrorKind::Broken;
        RefusalNote {
            code: error.code.clone(),
            kind: error.kind,
            cause: is_ours.then(|| error.message.clone()),
        }
    }

    /// How weighty it is.
    fn level(&self) -> LogLevel {
        match self.kind {
            ErrorKind::Broken => LogLevel::Error,
            ErrorKind::Busy | ErrorKind::Overloaded | ErrorKind::DiskFull => LogLevel::Warn,
            ErrorKind::BadInput
            | ErrorKind::NotFound
            | ErrorKind::WrongMethod
            | ErrorKind::TooSlow
            | ErrorKind::TooLarge
            | ErrorKind::SignedOut
            | ErrorKind::Changed
            | ErrorKind::Refused => LogLevel::Info,
        }
    }

    /// Whether it is worth knowing from where it was asked: somebody may try what is not theirs.
    fn is_of_doors(&self) -> bool {
        [ErrorKind::SignedOut, ErrorKind::Refused, ErrorKind::Busy].contains(&self.kind)
    }
}

/// Has the request answered, and notes what became of it.
pub(super) async fn noted(
    State(state): State<SharedState>,
    mut request: Request,
    next: Next,
) -> Response {
    let note = Arc::new(RequestNote::default());
    request.extensions_mut().insert(Arc::clone(&note));
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or(NOWHERE, MatchedPath::as_str).to_owned();
    let origin = request.extensions().get::<Origin>().copied();
    let (method, began, id) = (
        named(request.method()),
        Instant::now(),
        state.next_request(),
    );
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST, id);
    }
    let answer = EndedAnswer {
        state,
        note,
        refusal: response.extensions_mut().remove(),
        origin,
        id,
        method,
        route,
        status: response.status(),
        began,
        bytes: 0,
    };
    response.map(|body| Body::new(NotedBody { body, answer }))
}

/// The method of a request, if it is one that anything is asked by.
fn named(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PATCH", "DELETE", "HEAD", "PUT", "OPTIONS"];
    let found = known.into_iter().find(|known| *known == method.as_str());
    found.unwrap_or("other")
}

/// An answer, noted once it is dropped: it was heard, or the client went away.
struct EndedAnswer {
    state: SharedState,
    note: Arc<RequestNote>,
    refusal: Option<RefusalNote>,
    origin: Option<Origin>,
    id: String,
    method: &'static str,
    route: String,
    status: StatusCode,
    began: Instant,
    bytes: u64,
}

impl Drop for EndedAnswer {
    fn drop(&mut self) {
        let (metrics, took) = (&self.state.metrics, self.began.elapsed());
        let took_part = (self.route != HELD).then_some(took);
        metrics.answered(self.method, &self.route, self.status.as_u16(), took_part);
        if let Some(refusal) = &self.refusal {
            metrics.refused(&refusal.code);
        }
        let level = match &self.refusal {
            Some(refusal) => refusal.level(),
            None if QUIET.contains(&self.route.as_str()) => LogLevel::Debug,
            None => LogLevel::Info,
        };
        let caller = self.note.caller.get();
        let at_door = self.refusal.as_ref().filter(|it| it.is_of_doors());
        let refusal = self.refusal.as_ref();
        let text = |text: Option<String>| text.map_or(Json::Null, Json::String);
        self.state
            .log
            .line(level, "request")
            .say("id", self.id.as_str())
            .say("method", self.method)
            .say("path", self.route.as_str())
            .say("status", self.status.as_u16())
            .say("ms", u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
            .say("bytes", self.bytes)
            .say("tenant", text(caller.map(|of| of.tenant.to_string())))
            .say("device", text(caller.map(|of| of.device.to_string())))
            .say("code", text(refusal.map(|of| of.code.clone())))
            .say("cause", text(refusal.and_then(|of| of.cause.clone())))
            .say("from", text(at_door.and(self.origin).map(Origin::text)))
            .say("cut", text(locked(&self.note.cut).take()))
            .write();
    }
}

/// The body of an answer, whose bytes are counted.
struct NotedBody {
    body: Body,
    answer: EndedAnswer,
}

impl HttpBody for NotedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.answer.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

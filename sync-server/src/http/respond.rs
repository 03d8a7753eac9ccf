//! Answers as HTTP: a refusal with the status of its kind, and on every answer the mark by which a
//! phone knows its server. It does not know what was asked.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use outfield_core::sync::carrier::MARK;
use outfield_core::sync::frames::PROTOCOL;

use serde_json::Value as Json;

use super::noted::RefusalNote;
use crate::error::{ErrorKind, ServerError};
use crate::{envelope, plain};

/// The head of an answer that is JSON text already.
pub(super) const JSON: [(header::HeaderName, &str); 1] =
    [(header::CONTENT_TYPE, "application/json")];

/// An answer in JSON, of which nothing steers a terminal that shows it.
pub(super) fn json_answer(json: &Json) -> Response {
    (JSON, plain::json(&json.to_string()).into_owned()).into_response()
}

/// What is said of every fault of the server's own.
pub(super) const FAULT: &str = "a fault in the server; what was begun is as it was before, and its \
                                log says more";

/// A refusal as an HTTP answer.
#[derive(Debug)]
pub(super) struct HttpError(pub(super) ServerError);

/// What a handler comes to.
pub(super) type HttpResult = Result<Response, HttpError>;

/// The HTTP status of a refusal.
#[must_use]
pub fn status(kind: ErrorKind) -> u16 {
    code_of(kind).as_u16()
}

fn code_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::BadInput => StatusCode::BAD_REQUEST,
        ErrorKind::SignedOut => StatusCode::UNAUTHORIZED,
        ErrorKind::Refused => StatusCode::FORBIDDEN,
        ErrorKind::Changed => StatusCode::PRECONDITION_FAILED,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::TooSlow => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Busy => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
    }
}

impl From<ServerError> for HttpError {
    fn from(error: ServerError) -> Self {
        HttpError(error)
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let note = RefusalNote::of(&self.0);
        let body = if self.0.kind == ErrorKind::Broken {
            // Where a file lies, and why it cannot be read, is for the log alone.
            envelope::refused(ServerError::broken(FAULT).reason(), None)
        } else {
            envelope::refused(self.0.reason(), None)
        };
        let mut response = (code_of(self.0.kind), JSON, body).into_response();
        if let Some(seconds) = self.0.wait_s {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(note);
        response
    }
}

/// The answer with the server's mark: whatever lacks it is somebody else's.
pub(super) async fn marked(mut response: Response) -> Response {
    let version = HeaderValue::from(PROTOCOL);
    response
        .headers_mut()
        .insert(HeaderName::from_static(MARK), version);
    response
}

/// The bearer token of a request; the scheme is written in any case.
pub(super) fn bearer(headers: &HeaderMap) -> Result<String, ServerError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let parts = value.and_then(|value| value.trim().split_once(' '));
    match parts {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(token.trim().to_owned())
        }
        Some(_) | None => Err(ServerError::signed_out(
            "send the header `Authorization: Bearer TOKEN`; enrolling gives the token",
        )),
    }
}

//! Answers as HTTP: a refusal with the status of its kind, and blocking work beside the threads
//! that answer. It does not know what was asked.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;

use super::state::SharedState;
use crate::envelope;
use crate::error::{ErrorKind, ServerError};
use crate::people::Session;
use crate::tenant::Tenant;

/// The head of an answer that is JSON text already.
pub(super) const JSON: [(header::HeaderName, &str); 1] =
    [(header::CONTENT_TYPE, "application/json")];

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
        let body = envelope::refused(self.0.reason(), None);
        (code_of(self.0.kind), JSON, body).into_response()
    }
}

/// The bearer token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Result<String, ServerError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer "));
    token.map(str::to_owned).ok_or_else(|| {
        ServerError::signed_out(
            "send the header `Authorization: Bearer TOKEN`; enrolling gives the token",
        )
    })
}

/// Runs blocking work beside the threads that answer.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
) -> Result<T, HttpError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(ServerError::broken)?
        .map_err(HttpError)
}

/// Writes on behalf of whoever the request's token speaks for.
pub(super) async fn writing<T: Send + 'static>(
    state: SharedState,
    headers: &HeaderMap,
    work: impl FnOnce(&mut Tenant, &Session) -> Result<T, ServerError> + Send + 'static,
) -> Result<T, HttpError> {
    let token = bearer(headers)?;
    aside(move || {
        state.write(&token, |tenant| {
            let session = tenant.authenticate(&token)?;
            work(tenant, &session)
        })
    })
    .await
}

/// Reads on behalf of whoever the request's token speaks for; the answer is JSON.
pub(super) async fn reading(
    state: SharedState,
    headers: &HeaderMap,
    work: impl FnOnce(&Tenant, &Session) -> Result<Json, ServerError> + Send + 'static,
) -> HttpResult {
    let token = bearer(headers)?;
    let read = move || state.read(&token, |tenant| work(tenant, &tenant.authenticate(&token)?));
    Ok(axum::Json(aside(read).await?).into_response())
}

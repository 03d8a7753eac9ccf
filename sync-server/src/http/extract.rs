//! Hears requests out: bodies under a cap and without long silence, names in paths, queries. What
//! cannot be heard is refused in JSON like everything else. It does not know what is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use futures_util::StreamExt as _;
use outfield_core::base::limits::REQUEST_BYTES_MAX;
use serde_json::Value as Json;
use tokio::time::{Instant, timeout_at};

use super::respond::HttpError;
use crate::error::{ErrorKind, ServerError};

/// How long a client may be silent in the middle of a body.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a whole body may take: 4 MiB over the slowest of networks.
const BODY_TIMEOUT: Duration = Duration::from_secs(600);

/// A whole body.
pub(super) struct BoundedBody(pub(super) Bytes);

impl<S: Sync> FromRequest<S> for BoundedBody {
    type Rejection = HttpError;

    async fn from_request(request: Request, _: &S) -> Result<Self, HttpError> {
        let late = Instant::now() + BODY_TIMEOUT;
        let mut pieces = request.into_body().into_data_stream();
        let mut whole = Vec::new();
        loop {
            let next = timeout_at(late.min(Instant::now() + IDLE_TIMEOUT), pieces.next()).await;
            let Some(piece) = next.map_err(|_| {
                ServerError::new(
                    ErrorKind::TooSlow,
                    "too_slow",
                    "the body did not come in time",
                )
            })?
            else {
                return Ok(BoundedBody(whole.into()));
            };
            let piece = piece.map_err(|error| {
                ServerError::bad_input("bad_body", format!("the body broke off: {error}"))
            })?;
            if whole.len() + piece.len() > REQUEST_BYTES_MAX {
                let message =
                    format!("a body has at most {REQUEST_BYTES_MAX} bytes; send less at a time");
                return Err(ServerError::new(ErrorKind::TooLarge, "too_large", message).into());
            }
            whole.extend_from_slice(&piece);
        }
    }
}

/// A body as JSON.
pub(super) fn parse(body: &Bytes) -> Result<Json, ServerError> {
    serde_json::from_slice(body).map_err(|error| {
        ServerError::bad_input("bad_json", format!("the body is not JSON: {error}"))
    })
}

/// The names in a path. One that is no text names nothing that is here.
pub(super) struct PathParams<T>(pub(super) T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned + Send> FromRequestParts<S> for PathParams<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        let nothing = |_| ServerError::not_found("there is nothing at this path");
        Ok(PathParams(named.map_err(nothing)?.0))
    }
}

/// What follows the path.
pub(super) struct QueryParams(pub(super) BTreeMap<String, String>);

impl QueryParams {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for QueryParams {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let asked = Query::from_request_parts(parts, state).await;
        let unread = |error| {
            ServerError::bad_input("bad_query", format!("the query cannot be read: {error}"))
        };
        Ok(QueryParams(asked.map_err(unread)?.0))
    }
}

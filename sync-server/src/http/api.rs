//! The REST API: records, digests and prices, for whoever the token speaks for.
//! It does not know which objects there are.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use outfield_core::domain::rules::sell::pricing::Basket;
use serde_json::json;

use super::extract::{BoundedBody, PathParams, QueryParams};
use super::respond::{HttpError, HttpResult, JSON, aside, bearer, reading};
use super::state::Shared;
use crate::error::{ErrorKind, ServerError};

pub(super) async fn digest(
    State(state): State<Shared>,
    headers: HeaderMap,
    asked: QueryParams,
) -> HttpResult {
    reading(state, &headers, move |tenant, session| {
        let data = tenant.digest(session, asked.get("user"))?;
        Ok(json!({ "ok": true, "data": data }))
    })
    .await
}

/// Answers and refuses in the bytes of the command line.
pub(super) async fn price(
    State(state): State<Shared>,
    headers: HeaderMap,
    body: Result<BoundedBody, HttpError>,
) -> HttpResult {
    let BoundedBody(body) = body.map_err(|error| {
        if error.0.kind == ErrorKind::TooLarge {
            HttpError(Basket::too_large().into())
        } else {
            error
        }
    })?;
    let basket = String::from_utf8(body.to_vec())
        .map_err(|_| ServerError::bad_input("bad_json", "the body is not text in UTF-8"))?;
    let token = bearer(&headers)?;
    let priced = aside(move || {
        state.read(&token, |tenant| {
            tenant.price(&tenant.authenticate(&token)?, &basket)
        })
    });
    Ok((JSON, priced.await?).into_response())
}

pub(super) async fn list(
    State(state): State<Shared>,
    headers: HeaderMap,
    PathParams(object): PathParams<String>,
    asked: QueryParams,
) -> HttpResult {
    reading(state, &headers, move |tenant, session| {
        let data = tenant.list(session, &object, (asked.get("after"), asked.get("limit")))?;
        Ok(json!({ "ok": true, "data": data }))
    })
    .await
}

pub(super) async fn record(
    State(state): State<Shared>,
    headers: HeaderMap,
    PathParams((object, id)): PathParams<(String, String)>,
) -> HttpResult {
    reading(state, &headers, move |tenant, session| {
        let data = tenant.get(session, &object, &id)?;
        Ok(json!({ "ok": true, "id": data["id"], "data": data }))
    })
    .await
}

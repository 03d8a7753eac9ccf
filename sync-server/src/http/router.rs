//! Which path is answered by whom.
//! It does not know what they answer.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_request, map_response};
use axum::response::IntoResponse;
use axum::routing::{get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use super::drain::drained;
use super::noted::noted;
use super::respond::{HttpError, marked};
use super::state::SharedState;
use super::{api, files, health, live, sync};
use crate::error::{ErrorKind, ServerError};

/// All paths of the server.
pub(super) fn router(state: SharedState) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/sync/v1/enrol", post(sync::enrol))
        .route("/sync/v1/refresh", post(sync::refresh))
        .route("/sync/v1/hello", post(sync::hello))
        .route("/sync/v1/push", post(sync::push))
        .route("/sync/v1/parcel", post(sync::parcel))
        .route("/sync/v1/wipe", post(sync::wipe))
        .route("/sync/v1/gone", post(sync::gone))
        .route("/sync/v1/pull", post(sync::pull))
        .route("/sync/v1/offer", post(sync::offer))
        .route("/sync/v1/return", post(sync::take_back))
        .route("/sync/v1/live", get(live::live))
        .route("/sync/v1/upload", post(sync::upload))
        .route("/sync/v1/download", post(sync::download))
        .route("/api/v1/digest", get(api::digest))
        .route("/api/v1/price", post(api::price))
        .route("/api/v1/query", post(api::query))
        .route("/api/v1/do", post(api::perform))
        .route("/api/v1/ask/{question}", get(api::ask))
        .route("/api/v1/object", get(api::objects))
        .route("/api/v1/object/{name}", get(api::object))
        .route("/api/v1/blob", put(files::bring))
        .route("/api/v1/blob/{hash}", get(files::give))
        .route("/api/v1/{object}", get(api::list).post(api::make))
        .route(
            "/api/v1/{object}/{id}",
            get(api::record).patch(api::change).delete(api::delete),
        )
        .route("/api/v1/{object}/{id}/trail", get(api::trail))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(|_| {
            HttpError(ServerError::broken("a panic, told before")).into_response()
        }))
        .layer(map_response(marked))
        .layer(from_fn_with_state(Arc::clone(&state), noted))
        .layer(map_request(drained))
        .with_state(state)
}

async fn nothing_here() -> HttpError {
    HttpError(ServerError::not_found("there is nothing at this path"))
}

async fn wrong_method() -> HttpError {
    let message = "this path is not asked in this way; try GET, POST or PATCH";
    HttpError(ServerError::new(
        ErrorKind::WrongMethod,
        "wrong_method",
        message,
    ))
}

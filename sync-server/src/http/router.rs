//! Which path is answered by whom.
//! It does not know what they answer.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use super::respond::HttpError;
use super::state::Shared;
use super::{api, sync};
use crate::error::{ErrorKind, ServerError};

/// All paths of the server.
pub(super) fn router(state: Shared) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/sync/v1/enrol", post(sync::enrol))
        .route("/sync/v1/refresh", post(sync::refresh))
        .route("/sync/v1/hello", post(sync::hello))
        .route("/sync/v1/push", post(sync::push))
        .route("/sync/v1/pull", post(sync::pull))
        .route("/api/v1/digest", get(api::digest))
        .route("/api/v1/price", post(api::price))
        .route("/api/v1/{object}", get(api::list))
        .route("/api/v1/{object}/{id}", get(api::record))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(|_| {
            let message = "a fault in the server; what was begun is as it was before";
            HttpError(ServerError::broken(message)).into_response()
        }))
        .with_state(state)
}

async fn nothing_here() -> HttpError {
    HttpError(ServerError::not_found("there is nothing at this path"))
}

async fn wrong_method() -> HttpError {
    let message = "this path is not asked in this way; try GET or POST";
    HttpError(ServerError::new(
        ErrorKind::WrongMethod,
        "wrong_method",
        message,
    ))
}

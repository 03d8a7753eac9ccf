//! Which path is answered by whom.
//! It does not know what they answer.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use super::respond::HttpError;
use super::state::SharedState;
use super::{api, sync};
use crate::error::{ErrorKind, ServerError};

/// All paths of the server.
pub(super) fn router(state: SharedState) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/sync/v1/enrol", post(sync::enrol))
        .route("/sync/v1/refresh", post(sync::refresh))
        .route("/sync/v1/hello", post(sync::hello))
        .route("/sync/v1/push", post(sync::push))
        .route("/sync/v1/pull", post(sync::pull))
        .route("/api/v1/digest", get(api::digest))
        .route("/api/v1/price", post(api::price))
        .route("/api/v1/query", post(api::query))
        .route("/api/v1/do", post(api::perform))
        .route("/api/v1/ask/{question}", get(api::ask))
        .route("/api/v1/object", get(api::objects))
        .route("/api/v1/object/{name}", get(api::object))
        .route("/api/v1/{object}", get(api::list).post(api::make))
        .route(
            "/api/v1/{object}/{id}",
            get(api::record).patch(api::change).delete(api::delete),
        )
        .route("/api/v1/{object}/{id}/trail", get(api::trail))
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
    let message = "this path is not asked in this way; try GET, POST or PATCH";
    HttpError(ServerError::new(
        ErrorKind::WrongMethod,
        "wrong_method",
        message,
    ))
}

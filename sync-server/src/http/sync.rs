//! What devices ask: enrolling, tokens, greeting, pushes, and pulls piece by piece.
//! It does not know what is pushed nor what is told.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use outfield_core::base::limits::REQUEST_BYTES_MAX;
use outfield_core::sync::frames::Frame;
use outfield_core::sync::wire::{self, Packing};
use serde_json::Value as Json;

use super::extract::{BoundedBody, parse};
use super::respond::{HttpError, HttpResult, aside, bearer, writing};
use super::state::SharedState;
use crate::error::ServerError;
use crate::office::Applicant;
use crate::people::Session;
use crate::tenant::Tenant;

/// How long a client may take for one piece of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of an answer from which a piece is handed on.
const CHUNK_BYTES: usize = 32 * 1024;
/// Pieces of one answer that wait for the client.
const CHUNKS_MAX: usize = 4;

fn text(json: &Json, key: &str) -> Result<String, ServerError> {
    let found = json[key]
        .as_str()
        .filter(|text| !text.is_empty() && text.len() <= 200);
    found.map(str::to_owned).ok_or_else(|| {
        let message = format!("the JSON body needs a text `{key}` of at most 200 bytes");
        ServerError::bad_input("missing_field", message).about(key)
    })
}

pub(super) async fn enrol(
    State(state): State<SharedState>,
    BoundedBody(body): BoundedBody,
) -> HttpResult {
    let json = parse(&body)?;
    let code = text(&json, "code")?;
    let optional = |key: &str| json[key].as_str().map(str::to_owned);
    let (install, name) = (text(&json, "install")?, text(&json, "name")?);
    let applicant = Applicant {
        install,
        name,
        tenant: optional("tenant"),
        user: optional("user"),
    };
    let enrolled = aside(move || state.write(&code, |tenant| tenant.enrol(&code, &applicant)));
    Ok(axum::Json(enrolled.await?).into_response())
}

pub(super) async fn refresh(
    State(state): State<SharedState>,
    BoundedBody(body): BoundedBody,
) -> HttpResult {
    let token = text(&parse(&body)?, "refresh_token")?;
    let tokens = aside(move || state.write(&token, |tenant| tenant.refresh_tokens(&token)));
    Ok(axum::Json(tokens.await?).into_response())
}

/// How the frames are packed that a request's header names.
fn packing(headers: &HeaderMap, name: header::HeaderName) -> Packing {
    Packing::named(headers.get(name).and_then(|value| value.to_str().ok()))
}

/// The frames of a body. They take up to a hundred times its room, so that only who is known is
/// heard.
async fn frames(
    state: &SharedState,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<(Session, Vec<Frame>), HttpError> {
    let (state, token) = (Arc::clone(state), bearer(headers)?);
    let packed = packing(headers, header::CONTENT_TYPE);
    aside(move || {
        let session = state.read(&token, |tenant| tenant.authenticate(&token))?;
        let frames = wire::decode_as(packed, &body, REQUEST_BYTES_MAX);
        Ok((
            session,
            frames.map_err(|error| ServerError::bad_input("bad_frames", error.to_string()))?,
        ))
    })
    .await
}

fn framed(headers: &HeaderMap, frames: &[Frame]) -> HttpResult {
    let packing = packing(headers, header::ACCEPT);
    let body = wire::encode_as(packing, frames).map_err(ServerError::broken)?;
    Ok(([(header::CONTENT_TYPE, packing.media_type())], body).into_response())
}

pub(super) async fn hello(
    State(state): State<SharedState>,
    headers: HeaderMap,
    BoundedBody(body): BoundedBody,
) -> HttpResult {
    let (_, frames) = frames(&state, &headers, body).await?;
    let answer = writing(state, &headers, move |tenant, session| {
        let first = frames
            .first()
            .ok_or_else(|| ServerError::bad_input("bad_frame", "the body holds no frame"))?;
        tenant.hello(session, first)
    });
    framed(&headers, &answer.await?)
}

pub(super) async fn push(
    State(state): State<SharedState>,
    headers: HeaderMap,
    BoundedBody(body): BoundedBody,
) -> HttpResult {
    let (_, frames) = frames(&state, &headers, body).await?;
    let answer = writing(state, &headers, move |tenant, session| {
        tenant.push(session, frames)
    });
    framed(&headers, &answer.await?)
}

pub(super) async fn pull(
    State(state): State<SharedState>,
    headers: HeaderMap,
    BoundedBody(body): BoundedBody,
) -> HttpResult {
    let (session, frames) = frames(&state, &headers, body).await?;
    let (token, slot) = (bearer(&headers)?, state.begin_pull(session.device)?);
    let packing = packing(&headers, header::ACCEPT);
    let (sender, receiver) = tokio::sync::mpsc::channel(CHUNKS_MAX);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let give = |piece: std::io::Result<Vec<u8>>| {
            let sent = runtime.block_on(tokio::time::timeout(WRITE_TIMEOUT, sender.send(piece)));
            if matches!(sent, Ok(Ok(()))) {
                Ok(())
            } else {
                Err(ServerError::broken("the client stopped listening"))
            }
        };
        let told = state
            .pack(&token, |tenant| tenant.due(&session, &frames))
            .and_then(|()| {
                state.read(&token, |tenant| {
                    tell(tenant, &session, &frames, packing, &give)
                })
            });
        drop(slot);
        if let Err(error) = told {
            // A broken connection is how the client learns that this is not the end.
            drop(give(Err(std::io::Error::other(error.message))));
        }
    });
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    Ok((
        [(header::CONTENT_TYPE, packing.media_type())],
        Body::from_stream(pieces),
    )
        .into_response())
}

/// Encodes the frames of a pull and hands them on piece by piece.
fn tell(
    tenant: &Tenant,
    session: &Session,
    asked: &[Frame],
    packing: Packing,
    give: &dyn Fn(std::io::Result<Vec<u8>>) -> Result<(), ServerError>,
) -> Result<(), ServerError> {
    let mut encoder = wire::Encoder::packing(packing).map_err(ServerError::broken)?;
    let mut ready = Vec::new();
    tenant.pull(session, asked, &mut |piece| {
        piece.write(&mut encoder)?;
        ready.extend(encoder.ready());
        if ready.len() < CHUNK_BYTES {
            Ok(())
        } else {
            give(Ok(std::mem::take(&mut ready)))
        }
    })?;
    ready.extend(encoder.finish().map_err(ServerError::broken)?);
    give(Ok(ready))
}

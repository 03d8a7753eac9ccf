//! What devices ask: enrolling, tokens, greeting, pushes, and pulls piece by piece.
//! It does not know what is pushed nor what is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use outfield_core::base::id::BlobHash;
use outfield_core::sync::call::{self, CallLimits};
use outfield_core::sync::frames::{Frame, Ruling};
use outfield_core::sync::wire::{self, Packing};
use serde_json::Value as Json;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::{Instant, timeout};

use super::attempts::Attempt;
use super::connection::Origin;
use super::extract::{BodyAt, Caller, DoorBody, Going, Handing, SignedBody, parse};
use super::respond::{HttpError, HttpResult, json_answer};
use super::state::{OpenTenant, SharedState};
use crate::error::{ErrorKind, ServerError};
use crate::limits::{ACCESS_LOOK, ANSWER_TIMEOUT, CHUNK_BYTES, CHUNKS_MAX, WRITE_TIMEOUT};
use crate::office::Applicant;
use crate::people::Session;
use crate::seen::Metrics;
use crate::sync::{check_asked, pieces_of};
use crate::tenant::Tenant;

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
    Extension(origin): Extension<Origin>,
    DoorBody(body): DoorBody,
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
    let tenant = state.tenant_of_code(&code).await?;
    let attempt = state.attempts.begin(origin, tenant.id())?;
    let enrolling = tenant.writing(None, move |tenant| tenant.enrol(&code, &applicant));
    let enrolled = enrolling.await;
    note_attempt(&state, attempt, &enrolled);
    Ok(json_answer(&enrolled?))
}

pub(super) async fn refresh(
    State(state): State<SharedState>,
    Extension(origin): Extension<Origin>,
    DoorBody(body): DoorBody,
) -> HttpResult {
    let token = text(&parse(&body)?, "refresh_token")?;
    let tenant = state.tenant_of(&token).await?;
    let attempt = state.attempts.begin(origin, tenant.id())?;
    let renewed = tenant
        .writing(None, move |tenant| tenant.renew(&token))
        .await;
    note_attempt(&state, attempt, &renewed);
    Ok(json_answer(&renewed?))
}

/// Only what is refused was tried in vain.
fn note_attempt(state: &SharedState, attempt: Attempt, outcome: &Result<Json, ServerError>) {
    let is_in_vain =
        |error: &ServerError| matches!(error.kind, ErrorKind::SignedOut | ErrorKind::Refused);
    if !outcome.as_ref().is_err_and(is_in_vain) {
        state.attempts.was_good(attempt);
    }
}

/// How the frames are packed that a request's header names.
fn packing(headers: &HeaderMap, name: header::HeaderName) -> Packing {
    Packing::named(headers.get(name).and_then(|value| value.to_str().ok()))
}

/// Who calls, and the frames of the body, of which there are no more than such a call may hold.
async fn frames(
    headers: &HeaderMap,
    body: SignedBody,
    limits: CallLimits,
) -> Result<(Caller, Vec<Frame>), HttpError> {
    let packed = packing(headers, header::CONTENT_TYPE);
    let SignedBody { caller, bytes } = body;
    let tenant = Arc::clone(&caller.tenant);
    let frames = tenant.unpacking(caller.session.device, move || {
        call::decode(packed, &bytes, &limits)
            .map_err(|error| ServerError::bad_input("bad_frames", error.to_string()))
    });
    Ok((caller, frames.await?))
}

fn framed(headers: &HeaderMap, frames: &[Frame]) -> HttpResult {
    let packing = packing(headers, header::ACCEPT);
    let body = wire::encode_as(packing, frames).map_err(ServerError::broken)?;
    Ok(([(header::CONTENT_TYPE, packing.media_type())], body).into_response())
}

pub(super) async fn hello(headers: HeaderMap, BodyAt { body, .. }: BodyAt<Handing>) -> HttpResult {
    let (caller, frames) = frames(&headers, body, call::HELLO).await?;
    let answer = caller.writing(move |tenant, session| {
        let first = frames
            .first()
            .ok_or_else(|| ServerError::bad_input("bad_frame", "the body holds no frame"))?;
        tenant.hello(session, first)
    });
    framed(&headers, &answer.await?)
}

/// Counts what became of one entry.
fn count_verdict(metrics: &Metrics, verdict: &Frame) {
    let Frame::Verdict(verdict) = verdict else {
        return;
    };
    metrics.ruled(match &verdict.ruling {
        Ruling::Accepted { .. } => "accepted",
        Ruling::Duplicate { .. } => "duplicate",
        Ruling::Needs { .. } => "needs",
        Ruling::Quarantined { code, .. } => {
            metrics.quarantined(code);
            "quarantined"
        }
        Ruling::RetryLater => "retry_later",
        Ruling::Rewrite => "rewrite",
    });
}

pub(super) async fn push(
    State(state): State<SharedState>,
    headers: HeaderMap,
    BodyAt { body, .. }: BodyAt<Handing>,
) -> HttpResult {
    let (caller, frames) = frames(&headers, body, call::PUSH).await?;
    let answer = caller.writing(move |tenant, session| tenant.push(session, frames));
    let verdicts = answer.await?;
    for verdict in &verdicts {
        count_verdict(&state.metrics, verdict);
    }
    framed(&headers, &verdicts)
}

/// A parcel, whoever brings it.
pub(super) async fn parcel(BodyAt { body, .. }: BodyAt<Handing>) -> HttpResult {
    let SignedBody { caller, bytes } = body;
    let taken = caller.writing(move |tenant, _| tenant.take_parcel(&bytes));
    Ok(axum::Json(taken.await?).into_response())
}

/// By which a device knows that its own server wants it emptied.
pub(super) async fn wipe(BodyAt { body, .. }: BodyAt<Going>) -> HttpResult {
    let order = body
        .caller
        .reading(|tenant, session| tenant.wipe_order(session.device));
    Ok(axum::Json(order.await?).into_response())
}

/// A device holds nothing any more.
pub(super) async fn gone(BodyAt { body, .. }: BodyAt<Going>) -> HttpResult {
    let gone = body
        .caller
        .writing(|tenant, session| tenant.is_gone(session.device));
    gone.await?;
    Ok(axum::Json(serde_json::json!({})).into_response())
}

pub(super) async fn offer(headers: HeaderMap, body: SignedBody) -> HttpResult {
    let (caller, frames) = frames(&headers, body, call::OFFER).await?;
    let lacking = caller.reading(move |tenant, _| tenant.lacking(frames));
    framed(&headers, &lacking.await?)
}

pub(super) async fn take_back(headers: HeaderMap, body: SignedBody) -> HttpResult {
    let (caller, frames) = frames(&headers, body, call::RETURN).await?;
    let answer = caller.writing(move |tenant, session| tenant.take_back(session, frames));
    framed(&headers, &answer.await?)
}

pub(super) async fn upload(headers: HeaderMap, body: SignedBody) -> HttpResult {
    let (caller, frames) = frames(&headers, body, call::UPLOAD).await?;
    let tenant = Arc::clone(&caller.tenant);
    let session = caller.session.clone();
    let device = session.device;
    // Bytes of files are written beside those who write records, and a bucket is waited for in
    // nobody's turn; only what came whole is noted in that of the writers.
    let in_bucket = if tenant.files.has_bucket() {
        Some(found_in_bucket(&tenant, &session, &frames).await?)
    } else {
        None
    };
    let taken = Arc::clone(&tenant).reading(Some(device), move |tenant| {
        let found = match in_bucket {
            Some(found) => found,
            None => tenant.files_found(&session, &frames)?,
        };
        tenant.take_pieces(&session, frames, &found)
    });
    let mut taken = taken.await?;
    if taken.whole.is_empty() {
        return framed(&headers, &taken.answer);
    }
    if tenant.files.has_bucket() {
        let carried = tenant.carrying(device, move |files| {
            files.put_up(&taken.whole)?;
            Ok(taken)
        });
        taken = carried.await?;
    }
    let answer = caller.writing(move |tenant, session| {
        tenant.note_files(session, &taken)?;
        Ok(taken.answer)
    });
    framed(&headers, &answer.await?)
}

/// The files with pieces among these frames that are in the bucket: those that this person brought
/// before are looked for.
async fn found_in_bucket(
    tenant: &Arc<OpenTenant>,
    session: &Session,
    frames: &[Frame],
) -> Result<BTreeSet<BlobHash>, ServerError> {
    let hashes = pieces_of(frames);
    let (device, session) = (session.device, session.clone());
    let asked = Arc::clone(tenant).reading(Some(device), move |tenant| {
        tenant.brought_before(&session, &hashes)
    });
    let asked = asked.await?;
    if asked.is_empty() {
        return Ok(BTreeSet::new());
    }
    let carrier = Arc::clone(tenant);
    carrier
        .carrying(device, move |files| files.found(&asked))
        .await
}

pub(super) async fn download(headers: HeaderMap, body: SignedBody) -> HttpResult {
    let (caller, frames) = frames(&headers, body, call::DOWNLOAD).await?;
    let (tenant, device) = (Arc::clone(&caller.tenant), caller.session.device);
    let fetched = caller.reading(move |tenant, session| tenant.fetched(session, &frames));
    let fetched = fetched.await?;
    let pieces = tenant.carrying(device, move |files| fetched.read(files));
    framed(&headers, &pieces.await?)
}

pub(super) async fn pull(
    State(state): State<SharedState>,
    headers: HeaderMap,
    body: SignedBody,
) -> HttpResult {
    let (caller, frames) = frames(&headers, body, call::PULL).await?;
    check_asked(&frames)?;
    let (tenant, session) = (caller.tenant, caller.session);
    let share = state.begin_pull(tenant.id(), session.device)?;
    let packing = packing(&headers, header::ACCEPT);
    let (sender, receiver) = mpsc::channel(CHUNKS_MAX);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut line = AnswerLine {
            sender,
            runtime,
            began: Instant::now(),
            looked_at: Instant::now(),
            is_let_in: &|| tenant.read(|tenant| tenant.authenticate(&caller.token).map(drop)),
        };
        let told = note_told(&tenant, &session)
            .and_then(|()| tenant.pack(|tenant| tenant.due(&session, &frames)))
            .and_then(|()| {
                tenant.read(|tenant| tell(tenant, &session, &frames, packing, &mut line))
            });
        drop(share);
        if let Err(error) = told {
            caller.note.cut(&error.message);
            // A broken connection is how the client learns that this is not the end.
            drop(line.give(Err(std::io::Error::other(error.message))));
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

/// A piece of an answer, or why it ends early.
type AnswerPiece = std::io::Result<Vec<u8>>;

/// Where the pieces of a long answer go while somebody listens, and is still let in.
struct AnswerLine<'a> {
    sender: Sender<AnswerPiece>,
    runtime: Handle,
    began: Instant,
    looked_at: Instant,
    is_let_in: &'a dyn Fn() -> Result<(), ServerError>,
}

impl AnswerLine<'_> {
    fn give(&mut self, piece: AnswerPiece) -> Result<(), ServerError> {
        let sending = timeout(WRITE_TIMEOUT, self.sender.send(piece));
        match self.runtime.block_on(sending) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ServerError::broken("the client stopped listening")),
        }
    }

    /// All whole pieces of what is ready, however much that is: what was packed before comes at
    /// once, and a client that is slow must not have the server hold it all.
    fn hand_on(&mut self, ready: &mut Vec<u8>) -> Result<(), ServerError> {
        let rest = ready.split_off(ready.len() - ready.len() % CHUNK_BYTES);
        for piece in std::mem::replace(ready, rest).chunks(CHUNK_BYTES) {
            self.go_on(piece.to_vec())?;
        }
        Ok(())
    }

    /// The next bytes. The answer ends here if access did meanwhile, or if it takes too long.
    fn go_on(&mut self, bytes: Vec<u8>) -> Result<(), ServerError> {
        self.give(Ok(bytes))?;
        if self.began.elapsed() > ANSWER_TIMEOUT {
            return Err(ServerError::broken("the client listens too slowly"));
        }
        if self.looked_at.elapsed() >= ACCESS_LOOK {
            (self.is_let_in)()?;
            self.looked_at = Instant::now();
        }
        Ok(())
    }
}

/// Notes when the device is told what it follows.
fn note_told(tenant: &OpenTenant, session: &Session) -> Result<(), ServerError> {
    if tenant.read(|tenant| tenant.is_to_note(session))? {
        tenant.write(|tenant| tenant.tells(session))?;
    }
    Ok(())
}

/// Encodes the frames of a pull and hands them on piece by piece.
fn tell(
    tenant: &Tenant,
    session: &Session,
    asked: &[Frame],
    packing: Packing,
    line: &mut AnswerLine<'_>,
) -> Result<(), ServerError> {
    let mut encoder = wire::Encoder::packing(packing).map_err(ServerError::broken)?;
    let mut ready = Vec::new();
    tenant.pull(session, asked, &mut |piece| {
        piece.write(&mut encoder)?;
        ready.extend(encoder.ready());
        line.hand_on(&mut ready)
    })?;
    ready.extend(encoder.finish().map_err(ServerError::broken)?);
    line.hand_on(&mut ready)?;
    line.give(Ok(ready))
}

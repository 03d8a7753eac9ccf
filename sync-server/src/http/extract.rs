//! Hears requests out: who calls, before anything else; bodies under a cap and without long
//! silence; names in paths, queries. What cannot be heard is refused in JSON like everything else.
//! It does not know what is asked.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use outfield_core::base::id::DeviceId;
use outfield_core::base::limits::{BLOB_BYTES_MAX, REQUEST_BYTES_MAX};
use serde_json::Value as Json;
use tokio::time::{Instant, timeout_at};

use super::noted::RequestNote;
use super::respond::{HttpError, bearer};
use super::shares::HeldShare;
use super::state::{OpenTenant, SharedState};
use crate::error::{ErrorKind, ServerError};
use crate::limits::{ACCESS_LOOK, BODY_IDLE_TIMEOUT, BODY_TIMEOUT, DOOR_BYTES_MAX};
use crate::people::{Door, Session};
use crate::tenant::Tenant;

/// Whoever calls, let in by the token alone.
pub(super) struct Caller {
    /// The person and device.
    pub(super) session: Session,
    /// What they work for.
    pub(super) tenant: Arc<OpenTenant>,
    /// What they showed.
    pub(super) token: String,
    /// What is noted of the request.
    pub(super) note: Arc<RequestNote>,
    /// At which door.
    door: Door,
    asked_at: Instant,
    _call: HeldShare<DeviceId>,
}

impl FromRequestParts<SharedState> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, HttpError> {
        Caller::at(Door::Within, parts, state).await
    }
}

impl Caller {
    /// Whoever calls at this door.
    async fn at(door: Door, parts: &Parts, state: &SharedState) -> Result<Caller, HttpError> {
        let token = bearer(&parts.headers)?;
        let tenant = state.tenant_of(&token).await?;
        let shown = token.clone();
        let known = Arc::clone(&tenant).reading(None, move |tenant| tenant.let_in(&shown, door));
        let session = known.await?;
        let note = parts.extensions.get::<Arc<RequestNote>>().cloned();
        let note = note.unwrap_or_default();
        note.is_of(tenant.id(), session.device);
        Ok(Caller {
            note,
            door,
            _call: state.begin_call(session.device)?,
            session,
            tenant,
            token,
            asked_at: Instant::now(),
        })
    }

    /// Reads on the caller's behalf. Whoever took long to say what is wanted is asked for the token
    /// again.
    pub(super) async fn reading<T: Send + 'static>(
        self,
        work: impl FnOnce(&Tenant, &Session) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, HttpError> {
        let Caller {
            session,
            tenant,
            token,
            door,
            asked_at,
            _call,
            ..
        } = self;
        let is_fresh = asked_at.elapsed() < ACCESS_LOOK;
        let done = tenant.reading(Some(session.device), move |tenant| {
            if is_fresh {
                return work(tenant, &session);
            }
            work(tenant, &tenant.let_in(&token, door)?)
        });
        Ok(done.await?)
    }

    /// Writes on the caller's behalf: by what the token is worth when it is the caller's turn.
    pub(super) async fn writing<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Tenant, &Session) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, HttpError> {
        let Caller {
            session,
            tenant,
            token,
            door,
            _call,
            ..
        } = self;
        let done = tenant.writing(Some(session.device), move |tenant| {
            let session = tenant.let_in(&token, door)?;
            work(tenant, &session)
        });
        Ok(done.await?)
    }
}

/// Who calls, and a whole body, of which nothing was read before the caller was known.
pub(super) struct SignedBody {
    pub(super) caller: Caller,
    pub(super) bytes: Bytes,
}

impl SignedBody {
    async fn within(
        limit: usize,
        door: Door,
        request: Request,
        state: &SharedState,
    ) -> Result<SignedBody, HttpError> {
        let (parts, body) = request.into_parts();
        check_length(&parts.headers, limit)?;
        let caller = Caller::at(door, &parts, state).await?;
        let bytes = whole(body, limit).await?;
        Ok(SignedBody { caller, bytes })
    }
}

impl FromRequest<SharedState> for SignedBody {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &SharedState) -> Result<Self, HttpError> {
        SignedBody::within(REQUEST_BYTES_MAX, Door::Within, request, state).await
    }
}

/// Who calls, and a whole file.
pub(super) struct SignedFile(pub(super) SignedBody);

impl FromRequest<SharedState> for SignedFile {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &SharedState) -> Result<Self, HttpError> {
        let limit = usize::try_from(BLOB_BYTES_MAX).map_err(ServerError::broken)?;
        let signed = SignedBody::within(limit, Door::Within, request, state);
        Ok(SignedFile(signed.await?))
    }
}

/// The same at another door.
pub(super) struct BodyAt<D> {
    pub(super) body: SignedBody,
    door: PhantomData<D>,
}

/// What says at which door a body is taken in.
pub(super) trait DoorName {
    /// The door.
    const DOOR: Door;
}

/// Of whoever may hand in work alone.
pub(super) struct Handing;

impl DoorName for Handing {
    const DOOR: Door = Door::Handing;
}

/// Of whoever may say that a device holds nothing any more, and no more than that.
pub(super) struct Going;

impl DoorName for Going {
    const DOOR: Door = Door::Going;
}

impl<D: DoorName> FromRequest<SharedState> for BodyAt<D> {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &SharedState) -> Result<Self, HttpError> {
        let signed = SignedBody::within(REQUEST_BYTES_MAX, D::DOOR, request, state);
        Ok(BodyAt {
            body: signed.await?,
            door: PhantomData,
        })
    }
}

/// The small body of whoever is not known yet.
pub(super) struct DoorBody(pub(super) Bytes);

impl<S: Sync> FromRequest<S> for DoorBody {
    type Rejection = HttpError;

    async fn from_request(request: Request, _: &S) -> Result<Self, HttpError> {
        let (parts, body) = request.into_parts();
        check_length(&parts.headers, DOOR_BYTES_MAX)?;
        Ok(DoorBody(whole(body, DOOR_BYTES_MAX).await?))
    }
}

/// Refuses what says of itself that it is too long.
fn check_length(headers: &HeaderMap, limit: usize) -> Result<(), ServerError> {
    let said = headers.get(header::CONTENT_LENGTH);
    let length = said.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit as u64 => Err(too_large(limit)),
        Some(_) | None => Ok(()),
    }
}

fn too_large(limit: usize) -> ServerError {
    let message = format!("a body has at most {limit} bytes here; send less at a time");
    ServerError::new(ErrorKind::TooLarge, "too_large", message)
}

async fn whole(body: Body, limit: usize) -> Result<Bytes, ServerError> {
    let late = Instant::now() + BODY_TIMEOUT;
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    loop {
        let next = timeout_at(late.min(Instant::now() + BODY_IDLE_TIMEOUT), pieces.next()).await;
        let Some(piece) = next.map_err(|_| {
            ServerError::new(
                ErrorKind::TooSlow,
                "too_slow",
                "the body did not come in time",
            )
        })?
        else {
            return Ok(whole.into());
        };
        let piece = piece.map_err(|error| {
            ServerError::bad_input("bad_body", format!("the body broke off: {error}"))
        })?;
        if whole.len() + piece.len() > limit {
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&piece);
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

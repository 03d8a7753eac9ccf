//! Carries requests to tenants and answers back; a tenant has one file that writes and some that
//! read beside it. It does not know what is asked: `tenant` does.

mod extract;
mod pull_limit;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use outfield_core::app::DISK_FULL;
use outfield_core::base::context::Surroundings;
use outfield_core::base::id::TenantId;
use outfield_core::base::limits::REQUEST_BYTES_MAX;
use outfield_core::domain::rules::sell::pricing::Basket;
use outfield_core::sync::frames::Frame;
use outfield_core::sync::wire::{self, Packing};
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use crate::data_dir::DataDir;
use crate::error::{ServerError, one_line, refusal_line};
use crate::office::Applicant;
use crate::people::Session;
use crate::tenant::Tenant;
use extract::{BoundedBody, PathParams, QueryParams};
use pull_limit::PullLimit;

/// The head of an answer that is JSON text already.
const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
/// How long a client may take for one piece of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long those who are being answered have once the server is told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// Bytes of an answer from which a piece is handed on.
const CHUNK_BYTES: usize = 32 * 1024;
/// Pieces of one answer that wait for the client.
const CHUNKS_MAX: usize = 4;
/// Open files of one tenant that are kept for the next readers.
const READERS_MAX: usize = 8;

/// What all requests share.
struct AppState {
    data_dir: Mutex<DataDir>,
    open_tenants: Mutex<BTreeMap<TenantId, Arc<OpenTenant>>>,
    pull_limit: PullLimit,
}

/// One tenant: a file that writes, and some that read beside it.
struct OpenTenant {
    id: TenantId,
    writer: Mutex<Tenant>,
    readers: Mutex<Vec<Tenant>>,
    /// Whoever packs a bucket for all.
    packer: Mutex<()>,
}

type Shared = Arc<AppState>;

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What a panic left half done was rolled back with its transaction.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What ends a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Ctrl-C or SIGTERM.
    Told,
    /// The same, or the end of standard input: whoever started it is gone.
    Alone,
}

/// Serves a data folder until it ends. `ready` learns the address first.
pub fn serve(
    dir: &Path,
    (listen, until): (&str, Until),
    surroundings: Arc<dyn Surroundings>,
    ready: &dyn Fn(&str),
) -> Result<(), ServerError> {
    let data_dir = Mutex::new(DataDir::open(dir, surroundings)?);
    let gone = (until == Until::Alone).then(input_ends);
    let state = Arc::new(AppState {
        data_dir,
        open_tenants: Mutex::new(BTreeMap::new()),
        pull_limit: PullLimit::default(),
    });
    let runtime = tokio::runtime::Runtime::new().map_err(ServerError::broken)?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .map_err(|error| {
                ServerError::bad_input(
                    "bad_listen",
                    format!("cannot listen on {listen}: {error}; name another with --listen"),
                )
            })?;
        let address = listener.local_addr().map_err(ServerError::broken)?;
        ready(&format!("http://{address}"));
        // An answer is many small pieces; none of them waits until the last one was acknowledged.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let serving =
            axum::serve(listener, router(state)).with_graceful_shutdown(stopped(gone.clone()));
        tokio::select! {
            served = async { serving.await } => served.map_err(ServerError::broken),
            () = late(gone) => Ok(()),
        }
    });
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    served
}

/// Nobody who dawdles over a request holds up the end of the server.
async fn late(gone: Option<watch::Receiver<bool>>) {
    stopped(gone).await;
    tokio::time::sleep(SHUTDOWN_GRACE).await;
}

async fn stopped(gone: Option<watch::Receiver<bool>>) {
    let alone = async {
        match gone {
            Some(mut gone) => drop(gone.wait_for(|gone| *gone).await),
            None => std::future::pending().await,
        }
    };
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {}, () = alone => {} }
        }
        Err(_) => drop(interrupt.await),
    }
}

/// Learns when standard input ends, in a thread of its own: nobody waits for it when the server
/// stops for another reason.
fn input_ends() -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    std::thread::spawn(move || {
        // An input that breaks has ended too.
        std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).ok();
        tell.send(true).ok();
    });
    told
}

fn router(state: Shared) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/sync/v1/enrol", post(enrol))
        .route("/sync/v1/refresh", post(refresh))
        .route("/sync/v1/hello", post(hello))
        .route("/sync/v1/push", post(push))
        .route("/sync/v1/pull", post(pull))
        .route("/api/v1/digest", get(digest))
        .route("/api/v1/price", post(price))
        .route("/api/v1/{object}", get(list))
        .route("/api/v1/{object}/{id}", get(record))
        .fallback(|| async {
            HttpError(ServerError::bad_input(
                "not_found",
                "there is nothing at this path",
            ))
        })
        .method_not_allowed_fallback(|| async {
            HttpError(ServerError::bad_input(
                "wrong_method",
                "this path is not asked in this way; try GET or POST",
            ))
        })
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(|_| {
            HttpError(ServerError::broken(
                "a fault in the server; what was begun is as it was before",
            ))
            .into_response()
        }))
        .with_state(state)
}

/// A refusal as an HTTP answer.
struct HttpError(ServerError);

impl From<ServerError> for HttpError {
    fn from(error: ServerError) -> Self {
        HttpError(error)
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let ServerError {
            bad_input,
            code,
            message,
            fields,
        } = self.0;
        let status = match code.as_str() {
            "signed_out" => StatusCode::UNAUTHORIZED,
            "not_found" => StatusCode::NOT_FOUND,
            "wrong_method" => StatusCode::METHOD_NOT_ALLOWED,
            "too_slow" => StatusCode::REQUEST_TIMEOUT,
            "busy" => StatusCode::TOO_MANY_REQUESTS,
            "too_large" | "push_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
            "broken" => StatusCode::INTERNAL_SERVER_ERROR,
            DISK_FULL => StatusCode::INSUFFICIENT_STORAGE,
            _ if bad_input => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        };
        let body = refusal_line((&code, &one_line(&message), &fields), None);
        (status, JSON, body).into_response()
    }
}

type HttpResult = Result<Response, HttpError>;

impl AppState {
    /// The open tenant that a token or code names.
    fn open_tenant(&self, secret: &str) -> Result<Arc<OpenTenant>, ServerError> {
        let office = locked(&self.data_dir);
        let id = office.tenant_id_of(secret)?;
        let mut open_tenants = locked(&self.open_tenants);
        if let Some(open_tenant) = open_tenants.get(&id) {
            return Ok(Arc::clone(open_tenant));
        }
        let writer = Mutex::new(office.open_tenant(id)?);
        let open_tenant = Arc::new(OpenTenant {
            id,
            writer,
            readers: Mutex::new(Vec::new()),
            packer: Mutex::new(()),
        });
        open_tenants.insert(id, Arc::clone(&open_tenant));
        Ok(open_tenant)
    }

    /// Works on the file that writes; one at a time.
    fn write<T>(
        &self,
        secret: &str,
        work: impl FnOnce(&mut Tenant) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let open_tenant = self.open_tenant(secret)?;
        let mut tenant = locked(&open_tenant.writer);
        tenant.refresh()?;
        work(&mut tenant)
    }

    /// Packs the buckets that are due. Of many who ask at once one does it, and the others wait for
    /// that.
    fn pack(
        &self,
        secret: &str,
        due: impl Fn(&Tenant) -> Result<Vec<String>, ServerError>,
    ) -> Result<(), ServerError> {
        if self.read(secret, &due)?.is_empty() {
            return Ok(());
        }
        let open_tenant = self.open_tenant(secret)?;
        let _one = locked(&open_tenant.packer);
        for bucket in self.read(secret, &due)? {
            let cut = self.read(secret, |tenant| tenant.cut(&bucket))?;
            self.write(secret, |tenant| tenant.keep(&cut))?;
        }
        Ok(())
    }

    /// Works on a file that only reads, beside writers and other readers.
    fn read<T>(
        &self,
        secret: &str,
        work: impl FnOnce(&Tenant) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let open_tenant = self.open_tenant(secret)?;
        let idle = locked(&open_tenant.readers).pop();
        let mut tenant = match idle {
            Some(tenant) => tenant,
            None => locked(&self.data_dir).open_tenant(open_tenant.id)?,
        };
        tenant.refresh()?;
        let answer = work(&tenant);
        let mut readers = locked(&open_tenant.readers);
        if readers.len() < READERS_MAX {
            readers.push(tenant);
        }
        answer
    }
}

/// Runs blocking work beside the threads that answer.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
) -> Result<T, HttpError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(ServerError::broken)?
        .map_err(HttpError)
}

/// The bearer token of a request.
fn bearer(headers: &HeaderMap) -> Result<String, ServerError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned)
        .ok_or_else(|| {
            ServerError::refused(
                "signed_out",
                "send the header `Authorization: Bearer TOKEN`; enrolling gives the token",
            )
        })
}

/// Writes on behalf of whoever the request's token speaks for.
async fn writing<T: Send + 'static>(
    state: Shared,
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
async fn reading(
    state: Shared,
    headers: &HeaderMap,
    work: impl FnOnce(&Tenant, &Session) -> Result<Json, ServerError> + Send + 'static,
) -> HttpResult {
    let token = bearer(headers)?;
    let read = move || state.read(&token, |tenant| work(tenant, &tenant.authenticate(&token)?));
    Ok(axum::Json(aside(read).await?).into_response())
}

fn text(json: &Json, key: &str) -> Result<String, ServerError> {
    let found = json[key]
        .as_str()
        .filter(|text| !text.is_empty() && text.len() <= 200);
    found.map(str::to_owned).ok_or_else(|| ServerError {
        fields: vec![key.to_owned()],
        ..ServerError::bad_input(
            "missing_field",
            format!("the JSON body needs a text `{key}` of at most 200 bytes"),
        )
    })
}

fn parse(body: &Bytes) -> Result<Json, ServerError> {
    serde_json::from_slice(body).map_err(|error| {
        ServerError::bad_input("bad_json", format!("the body is not JSON: {error}"))
    })
}

async fn enrol(State(state): State<Shared>, BoundedBody(body): BoundedBody) -> HttpResult {
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

async fn refresh(State(state): State<Shared>, BoundedBody(body): BoundedBody) -> HttpResult {
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
    state: &Shared,
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

async fn hello(
    State(state): State<Shared>,
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

async fn push(
    State(state): State<Shared>,
    headers: HeaderMap,
    BoundedBody(body): BoundedBody,
) -> HttpResult {
    let (_, frames) = frames(&state, &headers, body).await?;
    let answer = writing(state, &headers, move |tenant, session| {
        tenant.push(session, frames)
    });
    framed(&headers, &answer.await?)
}

async fn pull(
    State(state): State<Shared>,
    headers: HeaderMap,
    BoundedBody(body): BoundedBody,
) -> HttpResult {
    let (session, frames) = frames(&state, &headers, body).await?;
    let (token, slot) = (bearer(&headers)?, state.pull_limit.take(session.device)?);
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
                    tell(tenant, &session, (&frames, packing), &give)
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
    (asked, packing): (&[Frame], Packing),
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

async fn digest(State(state): State<Shared>, headers: HeaderMap, asked: QueryParams) -> HttpResult {
    reading(state, &headers, move |tenant, session| {
        let data = tenant.digest(session, asked.get("user"))?;
        Ok(json!({ "ok": true, "data": data }))
    })
    .await
}

/// Answers and refuses in the bytes of the command line.
async fn price(
    State(state): State<Shared>,
    headers: HeaderMap,
    body: Result<BoundedBody, HttpError>,
) -> HttpResult {
    let BoundedBody(body) = body.map_err(|failed| match failed.0.code.as_str() {
        "too_large" => HttpError(Basket::too_large().into()),
        _ => failed,
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

async fn list(
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

async fn record(
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

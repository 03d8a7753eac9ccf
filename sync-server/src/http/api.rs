//! The REST API: records, commands, digests and prices, for whoever the token speaks for.
//! It does not know which objects there are.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value as Json, json};

use super::extract::{Caller, PathParams, QueryParams, SignedBody, parse};
use super::respond::{HttpError, HttpResult, JSON, json_answer};
use crate::error::{ErrorKind, ServerError};
use crate::office::{Terms, basket_too_large};
use crate::people::Session;
use crate::tenant::Tenant;

/// Reads on the caller's behalf; the answer is JSON.
async fn reading(
    caller: Caller,
    work: impl FnOnce(&Tenant, &Session) -> Result<Json, ServerError> + Send + 'static,
) -> HttpResult {
    Ok(json_answer(&caller.reading(work).await?))
}

pub(super) async fn digest(caller: Caller, asked: QueryParams) -> HttpResult {
    reading(caller, move |tenant, session| {
        let data = tenant.digest(session, asked.get("user"))?;
        Ok(json!({ "ok": true, "data": data }))
    })
    .await
}

/// Answers and refuses in the bytes of the command line.
pub(super) async fn price(body: Result<SignedBody, HttpError>) -> HttpResult {
    let SignedBody { caller, bytes } = body.map_err(|error| {
        if error.0.kind == ErrorKind::TooLarge {
            HttpError(basket_too_large())
        } else {
            error
        }
    })?;
    let basket = String::from_utf8(bytes.to_vec())
        .map_err(|_| ServerError::bad_input("bad_json", "the body is not text in UTF-8"))?;
    let priced = caller.reading(move |tenant, session| tenant.price(session, &basket));
    Ok((JSON, priced.await?).into_response())
}

pub(super) async fn objects(caller: Caller) -> HttpResult {
    reading(caller, move |tenant, session| {
        Ok(json!({ "ok": true, "data": tenant.objects(session)? }))
    })
    .await
}

pub(super) async fn object(caller: Caller, PathParams(object): PathParams<String>) -> HttpResult {
    reading(caller, move |tenant, session| {
        let data = tenant.object(session, &object)?;
        Ok(json!({ "ok": true, "id": object, "data": data }))
    })
    .await
}

/// Answers a query whose members follow the path.
pub(super) async fn list(
    caller: Caller,
    PathParams(object): PathParams<String>,
    asked: QueryParams,
) -> HttpResult {
    reading(caller, move |tenant, session| {
        let data = tenant.list(session, &object, &asked.0)?;
        Ok(json!({ "ok": true, "id": null, "data": data }))
    })
    .await
}

pub(super) async fn record(
    caller: Caller,
    PathParams((object, id)): PathParams<(String, String)>,
) -> HttpResult {
    let read = caller.reading(move |tenant, session| {
        let data = tenant.get(session, &object, &id)?;
        let version = tenant.version(&object, &id)?;
        Ok((
            version,
            json!({ "ok": true, "id": data["id"], "data": data }),
        ))
    });
    let (version, answer) = read.await?;
    Ok(([(header::ETAG, version)], json_answer(&answer)).into_response())
}

/// What became of a record on the server.
pub(super) async fn trail(
    caller: Caller,
    PathParams((object, id)): PathParams<(String, String)>,
) -> HttpResult {
    reading(caller, move |tenant, session| {
        let data = tenant.trail_for(session, &object, &id)?;
        Ok(json!({ "ok": true, "id": id, "data": data }))
    })
    .await
}

/// Answers a question; what is said with it follows the path.
pub(super) async fn ask(
    caller: Caller,
    PathParams(question): PathParams<String>,
    asked: QueryParams,
) -> HttpResult {
    reading(caller, move |tenant, session| {
        let data = tenant.ask(session, &question, &json!(asked.0).to_string())?;
        Ok(json!({ "ok": true, "id": null, "data": data }))
    })
    .await
}

/// Answers a query, which is too much for a path.
pub(super) async fn query(SignedBody { caller, bytes }: SignedBody) -> HttpResult {
    let asked = String::from_utf8(bytes.to_vec())
        .map_err(|_| ServerError::bad_input("bad_json", "the body is not text in UTF-8"))?;
    reading(caller, move |tenant, session| {
        let data = tenant.query(session, &asked)?;
        Ok(json!({ "ok": true, "id": null, "data": data }))
    })
    .await
}

/// Carries out one command, or a group.
pub(super) async fn perform(
    headers: HeaderMap,
    SignedBody { caller, bytes }: SignedBody,
) -> HttpResult {
    let (body, asked) = (parse(&bytes)?, AskedTerms::of(&headers)?);
    let done = caller.writing(move |tenant, session| tenant.perform(session, &body, asked.terms()));
    Ok((JSON, done.await?).into_response())
}

pub(super) async fn make(
    headers: HeaderMap,
    PathParams(object): PathParams<String>,
    SignedBody { caller, bytes }: SignedBody,
) -> HttpResult {
    let (body, asked) = (parse(&bytes)?, AskedTerms::of(&headers)?);
    let made =
        caller.writing(move |tenant, session| tenant.make(session, &object, &body, asked.terms()));
    Ok((StatusCode::CREATED, JSON, made.await?).into_response())
}

pub(super) async fn change(
    headers: HeaderMap,
    PathParams((object, id)): PathParams<(String, String)>,
    SignedBody { caller, bytes }: SignedBody,
) -> HttpResult {
    let (body, asked) = (parse(&bytes)?, AskedTerms::of(&headers)?);
    let changed = caller
        .writing(move |tenant, session| tenant.change(session, &object, &id, &body, asked.terms()));
    Ok((JSON, changed.await?).into_response())
}

pub(super) async fn delete(
    caller: Caller,
    PathParams((object, _)): PathParams<(String, String)>,
) -> HttpResult {
    let refused = caller.writing(move |tenant, session| tenant.never_deleted(session, &object));
    Ok((JSON, refused.await?).into_response())
}

/// The headers that say how a request is to be taken.
struct AskedTerms {
    key: Option<String>,
    seen: Option<String>,
}

impl AskedTerms {
    fn of(headers: &HeaderMap) -> Result<AskedTerms, ServerError> {
        let text = |name: &str| match headers.get(name).map(|value| value.to_str()) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text.to_owned())),
            Some(Err(_)) => {
                let message = format!("the header `{name}` is not plain text");
                Err(ServerError::bad_input("bad_header", message))
            }
        };
        Ok(AskedTerms {
            key: text("idempotency-key")?,
            seen: text("if-match")?,
        })
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            key: self.key.as_deref(),
            seen: self.seen.as_deref(),
        }
    }
}

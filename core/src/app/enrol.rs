//! Signs a device in: trades a one-time code for tokens, renews them, and makes calls with them.
//! It does not know how tokens are checked.

use serde_json::{Value as Json, json};

use super::{Device, FieldError, Receipt};
use crate::base::context::Identity;
use crate::store::{self, meta, outbox};
use crate::sync::carrier::carry_whole;
use crate::sync::http::Http;
use crate::sync::{Call, Carrier, Reply, wire};

/// What an enrolment's answer holds that a device keeps, as text.
const KEPT: &[&str] = &[
    "token",
    "refresh_token",
    "user",
    "name",
    "role",
    "device",
    "tenant",
    "time_zone",
];
/// Bytes that each of them may have.
const KEPT_BYTES_MAX: usize = 1_000;
/// The refresh token of the last verified meeting.
const PROVEN: &str = "proven_refresh_token";
/// Bytes that an answer to a single call may have.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

impl Device {
    /// Signs this device in with a one-time code. A lost answer may be asked for again with the
    /// same code. A device of one tenant never becomes another's, nor another person's while it
    /// holds unsent work.
    pub fn enrol(&mut self, url: &str, code: &str) -> Result<Receipt, FieldError> {
        let carrier = Http::new(url)
            .map_err(|error| FieldError::bad_input("bad_url", error.to_string(), &["url"]))?;
        self.enrol_over(&carrier, url, code)
    }

    /// The same over any carrier.
    pub fn enrol_over(
        &mut self,
        carrier: &dyn Carrier,
        url: &str,
        code: &str,
    ) -> Result<Receipt, FieldError> {
        let install = self.install()?;
        let tenant = meta::get(&self.db, "tenant")?;
        // Whoever has unsent work here must send it; another person's rights are not the author's.
        let user = if outbox::count(&self.db)? > 0 {
            meta::get(&self.db, "user")?
        } else {
            None
        };
        let (code, name) = (code.trim(), device_name(&install));
        let body = json!({
            "code": code, "install": install, "name": name, "tenant": tenant, "user": user,
        });
        let answer = match post(carrier, "/sync/v1/enrol", &body) {
            Err(FieldError::Refused { code, .. }) if code == "not_found" => {
                let message = format!("no Outfield server answers at `{url}`");
                return Err(FieldError::bad_input("bad_url", message, &["url"]));
            }
            answer => answer?,
        };
        let actor = self.new_actor().to_string();
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        keep(&tx, &answer)?;
        meta::set(&tx, "url", url.trim_end_matches('/'))?;
        meta::set(&tx, "actor", &actor)?;
        meta::remove(&tx, "install")?;
        // An answer that makes no identity must not stay: nothing could be opened any more.
        let identity = self.stored_identity()?;
        store::open::commit(tx)?;
        self.identity = identity;
        self.mark_installation()?;
        let data = json!({
            "user": answer["user"],
            "name": answer["name"],
            "role": answer["role"],
            "device": answer["device"],
        });
        Ok(Receipt {
            id: answer["device"].as_str().map(str::to_owned),
            data,
        })
    }

    /// Trades the refresh token for new tokens, or, if it came from whoever was not the server, the
    /// one that brought the last verified meeting.
    pub(super) fn renew_tokens(&mut self, carrier: &dyn Carrier) -> Result<(), FieldError> {
        let trade = |key: &str| {
            let token = meta::get(&self.db, key)?.unwrap_or_default();
            post(
                carrier,
                "/sync/v1/refresh",
                &json!({ "refresh_token": token }),
            )
        };
        let answer = match trade("refresh_token") {
            Err(FieldError::SignIn { .. }) if meta::get(&self.db, PROVEN)?.is_some() => {
                trade(PROVEN)?
            }
            answer => answer?,
        };
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        let (tenant, before) = (meta::get(&tx, "tenant")?, self.stored_identity()?);
        keep(&tx, &answer)?;
        let (same_tenant, after) = (meta::get(&tx, "tenant")? == tenant, self.stored_identity()?);
        let who = |identity: &Option<Identity>| {
            identity
                .as_ref()
                .map(|identity| (identity.user, identity.device))
        };
        if !same_tenant || who(&before) != who(&after) {
            return Err(FieldError::broken(
                "the server's new tokens are another person's, or another device's",
            ));
        }
        store::open::commit(tx)?;
        self.identity = after;
        Ok(())
    }

    /// Notes that the tokens are the server's own: it knew what only the server knows.
    pub(super) fn tokens_are_proven(db: &store::Db) -> Result<(), FieldError> {
        if let Some(token) = meta::get(db, "refresh_token")? {
            meta::set(db, PROVEN, &token)?;
        }
        Ok(())
    }

    /// The bearer token of this device, for calls of the REST API by hand.
    pub fn token(&mut self) -> Result<Receipt, FieldError> {
        self.signed_in()?;
        Ok(Receipt::of(
            json!({ "token": meta::get(&self.db, "token")?, "server": self.server()? }),
        ))
    }

    /// One call with this device's token, which is renewed if it has run out.
    pub(super) fn ask(
        &mut self,
        carrier: &dyn Carrier,
        path: &'static str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, FieldError> {
        let token = meta::get(&self.db, "token")?;
        let mut call = Call {
            path,
            token,
            media_type: wire::MEDIA_TYPE,
            body,
        };
        let (mut reply, mut answer) = carry_whole(carrier, &call, ANSWER_BYTES_MAX)?;
        if reply.status == 401 {
            self.renew_tokens(carrier)?;
            call.token = meta::get(&self.db, "token")?;
            (reply, answer) = carry_whole(carrier, &call, ANSWER_BYTES_MAX)?;
        }
        accepted(reply, &answer)?;
        Ok(answer)
    }

    /// Names this installation to the server while it enrols, the same again after a lost answer.
    fn install(&self) -> Result<String, FieldError> {
        if let Some(install) = meta::get(&self.db, "install")? {
            return Ok(install);
        }
        let install = self.new_actor().to_string();
        meta::set(&self.db, "install", &install)?;
        Ok(install)
    }
}

fn device_name(install: &str) -> String {
    format!("device-{}", install.chars().take(8).collect::<String>())
}

fn post(carrier: &dyn Carrier, path: &'static str, body: &Json) -> Result<Json, FieldError> {
    let call = Call {
        path,
        token: None,
        media_type: "application/json",
        body: body.to_string().into_bytes(),
    };
    let (reply, answer) = carry_whole(carrier, &call, ANSWER_BYTES_MAX)?;
    accepted(reply, &answer)?;
    let wrong = |_| {
        FieldError::broken(
            "the server's answer is not JSON; is this the address of an Outfield server?",
        )
    };
    serde_json::from_slice(&answer).map_err(wrong)
}

/// Whether a call was carried out; if not, why.
fn accepted(reply: Reply, answer: &[u8]) -> Result<(), FieldError> {
    let said: Json = serde_json::from_slice(answer).unwrap_or_default();
    let text = |key: &str| said["error"][key].as_str().map(str::to_owned);
    let message = text("message")
        .unwrap_or_else(|| format!("the server answered with status {}", reply.status));
    let code = text("code").unwrap_or_else(|| "refused".to_owned());
    match reply.status {
        200..=299 => Ok(()),
        401 => Err(FieldError::SignIn { message }),
        408 | 429 | 500.. => Err(FieldError::TryLater { message }),
        400 => Err(FieldError::bad_input(&code, message, &[])),
        _ => Err(FieldError::rule(&code, message)),
    }
}

fn keep(db: &store::Db, answer: &Json) -> Result<(), FieldError> {
    for key in KEPT {
        let Some(text) = answer[*key].as_str() else {
            return Err(FieldError::broken(format!(
                "the server's answer lacks `{key}`"
            )));
        };
        // What no header can carry would never again be answered, not even by a refusal.
        let is_fit = |c: char| {
            if key.ends_with("token") {
                c.is_ascii_graphic()
            } else {
                !c.is_control()
            }
        };
        if text.len() > KEPT_BYTES_MAX || !text.chars().all(is_fit) {
            return Err(FieldError::broken(format!(
                "the server's answer holds no `{key}` that could be one"
            )));
        }
        meta::set(db, key, text)?;
    }
    Ok(())
}

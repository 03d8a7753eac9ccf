//! Signs a device in: trades a one-time code for tokens, renews them, and makes calls with them.
//! It does not know how tokens are checked.

use std::fs::{File, TryLockError};

use serde_json::{Value as Json, json};

use super::device::objects;
use super::leave::EMPTIED;
use super::parcel::PARCEL_LOCK;
use super::{Device, FieldError, Invitation, Receipt};
use crate::base::context::Identity;
use crate::base::hex;
use crate::base::parcel::PARCEL_KEY_BYTES;
use crate::store::{self, meta, wipe};
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
/// The refresh token.
const REFRESH: &str = "refresh_token";
/// The refresh token of the last verified meeting.
const PROVEN: &str = "proven_refresh_token";
/// Bytes that an answer to a single call may have.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// How often it is looked whether somebody else has renewed the tokens, and how long it waits in
/// between: together longer than a server may be silent.
const RENEWAL_LOOKS_MAX: u32 = 800;
const RENEWAL_LOOK_MS: u64 = 50;

impl Device {
    /// Signs this device in with a one-time code. A lost answer may be asked for again with the
    /// same code. A device of one tenant never becomes another's, nor another person's while it
    /// holds unsent work.
    pub fn enrol(&mut self, url: &str, code: &str) -> Result<Receipt, FieldError> {
        let carrier = check_address(url)?;
        self.enrol_over(&carrier, url, code)
    }

    /// Signs this device in by what a camera read of the office's screen or paper.
    pub fn enrol_by(&mut self, invitation: &str) -> Result<Receipt, FieldError> {
        let Invitation { server, code } = Invitation::read(invitation)?;
        self.enrol(&server, &code)
    }

    /// The same over any carrier.
    pub fn enrol_over(
        &mut self,
        carrier: &dyn Carrier,
        url: &str,
        code: &str,
    ) -> Result<Receipt, FieldError> {
        let install = self.install()?;
        let is_here_alone = self.check_kept_elsewhere().is_err();
        let tenant = meta::get(&self.db, "tenant")?;
        // Whoever has unsent work here must send it; another person's rights are not the author's.
        let before = meta::get(&self.db, "user")?;
        let user = before.clone().filter(|_| is_here_alone);
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
        // What one person saw and was refused is not the next one's.
        if before.is_some_and(|user| answer["user"] != user.as_str()) {
            wipe::all(&tx)?;
        }
        keep(&tx, &answer)?;
        meta::set(&tx, "url", url.trim_end_matches('/'))?;
        meta::set(&tx, "actor", &actor)?;
        // What proved itself before may be of another device, which this one is no more.
        for over in ["install", EMPTIED, PROVEN] {
            meta::remove(&tx, over)?;
        }
        // An answer that makes no identity must not stay: nothing could be opened any more.
        let identity = self.stored_identity()?;
        store::open::commit(tx)?;
        self.identity = identity;
        self.registry = objects(&self.db)?;
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
    /// one that brought the last verified meeting. Of two that work on one file one renews, and the
    /// other takes what that one got: a token that is shown twice is a thief's.
    pub(super) fn renew_tokens(
        &mut self,
        carrier: &dyn Carrier,
        refused: Option<&str>,
    ) -> Result<(), FieldError> {
        let _others_wait = self.renewal()?;
        if meta::get(&self.db, "token")?.as_deref() != refused {
            self.identity = self.stored_identity()?;
            return Ok(());
        }
        let held = meta::get(&self.db, REFRESH)?.unwrap_or_default();
        let answer = match trade(carrier, &held) {
            Err(FieldError::SignIn { message }) => match meta::get(&self.db, PROVEN)? {
                Some(proven) if proven != held => trade(carrier, &proven)?,
                Some(_) | None => return Err(FieldError::SignIn { message }),
            },
            answer => answer?,
        };
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        if meta::get(&tx, REFRESH)?.unwrap_or_default() != held {
            // Somebody signed in here meanwhile: that stays.
            return Ok(());
        }
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

    /// Waits until nobody else renews the tokens of this database, and holds others back while what
    /// it answers lives. Where files cannot be locked nobody is held back.
    fn renewal(&self) -> Result<Option<File>, FieldError> {
        let mut options = File::options();
        let opened = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.mark_path());
        let Ok(mark) = opened else {
            return Ok(None);
        };
        for _ in 0..RENEWAL_LOOKS_MAX {
            match mark.try_lock() {
                Ok(()) => return Ok(Some(mark)),
                Err(TryLockError::Error(_)) => return Ok(None),
                Err(TryLockError::WouldBlock) => self.surroundings.wait(RENEWAL_LOOK_MS),
            }
        }
        Err(FieldError::TryLater {
            message: "somebody else who works on this database is renewing its access; all work \
                      is kept here, sync again later"
                .to_owned(),
        })
    }

    /// Notes that the tokens are the server's own: it knew what only the server knows.
    pub(super) fn tokens_are_proven(db: &store::Db) -> Result<(), FieldError> {
        if let Some(token) = meta::get(db, REFRESH)? {
            meta::set(db, PROVEN, &token)?;
        }
        Ok(())
    }

    /// Tells this device that its server is now at another address. Nothing else changes: who is
    /// signed in, what is here and what is unsent. A wrong address answers nothing, or greets
    /// another device, and can be mended in the same way.
    pub fn set_server(&mut self, url: &str) -> Result<Receipt, FieldError> {
        self.signed_in()?;
        check_address(url)?;
        store::open::durable(&self.db, true)?;
        meta::set(&self.db, "url", url.trim_end_matches('/'))?;
        Ok(Receipt::of(json!({ "server": self.server()? })))
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
        let call = Call {
            path,
            token: None,
            media_type: wire::MEDIA_TYPE,
            body,
        };
        let (reply, answer) = self.ask_once(carrier, call)?;
        accepted(reply, &answer)?;
        Ok(answer)
    }

    /// The same, whatever the status of the answer is.
    pub(super) fn ask_once(
        &mut self,
        carrier: &dyn Carrier,
        mut call: Call,
    ) -> Result<(Reply, Vec<u8>), FieldError> {
        call.token = meta::get(&self.db, "token")?;
        let (reply, answer) = carry_whole(carrier, &call, ANSWER_BYTES_MAX)?;
        if reply.status != 401 {
            return Ok((reply, answer));
        }
        self.renew_tokens(carrier, call.token.as_deref())?;
        call.token = meta::get(&self.db, "token")?;
        Ok(carry_whole(carrier, &call, ANSWER_BYTES_MAX)?)
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

/// The way to a server, if this can be the address of one.
fn check_address(url: &str) -> Result<Http, FieldError> {
    Http::new(url).map_err(|error| FieldError::bad_input("bad_url", error.to_string(), &["url"]))
}

fn device_name(install: &str) -> String {
    format!("device-{}", install.chars().take(8).collect::<String>())
}

/// New tokens for a refresh token.
fn trade(carrier: &dyn Carrier, refresh_token: &str) -> Result<Json, FieldError> {
    let body = json!({ "refresh_token": refresh_token });
    post(carrier, "/sync/v1/refresh", &body)
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
pub(super) fn accepted(reply: Reply, answer: &[u8]) -> Result<(), FieldError> {
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
    // A server of before says nothing of parcels.
    let is_lock = |text: &&str| hex::bytes(text).is_some_and(|lock| lock.len() == PARCEL_KEY_BYTES);
    if let Some(lock) = answer[PARCEL_LOCK].as_str().filter(is_lock) {
        meta::set(db, PARCEL_LOCK, lock)?;
    }
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

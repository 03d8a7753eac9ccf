//! Opaque tokens, kept as hashes and bound to a device: handed out, renewed, checked.
//! A renewed token works until the first use of its successor, however long the answer was lost.
//! It does not know what those who hold one may do.

use outfield_core::base::id::{ChangeHash, DeviceId, UserId};
use outfield_core::domain::rules::names::USER;
use outfield_core::objects::{Record, Value};
use outfield_core::store::{self, Db, tables};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::tenant::Tenant;

/// How long an access token lasts.
const ACCESS_MS: i64 = 24 * 3_600_000;
/// How long a refresh token lasts: longer than a phone may stay offline.
const REFRESH_MS: i64 = 400 * 24 * 3_600_000;

/// A token that was found.
struct Credential {
    device: DeviceId,
    user: UserId,
    replaces: Option<Vec<u8>>,
}

impl Tenant {
    /// Trades a refresh token for new tokens.
    pub fn refresh_tokens(&mut self, token: &str) -> Result<Json, ServerError> {
        let tx = store::open::begin(&self.db)?;
        let Credential { device, user, .. } = self.credential(&tx, token, true)?;
        self.check_active(user)?;
        // Successors that nobody used were never received.
        tx.execute(
            "DELETE FROM credential WHERE replaces = ?1",
            [hashed(token)],
        )?;
        let json = self.hand_out(&tx, user, device, Some(token))?;
        store::open::commit(tx)?;
        Ok(json)
    }

    /// The person and device that an access token speaks for.
    pub(crate) fn holder(&self, token: &str) -> Result<(UserId, DeviceId), ServerError> {
        let Credential { device, user, .. } = self.credential(&self.db, token, false)?;
        Ok((user, device))
    }

    fn credential(&self, db: &Db, token: &str, refreshes: bool) -> Result<Credential, ServerError> {
        let found = db
            .prepare_cached(
                "SELECT c.device, i.user, c.replaces, c.expires_at, i.revoked_at FROM credential c
                 JOIN installation i ON i.device = c.device WHERE c.hash = ?1 AND c.refreshes = ?2",
            )?
            .query_row(params![hashed(token), refreshes], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, Option<Vec<u8>>>(2)?,
                    row.get::<_, i64>(3)?,
                    row.get::<_, Option<i64>>(4)?,
                ))
            })
            .optional()?;
        let Some((device, user, replaces, expires_at, revoked_at)) = found else {
            return Err(ServerError::signed_out(
                "this token is not known; enrol with a code",
            ));
        };
        if revoked_at.is_some() {
            return Err(ServerError::signed_out(
                "this device was revoked; its unsent work stays on it. Enrol again with a new code",
            ));
        }
        if expires_at < self.surroundings.now().0 {
            return Err(ServerError::signed_out(
                "this token has expired; refresh it, or enrol with a new code",
            ));
        }
        let device = DeviceId::from_slice(&device).map_err(ServerError::broken)?;
        let user = UserId::from_slice(&user).map_err(ServerError::broken)?;
        let found = Credential {
            device,
            user,
            replaces,
        };
        if let Some(before) = &found.replaces {
            db.execute("DELETE FROM credential WHERE hash = ?1", [before])?;
            db.execute(
                "UPDATE credential SET replaces = NULL WHERE replaces = ?1",
                [before],
            )?;
        }
        Ok(found)
    }

    /// New tokens for a device, and what it needs to know of who is signed in.
    pub(crate) fn hand_out(
        &self,
        db: &Db,
        user: UserId,
        device: DeviceId,
        replaces: Option<&str>,
    ) -> Result<Json, ServerError> {
        let now = self.surroundings.now().0;
        let (token, refresh) = (self.token(), self.token());
        db.execute(
            "DELETE FROM credential WHERE device = ?1 AND expires_at < ?2",
            params![device.as_bytes(), now],
        )?;
        for (text, refreshes, lasts) in [(&token, false, ACCESS_MS), (&refresh, true, REFRESH_MS)] {
            db.execute(
                "INSERT INTO credential (hash, refreshes, device, expires_at, replaces) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    hashed(text),
                    refreshes,
                    device.as_bytes(),
                    now + lasts,
                    replaces.map(hashed)
                ],
            )?;
        }
        let person = self.person(user)?;
        Ok(json!({
            "token": token,
            "refresh_token": refresh,
            "user": user,
            "name": person.text("name"),
            "role": person.text("role"),
            "device": device,
            "tenant": self.id,
            "time_zone": self.time_zone()?,
        }))
    }

    /// Refuses whom the office deactivated.
    pub(crate) fn check_active(&self, user: UserId) -> Result<(), ServerError> {
        if self.person(user)?.value("active") == &Value::Bool(false) {
            return Err(ServerError::signed_out(
                "this user may no longer sign in; ask the office",
            ));
        }
        Ok(())
    }

    /// A user's row.
    pub(crate) fn person(&self, user: UserId) -> Result<Record, ServerError> {
        let descriptor = self.descriptor(USER)?;
        tables::read(&self.db, &descriptor, user.into())?
            .ok_or_else(|| ServerError::signed_out("this user is no longer here"))
    }

    /// A secret that nobody guesses.
    pub(crate) fn secret(&self) -> String {
        ChangeHash(self.surroundings.entropy()).to_string()
    }

    fn token(&self) -> String {
        format!("{}-{}", self.id.to_string().replace('-', ""), self.secret())
    }
}

pub(crate) fn hashed(secret: &str) -> Vec<u8> {
    ChangeHash::of(secret.as_bytes()).0.to_vec()
}

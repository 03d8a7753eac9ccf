//! Opaque tokens, kept as hashes and bound to a device: handed out, renewed, checked.
//! A renewed token works until the first use of its successor, however long the answer was lost.
//! After that it is spent: whoever shows it has a copy. It does not know what those who hold one
//! may do.

use outfield_core::base::id::{ChangeHash, DeviceId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::domain::rules::names::USER;
use outfield_core::objects::{Record, Value};
use outfield_core::store::{self, Db, tables};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value as Json, json};

use super::session::Door;
use super::token::TokenClaim;
use crate::error::ServerError;
use crate::limits::{ACCESS_MS, REFRESH_MS};
use crate::tenant::Tenant;
use crate::tenant::height::Height;

/// A token that was found.
struct Credential {
    device: DeviceId,
    user: UserId,
    replaces: Option<Vec<u8>>,
    /// When it ends, in milliseconds since 1970.
    expires_at: i64,
    is_revoked: bool,
    is_to_be_emptied: bool,
}

impl Tenant {
    /// Trades a refresh token that is not spent for new tokens.
    pub(crate) fn refresh_tokens(&mut self, token: &str) -> Result<Json, ServerError> {
        let tx = store::open::begin(&self.db)?;
        let Credential { device, user, .. } = self.credential(&tx, token, true, Door::Within)?;
        self.check_may_renew(user)?;
        // Successors that nobody used were never received.
        tx.execute(
            "DELETE FROM credential WHERE replaces = ?1",
            [hashed(token)],
        )?;
        let json = self.hand_out(&tx, user, device, Some(token))?;
        self.witness.commit(tx)?;
        Ok(json)
    }

    /// The person and device that an access token speaks for at this door.
    pub(crate) fn holder(
        &self,
        token: &str,
        door: Door,
    ) -> Result<(UserId, DeviceId), ServerError> {
        let Credential { device, user, .. } = self.credential(&self.db, token, false, door)?;
        Ok((user, device))
    }

    /// When an access token runs out.
    pub(crate) fn token_ends(&self, token: &str) -> Result<Timestamp, ServerError> {
        let credential = self.credential(&self.db, token, false, Door::Within)?;
        Ok(Timestamp(credential.expires_at))
    }

    /// The person and device for whom a token was made by this server, whether it still works or
    /// not; none if it never was.
    pub(crate) fn sender(&self, token: &str) -> Result<Option<(UserId, DeviceId)>, ServerError> {
        if let Some(claim) = TokenClaim::read(token, false, self.id, &self.seals) {
            self.db.execute(
                "INSERT OR IGNORE INTO installation (device, user) VALUES (?1, ?2)",
                params![claim.device.as_bytes(), claim.user.as_bytes()],
            )?;
            return Ok(Some((claim.user, claim.device)));
        }
        let found = Self::found_credential(&self.db, token, false)?;
        Ok(found.map(|found| (found.user, found.device)))
    }

    fn credential(
        &self,
        db: &Db,
        token: &str,
        refreshes: bool,
        door: Door,
    ) -> Result<Credential, ServerError> {
        let mut found = Self::found_credential(db, token, refreshes)?;
        if found.is_none() && self.regain_credential(db, token, refreshes)? {
            found = Self::found_credential(db, token, refreshes)?;
        }
        let Some(found) = found else {
            return Err(ServerError::signed_out(
                "this token is not known; enrol with a code",
            ));
        };
        if door == Door::Going {
            return Ok(found);
        }
        if found.is_to_be_emptied {
            return Err(ServerError::refused(
                "wipe_ordered",
                "the office wants this device emptied; what is unsent on it is kept for the office",
            ));
        }
        if found.is_revoked {
            return Err(ServerError::signed_out(
                "this device was revoked; its unsent work stays on it. Enrol again with a new code",
            ));
        }
        if found.expires_at < self.surroundings.now().0 {
            return Err(ServerError::signed_out(
                "this token has expired; refresh it, or enrol with a new code",
            ));
        }
        if let Some(before) = &found.replaces {
            db.execute(
                "INSERT OR IGNORE INTO spent (hash, device, expires_at)
                 SELECT hash, device, expires_at FROM credential WHERE hash = ?1 AND refreshes",
                [before],
            )?;
            db.execute("DELETE FROM credential WHERE hash = ?1", [before])?;
            db.execute(
                "UPDATE credential SET replaces = NULL WHERE replaces = ?1",
                [before],
            )?;
        }
        Ok(found)
    }

    fn found_credential(
        db: &Db,
        token: &str,
        refreshes: bool,
    ) -> Result<Option<Credential>, ServerError> {
        let mut statement = db.prepare_cached(
            "SELECT c.device, i.user, c.replaces, c.expires_at, i.revoked_at,
                    i.wipe_at IS NOT NULL AND i.wiped_at IS NULL FROM credential c
             JOIN installation i ON i.device = c.device WHERE c.hash = ?1 AND c.refreshes = ?2",
        )?;
        let mut rows = statement.query(params![hashed(token), refreshes])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let (device, user): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok(Some(Credential {
            device: DeviceId::from_slice(&device).map_err(ServerError::broken)?,
            user: UserId::from_slice(&user).map_err(ServerError::broken)?,
            replaces: row.get(2)?,
            expires_at: row.get(3)?,
            is_revoked: row.get::<_, Option<i64>>(4)?.is_some(),
            is_to_be_emptied: row.get(5)?,
        }))
    }

    /// Knows a token again that was handed out in the time that was lost, and the device whose it
    /// is; answers whether it is one. Nobody is signed out because the server was put back.
    fn regain_credential(
        &self,
        db: &Db,
        token: &str,
        refreshes: bool,
    ) -> Result<bool, ServerError> {
        let Some(claim) = TokenClaim::read(token, refreshes, self.id, &self.seals) else {
            return Ok(false);
        };
        let epochs = self.epochs()?;
        let lost = epochs.last().filter(|_| epochs.len() > 1);
        if lost.is_none_or(|epoch| !(epoch.known..=epoch.tick).contains(&claim.tick))
            || self.spent_by(token)?.is_some()
        {
            return Ok(false);
        }
        let lasts = if refreshes { REFRESH_MS } else { ACCESS_MS };
        db.execute(
            "INSERT OR IGNORE INTO installation (device, user) VALUES (?1, ?2)",
            params![claim.device.as_bytes(), claim.user.as_bytes()],
        )?;
        db.execute(
            "INSERT OR IGNORE INTO credential (hash, refreshes, device, expires_at)
             SELECT ?1, ?2, device, ?3 FROM installation WHERE device = ?4 AND user = ?5",
            params![
                hashed(token),
                refreshes,
                claim.at.saturating_add(lasts),
                claim.device.as_bytes(),
                claim.user.as_bytes()
            ],
        )?;
        Ok(true)
    }

    /// The device whose refresh token this was, if it was renewed and what it brought was used.
    pub(crate) fn spent_by(&self, token: &str) -> Result<Option<DeviceId>, ServerError> {
        let device: Option<Vec<u8>> = self
            .db
            .prepare_cached("SELECT device FROM spent WHERE hash = ?1")?
            .query_row([hashed(token)], |row| row.get(0))
            .optional()?;
        let device = device.map(|device| DeviceId::from_slice(&device));
        device.transpose().map_err(ServerError::broken)
    }

    /// Ends all tokens of a device.
    pub(crate) fn end_tokens(db: &Db, device: DeviceId) -> Result<(), ServerError> {
        db.execute(
            "DELETE FROM credential WHERE device = ?1",
            [device.as_bytes()],
        )?;
        Ok(())
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
        let claim = TokenClaim {
            user,
            device,
            refreshes: false,
            tick: Height::of(db)?.tick,
            at: now,
        };
        let bringing = TokenClaim {
            refreshes: true,
            ..claim
        };
        let (token, refresh) = (self.token(claim), self.token(bringing));
        for over in [
            "DELETE FROM credential WHERE device = ?1 AND expires_at < ?2",
            "DELETE FROM spent WHERE device = ?1 AND expires_at < ?2",
        ] {
            db.execute(over, params![device.as_bytes(), now])?;
        }
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
            "parcel_lock": self.parcel_lock()?,
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

    fn token(&self, claim: TokenClaim) -> String {
        let mut chance = [0; 8];
        chance.copy_from_slice(&self.surroundings.entropy()[..8]);
        claim.text(self.id, &self.seals, chance)
    }
}

pub(crate) fn hashed(secret: &str) -> Vec<u8> {
    ChangeHash::of(secret.as_bytes()).0.to_vec()
}

//! Devices come in and go: one-time enrolment codes, enrolling, revoking, emptying.
//! It does not know what a session may do, nor how tokens are made.

use outfield_core::base::hex;
use outfield_core::base::id::{DeviceId, RecordId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::domain::Command;
use outfield_core::domain::rules::names::DEVICE;
use outfield_core::objects::{Record, Value, Values, Write};
use outfield_core::store::{self, Db, tables};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::error::ServerError;
use crate::limits::{CODE_MS, CODE_REPEAT_MS};
use crate::people::enrolment_code;
use crate::people::tokens::hashed;
use crate::tenant::Tenant;
use crate::work::audit::{self, OfficeAct};
use crate::work::execute::{Seat, row};

/// The state of a device whose access has ended.
const REVOKED: &str = "revoked";
/// What the journal names as the cause where a spent token was shown.
const COPIED: &str = "token_copied";

/// What the journal names as the cause where a device said that it holds nothing any more.
const EMPTIED: &str = "device_emptied";
/// What the word for emptying a device begins with, before it is hashed.
const WIPE_WORD: &[u8] = b"outfield wipe";

/// What a device says of itself when it enrols.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applicant {
    /// Random, and the same when it asks again after a lost answer.
    pub install: String,
    /// A name for lists of devices.
    pub name: String,
    /// The tenant whose data it holds already.
    pub tenant: Option<String>,
    /// The person whose unsent work it holds.
    pub user: Option<String>,
}

/// A code as it lies in the database.
struct EnrolmentCode {
    user: UserId,
    expires_at: i64,
    used: Option<CodeUse>,
}

/// That a code was used.
struct CodeUse {
    /// By whom.
    install: String,
    /// The device that it made.
    device: DeviceId,
    at: i64,
}

impl Tenant {
    /// Makes a one-time code for a user. One that the user did not use ends with it.
    pub(crate) fn new_code(&self, user: UserId) -> Result<String, ServerError> {
        let code = enrolment_code::drawn(self.id, &self.surroundings.entropy());
        let now = self.surroundings.now().0;
        let tx = store::open::begin(&self.db)?;
        tx.execute(
            "UPDATE code SET expires_at = min(expires_at, ?2)
             WHERE user = ?1 AND used_at IS NULL",
            params![user.as_bytes(), now - 1],
        )?;
        tx.execute(
            "INSERT INTO code (hash, user, expires_at) VALUES (?1, ?2, ?3)",
            params![hashed(&code), user.as_bytes(), now + CODE_MS],
        )?;
        self.note_office(&tx, "code_made", &json!({ "user": user }))?;
        self.witness.commit(tx)?;
        Ok(code)
    }

    /// Trades a code for a device and its tokens. The same installation may repeat it, in case the
    /// answer was lost.
    pub fn enrol(&mut self, code: &str, applicant: &Applicant) -> Result<Json, ServerError> {
        let now = self.surroundings.now().0;
        let context = self.context_of(Seat::Operator)?;
        let code = enrolment_code::normal(code).unwrap_or_else(|| code.to_owned());
        let tx = store::open::begin(&self.db)?;
        let found = self.code(&code)?;
        self.check_active(found.user)?;
        if applicant
            .tenant
            .as_ref()
            .is_some_and(|tenant| *tenant != self.id.to_string())
        {
            let message = "this database belongs to another tenant; use a new one";
            return Err(ServerError::bad_input("other_tenant", message));
        }
        if applicant
            .user
            .as_ref()
            .is_some_and(|user| *user != found.user.to_string())
        {
            let message = "unsent work of another person is on this device; enrol that person \
                           again and sync first";
            return Err(ServerError::bad_input("other_user", message));
        }
        if let Some(used) = found.used {
            if used.install != applicant.install || now - used.at > CODE_REPEAT_MS {
                return Err(ServerError::refused(
                    "code_used",
                    "this enrolment code was used already; ask for a new one",
                ));
            }
            let json = self.hand_out(&tx, found.user, used.device, None)?;
            self.witness.commit(tx)?;
            return Ok(json);
        }
        if now > found.expires_at {
            return Err(ServerError::refused(
                "code_expired",
                "this enrolment code has expired, or a newer one was made; ask for a new one",
            ));
        }
        let device = DeviceId(self.new_id().0);
        let values = [
            ("user", found.user.to_string().into()),
            ("name", applicant.name.as_str().into()),
            ("state", "active".into()),
            ("enrolled_at", now.into()),
        ];
        self.apply(&tx, &context, &[row(DEVICE, device.into(), &values)])?;
        tx.execute(
            "INSERT INTO installation (device, user, heard_at) VALUES (?1, ?2, ?3)",
            params![device.as_bytes(), found.user.as_bytes(), now],
        )?;
        let enrolled = OfficeAct {
            by: found.user,
            at: Timestamp(now),
            act: "device_enrolled",
        };
        audit::note(&tx, enrolled, &json!({ "device": device }))?;
        tx.execute(
            "UPDATE code SET install = ?2, device = ?3, used_at = ?4 WHERE hash = ?1",
            params![hashed(&code), applicant.install, device.as_bytes(), now],
        )?;
        let json = self.hand_out(&tx, found.user, device, None)?;
        self.witness.commit(tx)?;
        Ok(json)
    }

    /// Whether an enrolment code is one of this tenant, used or not.
    pub fn knows_code(&self, code: &str) -> Result<bool, ServerError> {
        let code = enrolment_code::normal(code).unwrap_or_else(|| code.to_owned());
        let sql = "SELECT EXISTS (SELECT 1 FROM code WHERE hash = ?1)";
        Ok(self
            .db
            .prepare_cached(sql)?
            .query_row([hashed(&code)], |row| row.get(0))?)
    }

    fn code(&self, code: &str) -> Result<EnrolmentCode, ServerError> {
        let sql = "SELECT user, expires_at, install, device, used_at FROM code WHERE hash = ?1";
        let found = self
            .db
            .query_row(sql, [hashed(code)], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, Option<String>>(2)?,
                    row.get::<_, Option<Vec<u8>>>(3)?,
                    row.get::<_, Option<i64>>(4)?,
                ))
            })
            .optional()?;
        let Some((user, expires_at, install, device, used_at)) = found else {
            return Err(ServerError::refused(
                "unknown_code",
                "this enrolment code is not known; ask for a new one",
            ));
        };
        let user = UserId::from_slice(&user).map_err(ServerError::broken)?;
        let used = match (install, device, used_at) {
            (Some(install), Some(device), Some(at)) => Some(CodeUse {
                install,
                device: DeviceId::from_slice(&device).map_err(ServerError::broken)?,
                at,
            }),
            (_, _, _) => None,
        };
        Ok(EnrolmentCode {
            user,
            expires_at,
            used,
        })
    }

    /// Trades a refresh token for new tokens. One that is spent was copied, and nobody can tell
    /// whose copy is the thief's: the device's access ends, and the office sees it.
    pub fn renew(&mut self, refresh_token: &str) -> Result<Json, ServerError> {
        match self.spent_by(refresh_token)? {
            None => self.refresh_tokens(refresh_token),
            Some(device) => {
                self.end_copied(device)?;
                Err(ServerError::signed_out(
                    "this device's access was copied, and has ended; its unsent work stays on it. \
                     Enrol again with a new code",
                ))
            }
        }
    }

    /// Ends the access of a device of which somebody has a copy. The journal says why.
    fn end_copied(&mut self, device: DeviceId) -> Result<(), ServerError> {
        let context = self.context_of(Seat::Operator)?;
        let tx = store::open::begin(&self.db)?;
        Self::end_tokens(&tx, device)?;
        let revoked = [Write {
            new: false,
            verb: Some(COPIED.to_owned()),
            ..row(DEVICE, device.into(), &[("state", REVOKED.into())])
        }];
        self.apply(&tx, &context, &revoked)?;
        self.end_access(&tx, &revoked)?;
        self.note_writes(&tx, Seat::Operator, &revoked)?;
        Ok(self.witness.commit(tx)?)
    }

    /// The device of this id or name.
    fn device_named(&self, device: &str) -> Result<Record, ServerError> {
        let descriptor = self.descriptor(DEVICE)?;
        let found = match device.parse::<RecordId>() {
            Ok(id) => tables::read(&self.db, &descriptor, id)?,
            Err(_) => self
                .find(DEVICE, "name", &device.into())?
                .into_iter()
                .next(),
        };
        found.ok_or_else(|| {
            ServerError::not_found(format!(
                "there is no device `{device}`; `device list` shows them"
            ))
        })
    }

    /// Forgets what was refused of one device, so that there is room for more; answers how many
    /// entries that were. Their verdicts stay.
    pub fn clear_quarantine(&mut self, device: &str) -> Result<usize, ServerError> {
        let id = self.device_named(device)?.id;
        let tx = store::open::begin(&self.db)?;
        let cleared = tx.execute("DELETE FROM quarantine WHERE device = ?1", [id.as_bytes()])?;
        self.witness.commit(tx)?;
        Ok(cleared)
    }

    /// Ends a device's access at once; what it has not sent stays on it. The device is named by id
    /// or name.
    pub fn revoke(&mut self, device: &str) -> Result<DeviceId, ServerError> {
        let record = self.device_named(device)?;
        if record.text("state") != Some(REVOKED) {
            let command = Command::Perform {
                verb: "revoke_device".to_owned(),
                id: Some(record.id),
                input: Values::new(),
            };
            let context = self.context_of(Seat::Operator)?;
            let tx = store::open::begin(&self.db)?;
            let decision = self.decide_and_apply(&tx, Seat::Operator, &context, &command)?;
            self.end_access(&tx, &decision.writes)?;
            self.note_writes(&tx, Seat::Operator, &decision.writes)?;
            self.witness.commit(tx)?;
        }
        Ok(DeviceId(record.id.0))
    }

    /// Devices that these writes revoke get no answer any more.
    pub(super) fn end_access(&self, db: &Db, writes: &[Write]) -> Result<(), ServerError> {
        for write in writes {
            let state = write.values.get("state").and_then(Value::text);
            if write.object == DEVICE && state == Some(REVOKED) {
                db.execute(
                    "UPDATE installation SET revoked_at = coalesce(revoked_at, ?2)
                     WHERE device = ?1",
                    params![write.id.as_bytes(), self.surroundings.now().0],
                )?;
            }
        }
        Ok(())
    }

    /// Ends a device's access and wants it emptied: it hears so at its next call, keeps what is
    /// unsent for the office, and says when it is done.
    pub fn wipe(&mut self, device: &str) -> Result<DeviceId, ServerError> {
        let id = self.revoke(device)?;
        self.note_wipe(id, "ordered", "wipe_device")?;
        self.db.execute(
            "UPDATE installation SET wipe_at = coalesce(wipe_at, ?2) WHERE device = ?1",
            params![id.as_bytes(), self.surroundings.now().0],
        )?;
        Ok(id)
    }

    /// By which a device knows that its own server wants it emptied: words that follow from the
    /// hashes of its refresh tokens, which nobody else knows; none if nobody wants it.
    pub(crate) fn wipe_order(&self, device: DeviceId) -> Result<Json, ServerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT c.hash FROM credential c JOIN installation i ON i.device = c.device
             WHERE c.device = ?1 AND c.refreshes AND i.wipe_at IS NOT NULL",
        )?;
        let hashes = statement.query_map([device.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?;
        let mut words = Vec::new();
        for hash in hashes {
            let word = Sha256::new_with_prefix(WIPE_WORD)
                .chain_update(hash?)
                .finalize();
            words.push(hex::letters(&word));
        }
        Ok(json!({ "words": words, "lock": self.parcel_lock()? }))
    }

    /// A device holds nothing any more: its access ends, and if it was to be emptied, it was.
    pub(crate) fn is_gone(&mut self, device: DeviceId) -> Result<(), ServerError> {
        let wiped = self.db.execute(
            "UPDATE installation SET wiped_at = coalesce(wiped_at, ?2)
             WHERE device = ?1 AND wipe_at IS NOT NULL",
            params![device.as_bytes(), self.surroundings.now().0],
        )?;
        let context = self.context_of(Seat::Operator)?;
        let tx = store::open::begin(&self.db)?;
        Self::end_tokens(&tx, device)?;
        let mut values = vec![("state", REVOKED.into())];
        if wiped > 0 {
            values.push(("wipe", "done".into()));
        }
        let writes = [Write {
            new: false,
            verb: Some(EMPTIED.to_owned()),
            ..row(DEVICE, device.into(), &values)
        }];
        self.apply(&tx, &context, &writes)?;
        self.end_access(&tx, &writes)?;
        Ok(self.witness.commit(tx)?)
    }

    fn note_wipe(&mut self, device: DeviceId, state: &str, why: &str) -> Result<(), ServerError> {
        let context = self.context_of(Seat::Operator)?;
        let tx = store::open::begin(&self.db)?;
        let writes = [Write {
            new: false,
            verb: Some(why.to_owned()),
            ..row(DEVICE, device.into(), &[("wipe", state.into())])
        }];
        self.apply(&tx, &context, &writes)?;
        Ok(self.witness.commit(tx)?)
    }
}

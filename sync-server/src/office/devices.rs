//! Devices come in and go: one-time enrolment codes, enrolling, revoking.
//! It does not know what a session may do, nor how tokens are made.

use outfield_core::base::id::{DeviceId, RecordId, UserId};
use outfield_core::domain::rules::names::DEVICE;
use outfield_core::domain::{Command, Decision};
use outfield_core::objects::{Value, Values};
use outfield_core::store::{self, Db, tables};
use rusqlite::{OptionalExtension, params};
use serde_json::Value as Json;

use crate::error::ServerError;
use crate::people::tokens::hashed;
use crate::tenant::Tenant;
use crate::work::execute::{Seat, row};

/// The state of a device whose access has ended.
const REVOKED: &str = "revoked";
/// How long an enrolment code may wait to be used.
const CODE_MS: i64 = 7 * 24 * 3_600_000;
/// How long the installation that used a code may repeat it, in case the answer was lost.
const REPEAT_MS: i64 = 24 * 3_600_000;

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
    /// Makes a one-time code for a user.
    pub(crate) fn new_code(&self, user: UserId) -> Result<String, ServerError> {
        let code = format!(
            "{}-{}",
            self.id.to_string().replace('-', ""),
            &self.secret()[..24]
        );
        let expires_at = self.surroundings.now().0 + CODE_MS;
        self.db.execute(
            "INSERT INTO code (hash, user, expires_at) VALUES (?1, ?2, ?3)",
            params![hashed(&code), user.as_bytes(), expires_at],
        )?;
        Ok(code)
    }

    /// Trades a code for a device and its tokens. The same installation may repeat it, in case the
    /// answer was lost.
    pub fn enrol(&mut self, code: &str, applicant: &Applicant) -> Result<Json, ServerError> {
        let now = self.surroundings.now().0;
        let context = self.context_of(Seat::Operator)?;
        let tx = store::open::begin(&self.db)?;
        let found = self.code(code)?;
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
            if used.install != applicant.install || now - used.at > REPEAT_MS {
                return Err(ServerError::refused(
                    "code_used",
                    "this enrolment code was used already; ask for a new one",
                ));
            }
            let json = self.hand_out(&tx, found.user, used.device, None)?;
            store::open::commit(tx)?;
            return Ok(json);
        }
        if now > found.expires_at {
            return Err(ServerError::refused(
                "code_expired",
                "this enrolment code has expired; ask for a new one",
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
            "INSERT INTO installation (device, user) VALUES (?1, ?2)",
            params![device.as_bytes(), found.user.as_bytes()],
        )?;
        tx.execute(
            "UPDATE code SET install = ?2, device = ?3, used_at = ?4 WHERE hash = ?1",
            params![hashed(code), applicant.install, device.as_bytes(), now],
        )?;
        let json = self.hand_out(&tx, found.user, device, None)?;
        store::open::commit(tx)?;
        Ok(json)
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

    /// Ends a device's access at once; what it has not sent stays on it. The device is named by id
    /// or name.
    pub fn revoke(&mut self, device: &str) -> Result<DeviceId, ServerError> {
        let descriptor = self.descriptor(DEVICE)?;
        let found = match device.parse::<RecordId>() {
            Ok(id) => tables::read(&self.db, &descriptor, id)?,
            Err(_) => self
                .find(DEVICE, "name", &device.into())?
                .into_iter()
                .next(),
        };
        let record = found.ok_or_else(|| {
            ServerError::not_found(format!(
                "there is no device `{device}`; `device list` shows them"
            ))
        })?;
        if record.text("state") != Some(REVOKED) {
            let command = Command::Perform {
                verb: "revoke_device".to_owned(),
                id: Some(record.id),
                input: Values::new(),
            };
            let context = self.context_of(Seat::Operator)?;
            let tx = store::open::begin(&self.db)?;
            let decision = self.decide_and_apply(&tx, Seat::Operator, &context, &command)?;
            self.end_access(&tx, &decision)?;
            store::open::commit(tx)?;
        }
        Ok(DeviceId(record.id.0))
    }
    /// Devices that a decision revoked get no answer any more.
    pub(super) fn end_access(&self, db: &Db, decision: &Decision) -> Result<(), ServerError> {
        for write in &decision.writes {
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
}

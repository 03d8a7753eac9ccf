//! Someone who is in: the person and device that a token speaks for, and what they follow.
//! It does not know what those who are in may do: `domain::rights` does.

use outfield_core::base::context::Role;
use outfield_core::base::id::{DeviceId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Bucket, Record, Value};
use outfield_core::store::tables;

use super::reach::buckets_of;
use crate::error::ServerError;
use crate::tenant::Tenant;

/// Someone who is in: person, device, and what they follow.
#[derive(Debug, Clone)]
pub struct Session {
    /// The person.
    pub user: UserId,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The device.
    pub device: DeviceId,
    /// Names of the buckets the person follows, those to pull first in front.
    pub buckets: Vec<String>,
    /// The moment of the request.
    pub now: Timestamp,
}

impl Tenant {
    /// Who a token speaks for.
    pub fn authenticate(&self, token: &str) -> Result<Session, ServerError> {
        let (user, device) = self.holder(token)?;
        self.session(user, device)
    }

    /// What a person on a device may follow now.
    pub(crate) fn session(&self, user: UserId, device: DeviceId) -> Result<Session, ServerError> {
        let record = self.person(user)?;
        if record.value("active") == &Value::Bool(false) {
            return Err(ServerError::signed_out(
                "this user may no longer sign in; ask the office",
            ));
        }
        let role = record.text("role").and_then(Role::named);
        let role = role.ok_or_else(|| ServerError::broken("a user without a role"))?;
        let buckets = buckets_of(&record).iter().map(Bucket::to_string).collect();
        let name = record.text("name").unwrap_or_default().to_owned();
        Ok(Session {
            user,
            name,
            role,
            device,
            buckets,
            now: self.surroundings.now(),
        })
    }

    /// A user's row.
    pub(crate) fn person(&self, user: UserId) -> Result<Record, ServerError> {
        let descriptor = self.descriptor("user")?;
        tables::read(&self.db, &descriptor, user.into())?
            .ok_or_else(|| ServerError::signed_out("this user is no longer here"))
    }
}

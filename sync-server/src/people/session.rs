//! Someone who is in: the person and device that a token speaks for, and what they follow.
//! It does not know what those who are in may do: `domain::rights` does.

use outfield_core::base::context::{Identity, Role};
use outfield_core::base::id::{ActorId, DeviceId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::domain::rank;
use outfield_core::objects::Bucket;

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
    /// The built-in role that it is, or is like.
    pub rank: Role,
    /// The device.
    pub device: DeviceId,
    /// Names of the buckets the person follows, those to pull first in front.
    pub buckets: Vec<String>,
    /// The moment of the request.
    pub now: Timestamp,
}

impl Session {
    /// The person on this device, writing under an actor, in a tenant of this time zone.
    #[must_use]
    pub fn identity(&self, actor: ActorId, time_zone: String) -> Identity {
        Identity {
            user: self.user,
            role: self.role.clone(),
            device: self.device,
            actor,
            time_zone,
        }
    }

    /// Whether the person sees all of the tenant, beyond what devices follow.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        self.rank == Role::ADMIN
    }
}

impl Tenant {
    /// Who a token speaks for.
    pub fn authenticate(&self, token: &str) -> Result<Session, ServerError> {
        let (user, device) = self.holder(token)?;
        self.session(user, device)
    }

    /// What a person on a device may follow now.
    pub(crate) fn session(&self, user: UserId, device: DeviceId) -> Result<Session, ServerError> {
        self.check_active(user)?;
        let record = self.person(user)?;
        let role = record.text("role").map(Role::named);
        let role = role.ok_or_else(|| ServerError::broken("a user without a role"))?;
        let rank = rank(&self.store(&self.db), &role)?;
        let buckets = buckets_of(&record).iter().map(Bucket::to_string).collect();
        let name = record.text("name").unwrap_or_default().to_owned();
        Ok(Session {
            user,
            name,
            role,
            rank,
            device,
            buckets,
            now: self.surroundings.now(),
        })
    }
}

//! Someone who is in: the person and device that a token speaks for, and what they follow.
//! It does not know what those who are in may do: `domain::rights` does.

use outfield_core::base::context::{Identity, Role};
use outfield_core::base::id::{ActorId, DeviceId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::domain::rank;
use outfield_core::objects::{Bucket, Descriptor};

use rusqlite::{OptionalExtension, params};

use super::reach::buckets_of;
use crate::error::ServerError;
use crate::limits::LEAVER_MS;
use crate::tenant::Tenant;

/// How far a token lets somebody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// To all that the person may do.
    Within,
    /// To hand in work, also for whoever left a short while ago.
    Handing,
    /// To say that a device holds nothing any more, or to hear why it should, also after its access
    /// has ended.
    Going,
}

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
    /// The server's clock of accepted work when the person left; none if the person did not.
    pub left: Option<u64>,
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

    /// Whether the person may read records of an object.
    pub(crate) fn may_read(&self, of: &Descriptor) -> bool {
        let named = of.rights.contains_key(&self.role);
        of.right(if named { &self.role } else { &self.rank }).read
    }
}

impl Tenant {
    /// Who a token speaks for.
    pub fn authenticate(&self, token: &str) -> Result<Session, ServerError> {
        self.let_in(token, Door::Within)
    }

    /// Who a token speaks for at this door.
    pub fn let_in(&self, token: &str, door: Door) -> Result<Session, ServerError> {
        let (user, device) = self.holder(token, door)?;
        let is_out = self.check_active(user).is_err();
        match (door, self.leaving(user)?) {
            (Door::Going, _) => self.former_session(user, device),
            (Door::Handing, Some(left)) if is_out => Ok(Session {
                left: Some(left),
                buckets: Vec::new(),
                ..self.former_session(user, device)?
            }),
            (Door::Within | Door::Handing, _) => self.session(user, device),
        }
    }

    /// The server's clock of accepted work when a person left, if that was not too long ago for
    /// what the person wrote before.
    fn leaving(&self, user: UserId) -> Result<Option<u64>, ServerError> {
        let since = self.surroundings.now().0.saturating_sub(LEAVER_MS);
        let tick: Option<i64> = self
            .db
            .prepare_cached("SELECT tick FROM leaver WHERE user = ?1 AND at >= ?2")?
            .query_row(params![user.as_bytes(), since], |row| row.get(0))
            .optional()?;
        Ok(tick.map(i64::cast_unsigned))
    }

    /// Refuses new tokens to whoever may hand in nothing any more.
    pub(crate) fn check_may_renew(&self, user: UserId) -> Result<(), ServerError> {
        match self.leaving(user)? {
            Some(_) => Ok(()),
            None => self.check_active(user),
        }
    }

    /// What a person on a device may follow now.
    pub(crate) fn session(&self, user: UserId, device: DeviceId) -> Result<Session, ServerError> {
        self.check_active(user)?;
        self.former_session(user, device)
    }

    /// What a person on a device follows, or followed before the office let the person go: for work
    /// alone that was written before.
    pub(crate) fn former_session(
        &self,
        user: UserId,
        device: DeviceId,
    ) -> Result<Session, ServerError> {
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
            left: None,
        })
    }
}

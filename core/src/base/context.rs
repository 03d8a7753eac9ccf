//! What a decision may know of the world: the moment, who acts, and random bytes, all handed in.
//! Nothing here reads a clock or a random source by itself.

use std::cell::Cell;

use sha2::{Digest, Sha256};

use super::id::{ActorId, DeviceId, RecordId, UserId};
use super::time::Timestamp;

/// Where time and randomness come from: the operating system in a real app, a seed in a simulation.
pub trait Surroundings: Send + Sync {
    /// The moment it is now.
    fn now(&self) -> Timestamp;
    /// 32 random bytes, new at each call.
    fn entropy(&self) -> [u8; 32];
    /// Lets so many milliseconds pass.
    fn wait(&self, ms: u64);
}

/// What a person may do: the roles that the rights table knows.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Visits stores.
    Rep,
    /// Leads reps.
    Manager,
    /// Runs the tenant.
    Admin,
}

impl Role {
    /// All roles, in ascending order of what they may do.
    pub const ALL: [Role; 3] = [Role::Rep, Role::Manager, Role::Admin];

    /// The role's name as data spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Rep => "rep",
            Role::Manager => "manager",
            Role::Admin => "admin",
        }
    }

    /// Reads a role's name.
    #[must_use]
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Who acts, when, and with which luck; the same context gives the same decision.
#[derive(Debug, Clone)]
pub struct Context {
    /// The moment of the decision.
    pub now: Timestamp,
    /// The person.
    pub user: UserId,
    /// What the person may do.
    pub role: Role,
    /// The installation.
    pub device: DeviceId,
    /// The writer of the changes that come of it.
    pub actor: ActorId,
    /// The tenant's IANA time zone, which decides what day it is.
    pub time_zone: String,
    seed: [u8; 32],
    drawn: Cell<u32>,
}

/// The person and installation that a context speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub user: UserId,
    /// What the person may do.
    pub role: Role,
    /// The installation.
    pub device: DeviceId,
    /// The writer of changes.
    pub actor: ActorId,
    /// The tenant's IANA time zone.
    pub time_zone: String,
}

impl Context {
    /// A context of this moment, with randomness drawn once from the surroundings.
    #[must_use]
    pub fn new(surroundings: &dyn Surroundings, identity: Identity) -> Self {
        let Identity {
            user,
            role,
            device,
            actor,
            time_zone,
        } = identity;
        let seed = surroundings.entropy();
        let now = surroundings.now();
        Context {
            now,
            user,
            role,
            device,
            actor,
            time_zone,
            seed,
            drawn: Cell::new(0),
        }
    }

    /// A new record id of this moment.
    #[must_use]
    pub fn new_id(&self) -> RecordId {
        let mut random = [0; 10];
        random.copy_from_slice(&self.draw()[..10]);
        RecordId::at(self.now.0, random)
    }

    /// The same person on the same installation at another moment, with luck of its own.
    #[must_use]
    pub fn moved_to(&self, now: Timestamp) -> Context {
        Context {
            now,
            seed: self.draw(),
            drawn: Cell::new(0),
            ..self.clone()
        }
    }

    fn draw(&self) -> [u8; 32] {
        let drawn = self.drawn.get();
        self.drawn.set(drawn.wrapping_add(1));
        let mut hasher = Sha256::new_with_prefix(self.seed);
        hasher.update(drawn.to_be_bytes());
        hasher.finalize().into()
    }

    /// Today, as the tenant's calendar has it (`YYYY-MM-DD`).
    #[must_use]
    pub fn today(&self) -> String {
        self.now.day_in(&self.time_zone)
    }
}

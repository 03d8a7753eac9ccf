//! What a decision may know of the world: the moment, who acts, and random bytes, all handed in.
//! Nothing here reads a clock or a random source by itself.

use std::borrow::Cow;
use std::cell::Cell;

use sha2::{Digest, Sha256};

use super::id::{ActorId, DeviceId, GroupId, RecordId, UserId};
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

/// What a person may do, by name: one of the five that come with this version, or one that a tenant
/// made. What it may do, descriptors say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Role(Cow<'static, str>);

impl Role {
    /// Visits stores.
    pub const REP: Role = Role(Cow::Borrowed("rep"));
    /// Leads reps.
    pub const MANAGER: Role = Role(Cow::Borrowed("manager"));
    /// Runs the tenant.
    pub const ADMIN: Role = Role(Cow::Borrowed("admin"));
    /// Keeps a warehouse.
    pub const STOREKEEPER: Role = Role(Cow::Borrowed("storekeeper"));
    /// Keeps the money.
    pub const CASHIER: Role = Role(Cow::Borrowed("cashier"));

    /// The roles that come with this version.
    pub const BUILT_IN: [Role; 5] = [
        Role::REP,
        Role::MANAGER,
        Role::ADMIN,
        Role::STOREKEEPER,
        Role::CASHIER,
    ];

    /// The role's name as data spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The role of this name, whether or not anybody made it.
    #[must_use]
    pub fn named(name: &str) -> Role {
        let known = Role::BUILT_IN.into_iter().find(|role| role.0 == name);
        known.unwrap_or_else(|| Role(Cow::Owned(name.to_owned())))
    }

    /// Whether it comes with this version.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        Role::BUILT_IN.contains(self)
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
    /// The built-in role that it is, or is like: what holds where an object does not name the role.
    pub rank: Role,
    /// The installation.
    pub device: DeviceId,
    /// The writer of the changes that come of it.
    pub actor: ActorId,
    /// The tenant's IANA time zone, which decides what day it is.
    pub time_zone: String,
    /// Where it is decided.
    pub place: Place,
    seed: [u8; 32],
    drawn: Cell<u32>,
}

/// Where something is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On a device, which may be offline and holds a part.
    Device,
    /// On the server, which owns the rows.
    Server,
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
            rank: role.clone(),
            role,
            device,
            actor,
            time_zone,
            place: Place::Device,
            seed,
            drawn: Cell::new(0),
        }
    }

    /// The same person and moment, written by another actor.
    #[must_use]
    pub fn written_by(&self, actor: ActorId) -> Self {
        Context {
            actor,
            ..self.clone()
        }
    }

    /// The same, where the role is like another.
    #[must_use]
    pub fn ranked(self, rank: Role) -> Self {
        Context { rank, ..self }
    }

    /// Whether whoever runs the server decides, who is bound by rules and not by rights.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.place == Place::Server && self.user == UserId::NOBODY
    }

    /// The same, decided on the server.
    #[must_use]
    pub fn on_server(self) -> Self {
        Context {
            place: Place::Server,
            ..self
        }
    }

    /// A new record id of this moment.
    #[must_use]
    pub fn new_id(&self) -> RecordId {
        let mut random = [0; 10];
        random.copy_from_slice(&self.draw()[..10]);
        RecordId::at(self.now.0, random)
    }

    /// A new group of entries.
    #[must_use]
    pub fn new_group(&self) -> GroupId {
        let mut random = [0; 16];
        random.copy_from_slice(&self.draw()[..16]);
        GroupId::random(random)
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

    /// The day so many days before today, as the tenant's calendar has it; none before it begins.
    #[must_use]
    pub fn days_ago(&self, days: u32) -> Option<String> {
        self.now.days_before_in(days, &self.time_zone)
    }
}

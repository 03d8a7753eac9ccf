//! The troubles of a run, as they befall a phone, the server, or what the office decides.
//! It does not know what has to hold in the end.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use outfield_core::app::{FieldError, Receipt};
use outfield_core::base::context::Role;
use serde_json::json;

use super::disk::{Owner, Spell};
use super::stage::SimStage;
use super::trouble::Trouble;
use crate::server::PutBack;
use crate::{Fault, behind, world};

/// Troubles that have many moments of which few tell, or that need something before them: of so
/// many troubles one more is one of these.
const OFTEN: &[Trouble] = &[
    Trouble::PhoneKilled,
    Trouble::FileResumed,
    Trouble::DatabaseRestored,
    Trouble::ObjectGrown,
];
const OFTEN_ONE_OF: usize = 6;
/// Ten years.
const YEARS_MS: i64 = 10 * 365 * 24 * 3_600_000;
/// Faults of a line in one meeting.
const FAULTS_MAX: usize = 6;
/// Steps of transactions after which a disk or a process may fail; a command takes 3, a meeting
/// some 20.
const STEPS_OF_COMMAND: usize = 4;
const STEPS_OF_MEETING: usize = 24;

/// What guest networks' pages answer.
const PORTALS: [u16; 5] = [200, 302, 401, 403, 404];

/// How often a phone tries a call in one meeting.
const CALL_TRIES: usize = 3;

/// The objects of a tenant's own, each with the version that grows out of it.
const OWN: [&str; 3] = [
    include_str!("../../objects/cooler_maker.json"),
    include_str!("../../objects/cooler.json"),
    include_str!("../../objects/cooler_reading.json"),
];

impl SimStage {
    /// One trouble comes, if this run suffers from it.
    pub(crate) fn trouble(&mut self, at: usize) {
        let of = match self.dice.roll(OFTEN_ONE_OF) {
            0 => OFTEN,
            _ => Trouble::ALL,
        };
        let trouble = of[self.dice.roll(of.len())];
        if !self.profile.suffers(trouble) {
            return;
        }
        match trouble {
            Trouble::RequestLost
            | Trouble::AnswerLost
            | Trouble::Doubled
            | Trouble::Reordered
            | Trouble::Delayed
            | Trouble::Cut
            | Trouble::Short
            | Trouble::Busy
            | Trouble::Portal => self.line_fails(at),
            Trouble::PhoneKilled => self.phone_is_killed(at),
            Trouble::PhoneFull => self.phone_is_full(at),
            Trouble::ServerKilled => self.server_is_killed(at),
            Trouble::ServerFull => self.server_is_full(at),
            Trouble::SlowDisk => self.disks_are_slow(at),
            Trouble::ServerRestarted => {
                let server = Rc::clone(&self.world.server);
                self.before_a_call(at, trouble, move || server.restart());
            }
            Trouble::TokenExpired => {
                let clock = Arc::clone(&self.world.clock);
                self.before_a_call(at, trouble, move || clock.advance_hours(25));
            }
            Trouble::Revoked => self.device_is_revoked(at),
            Trouble::AccountMoved => self.account_moves(at),
            Trouble::UserMoved => self.user_moves(at),
            Trouble::RoleChanged => self.role_changes(at),
            Trouble::ClockOff => {
                let off = [-YEARS_MS, 0, YEARS_MS][self.dice.roll(3)];
                self.carried[at].phone.clock.set_off(off);
                self.note(format!(
                    "the clock of {} is off by {off} ms",
                    self.carried[at].phone.name
                ));
                if off != 0 {
                    self.count(trouble);
                }
            }
            Trouble::DatabaseCopied => self.copies(at),
            Trouble::DatabaseRestored => self.restores(at),
            Trouble::ServerPutBack => self.server_is_put_back(at),
            Trouble::Compacted => {
                self.world.compacts();
                self.note("the logs are compacted");
                self.count(trouble);
            }
            Trouble::ObjectPublished | Trouble::ObjectGrown => self.publishes(),
            Trouble::OldVersion => {
                if let Some(old) = self.carried.iter().position(|carried| carried.is_old) {
                    self.updates(old);
                }
            }
            Trouble::FileArrived | Trouble::FileResumed => self.sends_in_parts(at),
            Trouble::LeaseOver => self.lease_ends(at),
            Trouble::FilesLost => self.server_loses_files(),
        }
    }

    /// The app of a phone is updated.
    pub(crate) fn updates(&mut self, at: usize) {
        self.carried[at].is_old = false;
        self.phone(at).reopen();
        self.note(format!("{} is updated", self.carried[at].phone.name));
    }

    fn fault(&mut self) -> (&'static str, Fault) {
        let call = ["/hello", "/push", "/pull", "/refresh", "/upload", ""][self.dice.roll(6)];
        let bytes = self.dice.roll(1 << 16);
        match self.dice.roll(9) {
            0 => (call, Fault::RequestLost),
            1 => (call, Fault::AnswerLost),
            2 => (call, Fault::Twice),
            3 => (call, Fault::Late),
            4 => (
                call,
                Fault::Delayed(3_600_000 * (1 + i64::try_from(bytes % 6).unwrap())),
            ),
            5 => (call, Fault::Cut(bytes)),
            6 => ("/pull", Fault::Short(bytes)),
            7 => (call, Fault::Portal(PORTALS[bytes % PORTALS.len()])),
            _ => (call, Fault::Busy(bytes as u64)),
        }
    }

    /// A phone is silent until its lease is over, if it has one.
    fn lease_ends(&mut self, at: usize) {
        if let Some(days) = self.profile.lease_days {
            self.world.clock.advance_hours(24 * i64::from(days) + 1);
            self.is_locked(at);
        }
    }

    /// Whether a phone lets nobody work or look, since its lease is over. It keeps what is unsent,
    /// and the next meeting that succeeds opens it.
    pub(crate) fn is_locked(&mut self, at: usize) -> bool {
        if self.profile.lease_days.is_none() || !self.shows_nothing(at) {
            return false;
        }
        self.count(Trouble::LeaseOver);
        self.note(format!("{} is locked", self.carried[at].phone.name));
        let unsent = behind::unsent(&self.carried[at].phone.file);
        let work = json!({"do": "add", "object": "contact", "fields": {"name": "Nobody"}});
        let told = self.phone(at).tries(&work);
        assert!(is_lease_over(&told), "a locked phone takes work: {told:?}");
        assert_eq!(
            behind::unsent(&self.carried[at].phone.file),
            unsent,
            "a locked phone does not keep what is unsent"
        );
        let was_heard = self.meets(at);
        let is_locked = self.shows_nothing(at);
        assert!(!(was_heard && is_locked), "who was heard stays locked");
        is_locked
    }

    fn shows_nothing(&mut self, at: usize) -> bool {
        is_lease_over(&self.phone(at).device().list("account", None, 1))
    }

    fn line_fails(&mut self, at: usize) {
        let faults: Vec<_> = (0..=self.dice.roll(FAULTS_MAX))
            .map(|_| self.fault())
            .collect();
        let faults = faults.into_iter().filter(|(_, fault)| {
            Trouble::of(*fault).is_none_or(|trouble| self.profile.suffers(trouble))
        });
        let faults: Vec<_> = faults.collect();
        self.note(format!(
            "the line of {} will: {faults:?}",
            self.carried[at].phone.name
        ));
        faults
            .into_iter()
            .for_each(|(call, fault)| self.carried[at].phone.line.fault(call, fault));
        self.meets(at);
    }

    /// Killed between two steps of a command or of a meeting.
    fn phone_is_killed(&mut self, at: usize) {
        let (file, owner) = (self.carried[at].phone.file.clone(), self.owner(at));
        if self.dice.roll(2) == 0 {
            let after = self.dice.roll(STEPS_OF_COMMAND);
            self.note(format!(
                "{} is killed after {after} steps",
                self.carried[at].phone.name
            ));
            return self.does(at, Some(Spell::Kill { file, after, owner }));
        }
        let after = self.dice.roll(STEPS_OF_MEETING);
        self.disks.bewitch(Spell::Kill { file, after, owner });
        self.note(format!(
            "{} is killed after {after} steps",
            self.carried[at].phone.name
        ));
        let told = self.meeting(at);
        let (_, image) = self.disks.mend();
        let line = Rc::clone(&self.carried[at].phone.line);
        line.mend();
        match image {
            Some(image) => {
                self.phone(at).reopen_on(&image);
                self.count(Trouble::PhoneKilled);
            }
            None => self.note(format!("it was over before: {}", told.is_ok())),
        }
    }

    fn phone_is_full(&mut self, at: usize) {
        let file = self.carried[at].phone.file.clone();
        if self.dice.roll(2) == 0 {
            let after = self.dice.roll(STEPS_OF_COMMAND);
            return self.does(at, Some(Spell::Full { file, after }));
        }
        let after = self.dice.roll(STEPS_OF_MEETING);
        self.note(format!(
            "the disk of {} is full after {after} steps",
            self.carried[at].phone.name
        ));
        self.disks.bewitch(Spell::Full { file, after });
        self.meets(at);
        if self.disks.mend().0 {
            self.count(Trouble::PhoneFull);
        }
    }

    fn server_is_killed(&mut self, at: usize) {
        let server = Rc::clone(&self.world.server);
        let file = server.file(self.world.tenant);
        let after = self.dice.roll(STEPS_OF_MEETING / 2);
        self.note(format!("the server is killed after {after} steps"));
        self.disks.bewitch(Spell::Kill {
            file,
            after,
            owner: Owner::Server(server),
        });
        self.meets(at);
        if self.disks.mend().0 {
            self.count(Trouble::ServerKilled);
        }
    }

    /// A copy of the server's folder is kept, or one of those that are comes back: all of it, or a
    /// tenant's file alone. It may be in the midst of a meeting that the server is lost.
    fn server_is_put_back(&mut self, at: usize) {
        let kept = self.server_copies;
        // Nothing can be put back before something is kept.
        if kept == 0 || (kept < self.profile.server_copies && self.dice.roll(2) == 0) {
            return self.keeps_server_copy();
        }
        if self.dice.roll(2) == 0 {
            self.does(at, None);
            self.hears_of_no_record(at);
        }
        let which = self.dice.roll(kept);
        let copy = self.world.place(&format!("server copy {which}"));
        let extent = [PutBack::Folder, PutBack::Tenant(self.world.tenant)][self.dice.roll(2)];
        self.world.server.is_put_back(&copy, extent);
        self.note(format!(
            "copy {which} of the server is put back: {extent:?}"
        ));
        self.heard.borrow_mut().put_back();
        self.count(Trouble::ServerPutBack);
    }

    /// A phone meets the server, which takes in its work and says no more than that.
    fn hears_of_no_record(&mut self, at: usize) {
        for _ in 0..CALL_TRIES {
            let line = &self.carried[at].phone.line;
            line.fault("/pull", Fault::RequestLost);
        }
        self.meets(at);
    }

    /// A copy of the server's folder is kept.
    pub(crate) fn keeps_server_copy(&mut self) {
        let kept = self.server_copies;
        let copy = self.world.place(&format!("server copy {kept}"));
        self.world.server.copy_folder(&copy);
        self.server_copies += 1;
        self.note(format!("copy {kept} of the server's folder is kept"));
    }

    fn server_is_full(&mut self, at: usize) {
        let file = self.world.server.file(self.world.tenant);
        let after = self.dice.roll(STEPS_OF_MEETING / 2);
        self.note(format!(
            "the disk of the server is full after {after} steps"
        ));
        self.world.server.is_full(true);
        self.disks.bewitch(Spell::Full { file, after });
        self.meets(at);
        if self.disks.mend().0 {
            self.count(Trouble::ServerFull);
        }
        self.world.server.is_full(false);
    }

    fn disks_are_slow(&mut self, at: usize) {
        self.disks.bewitch(Spell::Slow(
            1_000 * i64::try_from(1 + self.dice.roll(60)).unwrap(),
        ));
        self.meets(at);
        if self.disks.mend().0 {
            self.count(Trouble::SlowDisk);
        }
    }

    /// Something happens just before the server gets a call of a phone.
    fn before_a_call(&mut self, at: usize, trouble: Trouble, work: impl FnOnce() + 'static) {
        let call = ["/hello", "/push", "/pull", "/pull"][self.dice.roll(4)];
        let (happened, person) = (Rc::new(Cell::new(false)), self.carried[at].person);
        self.note(format!("{} before {call} of {person}", trouble.name()));
        let seen = Rc::clone(&happened);
        self.carried[at].phone.line.before(call, move || {
            seen.set(true);
            work();
        });
        self.meets(at);
        if happened.get() {
            self.count(trouble);
        }
    }

    fn device_is_revoked(&mut self, at: usize) {
        let (server, tenant) = (Rc::clone(&self.world.server), self.world.tenant);
        let status = self.phone(at).device().status().unwrap().data;
        let device = status["enrolled"]["device"].as_str().unwrap().to_owned();
        self.before_a_call(at, Trouble::Revoked, move || {
            // A server that was put back may not know the device any more.
            let revoked = server.with(tenant, |office| office.revoke(&device));
            let is_unknown = revoked
                .as_ref()
                .err()
                .is_some_and(|why| why.code == "not_found");
            assert!(revoked.is_ok() || is_unknown, "{revoked:?}");
        });
    }

    fn account_moves(&mut self, at: usize) {
        let (server, tenant) = (Rc::clone(&self.world.server), self.world.tenant);
        let shop = self.shops[self.dice.roll(self.shops.len())]
            .parse()
            .unwrap();
        let to = self.world.territory(["North", "South"][self.dice.roll(2)]);
        self.note(format!("{shop} goes to {to}"));
        self.before_a_call(at, Trouble::AccountMoved, move || {
            let to = world::values(&json!({"territory": to}));
            server
                .with(tenant, |office| office.put("account", Some(shop), to))
                .unwrap();
        });
    }

    fn user_moves(&mut self, at: usize) {
        let (server, tenant, person) = (
            Rc::clone(&self.world.server),
            self.world.tenant,
            self.carried[at].person,
        );
        let followed: &[&str] =
            [&["North"][..], &["South"], &["North", "South"], &[]][self.dice.roll(4)];
        let followed: Vec<String> = followed.iter().map(|name| (*name).to_owned()).collect();
        self.note(format!("{person} gets {followed:?}"));
        self.before_a_call(at, Trouble::UserMoved, move || {
            server
                .with(tenant, |office| {
                    office.set_user(person, None, Some(&followed), None)
                })
                .unwrap();
        });
    }

    fn role_changes(&mut self, at: usize) {
        let (person, role) = (
            self.carried[at].person,
            [Role::REP, Role::MANAGER][self.dice.roll(2)].clone(),
        );
        self.world.sets(person, Some(role.clone()), None);
        self.note(format!("{person} is a {} now", role.name()));
        self.count(Trouble::RoleChanged);
    }

    /// The tenant publishes its own objects one after the other, with records of each; then they
    /// grow.
    fn publishes(&mut self) {
        let (round, which) = (self.published / 3, (self.published % 3) as usize);
        if round > 1 {
            return;
        }
        self.published += 1;
        self.heard.borrow_mut().may_repair = true;
        self.publishes_what_lacks();
        let object = own_object(which, round > 0);
        self.note(format!(
            "{} of version {} is published",
            object["object"], object["version"]
        ));
        self.count(if round > 0 {
            Trouble::ObjectGrown
        } else {
            Trouble::ObjectPublished
        });
        if which == 1 {
            // Its owner hears of the record before the object: the bucket of a person comes first.
            let owner = self.world.user(self.carried[0].person);
            let fields = json!({
                "name": "Cooler", "account": self.shops[0], "owner": owner, "state": "placed",
            });
            self.world.puts("x_cooler", None, &fields);
        }
    }

    /// The office publishes each of its objects that the server has not, or not as it has grown:
    /// one that was put back lost them, and records of them wait on the phones.
    pub(crate) fn publishes_what_lacks(&mut self) {
        for number in 0..self.published {
            let (is_grown, which) = (number >= 3, (number % 3) as usize);
            let object = own_object(which, is_grown);
            let here = self.world.registry();
            let here = here.get(object["object"].as_str().unwrap());
            if here.is_none_or(|here| u64::from(here.version) < object["version"].as_u64().unwrap())
            {
                self.world.publishes(&object.to_string());
            }
        }
    }
}

/// An object of the tenant's own, as it was first or grown.
fn own_object(which: usize, is_grown: bool) -> serde_json::Value {
    let mut object: serde_json::Value = serde_json::from_str(OWN[which]).unwrap();
    if is_grown {
        object["version"] = json!(2);
        object["fields"]["remark"] = json!({"kind": "text", "label": "Remark"});
    }
    object
}

/// Whether this says that a phone was not heard of for too long.
fn is_lease_over(told: &Result<Receipt, FieldError>) -> bool {
    matches!(told, Err(FieldError::Refused { code, .. }) if code == "lease_over")
}

//! The world of a run and those who are in it; one step after another happens to them, and the
//! books are kept. It does not know what has to hold in the end.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use outfield_core::app::{DISK_FULL, FieldError, older};
use outfield_core::base::context::Role;
use outfield_core::objects::{Kind, Registry, Value};
use outfield_core::store::attention::{self, Attention};
use outfield_core::store::outbox::{self, OutboxEntry};
use outfield_core::store::{documents, tables};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::commands::Hand;
use super::disk::{Disks, Owner, Spell};
use super::ledger::{WireLog, Word, WordLedger};
use super::model::Model;
use super::profile::Profile;
use super::trouble::{Counts, Trouble};
use crate::behind::KeptWork;
use crate::dice::Dice;
use crate::{Phone, World, behind};

/// Words that every text of a tenant ends in; none may ever be in another tenant's files.
pub(crate) const CANARIES: [&str; 2] = ["heron", "gazelle"];
/// Phones of one run, copies included.
pub(crate) const PHONES_MAX: usize = 6;
/// Who there is, with what they may do at first.
const PEOPLE: [(&str, Role); 5] = [
    ("Ann", Role::MANAGER),
    ("Ben", Role::REP),
    ("Mia", Role::MANAGER),
    ("Tom", Role::REP),
    ("Zoe", Role::ADMIN),
];

/// Days after which logs forget what left.
const LONG_DAYS: i64 = 200;

/// What happened so far, step by step.
pub(crate) type Trace = Rc<RefCell<Vec<String>>>;

/// One phone and who carries it.
pub(crate) struct CarriedPhone {
    pub(crate) phone: Phone,
    pub(crate) person: &'static str,
    /// Whether the app on it is an older version.
    pub(crate) is_old: bool,
    pub(crate) backed_up: bool,
}

/// A world in which steps happen.
pub(crate) struct SimStage {
    pub(crate) world: World,
    pub(crate) neighbour: World,
    pub(crate) carried: Vec<CarriedPhone>,
    pub(crate) stranger: Phone,
    pub(crate) ledger: WordLedger,
    pub(crate) model: Model,
    pub(crate) heard: Rc<RefCell<WireLog>>,
    pub(crate) counts: Counts,
    pub(crate) dice: Dice,
    pub(crate) profile: Profile,
    pub(crate) disks: Disks,
    pub(crate) shops: Vec<String>,
    pub(crate) published: u32,
    /// How many copies of the server's folder are kept.
    pub(crate) server_copies: usize,
    pub(crate) trace: Trace,
    pub(crate) number: u32,
    pub(crate) long_passed: bool,
}

impl SimStage {
    /// Everybody is there and in step with the server.
    pub(crate) fn new(folder: TempDir, profile: Profile, trace: Trace) -> SimStage {
        let world = World::within(folder, profile.seed);
        let disks = Disks::new(&world.clock);
        let shops = vec![
            world.account(&format!("Harp's {}", CANARIES[0]), "North"),
            world.account(&format!("Dale's {}", CANARIES[0]), "North"),
            world.account(&format!("Lowe's {}", CANARIES[0]), "South"),
        ];
        world.goods(&shops);
        world.sets_policy(&json!({"approve_discount_above": "2"}));
        world
            .office(|office| office.set_lease_days(profile.lease_days))
            .unwrap();
        let heard = Rc::new(RefCell::new(WireLog::default()));
        heard.borrow_mut().may_repair = profile.copies;
        heard.borrow_mut().files.folder = Some(world.server.photos(world.tenant));
        let neighbour = world.neighbour("Globex");
        let shop = neighbour.account(&format!("Corner {}", CANARIES[1]), "East");
        let stranger = neighbour.phone_for("Eve", Role::MANAGER, &["East"]);
        neighbour.puts(
            "account",
            Some(&shop),
            &json!({"city": format!("Town {}", CANARIES[1])}),
        );
        let (carried, ledger, model, counts) = Default::default();
        let dice = profile.dice("stage");
        let mut stage = SimStage {
            world,
            neighbour,
            carried,
            stranger,
            ledger,
            model,
            heard,
            counts,
            dice,
            profile,
            disks,
            shops,
            published: 0,
            server_copies: 0,
            trace,
            number: 0,
            long_passed: false,
        };
        for (at, (name, role)) in PEOPLE.iter().take(stage.profile.people).enumerate() {
            let is_old = at == 1 && stage.profile.suffers(Trouble::OldVersion);
            run_version(is_old);
            let phone = stage
                .world
                .phone_for(name, role.clone(), &["North", "South"]);
            stage.joins(phone, name, is_old);
            if is_old {
                stage.count(Trouble::OldVersion);
            }
        }
        let there = stage.history();
        stage.ledger.wrote(there);
        for shop in stage.shops.clone() {
            let first = &mut stage.carried[0].phone;
            let fields =
                json!({"name": format!("Person {}", CANARIES[0]), "roles/first/account": shop});
            first.adds("contact", &fields);
        }
        stage.note("they are there");
        let first = stage.entries_after(0, 0);
        stage.ledger.wrote(words(&first));
        stage
    }

    pub(crate) fn joins(&mut self, phone: Phone, person: &'static str, is_old: bool) {
        let (heard, name) = (Rc::clone(&self.heard), phone.name.clone());
        phone
            .line
            .heard_by(move |call, answer| heard.borrow_mut().hears(&name, call, answer));
        self.carried.push(CarriedPhone {
            phone,
            person,
            is_old,
            backed_up: false,
        });
    }

    pub(crate) fn count(&mut self, trouble: Trouble) {
        *self.counts.entry(trouble).or_default() += 1;
    }

    pub(crate) fn note(&self, what: impl Into<String>) {
        self.trace.borrow_mut().push(what.into());
    }

    /// A phone, with the version of the app that runs on it.
    pub(crate) fn phone(&mut self, at: usize) -> &mut Phone {
        run_version(self.carried[at].is_old);
        &mut self.carried[at].phone
    }

    /// One thing happens.
    pub(crate) fn step(&mut self) {
        let at = self.dice.roll(self.carried.len());
        if self.is_locked(at) {
            return self.note("nobody works there");
        }
        self.model_catches_up();
        if self.dice.roll(self.profile.trouble_one_of) == 0 {
            self.trouble(at);
        } else {
            match self.dice.roll(60) {
                0..4 => {
                    self.meets(at);
                }
                4..6 => self.attends(at),
                6..8 => self.stranger_works(),
                8..10 => self.time_passes(),
                10 => self.looks_at_a_file(at),
                11..14 => self.backs_up(at),
                _ => self.does(at, None),
            }
        }
        self.model_catches_up();
    }

    /// The model takes in what the server accepted, before a log forgets it.
    fn model_catches_up(&mut self) {
        let file = self.world.server.file(self.world.tenant);
        self.model.catches_up(&behind::open(&file));
    }

    /// Hours, days, or once in a while so long that logs forget what left.
    fn time_passes(&mut self) {
        let days = [0, 0, 0, 1, 8, LONG_DAYS][self.dice.roll(6)];
        // Who stays away twice as long must sign in anew.
        let days = if days == LONG_DAYS && std::mem::replace(&mut self.long_passed, true) {
            0
        } else {
            days
        };
        let hours = 24 * days + 1 + i64::try_from(self.dice.roll(8)).unwrap();
        self.world.clock.advance_hours(hours);
        self.note(format!("{hours} h pass"));
    }

    /// Somebody gives a command, and is killed or has no room meanwhile if a spell says so.
    pub(crate) fn does(&mut self, at: usize, spell: Option<Spell>) {
        self.gives(at, spell, |hand| hand.command());
    }

    /// The same with a command that is drawn in this way.
    pub(crate) fn gives(
        &mut self,
        at: usize,
        spell: Option<Spell>,
        draw: impl FnOnce(&mut Hand<'_>) -> Option<Json>,
    ) {
        self.number += 1;
        let (number, role) = (self.number, self.role(at));
        run_version(self.carried[at].is_old);
        let (phone, dice, profile) = (&mut self.carried[at].phone, &mut self.dice, &self.profile);
        let mut hand = Hand {
            phone,
            dice,
            profile,
            number,
            canary: CANARIES[0],
            role,
        };
        let Some(command) = draw(&mut hand) else {
            return;
        };
        let before = self.last_number(at);
        let is_spelt = spell.is_some();
        if let Some(spell) = spell {
            self.disks.bewitch(spell);
        }
        let told = self.phone(at).tries(&command);
        let (fired, image) = self.disks.mend();
        if let Some(image) = &image {
            self.phone(at).reopen_on(image);
            self.phone(at).line.mend();
            self.count(Trouble::PhoneKilled);
        } else if fired && is_spelt {
            self.count(Trouble::PhoneFull);
        }
        let entries = self.entries_after(at, before);
        let result = match &told {
            Ok(_) => "ok",
            Err(FieldError::Refused { code, .. }) => code,
            Err(FieldError::TryLater { .. }) => "later",
            Err(other) => panic!(
                "{} cannot {command}: {other:?}",
                self.carried[at].phone.name
            ),
        };
        self.note(format!(
            "{}: {command}: {result}, {} entries",
            self.carried[at].phone.name,
            entries.len()
        ));
        if image.is_none() {
            match &told {
                Err(_) => assert!(entries.is_empty(), "a refusal left work behind"),
                Ok(receipt) if entries.is_empty() => stands_already(&command, &receipt.data),
                Ok(_) => {}
            }
        }
        self.ledger.wrote(words(&entries));
    }

    /// Meets the server; whoever is shut out signs in again. Answers whether it was met to the end.
    pub(crate) fn meets(&mut self, at: usize) -> bool {
        let told = self.meeting(at);
        let line = Rc::clone(&self.carried[at].phone.line);
        for fault in line.fired() {
            Trouble::of(fault)
                .into_iter()
                .for_each(|trouble| self.count(trouble));
        }
        let (name, was_met) = (self.carried[at].phone.name.clone(), told.is_ok());
        match told {
            Ok(said) => self.note(format!("{name} syncs: {said}")),
            Err(FieldError::TryLater { .. }) => self.note(format!("{name} syncs: later")),
            Err(FieldError::SignIn { .. }) => {
                line.mend();
                let person = self.carried[at].person;
                let code = self.world.office(|office| office.user_code(person));
                // A server that is killed or full just now lets nobody in; the next meeting shows
                // whether it does again.
                let is_in = code.is_ok_and(|code| self.phone(at).enrol(&code).is_ok());
                self.note(format!("{name} signs in again: {is_in}"));
            }
            Err(FieldError::Refused { code, .. }) if code == DISK_FULL => {
                self.note(format!("{name} syncs: no room"))
            }
            Err(other) => panic!("{name} cannot sync: {other:?}"),
        }
        line.mend();
        was_met
    }

    /// Somebody looks at what was refused: does it again, or takes it off the list.
    fn attends(&mut self, at: usize) {
        let held = self.held(at);
        let chosen = self.dice.roll(held.len());
        let Some(held) = held.get(chosen) else { return };
        let name = self.carried[at].phone.name.clone();
        let mut with_it: Vec<Word> = words_of_held(held);
        // What was refused in one group is settled at once.
        for other in self.held(at) {
            if held.group.is_some() && other.group == held.group && other.hash != held.hash {
                with_it.extend(words_of_held(&other));
            }
        }
        if self.dice.roll(2) == 0 {
            self.phone(at).device().dismiss(held.number).unwrap();
            self.ledger.dismissed(with_it);
            if is_kept_aside(held) {
                self.ledger.given_up.insert(held.record);
            }
            self.note(format!("{name} dismisses {}", held.number));
            return;
        }
        let before = self.last_number(at);
        match self.phone(at).device().again(held.number) {
            Ok(_) => {
                let entries = self.entries_after(at, before);
                self.ledger.lost(with_it);
                self.ledger.wrote(words(&entries));
                self.note(format!("{name} does {} again: ok", held.number));
            }
            Err(FieldError::Refused { code, .. }) => {
                self.note(format!("{name} does {} again: {code}", held.number))
            }
            Err(FieldError::TryLater { .. }) => {
                self.note(format!("{name} does {} again: later", held.number))
            }
            Err(other) => panic!("{name} cannot do {held:?} again: {other:?}"),
        }
    }

    /// The other tenant goes on meanwhile.
    fn stranger_works(&mut self) {
        self.number += 1;
        run_version(false);
        let (dice, profile, number) = (&mut self.dice, &self.profile, self.number);
        let mut hand = Hand {
            phone: &mut self.stranger,
            dice,
            profile,
            number,
            canary: CANARIES[1],
            role: Role::MANAGER,
        };
        if let Some(command) = hand.command() {
            let told = self.stranger.tries(&command).is_ok();
            let said = self.stranger.syncs();
            let said = said.and_then(|_| self.stranger.sends_files());
            self.note(format!("the stranger: {command}: {told}, {}", said.is_ok()));
        }
    }

    /// Every word that the server has taken in, once for each time that it was written.
    pub(crate) fn history(&self) -> Vec<Word> {
        let db = behind::open(&self.world.server.file(self.world.tenant));
        let mut words = Vec::new();
        for (id, _) in documents::all_ids(&db).unwrap() {
            let id = id.to_string();
            words.extend(words_in(
                &id,
                behind::history(&db, &id)
                    .into_iter()
                    .map(|(_, value)| value),
            ));
        }
        for of in self
            .world
            .registry()
            .all()
            .filter(|of| of.kind == Kind::Fact)
        {
            for id in tables::ids(&db, of).unwrap() {
                let record = tables::read(&db, of, id).unwrap().unwrap();
                words.extend(words_in(
                    &id.to_string(),
                    record.values.values().map(Value::to_json),
                ));
            }
        }
        words
    }

    /// What somebody may do, as the phone knows it.
    fn role(&mut self, at: usize) -> Role {
        let status = self.phone(at).device().status().unwrap().data;
        Role::named(status["enrolled"]["role"].as_str().unwrap())
    }

    pub(crate) fn held(&self, at: usize) -> Vec<Attention> {
        attention::all(&behind::open(&self.carried[at].phone.file)).unwrap()
    }

    fn last_number(&self, at: usize) -> u64 {
        outbox::last_number(&behind::open(&self.carried[at].phone.file)).unwrap()
    }

    fn entries_after(&self, at: usize, before: u64) -> Vec<OutboxEntry> {
        let mut entries = behind::unsent(&self.carried[at].phone.file);
        entries.retain(|entry| entry.number.cast_unsigned() > before);
        entries
    }

    pub(crate) fn owner(&self, at: usize) -> Owner {
        Owner::Phone(Rc::clone(&self.carried[at].phone.line))
    }

    /// The files of a phone go to another phone as they are, with the mark beside them or without.
    pub(crate) fn copies(&mut self, at: usize) {
        if self.carried.len() >= PHONES_MAX {
            return;
        }
        let (name, with_mark) = (
            format!("copy {}", self.carried.len()),
            self.dice.roll(2) == 0,
        );
        let (person, is_old) = (self.carried[at].person, self.carried[at].is_old);
        self.carried[at]
            .phone
            .copy_files(&self.world.place(&name), with_mark);
        run_version(is_old);
        let copy = self.world.new_phone(&name);
        self.joins(copy, person, is_old);
        self.note(format!(
            "{} is copied as {name}",
            self.carried[at].phone.name
        ));
        self.count(Trouble::DatabaseCopied);
    }

    /// Files are kept aside, or come back: then what was written since and not sent is lost with
    /// the newer ones.
    pub(crate) fn restores(&mut self, at: usize) {
        let backed_up = self.carried.iter().position(|carried| carried.backed_up);
        let at = backed_up.unwrap_or(at);
        let backup = self.backup_of(at);
        let name = self.carried[at].phone.name.clone();
        if !self.carried[at].backed_up {
            return self.backs_up(at);
        }
        let (lost, held) = (self.entries_after(at, 0), self.held(at));
        let accepted = behind::own_work(&self.carried[at].phone.file);
        let files = self.files_of(at);
        self.phone(at).restore_files(&backup);
        let known = self.files_of(at);
        let gone = files.into_keys().filter(|hash| !known.contains_key(hash));
        self.ledger.forgotten_files.extend(gone);
        let again = behind::own_work(&self.carried[at].phone.file);
        let gone = accepted
            .iter()
            .filter(|work| again.iter().all(|kept| kept.hash != work.hash));
        self.ledger.server_has.extend(gone.flat_map(words_of_work));
        let kept: BTreeSet<_> = self
            .entries_after(at, 0)
            .iter()
            .map(|entry| entry.hash)
            .collect();
        let lost: Vec<OutboxEntry> = lost
            .into_iter()
            .filter(|entry| !kept.contains(&entry.hash))
            .collect();
        self.ledger.lost(words(&lost));
        self.ledger
            .forgotten
            .extend(held.iter().flat_map(words_of_held));
        self.note(format!("{name} is restored"));
        self.count(Trouble::DatabaseRestored);
    }

    /// Somebody keeps the files of a phone as they are, if one may come back and none is kept yet.
    fn backs_up(&mut self, at: usize) {
        let is_kept = self.carried.iter().any(|carried| carried.backed_up);
        if is_kept || !self.profile.suffers(Trouble::DatabaseRestored) {
            return;
        }
        let backup = self.backup_of(at);
        let carried = &mut self.carried[at];
        carried.phone.copy_files(&backup, true);
        carried.backed_up = true;
        let name = carried.phone.name.clone();
        self.note(format!("{name} is backed up"));
    }

    fn backup_of(&self, at: usize) -> PathBuf {
        self.world.place(&format!("backup {at}"))
    }
}

/// The words that entries write.
pub(crate) fn words(entries: &[OutboxEntry]) -> Vec<Word> {
    let of =
        |entry: &OutboxEntry| words_in(&entry.record.to_string(), behind::values_of(&entry.bytes));
    entries.iter().flat_map(of).collect()
}

/// The words of own work that was accepted.
pub(crate) fn words_of_work(work: &KeptWork) -> Vec<Word> {
    words_in(&work.record.to_string(), behind::values_of(&work.bytes))
}

/// The words that a refused entry holds.
pub(crate) fn words_of_held(held: &Attention) -> Vec<Word> {
    words_in(&held.record.to_string(), behind::values_of(&held.bytes))
}

/// Whether the server lost it and did not take it back.
pub(crate) fn is_kept_aside(held: &Attention) -> bool {
    let command: Json = serde_json::from_str(&held.command).unwrap();
    command["do"] == "give_back"
}

/// What an edit asked for and left no work behind was so already.
fn stands_already(command: &Json, shown: &Json) {
    let fields = command["fields"].as_object();
    for (path, value) in fields.into_iter().flatten() {
        // A line of which nothing shows is not told.
        if let Some(held) = shown.get(path) {
            assert_eq!(held, value, "{path}: what was told is not what is kept");
        }
    }
}

/// The texts among values that end in the word of the tenant.
pub(crate) fn words_in(record: &str, values: impl IntoIterator<Item = Json>) -> Vec<Word> {
    let end = format!(" {}", CANARIES[0]);
    let texts = values
        .into_iter()
        .filter_map(|value| value.as_str().map(str::to_owned));
    texts
        .filter(|text| text.ends_with(&end))
        .map(|text| (record.to_owned(), text))
        .collect()
}

/// This thread runs an older version of the app, or this one.
pub(crate) fn run_version(is_old: bool) {
    older::run(is_old.then_some(older_version));
}

/// The version before shelves were counted and birthdays kept.
fn older_version(newer: Registry) -> Registry {
    let mut registry = Registry::default();
    for descriptor in newer.all().filter(|of| of.object != "inventory_check") {
        let mut descriptor = descriptor.as_ref().clone();
        if descriptor.object == "contact" {
            descriptor.fields.remove("birthday");
            descriptor.fields.remove("mobile");
        }
        registry.adopt(descriptor);
    }
    registry
}

/// A folder in memory where there is one: what a disk does is not left to a disk.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

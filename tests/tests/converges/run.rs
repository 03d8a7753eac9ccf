//! A run: steps happen in a world, and what commands wrote is noted beside it.
//! It does not know in which order steps come.

use std::collections::{BTreeMap, BTreeSet};

use outfield_core::app::{FieldError, digest_json};
use outfield_core::base::context::Role;
use outfield_core::base::id::RecordId;
use outfield_core::store::attention::{self, Attention};
use outfield_core::store::outbox::{EntryKind, OutboxEntry};
use outfield_core::store::{digest, documents};
use outfield_tests::{Phone, World, behind};
use proptest::sample::Index;
use serde_json::{Value as Json, json};

use crate::deeds::{OfficeDeed, PhoneDeed, RunStep, command, ids};

/// Phones of one run, copies included.
const PHONES_MAX: usize = 4;

/// Values that changes wrote, each with how often: record, path, value.
pub(crate) type Written = BTreeMap<(String, String, String), usize>;

/// A world in which steps happen, and what was written in it.
pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) phones: Vec<Phone>,
    people: Vec<&'static str>,
    shops: Vec<String>,
    backups: BTreeSet<usize>,
    number: u32,
    /// Every value of every change.
    written: Written,
    /// Texts that were written once, of changes and facts: record and text.
    texts: BTreeSet<(String, String)>,
    facts: BTreeSet<String>,
    /// Texts that were refused and are known to the server alone, for the phone that was told is an
    /// older one again.
    forgotten: BTreeSet<(String, String)>,
}

impl Run {
    /// Three managers with two shops and a contact in each.
    pub(crate) fn new() -> Run {
        let world = World::new();
        let shops = vec![
            world.account("Harp's", "North"),
            world.account("Dale's", "North"),
        ];
        world.goods(&shops);
        let people = vec!["Ann", "Ben", "Mia"];
        let hired = people
            .iter()
            .map(|name| world.phone_for(name, Role::MANAGER, &["North", "South"]));
        let mut phones: Vec<Phone> = hired.collect();
        for shop in &shops {
            let id = phones[0].adds(
                "contact",
                &json!({"name": shop, "roles/first/account": shop}),
            );
            phones[0].edits("contact", &id, &json!({"job_title": "Owner"}));
        }
        world.agree(&mut phones.iter_mut().collect::<Vec<_>>());
        let (backups, texts, facts, forgotten) = Default::default();
        let (number, written) = (0, Written::new());
        let mut run = Run {
            world,
            phones,
            people,
            shops,
            backups,
            number,
            written,
            texts,
            facts,
            forgotten,
        };
        run.written = run.history();
        run
    }

    /// One thing happens, if the phone that it names is there.
    pub(crate) fn happens(&mut self, step: RunStep) {
        if step.phone().is_some_and(|phone| phone >= self.phones.len()) {
            return;
        }
        match step {
            RunStep::Do(phone, deed) => self.does(phone, &deed),
            RunStep::Sync(phone, faults) => {
                faults
                    .into_iter()
                    .for_each(|(call, fault)| self.phones[phone].line.fault(call, fault));
                self.syncs(phone);
                self.phones[phone].line.mend();
            }
            RunStep::Reopen(phone) => self.phones[phone].reopen(),
            RunStep::Kill(phone) => self.phones[phone].killed(),
            RunStep::RestartServer => self.world.server.restart(),
            RunStep::Compact => self.compacts(),
            RunStep::Wait(ms) => self.world.clock.advance(ms),
            RunStep::Order(order) => self.ordered(&order),
            RunStep::Copy(phone, with_mark) => self.copies(phone, with_mark),
            RunStep::BackUp(phone) => {
                self.phones[phone].copy_files(&self.world.place(&format!("backup {phone}")), true);
                self.backups.insert(phone);
            }
            RunStep::Restore(phone) => self.restores(phone),
        }
    }

    /// The server compacts everything, and holds what it held.
    fn compacts(&self) {
        let (file, registry) = (
            self.world.server.file(self.world.tenant),
            self.world.registry(),
        );
        let stands = || {
            let db = behind::open(&file);
            (
                behind::standings(&db),
                digest_json(&digest::digest(&db, &registry, None).unwrap()),
            )
        };
        let before = stands();
        self.world.compacts();
        assert_eq!(stands(), before, "compaction changed what there is");
    }

    fn syncs(&mut self, phone: usize) {
        let person = self.people[phone];
        let phone = &mut self.phones[phone];
        match phone.syncs() {
            Ok(_) | Err(FieldError::TryLater { .. }) => {}
            Err(FieldError::SignIn { .. }) => {
                phone.line.mend();
                let code = self
                    .world
                    .office(|office| office.user_code(person))
                    .unwrap();
                phone.enrol(&code).unwrap();
            }
            Err(other) => panic!("{} cannot sync: {other:?}", phone.name),
        }
    }

    /// Somebody does something, if the rules allow it; what it wrote is noted.
    fn does(&mut self, phone: usize, deed: &PhoneDeed) {
        self.number += 1;
        let phone = &mut self.phones[phone];
        let Some(command) = command(deed, phone, self.number) else {
            return;
        };
        let before = behind::unsent(&phone.file)
            .last()
            .map_or(0, |entry| entry.number);
        match phone.tries(&command) {
            Ok(_) | Err(FieldError::Refused { .. }) => {}
            Err(other) => panic!("{} cannot {command}: {other:?}", phone.name),
        }
        for entry in behind::unsent(&phone.file)
            .into_iter()
            .filter(|entry| entry.number > before)
        {
            let number = self.number;
            let ends = [
                format!(" {number}"),
                format!("+1479{number:07}"),
                format!("p{number}@harps.example"),
            ];
            let is_own = |text: &str| ends.iter().any(|end| text.ends_with(end));
            self.texts
                .extend(texts(&entry).into_iter().filter(|(_, text)| is_own(text)));
            match entry.kind {
                EntryKind::Fact => drop(self.facts.insert(entry.record.to_string())),
                EntryKind::Change => count(
                    &mut self.written,
                    &entry.record,
                    behind::operations_of(&entry),
                ),
            }
        }
    }

    fn ordered(&mut self, order: &OfficeDeed) {
        match order {
            OfficeDeed::Move(shop, to) => {
                let territory = self.world.territory(to);
                let shop = &self.shops[shop.index(self.shops.len())];
                self.world
                    .puts("account", Some(shop), &json!({"territory": territory}));
            }
            OfficeDeed::Role(who, role) => {
                self.world.sets(self.person(who), Some(role.clone()), None)
            }
            OfficeDeed::Follow(who, territories) => {
                self.world.sets(self.person(who), None, Some(territories))
            }
            OfficeDeed::Revoke(phone) => {
                let status = self.phones[*phone].device().status().unwrap().data;
                let device = status["enrolled"]["device"].as_str().unwrap();
                self.world.office(|office| office.revoke(device)).unwrap();
            }
        }
    }

    fn person(&self, who: &Index) -> &'static str {
        self.people[who.index(self.people.len())]
    }

    fn copies(&mut self, phone: usize, with_mark: bool) {
        if self.phones.len() >= PHONES_MAX {
            return;
        }
        let name = format!("copy {}", self.phones.len());
        self.phones[phone].copy_files(&self.world.place(&name), with_mark);
        self.phones.push(self.world.new_phone(&name));
        self.people.push(self.people[phone]);
    }

    /// An older database comes back: what was written since and not sent is lost with the newer
    /// one.
    fn restores(&mut self, phone: usize) {
        if !self.backups.contains(&phone) {
            return;
        }
        let (lost, held) = (behind::unsent(&self.phones[phone].file), self.held(phone));
        let backup = self.world.place(&format!("backup {phone}"));
        let place = &mut self.phones[phone];
        place.restore_files(&backup);
        let kept: BTreeSet<_> = behind::unsent(&place.file)
            .iter()
            .map(|entry| entry.hash)
            .collect();
        for entry in lost.into_iter().filter(|entry| !kept.contains(&entry.hash)) {
            self.texts
                .retain(|written| !texts(&entry).contains(written));
            self.facts.remove(&entry.record.to_string());
        }
        for held in held {
            let is_held = |(record, text): &&(String, String)| is_kept(&held, record, text);
            self.forgotten
                .extend(self.texts.iter().filter(is_held).cloned());
        }
    }

    /// What a phone keeps of what was refused.
    fn held(&self, phone: usize) -> Vec<Attention> {
        attention::all(&behind::open(&self.phones[phone].file)).unwrap()
    }

    /// What the server's documents say was ever written.
    pub(crate) fn history(&self) -> Written {
        let db = behind::open(&self.world.server.file(self.world.tenant));
        let mut written = Written::new();
        for (id, _) in documents::all_ids(&db).unwrap() {
            count(&mut written, &id, behind::history(&db, &id.to_string()));
        }
        written
    }

    /// Everybody meets the server until nobody has anything to say, and all agree.
    pub(crate) fn agrees(&mut self) {
        for phone in 0..self.phones.len() {
            self.phones[phone].line.mend();
            self.syncs(phone);
        }
        // Of a copied database the one that renews last ends the access of all of them: those who
        // met before it sign in again.
        for phone in 0..self.phones.len() {
            self.syncs(phone);
        }
        self.world
            .agree(&mut self.phones.iter_mut().collect::<Vec<_>>());
        self.compacts();
        let late = self
            .world
            .phone_for("Zoe", Role::MANAGER, &["North", "South"]);
        self.phones.push(late);
        self.people.push("Zoe");
        self.world
            .agree(&mut self.phones.iter_mut().collect::<Vec<_>>());
        for phone in &mut self.phones {
            let shown = phone.digest();
            phone.device().rebuild().unwrap();
            phone.reopen();
            assert_eq!(
                phone.digest(),
                shown,
                "{}: a rebuild changed what shows",
                phone.name
            );
        }
    }

    /// What was written is what is there, as often as it was written, and nothing was refused.
    pub(crate) fn nothing_is_lost_or_doubled(&mut self) {
        assert_eq!(self.history(), self.written);
        let facts =
            ["follow_up", "conflict_resolution"].map(|object| ids(&mut self.phones[1], object));
        assert_eq!(
            facts.concat().into_iter().collect::<BTreeSet<_>>(),
            self.facts
        );
        for phone in &mut self.phones {
            assert_eq!(phone.needs_attention(), [] as [Json; 0], "{}", phone.name);
        }
    }

    /// Every text that was written is in the history of its record, or it was refused and is kept
    /// with its reason.
    pub(crate) fn nothing_is_lost(&self) {
        let server = behind::open(&self.world.server.file(self.world.tenant));
        let mut there: BTreeSet<(String, String)> = BTreeSet::new();
        for (id, _) in documents::all_ids(&server).unwrap() {
            let history = behind::history(&server, &id.to_string());
            there.extend(
                history
                    .into_iter()
                    .map(|(_, value)| (id.to_string(), text(&value))),
            );
        }
        for fact in self.world.office(|office| office.all("follow_up")).unwrap() {
            there.insert((text(&fact["id"]), text(&fact["note"])));
        }
        let refused: Vec<Attention> = (0..self.phones.len())
            .flat_map(|phone| self.held(phone))
            .collect();
        let quarantine = behind::quarantine(&server);
        for (record, text) in &self.texts {
            let on_server = |held: &behind::QuarantineEntry| {
                held.record == *record
                    && held
                        .operations
                        .iter()
                        .any(|(_, value)| value == text.as_str())
            };
            let is_there = there.contains(&(record.clone(), text.clone()));
            let is_refused = refused.iter().any(|held| is_kept(held, record, text));
            let is_forgotten = self.forgotten.contains(&(record.clone(), text.clone()));
            assert!(
                is_there || is_refused || (is_forgotten && quarantine.iter().any(on_server)),
                "`{text}` of {record} is lost"
            );
        }
    }
}

fn is_kept(held: &Attention, record: &str, text: &str) -> bool {
    held.record.to_string() == record && held.command.contains(text)
}

fn count(written: &mut Written, record: &RecordId, operations: Vec<(String, Json)>) {
    for (path, value) in operations {
        *written
            .entry((record.to_string(), path, value.to_string()))
            .or_default() += 1;
    }
}

/// The texts that an entry writes.
fn texts(entry: &OutboxEntry) -> Vec<(String, String)> {
    let values: Vec<Json> = match entry.kind {
        EntryKind::Change => behind::operations_of(entry)
            .into_iter()
            .map(|(_, value)| value)
            .collect(),
        EntryKind::Fact => behind::fact_values(entry),
    };
    let texts = values.iter().filter_map(Json::as_str);
    texts
        .map(|text| (entry.record.to_string(), text.to_owned()))
        .collect()
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

//! The promise of the whole as a property: whatever people do on their phones, in whatever order they sync, however the
//! line breaks, in the end all show the same, nothing is lost and nothing is doubled.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use outfield_core::app::FieldError;
use outfield_core::base::context::Role;
use outfield_core::store::outbox::EntryKind;
use outfield_tests::world::HERE;
use outfield_tests::{Fault, Phone, World, behind};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use serde_json::{Value as Json, json};

/// What somebody does on a phone. An index chooses among what is there.
#[derive(Debug, Clone)]
enum Deed {
    Add,
    Edit(Index, &'static str),
    Link(Index, Index),
    EditRole(Index),
    Unlink(Index),
    Note(Index),
    Start(Index),
    CheckIn,
    Answer(&'static str),
    CheckOut,
    Cancel,
    Resolve(Index, &'static str),
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Do(usize, Deed),
    Sync(usize, Vec<(&'static str, Fault)>),
    Reopen(usize),
    Kill(usize),
    RestartServer,
    Wait(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let index = any::<Index>;
    prop_oneof![
        2 => Just(Deed::Add),
        8 => (index(), prop::sample::select(vec!["job_title", "phone", "email"])).prop_map(|(i, f)| Deed::Edit(i, f)),
        2 => (index(), index()).prop_map(|(contact, shop)| Deed::Link(contact, shop)),
        3 => index().prop_map(Deed::EditRole),
        1 => index().prop_map(Deed::Unlink),
        2 => index().prop_map(Deed::Note),
        2 => index().prop_map(Deed::Start),
        2 => Just(Deed::CheckIn),
        3 => prop::sample::select(vec!["shelf", "prices"]).prop_map(Deed::Answer),
        2 => Just(Deed::CheckOut),
        1 => Just(Deed::Cancel),
        3 => (index(), prop::sample::select(vec!["mine", "theirs"])).prop_map(|(i, choice)| Deed::Resolve(i, choice)),
    ]
}

fn fault() -> impl Strategy<Value = (&'static str, Fault)> {
    let call = prop::sample::select(vec!["/hello", "/push", "/pull", ""]);
    prop_oneof![
        1 => call.clone().prop_map(|call| (call, Fault::RequestLost)),
        2 => call.clone().prop_map(|call| (call, Fault::AnswerLost)),
        2 => call.clone().prop_map(|call| (call, Fault::Twice)),
        1 => (call.clone(), 0..100_000_u64).prop_map(|(call, ms)| (call, Fault::Busy(ms))),
        2 => (call, any::<u16>()).prop_map(|(call, bytes)| (call, Fault::Cut(bytes.into()))),
        2 => any::<u16>().prop_map(|bytes| ("/pull", Fault::Short(bytes.into()))),
    ]
}

fn step(phones: usize) -> impl Strategy<Value = Step> {
    let phone = move || 0..phones;
    prop_oneof![
        12 => (phone(), deed()).prop_map(|(phone, deed)| Step::Do(phone, deed)),
        3 => phone().prop_map(|phone| Step::Sync(phone, Vec::new())),
        4 => (phone(), prop::collection::vec(fault(), 1..8)).prop_map(|(phone, faults)| Step::Sync(phone, faults)),
        1 => phone().prop_map(Step::Reopen),
        1 => phone().prop_map(Step::Kill),
        1 => Just(Step::RestartServer),
        2 => (0..90_000_000_i64).prop_map(Step::Wait),
    ]
}

/// Values that commands wrote, each with how often: record, path, value.
type Written = BTreeMap<(String, String, String), usize>;

/// A world in which steps happen, and what was written in it.
struct Run {
    world: World,
    phones: Vec<Phone>,
    shops: Vec<String>,
    counter: u32,
    written: Written,
    facts: usize,
}

impl Run {
    fn new() -> Run {
        let world = World::new();
        let shops = vec![world.account("Harp's", "North"), world.account("Dale's", "North")];
        let phones = ["Ann", "Ben"].into_iter().map(|name| world.phone(name));
        let mut phones: Vec<Phone> = phones.chain([world.phone_for("Mia", Role::Manager, &["North"])]).collect();
        for shop in &shops {
            let id = phones[0].adds("contact", &json!({"name": shop, "roles/first/account": shop}));
            phones[0].edits("contact", &id, &json!({"job_title": "Owner"}));
        }
        world.agree(&mut phones.iter_mut().collect::<Vec<_>>());
        let written = history(&world, &mut phones[0]);
        Run { world, phones, shops, counter: 0, written, facts: 0 }
    }

    fn happens(&mut self, step: Step) {
        match step {
            Step::Do(phone, deed) => self.does(phone, &deed),
            Step::Sync(phone, faults) => {
                let phone = &mut self.phones[phone];
                faults.into_iter().for_each(|(call, fault)| phone.line.fault(call, fault));
                match phone.syncs() {
                    Ok(_) | Err(FieldError::TryLater { .. }) => {}
                    Err(other) => panic!("{} cannot sync: {other:?}", phone.name),
                }
                phone.line.mend();
            }
            Step::Reopen(phone) => self.phones[phone].reopen(),
            Step::Kill(phone) => self.phones[phone].killed(),
            Step::RestartServer => self.world.server.restart(),
            Step::Wait(ms) => self.world.clock.advance(ms),
        }
    }

    /// Somebody does something, if the rules allow it; what it wrote is noted.
    fn does(&mut self, phone: usize, deed: &Deed) {
        let Some(command) = self.command(phone, deed) else { return };
        let phone = &mut self.phones[phone];
        let before = behind::unsent(&phone.file).last().map_or(0, |entry| entry.number);
        match phone.tries(&command) {
            Ok(_) | Err(FieldError::Refused { .. }) => {}
            Err(other) => panic!("{} cannot {command}: {other:?}", phone.name),
        }
        for entry in behind::unsent(&phone.file).into_iter().filter(|entry| entry.number > before) {
            match entry.kind {
                EntryKind::Fact => self.facts += 1,
                EntryKind::Change => {
                    for (path, value) in behind::operations_of(&entry) {
                        let place = (entry.record.to_string(), path, value.to_string());
                        *self.written.entry(place).or_default() += 1;
                    }
                }
            }
        }
    }

    fn command(&mut self, phone: usize, deed: &Deed) -> Option<Json> {
        self.counter += 1;
        let counter = self.counter;
        let shop = |index: &Index| index.get(&self.shops).clone();
        let phone = &mut self.phones[phone];
        let contact = |phone: &mut Phone, index: &Index| one_of(&ids(phone, "contact"), index);
        let edit = |id: String, fields: Json| json!({"do": "edit", "object": "contact", "id": id, "fields": fields});
        let open = |phone: &mut Phone| phone.house().today().unwrap().data[0]["id"].as_str().map(str::to_owned);
        Some(match deed {
            Deed::Add => {
                let fields = json!({"name": format!("Person {counter}"), "roles/first/account": self.shops[0]});
                json!({"do": "add", "object": "contact", "fields": fields})
            }
            Deed::Edit(index, field) => {
                let value = match *field {
                    "phone" => format!("+1479{counter:07}"),
                    "email" => format!("p{counter}@harps.example"),
                    _ => format!("Title {counter}"),
                };
                edit(contact(phone, index)?, json!({ *field: value }))
            }
            Deed::Link(index, at) => {
                json!({"do": "link_contact", "contact": contact(phone, index)?, "account": shop(at), "role": format!("Role {counter}")})
            }
            Deed::EditRole(index) => {
                edit(contact(phone, index)?, json!({"roles/first/role": format!("Role {counter}")}))
            }
            Deed::Unlink(index) => {
                let id = contact(phone, index)?;
                let linked = phone.get("contact", &id)["roles"].as_object()?.keys().next_back()?.clone();
                // The first role stays, or nobody would see the contact.
                edit(id, json!({ format!("roles/{linked}/removed"): linked != "first" }))
            }
            Deed::Note(index) => {
                json!({"do": "log_follow_up", "account": shop(index), "note": format!("Note {counter}")})
            }
            Deed::Start(index) => json!({"do": "start_visit", "account": shop(index)}),
            Deed::CheckIn => json!({"do": "check_in", "visit": open(phone)?, "position": HERE}),
            Deed::Answer(action) => {
                json!({"do": "answer_action", "visit": open(phone)?, "action": action, "value": format!("Answer {counter}")})
            }
            Deed::CheckOut => json!({"do": "check_out", "visit": open(phone)?}),
            Deed::Cancel => json!({"do": "cancel_visit", "visit": open(phone)?, "reason": format!("Reason {counter}")}),
            Deed::Resolve(index, choice) => {
                let conflict = one_of(&phone.conflicts(), index)?["id"].clone();
                json!({"do": "resolve_conflict", "conflict": conflict, "choose": choice})
            }
        })
    }

    /// Everybody agrees, and what was written is what is there, as often as it was written.
    fn ends(mut self) {
        self.phones.iter().for_each(|phone| phone.line.mend());
        self.world.agree(&mut self.phones.iter_mut().collect::<Vec<_>>());
        assert_eq!(history(&self.world, &mut self.phones[0]), self.written);
        let facts = ["follow_up", "conflict_resolution"].map(|object| ids(&mut self.phones[1], object).len());
        assert_eq!(facts.iter().sum::<usize>(), self.facts);
        for phone in &mut self.phones {
            assert_eq!(phone.needs_attention(), [] as [Json; 0]);
            let shown = phone.digest();
            phone.house().rebuild().unwrap();
            phone.reopen();
            assert_eq!(phone.digest(), shown);
        }
    }
}

fn one_of<T: Clone>(all: &[T], index: &Index) -> Option<T> {
    (!all.is_empty()).then(|| index.get(all).clone())
}

fn ids(phone: &mut Phone, object: &str) -> Vec<String> {
    let all = phone.house().list(object, None, 10_000).unwrap().data;
    all.as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

/// What the server's documents say was ever written, each value with how often.
fn history(world: &World, phone: &mut Phone) -> Written {
    let db = behind::open(&world.server.file(world.tenant));
    let mut written = Written::new();
    for id in ["contact", "visit"].into_iter().flat_map(|object| ids(phone, object)) {
        for (path, value) in behind::history(&db, &id) {
            *written.entry((id.clone(), path, value.to_string())).or_default() += 1;
        }
    }
    written
}

/// The same cases each time, unless the environment names a seed or a number of cases (`PROPTEST_RNG_SEED`,
/// `PROPTEST_CASES`).
fn cases(usual: u32) -> ProptestConfig {
    let said = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { said.cases } else { usual };
    let rng_seed = if said.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { said.rng_seed };
    ProptestConfig { cases, rng_seed, failure_persistence: None, max_shrink_iters: 300, ..said }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn phones_agree_whatever_people_do_and_however_the_line_breaks(
        steps in prop::collection::vec(step(3), 10..60),
    ) {
        let mut run = Run::new();
        steps.into_iter().for_each(|step| run.happens(step));
        run.ends();
    }
}

//! The morning: two phones are filled while there is a network, and then two reps work without one.
//! It does not know how their work comes together.

use outfield_core::base::place::Position;
use serde_json::Value as Json;

use super::office::{self, Opened};
use super::page::Mood;
use super::stage::{Expect, Rep, Stage, exactly};
use crate::error::ServerError;

/// Millionths of a degree of latitude: about 40 m, within every fence, and about 1.2 km, outside it.
const NEAR_UDEG: i32 = 360;
const FAR_UDEG: i32 = 11_000;
/// How far away the second and the third store may lie, in metres.
const REGION_M: &str = "3000000";
/// Stores that a list shows, more than a territory of the story has.
const STORES_MAX: &str = "1000";
/// How wrong the phones' positions may be, in metres.
const ACCURACY_M: &str = "15";

/// A store of the story.
pub(super) struct Store {
    /// Its account's id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    at: Position,
}

impl Store {
    /// A position so many millionths of a degree away.
    fn off(&self, udeg: i32) -> String {
        // Towards the equator, so that no store lies beyond a pole.
        let here = self.at.latitude_udeg;
        let latitude_udeg = if here > 0 { here - udeg } else { here + udeg };
        Position { latitude_udeg, ..self.at }.to_string()
    }
}

/// Who and what the story is about.
pub(super) struct Cast {
    /// A rep.
    pub(super) ann: Rep,
    /// Another.
    pub(super) ben: Rep,
    /// The contact whose phone number both will edit.
    pub(super) maria: String,
    /// A contact that Ann makes without a network; empty before.
    pub(super) joe: String,
    /// A contact that Ben makes without a network; empty before.
    pub(super) eve: String,
    /// A visit that Ben makes because he passes by; empty before.
    pub(super) passed_by: String,
    dan: String,
    stores: [Store; 3],
    /// The visits that the office planned, Ann's and Ben's.
    planned: [String; 2],
}

/// Enrols the phones and fills them; the office plans the day.
pub(super) fn online(stage: &mut Stage<'_>, opened: &Opened) -> Result<Cast, ServerError> {
    let (ann, ann_code) = office::add_rep(stage, opened, "Ann")?;
    let (ben, ben_code) = office::add_rep(stage, opened, "Ben")?;
    stage.serve("starts", &[&ann.line, &ben.line])?;
    stage.page.heading("Early morning, at home: the network is there");
    for (rep, code) in [(&ann, &ann_code), (&ben, &ben_code)] {
        let url = rep.line.url();
        stage.looks(rep, "enrols the phone", &["enrol", &url, code], |_| format!("via {url}"))?;
        stage.looks(rep, "syncs for the first time", &["sync"], |data| format!("{} received", data["received"]))?;
    }
    let stores = near_stores(stage, &ann)?;
    let [first, second, _] = &stores;
    let maria = office::contact(stage, ("Maria Lopez", "Buyer", "+14795550100"), first)?;
    let dan = office::contact(stage, ("Dan Ortiz", "Night manager", "+14795550101"), second)?;
    let planned = [office::plan(stage, &ann, first)?, office::plan(stage, &ben, second)?];
    for rep in [&ann, &ben] {
        stage.looks(rep, "syncs before leaving", &["sync"], |data| format!("{} received", data["received"]))?;
    }
    for contact in [&maria, &dan] {
        let known = stage.ask(&ann, &["get", "contact", contact])?;
        stage.ledger.known_to_all(&known);
    }
    let (joe, eve, passed_by) = (String::new(), String::new(), String::new());
    Ok(Cast { ann, ben, maria, joe, eve, passed_by, dan, stores, planned })
}

/// Three stores near each other, chosen by the seed.
fn near_stores(stage: &mut Stage<'_>, rep: &Rep) -> Result<[Store; 3], ServerError> {
    let all = stage.ask(rep, &["list", "account", "--limit", STORES_MAX])?;
    let placed: Vec<&str> = all.as_array().into_iter().flatten().filter_map(|of| of["position"].as_str()).collect();
    let choice = usize::try_from(stage.chance.below(placed.len() as u64)).unwrap_or(0);
    let at = placed.get(choice).copied().unwrap_or_default();
    let command = ["list", "account", "--near", at, "--within", REGION_M, "--limit", "3"];
    let near = stage.looks(rep, "looks for stores nearby", &command, |data| {
        let names = data.as_array().into_iter().flatten().filter_map(|store| store["name"].as_str());
        names.collect::<Vec<_>>().join(", ")
    })?;
    let store = |of: &Json| {
        let text = |name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let at = text("position").parse().map_err(|_| ServerError::broken("a store without a position is near"))?;
        Ok(Store { id: text("id"), name: text("name"), at })
    };
    let stores: Vec<Store> = near.as_array().into_iter().flatten().map(store).collect::<Result<_, ServerError>>()?;
    let found = stores.len();
    stores.try_into().map_err(|_| stage.amiss(rep.who, "looks for stores nearby", &format!("{found} found, not 3")))
}

/// What both do without a network.
pub(super) fn offline(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    stage.page.heading("On the road: no signal");
    stage.switch_off(&[&cast.ann.line, &cast.ben.line])?;
    stage.cannot(&cast.ann, "tries to sync", &["sync"], Expect::Unreachable)?;
    ann(stage, cast)?;
    ben(stage, cast)?;
    for rep in [&cast.ann, &cast.ben] {
        let waiting = stage.ask(rep, &["outbox"])?;
        let told = format!("{} changes wait in the outbox", waiting.as_array().map_or(0, Vec::len));
        stage.page.step((rep.who, "has been at work"), (Mood::Done, &told), None);
    }
    Ok(())
}

fn state(data: &Json) -> String {
    data["state"].as_str().unwrap_or_default().replace('_', " ")
}

fn today(data: &Json) -> String {
    let visits = data.as_array().map(Vec::as_slice).unwrap_or_default();
    let states: Vec<String> = visits.iter().map(state).collect();
    match visits {
        [] => "nothing is left to do".to_owned(),
        [_] => format!("1 visit: {}", states.join("")),
        [_, _, ..] => format!("{} visits: {}", visits.len(), states.join(", ")),
    }
}

/// Reads the state of one action.
fn action(line: &str) -> impl Fn(&Json) -> String {
    move |data| said(&data["actions"][line]["state"])
}

/// Reads one member.
fn member(name: &str) -> impl Fn(&Json) -> String {
    move |data| said(&data[name])
}

fn ann(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    let (ann, [store, ..], [visit, _]) = (&cast.ann, &cast.stores, &cast.planned);
    let far = store.off(FAR_UDEG);
    stage.looks(ann, "opens today's list", &["today"], exactly("1 visit: planned", today))?;
    let at = ["visit", "check-in", visit, "--at", &far, "--accuracy", ACCURACY_M];
    stage.cannot(ann, &format!("checks in at {}", store.name), &at, Expect::Refused("outside_fence"))?;
    let with_reason = [&at[..], &["--reason", "Parking is closed"]].concat();
    stage.does(ann, "checks in with a reason: Parking is closed", &with_reason, exactly("in progress", state))?;
    stage.looks(ann, "opens today's list", &["today"], exactly("1 visit: in progress", today))?;
    stage.cannot(ann, "checks out", &["visit", "check-out", visit], Expect::Refused("mandatory_undone"))?;
    let shelf = ["visit", "answer", visit, "shelf", "24 facings, 2 gaps"];
    stage.does(ann, "counts the shelf: 24 facings, 2 gaps", &shelf, exactly("done", action("shelf")))?;
    let prices = ["visit", "answer", visit, "prices", "As listed"];
    stage.does(ann, "checks the prices: as listed", &prices, exactly("done", action("prices")))?;
    let promotion = ["visit", "skip", visit, "promotion", "--reason", "None runs"];
    stage.does(ann, "leaves the promotion out: none runs", &promotion, exactly("skipped", action("promotion")))?;
    stage.does(ann, "checks out", &["visit", "check-out", visit], exactly("completed", state))?;
    cast.joe = contact(stage, ann, ("Joe Harp", "Store manager"), store)?;
    let phone = format!("+1479555{:04}", 110 + stage.chance.below(40));
    let (to, email) = (format!("phone={phone}"), "maria.lopez@example.com");
    let edit = ["edit", "contact", &cast.maria, &to, &format!("email={email}")];
    stage.does(
        ann,
        "edits Maria Lopez: phone and e-mail",
        &edit,
        exactly(format!("{phone}, {email}"), |data| format!("{}, {}", said(&data["phone"]), said(&data["email"]))),
    )?;
    let edit = ["edit", "contact", &cast.dan, "mobile=+14795550109"];
    stage.does(ann, "edits Dan Ortiz: mobile", &edit, exactly("+14795550109", member("mobile")))?;
    let note = "Wants a second shelf by spring";
    let follow_up = ["follow-up", note, "--account", &store.id, "--visit", visit, "--kind", "visit"];
    stage.does(ann, "logs a follow-up", &follow_up, exactly(note, member("note")))?;
    Ok(())
}

fn ben(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    let (ben, [_, second, third], [_, planned]) = (&cast.ben, &cast.stores, &cast.planned);
    stage.looks(ben, "opens today's list", &["today"], exactly("1 visit: planned", today))?;
    visit(stage, ben, second, planned)?;
    let start = ["visit", "start", &third.id, "--purpose", "Passed by"];
    let what = format!("starts a visit at {}", third.name);
    let started = stage.does(ben, &what, &start, exactly("in progress", state))?;
    cast.passed_by = said(&started["id"]);
    visit(stage, ben, third, &cast.passed_by)?;
    cast.eve = contact(stage, ben, ("Eve Stone", "Cashier"), third)?;
    let phone = format!("+1479555{:04}", 150 + stage.chance.below(40));
    let edit = ["edit", "contact", &cast.maria, &format!("phone={phone}")];
    stage.does(ben, "edits Maria Lopez: phone", &edit, exactly(phone, member("phone")))?;
    let edit = ["edit", "contact", &cast.dan, "job_title=Store manager"];
    stage.does(ben, "edits Dan Ortiz: job title", &edit, exactly("Store manager", member("job_title")))?;
    let note = "Has a new number";
    let follow_up = ["follow-up", note, "--contact", &cast.maria, "--kind", "call"];
    stage.does(ben, "logs a follow-up about Maria Lopez", &follow_up, exactly(note, member("note")))?;
    stage.looks(ben, "opens today's list", &["today"], exactly("nothing is left to do", today))?;
    Ok(())
}

/// One visit from check-in to check-out.
fn visit(stage: &mut Stage<'_>, rep: &Rep, store: &Store, visit: &str) -> Result<(), ServerError> {
    let near = store.off(NEAR_UDEG);
    let check_in = ["visit", "check-in", visit, "--at", &near, "--accuracy", ACCURACY_M];
    stage.does(
        rep,
        &format!("checks in at {}", store.name),
        &check_in,
        exactly("in progress, 40 m away", |data| format!("{}, {} m away", state(data), data["distance_m"])),
    )?;
    for (line, answer) in [("shelf", "31 facings, no gap"), ("prices", "One label is missing")] {
        let command = ["visit", "answer", visit, line, answer];
        stage.does(rep, &format!("answers {line}: {answer}"), &command, exactly("done", action(line)))?;
    }
    stage.does(rep, "checks out", &["visit", "check-out", visit], exactly("completed", state))?;
    Ok(())
}

/// Adds a contact and gives it a role at the store; answers the contact's id.
fn contact(stage: &mut Stage<'_>, rep: &Rep, (name, role): (&str, &str), store: &Store) -> Result<String, ServerError> {
    let create = ["create", "contact", &format!("name={name}")];
    let made = stage.does(rep, "adds a contact", &create, exactly(name, member("name")))?;
    let id = said(&made["id"]);
    let link = ["link", &id, &store.id, "--role", role];
    let role_of = |data: &Json| {
        let roles = data["roles"].as_object().into_iter().flatten();
        roles.filter(|(_, line)| line["account"] == store.id.as_str()).map(|(_, line)| said(&line["role"])).collect()
    };
    stage.does(rep, &format!("links {name} to the store"), &link, exactly(role, role_of))?;
    Ok(id)
}

fn said(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

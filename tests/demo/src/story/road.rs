//! The day on the road: two parts of it without a signal, and noon between them, when there is one
//! for a while. It does not know how the work of all comes together.

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::Cast;
use super::day::{AFTERNOON, CALLED_OFF, FIRST, JOINT, MORNING, NOON, REFUSING, Stop};
use super::first_visit::first_visit;
use super::trouble::{self, synced};
use super::visit::{self, VisitMade, follow_up, ordered, state};
use crate::page::Mood;
use crate::stage::StoryStage;
use crate::stage::answer::{exactly, said};

/// When two edit the same contacts, and when they count one shelf, as minutes of the day.
const EDITS_MINUTE: u32 = 12 * 60 + 45;
const ONE_SHELF_MINUTE: u32 = NOON.minute + 25;

/// The morning: no signal.
pub(crate) fn morning(stage: &mut StoryStage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    stage.page.heading("On the road: no signal");
    let told = "killed (SIGKILL): nobody can be reached";
    stage.switch_off("is switched off", told, &cast.lines())?;
    let made = first_visit(stage, cast)?;
    remember(cast, &FIRST, made);
    visits(stage, cast, MORNING, 1)?;
    waits(stage, cast)
}

/// Makes visits one after the other, and keeps what the story comes back to.
fn visits(
    stage: &mut StoryStage<'_>,
    cast: &mut Cast,
    stops: &[Stop],
    done: usize,
) -> Result<(), ServerError> {
    for (number, stop) in stops.iter().enumerate() {
        let made = visit::visit(stage, cast, stop, done + number)?;
        remember(cast, stop, made);
    }
    Ok(())
}

fn remember(cast: &mut Cast, stop: &Stop, made: VisitMade) {
    let found = &mut cast.found;
    if let Some(order) = made.order {
        let order = said(&order["id"]);
        if (stop.who, stop.place) == ("Ben", REFUSING) {
            found.refused_order = order.clone();
            found.refused_in_visit = made.visit.clone();
        }
        found.first_order.entry(stop.who).or_insert(order);
    }
    if stop.who == "Ben" && stop.route.is_none() {
        found.passed_by = made.visit;
    }
}

/// How much work waits on each phone.
fn waits(stage: &StoryStage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let mut each = Vec::new();
    for rep in cast.reps() {
        each.push(format!("{} on {}'s", stage.unsent(rep)?, rep.who));
    }
    let told = format!("{} changes", each.join(", "));
    let what = "hold what nobody else has";
    stage.page.hour(None);
    stage.page.step("Phones", what, Mood::Done, &told, None);
    Ok(())
}

/// Noon: there is a signal for a while. Two meet in one store; the phone of one dies in mid-sync.
pub(crate) fn noon(stage: &mut StoryStage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    let heading = "Noon: a signal for a while, and Cem has none";
    stage.page.heading(heading);
    let (ann, ben) = (&cast.ann, &cast.ben);
    ann.at(NOON.minute);
    let visit = visit::check_in(stage, cast, &NOON)?;
    let product = visit::product(stage, cast);
    let check = said(&visit::count(stage, ann, &visit, &product, 2)?["id"]);
    let store = &cast.store(ann, JOINT).name;
    let told = format!("at {store}, where Ben comes to help");
    let what = "begins to count a long shelf";
    stage.page.hour(Some(ann.minute()));
    stage.page.step(ann.who, what, Mood::Done, &told, None);
    stage.serve("is switched on again", &[&ann.line, &ben.line])?;
    trouble::phone_dies(stage, cast, ann)?;
    let what = "switches the phone on and syncs again";
    stage.looks(ann, what, &["sync"], synced)?;
    stage.looks(ben, "syncs", &["sync"], synced)?;
    let known = stage.ask(ben, &["get", "inventory_check", &check])?;
    stage.ledger.known_to_all(&known);
    cast.found.shelf_visit = visit;
    cast.found.shelf_check = check;
    cast.found.first_order.retain(|who, _| *who == "Cem");
    Ok(())
}

/// The afternoon: no signal again, and two people in each other's way without knowing.
pub(crate) fn afternoon(stage: &mut StoryStage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    stage.page.heading("The afternoon: no signal again");
    let told = "killed (SIGKILL)";
    stage.switch_off("is switched off again", told, &cast.lines())?;
    let made = one_shelf(stage, cast)?;
    remember(cast, &NOON, made);
    edits(stage, cast)?;
    visits(stage, cast, AFTERNOON, 2 + MORNING.len())?;
    call_off(stage, cast)?;
    let (ben, cem) = (&cast.ben, &cast.cem);
    let note = "Maria Lopez has a new number";
    follow_up(stage, ben, note, "--contact", &cast.found.maria)?;
    cem.at(CALLED_OFF.minute);
    let note = "Moves to a larger hall in May";
    follow_up(stage, cem, note, "--account", &cast.store(cem, 3).id)?;
    waits(stage, cast)
}

/// Ben calls a visit off.
fn call_off(stage: &mut StoryStage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let ben = &cast.ben;
    ben.at(CALLED_OFF.minute);
    let visit = cast.planned("Ben", CALLED_OFF.place);
    let what = format!("calls off {}", cast.store(ben, CALLED_OFF.place).name);
    let why = "Closed for stocktaking";
    let cancel = ["visit", "cancel", &visit, "--reason", why];
    stage.does(ben, &what, &cancel, |data| {
        format!("{}: {why}", state(data))
    })?;
    Ok(())
}

/// Ann and Ben count one shelf, each on a phone of their own; then Ann ends her visit.
fn one_shelf(stage: &mut StoryStage<'_>, cast: &Cast) -> Result<VisitMade, ServerError> {
    let ann = &cast.ann;
    let visit = cast.found.shelf_visit.clone();
    for (rep, end) in [(ann, "left"), (&cast.ben, "right")] {
        rep.at(ONE_SHELF_MINUTE);
        let facings = 2 + stage.chance.below(6);
        visit::count(stage, rep, &visit, &cast.products[0], facings)?;
        let what = format!("counts the {end} end of the shelf");
        let told = format!("{facings} facings of one product");
        stage.page.hour(Some(rep.minute()));
        stage.page.step(rep.who, &what, Mood::Done, &told, None);
    }
    visit::answer(stage, ann, &visit, &cast.found.shelf_check)?;
    let store = cast.store(ann, JOINT);
    let order = visit::sell(stage, cast, ann, store, &visit, NOON.trade)?.unwrap_or_default();
    let told = format!("completed, {}", ordered(&order));
    let what = "takes an order and checks out";
    let check_out = ["visit", "check-out", &visit];
    stage.does(ann, what, &check_out, |_| told.clone())?;
    Ok(VisitMade {
        visit,
        order: Some(order),
    })
}

/// Both edit one contact's phone number, and different fields of another contact.
fn edits(stage: &mut StoryStage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let (ann, ben) = (&cast.ann, &cast.ben);
    let (maria, dan) = (cast.found.maria.as_str(), cast.found.dan.as_str());
    let ann_heard = format!("+1479555{:04}", 110 + stage.chance.below(40));
    let ben_heard = format!("+1479555{:04}", 150 + stage.chance.below(40));
    let email = "maria.lopez@example.com";
    ann.at(EDITS_MINUTE);
    ben.at(EDITS_MINUTE);
    let both = |data: &Json| format!("{}, {}", said(&data["phone"]), said(&data["email"]));
    let edit = [
        "edit",
        "contact",
        maria,
        &format!("phone={ann_heard}"),
        &format!("email={email}"),
    ];
    let what = "edits Maria Lopez: phone and e-mail";
    let wanted = exactly(format!("{ann_heard}, {email}"), both);
    stage.does(ann, what, &edit, wanted)?;
    let edit = ["edit", "contact", maria, &format!("phone={ben_heard}")];
    let wanted = exactly(ben_heard.as_str(), |data| said(&data["phone"]));
    stage.does(ben, "edits Maria Lopez: phone", &edit, wanted)?;
    let edit = ["edit", "contact", dan, "mobile=+14795550109"];
    let wanted = exactly("+14795550109", |data| said(&data["mobile"]));
    stage.does(ann, "edits Dan Ortiz: mobile", &edit, wanted)?;
    let edit = ["edit", "contact", dan, "job_title=Store manager"];
    let wanted = exactly("Store manager", |data| said(&data["job_title"]));
    stage.does(ben, "edits Dan Ortiz: job title", &edit, wanted)?;
    Ok(())
}

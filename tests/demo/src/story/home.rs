//! The early morning: three phones are filled while there is a network, and the office plans the
//! day. It does not know what comes of the plan.

use std::time::Instant;

use outfield_server::error::ServerError;

use super::cast::Cast;
use super::day::{self, JOINT, REFUSING};
use super::gather;
use super::office::{self, OpenedOffice};
use crate::page::Mood;
use crate::stage::StoryStage;
use crate::stage::rep::StoryRep;

/// How much the store may owe at which two reps sell, in whole dollars.
const CREDIT: &str = "500";

/// Enrols the phones and fills them; the office plans the day.
pub(crate) fn begin(
    stage: &mut StoryStage<'_>,
    opened: &OpenedOffice,
) -> Result<Cast, ServerError> {
    let [shared, other] = &opened.territories;
    let template = office::template(stage)?;
    let (ann, ann_code) = office::add_rep(stage, shared, "Ann")?;
    let (ben, ben_code) = office::add_rep(stage, shared, "Ben")?;
    let (cem, cem_code) = office::add_rep(stage, other, "Cem")?;
    stage.serve("starts", &[&ann.line, &ben.line, &cem.line])?;
    stage
        .page
        .heading("Early morning, at home: the network is there");
    let phones = [(&ann, &ann_code), (&ben, &ben_code), (&cem, &cem_code)];
    for (done, (rep, code)) in phones.into_iter().enumerate() {
        let now = format!("{} fills the phone", rep.who);
        stage.page.progress(done, phones.len(), &now);
        fill(stage, rep, code)?;
    }
    stage.page.rests();
    let figures = stage.ask(&ann, &["figures"])?;
    let day = figures["day"].as_str().unwrap_or_default().to_owned();
    let mut cast = gather::gather(stage, [ann, ben, cem], opened, template)?;
    stage.day = day;
    plan(stage, &mut cast)?;
    for rep in cast.reps() {
        stage.looks(rep, "syncs before leaving", &["sync"], |data| {
            format!("{} received", data["received"])
        })?;
    }
    for contact in [&cast.found.maria, &cast.found.dan] {
        let known = stage.ask(&cast.ann, &["get", "contact", contact])?;
        stage.ledger.known_to_all(&known);
    }
    Ok(cast)
}

/// Enrols a phone, and fetches all that it is to have.
fn fill(stage: &mut StoryStage<'_>, rep: &StoryRep, code: &str) -> Result<(), ServerError> {
    let url = rep.line.url();
    stage.ask(rep, &["enrol", &url, code])?;
    let what = "enrols the phone and fills it";
    stage.looks(rep, what, &["sync"], |data| {
        format!("{} records, by way of {url}", data["received"])
    })?;
    Ok(())
}

/// What the office wants of the day.
fn plan(stage: &mut StoryStage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    let mut planned = Vec::new();
    for stop in day::stops() {
        planned.extend(stop.route.map(|route| (stop, route)));
    }
    let began = Instant::now();
    for (done, (stop, route)) in planned.iter().enumerate() {
        let now = "the office plans visits";
        stage.page.progress(done, planned.len(), now);
        let rep = cast.rep(stop.who);
        let visit = office::plan(stage, cast, rep, stop.place, *route)?;
        cast.planned.insert((stop.who, stop.place), visit);
    }
    stage.page.rests();
    let mut each = Vec::new();
    for rep in cast.reps() {
        let own = planned.iter().filter(|(stop, _)| stop.who == rep.who);
        each.push(format!("{} for {}", own.count(), rep.who));
    }
    let what = format!("plans {} visits", planned.len());
    let told = format!("{}, as routes", each.join(", "));
    let ms = Some(began.elapsed().as_millis());
    stage.page.step("Office", &what, Mood::Done, &told, ms);
    let joint = cast.store(&cast.ann, JOINT).clone();
    let refusing = cast.store(&cast.ann, REFUSING).clone();
    let maria = office::contact(stage, "Maria Lopez", "Buyer", "+14795550100", &joint)?;
    let dan = office::contact(
        stage,
        "Dan Ortiz",
        "Night manager",
        "+14795550101",
        &refusing,
    )?;
    cast.found.maria = maria;
    cast.found.dan = dan;
    office::credit(stage, &refusing, CREDIT)
}

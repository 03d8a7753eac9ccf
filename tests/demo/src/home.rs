//! The early morning: three phones are filled while there is a network, and the office plans the
//! day. It does not know what comes of the plan.

use serde_json::Value as Json;

use super::cast::{self, Cast};
use super::day::{self, JOINT, REFUSING};
use super::office::{self, Opened};
use super::page::Mood;
use super::stage::{Rep, Stage};
use outfield_server::error::ServerError;

/// How much the store may owe at which two reps sell, in whole dollars.
pub(crate) const CREDIT: &str = "500";

/// Enrols the phones and fills them; the office plans the day.
pub(crate) fn begin(stage: &mut Stage<'_>, opened: &Opened) -> Result<Cast, ServerError> {
    let [shared, other] = &opened.territories;
    let template = office::template(stage)?;
    let (ann, ann_code) = office::add_rep(stage, shared, "Ann")?;
    let (ben, ben_code) = office::add_rep(stage, shared, "Ben")?;
    let (cem, cem_code) = office::add_rep(stage, other, "Cem")?;
    stage.serve("starts", &[&ann.line, &ben.line, &cem.line])?;
    stage
        .page
        .heading("Early morning, at home: the network is there");
    for (done, (rep, code)) in [(&ann, &ann_code), (&ben, &ben_code), (&cem, &cem_code)]
        .into_iter()
        .enumerate()
    {
        stage
            .page
            .progress(done, 3, &format!("{} fills the phone", rep.who));
        let url = rep.line.url();
        stage.ask(rep, &["enrol", &url, code])?;
        stage.looks(rep, "enrols the phone and fills it", &["sync"], |data| {
            format!("{} records, by way of {url}", data["received"])
        })?;
    }
    stage.page.rests();
    let day = stage.ask(&ann, &["figures"])?["day"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut cast = cast::gather(stage, [ann, ben, cem], opened, template)?;
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

/// What the office wants of the day.
fn plan(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    let stops: Vec<_> = day::stops()
        .filter_map(|stop| Some((stop, stop.route?)))
        .collect();
    let began = std::time::Instant::now();
    for (done, (stop, route)) in stops.iter().enumerate() {
        stage
            .page
            .progress(done, stops.len(), "the office plans visits");
        let rep = cast.rep(stop.who);
        let visit = office::plan(stage, cast, (rep, stop.place), &route.to_string())?;
        cast.planned.insert((stop.who, stop.place), visit);
    }
    stage.page.rests();
    let of = |who: &str| stops.iter().filter(|(stop, _)| stop.who == who).count();
    let each: Vec<String> = cast
        .reps()
        .iter()
        .map(|rep| format!("{} for {}", of(rep.who), rep.who))
        .collect();
    let told = format!("{}, as routes", each.join(", "));
    let what = format!("plans {} visits", stops.len());
    stage.page.step(
        ("Office", &what),
        (Mood::Done, &told),
        Some(began.elapsed().as_millis()),
    );
    let [joint, refusing] = [JOINT, REFUSING].map(|place| cast.store(&cast.ann, place).clone());
    cast.found.maria = office::contact(stage, ("Maria Lopez", "Buyer", "+14795550100"), &joint)?;
    cast.found.dan = office::contact(
        stage,
        ("Dan Ortiz", "Night manager", "+14795550101"),
        &refusing,
    )?;
    office::credit(stage, &refusing, CREDIT)
}

/// Everything that a rep's phone says in words of its own.
pub(crate) fn said(json: &Json) -> String {
    json.as_str()
        .map_or_else(|| json.to_string(), str::to_owned)
}

/// How many changes wait in a phone's outbox.
pub(crate) fn unsent(stage: &Stage<'_>, rep: &Rep) -> Result<usize, ServerError> {
    Ok(stage.ask(rep, &["outbox"])?.as_array().map_or(0, Vec::len))
}

//! The evening: the network returns, badly; then an order is mended, a conflict is decided, and all
//! agree. It does not know how what goes wrong goes wrong.

use std::time::Instant;

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::Cast;
use super::day::REFUSING;
use super::trouble::{self, synced};
use super::visit;
use crate::page::Mood;
use crate::stage::StoryStage;
use crate::stage::answer::{exactly, said};

/// Rounds of everybody's sync until nothing is new; two would do.
const ROUNDS_MAX: usize = 6;
/// When the order is mended, and when the conflict is decided, as minutes of the day.
const MENDING_MINUTE: u32 = 18 * 60 + 30;
const DECIDING_MINUTE: u32 = 18 * 60 + 40;

/// What phones showed in the evening, for the proof.
#[derive(Debug, Clone, Default)]
pub(crate) struct SeenOnPhones {
    /// Person to the conflicts that the phone showed while they were open.
    pub(crate) conflicts: Vec<(&'static str, Json)>,
    /// What the shelf came to that two had counted.
    pub(crate) shelf: Json,
}

/// Brings the work of all together, and settles what is left to people.
pub(crate) fn reunite(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
) -> Result<SeenOnPhones, ServerError> {
    stage.page.heading("Evening: the network returns, badly");
    stage.serve("is switched on again", &cast.lines())?;
    stage.looks(&cast.ann, "syncs", &["sync"], synced)?;
    trouble::answer_is_lost(stage, cast, &cast.ben)?;
    trouble::server_dies(stage, cast, &cast.cem)?;
    until_quiet(stage, cast)?;
    stage.page.heading("Evening: what is left to people");
    mend_the_order(stage, cast)?;
    let seen = decide_the_conflict(stage, cast)?;
    until_quiet(stage, cast)?;
    Ok(seen)
}

/// Ben's order was refused for what no phone could know; he takes a product out, and it is
/// confirmed.
fn mend_the_order(stage: &mut StoryStage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let ben = &cast.ben;
    let order = cast.found.refused_order.as_str();
    let show = ["order", "show", order];
    ben.at(MENDING_MINUTE);
    let what = "hears what became of the order";
    let refused = stage.looks(ben, what, &show, refusal)?;
    stage.ledger.refused(&refused);
    let store = &cast.store(ben, REFUSING).name;
    let get = ["get", "visit", cast.found.refused_in_visit.as_str()];
    let what = "looks at the visit it was made in";
    let wanted = exactly(format!("completed at {store}"), |data| {
        format!("{} at {store}", said(&data["state"]))
    });
    stage.looks(ben, what, &get, wanted)?;
    let lines = refused["lines"].as_array();
    let last = lines.and_then(|lines| lines.last()).unwrap_or(&Json::Null);
    let product = said(&last["product"]);
    let what = format!("takes out {}", said(&last["product_name"]));
    let remove = ["order", "remove", order, &product];
    stage.does(ben, &what, &remove, what_is_left)?;
    visit::submit(stage, ben, order)?;
    stage.looks(ben, "submits it again and syncs", &["sync"], synced)?;
    let confirmed = exactly("confirmed", |order| said(&order["status"]));
    stage.looks(ben, "looks at the order", &show, confirmed)?;
    Ok(())
}

fn refusal(order: &Json) -> String {
    let verdict = &order["verdict"];
    format!(
        "{}: {} ordered, {} free",
        said(&verdict["code"]),
        said(&verdict["numbers"]["wanted"]),
        said(&verdict["numbers"]["room"])
    )
}

fn what_is_left(order: &Json) -> String {
    format!(
        "{} {} is left",
        said(&order["gross"]),
        said(&order["currency"])
    )
}

/// Both phones show the conflict; Ann decides for what Ben heard.
fn decide_the_conflict(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
) -> Result<SeenOnPhones, ServerError> {
    let mut seen = SeenOnPhones::default();
    let mut conflict = Json::Null;
    for rep in [&cast.ann, &cast.ben] {
        rep.at(DECIDING_MINUTE);
        stage.looks(rep, "syncs", &["sync"], synced)?;
        let what = "is shown what two have edited";
        let shown = stage.looks(rep, what, &["conflicts"], first_conflict)?;
        conflict = shown[0].clone();
        seen.conflicts.push((rep.who, shown));
    }
    let chosen = conflict["mine"]["value"].clone();
    let resolve = ["resolve", &said(&conflict["id"]), "theirs"];
    let wanted = exactly(said(&chosen), |data: &Json| said(&data["phone"]));
    stage.looks(&cast.ann, "decides for Ben's number", &resolve, wanted)?;
    stage.ledger.choose(&cast.found.maria, "phone", chosen);
    stage.looks(&cast.ann, "syncs", &["sync"], synced)?;
    let shelf = ["visit", "shelf", cast.found.shelf_visit.as_str()];
    seen.shelf = stage.ask(&cast.ben, &shelf)?;
    Ok(seen)
}

fn first_conflict(conflicts: &Json) -> String {
    let first = &conflicts[0];
    format!(
        "{}: mine {}, theirs {}",
        said(&first["path"]),
        said(&first["mine"]["value"]),
        said(&first["theirs"]["value"])
    )
}

/// Everybody syncs, in turns, until nothing is new for anybody.
fn until_quiet(stage: &mut StoryStage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let began = Instant::now();
    let (mut sent, mut received) = (0, 0);
    for round in 1..=ROUNDS_MAX {
        let mut is_quiet = true;
        for rep in cast.reps() {
            let now = format!("{} syncs", rep.who);
            stage.page.progress(round - 1, round, &now);
            let data = stage.ask(rep, &["sync"])?;
            let count = |name: &str| data[name].as_u64().unwrap_or(0);
            sent += count("sent");
            received += count("received");
            is_quiet &= count("sent") + count("received") + count("unsent") == 0;
        }
        if is_quiet {
            let what = "sync until nothing is new for anybody";
            let told = format!("{round} rounds: {sent} sent, {received} received");
            let ms = Some(began.elapsed().as_millis());
            stage.page.hour(None);
            stage.page.step("All", what, Mood::Done, &told, ms);
            return Ok(());
        }
    }
    Err(ServerError::broken(format!(
        "not as told: after {ROUNDS_MAX} rounds there is still something new"
    )))
}

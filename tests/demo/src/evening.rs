//! The evening: the network returns, badly; then an order is mended, a conflict is decided, and all
//! agree. It does not know how what goes wrong goes wrong.

use serde_json::Value as Json;

use super::cast::Cast;
use super::day::REFUSING;
use super::home::said;
use super::page::Mood;
use super::stage::{Stage, exactly};
use super::trouble::{self, synced};
use super::visit;
use outfield_server::error::ServerError;

/// Rounds of everybody's sync until nothing is new; two would do.
const ROUNDS_MAX: usize = 6;

/// What phones showed in the evening, for the proof.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Person to the conflicts that the phone showed while they were open.
    pub(crate) conflicts: Vec<(&'static str, Json)>,
    /// What the shelf came to that two had counted.
    pub(crate) shelf: Json,
}

/// Brings the work of all together, and settles what is left to people.
pub(crate) fn reunite(stage: &mut Stage<'_>, cast: &Cast) -> Result<Seen, ServerError> {
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
fn mend_the_order(stage: &mut Stage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let (ben, (order, visit)) = (&cast.ben, &cast.found.refused);
    ben.at(18 * 60 + 30);
    let refused = stage.looks(
        ben,
        "hears what became of the order",
        &["order", "show", order],
        |order| {
            let numbers = &order["verdict"]["numbers"];
            let at = |name: &str| said(&numbers[name]);
            format!(
                "{}: {} ordered, {} free",
                said(&order["verdict"]["code"]),
                at("gross"),
                at("free")
            )
        },
    )?;
    stage.ledger.refused(&refused);
    let completed = |data: &Json| {
        format!(
            "{} at {}",
            said(&data["state"]),
            cast.store(ben, REFUSING).name
        )
    };
    let wanted = format!("completed at {}", cast.store(ben, REFUSING).name);
    stage.looks(
        ben,
        "looks at the visit it was made in",
        &["get", "visit", visit],
        exactly(wanted, completed),
    )?;
    let product = refused["lines"]
        .as_array()
        .and_then(|lines| lines.last())
        .cloned()
        .unwrap_or_default();
    let (id, name) = (said(&product["product"]), said(&product["product_name"]));
    stage.does(
        ben,
        &format!("takes out {name}"),
        &["order", "remove", order, &id],
        |order| {
            format!(
                "{} {} is left",
                said(&order["gross"]),
                said(&order["currency"])
            )
        },
    )?;
    visit::submit(stage, ben, order)?;
    stage.looks(ben, "submits it again and syncs", &["sync"], synced)?;
    stage.looks(
        ben,
        "looks at the order",
        &["order", "show", order],
        exactly("confirmed", |order| said(&order["status"])),
    )?;
    Ok(())
}

/// Both phones show the conflict; Ann decides for what Ben heard.
fn decide_the_conflict(stage: &mut Stage<'_>, cast: &Cast) -> Result<Seen, ServerError> {
    let mut seen = Seen::default();
    let mut conflict = Json::Null;
    for rep in [&cast.ann, &cast.ben] {
        rep.at(18 * 60 + 40);
        stage.looks(rep, "syncs", &["sync"], synced)?;
        let shown = stage.looks(
            rep,
            "is shown what two have edited",
            &["conflicts"],
            |conflicts| {
                let side = |side: &str| said(&conflicts[0][side]["value"]);
                format!(
                    "{}: mine {}, theirs {}",
                    said(&conflicts[0]["path"]),
                    side("mine"),
                    side("theirs")
                )
            },
        )?;
        conflict = shown[0].clone();
        seen.conflicts.push((rep.who, shown));
    }
    let chosen = conflict["mine"]["value"].clone();
    let maria = cast.found.maria.as_str();
    let shows = exactly(said(&chosen), |data: &Json| said(&data["phone"]));
    stage.looks(
        &cast.ann,
        "decides for Ben's number",
        &["resolve", &said(&conflict["id"]), "theirs"],
        shows,
    )?;
    stage.ledger.choose(maria, "phone", chosen);
    stage.looks(&cast.ann, "syncs", &["sync"], synced)?;
    seen.shelf = stage.ask(&cast.ben, &["visit", "shelf", &cast.found.shelf.0])?;
    Ok(seen)
}

/// Everybody syncs, in turns, until nothing is new for anybody.
fn until_quiet(stage: &mut Stage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let began = std::time::Instant::now();
    let (mut sent, mut received) = (0, 0);
    for round in 1..=ROUNDS_MAX {
        let mut is_quiet = true;
        for rep in cast.reps() {
            stage
                .page
                .progress(round - 1, round, &format!("{} syncs", rep.who));
            let data = stage.ask(rep, &["sync"])?;
            let count = |name: &str| data[name].as_u64().unwrap_or(0);
            sent += count("sent");
            received += count("received");
            is_quiet &= count("sent") + count("received") + count("unsent") == 0;
        }
        if is_quiet {
            stage.page.hour(None);
            let told = format!("{round} rounds: {sent} sent, {received} received");
            let step = ("All", "sync until nothing is new for anybody");
            stage
                .page
                .step(step, (Mood::Done, &told), Some(began.elapsed().as_millis()));
            return Ok(());
        }
    }
    Err(ServerError::broken(format!(
        "not as told: after {ROUNDS_MAX} rounds there is still something new"
    )))
}

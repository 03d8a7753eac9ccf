//! Connectivity returns, badly: a phone dies in mid-sync, an answer is lost, and all sync until nothing is left to say.
//! It does not know what the phones have to say to each other.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value as Json;

use super::line::Snag;
use super::morning::Cast;
use super::page::Mood;
use super::proof::{Replica, YesNo};
use super::stage::{Expect, Rep, Stage};
use crate::error::ServerError;

const PUSH: &str = "/sync/v1/push";
const PULL: &str = "/sync/v1/pull";
/// Rounds of everybody's sync until nothing is new; two would do.
const ROUNDS_MAX: usize = 6;

/// A moment of a sync at which the phone may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Sending,
    HearingVerdicts,
    Fetching,
}

/// Brings the work of both together.
pub(super) fn reunite(stage: &mut Stage<'_>, cast: &Cast, tenant_file: &Path) -> Result<SocketAddr, ServerError> {
    stage.page.heading("Back in town: the network returns, badly");
    let server = stage.serve("is switched on again", &[&cast.ann.line, &cast.ben.line])?;
    die_in_mid_sync(stage, &cast.ann, (tenant_file, &cast.joe))?;
    stage.looks(&cast.ann, "switches the phone on and syncs again", &["sync"], synced)?;
    lose_an_answer(stage, &cast.ben, (tenant_file, &cast.eve))?;
    until_quiet(stage, &[&cast.ann, &cast.ben])?;
    Ok(server)
}

fn synced(data: &Json) -> String {
    format!("{} sent, {} received, {} unsent", data["sent"], data["received"], data["unsent"])
}

fn unsent(stage: &Stage<'_>, rep: &Rep) -> Result<usize, ServerError> {
    Ok(stage.ask(rep, &["outbox"])?.as_array().map_or(0, Vec::len))
}

/// Whether the server's file has a contact: whether it took in the push that held it.
fn has_arrived(tenant_file: &Path, contact: &str) -> Result<bool, ServerError> {
    let yes_no = YesNo::new();
    let replica = Replica::open("the server's file", tenant_file, &yes_no).map_err(ServerError::broken)?;
    Ok(replica.records("contact").map_err(ServerError::broken)?.contains_key(contact))
}

/// The line holds the call at a byte, the process is killed there, and only then the connection breaks.
fn die_in_mid_sync(stage: &mut Stage<'_>, rep: &Rep, arrived: (&Path, &str)) -> Result<(), ServerError> {
    let what = "syncs; the phone dies in mid-sync (SIGKILL)";
    let (moment, snag) = match stage.chance.below(3) {
        0 => (Moment::Sending, Snag::Asking { path: PUSH, permille: 1 + stage.chance.below(998) }),
        1 => (Moment::HearingVerdicts, Snag::Answering { path: PUSH, bytes: 1 + stage.chance.below(150) }),
        _ => (Moment::Fetching, Snag::Answering { path: PULL, bytes: 1 + stage.chance.below(400) }),
    };
    let before = unsent(stage, rep)?;
    rep.line.hold_next(snag);
    let mut process = stage.crew.start(&rep.arguments(&["sync"]))?;
    process.watch(|process| Ok(rep.line.held().is_some() || !process.is_running()))?;
    let held = rep.line.held();
    let ended = process.kill()?;
    rep.line.cut();
    let Some(held) = held else {
        return Err(stage.amiss(rep.who, what, &format!("it ended before it could be killed: {}", ended.answer)));
    };
    let byte = held.of.map_or_else(|| held.passed.to_string(), |of| format!("{} of {of}", held.passed));
    let call = match moment {
        Moment::Sending => "of the upload",
        Moment::HearingVerdicts => "of the answer to the upload",
        Moment::Fetching => "of the download",
    };
    stage.page.step((rep.who, what), (Mood::Refused, &format!("killed at byte {byte} {call}")), Some(ended.ms));
    let (after, is_there) = (unsent(stage, rep)?, has_arrived(arrived.0, arrived.1)?);
    let (wanted, words) = match moment {
        Moment::Sending => ((before, false), "the server has none of it, the phone all of it"),
        Moment::HearingVerdicts => ((before, true), "the server has all of it, the phone does not know it"),
        Moment::Fetching => ((0, true), "the server has all of it, the phone knows it"),
    };
    let told = format!("{words}: {after} unsent");
    if (after, is_there) != wanted || ended.exit.is_some() {
        return Err(stage.amiss(rep.who, what, &format!("{after} unsent, arrived: {is_there}, exit {:?}", ended.exit)));
    }
    stage.page.step((rep.who, "is left with"), (Mood::Done, &told), None);
    Ok(())
}

/// The server takes the push in and answers; the answer is lost, and the phone sends all of it again by itself.
fn lose_an_answer(stage: &mut Stage<'_>, rep: &Rep, (tenant_file, contact): (&Path, &str)) -> Result<(), ServerError> {
    let what = "syncs; the server's answer is lost";
    let waiting = unsent(stage, rep)?;
    rep.line.hold_next(Snag::Answering { path: PUSH, bytes: 0 });
    let mut process = stage.crew.start(&rep.arguments(&["sync"]))?;
    process.watch(|process| Ok(rep.line.held().is_some() || !process.is_running()))?;
    if rep.line.held().is_none() {
        return Err(stage.amiss(rep.who, what, "it ended before the answer could be lost"));
    }
    let was_committed = has_arrived(tenant_file, contact)?;
    rep.line.cut();
    let ended = process.ended()?;
    let pushes = rep.line.calls(PUSH);
    let is_same = matches!(pushes.as_slice(), [first, second] if first.body == second.body);
    let told = format!("all {waiting} sent again by itself, none taken twice");
    let data = stage.told((rep.who, what), &ended, Expect::Done, |_| told.clone())?;
    if !was_committed || !is_same || data["unsent"] != 0 {
        let why = format!("committed: {was_committed}, {} uploads, the same: {is_same}, {data}", pushes.len());
        return Err(stage.amiss(rep.who, what, &why));
    }
    Ok(())
}

/// Everybody syncs, in turns, until nothing is new for anybody.
fn until_quiet(stage: &mut Stage<'_>, reps: &[&Rep]) -> Result<(), ServerError> {
    for _ in 0..ROUNDS_MAX {
        let mut is_quiet = true;
        for rep in reps {
            let data = stage.looks(rep, "syncs", &["sync"], synced)?;
            is_quiet &= data["sent"] == 0 && data["received"] == 0 && data["unsent"] == 0;
        }
        if is_quiet {
            return Ok(());
        }
    }
    Err(ServerError::broken(format!("not as told: after {ROUNDS_MAX} rounds there is still something new")))
}

//! What goes wrong while phones sync: one dies, an answer is lost, the server dies. Each goes wrong
//! at a byte that the seed chooses, and each is looked at from both ends before anything is mended.
//! It does not know what the phones have to say to each other.

use std::path::Path;

use serde_json::Value as Json;

use super::cast::Cast;
use super::home::unsent;
use super::line::{Held, Snag};
use super::page::Mood;
use super::processes::Process;
use super::proof::{Replica, YesNo};
use super::stage::{Expect, Rep, Stage};
use outfield_server::error::ServerError;

const PUSH: &str = "/sync/v1/push";
const PULL: &str = "/sync/v1/pull";

/// A moment of a sync at which one end may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Sending,
    HearingVerdicts,
    Fetching,
}

impl Moment {
    fn words(self, held: Held) -> String {
        let byte = held.of.map_or_else(
            || held.passed.to_string(),
            |of| format!("{} of {of}", held.passed),
        );
        let call = match self {
            Moment::Sending => "of the upload",
            Moment::HearingVerdicts => "of the answer to the upload",
            Moment::Fetching => "of the download",
        };
        format!("killed at byte {byte} {call}")
    }

    /// What the phone must then have unsent of so many, whether the server must have it, and that
    /// in words.
    fn outcome(self, before: usize) -> ((usize, bool), &'static str) {
        match self {
            Moment::Sending => (
                (before, false),
                "the server has none of it, the phone all of it",
            ),
            Moment::HearingVerdicts => (
                (before, true),
                "the server has all, the phone does not know it",
            ),
            Moment::Fetching => ((0, true), "the server has all of it, the phone knows it"),
        }
    }
}

/// A sync in words.
pub(crate) fn synced(data: &Json) -> String {
    format!(
        "{} sent, {} received, {} unsent",
        data["sent"], data["received"], data["unsent"]
    )
}

/// Whether the server has taken in the first order that a rep has not heard of yet, and all before
/// it.
fn has_arrived(tenant_file: &Path, cast: &Cast, rep: &Rep) -> Result<bool, ServerError> {
    let yes_no = YesNo::new();
    let replica =
        Replica::open("the server's file", tenant_file, &yes_no).map_err(ServerError::broken)?;
    let orders = replica
        .records("sales_order")
        .map_err(ServerError::broken)?;
    Ok(cast
        .found
        .first_order
        .get(rep.who)
        .is_some_and(|order| orders.contains_key(order)))
}

/// Starts a sync and waits until the line holds it.
fn held(
    stage: &Stage<'_>,
    rep: &Rep,
    what: &str,
    snag: Snag,
) -> Result<(Process, Held), ServerError> {
    stage.page.hour(None);
    rep.line.hold_next(snag);
    let mut process = stage.start(rep, &["sync"])?;
    process.watch(|process| Ok(rep.line.held().is_some() || !process.is_running()))?;
    match rep.line.held() {
        Some(held) => Ok((process, held)),
        None => Err(stage.amiss(
            rep.who,
            what,
            &format!("it ended before it was held: {}", process.ended()?.answer),
        )),
    }
}

/// Looks at both ends after one died.
fn looked_at(
    stage: &Stage<'_>,
    cast: &Cast,
    rep: &Rep,
    (moment, before): (Moment, usize),
) -> Result<(), ServerError> {
    let found = (
        unsent(stage, rep)?,
        has_arrived(&stage.tenant_file(&cast.tenant), cast, rep)?,
    );
    let (wanted, words) = moment.outcome(before);
    if found != wanted {
        return Err(stage.amiss(
            rep.who,
            "is left with",
            &format!("unsent and arrived are {found:?}, not {wanted:?}"),
        ));
    }
    let told = format!("{words}: {} unsent", found.0);
    stage
        .page
        .step((rep.who, "is left with"), (Mood::Done, &told), None);
    Ok(())
}

/// The line holds the call at a byte, the phone's process is killed there, and only then the
/// connection breaks.
pub(crate) fn phone_dies(stage: &mut Stage<'_>, cast: &Cast, rep: &Rep) -> Result<(), ServerError> {
    let what = "syncs; the phone dies (SIGKILL)";
    let (moment, snag) = match stage.chance.below(3) {
        0 => (
            Moment::Sending,
            Snag::Asking {
                path: PUSH,
                permille: 1 + stage.chance.below(998),
            },
        ),
        1 => (
            Moment::HearingVerdicts,
            Snag::Answering {
                path: PUSH,
                bytes: 1 + stage.chance.below(150),
            },
        ),
        _ => (
            Moment::Fetching,
            Snag::Answering {
                path: PULL,
                bytes: 1 + stage.chance.below(400),
            },
        ),
    };
    let before = unsent(stage, rep)?;
    let (process, held) = held(stage, rep, what, snag)?;
    let ended = process.kill()?;
    rep.line.cut();
    stage.page.step(
        (rep.who, what),
        (Mood::Refused, &moment.words(held)),
        Some(ended.ms),
    );
    if ended.exit.is_some() {
        return Err(stage.amiss(
            rep.who,
            what,
            &format!("it ended by itself: {:?}", ended.exit),
        ));
    }
    looked_at(stage, cast, rep, (moment, before))
}

/// The server takes the push in and answers; the answer is lost, and the phone sends all of it
/// again by itself.
pub(crate) fn answer_is_lost(
    stage: &mut Stage<'_>,
    cast: &Cast,
    rep: &Rep,
) -> Result<(), ServerError> {
    let what = "syncs; the server's answer is lost";
    let (waiting, earlier) = (unsent(stage, rep)?, rep.line.calls(PUSH).len());
    let (process, _) = held(
        stage,
        rep,
        what,
        Snag::Answering {
            path: PUSH,
            bytes: 0,
        },
    )?;
    let was_committed = has_arrived(&stage.tenant_file(&cast.tenant), cast, rep)?;
    rep.line.cut();
    let ended = process.ended()?;
    let pushes = rep.line.calls(PUSH).split_off(earlier);
    let is_same = matches!(pushes.as_slice(), [first, second, ..] if first.body == second.body);
    let told = format!("all {waiting} sent again by itself, none taken twice");
    let data = stage.told((rep.who, what), &ended, Expect::Done, |_| told.clone())?;
    if !was_committed || !is_same || data["unsent"] != 0 {
        let why = format!(
            "committed: {was_committed}, {} uploads, the same: {is_same}, {data}",
            pushes.len()
        );
        return Err(stage.amiss(rep.who, what, &why));
    }
    Ok(())
}

/// The server's process is killed while it takes a push in or answers it, and is started again on
/// the same folder.
pub(crate) fn server_dies(
    stage: &mut Stage<'_>,
    cast: &Cast,
    rep: &Rep,
) -> Result<(), ServerError> {
    let what = "syncs all that the day brought";
    let (moment, snag) = match stage.chance.below(2) {
        0 => (
            Moment::Sending,
            Snag::Asking {
                path: PUSH,
                permille: 1 + stage.chance.below(998),
            },
        ),
        _ => (
            Moment::HearingVerdicts,
            Snag::Answering {
                path: PUSH,
                bytes: stage.chance.below(150),
            },
        ),
    };
    let before = unsent(stage, rep)?;
    let (process, held) = held(stage, rep, what, snag)?;
    let told = moment.words(held);
    let told = told.strip_prefix("killed").unwrap_or(&told);
    stage.switch_off(("dies meanwhile (SIGKILL)", told), &cast.lines())?;
    rep.line.cut();
    let ended = process.ended()?;
    stage.told((rep.who, what), &ended, Expect::Unreachable, |_| {
        "the server cannot be reached".to_owned()
    })?;
    looked_at(stage, cast, rep, (moment, before))?;
    stage.serve("is started again on the same folder", &cast.lines())?;
    stage.looks(rep, "syncs again", &["sync"], synced).map(drop)
}

//! What goes wrong while phones sync: one dies, an answer is lost, the server dies. Each goes wrong
//! at a byte that the seed chooses, and each is looked at from both ends before anything is mended.
//! It does not know what the phones have to say to each other.

use std::collections::BTreeMap;
use std::path::Path;

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::Cast;
use crate::page::Mood;
use crate::proof::evidence::{EvidenceFile, YesNo};
use crate::proof::ledger::PlainValues;
use crate::stage::StoryStage;
use crate::stage::answer::Expect;
use crate::stage::line_state::{HeldCall, Snag};
use crate::stage::processes::RunningProgram;
use crate::stage::rep::StoryRep;

const PUSH: &str = "/sync/v1/push";
const PULL: &str = "/sync/v1/pull";

/// A moment of a sync at which one end may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SyncMoment {
    Sending,
    HearingVerdicts,
    Fetching,
}

/// What an end that died leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LeftBehind {
    /// How many changes wait on the phone.
    unsent: usize,
    /// Whether the server has them.
    has_arrived: bool,
}

impl SyncMoment {
    /// Where the line held the call, in words.
    fn place(self, held: HeldCall) -> String {
        let byte = match held.of {
            Some(of) => format!("{} of {of}", held.passed),
            None => held.passed.to_string(),
        };
        let call = match self {
            SyncMoment::Sending => "of the upload",
            SyncMoment::HearingVerdicts => "of the answer to the upload",
            SyncMoment::Fetching => "of the download",
        };
        format!("at byte {byte} {call}")
    }

    /// What must be left behind of so many changes.
    fn leaves(self, before: usize) -> LeftBehind {
        let (unsent, has_arrived) = match self {
            SyncMoment::Sending => (before, false),
            SyncMoment::HearingVerdicts => (before, true),
            SyncMoment::Fetching => (0, true),
        };
        LeftBehind {
            unsent,
            has_arrived,
        }
    }

    /// That in words.
    fn leaves_in_words(self) -> &'static str {
        match self {
            SyncMoment::Sending => "the server has none of it, the phone all of it",
            SyncMoment::HearingVerdicts => "the server has all, the phone does not know it",
            SyncMoment::Fetching => "the server has all of it, the phone knows it",
        }
    }
}

/// Where the line is to hold a push on its way to the server.
fn while_sending(permille: u64) -> Snag {
    Snag::Asking {
        path: PUSH,
        permille,
    }
}

/// Where the line is to hold the answer to a push.
fn while_answering(bytes: u64) -> Snag {
    Snag::Answering { path: PUSH, bytes }
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
fn has_arrived(stage: &StoryStage<'_>, cast: &Cast, rep: &StoryRep) -> Result<bool, ServerError> {
    let orders = orders(&stage.tenant_file(&cast.tenant)).map_err(ServerError::broken)?;
    let first = cast.found.first_order.get(rep.who);
    Ok(first.is_some_and(|order| orders.contains_key(order)))
}

fn orders(tenant_file: &Path) -> Result<BTreeMap<String, PlainValues>, String> {
    let yes_no = YesNo::new();
    let file = EvidenceFile::open("the server's file", tenant_file, &yes_no)?;
    file.records("sales_order")
}

/// A sync that the line holds.
struct HeldSync {
    process: RunningProgram,
    call: HeldCall,
}

/// Starts a sync and waits until the line holds it.
fn held_sync(
    stage: &StoryStage<'_>,
    rep: &StoryRep,
    what: &str,
    snag: Snag,
) -> Result<HeldSync, ServerError> {
    stage.page.hour(None);
    rep.line.hold_next(snag);
    let mut process = stage.start(rep, &["sync"])?;
    process.watch(|process| Ok(rep.line.held().is_some() || !process.is_running()))?;
    if let Some(call) = rep.line.held() {
        return Ok(HeldSync { process, call });
    }
    let answer = process.ended()?.answer;
    let why = format!("it ended before it was held: {answer}");
    Err(stage.amiss(rep.who, what, &why))
}

/// Looks at both ends after one died.
fn look_at_both_ends(
    stage: &StoryStage<'_>,
    cast: &Cast,
    rep: &StoryRep,
    wanted: LeftBehind,
    words: &str,
) -> Result<(), ServerError> {
    let what = "is left with";
    let found = LeftBehind {
        unsent: stage.unsent(rep)?,
        has_arrived: has_arrived(stage, cast, rep)?,
    };
    if found != wanted {
        let why = format!("{found:?} is not {wanted:?}");
        return Err(stage.amiss(rep.who, what, &why));
    }
    let told = format!("{words}: {} unsent", found.unsent);
    stage.page.step(rep.who, what, Mood::Done, &told, None);
    Ok(())
}

/// The line holds the call at a byte, the phone's process is killed there, and only then the
/// connection breaks.
pub(crate) fn phone_dies(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
    rep: &StoryRep,
) -> Result<(), ServerError> {
    let what = "syncs; the phone dies (SIGKILL)";
    let (moment, snag) = match stage.chance.below(3) {
        0 => {
            let permille = 1 + stage.chance.below(998);
            (SyncMoment::Sending, while_sending(permille))
        }
        1 => {
            let bytes = 1 + stage.chance.below(150);
            (SyncMoment::HearingVerdicts, while_answering(bytes))
        }
        _ => {
            let bytes = 1 + stage.chance.below(400);
            (SyncMoment::Fetching, Snag::Answering { path: PULL, bytes })
        }
    };
    let before = stage.unsent(rep)?;
    let held = held_sync(stage, rep, what, snag)?;
    let ended = held.process.kill()?;
    rep.line.cut();
    let told = format!("killed {}", moment.place(held.call));
    let ms = Some(ended.ms);
    stage.page.step(rep.who, what, Mood::Refused, &told, ms);
    if ended.exit.is_some() {
        let why = format!("it ended by itself: {:?}", ended.exit);
        return Err(stage.amiss(rep.who, what, &why));
    }
    let (wanted, words) = (moment.leaves(before), moment.leaves_in_words());
    look_at_both_ends(stage, cast, rep, wanted, words)
}

/// The server takes the push in and answers; the answer is lost, and the phone sends all of it
/// again by itself.
pub(crate) fn answer_is_lost(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
    rep: &StoryRep,
) -> Result<(), ServerError> {
    let what = "syncs; the server's answer is lost";
    let waiting = stage.unsent(rep)?;
    let earlier = rep.line.calls(PUSH).len();
    let held = held_sync(stage, rep, what, while_answering(0))?;
    let was_committed = has_arrived(stage, cast, rep)?;
    rep.line.cut();
    let ended = held.process.ended()?;
    let pushes = rep.line.calls(PUSH).split_off(earlier);
    let is_same = matches!(pushes.as_slice(), [first, second, ..] if first.body == second.body);
    let told = format!("all {waiting} sent again by itself, none taken twice");
    let data = stage.told(rep.who, what, &ended, Expect::Done, |_| told.clone())?;
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
    stage: &mut StoryStage<'_>,
    cast: &Cast,
    rep: &StoryRep,
) -> Result<(), ServerError> {
    let what = "syncs all that the day brought";
    let (moment, snag) = match stage.chance.below(2) {
        0 => {
            let permille = 1 + stage.chance.below(998);
            (SyncMoment::Sending, while_sending(permille))
        }
        _ => {
            let bytes = stage.chance.below(150);
            (SyncMoment::HearingVerdicts, while_answering(bytes))
        }
    };
    let before = stage.unsent(rep)?;
    let held = held_sync(stage, rep, what, snag)?;
    let told = format!("killed {}", moment.place(held.call));
    stage.switch_off("dies meanwhile (SIGKILL)", &told, &cast.lines())?;
    rep.line.cut();
    let ended = held.process.ended()?;
    let told = "the server cannot be reached";
    stage.told(rep.who, what, &ended, Expect::Unreachable, |_| {
        told.to_owned()
    })?;
    let (wanted, words) = (moment.leaves(before), moment.leaves_in_words());
    look_at_both_ends(stage, cast, rep, wanted, words)?;
    stage.serve("is started again on the same folder", &cast.lines())?;
    stage.looks(rep, "syncs again", &["sync"], synced).map(drop)
}

//! People work and processes die: each round gives commands to one or two phones, kills a phone,
//! the server or both at a drawn moment, brings the server back, and keeps what was answered. It
//! does not judge what was kept.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde_json::Value as Json;

use super::draw::{self, DrawnCommand, KillDice, VisitEffect, WorkAtHand};
use super::ledger::{Fate, KillLedger, WriteAttempt};
use super::processes::{ProcessExit, RunningProcess};
use super::stage::KillStage;

/// Contacts that all reps edit.
const SHARED: usize = 5;
/// Commands at most that nobody disturbs, in each round.
const CALM_MAX: usize = 2;
/// Syncs of each rep at most, until nothing is sent and received any more.
const SETTLING_MAX: u32 = 20;
/// What a command is thought to take before one was measured.
const FIRST_GUESS: Duration = Duration::from_millis(40);
/// A process dies between these thousandths of the time that such a command takes.
const KILL_PERMILLE: Range<usize> = 150..1_150;

/// All that goes on.
pub(super) struct KillLoop {
    /// Where it goes on.
    pub(super) stage: KillStage,
    /// What was answered.
    pub(super) ledger: KillLedger,
    /// Processes that were killed while they ran.
    pub(super) kills: u64,
    /// Commands that people gave.
    pub(super) commands: u64,
    /// Answers that no command may give here.
    pub(super) faults: Vec<String>,
    pub(super) dice: KillDice,
    /// How many imports the office began.
    pub(super) imports: u64,
    shared: Vec<String>,
    /// The visit that each rep has open, as far as answers told.
    visits: BTreeMap<usize, String>,
    /// How long commands take, by their first word.
    usual: BTreeMap<String, Duration>,
}

/// A command that a rep has given.
struct Given {
    rep: usize,
    command: DrawnCommand,
    /// When, by the ledger's own clock.
    began: u64,
}

/// A command under way.
struct Running {
    given: Given,
    process: RunningProcess,
}

/// What a round kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KillTarget {
    Phone,
    Server,
    Both,
}

impl KillLoop {
    /// One rep makes a few contacts and a follow-up, which all then know; from then on they work.
    pub(super) fn begin(stage: KillStage, seed: u64) -> Result<KillLoop, String> {
        let mut looping = KillLoop {
            stage,
            ledger: KillLedger::default(),
            kills: 0,
            commands: 0,
            faults: Vec::new(),
            dice: KillDice::of(seed),
            imports: 0,
            shared: Vec::new(),
            visits: BTreeMap::new(),
            usual: BTreeMap::new(),
        };
        for _ in 0..SHARED {
            let command = looping.choose(0, |dice, work| dice.create(work));
            looping.calm(0, command)?;
        }
        looping.shared = looping.ledger.contacts(0);
        let command = looping.choose(0, |dice, work| dice.follow_up(work));
        looping.calm(0, command)?;
        for rep in 0..looping.stage.reps.len() {
            looping.calm(rep, draw::sync())?;
        }
        Ok(looping)
    }

    fn choose(
        &mut self,
        rep: usize,
        draw: impl FnOnce(&mut KillDice, &WorkAtHand<'_>) -> DrawnCommand,
    ) -> DrawnCommand {
        let work = WorkAtHand {
            rep,
            accounts: &self.stage.accounts,
            papers: &self.stage.papers,
            shared: &self.shared,
            own: self.ledger.contacts(rep),
            visit: self.visits.get(&rep).map(String::as_str),
        };
        draw(&mut self.dice, &work)
    }

    /// A sync, by so many chances of a hundred, else any command.
    fn sync_or_command(&mut self, rep: usize, percent: usize) -> DrawnCommand {
        if self.dice.below(100) < percent {
            return draw::sync();
        }
        self.choose(rep, |dice, work| dice.command(work))
    }

    /// One round, which kills no more processes than are left to kill.
    pub(super) fn round(&mut self, left: u64) -> Result<(), String> {
        let target = match self.dice.below(100) {
            0..45 => KillTarget::Phone,
            45..75 => KillTarget::Server,
            _ if left > 1 => KillTarget::Both,
            _ => KillTarget::Server,
        };
        let reps = self.stage.reps.len();
        let rep = self.dice.below(reps);
        let command = self.sync_or_command(rep, if target == KillTarget::Phone { 20 } else { 65 });
        let other = (rep + 1 + self.dice.below(reps - 1)) % reps;
        let beside = (self.dice.below(100) < 50).then(|| self.sync_or_command(other, 50));
        let moment = self.moment(&command);
        let office = self.office_beside()?;
        let running = self.start(rep, command)?;
        let beside = beside
            .map(|command| self.start(other, command))
            .transpose()?;
        std::thread::sleep(moment);
        self.strike(target, running, beside)?;
        if let Some(working) = office {
            self.end_office(working)?;
        }
        for _ in 0..self.dice.below(CALM_MAX + 1) {
            let rep = self.dice.below(reps);
            let command = self.choose(rep, |dice, work| dice.command(work));
            self.calm(rep, command)?;
        }
        Ok(())
    }

    /// The drawn moment at which whoever does this dies.
    fn moment(&mut self, command: &DrawnCommand) -> Duration {
        let usual = self
            .usual
            .get(&command.words[0])
            .copied()
            .unwrap_or(FIRST_GUESS);
        let permille = KILL_PERMILLE.start + self.dice.below(KILL_PERMILLE.len());
        usual * u32::try_from(permille).unwrap_or(0) / 1_000
    }

    /// Kills, brings the server back at once, and hears whoever was not killed.
    fn strike(
        &mut self,
        target: KillTarget,
        running: Running,
        beside: Option<Running>,
    ) -> Result<(), String> {
        let hits_server = target != KillTarget::Phone;
        let Running { given, process } = running;
        let (mut process, mut exit) = (Some(process), None);
        if target != KillTarget::Server
            && let Some(process) = process.take()
        {
            let killed = process.kill()?;
            self.kills += u64::from(killed.was_killed);
            exit = Some(killed);
        }
        if hits_server {
            self.kills += u64::from(self.stage.kill_server()?);
            self.stage.restart()?;
        }
        if let Some(process) = process {
            exit = Some(process.ended()?);
        }
        if let Some(exit) = exit {
            self.conclude(given, &exit, hits_server)?;
        }
        if let Some(Running { given, process }) = beside {
            let exit = process.ended()?;
            self.conclude(given, &exit, hits_server)?;
        }
        Ok(())
    }

    fn start(&mut self, rep: usize, command: DrawnCommand) -> Result<Running, String> {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        let began = self.ledger.tick();
        self.commands += 1;
        let process = self.stage.start(rep, &words)?;
        let given = Given {
            rep,
            command,
            began,
        };
        Ok(Running { given, process })
    }

    /// A command that nobody disturbs.
    fn calm(&mut self, rep: usize, command: DrawnCommand) -> Result<(), String> {
        let Running { given, process } = self.start(rep, command)?;
        let exit = process.ended()?;
        self.conclude(given, &exit, false)
    }

    /// Keeps what a command answered, or that it could not.
    fn conclude(
        &mut self,
        given: Given,
        exit: &ProcessExit,
        server_died: bool,
    ) -> Result<(), String> {
        // A whole answer is a promise, whatever befalls the process that gave it.
        let is_done =
            exit.answer["ok"] == Json::Bool(true) && (exit.was_killed || exit.code == Some(0));
        if is_done && !exit.was_killed {
            self.learn_duration(&given.command, exit.took);
        }
        if !is_done && !exit.was_killed && !may_be_refused(&given.command, exit, server_died) {
            let name = self.stage.reps[given.rep].name;
            let words = given.command.words.join(" ");
            self.faults.push(format!(
                "{name}: `{words}` left with {:?}: {}",
                exit.code, exit.answer
            ));
        }
        let Some(mut attempt) = given.command.attempt else {
            self.ledger.note_exchange(given.rep, given.began);
            return Ok(());
        };
        attempt.began = given.began;
        attempt.fate = match (is_done, exit.was_killed || exit.code == Some(5)) {
            (true, _) => Fate::Done,
            (false, true) => Fate::Possible,
            (false, false) => Fate::Refused,
        };
        if attempt.fate == Fate::Done && attempt.makes.is_some() {
            attempt.record = exit.answer["id"].as_str().map(str::to_owned);
        }
        self.follow_visit(given.command.effect, &attempt)?;
        self.ledger.note(attempt);
        Ok(())
    }

    /// Moves what such a command usually takes towards what this one took.
    fn learn_duration(&mut self, command: &DrawnCommand, took: Duration) {
        let usual = self.usual.entry(command.words[0].clone()).or_insert(took);
        *usual = (*usual * 3 + took) / 4;
    }

    /// Follows which visit a rep has open.
    fn follow_visit(&mut self, effect: VisitEffect, attempt: &WriteAttempt) -> Result<(), String> {
        let rep = attempt.rep;
        match (effect, attempt.fate) {
            (VisitEffect::Opens, Fate::Done) => {
                let visit = attempt.record.clone().unwrap_or_default();
                self.visits.insert(rep, visit);
            }
            (VisitEffect::Closes, Fate::Done)
            | (VisitEffect::Works | VisitEffect::Closes, Fate::Refused) => {
                self.visits.remove(&rep);
            }
            (VisitEffect::Opens, Fate::Refused) => self.adopt_open_visit(rep)?,
            (VisitEffect::None, _) | (_, Fate::Possible) => {}
            (VisitEffect::Works, Fate::Done) => {}
        }
        Ok(())
    }

    /// A command that was killed has opened a visit after all; the phone shows it, so it must stay.
    fn adopt_open_visit(&mut self, rep: usize) -> Result<(), String> {
        let today = self.stage.done(rep, &["today"])?;
        let user = self.stage.reps[rep].user.as_str();
        for visit in today.as_array().into_iter().flatten() {
            if visit["owner"] != user || visit["state"] != "in_progress" {
                continue;
            }
            let id = visit["id"].as_str().unwrap_or_default();
            let purpose = visit["purpose"].as_str().unwrap_or_default();
            self.ledger.adopt(purpose, "purpose", id);
            self.visits.insert(rep, id.to_owned());
        }
        Ok(())
    }

    /// Brings the server back once more, and lets all reps sync until nothing is left to say.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        self.stage.restart()?;
        self.imports_to_the_end()?;
        for _ in 0..SETTLING_MAX {
            let mut moved = 0;
            for rep in 0..self.stage.reps.len() {
                let began = self.ledger.tick();
                let data = self.stage.done(rep, &["sync"])?;
                self.ledger.note_exchange(rep, began);
                moved += data["files"]["waiting"].as_u64().unwrap_or(0);
                for count in ["sent", "received", "unsent"] {
                    moved += data[count].as_u64().unwrap_or(1);
                }
            }
            if moved == 0 {
                return Ok(());
            }
        }
        Err(format!(
            "after {SETTLING_MAX} syncs of each rep there is still something to say"
        ))
    }
}

/// Whether the command may have been refused with this answer: a visit may be open or closed
/// otherwise than the rep was told, and a dead server hears no sync.
fn may_be_refused(command: &DrawnCommand, exit: &ProcessExit, server_died: bool) -> bool {
    let code = exit.answer["error"]["code"].as_str().unwrap_or_default();
    match command.effect {
        VisitEffect::None => command.attempt.is_none() && server_died && code == "unreachable",
        VisitEffect::Opens => code == "visit_open",
        VisitEffect::Works | VisitEffect::Closes => code == "wrong_state",
    }
}

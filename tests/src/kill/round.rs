//! People work and processes die: each round gives commands to one or two phones, kills a phone,
//! the server or both at a drawn moment, brings the server back, and keeps what was answered. It
//! does not judge what was kept.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use super::chance::{self, Chance, Choice, Desk, Turn};
use super::ledger::{Fate, Ledger};
use super::processes::{Ended, Process};
use super::stage::Stage;

/// Contacts that all reps edit.
const SHARED: usize = 5;
/// Commands at most that nobody disturbs, in each round.
const CALM_MAX: usize = 2;
/// Syncs of each rep at most, until nothing is sent and received any more.
const SETTLING_MAX: u32 = 20;
/// What a command is thought to take before one was measured.
const FIRST_GUESS: Duration = Duration::from_millis(40);
/// A process dies between these thousandths of the time that such a command takes.
const KILL_PERMILLE: (usize, usize) = (150, 1_150);

/// All that goes on.
pub(super) struct Loop {
    /// Where it goes on.
    pub(super) stage: Stage,
    /// What was answered.
    pub(super) ledger: Ledger,
    /// Processes that were killed while they ran.
    pub(super) kills: u64,
    /// Commands that people gave.
    pub(super) commands: u64,
    /// Answers that no command may give here.
    pub(super) faults: Vec<String>,
    chance: Chance,
    shared: Vec<String>,
    /// The visit that each rep has open, as far as answers told.
    visits: BTreeMap<usize, String>,
    /// How long commands take, by their first word.
    usual: BTreeMap<String, Duration>,
}

/// A command under way.
struct Running {
    rep: usize,
    choice: Choice,
    began: u64,
    process: Process,
}

/// What a round kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Phone,
    Server,
    Both,
}

impl Loop {
    /// One rep makes a few contacts and a follow-up, which all then know; from then on they work.
    pub(super) fn begin(stage: Stage, seed: u64) -> Result<Loop, String> {
        let chance = Chance::of(seed);
        let (ledger, visits, usual) = (Ledger::default(), BTreeMap::new(), BTreeMap::new());
        let (shared, faults) = (Vec::new(), Vec::new());
        let mut looping = Loop {
            stage,
            ledger,
            kills: 0,
            commands: 0,
            faults,
            chance,
            shared,
            visits,
            usual,
        };
        for _ in 0..SHARED {
            let choice = looping.choose(0, |chance, desk| chance.create(desk));
            looping.calm(0, choice)?;
        }
        looping.shared = looping.ledger.contacts(0);
        let choice = looping.choose(0, |chance, desk| chance.follow_up(desk));
        looping.calm(0, choice)?;
        for rep in 0..looping.stage.reps.len() {
            looping.calm(rep, chance::sync())?;
        }
        Ok(looping)
    }

    fn choose(
        &mut self,
        rep: usize,
        draw: impl FnOnce(&mut Chance, &Desk<'_>) -> Choice,
    ) -> Choice {
        let desk = Desk {
            rep,
            accounts: &self.stage.accounts,
            shared: &self.shared,
            own: self.ledger.contacts(rep),
            visit: self.visits.get(&rep).map(String::as_str),
        };
        draw(&mut self.chance, &desk)
    }

    /// A sync, by so many chances of a hundred, else any command.
    fn sync_or_command(&mut self, rep: usize, percent: usize) -> Choice {
        if self.chance.below(100) < percent {
            return chance::sync();
        }
        self.choose(rep, |chance, desk| chance.command(desk))
    }

    /// One round, which kills no more processes than are left to kill.
    pub(super) fn round(&mut self, left: u64) -> Result<(), String> {
        let target = match self.chance.below(100) {
            0..45 => Target::Phone,
            45..75 => Target::Server,
            _ if left > 1 => Target::Both,
            _ => Target::Server,
        };
        let reps = self.stage.reps.len();
        let rep = self.chance.below(reps);
        let choice = self.sync_or_command(rep, if target == Target::Phone { 20 } else { 65 });
        let other = (rep + 1 + self.chance.below(reps - 1)) % reps;
        let beside = (self.chance.below(100) < 50).then(|| self.sync_or_command(other, 50));
        let moment = self.moment(&choice);
        let running = self.start(rep, choice)?;
        let beside = beside.map(|choice| self.start(other, choice)).transpose()?;
        std::thread::sleep(moment);
        self.strike(target, running, beside)?;
        for _ in 0..self.chance.below(CALM_MAX + 1) {
            let rep = self.chance.below(reps);
            let choice = self.choose(rep, |chance, desk| chance.command(desk));
            self.calm(rep, choice)?;
        }
        Ok(())
    }

    /// The drawn moment at which whoever does this dies.
    fn moment(&mut self, choice: &Choice) -> Duration {
        let usual = self
            .usual
            .get(&choice.words[0])
            .copied()
            .unwrap_or(FIRST_GUESS);
        let (from, to) = KILL_PERMILLE;
        let permille = from + self.chance.below(to - from);
        usual * u32::try_from(permille).unwrap_or(0) / 1_000
    }

    /// Kills, brings the server back at once, and hears whoever was not killed.
    fn strike(
        &mut self,
        target: Target,
        running: Running,
        beside: Option<Running>,
    ) -> Result<(), String> {
        let hits_server = target != Target::Phone;
        let Running {
            rep,
            choice,
            began,
            process,
        } = running;
        let (mut process, mut ended) = (Some(process), None);
        if target != Target::Server
            && let Some(process) = process.take()
        {
            let killed = process.kill()?;
            self.kills += u64::from(killed.was_killed);
            ended = Some(killed);
        }
        if hits_server {
            self.kills += u64::from(self.stage.kill_server()?);
            self.stage.restart()?;
        }
        if let Some(process) = process {
            ended = Some(process.ended()?);
        }
        if let Some(ended) = ended {
            self.conclude((rep, choice, began), &ended, hits_server)?;
        }
        if let Some(Running {
            rep,
            choice,
            began,
            process,
        }) = beside
        {
            let ended = process.ended()?;
            self.conclude((rep, choice, began), &ended, hits_server)?;
        }
        Ok(())
    }

    fn start(&mut self, rep: usize, choice: Choice) -> Result<Running, String> {
        let words: Vec<&str> = choice.words.iter().map(String::as_str).collect();
        let began = self.ledger.tick();
        self.commands += 1;
        let process = self.stage.start(rep, &words)?;
        Ok(Running {
            rep,
            choice,
            began,
            process,
        })
    }

    /// A command that nobody disturbs.
    fn calm(&mut self, rep: usize, choice: Choice) -> Result<(), String> {
        let Running {
            rep,
            choice,
            began,
            process,
        } = self.start(rep, choice)?;
        let ended = process.ended()?;
        self.conclude((rep, choice, began), &ended, false)
    }

    /// Keeps what a command answered, or that it could not.
    fn conclude(
        &mut self,
        (rep, choice, began): (usize, Choice, u64),
        ended: &Ended,
        server_died: bool,
    ) -> Result<(), String> {
        // A whole answer is a promise, whatever befalls the process that gave it.
        let is_done =
            ended.answer["ok"] == Json::Bool(true) && (ended.was_killed || ended.exit == Some(0));
        let code = ended.answer["error"]["code"].as_str().unwrap_or_default();
        if is_done && !ended.was_killed {
            let usual = self
                .usual
                .entry(choice.words[0].clone())
                .or_insert(ended.took);
            *usual = (*usual * 3 + ended.took) / 4;
        }
        let may_be_refused = match choice.turn {
            Turn::None => choice.deed.is_none() && server_died && code == "unreachable",
            Turn::Opens => code == "visit_open",
            Turn::Works | Turn::Closes => code == "wrong_state",
        };
        if !is_done && !ended.was_killed && !may_be_refused {
            let (name, words) = (self.stage.reps[rep].name, choice.words.join(" "));
            self.faults.push(format!(
                "{name}: `{words}` left with {:?}: {}",
                ended.exit, ended.answer
            ));
        }
        let Some(mut deed) = choice.deed else {
            self.ledger.note_exchange(rep, began);
            return Ok(());
        };
        (deed.began, deed.fate) = match (is_done, ended.was_killed || ended.exit == Some(5)) {
            (true, _) => (began, Fate::Done),
            (false, true) => (began, Fate::Possible),
            (false, false) => (began, Fate::Refused),
        };
        let fate = deed.fate;
        if fate == Fate::Done && deed.makes.is_some() {
            deed.record = ended.answer["id"].as_str().map(str::to_owned);
        }
        self.turn(rep, choice.turn, (fate, deed.record.clone()))?;
        self.ledger.note(deed);
        Ok(())
    }

    /// Follows which visit a rep has open.
    fn turn(
        &mut self,
        rep: usize,
        turn: Turn,
        (fate, record): (Fate, Option<String>),
    ) -> Result<(), String> {
        match (turn, fate) {
            (Turn::Opens, Fate::Done) => drop(self.visits.insert(rep, record.unwrap_or_default())),
            (Turn::Closes, Fate::Done) | (Turn::Works | Turn::Closes, Fate::Refused) => {
                drop(self.visits.remove(&rep))
            }
            // A command that was killed has opened a visit after all; the phone shows it, so it
            // must stay.
            (Turn::Opens, Fate::Refused) => {
                let today = self.stage.done(rep, &["today"])?;
                let user = self.stage.reps[rep].user.as_str();
                let open = today.as_array().into_iter().flatten();
                let open =
                    open.filter(|visit| visit["owner"] == user && visit["state"] == "in_progress");
                for visit in open {
                    let text = |name: &str| visit[name].as_str().unwrap_or_default();
                    self.ledger.adopt(text("purpose"), "purpose", text("id"));
                    self.visits.insert(rep, text("id").to_owned());
                }
            }
            (Turn::None, _) | (_, Fate::Possible) => {}
            (Turn::Works, Fate::Done) => {}
        }
        Ok(())
    }

    /// Brings the server back once more, and lets all reps sync until nothing is left to say.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        self.stage.restart()?;
        for _ in 0..SETTLING_MAX {
            let mut moved = 0;
            for rep in 0..self.stage.reps.len() {
                let began = self.ledger.tick();
                let data = self.stage.done(rep, &["sync"])?;
                self.ledger.note_exchange(rep, began);
                moved += ["sent", "received", "unsent"]
                    .map(|name| data[name].as_u64().unwrap_or(1))
                    .iter()
                    .sum::<u64>();
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

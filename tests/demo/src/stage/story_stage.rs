//! Where the story takes place: the processes, the server among them, the page, and the ledger of
//! what was answered. It does not know the story.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::answer::{Expect, SaidAnswer};
use super::breaking_line::BreakingLine;
use super::chance::StoryChance;
use super::end_signal::EndSignal;
use super::folder::StoryFolder;
use super::processes::{EndedProgram, ProgramRunner, RunningProgram};
use super::rep::StoryRep;
use crate::page::{Mood, Page};
use crate::proof::ledger::StoryLedger;

/// The exit codes of commands.
const DONE: i32 = 0;
const REFUSED: i32 = 3;
const UNREACHABLE: i32 = 4;

/// Commands that talk to the server: they live in the hour of this machine, as the server does.
const BY_THE_REAL_CLOCK: &[&str] = &["enrol", "sync"];

fn is_by_the_real_clock(command: &[&str]) -> bool {
    command
        .first()
        .is_some_and(|first| BY_THE_REAL_CLOCK.contains(first))
}

/// Seconds that one command takes in the story.
const COMMAND_S: u32 = 40;

/// All of it. What stands first ends first: processes before the folder in which they write.
pub(crate) struct StoryStage<'a> {
    server: Option<(RunningProgram, SocketAddr)>,
    /// Starts processes.
    pub(crate) programs: ProgramRunner,
    /// Takes the story.
    pub(crate) page: Page<'a>,
    /// What was answered.
    pub(crate) ledger: StoryLedger,
    /// Chooses.
    pub(crate) chance: StoryChance,
    /// The day of the story, `YYYY-MM-DD`; empty before it begins.
    pub(crate) day: String,
    /// Tells when the person wants to end.
    pub(crate) end_signal: EndSignal,
    folder: StoryFolder,
}

impl<'a> StoryStage<'a> {
    /// An empty stage with a folder of its own, for commands of this program.
    pub(crate) fn set(
        page: Page<'a>,
        program: &Path,
        seed: u64,
    ) -> Result<StoryStage<'a>, ServerError> {
        let end_signal = EndSignal::listen()?;
        let folder = StoryFolder::make()?;
        let programs = ProgramRunner::new(program, folder.path(), end_signal.clone())?;
        let ledger = StoryLedger::default();
        Ok(StoryStage {
            server: None,
            programs,
            page,
            ledger,
            chance: StoryChance(seed),
            day: String::new(),
            end_signal,
            folder,
        })
    }

    /// The folder of this demo.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server's data folder, as an argument.
    pub(crate) fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// The server's own file of a tenant.
    pub(crate) fn tenant_file(&self, tenant: &str) -> PathBuf {
        self.folder
            .path()
            .join("data")
            .join("tenants")
            .join(format!("{tenant}.db"))
    }

    /// One command of the office, which must be done.
    pub(crate) fn office(
        &self,
        what: &str,
        command: &[&str],
        told: &str,
    ) -> Result<EndedProgram, ServerError> {
        self.page.hour(None);
        let ended = self.on_data(command)?;
        self.told("Office", what, &ended, Expect::Done, |_| told.to_owned())?;
        Ok(ended)
    }

    /// One command on the server's data folder.
    pub(crate) fn on_data(&self, command: &[&str]) -> Result<EndedProgram, ServerError> {
        let data = self.data();
        let arguments = [command, &["--data", &data]].concat();
        self.programs.start(&arguments)?.ended()
    }

    /// One command of the office, of which nothing is told unless it is not done; answers the id.
    pub(crate) fn puts(&self, command: &[&str]) -> Result<String, ServerError> {
        let ended = self.on_data(command)?;
        if ended.exit == Some(DONE) {
            return Ok(ended.id());
        }
        Err(self.amiss(
            "Office",
            &command.join(" "),
            &format!("{} {}", ended.answer, ended.said),
        ))
    }

    /// Starts a rep's command, in the hour of the story where it needs no network.
    pub(crate) fn start(
        &self,
        rep: &StoryRep,
        command: &[&str],
    ) -> Result<RunningProgram, ServerError> {
        let arguments = rep.arguments(command);
        if self.day.is_empty() || is_by_the_real_clock(command) {
            return self.programs.start(&arguments);
        }
        let second = rep.goes_on(COMMAND_S);
        let moment = format!(
            "{}T{:02}:{:02}:{:02}Z",
            self.day,
            second / 3600,
            second / 60 % 60,
            second % 60
        );
        self.programs.start_at(&arguments, &moment)
    }

    fn shows_hour_of(&self, rep: &StoryRep, command: &[&str]) {
        let has_hour = !self.day.is_empty() && !is_by_the_real_clock(command);
        self.page.hour(has_hour.then(|| rep.minute()));
    }

    /// A rep's command that writes, which must be done; its answer is kept for the proof.
    pub(crate) fn does<T: Into<SaidAnswer>>(
        &mut self,
        rep: &StoryRep,
        what: &str,
        command: &[&str],
        say: impl Fn(&Json) -> T,
    ) -> Result<Json, ServerError> {
        let data = self.looks(rep, what, command, say)?;
        self.ledger.note(rep.who, &data);
        Ok(data)
    }

    /// The same, and nothing is told unless it is not done.
    pub(crate) fn works(&mut self, rep: &StoryRep, command: &[&str]) -> Result<Json, ServerError> {
        let data = self.ask(rep, command)?;
        self.ledger.note(rep.who, &data);
        Ok(data)
    }

    /// Keeps for the proof what a record is that a command to another has changed too.
    pub(crate) fn follows(
        &mut self,
        rep: &StoryRep,
        object: &str,
        id: &str,
    ) -> Result<Json, ServerError> {
        let data = self.ask(rep, &["get", object, id])?;
        self.ledger.follow(rep.who, &data);
        Ok(data)
    }

    /// A rep's command that writes no record, which must be done.
    pub(crate) fn looks<T: Into<SaidAnswer>>(
        &mut self,
        rep: &StoryRep,
        what: &str,
        command: &[&str],
        say: impl Fn(&Json) -> T,
    ) -> Result<Json, ServerError> {
        self.shows_hour_of(rep, command);
        let ended = self.start(rep, command)?.ended()?;
        self.told(rep.who, what, &ended, Expect::Done, say)
    }

    /// A rep's command that must not be done.
    pub(crate) fn cannot(
        &mut self,
        rep: &StoryRep,
        what: &str,
        command: &[&str],
        expect: Expect,
    ) -> Result<(), ServerError> {
        self.shows_hour_of(rep, command);
        let ended = self.start(rep, command)?.ended()?;
        let message = ended.answer["error"]["message"]
            .as_str()
            .unwrap_or_default();
        // What is wrong stands first; its cause in the network, or what to do about it, follows.
        let ends = if expect == Expect::Unreachable {
            [':', ';']
        } else {
            ['(', ';']
        };
        let why = message.split(ends).next().unwrap_or_default().trim();
        self.told(rep.who, what, &ended, expect, |_| why.to_owned())
            .map(drop)
    }

    /// How many changes wait in a phone's outbox.
    pub(crate) fn unsent(&self, rep: &StoryRep) -> Result<usize, ServerError> {
        let outbox = self.ask(rep, &["outbox"])?;
        Ok(outbox.as_array().map_or(0, Vec::len))
    }

    /// What a rep's command answers; nothing is told.
    pub(crate) fn ask(&self, rep: &StoryRep, command: &[&str]) -> Result<Json, ServerError> {
        let ended = self.start(rep, command)?.ended()?;
        if ended.exit == Some(DONE) {
            return Ok(ended.answer["data"].clone());
        }
        let why = ended.answer["error"]["message"]
            .as_str()
            .unwrap_or(&ended.said);
        Err(self.amiss(rep.who, &command.join(" "), why))
    }

    /// Tells how a step ended, and answers its data if it ended as it was to.
    pub(crate) fn told<T: Into<SaidAnswer>>(
        &self,
        who: &str,
        what: &str,
        ended: &EndedProgram,
        expect: Expect,
        say: impl Fn(&Json) -> T,
    ) -> Result<Json, ServerError> {
        let data = &ended.answer["data"];
        let code = ended.answer["error"]["code"].as_str();
        let (exit, mood) = match expect {
            Expect::Done => (DONE, Mood::Done),
            Expect::Refused(_) => (REFUSED, Mood::Refused),
            Expect::Unreachable => (UNREACHABLE, Mood::Refused),
        };
        let is_wanted = !matches!(expect, Expect::Refused(wanted) if code != Some(wanted));
        if ended.exit == Some(exit) && is_wanted {
            let said: SaidAnswer = say(data).into();
            let mood = if said.is_as_told { mood } else { Mood::Amiss };
            self.page.step(who, what, mood, &said.text, Some(ended.ms));
            return if said.is_as_told {
                Ok(data.clone())
            } else {
                Err(self.amiss(who, what, &said.text))
            };
        }
        let message = ended.answer["error"]["message"]
            .as_str()
            .unwrap_or(&ended.said)
            .to_owned();
        self.page
            .step(who, what, Mood::Amiss, &message, Some(ended.ms));
        Err(self.amiss(
            who,
            what,
            &format!(
                "exit {:?} with {code:?} is not {expect:?}: {message}",
                ended.exit
            ),
        ))
    }

    /// A step that was not as told.
    pub(crate) fn amiss(&self, who: &str, what: &str, why: &str) -> ServerError {
        ServerError::broken(format!("not as told: {who} {what}: {why}"))
    }

    /// Starts the server and leads the phones' lines to it.
    pub(crate) fn serve(
        &mut self,
        what: &str,
        lines: &[&BreakingLine],
    ) -> Result<SocketAddr, ServerError> {
        let data = self.data();
        let began = Instant::now();
        self.page.hour(None);
        let mut process = self.programs.start_with_me(&[
            "serve",
            "--data",
            &data,
            "--listen",
            "127.0.0.1:0",
            "--until-eof",
        ])?;
        let answer = process.first_answer()?;
        let url = answer["data"]["url"].as_str().unwrap_or_default();
        let Some(address) = url
            .strip_prefix("http://")
            .and_then(|address| address.parse().ok())
        else {
            let said = process.kill()?.said;
            return Err(self.amiss("Server", what, &format!("{answer} {said}")));
        };
        let told = format!("listens at {address}, process {}", process.id());
        self.page.step(
            "Server",
            what,
            Mood::Done,
            &told,
            Some(began.elapsed().as_millis()),
        );
        self.server = Some((process, address));
        lines.iter().for_each(|line| line.lead_to(Some(address)));
        Ok(address)
    }

    /// Where the server listens.
    pub(crate) fn server(&self) -> Result<SocketAddr, ServerError> {
        let running = self.server.as_ref().map(|(_, address)| *address);
        running.ok_or_else(|| ServerError::broken("the server is not running"))
    }

    /// Ends the server as a power cut would.
    pub(crate) fn switch_off(
        &mut self,
        what: &str,
        told: &str,
        lines: &[&BreakingLine],
    ) -> Result<(), ServerError> {
        self.page.hour(None);
        lines.iter().for_each(|line| line.lead_to(None));
        if let Some((process, _)) = self.server.take() {
            let began = Instant::now();
            process.kill()?;
            self.page.step(
                "Server",
                what,
                Mood::Refused,
                told,
                Some(began.elapsed().as_millis()),
            );
        }
        Ok(())
    }

    /// Waits until the person wants to end, or the server has ended by itself.
    pub(crate) fn linger(&mut self) {
        let StoryStage {
            server, end_signal, ..
        } = self;
        end_signal.wait(|| {
            server
                .as_mut()
                .is_some_and(|(process, _)| process.is_running())
        });
    }
}

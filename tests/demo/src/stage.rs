//! Where the story takes place: the processes, the server among them, the page, and the ledger of
//! what was answered. It does not know the story.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::ledger::Ledger;
use super::line::Line;
use super::page::{Mood, Page};
use super::processes::{Bell, Crew, Ended, Folder, Process};
use crate::Options;
use outfield_server::error::ServerError;

/// How a step is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Done.
    Done,
    /// Refused by a rule, with this code.
    Refused(&'static str),
    /// Not possible without a network.
    Unreachable,
}

/// What a step's answer says, and whether that is what it was to say.
pub(crate) struct Said {
    text: String,
    is_as_told: bool,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Said {
            text,
            is_as_told: true,
        }
    }
}

/// Puts an answer into words, which must be these.
pub(crate) fn exactly(
    wanted: impl Into<String>,
    say: impl Fn(&Json) -> String,
) -> impl Fn(&Json) -> Said {
    let wanted = wanted.into();
    move |data| {
        let text = say(data);
        let is_as_told = text == wanted;
        Said { text, is_as_told }
    }
}

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

/// SplitMix64: the same seed makes the same choices on every machine.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

/// A rep with a phone.
pub(crate) struct Rep {
    /// The name.
    pub(crate) who: &'static str,
    /// The phone's database.
    pub(crate) db: String,
    /// The way from the phone to the server.
    pub(crate) line: Line,
    /// The person's id.
    pub(crate) user: String,
    /// The id of the territory.
    pub(crate) territory: String,
    /// The second of the story's day.
    clock: Cell<u32>,
}

impl Rep {
    /// A rep whose phone is new.
    pub(crate) fn new(
        (who, user): (&'static str, String),
        territory: &str,
        db: String,
    ) -> Result<Rep, ServerError> {
        Ok(Rep {
            who,
            db,
            line: Line::lay()?,
            user,
            territory: territory.to_owned(),
            clock: Cell::new(0),
        })
    }

    /// What comes next happens at this minute of the day, or later if it is later already.
    pub(crate) fn at(&self, minute: u32) {
        self.clock.set(self.clock.get().max(minute * 60));
    }

    /// The minute of the day.
    pub(crate) fn minute(&self) -> u32 {
        self.clock.get() / 60
    }

    /// The arguments of one of the rep's commands.
    pub(crate) fn arguments<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        [&["rep", "--db", self.db.as_str()], command].concat()
    }
}

/// All of it. What stands first ends first: processes before the folder in which they write.
pub(crate) struct Stage<'a> {
    server: Option<(Process, SocketAddr)>,
    /// Starts processes.
    pub(crate) crew: Crew,
    /// Takes the story.
    pub(crate) page: Page<'a>,
    /// What was answered.
    pub(crate) ledger: Ledger,
    /// Chooses.
    pub(crate) chance: Chance,
    /// The day of the story, `YYYY-MM-DD`; empty before it begins.
    pub(crate) day: String,
    /// Rings when the person wants to end.
    pub(crate) bell: Bell,
    folder: Folder,
}

impl<'a> Stage<'a> {
    /// An empty stage with a folder of its own.
    pub(crate) fn set(page: Page<'a>, options: &Options) -> Result<Stage<'a>, ServerError> {
        let bell = Bell::hang()?;
        let folder = Folder::make()?;
        let crew = Crew::gather(&options.program, folder.path(), bell.clone())?;
        let ledger = Ledger::default();
        Ok(Stage {
            server: None,
            crew,
            page,
            ledger,
            chance: Chance(options.seed),
            day: String::new(),
            bell,
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

    /// One command of the office, which must be done; answers the id that it is about, and its
    /// data.
    pub(crate) fn office(
        &self,
        what: &str,
        command: &[&str],
        told: &str,
    ) -> Result<(String, Json), ServerError> {
        self.page.hour(None);
        let ended = self
            .crew
            .start(&[command, &["--data", &self.data()]].concat())?
            .ended()?;
        let data = self.told(("Office", what), &ended, Expect::Done, |_| told.to_owned())?;
        Ok((
            ended.answer["id"].as_str().unwrap_or_default().to_owned(),
            data,
        ))
    }

    /// The same, and nothing is told unless it is not done; answers the id.
    pub(crate) fn puts(&self, command: &[&str]) -> Result<String, ServerError> {
        let ended = self
            .crew
            .start(&[command, &["--data", &self.data()]].concat())?
            .ended()?;
        if ended.exit == Some(DONE) {
            return Ok(ended.answer["id"].as_str().unwrap_or_default().to_owned());
        }
        Err(self.amiss(
            "Office",
            &command.join(" "),
            &format!("{} {}", ended.answer, ended.said),
        ))
    }

    /// Starts a rep's command, in the hour of the story where it needs no network.
    pub(crate) fn start(&self, rep: &Rep, command: &[&str]) -> Result<Process, ServerError> {
        let arguments = rep.arguments(command);
        if self.day.is_empty() || is_by_the_real_clock(command) {
            return self.crew.start(&arguments);
        }
        let second = rep.clock.get() + COMMAND_S;
        rep.clock.set(second);
        let moment = format!(
            "{}T{:02}:{:02}:{:02}Z",
            self.day,
            second / 3600,
            second / 60 % 60,
            second % 60
        );
        self.crew.start_at(&arguments, &moment)
    }

    fn shows_hour_of(&self, rep: &Rep, command: &[&str]) {
        let has_hour = !self.day.is_empty() && !is_by_the_real_clock(command);
        self.page.hour(has_hour.then(|| rep.minute()));
    }

    /// A rep's command that writes, which must be done; its answer is kept for the proof.
    pub(crate) fn does<T: Into<Said>>(
        &mut self,
        rep: &Rep,
        what: &str,
        command: &[&str],
        say: impl Fn(&Json) -> T,
    ) -> Result<Json, ServerError> {
        let data = self.looks(rep, what, command, say)?;
        self.ledger.note(rep.who, &data);
        Ok(data)
    }

    /// The same, and nothing is told unless it is not done.
    pub(crate) fn works(&mut self, rep: &Rep, command: &[&str]) -> Result<Json, ServerError> {
        let data = self.ask(rep, command)?;
        self.ledger.note(rep.who, &data);
        Ok(data)
    }

    /// Keeps for the proof what a record is that a command to another has changed too.
    pub(crate) fn follows(
        &mut self,
        rep: &Rep,
        object: &str,
        id: &str,
    ) -> Result<Json, ServerError> {
        let data = self.ask(rep, &["get", object, id])?;
        self.ledger.follow(rep.who, &data);
        Ok(data)
    }

    /// A rep's command that writes no record, which must be done.
    pub(crate) fn looks<T: Into<Said>>(
        &mut self,
        rep: &Rep,
        what: &str,
        command: &[&str],
        say: impl Fn(&Json) -> T,
    ) -> Result<Json, ServerError> {
        self.shows_hour_of(rep, command);
        let ended = self.start(rep, command)?.ended()?;
        self.told((rep.who, what), &ended, Expect::Done, say)
    }

    /// A rep's command that must not be done.
    pub(crate) fn cannot(
        &mut self,
        rep: &Rep,
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
        self.told((rep.who, what), &ended, expect, |_| why.to_owned())
            .map(drop)
    }

    /// What a rep's command answers; nothing is told.
    pub(crate) fn ask(&self, rep: &Rep, command: &[&str]) -> Result<Json, ServerError> {
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
    pub(crate) fn told<T: Into<Said>>(
        &self,
        (who, what): (&str, &str),
        ended: &Ended,
        expect: Expect,
        say: impl Fn(&Json) -> T,
    ) -> Result<Json, ServerError> {
        let (data, code) = (
            &ended.answer["data"],
            ended.answer["error"]["code"].as_str(),
        );
        let (exit, mood) = match expect {
            Expect::Done => (DONE, Mood::Done),
            Expect::Refused(_) => (REFUSED, Mood::Refused),
            Expect::Unreachable => (UNREACHABLE, Mood::Refused),
        };
        let is_wanted = !matches!(expect, Expect::Refused(wanted) if code != Some(wanted));
        if ended.exit == Some(exit) && is_wanted {
            let said: Said = say(data).into();
            let mood = if said.is_as_told { mood } else { Mood::Amiss };
            self.page
                .step((who, what), (mood, &said.text), Some(ended.ms));
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
            .step((who, what), (Mood::Amiss, &message), Some(ended.ms));
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
    pub(crate) fn serve(&mut self, what: &str, lines: &[&Line]) -> Result<SocketAddr, ServerError> {
        let data = self.data();
        let began = std::time::Instant::now();
        self.page.hour(None);
        let mut process = self.crew.start_with_me(&[
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
            ("Server", what),
            (Mood::Done, &told),
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
        (what, told): (&str, &str),
        lines: &[&Line],
    ) -> Result<(), ServerError> {
        self.page.hour(None);
        lines.iter().for_each(|line| line.lead_to(None));
        if let Some((process, _)) = self.server.take() {
            let told = format!("killed{told}");
            let began = std::time::Instant::now();
            process.kill()?;
            self.page.step(
                ("Server", what),
                (Mood::Refused, &told),
                Some(began.elapsed().as_millis()),
            );
        }
        Ok(())
    }

    /// Waits until the person wants to end, or the server has ended by itself.
    pub(crate) fn linger(&mut self) {
        let Stage { server, bell, .. } = self;
        bell.wait(|| {
            server
                .as_mut()
                .is_some_and(|(process, _)| process.is_running())
        });
    }
}

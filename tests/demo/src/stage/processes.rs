//! Starts commands of the binary `outfield`, each as an operating-system process of its own, and
//! sees that all of them end. It does not know what the commands do.

use std::cell::Cell;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::end_signal::EndSignal;

/// How long one process may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a process is looked at; short, so that what is measured is the process.
const LOOK: Duration = Duration::from_millis(1);
/// Starts processes.
pub(crate) struct ProgramRunner {
    program: PathBuf,
    answers: PathBuf,
    end_signal: EndSignal,
    started: Cell<u64>,
}

impl ProgramRunner {
    /// Processes that answer into this folder.
    pub(crate) fn new(
        program: &Path,
        folder: &Path,
        end_signal: EndSignal,
    ) -> Result<ProgramRunner, ServerError> {
        let program = program.to_owned();
        let answers = folder.join("answers");
        fs::create_dir(&answers)
            .map_err(|error| ServerError::broken(format!("{}: {error}", answers.display())))?;
        Ok(ProgramRunner {
            program,
            answers,
            end_signal,
            started: Cell::new(0),
        })
    }

    /// The binary, for whoever tells which commands to try.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// How many processes were started.
    pub(crate) fn started(&self) -> u64 {
        self.started.get()
    }

    /// Starts a command that answers with JSON.
    pub(crate) fn start(&self, arguments: &[&str]) -> Result<RunningProgram, ServerError> {
        self.spawn(arguments, None, Stdio::null())
    }

    /// The same at this moment of the story.
    pub(crate) fn start_at(
        &self,
        arguments: &[&str],
        moment: &str,
    ) -> Result<RunningProgram, ServerError> {
        self.spawn(arguments, Some(moment), Stdio::null())
    }

    /// Starts a command whose standard input ends with this process, however that ends.
    pub(crate) fn start_with_me(&self, arguments: &[&str]) -> Result<RunningProgram, ServerError> {
        self.spawn(arguments, None, Stdio::piped())
    }

    /// It answers into a file, so that it never waits for a reader.
    fn spawn(
        &self,
        arguments: &[&str],
        moment: Option<&str>,
        input: Stdio,
    ) -> Result<RunningProgram, ServerError> {
        let number = self.started.get() + 1;
        self.started.set(number);
        let out = self.answers.join(format!("{number}.out"));
        let err = self.answers.join(format!("{number}.err"));
        let file = |path: &Path| File::create(path).map_err(ServerError::broken);
        let mut command = Command::new(&self.program);
        command
            .arg("--json")
            .args(arguments)
            .stdin(input)
            .stdout(file(&out)?)
            .stderr(file(&err)?);
        // A group of its own: Ctrl-C reaches the demo alone, which then ends all of them in order.
        // No proxy of the user's lies between phones and a server on this machine, and no variable
        // stops their clocks.
        command
            .process_group(0)
            .env("NO_PROXY", "127.0.0.1")
            .env("no_proxy", "127.0.0.1")
            .env_remove("OUTFIELD_NOW");
        command.envs(moment.map(|moment| ("OUTFIELD_NOW", moment)));
        let child = command.spawn().map_err(|error| {
            ServerError::broken(format!(
                "`{}` cannot be started: {error}",
                self.program.display()
            ))
        })?;
        Ok(RunningProgram {
            child,
            out,
            err,
            began: Instant::now(),
            end_signal: self.end_signal.clone(),
        })
    }
}

/// One process; killed when this is dropped, if it has not ended.
pub(crate) struct RunningProgram {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    began: Instant,
    end_signal: EndSignal,
}

/// How a process ended.
pub(crate) struct EndedProgram {
    /// Its exit code; none if it was killed.
    pub(crate) exit: Option<i32>,
    /// What it answered; null if that is no JSON.
    pub(crate) answer: Json,
    /// How long it took from its start, in milliseconds.
    pub(crate) ms: u128,
    /// What it said where faults are told.
    pub(crate) said: String,
}

impl EndedProgram {
    /// The id of what it answered about; empty if there is none.
    pub(crate) fn id(&self) -> String {
        let id = self.answer["id"].as_str();
        id.unwrap_or_default().to_owned()
    }
}

impl RunningProgram {
    /// The process's number, as the operating system has it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it has ended.
    pub(crate) fn ended(mut self) -> Result<EndedProgram, ServerError> {
        let mut ended: Option<ExitStatus> = None;
        self.watch(|process| {
            ended = process.child.try_wait().map_err(ServerError::broken)?;
            Ok(ended.is_some())
        })?;
        Ok(self.outcome(ended))
    }

    /// Waits until it has answered with its first line, and goes on.
    pub(crate) fn first_answer(&mut self) -> Result<Json, ServerError> {
        let mut answer = Json::Null;
        self.watch(|process| {
            let text = process.text(&process.out);
            if let Some((line, _)) = text.split_once('\n') {
                answer = serde_json::from_str(line).unwrap_or_default();
                return Ok(true);
            }
            Ok(!process.is_running())
        })?;
        Ok(answer)
    }

    /// Kills it (SIGKILL): it can save nothing and say nothing.
    pub(crate) fn kill(mut self) -> Result<EndedProgram, ServerError> {
        self.child.kill().map_err(ServerError::broken)?;
        let status = self.child.wait().map_err(ServerError::broken)?;
        Ok(self.outcome(Some(status)))
    }

    /// Looks again and again until `done` says so; the person and the clock may end it first.
    pub(crate) fn watch(
        &mut self,
        mut done: impl FnMut(&mut RunningProgram) -> Result<bool, ServerError>,
    ) -> Result<(), ServerError> {
        while !done(self)? {
            if self.end_signal.was_given() {
                return Err(ServerError::broken(
                    "ended by the person before all was told",
                ));
            }
            if self.began.elapsed() > PATIENCE {
                return Err(ServerError::broken(format!(
                    "a process took longer than {} s",
                    PATIENCE.as_secs()
                )));
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn outcome(&self, status: Option<ExitStatus>) -> EndedProgram {
        let answer = serde_json::from_str(&self.text(&self.out)).unwrap_or_default();
        let said = self.text(&self.err).trim().to_owned();
        EndedProgram {
            exit: status.and_then(|status| status.code()),
            answer,
            ms: self.began.elapsed().as_millis(),
            said,
        }
    }

    fn text(&self, path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        // Whoever has ended already cannot be killed, and needs not be.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

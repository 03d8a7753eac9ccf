//! Starts commands of this binary, each as an operating-system process of its own, and sees that
//! all of them end. It does not know what the commands do.

use std::cell::Cell;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tokio::signal::unix::{SignalKind, signal};

use outfield_server::error::ServerError;

/// How long one process may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a process is looked at; short, so that what is measured is the process.
const LOOK: Duration = Duration::from_millis(1);
/// How often it is asked whether the person wants to end.
const LINGER: Duration = Duration::from_millis(100);
/// How many names for the folder are tried.
const FOLDERS_MAX: u32 = 1_000;

/// A folder of the demo's own, for this user's eyes only; gone when this is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes a folder whose name no other demo has.
    pub(crate) fn make() -> Result<Folder, ServerError> {
        let below = std::env::temp_dir();
        for number in 0..FOLDERS_MAX {
            let path = below.join(format!("outfield-demo-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Folder(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(ServerError::broken(format!("{}: {error}", path.display())));
                }
            }
        }
        Err(ServerError::broken(format!(
            "no folder could be made in {}",
            below.display()
        )))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for what is temporary.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Learns when the person wants to end: Ctrl-C, SIGTERM, or the terminal was closed.
#[derive(Clone)]
pub(crate) struct Bell(Arc<AtomicBool>);

impl Bell {
    /// Listens from now on, in a thread of its own, until this process ends.
    pub(crate) fn hang() -> Result<Bell, ServerError> {
        let rung = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServerError::broken)?;
        let (mut interrupt, mut terminate, mut closed) = {
            let _inside = runtime.enter();
            let listen = |kind| signal(kind).map_err(ServerError::broken);
            (
                listen(SignalKind::interrupt())?,
                listen(SignalKind::terminate())?,
                listen(SignalKind::hangup())?,
            )
        };
        let ring = Arc::clone(&rung);
        std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = closed.recv() => {} }
            });
            ring.store(true, Ordering::Relaxed);
        });
        Ok(Bell(rung))
    }

    /// Whether the person wants to end.
    pub(crate) fn has_rung(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits until the person wants to end, or `goes_on` says no more.
    pub(crate) fn wait(&self, mut goes_on: impl FnMut() -> bool) {
        while !self.has_rung() && goes_on() {
            std::thread::sleep(LINGER);
        }
    }
}

/// Starts processes.
pub(crate) struct Crew {
    program: PathBuf,
    answers: PathBuf,
    bell: Bell,
    started: Cell<u64>,
}

impl Crew {
    /// Processes that answer into this folder.
    pub(crate) fn gather(program: &Path, folder: &Path, bell: Bell) -> Result<Crew, ServerError> {
        let program = program.to_owned();
        let answers = folder.join("answers");
        fs::create_dir(&answers)
            .map_err(|error| ServerError::broken(format!("{}: {error}", answers.display())))?;
        Ok(Crew {
            program,
            answers,
            bell,
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
    pub(crate) fn start(&self, arguments: &[&str]) -> Result<Process, ServerError> {
        self.spawn(arguments, None, Stdio::null())
    }

    /// The same at this moment of the story.
    pub(crate) fn start_at(
        &self,
        arguments: &[&str],
        moment: &str,
    ) -> Result<Process, ServerError> {
        self.spawn(arguments, Some(moment), Stdio::null())
    }

    /// Starts a command whose standard input ends with this process, however that ends.
    pub(crate) fn start_with_me(&self, arguments: &[&str]) -> Result<Process, ServerError> {
        self.spawn(arguments, None, Stdio::piped())
    }

    /// It answers into a file, so that it never waits for a reader.
    fn spawn(
        &self,
        arguments: &[&str],
        moment: Option<&str>,
        input: Stdio,
    ) -> Result<Process, ServerError> {
        let number = self.started.get() + 1;
        self.started.set(number);
        let (out, err) = (
            self.answers.join(format!("{number}.out")),
            self.answers.join(format!("{number}.err")),
        );
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
        Ok(Process {
            child,
            out,
            err,
            began: Instant::now(),
            bell: self.bell.clone(),
        })
    }
}

/// One process; killed when this is dropped, if it has not ended.
pub(crate) struct Process {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    began: Instant,
    bell: Bell,
}

/// How a process ended.
pub(crate) struct Ended {
    /// Its exit code; none if it was killed.
    pub(crate) exit: Option<i32>,
    /// What it answered; null if that is no JSON.
    pub(crate) answer: Json,
    /// How long it took from its start, in milliseconds.
    pub(crate) ms: u128,
    /// What it said where faults are told.
    pub(crate) said: String,
}

impl Process {
    /// The process's number, as the operating system has it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it has ended.
    pub(crate) fn ended(mut self) -> Result<Ended, ServerError> {
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
    pub(crate) fn kill(mut self) -> Result<Ended, ServerError> {
        self.child.kill().map_err(ServerError::broken)?;
        let status = self.child.wait().map_err(ServerError::broken)?;
        Ok(self.outcome(Some(status)))
    }

    /// Looks again and again until `done` says so; the person and the clock may end it first.
    pub(crate) fn watch(
        &mut self,
        mut done: impl FnMut(&mut Process) -> Result<bool, ServerError>,
    ) -> Result<(), ServerError> {
        while !done(self)? {
            if self.bell.has_rung() {
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

    fn outcome(&self, status: Option<ExitStatus>) -> Ended {
        let answer = serde_json::from_str(&self.text(&self.out)).unwrap_or_default();
        let said = self.text(&self.err).trim().to_owned();
        Ended {
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

impl Drop for Process {
    fn drop(&mut self) {
        // Whoever has ended already cannot be killed, and needs not be.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

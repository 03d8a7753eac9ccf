//! Starts `outfield` as operating-system processes, kills them, and sees that none is left.
//! It does not know what the commands do.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tokio::signal::unix::{SignalKind, signal};

use crate::keeper::Keeper;

/// How long one process may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(1);
/// The signal that nobody can refuse.
const SIGKILL: i32 = 9;

/// Learns when the person wants to end: Ctrl-C, SIGTERM, or the terminal was closed.
#[derive(Clone)]
pub(super) struct Interruption(Arc<AtomicBool>);

impl Interruption {
    /// Listens from now on, in a thread of its own, until this process ends.
    pub(super) fn listen() -> Result<Interruption, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(said)?;
        let (mut interrupt, mut terminate, mut closed) = {
            let _inside = runtime.enter();
            let listen = |kind| signal(kind).map_err(said);
            (
                listen(SignalKind::interrupt())?,
                listen(SignalKind::terminate())?,
                listen(SignalKind::hangup())?,
            )
        };
        let interruption = Interruption(Arc::default());
        let is_asked = Arc::clone(&interruption.0);
        std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = closed.recv() => {}
                }
            });
            is_asked.store(true, Ordering::Relaxed);
        });
        Ok(interruption)
    }

    /// An error once the person wants to end, so that all processes are ended on the way out.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.0.load(Ordering::Relaxed) {
            Err("ended by the person before the proof".to_owned())
        } else {
            Ok(())
        }
    }
}

/// What went wrong, in its own words.
pub(super) fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Starts processes.
pub(super) struct Launcher {
    /// Ends them all even where this process is killed itself.
    keeper: Keeper,
    program: PathBuf,
    answers: PathBuf,
    interruption: Interruption,
    started: AtomicU64,
}

/// How a process ended.
pub(super) struct ProcessExit {
    /// Its exit code; none if it was killed.
    pub(super) code: Option<i32>,
    /// Whether it was killed before it could end.
    pub(super) was_killed: bool,
    /// What it answered; null if that is not one whole line of JSON.
    pub(super) answer: Json,
    /// How long it took.
    pub(super) took: Duration,
}

impl Launcher {
    /// Processes of this binary that answer into this folder.
    pub(super) fn new(program: PathBuf, answers: &Path, interruption: Interruption) -> Launcher {
        let (keeper, answers) = (Keeper::new(), answers.to_owned());
        Launcher {
            keeper,
            program,
            answers,
            interruption,
            started: AtomicU64::new(0),
        }
    }

    /// Starts a command that answers with JSON. It answers into a file, so that it never waits for
    /// a reader.
    pub(super) fn start(&self, words: &[&str]) -> Result<RunningProcess, String> {
        self.interruption.check()?;
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let file = |end| -> Result<(PathBuf, File), String> {
            let path = self.answers.join(format!("{number}.{end}"));
            let file =
                File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok((path, file))
        };
        let ((out, out_file), (err, err_file)) = (file("out")?, file("err")?);
        // In the keeper's group Ctrl-C reaches this program alone, which then ends all of them.
        let mut command = self.keeper.command(&self.program);
        command
            .arg("--json")
            .args(words)
            .stdin(Stdio::null())
            .stdout(out_file)
            .stderr(err_file);
        // No proxy of the person's lies between phones and a server on this machine, and no
        // variable stops their clocks.
        command
            .env("NO_PROXY", "127.0.0.1")
            .env("no_proxy", "127.0.0.1")
            .env_remove("OUTFIELD_NOW");
        let child = command
            .spawn()
            .map_err(|error| format!("{} cannot be run: {error}", self.program.display()))?;
        let words = words.join(" ");
        Ok(RunningProcess {
            child,
            out,
            err,
            words,
            began: Instant::now(),
            interruption: self.interruption.clone(),
        })
    }

    /// Starts a command and waits until it has ended.
    pub(super) fn run(&self, words: &[&str]) -> Result<ProcessExit, String> {
        self.start(words)?.ended()
    }

    /// Runs a command that must be done; answers its id and its data.
    pub(super) fn done(&self, words: &[&str]) -> Result<(String, Json), String> {
        let ended = self.run(words)?;
        if ended.code != Some(0) {
            return Err(format!(
                "`{}` was not done: {}",
                words.join(" "),
                ended.answer
            ));
        }
        Ok((
            ended.answer["id"].as_str().unwrap_or_default().to_owned(),
            ended.answer["data"].clone(),
        ))
    }
}

/// One process; killed when this is dropped, if it has not ended.
pub(super) struct RunningProcess {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    words: String,
    began: Instant,
    interruption: Interruption,
}

impl RunningProcess {
    /// Waits until it has ended.
    pub(super) fn ended(mut self) -> Result<ProcessExit, String> {
        loop {
            if let Some(status) = self.child.try_wait().map_err(said)? {
                return Ok(self.outcome(status));
            }
            self.still("end")?;
        }
    }

    /// Waits until it has answered with its first line, and lets it go on; answers null if it ended
    /// without one.
    pub(super) fn first_answer(&mut self) -> Result<Json, String> {
        loop {
            let has_ended = self.child.try_wait().map_err(said)?.is_some();
            let answer = self.answer();
            if has_ended || !answer.is_null() {
                return Ok(answer);
            }
            self.still("answer")?;
        }
    }

    /// Kills it: it can save nothing and say nothing. It may have ended before.
    pub(super) fn kill(mut self) -> Result<ProcessExit, String> {
        self.child.kill().map_err(said)?;
        let status = self.child.wait().map_err(said)?;
        Ok(self.outcome(status))
    }

    /// What it said where faults are told.
    pub(super) fn fault(&self) -> String {
        std::fs::read_to_string(&self.err)
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    fn still(&self, what: &str) -> Result<(), String> {
        self.interruption.check()?;
        if self.began.elapsed() > PATIENCE {
            return Err(format!(
                "`{}` did not {what} within {} s",
                self.words,
                PATIENCE.as_secs()
            ));
        }
        std::thread::sleep(LOOK);
        Ok(())
    }

    fn answer(&self) -> Json {
        let text = std::fs::read_to_string(&self.out).unwrap_or_default();
        text.split_once('\n')
            .and_then(|(line, _)| serde_json::from_str(line).ok())
            .unwrap_or_default()
    }

    fn outcome(&self, status: ExitStatus) -> ProcessExit {
        let was_killed = status.signal() == Some(SIGKILL);
        ProcessExit {
            code: status.code(),
            was_killed,
            answer: self.answer(),
            took: self.began.elapsed(),
        }
    }
}

impl Drop for RunningProcess {
    fn drop(&mut self) {
        // Whoever has ended already cannot be killed, and needs not be.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

//! A real server as a child process on a folder of its own, and the command line beside it.
//! It does not know what is tried on it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use outfield_core::app::Device;
use serde_json::{Value as Json, json};

use crate::caller;
use crate::keeper::Keeper;
use crate::keys::{key, put_beside};
use crate::{Clock, Luck, products};

/// How long a call that nothing is wrong with may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server is told whose requests nobody wants to read.
const QUIETLY: [&str; 2] = ["--log-level", "warn"];

/// The binary `outfield` of this build.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        products::folder()
            .expect("cargo builds the binary")
            .join("outfield")
    })
}

/// A folder with the data of one tenant and the databases of its phones; all of it goes with the
/// value.
pub struct Yard {
    /// Holds every process that works here.
    pub keeper: Keeper,
    folder: tempfile::TempDir,
}

impl Yard {
    /// A tenant with one territory, `North`.
    #[must_use]
    pub fn new() -> Self {
        let yard = Yard {
            keeper: Keeper::new(),
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        yard.office(&["tenant", "add", "Acme"]);
        yard.office(&["territory", "add", "North"]);
        yard
    }

    /// A path below the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data folder of the server.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// What the office's command answers; it must succeed.
    pub fn office(&self, words: &[&str]) -> Json {
        let output = self
            .keeper
            .command(binary())
            .arg("--json")
            .args(words)
            .arg("--data")
            .arg(self.data())
            .output();
        let output = output.expect("the binary runs");
        let answer: Json = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(
            answer["ok"] == true,
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        answer
    }

    /// What the office's command answers when it must fail.
    pub fn refused(&self, words: &[&str]) -> Json {
        let mut command = self.keeper.command(binary());
        let command = command
            .arg("--json")
            .args(words)
            .arg("--data")
            .arg(self.data());
        let output = command.output().expect("the binary runs");
        let answer: Json = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(answer["ok"] == false, "{words:?}: {answer}");
        answer
    }

    /// A user of the first tenant, and the code to enrol with.
    pub fn user(&self, name: &str, role: &str) -> String {
        let added = self.office(&[
            "user",
            "add",
            name,
            "--role",
            role,
            "--territory",
            "North",
            "--tenant",
            "Acme",
        ]);
        added["data"]["enrolment_code"]
            .as_str()
            .expect("a code")
            .to_owned()
    }

    /// Starts the server; `listen` is an address whose port may be 0.
    pub fn serve(&self, listen: &str) -> Served {
        self.serve_with(listen, &[])
    }

    /// The same with more arguments.
    pub fn serve_with(&self, listen: &str, more: &[&str]) -> Served {
        let mut arguments = QUIETLY.to_vec();
        arguments.extend(more);
        self.start(self.keeper.command(binary()), listen, &arguments)
    }

    /// The same with its log in a file below the folder.
    pub fn serve_logged(&self, listen: &str, more: &[&str], log: &str) -> Served {
        let file = std::fs::File::create(self.path(log)).expect("a file for the log");
        let mut command = self.keeper.command(binary());
        command.stderr(file);
        self.start(command, listen, more)
    }

    /// The same at a moment (RFC 3339) that stands still.
    pub fn serve_at(&self, listen: &str, moment: &str) -> Served {
        let mut command = self.keeper.command(binary());
        command.env("OUTFIELD_NOW", moment);
        self.start(command, listen, &[])
    }

    /// The same where the process may open only so many files.
    pub fn serve_with_files(&self, listen: &str, files: u32) -> Served {
        let mut command = self.keeper.command("bash");
        let limited = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
        command.args(["-c", &limited]).arg(binary());
        self.start(command, listen, &QUIETLY)
    }

    fn start(&self, mut command: Command, listen: &str, more: &[&str]) -> Served {
        command
            .args(["--json", "serve", "--listen", listen, "--data"])
            .arg(self.data())
            .args(more);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("the server says where it listens");
        let answer: Json = serde_json::from_str(&line).unwrap_or_default();
        let url = answer["data"]["url"].as_str().map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("the server did not start: {line}"));
        let (_, address) = url.split_once("://").expect("a scheme");
        let address = address.parse().expect("an address");
        Served {
            child,
            url,
            address,
        }
    }

    /// A phone of a new user, enrolled and in step with the server; its key lies beside it.
    pub fn phone(&self, served: &Served, name: &str) -> Device {
        let code = self.user(name, "rep");
        let path = self.path(&format!("{name}.db"));
        let luck = Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 1, name);
        put_beside(&path);
        let mut device = Device::open(&path, &key(), luck).expect("a new database");
        device.enrol(&served.url, &code).expect("the code is good");
        device.sync().expect("the server is there");
        device
    }
}

impl Default for Yard {
    fn default() -> Self {
        Yard::new()
    }
}

/// A running server; it is killed when the value goes.
pub struct Served {
    child: Child,
    /// Where it is, such as `http://127.0.0.1:8480`.
    pub url: String,
    /// The same for a socket.
    pub address: SocketAddr,
}

impl Served {
    /// The most memory it ever had, in KiB.
    #[must_use]
    pub fn peak_kib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .expect("a peak");
        line.trim()
            .trim_end_matches(" kB")
            .parse()
            .expect("a number")
    }

    /// Trades a code for tokens, as a client in another language would.
    #[must_use]
    pub fn enrol(&self, code: &str, install: &str) -> Json {
        let body = json!({ "code": code, "install": install, "name": install }).to_string();
        let heard = caller::post(
            self.address,
            "/sync/v1/enrol",
            "",
            body.as_bytes(),
            PATIENCE,
        )
        .expect("an answer");
        assert_eq!(
            heard.status,
            200,
            "{}",
            String::from_utf8_lossy(&heard.body)
        );
        heard.json()
    }

    /// The digest of all that the holder of this token may hold.
    #[must_use]
    pub fn digest(&self, token: &str) -> Json {
        caller::get(self.address, "/api/v1/digest", token, PATIENCE)
            .expect("an answer")
            .json()["data"]
            .take()
    }

    /// Sends it a signal, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let told = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(told.is_ok_and(|status| status.success()), "{name}");
    }

    /// Tells it to stop, and whether it did within this time.
    #[must_use]
    pub fn stops_within(mut self, patience: Duration) -> bool {
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return told.is_ok_and(|status| status.success());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

//! Where people work: a folder, an office with a few accounts, reps with phones, and a server that
//! comes back to its port. It does not know what the reps do, nor when anything is killed.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tempfile::TempDir;

use super::processes::{Interruption, Launcher, RunningProcess, said};
use crate::products;

/// Accounts of the one territory that all reps share.
const ACCOUNTS: &str = "\
code,name,city,state,latitude,longitude
K1,Kiosk One,Springfield,Illinois,39.781700,-89.650100
K2,Kiosk Two,Springfield,Illinois,39.881700,-89.650100
K3,Kiosk Three,Decatur,Illinois,39.840300,-88.954800
K4,Kiosk Four,Peoria,Illinois,40.693600,-89.589000
";
const REPS: &[&str] = &["Ana", "Ben", "Cleo"];
/// How often a server that finds its port taken is started again.
const STARTS_MAX: u32 = 50;

/// A rep with a phone.
pub(super) struct KillRep {
    /// The name.
    pub(super) name: &'static str,
    /// The phone's file.
    pub(super) db: String,
    /// The person's id.
    pub(super) user: String,
}

/// All of it. What stands first ends first: the server before the folder in which it writes.
pub(super) struct KillStage {
    server: Option<RunningProcess>,
    /// Where the server listens, now and after each start.
    pub(super) address: String,
    /// Starts processes.
    pub(super) launcher: Launcher,
    /// The reps.
    pub(super) reps: Vec<KillRep>,
    /// Ids of all accounts.
    pub(super) accounts: Vec<String>,
    folder: TempDir,
}

impl KillStage {
    /// Furnishes an office, starts its server, and gives each rep a phone.
    pub(super) fn set(interruption: Interruption) -> Result<KillStage, String> {
        let folder = tempfile::Builder::new()
            .prefix("outfield-kill-")
            .tempdir()
            .map_err(said)?;
        let answers = folder.path().join("answers");
        std::fs::create_dir(&answers).map_err(said)?;
        let launcher = Launcher::new(products::folder()?.join("outfield"), &answers, interruption);
        let address = "127.0.0.1:0".to_owned();
        let mut stage = KillStage {
            server: None,
            address,
            launcher,
            reps: Vec::new(),
            accounts: Vec::new(),
            folder,
        };
        let sheet = stage.folder.path().join("accounts.csv");
        std::fs::write(&sheet, ACCOUNTS).map_err(said)?;
        stage.office(&["tenant", "add", "Acme"])?;
        stage.office(&[
            "import",
            "accounts",
            &sheet.display().to_string(),
            "--territory-column",
            "state",
        ])?;
        stage.restart()?;
        for name in REPS {
            let added = stage.office(&[
                "user",
                "add",
                name,
                "--role",
                "rep",
                "--territory",
                "Illinois",
            ])?;
            let code = added["enrolment_code"].as_str().unwrap_or_default();
            let db = stage
                .folder
                .path()
                .join(format!("{name}.db"))
                .display()
                .to_string();
            let url = format!("http://{}", stage.address);
            let (_, data) = stage
                .launcher
                .done(&["rep", "--db", &db, "enrol", &url, code])?;
            let user = data["user"].as_str().unwrap_or_default().to_owned();
            stage.launcher.done(&["rep", "--db", &db, "sync"])?;
            stage.reps.push(KillRep { name, db, user });
        }
        let (_, accounts) =
            stage
                .launcher
                .done(&["rep", "--db", &stage.reps[0].db, "list", "account"])?;
        let ids = accounts
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|account| account["id"].as_str());
        stage.accounts = ids.map(str::to_owned).collect();
        Ok(stage)
    }

    fn data(&self) -> String {
        self.folder.path().join("office").display().to_string()
    }

    fn office(&self, words: &[&str]) -> Result<Json, String> {
        Ok(self
            .launcher
            .done(&[words, &["--data", &self.data()]].concat())?
            .1)
    }

    /// The server's file of the one tenant.
    pub(super) fn tenant_file(&self) -> Result<PathBuf, String> {
        let tenants = Path::new(&self.data()).join("tenants");
        let entries = std::fs::read_dir(&tenants)
            .map_err(|error| format!("{}: {error}", tenants.display()))?;
        let mut files = entries.flatten().map(|entry| entry.path());
        let file = files.find(|path| path.extension().is_some_and(|end| end == "db"));
        file.ok_or_else(|| format!("{} holds no tenant", tenants.display()))
    }

    /// Starts one of a rep's commands.
    pub(super) fn start(&self, rep: usize, words: &[&str]) -> Result<RunningProcess, String> {
        self.launcher
            .start(&[&["rep", "--db", &self.reps[rep].db], words].concat())
    }

    /// Runs one of a rep's commands, which must be done.
    pub(super) fn done(&self, rep: usize, words: &[&str]) -> Result<Json, String> {
        Ok(self
            .launcher
            .done(&[&["rep", "--db", &self.reps[rep].db], words].concat())?
            .1)
    }

    /// Kills the server, whatever it is doing.
    pub(super) fn kill_server(&mut self) -> Result<bool, String> {
        match self.server.take() {
            Some(server) => Ok(server.kill()?.was_killed),
            None => Ok(false),
        }
    }

    /// Starts the server on its port, and waits until it accepts connections.
    pub(super) fn restart(&mut self) -> Result<(), String> {
        self.kill_server()?;
        let data = self.data();
        let mut fault = String::new();
        for _ in 0..STARTS_MAX {
            let mut server =
                self.launcher
                    .start(&["serve", "--listen", &self.address, "--data", &data])?;
            let answer = server.first_answer()?;
            if let Some(address) = answer["data"]["url"]
                .as_str()
                .and_then(|url| url.strip_prefix("http://"))
            {
                self.address = address.to_owned();
                self.server = Some(server);
                return Ok(());
            }
            // Another program may have the port for a moment.
            fault = format!("{answer} {}", server.fault());
        }
        Err(format!("the server does not start again: {fault}"))
    }

    /// Leaves all files where they are; answers where.
    pub(super) fn keep(mut self) -> PathBuf {
        self.server = None;
        self.folder.keep()
    }
}

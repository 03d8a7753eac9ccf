//! Where people work: a folder, an office with a few accounts, reps with phones, and a server that
//! comes back to its port. It does not know what the reps do, nor when anything is killed.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tempfile::TempDir;

use super::processes::{Interruption, Launcher, RunningProcess, said};
use crate::dice::Dice;
use crate::products;

/// Accounts of the one territory that all reps share.
const ACCOUNTS: &str = "\
code,name,city,state,latitude,longitude
K1,Kiosk One,Springfield,Illinois,39.781700,-89.650100
K2,Kiosk Two,Springfield,Illinois,39.881700,-89.650100
K3,Kiosk Three,Decatur,Illinois,39.840300,-88.954800
K4,Kiosk Four,Peoria,Illinois,40.693600,-89.589000
";
/// Outlets of an import: each has another city than in the import before, so that the log grows.
pub(super) const OUTLETS: u64 = 150;
const REPS: &[&str] = &["Ana", "Ben", "Cleo"];
/// The folder of backups, and the one into which they are put back.
const BACKUPS: &str = "backups";
const RESTORED: &str = "restored";
/// Papers that lie in the folder; each is twice as long as the one before.
const PAPERS: u64 = 11;
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
    /// Papers that reps take into visits.
    pub(super) papers: Vec<String>,
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
            papers: Vec::new(),
            accounts: Vec::new(),
            folder,
        };
        stage.papers = papers(stage.folder.path())?;
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

    /// What is not right in the data folder, if anything is.
    pub(super) fn checked(&self) -> Result<(), String> {
        self.office(&["check"]).map(drop)
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

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Whether there is a backup that can be restored.
    pub(super) fn is_backed_up(&self) -> bool {
        let generations = self.folder.path().join(BACKUPS).join("generations");
        std::fs::read_dir(generations).is_ok_and(|mut all| all.next().is_some())
    }

    /// Starts a backup of the server's folder.
    pub(super) fn start_backup(&self) -> Result<RunningProcess, String> {
        let (data, to) = (self.data(), self.path(BACKUPS));
        self.launcher
            .start(&["backup", "--data", &data, "--to", &to, "--keep", "3"])
    }

    /// Starts an import of all outlets, in the cities of this import.
    pub(super) fn start_import(&self, import: u64) -> Result<RunningProcess, String> {
        let mut sheet = "code,name,city,state\n".to_owned();
        for outlet in 0..OUTLETS {
            let (code, city) = (code_of(outlet), city_of(import));
            sheet.push_str(&format!("{code},Outlet {outlet},{city},Illinois\n"));
        }
        let file = self.path("outlets.csv");
        std::fs::write(&file, sheet).map_err(said)?;
        let data = self.data();
        let words = ["import", "accounts", &file, "--territory-column", "state"];
        self.launcher
            .start(&[&words[..], &["--data", &data]].concat())
    }

    /// Starts a restore into a folder of its own.
    pub(super) fn start_restore(&self) -> Result<RunningProcess, String> {
        let words = self.last_restore();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.launcher.start(&words)
    }

    /// The words of a restore into that folder.
    pub(super) fn last_restore(&self) -> Vec<String> {
        let (from, to) = (self.path(BACKUPS), self.path(RESTORED));
        let words = ["restore", "--replace", "--from", &from, "--data", &to];
        words.map(str::to_owned).to_vec()
    }

    /// The words of a check of all backups.
    pub(super) fn check_of_backups(&self) -> Vec<String> {
        ["check", "--data", &self.path(BACKUPS)]
            .map(str::to_owned)
            .to_vec()
    }

    /// The words of a check of what was restored.
    pub(super) fn check_of_restored(&self) -> Vec<String> {
        ["check", "--data", &self.path(RESTORED)]
            .map(str::to_owned)
            .to_vec()
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

/// What an outlet is known by.
pub(super) fn code_of(outlet: u64) -> String {
    format!("O{outlet}")
}

/// Where the outlets of an import are.
pub(super) fn city_of(import: u64) -> String {
    format!("City {import}")
}

/// Papers of many lengths, so that some go in one piece and others in many.
fn papers(folder: &Path) -> Result<Vec<String>, String> {
    let mut papers = Vec::new();
    for number in 0..PAPERS {
        let mut bytes = format!("%PDF-1.7 paper {number}").into_bytes();
        bytes.extend(Dice::new(number).bytes(1_000 << number));
        let path = folder.join(format!("paper-{number}.pdf"));
        std::fs::write(&path, bytes).map_err(said)?;
        papers.push(path.display().to_string());
    }
    Ok(papers)
}

//! A phone of the command line, and an office beside it, at moments that a test names. It does not
//! know what they do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use outfield_tests::behind;
use outfield_tests::served::{Served, Yard, binary};
use serde_json::Value as Json;

pub(crate) const START: &str = "2026-11-24T08:30:00Z";
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A phone of the command line, with the moment that it is for it.
pub(crate) struct HandPhone {
    pub(crate) db: PathBuf,
    pub(crate) now: &'static str,
}

impl HandPhone {
    pub(crate) fn at(&self, now: &'static str) -> HandPhone {
        let db = self.db.clone();
        HandPhone { db, now }
    }

    pub(crate) fn says(&self, words: &[&str]) -> Json {
        let mut command = Command::new(binary());
        command
            .args(["--json", "rep", "--db"])
            .arg(&self.db)
            .args(words);
        let output = command.env("OUTFIELD_NOW", self.now).output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{words:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    #[track_caller]
    pub(crate) fn does(&self, words: &[&str]) -> Json {
        let mut said = self.says(words);
        assert_eq!(said["ok"], true, "{words:?}: {said}");
        said["data"].take()
    }

    /// The error with which something is refused.
    #[track_caller]
    pub(crate) fn refused(&self, words: &[&str], code: &str) -> Json {
        let mut said = self.says(words);
        assert_eq!(said["error"]["code"], code, "{words:?}: {said}");
        said["error"].take()
    }

    /// Notes something that nobody else has yet.
    #[track_caller]
    pub(crate) fn notes(&self, note: &str) {
        self.does(&["follow-up", note, "--account", "Shop"]);
    }

    pub(crate) fn holds(&self, note: &str) -> usize {
        let held = self.does(&["list", "follow_up", "--limit", "100"]);
        let held = held.as_array().unwrap();
        held.iter().filter(|fact| fact["note"] == note).count()
    }

    pub(crate) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.db.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    }
}

/// A yard with a server at the first moment.
pub(crate) fn yard() -> (Yard, Served) {
    let yard = Yard::new();
    let put = ["put", "account", "name=Shop", "territory=North"];
    assert_eq!(office(&yard, &put)["ok"], true);
    let served = yard.serve_at("127.0.0.1:0", START);
    (yard, served)
}

/// A person's code, of the same moment as the server.
pub(crate) fn code(yard: &Yard, words: &[&str]) -> String {
    let said = office(yard, words);
    said["data"]["enrolment_code"].as_str().unwrap().to_owned()
}

pub(crate) fn hired(yard: &Yard, name: &str) -> String {
    code(
        yard,
        &[
            "user",
            "add",
            name,
            "--role",
            "manager",
            "--territory",
            "North",
        ],
    )
}

/// A new phone of somebody, in step with the server.
pub(crate) fn phone(yard: &Yard, served: &Served, file: &str, code: &str) -> HandPhone {
    let hand = HandPhone {
        db: yard.path(&format!("{file}.db")),
        now: START,
    };
    hand.does(&["enrol", &served.url, code]);
    hand.does(&["sync"]);
    hand
}

/// What the office's command answers, whether it could or not.
pub(crate) fn office(yard: &Yard, words: &[&str]) -> Json {
    let mut command = Command::new(binary());
    command
        .arg("--json")
        .args(words)
        .arg("--data")
        .arg(yard.data());
    let output = command.env("OUTFIELD_NOW", START).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// No row of any table but what SQLite and the search keep for themselves.
#[track_caller]
pub(crate) fn is_empty(db: &Path) {
    let db = behind::open(db);
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
               AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search%'";
    let names: Vec<String> = {
        let mut statement = db.prepare(sql).unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    };
    assert!(names.len() > 30, "{names:?}");
    for name in names.iter().map(String::as_str).chain(["search_entry"]) {
        // How tables look says nothing of what was in them.
        let rest = if name == "meta" {
            " WHERE key <> 'shape'"
        } else {
            ""
        };
        let counting = format!("SELECT count(*) FROM \"{name}\"{rest}");
        let count: i64 = db.query_row(&counting, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{name} is not empty");
    }
}

//! The server's folder is put back to a day before an object of the tenant's own was published:
//! what people did with it stays on their phones, is told, and is taken once the office publishes
//! the object again. Real processes, and backups as the office makes them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;

use outfield_tests::served::{Served, Yard, binary};
use serde_json::{Value as Json, json};

const DISPLAY: &str = r#"{
  "object": "x_display", "version": 1, "label": "Display", "kind": "document",
  "fields": {
    "account": {"kind": "reference", "label": "Account", "of": "account", "required": true},
    "title": {"kind": "text", "label": "Title", "required": true},
    "units": {"kind": "integer", "label": "Units"}},
  "scope": [{"bucket": "through", "field": "account"}],
  "search": ["title"],
  "rights": {"rep": {"read": true, "create": true, "edit": ["*"]},
    "manager": {"read": true}, "admin": {"read": true}}}"#;

/// What a rep's command answers; it must succeed.
#[track_caller]
fn rep(yard: &Yard, db: &str, words: &[&str]) -> Json {
    let mut command = yard.keeper.command(binary());
    let command = command.args(["--json", "rep", "--db"]).arg(yard.path(db));
    let output = command.args(words).output().unwrap();
    let said: Json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(said["ok"], true, "{words:?}: {said}");
    said
}

/// An office with a shop, a backup of before anything was published, and Ana, who has set up a
/// display since.
struct Fair {
    yard: Yard,
    served: Option<Served>,
    /// Where the server listens.
    listens: String,
    shop: String,
    first: String,
}

fn fair() -> Fair {
    let yard = Yard::new();
    yard.office(&["territory", "add", "South"]);
    let shop = yard.office(&["put", "account", "name=Corner", "territory=North"]);
    let code = yard.user("Ana", "rep");
    let served = yard.serve("127.0.0.1:0");
    rep(&yard, "ana.db", &["enrol", &served.url, &code]);
    rep(&yard, "ana.db", &["sync"]);
    yard.office(&["backup", "--to", &below(&yard, "backups")]);
    let mut fair = Fair {
        listens: served.address.to_string(),
        served: Some(served),
        shop: shop["id"].as_str().unwrap().to_owned(),
        first: String::new(),
        yard,
    };
    fair.publishes();
    fair.syncs();
    fair.first = fair.sets_up("Pyramid");
    fair.ana(&["edit", "x_display", &fair.first, "units=12"]);
    fair.syncs();
    fair
}

fn below(yard: &Yard, name: &str) -> String {
    yard.path(name).display().to_string()
}

impl Fair {
    #[track_caller]
    fn ana(&self, words: &[&str]) -> Json {
        rep(&self.yard, "ana.db", words)
    }

    #[track_caller]
    fn syncs(&self) -> Json {
        self.ana(&["sync"])["data"].clone()
    }

    fn sets_up(&self, title: &str) -> String {
        let (account, title) = (format!("account={}", self.shop), format!("title={title}"));
        let made = self.ana(&["create", "x_display", &account, &title]);
        made["id"].as_str().unwrap().to_owned()
    }

    fn publishes(&self) {
        fs::write(self.yard.path("display.json"), DISPLAY).unwrap();
        let file = below(&self.yard, "display.json");
        self.yard.office(&["object", "publish", &file]);
    }

    /// The backup comes back in place of what the server has.
    fn puts_back(&mut self) {
        self.served.take().unwrap().kill();
        let backups = below(&self.yard, "backups");
        self.yard
            .office(&["restore", "--replace", "--from", &backups]);
        self.served = Some(self.yard.serve(&self.listens));
    }

    /// The displays, each with its units, of whoever's phone this is.
    fn displays(&self, db: &str) -> Vec<String> {
        let listed = rep(&self.yard, db, &["list", "x_display"]);
        let records = listed["data"].as_array().unwrap().iter();
        let mut shown: Vec<String> = records
            .map(|of| format!("{} {}", of["title"].as_str().unwrap(), of["units"]))
            .collect();
        shown.sort();
        shown
    }

    /// Ben comes new, and is told what the server has.
    fn ben_comes(&self) -> Vec<String> {
        let code = self.yard.user("Ben", "rep");
        let url = format!("http://{}", self.listens);
        rep(&self.yard, "ben.db", &["enrol", &url, &code]);
        rep(&self.yard, "ben.db", &["sync"]);
        self.displays("ben.db")
    }

    /// Ana follows the south alone, where nothing is that she did.
    fn moves_ana(&self) {
        let words = ["user", "set", "Ana", "--territory", "South"];
        self.yard.office(&words);
    }
}

#[test]
fn work_on_an_object_that_the_server_lost_stays_is_told_and_is_taken_once_it_is_published() {
    let mut fair = fair();
    fair.sets_up("Unsent");
    fair.ana(&["edit", "x_display", &fair.first, "units=13"]);
    fair.puts_back();

    // However often she meets it, and whatever she does meanwhile.
    for round in 0..3 {
        let synced = fair.syncs();
        assert_eq!(synced["unpublished"], json!(["x_display"]), "{synced}");
        assert_eq!(synced["needs_attention"], 0, "{synced}");
        fair.sets_up(&format!("Later {round}"));
    }
    let status = fair.ana(&["status"])["data"].clone();
    assert_eq!(status["unpublished"], json!(["x_display"]), "{status}");
    assert_eq!(status["unsent"], 5, "{status}");
    let all = [
        "Later 0 null",
        "Later 1 null",
        "Later 2 null",
        "Pyramid 13",
        "Unsent null",
    ];
    assert_eq!(fair.displays("ana.db"), all);

    fair.publishes();
    fair.syncs();
    let synced = fair.syncs();
    assert_eq!(synced["unpublished"], Json::Null, "{synced}");
    assert_eq!(
        (&synced["unsent"], &synced["needs_attention"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(fair.ben_comes(), all);
    fair.yard.office(&["check"]);
}

#[test]
fn what_left_its_phone_waits_there_too() {
    let mut fair = fair();
    fair.moves_ana();
    fair.syncs();
    assert_eq!(fair.displays("ana.db"), [] as [String; 0]);
    fair.puts_back();
    fair.moves_ana();

    for _ in 0..3 {
        let synced = fair.syncs();
        assert_eq!(synced["unpublished"], json!(["x_display"]), "{synced}");
    }
    fair.publishes();
    fair.syncs();
    let synced = fair.syncs();
    assert_eq!(synced["unpublished"], Json::Null, "{synced}");
    assert_eq!(fair.ben_comes(), ["Pyramid 12"]);
}

//! Phones that come back: with damaged pages, from a full disk, with a database of a newer version.
//! What nobody else has is kept, and nothing is doubled. (Copies and older databases are in
//! `copied.rs`, other people in `guards.rs`, older versions in `yesterday.rs`.)

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use outfield_tests::behind;
use outfield_tests::served::{Served, Yard, binary};
use serde_json::Value as Json;

/// Bytes of a page.
const PAGE: usize = 4096;

fn rep(db: &Path, words: &[&str]) -> Json {
    let mut command = Command::new(binary());
    let output = command
        .args(["--json", "rep", "--db"])
        .arg(db)
        .args(words)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{words:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[track_caller]
fn does(db: &Path, words: &[&str]) -> Json {
    let mut said = rep(db, words);
    assert_eq!(said["ok"], true, "{words:?}: {said}");
    said["data"].take()
}

fn code_of(said: &Json) -> String {
    said["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// A phone with some records, and notes that nobody else has.
fn phone(notes: usize) -> (Yard, Served, PathBuf) {
    let yard = Yard::new();
    let code = yard.user("Ana", "manager");
    let served = yard.serve("127.0.0.1:0");
    let db = yard.path("ana.db");
    does(&db, &["enrol", &served.url, &code]);
    does(&db, &["sync"]);
    let territory = does(&db, &["list", "territory"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for name in 0..20 {
        let (name, territory) = (
            format!("name=Shop {name}"),
            format!("territory={territory}"),
        );
        does(&db, &["create", "account", &name, &territory]);
    }
    does(&db, &["sync"]);
    for note in 0..notes {
        does(
            &db,
            &["follow-up", &format!("Note {note}"), "--account", "Shop 0"],
        );
    }
    (yard, served, db)
}

/// How often each note is here.
fn notes(db: &Path) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for fact in does(db, &["list", "follow_up", "--limit", "1000"])
        .as_array()
        .unwrap()
    {
        *found
            .entry(fact["note"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    found
}

fn all_once(count: usize) -> BTreeMap<String, usize> {
    (0..count).map(|note| (format!("Note {note}"), 1)).collect()
}

/// Pages on which a table and its indexes lie.
fn pages_of(db: &Path, tables: &[&str]) -> Vec<usize> {
    let db = behind::open(db);
    let mut pages = Vec::new();
    for table in tables {
        let sql = "SELECT pageno FROM dbstat WHERE name = ?1 OR name IN
                   (SELECT name FROM sqlite_schema WHERE tbl_name = ?1)";
        let Ok(mut statement) = db.prepare(sql) else {
            let root: i64 = db
                .query_row(
                    "SELECT rootpage FROM sqlite_schema WHERE name = ?1",
                    [table],
                    |row| row.get(0),
                )
                .unwrap();
            pages.push(usize::try_from(root).unwrap());
            continue;
        };
        let rows = statement
            .query_map([table], |row| row.get::<_, i64>(0))
            .unwrap();
        pages.extend(rows.map(|page| usize::try_from(page.unwrap()).unwrap()));
    }
    pages
}

/// Spoils pages as a worn disk does.
fn spoil(db: &Path, pages: &[usize]) {
    let mut file = fs::File::options().read(true).write(true).open(db).unwrap();
    for page in pages {
        let at = ((page - 1) * PAGE) as u64;
        let mut bytes = vec![0; PAGE];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut bytes).unwrap();
        bytes
            .iter_mut()
            .skip(100)
            .step_by(7)
            .for_each(|byte| *byte ^= 0x5a);
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&bytes).unwrap();
    }
}

#[test]
fn of_damaged_pages_unsent_work_is_rescued_and_the_rest_comes_again() {
    let (_yard, _served, db) = phone(12);
    spoil(
        &db,
        &pages_of(&db, &["account", "document", "member", "product"]),
    );
    let said = rep(&db, &["list", "account"]);
    assert_eq!(code_of(&said), "damaged_database", "{said}");
    assert!(
        said["error"]["message"]
            .as_str()
            .unwrap()
            .contains("rescue"),
        "{said}"
    );
    let said = does(&db, &["rescue"]);
    assert_eq!(
        (said["unsent"].as_u64(), said["unreadable"].as_u64()),
        (Some(12), Some(0)),
        "{said}"
    );
    let kept = PathBuf::from(said["damaged"].as_str().unwrap());
    assert!(kept.exists(), "the damaged one stays");
    assert_eq!(does(&db, &["status"])["unsent"], 12);
    does(&db, &["sync"]);
    assert_eq!(does(&db, &["status"])["unsent"], 0);
    assert_eq!(notes(&db), all_once(12));
    assert_eq!(
        does(&db, &["list", "account"]).as_array().unwrap().len(),
        20
    );
    // It goes on, with numbers that nobody had.
    does(&db, &["follow-up", "Note 12", "--account", "Shop 0"]);
    does(&db, &["sync"]);
    assert_eq!(notes(&db), all_once(13));
    assert_eq!(does(&db, &["needs-attention"]).as_array().unwrap().len(), 0);
}

#[test]
fn where_the_outbox_itself_is_damaged_what_can_be_read_of_it_is_rescued_and_the_rest_is_counted() {
    let (_yard, _served, db) = phone(60);
    let pages = pages_of(&db, &["outbox"]);
    // A leaf in the middle.
    spoil(&db, &pages[pages.len() / 2..=pages.len() / 2]);
    let said = does(&db, &["rescue"]);
    let (unsent, lost) = (
        said["unsent"].as_u64().unwrap(),
        said["unreadable"].as_u64().unwrap(),
    );
    assert!(unsent + lost >= 60 || unsent == 60, "{said}");
    does(&db, &["sync"]);
    let found = notes(&db);
    assert!(
        found.values().all(|count| *count == 1),
        "nothing is doubled: {found:?}"
    );
    assert_eq!(
        found.len() as u64,
        unsent,
        "all that was rescued is on the server: {said}"
    );
}

#[test]
fn a_whole_database_is_rescued_whole_as_often_as_one_likes() {
    let (_yard, _served, db) = phone(5);
    for round in 1..=2 {
        let said = does(&db, &["rescue"]);
        assert_eq!(said["unsent"], 5, "{round}: {said}");
    }
    does(&db, &["sync"]);
    assert_eq!(notes(&db), all_once(5));
}

#[test]
fn a_newer_database_is_refused_with_advice_and_stays_as_it_is() {
    let (_yard, _served, db) = phone(1);
    behind::open(&db)
        .pragma_update(None, "user_version", 900)
        .unwrap();
    let before = fs::read(&db).unwrap();
    for words in [&["status"][..], &["sync"], &["rescue"]] {
        let said = rep(&db, words);
        assert_eq!(code_of(&said), "newer_database", "{words:?}: {said}");
        assert!(
            said["error"]["message"]
                .as_str()
                .unwrap()
                .contains("update the app"),
            "{said}"
        );
    }
    assert!(fs::read(&db).unwrap() == before, "something was changed");
}

#[test]
fn a_full_disk_keeps_all_that_was_written_and_goes_on_once_there_is_room() {
    let (_yard, _served, db) = phone(3);
    let limited = |blocks: u64, words: &[&str]| -> Json {
        let mut command = Command::new("bash");
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        command
            .args(["-c", &line])
            .arg(binary())
            .args(["--json", "rep", "--db"])
            .arg(&db);
        let output = command.args(words).output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{words:?}: {}", String::from_utf8_lossy(&output.stderr)))
    };
    // No file may become larger than the log is once a few pages are in it.
    let mut refused = 0;
    for blocks in [4, 8, 16, 24, 40] {
        let said = limited(blocks, &["follow-up", "Note 3", "--account", "Shop 0"]);
        if said["ok"] == true {
            break;
        }
        assert_eq!(code_of(&said), "disk_full", "{blocks}: {said}");
        refused += 1;
        assert_eq!(
            does(&db, &["status"])["unsent"],
            3,
            "{blocks}: nothing that was kept is lost"
        );
    }
    assert!(refused > 0, "no limit was small enough");
    if notes(&db).len() == 3 {
        does(&db, &["follow-up", "Note 3", "--account", "Shop 0"]);
    }
    does(&db, &["sync"]);
    assert_eq!(notes(&db), all_once(4));
}

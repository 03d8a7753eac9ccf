//! What lies on the disk of a phone: nothing in plain, nothing that others may read, and nothing
//! without its key. Canaries are written into all that a person or a server can write, and looked
//! for in every file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use outfield_core::app::{DatabaseKey, Device, FieldError};
use outfield_core::base::context::Role;
use outfield_core::store::{locked, meta};
use outfield_tests::keys::key;
use outfield_tests::products::workspace;
use outfield_tests::served::{Served, Yard, binary};
use outfield_tests::{Clock, Luck, Phone, World, behind};
use serde_json::{Value as Json, json};

/// Every file below a folder, with what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

/// Which of these words stand in which file, as text in either case of letters.
fn found<'a>(folder: &Path, words: &'a [String]) -> Vec<(PathBuf, &'a str)> {
    let mut hits = Vec::new();
    for (path, bytes) in files(folder) {
        let bytes = bytes.to_ascii_lowercase();
        for word in words {
            let wanted = word.to_ascii_lowercase().into_bytes();
            if bytes.windows(wanted.len()).any(|part| part == wanted) {
                hits.push((path.clone(), word.as_str()));
            }
        }
    }
    hits
}

/// A phone in a folder of its own, on which everything bears a canary, and the canaries. It is
/// open, with all that it writes beside it.
fn with_canaries(world: &World) -> (Phone, Vec<String>) {
    let shop = world.account("Canaryshop One", "North");
    let mut ann = world.phone("Ann");
    let rosa = ann.adds(
        "contact",
        &json!({
            "name": "Canarywoman Rosa", "email": "canarymail@example.com",
            "phone": "+14795559137", "roles/r/account": shop, "roles/r/role": "canaryrole",
        }),
    );
    ann.sync();
    ann.edits(
        "contact",
        &rosa,
        &json!({"email": "canaryunsent@example.com"}),
    );
    ann.does(&json!({"do": "log_follow_up", "account": shop, "note": "Canarynote for later."}));
    // What is refused is kept with its values.
    world.sets("Ann", Some(Role::named("cashier")), None);
    ann.adds(
        "contact",
        &json!({"name": "Canaryrefused", "roles/r/account": shop}),
    );
    drop(ann.syncs());
    let file = ann.file.clone();
    let db = behind::open(&file);
    let mut words: Vec<String> = ["token", "refresh_token", "proven_refresh_token"]
        .iter()
        .filter_map(|name| meta::get(&db, name).unwrap())
        .collect();
    words.sort();
    words.dedup();
    assert!(words.len() >= 2, "{words:?}");
    let texts = [
        "Canaryshop",
        "Canarywoman",
        "canarymail",
        "9137",
        "canaryrole",
        "canaryunsent",
        "Canarynote",
        "Canaryrefused",
    ];
    words.extend(
        texts
            .iter()
            .filter(|text| text.len() > 4)
            .map(|text| (*text).to_owned()),
    );
    (ann, words)
}

#[test]
fn no_canary_stands_in_any_file_of_a_phone() {
    let world = World::new();
    let (ann, words) = with_canaries(&world);
    let folder = tempfile::tempdir().unwrap();
    // As a kill leaves it, its log and the index of that with it.
    for (path, bytes) in files(ann.file.parent().unwrap()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("Ann.db") {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
    }
    let held = files(folder.path());
    let log = held
        .keys()
        .find(|path| path.extension().is_some_and(|end| end == "db-wal"));
    assert!(
        log.is_some(),
        "what was written last lies in a log: {:?}",
        held.keys()
    );
    assert_eq!(found(folder.path(), &words), []);
    // Looking finds them: the same in plain holds every one.
    let plain = tempfile::tempdir().unwrap();
    locked::copy_out(
        &behind::open(&ann.file),
        &plain.path().join("plain.db"),
        None,
    )
    .unwrap();
    let mut seen: Vec<&str> = found(plain.path(), &words)
        .iter()
        .map(|(_, word)| *word)
        .collect();
    seen.dedup();
    assert_eq!(seen.len(), words.len(), "{seen:?}");
}

#[test]
fn no_token_stands_in_any_file_of_a_server() {
    let world = World::new();
    let (ann, words) = with_canaries(&world);
    let server = world.server.file(world.tenant);
    let tokens: Vec<String> = words.into_iter().filter(|word| word.len() > 40).collect();
    assert!(tokens.len() >= 2, "{tokens:?}");
    assert_eq!(found(server.parent().unwrap(), &tokens), []);
    drop(ann);
}

/// A yard with a server's tenant and an enrolled phone of the command line.
fn enrolled() -> (Yard, Served, PathBuf) {
    let yard = Yard::new();
    let code = yard.user("Ana", "rep");
    let served = yard.serve("127.0.0.1:0");
    fs::create_dir(yard.path("phone")).unwrap();
    let db = yard.path("phone/ana.db");
    done(&db, &["enrol", &served.url, &code]);
    done(&db, &["sync"]);
    (yard, served, db)
}

fn rep(db: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(["--json", "rep", "--db"]).arg(db).args(words);
    command.env_remove("OUTFIELD_KEY").output().unwrap()
}

fn answer(output: &Output) -> Json {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn done(db: &Path, words: &[&str]) -> Json {
    let mut said = answer(&rep(db, words));
    assert_eq!(said["ok"], true, "{words:?}: {said}");
    said["data"].take()
}

#[track_caller]
fn refused(db: &Path, words: &[&str]) -> (String, i32) {
    let output = rep(db, words);
    let said = answer(&output);
    let code = said["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (code, output.status.code().unwrap())
}

#[test]
fn nobody_else_may_read_what_a_phone_writes() {
    let (_yard, _served, db) = enrolled();
    let modes = |folder: &Path| {
        let paths = files(folder).into_keys();
        let mode = |path: PathBuf| {
            (
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                path,
            )
        };
        paths.map(mode).collect::<Vec<_>>()
    };
    // While it is open its log lies beside it.
    let letters = fs::read_to_string(db.with_extension("db.key")).unwrap();
    let key = DatabaseKey::read(letters.trim()).unwrap();
    let luck = Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 1, "open");
    let open = Device::open(&db, &key, luck).unwrap();
    let found = modes(db.parent().unwrap());
    assert!(found.len() >= 4, "{found:?}");
    assert!(found.iter().all(|(mode, _)| *mode == 0o600), "{found:?}");
    drop(open);
    // A file of before that others may read is theirs no more.
    fs::set_permissions(&db, fs::Permissions::from_mode(0o644)).unwrap();
    done(&db, &["status"]);
    let found = modes(db.parent().unwrap());
    assert!(found.iter().all(|(mode, _)| *mode == 0o600), "{found:?}");
}

#[test]
fn without_its_key_a_database_stays_as_it_is() {
    let (_yard, _served, db) = enrolled();
    let key = db.with_extension("db.key");
    let letters = fs::read_to_string(&key).unwrap();
    let before = files(db.parent().unwrap());
    let check = |text: Option<&str>, code: &str| {
        match text {
            Some(text) => fs::write(&key, text).unwrap(),
            None => fs::remove_file(&key).unwrap(),
        }
        for words in [&["status"][..], &["sync"], &["list", "account"]] {
            assert_eq!(
                refused(&db, words),
                (code.to_owned(), 2),
                "{text:?} {words:?}"
            );
        }
        fs::write(&key, &letters).unwrap();
        assert!(
            files(db.parent().unwrap()) == before,
            "{text:?} changed something"
        );
    };
    check(None, "missing_key");
    check(Some(""), "bad_database_key");
    check(Some("twelve"), "bad_database_key");
    check(Some(&"0".repeat(64)), "wrong_key");
    done(&db, &["sync"]);
    // The variable says it where no file does.
    fs::remove_file(&key).unwrap();
    let mut said = Command::new(binary());
    said.args(["--json", "rep", "--db"]).arg(&db).arg("sync");
    let output = said.env("OUTFIELD_KEY", letters.trim()).output().unwrap();
    assert_eq!(answer(&output)["ok"], true);
}

#[test]
fn a_key_is_32_bytes() {
    let short = outfield_core::app::key_of(&[7; 31]).unwrap_err();
    let FieldError::Refused { code, message, .. } = short else {
        panic!("{short:?}")
    };
    assert_eq!(
        (code.as_str(), message.contains("31")),
        ("bad_database_key", true)
    );
    assert!(outfield_core::app::key_of(&[7; 32]).is_ok());
    assert!(
        !format!("{:?}", key()).contains('7'),
        "a key is never shown"
    );
}

/// A phone's database of before there were keys, unsent work in it, as a file in this folder.
fn plain(folder: &Path) -> PathBuf {
    let kept = workspace().join("tests/kept/6b39a6e/ana.db.zst");
    let bytes = zstd::decode_all(fs::File::open(kept).unwrap()).unwrap();
    let db = folder.join("ana.db");
    fs::write(&db, bytes).unwrap();
    db
}

/// What waits in an outbox, byte for byte.
fn unsent(db: &Path) -> Vec<(i64, Vec<u8>, String)> {
    let entries = behind::unsent(db);
    entries
        .into_iter()
        .map(|entry| (entry.number, entry.bytes, entry.command))
        .collect()
}

/// Unsent work of the database that `plain` puts down, told by one that was taken over undisturbed.
fn expected() -> Vec<(i64, Vec<u8>, String)> {
    let folder = tempfile::tempdir().unwrap();
    let db = plain(folder.path());
    let held = done(&db, &["outbox"]);
    let entries = unsent(&db);
    assert!(entries.len() >= 4 && held.as_array().unwrap().len() == entries.len());
    entries
}

/// A database was taken over: it is no longer in plain, whole, and holds what waited.
#[track_caller]
fn is_taken_over(db: &Path, expected: &[(i64, Vec<u8>, String)]) {
    assert!(!locked::is_plain(db).unwrap());
    assert_eq!(unsent(db), expected);
    let whole: String = behind::open(db)
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    let mut names: Vec<String> = fs::read_dir(db.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    // A key that was never put into its place opens nothing.
    names.retain(|name| !name.starts_with("ana.db.key"));
    names.retain(|name| name != "ana.db" && name != "ana.db.device");
    assert_eq!(names, [""; 0], "something is left beside it");
}

#[test]
fn a_plain_database_is_taken_over_whenever_that_is_killed() {
    let expected = expected();
    let mut fates = [0, 0];
    for after in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        let db = plain(folder.path());
        let mut command = Command::new(binary());
        command
            .args(["rep", "--db"])
            .arg(&db)
            .arg("status")
            .stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_micros(after * 700));
        child.kill().unwrap();
        child.wait().unwrap();
        fates[usize::from(locked::is_plain(&db).unwrap())] += 1;
        done(&db, &["status"]);
        is_taken_over(&db, &expected);
    }
    assert!(fates[1] > 0, "some were killed before: {fates:?}");
}

#[test]
fn what_an_attempt_left_behind_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let db = plain(folder.path());
    fs::write(folder.path().join("ana.db-locked"), "half of it").unwrap();
    let expected = expected();
    done(&db, &["status"]);
    is_taken_over(&db, &expected);
}

#[test]
fn two_who_take_over_at_once_both_find_it_done() {
    let expected = expected();
    for _ in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let db = plain(folder.path());
        let start = || {
            let mut command = Command::new(binary());
            command
                .args(["--json", "rep", "--db"])
                .arg(&db)
                .arg("outbox");
            command.stdout(Stdio::piped()).spawn().unwrap()
        };
        let both = [start(), start(), start()];
        for child in both {
            let output = child.wait_with_output().unwrap();
            let said: Json = serde_json::from_slice(&output.stdout).unwrap();
            let unsent = said["data"].as_array().map(Vec::len);
            assert_eq!(unsent, Some(expected.len()), "{said}");
        }
        is_taken_over(&db, &expected);
    }
}

#[test]
fn a_plain_copy_holds_the_same_and_is_made_once() {
    let (yard, _served, db) = enrolled();
    let copy = yard.path("copy.db");
    done(&db, &["copy-plain", &copy.display().to_string()]);
    assert!(locked::is_plain(&copy).unwrap());
    assert_eq!(
        fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let count = |file: &Path| -> i64 {
        behind::open(file)
            .query_row("SELECT count(*) FROM product", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(count(&copy), count(&db));
    let again = refused(&db, &["copy-plain", &copy.display().to_string()]);
    assert_eq!(again, ("bad_file".to_owned(), 2));
}

#[test]
fn no_photo_lies_in_plain_beside_a_database_of_any_version() {
    let (yard, _served, db) = enrolled();
    let folder = db.parent().unwrap();
    let words = ["Canarypaper".to_owned()];
    let paper = yard.path("paper.pdf");
    let bytes = [&b"%PDF-1.7 "[..], &b"Canarypaper ".repeat(20_000)].concat();
    fs::write(&paper, &bytes).unwrap();
    let open = || {
        let letters = fs::read_to_string(db.with_extension("db.key")).unwrap();
        let key = DatabaseKey::read(letters.trim()).unwrap();
        let luck = Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 1, "open");
        Device::open(&db, &key, luck).unwrap()
    };
    let mut ana = open();
    let name = ana.keep_file(&paper).unwrap().data["file"].take();
    let name = name.as_str().unwrap();
    assert_eq!(found(folder, &words), []);
    assert_eq!(ana.file_bytes(name).unwrap(), bytes);
    drop(ana);
    // An older version left it as it was: it is read, and lies sealed from then on.
    let hash = name.split(':').next().unwrap();
    let lies = db.with_extension("db.blobs").join(&hash[..2]).join(hash);
    fs::write(&lies, &bytes).unwrap();
    behind::open(&db)
        .execute("DELETE FROM meta WHERE key = 'files_sealed'", [])
        .unwrap();
    assert_eq!(found(folder, &words).len(), 1);
    assert_eq!(open().file_bytes(name).unwrap(), bytes);
    assert_eq!(found(folder, &words), []);
    // Under another key it is nothing.
    let sealed = fs::read(&lies).unwrap();
    assert!(sealed.len() > bytes.len());
}

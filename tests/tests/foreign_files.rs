//! Files and those who want what is not theirs: forged bytes, foreign hashes, more than there is
//! room for; REST with its rights; and what a restore brings back. Real processes, as ever.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use outfield_core::app::{Device, LineCost};
use outfield_core::base::blob::{BlobName, MediaType};
use outfield_core::base::id::BlobHash;
use outfield_core::base::limits::REQUEST_BYTES_MAX;
use outfield_core::store::blob_folder::BlobFolder;
use outfield_core::store::locked;
use outfield_core::store::sealed::FileKey;
use outfield_core::sync::frames::{Arrived, Fetch, Frame, Piece};
use outfield_core::sync::wire;
use outfield_tests::caller::{self, HttpAnswer};
use outfield_tests::keys::{key, key_beside};
use outfield_tests::pictures::photo;
use outfield_tests::served::{Served, Yard};
use outfield_tests::{Clock, Luck};
use serde_json::{Value as Json, json};

const PATIENCE: Duration = Duration::from_secs(30);

/// A server with two territories, Ana and Ben in the North and Mal in the South.
struct FileStage {
    yard: Yard,
    served: Served,
    ana: Device,
    ben: Device,
    mal: Device,
}

impl FileStage {
    fn new() -> FileStage {
        let yard = Yard::new();
        yard.office(&["territory", "add", "South"]);
        let sheet = yard.path("accounts.csv");
        let rows = "name,code,territory\nCorner Shop,C1,North\nBeach Bar,B1,South\n";
        std::fs::write(&sheet, rows).unwrap();
        let sheet = sheet.to_str().unwrap();
        yard.office(&[
            "import",
            "accounts",
            sheet,
            "--territory-column",
            "territory",
        ]);
        let served = yard.serve("127.0.0.1:0");
        let ana = yard.phone(&served, "Ana");
        let ben = yard.phone(&served, "Ben");
        let added = yard.office(&[
            "user",
            "add",
            "Mal",
            "--role",
            "rep",
            "--territory",
            "South",
        ]);
        let code = added["data"]["enrolment_code"].as_str().unwrap();
        let luck = Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 1, "Mal");
        let mut mal = Device::open(&yard.path("Mal.db"), &key(), luck).unwrap();
        mal.enrol(&served.url, code).unwrap();
        mal.sync().unwrap();
        FileStage {
            yard,
            served,
            ana,
            ben,
            mal,
        }
    }

    fn camera(&self, bytes: &[u8]) -> PathBuf {
        let path = self.yard.path("camera");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Ana takes a photo, and her record of it is on the server.
    fn takes(&mut self, bytes: &[u8]) -> BlobName {
        let path = self.camera(bytes);
        let kept = self.ana.keep_file(&path).unwrap().data["file"].take();
        let kept: BlobName = kept.as_str().unwrap().parse().unwrap();
        named(&mut self.ana, kept);
        kept
    }

    fn says(&self, method: &str, path: &str, token: &str, body: &[u8]) -> HttpAnswer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let said = [head.as_bytes(), body].concat();
        caller::say(self.served.address, &said, PATIENCE).unwrap()
    }

    /// What the server says to pieces.
    fn uploads(&self, token: &str, pieces: &[Piece]) -> Vec<Arrived> {
        let frames: Vec<Frame> = pieces.iter().cloned().map(Frame::Piece).collect();
        let body = wire::encode(&frames).unwrap();
        let said = self.says("POST", "/sync/v1/upload", token, &body);
        assert_eq!(said.status, 200, "{}", String::from_utf8_lossy(&said.body));
        let frames = wire::decode(&said.body, REQUEST_BYTES_MAX).unwrap();
        let arrived = frames.into_iter().map(|frame| {
            let Frame::Arrived(arrived) = frame else {
                panic!("{frame:?}")
            };
            arrived
        });
        arrived.collect()
    }

    fn fetches(&self, token: &str, hash: BlobHash) -> HttpAnswer {
        let fetch = Fetch {
            hash,
            offset: 0,
            most: 1_000,
        };
        let body = wire::encode(&[Frame::Fetch(fetch)]).unwrap();
        self.says("POST", "/sync/v1/download", token, &body)
    }

    /// What is still coming to the server.
    fn parts(&self) -> Vec<PathBuf> {
        let mut found = vec![self.yard.data().join("uploads")];
        // Tenant, device, file.
        for _ in 0..3 {
            let mut below = Vec::new();
            for folder in &found {
                let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
                below.extend(entries.map(|entry| entry.path()));
            }
            found = below;
        }
        found
    }

    fn file(&self, hash: BlobHash) -> Option<PathBuf> {
        let hash = hash.to_string();
        let tenant = std::fs::read_dir(self.yard.data().join("blobs"))
            .ok()?
            .next()?;
        let path = tenant.unwrap().path().join(&hash[..2]).join(hash);
        path.exists().then_some(path)
    }
}

fn token(device: &mut Device) -> String {
    let told = device.token().unwrap().data;
    told["token"].as_str().unwrap().to_owned()
}

/// A record of this person names a file, and is on the server.
fn named(device: &mut Device, file: BlobName) {
    let shop = device.list("account", None, 1).unwrap().data[0]["id"].clone();
    let command = json!({"do": "add_photo", "account": shop, "file": file.to_string()});
    device.execute(&command.to_string()).unwrap();
    device.sync().unwrap();
    assert!(
        device
            .needs_attention()
            .unwrap()
            .data
            .as_array()
            .unwrap()
            .is_empty()
    );
}

fn sends(device: &mut Device) -> Json {
    device.sync_files(LineCost::Unmetered).unwrap().data
}

/// A phone whose owner makes it believe that it holds a file of this name.
fn feigns(database: &Path, file: BlobName, bytes: &[u8]) {
    let key = key_beside(database);
    let folder = BlobFolder::beside(database, FileKey::of(&key));
    let (part, path) = (folder.part(&file.hash.to_string()), folder.path(file.hash));
    folder.append(&part, 0, bytes).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::rename(part, path).unwrap();
    let db = rusqlite::Connection::open(database).unwrap();
    locked::unlock(&db, &key).unwrap();
    db.execute(
        "INSERT INTO blob (hash, bytes, media, state, sent, at) VALUES (?1, ?2, ?3, 0, 0, 1e15)",
        rusqlite::params![
            &file.hash.0[..],
            i64::try_from(file.bytes).unwrap(),
            file.media.name()
        ],
    )
    .unwrap();
}

fn piece(hash: BlobHash, offset: u64, bytes: &[u8]) -> Piece {
    Piece {
        hash,
        offset,
        bytes: bytes.to_vec().into(),
    }
}

#[test]
fn who_knows_a_hash_and_not_the_bytes_gets_nothing() {
    let mut stage = FileStage::new();
    let secret = stage.takes(&photo(1, 300, 200));
    assert_eq!(sends(&mut stage.ana)["sent"], 1);
    let unknown = BlobHash([7; 32]);
    let mal = token(&mut stage.mal);

    let refused = |stage: &FileStage| {
        for hash in [secret.hash, unknown] {
            let path = format!("/api/v1/blob/{hash}");
            let given = stage.says("GET", &path, &mal, b"");
            assert_eq!((given.status, given.code().as_str()), (404, "not_found"));
            let fetched = stage.fetches(&mal, hash);
            assert_eq!(
                (fetched.status, fetched.code().as_str()),
                (404, "not_found")
            );
        }
        let (one, other) = (
            stage.fetches(&mal, secret.hash),
            stage.fetches(&mal, unknown),
        );
        assert_eq!(one.body, other.body, "it shows which hash is here");
    };
    refused(&stage);
    let asked = [piece(secret.hash, 0, b""), piece(unknown, 0, b"")];
    let answers = stage.uploads(&mal, &asked);
    assert_eq!(answers[0].code.as_deref(), Some("not_named"));
    assert_eq!(answers[0].message, answers[1].message);

    // A record of Mal's own names it, for he saw the hash somewhere.
    let forged = vec![0; usize::try_from(secret.bytes).unwrap()];
    feigns(&stage.yard.path("Mal.db"), secret, &forged);
    named(&mut stage.mal, secret);
    refused(&stage);
    let begun = stage.uploads(&mal, &[piece(secret.hash, 0, b"")]);
    assert_eq!(
        (begun[0].held, begun[0].is_whole),
        (0, false),
        "it tells that the file is here"
    );
    let told = sends(&mut stage.mal);
    assert_eq!(
        (&told["sent"], &told["refused"]),
        (&json!(0), &json!(1)),
        "{told}"
    );
    refused(&stage);
    let ben = token(&mut stage.ben);
    assert_eq!(stage.fetches(&ben, secret.hash).status, 200);

    // Whoever has the bytes needs nobody's.
    let path = stage.file(secret.hash).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let brought = stage.uploads(&mal, &[piece(secret.hash, 0, &bytes)]);
    assert!(brought[0].is_whole);
    let given = stage.says("GET", &format!("/api/v1/blob/{}", secret.hash), &mal, b"");
    assert_eq!((given.status, given.body), (200, bytes));
}

#[test]
fn bytes_that_are_not_what_their_name_says_become_no_file() {
    let mut stage = FileStage::new();
    let file = stage.takes(&photo(1, 300, 200));
    let (token, length) = (token(&mut stage.ana), usize::try_from(file.bytes).unwrap());
    let code = |pieces: &[Piece]| {
        let arrived = stage.uploads(&token, pieces).pop().unwrap();
        assert!(!arrived.is_whole);
        (arrived.code.unwrap_or_default(), arrived.held)
    };
    let of = |offset: u64, bytes: &[u8]| piece(file.hash, offset, bytes);
    assert_eq!(code(&[of(0, &vec![1; length])]), ("wrong_bytes".into(), 0));
    assert_eq!(code(&[of(0, &[1; 100])]), (String::new(), 100));
    assert_eq!(code(&[of(0, &[1; 100])]), (String::new(), 100));
    assert_eq!(code(&[of(7_000, &[1; 100])]), (String::new(), 100));
    assert_eq!(
        code(&[of(100, &vec![1; length])]),
        ("wrong_length".into(), 0)
    );
    assert_eq!(code(&[of(0, b"")]), (String::new(), 0));
    assert_eq!(stage.file(file.hash), None);
    let many: Vec<Piece> = (0..17).map(|_| of(0, b"")).collect();
    let body = wire::encode(&many.into_iter().map(Frame::Piece).collect::<Vec<_>>()).unwrap();
    assert_eq!(
        stage.says("POST", "/sync/v1/upload", &token, &body).status,
        400
    );
    assert_eq!(
        sends(&mut stage.ana)["sent"],
        1,
        "honest bytes come after all that"
    );

    let paper = b"%PDF-1.7 a picture, so they say";
    let feigned = BlobName {
        media: MediaType::Png,
        ..BlobName::of(paper).unwrap()
    };
    feigns(&stage.yard.path("Ana.db"), feigned, paper);
    named(&mut stage.ana, feigned);
    let told = sends(&mut stage.ana);
    assert_eq!(
        (&told["sent"], &told["refused"]),
        (&json!(0), &json!(1)),
        "{told}"
    );
    assert_eq!(stage.file(feigned.hash), None);
}

#[test]
fn the_last_byte_counts_though_the_server_died_before_it_looked() {
    let mut stage = FileStage::new();
    let file = stage.takes(&photo(1, 300, 200));
    let bytes = stage.ana.file_bytes(&file.to_string()).unwrap();
    let (token, half) = (token(&mut stage.ana), bytes.len() / 2);
    stage.uploads(&token, &[piece(file.hash, 0, &bytes[..half])]);
    let parts = stage.parts();
    assert_eq!(parts.len(), 1);
    std::fs::write(&parts[0], &bytes).unwrap();
    assert_eq!(sends(&mut stage.ana)["sent"], 1);
    assert_eq!(
        std::fs::read(stage.file(file.hash).unwrap()).unwrap(),
        bytes
    );
    assert!(stage.parts().is_empty());
}

#[test]
fn a_person_brings_no_more_than_there_is_room_for() {
    let mut stage = FileStage::new();
    stage.yard.office(&["tenant", "files", "--person", "1"]);
    let mut all = 0;
    for number in 0..6 {
        all += stage.takes(&photo(number, 1_200, 900)).bytes;
    }
    assert!(all > 1 << 20, "{all} bytes are not too many");
    let told = sends(&mut stage.ana);
    let waiting = told["waiting"].as_u64().unwrap();
    assert!((1..6).contains(&waiting) && told["refused"] == 0, "{told}");
    assert!(told["why"].as_str().unwrap().contains("room"), "{told}");
    let token = token(&mut stage.ana);
    let more = stage.says("PUT", "/api/v1/blob", &token, &photo(9, 1_200, 900));
    assert_eq!((more.status, more.code().as_str()), (403, "files_full"));
    // Others have room of their own, until there is none for anybody.
    let path = stage.camera(&photo(11, 300, 200));
    let kept = stage.ben.keep_file(&path).unwrap().data["file"].take();
    named(&mut stage.ben, kept.as_str().unwrap().parse().unwrap());
    stage
        .yard
        .office(&["tenant", "files", "--person", "100", "--all", "0"]);
    assert_eq!(sends(&mut stage.ben)["waiting"], 1);
    stage.yard.office(&["tenant", "files", "--all", "100"]);
    assert_eq!(sends(&mut stage.ben)["waiting"], 0);
    assert_eq!(sends(&mut stage.ana)["waiting"], 0);
}

#[test]
fn over_rest_a_file_is_brought_then_named_and_given_to_who_sees_the_record() {
    let mut stage = FileStage::new();
    let (ana, mal) = (token(&mut stage.ana), token(&mut stage.mal));
    let bytes = photo(5, 320, 200);
    let brought = stage.says("PUT", "/api/v1/blob", &ana, &bytes);
    assert_eq!(
        brought.status,
        201,
        "{}",
        String::from_utf8_lossy(&brought.body)
    );
    let file = brought.json()["data"]["file"].as_str().unwrap().to_owned();
    let name: BlobName = file.parse().unwrap();
    assert_eq!(Some(name), BlobName::of(&bytes));
    let (path, ben) = (format!("/api/v1/blob/{}", name.hash), token(&mut stage.ben));
    assert_eq!(
        stage.says("GET", &path, &ben, b"").status,
        404,
        "nothing names it"
    );

    let shops = |stage: &FileStage, token: &str| {
        let listed = stage.says("GET", "/api/v1/account", token, b"").json();
        listed["data"]["records"][0]["id"].clone()
    };
    let adds = |stage: &FileStage, token: &str| {
        let shop = shops(stage, token);
        let command = json!({"do": "add_photo", "account": shop, "file": file}).to_string();
        stage.says("POST", "/api/v1/do", token, command.as_bytes())
    };
    let foreign = adds(&stage, &mal);
    assert_eq!(
        (foreign.status, foreign.code().as_str()),
        (400, "unknown_file")
    );
    assert_eq!(adds(&stage, &ana).status, 200);

    let given = stage.says("GET", &path, &ben, b"");
    assert_eq!((given.status, &given.body), (200, &bytes));
    for header in [
        "content-type: image/jpeg",
        "nosniff",
        "sandbox",
        "outfield-protocol: 2",
    ] {
        assert!(given.head.contains(header), "{}", given.head);
    }
    let ranged = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ben}\r\n\
         range: bytes=100-199\r\n\r\n"
    );
    let part = caller::say(stage.served.address, ranged.as_bytes(), PATIENCE).unwrap();
    assert_eq!((part.status, part.body), (206, bytes[100..200].to_vec()));
    assert_eq!(stage.says("GET", &path, &mal, b"").status, 404);
    stage.yard.office(&["check"]);
}

#[test]
fn what_is_no_file_or_comes_from_nobody_is_refused_over_rest() {
    let mut stage = FileStage::new();
    let ana = token(&mut stage.ana);
    assert_eq!(
        stage.says("GET", "/api/v1/blob/00", "nobody", b"").status,
        401
    );
    assert_eq!(
        stage
            .says("PUT", "/api/v1/blob", "nobody", b"%PDF-1.7")
            .status,
        401
    );
    for nonsense in [
        "..%2f..%2foutfield.db",
        "00",
        &"g".repeat(64),
        &"A".repeat(64),
    ] {
        let path = format!("/api/v1/blob/{nonsense}");
        assert_eq!(
            stage.says("GET", &path, &ana, b"").status,
            404,
            "{nonsense}"
        );
    }
    let page = stage.says(
        "PUT",
        "/api/v1/blob",
        &ana,
        b"<html><script>alert(1)</script>",
    );
    assert_eq!((page.status, page.code().as_str()), (400, "unknown_media"));
    let huge = stage.says("PUT", "/api/v1/blob", &ana, &vec![0xff; 17 * 1024 * 1024]);
    assert_eq!((huge.status, huge.code().as_str()), (413, "too_large"));
    stage.yard.office(&["check"]);
}

#[test]
fn what_a_backup_has_comes_back_and_what_it_lacks_phones_give_back() {
    let mut stage = FileStage::new();
    let first = stage.takes(&photo(1, 300, 200));
    assert_eq!(sends(&mut stage.ana)["sent"], 1);
    let backups = stage.yard.path("backups");
    let backups = backups.to_str().unwrap();
    let taken = stage.yard.office(&["backup", "--to", backups]);
    assert_eq!(
        (&taken["data"]["blobs"], &taken["data"]["blobs_copied"]),
        (&json!(1), &json!(1))
    );
    let second = stage.takes(&photo(2, 300, 200));
    assert_eq!(sends(&mut stage.ana)["sent"], 1);

    // The disk spoils one file and loses another: `check` names both.
    std::fs::write(stage.file(first.hash).unwrap(), b"spoilt").unwrap();
    std::fs::remove_file(stage.file(second.hash).unwrap()).unwrap();
    let wrong = stage.yard.refused(&["check"]).to_string();
    assert!(
        wrong.contains("blob_damaged") && wrong.contains("blob_missing"),
        "{wrong}"
    );

    let address = stage.served.address.to_string();
    let FileStage {
        yard,
        served,
        mut ana,
        mut ben,
        ..
    } = stage;
    served.kill();
    yard.office(&["restore", "--from", backups, "--replace"]);
    yard.office(&["check"]);
    let served = yard.serve(&address);
    ben.fetch_file(&first.to_string()).unwrap();
    ana.sync().unwrap();
    ana.sync_files(LineCost::Unmetered).unwrap();
    ben.sync().unwrap();
    ben.fetch_file(&second.to_string()).unwrap();
    assert_eq!(
        ben.file(&second.to_string()).unwrap().data["state"],
        "present"
    );
    yard.office(&["check"]);
    let taken = yard.office(&["backup", "--to", backups]);
    assert_eq!(
        (&taken["data"]["blobs"], &taken["data"]["blobs_copied"]),
        (&json!(2), &json!(1))
    );
    drop(served);
}

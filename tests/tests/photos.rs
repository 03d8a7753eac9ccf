//! Photos between real processes: they are kept small and without a place, wait apart from records,
//! arrive once and byte for byte, whatever is killed and however often a line breaks; and nobody
//! shows one as present that is not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use outfield_core::app::{Device, FieldError, LineCost};
use outfield_core::base::blob::BlobName;
use outfield_tests::frail_line::{FrailLine, Frailty};
use outfield_tests::keys::key;
use outfield_tests::pictures::{self, PLACE, bomb, photo};
use outfield_tests::served::{Served, Yard, binary};
use outfield_tests::{Clock, Luck};
use serde_json::{Value as Json, json};

/// How long all of a story may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A server with one shop, and Ana with a visit to it.
struct PhotoStage {
    yard: Yard,
    /// None while it is down.
    served: Option<Served>,
    ana: Device,
    visit: String,
}

impl PhotoStage {
    fn new() -> PhotoStage {
        let yard = Yard::new();
        let sheet = yard.path("accounts.csv");
        std::fs::write(&sheet, "name,code,territory\nCorner Shop,C1,North\n").unwrap();
        let sheet = sheet.to_str().unwrap();
        yard.office(&[
            "import",
            "accounts",
            sheet,
            "--territory-column",
            "territory",
        ]);
        let served = yard.serve("127.0.0.1:0");
        let mut ana = yard.phone(&served, "Ana");
        let shop = listed(&mut ana, "account")[0]["id"].clone();
        let visit = does(&mut ana, &json!({"do": "start_visit", "account": shop}));
        PhotoStage {
            yard,
            served: Some(served),
            ana,
            visit,
        }
    }

    fn served(&self) -> &Served {
        self.served.as_ref().unwrap()
    }

    /// The server dies and comes back to its address.
    fn server_dies(&mut self) {
        let address = self.served().address.to_string();
        self.served.take().unwrap().kill();
        self.served = Some(self.yard.serve(&address));
    }

    /// Ana takes a photo; the name of its file.
    fn takes(&mut self, bytes: &[u8]) -> BlobName {
        let path = self.yard.path("camera");
        std::fs::write(&path, bytes).unwrap();
        let kept = self.ana.keep_file(&path).unwrap().data;
        let command = json!({"do": "add_photo", "visit": self.visit, "file": kept["file"]});
        does(&mut self.ana, &command);
        kept["file"].as_str().unwrap().parse().unwrap()
    }

    /// What a rep's command line says.
    fn rep(&self, words: &[&str]) -> Json {
        let mut command = self.yard.keeper.command(binary());
        command.args(["--json", "rep", "--db"]);
        command.arg(self.yard.path("Ana.db")).args(words);
        let said = command.output().unwrap();
        serde_json::from_slice(&said.stdout).unwrap()
    }

    /// The files of the tenant that are whole on the server, by hash.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        for path in below(&self.yard.data().join("blobs")) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // A file that goes meanwhile would be a fault, and shows in what is compared.
            found.insert(name, std::fs::read(path).unwrap_or_default());
        }
        found
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

fn does(device: &mut Device, command: &Json) -> String {
    device.execute(&command.to_string()).unwrap().id.unwrap()
}

fn listed(device: &mut Device, object: &str) -> Vec<Json> {
    let found = device.list(object, None, 1_000).unwrap().data;
    found.as_array().unwrap().clone()
}

fn state(device: &Device, name: BlobName) -> String {
    let told = device.file(&name.to_string()).unwrap().data;
    told["state"].as_str().unwrap().to_owned()
}

fn kept(device: &Device, name: BlobName) -> Vec<u8> {
    device.file_bytes(&name.to_string()).unwrap()
}

#[test]
fn a_photo_is_small_tells_no_place_and_is_absent_elsewhere_until_it_is_there() {
    let mut stage = PhotoStage::new();
    let taken = photo(1, 3_000, 2_000);
    let name = stage.takes(&taken);
    let mine = kept(&stage.ana, name);
    let tells = |bytes: &[u8]| bytes.windows(PLACE.len()).any(|part| part == PLACE);
    assert!(tells(&taken) && !tells(&mine));
    let seen = pictures::seen(&mine);
    assert_eq!(
        (seen.wide, seen.high, seen.has_metadata),
        (2_048, 1_365, false)
    );

    stage.ana.sync().unwrap();
    let mut ben = stage.yard.phone(stage.served(), "Ben");
    let there = listed(&mut ben, "photo");
    assert_eq!(
        there[0]["file"],
        name.to_string(),
        "the record does not wait"
    );
    assert_eq!(there[0]["account"], listed(&mut ben, "account")[0]["id"]);
    assert_eq!(
        (state(&ben, name), state(&stage.ana, name)),
        ("absent".into(), "waiting".into())
    );
    let Err(FieldError::Refused { code, .. }) = ben.fetch_file(&name.to_string()) else {
        panic!("a file came that is not there");
    };
    assert_eq!(
        (code.as_str(), state(&ben, name).as_str()),
        ("not_found", "absent")
    );

    let told = stage.ana.sync_files(LineCost::Unmetered).unwrap().data;
    assert_eq!(
        (&told["sent"], &told["waiting"]),
        (&json!(1), &json!(0)),
        "{told}"
    );
    assert_eq!(state(&stage.ana, name), "present");
    assert_eq!(state(&ben, name), "absent");
    ben.fetch_file(&name.to_string()).unwrap();
    assert_eq!(
        (state(&ben, name), kept(&ben, name)),
        ("present".into(), mine)
    );
}

#[test]
fn a_photo_shows_an_action_done_and_the_command_line_takes_lists_and_copies_it() {
    let stage = PhotoStage::new();
    let camera = stage.yard.path("storefront.jpg");
    std::fs::write(&camera, photo(1, 900, 600)).unwrap();
    let camera = camera.to_str().unwrap();
    let visit = stage.visit.as_str();
    let unknown = stage.rep(&["visit", "photo", visit, camera, "--action", "cellar"]);
    assert_eq!(unknown["error"]["code"], "unknown_action");
    let taken = stage.rep(&[
        "visit",
        "photo",
        visit,
        camera,
        "--caption",
        "The front",
        "--action",
        "storefront",
        "--at",
        "36.34,-94.07",
    ]);
    assert_eq!(taken["ok"], true, "{taken}");
    let answered = stage.rep(&["visit", "answer", visit, "storefront"]);
    assert_eq!(
        answered["data"]["actions"]["storefront"]["answer"],
        taken["id"]
    );
    let list = stage.rep(&["photo", "list", "--visit", visit]);
    let first = &list["data"][0];
    assert_eq!(
        (&first["caption"], &first["file_state"]),
        (&json!("The front"), &json!("waiting"))
    );

    let over = stage.rep(&["photo", "over", "wifi_only"]);
    assert_eq!(over["data"]["files_over"], "wifi_only");
    let synced = stage.rep(&["sync", "--metered"]);
    assert_eq!(
        (
            &synced["data"]["unsent"],
            &synced["data"]["files"]["waiting"]
        ),
        (&json!(0), &json!(1))
    );
    assert!(stage.files().is_empty());
    let synced = stage.rep(&["sync"]);
    assert_eq!(synced["data"]["files"]["sent"], 1, "{synced}");
    let copy = stage.yard.path("copy.jpg");
    let id = taken["id"].as_str().unwrap();
    let got = stage.rep(&["photo", "get", id, "--to", copy.to_str().unwrap()]);
    assert_eq!(got["data"]["state"], "present");
    let files: Vec<Vec<u8>> = stage.files().into_values().collect();
    assert_eq!(files, vec![std::fs::read(copy).unwrap()]);
    assert!(stage.rep(&["sync"])["data"]["files"].is_null());
}

#[test]
fn two_hundred_photos_taken_offline_arrive_once_each_through_ten_kills() {
    let mut stage = PhotoStage::new();
    let address = stage.served().address;
    let mut taken = BTreeMap::new();
    for number in 0..200 {
        let name = stage.takes(&photo(number, 240, 160));
        taken.insert(name.hash.to_string(), kept(&stage.ana, name));
    }
    assert_eq!(taken.len(), 200);
    let slow = Frailty {
        pause: Duration::from_micros(300),
        ..Frailty::NONE
    };
    let line = FrailLine::to(address, slow);
    stage.ana.set_server(&line.url).unwrap();

    let (began, mut kills) = (Instant::now(), 0);
    let mut sync = syncs(&stage.yard);
    loop {
        let there = below(&stage.yard.data().join("blobs")).len();
        assert!(began.elapsed() < PATIENCE, "{there} are there");
        let has_ended = sync.try_wait().unwrap().is_some();
        if kills < 10 && there >= 18 * kills + 5 {
            kills += 1;
            drop(sync.kill());
            drop(sync.wait());
            if kills % 3 == 0 {
                stage.server_dies();
            }
            for (hash, bytes) in stage.files() {
                assert_eq!(
                    taken.get(&hash),
                    Some(&bytes),
                    "not the file that it is called"
                );
            }
            sync = syncs(&stage.yard);
        } else if has_ended && there == 200 {
            break;
        } else if has_ended {
            sync = syncs(&stage.yard);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(kills, 10);
    drop(syncs(&stage.yard).wait());
    assert_eq!(stage.files(), taken);
    let told = stage.ana.sync_files(LineCost::Unmetered).unwrap().data;
    assert_eq!(
        (&told["waiting"], &told["refused"]),
        (&json!(0), &json!(0)),
        "{told}"
    );
    assert!(below(&stage.yard.data().join("uploads")).is_empty());
    let mut ben = stage.yard.phone(stage.served(), "Ben");
    assert_eq!(listed(&mut ben, "photo").len(), 200);
    stage.yard.office(&["check"]);
}

/// Ana's phone begins to meet the server, in a process of its own.
fn syncs(yard: &Yard) -> Child {
    let mut command: Command = yard.keeper.command(binary());
    command
        .args(["--json", "rep", "--db"])
        .arg(yard.path("Ana.db"));
    let command = command.arg("sync").stdout(Stdio::null());
    command.stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_line_that_breaks_every_64_kib_carries_photos_both_ways() {
    let mut stage = PhotoStage::new();
    let names: Vec<BlobName> = (0..4).map(|n| stage.takes(&photo(n, 1_200, 900))).collect();
    let sizes: Vec<u64> = names.iter().map(|name| name.bytes).collect();
    assert!(sizes.iter().all(|bytes| *bytes > 150_000), "{sizes:?}");
    let frail = Frailty {
        up: 64 * 1024,
        down: 64 * 1024,
        ..Frailty::NONE
    };
    let line = FrailLine::to(stage.served().address, frail);
    stage.ana.set_server(&line.url).unwrap();
    stage.ana.sync().unwrap();
    let mut meetings = 0;
    loop {
        let told = stage.ana.sync_files(LineCost::Unmetered).unwrap().data;
        if told["waiting"] == 0 {
            break;
        }
        meetings += 1;
        assert!(meetings < 10, "it does not get ahead: {told}");
    }
    let up = line.breaks();
    assert!(up > 8, "the line broke {up} times");
    let mut ben = stage.yard.phone(stage.served(), "Ben");
    ben.set_server(&line.url).unwrap();
    for name in &names {
        ben.fetch_file(&name.to_string()).unwrap();
        assert_eq!(kept(&ben, *name), kept(&stage.ana, *name));
    }
    assert!(
        line.breaks() > up + 8,
        "the line broke {} times",
        line.breaks()
    );
    assert_eq!(stage.files().len(), 4);
}

#[test]
fn bombs_are_refused_and_two_photos_of_the_same_bytes_are_one_file() {
    let mut stage = PhotoStage::new();
    let path = stage.yard.path("bomb.png");
    for (bytes, wanted) in [
        (bomb(50_000, 50_000), "too_many_dots"),
        (bomb(7_000, 7_000), "broken_picture"),
        (b"<html>".to_vec(), "unknown_media"),
        (Vec::new(), "unknown_media"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let Err(FieldError::Refused { code, .. }) = stage.ana.keep_file(&path) else {
            panic!("{wanted} was kept");
        };
        assert_eq!(code, wanted);
    }
    let taken = photo(3, 300, 200);
    let (one, other) = (stage.takes(&taken), stage.takes(&taken));
    assert_eq!(one, other);
    stage.ana.sync().unwrap();
    stage.ana.sync_files(LineCost::Unmetered).unwrap();
    assert_eq!(
        (stage.files().len(), listed(&mut stage.ana, "photo").len()),
        (1, 2)
    );
    let unknown = BlobName::of(b"%PDF-1.7 never taken").unwrap().to_string();
    let named = json!({"do": "add_photo", "visit": stage.visit, "file": unknown});
    let Err(FieldError::Refused { code, .. }) = stage.ana.execute(&named.to_string()) else {
        panic!("a record names a file that nobody has");
    };
    assert_eq!(code, "unknown_file");
}

#[test]
fn a_file_that_no_record_names_goes_after_a_day_and_another_stays() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let clock = Clock::at("2026-11-24T08:30:00Z");
    let code = yard.user("Ana", "rep");
    let luck = Luck::of(&clock, 1, "Ana");
    let mut ana = Device::open(&yard.path("ana.db"), &key(), luck).unwrap();
    ana.enrol(&served.url, &code).unwrap();
    let mut keeps = |number: u64| -> BlobName {
        let path = yard.path("camera");
        std::fs::write(&path, photo(number, 60, 40)).unwrap();
        let kept = ana.keep_file(&path).unwrap().data;
        kept["file"].as_str().unwrap().parse().unwrap()
    };
    let first = keeps(1);
    clock.advance_hours(25);
    let second = keeps(2);
    assert_eq!(
        (state(&ana, first), state(&ana, second)),
        ("absent".into(), "kept".into())
    );
}

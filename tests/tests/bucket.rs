//! Photos through a bucket of any S3: they go up from one phone, come down on another and over
//! REST, through everything that a bucket does in a bad week; none is lost, and none is said to be
//! there that is not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use outfield_core::app::{Device, FieldError, LineCost};
use outfield_core::base::blob::BlobName;
use outfield_tests::caller::{self, HttpAnswer};
use outfield_tests::keys::key;
use outfield_tests::pictures::photo;
use outfield_tests::served::{Served, Yard, binary};
use outfield_tests::small_bucket::{BucketFault, SmallBucket};
use outfield_tests::{Clock, Luck};
use serde_json::{Value as Json, json};

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Where the files lie.
const PLACE: &str = "s3://photos/acme";

/// A bucket, a server whose files lie in it, and Ana with a visit.
struct BucketStage {
    bucket: SmallBucket,
    yard: Yard,
    /// None while it is down.
    served: Option<Served>,
    ana: Device,
    visit: String,
}

impl BucketStage {
    fn new() -> BucketStage {
        BucketStage::with(&["--files", PLACE])
    }

    fn with(options: &[&str]) -> BucketStage {
        let bucket = SmallBucket::new();
        let mut yard = Yard::new();
        for (name, value) in bucket.variables() {
            yard.keeper.tell(name, value);
        }
        yard.office(&["put", "account", "name=Corner Shop", "territory=North"]);
        let served = yard.serve_with("127.0.0.1:0", options);
        let mut ana = yard.phone(&served, "Ana");
        let shop = listed(&mut ana, "account")[0]["id"].clone();
        let visit = does(&mut ana, &json!({"do": "start_visit", "account": shop}));
        BucketStage {
            bucket,
            yard,
            served: Some(served),
            ana,
            visit,
        }
    }

    fn served(&self) -> &Served {
        self.served.as_ref().unwrap()
    }

    /// The server dies and comes back to its address with these options.
    fn restarts(&mut self, options: &[&str]) {
        let address = self.served().address.to_string();
        self.served.take().unwrap().kill();
        self.served = Some(self.yard.serve_with(&address, options));
    }

    /// Ana takes a photo and the record goes up; the name of its file.
    fn takes(&mut self, number: u64) -> BlobName {
        let path = self.yard.path("camera");
        std::fs::write(&path, photo(number, 900, 600)).unwrap();
        let kept = self.ana.keep_file(&path).unwrap().data;
        let command = json!({"do": "add_photo", "visit": self.visit, "file": kept["file"]});
        does(&mut self.ana, &command);
        kept["file"].as_str().unwrap().parse().unwrap()
    }

    fn takes_and_syncs(&mut self, numbers: std::ops::Range<u64>) -> Vec<BlobName> {
        let names = numbers.map(|number| self.takes(number)).collect();
        self.ana.sync().unwrap();
        names
    }

    fn sends(&mut self) -> Json {
        self.ana.sync_files(LineCost::Unmetered).unwrap().data
    }

    /// Sends until nothing waits.
    fn sends_all(&mut self) {
        let began = Instant::now();
        loop {
            let told = self.sends();
            if told["waiting"] == 0 {
                assert_eq!(told["refused"], 0, "{told}");
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{told}");
        }
    }

    fn is_ready(&self) -> Json {
        self.gets("/health/ready", "", "").json()
    }

    /// What the server answers to who has this token, if any, and says this line beside.
    fn gets(&self, path: &str, token: &str, line: &str) -> HttpAnswer {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{line}\
             connection: close\r\n\r\n"
        );
        caller::say(self.served().address, head.as_bytes(), PATIENCE).unwrap()
    }

    /// A person of another territory, and that person's token.
    fn stranger(&self) -> String {
        self.yard.office(&["territory", "add", "South"]);
        let add = [
            "user",
            "add",
            "Sue",
            "--role",
            "rep",
            "--territory",
            "South",
        ];
        let added = self.yard.office(&add);
        let code = added["data"]["enrolment_code"].as_str().unwrap();
        let luck = Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 1, "Sue");
        let mut sue = Device::open(&self.yard.path("Sue.db"), &key(), luck).unwrap();
        sue.enrol(&self.served().url, code).unwrap();
        token(&mut sue)
    }

    /// Ana's phone begins to meet the server, in a process of its own.
    fn syncs(&self) -> Child {
        let mut command = self.yard.keeper.command(binary());
        command.args(["--json", "rep", "--db"]);
        command.arg(self.yard.path("Ana.db")).arg("sync");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// The bucket by hash.
    fn by_hash(&self) -> BTreeMap<String, Vec<u8>> {
        let objects = self.bucket.objects().into_iter();
        objects
            .map(|(key, bytes)| (key.rsplit('/').next().unwrap().to_owned(), bytes))
            .collect()
    }

    fn key_of(&self, name: BlobName) -> String {
        let hash = name.hash.to_string();
        let objects = self.bucket.objects();
        let key = objects.keys().find(|key| key.ends_with(&hash));
        key.unwrap_or_else(|| panic!("{hash} is not in the bucket"))
            .clone()
    }
}

fn does(device: &mut Device, command: &Json) -> String {
    device.execute(&command.to_string()).unwrap().id.unwrap()
}

fn token(device: &mut Device) -> String {
    let told = device.token().unwrap().data;
    told["token"].as_str().unwrap().to_owned()
}

fn listed(device: &mut Device, object: &str) -> Vec<Json> {
    let found = device.list(object, None, 1_000).unwrap().data;
    found.as_array().unwrap().clone()
}

fn kept(device: &Device, name: BlobName) -> Vec<u8> {
    device.file_bytes(&name.to_string()).unwrap()
}

fn state(device: &Device, name: BlobName) -> String {
    let told = device.file(&name.to_string()).unwrap().data;
    told["state"].as_str().unwrap().to_owned()
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn photos_go_up_once_and_come_down_on_another_phone() {
    let mut stage = BucketStage::new();
    let names = stage.takes_and_syncs(0..12);
    stage.sends_all();
    let mine: BTreeMap<String, Vec<u8>> = names
        .iter()
        .map(|name| (name.hash.to_string(), kept(&stage.ana, *name)))
        .collect();
    assert_eq!(stage.by_hash(), mine);
    for name in &names {
        assert_eq!(stage.bucket.asked("PUT", &stage.key_of(*name)), 1);
    }
    assert!(
        stage
            .bucket
            .objects()
            .keys()
            .all(|key| key.starts_with("acme/"))
    );
    assert_eq!(stage.bucket.unsigned(), 0);
    for folder in ["blobs", "uploads"] {
        let left = below(&stage.yard.data().join(folder));
        assert!(left.is_empty(), "{left:?}");
    }
    let mut ben = stage.yard.phone(stage.served(), "Ben");
    for name in &names {
        ben.fetch_file(&name.to_string()).unwrap();
        assert_eq!(kept(&ben, *name), mine[&name.hash.to_string()]);
    }
    stage.yard.office(&["check"]);
}

#[test]
fn photos_are_given_over_rest_to_who_may_see_them_and_to_nobody_else() {
    let mut stage = BucketStage::new();
    let name = stage.takes_and_syncs(0..1)[0];
    stage.sends_all();
    let mine = kept(&stage.ana, name);
    let path = format!("/api/v1/blob/{}", name.hash);
    let insider = token(&mut stage.ana);
    let answer = stage.gets(&path, &insider, "");
    assert_eq!((answer.status, &answer.body), (200, &mine));
    let part = stage.gets(&path, &insider, "range: bytes=10-19\r\n");
    assert_eq!((part.status, &part.body[..]), (206, &mine[10..20]));
    let stranger = stage.stranger();
    assert_eq!(stage.gets(&path, &stranger, "").status, 404);
    assert_eq!(stage.gets(&path, "", "").status, 401);
    // Of a bucket that lost it, or that has other bytes in its place, nobody is given anything.
    let key = stage.key_of(name);
    stage.bucket.spoil(&key, None);
    assert_eq!(stage.gets(&path, &insider, "").status, 404);
    let found = stage.yard.refused(&["check"]);
    assert!(found.to_string().contains("blob_missing"), "{found}");
    stage.bucket.spoil(&key, Some(vec![7; mine.len()]));
    let found = stage.yard.refused(&["check"]);
    assert!(found.to_string().contains("blob_damaged"), "{found}");
}

#[test]
fn a_bucket_that_fails_in_every_way_loses_no_photo() {
    let mut stage = BucketStage::new();
    let mut number = 0;
    for fault in [
        BucketFault::Down,
        BucketFault::Errors,
        BucketFault::Forbidden,
        BucketFault::Cuts,
    ] {
        let names = stage.takes_and_syncs(number..number + 2);
        number += 2;
        stage.bucket.fails(fault);
        let told = stage.sends();
        assert_eq!(
            (&told["sent"], &told["waiting"]),
            (&json!(0), &json!(2)),
            "{fault:?}"
        );
        for name in &names {
            assert_ne!(state(&stage.ana, *name), "present", "{fault:?}");
        }
        let why = told["why"].as_str().unwrap_or_default();
        assert!(why.contains("bucket"), "{fault:?}: {why}");
        assert_eq!(stage.is_ready()["data"]["files"], "wait", "{fault:?}");
        // Records go on meanwhile.
        stage.ana.sync().unwrap();
        if fault == BucketFault::Errors {
            stage.restarts(&[]);
        }
        stage.bucket.fails(BucketFault::None);
        stage.sends_all();
        for name in &names {
            assert_eq!(
                stage.by_hash()[&name.hash.to_string()],
                kept(&stage.ana, *name)
            );
        }
    }
    stage
        .bucket
        .fails(BucketFault::Slow(Duration::from_millis(300)));
    stage.takes_and_syncs(number..number + 2);
    stage.sends_all();
    stage.bucket.fails(BucketFault::None);
    assert_eq!(stage.by_hash().len() as u64, number + 2);
    stage.yard.office(&["check"]);
    // A phone that fetches is told why nothing comes, and has it once the bucket is up.
    let mut ben = stage.yard.phone(stage.served(), "Ben");
    let name = listed(&mut ben, "photo")[0]["file"]
        .as_str()
        .unwrap()
        .to_owned();
    stage.bucket.fails(BucketFault::Down);
    let Err(FieldError::TryLater { message }) = ben.fetch_file(&name) else {
        panic!("it came from a bucket that is down");
    };
    assert!(message.contains("bucket"), "{message}");
    stage.bucket.fails(BucketFault::None);
    let began = Instant::now();
    while ben.fetch_file(&name).is_err() {
        assert!(began.elapsed() < PATIENCE, "it does not come");
    }
}

#[test]
fn a_server_that_is_killed_on_the_way_has_each_photo_once() {
    let mut stage = BucketStage::new();
    let names = stage.takes_and_syncs(0..40);
    stage
        .bucket
        .fails(BucketFault::Slow(Duration::from_millis(15)));
    let began = Instant::now();
    let mut kills = 0;
    loop {
        assert!(began.elapsed() < PATIENCE, "{kills} kills");
        let mut sync = stage.syncs();
        let there = stage.bucket.objects().len();
        while kills < 5 && stage.bucket.objects().len() < there + 4 {
            std::thread::sleep(Duration::from_millis(2));
            if sync.try_wait().unwrap().is_some() {
                break;
            }
        }
        if kills < 5 {
            kills += 1;
            stage.restarts(&[]);
            drop(sync.kill());
        }
        drop(sync.wait());
        if kills == 5 && stage.sends()["waiting"] == 0 {
            break;
        }
    }
    stage.bucket.fails(BucketFault::None);
    let mine: BTreeMap<String, Vec<u8>> = names
        .iter()
        .map(|name| (name.hash.to_string(), kept(&stage.ana, *name)))
        .collect();
    assert_eq!(stage.by_hash(), mine);
    assert!(below(&stage.yard.data().join("uploads")).is_empty());
    stage.yard.office(&["check"]);
}

#[test]
fn files_of_a_folder_move_up_are_backed_up_and_come_back() {
    let mut stage = BucketStage::with(&[]);
    let names = stage.takes_and_syncs(0..3);
    stage.sends_all();
    assert_eq!(below(&stage.yard.data().join("blobs")).len(), 3);
    stage.restarts(&["--files", PLACE]);
    let began = Instant::now();
    while !below(&stage.yard.data().join("blobs")).is_empty() {
        assert!(began.elapsed() < PATIENCE, "they stay");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(stage.by_hash().len(), 3);

    let backups = stage.yard.path("backups");
    let to = backups.to_str().unwrap();
    let taken = stage.yard.office(&["backup", "--to", to]);
    let counts = |taken: &Json| {
        (
            taken["data"]["blobs"].clone(),
            taken["data"]["blobs_copied"].clone(),
        )
    };
    assert_eq!(counts(&taken), (json!(3), json!(3)), "{taken}");
    stage.takes_and_syncs(3..4);
    stage.sends_all();
    assert_eq!(
        counts(&stage.yard.office(&["backup", "--to", to])),
        (json!(4), json!(1))
    );
    stage.bucket.fails(BucketFault::Down);
    // Nothing is asked of a bucket of which all is there already.
    stage.yard.office(&["backup", "--to", to]);
    stage.bucket.fails(BucketFault::None);
    stage.takes_and_syncs(4..5);
    stage.sends_all();
    stage.bucket.fails(BucketFault::Down);
    let refused = stage.yard.refused(&["backup", "--to", to]);
    assert_eq!(refused["error"]["code"], "files_unreachable");
    let apart = stage.yard.path("apart");
    let without = [
        "backup",
        "--without-bucket",
        "--to",
        apart.to_str().unwrap(),
    ];
    assert_eq!(counts(&stage.yard.office(&without)), (json!(0), json!(0)));

    // A server that is put back has its files in its folder, and needs no bucket.
    let address = stage.served().address.to_string();
    stage.served.take().unwrap().kill();
    stage.yard.office(&["restore", "--replace", "--from", to]);
    assert_eq!(below(&stage.yard.data().join("blobs")).len(), 4);
    stage.served = Some(stage.yard.serve(&address));
    let mut ben = stage.yard.phone(stage.served(), "Ben");
    for name in &names {
        ben.fetch_file(&name.to_string()).unwrap();
        assert_eq!(kept(&ben, *name), kept(&stage.ana, *name));
    }
}

#[test]
fn a_folder_keeps_to_its_bucket_and_a_bucket_without_rights_is_said_in_words() {
    let mut stage = BucketStage::new();
    stage.served.take().unwrap().kill();
    let other = ["serve", "--listen", "127.0.0.1:0", "--files", "s3://other"];
    let refused = stage.yard.refused(&other);
    assert_eq!(refused["error"]["code"], "files_elsewhere", "{refused}");
    let nowhere = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--files",
        "ftp://photos",
    ];
    let said = stage.yard.refused(&nowhere).to_string();
    assert!(said.contains("s3://BUCKET"), "{said}");
    stage.served = Some(stage.yard.serve("127.0.0.1:0"));
    let url = stage.served().url.clone();
    stage.ana.set_server(&url).unwrap();
    stage.takes_and_syncs(0..1);
    stage.sends_all();
    stage.bucket.fails(BucketFault::Forbidden);
    let to = stage.yard.path("backups");
    let refused = stage
        .yard
        .refused(&["backup", "--to", to.to_str().unwrap()]);
    let said = refused["error"]["message"].as_str().unwrap();
    assert!(
        said.contains("AWS_ACCESS_KEY_ID") && said.contains("--without-bucket"),
        "{said}"
    );
}

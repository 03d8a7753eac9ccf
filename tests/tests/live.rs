//! Who listens hears at once that something moved, of what it follows and of nothing else, and only
//! while it is let in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use outfield_core::base::context::Role;
use outfield_server::data_dir::DataDir;
use outfield_server::office::Applicant;
use outfield_tests::bench::site::system;
use outfield_tests::caller;
use outfield_tests::served::{Served, Yard, binary};
use serde_json::{Value as Json, json};

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is heard where nothing is to be heard.
const QUIET: Duration = Duration::from_millis(2500);

/// A stream that somebody listens to by hand.
struct Stream {
    socket: TcpStream,
    heard: String,
}

impl Stream {
    /// Asks with this token, and reads nothing yet.
    fn ask(address: SocketAddr, token: &str) -> Stream {
        let mut socket = TcpStream::connect(address).unwrap();
        let head = format!(
            "GET /sync/v1/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             connection: close\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).unwrap();
        Stream {
            socket,
            heard: String::new(),
        }
    }

    /// The same, once it is open.
    fn open(served: &Served, token: &Json) -> Stream {
        let mut stream = Stream::ask(served.address, token.as_str().unwrap());
        stream.hears("event: open");
        stream
    }

    /// What comes within a while; whether it is over.
    fn read(&mut self, within: Duration) -> bool {
        self.socket.set_read_timeout(Some(within)).unwrap();
        let mut piece = [0; 4096];
        match self.socket.read(&mut piece) {
            Ok(0) => true,
            Ok(read) => {
                self.heard += &String::from_utf8_lossy(&piece[..read]);
                false
            }
            Err(error) => ![ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()),
        }
    }

    #[track_caller]
    fn hears(&mut self, what: &str) {
        let late = Instant::now() + PATIENCE;
        while !self.heard.contains(what) {
            let is_over = self.read(Duration::from_millis(200));
            assert!(
                Instant::now() < late && !is_over,
                "no {what}: {}",
                self.heard
            );
        }
    }

    #[track_caller]
    fn ends(&mut self, why: &str) {
        let late = Instant::now() + PATIENCE;
        while !self.read(Duration::from_millis(200)) {
            assert!(Instant::now() < late, "{why}: {}", self.heard);
        }
    }
}

/// A user of a territory, enrolled.
fn enrolled(yard: &Yard, served: &Served, name: &str, territory: &str) -> Json {
    let mut words = vec!["user", "add", name, "--role", "rep"];
    words.extend(["--territory", territory]);
    let added = yard.office(&words);
    let code = added["data"]["enrolment_code"].as_str().unwrap().to_owned();
    served.enrol(&code, name)
}

fn put_account(yard: &Yard, name: &str, territory: &str) {
    let listed = yard.office(&["territory", "list"]);
    let all = listed["data"].as_array().unwrap();
    let found = all.iter().find(|it| it["name"] == territory).unwrap();
    let territory = format!("territory={}", found["id"].as_str().unwrap());
    yard.office(&["put", "account", &format!("name={name}"), &territory]);
}

/// A phone that follows its server, in a process of its own.
struct Follower(Child);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn rep(yard: &Yard, name: &str, words: &[&str]) -> Json {
    let mut command = yard.keeper.command(binary());
    let command = command.args(["--json", "rep", "--db"]);
    let command = command.arg(yard.path(name)).args(words);
    serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
}

fn follows(yard: &Yard, name: &str) -> Follower {
    let mut command = yard.keeper.command(binary());
    let command = command.args(["--json", "rep", "sync", "--follow", "--db"]);
    let out = fs::File::create(yard.path(&format!("{name}.out"))).unwrap();
    let command = command
        .arg(yard.path(name))
        .stdin(Stdio::null())
        .stdout(out);
    Follower(command.spawn().unwrap())
}

#[track_caller]
fn until(mut is_so: impl FnMut() -> bool, what: &str) {
    let late = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < late, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_written_on_one_phone_is_on_the_other_though_nobody_syncs() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let mut phones = Vec::new();
    for name in ["ann", "ben"] {
        let code = yard.user(name, "manager");
        assert_eq!(rep(&yard, name, &["enrol", &served.url, &code])["ok"], true);
        phones.push(follows(&yard, name));
        until(
            || rep(&yard, name, &["status"])["data"]["last_verified"].is_string(),
            name,
        );
    }
    let has = |phone: &str, name: &str| {
        let listed = rep(&yard, phone, &["list", "account"]);
        listed.to_string().contains(name)
    };
    // Another process writes into the phone's file, as an app's screen does.
    let made = rep(
        &yard,
        "ann",
        &["create", "account", "name=Harps", "territory=North"],
    );
    assert_eq!(made["ok"], true, "{made}");
    until(|| has("ben", "Harps"), "what Ann wrote is on Ben's phone");
    // The office writes in a process of its own, which tells the server nothing.
    put_account(&yard, "Walmart", "North");
    until(
        || has("ann", "Walmart") && has("ben", "Walmart"),
        "what the office wrote is on both",
    );
    // The server goes away and comes back at its address: they come again by themselves.
    let address = served.address.to_string();
    served.kill();
    let made = rep(
        &yard,
        "ben",
        &["create", "account", "name=Kroger", "territory=North"],
    );
    assert_eq!(made["ok"], true, "{made}");
    let _served = yard.serve(&address);
    until(
        || has("ann", "Kroger"),
        "what was written meanwhile is on the other phone",
    );
}

#[test]
fn a_photo_goes_while_its_phone_follows() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    put_account(&yard, "Harps", "North");
    let code = yard.user("ann", "rep");
    assert_eq!(
        rep(&yard, "ann", &["enrol", &served.url, &code])["ok"],
        true
    );
    assert_eq!(rep(&yard, "ann", &["sync"])["ok"], true);
    let _phone = follows(&yard, "ann");
    let paper = yard.path("plan.pdf");
    fs::write(&paper, "%PDF-1.7 planogram").unwrap();
    let visit = rep(&yard, "ann", &["visit", "start", "Harps"]);
    let visit = visit["id"].as_str().expect("a visit").to_owned();
    let taken = rep(
        &yard,
        "ann",
        &["visit", "photo", &visit, paper.to_str().unwrap()],
    );
    assert_eq!(taken["ok"], true, "{taken}");
    until(
        || rep(&yard, "ann", &["photo", "list"])["data"][0]["file_state"] == "present",
        "the photo is on the server",
    );
    let said = || fs::read_to_string(yard.path("ann.out")).unwrap();
    let files = r#""data":{"files":{"refused":0,"sent":1,"waiting":0}}"#;
    until(|| said().contains(files), "the follower told of it");
}

#[test]
fn a_follower_whose_access_ends_says_so_and_stops() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let code = yard.user("ann", "rep");
    let enrolled = rep(&yard, "ann", &["enrol", &served.url, &code]);
    let mut phone = follows(&yard, "ann");
    until(
        || rep(&yard, "ann", &["status"])["data"]["last_verified"].is_string(),
        "in step",
    );
    yard.office(&[
        "device",
        "revoke",
        enrolled["data"]["device"].as_str().unwrap(),
    ]);
    until(|| phone.0.try_wait().unwrap().is_some(), "it stops");
    assert_eq!(phone.0.wait().unwrap().code(), Some(3));
    let told = fs::read_to_string(yard.path("ann.out")).unwrap();
    assert!(
        told.lines().last().unwrap().contains("signed_out"),
        "{told}"
    );
}

#[test]
fn a_listener_hears_of_its_own_buckets_and_of_no_other() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    yard.office(&["territory", "add", "South"]);
    let (ann, ben) = (
        enrolled(&yard, &served, "Ann", "North"),
        enrolled(&yard, &served, "Ben", "South"),
    );
    let mut of_ann = Stream::open(&served, &ann["token"]);
    let mut of_ben = Stream::open(&served, &ben["token"]);
    let head = of_ann.heard.to_lowercase();
    for line in [
        "http/1.1 200",
        "content-type: text/event-stream",
        "outfield-protocol: 2",
    ] {
        assert!(head.contains(line), "{head}");
    }
    assert!(head.contains("retry: "), "{head}");
    put_account(&yard, "Secret Store", "South");
    of_ben.hears("territory/");
    of_ann.read(QUIET);
    assert!(!of_ann.heard.contains("territory/"), "{}", of_ann.heard);
    put_account(&yard, "Other Store", "North");
    of_ann.hears("territory/");
    of_ben.read(QUIET);
    // A territory's movement is told to those who follow it, and nothing of what moved it to
    // anybody. (What both hear of is that somebody of the office wrote.)
    let (of_ann, of_ben) = (told(&of_ann), told(&of_ben));
    assert!(of_ann.is_disjoint(&of_ben) && of_ann.len() == 1 && of_ben.len() == 1);
}

/// The buckets of one person alone that a stream named; it says nothing else.
fn told(stream: &Stream) -> BTreeSet<String> {
    let mut buckets = BTreeSet::new();
    for line in stream.heard.lines() {
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        let data: Json = serde_json::from_str(data).unwrap();
        for bucket in data["buckets"].as_array().into_iter().flatten() {
            buckets.insert(bucket.as_str().unwrap().to_owned());
        }
        let mut names: Vec<&String> = data.as_object().unwrap().keys().collect();
        names.retain(|name| !["buckets", "within_ms"].contains(&name.as_str()));
        assert!(names.is_empty() && !line.contains("Store"), "{line}");
    }
    buckets.remove("tenant");
    buckets
}

#[test]
fn a_stream_ends_with_the_access_and_with_what_is_followed() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    yard.office(&["territory", "add", "South"]);
    let ann = enrolled(&yard, &served, "Ann", "North");
    // Of one device the newest listens.
    let mut first = Stream::open(&served, &ann["token"]);
    let mut second = Stream::open(&served, &ann["token"]);
    first.ends("a newer one took its place");
    put_account(&yard, "Harps", "North");
    second.hears("event: moved");
    // Another process moves her; the stream that follows the old territory ends.
    yard.office(&["user", "set", "Ann", "--territory", "South"]);
    second.ends("she follows something else now");
    let mut third = Stream::open(&served, &ann["token"]);
    put_account(&yard, "Kroger", "South");
    third.hears("event: moved");
    // Devices of others come and go, and it stays.
    let ben = enrolled(&yard, &served, "Ben", "South");
    let mut of_ben = Stream::open(&served, &ben["token"]);
    yard.office(&["device", "revoke", ben["device"].as_str().unwrap()]);
    of_ben.ends("his device was revoked");
    assert!(!third.read(QUIET), "{}", third.heard);
    yard.office(&["user", "set", "Ann", "--active", "false"]);
    third.ends("she may no longer sign in");
    let mut late = Stream::ask(served.address, ann["token"].as_str().unwrap());
    late.hears("\"signed_out\"");
}

/// The file of the only tenant.
fn tenant_file(yard: &Yard) -> PathBuf {
    let found = fs::read_dir(yard.data().join("tenants")).unwrap();
    let mut files = found.map(|entry| entry.unwrap().path());
    files
        .find(|file| file.extension().is_some_and(|end| end == "db"))
        .unwrap()
}

#[test]
fn a_stream_ends_when_its_token_runs_out_and_nobody_listens_without_one() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let ann = enrolled(&yard, &served, "Ann", "North");
    let db = rusqlite::Connection::open(tenant_file(&yard)).unwrap();
    let soon = "UPDATE credential SET expires_at = 1000 * unixepoch() + 4000 WHERE NOT refreshes";
    db.execute(soon, []).unwrap();
    let mut stream = Stream::open(&served, &ann["token"]);
    stream.ends("its token ran out");
    assert!(!stream.heard.contains("event: moved"), "{}", stream.heard);
    let wrong = "0".repeat(32) + "-00";
    let refresh = ann["refresh_token"].as_str().unwrap();
    for token in [ann["token"].as_str().unwrap(), refresh, wrong.as_str(), ""] {
        let said = caller::get(served.address, "/sync/v1/live", token, PATIENCE).unwrap();
        assert_eq!(
            (said.status, said.code().as_str()),
            (401, "signed_out"),
            "{token}"
        );
    }
}

/// Devices of one user each with its token, made in this process: codes by the command line would
/// take minutes.
fn many_tokens(yard: &Yard, count: usize) -> Vec<String> {
    let folder = DataDir::open(&yard.data(), system()).unwrap();
    let mut tenant = folder.tenant(None).unwrap();
    let north = ["North".to_owned()];
    tenant.add_user("Crowd", Role::REP, &north).unwrap();
    let mut tokens = Vec::new();
    for number in 0..count {
        let code = tenant.user_code("Crowd").unwrap();
        let applicant = Applicant {
            install: number.to_string(),
            name: number.to_string(),
            ..Applicant::default()
        };
        let enrolled = tenant.enrol(&code, &applicant).unwrap();
        tokens.push(enrolled["token"].as_str().unwrap().to_owned());
    }
    tokens
}

#[test]
fn a_thousand_listen_and_hear_and_hold_up_nobody() {
    let yard = Yard::new();
    let tokens = many_tokens(&yard, 1000);
    let served = yard.serve("127.0.0.1:0");
    let open = |tokens: &[String]| {
        let ask = |token: &String| Stream::ask(served.address, token);
        let mut streams: Vec<Stream> = tokens.iter().map(ask).collect();
        streams
            .iter_mut()
            .for_each(|stream| stream.hears("event: open"));
        streams
    };
    // The first have the server open its files as often as it may; twice, for how many of them meet
    // is chance.
    drop(open(&tokens[..200]));
    let mut streams = open(&tokens[..200]);
    let before = served.peak_kib();
    streams.extend(open(&tokens[200..]));
    let each_kib = (served.peak_kib() - before) / 800;
    assert!(each_kib <= 20, "{each_kib} KiB for each who listens");
    put_account(&yard, "Harps", "North");
    for stream in &mut streams {
        stream.hears("event: moved");
        // Whoever hears it with so many others is asked to take its time.
        assert!(
            stream.heard.contains("\"within_ms\":980"),
            "{}",
            stream.heard
        );
    }
    // Whoever listens takes none of the calls of its device, nor of others.
    let digest = caller::get(served.address, "/api/v1/digest", &tokens[0], PATIENCE).unwrap();
    assert_eq!(digest.status, 200);
    // Nobody who listens holds up the end.
    let began = Instant::now();
    assert!(served.stops_within(PATIENCE));
    assert!(began.elapsed() < PATIENCE);
    streams[0].ends("the server stopped");
}

#[test]
fn a_page_that_is_no_stream_is_nothing_to_a_follower() {
    // Whatever answers without the mark was never heard: it is asked again, and nothing is lost.
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let code = yard.user("ann", "manager");
    rep(&yard, "ann", &["enrol", &served.url, &code]);
    rep(&yard, "ann", &["sync"]);
    let address = served.address;
    served.kill();
    let portal = std::net::TcpListener::bind(address).unwrap();
    portal.set_nonblocking(true).unwrap();
    let mut phone = follows(&yard, "ann");
    let page =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: moved\ndata: {}\n\n";
    let mut answered = 0;
    until(
        || {
            if let Ok((mut socket, _)) = portal.accept() {
                socket.write_all(page.as_bytes()).ok();
                answered += 1;
            }
            answered >= 6
        },
        "it asks again",
    );
    assert!(phone.0.try_wait().unwrap().is_none(), "it goes on");
    drop(portal);
    let _served = yard.serve(&address.to_string());
    put_account(&yard, "Harps", "North");
    let told = || rep(&yard, "ann", &["list", "account"]).to_string();
    until(|| told().contains("Harps"), "the server is there again");
    let asked = json!(rep(&yard, "ann", &["status"])["data"]["enrolled"]);
    assert!(!asked.is_null());
}

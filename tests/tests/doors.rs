//! Who comes in, and at what cost for others: short codes, attempts that are counted, tokens that
//! are copied, connections, and tenants beside each other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use outfield_core::base::context::Role;
use outfield_core::base::id::{ActorId, ChangeHash};
use outfield_core::sync::frames::{Frame, Hello, PROTOCOL};
use outfield_core::sync::wire;
use outfield_server::data_dir::DataDir;
use outfield_tests::bench::site::system;
use outfield_tests::caller::{self, HttpAnswer, JsonCall};
use outfield_tests::served::{Served, Yard, binary};
use rusqlite::Connection;
use serde_json::{Value as Json, json};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn enrol(address: SocketAddr, code: &str, from: &str) -> HttpAnswer {
    let call = JsonCall {
        method: "POST",
        path: "/sync/v1/enrol",
        token: "",
        headers: &[from],
    };
    let body = json!({"code": code, "install": code, "name": "door"});
    call.say(address, &body, PATIENCE).unwrap()
}

fn refresh(address: SocketAddr, token: &Json) -> HttpAnswer {
    let body = json!({ "refresh_token": token }).to_string();
    caller::post(address, "/sync/v1/refresh", "", body.as_bytes(), PATIENCE).unwrap()
}

fn digest(address: SocketAddr, token: &Json) -> HttpAnswer {
    caller::get(address, "/api/v1/digest", token.as_str().unwrap(), PATIENCE).unwrap()
}

/// The file of the only tenant.
fn tenant_file(yard: &Yard) -> PathBuf {
    let mut files = std::fs::read_dir(yard.data().join("tenants")).unwrap();
    let found = files.find_map(|entry| {
        let path = entry.unwrap().path();
        path.extension()
            .is_some_and(|ending| ending == "db")
            .then_some(path)
    });
    found.unwrap()
}

#[test]
fn a_code_is_short_and_good_however_it_is_typed() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    for (name, type_it) in [
        ("Ann", (|code| code) as fn(String) -> String),
        ("Ben", |code| code.to_lowercase()),
        ("Cid", |code| code.replace('-', "")),
        ("Dan", |code| format!(" {} ", code.replace('-', " "))),
        ("Eva", |code| code.replace('0', "o").replace('1', "l")),
    ] {
        let code = yard.user(name, "rep");
        assert_eq!(code.len(), 14, "{code}");
        let heard = enrol(served.address, &type_it(code.clone()), "x-name: x");
        assert_eq!(
            (heard.status, &heard.json()["name"]),
            (200, &json!(name)),
            "{code}"
        );
        let again = enrol(served.address, &code, "x-name: x");
        assert_eq!(
            again.status == 200,
            type_it(code.clone()) == code,
            "{code}: used once"
        );
    }
}

#[test]
fn a_new_code_ends_the_one_before_it() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let first = yard.user("Ann", "rep");
    let ben = yard.user("Ben", "rep");
    let second = yard.office(&["user", "code", "Ann"]);
    let second = second["data"]["enrolment_code"].as_str().unwrap();
    let heard = enrol(served.address, &first, "x-name: x");
    assert_eq!((heard.status, heard.code().as_str()), (403, "code_expired"));
    assert_eq!(enrol(served.address, second, "x-name: x").status, 200);
    assert_eq!(
        enrol(served.address, &ben, "x-name: x").status,
        200,
        "Ben's is Ben's"
    );
}

#[test]
fn a_code_leads_to_its_tenant_and_a_long_one_of_before_still_does() {
    let yard = Yard::new();
    let ann = yard.user("Ann", "rep");
    let file = tenant_file(&yard);
    let tenant = file.file_stem().unwrap().to_str().unwrap().to_owned();
    yard.office(&["tenant", "add", "Beta"]);
    let eve = yard.office(&["user", "add", "Eve", "--role", "rep", "--tenant", "Beta"]);
    let served = yard.serve("127.0.0.1:0");
    let heard = enrol(served.address, &ann, "x-name: x");
    assert_eq!(heard.json()["tenant"], tenant.as_str());
    let user = heard.json()["user"].as_str().unwrap().to_owned();
    let heard = enrol(
        served.address,
        eve["data"]["enrolment_code"].as_str().unwrap(),
        "x-name: x",
    );
    assert_eq!(heard.json()["name"], "Eve");
    assert_ne!(heard.json()["tenant"], tenant.as_str());

    let long = format!(
        "{}-{}",
        tenant.replace('-', ""),
        &"0123456789abcdef".repeat(2)[..24]
    );
    let hash = ChangeHash::of(long.as_bytes()).0.to_vec();
    let user: outfield_core::base::id::UserId = user.parse().unwrap();
    let sql = "INSERT INTO code (hash, user, expires_at) VALUES (?1, ?2, ?3)";
    let db = Connection::open(&file).unwrap();
    db.execute(sql, rusqlite::params![hash, user.as_bytes(), i64::MAX])
        .unwrap();
    assert_eq!(
        enrol(served.address, &long, "x-name: x").json()["name"],
        "Ann"
    );
}

#[test]
fn whoever_tries_codes_in_vain_is_held_off_and_nobody_else() {
    let yard = Yard::new();
    let served = yard.serve_with("127.0.0.1:0", &["--behind-proxy"]);
    let (ann, ben) = (yard.user("Ann", "rep"), yard.user("Ben", "rep"));
    let eve = "x-forwarded-for: 203.0.113.9, 192.0.2.66";
    let held_off = (0..200).find_map(|n| {
        let guess = format!("{}{n:03}", &ann[..11]);
        let heard = enrol(served.address, &guess, eve);
        assert!([403, 429].contains(&heard.status), "{}", heard.status);
        (heard.status == 429).then_some((n, heard))
    });
    let (after, heard) = held_off.expect("nobody stops Eve");
    assert!(after <= 60, "{after} guesses");
    assert_eq!(heard.code(), "too_many_attempts");
    let wait = heard.head.split("retry-after: ").nth(1).unwrap();
    let wait: u32 = wait.split("\r\n").next().unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait} s");
    // Not even with a good code, nor under another name before the proxy's word.
    let forged = "x-forwarded-for: 198.51.100.1, 192.0.2.66";
    assert_eq!(enrol(served.address, &ann, forged).status, 429);
    let honest = "x-forwarded-for: 192.0.2.7";
    assert_eq!(enrol(served.address, &ann, honest).status, 200);
    // Good ones do not count, however many there are.
    for _ in 0..100 {
        assert_eq!(
            enrol(served.address, &ben, honest).status,
            200,
            "the same again"
        );
    }
}

#[test]
fn whoever_tries_refresh_tokens_in_vain_is_held_off() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let enrolled = served.enrol(&yard.user("Ann", "rep"), "ann");
    let good = enrolled["refresh_token"].as_str().unwrap();
    let held_off = (0..200).find(|n| {
        let guess = json!(format!("{}{n:03}", &good[..good.len() - 3]));
        refresh(served.address, &guess).status == 429
    });
    // A minute's allowance grows while the guesses are on their way.
    assert!(held_off.is_some_and(|after| after <= 100), "{held_off:?}");
    let token = &enrolled["token"];
    assert_eq!(
        digest(served.address, token).status,
        200,
        "who is in stays in"
    );
}

#[test]
fn a_refresh_token_that_was_copied_ends_its_device_and_the_office_sees_it() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let first = served.enrol(&yard.user("Ann", "rep"), "ann");
    let other = served.enrol(&yard.user("Ben", "rep"), "ben");
    let second = refresh(served.address, &first["refresh_token"]).json();
    // An answer that was lost is asked for again: nothing that it brought was used.
    let third = refresh(served.address, &first["refresh_token"]).json();
    assert_eq!(digest(served.address, &second["token"]).status, 401);
    assert_eq!(digest(served.address, &third["token"]).status, 200);
    // Now the first one is spent, and whoever shows it has a copy.
    let stolen = refresh(served.address, &first["refresh_token"]);
    assert_eq!(stolen.status, 401);
    let said = stolen.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(said.contains("copied"), "{said}");
    for token in [&first["token"], &third["token"]] {
        assert_eq!(digest(served.address, token).status, 401);
    }
    assert_eq!(refresh(served.address, &third["refresh_token"]).status, 401);
    assert_eq!(
        digest(served.address, &other["token"]).status,
        200,
        "Ben's is another"
    );
    let devices = yard.office(&["device", "list"])["data"].clone();
    let ann = devices
        .as_array()
        .unwrap()
        .iter()
        .find(|device| device["id"] == first["device"]);
    assert_eq!(ann.unwrap()["state"], "revoked");
    let trail = yard.office(&["trail", first["device"].as_str().unwrap()]);
    assert!(trail.to_string().contains("token_copied"), "{trail}");
}

/// A phone's command as a process of its own.
fn starts(yard: &Yard, words: &[&str]) -> Child {
    let mut command = yard.keeper.command(binary());
    let command = command
        .args(["--json", "rep", "--db"])
        .arg(yard.path("ann.db"))
        .args(words);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn ends(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

#[test]
fn two_who_renew_one_phones_tokens_at_once_both_live() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let code = yard.user("Ann", "rep");
    assert!(
        ends(starts(&yard, &["enrol", &served.url, &code]))
            .status
            .success()
    );
    for trial in 0..8 {
        let db = Connection::open(tenant_file(&yard)).unwrap();
        db.busy_timeout(PATIENCE).unwrap();
        // As if a day had passed.
        db.execute("DELETE FROM credential WHERE NOT refreshes", [])
            .unwrap();
        let both: Vec<Child> = (0..4).map(|_| starts(&yard, &["sync"])).collect();
        for one in both {
            let output = ends(one);
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "trial {trial}: {said}");
        }
    }
    let devices = yard.office(&["device", "list"])["data"].clone();
    assert_eq!(devices[0]["state"], "active");
}

/// A connection from one of this machine's own addresses.
fn connects(from: &str, to: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What is heard over a connection whether the server is there.
fn asks_health(stream: &mut TcpStream) -> String {
    let mut heard = [0; 400];
    drop(stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"));
    let read = stream.read(&mut heard).unwrap_or(0);
    String::from_utf8_lossy(&heard[..read]).into_owned()
}

#[test]
fn whoever_takes_all_connections_leaves_some_for_others() {
    let yard = Yard::new();
    let served = yard.serve_with_files("127.0.0.1:0", 200);
    let mut held: Vec<TcpStream> = (0..220)
        .map(|_| connects("127.0.0.1", served.address))
        .collect();
    let heard: Vec<String> = held.iter_mut().map(asks_health).collect();
    let taken = heard
        .iter()
        .filter(|heard| heard.starts_with("HTTP/1.1 200"))
        .count();
    assert!(
        (50..=100).contains(&taken),
        "{taken} of 220 connections, with 200 files"
    );
    let away = heard
        .iter()
        .find(|heard| heard.starts_with("HTTP/1.1 503"))
        .unwrap();
    let away = away.to_lowercase();
    for said in ["outfield-protocol: 2", "retry-after: ", "overloaded"] {
        assert!(away.contains(said), "{away}");
    }
    let mut other = connects("127.0.0.2", served.address);
    assert!(asks_health(&mut other).starts_with("HTTP/1.1 200"));
    // And the office's own files still open.
    yard.user("Ann", "rep");
    drop(held);
    let until = Instant::now() + PATIENCE;
    while !asks_health(&mut connects("127.0.0.1", served.address)).starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < until, "what was closed is not free again");
    }
}

/// Calls that wait for a tenant's file: as many as devices may have under way.
fn crowds(served: &Served, tokens: &[String], each: usize) -> Vec<TcpStream> {
    let hello = Hello {
        proto_min: PROTOCOL,
        proto_max: PROTOCOL,
        actor: ActorId([9; 16]),
        state: 0,
        tick: 0,
        issued: 0,
    };
    let body = wire::encode(&[Frame::Hello(hello)]).unwrap();
    let mut calls = Vec::new();
    for token in tokens {
        let head = format!(
            "POST /sync/v1/hello HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        for _ in 0..each {
            let mut stream = TcpStream::connect(served.address).unwrap();
            stream
                .write_all(&[head.as_bytes(), &body].concat())
                .unwrap();
            calls.push(stream);
        }
    }
    calls
}

#[test]
fn a_tenant_whose_file_is_busy_delays_no_other_tenant() {
    let yard = Yard::new();
    let file = tenant_file(&yard);
    yard.office(&["tenant", "add", "Beta"]);
    let codes: Vec<String> = {
        let data = DataDir::open(&yard.data(), system()).unwrap();
        let mut acme = data.tenant(Some("Acme")).unwrap();
        let add = |n| {
            acme.add_user(&format!("Rep {n}"), Role::REP, &[])
                .unwrap()
                .1
        };
        (0..45).map(add).collect()
    };
    let eve = yard.office(&["user", "add", "Eve", "--role", "rep", "--tenant", "Beta"]);
    let served = yard.serve("127.0.0.1:0");
    let token = |code: &str| {
        served.enrol(code, code)["token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let tokens: Vec<String> = codes.iter().map(|code| token(code)).collect();
    let eve = token(eve["data"]["enrolment_code"].as_str().unwrap());

    let mut writer = Connection::open(&file).unwrap();
    let held = writer
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    let mut waiting = crowds(&served, &tokens, 14);
    std::thread::sleep(Duration::from_secs(1));
    for _ in 0..5 {
        let began = Instant::now();
        for mut call in crowds(&served, std::slice::from_ref(&eve), 1) {
            let mut heard = [0; 12];
            call.set_read_timeout(Some(PATIENCE)).unwrap();
            call.read_exact(&mut heard).unwrap();
            assert_eq!(&heard, b"HTTP/1.1 200");
        }
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
    }
    drop(held);
    for call in &mut waiting {
        let mut heard = [0; 12];
        call.set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        call.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"HTTP/1.1 200", "who waited is answered");
    }
}

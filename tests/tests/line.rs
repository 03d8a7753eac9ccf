//! The line between phone and server: only what bears the server's mark is its answer, whatever a
//! guest network says; what is refused is heard; and a phone follows its server to another address.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use outfield_core::app::{Device, FieldError};
use outfield_core::sync::carrier::MARK;
use outfield_core::sync::frames::{Frame, Want};
use outfield_core::sync::wire;
use outfield_tests::caller::{self, JsonCall};
use outfield_tests::dice::Dice;
use outfield_tests::frail_line::{FrailLine, Frailty};
use outfield_tests::impostor::{Impostor, Say};
use outfield_tests::keys::key;
use outfield_tests::served::{Served, Yard};
use outfield_tests::{Clock, Luck};
use serde_json::{Value as Json, json};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a guest network's page says.
const PAGE: &[u8] = b"<html><body>Accept the terms to go on.</body></html>";

/// What phones do with an answer without the mark: a status, and what else stands in its head.
const PORTALS: &[(u16, &str)] = &[
    (200, "content-type: text/html\r\n"),
    (200, "content-type: application/vnd.outfield.frames\r\n"),
    (204, ""),
    (302, "location: http://login.guest.example/\r\n"),
    (307, "location: http://login.guest.example/\r\n"),
    (400, "content-type: application/json\r\n"),
    (401, "www-authenticate: Basic\r\n"),
    (403, ""),
    (404, ""),
    (405, ""),
    (413, ""),
    (429, "retry-after: 1\r\n"),
    (500, ""),
    (502, ""),
    (503, "retry-after: 1\r\n"),
    (511, ""),
];

struct Stage {
    yard: Yard,
    served: Served,
}

impl Stage {
    fn new() -> Stage {
        let yard = Yard::new();
        let served = yard.serve("127.0.0.1:0");
        Stage { yard, served }
    }

    /// The office imports accounts, each with its territory.
    fn imports(&self, sheet: &str) {
        let file = self.yard.path("accounts.csv");
        std::fs::write(&file, sheet).unwrap();
        let import = [
            "import",
            "accounts",
            file.to_str().unwrap(),
            "--territory-column",
            "territory",
        ];
        self.yard.office(&import);
    }

    fn note(phone: &mut Device, name: &str) -> String {
        let command = json!({"do": "add", "object": "contact", "fields": {"name": name}});
        phone.execute(&command.to_string()).unwrap().id.unwrap()
    }

    /// Somebody's token.
    fn token(&self, name: &str) -> String {
        let enrolled = self.served.enrol(&self.yard.user(name, "rep"), name);
        enrolled["token"].as_str().unwrap().to_owned()
    }
}

fn unsent(phone: &mut Device) -> u64 {
    phone.status().unwrap().data["unsent"].as_u64().unwrap()
}

#[track_caller]
fn unreachable(name: &str, outcome: Result<impl std::fmt::Debug, FieldError>) {
    match outcome {
        Err(FieldError::TryLater { message }) => {
            assert!(message.contains("cannot be reached"), "{name}: {message}");
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_guest_networks_page_is_unreachable_and_all_work_is_kept() {
    let stage = Stage::new();
    let mut ana = stage.yard.phone(&stage.served, "Ana");
    let contact = Stage::note(&mut ana, "Rosa");
    let ben = stage.yard.user("Ben", "rep");
    for (status, headers) in PORTALS {
        let name = format!("{status} {headers}");
        let portal = Impostor::new(move |_, _| Say::Unmarked(*status, headers, PAGE.to_vec()));
        ana.set_server(&portal.url()).unwrap();
        unreachable(&name, ana.sync());
        let path = stage.yard.path(&format!("new {status}.db"));
        let luck = Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 7, "new");
        let mut new = Device::open(&path, &key(), luck).unwrap();
        unreachable(&name, new.enrol(&portal.url(), &ben));
        assert_eq!(unsent(&mut ana), 1, "{name}");
    }
    ana.set_server(&stage.served.url).unwrap();
    ana.sync().unwrap();
    assert_eq!(unsent(&mut ana), 0);
    let kept = ana.get("contact", &contact).unwrap().data;
    assert_eq!(kept["name"], "Rosa");
    let path = stage.yard.path("new 200.db");
    let luck = Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 8, "new");
    let mut new = Device::open(&path, &key(), luck).unwrap();
    new.enrol(&stage.served.url, &ben).unwrap();
}

#[test]
fn a_page_that_speaks_up_in_the_middle_of_a_meeting_signs_nobody_out() {
    let stage = Stage::new();
    let mut ana = stage.yard.phone(&stage.served, "Ana");
    Stage::note(&mut ana, "Rosa");
    // The server says that the token ran out, and the page answers the renewal.
    let ran_out = br#"{"ok":false,"error":{"code":"signed_out","message":"x","fields":[]}}"#;
    for status in [200, 401, 403] {
        let portal = Impostor::new(move |path, _| match path {
            "/sync/v1/refresh" => Say::Unmarked(status, "", PAGE.to_vec()),
            _ => Say::Whole(401, ran_out.to_vec()),
        });
        ana.set_server(&portal.url()).unwrap();
        unreachable("a renewal", ana.sync());
    }
    ana.set_server(&stage.served.url).unwrap();
    ana.sync().unwrap();
    assert_eq!(unsent(&mut ana), 0);
}

#[test]
fn every_answer_bears_the_mark() {
    let stage = Stage::new();
    let token = stage.token("Ana");
    let address = stage.served.address;
    let get = |path: &str, token: &str| caller::get(address, path, token, PATIENCE).unwrap();
    let post =
        |path: &str, body: &[u8]| caller::post(address, path, &token, body, PATIENCE).unwrap();
    let wrong_method = JsonCall {
        method: "DELETE",
        path: "/sync/v1/hello",
        token: &token,
        headers: &[],
    };
    let wants = wire::encode(&[]).unwrap();
    let answers = [
        (200, get("/health", "")),
        (200, get("/api/v1/digest", &token)),
        (200, post("/sync/v1/pull", &wants)),
        (400, post("/sync/v1/push", b"no frames")),
        (400, post("/sync/v1/enrol", b"no JSON")),
        (401, get("/api/v1/digest", "nobody")),
        (401, post("/sync/v1/refresh", br#"{"refresh_token": "x"}"#)),
        (404, get("/nowhere", "")),
        (
            405,
            wrong_method.say(address, &Json::Null, PATIENCE).unwrap(),
        ),
        (413, post("/sync/v1/enrol", &[7; 5_000])),
        (413, post("/sync/v1/push", &vec![7; 5 << 20])),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status, "{}", answer.head);
        assert!(
            answer.head.contains(&format!("\r\n{MARK}: 2")),
            "{}",
            answer.head
        );
    }
}

#[test]
fn the_scheme_of_a_token_is_written_in_any_case() {
    let stage = Stage::new();
    let token = stage.token("Ana");
    for (scheme, status) in [
        ("Bearer", 200),
        ("bearer", 200),
        ("BEARER", 200),
        ("bearer ", 200),
        ("Basic", 401),
        ("", 401),
    ] {
        let said = format!(
            "GET /api/v1/digest HTTP/1.1\r\nhost: x\r\nauthorization: {scheme} {token}\r\n\
             connection: close\r\n\r\n"
        );
        let heard = caller::say(stage.served.address, said.as_bytes(), PATIENCE).unwrap();
        assert_eq!(heard.status, status, "{scheme}");
    }
}

/// Says all of this before it listens, as many clients do.
fn says_first(served: &Served, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(served.address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard)?;
    Ok(heard)
}

#[test]
fn a_body_that_is_too_large_is_refused_every_time_and_the_refusal_is_heard() {
    let stage = Stage::new();
    let token = stage.token("Ana");
    let body = vec![7; 9 << 20];
    let chunk = format!("{:x}\r\n", body.len());
    let chunked = [chunk.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    let length = format!("content-length: {}", body.len());
    let cases = [
        (token.as_str(), length.as_str(), &body),
        ("nobody", length.as_str(), &body),
        (token.as_str(), "transfer-encoding: chunked", &chunked),
    ];
    for round in 0..8 {
        for (token, framing, body) in &cases {
            let head = format!(
                "POST /sync/v1/push HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                 {framing}\r\nconnection: close\r\n\r\n"
            );
            let heard = says_first(&stage.served, &head, body).unwrap();
            let heard = String::from_utf8_lossy(&heard);
            assert!(
                heard.starts_with("HTTP/1.1 413 "),
                "{round}, {framing}: {heard}"
            );
            assert!(heard.contains("too_large"), "{round}, {framing}: {heard}");
        }
    }
}

#[test]
fn whoever_asks_before_sending_too_much_sends_nothing() {
    let stage = Stage::new();
    let token = stage.token("Ana");
    let head = format!(
        "POST /sync/v1/push HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: 9000000\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
    );
    let heard = says_first(&stage.served, &head, b"").unwrap();
    let heard = String::from_utf8_lossy(&heard);
    assert!(heard.starts_with("HTTP/1.1 413 "), "{heard}");
    assert!(!heard.contains("100 Continue"), "{heard}");
}

#[test]
fn bodies_without_a_token_are_not_waited_for() {
    let stage = Stage::new();
    let before = stage.served.peak_kib();
    let began = Instant::now();
    let mut stalled = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(stage.served.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = "POST /sync/v1/push HTTP/1.1\r\nhost: x\r\nauthorization: Bearer nobody\r\n\
                    content-length: 4000000\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        // As much as goes without waiting.
        stream.set_nonblocking(true).unwrap();
        drop(stream.write(&vec![7; 3_900_000]));
        stream.set_nonblocking(false).unwrap();
        stalled.push(stream);
    }
    for stream in &mut stalled {
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 401");
    }
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    let grown = stage.served.peak_kib() - before;
    assert!(grown < 64 * 1024, "{grown} KiB for 300 bodies");
}

#[test]
fn whoever_is_told_to_wait_is_told_how_long() {
    let stage = Stage::new();
    let token = stage.token("Ana");
    let head = format!(
        "POST /sync/v1/push HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: 9\r\n\r\n"
    );
    // Calls whose bodies never come, more of them than a device may have under way.
    let mut calls = Vec::new();
    for _ in 0..64 {
        let mut stream = TcpStream::connect(stage.served.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(2 * PATIENCE)).unwrap();
        calls.push(stream);
    }
    let other = stage.token("Ben");
    let heard = caller::get(stage.served.address, "/api/v1/digest", &other, PATIENCE).unwrap();
    assert_eq!(heard.status, 200, "another device is answered meanwhile");
    let mut told = 0;
    for call in &mut calls {
        let mut heard = [0; 1_000];
        let read = call.read(&mut heard).unwrap();
        let heard = String::from_utf8_lossy(&heard[..read]).to_lowercase();
        if heard.starts_with("http/1.1 429") {
            assert!(heard.contains("\r\nretry-after: 5\r\n"), "{heard}");
            assert!(heard.contains("\"busy\""), "{heard}");
            told += 1;
        } else {
            assert!(heard.starts_with("http/1.1 408"), "{heard}");
        }
    }
    assert!((1..=48).contains(&told), "{told} of 64 calls");
}

/// A call whose answer is left unread.
fn asks_for_all(served: &Served, token: &str, bucket: &str) -> TcpStream {
    let want = Frame::Want(Want {
        bucket: bucket.to_owned(),
        cursor: 0,
    });
    let body = wire::encode(&[want]).unwrap();
    let head = format!(
        "POST /sync/v1/pull HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = narrow(served.address);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(&[head.as_bytes(), &body].concat())
        .unwrap();
    stream
}

/// A connection that takes little at a time.
fn narrow(to: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(32 * 1024).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream
}

fn is_whole(answer: &[u8]) -> bool {
    answer.ends_with(b"\r\n0\r\n\r\n")
}

#[test]
fn a_long_answer_ends_when_its_device_is_revoked() {
    let stage = Stage::new();
    // So much that no buffer between the two takes all of it.
    let mut sheet = String::from("name,code,territory\n");
    let mut dice = outfield_tests::dice::Dice::new(5);
    for number in 0..5_000 {
        sheet += &format!(
            "{},C{number},North\n",
            dice.text(1_500).replace([',', '"', '\n'], "x")
        );
    }
    stage.imports(&sheet);
    let enrolled = stage.served.enrol(&stage.yard.user("Ana", "rep"), "Ana");
    let (token, device) = (
        enrolled["token"].as_str().unwrap(),
        enrolled["device"].as_str().unwrap(),
    );
    let north = stage.yard.office(&["territory", "list"])["data"][0]["id"].clone();
    let bucket = format!("territory/{}", north.as_str().unwrap());
    let mut whole = Vec::new();
    asks_for_all(&stage.served, token, &bucket)
        .read_to_end(&mut whole)
        .unwrap();
    assert!(
        is_whole(&whole) && whole.len() > 5_000_000,
        "{}",
        whole.len()
    );

    let mut cut = asks_for_all(&stage.served, token, &bucket);
    let mut first = vec![0; 100_000];
    cut.read_exact(&mut first).unwrap();
    stage.yard.office(&["device", "revoke", device]);
    std::thread::sleep(Duration::from_millis(1_200));
    let mut rest = Vec::new();
    drop(cut.read_to_end(&mut rest));
    assert!(!is_whole(&rest), "all {} bytes came", rest.len());
    let after = caller::get(stage.served.address, "/api/v1/digest", token, PATIENCE).unwrap();
    assert_eq!(after.status, 401);
}

#[test]
fn a_phone_follows_its_server_to_another_address() {
    let Stage { yard, served } = Stage::new();
    let mut ana = yard.phone(&served, "Ana");
    let contact = Stage::note(&mut ana, "Rosa");
    served.kill();
    let moved = yard.serve("127.0.0.1:0");
    unreachable("the old address", ana.sync());
    for wrong in ["", "nonsense", "ftp://127.0.0.1", "http://"] {
        let Err(FieldError::Refused { code, .. }) = ana.set_server(wrong) else {
            panic!("`{wrong}` is an address");
        };
        assert_eq!(code, "bad_url");
    }
    let other = Yard::new();
    let strange = other.serve("127.0.0.1:0");
    ana.set_server(&strange.url).unwrap();
    assert!(
        matches!(ana.sync(), Err(FieldError::SignIn { .. })),
        "a server of others"
    );
    assert_eq!(unsent(&mut ana), 1);
    ana.set_server(&format!("{}/", moved.url)).unwrap();
    ana.sync().unwrap();
    assert_eq!(unsent(&mut ana), 0);
    assert_eq!(ana.get("contact", &contact).unwrap().data["name"], "Rosa");
}

#[test]
fn what_was_asked_is_answered_over_one_connection_again_and_again() {
    let stage = Stage::new();
    let token = stage.token("Ana");
    let call = format!(
        "POST /sync/v1/push HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: 9\r\n\r\nno frames"
    );
    let mut stream = TcpStream::connect(stage.served.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..50 {
        stream.write_all(call.as_bytes()).unwrap();
        let mut heard = vec![0; 64 * 1024];
        let read = stream.read(&mut heard).unwrap();
        assert!(heard[..read].starts_with(b"HTTP/1.1 400 "));
    }
}

#[test]
fn a_line_that_breaks_every_few_kilobytes_still_carries_all() {
    let stage = Stage::new();
    let mut ana = stage.yard.phone(&stage.served, "Ana");
    let mut sheet = String::from("name,code,city,territory\n");
    for number in 0..3_000 {
        sheet += &format!(
            "Corner Shop {number},C{number},Town {},North\n",
            number * 7919 % 1000
        );
    }
    stage.imports(&sheet);
    let line = FrailLine::to(
        stage.served.address,
        Frailty {
            down: 8 * 1024,
            ..Frailty::NONE
        },
    );
    ana.set_server(&line.url).unwrap();
    let mut syncs = 0;
    while let Err(error) = ana.sync() {
        assert!(matches!(error, FieldError::TryLater { .. }), "{error:?}");
        syncs += 1;
        assert!(syncs < 20, "it does not get ahead: {error}");
    }
    let breaks = line.breaks();
    assert!(breaks > 5, "the line broke {breaks} times");
    let count = json!({"object": "account", "count": true, "limit": 1});
    assert_eq!(ana.query(&count.to_string()).unwrap().data["count"], 3_000);
}

#[test]
fn uploads_get_smaller_on_a_line_that_breaks_every_64_kilobytes() {
    let stage = Stage::new();
    let mut ana = stage.yard.phone(&stage.served, "Ana");
    let mut dice = Dice::new(64);
    for _ in 0..60 {
        let name = dice.text(7_000);
        let add = json!({"do": "add", "object": "contact", "fields": {"name": name}});
        ana.execute(&add.to_string()).unwrap();
    }
    let frail = Frailty {
        up: 64 * 1024,
        down: 64 * 1024,
        ..Frailty::NONE
    };
    let line = FrailLine::to(stage.served.address, frail);
    ana.set_server(&line.url).unwrap();
    let mut left = unsent(&mut ana);
    while left > 0 {
        drop(ana.sync());
        let now = unsent(&mut ana);
        assert!(now < left, "{now} of {left} wait still");
        left = now;
    }
    assert!(line.breaks() > 0);
}

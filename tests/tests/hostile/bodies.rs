//! Bodies that are no frames, and frames that lie: each is refused as JSON, or skipped, and none
//! costs memory. It does not know what is in a change.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use outfield_core::sync::frames::{Frame, Want};
use outfield_core::sync::wire;
use outfield_tests::caller::{self, HttpAnswer};
use outfield_tests::crafter::{CraftedChange, frame, unsigned, zstd, zstd_bomb};
use outfield_tests::dice::Dice;

use outfield_tests::attacked::{AttackedServer, entry, new_record, word};

const PATHS: [&str; 3] = ["/sync/v1/hello", "/sync/v1/push", "/sync/v1/pull"];
const ENTRY: u8 = 0x83;
const WANT: u8 = 0x05;
const END: u8 = 0x10;
const UNKNOWN: u8 = 0x33;
const UNKNOWN_CRITICAL: u8 = 0xb3;

/// An answer that says in JSON what is wrong.
fn refused(name: &str, heard: &HttpAnswer, status: u16, code: &str) {
    let said = String::from_utf8_lossy(&heard.body);
    assert_eq!(
        (heard.status, heard.code().as_str()),
        (status, code),
        "{name}: {said}"
    );
    assert!(
        !heard.json()["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .is_empty(),
        "{name}: {said}"
    );
}

#[test]
fn bodies_that_are_no_frames_are_refused() {
    let mut stage = AttackedServer::serving();
    let whole = zstd(&frame(END, &[0xa1, 0, 0]));
    let long = |length: u64| zstd(&[&unsigned(length), &[END, 0xa1, 0, 0][..]].concat());
    let cases = [
        ("a text", b"hello".to_vec()),
        ("JSON", b"{\"a\": 1}".to_vec()),
        ("zstd cut off", whole[..whole.len() - 5].to_vec()),
        ("bytes behind", [whole.clone(), vec![1, 2, 3]].concat()),
        ("a frame cut off", zstd(&frame(END, &[0xa1, 0, 0])[..3])),
        ("a frame of nothing", zstd(&[0])),
        ("a length beyond the body", long(1_000)),
        ("a length beyond a frame", long(1 << 21)),
        ("a length without end", zstd(&[0xff; 64])),
        ("the largest length", long(u64::MAX)),
        (
            "a frame that must be known",
            zstd(&frame(UNKNOWN_CRITICAL, b"x")),
        ),
        ("zeros without end", zstd_bomb(&[], 0, 50_000)),
        ("frames to skip without end", zstd_bomb(&[], 0x21, 50_000)),
        (
            "one byte more than a request may have",
            zstd_bomb(&[], 0x21, 33),
        ),
        (
            "a window beyond memory",
            [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 1, 0, 0].to_vec(),
        ),
    ];
    for path in PATHS {
        for (name, body) in &cases {
            refused(
                &format!("{name} to {path}"),
                &stage.body(path, body),
                400,
                "bad_frames",
            );
        }
    }
    stage.unharmed();
}

#[test]
fn content_that_lies_is_refused() {
    let mut stage = AttackedServer::serving();
    let head = |length: &[u8]| [&[0xa1, 0x04][..], length].concat();
    let cases = [
        ("nothing", Vec::new()),
        ("no map", vec![0x01]),
        (
            "a map beyond number",
            vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        (
            "bytes beyond number",
            head(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ),
        ("a wrong kind", head(&[0x01])),
        ("keys missing", vec![0xa0]),
        (
            "arrays without end",
            [vec![0xa1, 0x18, 99], vec![0x81; 900_000]].concat(),
        ),
        (
            "open arrays without end",
            [vec![0xa1, 0x18, 99], vec![0x9f; 900_000]].concat(),
        ),
        (
            "open and counted arrays without end",
            [vec![0xa1, 0x18, 99], [0x82, 0x9f].repeat(450_000)].concat(),
        ),
        (
            "maps without end",
            [vec![0xa1, 0x18, 99], [0xa1, 0x01].repeat(450_000)].concat(),
        ),
        (
            "tags without end",
            [vec![0xa1, 0x18, 99], vec![0xc1; 900_000]].concat(),
        ),
        (
            "an id of 3 bytes",
            vec![
                0xa6, 0, 1, 1, 0xf4, 2, 0x60, 3, 0x43, 1, 2, 3, 4, 0x40, 5, 0,
            ],
        ),
    ];
    for (name, content) in &cases {
        for (path, kind) in [
            ("/sync/v1/push", ENTRY),
            ("/sync/v1/pull", WANT),
            ("/sync/v1/hello", 0x01),
        ] {
            refused(
                &format!("{name} to {path}"),
                &stage.body(path, &zstd(&frame(kind, content))),
                400,
                "bad_frames",
            );
        }
    }
    stage.unharmed();
}

#[test]
fn frames_that_may_be_skipped_are_skipped() {
    let mut stage = AttackedServer::serving();
    let many = frame(UNKNOWN, b"news").repeat(10_000);
    assert_eq!(stage.body("/sync/v1/push", &zstd(&many)).status, 200);
    assert_eq!(stage.body("/sync/v1/pull", &zstd(&many)).status, 200);
    refused(
        "no hello",
        &stage.body("/sync/v1/hello", &zstd(&many)),
        400,
        "bad_frame",
    );
    stage.unharmed();
}

#[test]
fn more_frames_than_anyone_needs_are_refused() {
    let mut stage = AttackedServer::serving();
    // Seven bytes each, and a few hundred once they are read.
    let wants = zstd(&frame(WANT, &[0xa2, 0, 0x60, 1, 0]).repeat(590_000));
    let ends = zstd(&frame(END, &[0xa1, 0, 0]).repeat(830_000));
    for path in PATHS {
        refused("wants", &stage.body(path, &wants), 400, "bad_frames");
        refused("ends", &stage.body(path, &ends), 400, "bad_frames");
    }
    stage.unharmed();
}

#[test]
fn a_bucket_wanted_many_times_is_told_once() {
    let mut stage = AttackedServer::serving();
    let want = |bucket: &str, cursor: u64| {
        Frame::Want(Want {
            bucket: bucket.to_owned(),
            cursor,
        })
    };
    let mine = format!("user/{}", stage.user());
    let wants = [vec![want("tenant", 0); 30], vec![want(&mine, 7); 30]].concat();
    let heard = stage.body("/sync/v1/pull", &wire::encode(&wants).unwrap());
    let frames = wire::decode(&heard.body, 1 << 24).unwrap();
    assert_eq!(
        frames
            .iter()
            .filter(|frame| matches!(frame, Frame::Start(_)))
            .count(),
        2
    );
    let strange = [
        "",
        "tenant ",
        "user/",
        "territory/'; DROP TABLE log; --",
        "tenant\0",
        "*",
        &"x".repeat(9_000),
    ];
    let wants: Vec<Frame> = strange
        .iter()
        .map(|bucket| want(bucket, u64::MAX))
        .collect();
    let heard = stage.body("/sync/v1/pull", &wire::encode(&wants).unwrap());
    assert!(matches!(
        wire::decode(&heard.body, 1 << 24).unwrap().as_slice(),
        [Frame::End(_)]
    ));
    stage.unharmed();
}

#[test]
fn whoever_asks_and_never_listens_is_answered_a_few_times_only() {
    let mut stage = AttackedServer::serving();
    let (mut dice, shop) = (Dice::new(49), stage.shop());
    // So much that no buffer between the two takes all of an answer.
    for round in 0..30_u8 {
        let records = (0..4_u8).map(|n| {
            let texts: Vec<(String, String)> = (0..7)
                .flat_map(|n| {
                    let account = (format!("roles/r{n}/account"), shop.clone());
                    [account, (format!("roles/r{n}/role"), dice.text(8_000))]
                })
                .collect();
            let (mine, name) = (stage.user().to_owned(), "Long".to_owned());
            let all = [
                vec![("name".to_owned(), name), ("owner".to_owned(), mine)],
                texts,
            ]
            .concat();
            let all: Vec<(&str, &str)> = all
                .iter()
                .map(|(key, text)| (key.as_str(), text.as_str()))
                .collect();
            let bytes = CraftedChange::puts([8; 16], &all).chunk();
            entry(new_record(&[round, n]), &bytes)
        });
        assert!(
            stage
                .push_entries(records.collect())
                .iter()
                .all(|verdict| word(verdict) == "accepted")
        );
    }
    let want = Frame::Want(Want {
        bucket: format!("user/{}", stage.user()),
        cursor: 0,
    });
    let body = wire::encode(&[want]).unwrap();
    let head = format!(
        "POST /sync/v1/pull HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: \
            {}\r\n\r\n",
        stage.token(),
        body.len()
    );
    let mut deaf = Vec::new();
    let mut busy = 0;
    for _ in 0..40 {
        let mut stream = TcpStream::connect(stage.served.address).unwrap();
        stream
            .write_all(&[head.as_bytes(), &body].concat())
            .unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        busy += u32::from(status == *b"HTTP/1.1 429");
        deaf.push(stream);
    }
    assert!(busy > 30, "{busy}");
    refused("one more", &stage.body("/sync/v1/pull", &body), 429, "busy");
    stage.unharmed();
    drop(deaf);
    assert_eq!(
        stage
            .body("/sync/v1/push", &wire::encode(&[]).unwrap())
            .status,
        200
    );
    stage.unharmed();
}

#[test]
fn ten_thousand_random_bodies_never_break_the_server() {
    let mut stage = AttackedServer::serving();
    let mut dice = Dice::new(46);
    let honest = [
        frame(WANT, &[0xa2, 0, 0x60, 1, 0]),
        frame(ENTRY, &[0xa0]),
        frame(END, &[0xa1, 0, 0]),
    ]
    .concat();
    for round in 0..10_000 {
        let length = dice.roll(200);
        let body = match dice.roll(4) {
            0 => dice.bytes(length),
            1 => zstd(&dice.bytes(length)),
            2 => zstd(&dice.spoil(&honest)),
            _ => dice.spoil(&zstd(&honest)),
        };
        let heard = stage.body(PATHS[round % 3], &body);
        assert!(
            heard.status == 200 || heard.status == 400,
            "{}: {body:?}",
            heard.status
        );
    }
    stage.unharmed();
}

#[test]
fn bodies_that_are_too_large_or_never_come_are_refused() {
    let mut stage = AttackedServer::serving();
    for path in [
        PATHS[0],
        PATHS[1],
        PATHS[2],
        "/sync/v1/enrol",
        "/sync/v1/refresh",
    ] {
        refused(
            "5 MB",
            &stage.body(path, &vec![7; 5 << 20]),
            413,
            "too_large",
        );
    }
    let head = |token: &str, length: u64| {
        format!(
            "POST /sync/v1/push HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-length: {length}\r\n\r\n"
        )
    };
    let say = |head: &str| {
        caller::say(
            stage.served.address,
            head.as_bytes(),
            Duration::from_secs(60),
        )
        .expect("an answer in time")
    };
    for token in [stage.token(), "nobody"] {
        let heard = say(&head(token, 99_999_999_999));
        refused("what says that it is too large", &heard, 413, "too_large");
    }
    let heard = say(&head(stage.token(), 1_000));
    refused("a body that never comes", &heard, 408, "too_slow");
    stage.unharmed();
}

#[test]
fn who_is_not_in_costs_nothing() {
    let mut stage = AttackedServer::serving();
    stage.intruder["token"] = "nobody".into();
    let wants = zstd(&frame(WANT, &[0xa2, 0, 0x60, 1, 0]).repeat(590_000));
    for path in PATHS {
        refused(
            "without a token",
            &stage.body(path, &wants),
            401,
            "signed_out",
        );
        refused(
            "without a token",
            &stage.body(path, b"no frames"),
            401,
            "signed_out",
        );
    }
    stage.unharmed();
}

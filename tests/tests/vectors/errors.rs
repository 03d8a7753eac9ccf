//! What a real server answers to calls that are wrong as a whole, as vectors: for each code of an
//! error the shortest call that is answered by it. It does not know what single entries hold.

use std::time::Duration;

use outfield_core::base::id::ActorId;
use outfield_core::sync::frames::{Frame, Hello, Need, PushEntry};
use outfield_core::sync::wire::{self, Packing};
use outfield_tests::attacked::{AttackedServer, entry, new_record};
use outfield_tests::caller;
use outfield_tests::crafter::hex;
use serde_json::{Map, Value as Json, json};

/// A code, its status, how and where it is asked, with whose token, and the body.
struct ErrorCase {
    code: &'static str,
    status: u16,
    call: &'static str,
    is_known: bool,
    body: fn() -> Vec<u8>,
}

const CASES: &[ErrorCase] = &[
    of("bad_frames", 400, "POST /sync/v1/push", || vec![0xff; 4]),
    of("bad_frame", 400, "POST /sync/v1/hello", Vec::new),
    of("protocol", 400, "POST /sync/v1/hello", || hello(1)),
    of("bad_number", 400, "POST /sync/v1/push", || {
        let entry = entry(new_record(b"number"), &[]);
        let number = (1 << 48) + 1;
        plain(&[Frame::Entry(PushEntry { number, ..entry })])
    }),
    of("needed_twice", 400, "POST /sync/v1/pull", || {
        let record = new_record(b"twice");
        plain(&[0, 1].map(|_| Frame::Need(Need { record })))
    }),
    of("bad_json", 400, "POST /sync/v1/enrol", || b"{".to_vec()),
    of("missing_field", 400, "POST /sync/v1/enrol", || {
        b"{}".to_vec()
    }),
    ErrorCase {
        is_known: false,
        ..of("signed_out", 401, "POST /sync/v1/pull", Vec::new)
    },
    of("not_found", 404, "POST /sync/v1/nothing", Vec::new),
    of("wrong_method", 405, "GET /sync/v1/push", Vec::new),
];

/// Codes of the document that no vector here answers, and why.
pub(super) const WITHOUT: &[(&str, &str)] = &[
    ("bad_body", "takes a body that breaks off"),
    ("broken", "is a fault of the server"),
    ("busy", "takes many calls at once"),
    ("code_expired", "takes a code that is older than a week"),
    ("code_used", "takes a code that was used"),
    ("other_tenant", "takes a device of another tenant"),
    ("other_user", "takes a device of another person"),
    ("overloaded", "takes more calls than there is room for"),
    ("push_too_large", "takes 256 KiB"),
    ("too_large", "takes 4 MiB"),
    ("too_many_attempts", "takes many codes in vain"),
    ("too_slow", "takes a body that does not come"),
    (
        "unknown_code",
        "takes a code of this tenant that was never given: others are `signed_out`",
    ),
    ("user_left", "takes a person whom the office let go"),
    (
        "wipe_ordered",
        "takes a device that the office wants emptied",
    ),
];

const fn of(
    code: &'static str,
    status: u16,
    call: &'static str,
    body: fn() -> Vec<u8>,
) -> ErrorCase {
    let is_known = true;
    ErrorCase {
        code,
        status,
        call,
        is_known,
        body,
    }
}

fn plain(frames: &[Frame]) -> Vec<u8> {
    wire::encode_as(Packing::Plain, frames).unwrap()
}

fn hello(proto: u16) -> Vec<u8> {
    let (proto_min, proto_max, actor) = (proto, proto, ActorId([0x22; 16]));
    plain(&[Frame::Hello(Hello {
        proto_min,
        proto_max,
        actor,
        state: 0,
        tick: 0,
        issued: 0,
    })])
}

/// The vectors, by code.
pub(super) fn errors() -> Json {
    let stage = AttackedServer::serving();
    let (mut all, mut wrong) = (Map::new(), Vec::new());
    for case in CASES {
        let body = (case.body)();
        let token = if case.is_known {
            stage.token()
        } else {
            "nobody"
        };
        let head = format!(
            "{} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: \
             application/vnd.outfield.frames.plain\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            case.call,
            body.len()
        );
        let said = [head.as_bytes(), &body].concat();
        let heard = caller::say(stage.served.address, &said, Duration::from_secs(20)).unwrap();
        let found = heard.code();
        if (heard.status, &*found) != (case.status, case.code) {
            wrong.push(format!("{}: {} {found}", case.code, heard.status));
        }
        let vector = json!({"call": case.call, "body": hex(&body), "status": case.status,
            "token": if case.is_known { "valid" } else { "unknown" }});
        all.insert(case.code.to_owned(), vector);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    all.into()
}

//! Few bytes that become many: repeated needs, greetings that hold more than one, values without
//! number.

use outfield_core::base::id::RecordId;
use outfield_core::base::limits::{CALL_ITEMS_MAX, NEEDS_MAX};
use outfield_core::sync::frames::{Frame, Need};
use outfield_core::sync::wire;
use outfield_tests::attacked::AttackedServer;
use outfield_tests::crafter::{frame, zstd};

const HELLO: u8 = 0x01;
const ENTRY: u8 = 0x83;
const ROW: u8 = 0x87;

/// How much one refused call may cost in memory, in KiB: 8 MiB.
const CALL_KIB_MAX: u64 = 8 * 1024;

fn need(n: usize) -> Frame {
    let mut id = [3; 16];
    id[..8].copy_from_slice(&(n as u64).to_be_bytes());
    let record = RecordId(id);
    Frame::Need(Need { record })
}

/// As small as it gets.
fn packed(plain: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(plain, 19).unwrap()
}

/// The answer to a body is this code, and the server grew by no more than a call may cost.
fn refused(stage: &AttackedServer, path: &str, body: &[u8], code: &str) {
    let before = stage.served.peak_kib();
    let heard = stage.body(path, body);
    assert_eq!((heard.status, heard.code().as_str()), (400, code), "{path}");
    let grown = stage.served.peak_kib() - before;
    assert!(grown < CALL_KIB_MAX, "{path}: {grown} KiB");
}

#[test]
fn a_history_that_is_needed_twice_is_told_to_nobody() {
    let mut stage = AttackedServer::serving();
    let twice = wire::encode(&[need(1), need(1)]).unwrap();
    refused(&stage, "/sync/v1/pull", &twice, "needed_twice");
    let often = wire::encode(&vec![need(1); 1_000]).unwrap();
    refused(&stage, "/sync/v1/pull", &often, "bad_frames");
    let many: Vec<Frame> = (0..NEEDS_MAX).map(need).collect();
    let body = wire::encode(&many).unwrap();
    assert_eq!(stage.body("/sync/v1/pull", &body).status, 200);
    let more: Vec<Frame> = (0..=NEEDS_MAX).map(need).collect();
    let body = wire::encode(&more).unwrap();
    refused(&stage, "/sync/v1/pull", &body, "bad_frames");
    stage.unharmed();
}

#[test]
fn a_greeting_holds_one_hello_and_nothing_else() {
    let mut stage = AttackedServer::serving();
    // An entry with a map of ever more keys that nobody knows.
    let mut wide = vec![0xb9, 0xff, 0xff];
    for key in 1_000..1_000 + 0xffff_u32 {
        wide.push(0x1a);
        wide.extend(key.to_be_bytes());
        wide.push(0x00);
    }
    let mut plain = Vec::new();
    for _ in 0..10 {
        plain.extend(frame(ENTRY, &wide));
    }
    let body = packed(&plain);
    assert!(body.len() < 512 * 1024);
    refused(&stage, "/sync/v1/hello", &body, "bad_frames");
    let hello = frame(HELLO, &[0xa1, 0, 1]).repeat(2);
    refused(&stage, "/sync/v1/hello", &zstd(&hello), "bad_frames");
    stage.unharmed();
}

#[test]
fn values_without_number_are_counted_before_they_are_made() {
    let mut stage = AttackedServer::serving();
    // A row of so many values, three bytes each.
    let pairs = CALL_ITEMS_MAX as u32;
    let mut row = vec![0xa4, 0, 0, 1, 0x63, b'r', b'o', b'w', 2, 0x50];
    row.extend([9; 16]);
    row.extend([3, 0xba]);
    row.extend(pairs.to_be_bytes());
    for n in 0..pairs {
        row.push(0x63);
        row.extend([n >> 14, n >> 7, n].map(|part| (part & 0x7f) as u8));
        row.extend([0x82, 0x00, 0x80]);
    }
    let body = packed(&frame(ROW, &row));
    refused(&stage, "/sync/v1/return", &body, "bad_frames");
    stage.unharmed();
}

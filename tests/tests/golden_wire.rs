//! The frames as bytes, one of each type with fixed values: whoever changes one of these changes
//! the protocol, and `docs/protocol.md` with it. Beside them what a reader does with bytes that are
//! none.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use outfield_core::base::id::{
    ActorId, ChangeHash, ConflictId, DeviceId, GroupId, RecordId, UserId,
};
use outfield_core::base::limits::FRAME_BYTES_MAX;
use outfield_core::objects::{Conflict, ConflictState, Side, Value, Values};
use outfield_core::sync::frames::*;
use outfield_core::sync::wire::{self, Decoder, Packing};

const RECORD: RecordId = RecordId([0x11; 16]);
const ACTOR: ActorId = ActorId([0x22; 16]);
const HASH: ChangeHash = ChangeHash([0x33; 32]);

fn values() -> Values {
    let values = [
        ("name", "Harp's".into()),
        ("open", true.into()),
        ("seats", Value::Int(-3)),
    ];
    values
        .into_iter()
        .map(|(path, value)| (path.to_owned(), value))
        .collect()
}

fn hello() -> Frame {
    Frame::Hello(Hello {
        proto_min: 1,
        proto_max: 1,
        actor: ACTOR,
        state: u64::MAX,
        tick: 7,
        issued: 300,
    })
}

fn welcome() -> Frame {
    Frame::Welcome(Welcome {
        proto: 1,
        epoch: 9,
        seen: 4,
        server_ms: 1_795_509_000_000,
        user: UserId([0x44; 16]),
        role: "rep".to_owned(),
        name: "Ann".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        device: DeviceId([0x55; 16]),
        same: false,
        buckets: vec!["tenant".to_owned()],
        lease_days: None,
    })
}

fn entry() -> Frame {
    let (object, bytes) = ("note".to_owned(), vec![0xa0].into());
    let (actor, at_ms) = (Some(ACTOR), Some(-1));
    Frame::Entry(PushEntry {
        number: 300,
        is_fact: true,
        object,
        record: RECORD,
        bytes,
        knew: 7,
        actor,
        at_ms,
        group: None,
        count: None,
        verb: None,
    })
}

/// An entry of a group of two.
fn grouped() -> Frame {
    let Frame::Entry(entry) = entry() else {
        panic!("an entry")
    };
    Frame::Entry(PushEntry {
        group: Some(GroupId([0x77; 16])),
        count: Some(2),
        ..entry
    })
}

fn verdict(ruling: Ruling) -> Frame {
    Frame::Verdict(Verdict {
        hash: HASH,
        ruling,
        seal: None,
    })
}

fn rulings() -> [Ruling; 6] {
    let (code, message, fields) = (
        "not_allowed".to_owned(),
        "no".to_owned(),
        vec!["name".to_owned()],
    );
    [
        Ruling::Accepted { number: 1 },
        Ruling::Duplicate { number: 1 },
        Ruling::Needs { hashes: vec![HASH] },
        Ruling::Quarantined {
            code,
            message,
            fields,
            numbers: Some("{\"limit\":3}".to_owned()),
        },
        Ruling::RetryLater,
        Ruling::Rewrite,
    ]
}

fn doc() -> Frame {
    let (object, blob, heads) = ("shop".to_owned(), vec![1, 2].into(), vec![HASH]);
    let (created_ms, created_by, changed_ms, changed_by) = (1, ACTOR, 2, ACTOR);
    let values = values();
    let record = RECORD;
    Frame::Doc(Doc {
        seq: 5,
        object,
        record,
        blob,
        heads,
        values,
        created_ms,
        created_by,
        changed_ms,
        changed_by,
    })
}

fn conflict() -> Frame {
    let side = |value: &str| Side {
        operation: format!("3@{ACTOR}"),
        actor: ACTOR,
        at_ms: 6,
        value: value.into(),
    };
    let conflict = Conflict {
        id: ConflictId([0x66; 16]),
        object: "shop".to_owned(),
        record: RECORD,
        path: "name".to_owned(),
        base: Value::Null,
        sides: vec![side("Harp's"), side("Dale's")],
        state: ConflictState::Superseded,
    };
    Frame::Conflict(Held { seq: 5, conflict })
}

/// One of each other type of frame.
fn others() -> [Frame; 12] {
    let (object, record) = ("shop".to_owned(), RECORD);
    [
        Frame::Want(Want {
            bucket: "tenant".to_owned(),
            cursor: 70_000,
        }),
        Frame::Need(Need { record: RECORD }),
        Frame::History(History {
            object: object.clone(),
            record,
            blob: vec![1, 2].into(),
            heads: vec![HASH],
        }),
        Frame::Start(Start {
            bucket: "tenant".to_owned(),
            from: 70_000,
        }),
        Frame::Row(Row {
            seq: 5,
            object: object.clone(),
            record,
            values: values(),
        }),
        Frame::Fact(Fact {
            seq: 5,
            object: object.clone(),
            record,
            values: values(),
            actor: ACTOR,
            at_ms: 6,
        }),
        Frame::Change(Change {
            seq: 5,
            object: object.clone(),
            record,
            bytes: vec![1, 2].into(),
        }),
        Frame::Own(Own {
            seq: 5,
            object: object.clone(),
            record,
            hash: HASH,
        }),
        Frame::Remove(Remove {
            seq: 5,
            object,
            record,
        }),
        Frame::Descriptor(Published {
            seq: 5,
            record,
            json: "{}".to_owned(),
        }),
        Frame::Checkpoint(Checkpoint {
            bucket: "tenant".to_owned(),
            seq: 5,
            sum: u64::MAX,
        }),
        Frame::End(End { tick: 7 }),
    ]
}

fn all() -> Vec<Frame> {
    let mut all = vec![hello(), welcome(), entry(), doc(), conflict()];
    all.extend(rulings().map(verdict));
    all.extend(others());
    all
}

fn plain(frames: &[Frame]) -> Vec<u8> {
    zstd::decode_all(&wire::encode(frames).unwrap()[..]).unwrap()
}

/// The inflated bytes of each frame in hex, a line each.
#[track_caller]
fn check(frames: &[Frame], expected: Expect) {
    let mut lines = String::new();
    for frame in frames {
        plain(std::slice::from_ref(frame))
            .iter()
            .for_each(|byte| write!(lines, "{byte:02x}").unwrap());
        lines.push('\n');
    }
    expected.assert_eq(&lines);
    assert_eq!(
        wire::decode(&wire::encode(frames).unwrap(), usize::MAX).unwrap(),
        frames
    );
}

#[test]
fn a_device_and_the_server_greet() {
    check(
        &[hello(), welcome()],
        expect![[r#"
        2801a600010101025022222222222222222222222222222222031bffffffffffffffff04070519012c
        5c02ab000101090204031b000001a20cad174004504444444444444444444444444444444405637265700663416e6e076f416d65726963612f4368696361676f08505555555555555555555555555555555509f40a816674656e616e74
    "#]],
    );
}

#[test]
fn work_is_handed_in_and_judged() {
    check(
        &[entry(), grouped()],
        expect![[r#"
            3983a80019012c01f502646e6f74650350111111111111111111111111111111110441a005070650222222222222222222222222222222220720
            4d83aa0019012c01f502646e6f74650350111111111111111111111111111111110441a0050706502222222222222222222222222222222207200850777777777777777777777777777777770902
        "#]],
    );
    check(
        &rulings().map(verdict),
        expect![[r#"
            2a84a200582033333333333333333333333333333333333333333333333333333333333333330182008101
            2a84a200582033333333333333333333333333333333333333333333333333333333333333330182018101
            4c84a20058203333333333333333333333333333333333333333333333333333333333333333018202818158203333333333333333333333333333333333333333333333333333333333333333
            4a84a20058203333333333333333333333333333333333333333333333333333333333333333018203846b6e6f745f616c6c6f776564626e6f81646e616d656b7b226c696d6974223a337d
            2984a2005820333333333333333333333333333333333333333333333333333333333333333301820480
            2984a2005820333333333333333333333333333333333333333333333333333333333333333301820580
        "#]],
    );
}

#[test]
fn records_travel_whole_and_step_by_step() {
    check(
        &[doc(), conflict()],
        expect![[r#"
        870189aa0005016473686f700250111111111111111111111111111111110342010204815820333333333333333333333333333333333333333333333333333333333333333305a3646e616d6566486172702773646f70656ef56573656174732206010750222222222222222222222222222222220802095022222222222222222222222222222222
        c8018ca2000501a7005066666666666666666666666666666666016473686f7002501111111111111111111111111111111103646e616d6504f60582a4007826334032323232323232322d323232322d323232322d323232322d32323232323232323232323201502222222222222222222222222222222202060366486172702773a4007826334032323232323232322d323232322d323232322d323232322d3232323232323232323232320150222222222222222222222222222222220206036644616c6527730602
    "#]],
    );
    check(
        &others(),
        expect![[r#"
            1005a2006674656e616e74011a00011170
            1412a1005011111111111111111111111111111111
            4291a4006473686f7001501111111111111111111111111111111102420102038158203333333333333333333333333333333333333333333333333333333333333333
            1086a2006674656e616e74011a00011170
            3787a40005016473686f7002501111111111111111111111111111111103a3646e616d6566486172702773646f70656ef565736561747322
            4b88a60005016473686f7002501111111111111111111111111111111103a3646e616d6566486172702773646f70656ef5657365617473220450222222222222222222222222222222220506
            208aa40005016473686f7002501111111111111111111111111111111103420102
            3f8ba40005016473686f700250111111111111111111111111111111110358203333333333333333333333333333333333333333333333333333333333333333
            1c8da30005016473686f70025011111111111111111111111111111111
            1a8ea3000501501111111111111111111111111111111102627b7d
            168fa3006674656e616e740105021bffffffffffffffff
            0410a10007
        "#]],
    );
}

#[test]
fn every_frame_comes_back_as_it_went_also_byte_by_byte() {
    let frames = all();
    let body = wire::encode(&frames).unwrap();
    assert_eq!(wire::decode(&body, usize::MAX).unwrap(), frames);
    let mut decoder = Decoder::new(usize::MAX).unwrap();
    let mut came = Vec::new();
    for byte in &body {
        decoder.feed(std::slice::from_ref(byte));
        while let Some(frame) = decoder.next_frame().unwrap() {
            came.push(frame);
        }
    }
    decoder.finish().unwrap();
    assert_eq!(came, frames);
}

#[test]
fn who_has_no_zstd_gets_the_same_frames_as_they_are() {
    assert_eq!(
        wire::encode_as(Packing::Plain, &all()).unwrap(),
        plain(&all())
    );
    assert_eq!(
        wire::decode_as(Packing::Plain, &plain(&all()), plain(&all()).len()).unwrap(),
        all()
    );
    assert!(wire::decode_as(Packing::Plain, &plain(&all()), plain(&all()).len() - 1).is_err());
    // What was packed before, for everybody, is unpacked where it is spliced in.
    let mut encoder = wire::Encoder::packing(Packing::Plain).unwrap();
    encoder.push(&hello()).unwrap();
    encoder.splice(&wire::encode(&others()).unwrap()).unwrap();
    encoder.push(&welcome()).unwrap();
    let whole = [&[hello()][..], &others(), &[welcome()]].concat();
    assert_eq!(encoder.finish().unwrap(), plain(&whole));
}

/// A body of raw bytes.
fn packed(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn error(body: &[u8], limit: usize) -> String {
    wire::decode(body, limit).unwrap_err().to_string()
}

#[test]
fn an_unknown_frame_is_skipped_unless_it_is_critical() {
    let end = plain(&others()[9..]);
    let unknown = |kind: u8| [&[4, kind, 0xa1, 0x00, 0x01][..], &end[..]].concat();
    assert_eq!(
        wire::decode(&packed(&unknown(0x7f)), 100).unwrap(),
        others()[9..]
    );
    let said = error(&packed(&unknown(0xff)), 100);
    assert_eq!(
        said,
        "frame type 255 is not known here and may not be skipped; update the app"
    );
}

#[test]
fn a_key_that_is_not_known_is_ignored() {
    // An end of a newer protocol: {0: 7, 1: "more"}.
    let newer = [&[9, 0x10, 0xa2, 0x00, 0x07, 0x01, 0x64][..], b"more"].concat();
    let newer = [&[newer.len() as u8 - 1][..], &newer[1..]].concat();
    assert_eq!(
        wire::decode(&packed(&newer), 100).unwrap(),
        [Frame::End(End { tick: 7 })]
    );
}

#[test]
fn a_body_that_breaks_off_anywhere_is_an_error_and_never_a_panic() {
    let body = wire::encode(&all()).unwrap();
    for end in 0..body.len() {
        let whole = wire::decode(&body[..end], usize::MAX);
        assert!(
            end == 0 || whole.is_err(),
            "{end} of {} bytes pass",
            body.len()
        );
    }
    let plain = plain(&all());
    let mut passing = 0;
    for end in 0..plain.len() {
        // Where a frame ends, the body may end too.
        passing += usize::from(wire::decode(&packed(&plain[..end]), usize::MAX).is_ok());
    }
    assert_eq!(passing, all().len());
}

#[test]
fn a_body_that_inflates_beyond_the_limit_is_refused() {
    let bytes = plain(&all()).len();
    assert_eq!(
        wire::decode(&wire::encode(&all()).unwrap(), bytes).unwrap(),
        all()
    );
    for limit in [0, bytes - 1] {
        assert_eq!(
            error(&wire::encode(&all()).unwrap(), limit),
            "the body inflates to more than is allowed"
        );
    }
    let bomb = packed(&vec![0; 64 * FRAME_BYTES_MAX]);
    assert!(bomb.len() < FRAME_BYTES_MAX / 100);
    assert!(wire::decode(&bomb, FRAME_BYTES_MAX).is_err());
}

#[test]
fn what_is_no_frame_is_refused_in_words() {
    assert_eq!(
        error(b"no zstd at all", 100),
        "the body is not zstd: Unknown frame descriptor"
    );
    let too_long = [0x81, 0x80, 0x40, 0x10];
    for bytes in [&[0][..], &too_long, &[0xff; 5]] {
        assert_eq!(
            error(&packed(bytes), 100),
            "a frame's length is not between 1 and 1048576"
        );
    }
    assert_eq!(
        error(&packed(&[4, 0x10, 0xa1, 0x00, 0x1b]), 100),
        "a frame is malformed: end of input bytes"
    );
    assert_eq!(
        error(&packed(&[5, 0x10, 0xa1, 0x00, 0x07, 0x00]), 100),
        "bytes follow a frame's content"
    );
    let big = Frame::Start(Start {
        bucket: "b".repeat(FRAME_BYTES_MAX),
        from: 0,
    });
    assert!(wire::encode(&[big]).is_err());
}

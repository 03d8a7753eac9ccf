//! Makes the test vectors of the protocol from fixed values and compares them with
//! `tests/vectors/protocol.json`, which `OUTFIELD_VECTORS=write` writes; and every hexdump of
//! `docs/protocol.md` is one of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod errors;
mod rulings;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use outfield_core::app::fact_hash;
use outfield_core::base::id::{ActorId, BlobHash, ChangeHash, DeviceId, GroupId, RecordId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::base::version::Version;
use outfield_core::crdt::{Document, gate, touched};
use outfield_core::objects::conflict::{Conflict, ConflictState, Side};
use outfield_core::objects::{Record, Value, Values};
use outfield_core::sync::frames::*;
use outfield_core::sync::wire::{self, Packing};
use outfield_tests::crafter::{self, CraftedChange, hex};
use outfield_tests::tidy::codes::{self, RefusalWay};
use serde_json::{Map, Value as Json, json};

const CONTACT: RecordId = RecordId([0x11; 16]);
const SHOP: RecordId = RecordId([0x13; 16]);
const CALL: RecordId = RecordId([0x12; 16]);
const ANN: ActorId = ActorId([0x22; 16]);
const BEN: ActorId = ActorId([0x23; 16]);
const NOON: Timestamp = Timestamp(1_795_500_000_000);

fn values(of: &[(&str, &str)]) -> Values {
    of.iter()
        .map(|(path, value)| ((*path).to_owned(), Value::from(*value)))
        .collect()
}

fn frame(frame: Frame) -> Json {
    json!(hex(&wire::encode_as(Packing::Plain, &[frame]).unwrap()))
}

fn change(bytes: &[u8]) -> Json {
    let vetted = gate::change(bytes).unwrap();
    json!({
        "bytes": hex(bytes), "hash": vetted.hash.to_string(), "actor": hex(&vetted.actor.0),
        "seq": vetted.seq,
        "time": vetted.at.0,
        "deps": vetted.deps.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "puts": touched(&vetted).unwrap(),
    })
}

/// A contact that Ann made and Ben edited, and a call that Ann logged about it.
struct Story {
    made: Vec<u8>,
    edited: Vec<u8>,
    blob: Vec<u8>,
    heads: Vec<ChangeHash>,
    shown: Values,
    fact: Vec<u8>,
}

fn story() -> Story {
    let mut document = Document::new();
    let first = values(&[("name", "Rosa"), ("phone", "+14795550100")]);
    let made = document.write(ANN, NOON, &first).unwrap().bytes;
    let edited = document
        .write(BEN, NOON, &values(&[("phone", "+14795550199")]))
        .unwrap()
        .bytes;
    let fact = Record::canonical(&values(&[
        ("contact", &CONTACT.to_string()),
        ("kind", "call"),
        ("note", "Hi"),
    ]));
    let shown = values(&[("name", "Rosa"), ("phone", "+14795550199")]);
    Story {
        made,
        edited,
        blob: document.save(),
        heads: document.heads(),
        shown,
        fact,
    }
}

fn document_frame(story: &Story) -> Doc {
    Doc {
        seq: 5,
        object: "contact".to_owned(),
        record: CONTACT,
        blob: story.blob.clone().into(),
        heads: story.heads.clone(),
        values: story.shown.clone(),
        created_ms: NOON.0,
        created_by: ANN,
        changed_ms: NOON.0,
        changed_by: BEN,
    }
}

/// The same entry, as one of a group of two.
fn in_group(entry: Frame) -> Frame {
    let Frame::Entry(entry) = entry else {
        panic!("an entry")
    };
    Frame::Entry(PushEntry {
        group: Some(GroupId([0x66; 16])),
        count: Some(2),
        ..entry
    })
}

/// Every frame that the document names, by what it says.
fn frames(story: &Story) -> Json {
    let mut all = Map::new();
    for part in [
        meeting_frames(story),
        sent_frames(story),
        told_frames(story),
    ] {
        let Json::Object(part) = part else {
            panic!("frames by name")
        };
        all.extend(part);
    }
    all.into()
}

/// What begins and ends a meeting.
fn meeting_frames(story: &Story) -> Json {
    let tenant = || "tenant".to_owned();
    let state = wire::fingerprint(&[]);
    let welcome = Welcome {
        proto: 1,
        epoch: 9,
        seen: 0,
        server_ms: NOON.0,
        user: UserId([0x44; 16]),
        role: "rep".to_owned(),
        name: "Ann".to_owned(),
        time_zone: "UTC".to_owned(),
        device: DeviceId([0x55; 16]),
        same: false,
        buckets: vec![tenant()],
        lease_days: None,
    };
    json!({
        "hello": frame(Frame::Hello(Hello { proto_min: 1, proto_max: 1, actor: ANN, state, tick: 0,
        issued: 0 })),
        "welcome": frame(Frame::Welcome(welcome)),
        "want": frame(Frame::Want(Want { bucket: tenant(), cursor: 0 })),
        "need": frame(Frame::Need(Need { record: CONTACT })),
        "start": frame(Frame::Start(Start { bucket: tenant(), from: 0 })),
        "checkpoint": frame(Frame::Checkpoint(Checkpoint { bucket: tenant(), seq: 6,
        sum: sum(story) })),
        "end": frame(Frame::End(End { tick: 7 })),
    })
}

/// What a device hands in, and what it hears of that.
fn sent_frames(story: &Story) -> Json {
    let object = || "contact".to_owned();
    let entry = |number, is_fact: bool, object: &str, record, bytes: &[u8]| {
        let (actor, at_ms) = (is_fact.then_some(ANN), is_fact.then_some(NOON.0));
        let (object, bytes) = (object.to_owned(), bytes.to_vec().into());
        Frame::Entry(PushEntry {
            number,
            is_fact,
            object,
            record,
            bytes,
            knew: 7,
            actor,
            at_ms,
            group: None,
            count: None,
            verb: None,
        })
    };
    let hash = gate::change(&story.edited).unwrap().hash;
    let said = |ruling| {
        frame(Frame::Verdict(Verdict {
            hash,
            ruling,
            seal: None,
        }))
    };
    json!({
        "entry_change": frame(entry(1, false, "contact", CONTACT, &story.edited)),
        "entry_grouped": frame(in_group(entry(2, true, "follow_up", CALL, &story.fact))),
        "entry_fact": frame(entry(2, true, "follow_up", CALL, &story.fact)),
        "verdict_accepted": frame(Frame::Verdict(Verdict { hash,
        ruling: Ruling::Accepted { number: 1 }, seal: Some(vec![0x5e; 16].into()) })),
        "verdict_duplicate": said(Ruling::Duplicate { number: 1 }),
        "verdict_needs": said(Ruling::Needs { hashes: story.heads.clone() }),
        "verdict_quarantined": said(Ruling::Quarantined { code: "not_in_scope".to_owned(),
        message: "it is nobody's here".to_owned(), fields: vec!["account".to_owned()],
        numbers: Some(r#"{"most":"12"}"#.to_owned()) }),
        "verdict_retry_later": said(Ruling::RetryLater),
        "verdict_rewrite": said(Ruling::Rewrite),
        "seal_of_change": frame(Frame::Seal(Seal { seals: vec![0x5e; 16].into(), tick: None })),
        "seal_of_row": frame(Frame::Seal(Seal { seals: vec![0x5e; 16].into(), tick: Some(7) })),
        "offer": frame(Frame::Offer(Offer { object: object(), record: CONTACT, hashes: vec![hash],
        actor: None, at_ms: None })),
        "lacking": frame(Frame::Lacking(Lacking { record: CONTACT })),
        "returned": frame(Frame::Returned(Returned { record: CONTACT,
        ruling: Ruling::Accepted { number: 0 } })),
        "fetch": frame(Frame::Fetch(Fetch { hash: BlobHash([0x33; 32]), offset: 0, most: 4_096 })),
        "piece": frame(Frame::Piece(Piece { hash: BlobHash([0x33; 32]), offset: 4_096,
        bytes: b"jpeg".to_vec().into() })),
        "arrived": frame(Frame::Arrived(Arrived { hash: BlobHash([0x33; 32]), held: 4_100,
        is_whole: true, code: None, message: None })),
    })
}

/// What a device is told.
fn told_frames(story: &Story) -> Json {
    let object = || "contact".to_owned();
    let (record, hash) = (CONTACT, gate::change(&story.edited).unwrap().hash);
    json!({
        "document": frame(Frame::Doc(document_frame(story))),
        "change": frame(Frame::Change(Change { seq: 6, object: object(), record,
        bytes: story.edited.clone().into() })),
        "own": frame(Frame::Own(Own { seq: 6, object: object(), record, hash })),
        "row": frame(Frame::Row(Row { seq: 6, object: "account".to_owned(), record: SHOP,
        values: values(&[("name", "Harp's"), ("territory", &CONTACT.to_string())]) })),
        "fact": frame(Frame::Fact(Fact { seq: 6, object: "follow_up".to_owned(), record: CALL,
        values: values(&[("contact", &CONTACT.to_string()), ("note", "Hi")]), actor: ANN,
        at_ms: NOON.0 })),
        "history": frame(Frame::History(History { object: object(), record,
        blob: story.blob.clone().into(), heads: story.heads.clone() })),
        "descriptor": frame(Frame::Descriptor(Published { seq: 6, record: SHOP,
        json: r#"{"object":"x_cooler"}"#.to_owned() })),
        "remove": frame(Frame::Remove(Remove { seq: 7, object: object(), record })),
    })
}

/// Two phone numbers that compete, as a conflict that is open, decided, or followed by a later one;
/// and the document that both were written into, which has two heads.
fn competing(story: &Story) -> Json {
    let mut here = Document::load(&story.blob, &[]).unwrap();
    let mut there = Document::load(&story.blob, &[]).unwrap();
    let phone = |number: &str| values(&[("phone", number)]);
    let mine = here.write(ANN, NOON, &phone("+14795550111")).unwrap().bytes;
    let theirs = there
        .write(BEN, NOON, &phone("+14795550122"))
        .unwrap()
        .bytes;
    here.apply(&[gate::change(&theirs).unwrap()]).unwrap();
    let side = |operation: &str, actor, number: &str| Side {
        operation: operation.to_owned(),
        actor,
        at_ms: NOON.0,
        value: number.into(),
    };
    let sides = vec![
        side(&format!("4@{BEN}"), BEN, "+14795550122"),
        side(&format!("4@{ANN}"), ANN, "+14795550111"),
    ];
    let operations: Vec<&str> = sides.iter().map(|side| side.operation.as_str()).collect();
    let conflict = Conflict {
        id: Conflict::id_of(CONTACT, "phone", &operations),
        object: "contact".to_owned(),
        record: CONTACT,
        path: "phone".to_owned(),
        base: "+14795550199".into(),
        sides,
        state: ConflictState::Open,
    };
    let in_state = |state| {
        let conflict = Conflict {
            state,
            ..conflict.clone()
        };
        frame(Frame::Conflict(Held { seq: 6, conflict }))
    };
    json!({
        "mine": change(&mine),
        "theirs": change(&theirs),
        "saved": hex(&here.save()),
        "heads": here.heads().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "conflict": conflict.id.to_string(),
        "open": in_state(ConflictState::Open),
        "resolved": in_state(ConflictState::Resolved),
        "superseded": in_state(ConflictState::Superseded),
    })
}

/// A document with a column that is long enough to be deflated.
fn deflated() -> Json {
    let mut document = Document::new();
    let note = "The cooler by the door is empty again. ".repeat(20);
    let made = document
        .write(ANN, NOON, &values(&[("note", &note)]))
        .unwrap()
        .bytes;
    json!({ "change": change(&made), "saved": hex(&document.save()) })
}

/// Bytes that are no change, with the code that they are refused by.
fn refused() -> Json {
    let honest = || CraftedChange::puts(ANN.0, &[("name", "Rosa")]);
    let head = |spoilt: fn(&mut CraftedChange)| {
        let mut change = honest();
        spoilt(&mut change);
        change.chunk()
    };
    let chunk = honest().chunk();
    let mut flipped = chunk.clone();
    flipped[4] ^= 1;
    let cases = [
        Vec::new(),
        flipped,
        crafter::chunk(0, &honest().data()),
        head(|change| change.actor = [crafter::unsigned(4), vec![0x22; 4]].concat()),
        head(|change| change.time = crafter::signed(i64::MIN)),
        head(|change| change.start = crafter::unsigned(u64::MAX >> 1)),
        head(|change| change.others = crafter::unsigned(1 << 40)),
        head(|change| change.deps = crafter::unsigned(1 << 60)),
        head(|change| change.others = [&[1, 16][..], &[0x24; 16]].concat()),
        head(|change| change.message = [&[2][..], b"hi"].concat()),
        honest().without(0x42).chunk(),
        honest()
            .column(0x42, crafter::run(100_000_000, &crafter::unsigned(1)))
            .chunk(),
        honest().column(0x94, Vec::new()).chunk(),
        CraftedChange::puts(ANN.0, &[]).chunk(),
        [&chunk[..], &[0]].concat(),
    ];
    let told = cases.iter().map(|bytes| {
        let code = gate::change(bytes).unwrap_err().code;
        json!({ "bytes": hex(bytes), "code": code })
    });
    told.collect()
}

/// The state sum of a bucket that holds the contact and the call.
fn sum(story: &Story) -> u64 {
    let (contact, call) = (
        Version::of_heads(&story.heads),
        Version::of_bytes(&story.fact),
    );
    contact.weight(CONTACT).wrapping_add(call.weight(CALL))
}

fn vectors() -> Json {
    let story = story();
    let (contact, call) = (
        Version::of_heads(&story.heads),
        Version::of_bytes(&story.fact),
    );
    let sixteen = |number: u64| format!("{number:016x}");
    json!({
        "frames": frames(&story),
        "change": change(&story.made),
        "edit": change(&story.edited),
        "saved": hex(&story.blob),
        "competing": competing(&story),
        "deflated": deflated(),
        "refused": refused(),
        "rulings": rulings::rulings(),
        "errors": errors::errors(),
        "fact": {"record": hex(&CALL.0), "bytes": hex(&story.fact), "hash": fact_hash(CALL,
        &story.fact).to_string()},
        "sums": {
            "version_document": sixteen(contact.0), "version_fact": sixteen(call.0),
            "weight_document": sixteen(contact.weight(CONTACT)),
            "weight_fact": sixteen(call.weight(CALL)),
            "sum": sixteen(sum(&story)), "fingerprint_none": sixteen(wire::fingerprint(&[])),
            "fingerprint": sixteen(wire::fingerprint(&[("tenant".to_owned(), 6, sum(&story))])),
        },
    })
}

/// The vectors as they are kept.
fn written() -> Json {
    serde_json::from_str(&std::fs::read_to_string(here("vectors/protocol.json")).unwrap()).unwrap()
}

/// The quoted words in a column of the table of the document that begins behind a text.
fn listed(behind: &str, until: &str, column: usize) -> BTreeSet<String> {
    let document = std::fs::read_to_string(here("../docs/protocol.md")).unwrap();
    let table = document.split(behind).nth(1).unwrap();
    let rows = table.split(until).next().unwrap().lines();
    let cells = rows.filter_map(|row| row.strip_prefix('|')?.split('|').nth(column));
    let quoted = |cell: &str| -> Vec<String> {
        let words = cell.split('`').skip(1).step_by(2);
        words.map(str::to_owned).collect()
    };
    cells.flat_map(quoted).collect()
}

/// Each code has a vector, or a reason to have none, and never both.
fn all_told(mut codes: BTreeSet<String>, told: &BTreeSet<&str>, without: &[(&str, &str)]) {
    assert!(codes.len() > 10, "the codes are read: {codes:?}");
    for (code, reason) in without {
        assert!(
            !told.contains(code),
            "{code} has a vector, although it {reason}"
        );
        assert!(codes.remove(*code), "{code} is no code any more");
    }
    codes.retain(|code| !told.contains(&**code));
    assert_eq!(codes, BTreeSet::new(), "these codes have no vector");
}

#[test]
fn every_code_of_quarantine_has_a_vector_or_a_reason() {
    let vectors = written();
    let told = vectors["refused"].as_array().unwrap().iter();
    let mut told: BTreeSet<&str> = told.map(|of| of["code"].as_str().unwrap()).collect();
    let rulings = vectors["rulings"].as_object().unwrap();
    told.extend(rulings.keys().map(String::as_str));
    let mut named = listed(
        "Codes of quarantine, in the order",
        "Others come from rules",
        0,
    );
    let of_entries = codes::codes().into_iter();
    let of_entries = of_entries.filter(|(_, found)| found.ways.contains(&RefusalWay::Entry));
    named.extend(of_entries.map(|(code, _)| code));
    all_told(named, &told, rulings::WITHOUT);
}

#[test]
fn every_code_of_an_error_has_a_vector_or_a_reason() {
    let vectors = written();
    let errors = vectors["errors"].as_object().unwrap();
    let told: BTreeSet<&str> = errors.keys().map(String::as_str).collect();
    let named = listed("| status | code | do |", "Later: after the failure", 1);
    all_told(named, &told, errors::WITHOUT);
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_vectors_are_what_the_code_makes() {
    let (path, made) = (here("vectors/protocol.json"), format!("{:#}\n", vectors()));
    if std::env::var("OUTFIELD_VECTORS").is_ok_and(|how| how == "write") {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), made);
}

#[test]
fn every_hexdump_of_the_document_is_a_vector() {
    let document = std::fs::read_to_string(here("../docs/protocol.md")).unwrap();
    let vectors = written().to_string();
    let dumps: Vec<&str> = document
        .split("```hex\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(
        dumps.len() >= 5,
        "the document has only {} hexdumps",
        dumps.len()
    );
    for dump in dumps {
        let bytes: String = dump
            .lines()
            .filter_map(|line| line.split(';').next())
            .collect();
        let bytes: String = bytes.split_whitespace().collect();
        assert!(
            vectors.contains(&format!("\"{bytes}\"")),
            "no vector is {bytes}"
        );
    }
}

/// The names of the functions in the sources of a folder.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|of| of == "rs") {
            let source = std::fs::read_to_string(path).unwrap();
            let named = source.lines().filter_map(|line| line.strip_prefix("fn "));
            found.extend(named.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
        }
    }
}

#[test]
fn every_requirement_of_the_document_names_tests_that_are_there() {
    let document = std::fs::read_to_string(here("../docs/protocol.md")).unwrap();
    let mut there = BTreeSet::new();
    functions(&here("tests"), &mut there);
    let rows = document.lines().filter(|line| line.starts_with("| R"));
    let mut count = 0;
    for row in rows {
        count += 1;
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, number, who, what, tests, _] = cells[..] else {
            panic!("{row}")
        };
        assert_eq!(number, format!("R{count}"));
        assert!(["D", "S", "both"].contains(&who), "{row}");
        assert!(what.contains("MUST") || what.contains("MAY"), "{row}");
        for test in tests.split(", ") {
            assert!(
                there.contains(test.trim_matches('`')),
                "{number}: {test} is no test"
            );
        }
    }
    assert!(count > 30, "the requirements are read");
}

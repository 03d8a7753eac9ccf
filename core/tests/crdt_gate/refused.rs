//! What is refused, with a reason and without delay.

use std::time::Instant;

use outfield_core::base::limits::{CHANGE_BYTES_MAX, CHANGE_OPERATIONS_MAX, COUNTER_MAX};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, gate};
use outfield_core::objects::{Value, Values};

use crate::forged::{ANN, Parts, SpoilPart, deflate, honest, seal, sleb, uleb, values};

fn refused(name: &str, bytes: &[u8], code: &str) {
    let begun = Instant::now();
    let answer = gate::change(bytes);
    assert_eq!(answer.map_err(|error| error.code), Err(code), "{name}");
    assert!(
        begun.elapsed().as_secs() < 2,
        "{name} took {:?}",
        begun.elapsed()
    );
}

#[test]
fn a_hundred_million_operations_in_a_hundred_bytes_are_refused() {
    let run = |value: Vec<u8>| [sleb(100_000_000), value].concat();
    let key = [sleb(100_000_000), uleb(1), b"a".to_vec()].concat();
    let spoilt = Parts::honest()
        .column(0x15, key)
        .column(0x34, uleb(100_000_000))
        .column(0x42, run(uleb(1)))
        .column(0x56, run(uleb(0)))
        .without(0x57)
        .column(0x70, run(uleb(0)));
    assert!(spoilt.chunk().len() < 113);
    refused("100 M", &spoilt.chunk(), "too_many_operations");
    refused(
        "100 M, deflated",
        &deflate(&spoilt.data(), &[]),
        "too_many_operations",
    );
}

/// A part of a change's head, spoilt, and the code that this is refused with.
const HEADS: &[(&str, SpoilPart, &str)] = &[
    ("no sequence", |p| p.seq = uleb(0), "counter_too_high"),
    (
        "a sequence too high",
        |p| p.seq = uleb(COUNTER_MAX + 1),
        "counter_too_high",
    ),
    (
        "the highest number there is",
        |p| p.seq = uleb(u64::MAX),
        "counter_too_high",
    ),
    ("a start of none", |p| p.start = uleb(0), "counter_too_high"),
    (
        "a start too high",
        |p| p.start = uleb(COUNTER_MAX + 1),
        "counter_too_high",
    ),
    (
        "an end too high",
        |p| p.start = uleb(COUNTER_MAX),
        "counter_too_high",
    ),
    (
        "a start beyond 64 bits",
        |p| p.start = [vec![0xff; 9], vec![2]].concat(),
        "malformed",
    ),
    (
        "a number in a longer form",
        |p| p.seq = vec![0x81, 0],
        "malformed",
    ),
    (
        "a time in no calendar",
        |p| p.time = sleb(i64::MAX),
        "bad_time",
    ),
    (
        "a message",
        |p| p.message = [uleb(2), b"hi".to_vec()].concat(),
        "not_flat",
    ),
    (
        "a short writer",
        |p| p.actor = [uleb(15), vec![1; 15]].concat(),
        "bad_actor",
    ),
    (
        "itself as another",
        |p| p.others = [uleb(1), uleb(16), vec![1; 16]].concat(),
        "bad_actor",
    ),
    (
        "an unused other",
        |p| p.others = [uleb(1), uleb(16), vec![2; 16]].concat(),
        "not_canonical",
    ),
    (
        "countless others",
        |p| p.others = uleb(1 << 40),
        "too_many_actors",
    ),
    (
        "countless deps",
        |p| p.deps = uleb(1 << 60),
        "too_many_dependencies",
    ),
    ("extra bytes", |p| p.behind = vec![0], "trailing_bytes"),
];

#[test]
fn heads_of_changes_are_checked() {
    for (name, spoil, code) in HEADS {
        let mut parts = Parts::honest();
        spoil(&mut parts);
        refused(name, &parts.chunk(), code);
    }
    let twice = [uleb(2), vec![7; 64]].concat();
    refused(
        "a dependency twice",
        &Parts {
            deps: twice,
            ..Parts::honest()
        }
        .chunk(),
        "malformed",
    );
}

fn one(number: u64) -> Vec<u8> {
    [sleb(-1), uleb(number)].concat()
}

/// An honest change with another column.
fn column(name: u64, data: Vec<u8>) -> Parts {
    Parts::honest().column(name, data)
}

fn each_refused<const N: usize>(cases: [(&str, Parts, &str); N]) {
    for (name, parts, code) in cases {
        refused(name, &parts.chunk(), code);
    }
}

#[test]
fn keys_and_actions_of_changes_are_checked() {
    each_refused([
        (
            "an object below the root",
            column(0x01, one(0)).column(0x02, one(1)),
            "not_flat",
        ),
        ("a list's element", column(0x13, one(1)), "not_flat"),
        ("an unknown column", column(0xf2, one(1)), "not_flat"),
        (
            "a mark",
            column(0xa5, [sleb(-1), uleb(1), b"b".to_vec()].concat()),
            "not_flat",
        ),
        ("a deflated column", column(0x4a, one(1)), "bad_columns"),
        ("an empty column", column(0x94, vec![]), "bad_columns"),
        (
            "an insertion",
            column(0x34, [uleb(0), uleb(1)].concat()),
            "not_flat",
        ),
        ("a nested map", column(0x42, one(0)), "not_flat"),
        ("a deletion", column(0x42, one(3)), "not_flat"),
        ("an unknown action", column(0x42, one(99)), "not_flat"),
        (
            "no operations",
            Parts::honest().without(0x42),
            "empty_change",
        ),
        ("no keys", Parts::honest().without(0x15), "malformed"),
        (
            "a null key",
            column(0x15, [sleb(0), uleb(1)].concat()),
            "not_flat",
        ),
        (
            "an empty key",
            column(0x15, [sleb(-1), uleb(0)].concat()),
            "malformed",
        ),
        (
            "a key that is not UTF-8",
            column(0x15, [sleb(-1), uleb(1), vec![0xff]].concat()),
            "malformed",
        ),
        (
            "a key longer than its column",
            column(0x15, [sleb(-1), uleb(1 << 40)].concat()),
            "malformed",
        ),
        (
            "a run of the least number",
            column(0x42, [sleb(i64::MIN), uleb(1)].concat()),
            "too_many_operations",
        ),
        (
            "two actions, one key",
            column(0x42, [sleb(2), uleb(1)].concat()),
            "not_flat",
        ),
        (
            "a run of one",
            column(0x42, [sleb(1), uleb(1)].concat()),
            "not_canonical",
        ),
    ]);
}

#[test]
fn values_of_changes_are_checked() {
    each_refused([
        ("a value past the end", column(0x56, one(0x24)), "malformed"),
        (
            "a value of any length",
            column(0x56, one(!0xf | 6)),
            "malformed",
        ),
        (
            "a value left over",
            column(0x57, vec![5, 5]),
            "trailing_bytes",
        ),
        (
            "a fraction",
            column(0x56, one(0x85)).column(0x57, vec![0; 8]),
            "not_flat",
        ),
        ("a counter", column(0x56, one(0x18)), "not_flat"),
        ("bytes", column(0x56, one(0x17)), "not_flat"),
        (
            "an unknown kind of value",
            column(0x56, one(0x1f)),
            "not_flat",
        ),
        ("a true of one byte", column(0x56, one(0x12)), "malformed"),
        (
            "a whole number in a longer form",
            column(0x56, one(0x24)).column(0x57, vec![0x85, 0]),
            "malformed",
        ),
        (
            "a text that is not UTF-8",
            column(0x56, one(0x16)).column(0x57, vec![0xff]),
            "malformed",
        ),
    ]);
}

#[test]
fn what_operations_replace_is_checked() {
    let pred = |count: u64, actor: u64, counter: i64| {
        column(0x70, one(count))
            .column(0x71, one(actor))
            .column(0x73, [sleb(-1), sleb(counter)].concat())
    };
    each_refused([
        ("replacing itself", pred(1, 0, 1), "malformed"),
        ("a writer not listed", pred(1, 1, 1), "bad_actor"),
        ("a counter of none", pred(1, 0, 0), "counter_too_high"),
        ("a negative counter", pred(1, 0, -5), "malformed"),
        ("a group of more than there is", pred(2, 0, 1), "malformed"),
        ("a group of any size", pred(u64::MAX, 0, 1), "malformed"),
        (
            "a group of less than there is",
            pred(0, 0, 1),
            "trailing_bytes",
        ),
        ("no groups", Parts::honest().without(0x70), "malformed"),
    ]);
}

#[test]
fn one_key_twice_in_a_change_is_refused() {
    let twice = |value: Vec<u8>| [sleb(2), value].concat();
    let parts = Parts::honest()
        .column(0x15, twice([uleb(1), b"a".to_vec()].concat()))
        .column(0x34, uleb(2))
        .column(0x42, twice(uleb(1)))
        .column(0x56, twice(uleb(0)))
        .without(0x57)
        .column(0x70, twice(uleb(0)));
    refused("one key twice", &parts.chunk(), "not_flat");
}

#[test]
fn chunks_are_checked() {
    let good = Parts::honest().chunk();
    let data = Parts::honest().data();
    let spoilt = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    refused("nothing", &[], "malformed");
    refused("other bytes", &[0; 200], "malformed");
    refused("another mark", &spoilt(0, 0), "malformed");
    refused("another checksum", &spoilt(4, good[4] ^ 1), "bad_checksum");
    refused(
        "a changed byte",
        &spoilt(good.len() - 3, good[good.len() - 3] ^ 1),
        "bad_checksum",
    );
    refused("a saved document", &seal(0, &data), "bad_kind");
    refused("a bundle", &seal(3, &data), "bad_kind");
    refused(
        "a byte behind",
        &[good.clone(), vec![0]].concat(),
        "trailing_bytes",
    );
    refused(
        "two changes",
        &[good.clone(), good.clone()].concat(),
        "trailing_bytes",
    );
    refused(
        "a byte behind the deflated",
        &deflate(&data, &[0]),
        "malformed",
    );
    refused(
        "damaged deflate",
        &[&good[..8], &[2, 3], &[0xff; 3]].concat(),
        "malformed",
    );
    refused(
        "a length past the end",
        &[&good[..9], &uleb(60_000), &data].concat(),
        "malformed",
    );
    refused(
        "any length",
        &[&good[..9], &uleb(u64::MAX), &data].concat(),
        "too_many_bytes",
    );
    refused(
        "too many bytes",
        &vec![0; CHANGE_BYTES_MAX + 1],
        "too_many_bytes",
    );
    refused(
        "a bomb",
        &deflate(&vec![0; 50_000_000], &[]),
        "too_many_bytes",
    );
    (0..good.len()).for_each(|end| assert!(gate::change(&good[..end]).is_err()));
}

#[test]
fn more_operations_than_allowed_are_refused() {
    let many: Values = (0..=CHANGE_OPERATIONS_MAX)
        .map(|n| (format!("{n:x}"), Value::Null))
        .collect();
    let error = Document::new().write(ANN, Timestamp(1), &many).unwrap_err();
    assert!(
        ["too_many_operations", "too_many_bytes"].contains(&error.code()),
        "{error}"
    );
}

/// An honest change that depends on others and starts at an operation.
fn base(deps: &[u8], start: u64) -> Parts {
    Parts {
        deps: deps.to_vec(),
        start: uleb(start),
        ..Parts::honest()
    }
}

fn by(actor: u8, seq: u64, parts: Parts) -> Parts {
    Parts {
        actor: [uleb(16), vec![actor; 16]].concat(),
        seq: uleb(seq),
        ..parts
    }
}

fn replaces(counter: i64, parts: Parts) -> Parts {
    parts
        .column(0x70, one(1))
        .column(0x71, one(0))
        .column(0x73, [sleb(-1), sleb(counter)].concat())
}

#[test]
fn changes_that_do_not_continue_the_history_are_refused() {
    let (document, changes) = honest();
    let heads = document.heads();
    let deps = [uleb(1), heads[0].0.to_vec()].concat();
    let first = [uleb(1), changes[0].hash.0.to_vec()].concat();
    let cases = [
        (
            "a start too far on",
            by(9, 1, base(&deps, 1 << 29)),
            "wrong_start",
        ),
        (
            "a start already taken",
            by(9, 1, base(&deps, 3)),
            "wrong_start",
        ),
        (
            "a first that is not",
            by(9, 7, base(&deps, 9)),
            "wrong_sequence",
        ),
        (
            "a first that was already",
            by(1, 1, base(&deps, 9)),
            "wrong_sequence",
        ),
        (
            "a step left out",
            by(1, 4, base(&deps, 9)),
            "wrong_sequence",
        ),
        (
            "a fork of itself",
            by(1, 3, base(&first, 5)),
            "wrong_sequence",
        ),
        (
            "replacing another key",
            replaces(1, by(1, 3, base(&deps, 9))),
            "unknown_operation",
        ),
        (
            "replacing nothing of what stands",
            by(9, 1, base(&deps, 9)).key("name"),
            "unknown_operation",
        ),
        (
            "replacing what never was",
            replaces(8, by(1, 3, base(&deps, 9))),
            "unknown_operation",
        ),
    ];
    for (name, parts, code) in cases {
        let mut copy = document.clone();
        let vetted = gate::change(&parts.chunk()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let good = copy
            .clone()
            .write(ANN, Timestamp(5), &values(&[("name", "x".into())]))
            .unwrap();
        assert_eq!(
            copy.apply(&[good, vetted]).map_err(|error| error.code()),
            Err(code),
            "{name}"
        );
        assert_eq!(copy.heads(), heads, "{name} left something behind");
    }
}

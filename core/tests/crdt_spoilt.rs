//! Whatever bytes come, the gate neither panics nor lingers, and what it lets in never spoils a
//! document.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what helps a test may fail it"
)]

use std::time::Instant;

use outfield_core::base::id::ActorId;
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Vetted, gate};
use outfield_core::objects::{Value, Values};
use sha2::{Digest, Sha256};

const ANN: ActorId = ActorId([1; 16]);
const BOB: ActorId = ActorId([2; 16]);

fn uleb(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn hash(kind: u8, data: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update([kind])
        .chain_update(uleb(data.len() as u64))
        .chain_update(data)
        .finalize()
        .into()
}

/// A chunk whose checksum agrees with its data.
fn seal(kind: u8, data: &[u8]) -> Vec<u8> {
    let mark = &[0x85, 0x6f, 0x4a, 0x83][..];
    [
        mark,
        &hash(kind, data)[..4],
        &[kind],
        &uleb(data.len() as u64),
        data,
    ]
    .concat()
}

/// Where a chunk's data begins.
fn data_of(chunk: &[u8]) -> &[u8] {
    let length = chunk[9..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    &chunk[9 + length..]
}

fn values(pairs: &[(&str, Value)]) -> Values {
    pairs
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect()
}

/// A document by two, with a conflict, and its changes.
fn honest() -> (Document, Vec<Vetted>) {
    let mut ann = Document::new();
    let all = [
        ("name", "Lidl".into()),
        ("phone", "1".into()),
        ("open", true.into()),
        ("units", 300.into()),
    ];
    let mut changes = vec![ann.write(ANN, Timestamp(1_000), &values(&all)).unwrap()];
    let mut bob = ann.clone();
    changes.push(
        ann.write(
            ANN,
            Timestamp(2_000),
            &values(&[("phone", "2".into()), ("fax", Value::Null)]),
        )
        .unwrap(),
    );
    changes.push(
        bob.write(BOB, Timestamp(3_000), &values(&[("phone", "3".into())]))
            .unwrap(),
    );
    ann.apply(&changes).unwrap();
    changes.push(
        ann.write(
            BOB,
            Timestamp(4_000),
            &values(&[("phone", "4".into()), ("units", 7.into())]),
        )
        .unwrap(),
    );
    (ann, changes)
}

struct ByteDice(u64);

impl ByteDice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }

    /// One to three bytes changed, put in, taken out or cut off.
    fn spoil(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut spoilt = bytes.to_vec();
        for _ in 0..=self.roll(3) {
            let at = self.roll(spoilt.len());
            let special = [0, 1, 0x7f, 0x80, 0xff, self.roll(256) as u8][self.roll(6)];
            match self.roll(8) {
                0..=3 if !spoilt.is_empty() => spoilt[at] = special,
                4 if !spoilt.is_empty() => spoilt[at] ^= 1 << self.roll(8),
                5 => spoilt.insert(at, special),
                6 if !spoilt.is_empty() => drop(spoilt.remove(at)),
                _ if self.roll(4) == 0 => spoilt.truncate(at),
                _ => {}
            }
        }
        spoilt
    }
}

#[test]
fn ten_thousand_spoilt_changes_neither_panic_nor_linger() {
    let (_, changes) = honest();
    let mut dice = ByteDice(42);
    for _ in 0..10_000 {
        let bytes = &changes[dice.roll(changes.len())].bytes;
        let begun = Instant::now();
        let _ = gate::change(&dice.spoil(bytes));
        assert!(begun.elapsed().as_secs() < 2);
    }
}

#[test]
fn ten_thousand_resealed_changes_neither_panic_nor_leave_a_document_that_does_not_load() {
    let (document, changes) = honest();
    let mut dice = ByteDice(43);
    let (mut passed, mut applied) = (0, 0);
    for _ in 0..10_000 {
        let index = dice.roll(changes.len());
        let bytes = seal(1, &dice.spoil(data_of(&changes[index].bytes)));
        let begun = Instant::now();
        let answer = gate::change(&bytes);
        assert!(begun.elapsed().as_secs() < 2);
        let Ok(change) = answer else { continue };
        passed += 1;
        for history in [&changes[..index], &changes[..]] {
            let mut document = if history.len() == changes.len() {
                document.clone()
            } else {
                Document::new()
            };
            document.apply(history).unwrap();
            let is_applied = document
                .apply(std::slice::from_ref(&change))
                .is_ok_and(|answer| answer.missing.is_empty());
            applied += usize::from(is_applied);
            let loaded = Document::load(&document.save(), &[]).unwrap();
            assert_eq!(
                (loaded.heads(), loaded.values()),
                (document.heads(), document.values())
            );
            assert!(!is_applied || loaded.change(change.hash) == Some(change.bytes.clone()));
        }
    }
    assert!(
        passed > 500 && applied > 300,
        "{passed} passed, {applied} applied"
    );
}

#[test]
fn ten_thousand_spoilt_documents_neither_panic_nor_linger() {
    let (document, _) = honest();
    let saved = document.save();
    let mut dice = ByteDice(44);
    let mut passed = 0;
    for round in 0..10_000 {
        let spoilt = dice.spoil(data_of(&saved));
        let bytes = if round % 4 == 0 {
            dice.spoil(&saved)
        } else {
            seal(0, &spoilt)
        };
        let begun = Instant::now();
        passed += usize::from(gate::document(&bytes).is_ok());
        let loaded = Document::load(&bytes, &[]);
        assert!(begun.elapsed().as_secs() < 2);
        // Cut off to nothing, the bytes are an empty document.
        assert!(bytes.is_empty() || loaded.is_err() || loaded.unwrap().heads() == document.heads());
    }
    assert!(passed > 100, "{passed} passed");
}

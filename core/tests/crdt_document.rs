//! A record's document: writing, applying in any order, competing values, saving and loading.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what helps a test may fail it"
)]

use std::collections::BTreeSet;
use std::time::Instant;

use outfield_core::base::id::{ActorId, ChangeHash, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Effort, Vetted, gate, touched};
use outfield_core::objects::{Conflict, Value, Values};
use outfield_core::sync::frames::{Doc, Frame};
use outfield_core::sync::wire;

const ANN: ActorId = ActorId([1; 16]);
const BOB: ActorId = ActorId([2; 16]);
const CY: ActorId = ActorId([3; 16]);
const SHOP: RecordId = RecordId([7; 16]);

fn values(pairs: &[(&str, Value)]) -> Values {
    pairs
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect()
}

fn write(document: &mut Document, actor: ActorId, at: i64, pairs: &[(&str, Value)]) -> Vetted {
    document
        .write(actor, Timestamp(at), &values(pairs))
        .unwrap()
}

fn conflicts(document: &Document, path: &str) -> Vec<Conflict> {
    document
        .conflicts(
            "account",
            SHOP,
            &BTreeSet::from([path.to_owned()]),
            &mut Effort::endless(),
        )
        .unwrap()
}

/// A document by Ann and a copy of it, both with one phone number.
fn pair() -> (Document, Document, Vetted) {
    let mut ann = Document::new();
    let first = write(
        &mut ann,
        ANN,
        1_000,
        &[("name", "Lidl".into()), ("phone", "1".into())],
    );
    let mut bob = Document::new();
    bob.apply(std::slice::from_ref(&first)).unwrap();
    (ann, bob, first)
}

#[test]
fn each_path_is_one_operation_even_if_nothing_differs() {
    let (mut ann, _, _) = pair();
    let same = write(&mut ann, ANN, 2_000, &[("name", "Lidl".into())]);
    let null = write(
        &mut ann,
        ANN,
        3_000,
        &[
            ("fax", Value::Null),
            ("phone", Value::Null),
            ("units", 3.into()),
        ],
    );
    assert_eq!((same.operations, null.operations, null.seq), (1, 3, 3));
    assert_eq!(
        ann.values(),
        values(&[("name", "Lidl".into()), ("units", 3.into())])
    );
    assert_eq!(ann.value("phone"), Value::Null);
    assert_eq!(
        touched(&null).unwrap().keys().collect::<Vec<_>>(),
        ["fax", "phone", "units"]
    );
}

#[test]
fn a_change_without_values_or_with_an_empty_path_is_refused() {
    let mut document = Document::new();
    assert_eq!(
        document
            .write(ANN, Timestamp(1), &Values::new())
            .unwrap_err()
            .code(),
        "nothing_to_write"
    );
    assert_eq!(
        document
            .write(ANN, Timestamp(1), &values(&[("", 1.into())]))
            .unwrap_err()
            .code(),
        "malformed"
    );
    let long = "x".repeat(70_000);
    assert_eq!(
        document
            .write(ANN, Timestamp(1), &values(&[("a", long.into())]))
            .unwrap_err()
            .code(),
        "too_many_bytes"
    );
    assert_eq!((document.heads(), document.stamp()), (vec![], None));
}

#[test]
fn all_kinds_of_value_survive_saving() {
    let mut ann = Document::new();
    let kinds = [
        ("a", true.into()),
        ("b", false.into()),
        ("c", i64::MIN.into()),
        ("d", i64::MAX.into()),
    ];
    write(&mut ann, ANN, 1, &kinds);
    write(
        &mut ann,
        ANN,
        2,
        &[
            ("lines/ab-1/text", "Ä \u{1f600}".into()),
            ("empty", "".into()),
            ("e", (-1).into()),
        ],
    );
    let loaded = Document::load(&ann.save(), &[]).unwrap();
    assert_eq!(loaded.values(), ann.values());
    assert_eq!(loaded.value("c"), Value::Int(i64::MIN));
    assert_eq!(loaded.value("lines/ab-1/text"), "Ä \u{1f600}".into());
    assert_eq!(loaded.heads(), ann.heads());
}

#[test]
fn two_who_edit_one_field_make_the_same_conflict_on_both_sides() {
    let (mut ann, mut bob, _) = pair();
    let mine = write(
        &mut ann,
        ANN,
        2_000,
        &[("phone", "2".into()), ("name", "Lidl A".into())],
    );
    let theirs = write(&mut bob, BOB, 3_000, &[("phone", "3".into())]);
    assert_eq!(
        ann.apply(&[theirs]).unwrap().touched,
        BTreeSet::from(["phone".to_owned()])
    );
    bob.apply(&[mine]).unwrap();
    let (here, there) = (conflicts(&ann, "phone"), conflicts(&bob, "phone"));
    assert_eq!(here, there);
    let [conflict] = here.as_slice() else {
        panic!("one conflict, not {here:?}")
    };
    assert_eq!(conflict.base, "1".into());
    let sides: Vec<_> = conflict
        .sides
        .iter()
        .map(|side| (side.actor, side.at_ms, side.value.clone()))
        .collect();
    assert_eq!(sides[0].2, ann.value("phone"));
    assert_eq!(
        BTreeSet::from_iter(sides),
        BTreeSet::from([(ANN, 2_000, "2".into()), (BOB, 3_000, "3".into())])
    );
    assert!(conflicts(&ann, "name").is_empty());
    write(&mut ann, ANN, 4_000, &[("phone", "3".into())]);
    assert!(conflicts(&ann, "phone").is_empty());
}

#[test]
fn the_same_value_twice_is_no_conflict_and_null_against_a_value_is_one() {
    let (mut ann, mut bob, _) = pair();
    let mine = write(
        &mut ann,
        ANN,
        2_000,
        &[("phone", "2".into()), ("name", Value::Null)],
    );
    bob.write(
        BOB,
        Timestamp(3_000),
        &values(&[("phone", "2".into()), ("name", "Aldi".into())]),
    )
    .unwrap();
    bob.apply(&[mine]).unwrap();
    assert!(conflicts(&bob, "phone").is_empty());
    assert_eq!(conflicts(&bob, "name")[0].base, "Lidl".into());
}

#[test]
fn what_competes_after_an_edit_supersedes_what_competed_before_it() {
    let (mut ann, mut bob, _) = pair();
    let of_bob = write(&mut bob, BOB, 3_000, &[("phone", "3".into())]);
    let of_ann = write(&mut ann, ANN, 2_000, &[("phone", "2".into())]);
    ann.apply(&[of_bob]).unwrap();
    let before = conflicts(&ann, "phone").remove(0);
    let plain = write(&mut ann, ANN, 4_000, &[("phone", "4".into())]);
    bob.apply(&[of_ann, plain]).unwrap();
    let of_bob = write(&mut bob, BOB, 5_000, &[("phone", "5".into())]);
    write(&mut ann, ANN, 1_000, &[("phone", "6".into())]);
    ann.apply(&[of_bob]).unwrap();
    let after = conflicts(&ann, "phone").remove(0);
    assert!(after.supersedes(&before) && !before.supersedes(&after));
}

#[test]
fn a_third_value_supersedes_the_conflict_of_two() {
    let (mut ann, mut bob, first) = pair();
    let mut cy = Document::new();
    cy.apply(&[first]).unwrap();
    let of_ann = write(&mut ann, ANN, 2_000, &[("phone", "2".into())]);
    let of_bob = write(&mut bob, BOB, 3_000, &[("phone", "3".into())]);
    let of_cy = write(&mut cy, CY, 4_000, &[("phone", "4".into())]);
    ann.apply(std::slice::from_ref(&of_bob)).unwrap();
    let two = conflicts(&ann, "phone").remove(0);
    ann.apply(std::slice::from_ref(&of_cy)).unwrap();
    let three = conflicts(&ann, "phone").remove(0);
    assert!(three.supersedes(&two) && three.sides.len() == 3 && three.base == "1".into());
    let chosen = write(&mut ann, ANN, 5_000, &[("phone", "9".into())]);
    bob.apply(&[chosen, of_cy, of_ann]).unwrap();
    assert_eq!((bob.value("phone"), bob.heads()), ("9".into(), ann.heads()));
    assert_eq!(
        Document::load(&bob.save(), &[]).unwrap().heads(),
        ann.heads()
    );
}

#[test]
fn nothing_is_applied_while_a_change_is_missing() {
    let (mut ann, mut bob, _) = pair();
    let second = write(&mut ann, ANN, 2_000, &[("phone", "2".into())]);
    let third = write(&mut ann, ANN, 3_000, &[("phone", "3".into())]);
    let applied = bob.apply(std::slice::from_ref(&third)).unwrap();
    assert_eq!(
        (applied.missing, applied.touched.len()),
        (vec![second.hash], 0)
    );
    assert_eq!(bob.value("phone"), "1".into());
    let applied = bob
        .apply(&[third.clone(), second.clone(), third.clone()])
        .unwrap();
    assert_eq!((applied.missing, applied.touched.len()), (vec![], 1));
    assert_eq!(
        (bob.heads(), bob.value("phone")),
        (vec![third.hash], "3".into())
    );
    assert_eq!(bob.apply(&[second]).unwrap().touched, BTreeSet::new());
}

#[test]
fn changes_come_out_as_they_went_in() {
    let (mut ann, bob, first) = pair();
    let second = write(&mut ann, ANN, 2_000, &[("phone", "2".into())]);
    assert_eq!(ann.change(first.hash), Some(first.bytes.clone()));
    let loaded = Document::load(&ann.save(), &[]).unwrap();
    assert_eq!(loaded.change(second.hash), Some(second.bytes.clone()));
    assert_eq!(gate::change(&second.bytes), Ok(second.clone()));
    assert!(loaded.has(first.hash) && !bob.has(second.hash));
    assert_eq!(
        (bob.change(second.hash), bob.change(ChangeHash([9; 32]))),
        (None, None)
    );
}

#[test]
fn a_blob_and_its_tail_are_the_whole_document() {
    let (mut ann, _, _) = pair();
    let blob = ann.save();
    let tail: Vec<Vetted> = (2..12)
        .map(|at| write(&mut ann, ANN, at, &[("phone", at.into())]))
        .collect();
    let bytes: Vec<Vec<u8>> = tail.iter().map(|change| change.bytes.clone()).collect();
    let loaded = Document::load(&blob, &bytes).unwrap();
    assert_eq!(
        (loaded.heads(), loaded.values(), loaded.stamp()),
        (ann.heads(), ann.values(), ann.stamp())
    );
    assert_eq!(
        Document::load(&[blob.clone(), bytes.concat()].concat(), &[])
            .unwrap()
            .heads(),
        ann.heads()
    );
    assert_eq!(
        Document::load(&blob, &bytes[1..]).unwrap_err().code(),
        "missing_changes"
    );
    assert_eq!(Document::load(&[], &[]).unwrap().heads(), vec![]);
}

#[test]
fn history_says_who_made_a_record_and_who_changed_it_last_whatever_clocks_say() {
    let (mut ann, mut bob, _) = pair();
    let early = write(&mut bob, BOB, 500, &[("phone", "2".into())]);
    ann.apply(&[early]).unwrap();
    let stamp = ann.stamp().unwrap();
    assert_eq!(
        (stamp.created_at, stamp.created_by),
        (Timestamp(1_000), ANN)
    );
    assert_eq!((stamp.changed_at, stamp.changed_by), (Timestamp(500), BOB));
    assert_eq!(
        Document::load(&ann.save(), &[]).unwrap().stamp(),
        Some(stamp)
    );
}

#[test]
fn a_document_that_grows_too_large_refuses_the_next_change_and_still_loads() {
    let mut ann = Document::new();
    let long = "compresses well ".repeat(500);
    let refused = (0..2_000).find_map(|at| {
        ann.write(
            ANN,
            Timestamp(at),
            &values(&[("note", format!("{at}{long}").into())]),
        )
        .err()
    });
    assert_eq!(refused.unwrap().code(), "document_full");
    assert_eq!(
        Document::load(&ann.save(), &[]).unwrap().heads(),
        ann.heads()
    );
}

#[test]
fn a_full_document_and_its_values_fit_one_frame() {
    let shapes: [fn(i64) -> Values; 2] = [
        |at| {
            (0..8)
                .map(|n| {
                    (
                        format!("lines/{at}.{n}/text"),
                        "packs to nothing ".repeat(400).into(),
                    )
                })
                .collect()
        },
        |at| {
            (0..2_000)
                .map(|n| (format!("l/{:x}/f", at * 2_000 + n), true.into()))
                .collect()
        },
    ];
    for shape in shapes {
        let mut ann = Document::new();
        let refused = (0..2_000).find_map(|at| ann.write(ANN, Timestamp(at), &shape(at)).err());
        assert_eq!(refused.unwrap().code(), "document_full");
        let (blob, heads, values) = (ann.save().into(), ann.heads(), ann.values());
        let (object, record, created_by, changed_by) = ("visit".to_owned(), SHOP, ANN, ANN);
        let doc = Doc {
            seq: 1,
            object,
            record,
            blob,
            heads,
            values,
            created_ms: 0,
            created_by,
            changed_ms: 0,
            changed_by,
        };
        assert!(wire::encode(&[Frame::Doc(doc)]).is_ok());
    }
}

#[test]
fn a_thousand_values_against_a_thousand_are_a_thousand_conflicts_at_once() {
    let (mut ann, mut bob, _) = pair();
    for at in 0..300 {
        write(&mut ann, ANN, at, &[("name", at.into())]);
    }
    let many = |by: &str| -> Values {
        (0..1_000)
            .map(|n| (format!("field{n}"), format!("{by} {n}").into()))
            .collect()
    };
    ann.write(ANN, Timestamp(1), &many("Ann")).unwrap();
    let theirs = bob.write(BOB, Timestamp(1), &many("Bob")).unwrap();
    ann.apply(&[theirs]).unwrap();
    let begun = Instant::now();
    let found = ann
        .conflicts(
            "account",
            SHOP,
            &many("").into_keys().collect(),
            &mut Effort::endless(),
        )
        .unwrap();
    assert_eq!(found.len(), 1_000);
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
}

#[test]
fn long_histories_by_many_hands_always_load_again() {
    let mut seed = 11u64;
    let mut next = move |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..12 {
        let mut hands: Vec<Document> = (0..4).map(|_| Document::new()).collect();
        let mut sent: Vec<Vetted> = Vec::new();
        for step in 0..60 {
            let hand = next(4) as usize;
            if next(3) == 0 {
                hands[hand].apply(&sent).unwrap();
            }
            let count = 1 + next(4);
            let values: Values = (0..count)
                .map(|_| (format!("field{}", next(6)), Value::Int(next(5) as i64 - 2)))
                .collect();
            let actor = ActorId([hand as u8 * 9 % 7; 16]);
            sent.push(hands[hand].write(actor, Timestamp(step), &values).unwrap());
        }
        for hand in &mut hands {
            hand.apply(&sent).unwrap();
            let loaded = Document::load(&hand.save(), &[]).unwrap();
            assert_eq!(
                (loaded.heads(), loaded.values()),
                (hand.heads(), hand.values())
            );
            assert!(
                sent.iter()
                    .all(|change| loaded.change(change.hash) == Some(change.bytes.clone()))
            );
        }
        assert!(
            hands
                .windows(2)
                .all(|pair| pair[0].values() == pair[1].values())
        );
    }
}

#[test]
fn what_is_put_back_at_once_is_as_if_it_was_applied_one_by_one() {
    let (mut ann, mut bob, first) = pair();
    let mut own: Vec<Vetted> = (2..40)
        .map(|n| write(&mut ann, ANN, n, &[("phone", n.into()), ("fax", 1.into())]))
        .collect();
    let other = write(&mut bob, BOB, 50, &[("phone", "Bob's".into())]);
    ann.apply(std::slice::from_ref(&other)).unwrap();
    own.push(write(&mut ann, ANN, 60, &[("phone", "both seen".into())]));
    own.reverse();
    let mut back = Document::new();
    back.apply(&[first.clone(), other]).unwrap();
    assert_eq!(back.put_back(&own).unwrap(), []);
    assert_eq!(
        (back.heads(), back.values(), back.stamp()),
        (ann.heads(), ann.values(), ann.stamp())
    );
    assert_eq!(
        back.put_back(&own).unwrap(),
        [],
        "a second time changes nothing"
    );
    let next = |document: &mut Document| write(document, ANN, 70, &[("phone", "next".into())]).hash;
    assert_eq!(next(&mut back), next(&mut ann));
    assert_eq!(
        Document::load(&back.save(), &[]).unwrap().values(),
        ann.values()
    );
}

#[test]
fn what_lacks_its_history_or_whose_place_is_taken_is_not_put_back() {
    let (mut ann, mut copy, first) = pair();
    let own = [
        write(&mut ann, ANN, 2, &[("fax", 1.into())]),
        write(&mut ann, ANN, 3, &[("fax", 2.into())]),
    ];
    let mut empty = Document::new();
    assert_eq!(empty.put_back(&own).unwrap(), [first.hash]);
    assert_eq!(empty.heads(), []);
    let mut behind = Document::new();
    behind.apply(&[first]).unwrap();
    assert_eq!(behind.put_back(&own[1..]).unwrap(), [own[0].hash]);
    write(&mut copy, ANN, 9, &[("fax", 9.into())]);
    let before = (copy.heads(), copy.values());
    assert_eq!(copy.put_back(&own).unwrap_err().code(), "wrong_sequence");
    assert_eq!((copy.heads(), copy.values()), before);
}

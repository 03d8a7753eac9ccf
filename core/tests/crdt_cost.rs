//! What forged changes may make a history cost: steps are counted, bounded, and grow no faster than
//! what was written. No test asks a clock.

#![allow(clippy::unwrap_used, reason = "what helps a test may fail it")]

use std::collections::BTreeSet;

use outfield_core::base::id::{ActorId, RecordId};
use outfield_core::base::limits::{DOCUMENT_OPERATIONS_FULL, PUSH_BYTES_MAX, PUSH_STEPS_MAX};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{
    CrdtError, DOCUMENT_FULL, Document, Effort, HistoryRoom, TOO_COSTLY, Vetted, touched,
};
use outfield_core::objects::{Value, Values};

const SHOP: RecordId = RecordId([7; 16]);

fn actor(n: usize) -> ActorId {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    ActorId(bytes)
}

/// A record with so many lines.
fn with_lines(lines: usize) -> Document {
    let mut document = Document::new();
    let values = (0..lines).map(|n| (format!("lines/{n:04}/name"), Value::from("x")));
    document
        .write(actor(0), Timestamp(1), &values.collect())
        .unwrap();
    document
}

/// Takes every line out, or writes into each of them, upon what the record was at first.
fn removed_or_edited(base: &Document, lines: usize, writer: usize) -> Vetted {
    let mut values = Values::new();
    for n in 0..lines {
        if writer.is_multiple_of(2) {
            values.insert(format!("lines/{n:04}/removed"), Value::Bool(true));
        } else {
            values.insert(
                format!("lines/{n:04}/name"),
                Value::from(writer.to_string().as_str()),
            );
        }
    }
    let (mut alone, heads) = (base.clone(), base.heads());
    alone
        .write_upon(&heads, actor(writer + 1), Timestamp(2), &values)
        .unwrap()
}

/// Takes a change in as a server does: it fits, and all that competes with it is found.
fn take_in(document: &mut Document, change: &Vetted, effort: &mut Effort) -> Result<(), CrdtError> {
    document.extend(change, HistoryRoom::Office, effort)?;
    let paths: BTreeSet<String> = touched(change)?.into_keys().collect();
    document.conflicts("order", SHOP, &paths, effort).map(drop)
}

/// Steps of so many people who take all lines out or write into them, none knowing of the others.
fn steps(lines: usize, writers: usize) -> u64 {
    let base = with_lines(lines);
    let mut document = base.clone();
    let mut effort = Effort::endless();
    for writer in 0..writers {
        let change = removed_or_edited(&base, lines, writer);
        take_in(&mut document, &change, &mut effort).unwrap();
    }
    effort.spent()
}

#[test]
fn ten_kilobytes_of_lines_removed_and_edited_stop_at_what_a_push_may_cost() {
    let (lines, writers) = (10, 100);
    let base = with_lines(lines);
    let mut document = base.clone();
    let mut effort = Effort::of(PUSH_STEPS_MAX);
    let mut bytes = 0;
    let mut refused = None;
    for writer in 0..writers {
        let change = removed_or_edited(&base, lines, writer);
        bytes += change.bytes.len();
        refused = take_in(&mut document, &change, &mut effort).err();
        if refused.is_some() {
            break;
        }
    }
    assert!(bytes < PUSH_BYTES_MAX);
    assert_eq!(refused.map(|error| error.code()), Some(TOO_COSTLY));
    assert_eq!(effort.spent(), PUSH_STEPS_MAX);
}

#[test]
fn what_two_people_do_to_an_order_of_five_hundred_lines_is_found_in_one_push() {
    assert!(steps(500, 2) < PUSH_STEPS_MAX / 4, "{}", steps(500, 2));
}

#[test]
fn steps_grow_as_lines_do_and_as_pairs_of_writers() {
    let (few, many) = (steps(50, 4), steps(100, 4));
    assert!(many < few * 21 / 10, "{few} {many}");
    let (few, many) = (steps(20, 10), steps(20, 20));
    assert!(many < few * 10, "{few} {many}");
}

#[test]
fn a_long_history_that_nobody_disputes_adds_little_to_a_look_at_what_competes() {
    let short = with_lines(50);
    let mut long = short.clone();
    for n in 0..500 {
        let name = Values::from([("name".to_owned(), Value::from(n))]);
        long.write(actor(0), Timestamp(1), &name).unwrap();
    }
    let of = |base: &Document| {
        let mut document = base.clone();
        let mut effort = Effort::endless();
        for writer in 0..4 {
            let change = removed_or_edited(base, 50, writer);
            take_in(&mut document, &change, &mut effort).unwrap();
        }
        effort.spent()
    };
    assert!(of(&long) < of(&short) * 2, "{} {}", of(&short), of(&long));
}

#[test]
fn a_path_that_was_written_over_a_thousand_times_costs_what_is_behind_it() {
    let mut document = Document::new();
    let one = |n: i64| Values::from([("name".to_owned(), Value::from(n))]);
    let before = document.write(actor(0), Timestamp(1), &one(0)).unwrap();
    for n in 1..1_000 {
        document.write(actor(0), Timestamp(1), &one(n)).unwrap();
    }
    let mut late = document.clone();
    let change = late
        .write_upon(&[before.hash], actor(1), Timestamp(2), &one(-1))
        .unwrap();
    let mut effort = Effort::endless();
    take_in(&mut document, &change, &mut effort).unwrap();
    assert!(effort.spent() > 200, "{}", effort.spent());
}

#[test]
fn one_who_fills_a_history_leaves_room_for_the_others_and_the_office() {
    let mut document = Document::new();
    let mut write = |writer: usize, room: HistoryRoom<'_>| {
        let text = "x".repeat(8_000) + &writer.to_string();
        let values = Values::from([("note".to_owned(), Value::from(text.as_str()))]);
        let heads = document.heads();
        let mut alone = document.clone();
        let change = alone.write_upon(&heads, actor(writer), Timestamp(1), &values)?;
        document.extend(&change, room, &mut Effort::endless())
    };
    let mut fill = |writer: usize| {
        let own = [actor(writer)];
        let mut written = 0;
        loop {
            match write(writer, HistoryRoom::Person(&own)) {
                Ok(()) => written += 1,
                Err(error) => {
                    assert_eq!(error.code(), DOCUMENT_FULL);
                    return written;
                }
            }
        }
    };
    let first = fill(0);
    let others: Vec<usize> = (1..4).map(&mut fill).collect();
    assert!(first > 20 && others[0] > 2, "{first} {others:?}");
    assert_eq!(others[1..], [0, 0], "the last eighth is the office's");
    assert!(write(9, HistoryRoom::Office).is_ok());
}

#[test]
fn a_full_history_is_read_within_one_push() {
    let mut document = Document::new();
    let values: Values = (0..4_000)
        .map(|n| (format!("l/{n:04}/a"), Value::Bool(true)))
        .collect();
    while document.write(actor(0), Timestamp(1), &values).is_ok() {}
    assert!(document.load_steps() > DOCUMENT_OPERATIONS_FULL / 4);
    assert!(
        document.load_steps() < PUSH_STEPS_MAX,
        "{}",
        document.load_steps()
    );
    assert!(Document::load(&document.save(), &[]).is_ok());
}

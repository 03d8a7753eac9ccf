//! Servers that forge data: documents, changes, rows, facts, conflicts, descriptors, sums and
//! cursors. They greet and listen as the honest one does.

use outfield_core::base::id::{ActorId, ChangeHash, ConflictId, RecordId};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::Document;
use outfield_core::objects::{Conflict, ConflictState, Side, Value, Values};
use outfield_core::sync::frames::{
    Change, Checkpoint, Doc, End, Fact, Frame, Held, Own, Remove, Row, Start,
};
use outfield_tests::crafter::{self, DOCUMENT};
use outfield_tests::impostor::Say;

use super::victim::{Victim, body, pulling};

const STRANGER: ActorId = ActorId([66; 16]);
pub(super) const LIE: RecordId = RecordId([0x66; 16]);

/// Frames of every bucket, between an honest start and a checkpoint with this sum.
fn in_buckets(victim: &mut Victim, sum: u64, frames: impl Fn(u64) -> Vec<Frame>) -> Vec<Frame> {
    let mut all = Vec::new();
    for bucket in victim.buckets() {
        let from = victim.cursor(&bucket);
        all.push(Frame::Start(Start {
            bucket: bucket.clone(),
            from,
        }));
        all.extend(frames(from + 1));
        all.push(Frame::Checkpoint(Checkpoint {
            bucket,
            seq: from + 1,
            sum,
        }));
    }
    all.push(Frame::End(End { tick: 9 }));
    all
}

/// Lies in every bucket, as news and as a bucket told anew, with a sum that is right and with one
/// that is not.
pub(super) fn tells(victim: &mut Victim, name: &str, frames: &dyn Fn(u64) -> Vec<Frame>) {
    for (how, anew, true_sum) in [
        ("news", false, false),
        ("anew", true, false),
        ("with a true sum", false, true),
    ] {
        let name = format!("{name}, {how}");
        let mut told = in_buckets(victim, 7, frames);
        for frame in &mut told {
            if let (Frame::Start(start), true) = (&mut *frame, anew) {
                start.from = 0;
            }
        }
        if true_sum {
            victim.with_true_sums(&mut told);
        }
        let welcome = victim.welcome();
        victim
            .meets(&name, pulling(welcome, Say::Whole(200, body(&told))))
            .ok();
    }
}

fn values(pairs: &[(&str, Value)]) -> Values {
    pairs
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect()
}

/// Paths and values that no honest server would ever send.
fn nonsense() -> Values {
    let mut values = values(&[
        ("", "empty".into()),
        ("name", 7.into()),
        ("id", "another".into()),
        ("object", true.into()),
        ("owner", "{01940C3E-5B1A-7CC0-8000-0123456789AB}".into()),
        (
            "territory",
            "urn:uuid:01940c3e-5b1a-7cc0-8000-0123456789ab".into(),
        ),
        ("position", "999,999".into()),
        ("phone", Value::Null),
        ("roles", "no lines".into()),
        ("roles/a/account", "no id".into()),
        ("roles/a", "half".into()),
        ("roles//role", "x".into()),
        ("roles/a/b/c", 1.into()),
        ("roles/'; DROP TABLE outbox; --/role", "x".into()),
        ("\"; DROP TABLE outbox; --", "x".into()),
        ("_extra", "{".into()),
        ("na\u{0}me", "\u{0}".into()),
        ("street", i64::MIN.into()),
    ]);
    values.insert("x".repeat(5_000), "y".repeat(50_000).into());
    values
}

/// A document by a stranger, and its frame under this id.
fn document(object: &str, record: RecordId, written: &Values) -> Doc {
    let mut document = Document::new();
    document.write(STRANGER, Timestamp(1), written).unwrap();
    let (blob, heads, values) = (document.save().into(), document.heads(), document.values());
    let (object, created_by, changed_by) = (object.to_owned(), STRANGER, STRANGER);
    Doc {
        seq: 1,
        object,
        record,
        blob,
        heads,
        values,
        created_ms: i64::MIN,
        created_by,
        changed_ms: i64::MAX,
        changed_by,
    }
}

#[test]
fn a_phone_outlives_forged_rows_and_facts() {
    let mut victim = Victim::new();
    let (account, contact) = (victim.account, victim.contact);
    let row = |object: &str, record: RecordId, values: &Values| {
        let (object, values) = (object.to_owned(), values.clone());
        move |seq| {
            vec![Frame::Row(Row {
                seq,
                object: object.clone(),
                record,
                values: values.clone(),
            })]
        }
    };
    let fact = |object: &str, record: RecordId, values: &Values| {
        let (object, values, actor) = (object.to_owned(), values.clone(), STRANGER);
        move |seq| {
            vec![Frame::Fact(Fact {
                seq,
                object: object.clone(),
                record,
                values: values.clone(),
                actor,
                at_ms: i64::MAX,
            })]
        }
    };
    let name = values(&[("name", "forged".into())]);
    for object in [
        "account",
        "contact",
        "user",
        "visit",
        "follow_up",
        "outbox",
        "",
        "x\"; --",
        "conflict",
        "descriptor",
    ] {
        tells(
            &mut victim,
            &format!("a row of nonsense as {object}"),
            &row(object, LIE, &nonsense()),
        );
        tells(
            &mut victim,
            &format!("a fact of nonsense as {object}"),
            &fact(object, LIE, &nonsense()),
        );
    }
    tells(
        &mut victim,
        "a row over a document",
        &row("account", account, &name),
    );
    tells(
        &mut victim,
        "a row under a document's id",
        &row("user", contact, &name),
    );
    tells(
        &mut victim,
        "a fact over a document",
        &fact("contact", contact, &name),
    );
    tells(
        &mut victim,
        "a fact under a document's id",
        &fact("follow_up", account, &name),
    );
}

/// Documents that are not what the server holds.
fn forged_documents(account: RecordId, contact: RecordId) -> Vec<(&'static str, Doc)> {
    let name = values(&[("name", "forged".into())]);
    vec![
        ("another history", document("account", account, &name)),
        (
            "another object's history",
            document("contact", account, &name),
        ),
        (
            "another history of one's own",
            document("contact", contact, &name),
        ),
        (
            "no bytes",
            Doc {
                blob: Vec::new().into(),
                ..document("account", account, &name)
            },
        ),
        (
            "no bytes and no heads",
            Doc {
                blob: Vec::new().into(),
                heads: Vec::new(),
                ..document("account", account, &name)
            },
        ),
        (
            "bytes of nothing",
            Doc {
                blob: vec![7; 1_000].into(),
                ..document("account", account, &name)
            },
        ),
        (
            "heads of another",
            Doc {
                heads: vec![ChangeHash([5; 32])],
                ..document("account", account, &name)
            },
        ),
        (
            "heads without end",
            Doc {
                heads: vec![ChangeHash([5; 32]); 20_000],
                ..document("account", account, &name)
            },
        ),
        (
            "other values than it holds",
            Doc {
                values: nonsense(),
                ..document("account", account, &name)
            },
        ),
    ]
}

#[test]
fn a_phone_outlives_forged_documents() {
    let mut victim = Victim::new();
    let (account, contact) = (victim.account, victim.contact);
    let doc = |doc: Doc| move |seq| vec![Frame::Doc(Doc { seq, ..doc.clone() })];
    let keyed: Values = nonsense()
        .into_iter()
        .filter(|(path, _)| !path.is_empty())
        .collect();
    for object in [
        "account",
        "contact",
        "user",
        "follow_up",
        "outbox",
        "",
        "x\"; --",
        "conflict",
    ] {
        tells(
            &mut victim,
            &format!("a document of nonsense as {object}"),
            &doc(document(object, LIE, &keyed)),
        );
    }
    for (name, forged) in forged_documents(account, contact) {
        tells(&mut victim, name, &doc(forged));
    }
}

#[test]
fn what_only_looks_like_the_true_history_is_mended_once_the_record_changes() {
    let mut victim = Victim::new();
    // Nobody works on this account, so that the phone has no reason to read its history.
    let quiet = victim.office_adds("Quiet");
    victim.recovers("adding");
    for round in 0..4 {
        victim.office_edits(quiet, &format!("Main Street {round}"));
        let (heads, blob) = victim.on_the_server(quiet);
        let mut data = crafter::data_of(&blob).to_vec();
        // A letter of the street, at the end of the values.
        let at = data
            .windows(11)
            .rposition(|text| text == b"Main Street")
            .unwrap();
        data[at] ^= 1;
        let lie = values(&[("name", "forged".into())]);
        let forged = match round {
            0 => Doc {
                blob: crafter::chunk(DOCUMENT, &data).into(),
                heads,
                ..document("account", quiet, &lie)
            },
            1 => Doc {
                blob: blob.into(),
                heads,
                ..document("account", quiet, &lie)
            },
            2 => Doc {
                heads,
                ..document("account", quiet, &lie)
            },
            _ => Doc {
                blob: blob.into(),
                heads,
                ..document("contact", quiet, &lie)
            },
        };
        let mut told = in_buckets(&mut victim, 7, |seq| {
            vec![Frame::Doc(Doc {
                seq,
                ..forged.clone()
            })]
        });
        victim.with_true_sums(&mut told);
        let welcome = victim.welcome();
        victim
            .is_told(
                &format!("forgery {round}"),
                pulling(welcome, Say::Whole(200, body(&told))),
            )
            .ok();
        victim.office_edits(quiet, &format!("Side Street {round}"));
        victim.phone.sync().unwrap();
        // Where the history is true, and only what is shown of it is not, the phone can mend
        // itself.
        victim.phone.rebuild().unwrap();
        victim.recovers(&format!("forgery {round}"));
    }
}

pub(super) fn values_of_lie() -> Values {
    values(&[("name", "forged".into())])
}

#[test]
fn a_phone_outlives_forged_changes() {
    let mut victim = Victim::new();
    let (account, contact) = (victim.account, victim.contact);
    let change = |object: &str, record: RecordId, bytes: Vec<u8>| {
        let object = object.to_owned();
        move |seq| {
            vec![Frame::Change(Change {
                seq,
                object: object.clone(),
                record,
                bytes: bytes.clone().into(),
            })]
        }
    };
    let crafted = |key: &str| crafter::CraftedChange::puts(STRANGER.0, &[(key, "forged")]);
    let (heads, _) = victim.document(account);
    let heads: Vec<[u8; 32]> = heads.iter().map(|head| head.0).collect();
    let cases = [
        ("bytes of nothing", vec![7; 100]),
        (
            "a claim without end",
            crafted("a")
                .column(
                    crafter::column::KEY,
                    crafter::run(100_000_000, &crafter::text("a")),
                )
                .chunk(),
        ),
        ("a beginning", crafted("street").chunk()),
        (
            "a path of nonsense",
            crafted("'; DROP TABLE outbox; --")
                .after(&heads, 1, 3)
                .chunk(),
        ),
        (
            "a start too far on",
            crafted("street").after(&heads, 1, 900).chunk(),
        ),
        (
            "a step that is none",
            crafted("street").after(&heads, 7, 3).chunk(),
        ),
        (
            "a step on nothing",
            crafted("street").after(&[[5; 32]], 1, 3).chunk(),
        ),
        ("a true step", crafted("street").after(&heads, 1, 3).chunk()),
    ];
    for (name, bytes) in cases {
        tells(&mut victim, name, &change("account", account, bytes));
    }
    let others = [
        ("contact", contact),
        ("contact", account),
        ("x\"; --", account),
        ("visit", LIE),
    ];
    for bytes in [
        crafted("street").chunk(),
        crafted("street").after(&heads, 1, 3).chunk(),
    ] {
        for (object, record) in others {
            tells(
                &mut victim,
                &format!("a change of a {object}"),
                &change(object, record, bytes.clone()),
            );
        }
    }
}

#[test]
fn a_phone_outlives_forged_conflicts_and_removals() {
    let mut victim = Victim::new();
    let (account, contact) = (victim.account, victim.contact);
    let side = |value: &str| Side {
        operation: "x".to_owned(),
        actor: STRANGER,
        at_ms: i64::MIN,
        value: value.into(),
    };
    let conflict = |sides: Vec<Side>, path: &str, state: ConflictState| {
        let (id, object, record) = (ConflictId([6; 16]), "account".to_owned(), account);
        let conflict = Conflict {
            id,
            object,
            record,
            path: path.to_owned(),
            base: Value::Null,
            sides,
            state,
        };
        move |seq| {
            vec![Frame::Conflict(Held {
                seq,
                conflict: conflict.clone(),
            })]
        }
    };
    tells(
        &mut victim,
        "a conflict of nobody",
        &conflict(Vec::new(), "street", ConflictState::Open),
    );
    tells(
        &mut victim,
        "a conflict of nothing",
        &conflict(vec![side("a"), side("b")], "'; --", ConflictState::Open),
    );
    tells(
        &mut victim,
        "a conflict that is over",
        &conflict(vec![side("a"); 90], "street", ConflictState::Superseded),
    );
    for (object, record) in [
        ("account", account),
        ("contact", contact),
        ("contact", account),
        ("conflict", account),
        ("x\"; --", LIE),
    ] {
        let object = object.to_owned();
        tells(&mut victim, &format!("a removed {object}"), &|seq| {
            vec![Frame::Remove(Remove {
                seq,
                object: object.clone(),
                record,
            })]
        });
        tells(
            &mut victim,
            &format!("an unknown {object} of one's own"),
            &|seq| {
                vec![Frame::Own(Own {
                    seq,
                    object: object.clone(),
                    record,
                    hash: ChangeHash([3; 32]),
                })]
            },
        );
    }
}

//! What honest writers make passes as it is.

use automerge::transaction::Transactable as _;
use automerge::{Automerge, ROOT};
use outfield_core::base::id::ChangeHash;
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, gate};
use outfield_core::objects::Value;

use crate::forged::{ANN, Parts, data_of, deflate, honest};

#[test]
fn honest_changes_pass_plain_and_deflated() {
    for change in honest().1 {
        assert_eq!(gate::change(&change.bytes), Ok(change.clone()));
        assert_eq!(
            gate::change(&deflate(data_of(&change.bytes), &[])),
            Ok(change)
        );
    }
}

#[test]
fn what_automerge_itself_writes_passes() {
    let mut document = Automerge::new().with_actor(automerge::ActorId::from([5; 16]));
    for round in 0..30 {
        let mut transaction = document.transaction();
        for key in 0..40 {
            transaction
                .put(
                    ROOT,
                    format!("key{}", key * (round + 1) % 50),
                    format!("value {round} {key}"),
                )
                .unwrap();
        }
        transaction.commit();
    }
    let mut ours = Document::new();
    let mut passed = 0;
    for mut change in document.get_changes(&[]) {
        // Rounds in which one key comes twice are no record of ours.
        if let Ok(vetted) = gate::change(change.raw_bytes()) {
            assert_eq!(vetted.hash, ChangeHash(change.hash().0));
            assert_eq!(gate::change(&change.bytes()), Ok(vetted.clone()));
            passed += usize::from(
                ours.apply(&[vetted])
                    .is_ok_and(|applied| applied.missing.is_empty()),
            );
        }
    }
    assert!(passed > 0);
    assert!(gate::document(&ours.save()).is_ok());
}

#[test]
fn the_parts_as_they_stand_are_an_honest_change() {
    let change = gate::change(&Parts::honest().chunk()).unwrap();
    assert_eq!(
        (change.actor, change.seq, change.at, change.operations),
        (ANN, 1, Timestamp(1_000), 1)
    );
    let mut document = Document::new();
    document.apply(&[change]).unwrap();
    assert_eq!(document.value("a"), 5.into());
}

#[test]
fn saved_documents_pass_alone_and_with_changes_behind_them() {
    let (document, changes) = honest();
    assert!(gate::document(&document.save()).is_ok());
    assert!(gate::document(&Document::new().save()).is_ok());
    assert!(gate::document(&[]).is_ok());
    assert!(gate::document(&[document.save(), changes[0].bytes.clone()].concat()).is_ok());
    let mut big = document;
    let long: Vec<(String, Value)> = (0..200)
        .map(|n| (format!("lines/{n}/text"), format!("text {n}").into()))
        .collect();
    big.write(ANN, Timestamp(9), &long.into_iter().collect())
        .unwrap();
    assert!(gate::document(&big.save()).is_ok());
}

//! Chunks through the gate that phone and server share. Checksums are put right, or no change would
//! get past the first look. It does not know which changes are honest.

use outfield_core::base::id::{ActorId, ChangeHash};
use outfield_core::base::limits::{CHANGE_BYTES_MAX, DOCUMENT_BYTES_MAX};
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::{Document, Vetted, gate as door, touched};
use outfield_core::objects::{Value, Values};

use super::pieces::pieces;
use crate::crafter;

/// The kinds of pieces: as they are; the data of a change, plain or deflated; that of a saved
/// document; and a change that gets what was applied so far as what it builds on.
const KINDS: u8 = 5;

/// Pieces one by one as changes to one document, and all together as a saved document.
pub fn gate(bytes: &[u8]) {
    let mut document = Document::new();
    let mut saved = Vec::new();
    for (kind, piece) in pieces(bytes).take(16) {
        let chunk = match kind % KINDS {
            0 => piece.to_vec(),
            1 => crafter::chunk(crafter::PLAIN, piece),
            2 => crafter::deflated(piece, &[]),
            3 => crafter::chunk(crafter::DOCUMENT, piece),
            _ => crafter::chunk(crafter::PLAIN, &[&upon(&document.heads()), piece].concat()),
        };
        saved.extend_from_slice(&chunk);
        if let Ok(vetted) = door::change(&chunk) {
            passed(&vetted);
            applied(&mut document, &vetted);
        }
    }
    kept(&document);
    loaded(&saved);
}

/// Hashes with their count in front, as a change names what it builds on.
fn upon(heads: &[ChangeHash]) -> Vec<u8> {
    let hashes: Vec<u8> = heads.iter().flat_map(|head| head.0).collect();
    [crafter::unsigned(heads.len() as u64), hashes].concat()
}

/// What passed is plain, within its limit, and passes again as the same.
fn passed(vetted: &Vetted) {
    assert!(vetted.bytes.len() <= CHANGE_BYTES_MAX);
    assert_eq!(door::change(&vetted.bytes).as_ref(), Ok(vetted));
    assert_eq!(touched(vetted).unwrap().len() as u64, vetted.operations);
    assert_eq!(
        crafter::hash(crafter::PLAIN, crafter::data_of(&vetted.bytes)),
        vetted.hash.0
    );
}

/// A change is applied, or leaves the document as it was.
fn applied(document: &mut Document, vetted: &Vetted) {
    let before = (document.heads(), document.values(), document.stamp());
    let is_new = !document.has(vetted.hash);
    let result = document.apply(std::slice::from_ref(vetted));
    if result.is_ok_and(|applied| applied.missing.is_empty()) {
        assert!(document.has(vetted.hash));
        assert_eq!(
            document.change(vetted.hash).as_deref(),
            Some(&vetted.bytes[..])
        );
        assert!(!is_new || document.heads().contains(&vetted.hash));
    } else {
        assert_eq!(
            (document.heads(), document.values(), document.stamp()),
            before
        );
    }
}

/// A document that was built out of what passed is saved, passes the gate, and reads back as it
/// was.
fn kept(document: &Document) {
    let saved = document.save();
    assert!(saved.len() <= DOCUMENT_BYTES_MAX);
    assert_eq!(door::document(&saved).unwrap(), document.heads());
    same(&Document::load(&saved, &[]).unwrap(), document);
}

fn same(one: &Document, other: &Document) {
    assert_eq!(one.heads(), other.heads());
    assert_eq!(one.values(), other.values());
    assert_eq!(one.stamp(), other.stamp());
}

/// A saved document that is read has the heads that it claimed, and goes on to be written and
/// saved.
fn loaded(saved: &[u8]) {
    let heads = door::document(saved);
    let Ok(mut document) = Document::load(saved, &[]) else {
        return;
    };
    assert_eq!(Ok(document.heads()), heads);
    kept(&document);
    let values = Values::from([("name".to_owned(), Value::from("fuzz"))]);
    if document
        .write(ActorId([0xf5; 16]), Timestamp(1), &values)
        .is_ok()
    {
        assert_eq!(document.value("name"), Value::from("fuzz"));
        kept(&document);
    }
}

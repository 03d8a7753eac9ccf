//! Histories that are on the server only: a document that was closed long ago keeps here what it
//! shows, and its history comes again for whoever wants to change it. It does not know who wants
//! that.

use super::FieldError;
use super::working::settled;
use crate::base::id::{ChangeHash, RecordId};
use crate::base::limits::{CLOSED_KEPT_MS, NEEDS_MAX};

use crate::base::time::Timestamp;
use crate::crdt::{Document, gate};
use crate::objects::Registry;
use crate::store::{Db, conflicts, documents, meta, outbox, own_work};
use crate::sync::frames::{History, Need};

/// How the keys begin under which the histories lie that are to be asked for.
const NEED: &str = "need/";
/// How those begin that were asked for, each with the moment: whoever wants to change something
/// gets a while to do it.
const LENT: &str = "lent/";
/// The next sync asks for the history of a record.
pub(super) fn need(db: &Db, id: RecordId) -> Result<(), FieldError> {
    Ok(meta::set(db, &format!("{NEED}{id}"), "")?)
}

/// The histories to ask for.
pub(super) fn needed(db: &Db) -> Result<Vec<Need>, FieldError> {
    let asked = meta::starting(db, NEED)?.into_iter().take(NEEDS_MAX);
    asked
        .map(|(id, _)| {
            Ok(Need {
                record: id.parse().map_err(FieldError::broken)?,
            })
        })
        .collect()
}

/// An answer told all that there is of what was asked for.
pub(super) fn answered(db: &Db, asked: &[RecordId], now: Timestamp) -> Result<(), FieldError> {
    for id in asked {
        meta::remove(db, &format!("{NEED}{id}"))?;
        meta::set(db, &format!("{LENT}{id}"), &now.0.to_string())?;
    }
    Ok(())
}

/// Adopts a history that was asked for. One that is not of what the record shows here is passed
/// over. Answers whether unsent work waits above it.
pub(super) fn adopt(db: &Db, history: &History) -> Result<bool, FieldError> {
    let History {
        object,
        record,
        blob,
        heads,
    } = history;
    let stands =
        documents::standing(db, *record)?.is_some_and(|(held, at)| held == *object && at == *heads);
    if !stands || !documents::is_elsewhere(db, *record)? {
        return Ok(false);
    }
    check_heads(*record, blob, heads)?;
    documents::put(db, *record, object, blob, heads)?;
    above(db, *record, blob)
}

/// Refuses a document of the server's that has other heads than it says.
pub(super) fn check_heads(
    record: RecordId,
    blob: &[u8],
    heads: &[ChangeHash],
) -> Result<(), FieldError> {
    if gate::document(blob)? == heads {
        return Ok(());
    }
    Err(FieldError::broken(format!(
        "the server's document {record} has other heads than it says"
    )))
}

/// Unsent changes that a whole document holds already leave the outbox; answers whether others stay
/// above it.
pub(super) fn above(db: &Db, id: RecordId, blob: &[u8]) -> Result<bool, FieldError> {
    let entries = outbox::of_record(db, id)?;
    if entries.is_empty() {
        return Ok(false);
    }
    let document = Document::load(blob, &[])?;
    for entry in entries.iter().filter(|entry| document.has(entry.hash)) {
        own_work::accept(db, entry.hash)?;
    }
    settled(db, id)?;
    Ok(true)
}

/// Lets go of the histories of what was closed long ago. What waits for the server or for a person
/// stays, and so does what was asked for not long ago.
pub(super) fn let_go(db: &Db, registry: &Registry, now: Timestamp) -> Result<(), FieldError> {
    let moment = Timestamp(now.0.saturating_sub(CLOSED_KEPT_MS));
    for (id, since) in meta::starting(db, LENT)? {
        if since.parse().is_ok_and(|since: i64| since < moment.0) {
            meta::remove(db, &format!("{LENT}{id}"))?;
        }
    }
    for descriptor in registry.all() {
        for id in documents::closed_before(db, descriptor, moment)? {
            let is_disputed = !conflicts::open_of(db, id)?.is_empty();
            let is_lent = meta::get(db, &format!("{LENT}{id}"))?.is_some();
            if is_disputed || is_lent || !outbox::of_record(db, id)?.is_empty() {
                continue;
            }
            if let Some(heads) = documents::heads(db, id)? {
                documents::put(db, id, &descriptor.object, &[], &heads)?;
            }
        }
    }
    Ok(())
}

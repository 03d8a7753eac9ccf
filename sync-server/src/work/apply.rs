//! What was admitted becomes true: history, rows, conflicts and logs, for a device and for the
//! office alike. It does not ask whether it may.

use std::collections::BTreeSet;

use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::base::limits::TAIL_CHANGES_MAX;
use outfield_core::base::planted::{self, Planted};
use outfield_core::base::version::Version;
use outfield_core::crdt::{Document, Vetted};
use outfield_core::domain::rules::conflict::closes;
use outfield_core::objects::{Conflict, ConflictState, Descriptor, Record, Values};
use outfield_core::store::{Db, StoreReader, conflicts, documents, tables};
use rusqlite::params;

use super::blobs;
use super::log::{LogEntry, LogOp, Placement, publish, publish_conflict, scope_of};
use crate::error::ServerError;

/// A change that may be made.
pub(crate) struct AdmittedChange<'a> {
    pub descriptor: &'a Descriptor,
    pub record: RecordId,
    pub change: &'a Vetted,
    /// What the change writes.
    pub written: &'a Values,
    /// The document, which holds the change already.
    pub document: &'a Document,
    /// What competes where it writes.
    pub conflicts: &'a [Conflict],
    /// Whether the document begins with it.
    pub is_new: bool,
    /// Whether the record was finished before it.
    pub was_closed: bool,
    /// The buckets whose logs hold the record.
    pub held_in: &'a BTreeSet<String>,
}

/// A change becomes true: history, row, logs, conflicts.
pub(crate) fn apply_change(
    store: &StoreReader<'_>,
    admitted: &AdmittedChange<'_>,
) -> Result<(), ServerError> {
    let (db, document, change) = (store.db, admitted.document, admitted.change);
    let (id, object) = (admitted.record, &admitted.descriptor.object);
    let heads = document.heads();
    if admitted.is_new {
        documents::put(db, id, object, &[], &[])?;
    }
    if documents::append(db, id, &change.bytes, &heads)? > TAIL_CHANGES_MAX {
        documents::put(db, id, object, &document.save(), &heads)?;
    }
    db.prepare_cached("INSERT OR IGNORE INTO payload (hash, bytes) VALUES (?1, ?2)")?
        .execute(params![&change.hash.0[..], change.bytes])?;
    let paths: BTreeSet<String> = admitted.written.keys().cloned().collect();
    let mut shown = Values::new();
    for path in &paths {
        shown.insert(path.clone(), document.value(path));
    }
    tables::patch(db, admitted.descriptor, id, &shown, document.stamp())?;
    blobs::note_named(db, admitted.descriptor, id, admitted.written, change.actor)?;
    let placement = placement_after(store, admitted, &paths)?;
    // Devices may have let go of the history of what was closed: they are told all of it.
    let op = if admitted.was_closed {
        LogOp::Enter
    } else {
        LogOp::Change
    };
    let entry = LogEntry {
        object,
        id,
        op,
        hash: Some(change.hash),
    };
    publish(store, entry, Version::of_heads(&heads), &placement)?;
    let conflicts = admitted.conflicts;
    for conflict in conflicts {
        apply_conflict(db, conflict)?;
    }
    if planted::is(Planted::ConflictClosedByEdit) && conflicts.is_empty() {
        for held in conflicts::open_of(db, id)? {
            if paths.contains(&held.path) {
                close(db, held, ConflictState::Superseded)?;
            }
        }
    }
    Ok(())
}

/// Where a record belongs after a change; its buckets stay unless the change decides them.
fn placement_after(
    store: &StoreReader<'_>,
    admitted: &AdmittedChange<'_>,
    paths: &BTreeSet<String>,
) -> Result<Placement, ServerError> {
    let descriptor = admitted.descriptor;
    let before = admitted.held_in.clone();
    if !admitted.is_new && !paths.iter().any(|path| descriptor.decides_scope(path)) {
        return Ok(Placement {
            now: before.clone(),
            before,
        });
    }
    let record = Record {
        object: descriptor.object.clone(),
        id: admitted.record,
        values: admitted.document.values(),
        stamp: None,
    };
    Ok(Placement {
        before,
        now: scope_of(store, &record)?,
    })
}

/// A conflict that nobody has seen yet; those it supersedes end.
fn apply_conflict(db: &Db, conflict: &Conflict) -> Result<(), ServerError> {
    let is_dropped = planted::is(Planted::DroppedConflictRow) && conflict.path.contains('/');
    if is_dropped || conflicts::get(db, conflict.id)?.is_some() {
        return Ok(());
    }
    for older in conflicts::superseded(db, conflict)? {
        close(db, older, ConflictState::Superseded)?;
    }
    conflicts::put(db, conflict)?;
    publish_conflict(db, conflict)
}

fn close(db: &Db, conflict: Conflict, state: ConflictState) -> Result<(), ServerError> {
    conflicts::set_state(db, conflict.id, state)?;
    publish_conflict(db, &conflict.moved_to(state))
}

/// An admitted fact becomes true, and closes the conflict that it decides.
pub(crate) fn apply_fact(
    store: &StoreReader<'_>,
    descriptor: &Descriptor,
    hash: ChangeHash,
    record: &Record,
    placement: &Placement,
) -> Result<(), ServerError> {
    put_row(store, descriptor, Some(hash), record, placement)?;
    if let Some(stamp) = record.stamp {
        blobs::note_named(
            store.db,
            descriptor,
            record.id,
            &record.values,
            stamp.created_by,
        )?;
    }
    let Some(id) = closes(record) else {
        return Ok(());
    };
    match conflicts::get(store.db, id)? {
        Some(conflict) if conflict.state == ConflictState::Open => {
            close(store.db, conflict, ConflictState::Resolved)
        }
        Some(_) | None => Ok(()),
    }
}

/// A row as it is now becomes true; null values are left out.
pub(crate) fn apply_row(
    store: &StoreReader<'_>,
    descriptor: &Descriptor,
    record: &Record,
) -> Result<(), ServerError> {
    let placement = Placement::of(store, record)?;
    put_row(store, descriptor, None, record, &placement)
}

fn put_row(
    store: &StoreReader<'_>,
    descriptor: &Descriptor,
    hash: Option<ChangeHash>,
    record: &Record,
    placement: &Placement,
) -> Result<(), ServerError> {
    tables::put(store.db, descriptor, record)?;
    let entry = LogEntry {
        object: &record.object,
        id: record.id,
        op: LogOp::Row,
        hash,
    };
    publish(store, entry, Record::row_version(&record.values), placement)
}

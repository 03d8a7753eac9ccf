//! What was admitted becomes true: history, rows, conflicts and logs, for a device and for the
//! office alike. It does not ask whether it may.

use std::collections::BTreeSet;

use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::base::limits::TAIL_CHANGES_MAX;
use outfield_core::base::planted::{self, Planted};
use outfield_core::base::version::Version;
use outfield_core::crdt::{Document, Vetted};
use outfield_core::domain::rules::conflict::closes;
use outfield_core::objects::{Conflict, ConflictState, Descriptor, Record, Registry, Values};
use outfield_core::store::{Db, conflicts, documents, members, tables};
use rusqlite::params;

use super::log::{Entry, Op, publish, publish_conflict, scope_of};
use crate::error::ServerError;

/// An admitted change, which `document` holds already, becomes true.
pub(crate) fn apply_change(
    db: &Db,
    registry: &Registry,
    (descriptor, id): (&Descriptor, RecordId),
    document: &Document,
    (change, values): (&Vetted, &Values),
) -> Result<(), ServerError> {
    let object = &descriptor.object;
    let heads = document.heads();
    let was_closed = was_closed(db, descriptor, id)?;
    let is_new = documents::heads(db, id)?.is_none();
    if is_new {
        documents::put(db, id, object, &[], &[])?;
    }
    if documents::append(db, id, &change.bytes, &heads)? > TAIL_CHANGES_MAX {
        documents::put(db, id, object, &document.save(), &heads)?;
    }
    db.prepare_cached("INSERT OR IGNORE INTO payload (hash, bytes) VALUES (?1, ?2)")?
        .execute(params![&change.hash.0[..], change.bytes])?;
    let paths: BTreeSet<String> = values.keys().cloned().collect();
    let shown: Values = paths
        .iter()
        .map(|path| (path.clone(), document.value(path)))
        .collect();
    tables::patch(db, descriptor, id, &shown, document.stamp())?;
    let moves = is_new || paths.iter().any(|path| descriptor.decides_scope(path));
    let values = if moves {
        document.values()
    } else {
        Values::new()
    };
    let record = Record {
        object: object.clone(),
        id,
        values,
        stamp: None,
    };
    let now = if moves {
        scope_of(db, registry, &record)?
    } else {
        members::of(db, id)?.into_iter().collect()
    };
    // Devices may have let go of the history of what was closed: they are told all of it.
    let op = if was_closed { Op::Enter } else { Op::Change };
    let entry = Entry {
        object,
        id,
        op,
        hash: Some(change.hash),
    };
    publish(
        db,
        registry,
        (&record, Version::of_heads(&heads)),
        &now,
        entry,
    )?;
    for conflict in document.conflicts(object, id, &paths)? {
        apply_conflict(db, &conflict)?;
    }
    if planted::is(Planted::ConflictClosedByEdit)
        && document.conflicts(object, id, &paths)?.is_empty()
    {
        let mut over = conflicts::open_of(db, id)?
            .into_iter()
            .filter(|held| paths.contains(&held.path));
        over.try_for_each(|held| close(db, held, ConflictState::Superseded))?;
    }
    Ok(())
}

/// Whether a record is closed by what it shows so far.
fn was_closed(db: &Db, descriptor: &Descriptor, id: RecordId) -> Result<bool, ServerError> {
    let Some(lifecycle) = descriptor
        .lifecycle
        .as_ref()
        .filter(|lifecycle| !lifecycle.closed.is_empty())
    else {
        return Ok(false);
    };
    let state = tables::text(db, descriptor, id, &lifecycle.field)?;
    Ok(state.is_some_and(|state| lifecycle.closed.contains(&state)))
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
    let closed = Conflict { state, ..conflict };
    conflicts::set_state(db, closed.id, state)?;
    publish_conflict(db, &closed)
}

/// An admitted fact becomes true, and closes the conflict that it decides.
pub(crate) fn apply_fact(
    db: &Db,
    registry: &Registry,
    (descriptor, hash): (&Descriptor, ChangeHash),
    record: &Record,
) -> Result<(), ServerError> {
    tables::put(db, descriptor, record)?;
    let entry = Entry {
        object: &record.object,
        id: record.id,
        op: Op::Row,
        hash: Some(hash),
    };
    let now = scope_of(db, registry, record)?;
    publish(
        db,
        registry,
        (record, Record::row_version(&record.values)),
        &now,
        entry,
    )?;
    if let Some(id) = closes(record)
        && let Some(conflict) =
            conflicts::get(db, id)?.filter(|conflict| conflict.state == ConflictState::Open)
    {
        close(db, conflict, ConflictState::Resolved)?;
    }
    Ok(())
}

/// A row as it is now becomes true; null values are left out.
pub(crate) fn apply_row(
    db: &Db,
    registry: &Registry,
    descriptor: &Descriptor,
    record: &Record,
) -> Result<(), ServerError> {
    tables::put(db, descriptor, record)?;
    let entry = Entry {
        object: &record.object,
        id: record.id,
        op: Op::Row,
        hash: None,
    };
    let now = scope_of(db, registry, record)?;
    publish(
        db,
        registry,
        (record, Record::row_version(&record.values)),
        &now,
        entry,
    )
}

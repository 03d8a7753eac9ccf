//! A document as its user sees it: the accepted history and the unsent changes above it.
//! It does not decide anything; it loads, promotes, folds and projects.

use std::collections::BTreeSet;

use super::FieldError;
use super::sweep::sweep_later;
use crate::base::id::RecordId;
use crate::base::limits::TAIL_CHANGES_MAX;
use crate::base::version::Version;
use crate::crdt::{CrdtError, Document, Effort, Vetted, gate};
use crate::objects::{Descriptor, Kind, Record, Registry};
use crate::store::outbox::{EntryKind, OutboxEntry};
use crate::store::{Db, conflicts, documents, members, outbox, tables};

/// Why there is no working document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The accepted history is not here, or not one that can be read.
    History,
    /// The history of what was closed long ago is on the server only.
    Elsewhere,
    /// A copy of this device wrote under the same actor, so that what is unsent must be signed
    /// anew.
    Author,
}

/// The accepted history of a document; empty when nothing of it was accepted yet, and none where it
/// cannot be read or is on the server only.
pub(super) fn accepted(db: &Db, id: RecordId) -> Result<Option<Document>, FieldError> {
    match documents::load(db, id)? {
        Some(stored) if stored.is_elsewhere() => Ok(None),
        Some(stored) => Ok(Document::reload(&stored.blob, &stored.tail).ok()),
        None => Ok(members::of(db, id)?.is_empty().then(Document::new)),
    }
}

/// Accepted history and unsent changes together, if they fit each other.
pub(super) fn working(db: &Db, id: RecordId) -> Result<Result<Document, Unfit>, FieldError> {
    let Some(mut document) = accepted(db, id)? else {
        return Ok(Err(if documents::is_elsewhere(db, id)? {
            Unfit::Elsewhere
        } else {
            Unfit::History
        }));
    };
    let unsent = unsent(db, id, i64::MAX)?;
    Ok(fits(&mut document, &unsent)?
        .then_some(document)
        .ok_or(Unfit::Author))
}

/// Whether what a record has unsent before this number fits its accepted history.
pub(super) fn is_fit(
    db: &Db,
    mut history: Document,
    id: RecordId,
    before: i64,
) -> Result<bool, FieldError> {
    fits(&mut history, &unsent(db, id, before)?)
}

fn fits(document: &mut Document, unsent: &[Vetted]) -> Result<bool, FieldError> {
    match document.put_back(unsent) {
        Ok(missing) => Ok(missing.is_empty()),
        Err(CrdtError::History { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Lets go of a history that is not one. State sums differ from now on, so that the server tells
/// the document anew; its rows and unsent work stay meanwhile.
pub(super) fn give_up(db: &Db, id: RecordId) -> Result<(), FieldError> {
    documents::remove(db, id)?;
    for bucket in members::of(db, id)? {
        members::remove(db, &bucket, id)?;
        // What no longer is told stepwise must come whole.
        members::set_cursor(db, &bucket, 0)?;
    }
    // It may have left them all by then, and nobody tells that it goes.
    sweep_later(db)
}

fn unsent(db: &Db, id: RecordId, before: i64) -> Result<Vec<Vetted>, FieldError> {
    let entries = outbox::of_record(db, id)?;
    let changes = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Change && entry.number < before);
    changes
        .map(|entry| Ok(gate::change(&entry.bytes)?))
        .collect()
}

/// Makes changes part of the accepted history, in the order in which they were accepted: appended
/// to the tail, folded when that is long. Those that are there already, or build on what is not
/// here, are left out; answers those that were new. A history that cannot be read is given up.
pub(super) fn join_history(
    db: &Db,
    object: &str,
    id: RecordId,
    changes: Vec<Vetted>,
) -> Result<Vec<Vetted>, FieldError> {
    if documents::is_elsewhere(db, id)? {
        return give_up(db, id).map(|()| Vec::new());
    }
    let mut history: Option<Document> = None;
    let mut new = Vec::new();
    for change in changes {
        let before = documents::heads(db, id)?;
        let is_new_document = before.is_none();
        let mut heads = before.unwrap_or_default();
        // What continues exactly the heads is new and whole for sure; else the history must say.
        if change.deps != heads {
            let history = match &mut history {
                Some(history) => history,
                None => match accepted(db, id)? {
                    Some(whole) => history.insert(whole),
                    None => return give_up(db, id).map(|()| Vec::new()),
                },
            };
            if history.has(change.hash) || !change.deps.iter().all(|dep| history.has(*dep)) {
                continue;
            }
        }
        if is_new_document {
            documents::put(db, id, object, &[], &[])?;
        }
        heads.retain(|head| !change.deps.contains(head));
        heads.push(change.hash);
        heads.sort_unstable();
        let tail = documents::append(db, id, &change.bytes, &heads)?;
        if tail > TAIL_CHANGES_MAX {
            match accepted(db, id)? {
                Some(whole) => documents::put(db, id, object, &whole.save(), &heads)?,
                None => return give_up(db, id).map(|()| Vec::new()),
            }
        }
        if let Some(history) = &mut history {
            history.apply(std::slice::from_ref(&change))?;
        }
        members::update(db, id, Version::of_heads(&heads))?;
        new.push(change);
    }
    Ok(new)
}

/// One entry of the outbox has become part of the accepted history.
pub(super) fn promote(db: &Db, entry: &OutboxEntry) -> Result<(), FieldError> {
    match entry.kind {
        EntryKind::Change => {
            join_history(
                db,
                &entry.object,
                entry.record,
                vec![gate::change(&entry.bytes)?],
            )?;
        }
        EntryKind::Fact => {}
    }
    settled(db, entry.record)
}

/// Once nothing of a record waits, the server's conflicts say everything.
pub(super) fn settled(db: &Db, id: RecordId) -> Result<(), FieldError> {
    if outbox::of_record(db, id)?.is_empty() {
        conflicts::clear_provisional(db, id)?;
    }
    Ok(())
}

/// Patches the rows of a document at these paths, or all of them anew, and keeps what competes with
/// unsent work as provisional conflicts. False if unsent work must be signed anew first. Where the
/// history cannot be read, it is given up and the rows stay as they are; so do rows whose history
/// is on the server only.
pub(super) fn project(
    db: &Db,
    descriptor: &Descriptor,
    id: RecordId,
    touched: Option<&BTreeSet<String>>,
) -> Result<bool, FieldError> {
    let document = match working(db, id)? {
        Ok(document) => document,
        Err(Unfit::Author) => return Ok(false),
        Err(Unfit::Elsewhere) => return Ok(true),
        Err(Unfit::History) => return give_up(db, id).map(|()| true),
    };
    if document.heads().is_empty() {
        tables::remove(db, descriptor, id)?;
        return Ok(true);
    }
    let all = document.values();
    match touched {
        Some(paths) => {
            let values = paths
                .iter()
                .map(|path| (path.clone(), document.value(path)))
                .collect();
            tables::patch(db, descriptor, id, &values, document.stamp())?;
        }
        None => {
            let object = descriptor.object.clone();
            let record = Record {
                object,
                id,
                values: all.clone(),
                stamp: document.stamp(),
            };
            tables::put(db, descriptor, &record)?;
        }
    }
    if !outbox::of_record(db, id)?.is_empty() {
        let everything = all.into_keys().collect();
        let paths = touched.unwrap_or(&everything);
        let effort = &mut Effort::endless();
        for conflict in document.conflicts(&descriptor.object, id, paths, effort)? {
            if conflicts::get(db, conflict.id)?.is_none() {
                conflicts::put_provisional(db, &conflict)?;
            }
        }
    }
    Ok(true)
}

/// Every document's rows anew, from accepted and unsent history alone, where that is here; answers
/// how many documents there are.
pub(super) fn project_all(db: &Db, registry: &Registry) -> Result<usize, FieldError> {
    let unsent = outbox::all(db)?
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::Change);
    let mut ids: BTreeSet<(RecordId, String)> = documents::all_ids(db)?.into_iter().collect();
    ids.extend(unsent.map(|entry| (entry.record, entry.object)));
    for descriptor in registry.all().filter(|of| of.kind == Kind::Document) {
        for id in tables::ids(db, descriptor)? {
            if !documents::is_elsewhere(db, id)? {
                tables::remove(db, descriptor, id)?;
            }
        }
    }
    for (id, object) in &ids {
        if let Some(descriptor) = registry.get(object) {
            project(db, descriptor, *id, None)?;
        }
    }
    Ok(ids.len())
}

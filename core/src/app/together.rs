//! Which unsent work hangs together: an entry, what was done later in its record, and the whole
//! group of each of these, with what was done later in the records of the group. It does not know
//! why somebody takes it out of the outbox.

use std::collections::BTreeMap;

use super::FieldError;
use super::history::need;
use super::working::{accepted, give_up, is_fit};
use crate::base::id::RecordId;
use crate::store::outbox::{self, EntryKind, OutboxEntry};
use crate::store::{Db, documents};

/// From which number on the entries of a record are meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordFrom {
    pub record: RecordId,
    pub number: i64,
}

/// What stands in the way of writing unsent work anew.
enum Hindrance {
    /// The accepted history is not here.
    History(RecordId),
    /// What was done earlier in the record must be written anew too.
    Earlier(RecordId),
}

/// Takes entries out of the outbox, and all that hangs together with them; oldest first. None where
/// a history must be fetched first: then nothing is taken, and the next pull asks for it.
pub(super) fn take_together(
    db: &Db,
    mut starts: Vec<RecordFrom>,
) -> Result<Option<Vec<OutboxEntry>>, FieldError> {
    let entries = loop {
        let entries = together(db, &starts)?;
        match hindrance(db, &entries)? {
            None => break entries,
            Some(Hindrance::Earlier(record)) => starts.push(RecordFrom { record, number: 0 }),
            Some(Hindrance::History(record)) => return fetch(db, record).map(|()| None),
        }
    };
    for entry in &entries {
        outbox::take(db, entry.hash)?;
    }
    Ok(Some(entries))
}

/// What of a taken list belongs to one command: a group each, or a single entry.
pub(super) fn by_group(entries: &[OutboxEntry]) -> impl Iterator<Item = &[OutboxEntry]> {
    entries.chunk_by(|one, next| one.group.is_some() && one.group == next.group)
}

/// Whether all of the entries of a command are there.
pub(super) fn is_whole(entries: &[OutboxEntry]) -> bool {
    let group = entries.first().and_then(|entry| entry.group);
    group.is_some_and(|group| group.count == entries.len() as u64)
}

fn together(db: &Db, starts: &[RecordFrom]) -> Result<Vec<OutboxEntry>, FieldError> {
    let mut found: BTreeMap<i64, OutboxEntry> = BTreeMap::new();
    let mut open = starts.to_vec();
    while let Some(from) = open.pop() {
        for entry in outbox::of_record(db, from.record)? {
            if entry.number < from.number || found.contains_key(&entry.number) {
                continue;
            }
            if let Some(group) = entry.group {
                open.extend(outbox::of_group(db, group.id)?.iter().map(from_entry));
            }
            found.insert(entry.number, entry);
        }
    }
    Ok(found.into_values().collect())
}

/// An entry and what was done later in its record.
pub(super) fn from_entry(entry: &OutboxEntry) -> RecordFrom {
    RecordFrom {
        record: entry.record,
        number: entry.number,
    }
}

/// Each document of these must have its history here, and fit it up to the first of its entries.
fn hindrance(db: &Db, entries: &[OutboxEntry]) -> Result<Option<Hindrance>, FieldError> {
    let mut firsts: BTreeMap<RecordId, i64> = BTreeMap::new();
    for entry in entries {
        if entry.kind == EntryKind::Change {
            firsts.entry(entry.record).or_insert(entry.number);
        }
    }
    for (record, first) in firsts {
        let Some(history) = accepted(db, record)? else {
            return Ok(Some(Hindrance::History(record)));
        };
        if !is_fit(db, history, record, first)? {
            return Ok(Some(Hindrance::Earlier(record)));
        }
    }
    Ok(None)
}

/// The history is fetched by the next pull: it is on the server only, or cannot be read here.
fn fetch(db: &Db, record: RecordId) -> Result<(), FieldError> {
    if documents::is_elsewhere(db, record)? {
        need(db, record)
    } else {
        give_up(db, record)
    }
}

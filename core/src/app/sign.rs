//! Signs unsent work anew as it was: it only lost its author's name, for a copy of this device
//! wrote something else under the same. It does not know who found that out.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::FieldError;
use super::rewrite::{
    QuarantineReason, TouchedRecords, fall_back, records_of, set_all_aside, show_anew,
};
use super::together::{RecordFrom, by_group, take_together};
use super::working::working;
use crate::base::context::Context;
use crate::base::id::{ChangeHash, RecordId};
use crate::crdt::{Document, gate};
use crate::objects::{Kind, Registry, Stamp};
use crate::store::outbox::{self, EntryKind, NewEntry, OutboxEntry};
use crate::store::{Db, meta, tables};

/// Writes a record's entries from a number on once more as they were, under the context's actor: a
/// copy of this device wrote something else under theirs. Nobody refused them, so nothing is
/// decided again and nothing is set aside. What hangs together with them is signed too: a group has
/// one author. Answers what shows otherwise now.
pub(super) fn sign_anew(
    db: &Db,
    registry: &Registry,
    context: &Context,
    from: RecordFrom,
) -> Result<TouchedRecords, FieldError> {
    let Some(taken) = take_together(db, vec![from])? else {
        return Ok(TouchedRecords::new());
    };
    meta::set(db, "actor", &context.actor.to_string())?;
    let mut signer = Signer::default();
    for entries in by_group(&taken) {
        let before = (entries.len() > 1).then(|| signer.clone());
        match signer.sign(db, context, entries)? {
            Signed::All(new) => {
                for entry in &new {
                    outbox::push(db, entry)?;
                    sign_row(db, registry, entry)?;
                }
            }
            // What the other copy wrote may have filled the record.
            Signed::No(why) => {
                signer = before.unwrap_or(signer);
                set_all_aside(db, entries, &why, context)?;
                fall_back(db, registry, &facts_of(entries))?;
            }
        }
    }
    let touched = records_of(&taken);
    show_anew(db, registry, &touched)?;
    Ok(touched)
}

/// Signs entries anew, one after the other.
#[derive(Default, Clone)]
struct Signer {
    documents: BTreeMap<RecordId, Document>,
    renamed: BTreeMap<ChangeHash, ChangeHash>,
}

/// What signing the entries of a command came to.
enum Signed {
    All(Vec<NewEntry>),
    No(QuarantineReason),
}

impl Signer {
    fn sign(
        &mut self,
        db: &Db,
        context: &Context,
        entries: &[OutboxEntry],
    ) -> Result<Signed, FieldError> {
        let mut signed = Vec::new();
        for entry in entries {
            let mut new = NewEntry {
                kind: entry.kind,
                object: entry.object.clone(),
                record: entry.record,
                hash: entry.hash,
                bytes: entry.bytes.clone(),
                command: entry.command.clone(),
                actor: context.actor,
                at: entry.at,
                knew: entry.knew,
                verb: entry.verb.clone(),
                group: entry.group,
            };
            if entry.kind == EntryKind::Change {
                let old = gate::change(&entry.bytes)?;
                let renamed = |dep: &ChangeHash| self.renamed.get(dep).copied().unwrap_or(*dep);
                let deps: Vec<ChangeHash> = old.deps.iter().map(renamed).collect();
                match self
                    .document(db, entry.record)?
                    .sign_anew(&old, &deps, context.actor)
                {
                    Ok(change) => {
                        self.renamed.insert(old.hash, change.hash);
                        (new.hash, new.bytes) = (change.hash, change.bytes);
                    }
                    Err(error) => {
                        let why = QuarantineReason::said(error.code(), error.to_string());
                        return Ok(Signed::No(why));
                    }
                }
            }
            signed.push(new);
        }
        Ok(Signed::All(signed))
    }

    /// The document above which a record's entries are signed.
    fn document(&mut self, db: &Db, record: RecordId) -> Result<&mut Document, FieldError> {
        match self.documents.entry(record) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => match working(db, record)? {
                Ok(document) => Ok(place.insert(document)),
                Err(_) => Err(FieldError::broken(format!(
                    "the earlier work does not fit the history of {record}"
                ))),
            },
        }
    }
}

/// A fact's row says who wrote it.
fn sign_row(db: &Db, registry: &Registry, entry: &NewEntry) -> Result<(), FieldError> {
    let Some(descriptor) = registry
        .get(&entry.object)
        .filter(|of| of.kind == Kind::Fact)
    else {
        return Ok(());
    };
    if let Some(mut fact) = tables::read(db, descriptor, entry.record)? {
        fact.stamp = Some(Stamp::once(entry.at, entry.actor));
        tables::put(db, descriptor, &fact)?;
    }
    Ok(())
}

fn facts_of(entries: &[OutboxEntry]) -> TouchedRecords {
    let facts = entries.iter().filter(|entry| entry.kind == EntryKind::Fact);
    facts
        .map(|entry| (entry.object.clone(), entry.record))
        .collect()
}

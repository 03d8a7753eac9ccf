//! Carries out one command: decide, change, and one transaction in which rows and outbox become
//! true together. It does not know what a command means.

use serde_json::json;

use super::asking;
use super::error::TOO_MANY_BYTES;
use super::files;
use super::history::need;
use super::working::{Unfit, accepted, give_up, working};
use super::{Device, FieldError, Receipt};
use crate::base::context::Context;
use crate::base::id::{ChangeHash, RecordId};
use crate::base::limits::{
    CHANGE_BYTES_MAX, GROUP_ENTRIES_MAX, PUSH_BYTES_MAX, PUSH_OPERATIONS_MAX,
};
use crate::base::time::Timestamp;
use crate::crdt::{Document, Vetted};
use crate::domain::command::Command;
use crate::domain::{Decision, decide};
use crate::objects::{ConflictState, Descriptor, Kind, Record, Registry, Stamp, Write};
use crate::store::outbox::{EntryGroup, EntryKind, NewEntry};
use crate::store::{
    self, Db, StoreReader, attention, conflicts, documents, meta, numbers, outbox, tables,
};

impl Device {
    /// Carries out one command given as JSON (`domain::command` has the forms). When this answers,
    /// the work is durable and queued for the server. A refusal leaves everything as it was.
    pub fn execute(&mut self, command: &str) -> Result<Receipt, FieldError> {
        let command = Command::parse(command, &self.registry)?;
        self.perform(command, None)
    }

    /// Carries out a command; with it what was refused under this number is settled.
    pub(super) fn perform(
        &mut self,
        command: Command,
        settles: Option<i64>,
    ) -> Result<Receipt, FieldError> {
        self.check_open()?;
        let context = self.context()?;
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        let reader = StoreReader {
            db: &tx,
            registry: &self.registry,
        };
        let decision = decide(&command, &self.registry, &reader, &context)?;
        self.check_files(&tx, &decision)?;
        let about = command.object(&self.registry).map(str::to_owned);
        let text = command.of(decision.id).to_json(&self.registry);
        if let Err(error) = carry_out(&tx, &self.registry, &decision, &context, &text, known(&tx)?)
        {
            drop(tx);
            self.fetch_histories(&decision)?;
            return Err(error);
        }
        if let Some(number) = settles {
            attention::remove(&tx, number)?;
        }
        store::open::commit(tx)?;
        self.tell(
            decision
                .writes
                .iter()
                .map(|write| (write.object.clone(), write.id))
                .collect(),
        );
        let shown = decision.writes.iter().find(|write| write.id == decision.id);
        // What changes nothing is answered with the record all the same: it is as was asked for.
        let object = shown.map(|write| write.object.clone()).or(about);
        let data = match object {
            Some(object) => self.shown(&object, decision.id)?,
            None => json!({ "changed": false }),
        };
        Ok(Receipt {
            id: Some(decision.id.to_string()),
            data,
        })
    }

    /// Histories that a decision was to be written upon and that cannot be read, or are on the
    /// server only, are fetched by the next sync.
    fn fetch_histories(&self, decision: &Decision) -> Result<(), FieldError> {
        let tx = store::open::begin(&self.db)?;
        for write in decision.writes.iter().filter(|write| !write.new) {
            let is_document = self
                .registry
                .get(&write.object)
                .is_some_and(|of| of.kind == Kind::Document);
            if is_document && documents::is_elsewhere(&tx, write.id)? {
                need(&tx, write.id)?;
            } else if is_document && accepted(&tx, write.id)?.is_none() {
                give_up(&tx, write.id)?;
            }
        }
        Ok(store::open::commit(tx)?)
    }

    fn shown(&self, object: &str, id: RecordId) -> Result<serde_json::Value, FieldError> {
        let descriptor = self.descriptor(object)?;
        Ok(tables::read(&self.db, &descriptor, id)?
            .map_or(serde_json::Value::Null, |record| record.to_json()))
    }
}

/// The server's clock up to which this device holds everything.
pub(super) fn known(db: &Db) -> Result<u64, FieldError> {
    Ok(meta::get(db, "tick")?
        .and_then(|tick| tick.parse().ok())
        .unwrap_or(0))
}

/// Turns a decision's writes into changes and facts in the outbox, and patches their rows; with
/// them go the command that made them and what the device knew. Several are one group: what a
/// person did at once becomes true at once.
pub(super) fn carry_out(
    db: &Db,
    registry: &Registry,
    decision: &Decision,
    context: &Context,
    command: &str,
    knew: u64,
) -> Result<(), FieldError> {
    let mut writes: Vec<(&Descriptor, &Write)> = Vec::new();
    for write in &decision.writes {
        if let Some(descriptor) = registry.get(&write.object)
            && (write.new || !write.values.is_empty())
        {
            writes.push((descriptor, write));
        }
    }
    let group = group_of(context, writes.len());
    let mut size = GroupSize::default();
    for (descriptor, write) in writes {
        if write.new {
            numbers::note(db, descriptor, &write.values)?;
        }
        let made = match descriptor.kind {
            Kind::Document => write_document(db, descriptor, write, context)?,
            Kind::Fact => write_fact(db, descriptor, write, context)?,
            Kind::Row => {
                let message = format!(
                    "{} belongs to the server; only the office writes it",
                    write.object
                );
                return Err(FieldError::bad_input("server_owned", message, &[]));
            }
        };
        size.and(made.bytes.len(), made.operations)?;
        let entry = NewEntry {
            kind: made.kind,
            object: write.object.clone(),
            record: write.id,
            hash: made.hash,
            bytes: made.bytes,
            command: command.to_owned(),
            actor: context.actor,
            at: made.at,
            knew,
            verb: write.verb.clone(),
            group,
        };
        outbox::push(db, &entry)?;
    }
    files::claim(db, registry, &decision.writes)?;
    asking::note(db, context, &decision.asks)?;
    if let Some(id) = decision.resolves {
        conflicts::set_state(db, id, ConflictState::Resolved)?;
    }
    Ok(())
}

/// The group of so many writes; none of a single one.
fn group_of(context: &Context, writes: usize) -> Option<EntryGroup> {
    (writes > 1).then(|| EntryGroup {
        id: context.new_group(),
        count: writes as u64,
    })
}

/// What the entries of a command come to: all of them go in one push.
#[derive(Debug, Default)]
struct GroupSize {
    entries: usize,
    bytes: usize,
    operations: u64,
}

impl GroupSize {
    /// With one entry more. No rule writes so much that no push could hold it: one that did is a
    /// mistake of ours, and its work would wait for ever.
    fn and(&mut self, bytes: usize, operations: u64) -> Result<(), FieldError> {
        self.entries += 1;
        self.bytes += bytes;
        self.operations += operations;
        let fits = self.entries <= GROUP_ENTRIES_MAX
            && self.bytes <= PUSH_BYTES_MAX
            && self.operations <= PUSH_OPERATIONS_MAX;
        if fits {
            return Ok(());
        }
        Err(FieldError::broken(format!(
            "no push holds a command of {self:?}"
        )))
    }
}

/// What a write comes to on the wire.
struct Made {
    kind: EntryKind,
    hash: ChangeHash,
    bytes: Vec<u8>,
    operations: u64,
    at: Timestamp,
}

fn write_document(
    db: &Db,
    descriptor: &Descriptor,
    write: &Write,
    context: &Context,
) -> Result<Made, FieldError> {
    let (change, stamp) = change(db, write, context)?;
    tables::patch(db, descriptor, write.id, &write.values, stamp)?;
    Ok(Made {
        kind: EntryKind::Change,
        hash: change.hash,
        bytes: change.bytes,
        operations: change.operations,
        at: change.at,
    })
}

fn write_fact(
    db: &Db,
    descriptor: &Descriptor,
    write: &Write,
    context: &Context,
) -> Result<Made, FieldError> {
    let record = Record {
        object: write.object.clone(),
        id: write.id,
        values: write.values.clone(),
        stamp: Some(Stamp::once(context.now, context.actor)),
    };
    tables::put(db, descriptor, &record)?;
    let bytes = Record::canonical(&write.values);
    if bytes.len() > CHANGE_BYTES_MAX {
        let message = format!(
            "{} bytes, at most {CHANGE_BYTES_MAX} are allowed",
            bytes.len()
        );
        return Err(FieldError::bad_input(TOO_MANY_BYTES, message, &[]));
    }
    Ok(Made {
        kind: EntryKind::Fact,
        hash: fact_hash(write.id, &bytes),
        bytes,
        operations: 0,
        at: context.now,
    })
}

/// The change that a write comes to, above all that is accepted and unsent, and the record's stamp
/// with it.
fn change(
    db: &Db,
    write: &Write,
    context: &Context,
) -> Result<(Vetted, Option<Stamp>), FieldError> {
    let mut document = working(db, write.id)?.map_err(|unfit| {
        let message = match unfit {
            Unfit::Elsewhere => {
                let message = format!(
                    "this {} was closed long ago and its history is on the server; sync, then do \
                     it again",
                    write.object
                );
                return FieldError::rule("history_elsewhere", message);
            }
            Unfit::History => "the history of this record is not here; sync, then do it again",
            Unfit::Author => {
                "unsent work does not fit the history of this record; sync, then do \
                              it again"
            }
        };
        FieldError::TryLater {
            message: message.to_owned(),
        }
    })?;
    let mut change = document.write(context.actor, context.now, &write.values)?;
    // A first change says nothing of its record: two that are made alike in one millisecond would
    // be one and the same to the server. So the second is made a little later.
    while write.new && outbox::find(db, change.hash)?.is_some() {
        let later = Timestamp(change.at.0 + 1);
        document = Document::new();
        change = document.write(context.actor, later, &write.values)?;
    }
    Ok((change, document.stamp()))
}

/// The hash that names a fact on the wire: SHA-256 over its id and canonical values.
#[must_use]
pub fn fact_hash(id: RecordId, canonical: &[u8]) -> ChangeHash {
    ChangeHash::of(&[id.as_bytes(), canonical].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a command of so many entries of so many bytes and operations each goes in one push.
    #[track_caller]
    fn check(entries: usize, bytes: usize, operations: u64, fits: bool) {
        let mut size = GroupSize::default();
        let all = (0..entries).try_for_each(|_| size.and(bytes, operations));
        assert_eq!(all.is_ok(), fits, "{size:?}");
    }

    #[test]
    fn a_command_that_no_push_holds_is_a_mistake_and_never_waits_to_be_sent() {
        check(GROUP_ENTRIES_MAX, 1, 1, true);
        check(GROUP_ENTRIES_MAX + 1, 1, 1, false);
        check(2, PUSH_BYTES_MAX / 2, 1, true);
        check(2, PUSH_BYTES_MAX / 2 + 1, 1, false);
        check(2, 1, PUSH_OPERATIONS_MAX / 2, true);
        check(2, 1, PUSH_OPERATIONS_MAX / 2 + 1, false);
    }
}

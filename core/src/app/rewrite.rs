//! Writes unsent work again under a new actor: what came after a refusal is decided anew, from the
//! commands that made it, and what no longer can be done is set aside with its reason and its
//! values; what only lost its author's name is signed anew as it was. It does not know why the
//! server did not take it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::FieldError;
use super::asking;
use super::execute::carry_out;
use super::history::need;
use super::working::{accepted, give_up, project, working};
use crate::base::context::Context;
use crate::base::id::{ChangeHash, RecordId};
use crate::base::planted::{self, Planted};
use crate::crdt::gate;
use crate::domain::command::Command;
use crate::domain::decide::decide;
use crate::domain::rules::conflict::closes;
use crate::objects::{ConflictState, Kind, Registry};
use crate::store::attention::{self, Attention};
use crate::store::outbox::{self, EntryKind, NewEntry, OutboxEntry};
use crate::store::{Db, StoreReader, conflicts, documents, meta, tables};

/// Why an entry was set aside.
#[derive(Debug, Clone)]
pub(super) struct QuarantineReason {
    pub code: String,
    pub message: String,
    pub fields: Vec<String>,
    /// The numbers and names behind it, as a JSON object.
    pub numbers: String,
}

impl QuarantineReason {
    /// A reason by its code and what it says.
    fn said(code: &str, message: String) -> QuarantineReason {
        QuarantineReason {
            code: code.to_owned(),
            message,
            fields: Vec::new(),
            numbers: "{}".to_owned(),
        }
    }
}

/// Sets a refused entry aside, and carries out anew what came after it in its record. The context
/// brings the new actor, which becomes the device's with this transaction.
pub(super) fn rewrite(
    db: &Db,
    registry: &Registry,
    context: &Context,
    refused: &OutboxEntry,
    reason: &QuarantineReason,
) -> Result<(), FieldError> {
    let record = refused.record;
    if refused.kind == EntryKind::Change && accepted(db, record)?.is_none() {
        // The verdict is given again once there is a history to write upon.
        return fetch(db, record);
    }
    let later = take_from(db, record, refused.number)?;
    set_aside(db, refused, reason, context)?;
    if let Some(descriptor) = registry.get(&refused.object) {
        match descriptor.kind {
            Kind::Document => drop(project(db, descriptor, record, None)?),
            Kind::Fact | Kind::Row => {
                // A refused decision leaves its conflict open.
                if let Some(fact) = tables::read(db, descriptor, record)?
                    && let Some(conflict) = closes(&fact)
                {
                    conflicts::set_state(db, conflict, ConflictState::Open)?;
                }
                tables::remove(db, descriptor, record)?;
            }
        }
    }
    meta::set(db, "actor", &context.actor.to_string())?;
    for entry in later.iter().filter(|entry| entry.number != refused.number) {
        match carry_out_again(db, registry, context, entry) {
            Ok(()) => {}
            Err(FieldError::Refused {
                code,
                message,
                fields,
                numbers,
                ..
            }) => {
                let why = QuarantineReason {
                    fields,
                    numbers: Json::Object(numbers).to_string(),
                    ..QuarantineReason::said(&code, message)
                };
                set_aside(db, entry, &why, context)?;
            }
            Err(other) => return Err(other),
        }
    }
    show_anew(db, registry, &refused.object, record)?;
    asking::review(db, registry, context, record)
}

/// Writes a record's entries from `from` on once more as they were, under the context's actor: a
/// copy of this device wrote something else under theirs. Nobody refused them, so nothing is
/// decided again and nothing is set aside.
pub(super) fn sign_anew(
    db: &Db,
    registry: &Registry,
    context: &Context,
    object: &str,
    record: RecordId,
    from: i64,
) -> Result<(), FieldError> {
    if accepted(db, record)?.is_none() {
        return fetch(db, record);
    }
    let entries = take_from(db, record, from)?;
    let Ok(mut document) = working(db, record)? else {
        return Err(FieldError::broken(format!(
            "the work before {from} does not fit the history of {record}"
        )));
    };
    meta::set(db, "actor", &context.actor.to_string())?;
    let mut renamed: BTreeMap<ChangeHash, ChangeHash> = BTreeMap::new();
    for entry in entries {
        let old = gate::change(&entry.bytes)?;
        let deps: Vec<ChangeHash> = old
            .deps
            .iter()
            .map(|dep| renamed.get(dep).copied().unwrap_or(*dep))
            .collect();
        let new = match document.sign_anew(&old, &deps, context.actor) {
            Ok(new) => new,
            // What the other copy wrote may have filled the record.
            Err(error) => {
                let why = QuarantineReason::said(error.code(), error.to_string());
                set_aside(db, &entry, &why, context)?;
                continue;
            }
        };
        renamed.insert(old.hash, new.hash);
        let OutboxEntry {
            kind,
            object,
            command,
            at,
            knew,
            verb,
            ..
        } = entry;
        let (hash, bytes, actor) = (new.hash, new.bytes, context.actor);
        outbox::push(
            db,
            &NewEntry {
                kind,
                object,
                record,
                hash,
                bytes,
                command,
                actor,
                at,
                knew,
                verb,
            },
        )?;
    }
    show_anew(db, registry, object, record)
}

/// The history is fetched by the next pull: it is on the server only, or cannot be read here.
fn fetch(db: &Db, record: RecordId) -> Result<(), FieldError> {
    if documents::is_elsewhere(db, record)? {
        need(db, record)
    } else {
        give_up(db, record)
    }
}

/// Takes a record's entries from `from` on out of the outbox.
fn take_from(db: &Db, record: RecordId, from: i64) -> Result<Vec<OutboxEntry>, FieldError> {
    let mut entries = outbox::of_record(db, record)?;
    entries.retain(|entry| entry.number >= from);
    for entry in &entries {
        outbox::take(db, entry.hash)?;
    }
    Ok(entries)
}

/// Rows and provisional conflicts after the unsent work of a record changed its author.
fn show_anew(
    db: &Db,
    registry: &Registry,
    object: &str,
    record: RecordId,
) -> Result<(), FieldError> {
    conflicts::clear_provisional(db, record)?;
    if let Some(descriptor) = registry
        .get(object)
        .filter(|descriptor| descriptor.kind == Kind::Document)
    {
        project(db, descriptor, record, None)?;
    }
    Ok(())
}

fn carry_out_again(
    db: &Db,
    registry: &Registry,
    context: &Context,
    entry: &OutboxEntry,
) -> Result<(), FieldError> {
    let command = Command::parse(&entry.command, registry)?;
    // It happened when it happened, however late it is written again.
    let then = context.moved_to(entry.at);
    let mut decision = decide(&command, registry, &StoreReader { db, registry }, &then)?;
    decision.writes.retain(|write| write.id == entry.record);
    carry_out(db, registry, &decision, &then, &entry.command, entry.knew)
}

fn set_aside(
    db: &Db,
    entry: &OutboxEntry,
    reason: &QuarantineReason,
    context: &Context,
) -> Result<(), FieldError> {
    if planted::is(Planted::RefusedWorkForgotten) {
        return Ok(());
    }
    let fields = serde_json::to_string(&reason.fields).map_err(FieldError::broken)?;
    let held = Attention {
        number: entry.number,
        object: entry.object.clone(),
        record: entry.record,
        hash: entry.hash,
        command: entry.command.clone(),
        bytes: entry.bytes.clone(),
        code: reason.code.clone(),
        message: reason.message.clone(),
        fields,
        numbers: reason.numbers.clone(),
        at: context.now.0,
    };
    Ok(attention::put(db, &held)?)
}

//! Carries out anew what waits for a record, above the accepted history and under a new actor, from the commands
//! that made it. What no longer can be done is set aside with its reason and its values.
//! It does not know why the server did not take it as it was.

use super::FieldError;
use super::execute::carry_out;
use super::working::project;
use crate::base::context::Context;
use crate::base::id::RecordId;
use crate::domain::command::Command;
use crate::domain::decide::decide;
use crate::domain::rules::conflict::closes;
use crate::objects::{ConflictState, Kind, Registry};
use crate::store::attention::{self, Attention};
use crate::store::outbox::{self, Entry};
use crate::store::{Db, StoreReader, conflicts, meta, tables};

/// Why an entry was set aside.
#[derive(Debug, Clone)]
pub(super) struct Reason {
    pub code: String,
    pub message: String,
    pub fields: Vec<String>,
}

/// Takes a record's entries from `from` on out of the outbox, sets the first aside if it was refused, and carries
/// out the others anew. The context brings the new actor, which becomes the device's with this transaction.
pub(super) fn rewrite(
    db: &Db,
    registry: &Registry,
    context: &Context,
    (object, record, from): (&str, RecordId, i64),
    refused: Option<&Reason>,
) -> Result<(), FieldError> {
    let mut chain = outbox::of_record(db, record)?;
    chain.retain(|entry| entry.number >= from);
    for entry in &chain {
        outbox::take(db, entry.hash)?;
    }
    let mut again = chain.iter();
    if let Some(reason) = refused
        && let Some(first) = again.next()
    {
        set_aside(db, first, reason, context)?;
    }
    if let Some(descriptor) = registry.get(object) {
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
    for entry in again {
        match carry_out_again(db, registry, context, entry) {
            Ok(()) => {}
            Err(FieldError::Refused { code, message, fields, .. }) => {
                set_aside(db, entry, &Reason { code, message, fields }, context)?;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

fn carry_out_again(db: &Db, registry: &Registry, context: &Context, entry: &Entry) -> Result<(), FieldError> {
    let command = Command::parse(&entry.command, registry)?;
    // It happened when it happened, however late it is written again.
    let then = context.moved_to(entry.at);
    let mut decision = decide(&command, registry, &StoreReader { db, registry }, &then)?;
    decision.writes.retain(|write| write.id == entry.record);
    carry_out(db, registry, &decision, (&then, &entry.command, entry.knew))
}

fn set_aside(db: &Db, entry: &Entry, reason: &Reason, context: &Context) -> Result<(), FieldError> {
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
        at: context.now.0,
    };
    Ok(attention::put(db, &held)?)
}

//! Writes unsent work again under a new actor: what came after a refusal is decided anew, from the
//! commands that made it, and what no longer can be done is set aside with its reason and its
//! values. It does not know why the server did not take it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::FieldError;
use super::asking;
use super::execute::carry_out;
use super::together::{by_group, from_entry, is_whole, take_together};
use super::working::project;
use crate::base::context::Context;
use crate::base::id::{ChangeHash, RecordId};
use crate::base::planted::{self, Planted};
use crate::base::version::Version;
use crate::domain::command::Command;
use crate::domain::decide::decide;
use crate::domain::rules::conflict::closes;
use crate::objects::{ConflictState, Descriptor, Kind, Registry};
use crate::store::attention::{self, Attention};
use crate::store::outbox::{self, OutboxEntry};
use crate::store::{self, Db, StoreReader, conflicts, members, meta, tables};
use crate::sync::frames::GROUP_REFUSED;

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
    pub(super) fn said(code: &str, message: String) -> QuarantineReason {
        QuarantineReason {
            code: code.to_owned(),
            message,
            fields: Vec::new(),
            numbers: "{}".to_owned(),
        }
    }
}

/// Why entries were refused, by their hashes.
pub(super) type QuarantineReasons = BTreeMap<ChangeHash, QuarantineReason>;

/// Records whose unsent work changed, each with its object.
pub(super) type TouchedRecords = BTreeSet<(String, RecordId)>;

/// Sets a refused entry aside with its whole group, and carries out anew what came after them. The
/// context brings the new actor, which becomes the device's with this transaction. Answers what
/// shows otherwise now.
pub(super) fn rewrite(
    db: &Db,
    registry: &Registry,
    context: &Context,
    refused: &OutboxEntry,
    reasons: &QuarantineReasons,
) -> Result<TouchedRecords, FieldError> {
    let refused = match refused.group {
        Some(group) => outbox::of_group(db, group.id)?,
        None => vec![refused.clone()],
    };
    // Without a history to write upon, the verdict is given again once there is one.
    let starts = refused.iter().map(from_entry).collect();
    let Some(taken) = take_together(db, starts)? else {
        return Ok(TouchedRecords::new());
    };
    for entry in &refused {
        let unsaid = group_refused();
        set_aside(
            db,
            entry,
            reasons.get(&entry.hash).unwrap_or(&unsaid),
            context,
        )?;
    }
    let touched = records_of(&taken);
    fall_back(db, registry, &touched)?;
    meta::set(db, "actor", &context.actor.to_string())?;
    let is_refused = |entry: &OutboxEntry| refused.iter().any(|of| of.number == entry.number);
    for entries in by_group(&taken) {
        if !entries.iter().any(is_refused) {
            carry_out_or_set_aside(db, registry, context, entries)?;
        }
    }
    show_anew(db, registry, &touched)?;
    for (_, record) in &touched {
        asking::review(db, registry, context, *record)?;
    }
    Ok(touched)
}

/// The records of entries.
pub(super) fn records_of(entries: &[OutboxEntry]) -> TouchedRecords {
    let records = entries.iter();
    records
        .map(|entry| (entry.object.clone(), entry.record))
        .collect()
}

/// Records show what they did without the entries that were taken out of the outbox.
pub(super) fn fall_back(
    db: &Db,
    registry: &Registry,
    touched: &TouchedRecords,
) -> Result<(), FieldError> {
    for (object, record) in touched {
        let Some(descriptor) = registry.get(object) else {
            continue;
        };
        match descriptor.kind {
            Kind::Document => drop(project(db, descriptor, *record, None)?),
            Kind::Fact | Kind::Row => take_back(db, descriptor, *record)?,
        }
    }
    Ok(())
}

/// A refused decision leaves its conflict open, unless the server told meanwhile that it is not.
fn take_back(db: &Db, descriptor: &Descriptor, record: RecordId) -> Result<(), FieldError> {
    if let Some(fact) = tables::read(db, descriptor, record)?
        && let Some(conflict) = closes(&fact)
    {
        let open = Version::of_bytes(ConflictState::Open.name().as_bytes());
        let told = members::version_of(db, RecordId(conflict.0))?;
        if told.is_none_or(|told| told == open) {
            conflicts::set_state(db, conflict, ConflictState::Open)?;
        }
    }
    Ok(tables::remove(db, descriptor, record)?)
}

/// Rows and provisional conflicts after the unsent work of records changed.
pub(super) fn show_anew(
    db: &Db,
    registry: &Registry,
    touched: &TouchedRecords,
) -> Result<(), FieldError> {
    for (object, record) in touched {
        conflicts::clear_provisional(db, *record)?;
        if let Some(descriptor) = registry
            .get(object)
            .filter(|descriptor| descriptor.kind == Kind::Document)
        {
            project(db, descriptor, *record, None)?;
        }
    }
    Ok(())
}

/// Carries out a command anew; what no longer can be done is set aside with its reason.
fn carry_out_or_set_aside(
    db: &Db,
    registry: &Registry,
    context: &Context,
    entries: &[OutboxEntry],
) -> Result<(), FieldError> {
    match store::open::attempt(db, || carry_out_again(db, registry, context, entries)) {
        Ok(()) => Ok(()),
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
            set_all_aside(db, entries, &why, context)
        }
        Err(other) => Err(other),
    }
}

fn carry_out_again(
    db: &Db,
    registry: &Registry,
    context: &Context,
    entries: &[OutboxEntry],
) -> Result<(), FieldError> {
    let Some(first) = entries.first() else {
        return Ok(());
    };
    let command = Command::parse(&first.command, registry)?;
    // It happened when it happened, however late it is written again.
    let then = context.moved_to(first.at);
    let mut decision = decide(&command, registry, &StoreReader { db, registry }, &then)?;
    if !is_whole(entries) {
        let is_meant = |id: RecordId| entries.iter().any(|entry| entry.record == id);
        decision.writes.retain(|write| is_meant(write.id));
    }
    carry_out(db, registry, &decision, &then, &first.command, first.knew)
}

/// The entries of a command are set aside: the first with the reason, the others for its sake.
pub(super) fn set_all_aside(
    db: &Db,
    entries: &[OutboxEntry],
    reason: &QuarantineReason,
    context: &Context,
) -> Result<(), FieldError> {
    let mut reason = reason.clone();
    for entry in entries {
        set_aside(db, entry, &reason, context)?;
        reason = group_refused();
    }
    Ok(())
}

fn group_refused() -> QuarantineReason {
    let message = "it was refused with what belongs together with it";
    QuarantineReason::said(GROUP_REFUSED, message.to_owned())
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
        group: entry.group.map(|group| group.id),
    };
    Ok(attention::put(db, &held)?)
}

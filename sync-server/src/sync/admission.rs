//! Whether what a device pushed may become true: the checks, in the order in which a device learns
//! of them. They look at what was gathered and change nothing.

use outfield_core::base::context::{Context, Role};
use outfield_core::base::limits::HEADS_MAX;
use outfield_core::crdt::{CrdtError, Document, Vetted};
use outfield_core::domain::rights::may_write;
use outfield_core::domain::situation::Situation;
use outfield_core::domain::{RefusalKind, table};
use outfield_core::objects::{Registry, Side, Values};
use outfield_core::store::StoreReader;
use outfield_core::sync::frames::Ruling;

use super::claim::{ClaimedDecision, EntryClaim};
use super::rejection::{Denial, rejected};
use crate::work::apply::blank_record;

/// Whether a change may be made and continues the history; if so the document holds it afterwards.
pub(super) fn admit_change(
    store: &StoreReader<'_>,
    context: &Context,
    claim: &mut EntryClaim<'_>,
    change: &Vetted,
) -> Result<(), Denial> {
    check_object(claim)?;
    check_missing(claim)?;
    check_rights(store.registry, context.role, claim)?;
    check_reach(claim)?;
    check_heads(claim, change)?;
    check_guards(store, context, claim)?;
    extend(&mut claim.document, change)
}

/// Whether a fact may be recorded.
pub(super) fn admit_fact(
    registry: &Registry,
    role: Role,
    claim: &EntryClaim<'_>,
) -> Result<(), Denial> {
    check_object(claim)?;
    if claim.before.is_some() {
        let message = format!(
            "fact {} is here already with other values",
            claim.written.id
        );
        return Err(rejected("fact_changed", message));
    }
    check_rights(registry, role, claim)?;
    check_reach(claim)?;
    match &claim.decision {
        Some(decision) => check_decision(registry, role, decision),
        None => Ok(()),
    }
}

fn check_object(claim: &EntryClaim<'_>) -> Result<(), Denial> {
    let Some(other) = &claim.other_object else {
        return Ok(());
    };
    let message = format!("record {} is of object `{other}`", claim.written.id);
    Err(rejected("wrong_object", message))
}

fn check_missing(claim: &EntryClaim<'_>) -> Result<(), Denial> {
    if claim.builds_on_refused {
        let message = "it builds on a change that was refused";
        return Err(rejected("follows_refused", message));
    }
    if claim.missing.is_empty() {
        return Ok(());
    }
    let hashes = claim.missing.clone();
    Err(Denial::NotYet(Ruling::Needs { hashes }))
}

fn check_rights(registry: &Registry, role: Role, claim: &EntryClaim<'_>) -> Result<(), Denial> {
    let (object, values) = (&claim.descriptor.object, &claim.written.values);
    Ok(may_write(registry, role, object, claim.is_new, values)?)
}

fn check_reach(claim: &EntryClaim<'_>) -> Result<(), Denial> {
    if claim.is_within_reach {
        Ok(())
    } else {
        Err(not_in_scope(&claim.descriptor.object))
    }
}

fn not_in_scope(object: &str) -> Denial {
    let message = format!("this {object} lies outside your territories");
    rejected("not_in_scope", message)
}

fn check_heads(claim: &EntryClaim<'_>, change: &Vetted) -> Result<(), Denial> {
    let mut beside = claim.document.heads();
    beside.retain(|head| !change.deps.contains(head));
    if beside.len() < HEADS_MAX {
        return Ok(());
    }
    let message = format!(
        "{} changes of this {} compete already; sync, then do it again",
        beside.len(),
        claim.descriptor.object
    );
    Err(rejected("too_many_heads", message))
}

/// Asks the guards that the object's descriptor names.
fn check_guards(
    store: &StoreReader<'_>,
    context: &Context,
    claim: &EntryClaim<'_>,
) -> Result<(), Denial> {
    let (descriptor, id) = (claim.descriptor, claim.written.id);
    let blank = blank_record(descriptor, id);
    let situation = Situation {
        registry: store.registry,
        descriptor,
        record: claim.before.as_ref().unwrap_or(&blank),
        new: claim.before.is_none(),
        id,
        input: &claim.written.values,
        reader: store,
        context,
        proofs: table::proof,
    };
    match table::may_take_in(&situation) {
        Err(refusal) if refusal.kind == RefusalKind::Broken => Err(Denial::Fault(refusal.into())),
        asked => Ok(asked?),
    }
}

fn extend(document: &mut Document, change: &Vetted) -> Result<(), Denial> {
    match document.apply(std::slice::from_ref(change)) {
        Ok(_) => Ok(()),
        Err(CrdtError::History {
            code: "wrong_sequence",
            ..
        }) => Err(Denial::NotYet(Ruling::Rewrite)),
        Err(error) => Err(rejected(error.code(), error.to_string())),
    }
}

/// Whether a decision may close its conflict: its author may write the field, within their reach,
/// and the value was written.
fn check_decision(
    registry: &Registry,
    role: Role,
    decision: &ClaimedDecision,
) -> Result<(), Denial> {
    let (conflict, value) = (&decision.conflict, &decision.value);
    let written = Values::from([(conflict.path.clone(), value.clone())]);
    may_write(registry, role, &conflict.object, false, &written)?;
    if !decision.is_within_reach {
        return Err(not_in_scope(&conflict.object));
    }
    let standing = decision.standing.as_deref();
    if standing.is_some_and(|standing| is_decided(&conflict.sides, standing, decision)) {
        return Ok(());
    }
    let message = "it closes a conflict, but the value it chose was not written";
    Err(rejected("not_decided", message))
}

/// Whether the chosen value was written. Somebody may have changed again what was decided; then
/// none of what competed stands any more.
fn is_decided(competed: &[Side], standing: &[Side], decision: &ClaimedDecision) -> bool {
    let is_written = standing.iter().any(|side| side.value == decision.value);
    let still_competes = competed.iter().any(|side| {
        standing
            .iter()
            .any(|other| other.operation == side.operation)
    });
    is_written || !still_competes
}

//! Whether what a device pushed may become true: the checks, in the order in which a device learns
//! of them. They look at what was gathered and change nothing.

use std::collections::BTreeSet;

use outfield_core::base::context::Context;
use outfield_core::base::id::ActorId;
use outfield_core::base::limits::{CLOCK_AHEAD_MAX_MS, DEVICES_HEADS_MAX, PERSON_HEADS_MAX};
use outfield_core::crdt::{CrdtError, Document, Effort, HistoryRoom, Vetted};
use outfield_core::domain::admit::Admission;
use outfield_core::domain::rights::Decider;
use outfield_core::domain::{RefusalKind, UNKNOWN_REFERENCE, derives};
use outfield_core::objects::number::SeriesNumber;
use outfield_core::objects::{Reader as _, Record, Side, Value, Values};
use outfield_core::store::StoreReader;
use outfield_core::sync::frames::Ruling;

use super::claim::{ClaimedDecision, Decided, EntryClaim};
use super::entry::PushedEntry;
use super::rejection::{Denial, rejected};
use crate::error::ServerError;
use crate::people::scoped_reader::ScopedReader;
use crate::work::authors;
use crate::work::log::scope_of;

/// Whether a change may be made and continues the history; if so the document holds it afterwards.
pub(super) fn admit_change(
    store: &StoreReader<'_>,
    context: &Context,
    claim: &mut EntryClaim<'_>,
    pushed: &PushedEntry,
    change: &Vetted,
    effort: &mut Effort,
) -> Result<(), Denial> {
    check_id(claim)?;
    check_missing(claim)?;
    check_twin(claim)?;
    let reader = claim.reader(*store);
    let decider = decider(&reader, context);
    check_rights(&decider, claim)?;
    check_reach(claim)?;
    let mut own = authors::of_person(store.db, context.user)?;
    own.push(context.actor);
    check_heads(claim, change, &own)?;
    if claim.deps != claim.document.heads() {
        effort.spend(claim.document.look_steps())?;
    }
    let states = claim.states_seen().map_err(ServerError::from)?;
    check_write(&decider, claim, pushed, &states)?;
    check_numbers(store, claim, &own)?;
    extend(&mut claim.document, change, &own, effort)?;
    check_entered(store, claim)?;
    let (object, id) = (&claim.descriptor.object, claim.written.id);
    let paths: BTreeSet<String> = claim.written.values.keys().cloned().collect();
    claim.conflicts = claim.document.conflicts(object, id, &paths, effort)?;
    Ok(())
}

/// Whether a fact may be recorded.
pub(super) fn admit_fact(
    store: &StoreReader<'_>,
    context: &Context,
    claim: &EntryClaim<'_>,
    pushed: &PushedEntry,
) -> Result<(), Denial> {
    check_id(claim)?;
    if claim.before.is_some() {
        let message = format!(
            "fact {} is here already with other values",
            claim.written.id
        );
        return Err(rejected("fact_changed", message));
    }
    let reader = claim.reader(*store);
    let decider = decider(&reader, context);
    check_rights(&decider, claim)?;
    check_reach(claim)?;
    check_write(&decider, claim, pushed, &[])?;
    check_decision(&decider, claim)
}

fn decider<'a>(reader: &'a ScopedReader<'a>, context: &'a Context) -> Decider<'a> {
    Decider {
        registry: reader.all.registry,
        reader,
        context,
    }
}

/// An id belongs to one record of one object. What everybody can derive beforehand belongs to the
/// record from whose values it is derived.
fn check_id(claim: &EntryClaim<'_>) -> Result<(), Denial> {
    check_object(claim)?;
    let (id, values) = (claim.written.id, &claim.written.values);
    if !claim.is_new || !id.is_derived() || derives(claim.descriptor, id, values) {
        return Ok(());
    }
    let message = format!(
        "{id} is an id that is derived, and not from what this {} begins with; take a new id",
        claim.descriptor.object
    );
    Err(rejected("bad_id", message))
}

/// Only a record whose id is derived can begin twice: whoever made it apart from the other.
fn check_twin(claim: &EntryClaim<'_>) -> Result<(), Denial> {
    let id = claim.written.id;
    if claim.is_new || !claim.deps.is_empty() || id.is_derived() {
        return Ok(());
    }
    let message = format!("there is a record {id} already; change it, or take a new id");
    Err(rejected("already_exists", message))
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

fn check_rights(decider: &Decider<'_>, claim: &EntryClaim<'_>) -> Result<(), Denial> {
    let (object, values) = (&claim.descriptor.object, &claim.written.values);
    Ok(decider.may_write(object, claim.is_new, values)?)
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

/// What competes with a change is bounded: by its own person, so that nobody uses up what others
/// need, by all devices, so that the office can write, and in all.
fn check_heads(claim: &EntryClaim<'_>, change: &Vetted, own: &[ActorId]) -> Result<(), Denial> {
    let mut beside = claim.document.heads();
    beside.retain(|head| !change.deps.contains(head));
    let writers = claim.document.writers_of(&beside);
    let by_person = writers.iter().filter(|writer| own.contains(writer)).count();
    if by_person < PERSON_HEADS_MAX && beside.len() < DEVICES_HEADS_MAX {
        return Ok(());
    }
    let message = format!(
        "{} changes of this {} compete already, {by_person} of them yours; sync, then do it again",
        beside.len(),
        claim.descriptor.object
    );
    Err(rejected("too_many_heads", message))
}

/// Asks what a phone asks of a write: verbs and states, what is required, references, guards.
fn check_write(
    decider: &Decider<'_>,
    claim: &EntryClaim<'_>,
    pushed: &PushedEntry,
    states: &[Value],
) -> Result<(), Denial> {
    check_clock(decider.context, pushed)?;
    let seen = claim.seen();
    let written = &claim.written.values;
    let begins = claim.deps.is_empty();
    let admission = Admission {
        situation: &decider.situation(claim.descriptor, &seen, begins, written),
        verb: pushed.verb.as_deref(),
        states,
    };
    match admission.check() {
        Err(refusal) if refusal.kind == RefusalKind::Broken => Err(Denial::Fault(refusal.into())),
        Err(refusal) if refusal.code == UNKNOWN_REFERENCE && claim.waits_for(&refusal) => {
            Err(Denial::NotYet(Ruling::RetryLater))
        }
        asked => Ok(asked?),
    }
}

/// A human number is of a series of the writer's own, is given once, and stays.
fn check_numbers(
    store: &StoreReader<'_>,
    claim: &EntryClaim<'_>,
    writers: &[ActorId],
) -> Result<(), Denial> {
    let descriptor = claim.descriptor;
    for (name, field) in &descriptor.fields {
        let (Some(series), Some(value)) = (&field.number, claim.written.values.get(name)) else {
            continue;
        };
        let said = value.text().unwrap_or_default();
        if !store
            .find(&descriptor.object, &[(name, value.clone())])?
            .is_empty()
        {
            let message = format!(
                "another {} has the number {said}; begin it anew, and it gets the next one",
                descriptor.object
            );
            return Err(rejected("number_taken", message));
        }
        let own = SeriesNumber::parse(said).map(|said| said.series);
        if !writers
            .iter()
            .any(|actor| own.as_ref() == Some(&series.of(*actor)))
        {
            let message = format!("{said} is no number of a series of yours");
            return Err(rejected("foreign_number", message));
        }
    }
    Ok(())
}

/// A device's clock may be wrong, but nothing happened after it arrived.
fn check_clock(context: &Context, pushed: &PushedEntry) -> Result<(), Denial> {
    let ahead = pushed.at.0.saturating_sub(context.now.0);
    if ahead <= CLOCK_AHEAD_MAX_MS {
        return Ok(());
    }
    let message = format!(
        "the clock of the device is {} hours ahead of the server's; set it, then do it again",
        ahead / 3_600_000
    );
    Err(rejected("clock_ahead", message))
}

/// A change that moves a record to other buckets moves it within reach.
fn check_entered(store: &StoreReader<'_>, claim: &EntryClaim<'_>) -> Result<(), Denial> {
    let mut paths = claim.written.values.keys();
    if claim.is_new || !paths.any(|path| claim.descriptor.decides_scope(path)) {
        return Ok(());
    }
    let after = Record {
        values: claim.document.values(),
        ..claim.written.clone()
    };
    let mut entered = scope_of(store, &after)?;
    entered.retain(|bucket| !claim.placement.before.contains(bucket));
    let reach = claim.reach;
    if reach.covers_all(store.db, &claim.written, claim.descriptor, &entered)? {
        Ok(())
    } else {
        Err(not_in_scope(&claim.descriptor.object))
    }
}

fn extend(
    document: &mut Document,
    change: &Vetted,
    own: &[ActorId],
    effort: &mut Effort,
) -> Result<(), Denial> {
    match document.extend(change, HistoryRoom::Person(own), effort) {
        Ok(()) => Ok(()),
        Err(CrdtError::History {
            code: "wrong_sequence",
            ..
        }) => Err(Denial::NotYet(Ruling::Rewrite)),
        Err(error) => Err(error.into()),
    }
}

/// Whether a decision may close its conflict: its author may write the field, within their reach,
/// and the value was written. One that somebody else decided before is kept as what it is.
fn check_decision(decider: &Decider<'_>, claim: &EntryClaim<'_>) -> Result<(), Denial> {
    let decision = match &claim.decision {
        Decided::Nothing | Decided::Closed => return Ok(()),
        Decided::Unknown => {
            let message = "it decides a conflict that there is not; look at the list of conflicts";
            return Err(rejected("unknown_conflict", message));
        }
        Decided::Open(decision) => decision,
    };
    let (conflict, value) = (&decision.conflict, &decision.value);
    let written = Values::from([(conflict.path.clone(), value.clone())]);
    decider.may_write(&conflict.object, false, &written)?;
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

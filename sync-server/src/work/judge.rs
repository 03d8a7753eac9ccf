//! What follows from what became true: verdicts on documents that ask, with what they post and what
//! stands beside the document since; movements of facts. It names no object and judges nothing.

use outfield_core::base::context::Context;
use outfield_core::base::id::RecordId;
use outfield_core::base::planted::{self, Planted};
use outfield_core::domain::rights::Decider;
use outfield_core::domain::verdict::{self, Judgement};
use outfield_core::objects::{Descriptor, Kind, Record, Value};
use outfield_core::store::{StoreReader, tables};

use super::journal::Cause;
use super::ledger;
use super::rows::{set_beside, set_row};
use crate::error::ServerError;

/// Writes what follows from a record that became true.
pub(crate) fn follow_up(
    store: &StoreReader<'_>,
    context: &Context,
    descriptor: &Descriptor,
    written: &Record,
) -> Result<(), ServerError> {
    let why = format!("{} {}", descriptor.object, written.id);
    let cause = Cause { context, why: &why };
    match descriptor.kind {
        Kind::Document => answer(store, cause, descriptor, written.id)?,
        Kind::Fact => ledger::post_fact(store, cause, descriptor, written)?,
        Kind::Row => {}
    }
    look_again(store, cause, written)
}

/// Looks again at the documents that a record names and that may wait for it.
fn look_again(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    written: &Record,
) -> Result<(), ServerError> {
    for of in store.registry.all().filter_map(|of| of.verdict_of.as_ref()) {
        let mut named = of
            .also_when
            .iter()
            .filter(|when| when.object == written.object);
        let document = named.find_map(|when| written.reference(&when.field));
        if let (Some(id), Some(descriptor)) = (document, store.registry.get(&of.object)) {
            answer(store, cause, descriptor, id)?;
        }
    }
    Ok(())
}

fn answer(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    descriptor: &Descriptor,
    document: RecordId,
) -> Result<(), ServerError> {
    let kinds = verdict::kinds(store.registry, &descriptor.object);
    if kinds.is_empty() || planted::is(Planted::VerdictLost) {
        return Ok(());
    }
    let decider = Decider {
        registry: store.registry,
        reader: store,
        context: cause.context,
    };
    let mut read = tables::read(store.db, descriptor, document)?;
    for kind in kinds {
        let Some(asking) = &read else {
            return Ok(());
        };
        if let Some(judgement) = verdict::answer(&decider, kind, asking)? {
            give(store, cause, kind.descriptor, asking, judgement)?;
            // What was granted stands beside it now.
            read = tables::read(store.db, descriptor, document)?;
        }
    }
    Ok(())
}

/// A verdict becomes true, with all that it moves.
fn give(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    row: &Descriptor,
    document: &Record,
    judgement: Judgement,
) -> Result<(), ServerError> {
    let verdict = judgement.verdict;
    // What was said while it waited is said no more.
    let before = tables::read(store.db, row, verdict.id)?;
    let mut said = verdict.values.clone();
    for path in before.iter().flat_map(|before| before.values.keys()) {
        said.entry(path.clone()).or_insert(Value::Null);
    }
    set_row(store, cause, row, verdict.id, before, &said)?;
    let why = format!("{} {}", verdict.object, verdict.id);
    let cause = Cause {
        context: cause.context,
        why: &why,
    };
    ledger::carry(store, cause, &verdict, &judgement.posted)?;
    if judgement.beside.is_empty() {
        return Ok(());
    }
    set_beside(
        store,
        cause,
        &document.object,
        document.id,
        judgement.beside,
    )
}

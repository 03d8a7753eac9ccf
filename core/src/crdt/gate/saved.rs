//! Reads a saved document: every change it claims, every operation, and whether they fit each
//! other. It does not know whether the claimed heads are the true ones: Automerge compares the
//! hashes.

use std::collections::BTreeMap;

use super::bytes::Bytes;
use super::columns::{Columns, Layout, numbers, sums};
use super::operations::{
    ACTION, EXPAND, INSERT, KEY, OperationId, VALUE, VALUE_META, actor_list, counter, dependencies,
    groups, moment, names, puts,
};
use crate::base::id::{ActorId, ChangeHash};
use crate::base::limits::{DOCUMENT_INFLATED_BYTES_MAX, DOCUMENT_OPERATIONS_MAX};
use crate::crdt::error::GateError;
use crate::crdt::weight::Weights;

/// Writers of one document.
const ACTORS_MAX: usize = 10_000;
/// Heads of one document.
const HEADS_MAX: usize = 10_000;
/// Operations in one document, as a count of entries.
const OPERATIONS_MAX: usize = DOCUMENT_OPERATIONS_MAX as usize;
const _: () = assert!(OPERATIONS_MAX as u64 == DOCUMENT_OPERATIONS_MAX);

const CHANGE_ACTOR: u64 = 0x01;
const CHANGE_SEQ: u64 = 0x03;
const CHANGE_MAX: u64 = 0x13;
const CHANGE_TIME: u64 = 0x23;
const CHANGE_DEPS_COUNT: u64 = 0x40;
const CHANGE_DEPS: u64 = 0x43;
const CHANGE_EXTRA_META: u64 = 0x56;
const CHANGES_KNOWN: [u64; 7] = [
    CHANGE_ACTOR,
    CHANGE_SEQ,
    CHANGE_MAX,
    CHANGE_TIME,
    CHANGE_DEPS_COUNT,
    CHANGE_DEPS,
    CHANGE_EXTRA_META,
];
/// The kind of an empty byte string, which stands for a change's missing extra data.
const NO_EXTRA: u64 = 7;

const ID_ACTOR: u64 = 0x21;
const ID_COUNTER: u64 = 0x23;
const SUCC_COUNT: u64 = 0x80;
const SUCC_ACTOR: u64 = 0x81;
const SUCC_COUNTER: u64 = 0x83;
const OPERATIONS_KNOWN: [u64; 11] = [
    KEY,
    ID_ACTOR,
    ID_COUNTER,
    INSERT,
    ACTION,
    VALUE_META,
    VALUE,
    SUCC_COUNT,
    SUCC_ACTOR,
    SUCC_COUNTER,
    EXPAND,
];

/// The operations that one change claims: a writer's counters from `first` to `last`.
struct Span {
    actor: ActorId,
    first: u64,
    last: u64,
}

/// Checks the data of a document chunk; the answer is how many bytes it has once inflated, and the
/// heads it claims.
pub(super) fn check(
    data: &[u8],
    weights: Option<&mut Weights>,
) -> Result<(usize, Vec<ChangeHash>), GateError> {
    let mut bytes = Bytes::new(data);
    let actors = actor_list(&mut bytes, ACTORS_MAX)?;
    let heads = dependencies(&mut bytes, HEADS_MAX)?;
    let of_changes = Layout::read(&mut bytes)?;
    let of_operations = Layout::read(&mut bytes)?;
    let mut left = DOCUMENT_INFLATED_BYTES_MAX;
    let changes = of_changes.take(&mut bytes, Some(&mut left))?;
    let operations = of_operations.take(&mut bytes, Some(&mut left))?;
    changes.only(&CHANGES_KNOWN)?;
    operations.only(&OPERATIONS_KNOWN)?;
    let spans = spans(&changes, &actors)?;
    if heads.is_empty() != spans.is_empty() {
        return Err(GateError::malformed("heads and changes disagree"));
    }
    for _ in &heads {
        if bytes.unsigned()? >= spans.len() as u64 {
            return Err(GateError::malformed("a head is not among the changes"));
        }
    }
    if !bytes.is_empty() {
        return Err(GateError::new(
            "trailing_bytes",
            "bytes follow the document",
        ));
    }
    if spans.is_empty() {
        operations.only(&[])?;
    } else {
        rows(&operations, &actors, &spans, weights)?;
    }
    Ok((data.len() + DOCUMENT_INFLATED_BYTES_MAX - left, heads))
}

/// The claimed operations of every change, after checking that each change builds only on earlier
/// ones.
fn spans(columns: &Columns, actors: &[ActorId]) -> Result<Vec<Span>, GateError> {
    // Every change writes at least one operation, so there are never more changes than operations.
    let max = OPERATIONS_MAX;
    let writers = numbers(columns.data(CHANGE_ACTOR), max)?;
    let seqs = sums(columns.data(CHANGE_SEQ), max)?;
    let lasts = sums(columns.data(CHANGE_MAX), max)?;
    let times = sums(columns.data(CHANGE_TIME), max)?;
    let extras = numbers(columns.data(CHANGE_EXTRA_META), max)?;
    let count = writers.len();
    let same = [seqs.len(), lasts.len(), times.len()]
        .iter()
        .all(|length| *length == count);
    if !same || !(extras.is_empty() || extras.len() == count) {
        return Err(GateError::malformed("columns differ in length"));
    }
    if extras.iter().any(|extra| *extra != NO_EXTRA) {
        return Err(GateError::new("not_flat", "a change carries extra data"));
    }
    times.iter().try_for_each(|time| moment(*time).map(drop))?;
    let befores = befores(columns, count)?;
    let mut newest: BTreeMap<u64, (i64, u64)> = BTreeMap::new();
    let mut spans: Vec<Span> = Vec::with_capacity(count);
    for (index, before) in befores.iter().enumerate() {
        let known = usize::try_from(writers[index])
            .ok()
            .and_then(|writer| actors.get(writer));
        let actor = *known.ok_or_else(|| {
            GateError::new("bad_actor", "a change names a writer that is not listed")
        })?;
        let last = counter(u64::try_from(lasts[index]).unwrap_or(0))?;
        let first = 1 + before.iter().map(|dep| spans[*dep].last).max().unwrap_or(0);
        let (seq, own) = newest.get(&writers[index]).copied().unwrap_or((0, 0));
        if first > last || own >= first || seqs[index] != seq + 1 {
            return Err(GateError::malformed(
                "a change does not follow the ones before it",
            ));
        }
        newest.insert(writers[index], (seqs[index], last));
        spans.push(Span { actor, first, last });
    }
    Ok(spans)
}

/// For every change the positions of the changes it builds on, all of them earlier.
fn befores(columns: &Columns, count: usize) -> Result<Vec<Vec<usize>>, GateError> {
    let sizes = numbers(columns.data(CHANGE_DEPS_COUNT), OPERATIONS_MAX)?;
    let mut deps = sums(columns.data(CHANGE_DEPS), OPERATIONS_MAX)?.into_iter();
    if sizes.len() != count {
        return Err(GateError::malformed("columns differ in length"));
    }
    let mut befores = Vec::with_capacity(count);
    for (index, size) in sizes.into_iter().enumerate() {
        if size > index as u64 {
            return Err(GateError::malformed(
                "a change builds on more changes than there are before it",
            ));
        }
        let mut before = Vec::new();
        for _ in 0..size {
            let dep = deps
                .next()
                .and_then(|dep| usize::try_from(dep).ok())
                .filter(|dep| *dep < index);
            before.push(dep.ok_or_else(|| {
                GateError::malformed("a change builds on one that is not before it")
            })?);
        }
        befores.push(before);
    }
    if deps.next().is_some() {
        return Err(GateError::new(
            "trailing_bytes",
            "entries follow the last group",
        ));
    }
    Ok(befores)
}

/// Checks that the rows are exactly the claimed operations, in order, and replaced only by rows of
/// the same key.
fn rows(
    columns: &Columns,
    actors: &[ActorId],
    spans: &[Span],
    weights: Option<&mut Weights>,
) -> Result<(), GateError> {
    let puts = puts(columns, OPERATIONS_MAX)?;
    let ids = names(
        columns.data(ID_ACTOR),
        columns.data(ID_COUNTER),
        actors,
        OPERATIONS_MAX,
    )?;
    let claimed = spans.iter().try_fold(0u64, |sum, span| {
        sum.checked_add(span.last - span.first + 1)
    });
    if ids.len() != puts.len() || claimed != Some(ids.len() as u64) {
        return Err(GateError::malformed(
            "operations and changes disagree in number",
        ));
    }
    if let Some(weights) = weights {
        for ((key, value), (_, writer)) in puts.iter().zip(&ids) {
            weights.add(key, value, *writer);
        }
    }
    let order: Vec<(&str, OperationId)> = puts
        .iter()
        .map(|(key, _)| *key)
        .zip(ids.iter().copied())
        .collect();
    if order.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(GateError::malformed(
            "operations are repeated or out of order",
        ));
    }
    let keys: BTreeMap<OperationId, &str> = order.iter().map(|(key, id)| (*id, *key)).collect();
    let complete = spans
        .iter()
        .all(|span| (span.first..=span.last).all(|n| keys.contains_key(&(n, span.actor))));
    if keys.len() != ids.len() || !complete {
        return Err(GateError::malformed("a change's operation is missing"));
    }
    let sizes = numbers(columns.data(SUCC_COUNT), OPERATIONS_MAX)?;
    let names = names(
        columns.data(SUCC_ACTOR),
        columns.data(SUCC_COUNTER),
        actors,
        OPERATIONS_MAX,
    )?;
    for ((key, id), next) in order.iter().zip(groups(&sizes, order.len(), &names)?) {
        let fits = |by: &OperationId| by.0 > id.0 && keys.get(by) == Some(key);
        if !next.iter().all(fits) {
            return Err(GateError::malformed(
                "an operation is replaced by one that cannot replace it",
            ));
        }
    }
    Ok(())
}

//! Reads the body of one change: its head, then operations that each put one scalar at one text key
//! of the root. It does not know the history that the change builds on.

use super::bytes::Bytes;
use super::columns::{Columns, Layout, all_no, numbers, runs, sums, texts};
use crate::base::id::{ActorId, ChangeHash};
use crate::base::limits::{CHANGE_OPERATIONS_MAX, COUNTER_MAX};
use crate::base::time::Timestamp;
use crate::crdt::error::GateError;
use crate::objects::Value;

/// Changes that one change may build on directly.
const DEPENDENCIES_MAX: usize = 1_000;
/// Other writers whose operations one change may replace.
const OTHER_ACTORS_MAX: usize = 1_000;
/// Operations in one change, as a count of entries.
pub(super) const OPERATIONS_MAX: usize = CHANGE_OPERATIONS_MAX as usize;
const _: () = assert!(OPERATIONS_MAX as u64 == CHANGE_OPERATIONS_MAX);

pub(super) const KEY: u64 = 0x15;
pub(super) const INSERT: u64 = 0x34;
pub(super) const ACTION: u64 = 0x42;
pub(super) const VALUE_META: u64 = 0x56;
pub(super) const VALUE: u64 = 0x57;
pub(super) const EXPAND: u64 = 0x94;
const PRED_COUNT: u64 = 0x70;
const PRED_ACTOR: u64 = 0x71;
const PRED_COUNTER: u64 = 0x73;
const KNOWN: [u64; 9] = [
    KEY,
    INSERT,
    ACTION,
    VALUE_META,
    VALUE,
    PRED_COUNT,
    PRED_ACTOR,
    PRED_COUNTER,
    EXPAND,
];
/// The one action of a flat record: put a value.
const PUT: u64 = 1;

/// The name of one operation: its counter, then its writer.
pub(crate) type OperationId = (u64, ActorId);

/// One scalar put at one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) key: String,
    pub(crate) value: Value,
    /// The operations that it replaces, ascending.
    pub(crate) replaces: Vec<OperationId>,
}

/// A change as read from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) deps: Vec<ChangeHash>,
    pub(crate) actor: ActorId,
    pub(crate) seq: u64,
    pub(crate) start: u64,
    pub(crate) at: Timestamp,
    pub(crate) operations: Vec<Operation>,
}

/// Reads the data of a plain change chunk.
pub(super) fn read(data: &[u8]) -> Result<Body, GateError> {
    let mut bytes = Bytes::new(data);
    let deps = dependencies(&mut bytes, DEPENDENCIES_MAX)?;
    let actor = ActorId(bytes.actor()?);
    let seq = counter(bytes.unsigned()?)?;
    let start = counter(bytes.unsigned()?)?;
    let at = moment(bytes.signed()?)?;
    if bytes.unsigned()? != 0 {
        return Err(GateError::new("not_flat", "the change carries a message"));
    }
    let mut actors = vec![actor];
    for other in actor_list(&mut bytes, OTHER_ACTORS_MAX)? {
        if other == actor {
            return Err(GateError::new(
                "bad_actor",
                "the change names its own writer twice",
            ));
        }
        actors.push(other);
    }
    let columns = Layout::read(&mut bytes)?.take(&mut bytes, None)?;
    if !bytes.is_empty() {
        return Err(GateError::new(
            "trailing_bytes",
            "bytes follow the operations",
        ));
    }
    columns.only(&KNOWN)?;
    let operations = operations(&columns, &actors, start)?;
    if start + operations.len() as u64 > COUNTER_MAX {
        return Err(GateError::new(
            "counter_too_high",
            format!("operations count past {COUNTER_MAX}"),
        ));
    }
    Ok(Body {
        deps,
        actor,
        seq,
        start,
        at,
        operations,
    })
}

/// Hashes in ascending order, none twice.
pub(super) fn dependencies(bytes: &mut Bytes, max: usize) -> Result<Vec<ChangeHash>, GateError> {
    let count = bytes.count(max, "too_many_dependencies")?;
    let mut hashes: Vec<ChangeHash> = Vec::new();
    for _ in 0..count {
        let hash = ChangeHash(bytes.array()?);
        if hashes.last().is_some_and(|before| *before >= hash) {
            return Err(GateError::malformed("hashes are repeated or out of order"));
        }
        hashes.push(hash);
    }
    Ok(hashes)
}

/// Writers in ascending order, none twice.
pub(super) fn actor_list(bytes: &mut Bytes, max: usize) -> Result<Vec<ActorId>, GateError> {
    let count = bytes.count(max, "too_many_actors")?;
    let mut actors: Vec<ActorId> = Vec::new();
    for _ in 0..count {
        let actor = ActorId(bytes.actor()?);
        if actors.last().is_some_and(|before| *before >= actor) {
            return Err(GateError::new(
                "bad_actor",
                "writers are repeated or out of order",
            ));
        }
        actors.push(actor);
    }
    Ok(actors)
}

/// A counter or sequence number from one up to the cap.
pub(super) fn counter(number: u64) -> Result<u64, GateError> {
    if (1..=COUNTER_MAX).contains(&number) {
        return Ok(number);
    }
    Err(GateError::new(
        "counter_too_high",
        format!("{number} is not between 1 and {COUNTER_MAX}"),
    ))
}

/// A moment that has a text form.
pub(super) fn moment(ms: i64) -> Result<Timestamp, GateError> {
    let at = Timestamp(ms);
    if (Timestamp::MIN..=Timestamp::MAX).contains(&at) {
        return Ok(at);
    }
    Err(GateError::new(
        "bad_time",
        format!("{ms} milliseconds is no moment that a calendar knows"),
    ))
}

/// The operations of a change by `actors[0]`, the first of which counts `start`.
fn operations(
    columns: &Columns,
    actors: &[ActorId],
    start: u64,
) -> Result<Vec<Operation>, GateError> {
    let puts = puts(columns, OPERATIONS_MAX)?;
    let counts = numbers(columns.data(PRED_COUNT), OPERATIONS_MAX)?;
    let names = names(
        columns.data(PRED_ACTOR),
        columns.data(PRED_COUNTER),
        actors,
        OPERATIONS_MAX,
    )?;
    let groups = groups(&counts, puts.len(), &names)?;
    let mut seen = std::collections::BTreeSet::new();
    let mut operations = Vec::with_capacity(puts.len());
    for ((key, value), replaces) in puts.into_iter().zip(groups) {
        if !seen.insert(key) {
            return Err(GateError::new(
                "not_flat",
                format!("`{key}` is written twice in one change"),
            ));
        }
        if replaces.iter().any(|(counter, _)| *counter >= start) {
            return Err(GateError::malformed(
                "an operation replaces one that is not older than itself",
            ));
        }
        operations.push(Operation {
            key: key.to_owned(),
            value,
            replaces: replaces.to_vec(),
        });
    }
    Ok(operations)
}

/// Key and value of every operation; every column must hold the same number of entries.
pub(super) fn puts<'a>(
    columns: &'a Columns,
    max: usize,
) -> Result<Vec<(&'a str, Value)>, GateError> {
    let actions = numbers(columns.data(ACTION), max)?;
    let count = actions.len();
    if count == 0 {
        return Err(GateError::new("empty_change", "there are no operations"));
    }
    if actions.iter().any(|action| *action != PUT) {
        return Err(GateError::new(
            "not_flat",
            "an operation does something else than putting a value",
        ));
    }
    all_no(columns.data(INSERT), count)?;
    all_no(columns.data(EXPAND), count)?;
    let keys = texts(columns.data(KEY), max)?;
    let metas = numbers(columns.data(VALUE_META), max)?;
    if keys.len() != count || metas.len() != count {
        return Err(GateError::malformed("columns differ in length"));
    }
    if keys.iter().any(|key| key.is_empty()) {
        return Err(GateError::malformed("a key is empty"));
    }
    let mut raw = Bytes::new(columns.data(VALUE));
    let values: Vec<Value> = metas
        .into_iter()
        .map(|meta| scalar(meta, &mut raw))
        .collect::<Result<_, _>>()?;
    if !raw.is_empty() {
        return Err(GateError::new(
            "trailing_bytes",
            "bytes follow the last value",
        ));
    }
    Ok(keys.into_iter().zip(values).collect())
}

/// One value; `meta` holds its kind in four bits and its length above them.
fn scalar(meta: u64, raw: &mut Bytes) -> Result<Value, GateError> {
    let length =
        usize::try_from(meta >> 4).map_err(|_| GateError::malformed("a value is too long"))?;
    let mut bytes = Bytes::new(raw.take(length)?);
    let value = match meta & 0b1111 {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        4 => Value::Int(bytes.signed()?),
        6 => {
            let text = std::str::from_utf8(bytes.take(length)?);
            Value::from(text.map_err(|_| GateError::malformed("a text is not UTF-8"))?)
        }
        other => {
            return Err(GateError::new(
                "not_flat",
                format!("values of kind {other} have no place in a record"),
            ));
        }
    };
    if !bytes.is_empty() {
        return Err(GateError::malformed(
            "a value is longer than its kind allows",
        ));
    }
    Ok(value)
}

/// Names of operations from their two columns; writers beyond `actors` are refused.
pub(super) fn names(
    writers: &[u8],
    counters: &[u8],
    actors: &[ActorId],
    max: usize,
) -> Result<Vec<OperationId>, GateError> {
    let writers = runs(writers, max, |bytes| {
        let index = usize::try_from(bytes.unsigned()?).ok();
        let actor = index.and_then(|index| actors.get(index)).copied();
        actor.ok_or_else(|| {
            GateError::new(
                "bad_actor",
                "an operation names a writer that is not listed",
            )
        })
    })?;
    let counters = sums(counters, max)?;
    if writers.len() != counters.len() {
        return Err(GateError::malformed("columns differ in length"));
    }
    let named = |(number, actor): (i64, ActorId)| {
        let number =
            u64::try_from(number).map_err(|_| GateError::malformed("a counter is negative"))?;
        Ok((counter(number)?, actor))
    };
    counters.into_iter().zip(writers).map(named).collect()
}

/// Splits `names` into `count` groups of these sizes, each in ascending order.
pub(super) fn groups<'a>(
    sizes: &[u64],
    count: usize,
    names: &'a [OperationId],
) -> Result<Vec<&'a [OperationId]>, GateError> {
    if sizes.len() != count {
        return Err(GateError::malformed("columns differ in length"));
    }
    let mut rest = names;
    let mut groups = Vec::with_capacity(count);
    for size in sizes {
        let split = usize::try_from(*size)
            .ok()
            .and_then(|size| rest.split_at_checked(size));
        let (group, left) =
            split.ok_or_else(|| GateError::malformed("a group claims more than there is"))?;
        if group.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(GateError::malformed("a group is repeated or out of order"));
        }
        groups.push(group);
        rest = left;
    }
    if !rest.is_empty() {
        return Err(GateError::new(
            "trailing_bytes",
            "entries follow the last group",
        ));
    }
    Ok(groups)
}

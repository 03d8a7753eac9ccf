//! Nothing reaches Automerge unchecked: every run length is counted against a cap before anything
//! is spread out. Only flat changes pass, each operation putting one scalar at one text key of the
//! root. It knows no history.

mod bytes;
mod columns;
mod operations;
mod saved;

use automerge::Change;

use super::error::GateError;
use super::weight::Weights;
use crate::base::id::{ActorId, ChangeHash};
use crate::base::limits::{CHANGE_BYTES_MAX, DOCUMENT_BYTES_MAX};
use crate::base::time::Timestamp;
use bytes::{Bytes, Chunk, inflate, seal};
pub(super) use operations::{Body, OperationId};

const DOCUMENT: u8 = 0;
const PLAIN: u8 = 1;
const DEFLATED: u8 = 2;

/// A change that passed the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vetted {
    /// SHA-256 of the change, as Automerge knows it.
    pub hash: ChangeHash,
    /// The plain chunk; inflated if it came deflated.
    pub bytes: Vec<u8>,
    /// Who wrote it.
    pub actor: ActorId,
    /// The writer's count of own changes to this document, from one.
    pub seq: u64,
    /// The changes it builds on, ascending.
    pub deps: Vec<ChangeHash>,
    /// When, by the writer's clock.
    pub at: Timestamp,
    /// How many operations it holds, at least one.
    pub operations: u64,
}

/// Checks one change, plain or deflated, with nothing behind it.
pub fn change(bytes: &[u8]) -> Result<Vetted, GateError> {
    if bytes.len() > CHANGE_BYTES_MAX {
        return Err(too_long(bytes.len(), CHANGE_BYTES_MAX));
    }
    let mut cursor = Bytes::new(bytes);
    let chunk = Chunk::read(&mut cursor, CHANGE_BYTES_MAX)?;
    if !cursor.is_empty() {
        return Err(GateError::new("trailing_bytes", "bytes follow the change"));
    }
    vet(&chunk)
}

/// Checks a saved document: Automerge's own chunk, changes, or one and then the others. No bytes at
/// all are an empty document. The answer is the heads that it claims to have, ascending.
pub fn document(bytes: &[u8]) -> Result<Vec<ChangeHash>, GateError> {
    let Saved {
        mut heads, changes, ..
    } = split(bytes, None)?;
    for change in changes {
        heads.retain(|head| !change.deps.contains(head));
        heads.push(change.hash);
    }
    heads.sort_unstable();
    Ok(heads)
}

/// A saved document that passed the gate.
#[derive(Default)]
pub(super) struct Saved<'a> {
    /// Automerge's own chunk; empty for an empty document.
    pub(super) chunk: &'a [u8],
    /// Bytes of that chunk once inflated.
    pub(super) plain: usize,
    /// The heads that it claims.
    pub(super) heads: Vec<ChangeHash>,
    /// The changes behind it.
    pub(super) changes: Vec<Vetted>,
}

/// Checks a saved document and parts it into Automerge's own chunk and the changes behind it; what
/// the chunk holds is added to `weights`.
pub(super) fn split<'a>(
    bytes: &'a [u8],
    weights: Option<&mut Weights>,
) -> Result<Saved<'a>, GateError> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(too_long(bytes.len(), DOCUMENT_BYTES_MAX));
    }
    if bytes.is_empty() {
        return Ok(Saved::default());
    }
    let mut saved = Saved::default();
    let mut cursor = Bytes::new(bytes);
    let first = Chunk::read(&mut cursor, DOCUMENT_BYTES_MAX)?;
    if first.kind == DOCUMENT {
        first.verify(DOCUMENT, first.data)?;
        (saved.plain, saved.heads) = saved::check(first.data, weights)?;
        saved.chunk = bytes.split_at(bytes.len() - cursor.rest().len()).0;
    } else {
        saved
            .changes
            .push(change(bytes.split_at(bytes.len() - cursor.rest().len()).0)?);
    }
    while !cursor.is_empty() {
        saved
            .changes
            .push(vet(&Chunk::read(&mut cursor, CHANGE_BYTES_MAX)?)?);
    }
    Ok(saved)
}

/// Reads a change that passed the gate once more, operations and all.
pub(super) fn body(plain: &[u8]) -> Result<Body, GateError> {
    operations::read(Chunk::read(&mut Bytes::new(plain), CHANGE_BYTES_MAX)?.data)
}

/// Checks one change chunk.
fn vet(chunk: &Chunk) -> Result<Vetted, GateError> {
    let plain;
    let data = match chunk.kind {
        PLAIN => chunk.data,
        DEFLATED => {
            plain = inflate(chunk.data, CHANGE_BYTES_MAX)?;
            &plain
        }
        other => {
            return Err(GateError::new(
                "bad_kind",
                format!("a chunk of kind {other} is no change"),
            ));
        }
    };
    let hash = ChangeHash(chunk.verify(PLAIN, data)?);
    let body = operations::read(data)?;
    let bytes = seal(PLAIN, data);
    if bytes.len() > CHANGE_BYTES_MAX {
        return Err(too_long(bytes.len(), CHANGE_BYTES_MAX));
    }
    canonical(&bytes)?;
    let Body {
        deps,
        actor,
        seq,
        at,
        operations,
        ..
    } = body;
    Ok(Vetted {
        hash,
        bytes,
        actor,
        seq,
        deps,
        at,
        operations: operations.len() as u64,
    })
}

/// A document keeps no change bytes but makes them again from its columns. A change that Automerge
/// would write otherwise gets another hash there, and the saved document would never load again.
fn canonical(bytes: &[u8]) -> Result<(), GateError> {
    let change = Change::from_bytes(bytes.to_vec())
        .map_err(|error| GateError::malformed(error.to_string()))?;
    if Change::from(change.decode()).raw_bytes() != bytes {
        return Err(GateError::new(
            "not_canonical",
            "the same operations have another, shorter form",
        ));
    }
    Ok(())
}

fn too_long(bytes: usize, max: usize) -> GateError {
    GateError::new(
        "too_many_bytes",
        format!("{bytes} bytes, at most {max} are allowed"),
    )
}

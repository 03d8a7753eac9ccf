//! Finds the fields that several people changed without knowing of each other, with the value from before.
//! It does not know whether a person has already decided.

use std::collections::BTreeSet;

use automerge::{ObjId, ROOT, ReadDoc};

use super::document::{Document, actor_of, owned_value};
use super::error::CrdtError;
use crate::base::id::{ChangeHash, RecordId};
use crate::objects::{Conflict, ConflictState, Side, Value};

/// A competing value and the change that wrote it.
struct Rival {
    side: Side,
    change: ChangeHash,
}

impl Document {
    /// The conflicts at these paths: competing values that differ, each with the value at the common ancestors.
    /// The side that shows comes first, the others follow by descending operation.
    pub fn conflicts(
        &self,
        object: &str,
        record: RecordId,
        paths: &BTreeSet<String>,
    ) -> Result<Vec<Conflict>, CrdtError> {
        let mut found = Vec::new();
        for path in paths {
            let rivals = self.rivals(path)?;
            if rivals.windows(2).all(|pair| pair[0].side.value == pair[1].side.value) {
                continue;
            }
            let operations: Vec<&str> = rivals.iter().map(|rival| rival.side.operation.as_str()).collect();
            found.push(Conflict {
                id: Conflict::id_of(record, path, &operations),
                object: object.to_owned(),
                record,
                path: path.clone(),
                base: self.base(path, &rivals)?,
                sides: rivals.into_iter().map(|rival| rival.side).collect(),
                state: ConflictState::Open,
            });
        }
        Ok(found)
    }

    /// Whether a value stands at a path: it shows, or competes with the one that does.
    pub fn stands(&self, path: &str, value: &Value) -> Result<bool, CrdtError> {
        Ok(self.rivals(path)?.iter().any(|rival| rival.side.value == *value))
    }

    /// The values that stand at a path, the one that shows first.
    fn rivals(&self, path: &str) -> Result<Vec<Rival>, CrdtError> {
        let mut rivals = Vec::new();
        for (value, id) in self.automerge.get_all(ROOT, path)? {
            let hash = self.automerge.hash_for_opid(&id).map(|hash| ChangeHash(hash.0));
            let meta = hash.and_then(|hash| self.meta(hash));
            let (ObjId::Id(counter, actor, _), Some(change), Some(meta)) = (id, hash, meta) else {
                return Err(CrdtError::history("unknown_operation", format!("a value of `{path}` has no change")));
            };
            let actor = actor_of(&actor);
            let value = owned_value(&value);
            let side = Side { operation: format!("{counter}@{actor}"), actor, at_ms: meta.timestamp, value };
            rivals.push((counter, Rival { side, change }));
        }
        rivals.sort_by(|(left, one), (right, other)| (right, other.side.actor).cmp(&(left, one.side.actor)));
        Ok(rivals.into_iter().map(|(_, rival)| rival).collect())
    }

    /// The value that showed before any of the rivals wrote: at the newest changes that all of them knew.
    fn base(&self, path: &str, rivals: &[Rival]) -> Result<Value, CrdtError> {
        let mut known = rivals.iter().map(|rival| self.ancestors(rival.change));
        let first = known.next().unwrap_or_default();
        let common = known.fold(first, |common, other| common.intersection(&other).copied().collect());
        let inner: BTreeSet<ChangeHash> = common.iter().flat_map(|hash| self.deps(*hash)).collect();
        let heads: Vec<_> = common.difference(&inner).map(|hash| automerge::ChangeHash(hash.0)).collect();
        if heads.is_empty() {
            return Ok(Value::Null);
        }
        let shown = self.automerge.get_at(ROOT, path, &heads)?;
        Ok(shown.map_or(Value::Null, |(value, _)| owned_value(&value)))
    }

    /// All changes that a change builds on, itself not among them.
    fn ancestors(&self, change: ChangeHash) -> BTreeSet<ChangeHash> {
        let mut seen = BTreeSet::new();
        let mut waiting = self.deps(change);
        while let Some(hash) = waiting.pop() {
            if seen.insert(hash) {
                waiting.extend(self.deps(hash));
            }
        }
        seen
    }

    fn deps(&self, change: ChangeHash) -> Vec<ChangeHash> {
        let meta = self.meta(change);
        meta.map_or_else(Vec::new, |meta| meta.deps.iter().map(|dep| ChangeHash(dep.0)).collect())
    }
}

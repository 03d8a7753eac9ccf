//! Finds the fields that several people changed without knowing of each other, with the value from before.
//! It does not know whether a person has already decided.

use std::collections::BTreeSet;

use automerge::{ObjId, ROOT, ReadDoc};

use super::ancestry::Ancestry;
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
        let mut history = None;
        for path in paths {
            let rivals = self.rivals(path)?;
            if rivals.windows(2).all(|pair| pair[0].side.value == pair[1].side.value) {
                continue;
            }
            let history = history.get_or_insert_with(|| Ancestry::of(&self.automerge));
            let operations: Vec<&str> = rivals.iter().map(|rival| rival.side.operation.as_str()).collect();
            found.push(Conflict {
                id: Conflict::id_of(record, path, &operations),
                object: object.to_owned(),
                record,
                path: path.clone(),
                base: self.base(path, &rivals, history)?,
                sides: rivals.into_iter().map(|rival| rival.side).collect(),
                state: ConflictState::Open,
            });
        }
        Ok(found)
    }

    /// The values that stand at a path: the one that shows, then those that compete with it.
    pub fn sides(&self, path: &str) -> Result<Vec<Side>, CrdtError> {
        Ok(self.rivals(path)?.into_iter().map(|rival| rival.side).collect())
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
    fn base(&self, path: &str, rivals: &[Rival], history: &mut Ancestry) -> Result<Value, CrdtError> {
        let changes: Vec<_> = rivals.iter().map(|rival| automerge::ChangeHash(rival.change.0)).collect();
        let heads = history.common(&changes);
        if heads.is_empty() {
            return Ok(Value::Null);
        }
        let shown = self.automerge.get_at(ROOT, path, &heads)?;
        Ok(shown.map_or(Value::Null, |(value, _)| owned_value(&value)))
    }
}

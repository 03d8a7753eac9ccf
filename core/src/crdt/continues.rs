//! Whether a change continues the history that it names. It does not know who made it, nor what its
//! paths mean.

use automerge::{ObjId, ROOT, ReadDoc};

use super::ancestry::{Knowledge, Places, actor_of, holds};
use super::document::{Document, wrong_sequence};
use super::effort::Effort;
use super::error::CrdtError;
use super::gate::{Body, OperationId};

impl Document {
    /// Whether a change continues the history that it names. Automerge trusts these claims: a wrong
    /// one would pass at first, then panic, or save a document that never loads again.
    pub(super) fn fits(&self, body: &Body, effort: &mut Effort) -> Result<(), CrdtError> {
        let last = body
            .deps
            .iter()
            .filter_map(|dep| self.meta(*dep))
            .map(|meta| meta.max_op)
            .max()
            .unwrap_or(0);
        if body.start != last + 1 {
            let message = format!(
                "operations count from {}, but {} is next",
                body.start,
                last + 1
            );
            return Err(CrdtError::history("wrong_start", message));
        }
        let mut knowledge = Knowledge::of(&self.history, effort);
        let deps: Vec<_> = body
            .deps
            .iter()
            .map(|dep| automerge::ChangeHash(dep.0))
            .collect();
        // Who built on the heads saw all that stands here, which need not be sought in the past.
        let past = if self.heads() == body.deps {
            None
        } else {
            Some(knowledge.up_to(&deps)?)
        };
        if body.seq > 1 {
            let before = self.history.place_of(body.actor, body.seq - 1);
            let knows = |place: usize| past.as_ref().is_none_or(|past| holds(past, place));
            if !before.is_some_and(knows) {
                return Err(wrong_sequence(body.seq));
            }
        }
        // A writer replaces all that it sees. What it left standing would compete with its own
        // value, and with each further one, though nobody else wrote.
        for operation in &body.operations {
            let mut standing = self.standing(&operation.key, None)?;
            knowledge.spend(self.path_steps(&operation.key) + standing.len())?;
            if let Some(past) = &past
                && !standing.iter().all(|id| self.is_known(*id, past))
            {
                // Somebody else wrote here since: only the past tells what stood.
                knowledge.spend(self.past_steps(&operation.key, deps.len()))?;
                standing = self.standing(&operation.key, Some(&deps))?;
            }
            if operation.replaces != standing {
                let message = format!(
                    "does not replace exactly what its writer saw at `{}`",
                    operation.key
                );
                return Err(CrdtError::history("unknown_operation", message));
            }
        }
        Ok(())
    }

    /// Whether an operation was made by one of these changes.
    fn is_known(&self, operation: OperationId, past: &Places) -> bool {
        let (counter, actor) = operation;
        let change = self.history.change_of(counter, actor);
        change.is_some_and(|(place, _)| holds(past, place))
    }

    /// Steps for a look at what stands at a path, which passes all that ever stood there.
    pub(super) fn path_steps(&self, path: &str) -> usize {
        1 + self.weights.at(path) / 8
    }

    /// Steps for a look at one path as it was at so many heads.
    pub(super) fn past_steps(&self, path: &str, heads: usize) -> usize {
        4 + self.path_steps(path) + heads + self.history.writers() * (1 + heads) / 32
    }

    /// The operations whose values stand at a key, now or for whoever knows these changes alone,
    /// ascending.
    fn standing(
        &self,
        key: &str,
        known: Option<&[automerge::ChangeHash]>,
    ) -> Result<Vec<OperationId>, CrdtError> {
        let found = match known {
            None => self.automerge.get_all(ROOT, key)?,
            Some(known) => self.automerge.get_all_at(ROOT, key, known)?,
        };
        let standing = found.into_iter().filter_map(|(_, id)| match id {
            ObjId::Id(counter, actor, _) => Some((counter, actor_of(&actor))),
            ObjId::Root => None,
        });
        let mut standing: Vec<OperationId> = standing.collect();
        standing.sort_unstable();
        Ok(standing)
    }
}

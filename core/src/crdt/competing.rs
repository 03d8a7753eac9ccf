//! Finds the fields that several people changed without knowing of each other, with the value from
//! before. It does not know whether a person has already decided.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use automerge::{ObjId, ROOT, ReadDoc};

use super::ancestry::{Knowledge, actor_of};
use super::document::{Document, owned_value};
use super::effort::Effort;
use super::error::CrdtError;
use crate::base::id::{ActorId, RecordId};
use crate::objects::path::{POSITION, REMOVED, line_path};
use crate::objects::{Conflict, ConflictState, Path, Side, Value};

/// A competing value, the operation that wrote it, and the position of its change.
#[derive(Clone)]
struct Rival {
    side: Side,
    counter: u64,
    change: usize,
}

impl Rival {
    /// By which the value that shows is chosen.
    fn rank(&self) -> (u64, ActorId) {
        (self.counter, self.side.actor)
    }
}

impl Document {
    /// The conflicts at these paths: competing values that differ, each with the value at the
    /// common ancestors. The side that shows comes first, the others follow by descending
    /// operation. A line that one person took out and another wrote into competes at its mark of
    /// removal, with `false` as the other's value.
    pub fn conflicts(
        &self,
        object: &str,
        record: RecordId,
        paths: &BTreeSet<String>,
        effort: &mut Effort,
    ) -> Result<Vec<Conflict>, CrdtError> {
        let mut found = Vec::new();
        let mut knowledge = Knowledge::of(&self.history, effort);
        let marks: BTreeSet<String> = paths.iter().filter_map(|path| mark_of(path)).collect();
        for path in paths.union(&marks) {
            let mut rivals = self.rivals(path, &mut knowledge)?;
            if marks.contains(path) && rivals.iter().any(|rival| rival.side.value.is_true()) {
                rivals.extend(self.writers_into(path, &rivals, &mut knowledge)?);
            }
            if rivals
                .windows(2)
                .all(|pair| pair[0].side.value == pair[1].side.value)
            {
                continue;
            }
            let operations: Vec<&str> = rivals
                .iter()
                .map(|rival| rival.side.operation.as_str())
                .collect();
            found.push(Conflict {
                id: Conflict::id_of(record, path, &operations),
                object: object.to_owned(),
                record,
                path: path.clone(),
                base: self.base(path, &rivals, &mut knowledge)?,
                sides: rivals.into_iter().map(|rival| rival.side).collect(),
                state: ConflictState::Open,
            });
        }
        Ok(found)
    }

    /// The values that stand at a path: the one that shows, then those that compete with it.
    pub fn sides(&self, path: &str) -> Result<Vec<Side>, CrdtError> {
        let mut effort = Effort::endless();
        let rivals = self.rivals(path, &mut Knowledge::of(&self.history, &mut effort))?;
        Ok(rivals.into_iter().map(|rival| rival.side).collect())
    }

    /// Who wrote into a line without knowing that it was taken out, each with the last operation.
    fn writers_into(
        &self,
        mark: &str,
        rivals: &[Rival],
        knowledge: &mut Knowledge<'_>,
    ) -> Result<Vec<Rival>, CrdtError> {
        let taken_out = rivals.iter().filter(|rival| rival.side.value.is_true());
        let removals: Vec<usize> = taken_out.map(|rival| rival.change).collect();
        // `0` comes right behind the slash that ends the line's id.
        let line = mark.trim_end_matches(REMOVED);
        let end = format!("{}0", line.trim_end_matches('/'));
        let fields = self
            .automerge
            .map_range(ROOT, line.to_owned()..end)
            .map(|item| item.key.into_owned());
        let is_content =
            |field: &String| field != mark && !field.ends_with(&format!("/{POSITION}"));
        let mut writers: BTreeMap<ActorId, Rival> = BTreeMap::new();
        for field in fields.filter(is_content) {
            for rival in self.rivals(&field, knowledge)? {
                let mut is_apart = false;
                for removal in &removals {
                    knowledge.spend(1)?;
                    is_apart = is_apart || knowledge.are_apart(rival.change, *removal)?;
                }
                if !is_apart {
                    continue;
                }
                let writer = Rival {
                    side: Side {
                        value: Value::Bool(false),
                        ..rival.side
                    },
                    ..rival
                };
                let last = writers
                    .entry(writer.side.actor)
                    .or_insert_with(|| writer.clone());
                if writer.counter > last.counter {
                    *last = writer;
                }
            }
        }
        let mut writers: Vec<Rival> = writers.into_values().collect();
        writers.sort_by_key(|writer| Reverse(writer.rank()));
        Ok(writers)
    }

    /// The values that stand at a path, the one that shows first.
    fn rivals(&self, path: &str, knowledge: &mut Knowledge<'_>) -> Result<Vec<Rival>, CrdtError> {
        let standing = self.automerge.get_all(ROOT, path)?;
        knowledge.spend(self.path_steps(path) + standing.len())?;
        let mut rivals = Vec::new();
        for (value, id) in standing {
            let ObjId::Id(counter, actor, _) = id else {
                continue;
            };
            let actor = actor_of(&actor);
            let Some((change, node)) = self.history.change_of(counter, actor) else {
                return Err(CrdtError::history(
                    "unknown_operation",
                    format!("a value of `{path}` has no change"),
                ));
            };
            let side = Side {
                operation: format!("{counter}@{actor}"),
                actor,
                at_ms: node.at_ms,
                value: owned_value(&value),
            };
            rivals.push(Rival {
                side,
                counter,
                change,
            });
        }
        rivals.sort_by_key(|rival| Reverse(rival.rank()));
        Ok(rivals)
    }

    /// The value that showed before any of the rivals wrote: at the newest changes that all of them
    /// knew.
    fn base(
        &self,
        path: &str,
        rivals: &[Rival],
        knowledge: &mut Knowledge<'_>,
    ) -> Result<Value, CrdtError> {
        let changes: Vec<usize> = rivals.iter().map(|rival| rival.change).collect();
        let heads = knowledge.common(&changes)?;
        if heads.is_empty() {
            return Ok(Value::Null);
        }
        knowledge.spend(self.past_steps(path, heads.len()))?;
        let shown = self.automerge.get_at(ROOT, path, &heads)?;
        Ok(shown.map_or(Value::Null, |(value, _)| owned_value(&value)))
    }
}

/// The path of the mark of removal of the line that a path lies in.
fn mark_of(path: &str) -> Option<String> {
    match Path::parse(path)? {
        Path::Line { lines, line, .. } => Some(line_path(lines, line, REMOVED)),
        Path::Field(_) => None,
    }
}

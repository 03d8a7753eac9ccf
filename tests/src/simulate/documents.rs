//! What documents must say, computed from their changes by the rules of `docs/protocol.md` alone,
//! without Automerge's merging: which values stand, which one shows, which conflicts there are and
//! how they ended. It does not know who wrote what.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Change, ChangeHash};
use outfield_core::base::id::{ActorId, ConflictId, RecordId};
use outfield_core::objects::path::{POSITION, REMOVED, line_path};
use outfield_core::objects::{Conflict, Path, Value, Values};

use crate::behind;

/// An operation that nobody has written over.
#[derive(Debug, Clone)]
struct StandingOperation {
    counter: u64,
    actor: ActorId,
    value: Value,
    change: ChangeHash,
}

impl StandingOperation {
    fn name(&self) -> String {
        format!("{}@{}", self.counter, self.actor)
    }
}

/// One conflict as it must be.
#[derive(Debug, Clone)]
struct ExpectedConflict {
    path: String,
    state: &'static str,
}

/// One document as it must be.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExpectedDocument {
    standing: BTreeMap<String, Vec<StandingOperation>>,
    /// What each change builds on, directly or not.
    before: BTreeMap<ChangeHash, BTreeSet<ChangeHash>>,
    cases: BTreeMap<ConflictId, ExpectedConflict>,
}

impl ExpectedDocument {
    /// One more change was accepted.
    pub(crate) fn accept(&mut self, id: RecordId, change: &Change) {
        let mut before: BTreeSet<ChangeHash> = change.deps().iter().copied().collect();
        before.extend(
            change
                .deps()
                .iter()
                .flat_map(|dep| self.before.get(dep).cloned().unwrap_or_default()),
        );
        if self.before.insert(change.hash(), before).is_some() {
            return;
        }
        let (actor, start) = (behind::actor_of(change.actor_id()), change.start_op().get());
        let mut paths = BTreeSet::new();
        let over = behind::predecessors(change);
        for (counter, ((path, value), over)) in
            (start..).zip(behind::operations(change).into_iter().zip(over))
        {
            let standing = self.standing.entry(path.clone()).or_default();
            standing.retain(|op| !over.contains(&op.name()));
            standing.push(StandingOperation {
                counter,
                actor,
                value: Value::from_json(&value).unwrap(),
                change: change.hash(),
            });
            standing.sort_by_key(|op| std::cmp::Reverse((op.counter, op.actor)));
            paths.insert(path);
        }
        let marks: Vec<String> = paths.iter().filter_map(|path| mark_of(path)).collect();
        paths.extend(marks);
        paths.into_iter().for_each(|path| self.look(id, &path));
    }

    /// A person decided.
    pub(crate) fn resolve(&mut self, conflict: ConflictId) {
        if let Some(case) = self
            .cases
            .get_mut(&conflict)
            .filter(|case| case.state == "open")
        {
            case.state = "resolved";
        }
    }

    /// The paths with an open conflict.
    pub(crate) fn open_paths(&self) -> impl Iterator<Item = &str> {
        let open = self.cases.values().filter(|case| case.state == "open");
        open.map(|case| case.path.as_str())
    }

    /// The conflicts and their states.
    pub(crate) fn conflicts(&self) -> impl Iterator<Item = (String, String)> {
        self.cases
            .iter()
            .map(|(id, case)| (id.to_string(), case.state.to_owned()))
    }

    /// The values that show.
    pub(crate) fn values(&self) -> Values {
        let shown = self
            .standing
            .iter()
            .filter_map(|(path, ops)| Some((path.clone(), ops.first()?.value.clone())));
        shown.filter(|(_, value)| !value.is_null()).collect()
    }

    /// Whether values compete at a path, which nobody has seen yet.
    fn look(&mut self, id: RecordId, path: &str) {
        let mut rivals = self.standing.get(path).cloned().unwrap_or_default();
        if mark_of(path).as_deref() == Some(path)
            && rivals.iter().any(|rival| rival.value.is_true())
        {
            rivals.extend(self.writers_into(path, &rivals));
        }
        if rivals.windows(2).all(|pair| pair[0].value == pair[1].value) {
            return;
        }
        let operations: BTreeSet<String> = rivals.iter().map(StandingOperation::name).collect();
        let names: Vec<&str> = operations.iter().map(String::as_str).collect();
        let conflict = Conflict::id_of(id, path, &names);
        if self.cases.contains_key(&conflict) {
            return;
        }
        for case in self
            .cases
            .values_mut()
            .filter(|case| case.path == path && case.state == "open")
        {
            case.state = "superseded";
        }
        self.cases.insert(
            conflict,
            ExpectedConflict {
                path: path.to_owned(),
                state: "open",
            },
        );
    }

    /// The last operation of each writer who put something into a line without knowing that it was
    /// taken out.
    fn writers_into(&self, mark: &str, rivals: &[StandingOperation]) -> Vec<StandingOperation> {
        let removals: Vec<ChangeHash> = rivals
            .iter()
            .filter(|op| op.value.is_true())
            .map(|op| op.change)
            .collect();
        let line = mark.trim_end_matches(REMOVED);
        let mut writers: BTreeMap<ActorId, StandingOperation> = BTreeMap::new();
        let fields = self
            .standing
            .iter()
            .filter(|(path, _)| path.starts_with(line) && *path != mark);
        for op in fields
            .filter(|(path, _)| !path.ends_with(&format!("/{POSITION}")))
            .flat_map(|(_, ops)| ops)
        {
            if removals
                .iter()
                .any(|removal| self.are_apart(*removal, op.change))
                && writers
                    .get(&op.actor)
                    .is_none_or(|last| last.counter < op.counter)
            {
                writers.insert(
                    op.actor,
                    StandingOperation {
                        value: Value::Bool(false),
                        ..op.clone()
                    },
                );
            }
        }
        writers.into_values().collect()
    }

    fn are_apart(&self, one: ChangeHash, other: ChangeHash) -> bool {
        one != other && !self.before[&one].contains(&other) && !self.before[&other].contains(&one)
    }
}

/// The path of the mark of removal of the line that a path lies in.
fn mark_of(path: &str) -> Option<String> {
    match Path::parse(path)? {
        Path::Line { lines, line, .. } => Some(line_path(lines, line, REMOVED)),
        Path::Field(_) => None,
    }
}

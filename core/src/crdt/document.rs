//! One record as one Automerge document: writing, applying, reading, saving. Only gated bytes get
//! in, and only changes that continue the history here. It does not know what the paths mean.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{
    Automerge, AutomergeError, Change, ExpandedChange, ObjId, ROOT, ReadDoc, ScalarValue,
    ScalarValueRef,
};
use automerge::{ChangeMetadata, ValueRef};

use super::ancestry::{Ancestry, actor_of};
use super::effort::Effort;
use super::error::{CrdtError, GateError};
use super::gate::{self, Body, Vetted};
use super::weight::{HistoryRoom, Size, Weights};
use crate::base::id::{ActorId, ChangeHash};
use crate::base::time::Timestamp;
use crate::objects::{Stamp, Value, Values};

/// The code of a change for which a history has no room.
pub const DOCUMENT_FULL: &str = "document_full";

/// What applying changes did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// The paths that the newly applied changes write.
    pub touched: BTreeSet<String>,
    /// Changes that must come first and are not here; if there are any, nothing was applied.
    pub missing: Vec<ChangeHash>,
}

/// The document of one record.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) automerge: Automerge,
    size: Size,
    made: Option<FirstChange>,
    pub(super) history: Ancestry,
    pub(super) weights: Weights,
}

/// When and by whom a document was begun. Whoever began it apart from another made it too; then
/// the earlier moment counts, and of two alike the lesser writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FirstChange {
    at: Timestamp,
    by: ActorId,
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        Document {
            automerge: Automerge::new(),
            size: Size::default(),
            made: None,
            history: Ancestry::default(),
            weights: Weights::default(),
        }
    }

    /// Reads a saved document and the changes kept behind it; everything passes the gate first.
    pub fn load(blob: &[u8], tail: &[Vec<u8>]) -> Result<Self, CrdtError> {
        let (mut document, changes) = Document::opened(blob, tail)?;
        let applied = document.apply(&changes)?;
        document.whole(applied.missing.len())
    }

    /// The same of what was loaded before it was kept here: what fitted then fits, so that the
    /// changes are put back at once.
    pub fn reload(blob: &[u8], tail: &[Vec<u8>]) -> Result<Self, CrdtError> {
        let (mut document, changes) = Document::opened(blob, tail)?;
        let missing = document.put_back(&changes)?.len();
        document.whole(missing)
    }

    fn whole(self, missing: usize) -> Result<Self, CrdtError> {
        match missing {
            0 => Ok(self),
            missing => Err(CrdtError::Missing(missing)),
        }
    }

    /// A saved document, and the changes behind it that are to follow.
    fn opened(blob: &[u8], tail: &[Vec<u8>]) -> Result<(Self, Vec<Vetted>), CrdtError> {
        let mut weights = Weights::default();
        let saved = gate::split(blob, Some(&mut weights))?;
        let automerge = Automerge::load(saved.chunk)?;
        let operations = automerge.stats().num_ops;
        let size = Size {
            saved: saved.chunk.len(),
            plain: saved.plain,
            operations,
        };
        let history = Ancestry::of(&automerge);
        let mut document = Document {
            automerge,
            size,
            made: None,
            history,
            weights,
        };
        document.made = document.first_made();
        let mut changes = saved.changes;
        for bytes in tail {
            changes.push(gate::change(bytes)?);
        }
        Ok((document, changes))
    }

    /// Writes these values as one change with one operation a path, whether or not a value differs
    /// from what stands there. `Null` puts null.
    pub fn write(
        &mut self,
        actor: ActorId,
        at: Timestamp,
        values: &Values,
    ) -> Result<Vetted, CrdtError> {
        let (change, vetted) = self.seal(actor, at, values, None)?;
        // It was made from all that stands here, so that it fits without being asked.
        self.make_room(&vetted, HistoryRoom::Office)?;
        self.automerge.apply_changes([change]).map_err(untaken)?;
        self.note(&vetted, &gate::body(&vetted.bytes)?);
        Ok(vetted)
    }

    /// Writes once more what a change wrote, under another actor, upon `deps`, which are what the
    /// change built on: what competed with it competes with this one. If they are not all here, it
    /// builds on everything that is.
    pub fn sign_anew(
        &mut self,
        change: &Vetted,
        deps: &[ChangeHash],
        actor: ActorId,
    ) -> Result<Vetted, CrdtError> {
        self.write_upon(deps, actor, change.at, &touched(change)?)
    }

    /// The change that writes these values upon all that stands here, or as of these heads; the
    /// document does not hold it yet.
    pub(super) fn seal(
        &self,
        actor: ActorId,
        at: Timestamp,
        values: &Values,
        upon: Option<Vec<automerge::ChangeHash>>,
    ) -> Result<(Change, Vetted), CrdtError> {
        let operations = values
            .iter()
            .map(|(path, value)| self.put(path, value, upon.as_deref()));
        let operations: Vec<Op> = operations.collect::<Result<_, _>>()?;
        let deps = upon.unwrap_or_else(|| self.automerge.get_heads());
        if operations.is_empty() {
            return Err(CrdtError::history(
                "nothing_to_write",
                "a change needs at least one value",
            ));
        }
        let last = deps
            .iter()
            .filter_map(|head| self.automerge.get_change_meta_by_hash(head))
            .map(|meta| meta.max_op);
        let start_op = NonZeroU64::MIN.saturating_add(last.max().unwrap_or(0));
        let change = Change::from(ExpandedChange {
            operations,
            actor_id: automerge::ActorId::from(actor.0),
            hash: None,
            seq: self.own_seq(actor) + 1,
            start_op,
            time: at.0,
            message: None,
            deps,
            extra_bytes: Vec::new(),
            author: None,
        });
        let vetted = gate::change(change.raw_bytes())?;
        Ok((change, vetted))
    }

    /// Applies changes in any order, all or none; those already here are skipped.
    pub fn apply(&mut self, changes: &[Vetted]) -> Result<Applied, CrdtError> {
        let news = self.news(changes);
        let missing = self.missing(&news);
        if !missing.is_empty() {
            return Ok(Applied {
                touched: BTreeSet::new(),
                missing,
            });
        }
        let before = (news.len() > 1).then(|| self.clone());
        let applied =
            in_order(news)
                .into_iter()
                .try_fold(BTreeSet::new(), |mut touched, change| {
                    let effort = &mut Effort::endless();
                    touched.extend(self.apply_one(change, HistoryRoom::Kept, effort)?);
                    Ok(touched)
                });
        if let (Err(_), Some(before)) = (&applied, before) {
            *self = before;
        }
        applied.map(|touched| Applied {
            touched,
            missing: Vec::new(),
        })
    }

    /// Applies one change of unknown origin that builds on what is here, within its writer's room
    /// and an effort.
    pub fn extend(
        &mut self,
        change: &Vetted,
        room: HistoryRoom<'_>,
        effort: &mut Effort,
    ) -> Result<(), CrdtError> {
        let missing = change.deps.iter().filter(|dep| !self.has(**dep)).count();
        if missing > 0 {
            return Err(CrdtError::Missing(missing));
        }
        if !self.has(change.hash) {
            self.apply_one(change, room, effort)?;
        }
        Ok(())
    }

    /// Puts back, all at once, what was written upon these very histories before; answers what is
    /// missing, as `apply` does. A change names what it builds on by hash, so what fitted when it
    /// was sealed fits still; nothing but another change of the same writer can have taken its
    /// place.
    pub fn put_back(&mut self, sealed: &[Vetted]) -> Result<Vec<ChangeHash>, CrdtError> {
        let news = self.news(sealed);
        let missing = self.missing(&news);
        if !missing.is_empty() {
            return Ok(missing);
        }
        let of = |change: &&Vetted| Change::from_bytes(change.bytes.clone());
        let changes: Result<Vec<Change>, _> = news.values().map(of).collect();
        let changes = changes.map_err(|error| GateError::malformed(error.to_string()))?;
        self.automerge.apply_changes(changes).map_err(untaken)?;
        for change in in_order(news) {
            self.size = self.size.and(change.bytes.len(), change.operations);
            self.note(change, &gate::body(&change.bytes)?);
        }
        Ok(missing)
    }

    /// Those of the changes that are not here yet.
    fn news<'a>(&self, changes: &'a [Vetted]) -> BTreeMap<ChangeHash, &'a Vetted> {
        changes
            .iter()
            .filter(|change| !self.has(change.hash))
            .map(|change| (change.hash, change))
            .collect()
    }

    /// What they build on and is neither here nor among them, ascending.
    fn missing(&self, news: &BTreeMap<ChangeHash, &Vetted>) -> Vec<ChangeHash> {
        let deps = news.values().flat_map(|change| &change.deps).copied();
        let missing: BTreeSet<ChangeHash> = deps
            .filter(|dep| !news.contains_key(dep) && !self.has(*dep))
            .collect();
        missing.into_iter().collect()
    }

    /// The value that shows at each path; nulls are left out.
    #[must_use]
    pub fn values(&self) -> Values {
        let shown = self
            .automerge
            .map_range(ROOT, ..)
            .map(|item| (item.key.into_owned(), value_of(&item.value)));
        shown.filter(|(_, value)| !value.is_null()).collect()
    }

    /// The value that shows at a path.
    #[must_use]
    pub fn value(&self, path: &str) -> Value {
        let found = self.automerge.get(ROOT, path).ok().flatten();
        found.map_or(Value::Null, |(value, _)| owned_value(&value))
    }

    /// The newest changes, ascending.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        let mut heads: Vec<ChangeHash> = self
            .automerge
            .get_heads()
            .iter()
            .map(|head| ChangeHash(head.0))
            .collect();
        heads.sort_unstable();
        heads
    }

    /// Who wrote each of these changes that are here.
    #[must_use]
    pub fn writers_of(&self, changes: &[ChangeHash]) -> Vec<ActorId> {
        let metas = changes.iter().filter_map(|hash| self.meta(*hash));
        metas.map(|meta| actor_of(&meta.actor)).collect()
    }

    /// Steps for reading the document from its bytes.
    #[must_use]
    pub fn load_steps(&self) -> u64 {
        self.size.operations / 2 + self.size.plain as u64 / 64
    }

    /// Steps for looking at all of it as it was once.
    #[must_use]
    pub fn look_steps(&self) -> u64 {
        1 + self.size.operations / 16
    }

    /// Bytes of all that it holds, about.
    #[must_use]
    pub fn plain_bytes(&self) -> usize {
        self.size.plain
    }

    /// Whether a change is part of this document.
    #[must_use]
    pub fn has(&self, hash: ChangeHash) -> bool {
        self.history.place(&automerge::ChangeHash(hash.0)).is_some()
    }

    /// The plain chunk of a change.
    #[must_use]
    pub fn change(&self, hash: ChangeHash) -> Option<Vec<u8>> {
        // Automerge looks a change up by its hash without checking that it is there.
        self.has(hash)
            .then(|| {
                self.automerge
                    .get_change_by_hash(&automerge::ChangeHash(hash.0))
            })?
            .map(|change| change.raw_bytes().to_vec())
    }

    /// When and by whom the record was made and last changed; none while it is empty. History says
    /// which change was the first and which is the last, not the clocks of those who wrote; of
    /// several newest changes it is the one whose values show.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        let made = self.made?;
        let heads = self.automerge.get_heads();
        let newest = heads
            .iter()
            .filter_map(|head| self.automerge.get_change_meta_by_hash(head))
            .max_by_key(|meta| (meta.max_op, actor_of(&meta.actor)))?;
        Some(Stamp {
            created_at: made.at,
            created_by: made.by,
            changed_at: Timestamp(newest.timestamp),
            changed_by: actor_of(&newest.actor),
        })
    }

    /// By the changes that build on none.
    fn first_made(&self) -> Option<FirstChange> {
        let mut first: Option<FirstChange> = None;
        for meta in self.automerge.get_changes_meta(&[]) {
            if meta.deps.is_empty() {
                let made = FirstChange {
                    at: Timestamp(meta.timestamp),
                    by: actor_of(&meta.actor),
                };
                first = Some(first.map_or(made, |first| first.min(made)));
            }
        }
        first
    }

    /// Notes a change that Automerge has taken.
    fn note(&mut self, change: &Vetted, body: &Body) {
        for operation in &body.operations {
            self.weights
                .add(&operation.key, &operation.value, body.actor);
        }
        let hash = automerge::ChangeHash(change.hash.0);
        if let Some(meta) = self.automerge.get_change_meta_by_hash(&hash) {
            self.history.add(&meta);
        }
        if change.deps.is_empty() {
            let made = FirstChange {
                at: change.at,
                by: change.actor,
            };
            self.made = Some(self.made.map_or(made, |first| first.min(made)));
        }
    }

    /// The document as one blob.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.automerge.save()
    }

    /// What is known of a change besides its operations.
    pub(super) fn meta(&self, hash: ChangeHash) -> Option<ChangeMetadata<'_>> {
        self.automerge
            .get_change_meta_by_hash(&automerge::ChangeHash(hash.0))
    }

    /// The operation that puts `value`, replacing all that stands at the path, now or as of these
    /// heads.
    fn put(
        &self,
        path: &str,
        value: &Value,
        heads: Option<&[automerge::ChangeHash]>,
    ) -> Result<Op, CrdtError> {
        if path.is_empty() {
            return Err(GateError::malformed("a key is empty").into());
        }
        let standing = match heads {
            None => self.automerge.get_all(ROOT, path)?,
            Some(heads) => self.automerge.get_all_at(ROOT, path, heads)?,
        };
        let pred = standing.into_iter().filter_map(|(_, id)| match id {
            ObjId::Id(counter, actor, _) => Some(OpId(counter, actor)),
            ObjId::Root => None,
        });
        let value = match value {
            Value::Null => ScalarValue::Null,
            Value::Bool(yes) => ScalarValue::Boolean(*yes),
            Value::Int(int) => ScalarValue::Int(*int),
            Value::Text(text) => ScalarValue::Str(text.as_str().into()),
        };
        let key = Key::Map(path.into());
        Ok(Op {
            action: OpType::Put(value),
            obj: ObjectId::Root,
            key,
            pred: pred.collect(),
            insert: false,
        })
    }

    /// How many changes a writer has made here.
    fn own_seq(&self, actor: ActorId) -> u64 {
        self.history.own(actor) as u64
    }

    /// Applies one new change whose dependencies are here; the answer is its paths.
    fn apply_one(
        &mut self,
        change: &Vetted,
        room: HistoryRoom<'_>,
        effort: &mut Effort,
    ) -> Result<Vec<String>, CrdtError> {
        let body = gate::body(&change.bytes)?;
        self.fits(&body, effort)?;
        self.make_room(change, room)?;
        let parsed = Change::from_bytes(change.bytes.clone())
            .map_err(|error| GateError::malformed(error.to_string()))?;
        self.automerge.apply_changes([parsed]).map_err(untaken)?;
        self.note(change, &body);
        Ok(body
            .operations
            .into_iter()
            .map(|operation| operation.key)
            .collect())
    }

    /// Refuses a change after which the saved document would not pass the gate.
    fn make_room(&mut self, change: &Vetted, room: HistoryRoom<'_>) -> Result<(), CrdtError> {
        let grown = |size: Size| size.and(change.bytes.len(), change.operations);
        if !grown(self.size).fits(room, &self.weights) {
            self.size.saved = self.automerge.save().len();
            self.size.plain = self.automerge.save_nocompress().len();
        }
        if !grown(self.size).fits(room, &self.weights) {
            return Err(CrdtError::history(
                DOCUMENT_FULL,
                "the record's history has no room for more changes",
            ));
        }
        self.size = grown(self.size);
        Ok(())
    }
}

/// What a gated change writes, by path.
pub fn touched(change: &Vetted) -> Result<Values, CrdtError> {
    let body = gate::body(&change.bytes)?;
    Ok(body
        .operations
        .into_iter()
        .map(|operation| (operation.key, operation.value))
        .collect())
}

/// Changes so that each comes after those it builds on.
fn in_order(changes: BTreeMap<ChangeHash, &Vetted>) -> Vec<&Vetted> {
    let mut unmet: BTreeMap<ChangeHash, usize> = BTreeMap::new();
    let mut builds_on: BTreeMap<ChangeHash, Vec<&Vetted>> = BTreeMap::new();
    let mut ordered: Vec<&Vetted> = Vec::with_capacity(changes.len());
    for change in changes.values() {
        let here = change.deps.iter().filter(|dep| changes.contains_key(dep));
        let mut count = 0;
        for dep in here {
            builds_on.entry(*dep).or_default().push(change);
            count += 1;
        }
        if count == 0 {
            ordered.push(change);
        } else {
            unmet.insert(change.hash, count);
        }
    }
    // Only in a circle would some never be met, and hashes cannot name each other in one.
    let mut at = 0;
    while let Some(change) = ordered.get(at).copied() {
        for above in builds_on.remove(&change.hash).unwrap_or_default() {
            if let Some(count) = unmet.get_mut(&above.hash) {
                *count -= 1;
                if *count == 0 {
                    ordered.push(above);
                }
            }
        }
        at += 1;
    }
    ordered
}

/// Why Automerge did not take a change.
fn untaken(error: AutomergeError) -> CrdtError {
    if let AutomergeError::DuplicateSeqNumber(seq, _) = error {
        wrong_sequence(seq)
    } else {
        error.into()
    }
}

pub(super) fn wrong_sequence(seq: u64) -> CrdtError {
    CrdtError::history(
        "wrong_sequence",
        format!("the writer's change {seq} does not follow the one before it"),
    )
}

/// A value as our own type; the gate let only these kinds in.
pub(super) fn owned_value(value: &automerge::Value<'_>) -> Value {
    let text = || value.as_str().map(Value::from);
    let scalar = value
        .as_bool()
        .map(Value::Bool)
        .or_else(|| value.as_i64().map(Value::Int))
        .or_else(text);
    scalar.unwrap_or_default()
}

pub(super) fn value_of(value: &ValueRef<'_>) -> Value {
    match value {
        ValueRef::Scalar(ScalarValueRef::Boolean(yes)) => Value::Bool(*yes),
        ValueRef::Scalar(ScalarValueRef::Int(int)) => Value::Int(*int),
        ValueRef::Scalar(ScalarValueRef::Str(text)) => Value::from(text.as_ref()),
        ValueRef::Scalar(_) | ValueRef::Object(_) => Value::Null,
    }
}

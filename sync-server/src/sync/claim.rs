//! Gathers, once, all that is asked of the database about a pushed entry before it is judged: the
//! record as it is, where it lies, who reaches it, its history, the conflict it decides. It does
//! not judge.

use std::collections::BTreeSet;

use outfield_core::base::id::{ChangeHash, RecordId};
use outfield_core::crdt::{CrdtError, Document};
use outfield_core::domain::Refusal;
use outfield_core::domain::rules::conflict::{chose, closes, is_decision};
use outfield_core::objects::extension::OWN_PREFIX;
use outfield_core::objects::{
    Conflict, ConflictState, Descriptor, Kind, Record, Side, Value, Values,
};
use outfield_core::store::{Db, StoreReader, conflicts, documents, members, tables};
use outfield_core::sync::frames::Ruling;

use super::rejection::{Denial, rejected};
use super::verdict;
use crate::error::ServerError;
use crate::people::reach::Reach;
use crate::people::scoped_reader::{ScopedReader, Sight};
use crate::tenant::cache::DocumentCache;
use crate::work::log::{Placement, buckets_holding, scope_of};
use crate::work::was_put_back;

/// What an entry is about, as the database has it before the entry.
pub(super) struct EntryClaim<'a> {
    pub descriptor: &'a Descriptor,
    /// What the entry writes, as a record that has nothing else.
    pub written: Record,
    /// The record as it shows; none if it shows nothing yet.
    pub before: Option<Record>,
    /// Whether nobody has the record yet.
    pub is_new: bool,
    /// The other object that this id belongs to already.
    pub other_object: Option<String>,
    /// The buckets that hold the record; and those to which a new one would belong.
    pub placement: Placement,
    /// Whether the record lies in a bucket that this person follows, or did as far as the device
    /// could know when it wrote; a new one in no other.
    pub is_within_reach: bool,
    /// The document as it is; empty if there is none yet.
    pub document: Document,
    /// What competes once the document holds the entry.
    pub conflicts: Vec<Conflict>,
    /// What the entry builds on.
    pub deps: &'a [ChangeHash],
    /// The changes that the entry builds on and that are not here.
    pub missing: Vec<ChangeHash>,
    /// Whether one of those was refused.
    pub builds_on_refused: bool,
    /// The conflict that a fact decides.
    pub decision: Decided,
    /// What its person reaches.
    pub reach: &'a Reach,
    /// Records of this batch that are not judged yet: what refers to them waits too.
    pub unsettled: &'a BTreeSet<RecordId>,
}

/// The conflict that a fact says it decides.
pub(super) enum Decided {
    /// It decides none.
    Nothing,
    /// There is no such conflict.
    Unknown,
    /// It was decided before.
    Closed,
    /// It waits for this decision.
    Open(ClaimedDecision),
}

/// What an entry is judged by, beside the entry itself.
pub(super) struct Surrounding<'a> {
    /// What its person reaches.
    pub reach: &'a Reach,
    /// Records of this batch that are not judged yet.
    pub unsettled: &'a BTreeSet<RecordId>,
}

/// The open conflict that a fact says it decides.
pub(super) struct ClaimedDecision {
    pub conflict: Conflict,
    /// The value that was chosen.
    pub value: Value,
    /// Whether the conflict's record is within this person's reach.
    pub is_within_reach: bool,
    /// What stands now where the conflict was; none if the document is not here.
    pub standing: Option<Vec<Side>>,
}

impl<'a> EntryClaim<'a> {
    /// Gathers what there is about a record that an entry writes, building on `deps`.
    pub(super) fn gather(
        store: &StoreReader<'_>,
        cache: &mut DocumentCache,
        around: Surrounding<'a>,
        descriptor: &'a Descriptor,
        written: Record,
        deps: &'a [ChangeHash],
    ) -> Result<EntryClaim<'a>, ServerError> {
        let db = store.db;
        let id = written.id;
        let Surrounding { reach, unsettled } = around;
        let mut claim = EntryClaim {
            descriptor,
            before: tables::read(db, descriptor, id)?,
            is_new: true,
            other_object: None,
            placement: Placement {
                before: buckets_holding(db, id)?,
                now: BTreeSet::new(),
            },
            is_within_reach: false,
            document: Document::default(),
            conflicts: Vec::new(),
            deps,
            missing: deps.to_vec(),
            builds_on_refused: false,
            decision: decision(db, cache, reach, &written)?,
            reach,
            unsettled,
            written,
        };
        if let Some((object, heads)) = documents::standing(db, id)? {
            claim.is_new = false;
            claim.other_object = Some(object);
            claim.document = cache.take_at(db, id, &heads)?.unwrap_or_default();
            claim.is_within_reach = reach.covers(db, id, &claim.placement.before)?;
        } else {
            let now = scope_of(store, &claim.written)?;
            claim.other_object = members::object_of(db, id)?;
            claim.is_within_reach =
                !now.is_empty() && reach.covers_all(db, &claim.written, descriptor, &now)?;
            claim.placement.now = now;
        }
        claim.other_object = claim
            .other_object
            .filter(|object| *object != descriptor.object);
        claim.missing.retain(|dep| !claim.document.has(*dep));
        for dep in &claim.missing {
            claim.builds_on_refused |= verdict::was_refused(db, *dep)?;
        }
        Ok(claim)
    }

    /// What its person sees, and saw as far as the device could know.
    pub(super) fn reader(&self, all: StoreReader<'a>) -> ScopedReader<'a> {
        ScopedReader {
            all,
            sight: Sight::Reaches(self.reach),
        }
    }

    /// Whether one of the references that a refusal names is of a record that is not judged yet.
    pub(super) fn waits_for(&self, refusal: &Refusal) -> bool {
        let mut named = refusal.fields.iter();
        named.any(|path| {
            let record = self.written.reference(path);
            record.is_some_and(|record| self.unsettled.contains(&record))
        })
    }

    /// The record as the entry's writer saw it.
    pub(super) fn seen(&self) -> Record {
        let is_now = self.deps == self.document.heads();
        let values = match &self.before {
            Some(before) if is_now => before.values.clone(),
            Some(before) => {
                // What lies beside the document has no history: it is as it is now.
                let mut values = self.document.values_at(self.deps);
                let mut beside = before.values.clone();
                beside.retain(|path, _| self.descriptor.is_beside(path));
                values.extend(beside);
                values
            }
            None => Values::new(),
        };
        Record {
            object: self.descriptor.object.clone(),
            id: self.written.id,
            values,
            stamp: None,
        }
    }

    /// The states that stood for the entry's writer: none if the record began with it.
    pub(super) fn states_seen(&self) -> Result<Vec<Value>, CrdtError> {
        match &self.descriptor.lifecycle {
            Some(lifecycle) if !self.deps.is_empty() => {
                self.document.standing_at(&lifecycle.field, self.deps)
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }

    /// Whether the record was finished before the entry.
    pub(super) fn was_closed(&self) -> bool {
        let before = self.before.as_ref();
        before.is_some_and(|before| self.descriptor.is_closed(&before.values))
    }
}

/// The object of this name, if devices hand in its records as changes, or as facts. One of the
/// tenant's own that this server does not know may be one that it lost when it was put back: its
/// records wait until the office publishes it again.
pub(super) fn known<'a>(
    store: &StoreReader<'a>,
    object: &str,
    kind: Kind,
) -> Result<&'a Descriptor, Denial> {
    let found = store.registry.get(object).map(AsRef::as_ref);
    if found.is_none() && object.starts_with(OWN_PREFIX) && was_put_back(store.db)? {
        return Err(Denial::NotYet(Ruling::RetryLater));
    }
    found
        .filter(|known: &&Descriptor| known.kind == kind)
        .ok_or_else(|| {
            let what = match kind {
                Kind::Fact => "whose facts devices record",
                Kind::Document | Kind::Row => "that devices edit",
            };
            let message = format!("`{object}` is not an object {what}");
            rejected("unknown_object", message)
        })
}

/// What a fact decides.
fn decision(
    db: &Db,
    cache: &mut DocumentCache,
    reach: &Reach,
    fact: &Record,
) -> Result<Decided, ServerError> {
    if !is_decision(fact) {
        return Ok(Decided::Nothing);
    }
    let held = closes(fact).map_or(Ok(None), |id| conflicts::get(db, id))?;
    let Some(conflict) = held else {
        // A device may have known a part of those who compete, and so another id of the same.
        return Ok(if disputes(db, fact)? {
            Decided::Closed
        } else {
            Decided::Unknown
        });
    };
    if conflict.state != ConflictState::Open {
        return Ok(Decided::Closed);
    }
    let record = conflict.record;
    let mut standing = None;
    if let Some(document) = cache.take(db, record)? {
        standing = Some(document.sides(&conflict.path)?);
        cache.keep(record, document);
    }
    Ok(Decided::Open(ClaimedDecision {
        value: chose(fact).unwrap_or_default(),
        is_within_reach: reach.covers(db, record, &buckets_holding(db, record)?)?,
        standing,
        conflict,
    }))
}

/// Whether two people ever disagreed about what a decision names by record and path.
fn disputes(db: &Db, fact: &Record) -> Result<bool, ServerError> {
    let Some(record) = fact.reference("record") else {
        return Ok(false);
    };
    let of_record = conflicts::of_record(db, record)?;
    Ok(of_record
        .iter()
        .any(|conflict| fact.text("path") == Some(&conflict.path)))
}

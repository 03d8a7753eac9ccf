//! Puts records into the frames in which devices get them whole: rows, facts, documents with or
//! without their history, conflicts, descriptors. It does not know which a device is to get.

use outfield_core::app::{CONFLICT, DESCRIPTOR};
use outfield_core::base::id::{ActorId, ConflictId, RecordId};
use outfield_core::base::limits::CLOSED_KEPT_MS;
use outfield_core::base::time::Timestamp;
use outfield_core::crdt::Document;
use outfield_core::objects::{Descriptor, Kind, Record, Stamp};
use outfield_core::store::{conflicts, documents, members, tables};
use outfield_core::sync::frames::{Doc, Fact, Frame, Held, History, Published, Row};

use crate::error::ServerError;
use crate::people::Session;
use crate::tenant::Tenant;
use crate::work::log::LoggedEntry;

impl Tenant {
    /// The history of a document within a person's reach.
    pub(super) fn history(
        &self,
        session: &Session,
        record: RecordId,
    ) -> Result<Option<History>, ServerError> {
        if !members::is_member(&self.db, record, &session.buckets)? {
            return Ok(None);
        }
        let Some(stored) = documents::load(&self.db, record)? else {
            return Ok(None);
        };
        let (object, heads) = (stored.object.clone(), stored.heads.clone());
        Ok(Some(History {
            object,
            record,
            blob: Document::one_piece(&stored.blob, &stored.tail)?.into(),
            heads,
        }))
    }

    /// Whether devices do without the history of a document: it was closed long ago, and nothing
    /// about it is open.
    fn is_history_kept_here(
        &self,
        descriptor: &Descriptor,
        found: &Record,
    ) -> Result<bool, ServerError> {
        let changed = found.stamp.map_or(i64::MAX, |stamp| stamp.changed_at.0);
        if !descriptor.is_closed(&found.values)
            || changed > self.surroundings.now().0 - CLOSED_KEPT_MS
        {
            return Ok(false);
        }
        Ok(conflicts::open_of(&self.db, found.id)?.is_empty())
    }

    /// The same of a record of which no more is known than its name.
    pub(super) fn is_kept_without_history(
        &self,
        object: &str,
        id: RecordId,
    ) -> Result<bool, ServerError> {
        let Some(descriptor) = self.registry.get(object) else {
            return Ok(false);
        };
        let Some(lifecycle) = &descriptor.lifecycle else {
            return Ok(false);
        };
        // Most are not closed, which costs no reading of the record.
        let state = tables::text(&self.db, descriptor, id, &lifecycle.field)?;
        if !state.is_some_and(|state| lifecycle.closed.contains(&state)) {
            return Ok(false);
        }
        match tables::read(&self.db, descriptor, id)? {
            Some(found) => self.is_history_kept_here(descriptor, &found),
            None => Ok(false),
        }
    }

    /// A record as it is now, whole; without its history where devices do without.
    pub(super) fn whole(&self, entry: &LoggedEntry) -> Result<Option<Frame>, ServerError> {
        self.frame(entry, false)
    }

    /// A record as it is now, whole and with its history.
    pub(super) fn whole_with_history(
        &self,
        entry: &LoggedEntry,
    ) -> Result<Option<Frame>, ServerError> {
        self.frame(entry, true)
    }

    fn frame(&self, entry: &LoggedEntry, with_history: bool) -> Result<Option<Frame>, ServerError> {
        let (seq, object, record) = (entry.seq, entry.object.clone(), entry.id);
        if object == CONFLICT {
            let conflict = conflicts::get(&self.db, ConflictId(record.0))?;
            return Ok(conflict.map(|conflict| Frame::Conflict(Held { seq, conflict })));
        }
        if object == DESCRIPTOR {
            let json = self.descriptor_json(record)?;
            return Ok(json.map(|json| Frame::Descriptor(Published { seq, record, json })));
        }
        let descriptor = self.descriptor(&object)?;
        let Some(found) = tables::read(&self.db, &descriptor, record)? else {
            return Ok(None);
        };
        match descriptor.kind {
            Kind::Row => Ok(Some(Frame::Row(Row {
                seq,
                object,
                record,
                values: found.values,
            }))),
            Kind::Fact => {
                let stamp = stamp_of(&found);
                Ok(Some(Frame::Fact(Fact {
                    seq,
                    object,
                    record,
                    values: found.values,
                    actor: stamp.created_by,
                    at_ms: stamp.created_at.0,
                })))
            }
            Kind::Document => {
                let kept = !with_history && self.is_history_kept_here(&descriptor, &found)?;
                let document = self.document_frame(seq, found, kept)?;
                Ok(document.map(Frame::Doc))
            }
        }
    }

    fn document_frame(
        &self,
        seq: u64,
        found: Record,
        is_history_kept: bool,
    ) -> Result<Option<Doc>, ServerError> {
        let Some(stored) = documents::load(&self.db, found.id)? else {
            return Ok(None);
        };
        let blob = if is_history_kept {
            Vec::new()
        } else {
            Document::one_piece(&stored.blob, &stored.tail)?
        };
        let stamp = stamp_of(&found);
        Ok(Some(Doc {
            seq,
            object: found.object,
            record: found.id,
            blob: blob.into(),
            heads: stored.heads,
            values: found.values,
            created_ms: stamp.created_at.0,
            created_by: stamp.created_by,
            changed_ms: stamp.changed_at.0,
            changed_by: stamp.changed_by,
        }))
    }
}

/// When and by whom a record was made and changed; rows do not say.
fn stamp_of(record: &Record) -> Stamp {
    let nobody = Stamp::once(Timestamp(0), ActorId([0; 16]));
    record.stamp.unwrap_or(nobody)
}
